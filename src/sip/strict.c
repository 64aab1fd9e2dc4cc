/* Sofia's parser is lenient. This message class is the library's with one step put in: when the
 * headers of a message are read and before anything acts on it, what RFC 3261 and RFC 4475 want
 * refused is marked as an error, which the agent answers with 400. */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEADERS_MAX 200

static issize_t (*library_extract_body)(msg_t *, msg_pub_t *, char *, isize_t, int);

static bool too_many_headers(const sip_t *sip)
{
    const msg_header_t *h = (const msg_header_t *)sip->sip_request;
    unsigned n = 0;

    for (; h && n <= HEADERS_MAX; h = h->sh_succ)
        n++;
    return n > HEADERS_MAX;
}

/* Does the parameter at `at` have a name that only begins with one that is looked for? */
static bool is_longer_name(const char *at)
{
    static const char *const sought[] = { "lr", "transport", "maddr", "comp", "orbit", "ticket" };
    size_t name = strcspn(at, "=;");

    for (size_t i = 0; i < sizeof sought / sizeof sought[0]; i++)
        if (name > strlen(sought[i]) && strncasecmp(at, sought[i], strlen(sought[i])) == 0)
            return true;
    return false;
}

/* When the library looks for "lr" and the last parameter is "lrx" it reads on behind the end.
 * Nobody misses a parameter that nobody knows. */
static void drop_trap(url_t *url)
{
    char *params = (char *)url->url_params, *last;

    while (params && params[0]) {
        last = strrchr(params, ';');
        if (!is_longer_name(last ? last + 1 : params))
            return;
        if (last)
            *last = '\0';
        else
            url->url_params = params = NULL;
    }
}

/* Who has no scheme, no host or no number is nobody. */
static bool is_sound(url_t *url)
{
    drop_trap(url);
    if (url->url_type == url_sip || url->url_type == url_sips)
        return url->url_host && url->url_host[0];
    if (url->url_type == url_tel)
        return url->url_user && url->url_user[0];
    return url->url_type == url_any || (url->url_scheme && url->url_scheme[0]);
}

static bool are_sound(sip_route_t *route)
{
    for (; route; route = route->r_next)
        if (!is_sound(route->r_url) || route->r_url->url_type == url_any)
            return false;
    return true;
}

/* All that we hand back to the library or keep. */
static bool is_sound_message(sip_t *sip)
{
    if (sip->sip_request)
        drop_trap(sip->sip_request->rq_url);
    for (sip_contact_t *m = sip->sip_contact; m; m = m->m_next)
        if (!is_sound(m->m_url))
            return false;
    return (!sip->sip_from || is_sound(sip->sip_from->a_url)) &&
           (!sip->sip_to || is_sound(sip->sip_to->a_url)) &&
           (!sip->sip_referred_by || is_sound(sip->sip_referred_by->b_url)) &&
           are_sound(sip->sip_record_route) && are_sound(sip->sip_route);
}

/* The agent answers a CANCEL by itself, and one that comes after our 200 with 481, unseen by us.
 * RFC 3261 9.2 wants 200, and we want to know that a retriever no longer wanted. Under a method
 * that the agent has no number for it comes to us as any other request; in.c and dialog.c know it
 * by its name. */
static void take_over_cancel(sip_t *sip)
{
    if (sip->sip_request->rq_method != sip_method_cancel || !sip->sip_cseq ||
        sip->sip_cseq->cs_method != sip_method_cancel)
        return;
    sip->sip_request->rq_method = sip_method_unknown;
    sip->sip_cseq->cs_method = sip_method_unknown;
}

static issize_t extract_body(msg_t *msg, msg_pub_t *pub, char *bytes, isize_t size, int at_end)
{
    sip_t *sip = (sip_t *)pub;

    if ((sip->sip_request && too_many_headers(sip)) || !is_sound_message(sip))
        sip->sip_flags |= MSG_FLG_ERROR;
    if (sip->sip_request)
        take_over_cancel(sip);
    return library_extract_body(msg, pub, bytes, size, at_end);
}

msg_mclass_t *strict_class(void)
{
    static msg_mclass_t *class; /* one for the process: the library keeps what it clones */

    if (class)
        return class;
    class = sip_extend_mclass(NULL);
    if (!class)
        return NULL;
    library_extract_body = class->mc_extract_body;
    class->mc_extract_body = extract_body;
    return class;
}

/* The cookie of a session, and whether it was a page of ours that sent it. A browser sends a cookie
 * along with whatever any page makes it ask, so a cookie alone proves nothing about who wants a
 * change: the headers that no page can forge do (W3C Fetch Metadata; RFC 6454). */
#include <string.h>

#include "api/auth.h"
#include "base/text.h"

#define COOKIE "callpark_session"
#define GUARDS "Path=/; HttpOnly; SameSite=Strict"

/* The prefix __Host- makes the browser refuse it from anywhere but from us by TLS. */
void cookie_set(struct ask *q, const char *secret)
{
    (void)text_format(q->reply.set_cookie, sizeof q->reply.set_cookie,
                      q->rq->secure ? "__Host-" COOKIE "=%s; " GUARDS "; Secure"
                                    : COOKIE "=%s; " GUARDS,
                      secret); /* fits */
}

void cookie_clear(struct ask *q)
{
    (void)text_copy(q->reply.set_cookie, sizeof q->reply.set_cookie,
                    q->rq->secure ? "__Host-" COOKIE "=; " GUARDS "; Secure; Max-Age=0"
                                  : COOKIE "=; " GUARDS "; Max-Age=0"); /* fits */
}

static bool is_safe(const struct http_request *rq)
{
    return text_is(rq->method, "GET") || text_is(rq->method, "HEAD");
}

/* "https://park.example.com:8443" against the host that the browser asked, or the address that
 * people know us by where a proxy has put another host in its place. */
static bool is_our_origin(struct ask *q)
{
    const char *origin = q->rq->origin, *scheme = q->rq->secure ? "https://" : "http://";

    if (text_is_nocase(origin, app_config(q->app)->http.public_url))
        return true;
    return text_starts(origin, scheme) && q->rq->host[0] &&
           text_is_nocase(origin + strlen(scheme), q->rq->host);
}

static bool from_our_page(struct ask *q, bool strict)
{
    const char *site = q->rq->sec_fetch_site;

    if (site[0])
        return text_is(site, "same-origin") || text_is(site, "none");
    return q->rq->origin[0] ? is_our_origin(q) : !strict;
}

/* What a plain form cannot send without asking first (Fetch standard, CORS-safelisted). */
static bool type_is_no_form(const struct http_request *rq)
{
    static const char *const types[] = { "application/json", "application/merge-patch+json",
                                         "text/csv", "application/octet-stream" };
    char type[96];

    (void)text_copy_n(type, sizeof type, rq->content_type,
                      strcspn(rq->content_type, "; ")); /* the same size */
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (text_is_nocase(type, types[i]))
            return true;
    return text_matches(type, "audio/*");
}

bool cookie_same_site(struct ask *q, bool strict)
{
    if (is_safe(q->rq))
        return true;
    if (!from_our_page(q, strict)) {
        reply_problem(q, "cross-site", NULL,
                      "This request did not come from a page of this server, so it is not done. "
                      "Programs send a token instead of a cookie.");
        return false;
    }
    if (!strict || q->rq->body_length == 0 || type_is_no_form(q->rq))
        return true;
    reply_problem(q, "cross-site", NULL,
                  "With a cookie only application/json is taken, not '%.64s', which any page could "
                  "send.",
                  q->rq->content_type);
    return false;
}

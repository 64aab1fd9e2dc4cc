/* Lamps for phones that watch their own PBX: PUBLISH (RFC 3903) of each orbit that is lit to an
 * outside presence server. One request at a time for each orbit; what changes meanwhile follows. An
 * orbit that goes dark is published as terminated and then withdrawn, or its ghost would stay lit
 * until it expires (sip.md 7.4). */
#include "sip/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

#define EXPIRES 120
#define AT_ONCE 500 /* requests that may wait for an answer */
#define PAUSE_MSEC 30000
#define ETAG_SIZE 96

enum errand { ERRAND_STATE, ERRAND_REFRESH, ERRAND_REMOVE };

struct publication {
    struct publication *next;
    struct sip *edge;
    struct lamp_at *at;
    char etag[ETAG_SIZE]; /* "" : the server has nothing of it */
    struct said *said;    /* NULL: nobody asked for a password */
    unsigned tries;       /* with one, since it was last taken */
    nta_outgoing_t *request;
    enum errand errand; /* of the request */
    bool dirty;         /* its state has to be sent */
    bool told_lit;      /* what was sent last */
    uint32_t expires, version;
    msec due; /* when it has to be refreshed, or may be tried again; NEVER */
};

static void transmit(struct publication *p, enum errand errand);

/* ---- what is sent ---- */

/* "sip:pbx.example.com;transport=tcp" with a user in it; without port and parameters it is the
 * entity. */
static bool address_of(const struct publication *p, bool is_entity, char to[URI_SIZE])
{
    const char *server = p->edge->setup->config.publish;
    const char *host = strchr(server, ':');
    char number[NUMBER_SIZE], name[FQDN_SIZE];

    number_text(number, p->at->orbit);
    uri_host(name, server);
    if (!host)
        return false;
    if (is_entity) {
        body_uri(to, URI_SIZE, number, name);
        return true;
    }
    return text_format(to, URI_SIZE, "%.*s:%s%s@%s", (int)(host - server), server,
                       number[0] == '#' ? "%23" : "", number + (number[0] == '#'), host + 1);
}

static void write_state(struct publication *p, const char *entity)
{
    struct doc *d = &p->edge->watches->doc;
    char number[NUMBER_SIZE], domain[FQDN_SIZE];
    struct view v = { .entity = entity, .number = number, .domain = domain, .names = true };

    number_text(number, p->at->orbit);
    uri_host(domain, entity);
    v.version = ++p->version;
    v.lamp = watch_lamp_shown(p->edge, p->at);
    v.how = v.lamp ? v.lamp->how : LAMP_CONFIRMED;
    v.names = !p->edge->setup->config.lamp_anonymous;
    doc_clear(d);
    body_dialog_info(d, &v);
}

static uint32_t asked_expires(const struct publication *p)
{
    uint32_t configured = p->edge->setup->config.publish_expires;

    return p->expires ? p->expires : configured ? configured : EXPIRES;
}

static int on_published(struct leg *magic, nta_outgoing_t *request, const sip_t *sip);

static nta_outgoing_t *make_request(struct publication *p, enum errand errand)
{
    struct sip *s = p->edge;
    const char *agent = s->setup->config.user_agent;
    su_home_t home[1] = { SU_HOME_INIT(home) };
    char uri[URI_SIZE], entity[URI_SIZE], party[URI_SIZE + 8], from[URI_SIZE + 64], expires[16];
    struct answers answers;
    nta_outgoing_t *sent = NULL;

    su_home_init(home);
    text_format(expires, sizeof expires, "%u", errand == ERRAND_REMOVE ? 0 : asked_expires(p));
    if (address_of(p, false, uri) && address_of(p, true, entity)) {
        text_format(party, sizeof party, "<%s>", entity);
        text_format(from, sizeof from, "<%s>;tag=%s", entity,
                    (const char *)nta_agent_newtag(home, NULL, s->agent));
        if (errand == ERRAND_STATE)
            write_state(p, entity);
        out_said(p->said, "PUBLISH", uri, &answers);
        sent = nta_outgoing_tcreate(
            s->outside, on_published, (struct leg *)(void *)p, NULL, SIP_METHOD_PUBLISH,
            URL_STRING_MAKE(uri), SIPTAG_FROM_STR(from), SIPTAG_TO_STR(party),
            SIPTAG_CALL_ID(sip_call_id_create(home, NULL)), SIPTAG_CSEQ_STR("1 PUBLISH"),
            SIPTAG_EVENT_STR("dialog"), SIPTAG_EXPIRES_STR(expires),
            SIPTAG_IF_MATCH_STR(p->etag[0] ? p->etag : NULL),
            SIPTAG_HEADER_STR(answers.header[0][0] ? answers.header[0] : NULL),
            SIPTAG_HEADER_STR(answers.header[1][0] ? answers.header[1] : NULL),
            SIPTAG_USER_AGENT_STR(agent[0] ? agent : NULL),
            SIPTAG_CONTENT_TYPE_STR(errand == ERRAND_STATE ? "application/dialog-info+xml" : NULL),
            SIPTAG_PAYLOAD_STR(errand == ERRAND_STATE ? s->watches->doc.text : NULL), TAG_END());
    }
    su_home_deinit(home);
    return sent;
}

static void try_later(struct publication *p, uint32_t seconds)
{
    p->dirty = true;
    p->due = clock_now() + (seconds ? (msec)seconds * 1000 : PAUSE_MSEC);
}

static void transmit(struct publication *p, enum errand errand)
{
    struct watches *all = p->edge->watches;

    p->due = NEVER;
    if (all->publishing >= AT_ONCE) {
        try_later(p, 1);
        return;
    }
    p->errand = errand;
    if (errand == ERRAND_STATE) {
        p->dirty = false;
        p->told_lit = p->at->shown != NULL;
    }
    p->request = make_request(p, errand);
    atomic_fetch_add_explicit(&p->edge->counters.publishes, 1, memory_order_relaxed);
    if (p->request)
        all->publishing++;
    else
        try_later(p, 0);
}

/* ---- its life ---- */

static void forget(struct publication *p)
{
    struct publication **at = &p->edge->watches->publications;

    while (*at && *at != p)
        at = &(*at)->next;
    if (*at)
        *at = p->next;
    if (p->request)
        p->edge->watches->publishing--;
    nta_outgoing_destroy(p->request);
    p->at->publication = NULL;
    out_said_free(p->said);
    free(p);
}

void publish_free(struct lamp_at *at)
{
    if (at->publication)
        forget(at->publication);
}

static struct publication *make(struct sip *s, struct lamp_at *at)
{
    struct publication *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->edge = s;
    p->at = at;
    p->due = NEVER;
    p->next = s->watches->publications;
    s->watches->publications = p;
    return p;
}

void publish_lamp(struct sip *s, struct lamp_at *at)
{
    if (!s->setup->config.publish[0])
        return;
    if (!at->publication && at->shown)
        at->publication = make(s, at);
    if (!at->publication)
        return;
    at->publication->dirty = true;
    /* With an entity tag it is only waiting to be refreshed. */
    if (!at->publication->request && (at->publication->due == NEVER || at->publication->etag[0]))
        transmit(at->publication, ERRAND_STATE);
}

void publish_second(struct sip *s)
{
    msec now = clock_now();
    struct publication *next;

    for (struct publication *p = s->watches->publications; p; p = next) {
        next = p->next;
        if (p->request || p->due > now)
            continue;
        if (!p->at->shown && !p->etag[0])
            forget(p);
        else
            transmit(p, p->dirty || !p->etag[0] ? ERRAND_STATE : ERRAND_REFRESH);
    }
}

void publish_end(struct sip *s)
{
    for (struct publication *p = s->watches->publications; p; p = p->next)
        if (p->etag[0])
            nta_outgoing_destroy(make_request(p, ERRAND_REMOVE));
}

/* ---- answers ---- */

static void accepted(struct publication *p, const sip_t *sip)
{
    uint32_t granted = sip->sip_expires ? (uint32_t)sip->sip_expires->ex_delta : asked_expires(p);

    if (!sip->sip_etag || !text_copy(p->etag, sizeof p->etag, sip->sip_etag->g_string))
        p->etag[0] = '\0';
    if (p->dirty)
        transmit(p, ERRAND_STATE);
    else if (!p->told_lit)
        transmit(p, ERRAND_REMOVE);
    else
        p->due = clock_now() + (msec)(granted > 10 ? granted - granted / 5 : granted) * 1000;
}

/* The server has forgotten it: as new. Or it wants longer times. */
static bool mended(struct publication *p, int status, const sip_t *sip)
{
    if (status == 412) {
        p->etag[0] = '\0';
        if (p->at->shown)
            transmit(p, ERRAND_STATE);
        else
            forget(p);
        return true;
    }
    if (status != 423 || !sip || !sip->sip_min_expires ||
        sip->sip_min_expires->me_delta <= asked_expires(p))
        return false;
    p->expires = (uint32_t)sip->sip_min_expires->me_delta;
    transmit(p, p->etag[0] && p->errand == ERRAND_REFRESH ? ERRAND_REFRESH : ERRAND_STATE);
    return true;
}

static void failed(struct publication *p, int status, const sip_t *sip)
{
    struct sip *s = p->edge;
    uint32_t pause = headers_retry_after(sip);

    if (atomic_fetch_add_explicit(&s->counters.publishes_failed, 1, memory_order_relaxed) % 100 ==
        0)
        log_warning("sip", "PUBLISH of a lamp to %s was answered with %d: see [presence] publish",
                    s->setup->config.publish, status);
    p->etag[0] = '\0';
    if (!p->at->shown)
        forget(p);
    else
        try_later(p, pause < 3600 ? pause : 3600);
}

/* The presence server is named in the configuration, so it may have our password. */
static bool answer_challenge(struct publication *p, nta_outgoing_t *request, const sip_t *sip)
{
    if (p->tries++ >= OUT_RETRIES_MAX)
        return false;
    if (!p->said)
        p->said = calloc(1, sizeof *p->said);
    return p->said && out_challenge_kept(p->edge, p->said, 0, true, request, sip);
}

static int on_published(struct leg *magic, nta_outgoing_t *request, const sip_t *sip)
{
    struct publication *p = (struct publication *)(void *)magic;
    int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(request);
    bool again;

    if (!p || request != p->request || status < 200)
        return 0;
    again = (status == 401 || status == 407) && answer_challenge(p, request, sip);
    p->request = NULL;
    p->edge->watches->publishing--;
    if (status < 300)
        p->tries = 0;
    if (again) {
        transmit(p, p->errand);
    } else if (p->errand == ERRAND_REMOVE) { /* whatever was said: it is no longer ours */
        p->etag[0] = '\0';
        if (p->at->shown)
            transmit(p, ERRAND_STATE);
        else
            forget(p);
    } else if (status < 300 && sip) {
        accepted(p, sip);
    } else if (!mended(p, status, sip)) {
        failed(p, status, sip);
    }
    nta_outgoing_destroy(request); /* and with it the answer */
    return 0;
}

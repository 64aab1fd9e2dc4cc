/* Asking the systems of the configuration whether they live: OPTIONS (RFC 3261 11) to each of their
 * servers from time to time. Any final answer but 503 and 408 means that it does. Not for what is
 * made of it, see out_hops.c. */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sip/resolve.h"
#include "sys/clock.h"
#include "sys/log.h"

#define SYSTEMS_MAX (1 + SIP_NEXT_HOPS_MAX + SIP_REGISTERS_MAX + SIP_PEERS_MAX)

struct system {
    char label[SIP_HOP_SYSTEM_SIZE]; /* "outbound", "peer sbc" */
    char uri[URI_SIZE], host[FQDN_SIZE];
    msec next_at;
    bool lost; /* its name led nowhere the last time */
};

struct probe {
    struct sip *edge;
    nta_outgoing_t *request; /* under way; NULL: none */
    msec sent;
    unsigned system;
    msec meant; /* when its system led there last */
};

struct options {
    struct system systems[SYSTEMS_MAX];
    unsigned count;
    uint32_t generation; /* of the systems; an answer about older ones comes too late */
    bool full;           /* it was said that there is no room */
    struct probe probes[SIP_HOPS_MAX];
};

/* ---- which systems ---- */

static void add_system(struct options *o, const char *kind, const char *name, const char *uri)
{
    struct system *y = &o->systems[o->count];

    if (!uri[0])
        return;
    for (unsigned i = 0; i < o->count; i++)
        if (text_is_nocase(o->systems[i].uri, uri))
            return;
    memset(y, 0, sizeof *y);
    (void)text_format(y->label, sizeof y->label, name[0] ? "%s %s" : "%s%s", kind, name); /* cut */
    (void)text_copy(y->uri, sizeof y->uri, uri); /* the same size */
    uri_host(y->host, uri);
    o->count++;
}

void options_setup(struct sip *s)
{
    const struct sip_config *c = &s->setup->config;
    struct options *o = s->options;

    o->count = 0;
    o->generation++;
    for (unsigned i = 0; i < SIP_HOPS_MAX; i++) {
        struct hop *h = &s->hops->hop[i];

        nta_outgoing_destroy(o->probes[i].request);
        o->probes[i].request = NULL;
        h->changed = h->changed || h->watched;
        h->watched = false;
    }
    if (!c->options_interval)
        return;
    add_system(o, "outbound", "", c->outbound);
    for (unsigned i = 0; i < c->next_hop_count; i++)
        add_system(o, "route", c->next_hops[i].domain, c->next_hops[i].hop);
    for (unsigned i = 0; i < c->register_count; i++)
        add_system(o, "register", c->registers[i].name,
                   c->registers[i].outbound[0] ? c->registers[i].outbound
                                               : c->registers[i].registrar);
    for (unsigned i = 0; i < c->peer_count; i++)
        add_system(o, "peer", c->peers[i].name, c->peers[i].options);
}

/* ---- the request ---- */

static void failed(struct probe *p, msec retry_after)
{
    struct hop *h = &p->edge->hops->hop[p - p->edge->options->probes];

    h->measured = false;
    hop_log(h, hop_failed(h, retry_after, clock_now()));
}

static void lives(struct probe *p)
{
    struct hop *h = &p->edge->hops->hop[p - p->edge->options->probes];
    msec now = clock_now();

    h->measured = true;
    h->round_trip = (uint32_t)(now - p->sent);
    hop_log(h, hop_answered(h, now));
}

static int on_answer(struct leg *magic, nta_outgoing_t *request, const sip_t *sip)
{
    struct probe *p = (void *)magic; /* it belongs to no leg */
    int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(request);

    if (request != p->request || status < 200)
        return 0;
    p->request = NULL;
    if (!sip || nta_sip_is_internal(sip) || status == 408)
        failed(p, 0);
    else if (status == 503)
        failed(p, (msec)headers_retry_after(sip) * 1000);
    else
        lives(p);
    nta_outgoing_destroy(request);
    return 0;
}

static void send_options(struct probe *p, const struct hop *h)
{
    struct sip *s = p->edge;
    const struct system *y = &s->options->systems[p->system];
    su_home_t home[1] = { SU_HOME_INIT(home) };
    char way[96], from[URI_SIZE + 64], to[URI_SIZE + 8];
    unsigned listener;
    const char *tag;

    su_home_init(home);
    tag = nta_agent_newtag(home, NULL, s->agent);
    text_format(to, sizeof to, "<%s>", y->uri);
    if (tag && hop_way(s, &h->at, y->host, &listener, way) &&
        text_format(from, sizeof from, "<sip:%s>;tag=%s", aim_domain(s, listener), tag))
        p->request = nta_outgoing_tcreate(
            s->outside, on_answer, (struct leg *)(void *)p, (url_string_t const *)way,
            SIP_METHOD_OPTIONS, URL_STRING_MAKE(y->uri),
            SIPTAG_CALL_ID(sip_call_id_create(home, NULL)), SIPTAG_FROM_STR(from),
            SIPTAG_TO_STR(to), SIPTAG_ACCEPT_STR(in_accept), SIPTAG_ALLOW_STR(in_allow),
            SIPTAG_USER_AGENT_STR(s->setup->config.user_agent[0] ? s->setup->config.user_agent
                                                                 : NULL),
            TPTAG_IDENT(s->listeners[listener].ident), TAG_END());
    su_home_deinit(home);
    p->sent = clock_now();
    if (!p->request)
        failed(p, 0);
}

/* ---- whose turn it is ---- */

static void watch(struct sip *s, unsigned system, const struct hop_at *at)
{
    struct options *o = s->options;
    msec now = clock_now();
    struct hop *h = hops_take(s->hops, at, "", now);
    struct probe *p;

    if (!h) {
        if (!o->full)
            log_warning("sip", "not every server is asked whether it lives: %d are enough",
                        SIP_HOPS_MAX);
        o->full = true;
        return;
    }
    p = &o->probes[h - s->hops->hop];
    h->watched = h->changed = true;
    (void)text_copy(h->system, sizeof h->system, o->systems[system].label); /* the same size */
    p->edge = s;
    p->system = system;
    p->meant = now;
    if (!p->request && !(h->held && now < h->dead_until))
        send_options(p, h);
}

static void on_resolved(struct sip *s, uint64_t key, const struct hop_at *at, unsigned count)
{
    struct options *o = s->options;
    unsigned system = (unsigned)(key % SYSTEMS_MAX);
    struct system *y = &o->systems[system];

    if (key / SYSTEMS_MAX != o->generation)
        return;
    if (!count && !y->lost)
        log_warning("sip", "%s: no server is found for %s", y->label, y->uri);
    y->lost = !count;
    for (unsigned i = 0; i < count; i++)
        watch(s, system, &at[i]);
}

static bool is_silent(const struct sip *s, const struct probe *p, msec now)
{
    return p->request && now - p->sent >= hop_patience(s);
}

/* What its name no longer leads to is watched no more. */
static void look_after(struct sip *s, struct hop *h, struct probe *p, msec now)
{
    nta_outgoing_t *request = p->request;

    if (is_silent(s, p, now)) {
        p->request = NULL;
        nta_outgoing_destroy(request);
        failed(p, 0);
    }
    if (h->watched && now - p->meant > 3 * s->setup->config.options_interval) {
        h->watched = false;
        h->changed = true;
    }
}

void options_tick(struct sip *s)
{
    struct options *o = s->options;
    msec interval = s->setup->config.options_interval, now = clock_now();

    for (unsigned i = 0; i < SIP_HOPS_MAX; i++)
        if (o->probes[i].edge)
            look_after(s, &s->hops->hop[i], &o->probes[i], now);
    for (unsigned i = 0; i < o->count; i++) {
        struct system *y = &o->systems[i];

        if (y->next_at > now)
            continue;
        y->next_at = now + interval * (msec)su_randint(90, 100) / 100;
        resolve(s, y->uri, on_resolved, (uint64_t)o->generation * SYSTEMS_MAX + i);
    }
}

bool options_new(struct sip *s)
{
    s->options = calloc(1, sizeof *s->options);
    if (s->options)
        options_setup(s);
    return s->options != NULL;
}

void options_free(struct sip *s)
{
    for (unsigned i = 0; s->options && i < SIP_HOPS_MAX; i++)
        nta_outgoing_destroy(s->options->probes[i].request);
    free(s->options);
    s->options = NULL;
}

/* One query after the other: NAPTR, SRV of each service, addresses of each server. Not for which of
 * them is dead, see hop.c. */
#include "sip/resolve.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sip/edge.h"
#include "sys/log.h"

#define RESOLVING_MAX 1024
#define RESOLVE_MSEC 5000
#define UNREACHABLE_MAX 2     /* then no name server is there */
#define UNREACHABLE_MSEC 1100 /* the library asks nobody again within the second of an error */
#define SERVICES_MAX 3
#define SERVERS_MAX 16

struct server {
    uint16_t priority, weight, port;
    char transport[8];
    char name[FQDN_SIZE];
};

struct service {
    unsigned order; /* of its NAPTR: order, then preference */
    char transport[8];
    char name[FQDN_SIZE + 16]; /* "_sip._udp.example.com" */
};

struct resolving {
    struct resolving *next;
    struct sip *edge;
    resolve_done *done;
    uint64_t key;
    su_timer_t *timer;
    sres_query_t *query; /* under way */
    const char *asked;   /* of what, and for what kind of record */
    uint16_t asked_type;
    unsigned unreachable; /* so often nobody was there to be asked */
    su_timer_t *again;
    char host[FQDN_SIZE], transport[8];
    bool by_naptr;
    struct service services[SERVICES_MAX];
    unsigned service_count, service;
    struct server servers[SERVERS_MAX];
    unsigned server_count, server;
    struct hop_at found[HOP_TARGETS_MAX];
    unsigned count;
};

struct resolver {
    sres_resolver_t *library;
    struct resolving *first;
    unsigned count;
};

bool resolve_new(struct sip *s)
{
    const char *file = s->setup->config.resolv_conf;

    s->resolver = calloc(1, sizeof *s->resolver);
    if (s->resolver)
        s->resolver->library = sres_resolver_create(s->root, file[0] ? file : NULL, TAG_END());
    return s->resolver && s->resolver->library;
}

static void forget(struct resolving *r)
{
    struct resolver *all = r->edge->resolver;
    struct resolving **at = &all->first;

    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    all->count--;
    if (r->query)
        sres_query_bind(r->query, NULL, NULL); /* its answer is nobody's any more */
    if (r->timer)
        su_timer_destroy(r->timer);
    if (r->again)
        su_timer_destroy(r->again);
    free(r);
}

void resolve_free(struct sip *s)
{
    while (s->resolver && s->resolver->first)
        forget(s->resolver->first);
    if (s->resolver && s->resolver->library)
        sres_resolver_destroy(s->resolver->library);
    free(s->resolver);
    s->resolver = NULL;
}

static void finish(struct resolving *r)
{
    struct hop_at found[HOP_TARGETS_MAX];
    unsigned count = r->count;
    struct sip *s = r->edge;
    resolve_done *done = r->done;
    uint64_t key = r->key;

    memcpy(found, r->found, sizeof found);
    forget(r);
    done(s, key, found, count);
}

static void on_deadline(struct sip *s, su_timer_t *timer, void *magic)
{
    struct resolving *r = magic;

    (void)s;
    (void)timer;
    log_warning("sip", "the name servers are slow about '%s'", r->host);
    finish(r);
}

/* ---- what can be used ---- */

/* Is there a listener to send from? */
static bool can_send(const struct sip *s, const char *transport, bool v6)
{
    for (unsigned i = 0; i < s->listener_count; i++)
        if (text_is(s->listeners[i].transport, transport) &&
            (strchr(s->listeners[i].bound.host, ':') != NULL) == v6)
            return true;
    return false;
}

static bool can_speak(const struct sip *s, const char *transport)
{
    return can_send(s, transport, false) || can_send(s, transport, true);
}

static void add_found(struct resolving *r, const char *transport, const char *host, uint16_t port)
{
    struct hop_at *at = &r->found[r->count];

    if (r->count == HOP_TARGETS_MAX || !text_copy(at->host, sizeof at->host, host))
        return;
    (void)text_copy(at->transport, sizeof at->transport, transport); /* the same size */
    at->port = port;
    for (unsigned i = 0; i < r->count; i++)
        if (hop_is(&r->found[i], at))
            return;
    r->count++;
}

static void add_server(struct resolving *r, const char *transport, const char *name,
                       const sres_srv_record_t *srv, uint16_t port)
{
    struct server *to = &r->servers[r->server_count];

    if (r->server_count == SERVERS_MAX || !text_copy(to->name, sizeof to->name, name))
        return;
    (void)text_copy(to->transport, sizeof to->transport, transport); /* the same size */
    to->priority = srv ? srv->srv_priority : 0;
    to->weight = srv ? srv->srv_weight : 0;
    to->port = port;
    r->server_count++;
}

static void add_service(struct resolving *r, const char *transport, unsigned order,
                        const char *name)
{
    struct service *to = &r->services[r->service_count];

    if (r->service_count == SERVICES_MAX || !can_speak(r->edge, transport) ||
        !text_copy(to->name, sizeof to->name, name))
        return;
    (void)text_copy(to->transport, sizeof to->transport, transport); /* the same size */
    to->order = order;
    r->service_count++;
}

/* ---- the queries ---- */

static void ask(struct resolving *r, uint16_t type, const char *name);

static void next_address(struct resolving *r)
{
    const struct server *at = &r->servers[r->server];

    if (r->server == r->server_count || r->count == HOP_TARGETS_MAX)
        finish(r);
    else
        ask(r, can_send(r->edge, at->transport, false) ? sres_type_a : sres_type_aaaa, at->name);
}

/* No SRV: the host itself, at the port of its transport. By TLS the front looks it up. */
static void next_service(struct resolving *r)
{
    bool secure = text_is(r->transport, "tls");
    const char *transport = r->transport[0] ? r->transport : "udp";

    if (r->service < r->service_count && (r->by_naptr || !r->server_count)) {
        ask(r, sres_type_srv, r->services[r->service].name);
        return;
    }
    if (!r->server_count && secure) {
        add_found(r, "tls", r->host, 5061);
        finish(r);
        return;
    }
    if (!r->server_count)
        add_server(r, can_speak(r->edge, transport) ? transport : "tcp", r->host, NULL, 5060);
    next_address(r);
}

/* RFC 3263 4.1: without NAPTR, what we can speak. */
static void usual_services(struct resolving *r)
{
    static const char *const usual[] = { "udp", "tcp" };
    char name[FQDN_SIZE + 16];

    for (unsigned i = 0; i < 2; i++) {
        (void)text_format(name, sizeof name, "_sip._%s.%s", usual[i], r->host); /* fits */
        if (!r->transport[0] || text_is(r->transport, usual[i]))
            add_service(r, usual[i], i, name);
    }
    (void)text_format(name, sizeof name, "_sips._tcp.%s", r->host); /* fits */
    if (text_is(r->transport, "tls"))
        add_service(r, "tls", 0, name);
}

static void take_naptr(struct resolving *r, sres_record_t **answers)
{
    static const struct {
        const char *service, *transport;
    } known[] = { { "SIP+D2U", "udp" }, { "SIP+D2T", "tcp" } };

    for (unsigned n = 0; answers && answers[n]; n++) {
        const sres_naptr_record_t *na = answers[n]->sr_naptr;

        for (unsigned i = 0;
             i < 2 && !na->na_record->r_status && na->na_record->r_type == sres_type_naptr; i++)
            if (text_is_nocase(na->na_flags, "s") &&
                text_is_nocase(na->na_services, known[i].service))
                add_service(r, known[i].transport, na->na_order * 65536u + na->na_prefer,
                            na->na_replace);
    }
    r->by_naptr = r->service_count > 0;
    if (r->service_count == 2 && r->services[1].order < r->services[0].order) {
        struct service first = r->services[1];

        r->services[1] = r->services[0];
        r->services[0] = first;
    }
    if (!r->by_naptr)
        usual_services(r);
    next_service(r);
}

/* RFC 2782: the lowest priority first, and within it by lot, as heavy as the weight says. */
static void order_servers(struct server *of, unsigned count)
{
    for (unsigned i = 0; i + 1 < count; i++) {
        uint16_t best = of[i].priority;
        uint32_t total = 0, drawn;
        unsigned chosen = i;
        struct server one;

        for (unsigned k = i; k < count; k++)
            best = of[k].priority < best ? of[k].priority : best;
        for (unsigned k = i; k < count; k++)
            total += of[k].priority == best ? of[k].weight + 1u : 0;
        drawn = (uint32_t)su_randint(1, (int)total);
        for (unsigned k = i, sum = 0; k < count && sum < drawn; k++) {
            sum += of[k].priority == best ? of[k].weight + 1u : 0;
            chosen = k;
        }
        one = of[chosen];
        memmove(&of[i + 1], &of[i], (chosen - i) * sizeof one);
        of[i] = one;
    }
}

static void take_srv(struct resolving *r, sres_record_t **answers)
{
    const struct service *of = &r->services[r->service++];
    unsigned before = r->server_count;

    for (unsigned n = 0; answers && answers[n]; n++) {
        const sres_srv_record_t *srv = answers[n]->sr_srv;

        /* "." says that there is no such service here. */
        if (!srv->srv_record->r_status && srv->srv_record->r_type == sres_type_srv &&
            srv->srv_target[0] && !text_is(srv->srv_target, "."))
            add_server(r, of->transport, srv->srv_target, srv, srv->srv_port);
    }
    order_servers(r->servers + before, r->server_count - before);
    next_service(r);
}

static void take_addresses(struct resolving *r, uint16_t type, sres_record_t **answers)
{
    const struct server *of = &r->servers[r->server];
    unsigned before = r->count;
    char text[INET6_ADDRSTRLEN];

    for (unsigned n = 0; answers && answers[n]; n++) {
        const sres_record_t *a = answers[n];

        if (a->sr_record->r_status || a->sr_record->r_type != type)
            continue;
        if (inet_ntop(type == sres_type_a ? AF_INET : AF_INET6,
                      type == sres_type_a ? (const void *)&a->sr_a->a_addr
                                          : (const void *)&a->sr_aaaa->aaaa_addr,
                      text, sizeof text))
            add_found(r, of->transport, text, of->port);
    }
    if (type == sres_type_a && can_send(r->edge, of->transport, true)) {
        ask(r, sres_type_aaaa, of->name);
        return;
    }
    if (r->count == before && text_is(of->transport, "tls"))
        add_found(r, "tls", of->name, of->port); /* the front may know better */
    r->server++;
    next_address(r);
}

static void on_again(struct sip *s, su_timer_t *timer, void *magic)
{
    struct resolving *r = magic;

    (void)s;
    (void)timer;
    ask(r, r->asked_type, r->asked);
}

/* A name server that is just being started again costs a moment, not the call. */
static bool asks_again(struct resolving *r)
{
    if (r->unreachable++ >= UNREACHABLE_MAX)
        return false;
    if (!r->again)
        r->again = su_timer_create(su_root_task(r->edge->root), 0);
    return r->again && su_timer_set_interval(r->again, on_again, r, UNREACHABLE_MSEC) == 0;
}

static void take(struct resolving *r, uint16_t type, sres_record_t **answers)
{
    struct resolver *all = r->edge->resolver;
    unsigned status = answers && answers[0] ? answers[0]->sr_record->r_status : SRES_NETWORK_ERR;

    /* The library calls it a time-out, too, when it was told at once that nobody is there. */
    if ((status == SRES_NETWORK_ERR || status == SRES_TIMEOUT_ERR) && asks_again(r)) {
        sres_free_answers(all->library, answers);
        return;
    }
    if (type == sres_type_naptr)
        take_naptr(r, answers);
    else if (type == sres_type_srv)
        take_srv(r, answers);
    else
        take_addresses(r, type, answers);
    sres_free_answers(all->library, answers);
}

#define ANSWERED(type)                                                                             \
    static void on_##type(sres_context_t *context, sres_query_t *query, sres_record_t **answers)   \
    {                                                                                              \
        struct resolving *r = (void *)context;                                                     \
                                                                                                   \
        (void)query;                                                                               \
        r->query = NULL;                                                                           \
        take(r, sres_type_##type, answers);                                                        \
    }
ANSWERED(naptr)
ANSWERED(srv)
ANSWERED(a)
ANSWERED(aaaa)
#undef ANSWERED

static sres_answer_f *callback_of(uint16_t type)
{
    if (type == sres_type_naptr)
        return on_naptr;
    if (type == sres_type_srv)
        return on_srv;
    return type == sres_type_a ? on_a : on_aaaa;
}

static void ask(struct resolving *r, uint16_t type, const char *name)
{
    sres_resolver_t *library = r->edge->resolver->library;
    sres_record_t **known = sres_cached_answers(library, type, name);

    r->asked = name;
    r->asked_type = type;
    if (!known)
        r->query = sres_query(library, callback_of(type), (sres_context_t *)(void *)r, type, name);
    if (known || !r->query)
        take(r, type, known);
}

/* ---- the question ---- */

struct question {
    char host[FQDN_SIZE], transport[8]; /* transport "": it does not say */
    uint16_t port;                      /* 0: it does not say */
};

static bool read_question(const char *uri, struct question *q)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    const url_t *url;
    uint64_t port = 0;
    bool fine = false;

    memset(q, 0, sizeof *q);
    su_home_init(home);
    url = url_make(home, uri);
    if (url && url->url_host && (url->url_type == url_sip || url->url_type == url_sips)) {
        bool v6;

        if (url->url_params)
            (void)url_param(url->url_params, "transport", q->transport, sizeof q->transport);
        if (flow_is_secure(url))
            (void)text_copy(q->transport, sizeof q->transport, "tls"); /* fits */
        for (char *c = q->transport; *c; c++)
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 'a' - 'A' : *c);
        v6 = url->url_host[0] == '[';
        fine =
            (!url->url_port || !url->url_port[0] || text_number(url->url_port, 1, 65535, &port)) &&
            (!q->transport[0] || text_is(q->transport, "udp") || text_is(q->transport, "tcp") ||
             text_is(q->transport, "tls")) &&
            text_copy_n(q->host, sizeof q->host, url->url_host + v6,
                        strcspn(url->url_host + v6, "]"));
        q->port = (uint16_t)port;
    }
    su_home_deinit(home);
    return fine;
}

/* Nobody need be asked about a numeric host, nor by us about one with a port by TLS, which the
 * front looks up. True: `to` is the answer. */
static bool is_plain(const struct question *q, struct hop_at *to)
{
    bool secure = text_is(q->transport, "tls");
    struct ip ip;

    if (!ip_read(q->host, &ip) && !(q->port && secure))
        return false;
    memset(to, 0, sizeof *to);
    to->port = q->port ? q->port : secure ? 5061 : 5060;
    return text_copy(to->host, sizeof to->host, q->host) &&
           text_copy(to->transport, sizeof to->transport, q->transport[0] ? q->transport : "udp");
}

/* RFC 3263 4.1 and 4.2: no NAPTR if the transport is known, no SRV if the port is. */
static void begin(struct resolving *r, const struct question *q)
{
    if (q->port) {
        add_server(r, q->transport[0] ? q->transport : "udp", q->host, NULL, q->port);
        next_address(r);
    } else if (q->transport[0]) {
        usual_services(r);
        next_service(r);
    } else {
        ask(r, sres_type_naptr, r->host);
    }
}

static struct resolving *new_resolving(struct sip *s, const struct question *q)
{
    struct resolver *all = s->resolver;
    struct resolving *r = all->count < RESOLVING_MAX ? calloc(1, sizeof *r) : NULL;

    if (!r) {
        log_warning("sip", "a name is left to the library: %u are being asked for", all->count);
        return NULL;
    }
    r->edge = s;
    r->next = all->first;
    all->first = r;
    all->count++;
    (void)text_copy(r->host, sizeof r->host, q->host);                /* the same size */
    (void)text_copy(r->transport, sizeof r->transport, q->transport); /* the same size */
    r->timer = su_timer_create(su_root_task(s->root), 0);
    if (r->timer)
        su_timer_set_interval(r->timer, on_deadline, r, RESOLVE_MSEC);
    return r;
}

void resolve(struct sip *s, const char *uri, resolve_done *done, uint64_t key)
{
    struct resolving *r = NULL;
    struct question q;
    struct hop_at at;
    bool known = read_question(uri, &q);

    if (known && is_plain(&q, &at)) {
        done(s, key, &at, 1);
        return;
    }
    if (known)
        r = new_resolving(s, &q);
    if (!r) {
        done(s, key, NULL, 0);
        return;
    }
    r->done = done;
    r->key = key;
    begin(r, &q);
}

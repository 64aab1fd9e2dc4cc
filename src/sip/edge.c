/* The life of the edge: its thread, its listeners, its agent. What comes in goes to in.c and
 * dialog.c, what is asked of it comes through command.c. */
#include "sip/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "sip/flood.h"
#include "sip/register.h"
#include "sip/resolve.h"
#include "sip/sockets.h"
#include "sys/clock.h"
#include "sys/kept.h"
#include "sys/log.h"
#include "sys/thread.h"

#define COMMANDS_MAX 8192
#define IDLE_MSEC 3600000
/* What may wait in a UDP socket while another thread has the core. By default a hundred messages
 * find room, which is 20 ms of 2,000 parks a second; what comes then is lost and sent again. */
#define SOCKET_BYTES (1U << 20)

/* The library's hook; it has no declaration in its headers. */
extern void (*_su_time)(su_time_t *now);
/* Has none either: what it calls when a listener is readable. */
extern int tport_accept(tport_t *primary, int events);

/* The library counts its retransmissions by the wall clock, which may be set while we run; this
 * gives it one that only ever goes forward. Its epoch is 1900, and it may send what it thinks is a
 * date. In whole milliseconds: it sleeps by those, and would spin through the rest of one before
 * each timer. */
static void steady_time(su_time_t *now)
{
    static _Atomic uint64_t start_of_1900;
    uint64_t base = atomic_load(&start_of_1900), ns = clock_now_ns();

    if (!base) {
        base = 2208988800u + clock_wall() / 1000 - ns / 1000000000u;
        atomic_store(&start_of_1900, base);
    }
    now->tv_sec = (unsigned long)(base + ns / 1000000000u);
    now->tv_usec = (unsigned long)(ns / 1000000 % 1000) * 1000;
}

static void library_log(void *unused, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void library_log(void *unused, const char *format, va_list arguments)
{
    char line[400];
    size_t length;

    (void)unused;
    (void)vsnprintf(line, sizeof line, format, arguments);
    length = strcspn(line, "\r\n");
    line[length] = '\0';
    if (length)
        log_debug("sofia", "%s", line);
}

struct setup *setup_new(const struct sip_config *config, struct err *err)
{
    struct setup *setup = calloc(1, sizeof *setup);

    if (!setup) {
        err_set(err, -ENOMEM, "no memory for the settings of SIP");
        return NULL;
    }
    setup->config = *config;
    for (unsigned i = 0; i < config->trusted_count && i < SIP_NETWORKS_MAX; i++)
        if (!network_read(config->trusted[i], &setup->trusted[setup->trusted_count++])) {
            err_set(err, -EINVAL,
                    "trusted network '%.64s': must look like 10.0.0.0/8, 192.0.2.7 or fd00::/8",
                    config->trusted[i]);
            free(setup);
            return NULL;
        }
    if (peer_read_networks(setup, err)) {
        free(setup);
        return NULL;
    }
    return setup;
}

/* ---- listeners ---- */

static bool is_front(const char *transport)
{
    return text_is(transport, "tls") || text_is(transport, "ws") || text_is(transport, "wss");
}

/* "udp:HOST:PORT" in its three parts; false if it is not of that form. */
static bool split_listen(const char *text, char transport[8], char host[64], uint64_t *port)
{
    const char *colon = strchr(text, ':'), *last = strrchr(text, ':');

    return colon && last > colon && text_copy_n(transport, 8, text, (size_t)(colon - text)) &&
           (text_is(transport, "udp") || text_is(transport, "tcp") || is_front(transport)) &&
           text_copy_n(host, 64, colon + 1, (size_t)(last - colon - 1)) && host[0] &&
           text_number(last + 1, 0, 65535, port);
}

static tport_t *bound_transport(const struct sip *s, const struct listener *l)
{
    for (tport_t *tp = tport_primaries(nta_agent_tports(s->agent)); tp; tp = tport_next(tp))
        if (text_is(tport_ident(tp), l->ident))
            return tp;
    return NULL;
}

tport_t *edge_transport(const struct sip *s, unsigned listener)
{
    return bound_transport(s, &s->listeners[listener]);
}

static void name_listener(const struct sip *s, struct listener *l)
{
    const char *advertise = s->setup->config.advertise;
    bool v6 = strchr(l->bound.host, ':') != NULL;

    text_format(l->text, sizeof l->text, v6 ? "%s:[%s]:%u" : "%s:%s:%u", l->transport,
                l->bound.host, l->bound.port);
    if (advertise[0])
        text_copy(l->host, sizeof l->host, advertise);
    else
        text_format(l->host, sizeof l->host, v6 ? "[%s]" : "%s", l->bound.host);
}

/* Read back what the listener is bound to: the port may have been 0. */
static bool note_bound(struct sip *s, struct listener *l)
{
    const tport_t *tp = bound_transport(s, l);
    const tp_name_t *name = tp ? tport_name(tp) : NULL;
    uint64_t port = 0;
    bool v6;

    if (!name || !text_number(name->tpn_port, 1, 65535, &port))
        return false;
    l->bound.port = (uint16_t)port;
    v6 = name->tpn_host[0] == '[';
    text_copy_n(l->bound.host, sizeof l->bound.host, name->tpn_host + v6,
                strcspn(name->tpn_host + v6, "]"));
    name_listener(s, l);
    return true;
}

static unsigned t1_of(const struct sip *s)
{
    return s->setup->config.t1 ? (unsigned)s->setup->config.t1 : 500;
}

/* What a stream may cost us: half a message is waited for no longer than 16*T1, and a silent
 * connection is closed. CRLF CRLF is answered as RFC 5626 4.4.1 wants it. */
static int add_transport(struct sip *s, const char *url, const char *ident)
{
    return nta_agent_add_tport(s->agent, URL_STRING_MAKE(url), TPTAG_IDENT(ident), TPTAG_SERVER(1),
                               TPTAG_TIMEOUT(16 * t1_of(s)), TPTAG_IDLE(IDLE_MSEC),
                               TPTAG_UDP_RMEM(SOCKET_BYTES), TPTAG_PONG2PING(1),
                               TPTAG_STUN_SERVER(1), TAG_END());
}

/* Of what the library tells, only the port is of use for a listener behind the front. */
static bool note_inside(struct sip *s, struct listener *l, unsigned n)
{
    const tport_t *tp = bound_transport(s, l);
    char sent_by[FQDN_SIZE + 8];
    uint64_t port = 0;

    if (!tp || !text_number(tport_name(tp)->tpn_port, 1, 65535, &port))
        return false;
    text_format(sent_by, sizeof sent_by, "%s:%u", l->host, l->bound.port);
    front_inside(s->front, n, (uint16_t)port, sent_by);
    return true;
}

/* TLS and WebSocket: the front listens, and the library behind it. */
static int listen_front(struct sip *s, const char *host, uint64_t port, struct err *err)
{
    struct listener *l = &s->listeners[s->listener_count];
    char url[64];
    int code = 0;

    if (!s->front)
        code = front_new(&s->front, &s->setup->config, err);
    if (!code)
        code = front_listen(s->front, s->listener_count, l->transport, host, (uint16_t)port,
                            &l->bound, err);
    if (code)
        return code;
    name_listener(s, l);
    text_format(url, sizeof url, "sip:%s:*;transport=tcp", front_host(s->front));
    if (add_transport(s, url, l->ident) < 0 || !note_inside(s, l, s->listener_count))
        return err_set(err, -EADDRNOTAVAIL, "listen '%s': loopback cannot be used", l->text);
    s->listener_count++;
    return 0;
}

/* The library's own listeners. */
static int listen_library(struct sip *s, const char *text, const char *host, uint16_t port,
                          struct err *err)
{
    struct listener *l = &s->listeners[s->listener_count];
    const char *advertise = s->setup->config.advertise;
    char url[400];
    int failed;

    port = sockets_begin(s->listener_count, text, l->transport, host, port);
    if (advertise[0])
        text_format(url, sizeof url, "sip:%s:%u;maddr=%s;transport=%s", advertise, port, host,
                    l->transport);
    else
        text_format(url, sizeof url, "sip:%s:%u;transport=%s", host, port, l->transport);
    if (port == 0) { /* the library's word for "any free one" */
        char *zero = strstr(url, ":0;");
        zero[1] = '*';
    }
    errno = 0;
    failed = add_transport(s, url, l->ident) < 0 ? errno ? errno : EINVAL : 0;
    l->socket = sockets_end();
    if (failed)
        return err_set(err, -failed, "listen '%.80s': %s", text, strerror(failed));
    if (!note_bound(s, l))
        return err_set(err, -EADDRNOTAVAIL, "listen '%.80s': no such address here", text);
    s->listener_count++;
    return 0;
}

static int listen_on(struct sip *s, const char *text, struct err *err)
{
    struct listener *l = &s->listeners[s->listener_count];
    char host[64];
    uint64_t port;

    if (!split_listen(text, l->transport, host, &port))
        return err_set(err, -EINVAL,
                       "listen '%.80s': must look like udp:HOST:PORT or tcp:[::1]:5060", text);
    text_format(l->ident, sizeof l->ident, "l%u", s->listener_count);
    if (is_front(l->transport))
        return listen_front(s, host, port, err);
    return listen_library(s, text, host, (uint16_t)port, err);
}

/* Connections that were open before a restart, as if they had just been accepted. When all
 * listeners are there: the library gives all of them new Via headers with each, but no connection.
 */
static void take_connections(struct sip *s)
{
    for (unsigned n = 0; n < s->listener_count; n++) {
        tport_t *tp = bound_transport(s, &s->listeners[n]);

        while (tp && sockets_next_connection(n))
            (void)tport_accept(tp, SU_WAIT_ACCEPT); /* if not, it is closed */
    }
}

void sip_listener(const struct sip *s, unsigned n, char to[96])
{
    text_copy(to, 96, n < s->listener_count ? s->listeners[n].text : "");
}

/* ---- the agent ---- */

/* Over UDP our messages are never too long: who would send them by TCP instead (RFC 3261 18.1.1)
 * waits for long where TCP is filtered out.
 *
 * For T4 the library keeps an INVITE that has its ACK, 14 KiB of memory; it is a second instead of
 * five. What comes later than that finds the dialog: an ACK is taken there, and the INVITE itself
 * is refused by is_merged(). */
static int make_agent(struct sip *s, struct err *err)
{
    const char *resolver = s->setup->config.resolv_conf;
    unsigned t1 = t1_of(s);

    s->strict = strict_class();
    s->agent = nta_agent_create(
        s->root, SIP_NONE, shed_message, s, NTATAG_UA(1), NTATAG_MERGE_482(1), NTATAG_EXTRA_100(1),
        NTATAG_MCLASS(s->strict), NTATAG_CANCEL_487(1), NTATAG_MAXSIZE(2 * MESSAGE_MAX),
        NTATAG_SIP_T1(t1), NTATAG_SIP_T1X64(64 * t1), NTATAG_SIP_T4(2 * t1), NTATAG_UDP_MTU(65535),
        NTATAG_MAX_PROCEEDING(LEGS_MAX), NTATAG_USE_NAPTR(1), NTATAG_USE_SRV(1),
        TAG_IF(resolver[0], SRESTAG_RESOLV_CONF(resolver)), TPTAG_STUN_SERVER(1), TPTAG_LOG(0),
        TPTAG_TIMEOUT((unsigned)(16 * t1)), TPTAG_IDLE(IDLE_MSEC), TPTAG_PONG2PING(1), TAG_END());
    if (!s->agent)
        return err_set(err, -ENOMEM, "the SIP library could not be started");
    s->outside = nta_leg_tcreate(s->agent, in_request, s, NTATAG_NO_DIALOG(1), TAG_END());
    return s->outside ? 0 : err_set(err, -ENOMEM, "the SIP library could not be started");
}

static int on_command(struct sip *s, su_wait_t *wait, struct sip *same)
{
    (void)wait;
    (void)same;
    if (command_take(s) < 0)
        su_root_break(s->root);
    return 0;
}

static int on_news(struct sip *s, su_wait_t *wait, struct sip *same)
{
    (void)wait;
    (void)same;
    front_news(s->front);
    return 0;
}

static int start_front(struct sip *s, struct err *err)
{
    su_wait_t wait[1] = { SU_WAIT_INIT };

    if (!s->front)
        return 0;
    if (su_wait_create(wait, front_news_fd(s->front), SU_WAIT_IN) < 0 ||
        su_root_register(s->root, wait, on_news, s, 0) < 0)
        return err_set(err, -errno, "the SIP thread cannot wait for news: %s", strerror(errno));
    return front_start(s->front, err);
}

static int watch_commands(struct sip *s, struct err *err)
{
    su_wait_t wait[1] = { SU_WAIT_INIT };

    if (su_wait_create(wait, queue_fd(s->commands), SU_WAIT_IN) < 0 ||
        su_root_register(s->root, wait, on_command, s, 0) < 0)
        return err_set(err, -errno, "the SIP thread cannot wait for commands: %s", strerror(errno));
    return 0;
}

/* The library counts; once a second its figures are copied to where any thread may read them. */
static void copy_counts(struct sip *s, su_timer_t *timer, void *unused)
{
    usize_t in = 0, out = 0, answers_in = 0, answers_out = 0, bad = 0, again = 0;

    (void)unused;
    nta_agent_get_stats(s->agent, NTATAG_S_RECV_REQUEST_REF(in),
                        NTATAG_S_SENT_RESPONSE_REF(answers_out), NTATAG_S_SENT_REQUEST_REF(out),
                        NTATAG_S_RECV_RESPONSE_REF(answers_in), NTATAG_S_BAD_MESSAGE_REF(bad),
                        NTATAG_S_RETRY_REQUEST_REF(again), TAG_END());
    atomic_store_explicit(&s->counters.requests_in, in, memory_order_relaxed);
    atomic_store_explicit(&s->counters.responses_out, answers_out, memory_order_relaxed);
    atomic_store_explicit(&s->counters.requests_out, out, memory_order_relaxed);
    atomic_store_explicit(&s->counters.responses_in, answers_in, memory_order_relaxed);
    atomic_store_explicit(&s->counters.malformed, bad, memory_order_relaxed);
    atomic_store_explicit(&s->counters.retransmissions, again, memory_order_relaxed);
    su_timer_set(timer, copy_counts, NULL);
}

void sip_count(const struct sip *s, struct sip_counts *out)
{
    const struct counters *c = &s->counters;

#define COPY(field) out->field = atomic_load_explicit(&c->field, memory_order_relaxed)
    COPY(requests_in);
    COPY(responses_out);
    COPY(requests_out);
    COPY(responses_in);
    COPY(invites);
    COPY(refused_untrusted);
    COPY(refused_limit);
    COPY(shed);
    COPY(unread);
    COPY(thinned);
    COPY(malformed);
    COPY(retransmissions);
    COPY(accounts);
    COPY(registered);
    COPY(legs);
    COPY(subscribes);
    COPY(watchers_refused);
    COPY(notifies);
    COPY(notifies_failed);
    COPY(publishes);
    COPY(publishes_failed);
    COPY(watchers);
    COPY(restored);
    COPY(restored_lost);
    COPY(restored_unheard);
    COPY(challenges);
    for (unsigned i = 0; i < SIP_AUTH_FAILURES; i++)
        COPY(auth_failures[i]);
#undef COPY
}

/* ---- the thread ---- */

static int set_up(struct sip *s, struct err *err)
{
    const struct sip_config *c = &s->setup->config;
    int code;

    s->root = su_root_create(s);
    if (!s->root)
        return err_set(err, -ENOMEM, "the SIP library could not be started");
    code = make_agent(s, err);
    if (!code && !watch_new(s))
        code = err_set(err, -ENOMEM, "no memory for lamps");
    if (!code && (!resolve_new(s) || !options_new(s) || !hops_start(s)))
        code = err_set(err, -ENOMEM, "no name can be looked up");
    for (unsigned i = 0; !code && i < c->listen_count && i < SIP_LISTEN_MAX; i++)
        code = listen_on(s, c->listen[i], err);
    if (!code && !s->listener_count)
        code = err_set(err, -EINVAL, "SIP needs at least one 'listen'");
    if (!code && !flood_start(s))
        code = err_set(err, -ENOMEM, "no memory to look after floods");
    if (!code)
        code = watch_commands(s, err);
    if (!code)
        code = start_front(s, err);
    if (!code)
        take_connections(s);
    s->count_timer = code ? NULL : su_timer_create(su_root_task(s->root), 1000);
    if (s->count_timer)
        su_timer_set(s->count_timer, copy_counts, NULL);
    if (!code) {
        register_start(s);
        restore_legs(s);
        watch_take_up(s);
    }
    return code;
}

static void tear_down(struct sip *s)
{
    register_stop(s);
    report_forget(s);
    su_timer_destroy(s->count_timer);
    flood_stop(s);
    refer_forget_all(s);
    tell_forget_all(s);
    sip_leg_free(s->legs);
    watch_free(s);
    hops_stop(s);
    options_free(s);
    resolve_free(s);
    if (s->outside)
        nta_leg_destroy(s->outside);
    nta_agent_destroy(s->agent);
    su_root_destroy(s->root);
    front_stop(s->front);
}

static void *run(void *edge)
{
    struct sip *s = edge;
    struct err err = { 0 };

    err.code = set_up(s, &err);
    if (!queue_put(s->started, &err))
        log_error("sip", "the start could not be reported");
    if (!err.code)
        su_root_run(s->root);
    if (!err.code) {
        watch_say_goodbye(s);
        if (!kept_is_on()) /* else another process goes on with them */
            register_leave(s);
    }
    tear_down(s);
    return NULL;
}

/* Once for the process, before its first agent. */
static void set_up_library(void)
{
    static _Atomic bool done;

    if (atomic_exchange(&done, true))
        return;
    _su_time = steady_time;
    su_init();
    quiet_stun();
    su_log_redirect(NULL, library_log, NULL);
    su_log_set_level(NULL, 3);
}

static void release(struct sip *s)
{
    if (!s)
        return;
    command_drop_all(s);
    queue_free(s->commands);
    queue_free(s->started);
    auth_free(s->auth);
    free(s->setup);
    free(s->hops);
    free(s);
}

static struct sip *make(const struct sip_config *config, struct err *err)
{
    struct setup *setup = setup_new(config, err);
    struct sip *s = setup ? calloc(1, sizeof *s) : NULL;
    unsigned char random[16];

    if (!s) {
        free(setup);
        return NULL;
    }
    s->setup = setup;
    s->commands = queue_new(sizeof(struct command *), COMMANDS_MAX);
    s->started = queue_new(sizeof(struct err), 1);
    s->legs = sip_leg_new();
    s->auth = auth_new(config->nonce_key);
    s->hops = calloc(1, sizeof *s->hops);
    s->next_leg = config->first_leg | 1;
    s->held_last = &s->held_first;
    if (!s->commands || !s->started || !s->legs || !s->auth || !s->hops ||
        getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        sip_leg_free(s->legs);
        release(s);
        return NULL;
    }
    for (size_t i = 0; i < sizeof random; i++)
        text_append(s->secret, sizeof s->secret, "%02x", random[i]);
    clock_boot(s->boot);
    return s;
}

int sip_start(struct sip **out, const struct sip_config *config, sip_report *report, void *to,
              struct err *err)
{
    struct err result = { .code = -ENOMEM, .text = "no memory for SIP" };
    struct sip *s;
    int code;

    set_up_library();
    s = make(config, &result);
    if (!s)
        return err_set(err, result.code, "%s", result.text);
    s->report = report;
    s->to = to;
    code = thread_start(&s->thread, "sip", run, s, err);
    if (code) {
        sip_leg_free(s->legs);
        release(s);
        return code;
    }
    while (queue_take(s->started, &result, 1) == 0)
        queue_wait(s->started, -1);
    if (result.code) {
        pthread_join(s->thread, NULL);
        release(s);
        return err_set(err, result.code, "%s", result.text);
    }
    *out = s;
    return 0;
}

void sip_stop(struct sip *s)
{
    if (!s)
        return;
    while (command_put_stop(s) < 0) /* full: the SIP thread is busy making room */
        queue_wait(s->started, 10);
    pthread_join(s->thread, NULL);
    release(s);
}

int sip_reload(struct sip *s, const struct sip_config *config, struct err *err)
{
    struct setup *setup = sip_check(config, err) ? NULL : setup_new(config, err);

    if (!setup)
        return err ? err->code : -EINVAL;
    if (command_put_setup(s, setup) < 0) {
        free(setup);
        return err_set(err, -ENOBUFS, "SIP is too busy to take new settings; try again");
    }
    return 0;
}

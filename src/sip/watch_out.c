/* Telling those who watch: NOTIFY (RFC 6665 4.2). One at a time for each subscription, ten a second
 * at most, the last one right. Many who watch one lamp are told in slices with a pause between
 * them, in which the thread takes whatever else has come in: no INVITE waits for lamps. */
#include "sip/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

#define SLICE_NSEC 2000000 /* how long lamps may keep the thread */
#define PAUSE_MSEC 2
#define FLIGHT_MAX 32       /* NOTIFYs whose answers may stand before an INVITE in the socket ... */
#define FLIGHT_MSEC 50      /* ... unless they are late: who does not answer holds up nobody */
#define PAGE_DATAGRAM 12000 /* bytes of a list in one NOTIFY: datagrams in pieces get lost */
#define PAGE_STREAM 56000
#define BACK_OFF_MSEC 2000
#define BACK_OFF_MOST 60000
#define EPOCH_MSEC 1767225600000u /* 2026: versions count quarters of a second from here */

/* ---- lines: whose turn it is ---- */

static void pace(struct sip *s, su_timer_t *timer, void *unused);

static void leave_line(struct watch *w)
{
    struct watches *all = w->edge->watches;
    struct watch_line *line = w->in_line == LINE_READY ? &all->ready : &all->cooling;

    if (w->in_line == NO_LINE)
        return;
    if (w->line.previous)
        w->line.previous->line.next = w->line.next;
    else
        line->first = w->line.next;
    if (w->line.next)
        w->line.next->line.previous = w->line.previous;
    else
        line->last = w->line.previous;
    w->line = (struct place){ NULL, NULL };
    w->in_line = NO_LINE;
}

static void join_line(struct watch *w, enum line which)
{
    struct watches *all = w->edge->watches;
    struct watch_line *line = which == LINE_READY ? &all->ready : &all->cooling;

    w->in_line = which;
    w->line = (struct place){ NULL, line->last };
    if (line->last)
        line->last->line.next = w;
    else
        line->first = w;
    line->last = w;
}

/* When the timer is wanted: soon, or when the first has cooled down. */
static void set_pace(struct sip *s, unsigned pause)
{
    struct watches *all = s->watches;
    msec now = clock_now();

    if (all->ready.first)
        su_timer_set_interval(all->pace, pace, NULL, pause);
    else if (all->cooling.first)
        su_timer_set_interval(all->pace, pace, NULL,
                              all->cooling.first->cool_at > now
                                  ? (su_duration_t)(all->cooling.first->cool_at - now)
                                  : 0);
}

void watch_tell(struct watch *w)
{
    struct watches *all = w->edge->watches;
    bool idle = !all->ready.first;

    w->dirty = true;
    if (all->waking || w->in_line != NO_LINE || w->notify || w->retry_at != NEVER)
        return; /* his turn comes by itself */
    join_line(w, LINE_READY);
    if (idle)
        set_pace(w->edge, 0);
}

/* ---- the wheel: when something is to happen by itself ---- */

static void leave_wheel(struct watch *w)
{
    struct watches *all = w->edge->watches;

    if (w->wheel.next)
        w->wheel.next->wheel.previous = w->wheel.previous;
    if (w->wheel.previous)
        w->wheel.previous->wheel.next = w->wheel.next;
    else if (all->wheel[w->wheel_slot] == w)
        all->wheel[w->wheel_slot] = w->wheel.next;
    w->wheel = (struct place){ NULL, NULL };
}

static void join_wheel(struct watch *w)
{
    struct watches *all = w->edge->watches;
    msec at = w->retry_at < w->expires_at ? w->retry_at : w->expires_at;
    uint64_t second = at / 1000 + 1;

    leave_wheel(w);
    if (second <= all->wheel_second)
        second = all->wheel_second + 1;
    w->wheel_slot = (unsigned)(second & (WHEEL - 1));
    w->wheel.next = all->wheel[w->wheel_slot];
    if (w->wheel.next)
        w->wheel.next->wheel.previous = w;
    all->wheel[w->wheel_slot] = w;
}

void watch_set_expiry(struct watch *w, uint32_t seconds)
{
    w->expires_at = clock_now() + (msec)seconds * 1000;
    join_wheel(w);
}

static void turn_wheel(struct watch *w, msec now)
{
    struct watch *next;

    for (; w; w = next) {
        next = w->wheel.next;
        if (w->expires_at <= now) {
            watch_end(w, "timeout");
        } else if (w->retry_at <= now) {
            w->retry_at = NEVER;
            join_wheel(w);
            watch_tell(w);
        }
    }
}

void watch_second(struct sip *s, su_timer_t *timer, void *unused)
{
    struct watches *all = s->watches;
    msec now = clock_now();

    (void)unused;
    while (all->wheel_second < now / 1000)
        turn_wheel(all->wheel[++all->wheel_second & (WHEEL - 1)], now);
    publish_second(s);
    su_timer_set(timer, watch_second, NULL);
}

/* ---- what he is told ---- */

/* A phone drops a lower version than it has seen, so none is, not even after a restart: it counts
 * time unless somebody is told more often. */
static uint32_t next_version(struct watch *w)
{
    uint32_t clock = (uint32_t)((clock_wall() - EPOCH_MSEC) / 250);

    w->version = w->version < clock ? clock : w->version + 1;
    return w->version;
}

static void domain_of(const struct watch *w, char to[FQDN_SIZE])
{
    uri_host(to, w->entity);
}

static const struct orbit_lamp *lamp_of_orbit(const struct sip *s, number_key orbit)
{
    return watch_lamp_shown(s, watch_lamp_find(s, orbit));
}

static void write_one(struct watch *w, struct doc *d)
{
    static const struct orbit_lamp nobody = { .lit = true };
    const struct sip_watched *range = watch_range_of(w->edge, w->thing->first);
    char number[NUMBER_SIZE], domain[FQDN_SIZE];
    struct view v = { .entity = w->entity, .number = number, .domain = domain };
    bool may = range && watch_may(w, range, &v.names);

    number_text(number, w->thing->first);
    domain_of(w, domain);
    v.version = next_version(w);
    if (!may) { /* it ends: what he may not see is dark */
        v.how = LAMP_CONFIRMED;
    } else if (w->thing->kind != WATCH_RANGE) {
        v.lamp = lamp_of_orbit(w->edge, w->thing->first);
        v.how = v.lamp ? v.lamp->how : LAMP_CONFIRMED;
    } else {
        v.lamp = watch_range_is_lit(w->edge, w->thing->first) ? &nobody : NULL;
        v.how = range->how;
        v.plain = true;
        number_text(number, range->park_number);
    }
    if (w->profiled)
        v.how = w->how;
    doc_clear(d);
    if (w->thing->kind == WATCH_CALL_INFO)
        body_call_info(d, &v);
    else
        body_dialog_info(d, &v);
}

/* One orbit of a list: named only, or with its lamp. */
static void write_entry(struct watch *w, struct list_body *l, number_key orbit, const char *domain,
                        bool with_lamp, bool names)
{
    char number[NUMBER_SIZE], entity[URI_SIZE * 2];
    struct view v = { .entity = entity, .number = number, .domain = domain, .names = names };

    number_text(number, orbit);
    body_uri(entity, sizeof entity, number, domain);
    v.version = w->version;
    v.lamp = lamp_of_orbit(w->edge, orbit);
    v.how = w->profiled ? w->how : v.lamp ? v.lamp->how : LAMP_CONFIRMED;
    body_list_add(l, number, domain, with_lamp ? &v : NULL);
}

static bool is_new(const struct watch *w, number_key orbit)
{
    const struct lamp_at *at = watch_lamp_find(w->edge, orbit);

    return (w->page_at && orbit >= w->page_at) || (at && at->changed > w->seen);
}

/* What has changed, and what was not told yet, as far as it fits; what is left goes into the next
 * one. The first names all orbits (RFC 4662 5.2: fullState), the lamps of some may follow. */
static void write_list(struct watch *w, struct list_body *l)
{
    struct sip *s = w->edge;
    size_t most = w->connection ? PAGE_STREAM : PAGE_DATAGRAM;
    char domain[FQDN_SIZE];
    number_key left = 0;

    domain_of(w, domain);
    if (w->full)
        w->page_at = w->thing->first;
    body_list_begin(l, w->entity, next_version(w), w->full);
    for (size_t i = 0; i < s->watches->range_count; i++) {
        const struct sip_watched *r = &s->watches->ranges[i];
        number_key first = r->first > w->thing->first ? r->first : w->thing->first;
        number_key last = r->last < w->thing->last ? r->last : w->thing->last;
        bool names = false;

        if (first > last || !watch_may(w, r, &names))
            continue; /* what one may not watch is not in the list */
        for (number_key n = first; n <= last; n++) {
            bool tell = is_new(w, n);

            if (tell && !left && l->root.length + l->parts.length > most)
                left = n;
            if (w->full || (tell && !left))
                write_entry(w, l, n, domain, tell && !left, names);
        }
    }
    w->page_at = left;
    body_list_end(l);
}

/* ---- the NOTIFY ---- */

static int on_notified(struct leg *magic, nta_outgoing_t *request, const sip_t *sip);

void watch_contact(const struct watch *w, char to[URI_SIZE + 8])
{
    char number[NUMBER_SIZE], uri[URI_SIZE];

    number_text(number, w->thing->first);
    if (number[0] == '#') /* nobody calls it, so it need not say more than what we are */
        number[0] = '*';
    out_contact(w->edge, w->listener, number, uri);
    text_format(to, URI_SIZE + 8, "<%s>", uri);
}

static void subscription_state(const struct watch *w, char to[96])
{
    msec now = clock_now();

    if (w->ending)
        text_format(to, 96, "terminated;reason=%s%s", w->ending,
                    text_is(w->ending, "probation") ? ";retry-after=5" : "");
    else
        text_format(to, 96, "active;expires=%u",
                    (unsigned)(w->expires_at > now ? (w->expires_at - now) / 1000 : 0));
}

/* A dialog of the library for as long as it takes to send this: it knows loose and strict routing.
 * Kept for each subscription it would cost several times what we keep. */
static nta_leg_t *borrow_dialog(struct watch *w)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    char cseq[32], target[URI_SIZE + 8];
    nta_leg_t *dialog;

    su_home_init(home);
    text_format(cseq, sizeof cseq, "%u NOTIFY", w->our_cseq++);
    text_format(target, sizeof target, "<%s>", w->target);
    dialog = nta_leg_tcreate(w->edge->agent, NULL, NULL, SIPTAG_CALL_ID_STR(w->name),
                             SIPTAG_FROM_STR(w->local), SIPTAG_TO_STR(w->remote),
                             SIPTAG_CSEQ_STR(cseq), NTATAG_REMOTE_CSEQ(w->their_cseq), TAG_END());
    if (dialog) /* not by SIPTAG_ROUTE: that makes every route a strict one */
        (void)nta_leg_server_route(dialog, sip_record_route_make(home, w->routes),
                                   sip_contact_make(home, target));
    su_home_deinit(home);
    return dialog;
}

static tport_t *open_connection(const struct watch *w)
{
    tport_t *c = w->connection;

    return c && tport_is_secondary(c) && tport_is_clear_to_send(c) ? c : NULL;
}

static nta_outgoing_t *send_body(struct watch *w, const struct doc *d, const char *type)
{
    struct sip *s = w->edge;
    nta_leg_t *dialog = d->failed ? NULL : borrow_dialog(w);
    const char *agent = s->setup->config.user_agent;
    char contact[URI_SIZE + 8], state[96], event[128];
    nta_outgoing_t *sent = NULL;

    watch_contact(w, contact);
    subscription_state(w, state);
    text_format(event, sizeof event, "%s%s%s",
                w->thing->kind == WATCH_CALL_INFO ? "call-info" : "dialog",
                w->event_id[0] ? ";id=" : "", w->event_id);
    if (dialog) /* the answer finds its way by the request alone */
        sent = nta_outgoing_tcreate(
            dialog, on_notified, (struct leg *)(void *)w, NULL, SIP_METHOD_NOTIFY, NULL,
            SIPTAG_CONTACT_STR(contact), SIPTAG_EVENT_STR(event),
            SIPTAG_SUBSCRIPTION_STATE_STR(state), SIPTAG_ALLOW_STR(in_allow),
            SIPTAG_REQUIRE_STR(w->thing->kind == WATCH_LIST ? "eventlist" : NULL),
            SIPTAG_HEADER_STR(w->thing->kind == WATCH_CALL_INFO
                                  ? "Call-Info: <sip:callpark>;appearance-index=*;"
                                    "appearance-state=idle"
                                  : NULL),
            SIPTAG_USER_AGENT_STR(agent[0] ? agent : NULL), SIPTAG_CONTENT_TYPE_STR(type),
            SIPTAG_PAYLOAD_STR(d->text), NTATAG_TPORT(open_connection(w)),
            TPTAG_IDENT(s->listeners[w->listener].ident), TAG_END());
    if (dialog)
        nta_leg_destroy(dialog);
    return sent;
}

static nta_outgoing_t *send_notify(struct watch *w)
{
    struct watches *all = w->edge->watches;
    char type[160];

    if (w->thing->kind != WATCH_LIST) {
        write_one(w, &all->doc);
        return send_body(w, &all->doc,
                         w->thing->kind == WATCH_CALL_INFO
                             ? "application/x-broadworks-callpark-info+xml"
                             : "application/dialog-info+xml");
    }
    if (!all->list.boundary[0])
        text_format(all->list.boundary, BOUNDARY_SIZE, "callpark-%.24s", w->edge->secret);
    write_list(w, &all->list);
    text_format(type, sizeof type,
                "multipart/related;type=\"application/rlmi+xml\";start=\"<list@callpark>\";"
                "boundary=\"%s\"",
                all->list.boundary);
    return send_body(w, &all->list.root, type);
}

static void back_off(struct watch *w, uint32_t seconds)
{
    msec pause = (msec)BACK_OFF_MSEC << (w->tries < 5 ? w->tries : 5);

    if (seconds)
        pause = (msec)seconds * 1000;
    if (++w->tries >= TRIES_MAX) {
        log_info("sip", "a watcher is given up: none of %u NOTIFYs reached it call-id=%s",
                 TRIES_MAX, w->name);
        watch_forget(w);
        return;
    }
    w->full = w->dirty = true;
    w->retry_at = clock_now() + (pause < BACK_OFF_MOST ? pause : BACK_OFF_MOST);
    join_wheel(w);
}

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* The next NOTIFY of this watch, who stands in no line any more. */
static void notify(struct watch *w)
{
    uint64_t changes = w->edge->watches->changes;
    nta_outgoing_t *sent;

    w->dirty = false;
    sent = send_notify(w);
    count(&w->edge->counters.notifies);
    if (w->ending) {
        nta_outgoing_destroy(sent); /* the library sends it again until it is answered */
        watch_forget(w);
        return;
    }
    w->notify = sent;
    w->cool_at = clock_now() + COALESCE_MSEC;
    if (!sent) {
        back_off(w, 0);
        return;
    }
    w->full = false;
    w->seen = changes;
    w->dirty = w->page_at != 0;
    join_line(w, LINE_COOLING);
}

static void pace(struct sip *s, su_timer_t *timer, void *unused)
{
    struct watches *all = s->watches;
    uint64_t until = clock_now_ns() + SLICE_NSEC;
    msec now = clock_now();
    struct watch *w;

    (void)timer;
    (void)unused;
    while ((w = all->cooling.first) != NULL && w->cool_at <= now) {
        leave_line(w);
        if (w->dirty)
            watch_tell(w);
    }
    if (now - all->flight_from >= FLIGHT_MSEC) {
        all->flight_from = now;
        all->in_flight = 0;
    }
    while ((w = all->ready.first) != NULL && all->in_flight < FLIGHT_MAX &&
           clock_now_ns() < until) {
        all->in_flight++;
        leave_line(w);
        notify(w);
    }
    set_pace(s, PAUSE_MSEC);
}

/* ---- answers ---- */

/* RFC 6665 4.2.2: whoever does not know the subscription, or nobody who answers, ends it. One who
 * says when to ask again, or has a fault of his own, keeps it. */
static int on_notified(struct leg *magic, nta_outgoing_t *request, const sip_t *sip)
{
    struct watch *w = (struct watch *)(void *)magic;
    int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(request);
    uint32_t later = headers_retry_after(sip);

    if (!w || request != w->notify || status < 200)
        return 0;
    nta_outgoing_destroy(w->notify); /* and with it the answer */
    w->notify = NULL;
    if (w->edge->watches->in_flight)
        w->edge->watches->in_flight--;
    if (status < 300) {
        w->tries = 0;
        if (w->dirty && w->in_line == NO_LINE)
            watch_tell(w);
        return 0;
    }
    count(&w->edge->counters.notifies_failed);
    if (status == 500 || status == 503 || later) {
        leave_line(w);
        back_off(w, later);
        return 0;
    }
    log_debug("sip", "a watcher is forgotten: NOTIFY was answered with %d call-id=%s", status,
              w->name);
    watch_forget(w);
    return 0;
}

/* ---- the end of a subscription ---- */

void watch_end(struct watch *w, const char *ending)
{
    w->ending = ending;
    w->full = true;
    leave_line(w);
    notify(w);
}

void watch_forget(struct watch *w)
{
    struct watches *all = w->edge->watches;
    struct watch **at = &all->by_call[watch_bucket(w->name)];

    while (*at && *at != w)
        at = &(*at)->next_by_call;
    if (*at)
        *at = w->next_by_call;
    watch_gone(w);
    leave_line(w);
    leave_wheel(w);
    watch_part(w);
    nta_outgoing_destroy(w->notify);
    if (w->connection)
        tport_unref(w->connection);
    all->count--;
    atomic_store_explicit(&w->edge->counters.watchers, all->count, memory_order_relaxed);
    free(w->target);
    free(w->words);
    free(w);
}

void watch_say_goodbye(struct sip *s)
{
    struct watches *all = s->watches;
    uint64_t until = clock_now_ns() + GOODBYE_NSEC;

    publish_end(s);
    if (s->setup->config.watches_kept)
        return; /* the next start goes on with them */
    for (size_t i = 0; i < WATCH_BUCKETS && clock_now_ns() < until; i++)
        while (all->by_call[i] && clock_now_ns() < until)
            /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): who is forgotten has left the bucket. */
            watch_end(all->by_call[i], "probation");
}

/* The stream of events. Every event gets the next number, so that a gap shows; a listener first
 * gets a snapshot of what is, and then what changes. Who comes back with the number of his last
 * event gets what he missed, or is told to start anew. */
#include "api/events.h"

#include <stdlib.h>
#include <string.h>

#include "api/ask.h"
#include "api/event.h"
#include "api/fields.h"
#include "api/resources.h"
#include "api/snapshot.h"
#include "base/text.h"
#include "sys/clock.h"

#define KEPT 10000   /* events for those who come back */
#define HEARTBEAT 15 /* seconds */
/* Bytes that a listener may be behind before he is sent more: he takes the rest when he has read.
 * It is much less than what the HTTP edge cuts a stream for. */
#define BEHIND_MOST ((size_t)128 << 10)
#define LAGGARDS_AT_ONCE 32 /* who are sent more in one go */
#define WANTED_FOR 300      /* seconds after the last listener left, or asked for history */

struct listener {
    uint64_t stream; /* 0: free */
    uint64_t next;   /* the number of the event that he is to be sent next */
    unsigned topics;
    struct identity who;
};

struct events {
    struct app *app;
    uint64_t first; /* the number before that of the first event of this process */
    uint64_t last;
    unsigned seconds, wanted_until;
    size_t laggard; /* where the search for those who are behind goes on */
    struct snapshot snapshot;
    struct kept kept[KEPT];
    size_t top; /* nobody listens from this place on */
    struct listener listeners[HTTP_STREAMS_MAX];
};

struct events *events_new(struct app *app)
{
    struct events *e = calloc(1, sizeof *e);

    if (!e)
        return NULL;
    e->app = app;
    /* Numbers go on rising over a restart, so that nobody takes an event of this life of the server
     * for one of the last. They stay exact in the numbers of JavaScript (2^53). */
    e->first = e->last = clock_wall() / 1000 * 1000000;
    return e;
}

void events_free(struct events *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < KEPT; i++)
        event_forget(&e->kept[i]);
    snapshot_forget(&e->snapshot);
    free(e);
}

uint64_t events_count(const struct events *e)
{
    return e->last - e->first;
}

/* ---- topics ---- */

static unsigned topic_read(const char *name, size_t length)
{
    static const char *const names[] = { "calls", "ranges", "settings", "system", "audit" };

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0)
            return 1U << i;
    return 0;
}

/* "calls,ranges"; not there: all. False: replied to. */
static bool topics_read(struct ask *q, unsigned *topics)
{
    char text[64];

    *topics = TOPIC_ALL;
    if (!http_query(q->rq, "topics", text, sizeof text) || !text[0])
        return true;
    *topics = 0;
    for (const char *p = text; *p; p += strspn(p, ",")) {
        size_t length = strcspn(p, ",");
        unsigned topic = topic_read(p, length);

        if (!topic) {
            reply_problem(q, "invalid-request", NULL,
                          "There is no topic '%.*s': use calls, ranges, settings, system, "
                          "audit.",
                          (int)length, p);
            return false;
        }
        *topics |= topic;
        p += length;
    }
    return true;
}

/* ---- one event ---- */

static bool is_wanted(const struct events *e)
{
    return e->seconds < e->wanted_until;
}

static void note_wanted(struct events *e)
{
    e->wanted_until = e->seconds + WANTED_FOR;
}

static void send_text(struct events *e, struct listener *l, const char *text)
{
    if (!http_stream_send(app_http(e->app), l->stream, text, strlen(text)))
        l->stream = 0; /* gone, or cut for being slow */
}

static void send_kept(struct events *e, struct listener *l, struct kept *k,
                      struct event_texts *texts)
{
    struct http_text *t = event_text(k, &l->who.rights, l->topics, texts);

    if (!t || !http_stream_share(app_http(e->app), l->stream, t))
        l->stream = 0;
    l->next = k->number + 1;
}

static bool is_up_to_date(const struct events *e, const struct listener *l)
{
    return l->next > e->last;
}

static bool has_room(const struct events *e, struct listener *l)
{
    size_t behind = http_stream_behind(app_http(e->app), l->stream);

    if (behind == SIZE_MAX)
        l->stream = 0;
    return l->stream && behind <= BEHIND_MOST;
}

/* The number from which on nothing is lost. */
static uint64_t oldest_known(const struct events *e)
{
    return e->last - e->first < KEPT ? e->first : e->last - KEPT + 1;
}

static void send_snapshot(struct events *e, struct listener *l)
{
    if (!snapshot_send(&e->snapshot, e->app, e->last, &l->who.rights, l->stream))
        l->stream = 0;
    l->next = e->last + 1;
}

static void send_reset(struct events *e, struct listener *l)
{
    send_text(e, l, "event: reset\ndata: {\"reason\":\"events were missed: start anew\"}\n\n");
    if (l->stream)
        send_snapshot(e, l);
}

/* As much of what he was not sent yet as he can take now. */
static void go_on(struct events *e, struct listener *l)
{
    while (has_room(e, l) && !is_up_to_date(e, l)) {
        struct event_texts texts = { 0 };

        if (l->next <= oldest_known(e)) {
            if (http_stream_behind(app_http(e->app), l->stream) == 0) /* a snapshot is long */
                send_reset(e, l);
            break;
        }
        send_kept(e, l, &e->kept[l->next % KEPT], &texts);
        event_texts_drop(&texts);
    }
    if (l->stream && !is_up_to_date(e, l))
        app_soon(e->app);
}

/* The next event, empty. */
static struct kept *next(struct events *e, const char *name, unsigned topic)
{
    struct kept *k = &e->kept[++e->last % KEPT];

    event_forget(k);
    k->number = e->last;
    k->topic = topic;
    (void)text_copy(k->name, sizeof k->name, name); /* all are short */
    return k;
}

/* Who reads too slowly gets it later: see events_soon(). */
static void send_to_all(struct events *e, struct kept *k)
{
    struct event_texts texts = { 0 };

    for (size_t i = 0; i < e->top; i++) {
        struct listener *l = &e->listeners[i];

        if (!l->stream)
            continue;
        if (l->next == k->number && has_room(e, l))
            send_kept(e, l, k, &texts);
        else
            app_soon(e->app);
    }
    event_texts_drop(&texts);
}

/* Some of them by turns, so that a thousand who come back at once do not hold up everything else.
 */
void events_soon(struct events *e)
{
    unsigned laggards = 0;

    for (size_t n = 0; n < HTTP_STREAMS_MAX && laggards < LAGGARDS_AT_ONCE; n++) {
        struct listener *l = &e->listeners[e->laggard++ % HTTP_STREAMS_MAX];

        if (!l->stream || is_up_to_date(e, l))
            continue;
        laggards++;
        go_on(e, l);
    }
    if (laggards == LAGGARDS_AT_ONCE)
        app_soon(e->app);
}

/* A call in JSON, twice for the two kinds of readers, costs as much as parking it: nobody pays for
 * that while nobody reads. */
void events_take(struct events *e, const struct app_event *ev)
{
    unsigned topic = topic_read(ev->topic, strlen(ev->topic));
    struct kept *k = next(e, ev->name, topic ? topic : TOPIC_SYSTEM);

    event_put(k, e->app, ev, ev->call && !is_wanted(e));
    send_to_all(e, k);
}

/* ---- heartbeat ---- */

/* A session ends, a token is revoked, a role is taken away: what is open follows. A quarter of the
 * streams each second, so that a thousand of them are no work that anybody would notice. */
static void look_again(struct events *e)
{
    for (size_t i = e->seconds % 4; i < HTTP_STREAMS_MAX; i += 4) {
        struct listener *l = &e->listeners[i];

        if (l->stream && !identity_holds(e->app, &l->who)) {
            http_stream_close(app_http(e->app), l->stream);
            l->stream = 0;
        }
    }
}

/* It tells clocks that differ, and finds connections whose other end is gone. */
static void send_heartbeat(struct events *e)
{
    struct http_text *t;
    char now[32], text[96];

    clock_rfc3339(now, clock_wall());
    (void)text_format(text, sizeof text, "event: heartbeat\ndata: {\"server_time\":\"%s\"}\n\n",
                      now); /* fits */
    t = http_text_new(text, strlen(text));
    for (size_t i = 0; t && i < HTTP_STREAMS_MAX; i++) {
        struct listener *l = &e->listeners[i];

        if (l->stream && is_up_to_date(e, l) && !http_stream_share(app_http(e->app), l->stream, t))
            l->stream = 0;
    }
    http_text_drop(t);
}

void events_second(struct events *e)
{
    look_again(e);
    while (e->top && !e->listeners[e->top - 1].stream)
        e->top--;
    for (size_t i = 0; i < e->top; i++) {
        struct listener *l = &e->listeners[i];

        if (l->stream) {
            note_wanted(e);
            break;
        }
    }
    if (++e->seconds % HEARTBEAT == 0)
        send_heartbeat(e);
}

/* ---- a new listener ---- */

/* Is all behind `after` still known? */
static bool knows_all(const struct events *e, uint64_t after)
{
    return after >= oldest_known(e) && after <= e->last;
}

/* A snapshot first, or what was missed: so nothing can be between the list and the stream. */
static void begin(struct events *e, struct listener *l, const char *last_id)
{
    uint64_t after;

    note_wanted(e);
    send_text(e, l, "retry: 2000\n\n");
    if (!l->stream)
        return;
    if (!last_id[0] || !text_number(last_id, 0, UINT64_MAX, &after) || after == 0) {
        send_snapshot(e, l);
    } else if (knows_all(e, after)) {
        l->next = after + 1;
        go_on(e, l);
    } else {
        send_reset(e, l);
    }
}

void get_events(struct ask *q)
{
    struct events *e = q->api->events;
    char last_id[sizeof q->rq->last_event_id];
    struct listener *l = NULL;
    unsigned topics;

    if (!topics_read(q, &topics))
        return;
    for (size_t i = 0; i < HTTP_STREAMS_MAX && !l; i++)
        if (!e->listeners[i].stream)
            l = &e->listeners[i];
    if (!l) {
        reply_problem(q, "too-many-streams", NULL, "%d event streams are open: close one.",
                      HTTP_STREAMS_MAX);
        return;
    }
    (void)text_copy(last_id, sizeof last_id, q->rq->last_event_id); /* the same size */
    l->topics = topics;
    l->who = q->who;
    if (e->top <= (size_t)(l - e->listeners))
        e->top = (size_t)(l - e->listeners) + 1;
    reply_stream(q, &l->stream);
    if (l->stream)
        begin(e, l, last_id);
}

/* ---- the same as a list ---- */

json_t *events_latest(struct events *e, size_t count)
{
    uint64_t oldest = oldest_known(e);
    uint64_t from = e->last - oldest > count ? e->last - count : oldest;
    json_t *items = json_array();

    for (uint64_t n = from + 1; n <= e->last; n++) {
        struct kept *k = &e->kept[n % KEPT];

        (void)json_array_append_new(items, event_show_masked(k)); /* NULL is not taken */
    }
    return items;
}

void get_history(struct ask *q)
{
    static const char *const keys[] = { "id", NULL };
    struct events *e = q->api->events;
    uint64_t oldest = oldest_known(e), after = e->first;
    json_t *items, *body;
    struct page page;
    unsigned topics;
    char text[32];

    if (!topics_read(q, &topics) || !page_read(q, &page, keys))
        return;
    if (http_query(q->rq, "after", text, sizeof text) &&
        !text_number(text, 0, UINT64_MAX - 1, &after)) {
        reply_problem(q, "invalid-request", NULL, "after is the id of an event: a number.");
        return;
    }
    note_wanted(e);
    items = json_array();
    for (uint64_t n = (after > oldest ? after : oldest) + 1;
         n <= e->last && json_array_size(items) < page.limit; n++) {
        struct kept *k = &e->kept[n % KEPT];
        const char *data =
            k->number == n && k->topic & topics ? event_visible(k, &q->who.rights) : NULL;

        if (data)
            (void)json_array_append_new(items, event_show(k, data));
    }
    body = page_with_cursor(q, items, NULL, json_array_size(items));
    (void)json_object_set_new(body, "last", json_integer((json_int_t)e->last));
    (void)json_object_set_new(body, "complete", json_boolean(after >= oldest));
    reply_json(q, 200, body);
}

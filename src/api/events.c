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
#include "api/scope.h"
#include "base/text.h"
#include "sys/clock.h"

#define KEPT 10000   /* events for those who come back */
#define HEARTBEAT 15 /* seconds */
/* More would overrun a stream at once; the list of calls has them all. */
#define SNAPSHOT_CALLS 150
#define WANTED_FOR 300 /* seconds after the last listener left, or asked for history */

struct listener {
    uint64_t stream; /* 0: free */
    unsigned topics;
    struct identity who;
};

struct events {
    struct app *app;
    uint64_t first; /* the number before that of the first event of this process */
    uint64_t last;
    unsigned seconds, wanted_until;
    struct kept kept[KEPT];
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

/* An event that was not asked for, or is not for this listener, still moves the listener's number
 * on: an id without data says nothing to the page (HTML, 9.2.6), and no gap is seen. */
static void send_kept(struct events *e, struct listener *l, struct kept *k)
{
    const char *data = l->topics & k->topic ? event_visible(k, &l->who.rights) : NULL;
    size_t size = (data ? strlen(data) : 0) + sizeof k->name + 64;
    char *text = malloc(size);

    if (!text)
        return;
    if (data)
        (void)text_format(text, size, "id: %llu\nevent: %s\ndata: %s\n\n",
                          (unsigned long long)k->number, k->name, data); /* fits */
    else
        (void)text_format(text, size, "id: %llu\n\n", (unsigned long long)k->number); /* fits */
    send_text(e, l, text);
    free(text);
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

static void send_to_all(struct events *e, struct kept *k)
{
    for (size_t i = 0; i < HTTP_STREAMS_MAX; i++)
        if (e->listeners[i].stream)
            send_kept(e, &e->listeners[i], k);
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

static json_t *server_time(void)
{
    return json_pack("{s:o}", "server_time", show_time(clock_wall()));
}

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
void events_second(struct events *e)
{
    char now[32], text[96];

    look_again(e);
    for (size_t i = 0; i < HTTP_STREAMS_MAX; i++)
        if (e->listeners[i].stream) {
            note_wanted(e);
            break;
        }
    if (++e->seconds % HEARTBEAT != 0)
        return;
    clock_rfc3339(now, clock_wall());
    (void)text_format(text, sizeof text, "event: heartbeat\ndata: {\"server_time\":\"%s\"}\n\n",
                      now); /* fits */
    for (size_t i = 0; i < HTTP_STREAMS_MAX; i++)
        if (e->listeners[i].stream)
            send_text(e, &e->listeners[i], text);
}

/* ---- a new listener ---- */

static json_t *calls_now(struct events *e, const struct rights *r, size_t *total)
{
    struct calls *all = app_park(e->app)->calls;
    json_t *list = json_array();

    *total = 0;
    for (const struct call *c = calls_next(all, 0); c; c = calls_next(all, c->id)) {
        struct place_of place = scope_of_call(e->app, c->range);

        if (!c->has_orbit || !rights_may(r, MAY_CALLS_READ, &place))
            continue;
        if ((*total)++ < SNAPSHOT_CALLS)
            (void)json_array_append_new(
                list, show_call(e->app, c, rights_may(r, MAY_CALLS_READ_PII, &place)));
    }
    return list;
}

static void send_snapshot(struct events *e, struct listener *l)
{
    json_t *data = server_time();
    size_t total, size;
    char *json, *text;

    (void)json_object_set_new(data, "calls", calls_now(e, &l->who.rights, &total));
    (void)json_object_set_new(data, "total", json_integer((json_int_t)total));
    (void)json_object_set_new(data, "complete", json_boolean(total <= SNAPSHOT_CALLS));
    (void)json_object_set_new(data, "draining", json_boolean(app_draining(e->app)));
    json = json_dumps(data, JSON_COMPACT);
    json_decref(data);
    size = json ? strlen(json) + 64 : 0;
    text = json ? malloc(size) : NULL;
    if (text) {
        (void)text_format(text, size, "id: %llu\nevent: snapshot\ndata: %s\n\n",
                          (unsigned long long)e->last, json); /* fits */
        send_text(e, l, text);
    }
    free(text);
    free(json);
}

/* The number from which on nothing is lost. */
static uint64_t oldest_known(const struct events *e)
{
    return e->last - e->first < KEPT ? e->first : e->last - KEPT + 1;
}

/* All behind `after`, if that is still known: false when something is lost. */
static bool catch_up(struct events *e, struct listener *l, uint64_t after)
{
    if (after < oldest_known(e) || after > e->last)
        return false;
    for (uint64_t n = after + 1; n <= e->last && l->stream; n++)
        if (e->kept[n % KEPT].number == n)
            send_kept(e, l, &e->kept[n % KEPT]);
    return true;
}

/* A snapshot first, whatever was missed: so nothing can be between the list and the stream. */
static void begin(struct events *e, struct listener *l, const char *last_id)
{
    uint64_t after;

    note_wanted(e);
    send_text(e, l, "retry: 2000\n\n");
    if (last_id[0] && text_number(last_id, 0, UINT64_MAX, &after) && after > 0) {
        if (catch_up(e, l, after))
            return;
        send_text(e, l, "event: reset\ndata: {\"reason\":\"events were missed: start anew\"}\n\n");
    }
    if (l->stream)
        send_snapshot(e, l);
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

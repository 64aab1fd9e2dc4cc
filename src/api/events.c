/* The stream of events. Every event gets the next number, so that a gap shows; a listener first
 * gets a snapshot of what is, and then what changes. Who comes back with the number of his last
 * event gets what he missed, or is told to start anew. */
#include "api/events.h"

#include <stdlib.h>
#include <string.h>

#include "api/ask.h"
#include "api/fields.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/text.h"
#include "sys/clock.h"

#define KEPT 10000   /* events for those who come back */
#define HEARTBEAT 15 /* seconds */
#define SNAPSHOT_CALLS                                                                             \
    150 /* more would overrun a stream at once; the list of calls has them all                     \
         */
#define HISTORY_MAX 1000
#define WANTED_FOR 300 /* seconds after the last listener left, or asked for history */

enum { CALLS = 1, RANGES = 2, SETTINGS = 4, SYSTEM = 8, AUDIT = 16, ALL = 31 };

struct kept {
    uint64_t number;
    unsigned topic;
    char name[32];
    char *data;   /* JSON */
    char *masked; /* the same without callers' numbers; NULL: there are none in it */
    struct short_event *short_event; /* instead of both, until somebody wants to see it */
    /* Where it happened, as far as roles can tell. */
    range_id range;
    char destination[FQDN_SIZE], site[NAME_SIZE];
};

/* What is kept of an event of a call while nobody listens: the call as it was is not shown then. */
struct short_event {
    wall_msec at;
    call_id call;
    char why[WHY_SIZE];
};

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

static void forget(struct kept *k)
{
    free(k->data);
    free(k->masked);
    free(k->short_event);
    memset(k, 0, sizeof *k);
}

void events_free(struct events *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < KEPT; i++)
        forget(&e->kept[i]);
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

    *topics = ALL;
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

/* ---- one event as text ---- */

static char *dump(json_t *data)
{
    char *text = json_dumps(data, JSON_COMPACT);

    json_decref(data);
    return text ? text : strdup("{}"); /* no memory: at least the number goes on */
}

static bool is_wanted(const struct events *e)
{
    return e->seconds < e->wanted_until;
}

static void note_wanted(struct events *e)
{
    e->wanted_until = e->seconds + WANTED_FOR;
}

static json_t *describe_short(const struct short_event *s, bool full)
{
    char id[IDENT_SIZE];

    return json_pack("{s:o, s:o, s:s}", "at", show_time(s->at), "reason", show_words(s->why, full),
                     "call_id", ident_call(id, s->call));
}

/* Both texts, of which the second is only kept if it differs. */
static void put_texts(struct kept *k, json_t *full, json_t *masked)
{
    k->data = dump(full);
    k->masked = masked ? dump(masked) : NULL;
    if (k->masked && k->data && strcmp(k->masked, k->data) == 0) {
        free(k->masked);
        k->masked = NULL;
    }
}

static void write_out(struct kept *k)
{
    const struct short_event *s = k->short_event;

    if (!s)
        return;
    put_texts(k, describe_short(s, true), describe_short(s, false));
    free(k->short_event);
    k->short_event = NULL;
}

static void send_text(struct events *e, struct listener *l, const char *text)
{
    if (!http_stream_send(app_http(e->app), l->stream, text, strlen(text)))
        l->stream = 0; /* gone, or cut for being slow */
}

static struct place_of place_of_kept(const struct kept *k)
{
    return (struct place_of){ k->range, k->destination, k->site };
}

static bool has_place(const struct kept *k)
{
    return k->range || k->destination[0] || k->site[0];
}

/* What somebody may see of an event; NULL: nothing but that there was one. */
static const char *visible(struct kept *k, const struct rights *r)
{
    static const enum permission needs[] = { MAY_CALLS_READ, MAY_RANGES_READ, MAY_SETTINGS_READ,
                                             MAY_SYSTEM_READ, MAY_AUDIT_READ };
    struct place_of place = place_of_kept(k);

    for (unsigned i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        bool placed = i == 0 || i == 1 || (i == 2 && has_place(k));

        if (k->topic != 1U << i)
            continue;
        if (placed   ? !rights_may(r, needs[i], &place)
            : i == 2 ? !rights_may_somewhere(r, needs[i])
                     : !rights_may(r, needs[i], &(struct place_of){ 0 }))
            return NULL;
        write_out(k);
        return k->masked && !rights_may(r, MAY_CALLS_READ_PII, &place) ? k->masked : k->data;
    }
    return NULL;
}

/* An event that was not asked for, or is not for this listener, still moves the listener's number
 * on: an id without data says nothing to the page (HTML, 9.2.6), and no gap is seen. */
static void send_kept(struct events *e, struct listener *l, struct kept *k)
{
    const char *data = l->topics & k->topic ? visible(k, &l->who.rights) : NULL;
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

/* What an event was about, if roles can tell: a call, a range, or the scope of settings. */
static void put_place(struct events *e, struct kept *k, const struct app_event *ev)
{
    const struct call *c = ev->call ? app_call(e->app, ev->call) : NULL;
    range_id range = ev->range ? ev->range : c ? c->range : 0;
    const struct deployment *d = app_deployment(e->app);
    const struct deployment *before = app_deployment_before(e->app);
    const struct range *gone = range ? ranges_by_id(&before->ranges, range) : NULL;
    struct place_of place = { 0 };

    if (ev->call)
        place = scope_of_call(e->app, range);
    else if (range)
        place = ranges_by_id(&d->ranges, range) || !gone ? scope_of_call(e->app, range)
                                                         : place_of_range(before, gone);
    else if (ev->subject && deployment_destination(d, ev->subject))
        place = place_of_destination(d, ev->subject);
    else if (ev->subject && deployment_site(d, ev->subject))
        place.site = ev->subject;
    k->range = place.range;
    (void)text_copy(k->destination, sizeof k->destination, place.destination); /* fits */
    (void)text_copy(k->site, sizeof k->site, place.site);                      /* fits */
}

static json_t *describe(struct events *e, const struct app_event *ev, bool full)
{
    const struct call *c = ev->call ? app_call(e->app, ev->call) : NULL;
    const struct range *r =
        ev->range ? ranges_by_id(&app_deployment(e->app)->ranges, ev->range) : NULL;
    json_t *data = json_pack("{s:o, s:o}", "at", show_time(ev->at), "reason",
                             ev->call ? show_words(ev->why, full) : show_text(ev->why));
    char id[IDENT_SIZE];

    if (ev->call)
        (void)json_object_set_new(data, "call_id", json_string(ident_call(id, ev->call)));
    if (c)
        (void)json_object_set_new(data, "call", show_call(e->app, c, full));
    if (ev->range)
        (void)json_object_set_new(data, "range_id", json_string(ident_range(id, ev->range)));
    if (r && !ev->call)
        (void)json_object_set_new(data, "range", show_range(e->app, r));
    if (ev->subject && ev->subject[0])
        (void)json_object_set_new(data, "subject", show_text(ev->subject));
    if (ev->audit) {
        (void)json_object_set_new(data, "id", json_integer((json_int_t)ev->audit->id));
        (void)json_object_set_new(data, "actor", show_text(ev->audit->actor));
        (void)json_object_set_new(data, "action", show_text(ev->audit->action));
        (void)json_object_set_new(data, "subject", show_text(ev->audit->subject));
    }
    return data;
}

/* The next event, empty. */
static struct kept *next(struct events *e, const char *name, unsigned topic)
{
    struct kept *k = &e->kept[++e->last % KEPT];

    forget(k);
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

static bool keep_short(struct kept *k, const struct app_event *ev)
{
    k->short_event = malloc(sizeof *k->short_event);
    if (!k->short_event)
        return false;
    k->short_event->at = ev->at;
    k->short_event->call = ev->call;
    (void)text_copy(k->short_event->why, sizeof k->short_event->why, ev->why); /* the same size */
    return true;
}

/* A call in JSON, twice for the two kinds of readers, costs as much as parking it: nobody pays for
 * that while nobody reads. */
void events_take(struct events *e, const struct app_event *ev)
{
    unsigned topic = topic_read(ev->topic, strlen(ev->topic));
    struct kept *k = next(e, ev->name, topic ? topic : SYSTEM);

    put_place(e, k, ev);
    if (ev->call && !is_wanted(e) && keep_short(k, ev))
        return;
    put_texts(k, describe(e, ev, true), ev->call ? describe(e, ev, false) : NULL);
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
    for (struct call *c = calls_next(all, 0); c; c = calls_next(all, c->id)) {
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

static json_t *show_kept(const struct kept *k, const char *text)
{
    json_t *data = json_loads(text, 0, NULL);

    return json_pack("{s:I, s:s, s:o}", "id", (json_int_t)k->number, "event", k->name, "data",
                     data ? data : json_null());
}

json_t *events_latest(struct events *e, size_t count)
{
    uint64_t oldest = oldest_known(e);
    uint64_t from = e->last - oldest > count ? e->last - count : oldest;
    json_t *items = json_array();

    for (uint64_t n = from + 1; n <= e->last; n++) {
        struct kept *k = &e->kept[n % KEPT];

        write_out(k);
        if (k->data)
            (void)json_array_append_new(items, show_kept(k, k->masked ? k->masked : k->data));
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
        const char *data = k->number == n && k->topic & topics ? visible(k, &q->who.rights) : NULL;

        if (data)
            (void)json_array_append_new(items, show_kept(k, data));
    }
    body = page_with_cursor(q, items, NULL, json_array_size(items));
    (void)json_object_set_new(body, "last", json_integer((json_int_t)e->last));
    (void)json_object_set_new(body, "complete", json_boolean(after >= oldest));
    reply_json(q, 200, body);
}

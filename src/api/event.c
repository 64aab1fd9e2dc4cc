/* One event: who may see it, and as what. */
#include "api/event.h"

#include <stdlib.h>
#include <string.h>

#include "api/fields.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/text.h"

/* What is kept of an event of a call while nobody listens: the call as it was is not shown then. */
struct short_event {
    wall_msec at;
    call_id call;
    char why[WHY_SIZE];
};

void event_forget(struct kept *k)
{
    free(k->data);
    free(k->masked);
    free(k->short_event);
    memset(k, 0, sizeof *k);
}

static char *dump(json_t *data)
{
    char *text = json_dumps(data, JSON_COMPACT);

    json_decref(data);
    return text ? text : strdup("{}"); /* no memory: at least the number goes on */
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

static struct place_of place_of_kept(const struct kept *k)
{
    return (struct place_of){ k->range, k->destination, k->site };
}

static bool has_place(const struct kept *k)
{
    return k->range || k->destination[0] || k->site[0];
}

const char *event_visible(struct kept *k, const struct rights *r)
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

static struct http_text *write_text(const struct kept *k, const char *data)
{
    size_t size = (data ? strlen(data) : 0) + sizeof k->name + 64;
    struct http_text *t = NULL;
    char *text = malloc(size);

    if (text && data)
        (void)text_format(text, size, "id: %llu\nevent: %s\ndata: %s\n\n",
                          (unsigned long long)k->number, k->name, data); /* fits */
    else if (text)
        (void)text_format(text, size, "id: %llu\n\n", (unsigned long long)k->number); /* fits */
    if (text)
        t = http_text_new(text, strlen(text));
    free(text);
    return t;
}

struct http_text *event_text(struct kept *k, const struct rights *r, unsigned topics,
                             struct event_texts *texts)
{
    const char *data = topics & k->topic ? event_visible(k, r) : NULL;
    struct http_text **to = !data             ? &texts->number
                            : data == k->data ? &texts->full
                                              : &texts->masked;

    if (!*to)
        *to = write_text(k, data);
    return *to;
}

void event_texts_drop(struct event_texts *texts)
{
    http_text_drop(texts->full);
    http_text_drop(texts->masked);
    http_text_drop(texts->number);
    *texts = (struct event_texts){ 0 };
}

/* What an event was about, if roles can tell: a call, a range, or the scope of settings. */
static void put_place(struct kept *k, struct app *a, const struct app_event *ev)
{
    const struct call *c = ev->call ? app_call(a, ev->call) : NULL;
    range_id range = ev->range ? ev->range : c ? c->range : 0;
    const struct deployment *d = app_deployment(a);
    const struct deployment *before = app_deployment_before(a);
    const struct range *gone = range ? ranges_by_id(&before->ranges, range) : NULL;
    struct place_of place = { 0 };

    if (ev->call)
        place = scope_of_call(a, range);
    else if (range)
        place = ranges_by_id(&d->ranges, range) || !gone ? scope_of_call(a, range)
                                                         : place_of_range(before, gone);
    else if (ev->subject && deployment_destination(d, ev->subject))
        place = place_of_destination(d, ev->subject);
    else if (ev->subject && deployment_site(d, ev->subject))
        place.site = ev->subject;
    k->range = place.range;
    (void)text_copy(k->destination, sizeof k->destination, place.destination); /* fits */
    (void)text_copy(k->site, sizeof k->site, place.site);                      /* fits */
}

static json_t *describe(struct app *a, const struct app_event *ev, bool full)
{
    const struct call *c = ev->call ? app_call(a, ev->call) : NULL;
    const struct range *r = ev->range ? ranges_by_id(&app_deployment(a)->ranges, ev->range) : NULL;
    json_t *data = json_pack("{s:o, s:o}", "at", show_time(ev->at), "reason",
                             ev->call ? show_words(ev->why, full) : show_text(ev->why));
    char id[IDENT_SIZE];

    if (ev->call)
        (void)json_object_set_new(data, "call_id", json_string(ident_call(id, ev->call)));
    if (c)
        (void)json_object_set_new(data, "call", show_call(a, c, full));
    if (ev->range)
        (void)json_object_set_new(data, "range_id", json_string(ident_range(id, ev->range)));
    if (r && !ev->call)
        (void)json_object_set_new(data, "range", show_range(a, r));
    if (ev->subject && ev->subject[0])
        (void)json_object_set_new(data, "subject", show_text(ev->subject));
    if (strncmp(ev->name, "system.store_", 13) == 0)
        (void)json_object_set_new(data, "store", show_store_state(a));
    if (ev->audit) {
        (void)json_object_set_new(data, "id", json_integer((json_int_t)ev->audit->id));
        (void)json_object_set_new(data, "actor", show_text(ev->audit->actor));
        (void)json_object_set_new(data, "action", show_text(ev->audit->action));
        (void)json_object_set_new(data, "subject", show_text(ev->audit->subject));
    }
    return data;
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

void event_put(struct kept *k, struct app *a, const struct app_event *ev, bool brief)
{
    put_place(k, a, ev);
    if (brief && keep_short(k, ev))
        return;
    put_texts(k, describe(a, ev, true), ev->call ? describe(a, ev, false) : NULL);
}

json_t *event_show(const struct kept *k, const char *data)
{
    json_t *read = json_loads(data, 0, NULL);

    return json_pack("{s:I, s:s, s:o}", "id", (json_int_t)k->number, "event", k->name, "data",
                     read ? read : json_null());
}

json_t *event_show_masked(struct kept *k)
{
    write_out(k);
    return k->data ? event_show(k, k->masked ? k->masked : k->data) : NULL;
}

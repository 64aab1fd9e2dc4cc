/* A snapshot of what is, for who begins to listen. */
#include "api/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "api/fields.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/text.h"
#include "sys/clock.h"

/* More would overrun a stream at once; the list of calls has them all. */
#define CALLS 150

static json_t *calls_now(struct app *a, const struct rights *r, size_t *total)
{
    struct calls *all = app_park(a)->calls;
    json_t *list = json_array();

    *total = 0;
    for (const struct call *c = calls_next(all, 0); c; c = calls_next(all, c->id)) {
        struct place_of place = scope_of_call(a, c->range);

        if (!c->has_orbit || !rights_may(r, MAY_CALLS_READ, &place))
            continue;
        if ((*total)++ < CALLS)
            (void)json_array_append_new(list,
                                        show_call(a, c, rights_may(r, MAY_CALLS_READ_PII, &place)));
    }
    return list;
}

/* Everybody sees on the page that something is wrong; where the file is, those who may read it. */
static json_t *store_for(struct app *a, const struct rights *r)
{
    json_t *store = show_store_state(a);

    if (!rights_may(r, MAY_SYSTEM_READ, &(struct place_of){ 0 }))
        (void)json_object_set_new(store, "detail", json_null());
    return store;
}

/* All of it but the beginning, which has the time of day. */
static struct http_text *write_rest(struct app *a, const struct rights *r)
{
    json_t *data = json_object();
    struct http_text *t = NULL;
    size_t total, size;
    char *json, *text;

    (void)json_object_set_new(data, "calls", calls_now(a, r, &total));
    (void)json_object_set_new(data, "total", json_integer((json_int_t)total));
    (void)json_object_set_new(data, "complete", json_boolean(total <= CALLS));
    (void)json_object_set_new(data, "draining", json_boolean(app_draining(a)));
    (void)json_object_set_new(data, "store", store_for(a, r));
    json = json_dumps(data, JSON_COMPACT);
    json_decref(data);
    size = json ? strlen(json) + 8 : 0;
    text = json ? malloc(size) : NULL;
    if (text) {
        (void)text_format(text, size, "%s\n\n", json + 1); /* without its brace; fits */
        t = http_text_new(text, strlen(text));
    }
    free(text);
    free(json);
    return t;
}

static bool same_rights(const struct rights *a, const struct rights *b)
{
    return a->count == b->count && memcmp(a->grant, b->grant, a->count * sizeof a->grant[0]) == 0;
}

void snapshot_forget(struct snapshot *s)
{
    http_text_drop(s->text);
    s->text = NULL;
}

static bool make(struct snapshot *s, struct app *a, uint64_t number, const struct rights *r)
{
    if (s->text && s->number == number && same_rights(&s->rights, r))
        return true;
    snapshot_forget(s);
    s->number = number;
    s->rights = *r;
    s->text = write_rest(a, r);
    return s->text != NULL;
}

bool snapshot_send(struct snapshot *s, struct app *a, uint64_t number, const struct rights *r,
                   uint64_t stream)
{
    struct http_server *h = app_http(a);
    char now[32], begin[160];

    if (!make(s, a, number, r))
        return false;
    clock_rfc3339(now, clock_wall());
    (void)text_format(begin, sizeof begin,
                      "id: %llu\nevent: snapshot\ndata: {\"server_time\":\"%s\",",
                      (unsigned long long)number, now); /* fits */
    return http_stream_send(h, stream, begin, strlen(begin)) &&
           http_stream_share(h, stream, s->text);
}

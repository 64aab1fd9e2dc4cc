/* Parked calls, to be read: who waits, since when, and what happens next; and the story of one of
 * them. */
#define _GNU_SOURCE /* qsort_r */
#include <stdlib.h>
#include <string.h>

#include "api/calls.h"
#include "api/fields.h"
#include "api/resources.h"
#include "base/text.h"

struct filter {
    char q[128], state[24], destination[FQDN_SIZE];
    range_id range;
    number_key orbit;
};

static const char *const sort_keys[] = { "parked_at", "ringback_at", "orbit", NULL };

static bool within(const char *text, const char *piece)
{
    char pattern[160];

    (void)text_format(pattern, sizeof pattern, "*%s*", piece); /* a piece has at most 127 */
    return text_matches(text, pattern);
}

static bool meant(const struct party *p, const char *typed)
{
    return !p->hidden && (within(p->display, typed) || within(p->uri, typed));
}

static bool passes(const struct ask *q, const struct call *c, const struct filter *f)
{
    return c->has_orbit && (!f->range || c->range == f->range) &&
           (!f->orbit || c->orbit == f->orbit) &&
           (!f->state[0] || text_is(call_state_name(c->state), f->state)) &&
           (!f->destination[0] ||
            text_is_nocase(f->destination, app_config(q->app)->destination)) &&
           (!f->q[0] || meant(&c->caller, f->q) || meant(&c->parker, f->q) ||
            within(c->note, f->q));
}

static bool read_filter(struct ask *q, struct filter *f)
{
    static const char *const states[] = { "parking",    "parked",     "ringing_back",
                                          "forwarding", "retrieving", "",
                                          NULL };
    char text[64];
    int state = params_choice(q, "state", states, 5);

    memset(f, 0, sizeof *f);
    if (state < 0)
        return false;
    (void)text_copy(f->state, sizeof f->state, states[state]); /* fits */
    (void)http_query(q->rq, "q", f->q, sizeof f->q);
    (void)http_query(q->rq, "destination", f->destination, sizeof f->destination);
    if (http_query(q->rq, "range", text, sizeof text) && !ident_range_read(text, &f->range)) {
        reply_problem(q, "invalid-request", NULL, "range takes the id of a range: rng_...");
        return false;
    }
    if (http_query(q->rq, "orbit", text, sizeof text)) {
        f->orbit = number_read(text, NULL);
        if (!f->orbit) {
            reply_problem(q, "invalid-request", NULL, "orbit takes a number such as *7001.");
            return false;
        }
    }
    return true;
}

/* ---- order ---- */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

struct row {
    const struct call *call;
};

static int compare(const void *a, const void *b, void *page)
{
    const struct call *x = ((const struct row *)a)->call, *y = ((const struct row *)b)->call;
    const struct page *p = page;
    int order;

    if (strcmp(p->sort, "ringback_at") == 0)
        order = compare_numbers(x->deadline, y->deadline);
    else if (strcmp(p->sort, "orbit") == 0)
        order = compare_numbers(x->orbit, y->orbit);
    else
        order = compare_numbers(x->parked_at, y->parked_at);
    if (order == 0)
        order = compare_numbers(x->id, y->id);
    return p->descending ? -order : order;
}

static size_t collect(struct ask *q, const struct filter *f, struct page *page, struct row *found)
{
    struct calls *all = app_park(q->app)->calls;
    size_t count = 0;

    for (struct call *c = calls_next(all, 0); c; c = calls_next(all, c->id))
        if (passes(q, c, f))
            found[count++].call = c;
    qsort_r(found, count, sizeof *found, compare, page);
    return count;
}

void get_calls(struct ask *q)
{
    struct filter filter;
    struct page page;
    struct row *found;
    json_t *items;
    size_t count;

    if (!read_filter(q, &filter) || !page_read(q, &page, sort_keys))
        return;
    found = calloc(calls_count(app_park(q->app)->calls) + 1, sizeof *found);
    count = found ? collect(q, &filter, &page, found) : 0;
    items = json_array();
    for (size_t i = page.offset; i < count && i - page.offset < page.limit; i++)
        (void)json_array_append_new(items, show_call(q->app, found[i].call));
    free(found);
    reply_json(q, 200, page_json(q, &page, items, count));
}

/* ---- one call ---- */

/* Whether it was ever there decides between "gone" and "no such". */
static void tell_gone(void *ask, struct store_rows *rows, const char *err)
{
    struct ask *q = ask;
    bool was = rows && rows->count > 0;

    store_rows_free(rows);
    if (err)
        reply_problem(q, "store-failed", NULL, "%s.", err);
    else if (was)
        reply_problem(
            q, "call-gone", NULL,
            "This call has left its orbit. How it ended: /api/v1/call-records?call=%.40s.",
            q->part);
    else
        reply_problem(q, "not-found", NULL, "There is no call '%.64s'.", q->part);
}

const struct call *calls_asked(struct ask *q)
{
    struct store_query query = { .type = QUERY_RECORDS, .limit = 1 };
    const struct call *c;

    if (!ident_call_read(q->part, &query.call)) {
        reply_problem(q, "not-found", NULL,
                      "There is no call '%.64s': an id begins with call_ and stands in the list of "
                      "parked calls.",
                      q->part);
        return NULL;
    }
    c = app_call(q->app, query.call);
    if (!c)
        app_ask(q->app, &query, tell_gone, q);
    return c;
}

json_t *calls_current(struct ask *q)
{
    call_id id;
    const struct call *c = ident_call_read(q->part, &id) ? app_call(q->app, id) : NULL;

    if (!c)
        return NULL;
    version_etag(q, c->version);
    return show_call(q->app, c);
}

void get_call(struct ask *q)
{
    if (calls_asked(q))
        reply_versioned(q, calls_current(q));
}

/* ---- its story ---- */

static void reply_steps(struct ask *q, const struct call_step *steps, size_t count)
{
    json_t *items = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(items, show_step(&steps[i]));
    reply_json(q, 200, page_with_cursor(q, items, NULL, count));
}

static void steps_read(void *ask, struct store_rows *rows, const char *err)
{
    struct ask *q = ask;

    if (err)
        reply_problem(q, "store-failed", NULL, "%s.", err);
    else if (!rows || rows->count == 0)
        reply_problem(q, "not-found", NULL, "There is no call '%.64s'.", q->part);
    else
        reply_steps(q, rows->steps, rows->count);
    store_rows_free(rows);
}

/* The app remembers the latest calls in memory, and of a very long story only the two ends: the
 * steps are numbered, so a gap shows. */
static bool whole(const struct call_step *steps, size_t count)
{
    return count > 0 && steps[count - 1].number == count;
}

void get_timeline(struct ask *q)
{
    struct store_query query = { .type = QUERY_STEPS, .limit = 1000 };
    const struct call_step *steps = NULL;
    size_t count;

    if (!ident_call_read(q->part, &query.call)) {
        reply_problem(q, "not-found", NULL, "There is no call '%.64s'.", q->part);
        return;
    }
    count = app_steps(q->app, query.call, &steps);
    if (whole(steps, count))
        reply_steps(q, steps, count);
    else
        app_ask(q->app, &query, steps_read, q);
}

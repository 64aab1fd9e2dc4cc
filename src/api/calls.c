/* Parked calls, to be read: who waits, since when, and what happens next; and the story of one of
 * them. */
#define _GNU_SOURCE /* qsort_r */
#include <stdlib.h>
#include <string.h>

#include "api/calls.h"
#include "api/fields.h"
#include "api/mask.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/text.h"

struct filter {
    char q[128], state[24], destination[FQDN_SIZE], site[NAME_SIZE];
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

/* Who may not see numbers does not find out by searching, either. */
static bool meant(const struct party *p, const char *typed, bool full)
{
    char masked[MASK_SIZE];

    if (p->hidden)
        return false;
    return full ? within(p->display, typed) || within(p->uri, typed)
                : within(mask_text(masked, p->display), typed);
}

static bool searched(const struct ask *q, const struct call *c, const char *typed)
{
    bool full = scope_numbers(q->app, &q->who.rights, c->range);
    char masked[MASK_SIZE];

    return meant(&c->caller, typed, full) || meant(&c->parker, typed, full) ||
           within(full ? c->note : mask_text(masked, c->note), typed);
}

static bool passes(const struct ask *q, const struct call *c, const struct filter *f)
{
    struct place_of place = scope_of_call(q->app, c->range);

    return c->has_orbit && ask_sees(q, MAY_CALLS_READ, &place) &&
           (!f->site[0] || text_is_nocase(f->site, place.site)) &&
           (!f->range || c->range == f->range) && (!f->orbit || c->orbit == f->orbit) &&
           (!f->state[0] || text_is(call_state_name(c->state), f->state)) &&
           (!f->destination[0] ||
            text_is_nocase(f->destination, app_config(q->app)->destination)) &&
           (!f->q[0] || searched(q, c, f->q));
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
    (void)http_query(q->rq, "site", f->site, sizeof f->site);
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

/* A call that is not looked at does not stay where it is: what it is sorted by is noted. */
struct row {
    call_id call;
    uint64_t key;
};

/* As it is shown: only who waits will be rung back by the clock. */
static msec ringback_at(const struct call *c)
{
    return c->state == CALL_PARKED ? c->deadline : NEVER;
}

static struct row row_of(const struct call *c, const struct page *p)
{
    if (strcmp(p->sort, "ringback_at") == 0)
        return (struct row){ c->id, ringback_at(c) };
    return (struct row){ c->id, strcmp(p->sort, "orbit") == 0 ? c->orbit : c->parked_at };
}

static int compare(const void *a, const void *b, void *page)
{
    const struct row *x = a, *y = b;
    const struct page *p = page;
    int order;

    if ((x->key == NEVER) != (y->key == NEVER)) /* these come last, whichever way it is sorted */
        return x->key == NEVER ? 1 : -1;
    order = compare_numbers(x->key, y->key);
    if (order == 0)
        order = compare_numbers(x->call, y->call);
    return p->descending ? -order : order;
}

static size_t collect(struct ask *q, const struct filter *f, struct page *page, struct row *found)
{
    struct calls *all = app_park(q->app)->calls;
    size_t count = 0;

    for (const struct call *c = calls_next(all, 0); c; c = calls_next(all, c->id))
        if (passes(q, c, f))
            found[count++] = row_of(c, page);
    qsort_r(found, count, sizeof *found, compare, page);
    return count;
}

static json_t *show(const struct ask *q, const struct call *c)
{
    return show_call(q->app, c, scope_numbers(q->app, &q->who.rights, c->range));
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
        (void)json_array_append_new(items, show(q, app_call(q->app, found[i].call)));
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

const struct call *calls_asked(struct ask *q, enum permission p)
{
    struct store_query query = { .type = QUERY_RECORDS, .limit = 1 };
    struct place_of place;
    const struct call *c;

    if (!ident_call_read(q->part, &query.call)) {
        reply_problem(q, "not-found", NULL,
                      "There is no call '%.64s': an id begins with call_ and stands in the list of "
                      "parked calls.",
                      q->part);
        return NULL;
    }
    c = app_call(q->app, query.call);
    if (!c) {
        app_ask(q->app, &query, tell_gone, q);
        return NULL;
    }
    place = scope_of_call(q->app, c->range);
    return ask_may(q, p, &place) ? c : NULL;
}

json_t *calls_current(struct ask *q)
{
    call_id id;
    const struct call *c = ident_call_read(q->part, &id) ? app_call(q->app, id) : NULL;

    if (!c)
        return NULL;
    version_etag(q, c->version);
    return show(q, c);
}

void get_call(struct ask *q)
{
    if (calls_asked(q, MAY_CALLS_READ))
        reply_versioned(q, calls_current(q));
}

/* ---- its story ---- */

static void reply_steps(struct ask *q, const struct call_step *steps, size_t count, bool full)
{
    json_t *items = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(items, show_step(&steps[i], full));
    reply_json(q, 200, page_with_cursor(q, items, NULL, count));
}

/* Whose story it is, and how it may be told. */
struct story {
    struct store_query query;
    bool full;
};

static void steps_read(void *ask, struct store_rows *rows, const char *err)
{
    struct ask *q = ask;
    const struct story *s = q->plan;

    if (err)
        reply_problem(q, "store-failed", NULL, "%s.", err);
    else if (!rows || rows->count == 0)
        reply_problem(q, "not-found", NULL, "There is no call '%.64s'.", q->part);
    else
        reply_steps(q, rows->steps, rows->count, s->full);
    store_rows_free(rows);
}

/* The app remembers the latest calls in memory, and of a very long story only the two ends: the
 * steps are numbered, so a gap shows. */
static bool whole(const struct call_step *steps, size_t count)
{
    return count > 0 && steps[count - 1].number == count;
}

/* For those who may hear it of calls in this range. */
static void tell_story(struct ask *q, range_id range)
{
    struct place_of place = scope_of_call(q->app, range);
    const struct call_step *steps = NULL;
    struct story *s = q->plan;
    size_t count;

    if (!ask_may(q, MAY_CALLS_READ, &place))
        return;
    s->full = ask_sees(q, MAY_CALLS_READ_PII, &place);
    count = app_steps(q->app, s->query.call, &steps);
    if (whole(steps, count))
        reply_steps(q, steps, count, s->full);
    else
        app_ask(q->app, &s->query, steps_read, q);
}

static void record_read(void *ask, struct store_rows *rows, const char *err)
{
    struct ask *q = ask;

    if (err)
        reply_problem(q, "store-failed", NULL, "%s.", err);
    else
        tell_story(q, rows && rows->count > 0 ? rows->records[0].range : 0);
    store_rows_free(rows);
}

/* Where a call was that has ended, its record knows. */
void get_timeline(struct ask *q)
{
    struct store_query record = { .type = QUERY_RECORDS, .limit = 1 };
    struct story *s = ask_plan(q, sizeof *s);
    const struct call *c;

    if (!s)
        return;
    s->query.type = QUERY_STEPS;
    s->query.limit = 1000;
    if (!ident_call_read(q->part, &s->query.call)) {
        reply_problem(q, "not-found", NULL, "There is no call '%.64s'.", q->part);
        return;
    }
    record.call = s->query.call;
    c = app_call(q->app, s->query.call);
    if (c)
        tell_story(q, c->range);
    else if (ask_sees(q, MAY_CALLS_READ, NULL) && ask_sees(q, MAY_CALLS_READ_PII, NULL))
        tell_story(q, 0); /* wherever it was */
    else
        app_ask(q->app, &record, record_read, q);
}

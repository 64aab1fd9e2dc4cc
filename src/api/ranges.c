/* Number ranges, to be read: the list, one, and which of them holds a number. Changes are in
 * ranges_write.c. */
#define _GNU_SOURCE /* qsort_r */
#include <stdlib.h>
#include <string.h>

#include "api/fields.h"
#include "api/ranges.h"
#include "api/resources.h"
#include "base/text.h"

struct filter {
    char q[128], destination[FQDN_SIZE];
    int state, type; /* -1: any */
    number_key contains;
};

struct row {
    const struct range *range;
    uint32_t in_use;
};

static const char *const sort_keys[] = { "start", "name",   "end",  "destination", "size",
                                         "state", "in_use", "type", NULL };

static bool text_within(const char *text, const char *piece)
{
    char pattern[160];

    (void)text_format(pattern, sizeof pattern, "*%s*", piece); /* a piece has at most 127 */
    return text_matches(text, pattern);
}

/* What somebody types in a search field: a piece of a name or destination, or a number. */
static bool meant(const struct range *r, const char *typed)
{
    number_key number = number_read(typed, NULL);

    return text_within(r->name, typed) || text_within(r->destination, typed) ||
           (number && (range_holds(r, number) || text_is(r->park_number, typed)));
}

static bool passes(const struct range *r, const struct filter *f)
{
    return (f->state < 0 || (int)r->state == f->state) &&
           (f->type < 0 || (int)r->type == f->type) &&
           (!f->destination[0] || text_is_nocase(r->destination, f->destination)) &&
           (!f->contains || range_holds(r, f->contains)) && (!f->q[0] || meant(r, f->q));
}

static bool read_destination(struct ask *q, char fqdn[FQDN_SIZE])
{
    char text[FQDN_SIZE + 32];
    struct err err;

    if (!http_query(q->rq, "destination", text, sizeof text) ||
        destination_read(app_deployment(q->app), text, fqdn, &err) == 0)
        return true;
    reply_problem(q, "invalid-request", NULL, "%s.", err.text);
    return false;
}

static bool read_filter(struct ask *q, struct filter *f)
{
    static const char *const states[] = { "active", "draining", "", NULL };
    static const char *const types[] = { "call_park", "group_pickup", "", NULL };
    char contains[64];
    struct err err;

    memset(f, 0, sizeof *f);
    (void)http_query(q->rq, "q", f->q, sizeof f->q); /* one too long finds what no filter finds */
    f->state = params_choice(q, "state", states, 2);
    if (f->state < 0)
        return false;
    f->type = params_choice(q, "type", types, 2);
    if (f->type < 0)
        return false;
    f->state = f->state == 2 ? -1 : f->state;
    f->type = f->type == 2 ? -1 : f->type;
    if (http_query(q->rq, "contains", contains, sizeof contains)) {
        f->contains = number_read(contains, &err);
        if (!f->contains) {
            reply_problem(q, "invalid-request", NULL, "contains: %s.", err.text);
            return false;
        }
    }
    return read_destination(q, f->destination);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_by(const char *key, const struct row *x, const struct row *y)
{
    const struct range *a = x->range, *b = y->range;

    if (strcmp(key, "name") == 0)
        return text_compare_nocase(a->name, b->name);
    if (strcmp(key, "destination") == 0)
        return text_compare_nocase(a->destination, b->destination);
    if (strcmp(key, "end") == 0)
        return compare_numbers(a->last, b->last);
    if (strcmp(key, "size") == 0)
        return compare_numbers(range_size(a), range_size(b));
    if (strcmp(key, "state") == 0)
        return compare_numbers(a->state, b->state);
    if (strcmp(key, "type") == 0)
        return compare_numbers(a->type, b->type);
    if (strcmp(key, "in_use") == 0)
        return compare_numbers(x->in_use, y->in_use);
    return compare_numbers(a->first, b->first);
}

static int compare(const void *a, const void *b, void *page)
{
    const struct page *p = page;
    const struct row *x = a, *y = b;
    int order = compare_by(p->sort, x, y);

    if (order == 0) /* so that pages fit together */
        order = compare_numbers(x->range->first, y->range->first);
    return p->descending ? -order : order;
}

/* All that pass, in order; how many. */
static size_t collect(struct ask *q, const struct filter *f, struct page *page, struct row *rows)
{
    const struct ranges *all = &app_deployment(q->app)->ranges;
    const struct orbits *orbits = app_park(q->app)->orbits;
    bool count = strcmp(page->sort, "in_use") == 0;
    size_t found = 0;

    for (size_t i = 0; i < all->count; i++) {
        const struct range *r = &all->at[i];

        struct place_of place = place_of_range(app_deployment(q->app), r);

        if (!passes(r, f) || !ask_sees(q, MAY_RANGES_READ, &place))
            continue;
        rows[found].range = r;
        rows[found].in_use =
            count ? orbits_count(orbits, r->first, r->last, app_now(q->app)).busy : 0;
        found++;
    }
    qsort_r(rows, found, sizeof *rows, compare, page);
    return found;
}

void get_ranges(struct ask *q)
{
    struct filter filter;
    struct page page;
    struct row *rows;
    json_t *items = json_array();
    size_t found;

    if (!read_filter(q, &filter) || !page_read(q, &page, sort_keys)) {
        json_decref(items);
        return;
    }
    rows = calloc(RANGES_MAX, sizeof *rows);
    found = rows ? collect(q, &filter, &page, rows) : 0;
    for (size_t i = page.offset; i < found && i - page.offset < page.limit; i++)
        (void)json_array_append_new(items, show_range(q->app, rows[i].range));
    free(rows);
    reply_json(q, 200, page_json(q, &page, items, found));
}

/* ---- one range ---------------------------------------------------------------------------------
 */

const struct range *ranges_asked(struct ask *q, enum permission p)
{
    struct place_of place;
    range_id id;
    const struct range *r =
        ident_range_read(q->part, &id) ? ranges_by_id(&app_deployment(q->app)->ranges, id) : NULL;

    if (!r)
        reply_problem(q, "not-found", NULL,
                      "There is no range '%.64s': an id begins with rng_ and stands in the list of "
                      "ranges.",
                      q->part);
    if (!r)
        return NULL;
    place = place_of_range(app_deployment(q->app), r);
    return ask_may(q, p, &place) ? r : NULL;
}

bool ranges_may(struct ask *q, const struct range *old, const struct range *wish)
{
    const struct deployment *d = app_deployment(q->app);
    struct place_of place = place_of_destination(d, wish->destination);

    if (old) {
        struct place_of was = place_of_range(d, old);

        if (!ask_may(q, MAY_RANGES_WRITE, &was))
            return false;
        if (text_is_nocase(old->destination, wish->destination))
            return true;
    }
    return ask_may(q, MAY_RANGES_WRITE, &place);
}

json_t *ranges_current(struct ask *q)
{
    range_id id;
    const struct range *r =
        ident_range_read(q->part, &id) ? ranges_by_id(&app_deployment(q->app)->ranges, id) : NULL;

    if (!r)
        return NULL;
    version_etag(q, r->version);
    return show_range(q->app, r);
}

void get_range(struct ask *q)
{
    if (ranges_asked(q, MAY_RANGES_READ))
        reply_versioned(q, ranges_current(q));
}

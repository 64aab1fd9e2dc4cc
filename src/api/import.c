/* An import: many ranges in one change, all or none. */
#include "api/import.h"

#include <stdlib.h>
#include <string.h>

#include "api/resources.h"
#include "base/text.h"

static const char *const actions[] = { [IMPORT_CREATE] = "created",
                                       [IMPORT_UPDATE] = "updated",
                                       [IMPORT_KEEP] = "unchanged",
                                       [IMPORT_DELETE] = "deleted" };

static void import_free(void *plan)
{
    struct import *im = plan;

    json_decref(im->errors);
    json_decref(im->notes);
    free(im->rows);
    free(im->row_of);
    free(im);
}

/* ---- what goes ---- */

static int compare_ids(const void *a, const void *b)
{
    range_id x = *(const range_id *)a, y = *(const range_id *)b;

    return (x > y) - (x < y);
}

/* The ids of all that the import names, in order; the caller frees them. NULL: no memory. */
static range_id *listed_ids(const struct import *im)
{
    range_id *ids = calloc(im->count + 1, sizeof *ids);

    for (size_t i = 0; ids && i < im->count; i++)
        ids[i] = im->rows[i].wish.range.id;
    if (ids)
        qsort(ids, im->count, sizeof *ids, compare_ids);
    return ids;
}

static bool is_listed(const range_id *ids, size_t count, range_id id)
{
    return bsearch(&id, ids, count, sizeof *ids, compare_ids) != NULL;
}

/* What is not listed and may be removed, behind what is listed; there is room for all of it. */
static void add_unlisted(struct ask *q, struct import *im, const range_id *ids, size_t listed)
{
    const struct ranges *all = &app_deployment(q->app)->ranges;

    for (size_t i = 0; i < all->count; i++) {
        struct import_row *row = &im->rows[im->count];
        struct place_of place = place_of_range(app_deployment(q->app), &all->at[i]);

        /* What is not his to change is not his to remove. */
        if (is_listed(ids, listed, all->at[i].id) || !ask_sees(q, MAY_RANGES_WRITE, &place))
            continue;
        memset(row, 0, sizeof *row);
        row->wish.range = all->at[i];
        row->action = IMPORT_DELETE;
        im->count++;
    }
}

static bool add_deletions(struct ask *q, struct import *im)
{
    size_t present = app_deployment(q->app)->ranges.count;
    struct import_row *larger;
    range_id *ids;

    if (im->mode != IMPORT_MODE_REPLACE)
        return true;
    ids = listed_ids(im);
    larger = ids ? realloc(im->rows, (im->count + present + 1) * sizeof *im->rows) : NULL;
    if (larger) {
        im->rows = larger;
        add_unlisted(q, im, ids, im->count);
    }
    free(ids);
    return larger != NULL;
}

/* ---- what is made of it ---- */

static void add_change(struct import *im, struct admin_change *changes, size_t *count, size_t row)
{
    struct admin_change *c = &changes[*count];

    c->what = im->rows[row].action == IMPORT_DELETE ? ADMIN_RANGE_REMOVE : ADMIN_RANGE_PUT;
    c->fresh = im->rows[row].action == IMPORT_CREATE;
    c->range = im->rows[row].wish.range;
    im->row_of[(*count)++] = row;
}

/* First what goes, then what changes, then what is new, so that numbers can pass from one to
 * another. */
static size_t put_in_order(struct import *im, struct admin_change *changes)
{
    static const enum import_action order[] = { IMPORT_DELETE, IMPORT_UPDATE, IMPORT_CREATE };
    size_t count = 0;

    for (size_t o = 0; o < sizeof order / sizeof order[0]; o++)
        for (size_t i = 0; i < im->count; i++)
            if (im->rows[i].action == order[o])
                add_change(im, changes, &count, i);
    return count;
}

static json_t *show_rows(const struct import *im, size_t counts[4])
{
    json_t *items = json_array();

    memset(counts, 0, 4 * sizeof counts[0]);
    for (size_t i = 0; i < im->count; i++) {
        const struct range *r = &im->rows[i].wish.range;

        counts[im->rows[i].action]++;
        (void)json_array_append_new(
            items, json_pack("{s:s, s:o, s:o, s:o, s:o}", "action", actions[im->rows[i].action],
                             "name", show_text(r->name), "start", show_number(r->first), "end",
                             show_number(r->last), "destination", show_text(r->destination)));
    }
    return items;
}

static void reply_done(struct ask *q)
{
    struct import *im = q->plan;
    size_t counts[4];
    json_t *items = show_rows(im, counts);
    json_t *body =
        json_pack("{s:b, s:I, s:I, s:I, s:I, s:o, s:O}", "dry_run", q->dry_run, "created",
                  (json_int_t)counts[IMPORT_CREATE], "updated", (json_int_t)counts[IMPORT_UPDATE],
                  "unchanged", (json_int_t)counts[IMPORT_KEEP], "deleted",
                  (json_int_t)counts[IMPORT_DELETE], "items", items, "notes", im->notes);

    reply_json(q, 200, body);
}

static void allocations_made(struct ask *q, const struct admin_result *result)
{
    (void)result;
    reply_done(q);
}

/* New ranges have their ids only now, so what is a setting of theirs comes behind. */
static void make_allocations(struct ask *q, struct import *im)
{
    struct admin_change *changes = calloc(im->count + 1, sizeof *changes);
    size_t count = 0;

    for (size_t i = 0; changes && i < im->count; i++) {
        struct range_wish *w = &im->rows[i].wish;
        const struct range *r = ranges_by_name(&app_deployment(q->app)->ranges, w->range.name);

        if (!r || im->rows[i].action == IMPORT_DELETE)
            continue;
        w->range.id = r->id;
        count += ranges_allocation(q, w, &changes[count], NULL);
    }
    q->explain = NULL;
    q->half_made = "The ranges were imported, but their allocations could not be written";
    if (count > 0)
        admin_make(q, changes, count, allocations_made);
    else
        reply_done(q);
    free(changes);
}

static void ranges_made(struct ask *q, const struct admin_result *result)
{
    (void)result;
    if (q->dry_run)
        reply_done(q);
    else
        make_allocations(q, q->plan);
}

/* Which row is at fault, in front of what the core says is wrong with it. */
static void explain(struct ask *q, struct admin_result *r)
{
    struct import *im = q->plan;
    const struct import_row *row = &im->rows[im->row_of[r->index]];
    char shown[64];

    if (!row->place)
        return; /* one that would go */
    (void)err_prefix(&r->err, "%s %u ('%s'): ", im->table ? "line" : "place", row->place,
                     text_shown(shown, sizeof shown, row->wish.range.name));
    (void)text_format(im->pointer, sizeof im->pointer, "/items/%zu%s", im->row_of[r->index],
                      r->verdict.pointer ? r->verdict.pointer : ""); /* fits */
    r->verdict.pointer = im->pointer;
}

/* An allocation is a word that the settings know; found out before anything is written. */
static void check_allocations(struct import *im)
{
    for (size_t i = 0; i < im->count; i++) {
        struct settings scratch = { 0 };
        const struct range_wish *w = &im->rows[i].wish;
        char where[64];
        struct err err;

        if (!w->allocation[0] || settings_set(&scratch, SET_ALLOCATION, w->allocation, &err) == 0)
            continue;
        (void)text_format(where, sizeof where, "/items/%zu/allocation", i); /* fits */
        (void)json_array_append_new(
            im->errors, json_pack("{s:s, s:i, s:o}", "pointer", where, im->table ? "line" : "place",
                                  (int)im->rows[i].place, "detail", show_text(err.text)));
    }
}

static void make(struct ask *q, struct import *im)
{
    struct admin_change *changes = calloc(im->count + 1, sizeof *changes);

    im->row_of = calloc(im->count + 1, sizeof *im->row_of);
    if (!changes || !im->row_of) {
        free(changes);
        reply_problem(q, "overloaded", NULL, "The server has no memory for this import: try less.");
        return;
    }
    q->explain = explain;
    admin_make(q, changes, put_in_order(im, changes), ranges_made);
    free(changes);
}

/* A range that stays as it is may still get another allocation, which is a setting. */
static bool changes(struct ask *q, const struct import_row *row)
{
    struct admin_change allocation;

    return row->action != IMPORT_KEEP || ranges_allocation(q, &row->wish, &allocation, NULL);
}

static bool may_all(struct ask *q, const struct import *im)
{
    for (size_t i = 0; i < im->count; i++) {
        const struct range *r = &im->rows[i].wish.range;
        const struct range *old = ranges_by_id(&app_deployment(q->app)->ranges, r->id);

        if (changes(q, &im->rows[i]) && !ranges_may(q, old, r))
            return false;
    }
    return true;
}

static void refuse_rows(struct ask *q, const struct import *im)
{
    size_t count = json_array_size(im->errors);

    reply_problem_with(q, "invalid-value", NULL, json_pack("{s:O}", "errors", im->errors),
                       "Nothing was imported: %zu row%s cannot be taken; 'errors' says which and "
                       "why.",
                       count, count == 1 ? "" : "s");
}

void import_ranges(struct ask *q)
{
    static const char *const modes[] = { "create", "upsert", "replace", NULL };
    int mode = params_choice(q, "mode", modes, IMPORT_MODE_CREATE);
    struct import *im = mode < 0 ? NULL : ask_plan(q, sizeof *im);

    if (!im)
        return;
    q->plan_free = import_free;
    im->mode = (enum import_mode)mode;
    im->errors = json_array();
    im->notes = json_array();
    if (!import_read(q, im))
        return;
    check_allocations(im);
    if (json_array_size(im->errors) > 0)
        refuse_rows(q, im);
    else if (!may_all(q, im))
        return;
    else if (!add_deletions(q, im))
        reply_problem(q, "overloaded", NULL, "The server has no memory for this import: try less.");
    else
        make(q, im);
}

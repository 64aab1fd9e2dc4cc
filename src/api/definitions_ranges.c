/* Number ranges of a document. They are known by their names; numbers may pass from one to another,
 * so what is changed first matters. */
#include <stdlib.h>
#include <string.h>

#include "api/definitions.h"
#include "api/ranges.h"
#include "base/text.h"

static const char *const range_fields[] = { "name",        "start",    "end",
                                            "destination", "type",     "park_number",
                                            "state",       "settings", NULL };

/* One range of the document. */
struct wish {
    struct range range;
    const struct range *now; /* NULL: it is new */
    bool differs, planned;
};

struct wishes {
    struct wish *at;
    size_t count;
};

static bool same_range(const struct range *a, const struct range *b)
{
    return a->first == b->first && a->last == b->last && a->type == b->type &&
           a->state == b->state && text_is_nocase(a->destination, b->destination) &&
           text_is(a->park_number, b->park_number) && text_is(a->name, b->name);
}

static void read_range(struct plan *p, struct fields *item, struct wish *w)
{
    struct ask reader = { .app = p->app };
    const char *name = fields_needed_text(item, "name");
    struct range_wish read = { 0 };
    struct range_verdict verdict;
    struct err err = { 0 };

    if (item->slug)
        return;
    w->now = ranges_by_name(&p->now->ranges, name);
    if (w->now)
        read.range = *w->now;
    ranges_read(&reader, item, &read, w->now != NULL, &verdict, &err);
    if (!item->slug && verdict.fault != RANGE_FINE)
        fields_fault(item, "invalid-value", verdict.pointer ? verdict.pointer + 1 : "", "%s.",
                     err.text);
    w->range = read.range;
    w->differs = !w->now || !same_range(w->now, &w->range);
}

/* ---- in which order ---- */

static void plan_put(struct plan *p, struct wish *w)
{
    struct admin_change *c = plan_add(p, ADMIN_RANGE_PUT);
    json_t *after = definitions_range(p->now, &w->range);

    w->planned = true;
    (void)json_object_del(after, "settings");
    if (c) {
        json_t *before = w->now ? definitions_range(p->now, w->now) : NULL;

        c->range = w->range;
        c->fresh = !w->now;
        (void)json_object_del(before, "settings");
        plan_show(p, w->now ? "update" : "create", "range", w->range.name, before, after);
    } else {
        json_decref(after);
    }
}

/* Of the changes of ranges that exist always one that can be made now, as far as there is one: then
 * a block may move into what another has just left. */
static void plan_updates(struct plan *p, struct wishes *all, struct ranges *scratch)
{
    bool moved = true;

    while (moved) {
        moved = false;
        for (size_t i = 0; i < all->count; i++) {
            struct wish *w = &all->at[i];

            if (!w->now || !w->differs || w->planned ||
                ranges_check(scratch, &w->range, NULL).fault != RANGE_FINE)
                continue;
            ranges_put(scratch, &w->range);
            plan_put(p, w);
            moved = true;
        }
    }
    for (size_t i = 0; i < all->count; i++) /* the app says what is wrong with these */
        if (all->at[i].now && all->at[i].differs && !all->at[i].planned)
            plan_put(p, &all->at[i]);
}

static void plan_removals(struct plan *p, const struct wishes *all, struct ranges *scratch)
{
    for (size_t i = 0; i < p->now->ranges.count; i++) {
        const struct range *r = &p->now->ranges.at[i];
        struct admin_change *c;
        bool named = false;

        for (size_t n = 0; n < all->count && !named; n++)
            named = all->at[n].now == r;
        if (named)
            continue;
        c = plan_add(p, ADMIN_RANGE_REMOVE);
        if (!c)
            return;
        c->range = *r;
        (void)ranges_remove(scratch, r->id);
        plan_show(p, "delete", "range", r->name, definitions_range(p->now, r), NULL);
    }
}

static void plan_all(struct plan *p, struct wishes *all)
{
    struct ranges *scratch = malloc(sizeof *scratch);

    if (!scratch) {
        p->full = true;
        return;
    }
    ranges_copy(scratch, &p->now->ranges);
    if (p->prune)
        plan_removals(p, all, scratch);
    if (plan_changes_existing(p))
        plan_updates(p, all, scratch);
    free(scratch);
    for (size_t i = 0; i < all->count; i++)
        if (!all->at[i].now)
            plan_put(p, &all->at[i]);
}

/* ---- their settings ---- */

static void plan_range_settings(struct plan *p, struct fields *item, const struct wish *w)
{
    struct scope scope = { .kind = SCOPE_RANGE, .range = w->now ? w->now->id : 0 };
    char words[NAME_SIZE + 8];

    if (!w->now) /* the app finds it by its name when it is there */
        (void)text_copy(scope.name, sizeof scope.name, w->range.name); /* fits */
    (void)text_format(words, sizeof words, "range:%s", w->range.name); /* fits */
    plan_settings(p, item, &scope, w->now ? deployment_settings(p->now, &scope) : NULL, "settings",
                  words);
}

static void each_settings(struct plan *p, struct fields *f, const struct wishes *all)
{
    struct plan_items items;
    struct fields item;

    if (!plan_items(f, "ranges", range_fields, &items))
        return;
    for (size_t i = 0; plan_next(&items, &item); i++) {
        if (!item.slug)
            plan_range_settings(p, &item, &all->at[i]);
        plan_back(&items, &item);
    }
}

/* Of two new ones the app finds that the name is taken. */
static bool is_twice(const struct wishes *all, const struct wish *w)
{
    for (size_t i = 0; w->now && i < all->count; i++)
        if (all->at[i].now == w->now)
            return true;
    return false;
}

void plan_ranges(struct plan *p, struct fields *f)
{
    struct plan_items items;
    struct wishes all = { 0 };
    struct fields item;

    if (!plan_items(f, "ranges", range_fields, &items))
        return;
    all.at = calloc(json_array_size(items.list) + 1, sizeof *all.at);
    if (!all.at) {
        p->full = true;
        return;
    }
    while (plan_next(&items, &item)) {
        struct wish *w = &all.at[all.count];

        if (!item.slug)
            read_range(p, &item, w);
        if (!item.slug && is_twice(&all, w))
            fields_fault(&item, "name-taken", "name", "'%.64s' is in the list twice.",
                         w->range.name);
        all.count++;
        plan_back(&items, &item);
    }
    if (!f->slug)
        plan_all(p, &all);
    if (!f->slug)
        each_settings(p, f, &all);
    free(all.at);
}

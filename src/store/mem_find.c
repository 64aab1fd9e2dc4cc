/* Finding records and steps in the store in memory, by looking at all of them. */
#include "store/mem.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "store/rows.h"

static bool record_fits(const struct store_query *q, const struct call_record *r)
{
    return (q->call == 0 || r->id == q->call) && (q->since == 0 || r->parked_at >= q->since) &&
           (q->until == 0 || r->parked_at < q->until) &&
           (q->outcome == OUT_NONE || r->outcome == q->outcome) &&
           (q->orbit == 0 || r->orbit == q->orbit);
}

static bool is_in_site(const struct table *destinations, const char *site, const char *fqdn)
{
    for (size_t i = 0; i < destinations->count; i++) {
        const struct destination *d = &destinations->row[i]->destination;

        if (text_is_nocase(d->fqdn, fqdn))
            return text_is_nocase(d->site, site);
    }
    return false;
}

static bool is_in_scopes(const struct store_query *q, const struct table *destinations,
                         const struct call_record *r)
{
    bool fits = q->scope_count == 0;

    for (size_t i = 0; i < q->scope_count && !fits; i++) {
        const struct scope *s = &q->scopes[i];

        fits = s->kind == SCOPE_GLOBAL || (s->kind == SCOPE_RANGE && s->range == r->range) ||
               (s->kind == SCOPE_DESTINATION && text_is_nocase(s->name, r->destination)) ||
               (s->kind == SCOPE_SITE && is_in_site(destinations, s->name, r->destination));
    }
    return fits;
}

static int by_id_newest_first(const void *a, const void *b)
{
    const struct call_record *x = a, *y = b;

    return (x->id < y->id) - (x->id > y->id);
}

static int by_step(const void *a, const void *b)
{
    const struct call_step *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

int mem_find_records(const struct table *t, const struct table *destinations,
                     const struct store_query *q, struct store_rows *rows)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct call_record *r = &t->row[i]->record;
        struct call_record *copy;

        if (!record_fits(q, r) || !is_in_scopes(q, destinations, r))
            continue;
        rows->total++;
        if (q->before != 0 && r->id >= q->before)
            continue;
        copy = rows_add_record(rows);
        if (!copy)
            return -ENOMEM;
        *copy = *r;
    }
    if (rows->count > 0)
        qsort(rows->records, rows->count, sizeof *rows->records, by_id_newest_first);
    return 0;
}

int mem_find_steps(const struct table *t, call_id call, struct store_rows *rows)
{
    for (size_t i = 0; i < t->count; i++) {
        struct call_step *copy;

        if (t->row[i]->step.call != call)
            continue;
        copy = rows_add_step(rows);
        if (!copy)
            return -ENOMEM;
        *copy = t->row[i]->step;
    }
    if (rows->count > 0)
        qsort(rows->steps, rows->count, sizeof *rows->steps, by_step);
    return 0;
}

/* The audit trail in the store in memory, by looking at all of it. */
#include "store/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/chain.h"
#include "store/rows.h"

/* The newest entry; NULL: there is none. */
static const struct audit_entry *newest(const struct mem *m)
{
    const struct table *t = &m->table[CHANGE_AUDIT_ADD];
    const struct audit_entry *last = NULL;

    for (size_t i = 0; i < t->count; i++)
        if (!last || t->row[i]->audit.id > last->id)
            last = &t->row[i]->audit;
    return last;
}

bool mem_add_audit(struct mem *m, const struct audit_entry *e)
{
    static const unsigned char zeros[AUDIT_HASH_SIZE];
    const struct audit_entry *last = newest(m);
    struct change c = { .type = CHANGE_AUDIT_ADD };

    c.audit = *e;
    chain_link(&c.audit, m->highest.audit, last ? last->hash : zeros);
    if (!mem_put(m, &c))
        return false;
    m->highest.audit = c.audit.id;
    return true;
}

void mem_prune_audit(struct mem *m)
{
    struct table *t = &m->table[CHANGE_AUDIT_ADD];

    for (size_t i = t->count; i-- > 0;) {
        if (t->row[i]->audit.id + m->keep_audit <= m->highest.audit) {
            free(t->row[i]);
            t->row[i] = t->row[--t->count];
        }
    }
}

static bool starts_nocase(const char *text, const char *start)
{
    char piece[160];

    /* Cut on purpose: only the start is compared. */
    (void)text_copy_n(piece, sizeof piece, text, strnlen(text, strlen(start)));
    return text_is_nocase(piece, start);
}

static bool holds_nocase(const char *text, const char *words)
{
    for (; *text; text++)
        if (starts_nocase(text, words))
            return true;
    return false;
}

static bool words_fit(const struct mem *m, const struct audit_entry *e, const char *words)
{
    const char *const texts[] = { e->actor,  e->source,  e->request,
                                  e->action, e->subject, e->subject_id };

    if (e->id + AUDIT_SEARCHED <= m->highest.audit)
        return false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (holds_nocase(texts[i], words))
            return true;
    return false;
}

static bool entry_fits(const struct mem *m, const struct store_query *q,
                       const struct audit_entry *e)
{
    return (q->entry == 0 || e->id == q->entry) && (q->since == 0 || e->at >= q->since) &&
           (q->until == 0 || e->at < q->until) &&
           (!*q->actor || text_is_nocase(e->actor, q->actor)) &&
           starts_nocase(e->action, q->action) &&
           (!*q->subject || text_is_nocase(e->subject, q->subject) ||
            text_is_nocase(e->subject_id, q->subject)) &&
           (!*q->words || words_fit(m, e, q->words));
}

static int newest_first(const void *a, const void *b)
{
    const struct audit_entry *x = a, *y = b;

    return (x->id < y->id) - (x->id > y->id);
}

int mem_find_audit(const struct mem *m, const struct store_query *q, struct store_rows *rows)
{
    const struct table *t = &m->table[CHANGE_AUDIT_ADD];

    for (size_t i = 0; i < t->count; i++) {
        const struct audit_entry *e = &t->row[i]->audit;
        struct audit_entry *copy;

        if (!entry_fits(m, q, e))
            continue;
        rows->total++;
        if (q->before != 0 && e->id >= q->before)
            continue;
        copy = rows_add_audit(rows);
        if (!copy)
            return -ENOMEM;
        *copy = *e;
    }
    if (rows->count > 0)
        qsort(rows->audit, rows->count, sizeof *rows->audit, newest_first);
    return 0;
}

int mem_find_audit_head(const struct mem *m, struct store_rows *rows)
{
    const struct audit_entry *last = newest(m);
    struct audit_entry *copy;

    rows->total = m->table[CHANGE_AUDIT_ADD].count;
    rows->head = m->highest.audit;
    if (!last)
        return 0;
    copy = rows_add_audit(rows);
    if (!copy)
        return -ENOMEM;
    *copy = *last;
    return 0;
}

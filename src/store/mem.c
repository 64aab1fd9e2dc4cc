/* The store in memory, for tests: it keeps the changes themselves as rows and fails on request.
 * What "memory:NAME" holds stays in the process when it is closed, so that a test can restart the
 * rest; "memory:" begins empty each time. Not for many rows: it looks through all of them. */
#include "store/mem.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "store/rows.h"

#define KEEP_DEFAULT 10000

static struct mem *kept; /* those with a name */

static bool remove_settings(struct mem *m, enum scope_kind kind, const char *name, range_id range)
{
    struct change key = { .type = CHANGE_SETTINGS_PUT };

    key.settings.scope.kind = kind;
    key.settings.scope.range = range;
    (void)text_copy(key.settings.scope.name, sizeof key.settings.scope.name, name);
    return mem_remove(m, &key);
}

static bool remove_call(struct mem *m, call_id call)
{
    struct table *legs = &m->table[CHANGE_LEG_PUT];
    struct change key = { .type = CHANGE_CALL_PUT };

    for (size_t i = legs->count; i-- > 0;) {
        if (legs->row[i]->leg.call == call && !mem_exchange(m, legs, legs->row[i], NULL))
            return false;
    }
    key.call.call.id = call;
    return mem_remove(m, &key);
}

static bool remove_range(struct mem *m, range_id range)
{
    struct change key = { .type = CHANGE_RANGE_PUT };

    key.range.id = range;
    return mem_remove(m, &key) && remove_settings(m, SCOPE_RANGE, "", range);
}

static bool remove_leg(struct mem *m, leg_id leg)
{
    struct change key = { .type = CHANGE_LEG_PUT };

    key.leg.leg = leg;
    return mem_remove(m, &key);
}

static bool is_live(const uint64_t *live, size_t count, uint64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (live[i] == id)
            return true;
    return false;
}

static bool keep_rows(struct mem *m, const struct live_rows *live)
{
    struct table *calls = &m->table[CHANGE_CALL_PUT], *legs = &m->table[CHANGE_LEG_PUT];

    for (size_t i = calls->count; i-- > 0;)
        if (!is_live(live->calls, live->call_count, calls->row[i]->call.call.id) &&
            !mem_exchange(m, calls, calls->row[i], NULL))
            return false;
    for (size_t i = legs->count; i-- > 0;)
        if (!is_live(live->legs, live->leg_count, legs->row[i]->leg.leg) &&
            !mem_exchange(m, legs, legs->row[i], NULL))
            return false;
    return true;
}

/* The same row as the one to be removed has the type that puts it in. */
static bool remove_named(struct mem *m, const struct change *c)
{
    struct change key = *c;

    if (c->type == CHANGE_SITE_REMOVE) {
        key.type = CHANGE_SITE_PUT;
        return mem_remove(m, &key) && remove_settings(m, SCOPE_SITE, c->site.name, 0);
    }
    key.type = CHANGE_DESTINATION_PUT;
    return mem_remove(m, &key) && remove_settings(m, SCOPE_DESTINATION, c->destination.fqdn, 0);
}

/* What the constraints of the SQLite schema say. */
static bool range_allowed(const struct mem *m, const struct range *r, struct err *err)
{
    const struct table *t = &m->table[CHANGE_RANGE_PUT];

    for (size_t i = 0; i < t->count; i++) {
        const struct range *other = &t->row[i]->range;

        if (other->id == r->id)
            continue;
        if (r->first <= other->last && other->first <= r->last) {
            rows_overlap_text(err, r->first > other->first ? r->first : other->first, r, other);
            return false;
        }
        if (text_is_nocase(other->name, r->name)) {
            err_set(err, -EEXIST, "another range has the name '%.64s' already", other->name);
            return false;
        }
        if (*r->park_number && text_is(r->park_number, other->park_number)) {
            err_set(err, -EEXIST, "%s parks into range '%.64s' already", r->park_number,
                    other->name);
            return false;
        }
    }
    return true;
}

static bool remove_watch(struct mem *m, uint64_t number)
{
    struct change key = { .type = CHANGE_WATCH_PUT };

    key.watch.number = number;
    return mem_remove(m, &key);
}

static bool apply_change(struct mem *m, const struct change *c)
{
    switch (c->type) {
    case CHANGE_RANGE_REMOVE:
        return remove_range(m, c->range_gone);
    case CHANGE_DESTINATION_REMOVE:
    case CHANGE_SITE_REMOVE:
        return remove_named(m, c);
    case CHANGE_SETTINGS_PUT:
        return c->settings.settings.set ? mem_put(m, c) : mem_remove(m, c);
    case CHANGE_CALL_REMOVE:
        return remove_call(m, c->call_gone);
    case CHANGE_LEG_REMOVE:
        return remove_leg(m, c->leg_gone);
    case CHANGE_ROWS_KEEP:
        return keep_rows(m, &c->live);
    case CHANGE_USER_REMOVE:
    case CHANGE_BINDING_REMOVE:
    case CHANGE_TOKEN_REMOVE:
    case CHANGE_LOGIN_REMOVE:
        return mem_remove_person(m, c);
    case CHANGE_WATCH_REMOVE:
        return remove_watch(m, c->watch_gone);
    case CHANGE_RANGE_PUT:
    case CHANGE_DESTINATION_PUT:
    case CHANGE_SITE_PUT:
    case CHANGE_CALL_PUT:
    case CHANGE_LEG_PUT:
    case CHANGE_RECORD_PUT:
    case CHANGE_STEP_ADD:
    case CHANGE_USER_PUT:
    case CHANGE_BINDING_PUT:
    case CHANGE_TOKEN_PUT:
    case CHANGE_LOGIN_PUT:
    case CHANGE_MUSIC_PUT:
    case CHANGE_WATCH_PUT:
        break;
    case CHANGE_AUDIT_ADD:
        return mem_add_audit(m, &c->audit);
    }
    return mem_put(m, c);
}

/* Does this group, or probe, have to fail, as a test asked for? */
static bool must_fail(struct mem *m)
{
    unsigned left = atomic_load(&m->fail_times);

    while (left > 0 && !atomic_compare_exchange_weak(&m->fail_times, &left, left - 1))
        continue;
    return left > 0;
}

/* The audit trail has no gap where a group was undone. */
static void undo_group(struct mem *m, audit_id before)
{
    mem_roll_back(m);
    m->highest.audit = before;
}

static enum store_result mem_apply(void *self, const struct change_group *group, audit_id *audit,
                                   struct err *err)
{
    struct mem *m = self;
    audit_id before = m->highest.audit;

    if (must_fail(m)) {
        err_set(err, -EIO, "the store in memory fails, as it was asked to");
        return STORE_FAILED;
    }
    for (size_t i = 0; i < group->count; i++) {
        const struct change *c = &group->changes[i];

        if (c->type == CHANGE_RANGE_PUT && !range_allowed(m, &c->range, err)) {
            undo_group(m, before);
            return STORE_REFUSED;
        }
        if (!apply_change(m, c)) {
            undo_group(m, before);
            err_set(err, -ENOMEM, "no memory for the store in memory");
            return STORE_FAILED;
        }
        highest_raise(&m->highest, c);
    }
    mem_forget_undo(m);
    *audit = m->highest.audit != before ? m->highest.audit : *audit;
    return STORE_DONE;
}

static int mem_begin(void *self, struct err *err)
{
    (void)self;
    (void)err;
    return 0;
}

static void drop_steps(struct mem *m, call_id call)
{
    struct table *steps = &m->table[CHANGE_STEP_ADD];

    for (size_t i = steps->count; i-- > 0;) {
        if (steps->row[i]->step.call == call) {
            free(steps->row[i]);
            steps->row[i] = steps->row[--steps->count];
        }
    }
}

static void drop_oldest_record(struct mem *m)
{
    struct table *records = &m->table[CHANGE_RECORD_PUT];
    size_t oldest = 0;

    for (size_t i = 1; i < records->count; i++) {
        if (records->row[i]->record.id < records->row[oldest]->record.id)
            oldest = i;
    }
    drop_steps(m, records->row[oldest]->record.id);
    free(records->row[oldest]);
    records->row[oldest] = records->row[--records->count];
}

static int mem_commit(void *self, struct err *err)
{
    struct mem *m = self;
    msec delay = atomic_load(&m->delay);
    struct timespec pause = { (time_t)(delay / 1000), (long)(delay % 1000) * 1000000 };

    (void)err;
    while (m->table[CHANGE_RECORD_PUT].count > m->keep)
        drop_oldest_record(m);
    mem_prune_audit(m);
    if (delay > 0)
        (void)nanosleep(&pause, NULL);
    return 0;
}

static int mem_probe(void *self, struct err *err)
{
    struct mem *m = self;

    if (must_fail(m))
        return err_set(err, -EIO, "the store in memory fails, as it was asked to");
    return 0;
}

void mem_trouble(void *self, unsigned times, msec delay)
{
    struct mem *m = self;

    atomic_store(&m->fail_times, times);
    atomic_store(&m->delay, delay);
}

static int mem_open(void **self, const char *where, struct err *err)
{
    struct mem *m = kept;

    while (m && (!*where || !text_is(m->name, where)))
        m = m->next;
    if (!m) {
        m = calloc(1, sizeof *m);
        if (!m || !text_copy(m->name, sizeof m->name, where)) {
            free(m);
            return err_set(err, -EINVAL, "no memory, or a name that is too long, for memory:%.100s",
                           where);
        }
        m->keep = m->keep_audit = KEEP_DEFAULT;
        if (*where) {
            m->next = kept;
            kept = m;
        }
    }
    mem_trouble(m, 0, 0);
    mem_prune_music(m);
    *self = m;
    return 0;
}

static void mem_close(void *self)
{
    struct mem *m = self;

    if (*m->name)
        return;
    for (size_t t = 0; t < TABLES; t++) {
        for (size_t i = 0; i < m->table[t].count; i++)
            mem_free(m->table[t].row[i]);
        free(m->table[t].row);
    }
    free(m->undo);
    free(m);
}

static void mem_keep(void *self, uint64_t records, uint64_t audit)
{
    struct mem *m = self;

    m->keep = records;
    m->keep_audit = audit;
}

static void load_row(const struct store_reader *r, const struct change *c)
{
    if (c->type == CHANGE_SITE_PUT && r->site)
        r->site(r->to, &c->site);
    else if (c->type == CHANGE_DESTINATION_PUT && r->destination)
        r->destination(r->to, &c->destination);
    else if (c->type == CHANGE_RANGE_PUT && r->range)
        r->range(r->to, &c->range);
    else if (c->type == CHANGE_SETTINGS_PUT && r->settings)
        r->settings(r->to, &c->settings.scope, &c->settings.settings);
    else if (c->type == CHANGE_CALL_PUT && r->call)
        r->call(r->to, &c->call);
    else if (c->type == CHANGE_LEG_PUT && r->leg)
        r->leg(r->to, &c->leg);
    else if (c->type == CHANGE_MUSIC_PUT && r->music)
        r->music(r->to, &c->music.file);
    else if (c->type == CHANGE_WATCH_PUT && r->watch)
        r->watch(r->to, &c->watch);
    else
        mem_load_person(r, c);
}

/* Of calls that live: what is left of the others is asked for. */
static int load_steps(struct mem *m, const struct store_reader *r)
{
    const struct table *calls = &m->table[CHANGE_CALL_PUT];
    int failed = 0;

    for (size_t i = 0; r->step && i < calls->count && !failed; i++) {
        struct store_rows rows = { .type = QUERY_STEPS };

        failed = mem_find_steps(&m->table[CHANGE_STEP_ADD], calls->row[i]->call.call.id, &rows);
        for (size_t n = 0; n < rows.count && !failed; n++)
            r->step(r->to, &rows.steps[n]);
        free(rows.steps);
    }
    return failed;
}

static int mem_load(void *self, const struct store_reader *reader, struct err *err)
{
    /* What a row refers to comes before it. */
    static const enum change_type order[] = {
        CHANGE_SITE_PUT,  CHANGE_DESTINATION_PUT, CHANGE_RANGE_PUT, CHANGE_SETTINGS_PUT,
        CHANGE_CALL_PUT,  CHANGE_LEG_PUT,         CHANGE_USER_PUT,  CHANGE_BINDING_PUT,
        CHANGE_TOKEN_PUT, CHANGE_LOGIN_PUT,       CHANGE_MUSIC_PUT, CHANGE_WATCH_PUT
    };
    struct mem *m = self;

    for (size_t t = 0; t < sizeof order / sizeof *order; t++) {
        for (size_t i = 0; i < m->table[order[t]].count; i++)
            load_row(reader, m->table[order[t]].row[i]);
        if (order[t] == CHANGE_LEG_PUT && load_steps(m, reader))
            return err_set(err, -ENOMEM, "no memory for the steps of calls");
    }
    return 0;
}

static int mem_highest(void *self, struct store_highest *out, struct err *err)
{
    struct mem *m = self;

    (void)err;
    *out = m->highest;
    return 0;
}

static int find(struct mem *m, const struct store_query *q, struct store_rows *rows)
{
    switch (q->type) {
    case QUERY_RECORDS:
        return mem_find_records(&m->table[CHANGE_RECORD_PUT], &m->table[CHANGE_DESTINATION_PUT], q,
                                rows);
    case QUERY_STEPS:
        return mem_find_steps(&m->table[CHANGE_STEP_ADD], q->call, rows);
    case QUERY_AUDIT:
        return mem_find_audit(m, q, rows);
    case QUERY_AUDIT_HEAD:
        return mem_find_audit_head(m, rows);
    case QUERY_MUSIC:
        return mem_find_music(&m->table[CHANGE_MUSIC_PUT], q->music, rows);
    }
    return -EINVAL;
}

static int mem_query(void *self, const struct store_query *q, struct store_rows *rows,
                     struct err *err)
{
    struct mem *m = self;
    int failed = find(m, q, rows);

    if (failed)
        return err_set(err, failed, "no memory for the rows of an answer");
    rows->more = rows->count > rows_limit(q);
    if (rows->more)
        rows->count = rows_limit(q);
    return 0;
}

/* A store in memory is for tests, and has no past. */
static int mem_merge(void *self, const char *path, call_id *after, struct err *err)
{
    (void)self;
    (void)path;
    (void)err;
    *after = 0;
    return 0;
}

static int mem_backup(void *self, const char *path, struct err *err)
{
    (void)self;
    return err_set(err, -ENOTSUP, "a store in memory cannot be copied to %.200s", path);
}

const struct store_kind store_kind_memory = {
    .scheme = "memory:",
    .open = mem_open,
    .close = mem_close,
    .keep = mem_keep,
    .load = mem_load,
    .highest = mem_highest,
    .begin = mem_begin,
    .apply = mem_apply,
    .commit = mem_commit,
    .probe = mem_probe,
    .query = mem_query,
    .backup = mem_backup,
    .merge = mem_merge,
};

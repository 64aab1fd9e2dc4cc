/* What the loop calls: opening, loading, and handing jobs to the worker. */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/inside.h"

#define JOBS_MAX 4096 /* turns, questions and backups that wait */

static const struct store_kind *const kinds[] = { &store_kind_memory, &store_kind_sqlite };

int store_open(struct store **out, const char *url, struct err *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct store *s;
        int failed;

        if (!text_starts(url, kinds[i]->scheme))
            continue;
        s = calloc(1, sizeof *s);
        if (!s)
            return err_set(err, -ENOMEM, "no memory for the store");
        s->kind = kinds[i];
        failed = s->kind->open(&s->self, url + strlen(s->kind->scheme), err);
        if (failed) {
            free(s);
            return failed;
        }
        *out = s;
        return 0;
    }
    return err_set(err, -EINVAL,
                   "store url '%.100s' is not understood: use sqlite:PATH or memory:", url);
}

int store_load(struct store *s, const struct store_reader *reader, struct err *err)
{
    assert(!s->started);
    return s->kind->load(s->self, reader, err);
}

int store_highest(struct store *s, struct store_highest *out, struct err *err)
{
    assert(!s->started);
    return s->kind->highest(s->self, out, err);
}

void store_keep(struct store *s, uint64_t records, uint64_t audit)
{
    assert(!s->started);
    s->kind->keep(s->self, records, audit);
}

void store_mem_trouble(struct store *s, unsigned times, msec delay)
{
    assert(s->kind == &store_kind_memory);
    mem_trouble(s->self, times, delay);
}

const char *store_trouble_name(enum store_trouble t)
{
    static const char *const names[] = {
        [STORE_FINE] = "",
        [STORE_FULL] = "full",
        [STORE_READ_ONLY] = "read-only",
        [STORE_LOCKED] = "locked",
        [STORE_DAMAGED] = "damaged",
        [STORE_BROKEN] = "failing",
        [STORE_NO_MEMORY] = "no-memory",
        [STORE_SLOW] = "slow",
    };

    return names[t];
}

size_t turn_changes(const struct change_group *groups, size_t count)
{
    size_t changes = 0;

    for (size_t i = 0; i < count; i++)
        changes += groups[i].count;
    return changes;
}

void free_changes(const struct change_group *groups, size_t count)
{
    for (size_t i = 0; i < count; i++)
        store_changes_free(groups[i].changes, groups[i].count);
}

int store_start(struct store *s, store_report *report_to, void *to, struct err *err)
{
    int failed;

    assert(!s->started);
    s->report = report_to;
    s->to = to;
    s->jobs = queue_new(sizeof(struct job), JOBS_MAX);
    if (!s->jobs)
        return err_set(err, -ENOMEM, "no memory or no descriptor for the store's queue");
    failed = thread_start(&s->thread, "store", worker_run, s, err);
    if (failed) {
        queue_free(s->jobs);
        s->jobs = NULL;
        return failed;
    }
    s->started = true;
    return 0;
}

void store_close(struct store *s)
{
    static const struct job stop = { .type = JOB_STOP };

    if (!s)
        return;
    if (s->started) {
        bool put;

        atomic_store(&s->closing, true);
        put = queue_put(s->jobs, &stop); /* one place is kept for it by queue_offer() below */
        assert(put);
        (void)pthread_join(s->thread, NULL);
        while (queue_take(s->jobs, &s->taken[0], 1)) /* a merge that was not over */
            free(s->taken[0].path);
        queue_free(s->jobs);
        backlog_free(&s->shed);
        backlog_free(&s->backlog);
    }
    s->kind->close(s->self);
    free(s->results);
    free(s);
}

/* Place for that many changes; they are counted until their turn was written. */
static bool take_room(struct store *s, size_t changes)
{
    if (atomic_fetch_add(&s->changes_waiting, changes) + changes <= STORE_WAITING_MAX)
        return true;
    atomic_fetch_sub(&s->changes_waiting, changes);
    return false;
}

/* What was not taken: its past is kept here until the queue has room. */
static int shed(struct store *s, const struct change_group *groups, size_t count)
{
    for (size_t i = 0; i < count; i++)
        backlog_keep(&s->shed, &groups[i]);
    free_changes(groups, count);
    return -ENOBUFS;
}

/* It is older than what comes now. False: there is still no room. */
static bool hand_over_shed(struct store *s)
{
    static const struct store_lost none = { 0 };
    struct job job = { .type = JOB_KEPT };

    if (s->shed.count == 0 && memcmp(&s->shed.lost, &none, sizeof none) == 0)
        return true;
    job.kept = malloc(sizeof *job.kept);
    if (!job.kept)
        return false;
    *job.kept = s->shed;
    if (!queue_offer(s->jobs, &job, 1)) {
        free(job.kept);
        return false;
    }
    memset(&s->shed, 0, sizeof s->shed);
    return true;
}

void store_look(struct store *s, struct store_state *out)
{
    out->busy_since = atomic_load(&s->busy_since);
    out->took = atomic_load(&s->took);
    out->ended = atomic_load(&s->ended);
    out->waiting = atomic_load(&s->changes_waiting);
    out->kept = atomic_load(&s->kept);
    out->lost.steps = atomic_load(&s->lost_steps);
    out->lost.records = atomic_load(&s->lost_records);
    out->lost.audit = atomic_load(&s->lost_audit);
    out->lost.logins = atomic_load(&s->lost_logins);
    out->lost.watches = atomic_load(&s->lost_watches);
}

int store_submit(struct store *s, const struct change_group *groups, size_t count)
{
    size_t changes = turn_changes(groups, count);
    struct job job = { .type = JOB_TURN };

    assert(s->started);
    if (count == 0)
        return 0;
    if (!hand_over_shed(s) || !take_room(s, changes))
        return shed(s, groups, count);
    job.turn = malloc(sizeof *job.turn + count * sizeof *groups);
    if (job.turn) {
        job.turn->count = count;
        memcpy(job.turn->group, groups, count * sizeof *groups);
        if (queue_offer(s->jobs, &job, 1))
            return 0;
    }
    free(job.turn);
    atomic_fetch_sub(&s->changes_waiting, changes);
    return shed(s, groups, count);
}

size_t store_waiting(const struct store *s)
{
    return atomic_load(&s->changes_waiting);
}

int store_ask(struct store *s, const struct store_query *q)
{
    struct job job = { .type = JOB_QUERY, .query = malloc(sizeof *q) };

    assert(s->started);
    if (!job.query)
        return -ENOBUFS;
    *job.query = *q;
    if (queue_offer(s->jobs, &job, 1))
        return 0;
    free(job.query);
    return -ENOBUFS;
}

static int offer_path(struct store *s, struct job job, const char *path)
{
    job.path = strdup(path);
    assert(s->started);
    if (job.path && queue_offer(s->jobs, &job, 1))
        return 0;
    free(job.path);
    return -ENOBUFS;
}

int store_backup(struct store *s, const char *path, uint64_t token)
{
    return offer_path(s, (struct job){ .type = JOB_BACKUP, .token = token }, path);
}

int store_merge(struct store *s, const char *path, uint64_t token)
{
    return offer_path(s, (struct job){ .type = JOB_MERGE, .token = token }, path);
}

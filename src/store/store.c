/* The worker and its queue. All turns that wait are taken together into one transaction, so that
 * under load many calls share one flush of the disk. What is written where is the business of a
 * store_kind. */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "store/kind.h"
#include "sys/clock.h"
#include "sys/queue.h"
#include "sys/thread.h"

#define JOBS_MAX 4096    /* turns, questions and backups that wait */
#define JOBS_AT_ONCE 256 /* into one transaction */
#define PROBE_EVERY 1000 /* milliseconds, while the disk fails */
#define LINGER 5         /* milliseconds that changes may wait which nobody waits for */

struct turn {
    size_t count;
    struct change_group group[];
};

struct job {
    enum { JOB_TURN, JOB_QUERY, JOB_BACKUP, JOB_MERGE, JOB_STOP } type;
    uint64_t token;
    struct turn *turn;
    struct store_query *query; /* malloc'ed, as `path` is */
    char *path;
    call_id after; /* MERGE: how far it has come */
};

/* What became of one group; its report waits for the commit. */
struct outcome_of_group {
    uint64_t token;
    enum store_result result;
    audit_id audit;
    struct err err;
};

struct store {
    const struct store_kind *kind;
    void *self;
    bool started;
    pthread_t thread;
    struct queue *jobs;
    atomic_size_t changes_waiting;
    atomic_bool closing;
    store_report *report;
    void *to;

    /* The worker's own. */
    bool trouble;
    struct job taken[JOBS_AT_ONCE];
    struct outcome_of_group *results;
    size_t result_room;
};

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

static size_t turn_changes(const struct change_group *groups, size_t count)
{
    size_t changes = 0;

    for (size_t i = 0; i < count; i++)
        changes += groups[i].count;
    return changes;
}

static void free_changes(const struct change_group *groups, size_t count)
{
    for (size_t i = 0; i < count; i++)
        store_changes_free(groups[i].changes, groups[i].count);
}

static void free_turn(struct store *s, struct turn *turn)
{
    atomic_fetch_sub(&s->changes_waiting, turn_changes(turn->group, turn->count));
    free_changes(turn->group, turn->count);
    free(turn);
}

/* A promise hangs on it, so a receiver that is full is waited for; unless it ends, as then it will
 * not read any more. */
static bool report(struct store *s, const struct store_event *ev)
{
    static const struct timespec pause = { .tv_nsec = 1000000 };

    while (!s->report(s->to, ev)) {
        if (atomic_load(&s->closing))
            return false;
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

static void report_result(struct store *s, const struct outcome_of_group *r)
{
    struct store_event ev = { .type = STORE_REPORT, .token = r->token, .result = r->result };

    if (r->result == STORE_DONE)
        ev.audit = r->audit;
    else
        (void)text_copy(ev.text, sizeof ev.text, r->err.text);
    (void)report(s, &ev);
}

/* Only a change of state is news. */
static void note_trouble(struct store *s, bool trouble, const struct err *err)
{
    struct store_event ev = { .type = STORE_TROUBLE,
                              .result = trouble ? STORE_FAILED : STORE_DONE };

    if (trouble == s->trouble)
        return;
    s->trouble = trouble;
    (void)text_copy(ev.text, sizeof ev.text,
                    trouble ? err->text : "the store can be written again");
    (void)report(s, &ev);
}

/* Apply one turn; how many results there are now. */
static size_t apply_turn(struct store *s, const struct turn *turn, size_t at)
{
    for (size_t i = 0; i < turn->count; i++, at++) {
        struct outcome_of_group *r = &s->results[at];

        r->token = turn->group[i].token;
        r->err.text[0] = '\0';
        r->audit = 0;
        r->result = s->kind->apply(s->self, &turn->group[i], &r->audit, &r->err);
    }
    return at;
}

static void fail_all(struct store *s, const struct turn *turn, size_t *at, const struct err *err)
{
    for (size_t i = 0; i < turn->count; i++)
        s->results[(*at)++] = (struct outcome_of_group){ .token = turn->group[i].token,
                                                         .result = STORE_FAILED,
                                                         .err = *err };
}

/* All turns among the jobs, in one transaction. */
static size_t write_turns(struct store *s, size_t jobs, struct err *err)
{
    size_t done = 0;
    int failed = s->kind->begin(s->self, err);

    for (size_t i = 0; i < jobs; i++) {
        if (s->taken[i].type != JOB_TURN)
            continue;
        if (failed)
            fail_all(s, s->taken[i].turn, &done, err);
        else
            done = apply_turn(s, s->taken[i].turn, done);
    }
    if (!failed && s->kind->commit(s->self, err) != 0) {
        for (size_t i = 0; i < done; i++) {
            if (s->results[i].result == STORE_DONE) {
                s->results[i].result = STORE_FAILED;
                s->results[i].err = *err;
            }
        }
    }
    return done;
}

static void report_turns(struct store *s, size_t count)
{
    const struct err *why = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct outcome_of_group *r = &s->results[i];

        if (r->result == STORE_FAILED)
            why = &r->err;
        if (r->token != 0 || r->result != STORE_DONE)
            report_result(s, r);
    }
    note_trouble(s, why != NULL, why);
}

static bool results_room(struct store *s, size_t groups)
{
    struct outcome_of_group *grown;

    if (groups <= s->result_room)
        return true;
    grown = realloc(s->results, groups * sizeof *grown);
    if (!grown)
        return false;
    s->results = grown;
    s->result_room = groups;
    return true;
}

static void do_turns(struct store *s, size_t jobs)
{
    struct err err = { 0 };
    size_t groups = 0;

    for (size_t i = 0; i < jobs; i++)
        groups += s->taken[i].type == JOB_TURN ? s->taken[i].turn->count : 0;
    if (groups == 0)
        return;
    if (results_room(s, groups)) {
        report_turns(s, write_turns(s, jobs, &err));
        return;
    }
    err_set(&err, -ENOMEM, "no memory to write %zu changes", groups);
    for (size_t i = 0; i < jobs; i++) {
        for (size_t k = 0; s->taken[i].type == JOB_TURN && k < s->taken[i].turn->count; k++)
            report_result(s, &(struct outcome_of_group){ .token = s->taken[i].turn->group[k].token,
                                                         .result = STORE_FAILED,
                                                         .err = err });
    }
    note_trouble(s, true, &err);
}

static void do_query(struct store *s, const struct store_query *q)
{
    struct store_event ev = { .type = STORE_ROWS, .token = q->token, .result = STORE_DONE };
    struct store_rows *rows = calloc(1, sizeof *rows);
    struct err err = { 0 };
    int failed = rows ? 0 : err_set(&err, -ENOMEM, "no memory to read the store");

    if (rows) {
        rows->type = q->type;
        failed = s->kind->query(s->self, q, rows, &err);
    }
    if (failed) {
        store_rows_free(rows);
        rows = NULL;
        ev.result = STORE_FAILED;
        (void)text_copy(ev.text, sizeof ev.text, err.text);
    }
    ev.rows = rows;
    if (!report(s, &ev))
        store_rows_free(rows);
}

static void do_backup(struct store *s, const struct job *job)
{
    struct outcome_of_group r = { .token = job->token, .result = STORE_DONE };

    if (s->kind->backup(s->self, job->path, &r.err) != 0)
        r.result = STORE_FAILED;
    report_result(s, &r);
}

/* One piece; the rest stands in line behind what came in the meantime. True: it is over. */
static bool do_merge(struct store *s, struct job *job)
{
    struct outcome_of_group r = { .token = job->token, .result = STORE_DONE };

    int failed = s->kind->merge(s->self, job->path, &job->after, &r.err);

    if (!failed && job->after && queue_offer(s->jobs, job, 1))
        return false;
    if (!failed && job->after)
        failed = err_set(&r.err, -ENOBUFS, "too much waits to be written: try again later");
    if (failed)
        r.result = STORE_FAILED;
    report_result(s, &r);
    return true;
}

/* Turns first: a promise waits for them, and what is read afterwards is only fresher for it. False:
 * the worker is to end. */
static bool do_jobs(struct store *s, size_t jobs)
{
    bool go_on = true;

    do_turns(s, jobs);
    for (size_t i = 0; i < jobs; i++) {
        switch (s->taken[i].type) {
        case JOB_TURN:
            free_turn(s, s->taken[i].turn);
            break;
        case JOB_QUERY:
            do_query(s, s->taken[i].query);
            free(s->taken[i].query);
            break;
        case JOB_BACKUP:
            do_backup(s, &s->taken[i]);
            free(s->taken[i].path);
            break;
        case JOB_MERGE:
            if (do_merge(s, &s->taken[i]))
                free(s->taken[i].path);
            break;
        case JOB_STOP:
            go_on = false;
            break;
        }
    }
    return go_on;
}

/* New parks are refused while the disk fails, so nothing else would find out that it works again.
 */
static void probe(struct store *s)
{
    struct err err = { 0 };

    if (s->kind->probe(s->self, &err) == 0)
        note_trouble(s, false, NULL);
}

/* Does somebody wait for one of these? */
static bool is_urgent(const struct job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].type != JOB_TURN)
            return true;
        for (size_t k = 0; k < jobs[i].turn->count; k++)
            if (jobs[i].turn->group[k].token != 0)
                return true;
    }
    return false;
}

/* Each flush of the disk costs as much as hundreds of changes: what nobody waits for lets others
 * come along for a moment, and goes with the first that somebody waits for. */
static size_t take_jobs(struct store *s)
{
    size_t jobs = queue_take(s->jobs, s->taken, JOBS_AT_ONCE), seen = 0;
    msec end = clock_now() + LINGER, now;

    while (jobs > 0 && jobs < JOBS_AT_ONCE && !is_urgent(s->taken + seen, jobs - seen) &&
           (now = clock_now()) < end && queue_wait(s->jobs, (int)(end - now))) {
        seen = jobs;
        jobs += queue_take(s->jobs, s->taken + jobs, JOBS_AT_ONCE - jobs);
    }
    return jobs;
}

static void *work(void *argument)
{
    struct store *s = argument;
    bool go_on = true;

    while (go_on) {
        size_t jobs;

        (void)queue_wait(s->jobs, s->trouble ? PROBE_EVERY : -1);
        jobs = take_jobs(s);
        if (jobs > 0)
            go_on = do_jobs(s, jobs);
        else if (s->trouble)
            probe(s);
    }
    return NULL;
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
    failed = thread_start(&s->thread, "store", work, s, err);
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

int store_submit(struct store *s, const struct change_group *groups, size_t count)
{
    size_t changes = turn_changes(groups, count);
    struct job job = { .type = JOB_TURN };

    assert(s->started);
    if (count == 0)
        return 0;
    if (!take_room(s, changes)) {
        free_changes(groups, count);
        return -ENOBUFS;
    }
    job.turn = malloc(sizeof *job.turn + count * sizeof *groups);
    if (job.turn) {
        job.turn->count = count;
        memcpy(job.turn->group, groups, count * sizeof *groups);
        if (queue_offer(s->jobs, &job, 1))
            return 0;
    }
    free(job.turn);
    free_changes(groups, count);
    atomic_fetch_sub(&s->changes_waiting, changes);
    return -ENOBUFS;
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

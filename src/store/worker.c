/* The worker: all turns that wait are taken together into one transaction, so that under load many
 * calls share one flush of the disk. While nothing can be written it tries once a second, and keeps
 * the past until it can. What is written where is the business of a store_kind. */
#include "store/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

#define PROBE_EVERY 1000 /* milliseconds, while nothing can be written */
#define LINGER 5         /* milliseconds that changes may wait which nobody waits for */
#define KEPT_AT_ONCE 256 /* of the backlog into one transaction */

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

/* ---- trouble ---- */

static enum store_trouble trouble_of(const struct err *err)
{
    switch (-err->code) {
    case ENOSPC:
    case EDQUOT:
        return STORE_FULL;
    case EROFS:
    case EACCES:
    case EPERM:
        return STORE_READ_ONLY;
    case EBUSY:
        return STORE_LOCKED;
    case EBADMSG:
        return STORE_DAMAGED;
    case ENOMEM:
        return STORE_NO_MEMORY;
    default:
        return STORE_BROKEN;
    }
}

static void show_kept(struct store *s)
{
    const struct store_lost *lost = &s->backlog.lost;

    atomic_store(&s->kept, s->backlog.count);
    atomic_store(&s->lost_steps, lost->steps);
    atomic_store(&s->lost_records, lost->records);
    atomic_store(&s->lost_audit, lost->audit);
    atomic_store(&s->lost_logins, lost->logins);
    atomic_store(&s->lost_watches, lost->watches);
}

/* Only a change of state is news. Another cause is one: a disk that is full may break as well. */
static void note_trouble(struct store *s, enum store_trouble trouble, const struct err *err)
{
    struct store_event ev = { .type = STORE_TROUBLE,
                              .trouble = trouble,
                              .result = trouble ? STORE_FAILED : STORE_DONE };

    if (err)
        s->why = *err;
    if (trouble == s->trouble)
        return;
    s->trouble = trouble;
    (void)text_copy(ev.text, sizeof ev.text,
                    trouble ? err->text : "the store can be written again");
    (void)report(s, &ev);
}

/* It is tried again at once, as it may have been one group's own, and then now and then. */
static void in_trouble(struct store *s, const struct err *err)
{
    s->probe_at = clock_now() + (s->trouble ? PROBE_EVERY : 0);
    note_trouble(s, trouble_of(err), err);
}

static void keep_past(struct store *s, const struct turn *turn)
{
    for (size_t i = 0; i < turn->count; i++)
        backlog_keep(&s->backlog, &turn->group[i]);
    show_kept(s);
}

/* ---- turns ---- */

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
static size_t write_turns(struct store *s, const struct job *job, size_t jobs, struct err *err)
{
    size_t done = 0;
    int failed = s->kind->begin(s->self, err);

    for (size_t i = 0; i < jobs; i++) {
        if (job[i].type != JOB_TURN)
            continue;
        if (failed)
            fail_all(s, job[i].turn, &done, err);
        else
            done = apply_turn(s, job[i].turn, done);
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

/* Of those that failed the past is kept: the results stand in the order of the groups. */
static void keep_failed(struct store *s, const struct job *job, size_t jobs)
{
    const struct outcome_of_group *r = s->results;

    for (size_t i = 0; i < jobs; i++) {
        const struct turn *turn = job[i].type == JOB_TURN ? job[i].turn : NULL;

        for (size_t k = 0; turn && k < turn->count; k++, r++)
            if (r->result == STORE_FAILED)
                backlog_keep(&s->backlog, &turn->group[k]);
    }
    show_kept(s);
}

/* The trouble is told first, so that who hears of a failure knows why. */
static void report_turns(struct store *s, const struct job *job, size_t jobs, size_t count)
{
    const struct err *why = NULL;

    for (size_t i = 0; i < count; i++)
        if (s->results[i].result == STORE_FAILED)
            why = &s->results[i].err;
    if (why) {
        keep_failed(s, job, jobs);
        in_trouble(s, why);
    }
    for (size_t i = 0; i < count; i++) {
        const struct outcome_of_group *r = &s->results[i];

        if (r->token != 0 || r->result != STORE_DONE)
            report_result(s, r);
    }
}

/* Nothing is tried for them: each try may take seconds, and others wait behind it. */
static void fail_turns(struct store *s, const struct job *job, size_t jobs)
{
    for (size_t i = 0; i < jobs; i++) {
        const struct turn *turn = job[i].type == JOB_TURN ? job[i].turn : NULL;

        if (turn)
            keep_past(s, turn);
        for (size_t k = 0; turn && k < turn->count; k++)
            if (turn->group[k].token != 0)
                report_result(s, &(struct outcome_of_group){ .token = turn->group[k].token,
                                                             .result = STORE_FAILED,
                                                             .err = s->why });
    }
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

static void begin_work(struct store *s)
{
    atomic_store(&s->busy_since, clock_now());
}

static void end_work(struct store *s)
{
    msec now = clock_now();

    atomic_store(&s->took, now - atomic_load(&s->busy_since));
    atomic_store(&s->ended, now);
    atomic_store(&s->busy_since, 0);
}

static void do_turns(struct store *s, const struct job *job, size_t jobs)
{
    struct err err = { 0 };
    size_t groups = 0, done;

    for (size_t i = 0; i < jobs; i++)
        groups += job[i].type == JOB_TURN ? job[i].turn->count : 0;
    if (groups == 0)
        return;
    if (!s->trouble && !results_room(s, groups)) {
        err_set(&err, -ENOMEM, "no memory to write %zu changes", groups);
        in_trouble(s, &err);
    }
    if (s->trouble) {
        fail_turns(s, job, jobs);
        return;
    }
    begin_work(s);
    done = write_turns(s, job, jobs, &err);
    end_work(s);
    report_turns(s, job, jobs, done);
}

/* ---- what was kept ---- */

/* One group for each, so that what a rule of the store forbids falls alone. False: nothing can be
 * written, as `err` says; nothing was. */
static bool write_kept(struct store *s, struct change *c, size_t count, struct err *err)
{
    bool fine = true;
    size_t lost = 0;

    if (s->kind->begin(s->self, err) != 0)
        return false;
    for (size_t i = 0; i < count && fine; i++) {
        struct change_group one = { .changes = &c[i], .count = 1 };
        audit_id audit = 0;
        enum store_result result = s->kind->apply(s->self, &one, &audit, err);

        lost += result == STORE_REFUSED;
        fine = result != STORE_FAILED;
    }
    if (s->kind->commit(s->self, fine ? err : NULL) != 0)
        fine = false;
    if (fine && lost > 0)
        log_warning("store", "%zu of %zu changes of the past were refused by the store", lost,
                    count);
    return fine;
}

/* True: all that was kept is written. */
static bool write_backlog(struct store *s, struct err *err)
{
    struct change *c = s->backlog.count ? malloc(KEPT_AT_ONCE * sizeof *c) : NULL;
    bool fine = true;

    if (s->backlog.count && !c) {
        err_set(err, -ENOMEM, "no memory to write what was kept");
        return false;
    }
    while (fine && s->backlog.count > 0) {
        size_t count = backlog_read(&s->backlog, c, KEPT_AT_ONCE);

        fine = write_kept(s, c, count, err);
        if (fine)
            backlog_drop(&s->backlog, count);
        show_kept(s);
    }
    free(c);
    return fine;
}

/* New parks are refused while nothing can be written, so nothing else would find out that it works
 * again. */
static void try_again(struct store *s)
{
    struct err err = { 0 };
    uint64_t kept = s->backlog.count;

    begin_work(s);
    if (s->kind->probe(s->self, &err) != 0 || !write_backlog(s, &err))
        in_trouble(s, &err);
    else
        note_trouble(s, STORE_FINE, NULL);
    end_work(s);
    if (!s->trouble && kept > 0)
        log_info("store", "%llu changes that were kept meanwhile are written",
                 (unsigned long long)kept);
}

static void do_kept(struct store *s, struct backlog *kept)
{
    struct err err = { 0 };

    backlog_join(&s->backlog, kept);
    show_kept(s);
    if (!s->trouble && !write_backlog(s, &err))
        in_trouble(s, &err);
}

/* ---- questions and copies ---- */

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

/* Turns, and between them the past of some that had not been taken. */
static void do_writing(struct store *s, size_t jobs)
{
    size_t from = 0;

    for (size_t i = 0; i < jobs; i++) {
        if (s->taken[i].type != JOB_KEPT)
            continue;
        do_turns(s, s->taken + from, i - from);
        do_kept(s, s->taken[i].kept);
        from = i + 1;
    }
    do_turns(s, s->taken + from, jobs - from);
}

/* What is written comes first: a promise waits for them, and what is read afterwards is only
 * fresher for it. False: the worker is to end. */
static bool do_jobs(struct store *s, size_t jobs)
{
    bool go_on = true;

    do_writing(s, jobs);
    for (size_t i = 0; i < jobs; i++) {
        switch (s->taken[i].type) {
        case JOB_KEPT:
            free(s->taken[i].kept);
            break;
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

/* How long may it be waited for jobs? */
static int patience(const struct store *s)
{
    msec now = clock_now();

    if (!s->trouble)
        return -1;
    return s->probe_at > now ? (int)(s->probe_at - now) : 0;
}

void *worker_run(void *store)
{
    struct store *s = store;
    bool go_on = true;

    while (go_on) {
        size_t jobs;

        (void)queue_wait(s->jobs, patience(s));
        if (s->trouble && clock_now() >= s->probe_at)
            try_again(s);
        jobs = take_jobs(s);
        if (jobs > 0)
            go_on = do_jobs(s, jobs);
    }
    if (s->trouble)
        try_again(s);
    if (s->trouble)
        log_error("store",
                  "the server ends, and what calls did last is not written, nor %llu "
                  "steps, records and the like: %s",
                  (unsigned long long)s->backlog.count, s->why.text);
    return NULL;
}

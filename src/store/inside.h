/* What the two sides of the store share: the calls of the loop in store.c, the worker in worker.c.
 * Only for these two. */
#ifndef CALLPARK_STORE_INSIDE_H
#define CALLPARK_STORE_INSIDE_H

#include <stdatomic.h>

#include "store/backlog.h"
#include "store/kind.h"
#include "sys/queue.h"
#include "sys/thread.h"

#define JOBS_AT_ONCE 256 /* into one transaction */

struct turn {
    size_t count;
    struct change_group group[];
};

struct job {
    enum { JOB_TURN, JOB_QUERY, JOB_BACKUP, JOB_MERGE, JOB_KEPT, JOB_STOP } type;
    uint64_t token;
    struct turn *turn;
    struct store_query *query; /* malloc'ed, as `path` and `kept` are */
    char *path;
    struct backlog *kept; /* the past of turns that were not taken */
    call_id after;        /* MERGE: how far it has come */
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

    struct backlog shed; /* the loop's: the past of turns that were not taken */

    /* The worker's own. */
    enum store_trouble trouble;
    struct err why;
    msec probe_at;
    struct backlog backlog;
    struct job taken[JOBS_AT_ONCE];
    struct outcome_of_group *results;
    size_t result_room;

    /* How it does, for store_look(). */
    _Atomic msec busy_since, took, ended;
    _Atomic uint64_t kept, lost_steps, lost_records, lost_audit, lost_logins, lost_watches;
};

size_t turn_changes(const struct change_group *groups, size_t count);
void free_changes(const struct change_group *groups, size_t count);

void *worker_run(void *store);

#endif

/* What a kind of store has to offer: one table of functions for memory, one for SQLite. Only for
 * src/store/. store.c calls all of them from one thread at a time, so none needs a lock. */
#ifndef CALLPARK_STORE_KIND_H
#define CALLPARK_STORE_KIND_H

#include "store/store.h"

struct store_kind {
    const char *scheme; /* "sqlite:" */

    /* `where` is what stands behind the scheme. `self` is written on success only. */
    int (*open)(void **self, const char *where, struct err *err);
    void (*close)(void *self);
    void (*keep)(void *self, uint64_t records, uint64_t audit);

    int (*load)(void *self, const struct store_reader *reader, struct err *err);
    int (*highest)(void *self, struct store_highest *out, struct err *err);

    /* One turn: begin, apply for each group, commit. A group that is not STORE_DONE left no trace.
     * When commit fails, no group of the turn did. `audit` is the number of the group's last audit
     * entry, and left as it is when there is none. */
    int (*begin)(void *self, struct err *err);
    enum store_result (*apply)(void *self, const struct change_group *group, audit_id *audit,
                               struct err *err);
    int (*commit)(void *self, struct err *err);

    /* Can it be written to again? Asked now and then after something failed. */
    int (*probe)(void *self, struct err *err);

    /* Rows that were not found leave `rows` empty; what is in it when this fails is freed by the
     * caller. */
    int (*query)(void *self, const struct store_query *q, struct store_rows *rows, struct err *err);
    int (*backup)(void *self, const char *path, struct err *err);
    /* A piece of what the file at `path` knows, behind call `*after`, which moves on; 0 when that
     * was all. */
    int (*merge)(void *self, const char *path, call_id *after, struct err *err);
};

extern const struct store_kind store_kind_memory;
extern const struct store_kind store_kind_sqlite;

/* For store_mem_trouble(). */
void mem_trouble(void *self, unsigned times, msec delay);

#endif

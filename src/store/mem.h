/* The parts of the store in memory. Only for src/store/mem*.c. */
#ifndef CALLPARK_STORE_MEM_H
#define CALLPARK_STORE_MEM_H

#include <stdatomic.h>

#include "store/kind.h"

/* Rows of one type, each of them the change that put it in. */
struct table {
    struct change **row;
    size_t count, room;
};

#define TABLES                                                                                     \
    (CHANGE_WATCH_PUT + 1) /* by the type of change that puts a row in; the others stay empty */

/* What to put back when the group fails: `was` instead of `now`; either may be NULL. */
struct undo {
    struct table *table;
    struct change *was, *now;
};

struct mem {
    struct mem *next;
    char name[64];
    struct table table[TABLES];
    struct undo *undo;
    size_t undo_count, undo_room;
    struct store_highest highest;
    uint64_t keep, keep_audit;
    atomic_uint fail_times;
    atomic_ullong delay;
};

/* mem_rows.c: each of them can be undone until the group is whole. False: no memory. */
bool mem_put(struct mem *m, const struct change *c);
bool mem_remove(struct mem *m, const struct change *key); /* nothing to remove is as good */
/* `now` in the place of `was`, which may be NULL, as may `now` */
bool mem_exchange(struct mem *m, struct table *t, struct change *was, struct change *now);
void mem_forget_undo(struct mem *m);
void mem_roll_back(struct mem *m);

/* mem_audit.c */
bool mem_add_audit(struct mem *m, const struct audit_entry *e);
void mem_prune_audit(struct mem *m);
int mem_find_audit(const struct mem *m, const struct store_query *q, struct store_rows *rows);
int mem_find_audit_head(const struct mem *m, struct store_rows *rows);

/* mem_people.c */
bool mem_remove_person(struct mem *m, const struct change *c); /* users, and what is theirs */
void mem_load_person(const struct store_reader *r, const struct change *c);

/* mem_find.c: all that fit, sorted; 0 or -ENOMEM. */
int mem_find_records(const struct table *t, const struct table *destinations,
                     const struct store_query *q, struct store_rows *rows);
int mem_find_steps(const struct table *t, call_id call, struct store_rows *rows);

/* mem_music.c */
struct change *mem_copy(const struct change *c); /* a row with what it owns; NULL: no memory */
void mem_free(struct change *row);
void mem_prune_music(struct mem *m); /* files that nothing names any more */
int mem_find_music(const struct table *t, const char *sha256, struct store_rows *rows);

#endif

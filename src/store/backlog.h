/* The past that could not be written: records, steps, audit entries and logins, in their order and
 * squeezed, until it can be. Bounded; what is beyond the bound is counted and lost. Of one thread
 * each. Only for src/store/. */
#ifndef CALLPARK_STORE_BACKLOG_H
#define CALLPARK_STORE_BACKLOG_H

#include "store/store.h"

#define BACKLOG_MOST ((size_t)32 * 1024 * 1024) /* bytes; a step takes some 150 of them */

struct backlog {
    uint8_t *bytes;
    size_t first, end, room; /* from `first` to `end` is what is kept */
    size_t most;             /* 0: BACKLOG_MOST. Steps get three quarters of it */
    uint64_t count;
    struct store_lost lost;
};

/* What of this group is the past. Nothing, when an administrator's change is in it. */
void backlog_keep(struct backlog *b, const struct change_group *group);
/* All of `more`, which is then empty; what it has lost as well. */
void backlog_join(struct backlog *b, struct backlog *more);
/* Up to `most` of the oldest, which stay; how many. They own nothing. */
size_t backlog_read(const struct backlog *b, struct change *to, size_t most);
void backlog_drop(struct backlog *b, size_t count); /* the oldest */
/* The oldest could not be written although all else can. */
void backlog_lose(struct backlog *b, size_t count);
void backlog_free(struct backlog *b); /* it is empty then */

#endif

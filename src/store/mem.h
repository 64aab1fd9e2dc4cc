/* The parts of the store in memory. Only for src/store/mem*.c. */
#ifndef CALLPARK_STORE_MEM_H
#define CALLPARK_STORE_MEM_H

#include "store/kind.h"

/* Rows of one type, each of them the change that put it in. */
struct table {
    struct change **row;
    size_t count, room;
};

/* All that fit, sorted; 0 or -ENOMEM. */
int mem_find_records(const struct table *t, const struct store_query *q, struct store_rows *rows);
int mem_find_steps(const struct table *t, call_id call, struct store_rows *rows);

#endif

/* Orbits that become free by themselves, soonest first: a binary heap of their places in the row,
 * which also finds one of them when it is taken before its time. See orbits.c. Pure; lives in
 * zeroed memory. */
#ifndef CALLPARK_CORE_ORBIT_WAITS_H
#define CALLPARK_CORE_ORBIT_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/types.h"

#define ORBIT_WAITS_MAX 65536

struct orbit_wait {
    msec ready;
    uint32_t index; /* in the row of orbits */
};

struct orbit_waits {
    uint32_t count;
    struct orbit_wait heap[ORBIT_WAITS_MAX]; /* of equal times the lower index first */
    uint32_t place[ORBIT_WAITS_MAX];         /* by index: place in the heap + 1; 0: does not wait */
};

void orbit_waits_clear(struct orbit_waits *w);
void orbit_waits_start(struct orbit_waits *w, uint32_t index, msec ready);
void orbit_waits_end(struct orbit_waits *w, uint32_t index); /* fine if it does not wait */
bool orbit_waits_has(const struct orbit_waits *w, uint32_t index, msec ready);

/* Take out one whose time has come by `now`; false when there is none. */
bool orbit_waits_next(struct orbit_waits *w, msec now, uint32_t *index);

void orbit_waits_check(const struct orbit_waits *w); /* asserts the order */

#endif

/* When packets are due. Time is cut into ticks of 1 ms from a worker's start; a wheel of buckets,
 * one for each tick to come, holds the streams. So packets of many streams are spread over the
 * ticks instead of leaving in one burst, and drift cannot build up: a tick's number says when it
 * is. Pure. */
#ifndef CALLPARK_MEDIA_PACER_H
#define CALLPARK_MEDIA_PACER_H

#include <stdbool.h>
#include <stdint.h>

#define PACER_TICK_NS UINT64_C(1000000)
#define PACER_STALL_MAX 60 /* ticks made good after a late wake-up; beyond, they are skipped */
#define PACER_BUCKETS 64   /* more than the longest interval, 60 ms; a power of two */
#define PACER_SPREAD 20    /* a new stream starts within this many ticks */

/* What waits in the wheel; stands inside a stream. */
struct pacer_node {
    struct pacer_node *next, *previous;
    uint64_t due; /* tick */
};

struct pacer {
    uint64_t started_ns, next; /* `next`: the first tick not yet handled */
    uint32_t waiting;
    struct pacer_node bucket[PACER_BUCKETS]; /* heads of rings */
    uint32_t count[PACER_BUCKETS];
};

void pacer_init(struct pacer *p, uint64_t now_ns);

/* The tick that `now_ns` lies in. */
uint64_t pacer_tick(const struct pacer *p, uint64_t now_ns);

/* When tick `tick` is due, in nanoseconds. */
uint64_t pacer_time(const struct pacer *p, uint64_t tick);

/* After a wake-up: how many ticks too many have passed to be made good one by one. Those are over:
 * every stream due in them is moved to its next turn, in its own rhythm of `interval(node)` ticks,
 * so that no burst leaves. Returns how many turns were left out, usually 0. */
uint64_t pacer_skip(struct pacer *p, uint64_t now_ns,
                    uint64_t (*interval)(const struct pacer_node *node));

/* Take the next tick if its time has come: all that is due in it, as a list by `next` ended with
 * NULL. False: nothing more to do now. */
bool pacer_take(struct pacer *p, uint64_t now_ns, uint64_t *tick, struct pacer_node **due);

/* Put a node back for `due`: after the tick last taken and within PACER_BUCKETS of it. */
void pacer_add(struct pacer *p, struct pacer_node *node, uint64_t due);
void pacer_remove(struct pacer *p, struct pacer_node *node);

/* The tick of the next PACER_SPREAD in which the fewest streams are due. */
uint64_t pacer_emptiest(const struct pacer *p);

/* The next tick in which something is due; UINT64_MAX for none. */
uint64_t pacer_next(const struct pacer *p);

#endif

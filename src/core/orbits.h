/* Which orbits of this node are free and which hold a call; who gets which next. Every question and
 * every change is O(log n) for n orbits of the node. Pure; memory is handed over zeroed. */
#ifndef CALLPARK_CORE_ORBITS_H
#define CALLPARK_CORE_ORBITS_H

#include <stdbool.h>

#include "base/types.h"
#include "core/limits.h"
#include "core/number.h"
#include "core/range.h"
#include "core/settings.h"

#define ORBITS_SLOTS 65536 /* above DESTINATION_NUMBERS_MAX and what drains; one stays unused */

enum orbit_state {
    ORBIT_NONE, /* not an orbit of this node */
    ORBIT_FREE,
    ORBIT_COOLING, /* freed a moment ago, not given out yet */
    ORBIT_KEPT,    /* freed, kept for a late Replaces; given out only when nothing else is free */
    ORBIT_BUSY
};

struct orbit {
    number_key number;
    range_id range;
    enum orbit_state state;
    call_id call;      /* whose it is (BUSY), or was last (COOLING, KEPT, FREE); 0: never used */
    msec freed, ready; /* when it was freed; when it can be given out again (COOLING, KEPT) */
    bool closed;       /* its range drains or is being changed: no new call */
};

struct orbits; /* see orbits_size() */

size_t orbits_size(void);                                /* bytes to hand over, zeroed */
struct orbits *orbits_init(void *memory, uint64_t seed); /* `seed` for the random order */

/* Take over the ranges of one destination as they are now: new orbits come in free, orbits of
 * ranges that are gone leave when they are not BUSY (a BUSY one stays, closed, until it is
 * released). O(n log n); an administrator's act, not a call's. Group pickup ranges have no orbits.
 */
void orbits_rebuild(struct orbits *all, const struct ranges *ranges, const char *destination);

/* Close or open the orbits from first to last to new calls, while a change of their range is being
 * written. A rebuild opens them again, unless their range drains or is gone. */
void orbits_close(struct orbits *all, number_key first, number_key last, bool closed);

/* Give a free orbit between `first` and `last` (0, 0: any of this node) to `call`. 0: none is free.
 * `now` decides which have cooled down. */
number_key orbits_take(struct orbits *all, enum allocation how, number_key first, number_key last,
                       call_id call, msec now);

/* The one that orbits_take() would give; 0: none, or by chance. Nothing is taken. */
number_key orbits_next(struct orbits *all, enum allocation how, number_key first, number_key last,
                       msec now);

/* Give exactly this one; false if it is not free, closed, or not ours. `even_cooling`: the caller's
 * own orbit is given back to him although it cools, is kept or closed, as he is no new call. */
bool orbits_take_this(struct orbits *all, number_key number, call_id call, bool even_cooling,
                      msec now);

/* Put back `call`'s orbit, which is BUSY. It cools for `cool_down`; with `keep` it is kept for that
 * long instead. If its range is gone, so is the orbit. */
void orbits_give_back(struct orbits *all, number_key number, msec cool_down, bool keep, msec now);

/* The orbit with this number, or one in state ORBIT_NONE. A copy as of `now`. */
struct orbit orbits_look(const struct orbits *all, number_key number, msec now);

/* Make orbits free whose time has come. All that changes something does so by itself; whoever only
 * asks for a long time calls this now and then, or each orbits_count() has to look at all that came
 * free. */
void orbits_settle(struct orbits *all, msec now);

/* How many orbits between first and last (0, 0: all) are in use, could be given (free or kept), are
 * there at all. */
struct orbits_count {
    uint32_t busy, free, total;
} orbits_count(const struct orbits *all, number_key first, number_key last, msec now);

/* The n-th orbit of the node in order of number; state ORBIT_NONE behind the last. For listings. */
struct orbit orbits_nth(const struct orbits *all, uint32_t n, msec now);

void orbits_check(const struct orbits *all); /* asserts every invariant */

#endif

/* See room.h. */
#include "media/room.h"

#define WHOLE 1000 /* parts */
#define SECOND_NS UINT64_C(1000000000)

void room_begin(struct room *r, uint64_t now_ns, const struct room_done *done)
{
    *r = (struct room){ .began_ns = now_ns, .then = *done };
}

void room_slept(struct room *r, uint64_t from_ns, uint64_t until_ns)
{
    if (until_ns > from_ns)
        r->asleep_ns += until_ns - from_ns;
}

bool room_is_due(const struct room *r, uint64_t now_ns)
{
    return now_ns >= r->began_ns + ROOM_WINDOW_NS;
}

static uint32_t parts(uint64_t of, uint64_t whole)
{
    return of >= whole ? WHOLE : (uint32_t)(of * WHOLE / whole);
}

/* A second time counts as much as all before. */
static uint32_t blend(uint32_t before, uint32_t now)
{
    return (before + now + 1) / 2;
}

void room_look(struct room *r, uint64_t now_ns, const struct room_done *done, uint32_t streams)
{
    uint64_t span = now_ns - r->began_ns, used = done->used_ns - r->then.used_ns;
    uint64_t sent = done->sent - r->then.sent, late = done->late - r->then.late;
    uint64_t served = ((uint64_t)r->streams_then + streams + 1) / 2; /* on average */

    if (!span)
        return;
    r->busy = blend(r->busy, WHOLE - parts(r->asleep_ns, span));
    r->used = blend(r->used, parts(used, span));
    r->late = blend(r->late, sent ? parts(late, sent) : 0);
    if (served) {
        uint64_t cost = (uint64_t)parts(used, span) * (SECOND_NS / WHOLE) / served;
        uint32_t now = cost < SECOND_NS ? (uint32_t)cost : (uint32_t)SECOND_NS;

        r->cost = r->cost ? blend(r->cost, now) : now;
    }
    r->began_ns = now_ns;
    r->then = *done;
    r->asleep_ns = 0;
    r->streams_then = streams;
}

/* A few streams share what a worker needs in any case, so that each seems dear. */
static uint32_t cost_of(const struct room *r)
{
    if (!r->cost || (r->used < ROOM_LITTLE && r->cost > ROOM_COST_GUESS))
        return ROOM_COST_GUESS;
    return r->cost;
}

/* In parts in a thousand. Time that others take counts as gone only when it makes packets late. */
static uint32_t time_left(const struct room *r)
{
    uint32_t gone = r->late >= ROOM_LATE_PART ? r->busy : r->used;
    uint32_t left = gone < ROOM_MOST ? ROOM_MOST - gone : 0;

    if (r->used < ROOM_LITTLE && left < ROOM_LITTLE - r->used)
        left = ROOM_LITTLE - r->used;
    return left;
}

uint32_t room_fits(const struct room *r, uint32_t streams)
{
    uint64_t more = time_left(r) * (SECOND_NS / WHOLE) / cost_of(r);

    return more < UINT32_MAX - streams ? streams + (uint32_t)more : UINT32_MAX;
}

uint32_t room_left(struct room_seen of)
{
    return of.fits > of.streams ? of.fits - of.streams : 0;
}

static bool is_better(struct room_seen a, struct room_seen b)
{
    bool here = room_left(a) > 0, there = room_left(b) > 0;

    if (here != there)
        return here;
    if (!here)
        return a.streams < b.streams;
    return (uint64_t)a.streams * b.fits < (uint64_t)b.streams * a.fits;
}

unsigned room_choose(const struct room_seen *workers, unsigned count)
{
    unsigned best = 0;

    for (unsigned i = 1; i < count; i++)
        if (is_better(workers[i], workers[best]))
            best = i;
    return best;
}

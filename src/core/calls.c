/* Slots of calls, the map from legs to calls, and the heap of deadlines. What a call may do is not
 * known here; see park.c. A call has room for the longest of everything, and most wait for long and
 * have little: so a call sleeps, squeezed into pieces of memory, until it is looked up. */
#include <assert.h>
#include <string.h>

#include "base/squeeze.h"
#include "base/text.h"
#include "core/calls.h"
#include "core/shelf.h"

#define LEG_BUCKETS (LEGS_MAX * 2u) /* a power of two; half empty, so that a search is short */
#define WORD_BITS 64u
#define WORDS (CALLS_MAX / WORD_BITS)
#define NOWHERE UINT32_MAX

struct leg_entry {
    leg_id leg; /* 0: empty */
    call_id call;
};

#define SQUEEZED_MOST SQUEEZE_MOST(sizeof(struct call))
/* What a call at its longest takes is there for each: none is refused for want of a cell. */
#define CELLS (CALLS_MAX * SHELF_CELLS(SQUEEZED_MOST))

struct calls {
    call_id last; /* the highest id given out */
    size_t count;
    size_t legs;
    uint32_t waiting;          /* how many stand in `heap` */
    uint32_t ended_next;       /* which of `ended` is overwritten next */
    uint64_t used[WORDS];      /* a bit for each slot, so that listing skips what is empty */
    call_id id[CALLS_MAX];     /* 0: the slot is free */
    uint32_t heap[CALLS_MAX];  /* slots, the earliest `due` first */
    uint32_t place[CALLS_MAX]; /* where in `heap` a slot stands, plus one; 0: it does not wait */
    msec due[CALLS_MAX];
    struct leg_entry leg[LEG_BUCKETS];
    leg_id ended_leg[ENDED_LEGS_MAX]; /* apart from the rest, so that the search reads little */
    struct ended_leg ended[ENDED_LEGS_MAX];

    uint64_t looks;                 /* that there have been */
    uint64_t look[CALLS_AWAKE];     /* the last that found this one; 0: nobody is here */
    struct call awake[CALLS_AWAKE]; /* what pointers outside point to */
    struct call passing;            /* the copy that calls_next() hands out */
    uint8_t awake_at[CALLS_MAX];    /* where in `awake` a slot's call is, plus one; 0: it sleeps */
    uint16_t length[CALLS_MAX];     /* of one that sleeps, squeezed */
    uint32_t bed[CALLS_MAX];        /* where it is in `shelf` */
    uint8_t squeezed[SQUEEZED_MOST];
    struct shelf shelf;
    struct shelf_cell cell[CELLS + 1];
};

size_t calls_size(void)
{
    return sizeof(struct calls);
}

struct calls *calls_init(void *memory, call_id first)
{
    struct calls *all = memory;

    all->last = first;
    all->shelf = (struct shelf){ .cell = all->cell, .most = CELLS };
    return all;
}

void calls_skip(struct calls *all, call_id id)
{
    if (id > all->last)
        all->last = id;
}

size_t calls_count(const struct calls *all)
{
    return all->count;
}

static uint32_t slot_of(const struct calls *all, const struct call *c)
{
    assert(c >= all->awake && c < all->awake + CALLS_AWAKE && c->id); /* else it is out of date */
    return (uint32_t)(c->id % CALLS_MAX);
}

/* ---- awake and asleep -------------------------------------------------------------------------
 */

static void put_to_sleep(struct calls *all, uint32_t at)
{
    uint32_t slot = slot_of(all, &all->awake[at]);
    size_t length = squeeze(all->squeezed, &all->awake[at], sizeof all->awake[at]);

    all->bed[slot] = shelf_put(&all->shelf, all->squeezed, length);
    all->length[slot] = (uint16_t)length;
    all->awake_at[slot] = 0;
}

static void read_bed(struct calls *all, uint32_t slot, struct call *to)
{
    bool whole;

    shelf_read(&all->shelf, all->bed[slot], all->squeezed, all->length[slot]);
    whole = unsqueeze(to, sizeof *to, all->squeezed, all->length[slot]);
    assert(whole);
}

/* A place for this slot's call, of whoever was not looked up for the longest time. */
static struct call *make_room(struct calls *all, uint32_t slot)
{
    uint32_t at = 0;

    for (uint32_t i = 1; i < CALLS_AWAKE && all->look[at]; i++)
        if (all->look[i] < all->look[at])
            at = i;
    if (all->look[at])
        put_to_sleep(all, at);
    all->look[at] = ++all->looks;
    all->awake_at[slot] = (uint8_t)(at + 1);
    return &all->awake[at];
}

static struct call *wake(struct calls *all, uint32_t slot)
{
    uint32_t at = all->awake_at[slot];
    struct call *c;

    if (at) {
        all->look[at - 1] = ++all->looks;
        return &all->awake[at - 1];
    }
    c = make_room(all, slot);
    read_bed(all, slot, c);
    shelf_clear(&all->shelf, all->bed[slot]);
    return c;
}

/* Which slot, and which use of that slot. */
struct call *calls_find(struct calls *all, call_id id)
{
    uint32_t slot = (uint32_t)(id % CALLS_MAX);

    return id && all->id[slot] == id ? wake(all, slot) : NULL;
}

/* The first slot from `from` on that is used (or not); CALLS_MAX: none up to the end. */
static uint32_t next_slot(const struct calls *all, uint32_t from, bool used)
{
    for (uint32_t w = from / WORD_BITS; w < WORDS; w++) {
        uint64_t bits = used ? all->used[w] : ~all->used[w];

        if (w == from / WORD_BITS)
            bits &= ~UINT64_C(0) << from % WORD_BITS;
        if (bits)
            return w * WORD_BITS + (uint32_t)__builtin_ctzll(bits);
    }
    return CALLS_MAX;
}

static struct call *occupy(struct calls *all, call_id id)
{
    uint32_t slot = (uint32_t)(id % CALLS_MAX);
    struct call *c = make_room(all, slot);

    memset(c, 0, sizeof *c);
    c->id = all->id[slot] = id;
    c->deadline = c->give_up_at = c->next_deadline = c->resume_at = NEVER;
    all->used[slot / WORD_BITS] |= UINT64_C(1) << slot % WORD_BITS;
    all->count++;
    return c;
}

/* Ids rise with time, so that they sort as the calls came. A slot that a long call still holds is
 * skipped together with its id. */
struct call *calls_new(struct calls *all)
{
    call_id id = all->last + 1;
    uint32_t slot;

    if (all->count == CALLS_MAX)
        return NULL;
    slot = next_slot(all, (uint32_t)(id % CALLS_MAX), false);
    if (slot == CALLS_MAX) {
        id += CALLS_MAX - id % CALLS_MAX;
        slot = next_slot(all, 0, false);
    }
    id += slot - id % CALLS_MAX;
    if (!id)
        id = CALLS_MAX; /* id 0 is no call: slot 0 begins with its second use */
    all->last = id;
    return occupy(all, id);
}

struct call *calls_put_back(struct calls *all, call_id id)
{
    uint32_t slot = (uint32_t)(id % CALLS_MAX);

    if (!id || all->used[slot / WORD_BITS] >> slot % WORD_BITS & 1)
        return NULL;
    if (id > all->last)
        all->last = id;
    return occupy(all, id);
}

void calls_free(struct calls *all, struct call *c)
{
    uint32_t slot = slot_of(all, c);

    calls_unmap_leg(all, c->caller_leg);
    calls_unmap_leg(all, c->peer);
    calls_unmap_leg(all, c->next_leg);
    c->deadline = c->give_up_at = c->next_deadline = NEVER;
    calls_timed(all, c);
    all->look[all->awake_at[slot] - 1] = 0;
    all->awake_at[slot] = 0;
    all->id[slot] = c->id = 0;
    c->state = CALL_NONE;
    all->used[slot / WORD_BITS] &= ~(UINT64_C(1) << slot % WORD_BITS);
    all->count--;
}

const struct call *calls_next(struct calls *all, call_id after)
{
    uint32_t from = after ? (uint32_t)(after % CALLS_MAX) + 1 : 0;
    uint32_t slot = from < CALLS_MAX ? next_slot(all, from, true) : CALLS_MAX;

    if (slot == CALLS_MAX)
        return NULL;
    if (all->awake_at[slot])
        return &all->awake[all->awake_at[slot] - 1];
    read_bed(all, slot, &all->passing);
    return &all->passing;
}

/* ---- legs: open addressing, linear search, no tombstones ----------------------------------------
 */

/* Ids that follow one another stay together, so that few legs touch little memory; 64 of them are
 * all the same spread as if each were. */
static uint32_t leg_home(leg_id leg)
{
    uint32_t block = (uint32_t)((leg >> 6) * UINT64_C(0x9E3779B97F4A7C15) >> 32);

    return (block << 6 | (uint32_t)(leg & 63)) & (LEG_BUCKETS - 1);
}

/* The bucket of this leg, or the empty one where it would go. */
static uint32_t leg_bucket(const struct calls *all, leg_id leg)
{
    uint32_t b = leg_home(leg);

    while (all->leg[b].leg && all->leg[b].leg != leg)
        b = (b + 1) & (LEG_BUCKETS - 1);
    return b;
}

call_id calls_whose_leg(const struct calls *all, leg_id leg)
{
    return leg ? all->leg[leg_bucket(all, leg)].call : 0;
}

struct call *calls_by_leg(struct calls *all, leg_id leg)
{
    return calls_find(all, calls_whose_leg(all, leg));
}

bool calls_map_leg(struct calls *all, leg_id leg, call_id id)
{
    uint32_t b = leg_bucket(all, leg);

    if (!leg || all->leg[b].leg || all->legs == (size_t)LEGS_MAX)
        return false;
    all->leg[b] = (struct leg_entry){ leg, id };
    all->legs++;
    return true;
}

/* Entries behind the gap move up when their search would have passed it. */
void calls_unmap_leg(struct calls *all, leg_id leg)
{
    uint32_t gap = leg_bucket(all, leg);

    if (!leg || !all->leg[gap].leg)
        return;
    for (uint32_t b = (gap + 1) & (LEG_BUCKETS - 1); all->leg[b].leg;
         b = (b + 1) & (LEG_BUCKETS - 1)) {
        uint32_t home = leg_home(all->leg[b].leg);

        if (((b - home) & (LEG_BUCKETS - 1)) >= ((b - gap) & (LEG_BUCKETS - 1))) {
            all->leg[gap] = all->leg[b];
            gap = b;
        }
    }
    all->leg[gap] = (struct leg_entry){ 0, 0 };
    all->legs--;
}

/* ---- deadlines: a binary heap -------------------------------------------------------------------
 */

msec call_due(const struct call *c)
{
    msec due = c->deadline < c->next_deadline ? c->deadline : c->next_deadline;

    return c->state == CALL_PARKED && c->give_up_at < due ? c->give_up_at : due;
}

static bool earlier(const struct calls *all, uint32_t a, uint32_t b)
{
    return all->due[a] != all->due[b] ? all->due[a] < all->due[b] : a < b;
}

static void put(struct calls *all, uint32_t at, uint32_t slot)
{
    all->heap[at] = slot;
    all->place[slot] = at + 1;
}

static void sift_up(struct calls *all, uint32_t at, uint32_t slot)
{
    while (at && earlier(all, slot, all->heap[(at - 1) / 2])) {
        put(all, at, all->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(all, at, slot);
}

static void sift_down(struct calls *all, uint32_t at, uint32_t slot)
{
    for (uint32_t child = 2 * at + 1; child < all->waiting; child = 2 * at + 1) {
        if (child + 1 < all->waiting && earlier(all, all->heap[child + 1], all->heap[child]))
            child++;
        if (!earlier(all, all->heap[child], slot))
            break;
        put(all, at, all->heap[child]);
        at = child;
    }
    put(all, at, slot);
}

static void stop_waiting(struct calls *all, uint32_t slot)
{
    uint32_t at = all->place[slot] - 1;
    uint32_t last = all->heap[--all->waiting];

    all->place[slot] = 0;
    if (last == slot)
        return;
    sift_down(all, at, last);
    sift_up(all, all->place[last] - 1, last);
}

void calls_timed(struct calls *all, struct call *c)
{
    uint32_t slot = slot_of(all, c);
    msec due = call_due(c);

    if (all->place[slot] && due == all->due[slot])
        return;
    if (all->place[slot])
        stop_waiting(all, slot);
    all->due[slot] = due;
    if (due != NEVER)
        sift_up(all, all->waiting++, slot);
}

struct call *calls_next_due(struct calls *all)
{
    return all->waiting ? wake(all, all->heap[0]) : NULL;
}

msec calls_first_due(const struct calls *all)
{
    return all->waiting ? all->due[all->heap[0]] : NEVER;
}

/* ---- consultation legs that ended ---------------------------------------------------------------
 */

void calls_remember(struct calls *all, const struct ended_leg *ended)
{
    uint32_t at = all->ended_next;

    all->ended_next = (at + 1) % ENDED_LEGS_MAX;
    all->ended_leg[at] = ended->leg;
    all->ended[at] = *ended;
}

struct ended_leg *calls_remembered(struct calls *all, leg_id leg, msec now)
{
    for (uint32_t i = 0; leg && i < ENDED_LEGS_MAX; i++)
        if (all->ended_leg[i] == leg && all->ended[i].leg && all->ended[i].until > now)
            return &all->ended[i];
    return NULL;
}

/* ---- checks and names ---------------------------------------------------------------------------
 */

static size_t legs_mapped(const struct calls *all, const struct call *c)
{
    const leg_id legs[] = { c->caller_leg, c->peer, c->next_leg };
    size_t mapped = 0;

    for (size_t i = 0; i < sizeof legs / sizeof *legs; i++)
        mapped += legs[i] && calls_whose_leg(all, legs[i]) == c->id;
    return mapped;
}

static void check_slot(const struct calls *all, const struct call *c, uint32_t slot)
{
    uint32_t at = all->awake_at[slot];

    assert(c->id % CALLS_MAX == slot && c->id == all->id[slot]);
    assert(c->id <= all->last);
    assert((call_due(c) != NEVER) == (all->place[slot] != 0));
    assert(!all->place[slot] || all->due[slot] == call_due(c));
    assert(!at || (c == &all->awake[at - 1] && all->look[at - 1]));
}

void calls_check(struct calls *all)
{
    size_t count = 0;
    size_t legs = 0;
    size_t waiting = 0;
    size_t cells = 0;

    assert(all);
    for (const struct call *c = calls_next(all, 0); c; c = calls_next(all, c->id)) {
        uint32_t slot = (uint32_t)(c->id % CALLS_MAX);

        check_slot(all, c, slot);
        count++;
        waiting += all->place[slot] != 0;
        legs += legs_mapped(all, c);
        cells += all->awake_at[slot] ? 0 : SHELF_CELLS(all->length[slot]);
    }
    assert(count == all->count);
    assert(waiting == all->waiting);
    assert(legs == all->legs); /* no leg leads to a call that does not know it */
    assert(cells == all->shelf.full);
    for (uint32_t at = 1; at < all->waiting; at++)
        assert(!earlier(all, all->heap[at], all->heap[(at - 1) / 2]));
}

const char *call_state_name(enum call_state s)
{
    static const char *const names[CALL_STATES] = {
        [CALL_NONE] = "none",
        [CALL_SAVING] = "parking",
        [CALL_TELLING] = "parking",
        [CALL_PARKED] = "parked",
        [CALL_RINGING_BACK] = "ringing_back",
        [CALL_FORWARDING] = "forwarding",
        [CALL_FETCHING] = "parking",
        [CALL_RETRIEVING] = "retrieving",
        [CALL_CONNECTED] = "connected",
        [CALL_REPARKING] = "parking",
        [CALL_LEAVING] = "leaving",
        [CALL_ENDED] = "ended",
    };

    return s < CALL_STATES ? names[s] : "none";
}

const char *outcome_name(enum outcome o)
{
    static const char *const names[] = {
        [OUT_NONE] = "none",
        [OUT_RETRIEVED] = "retrieved",
        [OUT_RINGBACK_ANSWERED] = "ringback_answered",
        [OUT_FORWARDED] = "forwarded",
        [OUT_ABANDONED] = "abandoned",
        [OUT_TIMED_OUT] = "timed_out",
        [OUT_HUNG_UP] = "hung_up",
        [OUT_FAILED] = "failed",
        [OUT_INTERRUPTED] = "interrupted",
    };

    return o <= OUT_INTERRUPTED ? names[o] : "none";
}

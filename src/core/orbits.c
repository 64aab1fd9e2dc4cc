/* The orbits of this node: a row sorted by number, a tree over it that finds free ones, and a heap
 * of those that wait to become free. Not for why an orbit is taken or given back. */
#include "core/orbits.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "core/orbit_tree.h"
#include "core/orbit_waits.h"

#define ORBITS_MAX (ORBITS_SLOTS - 1)
#define NONE ORBIT_TREE_NONE

_Static_assert(ORBITS_SLOTS <= ORBIT_TREE_LEAVES, "the tree must hold every orbit");
_Static_assert(ORBITS_SLOTS <= ORBIT_WAITS_MAX, "every orbit may wait");
_Static_assert(DESTINATION_NUMBERS_MAX < ORBITS_MAX, "a full destination must fit");

/* An orbit, and what only this file knows of it. */
struct entry {
    struct orbit orbit;
    uint64_t taken; /* the node's count of takings when it was last taken; 0: never */
    bool held;      /* by orbits_close() */
    bool drains;    /* with its range */
    bool gone;      /* its range is not here any more */
};

/* A run of numbers without a gap, which lie in the row without one: finding a number is finding its
 * run. There are as many as there are pieces of ranges, a few for most. */
struct run {
    number_key first;
    uint32_t index;
};

struct orbits {
    uint64_t random, taken;
    struct entry *row, *spare; /* the two below: in use, and for the next rebuild */
    uint32_t count, run_count;
    struct run runs[ORBITS_SLOTS];
    struct orbit_waits waits;
    struct entry rows[2][ORBITS_SLOTS];
    struct orbit_tree tree;
};

size_t orbits_size(void)
{
    return sizeof(struct orbits);
}

struct orbits *orbits_init(void *memory, uint64_t seed)
{
    struct orbits *all = memory;

    all->random = seed;
    all->row = all->rows[0];
    all->spare = all->rows[1];
    orbit_tree_clear(&all->tree, 0);
    return all;
}

/* --- finding --- */

/* The index of the first orbit whose number is at or behind `number`. */
static uint32_t index_from(const struct orbits *all, number_key number)
{
    uint32_t low = 0, high = all->run_count, end;
    number_key index;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (all->runs[middle].first <= number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return 0;
    end = low < all->run_count ? all->runs[low].index : all->count;
    index = all->runs[low - 1].index + (number - all->runs[low - 1].first);
    return index < end ? (uint32_t)index : end;
}

static uint32_t find(const struct orbits *all, number_key number)
{
    uint32_t i = index_from(all, number);

    return i < all->count && all->row[i].orbit.number == number ? i : NONE;
}

/* The interval of the row, from `low` to behind `high`, that has these numbers. */
static void interval(const struct orbits *all, number_key first, number_key last, uint32_t *low,
                     uint32_t *high)
{
    bool whole = first == 0 && last == 0;

    *low = whole ? 0 : index_from(all, first);
    *high = whole ? all->count : index_from(all, last + 1);
    if (*high < *low)
        *high = *low;
}

/* --- changing one --- */

/* What the tree is to know of an orbit. A closed one is neither free nor kept: nobody may find it.
 */
static struct tree_node leaf_of(const struct entry *e)
{
    struct tree_node leaf;

    orbit_tree_empty(&leaf);
    if (e->orbit.state == ORBIT_FREE && !e->orbit.closed) {
        leaf.least[LEAST_FREED] = e->orbit.freed;
        leaf.count[COUNT_FREE] = 1;
    }
    if (e->orbit.state == ORBIT_KEPT && !e->orbit.closed) {
        leaf.least[LEAST_KEPT] = e->orbit.freed;
        leaf.count[COUNT_KEPT] = 1;
    }
    if (e->taken)
        leaf.least[LEAST_SINCE_TAKEN] = UINT64_MAX - e->taken;
    leaf.count[COUNT_BUSY] = e->orbit.state == ORBIT_BUSY;
    leaf.count[COUNT_THERE] = e->orbit.state != ORBIT_NONE;
    return leaf;
}

static void refresh(struct orbits *all, uint32_t i)
{
    struct tree_node leaf;

    all->row[i].orbit.closed = all->row[i].held || all->row[i].drains || all->row[i].gone;
    leaf = leaf_of(&all->row[i]);
    orbit_tree_set(&all->tree, i, &leaf);
}

void orbits_settle(struct orbits *all, msec now)
{
    uint32_t i;

    while (orbit_waits_next(&all->waits, now, &i)) {
        all->row[i].orbit.state = ORBIT_FREE;
        refresh(all, i);
    }
}

static void occupy(struct orbits *all, uint32_t i, call_id call)
{
    struct entry *e = &all->row[i];

    orbit_waits_end(&all->waits, i);
    e->orbit.state = ORBIT_BUSY;
    e->orbit.call = call;
    e->taken = ++all->taken;
    refresh(all, i);
}

void orbits_give_back(struct orbits *all, number_key number, msec cool_down, bool keep, msec now)
{
    uint32_t i = find(all, number);
    struct entry *e;

    assert(i != NONE && all->row[i].orbit.state == ORBIT_BUSY);
    e = &all->row[i];
    e->orbit.freed = now;
    e->orbit.ready = now + cool_down;
    e->orbit.state = e->gone ? ORBIT_NONE : keep ? ORBIT_KEPT : ORBIT_COOLING;
    if (!e->gone)
        orbit_waits_start(&all->waits, i, e->orbit.ready);
    refresh(all, i);
    orbits_settle(all, now); /* a cool-down of nothing is over already */
}

void orbits_close(struct orbits *all, number_key first, number_key last, bool closed)
{
    uint32_t i, end;

    interval(all, first, last, &i, &end);
    for (; i < end; i++)
        if (all->row[i].held != closed) {
            all->row[i].held = closed;
            refresh(all, i);
        }
}

/* --- giving one --- */

/* splitmix64 (Steele, Lea, Flood 2014): small, and good enough that nobody sees a pattern. Numbers
 * of orbits are no secrets. */
static uint64_t next_random(struct orbits *all)
{
    uint64_t z = all->random += 0x9E3779B97F4A7C15;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

/* Below `n`, each equally likely: what is left over of 2^64 divided by n is thrown again. */
static uint32_t random_below(struct orbits *all, uint32_t n)
{
    uint64_t left_over = (0 - (uint64_t)n) % n, random;

    do
        random = next_random(all);
    while (random < left_over);
    return (uint32_t)(random % n);
}

static uint32_t first_free(const struct orbits *all, uint32_t low, uint32_t high)
{
    uint32_t before = orbit_tree_before(&all->tree, COUNT_FREE, low);
    uint32_t i = orbit_tree_nth(&all->tree, COUNT_FREE, before);

    return i < high ? i : NONE;
}

static uint32_t any_free(struct orbits *all, uint32_t low, uint32_t high)
{
    uint32_t before = orbit_tree_before(&all->tree, COUNT_FREE, low);
    uint32_t count = orbit_tree_before(&all->tree, COUNT_FREE, high) - before;

    return count ? orbit_tree_nth(&all->tree, COUNT_FREE, before + random_below(all, count)) : NONE;
}

/* Behind the one of this interval that was taken last, whatever was taken elsewhere meanwhile. */
static uint32_t next_free(const struct orbits *all, uint32_t low, uint32_t high)
{
    uint32_t last = orbit_tree_least(&all->tree, LEAST_SINCE_TAKEN, low, high);
    uint32_t i = last == NONE ? NONE : first_free(all, last + 1, high);

    return i == NONE ? first_free(all, low, high) : i;
}

static uint32_t choose(struct orbits *all, enum allocation how, uint32_t low, uint32_t high)
{
    switch (how) {
    case ALLOC_LRU:
        return orbit_tree_least(&all->tree, LEAST_FREED, low, high);
    case ALLOC_RANDOM:
        return any_free(all, low, high);
    case ALLOC_SEQUENTIAL:
        return next_free(all, low, high);
    case ALLOC_LOWEST:
        return first_free(all, low, high);
    }
    assert(false); /* there is no other order */
    return NONE;
}

/* A late Replaces may find its orbit taken; a caller turned away now is worse. */
static uint32_t choose_even_kept(struct orbits *all, enum allocation how, number_key first,
                                 number_key last, msec now)
{
    uint32_t low, high, i;

    orbits_settle(all, now);
    interval(all, first, last, &low, &high);
    i = choose(all, how, low, high);
    return i == NONE ? orbit_tree_least(&all->tree, LEAST_KEPT, low, high) : i;
}

number_key orbits_next(struct orbits *all, enum allocation how, number_key first, number_key last,
                       msec now)
{
    uint32_t i = how == ALLOC_RANDOM ? NONE : choose_even_kept(all, how, first, last, now);

    return i == NONE ? 0 : all->row[i].orbit.number;
}

number_key orbits_take(struct orbits *all, enum allocation how, number_key first, number_key last,
                       call_id call, msec now)
{
    uint32_t i;

    assert(call);
    i = choose_even_kept(all, how, first, last, now);
    if (i == NONE)
        return 0;
    occupy(all, i, call);
    return all->row[i].orbit.number;
}

bool orbits_take_this(struct orbits *all, number_key number, call_id call, bool even_cooling,
                      msec now)
{
    uint32_t i = find(all, number);
    const struct orbit *o;

    assert(call);
    orbits_settle(all, now);
    if (i == NONE)
        return false;
    o = &all->row[i].orbit;
    if (o->state == ORBIT_NONE || o->state == ORBIT_BUSY)
        return false;
    if (!even_cooling && (o->state != ORBIT_FREE || o->closed))
        return false;
    occupy(all, i, call);
    return true;
}

/* --- asking --- */

static struct orbit look(const struct orbits *all, uint32_t i, msec now)
{
    struct orbit o = { 0 };

    if (i == NONE || all->row[i].orbit.state == ORBIT_NONE)
        return o;
    o = all->row[i].orbit;
    if ((o.state == ORBIT_COOLING || o.state == ORBIT_KEPT) && o.ready <= now)
        o.state = ORBIT_FREE;
    return o;
}

struct orbit orbits_look(const struct orbits *all, number_key number, msec now)
{
    return look(all, find(all, number), now);
}

struct orbit orbits_nth(const struct orbits *all, uint32_t n, msec now)
{
    return look(all, orbit_tree_nth(&all->tree, COUNT_THERE, n), now);
}

static uint32_t count_kind(const struct orbits *all, enum tree_count kind, uint32_t low,
                           uint32_t high)
{
    return orbit_tree_before(&all->tree, kind, high) - orbit_tree_before(&all->tree, kind, low);
}

/* Those of the interval that have cooled down by `now` but were not settled. They are the top of
 * the heap, so nothing else is visited; the recursion is as deep as the heap, 16. */
static uint32_t count_cooled(const struct orbits *all, uint32_t at, uint32_t low, uint32_t high,
                             msec now)
{
    const struct orbit_wait *w;
    const struct orbit *o;
    uint32_t own;

    if (at >= all->waits.count || all->waits.heap[at].ready > now)
        return 0;
    w = &all->waits.heap[at];
    o = &all->row[w->index].orbit;
    own = w->index >= low && w->index < high && o->state == ORBIT_COOLING && !o->closed;
    return own + count_cooled(all, 2 * at + 1, low, high, now) +
           count_cooled(all, 2 * at + 2, low, high, now);
}

struct orbits_count orbits_count(const struct orbits *all, number_key first, number_key last,
                                 msec now)
{
    uint32_t low, high;

    interval(all, first, last, &low, &high);
    return (struct orbits_count){
        .busy = count_kind(all, COUNT_BUSY, low, high),
        .free = count_kind(all, COUNT_FREE, low, high) + count_kind(all, COUNT_KEPT, low, high) +
                count_cooled(all, 0, low, high, now),
        .total = count_kind(all, COUNT_THERE, low, high),
    };
}

/* --- rebuilding --- */

/* A merge of the row as it is with the ranges as they are now; both are sorted. */
struct merge {
    struct orbits *all;
    uint32_t old;       /* the next of the present row */
    uint32_t count;     /* how many are in the new one */
    uint32_t busy_left; /* BUSY ones of the present row that are still to come */
};

static void add(struct merge *m, const struct entry *e)
{
    if (e->orbit.state == ORBIT_BUSY)
        m->busy_left--;
    else if (m->count + m->busy_left >= ORBITS_MAX)
        return; /* Whoever waits in an orbit keeps it; new orbits come in with the next rebuild. */
    m->all->spare[m->count++] = *e;
}

/* Present orbits in front of `number` are not in any range now. */
static void leave_behind(struct merge *m, number_key number)
{
    for (; m->old < m->all->count; m->old++) {
        struct entry e = m->all->row[m->old];

        if (e.orbit.number >= number)
            return;
        e.gone = true;
        e.drains = e.held = false;
        if (e.orbit.state == ORBIT_BUSY)
            add(m, &e);
    }
}

static void add_number(struct merge *m, const struct range *r, number_key number)
{
    struct entry e = { .orbit = { .number = number, .state = ORBIT_FREE } };

    leave_behind(m, number);
    if (m->old < m->all->count && m->all->row[m->old].orbit.number == number)
        e = m->all->row[m->old++];
    if (e.orbit.state == ORBIT_NONE)
        e.orbit.state = ORBIT_FREE;
    e.gone = e.held = false;
    e.drains = r->state == RANGE_DRAINING;
    e.orbit.range = r->id;
    add(m, &e);
}

static void make_runs(struct orbits *all)
{
    all->run_count = 0;
    for (uint32_t i = 0; i < all->count; i++)
        if (i == 0 || all->row[i].orbit.number != all->row[i - 1].orbit.number + 1)
            all->runs[all->run_count++] = (struct run){ all->row[i].orbit.number, i };
}

static void make_waits_and_tree(struct orbits *all)
{
    orbit_waits_clear(&all->waits);
    orbit_tree_clear(&all->tree, all->count);
    for (uint32_t i = 0; i < all->count; i++) {
        struct entry *e = &all->row[i];

        e->orbit.closed = e->held || e->drains || e->gone;
        if (e->orbit.state == ORBIT_COOLING || e->orbit.state == ORBIT_KEPT)
            orbit_waits_start(&all->waits, i, e->orbit.ready);
        *orbit_tree_leaf(&all->tree, i) = leaf_of(e);
    }
    orbit_tree_build(&all->tree);
}

void orbits_rebuild(struct orbits *all, const struct ranges *ranges, const char *destination)
{
    struct merge m = { .all = all, .busy_left = count_kind(all, COUNT_BUSY, 0, all->count) };
    struct entry *before = all->row;

    for (size_t i = 0; i < ranges->count; i++) {
        const struct range *r = &ranges->at[i];

        if (r->type != RANGE_CALL_PARK || !text_is_nocase(r->destination, destination))
            continue;
        for (number_key number = r->first; number <= r->last; number++)
            add_number(&m, r, number);
    }
    leave_behind(&m, UINT64_MAX);
    all->row = all->spare;
    all->spare = before;
    all->count = m.count;
    make_runs(all);
    make_waits_and_tree(all);
}

/* --- checking --- */

static void check_entry(const struct orbits *all, uint32_t i)
{
    const struct entry *e = &all->row[i];
    struct tree_node leaf = leaf_of(e);
    bool waits = e->orbit.state == ORBIT_COOLING || e->orbit.state == ORBIT_KEPT;

    assert(i == 0 || all->row[i - 1].orbit.number < e->orbit.number);
    assert(find(all, e->orbit.number) == i);
    assert(e->orbit.closed == (e->held || e->drains || e->gone));
    assert(!e->gone || e->orbit.state == ORBIT_BUSY || e->orbit.state == ORBIT_NONE);
    assert(e->gone || e->orbit.state != ORBIT_NONE);
    assert(e->orbit.state != ORBIT_BUSY || e->orbit.call);
    assert(waits == (all->waits.place[i] != 0));
    assert(!waits || orbit_waits_has(&all->waits, i, e->orbit.ready));
    assert(memcmp(&leaf, &all->tree.node[all->tree.leaves + i], sizeof leaf) == 0);
}

void orbits_check(const struct orbits *all)
{
    assert(all->count <= ORBITS_MAX && all->waits.count <= all->count);
    for (uint32_t i = 0; i < all->count; i++)
        check_entry(all, i);
    orbit_waits_check(&all->waits);
    orbit_tree_check(&all->tree);
}

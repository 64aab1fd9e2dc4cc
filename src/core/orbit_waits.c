/* The heap: the children of place i are 2i + 1 and 2i + 2. */
#include "core/orbit_waits.h"

#include <assert.h>
#include <string.h>

static bool sooner(const struct orbit_wait *a, const struct orbit_wait *b)
{
    return a->ready != b->ready ? a->ready < b->ready : a->index < b->index;
}

static void put(struct orbit_waits *w, uint32_t at, struct orbit_wait one)
{
    w->heap[at] = one;
    w->place[one.index] = at + 1;
}

static void move_up(struct orbit_waits *w, uint32_t at, struct orbit_wait one)
{
    for (; at > 0 && sooner(&one, &w->heap[(at - 1) / 2]); at = (at - 1) / 2)
        put(w, at, w->heap[(at - 1) / 2]);
    put(w, at, one);
}

static void move_down(struct orbit_waits *w, uint32_t at, struct orbit_wait one)
{
    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child + 1 < w->count && sooner(&w->heap[child + 1], &w->heap[child]))
            child++;
        if (child >= w->count || !sooner(&w->heap[child], &one))
            break;
        put(w, at, w->heap[child]);
        at = child;
    }
    put(w, at, one);
}

void orbit_waits_clear(struct orbit_waits *w)
{
    for (uint32_t i = 0; i < w->count; i++)
        w->place[w->heap[i].index] = 0;
    w->count = 0;
}

void orbit_waits_start(struct orbit_waits *w, uint32_t index, msec ready)
{
    assert(index < ORBIT_WAITS_MAX && !w->place[index]);
    move_up(w, w->count++, (struct orbit_wait){ ready, index });
}

void orbit_waits_end(struct orbit_waits *w, uint32_t index)
{
    uint32_t at = w->place[index];
    struct orbit_wait last;

    if (at-- == 0)
        return;
    w->place[index] = 0;
    last = w->heap[--w->count];
    if (at == w->count)
        return;
    if (at > 0 && sooner(&last, &w->heap[(at - 1) / 2]))
        move_up(w, at, last);
    else
        move_down(w, at, last);
}

bool orbit_waits_has(const struct orbit_waits *w, uint32_t index, msec ready)
{
    uint32_t at = w->place[index];

    return at-- > 0 && at < w->count && w->heap[at].index == index && w->heap[at].ready == ready;
}

bool orbit_waits_next(struct orbit_waits *w, msec now, uint32_t *index)
{
    if (w->count == 0 || w->heap[0].ready > now)
        return false;
    *index = w->heap[0].index;
    orbit_waits_end(w, *index);
    return true;
}

void orbit_waits_check(const struct orbit_waits *w)
{
    assert(w->count <= ORBIT_WAITS_MAX);
    for (uint32_t i = 0; i < w->count; i++) {
        assert(i == 0 || !sooner(&w->heap[i], &w->heap[(i - 1) / 2]));
        assert(w->place[w->heap[i].index] == i + 1);
    }
}

/* The wheel. Adding, removing and taking cost the same for one stream as for ten thousand. */
#include "media/pacer.h"

#include <assert.h>
#include <stddef.h>

static struct pacer_node *bucket_of(struct pacer *p, uint64_t tick)
{
    return &p->bucket[tick % PACER_BUCKETS];
}

void pacer_init(struct pacer *p, uint64_t now_ns)
{
    *p = (struct pacer){ .started_ns = now_ns };
    for (size_t i = 0; i < PACER_BUCKETS; i++)
        p->bucket[i].next = p->bucket[i].previous = &p->bucket[i];
}

uint64_t pacer_tick(const struct pacer *p, uint64_t now_ns)
{
    return now_ns < p->started_ns ? 0 : (now_ns - p->started_ns) / PACER_TICK_NS;
}

uint64_t pacer_time(const struct pacer *p, uint64_t tick)
{
    return p->started_ns + tick * PACER_TICK_NS;
}

void pacer_add(struct pacer *p, struct pacer_node *node, uint64_t due)
{
    struct pacer_node *head = bucket_of(p, due);

    assert(due >= p->next && due - p->next < PACER_BUCKETS);
    node->due = due;
    node->next = head;
    node->previous = head->previous;
    head->previous->next = node;
    head->previous = node;
    p->count[due % PACER_BUCKETS]++;
    p->waiting++;
}

void pacer_remove(struct pacer *p, struct pacer_node *node)
{
    node->next->previous = node->previous;
    node->previous->next = node->next;
    p->count[node->due % PACER_BUCKETS]--;
    p->waiting--;
}

/* All of a bucket, as a list. */
static struct pacer_node *empty_bucket(struct pacer *p, uint64_t tick)
{
    struct pacer_node *head = bucket_of(p, tick);
    struct pacer_node *first = head->next;

    if (first == head)
        return NULL;
    head->previous->next = NULL;
    head->next = head->previous = head;
    p->waiting -= p->count[tick % PACER_BUCKETS];
    p->count[tick % PACER_BUCKETS] = 0;
    return first;
}

bool pacer_take(struct pacer *p, uint64_t now_ns, uint64_t *tick, struct pacer_node **due)
{
    if (p->next > pacer_tick(p, now_ns))
        return false;
    *tick = p->next++;
    *due = empty_bucket(p, *tick);
    return true;
}

/* Put together first and added again afterwards, because a node may go into a bucket that is still
 * to be emptied. */
static struct pacer_node *gather(struct pacer *p, uint64_t from, uint64_t to)
{
    struct pacer_node *all = NULL;
    uint64_t end = to - from > PACER_BUCKETS ? from + PACER_BUCKETS : to;

    for (uint64_t tick = from; tick < end; tick++) {
        struct pacer_node *node = empty_bucket(p, tick), *next;

        for (; node; node = next) {
            next = node->next;
            node->next = all;
            all = node;
        }
    }
    return all;
}

uint64_t pacer_skip(struct pacer *p, uint64_t now_ns,
                    uint64_t (*interval)(const struct pacer_node *node))
{
    uint64_t now = pacer_tick(p, now_ns);
    uint64_t left_out = 0;
    struct pacer_node *node, *next;

    if (now < p->next + PACER_STALL_MAX)
        return 0;
    node = gather(p, p->next, now);
    p->next = now;
    for (; node; node = next) {
        uint64_t step = interval(node);
        uint64_t missed = (now - node->due + step - 1) / step;

        next = node->next;
        left_out += missed;
        pacer_add(p, node, node->due + missed * step);
    }
    return left_out;
}

uint64_t pacer_emptiest(const struct pacer *p)
{
    uint64_t best = p->next;

    for (uint64_t tick = p->next; tick < p->next + PACER_SPREAD; tick++)
        if (p->count[tick % PACER_BUCKETS] < p->count[best % PACER_BUCKETS])
            best = tick;
    return best;
}

uint64_t pacer_next(const struct pacer *p)
{
    for (uint64_t tick = p->next; p->waiting && tick < p->next + PACER_BUCKETS; tick++)
        if (p->count[tick % PACER_BUCKETS])
            return tick;
    return UINT64_MAX;
}

/* The segment tree below orbits.c: node i has the children 2i and 2i + 1. */
#include "core/orbit_tree.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

void orbit_tree_empty(struct tree_node *leaf)
{
    *leaf = (struct tree_node){ .least = { UINT64_MAX, UINT64_MAX, UINT64_MAX } };
}

/* What holds for both children of node `i`, which lie side by side. */
static struct tree_node sum(const struct orbit_tree *t, uint32_t i)
{
    const struct tree_node *a = &t->node[(size_t)2 * i], *b = a + 1;
    struct tree_node s;

    for (unsigned k = 0; k < TREE_LEASTS; k++)
        s.least[k] = a->least[k] < b->least[k] ? a->least[k] : b->least[k];
    for (unsigned k = 0; k < TREE_COUNTS; k++)
        s.count[k] = (uint16_t)(a->count[k] + b->count[k]);
    return s;
}

void orbit_tree_clear(struct orbit_tree *t, uint32_t count)
{
    assert(count < ORBIT_TREE_LEAVES); /* else a count could reach 65536 */
    for (t->leaves = 1; t->leaves < count;)
        t->leaves *= 2;
    for (uint32_t i = 1; i < 2 * t->leaves; i++)
        orbit_tree_empty(&t->node[i]);
}

struct tree_node *orbit_tree_leaf(struct orbit_tree *t, uint32_t i)
{
    assert(i < t->leaves);
    return &t->node[t->leaves + i];
}

void orbit_tree_build(struct orbit_tree *t)
{
    for (uint32_t i = t->leaves - 1; i > 0; i--)
        t->node[i] = sum(t, i);
}

void orbit_tree_set(struct orbit_tree *t, uint32_t i, const struct tree_node *leaf)
{
    *orbit_tree_leaf(t, i) = *leaf;
    for (i = (t->leaves + i) / 2; i > 0; i /= 2)
        t->node[i] = sum(t, i);
}

uint32_t orbit_tree_before(const struct orbit_tree *t, enum tree_count kind, uint32_t i)
{
    uint32_t count = 0;

    if (i >= t->leaves)
        return t->node[1].count[kind];
    for (i += t->leaves; i > 1; i /= 2)
        if (i & 1)
            count += t->node[i - 1].count[kind];
    return count;
}

uint32_t orbit_tree_nth(const struct orbit_tree *t, enum tree_count kind, uint32_t n)
{
    uint32_t i = 1;

    if (n >= t->node[1].count[kind])
        return ORBIT_TREE_NONE;
    while (i < t->leaves) {
        i *= 2;
        if (n >= t->node[i].count[kind])
            n -= t->node[i++].count[kind];
    }
    return i - t->leaves;
}

/* The interval is cut in whole subtrees, at most two on each level: those at its left edge come in
 * order from left to right, those at its right edge from right to left. Of equal values the first
 * leaf wins, so the left ones must be less to replace another, and the right ones only not greater.
 */
uint32_t orbit_tree_least(const struct orbit_tree *t, enum tree_least which, uint32_t first,
                          uint32_t end)
{
    uint64_t left = UINT64_MAX, right = UINT64_MAX, least;
    uint32_t left_node = 0, right_node = 0, i;
    uint32_t low = t->leaves + first, high = t->leaves + end;

    assert(end <= t->leaves);
    for (; low < high; low /= 2, high /= 2) {
        if (low & 1 && t->node[low].least[which] < left)
            left = t->node[left_node = low].least[which];
        low += low & 1;
        if (high & 1 && t->node[high - 1].least[which] <= right)
            right = t->node[right_node = high - 1].least[which];
        high -= high & 1;
    }
    least = left <= right ? left : right;
    if (least == UINT64_MAX)
        return ORBIT_TREE_NONE;
    for (i = left <= right ? left_node : right_node; i < t->leaves;) {
        i *= 2;
        i += t->node[i].least[which] != least;
    }
    return i - t->leaves;
}

void orbit_tree_check(const struct orbit_tree *t)
{
    for (uint32_t i = t->leaves - 1; i > 0; i--) {
        struct tree_node s = sum(t, i);

        assert(memcmp(&s, &t->node[i], sizeof s) == 0);
    }
}

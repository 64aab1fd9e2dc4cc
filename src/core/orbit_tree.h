/* Answers over a row of orbits in O(log n): how many of a kind are in front of a place, which is
 * the n-th of a kind, which has the least of a value between two places. A segment tree; it knows
 * neither numbers nor calls, see orbits.c. Pure; lives in zeroed memory. */
#ifndef CALLPARK_CORE_ORBIT_TREE_H
#define CALLPARK_CORE_ORBIT_TREE_H

#include <stdint.h>

#define ORBIT_TREE_LEAVES 65536 /* a power of two */
#define ORBIT_TREE_NONE UINT32_MAX

enum tree_count { COUNT_FREE, COUNT_KEPT, COUNT_BUSY, COUNT_THERE, TREE_COUNTS };
enum tree_least { LEAST_FREED, LEAST_KEPT, LEAST_SINCE_TAKEN, TREE_LEASTS };

/* What holds for all leaves below; UINT64_MAX: none of them has that value. Half a cache line, and
 * the two children of a node lie side by side: a step down costs one line. That is what keeps the
 * counts at 16 bits, and the leaves in use below 65536. */
struct tree_node {
    uint64_t least[TREE_LEASTS];
    uint16_t count[TREE_COUNTS];
};

struct orbit_tree {
    uint32_t leaves; /* a power of two; node[leaves + i] is leaf i, node[1] the root */
    struct tree_node node[2 * ORBIT_TREE_LEAVES];
};

/* A leaf that counts as nothing. */
void orbit_tree_empty(struct tree_node *leaf);

/* Begin anew with room for `count` leaves, all empty; put them with orbit_tree_leaf(), then make
 * what is above them with orbit_tree_build(). */
void orbit_tree_clear(struct orbit_tree *t, uint32_t count);
struct tree_node *orbit_tree_leaf(struct orbit_tree *t, uint32_t i);
void orbit_tree_build(struct orbit_tree *t);

/* Change one leaf and what is above it. */
void orbit_tree_set(struct orbit_tree *t, uint32_t i, const struct tree_node *leaf);

/* How many of this kind are in front of leaf `i`. */
uint32_t orbit_tree_before(const struct orbit_tree *t, enum tree_count kind, uint32_t i);

/* The n-th of this kind, from 0; ORBIT_TREE_NONE when there are not so many. */
uint32_t orbit_tree_nth(const struct orbit_tree *t, enum tree_count kind, uint32_t n);

/* The leaf with the least value from `first` to behind `end`; of equal ones the first. */
uint32_t orbit_tree_least(const struct orbit_tree *t, enum tree_least which, uint32_t first,
                          uint32_t end);

/* Asserts that every node says what its children say. */
void orbit_tree_check(const struct orbit_tree *t);

#endif

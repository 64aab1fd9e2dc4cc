/* The delay that grows with failed sign-ins, per account and per address. Nothing is ever locked
 * for good; a success clears the account. Bounded: when the table is full, who failed least often
 * is forgotten, of these the one that is longest ago. Pure. */
#ifndef CALLPARK_CORE_THROTTLE_H
#define CALLPARK_CORE_THROTTLE_H

#include <stddef.h>

#include "base/types.h"

#define THROTTLE_MAX 4096
#define THROTTLE_KEY_SIZE 80

struct throttle_entry {
    char key[THROTTLE_KEY_SIZE]; /* "user:anna", "from:192.0.2.7" */
    uint32_t failures;
    msec last;
};

struct throttle {
    struct throttle_entry at[THROTTLE_MAX];
    size_t count;
};

/* How long until `key` may try again; 0: now. The first three failures cost nothing, the fourth and
 * further ones 1, 2, 4 ... seconds up to 10 minutes. An hour without a failure forgets all. */
msec throttle_wait(const struct throttle *t, const char *key, msec now);
void throttle_failed(struct throttle *t, const char *key, msec now);
void throttle_clear(struct throttle *t, const char *key);

#endif

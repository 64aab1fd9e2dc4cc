/* "Did you mean ...?": the known word nearest to one that was typed wrongly. Pure. */
#ifndef CALLPARK_BASE_NEAREST_H
#define CALLPARK_BASE_NEAREST_H

#include <stddef.h>

/* How many letters must be put in, taken out or changed to get from one to the other, without
 * regard to ASCII case. Only the first 63 characters count. */
unsigned nearest_distance(const char *a, const char *b);

/* The one of `count` words that is nearest to `typed`, or NULL when none is near enough to be
 * meant. */
const char *nearest_word(const char *typed, const char *const *words, size_t count);

#endif

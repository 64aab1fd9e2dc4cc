/* What is left of a secret in this process's memory once everybody says to be done with it. */
#ifndef CALLPARK_TEST_LEFTOVER_H
#define CALLPARK_TEST_LEFTOVER_H

#include <stddef.h>

#define LEFTOVER_MASK 0x5A

/* How often these bytes stand anywhere in memory that can be written. They are given with each
 * XORed with LEFTOVER_MASK, so that they do not stand there by being looked for. */
unsigned leftover_count(const unsigned char *masked, size_t size);

#endif

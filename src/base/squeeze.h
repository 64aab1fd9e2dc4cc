/* A struct that is mostly zeros in little memory: our structs have room for the longest text, and
 * most texts are short. Each word of eight bytes becomes a byte that says which of its bytes are
 * there, and these bytes; behind a word of zeros stands how many more follow, behind a full word
 * how many more are copied as they are. What comes out again is the same bit for bit. Pure. */
#ifndef CALLPARK_BASE_SQUEEZE_H
#define CALLPARK_BASE_SQUEEZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SQUEEZE_WORD 8u
/* The most that `size` bytes can become. A size is a multiple of SQUEEZE_WORD, as that of a struct
 * with a 64-bit number in it is. */
#define SQUEEZE_MOST(size) ((size) / SQUEEZE_WORD * (SQUEEZE_WORD + 2))

/* `to` has SQUEEZE_MOST(size) bytes. Returns how many are used. */
size_t squeeze(uint8_t *to, const void *from, size_t size);

/* False: that is not what squeeze() makes of something of this size; `to` is then anything. */
bool unsqueeze(void *to, size_t size, const uint8_t *from, size_t length);

#endif

/* Rights that a process gives up for good: the only file that knows libseccomp. What is here holds
 * for the process that calls it and for all it starts. */
#ifndef CALLPARK_SYS_CONFINE_H
#define CALLPARK_SYS_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Bounds of a process that reads a file of somebody else's: `memory` bytes of address space (not
 * under AddressSanitizer, whose own is larger), `seconds` of processor, no file, no core. */
bool confine_bounds(size_t memory, unsigned seconds);

/* Nothing but computing, memory that is not executable, and writing to descriptor 1. There is no
 * file to open (ENOENT); any other system call ends the process. */
bool confine_to_computing(void);

/* A foreign program about to be started: no network, nobody else's process, no more rights. */
bool confine_foreign(void);

#endif

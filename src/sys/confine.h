/* Rights that a process gives up for good: the only module that knows libseccomp. What is here
 * holds for the process that calls it and for all it starts. */
#ifndef CALLPARK_SYS_CONFINE_H
#define CALLPARK_SYS_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Sanitizers map far more memory than any bound, and LeakSanitizer attaches to its own process. */
#if defined(__has_feature)
#define CONFINE_FEATURE(x) __has_feature(x)
#else
#define CONFINE_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    CONFINE_FEATURE(address_sanitizer) || CONFINE_FEATURE(thread_sanitizer)
#define CONFINE_SANITIZED true
#else
#define CONFINE_SANITIZED false
#endif

/* ---- the server ---- */

/* At the very start, before there are threads: no capabilities but those for low ports and for the
 * priority of media threads, should it have them; never more rights again; unless `debug` no core
 * files, and nothing in /proc for others of this user. */
int confine_rights(bool debug, struct err *err);

/* Variables that begin so are kept, but not where /proc/PID/environ would show them. */
void confine_environment(const char *prefix);

/* Once all has started, for all threads: the system calls that the server uses and no others. What
 * is not among them is refused with EPERM, but starting a program ends the process. */
int confine_calls(struct err *err);

/* ---- processes that handle what others made ---- */

/* Bounds of a process that reads a file of somebody else's: `memory` bytes of address space (not
 * under AddressSanitizer, whose own is larger), `seconds` of processor, no file, no core. */
bool confine_bounds(size_t memory, unsigned seconds);

/* Nothing but computing, memory that is not executable, and writing to descriptor 1. There is no
 * file to open (ENOENT); any other system call ends the process. */
bool confine_to_computing(void);

/* A foreign program about to be started: no network, nobody else's process, no more rights. */
bool confine_foreign(void);

#endif

/* The one place that asks what time it is. */
#ifndef CALLPARK_SYS_CLOCK_H
#define CALLPARK_SYS_CLOCK_H

#include <stdbool.h>

#include "base/types.h"

msec clock_now(void);         /* never jumps; for deadlines */
uint64_t clock_now_ns(void);  /* the same clock in nanoseconds; for pacing media */
uint64_t clock_used_ns(void); /* processor time that the calling thread has used so far */
wall_msec clock_wall(void);   /* for people; may jump */

/* Which start of the system clock_now() counts from: it goes on over a restart of ours, but not
 * over one of the system. "" where nobody knows. */
void clock_boot(char to[40]);

/* By how much the wall clock is before the steady one. Kept beside a moment of the wall clock, it
 * tells later, within the same boot, by how much that was set meanwhile. */
uint64_t clock_offset(void);

/* RFC 3339 in UTC with milliseconds, "2026-11-23T14:03:05.123Z"; `to` of at least 25 bytes. */
void clock_rfc3339(char to[32], wall_msec when);

/* The reverse; false if the text is no such time. Fractions and offsets are understood. */
bool clock_rfc3339_read(const char *text, wall_msec *when);

#endif

/* The few words that every layer shares. */
#ifndef CALLPARK_BASE_TYPES_H
#define CALLPARK_BASE_TYPES_H

#include <stdint.h>

/* A moment or a length of time in milliseconds. Moments inside the process count from an arbitrary
 * start and never jump (CLOCK_MONOTONIC); `wall_msec` counts from 1970 and may. */
typedef uint64_t msec;
typedef uint64_t wall_msec;

/* One SIP dialog between us and one party, and the media stream that belongs to it. Legs that
 * others start get odd numbers from the SIP edge, legs that we start get even ones from the core.
 * Never used twice within a deployment's store. 0 is no leg. */
typedef uint64_t leg_id;

/* One parked call. Its number outlives the call: records and events name it. 0 is no call. */
typedef uint64_t call_id;

/* One number range; survives renaming. 0 is no range. */
typedef uint64_t range_id;

#define NEVER UINT64_MAX

#endif

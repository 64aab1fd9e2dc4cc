/* Every bound of the core in one place. Being full is an answer with a name, never a crash. */
#ifndef CALLPARK_CORE_LIMITS_H
#define CALLPARK_CORE_LIMITS_H

#define NUMBER_SIZE 10  /* 9 characters and the NUL */
#define NAME_SIZE 257   /* 64 characters, which may be 4 bytes each in UTF-8 */
#define FQDN_SIZE 256   /* RFC 1035 3.1 */
#define URI_SIZE 256    /* a longer URI of a party is refused with 414 */
#define DISPLAY_SIZE 96 /* a longer display name is cut */
#define NOTE_SIZE 256
#define WHY_SIZE 200  /* a reason in words */
#define LIST_SIZE 512 /* a setting that is a list */
#define MUSIC_SIZE 65 /* SHA-256 of a file of music, in hex digits */

#define RANGES_MAX 5000               /* in the deployment */
#define RANGE_NUMBERS_MAX 10000       /* in one range */
#define RANGE_NUMBERS_HINT 100        /* more is allowed, with a hint */
#define DESTINATION_NUMBERS_MAX 49999 /* "fewer than 50,000" over the ranges of one destination */
#define DESTINATIONS_MAX 256
#define SITES_MAX 256

#define CALLS_MAX 65536 /* parked, ringing or connected on this node; a power of two */
#define CALLS_AWAKE 64  /* of these, that a look-up finds without unpacking; less than 255 */
#define LEGS_MAX (CALLS_MAX * 2)
#define ENDED_LEGS_MAX 4096 /* consultation legs remembered for a late Replaces */
#define FETCHES_MAX 256     /* callers who are to be called once their orbit is written */
#define ANNOUNCES_MAX 256   /* parkers who are called to be told a number */
#define PINS_MAX 256        /* people who are asked for a PIN at once */
#define PINS_PER_CALL 4u    /* ... for one call */
#define PIN_SIZE 9          /* 8 digits and the NUL */
#define ACTIONS_MAX 16      /* that one step may return */

#endif

/* What the audit trail keeps of one act: who did what to which thing, and how it was before and
 * after. Each entry carries the hash of the one before it, so that a changed or removed one shows
 * (store/chain.h computes it). Data only. */
#ifndef CALLPARK_CORE_AUDIT_H
#define CALLPARK_CORE_AUDIT_H

#include "base/types.h"
#include "core/access.h"
#include "core/limits.h"

#define AUDIT_HASH_SIZE 32 /* SHA-256 */

typedef uint64_t audit_id; /* 1, 2, 3 ... without a gap; 0: none */

struct audit_entry {
    audit_id id; /* with `prev` and `hash`: given by the store when it is written */
    wall_msec at;
    char actor[DISPLAY_SIZE]; /* "anna", "user 0 on the admin socket" */
    char source[SOURCE_SIZE]; /* the address it came from; "": ourselves */
    char request[24];         /* id of the request */
    char action[32];          /* "range.updated" */
    char subject[NAME_SIZE];  /* the thing's name */
    char subject_id[64];      /* and its id in the API */
    char before[3072];        /* compact JSON with sorted keys; "": there was none */
    char after[3072];
    unsigned char prev[AUDIT_HASH_SIZE]; /* `hash` of the entry before; zeros for the first */
    unsigned char hash[AUDIT_HASH_SIZE];
};

#endif

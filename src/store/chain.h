/* The chain of the audit trail. Only for src/store/. */
#ifndef CALLPARK_STORE_CHAIN_H
#define CALLPARK_STORE_CHAIN_H

#include "core/audit.h"

/* What an entry's hash has to be: SHA-256 over these, with a line feed between and none at the end:
 * `prev` (64 hex digits in lower case), id, at (milliseconds since 1970), actor, source, request,
 * action, subject, subject_id, before, after. docs/api.md says it to those who check it. */
void chain_hash(const struct audit_entry *e, unsigned char hash[AUDIT_HASH_SIZE]);

/* Make `e` the entry behind the one with this id and hash; for the first 0 and zeros. Control
 * characters become `?`, so that no two entries are the same text. */
void chain_link(struct audit_entry *e, audit_id last, const unsigned char hash[AUDIT_HASH_SIZE]);

#endif

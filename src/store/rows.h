/* Rows and their words: what the store's kinds have in common. Only for src/store/. */
#ifndef CALLPARK_STORE_ROWS_H
#define CALLPARK_STORE_ROWS_H

#include "store/kind.h"

/* The words of an enum as a file keeps them, in the enum's order. They stay what they are, whatever
 * the API calls the same thing one day. */
struct words {
    const char *const *word;
    unsigned count;
};

extern const struct words words_call_state, words_peer_role, words_outcome;
extern const struct words words_range_type, words_range_state, words_scope, words_role;

bool words_find(const struct words *w, const char *text, unsigned *value);

/* Rules as text, a line key=value for each, and back. Lines that are not understood are left at
 * their default and named in `unread` (may be NULL), so that the caller can say so. */
#define RULES_TEXT_SIZE 4096
void rules_write(char to[RULES_TEXT_SIZE], const struct rules *r);
void rules_read(struct rules *r, const char *text, char unread[64]);

/* Permissions as text: their names with commas between, or "*" for all, and back. Of a name that is
 * not known nothing is permitted. */
#define PERMISSIONS_TEXT_SIZE 1024
void permissions_write(char to[PERMISSIONS_TEXT_SIZE], permission_set permissions);
permission_set permissions_read(const char *text);

/* Name and number of a scope as two columns of text. */
void scope_write(char name[FQDN_SIZE + NAME_SIZE], const struct scope *scope);
bool scope_read(struct scope *scope, const char *kind, const char *name);

/* Is this a key that number_text() may be given? What a file holds is not to be trusted. */
bool rows_number_fine(number_key key);

/* The sentence for a number in two ranges. */
void rows_overlap_text(struct err *err, number_key number, const struct range *wanted,
                       const struct range *holder);

/* Raise `h` to the ids that this change writes. */
void highest_raise(struct store_highest *h, const struct change *c);

/* How long a file of music stays that nothing names. */
#define MUSIC_GRACE ((msec)24 * 60 * 60 * 1000)

/* Limits of one answer. */
#define ROWS_LIMIT 1000
size_t rows_limit(const struct store_query *q);

/* Of the audit trail `words` looks through so many of the newest: a promise may wait behind it. */
#define AUDIT_SEARCHED 100000

/* Room for one more row, zeroed; NULL when memory is short. */
struct call_record *rows_add_record(struct store_rows *rows);
struct call_step *rows_add_step(struct store_rows *rows);
struct audit_entry *rows_add_audit(struct store_rows *rows);

#endif

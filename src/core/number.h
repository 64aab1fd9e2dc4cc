/* One dialled number: `*` or `#` or nothing, a digit 1-9, then digits; 9 characters at most. Pure.
 */
#ifndef CALLPARK_CORE_NUMBER_H
#define CALLPARK_CORE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/limits.h"

/* Sorts as people count: no prefix first, then `*`, then `#`, each by value. 0 is no number.
 * Because numbers of one length sort by value and a range has one length, a range is an interval of
 * keys; lengths differ in value as there is no leading zero. */
typedef uint64_t number_key;

/* Read a whole text. 0 and an error that names the rule when it is no number of ours. */
number_key number_read(const char *text, struct err *err);

/* The text of a key; `to` of NUMBER_SIZE bytes. */
void number_text(char to[NUMBER_SIZE], number_key key);

char number_prefix(number_key key);     /* '*', '#' or '\0' */
uint32_t number_value(number_key key);  /* the digits as a number */
unsigned number_digits(number_key key); /* how many digits, prefix not counted */

#endif

/* Bounded strings: every buffer has a size, every result is ended with a NUL, and what does not fit
 * is cut or refused, never overrun. Only ASCII is changed in case; UTF-8 passes through untouched.
 */
#ifndef CALLPARK_BASE_TEXT_H
#define CALLPARK_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copy `from` into `to` of `size` bytes. True if all of it fitted; otherwise `to` holds what fits,
 * cut at the start of a UTF-8 sequence. `from` may be NULL, which counts as empty. */
bool text_copy(char *to, size_t size, const char *from);

/* The same for a piece that is not NUL-ended. */
bool text_copy_n(char *to, size_t size, const char *from, size_t length);

/* Print into `to`; true if all of it fitted. */
bool text_format(char *to, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Print behind what `to` already holds; true if all of it fitted. */
bool text_append(char *to, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool text_is(const char *a, const char *b);        /* equal; NULL equals the empty text */
bool text_is_nocase(const char *a, const char *b); /* equal without regard to ASCII case */
bool text_starts(const char *text, const char *prefix);
int text_compare_nocase(const char *a, const char *b);

/* Does `text` fit a pattern with `*` (any run) and `?` (any one character), without regard to ASCII
 * case? Takes time in proportion to the product of the lengths at worst, never more. */
bool text_matches(const char *text, const char *pattern);

/* The first character of `text` and how many bytes it takes; 0 when they are no valid UTF-8 (RFC
 * 3629: shortest form, no surrogates, at most U+10FFFF) or the text is at its end. */
size_t text_character(const char *text, uint32_t *character);

/* Is every byte part of valid UTF-8, and no character a control character (C0, DEL, C1)? What
 * people name and note must be: a CR LF in a name would end a line of SIP, of HTTP, or of a file.
 */
bool text_is_plain(const char *text);

/* What somebody typed, fit to be quoted in a sentence: cut at `size` with "..." behind it, and with
 * `?` for each byte that is no printable ASCII or UTF-8. Returns `to`; `size` is 8 at least. */
const char *text_shown(char *to, size_t size, const char *text);

/* `text` without the spaces and tabs around it; true if all of it fitted. */
bool text_trim(char *to, size_t size, const char *text);

/* A decimal number between `low` and `high`, whole text, nothing around it. False if it is not one.
 */
bool text_number(const char *text, uint64_t low, uint64_t high, uint64_t *number);

/* "90" (seconds), "90s", "1m30s", "2h", "7d", or "00:01:30" and "1.00:00:00" (as the original's
 * cmdlets write it), in milliseconds. At most 366 days. "off" is not a duration. */
bool text_duration(const char *text, uint64_t *milliseconds);

/* 64 bit as 13 characters of Crockford base 32, for ids that people read out ("0000000000ABC").
 * text_base32 needs 14 bytes; the reader takes either case. */
void text_base32(char to[14], uint64_t value);
bool text_base32_read(const char *text, uint64_t *value);

/* What a hexadecimal digit is worth, in either case; -1: it is none. */
int text_hex_digit(char c);

#endif

/* Bounded strings, and the small formats that people type: numbers, durations, ids. Not for
 * anything that belongs to one protocol. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* How many bytes the sequence has that starts with `lead`; 1 for what starts none. */
static size_t sequence_length(char lead)
{
    unsigned char c = (unsigned char)lead;

    return c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
}

/* The longest start of `text` of at most `length` bytes that does not end inside a UTF-8 sequence.
 */
static size_t whole_sequences(const char *text, size_t length)
{
    size_t start = length;

    while (start > 0 && length - start < 4 && continues(text[start - 1]))
        start--;
    if (start == 0)
        return length;
    start--;
    return start + sequence_length(text[start]) > length ? start : length;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_copy_n(char *to, size_t size, const char *from, size_t length)
{
    bool fits = length < size;

    if (size == 0)
        return false;
    if (!fits)
        length = whole_sequences(from, size - 1);
    if (length)
        memmove(to, from, length); /* a text may be cut down in its own place */
    to[length] = '\0';
    return fits;
}

bool text_copy(char *to, size_t size, const char *from)
{
    return text_copy_n(to, size, from, from ? strlen(from) : 0);
}

/* Print at `used`, where `to` is a NUL-ended text of that length. */
static bool print_at(char *to, size_t size, size_t used, const char *format, va_list arguments)
    __attribute__((format(printf, 4, 0)));

static bool print_at(char *to, size_t size, size_t used, const char *format, va_list arguments)
{
    int length = vsnprintf(to + used, size - used, format, arguments);

    if (length < 0) {
        to[used] = '\0';
        return false;
    }
    if ((size_t)length < size - used)
        return true;
    to[used + whole_sequences(to + used, size - used - 1)] = '\0';
    return false;
}

bool text_format(char *to, size_t size, const char *format, ...)
{
    va_list arguments;
    bool fits;

    if (size == 0)
        return false;
    va_start(arguments, format);
    fits = print_at(to, size, 0, format, arguments);
    va_end(arguments);
    return fits;
}

bool text_append(char *to, size_t size, const char *format, ...)
{
    va_list arguments;
    bool fits;

    if (size == 0)
        return false;
    va_start(arguments, format);
    fits = print_at(to, size, strnlen(to, size - 1), format, arguments);
    va_end(arguments);
    return fits;
}

bool text_is(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

int text_compare_nocase(const char *a, const char *b)
{
    a = a ? a : "";
    b = b ? b : "";
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return (unsigned char)lower(*a) - (unsigned char)lower(*b);
}

bool text_is_nocase(const char *a, const char *b)
{
    return text_compare_nocase(a, b) == 0;
}

bool text_starts(const char *text, const char *prefix)
{
    text = text ? text : "";
    prefix = prefix ? prefix : "";
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* A `?` stands for a character, not for a byte. */
static const char *next_character(const char *text)
{
    text++;
    while (continues(*text))
        text++;
    return text;
}

bool text_matches(const char *text, const char *pattern)
{
    const char *star = NULL, *retry = NULL;

    /* Only the last star is ever tried again: what an earlier one could take, the last can as well.
     * So there is no recursion and no pattern that takes exponential time. */
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            retry = text;
        } else if (*pattern == '?') {
            pattern++;
            text = next_character(text);
        } else if (*pattern && lower(*pattern) == lower(*text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = retry = next_character(retry);
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

size_t text_character(const char *text, uint32_t *character)
{
    static const uint32_t shortest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t length = sequence_length(*text);
    uint32_t value = (unsigned char)*text;

    if (value == 0 || (value >= 0x80 && length == 1) || value > 0xF4)
        return 0;
    if (length > 1)
        value &= 0x7FU >> length;
    for (size_t i = 1; i < length; i++) {
        if (!continues(text[i])) /* a NUL is none: nothing behind the end is read */
            return 0;
        value = value << 6 | ((unsigned char)text[i] & 0x3F);
    }
    if (value < shortest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *character = value;
    return length;
}

bool text_is_plain(const char *text)
{
    uint32_t c;

    while (*text) {
        size_t length = text_character(text, &c);

        if (length == 0 || c < 0x20 || (c >= 0x7F && c <= 0x9F))
            return false;
        text += length;
    }
    return true;
}

const char *text_shown(char *to, size_t size, const char *text)
{
    size_t used = 0, length;
    bool fits;
    uint32_t c;

    text = text ? text : "";
    fits = strlen(text) < size;
    for (; *text; text += length ? length : 1) {
        bool plain = (length = text_character(text, &c)) && c >= 0x20 && (c < 0x7F || c > 0x9F);

        if (!fits && used + 4 + 4 > size) { /* the longest character, and what says it was cut */
            memcpy(to + used, "...", 3);
            used += 3;
            break;
        }
        memcpy(to + used, plain ? text : "?", plain ? length : 1);
        used += plain ? length : 1;
    }
    to[used] = '\0';
    return to;
}

bool text_trim(char *to, size_t size, const char *text)
{
    size_t length;

    text = text ? text : "";
    text += strspn(text, " \t");
    length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    return text_copy_n(to, size, text, length);
}

/* Read digits from *p on, leaving *p behind them. False without a digit or with too large a number.
 */
static bool take_number(const char **p, uint64_t *number)
{
    const char *start = *p;
    uint64_t value = 0;

    for (; **p >= '0' && **p <= '9'; (*p)++) {
        uint64_t digit = (uint64_t)(**p - '0');

        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return *p != start;
}

bool text_number(const char *text, uint64_t low, uint64_t high, uint64_t *number)
{
    uint64_t value;

    if (!text || !take_number(&text, &value) || *text || value < low || value > high)
        return false;
    *number = value;
    return true;
}

/* Far above any length of time that makes sense here, and far below an overflow in milliseconds. */
#define SECONDS_MAX (UINT64_C(366) * 24 * 3600)

/* "1m30s": each unit at most once, from large to small. A number alone is seconds. */
static bool read_units(const char *text, uint64_t *seconds)
{
    static const struct {
        char letter;
        uint32_t seconds;
    } units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
    size_t next = 0;
    uint64_t sum = 0, number;

    do {
        if (!take_number(&text, &number) || number > SECONDS_MAX)
            return false;
        if (*text == '\0' && next == 0) {
            *seconds = number;
            return true;
        }
        while (next < 4 && units[next].letter != lower(*text))
            next++;
        if (next == 4)
            return false;
        sum += number * units[next++].seconds;
        text++;
    } while (*text);
    *seconds = sum;
    return sum <= SECONDS_MAX;
}

/* "00:01:30" and "1.00:00:00", as the original's cmdlets take and print a time span. */
static bool read_span(const char *text, uint64_t *seconds)
{
    uint64_t days = 0, hours, minutes, rest;

    if (!take_number(&text, &hours))
        return false;
    if (*text == '.') {
        days = hours;
        text++;
        if (days > 366 || !take_number(&text, &hours))
            return false;
    }
    if (hours > 23 || *text++ != ':' || !take_number(&text, &minutes) || minutes > 59)
        return false;
    if (*text++ != ':' || !take_number(&text, &rest) || rest > 59 || *text)
        return false;
    *seconds = ((days * 24 + hours) * 60 + minutes) * 60 + rest;
    return true;
}

bool text_duration(const char *text, uint64_t *milliseconds)
{
    uint64_t seconds;

    if (!text || !(strchr(text, ':') ? read_span(text, &seconds) : read_units(text, &seconds)))
        return false;
    *milliseconds = seconds * 1000;
    return true;
}

static const char base32_digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void text_base32(char to[14], uint64_t value)
{
    for (int i = 12; i >= 0; i--) {
        to[i] = base32_digits[value & 31];
        value >>= 5;
    }
    to[13] = '\0';
}

/* Crockford reads O as 0, and I and L as 1, because people do. */
static int base32_value(char c)
{
    const char *at;

    c = lower(c);
    if (c == 'o')
        return 0;
    if (c == 'i' || c == 'l')
        return 1;
    for (at = base32_digits; *at; at++)
        if (lower(*at) == c)
            return (int)(at - base32_digits);
    return -1;
}

bool text_base32_read(const char *text, uint64_t *value)
{
    uint64_t sum = 0;
    size_t length = text ? strlen(text) : 0;

    /* 13 times 5 bits are 65: a first digit above F would not fit. */
    if (length == 0 || length > 13 || (length == 13 && base32_value(text[0]) > 15))
        return false;
    for (; *text; text++) {
        int digit = base32_value(*text);

        if (digit < 0)
            return false;
        sum = sum << 5 | (uint64_t)digit;
    }
    *value = sum;
    return true;
}

int text_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

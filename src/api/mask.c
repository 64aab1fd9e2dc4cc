/* Numbers that are masked: the first four characters stay, which are the country and the region,
 * and the last two, so that two callers can be told apart. Of a short one fewer stay, or there
 * would be little to guess. */
#include "api/mask.h"

#include <string.h>

#include "base/network.h"
#include "base/text.h"

#define LAST 2
#define DOT "\xe2\x80\xa2" /* • */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* "+1 (425) 555-0100" and "425.555.0100" are one number; "4107, 4108" and "12:30" are not. */
static size_t run_length(const char *text)
{
    size_t length = *text == '+', end = length;

    for (size_t i = length; text[i]; i++) {
        if (is_digit(text[i]))
            end = i + 1;
        else if (!strchr(" -()/.", text[i]) || (i > 0 && text[i] == ' ' && text[i - 1] == ' ') ||
                 (text[i] == '.' && !is_digit(text[i + 1])))
            break;
    }
    return end;
}

static unsigned digits_in(const char *text, size_t length)
{
    unsigned digits = 0;

    for (size_t i = 0; i < length; i++)
        digits += is_digit(text[i]);
    return digits;
}

static void append_masked(char to[MASK_SIZE], const char *text, size_t length)
{
    size_t first = length < 10 ? 2 : 4;

    for (size_t i = 0; i < length; i++)
        if (i < first || i + LAST >= length)
            (void)text_append(to, MASK_SIZE, "%c", text[i]); /* is cut when it is too long */
        else
            (void)text_append(to, MASK_SIZE, DOT);
}

/* Ids hold digits as well, and nobody's number. */
static bool begins_number(const char *text, const char *all)
{
    return (*text == '+' || is_digit(*text)) && (text == all || !is_word(text[-1]));
}

/* An orbit is named with its word in front; everybody may know it. */
static bool is_orbit(const char *text, const char *all)
{
    return text - all >= 6 && strncmp(text - 6, "orbit ", 6) == 0;
}

/* The length of an IPv4 address, which is nobody's number; 0: it is none. */
static size_t address_length(const char *text)
{
    size_t length = strspn(text, "0123456789.");
    char copy[16];
    struct ip ip;

    return text_copy_n(copy, sizeof copy, text, length) && ip_read(copy, &ip) ? length : 0;
}

/* Behind it there is no letter, but perhaps an extension: "425-555-0100x12". */
static bool ends_number(const char *end)
{
    return !is_word(*end) || ((*end == 'x' || *end == 'X') && is_digit(end[1]));
}

const char *mask_text(char to[MASK_SIZE], const char *text)
{
    to[0] = '\0';
    for (const char *p = text; *p;) {
        size_t length = begins_number(p, text) ? run_length(p) : 0;
        size_t address = length > 0 ? address_length(p) : 0;

        if (address > 0) {
            (void)text_append(to, MASK_SIZE, "%.*s", (int)address, p);
            p += address;
            continue;
        }
        if (length > 0 && digits_in(p, length) >= MASK_DIGITS && !is_orbit(p, text) &&
            ends_number(p + length)) {
            append_masked(to, p, length);
            p += length;
            continue;
        }
        (void)text_append(to, MASK_SIZE, "%c", *p++);
    }
    return to;
}

static void append_name(char to[MASK_SIZE], const char *name, size_t length)
{
    uint32_t character;
    size_t first = text_character(name, &character);

    first = first > 0 && first <= length ? first : length > 0;
    (void)text_append(to, MASK_SIZE, "%.*s", (int)first, name);
    for (size_t i = first; i < length; i++)
        (void)text_append(to, MASK_SIZE, DOT);
}

const char *mask_uri(char to[MASK_SIZE], const char *uri)
{
    const char *colon = strchr(uri, ':'), *user = colon ? colon + 1 : uri;
    const char *at = strchr(user, '@');
    size_t length = at ? (size_t)(at - user) : strcspn(user, ";?"), spoken = strcspn(user, ";");

    (void)text_copy_n(to, MASK_SIZE, uri, (size_t)(user - uri));
    if (!at && !text_starts(uri, "tel:") &&
        strspn(user, "+0123456789") < length) { /* a host alone is nobody */
        (void)text_append(to, MASK_SIZE, "%.*s", (int)length, user);
        return to;
    }
    spoken = spoken < length ? spoken : length;
    if (spoken > 0 && strspn(user, "+0123456789-.()*#") >= spoken) {
        if (digits_in(user, spoken) >= MASK_DIGITS)
            append_masked(to, user, spoken);
        else
            (void)text_append(to, MASK_SIZE, "%.*s", (int)spoken, user);
    } else {
        append_name(to, user, spoken);
    }
    if (at)
        (void)text_append(to, MASK_SIZE, "%.*s", (int)strcspn(at, ";?"), at);
    return to;
}

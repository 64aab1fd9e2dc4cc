/* One dialled number as a key that sorts, and the words for what is no number. Not for URIs: what
 * was dialled is taken out of them elsewhere. */
#include "core/number.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

#define PLAIN_DIGITS 9    /* 9 characters in all */
#define PREFIXED_DIGITS 8 /* behind a prefix */

static const char prefixes[] = { '\0', '*', '#' };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_prefix(char c)
{
    return c == '*' || c == '#';
}

/* The digits as somebody may have meant them: "0123" as 1230, of the same length. */
static void without_leading_zeros(char to[16], const char *digits)
{
    size_t length = strspn(digits, "0123456789");
    size_t zeros = strspn(digits, "0");

    if (length > PREFIXED_DIGITS)
        length = PREFIXED_DIGITS;
    if (zeros >= length)
        (void)text_format(to, 16, "1%.*s", (int)length - 1, "00000000");
    else
        (void)text_format(to, 16, "%.*s%.*s", (int)(length - zeros), digits + zeros, (int)zeros,
                          "00000000");
}

static number_key refuse_first(const char *text, const char *shown, struct err *err)
{
    char prefix[2] = { is_prefix(text[0]) ? text[0] : '\0', '\0' }, better[16];
    const char *digits = text + strlen(prefix);

    if (*digits == '0') {
        without_leading_zeros(better, digits);
        err_set(err, -EINVAL, "'%s' begins with 0%s: use a number such as %s%s", shown,
                *prefix ? " after the prefix" : "", prefix, better);
    } else if (*digits == '\0') {
        err_set(err, -EINVAL, "'%s' has no digits: use a number such as %s600", shown, prefix);
    } else if (is_prefix(*digits)) {
        err_set(err, -EINVAL, "'%s' has more than one prefix character: use one, as in %s600",
                shown, prefix);
    } else if (*digits == '|') {
        err_set(err, -EINVAL,
                "'%s' has a bar in it, which in the documented pattern only stands between "
                "* and #: use *, # or no prefix, as in *600",
                shown);
    } else {
        err_set(err, -EINVAL, "'%s' is not a number: use digits, as in %s600", shown, prefix);
    }
    return 0;
}

/* `rest` is where the digits end, and `text` goes on. */
static number_key refuse_rest(const char *rest, const char *shown, struct err *err)
{
    char odd[8];

    if (is_prefix(*rest))
        err_set(err, -EINVAL, "'%s' has %c behind a digit: a prefix stands first, as in %c600",
                shown, *rest, *rest);
    else if (*rest == ' ')
        err_set(err, -EINVAL, "'%s' has a space in it: use digits only, as in 600", shown);
    else
        err_set(err, -EINVAL, "'%s' has '%s' in it: use digits only, as in 600", shown,
                text_shown(odd, sizeof odd, rest));
    return 0;
}

static number_key refuse_length(const char *shown, size_t digits, bool prefixed, struct err *err)
{
    if (prefixed)
        err_set(err, -EINVAL, "'%s' has %zu digits after the prefix: use %d at most", shown, digits,
                PREFIXED_DIGITS);
    else
        err_set(err, -EINVAL, "'%s' has %zu digits: use %d at most", shown, digits, PLAIN_DIGITS);
    return 0;
}

number_key number_read(const char *text, struct err *err)
{
    char shown[32];
    size_t prefix, digits;
    number_key key = 0;

    text = text ? text : "";
    if (*text == '\0') {
        err_set(err, -EINVAL, "is empty: use a number such as 600");
        return 0;
    }
    (void)text_shown(shown, sizeof shown, text);
    prefix = is_prefix(*text) ? 1 : 0;
    digits = strspn(text + prefix, "0123456789");
    if (!is_digit(text[prefix]) || text[prefix] == '0')
        return refuse_first(text, shown, err);
    if (text[prefix + digits] != '\0')
        return refuse_rest(text + prefix + digits, shown, err);
    if (digits > (prefix ? PREFIXED_DIGITS : PLAIN_DIGITS))
        return refuse_length(shown, digits, prefix, err);
    for (const char *p = text + prefix; *p; p++)
        key = key * 10 + (number_key)(*p - '0');
    return key | (number_key)(!prefix ? 0 : *text == '*' ? 1 : 2) << 32;
}

char number_prefix(number_key key)
{
    assert(key >> 32 < sizeof prefixes);
    return prefixes[key >> 32];
}

uint32_t number_value(number_key key)
{
    return (uint32_t)key;
}

unsigned number_digits(number_key key)
{
    unsigned digits = 1;

    for (uint32_t value = number_value(key); value >= 10; value /= 10)
        digits++;
    return digits;
}

void number_text(char to[NUMBER_SIZE], number_key key)
{
    char prefix = number_prefix(key);
    uint32_t value = number_value(key);
    char *p = to + number_digits(key) + (prefix ? 1 : 0);

    assert(p < to + NUMBER_SIZE); /* no key that number_read() gives is longer */
    *p = '\0';
    do
        *--p = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    if (prefix)
        *to = prefix;
}

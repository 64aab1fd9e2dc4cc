/* One range by itself: what was typed, read and judged. What it may not have in common with others
 * is in ranges.c. */
#include "core/range.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

#define NAME_CHARACTERS 64
#define PREFIXED_MIN 100 /* the original says "greater than 100" and shows *100 as its sample */

uint32_t range_size(const struct range *r)
{
    return (uint32_t)(r->last - r->first) + 1;
}

bool range_holds(const struct range *r, number_key number)
{
    return r->first <= number && number <= r->last;
}

const char *range_type_name(enum range_type t)
{
    return t == RANGE_GROUP_PICKUP ? "group_pickup" : "call_park";
}

const char *range_state_name(enum range_state s)
{
    return s == RANGE_DRAINING ? "draining" : "active";
}

bool range_type_read(const char *text, enum range_type *t)
{
    if (text_is_nocase(text, "call_park") || text_is_nocase(text, "CallPark"))
        *t = RANGE_CALL_PARK;
    else if (text_is_nocase(text, "group_pickup") || text_is_nocase(text, "GroupPickup"))
        *t = RANGE_GROUP_PICKUP;
    else
        return false;
    return true;
}

void range_span_text(char to[2 * NUMBER_SIZE + 2], number_key first, number_key last)
{
    char from[NUMBER_SIZE], till[NUMBER_SIZE];

    number_text(from, first);
    number_text(till, last);
    (void)text_format(to, (size_t)2 * NUMBER_SIZE, "%s-%s", from,
                      till); /* two numbers always fit */
}

static size_t count_characters(const char *text)
{
    size_t count = 0;
    uint32_t c;

    for (; *text; count++)
        text += text_character(text, &c);
    return count;
}

int range_read_name(char to[NAME_SIZE], const char *what, const char *text, struct err *err)
{
    char trimmed[NAME_SIZE];
    /* A byte that is no UTF-8 counts as a control character: both are invisible traps. */
    bool fits = text_trim(trimmed, sizeof trimmed, text);

    if (!text_is_plain(trimmed))
        return err_set(err, -EINVAL,
                       "%s has control characters or broken UTF-8 in it: use letters, digits and "
                       "punctuation",
                       what);
    if (!fits || count_characters(trimmed) > NAME_CHARACTERS)
        return err_set(err, -EINVAL, "%s is longer than %d characters: shorten it", what,
                       NAME_CHARACTERS);
    if (!*trimmed)
        return err_set(err, -EINVAL,
                       "%s is empty or only spaces: give 1 to %d characters, such as Sales", what,
                       NAME_CHARACTERS);
    (void)text_copy(to, NAME_SIZE, trimmed); /* as large as what it comes from */
    return 0;
}

static struct range_verdict fault(enum range_fault what, const char *pointer)
{
    return (struct range_verdict){ .fault = what, .pointer = pointer };
}

/* One end of a range; 0 with words that begin with `what`. */
static number_key read_end(const char *what, const char *text, struct err *err)
{
    char trimmed[64], wrong[NUMBER_SIZE];
    number_key key;

    /* One that is cut is refused for its length all the same. */
    (void)text_trim(trimmed, sizeof trimmed, text);
    key = number_read(trimmed, err);
    if (!key) {
        err_prefix(err, "%s ", what);
        return 0;
    }
    if (!number_prefix(key) || number_value(key) >= PREFIXED_MIN)
        return key;
    number_text(wrong, key);
    err_set(err, -EINVAL, "%s '%s' is too small: with a prefix use %c%d or more", what, wrong,
            number_prefix(key), PREFIXED_MIN);
    return 0;
}

static const char *prefix_words(number_key key)
{
    return number_prefix(key) == '*' ? "*" : number_prefix(key) == '#' ? "#" : "no prefix";
}

/* A range that may have been meant: from `first` to the end of its hundred. */
static void example(char to[2 * NUMBER_SIZE + 2], number_key first)
{
    uint32_t value = number_value(first), of = number_digits(first) == 1 ? 10 : 100;

    range_span_text(to, first, first + (of - 1 - value % of));
}

static struct range_verdict judge_span(number_key first, number_key last, struct err *err)
{
    char start[NUMBER_SIZE], end[NUMBER_SIZE], instead[2 * NUMBER_SIZE + 2];

    number_text(start, first);
    number_text(end, last);
    if (number_prefix(first) != number_prefix(last)) {
        example(instead, first);
        err_set(
            err, -EINVAL,
            "Start range '%s' has %s and end range '%s' has %s: give both the same prefix, such "
            "as %s",
            start, prefix_words(first), end, prefix_words(last), instead);
        return fault(RANGE_LENGTH_MISMATCH, "/end");
    }
    if (number_digits(first) != number_digits(last)) {
        example(instead, first);
        err_set(err, -EINVAL,
                "Start range '%s' has %u digits and end range '%s' has %u: give both the same "
                "length, such as %s",
                start, number_digits(first), end, number_digits(last), instead);
        return fault(RANGE_LENGTH_MISMATCH, "/end");
    }
    if (first > last) {
        range_span_text(instead, last, first);
        err_set(err, -EINVAL, "Start range '%s' is above end range '%s': swap them (%s)", start,
                end, instead);
        return fault(RANGE_LENGTH_MISMATCH, "/start");
    }
    if (last - first >= RANGE_NUMBERS_MAX) {
        range_span_text(instead, first, first + RANGE_NUMBERS_MAX - 1);
        err_set(
            err, -EINVAL,
            "Range %s-%s has %u numbers, and %d are the most: shorten it to %s, and put the rest "
            "in a second range",
            start, end, (unsigned)(last - first + 1), RANGE_NUMBERS_MAX, instead);
        return fault(RANGE_TOO_LARGE, "/end");
    }
    return (struct range_verdict){ .pointer = "",
                                   .hint_large = last - first >= RANGE_NUMBERS_HINT };
}

struct range_verdict range_read(struct range *r, const char *name, const char *start,
                                const char *end, struct err *err)
{
    char read_name[NAME_SIZE];
    struct range_verdict verdict;
    number_key first, last;

    if (range_read_name(read_name, "Name", name, err) != 0)
        return fault(RANGE_BAD_NAME, "/name");
    first = read_end("Start range", start, err);
    if (!first)
        return fault(RANGE_BAD_NUMBER, "/start");
    last = read_end("End range", end, err);
    if (!last)
        return fault(RANGE_BAD_NUMBER, "/end");
    verdict = judge_span(first, last, err);
    if (verdict.fault == RANGE_FINE) {
        memcpy(r->name, read_name, sizeof r->name);
        r->first = first;
        r->last = last;
    }
    return verdict;
}

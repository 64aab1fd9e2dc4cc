/* Dialled numbers: what is one, in which order they stand, and what is said about what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/number.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void reads_numbers(void **state)
{
    static const struct {
        const char *text;
        char prefix;
        uint32_t value;
        unsigned digits;
    } table[] = {
        { "1", '\0', 1, 1 },
        { "9", '\0', 9, 1 },
        { "6000", '\0', 6000, 4 },
        { "123456789", '\0', 123456789, 9 },
        { "999999999", '\0', 999999999, 9 },
        { "*1", '*', 1, 1 },
        { "*100", '*', 100, 3 },
        { "#7000", '#', 7000, 4 },
        { "*12345678", '*', 12345678, 8 },
        { "#99999999", '#', 99999999, 8 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        number_key key = number_read(table[i].text, NULL);
        char text[NUMBER_SIZE];

        assert_int_not_equal(key, 0);
        assert_int_equal(number_prefix(key), table[i].prefix);
        assert_int_equal(number_value(key), table[i].value);
        assert_int_equal(number_digits(key), table[i].digits);
        number_text(text, key);
        assert_string_equal(text, table[i].text);
    }
}

static void refuses_with_words(void **state)
{
    static const struct {
        const char *text, *words;
    } table[] = {
        { NULL, "is empty: use a number such as 600" },
        { "", "is empty: use a number such as 600" },
        { "0123", "'0123' begins with 0: use a number such as 1230" },
        { "0", "'0' begins with 0: use a number such as 1" },
        { "000", "'000' begins with 0: use a number such as 100" },
        { "*0600", "'*0600' begins with 0 after the prefix: use a number such as *6000" },
        { "*", "'*' has no digits: use a number such as *600" },
        { "#", "'#' has no digits: use a number such as #600" },
        { "**600", "'**600' has more than one prefix character: use one, as in *600" },
        { "*#600", "'*#600' has more than one prefix character: use one, as in *600" },
        { "|600", "'|600' has a bar in it" }, /* the documented pattern lets it through */
        { "a600", "'a600' is not a number: use digits, as in 600" },
        { "+600", "'+600' is not a number: use digits, as in 600" },
        { " 600", "' 600' is not a number" },
        { "*a", "'*a' is not a number: use digits, as in *600" },
        { "600 ", "'600 ' has a space in it: use digits only, as in 600" },
        { "6a00", "'6a00' has 'a00' in it: use digits only" },
        { "600*", "'600*' has * behind a digit: a prefix stands first, as in *600" },
        { "6#0", "'6#0' has # behind a digit: a prefix stands first, as in #600" },
        { "600|", "'600|' has '|' in it" },
        { "60\n", "'60?' has '?' in it" }, /* a line's end in the sentence would end a header */
        { "1234567890", "'1234567890' has 10 digits: use 9 at most" },
        { "*123456789", "'*123456789' has 9 digits after the prefix: use 8 at most" },
        { "12345678901234567890123456789012345678901234567890", "digits: use 9 at most" },
        { "\xD9\xA6\xD9\xA0\xD9\xA0", "is not a number" }, /* Arabic digits */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct err err = { 0 };

        assert_int_equal(number_read(table[i].text, &err), 0);
        if (!strstr(err.text, table[i].words) || err.code >= 0)
            fail_msg("'%s' says: %s", table[i].text ? table[i].text : "NULL", err.text);
    }
}

static void sorts_as_people_count(void **state)
{
    static const char *const rising[] = { "1",    "9",        "10",   "99",        "100",
                                          "600",  "601",      "999",  "1000",      "999999999",
                                          "*1",   "*99",      "*100", "*99999999", "#1",
                                          "#100", "#99999999" };

    (void)state;
    for (size_t i = 1; i < COUNT(rising); i++)
        assert_true(number_read(rising[i - 1], NULL) < number_read(rising[i], NULL));
    assert_int_equal(number_read("*101", NULL), number_read("*100", NULL) + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(refuses_with_words),
        cmocka_unit_test(sorts_as_people_count),
    };

    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}

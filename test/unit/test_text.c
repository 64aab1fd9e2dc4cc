/* Bounded strings, and the small formats that people type; errors made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/text.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void copies_what_fits(void **state)
{
    static const struct {
        const char *from;
        size_t size;
        bool fits;
        const char *to;
    } table[] = {
        { "abc", 4, true, "abc" },
        { "abc", 3, false, "ab" },
        { "abc", 1, false, "" },
        { "", 1, true, "" },
        { NULL, 4, true, "" },
        { "a\xC3\xA4", 4, true, "a\xC3\xA4" },
        { "a\xC3\xA4", 3, false, "a" }, /* not half an umlaut */
        { "\xF0\x9F\x98\x80x", 5, false, "\xF0\x9F\x98\x80" },
        { "\xF0\x9F\x98\x80x", 4, false, "" },
        { "\x80\x80\x80\x80\x80\x80", 6, false, "\x80\x80\x80\x80\x80" }, /* no UTF-8: by bytes */
    };
    char to[16];

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        memset(to, 'Z', sizeof to);
        assert_int_equal(text_copy(to, table[i].size, table[i].from), table[i].fits);
        assert_string_equal(to, table[i].to);
        assert_int_equal(to[table[i].size], 'Z');
        memset(to, 'Z', sizeof to);
        assert_int_equal(text_format(to, table[i].size, "%s", table[i].from ? table[i].from : ""),
                         table[i].fits);
        assert_string_equal(to, table[i].to);
        assert_int_equal(to[table[i].size], 'Z');
    }
    assert_false(text_copy(to, 0, "a"));
    assert_false(text_format(to, 0, "a"));
    assert_false(text_append(to, 0, "a"));
}

static void appends(void **state)
{
    char to[8] = "ab";

    (void)state;
    assert_true(text_append(to, sizeof to, "%d", 12));
    assert_string_equal(to, "ab12");
    assert_false(text_append(to, sizeof to, "%s", "xyz\xC3\xA4"));
    assert_string_equal(to, "ab12xyz");
    assert_false(text_append(to, sizeof to, "%s", "q"));
    assert_string_equal(to, "ab12xyz");
    assert_true(text_copy_n(to, sizeof to, "hello", 2));
    assert_string_equal(to, "he");
}

static void compares(void **state)
{
    (void)state;
    assert_true(text_is("a", "a"));
    assert_false(text_is("a", "A"));
    assert_true(text_is(NULL, ""));
    assert_true(text_is_nocase("Sales-1", "sALES-1"));
    assert_false(text_is_nocase("Sales", "Sale"));
    assert_false(text_is_nocase("[", "{")); /* letters only: these differ by the same bit */
    assert_true(text_is_nocase(NULL, NULL));
    assert_true(text_compare_nocase("abc", "ABD") < 0);
    assert_true(text_compare_nocase("b", "A") > 0);
    assert_true(text_compare_nocase("\xC3\xA4", "z") > 0); /* bytes compare unsigned */
    assert_true(text_starts("sip:a", "sip:"));
    assert_false(text_starts("si", "sip:"));
    assert_true(text_starts("x", NULL));
}

static void matches_patterns(void **state)
{
    static const struct {
        const char *text, *pattern;
        bool matches;
    } table[] = {
        { "201", "2??", true },
        { "2011", "2??", false },
        { "20", "2??", false },
        { "", "", true },
        { "", "*", true },
        { "a", "", false },
        { "", "?", false },
        { "sip:201@Example.COM", "sip:2??@example.com", true },
        { "sip:201@example.com", "*@example.com", true },
        { "sip:201@example.com.evil", "*@example.com", false },
        { "abcbc", "a*bc", true },
        { "abcbd", "a*bc", false },
        { "abc", "***", true },
        { "ab", "a*b*", true },
        { "mississippi", "m*iss*ip*i", true },
        { "mississippi", "m*iss*ix*i", false },
        { "\xC3\xA4z", "?z", true }, /* a character, not a byte */
        { "\xC3\xA4z", "??z", false },
        { "*", "*", true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        if (text_matches(table[i].text, table[i].pattern) != table[i].matches)
            fail_msg("'%s' and '%s'", table[i].text, table[i].pattern);
}

/* Would take longer than the universe has with a matcher that tries every star again. */
static void no_pattern_takes_for_ever(void **state)
{
    char text[2001], pattern[2001];

    (void)state;
    memset(text, 'a', 2000);
    for (int i = 0; i < 2000; i++)
        pattern[i] = i % 2 ? 'a' : '*';
    text[2000] = pattern[2000] = '\0';
    pattern[1999] = 'b';
    assert_false(text_matches(text, pattern));
}

static void reads_numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t low, high;
        bool is;
        uint64_t number;
    } table[] = {
        { "0", 0, 9, true, 0 },
        { "007", 0, 9, true, 7 },
        { "10", 0, 9, false, 0 },
        { "4", 5, 9, false, 0 },
        { "", 0, 9, false, 0 },
        { NULL, 0, 9, false, 0 },
        { " 5", 0, 9, false, 0 },
        { "5 ", 0, 9, false, 0 },
        { "+5", 0, 9, false, 0 },
        { "-5", 0, 9, false, 0 },
        { "0x5", 0, 9, false, 0 },
        { "18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX },
        { "18446744073709551616", 0, UINT64_MAX, false, 0 },
        { "99999999999999999999999", 0, UINT64_MAX, false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        uint64_t number = 77;

        assert_int_equal(text_number(table[i].text, table[i].low, table[i].high, &number),
                         table[i].is);
        assert_int_equal(number, table[i].is ? table[i].number : 77);
    }
}

static void reads_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: is none */
    } table[] = {
        { "90", 90 },
        { "90s", 90 },
        { "1m30s", 90 },
        { "1M30S", 90 },
        { "2h", 7200 },
        { "7d", 604800 },
        { "1d2h3m4s", 93784 },
        { "0", 0 },
        { "00:01:30", 90 },
        { "0:1:30", 90 },
        { "23:59:59", 86399 },
        { "1.00:00:00", 86400 },
        { "366d", 31622400 },
        /* none */
        { "", -1 },
        { NULL, -1 },
        { "off", -1 },
        { "90x", -1 },
        { "1m30", -1 },
        { "30s1m", -1 },
        { "1m1m", -1 },
        { "s", -1 },
        { "-5", -1 },
        { " 5", -1 },
        { "5 s", -1 },
        { "1.5s", -1 },
        { "24:00:00", -1 },
        { "00:60:00", -1 },
        { "00:00:60", -1 },
        { "00:00", -1 },
        { "1:2:3:4", -1 },
        { ":1:30", -1 },
        { "366d1s", -1 },
        { "367.00:00:00", -1 },
        { "99999999999999999999", -1 },
        { "18446744073709551615s", -1 },
        { "1.2.00:00:00", -1 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        uint64_t got = 77;
        bool is = text_duration(table[i].text, &got);

        if (is != (table[i].seconds >= 0) || got != (is ? (uint64_t)table[i].seconds * 1000 : 77))
            fail_msg("'%s'", table[i].text);
    }
}

static void base32_there_and_back(void **state)
{
    static const struct {
        uint64_t value;
        const char *text;
    } table[] = {
        { 0, "0000000000000" },     { 31, "000000000000Z" },         { 32, "0000000000010" },
        { 10828, "0000000000AJC" }, { UINT64_MAX, "FZZZZZZZZZZZZ" },
    };
    static const char *const refused[] = {
        "", "U", "00000000000000", "G000000000000", "0-0", " 1"
    };
    uint64_t value = 0;
    char text[14];

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        text_base32(text, table[i].value);
        assert_string_equal(text, table[i].text);
        assert_true(text_base32_read(text, &value));
        assert_int_equal(value, table[i].value);
    }
    assert_true(text_base32_read("ajc", &value));
    assert_int_equal(value, 10828);
    assert_true(text_base32_read("oIl", &value)); /* as people misread them: 011 */
    assert_int_equal(value, 33);
    for (size_t i = 0; i < COUNT(refused); i++)
        assert_false(text_base32_read(refused[i], &value));
    assert_false(text_base32_read(NULL, &value));
}

static void tells_plain_text(void **state)
{
    static const struct {
        const char *text;
        bool plain;
    } table[] = {
        { "", true },
        { "Front desk", true },
        { "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", true },
        { "\xC2\xA0", true }, /* no-break space: visible enough */
        { "a\nb", false },
        { "a\rb", false },
        { "a\tb", false },
        { "\x7F", false },
        { "\xC2\x85", false },         /* C1: next line */
        { "\xC0\xAF", false },         /* overlong slash */
        { "\xE0\x80\x8A", false },     /* overlong line feed */
        { "\xF0\x80\x80\x8A", false }, /* the same, longer */
        { "\xED\xA0\x80", false },     /* surrogate */
        { "\xF4\x90\x80\x80", false }, /* above U+10FFFF */
        { "\xF8\x88\x80\x80\x80", false },
        { "\x80", false },
        { "\xC3", false }, /* ends inside */
        { "\xE2\x82", false },
        { "\xC3"
          "a",
          false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        if (text_is_plain(table[i].text) != table[i].plain)
            fail_msg("line %zu", i);
}

static void shows_and_trims(void **state)
{
    char to[12];

    (void)state;
    assert_string_equal(text_shown(to, sizeof to, "abc"), "abc");
    assert_string_equal(text_shown(to, sizeof to,
                                   "a\r\n\x7F\xFF"
                                   "b"),
                        "a????b");
    assert_string_equal(text_shown(to, sizeof to, "abcdefghijklmnop"), "abcde...");
    assert_string_equal(text_shown(to, sizeof to, "\xC3\xA4\xC2\x85"), "\xC3\xA4?");
    assert_string_equal(text_shown(to, sizeof to, NULL), "");
    assert_true(text_trim(to, sizeof to, " \t a b \t"));
    assert_string_equal(to, "a b");
    assert_true(text_trim(to, sizeof to, "   "));
    assert_string_equal(to, "");
    assert_true(text_trim(to, sizeof to, NULL));
    assert_false(text_trim(to, 4, " abcd "));
    assert_string_equal(to, "abc");
}

static void errors_hold_sentences(void **state)
{
    struct err err = { 0 };
    char text[2 * ERR_TEXT_SIZE];

    (void)state;
    assert_int_equal(err_set(&err, -22, "range '%s' is bad", "x"), -22);
    assert_int_equal(err.code, -22);
    assert_string_equal(err.text, "range 'x' is bad");
    assert_int_equal(err_prefix(&err, "file:%d: ", 12), -22);
    assert_string_equal(err.text, "file:12: range 'x' is bad");
    assert_int_equal(err_set(&err, -5, "again: %s", err.text), -5); /* quotes itself */
    assert_string_equal(err.text, "again: file:12: range 'x' is bad");
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_set(&err, -1, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
    err_prefix(&err, "front: ");
    assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
    assert_true(text_starts(err.text, "front: yyy"));
    assert_int_equal(err_set(NULL, -3, "%s", "nobody reads it"), -3);
    assert_int_equal(err_prefix(NULL, "x"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_what_fits),
        cmocka_unit_test(appends),
        cmocka_unit_test(compares),
        cmocka_unit_test(matches_patterns),
        cmocka_unit_test(no_pattern_takes_for_ever),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(reads_durations),
        cmocka_unit_test(base32_there_and_back),
        cmocka_unit_test(tells_plain_text),
        cmocka_unit_test(shows_and_trims),
        cmocka_unit_test(errors_hold_sentences),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}

/* Tables as text: what is written can be read again, by spreadsheets as well; what others write is
 * read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/csv.h"
#include "base/text.h"

static void fields_are_quoted_where_needed(void **state)
{
    static const struct {
        const char *value, *written;
    } cases[] = {
        { "", "" },
        { "Lobby", "Lobby" },
        { "*1000", "*1000" },
        { "#300", "#300" },
        { "a,b", "\"a,b\"" },
        { "a;b", "\"a;b\"" },
        { "a\tb", "\"a\tb\"" },
        { "say \"hi\"", "\"say \"\"hi\"\"\"" },
        { "two\nlines", "\"two\nlines\"" },
        { "=1+1", "\"'=1+1\"" }, /* a spreadsheet would reckon, quoted or not */
        { "+49", "+49" },
        { "-1", "-1" },
        { "+1+1", "\"'+1+1\"" },
        { "@sum", "\"'@sum\"" },
        { " a", "\" a\"" },
        { "M\xc3\xbcller", "M\xc3\xbcller" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct csv c = { 0 };
        char expected[64], *text;

        csv_field(&c, cases[i].value);
        csv_field(&c, "x");
        csv_end(&c);
        text = csv_take(&c);
        (void)text_format(expected, sizeof expected, "%s,x\r\n", cases[i].written);
        assert_string_equal(text, expected);
        free(text);
    }
}

/* A table as "a|b/c|d": fields by bars, rows by slashes. */
static void read_all(const char *bytes, size_t length, char *to, size_t size)
{
    struct csv_reader r;
    struct csv_row row;

    to[0] = '\0';
    if (!csv_open(&r, bytes, length)) {
        (void)text_copy(to, size, "no table");
        return;
    }
    while (csv_next(&r, &row)) {
        (void)text_append(to, size, "%s%u:", to[0] ? "/" : "", row.line);
        for (size_t i = 0; i < row.count; i++)
            (void)text_append(to, size, "%s%s", i ? "|" : "", row.field[i]);
    }
    csv_close(&r);
}

#define TABLE(bytes) bytes, sizeof(bytes) - 1

static void tables_of_others_are_read(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *read;
    } cases[] = {
        { TABLE(""), "" },
        { TABLE("\n\r\n\n"), "" },
        { TABLE("a,b\nc,d\n"), "1:a|b/2:c|d" },
        { TABLE("a,b\r\nc,d"), "1:a|b/2:c|d" },
        { TABLE("a,b\rc,d\r"), "1:a|b/2:c|d" },
        { TABLE("a;b\nc;d,e\n"), "1:a|b/2:c|d,e" },
        { TABLE("a\tb\n1,5\t2\n"), "1:a|b/2:1,5|2" },
        { TABLE("a,,\n,\n"), "1:a||/2:|" },
        { TABLE("\"a,b\",c\n"), "1:a,b|c" },
        { TABLE("\"say \"\"hi\"\"\",c\n"), "1:say \"hi\"|c" },
        { TABLE("\"two\nlines\",c\nd,e\n"), "1:two\nlines|c/3:d|e" },
        { TABLE("\"never ended,c\nd,e\n"), "1:never ended,c\nd,e\n" },
        { TABLE("\"a\"x,b\n"), "1:a|b" },
        { TABLE("  \"a\",b\n"), "1:a|b" },
        { TABLE("#TYPE Some.Type\r\na,b\r\n"), "2:a|b" },
        { TABLE("#300,#349\n"), "1:#300|#349" },
        { TABLE("\xef\xbb\xbfname,b\n"), "1:name|b" },
        { TABLE("\xff\xfe\x61\x00,\x00\xfc\x00\n\x00"), "1:a|\xc3\xbc" },
        { TABLE("\xfe\xff\x00\x61\x00,\x20\xac"), "1:a|\xe2\x82\xac" },
        { TABLE("\xff\xfe\x3d\xd8\x00\xde"), "1:\xf0\x9f\x98\x80" },
        { TABLE("\xff\xfe\x00\xde"), "no table" },         /* the second half of a pair alone */
        { TABLE("\xff\xfe\x3d\xd8\x61\x00"), "no table" }, /* the first half alone */
        { TABLE("a,\0b\n"), "no table" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char read[256];

        read_all(cases[i].bytes, cases[i].length, read, sizeof read);
        if (strcmp(read, cases[i].read) != 0)
            fail_msg("line %zu: '%s', not '%s'", i + 1, read, cases[i].read);
    }
}

static void what_is_written_is_read_again(void **state)
{
    static const char *const values[] = { "=a", "b\"c\"", "d\ne", "", ";", "\t", "*1" };
    struct csv c = { 0 };
    struct csv_reader r;
    struct csv_row row;
    char *text;

    (void)state;
    csv_field(&c, "first,second"); /* so that the comma is found */
    for (size_t i = 0; i < 7; i++)
        csv_field(&c, values[i]);
    csv_end(&c);
    text = csv_take(&c);
    assert_true(csv_open(&r, text, strlen(text)));
    assert_true(csv_next(&r, &row));
    assert_int_equal(row.count, 8);
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(csv_unguarded(row.field[i + 1]), values[i]);
    assert_false(csv_next(&r, &row));
    csv_close(&r);
    free(text);
}

static void more_columns_than_there_may_be_are_dropped(void **state)
{
    char text[512] = "";
    struct csv_reader r;
    struct csv_row row;

    (void)state;
    for (int i = 0; i < 100; i++)
        (void)text_append(text, sizeof text, "%d,", i);
    (void)text_append(text, sizeof text, "\nnext\n");
    assert_true(csv_open(&r, text, strlen(text)));
    assert_true(csv_next(&r, &row));
    assert_int_equal(row.count, CSV_COLUMNS_MAX);
    assert_string_equal(row.field[63], "63");
    assert_true(csv_next(&r, &row));
    assert_string_equal(row.field[0], "next");
    csv_close(&r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_quoted_where_needed),
        cmocka_unit_test(tables_of_others_are_read),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(more_columns_than_there_may_be_are_dropped),
    };

    return cmocka_run_group_tests_name("api_csv", tests, NULL, NULL);
}

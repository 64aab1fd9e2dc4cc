/* What callparkctl prints and reads: tables, CSV both ways, lengths of time, event streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/csv.h"
#include "ctl/print.h"
#include "ctl/sse.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const struct print_column columns[] = { { "NAME", "name", CELL_TEXT },
                                               { "CALLER", "caller.name", CELL_TEXT },
                                               { "WAITS", "at", CELL_SINCE },
                                               { 0 } };

/* Print a list and hold what comes against what is expected. */
static void assert_prints(const struct print_style *style, const char *json, const char *expected)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    json_t *items = json_loads(json, 0, NULL);

    assert_non_null(items);
    print_list(out, style, items, columns);
    (void)fclose(out);
    json_decref(items);
    assert_string_equal(text, expected);
    free(text);
}

static void guards_csv_cells(void **state)
{
    static const struct {
        const char *text, *cell;
    } table[] = {
        { "plain", "plain" },
        { "", "" },
        { "*7000", "*7000" }, /* a number of ours comes back as it went */
        { "#300", "#300" },
        { "+493012345", "+493012345" }, /* a number, no formula */
        { "-5", "-5" },
        { "a,b", "\"a,b\"" },
        { "a;b", "\"a;b\"" },
        { "say \"x\"", "\"say \"\"x\"\"\"" },
        { "two\nlines", "\"two\nlines\"" },
        { "=1+1", "\"'=1+1\"" },
        { "+A1", "\"'+A1\"" },
        { "-A1", "\"'-A1\"" },
        { "-", "\"'-\"" },
        { "@SUM(A1)", "\"'@SUM(A1)\"" },
        { "\t=1", "\"'\t=1\"" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);

        print_csv_cell(out, table[i].text);
        (void)fclose(out);
        assert_string_equal(text, table[i].cell);
        free(text);
    }
}

static void measures_width(void **state)
{
    static const struct {
        const char *text;
        size_t width;
    } table[] = {
        { "", 0 },
        { "abc", 3 },
        { "J\xC3\xBCrgen", 6 },            /* one column, two bytes */
        { "u\xCC\x88", 1 },                /* u and a combining diaeresis */
        { "\xE5\xB1\xB1\xE7\x94\xB0", 4 }, /* two wide characters */
        { "\xF0\x9F\x98\x80", 2 },
        { "\xFF\xFE", 2 }, /* no UTF-8: a column each */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        assert_int_equal(print_width(table[i].text), table[i].width);
}

static void prints_tables(void **state)
{
    struct print_style style = { .format = PRINT_TABLE, .now = 1000, .name = "name" };

    (void)state;
    assert_prints(&style,
                  "[{\"name\":\"J\xC3\xBCrg\",\"caller\":{\"name\":\"Alice\"},\"at\":\"1970-01-"
                  "01T00:15:35Z\"},"
                  "{\"name\":\"Bo\",\"caller\":{\"name\":null},\"at\":null}]",
                  "NAME  CALLER  WAITS\n"
                  "J\xC3\xBCrg  Alice   1:05\n"
                  "Bo    -       -\n");
    /* What a caller chose to be called must not reach the terminal as a command. */
    assert_prints(&style, "[{\"name\":\"a\\u001b[2Jb\\u009bc\",\"caller\":{}}]",
                  "NAME       CALLER  WAITS\na?[2Jb??c  -       -\n");
}

/* Who somebody is: the name, else what stands before the @, else the URI as it is. */
static void names_people(void **state)
{
    static const struct print_column who[] = { { "BY", "p.uri", CELL_WHO },
                                               { "X", "x", CELL_TEXT },
                                               { 0 } };
    struct print_style style = { .format = PRINT_TABLE };
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    json_t *items =
        json_loads("[{\"p\":{\"name\":\"Al\",\"uri\":\"sip:1@h\"}},{\"p\":{\"name\":null,"
                   "\"uri\":\"sip:105@h:5060\"}},{\"p\":{\"uri\":\"tel:+1\"}},{\"p\":null}]",
                   0, NULL);

    (void)state;
    print_list(out, &style, items, who);
    (void)fclose(out);
    assert_string_equal(text, "BY      X\nAl      -\n105     -\ntel:+1  -\n-       -\n");
    json_decref(items);
    free(text);
}

/* A reason is the last column, and no reason is cut. */
static void cuts_only_what_stands_between(void **state)
{
    static const struct print_column two[] = { { "A", "a", CELL_TEXT },
                                               { "B", "a", CELL_TEXT },
                                               { 0 } };
    struct print_style style = { .format = PRINT_TABLE };
    char json[200], expected[400], *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    json_t *items;

    (void)state;
    (void)snprintf(json, sizeof json, "[{\"a\":\"%070d\"}]", 0);
    (void)snprintf(expected, sizeof expected, "A%61sB\n%059d~  %070d\n", "", 0, 0);
    items = json_loads(json, 0, NULL);
    print_list(out, &style, items, two);
    (void)fclose(out);
    assert_string_equal(text, expected);
    json_decref(items);
    free(text);
}

static void prints_other_formats(void **state)
{
    static const char items[] = "[{\"name\":\"A,1\",\"caller\":{\"name\":\"x\"},\"n\":2}]";
    struct print_style style = { .format = PRINT_CSV, .name = "name" };

    (void)state;
    assert_prints(&style, items, "name,caller.name,at\r\n\"A,1\",x,\r\n");
    assert_prints(&style, "[]", "name,caller.name,at\r\n");
    style.format = PRINT_TSV;
    assert_prints(&style, items, "name\tcaller.name\tat\nA,1\tx\t\n");
    style.format = PRINT_NAME;
    assert_prints(&style, items, "A,1\n");
    style.format = PRINT_NDJSON;
    assert_prints(&style, items, "{\"name\":\"A,1\",\"caller\":{\"name\":\"x\"},\"n\":2}\n");
    style.format = PRINT_JSON;
    assert_prints(&style, "[]", "[]\n");
    style.fields = "n,caller.name,gone";
    assert_prints(&style, items, "[{\"n\":2,\"caller.name\":\"x\",\"gone\":null}]\n");
    style.format = PRINT_CSV;
    assert_prints(&style, items, "n,caller.name,gone\r\n2,x,\r\n");
}

static void says_lengths_of_time(void **state)
{
    static const struct {
        long long seconds;
        const char *text;
    } table[] = {
        { 0, "0:00" },       { 65, "1:05" },         { 3599, "59:59" },
        { 7380, "2:03:00" }, { 273600, "3d 04:00" }, { -5, "-0:05" },
    };
    char text[32];

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        print_seconds(text, sizeof text, table[i].seconds);
        assert_string_equal(text, table[i].text);
    }
}

static void reads_csv(void **state)
{
    static const struct {
        const char *text;
        size_t length; /* 0: to its NUL */
        const char *json;
    } table[] = {
        { "a,b\n1,2\n3,4\n", 0, "[{\"a\":\"1\",\"b\":\"2\"},{\"a\":\"3\",\"b\":\"4\"}]" },
        { "a;b\r\n1;2\r\n", 0, "[{\"a\":\"1\",\"b\":\"2\"}]" },
        { "a\tb\n1\t2", 0, "[{\"a\":\"1\",\"b\":\"2\"}]" },
        { "\xEF\xBB\xBF"
          "a,b\n\"1,\"\"x\"\"\n2\",3\n",
          0, "[{\"a\":\"1,\\\"x\\\"\\n2\",\"b\":\"3\"}]" },
        { "#TYPE Microsoft.Rtc\n\"Identity\",\"Type\"\n\"Red\",\"CallPark\"\n", 0,
          "[{\"Identity\":\"Red\",\"Type\":\"CallPark\"}]" },
        { "\xFF\xFE"
          "a\0\n\0\xFC\0\n\0",
          10, "[{\"a\":\"\xC3\xBC\"}]" },
        { "\xFE\xFF"
          "\0a\0\n\0x",
          8, "[{\"a\":\"x\"}]" },
        { "\xFF\xFE"
          "a\0\n\0\x3D\xD8\x00\xDE",
          10, "[{\"a\":\"\xF0\x9F\x98\x80\"}]" },
        { "a,b\n\n1\n", 0, "[{\"a\":\"1\"}]" },
        { "a\n1,2,3\n", 0, "[{\"a\":\"1\"}]" },
        { "", 0, "[]" },
        { "a\n\"1\n", 0, NULL },
        { "a\n\xFF\n", 0, NULL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct err err = { 0 };
        size_t length = table[i].length ? table[i].length : strlen(table[i].text);
        json_t *rows = csv_read(table[i].text, length, &err);
        json_t *expected = table[i].json ? json_loads(table[i].json, 0, NULL) : NULL;

        if (!table[i].json) {
            assert_null(rows);
            assert_non_null(strstr(err.text, "line 2"));
        } else if (!json_equal(rows, expected)) {
            fail_msg("line %zu: %s", i, rows ? json_dumps(rows, 0) : err.text);
        }
        json_decref(rows);
        json_decref(expected);
    }
}

/* A cell of several lines counts as so many. */
static void names_the_line(void **state)
{
    static const char text[] = "a\n\"1\n2\"\n\xFF\n";
    struct err err = { 0 };

    (void)state;
    assert_null(csv_read(text, strlen(text), &err));
    assert_non_null(strstr(err.text, "line 4"));
}

/* What was guarded on its way out comes back as it was; an apostrophe of somebody's name stays. */
static void takes_guards_off(void **state)
{
    static const char *const table[][2] = {
        { "'=1+1", "=1+1" },    { "'@x", "@x" }, { "'-", "-" },
        { "'t Hof", "'t Hof" }, { "'", "'" },    { "", "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        assert_string_equal(csv_unguard(table[i][0]), table[i][1]);
}

static bool gather(void *to, const struct sse_event *e)
{
    char *text = to;

    (void)snprintf(text + strlen(text), 200 - strlen(text), "%s/%s/%s|", e->id, e->name, e->data);
    return strcmp(e->name, "enough") != 0;
}

/* The same stream in one piece and byte by byte. */
static void takes_events_apart(void **state)
{
    static const char stream[] = ": hello\n\nid: 7\nevent: call.parked\ndata: {\"a\":1}\n\n"
                                 "data:one\r\ndata: two\r\n\r\nevent: nothing\n\nid:8\rdata\r\r";
    static const char expected[] = "7/call.parked/{\"a\":1}|7/message/one\ntwo|8/message/|";

    (void)state;
    for (size_t piece = 1; piece <= sizeof stream; piece++) {
        char got[200] = "";
        struct sse *s = sse_new(gather, got);

        for (size_t at = 0; at < sizeof stream - 1; at += piece)
            assert_true(sse_feed(s, stream + at,
                                 at + piece < sizeof stream ? piece : sizeof stream - 1 - at));
        assert_string_equal(got, expected);
        assert_false(sse_feed(s, "event: enough\ndata: x\n\n", 23));
        sse_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guards_csv_cells),     cmocka_unit_test(measures_width),
        cmocka_unit_test(names_people),         cmocka_unit_test(cuts_only_what_stands_between),
        cmocka_unit_test(prints_tables),        cmocka_unit_test(prints_other_formats),
        cmocka_unit_test(says_lengths_of_time), cmocka_unit_test(reads_csv),
        cmocka_unit_test(takes_guards_off),     cmocka_unit_test(names_the_line),
        cmocka_unit_test(takes_events_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

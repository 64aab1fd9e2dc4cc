/* Times as text, there and back; and that the log's lines are lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "sys/clock.h"
#include "sys/log.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void clocks_go_forward(void **state)
{
    uint64_t before = clock_now_ns(), after;
    msec now = clock_now();

    (void)state;
    after = clock_now_ns();
    assert_true(before <= after);
    assert_true(now >= before / 1000000 && now <= after / 1000000);
    assert_true(clock_wall() > 1700000000000); /* 2023: else the unit is wrong */
}

static void writes_rfc3339(void **state)
{
    static const struct {
        wall_msec when;
        const char *text;
    } table[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { 1, "1970-01-01T00:00:00.001Z" },
        { 1795442585123, "2026-11-23T14:03:05.123Z" },
        { 951782400000, "2000-02-29T00:00:00.000Z" },
        { 253402300799999, "9999-12-31T23:59:59.999Z" },
        { UINT64_MAX, "9999-12-31T23:59:59.999Z" }, /* no fifth digit of the year */
    };
    char text[32];

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        wall_msec back = 0;

        clock_rfc3339(text, table[i].when);
        assert_string_equal(text, table[i].text);
        assert_true(clock_rfc3339_read(text, &back));
        if (table[i].when != UINT64_MAX)
            assert_int_equal(back, table[i].when);
    }
}

static void reads_rfc3339(void **state)
{
    static const struct {
        const char *text;
        int64_t when; /* -1: is none */
    } table[] = {
        { "2026-11-23T14:03:05Z", 1795442585000 },
        { "2026-11-23t14:03:05z", 1795442585000 },
        { "2026-11-23 14:03:05Z", 1795442585000 },
        { "2026-11-23T14:03:05.1Z", 1795442585100 },
        { "2026-11-23T14:03:05.123456789Z", 1795442585123 },
        { "2026-11-23T15:03:05+01:00", 1795442585000 },
        { "2026-11-23T08:33:05-05:30", 1795442585000 },
        { "2016-12-31T23:59:60Z", 1483228800000 }, /* a leap second */
        { "2024-02-29T00:00:00Z", 1709164800000 },
        { "1970-01-01T00:30:00+00:30", 0 },
        /* none */
        { NULL, -1 },
        { "", -1 },
        { "2026-11-23", -1 },
        { "2026-11-23T14:03:05", -1 },
        { "2026-11-23T14:03:05.Z", -1 },
        { "2026-11-23T14:03:05Zx", -1 },
        { "2026-11-23T14:03Z", -1 },
        { "2026-11-23T24:00:00Z", -1 },
        { "2026-11-23T14:60:05Z", -1 },
        { "2026-11-23T14:03:61Z", -1 },
        { "2026-13-01T00:00:00Z", -1 },
        { "2026-00-01T00:00:00Z", -1 },
        { "2026-02-29T00:00:00Z", -1 },
        { "2100-02-29T00:00:00Z", -1 },
        { "2026-04-31T00:00:00Z", -1 },
        { "2026-04-00T00:00:00Z", -1 },
        { "1969-12-31T23:59:59Z", -1 },
        { "1970-01-01T00:00:00+00:01", -1 }, /* before 1970 */
        { "2026-11-23T14:03:05+24:00", -1 },
        { "2026-11-23T14:03:05+0100", -1 },
        { "26-11-23T14:03:05Z", -1 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        wall_msec when = 77;
        bool is = clock_rfc3339_read(table[i].text, &when);

        if (is != (table[i].when >= 0) || when != (is ? (uint64_t)table[i].when : 77))
            fail_msg("'%s'", table[i].text);
    }
}

static void hides_numbers(void **state)
{
    static const struct {
        const char *number, *shown;
    } table[] = {
        { "+14255550100", "+1425...00" },
        { "sip:+14255550100@pbx.example", "sip:+1425...00@pbx.example" },
        { "sip:+14255550100@pbx.example:5060;user=phone",
          "sip:+1425...00@pbx.example:5060;user=phone" },
        { "+14255550100@pbx.example:5060", "+1425...00@pbx.example:5060" },
        { "tel:+14255550100;phone-context=x", "tel:+1425...00;phone-context=x" },
        { "\"+14255550100\" <sip:+14255550100@h>", "\"+1425...00\" <sip:+1425...00@h>" },
        { "parked in 701 by 105 for +49-30-1234567", "parked in 701 by 105 for +49-3...67" },
        { "from 192.168.100.200", "from 192.168.100.200" },
        { "5550100", "55...00" },
        { "701", "701" },
        { "sip:105@pbx", "sip:105@pbx" },
        { "", "" },
    };
    char shown[96];

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        assert_string_equal(log_hidden(shown, sizeof shown, table[i].number), table[i].shown);
    log_setup(LOG_LEVEL_INFO, LOG_FORM_TEXT, true);
    assert_string_equal(log_hidden(shown, sizeof shown, "+14255550100"), "+14255550100");
    log_setup(LOG_LEVEL_INFO, LOG_FORM_TEXT, false);
}

/* Run `write` with stderr in a file, and read what came. */
static void capture(char *to, size_t size, void (*write_some)(void))
{
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    size_t length;

    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    write_some();
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    rewind(file);
    length = fread(to, 1, size - 1, file);
    to[length] = '\0';
    fclose(file);
}

static void log_something(void)
{
    log_info("sip", "call from \"%s\"", "x\r\n2026 error: forged\x7F\xFF\xC2\x85\\");
    log_debug("sip", "not seen");
}

static void log_much(void)
{
    char much[5000];

    memset(much, '\x01', sizeof much - 1);
    much[sizeof much - 1] = '\0';
    log_error("sip", "%s", much);
}

static void one_line_per_fact(void **state)
{
    static const struct {
        enum log_form form;
        size_t skip; /* of the time, which differs */
        const char *line;
    } table[] = {
        { LOG_FORM_TEXT, 24,
          " info sip: call from \"x\\x0d\\x0a2026 error: forged\\x7f\\xff\\x85\\\"\n" },
        { LOG_FORM_JOURNAL, 0,
          "<6>sip: call from \"x\\x0d\\x0a2026 error: forged\\x7f\\xff\\x85\\\"\n" },
        { LOG_FORM_JSON, 33,
          "\",\"level\":\"info\",\"area\":\"sip\",\"message\":\"call from \\\"x\\u000d\\u000a2026 "
          "error: "
          "forged\\u007f\\ufffd\\u0085\\\\\\\"\"}\n" },
    };
    char line[8192];

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        log_setup(LOG_LEVEL_INFO, table[i].form, false);
        capture(line, sizeof line, log_something);
        assert_true(strlen(line) > table[i].skip);
        assert_string_equal(line + table[i].skip, table[i].line);
    }
    log_setup(LOG_LEVEL_INFO, LOG_FORM_JSON, false);
    capture(line, sizeof line, log_much);
    assert_true(strlen(line) > 5000); /* the longest line there is, and whole */
    assert_string_equal(line + strlen(line) - 9, "\\u0001\"}\n");
    log_setup(LOG_LEVEL_INFO, LOG_FORM_TEXT, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_go_forward), cmocka_unit_test(writes_rfc3339),
        cmocka_unit_test(reads_rfc3339),     cmocka_unit_test(hides_numbers),
        cmocka_unit_test(one_line_per_fact),
    };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}

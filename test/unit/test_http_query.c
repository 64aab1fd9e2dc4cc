/* Queries and targets of requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "http/http.h"
#include "http/target.h"

/* ---- queries and targets ---- */

static void a_query_is_read(void **state)
{
    static const struct {
        const char *query, *name, *value; /* NULL: not there, or not to be had */
    } cases[] = {
        { "a=1&b=2", "b", "2" },     { "a=1&b=2", "c", NULL },
        { "a=1&a=2", "a", "1" },     { "a", "a", "" },
        { "a=", "a", "" },           { "&&a=1", "a", "1" },
        { "a==", "a", "=" },         { "q=a+b%2b%26", "q", "a b+&" },
        { "%71=1", "q", "1" },       { "q=%", "q", NULL },
        { "q=%0", "q", NULL },       { "q=%00", "q", NULL },
        { "q=%zz", "q", NULL },      { "q=1234567", "q", "1234567" },
        { "q=12345678", "q", NULL }, /* does not fit in 8 */
        { "", "q", NULL },           { "qq=1", "q", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_request rq = { 0 };
        char value[8] = "kept";
        bool there;

        (void)text_copy(rq.query, sizeof rq.query, cases[i].query);
        there = http_query(&rq, cases[i].name, value, sizeof value);
        if (there != (cases[i].value != NULL) || (there && !text_is(value, cases[i].value)))
            fail_msg("%s of '%s' is '%s'", cases[i].name, cases[i].query, there ? value : "none");
    }
}

static void a_query_tells_its_names(void **state)
{
    struct http_request rq = { .query = "dry%5frun=1&&b&long%" };
    char name[16];

    (void)state;
    assert_true(http_query_name(&rq, 0, name, sizeof name));
    assert_string_equal(name, "dry_run");
    assert_true(http_query_name(&rq, 1, name, sizeof name));
    assert_string_equal(name, "b");
    assert_true(http_query_name(&rq, 2, name, sizeof name));
    assert_string_equal(name, "");
    assert_false(http_query_name(&rq, 3, name, sizeof name));
}

static void a_target_is_taken_apart(void **state)
{
    static const struct {
        const char *target;
        enum target_fault fault;
        const char *path, *query;
    } cases[] = {
        { "/", TARGET_FINE, "/", "" },
        { "/a?b", TARGET_FINE, "/a", "b" },
        { "/a?b?c", TARGET_FINE, "/a", "b?c" },
        { "/a#b?c", TARGET_FINE, "/a", "" },
        { "/a?b#c", TARGET_FINE, "/a", "b" },
        { "/%2A7%2f%2525", TARGET_FINE, "/*7%2f%25", "" },
        { "http://host:80/x?y", TARGET_FINE, "/x", "y" },
        { "http://host", TARGET_FINE, "", "" },
        { "/x?u=http://y/", TARGET_FINE, "/x", "u=http://y/" },
        { "*", TARGET_FINE, "*", "" },
        { "/%", TARGET_BROKEN, "", "" },
        { "/%2?2", TARGET_BROKEN, "", "" },
        { "/%00", TARGET_BROKEN, "", "" },
        { "/a\x01", TARGET_BROKEN, "", "" },
        { "/0123456789012345", TARGET_TOO_LONG, "", "" },
        { "/?0123456789012345", TARGET_TOO_LONG, "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[16] = "", query[16] = "";
        enum target_fault fault =
            target_split(cases[i].target, path, sizeof path, query, sizeof query);

        if (fault != cases[i].fault || !text_is(path, cases[i].path) ||
            !text_is(query, cases[i].query))
            fail_msg("'%s' gave %d '%s' '%s'", cases[i].target, (int)fault, path, query);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_read),
        cmocka_unit_test(a_query_tells_its_names),
        cmocka_unit_test(a_target_is_taken_apart),
    };

    return cmocka_run_group_tests_name("http_query", tests, NULL, NULL);
}

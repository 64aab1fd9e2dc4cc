/* The audit trail: a change and its entry hold or fall together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app_rig.h"
#include "base/text.h"

/* ---- the audit trail ---- */

static void change_and_its_entry_go_together(void **state)
{
    struct app *a = *state;
    const struct admin_change anna = rig_user("anna"),
                              list[] = { rig_user("bob"), rig_user("carol") };
    struct store_rows *rows = rig_audit(a);
    const uint64_t before = rows->total;

    store_rows_free(rows);
    rig_told.describing = true;
    store_mem_trouble(a->store, 1, 0);
    assert_int_equal(rig_make(a, &anna, 1), ADMIN_STORE);
    assert_int_equal(rig_make(a, list, 2), ADMIN_DONE);
    assert_int_equal(rig_told.audited, 2);
    assert_string_equal(rig_told.subject, "carol");
    rows = rig_audit(a);
    assert_int_equal(rows->total, before + 2); /* nothing of what failed */
    assert_int_equal(rows->audit[0].id, rig_told.audit);
    assert_string_equal(rows->audit[0].subject, "carol");
    assert_string_equal(rows->audit[0].actor, "anna");
    assert_string_equal(rows->audit[0].source, "192.0.2.7");
    assert_string_equal(rows->audit[0].request, "req_1");
    assert_string_equal(rows->audit[0].before, "0");
    assert_string_equal(rows->audit[0].after, "2");
    assert_true(rows->audit[0].at > 0);
    store_rows_free(rows);
}

static void entry_of_its_own(void **state)
{
    struct app *a = *state;
    const struct audit_entry e = { .actor = "bob", .action = "auth.login", .subject = "bob" };
    struct store_rows *rows;

    app_audit(a, &e);
    assert_int_equal(rig_told.audited, 0); /* not before it is on disk */
    rows = rig_audit(a);
    assert_string_equal(rows->audit[0].action, "auth.login");
    assert_int_equal(rows->audit[0].id, rig_told.audit);
    assert_int_equal(rig_told.audited, 1);
    store_rows_free(rows);
    app_audit(a, &e); /* and one that nobody waits for when the app ends */
}

/* What the store still answers when nobody asks any more is given back (the address sanitizer
 * looks): here it comes when the loop has ended, as the store is slow. */
static void question_left_at_the_end(void **state)
{
    const struct store_query q = { .type = QUERY_AUDIT };
    const struct audit_entry e = { .actor = "bob", .action = "auth.login", .subject = "bob" };
    struct app *a = rig_begin("memory:");

    (void)state;
    store_mem_trouble(a->store, 0, 300);
    app_audit(a, &e);
    app_ask(a, &q, rig_take_rows, NULL);
    app_free(a);
    store_rows_free(rig_told.rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_APP(change_and_its_entry_go_together),
        WITH_APP(entry_of_its_own),
        cmocka_unit_test(question_left_at_the_end),
    };

    return cmocka_run_group_tests_name("trail", tests, rig_start, rig_end);
}

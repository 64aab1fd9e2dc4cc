/* What the app makes of a store in trouble: what it says, and whether new calls are parked. How
 * calls fare is tested with real phones (disk-full.sh, disk-memory.sh). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app_rig.h"
#include "sys/clock.h"

static bool is_fine(const struct app *a)
{
    char why[ERR_TEXT_SIZE];

    return app_store_fine(a, why);
}

static void until(struct app *a, bool fine)
{
    msec end = clock_now() + 30000;

    while (is_fine(a) != fine) {
        assert_true(clock_now() < end);
        app_turn(a, 20);
    }
}

/* Somebody waits for no report: the loop itself sees that the worker does not come back. */
static void a_disk_that_does_not_answer(void **state)
{
    const struct audit_entry e = { .actor = "bob", .action = "auth.login", .subject = "bob" };
    struct app_store_state s;
    struct app *a = *state;

    store_mem_trouble(a->store, 0, 4500);
    app_audit(a, &e);
    until(a, false);
    app_store_state(a, &s);
    assert_int_equal(s.trouble, STORE_SLOW);
    assert_true(s.since > 0);
    assert_non_null(strstr(s.why, "disk"));
    assert_non_null(a->park.house.store_why);
    store_mem_trouble(a->store, 0, 0);
    until(a, true);
    assert_null(a->park.house.store_why);
}

/* A failure that is over at once, and the rows that it may have cost are written anew. */
static void rows_are_written_anew(void **state)
{
    const struct audit_entry e = { .actor = "bob", .action = "auth.login", .subject = "bob" };
    struct app_store_state s;
    struct app *a = *state;
    msec end = clock_now() + 30000;
    uint64_t stale = a->trouble.stale;

    store_mem_trouble(a->store, 1, 0);
    app_audit(a, &e);
    while (a->trouble.stale == stale || a->trouble.kind) {
        assert_true(clock_now() < end);
        app_turn(a, 20);
    }
    do {
        assert_true(clock_now() < end);
        app_turn(a, 20);
        app_store_state(a, &s);
    } while (s.rows_behind);
    assert_int_equal(s.trouble, STORE_FINE);
    assert_int_equal(s.kept, 0);
}

static void from_memory_nobody_is_refused(void **state)
{
    const struct store_event bad = { .type = STORE_TROUBLE,
                                     .result = STORE_FAILED,
                                     .trouble = STORE_FULL,
                                     .text = "the disk is full" },
                             good = { .type = STORE_TROUBLE, .text = "it can be written" };
    struct app *a = *state;
    struct event ev;

    a->config.store_trouble = TROUBLE_MEMORY;
    trouble_told(a, &bad);
    assert_false(is_fine(a));
    assert_null(a->park.house.store_why);
    assert_true(trouble_from_memory(a));
    trouble_unwritten(a, 5, 7, &ev);
    assert_true(ev.unwritten);
    assert_string_equal(ev.text, "the disk is full");
    a->config.store_trouble = TROUBLE_REFUSE;
    trouble_reloaded(a);
    assert_false(trouble_from_memory(a));
    assert_non_null(a->park.house.store_why);
    trouble_told(a, &good);
    assert_true(is_fine(a));
    assert_null(a->park.house.store_why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_APP(from_memory_nobody_is_refused),
        WITH_APP(rows_are_written_anew),
        WITH_APP(a_disk_that_does_not_answer),
    };

    return cmocka_run_group_tests_name("store_trouble", tests, rig_start, rig_end);
}

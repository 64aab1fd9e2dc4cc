/* A call's moments there and back: a clock that somebody sets moves none of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/inside.h"
#include "app_rig.h"
#include "base/text.h"

#define WALL UINT64_C(1763900000000)

static struct app at(msec now, wall_msec wall, const char *boot)
{
    struct app a;

    memset(&a, 0, sizeof(a));
    a.now = now;
    a.wall = wall;
    (void)text_copy(a.boot, sizeof(a.boot), boot);
    return a;
}

static struct call parked(void)
{
    struct call c;

    memset(&c, 0, sizeof(c));
    c.id = 7;
    c.state = CALL_PARKED;
    c.write = c.saved = c.orbit_write = 3;
    c.exiting = true;
    c.parked_wall = WALL - 5000;
    c.deadline = 90000;
    c.resume_at = 40000;
    c.give_up_at = c.next_deadline = NEVER;
    c.connected_at = 49000;
    return c;
}

static void moments_come_back(void **state)
{
    static const struct {
        msec now;
        wall_msec wall;
        const char *boot;
        msec deadline; /* as it comes back */
    } then[] = {
        { 60000, WALL + 10000, "one", 90000 },   /* a restart ten seconds later */
        { 60000, WALL + 3610000, "one", 90000 }, /* ... in which the clock was set */
        { 60000, WALL - 3600000, "one", 90000 }, /* ... backwards */
        { 200000, WALL + 20000, "two", 220000 }, /* the system itself was started again */
        { 200000, WALL + 20000, "", 220000 },    /* nobody knows */
        { 1000, WALL + 60000, "two", 1 },        /* it was due before that start */
    };
    static struct app a;
    static struct stored_call row;
    struct call c = parked(), back;

    (void)state;
    a = at(50000, WALL, "one");
    memset(&row, 0, sizeof(row));
    call_row_write(&a, &c, &row);
    assert_int_equal(row.deadline, WALL + 40000);
    assert_int_equal(row.give_up_at, NEVER);
    for (size_t i = 0; i < sizeof(then) / sizeof(*then); i++) {
        a = at(then[i].now, then[i].wall, then[i].boot);
        call_row_read(&a, &row, &back);
        assert_int_equal(back.deadline, then[i].deadline);
        assert_int_equal(back.give_up_at, NEVER);
        assert_int_equal(back.next_deadline, NEVER);
        assert_true(back.resume_at >= 1 && back.resume_at <= back.deadline);
        assert_true(back.connected_at >= 1 && back.parked_at <= back.connected_at);
    }
}

static void what_was_under_way_is_not_kept(void **state)
{
    static struct app a;
    static struct stored_call row;
    struct call c = parked(), back;

    (void)state;
    a = at(50000, WALL, "one");
    c.connected_at = 0;
    call_row_write(&a, &c, &row);
    call_row_read(&a, &row, &back);
    assert_int_equal(back.connected_at, 0);
    assert_int_equal(back.parked_at, 45000);
    assert_int_equal(back.write + back.saved + back.orbit_write, 0);
    assert_false(back.exiting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_come_back),
        cmocka_unit_test(what_was_under_way_is_not_kept),
    };

    return cmocka_run_group_tests_name("rows of calls", tests, NULL, NULL);
}

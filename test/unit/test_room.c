/* How much more a worker can do, by a clock that is made up: what it tells when it is idle, half
 * full and full, when others take the processor from it, and after its load has changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/room.h"

#define MS UINT64_C(1000000)
#define BEGIN UINT64_C(123456789000) /* any time */

static struct {
    uint64_t now;
    struct room_done done;
    unsigned late; /* packets in a hundred */
    struct room room;
} w;

static int begin(void **state)
{
    (void)state;
    w.now = BEGIN;
    w.late = 0;
    w.done = (struct room_done){ .used_ns = 777 * MS, .sent = 999, .late = 99 };
    room_begin(&w.room, w.now, &w.done);
    return 0;
}

/* One window in ticks of a millisecond: `work` us of each are worked and `wait` us waited for the
 * processor; the rest is slept. */
static void window(uint32_t streams, unsigned work, unsigned wait)
{
    assert_false(room_is_due(&w.room, w.now));
    for (unsigned i = 0; i < 250; i++) {
        w.done.used_ns += work * (MS / 1000);
        w.done.sent += 100;
        w.done.late += w.late;
        room_slept(&w.room, w.now + (work + wait) * (MS / 1000), w.now + MS);
        w.now += MS;
    }
    assert_true(room_is_due(&w.room, w.now));
    room_look(&w.room, w.now, &w.done, streams);
}

/* Until what was before is forgotten. */
static uint32_t settled(uint32_t streams, unsigned work, unsigned wait)
{
    for (unsigned i = 0; i < 12; i++)
        window(streams, work, wait);
    return room_fits(&w.room, streams);
}

static void nothing_is_known_at_first(void **state)
{
    (void)state;
    assert_int_equal(room_fits(&w.room, 0), ROOM_MOST * MS / ROOM_COST_GUESS);
    assert_int_equal(settled(0, 0, 0), ROOM_MOST * MS / ROOM_COST_GUESS);
}

/* Ten streams need two parts in a hundred: hardly more than waking up does. */
static void a_few_are_not_taken_for_dear(void **state)
{
    (void)state;
    assert_in_range(settled(10, 20, 0), 4200, 4700);
}

static void what_is_left_is_counted_in_streams(void **state)
{
    (void)state;
    assert_in_range(settled(2000, 400, 0), 4600, 4750); /* each 200 us a second: 4,500 */
    assert_in_range(settled(4000, 400, 0), 9200, 9500); /* a quicker machine */
    assert_in_range(settled(1000, 400, 0), 2300, 2375); /* a slower one */
    assert_in_range(settled(4600, 920, 0), 4600, 4720); /* nearly full */
}

static void who_is_full_takes_no_more(void **state)
{
    (void)state;
    assert_int_equal(settled(4750, 950, 0), 4750);
    assert_int_equal(settled(5000, 1000, 0), 5000);
    assert_int_equal(settled(0, 950, 0), 0);   /* relaying, shaking hands: whatever it is */
    assert_true(settled(2000, 400, 0) > 4600); /* and takes them again */
}

/* Who shares his core waits all the time, and is on time all the same. */
static void to_wait_a_little_is_no_harm(void **state)
{
    (void)state;
    assert_in_range(settled(2000, 400, 600), 4600, 4750);
    assert_in_range(settled(4600, 920, 80), 4600, 4720);
}

/* When packets are late, other processes on the same core leave less; the streams are no dearer for
 * it. */
static void time_that_others_take_is_not_there(void **state)
{
    (void)state;
    w.late = 5;
    assert_in_range(settled(2000, 400, 300), 3150, 3250);
    assert_int_equal(settled(2000, 400, 600), 2000);
}

/* They may take all of it: then a few calls less would help nobody. */
static void who_does_little_refuses_nothing(void **state)
{
    (void)state;
    w.late = 50;
    assert_in_range(settled(10, 20, 980), 800, 1000);
    assert_in_range(settled(300, 150, 850), 500, 600);
}

/* It is noticed within a second, and one window alone does not decide. */
static void a_change_is_noticed(void **state)
{
    uint32_t before = settled(2000, 400, 0);

    (void)state;
    w.late = 5;
    window(2000, 400, 600);
    assert_in_range(room_fits(&w.room, 2000), 2500, before - 1);
    for (unsigned i = 0; i < 3; i++)
        window(2000, 400, 600);
    assert_in_range(room_fits(&w.room, 2000), 2000, 2250);
}

static void a_late_wakeup_is_no_sleep(void **state)
{
    (void)state;
    room_slept(&w.room, BEGIN, BEGIN + 100 * MS);
    room_slept(&w.room, BEGIN + 120 * MS, BEGIN + 110 * MS); /* asked for what is past */
    w.now += 250 * MS;
    assert_true(room_is_due(&w.room, w.now));
    room_look(&w.room, w.now, &w.done, 10);
    assert_in_range(w.room.busy, 299, 301); /* 600, and half of it after one window */
}

/* Hours of sleep, or a clock that stands still, are no trouble. */
static void windows_of_any_length(void **state)
{
    (void)state;
    room_look(&w.room, w.now, &w.done, 5);
    assert_true(room_fits(&w.room, 5) > 4000);
    room_slept(&w.room, w.now, w.now + 90000000 * MS);
    w.now += 90000000 * MS;
    w.done.used_ns += 1000;
    room_look(&w.room, w.now, &w.done, 5);
    assert_true(room_fits(&w.room, 5) > 4000);
    assert_int_equal(room_fits(&w.room, UINT32_MAX - 1), UINT32_MAX);
}

static void the_next_goes_to_the_least_full(void **state)
{
    static const struct {
        struct room_seen workers[3];
        unsigned chosen;
    } rows[] = {
        { { { 4500, 0 }, { 4500, 0 }, { 4500, 0 } }, 0 },
        { { { 4500, 1 }, { 4500, 0 }, { 4500, 0 } }, 1 },
        { { { 4500, 11 }, { 4400, 10 }, { 4700, 11 } }, 1 },
        { { { 900, 500 }, { 4500, 3000 }, { 2000, 600 } }, 2 },
        { { { 2000, 2100 }, { 10, 9 }, { 0, 0 } }, 1 },
        { { { 4000, 4000 }, { 3000, 3000 }, { 3500, 3600 } }, 1 }, /* none: the fewest */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(room_choose(rows[i].workers, 3), rows[i].chosen);
    assert_int_equal(room_choose(rows[3].workers, 1), 0);
    assert_int_equal(room_left(rows[4].workers[0]), 0);
    assert_int_equal(room_left(rows[4].workers[1]), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_known_at_first, begin),
        cmocka_unit_test_setup(a_few_are_not_taken_for_dear, begin),
        cmocka_unit_test_setup(what_is_left_is_counted_in_streams, begin),
        cmocka_unit_test_setup(who_is_full_takes_no_more, begin),
        cmocka_unit_test_setup(to_wait_a_little_is_no_harm, begin),
        cmocka_unit_test_setup(time_that_others_take_is_not_there, begin),
        cmocka_unit_test_setup(who_does_little_refuses_nothing, begin),
        cmocka_unit_test_setup(a_change_is_noticed, begin),
        cmocka_unit_test_setup(a_late_wakeup_is_no_sleep, begin),
        cmocka_unit_test_setup(windows_of_any_length, begin),
        cmocka_unit_test(the_next_goes_to_the_least_full),
    };

    return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}

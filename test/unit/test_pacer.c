/* The pacer: rhythm, spreading, and that a stall is skipped instead of made good in a burst. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "media/pacer.h"

#define MS UINT64_C(1000000)
#define BEGIN UINT64_C(123456789000) /* any time */

struct item {
    struct pacer_node node;
    uint64_t interval;
    unsigned turns, last;
};

static uint64_t interval_of(const struct pacer_node *node)
{
    return ((const struct item *)node)->interval;
}

static uint64_t skipped; /* turns, in all */

/* Let all that is due by `now` have its turn; the most turns that one item had. */
static unsigned run(struct pacer *p, uint64_t now)
{
    struct pacer_node *node, *next;
    uint64_t tick;
    unsigned most = 0;

    skipped += pacer_skip(p, now, interval_of);
    while (pacer_take(p, now, &tick, &node))
        for (; node; node = next) {
            struct item *i = (struct item *)node;

            next = node->next;
            assert_int_equal(node->due, tick);
            i->turns++;
            i->last++;
            if (i->last > most)
                most = i->last;
            pacer_add(p, node, tick + i->interval);
        }
    return most;
}

static void each_has_its_rhythm(void **state)
{
    static const uint64_t intervals[] = { 10, 20, 30, 40, 50, 60 };
    struct item items[6] = { 0 };
    struct pacer p;

    (void)state;
    pacer_init(&p, BEGIN);
    for (size_t i = 0; i < 6; i++) {
        items[i].interval = intervals[i];
        pacer_add(&p, &items[i].node, i);
    }
    for (uint64_t ms = 0; ms < 6000; ms++)
        (void)run(&p, BEGIN + ms * MS + 300000);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(items[i].turns, 6000 / intervals[i]);
}

/* However irregular the wake-ups, the count is right as long as none is later than what is made
 * good. */
static void late_wakeups_are_made_good(void **state)
{
    struct item item = { .interval = 20 };
    struct pacer p;
    uint64_t ms = 0;

    (void)state;
    pacer_init(&p, BEGIN);
    pacer_add(&p, &item.node, 0);
    for (unsigned i = 0; ms < 10000; i++) {
        (void)run(&p, BEGIN + ms * MS);
        ms += 1 + i * 7 % 50;
    }
    (void)run(&p, BEGIN + 10000 * MS);
    assert_int_equal(item.turns, 10000 / 20 + 1);
}

/* How many turns 50 items should have had since the beginning. */
static uint64_t turns_until(const struct pacer *p, const struct item *items, uint64_t end,
                            uint64_t interval)
{
    uint64_t sum = 0, now = pacer_tick(p, end);

    for (size_t i = 0; i < 50; i++) {
        uint64_t first = i % 20;

        assert_int_equal(items[i].interval, interval);
        sum += (now - first) / interval + 1;
    }
    return sum;
}

static void a_stall_is_skipped_without_a_burst(void **state)
{
    static const uint64_t stalls[] = { 60, 61, 63, 64, 65, 100, 1000, 86400000 };
    static const uint64_t intervals[] = { 10, 20, 60 };

    (void)state;
    for (size_t s = 0; s < sizeof stalls / sizeof *stalls; s++)
        for (size_t k = 0; k < 3; k++) {
            struct item items[50] = { 0 };
            struct pacer p;
            uint64_t end = BEGIN + 200 * MS + stalls[s] * MS;

            pacer_init(&p, BEGIN);
            for (size_t i = 0; i < 50; i++) {
                items[i].interval = intervals[k];
                pacer_add(&p, &items[i].node, i % 20);
            }
            for (uint64_t ms = 0; ms < 200; ms++)
                (void)run(&p, BEGIN + ms * MS);
            for (size_t i = 0; i < 50; i++)
                items[i].last = 0;
            skipped = 0;
            /* One packet that is due in this very tick is the most after a skip. */
            assert_true(run(&p, end) <= 1);
            for (size_t i = 0; i < 50; i++) /* what had its turn, and what did not, is all */
                skipped += items[i].turns;
            assert_int_equal(skipped, turns_until(&p, items, end, intervals[k]));
            for (size_t i = 0; i < 50; i++) {
                assert_true(items[i].node.due > pacer_tick(&p, end));
                assert_int_equal(items[i].node.due % intervals[k], i % 20 % intervals[k]);
            }
            assert_int_equal(p.waiting, 50);
        }
}

static void streams_are_spread_evenly(void **state)
{
    static struct item items[1000];
    unsigned in_tick[20] = { 0 };
    struct pacer p;

    (void)state;
    pacer_init(&p, BEGIN);
    for (size_t i = 0; i < 1000; i++) {
        items[i].interval = 20;
        pacer_add(&p, &items[i].node, pacer_emptiest(&p));
        if (i == 500) /* all of one half come at once, and so do those of the other */
            (void)run(&p, BEGIN + 7 * MS);
    }
    for (size_t i = 0; i < 1000; i++)
        in_tick[items[i].node.due % 20]++;
    for (size_t i = 0; i < 20; i++)
        assert_in_range(in_tick[i], 45, 55);
}

static void the_next_due_is_known_and_who_leaves_is_gone(void **state)
{
    struct item a = { .interval = 20 }, b = { .interval = 20 };
    struct pacer p;

    (void)state;
    pacer_init(&p, BEGIN);
    assert_int_equal(pacer_next(&p), UINT64_MAX);
    pacer_add(&p, &a.node, 7);
    pacer_add(&p, &b.node, 3);
    assert_int_equal(pacer_next(&p), 3);
    assert_int_equal(pacer_time(&p, 3), BEGIN + 3 * MS);
    pacer_remove(&p, &b.node);
    assert_int_equal(pacer_next(&p), 7);
    (void)run(&p, BEGIN + 7 * MS);
    assert_int_equal(a.turns, 1);
    assert_int_equal(b.turns, 0);
    assert_int_equal(pacer_next(&p), 27);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_rhythm),
        cmocka_unit_test(late_wakeups_are_made_good),
        cmocka_unit_test(a_stall_is_skipped_without_a_burst),
        cmocka_unit_test(streams_are_spread_evenly),
        cmocka_unit_test(the_next_due_is_known_and_who_leaves_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

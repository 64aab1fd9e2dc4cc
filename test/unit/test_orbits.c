/* Orbits: the four orders, cooling and keeping, closing and rebuilding. Beside a model:
 * test_orbits_model.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "core/orbits.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define HOME "pool1.contoso.com"

static struct ranges *ranges;
static struct orbits *orbits;

static number_key key(const char *text)
{
    return number_read(text, NULL);
}

static struct range put(range_id id, const char *start, const char *end, const char *destination)
{
    struct range r = { .id = id, .version = 1 };
    const struct range *before = ranges_by_id(ranges, id);
    char name[24];

    snprintf(name, sizeof name, "r%u", (unsigned)id);
    assert_int_equal(range_read(&r, name, start, end, NULL).fault, RANGE_FINE);
    (void)text_copy(r.destination, sizeof r.destination, destination);
    if (before)
        r.version = before->version + 1;
    ranges_put(ranges, &r);
    return r;
}

static void put_state(range_id id, enum range_state state, enum range_type type)
{
    struct range r = *ranges_by_id(ranges, id);

    r.state = state;
    r.type = type;
    r.version++;
    ranges_put(ranges, &r);
}

static void rebuild(void)
{
    orbits_rebuild(orbits, ranges, HOME);
    orbits_check(orbits);
}

static int new_orbits(void **state)
{
    (void)state;
    ranges = calloc(1, sizeof *ranges);
    orbits = orbits_init(calloc(1, orbits_size()), 42);
    orbits_check(orbits);
    put(1, "600", "604", HOME);
    put(2, "*100", "*104", "POOL1.contoso.com");
    put(3, "700", "704", "pool2.contoso.com");
    put(4, "800", "804", HOME);
    put_state(4, RANGE_ACTIVE, RANGE_GROUP_PICKUP);
    rebuild();
    return 0;
}

static int free_orbits(void **state)
{
    (void)state;
    free(ranges);
    free(orbits);
    return 0;
}

/* Take from 600-604 `count` times, give all back in that order a second apart, and again: what came
 * in the second turn. */
static void second_turn(enum allocation how, unsigned count, number_key got[5])
{
    number_key first[5] = { 0 };

    for (unsigned i = 0; i < count; i++)
        first[i] = orbits_take(orbits, how, key("600"), key("604"), 1, 1000);
    for (unsigned i = 0; i < count; i++)
        orbits_give_back(orbits, first[i], 0, false, 2000 - 100 * i);
    for (unsigned i = 0; i < 5; i++)
        got[i] = orbits_take(orbits, how, key("600"), key("604"), 1, 9000);
    orbits_check(orbits);
}

static void orders_differ(void **state)
{
    static const struct {
        enum allocation how;
        const char *numbers[5];
    } table[] = {
        /* Never used ones, then the one freed first: the third was given back at 1800. */
        { ALLOC_LRU, { "603", "604", "602", "601", "600" } },
        { ALLOC_SEQUENTIAL, { "603", "604", "600", "601", "602" } },
        { ALLOC_LOWEST, { "600", "601", "602", "603", "604" } },
    };
    number_key got[5];

    for (size_t i = 0; i < COUNT(table); i++) {
        free_orbits(state);
        new_orbits(state);
        second_turn(table[i].how, 3, got);
        for (unsigned k = 0; k < 5; k++)
            assert_int_equal(got[k], key(table[i].numbers[k]));
        assert_int_equal(orbits_take(orbits, table[i].how, key("600"), key("604"), 1, 9000), 0);
    }
}

/* Each of the free ones equally often: 10,000 takes of 4 free ones, each within 5 standard
 * deviations. */
static void random_is_uniform(void **state)
{
    unsigned seen[5] = { 0 };

    (void)state;
    assert_true(orbits_take_this(orbits, key("602"), 9, false, 0));
    for (unsigned i = 0; i < 10000; i++) {
        number_key k = orbits_take(orbits, ALLOC_RANDOM, key("600"), key("604"), 1, i);

        assert_true(k >= key("600") && k <= key("604"));
        seen[k - key("600")]++;
        orbits_give_back(orbits, k, 0, false, i);
    }
    assert_int_equal(seen[2], 0);
    for (unsigned i = 0; i < 5; i++)
        if (i != 2)
            assert_in_range(seen[i], 2500 - 217, 2500 + 217);
}

static void seed_decides_random(void **state)
{
    number_key first[5], again[5];

    second_turn(ALLOC_RANDOM, 0, first);
    free_orbits(state);
    new_orbits(state);
    second_turn(ALLOC_RANDOM, 0, again);
    assert_memory_equal(first, again, sizeof first);
}

/* What is taken in one range does not move the other's order. */
static void sequential_is_per_interval(void **state)
{
    static const char *const expected[] = { "600", "*100", "601", "*101", "602", "*102" };

    (void)state;
    for (size_t i = 0; i < COUNT(expected); i++) {
        const char *last = i % 2 ? "*104" : "604";
        number_key first = key(i % 2 ? "*100" : "600");

        assert_int_equal(orbits_take(orbits, ALLOC_SEQUENTIAL, first, key(last), 1, 0),
                         key(expected[i]));
    }
    for (unsigned i = 0; i < 4; i++) /* and over all of the node, behind the very last one */
        assert_int_not_equal(orbits_take(orbits, ALLOC_SEQUENTIAL, 0, 0, 1, 0), 0);
    assert_int_equal(orbits_take(orbits, ALLOC_SEQUENTIAL, 0, 0, 1, 0), 0);
}

static void has_only_its_own(void **state)
{
    static const char *const others[] = {
        "599", "605", "700", "704", "800", "*99", "#600", "6000"
    };

    (void)state;
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_int_equal(orbits_look(orbits, key(others[i]), 0).state, ORBIT_NONE);
        assert_false(orbits_take_this(orbits, key(others[i]), 1, true, 0));
    }
    assert_int_equal(orbits_look(orbits, 0, 0).state, ORBIT_NONE);
    assert_int_equal(orbits_look(orbits, key("600"), 0).state, ORBIT_FREE);
    assert_int_equal(orbits_look(orbits, key("600"), 0).range, 1);
    assert_int_equal(orbits_look(orbits, key("*104"), 0).range, 2);
    assert_int_equal(orbits_take(orbits, ALLOC_LRU, key("700"), key("704"), 1, 0), 0);
    assert_int_equal(orbits_count(orbits, 0, 0, 0).total, 10);
    assert_int_equal(orbits_count(orbits, key("602"), key("*101"), 0).total, 5);
    assert_int_equal(orbits_count(orbits, key("1"), key("599"), 0).total, 0);
    assert_int_equal(orbits_count(orbits, key("604"), key("600"), 0).total, 0);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(orbits_nth(orbits, i, 0).number,
                         i < 5 ? key("600") + i : key("*100") + i - 5);
    assert_int_equal(orbits_nth(orbits, 10, 0).state, ORBIT_NONE);
}

static void cools_down(void **state)
{
    number_key six = key("600");

    (void)state;
    assert_true(orbits_take_this(orbits, six, 11, false, 100));
    assert_false(orbits_take_this(orbits, six, 12, true, 100)); /* one claim */
    assert_int_equal(orbits_look(orbits, six, 100).call, 11);
    orbits_give_back(orbits, six, 50, false, 200);
    assert_int_equal(orbits_look(orbits, six, 249).state, ORBIT_COOLING);
    assert_int_equal(orbits_look(orbits, six, 249).call, 11); /* for who comes too late */
    assert_int_equal(orbits_look(orbits, six, 250).state,
                     ORBIT_FREE); /* as of now, not as stored */
    assert_int_equal(orbits_count(orbits, six, six, 249).free, 0);
    assert_int_equal(orbits_count(orbits, six, six, 250).free, 1);
    assert_int_equal(orbits_take(orbits, ALLOC_LOWEST, six, six, 12, 249), 0);
    assert_false(orbits_take_this(orbits, six, 12, false, 249));
    assert_true(orbits_take_this(orbits, six, 12, true, 249)); /* his own */
    orbits_give_back(orbits, six, 50, false, 300);
    orbits_settle(orbits, 349);
    assert_int_equal(orbits_take(orbits, ALLOC_LOWEST, six, six, 12, 349), 0);
    assert_int_equal(orbits_take(orbits, ALLOC_LOWEST, six, six, 12, 350), six);
    orbits_check(orbits);
}

static void kept_ones_come_last(void **state)
{
    number_key first = key("600"), last = key("604");

    (void)state;
    for (number_key k = first; k <= last; k++)
        assert_true(orbits_take_this(orbits, k, 1, false, 0));
    orbits_give_back(orbits, first + 3, 32000, true, 10);
    orbits_give_back(orbits, first + 1, 32000, true, 20);
    orbits_give_back(orbits, first + 4, 500, false, 20);
    assert_int_equal(orbits_look(orbits, first + 1, 20).state, ORBIT_KEPT);
    assert_false(orbits_take_this(orbits, first + 1, 2, false, 20));
    assert_int_equal(orbits_count(orbits, first, last, 20).free, 2);
    assert_int_equal(orbits_take(orbits, ALLOC_LOWEST, first, last, 2, 520), first + 4);
    assert_int_equal(orbits_take(orbits, ALLOC_LOWEST, first, last, 2, 520),
                     first + 3);                                    /* oldest */
    assert_true(orbits_take_this(orbits, first + 1, 1, true, 520)); /* the Replaces came */
    assert_int_equal(orbits_take(orbits, ALLOC_RANDOM, first, last, 2, 520), 0);
    orbits_give_back(orbits, first, 32000, true, 600);
    assert_int_equal(orbits_look(orbits, first, 32600).state, ORBIT_FREE);
    orbits_check(orbits);
}

static void closes_and_opens(void **state)
{
    number_key first = key("600"), last = key("604");

    (void)state;
    assert_true(orbits_take_this(orbits, first, 1, false, 0));
    orbits_close(orbits, first, first + 2, true);
    orbits_check(orbits);
    assert_true(orbits_look(orbits, first + 2, 0).closed);
    assert_false(orbits_look(orbits, first + 3, 0).closed);
    assert_int_equal(orbits_count(orbits, first, last, 0).free, 2);
    assert_int_equal(orbits_count(orbits, first, last, 0).busy, 1);
    assert_false(orbits_take_this(orbits, first + 1, 1, false, 0));
    orbits_give_back(orbits, first, 0, false, 5);
    assert_int_equal(orbits_take(orbits, ALLOC_LOWEST, first, last, 1, 9), first + 3);
    assert_int_equal(orbits_take(orbits, ALLOC_LRU, first, last, 1, 9), first + 4);
    assert_int_equal(orbits_take(orbits, ALLOC_LRU, first, last, 1, 9), 0);
    assert_true(orbits_take_this(orbits, first, 1, true, 9)); /* his own, found after a restart */
    orbits_close(orbits, first, last, false);
    assert_int_equal(orbits_take(orbits, ALLOC_LRU, first, last, 1, 9), first + 1);
    orbits_check(orbits);
}

static void rebuild_opens(void **state)
{
    (void)state;
    orbits_close(orbits, 0, 0, true);
    assert_int_equal(orbits_count(orbits, 0, 0, 0).free, 0);
    rebuild();
    assert_int_equal(orbits_count(orbits, 0, 0, 0).free, 10);
    assert_false(orbits_look(orbits, key("*100"), 0).closed);
}

static void drains(void **state)
{
    (void)state;
    assert_true(orbits_take_this(orbits, key("600"), 1, false, 0));
    put_state(1, RANGE_DRAINING, RANGE_CALL_PARK);
    rebuild();
    assert_int_equal(orbits_take(orbits, ALLOC_LOWEST, key("600"), key("604"), 1, 0), 0);
    assert_int_equal(orbits_count(orbits, key("600"), key("604"), 0).busy, 1);
    orbits_close(orbits, key("600"), key("604"),
                 false); /* opens what was closed, not what drains */
    assert_int_equal(orbits_take(orbits, ALLOC_LOWEST, key("600"), key("604"), 1, 0), 0);
    orbits_give_back(orbits, key("600"), 0, false, 1);
    assert_int_equal(orbits_take(orbits, ALLOC_LOWEST, key("600"), key("604"), 1, 1), 0);
    put_state(1, RANGE_ACTIVE, RANGE_CALL_PARK);
    rebuild();
    assert_int_equal(orbits_take(orbits, ALLOC_LOWEST, key("600"), key("604"), 1, 1), key("600"));
}

static void rebuild_keeps_what_was(void **state)
{
    number_key six = key("600");

    (void)state;
    assert_true(orbits_take_this(orbits, six + 1, 11, false, 0));
    assert_true(orbits_take_this(orbits, six + 2, 12, false, 0));
    assert_true(orbits_take_this(orbits, six + 3, 13, false, 0));
    assert_true(orbits_take_this(orbits, six + 4, 14, false, 0));
    orbits_give_back(orbits, six + 2, 100, false, 50);
    orbits_give_back(orbits, six + 3, 100, true, 60);
    ranges_remove(ranges, 1);
    put(5, "601", "603", HOME); /* the same numbers under another range; 600 and 604 are gone */
    put(6, "900", "901", HOME);
    rebuild();
    assert_int_equal(orbits_look(orbits, six, 90).state, ORBIT_NONE);
    assert_int_equal(orbits_look(orbits, six + 1, 90).call, 11);
    assert_int_equal(orbits_look(orbits, six + 1, 90).range, 5);
    assert_int_equal(orbits_look(orbits, six + 2, 90).state, ORBIT_COOLING);
    assert_int_equal(orbits_look(orbits, six + 3, 90).state, ORBIT_KEPT);
    assert_int_equal(orbits_look(orbits, six + 2, 150).state, ORBIT_FREE);
    assert_int_equal(orbits_look(orbits, six + 4, 90).state, ORBIT_BUSY);
    assert_int_equal(orbits_look(orbits, six + 4, 90).range, 1);
    assert_true(orbits_look(orbits, six + 4, 90).closed);
    assert_int_equal(orbits_count(orbits, 0, 0, 90).total, 3 + 1 + 2 + 5);
    orbits_give_back(orbits, six + 4, 100, false, 90);
    orbits_check(orbits);
    assert_int_equal(orbits_look(orbits, six + 4, 500).state, ORBIT_NONE); /* gone for good */
    assert_false(orbits_take_this(orbits, six + 4, 1, true, 500));
    assert_int_equal(orbits_count(orbits, 0, 0, 90).total, 3 + 2 + 5);
    assert_int_equal(orbits_nth(orbits, 3, 90).number, key("900")); /* the dead one is no hole */
    put(7, "604", "604", HOME);
    rebuild();
    assert_int_equal(orbits_look(orbits, six + 4, 500).state, ORBIT_FREE);
    assert_int_equal(orbits_look(orbits, six + 4, 500).range, 7);
}

static void holds_a_full_destination(void **state)
{
    static const char *const full[][2] = { { "10000", "19999" },
                                           { "20000", "29999" },
                                           { "30000", "39999" },
                                           { "40000", "49999" },
                                           { "50000", "59988" } };
    uint32_t count = 0;

    (void)state;
    ranges_remove(ranges, 1);
    ranges_remove(ranges, 2);
    for (unsigned i = 0; i < COUNT(full); i++)
        put(20 + i, full[i][0], full[i][1], HOME);
    put(30, "#100", "#109", HOME);
    rebuild();
    assert_int_equal(orbits_count(orbits, 0, 0, 0).total, DESTINATION_NUMBERS_MAX);
    while (orbits_take(orbits, ALLOC_SEQUENTIAL, 0, 0, 1, 0))
        count++;
    assert_int_equal(count, DESTINATION_NUMBERS_MAX);
    /* All move away while all are in use, and as many new ones come: those who wait keep their
     * orbit. */
    for (unsigned i = 0; i < COUNT(full); i++)
        ranges_remove(ranges, 20 + i);
    for (unsigned i = 0; i < COUNT(full); i++) {
        char start[12], end[12];

        snprintf(start, sizeof start, "*%s", full[i][0]);
        snprintf(end, sizeof end, "*%s", full[i][1]);
        put(40 + i, start, end, HOME);
    }
    rebuild();
    assert_int_equal(orbits_count(orbits, 0, 0, 0).busy, DESTINATION_NUMBERS_MAX);
    assert_int_equal(orbits_count(orbits, 0, 0, 0).total, ORBITS_SLOTS - 1);
    for (number_key k = 10000; k <= 59988; k++)
        orbits_give_back(orbits, k, 0, false, 1);
    rebuild();
    assert_int_equal(orbits_count(orbits, 0, 0, 1).total, DESTINATION_NUMBERS_MAX);
    assert_int_equal(orbits_count(orbits, 0, 0, 1).free, DESTINATION_NUMBERS_MAX - 10);
}

#define WITH_ORBITS(test) cmocka_unit_test_setup_teardown(test, new_orbits, free_orbits)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ORBITS(orders_differ),          WITH_ORBITS(random_is_uniform),
        WITH_ORBITS(seed_decides_random),    WITH_ORBITS(sequential_is_per_interval),
        WITH_ORBITS(has_only_its_own),       WITH_ORBITS(cools_down),
        WITH_ORBITS(kept_ones_come_last),    WITH_ORBITS(closes_and_opens),
        WITH_ORBITS(rebuild_opens),          WITH_ORBITS(drains),
        WITH_ORBITS(rebuild_keeps_what_was), WITH_ORBITS(holds_a_full_destination),
    };

    return cmocka_run_group_tests_name("orbits", tests, NULL, NULL);
}

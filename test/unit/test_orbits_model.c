/* Orbits at random, beside a model that looks at each of them one after the other and is too simple
 * to be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/orbits.h"

#define HOME "pool1.contoso.com"

static struct ranges *ranges;
static struct orbits *orbits;

#define MODEL_SIZE 40 /* numbers 100 to 139 */

static struct {
    enum orbit_state state;
    bool closed;
    msec freed, ready;
    uint64_t taken;
} model[MODEL_SIZE];

static uint64_t model_takings;

static uint32_t dice(uint32_t n)
{
    static uint64_t seed = 7;

    seed = seed * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(seed >> 33) % n;
}

static void model_settle(msec now)
{
    for (unsigned i = 0; i < MODEL_SIZE; i++)
        if ((model[i].state == ORBIT_COOLING || model[i].state == ORBIT_KEPT) &&
            model[i].ready <= now)
            model[i].state = ORBIT_FREE;
}

static bool model_gives(unsigned i, enum orbit_state state)
{
    return model[i].state == state && !model[i].closed;
}

/* The oldest of this state between `low` and `high`; MODEL_SIZE: none. */
static unsigned model_oldest(enum orbit_state state, unsigned low, unsigned high)
{
    unsigned best = MODEL_SIZE;

    for (unsigned i = low; i <= high; i++)
        if (model_gives(i, state) && (best == MODEL_SIZE || model[i].freed < model[best].freed))
            best = i;
    return best;
}

static unsigned model_next(unsigned low, unsigned high)
{
    unsigned last = low, size = high - low + 1;

    for (unsigned i = low; i <= high; i++)
        if (model[i].taken > model[last].taken)
            last = i;
    for (unsigned n = model[last].taken ? 1 : 0, end = n + size; n < end; n++)
        if (model_gives(low + (last - low + n) % size, ORBIT_FREE))
            return low + (last - low + n) % size;
    return MODEL_SIZE;
}

static void check_take(enum allocation how, unsigned low, unsigned high, msec now)
{
    number_key got = orbits_take(orbits, how, 100 + low, 100 + high, 1, now);
    unsigned expected = MODEL_SIZE;

    if (how == ALLOC_LRU)
        expected = model_oldest(ORBIT_FREE, low, high);
    else if (how == ALLOC_SEQUENTIAL)
        expected = model_next(low, high);
    else if (how == ALLOC_RANDOM && got && model_gives((unsigned)got - 100, ORBIT_FREE))
        expected = (unsigned)got - 100;
    for (unsigned i = low; expected == MODEL_SIZE && i <= high; i++)
        if (model_gives(i, ORBIT_FREE))
            expected = i;
    if (expected == MODEL_SIZE)
        expected = model_oldest(ORBIT_KEPT, low, high);
    assert_int_equal(got, expected == MODEL_SIZE ? 0 : 100 + expected);
    if (got) {
        assert_true(got >= 100 + low && got <= 100 + high);
        model[expected].state = ORBIT_BUSY;
        model[expected].taken = ++model_takings;
    }
}

static void check_take_this(unsigned i, bool own, msec now)
{
    bool expected =
        model[i].state != ORBIT_BUSY && (own || (model[i].state == ORBIT_FREE && !model[i].closed));

    assert_int_equal(orbits_take_this(orbits, 100 + i, 1, own, now), expected);
    if (expected) {
        model[i].state = ORBIT_BUSY;
        model[i].taken = ++model_takings;
    }
}

static void give_back(unsigned i, msec now)
{
    msec cool_down = dice(60);
    bool keep = dice(4) == 0;

    if (model[i].state != ORBIT_BUSY)
        return;
    orbits_give_back(orbits, 100 + i, cool_down, keep, now);
    model[i].state = keep ? ORBIT_KEPT : ORBIT_COOLING;
    model[i].freed = now;
    model[i].ready = now + cool_down;
}

static void check_count(unsigned low, unsigned high, msec now)
{
    struct orbits_count c = orbits_count(orbits, 100 + low, 100 + high, now);
    uint32_t busy = 0, free_ones = 0;

    for (unsigned i = low; i <= high; i++) {
        struct orbit o = orbits_look(orbits, 100 + i, now);

        assert_int_equal(o.state, model[i].state);
        assert_int_equal(o.closed, model[i].closed);
        busy += model[i].state == ORBIT_BUSY;
        free_ones += model_gives(i, ORBIT_FREE) || model_gives(i, ORBIT_KEPT);
    }
    assert_int_equal(c.busy, busy);
    assert_int_equal(c.free, free_ones);
    assert_int_equal(c.total, high - low + 1);
}

static void put(range_id id, const char *start, const char *end)
{
    struct range r = { .id = id, .version = 1, .destination = HOME };

    assert_int_equal(range_read(&r, start, start, end, NULL).fault, RANGE_FINE);
    ranges_put(ranges, &r);
}

static int new_orbits(void **state)
{
    (void)state;
    ranges = calloc(1, sizeof *ranges);
    orbits = orbits_init(calloc(1, orbits_size()), 42);
    put(10, "100", "119");
    put(11, "120", "139");
    orbits_rebuild(orbits, ranges, HOME);
    for (unsigned i = 0; i < MODEL_SIZE; i++)
        model[i].state = ORBIT_FREE;
    return 0;
}

static int free_orbits(void **state)
{
    (void)state;
    free(ranges);
    free(orbits);
    return 0;
}

static void behaves_like_the_model(void **state)
{
    msec now = 1000;

    (void)state;
    for (unsigned step = 0; step < 40000; step++) {
        unsigned low = dice(MODEL_SIZE), high = low + dice(MODEL_SIZE - low), what = dice(100);
        bool close = dice(3) == 0;

        now += dice(4);
        model_settle(now);
        if (what < 40) {
            check_take((enum allocation)dice(4), low, high, now);
        } else if (what < 50) {
            check_take_this(low, dice(3) == 0, now);
        } else if (what < 90) {
            give_back(low, now);
            model_settle(now);
        } else if (what < 93) {
            orbits_close(orbits, 100 + low, 100 + high, close);
            for (unsigned i = low; i <= high; i++)
                model[i].closed = close;
        } else if (what < 94) {
            orbits_rebuild(orbits, ranges, HOME); /* nothing changed: all is as it was, and open */
            for (unsigned i = 0; i < MODEL_SIZE; i++)
                model[i].closed = false;
        } else {
            check_count(low, high, now);
        }
        if (step % 16 == 0)
            orbits_check(orbits);
    }
    check_count(0, MODEL_SIZE - 1, now);
    assert_true(model_takings > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(behaves_like_the_model, new_orbits, free_orbits),
    };

    return cmocka_run_group_tests_name("orbits_model", tests, NULL, NULL);
}

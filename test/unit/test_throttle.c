/* The delay of failed sign-ins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "core/throttle.h"

#define HOUR 3600000
#define START 5000000 /* of the clock; any */

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct throttle));
    assert_non_null(*state);
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void fail_times(struct throttle *t, const char *key, unsigned times, msec now)
{
    while (times-- > 0)
        throttle_failed(t, key, now);
}

static void the_wait_doubles(void **state)
{
    static const msec waits[] = { 0,     0,     0,     0,      1000,   2000,   4000,   8000,
                                  16000, 32000, 64000, 128000, 256000, 512000, 600000, 600000 };
    struct throttle *t = *state;

    for (unsigned failures = 0; failures < sizeof waits / sizeof *waits; failures++) {
        assert_int_equal(throttle_wait(t, "user:anna", START), waits[failures]);
        throttle_failed(t, "user:anna", START);
    }
    fail_times(t, "user:anna", 100, START);
    assert_int_equal(throttle_wait(t, "user:anna", START), 600000);
}

static void it_passes_by(void **state)
{
    static const struct {
        msec later, wait;
    } lines[] = {
        { 0, 4000 }, { 1, 3999 },     { 3999, 1 }, { 4000, 0 },
        { 4001, 0 }, { HOUR - 1, 0 }, { HOUR, 0 },
    };
    struct throttle *t = *state;

    fail_times(t, "user:anna", 6, START);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_int_equal(throttle_wait(t, "user:anna", START + lines[i].later), lines[i].wait);
}

static void an_hour_forgets(void **state)
{
    struct throttle *t = *state;

    fail_times(t, "user:anna", 6, START);
    fail_times(t, "user:berta", 6, START);
    throttle_failed(t, "user:anna", START + HOUR - 1);
    throttle_failed(t, "user:berta", START + HOUR);
    assert_int_equal(throttle_wait(t, "user:anna", START + HOUR), 7999);
    assert_int_equal(throttle_wait(t, "user:berta", START + HOUR), 0);
    fail_times(t, "user:berta", 3, START + HOUR); /* the fourth since */
    assert_int_equal(throttle_wait(t, "user:berta", START + HOUR), 1000);
}

static void keys_are_by_themselves(void **state)
{
    struct throttle *t = *state;

    fail_times(t, "user:anna", 5, START);
    fail_times(t, "from:192.0.2.7", 6, START);
    fail_times(t, "user:berta", 4, START);
    assert_int_equal(throttle_wait(t, "user:ann", START), 0);
    assert_int_equal(throttle_wait(t, "user:anna.b", START), 0);
    throttle_clear(t, "user:nobody");
    throttle_clear(t, "user:anna");
    assert_int_equal(throttle_wait(t, "user:anna", START), 0);
    assert_int_equal(throttle_wait(t, "from:192.0.2.7", START), 4000);
    assert_int_equal(throttle_wait(t, "user:berta", START), 1000);
    assert_int_equal(t->count, 2);
}

static void a_long_key_is_cut_alike(void **state)
{
    struct throttle *t = *state;
    char key[200];

    (void)text_format(key, sizeof key, "user:%0190d", 7);
    fail_times(t, key, 4, START);
    assert_int_equal(throttle_wait(t, key, START), 1000);
    assert_int_equal(t->count, 1);
    throttle_clear(t, key);
    assert_int_equal(t->count, 0);
}

/* A table full of names that somebody made up does not wash away the delay of a real one. */
static void the_least_is_forgotten_first(void **state)
{
    struct throttle *t = *state;
    char key[THROTTLE_KEY_SIZE];

    fail_times(t, "user:anna", 6, START);
    throttle_failed(t, "user:first", START + 1);
    for (unsigned i = 0; i < THROTTLE_MAX - 2; i++) {
        (void)text_format(key, sizeof key, "user:x%u", i);
        throttle_failed(t, key, START + 2);
    }
    assert_int_equal(t->count, THROTTLE_MAX);
    throttle_failed(t, "user:new", START + 3);
    assert_int_equal(t->count, THROTTLE_MAX);
    assert_int_equal(throttle_wait(t, "user:anna", START + 2), 3998);
    fail_times(t, "user:first", 3, START + 2); /* begins anew: it was the one that went */
    assert_int_equal(throttle_wait(t, "user:first", START + 2), 0);
    fail_times(t, "user:new", 3, START + 3); /* not so this one */
    assert_int_equal(throttle_wait(t, "user:new", START + 3), 1000);
}

/* What nobody would be asked to wait for is no loss, however often it failed. */
static void the_forgotten_make_room(void **state)
{
    struct throttle *t = *state;
    char key[THROTTLE_KEY_SIZE];

    fail_times(t, "user:anna", 9, START);
    for (unsigned i = 0; i < THROTTLE_MAX - 1; i++) {
        (void)text_format(key, sizeof key, "user:x%u", i);
        throttle_failed(t, key, START + HOUR);
    }
    throttle_failed(t, "user:new", START + HOUR);
    for (unsigned i = 0; i < THROTTLE_MAX - 1; i++) {
        (void)text_format(key, sizeof key, "user:x%u", i);
        fail_times(t, key, 3, START + HOUR);
        assert_int_equal(throttle_wait(t, key, START + HOUR), 1000);
    }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(the_wait_doubles),        WITH(it_passes_by),
        WITH(an_hour_forgets),         WITH(keys_are_by_themselves),
        WITH(a_long_key_is_cut_alike), WITH(the_least_is_forgotten_first),
        WITH(the_forgotten_make_room),
    };

    return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}

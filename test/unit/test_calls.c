/* Slots and ids, the map of legs, the order of deadlines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/calls.h"

static int make(void **state)
{
    *state = calls_init(calloc(1, calls_size()), 1000);
    return 0;
}

static int drop(void **state)
{
    free(*state);
    return 0;
}

static struct call *with_legs(struct calls *all, leg_id caller, leg_id peer)
{
    struct call *c = calls_new(all);

    assert_non_null(c);
    c->caller_leg = caller;
    c->peer = peer;
    assert_true(calls_map_leg(all, caller, c->id));
    if (peer)
        assert_true(calls_map_leg(all, peer, c->id));
    return c;
}

static void an_id_outlives_its_call(void **state)
{
    struct calls *all = *state;
    struct call *c = calls_new(all);
    call_id id = c->id;

    assert_int_equal(id, 1001);
    assert_ptr_equal(calls_find(all, id), c);
    calls_free(all, c);
    assert_null(calls_find(all, id));
    assert_null(calls_find(all, 0));
    assert_int_equal(calls_new(all)->id, 1002);
    assert_null(calls_find(all, 1002 + CALLS_MAX));
    calls_check(all);
}

/* Ids rise; a slot that is held by an old call is passed over with its id. */
static void full_and_round_again(void **state)
{
    struct calls *all = *state;
    call_id oldest = calls_new(all)->id, before = oldest;

    for (unsigned i = 1; i < CALLS_MAX; i++) {
        struct call *c = calls_new(all);

        assert_true(c->id > before);
        assert_int_not_equal(c->id, 0);
        before = c->id;
    }
    assert_int_equal(calls_count(all), CALLS_MAX);
    assert_null(calls_new(all));
    calls_check(all);
    calls_free(all, calls_find(all, 40000));
    assert_int_equal(calls_new(all)->id, 40000 + CALLS_MAX);
    assert_int_equal(calls_find(all, oldest)->id, oldest);
    assert_null(calls_new(all));
}

static void put_back_after_a_restart(void **state)
{
    struct calls *all = *state;

    assert_int_equal(calls_put_back(all, 5000)->id, 5000);
    assert_null(calls_put_back(all, 5000));
    assert_null(calls_put_back(all, 5000 + CALLS_MAX));
    assert_null(calls_put_back(all, 0));
    assert_int_equal(calls_put_back(all, 7)->id, 7);
    assert_int_equal(calls_new(all)->id, 5001);
    calls_check(all);
}

static void listed_in_slot_order(void **state)
{
    struct calls *all = *state;
    const call_id ids[] = { 3, 64, 65, 127, CALLS_MAX - 1, CALLS_MAX };
    const call_id order[] = { CALLS_MAX, 3, 64, 65, 127, CALLS_MAX - 1 };
    size_t n = 0;

    assert_null(calls_next(all, 0));
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_non_null(calls_put_back(all, ids[i]));
    for (const struct call *c = calls_next(all, 0); c; c = calls_next(all, c->id))
        assert_int_equal(c->id, order[n++]);
    assert_int_equal(n, sizeof order / sizeof *order);
}

static void legs_lead_to_their_call(void **state)
{
    struct calls *all = *state;
    struct call *a = with_legs(all, 1, 100);
    struct call *b = with_legs(all, 3, 0);

    assert_ptr_equal(calls_by_leg(all, 100), a);
    assert_ptr_equal(calls_by_leg(all, 3), b);
    assert_null(calls_by_leg(all, 5));
    assert_null(calls_by_leg(all, 0));
    assert_false(calls_map_leg(all, 1, b->id));
    assert_false(calls_map_leg(all, 0, b->id));
    calls_unmap_leg(all, 77);
    calls_unmap_leg(all, 0);
    calls_free(all, a);
    assert_null(calls_by_leg(all, 1));
    assert_null(calls_by_leg(all, 100));
    calls_check(all);
}

/* Whatever is taken out of a run of neighbours, the others are still found. */
static void holes_are_closed(void **state)
{
    struct calls *all = *state;
    struct call *c = calls_new(all);
    uint32_t dice = 1;

    for (leg_id leg = 1; leg <= (leg_id)LEGS_MAX; leg++)
        assert_true(calls_map_leg(all, leg, c->id));
    assert_false(calls_map_leg(all, (leg_id)LEGS_MAX + 1, c->id));
    for (leg_id leg = 1; leg <= (leg_id)LEGS_MAX; leg += 1 + dice % 3) {
        dice = dice * 1664525u + 1013904223u;
        calls_unmap_leg(all, leg);
        assert_null(calls_by_leg(all, leg));
        assert_true(leg == (leg_id)LEGS_MAX || calls_by_leg(all, leg + 1) == c);
    }
}

static void earliest_first_ties_in_slot_order(void **state)
{
    struct calls *all = *state;
    call_id id[300];
    uint32_t dice = 7;
    msec before = 0;
    call_id same = 0;

    for (size_t i = 0; i < 300; i++) {
        struct call *c = calls_new(all);

        id[i] = c->id;
        c->state = CALL_TELLING;
        c->deadline = 50;
        calls_timed(all, c);
    }
    for (size_t i = 0; i < 300; i++) {
        struct call *c = calls_find(all, id[i]);

        dice = dice * 1664525u + 1013904223u;
        c->deadline = dice >> 8 & 63;
        calls_timed(all, c);
        calls_timed(all, c);
    }
    for (struct call *c = calls_next_due(all); c; c = calls_next_due(all)) {
        calls_check(all);
        assert_true(c->deadline > before || (c->deadline == before && c->id > same));
        before = c->deadline;
        same = c->id;
        c->deadline = NEVER;
        calls_timed(all, c);
    }
}

/* Every byte of it but its id, as no two have it; it may be as long as it likes. */
static void fill(struct call *c, uint32_t seed)
{
    call_id id = c->id;
    uint8_t *bytes = (uint8_t *)c;

    for (size_t i = 0; i < sizeof *c; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    c->id = id;
    c->caller_leg = c->peer = c->next_leg = 0;
}

/* Far more calls than are awake at once: each is as it was left, and one that is looked up again
 * and again stays where it is. */
static void who_slept_is_as_before(void **state)
{
    struct calls *all = *state;
    static struct call expected;
    call_id first = calls_new(all)->id;
    struct call *often = calls_find(all, first);
    unsigned seen = 0;

    for (uint32_t i = 1; i <= 1000; i++) {
        fill(calls_new(all), i);
        assert_ptr_equal(calls_find(all, first), often);
    }
    for (const struct call *c = calls_next(all, first); c; c = calls_next(all, c->id)) {
        expected.id = c->id;
        fill(&expected, (uint32_t)(c->id - first));
        assert_memory_equal(c, &expected, sizeof expected);
        seen++;
    }
    assert_int_equal(seen, 1000);
    for (uint32_t i = 1000; i > 2; i -= 3) {
        struct call *c = calls_find(all, first + i);

        expected.id = c->id;
        fill(&expected, i);
        assert_memory_equal(c, &expected, sizeof expected);
        if (i % 2) {
            calls_free(all, c);
        } else {
            c->version++;
        }
    }
    for (uint32_t i = 1000; i > 2; i -= 3) {
        const struct call *c = calls_find(all, first + i);

        expected.id = first + i;
        fill(&expected, i);
        assert_true(i % 2 ? !c : c->version == expected.version + 1);
    }
}

/* The longest time counts while a call is parked, and only then. */
static void which_deadline_counts(void **state)
{
    static const struct {
        enum call_state state;
        msec deadline, give_up, next, due;
    } cases[] = {
        { CALL_PARKED, 10, 20, NEVER, 10 },    { CALL_PARKED, 20, 10, NEVER, 10 },
        { CALL_PARKED, NEVER, 20, NEVER, 20 }, { CALL_PARKED, 30, 20, 5, 5 },
        { CALL_RINGING_BACK, 30, 20, 40, 30 }, { CALL_CONNECTED, NEVER, 20, NEVER, NEVER },
        { CALL_CONNECTED, NEVER, 20, 7, 7 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct call c = { .state = cases[i].state,
                          .deadline = cases[i].deadline,
                          .give_up_at = cases[i].give_up,
                          .next_deadline = cases[i].next };

        assert_int_equal(call_due(&c), cases[i].due);
    }
}

static void ended_legs_are_remembered_for_a_while(void **state)
{
    struct calls *all = *state;

    for (leg_id leg = 1; leg <= ENDED_LEGS_MAX + 1; leg++)
        calls_remember(all, &(struct ended_leg){ .leg = leg, .orbit = 700, .until = 100 });
    assert_null(calls_remembered(all, 1, 0)); /* the oldest made way */
    assert_int_equal(calls_remembered(all, 2, 99)->orbit, 700);
    assert_null(calls_remembered(all, 2, 100));
    assert_null(calls_remembered(all, 0, 0));
    calls_remembered(all, 2, 0)->leg = 0;
    assert_null(calls_remembered(all, 2, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_id_outlives_its_call, make, drop),
        cmocka_unit_test_setup_teardown(full_and_round_again, make, drop),
        cmocka_unit_test_setup_teardown(put_back_after_a_restart, make, drop),
        cmocka_unit_test_setup_teardown(listed_in_slot_order, make, drop),
        cmocka_unit_test_setup_teardown(legs_lead_to_their_call, make, drop),
        cmocka_unit_test_setup_teardown(holes_are_closed, make, drop),
        cmocka_unit_test_setup_teardown(earliest_first_ties_in_slot_order, make, drop),
        cmocka_unit_test_setup_teardown(who_slept_is_as_before, make, drop),
        cmocka_unit_test(which_deadline_counts),
        cmocka_unit_test_setup_teardown(ended_legs_are_remembered_for_a_while, make, drop),
    };

    return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}

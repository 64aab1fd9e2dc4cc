/* What the loop keeps squeezed: legs that nothing happens to, and the steps of calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/inside.h"
#include "app_rig.h"
#include "base/text.h"

#define LEGS 1000u

/* ---- legs ---- */

static void make_leg(struct app *a, leg_id id)
{
    struct app_leg *l = app_leg_new(a, id);

    assert_non_null(l);
    (void)text_format(l->dialog.call_id, sizeof(l->dialog.call_id), "%llu@example.com",
                      (unsigned long long)id);
    (void)text_copy(l->dialog.local_tag, sizeof(l->dialog.local_tag), "ours");
    (void)text_copy(l->dialog.remote_tag, sizeof(l->dialog.remote_tag), "theirs");
    memset(l->agreed.crypto.key, (int)(id & 255), sizeof(l->agreed.crypto.key));
    l->attempt = (uint32_t)id;
}

static void check_leg(struct app *a, leg_id id, uint32_t more)
{
    const struct app_leg *l = app_leg_find(a, id);
    char name[64];

    assert_non_null(l);
    assert_int_equal(l->leg, id);
    (void)text_format(name, sizeof(name), "%llu@example.com", (unsigned long long)id);
    assert_string_equal(l->dialog.call_id, name);
    assert_int_equal(l->agreed.crypto.key[45], id & 255);
    assert_int_equal(l->attempt, id + more);
    assert_int_equal(app_leg_named(a, name, "ours", "THEIRS"), id);
    assert_int_equal(app_leg_named(a, name, "theirs", "ours"), 0);
}

static void a_leg_is_as_before(void **state)
{
    struct app *a = *state;
    const struct app_leg *first;

    for (leg_id id = 1; id <= LEGS; id++)
        make_leg(a, id);
    first = app_leg_find(a, 1);
    assert_int_equal(a->legs_awake, LEGS); /* none goes to sleep in the midst of a turn */
    assert_ptr_equal(app_leg_find(a, 1), first);
    app_leg_rest(a);
    assert_int_equal(a->legs_awake, LEGS_AWAKE);
    for (leg_id id = 1; id <= LEGS; id += 9) {
        check_leg(a, id, 0);
        app_leg_find(a, id)->attempt += 3;
    }
    app_leg_rest(a);
    for (leg_id id = 1; id <= LEGS; id++) {
        check_leg(a, id, id % 9 == 1 ? 3 : 0);
        if (id % 50 == 0)
            app_leg_rest(a);
        if (id % 2 == 0)
            app_leg_drop(a, id);
    }
    for (leg_id id = 1; id <= LEGS; id++)
        assert_int_equal(app_leg_find(a, id) != NULL, id % 2);
    app_leg_drop_all(a);
    assert_null(app_leg_find(a, 1));
    assert_int_equal(a->legs_awake, 0);
    a->legs_mute = 0;
}

/* ---- steps ---- */

static void add_step(struct app *a, call_id call, unsigned number)
{
    struct action step = { .type = ACT_STEP, .call = call, .step = STEP_PARKED };

    (void)text_format(step.why, sizeof(step.why), "the reason of step %u of call %llu", number,
                      (unsigned long long)call);
    memset(step.why + strlen(step.why), '.', number % 100);
    steps_add(a, &step);
}

static void check_step(const struct call_step *s, call_id call, unsigned number)
{
    char why[WHY_SIZE] = "";

    (void)text_format(why, sizeof(why), "the reason of step %u of call %llu", number,
                      (unsigned long long)call);
    memset(why + strlen(why), '.', number % 100);
    assert_int_equal(s->call, call);
    assert_int_equal(s->number, number);
    assert_string_equal(s->step, step_name(STEP_PARKED));
    assert_string_equal(s->why, why);
}

/* Of a long story the middle is left out: the first eight and the last ones are kept. */
static void steps_are_told_as_they_came(void **state)
{
    struct app *a = *state;
    const struct call_step *steps = NULL;

    for (unsigned number = 1; number <= 50; number++) {
        size_t kept = number < STEPS_PER_CALL ? number : STEPS_PER_CALL;

        add_step(a, 7, number);
        add_step(a, 8, number);
        assert_int_equal(app_steps(a, 7, &steps), kept);
        for (unsigned i = 0; i < kept; i++)
            check_step(&steps[i], 7, i < 8 ? i + 1 : number - (unsigned)kept + i + 1);
    }
    assert_int_equal(app_steps(a, 9, &steps), 0);
    add_step(a, 7 + CALLS_MAX, 1); /* the next call in that slot */
    assert_int_equal(app_steps(a, 7, &steps), 0);
    assert_int_equal(app_steps(a, 7 + CALLS_MAX, &steps), 1);
    check_step(&steps[0], 7 + CALLS_MAX, 1);
    steps_drop(a, 7); /* long gone */
    assert_int_equal(app_steps(a, 7 + CALLS_MAX, &steps), 1);
    steps_drop(a, 7 + CALLS_MAX);
    assert_int_equal(app_steps(a, 7 + CALLS_MAX, &steps), 0);
    turn_drop_group(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_leg_is_as_before, rig_set_up),
        cmocka_unit_test_setup(steps_are_told_as_they_came, rig_set_up),
    };

    return cmocka_run_group_tests_name("app_asleep", tests, rig_start, rig_end);
}

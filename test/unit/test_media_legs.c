/* The loop's table of legs: numbers are never given twice, ids find theirs, and far ends have one
 * claim. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "media/legs.h"

#define MOST 100

static void a_number_has_one_user(void **state)
{
    struct leg *legs[MOST];
    bool used[MOST] = { false };
    struct legs l;

    (void)state;
    assert_true(media_leg_init(&l, MOST, 7));
    for (uint32_t i = 0; i < MOST; i++) {
        legs[i] = media_leg_take(&l, i + 1);
        assert_non_null(legs[i]);
    }
    assert_null(media_leg_take(&l, 1000));
    /* Back in another order than they were taken in. */
    for (uint32_t i = 0; i < MOST; i += 3) {
        media_leg_forget(&l, legs[i]);
        assert_null(media_leg_find(&l, i + 1));
    }
    for (uint32_t i = 0; i < MOST; i += 3)
        media_leg_give_back(&l, legs[i]->number);
    for (uint32_t i = 0; i < MOST; i += 3)
        legs[i] = media_leg_take(&l, 5000 + i);
    for (uint32_t i = 0; i < MOST; i++) {
        assert_ptr_equal(media_leg_find(&l, i % 3 ? i + 1 : 5000 + i), legs[i]);
        assert_false(used[legs[i]->number]);
        used[legs[i]->number] = true;
    }
    assert_int_equal(l.used, MOST);
    assert_null(media_leg_find(&l, 0));
    media_leg_done(&l);
}

static void a_far_end_has_one_claim_on_a_worker(void **state)
{
    struct leg *a, *b;
    struct endpoint e;
    struct legs l;

    (void)state;
    assert_true(media_leg_init(&l, MOST, 7));
    assert_true(endpoint_read(&e, "192.0.2.1", 4000));
    a = media_leg_take(&l, 1);
    b = media_leg_take(&l, 2);
    assert_non_null(a);
    assert_non_null(b);
    a->expected = b->expected = e;
    b->worker = 1;
    assert_false(media_leg_is_claimed(&l, 0, &e));
    media_leg_claim(&l, a);
    assert_true(media_leg_is_claimed(&l, 0, &e));
    assert_false(media_leg_is_claimed(&l, 1, &e)); /* another worker has another port */
    media_leg_claim(&l, b);
    media_leg_forget(&l, a); /* gives its claim up with it */
    assert_false(media_leg_is_claimed(&l, 0, &e));
    assert_true(media_leg_is_claimed(&l, 1, &e));
    media_leg_release(&l, b);
    media_leg_release(&l, b); /* twice is once */
    assert_false(media_leg_is_claimed(&l, 1, &e));
    media_leg_done(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_has_one_user),
        cmocka_unit_test(a_far_end_has_one_claim_on_a_worker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

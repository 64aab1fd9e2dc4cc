/* The memory of servers: who is dead, for how long, who is tried first, and what a full table does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sip/hop.h"

static struct hops all;

static struct hop_at at(uint16_t port)
{
    struct hop_at a = { .transport = "udp", .host = "192.0.2.1", .port = port };

    return a;
}

static struct hop *take(uint16_t port, msec now)
{
    struct hop_at a = at(port);

    return hops_take(&all, &a, "outbound", now);
}

static int clear(void **state)
{
    (void)state;
    memset(&all, 0, sizeof all);
    return 0;
}

static void is_what_it_said_last(void **state)
{
    struct hop *h = take(5060, 1000);

    (void)state;
    assert_int_equal(h->state, SIP_HOP_UNKNOWN);
    assert_false(hop_is_dead(h, 1000));
    assert_true(hop_answered(h, 2000));
    assert_false(hop_answered(h, 3000));
    assert_int_equal(h->since, 2000);
    assert_int_equal(h->answered, 3000);
    assert_true(hop_failed(h, 0, 4000));
    assert_false(hop_failed(h, 0, 5000));
    assert_int_equal(h->since, 4000);
    assert_true(hop_is_dead(h, 5000));
    assert_true(hop_answered(h, 6000));
    assert_false(hop_is_dead(h, 6000));
    assert_ptr_equal(take(5060, 7000), h);
    assert_false(hop_answered(NULL, 1));
    assert_false(hop_failed(NULL, 0, 1));
    assert_false(hop_is_dead(NULL, 1));
}

static void is_dead_for_a_while(void **state)
{
    struct hop *h = take(5060, 1000);

    (void)state;
    hop_failed(h, 0, 1000);
    hops_age(&all, 1000 + HOP_HOLD_MSEC - 1);
    assert_true(hop_is_dead(h, 1000 + HOP_HOLD_MSEC - 1));
    assert_false(hop_is_dead(h, 1000 + HOP_HOLD_MSEC));
    hops_age(&all, 1000 + HOP_HOLD_MSEC);
    assert_int_equal(h->state, SIP_HOP_UNKNOWN);
    hops_age(&all, 1000 + HOP_UNUSED_MSEC);
    assert_null(hops_find(&all, &(struct hop_at){ "udp", "192.0.2.1", 5060 }));
    h = take(5061, 0);
    h->watched = true; /* OPTIONS will find out */
    hop_failed(h, 0, 1000);
    hops_age(&all, 1000 + HOP_UNUSED_MSEC);
    assert_true(hop_is_dead(h, 1000 + HOP_UNUSED_MSEC));
}

/* RFC 3261 21.5.4: an answer in between does not end the time it asked for. */
static void is_left_alone(void **state)
{
    struct hop *h = take(5060, 0);

    (void)state;
    h->watched = true;
    assert_true(hop_failed(h, 10000, 1000));
    assert_false(hop_answered(h, 2000));
    assert_true(hop_is_dead(h, 10999));
    assert_false(hop_is_dead(h, 11000));
    assert_true(hop_answered(h, 11000));
    hop_failed(h, (msec)HOP_HOLD_MAX * 9, 20000);
    assert_false(hop_is_dead(h, 20000 + HOP_HOLD_MAX));
}

static void dead_ones_are_last(void **state)
{
    struct hop_at targets[4] = { at(1), at(2), at(3), at(4) };
    static const uint16_t wanted[] = { 2, 4, 1, 3 };

    (void)state;
    hop_failed(take(1, 0), 0, 0);
    hop_failed(take(3, 0), 0, 0);
    hop_answered(take(4, 0), 0);
    hops_order(&all, targets, 4, 1);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(targets[i].port, wanted[i]);
}

static void has_a_bound(void **state)
{
    (void)state;
    for (uint16_t i = 1; i <= SIP_HOPS_MAX; i++)
        take(i, i)->watched = i != 7 && i != 9;
    assert_non_null(take(100, 1000)); /* in the place of 7 */
    assert_null(hops_find(&all, &(struct hop_at){ "udp", "192.0.2.1", 7 }));
    assert_non_null(hops_find(&all, &(struct hop_at){ "udp", "192.0.2.1", 9 }));
    for (unsigned i = 0; i < SIP_HOPS_MAX; i++)
        all.hop[i].watched = true;
    assert_null(take(101, 1001));
}

static void another_transport_is_another(void **state)
{
    (void)state;
    hop_failed(take(5060, 0), 0, 0);
    assert_null(hops_find(&all, &(struct hop_at){ "tcp", "192.0.2.1", 5060 }));
    assert_null(hops_find(&all, &(struct hop_at){ "udp", "192.0.2.2", 5060 }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(is_what_it_said_last, clear),
        cmocka_unit_test_setup(is_dead_for_a_while, clear),
        cmocka_unit_test_setup(is_left_alone, clear),
        cmocka_unit_test_setup(dead_ones_are_last, clear),
        cmocka_unit_test_setup(has_a_bound, clear),
        cmocka_unit_test_setup(another_transport_is_another, clear),
    };

    return cmocka_run_group_tests_name("hop", tests, NULL, NULL);
}

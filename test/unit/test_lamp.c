/* Which calls light a lamp, and ids that fit one call alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "core/lamp.h"

/* sip.md 1.2 */
static void test_lit(void **state)
{
    static const struct {
        enum call_state state;
        bool has_orbit, lit;
    } rows[] = {
        { CALL_SAVING, true, false },      { CALL_TELLING, true, false },
        { CALL_PARKED, true, true },       { CALL_PARKED, false, false },
        { CALL_RINGING_BACK, true, true }, { CALL_RINGING_BACK, false, false },
        { CALL_FORWARDING, true, true },   { CALL_RETRIEVING, true, true },
        { CALL_CONNECTED, false, false },  { CALL_LEAVING, false, false },
        { CALL_ENDED, false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct call c = { .id = 5, .state = rows[i].state, .has_orbit = rows[i].has_orbit };
        struct orbit_lamp lamp;

        c.orbit = number_read("701", NULL);
        c.rules.lamp = LAMP_EARLY;
        (void)text_copy(c.caller.display, sizeof c.caller.display, "Alice");
        (void)text_copy(c.caller.uri, sizeof c.caller.uri, "sip:alice@example.com");
        lamp_of(&c, &lamp);
        if (lamp.lit != rows[i].lit)
            fail_msg("row %zu", i);
        assert_int_equal(lamp.orbit, c.orbit);
        assert_int_equal(lamp.call, 5);
        assert_int_equal(lamp.how, LAMP_EARLY);
        assert_string_equal(lamp.uri, lamp.lit ? "sip:alice@example.com" : "");
        c.caller.hidden = true; /* BL-19 */
        lamp_of(&c, &lamp);
        assert_string_equal(lamp.uri, "");
        assert_string_equal(lamp.display, "");
    }
}

static void make(struct pickup *p, call_id call)
{
    unsigned char bytes[PICKUP_BYTES];

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7 + call);
    pickup_write(p, call, bytes);
}

static void test_ids(void **state)
{
    struct pickup a, b;

    (void)state;
    make(&a, 0x1f);
    make(&b, UINT64_MAX);
    assert_string_equal(a.call_id, "pk-1f1f262d343b424950@callpark");
    assert_int_equal(pickup_call(a.call_id), 0x1f);
    assert_true(pickup_call(b.call_id) == UINT64_MAX);
    assert_int_equal(ticket_call(a.ticket), 0x1f);
    assert_true(ticket_call(b.ticket) == UINT64_MAX);
    assert_true(pickup_fits(&a, a.call_id, a.our_tag, a.their_tag));
    assert_true(pickup_fits(&a, a.call_id, a.their_tag, a.our_tag));
    assert_false(pickup_fits(&a, a.call_id, a.our_tag, a.our_tag));
    assert_false(pickup_fits(&a, a.call_id, a.our_tag, ""));
    assert_false(pickup_fits(&a, b.call_id, a.our_tag, a.their_tag));
    assert_false(pickup_fits(&b, a.call_id, a.our_tag, a.their_tag));
    assert_true(ticket_fits(&a, a.ticket));
    assert_false(ticket_fits(&a, b.ticket));
    assert_false(ticket_fits(&a, ""));
}

/* What others write in their place. */
static void test_made_up(void **state)
{
    static const char *const names[] = { "",
                                         "pk-",
                                         "pk-@callpark",
                                         "pk-1f262d343b424950@callpark",
                                         "pk-1f1f262d343b424950",
                                         "pk-1f1f262d343b42495x@callpark",
                                         "1f1f262d343b424950@callpark",
                                         "pk-1ffffffffffffffff1f262d343b424950@callpark",
                                         "pk-01f262d343b424950@callpark" };
    static const char *const tickets[] = { "",
                                           "?",
                                           "0",
                                           "1f262d343b424950",
                                           "01f262d343b424950",
                                           "1f1f262d343b42495x",
                                           "1ffffffffffffffff1f262d343b424950" };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (pickup_call(names[i]))
            fail_msg("'%s' is taken for an id of a lamp", names[i]);
    for (size_t i = 0; i < sizeof tickets / sizeof *tickets; i++)
        if (ticket_call(tickets[i]))
            fail_msg("'%s' is taken for a ticket", tickets[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lit),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_made_up),
    };

    return cmocka_run_group_tests_name("lamp", tests, NULL, NULL);
}

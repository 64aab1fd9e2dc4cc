/* The rest of the machine: what the record says, what people read, what the simulation found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "rig.h"

static int make(void **state)
{
    *state = rig_new();
    return 0;
}

static int drop(void **state)
{
    rig_free(*state);
    return 0;
}

static void run(struct rig *r, const char *const *lines)
{
    for (; *lines; lines++)
        rig_do(r, *lines);
}

/* ---- the record ---------------------------------------------------------------------------------
 */

/* The call is still readable after the step that ended it. */
static void how_it_ended(void **state)
{
    static const struct {
        const char *lines[8];
        enum outcome outcome;
    } cases[] = {
        { { "notsaved" }, OUT_FAILED },
        { { "cancelled 1" }, OUT_ABANDONED },
        { { "saved", "failed 1 408" }, OUT_FAILED },
        { { "saved", "up 1", "gone 1" }, OUT_ABANDONED },
        { { "saved", "up 1", "hangup" }, OUT_HUNG_UP },
        { { "saved", "up 1", "at 115", "said 1" }, OUT_TIMED_OUT },
        { { "saved", "up 1", "at 115", "gone 1" }, OUT_TIMED_OUT },
        { { "saved", "up 1", "invite 3 700 from=104", "up 3", "gone 1" }, OUT_RETRIEVED },
        { { "saved", "up 1", "invite 3 700 from=104", "gone 1" }, OUT_ABANDONED },
        { { "saved", "up 1", "at 90", "up 100", "gone 1" }, OUT_RINGBACK_ANSWERED },
        { { "saved", "up 1", "transfer sip:9@x", "up 100", "gone 1" }, OUT_FORWARDED },
        { { "saved", "up 1", "retrieve sip:9@x", "up 100", "gone 1" }, OUT_RETRIEVED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = rig_new();

        rig_do(r, "invite 1 700 from=+4930123456 by=105");
        run(r, cases[i].lines);
        assert_non_null(rig_call(r));
        assert_int_equal(rig_call(r)->state, CALL_ENDED);
        assert_string_equal(outcome_name(rig_call(r)->outcome), outcome_name(cases[i].outcome));
        rig_do(r, "gone 77");
        assert_null(rig_call(r));
        rig_free(r);
    }
}

/* ---- words --------------------------------------------------------------------------------------
 */

static void what_comes_next(void **state)
{
    static const struct {
        const char *lines[8];
        const char *next;
        msec when; /* seconds since the start; 0: never */
    } cases[] = {
        { { NULL }, "is answered once it is written to the store", 5 },
        { { "saved" }, "rings 105 back, attempt 1 of 1", 90 },
        { { "saved", "extend 60" }, "rings 105 back, attempt 1 of 1", 150 },
        { { "saved", "up 1", "at 90" }, "stops ringing 105", 115 },
        { { "saved", "up 1", "at 115" }, "is hung up once a word of regret has been said", 145 },
        { { "saved", "up 1", "invite 3 700 from=104" }, "is connected to 104", 40 },
        { { "saved", "up 1", "invite 3 700 from=104", "up 3" }, "", 0 },
        { { "saved", "up 1", "at 90", "ring" }, "stops ringing 105", 115 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *r = rig_new();
        msec start = r->now;
        msec when = cases[i].when ? start + cases[i].when * 1000 : NEVER;
        char next[WHY_SIZE];

        rig_do(r, "invite 1 700 from=+4930123456 by=105");
        run(r, cases[i].lines);
        assert_int_equal(park_next_step(&r->p, rig_call(r), next), when);
        assert_string_equal(next, cases[i].next);
        rig_free(r);
    }
}

static void what_comes_next_with_a_fallback(void **state)
{
    static const char *const lines[] = { "set timeout_uri sip:op@pbx",
                                         "set max_park 10m",
                                         "invite 1 park from=+4930123456",
                                         "saved",
                                         "up 1",
                                         NULL };
    struct rig *r = *state;
    char next[WHY_SIZE];

    run(r, lines);
    (void)park_next_step(&r->p, rig_call(r), next);
    assert_string_equal(next, "goes to the fallback sip:op@pbx");
    rig_do(r, "at 90");
    rig_do(r, "failed 100 486");
    assert_int_equal(park_next_step(&r->p, rig_call(r), next), r->now - 90000 + 600000);
    assert_string_equal(next, "is hung up: nobody could be reached for too long");
}

static void reasons_name_people(void **state)
{
    struct rig *r = *state;

    rig_do(r, "set max_pickup_attempts 2");
    rig_do(r, "invite 1 700 from=+4930123456 by=105");
    assert_string_equal(r->last_why, "orbit 700: parked by dialling 700, which was free");
    rig_do(r, "saved");
    assert_string_equal(r->last_why, "parked in orbit 700 by 105");
    rig_do(r, "at 90");
    assert_string_equal(r->last_why,
                        "105 is rung back because nobody retrieved it within 90 s; attempt 1 of 2");
    rig_do(r, "failed 100 486");
    assert_string_equal(r->last_why, "105 is busy (486)");
    rig_do(r, "extend 60");
    assert_string_equal(r->last_why, "Anna gave it 60 s more");
    rig_do(r, "invite 3 700 from=104");
    assert_string_equal(r->last_why, "104: retrieved by dialling 700");
    rig_do(r, "ring");
    assert_string_equal(r->last_why, "that cannot be done while the call is retrieving");
}

static void every_step_has_a_name(void **state)
{
    (void)state;
    for (int s = 0; s < STEPS; s++)
        assert_true(text_starts(step_name((enum step)s), "call."));
    assert_string_equal(step_name(STEPS), "call.unknown");
}

/* ---- full tables --------------------------------------------------------------------------------
 */

static void ask(struct rig *r, leg_id leg, const char *dialled, const char *by, struct actions *out)
{
    struct invite in = { .leg = leg, .trusted = true, .has_referred_by = by };
    struct event ev = { .type = EV_INVITE, .invite = &in };

    (void)text_copy(in.dialled, DIALLED_SIZE, dialled);
    (void)text_copy(in.from.uri, URI_SIZE, "sip:104@pbx.example");
    (void)text_copy(in.referred_by.uri, URI_SIZE, by);
    park_step(&r->p, &ev, r->now, out);
}

/* No leg can be added any more: who asks is refused, and who waits is kept. park_check() would see
 * that the legs are nobody's, so it is left out here. */
static void no_leg_is_free(void **state)
{
    static struct actions out;
    struct event tick = { .type = EV_TICK };
    struct rig *r = *state;
    leg_id leg = 1001;

    run(r, (const char *[]){ "invite 1 700 from=+4930123456 by=105", "saved", "up 1", NULL });
    while (calls_map_leg(r->p.calls, leg, 1))
        leg += 2;
    ask(r, 3, "park", "sip:105@pbx.example", &out);
    assert_int_equal(out.at[0].type, ACT_REFUSE);
    assert_int_equal(out.at[0].code, 503);
    assert_int_not_equal(out.at[0].retry_after, 0);
    ask(r, 3, "700", NULL, &out);
    assert_int_equal(out.at[0].type, ACT_REFUSE);
    assert_int_equal(out.at[0].code, 503);
    assert_int_equal(rig_call(r)->state, CALL_PARKED);
    r->now += 90000;
    park_step(&r->p, &tick, r->now, &out);
    assert_int_equal(out.at[0].step, STEP_RINGBACK_FAILED);
    assert_int_equal(rig_call(r)->state, CALL_PARKED);
    assert_int_equal(park_next_deadline(&r->p), r->now + 25000);
    calls_unmap_leg(r->p.calls, 1001);
    r->now += 25000;
    park_step(&r->p, &tick, r->now, &out);
    assert_int_equal(out.at[0].type, ACT_CALL);
    assert_int_equal(rig_call(r)->attempt, 1);
}

/* ---- what the simulation found ------------------------------------------------------------------
 */

static void found_by_the_simulation(void **state)
{
    static const struct rig_script scripts[] = {
        { "the caller acknowledges while a retriever is awaited",
          { { "invite 1 park from=+4930123456 by=105", "parking save" },
            { "saved", "answer:1 parked save" },
            { "invite 3 700 from=104",
              "answer:3:caller=sip:+4930123456@pbx.example retrieving save" },
            { "up 1", "music:1" } } },
        { "the caller is replaced while a retriever is awaited",
          { RIG_105_CONSULTS,
            { "invite 3 700 from=104", "answer:3:caller=sip:105@pbx.example retrieving save" },
            { "invite 5 x from=+4930123456 replaces=leg:1",
              "answer:5:caller=sip:104@pbx.example save" },
            { "up 5", "music:5 taken_over save bye:1" },
            { "up 3", "bridge:5:3 retrieved save" } } },
        { "both sides are replaced, and each comes up alone",
          { RIG_105_CONSULTS,
            { "invite 3 700 from=104", "answer:3:caller=sip:105@pbx.example retrieving save" },
            { "up 3", "bridge:1:3 retrieved save" },
            { "invite 5 x from=+4930123456 replaces=leg:1",
              "answer:5:caller=sip:104@pbx.example save" },
            { "gone 1", "music:3 taken_over save" },
            { "invite 7 x from=107 replaces=leg:3",
              "answer:7:caller=sip:+4930123456@pbx.example save" },
            { "gone 3", "taken_over save" },
            { "up 5", "music:5" },
            { "up 7", "bridge:5:7" } } },
        { "transferred while the one who consulted is rung",
          { RIG_105_CONSULTS,
            { "said 1", "" },
            { "at 93", "parked save call:100:parker:sip:105@pbx.example ringback_started save" },
            { "identity 1 +4930123456", "identity bye:100 save" },
            { "at 182", "" },
            { "at 183", "call:102:parker:sip:105@pbx.example ringback_started save" } } },
        { "a transfer does not take back what was given by hand",
          { { "set max_park 2m", "" },
            RIG_105_CONSULTS,
            { "said 1", "" },
            { "at 3", "parked save" },
            { "extend 60", "extended save" },
            { "identity 1 +4930123456", "identity save" },
            { "at 152", "" },
            { "at 153", "call:100:parker:sip:105@pbx.example ringback_started save" } } },
        { "a ring by hand does not bring the next one nearer",
          { { "set max_pickup_attempts 2", "" },
            RIG_PARKED_BY_105,
            { "extend 120", "extended save" },
            { "ring", "call:100:parker:sip:105@pbx.example ringback_started save" },
            { "failed 100 486", "ringback_failed save" },
            { "at 209", "" },
            { "at 210", "call:102:parker:sip:105@pbx.example ringback_started save" } } },
        { "regret is said to who acknowledges late",
          { { "set pickup_timeout 10s", "" },
            { "invite 1 park from=+4930123456", "parking save" },
            { "saved", "answer:1 parked save" },
            { "at 10", "timed_out save" },
            { "up 1", "say:1:regret" },
            { "said 1", "bye:1:480 hung_up ended forget" } } },
        { "forced out, after every attempt was made: one more, no others",
          { { "set timeout_uri sip:op@pbx", "" },
            RIG_PARKED_BY_105,
            { "at 90", "call:100:parker:sip:105@pbx.example ringback_started save" },
            { "failed 100 486", "ringback_failed call:102:fallback:sip:op@pbx forwarding save" },
            { "failed 102 486", "forward_failed save" },
            { "force", "call:104:parker:sip:105@pbx.example ringback_started save" },
            { "failed 104 486", "ringback_failed save" },
            { "at 600", "" } } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct rig *r = rig_new();

        rig_run(r, scripts[i].line);
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_it_ended),
        cmocka_unit_test(what_comes_next),
        cmocka_unit_test_setup_teardown(what_comes_next_with_a_fallback, make, drop),
        cmocka_unit_test_setup_teardown(reasons_name_people, make, drop),
        cmocka_unit_test(every_step_has_a_name),
        cmocka_unit_test_setup_teardown(no_leg_is_free, make, drop),
        cmocka_unit_test(found_by_the_simulation),
    };

    return cmocka_run_group_tests_name("the rest of the machine", tests, NULL, NULL);
}

/* The SIP edge over real sockets on loopback: what a request brings about, as an event and as an
 * answer. The parking machine is not here; the test plays its part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip_phone.h"

/* ---- inbound calls ---- */

static void test_call_and_bye(void **state)
{
    leg_id leg;

    (void)state;
    talk_invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    leg = bench.ev.leg;
    assert_int_equal(leg, 101);
    assert_string_equal(bench.ev.invite.dialled, "700");
    assert_string_equal(bench.ev.invite.from.uri, "sip:alice@phones.example");
    assert_string_equal(bench.ev.invite.from.display, "Alice");
    assert_string_equal(bench.ev.invite.source, "127.0.0.1");
    assert_true(bench.ev.invite.trusted);
    assert_int_equal(bench.ev.invite.media_refusal, 0);
    assert_true(bench.ev.offer.usable);
    talk_answer(leg);
    phone_expect(&phone, "SIP/2.0 200 Parked at 701\r\n");
    assert_string_equal(phone_header(&phone, "P-Asserted-Identity"),
                        "\"Parked 701\" <sip:701@park.example>");
    assert_string_equal(phone_header(&phone, "X-Callpark-Orbit"), "701");
    assert_true(phone_has(&phone, "m=audio 30000 RTP/AVP 8 101\r\n"));
    text_copy(talk_us, sizeof talk_us, phone_tag(&phone, "To"));
    talk_request("ACK", "ack", talk_us, 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    assert_string_equal(bench.ev.dialog.call_id, talk_name);
    assert_string_equal(bench.ev.dialog.local_tag, talk_us);
    assert_string_equal(bench.ev.dialog.remote_tag, "alice");
    talk_request("BYE", "bye", talk_us, 2, "Reason: SIP;cause=200;text=\"Bye\"\r\n", NULL);
    phone_expect(&phone, "SIP/2.0 200 OK\r\n");
    bench_expect(&bench, SIP_GONE);
    assert_int_equal(bench.ev.leg, leg);
    assert_string_equal(bench.ev.reason, "SIP;cause=200;text=\"Bye\"");
}

static void test_we_hang_up(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    assert_int_equal(sip_hang_up(bench.sip, leg, 480, "Parked party left"), 0);
    phone_expect(&phone, "BYE sip:alice@127.0.0.1");
    assert_string_equal(phone_header(&phone, "Reason"), "SIP;cause=480;text=\"Parked party left\"");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    assert_true(bench_quiet(&bench, 50));
}

static void test_cancel(void **state)
{
    (void)state;
    talk_invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    talk_request("CANCEL", talk_name, "", 1, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 200");
    phone_expect(&phone, "SIP/2.0 487");
    bench_expect(&bench, SIP_CANCELLED);
    assert_false(bench.ev.answered);
}

/* PB-06: the call stays until its BYE. */
static void test_cancel_after_answer(void **state)
{
    (void)state;
    talk_invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    talk_answer(bench.ev.leg);
    phone_expect(&phone, "SIP/2.0 200 Parked");
    text_copy(talk_us, sizeof talk_us, phone_tag(&phone, "To"));
    talk_request("CANCEL", talk_name, "", 1, NULL, NULL);
    do
        phone_expect(&phone, "SIP/2.0 200");
    while (!phone_has(&phone, "1 CANCEL"));
    bench_expect(&bench, SIP_CANCELLED);
    assert_true(bench.ev.answered);
    talk_request("ACK", "ack", talk_us, 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    talk_request("BYE", "bye", talk_us, 2, NULL, NULL);
    bench_expect(&bench, SIP_GONE);
}

/* PB-05, RFC 3261 13.3.1.4 */
static void test_no_ack(void **state)
{
    unsigned again = 0;

    (void)state;
    talk_invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    talk_answer(bench.ev.leg);
    for (;;) {
        phone_expect(&phone, "");
        if (text_starts(phone.text, "BYE"))
            break;
        assert_true(text_starts(phone.text, "SIP/2.0 200"));
        again++;
    }
    assert_in_range(again, 4, 30);
    bench_expect(&bench, SIP_FAILED);
    assert_int_equal(bench.ev.code, 408);
}

/* RC-05: no BYE before the ACK. */
static void test_hang_up_before_ack(void **state)
{
    (void)state;
    talk_invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    talk_answer(bench.ev.leg);
    phone_expect(&phone, "SIP/2.0 200");
    text_copy(talk_us, sizeof talk_us, phone_tag(&phone, "To"));
    sip_hang_up(bench.sip, bench.ev.leg, 480, "Parked party left");
    phone_expect(&phone, "SIP/2.0 200"); /* again, and no BYE */
    talk_request("ACK", "ack", talk_us, 1, NULL, NULL);
    do
        phone_expect(&phone, "");
    while (text_starts(phone.text, "SIP/2.0 200"));
    assert_true(text_starts(phone.text, "BYE "));
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    assert_true(bench_quiet(&bench, 50));
}

static void test_refusal(void **state)
{
    (void)state;
    talk_invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    sip_refuse(bench.sip, bench.ev.leg, 486, 399, 0, "no orbit is \"free\"");
    phone_expect(&phone, "SIP/2.0 486");
    assert_true(phone_has(&phone, "\"no orbit is \\\"free\\\"\""));
}

static void test_late_offer(void **state)
{
    char lines[128];

    (void)state;
    talk_begin();
    talk_contact(lines);
    talk_request("INVITE", talk_name, "", 1, lines, NULL);
    bench_expect(&bench, SIP_INVITE);
    assert_false(bench.ev.offer.present);
    assert_int_equal(bench.ev.invite.media_refusal, 0);
    sip_answer(bench.sip, bench.ev.leg, NULL, &talk_local, CODEC_G722, NULL);
    phone_expect(&phone, "SIP/2.0 200 OK\r\n");
    assert_true(phone_has(&phone, "m=audio 30000 RTP/AVP 9 0 8 101\r\n"));
    text_copy(talk_us, sizeof talk_us, phone_tag(&phone, "To"));
    talk_request("ACK", "ack", talk_us, 1, NULL, phone_sdp);
    bench_expect(&bench, SIP_ACKED);
    assert_true(bench.ev.offer.present);
    assert_int_equal(bench.ev.offer.codecs[0].codec, CODEC_PCMA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_call_and_bye, talk_set_up, talk_tear_down),
        cmocka_unit_test_setup_teardown(test_we_hang_up, talk_set_up, talk_tear_down),
        cmocka_unit_test_setup_teardown(test_cancel, talk_set_up, talk_tear_down),
        cmocka_unit_test_setup_teardown(test_no_ack, talk_set_up, talk_tear_down),
        cmocka_unit_test_setup_teardown(test_hang_up_before_ack, talk_set_up, talk_tear_down),
        cmocka_unit_test_setup_teardown(test_refusal, talk_set_up, talk_tear_down),
        cmocka_unit_test_setup_teardown(test_late_offer, talk_set_up, talk_tear_down),
        cmocka_unit_test_setup_teardown(test_cancel_after_answer, talk_set_up, talk_tear_down),
    };

    return cmocka_run_group_tests_name("sip_edge", tests, NULL, NULL);
}

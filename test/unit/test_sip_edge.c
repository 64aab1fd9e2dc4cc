/* The SIP edge over real sockets on loopback: what a request brings about, as an event and as an
 * answer. The parking machine is not here; the test plays its part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip_phone.h"
#include "sys/log.h"

static struct bench bench;
static struct phone phone;

static int set_up(void **state)
{
    struct sip_config config;

    (void)state;
    bench_config(&config);
    bench_start(&bench, &config);
    phone_open(&phone, &bench, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    phone_close(&phone);
    bench_stop(&bench);
    return 0;
}

/* ---- pieces of a call ---- */

static const struct session_local local = { .rtp = { "127.0.0.1", 30000 }, .rtcp_port = 30001 };

static char call_name[64], us[128]; /* Call-ID, and the edge's tag */

static void name_call(void)
{
    static unsigned n;

    text_format(call_name, sizeof call_name, "call-%u", ++n);
}

static void request(const char *method, const char *branch, const char *to_tag, unsigned cseq,
                    const char *more, const char *body)
{
    phone_request(&phone, &(struct request){ .method = method,
                                             .uri = "sip:700@127.0.0.1",
                                             .call = call_name,
                                             .branch = branch,
                                             .from_tag = "alice",
                                             .to_tag = to_tag,
                                             .more = more,
                                             .body = body,
                                             .cseq = cseq });
}

static void contact_line(char to[96])
{
    text_format(to, 96, "Contact: <sip:alice@127.0.0.1:%u>\r\n", phone.port);
}

static void invite(const char *more)
{
    char lines[1024];

    name_call();
    contact_line(lines);
    if (more)
        text_append(lines, sizeof lines, "%s", more);
    request("INVITE", call_name, "", 1, lines, phone_sdp);
}

static void answer(leg_id leg)
{
    struct session session;
    struct session_wish wish = { .prefer = CODEC_NONE };
    struct sip_told told = { .display = "Parked 701",
                             .uri = "sip:701@park.example",
                             .orbit = "701",
                             .phrase = "Parked at 701" };

    assert_int_equal(session_agree(&bench.ev.offer, &wish, &session), SESSION_AGREED);
    assert_int_equal(sip_answer(bench.sip, leg, &session, &local, CODEC_NONE, &told), 0);
}

/* A call that is up; returns its leg. */
static leg_id call_up(void)
{
    leg_id leg;

    invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    leg = bench.ev.leg;
    answer(leg);
    phone_expect(&phone, "SIP/2.0 200 Parked at 701\r\n");
    text_copy(us, sizeof us, phone_tag(&phone, "To"));
    request("ACK", "ack", us, 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    assert_int_equal(bench.ev.leg, leg);
    return leg;
}

/* ---- inbound calls ---- */

static void test_call_and_bye(void **state)
{
    leg_id leg;

    (void)state;
    invite(NULL);
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
    answer(leg);
    phone_expect(&phone, "SIP/2.0 200 Parked at 701\r\n");
    assert_string_equal(phone_header(&phone, "P-Asserted-Identity"),
                        "\"Parked 701\" <sip:701@park.example>");
    assert_string_equal(phone_header(&phone, "X-Callpark-Orbit"), "701");
    assert_true(phone_has(&phone, "m=audio 30000 RTP/AVP 8 101\r\n"));
    text_copy(us, sizeof us, phone_tag(&phone, "To"));
    request("ACK", "ack", us, 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    assert_string_equal(bench.ev.dialog.call_id, call_name);
    assert_string_equal(bench.ev.dialog.local_tag, us);
    assert_string_equal(bench.ev.dialog.remote_tag, "alice");
    request("BYE", "bye", us, 2, "Reason: SIP;cause=200;text=\"Bye\"\r\n", NULL);
    phone_expect(&phone, "SIP/2.0 200 OK\r\n");
    bench_expect(&bench, SIP_GONE);
    assert_int_equal(bench.ev.leg, leg);
    assert_string_equal(bench.ev.reason, "SIP;cause=200;text=\"Bye\"");
}

static void test_we_hang_up(void **state)
{
    leg_id leg = call_up();

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
    invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    request("CANCEL", call_name, "", 1, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 200");
    phone_expect(&phone, "SIP/2.0 487");
    bench_expect(&bench, SIP_CANCELLED);
    assert_false(bench.ev.answered);
}

/* PB-06: the call stays until its BYE. */
static void test_cancel_after_answer(void **state)
{
    (void)state;
    invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    answer(bench.ev.leg);
    phone_expect(&phone, "SIP/2.0 200 Parked");
    text_copy(us, sizeof us, phone_tag(&phone, "To"));
    request("CANCEL", call_name, "", 1, NULL, NULL);
    do
        phone_expect(&phone, "SIP/2.0 200");
    while (!phone_has(&phone, "1 CANCEL"));
    bench_expect(&bench, SIP_CANCELLED);
    assert_true(bench.ev.answered);
    request("ACK", "ack", us, 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    request("BYE", "bye", us, 2, NULL, NULL);
    bench_expect(&bench, SIP_GONE);
}

/* PB-05, RFC 3261 13.3.1.4 */
static void test_no_ack(void **state)
{
    unsigned again = 0;

    (void)state;
    invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    answer(bench.ev.leg);
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
    invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    answer(bench.ev.leg);
    phone_expect(&phone, "SIP/2.0 200");
    text_copy(us, sizeof us, phone_tag(&phone, "To"));
    sip_hang_up(bench.sip, bench.ev.leg, 480, "Parked party left");
    phone_expect(&phone, "SIP/2.0 200"); /* again, and no BYE */
    request("ACK", "ack", us, 1, NULL, NULL);
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
    invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    sip_refuse(bench.sip, bench.ev.leg, 486, 399, 0, "no orbit is \"free\"");
    phone_expect(&phone, "SIP/2.0 486");
    assert_true(phone_has(&phone, "\"no orbit is \\\"free\\\"\""));
}

static void test_late_offer(void **state)
{
    char lines[128];

    (void)state;
    name_call();
    contact_line(lines);
    request("INVITE", call_name, "", 1, lines, NULL);
    bench_expect(&bench, SIP_INVITE);
    assert_false(bench.ev.offer.present);
    assert_int_equal(bench.ev.invite.media_refusal, 0);
    sip_answer(bench.sip, bench.ev.leg, NULL, &local, CODEC_G722, NULL);
    phone_expect(&phone, "SIP/2.0 200 OK\r\n");
    assert_true(phone_has(&phone, "m=audio 30000 RTP/AVP 9 0 8 101\r\n"));
    text_copy(us, sizeof us, phone_tag(&phone, "To"));
    request("ACK", "ack", us, 1, NULL, phone_sdp);
    bench_expect(&bench, SIP_ACKED);
    assert_true(bench.ev.offer.present);
    assert_int_equal(bench.ev.offer.codecs[0].codec, CODEC_PCMA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_call_and_bye, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_we_hang_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cancel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_ack, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hang_up_before_ack, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_late_offer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cancel_after_answer, set_up, tear_down),
    };

    log_setup(getenv("SIP_DEBUG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR, LOG_FORM_TEXT, true);
    return cmocka_run_group_tests_name("sip_edge", tests, NULL, NULL);
}

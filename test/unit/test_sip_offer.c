/* What we ask of a leg that is up: to send its audio elsewhere (offer.c, RD-01 to RD-03), and to
 * call somebody in our place (exit.c, RX-01 to RX-03). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip_phone.h"

static const struct session_offer theirs = { .present = true,
                                             .usable = true,
                                             .rtp = { "192.0.2.7", 5004 },
                                             .rtcp = { "192.0.2.7", 5005 },
                                             .direction = DIR_SENDRECV,
                                             .codecs = { { CODEC_PCMA, 8 } },
                                             .codec_count = 1,
                                             .dtmf_payload_type = -1 };

static unsigned next_cseq;

/* A leg that is up, and a re-INVITE under way to it. */
static leg_id offered(uint32_t number, bool patient, const struct session_offer *words)
{
    leg_id leg = talk_up();

    next_cseq = 100;
    assert_int_equal(sip_offer(bench.sip, leg, number, patient, words, &talk_local), 0);
    phone_expect(&phone, "INVITE ");
    return leg;
}

static void acknowledged(void)
{
    do
        phone_expect(&phone, "");
    while (text_starts(phone.text, "INVITE ")); /* sent again before our answer came */
    assert_true(text_starts(phone.text, "ACK "));
}

static void reoffered(uint32_t number, uint16_t code)
{
    bench_expect(&bench, SIP_REOFFERED);
    assert_int_equal(bench.ev.transaction, number);
    assert_int_equal(bench.ev.code, code);
}

static void test_told_of_somebody(void **state)
{
    (void)state;
    offered(7, true, &theirs);
    assert_true(phone_has(&phone, "c=IN IP4 192.0.2.7\r\n"));
    assert_true(phone_has(&phone, "m=audio 5004 RTP/AVP 8\r\n"));
    assert_true(text_starts(phone_header(&phone, "Content-Type"), "application/sdp"));
    phone_answer(&phone, "200 OK", NULL, NULL, phone_sdp);
    acknowledged();
    reoffered(7, 200);
    assert_true(bench.ev.offer.usable);
    assert_true(bench_quiet(&bench, 50));
}

static void test_told_of_us(void **state)
{
    char media[64];

    (void)state;
    offered(8, true, NULL);
    text_format(media, sizeof media, "m=audio %u RTP/AVP", talk_local.rtp.port);
    assert_true(phone_has(&phone, media));
    phone_answer(&phone, "200 OK", NULL, NULL, phone_sdp);
    acknowledged();
    reoffered(8, 200);
}

/* An answer without SDP is an answer that cannot be used, and no end of the leg. */
static void test_without_a_body(void **state)
{
    (void)state;
    offered(9, true, &theirs);
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    acknowledged();
    reoffered(9, 200);
    assert_false(bench.ev.offer.usable);
}

static void test_refused(void **state)
{
    (void)state;
    offered(10, true, &theirs);
    phone_answer(&phone, "488 Not Acceptable Here", NULL, NULL, NULL);
    acknowledged();
    reoffered(10, 488);
}

static void test_glare(void **state)
{
    (void)state;
    offered(11, true, &theirs);
    phone_answer(&phone, "491 Request Pending", NULL, NULL, NULL);
    acknowledged();
    phone_expect(&phone, "INVITE "); /* by itself, a while later */
    phone_answer(&phone, "200 OK", NULL, NULL, phone_sdp);
    acknowledged();
    reoffered(11, 200);
    talk_tear_down(NULL);
    talk_set_up(NULL);
    offered(12, false, &theirs);
    phone_answer(&phone, "491 Request Pending", NULL, NULL, NULL);
    acknowledged();
    reoffered(12, 491);
}

static void test_gone(void **state)
{
    leg_id leg = offered(13, true, &theirs);

    (void)state;
    phone_answer(&phone, "481 Call Does Not Exist", NULL, NULL, NULL);
    acknowledged();
    bench_expect(&bench, SIP_GONE);
    assert_int_equal(bench.ev.leg, leg);
}

/* Two at once are one too many; the first goes on. */
static void test_one_at_a_time(void **state)
{
    leg_id leg = offered(14, true, &theirs);

    (void)state;
    assert_int_equal(sip_offer(bench.sip, leg, 15, true, &theirs, &talk_local), 0);
    reoffered(15, 491);
    phone_answer(&phone, "200 OK", NULL, NULL, phone_sdp);
    acknowledged();
    reoffered(14, 200);
}

/* Called off in the end; what comes of the first one does not matter any more. */
static void test_silence(void **state)
{
    (void)state;
    offered(16, true, &theirs);
    phone_answer(&phone, "100 Trying", NULL, NULL, NULL);
    do
        phone_expect(&phone, "");
    while (text_starts(phone.text, "INVITE "));
    assert_true(text_starts(phone.text, "CANCEL "));
    reoffered(16, 408);
    assert_true(bench_quiet(&bench, 50));
}

/* ---- REFER with Replaces ---- */

/* Somebody whose place is to be taken, and who is asked to: the phone has his REFER. */
static leg_id asked(void)
{
    char call[96];
    leg_id other = talk_up(), leg;
    char replaced[64];

    next_cseq = 100;
    text_copy(replaced, sizeof replaced, talk_name);
    leg = talk_up();
    assert_int_equal(sip_exit(bench.sip, leg, other), 0);
    phone_expect(&phone, "REFER ");
    text_format(call, sizeof call, "?Replaces=%s%%3B", replaced);
    assert_non_null(strstr(phone_header(&phone, "Refer-To"), call));
    assert_non_null(strstr(phone_header(&phone, "Refer-To"), "to-tag%3Dalice"));
    assert_non_null(strstr(phone_header(&phone, "Refer-To"), "&Require=replaces"));
    assert_non_null(strstr(phone_header(&phone, "Refer-To"), "sip:alice@127.0.0.1"));
    return leg;
}

static void notify(const char *event, const char *state, const char *fragment)
{
    char headers[256], branch[64];

    text_format(branch, sizeof branch, "%sn%u", talk_name, ++next_cseq);
    text_format(headers, sizeof headers,
                "Event: %s\r\nSubscription-State: %s\r\nContent-Type: message/sipfrag\r\n", event,
                state);
    talk_request("NOTIFY", branch, talk_us, next_cseq, headers, fragment);
}

static void exited(leg_id leg, uint16_t code)
{
    bench_expect(&bench, SIP_EXITED);
    assert_int_equal(bench.ev.leg, leg);
    assert_int_equal(bench.ev.code, code);
}

static void test_taken_over(void **state)
{
    leg_id leg = asked();

    (void)state;
    phone_answer(&phone, "202 Accepted", NULL, NULL, NULL);
    notify("refer", "active;expires=60", "SIP/2.0 100 Trying\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    assert_true(bench_quiet(&bench, 50));
    notify("refer", "terminated;reason=noresource", "SIP/2.0 200 OK\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    exited(leg, 200);
    notify("refer", "terminated;reason=noresource", "SIP/2.0 200 OK\r\n");
    phone_expect(&phone, "SIP/2.0 481"); /* of nothing any more */
    assert_true(bench_quiet(&bench, 50));
}

static void test_not_taken_over(void **state)
{
    static const struct {
        const char *answer, *state, *fragment;
        uint16_t code;
    } cases[] = {
        { "405 Method Not Allowed", NULL, NULL, 405 },
        { "603 Decline", NULL, NULL, 603 },
        { "202 Accepted", "terminated;reason=noresource", "SIP/2.0 481 No\r\n", 481 },
        { "202 Accepted", "terminated;reason=giveup", "SIP/2.0 100 Trying\r\n", 480 },
        { "202 Accepted", "terminated", "who knows", 480 },
        { "202 Accepted", "active", "SIP/2.0 486 Busy\r\n", 486 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        leg_id leg = asked();

        phone_answer(&phone, cases[i].answer, NULL, NULL, NULL);
        if (cases[i].state) {
            notify("refer", cases[i].state, cases[i].fragment);
            phone_expect(&phone, "SIP/2.0 200");
        }
        exited(leg, cases[i].code);
        assert_true(bench_quiet(&bench, 30));
        talk_tear_down(state);
        talk_set_up(state);
    }
}

/* A NOTIFY of something else is none of this. */
static void test_another_event(void **state)
{
    leg_id leg = asked();

    (void)state;
    phone_answer(&phone, "202 Accepted", NULL, NULL, NULL);
    notify("dialog", "terminated", "SIP/2.0 200 OK\r\n");
    phone_expect(&phone, "SIP/2.0 4");
    assert_true(bench_quiet(&bench, 30));
    notify("refer", "terminated", "SIP/2.0 200 OK\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    exited(leg, 200);
}

static void test_nobody_to_replace(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    assert_int_equal(sip_exit(bench.sip, leg, leg + 1000), 0);
    exited(leg, 500);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, talk_set_up, talk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_told_of_somebody), TEST(test_told_of_us),    TEST(test_without_a_body),
        TEST(test_refused),          TEST(test_glare),         TEST(test_gone),
        TEST(test_one_at_a_time),    TEST(test_silence),       TEST(test_taken_over),
        TEST(test_not_taken_over),   TEST(test_another_event), TEST(test_nobody_to_replace),
    };

    return cmocka_run_group_tests_name("sip_offer", tests, NULL, NULL);
}

/* Calls that the edge starts: their INVITE, and each way in which answers can come, cross, fork or
 * stay away (sip.md 5: RB-02 to RB-12, RB-18). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip_phone.h"

#define LEG 200

static struct sip_call a_call(void)
{
    struct sip_call call = { .leg = LEG,
                             .from_display = "Park 701: Alice",
                             .from_user = "701",
                             .caller = { .display = "Alice", .uri = "sip:+4930123@dom.example" },
                             .alert_info = "<urn:alert:service:recall:hold>;info=park",
                             .orbit = "701",
                             .attempt = 2,
                             .is_ring_back = true,
                             .prefer = CODEC_PCMA,
                             .local = talk_local };

    text_format(call.uri, sizeof call.uri, "sip:105@127.0.0.1:%u", phone.port);
    return call;
}

static void call_phone(void)
{
    struct sip_call call = a_call();

    assert_int_equal(sip_call(bench.sip, &call), 0);
    phone_expect(&phone, "INVITE sip:105@127.0.0.1");
}

static void test_invite_says(void **state)
{
    (void)state;
    call_phone();
    assert_true(text_starts(phone_header(&phone, "From"),
                            "\"Park 701: Alice\" <sip:701@park.example>;tag="));
    assert_string_equal(phone_header(&phone, "P-Asserted-Identity"),
                        "\"Alice\" <sip:+4930123@dom.example>");
    assert_string_equal(phone_header(&phone, "X-Callpark-Orbit"), "701");
    assert_true(text_starts(phone_header(&phone, "X-Callpark-Recall"), "n=2;nonce="));
    assert_true(text_starts(phone_header(&phone, "Alert-Info"), "<urn:alert:service:recall:hold>"));
    assert_string_equal(phone_header(&phone, "Max-Forwards"), "70");
    assert_true(phone_has(&phone, "m=audio 30000 RTP/AVP 8 0 9 101\r\n"));
    phone_answer(&phone, "486 Busy Here", "bob", NULL, NULL);
    phone_expect(&phone, "ACK ");
    bench_expect(&bench, SIP_FAILED);
    assert_int_equal(bench.ev.code, 486);
    assert_int_equal(bench.ev.leg, LEG);
}

static void test_answered(void **state)
{
    (void)state;
    call_phone();
    phone_answer(&phone, "180 Ringing", "bob", NULL, NULL);
    bench_expect(&bench, SIP_RINGING);
    assert_int_equal(bench.ev.code, 180);
    phone_answer(&phone, "200 OK", "bob", "P-Asserted-Identity: \"Bob\" <sip:105@pbx>\r\n",
                 phone_sdp);
    phone_expect(&phone, "ACK sip:bob@127.0.0.1");
    bench_expect(&bench, SIP_ANSWERED);
    assert_true(bench.ev.offer.usable);
    assert_string_equal(bench.ev.party.uri, "sip:105@pbx");
    assert_string_equal(bench.ev.dialog.remote_tag, "bob");
    assert_true(bench.ev.dialog.we_called);
    assert_string_equal(bench.ev.dialog.remote.host, "127.0.0.1");
    assert_int_equal(bench.ev.dialog.remote.port, phone.port);
    assert_true(text_starts(bench.ev.dialog.remote_target, "sip:bob@127.0.0.1"));
    sip_hang_up(bench.sip, LEG, 0, NULL);
    phone_expect(&phone, "BYE sip:bob@127.0.0.1");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

/* RB-10: the second fork's 200 gets ACK and BYE, the first stays. */
static void test_forked(void **state)
{
    char first[PHONE_TEXT];
    bool ack = false, bye = false;

    (void)state;
    call_phone();
    memcpy(first, phone.text, sizeof first);
    phone_answer(&phone, "200 OK", "bob1", NULL, phone_sdp);
    phone_expect(&phone, "ACK ");
    bench_expect(&bench, SIP_ANSWERED);
    memcpy(phone.text, first, sizeof first);
    phone_answer(&phone, "200 OK", "bob2", NULL, phone_sdp);
    while (!ack || !bye) {
        phone_expect(&phone, "");
        assert_string_equal(phone_tag(&phone, "To"), "bob2");
        ack = ack || text_starts(phone.text, "ACK ");
        bye = bye || text_starts(phone.text, "BYE ");
    }
    assert_true(bench_quiet(&bench, 50));
    memcpy(phone.text, first, sizeof first);
    phone_answer(&phone, "200 OK", "bob1", NULL, phone_sdp); /* again: its ACK was lost */
    do
        phone_expect(&phone, "");
    while (!text_starts(phone.text, "ACK "));
    assert_string_equal(phone_tag(&phone, "To"), "bob1");
}

/* RB-03, RB-08 */
static void test_cancel(void **state)
{
    char invite[PHONE_TEXT];

    (void)state;
    call_phone();
    memcpy(invite, phone.text, sizeof invite);
    phone_answer(&phone, "180 Ringing", "bob", NULL, NULL);
    bench_expect(&bench, SIP_RINGING);
    sip_hang_up(bench.sip, LEG, 200, "Call completed elsewhere");
    phone_expect(&phone, "CANCEL ");
    assert_string_equal(phone_header(&phone, "Reason"),
                        "SIP;cause=200;text=\"Call completed elsewhere\"");
    phone_answer(&phone, "200 OK", "bob", NULL, NULL);
    memcpy(phone.text, invite, sizeof invite);
    phone_answer(&phone, "487 Request Terminated", "bob", NULL, NULL);
    phone_expect(&phone, "ACK ");
    assert_true(bench_quiet(&bench, 50));
}

/* RFC 3261 9.1: no CANCEL before a provisional answer. */
static void test_cancel_waits(void **state)
{
    char invite[PHONE_TEXT];

    (void)state;
    call_phone();
    memcpy(invite, phone.text, sizeof invite);
    sip_hang_up(bench.sip, LEG, 200, "Call completed elsewhere");
    phone_expect(&phone, "INVITE "); /* a retransmission, no CANCEL */
    phone_answer(&phone, "100 Trying", NULL, NULL, NULL);
    do
        phone_expect(&phone, "");
    while (text_starts(phone.text, "INVITE"));
    assert_true(text_starts(phone.text, "CANCEL "));
    phone_answer(&phone, "200 OK", "bob", NULL, NULL);
    memcpy(phone.text, invite, sizeof invite);
    phone_answer(&phone, "487 Request Terminated", "bob", NULL, NULL);
    phone_expect(&phone, "ACK ");
    assert_true(bench_quiet(&bench, 50));
}

/* RB-12: ACK, then BYE with the same reason. */
static void test_late_answer(void **state)
{
    char invite[PHONE_TEXT];

    (void)state;
    call_phone();
    memcpy(invite, phone.text, sizeof invite);
    phone_answer(&phone, "180 Ringing", "bob", NULL, NULL);
    bench_expect(&bench, SIP_RINGING);
    sip_hang_up(bench.sip, LEG, 200, "Call completed elsewhere");
    phone_expect(&phone, "CANCEL ");
    memcpy(phone.text, invite, sizeof invite);
    phone_answer(&phone, "200 OK", "bob", NULL, phone_sdp);
    do
        phone_expect(&phone, "");
    while (text_starts(phone.text, "CANCEL"));
    assert_true(text_starts(phone.text, "ACK "));
    do
        phone_expect(&phone, "");
    while (text_starts(phone.text, "CANCEL"));
    assert_true(text_starts(phone.text, "BYE "));
    assert_true(phone_has(&phone, "cause=200"));
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    assert_true(bench_quiet(&bench, 50));
}

/* RB-18: with T1 of 20 ms it is given up after 1.3 s. */
static void test_no_answer_at_all(void **state)
{
    (void)state;
    call_phone();
    bench_expect(&bench, SIP_FAILED);
    assert_int_equal(bench.ev.code, 408);
}

static void test_hung_up_by_them(void **state)
{
    char request[1024], from[256], to[256], call[128];

    (void)state;
    call_phone();
    phone_answer(&phone, "200 OK", "bob", NULL, phone_sdp);
    phone_expect(&phone, "ACK ");
    bench_expect(&bench, SIP_ANSWERED);
    text_copy(to, sizeof to, phone_header(&phone, "From"));
    text_copy(from, sizeof from, phone_header(&phone, "To"));
    text_copy(call, sizeof call, phone_header(&phone, "Call-ID"));
    text_format(request, sizeof request,
                "BYE sip:701@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKb\r\n"
                "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 7 BYE\r\nContent-Length: 0\r\n\r\n",
                phone.port, from, to, call);
    phone_send(&phone, "%s", request);
    phone_expect(&phone, "SIP/2.0 200");
    bench_expect(&bench, SIP_GONE);
    phone_send(&phone, "%s", request); /* a retransmission gets the same, and is no second event */
    phone_expect(&phone, "SIP/2.0 200");
    assert_true(bench_quiet(&bench, 50));
}

/* He is in no trusted network, but we called him. */
static void test_called_stranger(void **state)
{
    struct sip_config config;
    char from[256], to[256], call[128];

    (void)state;
    bench_config(&config);
    config.trusted_count = 0;
    sip_reload(bench.sip, &config, NULL);
    call_phone();
    phone_answer(&phone, "200 OK", "bob", NULL, phone_sdp);
    phone_expect(&phone, "ACK ");
    bench_expect(&bench, SIP_ANSWERED);
    text_copy(to, sizeof to, phone_header(&phone, "From"));
    text_copy(from, sizeof from, phone_header(&phone, "To"));
    text_copy(call, sizeof call, phone_header(&phone, "Call-ID"));
    phone_send(&phone,
               "BYE sip:701@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKb\r\n"
               "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 7 BYE\r\nContent-Length: 0\r\n\r\n",
               phone.port, from, to, call);
    phone_expect(&phone, "SIP/2.0 200");
    bench_expect(&bench, SIP_GONE);
}

/* Whoever's AOR is only us is called at his device. */
static void test_to_contact(void **state)
{
    struct sip_call call = a_call();

    (void)state;
    text_copy(call.uri, sizeof call.uri, "sip:alice@park.example");
    text_format(call.contact, sizeof call.contact, "sip:dev@127.0.0.1:%u;x=1?Subject=no",
                phone.port);
    sip_call(bench.sip, &call);
    phone_expect(&phone, "INVITE sip:dev@127.0.0.1");
    assert_false(phone_has(&phone, "Subject"));
    phone_answer(&phone, "404 Not Found", "x", NULL, NULL);
    bench_expect(&bench, SIP_FAILED);
    assert_int_equal(bench.ev.code, 404);
}

static void test_nowhere_to_go(void **state)
{
    struct sip_call call = a_call();

    (void)state;
    text_copy(call.uri, sizeof call.uri, "sip:alice@park.example");
    sip_call(bench.sip, &call);
    bench_expect(&bench, SIP_FAILED);
    assert_int_equal(bench.ev.code, 404);
    text_copy(call.uri, sizeof call.uri, "not a uri at all");
    call.leg += 2;
    sip_call(bench.sip, &call);
    bench_expect(&bench, SIP_FAILED);
}

static void test_outbound(void **state)
{
    struct sip_config config;
    struct sip_call call = a_call();

    (void)state;
    bench_config(&config);
    text_format(config.outbound, sizeof config.outbound, "sip:127.0.0.1:%u", phone.port);
    assert_int_equal(sip_reload(bench.sip, &config, NULL), 0);
    text_copy(call.uri, sizeof call.uri, "sip:105@pbx.example");
    sip_call(bench.sip, &call);
    phone_expect(&phone, "INVITE sip:105@pbx.example SIP/2.0");
    phone_answer(&phone, "480 No", "x", NULL, NULL);
    phone_expect(&phone, "ACK ");
    bench_expect(&bench, SIP_FAILED);
    call.leg += 2; /* a number behind a mere address: the next hop knows him better */
    text_copy(call.uri, sizeof call.uri, "sip:106@192.0.2.1:5066");
    sip_call(bench.sip, &call);
    phone_expect(&phone, "INVITE sip:106@127.0.0.1");
    phone_answer(&phone, "480 No", "x", NULL, NULL);
    phone_expect(&phone, "ACK ");
    bench_expect(&bench, SIP_FAILED);
    call.leg += 2;
    text_copy(call.uri, sizeof call.uri, "tel:+4930123");
    sip_call(bench.sip, &call);
    phone_expect(&phone, "INVITE sip:+4930123@127.0.0.1");
    phone_answer(&phone, "480 No", "x", NULL, NULL);
    bench_expect(&bench, SIP_FAILED);
}

static void test_session_too_short(void **state)
{
    (void)state;
    call_phone();
    phone_answer(&phone, "422 Too Small", "bob", "Min-SE: 3600\r\n", NULL);
    phone_expect(&phone, "ACK ");
    phone_expect(&phone, "INVITE ");
    assert_string_equal(phone_header(&phone, "Session-Expires"), "3600");
    phone_answer(&phone, "603 Decline", "bob", NULL, NULL);
    bench_expect(&bench, SIP_FAILED);
    assert_int_equal(bench.ev.code, 603);
}

/* The ring back that comes round is known by its nonce, a made up one is not. */
static void test_comes_round(void **state)
{
    char header[256];

    (void)state;
    call_phone();
    text_format(header, sizeof header, "X-Callpark-Recall: %s\r\n",
                phone_header(&phone, "X-Callpark-Recall"));
    phone_answer(&phone, "486 Busy", "bob", NULL, NULL);
    phone_expect(&phone, "ACK ");
    bench_expect(&bench, SIP_FAILED);
    talk_invite(header);
    bench_expect(&bench, SIP_INVITE);
    assert_true(bench.ev.invite.our_ring_back);
    sip_refuse(bench.sip, bench.ev.leg, 482, 0, 0, NULL);
    phone_expect(&phone, "SIP/2.0 482");
    talk_request("ACK", talk_name, phone_tag(&phone, "To"), 1, NULL, NULL);
    talk_invite("X-Callpark-Recall: n=1;nonce=c8-0123456789abcdef0123456789abcdef\r\n");
    bench_expect(&bench, SIP_INVITE);
    assert_false(bench.ev.invite.our_ring_back);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_invite_says),
        TEST(test_answered),
        TEST(test_forked),
        TEST(test_cancel),
        TEST(test_cancel_waits),
        TEST(test_late_answer),
        TEST(test_no_answer_at_all),
        TEST(test_hung_up_by_them),
        TEST(test_called_stranger),
        TEST(test_to_contact),
        TEST(test_nowhere_to_go),
        TEST(test_outbound),
        TEST(test_session_too_short),
        TEST(test_comes_round),
    };

    return cmocka_run_group_tests_name("sip_out", tests, NULL, NULL);
}

/* Calls that the edge starts and that are not simply answered: challenged (RB-13), redirected
 * (RB-14), answered reliably before they are answered (RB-17). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip_phone.h"

#define LEG 200

static const char sha256[] =
    "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"\r\n"
    "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"\r\n";

static void reload(bool passwords, bool follow)
{
    struct sip_config config;

    bench_config(&config);
    if (passwords) {
        text_copy(config.auth_user, sizeof config.auth_user, "park");
        text_copy(config.auth_password, sizeof config.auth_password, "secret");
    }
    config.redirect_follow = follow;
    assert_int_equal(sip_reload(bench.sip, &config, NULL), 0);
}

static void call_phone_as(leg_id leg)
{
    struct sip_call call = {
        .leg = leg, .from_user = "701", .orbit = "701", .is_ring_back = true, .local = talk_local
    };

    text_format(call.uri, sizeof call.uri, "sip:105@127.0.0.1:%u", phone.port);
    assert_int_equal(sip_call(bench.sip, &call), 0);
    phone_expect(&phone, "INVITE sip:105@127.0.0.1");
}

static void call_phone(void)
{
    call_phone_as(LEG);
}

/* The INVITE may come again before its answer is there. */
static void expect_not_invite(const char *start)
{
    do
        phone_expect(&phone, "");
    while (text_starts(phone.text, "INVITE "));
    if (!text_starts(phone.text, start))
        fail_msg("wanted '%s', got '%.60s'", start, phone.text);
}

static void expect_ack(void)
{
    expect_not_invite("ACK ");
}

/* Refused with this; its ACK has come, and the next INVITE stands in `phone`. */
static void refused_and_asked_again(const char *status, const char *more)
{
    phone_answer(&phone, status, "bob", more, NULL);
    expect_ack();
    phone_expect(&phone, "INVITE ");
}

static void refused(const char *status, const char *more, uint16_t code)
{
    phone_answer(&phone, status, "bob", more, NULL);
    expect_ack();
    bench_expect(&bench, SIP_FAILED);
    assert_int_equal(bench.ev.code, code);
    assert_true(phone_quiet(&phone, 50));
}

static void answered(void)
{
    phone_answer(&phone, "200 OK", "bob", NULL, phone_sdp);
    expect_ack();
    bench_expect(&bench, SIP_ANSWERED);
}

static void says_who_must_not_answer(void **state)
{
    (void)state;
    call_phone();
    assert_string_equal(phone_header(&phone, "Reject-Contact"), "*;automata");
    assert_true(strstr(phone_header(&phone, "Supported"), "100rel") != NULL);
    refused("486 Busy", NULL, 486);
}

static void answers_a_challenge_once(void **state)
{
    char first[64];

    (void)state;
    reload(true, false);
    call_phone();
    text_copy(first, sizeof first, phone_header(&phone, "CSeq"));
    refused_and_asked_again("401 Unauthorized", sha256);
    assert_string_not_equal(first, phone_header(&phone, "CSeq"));
    assert_true(text_starts(phone_header(&phone, "Authorization"), "Digest username=\"park\""));
    assert_true(phone_has(&phone, "algorithm=SHA-256"));
    assert_true(phone_has(&phone, "uri=\"sip:105@127.0.0.1"));
    refused("401 Unauthorized", sha256, 401);
}

/* A proxy on the way, and whoever is behind it; the ACK of the 200 carries both, the BYE as well.
 */
static void answers_both(void **state)
{
    (void)state;
    reload(true, false);
    call_phone();
    refused_and_asked_again(
        "407 Proxy", "Proxy-Authenticate: Digest realm=\"out\", nonce=\"n2\", algorithm=MD5\r\n");
    assert_true(phone_header(&phone, "Proxy-Authorization")[0] != '\0');
    assert_true(phone_header(&phone, "Authorization")[0] == '\0');
    refused_and_asked_again("401 Unauthorized", sha256);
    assert_true(phone_header(&phone, "Proxy-Authorization")[0] != '\0');
    assert_true(phone_header(&phone, "Authorization")[0] != '\0');
    answered();
    assert_true(phone_header(&phone, "Proxy-Authorization")[0] != '\0');
    assert_true(phone_header(&phone, "Authorization")[0] != '\0');
    sip_hang_up(bench.sip, LEG, 0, NULL);
    phone_expect(&phone, "BYE ");
    assert_true(phone_header(&phone, "Authorization")[0] != '\0');
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

static void answers_again_when_stale(void **state)
{
    (void)state;
    reload(true, false);
    call_phone();
    refused_and_asked_again("401 Unauthorized", sha256);
    refused_and_asked_again(
        "401 Unauthorized",
        "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n3\", algorithm=MD5, stale=true\r\n");
    assert_true(phone_has(&phone, "nonce=\"n3\""));
    answered();
}

static void has_no_password_to_give(void **state)
{
    struct sip_config config;

    (void)state;
    call_phone();
    refused("401 Unauthorized", sha256, 401);
    /* A stranger whom we happen to call gets none either. */
    bench_config(&config);
    config.trusted_count = 0;
    text_copy(config.auth_user, sizeof config.auth_user, "park");
    assert_int_equal(sip_reload(bench.sip, &config, NULL), 0);
    call_phone_as(LEG + 2);
    refused("401 Unauthorized", sha256, 401);
}

static void stays_where_it_is(void **state)
{
    (void)state;
    call_phone();
    refused("302 Moved", "Contact: <sip:elsewhere@127.0.0.1>\r\n", 302);
}

static void follows_when_told_to(void **state)
{
    char contacts[160];

    (void)state;
    reload(false, true);
    call_phone();
    text_format(contacts, sizeof contacts, "Contact: <sip:106@127.0.0.1:%u?Subject=no>;q=0.9\r\n",
                phone.port);
    phone_answer(&phone, "302 Moved", "bob", contacts, NULL);
    expect_ack();
    phone_expect(&phone, "INVITE sip:");
    assert_false(phone_has(&phone, "Subject"));
    for (unsigned i = 0; i < 2; i++) { /* three in all, then it is a circle */
        phone_answer(&phone, "302 Moved", "bob", contacts, NULL);
        expect_ack();
        phone_expect(&phone, "INVITE sip:");
    }
    refused("302 Moved", contacts, 302);
}

/* RFC 3262: acknowledged once each, in order; a fork has numbers of its own. */
static void acknowledges_what_is_reliable(void **state)
{
    char invite[PHONE_TEXT];

    (void)state;
    call_phone();
    memcpy(invite, phone.text, sizeof invite);
    phone_answer(&phone, "183 Progress", "bob", "Require: 100rel\r\nRSeq: 41\r\n", phone_sdp);
    expect_not_invite("PRACK sip:bob@127.0.0.1");
    assert_true(text_starts(phone_header(&phone, "RAck"), "41 "));
    assert_string_equal(phone_tag(&phone, "To"), "bob");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    bench_expect(&bench, SIP_RINGING);
    memcpy(phone.text, invite, sizeof invite);
    phone_answer(&phone, "180 Ringing", "bob", "Require: 100rel\r\nRSeq: 43\r\n", NULL);
    bench_expect(&bench, SIP_RINGING);
    /* 42 is missing */
    memcpy(phone.text, invite, sizeof invite);
    phone_answer(&phone, "180 Ringing", "carol", "Require: 100rel\r\nRSeq: 7\r\n", NULL);
    expect_not_invite("PRACK ");
    assert_true(text_starts(phone_header(&phone, "RAck"), "7 "));
    assert_string_equal(phone_tag(&phone, "To"), "carol");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    bench_expect(&bench, SIP_RINGING);
    memcpy(phone.text, invite, sizeof invite);
    phone_answer(&phone, "200 OK", "bob", NULL, NULL); /* the answer was in the 183 */
    expect_ack();
    bench_expect(&bench, SIP_ANSWERED);
    assert_true(bench.ev.offer.usable);
}

/* RFC 3311: before our offer is answered there is no room for another. */
static void takes_an_update(void **state)
{
    char invite[PHONE_TEXT], from[256], to[256], call[128];

    (void)state;
    call_phone();
    memcpy(invite, phone.text, sizeof invite);
    text_copy(to, sizeof to, phone_header(&phone, "From"));
    text_format(from, sizeof from, "%s;tag=bob", phone_header(&phone, "To"));
    text_copy(call, sizeof call, phone_header(&phone, "Call-ID"));
    for (unsigned i = 0; i < 2; i++) {
        phone_send(&phone,
                   "UPDATE sip:701@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP "
                   "127.0.0.1:%u;branch=z9hG4bKu%u\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\n"
                   "CSeq: %u UPDATE\r\nContact: <sip:bob@127.0.0.1:%u>\r\n"
                   "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
                   phone.port, i, from, to, call, 7 + i, phone.port, strlen(phone_sdp), phone_sdp);
        if (i == 0) {
            expect_not_invite("SIP/2.0 491");
            memcpy(phone.text, invite, sizeof invite);
            phone_answer(&phone, "183 Progress", "bob", "Require: 100rel\r\nRSeq: 1\r\n",
                         phone_sdp);
            expect_not_invite("PRACK ");
            phone_answer(&phone, "200 OK", NULL, NULL, NULL);
            bench_expect(&bench, SIP_RINGING);
        }
    }
    bench_expect(&bench, SIP_OFFERED);
    assert_int_equal(sip_reply(bench.sip, LEG, bench.ev.transaction, 488, NULL, NULL), 0);
    expect_not_invite("SIP/2.0 488");
    memcpy(phone.text, invite, sizeof invite);
    answered();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(says_who_must_not_answer),
        TEST(answers_a_challenge_once),
        TEST(answers_both),
        TEST(answers_again_when_stale),
        TEST(has_no_password_to_give),
        TEST(stays_where_it_is),
        TEST(follows_when_told_to),
        TEST(acknowledges_what_is_reliable),
        TEST(takes_an_update),
    };

    return cmocka_run_group_tests_name("sip_calling", tests, NULL, NULL);
}

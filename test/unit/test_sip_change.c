/* What may change while a call is up: media, identity, who is on it (sip.md 2.2, 2.3, 8.3), and
 * session timers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip_phone.h"

static const char held_sdp[] =
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40002 RTP/AVP 8 0\r\na=sendonly\r\n";

static void reply_to_offer(leg_id leg)
{
    struct session session;
    struct session_wish wish = { .prefer = CODEC_NONE };

    assert_int_equal(session_agree(&bench.ev.offer, &wish, &session), SESSION_AGREED);
    sip_reply(bench.sip, leg, bench.ev.transaction, 200, &session, &talk_local);
}

/* PX-05 and the o= line of RFC 3264 8. */
static void test_hold(void **state)
{
    leg_id leg = talk_up();
    char origin[128];

    (void)state;
    talk_request("INVITE", "hold", talk_us, 2, NULL, held_sdp);
    bench_expect(&bench, SIP_OFFERED);
    assert_int_equal(bench.ev.leg, leg);
    assert_int_equal(bench.ev.offer.direction, DIR_SENDONLY);
    assert_true(bench.ev.address_changed);
    assert_false(bench.ev.identity_changed);
    reply_to_offer(leg);
    phone_expect(&phone, "SIP/2.0 200");
    assert_true(phone_has(&phone, "a=recvonly"));
    text_copy(origin, sizeof origin, strstr(phone.text, "o=callpark"));
    assert_non_null(strstr(origin, " 2 IN IP4"));
    talk_request("ACK", "holdack", talk_us, 2, NULL, NULL);
    talk_request("INVITE", "hold2", talk_us, 3, NULL, held_sdp); /* the same again */
    bench_expect(&bench, SIP_OFFERED);
    assert_false(bench.ev.address_changed);
    reply_to_offer(leg);
    phone_expect(&phone, "SIP/2.0 200");
    assert_non_null(strstr(phone.text, " 2 IN IP4"));
    talk_request("ACK", "hold2ack", talk_us, 3, NULL, NULL);
    talk_request("INVITE", "resume", talk_us, 4, NULL, phone_sdp);
    bench_expect(&bench, SIP_OFFERED);
    reply_to_offer(leg);
    phone_expect(&phone, "SIP/2.0 200");
    assert_non_null(strstr(phone.text, " 3 IN IP4")); /* one more, and no more than one */
    talk_request("ACK", "resumeack", talk_us, 4, NULL, NULL);
    assert_true(bench_quiet(&bench, 50));
}

/* RFC 3261 14.2: a refused re-INVITE changes nothing. */
static void test_refused_change(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    talk_request("INVITE", "re", talk_us, 2, NULL, held_sdp);
    bench_expect(&bench, SIP_OFFERED);
    sip_reply(bench.sip, leg, bench.ev.transaction, 488, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 488");
    talk_request("ACK", "re", talk_us, 2, NULL, NULL);
    talk_request("BYE", "bye", talk_us, 3, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 200");
    bench_expect(&bench, SIP_GONE);
}

/* PX-04 */
static void test_late_offer(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    talk_request("INVITE", "re", talk_us, 2, NULL, NULL);
    bench_expect(&bench, SIP_OFFERED);
    assert_false(bench.ev.offer.present);
    sip_reply(bench.sip, leg, bench.ev.transaction, 200, NULL, &talk_local);
    phone_expect(&phone, "SIP/2.0 200");
    assert_true(phone_has(&phone, "m=audio 30000 RTP/AVP 0 8 9 101"));
    talk_request("ACK", "reack", talk_us, 2, NULL, phone_sdp);
    bench_expect(&bench, SIP_ACKED);
    assert_true(bench.ev.offer.usable);
}

/* PX-01, RFC 4916 */
static void test_update_identity(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    talk_request("UPDATE", "u1", talk_us, 2, "P-Asserted-Identity: \"Helen\" <sip:+49301@pbx>\r\n",
                 NULL);
    phone_expect(&phone, "SIP/2.0 200 OK");
    assert_false(phone_has(&phone, "v=0"));
    bench_expect(&bench, SIP_IDENTITY);
    assert_int_equal(bench.ev.leg, leg);
    assert_string_equal(bench.ev.party.uri, "sip:+49301@pbx");
    assert_string_equal(bench.ev.party.display, "Helen");
    talk_request("UPDATE", "u2", talk_us, 3, "P-Asserted-Identity: \"Helen\" <sip:+49301@pbx>\r\n",
                 NULL);
    phone_expect(&phone, "SIP/2.0 200 OK");
    assert_true(bench_quiet(&bench, 50)); /* nothing new */
}

/* PX-02 */
static void test_offer_with_identity(void **state)
{
    (void)state;
    talk_up();
    talk_request("UPDATE", "u1", talk_us, 2,
                 "Remote-Party-ID: \"Helen\" <sip:h@pbx>;party=calling\r\n", held_sdp);
    bench_expect(&bench, SIP_OFFERED);
    assert_true(bench.ev.identity_changed);
    assert_string_equal(bench.ev.party.uri, "sip:h@pbx");
    reply_to_offer(bench.ev.leg);
    phone_expect(&phone, "SIP/2.0 200");
    assert_true(phone_has(&phone, "m=audio"));
    talk_request("INVITE", "i2", talk_us, 3, NULL, phone_sdp);
    bench_expect(&bench, SIP_OFFERED); /* From alone says alice again */
    assert_true(bench.ev.identity_changed);
}

static void test_order(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    talk_request("INVITE", "a", talk_us, 5, NULL, held_sdp);
    bench_expect(&bench, SIP_OFFERED);
    talk_request("INVITE", "b", talk_us, 6, NULL, held_sdp); /* RFC 3261 14.2 */
    phone_expect(&phone, "SIP/2.0 500");
    assert_true(phone_header(&phone, "Retry-After")[0] != '\0');
    talk_request("ACK", "b", talk_us, 6, NULL, NULL);
    talk_request("INFO", "c", talk_us, 3, NULL, NULL); /* RO-95 */
    phone_expect(&phone, "SIP/2.0 500");
    reply_to_offer(leg);
    phone_expect(&phone, "SIP/2.0 200");
    talk_request("ACK", "a2", talk_us, 5, NULL, NULL);
}

static void test_cancelled_change(void **state)
{
    (void)state;
    talk_up();
    talk_request("INVITE", "a", talk_us, 5, NULL, held_sdp);
    bench_expect(&bench, SIP_OFFERED);
    talk_request("CANCEL", "a", talk_us, 5, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 200");
    phone_expect(&phone, "SIP/2.0 487");
    reply_to_offer(bench.ev.leg); /* too late, and of no effect */
    talk_request("ACK", "a", talk_us, 5, NULL, NULL);
    talk_request("BYE", "bye", talk_us, 6, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 200");
    bench_expect(&bench, SIP_GONE);
}

static void test_other_methods(void **state)
{
    static const struct {
        const char *method, *answer;
    } cases[] = {
        { "INFO", "SIP/2.0 200" },    { "OPTIONS", "SIP/2.0 200" }, { "REFER", "SIP/2.0 400" },
        { "MESSAGE", "SIP/2.0 405" }, { "NOTIFY", "SIP/2.0 481" },  { "PRACK", "SIP/2.0 481" },
        { "DANCE", "SIP/2.0 501" },   { "SUBSCRIBE", "SIP/2.0 4" },
    };
    char branch[16];

    (void)state;
    talk_up();
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text_format(branch, sizeof branch, "m%u", i);
        talk_request(cases[i].method, branch, talk_us, 2 + i, NULL, NULL);
        phone_expect(&phone, cases[i].answer);
    }
    assert_true(bench_quiet(&bench, 20));
}

/* A key is told to the loop, once though the INFO comes twice; another body is none. */
static void test_keys(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    talk_request("INFO", "k1", talk_us, 2, "Content-Type: application/dtmf-relay\r\n",
                 "Signal=7\r\nDuration=160\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    bench_expect(&bench, SIP_DIGIT);
    assert_int_equal(bench.ev.leg, leg);
    assert_int_equal(bench.ev.digit, '7');
    talk_request("INFO", "k1", talk_us, 2, "Content-Type: application/dtmf-relay\r\n",
                 "Signal=7\r\nDuration=160\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    talk_request("INFO", "k2", talk_us, 3, "Content-Type: message/sipfrag\r\n", "7");
    phone_expect(&phone, "SIP/2.0 200");
    assert_true(bench_quiet(&bench, 20));
    talk_request("INFO", "k3", talk_us, 4, "Content-Type: application/dtmf\r\n", "#");
    phone_expect(&phone, "SIP/2.0 200");
    bench_expect(&bench, SIP_DIGIT);
    assert_int_equal(bench.ev.digit, '#');
}

/* ---- Replaces ---- */

static void invite_replacing(const char *name, const char *to_tag, const char *from_tag,
                             const char *more)
{
    char header[512];

    text_format(header, sizeof header,
                "Replaces: %s;to-tag=%s;from-tag=%s\r\nReferred-By: <sip:105@pbx>\r\n%s", name,
                to_tag, from_tag, more);
    talk_invite(header);
    bench_expect(&bench, SIP_INVITE);
}

static void refuse_last(void)
{
    sip_refuse(bench.sip, bench.ev.leg, 480, 0, 0, NULL);
    phone_expect(&phone, "SIP/2.0 480");
    talk_request("ACK", talk_name, phone_tag(&phone, "To"), 1, NULL, NULL);
}

static void test_replaces(void **state)
{
    leg_id leg = talk_up(), other;
    char name[64], tag[128];

    (void)state;
    text_copy(name, sizeof name, talk_name);
    text_copy(tag, sizeof tag, talk_us);
    invite_replacing(name, "alice", tag, ""); /* PA-02: the wrong way round */
    assert_int_equal(bench.ev.invite.replaces, REPLACES_UNKNOWN);
    refuse_last();
    invite_replacing(name, tag, "alice", "");
    assert_int_equal(bench.ev.invite.replaces, REPLACES_LEG);
    assert_int_equal(bench.ev.invite.replaces_leg, leg);
    assert_string_equal(bench.ev.invite.referred_by.uri, "sip:105@pbx");
    other = bench.ev.leg;
    talk_answer(other);
    phone_expect(&phone, "SIP/2.0 200");
    talk_request("ACK", "ack2", phone_tag(&phone, "To"), 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    invite_replacing(name, tag, "alice", ""); /* PA-09 */
    assert_int_equal(bench.ev.invite.replaces, REPLACES_TAKEN);
    refuse_last();
}

/* PA-03: the parker's phone hung up before the transferred INVITE came. */
static void test_replaces_ended(void **state)
{
    leg_id leg = talk_up();
    char name[64], tag[128];

    (void)state;
    text_copy(name, sizeof name, talk_name);
    text_copy(tag, sizeof tag, talk_us);
    talk_request("BYE", "bye", talk_us, 2, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 200");
    bench_expect(&bench, SIP_GONE);
    talk_request("INFO", "info", talk_us, 3, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 481");
    invite_replacing(name, tag, "alice", "");
    assert_int_equal(bench.ev.invite.replaces, REPLACES_ENDED);
    assert_int_equal(bench.ev.invite.replaces_leg, leg);
    refuse_last();
    invite_replacing("nobody", tag, "alice", "");
    assert_int_equal(bench.ev.invite.replaces, REPLACES_UNKNOWN);
    refuse_last();
    invite_replacing(name, tag, "alice", "Join: x;to-tag=1;from-tag=2\r\n");
    assert_int_equal(bench.ev.invite.replaces, REPLACES_TWICE);
}

/* RB-19 */
static void test_replaces_ringing(void **state)
{
    struct sip_call call = { .leg = 300, .from_user = "701", .local = talk_local };
    struct phone other;
    char name[128], tag[128];

    (void)state;
    phone_open(&other, &bench, false);
    text_format(call.uri, sizeof call.uri, "sip:105@127.0.0.1:%u", other.port);
    sip_call(bench.sip, &call);
    phone_expect(&other, "INVITE ");
    text_copy(name, sizeof name, phone_header(&other, "Call-ID"));
    text_copy(tag, sizeof tag, phone_tag(&other, "From"));
    phone_answer(&other, "180 Ringing", "bob", NULL, NULL);
    bench_expect(&bench, SIP_RINGING);
    invite_replacing(name, tag, "bob", "");
    assert_int_equal(bench.ev.invite.replaces, REPLACES_EARLY_OURS);
    assert_int_equal(bench.ev.invite.replaces_leg, 300);
    phone_close(&other);
}

/* ---- session timers ---- */

static void test_session_expires(void **state)
{
    (void)state;
    talk_invite("Supported: timer\r\nSession-Expires: 30\r\n"); /* RO-90 */
    phone_expect(&phone, "SIP/2.0 422");
    assert_string_equal(phone_header(&phone, "Min-SE"), "90");
    talk_request("ACK", talk_name, phone_tag(&phone, "To"), 1, NULL, NULL);
    talk_invite("Supported: timer\r\nSession-Expires: 600\r\n");
    bench_expect(&bench, SIP_INVITE);
    talk_answer(bench.ev.leg);
    phone_expect(&phone, "SIP/2.0 200");
    assert_string_equal(phone_header(&phone, "Session-Expires"), "600;refresher=uac");
    assert_string_equal(phone_header(&phone, "Require"), "timer");
    talk_request("ACK", "ack", phone_tag(&phone, "To"), 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    assert_int_equal(bench.ev.dialog.session_expires, 600);
    assert_false(bench.ev.dialog.we_refresh);
    talk_invite(NULL); /* knows no timers: we refresh */
    bench_expect(&bench, SIP_INVITE);
    talk_answer(bench.ev.leg);
    phone_expect(&phone, "SIP/2.0 200");
    assert_string_equal(phone_header(&phone, "Session-Expires"), "1800;refresher=uas");
    assert_string_equal(phone_header(&phone, "Require"), "");
    talk_request("ACK", "ack2", phone_tag(&phone, "To"), 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    assert_true(bench.ev.dialog.we_refresh);
}

/* A session of two seconds on an edge that allows it: refreshes after one. */
static int short_set_up(void **state)
{
    struct sip_config config;

    (void)state;
    bench_config(&config);
    config.min_se = 2;
    config.session_expires = 2;
    bench_start(&bench, &config);
    phone_open(&phone, &bench, false);
    return 0;
}

/* RO-91 */
static void test_session_dies(void **state)
{
    char lines[128];

    (void)state;
    talk_invite("Supported: timer\r\nSession-Expires: 2;refresher=uac\r\n");
    bench_expect(&bench, SIP_INVITE);
    talk_answer(bench.ev.leg);
    phone_expect(&phone, "SIP/2.0 200");
    text_copy(talk_us, sizeof talk_us, phone_tag(&phone, "To"));
    talk_request("ACK", "ack", talk_us, 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    talk_contact(lines);
    text_append(lines, sizeof lines, "Supported: timer\r\nSession-Expires: 2;refresher=uac\r\n");
    talk_request("UPDATE", "u", talk_us, 2, lines, NULL); /* one refresh, and no second */
    phone_expect(&phone, "SIP/2.0 200");
    assert_string_equal(phone_header(&phone, "Session-Expires"), "2;refresher=uac");
    phone_expect(&phone, "BYE ");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    bench_expect(&bench, SIP_GONE);
    assert_string_equal(bench.ev.reason, "session expired");
}

/* RO-92, RO-93 */
static void test_we_refresh(void **state)
{
    char body[2048];

    (void)state;
    talk_up(); /* no Allow: we do not know that they take UPDATE */
    phone_expect(&phone, "INVITE ");
    assert_string_equal(phone_header(&phone, "Session-Expires"), "2;refresher=uac");
    text_copy(body, sizeof body, strstr(phone.text, "v=0"));
    assert_non_null(strstr(body, " 1 IN IP4"));
    phone_answer(&phone, "491 Request Pending", NULL, NULL, NULL);
    phone_expect(&phone, "ACK ");
    phone_expect(&phone, "INVITE ");
    assert_string_equal(strstr(phone.text, "v=0"), body); /* word for word the same */
    phone_answer(&phone, "200 OK", NULL, "Allow: INVITE, UPDATE\r\n", phone_sdp);
    phone_expect(&phone, "ACK ");
    phone_expect(&phone, "INVITE ");
    phone_answer(&phone, "481 Gone", NULL, NULL, NULL);
    phone_expect(&phone, "ACK ");
    bench_expect(&bench, SIP_GONE);
}

static void test_we_refresh_by_update(void **state)
{
    (void)state;
    talk_invite("Allow: INVITE, UPDATE\r\n");
    bench_expect(&bench, SIP_INVITE);
    talk_answer(bench.ev.leg);
    phone_expect(&phone, "SIP/2.0 200");
    talk_request("ACK", "ack", phone_tag(&phone, "To"), 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    phone_expect(&phone, "UPDATE ");
    phone_answer(&phone, "405 Not Allowed", NULL, NULL, NULL);
    phone_expect(&phone, "INVITE "); /* then the other way */
    phone_answer(&phone, "200 OK", NULL, NULL, phone_sdp);
    phone_expect(&phone, "ACK ");
}

#define SHORT(name) cmocka_unit_test_setup_teardown(name, short_set_up, talk_tear_down)
#define TEST(name) cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_hold),
        TEST(test_refused_change),
        TEST(test_late_offer),
        TEST(test_update_identity),
        TEST(test_offer_with_identity),
        TEST(test_order),
        TEST(test_cancelled_change),
        TEST(test_other_methods),
        TEST(test_keys),
        TEST(test_replaces),
        TEST(test_replaces_ended),
        TEST(test_replaces_ringing),
        TEST(test_session_expires),
        SHORT(test_session_dies),
        SHORT(test_we_refresh),
        SHORT(test_we_refresh_by_update),
    };

    return cmocka_run_group_tests_name("sip_change", tests, NULL, NULL);
}

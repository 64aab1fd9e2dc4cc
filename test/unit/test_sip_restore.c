/* The SIP edge ends as if killed and is started again with what the store would have kept: its far
 * ends notice nothing but what they are asked. FO-03, FO-06, FO-07, FO-10, FO-11. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip_phone.h"
#include "sys/clock.h"

#define OUR_CALL 200

static struct sip_restored saved;
static struct sip_config config;

/* Through its text, as it is in the store. */
static void save(leg_id leg, enum sip_restored_state state)
{
    static char text[SIP_DIALOG_TEXT_SIZE];
    char unread[64];

    assert_true(bench_quiet(&bench, 50)); /* what is still on its way is kept as well */
    assert_true(sip_dialog_write(text, sizeof text, &bench.dialog));
    if (!sip_dialog_read(&saved.dialog, text, unread))
        fail_msg("%s", unread);
    saved.leg = leg;
    saved.state = state;
}

static void start_again(void)
{
    uint16_t udp = bench.udp, tcp = bench.tcp;

    bench_stop(&bench);
    bench_config(&config);
    text_format(config.listen[0], sizeof config.listen[0], "udp:127.0.0.1:%u", udp);
    text_format(config.listen[1], sizeof config.listen[1], "tcp:127.0.0.1:%u", tcp);
    config.first_leg = (saved.leg | 1) + 200;
    config.restored = &saved;
    config.restored_count = 1;
    bench_start(&bench, &config);
}

static unsigned cseq(void)
{
    return (unsigned)strtoul(phone_header(&phone, "CSeq"), NULL, 10);
}

/* The question whether the phone lives. */
static void expect_probe(const char *status)
{
    phone_expect(&phone, "OPTIONS sip:alice@127.0.0.1");
    assert_string_equal(phone_header(&phone, "Call-ID"), talk_name);
    phone_answer(&phone, status, NULL, NULL, NULL);
}

static struct sip_counts counts(void)
{
    struct sip_counts c;

    sip_count(bench.sip, &c);
    return c;
}

/* ---- a call that is up ---- */

static void bye_is_answered(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    save(leg, SIP_RESTORED_UP);
    start_again();
    assert_int_equal(counts().restored, 1);
    assert_int_equal(counts().restored_unheard, 1);
    assert_int_equal(counts().legs, 1);
    talk_request("BYE", "bye", talk_us, 2, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 200");
    bench_expect(&bench, SIP_GONE);
    assert_int_equal(bench.ev.leg, leg);
    assert_true(phone_quiet(&phone, 1500)); /* and it is not asked any more */
    assert_int_equal(counts().restored_unheard, 0);
    assert_int_equal(counts().legs, 0);
}

static void its_offer_is_answered(void **state)
{
    leg_id leg = talk_up();
    uint64_t id, version;
    struct session session;
    struct session_wish wish = { .prefer = CODEC_NONE };
    struct session_local elsewhere = talk_local;
    const char *origin;
    char lines[96];

    (void)state;
    save(leg, SIP_RESTORED_UP);
    id = saved.dialog.origin_id;
    version = saved.dialog.origin_version = 7; /* no first one */
    start_again();
    talk_contact(lines);
    talk_request("INVITE", "again", talk_us, 2, lines, phone_sdp);
    bench_expect(&bench, SIP_OFFERED);
    assert_int_equal(bench.ev.leg, leg);
    assert_false(bench.ev.address_changed);
    assert_false(bench.ev.identity_changed);
    assert_int_equal(session_agree(&bench.ev.offer, &wish, &session), SESSION_AGREED);
    elsewhere.rtp.port = 30002;
    sip_reply(bench.sip, leg, bench.ev.transaction, 200, &session, &elsewhere);
    phone_expect(&phone, "SIP/2.0 200");
    origin = strstr(phone.text, "o=");
    assert_non_null(origin);
    origin += strcspn(origin, " ") + 1;
    assert_int_equal(strtoull(origin, NULL, 10), id);
    assert_int_equal(strtoull(origin + strcspn(origin, " "), NULL, 10), version + 1);
    talk_request("ACK", "ack2", talk_us, 2, NULL, NULL);
    assert_int_equal(counts().restored_unheard, 0); /* so it is not asked */
}

/* The same words are the same session: the version stays. */
static void unchanged_is_unchanged(void **state)
{
    leg_id leg = talk_up();
    struct session session;
    struct session_wish wish = { .prefer = CODEC_NONE };
    char lines[96], same[32];

    (void)state;
    save(leg, SIP_RESTORED_UP);
    start_again();
    talk_contact(lines);
    talk_request("UPDATE", "same", talk_us, 2, lines, phone_sdp);
    bench_expect(&bench, SIP_OFFERED);
    assert_int_equal(session_agree(&bench.ev.offer, &wish, &session), SESSION_AGREED);
    sip_reply(bench.sip, leg, bench.ev.transaction, 200, &session, &talk_local);
    phone_expect(&phone, "SIP/2.0 200");
    text_format(same, sizeof same, " %llu IN IP4", (unsigned long long)saved.dialog.origin_version);
    assert_true(phone_has(&phone, same));
}

/* Twice, and each time above all that went before; by way of the route, to the Contact. */
static void our_requests_go_on(void **state)
{
    char lines[256];
    unsigned first, second;
    leg_id leg;

    (void)state;
    text_format(lines, sizeof lines,
                "Record-Route: <sip:127.0.0.1:%u;lr;n=1>\r\n"
                "Record-Route: <sip:p2.example;lr;n=2>\r\n",
                phone.port);
    talk_invite(lines);
    bench_expect(&bench, SIP_INVITE);
    leg = bench.ev.leg;
    talk_answer(leg);
    phone_expect(&phone, "SIP/2.0 200");
    text_copy(talk_us, sizeof talk_us, phone_tag(&phone, "To"));
    talk_request("ACK", "ack", talk_us, 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    save(leg, SIP_RESTORED_UP);
    assert_string_equal(saved.dialog.invite, ""); /* its ACK has come */
    start_again();
    expect_probe("200 OK");
    first = cseq();
    assert_true(saved.dialog.cseq_reserved > saved.dialog.local_cseq);
    assert_int_equal(first, saved.dialog.cseq_reserved + 1);
    bench_expect(&bench, SIP_DIALOG); /* the next block is to be stored */
    assert_true(bench.dialog.cseq_reserved > first);
    save(leg, SIP_RESTORED_UP);
    start_again();
    sip_hang_up(bench.sip, leg, 480, "Parked party left");
    phone_expect(&phone, "BYE sip:alice@127.0.0.1");
    second = cseq();
    assert_true(second > first);
    assert_true(phone_has(&phone, ";lr;n=1>"));
    assert_true(strstr(phone.text, ";lr;n=1>") < strstr(phone.text, ";lr;n=2>"));
    assert_string_equal(phone_tag(&phone, "From"), talk_us);
    assert_string_equal(phone_tag(&phone, "To"), "alice");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    assert_true(bench_quiet(&bench, 50));
}

static void is_named_by_replaces_and_refer(void **state)
{
    leg_id leg = talk_up();
    char lines[512], name[64], us[128];

    (void)state;
    save(leg, SIP_RESTORED_UP);
    start_again();
    text_copy(name, sizeof name, talk_name);
    text_copy(us, sizeof us, talk_us);
    talk_request("REFER", "refer", talk_us, 2, "Refer-To: <sip:105@park.example>\r\n", NULL);
    bench_expect(&bench, SIP_REFERRED);
    assert_int_equal(bench.ev.leg, leg);
    sip_refer_answer(bench.sip, bench.ev.refer.number, 603, "", "no");
    phone_expect(&phone, "SIP/2.0 603");
    text_format(lines, sizeof lines, "Replaces: %s;to-tag=%s;from-tag=alice\r\n", name, us);
    talk_invite(lines);
    bench_expect(&bench, SIP_INVITE);
    assert_int_equal(bench.ev.leg, 301);
    assert_int_equal(bench.ev.invite.replaces, REPLACES_LEG);
    assert_int_equal(bench.ev.invite.replaces_leg, leg);
}

/* The connection went with us: the phone opens another. */
static void comes_by_another_connection(void **state)
{
    struct phone udp = phone;
    leg_id leg;

    (void)state;
    phone_open(&phone, &bench, true);
    leg = talk_up();
    save(leg, SIP_RESTORED_UP);
    assert_string_equal(saved.dialog.transport, "tcp");
    start_again();
    phone_close(&phone);
    phone_open(&phone, &bench, true);
    talk_request("OPTIONS", "options", talk_us, 2, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 200");
    sip_hang_up(bench.sip, leg, 480, "");
    phone_expect(&phone, "BYE ");
    phone_close(&phone);
    phone = udp;
}

static void counts_against_the_limits(void **state)
{
    leg_id leg = talk_up();
    struct sip_counts c;

    (void)state;
    save(leg, SIP_RESTORED_UP);
    start_again();
    config.calls_max = 1;
    config.restored_count = 0;
    sip_reload(bench.sip, &config, NULL);
    talk_invite(NULL);
    phone_expect(&phone, "SIP/2.0 503");
    sip_count(bench.sip, &c);
    assert_int_equal(c.refused_limit, 1);
}

/* ---- session timers ---- */

static void a_refresh_is_due(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    save(leg, SIP_RESTORED_UP);
    assert_in_range(saved.dialog.refresh_at, clock_wall() + 800000, clock_wall() + 900000);
    assert_in_range(saved.dialog.expires_at, clock_wall() + 1700000, clock_wall() + 1800000);
    saved.dialog.refresh_at = clock_wall() - 5000;
    saved.dialog.allows_update = true;
    start_again();
    phone_expect(&phone, "");
    if (text_starts(phone.text, "OPTIONS")) {
        phone_answer(&phone, "200 OK", NULL, NULL, NULL);
        phone_expect(&phone, "");
    }
    assert_true(text_starts(phone.text, "UPDATE sip:alice@127.0.0.1"));
    assert_string_equal(phone_header(&phone, "Session-Expires"), "1800;refresher=uac");
    phone_answer(&phone, "200 OK", NULL, "Session-Expires: 1800;refresher=uac\r\n", NULL);
    bench_expect(&bench, SIP_DIALOG);
    while (bench.ev.dialog.refresh_at < clock_wall() + 800000) /* the first is of the request */
        bench_expect(&bench, SIP_DIALOG);
}

static void a_session_has_run_out(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    save(leg, SIP_RESTORED_UP);
    saved.dialog.refresh_at = 0;
    saved.dialog.expires_at = clock_wall() - 1;
    start_again();
    bench_expect(&bench, SIP_GONE);
    assert_int_equal(bench.ev.leg, leg);
    assert_string_equal(bench.ev.reason, "session expired");
    phone_expect(&phone, "BYE ");
    phone_answer(&phone, "481 Gone", NULL, NULL, NULL);
    assert_true(bench_quiet(&bench, 1500));
}

/* The wall clock was set an hour forward and back between the row and the start: the steady one
 * counts (nobody's session is over, and nobody's is longer). */
static void the_wall_clock_was_set(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    save(leg, SIP_RESTORED_UP);
    saved.dialog.clock -= 7200000; /* as if the wall clock had been two hours behind */
    saved.dialog.refresh_at -= 7200000;
    saved.dialog.expires_at -= 7200000;
    start_again();
    phone_expect(&phone, "OPTIONS"); /* is he there? */
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    assert_true(bench_quiet(&bench, 1500));
    sip_hang_up(bench.sip, leg, 0, NULL);
    phone_expect(&phone, "BYE ");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

/* ---- are they there? ---- */

static void whoever_answers_is_there(void **state)
{
    static const char *const rows[] = { "200 OK", "405 Method Not Allowed", "501 Not Implemented",
                                        "401 Unauthorized" };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        leg_id leg = talk_up();

        save(leg, SIP_RESTORED_UP);
        start_again();
        expect_probe(rows[i]);
        assert_true(bench_quiet(&bench, 100));
        assert_int_equal(counts().restored_unheard, 0);
        assert_int_equal(counts().restored_lost, 0);
        assert_int_equal(counts().legs, 1);
    }
}

static void who_does_not_know_it_is_gone(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    save(leg, SIP_RESTORED_UP);
    start_again();
    expect_probe("481 Call Does Not Exist");
    bench_expect(&bench, SIP_GONE);
    assert_int_equal(bench.ev.leg, leg);
    assert_string_equal(bench.ev.reason, "the far end had hung up while the server was not there");
    phone_expect(&phone, "BYE ");
    assert_int_equal(counts().restored_lost, 1);
}

static void who_is_silent_is_gone(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    save(leg, SIP_RESTORED_UP);
    start_again();
    phone_expect(&phone, "OPTIONS ");
    bench_expect(&bench, SIP_GONE);
    assert_int_equal(bench.ev.leg, leg);
    assert_string_equal(bench.ev.reason,
                        "the far end has not answered since the server was started again");
}

/* ---- our 200, whose ACK has not come ---- */

static leg_id answered(void)
{
    leg_id leg;
    char route[64];

    text_format(route, sizeof route, "Record-Route: <sip:127.0.0.1:%u;lr>\r\n", phone.port);
    talk_invite(route);
    bench_expect(&bench, SIP_INVITE);
    leg = bench.ev.leg;
    talk_answer(leg);
    phone_expect(&phone, "SIP/2.0 200 Parked at 701\r\n");
    text_copy(talk_us, sizeof talk_us, phone_tag(&phone, "To"));
    save(leg, SIP_RESTORED_ANSWERED);
    return leg;
}

/* Answers that had left before are read first. */
static void drop_what_is_old(void)
{
    while (!phone_quiet(&phone, 0))
        continue;
}

static void an_answer_is_sent_again(void **state)
{
    char body[2048];
    leg_id leg = answered();

    (void)state;
    text_copy(body, sizeof body, strstr(phone.text, "\r\n\r\n"));
    start_again();
    drop_what_is_old();
    phone_expect(&phone, "SIP/2.0 200 Parked at 701\r\n");
    phone_expect(&phone, "SIP/2.0 200 Parked at 701\r\n"); /* until the ACK */
    assert_string_equal(phone_tag(&phone, "To"), talk_us);
    assert_string_equal(phone_header(&phone, "X-Callpark-Orbit"), "701");
    assert_string_equal(phone_header(&phone, "P-Asserted-Identity"),
                        "\"Parked 701\" <sip:701@park.example>");
    assert_true(phone_has(&phone, "Record-Route: <sip:127.0.0.1:"));
    assert_string_equal(phone_header(&phone, "CSeq"), "1 INVITE");
    assert_true(phone_has(&phone, "m=audio 30000 RTP/AVP 8 101\r\n"));
    assert_non_null(strstr(phone.text, body));
    talk_request("ACK", "ack", talk_us, 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    assert_int_equal(bench.ev.leg, leg);
    talk_request("BYE", "bye", talk_us, 2, NULL, NULL);
    do
        phone_expect(&phone, "SIP/2.0 200");
    while (!phone_has(&phone, "2 BYE"));
    bench_expect(&bench, SIP_GONE);
}

static void its_ack_never_comes(void **state)
{
    leg_id leg = answered();

    (void)state;
    start_again();
    bench_expect(&bench, SIP_FAILED);
    assert_int_equal(bench.ev.leg, leg);
    assert_int_equal(bench.ev.code, 408);
    do
        phone_expect(&phone, "");
    while (!text_starts(phone.text, "BYE"));
}

static void an_answer_that_is_lost(void **state)
{
    leg_id leg = answered();

    (void)state;
    saved.dialog.invite[0] = '\0';
    start_again();
    bench_expect(&bench, SIP_GONE);
    assert_int_equal(bench.ev.leg, leg);
    assert_string_equal(bench.ev.reason,
                        "its answer was not acknowledged, and is not known any more");
    do
        phone_expect(&phone, "");
    while (!text_starts(phone.text, "BYE"));
}

/* ---- our INVITE on its way ---- */

static char via[256], uri[256];

static void ringing(void)
{
    struct sip_call call = { .leg = OUR_CALL,
                             .from_user = "701",
                             .is_ring_back = true,
                             .prefer = CODEC_PCMA,
                             .local = talk_local };

    text_format(call.uri, sizeof call.uri, "sip:105@127.0.0.1:%u", phone.port);
    assert_int_equal(sip_call(bench.sip, &call), 0);
    phone_expect(&phone, "INVITE sip:105@127.0.0.1");
    bench_expect(&bench, SIP_DIALOG);
    text_copy(via, sizeof via, phone_header(&phone, "Via"));
    text_copy_n(uri, sizeof uri, phone.text + 7, strcspn(phone.text + 7, " "));
    phone_answer(&phone, "180 Ringing", "bob", NULL, NULL);
    bench_expect(&bench, SIP_RINGING);
    save(OUR_CALL, SIP_RESTORED_CALLING);
    start_again();
}

static void a_ringing_phone_is_cancelled(void **state)
{
    static struct phone invite;
    unsigned n;

    (void)state;
    ringing();
    phone_expect(&phone, "CANCEL ");
    assert_true(text_starts(phone.text + 7, uri));
    assert_string_equal(phone_header(&phone, "Via"), via);
    assert_string_equal(phone_header(&phone, "Call-ID"), saved.dialog.call_id);
    assert_string_equal(phone_tag(&phone, "From"), saved.dialog.local_tag);
    n = cseq();
    assert_int_equal(n, saved.dialog.invite_cseq);
    phone_answer(&phone, "200 OK", "bob", NULL, NULL);
    invite = phone;
    text_copy(strstr(invite.text, "CSeq: "), 64, "CSeq: ");
    text_append(invite.text, sizeof invite.text, "%u INVITE\r\n\r\n", n);
    phone_answer(&invite, "487 Request Terminated", "bob", NULL, NULL);
    phone_expect(&phone, "ACK ");
    assert_string_equal(phone_header(&phone, "Via"), via);
    assert_int_equal(cseq(), n);
    assert_true(bench_quiet(&bench, 50)); /* the loop is told nothing */
}

/* He picked up in that moment. */
static void a_late_answer_is_ended(void **state)
{
    static struct phone invite;
    unsigned n;

    (void)state;
    ringing();
    phone_expect(&phone, "CANCEL ");
    n = cseq();
    invite = phone;
    text_copy(strstr(invite.text, "CSeq: "), 64, "CSeq: ");
    text_append(invite.text, sizeof invite.text, "%u INVITE\r\n\r\n", n);
    phone_answer(&invite, "200 OK", "bob", NULL, phone_sdp);
    do
        phone_expect(&phone, "");
    while (text_starts(phone.text, "CANCEL"));
    assert_true(text_starts(phone.text, "ACK sip:bob@127.0.0.1"));
    assert_int_equal(cseq(), n);
    do
        phone_expect(&phone, "");
    while (text_starts(phone.text, "CANCEL"));
    assert_true(text_starts(phone.text, "BYE sip:bob@127.0.0.1"));
    assert_true(cseq() > n);
    assert_string_equal(phone_tag(&phone, "To"), "bob");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    phone_answer(&invite, "200 OK", "bob", NULL, phone_sdp); /* our ACK was lost */
    do
        phone_expect(&phone, "");
    while (text_starts(phone.text, "CANCEL"));
    assert_true(text_starts(phone.text, "ACK "));
    assert_true(bench_quiet(&bench, 50));
}

/* ---- what cannot be ---- */

static void no_listener_for_it(void **state)
{
    leg_id leg = talk_up();

    (void)state;
    save(leg, SIP_RESTORED_UP);
    text_copy(saved.dialog.transport, sizeof saved.dialog.transport, "wss");
    start_again();
    bench_expect(&bench, SIP_GONE);
    assert_int_equal(bench.ev.leg, leg);
    assert_string_equal(bench.ev.reason, "there is no listener any more that reaches its far end");
    assert_int_equal(counts().restored_lost, 1);
}

#define AT(f) cmocka_unit_test_setup_teardown(f, talk_set_up, talk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT(bye_is_answered),
        AT(its_offer_is_answered),
        AT(unchanged_is_unchanged),
        AT(our_requests_go_on),
        AT(is_named_by_replaces_and_refer),
        AT(comes_by_another_connection),
        AT(counts_against_the_limits),
        AT(a_refresh_is_due),
        AT(a_session_has_run_out),
        AT(the_wall_clock_was_set),
        AT(whoever_answers_is_there),
        AT(who_does_not_know_it_is_gone),
        AT(who_is_silent_is_gone),
        AT(an_answer_is_sent_again),
        AT(its_ack_never_comes),
        AT(an_answer_that_is_lost),
        AT(a_ringing_phone_is_cancelled),
        AT(a_late_answer_is_ended),
        AT(no_listener_for_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

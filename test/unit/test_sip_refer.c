/* REFER at the edge: what it is read as, and the subscription that it begins (sip.md 2.5: PR-01,
 * PR-04, PR-05, PR-06; RFC 3515, 4488, 4538, 6665). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip_phone.h"

static unsigned next_cseq;

static void refer_in(const char *to_tag, const char *target, const char *more)
{
    char headers[1024], contact[96], branch[96];

    talk_contact(contact);
    text_format(headers, sizeof headers, "%s%s%s%s", contact, target ? "Refer-To: " : "",
                target ? target : "", target ? "\r\n" : "");
    text_append(headers, sizeof headers, "%s", more);
    text_format(branch, sizeof branch, "%sr%u", talk_name, ++next_cseq);
    talk_request("REFER", branch, to_tag, 100 + next_cseq, headers, NULL);
}

/* One that is reported; its number. */
static uint32_t referred(const char *to_tag, const char *target, const char *more)
{
    refer_in(to_tag, target, more);
    bench_expect(&bench, SIP_REFERRED);
    return bench.ev.refer.number;
}

static void notified(const char *state, const char *status)
{
    phone_expect(&phone, "NOTIFY ");
    assert_true(text_starts(phone_header(&phone, "Subscription-State"), state));
    assert_true(text_starts(phone_header(&phone, "Content-Type"), "message/sipfrag"));
    assert_true(phone_has(&phone, status));
}

static void answered(uint32_t number)
{
    assert_int_equal(sip_refer_answer(bench.sip, number, 202, "", ""), 0);
    phone_expect(&phone, "SIP/2.0 202");
    notified("active;expires=", "\r\n\r\nSIP/2.0 100 Trying\r\n");
}

static void ok(void)
{
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

static void test_in_dialog(void **state)
{
    leg_id leg = talk_up();
    uint32_t number =
        referred(talk_us, "<sip:105@127.0.0.1>", "Referred-By: <sip:106@park.example>\r\n");

    (void)state;
    assert_int_equal(bench.ev.refer.leg, leg);
    assert_string_equal(bench.ev.refer.target, "sip:105@127.0.0.1");
    assert_string_equal(bench.ev.refer.target_user, "105");
    assert_true(bench.ev.refer.near);
    assert_true(bench.ev.refer.has_referred_by);
    assert_string_equal(bench.ev.refer.referred_by.uri, "sip:106@park.example");
    assert_int_equal(bench.ev.refer.names, REPLACES_NONE);
    answered(number);
    assert_string_equal(phone_header(&phone, "Event"), "refer");
    ok();
    sip_refer_progress(bench.sip, number, 200, "701");
    notified("terminated;reason=noresource", "SIP/2.0 200 OK\r\nContact: <sip:701@park.example>\r\n"
                                             "X-Callpark-Orbit: 701\r\n");
    ok();
    sip_refer_progress(bench.sip, number, 486, ""); /* it has ended */
    assert_true(phone_quiet(&phone, 30));
}

/* RFC 3515 2.4.6 */
static void test_several(void **state)
{
    uint32_t one, two;
    char id[32];

    (void)state;
    talk_up();
    one = referred(talk_us, "<sip:105@127.0.0.1>", "");
    answered(one);
    ok();
    two = referred(talk_us, "<sip:106@127.0.0.1>", "");
    answered(two);
    text_format(id, sizeof id, "refer;id=%u", 100 + next_cseq);
    assert_string_equal(phone_header(&phone, "Event"), id);
    ok();
    sip_refer_progress(bench.sip, one, 486, "");
    notified("terminated", "SIP/2.0 486 Busy Here");
    assert_string_equal(phone_header(&phone, "Event"), "refer");
    ok();
    sip_refer_progress(bench.sip, two, 200, "");
    notified("terminated", "SIP/2.0 200");
    assert_string_equal(phone_header(&phone, "Event"), id);
    ok();
}

/* PR-05 */
static void test_unwatched(void **state)
{
    uint32_t number;

    (void)state;
    talk_up();
    number = referred(talk_us, "<sip:105@127.0.0.1>", "Refer-Sub: false\r\n");
    sip_refer_answer(bench.sip, number, 202, "", "");
    phone_expect(&phone, "SIP/2.0 202");
    assert_string_equal(phone_header(&phone, "Refer-Sub"), "false");
    sip_refer_progress(bench.sip, number, 200, "");
    assert_true(phone_quiet(&phone, 30));
}

/* PR-06 */
static void test_unwanted(void **state)
{
    uint32_t number;

    (void)state;
    talk_up();
    number = referred(talk_us, "<sip:105@127.0.0.1>", "");
    answered(number);
    phone_answer(&phone, "481 No Subscription", NULL, NULL, NULL);
    talk_request("OPTIONS", "after", talk_us, 900, NULL, NULL); /* so that it has been taken */
    phone_expect(&phone, "SIP/2.0 200");
    sip_refer_progress(bench.sip, number, 200, "");
    assert_true(phone_quiet(&phone, 30));
}

/* PR-04 */
static void test_refused(void **state)
{
    static const struct {
        const char *target, *more, *answer;
    } cases[] = {
        { NULL, "", "SIP/2.0 400" },
        { "<sip:105@127.0.0.1>", "Refer-To: <sip:106@127.0.0.1>\r\n", "SIP/2.0 400" },
        { "<http://example.com/>", "", "SIP/2.0 416" },
        { "<mailto:a@example.com>", "", "SIP/2.0 416" },
        { "<sip:105@127.0.0.1;method=BYE>", "", "SIP/2.0 603" },
        { "<sip:105@127.0.0.1?Replaces=a%3Bto-tag%3Db>", "", "SIP/2.0 400" },
        { "<sip:105@127.0.0.1?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc&replaces=d>", "",
          "SIP/2.0 400" },
        { "<sip:105@127.0.0.1>", "Require: join\r\n", "SIP/2.0 420" },
    };

    (void)state;
    talk_up();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        refer_in(talk_us, cases[i].target, cases[i].more);
        phone_expect(&phone, cases[i].answer);
    }
    assert_true(bench_quiet(&bench, 20));
}

static void test_loop_refuses(void **state)
{
    uint32_t number;

    (void)state;
    talk_up();
    number = referred(talk_us, "<sip:105@elsewhere.example>", "");
    assert_false(bench.ev.refer.near);
    sip_refer_answer(bench.sip, number, 403, "", "not there");
    phone_expect(&phone, "SIP/2.0 403");
    assert_true(strstr(phone_header(&phone, "Warning"), "\"not there\"") != NULL);
    sip_refer_progress(bench.sip, number, 200, "");
    assert_true(phone_quiet(&phone, 30));
}

/* PR-01: only Replaces is taken from what stands behind the `?`. */
static void test_replaces(void **state)
{
    char target[400];
    leg_id leg;

    (void)state;
    leg = talk_up();
    referred(talk_us,
             "<sip:alice@127.0.0.1:5070;transport=udp?Subject=x&Replaces=cid%40h%3Bto-tag%3Dt1%3B"
             "from-tag%3Df1&From=%3Csip:mallory%40x%3E>",
             "");
    assert_string_equal(bench.ev.refer.target, "sip:alice@127.0.0.1:5070;transport=udp");
    assert_string_equal(bench.ev.refer.replaces, "cid@h;to-tag=t1;from-tag=f1");
    assert_int_equal(bench.ev.refer.names, REPLACES_UNKNOWN);
    sip_refer_answer(bench.sip, bench.ev.refer.number, 603, "", "");
    phone_expect(&phone, "SIP/2.0 603");
    text_format(target, sizeof target, "<sip:701@127.0.0.1?Replaces=%s%%3Bto-tag%%3D%s%%3B%s>",
                talk_name, talk_us, "from-tag%3Dalice");
    referred(talk_us, target, "");
    assert_int_equal(bench.ev.refer.names, REPLACES_LEG);
    assert_int_equal(bench.ev.refer.replaces_leg, leg);
}

static void test_outside(void **state)
{
    uint32_t number;

    (void)state;
    talk_begin();
    number = referred("", "<sip:alice@127.0.0.1?Replaces=c%3Bto-tag%3Dt%3Bfrom-tag%3Df>", "");
    assert_int_equal(bench.ev.refer.leg, 0);
    assert_string_equal(bench.ev.refer.dialled, "700");
    sip_refer_answer(bench.sip, number, 202, "701", "");
    phone_expect(&phone, "SIP/2.0 202");
    assert_true(text_starts(phone_header(&phone, "Contact"), "<sip:701@127.0.0.1"));
    assert_string_equal(phone_header(&phone, "X-Callpark-Orbit"), "701");
    text_copy(talk_us, sizeof talk_us, phone_tag(&phone, "To"));
    notified("active", "SIP/2.0 100");
    assert_string_equal(phone_tag(&phone, "From"), talk_us);
    ok();
    /* RFC 3515 2.4.4: whoever has heard enough says so. */
    talk_request("SUBSCRIBE", "enough", talk_us, 500, "Event: refer\r\nExpires: 0\r\n", NULL);
    phone_expect(&phone, "SIP/2.0 200");
    notified("terminated;reason=timeout", "SIP/2.0 100");
    ok();
    sip_refer_progress(bench.sip, number, 200, "701");
    assert_true(phone_quiet(&phone, 30));
}

/* RFC 4538 */
static void test_target_dialog(void **state)
{
    char more[300], first[64];
    leg_id leg;

    (void)state;
    leg = talk_up();
    text_copy(first, sizeof first, talk_name);
    text_format(more, sizeof more, "Target-Dialog: %s;local-tag=alice;remote-tag=%s\r\n", first,
                talk_us);
    talk_begin();
    referred("", "<sip:105@127.0.0.1>", more);
    assert_int_equal(bench.ev.refer.leg, leg);
}

static void test_hang_up_between(void **state)
{
    uint32_t number;

    (void)state;
    talk_up();
    number = referred(talk_us, "<sip:105@127.0.0.1>", "");
    answered(number);
    ok();
    talk_request("BYE", "bye", talk_us, 800, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 200");
    bench_expect(&bench, SIP_GONE);
    sip_refer_progress(bench.sip, number, 200, "");
    notified("terminated", "SIP/2.0 200"); /* the dialog lives until its last usage has ended */
    ok();
    next_cseq += 800;
    refer_in(talk_us, "<sip:105@127.0.0.1>", "");
    phone_expect(&phone, "SIP/2.0 481");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, talk_set_up, talk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_in_dialog),       TEST(test_several), TEST(test_unwatched),
        TEST(test_unwanted),        TEST(test_refused), TEST(test_loop_refuses),
        TEST(test_replaces),        TEST(test_outside), TEST(test_target_dialog),
        TEST(test_hang_up_between),
    };

    return cmocka_run_group_tests_name("sip_refer", tests, NULL, NULL);
}

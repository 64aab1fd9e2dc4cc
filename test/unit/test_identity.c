/* Who is calling, who sent the call here, and which number was dialled: sip.md 1.3, 1.4 and PD-07.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip/read.h"

static struct invite in;

static bool read_with(const char *uri, const char *to, const char *more)
{
    char text[8192];
    struct session_offer offer;

    text_format(text, sizeof text,
                "INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nTo: %s\r\n"
                "Call-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:dev@192.0.2.5:5062>\r\n%s"
                "Content-Length: 0\r\n\r\n",
                uri, to, more);
    return read_invite(text, strlen(text), &in, &offer);
}

static void read_headers(const char *more)
{
    char text[4096];

    text_format(text, sizeof text, "%s%s", more,
                strstr(more, "From:") ? "" : "From: <sip:f@pbx>;tag=1\r\n");
    if (!read_with("sip:700@s", "<sip:700@s>", text))
        fail_msg("not read: %s", more);
}

/* clang-format off */
static void test_party(void **state)
{
    static const struct { const char *headers, *display, *uri; bool hidden; } cases[] = {
        { "From: \"Al \\\"A\\\" B\" <sip:a@pbx>;tag=1\r\n", "Al \"A\" B", "sip:a@pbx", false },
        { "From: Alice Smith <sip:a@pbx:5070;user=phone>;tag=1\r\n", "Alice Smith", "sip:a@pbx:5070", false },
        { "From: sip:a@pbx;tag=1\r\n", "", "sip:a@pbx", false },
        { "From: <tel:+4930123;phone-context=x>;tag=1\r\n", "", "tel:+4930123", false },
        { "f: \"J\xc3\xbcrgen\" <sips:j@pbx>;tag=1\r\n", "J\xc3\xbcrgen", "sips:j@pbx", false },
        { "From: \"a\tb\x01" "c\xff" "d\" <sip:a@pbx>;tag=1\r\n", "abcd", "sip:a@pbx", false },
        { "From: \"A\" <sip:a:secret@pbx>;tag=1\r\n", "A", "sip:a@pbx", false },
        { "P-Asserted-Identity: \"Helen\" <sip:h@pbx>\r\nRemote-Party-ID: <sip:r@pbx>\r\n", "Helen", "sip:h@pbx", false },
        { "P-Asserted-Identity: <sip:h@pbx>, <tel:+4930>\r\n", "", "sip:h@pbx", false },
        { "Remote-Party-ID: \"R\" <sip:r@pbx>;party=calling;screen=yes\r\n", "R", "sip:r@pbx", false },
        { "Remote-Party-ID: \"R\" <sip:r@pbx>;privacy=full\r\n", "R", "sip:r@pbx", true },
        { "Remote-Party-ID: \"R\" <sip:r@pbx>;privacy=off\r\n", "R", "sip:r@pbx", false },
        { "P-Asserted-Identity: <sip:h@pbx>\r\nPrivacy: id\r\n", "", "sip:h@pbx", true },
        { "Privacy: user;critical\r\n", "", "sip:f@pbx", true },
        { "Privacy: none\r\n", "", "sip:f@pbx", false },
        { "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1\r\n", "Anonymous",
          "sip:anonymous@anonymous.invalid", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_headers(cases[i].headers);
        assert_string_equal(in.from.uri, cases[i].uri);
        assert_string_equal(in.from.display, cases[i].display);
        assert_int_equal(in.from.hidden, cases[i].hidden);
        assert_string_equal(in.from.contact, "sip:dev@192.0.2.5:5062");
    }
}

static void test_dialled(void **state)
{
    static const struct { const char *uri, *to, *dialled, *dialled_to, *orbit; } cases[] = {
        { "sip:701@s", "<sip:701@s>", "701", "701", "" },
        { "sip:%37%30%31@s", "<sip:x@s>", "701", "x", "" },
        { "sip:%23700@s", "<sip:*88701@s>", "#700", "*88701", "" },
        { "sip:*68@s", "<sip:*68@s>", "*68", "*68", "" },
        { "tel:701", "<tel:701>", "701", "701", "" },
        { "tel:7-0-1;phone-context=example.com", "<sip:x@s>", "701", "x", "" },
        { "sip:701;phone-context=+49@s;user=phone", "<sip:x@s>", "701", "x", "" },
        { "sip:+49(30)7-01@s;user=phone", "<sip:x@s>", "+4930701", "x", "" },
        { "sip:a.b-c@s", "<sip:x@s>", "a.b-c", "x", "" },
        { "sip:700@s;orbit=701", "<sip:700@s>", "700", "700", "701" },
        { "sip:700@s;orbit=%2A701", "<sip:700@s>", "700", "700", "*701" },
        { "sip:700@s;orbital", "<sip:700@s>", "700", "700", "" },
        { "sip:700@s;orbit=7x", "<sip:700@s>", "700", "700", "" },
        { "sip:account@192.0.2.9:5060", "\"P\" <sip:701@pbx>", "account", "701", "" },
        { "sip:s", "<sip:s>", "", "", "" },
        { "sip:%00701@s", "<sip:x@s>", "", "x", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(read_with(cases[i].uri, cases[i].to, "From: <sip:f@pbx>;tag=1\r\n"));
        assert_string_equal(in.dialled, cases[i].dialled);
        assert_string_equal(in.dialled_to, cases[i].dialled_to);
        assert_string_equal(in.orbit_param, cases[i].orbit);
    }
}

static void test_sender(void **state)
{
    static const struct { const char *headers, *by, *history; bool transfer; } cases[] = {
        { "", "", "", false },
        { "Referred-By: <sip:105@pbx>\r\n", "sip:105@pbx", "", false },
        { "b: \"P\" <sip:105@pbx;x=y>;cid=\"1@x\"\r\n", "sip:105@pbx", "", false },
        { "Diversion: \"B\" <sip:106@pbx>;reason=unconditional, <sip:107@pbx>\r\n", "", "sip:106@pbx", false },
        { "History-Info: <sip:105@pbx>;index=1, <sip:701@s>;index=1.1;mp=1\r\n", "", "sip:105@pbx", true },
        { "History-Info: <sip:105@pbx?Reason=SIP%3Bcause%3D302>;index=1, <sip:701@s>;index=1.1;mp=1\r\n", "",
          "sip:105@pbx", false },
        { "History-Info: \"a, b\" <sip:105@pbx>;index=1, <sip:701@s>;index=1.1\r\n", "", "sip:105@pbx", false },
        { "History-Info: <sip:701@s>;index=1\r\n", "", "", false },
        { "History-Info: ,,,\r\n", "", "", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_headers(cases[i].headers);
        assert_int_equal(in.has_referred_by, cases[i].by[0] != 0);
        assert_string_equal(in.referred_by.uri, cases[i].by);
        if (in.has_history != (cases[i].history[0] != 0))
            fail_msg("history of %s", cases[i].headers);
        assert_string_equal(in.history.uri, cases[i].history);
        assert_int_equal(in.history_is_transfer, cases[i].transfer);
    }
}

static void test_wishes(void **state)
{
    static const struct { const char *headers; enum explicit_action ask; const char *orbit; } cases[] = {
        { "", ASK_NOTHING, "" },
        { "X-Callpark-Action: park\r\nX-Callpark-Orbit: 701\r\n", ASK_PARK, "701" },
        { "x-callpark-action: Retrieve\r\nX-Callpark-Orbit: *7001\r\n", ASK_RETRIEVE, "*7001" },
        { "X-Callpark-Action: dance\r\nX-Callpark-Orbit: 70a\r\n", ASK_NOTHING, "" },
        { "X-Callpark-Orbit: 12345678901234567890\r\n", ASK_NOTHING, "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_headers(cases[i].headers);
        assert_int_equal(in.ask, cases[i].ask);
        assert_string_equal(in.ask_orbit, cases[i].orbit);
    }
}

static void test_body(void **state)
{
    static const struct { const char *headers, *body; bool good, usable; } cases[] = {
        { "Content-Type: application/sdp\r\n", "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n"
          "t=0 0\r\nm=audio 5004 RTP/AVP 0\r\n", true, true },
        { "Content-Type: multipart/mixed;boundary=b\r\n", "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n"
          "Content-Type: application/sdp\r\n\r\nv=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
          "m=audio 5004 RTP/AVP 0\r\n\r\n--b--\r\n", true, true },
        { "Content-Type: text/plain\r\n", "hello", false, false },
        { "", "hello", false, false },
        { "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n", "xyz", false, false },
        { "Content-Type: application/sdp\r\n", "hello", true, false },
    };
    struct session_offer offer;
    char text[4096];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text_format(text, sizeof text,
                    "INVITE sip:700@s SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nTo: <sip:700@s>\r\n"
                    "From: <sip:f@pbx>;tag=1\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n%sContent-Length: %zu\r\n\r\n%s",
                    cases[i].headers, strlen(cases[i].body), cases[i].body);
        assert_int_equal(read_invite(text, strlen(text), &in, &offer), cases[i].good);
        assert_int_equal(offer.usable, cases[i].usable);
    }
}
/* clang-format on */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_party),  cmocka_unit_test(test_dialled),
        cmocka_unit_test(test_sender), cmocka_unit_test(test_wishes),
        cmocka_unit_test(test_body),
    };

    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}

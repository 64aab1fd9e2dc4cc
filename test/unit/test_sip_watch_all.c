/* Lamps of whole ranges (RFC 4662), who may watch, and how; the lines BL of sip.md 7. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sys/clock.h"
#include "watch_phone.h"

/* ---- who may ---- */

/* watch_allow of a range: by network and by identity, for one number and in a list, and when it
 * changes. */
static void test_allow(void **state)
{
    (void)state;
    watching_light("701", 3);
    watching_light("802", 4);
    watching_ranges_allowing("127.0.0.0/8");
    watching_poll_until("701", "confirmed");
    watching_ranges_allowing("sip:alice@*");
    watching_poll_until("701", "confirmed");
    watching_ranges_allowing("sip:somebody-else@*, 192.0.2.0/24");
    for (unsigned i = 0; i < 1000 && !phone_has(&phone, "SIP/2.0 403"); i++) {
        watching_subscribe_to("sip:701@park.example", "", "Expires: 0\r\n");
        phone_expect(&phone, "SIP/2.0 ");
        if (phone_has(&phone, "SIP/2.0 200"))
            watching_notified();
    }
    assert_true(phone_has(&phone, "SIP/2.0 403"));
    assert_true(phone_has(&phone, "you may not watch this number"));
    watching_refused("lamps-701-703", "Supported: eventlist\r\n", "SIP/2.0 403");
    watching_subscribe("lamps-701-803", "Supported: eventlist\r\n");
    watching_notified();
    watching_shows("cid=\"802@callpark\"");
    watching_shows("801@");
    watching_shows_not("<name>701</name>");
    watching_shows_not("<name>703</name>");
}

/* A right that is taken away is gone at once. */
static void test_no_more(void **state)
{
    (void)state;
    watching_ranges_allowing("");
    watching_poll_until("701", "terminated");
    watching_subscribe("701", "");
    watching_notified();
    watching_ranges_allowing("192.0.2.0/24");
    watching_notified();
    assert_string_equal(phone_header(&phone, "Subscription-State"), "terminated;reason=rejected");
    watching_light("701", 3);
    assert_true(phone_quiet(&phone, 150));
}

/* ---- a whole range ---- */

static void test_park_number(void **state)
{
    (void)state;
    watching_subscribe("700", "");
    watching_notified();
    watching_shows("entity=\"sip:700@park.example\"");
    watching_shows("<state>terminated</state>");
    watching_light("703", 1);
    watching_notified();
    watching_shows("<state>confirmed</state>");
    watching_shows_not("call-id=");
    watching_shows_not("Alice");
    watching_light("704", 2);
    watching_darken("703", 1);
    assert_true(phone_quiet(&phone, 150));
    watching_darken("704", 2);
    watching_notified();
    watching_shows("<state>terminated</state>");
}

/* BL-14 */
static void test_list(void **state)
{
    unsigned version;

    (void)state;
    watching_light("702", 1);
    watching_poll_until("702", "confirmed");
    watching_subscribe("lamps-700", "Supported: eventlist\r\nAccept: multipart/related, "
                                    "application/rlmi+xml, application/dialog-info+xml\r\n");
    assert_string_equal(phone_header(&phone, "Require"), "eventlist");
    watching_notified();
    assert_string_equal(phone_header(&phone, "Require"), "eventlist");
    assert_true(text_starts(phone_header(&phone, "Content-Type"),
                            "multipart/related;type=\"application/rlmi+xml\";start=\"<list@"));
    watching_shows("uri=\"sip:lamps-700@park.example\"");
    watching_shows("fullState=\"true\"");
    watching_shows("<resource uri=\"sip:701@park.example\"><name>701</name>"
                   "<instance id=\"1\" state=\"active\" cid=\"701@callpark\"/></resource>");
    watching_shows("Content-ID: <720@callpark>");
    watching_shows("<state>confirmed</state>");
    version = watching_version_of("<list");
    watching_light("719", 2);
    watching_notified();
    assert_true(watching_version_of("<list") > version);
    watching_shows("fullState=\"false\"");
    watching_shows("entity=\"sip:719@park.example\"");
    watching_shows_not("sip:718@");
    watching_subscribe_to("sip:lamps-700@127.0.0.1", watching_ours, "Supported: eventlist\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    watching_notified();
    watching_shows("fullState=\"true\"");
    watching_shows("Content-ID: <719@callpark>");
    watching_subscribe("lamps-719-802", "Supported: eventlist\r\n"); /* over two ranges */
    watching_notified();
    watching_shows("cid=\"720@callpark\"");
    watching_shows("cid=\"801@callpark\"");
    watching_shows_not("718@");
    watching_shows_not("803@");
}

/* What does not fit in one message follows: all are named, then each is shown once. */
static void test_long_list(void **state)
{
    struct sip_watched *list = calloc(1, sizeof *list);
    unsigned shown = 0, messages = 0;
    char id[64];

    (void)state;
    assert_non_null(list);
    *list = (struct sip_watched){ .range = 1,
                                  .first = watching_number("7001"),
                                  .last = watching_number("7060") };
    assert_int_equal(sip_watched(bench.sip, list, 1), 0);
    for (unsigned i = 1; i <= 60; i++) {
        text_format(id, sizeof id, "70%02u", i);
        watching_light(id, i);
    }
    watching_poll_until("7060", "confirmed");
    watching_subscribe("lamps-7001", "Supported: eventlist\r\n");
    while (shown < 60) {
        phone_expect(&phone, "NOTIFY");
        assert_true(phone_has(&phone, messages++ ? "fullState=\"false\"" : "fullState=\"true\""));
        for (const char *at = phone.text; (at = strstr(at, "Content-ID: <70")) != NULL; at++) {
            text_format(id, sizeof id, "Content-ID: <70%02u@", ++shown);
            if (!text_starts(at, id))
                fail_msg("message %u: '%.40s' instead of '%s'", messages, at, id);
        }
        phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    }
    assert_true(messages > 1);
    assert_true(phone_quiet(&phone, 150));
}

/* The range is gone, or all of it is told anew. */
static void test_ranges_change(void **state)
{
    struct orbit_lamp *all = calloc(1, sizeof *all);

    (void)state;
    assert_non_null(all);
    watching_light("702", 1);
    watching_light("703", 1);
    watching_poll_until("703", "confirmed");
    watching_subscribe("702", "");
    watching_notified();
    watching_shows("confirmed");
    *all = watching_lamp_at("703", 1);
    assert_int_equal(sip_lamps(bench.sip, all, 1), 0);
    watching_notified();
    watching_shows("terminated");
    watching_ranges(2); /* the same as before: nothing to tell */
    assert_true(phone_quiet(&phone, 150));
    watching_ranges(1);
    watching_notified();
    assert_string_equal(phone_header(&phone, "Subscription-State"), "terminated;reason=noresource");
    watching_refused("702", "", "SIP/2.0 404");
}

/* ---- routes and connections ---- */

static void test_routes(void **state)
{
    char more[256];

    (void)state;
    text_format(more, sizeof more, "Record-Route: <sip:127.0.0.1:%u;lr>\r\n", phone.port);
    watching_subscribe_to("sip:701@park.example", "", more);
    phone_expect(&phone, "SIP/2.0 200");
    phone_expect(&phone, "NOTIFY sip:alice@127.0.0.1:");
    watching_shows("Route: <sip:127.0.0.1:");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

/* The Contact leads nowhere; the connection does. */
static void test_stream(void **state)
{
    const char *second;

    (void)state;
    phone_close(&phone);
    phone_open(&phone, &bench, true);
    watching_subscribe_to("sip:701@park.example", "",
                          "Contact: <sip:alice@alice.invalid;transport=tcp>\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    second = strstr(phone.text, "NOTIFY ");
    if (second) /* both in one piece */
        memmove(phone.text, second, strlen(second) + 1);
    else
        phone_expect(&phone, "NOTIFY");
    watching_shows("NOTIFY sip:alice@alice.invalid;transport=tcp SIP/2.0");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    watching_light("701", 1);
    phone_expect(&phone, "NOTIFY sip:alice@alice.invalid");
    watching_shows("confirmed");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

/* ---- with other settings ---- */

static void test_expiry(void **state)
{
    (void)state;
    watching_subscribe("701", "");
    watching_notified();
    phone_expect(&phone, "NOTIFY");
    assert_string_equal(phone_header(&phone, "Subscription-State"), "terminated;reason=timeout");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

static void test_full(void **state)
{
    struct sip_counts counts;

    (void)state;
    watching_subscribe("701", "");
    watching_notified();
    watching_subscribe("701", "");
    watching_notified();
    watching_refused("701", "", "SIP/2.0 503");
    assert_true(phone_has(&phone, "Retry-After: "));
    sip_count(bench.sip, &counts);
    assert_int_equal(counts.watchers, 2);
    assert_int_equal(counts.watchers_refused, 1);
}

/* BL-05 */
static void test_profile(void **state)
{
    (void)state;
    watching_light("701", 1);
    watching_poll_until("701", "confirmed");
    watching_subscribe("701", "User-Agent: snom370/8.7.3\r\n");
    watching_notified();
    watching_shows("direction=\"recipient\"><state>early</state>");
    watching_shows_not("rendering");
    watching_subscribe("701", "User-Agent: Yealink\r\n");
    watching_notified();
    watching_shows("<state>confirmed</state>");
}

/* PK-02: on */
static void test_call_info(void **state)
{
    (void)state;
    watching_subscribe("701", "Event: call-info\r\n"
                              "Accept: application/x-broadworks-callpark-info+xml\r\n");
    watching_notified();
    assert_string_equal(phone_header(&phone, "Event"), "call-info");
    assert_string_equal(phone_header(&phone, "Call-Info"),
                        "<sip:callpark>;appearance-index=*;appearance-state=idle");
    watching_shows("<callpark/>");
    watching_light("701", 1);
    watching_notified();
    watching_shows(
        "<callpark><parked><identity display=\"Alice\">sip:+4930123@dom</identity></parked>");
    watching_refused("701", "Event: call-info\r\nAccept: text/plain\r\n", "SIP/2.0 406");
}

/* The end: come again. */
static void test_goodbye(void **state)
{
    (void)state;
    watching_subscribe("701", "");
    watching_notified();
    sip_stop(bench.sip);
    bench.sip = NULL;
    phone_expect(&phone, "NOTIFY");
    assert_string_equal(phone_header(&phone, "Subscription-State"),
                        "terminated;reason=probation;retry-after=5");
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, watching_set_up, talk_tear_down)
#define STRANGE(test) cmocka_unit_test_setup_teardown(test, watching_set_up_strange, talk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(test_allow),    ONE(test_no_more),     ONE(test_park_number),
        ONE(test_list),     ONE(test_long_list),   ONE(test_ranges_change),
        ONE(test_routes),   ONE(test_stream),      STRANGE(test_expiry),
        STRANGE(test_full), STRANGE(test_profile), STRANGE(test_call_info),
        ONE(test_goodbye),
    };

    return cmocka_run_group_tests_name("sip_watch_all", tests, NULL, NULL);
}

/* Lamps of one orbit on the wire: SUBSCRIBE and NOTIFY of RFC 6665, dialog-info of RFC 4235; the
 * lines BL of sip.md 7. */
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

/* BL-01, BL-02, BL-03, BL-09, BL-16 */
static void test_one_orbit(void **state)
{
    unsigned first, second, last_cseq;
    char pickup[PICKUP_SIZE];

    (void)state;
    watching_subscribe("701", "Expires: 3600\r\n");
    assert_in_range(strtoul(phone_header(&phone, "Expires"), NULL, 10), 480, 600);
    assert_true(phone_has(&phone, "Contact: <sip:701@127.0.0.1:"));
    watching_notified();
    assert_string_equal(phone_header(&phone, "Event"), "dialog");
    assert_string_equal(phone_header(&phone, "Content-Type"), "application/dialog-info+xml");
    assert_string_equal(phone_tag(&phone, "From"), watching_ours);
    assert_string_equal(phone_tag(&phone, "To"), "watcher");
    assert_true(text_starts(phone_header(&phone, "Subscription-State"), "active;expires="));
    last_cseq = (unsigned)strtoul(phone_header(&phone, "CSeq"), NULL, 10);
    first = watching_version_of("dialog-info");
    watching_shows("entity=\"sip:701@park.example\"");
    watching_shows("state=\"full\"");
    watching_shows("<dialog id=\"701\"><state>terminated</state></dialog>");
    watching_light("701", 9);
    watching_notified();
    second = watching_version_of("dialog-info");
    assert_true(second > first);
    assert_true(strtoul(phone_header(&phone, "CSeq"), NULL, 10) == last_cseq + 1);
    text_copy(pickup, sizeof pickup, "pk-90900000000000000@callpark");
    watching_shows(pickup);
    watching_shows("local-tag=\"0000000000000000\" remote-tag=\"0000000000000000\"");
    watching_shows("direction=\"recipient\"><state>confirmed</state>");
    watching_shows("<param pname=\"+sip.rendering\" pvalue=\"no\"/>");
    watching_shows("<identity display=\"Alice\">sip:+4930123@dom</identity>");
    watching_shows("<target uri=\"sip:701;ticket=90000000000000000@park.example\"/>");
    watching_subscribe_to("sip:701@127.0.0.1", watching_ours, "Expires: 600\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    watching_notified();
    assert_true(watching_version_of("dialog-info") > second);
    watching_shows("<state>confirmed</state>");
    watching_darken("701", 9);
    watching_notified();
    watching_shows("<state>terminated</state>");
    watching_subscribe_to("sip:701@127.0.0.1", watching_ours, "Expires: 0\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    assert_string_equal(phone_header(&phone, "Expires"), "0");
    watching_notified();
    assert_string_equal(phone_header(&phone, "Subscription-State"), "terminated;reason=timeout");
    watching_light("701", 10);
    assert_true(phone_quiet(&phone, 150));
    watching_subscribe_to("sip:701@127.0.0.1", watching_ours, "Expires: 600\r\n");
    phone_expect(&phone, "SIP/2.0 481");
}

/* A lamp that belongs to a later call is not put out by the end of an earlier one. */
static void test_late_end(void **state)
{
    (void)state;
    watching_light("701", 1);
    watching_light("701", 2);
    watching_darken("701", 1);
    watching_poll_until("701", "pk-2");
    watching_subscribe("701", "");
    watching_notified();
    watching_shows("<state>confirmed</state>");
    watching_shows("pk-20200000000000000@callpark");
}

/* Polling: RFC 6665 4.4.3. */
static void test_polled(void **state)
{
    struct sip_counts counts;
    msec start = clock_now();

    (void)state;
    watching_light("702", 3);
    watching_poll_until("702", "confirmed");
    watching_subscribe("702", "Expires: 0\r\n");
    watching_notified();
    assert_string_equal(phone_header(&phone, "Subscription-State"), "terminated;reason=timeout");
    watching_shows("<state>confirmed</state>");
    do
        sip_count(bench.sip, &counts);
    while (counts.watchers > 0 && clock_now() - start < 3000);
    assert_int_equal(counts.watchers, 0);
}

/* BL-06, BL-07, BL-08, BL-15 and their like */
static void test_refusals(void **state)
{
    (void)state;
    watching_ranges(
        1); /* so that 700, which the phone writes in To, is nothing that can be watched */
    watching_poll_until("801", "terminated");
    watching_refused("801", "Expires: 10\r\n", "SIP/2.0 423");
    assert_string_equal(phone_header(&phone, "Min-Expires"), "60");
    watching_refused("801", "Event: foo\r\n", "SIP/2.0 489");
    assert_string_equal(phone_header(&phone, "Allow-Events"), "dialog");
    watching_refused("801",
                     "Event: call-info\r\nAccept: application/x-broadworks-callpark-info+xml\r\n",
                     "SIP/2.0 489"); /* PK-02: off */
    watching_refused("801", "Accept: text/plain\r\n", "SIP/2.0 406");
    assert_string_equal(phone_header(&phone, "Accept"), "application/dialog-info+xml");
    watching_refused("699", "", "SIP/2.0 404");
    watching_refused("nobody", "", "SIP/2.0 404");
    watching_refused("lamps-", "Supported: eventlist\r\n", "SIP/2.0 404");
    watching_refused("lamps-699", "Supported: eventlist\r\n", "SIP/2.0 404");
    watching_refused("lamps-803-801", "Supported: eventlist\r\n", "SIP/2.0 404");
    watching_refused("lamps-800", "", "SIP/2.0 421");
    assert_string_equal(phone_header(&phone, "Require"), "eventlist");
    watching_refused("lamps-800", "Supported: eventlist\r\nAccept: application/dialog-info+xml\r\n",
                     "SIP/2.0 406");
    watching_refused("lamps-801-8010", "Supported: eventlist\r\n", "SIP/2.0 403");
    watching_refused("801", "Require: recipient-list-subscribe\r\n", "SIP/2.0 420");
    watching_refused("801", "Contact: *\r\n", "SIP/2.0 400");
    watching_subscribe_to("sip:801@park.example", "made-up", "");
    phone_expect(&phone, "SIP/2.0 481");
    phone_send(&phone,
               "SUBSCRIBE sip:801@park.example SIP/2.0\r\n"
               "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKbody;rport\r\nMax-Forwards: 70\r\n"
               "From: <sip:w@x>;tag=w\r\nTo: <sip:801@park.example>\r\nCall-ID: body\r\n"
               "CSeq: 1 SUBSCRIBE\r\nContact: <sip:w@127.0.0.1>\r\nEvent: dialog\r\n"
               "Content-Type: application/simple-filter+xml\r\nContent-Length: 4\r\n\r\n<x/>",
               phone.port);
    phone_expect(&phone, "SIP/2.0 415");
    assert_true(phone_quiet(&phone, 50));
}

/* Shared-line phones and filters (RFC 4235 3.2): tolerated. */
static void test_tolerated(void **state)
{
    static const char *const events[] = { "Event: dialog;sla\r\n", "Event: dialog;ma\r\n",
                                          "Event: dialog;call-id=\"x\";to-tag=\"y\"\r\n",
                                          "Event: dialog\r\nAccept: application/*\r\n",
                                          "Event: dialog\r\nAccept: text/plain, */*\r\n" };

    (void)state;
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        watching_subscribe("701", events[i]);
        watching_notified();
        watching_shows("<state>terminated</state>");
    }
    watching_subscribe("701", "Event: dialog;id=7\r\n");
    watching_notified();
    assert_string_equal(phone_header(&phone, "Event"), "dialog;id=7");
}

/* BL-10 */
static void test_unknown_to_watcher(void **state)
{
    (void)state;
    watching_subscribe("701", "");
    phone_expect(&phone, "NOTIFY");
    phone_answer(&phone, "481 No", NULL, NULL, NULL);
    watching_light("701", 4);
    assert_true(phone_quiet(&phone, 200));
}

/* BL-11: one who does not answer is given up, and another is told all the same. */
static void test_unanswered(void **state)
{
    struct phone other;
    struct sip_counts counts;
    msec start;

    (void)state;
    watching_subscribe("701", ""); /* its NOTIFYs stay unanswered */
    other = phone;
    phone_open(&phone, &bench, false);
    watching_subscribe("701", "");
    watching_notified();
    start = clock_now();
    watching_light("701", 5);
    watching_notified();
    assert_true(clock_now() - start < 500);
    watching_shows("<state>confirmed</state>");
    do
        sip_count(bench.sip, &counts);
    while (counts.watchers > 1 && clock_now() - start < 5000);
    assert_int_equal(counts.watchers, 1);
    phone_close(&other);
}

/* Nobody listens where it said: the library answers for it, and what it says is not there for long.
 */
static void test_gone(void **state)
{
    struct sip_counts counts;
    struct phone gone;
    char contact[64];
    msec start;

    (void)state;
    phone_open(&gone, &bench, false);
    text_format(contact, sizeof contact, "Contact: <sip:w@127.0.0.1:%u>\r\n", gone.port);
    phone_close(&gone);
    watching_subscribe("701", contact);
    start = clock_now();
    do
        sip_count(bench.sip, &counts);
    while (counts.notifies_failed == 0 && clock_now() - start < 5000);
    assert_true(counts.notifies_failed > 0);
}

/* A fault of its own keeps the subscription; it is told again, in full. */
static void test_back_off(void **state)
{
    (void)state;
    watching_subscribe("701", "");
    phone_expect(&phone, "NOTIFY");
    phone_answer(&phone, "503 Later", NULL, "Retry-After: 1\r\n", NULL);
    watching_light("701", 6);
    assert_true(phone_quiet(&phone, 300));
    phone_expect(&phone, "NOTIFY");
    watching_shows("<state>confirmed</state>");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

/* BL-12 */
static void test_flips(void **state)
{
    unsigned count = 0, version = 0;
    msec start = clock_now();

    (void)state;
    watching_subscribe("701", "");
    watching_notified();
    for (call_id i = 0; i < 20; i++) {
        watching_light("701", 100 + i);
        watching_darken("701", 100 + i);
    }
    watching_light("701", 99);
    do {
        watching_notified();
        assert_true(watching_version_of("dialog-info") > version);
        version = watching_version_of("dialog-info");
        count++;
    } while (!phone_has(&phone, "pk-63"));
    assert_true(phone_quiet(&phone, 150));
    assert_true(count <= 1 + (clock_now() - start) / 100);
}

/* BL-19, BL-20 */
static void test_names(void **state)
{
    struct orbit_lamp lamp = watching_lamp_at("701", 7);

    (void)state;
    (void)text_copy(lamp.display, sizeof lamp.display, "A&B\"<'>\xc3\xa4");
    assert_int_equal(sip_lamp(bench.sip, &lamp), 0);
    watching_poll_until("701", "confirmed");
    watching_subscribe("701", "");
    watching_notified();
    watching_shows("display=\"A&amp;B&quot;&lt;&apos;&gt;\xc3\xa4\"");
    lamp.display[0] = lamp.uri[0] = '\0';
    assert_int_equal(sip_lamp(bench.sip, &lamp), 0);
    watching_notified();
    watching_shows("<identity display=\"Anonymous\">sip:anonymous@anonymous.invalid</identity>");
    watching_shows_not("Alice");
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, watching_set_up, talk_tear_down)
#define QUICK(test) cmocka_unit_test_setup_teardown(test, watching_set_up_quick, talk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(test_one_orbit),    ONE(test_late_end),  ONE(test_polled),
        ONE(test_refusals),     ONE(test_tolerated), ONE(test_unknown_to_watcher),
        QUICK(test_unanswered), ONE(test_back_off),  ONE(test_flips),
        QUICK(test_gone),       ONE(test_names),
    };

    return cmocka_run_group_tests_name("sip_watch", tests, NULL, NULL);
}

/* Lamps on the wire: SUBSCRIBE and NOTIFY of RFC 6665, dialog-info of RFC 4235, lists of RFC 4662;
 * the lines BL of sip.md 7. */
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
#include "sys/log.h"

static char ours[128]; /* the edge's tag in this subscription */
static unsigned cseq;

static number_key number(const char *text)
{
    return number_read(text, NULL);
}

static void ranges(unsigned count)
{
    struct sip_watched *list = calloc(2, sizeof *list);

    assert_non_null(list);
    list[0] = (struct sip_watched){ .range = 2,
                                    .first = number("801"),
                                    .last = number("803"),
                                    .park_number = number("800"),
                                    .how = LAMP_CONFIRMED };
    list[1] = (struct sip_watched){ .range = 1,
                                    .first = number("701"),
                                    .last = number("720"),
                                    .park_number = number("700"),
                                    .how = LAMP_CONFIRMED };
    assert_int_equal(sip_watched(bench.sip, list, count), 0);
}

/* The same, with who may watch the first. */
static void ranges_allowing(const char *who)
{
    struct sip_watched *list = calloc(2, sizeof *list);

    assert_non_null(list);
    list[0] = (struct sip_watched){ .range = 1, .first = number("701"), .last = number("703") };
    list[1] = (struct sip_watched){ .range = 2, .first = number("801"), .last = number("803") };
    text_copy(list[0].allow, sizeof list[0].allow, who);
    assert_int_equal(sip_watched(bench.sip, list, 2), 0);
}

static struct orbit_lamp lamp_at(const char *orbit, call_id call)
{
    struct orbit_lamp lamp = { .orbit = number(orbit), .call = call, .lit = true };
    unsigned char bytes[PICKUP_BYTES] = { (unsigned char)call };

    (void)text_copy(lamp.display, sizeof lamp.display, "Alice");
    (void)text_copy(lamp.uri, sizeof lamp.uri, "sip:+4930123@dom");
    pickup_write(&lamp.pickup, call, bytes);
    return lamp;
}

static void light(const char *orbit, call_id call)
{
    struct orbit_lamp lamp = lamp_at(orbit, call);

    assert_int_equal(sip_lamp(bench.sip, &lamp), 0);
}

static void darken(const char *orbit, call_id call)
{
    struct orbit_lamp lamp = lamp_at(orbit, call);

    lamp.lit = false;
    assert_int_equal(sip_lamp(bench.sip, &lamp), 0);
}

static int set_up_as(const struct sip_config *config)
{
    log_setup(getenv("SIP_DEBUG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR, LOG_FORM_TEXT, true);
    bench_start(&bench, config);
    phone_open(&phone, &bench, false);
    ranges(2);
    return 0;
}

/* Patient enough that on a busy machine no NOTIFY comes twice. */
static int set_up(void **state)
{
    struct sip_config config;

    (void)state;
    bench_config(&config);
    config.t1 = 500;
    return set_up_as(&config);
}

static int set_up_quick(void **state)
{
    struct sip_config config;

    (void)state;
    bench_config(&config);
    return set_up_as(&config);
}

static int set_up_strange(void **state)
{
    struct sip_config config;

    (void)state;
    bench_config(&config);
    config.t1 = 500;
    config.watch_expires = 1;
    config.watchers_max = 2;
    config.callpark_info = true;
    text_copy(config.lamp_profiles[0].agent, sizeof config.lamp_profiles[0].agent, "snom*");
    config.lamp_profiles[0].how = LAMP_EARLY;
    config.lamp_profile_count = 1;
    return set_up_as(&config);
}

/* ---- what a phone does ---- */

static void subscribe_to(const char *uri, const char *to_tag, const char *more)
{
    char lines[1024], branch[64];

    if (!to_tag[0]) {
        talk_begin();
        cseq = 0;
    }
    lines[0] = '\0';
    if (!strstr(more, "Contact:"))
        talk_contact(lines);
    if (!strstr(more, "Event:"))
        text_append(lines, sizeof lines, "Event: dialog\r\n");
    text_append(lines, sizeof lines, "%s", more);
    text_format(branch, sizeof branch, "%s-%u", talk_name, ++cseq);
    phone_request(&phone, &(struct request){ .method = "SUBSCRIBE",
                                             .uri = uri,
                                             .call = talk_name,
                                             .branch = branch,
                                             .from_tag = "watcher",
                                             .to_tag = to_tag,
                                             .more = lines,
                                             .cseq = cseq });
}

static void subscribe(const char *user, const char *more)
{
    char uri[128];

    text_format(uri, sizeof uri, "sip:%s@park.example:5060;x=y", user);
    subscribe_to(uri, "", more);
    phone_expect(&phone, "SIP/2.0 200");
    text_copy(ours, sizeof ours, phone_tag(&phone, "To"));
}

static void notified(void)
{
    phone_expect(&phone, "NOTIFY sip:alice@127.0.0.1:");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

static void refused(const char *user, const char *more, const char *status)
{
    char uri[128];

    text_format(uri, sizeof uri, "sip:%s@park.example", user);
    subscribe_to(uri, "", more);
    phone_expect(&phone, status);
}

static unsigned version_of(const char *what)
{
    const char *at = strstr(phone.text, what);

    at = at ? strstr(at, "version=\"") : NULL;
    at = at && strncmp(at, "version=\"1.0", 12) == 0 ? strstr(at + 1, "version=\"") : at;
    return at ? (unsigned)strtoul(at + strlen("version=\""), NULL, 10) : 0;
}

static void shows(const char *text)
{
    if (!phone_has(&phone, text))
        fail_msg("no '%s' in '%s'", text, phone.text);
}

static void shows_not(const char *text)
{
    if (phone_has(&phone, text))
        fail_msg("'%s' is in '%s'", text, phone.text);
}

/* The edge takes our commands and the phone's messages in whatever order: ask until it is there. */
static void poll_until(const char *user, const char *state)
{
    char uri[128];

    text_format(uri, sizeof uri, "sip:%s@park.example", user);
    for (unsigned i = 0; i < 1000; i++) {
        subscribe_to(uri, "", "Expires: 0\r\n");
        phone_expect(&phone, "SIP/2.0 ");
        if (!phone_has(&phone, "SIP/2.0 200"))
            continue;
        notified();
        if (phone_has(&phone, state))
            return;
    }
    fail_msg("%s is not %s", user, state);
}

/* ---- one orbit ---- */

/* BL-01, BL-02, BL-03, BL-09, BL-16 */
static void test_one_orbit(void **state)
{
    unsigned first, second, last_cseq;
    char pickup[PICKUP_SIZE];

    (void)state;
    subscribe("701", "Expires: 3600\r\n");
    assert_in_range(strtoul(phone_header(&phone, "Expires"), NULL, 10), 480, 600);
    assert_true(phone_has(&phone, "Contact: <sip:701@127.0.0.1:"));
    notified();
    assert_string_equal(phone_header(&phone, "Event"), "dialog");
    assert_string_equal(phone_header(&phone, "Content-Type"), "application/dialog-info+xml");
    assert_string_equal(phone_tag(&phone, "From"), ours);
    assert_string_equal(phone_tag(&phone, "To"), "watcher");
    assert_true(text_starts(phone_header(&phone, "Subscription-State"), "active;expires="));
    last_cseq = (unsigned)strtoul(phone_header(&phone, "CSeq"), NULL, 10);
    first = version_of("dialog-info");
    shows("entity=\"sip:701@park.example\"");
    shows("state=\"full\"");
    shows("<dialog id=\"701\"><state>terminated</state></dialog>");
    light("701", 9);
    notified();
    second = version_of("dialog-info");
    assert_true(second > first);
    assert_true(strtoul(phone_header(&phone, "CSeq"), NULL, 10) == last_cseq + 1);
    text_copy(pickup, sizeof pickup, "pk-90900000000000000@callpark");
    shows(pickup);
    shows("local-tag=\"0000000000000000\" remote-tag=\"0000000000000000\"");
    shows("direction=\"recipient\"><state>confirmed</state>");
    shows("<param pname=\"+sip.rendering\" pvalue=\"no\"/>");
    shows("<identity display=\"Alice\">sip:+4930123@dom</identity>");
    shows("<target uri=\"sip:701;ticket=90000000000000000@park.example\"/>");
    subscribe_to("sip:701@127.0.0.1", ours, "Expires: 600\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    notified();
    assert_true(version_of("dialog-info") > second);
    shows("<state>confirmed</state>");
    darken("701", 9);
    notified();
    shows("<state>terminated</state>");
    subscribe_to("sip:701@127.0.0.1", ours, "Expires: 0\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    assert_string_equal(phone_header(&phone, "Expires"), "0");
    notified();
    assert_string_equal(phone_header(&phone, "Subscription-State"), "terminated;reason=timeout");
    light("701", 10);
    assert_true(phone_quiet(&phone, 150));
    subscribe_to("sip:701@127.0.0.1", ours, "Expires: 600\r\n");
    phone_expect(&phone, "SIP/2.0 481");
}

/* A lamp that belongs to a later call is not put out by the end of an earlier one. */
static void test_late_end(void **state)
{
    (void)state;
    light("701", 1);
    light("701", 2);
    darken("701", 1);
    poll_until("701", "pk-2");
    subscribe("701", "");
    notified();
    shows("<state>confirmed</state>");
    shows("pk-20200000000000000@callpark");
}

/* Polling: RFC 6665 4.4.3. */
static void test_polled(void **state)
{
    struct sip_counts counts;
    msec start = clock_now();

    (void)state;
    light("702", 3);
    poll_until("702", "confirmed");
    subscribe("702", "Expires: 0\r\n");
    notified();
    assert_string_equal(phone_header(&phone, "Subscription-State"), "terminated;reason=timeout");
    shows("<state>confirmed</state>");
    do
        sip_count(bench.sip, &counts);
    while (counts.watchers > 0 && clock_now() - start < 3000);
    assert_int_equal(counts.watchers, 0);
}

/* BL-06, BL-07, BL-08, BL-15 and their like */
static void test_refusals(void **state)
{
    (void)state;
    ranges(1); /* so that 700, which the phone writes in To, is nothing that can be watched */
    poll_until("801", "terminated");
    refused("801", "Expires: 10\r\n", "SIP/2.0 423");
    assert_string_equal(phone_header(&phone, "Min-Expires"), "60");
    refused("801", "Event: foo\r\n", "SIP/2.0 489");
    assert_string_equal(phone_header(&phone, "Allow-Events"), "dialog");
    refused("801", "Event: call-info\r\nAccept: application/x-broadworks-callpark-info+xml\r\n",
            "SIP/2.0 489"); /* PK-02: off */
    refused("801", "Accept: text/plain\r\n", "SIP/2.0 406");
    assert_string_equal(phone_header(&phone, "Accept"), "application/dialog-info+xml");
    refused("699", "", "SIP/2.0 404");
    refused("nobody", "", "SIP/2.0 404");
    refused("lamps-", "Supported: eventlist\r\n", "SIP/2.0 404");
    refused("lamps-699", "Supported: eventlist\r\n", "SIP/2.0 404");
    refused("lamps-803-801", "Supported: eventlist\r\n", "SIP/2.0 404");
    refused("lamps-800", "", "SIP/2.0 421");
    assert_string_equal(phone_header(&phone, "Require"), "eventlist");
    refused("lamps-800", "Supported: eventlist\r\nAccept: application/dialog-info+xml\r\n",
            "SIP/2.0 406");
    refused("lamps-801-8010", "Supported: eventlist\r\n", "SIP/2.0 403");
    refused("801", "Require: recipient-list-subscribe\r\n", "SIP/2.0 420");
    refused("801", "Contact: *\r\n", "SIP/2.0 400");
    subscribe_to("sip:801@park.example", "made-up", "");
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
        subscribe("701", events[i]);
        notified();
        shows("<state>terminated</state>");
    }
    subscribe("701", "Event: dialog;id=7\r\n");
    notified();
    assert_string_equal(phone_header(&phone, "Event"), "dialog;id=7");
}

/* BL-10 */
static void test_unknown_to_watcher(void **state)
{
    (void)state;
    subscribe("701", "");
    phone_expect(&phone, "NOTIFY");
    phone_answer(&phone, "481 No", NULL, NULL, NULL);
    light("701", 4);
    assert_true(phone_quiet(&phone, 200));
}

/* BL-11: one who does not answer is given up, and another is told all the same. */
static void test_unanswered(void **state)
{
    struct phone other;
    struct sip_counts counts;
    msec start;

    (void)state;
    subscribe("701", ""); /* its NOTIFYs stay unanswered */
    other = phone;
    phone_open(&phone, &bench, false);
    subscribe("701", "");
    notified();
    start = clock_now();
    light("701", 5);
    notified();
    assert_true(clock_now() - start < 500);
    shows("<state>confirmed</state>");
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
    subscribe("701", contact);
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
    subscribe("701", "");
    phone_expect(&phone, "NOTIFY");
    phone_answer(&phone, "503 Later", NULL, "Retry-After: 1\r\n", NULL);
    light("701", 6);
    assert_true(phone_quiet(&phone, 300));
    phone_expect(&phone, "NOTIFY");
    shows("<state>confirmed</state>");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

/* BL-12 */
static void test_flips(void **state)
{
    unsigned count = 0, version = 0;
    msec start = clock_now();

    (void)state;
    subscribe("701", "");
    notified();
    for (call_id i = 0; i < 20; i++) {
        light("701", 100 + i);
        darken("701", 100 + i);
    }
    light("701", 99);
    do {
        notified();
        assert_true(version_of("dialog-info") > version);
        version = version_of("dialog-info");
        count++;
    } while (!phone_has(&phone, "pk-63"));
    assert_true(phone_quiet(&phone, 150));
    assert_true(count <= 1 + (clock_now() - start) / 100);
}

/* BL-19, BL-20 */
static void test_names(void **state)
{
    struct orbit_lamp lamp = lamp_at("701", 7);

    (void)state;
    (void)text_copy(lamp.display, sizeof lamp.display, "A&B\"<'>\xc3\xa4");
    assert_int_equal(sip_lamp(bench.sip, &lamp), 0);
    poll_until("701", "confirmed");
    subscribe("701", "");
    notified();
    shows("display=\"A&amp;B&quot;&lt;&apos;&gt;\xc3\xa4\"");
    lamp.display[0] = lamp.uri[0] = '\0';
    assert_int_equal(sip_lamp(bench.sip, &lamp), 0);
    notified();
    shows("<identity display=\"Anonymous\">sip:anonymous@anonymous.invalid</identity>");
    shows_not("Alice");
}

/* ---- who may ---- */

/* watch_allow of a range: by network and by identity, for one number and in a list, and when it
 * changes. */
static void test_allow(void **state)
{
    (void)state;
    light("701", 3);
    light("802", 4);
    ranges_allowing("127.0.0.0/8");
    poll_until("701", "confirmed");
    ranges_allowing("sip:alice@*");
    poll_until("701", "confirmed");
    ranges_allowing("sip:somebody-else@*, 192.0.2.0/24");
    for (unsigned i = 0; i < 1000 && !phone_has(&phone, "SIP/2.0 403"); i++) {
        subscribe_to("sip:701@park.example", "", "Expires: 0\r\n");
        phone_expect(&phone, "SIP/2.0 ");
        if (phone_has(&phone, "SIP/2.0 200"))
            notified();
    }
    assert_true(phone_has(&phone, "SIP/2.0 403"));
    assert_true(phone_has(&phone, "you may not watch this number"));
    refused("lamps-701-703", "Supported: eventlist\r\n", "SIP/2.0 403");
    subscribe("lamps-701-803", "Supported: eventlist\r\n");
    notified();
    shows("cid=\"802@callpark\"");
    shows("801@");
    shows_not("<name>701</name>");
    shows_not("<name>703</name>");
}

/* A right that is taken away is gone at once. */
static void test_no_more(void **state)
{
    (void)state;
    ranges_allowing("");
    poll_until("701", "terminated");
    subscribe("701", "");
    notified();
    ranges_allowing("192.0.2.0/24");
    notified();
    assert_string_equal(phone_header(&phone, "Subscription-State"), "terminated;reason=rejected");
    light("701", 3);
    assert_true(phone_quiet(&phone, 150));
}

/* ---- a whole range ---- */

static void test_park_number(void **state)
{
    (void)state;
    subscribe("700", "");
    notified();
    shows("entity=\"sip:700@park.example\"");
    shows("<state>terminated</state>");
    light("703", 1);
    notified();
    shows("<state>confirmed</state>");
    shows_not("call-id=");
    shows_not("Alice");
    light("704", 2);
    darken("703", 1);
    assert_true(phone_quiet(&phone, 150));
    darken("704", 2);
    notified();
    shows("<state>terminated</state>");
}

/* BL-14 */
static void test_list(void **state)
{
    unsigned version;

    (void)state;
    light("702", 1);
    poll_until("702", "confirmed");
    subscribe("lamps-700", "Supported: eventlist\r\nAccept: multipart/related, "
                           "application/rlmi+xml, application/dialog-info+xml\r\n");
    assert_string_equal(phone_header(&phone, "Require"), "eventlist");
    notified();
    assert_string_equal(phone_header(&phone, "Require"), "eventlist");
    assert_true(text_starts(phone_header(&phone, "Content-Type"),
                            "multipart/related;type=\"application/rlmi+xml\";start=\"<list@"));
    shows("uri=\"sip:lamps-700@park.example\"");
    shows("fullState=\"true\"");
    shows("<resource uri=\"sip:701@park.example\"><name>701</name>"
          "<instance id=\"1\" state=\"active\" cid=\"701@callpark\"/></resource>");
    shows("Content-ID: <720@callpark>");
    shows("<state>confirmed</state>");
    version = version_of("<list");
    light("719", 2);
    notified();
    assert_true(version_of("<list") > version);
    shows("fullState=\"false\"");
    shows("entity=\"sip:719@park.example\"");
    shows_not("sip:718@");
    subscribe_to("sip:lamps-700@127.0.0.1", ours, "Supported: eventlist\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    notified();
    shows("fullState=\"true\"");
    shows("Content-ID: <719@callpark>");
    subscribe("lamps-719-802", "Supported: eventlist\r\n"); /* over two ranges */
    notified();
    shows("cid=\"720@callpark\"");
    shows("cid=\"801@callpark\"");
    shows_not("718@");
    shows_not("803@");
}

/* What does not fit in one message follows: all are named, then each is shown once. */
static void test_long_list(void **state)
{
    struct sip_watched *list = calloc(1, sizeof *list);
    unsigned shown = 0, messages = 0;
    char id[64];

    (void)state;
    assert_non_null(list);
    *list = (struct sip_watched){ .range = 1, .first = number("7001"), .last = number("7060") };
    assert_int_equal(sip_watched(bench.sip, list, 1), 0);
    for (unsigned i = 1; i <= 60; i++) {
        text_format(id, sizeof id, "70%02u", i);
        light(id, i);
    }
    poll_until("7060", "confirmed");
    subscribe("lamps-7001", "Supported: eventlist\r\n");
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
    light("702", 1);
    light("703", 1);
    poll_until("703", "confirmed");
    subscribe("702", "");
    notified();
    shows("confirmed");
    *all = lamp_at("703", 1);
    assert_int_equal(sip_lamps(bench.sip, all, 1), 0);
    notified();
    shows("terminated");
    ranges(2); /* the same as before: nothing to tell */
    assert_true(phone_quiet(&phone, 150));
    ranges(1);
    notified();
    assert_string_equal(phone_header(&phone, "Subscription-State"), "terminated;reason=noresource");
    refused("702", "", "SIP/2.0 404");
}

/* ---- routes and connections ---- */

static void test_routes(void **state)
{
    char more[256];

    (void)state;
    text_format(more, sizeof more, "Record-Route: <sip:127.0.0.1:%u;lr>\r\n", phone.port);
    subscribe_to("sip:701@park.example", "", more);
    phone_expect(&phone, "SIP/2.0 200");
    phone_expect(&phone, "NOTIFY sip:alice@127.0.0.1:");
    shows("Route: <sip:127.0.0.1:");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

/* The Contact leads nowhere; the connection does. */
static void test_stream(void **state)
{
    const char *second;

    (void)state;
    phone_close(&phone);
    phone_open(&phone, &bench, true);
    subscribe_to("sip:701@park.example", "",
                 "Contact: <sip:alice@alice.invalid;transport=tcp>\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    second = strstr(phone.text, "NOTIFY ");
    if (second) /* both in one piece */
        memmove(phone.text, second, strlen(second) + 1);
    else
        phone_expect(&phone, "NOTIFY");
    shows("NOTIFY sip:alice@alice.invalid;transport=tcp SIP/2.0");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    light("701", 1);
    phone_expect(&phone, "NOTIFY sip:alice@alice.invalid");
    shows("confirmed");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

/* ---- with other settings ---- */

static void test_expiry(void **state)
{
    (void)state;
    subscribe("701", "");
    notified();
    phone_expect(&phone, "NOTIFY");
    assert_string_equal(phone_header(&phone, "Subscription-State"), "terminated;reason=timeout");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

static void test_full(void **state)
{
    struct sip_counts counts;

    (void)state;
    subscribe("701", "");
    notified();
    subscribe("701", "");
    notified();
    refused("701", "", "SIP/2.0 503");
    assert_true(phone_has(&phone, "Retry-After: "));
    sip_count(bench.sip, &counts);
    assert_int_equal(counts.watchers, 2);
    assert_int_equal(counts.watchers_refused, 1);
}

/* BL-05 */
static void test_profile(void **state)
{
    (void)state;
    light("701", 1);
    poll_until("701", "confirmed");
    subscribe("701", "User-Agent: snom370/8.7.3\r\n");
    notified();
    shows("direction=\"recipient\"><state>early</state>");
    shows_not("rendering");
    subscribe("701", "User-Agent: Yealink\r\n");
    notified();
    shows("<state>confirmed</state>");
}

/* PK-02: on */
static void test_call_info(void **state)
{
    (void)state;
    subscribe("701", "Event: call-info\r\n"
                     "Accept: application/x-broadworks-callpark-info+xml\r\n");
    notified();
    assert_string_equal(phone_header(&phone, "Event"), "call-info");
    assert_string_equal(phone_header(&phone, "Call-Info"),
                        "<sip:callpark>;appearance-index=*;appearance-state=idle");
    shows("<callpark/>");
    light("701", 1);
    notified();
    shows("<callpark><parked><identity display=\"Alice\">sip:+4930123@dom</identity></parked>");
    refused("701", "Event: call-info\r\nAccept: text/plain\r\n", "SIP/2.0 406");
}

/* The end: come again. */
static void test_goodbye(void **state)
{
    (void)state;
    subscribe("701", "");
    notified();
    sip_stop(bench.sip);
    bench.sip = NULL;
    phone_expect(&phone, "NOTIFY");
    assert_string_equal(phone_header(&phone, "Subscription-State"),
                        "terminated;reason=probation;retry-after=5");
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, talk_tear_down)
#define QUICK(test) cmocka_unit_test_setup_teardown(test, set_up_quick, talk_tear_down)
#define STRANGE(test) cmocka_unit_test_setup_teardown(test, set_up_strange, talk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(test_one_orbit),    ONE(test_late_end),      ONE(test_polled),
        ONE(test_refusals),     ONE(test_tolerated),     ONE(test_unknown_to_watcher),
        QUICK(test_unanswered), ONE(test_back_off),      ONE(test_flips),
        QUICK(test_gone),       ONE(test_allow),         ONE(test_no_more),
        ONE(test_names),        ONE(test_park_number),   ONE(test_list),
        ONE(test_long_list),    ONE(test_ranges_change), ONE(test_routes),
        ONE(test_stream),       STRANGE(test_expiry),    STRANGE(test_full),
        STRANGE(test_profile),  STRANGE(test_call_info), ONE(test_goodbye),
    };

    return cmocka_run_group_tests_name("sip_watch", tests, NULL, NULL);
}

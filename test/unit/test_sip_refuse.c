/* What the edge refuses by itself, and that no message, however wrong, stops it (RFC 3261 8.2, RFC
 * 4475; sip.md 8.7 and 10). */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip_phone.h"

/* A whole message; "@" stands for the phone's port and "#" for a number that is new each time. */
static void send_raw(const char *template)
{
    static unsigned n;
    char text[4096] = "";

    n++;
    for (; *template; template ++)
        if (*template == '~')
            text_append(text, sizeof text, "%u", phone.port);
        else if (*template == '^')
            text_append(text, sizeof text, "%u", n);
        else
            text_append(text, sizeof text, "%c", *template);
    phone_send(&phone, "%s", text);
}

static void still_alive(void)
{
    talk_begin();
    talk_request("OPTIONS", talk_name, "", 1, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 200");
    assert_string_equal(phone_header(&phone, "Call-ID"), talk_name);
}

static void test_methods(void **state)
{
    static const struct {
        const char *method, *to_tag, *answer;
    } cases[] = {
        { "OPTIONS", "", "SIP/2.0 200" },   { "REGISTER", "", "SIP/2.0 405" },
        { "PUBLISH", "", "SIP/2.0 405" },   { "MESSAGE", "", "SIP/2.0 405" },
        { "REFER", "", "SIP/2.0 400" },     { "SUBSCRIBE", "", "SIP/2.0 489" },
        { "BYE", "", "SIP/2.0 481" },       { "BYE", "x", "SIP/2.0 481" },
        { "UPDATE", "x", "SIP/2.0 481" },   { "INFO", "x", "SIP/2.0 481" },
        { "CANCEL", "", "SIP/2.0 481" },    { "INVITE", "x", "SIP/2.0 481" },
        { "PRACK", "x", "SIP/2.0 481" },    { "NOTIFY", "x", "SIP/2.0 481" },
        { "NEWMETHOD", "", "SIP/2.0 501" }, { "options", "", "SIP/2.0 501" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        talk_begin();
        talk_request(cases[i].method, talk_name, cases[i].to_tag, 1, NULL, NULL);
        phone_expect(&phone, cases[i].answer);
        if (strstr(cases[i].answer, "405"))
            assert_true(text_starts(phone_header(&phone, "Allow"), "INVITE, ACK"));
        if (strcmp(cases[i].method, "INVITE") == 0)
            talk_request("ACK", talk_name, "x", 1, NULL, NULL);
    }
    talk_begin();
    talk_request("ACK", talk_name, "x", 1, NULL, NULL);
    assert_true(phone_quiet(&phone, 20));
}

static void test_options_says(void **state)
{
    (void)state;
    still_alive();
    assert_true(strstr(phone_header(&phone, "Allow"), "UPDATE") != NULL);
    assert_true(strstr(phone_header(&phone, "Allow"), "REFER") != NULL);
    assert_true(strstr(phone_header(&phone, "Supported"), "replaces") != NULL);
    assert_true(strstr(phone_header(&phone, "Accept"), "application/sdp") != NULL);
}

static void test_invites(void **state)
{
    static const struct {
        const char *more, *answer, *header;
    } cases[] = {
        { "Require: join\r\n", "SIP/2.0 420", "Unsupported: join" },
        { "Require: precondition, 100rel\r\n", "SIP/2.0 420", "Unsupported: precondition" },
        { "Content-Encoding: gzip\r\n", "SIP/2.0 415", "Accept-Encoding: identity" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        talk_invite(cases[i].more);
        phone_expect(&phone, cases[i].answer);
        assert_true(phone_has(&phone, cases[i].header));
        talk_request("ACK", talk_name, phone_tag(&phone, "To"), 1, NULL, NULL);
    }
    talk_begin();
    talk_request("INVITE", talk_name, "", 1, "Contact: *\r\n", phone_sdp);
    phone_expect(&phone, "SIP/2.0 400");
    talk_request("ACK", talk_name, phone_tag(&phone, "To"), 1, NULL, NULL);
    talk_invite("Replaces: a;to-tag=1;from-tag=2\r\nReplaces: b;to-tag=1;from-tag=2\r\n");
    bench_expect(&bench, SIP_INVITE);
    assert_int_equal(bench.ev.invite.replaces, REPLACES_TWICE);
    talk_invite("Require: 100rel, timer, replaces, norefersub, tdialog\r\n");
    bench_expect(&bench, SIP_INVITE);
}

static void test_untrusted(void **state)
{
    struct sip_config config;
    struct sip_counts counts;

    (void)state;
    bench_config(&config);
    text_copy(config.trusted[0], sizeof config.trusted[0], "10.0.0.0/8");
    assert_int_equal(sip_reload(bench.sip, &config, NULL), 0);
    talk_invite(NULL);
    phone_expect(&phone, "SIP/2.0 403");
    talk_request("ACK", talk_name, phone_tag(&phone, "To"), 1, NULL, NULL);
    talk_begin();
    talk_request("OPTIONS", talk_name, "", 1, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 403");
    assert_true(bench_quiet(&bench, 20));
    sip_count(bench.sip, &counts);
    assert_int_equal(counts.refused_untrusted, 2);
}

static void test_bad_network(void **state)
{
    struct sip_config config;
    struct err err;

    (void)state;
    bench_config(&config);
    text_copy(config.trusted[0], sizeof config.trusted[0], "10.0.0.0/99");
    assert_true(sip_reload(bench.sip, &config, &err) < 0);
    assert_non_null(strstr(err.text, "10.0.0.0/99"));
    still_alive();
}

/* PB-08 */
static void test_merged(void **state)
{
    char lines[96];

    (void)state;
    talk_invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    talk_contact(lines);
    talk_request("INVITE", "other-branch", "", 1, lines, phone_sdp);
    phone_expect(&phone, "SIP/2.0 482");
    assert_true(bench_quiet(&bench, 20));
}

/* The call is up, and what the library knew of its INVITE is gone: 2*T1 after the ACK, while an
 * answer that nobody acknowledges is sent again after 1, 3 and 7 of them. */
static void test_merged_much_later(void **state)
{
    char lines[96], name[64];

    (void)state;
    talk_invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    talk_answer(bench.ev.leg);
    phone_expect(&phone, "SIP/2.0 200");
    talk_request("ACK", talk_name, phone_tag(&phone, "To"), 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    text_copy(name, sizeof name, talk_name);
    talk_invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    talk_answer(bench.ev.leg);
    for (unsigned i = 0; i < 4; i++)
        phone_expect(&phone, "SIP/2.0 200");
    text_copy(talk_name, sizeof talk_name, name);
    talk_contact(lines);
    talk_request("INVITE", "other-branch", "", 1, lines, phone_sdp);
    phone_expect(&phone, "SIP/2.0 482");
    assert_true(bench_quiet(&bench, 20));
}

/* RC-07 */
static void test_retransmitted(void **state)
{
    char lines[96];

    (void)state;
    talk_invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    talk_answer(bench.ev.leg);
    phone_expect(&phone, "SIP/2.0 200");
    talk_contact(lines);
    talk_request("INVITE", talk_name, "", 1, lines, phone_sdp);
    phone_expect(&phone, "SIP/2.0 200");
    assert_true(bench_quiet(&bench, 20));
}

/* sip.md 2.0: 100 only when the answer takes more than 200 ms, and nothing between it and the 200.
 */
static void test_trying(void **state)
{
    (void)state;
    talk_invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    phone_expect(&phone, "SIP/2.0 100");
    talk_answer(bench.ev.leg);
    phone_expect(&phone, "SIP/2.0 200");
}

static void test_limits(void **state)
{
    struct sip_config config;
    struct sip_counts counts;
    leg_id leg;

    (void)state;
    bench_config(&config);
    config.calls_per_source = 1;
    sip_reload(bench.sip, &config, NULL);
    leg = talk_up();
    talk_invite(NULL);
    phone_expect(&phone, "SIP/2.0 503");
    assert_true(phone_header(&phone, "Retry-After")[0] != '\0');
    talk_request("ACK", talk_name, phone_tag(&phone, "To"), 1, NULL, NULL);
    sip_hang_up(bench.sip, leg, 0, NULL);
    phone_expect(&phone, "BYE ");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
    still_alive();
    talk_invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    sip_count(bench.sip, &counts);
    assert_int_equal(counts.legs, 1);
    assert_int_equal(counts.refused_limit, 1);
    config.calls_per_source = 0;
    config.calls_max = 1;
    sip_reload(bench.sip, &config, NULL);
    talk_invite(NULL);
    phone_expect(&phone, "SIP/2.0 503");
}

/* RFC 6357: who has a call of ours already goes before who brings one, and is never refused for
 * load. */
static void test_shed(void **state)
{
    struct sip_counts counts;
    leg_id leg = talk_up();

    (void)state;
    sip_pressure(bench.sip, 100);
    talk_request("INFO", talk_name, talk_us, 2, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 200");
    talk_begin();
    talk_request("OPTIONS", talk_name, "", 1, NULL, NULL);
    phone_expect(&phone, "SIP/2.0 503");
    assert_in_range(strtoul(phone_header(&phone, "Retry-After"), NULL, 10), 1, 10);
    talk_invite("Referred-By: <sip:105@pbx>\r\n");
    phone_expect(&phone, "SIP/2.0 503");
    /* Not sent again, though there is no ACK: nothing is kept of it (RFC 3261 8.2.7). */
    assert_true(phone_quiet(&phone, 400));
    sip_count(bench.sip, &counts);
    assert_int_equal(counts.shed, 2);
    talk_invite("Replaces: nobody;to-tag=a;from-tag=b\r\n");
    (void)bench_expect(&bench, SIP_INVITE);
    talk_invite(NULL); /* who retrieves is let in until there are too many of those */
    (void)bench_expect(&bench, SIP_INVITE);
    sip_pressure(bench.sip, 200);
    talk_invite(NULL);
    phone_expect(&phone, "SIP/2.0 503");
    sip_pressure(bench.sip, 0);
    still_alive();
    sip_hang_up(bench.sip, leg, 0, NULL);
    phone_expect(&phone, "BYE ");
}

/* Where ACKs get lost there are too many parks in the air already, whatever the loop says: of those
 * who only ask, and come first, some are refused. */
static void test_shed_unacknowledged(void **state)
{
    struct sip_config config;
    struct sip_counts counts = { 0 };

    (void)state;
    bench_stop(&bench);
    bench_config(&config);
    config.t1 = 500; /* so that no answer is sent again meanwhile */
    config.calls_max = config.calls_per_source = 1000;
    bench_start(&bench, &config);
    phone_close(&phone);
    phone_open(&phone, &bench, false);
    for (unsigned i = 0; i < 400; i++) {
        talk_invite(NULL);
        bench_expect(&bench, SIP_INVITE);
        talk_answer(bench.ev.leg);
    }
    for (unsigned i = 0; i < 100; i++) {
        talk_begin();
        talk_request("OPTIONS", talk_name, "", 1, NULL, NULL);
        (void)poll(NULL, 0, 1); /* the socket holds no hundred */
    }
    for (unsigned i = 0; i < 1000 && counts.requests_in < 500; i++) {
        (void)poll(NULL, 0, 10);
        sip_count(bench.sip, &counts);
    }
    assert_true(counts.requests_in >= 500);
    assert_in_range(counts.shed, 1, 99);
}

static void test_sizes(void **state)
{
    char lines[12000] = "", uri[400] = "sip:";

    (void)state;
    for (unsigned i = 0; i < 250; i++)
        text_append(lines, sizeof lines, "X-%u: y\r\n", i);
    talk_begin();
    talk_request("OPTIONS", talk_name, "", 1, lines, NULL);
    phone_expect(&phone, "SIP/2.0 400");
    memset(uri + 4, 'a', 300);
    text_copy(uri + 304, sizeof uri - 304, "@h");
    talk_begin();
    phone_request(&phone, &(struct request){ .method = "INVITE",
                                             .uri = uri,
                                             .call = talk_name,
                                             .branch = talk_name,
                                             .from_tag = "a",
                                             .cseq = 1 });
    phone_expect(&phone, "SIP/2.0 414");
    still_alive();
}

#define VIA "Via: SIP/2.0/UDP 127.0.0.1:~;branch=z9hG4bKr^\r\n"
#define REST                                                                                       \
    "Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:700@park.example>\r\nCall-ID: raw^\r\n"
#define OPTIONS_CSEQ "CSeq: 1 OPTIONS\r\n"
#define END "Content-Length: 0\r\n\r\n"

/* RFC 4475's kinds of trouble; the answer "" is none. */
static void test_torture(void **state)
{
    static const struct {
        const char *name, *message, *answer;
    } cases[] = {
        { "plain", "OPTIONS sip:p SIP/2.0\r\n" VIA REST OPTIONS_CSEQ END, "SIP/2.0 200" },
        { "zeromf",
          "OPTIONS sip:p SIP/2.0\r\n" VIA "Max-Forwards: 0\r\nFrom: <sip:a@b>;tag=1\r\n"
          "To: <sip:p>\r\nCall-ID: raw^\r\n" OPTIONS_CSEQ END,
          "SIP/2.0 200" },
        { "compact and folded",
          "OPTIONS sip:p SIP/2.0\r\nv:\r\n  SIP/2.0/UDP 127.0.0.1:~;branch=z9hG4bKr^\r\n"
          "f: <sip:a@b>\r\n ;tag=1\r\nt: <sip:p>\r\ni: raw^\r\n" OPTIONS_CSEQ "l: 0\r\n\r\n",
          "SIP/2.0 200" },
        { "line feeds alone",
          "OPTIONS sip:p SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1:~;branch=z9hG4bKr^\n"
          "From: <sip:a@b>;tag=1\nTo: <sip:p>\nCall-ID: raw^\nCSeq: 1 OPTIONS\nContent-Length: "
          "0\n\n",
          "SIP/2.0 200" },
        { "no branch (inv2543)",
          "OPTIONS sip:p SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:~\r\n" REST OPTIONS_CSEQ END,
          "SIP/2.0 200" },
        { "octets behind the body (dblreq)",
          "OPTIONS sip:p SIP/2.0\r\n" VIA REST OPTIONS_CSEQ END "INVITE junk", "SIP/2.0 200" },
        { "badvers", "OPTIONS sip:p SIP/7.0\r\n" VIA REST OPTIONS_CSEQ END, "SIP/2.0 505" },
        { "mismatch01", "OPTIONS sip:p SIP/2.0\r\n" VIA REST "CSeq: 1 INVITE\r\n" END,
          "SIP/2.0 400" },
        { "mismatch02", "NEWMETHOD sip:p SIP/2.0\r\n" VIA REST "CSeq: 1 INVITE\r\n" END,
          "SIP/2.0 400" },
        { "unkscm", "OPTIONS nobody:knows SIP/2.0\r\n" VIA REST OPTIONS_CSEQ END, "SIP/2.0 416" },
        { "novelsc", "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0\r\n" VIA REST OPTIONS_CSEQ END,
          "SIP/2.0 416" },
        { "insuf", "OPTIONS sip:p SIP/2.0\r\n" VIA "Max-Forwards: 70\r\n" OPTIONS_CSEQ END,
          "SIP/2.0 400" },
        { "no Via", "OPTIONS sip:p SIP/2.0\r\n" REST OPTIONS_CSEQ END, "" },
        { "multi01",
          "OPTIONS sip:p SIP/2.0\r\n" VIA REST "CSeq: 2 OPTIONS\r\n" OPTIONS_CSEQ
          "Call-ID: two\r\n" END,
          "SIP/2.0 400" },
        { "mcl01",
          "OPTIONS sip:p SIP/2.0\r\n" VIA REST OPTIONS_CSEQ
          "Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello",
          "SIP/2.0 400" },
        { "ncl", "OPTIONS sip:p SIP/2.0\r\n" VIA REST OPTIONS_CSEQ "Content-Length: -5\r\n\r\n",
          "SIP/2.0 400" },
        { "clerr",
          "OPTIONS sip:p SIP/2.0\r\n" VIA REST OPTIONS_CSEQ "Content-Length: 500\r\n\r\nshort",
          "SIP/2.0 400" },
        { "scalar02",
          "OPTIONS sip:p SIP/2.0\r\n" VIA REST "CSeq: 36893488147419103232 OPTIONS\r\n" END,
          "SIP/2.0 400" },
        { "ltgtruri", "OPTIONS <sip:p> SIP/2.0\r\n" VIA REST OPTIONS_CSEQ END, "SIP/2.0 400" },
        { "lwsruri", "OPTIONS sip:p; lr SIP/2.0\r\n" VIA REST OPTIONS_CSEQ END, "" },
        { "quotbal",
          "OPTIONS sip:p SIP/2.0\r\n" VIA
          "From: <sip:a@b>;tag=1\r\nTo: \"Mr J. <sip:p>\r\nCall-ID: raw^\r\n" OPTIONS_CSEQ END,
          "SIP/2.0 400" },
        { "badbranch",
          "OPTIONS sip:p SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:~;branch=z9hG4bK\r\n" REST
              OPTIONS_CSEQ END,
          "SIP/2.0 " },
        { "baddate",
          "OPTIONS sip:p SIP/2.0\r\n" VIA REST
          "Date: Fri, 01 Jan 2010 16:00:00 EST\r\n" OPTIONS_CSEQ END,
          "SIP/2.0 200" },
        { "esc02", "RE%47IST%45R sip:p SIP/2.0\r\n" VIA REST "CSeq: 1 RE%47IST%45R\r\n" END,
          "SIP/2.0 501" },
        { "no host", "OPTIONS sip: SIP/2.0\r\n" VIA REST OPTIONS_CSEQ END, "" },
        { "a stray answer", "SIP/2.0 200 OK\r\n" VIA REST OPTIONS_CSEQ END, "" },
        { "bigcode", "SIP/2.0 4294967301 better not\r\n" VIA REST OPTIONS_CSEQ END, "" },
        { "no address in Record-Route",
          "OPTIONS sip:p SIP/2.0\r\n" VIA REST "Record-Route: <;lrx>\r\n" OPTIONS_CSEQ END,
          "SIP/2.0 400" },
        { "no address in Contact",
          "OPTIONS sip:p SIP/2.0\r\n" VIA REST "Contact: <;lrx>\r\n" OPTIONS_CSEQ END,
          "SIP/2.0 400" },
        { "junk", "\x01\x02hello world\r\n\r\n", "" },
        { "keep-alive", "\r\n\r\n", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        send_raw(cases[i].message);
        if (cases[i].answer[0]) {
            if (!phone_try(&phone, cases[i].answer))
                fail_msg("%s: wanted '%s', got '%.300s'", cases[i].name, cases[i].answer,
                         phone.text);
        }
        still_alive();
    }
}

static void write_options(char *to, size_t size, unsigned port, unsigned n, const char *length)
{
    text_format(to, size,
                "OPTIONS sip:p SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:%u;branch=z9hG4bKs%u\r\n"
                "From: <sip:a@b>;tag=1\r\nTo: <sip:p>\r\nCall-ID: s%u\r\nCSeq: 1 OPTIONS\r\n%s\r\n",
                port, n, n, length);
}

/* Two messages in one piece, one in three, and one without a length. */
static void test_stream(void **state)
{
    struct phone p;
    char text[2048], more[1024];

    (void)state;
    phone_open(&p, &bench, true);
    write_options(text, sizeof text, p.port, 1, "Content-Length: 0\r\n");
    write_options(more, sizeof more, p.port, 2, "Content-Length: 0\r\n");
    phone_send(&p, "%s%s", text, more);
    phone_expect(&p, "SIP/2.0 200");
    if (!phone_has(&p, "Call-ID: s2"))
        phone_expect(&p, "SIP/2.0 200");
    write_options(text, sizeof text, p.port, 3, "Content-Length: 0\r\n");
    phone_send(&p, "%.20s", text);
    phone_send(&p, "%.60s", text + 20);
    phone_send(&p, "%s", text + 80);
    phone_expect(&p, "SIP/2.0 200");
    assert_true(phone_has(&p, "Call-ID: s3"));
    phone_send(&p, "\r\n\r\n"); /* RFC 5626 4.4.1 */
    phone_expect(&p, "\r\n");
    write_options(text, sizeof text, p.port, 4, "");
    phone_send(&p, "%s", text);
    phone_close(&p);
    still_alive();
}

/* A whole call over TCP. Nobody listens at its Contact: our BYE takes the connection that is open.
 */
static void test_stream_call(void **state)
{
    struct phone p;
    struct session session;
    struct session_wish wish = { .prefer = CODEC_NONE };
    char lines[128], tag[128];
    struct request r = { .method = "INVITE",
                         .uri = "sip:700@p",
                         .call = "tcp",
                         .branch = "t1",
                         .from_tag = "a",
                         .cseq = 1,
                         .body = phone_sdp,
                         .more = lines };

    (void)state;
    phone_open(&p, &bench, true);
    text_format(lines, sizeof lines, "Contact: <sip:a@127.0.0.1:1;transport=tcp>\r\n");
    phone_request(&p, &r);
    bench_expect(&bench, SIP_INVITE);
    assert_string_equal(bench.ev.dialog.transport, "tcp");
    assert_true(strstr(bench.ev.dialog.local_contact, "transport=tcp") != NULL);
    assert_int_equal(session_agree(&bench.ev.offer, &wish, &session), SESSION_AGREED);
    sip_answer(bench.sip, bench.ev.leg, &session, &talk_local, CODEC_NONE, NULL);
    phone_expect(&p, "SIP/2.0 200");
    text_copy(tag, sizeof tag, phone_tag(&p, "To"));
    phone_request(&p, &(struct request){ .method = "ACK",
                                         .uri = "sip:700@p",
                                         .call = "tcp",
                                         .branch = "t2",
                                         .from_tag = "a",
                                         .to_tag = tag,
                                         .cseq = 1 });
    bench_expect(&bench, SIP_ACKED);
    sip_hang_up(bench.sip, bench.ev.leg, 0, NULL);
    phone_expect(&p, "BYE ");
    phone_answer(&p, "200 OK", NULL, NULL, NULL);
    phone_close(&p);
}

/* Who sends half a message and no more holds nothing of ours for long. */
static void test_half(void **state)
{
    struct phone p;

    (void)state;
    phone_open(&p, &bench, true);
    phone_send(&p,
               "OPTIONS sip:p SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:%u;branch=z9hG4bKhalf\r\n"
               "From: <sip:a@b>;tag=1\r\nTo: <sip:p>\r\nCall-ID: half\r\nCSeq: 1 OPTIONS\r\n"
               "Content-Length: 100\r\n\r\nshort",
               p.port);
    phone_expect(&p, "SIP/2.0 400");
    phone_close(&p);
    still_alive();
}

static void test_too_large(void **state)
{
    struct phone p;
    char piece[4097];

    (void)state;
    phone_open(&p, &bench, true);
    memset(piece, 'x', 4096);
    piece[4096] = '\0';
    phone_send(&p,
               "OPTIONS sip:p SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:%u;branch=z9hG4bKbig\r\n"
               "From: <sip:a@b>;tag=1\r\nTo: <sip:p>\r\nCall-ID: big\r\nCSeq: 1 OPTIONS\r\n"
               "Content-Length: %d\r\n\r\n",
               p.port, 17 * 4096);
    for (unsigned i = 0; i < 17; i++)
        phone_send(&p, "%s", piece);
    phone_expect(&p, "SIP/2.0 513");
    phone_close(&p);
    still_alive();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_methods),
        TEST(test_options_says),
        TEST(test_invites),
        TEST(test_untrusted),
        TEST(test_bad_network),
        TEST(test_merged),
        TEST(test_merged_much_later),
        TEST(test_retransmitted),
        TEST(test_trying),
        TEST(test_limits),
        TEST(test_shed),
        TEST(test_shed_unacknowledged),
        TEST(test_sizes),
        TEST(test_torture),
        TEST(test_stream),
        TEST(test_stream_call),
        TEST(test_too_large),
        TEST(test_half),
    };

    return cmocka_run_group_tests_name("sip_refuse", tests, NULL, NULL);
}

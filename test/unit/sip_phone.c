/* See sip_phone.h. */
#include "sip_phone.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "sys/log.h"

#define PATIENCE 3000 /* milliseconds; only a failing test waits that long */

const char phone_sdp[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                         "m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\n"
                         "a=rtpmap:101 telephone-event/8000\r\n";

static bool report(void *to, const struct sip_event *ev)
{
    return queue_put(to, ev);
}

void bench_config(struct sip_config *config)
{
    memset(config, 0, sizeof *config);
    text_copy(config->listen[0], sizeof config->listen[0], "udp:127.0.0.1:0");
    text_copy(config->listen[1], sizeof config->listen[1], "tcp:127.0.0.1:0");
    config->listen_count = 2;
    text_copy(config->trusted[0], sizeof config->trusted[0], "127.0.0.0/8");
    config->trusted_count = 1;
    text_copy(config->domain, sizeof config->domain, "park.example");
    config->calls_max = 100;
    config->calls_per_source = 50;
    config->t1 = 20; /* so that 64*T1 is 1.3 s */
    config->session_expires = 1800;
    config->first_leg = 101;
    text_copy(config->user_agent, sizeof config->user_agent, "callpark/test");
}

static uint16_t port_of(const struct sip *s, unsigned n)
{
    char text[96];

    sip_listener(s, n, text);
    return (uint16_t)strtoul(strrchr(text, ':') + 1, NULL, 10);
}

void bench_start(struct bench *b, const struct sip_config *config)
{
    struct err err = { 0 };

    memset(b, 0, sizeof *b);
    b->events = queue_new(sizeof(struct sip_event), 256);
    assert_non_null(b->events);
    if (sip_start(&b->sip, config, report, b->events, &err) != 0)
        fail_msg("%s", err.text);
    b->udp = port_of(b->sip, 0);
    if (config->listen_count > 1)
        b->tcp = port_of(b->sip, 1);
}

void bench_stop(struct bench *b)
{
    sip_stop(b->sip);
    queue_free(b->events);
}

static void note_dialog(struct bench *b)
{
    if (sip_event_size(b->ev.type) > offsetof(struct sip_event, dialog) && b->ev.dialog.call_id[0])
        b->dialog = b->ev.dialog;
}

void bench_expect(struct bench *b, enum sip_event_type type)
{
    do {
        if (queue_take(b->events, &b->ev, 1) == 0 &&
            (!queue_wait(b->events, PATIENCE) || queue_take(b->events, &b->ev, 1) == 0))
            fail_msg("no event came; wanted %d", type);
        note_dialog(b);
    } while ((b->ev.type == SIP_DIALOG || b->ev.type == SIP_WATCH) && b->ev.type != type);
    if (b->ev.type != type)
        fail_msg("event %d came, code %u %s; wanted %d", b->ev.type, b->ev.code, b->ev.reason,
                 type);
}

bool bench_quiet(struct bench *b, int patience)
{
    while (queue_wait(b->events, patience)) {
        if (queue_take(b->events, &b->ev, 1) != 1 || b->ev.type != SIP_DIALOG)
            return false;
        note_dialog(b);
    }
    return true;
}

void phone_open(struct phone *p, const struct bench *b, bool stream)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    socklen_t size = sizeof a;

    memset(p, 0, sizeof *p);
    p->stream = stream;
    p->fd = socket(AF_INET, stream ? SOCK_STREAM : SOCK_DGRAM, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(p->fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(p->fd, (struct sockaddr *)&a, &size), 0);
    p->port = ntohs(a.sin_port);
    p->far_port = stream ? b->tcp : b->udp;
    a.sin_port = htons(p->far_port);
    if (stream)
        assert_int_equal(connect(p->fd, (struct sockaddr *)&a, sizeof a), 0);
}

void phone_close(struct phone *p)
{
    close(p->fd);
}

static void send_text(struct phone *p, const char *text, size_t length)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(p->far_port) };

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (p->stream)
        assert_int_equal(send(p->fd, text, length, MSG_NOSIGNAL), length);
    else
        assert_int_equal(sendto(p->fd, text, length, 0, (struct sockaddr *)&a, sizeof a), length);
}

void phone_send(struct phone *p, const char *format, ...)
{
    char text[PHONE_TEXT];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_in_range(n, 1, sizeof text - 1);
    send_text(p, text, (size_t)n);
}

static bool receive(struct phone *p, int patience)
{
    struct pollfd f = { .fd = p->fd, .events = POLLIN };
    ssize_t n;

    if (poll(&f, 1, patience) <= 0)
        return false;
    n = recv(p->fd, p->text, sizeof p->text - 1, 0);
    p->text[n > 0 ? n : 0] = '\0';
    return true;
}

void phone_expect(struct phone *p, const char *start)
{
    if (!receive(p, PATIENCE))
        fail_msg("nothing came; wanted '%s'", start);
    if (!text_starts(p->text, start))
        fail_msg("wanted '%s', got '%.400s'", start, p->text);
}

bool phone_try(struct phone *p, const char *start)
{
    p->text[0] = '\0';
    return receive(p, PATIENCE) && text_starts(p->text, start);
}

bool phone_quiet(struct phone *p, int patience)
{
    return !receive(p, patience);
}

bool phone_has(const struct phone *p, const char *text)
{
    return strstr(p->text, text) != NULL;
}

const char *phone_header(const struct phone *p, const char *name)
{
    static char value[1024];
    const char *line = p->text;
    size_t length = strlen(name);

    value[0] = '\0';
    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncmp(line, name, length) == 0 && line[length] == ':') {
            line += length + 1;
            line += strspn(line, " ");
            text_copy_n(value, sizeof value, line, strcspn(line, "\r"));
            break;
        }
    }
    return value;
}

const char *phone_tag(const struct phone *p, const char *name)
{
    static char tag[4][128];
    static unsigned turn;
    const char *at = strstr(phone_header(p, name), ";tag=");

    turn = (turn + 1) % 4;
    tag[turn][0] = '\0';
    if (at)
        text_copy_n(tag[turn], sizeof tag[turn], at + 5, strcspn(at + 5, ";\r"));
    return tag[turn];
}

void phone_request(struct phone *p, const struct request *r)
{
    const char *body = r->body ? r->body : "";

    phone_send(p,
               "%s %s SIP/2.0\r\nVia: SIP/2.0/%s 127.0.0.1:%u;branch=z9hG4bK%s;rport\r\n"
               "Max-Forwards: 70\r\nFrom: \"Alice\" <sip:alice@phones.example>;tag=%s\r\n"
               "To: <sip:700@park.example>%s%s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n"
               "%s%s%sContent-Length: %zu\r\n\r\n%s",
               r->method, r->uri, p->stream ? "TCP" : "UDP", p->port, r->branch, r->from_tag,
               r->to_tag && r->to_tag[0] ? ";tag=" : "", r->to_tag ? r->to_tag : "", r->call,
               r->cseq, r->method,
               r->more && strstr(r->more, "Contact:") ? "" : "Contact: <sip:alice@127.0.0.1>\r\n",
               r->more ? r->more : "",
               r->body && !(r->more && strstr(r->more, "Content-Type:"))
                   ? "Content-Type: application/sdp\r\n"
                   : "",
               strlen(body), body);
}

void phone_answer(struct phone *p, const char *status, const char *to_tag, const char *more,
                  const char *body)
{
    char via[1024], from[1024], to[1024], call[256], cseq[64];

    text_copy(via, sizeof via, phone_header(p, "Via"));
    text_copy(from, sizeof from, phone_header(p, "From"));
    text_copy(to, sizeof to, phone_header(p, "To"));
    text_copy(call, sizeof call, phone_header(p, "Call-ID"));
    text_copy(cseq, sizeof cseq, phone_header(p, "CSeq"));
    phone_send(p,
               "SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s%s%s\r\nCall-ID: %s\r\nCSeq: %s\r\n"
               "Contact: <sip:bob@127.0.0.1:%u>\r\n%s%sContent-Length: %zu\r\n\r\n%s",
               status, via, from, to, to_tag && !strstr(to, ";tag=") ? ";tag=" : "",
               to_tag && !strstr(to, ";tag=") ? to_tag : "", call, cseq, p->port, more ? more : "",
               body ? "Content-Type: application/sdp\r\n" : "", body ? strlen(body) : 0,
               body ? body : "");
}

struct bench bench;
struct phone phone;

int talk_set_up(void **state)
{
    struct sip_config config;

    (void)state;
    log_setup(getenv("SIP_DEBUG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR, LOG_FORM_TEXT, true);
    bench_config(&config);
    bench_start(&bench, &config);
    phone_open(&phone, &bench, false);
    return 0;
}

int talk_tear_down(void **state)
{
    (void)state;
    phone_close(&phone);
    bench_stop(&bench);
    return 0;
}

const struct session_local talk_local = { .rtp = { "127.0.0.1", 30000 }, .rtcp_port = 30001 };

char talk_name[64], talk_us[128]; /* Call-ID, and the edge's tag */

void talk_begin(void)
{
    static unsigned n;

    text_format(talk_name, sizeof talk_name, "call-%u", ++n);
}

void talk_request(const char *method, const char *branch, const char *to_tag, unsigned cseq,
                  const char *more, const char *body)
{
    phone_request(&phone, &(struct request){ .method = method,
                                             .uri = "sip:700@127.0.0.1",
                                             .call = talk_name,
                                             .branch = branch,
                                             .from_tag = "alice",
                                             .to_tag = to_tag,
                                             .more = more,
                                             .body = body,
                                             .cseq = cseq });
}

void talk_contact(char to[96])
{
    text_format(to, 96, "Contact: <sip:alice@127.0.0.1:%u>\r\n", phone.port);
}

void talk_invite(const char *more)
{
    char lines[1024];

    talk_begin();
    talk_contact(lines);
    if (more)
        text_append(lines, sizeof lines, "%s", more);
    talk_request("INVITE", talk_name, "", 1, lines, phone_sdp);
}

void talk_answer(leg_id leg)
{
    struct session session;
    struct session_wish wish = { .prefer = CODEC_NONE };
    struct sip_told told = { .display = "Parked 701",
                             .uri = "sip:701@park.example",
                             .orbit = "701",
                             .phrase = "Parked at 701" };

    assert_int_equal(session_agree(&bench.ev.offer, &wish, &session), SESSION_AGREED);
    assert_int_equal(sip_answer(bench.sip, leg, &session, &talk_local, CODEC_NONE, &told), 0);
}

/* A call that is up; returns its leg. */
leg_id talk_up(void)
{
    leg_id leg;

    talk_invite(NULL);
    bench_expect(&bench, SIP_INVITE);
    leg = bench.ev.leg;
    talk_answer(leg);
    phone_expect(&phone, "SIP/2.0 200 Parked at 701\r\n");
    text_copy(talk_us, sizeof talk_us, phone_tag(&phone, "To"));
    talk_request("ACK", "ack", talk_us, 1, NULL, NULL);
    bench_expect(&bench, SIP_ACKED);
    assert_int_equal(bench.ev.leg, leg);
    return leg;
}

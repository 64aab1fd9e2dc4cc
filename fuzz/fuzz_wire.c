/* Bytes as traffic: the whole server with its loop, its store in memory, its media, behind a real
 * socket. An input is messages with 0x1e between them, sent one after the other; in them stand for
 * what differs with each run
 *
 *   0x01 a number of this input    0x02 our port    0x03 the server's port    0x04 the tag of the
 * last answer's To
 *
 * Whatever came, a call is parked and hung up behind it as ever, the tables hold together, and
 * nobody is left over. */
#include <arpa/inet.h>
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/inside.h"
#include "base/text.h"
#include "fuzz.h"
#include "sys/clock.h"
#include "sys/log.h"

#define MESSAGES_MAX 24
#define PATIENCE                                                                                   \
    8000 /* milliseconds that an answer to what is in order may take on a busy machine */

static struct app_config config;
static struct app *app;
static int wire;
static unsigned our_port, their_port, number;
static char heard[65536], tag[128];

static void made(void *context, const struct admin_result *result)
{
    *(bool *)context = true;
    assert(result->status == ADMIN_DONE);
}

static void make_range(void)
{
    struct admin_change c = { .what = ADMIN_RANGE_PUT, .fresh = true };
    bool done = false;

    (void)text_copy(c.range.name, sizeof c.range.name, "Fuzz");
    c.range.first = number_read("1000", NULL);
    c.range.last = number_read("1999", NULL);
    (void)text_copy(c.range.destination, sizeof c.range.destination, config.destination);
    app_admin(app, &c, 1, false, &(struct actor){ .name = "fuzz" }, made, &done);
    while (!done)
        app_turn(app, 100);
}

static void open_wire(void)
{
    struct sockaddr_in here = { .sin_family = AF_INET };
    socklen_t size = sizeof here;
    char listener[96];

    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wire = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert(wire >= 0 && bind(wire, (struct sockaddr *)&here, sizeof here) == 0);
    assert(getsockname(wire, (struct sockaddr *)&here, &size) == 0);
    our_port = ntohs(here.sin_port);
    app_listener(app, 0, listener);
    their_port = (unsigned)strtoul(strrchr(listener, ':') + 1, NULL, 10);
    here.sin_port = htons((uint16_t)their_port);
    assert(connect(wire, (struct sockaddr *)&here, sizeof here) == 0);
}

static void start(void)
{
    struct err err = { 0 };

    log_setup(LOG_LEVEL_ERROR, LOG_FORM_TEXT, false);
    assert(config_read_text(&config, "f",
                            "[sip]\nlisten = udp:127.0.0.1:0\ntrusted = 127.0.0.1/32\n"
                            "outbound = sip:127.0.0.1:9\n[media]\nrtp-ports = 42000-43998\n",
                            &err) == 0);
    (void)text_copy(config.store_url, sizeof config.store_url, "memory:");
    config.http.listen[0] = config.http.socket[0] = config.token_file[0] = '\0';
    config.sip.t1 = 20;
    if (app_new(&app, &config, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    app_turn(app, 0);
    make_range();
    open_wire();
}

/* ---- the wire ---- */

/* What has come, if anything did; its To tag is kept for what is sent next. */
static bool hear(void)
{
    ssize_t size = recv(wire, heard, sizeof heard - 1, 0);
    const char *to, *at;

    if (size <= 0)
        return false;
    heard[size] = '\0';
    to = strstr(heard, "\r\nTo:");
    at = to ? strstr(to, ";tag=") : NULL;
    if (at && at < strchr(to + 2, '\r'))
        (void)text_copy_n(tag, sizeof tag, at + 5, strcspn(at + 5, ";\r\n>"));
    return true;
}

static void put_text(char **to, const char *end, const char *text)
{
    size_t length = strlen(text);

    if (*to + length < end) {
        memcpy(*to, text, length);
        *to += length;
    }
}

static void say(const uint8_t *data, size_t size)
{
    static char out[65536];
    char *to = out, text[32];

    for (size_t i = 0; i < size && to < out + sizeof out - 200; i++) {
        text[0] = '\0';
        if (data[i] == 1)
            text_format(text, sizeof text, "%u", number);
        else if (data[i] == 2)
            text_format(text, sizeof text, "%u", our_port);
        else if (data[i] == 3)
            text_format(text, sizeof text, "%u", their_port);
        else if (data[i] == 4)
            put_text(&to, out + sizeof out, tag);
        else
            *to++ = (char)data[i];
        put_text(&to, out + sizeof out, text);
    }
    (void)send(wire, out, (size_t)(to - out), 0); /* too long or empty: then it is not sent */
}

/* Turns of the loop until nothing has come for a moment. */
static void settle(void)
{
    struct pollfd fd = { .fd = wire, .events = POLLIN };

    for (int quiet = 0; quiet < 2;) {
        app_turn(app, 1);
        quiet = poll(&fd, 1, 0) == 1 && hear() ? 0 : quiet + 1;
    }
}

/* ---- a call as ever ---- */

static void await(const char *start, const char *call)
{
    msec until = clock_now() + PATIENCE;

    while (!(hear() && text_starts(heard, start) && strstr(heard, call))) {
        app_turn(app, 1);
        if (clock_now() > until) {
            fprintf(stderr, "no '%s' for %s; last came: %.300s\n", start, call, heard);
            abort();
        }
    }
}

static void request(const char *method, const char *call, unsigned cseq, const char *body)
{
    char text[2000], to[160] = "";

    if (cseq > 1 || text_is(method, "ACK"))
        text_format(to, sizeof to, ";tag=%s", tag);
    text_format(
        text, sizeof text,
        "%s sip:park@127.0.0.1:%u SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%s%u%s\r\n"
        "From: <sip:+49301234@x>;tag=c\r\nTo: <sip:park@x>%s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n"
        "Max-Forwards: 70\r\nContact: <sip:c@127.0.0.1:%u>\r\nReferred-By: <sip:105@x>\r\n%s"
        "Content-Length: %zu\r\n\r\n%s",
        method, their_port, our_port, call, cseq, method, to, call, cseq, method, our_port,
        *body ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
    (void)send(wire, text, strlen(text), 0);
}

static void park_as_ever(void)
{
    static const char sdp[] =
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=audio 9 RTP/AVP 0\r\n";
    char call[32];

    text_format(call, sizeof call, "ever-%u", number);
    request("INVITE", call, 1, sdp);
    await("SIP/2.0 200", call);
    request("ACK", call, 1, "");
    request("BYE", call, 2, "");
    await("SIP/2.0 200", call);
}

/* Everybody is hung up, as an administrator would, so that each input begins with an empty house.
 */
static void empty_house(void)
{
    call_id last = 0;

    for (const struct call *c; (c = calls_next(app->park.calls, last)) != NULL;) {
        struct event hang_up = { .type = EV_DO_HANG_UP, .call = c->id };
        char why[WHY_SIZE];

        last = c->id;
        (void)app_command(app, &hang_up, why); /* refused: it is over already */
    }
    settle();
    park_check(&app->park);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t from = 0;
    unsigned messages = 0;

    if (!app)
        start();
    number++;
    while (from < size && messages++ < MESSAGES_MAX) {
        const uint8_t *end = memchr(data + from, 0x1e, size - from);
        size_t length = end ? (size_t)(end - data) - from : size - from;

        say(data + from, length);
        settle();
        park_check(&app->park);
        from += length + 1;
    }
    empty_house();
    park_as_ever();
    empty_house();
    return 0;
}

/* Messages on their way through the front, and the request that opens a WebSocket: what is one, and
 * what becomes of its topmost Via. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip/front_conn.h"

#define HEAD "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TLS c;branch=z9\r\n"

static void where_a_message_ends(void **state)
{
    static const struct {
        const char *text;
        size_t size;
    } cases[] = {
        { "", 0 },
        { "OPTIONS", 0 },
        { HEAD, 0 },
        { HEAD "\r\n", sizeof HEAD - 1 + 2 }, /* no length: the library refuses it with 400 */
        { HEAD "Content-Length: 3\r\n\r\nab", 0 },
        { HEAD "Content-Length: 3\r\n\r\nabcd", sizeof HEAD - 1 + 21 + 3 },
        { HEAD "l:3\r\n\r\nabcd", sizeof HEAD - 1 + 7 + 3 },
        { HEAD "CONTENT-LENGTH \t:  0\r\n\r\nabcd", sizeof HEAD - 1 + 24 },
        { HEAD "Content-Length: -1\r\n\r\n", FRONT_NO_MESSAGE },
        { HEAD "Content-Length: 99999999999999999999\r\n\r\n", FRONT_NO_MESSAGE },
        { HEAD "Content-Length: many\r\n\r\n", FRONT_NO_MESSAGE },
        { "\r\n", 2 },
        { "\r\n\r\n" HEAD, 4 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (front_message(cases[i].text, strlen(cases[i].text)) != cases[i].size)
            fail_msg("'%s': %zu, and should be %zu", cases[i].text,
                     front_message(cases[i].text, strlen(cases[i].text)), cases[i].size);
}

static void endless_headers_are_no_message(void **state)
{
    static char text[FRONT_MESSAGE_MAX + 2];

    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(front_message(text, FRONT_MESSAGE_MAX), 0);
    assert_true(front_message(text, sizeof text) == FRONT_NO_MESSAGE);
}

static void one_frame_is_one_message(void **state)
{
    static const struct {
        const char *text;
        bool whole, lacks;
        size_t cut; /* what does not count */
    } cases[] = {
        { HEAD "\r\nbody", true, true, 0 },
        { HEAD "Content-Length: 4\r\n\r\nbody", true, false, 0 },
        { HEAD "Content-Length: 3\r\n\r\nbody", true, false, 1 },
        { HEAD "Content-Length: 5\r\n\r\nbody", false, false, 0 },
        { HEAD, false, false, 0 },
        { "\r\n\r\n", true, false, 0 },
        { "", false, false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = strlen(cases[i].text), used;
        bool lacks, whole = front_whole(cases[i].text, length, &used, &lacks);

        if (whole != cases[i].whole ||
            (whole && (lacks != cases[i].lacks || used != length - cases[i].cut)))
            fail_msg("'%s': whole %d, lacks %d, %zu", cases[i].text, whole, lacks, used);
    }
}

static void only_the_topmost_via_changes(void **state)
{
    static const struct via_change request = { .transport = "TCP" };
    static const struct via_change answer = { .transport = "WSS",
                                              .received = "192.0.2.7",
                                              .rport = 4711 };
    static const struct via_change ours = { .transport = "TLS", .sent_by = "park.example:5061" };
    static const struct {
        const char *from, *to;
        const struct via_change *change;
        bool add;
    } cases[] = {
        { "A b SIP/2.0\r\nVia: SIP/2.0/WSS x.invalid;branch=1\r\nVia: SIP/2.0/WSS y\r\n\r\n",
          "A b SIP/2.0\r\nVia: SIP/2.0/TCP x.invalid;branch=1\r\nVia: SIP/2.0/WSS y\r\n\r\n",
          &request, false },
        { "A b SIP/2.0\r\nTo: a\r\nv : SIP / 2.0 / TLS  x , SIP/2.0/TLS y\r\n\r\n",
          "A b SIP/2.0\r\nTo: a\r\nv : SIP / 2.0 / TCP  x , SIP/2.0/TLS y\r\n\r\n", &request,
          false },
        { "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP x;rport=1;received=127.1.2.3;branch=b\r\n\r\n",
          "SIP/2.0 200 OK\r\nVia: SIP/2.0/WSS x;rport=4711;received=192.0.2.7;branch=b\r\n\r\n",
          &answer, false },
        { "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP x;branch=b;rports=2\r\n\r\n",
          "SIP/2.0 200 OK\r\nVia: SIP/2.0/WSS x;branch=b;rports=2\r\n\r\n", &answer, false },
        { "BYE b SIP/2.0\r\nVia: SIP/2.0/TCP 127.9.9.9:1;branch=b;rport\r\n\r\nVia: z",
          "BYE b SIP/2.0\r\nVia: SIP/2.0/TLS park.example:5061;branch=b;rport\r\n\r\nVia: z", &ours,
          false },
        { "A b SIP/2.0\r\nVia: SIP/2.0/WS x\r\n\r\nbody",
          "A b SIP/2.0\r\nVia: SIP/2.0/TCP x\r\nContent-Length: 4\r\n\r\nbody", &request, true },
        { "A b SIP/2.0\r\nViax: SIP/2.0/WS x\r\n\r\n", "A b SIP/2.0\r\nViax: SIP/2.0/WS x\r\n\r\n",
          &request, false },
        { "A b SIP/2.0\r\nVia: nonsense\r\n\r\n", "A b SIP/2.0\r\nVia: nonsense\r\n\r\n", &request,
          false },
        { "\r\n", "\r\n", &request, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes out = { NULL, 0, 0 };

        assert_true(front_rewrite(&out, cases[i].from, strlen(cases[i].from), cases[i].change,
                                  cases[i].add));
        if (out.length != strlen(cases[i].to) || memcmp(out.at, cases[i].to, out.length) != 0)
            fail_msg("case %zu: '%.*s'", i, (int)out.length, out.at);
        bytes_done(&out);
    }
}

static void which_transport_it_names(void **state)
{
    static const char wss[] = "A b SIP/2.0\r\nVia: SIP/2.0/wss x\r\n\r\n";
    static const char pigeon[] = "A b SIP/2.0\r\nVia: SIP/2.0/carrierpigeon x\r\n\r\n";
    char name[8];

    (void)state;
    front_transport(wss, sizeof wss - 1, name);
    assert_string_equal(name, "wss");
    front_transport(pigeon, sizeof pigeon - 1, name);
    assert_string_equal(name, "");
}

#define UP                                                                                         \
    "GET /any HTTP/1.1\r\nHost: park.example:443\r\nUpgrade: WebSocket\r\n"                        \
    "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define SIP "Sec-WebSocket-Protocol: sip\r\n"

static void who_may_open_a_websocket(void **state)
{
    static const struct sip_tls any = { .origin_count = 0 },
                                named = { .origin_count = 1,
                                          .origins = { "https://phones.example" } };
    static const struct {
        int code;
        const char *request;
        const struct sip_tls *config;
    } cases[] = {
        { 101, UP KEY SIP "\r\n", &any },
        { 101, UP KEY "Sec-WebSocket-Protocol: chat\r\n" SIP "\r\n", &any },
        { 101, UP KEY "sec-websocket-protocol: chat, sip\r\n\r\n", &any },
        { 101, UP KEY SIP "Origin: https://park.example\r\n\r\n", &any },
        { 101, UP KEY SIP "Origin: https://PARK.example:8443\r\n\r\n", &any },
        { 101, UP KEY SIP "Origin: https://phones.example\r\n\r\n", &named },
        { 403, UP KEY SIP "Origin: https://park.example\r\n\r\n", &named },
        { 403, UP KEY SIP "Origin: https://park.example.evil\r\n\r\n", &any },
        { 403, UP KEY SIP "Origin: https://evil.example\r\n\r\n", &any },
        { 403, UP KEY SIP "Origin: null\r\n\r\n", &any },
        { 403, UP KEY SIP "Origin: https://phones.example\r\nOrigin: https://evil\r\n\r\n",
          &named },
        { 400, UP KEY "\r\n", &any },
        { 400, UP KEY "Sec-WebSocket-Protocol: sips\r\n\r\n", &any },
        { 400, UP SIP "\r\n", &any },
        { 400, UP "Sec-WebSocket-Key: short\r\n" SIP "\r\n", &any },
        { 400, "POST / HTTP/1.1\r\n\r\n", &any },
        { 400, "GET / HTTP/1.0\r\n\r\n", &any },
        { 426, "GET / HTTP/1.1\r\nHost: park.example\r\n\r\n", &any },
        { 426, "GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", &any },
    };
    char accept[32];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int code = front_ws_judge(cases[i].request, cases[i].config, accept);

        if (code != cases[i].code)
            fail_msg("%d, and should be %d: %s", code, cases[i].code, cases[i].request);
    }
    assert_int_equal(front_ws_judge(UP KEY SIP "\r\n", &any, accept), 101);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); /* RFC 6455 1.3 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_a_message_ends),
        cmocka_unit_test(endless_headers_are_no_message),
        cmocka_unit_test(one_frame_is_one_message),
        cmocka_unit_test(only_the_topmost_via_changes),
        cmocka_unit_test(which_transport_it_names),
        cmocka_unit_test(who_may_open_a_websocket),
    };

    return cmocka_run_group_tests_name("front_text", tests, NULL, NULL);
}

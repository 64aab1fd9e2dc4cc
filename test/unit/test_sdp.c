/* Offers that are read and answers that are written: the rows of sip.md 6.1 and 8.8, MD-01 to
 * MD-05. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip/sdp.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
#define BODY HEAD "c=IN IP4 192.0.2.1\r\nt=0 0\r\n"
#define AUDIO "m=audio 5004 RTP/AVP 0\r\n"

static const struct session_local local = { .rtp = { "198.51.100.9", 4000 }, .rtcp_port = 4001 };
static const struct sdp_origin origin = { .id = 77, .version = 1 };

static void take(const char *text, struct session_offer *offer)
{
    (void)sdp_take(text, strlen(text), NULL, offer);
}

/* The answer, or "" when the offer cannot be agreed with. */
static const char *answer(const char *text)
{
    static char out[SDP_TEXT_SIZE];
    struct session_offer offer;
    struct session_wish wish = { .prefer = CODEC_NONE };
    struct session session;

    out[0] = '\0';
    take(text, &offer);
    if (session_agree(&offer, &wish, &session) == SESSION_AGREED)
        assert_true(
            sdp_make_answer(out, sizeof out, text, strlen(text), &session, &local, &origin));
    return out;
}

/* clang-format off */
static void test_direction(void **state)
{
    static const struct { const char *offer; enum direction theirs; const char *ours; } cases[] = {
        { BODY AUDIO,                                             DIR_SENDRECV, "a=sendrecv" },
        { BODY AUDIO "a=sendrecv\r\n",                            DIR_SENDRECV, "a=sendrecv" },
        { BODY AUDIO "a=recvonly\r\n",                            DIR_RECVONLY, "a=sendonly" },
        { BODY AUDIO "a=sendonly\r\n",                            DIR_SENDONLY, "a=recvonly" },
        { BODY AUDIO "a=inactive\r\n",                            DIR_INACTIVE, "a=inactive" },
        { BODY "a=sendonly\r\n" AUDIO,                            DIR_SENDONLY, "a=recvonly" },
        { BODY "a=sendonly\r\n" AUDIO "a=sendrecv\r\n",           DIR_SENDRECV, "a=sendrecv" },
        { HEAD "c=IN IP4 0.0.0.0\r\nt=0 0\r\n" AUDIO,             DIR_SENDONLY, "a=recvonly" },
        { HEAD "c=IN IP4 0.0.0.0\r\nt=0 0\r\n" AUDIO "a=recvonly\r\n", DIR_INACTIVE, "a=inactive" },
        { HEAD "c=IN IP6 ::\r\nt=0 0\r\n" AUDIO,                  DIR_SENDONLY, "a=recvonly" },
    };
    struct session_offer offer;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        take(cases[i].offer, &offer);
        assert_int_equal(offer.direction, cases[i].theirs);
        assert_non_null(strstr(answer(cases[i].offer), cases[i].ours));
        assert_null(strstr(answer(cases[i].offer), "0.0.0.0"));
        assert_non_null(strstr(answer(cases[i].offer), "c=IN IP4 198.51.100.9\r\n"));
    }
}

static void test_media_lines(void **state)
{
    static const struct { const char *offer, *lines; } cases[] = {
        { BODY AUDIO, "m=audio 4000 RTP/AVP 0\r\n" },
        { BODY "m=video 5006 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n" AUDIO,
          "m=video 0 RTP/AVP 96\r\nm=audio 4000 RTP/AVP 0\r\n" },
        { BODY AUDIO "m=video 5006 UDP/TLS/RTP/SAVPF 96 97\r\nm=audio 5008 RTP/SAVP 0 8\r\n",
          "m=audio 4000 RTP/AVP 0\r\nm=video 0 UDP/TLS/RTP/SAVPF 96 97\r\nm=audio 0 RTP/SAVP 0 8\r\n" },
        { BODY "m=audio 0 RTP/AVP 8\r\n" AUDIO, "m=audio 0 RTP/AVP 8\r\nm=audio 4000 RTP/AVP 0\r\n" },
        { BODY "m=application 9 TCP/BFCP *\r\n" AUDIO "m=image 5010 udptl t38\r\n",
          "m=application 0 TCP/BFCP *\r\nm=audio 4000 RTP/AVP 0\r\nm=image 0 udptl t38\r\n" },
        { BODY "m=audio 5004/2 RTP/AVP 0\r\n", "m=audio 4000 RTP/AVP 0\r\n" },
        { "v=0\no=- 1 1 IN IP4 1.2.3.4\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 5004 RTP/AVP 0\nm=x 7 y z\n",
          "m=audio 4000 RTP/AVP 0\r\nm=x 0 y z\r\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *line = answer(cases[i].offer);
        char lines[1024] = "";

        while ((line = strstr(line, "\nm=")) != NULL) {
            line++;
            text_append(lines, sizeof lines, "%.*s", (int)(strchr(line, '\n') - line + 1), line);
        }
        assert_string_equal(lines, cases[i].lines);
    }
}

static void test_codecs(void **state)
{
    static const struct { const char *offer; int count; enum codec first; int payload_type, dtmf; const char *in_answer; }
    cases[] = {
        { BODY "m=audio 5004 RTP/AVP 8 0 9\r\n", 3, CODEC_PCMA, 8, -1, "m=audio 4000 RTP/AVP 8\r\n" },
        { BODY "m=audio 5004 RTP/AVP 9 101\r\na=rtpmap:101 telephone-event/8000\r\n", 1, CODEC_G722, 9, 101,
          "m=audio 4000 RTP/AVP 9 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\n" },
        { BODY "m=audio 5004 RTP/AVP 111 107 96\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:107 PCMU/8000\r\n"
          "a=rtpmap:96 telephone-event/8000\r\n", 2, CODEC_OPUS, 111, 96,
          "m=audio 4000 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n" },
        { BODY "m=audio 5004 RTP/AVP 107 96\r\na=rtpmap:107 PCMU/8000\r\n"
          "a=rtpmap:96 telephone-event/8000\r\n", 1, CODEC_PCMU, 107, 96,
          "m=audio 4000 RTP/AVP 107 96\r\na=rtpmap:107 PCMU/8000\r\n" },
        { BODY "m=audio 5004 RTP/AVP 96\r\na=rtpmap:96 pcma/8000/1\r\n", 1, CODEC_PCMA, 96, -1, "RTP/AVP 96\r\n" },
        { BODY "m=audio 5004 RTP/AVP 18 3\r\n", 0, CODEC_NONE, 0, -1, NULL },
        { BODY "m=audio 5004 RTP/AVP 96 13\r\n", 0, CODEC_NONE, 0, -1, NULL }, /* no rtpmap for 96 */
        { BODY "m=audio 5004 RTP/AVP 96\r\na=rtpmap:96 PCMU/16000\r\n", 0, CODEC_NONE, 0, -1, NULL },
        { BODY "m=audio 5004 RTP/AVP 0 97\r\na=rtpmap:97 telephone-event/48000\r\n", 1, CODEC_PCMU, 0, -1, "AVP 0\r\n" },
    };
    struct session_offer offer;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        take(cases[i].offer, &offer);
        assert_int_equal(offer.codec_count, cases[i].count);
        assert_int_equal(offer.codecs[0].codec, cases[i].first);
        assert_int_equal(offer.codecs[0].payload_type, cases[i].payload_type);
        assert_int_equal(offer.dtmf_payload_type, cases[i].dtmf);
        if (cases[i].in_answer)
            assert_non_null(strstr(answer(cases[i].offer), cases[i].in_answer));
        else
            assert_int_equal(offer.warning, 305);
    }
}

static void test_unusable(void **state)
{
    static const struct { const char *offer; bool result; unsigned warning; } cases[] = {
        { BODY "m=video 5006 RTP/AVP 96\r\n",               true, 304 },
        { BODY,                                             true, 304 },
        { BODY "m=audio 0 RTP/AVP 0\r\n",                   true, 304 },
        { BODY "m=audio 5004 RTP/SAVP 0\r\n",               true, 302 },
        { BODY "m=audio 5004 UDP/TLS/RTP/SAVPF 0\r\n",      true, 302 },
        { BODY "m=audio 65536 RTP/AVP 0\r\n",               true, 399 },
        { HEAD "c=IN IP4 pbx.example\r\nt=0 0\r\n" AUDIO,   true, 399 },
        { HEAD "c=IN IP4 224.2.1.1/127\r\nt=0 0\r\n" AUDIO, true, 399 },
        { HEAD "t=0 0\r\n" AUDIO,                           false, 399 }, /* no c= anywhere */
        { BODY "m=audio -5 RTP/AVP 0\r\n",                  false, 399 },
        { BODY "m=audio\r\n",                               false, 399 },
        { "",                                               false, 399 },
        { "v=1\r\n",                                        false, 399 },
        { BODY "m=audio 5004 T/AVP \xff\xff\r\n",           false, 399 }, /* the parser would never end */
        { BODY "m=audio 5004 RTP/AVP 0  8\r\n",             false, 399 },
        { BODY "m=audio 5004/ 2RTP/AVP 8\r\n",               false, 399 },
        { BODY "m=audio 5004 RTP/AVP 300\r\n",              false, 399 },
        { "hello",                                          false, 399 },
    };
    struct session_offer offer;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].offer;

        if (sdp_take(text, strlen(text), NULL, &offer) != cases[i].result ||
            offer.warning != cases[i].warning)
            fail_msg("%u for %s", offer.warning, text);
        assert_true(offer.present);
        assert_string_equal(answer(text), "");
    }
}

static void test_tolerated(void **state)
{
    static const char *const offers[] = {
        "v=0\r\no=- 123456789012345678901234567890 1 IN IP4 h\r\ns=a b c\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" AUDIO,
        "v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 192.0.2.1\r\n" AUDIO,
        HEAD "t=0 0\r\n" AUDIO "c=IN IP4 192.0.2.1\r\n",
        BODY AUDIO "a=fmtp:0 nonsense\r\na=ptime:0\r\na=maxptime:1000\r\nb=AS:64\r\n",
        HEAD "c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 999 RTP/AVP 0\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++)
        if (!strstr(answer(offers[i]), "m=audio 4000 RTP/AVP 0"))
            fail_msg("not answered: %s", offers[i]);
}

static void test_ptime(void **state)
{
    static const struct { const char *lines, *ours; } cases[] = {
        { "", "a=ptime:20\r\n" },
        { "a=ptime:10\r\n", "a=ptime:10\r\n" },
        { "a=ptime:30\r\n", "a=ptime:30\r\n" },
        { "a=ptime:40\r\na=maxptime:30\r\n", "a=ptime:30\r\n" },
        { "a=ptime:60\r\n", "a=ptime:60\r\n" },
        { "a=ptime:999\r\n", "a=ptime:20\r\n" },
    };
    char offer[512];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text_format(offer, sizeof offer, "%s%s", BODY AUDIO, cases[i].lines);
        assert_non_null(strstr(answer(offer), cases[i].ours));
    }
}

static void test_rtcp(void **state)
{
    static const struct { const char *lines; const char *host; unsigned port; bool mux; } cases[] = {
        { "", "192.0.2.1", 5005, false },
        { "a=rtcp:6001\r\n", "192.0.2.1", 6001, false },
        { "a=rtcp:6001 IN IP4 192.0.2.77\r\n", "192.0.2.77", 6001, false },
        { "a=rtcp:6001 IN IP4 name.example\r\n", "192.0.2.1", 6001, false },
        { "a=rtcp:x\r\n", "192.0.2.1", 5005, false },
        { "a=rtcp-mux\r\n", "192.0.2.1", 5005, true },
    };
    struct session_offer offer;
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text_format(text, sizeof text, "%s%s", BODY AUDIO, cases[i].lines);
        take(text, &offer);
        assert_string_equal(offer.rtcp.host, cases[i].host);
        assert_int_equal(offer.rtcp.port, cases[i].port);
        assert_int_equal(offer.rtcp_mux, cases[i].mux);
        assert_int_equal(strstr(answer(text), "a=rtcp-mux") != NULL, cases[i].mux);
    }
}
/* clang-format on */

static char *many(const char *head, const char *line, unsigned n)
{
    size_t size = strlen(head) + n * strlen(line) + 1;
    char *text = malloc(size);

    assert_non_null(text);
    text_copy(text, size, head);
    for (unsigned i = 0; i < n; i++)
        memcpy(text + strlen(head) + i * strlen(line), line, strlen(line) + 1);
    return text;
}

static void test_too_much(void **state)
{
    static const struct {
        const char *line;
        unsigned n;
        bool result;
    } cases[] = {
        { "a=x\r\n", SDP_ATTRIBUTES_MAX, true },
        { "a=x\r\n", SDP_ATTRIBUTES_MAX + 1, false },
        { "m=video 1 RTP/AVP 99\r\n", SDP_MEDIA_MAX - 1, true },
        { "m=video 1 RTP/AVP 99\r\n", SDP_MEDIA_MAX, false },
        { "a=fmtp:0 0123456789012345678901234567890123456789012345678901234567890123456789\r\n",
          250, false },
    };
    struct session_offer offer;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = many(BODY AUDIO, cases[i].line, cases[i].n);

        assert_int_equal(sdp_take(text, strlen(text), NULL, &offer), cases[i].result);
        assert_int_equal(offer.usable, cases[i].result);
        if (cases[i].result)
            assert_non_null(strstr(answer(text), "m=audio 4000"));
        free(text);
    }
    assert_int_equal(sdp_take("v=0\r\n\0o", 7, NULL, &offer), false);
}

static void test_offer(void **state)
{
    char text[SDP_TEXT_SIZE];
    struct session_local v6 = { .rtp = { "2001:db8::9", 4000 }, .rtcp_port = 4005 };

    (void)state;
    assert_true(sdp_make_offer(text, sizeof text, CODEC_PCMA, false, NULL, &local, &origin));
    assert_non_null(strstr(text, "m=audio 4000 RTP/AVP 8 0 9 101\r\n"));
    assert_true(sdp_make_offer(text, sizeof text, CODEC_G722, true, NULL, &local, &origin));
    assert_non_null(strstr(text, "m=audio 4000 RTP/AVP 0 8\r\n"));
    assert_true(sdp_make_offer(text, sizeof text, CODEC_NONE, false, NULL, &v6, &origin));
    assert_non_null(strstr(text, "c=IN IP6 2001:db8::9\r\n"));
    assert_non_null(strstr(text, "a=rtcp:4005\r\n"));
    assert_false(sdp_make_offer(text, 40, CODEC_NONE, false, NULL, &local, &origin));
}

static void test_same(void **state)
{
    char a[SDP_TEXT_SIZE], b[SDP_TEXT_SIZE];
    struct sdp_origin later = { .id = 77, .version = 2 };

    (void)state;
    sdp_make_offer(a, sizeof a, CODEC_PCMA, false, NULL, &local, &origin);
    sdp_make_offer(b, sizeof b, CODEC_PCMA, false, NULL, &local, &later);
    assert_string_not_equal(a, b);
    assert_true(sdp_same(a, b));
    sdp_make_offer(b, sizeof b, CODEC_PCMU, false, NULL, &local, &later);
    assert_false(sdp_same(a, b));
}

#define PRINT                                                                                      \
    "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:"   \
    "1E:1F"
#define BROWSER                                                                                    \
    HEAD "t=0 0\r\na=group:BUNDLE aud\r\na=msid-semantic: WMS\r\n"                                 \
         "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 110 126\r\nc=IN IP4 0.0.0.0\r\n"                    \
         "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 " PRINT    \
         "\r\na=setup:actpass\r\na=mid:aud\r\na=sendrecv\r\na=rtcp-mux\r\n"                        \
         "a=rtpmap:111 opus/48000/2\r\na=rtpmap:110 telephone-event/48000\r\n"                     \
         "a=rtpmap:126 telephone-event/8000\r\na=candidate:1 1 udp 1 x.local 5 typ host\r\n"

static const struct session_local web = {
    .rtp = { "198.51.100.9", 4000 },
    .rtcp_port = 4000,
    .dtls = { .fingerprint = { { .hash = HASH_SHA256, .bytes = { 0xAB, 0xCD } } },
              .fingerprint_count = 1,
              .setup = SETUP_ACTIVE },
    .ice = { .present = true, .lite = true, .ufrag = "OURS", .pwd = "ourpasswordof24characters" }
};

/* MD-11, MD-12: what a browser offers is read, and answered so that it can take it. */
static void test_browser(void **state)
{
    static const char *const wanted[] = {
        "\r\na=ice-lite\r\n",
        "\r\na=group:BUNDLE aud\r\n",
        "\r\nm=audio 4000 UDP/TLS/RTP/SAVPF 111 110\r\n",
        "\r\na=mid:aud\r\n",
        "\r\na=rtcp-mux\r\n",
        "\r\na=setup:active\r\n",
        "\r\na=ice-ufrag:OURS\r\n",
        "\r\na=ice-pwd:ourpasswordof24characters\r\n",
        "\r\na=fingerprint:sha-256 AB:CD:00:00",
        "\r\na=candidate:1 1 UDP 2130706431 198.51.100.9 4000 typ host\r\n",
        "\r\na=end-of-candidates\r\n",
        "\r\na=sendrecv\r\n",
        "telephone-event/48000\r\n"
    };
    struct session_wish any = { .prefer = CODEC_NONE };
    struct session_offer offer;
    struct session agreed;
    char text[SDP_TEXT_SIZE];

    (void)state;
    take(BROWSER, &offer);
    assert_true(offer.usable && offer.bundle && offer.ice.present && !offer.ice.lite);
    assert_int_equal(offer.dtls.setup, SETUP_ACTPASS);
    assert_int_equal(offer.dtls.fingerprint[0].bytes[31], 0x1F);
    assert_int_equal(offer.direction, DIR_SENDRECV);
    assert_string_equal(offer.mid, "aud");
    assert_int_equal(session_agree(&offer, &any, &agreed), SESSION_AGREED);
    assert_int_equal(agreed.keying, KEYING_DTLS);
    assert_true(
        sdp_make_answer(text, sizeof text, BROWSER, strlen(BROWSER), &agreed, &web, &origin));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(text, wanted[i]))
            fail_msg("no %s in %s", wanted[i], text);
    assert_true(sdp_make_web_offer(text, sizeof text, CODEC_NONE, &web, &origin));
    take(text, &offer); /* what we offer we would take ourselves */
    assert_true(offer.usable && offer.bundle && offer.ice.lite && offer.rtcp_mux);
    assert_int_equal(offer.dtls.setup, SETUP_ACTPASS);
    assert_int_equal(offer.codecs[0].codec, CODEC_OPUS);
    assert_int_equal(offer.codec_count, 4);
}

/* What is not as it should be is not there; without a fingerprint there is nothing to agree on. */
static void test_browser_refused(void **state)
{
    static const char *const rows[] = { "sha-256 00:01", "sha-1 " PRINT, "sha-256 " PRINT ":00",
                                        "sha-256", "md5 00" };
    struct session_offer offer;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];

        text_format(text, sizeof text,
                    BODY "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=setup:actpass\r\na=fingerprint:%s\r\n",
                    rows[i]);
        take(text, &offer);
        if (offer.usable)
            fail_msg("%s", rows[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_direction), cmocka_unit_test(test_media_lines),
        cmocka_unit_test(test_codecs),    cmocka_unit_test(test_unusable),
        cmocka_unit_test(test_tolerated), cmocka_unit_test(test_ptime),
        cmocka_unit_test(test_rtcp),      cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_offer),     cmocka_unit_test(test_same),
        cmocka_unit_test(test_browser),   cmocka_unit_test(test_browser_refused),
    };

    return cmocka_run_group_tests_name("sdp", tests, NULL, NULL);
}

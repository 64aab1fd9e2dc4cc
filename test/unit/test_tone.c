/* The test phone's voice, ear and reading: what it hears and reads decides whether a self-test can
 * be believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/phone_msg.h"
#include "ctl/tone.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Second-long pieces of sound for the ear. */
static void hear(struct ear *e, const int16_t *samples, size_t count)
{
    ear_open(e);
    for (size_t at = 0; at < count; at += 160)
        ear_hear(e, samples + at, 160);
}

static void knows_every_tone(void **state)
{
    int16_t samples[TONE_RATE], coded[TONE_RATE];

    (void)state;
    for (int tone = 0; tone < TONES; tone++) {
        struct voice v = { .tone = tone };
        struct ear e;

        voice_speak(&v, samples, TONE_RATE);
        for (int law = 0; law < 2; law++) {
            for (int i = 0; i < TONE_RATE; i++)
                coded[i] = law ? alaw_decode(alaw_encode(samples[i]))
                               : ulaw_decode(ulaw_encode(samples[i]));
            hear(&e, coded, TONE_RATE);
            assert_int_equal(ear_steady(&e), tone);
            assert_int_equal(e.tones[tone], 10);
            assert_int_equal(e.other + e.silent, 0);
        }
    }
}

static void tells_sounds_apart(void **state)
{
    struct voice one = { .tone = 1 }, two = { .tone = 5 }, none = { .tone = -1 };
    int16_t a[TONE_RATE], b[TONE_RATE];
    uint32_t noise = 1;
    struct ear e;

    (void)state;
    voice_speak(&none, a, TONE_RATE);
    hear(&e, a, TONE_RATE);
    assert_int_equal(ear_steady(&e), EAR_SILENCE);

    for (int i = 0; i < TONE_RATE; i++) /* the least that G.711 can say is silence too */
        a[i] = ulaw_decode(ulaw_encode((int16_t)(i % 2 ? 8 : -8)));
    hear(&e, a, TONE_RATE);
    assert_int_equal(ear_steady(&e), EAR_SILENCE);

    for (int i = 0; i < TONE_RATE; i++)
        a[i] = (int16_t)((int)((noise = noise * 1664525 + 1013904223) >> 19) - 4096);
    hear(&e, a, TONE_RATE);
    assert_int_equal(ear_steady(&e), EAR_OTHER);

    voice_speak(&one, a, TONE_RATE); /* two who talk at once are neither of the two */
    voice_speak(&two, b, TONE_RATE);
    for (int i = 0; i < TONE_RATE; i++)
        a[i] = (int16_t)(a[i] + b[i]);
    hear(&e, a, TONE_RATE);
    assert_int_equal(ear_steady(&e), EAR_OTHER);
}

/* A note of the scale next to a tone must not pass for it: music would be taken for a phone. */
static void notes_are_no_tones(void **state)
{
    static const double notes[] = { 440.0,   466.16,  587.33,  622.25, 698.46,  739.99,
                                    830.61,  880.0,   987.77,  1046.5, 1174.66, 1244.51,
                                    1396.91, 1479.98, 1661.22, 1760.0 };
    int16_t samples[TONE_RATE];
    struct ear e;

    (void)state;
    for (size_t n = 0; n < COUNT(notes); n++) {
        for (int i = 0; i < TONE_RATE; i++)
            samples[i] =
                (int16_t)(6000 * __builtin_sin(6.283185307179586 * notes[n] * i / TONE_RATE));
        hear(&e, samples, TONE_RATE);
        assert_int_equal(ear_steady(&e), EAR_OTHER);
    }
}

static void needs_three_blocks(void **state)
{
    struct voice v = { .tone = 2 };
    int16_t samples[EAR_BLOCK];
    struct ear e;

    (void)state;
    ear_open(&e);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ear_steady(&e), EAR_NOTHING);
        voice_speak(&v, samples, EAR_BLOCK);
        ear_hear(&e, samples, EAR_BLOCK);
    }
    assert_int_equal(ear_steady(&e), 2);
    ear_hear(&e, (int16_t[EAR_BLOCK]){ 0 }, EAR_BLOCK);
    assert_int_equal(ear_steady(&e), EAR_NOTHING);
}

/* Values of ITU-T G.711, tables 1a and 2a: 16-bit values of the ends of segments. */
static void codes_as_the_standard_says(void **state)
{
    static const struct {
        int16_t sample;
        uint8_t ulaw, alaw;
    } table[] = {
        { 0, 0xFF, 0xD5 },     { 3, 0xFF, 0xD5 },     { 4, 0xFE, 0xD5 },      { 12, 0xFD, 0xD5 },
        { 15, 0xFD, 0xD5 },    { 16, 0xFD, 0xD4 },    { -1, 0x7F, 0x55 },     { -16, 0x7D, 0x55 },
        { -17, 0x7D, 0x54 },   { 32767, 0x80, 0xAA }, { -32768, 0x00, 0x2A }, { 1000, 0xCE, 0xFA },
        { -1000, 0x4E, 0x7A },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(ulaw_encode(table[i].sample), table[i].ulaw);
        assert_int_equal(alaw_encode(table[i].sample), table[i].alaw);
    }
    for (int byte = 0; byte < 256; byte++) {
        assert_int_equal(alaw_encode(alaw_decode((uint8_t)byte)), byte);
        if (byte != 0x7F) /* the other zero */
            assert_int_equal(ulaw_encode(ulaw_decode((uint8_t)byte)), byte);
    }
}

static bool read(struct msg *m, const char *text)
{
    return msg_parse(m, text, strlen(text));
}

#define HEADERS                                                                                    \
    "Via: SIP/2.0/UDP a;branch=z1\r\nf: <sip:x@y>;tag=1\r\nt: \"T\" <sip:z@w;user=phone>\r\ni: "   \
    "c@d\r\n"

static void reads_messages(void **state)
{
    static struct msg m;
    char text[64];

    (void)state;
    assert_true(read(&m, "INVITE sip:7@h SIP/2.0\r\n" HEADERS
                         "CSeq: 3 INVITE\r\nSubject: a\r\n  b\r\n\r\nbody"));
    assert_true(m.is_request);
    assert_string_equal(m.method, "INVITE");
    assert_string_equal(m.uri, "sip:7@h");
    assert_int_equal(m.cseq, 3);
    assert_string_equal(m.body, "body");
    assert_string_equal(msg_header(&m, "subject", 0), "a    b");
    assert_string_equal(msg_header(&m, "Call-ID", 0), "c@d");
    assert_null(msg_header(&m, "Via", 1));
    assert_true(msg_param(msg_header(&m, "From", 0), "tag", text, sizeof text));
    assert_string_equal(text, "1");
    assert_false(
        msg_param(msg_header(&m, "To", 0), "user", text, sizeof text)); /* that is the URI's */
    assert_true(msg_uri(msg_header(&m, "To", 0), text, sizeof text));
    assert_string_equal(text, "sip:z@w;user=phone");

    assert_true(read(&m, "SIP/2.0 486 Busy Here\r\n" HEADERS "CSeq: 3 INVITE\r\n\r\n"));
    assert_false(m.is_request);
    assert_int_equal(m.status, 486);
    assert_string_equal(m.reason, "Busy Here");
    assert_string_equal(m.method, "INVITE");

    assert_false(read(&m, ""));
    assert_false(read(&m, "\r\n\r\n"));
    assert_false(read(&m, "INVITE sip:7@h HTTP/1.1\r\n" HEADERS "CSeq: 3 INVITE\r\n\r\n"));
    assert_false(read(&m, "BYE sip:7@h SIP/2.0\r\n" HEADERS "CSeq: 3 INVITE\r\n\r\n"));
    assert_false(read(&m, "INVITE sip:7@h SIP/2.0\r\n" HEADERS "\r\n"));
    assert_false(read(&m, "INVITE sip:7@h SIP/2.0\r\n" HEADERS "CSeq: 3 INVITE"));
    assert_false(read(&m, "SIP/2.0 999 X\r\n" HEADERS "CSeq: 3 INVITE\r\n\r\n"));
}

static void reads_audio(void **state)
{
    static const struct {
        const char *sdp, *host;
        unsigned port;
        int payload_type;
        bool inactive;
    } table[] = {
        { "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 4000 RTP/AVP 0 8\r\n", "1.2.3.4", 4000, 0, false },
        { "c=IN IP4 1.2.3.4\nm=audio 4000 RTP/AVP 9 8 101\nc=IN IP6 ::1\n", "::1", 4000, 8, false },
        { "c=IN IP4 1.2.3.4\nm=video 9 RTP/AVP 0\nm=audio 6 RTP/AVP 96\na=sendonly\n", "1.2.3.4", 6,
          -1, true },
        { "c=IN IP4 1.2.3.4\nm=audio 5 RTP/AVP 0\nm=audio 7 RTP/AVP 8\na=inactive\n", "1.2.3.4", 5,
          0, false },
        { "c=IN IP4 1.2.3.4\nm=audio 0 RTP/AVP 0\n", NULL, 0, 0, false },
        { "m=audio 4000 RTP/AVP 0\n", NULL, 0, 0, false },
        { "", NULL, 0, 0, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct msg_audio a;

        assert_int_equal(msg_audio_of(table[i].sdp, &a), table[i].host != NULL);
        if (!table[i].host)
            continue;
        assert_string_equal(a.host, table[i].host);
        assert_int_equal(a.port, table[i].port);
        assert_int_equal(a.payload_type, table[i].payload_type);
        assert_int_equal(a.inactive, table[i].inactive);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_every_tone),
        cmocka_unit_test(tells_sounds_apart),
        cmocka_unit_test(notes_are_no_tones),
        cmocka_unit_test(needs_three_blocks),
        cmocka_unit_test(codes_as_the_standard_says),
        cmocka_unit_test(reads_messages),
        cmocka_unit_test(reads_audio),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Relayed audio: tones survive every pair of codecs, times stay right over loss, pauses and new
 * streams, and nobody can push more through than speech is long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "media/relay.h"
#include "media_phone.h"

/* A sender's stream, packet by packet. */
struct sender {
    struct phone phone; /* for its codec's state only */
    uint8_t payload[RTP_PAYLOAD_MAX];
    double phase;
    uint32_t lasts; /* the packet, by its own clock */
    struct rtp_packet packet;
};

static void sender_init(struct sender *s, enum codec codec)
{
    *s = (struct sender){ .phone = { .codec = codec, .payload_type = codec_payload_type(codec) },
                          .packet = { .ssrc = 7, .timestamp = 0xFFFFFF00 } };
    g722_encoder_init(&s->phone.encoder, 8000);
}

/* The next packet of `ms`, with a tone in it. */
static const struct rtp_packet *next(struct sender *s, unsigned ms, double hertz)
{
    size_t count = (size_t)ms * RTP_BYTES_PER_MS;
    int16_t pcm[RTP_PAYLOAD_MAX];

    for (size_t i = 0; i < count; i++, s->phase += 2 * M_PI * hertz / 8000)
        pcm[i] = (int16_t)(10000 * sin(s->phase));
    s->packet.timestamp += s->lasts; /* behind the one before */
    s->lasts = (uint32_t)count * codec_clock(s->phone.codec) / 8000;
    s->packet.payload = s->payload;
    s->packet.size = phone_encode(&s->phone, s->payload, pcm, count);
    s->packet.sequence++;
    return &s->packet;
}

static void a_tone_survives_every_pair(void **state)
{
    static const enum codec codecs[] = { CODEC_PCMU, CODEC_PCMA, CODEC_G722, CODEC_OPUS };
    static const double tones[] = { 350, 1000, 2500 };

    (void)state;
    for (size_t from = 0; from < 4; from++)
        for (size_t to = 0; to < 4; to++)
            for (size_t t = 0; t < 3; t++) {
                struct phone listener = { .codec = codecs[to], .payload_type = 0 };
                struct ear ear = { .count = 0 };
                struct heard h = { .payload_type = 0 };
                static struct relay r;
                struct sender s;
                uint8_t out[RTP_PAYLOAD_MAX];
                uint32_t stamp;
                bool marker;

                sender_init(&s, codecs[from]);
                g722_decoder_init(&listener.decoder, 8000);
                relay_init(&r, codecs[from], codecs[to], 0);
                for (unsigned i = 0; i < 40; i++) {
                    assert_true(relay_push(&r, next(&s, 20, tones[t]), i * 160, (msec)i * 20));
                    h.payload = out;
                    h.payload_size = relay_pull(&r, 160, out, &stamp, &marker);
                    assert_true(codecs[to] == CODEC_OPUS ? h.payload_size > 3
                                                         : h.payload_size == 160);
                    assert_int_equal(r.pulled, 160);
                    assert_int_equal(marker, i == 0);
                    assert_int_equal(stamp, i * 160);
                    if (i == 10)
                        ear.count = 0; /* G.722 has found its level */
                    ear_add(&ear, &listener, &h);
                }
                if (ear_share(&ear, tones[t]) < 0.97)
                    fail_msg("%s to %s at %d Hz: %.3f", codec_name(codecs[from]),
                             codec_name(codecs[to]), (int)tones[t], ear_share(&ear, tones[t]));
                assert_in_range((int)(ear_level(&ear) * 1000), 185, 240); /* 0.216 came in */
                relay_done(&r);
                phone_end_opus(&listener);
                phone_end_opus(&s.phone);
            }
}

static void packets_are_cut_as_the_far_end_wants(void **state)
{
    static const unsigned rows[][2] = { { 20, 20 }, { 20, 60 }, { 60, 20 }, { 30, 20 },
                                        { 10, 40 }, { 20, 50 }, { 60, 10 } };

    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        uint32_t stamp, expected = 5000;
        uint8_t out[RTP_PAYLOAD_MAX];
        static struct relay r;
        struct sender s;
        bool marker;
        size_t size = (size_t)rows[row][1] * 8;

        sender_init(&s, CODEC_PCMU);
        relay_init(&r, CODEC_PCMU, CODEC_PCMU, 0);
        for (unsigned ms = 0; ms < 3000; ms += rows[row][0]) {
            assert_true(relay_push(&r, next(&s, rows[row][0], 500), 5000 + ms * 8, ms));
            while (relay_pull(&r, size, out, &stamp, &marker)) {
                assert_int_equal(stamp, expected);
                expected += (uint32_t)size;
            }
            assert_true(r.waiting < size);
        }
        assert_int_equal((expected - 5000) / 8 / rows[row][1], 3000 / rows[row][1]);
    }
}

/* Push one packet of 20 ms and take what comes out; 0 if nothing. */
static uint32_t through(struct relay *r, const struct rtp_packet *p, uint32_t clock, msec now,
                        bool *marker)
{
    uint8_t out[160];
    uint32_t stamp = 0;

    if (!relay_push(r, p, clock, now) || !relay_pull(r, 160, out, &stamp, marker))
        return 0;
    return stamp;
}

static void gaps_stay_and_what_is_late_is_dropped(void **state)
{
    static struct relay r;
    struct rtp_packet late;
    struct sender s;
    bool marker = false;

    (void)state;
    sender_init(&s, CODEC_PCMU);
    relay_init(&r, CODEC_PCMU, CODEC_PCMU, 0);
    assert_int_equal(through(&r, next(&s, 20, 500), 1000, 0, &marker), 1000);
    assert_true(marker);
    late = *next(&s, 20, 500); /* is overtaken */
    assert_int_equal(through(&r, next(&s, 20, 500), 9999, 40, &marker), 1320);
    assert_false(marker);
    assert_int_equal(through(&r, &late, 9999, 41, &marker), 0);
    s.packet.timestamp += 8000; /* a second of silence */
    (void)next(&s, 20, 500);
    s.packet.marker = true;
    assert_int_equal(through(&r, &s.packet, 9999, 1060, &marker), 1480 + 8000);
    assert_true(marker);
}

/* What waits for the rest of a packet when a gap comes is given up: its rest would be of another
 * time. */
static void a_gap_ends_a_packet_begun(void **state)
{
    static struct relay r;
    struct sender s;
    uint8_t out[160];
    uint32_t stamp;
    bool marker = false;

    (void)state;
    sender_init(&s, CODEC_PCMU);
    relay_init(&r, CODEC_PCMU, CODEC_PCMU, 0);
    assert_true(relay_push(&r, next(&s, 30, 500), 1000, 0));
    assert_true(relay_pull(&r, 160, out, &stamp, &marker));
    assert_int_equal(r.waiting, 80);
    (void)next(&s, 30, 500); /* is lost */
    assert_true(relay_push(&r, next(&s, 30, 500), 9999, 60));
    assert_true(relay_pull(&r, 160, out, &stamp, &marker));
    assert_int_equal(stamp, 1000 + 2 * 240);
    assert_int_equal(r.waiting, 80);
}

static void a_new_stream_begins_at_our_clock(void **state)
{
    static struct relay r;
    struct sender s;
    bool marker = false;

    (void)state;
    sender_init(&s, CODEC_PCMU);
    relay_init(&r, CODEC_PCMU, CODEC_PCMU, 0);
    assert_int_equal(through(&r, next(&s, 20, 500), 1000, 0, &marker), 1000);
    s.packet.ssrc++;
    assert_int_equal(through(&r, next(&s, 20, 500), 3000, 20, &marker), 3000);
    assert_true(marker);
    s.packet.timestamp += 1000000; /* the phone chose new timestamps without a new SSRC */
    assert_int_equal(through(&r, next(&s, 20, 500), 4000, 40, &marker), 4000);
    assert_true(marker);
    relay_interrupt(&r); /* music was played meanwhile */
    assert_int_equal(through(&r, next(&s, 20, 500), 9000, 60, &marker), 9000);
    assert_true(marker);
}

/* A flood of a latched sender comes out at the speed of speech. */
static void nobody_is_faster_than_speech(void **state)
{
    static struct relay r;
    unsigned out = 0;
    struct sender s;
    bool marker = false;

    (void)state;
    sender_init(&s, CODEC_PCMU);
    relay_init(&r, CODEC_PCMU, CODEC_PCMU, 0);
    for (unsigned i = 0; i < 10000; i++) /* ten times real time */
        out += through(&r, next(&s, 20, 500), 1 + i * 160, (msec)i * 2, &marker) != 0;
    assert_in_range(out, 990, 1070);
}

static void odd_packets_are_refused_or_pieced_together(void **state)
{
    static const uint8_t bytes[RTP_PAYLOAD_MAX + 1];
    struct rtp_packet p = { .ssrc = 1, .payload = bytes };
    static struct relay r;
    uint8_t out[160];
    uint32_t stamp;
    bool marker = false;

    (void)state;
    relay_init(&r, CODEC_PCMA, CODEC_PCMU, 0);
    assert_false(relay_push(&r, &p, 1, 0));
    p.size = sizeof bytes;
    assert_false(relay_push(&r, &p, 1, 0));
    p.size = 33; /* no multiple of anything */
    for (int i = 0; i < 5; i++, p.timestamp += 33)
        assert_true(relay_push(&r, &p, 1, 0));
    assert_true(relay_pull(&r, 160, out, &stamp, &marker));
    assert_int_equal(r.waiting, 5);
    assert_false(relay_pull(&r, 160, out, &stamp, &marker));
}

static void digits_keep_the_time_of_their_beginning(void **state)
{
    static const uint8_t event[4] = { 5, 10, 0, 160 };
    static struct relay r;
    struct rtp_packet p;
    struct sender s;
    uint32_t stamp;
    bool marker = false;

    (void)state;
    sender_init(&s, CODEC_PCMU);
    relay_init(&r, CODEC_PCMU, CODEC_PCMA, 0);
    assert_int_equal(through(&r, next(&s, 20, 500), 1000, 0, &marker), 1000);
    p = (struct rtp_packet){
        .ssrc = s.packet.ssrc, .timestamp = s.packet.timestamp + 160, .payload = event, .size = 4
    };
    for (msec i = 0; i < 8; i++) {
        assert_true(relay_digit(&r, &p, 7777, 20 + i * 20, &stamp, &marker));
        assert_int_equal(stamp, 1160);
        assert_int_equal(marker, i == 0);
    }
    s.packet.timestamp += 8 * 160;
    assert_int_equal(through(&r, next(&s, 20, 500), 7777, 180, &marker), 1160 + 8 * 160);
    p.ssrc++; /* a digit may be the first that comes */
    assert_true(relay_digit(&r, &p, 8888, 200, &stamp, &marker));
    assert_int_equal(stamp, 8888);
}

/* Opus may come in packets of any length, and go on so; a digit beside it has a clock of its own.
 */
static void opus_keeps_its_own_time(void **state)
{
    static const uint8_t event[4] = { 5, 10, 0, 160 };
    uint8_t out[RTP_PAYLOAD_MAX];
    static struct relay r;
    struct rtp_packet p;
    struct sender s;
    uint32_t stamp;
    bool marker;

    (void)state;
    sender_init(&s, CODEC_OPUS);
    relay_init(&r, CODEC_OPUS, CODEC_OPUS, 0);
    assert_true(relay_push(&r, next(&s, 20, 500), 1000, 0));
    assert_int_equal(relay_pull(&r, 480, out, &stamp, &marker), s.packet.size);
    assert_memory_equal(out, s.payload, s.packet.size);
    (void)next(&s, 20, 500); /* is lost */
    assert_true(relay_push(&r, next(&s, 20, 500), 9999, 40));
    assert_true(relay_pull(&r, 160, out, &stamp, &marker));
    assert_int_equal(stamp, 1320);
    relay_init(&r, CODEC_OPUS, CODEC_PCMA, 60);
    assert_true(relay_push(&r, next(&s, 20, 500), 1480, 60));
    assert_int_equal(relay_pull(&r, 160, out, &stamp, &marker), 160);
    p = (struct rtp_packet){
        .ssrc = s.packet.ssrc, .timestamp = s.packet.timestamp + 960, .payload = event, .size = 4
    };
    assert_true(relay_digit(&r, &p, 7777, 80, &stamp, &marker));
    assert_int_equal(stamp, 1640);
    s.packet.timestamp += 960;
    s.payload[0] = 0xFF; /* some frames, but not how many */
    s.packet.size = 1;
    assert_false(relay_push(&r, &s.packet, 1640, 80));
    relay_done(&r);
    phone_end_opus(&s.phone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tone_survives_every_pair),
        cmocka_unit_test(packets_are_cut_as_the_far_end_wants),
        cmocka_unit_test(gaps_stay_and_what_is_late_is_dropped),
        cmocka_unit_test(a_gap_ends_a_packet_begun),
        cmocka_unit_test(a_new_stream_begins_at_our_clock),
        cmocka_unit_test(nobody_is_faster_than_speech),
        cmocka_unit_test(odd_packets_are_refused_or_pieced_together),
        cmocka_unit_test(digits_keep_the_time_of_their_beginning),
        cmocka_unit_test(opus_keeps_its_own_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

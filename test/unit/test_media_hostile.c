/* The engine among hostile senders: they guess its ports, come from the hosts of those who talk,
 * know their SSRCs, and send audio, keys, reports, goodbyes and rubbish, by chance. Nobody may hear
 * them, nothing may go to them, no key of theirs may count and nobody's audio may move or stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "media/bytes.h"
#include "media/rtp.h"
#include "media_engine.h"
#include "sys/queue.h"

#define TONE_A 600
#define TONE_B 1100
#define TONE_STRANGER 1700
#define MOST 0.8 /* of the energy: a tone, and little else */
#define KEYS 101 /* payload type of telephone-events */
#define SEED UINT64_C(20261127)

/* Leg 1 and 2 talk, 3 is parked and has been heard, 4 is parked and silent on the host of 1, 5 has
 * a port of its own, and so has 6, which nothing has come from, so that it gets no more. Strangers
 * come from all of their hosts but that of 6. */
enum who { A, B, PARKED, SILENT, ALONE, STOPPED, PHONES };

static const char *const hosts[PHONES] = { "127.0.0.1", "127.0.0.2", "127.0.0.3",
                                           "127.0.0.1", "127.0.0.5", "127.0.0.6" };
static const char *const strange[] = { "127.0.0.1", "127.0.0.2",  "127.0.0.3",
                                       "127.0.0.5", "127.0.0.66", "127.0.0.88" };
#define STRANGERS (sizeof strange / sizeof *strange)

static struct {
    struct engine engine;
    struct phone phone[PHONES];
    struct session_local local[PHONES];
    struct ear ear[PHONES];
    struct phone stranger[STRANGERS];
    uint8_t voice[PHONE_PACKET_MAX]; /* what strangers say */
    size_t voice_size;
    uint64_t random;
    uint64_t sent;
} w;

static unsigned chance(unsigned below)
{
    w.random ^= w.random << 13;
    w.random ^= w.random >> 7;
    w.random ^= w.random << 17;
    return (unsigned)(w.random >> 33) % below;
}

static leg_id leg_of(enum who who)
{
    return (leg_id)who + 1;
}

/* Signalled from another host than that of its SDP. */
static void open_alone(enum who who, const char *signalled)
{
    struct session_offer offer;
    struct session session;
    struct err err;

    phone_offer(&w.phone[who], &offer);
    phone_session(&w.phone[who], &session);
    if (media_open(w.engine.media, leg_of(who), &offer, signalled, 0, &w.local[who], &err))
        fail_msg("%s", err.text);
    assert_int_equal(media_agree(w.engine.media, leg_of(who), &session), 0);
}

/* Keys are agreed, so that one of a stranger would count. */
static void agree_on_keys(enum who who)
{
    struct session session;

    phone_session(&w.phone[who], &session);
    session.dtmf_payload_type = KEYS;
    session.rtcp_mux = who % 2 == 1; /* of STOPPED as well */
    assert_int_equal(media_agree(w.engine.media, leg_of(who), &session), 0);
}

static void open_all(void)
{
    struct heard h;

    engine_start(&w.engine, 16);
    for (enum who i = A; i < PHONES; i++) {
        phone_open(&w.phone[i], hosts[i], CODEC_PCMU);
        if (i >= ALONE)
            open_alone(i, i == ALONE ? "127.0.0.88" : "127.0.0.89");
        else
            engine_connect(&w.engine, &w.phone[i], leg_of(i), i == B ? leg_of(A) : 0, &w.local[i]);
        agree_on_keys(i);
        media_music(w.engine.media, leg_of(i), true);
        assert_true(phone_hear(&w.phone[i], &h, PHONE_PATIENCE));
        if (i == SILENT || i == STOPPED)
            continue;
        phone_send_tone(&w.phone[i], &w.local[i].rtp, TONE_A);
        engine_wait(&w.engine, MEDIA_HEARD, leg_of(i));
    }
    assert_int_equal(media_guard(w.engine.media, leg_of(STOPPED), 100), 0);
    engine_wait(&w.engine, MEDIA_STOPPED, leg_of(STOPPED));
    assert_int_equal(w.local[A].rtp.port, w.local[SILENT].rtp.port);
    assert_int_not_equal(w.local[A].rtp.port, w.local[ALONE].rtp.port);
    assert_int_equal(media_bridge(w.engine.media, leg_of(A), leg_of(B)), 0);
    for (size_t i = 0; i < STRANGERS; i++)
        phone_open(&w.stranger[i], strange[i], CODEC_PCMU);
    w.voice_size = phone_speak(&w.stranger[0], w.voice, TONE_STRANGER);
}

static void close_all(void)
{
    engine_stop(&w.engine);
    for (enum who i = A; i < PHONES; i++)
        phone_close(&w.phone[i]);
    for (size_t i = 0; i < STRANGERS; i++)
        phone_close(&w.stranger[i]);
}

/* ---- what they send ---- */

static size_t audio(uint8_t *to)
{
    static uint16_t sequence;

    memcpy(to, w.voice, w.voice_size);
    bytes_put16(to + 2, chance(2) ? sequence++ : (uint16_t)chance(65536));
    bytes_put32(to + 4, chance(2) ? 160U * sequence : w.phone[chance(PHONES)].timestamp);
    bytes_put32(to + 8, chance(2) ? chance(UINT32_MAX) : w.phone[chance(PHONES)].ssrc);
    return w.voice_size;
}

static size_t key(uint8_t *to)
{
    rtp_write_header(to, KEYS, true, (uint16_t)chance(65536), chance(UINT32_MAX),
                     w.phone[chance(PHONES)].ssrc);
    to[RTP_HEADER_SIZE] = 1;
    to[RTP_HEADER_SIZE + 1] = 0x8A; /* its end */
    bytes_put16(to + RTP_HEADER_SIZE + 2, 800);
    return RTP_HEADER_SIZE + 4;
}

/* A receiver report, and a goodbye in somebody's name. */
static size_t report(uint8_t *to)
{
    memset(to, 0, 16);
    to[0] = 0x80;
    to[1] = 201;
    to[3] = 1;
    to[8] = 0x81;
    to[9] = 203;
    to[11] = 1;
    bytes_put32(to + 4, w.phone[chance(PHONES)].ssrc);
    bytes_put32(to + 12, w.phone[chance(PHONES)].ssrc);
    return 16;
}

static size_t rubbish(uint8_t *to)
{
    size_t size = chance(2) ? chance(20) : chance(PHONE_PACKET_MAX);

    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)chance(256);
    return size;
}

static void attack(void)
{
    static size_t (*const kinds[])(uint8_t * to) = { audio, audio, key, report, rubbish };
    const struct phone *from = &w.stranger[chance(STRANGERS)];
    struct address to = w.local[chance(PHONES)].rtp;
    uint8_t packet[PHONE_PACKET_MAX];
    size_t size = kinds[chance(sizeof kinds / sizeof *kinds)](packet);

    to.port = (uint16_t)(to.port + (chance(4) == 0)); /* RTCP's */
    phone_send_bytes(from, &to, packet, size);
    w.sent++;
}

/* ---- what must not come of it ---- */

static void assert_nothing_happened(void)
{
    struct media_event ev;
    struct heard h;

    while (queue_take(w.engine.events, &ev, 1) == 1)
        fail_msg("event %d of leg %u", (int)ev.type, (unsigned)ev.leg);
    for (size_t i = 0; i < STRANGERS; i++)
        if (phone_hear(&w.stranger[i], &h, 0) || phone_hear_rtcp(&w.stranger[i], &h, 0))
            fail_msg("something was sent to a stranger at %s", strange[i]);
}

static void listen_a_moment(enum who who)
{
    struct heard h;

    for (int i = 0; i < 8 && phone_hear(&w.phone[who], &h, i ? 0 : 5); i++)
        ear_add(&w.ear[who], &w.phone[who], &h);
}

static void talk(unsigned packets, unsigned attacks)
{
    for (unsigned i = 0; i < packets; i++) {
        if (i == packets / 2)
            w.ear[A].count = w.ear[B].count = 0;
        for (unsigned n = 0; n < attacks; n++)
            attack();
        phone_send_tone(&w.phone[A], &w.local[A].rtp, TONE_A);
        phone_send_tone(&w.phone[B], &w.local[B].rtp, TONE_B);
        listen_a_moment(A);
        listen_a_moment(B);
    }
}

static void nobody_hears_or_follows_them(void **state)
{
    struct media_counts before, after;
    struct media_event ev;
    struct heard h;

    (void)state;
    w.random = SEED;
    open_all();
    talk(20, 0);
    while (queue_take(w.engine.events, &ev, 1) == 1)
        ; /* who was heard */
    media_count(w.engine.media, &before);
    talk(60, 20);
    media_count(w.engine.media, &after);
    assert_true(after.packets_dropped > before.packets_dropped);
    assert_true(ear_share(&w.ear[A], TONE_B) > MOST && ear_share(&w.ear[B], TONE_A) > MOST);
    assert_true(ear_share(&w.ear[A], TONE_STRANGER) < 0.01);
    assert_true(ear_share(&w.ear[B], TONE_STRANGER) < 0.01);
    for (enum who i = PARKED; i <= ALONE; i++) {
        phone_drain(&w.phone[i]);
        for (unsigned n = 0; n < 5; n++) /* music, to where it went before */
            assert_true(phone_hear(&w.phone[i], &h, PHONE_PATIENCE));
    }
    assert_nothing_happened();
    for (enum who i = A; i < PHONES; i++) /* a packet of theirs that was taken would be counted */
        assert_true(engine_close(&w.engine, leg_of(i)).packets_in <= (i <= B ? 200 : 1));
    close_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_hears_or_follows_them),
    };

    return cmocka_run_group_tests_name("media_hostile", tests, NULL, NULL);
}

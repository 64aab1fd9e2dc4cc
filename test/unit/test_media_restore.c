/* Streams taken up after a restart: the same ports and keys, a new SSRC, music at once, and two who
 * talked talk on. The far ends are telephones that know nothing of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "media/bytes.h"
#include "media/rtp.h"
#include "media/srtp.h"
#include "media_engine.h"

#define TONE_A 600
#define TONE_B 1100
#define MOST 0.8 /* of the energy: a tone, and little else */

/* A telephone, and what the store has of its leg. */
struct side {
    struct phone phone;
    leg_id leg;
    char signalled_from[ADDRESS_SIZE];
    struct session session;
    struct session_local local; /* when it was stored */
    struct session_local now;
    struct address source; /* MEDIA_MOVED */
};

/* From another host than it signals from, a leg has a port of its own. */
static void connect_side(struct engine *e, struct side *s, leg_id leg, enum codec codec,
                         const char *signalled_from, leg_id near)
{
    struct session_offer offer;
    struct err err = { 0 };

    *s = (struct side){ .leg = leg };
    phone_open(&s->phone, "127.0.0.1", codec);
    phone_offer(&s->phone, &offer);
    phone_session(&s->phone, &s->session);
    (void)text_copy(s->signalled_from, sizeof s->signalled_from, signalled_from);
    if (media_open(e->media, leg, &offer, signalled_from, near, &s->local, &err))
        fail_msg("%s", err.text);
    assert_int_equal(media_agree(e->media, leg, &s->session), 0);
}

static void restore_side(struct engine *e, struct side *s, leg_id near)
{
    struct media_restored r = { .agreed = s->session,
                                .local = s->local,
                                .signalled_from = s->signalled_from,
                                .source = s->source,
                                .near = near,
                                .music = true };
    struct err err = { 0 };

    if (media_restore(e->media, s->leg, &r, &s->now, &err))
        fail_msg("leg %d: %s", (int)s->leg, err.text);
    assert_int_equal(s->now.rtp.port, s->local.rtp.port);
    assert_int_equal(s->now.rtcp_port, s->local.rtcp_port);
    assert_string_equal(s->now.rtp.host, s->local.rtp.host);
    assert_int_equal(s->now.shared, s->local.shared);
    assert_int_not_equal(s->now.ssrc, s->local.ssrc);
}

static void restart(struct engine *e, struct side *sides, size_t count)
{
    struct session_local kept[8];

    for (size_t i = 0; i < count; i++)
        kept[i] = sides[i].local;
    engine_restart(e, kept, count);
    for (size_t i = 0; i < count; i++)
        phone_drain(&sides[i].phone);
}

static void close_side(struct engine *e, struct side *s)
{
    engine_close(e, s->leg);
    phone_close(&s->phone);
}

static void music_goes_on(struct side *s)
{
    struct ear ear = { .count = 0 };
    struct heard h;

    for (int i = 0; i < 25; i++) {
        assert_true(phone_hear(&s->phone, &h, PHONE_PATIENCE));
        assert_int_equal(h.from.port, s->local.rtp.port);
        assert_int_equal(h.ssrc, s->now.ssrc);
        assert_int_equal(h.payload_type, s->session.payload_type);
        if (i == 0)
            assert_true(h.sequence < 0x8000);
        ear_add(&ear, &s->phone, &h);
    }
    assert_true(ear_level(&ear) > 0);
}

static void ports_are_as_they_were(void **state)
{
    struct session_offer offer;
    struct session_local local;
    struct side sides[4];
    struct phone other;
    struct engine e;

    (void)state;
    engine_start_workers(&e, 64, 2);
    for (leg_id i = 0; i < 4; i++)
        connect_side(&e, &sides[i], 2 * i + 1, CODEC_PCMU, i < 2 ? "127.0.0.1" : "127.0.0.9",
                     i == 1 ? 1 : 0);
    assert_int_equal(sides[0].local.rtp.port, sides[1].local.rtp.port);
    assert_int_not_equal(sides[0].local.shared, 0);
    assert_int_equal(sides[2].local.shared, 0);
    for (size_t i = 0; i < 4; i++)
        media_music(e.media, sides[i].leg, true);
    e.config.port_first = (uint16_t)(e.config.port_first + 2); /* a change that nobody thought of */
    restart(&e, sides, 4);
    phone_open(&other, "127.0.0.1", CODEC_PCMU);
    phone_offer(&other, &offer);
    for (size_t i = 4; i-- > 0;)
        restore_side(&e, &sides[i], 0);
    for (size_t i = 0; i < 4; i++)
        music_goes_on(&sides[i]);
    engine_connect(&e, &other, 99, 0, &local);
    assert_int_equal(media_local(e.media, 99, &local), 0);
    for (size_t i = 2; i < 4; i++)
        assert_int_not_equal(local.rtp.port, sides[i].local.rtp.port);
    engine_close(&e, 99);
    for (size_t i = 0; i < 4; i++)
        close_side(&e, &sides[i]);
    phone_close(&other);
    engine_stop(&e);
}

/* Until all are taken up, nobody else gets a port that is kept, and then everybody does. */
static void a_kept_port_is_nobody_elses(void **state)
{
    struct side kept, other;
    struct engine e;

    (void)state;
    engine_start_workers(&e, 8, 1);
    connect_side(&e, &kept, 1, CODEC_PCMU, "127.0.0.9", 0);
    e.config.port_first = kept.local.rtp.port;
    e.config.port_last = (uint16_t)(kept.local.rtp.port + 63);
    restart(&e, &kept, 1);
    connect_side(&e, &other, 3, CODEC_PCMU, "127.0.0.9", 0);
    assert_int_not_equal(other.local.rtp.port, kept.local.rtp.port);
    close_side(&e, &other);
    restore_side(&e, &kept, 0);
    engine_close(&e, 1);
    media_restore_end(e.media);
    connect_side(&e, &other, 5, CODEC_PCMU, "127.0.0.9", 0);
    close_side(&e, &other);
    phone_close(&kept.phone);
    engine_stop(&e);
}

/* With a worker less than before there would be no port for the legs of the other. */
static void there_are_as_many_workers_as_it_takes(void **state)
{
    struct media_counts counts;
    struct side sides[2];
    struct engine e;

    (void)state;
    engine_start_workers(&e, 8, 2);
    connect_side(&e, &sides[0], 1, CODEC_PCMU, "127.0.0.1", 0);
    connect_side(&e, &sides[1], 3, CODEC_PCMU, "127.0.0.1", 0);
    assert_int_not_equal(sides[0].local.shared, sides[1].local.shared);
    e.config.workers = 1;
    restart(&e, sides, 2);
    media_count(e.media, &counts);
    assert_int_equal(counts.workers, 2);
    for (size_t i = 0; i < 2; i++) {
        restore_side(&e, &sides[i], 0);
        music_goes_on(&sides[i]);
        close_side(&e, &sides[i]);
    }
    engine_stop(&e);
}

static void listen_a_moment(struct ear *ear, struct phone *p)
{
    struct heard h;

    for (int i = 0; i < 8 && phone_hear(p, &h, i ? 0 : 5); i++)
        ear_add(ear, p, &h);
}

static void they_hear_each_other(struct side *a, struct side *b)
{
    struct ear at_a = { .count = 0 }, at_b = { .count = 0 };

    for (int i = 0; i < 40; i++) {
        phone_send_tone(&a->phone, &a->local.rtp, TONE_A);
        phone_send_tone(&b->phone, &b->local.rtp, TONE_B);
        if (i == 20)
            at_a.count = at_b.count = 0;
        listen_a_moment(&at_a, &a->phone);
        listen_a_moment(&at_b, &b->phone);
    }
    assert_true(ear_share(&at_a, TONE_B) > MOST);
    assert_true(ear_share(&at_b, TONE_A) > MOST);
}

static void two_who_talked_talk_on(void **state)
{
    struct side sides[2];
    struct engine e;

    (void)state;
    engine_start_workers(&e, 8, 2);
    connect_side(&e, &sides[0], 1, CODEC_PCMA, "127.0.0.1", 0);
    connect_side(&e, &sides[1], 3, CODEC_PCMU, "127.0.0.9", 1);
    restart(&e, sides, 2);
    restore_side(&e, &sides[0], 0);
    restore_side(&e, &sides[1], 1);
    assert_int_equal(media_bridge(e.media, 1, 3), 0);
    they_hear_each_other(&sides[0], &sides[1]);
    for (size_t i = 0; i < 2; i++)
        close_side(&e, &sides[i]);
    engine_stop(&e);
}

/* A phone behind a NAT, which sends nothing meanwhile. */
static void who_was_followed_is_found_again(void **state)
{
    struct media_event moved;
    struct phone behind;
    struct engine e;
    struct side s;

    (void)state;
    engine_start_workers(&e, 8, 1);
    connect_side(&e, &s, 1, CODEC_PCMU, "127.0.0.9", 0);
    phone_open(&behind, "127.0.0.9", CODEC_PCMU);
    phone_send_tone(&behind, &s.local.rtp, TONE_A);
    moved = engine_wait(&e, MEDIA_MOVED, 1);
    assert_string_equal(moved.place.host, "127.0.0.9");
    assert_int_equal(moved.place.port, behind.address.port);
    s.source = moved.place;
    restart(&e, &s, 1);
    phone_drain(&behind);
    phone_close(&s.phone);
    restore_side(&e, &s, 0);
    s.phone = behind;
    music_goes_on(&s);
    close_side(&e, &s);
    engine_stop(&e);
}

/* ---- SRTP ---- */

static struct session_crypto a_key(uint8_t seed)
{
    struct session_crypto c = { .tag = 1, .suite = SRTP_AES_128_SHA1_80 };

    c.key_size = (uint8_t)(suite_key_size(c.suite) + suite_salt_size(c.suite));
    for (size_t i = 0; i < c.key_size; i++)
        c.key[i] = (uint8_t)(seed + i);
    return c;
}

static void hear_sealed(struct side *s, struct srtp *with)
{
    struct heard h;

    assert_true(phone_hear(&s->phone, &h, PHONE_PATIENCE));
    assert_int_equal(srtp_decrypt(with, h.bytes, &h.size), SRTP_OK);
}

static void say_sealed(struct side *s, struct srtp *with, double hertz)
{
    uint8_t packet[PHONE_PACKET_MAX];
    size_t size = phone_speak(&s->phone, packet, hertz);

    size = srtp_encrypt(with, packet, RTP_HEADER_SIZE, packet + RTP_HEADER_SIZE,
                        size - RTP_HEADER_SIZE, packet + RTP_HEADER_SIZE);
    phone_send_bytes(&s->phone, &s->local.rtp, packet, RTP_HEADER_SIZE + size);
}

/* FO-08: the far end knows only that there is another SSRC, and goes on counting its own. */
static void srtp_goes_on_with_the_old_keys(void **state)
{
    struct ear at_b = { .count = 0 };
    struct session_crypto theirs = a_key(3), ours;
    struct srtp in, out;
    struct side sides[2];
    struct engine e;

    (void)state;
    engine_start_workers(&e, 8, 1);
    connect_side(&e, &sides[0], 1, CODEC_PCMU, "127.0.0.1", 0);
    connect_side(&e, &sides[1], 3, CODEC_PCMU, "127.0.0.9", 1);
    sides[0].session.keying = KEYING_SDES;
    sides[0].session.crypto = theirs;
    assert_int_equal(media_agree(e.media, 1, &sides[0].session), 0);
    assert_int_equal(media_local(e.media, 1, &sides[0].local), 0);
    ours = theirs;
    memcpy(ours.key, sides[0].local.key, sizeof ours.key);
    assert_true(srtp_begin(&in, &ours) && srtp_begin(&out, &theirs));
    say_sealed(&sides[0], &out, TONE_A);
    (void)engine_wait(&e, MEDIA_HEARD, 1);
    for (size_t i = 0; i < SRTP_SOURCES; i++) /* hours later */
        if (out.source[i].used)
            out.source[i].highest += UINT64_C(77) << 16;
    restart(&e, sides, 2);
    restore_side(&e, &sides[0], 0);
    restore_side(&e, &sides[1], 1);
    assert_memory_equal(sides[0].now.key, sides[0].local.key, sizeof ours.key);
    hear_sealed(&sides[0], &in);
    assert_int_equal(media_bridge(e.media, 1, 3), 0);
    for (int i = 0; i < 60; i++) {
        say_sealed(&sides[0], &out, TONE_A);
        if (i == 40)
            at_b.count = 0;
        listen_a_moment(&at_b, &sides[1].phone);
    }
    assert_true(ear_share(&at_b, TONE_A) > MOST);
    srtp_done(&in);
    srtp_done(&out);
    for (size_t i = 0; i < 2; i++)
        close_side(&e, &sides[i]);
    engine_stop(&e);
}

static void what_cannot_be_is_said(void **state)
{
    struct media_restored r;
    struct err err = { 0 };
    struct session_local out;
    struct side a, b;
    struct engine e;

    (void)state;
    engine_start_workers(&e, 2, 1);
    connect_side(&e, &a, 1, CODEC_PCMU, "127.0.0.9", 0);
    connect_side(&e, &b, 3, CODEC_PCMU, "127.0.0.9", 0);
    restart(&e, &a, 1);
    r = (struct media_restored){ .agreed = a.session, .local = a.local, .signalled_from = "" };
    r.agreed.keying = KEYING_DTLS;
    assert_int_equal(media_restore(e.media, 1, &r, &out, &err), -ENOTSUP);
    r.agreed.keying = KEYING_NONE;
    r.local.rtp.port = 0;
    assert_int_equal(media_restore(e.media, 1, &r, &out, &err), -EINVAL);
    (void)text_copy(r.local.rtp.host, sizeof r.local.rtp.host, "no address");
    assert_int_equal(media_restore(e.media, 1, &r, &out, &err), -EAFNOSUPPORT);
    r.local = a.local;
    assert_int_equal(media_restore(e.media, 1, &r, &out, &err), 0);
    assert_int_equal(media_restore(e.media, 1, &r, &out, &err), -EEXIST);
    assert_int_equal(media_restore(e.media, 3, &r, &out, &err), -EADDRINUSE);
    assert_non_null(strstr(err.text, "which it had before"));
    r.local = b.local;
    assert_int_equal(media_restore(e.media, 3, &r, &out, &err), 0);
    assert_int_equal(media_restore(e.media, 5, &r, &out, &err), -ENOSPC);
    close_side(&e, &a);
    close_side(&e, &b);
    engine_stop(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_are_as_they_were),
        cmocka_unit_test(a_kept_port_is_nobody_elses),
        cmocka_unit_test(there_are_as_many_workers_as_it_takes),
        cmocka_unit_test(two_who_talked_talk_on),
        cmocka_unit_test(who_was_followed_is_found_again),
        cmocka_unit_test(srtp_goes_on_with_the_old_keys),
        cmocka_unit_test(what_cannot_be_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The engine with two telephones and with strangers: who hears whom, through which codec, and that
 * nobody else is ever heard or followed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "media_engine.h"

#define TONE_A 600
#define TONE_B 1100
#define TONE_STRANGER 1700
#define MOST 0.8 /* of the energy: a tone, and little else */

/* Both telephones, each with the leg of its own number and its end of it at the engine. */
struct pair {
    struct phone a, b;
    struct session_local to_a, to_b;
};

/* A parked caller and who retrieves him, before they are bridged; both are known to be agreed. */
static void connect_pair(struct engine *e, struct pair *p, const char *host_a, enum codec codec_a,
                         const char *host_b, enum codec codec_b)
{
    struct heard h;

    phone_open(&p->a, host_a, codec_a);
    phone_open(&p->b, host_b, codec_b);
    engine_connect(e, &p->a, 1, 0, &p->to_a);
    engine_connect(e, &p->b, 2, 1, &p->to_b);
    media_music(e->media, 1, true);
    media_music(e->media, 2, true);
    assert_true(phone_hear(&p->a, &h, PHONE_PATIENCE));
    assert_true(phone_hear(&p->b, &h, PHONE_PATIENCE));
}

static void close_pair(struct engine *e, struct pair *p)
{
    engine_close(e, 1);
    engine_close(e, 2);
    phone_close(&p->a);
    phone_close(&p->b);
}

static void listen_a_moment(struct ear *ear, struct phone *p)
{
    struct heard h;

    for (int i = 0; i < 8 && phone_hear(p, &h, i ? 0 : 5); i++)
        ear_add(ear, p, &h);
}

/* Both talk for `packets`; what each has heard at the end, behind the first half. */
static void converse(struct pair *p, int packets, struct ear *at_a, struct ear *at_b)
{
    for (int i = 0; i < packets; i++) {
        phone_send_tone(&p->a, &p->to_a.rtp, TONE_A);
        phone_send_tone(&p->b, &p->to_b.rtp, TONE_B);
        if (i == packets / 2)
            at_a->count = at_b->count = 0;
        listen_a_moment(at_a, &p->a);
        listen_a_moment(at_b, &p->b);
    }
}

static void two_hear_each_other(void **state)
{
    static const struct {
        const char *host_a;
        enum codec a;
        const char *host_b;
        enum codec b;
        uint8_t ptime_a, ptime_b;
    } rows[] = {
        { "127.0.0.1", CODEC_PCMU, "127.0.0.1", CODEC_PCMU, 20, 20 },
        { "127.0.0.1", CODEC_PCMU, "127.0.0.2", CODEC_PCMA, 20, 20 },
        { "127.0.0.1", CODEC_PCMU, "127.0.0.1", CODEC_G722, 20, 20 },
        { "127.0.0.1", CODEC_G722, "127.0.0.1", CODEC_G722, 20, 60 },
        { "127.0.0.1", CODEC_PCMA, "127.0.0.1", CODEC_PCMA, 60, 20 },
        { "127.0.0.1", CODEC_PCMA, "127.0.0.1", CODEC_G722, 30, 20 },
        { "::1", CODEC_PCMU, "127.0.0.1", CODEC_PCMU, 20, 20 },
    };
    struct engine *e = *state;

    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct ear at_a = { .count = 0 }, at_b = { .count = 0 };
        struct session session;
        struct pair p;

        connect_pair(e, &p, rows[row].host_a, rows[row].a, rows[row].host_b, rows[row].b);
        p.a.ptime = rows[row].ptime_a;
        p.b.ptime = rows[row].ptime_b;
        phone_session(&p.a, &session);
        assert_int_equal(media_agree(e->media, 1, &session), 0);
        phone_session(&p.b, &session);
        assert_int_equal(media_agree(e->media, 2, &session), 0);
        assert_int_equal(media_bridge(e->media, 1, 2), 0);
        converse(&p, 40, &at_a, &at_b);
        if (ear_share(&at_a, TONE_B) < MOST || ear_share(&at_b, TONE_A) < MOST)
            fail_msg("row %zu: A hears %.2f of B, B hears %.2f of A", row, ear_share(&at_a, TONE_B),
                     ear_share(&at_b, TONE_A));
        close_pair(e, &p);
    }
}

/* MD-02: a re-INVITE in the middle of the talk changes the codec of one of them. */
static void the_codec_may_change_while_they_talk(void **state)
{
    struct engine *e = *state;
    struct ear at_a = { .count = 0 }, at_b = { .count = 0 };
    struct session session;
    struct pair p;

    connect_pair(e, &p, "127.0.0.1", CODEC_PCMU, "127.0.0.1", CODEC_PCMU);
    assert_int_equal(media_bridge(e->media, 1, 2), 0);
    converse(&p, 10, &at_a, &at_b);
    p.b.codec = CODEC_G722;
    p.b.payload_type = 9;
    phone_session(&p.b, &session);
    assert_int_equal(media_agree(e->media, 2, &session), 0);
    converse(&p, 40, &at_a, &at_b);
    assert_true(ear_share(&at_a, TONE_B) > MOST);
    assert_true(ear_share(&at_b, TONE_A) > MOST);
    close_pair(e, &p);
}

/* Sequence without a hole and time that never goes back, over all that happens to a leg. */
static void one_stream_from_music_to_talk_and_back(void **state)
{
    struct engine *e = *state;
    uint16_t sequence = 0;
    uint32_t timestamp = 0;
    struct pair p;
    struct heard h;

    connect_pair(e, &p, "127.0.0.1", CODEC_PCMU, "127.0.0.1", CODEC_PCMU);
    phone_drain(&p.a);
    assert_true(phone_hear(&p.a, &h, PHONE_PATIENCE));
    for (int turn = 0; turn < 120; turn++) {
        sequence = h.sequence;
        timestamp = h.timestamp;
        if (turn == 20)
            assert_int_equal(media_bridge(e->media, 1, 2), 0);
        if (turn == 80)
            assert_int_equal(media_music(e->media, 1, true), 0);
        if (turn >= 20 && turn < 80)
            phone_send_tone(&p.b, &p.to_b.rtp, TONE_B);
        if (!phone_hear(&p.a, &h, 50))
            continue;
        assert_int_equal(h.ssrc, p.to_a.ssrc);
        assert_int_equal(h.sequence, (uint16_t)(sequence + 1));
        assert_true((int32_t)(h.timestamp - timestamp) >= 160);
    }
    close_pair(e, &p);
}

/* RV-08: the retriever holds, and the caller hears music, not silence and not the retriever. */
static void music_while_the_other_holds(void **state)
{
    struct engine *e = *state;
    struct ear at_a = { .count = 0 }, at_b = { .count = 0 };
    struct session session;
    struct pair p;

    connect_pair(e, &p, "127.0.0.1", CODEC_PCMU, "127.0.0.1", CODEC_PCMA);
    assert_int_equal(media_bridge(e->media, 1, 2), 0);
    converse(&p, 20, &at_a, &at_b);
    assert_true(ear_share(&at_a, TONE_B) > MOST);
    phone_session(&p.b, &session);
    session.direction = DIR_RECVONLY;
    assert_int_equal(media_agree(e->media, 2, &session), 0);
    converse(&p, 40, &at_a, &at_b);
    assert_true(ear_share(&at_a, TONE_B) < 0.1);
    assert_true(ear_level(&at_a) > 0.003);
    assert_int_equal(at_b.count, 0);
    session.direction = DIR_SENDRECV;
    assert_int_equal(media_agree(e->media, 2, &session), 0);
    converse(&p, 40, &at_a, &at_b);
    assert_true(ear_share(&at_a, TONE_B) > MOST);
    assert_true(ear_share(&at_b, TONE_A) > MOST);
    close_pair(e, &p);
}

/* Who was told to be quiet (sendonly on our side) and talks all the same is not passed on. */
static void who_only_listens_is_not_heard(void **state)
{
    struct engine *e = *state;
    struct ear at_a = { .count = 0 }, at_b = { .count = 0 };
    struct session session;
    struct pair p;

    connect_pair(e, &p, "127.0.0.1", CODEC_PCMU, "127.0.0.1", CODEC_PCMU);
    phone_session(&p.b, &session);
    session.direction = DIR_SENDONLY;
    assert_int_equal(media_agree(e->media, 2, &session), 0);
    assert_int_equal(media_bridge(e->media, 1, 2), 0);
    converse(&p, 30, &at_a, &at_b);
    assert_int_equal(at_a.count, 0);
    assert_true(ear_share(&at_b, TONE_A) > MOST);
    close_pair(e, &p);
}

/* A phone that stops its clock while it holds goes on with old timestamps; ours never go back. */
static void time_goes_on_over_a_hold(void **state)
{
    struct engine *e = *state;
    struct session session;
    uint32_t last;
    struct pair p;
    struct heard h;

    connect_pair(e, &p, "127.0.0.1", CODEC_PCMU, "127.0.0.1", CODEC_PCMU);
    assert_int_equal(media_bridge(e->media, 1, 2), 0);
    assert_true(phone_falls_silent(&p.a));
    phone_send_tone(&p.b, &p.to_b.rtp, TONE_B);
    assert_true(phone_hear(&p.a, &h, PHONE_PATIENCE));
    phone_session(&p.b, &session);
    session.direction = DIR_RECVONLY;
    assert_int_equal(media_agree(e->media, 2, &session), 0);
    for (int i = 0; i < 10; i++)
        assert_true(phone_hear(&p.a, &h, PHONE_PATIENCE));
    session.direction = DIR_SENDRECV;
    assert_int_equal(media_agree(e->media, 2, &session), 0);
    do {
        last = h.timestamp;
    } while (phone_hear(&p.a, &h, 100));
    for (int i = 0; i < 3; i++) {
        phone_send_tone(&p.b, &p.to_b.rtp, TONE_B);
        assert_true(phone_hear(&p.a, &h, PHONE_PATIENCE));
        assert_true((int32_t)(h.timestamp - last) >= 160);
        last = h.timestamp;
    }
    close_pair(e, &p);
}

/* Who is left alone, by a third leg or a hang-up, hears music. */
static void who_is_left_hears_music(void **state)
{
    struct engine *e = *state;
    struct ear at_a = { .count = 0 }, at_b = { .count = 0 };
    struct session_local to_c;
    struct phone c;
    struct pair p;

    connect_pair(e, &p, "127.0.0.1", CODEC_PCMU, "127.0.0.1", CODEC_PCMU);
    phone_open(&c, "127.0.0.3", CODEC_PCMU);
    engine_connect(e, &c, 3, 1, &to_c);
    media_say(e->media, 2, SAY_NOTHING, "", "en", false,
              1); /* what was said before does not count */
    assert_int_equal(media_bridge(e->media, 1, 2), 0);
    assert_int_equal(media_bridge(e->media, 1, 3), 0);
    converse(&p, 40, &at_a, &at_b);
    assert_true(ear_share(&at_b, TONE_A) < 0.1);
    assert_true(ear_level(&at_b) > 0.003);
    assert_true(at_a.count == 0); /* c says nothing, and b is not heard any more */
    engine_close(e, 3);
    converse(&p, 40, &at_a, &at_b);
    assert_true(ear_level(&at_a) > 0.003);
    phone_close(&c);
    close_pair(e, &p);
}

/* The payload types of telephone-events at either side. */
static void agree_on_keys(struct engine *e, const struct pair *p, int16_t at_a, int16_t at_b)
{
    struct session session;

    phone_session(&p->a, &session);
    session.dtmf_payload_type = at_a;
    assert_int_equal(media_agree(e->media, 1, &session), 0);
    phone_session(&p->b, &session);
    session.dtmf_payload_type = at_b;
    assert_int_equal(media_agree(e->media, 2, &session), 0);
}

/* RV-09. */
static void digits_go_on_under_the_other_number(void **state)
{
    struct engine *e = *state;
    uint32_t begin = 0;
    int heard = 0;
    struct pair p;
    struct heard h;

    connect_pair(e, &p, "127.0.0.1", CODEC_PCMU, "127.0.0.1", CODEC_PCMU);
    agree_on_keys(e, &p, 96, 101);
    assert_int_equal(media_bridge(e->media, 1, 2), 0);
    assert_true(phone_falls_silent(&p.a)); /* the music has stopped: the bridge stands */
    phone_send_tone(&p.b, &p.to_b.rtp, TONE_B);
    assert_true(phone_hear(&p.a, &h, PHONE_PATIENCE));
    begin = h.timestamp + 160; /* the event starts where the audio before it ends */
    for (uint16_t i = 1; i <= 5; i++)
        phone_send_digit(&p.b, &p.to_b.rtp, 101, 11, i >= 3, (uint16_t)(i >= 3 ? 480 : i * 160));
    for (; heard < 5; heard++) {
        assert_true(phone_hear(&p.a, &h, PHONE_PATIENCE));
        assert_int_equal(h.payload_type, 96);
        assert_int_equal(h.payload_size, 4);
        assert_int_equal(h.payload[0], 11);
        assert_int_equal(h.timestamp, begin);
        assert_int_equal(h.marker, heard == 0);
    }
    assert_int_equal(engine_wait(e, MEDIA_DIGIT, 2).digit, '#');
    /* Its end came three times, and comes late once more, and is told once. */
    assert_false(phone_hear(&p.a, &h, 100));
    phone_send_digit(&p.b, &p.to_b.rtp, 101, 11, true, 480);
    assert_true(phone_hear(&p.a, &h, PHONE_PATIENCE));
    assert_false(engine_has(e, MEDIA_DIGIT, 2));
    close_pair(e, &p);
}

/* A PIN, or the 1 that takes a ring back, is for us: the end of its last key comes three times, and
 * the bridge stands before the third. */
static void a_digit_from_before_the_bridge_is_kept(void **state)
{
    struct engine *e = *state;
    struct pair p;
    struct heard h;

    connect_pair(e, &p, "127.0.0.1", CODEC_PCMU, "127.0.0.1", CODEC_PCMU);
    agree_on_keys(e, &p, 101, 101);
    phone_send_digit(&p.b, &p.to_b.rtp, 101, 1, false, 160);
    phone_send_digit(&p.b, &p.to_b.rtp, 101, 1, true, 320);
    assert_int_equal(engine_wait(e, MEDIA_DIGIT, 2).digit, '1');
    assert_int_equal(media_bridge(e->media, 1, 2), 0);
    assert_true(phone_falls_silent(&p.a));
    phone_send_digit(&p.b, &p.to_b.rtp, 101, 1, true, 320);
    phone_send_digit(&p.b, &p.to_b.rtp, 101, 1, true, 320);
    assert_false(phone_hear(&p.a, &h, 100));
    phone_send_tone(&p.b, &p.to_b.rtp, TONE_B);
    assert_true(phone_hear(&p.a, &h, PHONE_PATIENCE));
    phone_send_digit(&p.b, &p.to_b.rtp, 101, 2, false, 160);
    assert_true(phone_hear(&p.a, &h, PHONE_PATIENCE)); /* the next key is theirs */
    assert_int_equal(h.payload[0], 2);
    close_pair(e, &p);
}

/* A network that was held up for a moment hands over all keys of a PIN at once. */
static void keys_that_come_at_once_are_all_told(void **state)
{
    struct engine *e = *state;
    struct pair p;

    connect_pair(e, &p, "127.0.0.1", CODEC_PCMU, "127.0.0.1", CODEC_PCMU);
    agree_on_keys(e, &p, 101, 101);
    for (uint8_t key = 1; key <= 4; key++) {
        for (int times = 0; times < 3; times++)
            phone_send_digit(&p.b, &p.to_b.rtp, 101, key, true, 480);
        p.b.timestamp += 800;
    }
    for (char key = '1'; key <= '4'; key++)
        assert_int_equal(engine_wait(e, MEDIA_DIGIT, 2).digit, key);
    assert_false(engine_has(e, MEDIA_DIGIT, 2));
    close_pair(e, &p);
}

/* MD-13: comfort noise is dropped, and so is what nobody agreed on. */
static void other_payloads_are_not_passed_on(void **state)
{
    struct engine *e = *state;
    struct pair p;
    struct heard h;

    connect_pair(e, &p, "127.0.0.1", CODEC_PCMU, "127.0.0.1", CODEC_PCMU);
    assert_int_equal(media_bridge(e->media, 1, 2), 0);
    assert_true(phone_falls_silent(&p.a));
    p.b.payload_type = 13;
    phone_send_tone(&p.b, &p.to_b.rtp, TONE_B);
    p.b.payload_type = 8;
    phone_send_tone(&p.b, &p.to_b.rtp, TONE_B);
    p.b.payload_type = 0;
    phone_send_tone(&p.b, &p.to_b.rtp, TONE_B);
    assert_true(phone_hear(&p.a, &h, PHONE_PATIENCE));
    assert_int_equal(h.payload_type, 0);
    assert_false(phone_hear(&p.a, &h, 200));
    close_pair(e, &p);
}

/* Somebody who knows the port, even on the telephone's own machine, is neither heard nor followed:
 * not before the phone has spoken, not while it does. */
static void strangers_are_neither_heard_nor_followed(void **state)
{
    static const char *const hosts[] = { "127.0.0.66", "127.0.0.1" };
    struct engine *e = *state;

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct ear at_a = { .count = 0 }, at_b = { .count = 0 };
        struct media_counts before, after;
        struct phone stranger;
        struct pair p;
        struct heard h;

        connect_pair(e, &p, "127.0.0.1", CODEC_PCMU, "127.0.0.2", CODEC_PCMU);
        phone_open(&stranger, hosts[i], CODEC_PCMU);
        assert_int_equal(media_bridge(e->media, 1, 2), 0);
        converse(&p, 20, &at_a, &at_b);
        media_count(e->media, &before);
        for (int n = 0; n < 40; n++) {
            phone_send_tone(&stranger, &p.to_a.rtp, TONE_STRANGER);
            phone_send_tone(&stranger, &p.to_b.rtp, TONE_STRANGER);
            /* With the SSRC of one of the two as well. */
            stranger.ssrc = p.a.ssrc;
            converse(&p, 1, &at_a, &at_b);
        }
        at_a.count = at_b.count = 0;
        converse(&p, 20, &at_a, &at_b);
        media_count(e->media, &after);
        assert_true(ear_share(&at_b, TONE_A) > MOST);
        assert_true(ear_share(&at_b, TONE_STRANGER) < 0.01);
        assert_true(ear_share(&at_a, TONE_STRANGER) < 0.01);
        assert_true(after.packets_dropped - before.packets_dropped >= 80);
        assert_false(phone_hear(&stranger, &h, 0)); /* nothing was ever sent to it */
        phone_close(&stranger);
        close_pair(e, &p);
    }
}

/* The same where each leg has a port of its own, because its SIP came from another host than its
 * audio. */
static void strangers_are_not_heard_on_a_port_of_its_own(void **state)
{
    struct engine *e = *state;
    struct ear at_a = { .count = 0 }, at_b = { .count = 0 };
    struct session_offer offer;
    struct session session;
    struct phone stranger;
    struct err err;
    struct pair p;
    struct heard h;

    phone_open(&p.a, "127.0.0.1", CODEC_PCMU);
    phone_open(&p.b, "127.0.0.2", CODEC_PCMU);
    phone_open(&stranger, "127.0.0.1", CODEC_PCMU);
    phone_offer(&p.a, &offer);
    phone_session(&p.a, &session);
    assert_int_equal(media_open(e->media, 1, &offer, "127.0.0.88", 0, &p.to_a, &err), 0);
    assert_int_equal(media_agree(e->media, 1, &session), 0);
    engine_connect(e, &p.b, 2, 1, &p.to_b);
    assert_int_not_equal(p.to_a.rtp.port, p.to_b.rtp.port);
    assert_int_equal(media_bridge(e->media, 1, 2), 0);
    converse(&p, 20, &at_a, &at_b);
    at_a.count = at_b.count = 0;
    for (int i = 0; i < 40; i++) {
        phone_send_tone(&stranger, &p.to_a.rtp, TONE_STRANGER);
        phone_send_tone(&p.a, &p.to_a.rtp, TONE_A);
        stranger.ssrc = p.a.ssrc;
        listen_a_moment(&at_b, &p.b);
    }
    assert_true(ear_share(&at_b, TONE_A) > MOST);
    assert_true(ear_share(&at_b, TONE_STRANGER) < 0.01);
    assert_true(engine_close(e, 1).packets_dropped >= 40);
    assert_false(phone_hear(&stranger, &h, 0));
    engine_close(e, 2);
    phone_close(&stranger);
    phone_close(&p.a);
    phone_close(&p.b);
}

/* MD-06: a phone behind NAT has a port of its own here, is followed once, and a second source is
 * not. */
static void nat_is_followed_once(void **state)
{
    struct engine *e = *state;
    struct session_offer offer;
    struct session_local local;
    struct session session;
    struct phone phone, stranger, second;
    struct err err;
    struct heard h;

    phone_open(&phone, "127.0.0.5", CODEC_PCMU);
    phone_open(&stranger, "127.0.0.6", CODEC_PCMU);
    phone_open(&second, "127.0.0.5", CODEC_PCMU);
    phone_offer(&phone, &offer);
    phone_session(&phone, &session);
    offer.rtp = session.rtp = (struct address){ "127.99.0.1", 4000 }; /* what it believes to be */
    assert_int_equal(media_open(e->media, 1, &offer, "127.0.0.5", 0, &local, &err), 0);
    assert_int_equal(media_agree(e->media, 1, &session), 0);
    media_music(e->media, 1, true);
    for (int i = 0; i < 3; i++)
        phone_send_tone(&stranger, &local.rtp, TONE_STRANGER);
    do /* until the worker has agreed, too */
        phone_send_tone(&phone, &local.rtp, TONE_A);
    while (!phone_hear(&phone, &h, 20));
    engine_wait(e, MEDIA_HEARD, 1);
    for (int i = 0; i < 10; i++) {
        phone_send_tone(&second, &local.rtp, TONE_B);
        assert_true(phone_hear(&phone, &h, PHONE_PATIENCE));
    }
    assert_false(phone_hear(&stranger, &h, 0));
    assert_false(phone_hear(&second, &h, 0));
    engine_close(e, 1);
    phone_close(&phone);
    phone_close(&stranger);
    phone_close(&second);
}

/* On a shared lane two phones of one host send from ports that no SDP named: neither can be told
 * from the other, so neither is heard. */
static void what_could_be_two_is_nobody(void **state)
{
    struct engine *e = *state;
    struct phone other;
    struct pair p;
    struct heard h;

    connect_pair(e, &p, "127.0.0.1", CODEC_PCMU, "127.0.0.1", CODEC_PCMU);
    phone_open(&other, "127.0.0.1", CODEC_PCMU);
    assert_int_equal(p.to_a.rtp.port, p.to_b.rtp.port);
    for (int i = 0; i < 10; i++)
        phone_send_tone(&other, &p.to_a.rtp, TONE_STRANGER);
    for (int i = 0; i < 5; i++)
        assert_true(phone_hear(&p.a, &h, PHONE_PATIENCE)); /* the music stays where it was */
    assert_false(engine_has(e, MEDIA_HEARD, 1));
    assert_false(phone_hear(&other, &h, 0));
    phone_close(&other);
    close_pair(e, &p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_hear_each_other),
        cmocka_unit_test(the_codec_may_change_while_they_talk),
        cmocka_unit_test(one_stream_from_music_to_talk_and_back),
        cmocka_unit_test(music_while_the_other_holds),
        cmocka_unit_test(who_only_listens_is_not_heard),
        cmocka_unit_test(time_goes_on_over_a_hold),
        cmocka_unit_test(who_is_left_hears_music),
        cmocka_unit_test(digits_go_on_under_the_other_number),
        cmocka_unit_test(a_digit_from_before_the_bridge_is_kept),
        cmocka_unit_test(keys_that_come_at_once_are_all_told),
        cmocka_unit_test(other_payloads_are_not_passed_on),
        cmocka_unit_test(strangers_are_neither_heard_nor_followed),
        cmocka_unit_test(strangers_are_not_heard_on_a_port_of_its_own),
        cmocka_unit_test(nat_is_followed_once),
        cmocka_unit_test(what_could_be_two_is_nobody),
    };

    return cmocka_run_group_tests(tests, engine_begin, engine_end);
}

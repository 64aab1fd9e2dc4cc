/* The engine with one telephone at a time: music, packet times, speech, hold, moves, and who is
 * refused. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "media/bytes.h"
#include "media_engine.h"

/* Packets that follow one another as if nothing had ever happened to the stream. */
struct thread {
    bool begun;
    uint32_t ssrc, timestamp;
    uint16_t sequence;
};

static void follows(struct thread *t, const struct heard *h)
{
    if (t->begun) {
        assert_int_equal(h->ssrc, t->ssrc);
        assert_int_equal(h->sequence, (uint16_t)(t->sequence + 1));
        assert_true((int32_t)(h->timestamp - t->timestamp) > 0);
    }
    *t = (struct thread){ true, h->ssrc, h->timestamp, h->sequence };
}

static void music_is_one_even_stream(void **state)
{
    struct engine *e = *state;
    struct session_local local;
    struct thread t = { 0 };
    struct ear ear = { .count = 0 };
    struct phone p;
    struct heard h;

    phone_open(&p, "127.0.0.1", CODEC_PCMU);
    engine_connect(e, &p, 1, 0, &local);
    assert_int_equal(media_music(e->media, 1, true), 0);
    for (int i = 0; i < 60; i++) {
        uint32_t before = t.timestamp;

        assert_true(phone_hear(&p, &h, PHONE_PATIENCE));
        /* A stall of the machine skips, and then says so with the marker. */
        if (t.begun && !h.marker)
            assert_int_equal(h.timestamp, before + 160);
        assert_true(i > 0 || h.marker);
        follows(&t, &h);
        ear_add(&ear, &p, &h);
        assert_int_equal(h.payload_size, 160);
        assert_int_equal(h.payload_type, 0);
    }
    assert_int_equal(t.ssrc, local.ssrc);
    assert_int_equal(h.from.port, local.rtp.port);
    assert_string_equal(h.from.host, local.rtp.host);
    assert_int_equal(local.rtp.port % 2, 0);
    assert_int_equal(local.rtcp_port, local.rtp.port + 1);
    assert_true(ear_level(&ear) > 0.01);
    assert_int_equal(media_music(e->media, 1, false), 0);
    phone_drain(&p);
    for (int i = 0; i < 10; i++)
        assert_true(phone_hear(&p, &h, PHONE_PATIENCE)); /* silence is sent, too */
    ear.count = 0;
    ear_add(&ear, &p, &h);
    assert_true(ear_level(&ear) < 0.001);
    engine_close(e, 1);
    phone_close(&p);
}

static void packets_have_the_length_agreed(void **state)
{
    static const struct {
        enum codec codec;
        uint8_t ptime;
    } rows[] = {
        { CODEC_PCMU, 10 }, { CODEC_PCMA, 20 }, { CODEC_G722, 20 },
        { CODEC_PCMU, 30 }, { CODEC_G722, 40 }, { CODEC_PCMA, 60 },
    };
    struct engine *e = *state;

    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct session_local local;
        struct ear ear = { .count = 0 };
        struct phone p;
        struct heard h;

        phone_open(&p, "127.0.0.1", rows[row].codec);
        p.ptime = rows[row].ptime;
        engine_connect(e, &p, 10 + row, 0, &local);
        media_music(e->media, 10 + row, true);
        for (int i = 0; i < 20; i++) {
            uint32_t before = i > 0 ? h.timestamp : 0;

            assert_true(phone_hear(&p, &h, PHONE_PATIENCE));
            assert_int_equal(h.payload_size, rows[row].ptime * 8);
            assert_int_equal(h.payload_type, codec_payload_type(rows[row].codec));
            if (i > 0 && !h.marker)
                assert_int_equal(h.timestamp - before, rows[row].ptime * 8);
            ear_add(&ear, &p, &h);
        }
        assert_true(ear_level(&ear) > 0.01);
        engine_close(e, 10 + row);
        phone_close(&p);
    }
}

static void what_is_said_ends_with_its_number(void **state)
{
    struct engine *e = *state;
    struct session_local local;
    struct ear ear = { .count = 0 };
    struct media_counts before, after;
    struct phone p;
    struct heard h;

    phone_open(&p, "127.0.0.1", CODEC_PCMA);
    engine_connect(e, &p, 1, 0, &local);
    media_count(e->media, &before);
    assert_int_equal(media_say(e->media, 1, SAY_ORBIT, "*701", "de-AT", false, 77), 0);
    assert_int_equal(engine_wait(e, MEDIA_SAID, 1).wait, 77);
    media_count(e->media, &after);
    assert_true(after.packets_out - before.packets_out > 50); /* longer than a second */
    for (int i = 0; i < 50; i++) {
        assert_true(phone_hear(&p, &h, PHONE_PATIENCE));
        ear_add(&ear, &p, &h);
    }
    assert_true(ear_level(&ear) > 0.005);
    assert_int_equal(media_say(e->media, 1, SAY_NOTHING, "", "xx", true, 78), 0);
    assert_int_equal(engine_wait(e, MEDIA_SAID, 1).wait, 78);
    /* "Then music" is silence where music is off. */
    assert_int_equal(media_music(e->media, 1, false), 0);
    assert_int_equal(media_say(e->media, 1, SAY_NOTHING, "", "en", true, 79), 0);
    assert_int_equal(engine_wait(e, MEDIA_SAID, 1).wait, 79);
    phone_drain(&p);
    ear.count = 0;
    for (int i = 0; i < 10; i++) {
        assert_true(phone_hear(&p, &h, PHONE_PATIENCE));
        if (i > 0) /* the first may have been under way */
            ear_add(&ear, &p, &h);
    }
    assert_true(ear_level(&ear) < 0.001);
    engine_close(e, 1);
    phone_close(&p);
}

static void hold_stops_the_music_and_resume_goes_on(void **state)
{
    struct engine *e = *state;
    struct session_local local;
    struct session session;
    struct thread t = { 0 };
    struct phone p;
    struct heard h;

    phone_open(&p, "127.0.0.1", CODEC_PCMU);
    engine_connect(e, &p, 1, 0, &local);
    media_music(e->media, 1, true);
    assert_true(phone_hear(&p, &h, PHONE_PATIENCE));
    phone_session(&p, &session);
    session.direction = DIR_RECVONLY;
    snprintf(session.rtp.host, sizeof session.rtp.host, "0.0.0.0"); /* hold as of RFC 2543 */
    assert_int_equal(media_agree(e->media, 1, &session), 0);
    assert_true(phone_falls_silent(&p));
    session.direction = DIR_SENDRECV;
    session.rtp = p.address;
    assert_int_equal(media_agree(e->media, 1, &session), 0);
    t = (struct thread){ true, h.ssrc, h.timestamp, 0 };
    assert_true(phone_hear(&p, &h, PHONE_PATIENCE));
    assert_true(h.marker);
    assert_int_equal(h.ssrc, t.ssrc);
    /* The pause is in the timestamps: at least the 200 ms that were heard as silence. */
    assert_true(h.timestamp - t.timestamp > 200 * 8);
    engine_close(e, 1);
    phone_close(&p);
}

static void a_reinvite_moves_the_same_stream(void **state)
{
    struct engine *e = *state;
    struct session_local local;
    struct session session;
    struct thread t = { 0 };
    struct phone before, after;
    struct heard h;

    phone_open(&before, "127.0.0.1", CODEC_PCMU);
    phone_open(&after, "127.0.0.1", CODEC_G722);
    engine_connect(e, &before, 1, 0, &local);
    media_music(e->media, 1, true);
    phone_send_tone(&before, &local.rtp, 500);
    for (int i = 0; i < 5; i++) {
        assert_true(phone_hear(&before, &h, PHONE_PATIENCE));
        follows(&t, &h);
    }
    phone_session(&after, &session);
    assert_int_equal(media_agree(e->media, 1, &session), 0);
    while (phone_hear(&before, &h, 200))
        follows(&t, &h);
    for (int i = 0; i < 5; i++) {
        assert_true(phone_hear(&after, &h, PHONE_PATIENCE));
        follows(&t, &h);
        assert_int_equal(h.payload_type, 9);
    }
    engine_close(e, 1);
    phone_close(&before);
    phone_close(&after);
}

static void goodbye_by_rtcp(void **state)
{
    struct engine *e = *state;
    struct session_local local;
    struct media_counts before, now;
    struct media_event closed;
    struct phone p;
    struct heard h;

    media_count(e->media, &before);
    phone_open(&p, "127.0.0.1", CODEC_PCMU);
    engine_connect(e, &p, 1, 0, &local);
    media_music(e->media, 1, true);
    assert_true(phone_hear(&p, &h, PHONE_PATIENCE)); /* so the worker knows what was agreed */
    for (int i = 0; i < 3; i++)
        phone_send_tone(&p, &local.rtp, 500);
    engine_wait(e, MEDIA_HEARD, 1);
    do { /* they are taken together, but not always all at once */
        assert_true(phone_hear(&p, &h, PHONE_PATIENCE));
        media_count(e->media, &now);
    } while (now.packets_in - before.packets_in < 3);
    closed = engine_close(e, 1);
    do { /* reports may come first */
        assert_true(phone_hear_rtcp(&p, &h, PHONE_PATIENCE));
        assert_true(h.bytes[1] == 200 || h.bytes[1] == 201);
        assert_non_null(memmem(h.bytes, h.size, "callpark@test", 13));
    } while (h.bytes[h.size - 7] != 203);
    assert_int_equal(h.from.port, local.rtcp_port);
    assert_int_equal(closed.packets_in, 3);
    assert_true(closed.packets_out > 0);
    assert_int_equal(media_close(e->media, 1), -ENOENT);
    phone_close(&p);
}

/* On the port above, or on the same one where that was agreed (RFC 5761). */
static void reports_come_by_themselves(void **state)
{
    struct engine *e = *state;

    for (int mux = 0; mux < 2; mux++) {
        struct session_local local;
        struct session_offer offer;
        struct session session;
        struct phone p;
        struct heard h;
        struct err err;

        phone_open(&p, "127.0.0.1", CODEC_PCMU);
        phone_offer(&p, &offer);
        phone_session(&p, &session);
        offer.rtcp_mux = session.rtcp_mux = mux;
        assert_int_equal(media_open(e->media, 1, &offer, "127.0.0.1", 0, &local, &err), 0);
        assert_int_equal(local.rtcp_port, local.rtp.port + !mux);
        assert_int_equal(media_agree(e->media, 1, &session), 0);
        media_music(e->media, 1, true);
        do
            assert_true(mux ? phone_hear(&p, &h, PHONE_PATIENCE)
                            : phone_hear_rtcp(&p, &h, PHONE_PATIENCE));
        while (h.bytes[1] != 200);
        assert_int_equal(h.from.port, local.rtcp_port);
        assert_int_equal(bytes_get32(h.bytes + 4), local.ssrc);
        assert_true(bytes_get32(h.bytes + 20) > 10); /* packets */
        engine_close(e, 1);
        phone_close(&p);
    }
}

static void lanes_are_shared_where_far_ends_differ(void **state)
{
    struct engine *e = *state;
    struct session_local shared, another, same, nat, late, six;
    struct session_offer offer;
    struct phone a, b, c, d;
    struct err err;

    phone_open(&a, "127.0.0.1", CODEC_PCMU);
    phone_open(&b, "127.0.0.2", CODEC_PCMU);
    phone_open(&c, "::1", CODEC_PCMU);
    phone_open(&d, "127.0.0.1", CODEC_PCMU);
    phone_offer(&a, &offer);
    assert_int_equal(media_open(e->media, 1, &offer, "127.0.0.1", 0, &shared, &err), 0);
    assert_int_equal(media_open(e->media, 2, &offer, "127.0.0.1", 0, &same, &err), 0);
    phone_offer(&d, &offer);
    assert_int_equal(media_open(e->media, 3, &offer, "127.0.0.9", 0, &nat, &err), 0);
    phone_offer(&b, &offer);
    assert_int_equal(media_open(e->media, 4, &offer, "127.0.0.2", 0, &another, &err), 0);
    phone_offer(&c, &offer);
    assert_int_equal(media_open(e->media, 5, &offer, "::1", 0, &six, &err), 0);
    offer.present = false;
    assert_int_equal(media_open(e->media, 6, &offer, "127.0.0.1", 0, &late, &err), 0);
    assert_int_equal(another.rtp.port, shared.rtp.port);
    assert_int_not_equal(same.rtp.port, shared.rtp.port);
    assert_int_not_equal(nat.rtp.port, shared.rtp.port);
    assert_int_not_equal(late.rtp.port, shared.rtp.port);
    assert_string_equal(late.rtp.host, "127.0.0.1");
    assert_string_equal(six.rtp.host, "::1");
    for (leg_id leg = 1; leg <= 6; leg++)
        engine_close(e, leg);
    phone_close(&a);
    phone_close(&b);
    phone_close(&c);
    phone_close(&d);
}

static void a_reinvite_to_a_taken_address_gets_its_own_port(void **state)
{
    struct engine *e = *state;
    struct session_local first, second, moved;
    struct session session;
    struct phone a, b;
    struct heard h;

    phone_open(&a, "127.0.0.1", CODEC_PCMU);
    phone_open(&b, "127.0.0.2", CODEC_PCMU);
    engine_connect(e, &a, 1, 0, &first);
    engine_connect(e, &b, 2, 0, &second);
    media_music(e->media, 2, true);
    phone_session(&a, &session);
    assert_int_equal(media_agree(e->media, 2, &session), 0);
    assert_int_equal(media_local(e->media, 2, &moved), 0);
    assert_int_not_equal(moved.rtp.port, second.rtp.port);
    assert_int_equal(moved.rtcp_port, moved.rtp.port + 1);
    assert_int_equal(moved.ssrc, second.ssrc);
    do
        assert_true(phone_hear(&a, &h, PHONE_PATIENCE));
    while (h.from.port != moved.rtp.port);
    assert_int_equal(h.ssrc, second.ssrc);
    engine_close(e, 1);
    engine_close(e, 2);
    phone_close(&a);
    phone_close(&b);
}

/* How many packets come until it is silent. */
static unsigned packets_until_silence(struct phone *p)
{
    struct heard h;
    unsigned count = 0;

    while (phone_hear(p, &h, 300) && count < 1000)
        count++;
    return count;
}

/* sip.md 6.2: who names an address that nothing comes from gets so much audio there and no more. */
static void a_stranger_must_be_heard(void **state)
{
    struct engine *e = *state;
    struct session_local local;
    struct session session;
    struct phone p, elsewhere;
    struct media_event ev;
    struct heard h;

    phone_open(&p, "127.0.0.1", CODEC_PCMU);
    phone_open(&elsewhere, "127.0.0.1", CODEC_PCMU);
    engine_connect(e, &p, 80, 0, &local);
    assert_int_equal(media_guard(e->media, 80, 200), 0);
    media_music(e->media, 80, true);
    assert_in_range(packets_until_silence(&p), 8, 12); /* one or two left before the guard came */
    ev = engine_wait(e, MEDIA_STOPPED, 80);
    assert_int_equal(ev.place.port, p.address.port);
    assert_string_equal(ev.place.host, p.address.host);
    phone_send_tone(&p, &local.rtp, 440);
    engine_wait(e, MEDIA_RESUMED, 80);
    for (int i = 0; i < 30; i++)
        assert_true(phone_hear(&p, &h, PHONE_PATIENCE));
    /* An SDP with another address brings nothing new: there is nothing left of the 200 msec. */
    phone_session(&elsewhere, &session);
    assert_int_equal(media_agree(e->media, 80, &session), 0);
    engine_wait(e, MEDIA_STOPPED, 80);
    assert_in_range(packets_until_silence(&elsewhere), 0, 1);
    phone_send_tone(&elsewhere, &local.rtp, 440);
    assert_true(phone_hear(&elsewhere, &h, PHONE_PATIENCE));
    engine_close(e, 80);
    phone_close(&p);
    phone_close(&elsewhere);
}

/* A report is a sign of life as good as audio; so a muted phone goes on hearing music. */
static void a_report_is_heard_too(void **state)
{
    static const uint8_t report[8] = { 0x80, 201, 0, 1, 1, 2, 3, 4 };
    struct engine *e = *state;
    struct session_local local;
    struct phone p;
    struct session session;
    struct heard h;

    phone_open(&p, "127.0.0.1", CODEC_PCMU);
    engine_connect(e, &p, 82, 0, &local);
    phone_session(&p, &session);
    session.rtcp_mux = true;
    assert_int_equal(media_agree(e->media, 82, &session), 0);
    assert_int_equal(media_guard(e->media, 82, 100), 0);
    media_music(e->media, 82, true);
    engine_wait(e, MEDIA_STOPPED, 82);
    phone_send_bytes(&p, &local.rtp, report, sizeof report);
    engine_wait(e, MEDIA_RESUMED, 82);
    phone_drain(&p);
    assert_true(phone_hear(&p, &h, PHONE_PATIENCE));
    engine_close(e, 82);
    phone_close(&p);
}

static void its_ports_are_known(void **state)
{
    struct engine *e = *state;
    struct session_local local;
    struct phone p;

    phone_open(&p, "127.0.0.1", CODEC_PCMU);
    engine_connect(e, &p, 84, 0, &local);
    assert_true(media_has_port(e->media, "127.0.0.1", local.rtp.port));
    assert_true(media_has_port(e->media, "127.0.0.1", local.rtcp_port));
    assert_false(media_has_port(e->media, "127.0.0.1", p.address.port));
    assert_false(media_has_port(e->media, "phone", local.rtp.port));
    engine_close(e, 84);
    phone_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(music_is_one_even_stream),
        cmocka_unit_test(packets_have_the_length_agreed),
        cmocka_unit_test(what_is_said_ends_with_its_number),
        cmocka_unit_test(hold_stops_the_music_and_resume_goes_on),
        cmocka_unit_test(a_reinvite_moves_the_same_stream),
        cmocka_unit_test(goodbye_by_rtcp),
        cmocka_unit_test(reports_come_by_themselves),
        cmocka_unit_test(lanes_are_shared_where_far_ends_differ),
        cmocka_unit_test(a_reinvite_to_a_taken_address_gets_its_own_port),
        cmocka_unit_test(a_stranger_must_be_heard),
        cmocka_unit_test(a_report_is_heard_too),
        cmocka_unit_test(its_ports_are_known),
    };

    return cmocka_run_group_tests(tests, engine_begin, engine_end);
}

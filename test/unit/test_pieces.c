/* Several pieces of music at once: who hears which, and when one makes room for another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "media/piece.h"
#include "media_engine.h"
#include "media_wav.h"

#define MOST 0.9

static int start(void **state)
{
    static struct engine e;

    engine_start_workers(&e, 128, 2);
    *state = &e;
    return 0;
}

static int stop(void **state)
{
    engine_stop(*state);
    return 0;
}

static int put(struct engine *e, const char *name, double hertz)
{
    struct piece_source from = { .name = name };
    struct piece_about about;
    struct piece *p = NULL;
    uint8_t *wav = wav_tone(hertz, 1, &from.size);
    struct err err = { 0 };

    from.data = wav;
    if (piece_make(&p, &from, &about, &err) != 0)
        fail_msg("%s", err.text);
    free(wav);
    return media_put_piece(e->media, name, p);
}

/* How much of the next half second is this tone. */
static double hears(struct phone *p, double hertz)
{
    struct ear ear = { .count = 0 };
    struct heard h;

    phone_drain(p);
    for (int i = 0; i < 30; i++) {
        assert_true(phone_hear(p, &h, PHONE_PATIENCE));
        ear_add(&ear, p, &h);
        if (i == 9) /* what was on its way, and what G.722 needs to find its level */
            ear.count = 0;
    }
    return ear_share(&ear, hertz);
}

static void each_leg_hears_its_own(void **state)
{
    static const enum codec codecs[] = { CODEC_PCMU, CODEC_G722, CODEC_PCMA, CODEC_PCMU };
    static const char *const names[] = { "a", "b", "a", "" };
    static const double tones[] = { 600, 1000, 600, 600 };
    struct engine *e = *state;
    struct session_local local;
    struct phone p[4];

    assert_int_equal(put(e, "a", 600), 0);
    assert_int_equal(put(e, "b", 1000), 0);
    assert_int_equal(put(e, "a", 2000), 0); /* is there already, and stays */
    assert_true(media_has_piece(e->media, "a") && media_has_piece(e->media, "b"));
    assert_false(media_has_piece(e->media, "c") || media_has_piece(e->media, ""));
    for (leg_id i = 0; i < 4; i++) {
        phone_open(&p[i], "127.0.0.1", codecs[i]);
        engine_connect(e, &p[i], i + 1, 0, &local);
        assert_int_equal(media_tune(e->media, i + 1, names[i]), 0);
        assert_int_equal(media_music(e->media, i + 1, true), 0);
    }
    for (int i = 0; i < 4; i++)
        if ((hears(&p[i], tones[i]) > MOST) != (i < 3))
            fail_msg("leg %d hears %.2f of %.0f Hz", i + 1, hears(&p[i], tones[i]), tones[i]);
    assert_int_equal(media_tune(e->media, 1, "c"), -ENOENT);
    assert_int_equal(media_tune(e->media, 99, "a"), -ENOENT);
    assert_true(hears(&p[0], 600) > MOST);
    assert_int_equal(media_tune(e->media, 1, "b"), 0);
    assert_true(hears(&p[0], 1000) > MOST);
    assert_int_equal(media_tune(e->media, 1, ""), 0);
    assert_true(hears(&p[0], 1000) < 0.5);
    for (leg_id i = 0; i < 4; i++) {
        (void)engine_close(e, i + 1);
        phone_close(&p[i]);
    }
}

/* What is heard is said by media_music() and media_say(), and which music by media_tune(). */
static void tuning_starts_nothing(void **state)
{
    struct engine *e = *state;
    struct session_local local;
    struct phone p;
    struct heard h;

    phone_open(&p, "127.0.0.1", CODEC_PCMU);
    engine_connect(e, &p, 1, 0, &local);
    assert_int_equal(media_music(e->media, 1, false), 0);
    assert_int_equal(media_tune(e->media, 1, "b"), 0);
    for (int i = 0; i < 10; i++)
        assert_true(phone_hear(&p, &h, PHONE_PATIENCE));
    assert_int_equal(h.payload[0], 0xFF); /* silence */
    assert_int_equal(media_music(e->media, 1, true), 0);
    assert_true(hears(&p, 1000) > MOST);
    assert_int_equal(media_say(e->media, 1, SAY_ORBIT, "1", "en", true, 7), 0);
    assert_int_equal(media_tune(e->media, 1, "a"), 0); /* while words are spoken */
    assert_int_equal(engine_wait(e, MEDIA_SAID, 1).wait, 7);
    assert_true(hears(&p, 600) > MOST);
    (void)engine_close(e, 1);
    phone_close(&p);
}

/* One that has the other on hold hears nothing; the other hears the music of this call. */
static void a_bridge_keeps_the_piece(void **state)
{
    struct engine *e = *state;
    struct session_local local, other;
    struct session held;
    struct phone p[2];

    for (leg_id i = 0; i < 2; i++) {
        phone_open(&p[i], "127.0.0.1", CODEC_PCMU);
        engine_connect(e, &p[i], i + 1, i, i ? &other : &local);
        assert_int_equal(media_tune(e->media, i + 1, "b"), 0);
    }
    assert_int_equal(media_bridge(e->media, 1, 2), 0);
    phone_session(&p[1], &held);
    held.direction = DIR_RECVONLY;
    assert_int_equal(media_agree(e->media, 2, &held), 0);
    assert_true(hears(&p[0], 1000) > MOST);
    for (leg_id i = 0; i < 2; i++) {
        (void)engine_close(e, i + 1);
        phone_close(&p[i]);
    }
}

static void the_longest_unused_makes_room(void **state)
{
    struct engine *e = *state;
    struct session_local local;
    struct phone p[2];
    char name[16];

    for (leg_id i = 0; i < 2; i++) {
        phone_open(&p[i], "127.0.0.1", CODEC_PCMU);
        engine_connect(e, &p[i], i + 1, 0, &local); /* on different workers */
        assert_int_equal(media_tune(e->media, i + 1, "a"), 0);
        assert_int_equal(media_music(e->media, i + 1, true), 0);
    }
    for (int i = 0; i < 3 * MEDIA_PIECES_MAX; i++) {
        snprintf(name, sizeof name, "more-%d", i);
        assert_int_equal(put(e, name, 2000), 0);
        assert_true(media_has_piece(e->media, name));
    }
    assert_true(media_has_piece(e->media, "a"));
    assert_false(media_has_piece(e->media, "b"));
    assert_false(media_has_piece(e->media, "more-0"));
    assert_true(hears(&p[0], 600) > MOST && hears(&p[1], 600) > MOST);
    assert_int_equal(media_tune(e->media, 1, name), 0);
    assert_true(hears(&p[0], 2000) > MOST && hears(&p[1], 600) > MOST);
    assert_int_equal(media_tune(e->media, 2, name), 0);
    /* Now the workers have to say that they have dropped it, before its place is taken. */
    for (int i = 0; i < 2 * MEDIA_PIECES_MAX && media_has_piece(e->media, "a"); i++) {
        snprintf(name, sizeof name, "last-%d", i);
        assert_int_equal(put(e, name, 1500), 0);
    }
    assert_false(media_has_piece(e->media, "a"));
    assert_true(hears(&p[0], 2000) > MOST && hears(&p[1], 2000) > MOST);
    assert_int_equal(put(e, "a", 800), 0);
    assert_int_equal(media_tune(e->media, 2, "a"), 0);
    assert_true(hears(&p[0], 2000) > MOST && hears(&p[1], 800) > MOST);
    for (leg_id i = 0; i < 2; i++) {
        (void)engine_close(e, i + 1);
        phone_close(&p[i]);
    }
}

static void what_is_heard_is_never_thrown_away(void **state)
{
    struct engine *e = *state;
    struct session_local local;
    struct phone p;
    char name[16];
    int taken = 0;

    phone_open(&p, "127.0.0.1", CODEC_PCMU);
    for (leg_id i = 1; i <= MEDIA_PIECES_MAX; i++) {
        struct err err = { 0 };

        if (media_open(e->media, i, NULL, "127.0.0.1", 0, &local, &err) != 0)
            fail_msg("%s", err.text);
        snprintf(name, sizeof name, "mine-%d", (int)i);
        assert_int_equal(put(e, name, 2000), 0);
        assert_int_equal(media_tune(e->media, i, name), 0);
    }
    while (taken < 10 && put(e, "one more", 500) == 0)
        taken++;
    assert_int_equal(taken, 0);
    assert_false(media_has_piece(e->media, "one more"));
    for (leg_id i = 1; i <= MEDIA_PIECES_MAX; i++) {
        snprintf(name, sizeof name, "mine-%d", (int)i);
        assert_true(media_has_piece(e->media, name));
        (void)engine_close(e, i);
    }
    phone_close(&p);
    /* Its place is there at the next attempt, or when the workers have said so. */
    for (int i = 0; i < 1000 && put(e, "one more", 500) != 0; i++)
        continue;
    assert_true(media_has_piece(e->media, "one more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_leg_hears_its_own),
        cmocka_unit_test(tuning_starts_nothing),
        cmocka_unit_test(a_bridge_keeps_the_piece),
        cmocka_unit_test(the_longest_unused_makes_room),
        cmocka_unit_test(what_is_heard_is_never_thrown_away),
    };

    return cmocka_run_group_tests(tests, start, stop);
}

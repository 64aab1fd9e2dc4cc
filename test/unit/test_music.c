/* Sounds: files of every kind, their loudness, the loop, and the spoken pieces in their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/builtin.h"
#include "media/music.h"
#include "media/prompts.h"
#include "media_phone.h"

static char folder[] = "/tmp/callpark-music-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* A sound of `seconds`, with a tone of 500 Hz in its first channel and nothing in the others. */
static bool write_file(const char *name, int format, int rate, int channels, double seconds,
                       double level)
{
    SF_INFO info = { .samplerate = rate, .channels = channels, .format = format };
    SNDFILE *file = sf_open(path_of(name), SFM_WRITE, &info);
    float frame[16] = { 0 };

    if (!file)
        return false;
    for (long i = 0; i < (long)(seconds * rate); i++) {
        frame[0] = (float)(level * sin(2 * M_PI * 500 * (double)i / rate));
        sf_writef_float(file, frame, 1);
    }
    return sf_close(file) == 0;
}

/* Half a second of one codec's frames, as a listener hears them who has listened since ten frames
 * before: G.722 needs that to find its level. */
static void listen_to(const struct sound *s, enum codec codec, uint32_t from, struct ear *ear)
{
    struct phone p = { .codec = codec, .payload_type = 0 };
    struct heard h = { .payload_type = 0, .payload_size = SOUND_FRAME_BYTES };

    g722_decoder_init(&p.decoder, 8000);
    ear->count = 0;
    for (uint32_t i = from; i < from + 50 && i < s->frames; i++) {
        h.payload = sound_at(s, codec, i);
        ear_add(ear, &p, &h);
        if (i == from + 9)
            ear->count = 0;
    }
}

static void every_kind_of_file_is_read(void **state)
{
    static const struct {
        const char *name;
        int format, rate, channels;
    } rows[] = {
        { "a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1 },
        { "b.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 44100, 2 },
        { "c.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 96000, 6 },
        { "d.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 48000, 2 },
        { "e.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 2 },
        { "f.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, 2 },
        { "g.wav", SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000, 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sound s = { 0 };
        struct err err = { 0 };

        if (!write_file(rows[i].name, rows[i].format, rows[i].rate, rows[i].channels, 2, 0.1))
            fail_msg("%s cannot be written here", rows[i].name);
        if (music_load(&s, path_of(rows[i].name), &err) != 0)
            fail_msg("%s", err.text);
        assert_in_range(s.frames, 198, 215); /* MP3 has silence around it */
        for (enum codec c = CODEC_PCMU; c < SOUND_CODECS; c++) {
            struct ear ear;

            listen_to(&s, c, 50, &ear);
            if (ear_share(&ear, 500) < 0.95)
                fail_msg("%s as %s: %.3f", rows[i].name, codec_name(c), ear_share(&ear, 500));
            /* However quiet it came, it is brought up. */
            assert_in_range((int)(ear_level(&ear) * 1000), 80, 100);
        }
        sound_done(&s);
    }
}

static void what_is_no_music_is_refused_in_words(void **state)
{
    static const struct {
        const char *name, *word;
    } rows[] = {
        { "missing.wav", "No such file" },
        { "text.wav", "WAV, FLAC, OGG or MP3" },
        { "empty.wav", "no sound" },
        { ".", "WAV, FLAC, OGG or MP3" },
    };
    FILE *file = fopen(path_of("text.wav"), "w");

    (void)state;
    assert_non_null(file);
    fputs("I am no sound.\n", file);
    fclose(file);
    assert_true(write_file("empty.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 0, 0));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sound s = { 0 };
        struct err err = { 0 };

        assert_true(music_load(&s, path_of(rows[i].name), &err) < 0);
        if (!strstr(err.text, rows[i].word) || !strstr(err.text, path_of(rows[i].name)))
            fail_msg("%s: '%s'", rows[i].name, err.text);
    }
}

static void a_loud_file_is_not_made_louder(void **state)
{
    struct sound s = { 0 };
    struct ear ear;

    (void)state;
    assert_true(write_file("loud.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, 1, 1.0));
    assert_int_equal(music_load(&s, path_of("loud.wav"), NULL), 0);
    listen_to(&s, CODEC_PCMA, 10, &ear);
    assert_in_range((int)(ear_level(&ear) * 1000), 80, 100);
    sound_done(&s);
}

static void behind_the_end_is_the_beginning(void **state)
{
    struct sound s = { 0 };

    (void)state;
    assert_int_equal(music_load(&s, "", NULL), 0);
    assert_true(s.frames >= 6000); /* a minute at least */
    for (enum codec c = CODEC_PCMU; c < CODEC_G722; c++)
        assert_memory_equal(sound_at(&s, c, s.frames - 1) + SOUND_FRAME_BYTES, sound_at(&s, c, 0),
                            (size_t)SOUND_MARGIN * SOUND_FRAME_BYTES);
    sound_done(&s);
}

static void assert_same(const struct sound *a, const struct sound *b)
{
    size_t bytes = ((size_t)a->frames + SOUND_MARGIN) * SOUND_FRAME_BYTES;

    assert_int_equal(a->frames, b->frames);
    for (enum codec c = CODEC_PCMU; c < SOUND_CODECS; c++)
        assert_memory_equal(a->data[c], b->data[c], bytes);
    for (uint32_t i = 0; i < a->frames; i += SOUND_OPUS_FRAMES) {
        size_t of_a, of_b;
        const uint8_t *ours = sound_opus_at(a, i, &of_a), *theirs = sound_opus_at(b, i, &of_b);

        assert_int_equal(of_a, of_b);
        assert_memory_equal(ours, theirs, of_a);
    }
}

static void what_is_built_in_is_what_would_be_made_now(void **state)
{
    struct sound built_in = { 0 }, made = { 0 };
    struct audio a;

    (void)state;
    assert_int_equal(music_load(&built_in, "", NULL), 0);
    assert_true(built_in.lent); /* nothing had to be encoded */
    assert_int_equal(music_read(&a, "", NULL), 0);
    assert_int_equal(sound_make(&made, &a, true, NULL), 0);
    assert_same(&built_in, &made);
    audio_done(&a);
    sound_done(&made);
    sound_done(&built_in);
}

/* Of any length, also one that ends in the middle of a packet of Opus; and not one byte less. */
static void a_sound_is_written_and_borrowed(void **state)
{
    (void)state;
    for (unsigned length = 10; length <= 70; length += 20) {
        struct sound made = { 0 }, read = { 0 };
        char *bytes = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&bytes, &size);

        assert_non_null(file);
        assert_int_equal(sound_make_silence(&made, length, NULL), 0);
        assert_true(sound_write(&made, file));
        assert_int_equal(fclose(file), 0);
        assert_int_equal(sound_borrow(&read, (uint8_t *)bytes, (uint8_t *)bytes + size), 0);
        assert_same(&made, &read);
        for (size_t less = 1; less <= size; less++)
            assert_true(sound_borrow(&read, (uint8_t *)bytes, (uint8_t *)bytes + size - less) < 0);
        bytes[8] = 1; /* the first packet does not begin there */
        assert_true(sound_borrow(&read, (uint8_t *)bytes, (uint8_t *)bytes + size) < 0);
        sound_done(&read);
        sound_done(&made);
        free(bytes);
    }
}

/* The built-in piece is never silent for a second and never at the edge of what a codec can say. */
static void the_built_in_piece_can_be_heard_throughout(void **state)
{
    struct sound s = { 0 };
    struct ear ear;

    (void)state;
    assert_int_equal(music_load(&s, "", NULL), 0);
    for (uint32_t second = 0; second + 100 <= s.frames; second += 50) {
        listen_to(&s, CODEC_PCMU, second, &ear);
        assert_in_range((int)(ear_level(&ear) * 1000), 20, 200);
        for (size_t i = 0; i < ear.count; i++)
            assert_in_range(ear.samples[i] + 32768, 32768 - 24000, 32768 + 24000);
    }
    sound_done(&s);
}

/* What is spoken, as lengths in msec of its pieces. */
static unsigned pieces(const struct prompts *p, const char *tag, enum say what, const char *number,
                       unsigned *length)
{
    unsigned language = prompts_language(p, tag), count = 0;
    const struct sound *piece;

    *length = 0;
    while ((piece = prompts_piece(p, language, what, number, count)) != NULL) {
        *length += piece->frames * SOUND_FRAME_MS;
        count++;
    }
    return count;
}

static void numbers_are_spoken_digit_by_digit(void **state)
{
    static const char *const languages[] = { "en", "de", "fr", "es", "pt" };
    struct prompts *p = NULL;
    unsigned length, other;

    (void)state;
    assert_int_equal(prompts_load(&p, "", NULL), 0);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(pieces(p, languages[i], SAY_ORBIT, "701", &length), 2 + 3);
        assert_in_range(length, 2000, 7000);
        assert_int_equal(pieces(p, languages[i], SAY_ORBIT, "*7#", &length), 2 + 3);
        assert_int_equal(pieces(p, languages[i], SAY_FULL, "", &length), 2);
        assert_in_range(length, 1000, 6000);
        assert_int_equal(pieces(p, languages[i], SAY_REGRET, "", &length), 2);
        assert_in_range(length, 2000, 9000);
        assert_int_equal(pieces(p, languages[i], SAY_PIN, "", &length), 2);
        assert_in_range(length, 1000, 4000);
        assert_int_equal(pieces(p, languages[i], SAY_PIN_AGAIN, "", &length), 3);
        assert_int_equal(pieces(p, languages[i], SAY_PIN_WRONG, "", &length), 2);
        assert_int_equal(pieces(p, languages[i], SAY_GONE, "", &length), 2);
        assert_int_equal(pieces(p, languages[i], SAY_CONFIRM, "", &length), 2);
        assert_in_range(length, 1500, 6000);
        assert_int_equal(pieces(p, languages[i], SAY_NOTHING, "701", &length), 0);
        assert_int_equal(prompts_language(p, languages[i]) == prompts_language(p, "en"), i == 0);
    }
    assert_int_equal(prompts_language(p, "de-AT"), prompts_language(p, "de"));
    assert_int_equal(prompts_language(p, "PT-br"), prompts_language(p, "pt"));
    assert_int_equal(prompts_language(p, "tlh"), prompts_language(p, "en"));
    assert_int_equal(prompts_language(p, ""), prompts_language(p, "en"));
    (void)pieces(p, "en", SAY_ORBIT, "1", &length);
    (void)pieces(p, "en", SAY_ORBIT, "7", &other);
    assert_int_not_equal(length, other); /* they are different recordings */
    prompts_free(p);
}

static void write_language(const char *tag, size_t without)
{
    static const char *const names[] = { "digit-0", "digit-1", "digit-2", "digit-3", "digit-4",
                                         "digit-5", "digit-6", "digit-7", "digit-8", "digit-9",
                                         "star",    "hash",    "full",    "regret",  "parked-at" };
    char name[64];

    assert_int_equal(mkdir(path_of(tag), 0700), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(name, sizeof name, "%s/%s.wav", tag, names[i]);
        if (i != without)
            assert_true(write_file(name, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 1, 0.2));
    }
}

static void a_directory_replaces_a_language_whole(void **state)
{
    struct prompts *p = NULL;
    struct err err = { 0 };
    unsigned length;

    (void)state;
    assert_true(prompts_load(&p, folder, &err) < 0);
    assert_non_null(strstr(err.text, "language"));
    write_language("it", SIZE_MAX);
    write_language("de", SIZE_MAX);
    if (prompts_load(&p, folder, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_not_equal(prompts_language(p, "it"), prompts_language(p, "en"));
    assert_int_equal(pieces(p, "de", SAY_ORBIT, "77", &length), 4);
    assert_in_range(length, 3 * 1000 + 400, 3 * 1150 + 400); /* ours, and a pause behind each */
    assert_int_equal(pieces(p, "en", SAY_ORBIT, "77", &length), 4); /* as built in */
    assert_int_equal(pieces(p, "de", SAY_PIN, "", &length), 2);     /* younger than many folders */
    assert_in_range(length, 1300, 4000);
    assert_int_equal(pieces(p, "it", SAY_GONE, "", &length), 2);
    assert_in_range(length, 1300, 4000);
    assert_int_equal(pieces(p, "it", SAY_CONFIRM, "", &length), 2);
    assert_in_range(length, 1300, 4000);
    prompts_free(p);
    p = NULL;
    write_language("nl", 11);
    assert_true(prompts_load(&p, folder, &err) < 0);
    assert_non_null(strstr(err.text, "/nl/hash.wav"));
    assert_null(p);
}

static int start(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int stop(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_replaces_a_language_whole),
        cmocka_unit_test(every_kind_of_file_is_read),
        cmocka_unit_test(what_is_no_music_is_refused_in_words),
        cmocka_unit_test(a_loud_file_is_not_made_louder),
        cmocka_unit_test(behind_the_end_is_the_beginning),
        cmocka_unit_test(the_built_in_piece_can_be_heard_throughout),
        cmocka_unit_test(what_is_built_in_is_what_would_be_made_now),
        cmocka_unit_test(a_sound_is_written_and_borrowed),
        cmocka_unit_test(numbers_are_spoken_digit_by_digit),
    };

    return cmocka_run_group_tests(tests, start, stop);
}

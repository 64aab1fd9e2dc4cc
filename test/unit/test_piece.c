/* Files of music as they are uploaded: what is taken, what is refused in which words, and what a
 * foreign program reads for us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/convert.h"
#include "media/decoder.h"
#include "media/piece.h"
#include "media/pieces.h"
#include "media_phone.h"
#include "media_wav.h"
#include "sys/helper.h"

static char folder[] = "/tmp/callpark-piece-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static uint8_t *bytes_of(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);

    assert_true(file && bytes);
    *size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

/* A tone of 500 Hz as the library writes it. */
static uint8_t *encoded(int format, int rate, int channels, size_t *size)
{
    SF_INFO info = { .samplerate = rate, .channels = channels, .format = format };
    SNDFILE *file = sf_open(path_of("encoded"), SFM_WRITE, &info);
    float frame[2];

    if (!file)
        fail_msg("format %x cannot be written here", (unsigned)format);
    for (int i = 0; i < 2 * rate; i++) {
        frame[0] = frame[1] = (float)(0.1 * sin(2 * M_PI * 500 * i / rate));
        sf_writef_float(file, frame, 1);
    }
    assert_int_equal(sf_close(file), 0);
    return bytes_of(path_of("encoded"), size);
}

static void assert_tone(const struct piece *p, double hertz)
{
    struct phone phone = { .codec = CODEC_PCMU, .payload_type = 0 };
    struct heard h = { .payload_type = 0, .payload_size = SOUND_FRAME_BYTES };
    struct ear ear = { .count = 0 };

    for (uint32_t i = 50; i < 90; i++) {
        h.payload = sound_at(&p->sound, CODEC_PCMU, i);
        ear_add(&ear, &phone, &h);
    }
    if (ear_share(&ear, hertz) < 0.95)
        fail_msg("%.3f of %.0f Hz", ear_share(&ear, hertz), hertz);
}

static void the_kinds_are_told_by_what_is_in_them(void **state)
{
    static const struct {
        int format, rate, channels;
        const char *type;
    } rows[] = {
        { SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, "audio/wav" },
        { SF_FORMAT_WAV | SF_FORMAT_PCM_24, 48000, 2, "audio/wav" },
        { SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 2, "audio/flac" },
        { SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 2, "audio/ogg" },
        { SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, 2, "audio/mpeg" },
        { SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 22050, 1, "audio/aiff" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct piece_source from = { .name = "liar.txt" };
        struct piece *p = NULL;
        struct piece_about about;
        struct err err = { 0 };
        uint8_t *data = encoded(rows[i].format, rows[i].rate, rows[i].channels, &from.size);

        from.data = data;
        if (piece_make(&p, &from, &about, &err) != 0)
            fail_msg("%s: %s", rows[i].type, err.text);
        assert_string_equal(about.type, rows[i].type);
        assert_in_range(about.length, 1900, 2200);
        assert_false(about.cut);
        assert_tone(p, 500);
        piece_free(p);
        free(data);
    }
}

static void refuse(const void *data, size_t size, const char *words)
{
    struct piece_source from = { .name = "hold\r\n.wav", .data = data, .size = size };
    struct piece *p = NULL;
    struct piece_about about;
    struct err err = { 0 };
    char *wav;

    assert_int_equal(piece_make(&p, &from, &about, &err), -EINVAL);
    assert_null(p);
    if (!strstr(err.text, words) || !strstr(err.text, "hold??.wav"))
        fail_msg("'%s' does not say '%s'", err.text, words);
    assert_int_equal(piece_preview(&wav, &size, &from, NULL), -EINVAL);
}

static void what_is_no_music_is_refused_in_words(void **state)
{
    static const char text[] = "I am no sound, and long enough to be looked at as one.";
    size_t size;
    uint8_t *tone = wav_tone(500, 3, &size), *other, *flac;

    (void)state;
    assert_int_not_equal(access(path_of("ffmpeg"), F_OK), 0);
    refuse("", 0, "is empty");
    refuse(tone, PIECE_BYTES_MAX + 1, "is larger than 64 MiB");
    refuse(text, sizeof text,
           "use WAV, FLAC, OGG or MP3; others, such as WMA, are read when ffmpeg");
    refuse(tone, 11, "use WAV, FLAC, OGG or MP3");
    refuse(tone, 43, "WAV, FLAC, OGG or MP3");
    refuse(tone, size / 2, "ends in the middle");
    free(tone);
    other = wav_tone(500, 0.9, &size);
    refuse(other, size, "lasts less than a second");
    free(other);
    other = wav_tone(0, 3, &size);
    refuse(other, size, "nothing but silence");
    free(other);
    flac = encoded(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 1, &size);
    refuse(flac, size / 2, "ends in the middle");
    free(flac);
}

/* What writes to a pipe cannot know the size and says the largest there is. */
static void a_size_that_nobody_knew_is_no_fault(void **state)
{
    static const uint8_t sizes[2][4] = { { 0, 0, 0, 0 }, { 255, 255, 255, 255 } };
    struct piece_source from = { .name = "" };
    uint8_t *tone = wav_tone(500, 3, &from.size);

    (void)state;
    from.data = tone;
    for (int i = 0; i < 2; i++) {
        struct piece *p = NULL;
        struct piece_about about;
        struct err err = { 0 };

        memcpy(tone + 4, sizes[i], 4);
        memcpy(tone + 40, sizes[i], 4);
        if (i == 0)
            memcpy(tone + 40, "\x80\x70\1", 3); /* a data chunk of nothing is nothing */
        if (piece_make(&p, &from, &about, &err) != 0)
            fail_msg("%s", err.text);
        assert_tone(p, 500);
        piece_free(p);
    }
    free(tone);
}

static void ten_minutes_are_enough(void **state)
{
    struct piece_source from = { .name = "long.wav" };
    uint8_t *tone = wav_tone(500, 601, &from.size);
    struct piece *p = NULL;
    struct piece_about about;

    (void)state;
    from.data = tone;
    assert_int_equal(piece_make(&p, &from, &about, NULL), 0);
    assert_true(about.cut);
    assert_int_equal(about.length, 600000);
    piece_free(p);
    free(tone);
}

static void a_preview_is_what_callers_hear(void **state)
{
    struct piece_source from = { .name = "quiet.wav" }, again = { .name = "preview.wav" },
                        none = { .path = "" };
    uint8_t *tone = wav_tone(700, 2, &from.size);
    struct piece *p = NULL;
    struct piece_about about;
    char *wav = NULL;

    (void)state;
    from.data = tone;
    assert_int_equal(piece_preview(&wav, &again.size, &from, NULL), 0);
    again.data = wav;
    assert_int_equal(piece_make(&p, &again, &about, NULL), 0);
    assert_int_equal(about.length, 2000);
    assert_string_equal(about.type, "audio/wav");
    assert_tone(p, 700);
    piece_free(p);
    free(wav);
    free(tone);
    assert_int_equal(piece_preview(&wav, &again.size, &none, NULL), 0); /* the built-in one */
    assert_true(again.size > 32000 * 50);
    free(wav);
}

/* ---- ffmpeg ---- */

/* A program of that name that does what the lines say. */
static void install(const char *lines)
{
    FILE *file = fopen(path_of("ffmpeg"), "w");

    assert_non_null(file);
    fprintf(file, "#!/bin/sh\nPATH=/usr/bin:/bin\n%s\n", lines);
    fclose(file);
    assert_int_equal(chmod(path_of("ffmpeg"), 0700), 0);
}

static void another_program_reads_the_rest(void **state)
{
    struct piece_source from = { .name = "old.wma",
                                 .data = "\x30\x26\xB2\x75 whatever",
                                 .size = 13 };
    struct piece *p = NULL;
    struct piece_about about;
    struct err err = { 0 };
    char line[256];
    size_t size;
    uint8_t *tone = wav_tone(900, 2, &size);
    FILE *file = fopen(path_of("raw"), "wb");

    (void)state;
    assert_true(file && fwrite(tone + 44, 1, size - 44, file) == size - 44);
    fclose(file);
    free(tone);
    snprintf(line, sizeof line, "[ $(wc -c </dev/stdin) = 13 ] && [ ! -e /dev/fd/9 ] && cat %s",
             path_of("raw"));
    install(line);
    if (piece_make(&p, &from, &about, &err) != 0)
        fail_msg("%s", err.text);
    assert_string_equal(about.type, "audio/x-ms-wma");
    assert_int_equal(about.length, 2000);
    assert_tone(p, 900);
    piece_free(p);
}

static void another_program_may_misbehave(void **state)
{
    static const char *const lines[] = {
        "exit 1",
        "exit 0",
        "cat /dev/zero | head -c 64000; exit 1", /* it does not trust what it wrote */
        "kill -9 $$",
        "sleep 100",
        "exec >&-; sleep 100",
        "exec cat /dev/zero", /* for ever */
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct audio a;
        bool cut;

        install(lines[i]);
        convert_set_deadline(i < 4 ? 20000 : 300);
        assert_int_equal(convert_read(&a, "x", 1, 2, &cut), -EINVAL);
    }
    convert_set_deadline(20000);
    refuse("what is this? no sound", 22, "use WAV, FLAC, OGG or MP3");
    assert_int_equal(unlink(path_of("ffmpeg")), 0);
}

/* The helper finds programs in this folder alone. */
static int start(void **state)
{
    static helper_work *const works[] = {
        [WORK_DECODE] = decoder_work, [WORK_CONVERT] = convert_work
    };

    (void)state;
    return mkdtemp(folder) && setenv("PATH", folder, 1) == 0
               ? helper_start(NULL, works, WORKS_OF_MEDIA, NULL)
               : -1;
}

static int stop(void **state)
{
    char command[128];

    (void)state;
    helper_stop();
    setenv("PATH", "/usr/bin:/bin", 1);
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kinds_are_told_by_what_is_in_them),
        cmocka_unit_test(what_is_no_music_is_refused_in_words),
        cmocka_unit_test(a_size_that_nobody_knew_is_no_fault),
        cmocka_unit_test(ten_minutes_are_enough),
        cmocka_unit_test(a_preview_is_what_callers_hear),
        cmocka_unit_test(another_program_reads_the_rest),
        cmocka_unit_test(another_program_may_misbehave),
    };

    return cmocka_run_group_tests(tests, start, stop);
}

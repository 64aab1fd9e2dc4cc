/* From the bytes of a file to a piece that can be played, and why some files are none. */
#include "media/piece.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "media/convert.h"
#include "media/decoder.h"
#include "media/music.h"
#include "media/pieces.h"

#define SHORTEST AUDIO_RATE /* samples: less than a second, repeated, is a buzz */
#define SILENT 0.001F       /* of full scale, -60 dB */
#define RIFF_SLACK 4096     /* bytes that writers of headers get wrong without harm */
#define HEADER_SIZE 44      /* of a WAV file */

static uint32_t little_endian(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The library reads a WAV file that was cut off as if it ended there. Who writes to a pipe does not
 * know the size and says 0 or the largest. */
static bool is_torn_riff(const uint8_t *data, size_t size)
{
    uint32_t said;

    if (size < 12 || memcmp(data, "RIFF", 4) != 0)
        return false;
    said = little_endian(data + 4);
    return said < 0xFFFFFF00 && said > size + RIFF_SLACK;
}

static int refuse_kind(const char *name, bool has_converter, struct err *err)
{
    return err_set(err, -EINVAL,
                   "%s is no sound file that can be read here: use WAV, FLAC, OGG or MP3%s", name,
                   has_converter ? ""
                                 : "; others, such as WMA, are read when ffmpeg is installed on "
                                   "the server");
}

static int read_bytes(struct audio *a, const struct piece_source *from, const char *name, bool *cut,
                      struct err *err)
{
    unsigned seconds = from->seconds ? from->seconds : MUSIC_SECONDS_MAX;
    struct err why = { 0 };
    int failed = decoder_read_memory(a, name, from->data, from->size, seconds, cut, &why);

    if (failed != -ENOTSUP) {
        if (failed)
            (void)err_set(err, failed, "%s%s", why.text,
                          failed == -EINVAL ? "; use a WAV, FLAC, OGG or MP3 file that is whole"
                                            : "");
        return failed;
    }
    failed = convert_read(a, from->data, from->size, seconds, cut);
    return failed ? refuse_kind(name, failed != -ENOENT, err) : 0;
}

static int check(const struct audio *a, const struct piece_source *from, const char *name,
                 struct err *err)
{
    if (a->torn || is_torn_riff(from->data, from->size))
        return err_set(err, -EINVAL,
                       "%s ends in the middle: it was not copied whole, so copy it again", name);
    if (a->count < SHORTEST)
        return err_set(err, -EINVAL,
                       "%s lasts less than a second, which is no music when it is repeated: use a "
                       "longer one",
                       name);
    if (audio_peak(a) < SILENT)
        return err_set(
            err, -EINVAL,
            "%s holds nothing but silence: use another file, or set music_on_hold=off if "
            "silence is wanted",
            name);
    return 0;
}

static int read_given(struct audio *a, const struct piece_source *from, bool *cut, struct err *err)
{
    char name[96];
    int failed;

    (void)text_shown(name, sizeof name, *from->name ? from->name : "the file");
    if (from->size == 0)
        return err_set(err, -EINVAL, "%s is empty: send a file with sound in it", name);
    if (from->size > PIECE_BYTES_MAX)
        return err_set(err, -EINVAL, "%s is larger than 64 MiB: make it shorter, or an MP3 of it",
                       name);
    failed = read_bytes(a, from, name, cut, err);
    if (failed)
        return failed;
    failed = check(a, from, name, err);
    if (failed) {
        audio_done(a);
        return failed;
    }
    audio_level(a);
    return 0;
}

static int read_any(struct audio *a, const struct piece_source *from, bool *cut, struct err *err)
{
    *cut = false;
    return from->path ? music_read(a, from->path, err) : read_given(a, from, cut, err);
}

int piece_make(struct piece **out, const struct piece_source *from, struct piece_about *about,
               struct err *err)
{
    struct piece *p = calloc(1, sizeof *p);
    struct audio a = { .samples = NULL };
    bool cut;
    int failed = p ? read_any(&a, from, &cut, err) : err_set(err, -ENOMEM, "memory is short");

    if (!failed) {
        *about = (struct piece_about){ .length = a.count / (AUDIO_RATE / 1000),
                                       .cut = cut,
                                       .type = a.type };
        failed = sound_make(&p->sound, &a, true, err);
        audio_done(&a);
    }
    if (failed) {
        free(p);
        return failed;
    }
    *out = p;
    return 0;
}

void piece_free(struct piece *p)
{
    if (!p)
        return;
    sound_done(&p->sound);
    free(p);
}

static void put_little_endian(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static void put_header(uint8_t *to, uint32_t bytes)
{
    static const uint8_t head[HEADER_SIZE] =
        "RIFF....WAVEfmt \x10\0\0\0\1\0\1\0........\2\0\x10\0data....";

    memcpy(to, head, sizeof head);
    put_little_endian(to + 4, bytes + HEADER_SIZE - 8);
    put_little_endian(to + 24, AUDIO_RATE);
    put_little_endian(to + 28, AUDIO_RATE * 2);
    put_little_endian(to + 40, bytes);
}

int piece_preview(char **wav, size_t *size, const struct piece_source *from, struct err *err)
{
    struct audio a = { .samples = NULL };
    bool cut;
    int failed = read_any(&a, from, &cut, err);
    size_t bytes;
    int16_t *numbers;
    uint8_t *to;

    if (failed)
        return failed;
    bytes = a.count * 2;
    to = malloc(HEADER_SIZE + bytes);
    numbers = calloc(a.count + 1, sizeof *numbers);
    if (to && numbers) {
        audio_wide(&a, numbers, a.count);
        put_header(to, (uint32_t)bytes);
        for (size_t i = 0; i < a.count; i++) {
            to[HEADER_SIZE + 2 * i] = (uint8_t)numbers[i];
            to[HEADER_SIZE + 2 * i + 1] = (uint8_t)(numbers[i] >> 8);
        }
        *wav = (char *)to;
        *size = HEADER_SIZE + bytes;
    } else {
        free(to);
        failed = err_set(err, -ENOMEM, "memory is short");
    }
    free(numbers);
    audio_done(&a);
    return failed;
}

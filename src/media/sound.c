/* Encoding of whole sounds, at start. */
#include "media/sound.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/g711.h"
#include "media/g722.h"

#define WIDE_FRAME 160  /* samples of 10 ms at 16 kHz */
#define NARROW_FRAME 80 /* and at 8 kHz */
#define WARM_FRAMES                                                                                \
    20 /* G.722 learns from what went before: at the start of a loop, from its end */

/* The samples of a sound with its margin, at both rates. */
struct numbers {
    int16_t *wide, *narrow;
    size_t frames; /* with the margin */
};

static void close_loop(const struct numbers *n, size_t frames)
{
    for (size_t i = 0; i < SOUND_MARGIN; i++) {
        size_t from = i % frames;

        memcpy(n->wide + (frames + i) * WIDE_FRAME, n->wide + from * WIDE_FRAME,
               WIDE_FRAME * sizeof *n->wide);
        memcpy(n->narrow + (frames + i) * NARROW_FRAME, n->narrow + from * NARROW_FRAME,
               NARROW_FRAME * sizeof *n->narrow);
    }
}

static void encode(struct sound *s, const struct numbers *n, bool loop)
{
    size_t warm = loop && s->frames >= WARM_FRAMES ? WARM_FRAMES : 0;
    struct g722_encoder g722;
    uint8_t lost[SOUND_FRAME_BYTES];

    for (size_t i = 0; i < n->frames * NARROW_FRAME; i++) {
        s->data[CODEC_PCMU][i] = g711_ulaw(n->narrow[i]);
        s->data[CODEC_PCMA][i] = g711_alaw(n->narrow[i]);
    }
    g722_encoder_init(&g722, 16000);
    for (size_t i = s->frames - warm; warm && i < s->frames; i++)
        (void)g722_encode_block(&g722, lost, n->wide + i * WIDE_FRAME, WIDE_FRAME);
    for (size_t i = 0; i < n->frames; i++)
        (void)g722_encode_block(&g722, s->data[CODEC_G722] + i * SOUND_FRAME_BYTES,
                                n->wide + i * WIDE_FRAME, WIDE_FRAME);
}

void sound_done(struct sound *s)
{
    for (size_t codec = 0; codec < SOUND_CODECS; codec++)
        free(s->data[codec]);
    *s = (struct sound){ 0 };
}

static bool allocate(struct sound *s, size_t frames)
{
    *s = (struct sound){ .frames = (uint32_t)(frames - SOUND_MARGIN) };
    for (size_t codec = CODEC_PCMU; codec < SOUND_CODECS; codec++) {
        s->data[codec] = malloc(frames * SOUND_FRAME_BYTES);
        if (!s->data[codec]) {
            sound_done(s);
            return false;
        }
    }
    return true;
}

static int make(struct sound *s, const struct audio *a, const struct numbers *n, bool loop,
                struct err *err)
{
    int failed;

    if (!allocate(s, n->frames))
        return err_set(err, -ENOMEM, "not enough memory for sounds");
    failed = audio_numbers(a, n->wide, n->narrow, n->frames * WIDE_FRAME, err);
    if (failed) {
        sound_done(s);
        return failed;
    }
    if (loop)
        close_loop(n, s->frames);
    encode(s, n, loop);
    return 0;
}

int sound_make(struct sound *s, const struct audio *a, bool loop, struct err *err)
{
    size_t frames = (a->count + WIDE_FRAME - 1) / WIDE_FRAME;
    struct numbers n = { .frames = (frames ? frames : 1) + SOUND_MARGIN };
    int failed;

    *s = (struct sound){ 0 };
    n.wide = calloc(n.frames * WIDE_FRAME, sizeof *n.wide);
    n.narrow = calloc(n.frames * NARROW_FRAME, sizeof *n.narrow);
    if (n.wide && n.narrow)
        failed = make(s, a, &n, loop, err);
    else
        failed = err_set(err, -ENOMEM, "not enough memory for sounds");
    free(n.wide);
    free(n.narrow);
    return failed;
}

int sound_make_silence(struct sound *s, unsigned milliseconds, struct err *err)
{
    struct audio a = { .count = (size_t)milliseconds * (AUDIO_RATE / 1000) };
    int result;

    a.samples = calloc(a.count, sizeof *a.samples);
    if (!a.samples)
        return err_set(err, -ENOMEM, "not enough memory for sounds");
    result = sound_make(s, &a, true, err);
    audio_done(&a);
    return result;
}

const uint8_t *sound_at(const struct sound *s, enum codec codec, uint32_t frame)
{
    assert(codec > CODEC_NONE && codec < SOUND_CODECS && frame < s->frames);
    return s->data[codec] + (size_t)frame * SOUND_FRAME_BYTES;
}

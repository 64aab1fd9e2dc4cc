/* Encoding of whole sounds, at start or when this program is built. */
#include "media/sound.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/g711.h"
#include "media/g722.h"
#include "media/opuscodec.h"

#define WIDE_FRAME 160   /* samples of 10 ms at 16 kHz */
#define NARROW_FRAME 80  /* and at 8 kHz */
#define PAUSE_BEHIND 130 /* msec of silence behind a word */
#define PAGE 4096
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

static size_t opus_packets(const struct sound *s)
{
    return ((size_t)s->frames + SOUND_OPUS_FRAMES - 1) / SOUND_OPUS_FRAMES;
}

/* As G.722 does it learns from what went before. The last packet ends in the margin if the sound
 * has an odd number of frames. */
static bool encode_opus(struct sound *s, const struct numbers *n, bool loop)
{
    size_t count = opus_packets(s), warm = loop && count >= WARM_FRAMES ? WARM_FRAMES : 0;
    struct opuscodec_encoder *e = opuscodec_encoder_new(16000);
    const size_t step = (size_t)SOUND_OPUS_FRAMES * WIDE_FRAME;
    uint8_t lost[OPUSCODEC_PACKET], *fit;
    size_t used = 0;

    for (size_t i = count - warm; e && i < count; i++)
        (void)opuscodec_encode(e, lost, n->wide + i * step);
    for (size_t i = 0; e && i < count; i++) {
        s->opus_at[i] = (uint32_t)used;
        used += opuscodec_encode(e, s->opus + used, n->wide + i * step);
    }
    s->opus_at[count] = (uint32_t)used;
    opuscodec_encoder_free(e);
    fit = realloc(s->opus, used ? used : 1);
    s->opus = fit ? fit : s->opus;
    return e != NULL;
}

void sound_done(struct sound *s)
{
    for (size_t codec = 0; codec < SOUND_CODECS && !s->lent; codec++)
        free(s->data[codec]);
    if (!s->lent) {
        free(s->opus);
        free(s->opus_at);
    }
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
    s->opus = malloc(opus_packets(s) * OPUSCODEC_PACKET);
    s->opus_at = calloc(opus_packets(s) + 1, sizeof *s->opus_at);
    if (s->opus && s->opus_at)
        return true;
    sound_done(s);
    return false;
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
    if (encode_opus(s, n, loop))
        return 0;
    sound_done(s);
    return err_set(err, -ENOMEM, "not enough memory for sounds");
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

int sound_make_spoken(struct sound *s, struct audio *a, struct err *err)
{
    int failed;

    audio_level(a);
    failed = audio_trim(a, PAUSE_BEHIND, err);
    return failed ? failed : sound_make(s, a, false, err);
}

/* ---- as bytes ---- */

/* Behind it stand opus_at, the frames of each codec, and the packets of Opus. */
struct written {
    uint32_t frames, opus_size;
};

static size_t codec_bytes(const struct sound *s)
{
    return ((size_t)s->frames + SOUND_MARGIN) * SOUND_FRAME_BYTES;
}

bool sound_write(const struct sound *s, FILE *to)
{
    size_t count = opus_packets(s) + 1;
    struct written head = { s->frames, s->opus_at[count - 1] };
    bool done = fwrite(&head, sizeof head, 1, to) == 1 &&
                fwrite(s->opus_at, sizeof *s->opus_at, count, to) == count;

    for (size_t codec = CODEC_PCMU; codec < SOUND_CODECS && done; codec++)
        done = fwrite(s->data[codec], codec_bytes(s), 1, to) == 1;
    return done && fwrite(s->opus, 1, head.opus_size, to) == head.opus_size && fflush(to) == 0;
}

static bool is_whole(const struct sound *s, const struct written *head)
{
    size_t count = opus_packets(s);

    for (size_t i = 0; i < count; i++)
        if (s->opus_at[i] > s->opus_at[i + 1])
            return false;
    return s->opus_at[0] == 0 && s->opus_at[count] == head->opus_size;
}

/* A worker must not wait for the disk when it sends the first packet. */
static void have_in_memory(const uint8_t *start, const uint8_t *end)
{
    for (const volatile uint8_t *at = start; at < end; at += PAGE)
        (void)*at;
}

int sound_borrow(struct sound *s, const uint8_t *start, const uint8_t *end)
{
    /* What is lent is not written to: the struct is the same for sounds of our own. */
    uint8_t *at = (uint8_t *)start;
    struct sound read = { .lent = true };
    struct written head;

    if ((size_t)(end - start) < sizeof head)
        return -EINVAL;
    memcpy(&head, start, sizeof head);
    read.frames = head.frames;
    if (!head.frames || (size_t)(end - start) !=
                            sizeof head + (opus_packets(&read) + 1) * sizeof *read.opus_at +
                                (SOUND_CODECS - CODEC_PCMU) * codec_bytes(&read) + head.opus_size)
        return -EINVAL;
    at += sizeof head;
    read.opus_at = (uint32_t *)(void *)at;
    at += (opus_packets(&read) + 1) * sizeof *read.opus_at;
    for (size_t codec = CODEC_PCMU; codec < SOUND_CODECS; codec++, at += codec_bytes(&read))
        read.data[codec] = at;
    read.opus = at;
    if (!is_whole(&read, &head))
        return -EINVAL;
    have_in_memory(start, end);
    *s = read;
    return 0;
}

const uint8_t *sound_at(const struct sound *s, enum codec codec, uint32_t frame)
{
    assert(codec > CODEC_NONE && codec < SOUND_CODECS && frame < s->frames);
    return s->data[codec] + (size_t)frame * SOUND_FRAME_BYTES;
}

const uint8_t *sound_opus_at(const struct sound *s, uint32_t frame, size_t *size)
{
    size_t packet = frame / SOUND_OPUS_FRAMES;

    assert(frame < s->frames);
    *size = s->opus_at[packet + 1] - s->opus_at[packet];
    return s->opus + s->opus_at[packet];
}

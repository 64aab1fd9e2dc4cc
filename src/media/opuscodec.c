/* libopus behind our own names; its encoder is set for a call and not for a record. */
#include "media/opuscodec.h"

#include <opus/opus.h>

#define BITRATE 28000 /* the whole band of 16 kHz, music included, in half of what G.711 takes */
#define COMPLEXITY 5  /* a quarter of a percent of a core for each stream */

/* The library's types under names of ours, so that no other file sees its header. */
static OpusEncoder *of_encoder(struct opuscodec_encoder *e)
{
    return (OpusEncoder *)(void *)e;
}

static OpusDecoder *of_decoder(struct opuscodec_decoder *d)
{
    return (OpusDecoder *)(void *)d;
}

struct opuscodec_encoder *opuscodec_encoder_new(unsigned rate)
{
    int failed = OPUS_OK;
    OpusEncoder *e = opus_encoder_create((opus_int32)rate, 1, OPUS_APPLICATION_AUDIO, &failed);

    if (!e || failed != OPUS_OK)
        return NULL;
    (void)opus_encoder_ctl(e, OPUS_SET_BITRATE(BITRATE)); /* these three are always possible */
    (void)opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(COMPLEXITY));
    (void)opus_encoder_ctl(e, OPUS_SET_VBR_CONSTRAINT(1));
    return (struct opuscodec_encoder *)(void *)e;
}

void opuscodec_encoder_free(struct opuscodec_encoder *e)
{
    if (e)
        opus_encoder_destroy(of_encoder(e));
}

struct opuscodec_decoder *opuscodec_decoder_new(unsigned rate)
{
    int failed = OPUS_OK;
    OpusDecoder *d = opus_decoder_create((opus_int32)rate, 1, &failed);

    return failed == OPUS_OK ? (struct opuscodec_decoder *)(void *)d : NULL;
}

void opuscodec_decoder_free(struct opuscodec_decoder *d)
{
    if (d)
        opus_decoder_destroy(of_decoder(d));
}

static int rate_of(struct opuscodec_encoder *e)
{
    opus_int32 rate = 0;

    (void)opus_encoder_ctl(of_encoder(e), OPUS_GET_SAMPLE_RATE(&rate));
    return (int)rate;
}

size_t opuscodec_encode(struct opuscodec_encoder *e, uint8_t to[OPUSCODEC_PACKET],
                        const int16_t *pcm)
{
    opus_int32 size =
        opus_encode(of_encoder(e), pcm, rate_of(e) / 1000 * OPUSCODEC_MS, to, OPUSCODEC_PACKET);

    return size > 0 ? (size_t)size : 0;
}

size_t opuscodec_ticks(const uint8_t *packet, size_t size)
{
    int samples =
        size && size < INT32_MAX ? opus_packet_get_nb_samples(packet, (opus_int32)size, 8000) : 0;

    return samples > 0 ? (size_t)samples : 0;
}

size_t opuscodec_decode(struct opuscodec_decoder *d, int16_t *pcm, size_t room,
                        const uint8_t *packet, size_t size)
{
    int count = size && size < INT32_MAX && room < INT32_MAX
                    ? opus_decode(of_decoder(d), packet, (opus_int32)size, pcm, (int)room, 0)
                    : 0;

    return count > 0 ? (size_t)count : 0;
}

/* Opus (RFC 6716, RFC 7587) as the phones here need it: speech and music in one channel, packets of
 * 20 msec from us, of any length from them. The only file that knows libopus. */
#ifndef CALLPARK_MEDIA_OPUSCODEC_H
#define CALLPARK_MEDIA_OPUSCODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPUSCODEC_MS 20      /* of each packet we make */
#define OPUSCODEC_PACKET 400 /* bytes of one, at most; about 70 is usual */
#define OPUSCODEC_MS_MAX 120 /* that a packet of theirs may hold */
#define OPUSCODEC_RATE_MAX 16000

/* One for each direction of a relay, or for a sound being made. They allocate when they are made
 * and never for a packet. */
struct opuscodec_encoder;
struct opuscodec_decoder;

/* `rate` of the samples: 8000 or 16000. NULL: no memory. */
struct opuscodec_encoder *opuscodec_encoder_new(unsigned rate);
void opuscodec_encoder_free(struct opuscodec_encoder *e);
struct opuscodec_decoder *opuscodec_decoder_new(unsigned rate);
void opuscodec_decoder_free(struct opuscodec_decoder *d);

/* 20 msec of samples; how many bytes came out, 0 if it failed. */
size_t opuscodec_encode(struct opuscodec_encoder *e, uint8_t to[OPUSCODEC_PACKET],
                        const int16_t *pcm);

/* How much audio a packet holds, in ticks of 8 kHz; 0 for what is no Opus. */
size_t opuscodec_ticks(const uint8_t *packet, size_t size);

/* How many samples came out, at most `room`; 0 if it is no Opus or holds more. */
size_t opuscodec_decode(struct opuscodec_decoder *d, int16_t *pcm, size_t room,
                        const uint8_t *packet, size_t size);

#endif

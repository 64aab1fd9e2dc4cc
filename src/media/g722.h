/* G.722 at 64 kbit/s: one byte for each two samples of 16 kHz. RTP counts its time at 8 kHz all the
 * same (RFC 3551 4.5.2), so that a byte is a tick of the RTP clock in every codec we speak. */
#ifndef CALLPARK_MEDIA_G722_H
#define CALLPARK_MEDIA_G722_H

#include <stddef.h>
#include <stdint.h>

/* Room for the library's state, so that a relay needs no allocation. */
struct g722_encoder {
    _Alignas(16) unsigned char state[512];
};
struct g722_decoder {
    _Alignas(16) unsigned char state[512];
};

/* 16000: the whole band. 8000: only its lower half, which is all that a G.711 phone has or hears;
 * the far end cannot tell. */
void g722_encoder_init(struct g722_encoder *e, unsigned rate);
void g722_decoder_init(struct g722_decoder *d, unsigned rate);

/* How many bytes came out: samples / 2 at 16 kHz, samples at 8 kHz. */
size_t g722_encode_block(struct g722_encoder *e, uint8_t *bytes, const int16_t *pcm,
                         size_t samples);
/* How many samples came out: 2 * bytes at 16 kHz, bytes at 8 kHz. */
size_t g722_decode_block(struct g722_decoder *d, int16_t *pcm, const uint8_t *bytes, size_t count);

#endif

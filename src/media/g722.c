/* G.722 by spandsp, the only file that knows it. */
#include "media/g722.h"

#include <assert.h>

#include <spandsp/telephony.h>

#include <spandsp/g722.h>

#include <spandsp/private/g722.h>

_Static_assert(sizeof(struct g722_encode_state_s) <= sizeof(struct g722_encoder),
               "the state must fit");
_Static_assert(sizeof(struct g722_decode_state_s) <= sizeof(struct g722_decoder),
               "the state must fit");

static int options(unsigned rate)
{
    assert(rate == 8000 || rate == 16000);
    return rate == 8000 ? G722_SAMPLE_RATE_8000 : 0;
}

void g722_encoder_init(struct g722_encoder *e, unsigned rate)
{
    (void)g722_encode_init((g722_encode_state_t *)e->state, 64000,
                           options(rate)); /* in our memory */
}

void g722_decoder_init(struct g722_decoder *d, unsigned rate)
{
    (void)g722_decode_init((g722_decode_state_t *)d->state, 64000, options(rate));
}

size_t g722_encode_block(struct g722_encoder *e, uint8_t *bytes, const int16_t *pcm, size_t samples)
{
    return (size_t)g722_encode((g722_encode_state_t *)e->state, bytes, pcm, (int)samples);
}

size_t g722_decode_block(struct g722_decoder *d, int16_t *pcm, const uint8_t *bytes, size_t count)
{
    return (size_t)g722_decode((g722_decode_state_t *)d->state, pcm, bytes, (int)count);
}

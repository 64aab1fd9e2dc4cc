/* G.711 by arithmetic: a sign, the number of a segment that doubles in size, and four bits within
 * it. Relayed audio pays a few instructions a sample for it; music and prompts are encoded once. */
#include "media/g711.h"

#define BIAS 132        /* makes every segment of u-law start at a power of two */
#define ULAW_MAX 32635  /* above it the bias would overflow 15 bits */
#define SEGMENT_FIRST 7 /* the highest bit of the first segment's values */

static int highest_bit(int value)
{
    return 31 - __builtin_clz((unsigned)value);
}

uint8_t g711_ulaw(int16_t sample)
{
    int magnitude = sample < 0 ? -(int)sample : sample;
    int segment;

    if (magnitude > ULAW_MAX)
        magnitude = ULAW_MAX;
    magnitude += BIAS;
    segment = highest_bit(magnitude) - SEGMENT_FIRST;
    return (uint8_t) ~((sample < 0 ? 0x80 : 0) | segment << 4 |
                       ((magnitude >> (segment + 3)) & 15));
}

int16_t g711_from_ulaw(uint8_t byte)
{
    int bits = ~byte & 0xFF;
    int magnitude = ((((bits & 15) << 3) + BIAS) << ((bits >> 4) & 7)) - BIAS;

    return (int16_t)(bits & 0x80 ? -magnitude : magnitude);
}

/* A-law sends every other bit turned round, so that silence has edges to keep a line's clock by. */
#define ALAW_FLIP 0x55

uint8_t g711_alaw(int16_t sample)
{
    int magnitude = sample < 0 ? -(int)sample - 1 : sample;
    int bits = magnitude >> 4;

    if (magnitude > 255) {
        int segment = highest_bit(magnitude) - SEGMENT_FIRST;

        bits = segment << 4 | ((magnitude >> (segment + 3)) & 15);
    }
    return (uint8_t)(((sample < 0 ? 0 : 0x80) | bits) ^ ALAW_FLIP);
}

int16_t g711_from_alaw(uint8_t byte)
{
    int bits = byte ^ ALAW_FLIP;
    int segment = (bits >> 4) & 7;
    int magnitude = ((bits & 15) << 4) + 8;

    if (segment > 0)
        magnitude = (magnitude + 256) << (segment - 1);
    return (int16_t)(bits & 0x80 ? magnitude : -magnitude);
}

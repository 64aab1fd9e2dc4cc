/* Tones and who hums them. */
#include "ctl/tone.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Halfway between the notes of the scale, so that a melody does not pass for a phone; no harmonics
 * of each other; each a whole number of waves in a block. */
static const int hertz[TONES] = { 450, 600, 720, 860, 1020, 1210, 1440, 1710 };

#define LOUDNESS 8000.0
#define QUIET 60.0 /* root mean square; G.711 of silence and of comfort noise stay below */

int tone_hertz(int tone)
{
    return tone >= 0 && tone < TONES ? hertz[tone] : 0;
}

void voice_speak(struct voice *v, int16_t *samples, size_t count)
{
    double step = 2 * M_PI * tone_hertz(v->tone) / TONE_RATE;

    for (size_t i = 0; i < count; i++) {
        samples[i] = v->tone < 0 ? 0 : (int16_t)lrint(LOUDNESS * sin(step * v->at));
        v->at = (v->at + 1) % TONE_RATE; /* every tone has whole waves in a second */
    }
}

void ear_open(struct ear *e)
{
    memset(e, 0, sizeof(*e));
    for (int i = 0; i < EAR_MEMORY; i++)
        e->last[i] = EAR_NOTHING;
}

/* The energy of one frequency in a block, by Goertzel's algorithm, on the scale of the block's own
 * energy. */
static double energy_at(const int16_t *block, int frequency)
{
    double turn = 2 * cos(2 * M_PI * frequency / TONE_RATE), one = 0, two = 0;

    for (int i = 0; i < EAR_BLOCK; i++) {
        double now = block[i] + turn * one - two;

        two = one;
        one = now;
    }
    return (one * one + two * two - turn * one * two) * 2 / EAR_BLOCK;
}

static int judge(const int16_t *block)
{
    double energy = 0;

    for (int i = 0; i < EAR_BLOCK; i++)
        energy += (double)block[i] * block[i];
    if (energy < QUIET * QUIET * EAR_BLOCK)
        return EAR_SILENCE;
    for (int tone = 0; tone < TONES; tone++)
        if (energy_at(block, hertz[tone]) > 0.8 * energy)
            return tone;
    return EAR_OTHER;
}

static void note(struct ear *e, int heard)
{
    memmove(e->last + 1, e->last, (EAR_MEMORY - 1) * sizeof(e->last[0]));
    e->last[0] = heard;
    if (heard == EAR_SILENCE)
        e->silent++;
    else if (heard == EAR_OTHER)
        e->other++;
    else
        e->tones[heard]++;
}

void ear_hear(struct ear *e, const int16_t *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        e->block[e->filled++] = samples[i];
        if (e->filled == EAR_BLOCK) {
            e->filled = 0;
            note(e, judge(e->block));
        }
    }
}

int ear_steady(const struct ear *e)
{
    return e->last[0] == e->last[1] && e->last[1] == e->last[2] ? e->last[0] : EAR_NOTHING;
}

const char *ear_says(const struct ear *e, char to[32])
{
    int heard = ear_steady(e);

    if (heard >= 0)
        snprintf(to, 32, "the tone of %d Hz", tone_hertz(heard));
    else if (heard == EAR_NOTHING)
        snprintf(to, 32, "nothing %s", e->last[0] == EAR_NOTHING ? "at all" : "steady");
    else
        snprintf(to, 32, "%s", heard == EAR_SILENCE ? "silence" : "music or speech");
    return to;
}

/* ITU-T G.711, table 2a: eight segments of sixteen steps, all bits inverted on the wire. */
uint8_t ulaw_encode(int16_t sample)
{
    int magnitude = sample < 0 ? -(int)sample : sample, segment = 0;

    magnitude = (magnitude > 32635 ? 32635 : magnitude) + 132;
    while (segment < 7 && magnitude >= 256 << segment)
        segment++;
    return (uint8_t) ~((sample < 0 ? 0x80 : 0) | segment << 4 | (magnitude >> (segment + 3) & 15));
}

int16_t ulaw_decode(uint8_t byte)
{
    int bits = ~byte & 0xFF, segment = bits >> 4 & 7;
    int magnitude = ((((bits & 15) << 3) + 132) << segment) - 132;

    return (int16_t)(bits & 0x80 ? -magnitude : magnitude);
}

/* Table 1a: every other bit is inverted on the wire. */
uint8_t alaw_encode(int16_t sample)
{
    int magnitude = sample < 0 ? -(int)sample - 1 : sample, segment = 0, mantissa;

    magnitude >>= 3; /* 13 bits */
    while (segment < 7 && magnitude >= 32 << segment)
        segment++;
    mantissa = (segment < 2 ? magnitude >> 1 : magnitude >> segment) & 15;
    return (uint8_t)(((sample < 0 ? 0 : 0x80) | segment << 4 | mantissa) ^ 0x55);
}

int16_t alaw_decode(uint8_t byte)
{
    int bits = byte ^ 0x55, segment = bits >> 4 & 7, mantissa = bits & 15;
    int magnitude = segment == 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 264) << (segment - 1);

    return (int16_t)(bits & 0x80 ? magnitude : -magnitude);
}

/* A phone's voice and ear: each phone hums a tone of its own, and the ear says whose tone is heard.
 * That proves who hears whom, which no count of packets can. G.711 is written here once more on
 * purpose: the self-test must not share the faults of src/media. Pure. */
#ifndef CALLPARK_CTL_TONE_H
#define CALLPARK_CTL_TONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TONES 8
#define TONE_RATE 8000
#define EAR_BLOCK 800 /* 100 ms: tones are multiples of 10 Hz, so none leaks into another */
#define EAR_MEMORY 8

/* What one block of 100 ms holds: a tone 0 to TONES-1, or one of these. */
enum { EAR_SILENCE = -1, EAR_OTHER = -2, EAR_NOTHING = -3 };

struct voice {
    int tone; /* negative: silence */
    uint32_t at;
};

struct ear {
    int16_t block[EAR_BLOCK];
    unsigned filled;
    int last[EAR_MEMORY];                 /* the newest first; EAR_NOTHING before the first block */
    unsigned silent, other, tones[TONES]; /* blocks since ear_open() */
};

int tone_hertz(int tone);

/* The next samples of a voice. */
void voice_speak(struct voice *v, int16_t *samples, size_t count);

void ear_open(struct ear *e);
void ear_hear(struct ear *e, const int16_t *samples, size_t count);

/* What the last three blocks agree on; EAR_NOTHING when they do not, or there are not three. */
int ear_steady(const struct ear *e);
/* The same in words: "the tone of 450 Hz", "music or speech", "silence", "nothing steady", "nothing
 * at all". */
const char *ear_says(const struct ear *e, char to[32]);

uint8_t ulaw_encode(int16_t sample);
int16_t ulaw_decode(uint8_t byte);
uint8_t alaw_encode(int16_t sample);
int16_t alaw_decode(uint8_t byte);

#endif

/* A sound ready to be sent: cut into frames of 10 ms and encoded once for each codec. Packets of
 * any ptime point into it; nothing is copied or encoded while it plays, and any number of streams
 * share it. */
#ifndef CALLPARK_MEDIA_SOUND_H
#define CALLPARK_MEDIA_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "core/session.h"
#include "media/audio.h"

#define SOUND_FRAME_MS 10
#define SOUND_FRAME_BYTES 80 /* in each codec */
#define SOUND_MARGIN                                                                               \
    6 /* frames behind the end, so that a packet that starts in the last one is whole */

#define SOUND_CODECS CODEC_OPUS /* those of one byte for each tick of 8 kHz; Opus is not */

#define SOUND_OPUS_FRAMES 2 /* of 10 ms in each packet of Opus, whatever ptime is */

struct sound {
    uint32_t frames;
    uint8_t *data[SOUND_CODECS]; /* (frames + SOUND_MARGIN) * SOUND_FRAME_BYTES each; NULL for
                                    CODEC_NONE */
    uint8_t *opus;               /* packets, one behind the other */
    uint32_t *opus_at;           /* where each begins, and behind the last where it ends */
    bool lent;                   /* all of these are somebody else's */
};

/* Encode. What stands behind the end is the beginning for a `loop`, else silence. */
int sound_make(struct sound *s, const struct audio *a, bool loop, struct err *err);
int sound_make_silence(struct sound *s, unsigned milliseconds, struct err *err);
/* Something spoken: brought to an even loudness, its quiet ends cut off, encoded. */
int sound_make_spoken(struct sound *s, struct audio *a, struct err *err);
void sound_done(struct sound *s);

/* As bytes, for a program of the same machine to have in itself: then nothing is to be encoded at
 * its start. False: it could not be written. */
bool sound_write(const struct sound *s, FILE *to);
/* The sound that was written so; it points into the bytes, which stay, and begin where a number of
 * 32 bits may. -EINVAL: they are none. */
int sound_borrow(struct sound *s, const uint8_t *start, const uint8_t *end);

const uint8_t *sound_at(const struct sound *s, enum codec codec, uint32_t frame);
/* The same in Opus: the packet of 20 ms that the frame is in. */
const uint8_t *sound_opus_at(const struct sound *s, uint32_t frame, size_t *size);

#endif

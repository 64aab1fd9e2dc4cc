/* Sound files to plain samples: WAV, FLAC, OGG and MP3, of any rate and channels, as mono at 16
 * kHz. The only file that knows libsndfile and libsamplerate. Used at start, never for each packet.
 */
#ifndef CALLPARK_MEDIA_AUDIO_H
#define CALLPARK_MEDIA_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define AUDIO_RATE 16000

struct audio {
    float *samples; /* -1 to 1 */
    size_t count, room;
    const char *type; /* "audio/wav" ..., as it was found in the file and not as it was called */
    bool torn;        /* it ends before it says that it does */
};

/* At most `seconds` of the file; `cut` tells that there was more. The sentence of an error names
 * the file and says what would help. */
int audio_read_file(struct audio *a, const char *path, unsigned seconds, bool *cut,
                    struct err *err);
/* The same for a file that is in memory already. -ENOTSUP: it is none of these kinds. */
int audio_read_memory(struct audio *a, const char *name, const uint8_t *data, size_t size,
                      unsigned seconds, bool *cut, struct err *err);
void audio_done(struct audio *a);

/* The type of this name, as a text that stays; what is none of ours is "application/octet-stream".
 */
const char *audio_type_known(const char *name);

/* Add numbers of 16 bit at 16 kHz; false: no memory. */
bool audio_append_numbers(struct audio *a, const int16_t *numbers, size_t count);

float audio_peak(const struct audio *a); /* 0 to 1 */

/* Bring it to an even loudness: the mean to about -21 dB below full scale, a peak never above -3
 * dB. */
void audio_level(struct audio *a);

/* Cut quiet ends off, and put `milliseconds` of silence behind. */
int audio_trim(struct audio *a, unsigned milliseconds, struct err *err);

/* The first `count` samples as 16 bit numbers at 16 kHz, silence where there are not as many; and
 * half as many at 8 kHz. */
void audio_wide(const struct audio *a, int16_t *wide, size_t count);
int audio_numbers(const struct audio *a, int16_t *wide, int16_t *narrow, size_t count,
                  struct err *err);

#endif

/* Sounds made at build time and linked in: sound/ makes them, sound/embed.sh writes the table. */
#ifndef CALLPARK_MEDIA_BUILTIN_H
#define CALLPARK_MEDIA_BUILTIN_H

#include <stdint.h>

struct builtin_sound {
    const char
        *name; /* "music", "en/digit-7": as sound_write() wrote it; "music.wav": a WAV file */
    const uint8_t *start, *end;
};

extern const struct builtin_sound builtin_sounds[]; /* ends with a NULL name */

#endif

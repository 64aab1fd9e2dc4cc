/* A piece of music as somebody gave it: read, checked, brought to an even loudness, encoded, ready
 * for media_put_piece(). All of it is slow and knows no stream: for any thread but the loop and the
 * workers. */
#ifndef CALLPARK_MEDIA_PIECE_H
#define CALLPARK_MEDIA_PIECE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/types.h"

#define PIECE_BYTES_MAX ((size_t)64 << 20)

struct piece;

struct piece_source {
    const char *name; /* what its giver calls it, for sentences */
    const void *data; /* the whole file: WAV, FLAC, OGG, MP3, or what an installed ffmpeg reads */
    size_t size;
    unsigned seconds; /* of it, at most; 0: ten minutes */
    const char *path; /* not NULL: instead of all this a file here, "" the built-in piece */
};

struct piece_about {
    msec length;
    bool cut;         /* there was more than ten minutes of it; the rest is left out */
    const char *type; /* "audio/wav" ..., as it was found in the file */
};

/* What is no music is refused with a sentence that says what to do: -EINVAL; -ENOMEM when memory is
 * short; -EFAULT or -ETIME when what reads it did not live through it (media/decoder.h). */
int piece_make(struct piece **out, const struct piece_source *from, struct piece_about *about,
               struct err *err);
void piece_free(struct piece *p);

/* The same as a WAV file of 16 kHz, mono, as loud as callers hear it. malloc'ed. */
int piece_preview(char **wav, size_t *size, const struct piece_source *from, struct err *err);

#endif

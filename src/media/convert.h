/* Sound files of other kinds, read by the program ffmpeg if it is installed: in a process of its
 * own, with limits and a deadline. For slow threads, as media/piece.h. */
#ifndef CALLPARK_MEDIA_CONVERT_H
#define CALLPARK_MEDIA_CONVERT_H

#include "base/types.h"
#include "media/audio.h"

/* -ENOENT: there is no ffmpeg, or no helper to start it. -EINVAL: it could not read this, or took
 * too long. */
int convert_read(struct audio *a, const void *data, size_t size, unsigned seconds, bool *cut);

/* The work of the helper (media/decoder.h): becomes ffmpeg. */
int convert_work(const char *argument);

/* For tests: msec instead of 20 seconds. */
void convert_set_deadline(msec deadline);

#endif

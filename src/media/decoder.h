/* Sound files are read by a process of its own that may do nothing but compute: libraries that
 * read MP3, FLAC and OGG have been broken by files made for that purpose, and such a file then
 * holds an empty box. Programs that have started no helper (sys/helper.h: tests, fuzz targets, the
 * encoder of the build) read in their own process; callparkd does not run without one. */
#ifndef CALLPARK_MEDIA_DECODER_H
#define CALLPARK_MEDIA_DECODER_H

#include "base/types.h"
#include "media/audio.h"

/* The works of the helper that this edge needs, in this order; those of others come behind. */
enum { WORK_DECODE, WORK_CONVERT, WORKS_OF_MEDIA };

/* As audio_read_memory(); -ETIME, -EFAULT: the reader took too long, or crashed. */
int decoder_read_memory(struct audio *a, const char *name, const void *data, size_t size,
                        unsigned seconds, bool *cut, struct err *err);
/* As audio_read_file(). The file is opened here, with our rights, and read there. */
int decoder_read_file(struct audio *a, const char *path, unsigned seconds, bool *cut,
                      struct err *err);

/* The work: `argument` is how many seconds are wanted. */
int decoder_work(const char *argument);

/* A file in memory that other processes may read; -1: no memory. Somebody else closes it. */
int decoder_memory_file(const void *data, size_t size);

/* For the fuzz target: what is taken of the answer that comes from `fd` until `end`. -EFAULT: none.
 */
int decoder_believe(struct audio *a, int fd, unsigned seconds, bool *cut, msec end,
                    struct err *why);

/* For tests: msec instead of a minute. */
void decoder_set_deadline(msec deadline);

#endif

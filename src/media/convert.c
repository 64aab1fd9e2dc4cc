/* A file that somebody sent is given to a foreign program. It gets the bytes and nothing else: no
 * network, no other file (a playlist or a film that names others is not among its formats), and
 * bounds of memory, time and output. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pipe2 */
#endif
#include "media/convert.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "media/decoder.h"
#include "sys/clock.h"
#include "sys/confine.h"
#include "sys/helper.h"

#define MEMORY_MAX ((size_t)1 << 30)
#define PROCESSOR_MAX 20 /* seconds */
#define BLOCK 65536

/* Files that are nothing but sound, by the names that ffmpeg has for their readers. */
static char formats[] = "asf,aac,ac3,amr,aiff,ape,au,caf,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mp3,"
                        "ogg,w64,wav,wv";

static msec patience = 20000;

void convert_set_deadline(msec deadline)
{
    patience = deadline;
}

static const char *type_of(const void *data, size_t size)
{
    if (size > 4 && memcmp(data, "\x30\x26\xB2\x75", 4) == 0)
        return "audio/x-ms-wma";
    if (size > 8 && memcmp((const char *)data + 4, "ftyp", 4) == 0)
        return "audio/mp4";
    return "application/octet-stream";
}

/* In the process that becomes the program. */
int convert_work(const char *argument)
{
    char length[16];
    char *const argv[] = { "ffmpeg",
                           "-nostdin",
                           "-v",
                           "quiet",
                           "-protocol_whitelist",
                           "file",
                           "-format_whitelist",
                           formats,
                           "-i",
                           "/dev/stdin",
                           "-map",
                           "0:a:0",
                           "-t",
                           length,
                           "-ac",
                           "1",
                           "-ar",
                           "16000",
                           "-f",
                           "s16le",
                           "pipe:1",
                           NULL };
    bool bounded;

    (void)text_copy(length, sizeof length, argument); /* a number of ours */
    bounded = confine_bounds(MEMORY_MAX, PROCESSOR_MAX) && confine_foreign();
    if (bounded)
        (void)execvp("ffmpeg", argv);
    return bounded && errno == ENOENT ? HELPER_NO_PROGRAM : 1;
}

/* What it writes, until it ends it; -EINVAL when that takes too long or is too much. */
static int gather(struct audio *a, int fd, size_t most, msec deadline)
{
    int16_t block[BLOCK / 2];
    size_t held = 0; /* bytes of half a number */

    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        msec now = clock_now();
        ssize_t n;

        if (now >= deadline || a->count > most || poll(&p, 1, (int)(deadline - now)) <= 0)
            return -EINVAL;
        n = read(fd, (char *)block + held, sizeof block - held);
        if (n <= 0)
            return n == 0 ? 0 : -EINVAL;
        held += (size_t)n;
        if (!audio_append_numbers(a, block, held / 2))
            return -ENOMEM;
        if (held % 2)
            ((char *)block)[0] = ((char *)block)[held - 1];
        held %= 2;
    }
}

static int run(struct audio *a, int in, unsigned seconds)
{
    size_t most = ((size_t)seconds + 2) * AUDIO_RATE;
    msec deadline = clock_now() + patience;
    struct helper_end end;
    char length[16];
    int ends[2], order, failed;

    (void)text_format(length, sizeof length, "%u",
                      seconds + 1); /* fits; one more shows that there is more */
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    order = helper_begin(WORK_CONVERT, length, in, ends[1], patience, NULL);
    (void)close(ends[1]); /* the program has its own */
    failed = order < 0 ? -EINVAL : gather(a, ends[0], most, deadline);
    (void)close(ends[0]); /* it was only read */
    if (order < 0)
        return failed;
    end = failed ? (struct helper_end){ HELPER_LATE, 0 } : helper_look(order, patience + 1000);
    helper_close(order);
    if (end.how == HELPER_EXITED && end.code == HELPER_NO_PROGRAM)
        return -ENOENT;
    return end.how == HELPER_EXITED && end.code == 0 ? failed : -EINVAL;
}

int convert_read(struct audio *a, const void *data, size_t size, unsigned seconds, bool *cut)
{
    size_t most = (size_t)seconds * AUDIO_RATE;
    int in, failed;

    if (!helper_there())
        return -ENOENT;
    in = decoder_memory_file(data, size);
    if (in < 0)
        return -ENOMEM;
    *a = (struct audio){ .type = type_of(data, size) };
    failed = run(a, in, seconds);
    (void)close(in); /* it was only read */
    if (!failed && a->count == 0)
        failed = -EINVAL;
    if (failed) {
        audio_done(a);
        return failed;
    }
    *cut = a->count > most;
    a->count = *cut ? most : a->count;
    return 0;
}

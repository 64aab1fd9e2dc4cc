/* A file that somebody sent is given to a foreign program. It gets the bytes and nothing else: no
 * network, no other file (a playlist or a film that names others is not among its formats), and
 * bounds of memory, time and output. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create, prlimit, closefrom */
#endif
#include "media/convert.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/clock.h"

#define MEMORY_MAX ((rlim_t)1 << 30)
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

static int start(pid_t *pid, int in, int out, unsigned seconds)
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
    char *const environment[] = { "LC_ALL=C", NULL };
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none, all;
    int failed;

    (void)text_format(length, sizeof length, "%u",
                      seconds + 1); /* fits; one more shows that there is more */
    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawn_file_actions_init(&files) != 0)
        return -ENOMEM;
    if (posix_spawnattr_init(&how) != 0) {
        posix_spawn_file_actions_destroy(&files);
        return -ENOMEM;
    }
    failed = posix_spawn_file_actions_adddup2(&files, in, 0);
    failed |= posix_spawn_file_actions_adddup2(&files, out, 1);
    failed |= posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    failed |= posix_spawn_file_actions_addclosefrom_np(&files, 3);
    failed |= posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                 POSIX_SPAWN_SETPGROUP);
    failed |= posix_spawnattr_setsigmask(&how, &none); /* our threads block every signal */
    failed |= posix_spawnattr_setsigdefault(&how, &all);
    failed = failed ? -ENOMEM : -posix_spawnp(pid, "ffmpeg", &files, &how, argv, environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return failed;
}

/* After the start and not before, as that would bind us as well; it has read nothing yet. */
static void limit(pid_t pid)
{
    static const struct {
        enum __rlimit_resource what;
        rlim_t most;
    } limits[] = { { RLIMIT_AS, MEMORY_MAX },
                   { RLIMIT_CPU, PROCESSOR_MAX },
                   { RLIMIT_FSIZE, 0 },
                   { RLIMIT_CORE, 0 },
                   { RLIMIT_NOFILE, 32 } };

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit l = { limits[i].most, limits[i].most };

        (void)prlimit(pid, limits[i].what, &l, NULL); /* it has ended already */
    }
    (void)setpriority(PRIO_PROCESS, (id_t)pid, 10); /* likewise */
}

/* A file in memory that the program can seek in. */
static int file_of(const void *data, size_t size)
{
    int fd = memfd_create("callpark-music", MFD_CLOEXEC);
    const char *at = data;

    while (fd >= 0 && size > 0) {
        ssize_t n = write(fd, at, size);

        if (n <= 0) {
            (void)close(fd); /* nothing of worth is in it */
            return -1;
        }
        at += n;
        size -= (size_t)n;
    }
    if (fd >= 0)
        (void)lseek(fd, 0, SEEK_SET); /* a memory file can */
    return fd;
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

/* 0 when it ended well by itself. */
static int reap(pid_t pid, bool kill_it, msec deadline)
{
    int status = 0;

    while (!kill_it && waitpid(pid, &status, WNOHANG) == 0) {
        kill_it = clock_now() >= deadline;
        (void)poll(NULL, 0, 5);
    }
    if (kill_it) {
        (void)kill(-pid, SIGKILL); /* its group, should it have started others */
        (void)waitpid(pid, &status, 0);
        return -EINVAL;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EINVAL;
}

static int run(struct audio *a, int in, unsigned seconds)
{
    size_t most = ((size_t)seconds + 2) * AUDIO_RATE;
    msec deadline = clock_now() + patience;
    int ends[2], failed, ended;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    failed = start(&pid, in, ends[1], seconds);
    (void)close(ends[1]); /* the program has its own */
    if (!failed) {
        limit(pid);
        failed = gather(a, ends[0], most, deadline);
        ended = reap(pid, failed != 0, deadline);
        failed = failed ? failed : ended;
    }
    (void)close(ends[0]); /* it was only read */
    return failed;
}

int convert_read(struct audio *a, const void *data, size_t size, unsigned seconds, bool *cut)
{
    size_t most = (size_t)seconds * AUDIO_RATE;
    int in = file_of(data, size), failed;

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

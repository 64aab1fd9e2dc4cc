/* Both ends of the reader of sound files: what the server asks and believes of the answer, and what
 * the confined process does. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include "media/decoder.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/confine.h"
#include "sys/helper.h"

#define MEMORY_MAX ((size_t)640 << 20) /* ten minutes of samples, the file, the library */
#define PROCESSOR_MAX 40               /* seconds */
#define CANNOT_CONFINE 3               /* exit codes */
#define CANNOT_WRITE 4

static msec patience = 60000;

void decoder_set_deadline(msec deadline)
{
    patience = deadline;
}

/* What stands before the samples. */
struct answer {
    int32_t code; /* 0, -EINVAL, -ENOTSUP, -ENOMEM */
    uint32_t count;
    uint8_t cut, torn;
    char type[32];
    char text[ERR_TEXT_SIZE];
};

/* ---- in the confined process ---- */

static bool write_all(const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t n = write(STDOUT_FILENO, at, size);

        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static int decode(const uint8_t *data, size_t size, unsigned seconds)
{
    struct answer answer = { 0 };
    struct audio a = { 0 };
    struct err err = { 0 };
    bool cut = false;

    answer.code = audio_read_memory(&a, "", data, size, seconds, &cut, &err);
    answer.count = (uint32_t)a.count;
    answer.cut = cut;
    answer.torn = a.torn;
    (void)text_copy(answer.type, sizeof(answer.type), a.type);
    (void)text_copy(answer.text, sizeof(answer.text), err.text);
    if (!write_all(&answer, sizeof(answer)) ||
        (!answer.code && !write_all(a.samples, a.count * sizeof(*a.samples))))
        return CANNOT_WRITE;
    return 0;
}

int decoder_work(const char *argument)
{
    struct stat st;
    uint64_t seconds;
    void *data;

    if (!text_number(argument, 1, 3600, &seconds) || fstat(STDIN_FILENO, &st) != 0 ||
        !confine_bounds(MEMORY_MAX, PROCESSOR_MAX))
        return CANNOT_CONFINE;
    data = mmap(NULL, st.st_size > 0 ? (size_t)st.st_size : 1, PROT_READ, MAP_PRIVATE, STDIN_FILENO,
                0);
    if (data == MAP_FAILED || !confine_to_computing())
        return CANNOT_CONFINE;
    return decode(data, (size_t)st.st_size, (unsigned)seconds);
}

/* ---- what is believed of its answer ---- */

/* As much as the pipe gives until `end`; false: less, or too late. */
static bool read_all(int fd, void *to, size_t size, msec end)
{
    char *at = to;

    while (size > 0) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        msec now = clock_now();
        ssize_t n;

        if (now >= end || poll(&p, 1, (int)(end - now)) <= 0)
            return false;
        n = read(fd, at, size);
        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static bool is_sound(const struct answer *answer, unsigned seconds)
{
    switch (answer->code) {
    case 0:
        return answer->count > 0 && answer->count <= seconds * AUDIO_RATE;
    case -EINVAL:
    case -ENOTSUP:
    case -ENOMEM:
        return memchr(answer->text, '\0', sizeof(answer->text)) != NULL && answer->text[0];
    default:
        return false;
    }
}

/* A process that was taken over may say anything: nothing of it may matter but how it sounds. */
int decoder_believe(struct audio *a, int fd, unsigned seconds, bool *cut, msec end, struct err *why)
{
    struct answer answer;
    char words[ERR_TEXT_SIZE];

    if (!read_all(fd, &answer, sizeof(answer), end) || !is_sound(&answer, seconds))
        return -EFAULT;
    if (answer.code)
        return err_set(why, answer.code, "%s", text_shown(words, sizeof(words), answer.text));
    answer.type[sizeof(answer.type) - 1] = '\0';
    *a = (struct audio){ .count = answer.count,
                         .room = answer.count,
                         .type = audio_type_known(answer.type),
                         .torn = answer.torn != 0 };
    a->samples = calloc(a->count, sizeof(*a->samples));
    if (!a->samples || !read_all(fd, a->samples, a->count * sizeof(*a->samples), end)) {
        audio_done(a);
        return -EFAULT;
    }
    for (size_t i = 0; i < a->count; i++)
        a->samples[i] = isfinite(a->samples[i]) ? fminf(fmaxf(a->samples[i], -1), 1) : 0;
    *cut = answer.cut != 0;
    return 0;
}

/* ---- what is said of its end ---- */

static int say_end(const struct helper_end *end, const char *name, struct err *err)
{
    switch (end->how) {
    case HELPER_LATE:
    case HELPER_RUNS:
        return err_set(err, -ETIME, "%s takes more than a minute to read: give a shorter file",
                       name);
    case HELPER_KILLED:
        if (end->code == SIGXCPU || end->code == SIGKILL)
            return err_set(err, -ETIME,
                           "%s takes too much of the processor or of memory to read: give a "
                           "shorter file",
                           name);
        return err_set(err, -EFAULT,
                       "%s makes what reads it %s (signal %d): it is broken, or made to do harm; "
                       "give another file",
                       name, end->code == SIGSYS ? "ask for what is forbidden" : "crash",
                       end->code);
    case HELPER_EXITED:
        if (end->code == CANNOT_CONFINE)
            return err_set(err, -EIO,
                           "%s is not read, because the process that would cannot be confined: "
                           "seccomp and limits of resources must be allowed to callparkd",
                           name);
        return err_set(err, -EFAULT, "%s makes what reads it end too early: give another file",
                       name);
    case HELPER_LOST:
        break;
    }
    return err_set(err, -EIO, "%s: the helper process is gone: restart callparkd", name);
}

/* ---- in the server ---- */

static int ask(struct audio *a, int in, const char *name, unsigned seconds, bool *cut,
               struct err *err)
{
    msec end = clock_now() + patience + 1000; /* the guard is first */
    struct helper_end how = { HELPER_RUNS, 0 };
    struct err why = { 0 };
    char argument[16];
    int ends[2], order, failed;

    (void)text_format(argument, sizeof(argument), "%u", seconds); /* fits */
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(err, -errno, "%s: no pipe to read it by: %s", name, strerror(errno));
    order = helper_begin(WORK_DECODE, argument, in, ends[1], patience, err);
    (void)close(ends[1]); /* the worker has its own */
    failed = order < 0 ? order : decoder_believe(a, ends[0], seconds, cut, end, &why);
    (void)close(ends[0]); /* it was only read */
    if (order < 0)
        return failed;
    if (failed == -EFAULT)
        how = helper_look(order, patience + 2000);
    helper_close(order);
    if (failed == -EFAULT)
        return say_end(&how, name, err);
    return failed ? err_set(err, failed, "%s%s", name, why.text) : 0;
}

int decoder_memory_file(const void *data, size_t size)
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

int decoder_read_memory(struct audio *a, const char *name, const void *data, size_t size,
                        unsigned seconds, bool *cut, struct err *err)
{
    int in, failed;

    if (!helper_there())
        return audio_read_memory(a, name, data, size, seconds, cut, err);
    in = decoder_memory_file(data, size);
    if (in < 0)
        return err_set(err, -ENOMEM, "%s: not enough memory to read it", name);
    failed = ask(a, in, name, seconds, cut, err);
    (void)close(in); /* it was only read */
    return failed;
}

int decoder_read_file(struct audio *a, const char *path, unsigned seconds, bool *cut,
                      struct err *err)
{
    struct stat st;
    int in, failed;

    if (!helper_there())
        return audio_read_file(a, path, seconds, cut, err);
    in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would keep us waiting */
    if (in < 0)
        return err_set(err, -errno, "%s: %s", path, strerror(errno));
    failed = fstat(in, &st) != 0 || !S_ISREG(st.st_mode)
                 ? err_set(err, -EINVAL, "%s is no file", path)
                 : ask(a, in, path, seconds, cut, err);
    (void)close(in); /* it was only read */
    return failed == -ENOTSUP ? err_set(err, -EINVAL,
                                        "%s: it must be a WAV, FLAC, OGG or MP3 file that this "
                                        "user may read",
                                        path)
                              : failed;
}

/* A bounded table of descriptors with names. */
#include "sys/keep_store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/kept.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

struct item {
    int fd;
    char name[KEPT_NAME_SIZE];
};

struct keep_store {
    int epoll;
    size_t most, count;
    struct item items[];
};

struct keep_store *keep_store_new(size_t most)
{
    struct keep_store *s = calloc(1, sizeof *s + most * sizeof s->items[0]);

    if (!s)
        return NULL;
    s->most = most;
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s->epoll >= 0)
        return s;
    free(s);
    return NULL;
}

static void let_go(struct keep_store *s, size_t n)
{
    /* By hand: it stays watched as long as the child has it open. */
    (void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, s->items[n].fd, NULL); /* not all are watched */
    close(s->items[n].fd);
    s->items[n] = s->items[--s->count];
}

void keep_store_free(struct keep_store *s)
{
    if (!s)
        return;
    while (s->count)
        let_go(s, s->count - 1);
    close(s->epoll);
    free(s);
}

size_t keep_store_count(const struct keep_store *s)
{
    return s->count;
}

int keep_store_fd(const struct keep_store *s)
{
    return s->epoll;
}

static bool let_go_of_fd(struct keep_store *s, int fd)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].fd == fd) {
            let_go(s, i);
            return true;
        }
    return false;
}

size_t keep_store_sweep(struct keep_store *s)
{
    struct epoll_event some[64];
    size_t gone = 0;
    int n;

    while ((n = epoll_wait(s->epoll, some, 64, 0)) > 0)
        for (int i = 0; i < n; i++)
            gone += let_go_of_fd(s, some[i].data.fd);
    return gone;
}

/* ---- messages ---- */

static bool is_same(int a, int b)
{
    struct stat one, other;

    return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

static bool has(const struct keep_store *s, const char *name, int fd)
{
    for (size_t i = 0; i < s->count; i++)
        if (text_is(s->items[i].name, name) && is_same(s->items[i].fd, fd))
            return true;
    return false;
}

static bool is_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (*c <= ' ' || *c > '~' || *c == ':')
            return false;
    return name[0] != '\0';
}

/* False: there is no room. Takes the descriptor in any case. */
static bool keep_one(struct keep_store *s, const char *name, int fd, bool until_hung_up)
{
    struct epoll_event ev = { .events = 0, .data.fd = fd }; /* what is told always, is enough */

    if (has(s, name, fd)) {
        close(fd);
        return true;
    }
    if (s->count == s->most || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        (until_hung_up && epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) != 0)) {
        close(fd);
        return false;
    }
    s->items[s->count].fd = fd;
    (void)text_copy(s->items[s->count++].name, KEPT_NAME_SIZE, name); /* its reader saw to it */
    return true;
}

static void remove_all(struct keep_store *s, const char *name)
{
    for (size_t i = s->count; i > 0; i--)
        if (text_is(s->items[i - 1].name, name))
            let_go(s, i - 1);
}

struct words {
    bool give, drop, unpolled, named;
    char name[KEPT_NAME_SIZE];
};

static void read_line(const char *line, size_t length, struct words *w, struct keep_said *said)
{
    char text[256];

    if (!text_copy_n(text, sizeof text, line, length) || !length)
        return; /* too long to be one of those we know */
    if (text_is(text, "FDSTORE=1"))
        w->give = true;
    else if (text_is(text, "FDSTOREREMOVE=1"))
        w->drop = true;
    else if (text_is(text, "FDPOLL=0"))
        w->unpolled = true;
    else if (text_starts(text, "FDNAME="))
        w->named = text_copy(w->name, sizeof w->name, text + strlen("FDNAME=")) && is_name(w->name);
    else
        (void)text_append(said->others, sizeof said->others, "%s\n", text); /* cut if too many */
    if (text_is(text, "READY=1"))
        said->ready = true;
}

void keep_store_take(struct keep_store *s, const char *message, const int *fds, size_t count,
                     struct keep_said *said)
{
    struct words w = { .give = false };

    memset(said, 0, sizeof *said);
    for (const char *line = message; *line; line += strspn(line, "\n")) {
        size_t length = strcspn(line, "\n");

        read_line(line, length, &w, said);
        line += length;
    }
    for (size_t i = 0; i < count; i++) {
        if (!w.give || !w.named)
            close(fds[i]);
        else if (!keep_one(s, w.name, fds[i], !w.unpolled))
            said->full = true;
    }
    if (w.drop && w.named && !w.give)
        remove_all(s, w.name);
}

/* ---- to the child ---- */

/* Away from where they are to be, as one could be closed by another's coming there. */
static bool move_up(struct keep_store *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->items[i].fd >= FIRST_FD + (int)s->count)
            continue;
        s->items[i].fd = fcntl(s->items[i].fd, F_DUPFD_CLOEXEC, FIRST_FD + (int)s->count);
        if (s->items[i].fd < 0)
            return false;
    }
    return true;
}

bool keep_store_hand_over(struct keep_store *s)
{
    size_t size = s->count * KEPT_NAME_SIZE + 1;
    char *names = calloc(1, size), number[24];
    bool done = names && move_up(s);

    for (size_t i = 0; done && i < s->count; i++) {
        done = dup2(s->items[i].fd, FIRST_FD + (int)i) >= 0;
        (void)text_append(names, size, "%s%s", i ? ":" : "", s->items[i].name); /* fits */
    }
    (void)text_format(number, sizeof number, "%zu", s->count); /* fits */
    done = done && setenv("LISTEN_FDS", number, 1) == 0 && setenv("LISTEN_FDNAMES", names, 1) == 0;
    (void)text_format(number, sizeof number, "%ld", (long)getpid()); /* fits */
    done = done && setenv("LISTEN_PID", number, 1) == 0;
    free(names);
    return done;
}

/* The parent: one thread, which waits for signals, for what the server says, and for the time to
 * start it again. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* struct ucred */
#endif
#include "sys/keep.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "base/types.h"
#include "sys/clock.h"
#include "sys/keep_store.h"
#include "sys/kept.h"
#include "sys/log.h"

#define PAUSE_FIRST                                                                                \
    200                  /* msec before it is started again when it died soon; then twice as long  \
                          */
#define PAUSE_MOST 30000 /* and so on, to this */
#define SOON 10000       /* msec that it must have lived not to have died soon */
#define END_PATIENCE 60000 /* msec that it may take to end before it is killed */
#define FDS_MOST 16        /* of one message */
#define CANNOT_RUN 127     /* as of a shell */

struct keep {
    const char *path;
    char *const *arguments;
    struct keep_store *store;
    struct sockaddr_un above; /* whoever started us, if he wants to be told */
    socklen_t above_size;
    int signals, words, up;
    pid_t child; /* 0: none */
    bool ending, replacing, was_ready, told_full;
    unsigned died_soon; /* times, one after the other */
    msec started, start_at, kill_at;
    int code;
    bool over;
};

int keep_path(char *to, size_t size, const char *argv0, struct err *err)
{
    char found[PATH_MAX];
    ssize_t n;

    if (strchr(argv0, '/') && realpath(argv0, found))
        /* Not where a link leads today: a newer version may be what it leads to tomorrow. */
        return text_copy(to, size, argv0) ? 0 : err_set(err, -ENAMETOOLONG, "the path is too long");
    n = readlink("/proc/self/exe", found, sizeof found - 1);
    if (n <= 0)
        return err_set(err, -errno, "the program's own path is not known: %s", strerror(errno));
    found[n] = '\0';
    return text_copy(to, size, found) ? 0 : err_set(err, -ENAMETOOLONG, "the path is too long");
}

/* ---- to whoever started us ---- */

static void find_above(struct keep *k)
{
    const char *where = getenv("NOTIFY_SOCKET");
    size_t length = where ? strlen(where) : 0;

    if (!length || length >= sizeof k->above.sun_path)
        return;
    k->above.sun_family = AF_UNIX;
    memcpy(k->above.sun_path, where, length);
    if (where[0] == '@')
        k->above.sun_path[0] = '\0';
    k->above_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static void tell_above(const struct keep *k, const char *words)
{
    if (k->above_size && words[0])
        (void)sendto(k->up, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT,
                     (const struct sockaddr *)&k->above, k->above_size); /* nobody: as well */
}

/* ---- the child ---- */

/* In the child. Never returns. */
static void become(struct keep *k)
{
    char own[24];
    sigset_t none;

    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL); /* it cannot fail with these arguments */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);      /* nobody would keep for it any more */
    (void)text_format(own, sizeof own, "%ld", (long)getpid()); /* fits */
    if (getenv("WATCHDOG_PID"))
        (void)setenv("WATCHDOG_PID", own, 1); /* what it says is passed on */
    if (keep_store_hand_over(k->store))
        (void)execv(k->path, k->arguments);
    log_error("keep", "%s cannot be started: %s", k->path, strerror(errno));
    _exit(CANNOT_RUN);
}

static void start(struct keep *k)
{
    k->start_at = NEVER;
    k->started = clock_now();
    k->replacing = false;
    k->child = fork();
    if (k->child == 0)
        become(k);
    if (k->child > 0) {
        log_info("keep", "callparkd is process %ld, with %zu sockets of before", (long)k->child,
                 keep_store_count(k->store));
        return;
    }
    k->child = 0;
    log_error("keep", "no process can be started: %s", strerror(errno));
    k->start_at = k->started + PAUSE_MOST;
}

static msec pause_of(const struct keep *k)
{
    unsigned doubled = k->died_soon - 1 < 16 ? k->died_soon - 1 : 16;
    msec pause = (msec)PAUSE_FIRST << doubled;

    return pause < PAUSE_MOST ? pause : PAUSE_MOST;
}

static void plan_start(struct keep *k, const char *how, int number)
{
    msec now = clock_now(), pause = 0;

    k->died_soon = now < k->started + SOON ? k->died_soon + 1 : 0;
    if (k->died_soon)
        pause = pause_of(k);
    k->start_at = now + pause;
    tell_above(k, "STATUS=callparkd is started again\n");
    log_error("keep",
              "callparkd ended with %s %d; it is started again in %llu ms, and its %zu "
              "sockets are kept",
              how, number, (unsigned long long)pause, keep_store_count(k->store));
}

static void child_ended(struct keep *k, int status)
{
    bool by_signal = WIFSIGNALED(status);
    int number = by_signal ? WTERMSIG(status) : WEXITSTATUS(status);

    k->child = 0;
    k->kill_at = NEVER;
    if (k->ending || (!k->was_ready && !by_signal)) {
        /* A fault that was there from the start is told to whoever has just started us. */
        k->code = by_signal ? 128 + number : number;
        if (by_signal && number == SIGTERM)
            k->code = 0; /* before it could say how it ends */
        k->over = true;
    } else if (k->replacing) {
        log_info("keep", "callparkd has ended to be replaced; %zu sockets are kept",
                 keep_store_count(k->store));
        k->died_soon = 0;
        start(k);
    } else {
        plan_start(k, by_signal ? "signal" : "code", number);
    }
}

static void reap(struct keep *k)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == k->child)
            child_ended(k, status);
}

/* ---- signals ---- */

static void end_child(struct keep *k)
{
    if (k->child)
        (void)kill(k->child, SIGTERM); /* it is there, as nobody has waited for it */
    if (k->kill_at == NEVER)
        k->kill_at = clock_now() + END_PATIENCE;
}

static void on_signal(struct keep *k, unsigned number)
{
    switch (number) {
    case SIGCHLD:
        reap(k);
        break;
    case SIGUSR2:
        log_info("keep", "callparkd is to be replaced by %s", k->path);
        k->replacing = true;
        if (k->child)
            end_child(k);
        else
            start(k);
        break;
    case SIGHUP:
        if (k->child)
            (void)kill(k->child, SIGHUP); /* as above */
        break;
    default: /* SIGTERM, SIGINT */
        k->ending = true;
        tell_above(k, "STOPPING=1\n");
        k->over = !k->child;
        end_child(k);
        break;
    }
}

static void take_signals(struct keep *k)
{
    struct signalfd_siginfo info;

    while (!k->over && read(k->signals, &info, sizeof info) == (ssize_t)sizeof info)
        on_signal(k, info.ssi_signo);
}

/* ---- what the child says ---- */

struct letter {
    char text[4096];
    int fds[FDS_MOST];
    size_t count;
    pid_t from;
};

static void read_control(struct msghdr *m, struct letter *l)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_RIGHTS) {
            l->count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            memcpy(l->fds, CMSG_DATA(c), l->count * sizeof(int));
        } else if (c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred who;

            memcpy(&who, CMSG_DATA(c), sizeof who);
            l->from = who.pid;
        }
    }
}

static bool receive(const struct keep *k, struct letter *l)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(FDS_MOST * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec part = { .iov_base = l->text, .iov_len = sizeof l->text - 1 };
    struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room };
    ssize_t n;

    m.msg_controllen = sizeof control.room;
    n = recvmsg(k->words, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0)
        return false;
    l->text[n] = '\0';
    l->count = 0;
    l->from = 0;
    read_control(&m, l);
    return true;
}

/* Anybody on this machine can write to the socket; only the server is believed. */
static void take_words(struct keep *k)
{
    struct keep_said said;
    struct letter l;

    while (receive(k, &l)) {
        if (!k->child || l.from != k->child)
            l.text[0] = '\0';
        keep_store_take(k->store, l.text, l.fds, l.count, &said);
        k->was_ready = k->was_ready || said.ready;
        tell_above(k, said.others);
        if (said.full && !k->told_full)
            log_warning("keep", "no more than %d sockets are kept: a restart opens the others anew",
                        KEPT_MAX);
        k->told_full = k->told_full || said.full;
    }
}

/* ---- a life ---- */

static int open_words(int *out)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    socklen_t size = sizeof(sa_family_t); /* a name without a file, which the system chooses */
    char where[sizeof at.sun_path + 1];
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

    *out = fd;
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, size) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
        return -errno;
    size = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        return -errno;
    (void)text_copy_n(where, sizeof where, at.sun_path + 1,
                      size - offsetof(struct sockaddr_un, sun_path) - 1); /* the same size */
    memmove(where + 1, where, strlen(where) + 1);
    where[0] = '@';
    return setenv("NOTIFY_SOCKET", where, 1) == 0 ? 0 : -errno;
}

static int open_signals(int *out)
{
    static const int wanted[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR2 };
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        sigaddset(&set, wanted[i]);
    *out = -1;
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -errno;
    *out = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *out >= 0 ? 0 : -errno;
}

static int patience(const struct keep *k)
{
    msec next = k->start_at < k->kill_at ? k->start_at : k->kill_at, now = clock_now();

    if (next == NEVER)
        return -1;
    return next <= now ? 0 : (int)(next - now);
}

static void look_at_clock(struct keep *k)
{
    msec now = clock_now();

    if (k->start_at <= now && !k->over)
        start(k);
    if (k->kill_at <= now && k->child) {
        log_error("keep", "callparkd did not end within %d s and is killed", END_PATIENCE / 1000);
        (void)kill(k->child, SIGKILL); /* it is there, as nobody has waited for it */
        k->kill_at = NEVER;
    }
}

static void live(struct keep *k)
{
    struct pollfd all[] = { { .fd = k->signals, .events = POLLIN },
                            { .fd = k->words, .events = POLLIN },
                            { .fd = keep_store_fd(k->store), .events = POLLIN } };

    start(k);
    while (!k->over) {
        (void)poll(all, 3, patience(k)); /* each is asked for what it has below */
        take_words(k); /* before the signals: the last words of a child that has ended count */
        (void)keep_store_sweep(k->store); /* how many does not matter */
        take_signals(k);
        look_at_clock(k);
    }
}

int keep_run(const char *path, char *const arguments[])
{
    struct keep k = { .path = path, .arguments = arguments, .start_at = NEVER, .kill_at = NEVER };
    int failed;

    find_above(&k);
    (void)unsetenv("LISTEN_PID"); /* what was given to us is none of the child's */
    k.store = keep_store_new(KEPT_MAX);
    k.up = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    failed = !k.store || k.up < 0 ? -ENOMEM : open_signals(&k.signals);
    if (!failed)
        failed = open_words(&k.words);
    if (!failed)
        live(&k);
    else
        log_error("keep", "sockets cannot be kept: %s", strerror(-failed));
    keep_store_free(k.store);
    return failed ? 1 : k.code;
}

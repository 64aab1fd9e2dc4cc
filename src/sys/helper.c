/* Both ends of the helper. For each order it forks a guard, and the guard a worker: the guard waits
 * for the end, the deadline, or for whoever ordered to lose interest, so the helper never waits. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pipe2, close_range, environ */
#endif
#include "sys/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/clock.h"

#define CANNOT 126 /* exit code of a worker that could not be set up */

struct order {
    unsigned work;
    msec patience; /* 0: any */
    char argument[HELPER_ARGUMENT];
};

enum { IN, OUT, CONTROL, DESCRIPTORS };

/* The message with room for the descriptors that go with it. */
struct envelope {
    struct msghdr head;
    struct iovec body;
    _Alignas(struct cmsghdr) char with[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
};

static int helper = -1; /* our end; set before there are threads */

static void address(struct envelope *e, struct order *o)
{
    memset(e, 0, sizeof(*e));
    e->body = (struct iovec){ .iov_base = o, .iov_len = sizeof(*o) };
    e->head = (struct msghdr){ .msg_iov = &e->body,
                               .msg_iovlen = 1,
                               .msg_control = e->with,
                               .msg_controllen = sizeof(e->with) };
}

/* ---- in the worker ---- */

static void signals_as_new(void)
{
    struct sigaction usual = { .sa_handler = SIG_DFL };
    sigset_t none;

    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &usual, NULL); /* two of them nobody can change */
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void be_worker(helper_work *work, const struct order *o, const int *fd)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

    signals_as_new();
    (void)setpgid(0, 0); /* its children end with it; the guard does the same */
    /* Above those that are put in their places below, so that none is overwritten before. */
    if (nowhere < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || dup2(fd[IN], 0) < 0 ||
        dup2(fd[OUT], 1) < 0 || dup2(nowhere, 2) < 0 || close_range(3, ~0U, 0) != 0)
        _exit(CANNOT);
    _exit(work(o->argument));
}

/* ---- in the guard ---- */

/* What is left of its group goes too; while the worker is not reaped nobody else has that number.
 */
static struct helper_end reap(pid_t pid, bool late)
{
    struct helper_end end = { late ? HELPER_LATE : HELPER_LOST, 0 };
    int status = 0;

    (void)kill(-pid, SIGKILL); /* the worker itself has ended, or must */
    if (waitpid(pid, &status, 0) == pid && !late)
        end = WIFEXITED(status) ? (struct helper_end){ HELPER_EXITED, WEXITSTATUS(status) }
                                : (struct helper_end){ HELPER_KILLED, WTERMSIG(status) };
    return end;
}

/* 1: the worker ended; 0: its time is over; -1: nobody wants it any more. */
static int watch(pid_t pid, int ends, int control, msec patience)
{
    msec deadline = clock_now() + patience;
    struct pollfd p[] = { { .fd = ends, .events = POLLIN }, { .fd = control, .events = POLLIN } };
    char byte;

    for (;;) {
        msec now = clock_now();
        int wait = !patience ? -1 : now >= deadline ? 0 : (int)(deadline - now);
        int count = poll(p, 2, wait);

        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return 0;
        if (p[0].revents)
            return 1;
        if (read(control, &byte, 1) != 1)
            return -1;
        (void)kill(-pid, SIGTERM); /* asked to end; it may take its time */
    }
}

static _Noreturn void be_guard(helper_work *work, const struct order *o, int *fd)
{
    struct sigaction usual = { .sa_handler = SIG_DFL };
    struct helper_end end;
    sigset_t child;
    int ends, how;
    pid_t pid;

    (void)prctl(PR_SET_PDEATHSIG, 0); /* it outlives the helper, not who ordered */
    (void)sigaction(SIGCHLD, &usual, NULL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child, NULL);
    ends = signalfd(-1, &child, SFD_CLOEXEC);
    pid = ends < 0 ? -1 : fork();
    if (pid == 0)
        be_worker(work, o, fd);
    if (pid < 0)
        _exit(CANNOT);
    (void)setpgid(pid, pid); /* whichever of the two is first */
    (void)close(fd[IN]);     /* else the other side would never see their ends */
    (void)close(fd[OUT]);
    (void)close(0); /* the helper's socket */
    how = watch(pid, ends, fd[CONTROL], o->patience);
    end = reap(pid, how != 1);
    (void)send(fd[CONTROL], &end, sizeof(end), MSG_NOSIGNAL); /* nobody may be listening */
    _exit(0);
}

/* ---- in the helper ---- */

/* An order with all its descriptors; false: nobody is there to give any. */
static bool receive(struct order *o, int fd[DESCRIPTORS], bool *whole)
{
    struct envelope e;
    struct cmsghdr *c;
    ssize_t size;

    address(&e, o);
    do
        size = recvmsg(0, &e.head, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size <= 0)
        return false;
    c = CMSG_FIRSTHDR(&e.head);
    *whole = size == sizeof(*o) && c && c->cmsg_type == SCM_RIGHTS &&
             c->cmsg_len == CMSG_LEN(DESCRIPTORS * sizeof(int));
    if (*whole)
        memcpy(fd, CMSG_DATA(c), DESCRIPTORS * sizeof(int));
    o->argument[sizeof(o->argument) - 1] = '\0';
    return true;
}

int helper_serve(helper_work *const *works, size_t count)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    int fd[DESCRIPTORS];
    struct order o;
    bool whole;

    (void)sigaction(SIGCHLD, &ignore, NULL); /* guards need no burial */
    while (receive(&o, fd, &whole)) {
        if (!whole)
            continue;
        if (o.work < count && fork() == 0)
            be_guard(works[o.work], &o, fd);
        for (int i = 0; i < DESCRIPTORS; i++)
            (void)close(fd[i]); /* the guard has its own */
    }
    return 0;
}

/* ---- in the server ---- */

static int spawn(const char *program, int socket)
{
    const char *path = getenv("PATH");
    char where[1024];
    char *const argv[] = { "callparkd", "--helper", NULL };
    /* No other variable goes along: passwords may be among them. */
    char *const environment[] = { "LC_ALL=C", where, NULL };
    posix_spawn_file_actions_t files;
    pid_t pid;
    int failed = posix_spawn_file_actions_init(&files);

    if (failed)
        return -failed;
    if (!text_format(where, sizeof(where), "PATH=%s", path ? path : "/usr/bin:/bin"))
        (void)text_copy(where, sizeof(where), "PATH=/usr/bin:/bin");
    failed = posix_spawn_file_actions_adddup2(&files, socket, 0);
    failed |= posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    failed |= posix_spawn_file_actions_addclosefrom_np(&files, 3);
    failed = failed ? -ENOMEM : -posix_spawn(&pid, program, &files, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

/* Tests: a copy of this process. */
static int copy(helper_work *const *works, size_t count, int socket)
{
    pid_t pid = fork();

    if (pid < 0)
        return -errno;
    if (pid > 0)
        return 0;
    if (dup2(socket, 0) < 0 || close_range(3, ~0U, 0) != 0)
        _exit(CANNOT);
    _exit(helper_serve(works, count));
}

int helper_start(const char *program, helper_work *const *works, size_t count, struct err *err)
{
    sigset_t all, before;
    int ends[2], failed;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return err_set(err, -errno, "the helper process has no socket: %s", strerror(errno));
    /* It inherits that, so a signal for the whole service or terminal does not end it: it ends when
     * the server has. */
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    failed = program ? spawn(program, ends[1]) : copy(works, count, ends[1]);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)close(ends[1]); /* the helper has its own */
    if (failed) {
        (void)close(ends[0]);
        return err_set(err, failed, "the helper process cannot be started: %s", strerror(-failed));
    }
    helper = ends[0];
    return 0;
}

bool helper_there(void)
{
    return helper >= 0;
}

void helper_stop(void)
{
    if (helper >= 0)
        (void)close(helper);
    helper = -1;
}

static int give(struct order *o, const int fd[DESCRIPTORS], struct err *err)
{
    struct envelope e;
    struct cmsghdr *c;

    address(&e, o);
    c = CMSG_FIRSTHDR(&e.head);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(DESCRIPTORS * sizeof(int));
    memcpy(CMSG_DATA(c), fd, DESCRIPTORS * sizeof(int));
    if (sendmsg(helper, &e.head, MSG_NOSIGNAL) < 0)
        return err_set(err, -EIO, "the helper process is gone (%s): restart callparkd",
                       strerror(errno));
    return 0;
}

int helper_begin(unsigned work, const char *argument, int in, int out, msec patience,
                 struct err *err)
{
    struct order o = { .work = work, .patience = patience };
    int nothing = in < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
    int control[2], failed;

    if (!text_copy(o.argument, sizeof(o.argument), argument) || (in < 0 && nothing < 0) ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0) {
        if (nothing >= 0)
            (void)close(nothing);
        return err_set(err, -EIO, "the helper process cannot be given work: %s", strerror(errno));
    }
    failed = give(&o, (int[DESCRIPTORS]){ in < 0 ? nothing : in, out, control[1] }, err);
    (void)close(control[1]); /* sent, or of no use */
    if (nothing >= 0)
        (void)close(nothing);
    if (failed)
        (void)close(control[0]);
    return failed ? failed : control[0];
}

struct helper_end helper_look(int order, msec wait)
{
    struct pollfd p = { .fd = order, .events = POLLIN };
    struct helper_end end = { HELPER_RUNS, 0 };

    if (poll(&p, 1, (int)wait) > 0 && recv(order, &end, sizeof(end), 0) != sizeof(end))
        end = (struct helper_end){ HELPER_LOST, 0 };
    return end;
}

void helper_ask_to_end(int order)
{
    (void)send(order, "T", 1, MSG_NOSIGNAL); /* it may have ended meanwhile */
}

void helper_close(int order)
{
    (void)close(order); /* its guard sees that */
}

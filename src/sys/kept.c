/* Our half of the protocol of systemd's file descriptor store: sd_notify(3), sd_listen_fds(3). What
 * is to be said goes through a queue to a thread of its own, as whoever listens may be slow. */
#include "sys/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/log.h"
#include "sys/queue.h"
#include "sys/thread.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */
#define ORDERS_MAX 4096
#define PATIENCE 5 /* seconds that a word may wait for its listener */

struct entry { /* what was handed to us */
    char name[KEPT_NAME_SIZE];
    _Atomic int fd; /* -1: taken */
};

struct order {
    enum order_kind { ORDER_GIVE, ORDER_GIVE_POLLED, ORDER_DROP, ORDER_SAY, ORDER_STOP } kind;
    int fd; /* a copy, closed once it is handed over */
    char name[KEPT_NAME_SIZE];
};

static struct entry *entries;
static size_t entry_count;
static struct queue *orders; /* NULL: nobody keeps */
static pthread_t thread;
static int notify = -1;
static bool watched; /* for signs of life */
static atomic_bool leaving;

void kept_name(char to[KEPT_NAME_SIZE], const char *format, ...)
{
    char whole[2 * KEPT_NAME_SIZE];
    size_t length = 0;
    va_list arguments;
    int wanted;

    va_start(arguments, format);
    wanted = vsnprintf(whole, sizeof whole, format, arguments);
    va_end(arguments);
    to[0] = '\0';
    if (wanted < 0 || (size_t)wanted >= sizeof whole)
        return;
    for (const char *c = whole; *c; c++) {
        if (*c == '[' || *c == ']')
            continue;
        if (length == KEPT_NAME_SIZE - 1 || *c <= ' ' || *c > '~') {
            to[0] = '\0';
            return;
        }
        to[length++] = *c == ':' ? '-' : *c;
        to[length] = '\0';
    }
}

/* ---- what was handed to us ---- */

/* What is said to us alone; a process that we start must not take it for its own. */
static void clear_environment(void)
{
    (void)unsetenv("LISTEN_PID"); /* these fail for names with '=' only */
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
}

static size_t handed_over(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    uint64_t number = 0;

    if (!pid || !count || !text_number(pid, 1, UINT64_MAX, &number) || number != (uint64_t)getpid())
        return 0;
    return text_number(count, 1, 65536, &number) ? (size_t)number : 0;
}

static int read_entries(struct err *err)
{
    const char *names = getenv("LISTEN_FDNAMES");
    size_t count = handed_over();

    entries = count ? calloc(count, sizeof *entries) : NULL;
    if (count && !entries)
        return err_set(err, -ENOMEM, "no memory for %zu sockets that were kept", count);
    entry_count = count;
    for (size_t i = 0; i < count; i++) {
        size_t length = names ? strcspn(names, ":") : 0;

        atomic_init(&entries[i].fd, FIRST_FD + (int)i);
        (void)fcntl(FIRST_FD + (int)i, F_SETFD,
                    FD_CLOEXEC); /* one that is not open: taken by none */
        if (!text_copy_n(entries[i].name, sizeof entries[i].name, names ? names : "", length))
            entries[i].name[0] = '\0'; /* none of ours */
        if (names)
            names += length + (names[length] == ':');
    }
    return 0;
}

static int take(struct entry *e)
{
    return atomic_exchange(&e->fd, -1);
}

int kept_take(const char *name)
{
    for (size_t i = 0; name[0] && i < entry_count; i++) {
        if (!text_is(entries[i].name, name))
            continue;
        int fd = take(&entries[i]);

        if (fd >= 0)
            return fd;
    }
    return -1;
}

static bool is_bound(int fd, int type, const struct sockaddr *at, socklen_t size)
{
    struct sockaddr_storage bound, wanted;
    socklen_t bound_size = sizeof bound, int_size = sizeof(int);
    int found = 0;

    memset(&bound, 0, sizeof bound);
    memset(&wanted, 0, sizeof wanted);
    if (size > sizeof wanted || getsockopt(fd, SOL_SOCKET, SO_TYPE, &found, &int_size) != 0 ||
        getsockname(fd, (struct sockaddr *)&bound, &bound_size) != 0)
        return false;
    memcpy(&wanted, at, size);
    if (found != type || bound.ss_family != wanted.ss_family)
        return false;
    if (wanted.ss_family == AF_INET) {
        struct sockaddr_in a, b;

        memcpy(&a, &bound, sizeof a);
        memcpy(&b, &wanted, sizeof b);
        return a.sin_addr.s_addr == b.sin_addr.s_addr && (!b.sin_port || a.sin_port == b.sin_port);
    }
    if (wanted.ss_family == AF_INET6) {
        struct sockaddr_in6 a, b;

        memcpy(&a, &bound, sizeof a);
        memcpy(&b, &wanted, sizeof b);
        return memcmp(&a.sin6_addr, &b.sin6_addr, sizeof a.sin6_addr) == 0 &&
               a.sin6_scope_id == b.sin6_scope_id && (!b.sin6_port || a.sin6_port == b.sin6_port);
    }
    return false;
}

int kept_take_bound(const char *name, int type, const struct sockaddr *at, socklen_t size)
{
    int fd = kept_take(name);

    if (fd < 0 || is_bound(fd, type, at, size))
        return fd;
    close(fd);
    kept_drop(name);
    return -1;
}

bool kept_find(const char *prefix, char name[KEPT_NAME_SIZE])
{
    for (size_t i = 0; i < entry_count; i++)
        if (atomic_load(&entries[i].fd) >= 0 && text_starts(entries[i].name, prefix)) {
            (void)text_copy(name, KEPT_NAME_SIZE, entries[i].name); /* the same size */
            return true;
        }
    return false;
}

static void close_rest(bool forget)
{
    for (size_t i = 0; i < entry_count; i++) {
        int fd = take(&entries[i]);

        if (fd < 0)
            continue;
        close(fd);
        if (!forget)
            continue;
        log_info("app", "a kept socket is not wanted any more: %s", entries[i].name);
        kept_drop(entries[i].name);
    }
}

void kept_settle(void)
{
    close_rest(true);
}

/* ---- what is to be kept ---- */

static void send_word(const char *text, int fd)
{
    union { /* sendmsg() reads it only */
        const char *text;
        void *base;
    } word = { .text = text };
    struct iovec part = { .iov_base = word.base, .iov_len = strlen(text) };
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
    static bool said;

    if (fd >= 0) {
        memset(&control, 0, sizeof control);
        m.msg_control = &control;
        m.msg_controllen = sizeof control;
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
    }
    if (sendmsg(notify, &m, MSG_NOSIGNAL) >= 0 || said)
        return;
    said = true; /* once will do: the same is wrong with all of them */
    log_warning("app",
                "who started callparkd does not take its sockets: %s; a restart opens new "
                "ones",
                strerror(errno));
}

static void carry_out(struct order *o)
{
    char text[KEPT_NAME_SIZE + 64];

    if (o->kind == ORDER_SAY) {
        send_word(o->name, -1);
        return;
    }
    (void)text_format(text, sizeof text, "%s=1\nFDNAME=%s%s",
                      o->kind == ORDER_DROP ? "FDSTOREREMOVE" : "FDSTORE", o->name,
                      o->kind == ORDER_GIVE ? "\nFDPOLL=0" : ""); /* fits */
    send_word(text, o->fd);
    if (o->fd >= 0)
        close(o->fd);
}

static void *run(void *unused)
{
    struct order o = { .kind = ORDER_SAY };

    (void)unused;
    while (o.kind != ORDER_STOP) {
        (void)queue_wait(orders, -1); /* asked again below */
        while (o.kind != ORDER_STOP && queue_take(orders, &o, 1) == 1)
            if (o.kind != ORDER_STOP)
                carry_out(&o);
    }
    return NULL;
}

bool kept_is_on(void)
{
    return orders != NULL;
}

static bool order(enum order_kind kind, int fd, const char *name)
{
    struct order o = { .kind = kind, .fd = fd };

    return orders && text_copy(o.name, sizeof o.name, name) && queue_put(orders, &o);
}

void kept_give(const char *name, int fd, bool until_hung_up)
{
    int copy;

    if (!orders || !name[0])
        return;
    /* Above it: who looks through our descriptors for a socket finds the one that stays. */
    copy = fcntl(fd, F_DUPFD_CLOEXEC, fd + 1);
    if (copy >= 0 && !order(until_hung_up ? ORDER_GIVE_POLLED : ORDER_GIVE, copy, name))
        close(copy);
}

/* One that finds no room is kept until the next start, where nobody takes it. */
void kept_drop(const char *name)
{
    if (name[0] && !atomic_load(&leaving))
        (void)order(ORDER_DROP, -1, name);
}

void kept_alive(void)
{
    if (watched)
        (void)order(ORDER_SAY, -1, "WATCHDOG=1"); /* a full queue: the next one will do */
}

/* ---- the process ---- */

/* "/run/systemd/notify", or "@name" for one without a file. */
static bool connect_notify(const char *where)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    const struct timeval patience = { .tv_sec = PATIENCE };
    size_t length = strlen(where);

    if ((where[0] != '/' && where[0] != '@') || length >= sizeof to.sun_path)
        return false;
    memcpy(to.sun_path, where, length);
    if (where[0] == '@')
        to.sun_path[0] = '\0';
    notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return notify >= 0 &&
           setsockopt(notify, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
           connect(notify, (const struct sockaddr *)&to,
                   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0;
}

static bool is_watched(void)
{
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t number;

    return getenv("WATCHDOG_USEC") &&
           (!pid || (text_number(pid, 1, UINT64_MAX, &number) && number == (uint64_t)getpid()));
}

int kept_start(struct err *err)
{
    const char *where = getenv("NOTIFY_SOCKET");
    int code = read_entries(err);

    clear_environment();
    watched = is_watched();
    atomic_store(&leaving, false);
    if (code || !where || !where[0])
        return code;
    if (!connect_notify(where)) {
        log_warning("app", "NOTIFY_SOCKET cannot be used: %s; no socket is kept over a restart",
                    strerror(errno));
        return 0;
    }
    orders = queue_new(sizeof(struct order), ORDERS_MAX);
    if (!orders)
        return err_set(err, -ENOMEM, "no memory to keep sockets over a restart");
    code = thread_start(&thread, "kept", run, NULL, err);
    if (code) {
        queue_free(orders);
        orders = NULL;
    }
    return code;
}

void kept_leave(void)
{
    atomic_store(&leaving, true);
}

void kept_stop(void)
{
    const struct timespec moment = { .tv_nsec = 1000000 };

    if (orders) {
        while (!order(ORDER_STOP, -1, ""))
            (void)nanosleep(&moment, NULL); /* full: it is being emptied */
        pthread_join(thread, NULL);
        queue_free(orders);
        orders = NULL;
    }
    if (notify >= 0)
        close(notify);
    notify = -1;
    close_rest(false);
    free(entries);
    entries = NULL;
    entry_count = 0;
}

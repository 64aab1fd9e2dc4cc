/* bind(), sendto() and accept() as the SIP library calls them: the symbols of the executable come
 * before those of the C library. On other threads, and for other sockets, they do what they always
 * do. Why it is done like this: docs/decisions/045-sockets-kept.md. */
#include "sip/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "core/limits.h"
#include "sip/sip.h"
#include "sys/kept.h"
#include "sys/log.h"

/* SOCK_CLOEXEC is all that is wanted of accept4(), whose declaration is a GNU one. */

struct place {
    struct sockaddr_storage address;
    socklen_t size;
};

struct making { /* the listener between sockets_begin() and sockets_end() */
    bool on, lent;
    unsigned n;
    int kept, bound, type;
    struct place at; /* of `kept` */
    char name[KEPT_NAME_SIZE];
};

struct served { /* a TCP listener whose connections are kept */
    bool on;
    int fd;
    uint16_t port;
};

static _Thread_local struct making making;
static _Thread_local int untested = -1; /* lent, and the library has not tested it yet */
static _Thread_local int next_connection = -1;
static _Thread_local struct served served[SIP_LISTEN_MAX];

static bool place_of(int fd, struct place *to)
{
    memset(to, 0, sizeof *to);
    to->size = sizeof to->address;
    return getsockname(fd, (struct sockaddr *)&to->address, &to->size) == 0;
}

static uint16_t port_of(const struct place *p)
{
    struct sockaddr_in v4; /* the port of IPv6 is at the same place */

    memcpy(&v4, &p->address, sizeof v4);
    return ntohs(v4.sin_port);
}

static bool read_place(const char *host, uint16_t port, struct place *to)
{
    const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICHOST };
    struct addrinfo *found = NULL;
    char plain[64], number[8];
    bool v6 = host[0] == '[', fits;

    (void)text_copy_n(plain, sizeof plain, host + v6, strcspn(host + v6, "]")); /* the same size */
    (void)text_format(number, sizeof number, "%u", port);                       /* fits */
    if (getaddrinfo(plain, number, &hints, &found) != 0 || !found)
        return false; /* a name: the library looks it up, and such a socket is not kept */
    fits = found->ai_addrlen <= sizeof to->address;
    if (fits) {
        memset(to, 0, sizeof *to);
        memcpy(&to->address, found->ai_addr, found->ai_addrlen);
        to->size = found->ai_addrlen;
    }
    freeaddrinfo(found);
    return fits;
}

uint16_t sockets_begin(unsigned n, const char *listen, const char *transport, const char *host,
                       uint16_t port)
{
    struct place wanted;

    making = (struct making){ .on = true, .n = n, .kept = -1, .bound = -1 };
    making.type = text_is(transport, "udp") ? SOCK_DGRAM : SOCK_STREAM;
    if (!read_place(host, port, &wanted))
        return port;
    kept_name(making.name, "sip-%s", listen);
    making.kept = kept_take_bound(making.name, making.type,
                                  (const struct sockaddr *)&wanted.address, wanted.size);
    if (making.kept < 0 || !place_of(making.kept, &making.at))
        return port;
    return port_of(&making.at);
}

int sockets_end(void)
{
    struct place at;

    if (making.kept >= 0)
        close(making.kept);
    if (making.kept >= 0 && !making.lent)
        kept_drop(making.name);
    if (making.bound >= 0 && !making.lent)
        kept_give(making.name, making.bound, false);
    if (making.type == SOCK_STREAM && making.bound >= 0 && making.name[0] &&
        making.n < SIP_LISTEN_MAX && place_of(making.bound, &at))
        served[making.n] = (struct served){ true, making.bound, port_of(&at) };
    making.on = false;
    untested = -1;
    return making.bound;
}

/* ---- connections ---- */

static void name_connection(char to[KEPT_NAME_SIZE], uint16_t port, const struct sockaddr *from,
                            socklen_t size)
{
    char host[64] = "", number[8] = "";

    to[0] = '\0';
    if (getnameinfo(from, size, host, sizeof host, number, sizeof number,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        kept_name(to, "tcp-%u-%s-%s", port, host, number);
}

static bool same_host(const struct place *a, const struct place *b)
{
    char one[64], other[64];

    return a->address.ss_family == b->address.ss_family &&
           getnameinfo((const struct sockaddr *)&a->address, a->size, one, sizeof one, NULL, 0,
                       NI_NUMERICHOST) == 0 &&
           getnameinfo((const struct sockaddr *)&b->address, b->size, other, sizeof other, NULL, 0,
                       NI_NUMERICHOST) == 0 &&
           text_is(one, other);
}

/* A listener of every address has connections of any. */
static bool came_in_at(int fd, const struct place *listener)
{
    struct place at, anywhere;

    if (!place_of(fd, &at) || at.address.ss_family != listener->address.ss_family)
        return false;
    return same_host(&at, listener) ||
           (read_place(at.address.ss_family == AF_INET ? "0.0.0.0" : "::", 0, &anywhere) &&
            same_host(listener, &anywhere));
}

bool sockets_next_connection(unsigned n)
{
    const struct served *l = &served[n];
    char prefix[KEPT_NAME_SIZE], name[KEPT_NAME_SIZE];
    struct place listener;

    if (!l->on || !place_of(l->fd, &listener))
        return false;
    kept_name(prefix, "tcp-%u-", l->port);
    while (kept_find(prefix, name)) {
        int fd = kept_take(name);

        if (fd >= 0 && came_in_at(fd, &listener)) {
            next_connection = fd;
            return true;
        }
        if (fd >= 0) {
            log_info("sip", "a kept connection has no listener any more: %s", name);
            close(fd);
            kept_drop(name);
        }
    }
    return false;
}

static int accept_kept(struct sockaddr *from, socklen_t *size)
{
    int fd = next_connection, failed;

    next_connection = -1;
    if (getpeername(fd, from, size) == 0)
        return fd;
    failed = errno;
    close(fd); /* the far end has left meanwhile */
    errno = failed;
    return -1;
}

static void note_accepted(int listener, int fd)
{
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    char name[KEPT_NAME_SIZE];

    for (unsigned i = 0; i < SIP_LISTEN_MAX; i++)
        if (served[i].on && served[i].fd == listener &&
            getpeername(fd, (struct sockaddr *)&from, &size) == 0) {
            name_connection(name, served[i].port, (const struct sockaddr *)&from, size);
            kept_give(name, fd, true);
        }
}

/* ---- what the library calls ---- */

static bool is_place(const struct place *p, const struct sockaddr *at, socklen_t size)
{
    struct place other;

    if (size > sizeof other.address)
        return false;
    memset(&other, 0, sizeof other);
    memcpy(&other.address, at, size);
    other.size = size;
    return port_of(&other) == port_of(p) && same_host(p, &other);
}

static bool is_of_type(int fd, int type)
{
    socklen_t size = sizeof(int);
    int found = 0;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &found, &size) == 0 && found == type;
}

/* The kept socket comes in the place of the one that was to be bound, under the same number. */
static bool lend(int fd)
{
    if (dup2(making.kept, fd) < 0)
        return false;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* it is open */
    making.lent = true;
    if (making.type == SOCK_DGRAM) {
        untested = fd;
        /* The last process may have died in a flood (flood.c); mostly there is none. */
        (void)setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &(int){ 0 }, sizeof(int));
    }
    return true;
}

int bind(int fd, const struct sockaddr *at, socklen_t size)
{
    int result;

    if (!making.on || !is_of_type(fd, making.type))
        return (int)syscall(SYS_bind, fd, at, size);
    if (making.kept >= 0 && !making.lent && is_place(&making.at, at, size) && lend(fd))
        result = 0;
    else
        result = (int)syscall(SYS_bind, fd, at, size);
    if (result == 0)
        making.bound = fd;
    return result;
}

/* The library sends each UDP socket that it has bound a word from itself, and reads what is first
 * in it; in a kept one that is what a phone has sent meanwhile. It goes on without the test. */
ssize_t sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to,
               socklen_t size)
{
    if (untested >= 0 && fd == untested) {
        untested = -1;
        errno = EAGAIN;
        return -1;
    }
    return syscall(SYS_sendto, fd, data, length, flags, to, size);
}

int accept(int fd, struct sockaddr *restrict from, socklen_t *restrict size)
{
    int accepted;

    if (next_connection >= 0)
        return accept_kept(from, size);
    accepted = (int)syscall(SYS_accept4, fd, from, size, SOCK_CLOEXEC);
    if (accepted >= 0)
        note_accepted(fd, accepted);
    return accepted;
}

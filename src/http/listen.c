/* Sockets for the HTTP edge: TCP on loopback, or the admin socket. What is served on them is not
 * known here. */
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/kept.h"

#define BACKLOG 128

/* "127.0.0.1:8080", "[::1]:8080", "localhost:0". */
static int split(const char *where, char host[64], char port[8], struct err *err)
{
    const char *colon = strrchr(where, ':');
    size_t length = colon ? (size_t)(colon - where) : 0;
    bool brackets = length > 1 && where[0] == '[' && where[length - 1] == ']';
    uint64_t number;

    if (!colon || length == 0 || (!brackets && memchr(where, ':', length)))
        return err_set(err, -EINVAL,
                       "'%.80s' is no address to listen on: write HOST:PORT, as 127.0.0.1:8080 or "
                       "[::1]:8080",
                       where);
    if (!text_copy_n(host, 64, where + brackets, length - 2 * (size_t)brackets) ||
        !text_copy(port, 8, colon + 1) || !text_number(port, 0, 65535, &number))
        return err_set(err, -EINVAL, "'%.80s': the port is a number from 0 to 65535", where);
    return 0;
}

static bool is_loopback(const struct sockaddr *a)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (a->sa_family == AF_INET) {
        memcpy(&v4, a, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    if (a->sa_family != AF_INET6)
        return false;
    memcpy(&v6, a, sizeof v6);
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

static void address_text(char to[96], int fd)
{
    struct sockaddr_storage a;
    socklen_t size = sizeof a;
    char host[64] = "?", port[8] = "?";

    if (getsockname(fd, (struct sockaddr *)&a, &size) == 0)
        (void)getnameinfo((struct sockaddr *)&a, size, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV); /* "?" tells that it failed */
    (void)text_format(to, 96, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port); /* fits */
}

static int fail(int fd, struct err *err, const char *what)
{
    int code = errno;

    if (fd >= 0)
        close(fd);
    return err_set(err, -code, "cannot listen on %.100s: %s", what, strerror(code));
}

static int note_tcp(struct listener *l, int fd, const struct addrinfo *found)
{
    *l = (struct listener){ .fd = fd, .anywhere = !is_loopback(found->ai_addr) };
    address_text(l->address, fd);
    return 0;
}

static int open_tcp(struct listener *l, const struct addrinfo *found, const char *where,
                    struct err *err)
{
    char name[KEPT_NAME_SIZE];
    int fd, one = 1;

    kept_name(name, "http-%s", where);
    fd = kept_take_bound(name, SOCK_STREAM, found->ai_addr, found->ai_addrlen);
    if (fd >= 0)
        return note_tcp(l, fd, found);
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail(fd, err, where);
    /* Without it a restart waits a minute for the connections of the process before. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)
        return fail(fd, err, where);
    kept_give(name, fd, false);
    return note_tcp(l, fd, found);
}

int listen_tcp(struct listener *l, const char *where, bool anywhere, struct err *err)
{
    struct addrinfo wish = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found = NULL;
    char host[64], port[8];
    int code = split(where, host, port, err);

    if (code)
        return code;
    /* Only localhost is a name: nobody can wait for a name server at the start. */
    if (strcmp(host, "localhost") == 0)
        wish.ai_family = AF_INET;
    else
        wish.ai_flags |= AI_NUMERICHOST;
    if (getaddrinfo(host, port, &wish, &found) != 0 || !found)
        return err_set(err, -EINVAL, "'%.64s' is no address of this machine: write it in numbers",
                       host);
    if (!anywhere && !is_loopback(found->ai_addr))
        code = err_set(err, -EACCES,
                       "%.80s is open to others and would not be encrypted: name a certificate in "
                       "[web] tls-cert and tls-key, or listen on 127.0.0.1, or put a TLS proxy in "
                       "front and say behind-proxy = yes",
                       where);
    else
        code = open_tcp(l, found, where, err);
    freeaddrinfo(found);
    return code;
}

/* Does anybody answer on this socket file? */
static bool answers(const struct sockaddr_un *a)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool yes;

    if (fd < 0)
        return true; /* not known, so nothing is removed */
    /* EAGAIN: somebody listens and is busy. */
    yes = connect(fd, (const struct sockaddr *)a, sizeof *a) == 0 || errno != ECONNREFUSED;
    close(fd);
    return yes;
}

static int remove_stale(const struct sockaddr_un *a, struct err *err)
{
    struct stat st;

    if (lstat(a->sun_path, &st) != 0)
        return errno == ENOENT ? 0 : fail(-1, err, a->sun_path);
    if (!S_ISSOCK(st.st_mode))
        return err_set(err, -EEXIST,
                       "%.100s is there and is no socket: move it away, or name another path",
                       a->sun_path);
    if (answers(a))
        return err_set(err, -EADDRINUSE,
                       "another callparkd answers on %.100s: stop it first, or give this one a "
                       "socket of its own",
                       a->sun_path);
    return unlink(a->sun_path) == 0 ? 0 : fail(-1, err, a->sun_path);
}

/* By its file, so that none is taken up whose file is gone or is another's by now. */
static void name_unix(char to[KEPT_NAME_SIZE], const struct stat *st)
{
    kept_name(to, "admin-%jx-%jx", (uintmax_t)st->st_dev, (uintmax_t)st->st_ino);
}

static int note_unix(struct listener *l, int fd, const char *path, const struct stat *st)
{
    *l = (struct listener){ .fd = fd, .device = st->st_dev, .inode = st->st_ino };
    (void)text_copy(l->path, sizeof l->path, path); /* fits, as sun_path is no larger */
    return 0;
}

int listen_unix(struct listener *l, const char *path, struct err *err)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    char name[KEPT_NAME_SIZE];
    struct stat st;
    int fd, code;

    if (!text_copy(a.sun_path, sizeof a.sun_path, path))
        return err_set(err, -ENAMETOOLONG, "the socket's path '%.60s...' is longer than %zu", path,
                       sizeof a.sun_path - 1);
    if (lstat(path, &st) == 0) {
        name_unix(name, &st);
        fd = kept_take(name);
        if (fd >= 0)
            return note_unix(l, fd, path, &st);
    }
    code = remove_stale(&a, err);
    if (code)
        return code;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* The mode of an unbound socket is the mode of its file to be: nobody can come in between, and
     * no umask of the whole process is touched. */
    if (fd < 0 || fchmod(fd, 0600) != 0 || bind(fd, (const struct sockaddr *)&a, sizeof a) != 0 ||
        lstat(path, &st) != 0 || listen(fd, BACKLOG) != 0)
        return fail(fd, err, path);
    name_unix(name, &st);
    kept_give(name, fd, false);
    return note_unix(l, fd, path, &st);
}

void listen_remove_file(const struct listener *l)
{
    struct stat st;

    if (kept_is_on())
        return; /* it is the next process's as well */
    if (l->path[0] && lstat(l->path, &st) == 0 && st.st_dev == l->device && st.st_ino == l->inode)
        (void)unlink(l->path); /* a file left behind is found stale at the next start */
}

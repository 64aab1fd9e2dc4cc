/* Sockets for media. Opened on the loop thread, where bind() is the only thing that happens; used
 * by one worker. */
#include "media/lane.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/kept.h"

#define TRIES_MAX 256 /* pairs that others hold before we say that none is free */
#define BUFFER_BIG (4 << 20)
#define BUFFER_SMALL                                                                               \
    (32 << 10)            /* one stream; the default would pin 200 KiB for each caller who talks */
#define WAITING_MAX 65536 /* packets; more do not come in the time that it takes to drop them */
#define DSCP_EF 0xB8      /* RFC 4594: voice */

void ports_init(struct ports *p, uint16_t first, uint16_t last)
{
    *p = (struct ports){ .first = (uint16_t)(first + (first & 1)), .last = last };
}

static uint32_t pairs_of(const struct ports *p)
{
    return p->last > p->first ? (uint32_t)(p->last - p->first + 1) / 2 : 0;
}

static bool has(const uint8_t bits[4096], uint16_t port)
{
    return bits[port / 16] >> (port / 2 % 8) & 1;
}

bool ports_is_taken(const struct ports *p, uint8_t family, uint16_t port)
{
    return has(p->taken[family], port);
}

void ports_keep(struct ports *p, uint8_t family, uint16_t port)
{
    p->kept[family][port / 16] |= (uint8_t)(1 << (port / 2 % 8));
}

void ports_keep_none(struct ports *p)
{
    memset(p->kept, 0, sizeof p->kept);
}

static void take(struct ports *p, uint8_t family, uint16_t port)
{
    p->taken[family][port / 16] |= (uint8_t)(1 << (port / 2 % 8));
    p->used++;
}

void ports_give_back(struct ports *p, uint8_t family, uint16_t port)
{
    p->taken[family][port / 16] &= (uint8_t) ~(1 << (port / 2 % 8));
    p->used--;
}

/* Not one of these must hold: a system that does not know an option sends all the same. */
static void set_options(int fd, uint8_t family, bool big)
{
    int size = big ? BUFFER_BIG : BUFFER_SMALL, tos = DSCP_EF, discover = IP_PMTUDISC_DO;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (family == FAMILY_4) {
        /* No fragments means no counter of packets that all sockets share: 13 % less time to send.
         */
        (void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover);
        (void)setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
    } else {
        discover = IPV6_PMTUDISC_DO;
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &discover, sizeof discover);
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
    }
}

static void name_socket(char to[KEPT_NAME_SIZE], uint8_t family, uint16_t port)
{
    kept_name(to, "rtp%c-%u", family == FAMILY_4 ? '4' : '6', port);
}

/* What came while nobody played it is too late to be played. */
static void drop_waiting(int fd)
{
    char byte;

    for (int i = 0; i < WAITING_MAX && recv(fd, &byte, 1, MSG_DONTWAIT) >= 0; i++)
        continue;
}

/* A bound socket, of before a restart if it was kept; or a negative errno. */
static int open_one(struct endpoint bind_to, uint16_t port, bool big)
{
    union endpoint_socket address;
    char name[KEPT_NAME_SIZE];
    int on = 1, fd, failed;
    socklen_t size;

    bind_to.port = port;
    size = endpoint_to_socket(&address, &bind_to);
    name_socket(name, bind_to.family, port);
    fd = kept_take_bound(name, SOCK_DGRAM, &address.any, size);
    if (fd >= 0) {
        set_options(fd, bind_to.family, big);
        drop_waiting(fd);
        return fd;
    }
    fd = socket(bind_to.family == FAMILY_4 ? AF_INET : AF_INET6,
                SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (bind_to.family == FAMILY_6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on); /* else bind() tells */
    set_options(fd, bind_to.family, big);
    if (bind(fd, &address.any, size) == 0) {
        kept_give(name, fd, false);
        return fd;
    }
    failed = -errno;
    close(fd);
    return failed;
}

static void close_one(int fd, uint8_t family, uint16_t port)
{
    char name[KEPT_NAME_SIZE];

    if (fd < 0)
        return;
    name_socket(name, family, port);
    kept_drop(name);
    close(fd);
}

static int open_pair(struct lane *l, const struct endpoint *bind_to, uint16_t port, bool big)
{
    int rtp = open_one(*bind_to, port, big);
    int rtcp = rtp < 0 ? rtp : open_one(*bind_to, (uint16_t)(port + 1), big);

    if (rtcp < 0) {
        close_one(rtp, bind_to->family, port);
        return rtcp;
    }
    *l = (struct lane){ .rtp = rtp, .rtcp = rtcp, .port = port, .family = bind_to->family };
    return 0;
}

static int tell(struct err *err, const struct ports *p, const struct endpoint *bind_to, int failed)
{
    struct address a;

    endpoint_to_address(&a, bind_to);
    if (failed == -EADDRINUSE)
        return err_set(err, -EMFILE,
                       "media: no pair of ports is free in rtp-ports %u-%u at %s; make it wider",
                       p->first, p->last, a.host);
    if (failed == -EMFILE || failed == -ENFILE)
        return err_set(err, -EMFILE, "media: no more sockets: %s; raise the limit of open files",
                       strerror(-failed));
    return err_set(err, failed, "media: cannot bind to %s: %s", a.host, strerror(-failed));
}

int lane_open(struct lane *l, struct ports *p, const struct endpoint *bind_to, bool big,
              struct err *err)
{
    uint32_t pairs = pairs_of(p), tries = 0;
    int failed = -EADDRINUSE;

    for (uint32_t i = 0; i < pairs && tries < TRIES_MAX && failed == -EADDRINUSE; i++) {
        uint16_t port = (uint16_t)(p->first + 2 * (p->next++ % pairs));

        if (ports_is_taken(p, bind_to->family, port) || has(p->kept[bind_to->family], port))
            continue;
        tries++;
        failed = open_pair(l, bind_to, port, big);
        if (failed == 0)
            take(p, bind_to->family, port);
    }
    return failed ? tell(err, p, bind_to, failed) : 0;
}

int lane_open_at(struct lane *l, struct ports *p, const struct endpoint *bind_to, uint16_t port,
                 bool big, struct err *err)
{
    int failed = port % 2 || !port ? -EINVAL : 0;
    struct address a;

    if (!failed && ports_is_taken(p, bind_to->family, port))
        failed = -EADDRINUSE;
    if (!failed)
        failed = open_pair(l, bind_to, port, big);
    if (!failed) {
        take(p, bind_to->family, port);
        return 0;
    }
    endpoint_to_address(&a, bind_to);
    return err_set(err, failed, "media: port %u, which it had before, cannot be had at %s: %s",
                   port, a.host, strerror(-failed));
}

void lane_close(struct lane *l)
{
    close_one(l->rtp, l->family, l->port);
    close_one(l->rtcp, l->family, (uint16_t)(l->port + 1));
    *l = LANE_NONE;
}

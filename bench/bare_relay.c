#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* recvmmsg, sendmmsg */
#endif
#include "bare_relay.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

#define BATCH 64
#define PACKET_MOST 256
#define PAUSE 1000000 /* ns: what came in a tick goes out together */

struct relay {
    int fd;
    uint32_t first;
    unsigned pairs;
    uint16_t port;
    uint8_t bytes[BATCH][PACKET_MOST];
    struct sockaddr_in place[BATCH];
    struct iovec part[BATCH];
    struct mmsghdr message[BATCH];
};

static void prepare(struct relay *r)
{
    for (unsigned i = 0; i < BATCH; i++) {
        r->part[i] = (struct iovec){ r->bytes[i], PACKET_MOST };
        r->message[i].msg_hdr = (struct msghdr){ .msg_name = &r->place[i],
                                                 .msg_namelen = sizeof r->place[i],
                                                 .msg_iov = &r->part[i],
                                                 .msg_iovlen = 1 };
    }
}

/* To the other host of its pair. False: it is of none. */
static int turn(const struct relay *r, struct sockaddr_in *place)
{
    uint32_t index = ntohl(place->sin_addr.s_addr) - r->first;

    if (index >= 2 * r->pairs)
        return 0;
    index = index < r->pairs ? index + r->pairs : index - r->pairs;
    place->sin_addr.s_addr = htonl(r->first + index);
    place->sin_port = htons(r->port);
    return 1;
}

/* How many came. */
static int pass_on(struct relay *r)
{
    int count, sent = 0;

    prepare(r);
    count = recvmmsg(r->fd, r->message, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        r->part[i].iov_len = turn(r, &r->place[i]) ? r->message[i].msg_len : 0;
        r->message[i].msg_hdr.msg_control = NULL;
    }
    while (sent < count) {
        int now = sendmmsg(r->fd, r->message + sent, (unsigned)(count - sent), 0);

        sent += now > 0 ? now : 1;
    }
    return count;
}

static void run(struct relay *r)
{
    struct timespec pause = { .tv_nsec = PAUSE };

    for (;;) {
        while (pass_on(r) == BATCH)
            ;
        (void)nanosleep(&pause, NULL);
    }
}

static int open_socket(uint16_t *port)
{
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20, discover = IP_PMTUDISC_DO;
    socklen_t length = sizeof own;

    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0 ||
        getsockname(fd, (struct sockaddr *)&own, &length) != 0) {
        perror("bench: no socket for the bare relay");
        exit(EXIT_FAILURE);
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    (void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover);
    *port = ntohs(own.sin_port);
    return fd;
}

pid_t bare_relay_start(uint32_t first, unsigned pairs, uint16_t port, uint16_t *own_port)
{
    static struct relay r;
    pid_t pid;

    r = (struct relay){ .fd = open_socket(own_port), .first = first, .pairs = pairs, .port = port };
    pid = fork();
    if (pid < 0) {
        perror("bench: no process for the bare relay");
        exit(EXIT_FAILURE);
    }
    if (pid > 0) {
        close(r.fd);
        return pid;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    server_pin(0);
    run(&r);
    _exit(0);
}

void bare_relay_stop(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sendmmsg */
#endif
#include "bare_sender.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "media/bytes.h"
#include "media/rtp.h"
#include "server.h"
#include "sys/clock.h"

#define BATCH 64
#define TICKS 20
#define TICK_NS 1000000
#define AUDIO 160
#define PCMA 8

/* A packet, where it goes, and, if that matters, where from. */
struct ready {
    uint8_t bytes[RTP_HEADER_SIZE + AUDIO];
    struct sockaddr_in to;
    struct iovec part;
    _Alignas(struct cmsghdr) uint8_t from[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static void prepare(struct ready *r, struct msghdr *m, const struct bare_stream *s, uint32_t ssrc,
                    uint8_t sound)
{
    struct in_pktinfo from = { .ipi_spec_dst.s_addr = htonl(s->from) };
    struct cmsghdr *c;

    rtp_write_header(r->bytes, PCMA, false, 0, 0, ssrc);
    memset(r->bytes + RTP_HEADER_SIZE, sound, AUDIO);
    r->to = (struct sockaddr_in){ .sin_family = AF_INET,
                                  .sin_port = htons(s->port),
                                  .sin_addr.s_addr = htonl(s->to) };
    r->part = (struct iovec){ r->bytes, sizeof r->bytes };
    *m = (struct msghdr){
        .msg_name = &r->to, .msg_namelen = sizeof r->to, .msg_iov = &r->part, .msg_iovlen = 1
    };
    if (!s->from)
        return;
    m->msg_control = r->from;
    m->msg_controllen = sizeof r->from;
    c = CMSG_FIRSTHDR(m);
    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof from);
    memcpy(CMSG_DATA(c), &from, sizeof from);
}

static void send_tick(int fd, struct mmsghdr *messages, struct ready *ready, unsigned streams,
                      unsigned tick)
{
    unsigned first = streams * tick / TICKS, end = streams * (tick + 1) / TICKS;

    for (unsigned i = first; i < end; i++) {
        bytes_put16(ready[i].bytes + 2, (uint16_t)(bytes_get16(ready[i].bytes + 2) + 1));
        bytes_put32(ready[i].bytes + 4, bytes_get32(ready[i].bytes + 4) + AUDIO);
    }
    for (unsigned i = first; i < end;) {
        int sent = sendmmsg(fd, messages + i, end - i < BATCH ? end - i : BATCH, 0);

        i += sent > 0 ? (unsigned)sent : 1;
    }
}

static void run(const struct bare_plan *plan)
{
    struct ready *ready = calloc(plan->streams, sizeof *ready);
    struct mmsghdr *messages = calloc(plan->streams, sizeof *messages);
    int fd = plan->socket, discover = IP_PMTUDISC_DO, size = 4 << 20;
    uint64_t start = clock_now_ns();

    if (fd < 0)
        fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (!ready || !messages || fd < 0)
        _exit(1);
    (void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    for (unsigned i = 0; i < plan->streams; i++)
        prepare(&ready[i], &messages[i].msg_hdr, &plan->stream[i], plan->ssrc + i, plan->sound);
    for (uint64_t tick = 0;; tick++) {
        uint64_t due = start + tick * TICK_NS;
        struct timespec at = { .tv_sec = (time_t)(due / 1000000000),
                               .tv_nsec = (long)(due % 1000000000) };

        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        send_tick(fd, messages, ready, plan->streams, (unsigned)(tick % TICKS));
    }
}

pid_t bare_start(const struct bare_plan *plan)
{
    pid_t pid = fork();

    if (pid < 0) {
        perror("bench: no process for the bare sender");
        exit(EXIT_FAILURE);
    }
    if (pid > 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    server_pin(plan->core);
    run(plan);
    _exit(0);
}

void bare_stop(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

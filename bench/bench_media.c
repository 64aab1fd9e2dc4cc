/* Music to N telephones: processor time for each packet of the engine, beside a bare sendmmsg()
 * loop that sends the same packets at the same pace, in one run and to the same receiver. Each
 * sender is a process of its own, so that its time can be told apart. Fails only when a stream does
 * not arrive as it should. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sendmmsg, recvmmsg */
#endif
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "media/bytes.h"
#include "media/media.h"
#include "media/rtp.h"
#include "sys/clock.h"

#define STREAMS_MAX 4000
#define ROUNDS_MAX 5
#define PACKET (RTP_HEADER_SIZE + 160)
#define BATCH 64
#define TICKS 20

/* What a sender tells about the time between warm-up and end. */
struct figures {
    double seconds, processor;
    uint64_t packets;
};

struct arrivals {
    uint64_t packets, missing, disorder;
    unsigned streams;
};

struct plan {
    unsigned streams, seconds, rounds;
    uint16_t port;
};

/* Loopback is a whole network: each telephone has an address of its own. */
static uint32_t host_of(unsigned stream)
{
    return 0x7F010001U + stream;
}

static void wait_until(uint64_t ns)
{
    uint64_t now = clock_now_ns();

    if (now < ns)
        (void)poll(NULL, 0, (int)((ns - now) / 1000000 + 1));
}

static double processor_time(void)
{
    struct rusage r;

    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static bool ignore(void *to, const struct media_event *ev)
{
    (void)to, (void)ev;
    return true;
}

static void open_leg(struct media *m, const struct plan *plan, unsigned i)
{
    struct in_addr host = { htonl(host_of(i)) };
    struct session_offer offer = { .present = true, .usable = true, .rtp.port = plan->port };
    struct session session = { .codec = CODEC_PCMU,
                               .dtmf_payload_type = -1,
                               .ptime = 20,
                               .direction = DIR_SENDRECV,
                               .rtp.port = plan->port };
    struct session_local local;

    inet_ntop(AF_INET, &host, offer.rtp.host, sizeof offer.rtp.host);
    memcpy(session.rtp.host, offer.rtp.host, sizeof session.rtp.host);
    while (media_open(m, i + 1, &offer, offer.rtp.host, 0, &local, NULL) == -EAGAIN)
        (void)poll(NULL, 0, 1);
    while (media_agree(m, i + 1, &session) == -EAGAIN)
        (void)poll(NULL, 0, 1);
    while (media_music(m, i + 1, true) == -EAGAIN)
        (void)poll(NULL, 0, 1);
}

static struct figures send_by_engine(const struct plan *plan)
{
    struct media_config c = { .port_first = 30000,
                              .port_last = 39999,
                              .bind4 = "127.0.0.1",
                              .workers = 1,
                              .streams_max = STREAMS_MAX,
                              .cname = "bench" };
    struct media_counts before, after;
    struct figures f;
    struct err err = { 0 };
    struct media *m;
    uint64_t start;

    if (media_start(&m, &c, ignore, NULL, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(EXIT_FAILURE);
    }
    for (unsigned i = 0; i < plan->streams; i++)
        open_leg(m, plan, i);
    (void)poll(NULL, 0, 300); /* all of them play */
    media_count(m, &before);
    start = clock_now_ns();
    f.processor = processor_time();
    wait_until(start + plan->seconds * UINT64_C(1000000000));
    f.processor = processor_time() - f.processor;
    f.seconds = (double)(clock_now_ns() - start) / 1e9;
    media_count(m, &after);
    f.packets = after.packets_out - before.packets_out;
    fprintf(stderr, "  engine: latest packet %.1f ms late, %.2f %% over 5 ms\n",
            (double)after.late_us_max / 1000,
            100.0 * (double)(after.packets_late - before.packets_late) / (double)f.packets);
    media_stop(m);
    return f;
}

/* Twenty ticks of 1 ms, every twentieth stream in each. */
static uint64_t send_tick(int fd, struct mmsghdr *messages, uint8_t (*packets)[PACKET],
                          unsigned streams, unsigned tick)
{
    unsigned first = streams * tick / TICKS, end = streams * (tick + 1) / TICKS;

    for (unsigned i = first; i < end; i++) {
        bytes_put16(packets[i] + 2, (uint16_t)(bytes_get16(packets[i] + 2) + 1));
        bytes_put32(packets[i] + 4, bytes_get32(packets[i] + 4) + 160);
    }
    for (unsigned i = first; i < end;) {
        int sent = sendmmsg(fd, messages + i, end - i < BATCH ? end - i : BATCH, 0);

        i += sent > 0 ? (unsigned)sent : 1;
    }
    return end - first;
}

static struct figures send_bare(const struct plan *plan)
{
    static uint8_t packets[STREAMS_MAX][PACKET];
    static struct mmsghdr messages[STREAMS_MAX];
    static struct iovec parts[STREAMS_MAX];
    static struct sockaddr_in to[STREAMS_MAX];
    int fd = socket(AF_INET, SOCK_DGRAM, 0), discover = IP_PMTUDISC_DO, size = 4 << 20;
    uint64_t start, begin, end, warm = 300 * UINT64_C(1000000);
    struct figures f = { 0 };

    (void)setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    for (unsigned i = 0; i < plan->streams; i++) {
        rtp_write_header(packets[i], 0, false, 0, 0, i + 1);
        memset(packets[i] + RTP_HEADER_SIZE, 0xFF, 160);
        to[i] = (struct sockaddr_in){ .sin_family = AF_INET,
                                      .sin_port = htons(plan->port),
                                      .sin_addr = { htonl(host_of(i)) } };
        parts[i] = (struct iovec){ packets[i], PACKET };
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &to[i], .msg_namelen = sizeof to[i], .msg_iov = &parts[i], .msg_iovlen = 1
        };
    }
    start = clock_now_ns();
    begin = start + warm;
    end = begin + plan->seconds * UINT64_C(1000000000);
    for (uint64_t tick = 0; clock_now_ns() < end; tick++) {
        struct timespec at;
        uint64_t due = start + tick * 1000000;

        at.tv_sec = (time_t)(due / 1000000000);
        at.tv_nsec = (long)(due % 1000000000);
        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        if (due >= begin && f.packets == 0) {
            f.processor = processor_time();
            f.seconds = (double)clock_now_ns() / 1e9;
        }
        if (due >= begin)
            f.packets += send_tick(fd, messages, packets, plan->streams, (unsigned)(tick % TICKS));
        else
            (void)send_tick(fd, messages, packets, plan->streams, (unsigned)(tick % TICKS));
    }
    f.processor = processor_time() - f.processor;
    f.seconds = (double)clock_now_ns() / 1e9 - f.seconds;
    close(fd);
    return f;
}

/* Streams by SSRC: has each arrived, and in order? */
struct stream_seen {
    uint32_t ssrc;
    bool seen;
    uint16_t sequence;
};

static struct stream_seen *find(struct stream_seen *table, uint32_t ssrc)
{
    uint32_t i = ssrc * 2654435761U >> 18; /* 16384 places */

    while (table[i].seen && table[i].ssrc != ssrc)
        i = (i + 1) % 16384;
    return &table[i];
}

static void count(struct arrivals *a, struct stream_seen *table, const uint8_t *packet)
{
    struct stream_seen *s = find(table, bytes_get32(packet + 8));
    uint16_t sequence = bytes_get16(packet + 2);
    int16_t step = (int16_t)(sequence - s->sequence);

    a->packets++;
    if (!s->seen) {
        *s = (struct stream_seen){ bytes_get32(packet + 8), true, sequence };
        a->streams++;
        return;
    }
    if (step < 1)
        a->disorder++;
    else
        a->missing += (uint64_t)(step - 1);
    s->sequence = sequence;
}

static int open_receiver(uint16_t *port)
{
    struct sockaddr_in own = { .sin_family = AF_INET };
    socklen_t length = sizeof own;
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    assert(fd >= 0 && bind(fd, (struct sockaddr *)&own, sizeof own) == 0);
    assert(getsockname(fd, (struct sockaddr *)&own, &length) == 0);
    *port = ntohs(own.sin_port);
    return fd;
}

/* Read all packets until the sender closes its pipe and nothing more comes. */
static struct arrivals receive(int fd, int sender)
{
    static struct stream_seen table[16384];
    static uint8_t bytes[BATCH][256];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH] = { 0 };
    struct pollfd fds[2] = { { fd, POLLIN, 0 }, { sender, POLLIN, 0 } };
    struct arrivals a = { 0 };

    memset(table, 0, sizeof table);
    for (unsigned i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){ bytes[i], sizeof bytes[i] };
        messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
    }
    for (bool over = false; !over;) {
        int n;

        (void)poll(fds, 2, 10000);
        over = !(fds[0].revents & POLLIN) && fds[1].revents;
        n = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < n; i++)
            if (messages[i].msg_len == PACKET)
                count(&a, table, bytes[i]);
    }
    return a;
}

static bool measure(struct figures (*sender)(const struct plan *), struct plan *plan,
                    struct figures *f)
{
    struct arrivals a;
    int ends[2], fd = open_receiver(&plan->port), status = 0;
    pid_t child;

    assert(pipe(ends) == 0);
    child = fork();
    if (child == 0) {
        close(fd);
        *f = sender(plan);
        _exit(write(ends[1], f, sizeof *f) == sizeof *f ? 0 : 1);
    }
    close(ends[1]);
    a = receive(fd, ends[0]);
    close(fd);
    if (read(ends[0], f, sizeof *f) != sizeof *f || waitpid(child, &status, 0) != child || status)
        return false;
    close(ends[0]);
    if (a.missing)
        fprintf(stderr, "  %llu of %llu packets did not arrive\n", (unsigned long long)a.missing,
                (unsigned long long)(a.packets + a.missing));
    if (a.streams != plan->streams || a.disorder)
        fprintf(stderr, "  %u of %u streams arrived, %llu packets out of order\n", a.streams,
                plan->streams, (unsigned long long)a.disorder);
    return a.streams == plan->streams && !a.disorder;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static bool run(struct plan *plan)
{
    double bare[ROUNDS_MAX], engine[ROUNDS_MAX], ratio[ROUNDS_MAX], bare_rate;
    struct figures f;

    for (unsigned i = 0; i < plan->rounds; i++) {
        if (!measure(send_bare, plan, &f))
            return false;
        bare_rate = (double)f.packets / f.seconds / plan->streams;
        bare[i] = f.processor / (double)f.packets * 1e6;
        if (!measure(send_by_engine, plan, &f))
            return false;
        engine[i] = f.processor / (double)f.packets * 1e6;
        ratio[i] = engine[i] / bare[i];
        printf("%5u streams: engine %.2f us a packet, %.1f packets/s a stream; ", plan->streams,
               engine[i], (double)f.packets / f.seconds / plan->streams);
        printf("bare sendmmsg %.2f us, %.1f packets/s; ratio %.2f\n", bare[i], bare_rate, ratio[i]);
        fflush(stdout);
    }
    qsort(ratio, plan->rounds, sizeof *ratio, compare);
    printf("%5u streams: median ratio %.2f\n", plan->streams, ratio[plan->rounds / 2]);
    return true;
}

int main(int argc, char **argv)
{
    bool brief = argc > 1 && strcmp(argv[1], "--short") == 0;
    struct plan small = { .streams = 300, .seconds = 1, .rounds = 2 };
    struct plan plans[] = { { .streams = 1000, .seconds = 3, .rounds = 3 },
                            { .streams = 4000, .seconds = 3, .rounds = 3 } };

    if (brief)
        return run(&small) ? EXIT_SUCCESS : EXIT_FAILURE;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
        if (!run(&plans[i]))
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

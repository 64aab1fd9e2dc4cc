#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* recvmmsg */
#endif
#include "receiver.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "media/bytes.h"
#include "media/rtp.h"

#define BATCH 64
#define STEPS_OF_MS 10    /* how finely gaps are counted */
#define STEPS_MOST 10000  /* one second, and all beyond */
#define OWN_STEPS 100     /* of 1 ms: how finely those of each stream are counted, and all beyond */
#define BUFFER (64 << 20) /* what the sender may be ahead of us */
#define PAUSE 1000000     /* ns between two looks */

struct heard {
    uint32_t ssrc;
    uint16_t sequence;
    bool is_known;
    uint64_t at, packets;
    uint32_t gaps[OWN_STEPS + 1];
};

struct receiver {
    int rtp, rtcp;
    uint16_t port;
    unsigned growth;
    size_t places; /* a power of two, four times as many as there may be streams */
    struct heard *heard;
    uint64_t from, until; /* of the time that counts, ns */
    struct arrivals sum;
    uint32_t gaps[STEPS_MOST + 1];
};

static void stop(const char *why)
{
    perror(why);
    exit(EXIT_FAILURE);
}

/* The kernel stamps packets by the clock on the wall. */
static uint64_t wall_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int open_at(uint16_t port, int size)
{
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;

    if (fd < 0)
        stop("bench: no socket");
    if (bind(fd, (struct sockaddr *)&own, sizeof own) != 0) {
        close(fd);
        return -1;
    }
    /* Forced, as far as we may: else the limit of the system holds. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    return fd;
}

/* RTCP is nobody's to read here; without its socket each report would cost the sender an ICMP. */
static void open_pair(struct receiver *r)
{
    for (unsigned port = 40000 + 2 * ((unsigned)getpid() % 4000), tries = 0; tries < 1000;
         port += 2, tries++) {
        r->rtp = open_at((uint16_t)port, BUFFER);
        r->rtcp = r->rtp < 0 ? -1 : open_at((uint16_t)(port + 1), 1);
        r->port = (uint16_t)port;
        if (r->rtcp >= 0)
            return;
        if (r->rtp >= 0)
            close(r->rtp);
    }
    stop("bench: no two ports side by side are free");
}

struct receiver *receiver_open(unsigned streams_most)
{
    struct receiver *r = calloc(1, sizeof *r);

    if (!r)
        stop("bench");
    for (r->places = 64; r->places < 4 * (size_t)streams_most;)
        r->places *= 2;
    r->heard = calloc(r->places, sizeof *r->heard);
    if (!r->heard)
        stop("bench");
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    open_pair(r);
    return r;
}

void receiver_close(struct receiver *r)
{
    close(r->rtp);
    close(r->rtcp);
    free(r->heard);
    free(r);
}

void receiver_expect(struct receiver *r, unsigned growth)
{
    r->growth = growth;
}

uint16_t receiver_port(const struct receiver *r)
{
    return r->port;
}

int receiver_socket(const struct receiver *r)
{
    return r->rtp;
}

/* NULL: there are more streams than there can be. */
static struct heard *find(struct receiver *r, uint32_t ssrc)
{
    size_t at = (uint32_t)(ssrc * UINT32_C(2654435761)) & (r->places - 1);

    for (size_t looked = 0; looked < r->places; looked++, at = (at + 1) & (r->places - 1))
        if (!r->heard[at].is_known || r->heard[at].ssrc == ssrc)
            return &r->heard[at];
    return NULL;
}

static void note_gap(struct receiver *r, struct heard *h, uint64_t ns)
{
    uint64_t step = ns / (1000000 / STEPS_OF_MS), own = ns / 1000000;
    double ms = (double)ns / 1e6;

    r->gaps[step < STEPS_MOST ? step : STEPS_MOST]++;
    h->gaps[own < OWN_STEPS ? own : OWN_STEPS]++;
    r->sum.long_gaps += ms > RECEIVER_GAP_MOST;
    if (ms > r->sum.worst)
        r->sum.worst = ms;
}

void receiver_note(struct receiver *r, const uint8_t *packet, size_t size, uint64_t at_ns)
{
    bool fits = size == RTP_HEADER_SIZE + RECEIVER_PAYLOAD + r->growth && packet[0] == 0x80;
    uint16_t sequence = fits ? bytes_get16(packet + 2) : 0;
    struct heard *h = fits ? find(r, bytes_get32(packet + 8)) : NULL;
    int16_t step;

    if (!h) {
        r->sum.foreign++;
        return;
    }
    r->sum.packets++;
    h->packets++;
    if (!h->is_known) {
        h->is_known = true;
        h->ssrc = bytes_get32(packet + 8);
        r->sum.streams++;
    } else {
        step = (int16_t)(sequence - h->sequence);
        note_gap(r, h, at_ns > h->at ? at_ns - h->at : 0);
        h->at = at_ns;
        if (step < 1) {
            r->sum.disorder++; /* or a second time */
            return;
        }
        r->sum.lost += (uint64_t)(step - 1);
    }
    h->at = at_ns;
    h->sequence = sequence;
}

void receiver_begin(struct receiver *r)
{
    uint8_t packet[RECEIVER_PACKET_MOST];

    while (recv(r->rtp, packet, sizeof packet, MSG_DONTWAIT) >= 0 || errno == EMSGSIZE)
        ;
    memset(r->heard, 0, r->places * sizeof *r->heard);
    memset(r->gaps, 0, sizeof r->gaps);
    r->sum = (struct arrivals){ 0 };
    r->from = wall_ns();
}

static uint64_t stamp_of(struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        struct timespec t;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        memcpy(&t, CMSG_DATA(c), sizeof t);
        return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
    }
    return wall_ns();
}

/* All that waits. */
static void read_all(struct receiver *r)
{
    static uint8_t bytes[BATCH][RECEIVER_PACKET_MOST];
    static _Alignas(struct cmsghdr) uint8_t stamps[BATCH][CMSG_SPACE(sizeof(struct timespec))];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    int count;

    do {
        for (unsigned i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){ bytes[i], sizeof bytes[i] };
            messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i],
                                                   .msg_iovlen = 1,
                                                   .msg_control = stamps[i],
                                                   .msg_controllen = sizeof stamps[i] };
        }
        count = recvmmsg(r->rtp, messages, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count; i++) {
            uint64_t at = stamp_of(&messages[i].msg_hdr);

            if (at >= r->from && at < r->until)
                receiver_note(r, bytes[i], messages[i].msg_len, at);
        }
    } while (count == BATCH);
}

void receiver_listen(struct receiver *r, double seconds)
{
    struct timespec pause = { .tv_nsec = PAUSE };

    r->until = r->from + (uint64_t)(seconds * 1e9);
    while (wall_ns() < r->until) {
        read_all(r);
        (void)nanosleep(&pause, NULL);
    }
    read_all(r);
}

/* The end of the step, of those up to `last`, that this part of all gaps does not exceed. */
static double percentile(const uint32_t *gaps, size_t last, double part)
{
    uint64_t all = 0, below = 0;
    size_t step = 0;

    for (size_t i = 0; i <= last; i++)
        all += gaps[i];
    if (!all)
        return 0;
    while (step < last && (double)(below += gaps[step]) < part * (double)all)
        step++;
    return (double)(step + 1);
}

static void keep_longest(double *longest, double one)
{
    if (one > *longest)
        *longest = one;
}

void receiver_sum(const struct receiver *r, double seconds, struct arrivals *a)
{
    double due = RECEIVER_RATE * seconds * 0.99 - 1;

    *a = r->sum;
    a->seconds = seconds;
    for (size_t i = 0; i < r->places; i++) {
        const struct heard *h = &r->heard[i];

        if (!h->is_known)
            continue;
        a->behind += (double)h->packets < due;
        keep_longest(&a->worst_p99, percentile(h->gaps, OWN_STEPS, 0.99));
        keep_longest(&a->worst_p999, percentile(h->gaps, OWN_STEPS, 0.999));
    }
    a->p50 = percentile(r->gaps, STEPS_MOST, 0.5) / STEPS_OF_MS;
    a->p99 = percentile(r->gaps, STEPS_MOST, 0.99) / STEPS_OF_MS;
    a->p999 = percentile(r->gaps, STEPS_MOST, 0.999) / STEPS_OF_MS;
}

bool receiver_is_right(const struct arrivals *a, unsigned calls, const char *what)
{
    bool right = a->streams <= calls && !a->lost && !a->disorder && !a->foreign;

    if (!right && what)
        printf("%s: does not count: %u of %u streams heard; of %llu packets %llu lost, %llu out of "
               "order; %llu that are none of them\n",
               what, a->streams, calls, (unsigned long long)a->packets, (unsigned long long)a->lost,
               (unsigned long long)a->disorder, (unsigned long long)a->foreign);
    return right;
}

bool receiver_is_content(const struct arrivals *a, unsigned calls, const char *what)
{
    bool content = receiver_is_right(a, calls, what) && a->streams == calls && !a->behind;

    if (!content && what)
        printf("%s: does not count: %u of %u streams heard, %u of them fell behind, %.1f packets/s "
               "each\n",
               what, a->streams, calls, a->behind, (double)a->packets / a->seconds / calls);
    return content;
}

void receiver_print_gaps(const struct arrivals *a)
{
    printf(
        "gaps p50 %.1f ms, p99 %.1f, p99.9 %.1f, longest %.1f, %llu above %d; of the worst stream "
        "p99 %.0f, p99.9 %.0f",
        a->p50, a->p99, a->p999, a->worst, (unsigned long long)a->long_gaps, RECEIVER_GAP_MOST,
        a->worst_p99, a->worst_p999);
}

size_t receiver_take(struct receiver *r, uint8_t packet[RECEIVER_PACKET_MOST], int wait)
{
    struct pollfd p = { r->rtp, POLLIN, 0 };
    ssize_t size;

    if (poll(&p, 1, wait) < 1)
        return 0;
    size = recv(r->rtp, packet, RECEIVER_PACKET_MOST, MSG_DONTWAIT);
    return size > 0 ? (size_t)size : 0;
}

/* How long a retriever waits: from his INVITE at an orbit to the first packet of the parked
 * caller's own voice, idle and beside 300 others who hear music. He is silent himself. The server
 * has the first core, all phones the second. Fails only when a voice does not arrive. [--short] */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare_sender.h"
#include "media/rtp.h"
#include "receiver.h"
#include "server.h"
#include "sip_load.h"
#include "sys/clock.h"

#define TIMES_MAX 200
#define OTHERS 300
#define SOUND 0x2A /* every byte of the caller's voice, and of nothing else */
#define PATIENCE_NS UINT64_C(2000000000)
#define OTHERS_FIRST (ORBIT_FIRST + 20000)

struct bench {
    struct server server;
    struct load *callers, *retrievers, *others;
    struct receiver *caller, *retriever; /* where they listen */
    unsigned orbit;
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void wait_for(struct load *l, int socket, int wait)
{
    struct pollfd p[2] = { { load_socket(l), POLLIN, 0 }, { socket, POLLIN, 0 } };

    (void)poll(p, socket < 0 ? 1 : 2, wait);
    load_turn(l);
}

/* In the orbit, answered. False: not in time. */
static bool park_one(struct bench *b, struct load_audio *audio)
{
    struct load_phones phones = { .orbit = b->orbit, .audio = receiver_port(b->caller) };
    uint64_t end = clock_now_ns() + PATIENCE_NS;
    unsigned call;

    load_dial(b->callers, &phones);
    call = load_call(b->callers);
    do {
        wait_for(b->callers, -1, 10);
        *audio = load_audio_of(b->callers, call);
    } while (!audio->port && clock_now_ns() < end);
    return audio->port != 0;
}

static bool is_voice(const uint8_t *packet, size_t size)
{
    for (size_t i = RTP_HEADER_SIZE; i < size; i++)
        if (packet[i] != SOUND)
            return false;
    return size == RTP_HEADER_SIZE + RECEIVER_PAYLOAD;
}

/* Milliseconds; less than 0: his voice did not come. */
static double retrieve_one(struct bench *b)
{
    struct load_phones phones = { .orbit = b->orbit,
                                  .retrieve = true,
                                  .audio = receiver_port(b->retriever) };
    uint8_t packet[RECEIVER_PACKET_MOST];
    uint64_t start;

    receiver_begin(b->retriever);
    load_dial(b->retrievers, &phones);
    start = clock_now_ns();
    (void)load_call(b->retrievers);
    while (clock_now_ns() - start < PATIENCE_NS) {
        size_t size;

        wait_for(b->retrievers, receiver_socket(b->retriever), 10);
        while ((size = receiver_take(b->retriever, packet, 0)) > 0)
            if (is_voice(packet, size))
                return (double)(clock_now_ns() - start) / 1e6;
    }
    return -1;
}

static double one(struct bench *b)
{
    struct load_audio audio;
    struct bare_stream voice;
    struct bare_plan plan = { .stream = &voice,
                              .streams = 1,
                              .ssrc = 1,
                              .sound = SOUND,
                              .socket = receiver_socket(b->caller),
                              .core = 1 };
    double ms = -1;
    pid_t talking;

    if (!park_one(b, &audio))
        return ms;
    voice = (struct bare_stream){ audio.own, audio.host, audio.port };
    talking = bare_start(&plan);
    (void)poll(NULL, 0, 60 + rand() % 20); /* at any time between two of his packets */
    ms = retrieve_one(b);
    bare_stop(talking);
    (void)load_hang_up(b->retrievers);
    wait_for(b->callers, -1, 50); /* who is hung up on as well */
    receiver_begin(b->caller);
    b->orbit++;
    return ms;
}

static bool measure(struct bench *b, unsigned count, unsigned others)
{
    double ms[TIMES_MAX];

    for (unsigned i = 0; i < count; i++) {
        ms[i] = one(b);
        if (ms[i] < 0) {
            printf("retrieval %u of %u: the caller's voice did not come\n", i + 1, count);
            return false;
        }
    }
    qsort(ms, count, sizeof *ms, by_size);
    printf(
        "INVITE at an orbit to the caller's voice, %3u others parked, %u times: p50 %.1f ms, p99 "
        "%.1f, longest %.1f (to reach: p50 25, p99 40)\n",
        others, count, ms[count / 2], ms[count * 99 / 100], ms[count - 1]);
    (void)fflush(stdout);
    return true;
}

static bool park_others(struct bench *b)
{
    struct load_plan plan = {
        .rate = 200, .seconds = 30, .calls = OTHERS, .hold = -1, .patience = PATIENCE
    };
    struct load_phones phones = { .orbit = OTHERS_FIRST };
    struct load_figures f;

    load_dial(b->others, &phones);
    load_run(b->others, &plan, &f);
    return f.answered == OTHERS;
}

int main(int argc, char **argv)
{
    bool brief = argc > 1 && strcmp(argv[1], "--short") == 0, good;
    struct bench b = { .orbit = ORBIT_FIRST };

    server_keep_away();
    server_start(&b.server, argv[0]);
    b.callers = load_open(b.server.port);
    b.retrievers = load_open(b.server.port);
    b.others = load_open(b.server.port);
    b.caller = receiver_open(1);
    b.retriever = receiver_open(1);
    good = measure(&b, brief ? 5 : TIMES_MAX, 0);
    if (good && !brief)
        good = park_others(&b) && measure(&b, TIMES_MAX, OTHERS);
    load_close(b.callers);
    load_close(b.retrievers);
    load_close(b.others);
    server_stop(&b.server);
    receiver_close(b.caller);
    receiver_close(b.retriever);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

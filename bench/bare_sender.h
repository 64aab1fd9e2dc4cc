/* The yardstick: packets that are ready, at the pace of audio, by a loop that does nothing but
 * sendmmsg(). A process of its own, so that its processor time can be told apart. */
#ifndef CALLPARK_BENCH_BARE_SENDER_H
#define CALLPARK_BENCH_BARE_SENDER_H

#include <stdint.h>
#include <sys/types.h>

struct bare_stream {
    uint32_t from, to; /* addresses, host's order; from 0: whatever the kernel takes */
    uint16_t port;
};

struct bare_plan {
    const struct bare_stream *stream;
    unsigned streams;
    uint32_t ssrc; /* of the first; each next one has one more */
    uint8_t sound; /* what every byte of audio is */
    int socket;    /* that it leaves from; -1: one of its own */
    unsigned core;
};

/* Twenty ticks of a millisecond, every twentieth stream in each, until bare_stop(). Ends the
 * program if it cannot be. */
pid_t bare_start(const struct bare_plan *plan);
void bare_stop(pid_t pid);

#endif

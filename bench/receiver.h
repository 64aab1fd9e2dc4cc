/* Who listens to all streams at once: one socket, every packet read and checked. A stream is its
 * SSRC. When a packet came is the kernel's word, so that it does not matter when we read it; we
 * read once in a millisecond, so that no sender pays for waking us. Ends the program when there is
 * no socket. */
#ifndef CALLPARK_BENCH_RECEIVER_H
#define CALLPARK_BENCH_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECEIVER_RATE 50     /* packets a second of each stream */
#define RECEIVER_PAYLOAD 160 /* bytes of audio in each */
#define RECEIVER_GAP_MOST 40 /* ms: what a telephone can be expected to bridge */
#define RECEIVER_PACKET_MOST 256

struct receiver;

struct arrivals {
    double seconds;
    unsigned streams;
    unsigned behind; /* streams with fewer than 99 %, less one, of the packets that were due */
    uint64_t packets, lost, disorder, foreign; /* foreign: nothing of what was to come */
    uint64_t long_gaps;                        /* above RECEIVER_GAP_MOST */
    double p50, p99, p999, worst;              /* gaps between two packets of a stream, ms */
    double worst_p99, worst_p999;              /* of the stream that has them longest */
};

/* Room for so many streams. */
struct receiver *receiver_open(unsigned streams_most);
void receiver_close(struct receiver *r);

/* Packets are so many bytes longer than their audio and a header, as with SRTP's tag. */
void receiver_expect(struct receiver *r, unsigned growth);

uint16_t receiver_port(const struct receiver *r); /* even, on every address; RTCP above it */
int receiver_socket(const struct receiver *r);

/* Forget what was, and throw away what waits. What comes from now on counts. */
void receiver_begin(struct receiver *r);

/* Read until so long after the beginning; what comes later does not count. */
void receiver_listen(struct receiver *r, double seconds);

/* One packet and when it came; receiver_listen() calls it for each. */
void receiver_note(struct receiver *r, const uint8_t *packet, size_t size, uint64_t at_ns);

/* What came in the seconds that were listened to. */
void receiver_sum(const struct receiver *r, double seconds, struct arrivals *a);

/* How long the gaps were, overall and of the worst stream, without an end of the line. */
void receiver_print_gaps(const struct arrivals *a);

/* Nothing lost, nothing out of order, no more streams than calls, nothing else? And does it count
 * as a figure: was every stream there and on time? If not, and `what` is given, a sentence says
 * why. */
bool receiver_is_right(const struct arrivals *a, unsigned calls, const char *what);
bool receiver_is_content(const struct arrivals *a, unsigned calls, const char *what);

/* The next packet that waits, or that comes within `wait` ms; 0: none. For who looks inside. */
size_t receiver_take(struct receiver *r, uint8_t packet[RECEIVER_PACKET_MOST], int wait);

#endif

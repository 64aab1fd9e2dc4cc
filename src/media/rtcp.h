/* RTCP (RFC 3550 6): our reports about a stream, and the little we want to know of theirs. Pure. */
#ifndef CALLPARK_MEDIA_RTCP_H
#define CALLPARK_MEDIA_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/types.h"

#define RTCP_SIZE_MAX 256 /* of what rtcp_write() makes, with a CNAME of 63 characters */

/* What was received from one far end; kept by rtcp_received(), reset when its SSRC changes. */
struct rtcp_source {
    uint32_t ssrc;
    uint32_t received, highest, base; /* `highest` counts the wraps of the sequence above 16 bits */
    uint32_t expected_before, received_before; /* at the last report */
    uint32_t transit, jitter16;                /* jitter, times 16 */
    uint32_t last_sr;                          /* middle bits of its last sender report's time */
    msec last_sr_at;
    bool started;
};

/* Count one packet; `now` in ticks of the 8 kHz clock. */
void rtcp_received(struct rtcp_source *s, uint32_t ssrc, uint16_t sequence, uint32_t timestamp,
                   uint32_t now);

/* What a report says about the side that sends it. */
struct rtcp_sender {
    uint32_t ssrc, timestamp; /* the timestamp that goes with `wall` */
    uint32_t packets, bytes;
    wall_msec wall;
    bool sent; /* since the last report: it is an SR then, else an RR */
    bool bye;
    const char *cname;
};

/* A compound packet: SR or RR, SDES, and a BYE if asked for. How long it is. */
size_t rtcp_write(uint8_t to[RTCP_SIZE_MAX], const struct rtcp_sender *own, struct rtcp_source *far,
                  msec now);

/* Read a compound packet of theirs; false if it is none. A sender report of `far`'s is remembered.
 */
bool rtcp_read(struct rtcp_source *far, const uint8_t *data, size_t size, msec now, bool *bye);

#endif

/* RTP packets (RFC 3550 5.1) and telephone-events in them (RFC 4733): reading what others wrote,
 * writing headers. Pure. */
#ifndef CALLPARK_MEDIA_RTP_H
#define CALLPARK_MEDIA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_HEADER_SIZE 12
#define RTP_PAYLOAD_CN 13 /* comfort noise, RFC 3389 */
#define RTP_PTIME_MAX 60
#define RTP_BYTES_PER_MS 8 /* in each codec but Opus, and so of its RTP clock: a tick */
#define RTP_PAYLOAD_MAX ((size_t)RTP_PTIME_MAX * RTP_BYTES_PER_MS)

struct rtp_packet {
    uint8_t payload_type;
    bool marker;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    const uint8_t *payload; /* inside what was parsed */
    size_t size;
};

/* False for what is no RTP version 2, or is cut off. CSRCs, extension and padding are stepped over.
 */
bool rtp_parse(struct rtp_packet *p, const uint8_t *data, size_t size);

/* Is this RTCP and not RTP, on a port that carries both (RFC 5761 4)? */
bool rtp_is_rtcp(const uint8_t *data, size_t size);

void rtp_write_header(uint8_t to[RTP_HEADER_SIZE], uint8_t payload_type, bool marker,
                      uint16_t sequence, uint32_t timestamp, uint32_t ssrc);

/* One packet of a telephone-event. */
struct rtp_digit {
    uint8_t event;
    bool end;
    uint16_t duration;
};

bool rtp_parse_digit(struct rtp_digit *d, const uint8_t *payload, size_t size);

/* "0123456789*#ABCD", or 0 for other events (a flash, a fax tone). */
char rtp_digit_char(uint8_t event);

#endif

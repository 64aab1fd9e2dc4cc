/* Audio from one leg to another: the same bytes where both speak one codec, else decoded and
 * encoded again; packets cut to the length that the far end wants; timestamps moved into the far
 * stream's own. Pure. */
#ifndef CALLPARK_MEDIA_RELAY_H
#define CALLPARK_MEDIA_RELAY_H

#include "base/types.h"
#include "core/session.h"
#include "media/g722.h"
#include "media/rtp.h"

/* Audio that waits to fill a packet, at most: what is older is given up. It is also what may come
 * at once beyond real time, so that nobody can make us send faster than speech goes. */
#define RELAY_MS_MAX 200
#define RELAY_BYTES_MAX ((size_t)RELAY_MS_MAX * RTP_BYTES_PER_MS)

struct relay {
    enum codec from, to;
    bool mapped;                    /* `offset` holds for packets of `ssrc` */
    bool marker;                    /* the next packet out begins a talkspurt */
    uint32_t ssrc, offset, next_in; /* their timestamp + offset = ours */
    uint32_t digit_in;              /* timestamp of the telephone-event last seen */
    bool digit_seen;
    msec credited;
    uint32_t credit; /* bytes that may come now */
    uint32_t first;  /* our timestamp of the first byte waiting */
    size_t waiting;
    uint8_t bytes[RELAY_BYTES_MAX];
    struct g722_encoder encoder;
    struct g722_decoder decoder;
};

void relay_init(struct relay *r, enum codec from, enum codec to, msec now);

/* Something else has been sent meanwhile (music): begin anew with the next packet. */
void relay_interrupt(struct relay *r);

/* One audio packet; `clock` is our stream's timestamp for this moment. False if it was dropped: too
 * late, too much, or longer than any packet should be. */
bool relay_push(struct relay *r, const struct rtp_packet *p, uint32_t clock, msec now);

/* A packet of `size` bytes to send, if that much waits. */
bool relay_pull(struct relay *r, size_t size, uint8_t *to, uint32_t *timestamp, bool *marker);

/* A telephone-event packet: which of our timestamps it has. False if it must be dropped. */
bool relay_digit(struct relay *r, const struct rtp_packet *p, uint32_t clock, msec now,
                 uint32_t *timestamp, bool *marker);

#endif

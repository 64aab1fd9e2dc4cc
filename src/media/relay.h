/* Audio from one leg to another: the same bytes where both speak one codec, else decoded and
 * encoded again; packets cut to the length that the far end wants; timestamps moved into the far
 * stream's own. Pure. */
#ifndef CALLPARK_MEDIA_RELAY_H
#define CALLPARK_MEDIA_RELAY_H

#include "base/types.h"
#include "core/session.h"
#include "media/g722.h"
#include "media/opuscodec.h"
#include "media/rtp.h"

/* Audio that waits to fill a packet, at most: what is older is given up. It is also what may come
 * at once beyond real time, so that nobody can make us send faster than speech goes. */
#define RELAY_MS_MAX 200
#define RELAY_BYTES_MAX ((size_t)RELAY_MS_MAX * RTP_BYTES_PER_MS)

/* Times, ours and of what waits, are in ticks of 8 kHz, whatever the codec's own clock is; a byte
 * is a tick in every codec but Opus. */
struct relay {
    enum codec from, to;
    bool mapped; /* `next_in` is of packets of `ssrc` */
    bool marker; /* the next packet out begins a talkspurt */
    uint32_t ssrc;
    uint32_t next_in, next_out; /* the same moment by their timestamps and by ours */
    uint32_t digit_in;          /* timestamp of the telephone-event last seen */
    bool digit_seen;
    msec credited;
    uint32_t credit; /* ticks that may come now */
    uint32_t first;  /* our timestamp of the first tick waiting */
    size_t waiting;  /* ticks */
    size_t pulled;   /* ticks of the packet last taken out */
    size_t held;     /* bytes of the one Opus packet that goes on as it came */
    uint8_t bytes[RELAY_BYTES_MAX];
    struct g722_encoder encoder;
    struct g722_decoder decoder;
    struct relay_opus *opus; /* between Opus and another codec; else NULL */
};

/* `r` was in use before, or is all zeros. */
void relay_init(struct relay *r, enum codec from, enum codec to, msec now);
void relay_done(struct relay *r);

/* Something else has been sent meanwhile (music): begin anew with the next packet. */
void relay_interrupt(struct relay *r);

/* One audio packet; `clock` is our stream's timestamp for this moment. False if it was dropped: too
 * late, too much, or longer than any packet should be. */
bool relay_push(struct relay *r, const struct rtp_packet *p, uint32_t clock, msec now);

/* A packet of `size` ticks to send, if that much waits; of Opus one of 20 msec, or as it came. How
 * many bytes it has, at most RTP_PAYLOAD_MAX; 0: none. */
size_t relay_pull(struct relay *r, size_t size, uint8_t *to, uint32_t *timestamp, bool *marker);

/* A telephone-event packet: which of our timestamps it has. False if it must be dropped. */
bool relay_digit(struct relay *r, const struct rtp_packet *p, uint32_t clock, msec now,
                 uint32_t *timestamp, bool *marker);

#endif

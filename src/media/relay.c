/* In every codec we speak a byte is one tick of the 8 kHz RTP clock, so lengths, times and what
 * waits are all counted in bytes. */
#include "media/relay.h"

#include <string.h>

#include "media/g711.h"

#define GAP_MAX                                                                                    \
    (2000 * RTP_BYTES_PER_MS) /* a timestamp further off is a new stream, not a pause              \
                               */
#define DIGIT_COST ((size_t)20 * RTP_BYTES_PER_MS)

void relay_init(struct relay *r, enum codec from, enum codec to, msec now)
{
    r->from = from;
    r->to = to;
    r->mapped = r->digit_seen = false;
    r->waiting = 0;
    r->credit = RELAY_BYTES_MAX;
    r->credited = now;
    /* At 8 kHz both ways: of the wide band only the lower half can come from, or go to, a G.711
     * phone. */
    g722_encoder_init(&r->encoder, 8000);
    g722_decoder_init(&r->decoder, 8000);
}

void relay_interrupt(struct relay *r)
{
    r->mapped = false;
    r->waiting = 0;
}

/* Real time fills the credit, a twentieth faster than it runs because clocks differ. */
static bool afford(struct relay *r, size_t cost, msec now)
{
    uint64_t gained = (now - r->credited) * RTP_BYTES_PER_MS * 21 / 20;

    r->credited = now;
    r->credit =
        gained > RELAY_BYTES_MAX - r->credit ? RELAY_BYTES_MAX : r->credit + (uint32_t)gained;
    if (cost > r->credit)
        return false;
    r->credit -= (uint32_t)cost;
    return true;
}

static void map(struct relay *r, const struct rtp_packet *p, uint32_t clock)
{
    r->mapped = true;
    r->marker = true;
    r->ssrc = p->ssrc;
    r->offset = clock - p->timestamp;
    r->next_in = p->timestamp;
    r->waiting = 0;
    r->digit_seen = false;
}

/* Is this packet one of the stream that we follow, and where in it? Less than 0: already past. */
static int32_t place(struct relay *r, const struct rtp_packet *p, uint32_t clock)
{
    int32_t ahead = (int32_t)(p->timestamp - r->next_in);

    if (!r->mapped || r->ssrc != p->ssrc || ahead > GAP_MAX || ahead < -GAP_MAX) {
        map(r, p, clock);
        return 0;
    }
    return ahead;
}

static void decode(struct relay *r, int16_t *pcm, const uint8_t *from, size_t size)
{
    if (r->from == CODEC_G722)
        (void)g722_decode_block(&r->decoder, pcm, from, size);
    else
        for (size_t i = 0; i < size; i++)
            pcm[i] = r->from == CODEC_PCMU ? g711_from_ulaw(from[i]) : g711_from_alaw(from[i]);
}

static void encode(struct relay *r, uint8_t *to, const int16_t *pcm, size_t size)
{
    if (r->to == CODEC_G722)
        (void)g722_encode_block(&r->encoder, to, pcm, size);
    else
        for (size_t i = 0; i < size; i++)
            to[i] = r->to == CODEC_PCMU ? g711_ulaw(pcm[i]) : g711_alaw(pcm[i]);
}

static void give_up_oldest(struct relay *r, size_t size)
{
    memmove(r->bytes, r->bytes + size, r->waiting - size);
    r->waiting -= size;
    r->first += (uint32_t)size;
}

static void append(struct relay *r, const struct rtp_packet *p)
{
    uint8_t *to;

    if (r->waiting + p->size > RELAY_BYTES_MAX)
        give_up_oldest(r, r->waiting + p->size - RELAY_BYTES_MAX);
    if (r->waiting == 0)
        r->first = p->timestamp + r->offset;
    to = r->bytes + r->waiting;
    if (r->from == r->to) {
        memcpy(to, p->payload, p->size);
    } else {
        int16_t pcm[RTP_PAYLOAD_MAX];

        decode(r, pcm, p->payload, p->size);
        encode(r, to, pcm, p->size);
    }
    r->waiting += p->size;
}

bool relay_push(struct relay *r, const struct rtp_packet *p, uint32_t clock, msec now)
{
    int32_t ahead;

    if (p->size == 0 || p->size > RTP_PAYLOAD_MAX || !afford(r, p->size, now))
        return false;
    ahead = place(r, p, clock);
    if (ahead < 0)
        return false;
    /* After a pause what waits is no whole packet and cannot become one: its rest never comes. */
    if (ahead > 0)
        r->waiting = 0;
    if (p->marker)
        r->marker = true;
    append(r, p);
    r->next_in = p->timestamp + (uint32_t)p->size;
    return true;
}

bool relay_pull(struct relay *r, size_t size, uint8_t *to, uint32_t *timestamp, bool *marker)
{
    if (size == 0 || r->waiting < size)
        return false;
    memcpy(to, r->bytes, size);
    *timestamp = r->first;
    *marker = r->marker;
    r->marker = false;
    give_up_oldest(r, size);
    return true;
}

/* All packets of an event carry the time of its beginning, and its last one comes three times (RFC
 * 4733 2.5.1), so they are placed by the audio around them and never thrown away for being late. */
bool relay_digit(struct relay *r, const struct rtp_packet *p, uint32_t clock, msec now,
                 uint32_t *timestamp, bool *marker)
{
    bool begins = !r->mapped || r->ssrc != p->ssrc || !r->digit_seen || r->digit_in != p->timestamp;

    if (p->size > RTP_PAYLOAD_MAX || !afford(r, DIGIT_COST, now))
        return false;
    if (begins) {
        (void)place(r, p, clock);
        r->digit_in = p->timestamp;
        r->digit_seen = true;
        r->waiting = 0;
    }
    *timestamp = p->timestamp + r->offset;
    *marker = begins;
    return true;
}

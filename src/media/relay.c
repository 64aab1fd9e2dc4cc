/* Where both sides speak one codec its bytes go on; else samples are in between, at 8 kHz, or at 16
 * kHz between G.722 and Opus. */
#include "media/relay.h"

#include <stdlib.h>
#include <string.h>

#include "media/g711.h"

#define GAP_MAX                                                                                    \
    (2000 * RTP_BYTES_PER_MS) /* a timestamp further off is a new stream, not a pause              \
                               */
#define DIGIT_COST ((size_t)20 * RTP_BYTES_PER_MS)
#define OPUS_TICKS ((size_t)OPUSCODEC_MS * RTP_BYTES_PER_MS)

struct relay_opus {
    unsigned wide; /* samples of each tick: 1, or 2 beside G.722 */
    struct opuscodec_encoder *encoder;
    struct opuscodec_decoder *decoder;
    int16_t pcm[RELAY_BYTES_MAX * 2]; /* what waits to be encoded */
};

static int32_t scale_of(enum codec c)
{
    return (int32_t)(codec_clock(c) / (RTP_BYTES_PER_MS * 1000));
}

void relay_done(struct relay *r)
{
    if (!r->opus)
        return;
    opuscodec_encoder_free(r->opus->encoder);
    opuscodec_decoder_free(r->opus->decoder);
    free(r->opus);
    r->opus = NULL;
}

/* NULL when memory is short: such a relay lets nothing through. */
static struct relay_opus *make_opus(const struct relay *r)
{
    struct relay_opus *o = calloc(1, sizeof *o);

    if (!o)
        return NULL;
    o->wide = r->from == CODEC_G722 || r->to == CODEC_G722 ? 2 : 1;
    if (r->to == CODEC_OPUS)
        o->encoder = opuscodec_encoder_new(8000 * o->wide);
    else
        o->decoder = opuscodec_decoder_new(8000 * o->wide);
    if (o->encoder || o->decoder)
        return o;
    free(o);
    return NULL;
}

static bool needs_opus(const struct relay *r)
{
    return r->from != r->to && (r->from == CODEC_OPUS || r->to == CODEC_OPUS);
}

void relay_init(struct relay *r, enum codec from, enum codec to, msec now)
{
    unsigned rate;

    relay_done(r);
    r->from = from;
    r->to = to;
    r->mapped = r->digit_seen = false;
    r->waiting = 0;
    r->credit = RELAY_BYTES_MAX;
    r->credited = now;
    if (needs_opus(r))
        r->opus = make_opus(r);
    /* At 8 kHz both ways: of the wide band only the lower half can come from, or go to, a G.711
     * phone. */
    rate = r->opus ? 8000 * r->opus->wide : 8000;
    g722_encoder_init(&r->encoder, rate);
    g722_decoder_init(&r->decoder, rate);
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
    r->next_in = p->timestamp;
    r->next_out = clock;
    r->waiting = 0;
    r->digit_seen = false;
}

/* How many ticks behind what came last this begins. */
static int32_t ahead_of(const struct relay *r, const struct rtp_packet *p)
{
    return (int32_t)(p->timestamp - r->next_in) / scale_of(r->from);
}

/* Is this packet one of the stream that we follow, and where in it? Less than 0: already past. */
static int32_t place(struct relay *r, const struct rtp_packet *p, uint32_t clock)
{
    int32_t ahead = ahead_of(r, p);

    if (!r->mapped || r->ssrc != p->ssrc || ahead > GAP_MAX || ahead < -GAP_MAX) {
        map(r, p, clock);
        return 0;
    }
    return ahead;
}

/* How many samples came out. */
static size_t decode(struct relay *r, int16_t *pcm, size_t room, const struct rtp_packet *p)
{
    if (r->from == CODEC_OPUS)
        return opuscodec_decode(r->opus->decoder, pcm, room, p->payload, p->size);
    if (r->from == CODEC_G722)
        return g722_decode_block(&r->decoder, pcm, p->payload, p->size);
    for (size_t i = 0; i < p->size; i++)
        pcm[i] =
            r->from == CODEC_PCMU ? g711_from_ulaw(p->payload[i]) : g711_from_alaw(p->payload[i]);
    return p->size;
}

static void encode(struct relay *r, uint8_t *to, const int16_t *pcm, size_t samples)
{
    if (r->to == CODEC_G722)
        (void)g722_encode_block(&r->encoder, to, pcm, samples);
    else
        for (size_t i = 0; i < samples; i++)
            to[i] = r->to == CODEC_PCMU ? g711_ulaw(pcm[i]) : g711_alaw(pcm[i]);
}

static unsigned wide(const struct relay *r)
{
    return r->opus ? r->opus->wide : 1;
}

static void give_up_oldest(struct relay *r, size_t ticks)
{
    size_t left = r->waiting - ticks;

    if (r->opus && r->to == CODEC_OPUS)
        memmove(r->opus->pcm, r->opus->pcm + ticks * wide(r), left * wide(r) * sizeof(int16_t));
    else
        memmove(r->bytes, r->bytes + ticks, left);
    r->waiting = left;
    r->first += (uint32_t)ticks;
}

static void convert(struct relay *r, const struct rtp_packet *p, size_t ticks)
{
    int16_t pcm[RTP_PAYLOAD_MAX * 2] = { 0 }; /* silence, should it not be whole */
    size_t samples = ticks * wide(r);

    (void)decode(r, pcm, samples, p);
    if (r->to == CODEC_OPUS && r->opus)
        memcpy(r->opus->pcm + r->waiting * wide(r), pcm, samples * sizeof *pcm);
    else if (r->to != CODEC_OPUS)
        encode(r, r->bytes + r->waiting, pcm, samples);
}

static void append(struct relay *r, const struct rtp_packet *p, size_t ticks)
{
    bool as_it_came = r->from == r->to;

    if (as_it_came && r->to == CODEC_OPUS)
        r->waiting = 0; /* its packets cannot be joined */
    if (r->waiting + ticks > RELAY_BYTES_MAX)
        give_up_oldest(r, r->waiting + ticks - RELAY_BYTES_MAX);
    if (r->waiting == 0)
        r->first = r->next_out;
    if (as_it_came)
        memcpy(r->bytes + r->waiting, p->payload, p->size);
    else
        convert(r, p, ticks);
    r->held = p->size;
    r->waiting += ticks;
}

bool relay_push(struct relay *r, const struct rtp_packet *p, uint32_t clock, msec now)
{
    size_t ticks = r->from == CODEC_OPUS ? opuscodec_ticks(p->payload, p->size) : p->size;
    int32_t ahead;

    if (ticks == 0 || ticks > RTP_PAYLOAD_MAX || p->size > RTP_PAYLOAD_MAX ||
        (needs_opus(r) && !r->opus) || !afford(r, ticks, now))
        return false;
    ahead = place(r, p, clock);
    if (ahead < 0)
        return false;
    /* After a pause what waits is no whole packet and cannot become one: its rest never comes. */
    if (ahead > 0)
        r->waiting = 0;
    if (p->marker)
        r->marker = true;
    r->next_out += (uint32_t)ahead;
    append(r, p, ticks);
    r->next_out += (uint32_t)ticks;
    r->next_in = p->timestamp + (uint32_t)ticks * (uint32_t)scale_of(r->from);
    return true;
}

/* Into `to`; its bytes and `pulled`, its ticks. */
static size_t take_out(struct relay *r, size_t ticks, uint8_t *to)
{
    size_t size = ticks;

    if (r->to != CODEC_OPUS) {
        memcpy(to, r->bytes, ticks);
    } else if (r->from == CODEC_OPUS) {
        size = r->held;
        memcpy(to, r->bytes, size);
    } else {
        size = opuscodec_encode(r->opus->encoder, to, r->opus->pcm);
    }
    r->pulled = ticks;
    return size;
}

size_t relay_pull(struct relay *r, size_t size, uint8_t *to, uint32_t *timestamp, bool *marker)
{
    if (r->to == CODEC_OPUS)
        size = r->from == CODEC_OPUS ? r->waiting : OPUS_TICKS;
    if (size == 0 || r->waiting < size)
        return 0;
    *timestamp = r->first;
    *marker = r->marker;
    r->marker = false;
    size = take_out(r, size, to);
    give_up_oldest(r, r->pulled);
    return size;
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
    *timestamp = r->next_out + (uint32_t)ahead_of(r, p);
    *marker = begins;
    return true;
}

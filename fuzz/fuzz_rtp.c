/* What comes in on a media port, through all of the receive path that is pure: RTP, RTCP,
 * telephone-events, latching and the relay. A first byte chooses codecs and packet time; then
 * packets, each behind its length and the sender's port. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "media/latch.h"
#include "media/relay.h"
#include "media/rtcp.h"

struct state {
    struct relay relay;
    struct latch latch;
    struct rtcp_source far;
    size_t packet_size;
    uint32_t sent; /* bytes that came out of the relay */
    msec now;
};

static void begin(struct state *s, uint8_t choice)
{
    static const enum codec codecs[] = { CODEC_PCMU, CODEC_PCMA, CODEC_G722, CODEC_OPUS };
    struct endpoint expected;

    relay_done(&s->relay);
    memset(s, 0, sizeof *s);
    relay_init(&s->relay, codecs[choice & 3], codecs[choice >> 2 & 3], 0);
    s->packet_size = (size_t)(choice >> 4) % 6 * 80 + 80;
    (void)endpoint_read(&s->latch.signalled, "192.0.2.1", 5060);
    (void)endpoint_read(&expected, "192.0.2.10", 4000);
    latch_expect(&s->latch, &expected, 0);
}

static void audio(struct state *s, const struct rtp_packet *p)
{
    uint8_t out[RTP_PAYLOAD_MAX];
    struct rtp_digit digit;
    uint32_t stamp;
    bool marker;

    if (p->payload_type == 101 && rtp_parse_digit(&digit, p->payload, p->size)) {
        (void)rtp_digit_char(digit.event);
        (void)relay_digit(&s->relay, p, (uint32_t)s->now * 8, s->now, &stamp, &marker);
        return;
    }
    rtcp_received(&s->far, p->ssrc, p->sequence, p->timestamp, (uint32_t)s->now * 8);
    if (relay_push(&s->relay, p, (uint32_t)s->now * 8, s->now))
        while (relay_pull(&s->relay, s->packet_size, out, &stamp, &marker))
            s->sent += (uint32_t)s->relay.pulled;
    assert(s->relay.waiting <= RELAY_BYTES_MAX);
    /* Never more than real time, a twentieth, and what may wait. */
    assert(s->sent <= s->now * 8 * 21 / 20 + RELAY_BYTES_MAX);
}

static void packet(struct state *s, uint16_t port, const uint8_t *data, size_t size)
{
    const char *host = port % 3 == 0 ? "192.0.2.10" : port % 3 == 1 ? "192.0.2.1" : "203.0.113.9";
    struct rtp_packet p;
    struct endpoint from;
    bool bye;

    s->now += port % 7;
    if (!endpoint_read(&from, host, port))
        return;
    if (rtp_is_rtcp(data, size)) {
        (void)rtcp_read(&s->far, data, size, s->now, &bye);
        return;
    }
    if (!rtp_parse(&p, data, size))
        return;
    assert(p.payload >= data && p.payload + p.size <= data + size);
    if (latch_decide(&s->latch, &from, s->now) == LATCH_REFUSE)
        return;
    assert(port % 3 != 2); /* the stranger's host is never followed */
    assert(endpoint_same(latch_target(&s->latch), &from));
    audio(s, &p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct state s;
    struct rtcp_sender own = { .ssrc = 1, .sent = true, .bye = true, .cname = "callpark@fuzz" };
    uint8_t report[RTCP_SIZE_MAX];
    bool bye;

    if (size == 0)
        return 0;
    begin(&s, data[0]);
    data++, size--;
    while (size >= 3) {
        size_t length = data[0] < size - 3 ? data[0] : size - 3;

        packet(&s, (uint16_t)(data[1] << 8 | data[2]), data + 3, length);
        data += 3 + length;
        size -= 3 + length;
    }
    size = rtcp_write(report, &own, &s.far, s.now);
    assert(size <= sizeof report && rtcp_read(&s.far, report, size, s.now, &bye) && bye);
    return 0;
}

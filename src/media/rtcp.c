/* RTCP reports. The sums are those of RFC 3550 appendix A, made small: a sequence that jumps is
 * taken as a new start, because it only feeds a report. */
#include "media/rtcp.h"

#include <string.h>

#include "media/bytes.h"

enum { SR = 200, RR = 201, SDES = 202, BYE = 203 };

#define BLOCK_SIZE 24
#define JUMP_MAX 3000 /* packets; RFC 3550 A.1 MAX_DROPOUT */
#define NTP_1900_TO_1970 UINT64_C(2208988800)

static void start(struct rtcp_source *s, uint32_t ssrc, uint16_t sequence)
{
    *s = (struct rtcp_source){
        .ssrc = ssrc, .highest = sequence, .base = sequence, .started = true
    };
}

void rtcp_received(struct rtcp_source *s, uint32_t ssrc, uint16_t sequence, uint32_t timestamp,
                   uint32_t now)
{
    uint32_t transit = now - timestamp;
    int16_t step = (int16_t)(sequence - (uint16_t)s->highest);
    bool fresh = !s->started || s->ssrc != ssrc || step > JUMP_MAX || step < -JUMP_MAX;

    if (fresh)
        start(s, ssrc, sequence);
    else if (step > 0)
        s->highest += (uint16_t)step;
    if (!fresh) {
        int32_t difference = (int32_t)(transit - s->transit);
        uint32_t distance = difference < 0 ? 0 - (uint32_t)difference : (uint32_t)difference;

        s->jitter16 += distance - ((s->jitter16 + 8) >> 4);
    }
    s->transit = transit;
    s->received++;
}

static uint8_t fraction_lost(struct rtcp_source *s, uint32_t expected)
{
    uint32_t expected_now = expected - s->expected_before;
    uint32_t received_now = s->received - s->received_before;

    s->expected_before = expected;
    s->received_before = s->received;
    if (expected_now == 0 || received_now >= expected_now)
        return 0;
    return (uint8_t)(((uint64_t)(expected_now - received_now) << 8) / (expected_now + 1));
}

static void write_block(uint8_t *to, struct rtcp_source *s, msec now)
{
    uint32_t expected = s->highest - s->base + 1;
    int64_t lost = (int64_t)expected - s->received;

    if (lost > 0x7FFFFF)
        lost = 0x7FFFFF;
    if (lost < -0x800000)
        lost = -0x800000;
    bytes_put32(to, s->ssrc);
    bytes_put32(to + 4, (uint32_t)lost & 0xFFFFFF);
    to[4] = fraction_lost(s, expected);
    bytes_put32(to + 8, s->highest);
    bytes_put32(to + 12, s->jitter16 >> 4);
    bytes_put32(to + 16, s->last_sr);
    bytes_put32(to + 20, s->last_sr ? (uint32_t)((now - s->last_sr_at) * 65536 / 1000) : 0);
}

static void write_head(uint8_t *to, unsigned count, uint8_t type, size_t size)
{
    to[0] = (uint8_t)(0x80 | count);
    to[1] = type;
    bytes_put16(to + 2, (uint16_t)(size / 4 - 1));
}

/* Sender's part of an SR; returns its size, 0 for an RR. */
static size_t write_sender(uint8_t *to, const struct rtcp_sender *own)
{
    if (!own->sent)
        return 0;
    bytes_put32(to, (uint32_t)(own->wall / 1000 + NTP_1900_TO_1970));
    bytes_put32(to + 4, (uint32_t)((own->wall % 1000 << 32) / 1000));
    bytes_put32(to + 8, own->timestamp);
    bytes_put32(to + 12, own->packets);
    bytes_put32(to + 16, own->bytes);
    return 20;
}

static size_t write_sdes(uint8_t *to, uint32_t ssrc, const char *cname)
{
    size_t length = strnlen(cname, 63);
    size_t size = (8 + 2 + length + 1 + 3) / 4 * 4; /* a NUL ends the list, then up to the word */

    memset(to, 0, size);
    write_head(to, 1, SDES, size);
    bytes_put32(to + 4, ssrc);
    to[8] = 1;
    to[9] = (uint8_t)length;
    memcpy(to + 10, cname, length);
    return size;
}

size_t rtcp_write(uint8_t to[RTCP_SIZE_MAX], const struct rtcp_sender *own, struct rtcp_source *far,
                  msec now)
{
    size_t size = 8 + write_sender(to + 8, own);

    bytes_put32(to + 4, own->ssrc);
    if (far->started) {
        write_block(to + size, far, now);
        size += BLOCK_SIZE;
    }
    write_head(to, far->started, own->sent ? SR : RR, size);
    size += write_sdes(to + size, own->ssrc, own->cname);
    if (own->bye) {
        write_head(to + size, 1, BYE, 8);
        bytes_put32(to + size + 4, own->ssrc);
        size += 8;
    }
    return size;
}

static void read_one(struct rtcp_source *far, const uint8_t *at, size_t size, msec now, bool *bye)
{
    if (at[1] == BYE)
        *bye = true;
    if (at[1] == SR && size >= 28 && far->started && bytes_get32(at + 4) == far->ssrc) {
        far->last_sr = (uint32_t)bytes_get16(at + 10) << 16 | bytes_get16(at + 12);
        far->last_sr_at = now;
    }
}

bool rtcp_read(struct rtcp_source *far, const uint8_t *data, size_t size, msec now, bool *bye)
{
    *bye = false;
    if (size < 8 || (data[1] != SR && data[1] != RR))
        return false;
    while (size >= 4 && data[0] >> 6 == 2) {
        size_t length = ((size_t)bytes_get16(data + 2) + 1) * 4;

        if (length > size)
            return false;
        read_one(far, data, length, now, bye);
        data += length;
        size -= length;
    }
    return size == 0;
}

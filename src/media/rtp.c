/* RTP headers. Nothing is trusted: every length is checked against what came. */
#include "media/rtp.h"

#include "media/bytes.h"

/* How long the header is with its CSRCs and extension; 0 if it does not fit in `size`. */
static size_t header_size(const uint8_t *data, size_t size)
{
    size_t length;

    if (size < RTP_HEADER_SIZE || data[0] >> 6 != 2)
        return 0;
    length = RTP_HEADER_SIZE + (size_t)(data[0] & 15) * 4;
    if (data[0] & 0x10) {
        if (size < length + 4)
            return 0;
        length += 4 + (size_t)bytes_get16(data + length + 2) * 4;
    }
    return length <= size ? length : 0;
}

bool rtp_parse(struct rtp_packet *p, const uint8_t *data, size_t size)
{
    size_t start = header_size(data, size);
    size_t padding = 0;

    if (!start)
        return false;
    if (data[0] & 0x20) {
        padding = data[size - 1];
        if (padding == 0 || padding > size - start)
            return false;
    }
    *p = (struct rtp_packet){
        .payload_type = data[1] & 0x7F,
        .marker = data[1] >> 7,
        .sequence = bytes_get16(data + 2),
        .timestamp = bytes_get32(data + 4),
        .ssrc = bytes_get32(data + 8),
        .payload = data + start,
        .size = size - start - padding,
    };
    return true;
}

bool rtp_is_rtcp(const uint8_t *data, size_t size)
{
    return size >= 2 && data[0] >> 6 == 2 && data[1] >= 192 && data[1] <= 223;
}

void rtp_write_header(uint8_t to[RTP_HEADER_SIZE], uint8_t payload_type, bool marker,
                      uint16_t sequence, uint32_t timestamp, uint32_t ssrc)
{
    to[0] = 0x80;
    to[1] = (uint8_t)((marker ? 0x80 : 0) | (payload_type & 0x7F));
    bytes_put16(to + 2, sequence);
    bytes_put32(to + 4, timestamp);
    bytes_put32(to + 8, ssrc);
}

bool rtp_parse_digit(struct rtp_digit *d, const uint8_t *payload, size_t size)
{
    if (size < 4)
        return false;
    d->event = payload[0];
    d->end = payload[1] >> 7;
    d->duration = bytes_get16(payload + 2);
    return true;
}

char rtp_digit_char(uint8_t event)
{
    static const char digits[] = "0123456789*#ABCD";

    return event < sizeof digits - 1 ? digits[event] : '\0';
}

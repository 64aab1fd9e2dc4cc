/* The telephone of test_media.c: plain sockets, so that nothing of the engine is tested with itself
 * but the codecs, which have tests of their own. */
#include "media_phone.h"

#include <arpa/inet.h>
#include <assert.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/endpoint.h"
#include "media/g711.h"
#include "media/rtp.h"
#include "sys/clock.h"

static int open_socket(const char *host, struct address *address)
{
    union endpoint_socket s;
    struct endpoint e;
    socklen_t size;
    int fd;

    assert(endpoint_any(&e, host, 0));
    size = endpoint_to_socket(&s, &e);
    fd = socket(s.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert(fd >= 0);
    assert(bind(fd, &s.any, size) == 0);
    size = sizeof s;
    assert(getsockname(fd, &s.any, &size) == 0);
    endpoint_from_socket(&e, &s);
    endpoint_to_address(address, &e);
    return fd;
}

void phone_open(struct phone *p, const char *host, enum codec codec)
{
    static uint32_t number;

    *p = (struct phone){ .codec = codec, .payload_type = codec_payload_type(codec), .ptime = 20 };
    p->rtp = open_socket(host, &p->address);
    p->rtcp = open_socket(host, &p->rtcp_address);
    p->ssrc = 0x1000 + ++number;
    p->timestamp = number * 1000003;
    g722_encoder_init(&p->encoder, 8000);
    g722_decoder_init(&p->decoder, 8000);
}

void phone_end_opus(struct phone *p)
{
    opuscodec_encoder_free(p->opus_out);
    opuscodec_decoder_free(p->opus_in);
    p->opus_out = NULL;
    p->opus_in = NULL;
}

void phone_close(struct phone *p)
{
    phone_end_opus(p);
    close(p->rtp);
    close(p->rtcp);
}

void phone_offer(const struct phone *p, struct session_offer *offer)
{
    *offer = (struct session_offer){ .present = true,
                                     .usable = true,
                                     .rtp = p->address,
                                     .rtcp = p->rtcp_address,
                                     .direction = DIR_SENDRECV,
                                     .codecs = { { p->codec, p->payload_type } },
                                     .codec_count = 1,
                                     .dtmf_payload_type = -1 };
}

void phone_session(const struct phone *p, struct session *session)
{
    *session = (struct session){ .codec = p->codec,
                                 .payload_type = p->payload_type,
                                 .dtmf_payload_type = -1,
                                 .ptime = p->ptime,
                                 .direction = DIR_SENDRECV,
                                 .rtp = p->address,
                                 .rtcp = p->rtcp_address };
}

void phone_send_bytes(const struct phone *p, const struct address *to, const void *bytes,
                      size_t size)
{
    union endpoint_socket s;
    struct endpoint e;
    socklen_t length;

    assert(endpoint_read(&e, to->host, to->port));
    length = endpoint_to_socket(&s, &e);
    (void)sendto(p->rtp, bytes, size, 0, &s.any, length); /* a full buffer is a lost packet */
}

static size_t encode_opus(struct phone *p, uint8_t *to, const int16_t *pcm, size_t count)
{
    assert(count == 160);
    if (!p->opus_out)
        p->opus_out = opuscodec_encoder_new(8000);
    return opuscodec_encode(p->opus_out, to, pcm);
}

size_t phone_encode(struct phone *p, uint8_t *to, const int16_t *pcm, size_t count)
{
    if (p->codec == CODEC_OPUS)
        return encode_opus(p, to, pcm, count);
    if (p->codec == CODEC_G722)
        return g722_encode_block(&p->encoder, to, pcm, count);
    for (size_t i = 0; i < count; i++)
        to[i] = p->codec == CODEC_PCMU ? g711_ulaw(pcm[i]) : g711_alaw(pcm[i]);
    return count;
}

#define AHEAD 60 /* msec */

static void wait_for_turn(struct phone *p)
{
    msec now = clock_now();

    while (p->speaks_until > now + AHEAD) {
        (void)poll(NULL, 0, (int)(p->speaks_until - now - AHEAD));
        now = clock_now();
    }
    p->speaks_until = (p->speaks_until > now ? p->speaks_until : now) + p->ptime;
}

size_t phone_speak(struct phone *p, uint8_t packet[PHONE_PACKET_MAX], double hertz)
{
    int16_t pcm[RTP_PAYLOAD_MAX];
    size_t count = (size_t)p->ptime * RTP_BYTES_PER_MS, size;

    wait_for_turn(p);
    for (size_t i = 0; i < count; i++, p->phase += 2 * M_PI * hertz / 8000)
        pcm[i] = (int16_t)(8000 * sin(p->phase));
    size = phone_encode(p, packet + RTP_HEADER_SIZE, pcm, count);
    rtp_write_header(packet, p->payload_type, p->sequence == 0, p->sequence, p->timestamp, p->ssrc);
    p->sequence++;
    p->timestamp += (uint32_t)count * codec_clock(p->codec) / 8000;
    return RTP_HEADER_SIZE + size;
}

void phone_send_tone(struct phone *p, const struct address *to, double hertz)
{
    uint8_t packet[PHONE_PACKET_MAX];

    phone_send_bytes(p, to, packet, phone_speak(p, packet, hertz));
}

void phone_send_digit(struct phone *p, const struct address *to, uint8_t payload_type,
                      uint8_t event, bool end, uint16_t duration)
{
    uint8_t packet[RTP_HEADER_SIZE + 4];

    rtp_write_header(packet, payload_type, false, p->sequence++, p->timestamp, p->ssrc);
    packet[12] = event;
    packet[13] = (uint8_t)((end ? 0x80 : 0) | 10);
    packet[14] = (uint8_t)(duration >> 8);
    packet[15] = (uint8_t)duration;
    phone_send_bytes(p, to, packet, sizeof packet);
}

static bool receive(int fd, struct heard *h, int timeout)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    union endpoint_socket s;
    socklen_t size = sizeof s;
    struct endpoint e;
    ssize_t n;

    if (poll(&poll_fd, 1, timeout) != 1)
        return false;
    n = recvfrom(fd, h->bytes, sizeof h->bytes, 0, &s.any, &size);
    assert(n >= 0);
    h->size = (size_t)n;
    endpoint_from_socket(&e, &s);
    endpoint_to_address(&h->from, &e);
    return true;
}

bool phone_take(struct phone *p, struct heard *h, int timeout)
{
    return receive(p->rtp, h, timeout);
}

bool phone_read(struct heard *h)
{
    struct rtp_packet packet;

    if (!rtp_parse(&packet, h->bytes, h->size))
        return false;
    h->payload_type = packet.payload_type;
    h->marker = packet.marker;
    h->sequence = packet.sequence;
    h->timestamp = packet.timestamp;
    h->ssrc = packet.ssrc;
    h->payload = packet.payload;
    h->payload_size = packet.size;
    return true;
}

bool phone_hear(struct phone *p, struct heard *h, int timeout)
{
    if (!receive(p->rtp, h, timeout))
        return false;
    assert(phone_read(h));
    return true;
}

bool phone_hear_rtcp(struct phone *p, struct heard *h, int timeout)
{
    return receive(p->rtcp, h, timeout);
}

void phone_drain(struct phone *p)
{
    struct heard h;

    while (phone_hear(p, &h, 0))
        ;
}

bool phone_falls_silent(struct phone *p)
{
    struct heard h;

    for (int i = 0; i < 100; i++)
        if (!phone_hear(p, &h, 200))
            return true;
    return false;
}

static size_t decode_opus(struct ear *e, struct phone *p, const struct heard *h)
{
    if (!p->opus_in)
        p->opus_in = opuscodec_decoder_new(8000);
    return opuscodec_decode(p->opus_in, e->samples + e->count, sizeof e->samples / 2 - e->count,
                            h->payload, h->payload_size);
}

void ear_add(struct ear *e, struct phone *p, const struct heard *h)
{
    size_t count = h->payload_size;

    if (h->payload_type != p->payload_type || e->count + count > sizeof e->samples / 2)
        return;
    if (p->codec == CODEC_OPUS)
        count = decode_opus(e, p, h);
    else if (p->codec == CODEC_G722)
        (void)g722_decode_block(&p->decoder, e->samples + e->count, h->payload, count);
    else
        for (size_t i = 0; i < count; i++)
            e->samples[e->count + i] = p->codec == CODEC_PCMU ? g711_from_ulaw(h->payload[i])
                                                              : g711_from_alaw(h->payload[i]);
    e->count += count;
}

/* Goertzel's sum for one frequency, against all the energy there is. */
double ear_share(const struct ear *e, double hertz)
{
    double w = 2 * cos(2 * M_PI * hertz / 8000), a = 0, b = 0, all = 0;

    for (size_t i = 0; i < e->count; i++) {
        double next = e->samples[i] + w * a - b;

        b = a;
        a = next;
        all += (double)e->samples[i] * e->samples[i];
    }
    return all > 0 ? 2 * (a * a + b * b - w * a * b) / ((double)e->count * all) : 0;
}

double ear_level(const struct ear *e)
{
    double all = 0;

    for (size_t i = 0; i < e->count; i++)
        all += (double)e->samples[i] * e->samples[i];
    return e->count ? sqrt(all / (double)e->count) / 32768 : 0;
}

/* RTP of the test phone: one packet each 20 ms with its tone, and an ear on what comes. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ctl/phone_inside.h"
#include "sys/clock.h"

#define PACKET_SAMPLES 160
#define PACKET_MSEC 20
#define IDLE_MSEC 1000 /* a phone without a tone only keeps its address open */

void phone_sdp(struct phone_call *c, char *to, size_t size)
{
    const char *host = c->phone->all->host;
    const char *family = strchr(host, ':') ? "IP6" : "IP4";

    (void)text_format(
        to, size,
        "v=0\r\no=- %u %u IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n"
        "m=audio %u RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
        c->ssrc, ++c->sdp_version, family, host, family, host, c->rtp_port);
}

/* Where the far end wants its RTP; false if it has not said so, or not by number. */
static bool audio_peer(const struct phone_call *c, struct peer *to)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&to->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&to->address;

    *to = (struct peer){ .length = sizeof(*v4) };
    if (inet_pton(AF_INET, c->audio.host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)c->audio.port);
        return c->audio.port != 0;
    }
    if (inet_pton(AF_INET6, c->audio.host, &v6->sin6_addr) != 1)
        return false;
    to->length = sizeof(*v6);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)c->audio.port);
    return c->audio.port != 0;
}

static void put32(uint8_t *to, uint32_t value)
{
    value = htonl(value);
    memcpy(to, &value, 4);
}

static void speak(struct phone_call *c)
{
    uint8_t packet[12 + PACKET_SAMPLES] = { 0x80 };
    int16_t samples[PACKET_SAMPLES];
    struct peer to;

    c->timestamp += PACKET_SAMPLES;
    c->sequence++;
    voice_speak(&c->voice, samples, PACKET_SAMPLES);
    if (c->audio.inactive || c->audio.payload_type < 0 || !audio_peer(c, &to))
        return;
    packet[1] = (uint8_t)c->audio.payload_type;
    packet[2] = (uint8_t)(c->sequence >> 8);
    packet[3] = (uint8_t)c->sequence;
    put32(packet + 4, c->timestamp);
    put32(packet + 8, c->ssrc);
    for (int i = 0; i < PACKET_SAMPLES; i++)
        packet[12 + i] =
            c->audio.payload_type == 8 ? alaw_encode(samples[i]) : ulaw_encode(samples[i]);
    /* A packet that does not leave is as lost as one on the way. */
    (void)sendto(c->rtp, packet, sizeof(packet), 0, (struct sockaddr *)&to.address, to.length);
}

void phone_rtp_due(struct phone_call *c, msec now)
{
    msec step = c->voice.tone < 0 ? IDLE_MSEC : PACKET_MSEC;

    if (now > c->speak_at + 10 * step) /* after a stall: no burst */
        c->speak_at = now;
    for (; c->speak_at <= now; c->speak_at += step)
        speak(c);
}

/* Where the payload is: behind the contributing sources and an extension (RFC 3550 5.1). 0: no RTP.
 */
static size_t payload_at(const uint8_t *packet, size_t length)
{
    size_t at = 12;

    if (length < at || packet[0] >> 6 != 2)
        return 0;
    at += (size_t)(packet[0] & 15) * 4;
    if (packet[0] & 0x10) {
        if (length < at + 4)
            return 0;
        at += 4 + ((size_t)packet[at + 2] << 8 | packet[at + 3]) * 4;
    }
    return at < length ? at : 0;
}

static void count(struct phone_call *c, const uint8_t *packet)
{
    uint16_t sequence = (uint16_t)(packet[2] << 8 | packet[3]);
    uint32_t ssrc;

    memcpy(&ssrc, packet + 8, 4);
    if (c->facts.packets == 0 || ssrc != c->heard_ssrc)
        c->facts.sources++;
    else if (sequence != (uint16_t)(c->heard_sequence + 1))
        c->facts.jumps++;
    c->facts.packets++;
    c->heard_ssrc = ssrc;
    c->heard_sequence = sequence;
}

static void hear(struct phone_call *c, const uint8_t *packet, size_t length)
{
    int16_t samples[2048];
    size_t at = payload_at(packet, length);
    int type = packet[1] & 127;

    if (at == 0)
        return;
    count(c, packet);
    if (type != 0 && type != 8) /* telephone-event and the like */
        return;
    for (size_t i = at; i < length; i++)
        samples[i - at] = type == 8 ? alaw_decode(packet[i]) : ulaw_decode(packet[i]);
    ear_hear(&c->facts.ear, samples, length - at);
}

void phone_rtp_read(struct phone_call *c)
{
    uint8_t packet[2048];

    for (int i = 0; i < 64; i++) {
        ssize_t length = recv(c->rtp, packet, sizeof(packet), 0);

        if (length < 0)
            return;
        if (length >= 12)
            hear(c, packet, (size_t)length);
    }
}

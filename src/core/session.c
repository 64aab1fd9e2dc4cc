/* Agreeing on one codec, one direction and one address. Not for SDP text, which the SIP edge reads
 * and writes, and not for packets. */
#include "core/session.h"

#include <string.h>

#include "base/network.h"
#include "base/text.h"

#define PTIME_DEFAULT 20
#define PTIME_MIN 10
#define PTIME_MAX 60

static const struct {
    const char *name;
    uint8_t payload_type; /* RFC 3551 6 */
} codecs[CODECS] = {
    [CODEC_NONE] = { "none", 0 }, [CODEC_PCMU] = { "PCMU", 0 },   [CODEC_PCMA] = { "PCMA", 8 },
    [CODEC_G722] = { "G722", 9 }, [CODEC_OPUS] = { "opus", 111 }, /* RFC 7587: dynamic */
};

const char *codec_name(enum codec c)
{
    return codecs[(unsigned)c < CODECS ? c : CODEC_NONE].name;
}

uint8_t codec_payload_type(enum codec c)
{
    return codecs[(unsigned)c < CODECS ? c : CODEC_NONE].payload_type;
}

uint32_t codec_clock(enum codec c)
{
    return c == CODEC_OPUS ? 48000 : 8000;
}

const char *direction_name(enum direction d)
{
    static const char *const names[] = { "inactive", "sendonly", "recvonly", "sendrecv" };

    return names[(unsigned)d & 3];
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i])
            return false;
    return true;
}

/* 0.0.0.0 and :: as RFC 2543 put a call on hold. */
static bool is_unspecified(const struct ip *ip)
{
    return is_zero(ip->byte + (ip_is_v4(ip) ? 12 : 0), ip_is_v4(ip) ? 4 : 16);
}

static bool is_one_host(const struct ip *ip)
{
    const uint8_t *v4 = ip->byte + 12;

    if (ip_is_v4(ip)) /* 0.0.0.0/8 is "this network", 224.0.0.0/4 multicast */
        return v4[0] != 0 && (v4[0] & 0xF0) != 0xE0 && memcmp(v4, "\xFF\xFF\xFF\xFF", 4) != 0;
    return !is_zero(ip->byte, 16) && ip->byte[0] != 0xFF;
}

bool session_address_allowed(const struct address *a)
{
    struct ip ip;

    return a->port > 0 && ip_read(a->host, &ip) && is_one_host(&ip);
}

static bool is_loopback(const struct ip *ip)
{
    if (ip_is_v4(ip))
        return ip->byte[12] == 127;
    return is_zero(ip->byte, 15) && ip->byte[15] == 1;
}

bool session_is_loopback(const char *host)
{
    struct ip ip;

    return ip_read(host, &ip) && is_loopback(&ip);
}

static bool is_multicast(const struct ip *ip)
{
    return ip_is_v4(ip) ? (ip->byte[12] & 0xF0) == 0xE0 : ip->byte[0] == 0xFF;
}

const char *session_address_fault(const struct address *a, bool loopback)
{
    struct ip ip;

    if (!ip_read(a->host, &ip))
        return "is no numeric address: offer the address of the phone itself";
    if (is_unspecified(&ip))
        return "is no address to send to: offer the address of the phone itself";
    if (is_multicast(&ip))
        return "is a multicast address: offer the address of the phone itself";
    if (!is_one_host(&ip))
        return "is a broadcast address: offer the address of the phone itself";
    if (a->port == 0)
        return "names no port: offer the one that the phone receives audio on";
    if (!loopback && is_loopback(&ip))
        return "is a loopback address of another machine: offer one that can be reached";
    return NULL;
}

static bool is_hold_address(const struct address *a)
{
    struct ip ip;

    return ip_read(a->host, &ip) && is_unspecified(&ip);
}

/* What they send is what we receive. */
static enum direction our_direction(enum direction theirs, bool hold)
{
    unsigned send = theirs & DIR_RECVONLY ? DIR_SENDONLY : 0;
    unsigned receive = theirs & DIR_SENDONLY && !hold ? DIR_RECVONLY : 0;

    return (enum direction)(send | receive);
}

/* Opus is made in packets of PTIME_DEFAULT alone. */
static bool fits(const struct session_offer *theirs, const struct session_codec *c)
{
    return c->codec != CODEC_OPUS || !theirs->maxptime || theirs->maxptime >= PTIME_DEFAULT;
}

/* The one preferred, or the first of theirs. One whose packets are longer than they want is taken
 * where there is no other, rather than lose the caller. */
static const struct session_codec *choose(const struct session_offer *theirs, enum codec prefer)
{
    const struct session_codec *first = NULL;

    for (unsigned i = 0; i < theirs->codec_count && i < SESSION_CODECS_MAX; i++) {
        const struct session_codec *c = &theirs->codecs[i];

        if (c->codec <= CODEC_NONE || c->codec >= CODECS || c->payload_type > 127)
            continue;
        if (c->codec == prefer && fits(theirs, c))
            return c;
        if (!first || (!fits(theirs, first) && fits(theirs, c)))
            first = c;
    }
    return first;
}

/* The far end's wish, in whole frames of 10 ms that the music is cut in, and never above its
 * maximum (RFC 8866 6.4). */
static uint8_t choose_ptime(uint8_t wished, uint8_t most)
{
    uint8_t ptime = PTIME_DEFAULT;

    if (wished % 10 == 0 && wished >= PTIME_MIN && wished <= PTIME_MAX)
        ptime = wished;
    if (most && ptime > most)
        ptime = (uint8_t)(most / 10 * 10);
    return ptime < PTIME_MIN ? PTIME_MIN : ptime;
}

/* Its clock is that of the audio beside it (RFC 4733 2.5.1). */
static int16_t choose_dtmf(const struct session_offer *theirs, enum codec codec)
{
    int16_t type = theirs->dtmf_payload_type;

    if (codec_clock(codec) == 48000)
        type = theirs->opus_dtmf_payload_type ? theirs->opus_dtmf_payload_type : -1;
    return type >= 0 && type <= 127 ? type : -1;
}

/* RFC 5761: with mux both come to one port. RFC 3605: a=rtcp says where, else the next port. */
static void choose_rtcp(const struct session_offer *theirs, struct session *out)
{
    if (theirs->rtcp_mux) {
        out->rtcp = theirs->rtp;
    } else if (session_address_allowed(&theirs->rtcp)) {
        out->rtcp = theirs->rtcp;
    } else if (theirs->rtp.port < UINT16_MAX) {
        out->rtcp = theirs->rtp;
        out->rtcp.port++;
    }
}

/* Keys from a handshake where the profile wants that, else the first key line that we can use: its
 * order is the offerer's wish (RFC 4568 5.1.2). On a line whose profile is not for SRTP they are
 * offered, not asked for (RFC 8643). */
static enum keying choose_keying(const struct session_offer *theirs)
{
    bool handshake = theirs->dtls.fingerprint_count > 0;

    if (theirs->srtp == SRTP_OFF)
        return KEYING_NONE;
    if (theirs->crypto_count && theirs->crypto[0].suite != SRTP_NONE &&
        !profile_is_dtls(theirs->profile))
        return KEYING_SDES;
    return handshake ? KEYING_DTLS : KEYING_NONE;
}

/* False: it must be SRTP and cannot be. */
static bool agree_keys(const struct session_offer *theirs, struct session *s)
{
    s->profile = theirs->profile;
    s->keying = choose_keying(theirs);
    if (s->keying == KEYING_SDES)
        s->crypto = theirs->crypto[0];
    if (s->keying == KEYING_DTLS) {
        s->dtls = theirs->dtls;
        s->ice = theirs->ice;
    }
    return s->keying != KEYING_NONE ||
           (!profile_is_secure(theirs->profile) && theirs->srtp != SRTP_REQUIRED);
}

enum session_verdict session_agree(const struct session_offer *theirs,
                                   const struct session_wish *wish, struct session *out)
{
    struct session s = { .dtmf_payload_type = -1 };
    const struct session_codec *codec;

    if (!theirs->present || !theirs->usable)
        return SESSION_NO_AUDIO;
    codec = choose(theirs, wish->prefer);
    if (!codec)
        return SESSION_NO_CODEC;
    if (!agree_keys(theirs, &s))
        return SESSION_NO_KEYS;
    s.codec = codec->codec;
    s.payload_type = codec->payload_type;
    s.direction = our_direction(theirs->direction, wish->hold);
    s.dtmf_payload_type = choose_dtmf(theirs, s.codec);
    s.ptime = choose_ptime(theirs->ptime, theirs->maxptime);
    if (s.codec == CODEC_OPUS)
        s.ptime = PTIME_DEFAULT; /* the only one that is made; any can be read (RFC 7587 4.2) */
    s.rtcp_mux = theirs->rtcp_mux;
    s.line = theirs->line;
    s.bundle = theirs->bundle;
    (void)text_copy(s.mid, sizeof s.mid, theirs->mid);
    if (session_address_allowed(&theirs->rtp)) {
        s.rtp = theirs->rtp;
        choose_rtcp(theirs, &s);
    } else if (!s.ice.present && (s.direction & DIR_SENDONLY || !is_hold_address(&theirs->rtp))) {
        return SESSION_BAD_ADDRESS; /* with ICE the address is found and not told */
    }
    *out = s;
    return SESSION_AGREED;
}

static bool address_equal(const struct address *a, const struct address *b)
{
    return a->port == b->port && text_is(a->host, b->host);
}

static bool keys_equal(const struct session *a, const struct session *b)
{
    return a->profile == b->profile && a->keying == b->keying &&
           crypto_equal(&a->crypto, &b->crypto) && dtls_equal(&a->dtls, &b->dtls) &&
           ice_equal(&a->ice, &b->ice);
}

bool session_equal(const struct session *a, const struct session *b)
{
    return a->codec == b->codec && a->payload_type == b->payload_type &&
           a->dtmf_payload_type == b->dtmf_payload_type && a->ptime == b->ptime &&
           a->direction == b->direction && a->rtcp_mux == b->rtcp_mux && keys_equal(a, b) &&
           address_equal(&a->rtp, &b->rtp) && address_equal(&a->rtcp, &b->rtcp);
}

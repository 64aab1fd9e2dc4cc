/* Reading SDP, by the library's parser: what the far end offers or answers (sdp_write.c: what we
 * say). */
#include "sip/sofia.h"

#include "sip/sdp.h"
#include "sip/sdp_body.h"
#include "sip/sdp_crypto.h"
#include "sip/sdp_keys.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* The key lines that we could use, in their order. */
static uint8_t read_crypto(const sdp_media_t *m, const struct sdp_policy *policy,
                           struct session_crypto to[SESSION_CRYPTO_MAX])
{
    uint8_t count = 0;

    if (policy->srtp == SRTP_OFF || !policy->keys)
        return 0;
    for (const sdp_attribute_t *a = m->m_attributes; a; a = a->a_next)
        if (a->a_name && a->a_value && strcasecmp(a->a_name, "crypto") == 0 &&
            count < SESSION_CRYPTO_MAX && sdp_crypto_read(&to[count], a->a_value))
            count++;
    return count;
}

/* How much we would like to answer this line: 0, not at all. */
static unsigned rank(const struct sdp_body *body, const sdp_session_t *sdp, const sdp_media_t *m,
                     unsigned line, const struct sdp_policy *policy)
{
    struct session_crypto crypto[SESSION_CRYPTO_MAX];
    bool handshake = policy->srtp != SRTP_OFF && sdp_keys_usable(sdp, m);
    enum profile profile = body->profile[line];
    unsigned keys;

    if (m->m_type != sdp_media_audio || !body->known[line] || m->m_port == 0 ||
        m->m_port > UINT16_MAX)
        return 0;
    if (profile_is_dtls(profile))
        return handshake ? 3 : 0;
    keys = read_crypto(m, policy, crypto);
    explicit_bzero(crypto, sizeof crypto);
    if (keys)
        return 2;
    return handshake || (!profile_is_secure(profile) && policy->srtp != SRTP_REQUIRED);
}

/* The audio line that we answer: the first of the best. An offer that repeats its audio in another
 * form (RFC 8643's forerunner, "best effort") has its other lines refused. */
static const sdp_media_t *pick(const struct sdp_body *body, const sdp_session_t *sdp,
                               const struct sdp_policy *policy, uint8_t *which)
{
    const sdp_media_t *best = NULL;
    unsigned line = 0, most = 0;

    for (const sdp_media_t *m = sdp->sdp_media; m && line < SDP_MEDIA_MAX; m = m->m_next, line++) {
        unsigned wanted = rank(body, sdp, m, line, policy);

        if (wanted > most) {
            most = wanted;
            best = m;
            *which = (uint8_t)line;
        }
    }
    return best;
}

static uint16_t why_unusable(const sdp_session_t *sdp)
{
    for (const sdp_media_t *m = sdp->sdp_media; m; m = m->m_next)
        if (m->m_type == sdp_media_audio && m->m_port > 0)
            return m->m_port > UINT16_MAX ? 399 : 302; /* incompatible transport protocol */
    return 304;                                        /* media type not available */
}

static uint8_t read_msec(const sdp_media_t *m, const char *name)
{
    const sdp_attribute_t *a = sdp_attribute_find(m->m_attributes, name);
    uint64_t n;

    return a && a->a_value && text_number(a->a_value, 1, 255, &n) ? (uint8_t)n : 0;
}

/* Numeric addresses alone: to look up a name would make the caller wait for a stranger's DNS. */
static void read_host(char to[ADDRESS_SIZE], const char *text)
{
    struct in6_addr any;

    if (text && (inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1))
        text_copy(to, ADDRESS_SIZE, text);
}

/* RFC 3605: "a=rtcp:53020" or "a=rtcp:53020 IN IP4 126.16.64.4". */
static void read_rtcp(const sdp_media_t *m, struct session_offer *out)
{
    const sdp_attribute_t *a = sdp_attribute_find(m->m_attributes, "rtcp");
    char port[8] = "", host[64] = "";
    uint64_t n;

    out->rtcp_mux = sdp_attribute_find(m->m_attributes, "rtcp-mux") != NULL;
    out->rtcp = out->rtp;
    if (out->rtp.port < UINT16_MAX)
        out->rtcp.port++;
    if (!a || !a->a_value || sscanf(a->a_value, "%7s IN %*3s %63s", port, host) < 1 ||
        !text_number(port, 1, UINT16_MAX, &n))
        return;
    out->rtcp.port = (uint16_t)n;
    read_host(out->rtcp.host, host);
}

static enum codec codec_of(const sdp_rtpmap_t *rm)
{
    static const enum codec known[] = { CODEC_PCMU, CODEC_PCMA, CODEC_G722 };

    if (rm->rm_encoding && rm->rm_rate == 48000 && strcasecmp(rm->rm_encoding, "opus") == 0 &&
        rm->rm_params && text_is(rm->rm_params, "2")) /* in any case (RFC 7587 7) */
        return CODEC_OPUS;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (rm->rm_encoding && rm->rm_rate == 8000 &&
            strcasecmp(rm->rm_encoding, codec_name(known[i])) == 0 &&
            (!rm->rm_params || text_is(rm->rm_params, "1")))
            return known[i];
    return CODEC_NONE;
}

static void read_codecs(const sdp_media_t *m, struct session_offer *out)
{
    for (const sdp_rtpmap_t *rm = m->m_rtpmaps; rm; rm = rm->rm_next) {
        enum codec c = codec_of(rm);
        bool events = rm->rm_encoding && strcasecmp(rm->rm_encoding, "telephone-event") == 0;

        if (c != CODEC_NONE && out->codec_count < SESSION_CODECS_MAX)
            out->codecs[out->codec_count++] =
                (struct session_codec){ c, (uint8_t)(rm->rm_pt & 0x7f) };
        else if (events && rm->rm_rate == 8000 && out->dtmf_payload_type < 0)
            out->dtmf_payload_type = (int16_t)rm->rm_pt;
        else if (events && rm->rm_rate == 48000 && !out->opus_dtmf_payload_type)
            out->opus_dtmf_payload_type = (uint8_t)(rm->rm_pt & 0x7f);
    }
}

/* c=0.0.0.0 is how RFC 2543 put on hold: whoever says so does not want to receive (RFC 3264 8.4).
 * Beside ICE it only means that the address is found by that (RFC 8839 4.2.1). */
static enum direction read_direction(const sdp_media_t *m, const char *host, bool ice)
{
    unsigned mode = m->m_mode;

    if (ice)
        return (enum direction)(mode & 3u);
    if (text_is(host, "0.0.0.0") || text_is(host, "::"))
        mode &= (unsigned)~DIR_RECVONLY;
    return (enum direction)(mode & 3u);
}

static void read_media(const sdp_session_t *sdp, const sdp_media_t *m, struct session_offer *out)
{
    const sdp_connection_t *c = sdp_media_connections(m);

    out->usable = true;
    out->rtp.port = (uint16_t)m->m_port;
    if (c && !c->c_mcast)
        read_host(out->rtp.host, c->c_address);
    read_rtcp(m, out);
    sdp_keys_read(sdp, m, out);
    out->direction = read_direction(m, out->rtp.host, out->ice.present);
    read_codecs(m, out);
    out->ptime = read_msec(m, "ptime");
    out->maxptime = read_msec(m, "maxptime");
    if (!out->codec_count)
        out->warning = 305; /* incompatible media format */
    else if (!out->rtp.host[0] && !out->ice.present)
        out->warning = 399;
}

/* `sdp` was made of `body`. */
static void read_session(const sdp_session_t *sdp, const struct sdp_body *body,
                         const struct sdp_policy *policy, struct session_offer *out)
{
    const sdp_media_t *audio = pick(body, sdp, policy, &out->line);

    out->warning = audio ? 0 : why_unusable(sdp);
    if (!audio)
        return;
    out->profile = body->profile[out->line];
    read_media(sdp, audio, out);
    out->crypto_count = read_crypto(audio, policy, out->crypto);
}

bool sdp_take(const char *text, size_t length, const struct sdp_policy *policy,
              struct session_offer *out)
{
    static const struct sdp_policy all = { SRTP_OPTIONAL, true };
    struct sdp_body body;
    sdp_parser_t *parser = NULL;
    const sdp_session_t *sdp = NULL;

    policy = policy ? policy : &all;
    *out = (struct session_offer){
        .present = true, .dtmf_payload_type = -1, .warning = 399, .srtp = policy->srtp
    };
    if (!sdp_body_read(&body, text, length))
        return false;
    parser = sdp_parse(NULL, body.text, (issize_t)body.length, 0);
    sdp = parser ? sdp_session(parser) : NULL;
    if (sdp)
        read_session(sdp, &body, policy, out);
    sdp_keys_wipe(sdp);
    sdp_parser_free(parser);
    explicit_bzero(body.text, body.length);
    return sdp != NULL;
}

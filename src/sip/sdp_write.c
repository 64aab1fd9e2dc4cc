/* Writing SDP, by the library's printer: our offers and answers, and somebody else's words passed
 * on (sdp.c: reading). */
#include "sip/sofia.h"

#include "sip/sdp.h"
#include "sip/sdp_body.h"
#include "sip/sdp_crypto.h"
#include "sip/sdp_keys.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* What a printed body is made of, all in one place so that the lists can point at each other. */
struct parts {
    sdp_session_t session;
    sdp_origin_t origin;
    sdp_connection_t connection, origin_connection;
    sdp_time_t time;
    sdp_rtpmap_t maps[SESSION_CODECS_MAX + 1];
    unsigned map_count;
    sdp_attribute_t attributes[8];
    unsigned attribute_count, crypto_count;
    char crypto[SESSION_CRYPTO_MAX][SDP_CRYPTO_SIZE];
    struct sdp_keys keys;
    char rtcp[16], ptime[8], ssrc[96];
};

static void begin(struct parts *p, const struct session_local *local,
                  const struct sdp_origin *origin)
{
    bool v6 = strchr(local->rtp.host, ':') != NULL;

    memset(p, 0, sizeof *p);
    p->session.sdp_size = sizeof p->session;
    p->connection = (sdp_connection_t){ .c_size = sizeof p->connection,
                                        .c_nettype = sdp_net_in,
                                        .c_addrtype = v6 ? sdp_addr_ip6 : sdp_addr_ip4,
                                        .c_address = local->rtp.host };
    p->origin = (sdp_origin_t){ .o_size = sizeof p->origin,
                                .o_username = "callpark",
                                .o_id = origin->id,
                                .o_version = origin->version,
                                .o_address = &p->connection };
    if (origin->host[0]) { /* it stays, wherever the audio goes (RFC 3264 8) */
        p->origin_connection = p->connection;
        p->origin_connection.c_address = origin->host;
        p->origin_connection.c_addrtype = strchr(origin->host, ':') ? sdp_addr_ip6 : sdp_addr_ip4;
        p->origin.o_address = &p->origin_connection;
    }
    p->time.t_size = sizeof p->time;
    p->session.sdp_origin = &p->origin;
    p->session.sdp_subject = "callpark";
    p->session.sdp_connection = &p->connection;
    p->session.sdp_time = &p->time;
}

static void add_attribute(struct parts *p, const char *name, const char *value)
{
    sdp_attribute_t *a = &p->attributes[p->attribute_count++];

    *a = (sdp_attribute_t){ .a_size = sizeof *a, .a_name = name, .a_value = value };
    if (p->attribute_count > 1)
        a[-1].a_next = a;
}

static void add_map(struct parts *p, const char *encoding, unsigned payload_type, unsigned rate,
                    const char *fmtp)
{
    sdp_rtpmap_t *rm = &p->maps[p->map_count++];

    *rm = (sdp_rtpmap_t){ .rm_size = sizeof *rm,
                          .rm_encoding = encoding,
                          .rm_rate = rate,
                          .rm_fmtp = fmtp,
                          .rm_pt = payload_type & 0x7f };
    if (p->map_count > 1)
        rm[-1].rm_next = rm;
}

/* What we say of Opus: one channel is enough for us, and no more than fits in our packets. */
static void add_codec(struct parts *p, enum codec c, unsigned payload_type)
{
    if (c == CODEC_OPUS) {
        add_map(p, codec_name(c), payload_type, 48000, "maxaveragebitrate=40000;stereo=0");
        p->maps[p->map_count - 1].rm_params = "2";
    } else {
        add_map(p, codec_name(c), payload_type, 8000, NULL);
    }
}

static void add_crypto(struct parts *p, uint32_t tag, enum srtp_suite suite,
                       const struct session_local *local)
{
    char *text = p->crypto[p->crypto_count++];

    if (sdp_crypto_write(text, tag, suite, local->key))
        add_attribute(p, "crypto", text);
}

static void add_keys(struct parts *p, const struct sdp_keys_wish *wish,
                     const struct session_local *local)
{
    sdp_keys_write(&p->keys, wish, local);
    if (p->keys.media_count && p->attribute_count)
        p->attributes[p->attribute_count - 1].a_next = p->keys.media;
    if (p->keys.session_count)
        p->session.sdp_attributes = p->keys.session;
}

static void add_common(struct parts *p, const struct session_local *local, unsigned ptime, bool mux)
{
    text_format(p->ptime, sizeof p->ptime, "%u", ptime);
    add_attribute(p, "ptime", p->ptime);
    text_format(p->rtcp, sizeof p->rtcp, "%u", local->rtcp_port);
    if (mux)
        add_attribute(p, "rtcp-mux", NULL);
    else if (local->rtcp_port && local->rtcp_port != local->rtp.port + 1)
        add_attribute(p, "rtcp", p->rtcp);
}

static sdp_media_t our_media(struct parts *p, const struct session_local *local,
                             enum direction direction, const char *protocol)
{
    return (sdp_media_t){ .m_size = sizeof(sdp_media_t),
                          .m_session = &p->session,
                          .m_type = sdp_media_audio,
                          .m_type_name = "audio",
                          .m_port = local->rtp.port,
                          .m_proto = sdp_proto_x,
                          .m_proto_name = protocol,
                          .m_rtpmaps = p->maps,
                          .m_attributes = p->attributes,
                          .m_mode = direction & 3u };
}

/* Straight into `to`, so that the keys are nowhere else but in `p`, and there no more. */
static bool print(char *to, size_t size, struct parts *p)
{
    sdp_printer_t *printer =
        sdp_print(NULL, &p->session, to, (isize_t)size, sdp_f_all_rtpmaps | sdp_f_mode_always);
    bool fits = printer && sdp_message(printer);

    sdp_printer_free(printer);
    explicit_bzero(p->crypto, sizeof p->crypto);
    return fits;
}

/* One m= line of the offer as it was written: type, protocol and formats must come back unchanged
 * (RFC 3264 6), and the parser keeps some of them in another form ("UDP/TLS/RTP/SAVP"). */
struct line {
    char type[64], protocol[64], formats[512];
};

static const char *next_media_line(const char *at, const char *end)
{
    bool start = false;

    for (; at < end; at++) {
        if (start && *at == 'm')
            return at;
        start = *at == '\n' || *at == '\r';
    }
    return NULL;
}

static void read_line(struct line *l, const char *at, const char *end)
{
    char text[768];
    size_t length = 0;

    while (at + length < end && at[length] != '\r' && at[length] != '\n')
        length++;
    text_copy_n(text, sizeof text, at, length);
    memset(l, 0, sizeof *l);
    (void)sscanf(text, "m= %63s %*s %63s %511[^\r\n]", l->type, l->protocol, l->formats);
}

static bool fill_refused(sdp_media_t *m, struct parts *p, const struct line *l, sdp_list_t *format)
{
    if (!l->type[0] || !l->protocol[0] || !l->formats[0])
        return false;
    *format = (sdp_list_t){ .l_size = sizeof *format, .l_text = l->formats };
    *m = (sdp_media_t){ .m_size = sizeof *m,
                        .m_session = &p->session,
                        .m_type = sdp_media_x,
                        .m_type_name = l->type,
                        .m_proto = sdp_proto_x,
                        .m_proto_name = l->protocol,
                        .m_format = format,
                        .m_rejected = 1 };
    return true;
}

static void fill_maps(struct parts *p, const struct session *agreed)
{
    add_codec(p, agreed->codec, agreed->payload_type);
    if (agreed->dtmf_payload_type >= 0)
        add_map(p, "telephone-event", (unsigned)agreed->dtmf_payload_type,
                codec_clock(agreed->codec), "0-15");
}

/* All m= lines of the answer, linked; how many, or 0 when one cannot be answered. */
static unsigned fill_media(sdp_media_t *media, struct line *lines, sdp_list_t *formats,
                           struct parts *p, const sdp_session_t *offer, const struct sdp_body *body)
{
    const char *end = body->text + body->length, *at = next_media_line(body->text, end);
    unsigned n = 0;

    for (const sdp_media_t *m = offer->sdp_media; m; m = m->m_next, n++) {
        if (!at || n == SDP_MEDIA_MAX)
            return 0;
        read_line(&lines[n], at, end);
        if (body->known[n])
            (void)text_copy(lines[n].protocol, sizeof lines[n].protocol,
                            profile_name(body->profile[n]));
        if (!fill_refused(&media[n], p, &lines[n], &formats[n]))
            return 0;
        if (n)
            media[n - 1].m_next = &media[n];
        at = next_media_line(at, end);
    }
    return n;
}

/* Keys where they were agreed on; mid and bundle are answered in any case. */
static void answer_keys(struct parts *p, const struct session *agreed,
                        const struct session_local *local)
{
    struct sdp_keys_wish wish = { .ice = agreed->ice.present && !agreed->ice.lite,
                                  .bundle = agreed->bundle,
                                  .mid = agreed->mid,
                                  .setup = local->dtls.setup };
    struct session_local none = { .ssrc = 0 };

    add_keys(p, &wish, agreed->keying == KEYING_DTLS ? local : &none);
}

static bool answer(char *to, size_t size, const sdp_session_t *offer, const struct sdp_body *body,
                   const struct session *agreed, const struct session_local *local,
                   const struct sdp_origin *origin)
{
    struct parts p;
    sdp_media_t media[SDP_MEDIA_MAX], *next;
    struct line lines[SDP_MEDIA_MAX];
    sdp_list_t formats[SDP_MEDIA_MAX];
    unsigned count;

    begin(&p, local, origin);
    fill_maps(&p, agreed);
    add_common(&p, local, agreed->ptime, agreed->rtcp_mux);
    count = fill_media(media, lines, formats, &p, offer, body);
    if (agreed->line >= count)
        return false;
    if (agreed->keying == KEYING_SDES)
        add_crypto(&p, agreed->crypto.tag, agreed->crypto.suite, local);
    answer_keys(&p, agreed, local);
    next = media[agreed->line].m_next;
    media[agreed->line] = our_media(&p, local, agreed->direction, lines[agreed->line].protocol);
    media[agreed->line].m_next = next;
    p.session.sdp_media = media;
    return print(to, size, &p);
}

bool sdp_make_answer(char *to, size_t size, const char *text, size_t length,
                     const struct session *agreed, const struct session_local *local,
                     const struct sdp_origin *origin)
{
    struct sdp_body body;
    sdp_parser_t *parser = NULL;
    const sdp_session_t *offer;
    bool done;

    if (!sdp_body_read(&body, text, length))
        return false;
    parser = sdp_parse(NULL, body.text, (issize_t)body.length, 0);
    offer = parser ? sdp_session(parser) : NULL;
    done = offer && answer(to, size, offer, &body, agreed, local, origin);
    sdp_keys_wipe(offer);
    sdp_parser_free(parser);
    explicit_bzero(body.text, body.length);
    return done;
}

/* The strongest first; an answerer takes the first that it has. */
static void offer_keys(struct parts *p, const struct sdp_protection *protect,
                       const struct session_local *local)
{
    static const enum srtp_suite all[SESSION_CRYPTO_MAX] = { SRTP_AES_256_GCM, SRTP_AES_128_GCM,
                                                             SRTP_AES_128_SHA1_80,
                                                             SRTP_AES_128_SHA1_32 };

    if (protect->suite != SRTP_NONE)
        add_crypto(p, 1, protect->suite, local);
    for (size_t i = 0; protect->suite == SRTP_NONE && i < SESSION_CRYPTO_MAX; i++)
        add_crypto(p, (uint32_t)i + 1, all[i], local);
}

bool sdp_make_offer(char *to, size_t size, enum codec prefer, bool plain,
                    const struct sdp_protection *protect, const struct session_local *local,
                    const struct sdp_origin *origin)
{
    static const enum codec all[] = { CODEC_PCMU, CODEC_PCMA, CODEC_G722 };
    struct parts p;
    sdp_media_t media;

    begin(&p, local, origin);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] == prefer && (!plain || prefer != CODEC_G722))
            add_codec(&p, prefer, codec_payload_type(prefer));
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] != prefer && (!plain || all[i] != CODEC_G722))
            add_codec(&p, all[i], codec_payload_type(all[i]));
    if (!plain)
        add_map(&p, "telephone-event", 101, 8000, "0-15");
    add_common(&p, local, 20, !plain && local->rtcp_port == local->rtp.port);
    if (protect && protect->keys)
        offer_keys(&p, protect, local);
    media =
        our_media(&p, local, DIR_SENDRECV, profile_name(protect ? protect->profile : PROFILE_AVP));
    p.session.sdp_media = &media;
    return print(to, size, &p);
}

/* What a browser takes: Opus first, keys by a handshake that either side may begin, all on one port
 * (RFC 8829, RFC 8834). */
bool sdp_make_web_offer(char *to, size_t size, enum codec prefer, const struct session_local *local,
                        const struct sdp_origin *origin)
{
    static const enum codec all[] = { CODEC_OPUS, CODEC_G722, CODEC_PCMU, CODEC_PCMA };
    struct sdp_keys_wish wish = { .ice = true, .bundle = true, .mid = "0", .setup = SETUP_ACTPASS };
    struct parts p;
    sdp_media_t media;

    begin(&p, local, origin);
    if (prefer != CODEC_NONE)
        add_codec(&p, prefer, codec_payload_type(prefer));
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] != prefer)
            add_codec(&p, all[i], codec_payload_type(all[i]));
    add_map(&p, "telephone-event", 110, 48000, "0-15");
    add_map(&p, "telephone-event", 101, 8000, "0-15");
    add_common(&p, local, 20, true);
    add_keys(&p, &wish, local);
    media = our_media(&p, local, DIR_SENDRECV, profile_name(PROFILE_DTLS_AVPF));
    p.session.sdp_media = &media;
    return print(to, size, &p);
}

/* ---- somebody else's audio ---- */

static struct session_local end_of(const struct session_offer *theirs)
{
    return (struct session_local){ .rtp = theirs->rtp, .rtcp_port = theirs->rtcp.port };
}

bool sdp_make_passed_offer(char *to, size_t size, const struct session_offer *theirs,
                           const struct sdp_origin *origin)
{
    struct session_local end = end_of(theirs);
    struct parts p;
    sdp_media_t media;

    if (!theirs->codec_count)
        return false;
    begin(&p, &end, origin);
    for (unsigned i = 0; i < theirs->codec_count && i < SESSION_CODECS_MAX - 1; i++)
        add_codec(&p, theirs->codecs[i].codec, theirs->codecs[i].payload_type);
    if (theirs->dtmf_payload_type >= 0)
        add_map(&p, "telephone-event", (unsigned)theirs->dtmf_payload_type, 8000, "0-15");
    add_common(&p, &end, theirs->ptime ? theirs->ptime : 20, theirs->rtcp_mux);
    media = our_media(&p, &end, theirs->direction, profile_name(PROFILE_AVP));
    p.session.sdp_media = &media;
    return print(to, size, &p);
}

bool sdp_make_passed_answer(char *to, size_t size, const char *text, size_t length,
                            const struct session_offer *theirs, const struct sdp_origin *origin)
{
    struct session_local end = end_of(theirs);
    struct session said = { .codec = theirs->codecs[0].codec,
                            .payload_type = theirs->codecs[0].payload_type,
                            .dtmf_payload_type = theirs->dtmf_payload_type,
                            .ptime = theirs->ptime ? theirs->ptime : 20,
                            .direction = theirs->direction,
                            .rtcp_mux = theirs->rtcp_mux };
    struct session_offer asked = { .present = false };
    bool usable = theirs->codec_count && sdp_take(text, length, NULL, &asked) && asked.usable;

    explicit_bzero(asked.crypto, sizeof asked.crypto);
    if (!usable)
        return false;
    said.line = asked.line;
    said.rtcp_mux = said.rtcp_mux && asked.rtcp_mux;
    return sdp_make_answer(to, size, text, length, &said, &end, origin);
}

/* The o= line is the second of what we write. */
static const char *behind_origin(const char *text)
{
    const char *o = strstr(text, "\no=");
    const char *end = o ? strchr(o + 1, '\n') : NULL;

    return end ? end : text;
}

bool sdp_same(const char *a, const char *b)
{
    return strcmp(behind_origin(a), behind_origin(b)) == 0;
}

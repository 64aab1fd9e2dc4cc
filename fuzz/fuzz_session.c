/* Agreement on audio with offers that no phone would make. The input is the offer, field by field;
 * two addresses as text come last, separated by a line's end. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "core/session.h"

struct input {
    const uint8_t *data;
    size_t size;
};

static uint8_t take_byte(struct input *in)
{
    if (in->size == 0)
        return 0;
    in->size--;
    return *in->data++;
}

static uint16_t take_port(struct input *in)
{
    unsigned high = take_byte(in);

    return (uint16_t)(high << 8 | take_byte(in));
}

static void take_host(struct input *in, char host[ADDRESS_SIZE])
{
    const uint8_t *end = in->size ? memchr(in->data, '\n', in->size) : NULL;
    size_t length = end ? (size_t)(end - in->data) : in->size;

    (void)text_copy_n(host, ADDRESS_SIZE, (const char *)in->data, length); /* long ones are cut */
    length += end ? 1 : 0;
    in->data += length;
    in->size -= length;
}

static void take_offer(struct input *in, struct session_offer *o)
{
    uint8_t flags = take_byte(in);

    o->present = !(flags & 1);
    o->usable = !(flags & 2);
    o->rtcp_mux = flags & 4;
    o->direction = (enum direction)(flags >> 3 & 3);
    o->codec_count = take_byte(in) % (SESSION_CODECS_MAX + 1);
    for (int i = 0; i < SESSION_CODECS_MAX && i < o->codec_count; i++) {
        o->codecs[i].codec = (enum codec)(take_byte(in) % (CODECS + 1));
        o->codecs[i].payload_type = take_byte(in);
    }
    o->dtmf_payload_type = (int16_t)(take_byte(in) - 1);
    o->ptime = take_byte(in);
    o->maxptime = take_byte(in);
    o->rtp.port = take_port(in);
    o->rtcp.port = take_port(in);
    o->profile = (enum profile)(take_byte(in) % PROFILES);
    o->srtp = (enum srtp_policy)(take_byte(in) % 3);
    o->crypto_count = take_byte(in) % (SESSION_CRYPTO_MAX + 1);
    for (int i = 0; i < o->crypto_count; i++)
        o->crypto[i].suite = (enum srtp_suite)(take_byte(in) % SRTP_SUITES);
    o->dtls.fingerprint_count = take_byte(in) & 1;
    take_host(in, o->rtp.host);
    take_host(in, o->rtcp.host);
}

static bool offered(const struct session_offer *o, const struct session *s)
{
    for (int i = 0; i < o->codec_count; i++)
        if (o->codecs[i].codec == s->codec && o->codecs[i].payload_type == s->payload_type)
            return true;
    return false;
}

/* Opus is made in packets of 20 ms alone, and is taken for shorter ones where nothing else is
 * offered. */
static bool only_opus(const struct session_offer *o)
{
    for (int i = 0; i < o->codec_count; i++) {
        const struct session_codec *c = &o->codecs[i];

        if (c->codec != CODEC_OPUS && c->codec > CODEC_NONE && c->codec < CODECS &&
            c->payload_type < 128)
            return false;
    }
    return true;
}

static void check(const struct session_offer *o, const struct session_wish *wish,
                  const struct session *s)
{
    bool sends = s->direction & DIR_SENDONLY, receives = s->direction & DIR_RECVONLY;

    assert(o->present && o->usable && offered(o, s));
    assert(s->codec > CODEC_NONE && s->codec < CODECS && s->payload_type < 128);
    assert(s->dtmf_payload_type >= -1 && s->dtmf_payload_type < 128);
    assert(s->ptime >= 10 && s->ptime <= 60 && s->ptime % 10 == 0);
    assert(!o->maxptime || s->ptime <= o->maxptime || s->ptime == 10 || only_opus(o));
    assert(sends == !!(o->direction & DIR_RECVONLY));
    assert(receives == (o->direction & DIR_SENDONLY && !wish->hold));
    assert(session_address_allowed(&s->rtp) || (!sends && !*s->rtp.host && !s->rtp.port));
    assert(session_address_allowed(&s->rtcp) || (!*s->rtcp.host && !s->rtcp.port));
    assert(s->keying != KEYING_NONE ||
           (o->srtp != SRTP_REQUIRED && !profile_is_secure(o->profile)));
    assert(s->keying == KEYING_NONE || o->srtp != SRTP_OFF);
    assert((s->keying == KEYING_SDES) == (s->crypto.suite != SRTP_NONE));
    assert(session_equal(s, s) && *codec_name(s->codec) && *direction_name(s->direction));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct session_offer o = { 0 };
    struct session_wish wish;
    struct session s;
    uint8_t flags = take_byte(&in);

    wish.hold = flags & 1;
    wish.prefer = (enum codec)(flags >> 1 & 7);
    take_offer(&in, &o);
    if (session_agree(&o, &wish, &s) == SESSION_AGREED)
        check(&o, &wish, &s);
    return 0;
}

/* See leg_text.h. One table says what there is, for the writer and the reader alike. */
#include "app/leg_text.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/network.h"
#include "base/text.h"

#define VALUE_SIZE 256

enum kind {
    FLAG,
    NUMBER8,
    NUMBER16,
    NUMBER32,
    NUMBER64,
    PAYLOAD_TYPE, /* int16_t, -1: none; 0 cannot be one */
    CODEC,
    WAY, /* enum direction */
    PROFILE,
    KEYING,
    SUITE,
    DIGITS,
    PLACE, /* struct address */
    HOST,
    WORD,     /* MID_SIZE */
    CODECS_OF /* struct session_offer */
};

#define LEG(member) offsetof(struct app_leg, member)

/* Names stay what they are: rows of earlier versions are read. */
static const struct field {
    const char *name;
    enum kind kind;
    size_t at;
} fields[] = {
    { "inbound", FLAG, LEG(inbound) },
    { "heard", FLAG, LEG(heard) },
    { "our_offer", FLAG, LEG(our_offer) },
    { "agreed_once", FLAG, LEG(agreed_once) },
    { "stranger", FLAG, LEG(stranger) },
    { "elsewhere", FLAG, LEG(elsewhere) },
    { "digits", DIGITS, LEG(digits) },
    { "may_be_direct", FLAG, LEG(may_be_direct) },
    { "may_exit", FLAG, LEG(may_exit) },
    { "takes_refer", FLAG, LEG(takes_refer) },
    { "takes_replaces", FLAG, LEG(takes_replaces) },
    { "source", HOST, LEG(source) },
    { "place", PLACE, LEG(place) },
    { "codec", CODEC, LEG(agreed.codec) },
    { "payload_type", NUMBER8, LEG(agreed.payload_type) },
    { "dtmf", PAYLOAD_TYPE, LEG(agreed.dtmf_payload_type) },
    { "ptime", NUMBER8, LEG(agreed.ptime) },
    { "direction", WAY, LEG(agreed.direction) },
    { "rtp", PLACE, LEG(agreed.rtp) },
    { "rtcp", PLACE, LEG(agreed.rtcp) },
    { "rtcp_mux", FLAG, LEG(agreed.rtcp_mux) },
    { "line", NUMBER8, LEG(agreed.line) },
    { "profile", PROFILE, LEG(agreed.profile) },
    { "keying", KEYING, LEG(agreed.keying) },
    { "by_answer", FLAG, LEG(agreed.by_answer) },
    { "suite", SUITE, LEG(agreed.crypto.suite) },
    { "tag", NUMBER32, LEG(agreed.crypto.tag) },
    { "mid", WORD, LEG(agreed.mid) },
    { "bundle", FLAG, LEG(agreed.bundle) },
    { "local", PLACE, LEG(local.rtp) },
    { "local_rtcp", NUMBER16, LEG(local.rtcp_port) },
    { "ssrc", NUMBER32, LEG(local.ssrc) },
    { "shared", NUMBER8, LEG(local.shared) },
    { "their_rtp", PLACE, LEG(theirs.rtp) },
    { "their_rtcp", PLACE, LEG(theirs.rtcp) },
    { "their_rtcp_mux", FLAG, LEG(theirs.rtcp_mux) },
    { "their_direction", WAY, LEG(theirs.direction) },
    { "their_codecs", CODECS_OF, LEG(theirs) },
    { "their_dtmf", PAYLOAD_TYPE, LEG(theirs.dtmf_payload_type) },
    { "their_ptime", NUMBER8, LEG(theirs.ptime) },
    { "their_maxptime", NUMBER8, LEG(theirs.maxptime) },
    { "tells", NUMBER64, LEG(direct.tells) },
};
#define FIELDS (sizeof(fields) / sizeof(*fields))

static const char *const keyings[] = { "none", "sdes", "dtls" };
static const char *const ways_of_digits[] = { "none", "event", "info" };

/* ---- writing ---- */

static void write_codecs(char *to, size_t size, const struct session_offer *o)
{
    for (unsigned i = 0; i < o->codec_count && i < SESSION_CODECS_MAX; i++)
        (void)text_append(to, size, "%s%s/%u", i ? "," : "", codec_name(o->codecs[i].codec),
                          o->codecs[i].payload_type);
}

static void write_number(char value[VALUE_SIZE], uint64_t number)
{
    if (number)
        (void)text_format(value, VALUE_SIZE, "%llu", (unsigned long long)number);
}

static void write_name(char value[VALUE_SIZE], unsigned number, const char *name)
{
    if (number)
        (void)text_copy(value, VALUE_SIZE, name);
}

/* "" for what is 0 or empty. Of what is an enum the table's kind knows the type. */
static void write_value(char value[VALUE_SIZE], const struct field *f, const void *at)
{
    const struct address *place = at;

    value[0] = '\0';
    switch (f->kind) {
    case FLAG:
        write_number(value, *(const bool *)at);
        break;
    case NUMBER8:
        write_number(value, *(const uint8_t *)at);
        break;
    case NUMBER16:
        write_number(value, *(const uint16_t *)at);
        break;
    case NUMBER32:
        write_number(value, *(const uint32_t *)at);
        break;
    case NUMBER64:
        write_number(value, *(const uint64_t *)at);
        break;
    case PAYLOAD_TYPE:
        if (*(const int16_t *)at > 0)
            write_number(value, (uint64_t) * (const int16_t *)at);
        break;
    case CODEC:
        write_name(value, *(const enum codec *)at, codec_name(*(const enum codec *)at));
        break;
    case WAY:
        write_name(value, *(const enum direction *)at, direction_name(*(const enum direction *)at));
        break;
    case PROFILE:
        write_name(value, *(const enum profile *)at, profile_name(*(const enum profile *)at));
        break;
    case KEYING:
        write_name(value, *(const enum keying *)at, keyings[*(const enum keying *)at]);
        break;
    case SUITE:
        write_name(value, *(const enum srtp_suite *)at, suite_name(*(const enum srtp_suite *)at));
        break;
    case DIGITS:
        write_name(value, *(const enum digit_way *)at, ways_of_digits[*(const enum digit_way *)at]);
        break;
    case PLACE:
        if (place->host[0])
            (void)text_format(value, VALUE_SIZE, "%s|%u", place->host, place->port);
        break;
    case HOST:
    case WORD:
        (void)text_copy(value, VALUE_SIZE, at);
        break;
    case CODECS_OF:
        write_codecs(value, VALUE_SIZE, at);
        break;
    }
}

static bool append_hex(char *to, size_t size, const char *name, const uint8_t *bytes, size_t count)
{
    bool fits = !count || text_append(to, size, "%s=", name);

    for (size_t i = 0; i < count; i++)
        fits = text_append(to, size, "%02x%s", bytes[i], i + 1 == count ? "\n" : "") && fits;
    return fits;
}

static size_t key_size(enum srtp_suite suite)
{
    return suite_key_size(suite) + suite_salt_size(suite);
}

/* Whoever may read the store may hear the call. */
static bool write_keys(char *to, size_t size, const struct app_leg *l)
{
    const struct session_crypto *c = &l->agreed.crypto;

    return l->agreed.keying != KEYING_SDES ||
           (append_hex(to, size, "key_in", c->key, c->key_size) &&
            append_hex(to, size, "mki_in", c->mki, c->mki_size) &&
            append_hex(to, size, "key_out", l->local.key, key_size(c->suite)));
}

bool leg_text_write(char *to, size_t size, const struct app_leg *l)
{
    char value[VALUE_SIZE];
    bool fits = text_copy(to, size, l->up ? "" : "pending=1\n");

    for (size_t i = 0; i < FIELDS && fits; i++) {
        write_value(value, &fields[i], (const char *)l + fields[i].at);
        if (text_starts(fields[i].name, "their_") && !direct_can_be_told(&l->theirs))
            continue; /* nobody will ever be told of it */
        fits = !value[0] || text_append(to, size, "%s=%s\n", fields[i].name, value);
    }
    return fits && write_keys(to, size, l);
}

/* ---- reading ---- */

static bool find_name(const char *const *names, unsigned count, const char *text, unsigned *out)
{
    for (unsigned i = 0; i < count; i++)
        if (text_is(names[i], text)) {
            *out = i;
            return true;
        }
    return false;
}

static enum codec codec_named(const char *text, size_t length)
{
    char name[16];

    if (text_copy_n(name, sizeof(name), text, length))
        for (unsigned c = CODEC_NONE + 1; c < CODECS; c++)
            if (text_is(codec_name(c), name))
                return c;
    return CODEC_NONE;
}

static bool read_way(enum direction *out, const char *text)
{
    for (unsigned d = DIR_INACTIVE; d <= DIR_SENDRECV; d++)
        if (text_is(direction_name(d), text)) {
            *out = d;
            return true;
        }
    return false;
}

static bool read_host(char to[ADDRESS_SIZE], const char *text)
{
    struct ip ip;

    return ip_read(text, &ip) && text_copy(to, ADDRESS_SIZE, text);
}

/* "192.0.2.1|4000" */
static bool read_place(struct address *out, const char *text)
{
    const char *bar = strchr(text, '|');
    char host[ADDRESS_SIZE];
    uint64_t port;

    if (!bar || !text_copy_n(host, sizeof(host), text, (size_t)(bar - text)) ||
        !text_number(bar + 1, 0, UINT16_MAX, &port))
        return false;
    out->port = (uint16_t)port;
    return !host[0] || read_host(out->host, host); /* rows of 0.1.0 have what is empty, too */
}

/* "PCMU/0,opus/111" */
static bool read_codecs(struct session_offer *out, const char *text)
{
    while (*text && out->codec_count < SESSION_CODECS_MAX) {
        size_t length = strcspn(text, ",");
        const char *slash = memchr(text, '/', length);
        struct session_codec *one = &out->codecs[out->codec_count++];
        uint64_t type;
        char digits[4];

        one->codec = slash ? codec_named(text, (size_t)(slash - text)) : CODEC_NONE;
        if (one->codec == CODEC_NONE ||
            !text_copy_n(digits, sizeof(digits), slash + 1, length - 1 - (size_t)(slash - text)) ||
            !text_number(digits, 0, 127, &type))
            return false;
        one->payload_type = (uint8_t)type;
        text += length + (text[length] == ',');
    }
    return !*text;
}

static bool read_flag(bool *out, const char *text)
{
    *out = text_is(text, "1");
    return *out || text_is(text, "0");
}

static bool read_suite(enum srtp_suite *out, const char *text)
{
    *out = suite_by_name(text, strlen(text));
    return *out != SRTP_NONE;
}

static bool read_codec(enum codec *out, const char *text)
{
    *out = codec_named(text, strlen(text));
    return *out != CODEC_NONE || text_is(text, codec_name(CODEC_NONE));
}

static bool read_value(const struct field *f, void *at, const char *text)
{
    static const uint64_t most[] = { [NUMBER8] = UINT8_MAX,
                                     [NUMBER16] = UINT16_MAX,
                                     [NUMBER32] = UINT32_MAX,
                                     [NUMBER64] = UINT64_MAX };
    uint64_t number = 0;
    unsigned place;

    switch (f->kind) {
    case FLAG:
        return read_flag(at, text);
    case NUMBER8:
    case NUMBER16:
    case NUMBER32:
    case NUMBER64:
        if (!text_number(text, 0, most[f->kind], &number))
            return false;
        if (f->kind == NUMBER8)
            *(uint8_t *)at = (uint8_t)number;
        else if (f->kind == NUMBER16)
            *(uint16_t *)at = (uint16_t)number;
        else if (f->kind == NUMBER32)
            *(uint32_t *)at = (uint32_t)number;
        else
            *(uint64_t *)at = number;
        return true;
    case PAYLOAD_TYPE:
        if (!text_is(text, "-1") && !text_number(text, 1, 127, &number))
            return false;
        *(int16_t *)at = number ? (int16_t)number : -1;
        return true;
    case CODEC:
        return read_codec(at, text);
    case WAY:
        return read_way(at, text);
    case PROFILE:
        return profile_by_name(text, at);
    case KEYING:
        if (!find_name(keyings, 3, text, &place))
            return false;
        *(enum keying *)at = place;
        return true;
    case SUITE:
        return read_suite(at, text);
    case DIGITS:
        if (!find_name(ways_of_digits, 3, text, &place))
            return false;
        *(enum digit_way *)at = place;
        return true;
    case PLACE:
        return read_place(at, text);
    case HOST:
        return read_host(at, text);
    case WORD:
        return text_is_plain(text) && text_copy(at, MID_SIZE, text);
    case CODECS_OF:
        return read_codecs(at, text);
    }
    return false;
}

/* How many bytes there were; false for what is no hex, or more than `most`. */
static bool read_hex(uint8_t *to, size_t most, const char *text, uint8_t *count)
{
    size_t length = strlen(text);

    if (length % 2 || length / 2 > most)
        return false;
    for (size_t i = 0; i < length / 2; i++) {
        int high = text_hex_digit(text[2 * i]), low = text_hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        to[i] = (uint8_t)(high << 4 | low);
    }
    *count = (uint8_t)(length / 2);
    return true;
}

/* What is gathered beside the leg itself. */
struct reading {
    struct app_leg *leg;
    uint8_t key_out; /* bytes of it */
    bool keying_said, pending;
};

static bool read_line(struct reading *r, const char *name, const char *value)
{
    struct session_crypto *c = &r->leg->agreed.crypto;

    r->keying_said = r->keying_said || text_is(name, "keying");
    for (size_t i = 0; i < FIELDS; i++)
        if (text_is(fields[i].name, name))
            return read_value(&fields[i], (char *)r->leg + fields[i].at, value);
    if (text_is(name, "pending"))
        return read_flag(&r->pending, value);
    if (text_is(name, "key_in"))
        return read_hex(c->key, sizeof(c->key), value, &c->key_size);
    if (text_is(name, "mki_in"))
        return read_hex(c->mki, sizeof(c->mki), value, &c->mki_size);
    if (text_is(name, "key_out"))
        return read_hex(r->leg->local.key, sizeof(r->leg->local.key), value, &r->key_out);
    return true;
}

/* Does it hang together? NULL, or what does not. */
static const char *fault_of(struct reading *r)
{
    struct app_leg *l = r->leg;
    size_t key = key_size(l->agreed.crypto.suite);

    if (!l->local.rtp.host[0] || !l->local.rtp.port)
        return "local";
    if (l->agreed.keying == KEYING_SDES &&
        (!key || l->agreed.crypto.key_size != key || r->key_out != key))
        return "key_in, key_out";
    if (l->agreed.codec != CODEC_NONE && !l->agreed.rtp.host[0] && l->agreed.keying != KEYING_DTLS)
        return "rtp";
    return NULL;
}

static void finish(struct reading *r)
{
    struct app_leg *l = r->leg;

    l->up = !r->pending;
    if (!r->keying_said && l->agreed.crypto.suite != SRTP_NONE)
        l->agreed.keying = KEYING_SDES; /* as 0.1.0 wrote it */
    l->theirs.present = l->theirs.usable = l->theirs.codec_count && l->theirs.rtp.host[0];
    l->agreed_once = l->agreed_once || l->agreed.codec != CODEC_NONE;
}

bool leg_text_read(struct app_leg *l, const char *text, char unread[64])
{
    struct reading r = { .leg = l };
    char name[64], value[VALUE_SIZE];
    const char *fault;

    l->agreed.dtmf_payload_type = l->theirs.dtmf_payload_type = -1;
    while (*text) {
        size_t length = strcspn(text, "\n"), head = strcspn(text, "=\n");

        (void)text_copy_n(name, sizeof(name), text, head); /* longer than any that is known */
        if (text[head] != '=' ||
            !text_copy_n(value, sizeof(value), text + head + 1, length - head - 1) ||
            !read_line(&r, name, value)) {
            (void)text_copy(unread, 64, name[0] ? name : "a line without a name");
            return false;
        }
        text += length + (text[length] == '\n');
    }
    finish(&r);
    fault = fault_of(&r);
    if (fault)
        (void)text_copy(unread, 64, fault);
    return !fault;
}

/* The protocol of SRTP: which keys, which index, what is new and what was seen, where the pieces of
 * a packet stand. The ciphers themselves are in srtp_cipher.c. */
#include "media/srtp.h"

#include <string.h>

#include "media/bytes.h"

#define RTP_FIXED 12
#define RTCP_FIXED 8
#define GCM_TAG 16
#define INDEX_MAX UINT64_C(0xFFFFFFFFFFFF) /* 48 bits: then the key is used up (RFC 3711 9.2) */
#define RTCP_INDEX_MAX UINT32_C(0x7FFFFFFF)
#define RTCP_ENCRYPTED UINT32_C(0x80000000) /* the E flag before an index */

/* ---- keys ---- */

static bool is_gcm(const struct srtp *s)
{
    return s->suite == SRTP_AES_128_GCM || s->suite == SRTP_AES_256_GCM;
}

/* See that the cipher has the key that is wanted now. */
static bool use_key(struct srtp *s, bool for_rtcp)
{
    if (s->for_rtcp == for_rtcp)
        return true;
    s->for_rtcp = for_rtcp;
    return srtp_cipher_key(s->cipher, for_rtcp ? s->rtcp_key : s->key);
}

/* RFC 3711 4.3.1 with a key derivation rate of 0: the label is laid over the salt, and the cipher
 * run from there. A salt of GCM has 12 bytes and is filled up with zeros (RFC 7714 11). */
static bool derive_one(struct srtp_cipher *cipher, const struct session_crypto *with, uint8_t label,
                       uint8_t *to, size_t size)
{
    uint8_t iv[16] = { 0 };

    memcpy(iv, with->key + suite_key_size(with->suite), suite_salt_size(with->suite));
    iv[7] ^= label;
    return srtp_cipher_run(cipher, iv, to, size, to);
}

static bool derive_three(struct srtp_cipher *cipher, const struct session_crypto *with,
                         uint8_t label, struct srtp_session_keys *out)
{
    return derive_one(cipher, with, label, out->cipher, suite_key_size(with->suite)) &&
           derive_one(cipher, with, (uint8_t)(label + 1), out->auth, sizeof out->auth) &&
           derive_one(cipher, with, (uint8_t)(label + 2), out->salt, suite_salt_size(with->suite));
}

bool srtp_derive(struct srtp_keys *out, const struct session_crypto *with)
{
    struct srtp_cipher *cipher;
    bool made;

    memset(out, 0, sizeof *out);
    if (with->suite <= SRTP_NONE || with->suite >= SRTP_SUITES)
        return false;
    cipher = srtp_cipher_new(suite_key_size(with->suite), false);
    made = cipher && srtp_cipher_key(cipher, with->key) &&
           derive_three(cipher, with, 0, &out->rtp) && derive_three(cipher, with, 3, &out->rtcp);
    srtp_cipher_free(cipher);
    return made;
}

static uint8_t tag_size(enum srtp_suite suite)
{
    switch (suite) {
    case SRTP_AES_128_SHA1_32:
    case SRTP_AES_256_SHA1_32:
        return 4;
    case SRTP_AES_128_GCM:
    case SRTP_AES_256_GCM:
        return GCM_TAG;
    case SRTP_NONE:
    case SRTP_AES_128_SHA1_80:
    case SRTP_AES_256_SHA1_80:
    case SRTP_SUITES:
        break;
    }
    return 10;
}

bool srtp_begin_keys(struct srtp *s, const struct session_crypto *with,
                     const struct srtp_keys *keys)
{
    *s =
        (struct srtp){ .suite = with->suite,
                       .tag_size = tag_size(with->suite),
                       .mki_size = with->mki_size <= SRTP_MKI_MAX ? with->mki_size : SRTP_MKI_MAX };
    s->rtcp_tag_size =
        is_gcm(s) ? GCM_TAG : 10; /* of reports 80 bits in any case, RFC 4568 6.2.2 */
    memcpy(s->mki, with->mki, s->mki_size);
    memcpy(s->salt, keys->rtp.salt, sizeof s->salt);
    memcpy(s->rtcp_salt, keys->rtcp.salt, sizeof s->rtcp_salt);
    srtp_pads_make(&s->pads, keys->rtp.auth, sizeof keys->rtp.auth);
    srtp_pads_make(&s->rtcp_pads, keys->rtcp.auth, sizeof keys->rtcp.auth);
    memcpy(s->key, keys->rtp.cipher, sizeof s->key);
    memcpy(s->rtcp_key, keys->rtcp.cipher, sizeof s->rtcp_key);
    s->cipher = srtp_cipher_new(suite_key_size(with->suite), is_gcm(s));
    if (s->cipher && srtp_cipher_key(s->cipher, s->key))
        return true;
    srtp_done(s);
    return false;
}

bool srtp_begin(struct srtp *s, const struct session_crypto *with)
{
    struct srtp_keys keys;
    bool made;

    memset(s, 0, sizeof *s);
    made = srtp_derive(&keys, with) && srtp_begin_keys(s, with, &keys);
    srtp_wipe(&keys, sizeof keys);
    return made;
}

void srtp_done(struct srtp *s)
{
    srtp_cipher_free(s->cipher);
    srtp_wipe(s, sizeof *s);
}

/* ---- numbers ---- */

uint64_t srtp_guess_index(uint64_t highest, uint16_t sequence)
{
    int32_t step = (int16_t)(sequence - (uint16_t)highest);
    uint64_t guess = highest + (uint64_t)(int64_t)step;

    /* Before the first rollover nothing can be older than sequence 0. */
    return step < 0 && guess > highest ? (highest & ~UINT64_C(0xFFFF)) | sequence : guess;
}

bool srtp_window_seen(const struct srtp_window *w, uint64_t highest, uint64_t index)
{
    uint64_t behind = highest - index;

    if (index > highest)
        return false;
    if (behind >= SRTP_WINDOW)
        return true;
    return (behind < 64 ? w->recent >> behind : w->older >> (behind - 64)) & 1;
}

static void slide(struct srtp_window *w, uint64_t steps)
{
    if (steps >= 128) {
        w->recent = w->older = 0;
    } else if (steps >= 64) {
        w->older = w->recent << (steps - 64);
        w->recent = 0;
    } else if (steps) {
        w->older = w->older << steps | w->recent >> (64 - steps);
        w->recent <<= steps;
    }
}

void srtp_window_note(struct srtp_window *w, uint64_t *highest, uint64_t index)
{
    uint64_t behind;

    if (index > *highest) {
        slide(w, index - *highest);
        *highest = index;
    }
    behind = *highest - index;
    if (behind < 64)
        w->recent |= UINT64_C(1) << behind;
    else if (behind < SRTP_WINDOW)
        w->older |= UINT64_C(1) << (behind - 64);
}

/* What is known of an SSRC, or a place for it: the one unheard longest, emptied only by
 * take_place(), so that a forged packet pushes nobody out. */
static struct srtp_source *find_source(struct srtp *s, uint32_t ssrc, bool *known)
{
    struct srtp_source *oldest = &s->source[0];

    for (size_t i = 0; i < SRTP_SOURCES; i++) {
        struct srtp_source *one = &s->source[i];

        if (one->used && one->ssrc == ssrc) {
            *known = true;
            return one;
        }
        if (one->used < oldest->used)
            oldest = one;
    }
    *known = false;
    return oldest;
}

static struct srtp_source *take_place(struct srtp *s, uint32_t ssrc)
{
    bool known;
    struct srtp_source *one = find_source(s, ssrc, &known);

    if (!known)
        *one = (struct srtp_source){ .ssrc = ssrc };
    one->used = ++s->clock;
    return one;
}

/* ---- packets ---- */

/* Size of the header, with CSRCs and extension (RFC 3550 5.1); 0: it is cut off. */
static size_t header_size(const uint8_t *packet, size_t size)
{
    size_t header;

    if (size < RTP_FIXED || packet[0] >> 6 != 2)
        return 0;
    header = RTP_FIXED + 4 * (size_t)(packet[0] & 15);
    if (packet[0] & 0x10) {
        if (size < header + 4)
            return 0;
        header += 4 + 4 * (size_t)bytes_get16(packet + header + 2);
    }
    return header <= size ? header : 0;
}

/* RFC 3711 4.1.1, RFC 7714 8.1 and 9.1: the salt with SSRC and index laid over it. `iv` has 16
 * bytes. */
static void make_iv(const struct srtp *s, uint8_t iv[16], const uint8_t salt[14], uint32_t ssrc,
                    uint64_t index)
{
    size_t at = is_gcm(s) ? 2 : 4; /* of the SSRC */
    uint8_t over[14] = { 0 };

    bytes_put32(over + at, ssrc);
    bytes_put16(over + at + 4, (uint16_t)(index >> 32));
    bytes_put32(over + at + 6, (uint32_t)index);
    for (size_t i = 0; i < sizeof over; i++)
        iv[i] = salt[i] ^ over[i];
    iv[14] = iv[15] = 0;
}

static bool same_bytes(const uint8_t *a, const uint8_t *b, size_t size)
{
    uint8_t difference = 0;

    for (size_t i = 0; i < size; i++) /* all of them, whatever the first ones are */
        difference |= (uint8_t)(a[i] ^ b[i]);
    return difference == 0;
}

/* Of our own stream the sequence numbers come in order, so a lower one is a rollover. */
static bool next_index(struct srtp *s, uint32_t ssrc, uint16_t sequence, uint64_t *index)
{
    struct srtp_source *one = take_place(s, ssrc);

    if (one->heard && sequence <= (uint16_t)one->highest)
        *index = ((one->highest >> 16) + 1) << 16 | sequence;
    else
        *index = (one->highest & ~UINT64_C(0xFFFF)) | sequence;
    if (*index > INDEX_MAX)
        return false;
    one->heard = true;
    one->highest = *index;
    return true;
}

static size_t seal(struct srtp *s, const uint8_t iv[16], struct srtp_piece header,
                   const uint8_t *payload, size_t size, uint8_t *out)
{
    struct srtp_piece clear[2] = { header, { NULL, 0 } };

    if (!srtp_cipher_seal(s->cipher, iv, clear, payload, size, out))
        return 0;
    memcpy(out + size + GCM_TAG, s->mki, s->mki_size);
    return size + GCM_TAG + s->mki_size;
}

static size_t encrypt_and_sign(struct srtp *s, const uint8_t iv[16], struct srtp_piece header,
                               const uint8_t *payload, size_t size, uint8_t *out, uint64_t index)
{
    uint8_t roc[4];
    struct srtp_piece signed_[3] = { header, { out, size }, { roc, sizeof roc } };

    if (!srtp_cipher_run(s->cipher, iv, payload, size, out))
        return 0;
    bytes_put32(roc, (uint32_t)(index >> 16));
    memcpy(out + size, s->mki, s->mki_size);
    srtp_pads_sign(&s->pads, signed_, 3, out + size + s->mki_size, s->tag_size);
    return size + s->mki_size + s->tag_size;
}

size_t srtp_encrypt(struct srtp *s, const uint8_t *header, size_t header_bytes,
                    const uint8_t *payload, size_t size, uint8_t *out)
{
    struct srtp_piece head = { header, header_bytes };
    uint32_t ssrc = bytes_get32(header + 8);
    uint64_t index;
    uint8_t iv[16];

    if (!next_index(s, ssrc, bytes_get16(header + 2), &index) || !use_key(s, false))
        return 0;
    make_iv(s, iv, s->salt, ssrc, index);
    return is_gcm(s) ? seal(s, iv, head, payload, size, out)
                     : encrypt_and_sign(s, iv, head, payload, size, out, index);
}

/* A packet that came in, cut up. */
struct cut {
    uint8_t *packet;
    size_t header, body; /* `body`: what is encrypted, without a tag */
    size_t mki;          /* how much of it there is */
};

/* Some name an MKI and leave it out of their packets: it is there if it stands where it should.
 * `behind`: what stands behind it. */
static size_t mki_of(const struct srtp *s, const uint8_t *packet, size_t size, size_t behind)
{
    size_t least = behind + s->mki_size;

    return size >= least && memcmp(packet + size - least, s->mki, s->mki_size) == 0 ? s->mki_size
                                                                                    : 0;
}

static enum srtp_verdict open_packet(struct srtp *s, const struct cut *c, uint64_t index)
{
    struct srtp_piece clear[2] = { { c->packet, c->header }, { NULL, 0 } };
    uint8_t *body = c->packet + c->header, iv[16], roc[4], tag[20];
    struct srtp_piece signed_[2] = { { c->packet, c->header + c->body }, { roc, sizeof roc } };

    if (!use_key(s, false))
        return SRTP_MALFORMED;
    make_iv(s, iv, s->salt, bytes_get32(c->packet + 8), index);
    if (is_gcm(s))
        return srtp_cipher_open(s->cipher, iv, clear, body, c->body + GCM_TAG) ? SRTP_OK
                                                                               : SRTP_FORGED;
    bytes_put32(roc, (uint32_t)(index >> 16));
    srtp_pads_sign(&s->pads, signed_, 2, tag, s->tag_size);
    if (!same_bytes(tag, body + c->body + c->mki, s->tag_size))
        return SRTP_FORGED;
    return srtp_cipher_run(s->cipher, iv, body, c->body, body) ? SRTP_OK : SRTP_MALFORMED;
}

void srtp_seek(struct srtp *s)
{
    s->seek_left = SRTP_SEEK_PACKETS;
    s->seek_next = 1;
}

/* Only the right number of rollovers makes the tag right. A few are tried for each packet, so that
 * nobody can keep us busy with packets of his own. `index` is written on success. */
static enum srtp_verdict seek(struct srtp *s, const struct cut *c, uint64_t *index)
{
    enum srtp_verdict verdict = SRTP_FORGED;

    s->seek_left--;
    for (unsigned i = 0; i < SRTP_SEEK_AT_ONCE && verdict == SRTP_FORGED; i++) {
        uint64_t tried = (uint64_t)s->seek_next << 16 | bytes_get16(c->packet + 2);

        verdict = open_packet(s, c, tried);
        if (verdict == SRTP_OK)
            *index = tried;
        s->seek_next = (s->seek_next + 1) % SRTP_SEEK_MOST;
    }
    if (verdict == SRTP_OK)
        s->seek_left = 0;
    return verdict;
}

enum srtp_verdict srtp_decrypt(struct srtp *s, uint8_t *packet, size_t *size)
{
    size_t header = header_size(packet, *size);
    size_t mki = mki_of(s, packet, *size, is_gcm(s) ? 0 : s->tag_size);
    size_t trailer = (size_t)s->tag_size + mki;
    struct cut c = { packet, header, *size - header - trailer, mki };
    struct srtp_source *one;
    enum srtp_verdict verdict;
    uint64_t index;
    bool known;

    if (!header || *size < header + trailer)
        return SRTP_MALFORMED;
    one = find_source(s, bytes_get32(packet + 8), &known);
    known = known && one->heard;
    index =
        srtp_guess_index(known ? one->highest : bytes_get16(packet + 2), bytes_get16(packet + 2));
    if (known && srtp_window_seen(&one->window, one->highest, index))
        return SRTP_REPLAYED;
    verdict = index > INDEX_MAX ? SRTP_FORGED : open_packet(s, &c, index);
    if (verdict == SRTP_FORGED && !known && s->seek_left)
        verdict = seek(s, &c, &index);
    if (verdict != SRTP_OK)
        return verdict;
    one = take_place(s, bytes_get32(packet + 8));
    if (!one->heard)
        one->highest = index;
    one->heard = true;
    srtp_window_note(&one->window, &one->highest, index);
    *size = header + c.body;
    return SRTP_OK;
}

/* ---- reports ---- */

/* RFC 7714 17: encrypted part with its tag, index, MKI. */
static size_t seal_report(struct srtp *s, const uint8_t iv[16], uint8_t *packet, size_t size,
                          const uint8_t word[4])
{
    struct srtp_piece clear[2] = { { packet, RTCP_FIXED }, { word, 4 } };

    if (!srtp_cipher_seal(s->cipher, iv, clear, packet + RTCP_FIXED, size - RTCP_FIXED,
                          packet + RTCP_FIXED))
        return 0;
    memcpy(packet + size + GCM_TAG, word, 4);
    memcpy(packet + size + GCM_TAG + 4, s->mki, s->mki_size);
    return size + GCM_TAG + 4 + s->mki_size;
}

/* RFC 3711 3.4: encrypted part, index, MKI, tag. */
static size_t sign_report(struct srtp *s, const uint8_t iv[16], uint8_t *packet, size_t size,
                          const uint8_t word[4])
{
    struct srtp_piece all = { packet, size + 4 };

    if (!srtp_cipher_run(s->cipher, iv, packet + RTCP_FIXED, size - RTCP_FIXED,
                         packet + RTCP_FIXED))
        return 0;
    memcpy(packet + size, word, 4);
    memcpy(packet + size + 4, s->mki, s->mki_size);
    srtp_pads_sign(&s->rtcp_pads, &all, 1, packet + size + 4 + s->mki_size, s->rtcp_tag_size);
    return size + 4 + s->mki_size + s->rtcp_tag_size;
}

size_t srtcp_encrypt(struct srtp *s, uint8_t *packet, size_t size)
{
    uint8_t iv[16], word[4];

    if (size < RTCP_FIXED || s->rtcp_index > RTCP_INDEX_MAX || !use_key(s, true))
        return 0;
    make_iv(s, iv, s->rtcp_salt, bytes_get32(packet + 4), s->rtcp_index);
    bytes_put32(word, s->rtcp_index++ | RTCP_ENCRYPTED);
    return is_gcm(s) ? seal_report(s, iv, packet, size, word)
                     : sign_report(s, iv, packet, size, word);
}

/* Without the E flag all of it is only signed. */
static bool open_sealed(struct srtp *s, const struct cut *c, const uint8_t iv[16],
                        const uint8_t *word)
{
    size_t clear_bytes = c->header + (bytes_get32(word) & RTCP_ENCRYPTED ? 0 : c->body);
    struct srtp_piece clear[2] = { { c->packet, clear_bytes }, { word, 4 } };

    return srtp_cipher_open(s->cipher, iv, clear, c->packet + clear_bytes,
                            c->header + c->body - clear_bytes + GCM_TAG);
}

static enum srtp_verdict open_report(struct srtp *s, const struct cut *c, const uint8_t *word)
{
    struct srtp_piece all = { c->packet, c->header + c->body + 4 };
    uint8_t *body = c->packet + c->header, iv[16], tag[20];

    if (!use_key(s, true))
        return SRTP_MALFORMED;
    make_iv(s, iv, s->rtcp_salt, bytes_get32(c->packet + 4), bytes_get32(word) & RTCP_INDEX_MAX);
    if (is_gcm(s))
        return open_sealed(s, c, iv, word) ? SRTP_OK : SRTP_FORGED;
    srtp_pads_sign(&s->rtcp_pads, &all, 1, tag, s->rtcp_tag_size);
    if (!same_bytes(tag, word + 4 + c->mki, s->rtcp_tag_size))
        return SRTP_FORGED;
    if (!(bytes_get32(word) & RTCP_ENCRYPTED))
        return SRTP_OK;
    return srtp_cipher_run(s->cipher, iv, body, c->body, body) ? SRTP_OK : SRTP_MALFORMED;
}

static void note_report(struct srtp *s, uint32_t ssrc, uint32_t index)
{
    struct srtp_source *one = take_place(s, ssrc);
    uint64_t highest = one->rtcp_heard ? one->rtcp_highest : index;

    srtp_window_note(&one->rtcp_window, &highest, index);
    one->rtcp_highest = (uint32_t)highest;
    one->rtcp_heard = true;
}

enum srtp_verdict srtcp_decrypt(struct srtp *s, uint8_t *packet, size_t *size)
{
    size_t mki = mki_of(s, packet, *size, is_gcm(s) ? 0 : s->rtcp_tag_size);
    size_t trailer = (size_t)4 + mki + s->rtcp_tag_size;
    struct cut c = { packet, RTCP_FIXED, *size - RTCP_FIXED - trailer, mki };
    const struct srtp_source *one;
    enum srtp_verdict verdict;
    const uint8_t *word;
    uint32_t index;
    bool known;

    if (*size < RTCP_FIXED + trailer || packet[0] >> 6 != 2)
        return SRTP_MALFORMED;
    word = packet + RTCP_FIXED + c.body + (is_gcm(s) ? GCM_TAG : 0);
    index = bytes_get32(word) & RTCP_INDEX_MAX;
    one = find_source(s, bytes_get32(packet + 4), &known);
    if (known && one->rtcp_heard && srtp_window_seen(&one->rtcp_window, one->rtcp_highest, index))
        return SRTP_REPLAYED;
    verdict = open_report(s, &c, word);
    if (verdict != SRTP_OK)
        return verdict;
    note_report(s, bytes_get32(packet + 4), index);
    *size = RTCP_FIXED + c.body;
    return SRTP_OK;
}

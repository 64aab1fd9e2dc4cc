/* SRTP and SRTCP (RFC 3711): one direction of one leg. The key is one for all SSRCs that its sender
 * uses; what depends on the SSRC - rollover, replay - is kept for the last few of them. AES-CM with
 * HMAC-SHA1 (RFC 3711, 6188) and AES-GCM (RFC 7714), by OpenSSL. Allocates when it is set up and
 * never for a packet; knows no clock and no socket. */
#ifndef CALLPARK_MEDIA_SRTP_H
#define CALLPARK_MEDIA_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/keying.h"
#include "media/srtp_cipher.h"

#define SRTP_TRAILER_MAX (16 + SRTP_MKI_MAX) /* what a packet of RTP grows by, at most */
#define SRTCP_TRAILER_MAX (SRTP_TRAILER_MAX + 4)
#define SRTP_SOURCES                                                                               \
    4 /* SSRCs of one sender that are told apart; beyond, the one unheard longest */
#define SRTP_WINDOW 128       /* packets that may be overtaken; what is older counts as a replay */
#define SRTP_SEEK_MOST 1024   /* rollovers: seven days of a packet every 10 msec have fewer */
#define SRTP_SEEK_AT_ONCE 64  /* of them tried for one packet */
#define SRTP_SEEK_PACKETS 256 /* after which it is not sought any more */

enum srtp_verdict {
    SRTP_OK,
    SRTP_MALFORMED, /* too short, or no packet of version 2 */
    SRTP_FORGED,    /* its tag is wrong: another key, or somebody else's */
    SRTP_REPLAYED   /* seen already, or too old to tell */
};

/* Session keys, as derived (RFC 3711 4.3): those for RTP, then those for RTCP. */
struct srtp_keys {
    struct srtp_session_keys {
        uint8_t cipher[32], auth[20], salt[14]; /* of GCM the first 12 bytes of salt, no auth */
    } rtp, rtcp;
};

/* Numbers below and up to the highest, as bits: bit 0 is the highest itself. */
struct srtp_window {
    uint64_t recent, older;
};

struct srtp_source {
    uint32_t ssrc;
    uint64_t used;    /* when, counted in packets; 0: free */
    uint64_t highest; /* index: rollovers and sequence */
    uint32_t rtcp_highest;
    bool heard, rtcp_heard;
    struct srtp_window window, rtcp_window;
};

/* What each packet of a sender needs stands first; see srtp_hot(). */
struct srtp {
    enum srtp_suite suite;
    uint8_t tag_size, rtcp_tag_size, mki_size;
    bool for_rtcp; /* which key the cipher has now: one of them serves both, as reports are rare */
    uint8_t mki[SRTP_MKI_MAX], salt[14];
    struct srtp_pads pads;
    struct srtp_cipher *cipher;
    uint64_t clock;
    struct srtp_source source[SRTP_SOURCES];
    uint8_t key[32], rtcp_key[32], rtcp_salt[14];
    struct srtp_pads rtcp_pads;
    uint32_t rtcp_index;           /* of the next report sent */
    uint32_t seek_left, seek_next; /* packets to seek with; the number of rollovers tried next */
};

/* How many bytes from the first on a sender with one SSRC needs for a packet. */
static inline size_t srtp_hot(void)
{
    return offsetof(struct srtp, source) + sizeof(struct srtp_source);
}

/* Derive the session keys of `with` (suite and key) and make ready. False: not enough memory, or a
 * suite that is none. srtp_done() wipes. */
bool srtp_begin(struct srtp *s, const struct session_crypto *with);
void srtp_done(struct srtp *s);

/* The far end of this key has sent before we had it (a restart), and nobody knows how often its
 * sequence numbers have rolled over since: find that out by trying, from its next packets on. */
void srtp_seek(struct srtp *s);

/* The two halves of srtp_begin(), for known answers. */
bool srtp_derive(struct srtp_keys *out, const struct session_crypto *with);
bool srtp_begin_keys(struct srtp *s, const struct session_crypto *with,
                     const struct srtp_keys *keys);

/* Encrypt `payload` of the packet with this header (12 bytes, or more with CSRCs and extension) to
 * `out`, which has room for SRTP_TRAILER_MAX more; `out` may be `payload`. What then follows the
 * header: its size; 0: not possible any more with this key. The sequence numbers of a leg must come
 * in their order. */
size_t srtp_encrypt(struct srtp *s, const uint8_t *header, size_t header_size,
                    const uint8_t *payload, size_t size, uint8_t *out);

/* Check and decrypt a packet in place; `size` becomes that of the RTP packet. On failure the packet
 * and what is known of its sender are as before. */
enum srtp_verdict srtp_decrypt(struct srtp *s, uint8_t *packet, size_t *size);

/* A compound RTCP packet, in place, with room for SRTCP_TRAILER_MAX more. Its new size, or 0. */
size_t srtcp_encrypt(struct srtp *s, uint8_t *packet, size_t size);
enum srtp_verdict srtcp_decrypt(struct srtp *s, uint8_t *packet, size_t *size);

/* Which index a sequence number most likely has (RFC 3711 3.3.1), and whether a number was seen.
 * Pure; here for their tests. */
uint64_t srtp_guess_index(uint64_t highest, uint16_t sequence);
bool srtp_window_seen(const struct srtp_window *w, uint64_t highest, uint64_t index);
void srtp_window_note(struct srtp_window *w, uint64_t *highest, uint64_t index);

#endif

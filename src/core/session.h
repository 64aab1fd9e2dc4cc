/* What two sides agree on about audio (RFC 3264), free of any protocol text: the SIP edge reads SDP
 * into an offer and writes an answer as SDP; the media edge plays by the answer. Pure. */
#ifndef CALLPARK_CORE_SESSION_H
#define CALLPARK_CORE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/keying.h"

#define ADDRESS_SIZE 46 /* a numeric IPv4 or IPv6 address */
#define SESSION_CODECS_MAX 16

enum codec { CODEC_NONE, CODEC_PCMU, CODEC_PCMA, CODEC_G722, CODEC_OPUS, CODECS };

/* As seen by the one who holds the value. */
enum direction { DIR_INACTIVE = 0, DIR_SENDONLY = 1, DIR_RECVONLY = 2, DIR_SENDRECV = 3 };

struct address {
    char host[ADDRESS_SIZE]; /* numeric, without brackets */
    uint16_t port;
};

struct session_codec {
    enum codec codec;
    uint8_t payload_type;
};

/* One side's description of its audio line, from an offer or an answer. */
struct session_offer {
    bool present;        /* false: the request had no SDP, we make the offer */
    bool usable;         /* there is an audio line that we could take, with a port that is not 0 */
    struct address rtp;  /* where it wants RTP */
    struct address rtcp; /* where it wants RTCP: port + 1, or a=rtcp */
    bool rtcp_mux;       /* RFC 5761 */
    enum direction direction; /* from its own point of view; hold by 0.0.0.0 is already folded in */
    struct session_codec codecs[SESSION_CODECS_MAX]; /* those we know, in its order of preference */
    uint8_t codec_count;
    int16_t dtmf_payload_type; /* telephone-event/8000 (RFC 4733), -1: none */
    uint8_t ptime, maxptime;   /* milliseconds, 0: not said */
    uint16_t warning; /* why not usable: 304 media type, 305 format, 399 other (RFC 3261 20.43) */
    uint8_t opus_dtmf_payload_type; /* telephone-event/48000, beside Opus; 0: none */
    uint8_t line;                   /* which m= line this is, from 0; all others are refused */
    enum profile profile;           /* of that line */
    enum srtp_policy srtp;          /* what held when it was read */
    struct session_crypto crypto[SESSION_CRYPTO_MAX]; /* those we may use, in its order */
    uint8_t crypto_count;
    struct session_dtls dtls;
    struct session_ice ice;
    char mid[MID_SIZE]; /* a=mid (RFC 5888); "": none */
    bool bundle;        /* its line is in an a=group:BUNDLE (RFC 9143) */
};

/* What a leg's stream does from now on. */
struct session {
    enum codec codec;
    uint8_t payload_type;
    int16_t dtmf_payload_type; /* -1: none */
    uint8_t ptime;             /* of what we send: 10 to 60 ms, a multiple of 10 */
    enum direction direction;  /* from our point of view */
    struct address rtp, rtcp;  /* where we send */
    bool rtcp_mux;
    uint8_t line; /* of an answer: which m= line of their offer is ours */
    enum profile profile;
    enum keying keying;
    bool by_answer; /* they answered an offer of ours: our key is the one that it named */
    struct session_crypto crypto; /* KEYING_SDES: the tag and suite of both, and their key */
    struct session_dtls dtls;     /* KEYING_DTLS: theirs */
    struct session_ice ice;       /* theirs */
    char mid[MID_SIZE];
    bool bundle;
};

/* What we may choose from. `prefer` is taken if it is in the offer (the codec that the other leg of
 * a coming bridge already uses), else the first of the offer that we can do. */
struct session_wish {
    enum codec prefer; /* CODEC_NONE: no wish */
    bool hold; /* answer sendonly instead of sendrecv; for tests and music-on-hold addresses */
};

/* Our own end of a leg's audio: what our SDP says. */
struct session_local {
    struct address rtp;        /* as advertised */
    uint16_t rtcp_port;        /* as advertised; the same as rtp.port with rtcp-mux */
    uint8_t shared;            /* 0: the port is its own; else of worker `shared` - 1, for all */
    uint32_t ssrc;             /* one for the whole life of the leg, or until a restart */
    uint8_t key[SRTP_KEY_MAX]; /* SDES: what we send with, as much of it as the suite takes */
    struct session_dtls dtls;  /* ours; `setup` as our next SDP says it */
    struct session_ice ice;    /* ours */
};

enum session_verdict {
    SESSION_AGREED,
    SESSION_NO_AUDIO,
    SESSION_NO_CODEC,
    SESSION_BAD_ADDRESS,
    SESSION_NO_KEYS /* it must be SRTP, by its profile or our policy, and there are no keys */
};

/* Agree on one codec and one direction (RFC 3264 6.1): sendrecv is answered sendrecv, never
 * sendonly, so that a phone behind NAT sends and can be latched; sendonly by recvonly; inactive by
 * inactive. For an offer of ours (`offered` true) `theirs` is the answer to it. `out` is written on
 * agreement only. */
enum session_verdict session_agree(const struct session_offer *theirs,
                                   const struct session_wish *wish, struct session *out);

/* Is this an address that we may send media to: numeric, not multicast, not unspecified, not a
 * broadcast address, a port above 0? */
bool session_address_allowed(const struct address *a);

/* What is wrong with it, in words that go on from "c=192.0.2.1:4000 "; NULL: nothing. A loopback
 * address is wrong unless `loopback`. */
const char *session_address_fault(const struct address *a, bool loopback);
bool session_is_loopback(const char *host);

const char *codec_name(enum codec c);     /* as in SDP: "PCMU", "PCMA", "G722", "opus", "none" */
uint8_t codec_payload_type(enum codec c); /* the static one: 0, 8, 9; of Opus the usual, 111 */
uint32_t codec_clock(enum codec c);       /* of its RTP timestamps: 8000, of Opus 48000 */
const char *direction_name(enum direction d); /* "sendrecv" ... */
bool session_equal(const struct session *a, const struct session *b);

#endif

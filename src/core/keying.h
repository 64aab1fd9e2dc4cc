/* How the audio of a leg is protected, as two sides agree on it: SRTP with keys in the SDP (SDES,
 * RFC 4568) or from a DTLS handshake (RFC 5763, 5764) on a path found by ICE (RFC 8839). Shapes and
 * names alone: no protocol text, which the SIP edge reads and writes, and no cryptography, which is
 * the media edge's. Pure. */
#ifndef CALLPARK_CORE_KEYING_H
#define CALLPARK_CORE_KEYING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the node wants: `[media] srtp`. */
enum srtp_policy { SRTP_OPTIONAL, SRTP_OFF, SRTP_REQUIRED };

/* Where the keys come from. */
enum keying { KEYING_NONE, KEYING_SDES, KEYING_DTLS };

/* The third field of the m= line. */
enum profile {
    PROFILE_AVP,       /* RTP/AVP */
    PROFILE_AVPF,      /* RTP/AVPF (RFC 4585) */
    PROFILE_SAVP,      /* RTP/SAVP (RFC 3711) */
    PROFILE_SAVPF,     /* RTP/SAVPF (RFC 5124) */
    PROFILE_DTLS,      /* UDP/TLS/RTP/SAVP (RFC 5764) */
    PROFILE_DTLS_AVPF, /* UDP/TLS/RTP/SAVPF: what a browser offers */
    PROFILES
};

enum srtp_suite {
    SRTP_NONE,
    SRTP_AES_128_SHA1_80, /* RFC 4568 6.2.1: the one that everybody has */
    SRTP_AES_128_SHA1_32,
    SRTP_AES_256_SHA1_80, /* RFC 6188 */
    SRTP_AES_256_SHA1_32,
    SRTP_AES_128_GCM, /* RFC 7714 */
    SRTP_AES_256_GCM,
    SRTP_SUITES
};

#define SRTP_KEY_MAX 46 /* master key and master salt, one behind the other */
#define SRTP_MKI_MAX 16
#define SESSION_CRYPTO_MAX 4
#define SESSION_FINGERPRINTS_MAX 2
#define FINGERPRINT_MAX 64
#define ICE_UFRAG_SIZE 40
#define ICE_PWD_SIZE 72
#define MID_SIZE 16

/* One a=crypto line: what its writer sends with. Never written to a log. */
struct session_crypto {
    uint32_t tag;
    enum srtp_suite suite; /* SRTP_NONE: none */
    uint8_t key_size, mki_size;
    uint8_t key[SRTP_KEY_MAX];
    uint8_t mki[SRTP_MKI_MAX]; /* as it stands behind each packet, first byte first */
};

enum fingerprint_hash { HASH_NONE, HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512, HASHES };

struct session_fingerprint {
    enum fingerprint_hash hash;
    uint8_t bytes[FINGERPRINT_MAX]; /* as many as fingerprint_size() says */
};

enum dtls_setup { SETUP_NONE, SETUP_ACTPASS, SETUP_ACTIVE, SETUP_PASSIVE, SETUP_HOLDCONN };

/* One side's part in a DTLS handshake; `fingerprint_count` 0: it wants none. */
struct session_dtls {
    struct session_fingerprint fingerprint[SESSION_FINGERPRINTS_MAX];
    uint8_t fingerprint_count;
    enum dtls_setup setup; /* as its writer said it */
    uint64_t association;  /* a hash of a=tls-id (RFC 8842): another one is another handshake; 0 */
};

/* One side's ICE credentials; `present` false: it does no ICE. */
struct session_ice {
    bool present, lite;
    char ufrag[ICE_UFRAG_SIZE], pwd[ICE_PWD_SIZE];
};

/* Sizes in bytes, and the name in a=crypto ("AES_CM_128_HMAC_SHA1_80"). */
const char *suite_name(enum srtp_suite s);
enum srtp_suite suite_by_name(const char *name, size_t length); /* SRTP_NONE: unknown */
size_t suite_key_size(enum srtp_suite s);                       /* of the master key alone */
size_t suite_salt_size(enum srtp_suite s);

const char *profile_name(enum profile p); /* "RTP/SAVP" */
bool profile_by_name(const char *name, enum profile *out);
bool profile_is_secure(enum profile p);
bool profile_is_dtls(enum profile p);

const char *fingerprint_hash_name(enum fingerprint_hash h); /* "sha-256" */
enum fingerprint_hash fingerprint_hash_by_name(const char *name, size_t length);
size_t fingerprint_size(enum fingerprint_hash h);

const char *setup_name(enum dtls_setup s); /* "actpass" */
enum dtls_setup setup_by_name(const char *name);

bool crypto_equal(const struct session_crypto *a, const struct session_crypto *b); /* but for tag */
bool dtls_equal(const struct session_dtls *a, const struct session_dtls *b);
bool ice_equal(const struct session_ice *a, const struct session_ice *b);

#endif

/* STUN (RFC 8489) as far as ICE needs it (RFC 8445 7, 7.3): Binding requests and the answers to
 * them. Reads what others wrote, writes ours; knows no socket and no leg. Pure but for the HMAC,
 * which is OpenSSL's. */
#ifndef CALLPARK_MEDIA_STUN_H
#define CALLPARK_MEDIA_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/endpoint.h"

#define STUN_TRANSACTION_SIZE 12
#define STUN_SIZE_MAX 548 /* of what we read or write: what fits in any IPv4 packet */
#define STUN_UNKNOWN_MAX 8

enum stun_type {
    STUN_REQUEST = 0x0001,
    STUN_INDICATION = 0x0011,
    STUN_SUCCESS = 0x0101,
    STUN_ERROR = 0x0111
};

struct stun_message {
    uint16_t type; /* enum stun_type, or of another method */
    uint8_t transaction[STUN_TRANSACTION_SIZE];
    const char *username; /* inside what was parsed, not ended by a zero; NULL: none */
    size_t username_size;
    bool use_candidate, controlling, controlled;
    bool has_fingerprint;               /* and it is right: a wrong one is not parsed at all */
    size_t integrity_at;                /* where MESSAGE-INTEGRITY begins, 0: there is none */
    uint16_t error;                     /* 400 ..., 0: none */
    struct endpoint mapped;             /* XOR-MAPPED-ADDRESS; FAMILY_NONE: none */
    uint16_t unknown[STUN_UNKNOWN_MAX]; /* attributes that must be understood and are not */
    unsigned unknown_count;
};

/* Could this datagram be STUN, and not RTP or DTLS (RFC 7983)? */
bool stun_is(const uint8_t *data, size_t size);

/* False for what is no STUN message, or is cut off, or has a FINGERPRINT that is wrong. Attributes
 * behind MESSAGE-INTEGRITY are not believed and so not read (RFC 8489 14.5). */
bool stun_parse(struct stun_message *m, const uint8_t *data, size_t size);

/* Was this message, which stun_parse() has read, made by somebody who knows the password? */
bool stun_is_signed(const struct stun_message *m, const uint8_t *data, const char *password);

/* Is its USERNAME "ours:" and anything behind? (RFC 8445 7.2.2) */
bool stun_is_for(const struct stun_message *m, const char *ours);

/* What we write; how long it is. Each ends with a FINGERPRINT. `password` NULL: unsigned, as errors
 * are that refuse one (RFC 8489 9.1.3). */
size_t stun_write_success(uint8_t to[STUN_SIZE_MAX], const struct stun_message *request,
                          const struct endpoint *mapped, const char *password);
/* 400, 401, 420 (names what was not understood), 487 (role conflict). */
size_t stun_write_error(uint8_t to[STUN_SIZE_MAX], const struct stun_message *request,
                        uint16_t error, const char *password);

struct stun_check {
    uint8_t transaction[STUN_TRANSACTION_SIZE];
    const char *username, *password; /* of at most 256 bytes */
    uint32_t priority;
    uint64_t tie_breaker;
    bool controlling, use_candidate;
};
/* A check as a full agent makes it. */
size_t stun_write_check(uint8_t to[STUN_SIZE_MAX], const struct stun_check *check);

#endif

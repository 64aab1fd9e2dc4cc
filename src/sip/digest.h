/* Digest access authentication (RFC 7616, RFC 8760): hashes, the Authorization header, nonces. What
 * is made of it is decided in auth.c. The hashing is OpenSSL's. */
#ifndef CALLPARK_SIP_DIGEST_H
#define CALLPARK_SIP_DIGEST_H

#include "sip/edge.h"

#include "core/access.h"

#define DIGEST_HEX_SIZE 65 /* SHA-256 in hex */
#define NONCE_SIZE 49      /* 8 digits of time, 8 of number, 32 of MAC */
#define NONCE_LIFE 300     /* seconds */

enum digest_how { DIGEST_SHA256, DIGEST_MD5, DIGEST_HOWS };
const char *digest_name(enum digest_how how); /* "SHA-256" */

/* The parts with colons between them, hashed; false: this machine cannot. */
bool digest_hash(enum digest_how how, const char *const *parts, unsigned count,
                 char to[DIGEST_HEX_SIZE]);

/* The same by OpenSSL's name of a hash of at most 32 bytes. */
bool digest_hash_by(const char *hash, const char *const *parts, unsigned count,
                    char to[DIGEST_HEX_SIZE]);

/* One Authorization header, unquoted. */
struct credentials {
    char user[USER_SIZE], realm[FQDN_SIZE], nonce[64], uri[512], response[DIGEST_HEX_SIZE];
    char cnonce[256], nc[9];
    uint32_t count; /* nc as a number */
    enum digest_how how;
};

enum credentials_read { CREDENTIALS_FINE, CREDENTIALS_OTHER, CREDENTIALS_BAD };

/* OTHER: of another scheme or another realm, so not for us. BAD: something is missing, too long or
 * not offered by us (qop, algorithm). */
enum credentials_read credentials_read(const sip_authorization_t *au, const char *realm,
                                       struct credentials *out);

/* The response that somebody with this H(A1) would have given. */
bool digest_response(const struct credentials *c, const char *ha1, const char *method,
                     char to[DIGEST_HEX_SIZE]);
/* In constant time. */
bool digest_same(const char *a, const char *b);

/* ---- nonces: stateless, signed; and which counts have been used with them ---- */

struct nonces;

/* `key`: kept over restarts, so that a nonce of the last run is known as ours; all zero: a new one.
 * NULL: no memory. */
struct nonces *nonces_new(const unsigned char key[32]);
void nonces_free(struct nonces *n);

void nonce_make(struct nonces *n, const char *realm, wall_msec wall, char to[NONCE_SIZE]);

enum nonce_verdict {
    NONCE_FINE,
    NONCE_FOREIGN, /* not made by us for this realm */
    NONCE_OLD,     /* ours, but too old or of another run: stale */
    NONCE_USED     /* its count was used already */
};

/* Before the password is known to be right: FINE, FOREIGN or OLD. */
enum nonce_verdict nonce_check(const struct nonces *n, const char *realm, const char *nonce,
                               wall_msec wall);
/* After that: use this count up. FINE, USED, or OLD when too much happened to tell. */
enum nonce_verdict nonce_use(struct nonces *n, const char *nonce, uint32_t count, wall_msec wall);

#endif

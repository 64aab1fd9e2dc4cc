/* The handshake that makes the keys of an SRTP stream (DTLS-SRTP, RFC 5763, 5764), by OpenSSL. It
 * has no socket, thread or timer: datagrams are handed in, what it wants sent it hands out, and the
 * stream's owner asks it to look at the time. The far end is known by the fingerprint of its
 * certificate that came in the SDP, and by nothing else. */
#ifndef CALLPARK_MEDIA_DTLS_H
#define CALLPARK_MEDIA_DTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/keying.h"

/* Our certificate: self-signed, P-256, made at start and gone with the process. All streams share
 * it; nothing of it changes. */
struct dtls_identity;

int dtls_identity_new(struct dtls_identity **out, struct err *err);
void dtls_identity_free(struct dtls_identity *i);
void dtls_identity_fingerprint(const struct dtls_identity *i, struct session_fingerprint *out);

/* Could this datagram be DTLS, and not STUN or RTP (RFC 7983)? */
bool dtls_is(const uint8_t *data, size_t size);

struct dtls;

enum dtls_state {
    DTLS_SHAKING,
    DTLS_READY,  /* there are keys */
    DTLS_FAILED, /* not the certificate that the SDP names, or no handshake that we know */
    DTLS_ENDED   /* they have said goodbye */
};

/* Sends one datagram; never calls back. */
typedef void dtls_send(void *to, const uint8_t *data, size_t size);

/* `active`: we begin, at dtls_start(). NULL: no memory. */
struct dtls *dtls_new(const struct dtls_identity *own, const struct session_dtls *theirs,
                      bool active, dtls_send *send, void *to);
/* Says goodbye if there was a handshake. */
void dtls_free(struct dtls *d);

/* There is a path: begin, if it is ours to begin. Later ones do nothing. */
enum dtls_state dtls_start(struct dtls *d);
enum dtls_state dtls_take(struct dtls *d, const uint8_t *data, size_t size);
/* Send again what was lost, when it is time to; about every 20 msec while it shakes hands. */
enum dtls_state dtls_turn(struct dtls *d);

/* What each side sends with, once it is ready. */
bool dtls_keys(const struct dtls *d, struct session_crypto *ours, struct session_crypto *theirs);

#endif

/* The value of a=crypto (RFC 4568), read and written. */
#ifndef CALLPARK_SIP_SDP_CRYPTO_H
#define CALLPARK_SIP_SDP_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include "core/keying.h"

#define SDP_CRYPTO_SIZE 128 /* of one that we write */

/* False for what we cannot use: an unknown suite, a key of the wrong length, a parameter that asks
 * for what we do not do (RFC 4568 6.3). */
bool sdp_crypto_read(struct session_crypto *out, const char *value);

/* With the first bytes of `key`, as many as the suite takes. */
bool sdp_crypto_write(char to[SDP_CRYPTO_SIZE], uint32_t tag, enum srtp_suite suite,
                      const uint8_t key[SRTP_KEY_MAX]);

#endif

/* Digest as whoever is challenged answers it (RFC 7616, RFC 8760): SHA-256, SHA-512/256 and MD5,
 * with qop=auth or, as old servers want it, without. Text in, text out; not for challenging others.
 */
#ifndef CALLPARK_SIP_CHALLENGE_H
#define CALLPARK_SIP_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum challenge_hash { CHALLENGE_NONE, CHALLENGE_MD5, CHALLENGE_SHA256, CHALLENGE_SHA512_256 };

/* One challenge, taken from its header. */
struct challenge {
    enum challenge_hash algorithm; /* CHALLENGE_NONE: there is none */
    bool proxy;                    /* it came as Proxy-Authenticate */
    bool qop;                      /* "auth" is offered */
    bool stale;                    /* the answer was right, but to an old question */
    char realm[128], nonce[256], opaque[256];
    uint32_t count; /* how often the nonce was used */
};

#define CHALLENGE_HEADER_SIZE 1400

/* `parameters`: "realm=\"a\"", "nonce=\"b\"", ... with a NULL behind the last. False, and nothing
 * written: we cannot answer that one. */
bool challenge_take(struct challenge *to, const char *const *parameters);

/* "Authorization: Digest ..." or "Proxy-Authorization: ..." for one request; false: it does not
 * fit, or there is no challenge. `client_nonce` is random and plain. */
bool challenge_answer(struct challenge *d, const char *user, const char *password,
                      const char *method, const char *uri, const char *client_nonce,
                      char to[CHALLENGE_HEADER_SIZE]);

#endif

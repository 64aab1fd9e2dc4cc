/* The front: TLS, WebSocket and secure WebSocket (RFC 7118) before the SIP library, which has none
 * of the three in the form we need. A thread of its own accepts, does the handshakes, and relays
 * each connection to a listener of the library that only it may connect to; who is really behind
 * such a connection is kept here. Internal to src/sip. */
#ifndef CALLPARK_SIP_FRONT_H
#define CALLPARK_SIP_FRONT_H

#include <stdbool.h>

#include "core/limits.h"
#include "core/session.h"
#include "sip/sip.h"

#define FRONT_NAMES_MAX 8

struct front;

/* Who sent a message, as far as the transport can say. */
struct front_peer {
    struct address source; /* his real address */
    char transport[8];     /* "udp", "tcp", "tls", "ws", "wss" */
    bool verified;         /* he has shown a certificate that [sip] tls-ca has signed for */
    unsigned name_count;   /* what it says who he is (RFC 5922 7.1), in lower case; 0: nothing */
    char names[FRONT_NAMES_MAX][FQDN_SIZE];
};

/* Who is behind `source`, the address that a message has come from as the library sees it; false:
 * it is none of the front's connections, and `out` is untouched. On the SIP thread. */
bool front_lookup(const struct sip *s, const struct address *source, struct front_peer *out);

/* Is this one of the names of the certificate that was shown? Without regard to case. */
bool front_is_named(const struct front_peer *peer, const char *name);

#endif

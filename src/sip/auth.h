/* Who asks, and whether he may: by his peer, or by a user's password (RFC 7616, RFC 8760). For the
 * files of the SIP edge. */
#ifndef CALLPARK_SIP_AUTH_H
#define CALLPARK_SIP_AUTH_H

#include "sip/edge.h"

#include "core/access.h"

struct asker {
    bool trusted;                  /* what he says about identities is believed */
    char user[USER_SIZE];          /* whose password he had; "": nobody's */
    char peer[SIP_PEER_NAME_SIZE]; /* "trusted": a network of [sip] trusted; "": none */
    char source[ADDRESS_SIZE];
    unsigned may; /* SIP_MAY_... */
};

/* May this request be served, which needs all of `need` (0: whoever is let in at all)? False: it
 * has been answered with 401 or 403 and `irq` is gone. May be asked again about the same request
 * with another need. ACK and CANCEL are never asked about. */
bool auth_admit(struct sip *s, nta_incoming_t *irq, const sip_t *sip, unsigned need,
                struct asker *out);

#endif

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
    char phone[DIALLED_SIZE];      /* the other name of that user: his number; "": none */
    char source[ADDRESS_SIZE];
    unsigned may; /* SIP_MAY_... ; of a user: anywhere at all, decide() knows where */
};

struct auth *auth_new(const unsigned char nonce_key[32]);
void auth_free(struct auth *a);
void auth_take_users(struct auth *a, struct sip_user_table *users); /* owned from here on */
void auth_users_free(struct sip_user_table *users);                 /* NULL is fine */
/* May this user watch this range; may he see there who waits? */
bool auth_may_watch(const struct sip *s, const char *user, range_id range, bool *names);
/* A new request is being looked at. */
void auth_begin(struct sip *s);

/* May this request be served, which needs all of `need` (0: whoever is let in at all)? False: it
 * has been answered with 401 or 403 and `irq` is gone. May be asked again about the same request
 * with another need. ACK and CANCEL are never asked about. */
bool auth_admit(struct sip *s, nta_incoming_t *irq, const sip_t *sip, unsigned need,
                struct asker *out);

/* Who this request is from, as far as he is believed: a peer's word counts, a user is himself (his
 * name or his number, at our domain), others are who their From says. */
void auth_identity(const struct sip *s, const struct asker *who, const sip_t *sip,
                   struct party *to);
/* headers_invite(), and what of it is believed; `trusted`, `may`, `signed_in`, `source` filled. */
void auth_invite(const struct sip *s, const struct asker *who, const sip_t *sip, struct invite *in);

#endif

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

#define FRONT_NAMES_MAX 4

struct front;

/* Who sent a message, as far as the transport can say. */
struct front_peer {
    struct address source; /* his real address */
    char transport[8];     /* "udp", "tcp", "tls", "ws", "wss" */
    bool verified;         /* he has shown a certificate that [sip] tls-ca has signed for */
    unsigned name_count;   /* what it says who he is (RFC 5922 7.1), in lower case; 0: nothing */
    char names[FRONT_NAMES_MAX][FQDN_SIZE];
};

/* Is this one of the names of the certificate that was shown? Without regard to case. */
bool front_is_named(const struct front_peer *peer, const char *name);

/* ---- its life; on the SIP thread ---- */

/* Reads the certificates. It serves once front_start() has been called. */
int front_new(struct front **out, const struct sip_config *config, struct err *err);
int front_start(struct front *f, struct err *err);
void front_stop(struct front *f); /* ends every connection; NULL is fine */
/* Certificates, who may connect, from which pages: for connections from now on. */
void front_reload(struct front *f, const struct sip_config *config);

/* Bind a listener; before the start. `n`: its number among those of the edge. */
int front_listen(struct front *f, unsigned n, const char *transport, const char *host,
                 uint16_t port, struct address *bound, struct err *err);
/* Where the library takes what comes in there, and what Via calls us ("park.example.com:5061"). */
void front_inside(struct front *f, unsigned n, uint16_t port, const char *sent_by);
/* The loopback address that is ours alone: nobody but the front connects from it. */
const char *front_host(const struct front *f);

/* A way to `host` by TLS: the address that the library connects to instead, as a route. The
 * certificate there must be for `name`. False: there is none left. `n`: as whom we call. */
bool front_way(struct front *f, unsigned n, const char *host, uint16_t port, const char *name,
               char route[96]);

/* ---- who is behind a connection; on the SIP thread ---- */

/* Who is behind `source`, the address that a message has come from as the library sees it; false:
 * it is none of the front's connections, and `out` is untouched. */
bool front_lookup(const struct sip *s, const struct address *source, struct front_peer *out);
/* The same without `out` for the edge whose thread this is: put the real address into `source`. A
 * connection that only pretends to be the front's has no address. */
void front_real(struct address *source);
/* Readable while there is news of connections; front_news() takes it in. */
int front_news_fd(const struct front *f);
void front_news(struct front *f);

/* A phone that is reachable by its connection alone (RFC 7118, ".invalid"): remember the Contact
 * that it gave, and find the connection again, as the port of `source`; 0: it is gone. */
void front_note_contact(struct front *f, uint16_t near_port, const char *contact);
uint16_t front_of_contact(struct front *f, const char *contact);

#endif

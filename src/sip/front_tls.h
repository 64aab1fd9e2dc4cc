/* What TLS needs of certificates: contexts made of files, and who a certificate says somebody is
 * (RFC 5922). Internal to src/sip. */
#ifndef CALLPARK_SIP_FRONT_TLS_H
#define CALLPARK_SIP_FRONT_TLS_H

#include <openssl/ssl.h>
#include <sys/stat.h>

#include "base/types.h"
#include "sip/front.h"

struct front_tls {
    SSL_CTX *server, *client; /* server: NULL without a certificate of our own */
    wall_msec not_after;      /* of our certificate; 0: there is none */
};

/* Read what `config` names. Whole, or not made at all with words that name the file at fault. */
int front_tls_read(struct front_tls *tls, const struct sip_tls *config, struct err *err);
void front_tls_done(struct front_tls *tls);
/* In the log, until when our certificate holds; a warning when that is soon or was. */
void front_tls_say(const struct front_tls *tls, const struct sip_tls *config);

/* Who is at the other end, once the handshake is over: `verified` and the names. */
void front_tls_names(SSL *ssl, struct front_peer *to);
/* RFC 5922 7.2: is this certificate for `host`? No wildcards. */
bool front_tls_is_for(SSL *ssl, const char *host);

/* The last error of the library in words. */
const char *front_tls_why(char to[160]);

/* Have the files changed since they were read, and lain still since the last question? */
struct front_look {
    struct stat read[3], last[3];
};
void front_look_read(struct front_look *look, const struct sip_tls *config);
bool front_look_changed(struct front_look *look, const struct sip_tls *config);

#endif

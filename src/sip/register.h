/* Accounts of ours at registrars ([register.NAME]; RFC 3261 10): each address is a contact of its
 * own, kept up for as long as the server runs. For the files of the SIP edge. */
#ifndef CALLPARK_SIP_REGISTER_H
#define CALLPARK_SIP_REGISTER_H

#include <stdbool.h>

#include "sip/sip.h"

struct registrations;

/* Register what the configuration says; a reload calls it again and only changes what has changed.
 */
void register_start(struct sip *s);
/* The server stops: those that say so (`unregister`) are taken back, with a password if need be.
 * Serves the network meanwhile, and returns when all have answered, or after two seconds. */
void register_leave(struct sip *s);
/* They are forgotten; those that say so are taken back, without waiting for an answer. */
void register_stop(struct sip *s);

/* The first address of this account, "sip:callpark@pbx.example"; "" : it has none. */
void register_address(const struct sip_register *r, char to[URI_SIZE]);
/* Service-Route of its registration (RFC 3608), as header text; "": none. */
const char *register_routes(const struct sip *s, const struct sip_register *r);

#endif

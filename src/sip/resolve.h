/* Which servers a SIP URI means (RFC 3263 4): NAPTR, SRV by priority and weight, addresses. Name
 * servers are asked without waiting. Internal to src/sip, and for its thread. */
#ifndef CALLPARK_SIP_RESOLVE_H
#define CALLPARK_SIP_RESOLVE_H

#include "sip/hop.h"

struct sip;

bool resolve_new(struct sip *s); /* false: no memory; free it all the same */
void resolve_free(struct sip *s);

/* What was found, first choice first; 0: nothing, or nothing in time. `at` NULL: nobody was asked,
 * as the URI is none that we can look up, or too many names are being asked for. `key` is what was
 * given. */
typedef void resolve_done(struct sip *s, uint64_t key, const struct hop_at *at, unsigned count);

/* `done` is called once, at the latest after five seconds, perhaps before this returns; and not at
 * all after resolve_free(). */
void resolve(struct sip *s, const char *uri, resolve_done *done, uint64_t key);

#endif

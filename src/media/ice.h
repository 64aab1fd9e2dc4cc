/* ICE as a server with an address of its own does it: lite (RFC 8445 2.5). It makes no checks; it
 * answers those of the far end, and the pair that the far end nominates is where the audio goes.
 * The same answers are what keeps the far end's consent (RFC 7675). Pure. */
#ifndef CALLPARK_MEDIA_ICE_H
#define CALLPARK_MEDIA_ICE_H

#include "core/keying.h"
#include "media/stun.h"

/* RFC 8445 5.3: 24 bits of chance for the name, 128 for the password; each character holds six. */
#define ICE_UFRAG_LENGTH 8
#define ICE_PWD_LENGTH 24

/* Make credentials of ICE_UFRAG_LENGTH + ICE_PWD_LENGTH random bytes. */
void ice_name(struct session_ice *out, const uint8_t random[ICE_UFRAG_LENGTH + ICE_PWD_LENGTH]);

enum ice_verdict {
    ICE_NOTHING,  /* somebody else's, or no check at all */
    ICE_CHECKED,  /* the far end is there: it knows our password */
    ICE_NOMINATED /* and wants the audio to go to where this came from */
};

/* One datagram that is STUN. What to answer stands in `answer`, `size` 0: nothing. */
enum ice_verdict ice_take(const struct session_ice *ours, const uint8_t *data, size_t length,
                          const struct endpoint *from, uint8_t answer[STUN_SIZE_MAX], size_t *size);

#endif

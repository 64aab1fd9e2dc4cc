/* How audio gets to a far end that does ICE, DTLS or both: the checks that it makes and we answer,
 * the pair of addresses that it nominates, the handshake on it, the keys that come out, and whether
 * it still wants to hear us (RFC 7675). One for each such stream, made when it is needed; belongs
 * to the stream's worker. */
#ifndef CALLPARK_MEDIA_PATH_H
#define CALLPARK_MEDIA_PATH_H

#include "media/worker.h"

#define PATH_CONSENT 30000 /* msec (RFC 7675 5.1) */

/* What was agreed: with whom to shake hands. Again for the same association: it goes on. */
void path_agree(struct worker *w, struct stream *s, const struct path_command *c);

/* A datagram that is STUN or DTLS and no RTP. */
void path_take(struct worker *w, struct stream *s, const uint8_t *data, size_t size,
               const struct endpoint *from, uint64_t now_ns);

/* At each turn of the stream: send again what was lost, see whether the far end is still there. */
void path_turn(struct worker *w, struct stream *s, msec now);

/* Something came that only the far end can have made. */
void path_is_alive(struct stream *s, msec now);

void path_done(struct stream *s);

#endif

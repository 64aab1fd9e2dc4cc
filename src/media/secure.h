/* SRTP of a stream: both directions, from the keys of SDP or of a handshake. A stream that is to be
 * protected and has no keys yet sends and takes nothing. */
#ifndef CALLPARK_MEDIA_SECURE_H
#define CALLPARK_MEDIA_SECURE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* mmsghdr; before any other header */
#endif
#include "media/srtp.h"
#include "media/worker.h"

/* `before`: what the far end sent with until it changed its key; it goes on with that until it has
 * our answer. Suite SRTP_NONE: there is none. */
struct secure {
    struct srtp in, out, before;
};

/* New keys from now on. False: no memory; the stream is mute. */
bool secure_open(struct stream *s, const struct session_crypto *ours,
                 const struct session_crypto *theirs);

/* The same, but a key of suite SRTP_NONE leaves that direction as it is. */
bool secure_change(struct stream *s, const struct session_crypto *ours,
                   const struct session_crypto *theirs);

/* A packet or report that came in, with the key that it was made with. */
bool secure_take(struct secure *s, uint8_t *packet, size_t *size, bool rtcp);

/* Soon a packet will be protected: have the processor read what that takes. */
void secure_fetch(const struct secure *s);
/* And now that this has come, what it leads to. */
void secure_fetch_more(const struct secure *s);

void secure_done(struct stream *s);

#endif

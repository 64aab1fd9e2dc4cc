/* SRTP of a stream: both directions, from the keys of SDP or of a handshake. A stream that is to be
 * protected and has no keys yet sends and takes nothing. */
#ifndef CALLPARK_MEDIA_SECURE_H
#define CALLPARK_MEDIA_SECURE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* mmsghdr; before any other header */
#endif
#include "media/srtp.h"
#include "media/worker.h"

struct secure {
    struct srtp in, out;
};

/* New keys from now on. False: no memory; the stream is mute. */
bool secure_open(struct stream *s, const struct session_crypto *ours,
                 const struct session_crypto *theirs);
void secure_done(struct stream *s);

#endif

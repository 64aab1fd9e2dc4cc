/* SDP (RFC 8866) to and from the sessions of the core, by Sofia-SIP's parser and printer. Knows
 * nothing of dialogs; what is agreed on is decided by session_agree(). */
#ifndef CALLPARK_SIP_SDP_H
#define CALLPARK_SIP_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/session.h"

#define SDP_SIZE_MAX 16384     /* of a body we read */
#define SDP_TEXT_SIZE 8192     /* of a body we write */
#define SDP_MEDIA_MAX 16       /* m= lines */
#define SDP_ATTRIBUTES_MAX 256 /* a= lines in all */

/* Who we are in the o= line of one leg: constant but for the version, which rises by one with each
 * change (RFC 3264 8). */
struct sdp_origin {
    uint64_t id, version;
    char host[ADDRESS_SIZE]; /* "": the one of c= */
};

/* What may be read and written about keys on a leg. */
struct sdp_policy {
    enum srtp_policy srtp;
    bool keys; /* a=crypto counts: nobody else reads the keys on their way */
};

/* How our own offer protects its audio by SDES: with `suite` alone, or with all that we have. */
struct sdp_protection {
    enum profile profile;
    bool keys;
    enum srtp_suite suite; /* SRTP_NONE: all */
};

/* Read an offer or an answer. `policy` NULL: all may be. Of several audio lines the best that may
 * be is taken: one that is protected rather than one that is not. `out` is written always: with
 * `present`, and when it could not be read (false) or says more than we care to look at (false)
 * with nothing usable. */
bool sdp_take(const char *text, size_t length, const struct sdp_policy *policy,
              struct session_offer *out);

/* Write the answer to the offer `text`: its m= lines in its order, ours with `agreed`, all others
 * refused with port 0. False if it does not fit or the offer cannot be read. */
bool sdp_make_answer(char *to, size_t size, const char *text, size_t length,
                     const struct session *agreed, const struct session_local *local,
                     const struct sdp_origin *origin);

/* Write an offer of all that we can do, `prefer` first, `protect` NULL: in the clear; `plain`:
 * G.711 alone, no extensions. */
bool sdp_make_offer(char *to, size_t size, enum codec prefer, bool plain,
                    const struct sdp_protection *protect, const struct session_local *local,
                    const struct sdp_origin *origin);

/* The same for a WebRTC phone: UDP/TLS/RTP/SAVPF, with our fingerprint and ICE credentials. */
bool sdp_make_web_offer(char *to, size_t size, enum codec prefer, const struct session_local *local,
                        const struct sdp_origin *origin);

/* Write an offer that says of somebody else's audio what he said of it himself, in the clear: whom
 * it is told to sends there, and not to us. False: it cannot be said. */
bool sdp_make_passed_offer(char *to, size_t size, const struct session_offer *theirs,
                           const struct sdp_origin *origin);

/* The same as the answer to the offer `text`, of which `theirs` has taken a part. */
bool sdp_make_passed_answer(char *to, size_t size, const char *text, size_t length,
                            const struct session_offer *theirs, const struct sdp_origin *origin);

/* Do two bodies of ours say the same but for the version of o=? */
bool sdp_same(const char *a, const char *b);

#endif

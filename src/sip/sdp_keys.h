/* The lines of an SDP that a WebRTC phone needs beside the audio: fingerprints and who begins the
 * handshake (RFC 8122, 8842), ICE (RFC 8839), mid and bundle (RFC 9143). */
#ifndef CALLPARK_SIP_SDP_KEYS_H
#define CALLPARK_SIP_SDP_KEYS_H

#include "sip/sofia.h"

#include "core/session.h"

/* What the m= line, or the session for all of them, says. */
void sdp_keys_read(const sdp_session_t *sdp, const sdp_media_t *m, struct session_offer *out);

/* Has it a fingerprint that we would believe? */
bool sdp_keys_usable(const sdp_session_t *sdp, const sdp_media_t *m);

/* The key lines are not needed any more: nothing is left of them in the parser's own text. */
void sdp_keys_wipe(const sdp_session_t *sdp);

struct sdp_keys_wish {
    bool ice, bundle;
    const char *mid; /* "": none */
    enum dtls_setup setup;
};

#define SDP_KEYS_SESSION 2
#define SDP_KEYS_MEDIA 8

/* Our lines, as lists for the library's printer. They point into this and into `local`. */
struct sdp_keys {
    sdp_attribute_t session[SDP_KEYS_SESSION], media[SDP_KEYS_MEDIA];
    unsigned session_count, media_count;
    char fingerprint[224], candidate[96], group[MID_SIZE + 8], mid[MID_SIZE];
};

void sdp_keys_write(struct sdp_keys *k, const struct sdp_keys_wish *wish,
                    const struct session_local *local);

#endif

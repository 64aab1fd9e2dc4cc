/* A body that is safe to parse, made of one that may not be. */
#ifndef CALLPARK_SIP_SDP_BODY_H
#define CALLPARK_SIP_SDP_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "sip/sdp.h"

struct sdp_body {
    char text[SDP_SIZE_MAX + 64];
    size_t length;
    unsigned media, attributes;
    /* What the m= lines said before they were called RTP/AVP, as the parser knows few others. */
    enum profile profile[SDP_MEDIA_MAX];
    bool known[SDP_MEDIA_MAX];
};

/* False: not SDP, or more of it than we care to look at. */
bool sdp_body_read(struct sdp_body *b, const char *text, size_t length);

#endif

/* SIP messages as the test phone reads and writes them: just enough, and none of it shared with
 * src/sip, whose faults it is to find. Pure. */
#ifndef CALLPARK_CTL_PHONE_MSG_H
#define CALLPARK_CTL_PHONE_MSG_H

#include <stdbool.h>
#include <stddef.h>

#define MSG_SIZE 8192
#define MSG_HEADERS_MAX 64

struct msg {
    char text[MSG_SIZE]; /* cut into pieces in place */
    bool is_request;
    const char *method; /* of the request, or of the CSeq of a response */
    const char *uri;
    unsigned status;
    const char *reason;
    struct {
        const char *name, *value;
    } header[MSG_HEADERS_MAX];
    size_t header_count;
    unsigned long cseq;
    const char *body;
};

/* False when it is not SIP/2.0, has no Call-ID, CSeq, From, To or Via, or does not fit. Folded
 * lines are joined. */
bool msg_parse(struct msg *m, const char *bytes, size_t length);

/* The n-th header of that name (its full name; the compact form is found too); NULL: there is none.
 */
const char *msg_header(const struct msg *m, const char *name, size_t n);

/* The value of ";name=value" behind the closing bracket of a header, or in one without brackets. */
bool msg_param(const char *header, const char *name, char *to, size_t size);

/* The URI of "Name <uri>;tag=1" or of a bare one. */
bool msg_uri(const char *header, char *to, size_t size);

/* What an SDP body says of its audio: the address, the port and the first payload type of G.711 (0
 * or 8). False without an audio line of a port above 0. */
struct msg_audio {
    char host[64];
    unsigned port;
    int payload_type; /* 0 or 8; -1: no G.711 */
    bool inactive;    /* inactive or sendonly: it does not want to hear us */
};
bool msg_audio_of(const char *sdp, struct msg_audio *out);

#endif

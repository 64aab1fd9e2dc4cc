/* Whose packets a stream takes, and where it sends (RFC 4961, RFC 7362). Until something comes, we
 * send to the address in the SDP. A phone behind NAT sends from another: the first packet from a
 * source that can be the phone's decides, and for two seconds the very address of the SDP may still
 * take over. After that nothing moves the stream but a new SDP, so nobody who guesses a port can
 * draw the audio away. Pure. */
#ifndef CALLPARK_MEDIA_LATCH_H
#define CALLPARK_MEDIA_LATCH_H

#include "base/types.h"
#include "media/endpoint.h"

#define LATCH_OPEN                                                                                 \
    2000 /* msec after the first packet in which the SDP's own address may take over */
#define LATCH_STALE                                                                                \
    500 /* msec after a new SDP in which the old source's last packets do not count */

struct latch {
    struct endpoint expected;  /* of the SDP; FAMILY_NONE: unknown yet */
    struct endpoint signalled; /* where the SIP came from; its port means nothing here */
    struct endpoint source;    /* latched to; FAMILY_NONE: not yet */
    struct endpoint before;    /* latched to before the last new SDP */
    struct endpoint recalled;  /* latched to before a restart: until something comes, it is there */
    msec latched_at, opened_at;
    bool reported; /* RTCP came from the host of the SDP */
};

enum latch_verdict {
    LATCH_TAKE,  /* from the source we know: play it */
    LATCH_MOVE,  /* the stream now follows this source: play it, and send there */
    LATCH_REFUSE /* somebody else: drop it, change nothing */
};

/* A new address by SDP; the latch opens again unless it is the one we have. */
void latch_expect(struct latch *l, const struct endpoint *expected, msec now);

/* Until the last restart it was latched to this place. Where it sends from may be another port by
 * now (a NAT has forgotten it), so the latch is open; FAMILY_NONE: nothing is known. */
void latch_recall(struct latch *l, const struct endpoint *recalled);

/* A packet came from `source`. */
enum latch_verdict latch_decide(struct latch *l, const struct endpoint *source, msec now);

/* ICE has nominated this place (RFC 8445 8.1.1): follow it. False: it is there already. */
bool latch_pin(struct latch *l, const struct endpoint *source, msec now);

/* Could a packet from this host be this stream's, when its port is not known yet? */
bool latch_may_be(const struct latch *l, const struct endpoint *source);

/* A report (RTCP) came from the host that we send to. */
void latch_report(struct latch *l);

/* Has anything come from where we send to? Until then whoever named it may have named somebody who
 * knows nothing of it. */
bool latch_is_proven(const struct latch *l);

bool latch_is_set(const struct latch *l);
bool latch_is_expecting(const struct latch *l); /* an SDP names a place */

/* Where to send. */
const struct endpoint *latch_target(const struct latch *l);

#endif

/* A lane: the socket that RTP comes in and leaves by, on an even port, and its RTCP socket on the
 * odd port above. And which pairs of ports are in use. */
#ifndef CALLPARK_MEDIA_LANE_H
#define CALLPARK_MEDIA_LANE_H

#include "base/err.h"
#include "media/endpoint.h"

struct lane {
    int rtp, rtcp; /* -1: not open */
    uint16_t port; /* of `rtp` */
    uint8_t family;
};

#define LANE_NONE ((struct lane){ .rtp = -1, .rtcp = -1 })

struct ports {
    uint16_t first, last;
    uint32_t used, next; /* `next`: which pair is tried first, so that none is soon used again */
    uint8_t taken[FAMILIES][4096]; /* a bit for each pair */
    uint8_t kept[FAMILIES][4096];  /* likewise: for legs that a restart is to take up again */
};

void ports_init(struct ports *p, uint16_t first, uint16_t last);
bool ports_is_taken(const struct ports *p, uint8_t family, uint16_t port); /* or the odd one */
void ports_give_back(struct ports *p, uint8_t family, uint16_t port);
void ports_keep(struct ports *p, uint8_t family, uint16_t port); /* for lane_open_at() alone */
void ports_keep_none(struct ports *p);                           /* any more */

/* Open both sockets on the next free pair of `bind_to`'s host; `big`: buffers for many streams.
 * -EMFILE when the range, or the process's limit of descriptors, is used up. */
int lane_open(struct lane *l, struct ports *p, const struct endpoint *bind_to, bool big,
              struct err *err);
/* On this pair and no other, kept or not, whether the range has it or not. -EADDRINUSE: somebody
 * has it. */
int lane_open_at(struct lane *l, struct ports *p, const struct endpoint *bind_to, uint16_t port,
                 bool big, struct err *err);
void lane_close(struct lane *l);

#endif

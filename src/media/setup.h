/* Inside the media edge: what the loop's side holds, and how it is started. */
#ifndef CALLPARK_MEDIA_SETUP_H
#define CALLPARK_MEDIA_SETUP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* mmsghdr; before any other header */
#endif
#include "media/legs.h"
#include "media/pieces.h"
#include "media/worker.h"

#define WORKERS_MAX MEDIA_WORKERS_MAX

struct media {
    struct media_config config;
    struct shared shared;
    struct ports ports;
    struct endpoint bound[FAMILIES]; /* FAMILY_NONE: not used; port 0 */
    bool bound_to_all[FAMILIES];     /* 0.0.0.0 or :: */
    struct legs legs;
    struct pieces pieces;
    struct dtls_identity *identity;
    uint32_t load[WORKERS_MAX]; /* streams of each worker */
    uint32_t closing;           /* legs whose CMD_CLOSE is still to be sent */
    struct worker *workers;
};

/* media.c */
void media_leg_port(struct leg *leg, bool mux); /* leg->port, as the SDP says it */
int media_leg_keys(struct media *m, struct leg *leg, const struct session_offer *theirs,
                   struct err *err);
/* It got no further than a number, and a lane if it is its own. */
void media_leg_give_up(struct media *m, struct leg *leg, struct lane *lane);

/* restore.c */
/* What config.kept means: as many workers as it speaks of, and ports that are nobody else's. */
void media_keep_workers(struct media *m);
void media_keep_ports(struct media *m);
/* The port that this worker's legs shared before; 0: none is known. */
uint16_t media_kept_port(const struct media *m, unsigned worker, uint8_t family);

/* share.c */
bool media_send(struct media *m, const struct leg *leg, const struct command *c); /* false: full */
bool media_send_close(struct media *m, struct leg *leg); /* false: media_settle() does it later */
/* Take back the numbers and ports of streams that are gone, and close again what could not be
 * closed. */
void media_settle(struct media *m);
/* For a new stream: the worker of the leg it is to talk to, or the one with the most room. */
uint32_t media_choose_worker(const struct media *m, leg_id near);

#endif

/* The loop's own view of the streams: which leg has which number, on which worker, and which far
 * ends are spoken for on a shared lane. Not for the workers. */
#ifndef CALLPARK_MEDIA_LEGS_H
#define CALLPARK_MEDIA_LEGS_H

#include "base/types.h"
#include "media/endpoint.h"

struct leg {
    leg_id leg; /* 0: free, or closed and not yet given back by its worker */
    uint32_t number, worker;
    bool own_lane, closing; /* `closing`: CMD_CLOSE found the worker's queue full */
    uint8_t family, piece;  /* `piece`: its number in pieces.h, 0 for the configured one */
    uint16_t port;          /* ours */
    struct endpoint expected, signalled;
    struct session_local local;
    bool seeks;                 /* `hears` of its next agreement has been in use before a restart */
    enum srtp_suite sends_with; /* SDES: the key in `local` has been used, with this suite */
    struct session_crypto hears;      /* SDES: theirs */
    struct session_dtls theirs;       /* with whom hands are shaken; `setup` means nothing here */
    char their_ufrag[ICE_UFRAG_SIZE]; /* another one: they begin their ICE anew */
    struct leg *next_by_id, *next_by_remote;
    bool claims; /* its far end is in the table of remotes */
};

struct legs {
    uint32_t most, used, mask; /* `used`: numbers that are not free */
    uint64_t seed;
    struct leg *all;
    uint32_t *free; /* numbers, the last one given back on top */
    struct leg **by_id, **by_remote;
};

bool media_leg_init(struct legs *l, uint32_t most, uint64_t seed);
void media_leg_done(struct legs *l);

struct leg *media_leg_find(const struct legs *l, leg_id id);
struct leg *media_leg_take(struct legs *l, leg_id id); /* NULL: all are in use */

/* It cannot be found any more; its number stays in use until media_leg_give_back(). */
void media_leg_forget(struct legs *l, struct leg *one);
void media_leg_give_back(struct legs *l, uint32_t number);

/* Does another leg on the shared lane of this worker claim that far end? */
bool media_leg_is_claimed(const struct legs *l, uint32_t worker, const struct endpoint *remote);
void media_leg_claim(struct legs *l, struct leg *one); /* one->expected */
void media_leg_release(struct legs *l, struct leg *one);

#endif

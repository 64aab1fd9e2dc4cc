/* Calls and their slots: what is known of one parked call, and finding it by its id or by a leg.
 * Pure; memory is handed over zeroed. Whatever leaves the core carries an id, never a pointer.
 *
 * A call that nobody looks up sleeps in a fraction of its memory (decision 029). What a look-up
 * returns is good until CALLS_AWAKE others have been looked up: for a step, and not for longer. */
#ifndef CALLPARK_CORE_CALLS_H
#define CALLPARK_CORE_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/types.h"
#include "core/limits.h"
#include "core/number.h"
#include "core/settings.h"

/* Who somebody is, as far as the wire told. */
struct party {
    char display[DISPLAY_SIZE]; /* "" : none */
    char uri[URI_SIZE];         /* address of record, "sip:105@pbx.example" ; "" : unknown */
    char contact[URI_SIZE];     /* where his device can be reached directly; "" : unknown */
    bool hidden;                /* asked for privacy (RFC 3323): shown to nobody */
};

enum call_state {
    CALL_NONE,
    CALL_SAVING,  /* orbit reserved, being written; the caller is not answered yet */
    CALL_TELLING, /* answered; the number is being told; a transfer may still take this leg over */
    CALL_PARKED,  /* music; waits to be retrieved */
    CALL_RINGING_BACK, /* still in its orbit; the parker's phone rings */
    CALL_FORWARDING,   /* still in its orbit; the fallback (or a transfer target) is being called */
    CALL_FETCHING,     /* in an orbit; its caller is being called, as a REFER or somebody asked */
    CALL_RETRIEVING,   /* claimed by a retriever who is not connected yet */
    CALL_CONNECTED,    /* out of the orbit, talking; we carry the audio */
    CALL_REPARKING,    /* talking still; the orbit that one of the two goes to is being written */
    CALL_LEAVING,      /* hears a word of regret, then BYE */
    CALL_ENDED,        /* over; readable until the next step, so that its record can be written */
    CALL_STATES
};

/* Whom `peer` of a call is, or was last. */
enum peer_role {
    PEER_NONE,
    PEER_RETRIEVER,
    PEER_PARKER,
    PEER_FALLBACK,
    PEER_CHOSEN,
    PEER_TARGET
}; /* whom a REFER named */

/* How a call ended, for its record. */
enum outcome {
    OUT_NONE,
    OUT_RETRIEVED,
    OUT_RINGBACK_ANSWERED,
    OUT_FORWARDED,
    OUT_ABANDONED,
    OUT_TIMED_OUT,
    OUT_HUNG_UP,    /* by an administrator */
    OUT_FAILED,     /* never got as far as being parked */
    OUT_INTERRUPTED /* the server ended and the call could not be found again */
};

struct call {
    call_id id; /* 0: the slot is free */
    enum call_state state;
    number_key orbit; /* while it has one, and the last one after that */
    bool has_orbit;   /* the orbit is taken for it (all states but CONNECTED, LEAVING; a call that
                         came   back from CONNECTED when no orbit was free waits without one) */
    range_id range;
    leg_id caller_leg;   /* the leg that holds the orbit */
    bool caller_up;      /* its ACK has come */
    struct party caller; /* who is on it now */
    struct party parker;
    bool parker_known; /* by evidence: somebody to ring back */
    bool consult;      /* nobody sent the call here: `caller` may still be the parker himself, who
                          consults and transfers later (sip.md 2.2, 2.3) */
    bool number_known; /* to the parker: he dialled the orbit, or was told it before */
    leg_id peer;       /* retriever, ring back, fallback: at most one at a time; 0: none */
    enum peer_role peer_role;
    struct party peer_party;
    bool peer_up;    /* he answered and need not confirm (any more), or acknowledged our answer */
    bool confirming; /* he answered the ring back, and is to press 1 until `deadline` */
    leg_id
        next_leg; /* answered with Replaces of `next_for`, takes its place once acknowledged; 0 */
    leg_id next_for; /* caller_leg or peer */
    struct party next_party;
    msec next_deadline; /* for that acknowledgement */
    bool transfer; /* a REFER asked for it: `next_leg`, or `peer` or the caller himself once the one
                      who referred has gone, is being called by us */
    bool exiting;  /* `peer` has been asked to take the caller over, past us; `deadline` counts */
    bool exit_done;      /* ... and says that he has */
    bool exit_listens;   /* ... and the caller's audio is listened for since then */
    bool exit_heard;     /* ... and has come: he is still here */
    uint32_t refer;      /* whose end is still to be told (ACT_REFER_PROGRESS); 0: nobody's */
    struct rules rules;  /* as they were when the call was parked; extended by hand, not by edits */
    uint32_t attempt;    /* ring backs tried so far */
    uint32_t wait;       /* the number of the wait that is on; an answer to another is dropped */
    bool parker_gone;    /* his number does not exist (404 ...): no further attempt */
    bool fallback_tried; /* the fallback has been called and did not answer */
    bool plain_retry; /* the ring back was refused for its form and is tried once in plain form */
    bool by_hand;     /* this ring back was asked for by somebody: it uses up no attempt */
    bool forced;      /* its range is being removed by force: ring back now, then fallback */
    msec parked_at, connected_at;
    msec deadline;   /* of the present state; NEVER: none but give_up_at */
    msec resume_at;  /* the next step's time if the call comes back to PARKED from where it is */
    msec give_up_at; /* max_park; counts while PARKED only, as all else is short or CONNECTED */
    wall_msec parked_wall; /* for people and records */
    uint64_t write;        /* number of the last change asked to be written */
    uint64_t orbit_write; /* the change that wrote the present orbit; the number may be told once */
    uint64_t saved;       /* ... this, the last change known to be on disk, is as high */
    enum outcome outcome;
    char note[NOTE_SIZE];
    char why[WHY_SIZE]; /* the reason of its last step, in words */
    uint32_t version;   /* rises with every change that a watcher can see */
};

struct calls; /* see calls_size() */

size_t calls_size(void);
/* `first` : ids given out are greater than this one (the highest in the store). */
struct calls *calls_init(void *memory, call_id first);

/* Ids given out from now on are greater than this one as well. */
void calls_skip(struct calls *all, call_id id);

struct call *calls_new(struct calls *all);              /* NULL: full; else zeroed but for its id */
void calls_free(struct calls *all, struct call *c);     /* legs are unmapped */
struct call *calls_find(struct calls *all, call_id id); /* NULL: gone */
struct call *calls_by_leg(struct calls *all, leg_id leg);     /* NULL: nobody's */
call_id calls_whose_leg(const struct calls *all, leg_id leg); /* its id alone; 0: nobody's */
/* A leg belongs to this call; false: full, or it is somebody's already. */
bool calls_map_leg(struct calls *all, leg_id leg, call_id id);
void calls_unmap_leg(struct calls *all, leg_id leg);

/* Put back a call with the id it had (restart); NULL when that slot is taken. */
struct call *calls_put_back(struct calls *all, call_id id);

/* When something must happen to this call by itself: the earliest of its deadlines; NEVER. */
msec call_due(const struct call *c);

/* The call with the earliest call_due(), ties in slot order; NULL: no call waits. O(log n);
 * calls_timed() after every change of a deadline or the state. */
struct call *calls_next_due(struct calls *all);
void calls_timed(struct calls *all, struct call *c);

/* When that is; NEVER. */
msec calls_first_due(const struct calls *all);

/* Visit in slot order: start with `after` 0; NULL behind the last. To be read, and good until the
 * next visit: who sleeps is not woken. */
const struct call *calls_next(struct calls *all, call_id after);
size_t calls_count(const struct calls *all);

/* A consultation leg whose far end hung up: for a while an INVITE may still name it in Replaces
 * (many phones hang up before the transferred party calls). Beyond ENDED_LEGS_MAX the oldest is
 * forgotten. */
struct ended_leg {
    leg_id leg;       /* 0: none */
    number_key orbit; /* where it was parked; kept as long as nobody else needs it */
    range_id range;
    struct party parker; /* who was on it */
    msec until;
};

void calls_remember(struct calls *all, const struct ended_leg *ended);
struct ended_leg *calls_remembered(struct calls *all, leg_id leg,
                                   msec now); /* NULL: not, or too long ago */

void calls_check(struct calls *all); /* asserts what holds for slots, map and heap */

const char *call_state_name(enum call_state s); /* as the API says it: "parking", "parked", ... */
const char *outcome_name(enum outcome o);

#endif

/* The parking machine: event and time in, actions out; nothing else happens. No clock, no socket,
 * no allocation. What an event does in which state is one table in park.c. */
#ifndef CALLPARK_CORE_PARK_H
#define CALLPARK_CORE_PARK_H

#include "core/calls.h"
#include "core/decide.h"
#include "core/deployment.h"
#include "core/orbits.h"
#include "core/refer.h"
#include "core/throttle.h"

enum event_type {
    EV_INVITE,      /* a request that belongs to no dialog: `invite` */
    EV_CANCELLED,   /* the far end took its INVITE back before our answer, or sent CANCEL after it:
                       `leg` */
    EV_LEG_UP,      /* inbound: its ACK has come. outbound: it was answered: `leg` */
    EV_LEG_RINGING, /* outbound: a provisional answer above 100: `leg`, `code` */
    EV_LEG_FAILED,  /* outbound: refused, `code`, 408 when nobody answered at all. inbound: our
                       answer  could not be given (488, 500), or its ACK never came (408): `leg`,
                       `code` */
    EV_LEG_GONE,    /* the far end hung up, or the leg is dead: `leg`, `heard` */
    EV_IDENTITY,    /* a re-INVITE or UPDATE says that somebody else is on `leg` now: `party` */
    EV_MEDIA_MOVED, /* a re-INVITE moved the media of `leg` elsewhere: a transfer inside the PBX */
    EV_PATH,        /* the audio between `leg` and `other` goes another way: `direct`, why in `text`
                     */
    EV_MAY_EXIT,    /* `leg` can take `other`, whom he talks to, over by himself */
    EV_EXIT,        /* what became of ACT_EXIT: `leg`, `code` */
    EV_SAID,        /* what ACT_SAY asked for has been said: `leg`, `wait` */
    EV_HEARD,       /* audio has come from `leg` since ACT_LISTEN, or nobody can tell */
    EV_DIGIT,       /* who is on `leg` pressed a key: `digit` */
    EV_SAVED,       /* the change number `write` of `call` is on disk */
    EV_NOT_SAVED,   /* it is not, and will not be */
    EV_DO_RETRIEVE, /* a command: call `uri` and connect it: `call` */
    EV_DO_RING_BACK,
    EV_DO_EXTEND,   /* `span` more before the next step */
    EV_DO_TRANSFER, /* call `uri`, keep the caller in his orbit until it answers */
    EV_DO_HANG_UP,
    EV_DO_NOTE,      /* `text` */
    EV_DO_FORCE_OUT, /* the range is being removed: ring back at once, then the fallback */
    EV_REFER,        /* `refer`, in a dialog or outside of any */
    EV_DO_PARK,      /* a command: call and park whom `refer` names */
    EV_TICK,         /* a deadline may have passed */
    EVENT_TYPES
};

struct event {
    enum event_type type;
    leg_id leg, other;
    call_id call;
    uint64_t write;
    uint32_t wait;
    uint16_t code;
    char digit;     /* '0' to '9', '*', '#', 'A' to 'D' */
    bool heard;     /* any audio had come from that leg */
    bool answered;  /* EV_CANCELLED: our 200 had left, so the leg lives until its BYE */
    bool direct;    /* EV_PATH: from one to the other, and not through us */
    bool unwritten; /* EV_SAVED: it is not, but the number is to be told all the same; why in `text`
                     */
    msec span;
    wall_msec wall;              /* now, for people */
    const struct invite *invite; /* EV_INVITE only; not kept */
    const struct refer *refer;   /* EV_REFER, EV_DO_PARK only; not kept */
    struct party party;
    char uri[URI_SIZE];
    char text[NOTE_SIZE];
    char actor[DISPLAY_SIZE]; /* who gave the command, for the reason */
};

enum action_type {
    ACT_SAVE,   /* write `call` as it is now; report EV_SAVED or EV_NOT_SAVED with `write` */
    ACT_FORGET, /* `call` has ended: remove its row, write its record (as it is now), then forget it
                 */
    ACT_ANSWER, /* answer `leg` with 200 and `orbit`/`party` told in it as `tell` says; report
                   EV_LEG_UP or EV_LEG_FAILED */
    ACT_REFUSE, /* answer `leg` with `code`, `why` in a Warning, `retry_after` */
    ACT_HANG_UP, /* end `leg` whatever its state (CANCEL, BYE, BYE after the ACK); `code`, `why` in
                    Reason. No report. */
    ACT_CALL,   /* start `leg` towards `uri`, telling who waits (`party`) and where; report RINGING,
                   UP, FAILED, GONE */
    ACT_MUSIC,  /* `leg` hears music (silence when the rules say so); unbridge it */
    ACT_SAY,    /* `leg` hears `say`; then music if `then_music`; report EV_SAID with `wait` */
    ACT_BRIDGE, /* `leg` and `other` hear each other */
    ACT_EXIT,   /* ask `leg` to call `other` in our place (REFER with Replaces); report EV_EXIT */
    ACT_LISTEN, /* does audio still come from `leg`? report EV_HEARD when it does; nothing if not */
    ACT_REFER_ANSWER, /* answer REFER number `refer` with `code` (202: NOTIFY 100 follows), `why` */
    ACT_REFER_PROGRESS, /* how it stands: NOTIFY `code`, the last one with 200 and above, telling
                           `orbit` */
    ACT_STEP            /* for the timeline and watchers: `step`, `why` */
};

enum tell {
    TELL_NOTHING,
    TELL_ORBIT,
    TELL_CALLER
}; /* identity in our 200: "Parked 701", or the caller's */
enum say {
    SAY_NOTHING,
    SAY_ORBIT,
    SAY_FULL,
    SAY_REGRET,
    SAY_PIN,       /* enter it */
    SAY_PIN_AGAIN, /* it was wrong; enter it */
    SAY_PIN_WRONG, /* it was wrong, and that is all */
    SAY_GONE,      /* the call is not there any more */
    SAY_CONFIRM    /* press 1 to take the call */
};
enum call_kind {
    CALLING_PARKER,
    CALLING_FALLBACK,
    CALLING_CHOSEN,
    CALLING_CALLER, /* to be parked */
    CALLING_TARGET, /* of a transfer: `party` is whom he is to talk to */
    CALLING_TO_TELL /* the parker, to speak the number to him; his phone is to pick up by itself */
};

/* Steps that watchers see; their names are the event names of the API. */
enum step {
    STEP_PARKING,
    STEP_UNWRITTEN, /* it goes on although it is not on disk */
    STEP_PARKED,
    STEP_PARK_FAILED,
    STEP_TELLING,
    STEP_ANNOUNCING,
    STEP_ANNOUNCED,
    STEP_ANNOUNCE_FAILED,
    STEP_IDENTITY,
    STEP_TAKEN_OVER,
    STEP_RINGBACK_STARTED,
    STEP_RINGBACK_ASKED,
    STEP_RINGBACK_UNCONFIRMED,
    STEP_RINGBACK_FAILED,
    STEP_FORWARDING,
    STEP_FORWARD_FAILED,
    STEP_RETRIEVING,
    STEP_RETRIEVE_FAILED,
    STEP_PIN_ASKED,
    STEP_PIN_WRONG,
    STEP_RETRIEVED,
    STEP_RINGBACK_ANSWERED,
    STEP_FORWARDED,
    STEP_RETURNED,
    STEP_FETCHING,
    STEP_TRANSFERRING,
    STEP_TRANSFERRED,
    STEP_TRANSFER_FAILED,
    STEP_MEDIA_DIRECT,
    STEP_MEDIA_RELAYED,
    STEP_EXITING,
    STEP_EXITED,
    STEP_EXIT_FAILED,
    STEP_ABANDONED,
    STEP_REFUSED,
    STEP_AUDIO_STOPPED,
    STEP_AUDIO_RESUMED,
    STEP_EXTENDED,
    STEP_NOTED,
    STEP_HUNG_UP,
    STEP_TIMED_OUT,
    STEP_ENDED,
    STEP_RECOVERED,
    STEPS
};

/* Plain values; `call` is a copy's id: look it up for the rest, in the same turn. */
struct action {
    enum action_type type;
    call_id call;
    leg_id leg, other;
    uint64_t write;
    uint32_t wait;
    uint16_t code, retry_after;
    number_key orbit;
    enum tell tell;
    enum say say;
    bool then_music;
    char language[16]; /* ACT_SAY */
    enum call_kind kind;
    bool plain; /* ACT_CALL: PCMU and PCMA only, no extensions */
    enum step step;
    bool full;          /* STEP_PARK_FAILED: because no orbit is free */
    bool overload;      /* STEP_PARK_FAILED: because no more audio can be sent on time */
    struct party party; /* whom to name: the caller (ACT_CALL, TELL_CALLER) */
    uint32_t refer;
    char uri[URI_SIZE];           /* ACT_CALL */
    char replaces[REPLACES_SIZE]; /* ACT_CALL: the dialog that it is to take the place of; "": none
                                   */
    char referred_by[URI_SIZE];   /* ACT_CALL: on whose behalf; "": our own */
    char why[WHY_SIZE];
};

struct actions {
    struct action at[ACTIONS_MAX];
    unsigned count;
};

// clang-format off
/* Fixed patience of the machine; every wait has one. */
#define PATIENCE_SAVE 5000      /* the store must say yes or no */
#define PATIENCE_TELL 3000      /* after the number was told, until an unchanged leg counts as parked */
#define PATIENCE_SAY 30000      /* a prompt must end */
#define PATIENCE_CONNECT 40000  /* a claimed leg must be acknowledged (64*T1 is 32 s) */
#define KEEP_FOR_REPLACES 32000 /* the orbit of a consultation that was hung up waits for its Replaces */
#define MIN_TALK 2000           /* a retriever gone sooner without a sound never was connected */
#define ANNOUNCE_AFTER 1500     /* the parker's phone is done with its transfer */
#define PATIENCE_ANNOUNCE 10000 /* it picks up by itself, or does not know how */
#define PATIENCE_FETCH 10000    /* who is called with Replaces answers by himself */
#define PATIENCE_PIN 20000      /* for one try to give a PIN, from the beginning of the question */
#define PIN_TRIES 3u
#define PATIENCE_CONFIRM 20000  /* who answered a ring back presses 1, or is a mailbox */
#define PATIENCE_EXIT 5000      /* who is asked to take the caller over does so */
#define EXIT_SETTLES 2000       /* he says that he has: the caller lets go, or his phone at least falls silent */
#define EXIT_LISTENS 3000       /* ... which is listened for so long */
#define JUST_TAKEN 2000         /* who dials an orbit this soon after it was taken is told so */

/* What people will ask about, and the sources leave open:
 *  - Only the first save of a call is waited for. A number is told (ACT_ANSWER, ACT_SAY, ACT_CALL) when
 *    the save that holds it is on disk; ACT_CALL says orbit 0 while it is not.
 *  - Media that moves (EV_MEDIA_MOVED) while the number is told parks the call, but the prompt goes on:
 *    it may be the PBX letting the parker's own phone send here directly. Another identity stops it.
 *  - A consultation leg that hangs up ends its call; its orbit is kept and the leg remembered for
 *    KEEP_FOR_REPLACES, and a Replaces that names it makes a new call there, parked by who had been on it.
 *  - A transfer that completes (Replaces, another identity) begins the patience anew.
 *  - A retriever who sends CANCEL is given up at once, although his ACK and BYE are still to come.
 *  - A ring back that is called off (retrieved, transferred) was no attempt. One that somebody asked for
 *    is none either, and begins the patience anew.
 *  - Who answered a ring back and is still to press 1 rings as before to everybody else: the call can be
 *    claimed, and his leg is then called off. Keys other than 1 mean nothing.
 *  - A call that comes back from CONNECTED when no orbit is free waits without one, rings somebody at
 *    once, and takes the first orbit it can get.
 *  - Who is called for a REFER is hung up on when nobody wants him any more, as any who rings. When the
 *    one who referred has gone and the target does not answer, the other one is parked and he is rung.
 *  - A REFER to an orbit parks once the orbit is written; until then the two go on talking.
 *  - One side that waits for the other's acknowledgement is RETRIEVING, whoever called whom. */
// clang-format on

/* Whom to call for a call in SAVING, once it is written. */
struct fetch {
    call_id call; /* 0: free */
    char uri[URI_SIZE], replaces[REPLACES_SIZE], referred_by[URI_SIZE];
};

/* A call to a parker who is to hear the number; no leg of the parked call. */
struct announce {
    call_id call; /* that he parked; 0: free */
    leg_id leg;   /* 0: he is called at `due` */
    bool up;      /* he hears it */
    uint32_t wait;
    msec due;
};

/* Somebody who is asked for the PIN of a range: no part of the call before he has given it. */
enum pin_state { PIN_ANSWERING, PIN_ASKING, PIN_LEAVING };

struct pin_entry {
    leg_id leg; /* 0: free */
    call_id call;
    range_id range;
    enum pin_state state;
    struct party party;
    char person[THROTTLE_KEY_SIZE]; /* who fails, as far as that can be told */
    char digits[PIN_SIZE];
    unsigned count, tries;
    bool speaking; /* the question is being asked */
    uint32_t wait;
    msec deadline;
    uint16_t code; /* PIN_LEAVING: for the BYE */
    char why[WHY_SIZE];
};

struct park {
    struct house house;
    struct deployment *deployment; /* the app changes it between steps */
    struct orbits *orbits;
    struct calls *calls;
    leg_id next_leg; /* even numbers, for legs that we start */
    struct fetch fetch[FETCHES_MAX];
    struct announce announce[ANNOUNCES_MAX];
    unsigned announcing; /* how many of them there are */
    struct pin_entry pin[PINS_MAX];
    unsigned pin_count;
    struct throttle wrong_pins; /* by range, and by person */
    call_id gone;               /* ended in the last step; its slot is freed by the next one */
};

/* One event at one time. Writes at most ACTIONS_MAX actions in `out`, in the order they are to be
 * done; never an action that waits for another of the same step. An EV_TICK handles one call's
 * deadline: give it again while park_next_deadline() <= now. */
void park_step(struct park *p, const struct event *ev, msec now, struct actions *out);

/* A call that ended is readable until its record has been made from it: forget it now. Otherwise
 * the next step does so. */
void park_bury(struct park *p);

/* When EV_TICK is wanted; NEVER: no call waits. */
msec park_next_deadline(struct park *p);

/* What became of a leg of a call that the last run left. */
enum restored_leg {
    LEG_LOST,              /* there is none, or it cannot be taken up any more */
    LEG_RESTORED_UP,       /* its dialog goes on */
    LEG_RESTORED_ANSWERED, /* we answered its INVITE, and its ACK has not come */
    LEG_RESTORED_CALLING   /* our INVITE to it was on its way */
};

struct restore {
    enum restored_leg caller, peer, next;
};

/* After a restart, before the first step: put a call back as it was last written, in the state that
 * is right now (decision 041). `saved` has its deadlines by the present clock; what passed
 * meanwhile is handled by the ticks that follow. `out` is carried out like that of a step, and a
 * call that ended in it (ACT_FORGET) is buried by the next step or park_restore(). False: nothing
 * was done and nothing is to be: there is such a call already, or nobody of it is left; the caller
 * of this closes it with a record and hangs up on whoever is there.
 * The newest call (the highest id) goes first: of two rows with one orbit, the other is of a call
 * whose end could not be written. */
bool park_restore(struct park *p, const struct call *saved, const struct restore *legs, msec now,
                  struct actions *out);

/* What happens next to this call and when, for people: "rings Anna back", "goes to the fallback",
 * "is hung up"; `to` of WHY_SIZE. Returns the time, NEVER if nothing is planned. */
msec park_next_step(const struct park *p, const struct call *c, char to[WHY_SIZE]);

/* What an INVITE would meet if it came now. */
struct foresight {
    struct decision decision; /* a refusal, too, when no orbit is free */
    struct trace trace;
    number_key orbit; /* it would get, or is in; 0: none, or one by chance (allocation = random) */
    range_id range;   /* of the orbit, or that it would be chosen in; 0: not known */
    struct party parker; /* park: who would be rung back; uri "": nobody is known */
    char then[WHY_SIZE]; /* park: what follows when nobody retrieves, as park_next_step() says it */
    msec then_after;     /* ... and how long after; NEVER: nothing does */
};

/* As EV_INVITE, but nothing is changed and no orbit is taken. */
void park_foresee(struct park *p, const struct invite *in, msec now, struct foresight *out);

const char *step_name(enum step s); /* "call.parked", "call.ringback_started" ... */

/* Asserts every invariant of calls, orbits and legs at once. */
void park_check(struct park *p);

#endif

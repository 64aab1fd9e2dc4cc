/* The world around the parking machine, invented from a seed: phones, a network that delays, a
 * store that fails, people who are never content. It knows of the machine what its edges would
 * know: the events it gave and the actions it got. judge.c decides whether those were right. */
#ifndef CALLPARK_SIM_WORLD_H
#define CALLPARK_SIM_WORLD_H

#include "core/park.h"

#define LEGS 512
#define WATCHES 512
#define FUTURES 8192
#define ROWS 512

enum part {
    ROLE_CALLER, /* waits for somebody: parked, or about to be */
    ROLE_OTHER   /* whom he is to be connected with */
};

enum intent { INTENT_PARK, INTENT_CONSULT, INTENT_RETRIEVE, INTENT_REPLACE, INTENT_CALLED };

/* The truth about a dialog, whether the machine has heard of it or not. */
enum wire {
    WIRE_NONE,
    WIRE_ASKED,    /* an INVITE without a final answer, theirs or ours */
    WIRE_ANSWERED, /* our 200 without its ACK */
    WIRE_UP,
    WIRE_GONE
};

enum hears { HEARS_NOTHING, HEARS_MUSIC, HEARS_WORDS, HEARS_PARTNER };

struct leg {
    leg_id id;
    enum part role;
    enum intent intent;
    enum wire wire;
    enum hears hears;
    leg_id partner; /* HEARS_PARTNER */
    bool insider;
    char user[24]; /* who is on it */
    char by[24];   /* Referred-By; "": none */
    char dialled[16];
    bool to_tell;            /* called to be told a number, and nothing else */
    leg_id replaces;         /* the leg that its INVITE names; 0: none */
    enum replaces kind;      /* what the SIP edge made of that */
    bool taken;              /* another INVITE has replaced it */
    bool sent_for;           /* a command named it, to have its other side parked */
    bool let_go;             /* we hung it up */
    bool told_up, told_gone; /* the machine has been told */
    bool elsewhere;          /* taken over by who was asked to: he talks here no more */
    bool silent;             /* hangs up without ever having made a sound */
    unsigned asked;          /* how often for the PIN */
    msec asked_at;           /* ... the last time */
    bool pin_given;          /* the right one, as far as it was asked for */
    char given[PIN_SIZE];    /* digits since the last question */
    msec confirm_since;      /* he answered a ring back that 1 confirms; 0: he did not */
    bool confirm_heard;      /* that he is to press 1 */
    bool confirmed;          /* he did, in time */
    call_id call;            /* as the actions said */
    msec since, answered, up, gone;
    msec told_at; /* when the machine was told that it is up, which may be seconds later */
};

/* What is known from outside of one call. */
struct watch {
    call_id call;
    leg_id caller;
    struct rules rules;
    msec asked, answered;
    msec earliest;   /* nobody may be rung before */
    msec give_up;    /* max_park */
    bool may_ring;   /* somebody asked for it, or no orbit was free */
    bool consult;    /* nothing says that somebody was sent here */
    bool has_parker; /* evidence came with the INVITE, or later */
    bool parker_gone;
    unsigned rung;       /* attempts that were not called off */
    uint64_t looked_in;  /* the step that `rung` was last taken from, whose rings it holds */
    enum call_kind kind; /* of the ring that is on */
    bool by_hand;        /* somebody asked for that ring */
    bool fallback_called, fallback_rang;
    leg_id ringing, claimant;
    leg_id telling; /* the parker, called to be told the number */
    bool told;      /* he was called */
    bool save_failed;
    bool regret;
    bool met; /* connected, and not come back since */
    bool hang_up_asked, forced;
    bool over;
    number_key orbit;
    bool in_orbit;
    number_key told_number; /* somebody was told: he is to be found there; 0: nobody was */
    leg_id coming;          /* called to be parked, or to take the place of whoever referred */
    bool moving;            /* a REFER is being carried out */
};

/* A REFER, from its arrival to the last that was said of it. */
struct referral {
    uint32_t number; /* 0: free */
    leg_id leg, named;
    bool accepted;
    bool over;
    uint64_t over_in; /* step */
};

enum what {
    FUTURE_DELIVER,
    FUTURE_ACK,
    FUTURE_NO_ACK,
    FUTURE_ANSWER_FAILS,
    FUTURE_HANG_UP,
    FUTURE_CANCEL,
    FUTURE_ANSWERS,
    FUTURE_RINGS,
    FUTURE_FAILS,
    FUTURE_TRANSFER,
    FUTURE_IDENTITY,
    FUTURE_MOVE,
    FUTURE_REFER,
    FUTURE_DIGIT, /* `code` is the key */
    FUTURE_STORE,
    FUTURE_ARRIVAL,
    FUTURE_CRASH,
    FUTURE_QUIET
};

/* Something that will happen; `note` is what is delivered to the machine. */
struct note {
    enum event_type type;
    leg_id leg, other;
    call_id call;
    uint64_t write;
    uint32_t wait;
    uint16_t code;
    bool heard, answered, direct;
    char user[24];
};

struct future {
    msec at;
    uint64_t order;
    enum what what;
    struct note note;
};

/* One change on its way to disk. */
struct change {
    call_id call;
    uint64_t write, step; /* in which it was asked for */
    bool remove, fails, silent;
    struct call *row;
};

struct world {
    struct park p;
    struct deployment *deployment;
    uint64_t seed, random;
    msec now;
    msec last_delivery; /* the SIP edge reports in order */
    uint64_t order;
    leg_id next_leg;    /* odd */
    leg_id stray;       /* it came up after we had hung it up: it is to be hung up again */
    unsigned arrivals;  /* still to come */
    char pin[PIN_SIZE]; /* of the day; "": none */
    bool range_b;       /* the second range is there */
    bool verbose;
    uint64_t steps;
    struct leg leg[LEGS];
    struct watch watch[WATCHES];
    struct future future[FUTURES];
    unsigned futures;
    bool restoring; /* calls are being put back */
    leg_id refers;  /* ... and who asked by REFER for what is written of this one */
    struct referral referral[64];
    uint32_t last_referral;
    struct change change[FUTURES];
    unsigned changes_first, changes_last;
    struct call *row[ROWS]; /* what is on disk */
    call_id highest_row;
    struct freed {
        number_key orbit;
        msec at;
        msec cool_down;
    } freed[64];
    unsigned freed_next;
};

/* world.c: chance, time, the store, a restart */
uint64_t world_dice(struct world *w, uint64_t sides); /* 0 to sides - 1 */
bool world_chance(struct world *w, unsigned percent);
msec world_span(struct world *w, msec mean); /* mostly short, sometimes long */
void world_later(struct world *w, msec in, enum what what, const struct note *note);
void world_start(struct world *w, uint64_t seed, bool verbose);
void world_end(struct world *w);  /* the machine's memory stays for the next day */
bool world_turn(struct world *w); /* false: nothing will ever happen again */
void world_step(struct world *w, const struct event *ev);
void world_carry_out(struct world *w, const struct event *ev, const struct actions *out);
void world_new_core(struct world *w);
bool world_sooner(const struct future *a, const struct future *b);
void world_remove_row(struct world *w, call_id call);
void world_save(struct world *w, call_id call, uint64_t write, bool remove);
const struct call *world_row(const struct world *w, call_id call);

/* crash.c: the machine is thrown away, and what is on disk put back */
void world_restart(struct world *w);

/* phones.c: what legs do */
void phones_goes(struct world *w, struct leg *l);
struct leg *phones_leg(struct world *w, leg_id id);
struct leg *phones_new(struct world *w, leg_id id, enum intent intent);
void phones_report(struct world *w, enum event_type type, struct leg *l, uint16_t code);
void phones_do(struct world *w, const struct action *a);
void phones_happen(struct world *w, const struct future *f);
void phones_invite(struct world *w, struct leg *l);
void phones_ask(const struct leg *l, struct invite *in);
/* What a REFER of this leg says; NULL: it stands outside of a dialog. */
void phones_refer(struct world *w, const struct leg *l, struct refer *r);

/* people.c: who does what when */
void people_arrive(struct world *w);
void people_settings(struct world *w);
void people_ranges(struct world *w, bool both);

#define LATE 100 /* how late a tick may come, and more */

/* judge.c: what is known from outside, and whether it is as it should be */
void judge_event(struct world *w, const struct event *ev);
struct watch *judge_watch(struct world *w, call_id call);
bool judge_is_alive(const struct leg *l);
void judge_patience(struct world *w, struct watch *c); /* nobody is to be rung before its end */
void judge_left_orbit(struct world *w, struct watch *c);
void judge_step(struct world *w, const struct event *ev, const struct action *a);

/* judge_moments.c: between two steps, and at the end of a day */
void judge_after(struct world *w);
void judge_end(struct world *w);

/* judge_crash.c: what a restart makes of it all. Of one call, before and after it is put back; of
 * everybody, when all are. */
void judge_row(struct world *w, const struct call *row, const struct restore *legs);
void judge_put_back(struct world *w, const struct call *row, const struct restore *legs, bool done);
void judge_restart(struct world *w);

/* judge_acts.c: may the machine ask for that? */
void judge_action(struct world *w, const struct event *ev, const struct action *a);
void judge_regret(struct world *w, struct watch *c);

void judge_referral(struct world *w, const struct action *a);
/* May this leg be hung up on because a REFER is carried out? */
bool judge_is_referred(const struct world *w, leg_id leg);
/* Whom the machine takes for the caller, and what it knows of him, after a REFER. */
void judge_look_again(struct world *w, struct watch *c);

void judge_fail(struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

#endif

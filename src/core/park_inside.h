/* What the files of the parking machine (park*.c) share; nobody else includes it. park.c has the
 * table of what may happen when; park_invite.c what comes in; park_wait.c being parked and what
 * ends it; park_ring.c whom we call; park_meet.c two parties; park_swap.c Replaces; park_command.c
 * what people ask for; park_confirm.c who answered has still to press 1; park_announce.c tells a
 * parker the number; park_refer.c what a REFER does, park_fetch.c and park_transfer.c whom it has
 * us call; park_exit.c how the two come to talk without us; park_restore.c what a restart finds;
 * park_act.c how actions are written down; park_words.c and park_check.c only look. */
#ifndef CALLPARK_CORE_PARK_INSIDE_H
#define CALLPARK_CORE_PARK_INSIDE_H

#include "base/text.h"
#include "core/park.h"

/* One step while it is taken. */
struct turn {
    struct park *p;
    const struct event *ev;
    msec now;
    struct actions *out;
    const struct decision *decision; /* what the INVITE of this step means; NULL: it is none */
};

typedef void handler(struct turn *t, struct call *c);

/* ---- park_act.c: actions, in the order in which they are to be done */

struct action *park_act(struct turn *t, enum action_type type, call_id call);
struct action *park_act_leg(struct turn *t, enum action_type type, const struct call *c,
                            leg_id leg);
void park_hang_up(struct turn *t, const struct call *c, leg_id leg, uint16_t code, const char *why);
void park_refuse(struct turn *t, call_id call, leg_id leg, uint16_t code, uint16_t retry_after,
                 const char *why);
/* Answer the REFER of this step, if it is one. */
void park_refer_answer(struct turn *t, call_id call, uint16_t code, uint16_t retry_after,
                       const char *why);
/* The end of what a REFER asked for, told to whoever sent it; nothing while there is none. The
 * number of an orbit is told with 200, to insiders. */
void park_refer_done(struct turn *t, struct call *c, uint16_t code);
void park_music(struct turn *t,
                const struct call *c); /* nothing while the caller has not acknowledged */
/* `leg` is one of the call's; EV_SAID comes back with c->wait. */
void park_say(struct turn *t, struct call *c, leg_id leg, enum say say, bool then_music);
void park_save(struct turn *t, struct call *c); /* nobody waits for it */

/* The sentence stands in c->why already; PARK_STEP writes it there. */
void park_step_done(struct turn *t, struct call *c, enum step step);
#define PARK_STEP(t, c, step, ...)                                                                 \
    ((void)text_format((c)->why, sizeof(c)->why, __VA_ARGS__), park_step_done(t, c, step))

/* How somebody is named in a sentence; `fallback` when nobody knows. */
const char *park_name(char to[DISPLAY_SIZE], const struct party *p, const char *fallback);
const char *park_orbit_name(char to[NUMBER_SIZE + 8], const struct call *c);
/* "who" of a command, for reasons. */
const char *park_actor(const struct turn *t);

/* ---- park_wait.c: in an orbit, and out of it */

void park_enter(struct turn *t, struct call *c, enum call_state state, msec deadline);
msec park_later(msec now, msec span);    /* NEVER stays NEVER */
msec park_longest(const struct call *c); /* max_park, and never NEVER */

/* Take this orbit, or any other if `orbit` is 0 or not to be had: in the same range, then anywhere
 * on this node. False: none is free. */
bool park_take_orbit(struct turn *t, struct call *c, number_key orbit);
void park_give_back_orbit(struct turn *t, struct call *c, bool keep);

/* Into PARKED, and the next step at `deadline`. */
void park_settle(struct turn *t, struct call *c, msec deadline);
/* The patience of PARKED is at its end: ring somebody, or regret. */
void park_next_move(struct turn *t, struct call *c);
void park_regret(struct turn *t, struct call *c, const char *why);
/* Over: everybody who is still there is hung up with this; the caller's own leg is gone already if
 * `caller_leg` is 0. The sentence stands in c->why. */
void park_end(struct turn *t, struct call *c, enum outcome outcome, enum step step, uint16_t code);
msec park_full_patience(const struct turn *t, const struct call *c);
msec park_patience_after_ring(const struct turn *t, const struct call *c);
bool park_may_learn(const struct turn *t, const struct call *c, const struct party *who);
handler park_saved, park_not_saved, park_caller_up, park_said, park_due, park_told, park_leave;
handler park_caller_left, park_caller_cancelled;

/* ---- park_invite.c */

void park_invite(struct turn *t);
/* An orbit for this call as `d` says. False: there is none. */
bool park_take_as_decided(struct turn *t, struct call *c, const struct decision *d);
/* A new call that holds an orbit as `d` says, on this leg. NULL: `*code`, `*why` say why not. */
struct call *park_new_call(struct turn *t, leg_id leg, const struct decision *d, uint16_t *code,
                           const char **why);
/* Who parked it, by the evidence in the order of sip.md 1.4; `ended` NULL: no consultation that
 * hung up. */
void park_who_parked(const struct invite *in, const struct ended_leg *ended, struct call *c);
/* Which range's rules decide about the choice of an orbit; 0: those of the destination. */
range_id park_range_of(const struct deployment *deployment, const struct decision *d);

/* ---- park_ring.c */

/* May this call's parker be rung, and who is it? False: go on to the fallback. */
bool park_whom(const struct house *house, const struct call *c, struct party *whom);
void park_ring_back(struct turn *t, struct call *c, const struct party *whom, const char *because);
void park_forward(struct turn *t, struct call *c, const char *because);
void park_call_chosen(struct turn *t, struct call *c, const char *uri, enum peer_role role);
/* Call off what rings, if anything does; its attempt counts as not made. */
void park_stop_ringing(struct turn *t, struct call *c, uint16_t code, const char *why);
handler park_ring_failed, park_ring_timed_out, park_ring_answered, park_ring_forwarded;

/* What an answer means, as in "he ..." */
const char *park_code_words(uint16_t code);
#define CODE_FORWARDED 181

/* ---- park_confirm.c */

/* Whoever answered this ring back is asked to press 1. False: nobody is to be asked. */
bool park_confirm_ask(struct turn *t, struct call *c);
handler park_confirm_said, park_confirm_key;

/* ---- park_announce.c */

/* The number is to be told to the parker of this call, if the rules say so. */
void park_announce_plan(struct turn *t, struct call *c);
/* An event of such a leg. False: it is none. */
bool park_announce_event(struct turn *t);
void park_announce_off(struct turn *t, const struct call *c);
msec park_announce_next(struct park *p); /* NEVER: nothing is due */
bool park_announce_due(struct turn *t);  /* one of them; false: none is */
void park_announce_check(struct park *p);

/* ---- park_meet.c */

void park_meet(struct turn *t,
               struct call *c); /* connect them if both are up, wait for that if not */
handler park_claim, park_peer_up, park_retriever_lost, park_retriever_late, park_peer_hung_up;
handler park_up_again, park_never_up, park_path;

/* `leg` has the call, in RETRIEVING, and the parker's phone rings no more; park_claimed() says so.
 * False: the table of legs is full. */
bool park_claim_by(struct turn *t, struct call *c, leg_id leg, const struct party *who);
void park_claimed(struct turn *t, struct call *c, const char *how);
bool park_can_be_claimed(const struct call *c);

/* ---- park_pin.c */

/* Who dialled is answered and asked for the PIN. False: he is not; `code`, `retry`, `why` say why.
 */
bool park_pin_ask(struct turn *t, struct call *c, uint16_t *code, uint16_t *retry,
                  char why[WHY_SIZE]);
struct pin_entry *park_pin_find(struct park *p, leg_id leg); /* NULL: nobody who is asked */
bool park_pin_event(struct turn *t); /* false: the leg of this event is nobody's who is asked */
bool park_pin_tick(struct turn *t);  /* false: nothing was due */
void park_pin_sweep(struct turn *t); /* behind each step */
msec park_pin_deadline(struct park *p);
bool park_pin_same(const char *given, const char *pin);

/* ---- park_swap.c */

void park_take_over(struct turn *t, struct call *c, const struct decision *d);
/* An event of the leg that is to take over. */
void park_swap_event(struct turn *t, struct call *c);
void park_swap_off(struct turn *t, struct call *c, const char *why);
/* The leg to be replaced went first. True: the new one has its place. */
bool park_swap_early(struct turn *t, struct call *c, leg_id gone);
void park_changed(struct turn *t, struct call *c); /* EV_IDENTITY on any of its legs */
handler park_media_moved;

/* ---- park_refer.c */

void park_refer(struct turn *t);
/* The two sides of a call change their names: whoever referred is the other side, so that the one
 * who stays is the caller. */
void park_referrer_aside(struct call *c, leg_id referrer);
handler park_reparked, park_repark_failed, park_repark_left;

/* ---- park_fetch.c */

void park_fetch(struct turn *t, const struct refer *r, const struct refer_decision *d);
bool park_is_fetch(const struct call *c);             /* in SAVING: its caller is to be called */
void park_fetch_call(struct turn *t, struct call *c); /* it is written: now */
void park_fetch_forget(struct turn *t, const struct call *c);
handler park_fetched, park_fetch_failed, park_fetch_late;

/* ---- park_transfer.c */

/* Call whom the REFER names; he takes the place of whoever referred once he has answered. */
void park_transfer(struct turn *t, struct call *c, const struct refer *r,
                   const struct refer_decision *d);
/* He is called no more. False: nobody was. */
bool park_transfer_off(struct turn *t, struct call *c, uint16_t code, const char *why);
/* The place of whoever referred is his: he is up, or is awaited alone. */
void park_transfer_place(struct turn *t, struct call *c, bool up);
void park_transfer_event(struct turn *t, struct call *c); /* of the one who is called */
/* Bridged, said, told, saved. */
void park_transferred(struct turn *t, struct call *c);

/* ---- park_exit.c */

handler park_may_exit, park_exit, park_exit_heard, park_exit_late;
void park_exited(struct turn *t, struct call *c); /* whoever has gone is unmapped already */

/* ---- park_command.c */

handler park_do_retrieve, park_do_ring_back, park_do_extend, park_do_transfer, park_do_hang_up;
handler park_do_note, park_do_force_out;
void park_refuse_command(struct turn *t, call_id call, const char *why);

#endif

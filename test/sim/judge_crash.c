/* What a restart makes of each call: nobody who is there is lost, no number changes, nobody rings
 * on and nobody is rung before his time. What the machine asks for meanwhile is judged like any
 * step. */
#include <inttypes.h>
#include <string.h>

#include "world.h"

/* ---- before: all that is known is what was written */

static bool was_ringing(const struct call *row)
{
    return row->state == CALL_RINGING_BACK || row->state == CALL_FORWARDING;
}

static bool was_talking(const struct call *row)
{
    return row->state == CALL_CONNECTED || row->state == CALL_REPARKING;
}

static void know_peer(struct world *w, struct watch *c, const struct call *row,
                      const struct restore *legs)
{
    struct leg *l = phones_leg(w, row->peer);

    if (!l || legs->peer == LEG_LOST)
        return;
    l->role = ROLE_OTHER;
    l->confirm_since = 0;
    c->kind = row->peer_role == PEER_PARKER     ? CALLING_PARKER
              : row->peer_role == PEER_FALLBACK ? CALLING_FALLBACK
                                                : CALLING_CHOSEN;
    if (was_ringing(row) && legs->peer == LEG_RESTORED_UP && row->state == CALL_RINGING_BACK &&
        row->rules.ringback_confirm) {
        l->confirm_since = w->now; /* he is to press 1 again */
        l->confirm_heard = l->confirmed = false;
        c->ringing = l->id;
    } else if (was_ringing(row) && legs->peer != LEG_RESTORED_UP) {
        c->ringing = l->id;
    } else {
        c->claimant = l->id;
    }
}

/* Who rang is due at once, but not while a phone that nobody knows of may still ring. */
static msec earliest(const struct world *w, const struct call *row, const struct restore *legs)
{
    msec due = row->state == CALL_PARKED ? row->deadline : row->resume_at;

    if (was_ringing(row) && legs->peer == LEG_LOST && due < w->now + row->rules.ring_time)
        due = w->now + row->rules.ring_time;
    return was_talking(row) ? 0 : due;
}

void judge_row(struct world *w, const struct call *row, const struct restore *legs)
{
    struct watch *c = judge_watch(w, row->id);
    struct leg *caller = phones_leg(w, row->caller_leg);
    struct leg *next = phones_leg(w, row->next_leg);

    if (!c)
        judge_fail(w, "call %" PRIu64 " is on disk and nobody has heard of it", row->id);
    c->over = c->moving = c->regret = false;
    c->ringing = c->claimant = c->coming = c->telling = 0;
    c->caller = row->caller_leg;
    c->rules = row->rules;
    c->met = was_talking(row);
    c->in_orbit = row->has_orbit;
    c->orbit = row->orbit;
    c->consult = row->consult;
    c->forced = row->forced;
    c->may_ring = row->forced || was_talking(row);
    c->regret = row->state == CALL_LEAVING;
    c->answered = c->answered ? c->answered : w->now;
    c->earliest = earliest(w, row, legs);
    if (caller && legs->caller != LEG_LOST) {
        caller->role = ROLE_CALLER;
        if (caller->intent != INTENT_CALLED)
            caller->intent = row->consult ? INTENT_CONSULT : INTENT_PARK;
    }
    if (next && legs->next != LEG_LOST)
        next->role = row->next_for == row->caller_leg ? ROLE_CALLER : ROLE_OTHER;
    know_peer(w, c, row, legs);
    w->refers = row->transfer && legs->next == LEG_RESTORED_UP ? row->next_for
                : row->state == CALL_REPARKING                 ? row->peer
                                                               : 0;
}

/* ---- after */

/* The two hear each other; or what keeps them apart is known. */
static void judge_talk(struct world *w, const struct call *row, const struct restore *legs)
{
    const struct leg *caller = phones_leg(w, row->caller_leg);
    bool answered = row->state == CALL_CONNECTED || row->state == CALL_RETRIEVING ||
                    (was_ringing(row) && !row->rules.ringback_confirm);

    if (!answered || row->next_leg || legs->caller != LEG_RESTORED_UP)
        return;
    if (legs->peer == LEG_RESTORED_UP &&
        (caller->hears != HEARS_PARTNER || caller->partner != row->peer))
        judge_fail(w, "call %" PRIu64 ": the two do not talk any more", row->id);
    if (legs->peer == LEG_RESTORED_ANSWERED && calls_whose_leg(w->p.calls, row->peer) != row->id)
        judge_fail(w, "call %" PRIu64 ": who retrieved it is not waited for", row->id);
}

static void judge_kept(struct world *w, const struct call *row, const struct call *now,
                       const struct restore *legs)
{
    const struct watch *c = judge_watch(w, row->id);
    bool was_there = legs->caller == LEG_RESTORED_UP || legs->caller == LEG_RESTORED_ANSWERED;
    enum orbit_state orbit = orbits_look(w->p.orbits, row->orbit, w->now).state;

    if (was_there && (!now || now->state == CALL_ENDED))
        judge_fail(w, "the caller of call %" PRIu64 " was lost in the restart", row->id);
    if (!now || now->state == CALL_ENDED)
        return;
    if (now->has_orbit && now->orbit != row->orbit)
        judge_fail(w, "call %" PRIu64 " is in another orbit after the restart", row->id);
    if (row->has_orbit && !now->has_orbit && orbit != ORBIT_NONE && orbit != ORBIT_BUSY &&
        now->state != CALL_CONNECTED)
        judge_fail(w, "call %" PRIu64 " has lost its orbit in the restart", row->id);
    if (c->told_number && now->has_orbit && now->state != CALL_CONNECTED && row->has_orbit &&
        c->told_number != now->orbit && c->told_number == c->orbit)
        judge_fail(w, "call %" PRIu64 " is not where somebody was told", row->id);
    if (legs->peer == LEG_RESTORED_CALLING && judge_is_alive(phones_leg(w, row->peer)))
        judge_fail(w, "leg %" PRIu64 " rings on after the restart", row->peer);
    if (legs->next == LEG_RESTORED_CALLING && judge_is_alive(phones_leg(w, row->next_leg)))
        judge_fail(w, "leg %" PRIu64 " is called on after the restart", row->next_leg);
    /* What was known is known: nobody's time begins anew but his who came back. */
    if (row->state == CALL_PARKED && now->state == CALL_PARKED && !row->next_leg &&
        now->has_orbit &&
        (now->attempt != row->attempt || now->deadline < row->deadline ||
         (row->deadline > w->now && now->deadline != row->deadline)))
        judge_fail(w, "call %" PRIu64 " has another deadline after the restart", row->id);
    if (was_ringing(row) && now->state == CALL_PARKED && now->attempt > row->attempt)
        judge_fail(w, "call %" PRIu64 " was rung once more, it seems", row->id);
}

void judge_put_back(struct world *w, const struct call *row, const struct restore *legs, bool done)
{
    struct watch *c = judge_watch(w, row->id);
    bool anew;
    const struct call *now = done ? calls_find(w->p.calls, row->id) : NULL;

    judge_kept(w, row, now, legs);
    judge_talk(w, row, legs);
    w->refers = 0;
    if (!now || now->state == CALL_ENDED) {
        c->over = true;
        return;
    }
    c->caller = now->caller_leg;
    c->consult = now->consult;
    c->has_parker = now->parker_known;
    c->parker_gone = now->parker_gone;
    c->rung = now->attempt;
    c->fallback_called = now->fallback_tried || (now->peer && now->peer_role == PEER_FALLBACK);
    c->give_up = now->give_up_at;
    c->in_orbit = now->has_orbit;
    c->orbit = now->orbit;
    c->met = now->state == CALL_CONNECTED;
    c->by_hand = false;
    if (!now->confirming)
        c->ringing = 0;
    if (now->state != CALL_PARKED)
        return;
    c->claimant = 0;
    anew = row->state == CALL_REPARKING || row->consult != now->consult ||
           (row->state == CALL_FETCHING && now->caller_leg % 2 == 0);
    c->earliest = earliest(w, row, legs);
    if (anew)
        judge_patience(w, c);
    c->may_ring = c->forced || was_talking(row) || !now->has_orbit;
}

/* Whom nobody has put back is not known to anybody any more: his phone will find that out. */
void judge_restart(struct world *w)
{
    for (unsigned i = 0; i < LEGS; i++) {
        struct leg *l = &w->leg[i];
        bool unanswered = l->wire == WIRE_ASKED && l->intent != INTENT_CALLED;

        if (!l->id || unanswered || calls_by_leg(w->p.calls, l->id))
            continue;
        if (l->wire != WIRE_GONE)
            phones_goes(w, l);
        l->let_go = true;
    }
    for (unsigned i = 0; i < WATCHES; i++)
        if (!calls_find(w->p.calls, w->watch[i].call))
            w->watch[i].over = true;
    memset(w->freed, 0, sizeof w->freed);
    memset(w->referral, 0, sizeof w->referral);
}

/* What a REFER does: a call is fetched, a conversation transferred, or one of the two who talk goes
 * to an orbit, or to somebody else whom we know. decide_refer() has said which. */
#include "core/park_inside.h"

#define FULL_RETRY 10 /* seconds until somebody may ask again when a table is full */

void park_referrer_aside(struct call *c, leg_id referrer)
{
    struct party party = c->caller;
    bool up = c->caller_up;

    if (referrer != c->caller_leg)
        return;
    c->caller_leg = c->peer;
    c->caller = c->peer_party;
    c->caller_up = c->peer_up;
    c->peer = referrer;
    c->peer_party = party;
    c->peer_up = up;
    c->consult = false;
}

static void refuse(struct turn *t, const struct refer_decision *d)
{
    struct action *a;

    park_refer_answer(t, d->call, d->code, d->retry_after, d->why);
    a = park_act(t, ACT_STEP, d->call);
    a->step = t->ev->type == EV_DO_PARK ? STEP_REFUSED
              : d->call                 ? STEP_TRANSFER_FAILED
                                        : STEP_PARK_FAILED;
    a->code = d->code;
    a->overload = d->park.overload;
    a->full = d->code == 486 && !d->call && !d->park.orbit && !a->overload;
    (void)text_copy(a->why, sizeof a->why, d->why);
}

/* ---- to an orbit --------------------------------------------------------------------------------
 */

/* The one who consulted there gives up his place; he has nothing more to say in it. */
static void end_consultation(struct turn *t, struct call *c)
{
    (void)text_copy(c->why, sizeof c->why, "the call that it was for has been transferred here");
    park_end(t, c, OUT_ABANDONED, STEP_ABANDONED, 200);
}

/* The orbit that it had last stays known when there is none to be had. */
static bool take_orbit(struct turn *t, struct call *c, const struct decision *where)
{
    number_key last = c->orbit;
    range_id range = c->range;

    if (!park_take_as_decided(t, c, where)) {
        c->orbit = last;
        return false;
    }
    c->range = orbits_look(t->p->orbits, c->orbit, t->now).range;
    if (c->range != range)
        deployment_rules(t->p->deployment, t->p->house.destination, c->range, &c->rules, NULL);
    return true;
}

/* Whoever refers is the parker now, and all patience begins anew. */
static void begin_anew(struct turn *t, struct call *c)
{
    c->parker = c->peer_party;
    c->parker_known = *c->parker.uri || *c->parker.contact;
    c->parker_gone = c->fallback_tried = c->forced = c->by_hand = false;
    c->attempt = 0;
    c->resume_at = park_full_patience(t, c);
    c->give_up_at = park_later(t->now, park_longest(c));
}

/* The orbit of a consultation changes hands at once; its leg is hung up behind the answer to the
 * REFER (RFC 3515 2.4.2), which may have come in that very dialog. */
static void repark(struct turn *t, struct call *c, struct refer_decision *d)
{
    const struct refer *r = t->ev->refer;
    struct call *consultation = calls_find(t->p->calls, d->other);
    struct ended_leg *ended = calls_remembered(t->p->calls, r->replaces_leg, t->now);
    char name[DISPLAY_SIZE];
    char orbit[NUMBER_SIZE + 8];

    if (consultation)
        park_give_back_orbit(t, consultation, false);
    if (!take_orbit(t, c, &d->park)) {
        d->code = 486;
        (void)text_copy(d->why, WHY_SIZE, "no orbit is free");
        refuse(t, d);
        if (consultation)
            end_consultation(t, consultation);
        return;
    }
    if (ended && r->names == REPLACES_ENDED)
        ended->leg = 0; /* it can be named once */
    park_referrer_aside(c, d->leg);
    begin_anew(t, c);
    c->refer = r->number;
    park_refer_answer(t, c->id, 202, 0, "");
    if (consultation)
        end_consultation(t, consultation);
    park_enter(t, c, CALL_REPARKING, park_later(t->now, PATIENCE_SAVE));
    PARK_STEP(t, c, STEP_TRANSFERRING, "%.80s sends the call to %s: %.80s",
              park_name(name, &c->peer_party, "the other side"), park_orbit_name(orbit, c), d->why);
    park_save(t, c);
}

/* Written or not needed: he who stays waits again. */
static void parked_again(struct turn *t, struct call *c)
{
    char name[DISPLAY_SIZE];
    char orbit[NUMBER_SIZE + 8];

    calls_unmap_leg(t->p->calls, c->peer);
    c->peer = 0;
    c->peer_up = false;
    c->outcome = OUT_NONE;
    c->connected_at = 0;
    c->parked_at = t->now;
    c->parked_wall = t->ev->wall;
    park_enter(t, c, CALL_PARKED, park_full_patience(t, c));
    park_music(t, c);
    PARK_STEP(t, c, STEP_PARKED, "parked again in %s by %s", park_orbit_name(orbit, c),
              park_name(name, &c->parker, "somebody unknown"));
    park_save(t, c);
}

void park_reparked(struct turn *t, struct call *c)
{
    leg_id referrer = c->peer;

    if (c->saved < c->orbit_write)
        return;
    park_refer_done(t, c, 200);
    park_hang_up(t, c, referrer, 200, "transferred");
    parked_again(t, c);
}

/* Whoever referred did not wait for the end. */
void park_repark_left(struct turn *t, struct call *c)
{
    park_refer_done(t, c, 200);
    parked_again(t, c);
}

void park_repark_failed(struct turn *t, struct call *c)
{
    park_give_back_orbit(t, c, false);
    park_enter(t, c, CALL_CONNECTED, NEVER);
    PARK_STEP(t, c, STEP_TRANSFER_FAILED,
              "the orbit could not be written to the store: the two talk on");
    park_refer_done(t, c, 500);
    park_save(t, c);
}

/* ---- two conversations become one ---------------------------------------------------------------
 */

/* Out of the call that ends, without hanging up. */
static void let_go(struct turn *t, struct call *c, leg_id leg)
{
    calls_unmap_leg(t->p->calls, leg);
    if (leg == c->caller_leg)
        c->caller_leg = 0;
    else
        c->peer = 0;
}

static void join(struct turn *t, struct call *c, struct call *other, const struct refer_decision *d)
{
    leg_id theirs = t->ev->refer->replaces_leg;
    bool is_caller = theirs == other->caller_leg;
    leg_id taken = is_caller ? other->peer : other->caller_leg;
    leg_id referrer = d->leg;

    park_refer_answer(t, c->id, 202, 0, "");
    park_referrer_aside(c, referrer);
    calls_unmap_leg(t->p->calls, referrer);
    let_go(t, other, taken);
    (void)calls_map_leg(t->p->calls, taken, c->id); /* two places have come free */
    c->peer = taken;
    c->peer_party = is_caller ? other->peer_party : other->caller;
    c->peer_role = PEER_TARGET;
    c->connected_at = t->now;
    c->refer = t->ev->refer->number;
    park_transferred(t, c);
    park_hang_up(t, c, referrer, 200, "transferred");
    (void)text_copy(other->why, sizeof other->why,
                    "transferred to another call: the two talk on there");
    park_end(t, other, other->outcome, STEP_HUNG_UP, 200);
}

/* ---- which of them ------------------------------------------------------------------------------
 */

void park_refer(struct turn *t)
{
    const struct refer *r = t->ev->refer;
    struct refer_decision d;
    struct call *c;

    if (!r)
        return;
    decide_refer(r, &t->p->house, t->p->deployment, t->p->orbits, t->p->calls, t->now, &d);
    c = calls_find(t->p->calls, d.call);
    if (d.kind == REFER_REFUSE)
        refuse(t, &d);
    else if (d.kind == REFER_FETCH)
        park_fetch(t, r, &d);
    else if (!c)
        return;
    else if (d.kind == REFER_REPARK)
        repark(t, c, &d);
    else if (d.kind == REFER_JOIN)
        join(t, c, calls_find(t->p->calls, d.other), &d);
    else
        park_transfer(t, c, r, &d);
}

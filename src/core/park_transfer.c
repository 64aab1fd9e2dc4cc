/* A transfer that a REFER asks for and that needs somebody to be called: he rings while the two
 * talk on, and takes the place of whoever referred when he answers. When that one goes first the
 * other hears music; when nobody answers then, he is parked, and whoever sent him there is rung. */
#include "core/park_inside.h"

/* ---- the call -----------------------------------------------------------------------------------
 */

static const char *on_behalf_of(const struct refer *r, const struct party *referrer)
{
    if (r->has_referred_by && *r->referred_by.uri)
        return r->referred_by.uri;
    return referrer->hidden ? "" : referrer->uri;
}

static void place_call(struct turn *t, const struct call *c, const struct refer *r)
{
    struct action *a = park_act_leg(t, ACT_CALL, c, c->next_leg);
    bool by_caller = c->next_for == c->caller_leg;

    (void)text_copy(a->uri, sizeof a->uri, r->target);
    (void)text_copy(a->replaces, sizeof a->replaces, r->replaces);
    (void)text_copy(a->referred_by, sizeof a->referred_by,
                    on_behalf_of(r, by_caller ? &c->caller : &c->peer_party));
    if (c->state == CALL_FETCHING) {
        a->kind = CALLING_CALLER;
        a->orbit = park_may_learn(t, c, &c->next_party) ? c->orbit : 0;
    } else {
        a->kind = CALLING_TARGET;
        a->party = by_caller ? c->peer_party : c->caller;
    }
}

void park_transfer(struct turn *t, struct call *c, const struct refer *r,
                   const struct refer_decision *d)
{
    const struct party *referrer = d->leg == c->caller_leg ? &c->caller : &c->peer_party;
    msec patience = *r->replaces ? PATIENCE_FETCH : c->rules.ring_time;
    char name[DISPLAY_SIZE];

    if (!calls_map_leg(t->p->calls, t->p->next_leg, c->id)) {
        park_refer_answer(t, c->id, 503, 10, "too many calls are going on");
        return;
    }
    c->next_leg = t->p->next_leg;
    t->p->next_leg += 2;
    c->next_for = d->leg;
    c->next_party = (struct party){ .display = "" };
    (void)text_copy(c->next_party.uri, URI_SIZE, r->target);
    c->next_deadline = park_later(t->now, patience);
    c->transfer = true;
    c->refer = r->number;
    if (d->kind == REFER_INTO) {
        if (c->state == CALL_PARKED)
            c->resume_at = c->deadline;
        park_enter(t, c, CALL_FETCHING, NEVER); /* next_deadline counts */
    }
    calls_timed(t->p->calls, c);
    park_refer_answer(t, c->id, 202, 0, "");
    place_call(t, c, r);
    PARK_STEP(t, c, STEP_TRANSFERRING, "%.80s is called because %.60s transfers the call",
              c->next_party.uri, park_name(name, referrer, "one of the two"));
    park_save(t, c);
}

/* ---- nobody comes -------------------------------------------------------------------------------
 */

static void forget_next(struct turn *t, struct call *c)
{
    c->next_leg = c->next_for = 0;
    c->next_deadline = NEVER;
    calls_timed(t->p->calls, c);
}

static void comes_to_nothing(struct turn *t, struct call *c, uint16_t code, const char *why)
{
    char name[DISPLAY_SIZE];

    calls_unmap_leg(t->p->calls, c->next_leg);
    forget_next(t, c);
    if (c->state == CALL_FETCHING)
        park_enter(t, c, CALL_PARKED, c->resume_at);
    PARK_STEP(t, c, STEP_TRANSFER_FAILED, "%.80s %s (%u): all stays as it was",
              park_name(name, &c->next_party, "who was called"), why, code);
    park_refer_done(t, c, code);
}

bool park_transfer_off(struct turn *t, struct call *c, uint16_t code, const char *why)
{
    if (!c->transfer || !c->next_leg)
        return false;
    park_hang_up(t, c, c->next_leg, 0, why);
    comes_to_nothing(t, c, code, why);
    return true;
}

/* ---- he comes, or is awaited alone --------------------------------------------------------------
 */

void park_transferred(struct turn *t, struct call *c)
{
    struct action *a = park_act_leg(t, ACT_BRIDGE, c, c->caller_leg);
    char name[DISPLAY_SIZE];

    a->other = c->peer;
    park_enter(t, c, CALL_CONNECTED, NEVER);
    PARK_STEP(t, c, STEP_TRANSFERRED, "transferred to %s",
              park_name(name, &c->peer_party, "somebody unknown"));
    park_refer_done(t, c, 200);
    park_save(t, c);
}

/* Whoever referred has gone: should nobody come, he is the one to ring. */
static void await(struct turn *t, struct call *c, msec deadline)
{
    char who[DISPLAY_SIZE];

    c->attempt = 0;
    c->parker_gone = c->fallback_tried = c->by_hand = false;
    c->resume_at = park_full_patience(t, c);
    c->give_up_at = park_later(t->now, park_longest(c));
    park_music(t, c);
    park_enter(t, c, CALL_CONNECTED, deadline);
    PARK_STEP(t, c, STEP_TRANSFERRING,
              "%.80s has gone: the other hears music until somebody answers",
              park_name(who, &c->parker, "who transferred the call"));
    park_save(t, c);
}

static void takes_place(struct turn *t, struct call *c, bool up)
{
    leg_id leg = c->next_leg;
    leg_id old = c->next_for;
    msec deadline = c->next_deadline;

    forget_next(t, c);
    park_referrer_aside(c, old);
    calls_unmap_leg(t->p->calls, old);
    if (!up) {
        c->parker = c->peer_party;
        c->parker_known = *c->parker.uri || *c->parker.contact;
    }
    c->peer = leg;
    c->peer_party = c->next_party;
    c->peer_role = PEER_TARGET;
    c->peer_up = up;
    c->connected_at = t->now;
    if (up)
        park_transferred(t, c);
    else
        await(t, c, deadline);
}

/* The same for a consultation: the one who comes waits in its orbit. */
static void is_fetched(struct turn *t, struct call *c, bool up)
{
    leg_id old = c->next_for;
    msec deadline = c->next_deadline;
    char name[DISPLAY_SIZE];

    c->parker = c->caller;
    c->parker_known = *c->parker.uri || *c->parker.contact;
    c->consult = false;
    c->caller_leg = c->next_leg;
    c->caller = c->next_party;
    c->caller_up = false;
    forget_next(t, c);
    calls_unmap_leg(t->p->calls, old);
    if (up) {
        park_fetched(t, c);
        return;
    }
    park_enter(t, c, CALL_FETCHING, deadline);
    PARK_STEP(t, c, STEP_FETCHING, "%s has gone: who was called is parked once he answers",
              park_name(name, &c->parker, "who consulted"));
    park_save(t, c);
}

void park_transfer_place(struct turn *t, struct call *c, bool up)
{
    if (up && *t->ev->party.uri)
        c->next_party = t->ev->party;
    if (c->state == CALL_FETCHING)
        is_fetched(t, c, up);
    else
        takes_place(t, c, up);
}

void park_transfer_event(struct turn *t, struct call *c)
{
    leg_id old = c->next_for;

    if (t->ev->type == EV_LEG_UP) {
        park_transfer_place(t, c, true);
        park_hang_up(t, c, old, 200, "transferred");
    } else if (t->ev->type == EV_LEG_FAILED || t->ev->type == EV_LEG_GONE) {
        comes_to_nothing(t, c,
                         t->ev->type == EV_LEG_FAILED && t->ev->code >= 300 ? t->ev->code : 480,
                         "did not take the call");
    } else if (t->ev->type == EV_IDENTITY) {
        c->next_party = t->ev->party;
    }
}

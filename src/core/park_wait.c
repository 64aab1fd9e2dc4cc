/* Being parked: from the save that goes before the promise, through the telling of the number, to
 * the end of patience and of the call. */
#include "core/park_inside.h"

/* A setting that is off must not keep a call for ever. */
#define LONGEST_PARK (UINT64_C(7) * 24 * 3600000)
#define ORBIT_RETRY 5000 /* until a call without an orbit looks for one again */

msec park_later(msec now, msec span)
{
    return span == NEVER || now > NEVER - 1 - span ? NEVER : now + span;
}

msec park_longest(const struct call *c)
{
    return c->rules.max_park == NEVER ? LONGEST_PARK : c->rules.max_park;
}

void park_enter(struct turn *t, struct call *c, enum call_state state, msec deadline)
{
    if (state != CALL_PARKED)
        park_announce_off(t, c);
    c->state = state;
    c->deadline = deadline;
    c->exiting = c->exit_done = c->exit_listens = c->exit_heard = c->confirming = false;
    calls_timed(t->p->calls, c);
}

/* ---- the orbit ----------------------------------------------------------------------------------
 */

static bool take_exactly(struct turn *t, struct call *c, number_key orbit)
{
    return orbit && orbits_take_this(t->p->orbits, orbit, c->id, true, t->now);
}

static number_key take_another(struct turn *t, struct call *c)
{
    const struct range *r = ranges_by_id(&t->p->deployment->ranges, c->range);
    enum allocation how = c->rules.allocation;
    number_key n = 0;

    if (r)
        n = orbits_take(t->p->orbits, how, r->first, r->last, c->id, t->now);
    return n ? n : orbits_take(t->p->orbits, how, 0, 0, c->id, t->now);
}

bool park_take_orbit(struct turn *t, struct call *c, number_key orbit)
{
    number_key got = take_exactly(t, c, orbit) ? orbit : take_another(t, c);

    if (!got)
        return false;
    c->orbit = got;
    c->has_orbit = true;
    c->forced = false; /* what is given out is not closed */
    c->range = orbits_look(t->p->orbits, got, t->now).range;
    /* The save that follows in this step is the first to hold it. */
    c->orbit_write = c->write + 1;
    return true;
}

void park_give_back_orbit(struct turn *t, struct call *c, bool keep)
{
    if (!c->has_orbit)
        return;
    orbits_give_back(t->p->orbits, c->orbit, keep ? KEEP_FOR_REPLACES : c->rules.cool_down, keep,
                     t->now);
    c->has_orbit = false;
}

/* ---- from the save to PARKED --------------------------------------------------------------------
 */

/* OR-05: who is outside never learns a number. Nor is one told that is not on disk yet. */
bool park_may_learn(const struct turn *t, const struct call *c, const struct party *who)
{
    return c->has_orbit && c->saved >= c->orbit_write && party_is_insider(who, &t->p->house);
}

static void answer(struct turn *t, struct call *c)
{
    struct action *a = park_act_leg(t, ACT_ANSWER, c, c->caller_leg);

    a->tell = park_may_learn(t, c, &c->caller) ? TELL_ORBIT : TELL_NOTHING;
    a->orbit = c->orbit;
}

/* The time of the next step is counted from now. */
msec park_full_patience(const struct turn *t, const struct call *c)
{
    return c->forced ? t->now : park_later(t->now, c->rules.pickup_timeout);
}

/* After a ring that came to nothing. One that somebody asked for never brings the next step nearer.
 */
msec park_patience_after_ring(const struct turn *t, const struct call *c)
{
    msec full = park_full_patience(t, c);

    return c->by_hand && !c->forced && c->resume_at > full ? c->resume_at : full;
}

void park_told(struct turn *t, struct call *c)
{
    char number[NUMBER_SIZE + 8];

    park_enter(t, c, CALL_PARKED, park_full_patience(t, c));
    PARK_STEP(t, c, STEP_PARKED, "parked in %s: the number was told and the leg is still here",
              park_orbit_name(number, c));
    park_save(t, c);
}

void park_saved(struct turn *t, struct call *c)
{
    char number[NUMBER_SIZE + 8];
    char name[DISPLAY_SIZE];

    if (c->saved < c->orbit_write)
        return;
    if (park_is_fetch(c)) {
        park_fetch_call(t, c);
        return;
    }
    answer(t, c);
    c->parked_at = t->now;
    c->parked_wall = t->ev->wall;
    c->give_up_at = park_later(t->now, park_longest(c));
    if (c->consult) {
        park_enter(t, c, CALL_TELLING, park_later(t->now, PATIENCE_CONNECT));
        c->resume_at = park_full_patience(t, c);
        PARK_STEP(t, c, STEP_TELLING, "%s is told the number of %s",
                  park_name(name, &c->caller, "who dialled"), park_orbit_name(number, c));
        park_save(t, c);
        return;
    }
    park_enter(t, c, CALL_PARKED, park_full_patience(t, c));
    PARK_STEP(t, c, STEP_PARKED, "parked in %s by %s", park_orbit_name(number, c),
              park_name(name, &c->parker, "somebody unknown"));
    park_save(t, c);
    park_announce_plan(t, c);
}

void park_not_saved(struct turn *t, struct call *c)
{
    (void)text_copy(c->why, sizeof c->why, "the call could not be written to the store");
    park_end(t, c, OUT_FAILED, STEP_PARK_FAILED, 500);
}

void park_caller_up(struct turn *t, struct call *c)
{
    if (c->caller_up)
        return;
    c->caller_up = true;
    if (c->state == CALL_LEAVING) {
        park_say(t, c, c->caller_leg, SAY_REGRET, false);
        park_enter(t, c, CALL_LEAVING, park_later(t->now, PATIENCE_SAY));
    } else if (c->state == CALL_RETRIEVING && c->peer_up) {
        park_meet(t, c);
    } else if (c->state == CALL_TELLING && c->rules.announce && park_may_learn(t, c, &c->caller)) {
        park_say(t, c, c->caller_leg, SAY_ORBIT, true);
        park_enter(t, c, CALL_TELLING, park_later(t->now, PATIENCE_SAY));
    } else {
        park_music(t, c);
        if (c->state == CALL_TELLING)
            park_enter(t, c, CALL_TELLING, park_later(t->now, PATIENCE_TELL));
    }
}

void park_said(struct turn *t, struct call *c)
{
    if (t->ev->wait == c->wait)
        park_enter(t, c, CALL_TELLING, park_later(t->now, PATIENCE_TELL));
}

/* ---- PARKED, and the end of patience ------------------------------------------------------------
 */

/* A call that came back when no orbit was free gets one as soon as there is one. */
void park_settle(struct turn *t, struct call *c, msec deadline)
{
    if (!c->has_orbit)
        (void)park_take_orbit(t, c, c->orbit);
    park_enter(t, c, CALL_PARKED, deadline);
}

/* Which of the two clocks of PARKED has run out? */
void park_due(struct turn *t, struct call *c)
{
    if (c->give_up_at > t->now) {
        if (!c->has_orbit)
            (void)park_take_orbit(t, c, c->orbit);
        park_next_move(t, c);
        if (c->state == CALL_PARKED)
            park_save(t, c);
        return;
    }
    if (*c->rules.timeout_uri && !c->fallback_tried)
        park_forward(t, c, "the longest time that a call may be parked is over");
    else
        park_regret(t, c, "the longest time that a call may be parked is over");
}

static const char *why_now(const struct call *c, char to[WHY_SIZE])
{
    if (c->forced)
        (void)text_copy(to, WHY_SIZE, "its range is being removed");
    else if (c->rules.pickup_timeout == NEVER || !c->has_orbit)
        (void)text_copy(to, WHY_SIZE, "it cannot wait in an orbit");
    else
        (void)text_format(to, WHY_SIZE, "nobody retrieved it within %llu s",
                          (unsigned long long)(c->rules.pickup_timeout / 1000));
    return to;
}

void park_next_move(struct turn *t, struct call *c)
{
    struct party whom;
    char because[WHY_SIZE];

    if (c->attempt < c->rules.max_pickup_attempts && park_whom(&t->p->house, c, &whom)) {
        park_ring_back(t, c, &whom, why_now(c, because));
    } else if (*c->rules.timeout_uri && !c->fallback_tried) {
        park_forward(t, c,
                     c->parker_gone    ? "the parker's number does not exist"
                     : c->attempt      ? "the parker did not answer"
                     : c->parker_known ? "the parker cannot be rung back"
                                       : "nobody knows who parked it");
    } else if (*c->rules.timeout_uri) {
        park_enter(t, c, CALL_PARKED, c->has_orbit ? NEVER : park_later(t->now, ORBIT_RETRY));
    } else {
        park_regret(t, c,
                    c->attempt ? "nobody answered and there is no fallback address"
                               : "there is nobody to ring back and no fallback address");
    }
}

void park_regret(struct turn *t, struct call *c, const char *why)
{
    park_give_back_orbit(t, c, false);
    c->outcome = OUT_TIMED_OUT;
    if (c->caller_up)
        park_say(t, c, c->caller_leg, SAY_REGRET, false);
    park_enter(t, c, CALL_LEAVING,
               park_later(t->now, c->caller_up ? PATIENCE_SAY : PATIENCE_CONNECT));
    PARK_STEP(t, c, STEP_TIMED_OUT, "the caller hears that nobody is there: %s", why);
    park_save(t, c);
}

/* ---- the end ------------------------------------------------------------------------------------
 */

/* Regret has been said, or has taken too long. */
void park_leave(struct turn *t, struct call *c)
{
    if (t->ev->type == EV_SAID && t->ev->wait != c->wait)
        return;
    (void)text_copy(c->why, sizeof c->why,
                    "hung up after a word of regret: nobody could be reached");
    park_end(t, c, c->outcome, STEP_HUNG_UP, 480);
}

static void drop_leg(struct turn *t, struct call *c, leg_id *leg, uint16_t code)
{
    if (!*leg)
        return;
    park_hang_up(t, c, *leg, code, c->why);
    calls_unmap_leg(t->p->calls, *leg);
    *leg = 0;
}

/* The last of a call. A leg that we never answered is refused instead of hung up. */
void park_end(struct turn *t, struct call *c, enum outcome outcome, enum step step, uint16_t code)
{
    park_refer_done(t, c, code >= 300 ? code : 487);
    if (park_is_fetch(c)) { /* nobody has been called yet */
        park_fetch_forget(t, c);
        calls_unmap_leg(t->p->calls, c->caller_leg);
        c->caller_leg = 0;
    } else if (c->state == CALL_SAVING && c->caller_leg) {
        park_refuse(t, c->id, c->caller_leg, code ? code : 480, 0, c->why);
        calls_unmap_leg(t->p->calls, c->caller_leg);
        c->caller_leg = 0;
    }
    drop_leg(t, c, &c->caller_leg, code);
    drop_leg(t, c, &c->peer, code);
    drop_leg(t, c, &c->next_leg, code);
    park_give_back_orbit(t, c, false);
    c->outcome = outcome;
    c->next_for = 0;
    c->next_deadline = NEVER;
    park_step_done(t, c, step);
    park_enter(t, c, CALL_ENDED, NEVER);
    park_step_done(t, c, STEP_ENDED);
    (void)park_act(t, ACT_FORGET, c->id);
    t->p->gone = c->id;
}

/* Remember who consulted, and keep his orbit: his phone may have hung up before the one whom he
 * transfers calls with Replaces (sip.md 2.0). */
static void keep_for_late(struct turn *t, struct call *c)
{
    struct ended_leg ended = {
        .leg = c->caller_leg,
        .orbit = c->orbit,
        .range = c->range,
        .parker = c->caller,
        .until = park_later(t->now, KEEP_FOR_REPLACES),
    };

    calls_remember(t->p->calls, &ended);
    park_give_back_orbit(t, c, true);
}

void park_caller_left(struct turn *t, struct call *c)
{
    enum outcome outcome = c->outcome ? c->outcome : OUT_ABANDONED;
    bool talked = c->state == CALL_CONNECTED || c->state == CALL_REPARKING;
    enum step step = talked ? STEP_HUNG_UP : STEP_ABANDONED;
    uint16_t code = c->peer && !talked ? 480 : 0;
    bool failed = t->ev->type == EV_LEG_FAILED && !c->caller_up && !c->outcome;

    if (c->consult && c->state != CALL_SAVING && !failed)
        keep_for_late(t, c);
    calls_unmap_leg(t->p->calls, c->caller_leg);
    c->caller_leg = 0;
    if (c->exiting) {
        park_exited(t, c);
        return;
    }
    if (failed) {
        (void)text_format(c->why, sizeof c->why, "our answer was not accepted (%u)", t->ev->code);
        outcome = OUT_FAILED;
        step = STEP_PARK_FAILED;
    } else {
        (void)text_copy(c->why, sizeof c->why, talked ? "the caller hung up" : "Parked party left");
    }
    park_end(t, c, outcome, step, code);
}

/* RFC 3261 9.2: once our 200 has left, CANCEL has no effect and the BYE is awaited. */
void park_caller_cancelled(struct turn *t, struct call *c)
{
    if (!t->ev->answered)
        park_caller_left(t, c);
}

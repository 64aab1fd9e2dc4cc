/* An INVITE that belongs to no dialog: what decide() said is done here. A park reserves an orbit
 * and asks for the save that the answer waits for. */
#include <string.h>

#include "core/park_inside.h"

#define FULL_RETRY 10 /* seconds until somebody may ask again when a table is full */

static void refuse(struct turn *t, call_id call, uint16_t code, uint16_t retry_after,
                   const char *why)
{
    struct action *a;

    park_refuse(t, call, t->ev->invite->leg, code, retry_after, why);
    a = park_act(t, ACT_STEP, call);
    /* 480: an orbit where nobody is, so that was no park. */
    a->step = call || code == 480 ? STEP_REFUSED : STEP_PARK_FAILED;
    a->full = code == 486 && !call && !t->decision->orbit && t->decision->kind == DECIDE_PARK;
    a->overload = t->decision->overload;
    (void)text_copy(a->why, sizeof a->why, why);
}

/* ---- park ---------------------------------------------------------------------------------------
 */

/* Evidence in the order of sip.md 1.4. A change of identity on the leg may tell it later. */
void park_who_parked(const struct invite *in, const struct ended_leg *ended, struct call *c)
{
    if (ended && *ended->parker.uri)
        c->parker = ended->parker;
    else if (in->has_referred_by)
        c->parker = in->referred_by;
    else if (in->has_history)
        c->parker = in->history;
    c->parker_known = *c->parker.uri || *c->parker.contact;
}

static void who_parked(struct turn *t, struct call *c)
{
    struct ended_leg *ended = calls_remembered(t->p->calls, t->decision->ended, t->now);

    park_who_parked(t->ev->invite, ended, c);
    if (ended)
        ended->leg = 0; /* a second INVITE that names it comes too late */
}

range_id park_range_of(const struct deployment *deployment, const struct decision *d)
{
    number_key number = d->orbit ? d->orbit : d->first;
    const struct range *r = number ? ranges_holding(&deployment->ranges, number) : NULL;

    return r ? r->id : 0;
}

static void take_rules(struct turn *t, struct call *c, range_id range)
{
    c->range = range;
    deployment_rules(t->p->deployment, t->p->house.destination, range, &c->rules, NULL);
    memset(c->rules.pin, 0, sizeof c->rules.pin); /* what holds is asked for when it is needed */
}

bool park_take_as_decided(struct turn *t, struct call *c, const struct decision *d)
{
    if (d->ended)
        return park_take_orbit(t, c, d->orbit);
    if (d->orbit)
        c->has_orbit = orbits_take_this(t->p->orbits, d->orbit, c->id, true, t->now);
    c->orbit = c->has_orbit ? d->orbit
               : d->orbit   ? 0
                          : orbits_take(t->p->orbits, c->rules.allocation, d->first, d->last, c->id,
                                        t->now);
    c->has_orbit = c->orbit != 0;
    c->orbit_write = c->write + 1;
    return c->has_orbit;
}

struct call *park_new_call(struct turn *t, leg_id leg, const struct decision *d, uint16_t *code,
                           const char **why)
{
    struct calls *calls = t->p->calls;
    struct call *c = calls_new(calls);

    *code = 503;
    *why = "too many calls are going on";
    if (c && calls_map_leg(calls, leg, c->id)) {
        c->caller_leg = leg;
        take_rules(t, c, park_range_of(t->p->deployment, d));
        if (park_take_as_decided(t, c, d)) {
            take_rules(t, c, orbits_look(t->p->orbits, c->orbit, t->now).range);
            return c;
        }
        *code = 486;
        *why = "no orbit is free";
    }
    if (c)
        calls_free(calls, c);
    return NULL;
}

static void begin_park(struct turn *t)
{
    const struct invite *in = t->ev->invite;
    char orbit[NUMBER_SIZE + 8];
    const char *why;
    uint16_t code;
    struct call *c = park_new_call(t, in->leg, t->decision, &code, &why);

    if (!c) {
        refuse(t, 0, code, code == 503 ? FULL_RETRY : 0, why);
        return;
    }
    c->caller = in->from;
    c->consult = !t->decision->evidence;
    c->parked_at = t->now;
    c->parked_wall = t->ev->wall;
    c->resume_at = park_full_patience(t, c);
    c->number_known = t->decision->orbit && t->decision->orbit == c->orbit;
    who_parked(t, c);
    park_enter(t, c, CALL_SAVING, park_later(t->now, PATIENCE_SAVE));
    PARK_STEP(t, c, STEP_PARKING, "%s: %s", park_orbit_name(orbit, c), t->decision->why);
    park_save(t, c);
}

/* ---- what it means ------------------------------------------------------------------------------
 */

bool park_can_be_claimed(const struct call *c)
{
    return c->state == CALL_TELLING || c->state == CALL_PARKED || c->state == CALL_RINGING_BACK ||
           c->state == CALL_FORWARDING;
}

static void claim(struct turn *t, struct call *c)
{
    uint16_t code, retry;
    char why[WHY_SIZE];

    if (!t->decision->pin)
        park_claim(t, c);
    else if (!park_pin_ask(t, c, &code, &retry, why))
        refuse(t, c->id, code, retry, why);
}

static void retrieve(struct turn *t)
{
    struct call *c = calls_find(t->p->calls, t->decision->call);

    if (c && park_can_be_claimed(c))
        claim(t, c);
    else
        refuse(t, t->decision->call, 486, 0, "the call has been retrieved already");
}

static void take_over(struct turn *t)
{
    struct call *c = calls_find(t->p->calls, t->decision->call);

    if (c)
        park_take_over(t, c, t->decision);
    else
        refuse(t, 0, 603, 0, "the leg to be replaced has ended");
}

/* A leg that we know, or a number that only we give out, is no new request: it came twice. */
static bool is_new(struct turn *t)
{
    const struct invite *in = t->ev->invite;

    return in && in->leg % 2 == 1 && !calls_by_leg(t->p->calls, in->leg) &&
           !park_pin_find(t->p, in->leg);
}

void park_invite(struct turn *t)
{
    struct decision d;

    if (!is_new(t))
        return;
    decide(t->ev->invite, &t->p->house, t->p->deployment, t->p->orbits, t->p->calls, t->now, &d);
    t->decision = &d;
    switch (d.kind) {
    case DECIDE_REFUSE:
        refuse(t, d.call, d.code, d.retry_after, d.why);
        break;
    case DECIDE_PARK:
        begin_park(t);
        break;
    case DECIDE_RETRIEVE:
        retrieve(t);
        break;
    case DECIDE_TAKE_OVER:
        take_over(t);
        break;
    }
    t->decision = NULL;
}

/* What holds at every moment and at the end of a day, whatever the machine has
 * asked for. What is known of each call is judge.c's. */
#include <inttypes.h>
#include <string.h>

#include "world.h"

/* He is spoken to for as long as the call is parked, and not for ever. */
static void judge_teller(struct world *w, const struct leg *l, const struct watch *c)
{
    if (!c || c->over || c->met || c->regret || judge_is_alive(phones_leg(w, c->ringing)) ||
        judge_is_alive(phones_leg(w, c->claimant)))
        judge_fail(w, "leg %" PRIu64 " is told the number of a call that is not there", l->id);
    if (w->now > l->since + (l->told_up ? 40000 : 10000) + LATE)
        judge_fail(w, "leg %" PRIu64 " is told a number for ever", l->id);
    if (l->told_up && !l->told_gone && l->wire == WIRE_UP && l->hears != HEARS_WORDS)
        judge_fail(w, "leg %" PRIu64 " is called to be told a number and hears none", l->id);
}

/* Who is still to press 1 hears that he is to, for as long as that may last; the caller is where he
 * was. */
static void judge_confirming(struct world *w, const struct leg *l, const struct watch *c)
{
    const struct leg *caller = c ? phones_leg(w, c->caller) : NULL;

    if (l->told_gone)
        return;
    if (w->now > l->confirm_since + PATIENCE_CONFIRM + LATE)
        judge_fail(w, "leg %" PRIu64 " is asked to press 1 for ever", l->id);
    if (l->hears != HEARS_WORDS)
        judge_fail(w, "leg %" PRIu64 " answered a ring back and is not asked to press 1", l->id);
    if (!c || c->met || c->over || !caller || caller->hears == HEARS_PARTNER)
        judge_fail(w, "leg %" PRIu64 " is asked to press 1 for a call that is not there", l->id);
}

/* Somebody who has been told of, and is there, hears something; whom he talks to talks to him. */
static void judge_leg(struct world *w, const struct leg *l)
{
    const struct leg *partner = phones_leg(w, l->partner);
    const struct watch *c = judge_watch(w, l->call);

    if (c && c->ringing == l->id && !l->confirm_since &&
        w->now > l->since + c->rules.ring_time + LATE)
        judge_fail(w, "leg %" PRIu64 " rings for ever", l->id);
    if (l->confirm_since && !l->confirmed)
        judge_confirming(w, l, c);
    if (c && c->coming == l->id && l->wire == WIRE_ASKED &&
        w->now > l->since + LATE + (c->rules.ring_time > 10000 ? c->rules.ring_time : 10000))
        judge_fail(w, "leg %" PRIu64 " is called for ever", l->id);
    if (l->to_tell)
        judge_teller(w, l, c);
    if (l->wire != WIRE_UP || !l->told_up || l->told_gone)
        return;
    if (l->hears == HEARS_NOTHING && (l->role == ROLE_CALLER || w->now > l->told_at + 41000))
        judge_fail(w, "leg %" PRIu64 " of call %" PRIu64 " hears nothing", l->id, l->call);
    if (l->asked && !l->pin_given && l->hears == HEARS_WORDS &&
        w->now > l->asked_at + PATIENCE_PIN + 41000)
        judge_fail(w, "leg %" PRIu64 " is asked for the PIN for ever", l->id);
    if (l->hears == HEARS_PARTNER && (!partner || partner->partner != l->id || partner->told_gone))
        judge_fail(w, "leg %" PRIu64 " of call %" PRIu64 " talks to nobody", l->id, l->call);
}

void judge_after(struct world *w)
{
    if (w->stray)
        judge_fail(w, "leg %" PRIu64 " came up when nobody waited for it, and was kept", w->stray);
    for (unsigned i = 0; i < LEGS; i++)
        if (judge_is_alive(&w->leg[i]))
            judge_leg(w, &w->leg[i]);
}

void judge_end(struct world *w)
{
    for (unsigned i = 0; i < LEGS; i++)
        if (judge_is_alive(&w->leg[i]))
            judge_fail(w, "leg %" PRIu64 " of call %" PRIu64 " is left over", w->leg[i].id,
                       w->leg[i].call);
    for (unsigned i = 0; i < 64; i++)
        if (w->referral[i].number && !w->referral[i].over)
            judge_fail(w, "REFER %u never got its end", w->referral[i].number);
    if (orbits_count(w->p.orbits, 0, 0, w->now).busy)
        judge_fail(w, "an orbit is occupied at the end of the day");
    for (const struct call *c = calls_next(w->p.calls, 0); c; c = calls_next(w->p.calls, c->id))
        if (c->state != CALL_ENDED)
            judge_fail(w, "call %" PRIu64 " never ended", c->id);
}

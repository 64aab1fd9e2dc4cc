/* Each thing that the machine asks for: may it be told, answered, refused, called, hung up,
 * connected? */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "world.h"

/* Promise 3: the number is told only when the disk has it. */
static void judge_told(struct world *w, const struct action *a, const struct leg *l)
{
    const struct call *row = world_row(w, a->call);

    if (!row || row->orbit != a->orbit || !row->has_orbit)
        judge_fail(w, "call %" PRIu64 " was told a number that is not on disk", a->call);
    if (judge_watch(w, a->call))
        judge_watch(w, a->call)->told_number = a->orbit;
    if (l && l->intent != INTENT_CALLED && !l->insider)
        judge_fail(w, "leg %" PRIu64 " is outside and was told a number", l->id);
}

static void judge_answer(struct world *w, const struct action *a, struct leg *l)
{
    struct watch *c = judge_watch(w, a->call);
    struct leg *other = c ? phones_leg(w, c->claimant) : NULL;

    if (!l || !c)
        judge_fail(w, "leg %" PRIu64 " is answered for no call", a->leg);
    if (a->tell == TELL_ORBIT)
        judge_told(w, a, l);
    if (l->id == c->caller) {
        if (c->answered)
            judge_fail(w, "leg %" PRIu64 " is answered twice", l->id);
        c->answered = w->now;
        judge_patience(w, c);
        c->may_ring = c->forced;
        c->give_up = w->now + c->rules.max_park;
    } else if (l->intent == INTENT_RETRIEVE) {
        if (!l->insider && !l->replaces)
            judge_fail(w, "an outsider got a caller by dialling: leg %" PRIu64, l->id);
        if (*w->pin && !l->replaces) { /* he has nothing yet */
            if (a->tell != TELL_NOTHING)
                judge_fail(w, "leg %" PRIu64 " was told who waits before it gave the PIN", l->id);
            return;
        }
        if (judge_is_alive(other))
            judge_fail(w, "call %" PRIu64 " was claimed twice, by %" PRIu64 " and %" PRIu64,
                       a->call, other->id, l->id);
        c->claimant = l->id;
    }
}

/* 500 has a reason; a transfer after the consultation was hung up is not refused while there is
 * room. */
static void judge_refusal(struct world *w, const struct action *a, const struct leg *l)
{
    const struct watch *c = judge_watch(w, a->call);
    const struct leg *old = l ? phones_leg(w, l->replaces) : NULL;

    if (a->code == 500 && c && !c->save_failed && w->now < c->asked + 5000)
        judge_fail(w, "leg %" PRIu64 " is refused although its save was not lost", a->leg);
    if (l && l->kind == REPLACES_ENDED && old->intent == INTENT_CONSULT && old->up && !old->taken &&
        !old->let_go && old->told_up && old->told_gone && a->code != 486 &&
        w->now < old->gone + 31000 && !c)
        judge_fail(w, "leg %" PRIu64 " came after the consultation and got %u", a->leg, a->code);
}

/* A parker is told the number once, of the orbit where the call waits, and only if he is inside. */
static void judge_to_tell(struct world *w, const struct action *a, struct watch *c)
{
    const struct call *now = calls_find(w->p.calls, a->call);

    if (!c->rules.announce_back || c->told || now->state != CALL_PARKED || !now->has_orbit ||
        now->orbit != a->orbit)
        judge_fail(w, "the parker of call %" PRIu64 " is called to be told a number", a->call);
    if (strchr(now->parker.uri, '+') || text_is(now->parker.uri, now->caller.uri))
        judge_fail(w, "somebody who is not to know is told the number of call %" PRIu64, a->call);
    if (!a->orbit || w->now < c->answered + 1000)
        judge_fail(w, "the parker of call %" PRIu64 " is told too early", a->call);
    c->told = true;
    c->telling = a->leg;
}

static void judge_call(struct world *w, const struct event *ev, const struct action *a)
{
    struct watch *c = judge_watch(w, a->call);
    bool commanded = ev->type == EV_DO_RETRIEVE || ev->type == EV_DO_TRANSFER;
    bool early;

    if (!c || c->over)
        judge_fail(w, "somebody is called for call %" PRIu64 ", which is none", a->call);
    if (judge_is_alive(phones_leg(w, c->ringing)))
        judge_fail(w, "two are rung at once for call %" PRIu64, a->call);
    if (a->orbit)
        judge_told(w, a, NULL);
    if (a->kind == CALLING_TO_TELL) {
        judge_to_tell(w, a, c);
        return;
    }
    if (a->kind == CALLING_CALLER || a->kind == CALLING_TARGET) {
        if (judge_is_alive(phones_leg(w, c->coming)) &&
            phones_leg(w, c->coming)->wire == WIRE_ASKED)
            judge_fail(w, "two are called at once for call %" PRIu64, a->call);
        c->coming = a->leg;
        return;
    }
    early = w->now < c->earliest && !c->may_ring && ev->type != EV_DO_RING_BACK;
    c->ringing = a->leg;
    c->kind = a->kind;
    if (a->kind == CALLING_CHOSEN)
        return;
    if (a->kind == CALLING_FALLBACK) {
        if (early && !c->forced && w->now < c->give_up && c->has_parker && !c->parker_gone &&
            !a->plain && c->rung < c->rules.max_pickup_attempts)
            judge_fail(w, "the fallback of call %" PRIu64 " was called early", a->call);
        if (c->fallback_called && !a->plain)
            judge_fail(w, "the fallback of call %" PRIu64 " was called twice", a->call);
        c->fallback_called = true;
        return;
    }
    if (early && !commanded)
        judge_fail(w, "call %" PRIu64 " was rung back %" PRIu64 " ms early", a->call,
                   c->earliest - w->now);
    c->by_hand = ev->type == EV_DO_RING_BACK || (a->plain && c->by_hand);
    c->rung += !c->by_hand && !a->plain && c->looked_in != w->steps;
    if (c->rung > c->rules.max_pickup_attempts + (c->forced ? 1 : 0))
        judge_fail(w, "call %" PRIu64 " was rung back %u times", a->call, c->rung);
}

/* ---- hanging up */

/* May we hang up on somebody who was connected? */
static bool partner_left(const struct world *w, const struct leg *l, const struct leg *partner)
{
    bool was_there = partner && partner->up && l->up;

    if (!partner || (!partner->told_gone && !partner->let_go))
        return false;
    if (l->role == ROLE_OTHER || partner->let_go)
        return true;
    return was_there && (!partner->silent || w->now >= partner->up + 2000 - LATE);
}

static bool is_replaced(struct world *w, const struct leg *l)
{
    for (unsigned i = 0; i < LEGS; i++)
        if (w->leg[i].id && w->leg[i].replaces == l->id && w->leg[i].told_up &&
            w->leg[i].call == l->call)
            return true;
    return false;
}

/* Somebody who consulted asked by REFER for another of his calls to be put there. */
static bool gives_up_his_place(const struct world *w, const struct watch *c, const struct leg *l)
{
    for (unsigned i = 0; i < sizeof w->referral / sizeof *w->referral; i++)
        if (w->referral[i].number && w->referral[i].leg == l->id && !w->referral[i].over &&
            w->referral[i].named)
            return c->consult && c->caller == l->id;
    return false;
}

/* Promise 1: why we may hang up on this leg; NULL: we may not. */
static const char *reason_to_hang_up(struct world *w, const struct leg *l)
{
    const struct watch *c = judge_watch(w, l->call);
    struct leg *caller = c ? phones_leg(w, c->caller) : NULL;

    if (!judge_is_alive(l))
        return "gone already";
    if (!c || c->over || c->hang_up_asked)
        return "over, or asked for";
    if (is_replaced(w, l))
        return "replaced";
    if (l->intent == INTENT_CALLED && !l->told_up)
        return "only called";
    if (judge_is_referred(w, l->id) || l->sent_for)
        return "transferred";
    if (w->restoring && l->id == w->refers)
        return "transferred, as was written";
    if (gives_up_his_place(w, c, l))
        return "the call that he consulted for is there";
    if (l->elsewhere)
        return "taken over by the one whom he talked to";
    if (l->hears == HEARS_PARTNER)
        return partner_left(w, l, phones_leg(w, l->partner)) ? "the other side left" : NULL;
    if (l->role == ROLE_OTHER)
        return "not connected yet";
    if (c->regret)
        return "there is nobody";
    if (c->met && !l->told_up && !c->claimant)
        return "the other side left before he was there";
    if (w->now + LATE >= l->answered + 40000 && !l->told_up)
        return "never acknowledged";
    return l->id != c->caller && !judge_is_alive(caller) ? "the call has ended" : NULL;
}

static void judge_hang_up(struct world *w, const struct action *a)
{
    struct leg *l = phones_leg(w, a->leg);
    struct watch *c;
    msec over;

    if (!l)
        return;
    if (l->id == w->stray)
        w->stray = 0;
    if (!reason_to_hang_up(w, l))
        judge_fail(w, "leg %" PRIu64 " of call %" PRIu64 " was hung up: %s", a->leg, l->call,
                   a->why);
    c = judge_watch(w, l->call);
    if (!c || c->ringing != l->id)
        return;
    c->ringing = 0;
    over = l->confirm_since ? l->confirm_since + PATIENCE_CONFIRM : l->since + c->rules.ring_time;
    if (w->now >= over && a->code != 200) {
        if (c->kind == CALLING_PARKER)
            judge_patience(w, c);
    } else if (c->kind == CALLING_PARKER) {
        c->rung -= !c->by_hand && c->rung; /* called off: that was no attempt */
    } else if (c->kind == CALLING_FALLBACK) {
        c->fallback_called = false;
    }
}

void judge_regret(struct world *w, struct watch *c)
{
    bool fallback_left = *c->rules.timeout_uri && !c->fallback_called;
    bool parker_left =
        c->has_parker && !c->parker_gone && !c->forced && c->rung < c->rules.max_pickup_attempts;

    if (fallback_left)
        judge_fail(w, "call %" PRIu64 " is given up although there is a fallback", c->call);
    if (w->now < c->give_up && parker_left)
        judge_fail(w, "call %" PRIu64 " is given up although its parker was rung %u times", c->call,
                   c->rung);
    if (w->now < c->give_up && *c->rules.timeout_uri)
        judge_fail(w, "call %" PRIu64 " is given up before max_park", c->call);
    c->regret = true;
    judge_left_orbit(w, c);
}

/* ---- connecting */

/* Promise 2: never two who wait. */
static void judge_bridge(struct world *w, const struct event *ev, const struct action *a)
{
    struct leg *one = phones_leg(w, a->leg);
    struct leg *two = phones_leg(w, a->other);

    if (!one || !two || one == two)
        judge_fail(w, "leg %" PRIu64 " is connected with nobody", a->leg);
    if (judge_watch(w, a->call) &&
        (judge_watch(w, a->call)->moving || judge_is_referred(w, one->id) || ev->type == EV_REFER))
        judge_look_again(w, judge_watch(w, a->call));
    if (one->to_tell || two->to_tell)
        judge_fail(w, "leg %" PRIu64 " or %" PRIu64 " was only to be told a number", a->leg,
                   a->other);
    if (*w->pin && two->intent == INTENT_RETRIEVE && !two->replaces && !two->pin_given)
        judge_fail(w, "leg %" PRIu64 " has the call without the PIN", two->id);
    if ((one->confirm_since && !one->confirmed) || (two->confirm_since && !two->confirmed))
        judge_fail(w, "leg %" PRIu64 " or %" PRIu64 " has the call without having pressed 1",
                   one->id, two->id);
    if (one->role == two->role)
        judge_fail(w, "two callers met: legs %" PRIu64 " and %" PRIu64, a->leg, a->other);
    if (one->call != a->call || two->call != a->call)
        judge_fail(w, "legs of two calls are connected: %" PRIu64 " and %" PRIu64, a->leg,
                   a->other);
    if (!one->told_up || !two->told_up)
        judge_fail(w, "leg %" PRIu64 " or %" PRIu64 " is not up yet", a->leg, a->other);
    if (judge_watch(w, a->call)) {
        judge_watch(w, a->call)->met = true;
        judge_left_orbit(w, judge_watch(w, a->call));
    }
}

/* Three tries, and nobody is asked who gave it. */
static void judge_question(struct world *w, const struct action *a, struct leg *l)
{
    if (!l || l->intent != INTENT_RETRIEVE || l->hears == HEARS_PARTNER)
        judge_fail(w, "leg %" PRIu64 " is asked for a PIN", a->leg);
    if (++l->asked > 3)
        judge_fail(w, "leg %" PRIu64 " is asked for the PIN %u times", l->id, l->asked);
    l->given[0] = '\0';
    l->asked_at = w->now;
}

/* Only who answered a ring back is asked to press 1, and only where that is wanted. */
static void judge_confirm_question(struct world *w, const struct action *a, const struct leg *l,
                                   const struct watch *c)
{
    if (!l || !c || c->ringing != l->id || !l->confirm_since || l->confirmed || l->told_gone)
        judge_fail(w, "leg %" PRIu64 " is asked to press 1", a->leg);
}

/* Only of two who talk can one take the other over, and somebody parked is never sent away. */
static void judge_exit(struct world *w, const struct action *a)
{
    const struct leg *one = phones_leg(w, a->leg);
    const struct leg *two = phones_leg(w, a->other);

    if (!one || !two || one->hears != HEARS_PARTNER || one->partner != two->id ||
        two->role != ROLE_CALLER || two->told_gone || one->told_gone)
        judge_fail(w, "leg %" PRIu64 " is to take leg %" PRIu64 " over, but does not talk to it",
                   a->leg, a->other);
}

void judge_action(struct world *w, const struct event *ev, const struct action *a)
{
    struct leg *l = phones_leg(w, a->leg);
    struct watch *c = judge_watch(w, a->call);
    const struct leg *told = phones_leg(w, ev->leg);

    /* What becomes of a parker who is told a number is nothing to the call. */
    if (told && told->to_tell && a->type != ACT_STEP && a->type != ACT_REFER_ANSWER &&
        a->leg != told->id)
        judge_fail(w, "call %" PRIu64 " is disturbed by who is told its number", a->call);
    if (a->type == ACT_STEP)
        judge_step(w, ev, a);
    else if (a->type == ACT_REFER_ANSWER || a->type == ACT_REFER_PROGRESS)
        judge_referral(w, a);
    else if (a->type == ACT_ANSWER)
        judge_answer(w, a, l);
    else if (a->type == ACT_REFUSE)
        judge_refusal(w, a, l);
    else if (a->type == ACT_CALL)
        judge_call(w, ev, a);
    else if (a->type == ACT_HANG_UP)
        judge_hang_up(w, a);
    else if (a->type == ACT_EXIT)
        judge_exit(w, a);
    else if (a->type == ACT_BRIDGE)
        judge_bridge(w, ev, a);
    else if (a->type == ACT_SAY && a->say == SAY_ORBIT)
        judge_told(w, a, l);
    else if (a->type == ACT_SAY && (a->say == SAY_PIN || a->say == SAY_PIN_AGAIN))
        judge_question(w, a, l);
    else if (a->type == ACT_SAY && a->say == SAY_CONFIRM)
        judge_confirm_question(w, a, l, c);
    else if (a->type == ACT_SAY && a->say == SAY_REGRET && c && !c->regret)
        judge_regret(w, c);
}

/* Was that right? Judged by what can be seen from outside: what we told the machine, what it asked
 * for, and what everybody hears. park_check() has looked at its tables already. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "world.h"

#define LATE 100 /* how late a tick may come, and more */

void judge_fail(struct world *w, const char *format, ...)
{
    va_list ap;

    printf("not ok - ");
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    printf("\n# replay: sim --seed %" PRIu64 " --days 1 --verbose\n", w->seed);
    fflush(stdout);
    exit(EXIT_FAILURE);
}

struct watch *judge_watch(struct world *w, call_id call)
{
    for (unsigned i = 0; call && i < WATCHES; i++)
        if (w->watch[i].call == call)
            return &w->watch[i];
    return NULL;
}

static bool is_alive(const struct leg *l)
{
    return l && l->id && l->wire != WIRE_NONE && l->wire != WIRE_GONE && !l->let_go;
}

/* Nobody is to be rung before this. */
static void patience_begins(struct world *w, struct watch *c)
{
    c->earliest = c->forced                          ? w->now
                  : c->rules.pickup_timeout == NEVER ? NEVER
                                                     : w->now + c->rules.pickup_timeout;
    c->may_ring = c->forced;
}

/* ---- what the machine is told -------------------------------------------------------------------
 */

static void call_failed(struct world *w, struct watch *c, uint16_t code)
{
    bool form = code == 488 || code == 415 || code == 420;
    bool gone = code == 404 || code == 482;

    c->ringing = 0;
    if (form)
        c->may_ring = true; /* once more, in plain form */
    else if (gone && c->kind == CALLING_PARKER)
        c->parker_gone = true;
    else if (c->kind == CALLING_PARKER)
        patience_begins(w, c);
}

static void leg_goes(struct world *w, const struct event *ev, struct leg *l)
{
    struct watch *c = judge_watch(w, l->call);

    l->told_gone = true;
    if (c && l->id == c->ringing)
        call_failed(w, c, ev->type == EV_LEG_FAILED ? ev->code : 480);
    if (c && l->id == c->claimant)
        c->claimant = 0;
}

/* Somebody else is on the leg, or has taken its place: the parker is known, patience begins. */
static void transferred(struct world *w, struct watch *c)
{
    if (!c || !c->consult)
        return;
    c->consult = false;
    c->has_parker = true;
    c->fallback_called = false;
    c->parker_gone = false;
    c->rung = 0;
    if (!c->ringing)
        patience_begins(w, c);
}

static void leg_is_up(struct world *w, struct leg *l)
{
    struct watch *c = judge_watch(w, l->call);

    l->told_up = true;
    if (c && l->id == c->ringing) {
        c->ringing = 0;
        c->claimant = l->id;
    }
}

static void command_given(struct world *w, const struct event *ev)
{
    struct watch *c = judge_watch(w, ev->call);

    if (!c)
        return;
    if (ev->type == EV_DO_HANG_UP)
        c->hang_up_asked = true;
    if (ev->type == EV_DO_FORCE_OUT)
        c->forced = c->may_ring = true;
    if (ev->type == EV_DO_EXTEND && c->earliest != NEVER)
        c->may_ring = false; /* by how much depends on whether it was refused: see the step */
}

void judge_event(struct world *w, const struct event *ev)
{
    struct leg *l = phones_leg(w, ev->leg);
    struct watch *c = judge_watch(w, ev->call);

    if (ev->type == EV_NOT_SAVED && c && ev->write == c->write)
        c->save_failed = true;
    if (ev->type >= EV_DO_RETRIEVE && ev->type <= EV_DO_FORCE_OUT)
        command_given(w, ev);
    if (!l)
        return;
    if (ev->type == EV_LEG_UP && !l->told_up) {
        leg_is_up(w, l);
    } else if (ev->type == EV_LEG_FAILED || ev->type == EV_LEG_GONE ||
               (ev->type == EV_CANCELLED && !ev->answered)) {
        leg_goes(w, ev, l);
    } else if (ev->type == EV_IDENTITY) {
        l->insider = !strchr(ev->party.uri, '+');
        if (l->intent == INTENT_CONSULT)
            l->intent = INTENT_PARK; /* the one who consulted has gone */
        if (judge_watch(w, l->call) && judge_watch(w, l->call)->caller == l->id)
            transferred(w, judge_watch(w, l->call));
    }
}

/* ---- what it asks for ---------------------------------------------------------------------------
 */

static struct watch *new_watch(struct world *w, call_id call)
{
    struct watch *oldest = judge_watch(w, call);

    if (oldest)
        return oldest; /* an id that a crash has wiped out is given out again */
    oldest = &w->watch[0];
    for (unsigned i = 0; i < WATCHES; i++) {
        if (!w->watch[i].call)
            return &w->watch[i];
        if (w->watch[i].over && (!oldest->over || w->watch[i].call < oldest->call))
            oldest = &w->watch[i];
    }
    if (!oldest->over)
        judge_fail(w, "call %" PRIu64 " is one too many", call);
    return oldest;
}

/* No orbit is given out again while it cools down, unless it was kept. */
static void judge_cooled(struct world *w, number_key orbit)
{
    for (unsigned i = 0; i < 64; i++)
        if (w->freed[i].orbit == orbit && w->now < w->freed[i].at + w->freed[i].cool_down)
            judge_fail(w, "an orbit was given out %" PRIu64 " ms after it was freed",
                       w->now - w->freed[i].at);
}

static void parking_begins(struct world *w, const struct event *ev, const struct action *a)
{
    struct watch *c = new_watch(w, a->call);
    struct leg *l = phones_leg(w, ev->leg ? ev->leg : ev->invite ? ev->invite->leg : 0);
    const struct call *now = calls_find(w->p.calls, a->call);

    memset(c, 0, sizeof *c);
    c->call = a->call;
    c->caller = l->id;
    c->asked = w->now;
    c->write = 1;
    c->has_parker = *l->by && !text_is(l->by, l->user);
    c->consult = l->insider && !*l->by && l->kind != REPLACES_ENDED;
    c->has_parker |= l->kind == REPLACES_ENDED;
    deployment_rules(w->deployment, "pool.example", now->range, &c->rules, NULL);
    c->earliest = c->give_up = NEVER;
    c->orbit = now->orbit;
    c->in_orbit = true;
    l->call = a->call;
    l->role = ROLE_CALLER;
    if (l->intent == INTENT_RETRIEVE)
        l->intent =
            l->insider ? INTENT_CONSULT : INTENT_PARK; /* the orbit that he dialled was free */
    if (l->kind != REPLACES_ENDED)
        judge_cooled(w, now->orbit);
    if (l->kind == REPLACES_ENDED && phones_leg(w, l->replaces))
        phones_leg(w, l->replaces)->taken = true;
}

/* Promise 3: the number is told only when the disk has it. */
static void judge_told(struct world *w, const struct action *a, const struct leg *l)
{
    const struct call *row = world_row(w, a->call);

    if (!row || row->orbit != a->orbit || !row->has_orbit)
        judge_fail(w, "call %" PRIu64 " was told a number that is not on disk", a->call);
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
        patience_begins(w, c);
        c->may_ring = c->forced;
        c->give_up = w->now + c->rules.max_park;
    } else if (l->intent == INTENT_RETRIEVE) {
        if (!l->insider && !l->replaces)
            judge_fail(w, "an outsider got a caller by dialling: leg %" PRIu64, l->id);
        if (is_alive(other))
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

static void judge_call(struct world *w, const struct event *ev, const struct action *a)
{
    struct watch *c = judge_watch(w, a->call);
    bool commanded = ev->type == EV_DO_RETRIEVE || ev->type == EV_DO_TRANSFER;
    bool early;

    if (!c || c->over)
        judge_fail(w, "somebody is called for call %" PRIu64 ", which is none", a->call);
    if (is_alive(phones_leg(w, c->ringing)))
        judge_fail(w, "two are rung at once for call %" PRIu64, a->call);
    if (a->orbit)
        judge_told(w, a, NULL);
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
    c->rung += !c->by_hand && !a->plain;
    if (c->rung > c->rules.max_pickup_attempts + (c->forced ? 1 : 0))
        judge_fail(w, "call %" PRIu64 " was rung back %u times", a->call, c->rung);
}

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

/* Promise 1: why we may hang up on this leg; NULL: we may not. */
static const char *reason_to_hang_up(struct world *w, const struct leg *l)
{
    const struct watch *c = judge_watch(w, l->call);
    struct leg *caller = c ? phones_leg(w, c->caller) : NULL;

    if (!is_alive(l))
        return "gone already";
    if (!c || c->over || c->hang_up_asked)
        return "over, or asked for";
    if (is_replaced(w, l))
        return "replaced";
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
    return l->id != c->caller && !is_alive(caller) ? "the call has ended" : NULL;
}

static void judge_hang_up(struct world *w, const struct action *a)
{
    struct leg *l = phones_leg(w, a->leg);
    struct watch *c;

    if (!l)
        return;
    if (!reason_to_hang_up(w, l))
        judge_fail(w, "leg %" PRIu64 " of call %" PRIu64 " was hung up: %s", a->leg, l->call,
                   a->why);
    c = judge_watch(w, l->call);
    if (!c || c->ringing != l->id)
        return;
    c->ringing = 0;
    if (w->now >= l->since + c->rules.ring_time) {
        if (c->kind == CALLING_PARKER)
            patience_begins(w, c);
    } else if (c->kind == CALLING_PARKER) {
        c->rung -= !c->by_hand && c->rung; /* called off: that was no attempt */
    } else if (c->kind == CALLING_FALLBACK) {
        c->fallback_called = false;
    }
}

/* It left its orbit, which cools down from now on; a consultation's is kept instead. */
static void left_orbit(struct world *w, struct watch *c)
{
    const struct leg *l = phones_leg(w, c->caller);
    bool kept = l && l->intent == INTENT_CONSULT;

    if (!c->in_orbit)
        return;
    c->in_orbit = false;
    w->freed[w->freed_next] = (struct freed){ c->orbit, w->now, kept ? 0 : c->rules.cool_down };
    w->freed_next = (w->freed_next + 1) % 64;
}

/* It came back, perhaps to another orbit, perhaps to none. */
static void came_back(struct world *w, struct watch *c)
{
    const struct call *now = calls_find(w->p.calls, c->call);

    c->may_ring = !now->has_orbit || c->forced;
    c->in_orbit = now->has_orbit;
    c->orbit = now->orbit;
    c->met = false;
}

static void judge_regret(struct world *w, struct watch *c)
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
    left_orbit(w, c);
}

/* Promise 2: never two who wait. */
static void judge_bridge(struct world *w, const struct action *a)
{
    struct leg *one = phones_leg(w, a->leg);
    struct leg *two = phones_leg(w, a->other);

    if (!one || !two || one == two)
        judge_fail(w, "leg %" PRIu64 " is connected with nobody", a->leg);
    if (one->role == two->role)
        judge_fail(w, "two callers met: legs %" PRIu64 " and %" PRIu64, a->leg, a->other);
    if (one->call != a->call || two->call != a->call)
        judge_fail(w, "legs of two calls are connected: %" PRIu64 " and %" PRIu64, a->leg,
                   a->other);
    if (!one->told_up || !two->told_up)
        judge_fail(w, "leg %" PRIu64 " or %" PRIu64 " is not up yet", a->leg, a->other);
    if (judge_watch(w, a->call)) {
        judge_watch(w, a->call)->met = true;
        left_orbit(w, judge_watch(w, a->call));
    }
}

/* Somebody came in the place of the caller, or of the other side. */
static void taken_over(struct world *w, struct watch *c)
{
    for (unsigned i = 0; i < LEGS; i++) {
        struct leg *l = &w->leg[i];

        if (!is_alive(l) || !l->replaces || l->call != c->call)
            continue;
        if (l->replaces == c->caller) {
            c->caller = l->id;
            transferred(w, c);
            return;
        }
    }
    c->claimant = 0;
}

/* The record says how it ended. */
static void judge_outcome(struct world *w, const struct watch *c)
{
    enum outcome o = calls_find(w->p.calls, c->call)->outcome;
    bool talked = o == OUT_RETRIEVED || o == OUT_RINGBACK_ANSWERED || o == OUT_FORWARDED;

    if (talked != c->met && !(c->met && o == OUT_HUNG_UP))
        judge_fail(w, "call %" PRIu64 " is recorded as %s", c->call, outcome_name(o));
}

static void judge_step(struct world *w, const struct event *ev, const struct action *a)
{
    struct watch *c = judge_watch(w, a->call);

    if (!*a->why)
        judge_fail(w, "a step of call %" PRIu64 " has no reason", a->call);
    if (a->step == STEP_PARKING)
        parking_begins(w, ev, a);
    if (!c)
        return;
    if (a->step == STEP_EXTENDED) {
        c->earliest = c->earliest == NEVER ? NEVER : c->earliest + ev->span;
        c->give_up += ev->span;
    }
    if (a->step == STEP_TIMED_OUT && !c->regret)
        judge_regret(w, c);
    if (a->step == STEP_TAKEN_OVER)
        taken_over(w, c);
    if (a->step == STEP_RETURNED)
        came_back(w, c);
    if (a->step == STEP_ENDED) {
        judge_outcome(w, c);
        left_orbit(w, c);
        c->over = true;
    }
}

void judge_action(struct world *w, const struct event *ev, const struct action *a)
{
    struct leg *l = phones_leg(w, a->leg);
    struct watch *c = judge_watch(w, a->call);

    if (a->type == ACT_STEP)
        judge_step(w, ev, a);
    else if (a->type == ACT_ANSWER)
        judge_answer(w, a, l);
    else if (a->type == ACT_REFUSE)
        judge_refusal(w, a, l);
    else if (a->type == ACT_CALL)
        judge_call(w, ev, a);
    else if (a->type == ACT_HANG_UP)
        judge_hang_up(w, a);
    else if (a->type == ACT_BRIDGE)
        judge_bridge(w, a);
    else if (a->type == ACT_SAY && a->say == SAY_ORBIT)
        judge_told(w, a, l);
    else if (a->type == ACT_SAY && a->say == SAY_REGRET && c && !c->regret)
        judge_regret(w, c);
}

/* ---- what holds between steps -------------------------------------------------------------------
 */

/* Somebody who has been told of, and is there, hears something; whom he talks to talks to him. */
static void judge_leg(struct world *w, const struct leg *l)
{
    const struct leg *partner = phones_leg(w, l->partner);

    if (l->intent == INTENT_CALLED && l->wire == WIRE_ASKED && w->now > l->since + 120000 + LATE)
        judge_fail(w, "leg %" PRIu64 " rings for ever", l->id);
    if (l->wire != WIRE_UP || !l->told_up || l->told_gone)
        return;
    if (l->hears == HEARS_NOTHING && (l->role == ROLE_CALLER || w->now > l->up + 41000))
        judge_fail(w, "leg %" PRIu64 " of call %" PRIu64 " hears nothing", l->id, l->call);
    if (l->hears == HEARS_PARTNER && (!partner || partner->partner != l->id || partner->told_gone))
        judge_fail(w, "leg %" PRIu64 " of call %" PRIu64 " talks to nobody", l->id, l->call);
}

void judge_after(struct world *w)
{
    for (unsigned i = 0; i < LEGS; i++)
        if (is_alive(&w->leg[i]))
            judge_leg(w, &w->leg[i]);
}

void judge_end(struct world *w)
{
    for (unsigned i = 0; i < LEGS; i++)
        if (is_alive(&w->leg[i]))
            judge_fail(w, "leg %" PRIu64 " of call %" PRIu64 " is left over", w->leg[i].id,
                       w->leg[i].call);
    if (orbits_count(w->p.orbits, 0, 0, w->now).busy)
        judge_fail(w, "an orbit is occupied at the end of the day");
    for (struct call *c = calls_next(w->p.calls, 0); c; c = calls_next(w->p.calls, c->id))
        if (c->state != CALL_ENDED)
            judge_fail(w, "call %" PRIu64 " never ended", c->id);
}

/* What was not on disk is lost in a crash, and what was being connected; nothing else is. */
void judge_restart(struct world *w)
{
    for (unsigned i = 0; i < LEGS; i++) {
        struct leg *l = &w->leg[i];
        struct call *c = calls_by_leg(w->p.calls, l->id);

        if (l->id && !c) {
            l->wire = WIRE_GONE;
            l->gone = l->gone ? l->gone : w->now;
            l->let_go = true;
        }
        if (l->id && is_alive(l) && c)
            l->told_gone = false;
    }
    for (unsigned i = 0; i < WATCHES; i++) {
        struct watch *c = &w->watch[i];
        const struct call *now = calls_find(w->p.calls, c->call);

        c->ringing = c->claimant = 0;
        c->met = false;
        c->over = !now;
        if (now) {
            c->caller = now->caller_leg;
            c->consult = now->consult; /* as it was when it was last written */
            c->has_parker = now->parker_known;
            phones_leg(w, c->caller)->intent = now->consult ? INTENT_CONSULT : INTENT_PARK;
            c->in_orbit = true;
            c->orbit = now->orbit;
            c->rung = now->attempt;
            c->fallback_called = now->fallback_tried;
            c->earliest = now->deadline;
            c->give_up = now->give_up_at;
            c->answered = c->answered ? c->answered : w->now;
        }
    }
    memset(w->freed, 0, sizeof w->freed);
}

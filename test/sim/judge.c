/* Was that right? Judged by what can be seen from outside: what we told the machine, what it asked
 * for, and what everybody hears. Here is what is known of each call; judge_acts.c looks at each
 * thing that the machine asks for, judge_moments.c at what holds between two steps. park_check()
 * has looked at its tables already. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "world.h"

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

bool judge_is_alive(const struct leg *l)
{
    return l && l->id && l->wire != WIRE_NONE && l->wire != WIRE_GONE && !l->let_go;
}

/* Nobody is to be rung before this. */
void judge_patience(struct world *w, struct watch *c)
{
    msec before = c->by_hand && c->earliest != NEVER ? c->earliest : 0;

    c->earliest = c->forced                          ? w->now
                  : c->rules.pickup_timeout == NEVER ? NEVER
                                                     : w->now + c->rules.pickup_timeout;
    /* A ring that somebody asked for does not bring the next one nearer. */
    if (c->earliest < before && !c->forced)
        c->earliest = before;
    c->by_hand = false;
    c->may_ring = c->forced;
}

/* ---- what the machine is told */

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
        judge_patience(w, c);
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
    if (c->met)
        return;
    c->fallback_called = false;
    c->parker_gone = false;
    c->rung = 0;
    if (c->give_up < w->now + c->rules.max_park)
        c->give_up = w->now + c->rules.max_park;
    if (!c->ringing)
        judge_patience(w, c);
}

static void leg_is_up(struct world *w, struct leg *l)
{
    struct watch *c = judge_watch(w, l->call);

    l->told_up = true;
    l->told_at = w->now;
    if (c && l->id == c->ringing && c->kind == CALLING_PARKER && c->rules.ringback_confirm) {
        l->confirm_since = w->now; /* he has nothing yet */
    } else if (c && l->id == c->ringing) {
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
}

static struct referral *referral_of(struct world *w, uint32_t number)
{
    for (unsigned i = 0; i < 64; i++)
        if (w->referral[i].number == number)
            return &w->referral[i];
    return NULL;
}

static void referral_comes(struct world *w, const struct refer *r)
{
    struct referral *free = referral_of(w, 0);

    for (unsigned i = 0; !free && i < 64; i++)
        if (w->referral[i].over)
            free = &w->referral[i];
    if (!r->number)
        return;
    if (!free)
        judge_fail(w, "too many REFERs are open");
    *free = (struct referral){ .number = r->number, .leg = r->leg, .named = r->replaces_leg };
}

bool judge_is_referred(const struct world *w, leg_id leg)
{
    for (unsigned i = 0; leg && i < 64; i++) {
        const struct referral *r = &w->referral[i];
        bool just_over = r->over && r->over_in == w->steps;

        /* Whoever referred goes once he has been told the end, whom it names a moment before. */
        if (r->number &&
            ((r->leg == leg && just_over) || (r->named == leg && (!r->over || just_over))))
            return true;
    }
    return false;
}

/* Each REFER is answered once, and told its end once. */
void judge_referral(struct world *w, const struct action *a)
{
    struct referral *r = referral_of(w, a->refer);

    if (!r || r->over || r->accepted != (a->type == ACT_REFER_PROGRESS))
        judge_fail(w, "REFER %u is told %u, out of turn", a->refer, a->code);
    if (a->code == 202 && phones_leg(w, r->named))
        phones_leg(w, r->named)->taken = true;
    r->accepted = true;
    r->over = a->type == ACT_REFER_PROGRESS || a->code >= 300;
    r->over_in = w->steps;
}

void judge_look_again(struct world *w, struct watch *c)
{
    const struct call *now = calls_find(w->p.calls, c->call);
    struct leg *l = now ? phones_leg(w, now->caller_leg) : NULL;
    struct leg *other = now ? phones_leg(w, now->peer) : NULL;

    if (!now)
        return;
    c->caller = now->caller_leg;
    if (c->claimant == c->caller)
        c->claimant = now->peer;
    c->rules = now->rules;
    c->rung = now->attempt;
    c->looked_in = w->steps;
    /* Whoever talks to the fallback has had it called, though it has not come to nothing yet. */
    c->fallback_called = now->fallback_tried || (now->peer && now->peer_role == PEER_FALLBACK);
    c->has_parker = now->parker_known;
    c->parker_gone = now->parker_gone;
    c->consult = now->consult;
    c->give_up = now->give_up_at;
    c->in_orbit = now->has_orbit;
    c->orbit = now->orbit;
    if (l) {
        l->role = ROLE_CALLER;
        l->call = c->call;
        if (l->intent == INTENT_RETRIEVE)
            l->intent = INTENT_PARK;
    }
    if (other) {
        other->role = ROLE_OTHER;
        other->call = c->call;
    }
}

/* A key of somebody who is asked for the PIN, as he would count it himself. */
static void key_pressed(const struct world *w, struct leg *l, char key)
{
    size_t length = strlen(l->given);

    if (key == '*')
        l->given[0] = '\0';
    else if (key != '#' && length + 1 < sizeof l->given) {
        l->given[length] = key;
        l->given[length + 1] = '\0';
    }
    l->pin_given |= l->asked && *w->pin && text_is(l->given, w->pin);
}

/* 1, by somebody who answered a ring back, and while nobody else has come: the call is his. */
static void confirm_pressed(struct world *w, struct leg *l, char key)
{
    struct watch *c = judge_watch(w, l->call);

    if (!c || c->ringing != l->id || !l->confirm_since || l->let_go || key != '1')
        return;
    l->confirmed = true;
    c->ringing = 0;
    c->claimant = l->id;
}

/* Has somebody the call now who gave the PIN? Then nobody else may. */
static void judge_claim(struct world *w, struct watch *c)
{
    const struct call *now = calls_find(w->p.calls, c->call);
    struct leg *l = now ? phones_leg(w, now->peer) : NULL;
    const struct leg *other = phones_leg(w, c->claimant);

    if (!l || !l->asked || l->id == c->claimant)
        return;
    if (judge_is_alive(other) && !other->told_gone)
        judge_fail(w, "call %" PRIu64 " was claimed twice, by %" PRIu64 " and %" PRIu64, c->call,
                   other->id, l->id);
    c->claimant = l->id;
}

void judge_event(struct world *w, const struct event *ev)
{
    struct leg *l = phones_leg(w, ev->leg);
    struct watch *c = judge_watch(w, ev->call);

    if (ev->type == EV_NOT_SAVED && c && !c->answered)
        c->save_failed = true;
    if (ev->type >= EV_DO_RETRIEVE && ev->type <= EV_DO_FORCE_OUT)
        command_given(w, ev);
    if (ev->type == EV_REFER)
        referral_comes(w, ev->refer);
    if (ev->type == EV_DO_PARK && phones_leg(w, ev->refer->replaces_leg))
        phones_leg(w, ev->refer->replaces_leg)->sent_for = true;
    if (!l)
        return;
    w->stray = ev->type == EV_LEG_UP && l->let_go ? l->id : 0;
    if (ev->type == EV_DIGIT) {
        key_pressed(w, l, ev->digit);
        confirm_pressed(w, l, ev->digit);
    }
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

/* ---- what it says about a call */

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
    if (ev->refer) { /* nobody has been called yet */
        c->moving = true;
        c->asked = w->now;
        c->earliest = NEVER;
        judge_cooled(w, now->orbit);
        judge_look_again(w, c);
        return;
    }
    c->caller = l->id;
    c->asked = w->now;
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

/* It left its orbit, which cools down from now on; a consultation's is kept instead. */
void judge_left_orbit(struct world *w, struct watch *c)
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

    c->may_ring = !now->has_orbit || c->forced || c->moving;
    if (c->moving) /* whoever sent him away is due now, and stays so when his ring is called off */
        c->earliest = w->now;
    c->moving = false;
    c->in_orbit = now->has_orbit;
    c->orbit = now->orbit;
    c->met = false;
}

/* Somebody came in the place of the caller, or of the other side. */
static void taken_over(struct world *w, struct watch *c)
{
    for (unsigned i = 0; i < LEGS; i++) {
        struct leg *l = &w->leg[i];

        if (!judge_is_alive(l) || !l->replaces || l->call != c->call)
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

/* What a REFER has done to a call. */
static void referred(struct world *w, struct watch *c, const struct action *a)
{
    enum step step = a->step;
    const struct call *now = calls_find(w->p.calls, c->call);
    struct leg *old = phones_leg(w, c->caller);

    if (step == STEP_TRANSFERRING || step == STEP_FETCHING)
        c->moving = true;
    else if (!c->moving || (step == STEP_TRANSFER_FAILED && a->code))
        return; /* or another REFER was refused meanwhile */
    judge_look_again(w, c);
    if (old && old->id != c->caller)
        old->taken = true; /* he transferred in another way than by Replaces */
    if (step == STEP_TRANSFERRING && now->peer_role == PEER_TARGET && !now->peer_up) {
        c->by_hand = false; /* who referred has gone, and is the parker: patience begins */
        judge_patience(w, c);
    }
    if (step == STEP_PARKED) {
        c->met = false;
        c->claimant = 0;
        c->answered = w->now;
        c->may_ring = c->forced;
        c->by_hand = false; /* it begins anew, whoever rang before */
        judge_patience(w, c);
    }
    if (step != STEP_TRANSFERRING && step != STEP_FETCHING) {
        c->moving = false;
        c->coming = 0;
    }
    if (step == STEP_TRANSFERRED)
        c->claimant = now->peer;
}

/* Which way the audio goes is said of two who talk, and of nobody else. */
static void judge_path(struct world *w, const struct event *ev, const struct action *a)
{
    const struct leg *one = phones_leg(w, ev->leg);
    const struct leg *two = phones_leg(w, ev->other);

    if (ev->type != EV_PATH || !one || !two || one->call != a->call)
        judge_fail(w, "call %" PRIu64 " has a step about its audio that nobody asked for", a->call);
    if (one->hears != HEARS_PARTNER || one->partner != two->id || two->hears != HEARS_PARTNER ||
        two->partner != one->id)
        judge_fail(w, "the audio of legs %" PRIu64 " and %" PRIu64 " is told of, who do not talk",
                   one->id, two->id);
}

/* Who waited without an orbit has one again, mostly his own, cooled down or not. */
static void found_orbit(struct world *w, struct watch *c)
{
    const struct call *now = calls_find(w->p.calls, c->call);

    if (c->in_orbit || c->met || !now || !now->has_orbit)
        return;
    c->in_orbit = true;
    c->orbit = now->orbit;
    for (unsigned i = 0; i < sizeof w->freed / sizeof *w->freed; i++)
        if (w->freed[i].orbit == now->orbit)
            w->freed[i].orbit = 0;
}

void judge_step(struct world *w, const struct event *ev, const struct action *a)
{
    struct watch *c = judge_watch(w, a->call);

    if (!*a->why)
        judge_fail(w, "a step of call %" PRIu64 " has no reason", a->call);
    if (a->step == STEP_PARKING)
        parking_begins(w, ev, a);
    if (!c)
        return;
    if (a->step == STEP_RINGBACK_STARTED || a->step == STEP_FORWARDING)
        found_orbit(w, c);
    if (a->step == STEP_MEDIA_DIRECT || a->step == STEP_MEDIA_RELAYED)
        judge_path(w, ev, a);
    if (a->step == STEP_EXTENDED) {
        c->earliest = c->earliest == NEVER ? NEVER : c->earliest + ev->span;
        c->give_up += ev->span;
    }
    if (a->step == STEP_ANNOUNCED && !(phones_leg(w, c->telling) && phones_leg(w, c->telling)->up))
        judge_fail(w, "nobody was told the number of call %" PRIu64, a->call);
    if (a->step == STEP_TIMED_OUT && !c->regret)
        judge_regret(w, c);
    if (a->step == STEP_TRANSFERRING || a->step == STEP_FETCHING || a->step == STEP_PARKED ||
        a->step == STEP_TRANSFERRED || a->step == STEP_TRANSFER_FAILED)
        referred(w, c, a);
    if (a->step == STEP_RETRIEVING)
        judge_claim(w, c);
    if (a->step == STEP_TAKEN_OVER)
        taken_over(w, c);
    if (a->step == STEP_RETURNED)
        came_back(w, c);
    if (a->step == STEP_ENDED) {
        judge_outcome(w, c);
        judge_left_orbit(w, c);
        c->over = true;
    }
}

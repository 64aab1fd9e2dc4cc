/* Calling somebody for a parked call: the parker, the fallback, or whom a person chose. The caller
 * stays in his orbit meanwhile, with music, and can be retrieved. */
#include <assert.h>

#include "core/park_inside.h"

/* ---- whom ---------------------------------------------------------------------------------------
 */

static const char *address_of(const struct party *p)
{
    return *p->uri ? p->uri : p->contact;
}

/* The parker who is the caller himself (a misdialled park) is not rung while there is a fallback.
 * When nobody is known and there is none, the one who called is rung rather than nobody: many PBXs
 * tell no identity, so that he may well be the parker (sip.md 2.3, case 4). */
bool park_whom(const struct house *house, const struct call *c, struct party *whom)
{
    bool has_fallback = *c->rules.timeout_uri;

    if (c->parker_gone)
        return false;
    if (c->parker_known) {
        *whom = c->parker;
        return !has_fallback || !uri_same_user(c->parker.uri, c->caller.uri);
    }
    *whom = c->caller;
    return !has_fallback && c->consult && party_is_insider(&c->caller, house);
}

/* ---- dialling -----------------------------------------------------------------------------------
 */

static void place_call(struct turn *t, const struct call *c, enum call_kind kind, bool plain)
{
    struct action *a = park_act_leg(t, ACT_CALL, c, c->peer);

    a->kind = kind;
    a->plain = plain;
    a->party = c->caller;
    /* A number that is not on disk yet is told to nobody. */
    a->orbit = c->has_orbit && c->saved >= c->orbit_write ? c->orbit : 0;
    (void)text_copy(a->uri, sizeof a->uri, address_of(&c->peer_party));
}

static enum call_kind kind_of(enum peer_role role)
{
    if (role == PEER_PARKER)
        return CALLING_PARKER;
    return role == PEER_FALLBACK ? CALLING_FALLBACK : CALLING_CHOSEN;
}

/* Every call that is started gets a leg number of its own, so that what comes late for an earlier
 * one is known as late. False: the table of legs is full. */
static bool dial(struct turn *t, struct call *c, enum peer_role role, const struct party *whom)
{
    leg_id leg = t->p->next_leg;

    assert(leg && leg % 2 == 0);
    if (!calls_map_leg(t->p->calls, leg, c->id))
        return false;
    t->p->next_leg += 2;
    c->peer = leg;
    c->peer_up = false;
    c->peer_role = role;
    c->peer_party = *whom;
    park_enter(t, c, role == PEER_PARKER ? CALL_RINGING_BACK : CALL_FORWARDING,
               park_later(t->now, c->rules.ring_time));
    place_call(t, c, kind_of(role), c->plain_retry);
    return true;
}

/* Nobody can be called at the moment. */
static void no_room(struct turn *t, struct call *c, enum step step, msec again)
{
    park_settle(t, c, again);
    PARK_STEP(t, c, step, "too many calls are going on to start another");
    park_save(t, c);
}

void park_ring_back(struct turn *t, struct call *c, const struct party *whom, const char *because)
{
    char name[DISPLAY_SIZE];

    c->plain_retry = false;
    c->by_hand = t->ev->type == EV_DO_RING_BACK;
    c->resume_at = c->by_hand ? c->deadline : t->now;
    if (!dial(t, c, PEER_PARKER, whom)) {
        no_room(t, c, STEP_RINGBACK_FAILED,
                c->by_hand ? c->resume_at : park_later(t->now, c->rules.ring_time));
        return;
    }
    (void)park_name(name, whom, "the parker");
    if (c->by_hand) {
        PARK_STEP(t, c, STEP_RINGBACK_STARTED, "%s is rung back: %s", name, because);
    } else {
        c->attempt++;
        PARK_STEP(t, c, STEP_RINGBACK_STARTED, "%s is rung back because %s; attempt %u of %u", name,
                  because, c->attempt, c->rules.max_pickup_attempts);
    }
    park_save(t, c);
}

void park_forward(struct turn *t, struct call *c, const char *because)
{
    struct party fallback = { 0 };

    (void)text_copy(fallback.uri, sizeof fallback.uri, c->rules.timeout_uri);
    c->plain_retry = false;
    c->resume_at = t->now;
    if (!dial(t, c, PEER_FALLBACK, &fallback)) {
        no_room(t, c, STEP_FORWARD_FAILED, park_later(t->now, c->rules.ring_time));
        return;
    }
    PARK_STEP(t, c, STEP_FORWARDING, "the fallback %.100s is called because %s",
              c->rules.timeout_uri, because);
    park_save(t, c);
}

void park_call_chosen(struct turn *t, struct call *c, const char *uri, enum peer_role role)
{
    struct party chosen = { 0 };
    enum step failed = role == PEER_RETRIEVER ? STEP_RETRIEVE_FAILED : STEP_FORWARD_FAILED;

    (void)text_copy(chosen.uri, sizeof chosen.uri, uri);
    if (c->state == CALL_PARKED)
        c->resume_at = c->deadline;
    c->plain_retry = false;
    park_stop_ringing(t, c, 0, "somebody else is called instead");
    if (!dial(t, c, role, &chosen)) {
        no_room(t, c, failed, c->resume_at);
        return;
    }
    PARK_STEP(t, c, role == PEER_RETRIEVER ? STEP_RETRIEVING : STEP_FORWARDING,
              "%.100s is called because %.60s asked for it", uri, park_actor(t));
    park_save(t, c);
}

/* ---- how it ends --------------------------------------------------------------------------------
 */

static void forget_peer(struct turn *t, struct call *c)
{
    calls_unmap_leg(t->p->calls, c->peer);
    c->peer = 0;
    c->peer_up = false;
}

void park_stop_ringing(struct turn *t, struct call *c, uint16_t code, const char *why)
{
    if (c->state != CALL_RINGING_BACK && c->state != CALL_FORWARDING)
        return;
    park_hang_up(t, c, c->peer, code, why);
    forget_peer(t, c);
    if (c->state == CALL_RINGING_BACK && !c->by_hand && c->attempt)
        c->attempt--;
}

/* The number is wrong for good, or leads back to us: ringing it again helps nobody. */
static bool means_gone(uint16_t code)
{
    return code == 404 || code == 410 || code == 416 || code == 482 || code == 483 || code == 484 ||
           code == 604;
}

/* Something in our request was not liked; the simplest one may be. */
static bool means_form(uint16_t code)
{
    return code == 415 || code == 420 || code == 488;
}

const char *park_code_words(uint16_t code)
{
    switch (code) {
    case CODE_FORWARDED:
        return "forwards his calls to somebody else";
    case 404:
    case 410:
    case 416:
    case 484:
    case 604:
        return "does not exist";
    case 408:
    case 480:
    case 487:
        return "did not answer";
    case 482:
    case 483:
        return "leads back to this server";
    case 486:
    case 600:
        return "is busy";
    case 603:
        return "declined";
    default:
        return "could not be reached";
    }
}

/* Attempts are used up by what the clock began. What a person began leaves the clock as it was, but
 * for the patience, which begins anew so that nobody is rung twice in a row. */
static void parker_failed(struct turn *t, struct call *c, uint16_t code)
{
    bool again = !c->forced && c->attempt < c->rules.max_pickup_attempts;

    c->parker_gone = means_gone(code);
    if (c->forced)
        c->attempt = c->rules.max_pickup_attempts; /* one ring is all there is time for */
    if (c->by_hand && (c->resume_at == NEVER || (c->parker_gone && !*c->rules.timeout_uri))) {
        park_settle(t, c, c->resume_at); /* nobody's wish to ring ends a call before its time */
    } else if (!c->parker_gone && (again || c->by_hand)) {
        park_settle(t, c, park_patience_after_ring(t, c));
    } else {
        park_settle(t, c, t->now);
        park_next_move(t, c);
    }
}

static void fallback_failed(struct turn *t, struct call *c)
{
    c->fallback_tried = true;
    park_settle(t, c, NEVER);
}

static bool tried_plain(struct turn *t, struct call *c, uint16_t code)
{
    struct party whom = c->peer_party;

    if (c->plain_retry || !means_form(code))
        return false;
    c->plain_retry = true;
    if (!dial(t, c, c->peer_role, &whom))
        return false;
    park_save(t, c); /* it is another leg */
    return true;
}

/* What rang has been hung up, or has failed by itself. */
static void ring_over(struct turn *t, struct call *c, uint16_t code)
{
    char name[DISPLAY_SIZE];
    bool asked = c->confirming;
    const char *what = asked ? "answered, but nobody pressed 1" : park_code_words(code);
    enum peer_role role = c->peer_role;

    forget_peer(t, c);
    if (tried_plain(t, c, code))
        return;
    (void)park_name(name, &c->peer_party, "the number");
    if (role == PEER_PARKER) {
        PARK_STEP(t, c, asked ? STEP_RINGBACK_UNCONFIRMED : STEP_RINGBACK_FAILED, "%s %s (%u)",
                  name, what, code);
        parker_failed(t, c, code);
    } else if (role == PEER_FALLBACK) {
        PARK_STEP(t, c, STEP_FORWARD_FAILED,
                  "the fallback %s %s (%u): the caller waits for somebody to retrieve him", name,
                  what, code);
        fallback_failed(t, c);
    } else {
        PARK_STEP(t, c, role == PEER_RETRIEVER ? STEP_RETRIEVE_FAILED : STEP_FORWARD_FAILED,
                  "%s %s (%u)", name, what, code);
        park_settle(t, c, c->resume_at);
    }
    if (c->state == CALL_PARKED)
        park_save(t, c);
}

void park_ring_failed(struct turn *t, struct call *c)
{
    ring_over(t, c, t->ev->type == EV_LEG_FAILED ? t->ev->code : 480);
}

void park_ring_timed_out(struct turn *t, struct call *c)
{
    park_hang_up(t, c, c->peer, 0, c->confirming ? "nobody pressed 1" : "nobody answered");
    ring_over(t, c, 408);
}

/* Where it goes now a mailbox may answer, and the caller would be connected with that (sip.md 5).
 * The fallback is there to be forwarded. */
void park_ring_forwarded(struct turn *t, struct call *c)
{
    if (!c->rules.no_forward || c->peer_role != PEER_PARKER)
        return;
    park_hang_up(t, c, c->peer, 0, "forwarding is not wanted");
    ring_over(t, c, CODE_FORWARDED);
}

/* First to answer wins: from here on nobody else can claim the call, unless he has still to press
 * 1. */
void park_ring_answered(struct turn *t, struct call *c)
{
    if (park_confirm_ask(t, c))
        return;
    c->peer_up = true;
    park_meet(t, c);
}

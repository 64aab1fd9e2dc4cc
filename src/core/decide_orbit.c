/* What dialling an orbit means, and an address of one call and no other. Changes nothing. */
#include <string.h>

#include "core/decide_inside.h"
#include "core/park.h"

/* Somebody who signed in is one of us, whatever his number looks like. */
static bool may_retrieve(const struct question *q, const struct rules *rules, range_id range)
{
    const struct invite *in = q->in;
    const char *list = rules->retrieve_allow;

    return decide_has(q, SIP_MAY_RETRIEVE, &in->from, range) &&
           ((*in->signed_in && !list[strspn(list, ", ")]) ||
            retrieve_allowed(list, &in->from, in->source, q->house));
}

/* A call is there, or a claim has been made on it a moment ago. */
static void at_busy(const struct question *q, const struct orbit *o, const char *number,
                    enum explicit_action ask)
{
    const struct call *c = calls_find(q->calls, o->call);
    struct rules rules = decide_rules(q, o->range);
    bool allowed = may_retrieve(q, &rules, o->range);
    bool listed = *rules.retrieve_allow && allowed; /* whatever his number looks like */
    char *why = q->out->why;

    if (ask != ASK_PARK)
        NOTE(q, ASKED_RIGHT, "%.100s %s retrieve here%s%.50s", decide_who_is(&q->in->from),
             allowed ? "may" : "may not",
             *rules.retrieve_allow ? ": retrieve_allow is "
             : allowed             ? ", as everybody inside"
                                   : "",
             rules.retrieve_allow);
    q->out->call = o->call;
    if (ask == ASK_PARK || (ask == ASK_NOTHING && q->evidence && !(q->outsider && listed))) {
        (void)text_format(why, WHY_SIZE, "orbit %s is occupied", number);
        decide_refuse(q, 486);
    } else if (!allowed) {
        decide_may_not(q, "retrieve calls here");
    } else if (!c || c->state == CALL_SAVING || c->state == CALL_FETCHING ||
               c->state == CALL_REPARKING) {
        (void)text_format(why, WHY_SIZE, "a call is just being parked at %s", number);
        decide_refuse(q, 486);
    } else if (c->state == CALL_RETRIEVING) {
        (void)text_format(why, WHY_SIZE, "the call at %s has been retrieved already", number);
        decide_refuse(q, 486);
    } else {
        (void)text_format(why, WHY_SIZE, "retrieved by dialling %s", number);
        q->out->kind = DECIDE_RETRIEVE;
        q->out->pin = *rules.pin && !*q->in->ticket;
        if (*rules.pin)
            NOTE(q, ASKED_RULE, "this range has a PIN: %s",
                 q->out->pin ? "he is answered and asked for it" : "a ticket stands for it");
    }
}

/* ---- one call and no other: by the ids of a lamp, by a ticket -----------------------------------
 */

/* The call while it is in an orbit. */
static bool by_call(const struct question *q, call_id id, const char *how)
{
    const struct call *c = id ? calls_find(q->calls, id) : NULL;
    char number[NUMBER_SIZE];
    struct orbit o;

    if (!c || !c->has_orbit)
        return false;
    o = orbits_look(q->orbits, c->orbit, q->now);
    if (o.state != ORBIT_BUSY || o.call != id)
        return false;
    number_text(number, c->orbit);
    at_busy(q, &o, number, ASK_NOTHING);
    if (q->out->kind == DECIDE_RETRIEVE)
        (void)text_format(q->out->why, WHY_SIZE, "retrieved from %s %s", number, how);
    return true;
}

/* What was dialled does not count, and neither does early-only: the lamp may have shown an early
 * dialog, and RFC 3891 3 would refuse every pickup. */
void decide_pick_up(const struct question *q)
{
    if (by_call(q, q->in->pickup_call, "by the ids of its lamp"))
        return;
    (void)text_copy(q->out->why, WHY_SIZE, "the call that the lamp showed is not parked any more");
    decide_refuse(q, 481);
}

void decide_by_ticket(const struct question *q)
{
    NOTE(q, ASKED_DIALLED, "it is a ticket for one call and no other");
    if (by_call(q, q->in->ticket_call, "with its ticket"))
        return;
    (void)text_copy(q->out->why, WHY_SIZE, "the call of this ticket is not parked any more");
    decide_refuse(q, 480);
}

/* May an orbit be taken by somebody of whom we do not know whether he wants to park or to retrieve?
 */
static bool parks_who_dials(const struct question *q, const struct orbit *o)
{
    return o->state != ORBIT_COOLING && !o->closed && !q->house->draining &&
           decide_rules(q, o->range).free_orbit == FREE_ORBIT_PARK;
}

/* Nobody is parked there: was a park meant, or did a retriever come too late? */
static void at_free(const struct question *q, const struct orbit *o, const char *number,
                    enum explicit_action ask)
{
    bool wants_park = ask == ASK_PARK || (ask == ASK_NOTHING && q->evidence);
    bool just_taken = o->call && o->state != ORBIT_KEPT && q->now - o->freed < JUST_TAKEN;
    char *why = q->out->why;

    if (ask == ASK_NOTHING && !wants_park)
        NOTE(q, ASKED_RULE, "who dials a free orbit %s",
             decide_rules(q, o->range).free_orbit == FREE_ORBIT_PARK
                 ? "parks (free_orbit = park)"
                 : "is refused (free_orbit = reject)");
    if (just_taken && (!wants_park || o->state == ORBIT_COOLING)) {
        (void)text_format(why, WHY_SIZE, "the call at %s was taken a moment ago", number);
        decide_refuse(q, 486);
    } else if (ask == ASK_RETRIEVE || (!wants_park && !parks_who_dials(q, o))) {
        (void)text_format(why, WHY_SIZE, "no call is parked at %s", number);
        decide_refuse(q, 480);
    } else if (o->closed || o->state == ORBIT_COOLING) {
        (void)text_format(why, WHY_SIZE, "orbit %s takes no new call %s", number,
                          o->closed ? "since its range is being changed"
                                    : "so soon after the last");
        decide_refuse(q, 486);
    } else {
        (void)text_format(why, WHY_SIZE, "parked by dialling %s, which was free", number);
        if (decide_may_park(q, o->range))
            decide_to_park(q, o->number, 0, 0);
        else
            decide_may_not(q, "park calls here");
    }
}

static void note_orbit(const struct question *q, const struct orbit *o, const char *number)
{
    static const char *const states[] = {
        [ORBIT_NONE] = "nowhere",
        [ORBIT_FREE] = "free",
        [ORBIT_COOLING] = "free, but was in use a moment ago",
        [ORBIT_KEPT] = "free, but kept for a transfer that may still come",
        [ORBIT_BUSY] = "occupied",
    };
    const struct range *r = ranges_by_id(&q->d->ranges, o->range);

    NOTE(q, ASKED_DIALLED, "%s is an orbit of range %.100s", number, r ? r->name : "(removed)");
    NOTE(q, ASKED_ORBIT, "orbit %s is %s%s", number, states[o->state],
         o->closed ? "; its range takes no new calls" : "");
}

/* False: not a number of ours. */
bool decide_by_orbit(const struct question *q, const char *text, enum explicit_action ask)
{
    number_key number = number_read(text, NULL);
    struct orbit o = { 0 };
    char shown[NUMBER_SIZE];

    if (number)
        o = orbits_look(q->orbits, number, q->now);
    if (o.state == ORBIT_NONE)
        return false;
    number_text(shown, number);
    note_orbit(q, &o, shown);
    if (ask == ASK_NOTHING)
        decide_note_evidence(q);
    if (o.state == ORBIT_BUSY)
        at_busy(q, &o, shown, ask);
    else
        at_free(q, &o, shown, ask);
    return true;
}

/* What a REFER means: sip.md 2.5 and 4.7. Changes nothing. Who may send one is the edge's to know;
 * whom it may have us call is decided here, so that nobody makes a dialler of us. */
#include <string.h>

#include "base/text.h"
#include "core/refer.h"

struct question {
    const struct refer *r;
    const struct house *house;
    const struct deployment *d;
    const struct orbits *orbits;
    struct calls *calls;
    msec now;
    struct refer_decision *out;
};

static void refuse(const struct question *q, uint16_t code, const char *why)
{
    q->out->kind = REFER_REFUSE;
    q->out->code = code;
    (void)text_copy(q->out->why, WHY_SIZE, why);
}

/* ---- whom we may be sent to ---------------------------------------------------------------------
 */

static bool is_our_domain(const struct house *house, const char *uri)
{
    char host[FQDN_SIZE];

    uri_host(host, uri);
    for (unsigned i = 0; i < house->domain_count; i++)
        if (text_is_nocase(house->domains[i], host))
            return true;
    return false;
}

/* Insiders may name anybody in our own house, and leave to the phone system who that is; who is
 * outside may name extensions only, or he would call the world by us. */
static bool is_allowed(const struct question *q, const struct party *who)
{
    const struct refer *r = q->r;
    bool near = r->near || is_our_domain(q->house, r->target);
    struct party target = { 0 };

    (void)text_copy(target.uri, URI_SIZE, r->target);
    if (r->allowed || r->commanded)
        return true;
    return near && (party_is_insider(who, q->house) || party_is_insider(&target, q->house));
}

static bool may_call(const struct question *q, const struct party *who)
{
    char shown[64];

    if (is_allowed(q, who))
        return true;
    refuse(q, 403, "");
    (void)text_format(q->out->why, WHY_SIZE, "%s is no address of this house",
                      text_shown(shown, sizeof shown, q->r->target));
    return false;
}

/* ---- where to park ------------------------------------------------------------------------------
 */

/* As an INVITE to that number would be judged, of this caller, sent by that parker. */
static void ask(const struct question *q, const struct party *caller, const struct party *parker,
                struct invite *in)
{
    in->leg = 1;
    in->trusted = true;
    in->may = SIP_MAY_PARK;
    in->from = *caller;
    in->has_referred_by = true;
    in->referred_by = *parker;
    decide(in, q->house, q->d, q->orbits, q->calls, q->now, &q->out->park);
}

/* True: there is room in principle. */
static bool park_at(const struct question *q)
{
    const struct decision *park = &q->out->park;

    if (park->kind == DECIDE_PARK)
        return true;
    refuse(q, park->kind == DECIDE_REFUSE ? park->code : 403,
           park->kind == DECIDE_REFUSE ? park->why : "a REFER can park a call, not retrieve one");
    q->out->retry_after = park->kind == DECIDE_REFUSE ? park->retry_after : 0;
    return false;
}

/* ---- outside of a dialog ------------------------------------------------------------------------
 */

static void from_outside(const struct question *q)
{
    const struct refer *r = q->r;
    const struct party *parker = r->has_referred_by ? &r->referred_by : &r->from;
    struct invite in = { 0 };
    struct party target = { 0 };

    (void)text_copy(target.uri, URI_SIZE, r->target);
    (void)text_copy(in.dialled, DIALLED_SIZE, r->dialled);
    (void)text_copy(in.dialled_to, DIALLED_SIZE, r->dialled_to);
    (void)text_copy(in.orbit_param, NUMBER_SIZE, r->orbit_param);
    (void)text_copy(in.source, ADDRESS_SIZE, r->source);
    ask(q, &target, parker, &in);
    if (!park_at(q))
        return;
    if (r->first) {
        q->out->park.first = r->first;
        q->out->park.last = r->last;
    }
    if (r->names != REPLACES_NONE && r->names != REPLACES_UNKNOWN) {
        refuse(q, 481, "the dialog to be replaced is ours and not one that can be parked");
    } else if (!*r->replaces && !r->commanded && !q->house->refer_dial) {
        refuse(q, 403, "nobody is called to be parked without Replaces ([sip] refer-dial)");
    } else if (may_call(q, &r->from)) {
        q->out->kind = REFER_FETCH;
        (void)text_format(q->out->why, WHY_SIZE, "%s", q->out->park.why);
    }
}

/* ---- within a conversation ----------------------------------------------------------------------
 */

static bool is_talking(const struct call *c)
{
    return c->state == CALL_CONNECTED && c->caller_up && c->peer_up && !c->next_leg;
}

/* Somebody who dialled a number to park, is told it, and may transfer somebody here. */
static bool is_consulting(const struct call *c)
{
    return (c->state == CALL_TELLING || c->state == CALL_PARKED) && c->consult && c->caller_up &&
           c->has_orbit && !c->next_leg;
}

static const struct party *party_of(const struct call *c, leg_id leg)
{
    return leg == c->caller_leg ? &c->caller : &c->peer_party;
}

static const struct party *other_party(const struct call *c, leg_id leg)
{
    return leg == c->caller_leg ? &c->peer_party : &c->caller;
}

/* The orbit of a consultation, on the word of whoever consulted. */
static void repark_there(const struct question *q, number_key orbit, call_id consultation)
{
    q->out->kind = REFER_REPARK;
    q->out->other = consultation;
    q->out->park.kind = DECIDE_PARK;
    q->out->park.orbit = orbit;
    (void)text_copy(q->out->why, WHY_SIZE, "transferred to the orbit that was consulted");
}

/* Replaces names one of our own legs: nobody need be called. */
static void to_our_leg(const struct question *q, const struct call *c)
{
    struct call *other = calls_by_leg(q->calls, q->r->replaces_leg);

    if (other && other != c && is_consulting(other)) {
        repark_there(q, other->orbit, other->id);
    } else if (other && other != c && is_talking(other)) {
        q->out->kind = REFER_JOIN;
        q->out->other = other->id;
        (void)text_copy(q->out->why, WHY_SIZE, "the two who were talked to get each other");
    } else {
        refuse(q, 481, "the dialog to be replaced is none that a call can be transferred to");
    }
}

static void to_ended_leg(const struct question *q)
{
    const struct ended_leg *ended = calls_remembered(q->calls, q->r->replaces_leg, q->now);

    if (ended)
        repark_there(q, ended->orbit, 0);
    else
        refuse(q, 603, "the dialog to be replaced has ended");
}

static void to_target(const struct question *q, const struct call *c)
{
    if (may_call(q, party_of(c, q->out->leg)))
        q->out->kind = REFER_CALL;
}

static void to_number(const struct question *q, const struct call *c)
{
    const struct refer *r = q->r;
    struct invite in = { 0 };

    (void)text_copy(in.dialled, DIALLED_SIZE, r->target_user);
    (void)text_copy(in.orbit_param, NUMBER_SIZE, r->target_orbit);
    (void)text_copy(in.source, ADDRESS_SIZE, r->source);
    ask(q, other_party(c, q->out->leg), party_of(c, q->out->leg), &in);
    if (q->out->park.kind == DECIDE_REFUSE && q->out->park.code == 404) {
        to_target(q, c); /* it is no number of ours, but one of the house */
    } else if (park_at(q)) {
        q->out->kind = REFER_REPARK;
        (void)text_format(q->out->why, WHY_SIZE, "%s", q->out->park.why);
    }
}

static void from_talker(const struct question *q, const struct call *c)
{
    const struct refer *r = q->r;

    switch (r->names) {
    case REPLACES_LEG:
        to_our_leg(q, c);
        break;
    case REPLACES_ENDED:
        to_ended_leg(q);
        break;
    case REPLACES_NONE:
        if (r->near || is_our_domain(q->house, r->target))
            to_number(q, c);
        else
            to_target(q, c);
        break;
    case REPLACES_UNKNOWN:
        to_target(q, c);
        break;
    case REPLACES_TAKEN:
    case REPLACES_EARLY_OURS:
    case REPLACES_EARLY:
    case REPLACES_TWICE:
    case REPLACES_PICKUP: /* who may have it, dials for it */
        refuse(q, 481, "the dialog to be replaced is not one that can be");
        break;
    }
}

/* "Go and fetch him": he is to wait in the orbit that the consultation was told. */
static void from_consultation(const struct question *q, const struct call *c)
{
    const struct refer *r = q->r;
    struct call *other = calls_by_leg(q->calls, r->replaces_leg);

    if (r->names == REPLACES_LEG && other && other != c && is_talking(other)) {
        repark_there(q, c->orbit, c->id);
        q->out->call = other->id;
        q->out->leg = r->replaces_leg;
    } else if (r->names != REPLACES_NONE && r->names != REPLACES_UNKNOWN) {
        refuse(q, 481, "the dialog to be replaced is none that can be parked");
    } else if (!*r->replaces && !q->house->refer_dial) {
        refuse(q, 403, "nobody is called to be parked without Replaces ([sip] refer-dial)");
    } else if (may_call(q, &c->caller)) {
        q->out->kind = REFER_INTO;
    }
}

static void from_inside(const struct question *q, leg_id leg)
{
    const struct call *c = calls_by_leg(q->calls, leg);

    q->out->leg = leg;
    q->out->call = c ? c->id : 0;
    if (!c)
        refuse(q, 481, "that call has ended");
    else if (c->next_leg || c->transfer)
        refuse(q, 491, "another transfer of this call is under way");
    else if (is_talking(c) && (leg == c->caller_leg || leg == c->peer))
        from_talker(q, c);
    else if (is_consulting(c) && leg == c->caller_leg)
        from_consultation(q, c);
    else
        refuse(q, 403, "who is parked or is being called cannot transfer the call");
}

/* A REFER to a number to park, naming a dialog between us and whoever talks: his other side goes
 * there (it stands outside of that dialog only in form). */
static void from_beside(const struct question *q)
{
    const struct refer *r = q->r;
    const struct call *c = calls_by_leg(q->calls, r->replaces_leg);
    struct invite in = { 0 };

    if (!c || !is_talking(c)) {
        refuse(q, 481, "the dialog to be replaced is none that can be parked");
        return;
    }
    q->out->leg = r->replaces_leg;
    q->out->call = c->id;
    (void)text_copy(in.dialled, DIALLED_SIZE, r->dialled);
    (void)text_copy(in.dialled_to, DIALLED_SIZE, r->dialled_to);
    (void)text_copy(in.orbit_param, NUMBER_SIZE, r->orbit_param);
    (void)text_copy(in.source, ADDRESS_SIZE, r->source);
    ask(q, other_party(c, q->out->leg), party_of(c, q->out->leg), &in);
    if (!park_at(q))
        return;
    q->out->kind = REFER_REPARK;
    (void)text_format(q->out->why, WHY_SIZE, "%s", q->out->park.why);
}

void decide_refer(const struct refer *r, const struct house *house, const struct deployment *d,
                  const struct orbits *orbits, struct calls *calls, msec now,
                  struct refer_decision *out)
{
    struct question q = { r, house, d, orbits, calls, now, out };

    memset(out, 0, sizeof *out);
    if (r->leg)
        from_inside(&q, r->leg);
    else if (r->names == REPLACES_LEG)
        from_beside(&q);
    else
        from_outside(&q);
}

/* What an INVITE means: sip.md 1.3 in its order, from the top down. Changes nothing. */
#include <string.h>

#include "base/text.h"
#include "core/decide.h"
#include "core/park.h"

#define DRAINING_RETRY 30 /* seconds until somebody may ask again */

/* What a decision is made from, and where it goes. */
struct question {
    const struct invite *in;
    const struct house *house;
    const struct deployment *d;
    const struct orbits *orbits;
    struct calls *calls;
    msec now;
    struct decision *out;
    bool evidence;       /* somebody sent this call here */
    bool outsider;       /* and that is all there is to show it: his number is none of ours */
    struct trace *trace; /* NULL: nobody asks how */
};

/* What a question found, when somebody wants to know. */
#define NOTE(q, about, ...)                                                                        \
    do {                                                                                           \
        struct trace_line *note_line = trace_next((q)->trace, about);                              \
        if (note_line)                                                                             \
            (void)text_format(note_line->found, sizeof note_line->found, __VA_ARGS__);             \
    } while (0)

/* The sentence stands in `out->why` before this. */
static void refuse(const struct question *q, uint16_t code)
{
    q->out->kind = DECIDE_REFUSE;
    q->out->code = code;
}

static void park(const struct question *q, number_key orbit, number_key first, number_key last)
{
    struct decision *out = q->out;

    NOTE(q, ASKED_DRAINING, "this server %s",
         q->house->draining ? "is being emptied" : "takes new calls");
    if (q->house->draining) {
        (void)text_copy(out->why, WHY_SIZE, "this server is being emptied and parks no new calls");
        out->retry_after = DRAINING_RETRY;
        refuse(q, 503);
        return;
    }
    out->kind = DECIDE_PARK;
    out->orbit = orbit;
    out->first = first;
    out->last = last;
    out->evidence = q->evidence;
}

static const char *name_of(const struct question *q)
{
    const struct invite *in = q->in;

    return *in->signed_in ? in->signed_in : *in->from.uri ? in->from.uri : "an unknown caller";
}

static bool has(const struct question *q, unsigned what, const struct party *who, range_id range)
{
    const struct invite *in = q->in;
    /* A network that nothing was said about may do everything. */
    struct asking a = { in->signed_in, in->may || !in->trusted ? in->may : SIP_MAY_ALL, who,
                        in->source };

    return asking_may(&a, what, q->house, q->d, range);
}

/* Who parks is whoever sent the call, as far as that is known. */
static bool may_park(const struct question *q, range_id range)
{
    const struct invite *in = q->in;

    return has(q, SIP_MAY_PARK, &in->from, range) ||
           (in->has_referred_by && has(q, SIP_MAY_PARK, &in->referred_by, range)) ||
           (in->has_history && has(q, SIP_MAY_PARK, &in->history, range));
}

static void may_not(const struct question *q, const char *what)
{
    (void)text_format(q->out->why, WHY_SIZE, "%s may not %s", name_of(q), what);
    refuse(q, 403);
}

static struct rules rules_at(const struct question *q, range_id range)
{
    struct rules rules;

    deployment_rules(q->d, q->house->destination, range, &rules, NULL);
    return rules;
}

/* ---- who sent it
 * ---------------------------------------------------------------------------------
 */

static const char *who(const struct party *p)
{
    return *p->uri ? p->uri : "somebody who gives no name";
}

/* Evidence that somebody else sent this call here, not the one whose leg it is. Diversion alone
 * marks forwarding and is none. */
static bool was_sent(const struct invite *in)
{
    return in->has_referred_by || in->history_is_transfer || in->ask == ASK_PARK;
}

static void note_evidence(const struct question *q)
{
    const struct invite *in = q->in;

    if (in->has_referred_by)
        NOTE(q, ASKED_EVIDENCE, "Referred-By names %.120s: somebody sent the call here",
             who(&in->referred_by));
    else if (in->history_is_transfer)
        NOTE(q, ASKED_EVIDENCE, "History-Info shows that %.120s sent the call here",
             who(&in->history));
    else if (in->ask == ASK_PARK)
        NOTE(q, ASKED_EVIDENCE, "the phone system says that it parks the call");
    else if (q->outsider)
        NOTE(q, ASKED_EVIDENCE,
             "%.120s is nobody inside and cannot have dialled this: the call was sent here",
             who(&in->from));
    else
        NOTE(q, ASKED_EVIDENCE, "nothing says that somebody sent the call here: %.120s dialled it",
             who(&in->from));
}

/* ---- 2: Replaces --------------------------------------------------------------------------------
 */

/* A claim by somebody who took the call in his own way: by our ring back's dialog. */
static void retrieve_call(const struct question *q, const struct call *c)
{
    q->out->kind = DECIDE_RETRIEVE;
    q->out->call = c->id;
    (void)text_copy(q->out->why, WHY_SIZE, "took over the ringing of the ring back");
}

/* RFC 3891 3: early-only and a confirmed dialog is 486; one that is gone is 603. */
static void take_over(const struct question *q)
{
    const struct call *c = calls_by_leg(q->calls, q->in->replaces_leg);
    struct decision *out = q->out;

    out->call = c ? c->id : 0;
    out->replaced = q->in->replaces_leg;
    if (!c || c->state == CALL_LEAVING || (c->next_for == q->in->replaces_leg && !c->transfer)) {
        (void)text_copy(out->why, WHY_SIZE,
                        "the leg to be replaced has been replaced or has ended");
        refuse(q, 603);
    } else if (c->state == CALL_SAVING) {
        (void)text_copy(out->why, WHY_SIZE, "the leg to be replaced is not answered yet");
        refuse(q, 481);
    } else if (q->in->early_only) {
        (void)text_copy(out->why, WHY_SIZE,
                        "Replaces asks for an early dialog only, this one is confirmed");
        refuse(q, 486);
    } else if (c->next_leg || c->transfer || c->state == CALL_FETCHING ||
               c->state == CALL_REPARKING) {
        (void)text_copy(out->why, WHY_SIZE, "another transfer of this call is under way");
        refuse(q, 486);
    } else if (!c->peer_up && c->peer == q->in->replaces_leg && c->state != CALL_RETRIEVING) {
        retrieve_call(q, c);
    } else {
        out->kind = DECIDE_TAKE_OVER;
        (void)text_copy(out->why, WHY_SIZE, "transferred with Replaces");
    }
}

static void take_ringing(const struct question *q)
{
    const struct call *c = calls_by_leg(q->calls, q->in->replaces_leg);

    if (c && c->peer == q->in->replaces_leg && !c->peer_up) {
        retrieve_call(q, c);
        return;
    }
    (void)text_copy(q->out->why, WHY_SIZE, "the ring back to be taken over has ended");
    refuse(q, 481);
}

/* RFC 3891 3 would have 603 here, so that nobody is rung for a dead call; but a phone that hangs up
 * its consultation before the transferred party calls would lose the caller. Draining does not stop
 * it: the number was told before. */
static void park_late(const struct question *q)
{
    const struct ended_leg *ended = calls_remembered(q->calls, q->in->replaces_leg, q->now);
    struct decision *out = q->out;

    if (!ended) {
        (void)text_copy(out->why, WHY_SIZE, "the leg to be replaced has ended");
        refuse(q, 603);
        return;
    }
    out->kind = DECIDE_PARK;
    out->orbit = ended->orbit;
    out->ended = ended->leg;
    out->evidence = true;
    (void)text_copy(out->why, WHY_SIZE,
                    "transferred with Replaces, after the consultation had been hung up");
}

static void note_replaces(const struct question *q)
{
    static const char *const found[] = {
        [REPLACES_NONE] = "no Replaces header",
        [REPLACES_LEG] = "a leg that is up",
        [REPLACES_ENDED] = "a leg that its far end hung up a moment ago",
        [REPLACES_TAKEN] = "a leg that another INVITE has replaced",
        [REPLACES_EARLY_OURS] = "a call of ours that rings",
        [REPLACES_EARLY] = "a leg that is not answered yet",
        [REPLACES_UNKNOWN] = "no leg of this server",
        [REPLACES_TWICE] = "more than one dialog",
        [REPLACES_PICKUP] = "the call of a lamp",
    };
    const struct call *c = calls_by_leg(q->calls, q->in->replaces_leg);
    char number[NUMBER_SIZE] = "";

    if (c)
        number_text(number, c->orbit);
    NOTE(q, ASKED_REPLACES, "Replaces names %s%s%s", found[q->in->replaces],
         c ? " of the call at " : "", number);
}

static void pick_up(const struct question *q);

/* Inside of our networks, who knows the names of a dialog may replace it; others need a right. */
static bool may_replace(const struct question *q)
{
    const struct call *c = calls_by_leg(q->calls, q->in->replaces_leg);
    range_id range = c ? c->range : 0;

    return q->in->trusted || has(q, SIP_MAY_PARK, &q->in->from, range) ||
           has(q, SIP_MAY_RETRIEVE, &q->in->from, range);
}

static void by_replaces(const struct question *q)
{
    const char *why = "Replaces names no dialog of ours";
    uint16_t code = 481;

    note_replaces(q);
    if (!may_replace(q)) {
        may_not(q, "take this call over");
        return;
    }

    switch (q->in->replaces) {
    case REPLACES_LEG:
        take_over(q);
        return;
    case REPLACES_ENDED:
        park_late(q);
        return;
    case REPLACES_EARLY_OURS:
        take_ringing(q);
        return;
    case REPLACES_TAKEN:
        code = 603;
        why = "the leg to be replaced has been replaced already";
        break;
    case REPLACES_EARLY:
        why = "Replaces names a dialog that is not answered yet";
        break;
    case REPLACES_PICKUP:
        pick_up(q);
        return;
    case REPLACES_TWICE:
        code = 400;
        why = "two Replaces headers, or Replaces together with Join";
        break;
    case REPLACES_NONE:
    case REPLACES_UNKNOWN:
        break;
    }
    (void)text_copy(q->out->why, WHY_SIZE, why);
    refuse(q, code);
}

/* ---- 5: an orbit was dialled --------------------------------------------------------------------
 */

/* Somebody who signed in is one of us, whatever his number looks like. */
static bool may_retrieve(const struct question *q, const struct rules *rules, range_id range)
{
    const struct invite *in = q->in;
    const char *list = rules->retrieve_allow;

    return has(q, SIP_MAY_RETRIEVE, &in->from, range) &&
           ((*in->signed_in && !list[strspn(list, ", ")]) ||
            retrieve_allowed(list, &in->from, in->source, q->house));
}

/* A call is there, or a claim has been made on it a moment ago. */
static void at_busy(const struct question *q, const struct orbit *o, const char *number,
                    enum explicit_action ask)
{
    const struct call *c = calls_find(q->calls, o->call);
    struct rules rules = rules_at(q, o->range);
    bool allowed = may_retrieve(q, &rules, o->range);
    bool listed = *rules.retrieve_allow && allowed; /* whatever his number looks like */
    char *why = q->out->why;

    if (ask != ASK_PARK)
        NOTE(q, ASKED_RIGHT, "%.100s %s retrieve here%s%.50s", who(&q->in->from),
             allowed ? "may" : "may not",
             *rules.retrieve_allow ? ": retrieve_allow is "
             : allowed             ? ", as everybody inside"
                                   : "",
             rules.retrieve_allow);
    q->out->call = o->call;
    if (ask == ASK_PARK || (ask == ASK_NOTHING && q->evidence && !(q->outsider && listed))) {
        (void)text_format(why, WHY_SIZE, "orbit %s is occupied", number);
        refuse(q, 486);
    } else if (!allowed) {
        may_not(q, "retrieve calls here");
    } else if (!c || c->state == CALL_SAVING || c->state == CALL_FETCHING ||
               c->state == CALL_REPARKING) {
        (void)text_format(why, WHY_SIZE, "a call is just being parked at %s", number);
        refuse(q, 486);
    } else if (c->state == CALL_RETRIEVING) {
        (void)text_format(why, WHY_SIZE, "the call at %s has been retrieved already", number);
        refuse(q, 486);
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
static void pick_up(const struct question *q)
{
    if (by_call(q, q->in->pickup_call, "by the ids of its lamp"))
        return;
    (void)text_copy(q->out->why, WHY_SIZE, "the call that the lamp showed is not parked any more");
    refuse(q, 481);
}

static void by_ticket(const struct question *q)
{
    NOTE(q, ASKED_DIALLED, "it is a ticket for one call and no other");
    if (by_call(q, q->in->ticket_call, "with its ticket"))
        return;
    (void)text_copy(q->out->why, WHY_SIZE, "the call of this ticket is not parked any more");
    refuse(q, 480);
}

/* May an orbit be taken by somebody of whom we do not know whether he wants to park or to retrieve?
 */
static bool parks_who_dials(const struct question *q, const struct orbit *o)
{
    return o->state != ORBIT_COOLING && !o->closed && !q->house->draining &&
           rules_at(q, o->range).free_orbit == FREE_ORBIT_PARK;
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
             rules_at(q, o->range).free_orbit == FREE_ORBIT_PARK
                 ? "parks (free_orbit = park)"
                 : "is refused (free_orbit = reject)");
    if (just_taken && (!wants_park || o->state == ORBIT_COOLING)) {
        (void)text_format(why, WHY_SIZE, "the call at %s was taken a moment ago", number);
        refuse(q, 486);
    } else if (ask == ASK_RETRIEVE || (!wants_park && !parks_who_dials(q, o))) {
        (void)text_format(why, WHY_SIZE, "no call is parked at %s", number);
        refuse(q, 480);
    } else if (o->closed || o->state == ORBIT_COOLING) {
        (void)text_format(why, WHY_SIZE, "orbit %s takes no new call %s", number,
                          o->closed ? "since its range is being changed"
                                    : "so soon after the last");
        refuse(q, 486);
    } else {
        (void)text_format(why, WHY_SIZE, "parked by dialling %s, which was free", number);
        if (may_park(q, o->range))
            park(q, o->number, 0, 0);
        else
            may_not(q, "park calls here");
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
static bool by_orbit(const struct question *q, const char *text, enum explicit_action ask)
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
        note_evidence(q);
    if (o.state == ORBIT_BUSY)
        at_busy(q, &o, shown, ask);
    else
        at_free(q, &o, shown, ask);
    return true;
}

/* ---- 3, 4: a command, the general address, a range's own address --------------------------------
 */

/* Is there a range that not everybody may park in who may on this node? */
static bool has_closed_ranges(const struct question *q)
{
    const struct deployment *d = q->d;

    for (size_t i = 0; i < d->range_settings_count; i++)
        if (d->range_settings[i].set & UINT32_C(1) << SET_PARK_ALLOW)
            return true;
    return !may_park(q, 0);
}

/* Among those where he may, the first with a free orbit; without any the first; NULL: nowhere. */
static const struct range *range_for_him(const struct question *q)
{
    const struct range *full = NULL;

    for (size_t i = 0; i < q->d->ranges.count; i++) {
        const struct range *r = &q->d->ranges.at[i];

        if (r->type != RANGE_CALL_PARK || !text_is(r->destination, q->house->destination) ||
            !may_park(q, r->id))
            continue;
        if (orbits_count(q->orbits, r->first, r->last, q->now).free)
            return r;
        full = full ? full : r;
    }
    return full;
}

static void park_anywhere(const struct question *q)
{
    const struct range *r;

    note_evidence(q);
    (void)text_copy(q->out->why, WHY_SIZE, "parked in the next free orbit");
    if (!has_closed_ranges(q)) {
        park(q, 0, 0, 0);
        return;
    }
    r = range_for_him(q);
    if (r)
        park(q, 0, r->first, r->last);
    else
        may_not(q, "park calls here");
}

/* The range of this node that has this address; NULL: none. */
static const struct range *range_address(const struct question *q, const char *text)
{
    number_key number = number_read(text, NULL);
    const struct range *r = number ? ranges_by_park_number(&q->d->ranges, number) : NULL;

    return r && r->type == RANGE_CALL_PARK && text_is(r->destination, q->house->destination) ? r
                                                                                             : NULL;
}

static bool by_range_address(const struct question *q, const char *text)
{
    const struct range *r = range_address(q, text);

    if (!r)
        return false;
    NOTE(q, ASKED_DIALLED, "%.60s is the park number of range %.100s", text, r->name);
    note_evidence(q);
    (void)text_format(q->out->why, WHY_SIZE, "parked in range %s", r->name);
    if (may_park(q, r->id))
        park(q, 0, r->first, r->last);
    else
        may_not(q, "park calls here");
    return true;
}

/* The longest of these that `text` begins with; "": none. */
static const char *prefix_of(const char *text, const char prefixes[PREFIXES_MAX][PREFIX_SIZE])
{
    const char *longest = "";

    for (unsigned i = 0; i < PREFIXES_MAX && *prefixes[i]; i++)
        if (text_starts(text, prefixes[i]) && strlen(prefixes[i]) > strlen(longest))
            longest = prefixes[i];
    return longest;
}

static void not_ours(const struct question *q, const char *text)
{
    char shown[DIALLED_SIZE];

    NOTE(q, ASKED_DIALLED, "it is no orbit of this server, no park number and no prefix");
    (void)text_format(q->out->why, WHY_SIZE, "%s is no number of this server",
                      *text ? text_shown(shown, sizeof shown, text) : "what was dialled");
    refuse(q, 404);
}

/* A PBX or a star code said which of the two it wants. */
static void by_command(const struct question *q, enum explicit_action ask, const char *orbit)
{
    bool done = false;

    if (*orbit)
        done = (ask == ASK_PARK && by_range_address(q, orbit)) || by_orbit(q, orbit, ask);
    else if (ask == ASK_PARK) {
        park_anywhere(q);
        done = true;
    }
    if (!done)
        not_ours(q, orbit);
}

/* "*68701", "park+701". Of two prefixes that fit the longer one is meant. */
static bool by_prefix(const struct question *q, const char *text)
{
    const char *park = prefix_of(text, q->house->park_prefix);
    const char *retrieve = prefix_of(text, q->house->retrieve_prefix);
    bool parks = strlen(park) > strlen(retrieve);
    const char *prefix = parks ? park : retrieve;

    if (!*prefix)
        return false;
    NOTE(q, ASKED_COMMAND, "%s is a prefix for %s", prefix, parks ? "parking" : "retrieving");
    by_command(q, parks ? ASK_PARK : ASK_RETRIEVE, text + strlen(prefix));
    return true;
}

static bool by_dialled(const struct question *q, const char *text)
{
    bool anywhere = *text && text_is_nocase(text, q->house->park_user);

    if (*q->in->orbit_param && (anywhere || range_address(q, text))) {
        if (!by_orbit(q, q->in->orbit_param, ASK_NOTHING))
            not_ours(q, q->in->orbit_param);
        return true;
    }
    if (anywhere) {
        NOTE(q, ASKED_DIALLED, "%.60s is the address that parks into any free orbit", text);
        park_anywhere(q);
        return true;
    }
    /* A range may have numbers that begin like a prefix: the whole number counts first. */
    return by_range_address(q, text) || by_orbit(q, text, ASK_NOTHING) || by_prefix(q, text);
}

/* X-Callpark-Action; without an orbit of its own it speaks of the number that was dialled. */
static void by_header(const struct question *q)
{
    const struct invite *in = q->in;

    NOTE(q, ASKED_COMMAND, "X-Callpark-Action says %s%s%.20s",
         in->ask == ASK_PARK ? "park" : "retrieve", *in->ask_orbit ? " at " : "", in->ask_orbit);
    if (*in->ask_orbit)
        by_command(q, in->ask, in->ask_orbit);
    else if (!by_orbit(q, in->dialled, in->ask) && !by_orbit(q, in->dialled_to, in->ask))
        by_command(q, in->ask, "");
}

/* ---- the order ----------------------------------------------------------------------------------
 */

static void note_source(const struct question *q)
{
    const struct invite *in = q->in;

    if (*in->signed_in)
        NOTE(q, ASKED_SOURCE, "%.60s: signed in as %.60s", in->source, in->signed_in);
    else if (in->may && !in->trusted)
        NOTE(q, ASKED_SOURCE, "%s is a known system, but not believed about who somebody is",
             in->source);
    else
        NOTE(q, ASKED_SOURCE, "%s is in %s trusted network",
             *in->source ? in->source : "the phone system", in->trusted ? "a" : "no");
}

static void judge(const struct question *q)
{
    const struct invite *in = q->in;
    char *why = q->out->why;

    note_source(q);
    if (!in->trusted && !in->may && !*in->signed_in) {
        (void)text_format(why, WHY_SIZE, "%s is in no trusted network", in->source);
        refuse(q, 403);
    } else if (in->our_ring_back) {
        NOTE(q, ASKED_LOOP, "X-Callpark-Recall is one of ours");
        (void)text_copy(why, WHY_SIZE, "this is a ring back of ours that was sent back to us");
        refuse(q, 482);
    } else if (in->replaces != REPLACES_NONE) {
        by_replaces(q);
    } else if (*in->ticket) {
        by_ticket(q);
    } else if (in->ask != ASK_NOTHING) {
        by_header(q);
    } else if (!by_dialled(q, in->dialled) && !by_dialled(q, in->dialled_to)) {
        not_ours(q, in->dialled);
    }
}

void decide_traced(const struct invite *in, const struct house *house, const struct deployment *d,
                   const struct orbits *orbits, struct calls *calls, msec now, struct decision *out,
                   struct trace *trace)
{
    bool sent = was_sent(in), outsider = !*in->signed_in && !party_is_insider(&in->from, house);
    /* An outsider cannot have dialled a number of ours. */
    struct question q = {
        in, house, d, orbits, calls, now, out, sent || outsider, outsider && !sent, trace
    };

    memset(out, 0, sizeof *out);
    judge(&q);
    /* Last, as nothing may change for an offer that cannot be accepted, and a better reason to
     * refuse is told first (RFC 3891 3: the leg to be replaced stays untouched). */
    if (out->kind != DECIDE_REFUSE && in->media_refusal) {
        NOTE(&q, ASKED_MEDIA, "its offer is refused with %u", in->media_refusal);
        (void)text_copy(out->why, WHY_SIZE,
                        in->media_why[0] ? in->media_why
                                         : "the offer has no audio that this server can play");
        refuse(&q, in->media_refusal);
    }
}

void decide(const struct invite *in, const struct house *house, const struct deployment *d,
            const struct orbits *orbits, struct calls *calls, msec now, struct decision *out)
{
    decide_traced(in, house, d, orbits, calls, now, out, NULL);
}

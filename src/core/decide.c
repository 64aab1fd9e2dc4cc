/* What an INVITE means: sip.md 1.3 in its order, from the top down. Changes nothing. */
#include <string.h>

#include "core/decide_inside.h"

#define DRAINING_RETRY 30 /* seconds until somebody may ask again */
#define STORE_RETRY 10    /* likewise, while the store cannot be written */

void decide_refuse(const struct question *q, uint16_t code)
{
    q->out->kind = DECIDE_REFUSE;
    q->out->code = code;
}

void decide_to_park(const struct question *q, number_key orbit, number_key first, number_key last)
{
    struct decision *out = q->out;

    NOTE(q, ASKED_DRAINING, "this server %s",
         q->house->draining ? "is being emptied" : "takes new calls");
    if (q->house->draining) {
        (void)text_copy(out->why, WHY_SIZE, "this server is being emptied and parks no new calls");
        out->retry_after = DRAINING_RETRY;
        decide_refuse(q, 503);
        return;
    }
    if (q->house->store_why) {
        NOTE(q, ASKED_DRAINING, "%s", q->house->store_why);
        (void)text_copy(out->why, WHY_SIZE, q->house->store_why);
        out->retry_after = STORE_RETRY;
        decide_refuse(q, 500); /* after a 503 peers would hold retrievals back as well */
        return;
    }
    NOTE(q, ASKED_AUDIO, "%s",
         q->house->audio_full ? "it can send no more audio on time" : "it can send more audio");
    if (q->house->audio_full) {
        (void)text_copy(out->why, WHY_SIZE,
                        "no more calls can hear music on time: this server has too many already");
        out->overload = true;
        decide_refuse(q, 486); /* after a 503 peers would hold retrievals back as well */
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

bool decide_has(const struct question *q, unsigned what, const struct party *who, range_id range)
{
    const struct invite *in = q->in;
    /* A network that nothing was said about may do everything. */
    struct asking a = { in->signed_in, in->may || !in->trusted ? in->may : SIP_MAY_ALL, who,
                        in->source };

    return asking_may(&a, what, q->house, q->d, range);
}

bool decide_may_park(const struct question *q, range_id range)
{
    const struct invite *in = q->in;

    return decide_has(q, SIP_MAY_PARK, &in->from, range) ||
           (in->has_referred_by && decide_has(q, SIP_MAY_PARK, &in->referred_by, range)) ||
           (in->has_history && decide_has(q, SIP_MAY_PARK, &in->history, range));
}

void decide_may_not(const struct question *q, const char *what)
{
    (void)text_format(q->out->why, WHY_SIZE, "%s may not %s", name_of(q), what);
    decide_refuse(q, 403);
}

struct rules decide_rules(const struct question *q, range_id range)
{
    struct rules rules;

    deployment_rules(q->d, q->house->destination, range, &rules, NULL);
    return rules;
}

/* ---- who sent it
 * ---------------------------------------------------------------------------------
 */

const char *decide_who_is(const struct party *p)
{
    return *p->uri ? p->uri : "somebody who gives no name";
}

/* Evidence that somebody else sent this call here, not the one whose leg it is. Diversion alone
 * marks forwarding and is none. */
static bool was_sent(const struct invite *in)
{
    return in->has_referred_by || in->history_is_transfer || in->ask == ASK_PARK;
}

void decide_note_evidence(const struct question *q)
{
    const struct invite *in = q->in;

    if (in->has_referred_by)
        NOTE(q, ASKED_EVIDENCE, "Referred-By names %.120s: somebody sent the call here",
             decide_who_is(&in->referred_by));
    else if (in->history_is_transfer)
        NOTE(q, ASKED_EVIDENCE, "History-Info shows that %.120s sent the call here",
             decide_who_is(&in->history));
    else if (in->ask == ASK_PARK)
        NOTE(q, ASKED_EVIDENCE, "the phone system says that it parks the call");
    else if (q->outsider)
        NOTE(q, ASKED_EVIDENCE,
             "%.120s is nobody inside and cannot have dialled this: the call was sent here",
             decide_who_is(&in->from));
    else
        NOTE(q, ASKED_EVIDENCE, "nothing says that somebody sent the call here: %.120s dialled it",
             decide_who_is(&in->from));
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
    return !decide_may_park(q, 0);
}

/* Among those where he may, the first with a free orbit; without any the first; NULL: nowhere. */
static const struct range *range_for_him(const struct question *q)
{
    const struct range *full = NULL;

    for (size_t i = 0; i < q->d->ranges.count; i++) {
        const struct range *r = &q->d->ranges.at[i];

        if (r->type != RANGE_CALL_PARK || !text_is(r->destination, q->house->destination) ||
            !decide_may_park(q, r->id))
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

    decide_note_evidence(q);
    (void)text_copy(q->out->why, WHY_SIZE, "parked in the next free orbit");
    if (!has_closed_ranges(q)) {
        decide_to_park(q, 0, 0, 0);
        return;
    }
    r = range_for_him(q);
    if (r)
        decide_to_park(q, 0, r->first, r->last);
    else
        decide_may_not(q, "park calls here");
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
    decide_note_evidence(q);
    (void)text_format(q->out->why, WHY_SIZE, "parked in range %s", r->name);
    if (decide_may_park(q, r->id))
        decide_to_park(q, 0, r->first, r->last);
    else
        decide_may_not(q, "park calls here");
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
    decide_refuse(q, 404);
}

/* A PBX or a star code said which of the two it wants. */
static void by_command(const struct question *q, enum explicit_action ask, const char *orbit)
{
    bool done = false;

    if (*orbit)
        done = (ask == ASK_PARK && by_range_address(q, orbit)) || decide_by_orbit(q, orbit, ask);
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
        if (!decide_by_orbit(q, q->in->orbit_param, ASK_NOTHING))
            not_ours(q, q->in->orbit_param);
        return true;
    }
    if (anywhere) {
        NOTE(q, ASKED_DIALLED, "%.60s is the address that parks into any free orbit", text);
        park_anywhere(q);
        return true;
    }
    /* A range may have numbers that begin like a prefix: the whole number counts first. */
    return by_range_address(q, text) || decide_by_orbit(q, text, ASK_NOTHING) || by_prefix(q, text);
}

/* X-Callpark-Action; without an orbit of its own it speaks of the number that was dialled. */
static void by_header(const struct question *q)
{
    const struct invite *in = q->in;

    NOTE(q, ASKED_COMMAND, "X-Callpark-Action says %s%s%.20s",
         in->ask == ASK_PARK ? "park" : "retrieve", *in->ask_orbit ? " at " : "", in->ask_orbit);
    if (*in->ask_orbit)
        by_command(q, in->ask, in->ask_orbit);
    else if (!decide_by_orbit(q, in->dialled, in->ask) &&
             !decide_by_orbit(q, in->dialled_to, in->ask))
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
        decide_refuse(q, 403);
    } else if (in->our_ring_back) {
        NOTE(q, ASKED_LOOP, "it is a call of ours that came back");
        (void)text_copy(why, WHY_SIZE, "this is a call of ours that was sent back to us");
        decide_refuse(q, 482);
    } else if (in->replaces != REPLACES_NONE) {
        decide_by_replaces(q);
    } else if (*in->ticket) {
        decide_by_ticket(q);
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
        decide_refuse(&q, in->media_refusal);
    }
}

void decide(const struct invite *in, const struct house *house, const struct deployment *d,
            const struct orbits *orbits, struct calls *calls, msec now, struct decision *out)
{
    decide_traced(in, house, d, orbits, calls, now, out, NULL);
}

/* An INVITE that would take the place of a leg (RFC 3891; sip.md 2.3, 4.4, 4.7). Changes nothing.
 */
#include "core/decide_inside.h"

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
        decide_refuse(q, 603);
    } else if (c->state == CALL_SAVING) {
        (void)text_copy(out->why, WHY_SIZE, "the leg to be replaced is not answered yet");
        decide_refuse(q, 481);
    } else if (q->in->early_only) {
        (void)text_copy(out->why, WHY_SIZE,
                        "Replaces asks for an early dialog only, this one is confirmed");
        decide_refuse(q, 486);
    } else if (c->next_leg || c->transfer || c->state == CALL_FETCHING ||
               c->state == CALL_REPARKING) {
        (void)text_copy(out->why, WHY_SIZE, "another transfer of this call is under way");
        decide_refuse(q, 486);
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
    decide_refuse(q, 481);
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
        decide_refuse(q, 603);
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

/* Inside of our networks, who knows the names of a dialog may replace it; others need a right. */
static bool may_replace(const struct question *q)
{
    const struct call *c = calls_by_leg(q->calls, q->in->replaces_leg);
    range_id range = c ? c->range : 0;

    return q->in->trusted || decide_has(q, SIP_MAY_PARK, &q->in->from, range) ||
           decide_has(q, SIP_MAY_RETRIEVE, &q->in->from, range);
}

void decide_by_replaces(const struct question *q)
{
    const char *why = "Replaces names no dialog of ours";
    uint16_t code = 481;

    note_replaces(q);
    if (!may_replace(q)) {
        decide_may_not(q, "take this call over");
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
        decide_pick_up(q);
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
    decide_refuse(q, code);
}

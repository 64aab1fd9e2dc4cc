/* Two parties: a claim, the meeting, and what becomes of the caller when the other one is gone. */
#include "core/park_inside.h"

/* ---- the claim ----------------------------------------------------------------------------------
 */

static void answer_retriever(struct turn *t, const struct call *c)
{
    struct action *a = park_act_leg(t, ACT_ANSWER, c, c->peer);

    a->tell = TELL_CALLER;
    a->party = c->caller;
    a->orbit = c->orbit;
}

bool park_claim_by(struct turn *t, struct call *c, leg_id leg, const struct party *who)
{
    if (!calls_map_leg(t->p->calls, leg, c->id))
        return false;
    if (c->state == CALL_PARKED)
        c->resume_at = c->deadline;
    park_stop_ringing(t, c, 200, "Call completed elsewhere");
    c->peer = leg;
    c->peer_role = PEER_RETRIEVER;
    c->peer_party = *who;
    c->peer_up = false;
    park_enter(t, c, CALL_RETRIEVING, park_later(t->now, PATIENCE_CONNECT));
    return true;
}

void park_claimed(struct turn *t, struct call *c, const char *how)
{
    char name[DISPLAY_SIZE];

    PARK_STEP(t, c, STEP_RETRIEVING, "%s: %s", park_name(name, &c->peer_party, "somebody unknown"),
              how);
    park_save(t, c);
}

/* Somebody's INVITE takes this call: nobody else may, until he is connected or has failed. */
void park_claim(struct turn *t, struct call *c)
{
    const struct invite *in = t->ev->invite;

    if (!park_claim_by(t, c, in->leg, &in->from)) {
        park_refuse(t, c->id, in->leg, 503, 10, "too many calls are going on");
        return;
    }
    answer_retriever(t, c);
    park_claimed(t, c, t->decision->why);
}

/* ---- the meeting --------------------------------------------------------------------------------
 */

static void bridge(struct turn *t, const struct call *c)
{
    struct action *a = park_act_leg(t, ACT_BRIDGE, c, c->caller_leg);

    a->other = c->peer;
}

static void met(struct turn *t, struct call *c)
{
    static const struct {
        enum outcome outcome;
        enum step step;
        const char *how;
    } by[] = {
        [PEER_NONE] = { OUT_RETRIEVED, STEP_RETRIEVED, "retrieved by" },
        [PEER_RETRIEVER] = { OUT_RETRIEVED, STEP_RETRIEVED, "retrieved by" },
        [PEER_PARKER] = { OUT_RINGBACK_ANSWERED, STEP_RINGBACK_ANSWERED, "ring back answered by" },
        [PEER_FALLBACK] = { OUT_FORWARDED, STEP_FORWARDED, "fallback answered:" },
        [PEER_CHOSEN] = { OUT_FORWARDED, STEP_FORWARDED, "transferred to" },
    };
    char name[DISPLAY_SIZE];

    c->outcome = by[c->peer_role].outcome;
    PARK_STEP(t, c, by[c->peer_role].step, "%s %s", by[c->peer_role].how,
              park_name(name, &c->peer_party, "somebody unknown"));
}

/* The orbit is free again from here on. */
void park_meet(struct turn *t, struct call *c)
{
    if (!c->caller_up || !c->peer_up) {
        if (c->state != CALL_RETRIEVING)
            park_enter(t, c, CALL_RETRIEVING, park_later(t->now, PATIENCE_CONNECT));
        return;
    }
    bridge(t, c);
    park_give_back_orbit(t, c, false);
    park_enter(t, c, CALL_CONNECTED, NEVER);
    c->connected_at = t->now;
    met(t, c);
    park_save(t, c);
}

void park_peer_up(struct turn *t, struct call *c)
{
    c->peer_up = true;
    park_meet(t, c);
}

/* One side of a connected call was replaced, the old leg went before the new one was up: now it is.
 */
void park_up_again(struct turn *t, struct call *c)
{
    bool *up = t->ev->leg == c->caller_leg ? &c->caller_up : &c->peer_up;

    if (*up)
        return;
    *up = true;
    if (!c->caller_up || !c->peer_up) {
        (void)park_act_leg(t, ACT_MUSIC, c, t->ev->leg);
        return;
    }
    if (c->transfer) {
        if (*t->ev->party.uri)
            c->peer_party = t->ev->party;
        c->connected_at = t->now;
        park_transferred(t, c);
        return;
    }
    bridge(t, c);
    park_enter(t, c, CALL_CONNECTED, NEVER);
}

/* ---- back to the orbit --------------------------------------------------------------------------
 */

/* An attempt that came to nothing counts as unanswered, the fallback as tried; a retriever leaves
 * the clock as it was. */
static msec time_after(const struct turn *t, struct call *c)
{
    if (c->peer_role == PEER_FALLBACK) {
        c->fallback_tried = true;
        return NEVER;
    }
    if (c->peer_role == PEER_PARKER && (c->by_hand || c->attempt < c->rules.max_pickup_attempts))
        return park_patience_after_ring(t, c);
    return c->resume_at;
}

/* A transfer that came to nothing after whoever asked for it had gone: he is rung now, as nobody
 * else knows of the one who waits. */
static void ring_referrer(struct turn *t, struct call *c)
{
    struct party whom;

    park_refer_done(t, c, t->ev->type == EV_LEG_FAILED && t->ev->code >= 300 ? t->ev->code : 408);
    if (c->has_orbit && park_whom(&t->p->house, c, &whom))
        park_ring_back(t, c, &whom, "the transfer came to nothing");
}

/* The other one is gone and the caller never really had him. */
static void go_back(struct turn *t, struct call *c, enum step step, const char *why)
{
    bool was_connected = c->state == CALL_CONNECTED;
    bool sent_away = c->transfer && !c->next_leg;
    char name[DISPLAY_SIZE];
    char orbit[NUMBER_SIZE + 8];

    (void)park_transfer_off(t, c, 487, "is not needed any more");
    (void)park_name(name, &c->peer_party, "the other side");
    calls_unmap_leg(t->p->calls, c->peer);
    c->peer = 0;
    c->peer_up = false;
    c->outcome = OUT_NONE;
    park_settle(t, c, time_after(t, c));
    if (was_connected)
        park_music(t, c);
    PARK_STEP(t, c, step, "%s %s: the caller waits in %s", name, why, park_orbit_name(orbit, c));
    if (sent_away)
        ring_referrer(t, c);
    /* Without an orbit nobody can retrieve him, so somebody is rung now. */
    if (!c->has_orbit && c->state == CALL_PARKED)
        park_next_move(t, c);
    if (c->state == CALL_PARKED)
        park_save(t, c);
}

void park_retriever_lost(struct turn *t, struct call *c)
{
    /* After our 200 a CANCEL does nothing on the wire (RFC 3261 9.2), yet it says that he does not
     * want the call; waiting for his ACK and BYE would only keep others from it. */
    if (t->ev->type == EV_CANCELLED)
        park_hang_up(t, c, c->peer, 487, "the retriever cancelled");
    go_back(t, c, STEP_RETRIEVE_FAILED, "was gone before being connected");
}

void park_retriever_late(struct turn *t, struct call *c)
{
    park_hang_up(t, c, c->peer, 408, "no acknowledgement");
    if (park_swap_early(t, c, c->peer))
        park_enter(t, c, CALL_RETRIEVING, park_later(t->now, PATIENCE_CONNECT));
    else
        go_back(t, c, STEP_RETRIEVE_FAILED, "did not acknowledge in time");
}

/* He hung up. Gone within a moment without a sound, he never was there (sip.md 4.5). */
void park_peer_hung_up(struct turn *t, struct call *c)
{
    bool silent = t->now - c->connected_at < MIN_TALK && !t->ev->heard;
    char name[DISPLAY_SIZE];

    if (!c->peer_up || silent) {
        go_back(t, c, STEP_RETURNED,
                c->transfer ? "did not take the call" : "was gone at once, without a sound");
        return;
    }
    calls_unmap_leg(t->p->calls, c->peer);
    c->peer = 0;
    if (c->exit_done) {
        park_exited(t, c);
        return;
    }
    (void)text_format(c->why, sizeof c->why, "%s hung up",
                      park_name(name, &c->peer_party, "the other side"));
    park_end(t, c, c->outcome, STEP_HUNG_UP, 0);
}

/* The new leg of a connected call did not acknowledge in time, and the old one is gone. */
void park_never_up(struct turn *t, struct call *c)
{
    leg_id dead = c->peer_up ? c->caller_leg : c->peer;

    if (c->exiting) {
        park_exit_late(t, c);
        return;
    }
    if (c->transfer)
        park_hang_up(t, c, dead, 0, "nobody answered");
    else
        park_hang_up(t, c, dead, 408, "no acknowledgement");
    if (park_swap_early(t, c, dead))
        return;
    if (!c->peer_up) {
        go_back(t, c, STEP_RETURNED,
                c->transfer ? "did not answer" : "did not acknowledge in time");
        return;
    }
    calls_unmap_leg(t->p->calls, c->caller_leg);
    c->caller_leg = 0;
    (void)text_copy(c->why, sizeof c->why, "the caller's new leg was never acknowledged");
    park_end(t, c, c->outcome, STEP_HUNG_UP, 408);
}

/* ---- which way the audio goes -------------------------------------------------------------------
 */

/* News of the two who talk now. Of two who did, it comes too late to mean anything. */
void park_path(struct turn *t, struct call *c)
{
    const struct event *ev = t->ev;
    bool talk =
        (c->state == CALL_CONNECTED || c->state == CALL_REPARKING) && c->caller_up && c->peer_up;
    bool these = (ev->leg == c->caller_leg && ev->other == c->peer) ||
                 (ev->leg == c->peer && ev->other == c->caller_leg);

    if (talk && these)
        PARK_STEP(t, c, ev->direct ? STEP_MEDIA_DIRECT : STEP_MEDIA_RELAYED, "%.200s", ev->text);
}

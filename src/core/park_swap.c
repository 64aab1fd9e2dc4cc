/* A leg is replaced by another one (Replaces, RFC 3891), or somebody else is on it now without
 * that: how attended transfers end, and how the parker becomes known. */
#include "core/park_inside.h"

/* ---- the new leg is answered --------------------------------------------------------------------
 */

/* The one who comes hears of whom he meets: the other side of a conversation, or the orbit. */
static void answer_next(struct turn *t, const struct call *c)
{
    struct action *a = park_act_leg(t, ACT_ANSWER, c, c->next_leg);

    a->orbit = c->orbit;
    if (c->next_for == c->peer) {
        a->tell = TELL_CALLER;
        a->party = c->caller;
    } else if (c->state == CALL_CONNECTED || c->state == CALL_RETRIEVING) {
        a->tell = TELL_CALLER;
        a->party = c->peer_party;
    } else {
        a->tell = park_may_learn(t, c, &c->next_party) ? TELL_ORBIT : TELL_NOTHING;
    }
}

/* The old leg is left alone until the new one is really up (RFC 3891 3). */
void park_take_over(struct turn *t, struct call *c, const struct decision *d)
{
    const struct invite *in = t->ev->invite;

    if (!calls_map_leg(t->p->calls, in->leg, c->id)) {
        park_refuse(t, c->id, in->leg, 503, 10, "too many calls are going on");
        return;
    }
    c->next_leg = in->leg;
    c->next_for = d->replaced;
    c->next_party = in->from;
    c->next_deadline = park_later(t->now, PATIENCE_CONNECT);
    calls_timed(t->p->calls, c);
    /* Where the leg to be replaced has no identity, Referred-By is the next best (sip.md 1.4). */
    if (c->consult && !c->parker_known && in->has_referred_by)
        c->parker = in->referred_by;
    answer_next(t, c);
    park_save(t, c); /* the old leg may go while a restart is under way */
}

/* ---- who is whom now ----------------------------------------------------------------------------
 */

/* Whoever was on the leg so far consulted us and has gone: he is the parker. True if that is news.
 */
static bool parker_is_known(struct call *c)
{
    if (!c->consult)
        return false;
    if (*c->caller.uri || *c->caller.contact)
        c->parker = c->caller;
    c->parker_known = *c->parker.uri || *c->parker.contact;
    c->consult = false;
    return true;
}

/* The transfer is complete: the patience begins now, for the caller that it is for. */
static void begin_anew(struct turn *t, struct call *c)
{
    msec planned = c->state == CALL_PARKED ? c->deadline : c->resume_at;

    c->resume_at = park_full_patience(t, c);
    /* What somebody has extended by hand is not taken back. */
    if (!c->forced && planned != NEVER && planned > c->resume_at)
        c->resume_at = planned;
    if (c->state == CALL_CONNECTED)
        return;
    park_stop_ringing(t, c, 0, "the call was transferred meanwhile");
    c->attempt = 0;
    c->fallback_tried = false;
    c->parker_gone = false;
    if (c->state == CALL_LEAVING)
        c->outcome = OUT_NONE;
    if (c->give_up_at < park_later(t->now, park_longest(c)))
        c->give_up_at = park_later(t->now, park_longest(c));
    if (c->state != CALL_RETRIEVING)
        park_settle(t, c, c->resume_at);
}

/* ---- one leg in the place of another ------------------------------------------------------------
 */

static void rebridge(struct turn *t, struct call *c)
{
    struct action *a;

    if (c->state == CALL_RETRIEVING) {
        park_meet(t, c);
        return;
    }
    if (c->caller_up && c->peer_up) {
        a = park_act_leg(t, ACT_BRIDGE, c, c->caller_leg);
        a->other = c->peer;
        park_enter(t, c, CALL_CONNECTED, NEVER);
        return;
    }
    /* Who is there hears music until the other one is. */
    park_music(t, c);
    if (c->peer_up)
        (void)park_act_leg(t, ACT_MUSIC, c, c->peer);
    park_enter(t, c, CALL_CONNECTED, park_later(t->now, PATIENCE_CONNECT));
}

static void replace_caller(struct turn *t, struct call *c, bool up)
{
    bool news = parker_is_known(c);

    c->caller_leg = c->next_leg;
    c->caller = c->next_party;
    c->caller_up = up;
    if (news)
        begin_anew(t, c);
    if (c->state != CALL_CONNECTED && !c->peer_up)
        park_music(t, c);
    if (c->state == CALL_RETRIEVING || c->state == CALL_CONNECTED)
        rebridge(t, c);
}

static void replace_peer(struct turn *t, struct call *c, bool up)
{
    c->peer = c->next_leg;
    c->peer_party = c->next_party;
    c->peer_up = up;
    c->connected_at = t->now;
    rebridge(t, c);
}

static void replace(struct turn *t, struct call *c, bool up)
{
    char name[DISPLAY_SIZE];
    bool is_caller = c->next_for == c->caller_leg;

    (void)park_name(name, &c->next_party, "somebody unknown");
    calls_unmap_leg(t->p->calls, c->next_for);
    if (is_caller)
        replace_caller(t, c, up);
    else
        replace_peer(t, c, up);
    c->next_leg = c->next_for = 0;
    c->next_deadline = NEVER;
    calls_timed(t->p->calls, c);
    PARK_STEP(t, c, STEP_TAKEN_OVER, "%s came in the place of %s, transferred with Replaces", name,
              is_caller ? "who was here" : "the other side");
    park_save(t, c);
}

bool park_swap_early(struct turn *t, struct call *c, leg_id gone)
{
    if (!c->next_leg || c->next_for != gone)
        return false;
    if (c->transfer)
        park_transfer_place(t, c, false);
    else
        replace(t, c, false);
    return true;
}

void park_swap_off(struct turn *t, struct call *c, const char *why)
{
    calls_unmap_leg(t->p->calls, c->next_leg);
    c->next_leg = c->next_for = 0;
    c->next_deadline = NEVER;
    calls_timed(t->p->calls, c);
    PARK_STEP(t, c, STEP_REFUSED,
              "a transfer with Replaces came to nothing, all stays as it was: %s", why);
}

void park_swap_event(struct turn *t, struct call *c)
{
    leg_id old = c->next_for;

    if (c->transfer) {
        park_transfer_event(t, c);
    } else if (t->ev->type == EV_LEG_UP) {
        replace(t, c, true);
        park_hang_up(t, c, old, 0, "replaced");
    } else if (t->ev->type == EV_LEG_FAILED || t->ev->type == EV_LEG_GONE) {
        park_swap_off(t, c, "the new leg was gone before it was acknowledged");
    } else if (t->ev->type == EV_CANCELLED && !t->ev->answered) {
        park_swap_off(t, c, "it was cancelled");
    } else if (t->ev->type == EV_IDENTITY) {
        c->next_party = t->ev->party;
    }
}

/* ---- somebody else on the same leg --------------------------------------------------------------
 */

static bool is_same(const struct party *a, const struct party *b)
{
    return text_is(a->uri, b->uri) || uri_same_user(a->uri, b->uri);
}

/* The announcement stops at once, or the one who waits would hear somebody else's number. */
static void caller_changed(struct turn *t, struct call *c)
{
    /* Whom he was having fetched is not fetched any more: the transfer came another way. */
    bool off = c->state == CALL_FETCHING && park_transfer_off(t, c, 487, "is not needed any more");
    bool news = parker_is_known(c);
    bool is_spoken_to = news && (off || c->state == CALL_TELLING || c->state == CALL_LEAVING);
    char name[DISPLAY_SIZE];

    c->caller = t->ev->party;
    PARK_STEP(t, c, STEP_IDENTITY, "%s is on the caller's leg now%s",
              park_name(name, &c->caller, "somebody unknown"),
              news ? ": who was there has transferred the call and is the parker" : "");
    if (is_spoken_to) {
        c->wait++;
        park_music(t, c);
    }
    if (news)
        begin_anew(t, c);
    if (is_spoken_to)
        PARK_STEP(t, c, STEP_PARKED, "parked by %s",
                  park_name(name, &c->parker, "somebody unknown"));
    park_save(t, c);
}

void park_changed(struct turn *t, struct call *c)
{
    struct party *who = t->ev->leg == c->caller_leg ? &c->caller : &c->peer_party;

    if (is_same(who, &t->ev->party) || c->state == CALL_SAVING) {
        *who = t->ev->party;
    } else if (who == &c->caller) {
        caller_changed(t, c);
    } else {
        char name[DISPLAY_SIZE];

        *who = t->ev->party;
        PARK_STEP(t, c, STEP_IDENTITY, "%s is on the other side now",
                  park_name(name, who, "somebody unknown"));
        park_save(t, c);
    }
}

/* A transfer inside the PBX, or the PBX letting the phone send its media here directly: nobody can
 * tell. So the call counts as parked, by the one who was on the leg; but the announcement goes on,
 * and should it have been no transfer, the leg may still be replaced or change its identity. */
void park_media_moved(struct turn *t, struct call *c)
{
    if (!c->parker_known) {
        c->parker = c->caller;
        c->parker_known = *c->parker.uri || *c->parker.contact;
    }
    park_enter(t, c, CALL_PARKED, park_full_patience(t, c));
    PARK_STEP(t, c, STEP_PARKED, "parked: the media of the leg moved elsewhere, as in a transfer");
    park_save(t, c);
}

/* After a restart: what is right now for a call as it was last written, and for whoever of it is
 * still there. Nobody is lost, nobody rings on, and no number changes (decision 041).
 *
 * What was being done to the call is finished when it can be (two who are there talk again,
 * somebody who has answered has his call), and otherwise called off: the caller is in his orbit,
 * and his clock has gone on. */
#include "core/park_inside.h"

// clang-format off
#define SETTLE 2000 /* what was due meanwhile waits so long: a BYE sent to nobody comes again by then */
#define SPREAD 2000 /* ... and not all of it happens at once */
// clang-format on

/* One call while it is put back. */
struct find {
    struct turn t;
    struct event ev; /* of this turn: that time has passed, or that `next` is up */
    struct call *c;
    const struct call *saved;
    struct restore legs;
    bool next_comes; /* `next` is up, or its old leg is gone: it has the place, see next_one() */
    bool caller_here, peer_here; /* answered, or to be replaced so */
};

static bool is_there(enum restored_leg leg)
{
    return leg == LEG_RESTORED_UP || leg == LEG_RESTORED_ANSWERED;
}

/* ---- what there is ------------------------------------------------------------------------------
 */

/* As it was, but for its legs, its orbit and what only the last run knew of. */
static void as_saved(struct call *c, const struct call *saved)
{
    call_id id = c->id;

    *c = *saved;
    c->id = id;
    c->caller_leg = c->peer = c->next_leg = c->next_for = 0;
    c->caller_up = c->peer_up = c->has_orbit = false;
    c->confirming = c->exiting = c->exit_done = c->exit_listens = c->exit_heard = false;
    c->transfer = false;
    c->next_deadline = NEVER;
    c->refer = 0;
    c->saved = c->orbit_write = c->write;
}

static bool map(struct find *f, leg_id leg, enum restored_leg is, leg_id *place)
{
    if (is == LEG_LOST)
        return true;
    if (!calls_map_leg(f->t.p->calls, leg, f->c->id))
        return false;
    *place = leg;
    return true;
}

/* One that is to be replaced by somebody who is here keeps its place until then, gone or not. */
static bool map_legs(struct find *f)
{
    const struct call *saved = f->saved;
    struct restore as = f->legs;

    if (f->next_comes && saved->next_for == saved->caller_leg && as.caller == LEG_LOST)
        as.caller = LEG_RESTORED_ANSWERED;
    if (f->next_comes && saved->next_for == saved->peer && as.peer == LEG_LOST)
        as.peer = LEG_RESTORED_ANSWERED;
    f->caller_here = is_there(as.caller);
    f->peer_here = is_there(as.peer);
    f->c->caller_up = as.caller == LEG_RESTORED_UP;
    return map(f, saved->caller_leg, as.caller, &f->c->caller_leg) &&
           map(f, saved->peer, as.peer, &f->c->peer) &&
           map(f, saved->next_leg, as.next, &f->c->next_leg);
}

/* What was due while nobody was here is due in a moment. */
static msec soon(const struct find *f)
{
    return park_later(f->t.now, SETTLE + f->c->id % 64 * (SPREAD / 64));
}

static msec still_due(const struct find *f, msec deadline)
{
    return deadline > f->t.now ? deadline : soon(f);
}

/* ---- in his orbit -------------------------------------------------------------------------------
 */

static void drop(struct find *f, leg_id *leg, uint16_t code, const char *why)
{
    if (!*leg)
        return;
    park_hang_up(&f->t, f->c, *leg, code, why);
    calls_unmap_leg(f->t.p->calls, *leg);
    *leg = 0;
}

/* Without an orbit he takes one when the rest are back in theirs: one at a time, see park_due(). */
static void waits(struct find *f, msec deadline)
{
    struct call *c = f->c;
    char orbit[NUMBER_SIZE + 8];

    drop(f, &c->peer, 0, "the server was started again");
    c->peer_up = false;
    c->outcome = OUT_NONE;
    c->give_up_at =
        c->give_up_at == NEVER ? park_later(c->parked_at, park_longest(c)) : c->give_up_at;
    c->give_up_at = still_due(f, c->give_up_at);
    park_enter(&f->t, c, CALL_PARKED, still_due(f, c->has_orbit ? deadline : f->t.now));
    park_music(&f->t, c);
    PARK_STEP(&f->t, c, STEP_RECOVERED, "put back after a restart: the caller waits in %s",
              park_orbit_name(orbit, c));
}

/* He who rang is hung up, which was no attempt. Where that cannot be, his phone may ring for a
 * while yet: it is not called before that is over. */
static void rings_no_more(struct find *f)
{
    struct call *c = f->c;
    msec again = c->resume_at;

    if (c->state == CALL_RINGING_BACK && !c->by_hand && c->attempt)
        c->attempt--;
    if (f->legs.peer == LEG_LOST && again < park_later(f->t.now, c->rules.ring_time))
        again = park_later(f->t.now, c->rules.ring_time);
    waits(f, again);
}

/* He who was called to be parked has answered. */
static void is_fetched(struct find *f)
{
    struct call *c = f->c;

    c->attempt = 0;
    c->parker_gone = c->fallback_tried = false;
    c->parked_at = f->t.now;
    c->give_up_at = park_later(f->t.now, park_longest(c));
    waits(f, park_full_patience(&f->t, c));
}

/* He whom he talked to is not there any more, and nobody knows that he waits: who parked him is
 * rung soon, as if that were the first time. */
static void comes_back(struct find *f)
{
    struct call *c = f->c;

    c->attempt = 0;
    c->parker_gone = c->fallback_tried = c->by_hand = c->forced = false;
    c->connected_at = 0;
    c->give_up_at = park_later(f->t.now, park_longest(c));
    waits(f, f->t.now);
}

/* ---- with somebody ------------------------------------------------------------------------------
 */

static void say_recovered(struct find *f, const char *what)
{
    char name[DISPLAY_SIZE];

    PARK_STEP(&f->t, f->c, STEP_RECOVERED, "put back after a restart: %s %s", what,
              park_name(name, &f->c->peer_party, "the other side"));
}

/* He answered, or acknowledged, before the end or during it. */
static void has_answered(struct find *f)
{
    struct call *c = f->c;

    say_recovered(f, "the caller is connected to");
    if (c->state == CALL_RINGING_BACK && park_confirm_ask(&f->t, c)) {
        park_music(&f->t, c);
        return;
    }
    c->peer_up = true;
    park_enter(&f->t, c, CALL_RETRIEVING, park_later(f->t.now, PATIENCE_CONNECT));
    park_meet(&f->t, c);
}

static void is_awaited(struct find *f)
{
    park_enter(&f->t, f->c, CALL_RETRIEVING, park_later(f->t.now, PATIENCE_CONNECT));
    park_music(&f->t, f->c);
    say_recovered(f, "the caller waits for the acknowledgement of");
}

/* Whoever is there hears the other one, or music until he is. */
static void talks_on(struct find *f)
{
    struct call *c = f->c;

    c->peer_up = f->legs.peer == LEG_RESTORED_UP;
    c->connected_at = c->connected_at ? c->connected_at : f->t.now;
    if (c->caller_up && c->peer_up)
        park_act_leg(&f->t, ACT_BRIDGE, c, c->caller_leg)->other = c->peer;
    else if (c->caller_up || c->peer_up)
        (void)park_act_leg(&f->t, ACT_MUSIC, c, c->caller_up ? c->caller_leg : c->peer);
    park_enter(&f->t, c, CALL_CONNECTED,
               c->caller_up && c->peer_up ? NEVER : park_later(f->t.now, PATIENCE_CONNECT));
    say_recovered(f, "the caller talks to");
}

/* It is written that he is to wait again, as whoever talked to him asked by REFER. */
static void is_reparked(struct find *f)
{
    struct call *c = f->c;

    if (!c->has_orbit && f->peer_here) {
        talks_on(f);
        return;
    }
    drop(f, &c->peer, 200, "transferred");
    c->connected_at = 0;
    c->parked_at = f->t.now;
    waits(f, park_full_patience(&f->t, c));
}

static void regrets(struct find *f)
{
    struct call *c = f->c;

    if (c->caller_up)
        park_say(&f->t, c, c->caller_leg, SAY_REGRET, false);
    park_enter(&f->t, c, CALL_LEAVING,
               park_later(f->t.now, c->caller_up ? PATIENCE_SAY : PATIENCE_CONNECT));
    PARK_STEP(&f->t, c, STEP_RECOVERED,
              "put back after a restart: the caller hears again that nobody is there");
}

/* ---- nobody to put back -------------------------------------------------------------------------
 */

static void ends(struct find *f)
{
    struct call *c = f->c;
    bool talked = c->state == CALL_CONNECTED || c->state == CALL_REPARKING;
    bool fetched = f->legs.caller == LEG_RESTORED_CALLING;
    enum outcome outcome = talked && c->outcome ? c->outcome : OUT_INTERRUPTED;

    c->state = CALL_FETCHING; /* not SAVING: whoever is there has been answered or called */
    (void)text_copy(c->why, sizeof c->why,
                    fetched ? "the server ended while the caller was being called to be parked"
                            : "the server ended, and the caller could not be found again");
    park_end(&f->t, c, outcome, STEP_HUNG_UP, 480);
}

/* ---- by what it was doing -----------------------------------------------------------------------
 */

static void go_on(struct find *f)
{
    struct call *c = f->c;
    enum restored_leg peer = f->legs.peer;
    bool fetched = c->caller_leg % 2 == 0;

    switch (c->state) {
    case CALL_SAVING:
    case CALL_TELLING:
    case CALL_FETCHING:
        if (f->next_comes && f->saved->transfer)
            park_enter(&f->t, c, CALL_FETCHING, NEVER); /* next_one() goes on */
        else if (fetched)
            is_fetched(f);
        else
            waits(f, c->resume_at);
        break;
    case CALL_PARKED:
        waits(f, c->deadline);
        break;
    case CALL_RINGING_BACK:
    case CALL_FORWARDING:
        if (peer == LEG_RESTORED_UP)
            has_answered(f);
        else
            rings_no_more(f);
        break;
    case CALL_RETRIEVING:
        if (peer == LEG_RESTORED_UP)
            has_answered(f);
        else if (f->peer_here)
            is_awaited(f);
        else
            waits(f, c->resume_at);
        break;
    case CALL_CONNECTED:
        if (f->peer_here)
            talks_on(f);
        else
            comes_back(f);
        break;
    case CALL_REPARKING:
        is_reparked(f);
        break;
    case CALL_LEAVING:
        regrets(f);
        break;
    case CALL_NONE:
    case CALL_ENDED:
    case CALL_STATES:
        break;
    }
}

/* Of a transfer by REFER, whoever is not to be replaced is up. */
static bool transfer_holds(const struct find *f)
{
    const struct call *c = f->c;
    bool stays_up = f->saved->next_for == c->caller_leg ? c->peer_up : c->caller_up;

    return !f->saved->transfer || c->state == CALL_FETCHING ||
           (c->state == CALL_CONNECTED && f->legs.next == LEG_RESTORED_UP && stays_up);
}

/* Who was to take a leg's place has it, is waited for still, or is hung up on. */
static void next_one(struct find *f)
{
    struct call *c = f->c;
    leg_id old = f->saved->next_for;

    if (!c->next_leg || c->state == CALL_ENDED)
        return;
    if (f->legs.next == LEG_RESTORED_CALLING || (old != c->caller_leg && old != c->peer) ||
        !transfer_holds(f)) {
        drop(f, &c->next_leg, 0, "the server was started again");
        return;
    }
    c->next_for = old;
    c->next_deadline = park_later(f->t.now, PATIENCE_CONNECT);
    c->transfer = f->saved->transfer;
    calls_timed(f->t.p->calls, c);
    f->ev = (struct event){ .type = EV_LEG_UP, .leg = c->next_leg };
    if (f->legs.next == LEG_RESTORED_UP)
        park_swap_event(&f->t, c);
    else if (f->next_comes)
        (void)park_swap_early(&f->t, c, old);
}

/* Whoever came for one without an orbit was given another, which may be that of a call that is
 * still to be put back. */
static void leave_to_others(struct find *f)
{
    struct call *c = f->c;

    if (c->state != CALL_PARKED || !c->has_orbit || c->orbit == f->saved->orbit)
        return;
    park_give_back_orbit(&f->t, c, false);
    c->orbit = f->saved->orbit;
    park_enter(&f->t, c, CALL_PARKED, soon(f));
}

/* The row may know of an acknowledgement that the leg's own does not. */
static enum restored_leg as_known(enum restored_leg leg, bool was_up)
{
    return leg == LEG_RESTORED_ANSWERED && was_up ? LEG_RESTORED_UP : leg;
}

static bool is_whole(const struct call *saved)
{
    return saved->state > CALL_NONE && saved->state < CALL_ENDED && saved->caller_leg;
}

bool park_restore(struct park *p, const struct call *saved, const struct restore *legs, msec now,
                  struct actions *out)
{
    struct find f = { .ev = { .type = EV_TICK }, .saved = saved, .legs = *legs };
    bool next;

    f.t = (struct turn){ p, &f.ev, now, out, NULL };
    out->count = 0;
    park_bury(p);
    f.legs.caller = as_known(legs->caller, saved->caller_up);
    f.legs.peer = saved->peer ? as_known(legs->peer, saved->peer_up) : LEG_LOST;
    f.legs.next = saved->next_leg ? legs->next : LEG_LOST;
    next = is_there(f.legs.next);
    f.next_comes = next && (f.legs.next == LEG_RESTORED_UP ||
                            (saved->next_for == saved->caller_leg ? legs->caller == LEG_LOST
                                                                  : f.legs.peer == LEG_LOST));
    if (!is_whole(saved) || (legs->caller == LEG_LOST && f.legs.peer == LEG_LOST && !next))
        return false;
    f.c = calls_put_back(p->calls, saved->id);
    if (!f.c)
        return false;
    as_saved(f.c, saved);
    if (!map_legs(&f)) {
        calls_free(p->calls, f.c);
        return false;
    }
    f.c->has_orbit =
        saved->has_orbit && orbits_take_this(p->orbits, saved->orbit, f.c->id, true, now);
    if (!f.caller_here) {
        ends(&f);
        return true;
    }
    go_on(&f);
    next_one(&f);
    leave_to_others(&f);
    park_save(&f.t, f.c);
    return true;
}

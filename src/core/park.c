/* The table of the parking machine, and the step: which call an event is for, and what it means to
 * that call. Everything that happens to a call happens through this table. */
#include <assert.h>

#include "core/park_inside.h"

/* An event from the point of view of a call: the same hang-up is one thing when the caller does it
 * and another when the one he talks to does. */
enum cue {
    CUE_SAVED,
    CUE_NOT_SAVED,
    CUE_UP,        /* the caller acknowledged */
    CUE_LEFT,      /* he hung up, or his leg failed */
    CUE_CANCELLED, /* he took his INVITE back */
    CUE_MOVED,     /* his media did */
    CUE_SAID,
    CUE_DUE,       /* the deadline of this state */
    CUE_CLAIM,     /* somebody's INVITE retrieves it */
    CUE_PEER_UP,   /* the other one answered, or acknowledged */
    CUE_PEER_LOST, /* he hung up, failed, or cancelled */
    CUE_FORWARDED, /* his phone sends our call on to somebody else */
    CUE_PEER_SAID, /* he has heard what was said to him */
    CUE_PEER_KEY,  /* he pressed a key */
    CUE_RETRIEVE,  /* commands from here on */
    CUE_RING,
    CUE_EXTEND,
    CUE_TRANSFER,
    CUE_HANG_UP,
    CUE_NOTE,
    CUE_FORCE,
    CUES,
    CUE_NONE
};

/* What a cue does to a call. An empty cell drops it: it came late, or twice; a command that finds
 * an empty cell is refused in words. SAVING: the caller waits for his answer. TELLING: he may still
 * be the parker. RINGING_BACK and FORWARDING: in his orbit, somebody is called. FETCHING: he is
 * called himself, perhaps in the place of whoever consulted, who is there until then. */
// clang-format off
static handler *const moves[CALL_STATES][CUES] = {
    [CALL_SAVING] = {
        [CUE_SAVED]     = park_saved,            [CUE_NOT_SAVED] = park_not_saved,
        [CUE_LEFT]      = park_caller_left,      [CUE_CANCELLED] = park_caller_cancelled,
        [CUE_DUE]       = park_not_saved,
        [CUE_HANG_UP]   = park_do_hang_up,       [CUE_NOTE]      = park_do_note,
        [CUE_FORCE]     = park_do_force_out,
    },
    [CALL_TELLING] = {
        [CUE_UP]        = park_caller_up,        [CUE_SAID]      = park_said,
        [CUE_LEFT]      = park_caller_left,      [CUE_CANCELLED] = park_caller_cancelled,
        [CUE_MOVED]     = park_media_moved,      [CUE_DUE]       = park_told,
        [CUE_CLAIM]     = park_claim,
        [CUE_RETRIEVE]  = park_do_retrieve,      [CUE_TRANSFER]  = park_do_transfer,
        [CUE_RING]      = park_do_ring_back,
        [CUE_HANG_UP]   = park_do_hang_up,       [CUE_NOTE]      = park_do_note,
        [CUE_FORCE]     = park_do_force_out,
    },
    [CALL_PARKED] = {
        [CUE_UP]        = park_caller_up,
        [CUE_LEFT]      = park_caller_left,      [CUE_CANCELLED] = park_caller_cancelled,
        [CUE_DUE]       = park_due,              [CUE_CLAIM]     = park_claim,
        [CUE_RETRIEVE]  = park_do_retrieve,      [CUE_TRANSFER]  = park_do_transfer,
        [CUE_RING]      = park_do_ring_back,     [CUE_EXTEND]    = park_do_extend,
        [CUE_HANG_UP]   = park_do_hang_up,       [CUE_NOTE]      = park_do_note,
        [CUE_FORCE]     = park_do_force_out,
    },
    [CALL_RINGING_BACK] = {
        [CUE_UP]        = park_caller_up,
        [CUE_LEFT]      = park_caller_left,      [CUE_CANCELLED] = park_caller_cancelled,
        [CUE_DUE]       = park_ring_timed_out,   [CUE_CLAIM]     = park_claim,
        [CUE_PEER_UP]   = park_ring_answered,    [CUE_PEER_LOST] = park_ring_failed,
        [CUE_FORWARDED] = park_ring_forwarded,
        [CUE_PEER_SAID] = park_confirm_said,     [CUE_PEER_KEY]  = park_confirm_key,
        [CUE_RETRIEVE]  = park_do_retrieve,      [CUE_TRANSFER]  = park_do_transfer,
        [CUE_HANG_UP]   = park_do_hang_up,       [CUE_NOTE]      = park_do_note,
        [CUE_FORCE]     = park_do_force_out,
    },
    [CALL_FORWARDING] = {
        [CUE_UP]        = park_caller_up,
        [CUE_LEFT]      = park_caller_left,      [CUE_CANCELLED] = park_caller_cancelled,
        [CUE_DUE]       = park_ring_timed_out,   [CUE_CLAIM]     = park_claim,
        [CUE_PEER_UP]   = park_ring_answered,    [CUE_PEER_LOST] = park_ring_failed,
        [CUE_RETRIEVE]  = park_do_retrieve,      [CUE_TRANSFER]  = park_do_transfer,
        [CUE_HANG_UP]   = park_do_hang_up,       [CUE_NOTE]      = park_do_note,
        [CUE_FORCE]     = park_do_force_out,
    },
    [CALL_FETCHING] = {
        [CUE_UP]        = park_fetched,
        [CUE_LEFT]      = park_fetch_failed,     [CUE_CANCELLED] = park_caller_cancelled,
        [CUE_DUE]       = park_fetch_late,
        [CUE_HANG_UP]   = park_do_hang_up,       [CUE_NOTE]      = park_do_note,
        [CUE_FORCE]     = park_do_force_out,
    },
    [CALL_RETRIEVING] = {
        [CUE_UP]        = park_caller_up,
        [CUE_LEFT]      = park_caller_left,      [CUE_CANCELLED] = park_caller_cancelled,
        [CUE_DUE]       = park_retriever_late,
        [CUE_PEER_UP]   = park_peer_up,          [CUE_PEER_LOST] = park_retriever_lost,
        [CUE_HANG_UP]   = park_do_hang_up,       [CUE_NOTE]      = park_do_note,
        [CUE_FORCE]     = park_do_force_out,
    },
    [CALL_CONNECTED] = {
        [CUE_UP]        = park_up_again,         [CUE_PEER_UP]   = park_up_again,
        [CUE_LEFT]      = park_caller_left,      [CUE_PEER_LOST] = park_peer_hung_up,
        [CUE_DUE]       = park_never_up,
        [CUE_HANG_UP]   = park_do_hang_up,       [CUE_NOTE]      = park_do_note,
    },
    [CALL_REPARKING] = {
        [CUE_SAVED]     = park_reparked,         [CUE_NOT_SAVED] = park_repark_failed,
        [CUE_LEFT]      = park_caller_left,      [CUE_PEER_LOST] = park_repark_left,
        [CUE_DUE]       = park_repark_failed,
        [CUE_HANG_UP]   = park_do_hang_up,       [CUE_NOTE]      = park_do_note,
        [CUE_FORCE]     = park_do_force_out,
    },
    [CALL_LEAVING] = {
        [CUE_UP]        = park_caller_up,
        [CUE_LEFT]      = park_caller_left,      [CUE_SAID]      = park_leave,
        [CUE_DUE]       = park_leave,
        [CUE_HANG_UP]   = park_do_hang_up,       [CUE_NOTE]      = park_do_note,
    },
};
// clang-format on

static const enum cue command_cues[EVENT_TYPES] = {
    [EV_DO_RETRIEVE] = CUE_RETRIEVE, [EV_DO_RING_BACK] = CUE_RING,  [EV_DO_EXTEND] = CUE_EXTEND,
    [EV_DO_TRANSFER] = CUE_TRANSFER, [EV_DO_HANG_UP] = CUE_HANG_UP, [EV_DO_NOTE] = CUE_NOTE,
    [EV_DO_FORCE_OUT] = CUE_FORCE,
};

static void move(struct turn *t, struct call *c, enum cue cue)
{
    handler *h = cue < CUES ? moves[c->state][cue] : NULL;

    if (h)
        h(t, c);
}

/* ---- events of a leg ----------------------------------------------------------------------------
 */

static enum cue caller_cue(const struct event *ev)
{
    if (ev->type == EV_LEG_UP)
        return CUE_UP;
    if (ev->type == EV_LEG_FAILED || ev->type == EV_LEG_GONE)
        return CUE_LEFT;
    if (ev->type == EV_CANCELLED)
        return CUE_CANCELLED;
    if (ev->type == EV_MEDIA_MOVED)
        return CUE_MOVED;
    return ev->type == EV_SAID ? CUE_SAID : CUE_NONE;
}

static enum cue peer_cue(const struct event *ev)
{
    if (ev->type == EV_LEG_UP)
        return CUE_PEER_UP;
    if (ev->type == EV_LEG_FAILED || ev->type == EV_LEG_GONE)
        return CUE_PEER_LOST;
    if (ev->type == EV_LEG_RINGING && ev->code == CODE_FORWARDED)
        return CUE_FORWARDED;
    if (ev->type == EV_SAID)
        return CUE_PEER_SAID;
    if (ev->type == EV_DIGIT)
        return CUE_PEER_KEY;
    /* Once they talk, a late CANCEL says nothing any more. */
    return ev->type == EV_CANCELLED ? CUE_PEER_LOST : CUE_NONE;
}

static void leg_event(struct turn *t, struct call *c)
{
    leg_id leg = t->ev->leg;
    bool gone = t->ev->type == EV_LEG_FAILED || t->ev->type == EV_LEG_GONE;

    if (t->ev->type == EV_PATH)
        park_path(t, c);
    else if (t->ev->type == EV_MAY_EXIT)
        park_may_exit(t, c);
    else if (t->ev->type == EV_EXIT)
        park_exit(t, c);
    else if (t->ev->type == EV_HEARD)
        park_exit_heard(t, c);
    else if (leg == c->next_leg)
        park_swap_event(t, c);
    else if (gone && park_swap_early(t, c, leg))
        return;
    else if (t->ev->type == EV_IDENTITY)
        park_changed(t, c);
    else if (leg == c->caller_leg)
        move(t, c, caller_cue(t->ev));
    else if (t->ev->type != EV_CANCELLED || c->state == CALL_RETRIEVING)
        move(t, c, peer_cue(t->ev));
}

/* A leg that nobody waits for any more: it was answered in the moment we gave it up. */
static void stray_leg(struct turn *t)
{
    if (t->ev->type == EV_LEG_UP && t->ev->leg)
        park_hang_up(t, NULL, t->ev->leg, 200, "Call completed elsewhere");
}

/* ---- the rest -----------------------------------------------------------------------------------
 */

static void save_event(struct turn *t)
{
    struct call *c = calls_find(t->p->calls, t->ev->call);
    bool saved = t->ev->type == EV_SAVED;

    if (!c || t->ev->write > c->write || t->ev->write <= c->saved)
        return;
    if (saved && t->ev->unwritten && c->saved < c->orbit_write)
        PARK_STEP(t, c, STEP_UNWRITTEN, "it goes on although it is not on disk: %s", t->ev->text);
    if (saved)
        c->saved = t->ev->write;
    /* A later write holds the orbit as well; an earlier one that failed is made good by it. */
    if (saved || t->ev->write == c->write)
        move(t, c, saved ? CUE_SAVED : CUE_NOT_SAVED);
}

static void command(struct turn *t)
{
    struct call *c = calls_find(t->p->calls, t->ev->call);
    enum cue cue = command_cues[t->ev->type];
    char why[WHY_SIZE];

    if (!c) {
        park_refuse_command(t, t->ev->call, "there is no such call any more");
    } else if (!moves[c->state][cue]) {
        (void)text_format(why, sizeof why, "that cannot be done while the call is %s",
                          call_state_name(c->state));
        park_refuse_command(t, c->id, why);
    } else {
        move(t, c, cue);
    }
}

static void tick(struct turn *t)
{
    struct call *c;

    if (park_pin_tick(t) || park_announce_due(t) || calls_first_due(t->p->calls) > t->now)
        return;
    c = calls_next_due(t->p->calls);
    if (c->next_deadline <= t->now && c->transfer) {
        (void)park_transfer_off(t, c, 408, "did not answer");
    } else if (c->next_deadline <= t->now) {
        park_hang_up(t, c, c->next_leg, 408, "no acknowledgement");
        park_swap_off(t, c, "the new leg was not acknowledged in time");
    } else {
        move(t, c, CUE_DUE);
    }
}

void park_bury(struct park *p)
{
    struct call *c = calls_find(p->calls, p->gone);

    if (c && c->state == CALL_ENDED)
        calls_free(p->calls, c);
    p->gone = 0;
}

static void take(struct turn *t)
{
    struct call *c;

    switch (t->ev->type) {
    case EV_INVITE:
        park_invite(t);
        break;
    case EV_CANCELLED:
    case EV_LEG_UP:
    case EV_LEG_RINGING:
    case EV_LEG_FAILED:
    case EV_LEG_GONE:
    case EV_IDENTITY:
    case EV_MEDIA_MOVED:
    case EV_PATH:
    case EV_MAY_EXIT:
    case EV_EXIT:
    case EV_HEARD:
    case EV_SAID:
    case EV_DIGIT:
        if (park_pin_event(t))
            break;
        c = calls_by_leg(t->p->calls, t->ev->leg);
        if (c)
            leg_event(t, c);
        else if (!park_announce_event(t))
            stray_leg(t);
        break;
    case EV_SAVED:
    case EV_NOT_SAVED:
        save_event(t);
        break;
    case EV_DO_RETRIEVE:
    case EV_DO_RING_BACK:
    case EV_DO_EXTEND:
    case EV_DO_TRANSFER:
    case EV_DO_HANG_UP:
    case EV_DO_NOTE:
    case EV_DO_FORCE_OUT:
        command(t);
        break;
    case EV_REFER:
    case EV_DO_PARK:
        park_refer(t);
        break;
    case EV_TICK:
        tick(t);
        break;
    case EVENT_TYPES:
        break;
    }
}

void park_step(struct park *p, const struct event *ev, msec now, struct actions *out)
{
    struct turn t = { p, ev, now, out, NULL };

    out->count = 0;
    park_bury(p);
    take(&t);
    park_pin_sweep(&t);
}
msec park_next_deadline(struct park *p)
{
    msec due = calls_first_due(p->calls);
    msec tell = park_announce_next(p), pin = park_pin_deadline(p);

    due = tell < due ? tell : due;
    return pin < due ? pin : due;
}

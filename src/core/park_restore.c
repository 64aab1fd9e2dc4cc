/* After a restart: what is right now for a call as it was last written, and for whoever of it is
 * still there. */
#include "core/park_inside.h"

/* The next step's time: what was rung is rung again, what was claimed waits on. */
static msec deadline_of(const struct call *saved)
{
    return saved->state == CALL_PARKED ? saved->deadline : saved->resume_at;
}

static void as_parked(struct call *c, const struct call *saved, const struct restore *legs)
{
    call_id id = c->id;
    bool rang = saved->state == CALL_RINGING_BACK && !saved->by_hand;

    *c = *saved;
    c->id = id;
    c->peer = c->next_leg = c->next_for = 0;
    c->peer_up = c->confirming = c->has_orbit = false;
    c->caller_up = legs->caller == LEG_RESTORED_UP;
    c->outcome = OUT_NONE;
    c->next_deadline = NEVER;
    c->transfer = false;
    c->refer = 0;
    c->attempt -= rang && c->attempt;
}

bool park_restore(struct park *p, const struct call *saved, const struct restore *legs, msec now,
                  struct actions *out)
{
    struct event none = { .type = EV_TICK };
    struct turn t = { p, &none, now, out, NULL };
    struct call *c;

    out->count = 0;
    if (legs->caller == LEG_LOST || legs->caller == LEG_RESTORED_CALLING)
        return false;
    c = calls_put_back(p->calls, saved->id);
    if (!c)
        return false;
    as_parked(c, saved, legs);
    if (!calls_map_leg(p->calls, c->caller_leg, c->id)) {
        c->caller_leg = 0; /* it is another call's */
        calls_free(p->calls, c);
        return false;
    }
    if (!orbits_take_this(p->orbits, c->orbit, c->id, true, now)) {
        calls_free(p->calls, c);
        return false;
    }
    c->has_orbit = true;
    c->saved = c->orbit_write = c->write;
    if (c->give_up_at == NEVER)
        c->give_up_at = park_later(now, park_longest(c));
    park_enter(&t, c, CALL_PARKED, deadline_of(saved));
    if (legs->peer != LEG_LOST && saved->peer)
        park_hang_up(&t, c, saved->peer, 0, "the server was started again");
    park_music(&t, c);
    return true;
}

/* What must hold between steps, whatever came in. */
#include <assert.h>
#include <string.h>

#include "core/park_inside.h"

static bool may_lack_orbit(const struct call *c)
{
    return c->state == CALL_PARKED || c->state == CALL_RINGING_BACK ||
           c->state == CALL_FORWARDING || c->state == CALL_RETRIEVING;
}

static void check_orbit(const struct park *p, const struct call *c)
{
    struct orbit o;

    if (c->state == CALL_CONNECTED || c->state == CALL_LEAVING || c->state == CALL_ENDED) {
        assert(!c->has_orbit);
        return;
    }
    assert(c->has_orbit || may_lack_orbit(c));
    if (!c->has_orbit)
        return;
    o = orbits_look(p->orbits, c->orbit, 0);
    assert(o.state == ORBIT_BUSY);
    assert(o.call == c->id);
}

/* Somebody is on the other side in just these states, and there is one deadline at least wherever
 * something is awaited. */
static void check_state(const struct call *c)
{
    bool rings = c->state == CALL_RINGING_BACK || c->state == CALL_FORWARDING;
    bool talks = c->state == CALL_CONNECTED || c->state == CALL_REPARKING;
    bool has_peer = rings || c->state == CALL_RETRIEVING || talks;
    bool all_up = c->caller_up && c->peer_up;

    assert(c->state > CALL_NONE && c->state < CALL_STATES);
    assert((c->peer != 0) == has_peer);
    assert(!rings || !c->peer_up);
    assert(!c->confirming ||
           (c->state == CALL_RINGING_BACK && c->rules.ringback_confirm && c->deadline != NEVER));
    assert(c->state != CALL_RETRIEVING || !all_up);
    assert(c->state != CALL_CONNECTED || all_up || c->deadline != NEVER);
    assert(c->state == CALL_CONNECTED || c->state == CALL_ENDED || call_due(c) != NEVER);
    assert(c->state != CALL_REPARKING || all_up);
    assert(!c->transfer || c->next_leg || c->state == CALL_FETCHING || c->state == CALL_SAVING ||
           (c->state == CALL_CONNECTED && !c->peer_up));
    assert(!c->exiting || (c->state == CALL_CONNECTED && all_up && c->deadline != NEVER) ||
           c->state == CALL_ENDED);
    assert((c->caller_leg != 0) == (c->state != CALL_ENDED));
    assert(c->outcome == OUT_NONE || c->state >= CALL_CONNECTED);
}

static void check_legs(struct park *p, const struct call *c)
{
    assert(!c->caller_leg || calls_whose_leg(p->calls, c->caller_leg) == c->id);
    assert(!c->peer || calls_whose_leg(p->calls, c->peer) == c->id);
    assert(!c->next_leg || calls_whose_leg(p->calls, c->next_leg) == c->id);
    assert((c->next_leg != 0) == (c->next_deadline != NEVER));
    assert((c->next_leg != 0) == (c->next_for != 0));
    assert(!c->next_for || c->next_for == c->caller_leg || c->next_for == c->peer);
    assert(!c->peer || c->peer != c->caller_leg);
}

/* What was told is on disk: an answered call in an orbit has been saved with it, unless it lost its
 * orbit once and got another. */
static void check_saved(const struct call *c)
{
    assert(c->saved <= c->write);
    assert(c->state != CALL_SAVING || c->saved < c->orbit_write);
    assert(c->state != CALL_TELLING || c->saved >= c->orbit_write);
}

/* Who is asked for a PIN belongs to no call, and is waited for. */
static void check_pins(struct park *p)
{
    unsigned count = 0;

    for (unsigned i = 0; i < PINS_MAX; i++) {
        if (!p->pin[i].leg)
            continue;
        count++;
        assert(!calls_by_leg(p->calls, p->pin[i].leg));
        assert(p->pin[i].deadline != NEVER);
        assert(p->pin[i].tries <= PIN_TRIES);
    }
    assert(count == p->pin_count);
}

void park_check(struct park *p)
{
    uint32_t with_orbit = 0;

    check_pins(p);

    calls_check(p->calls);
    park_announce_check(p);
    orbits_check(p->orbits);
    for (const struct call *c = calls_next(p->calls, 0); c; c = calls_next(p->calls, c->id)) {
        check_state(c);
        check_orbit(p, c);
        check_legs(p, c);
        check_saved(c);
        assert(c->state != CALL_ENDED || c->id == p->gone);
        with_orbit += c->has_orbit;
    }
    /* No orbit is held by nobody. */
    assert(orbits_count(p->orbits, 0, 0, 0).busy == with_orbit);
}

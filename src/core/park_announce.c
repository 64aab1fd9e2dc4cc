/* A short call to whoever parked somebody without hearing where: his phone picks up by itself, the
 * number is spoken, and it is hung up. Nothing of it touches the parked call: these legs are no
 * legs of it, and when it leaves its orbit they are called off. */
#include <assert.h>

#include "core/park_inside.h"

static struct announce *of_call(struct park *p, call_id call)
{
    for (unsigned i = 0; p->announcing && call && i < ANNOUNCES_MAX; i++)
        if (p->announce[i].call == call)
            return &p->announce[i];
    return NULL;
}

static struct announce *of_leg(struct park *p, leg_id leg)
{
    for (unsigned i = 0; p->announcing && leg && i < ANNOUNCES_MAX; i++)
        if (p->announce[i].call && p->announce[i].leg == leg)
            return &p->announce[i];
    return NULL;
}

static struct announce *free_place(struct park *p)
{
    for (unsigned i = 0; i < ANNOUNCES_MAX; i++)
        if (!p->announce[i].call)
            return &p->announce[i];
    return NULL;
}

static void forget(struct park *p, struct announce *n)
{
    *n = (struct announce){ .call = 0 };
    p->announcing--;
}

/* ---- whether ------------------------------------------------------------------------------------
 */

/* Who dialled the orbit himself, consulted, or asked by REFER knows the number. One who is outside
 * learns none (OR-05), and a caller who parked himself hears music on that phone. */
static bool is_wanted(const struct turn *t, const struct call *c)
{
    return c->rules.announce_back && !c->number_known && c->parker_known &&
           park_may_learn(t, c, &c->parker) && !uri_same_user(c->parker.uri, c->caller.uri);
}

/* At once his phone would be busy with the call that he has just transferred. */
void park_announce_plan(struct turn *t, struct call *c)
{
    struct announce *n = is_wanted(t, c) ? free_place(t->p) : NULL;

    if (n) {
        *n = (struct announce){ .call = c->id, .due = park_later(t->now, ANNOUNCE_AFTER) };
        t->p->announcing++;
    } else if (is_wanted(t, c)) {
        PARK_STEP(t, c, STEP_ANNOUNCE_FAILED, "too many parkers are being told their numbers");
    }
}

/* ---- the call -----------------------------------------------------------------------------------
 */

static void place_call(struct turn *t, struct call *c, struct announce *n)
{
    struct action *a;
    char name[DISPLAY_SIZE];
    char orbit[NUMBER_SIZE + 8];

    n->leg = t->p->next_leg;
    n->due = park_later(t->now, PATIENCE_ANNOUNCE);
    t->p->next_leg += 2;
    a = park_act_leg(t, ACT_CALL, c, n->leg);
    a->kind = CALLING_TO_TELL;
    a->party = c->caller;
    a->orbit = c->orbit;
    (void)text_copy(a->uri, sizeof a->uri, *c->parker.uri ? c->parker.uri : c->parker.contact);
    PARK_STEP(t, c, STEP_ANNOUNCING, "%s is called to be told %s",
              park_name(name, &c->parker, "the parker"), park_orbit_name(orbit, c));
}

static void fail(struct turn *t, struct announce *n, const char *why)
{
    struct call *c = calls_find(t->p->calls, n->call);
    char name[DISPLAY_SIZE];

    forget(t->p, n);
    if (c)
        PARK_STEP(t, c, STEP_ANNOUNCE_FAILED, "%s was not told the number: %s",
                  park_name(name, &c->parker, "the parker"), why);
}

static void give_up(struct turn *t, struct announce *n, const char *why)
{
    park_hang_up(t, calls_find(t->p->calls, n->call), n->leg, 0, why);
    fail(t, n, why);
}

static void speak(struct turn *t, struct announce *n)
{
    struct call *c = calls_find(t->p->calls, n->call);
    struct action *a;

    assert(c);
    n->up = true;
    n->due = park_later(t->now, PATIENCE_SAY);
    n->wait = ++c->wait;
    a = park_act_leg(t, ACT_SAY, c, n->leg);
    a->wait = n->wait;
    a->say = SAY_ORBIT;
    a->orbit = c->orbit;
}

static void told(struct turn *t, struct announce *n)
{
    struct call *c = calls_find(t->p->calls, n->call);
    char name[DISPLAY_SIZE];

    park_hang_up(t, c, n->leg, 200, "the number has been told");
    forget(t->p, n);
    if (c)
        PARK_STEP(t, c, STEP_ANNOUNCED, "%s was told the number by a call",
                  park_name(name, &c->parker, "the parker"));
}

/* ---- what comes of it ---------------------------------------------------------------------------
 */

bool park_announce_event(struct turn *t)
{
    struct announce *n = of_leg(t->p, t->ev->leg);

    if (!n)
        return false;
    if (t->ev->type == EV_LEG_UP && !n->up)
        speak(t, n);
    else if (t->ev->type == EV_SAID && n->up && t->ev->wait == n->wait)
        told(t, n);
    else if (t->ev->type == EV_LEG_FAILED)
        fail(t, n, park_code_words(t->ev->code));
    else if (t->ev->type == EV_LEG_GONE)
        fail(t, n, "hung up before it was said");
    else if (t->ev->type == EV_LEG_RINGING && t->ev->code == CODE_FORWARDED)
        give_up(t, n, park_code_words(CODE_FORWARDED));
    return true;
}

/* The call has left its orbit, or somebody is rung: what he would be told is true no more. */
void park_announce_off(struct turn *t, const struct call *c)
{
    struct announce *n = of_call(t->p, c->id);

    if (!n)
        return;
    if (n->leg)
        park_hang_up(t, c, n->leg, 0, "the call is not in its orbit any more");
    forget(t->p, n);
}

/* ---- time ---------------------------------------------------------------------------------------
 */

static struct announce *next_due(struct park *p)
{
    struct announce *next = NULL;

    for (unsigned i = 0; p->announcing && i < ANNOUNCES_MAX; i++)
        if (p->announce[i].call && (!next || p->announce[i].due < next->due))
            next = &p->announce[i];
    return next;
}

msec park_announce_next(struct park *p)
{
    const struct announce *n = next_due(p);

    return n ? n->due : NEVER;
}

bool park_announce_due(struct turn *t)
{
    struct announce *n = next_due(t->p);
    struct call *c = n ? calls_find(t->p->calls, n->call) : NULL;

    if (!n || n->due > t->now)
        return false;
    if (c && !n->leg)
        place_call(t, c, n);
    else
        give_up(t, n, n->up ? "the prompt did not end" : "nobody answered");
    return true;
}

void park_announce_check(struct park *p)
{
    unsigned count = 0;

    for (unsigned i = 0; i < ANNOUNCES_MAX; i++) {
        const struct announce *n = &p->announce[i];
        const struct call *c = n->call ? calls_find(p->calls, n->call) : NULL;

        if (!n->call)
            continue;
        count++;
        assert(c && c->state == CALL_PARKED && c->has_orbit);
        assert(n->due != NEVER);
        assert(n->leg || !n->up);
        assert(!n->leg || !calls_by_leg(p->calls, n->leg));
    }
    assert(count == p->announcing);
}

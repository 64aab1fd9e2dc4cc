/* Calls that we fetch: a REFER or the API names somebody, mostly in the place of a dialog that he
 * has with somebody else (Replaces); he is called once his orbit is written, and parked when he
 * answers. */
#include "core/park_inside.h"

/* ---- whom to call, until it is written ----------------------------------------------------------
 */

static struct fetch *place_of(struct park *p, call_id call)
{
    for (unsigned i = 0; i < FETCHES_MAX; i++)
        if (p->fetch[i].call == call)
            return &p->fetch[i];
    return NULL;
}

void park_fetch_forget(struct turn *t, const struct call *c)
{
    struct fetch *f = place_of(t->p, c->id);

    if (f)
        f->call = 0;
}

bool park_is_fetch(const struct call *c)
{
    return c->state == CALL_SAVING && c->caller_leg % 2 == 0 && c->caller_leg;
}

/* ---- the beginning ------------------------------------------------------------------------------
 */

static const struct party *parker_of(const struct refer *r)
{
    return r->has_referred_by ? &r->referred_by : &r->from;
}

static void refuse(struct turn *t, uint16_t code, const char *why)
{
    struct action *a;

    park_refer_answer(t, 0, code, code == 503 ? 10 : 0, why);
    a = park_act(t, ACT_STEP, 0);
    a->step = t->ev->type == EV_DO_PARK ? STEP_REFUSED : STEP_PARK_FAILED;
    a->code = code;
    a->full = code == 486;
    (void)text_copy(a->why, sizeof a->why, why);
}

static void fill(struct turn *t, struct call *c, const struct refer *r)
{
    (void)text_copy(c->caller.uri, URI_SIZE, r->target);
    c->parker = *parker_of(r);
    c->parker_known = *c->parker.uri || *c->parker.contact;
    c->refer = r->number;
    c->transfer = true;
    c->parked_at = t->now;
    c->parked_wall = t->ev->wall;
    c->resume_at = park_full_patience(t, c);
}

static void keep(struct fetch *f, const struct call *c, const struct refer *r)
{
    f->call = c->id;
    (void)text_copy(f->uri, sizeof f->uri, r->target);
    (void)text_copy(f->replaces, sizeof f->replaces, r->replaces);
    (void)text_copy(f->referred_by, sizeof f->referred_by, c->parker.uri);
}

void park_fetch(struct turn *t, const struct refer *r, const struct refer_decision *d)
{
    struct fetch *f = place_of(t->p, 0);
    const char *why = "too many calls are being fetched";
    uint16_t code = 503;
    struct call *c = f ? park_new_call(t, t->p->next_leg, &d->park, &code, &why) : NULL;
    char orbit[NUMBER_SIZE + 8];

    if (!c) {
        refuse(t, code, why);
        return;
    }
    t->p->next_leg += 2;
    fill(t, c, r);
    keep(f, c, r);
    park_enter(t, c, CALL_SAVING, park_later(t->now, PATIENCE_SAVE));
    PARK_STEP(t, c, STEP_PARKING, "%s: %s", park_orbit_name(orbit, c),
              t->ev->type == EV_DO_PARK ? park_actor(t) : d->why);
    park_save(t, c);
}

/* ---- it is written ------------------------------------------------------------------------------
 */

static void accept(struct turn *t, const struct call *c)
{
    struct action *a;

    if (!c->refer)
        return;
    a = park_act(t, ACT_REFER_ANSWER, c->id);
    a->refer = c->refer;
    a->code = 202;
    a->orbit = park_may_learn(t, c, &c->parker) ? c->orbit : 0;
}

static void place_call(struct turn *t, const struct call *c, const struct fetch *f)
{
    struct action *a = park_act_leg(t, ACT_CALL, c, c->caller_leg);

    a->kind = CALLING_CALLER;
    a->orbit = park_may_learn(t, c, &c->caller) ? c->orbit : 0;
    (void)text_copy(a->uri, sizeof a->uri, f->uri);
    (void)text_copy(a->replaces, sizeof a->replaces, f->replaces);
    (void)text_copy(a->referred_by, sizeof a->referred_by, f->referred_by);
}

void park_fetch_call(struct turn *t, struct call *c)
{
    const struct fetch *f = place_of(t->p, c->id);
    char orbit[NUMBER_SIZE + 8];
    char name[DISPLAY_SIZE];

    if (!f) {
        park_not_saved(t, c);
        return;
    }
    accept(t, c);
    place_call(t, c, f);
    park_enter(t, c, CALL_FETCHING,
               park_later(t->now, *f->replaces ? PATIENCE_FETCH : c->rules.ring_time));
    PARK_STEP(t, c, STEP_FETCHING, "%s is called to be parked in %s",
              park_name(name, &c->caller, "somebody"), park_orbit_name(orbit, c));
    park_fetch_forget(t, c);
    park_save(t, c);
}

/* ---- he answers, or does not --------------------------------------------------------------------
 */

void park_fetched(struct turn *t, struct call *c)
{
    char orbit[NUMBER_SIZE + 8];
    char name[DISPLAY_SIZE];

    if (c->caller_up)
        return;
    c->caller_up = true;
    if (*t->ev->party.uri)
        c->caller = t->ev->party;
    c->attempt = 0;
    c->parker_gone = c->fallback_tried = false;
    c->parked_at = t->now;
    c->parked_wall = t->ev->wall;
    c->give_up_at = park_later(t->now, park_longest(c));
    park_enter(t, c, CALL_PARKED, park_full_patience(t, c));
    park_music(t, c);
    PARK_STEP(t, c, STEP_PARKED, "parked in %s by %s", park_orbit_name(orbit, c),
              park_name(name, &c->parker, "somebody unknown"));
    park_refer_done(t, c, 200);
    park_save(t, c);
}

void park_fetch_failed(struct turn *t, struct call *c)
{
    uint16_t code = t->ev->type == EV_LEG_FAILED && t->ev->code >= 300 ? t->ev->code : 480;
    char name[DISPLAY_SIZE];

    park_refer_done(t, c, code);
    calls_unmap_leg(t->p->calls, c->caller_leg);
    c->caller_leg = 0;
    (void)text_format(c->why, sizeof c->why, "%s did not take the call (%u)",
                      park_name(name, &c->caller, "who was called"), code);
    park_end(t, c, OUT_FAILED, STEP_PARK_FAILED, 0);
}

void park_fetch_late(struct turn *t, struct call *c)
{
    char name[DISPLAY_SIZE];

    park_refer_done(t, c, 408);
    (void)text_format(c->why, sizeof c->why, "%s did not answer",
                      park_name(name, &c->caller, "who was called"));
    park_end(t, c, OUT_FAILED, STEP_PARK_FAILED, 0);
}

/* How the machine writes down what is to be done. */
#include <assert.h>
#include <string.h>

#include "core/park_inside.h"

struct action *park_act(struct turn *t, enum action_type type, call_id call)
{
    struct action *a = &t->out->at[t->out->count];

    assert(t->out->count < ACTIONS_MAX);
    t->out->count++;
    memset(a, 0, sizeof *a);
    a->type = type;
    a->call = call;
    return a;
}

struct action *park_act_leg(struct turn *t, enum action_type type, const struct call *c, leg_id leg)
{
    struct action *a = park_act(t, type, c ? c->id : 0);

    a->leg = leg;
    return a;
}

void park_hang_up(struct turn *t, const struct call *c, leg_id leg, uint16_t code, const char *why)
{
    struct action *a = park_act_leg(t, ACT_HANG_UP, c, leg);

    a->code = code;
    (void)text_copy(a->why, sizeof a->why, why);
}

void park_refuse(struct turn *t, call_id call, leg_id leg, uint16_t code, uint16_t retry_after,
                 const char *why)
{
    struct action *a = park_act(t, ACT_REFUSE, call);

    a->leg = leg;
    a->code = code;
    a->retry_after = retry_after;
    (void)text_copy(a->why, sizeof a->why, why);
}

void park_refer_answer(struct turn *t, call_id call, uint16_t code, uint16_t retry_after,
                       const char *why)
{
    struct action *a;

    if (!t->ev->refer || !t->ev->refer->number)
        return;
    a = park_act(t, ACT_REFER_ANSWER, call);
    a->refer = t->ev->refer->number;
    a->code = code;
    a->retry_after = retry_after;
    (void)text_copy(a->why, sizeof a->why, why);
}

void park_refer_done(struct turn *t, struct call *c, uint16_t code)
{
    struct action *a;

    c->transfer = false;
    if (!c->refer)
        return;
    a = park_act(t, c->state == CALL_SAVING ? ACT_REFER_ANSWER : ACT_REFER_PROGRESS, c->id);
    a->refer = c->refer;
    a->code = code;
    a->orbit = code == 200 && c->has_orbit && park_may_learn(t, c, &c->parker) ? c->orbit : 0;
    c->refer = 0;
}

void park_music(struct turn *t, const struct call *c)
{
    if (c->caller_up)
        (void)park_act_leg(t, ACT_MUSIC, c, c->caller_leg);
}

void park_say(struct turn *t, struct call *c, leg_id leg, enum say say, bool then_music)
{
    struct action *a = park_act_leg(t, ACT_SAY, c, leg);

    a->wait = ++c->wait;
    a->say = say;
    a->then_music = then_music;
    a->orbit = c->orbit;
    (void)text_copy(a->language, sizeof a->language, c->rules.language); /* the same size */
}

void park_save(struct turn *t, struct call *c)
{
    park_act(t, ACT_SAVE, c->id)->write = ++c->write;
}

void park_step_done(struct turn *t, struct call *c, enum step step)
{
    struct action *a = park_act(t, ACT_STEP, c->id);

    a->step = step;
    (void)text_copy(a->why, sizeof a->why, c->why);
    c->version++;
}

const char *park_name(char to[DISPLAY_SIZE], const struct party *p, const char *fallback)
{
    char user[DIALLED_SIZE];

    uri_user(user, p->uri);
    if (p->hidden)
        (void)text_copy(to, DISPLAY_SIZE, "somebody who withholds his name");
    else if (*p->display)
        (void)text_copy(to, DISPLAY_SIZE, p->display);
    else
        (void)text_copy(to, DISPLAY_SIZE, *user ? user : *p->uri ? p->uri : fallback);
    return to;
}

const char *park_orbit_name(char to[NUMBER_SIZE + 8], const struct call *c)
{
    char number[NUMBER_SIZE] = "";

    if (!c->has_orbit)
        (void)text_copy(to, NUMBER_SIZE + 8, "no orbit");
    else {
        number_text(number, c->orbit);
        (void)text_format(to, NUMBER_SIZE + 8, "orbit %s", number);
    }
    return to;
}

const char *park_actor(const struct turn *t)
{
    return *t->ev->actor ? t->ev->actor : "an administrator";
}

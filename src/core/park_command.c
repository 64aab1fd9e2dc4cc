/* What people ask for through the API: every command is carried out or refused with a reason. */
#include "core/park_inside.h"

void park_refuse_command(struct turn *t, call_id call, const char *why)
{
    struct action *a = park_act(t, ACT_STEP, call);

    a->step = STEP_REFUSED;
    (void)text_copy(a->why, sizeof a->why, why);
}

void park_do_retrieve(struct turn *t, struct call *c)
{
    if (*t->ev->uri)
        park_call_chosen(t, c, t->ev->uri, PEER_RETRIEVER);
    else
        park_refuse_command(t, c->id, "an address to connect the call to is needed");
}

void park_do_transfer(struct turn *t, struct call *c)
{
    if (*t->ev->uri)
        park_call_chosen(t, c, t->ev->uri, PEER_CHOSEN);
    else
        park_refuse_command(t, c->id, "an address to transfer the call to is needed");
}

/* A person who asks for it may also ring a parker who could not be rung by the rules, so that the
 * only refusal is that nobody is known. */
static bool whom_by_hand(const struct turn *t, const struct call *c, struct party *whom)
{
    if (park_whom(&t->p->house, c, whom))
        return true;
    *whom = c->parker;
    return c->parker_known && !c->parker_gone;
}

void park_do_ring_back(struct turn *t, struct call *c)
{
    struct party whom;
    char because[WHY_SIZE];

    if (!whom_by_hand(t, c, &whom)) {
        park_refuse_command(t, c->id, "nobody knows who parked this call, or his number is gone");
        return;
    }
    (void)text_format(because, sizeof because, "%s asked for it", park_actor(t));
    if (c->state == CALL_TELLING)
        c->deadline = c->resume_at;
    park_ring_back(t, c, &whom, because);
}

/* Both clocks move, so that whatever comes next comes that much later. */
void park_do_extend(struct turn *t, struct call *c)
{
    c->give_up_at = park_later(c->give_up_at, t->ev->span);
    park_enter(t, c, CALL_PARKED, park_later(c->deadline, t->ev->span));
    PARK_STEP(t, c, STEP_EXTENDED, "%s gave it %llu s more", park_actor(t),
              (unsigned long long)(t->ev->span / 1000));
    park_save(t, c);
}

void park_do_hang_up(struct turn *t, struct call *c)
{
    (void)text_format(c->why, sizeof c->why, "hung up by %s", park_actor(t));
    park_end(t, c, OUT_HUNG_UP, STEP_HUNG_UP, 480);
}

void park_do_note(struct turn *t, struct call *c)
{
    (void)text_copy(c->note, sizeof c->note, t->ev->text);
    PARK_STEP(t, c, STEP_NOTED, "%s wrote a note", park_actor(t));
    park_save(t, c);
}

/* Its range is being removed. One ring back now, unless somebody is called already; then the
 * fallback. */
void park_do_force_out(struct turn *t, struct call *c)
{
    if (c->forced)
        return;
    c->forced = true;
    c->resume_at = t->now;
    if (c->attempt && c->attempt == c->rules.max_pickup_attempts && c->state != CALL_RINGING_BACK)
        c->attempt--;
    if (c->state == CALL_PARKED || c->state == CALL_TELLING) {
        park_enter(t, c, CALL_PARKED, t->now);
        park_next_move(t, c);
        if (c->state == CALL_PARKED)
            park_save(t, c);
    }
}

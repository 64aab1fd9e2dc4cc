/* Leaving the path: whoever has retrieved the caller is asked to call him himself, in our place
 * (REFER with Replaces, sip.md 4.3). The two are connected here meanwhile; whatever goes wrong,
 * they stay so. The caller's hanging up on us is how it succeeds; where his BYE does not come, his
 * phone has at least stopped sending here, or we keep him. */
#include "core/park_inside.h"

/* Asked once for each retriever, and not while anything else is going on between the two. */
void park_may_exit(struct turn *t, struct call *c)
{
    const struct event *ev = t->ev;
    struct action *a;
    char name[DISPLAY_SIZE];

    if (c->state != CALL_CONNECTED || !c->caller_up || !c->peer_up || c->next_leg || c->transfer ||
        c->exiting || c->peer_role != PEER_RETRIEVER || ev->leg != c->peer ||
        ev->other != c->caller_leg)
        return;
    park_enter(t, c, CALL_CONNECTED, park_later(t->now, PATIENCE_EXIT));
    c->exiting = true;
    a = park_act_leg(t, ACT_EXIT, c, c->peer);
    a->other = c->caller_leg;
    PARK_STEP(t, c, STEP_EXITING, "%s is asked to take the call over, past callpark",
              park_name(name, &c->peer_party, "who retrieved it"));
}

static void stay(struct turn *t, struct call *c, const char *why)
{
    park_enter(t, c, CALL_CONNECTED, NEVER);
    PARK_STEP(t, c, STEP_EXIT_FAILED, "%.120s: the call goes on through callpark", why);
}

void park_exit(struct turn *t, struct call *c)
{
    char why[WHY_SIZE];

    if (!c->exiting || c->exit_done || t->ev->leg != c->peer)
        return;
    if (t->ev->code < 300) { /* the caller's own goodbye is still to come */
        park_enter(t, c, CALL_CONNECTED, park_later(t->now, EXIT_SETTLES));
        c->exiting = c->exit_done = true;
        return;
    }
    (void)text_format(why, sizeof why, "it was not taken over (%u)", t->ev->code);
    stay(t, c, why);
}

void park_exit_heard(struct turn *t, struct call *c)
{
    if (c->exit_listens && t->ev->leg == c->caller_leg)
        c->exit_heard = true;
}

/* He is said to be taken over, and has not hung up: whether he still talks to us is what counts. */
static void listen(struct turn *t, struct call *c)
{
    park_enter(t, c, CALL_CONNECTED, park_later(t->now, EXIT_LISTENS));
    c->exiting = c->exit_done = c->exit_listens = true;
    (void)park_act_leg(t, ACT_LISTEN, c, c->caller_leg);
}

void park_exit_late(struct turn *t, struct call *c)
{
    if (!c->exit_done)
        stay(t, c, "nobody took it over in time");
    else if (c->transfer || c->next_leg)
        stay(t, c, "somebody else is to have one of the two");
    else if (!c->exit_listens)
        listen(t, c);
    else if (c->exit_heard)
        stay(t, c, "it was said to be taken over, but the caller is still here");
    else
        park_exited(t, c);
}

/* One of the two has let go of us, or the caller talks here no more: neither is needed. */
void park_exited(struct turn *t, struct call *c)
{
    char name[DISPLAY_SIZE];

    (void)text_format(c->why, sizeof c->why, "%.80s has taken the call over, past callpark",
                      park_name(name, &c->peer_party, "who retrieved it"));
    park_end(t, c, c->outcome, STEP_EXITED, 200);
}

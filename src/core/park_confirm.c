/* A mailbox answers like a person does. Where ringback_confirm is on, whoever answers a ring back
 * is asked to press 1 and has the caller only then. Until that the call rings back as before: the
 * caller hears music in his orbit, somebody else may retrieve him, and an end of the leg, or of
 * this patience, is a ring back that nobody answered. */
#include "core/park_inside.h"

bool park_confirm_ask(struct turn *t, struct call *c)
{
    char name[DISPLAY_SIZE];

    if (c->confirming)
        return true; /* his answer came twice */
    if (c->peer_role != PEER_PARKER || !c->rules.ringback_confirm)
        return false;
    park_enter(t, c, CALL_RINGING_BACK, park_later(t->now, PATIENCE_CONFIRM));
    c->confirming = true;
    park_say(t, c, c->peer, SAY_CONFIRM, false);
    PARK_STEP(t, c, STEP_RINGBACK_ASKED, "%s answered and is asked to press 1",
              park_name(name, &c->peer_party, "the parker"));
    return true;
}

/* Again and again: a person may have put the receiver to his ear late, behind a greeting. */
void park_confirm_said(struct turn *t, struct call *c)
{
    if (c->confirming && t->ev->wait == c->wait)
        park_say(t, c, c->peer, SAY_CONFIRM, false);
}

void park_confirm_key(struct turn *t, struct call *c)
{
    if (!c->confirming || t->ev->digit != '1')
        return;
    c->confirming = false;
    c->peer_up = true;
    park_meet(t, c);
}

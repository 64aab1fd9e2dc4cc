/* Calls of ours that come back to us: somebody whom we call has forwarded his phone to a number of
 * ours. Parked, such a call would be rung back in its turn, and so on for ever. */
#include "sip/edge.h"

#include <string.h>

#include "base/text.h"

/* A proxy passes on all that we have written. */
static bool is_same_call(const struct leg *leg, const sip_t *sip)
{
    return text_is(sip_leg_words(leg)->facts.call_id, sip->sip_call_id->i_id) &&
           text_is_nocase(sip_leg_words(leg)->facts.local_tag, sip->sip_from->a_tag);
}

/* A name of our own making, with the orbit in it, and not merely the caller's, which others may
 * share.
 */
static bool has_our_name(const struct sip_call *call)
{
    char user[DIALLED_SIZE];

    uri_user(user, call->caller.uri);
    return (call->is_ring_back || call->auto_answer) && strstr(call->from_display, call->orbit) &&
           !text_is(call->from_display, call->caller.display) && !text_is(call->from_display, user);
}

/* A phone system that makes a call of its own of it keeps who we said that we are: nobody else is
 * called like an orbit, or has one in his name in just these words. */
static bool is_named_alike(const struct sip_call *call, const struct party *from, const char *user)
{
    if (!call->orbit[0])
        return false;
    return (text_is(call->from_user, call->orbit) && text_is(user, call->orbit)) ||
           (has_our_name(call) && text_is(call->from_display, from->display));
}

/* Or it says whom it is for, and who has forwarded it (RFC 7044, RFC 5806): the one who waits, and
 * the one whom we are calling for him. */
static bool is_forwarded(const struct sip_call *call, const struct invite *in)
{
    char who[DIALLED_SIZE], waits[DIALLED_SIZE], by[DIALLED_SIZE], called[DIALLED_SIZE];

    if (!in->has_history || in->from.hidden || call->caller.hidden)
        return false;
    uri_user(who, in->from.uri);
    uri_user(waits, call->caller.uri);
    uri_user(by, in->history.uri);
    uri_user(called, call->uri);
    return who[0] && by[0] && text_is_nocase(who, waits) && text_is_nocase(by, called);
}

bool loop_is_ours(const struct sip *s, const sip_t *sip, const struct invite *in)
{
    struct party from;
    char user[DIALLED_SIZE];

    if (!s->calling)
        return false;
    memset(&from, 0, sizeof from);
    headers_from(&from, sip);
    uri_user(user, from.uri);
    for (const struct calling *c = s->calling; c; c = c->next)
        if (is_same_call(c->leg, sip) ||
            (c->leg->call &&
             (is_named_alike(c->leg->call, &from, user) || is_forwarded(c->leg->call, in))))
            return true;
    return false;
}

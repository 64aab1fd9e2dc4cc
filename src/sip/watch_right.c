/* Who may watch which range, and see who waits there (sip.md 8.4): by the roles of a user, and for
 * everybody by the range's watch_allow. Asked again whenever something is told, so that a right
 * that is taken away is gone at once. */
#include "sip/watch.h"

#include "base/text.h"

static bool is_named(const struct watch *w, const struct sip_watched *range)
{
    struct party who = { .hidden = false };

    if (!range->allow[0])
        return true;
    text_copy(who.uri, sizeof who.uri, w->who);
    return list_names(range->allow, &who, w->source);
}

bool watch_may(const struct watch *w, const struct sip_watched *range, bool *names)
{
    bool sees = w->trusted;

    if (w->user[0] && !auth_may_watch(w->edge, w->user, range->range, &sees))
        return false;
    *names = sees && !w->edge->setup->config.lamp_anonymous;
    return is_named(w, range);
}

bool watch_may_any(const struct watch *w)
{
    const struct watches *all = w->edge->watches;
    bool names;

    for (size_t i = 0; i < all->range_count; i++) {
        const struct sip_watched *r = &all->ranges[i];

        if (r->first <= w->thing->last && w->thing->first <= r->last && watch_may(w, r, &names))
            return true;
    }
    return false;
}

static void look_again(struct watch *w)
{
    if (!w->ending && !watch_may_any(w))
        w->ending = "rejected";
    w->full = true;
    watch_tell(w);
}

/* Users and their rights are others now. Peers are not asked about: theirs come with the start. */
void watch_rights_changed(struct sip *s)
{
    for (size_t i = 0; !s->watches->waking && i < WATCH_BUCKETS; i++)
        for (struct watch *w = s->watches->by_call[i]; w; w = w->next_by_call)
            if (w->user[0])
                look_again(w);
}

/* The table of hop.h. */
#include "sip/hop.h"

#include <string.h>

#include "base/text.h"

bool hop_is(const struct hop_at *a, const struct hop_at *b)
{
    return a->port == b->port && text_is(a->transport, b->transport) &&
           text_is_nocase(a->host, b->host);
}

struct hop *hops_find(struct hops *all, const struct hop_at *at)
{
    for (unsigned i = 0; i < SIP_HOPS_MAX; i++)
        if (all->hop[i].at.transport[0] && hop_is(&all->hop[i].at, at))
            return &all->hop[i];
    return NULL;
}

static struct hop *make_room(struct hops *all)
{
    struct hop *oldest = NULL;

    for (unsigned i = 0; i < SIP_HOPS_MAX; i++) {
        struct hop *h = &all->hop[i];

        if (!h->at.transport[0])
            return h;
        if (!h->watched && (!oldest || h->used < oldest->used))
            oldest = h;
    }
    return oldest;
}

struct hop *hops_take(struct hops *all, const struct hop_at *at, const char *system, msec now)
{
    struct hop *h = hops_find(all, at);

    if (!h) {
        h = make_room(all);
        if (!h)
            return NULL;
        *h = (struct hop){ .at = *at, .state = SIP_HOP_UNKNOWN, .since = now, .changed = true };
        (void)text_copy(h->system, sizeof h->system, system); /* cut, it is for people */
    }
    h->used = now;
    return h;
}

static bool turns(struct hop *h, enum sip_hop_state state, msec now)
{
    if (h->state == state)
        return false;
    h->state = state;
    h->since = now;
    return true;
}

bool hop_answered(struct hop *h, msec now)
{
    if (!h)
        return false;
    h->answered = now;
    h->used = now;
    h->changed = true;
    if (h->held && now < h->dead_until)
        return false; /* alive it is, but it wants to be left alone */
    h->held = false;
    return turns(h, SIP_HOP_UP, now);
}

bool hop_failed(struct hop *h, msec retry_after, msec now)
{
    if (!h)
        return false;
    if (retry_after > HOP_HOLD_MAX)
        retry_after = HOP_HOLD_MAX;
    h->used = now;
    h->changed = true;
    h->held = retry_after > 0;
    h->dead_until = now + (retry_after ? retry_after : HOP_HOLD_MSEC);
    return turns(h, SIP_HOP_DOWN, now);
}

/* A watched one is down until it answers; who asked to be left alone, for as long as he said. */
bool hop_is_dead(const struct hop *h, msec now)
{
    return h && h->state == SIP_HOP_DOWN && ((h->watched && !h->held) || now < h->dead_until);
}

void hops_order(struct hops *all, struct hop_at *targets, unsigned count, msec now)
{
    struct hop_at dead[HOP_TARGETS_MAX];
    unsigned alive = 0, deads = 0;

    for (unsigned i = 0; i < count && i < HOP_TARGETS_MAX; i++) {
        if (hop_is_dead(hops_find(all, &targets[i]), now))
            dead[deads++] = targets[i];
        else
            targets[alive++] = targets[i];
    }
    memcpy(targets + alive, dead, deads * sizeof dead[0]);
}

void hops_age(struct hops *all, msec now)
{
    for (unsigned i = 0; i < SIP_HOPS_MAX; i++) {
        struct hop *h = &all->hop[i];

        if (!h->at.transport[0])
            continue;
        if (h->state == SIP_HOP_DOWN && now >= h->dead_until && (h->held || !h->watched)) {
            h->held = false;
            h->changed = turns(h, SIP_HOP_UNKNOWN, now);
        }
        if (!h->watched && now - h->used >= HOP_UNUSED_MSEC)
            *h = (struct hop){ .changed = true };
    }
}

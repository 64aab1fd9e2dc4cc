/* The decisions of latching, apart from the sockets, so that a table of tests can ask them. */
#include "media/latch.h"

bool latch_is_set(const struct latch *l)
{
    return l->source.family != FAMILY_NONE;
}

bool latch_is_expecting(const struct latch *l)
{
    return l->expected.family != FAMILY_NONE;
}

const struct endpoint *latch_target(const struct latch *l)
{
    if (latch_is_set(l))
        return &l->source;
    return l->recalled.family != FAMILY_NONE ? &l->recalled : &l->expected;
}

bool latch_may_be(const struct latch *l, const struct endpoint *source)
{
    return endpoint_same_host(source, &l->expected) || endpoint_same_host(source, &l->signalled) ||
           endpoint_same_host(source, &l->recalled);
}

void latch_expect(struct latch *l, const struct endpoint *expected, msec now)
{
    if (endpoint_same(expected, &l->expected))
        return;
    l->before = l->source;
    l->source = l->recalled = (struct endpoint){ .family = FAMILY_NONE };
    l->expected = *expected;
    l->opened_at = now;
    l->reported = false;
}

void latch_recall(struct latch *l, const struct endpoint *recalled)
{
    l->recalled = *recalled;
}

void latch_report(struct latch *l)
{
    l->reported = true;
}

bool latch_is_proven(const struct latch *l)
{
    return latch_is_set(l) || l->reported || l->recalled.family != FAMILY_NONE;
}

static enum latch_verdict follow(struct latch *l, const struct endpoint *source, msec now)
{
    l->source = *source;
    l->latched_at = now;
    return LATCH_MOVE;
}

bool latch_pin(struct latch *l, const struct endpoint *source, msec now)
{
    return !endpoint_same(source, &l->source) && follow(l, source, now) == LATCH_MOVE;
}

enum latch_verdict latch_decide(struct latch *l, const struct endpoint *source, msec now)
{
    bool exact = endpoint_same(source, &l->expected);

    if (latch_is_set(l)) {
        if (endpoint_same(source, &l->source))
            return LATCH_TAKE;
        return exact && now - l->latched_at < LATCH_OPEN ? follow(l, source, now) : LATCH_REFUSE;
    }
    if (exact)
        return follow(l, source, now);
    /* Packets that were under way when the phone moved must not tie the stream to where it was. */
    if (endpoint_same(source, &l->before) && now - l->opened_at < LATCH_STALE)
        return LATCH_REFUSE;
    /* Before there is an SDP nothing may be latched: there is no stream yet that could be moved. */
    if (l->expected.family == FAMILY_NONE || !latch_may_be(l, source))
        return LATCH_REFUSE;
    return follow(l, source, now);
}

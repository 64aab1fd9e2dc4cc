/* What would happen: the decision about an INVITE that nobody has sent, with the orbit it would get
 * and what would follow. Looks only; the one that is sent goes through park_invite.c. */
#include <string.h>

#include "core/park_inside.h"

#define FOUND(out, about, ...)                                                                     \
    do {                                                                                           \
        struct trace_line *found_line = trace_next(&(out)->trace, about);                          \
        if (found_line)                                                                            \
            (void)text_format(found_line->found, sizeof found_line->found, __VA_ARGS__);           \
    } while (0)

/* Is there room, and which orbit would it be? The orbit of a consultation that has hung up is the
 * caller's own; when somebody has it, any other will do. */
static void foresee_orbit(struct park *p, msec now, struct foresight *out)
{
    struct decision *d = &out->decision;
    struct orbits_count count = orbits_count(p->orbits, d->first, d->last, now);
    struct orbit own = { 0 };
    struct rules rules;
    char number[NUMBER_SIZE];

    if (d->orbit)
        own = orbits_look(p->orbits, d->orbit, now);
    if (d->orbit && (!d->ended || (own.state != ORBIT_NONE && own.state != ORBIT_BUSY))) {
        out->orbit = d->orbit;
        return;
    }
    deployment_rules(p->deployment, p->house.destination, park_range_of(p->deployment, d), &rules,
                     NULL);
    out->orbit = orbits_next(p->orbits, rules.allocation, d->first, d->last, now);
    number_text(number, out->orbit);
    FOUND(out, ASKED_ROOM, "%u of %u orbits are free%s%s", count.free, count.total,
          out->orbit   ? "; the next is "
          : count.free ? "; one is chosen by chance"
                       : "",
          out->orbit ? number : "");
    if (count.free)
        return;
    d->kind = DECIDE_REFUSE;
    d->code = 486;
    (void)text_copy(d->why, WHY_SIZE, "no orbit is free");
}

/* The call as it would be once it is parked. */
static void foresee_rest(struct park *p, const struct invite *in, msec now, struct foresight *out)
{
    struct ended_leg *ended = calls_remembered(p->calls, out->decision.ended, now);
    struct party whom;
    struct call c;
    msec due;

    memset(&c, 0, sizeof c);
    c.caller = in->from;
    c.consult = !out->decision.evidence;
    park_who_parked(in, ended, &c);
    deployment_rules(p->deployment, p->house.destination, out->range, &c.rules, NULL);
    if (park_whom(&p->house, &c, &whom))
        out->parker = whom;
    c.state = CALL_PARKED;
    c.next_deadline = NEVER;
    c.give_up_at = park_later(now, park_longest(&c));
    c.deadline = park_later(now, c.rules.pickup_timeout);
    due = park_next_step(p, &c, out->then);
    out->then_after = due == NEVER ? NEVER : due - now;
}

void park_foresee(struct park *p, const struct invite *in, msec now, struct foresight *out)
{
    struct decision *d = &out->decision;
    const struct call *c;

    memset(out, 0, sizeof *out);
    out->then_after = NEVER;
    decide_traced(in, &p->house, p->deployment, p->orbits, p->calls, now, d, &out->trace);
    if (d->kind == DECIDE_PARK)
        foresee_orbit(p, now, out);
    if (d->kind == DECIDE_PARK) {
        out->range = out->orbit ? orbits_look(p->orbits, out->orbit, now).range
                                : park_range_of(p->deployment, d);
        foresee_rest(p, in, now, out);
        return;
    }
    c = calls_find(p->calls, d->call);
    if (c) {
        out->orbit = c->has_orbit ? c->orbit : 0;
        out->range = c->range;
    }
}

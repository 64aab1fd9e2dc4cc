/* A call as the store keeps it: its moments by the wall clock, and by the present clock again after
 * a restart. The loop's clock counts from the start of the system and goes on over a restart of
 * ours; so a wall clock that was set meanwhile moves no deadline, unless the system itself was
 * started again. */
#include <string.h>

#include "app/inside.h"
#include "base/text.h"

static wall_msec wall_of(const struct app *a, msec moment)
{
    return moment == NEVER ? NEVER : app_wall(a, moment);
}

void call_row_write(const struct app *a, const struct call *c, struct stored_call *to)
{
    to->call = *c;
    to->deadline = wall_of(a, c->deadline);
    to->give_up_at = wall_of(a, c->give_up_at);
    to->resume_at = wall_of(a, c->resume_at);
    to->next_deadline = wall_of(a, c->next_deadline);
    to->connected_at = c->connected_at ? app_wall(a, c->connected_at) : 0;
    to->clock = a->wall - a->now;
    (void)text_copy(to->boot, sizeof(to->boot), a->boot); /* the same size */
}

/* What is from before the system's start is the first moment there is: 0 is none. */
static msec moment_of(wall_msec wall, uint64_t clock)
{
    int64_t moment = (int64_t)(wall - clock);

    if (wall == NEVER)
        return NEVER;
    return moment > 0 ? (msec)moment : 1;
}

void call_row_read(const struct app *a, const struct stored_call *from, struct call *to)
{
    bool same = from->boot[0] && text_is(from->boot, a->boot);
    uint64_t clock = same ? from->clock : a->wall - a->now;

    *to = from->call;
    to->deadline = moment_of(from->deadline, clock);
    to->give_up_at = moment_of(from->give_up_at, clock);
    to->resume_at = moment_of(from->resume_at, clock);
    to->next_deadline = moment_of(from->next_deadline, clock);
    to->parked_at = moment_of(from->call.parked_wall, clock);
    to->connected_at = from->connected_at ? moment_of(from->connected_at, clock) : 0;
    to->write = to->orbit_write = to->saved = 0;
    to->refer = 0;
    to->confirming = to->exiting = to->exit_done = to->exit_listens = to->exit_heard = false;
}

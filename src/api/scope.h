/* Where things are, for judging whether somebody's role reaches there. Internal to src/api. */
#ifndef CALLPARK_API_SCOPE_H
#define CALLPARK_API_SCOPE_H

#include "api/ask.h"
#include "api/fields.h"

/* The place of a call that is parked here, in that range; the range may be gone. */
struct place_of scope_of_call(struct app *a, range_id range);

/* May he see callers' numbers there? */
bool scope_numbers(struct app *a, const struct rights *r, range_id range);

/* May he do this within the place: there, or at something inside of it? Who looks after one range
 * may read what its destination and its site say. False: replied to. */
bool scope_within(struct ask *q, enum permission p, const struct place_of *where);

/* Where `p` holds, as places that the store can filter by; how many. 0: everywhere. */
size_t scope_list(const struct rights *r, enum permission p, struct scope to[GRANTS_MAX]);

/* A role and where it holds, from words of a body: `role` NULL says nothing of it, `scope` NULL is
 * everywhere. What is wrong is kept in `f`. */
void scope_read_role(struct ask *q, struct fields *f, const char *role, const char *scope,
                     struct binding *to);

#endif

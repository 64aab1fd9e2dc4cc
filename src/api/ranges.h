/* What the files about number ranges share. Internal to src/api. */
#ifndef CALLPARK_API_RANGES_H
#define CALLPARK_API_RANGES_H

#include "api/ask.h"

/* The range that the path names, if `p` holds there; NULL: replied to. */
const struct range *ranges_asked(struct ask *q, enum permission p);
/* May he make it what it is to be? A range that moves needs the permission at the new place as
 * well. `old` NULL: it is a new one. False: replied to. */
bool ranges_may(struct ask *q, const struct range *old, const struct range *wish);
json_t *ranges_current(struct ask *q);

/* A range as the client wishes it. */
struct range_wish {
    struct range range;
    bool says_allocation;
    char allocation[32]; /* "" : inherit it */
};

/* Read the fields of a range from a body into a wish. Without `partial` all that a range needs must
 * be there, and what is not is at its default; with it, only what is there is changed. */
struct fields;
void ranges_read(struct ask *q, struct fields *f, struct range_wish *to, bool partial,
                 struct range_verdict *verdict, struct err *err);

/* Its allocation as a setting of the range; false: there is nothing to change. */
bool ranges_allocation(struct ask *q, const struct range_wish *w, struct admin_change *change,
                       struct err *err);

extern const char *const ranges_fields[];

#endif

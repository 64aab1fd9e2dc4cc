/* What the files about parked calls share. Internal to src/api. */
#ifndef CALLPARK_API_CALLS_H
#define CALLPARK_API_CALLS_H

#include "api/ask.h"

/* The call that the path names, if `p` holds where it is; NULL: replied to, now or later. */
const struct call *calls_asked(struct ask *q, enum permission p);
json_t *calls_current(struct ask *q);

#endif

/* What the files about parked calls share. Internal to src/api. */
#ifndef CALLPARK_API_CALLS_H
#define CALLPARK_API_CALLS_H

#include "api/ask.h"

/* The call that the path names; NULL: replied to, now or later. */
const struct call *calls_asked(struct ask *q);
json_t *calls_current(struct ask *q);

#endif

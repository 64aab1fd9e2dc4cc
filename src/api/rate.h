/* How many requests a second one may send, each by himself. Internal to src/api. */
#ifndef CALLPARK_API_RATE_H
#define CALLPARK_API_RATE_H

#include "api/ask.h"

struct rate *rate_new(void); /* NULL: no memory */
void rate_free(struct rate *r);

/* False: replied to with 429. The admin socket has no limit. */
bool rate_allows(struct ask *q);

#endif

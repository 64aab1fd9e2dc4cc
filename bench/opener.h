/* Is the SRTP that comes what the key in the answer opens? By libsrtp2, so that our own code is not
 * asked about itself. */
#ifndef CALLPARK_BENCH_OPENER_H
#define CALLPARK_BENCH_OPENER_H

#include <stdbool.h>

#include "receiver.h"

/* Reads until twenty packets were opened, for three seconds at most. True: they are of one stream,
 * and nothing of it was not opened. `suite` as in SDP, `key` in base64. */
bool opener_opens_one(struct receiver *r, const char *suite, const char *key);

#endif

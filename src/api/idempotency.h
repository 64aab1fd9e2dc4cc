/* Idempotency-Key: a POST that is sent again, because its answer was lost, is answered and not done
 * again. Kept in memory for 24 hours. Internal to src/api. */
#ifndef CALLPARK_API_IDEMPOTENCY_H
#define CALLPARK_API_IDEMPOTENCY_H

#include "api/ask.h"

#define IDEMPOTENCY_KEPT 2048               /* answers */
#define IDEMPOTENCY_BYTES ((size_t)8 << 20) /* of their bodies together */
#define IDEMPOTENCY_TIME UINT64_C(86400000) /* msec */

struct idempotency *idempotency_new(void); /* NULL: no memory */
void idempotency_free(struct idempotency *all);
void idempotency_second(struct idempotency *all, msec now); /* forget what is old */

/* False: replied to, with the answer of the first time or a problem. A dry run changes nothing, so
 * its key is not kept; nor is that of somebody who is not signed in, whom we could not tell from
 * another. */
bool idempotency_begin(struct ask *q);
/* The ask is about to be answered with q->reply. An answer that says "not now" or "not you" is no
 * answer to keep: the request may be sent again. */
void idempotency_end(struct ask *q);

#endif

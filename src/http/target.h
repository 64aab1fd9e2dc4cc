/* Taking a request target ("/api/v1/orbits/%2A7000?x=1") apart. Internal to src/http. */
#ifndef CALLPARK_HTTP_TARGET_H
#define CALLPARK_HTTP_TARGET_H

#include <stddef.h>

enum target_fault { TARGET_FINE, TARGET_BROKEN, TARGET_TOO_LONG };

/* The path is decoded once but for %2F, the query stays as sent. Written in whole on TARGET_FINE
 * only. */
enum target_fault target_split(const char *target, char *path, size_t path_size, char *query,
                               size_t query_size);

#endif

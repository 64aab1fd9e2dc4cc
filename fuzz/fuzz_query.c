/* Request targets and queries, as strangers send them: what is taken apart is bounded, and a query
 * that was found valid can be read name by name. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "http/http.h"
#include "http/target.h"

static void read_all(const struct http_request *rq)
{
    char name[64], value[64];

    for (unsigned i = 0; http_query_name(rq, i, name, sizeof name); i++) {
        assert(strlen(name) < sizeof name);
        if (http_query(rq, name, value, sizeof value))
            assert(strlen(value) < sizeof value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request *rq = calloc(1, sizeof *rq);
    char *target = malloc(size + 1);

    assert(rq && target);
    if (size > 0)
        memcpy(target, data, size);
    target[size] = '\0';
    memset(rq->path, 'x', sizeof rq->path);
    memset(rq->query, 'x', sizeof rq->query);
    if (target_split(target, rq->path, sizeof rq->path, rq->query, sizeof rq->query) ==
        TARGET_FINE) {
        assert(memchr(rq->path, 0, sizeof rq->path) && memchr(rq->query, 0, sizeof rq->query));
        assert(http_query_valid(rq->query));
        read_all(rq);
    }
    free(target);
    free(rq);
    return 0;
}

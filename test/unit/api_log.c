/* Each answer as a line in the file that CALLPARK_API_LOG names, if it does, for whoever holds the
 * answers against the description of the API (test/web/contract.mjs). */
#include "api_log.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void api_log(const struct http_request *rq, const struct http_reply *reply)
{
    const char *file = getenv("CALLPARK_API_LOG");
    FILE *to = file ? fopen(file, "a") : NULL;
    char path[sizeof rq->path + sizeof rq->query];
    json_t *line;
    char *text;

    if (!to)
        return;
    (void)snprintf(path, sizeof path, "%s%s%s", rq->path, rq->query[0] ? "?" : "", rq->query);
    line = json_pack("{s:s, s:s, s:i, s:s, s:s%}", "method", rq->method, "path", path, "status",
                     (int)reply->status, "type", reply->content_type ? reply->content_type : "",
                     "body", reply->body ? reply->body : "", reply->body ? reply->body_length : 0);
    text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    if (text)
        (void)fprintf(to, "%s\n", text);
    free(text);
    json_decref(line);
    (void)fclose(to);
}

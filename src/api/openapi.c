/* GET /api/openapi.json: what can be asked of this server, for programs. */
#include "api/openapi.h"

#include <stdlib.h>
#include <string.h>

#include "api/resources.h"

void get_openapi(struct ask *q)
{
    char *text = malloc(openapi_size + 1);

    if (text) {
        memcpy(text, openapi_text, openapi_size);
        text[openapi_size] = '\0';
    }
    q->reply.cache_control = "no-cache";
    reply_text(q, 200, "application/json", text);
}

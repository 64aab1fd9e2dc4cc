/* Text that many streams send: written once, and gone when the last of them has sent it. */
#include <stdlib.h>
#include <string.h>

#include "http/server.h"

struct http_text *http_text_new(const char *text, size_t length)
{
    struct http_text *t = malloc(sizeof *t + length);

    if (!t)
        return NULL;
    atomic_init(&t->holders, 1);
    t->length = length;
    if (length > 0)
        memcpy(t->text, text, length);
    return t;
}

struct http_text *http_text_keep(struct http_text *t)
{
    atomic_fetch_add(&t->holders, 1);
    return t;
}

void http_text_drop(struct http_text *t)
{
    if (t && atomic_fetch_sub(&t->holders, 1) == 1)
        free(t);
}

/* Serving the admin page. Which files there are is web/embed.js's table; page_root.c reads them
 * from a folder instead, for those who work on the page. */
#include "api/page.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "api/ask.h"
#include "api/page_root.h"
#include "base/text.h"

#define FOR_EVER "public, max-age=31536000, immutable"

/* The first piece of each address that the page itself makes something of. */
static const char *const places[] = { "account", "activity", "calls",  "ranges",
                                      "records", "settings", "setup",  "signin",
                                      "system",  "users",    "welcome" };

static bool is_place(const char *path)
{
    size_t length = strcspn(path + 1, "/");

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (strlen(places[i]) == length && strncmp(places[i], path + 1, length) == 0)
            return true;
    return false;
}

bool page_has(const char *path)
{
    return path[0] == '/' && (!path[1] || text_starts(path, "/assets/") || is_place(path));
}

static const struct page_file *find(const char *path)
{
    for (const struct page_file *f = page_files; f->path; f++)
        if (strcmp(f->path, path) == 0)
            return f;
    return NULL;
}

/* NUL-ended, to be freed; NULL: no memory. */
static char *unpack(const struct page_file *f)
{
    z_stream z = { .next_in = (z_const Bytef *)f->start, .avail_in = (uInt)(f->end - f->start) };
    char *plain = malloc(f->size + 1);
    int end;

    if (!plain || inflateInit2(&z, 15 + 16) != Z_OK) { /* with the head of gzip */
        free(plain);
        return NULL;
    }
    z.next_out = (Bytef *)plain;
    z.avail_out = (uInt)f->size;
    end = inflate(&z, Z_FINISH);
    (void)inflateEnd(&z); /* all of it is ours */
    if (end != Z_STREAM_END || z.avail_out != 0) {
        free(plain);
        return NULL;
    }
    plain[f->size] = '\0';
    return plain;
}

/* One text for each form of the same file (RFC 9110 8.8.3): packed, and as it was. */
static bool client_has_it(const struct ask *q, const struct page_file *f)
{
    return strstr(q->rq->if_none_match, f->hash);
}

static void send(struct ask *q, const struct page_file *f)
{
    q->reply.cache_control = f->immutable ? FOR_EVER : "no-cache";
    q->reply.content_type = f->type;
    q->reply.vary = "Accept-Encoding";
    (void)text_format(q->reply.etag, sizeof q->reply.etag, "\"%s%s\"", f->hash,
                      q->rq->takes_gzip ? "-gz" : ""); /* fits */
    if (client_has_it(q, f)) {
        reply_bytes(q, 304);
        return;
    }
    q->reply.body_length = f->size;
    if (q->rq->takes_gzip) {
        q->reply.encoding = "gzip";
        q->reply.static_body = f->start;
        q->reply.body_length = (size_t)(f->end - f->start);
    } else {
        q->reply.body = unpack(f);
    }
    reply_bytes(q, q->reply.body || q->reply.static_body ? 200 : 503);
}

static bool is_read(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

void page_get(struct ask *q)
{
    const char *path = text_starts(q->rq->path, "/assets/") ? q->rq->path : "/index.html";
    const struct page_file *f = find(path);

    if (!is_read(q->rq->method)) {
        q->reply.allow = "GET, HEAD";
        reply_problem(q, "method-not-allowed", NULL, "The page is only read: use GET.");
    } else if (app_config(q->app)->web_root[0]) {
        page_root_get(q, app_config(q->app)->web_root, path);
    } else if (f) {
        send(q, f);
    } else if (!page_files[0].path) {
        reply_problem(q, "not-found", NULL,
                      "This callparkd was built without the page (-Dpage=false). The API is at "
                      "/api/v1, its description at /api/openapi.json.");
    } else {
        reply_problem(q, "not-found", NULL, "There is nothing at %.200s: load the page again.",
                      q->rq->path);
    }
}

char *page_licences(void)
{
    const struct page_file *f = find("/licenses.json");

    return f ? unpack(f) : NULL;
}

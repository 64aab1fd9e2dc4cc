/* Answers as libmicrohttpd takes them: the headers of a reply, and those that every reply has. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/server.h"

static void add(struct MHD_Response *r, const char *name, const char *value)
{
    if (value && value[0])
        (void)MHD_add_response_header(r, name, value); /* without it the answer is still true */
}

/* What a page from here may do: run our scripts, talk to us, and nothing else. No string ever
 * becomes HTML or code (Trusted Types), no other site frames it. */
#define CONTENT_POLICY                                                                             \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "   \
    "connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; "                  \
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

void reply_guard(const struct http_connection *c, struct MHD_Response *r)
{
    add(r, "Content-Security-Policy", CONTENT_POLICY);
    add(r, "X-Content-Type-Options", "nosniff");
    add(r, "Referrer-Policy", "same-origin");
    add(r, "Cross-Origin-Opener-Policy", "same-origin");
    /* Behind a proxy it is the proxy's to promise that there will always be TLS. */
    if (c->secure && c->server->tls)
        add(r, "Strict-Transport-Security", "max-age=31536000");
}

struct MHD_Response *reply_refusal(const struct http_connection *c, const struct refusal *why)
{
    struct MHD_Response *r;
    char text[512];

    (void)text_format(text, sizeof text,
                      "{\"type\":\"/api/problems/%s\",\"title\":\"%s\",\"status\":%u,"
                      "\"detail\":\"%s\"}\n",
                      why->slug, why->title, why->status, why->detail); /* all are short */
    r = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY);
    if (!r)
        return NULL;
    add(r, "Content-Type", "application/problem+json");
    add(r, "Cache-Control", "no-store");
    if (why->status == 503)
        add(r, "Retry-After", "1");
    if (why->status == 401)
        add(r, "WWW-Authenticate", "Bearer realm=\"callpark\"");
    reply_guard(c, r);
    return r;
}

static void add_headers(struct MHD_Response *r, const struct http_reply *reply)
{
    char seconds[16];

    add(r, "Content-Type", reply->body || reply->static_body ? reply->content_type : NULL);
    add(r, "Content-Encoding", reply->encoding);
    add(r, "Vary", reply->vary);
    add(r, "ETag", reply->etag);
    add(r, "Location", reply->location);
    add(r, "Link", reply->link);
    add(r, "Allow", reply->allow);
    add(r, "Content-Disposition", reply->disposition);
    add(r, "Cache-Control", reply->cache_control ? reply->cache_control : "no-store");
    add(r, "Set-Cookie", reply->set_cookie);
    if (reply->replayed)
        add(r, "Idempotency-Replayed", "true");
    if (reply->status == 401)
        add(r, "WWW-Authenticate", "Bearer realm=\"callpark\"");
    if (reply->retry_after) {
        (void)text_format(seconds, sizeof seconds, "%u", reply->retry_after); /* fits */
        add(r, "Retry-After", seconds);
    }
}

/* The library only reads what it is told to keep, though its type does not say so. */
static void *readable(const void *body)
{
    void *same;

    memcpy(&same, &body, sizeof same);
    return same;
}

static struct MHD_Response *body_response(const struct http_reply *reply)
{
    if (reply->static_body)
        return MHD_create_response_from_buffer(reply->body_length, readable(reply->static_body),
                                               MHD_RESPMEM_PERSISTENT);
    return MHD_create_response_from_buffer(reply->body ? reply->body_length : 0, reply->body,
                                           MHD_RESPMEM_MUST_FREE);
}

void http_reply(struct http_server *h, struct http_request *rq, const struct http_reply *reply)
{
    struct http_connection *c = request_claim(h, rq->connection);
    struct MHD_Response *r;

    assert(c); /* replied to twice */
    request_free(h, rq);
    r = body_response(reply);
    if (r) {
        add_headers(r, reply);
        reply_guard(c, r);
    } else {
        free(reply->body);
    }
    request_answer(c, reply->status, r);
}

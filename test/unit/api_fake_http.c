/* The HTTP edge as the API's tests have it: one answer, and one stream. */
#include "api_fake.h"
#include "api_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

void fake_forget(struct answer *answer)
{
    json_decref(answer->json);
    free(answer->body);
    memset(answer, 0, sizeof *answer);
}

static void free_request(struct http_request *rq)
{
    free(rq->body);
    free(rq);
}

void http_reply(struct http_server *h, struct http_request *rq, const struct http_reply *reply)
{
    struct answer *to = &((struct app *)h)->answer;

    assert_int_equal(to->status, 0); /* twice */
    to->status = reply->status;
    to->body = reply->body;
    to->retry_after = reply->retry_after;
    to->replayed = reply->replayed;
    to->bytes = reply->static_body;
    to->length = reply->body_length;
    (void)text_copy(to->encoding, sizeof to->encoding, reply->encoding);
    (void)text_copy(to->cache, sizeof to->cache, reply->cache_control);
    (void)text_copy(to->type, sizeof to->type, reply->content_type);
    (void)text_copy(to->etag, sizeof to->etag, reply->etag);
    (void)text_copy(to->location, sizeof to->location, reply->location);
    (void)text_copy(to->link, sizeof to->link, reply->link);
    (void)text_copy(to->allow, sizeof to->allow, reply->allow);
    (void)text_copy(to->disposition, sizeof to->disposition, reply->disposition);
    (void)text_copy(to->set_cookie, sizeof to->set_cookie, reply->set_cookie);
    if (reply->body)
        to->json = json_loadb(reply->body, reply->body_length, 0, NULL);
    api_log(rq, reply);
    free_request(rq);
}

bool http_certificate(const struct http_server *h, struct http_certificate *about)
{
    const struct app *a = (const struct app *)h;

    if (!a->certificate.subject[0])
        return false;
    *about = a->certificate;
    return true;
}

uint64_t http_stream_open(struct http_server *h, struct http_request *rq)
{
    struct app *a = (struct app *)h;

    free_request(rq);
    a->streams.text[0] = '\0';
    a->answer.status = a->streams.refused ? 503 : 200;
    return a->streams.refused ? 0 : ++a->streams.open;
}

bool http_stream_send(struct http_server *h, uint64_t stream, const char *text, size_t length)
{
    struct app *a = (struct app *)h;
    size_t used = strlen(a->streams.text);

    if (stream != a->streams.open)
        return false;
    return text_copy_n(a->streams.text + used, sizeof a->streams.text - used, text, length);
}

struct http_text {
    unsigned holders;
    size_t length;
    char *text;
};

struct http_text *http_text_new(const char *text, size_t length)
{
    struct http_text *t = calloc(1, sizeof *t);

    assert_non_null(t);
    *t = (struct http_text){ .holders = 1, .length = length, .text = strndup(text, length) };
    return t;
}

void http_text_drop(struct http_text *t)
{
    if (!t || --t->holders > 0)
        return;
    free(t->text);
    free(t);
}

bool http_stream_share(struct http_server *h, uint64_t stream, struct http_text *t)
{
    return http_stream_send(h, stream, t->text, t->length);
}

size_t http_stream_behind(struct http_server *h, uint64_t stream)
{
    const struct app *a = (struct app *)h;

    return stream == a->streams.open ? a->streams.behind : SIZE_MAX;
}

void http_stream_close(struct http_server *h, uint64_t stream)
{
    ((struct app *)h)->streams.closed = stream;
}

unsigned http_streams(const struct http_server *h)
{
    return ((const struct app *)h)->streams.open > 0;
}

void http_address(const struct http_server *h, char to[96])
{
    (void)h;
    (void)text_copy(to, 96, "127.0.0.1:8080");
}

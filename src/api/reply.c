/* Replies: JSON, problems, text, nothing. Each ends the ask. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/ask.h"
#include "api/idempotency.h"
#include "api/select.h"
#include "base/text.h"

static void send(struct ask *q, unsigned status)
{
    q->reply.status = status;
    q->api->requests[status / 100 % 6]++;
    idempotency_end(q);
    http_reply(app_http(q->app), q->rq, &q->reply);
    ask_done(q);
}

/* The JSON as text with a newline behind it, so that it reads well where it is printed. */
static bool put_body(struct ask *q, const json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL, *longer;
    size_t length = text ? strlen(text) : 0;

    longer = text ? realloc(text, length + 2) : NULL;
    if (!longer) {
        free(text);
        return false;
    }
    memcpy(longer + length, "\n", 2);
    q->reply.body = longer;
    q->reply.body_length = length + 1;
    return true;
}

static void send_json(struct ask *q, unsigned status, const char *type, json_t *body)
{
    q->reply.content_type = type;
    if (!put_body(q, body)) {
        status = 503;
        q->reply.retry_after = 1;
    }
    json_decref(body);
    send(q, status);
}

void reply_json(struct ask *q, unsigned status, json_t *body)
{
    if (body && status == 200) {
        body = select_fields(q, body);
        if (!body)
            return;
    }
    send_json(q, status, "application/json", body);
}

void reply_versioned(struct ask *q, json_t *body)
{
    if (q->reply.etag[0] && strstr(q->rq->if_none_match, q->reply.etag)) {
        json_decref(body);
        send(q, 304);
        return;
    }
    reply_json(q, 200, body);
}

void reply_nothing(struct ask *q)
{
    send(q, 204);
}

void reply_text(struct ask *q, unsigned status, const char *type, char *text)
{
    if (select_asked(q) && !text_is(type, "application/x-ndjson")) {
        free(text);
        reply_problem(q, "invalid-request", NULL,
                      "fields= chooses from JSON; this form has always the same columns.");
        return;
    }
    q->reply.content_type = type;
    q->reply.body = text;
    q->reply.body_length = text ? strlen(text) : 0;
    send(q, text ? status : 503);
}

void reply_bytes(struct ask *q, unsigned status)
{
    send(q, status);
}

void reply_again(struct ask *q, const struct http_reply *kept)
{
    q->reply = *kept;
    q->reply.replayed = true;
    send(q, kept->status);
}

void reply_stream(struct ask *q, uint64_t *stream)
{
    *stream = http_stream_open(app_http(q->app), q->rq);
    q->api->requests[*stream ? 2 : 5]++;
    ask_done(q);
}

static void problem(struct ask *q, const char *slug, const char *pointer, json_t *more,
                    const char *detail)
{
    json_t *body = problem_json(slug, pointer, detail);
    char id[24] = "", digits[14];
    unsigned status;

    text_base32(digits, q->rq->id);
    (void)text_format(id, sizeof id, "req_%s", digits); /* fits */
    (void)json_object_set_new(body, "instance", show_text(q->rq->path));
    (void)json_object_set_new(body, "request_id", json_string(id));
    if (more)
        (void)json_object_update(body, more);
    json_decref(more);
    status = (unsigned)json_integer_value(json_object_get(body, "status"));
    if (status == 503 && !q->reply.retry_after)
        q->reply.retry_after = 1;
    send_json(q, status, "application/problem+json", body);
}

void reply_problem(struct ask *q, const char *slug, const char *pointer, const char *format, ...)
{
    char detail[1024];
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(detail, sizeof detail, format, arguments) < 0)
        detail[0] = '\0';
    va_end(arguments);
    problem(q, slug, pointer, NULL, detail);
}

void reply_problem_with(struct ask *q, const char *slug, const char *pointer, json_t *more,
                        const char *format, ...)
{
    char detail[1024];
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(detail, sizeof detail, format, arguments) < 0)
        detail[0] = '\0';
    va_end(arguments);
    problem(q, slug, pointer, more, detail);
}

bool reply_has_rows(struct ask *q, const struct store_rows *rows, const char *err)
{
    if (rows && !err)
        return true;
    reply_problem(q, "store-failed", NULL, "%s.", err ? err : "The store gave no answer");
    return false;
}

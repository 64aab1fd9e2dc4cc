/* The answers to requests with an Idempotency-Key. A key belongs to who sent it; what it was sent
 * with is kept as a hash. When there is no more room the oldest answer goes first. */
#include "api/idempotency.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define HASH_SIZE 32 /* SHA-256 */

struct once {
    bool used, running;
    unsigned char key[HASH_SIZE], request[HASH_SIZE];
    msec at;
    struct http_reply reply;
};

struct idempotency {
    struct once at[IDEMPOTENCY_KEPT];
    size_t bytes;
};

struct idempotency *idempotency_new(void)
{
    return calloc(1, sizeof(struct idempotency));
}

static void forget(struct idempotency *all, struct once *o)
{
    if (o->reply.body) {
        all->bytes -= o->reply.body_length;
        sodium_memzero(o->reply.body, o->reply.body_length); /* a token may be in it */
    }
    free(o->reply.body);
    memset(o, 0, sizeof *o);
}

void idempotency_free(struct idempotency *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < IDEMPOTENCY_KEPT; i++)
        forget(all, &all->at[i]);
    free(all);
}

void idempotency_second(struct idempotency *all, msec now)
{
    for (size_t i = 0; i < IDEMPOTENCY_KEPT; i++)
        if (all->at[i].used && !all->at[i].running && all->at[i].at + IDEMPOTENCY_TIME <= now)
            forget(all, &all->at[i]);
}

/* ---- finding ---- */

static void hash_texts(unsigned char to[HASH_SIZE], const char *const *texts)
{
    crypto_hash_sha256_state state;

    (void)crypto_hash_sha256_init(&state); /* these never fail */
    for (; *texts; texts++)
        (void)crypto_hash_sha256_update(&state, (const unsigned char *)*texts, strlen(*texts) + 1);
    (void)crypto_hash_sha256_final(&state, to);
}

/* A body may hold a NUL, so it has a hash of its own. */
static void hash_request(unsigned char to[HASH_SIZE], const struct http_request *rq)
{
    unsigned char body[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];

    (void)crypto_hash_sha256(body, (const unsigned char *)(rq->body ? rq->body : ""),
                             rq->body_length);
    (void)sodium_bin2hex(hex, sizeof hex, body, sizeof body);
    hash_texts(to, (const char *const[]){ rq->method, rq->path, rq->query, hex, NULL });
}

static struct once *find(struct idempotency *all, const unsigned char key[HASH_SIZE])
{
    for (size_t i = 0; i < IDEMPOTENCY_KEPT; i++)
        if (all->at[i].used && memcmp(all->at[i].key, key, HASH_SIZE) == 0)
            return &all->at[i];
    return NULL;
}

static struct once *oldest(struct idempotency *all)
{
    struct once *found = NULL;

    for (size_t i = 0; i < IDEMPOTENCY_KEPT; i++) {
        struct once *o = &all->at[i];

        if (o->used && !o->running && (!found || o->at < found->at))
            found = o;
    }
    return found;
}

/* NULL: all are running. */
static struct once *room(struct idempotency *all)
{
    struct once *o = NULL;

    for (size_t i = 0; i < IDEMPOTENCY_KEPT; i++)
        if (!all->at[i].used)
            return &all->at[i];
    o = oldest(all);
    if (o)
        forget(all, o);
    return o;
}

/* ---- the way in ---- */

static void answer_again(struct ask *q, const struct once *o)
{
    struct http_reply kept = o->reply;

    if (kept.body_length > 0) {
        kept.body = malloc(kept.body_length + 1);
        if (!kept.body) {
            reply_problem(q, "overloaded", NULL, "The server has no memory for this: try later.");
            return;
        }
        memcpy(kept.body, o->reply.body, kept.body_length);
        kept.body[kept.body_length] = '\0';
    }
    reply_again(q, &kept);
}

static void answer(struct ask *q, const struct once *o, const unsigned char request[HASH_SIZE])
{
    if (memcmp(o->request, request, HASH_SIZE) != 0)
        reply_problem(q, "idempotency-conflict", NULL,
                      "This Idempotency-Key was sent before, with another request: use a new key "
                      "for a new request.");
    else if (o->running)
        reply_problem_with(q, "idempotency-conflict", NULL, json_pack("{s:i}", "status", 409),
                           "The first request with this Idempotency-Key is still being worked on: "
                           "ask again in a moment, with the same key.");
    else
        answer_again(q, o);
}

/* A token may have the name of another one, a user that of one who is gone. */
static void hash_key(unsigned char to[HASH_SIZE], const struct ask *q)
{
    const struct user *u = access_user(app_access(q->app), q->who.user);
    char kind[64];

    (void)text_format(kind, sizeof kind, "%d %llu %llu", (int)q->who.kind,
                      (unsigned long long)q->who.token,
                      (unsigned long long)(u ? u->created_at : 0)); /* fits */
    hash_texts(to, (const char *const[]){ kind, q->who.name, q->rq->idempotency_key, NULL });
}

bool idempotency_begin(struct ask *q)
{
    struct idempotency *all = q->api->idempotency;
    unsigned char key[HASH_SIZE], request[HASH_SIZE];
    struct once *o;

    if (q->who.kind == WHO_NOBODY || !q->rq->idempotency_key[0] || q->dry_run ||
        !text_is(q->rq->method, "POST"))
        return true;
    hash_key(key, q);
    hash_request(request, q->rq);
    o = find(all, key);
    if (o) {
        answer(q, o, request);
        return false;
    }
    o = room(all);
    if (!o) {
        reply_problem(q, "overloaded", NULL, "Too many requests wait for their answer: try later.");
        return false;
    }
    o->used = o->running = true;
    o->at = app_now(q->app);
    memcpy(o->key, key, HASH_SIZE);
    memcpy(o->request, request, HASH_SIZE);
    q->once = o;
    return true;
}

/* ---- the answer ---- */

static bool is_kept(const struct http_reply *r)
{
    return r->status < 500 && r->status != 401 && r->status != 403 && r->status != 429 &&
           r->body_length <= IDEMPOTENCY_BYTES / 2;
}

static bool copy_body(struct once *o, const struct http_reply *r)
{
    o->reply.body = NULL;
    if (r->body_length == 0)
        return true;
    o->reply.body = malloc(r->body_length);
    if (o->reply.body)
        memcpy(o->reply.body, r->body, r->body_length);
    return o->reply.body != NULL;
}

void idempotency_end(struct ask *q)
{
    struct idempotency *all = q->api->idempotency;
    struct once *o = q->once, *old;

    q->once = NULL;
    if (!o)
        return;
    o->reply = q->reply;
    if (!is_kept(&q->reply) || !copy_body(o, &q->reply)) {
        o->reply.body = NULL; /* the client's, not ours to free */
        forget(all, o);
        return;
    }
    all->bytes += o->reply.body_length;
    while (all->bytes > IDEMPOTENCY_BYTES && (old = oldest(all)) != NULL)
        forget(all, old);
    o->running = false;
}

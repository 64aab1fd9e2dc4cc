/* One request on an HTTP thread: read it, hand it up, sleep, answer. The connection is suspended
 * while somebody else owns the request, so no thread waits for the answer. */
#include "http/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/target.h"

/* Of a body that is refused already; who sends still more hears no answer, the connection is
 * closed. */
#define DISCARD_MAX ((size_t)16 << 20)

const struct refusal refusal_overloaded = { 503, "overloaded", "Too many requests at once",
                                            "The server is busy: try again in a second." };
static const struct refusal stopping = { 503, "stopping", "The server is stopping",
                                         "Try again when it has started." };
static const struct refusal target_long = {
    414, "uri-too-long", "The address is too long",
    "A path is at most 511 bytes and a query 2047: use fewer or shorter parameters."
};
static const struct refusal target_broken = {
    400, "bad-request", "The address cannot be read",
    "Its escapes must be whole (%2A) and none may be %00."
};
static const struct refusal method_unknown = { 501, "method-unknown", "The method is not known",
                                               "Use GET, HEAD, POST, PUT, PATCH or DELETE." };
static const struct refusal no_memory = { 503, "overloaded", "Out of memory",
                                          "The server has no memory for this request: try later." };

/* ---- beginning and end -------------------------------------------------------------------------
 */

static void free_connection(struct http_connection *c)
{
    if (c->rq)
        request_free(c->server, c->rq);
    free(c);
}

static void target_read(struct http_connection *c, const char *target)
{
    struct http_request *rq = c->rq;

    switch (target_split(target, rq->path, sizeof rq->path, rq->query, sizeof rq->query)) {
    case TARGET_FINE:
        break;
    case TARGET_BROKEN:
        c->refusal = &target_broken;
        break;
    case TARGET_TOO_LONG:
        c->refusal = &target_long;
        break;
    }
}

void *request_begin(void *server, const char *target, struct MHD_Connection *mhd)
{
    struct http_connection *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->server = server;
    c->mhd = mhd;
    c->rq = calloc(1, sizeof *c->rq);
    if (!c->rq) {
        free(c);
        return NULL;
    }
    c->rq->connection = c;
    c->rq->id = atomic_fetch_add(&c->server->requests, 1) + 1;
    target_read(c, target);
    return c;
}

void request_end(void *server, struct MHD_Connection *mhd, void **connection,
                 enum MHD_RequestTerminationCode why)
{
    struct http_connection *c = *connection;
    struct MHD_Response *unsent;

    (void)server;
    (void)mhd;
    (void)why;
    if (!c)
        return;
    unsent = atomic_exchange(&c->response, NULL);
    if (unsent)
        MHD_destroy_response(unsent);
    if (c->status)
        atomic_fetch_sub(&c->server->answers, 1);
    *connection = NULL;
    free_connection(c);
}

/* Bytes of all bodies; music counts for itself, so that it does not keep small requests out. */
static atomic_size_t *budget(struct http_server *h, const struct http_request *rq)
{
    return headers_large_path(rq->path) ? &h->music_bodies : &h->bodies;
}

static bool has_budget(struct http_server *h, const struct http_request *rq, size_t size)
{
    atomic_size_t *used = budget(h, rq);

    return atomic_load(used) + size <= (used == &h->bodies ? BODIES_MAX : MUSIC_BODIES_MAX);
}

void request_free(struct http_server *h, struct http_request *rq)
{
    if (!rq)
        return;
    atomic_fetch_sub(budget(h, rq), rq->body_length);
    free(rq->body);
    free(rq);
}

/* ---- what was sent ----------------------------------------------------------------------------
 */

/* Is a body on its way that is better read than cut off? Who writes it does not listen meanwhile,
 * and would see a broken connection instead of our answer; who asked first (RFC 9110 10.1.1) waits
 * for it. */
static bool body_comes(const struct http_connection *c)
{
    const char *length = MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, "Content-Length");
    uint64_t number;

    if (MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, "Expect"))
        return false;
    return length && text_number(length, 1, DISCARD_MAX, &number);
}

static void begin_headers(struct http_connection *c, const char *method)
{
    c->begun = true;
    if (!text_copy(c->rq->method, sizeof c->rq->method, method) && !c->refusal)
        c->refusal = &method_unknown;
    headers_read(c);
}

static bool make_room(struct http_connection *c, size_t wanted)
{
    size_t room = c->body_room ? c->body_room : 4096;
    char *larger;

    if (wanted + 1 <= c->body_room)
        return true;
    while (room < wanted + 1)
        room *= 2;
    larger = realloc(c->rq->body, room);
    if (!larger)
        return false;
    c->rq->body = larger;
    c->body_room = room;
    return true;
}

static void take_body(struct http_connection *c, const char *data, size_t size)
{
    struct http_request *rq = c->rq;

    if (c->refusal)
        return; /* the rest is read and forgotten: the library takes an answer only behind it */
    if (rq->body_length + size > c->body_max) {
        c->refusal = c->too_large;
    } else if (!has_budget(c->server, rq, size)) {
        c->refusal = &refusal_overloaded;
    } else if (!make_room(c, rq->body_length + size)) {
        c->refusal = &no_memory;
    } else {
        memcpy(rq->body + rq->body_length, data, size);
        rq->body_length += size;
        rq->body[rq->body_length] = '\0';
        atomic_fetch_add(budget(c->server, rq), size);
    }
}

/* ---- answers -----------------------------------------------------------------------------------
 */

static enum MHD_Result queue(struct http_connection *c, unsigned status, struct MHD_Response *r)
{
    enum MHD_Result result;

    if (!r)
        return MHD_NO; /* closes the connection */
    result = MHD_queue_response(c->mhd, status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result refuse_now(struct http_connection *c, const struct refusal *why)
{
    return queue(c, why->status, reply_refusal(c, why));
}

struct http_connection *request_claim(struct http_server *h, struct http_connection *c)
{
    struct http_connection *there = c;

    return atomic_compare_exchange_strong(&h->waiting[c->place], &there, NULL) ? c : NULL;
}

void request_answer(struct http_connection *c, unsigned status, struct MHD_Response *response)
{
    atomic_fetch_add(&c->server->answers, 1);
    c->status = status;
    atomic_store(&c->response, response);
    MHD_resume_connection(c->mhd); /* from here on `c` may be gone */
}

void request_refuse(struct http_connection *c, const struct refusal *why)
{
    request_answer(c, why->status, reply_refusal(c, why));
}

/* ---- handing up --------------------------------------------------------------------------------
 */

static bool take_place(struct http_server *h, struct http_connection *c, uint64_t hint)
{
    unsigned first = (unsigned)(hint % h->places);

    for (unsigned i = 0; i < h->places; i++) {
        struct http_connection *nobody = NULL;

        c->place = (first + i) % h->places;
        if (atomic_compare_exchange_strong(&h->waiting[c->place], &nobody, c))
            return true;
    }
    return false;
}

/* The connection sleeps before anybody can wake it; a wake-up never comes too early. */
static void hand_up(struct http_connection *c)
{
    struct http_server *h = c->server;
    struct http_request *rq = c->rq;

    c->handed_up = true;
    c->rq = NULL;
    c->lent = rq;
    MHD_suspend_connection(c->mhd);
    if (!take_place(h, c, rq->id)) {
        request_free(h, rq);
        request_refuse(c, &refusal_overloaded);
        return;
    }
    if (h->report(h->to, rq))
        return;                /* `c` is the receiver's by now, and may be gone */
    (void)request_claim(h, c); /* nobody else knows of it */
    request_free(h, rq);
    request_refuse(c, &refusal_overloaded);
}

static enum MHD_Result whole(struct http_connection *c)
{
    struct http_server *h = c->server;
    const struct refusal *why = c->refusal;

    atomic_fetch_add(&h->inside, 1);
    if (!why && atomic_load(&h->stopping))
        why = &stopping;
    if (!why)
        hand_up(c);
    atomic_fetch_sub(&h->inside, 1);
    return why ? refuse_now(c, why) : MHD_YES;
}

/* The library calls this when the headers are there, for each piece of the body, behind it, and
 * again when the connection wakes up. */
enum MHD_Result request_more(void *server, struct MHD_Connection *mhd, const char *url,
                             const char *method, const char *version, const char *data,
                             size_t *size, void **connection)
{
    struct http_connection *c = *connection;

    (void)server;
    (void)mhd;
    (void)url;
    (void)version;
    if (!c)
        return MHD_NO; /* there was no memory */
    if (c->handed_up)
        return queue(c, c->status, atomic_exchange(&c->response, NULL));
    if (!c->begun) {
        begin_headers(c, method);
        return c->refusal && !body_comes(c) ? refuse_now(c, c->refusal) : MHD_YES;
    }
    if (*size > 0) {
        take_body(c, data, *size);
        c->discarded += c->refusal ? *size : 0;
        *size = 0;
        return c->discarded > DISCARD_MAX ? MHD_NO : MHD_YES;
    }
    return whole(c);
}

void request_stop_all(struct http_server *h)
{
    for (unsigned i = 0; i < h->places; i++) {
        struct http_connection *c = atomic_exchange(&h->waiting[i], NULL);

        if (c) {
            request_free(h, c->lent);
            request_refuse(c, &stopping);
        }
    }
}

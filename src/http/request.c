/* One request on an HTTP thread: read it, hand it up, sleep, answer. The connection is suspended
 * while somebody else owns the request, so no thread waits for the answer. */
#define _GNU_SOURCE /* struct ucred */

#include "http/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "http/target.h"

/* Of a body that is refused already; who sends still more hears no answer, the connection is
 * closed. */
#define DISCARD_MAX ((size_t)16 << 20)

const struct refusal refusal_overloaded = { 503, "overloaded", "Too many requests at once",
                                            "The server is busy: try again in a second." };
static const struct refusal stopping = { 503, "stopping", "The server is stopping",
                                         "Try again when it has started." };
static const struct refusal too_large = { 413, "body-too-large", "The body is too large",
                                          "A body is at most 1 MiB: send less at once." };
static const struct refusal target_long = {
    414, "uri-too-long", "The address is too long",
    "A path is at most 511 bytes and a query 2047: use fewer or shorter parameters."
};
static const struct refusal target_broken = {
    400, "bad-request", "The address cannot be read",
    "Its escapes must be whole (%2A) and none may be %00."
};
static const struct refusal header_long = { 431, "header-too-large", "A header is too long",
                                            "One of the headers that are read here is too long." };
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

void request_free(struct http_server *h, struct http_request *rq)
{
    if (!rq)
        return;
    atomic_fetch_sub(&h->bodies, rq->body_length);
    free(rq->body);
    free(rq);
}

/* ---- what was sent -----------------------------------------------------------------------------
 */

static void read_header(struct http_connection *c, const char *name, char *to, size_t size)
{
    const char *value = MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, name);

    if (!text_copy(to, size, value) && !c->refusal)
        c->refusal = &header_long;
}

static void read_headers(struct http_connection *c)
{
    struct http_request *rq = c->rq;

    read_header(c, "If-Match", rq->if_match, sizeof rq->if_match);
    read_header(c, "If-None-Match", rq->if_none_match, sizeof rq->if_none_match);
    read_header(c, "Authorization", rq->authorization, sizeof rq->authorization);
    read_header(c, "Content-Type", rq->content_type, sizeof rq->content_type);
    read_header(c, "Idempotency-Key", rq->idempotency_key, sizeof rq->idempotency_key);
    read_header(c, "Last-Event-ID", rq->last_event_id, sizeof rq->last_event_id);
    read_header(c, "Origin", rq->origin, sizeof rq->origin);
    read_header(c, "Sec-Fetch-Site", rq->sec_fetch_site, sizeof rq->sec_fetch_site);
    read_header(c, "Host", rq->host, sizeof rq->host);
    /* A browser's Accept is long and its end is of no use to us. */
    (void)text_copy(rq->accept, sizeof rq->accept,
                    MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, "Accept"));
}

static void read_source(struct http_connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *a = info ? info->client_addr : NULL;
    struct http_request *rq = c->rq;

    (void)text_copy(rq->source, sizeof rq->source, "unknown"); /* fits */
    if (a && a->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, a, sizeof v4);
        (void)inet_ntop(AF_INET, &v4.sin_addr, rq->source, sizeof rq->source); /* fits */
    } else if (a && a->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, a, sizeof v6);
        (void)inet_ntop(AF_INET6, &v6.sin6_addr, rq->source, sizeof rq->source); /* fits */
    }
}

/* Which user is at the other end of the admin socket, as the kernel says. */
static void read_peer(struct http_connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct ucred peer;
    socklen_t size = sizeof peer;
    int family = AF_UNSPEC;
    socklen_t family_size = sizeof family;

    if (!info || getsockopt(info->connect_fd, SOL_SOCKET, SO_DOMAIN, &family, &family_size) != 0 ||
        family != AF_UNIX ||
        getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return; /* by TCP, or not to be told: then it is no request by the socket */
    c->rq->by_socket = true;
    c->rq->uid = peer.uid;
    (void)text_copy(c->rq->source, sizeof c->rq->source, "unix"); /* fits */
}

/* Refuse by what the header says, before a byte of the body is read. */
static void check_length(struct http_connection *c)
{
    const char *length = MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, "Content-Length");
    uint64_t number;

    if (length && !text_number(length, 0, HTTP_BODY_MAX, &number) && !c->refusal)
        c->refusal = &too_large;
}

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
    read_headers(c);
    read_source(c);
    read_peer(c);
    check_length(c);
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
    if (rq->body_length + size > HTTP_BODY_MAX) {
        c->refusal = &too_large;
    } else if (atomic_load(&c->server->bodies) + size > BODIES_MAX) {
        c->refusal = &refusal_overloaded;
    } else if (!make_room(c, rq->body_length + size)) {
        c->refusal = &no_memory;
    } else {
        memcpy(rq->body + rq->body_length, data, size);
        rq->body_length += size;
        rq->body[rq->body_length] = '\0';
        atomic_fetch_add(&c->server->bodies, size);
    }
}

/* ---- answers -----------------------------------------------------------------------------------
 */

static struct MHD_Response *refusal_response(const struct refusal *why)
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
    (void)MHD_add_response_header(r, "Content-Type", "application/problem+json");
    (void)MHD_add_response_header(r, "Cache-Control", "no-store");
    if (why->status == 503)
        (void)MHD_add_response_header(r, "Retry-After", "1");
    return r; /* without a header it is still a true answer */
}

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
    return queue(c, why->status, refusal_response(why));
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
    request_answer(c, why->status, refusal_response(why));
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
        c->taken += *size;
        *size = 0;
        return c->taken > DISCARD_MAX ? MHD_NO : MHD_YES;
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

/* ---- replies -----------------------------------------------------------------------------------
 */

static void add(struct MHD_Response *r, const char *name, const char *value)
{
    if (value && value[0])
        (void)MHD_add_response_header(r, name, value); /* without it the answer is still true */
}

static void add_headers(struct MHD_Response *r, const struct http_reply *reply)
{
    char seconds[16];

    add(r, "Content-Type", reply->body ? reply->content_type : NULL);
    add(r, "ETag", reply->etag);
    add(r, "Location", reply->location);
    add(r, "Link", reply->link);
    add(r, "Allow", reply->allow);
    add(r, "Content-Disposition", reply->disposition);
    add(r, "Idempotency-Replayed", reply->replayed ? "true" : NULL);
    add(r, "Cache-Control", reply->cache_control ? reply->cache_control : "no-store");
    add(r, "X-Content-Type-Options", "nosniff");
    if (reply->status == 401)
        add(r, "WWW-Authenticate", "Bearer realm=\"callpark\"");
    if (reply->retry_after) {
        (void)text_format(seconds, sizeof seconds, "%u", reply->retry_after); /* fits */
        add(r, "Retry-After", seconds);
    }
}

void http_reply(struct http_server *h, struct http_request *rq, const struct http_reply *reply)
{
    struct http_connection *c = request_claim(h, rq->connection);
    struct MHD_Response *r;

    assert(c); /* replied to twice */
    request_free(h, rq);
    r = MHD_create_response_from_buffer(reply->body ? reply->body_length : 0, reply->body,
                                        MHD_RESPMEM_MUST_FREE);
    if (r)
        add_headers(r, reply);
    else
        free(reply->body);
    request_answer(c, reply->status, r);
}

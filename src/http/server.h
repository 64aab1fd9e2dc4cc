/* What the files of the HTTP edge share: the server, a connection's present request, a stream's
 * place. Internal to src/http; the rest of the program sees http.h. */
#ifndef CALLPARK_HTTP_SERVER_H
#define CALLPARK_HTTP_SERVER_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "base/network.h"
#include "http/http.h"
#include "http/listen.h"
#include "http/tls.h"

#define CONNECTIONS_DEFAULT 1000
#define SOCKET_CONNECTIONS_MAX 128
#define BODIES_MAX ((size_t)64 << 20) /* of all requests together */
#define MUSIC_BODIES_MAX ((size_t)3 * HTTP_MUSIC_MAX)
#define STREAM_BEHIND_MAX ((size_t)256 << 10)
#define STREAM_KERNEL_BYTES                                                                        \
    (64 << 10) /* that the kernel may hold of one; it takes twice as much                          \
                */

/* One request from its first line until libmicrohttpd has sent the answer. Its thread owns it, but
 * for the time in which it is handed up: then whoever takes it out of `waiting` does. */
struct http_connection {
    struct http_server *server;
    struct MHD_Connection *mhd;
    struct http_request *rq;         /* until it is handed up */
    struct http_request *lent;       /* from then on; only for stopping */
    size_t body_room;                /* bytes allocated for the body */
    size_t body_max;                 /* how much of a body is taken */
    const struct refusal *too_large; /* what is said to more */
    size_t discarded;                /* bytes of the body that came and were not kept */
    unsigned place;                  /* in `waiting`, while it is handed up */
    const struct refusal *refusal;   /* found before the request was whole; NULL: none */
    bool begun, handed_up;
    bool secure; /* as the request is */
    unsigned status;
    _Atomic(struct MHD_Response *) response;
};

/* Why the edge answers by itself. */
struct refusal {
    unsigned status;
    const char *slug, *title, *detail;
};

struct http_server {
    struct http_config config;
    http_report *report;
    void *to;
    struct MHD_Daemon *daemons[2];
    struct listener listeners[2];
    atomic_bool stopping;
    atomic_uint inside;  /* threads that are handing a request up */
    atomic_uint answers; /* answers given and not sent in whole yet */
    atomic_ulong requests;
    atomic_size_t bodies, music_bodies; /* bytes of all bodies */
    struct network proxies[HTTP_PROXIES_MAX];
    unsigned proxy_count;
    struct tls *tls; /* NULL: plain */
    unsigned places;
    _Atomic(struct http_connection *) *waiting; /* requests that are handed up */
    struct stream *streams;                     /* HTTP_STREAMS_MAX; used by stream.c */
};

/* request.c: the callbacks that libmicrohttpd is started with. */
void *request_begin(void *server, const char *target, struct MHD_Connection *mhd);
enum MHD_Result request_more(void *server, struct MHD_Connection *mhd, const char *url,
                             const char *method, const char *version, const char *data,
                             size_t *size, void **connection);
void request_end(void *server, struct MHD_Connection *mhd, void **connection,
                 enum MHD_RequestTerminationCode why);
/* Answer what is still waiting with 503. */
void request_stop_all(struct http_server *h);

/* Take a request that was handed up out of the table: who does so answers it. NULL when someone
 * else did. */
struct http_connection *request_claim(struct http_server *h, struct http_connection *c);
/* Give a claimed request its answer, of which it takes the caller's reference, and wake its
 * connection. */
void request_answer(struct http_connection *c, unsigned status, struct MHD_Response *response);
void request_free(struct http_server *h, struct http_request *rq);
void request_refuse(struct http_connection *c, const struct refusal *why);

extern const struct refusal refusal_overloaded;

/* headers.c: fill c->rq from what was sent, and c->refusal when it cannot be taken. */
void headers_read(struct http_connection *c);
/* May a body sent there hold music? */
bool headers_large_path(const char *path);
/* Does Accept-Encoding allow gzip? */
bool headers_take_gzip(const char *list);

/* reply.c: the answer of the edge itself; NULL: no memory. */
struct MHD_Response *reply_refusal(const struct http_connection *c, const struct refusal *why);
/* What every answer carries, so that a browser does not do more with it than was meant. */
void reply_guard(const struct http_connection *c, struct MHD_Response *r);

/* text.c */
struct http_text {
    atomic_uint holders;
    size_t length;
    char text[];
};

/* stream.c */
int stream_start(struct http_server *h);
void stream_stop_all(struct http_server *h);
void stream_free_all(struct http_server *h);

#endif

/* The HTTP edge: requests in, replies out, event streams; on a Unix socket (who may connect is
 * decided by peer credentials) and on TCP. It knows no resource. A request is handed up as a value
 * that the receiver owns until it replies; the connection waits, no thread does. */
#ifndef CALLPARK_HTTP_HTTP_H
#define CALLPARK_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/types.h"

#define HTTP_PATH_SIZE 512
#define HTTP_BODY_MAX (1u << 20)
#define HTTP_MUSIC_MAX (64u << 20) /* of a body sent to HTTP_MUSIC_PATH... */
#define HTTP_MUSIC_PATH "/api/v1/music/"
#define HTTP_DEFINITIONS_MAX (96u << 20) /* of a body with music in it, as text */
#define HTTP_DEFINITIONS_PATH "/api/v1/definitions"
#define HTTP_PROXIES_MAX 32
#define HTTP_STREAMS_MAX 1000

struct http_config {
    char listen[96];          /* "127.0.0.1:8080"; "" : none; port 0: any free one */
    char socket[108];         /* path of the admin socket; "" : none */
    bool behind_proxy;        /* listen may be other than loopback */
    unsigned connections_max; /* 0: 1000; the admin socket has 128 of its own besides */
    char tls_cert[512];       /* PEM files: the certificate with its chain, the key; "" : plain */
    char tls_key[512];
    char public_url[256]; /* where people find us, "https://park.contoso.com"; "" : at listen */
    /* Networks of proxies whose word is taken for who is behind them (X-Forwarded-For, -Proto, and
     * the two headers below). With behind_proxy and none named, one on loopback is believed about
     * the address and the protocol, not about users. */
    char trusted_proxy[HTTP_PROXIES_MAX][64];
    unsigned trusted_proxy_count;
    char proxy_header[64], proxy_groups[64]; /* "" : X-Remote-User, X-Remote-Groups */
};

struct http_request {
    uint64_t id;
    char method[8];
    char path[HTTP_PATH_SIZE]; /* decoded once, no query; not decoded: %2F stays */
    char query[2048];          /* as sent, well-formed; read it with http_query() */
    char if_match[128], if_none_match[128], authorization[512], accept[128], content_type[96];
    char idempotency_key[80], last_event_id[24], origin[256], sec_fetch_site[24], host[256];
    char user_agent[160]; /* what fits of it */
    /* Of our session cookie: __Host-callpark_session when `secure`, else callpark_session. */
    char cookie[512];
    char proxy_user[128], proxy_groups[512]; /* as a trusted proxy says; "" from anybody else */
    char source[64];                         /* address of the client, or "unix" */
    bool secure;     /* by TLS, to us or (as a trusted proxy says) to the proxy */
    bool takes_gzip; /* an answer may be sent with `encoding` gzip */
    bool by_socket;
    uid_t uid;  /* of the peer of the Unix socket */
    char *body; /* NUL-ended; NULL: none */
    size_t body_length;
    struct http_connection *connection; /* the edge's own */
};

/* Called on an HTTP thread. The receiver owns `rq` and must pass it to http_reply() or
 * http_stream_open() once. False: no room; the edge answers 503 itself and keeps `rq`. */
typedef bool http_report(void *to, struct http_request *rq);

struct http_server;

/* 0 and a server that serves already, or a negative errno with words. `report` may come at once. */
int http_start(struct http_server **out, const struct http_config *config, http_report *report,
               void *to, struct err *err);
/* Ends every stream, answers 503 to whatever was not replied to yet and frees those requests (the
 * receiver must have forgotten them), closes all and removes the socket file. NULL is fine. */
void http_stop(struct http_server *h);
void http_address(const struct http_server *h, char to[96]); /* as bound, "127.0.0.1:8080" */
/* Where people find us: public_url, else of what is bound, "https://192.0.2.7:8443"; "" : nowhere.
 */
void http_url(const struct http_server *h, char to[256]);

struct http_certificate {
    char subject[256], issuer[256], names[1024], file[512]; /* names: with commas between */
    wall_msec not_before, not_after;
    char fingerprint[65]; /* SHA-256 in hex */
};
/* The one that is served now; false: there is no TLS. Any thread. */
bool http_certificate(const struct http_server *h, struct http_certificate *about);
/* Read certificate and key again, soon; how it went is logged, and one that will not do leaves the
 * old one in place. Changed files are noticed without it. */
void http_reread(struct http_server *h);

struct http_reply {
    unsigned status;
    const char *content_type; /* "application/json" ... */
    char *body;               /* malloc'ed, taken over; NULL: none */
    const void *static_body;  /* instead of `body`: lives as long as the program */
    size_t body_length;
    char etag[32]; /* with its quotes; "" : none */
    char location[HTTP_PATH_SIZE];
    char link[HTTP_PATH_SIZE + 128];
    unsigned retry_after;
    const char *cache_control; /* NULL: no-store */
    const char *allow;         /* with 405: the methods that there are, "GET, PUT"; NULL: none */
    const char *disposition;   /* of a file to be saved: "attachment; filename=..."; NULL: none */
    const char *encoding;      /* "gzip"; NULL: the body is sent as it is */
    const char *vary;          /* headers of the request that the answer hangs on; NULL: none */
    char set_cookie[256];      /* "name=value; Path=/; ..."; "" : none */
    bool replayed;             /* an answer given before, to the same Idempotency-Key */
};

/* Answer and free the request. Any thread. */
void http_reply(struct http_server *h, struct http_request *rq, const struct http_reply *reply);

/* Answer with an event stream that stays open; frees the request. Returns the stream's number, 0
 * when there are too many (then 503 is sent). */
uint64_t http_stream_open(struct http_server *h, struct http_request *rq);
/* Append text ("id: 7\nevent: ...\ndata: ...\n\n") to one stream, or to all of them with stream 0.
 * A stream whose client reads too slowly (256 KiB behind) is closed. False: it is gone. One thread.
 */
bool http_stream_send(struct http_server *h, uint64_t stream, const char *text, size_t length);

/* Text that many streams send and none copies. The caller drops what it has made or kept. */
struct http_text;
struct http_text *http_text_new(const char *text, size_t length); /* a copy; NULL: no memory */
struct http_text *http_text_keep(struct http_text *t);            /* one more who drops it; `t` */
void http_text_drop(struct http_text *t);                         /* NULL is fine */
/* As http_stream_send(), to one stream; the text stays the caller's. */
bool http_stream_share(struct http_server *h, uint64_t stream, struct http_text *t);
/* Bytes that a stream's client has not taken yet, but for what the kernel has of them; SIZE_MAX: it
 * is gone. */
size_t http_stream_behind(struct http_server *h, uint64_t stream);
void http_stream_close(struct http_server *h, uint64_t stream);
unsigned http_streams(const struct http_server *h);

/* The decoded value of one query parameter; false if it is not there or does not fit. */
bool http_query(const struct http_request *rq, const char *name, char *to, size_t size);
/* The decoded name of the parameter number `index`, counted from 0; false behind the last. For
 * refusing what nobody asked for: a misspelt "dry_run" must not write. */
bool http_query_name(const struct http_request *rq, unsigned index, char *to, size_t size);
/* Is every escape of a query or path whole, and none of them a NUL? The edge refuses others with
 * 400. */
bool http_query_valid(const char *query);

#endif

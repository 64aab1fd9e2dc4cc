/* HTTP to the server: over its admin socket, where the peer's user decides what is allowed, or to a
 * URL with a token. The only file that knows libcurl. */
#ifndef CALLPARK_CTL_CLIENT_H
#define CALLPARK_CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define CLIENT_COOKIE_SIZE 256
#define CLIENT_BODY_MAX (256U << 20) /* a larger reply is refused */

struct client_config {
    const char *socket; /* path; used when `url` is NULL */
    const char *url;    /* "http://127.0.0.1:8080", "https://park.example.com", without a path */
    const char *token;  /* NULL: none */
};

struct client_request {
    const char *method;
    const char *path;         /* "/api/v1/number-ranges?limit=1" */
    const char *body;         /* NULL: none */
    size_t body_length;       /* 0: as long as its text */
    const char *content_type; /* of the body */
    const char *if_match;     /* with its quotes; NULL: none */
};

struct client_reply {
    unsigned status;
    char *body; /* NUL-ended, never NULL after success */
    size_t length;
    char etag[64]; /* "" : none */
    char content_type[96];
    char cookie[CLIENT_COOKIE_SIZE]; /* "name=value" of a session that was begun; "" : none */
};

struct client;

/* NULL with a sentence when the URL cannot be used. */
struct client *client_new(const struct client_config *config, struct err *err);
void client_free(struct client *c);

const char *client_url(const struct client *c); /* NULL: it uses the socket */
/* From now on as the one who has this session ("name=value"), and with no token. */
void client_session(struct client *c, const char *cookie);
void client_sign_out(struct client *c); /* neither token nor session */

/* One request, one reply, whatever its status; 30 s at most, with bytes for a body two minutes.
 * -EACCES: the socket is not ours to use; -ECONNREFUSED: nobody there; -EIO: something else broke.
 */
int client_call(struct client *c, const struct client_request *rq, struct client_reply *out,
                struct err *err);
void client_reply_done(struct client_reply *r);

/* Called with each piece of a stream as it comes; false ends it. */
typedef bool client_piece(void *to, const char *bytes, size_t length);

/* Follow a stream until `piece` ends it (0) or the server does (-EPIPE). A refusal comes as a reply
 * in `out`, and 0. A server that says nothing for a minute counts as gone: its heartbeat is a
 * quarter of that. */
int client_follow(struct client *c, const struct client_request *rq, client_piece *piece, void *to,
                  struct client_reply *out, struct err *err);

/* Text as a piece of a path or query: everything but letters, digits and "-._~" is escaped. False:
 * it does not fit. */
bool client_escape(char *to, size_t size, const char *text);

#endif

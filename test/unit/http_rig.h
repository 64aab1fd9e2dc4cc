/* A server on free ports whose requests come to the test, and a client of plain sockets. */
#ifndef CALLPARK_TEST_HTTP_RIG_H
#define CALLPARK_TEST_HTTP_RIG_H

#include "http/http.h"
#include "sys/queue.h"

struct http_rig {
    struct http_server *server;
    struct queue *requests;
    char folder[64], socket[96], address[96];
    bool full; /* refuse what comes */
};

/* What the next http_rig_set_up() adds to its configuration; emptied by http_rig_tear_down(). */
extern struct http_config http_rig_config;

int http_rig_set_up(void **state);
int http_rig_tear_down(void **state);

bool http_rig_take(void *to, struct http_request *rq);  /* the report of the server */
struct http_request *http_rig_next(struct http_rig *f); /* waits for it */
void http_rig_reply(struct http_rig *f, struct http_request *rq, const char *text);

int http_rig_dial(const struct http_rig *f);
int http_rig_dial_unix(const char *path);
void http_rig_say(int fd, const char *text);
/* Read until `mark` has come or the other side closes; false: it did not come. */
bool http_rig_hear(int fd, char *to, size_t size, const char *mark);
bool http_rig_closed(int fd); /* reads all that is left */

#endif

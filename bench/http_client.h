/* A client of an HTTP server on 127.0.0.1: one connection that stays, one request after the other.
 * It knows what our server and the bare one say, and no more of HTTP than that. */
#ifndef CALLPARK_BENCH_HTTP_CLIENT_H
#define CALLPARK_BENCH_HTTP_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct http_client;

/* `token`: of its user, or NULL. Ends the program if there is no connection. */
struct http_client *http_client_open(uint16_t port, const char *token);
void http_client_close(struct http_client *c);

struct http_question {
    const char *method, *path;
    const char *type, *body; /* both NULL: none */
};

/* Ask, and wait for all of the answer: its status. Ends the program when there is none. */
unsigned http_client_ask(struct http_client *c, const struct http_question *q);

/* Of the last answer, until the next question: NUL-ended; the caller must not free it. */
const char *http_client_body(const struct http_client *c, size_t *length);

/* The text behind `"name":"` in it, "" if it is not there. */
const char *http_client_field(const struct http_client *c, const char *name, char *to, size_t size);

struct http_figures {
    unsigned asked, refused; /* refused: any status but 2xx */
    double p50, p99, worst;  /* ms */
    double processor;        /* us of the server's processor for each, but for its audio */
};

/* The same question again and again, 90 times a second at most, for `seconds`, of the server that
 * is process `pid`. */
void http_client_measure(struct http_client *c, pid_t pid, const struct http_question *q,
                         double seconds, struct http_figures *f);

/* Several as if they were one: a list page by page. */
void http_client_measure_all(struct http_client *c, pid_t pid, const struct http_question *q,
                             unsigned count, double seconds, struct http_figures *f);

/* A socket that is connected to 127.0.0.1. Ends the program if there is none. */
int http_client_socket(uint16_t port);

#endif

/* The yardstick of the API: libmicrohttpd as our server uses it, with nothing behind it. It answers
 * every question with the same bytes. */
#ifndef CALLPARK_BENCH_BARE_HTTP_H
#define CALLPARK_BENCH_BARE_HTTP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bare_http {
    pid_t pid;
    uint16_t port; /* of 127.0.0.1 */
};

/* A process of its own on the first core. Ends the program if it cannot be. */
void bare_http_start(struct bare_http *b, const char *body, size_t length);
void bare_http_stop(const struct bare_http *b);

#endif

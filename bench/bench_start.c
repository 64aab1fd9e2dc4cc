/* How long a server with as many orbits as a destination can have, and no calls, takes from its
 * start until it says that it is ready (/readyz); beside what any program takes to begin and end.
 * Fails only when it is not whole afterwards. [--short] */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http_client.h"
#include "median.h"
#include "processor.h"
#include "server.h"
#include "sip_load.h"

#define ROUNDS 9
#define LAST 59998 /* 49,999 numbers in all: a destination has fewer than 50,000 */
#define PATIENT 60 /* seconds */

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Milliseconds until it is ready; ends the program when it never is. */
static double start(struct server *s, const char *program, double *used)
{
    double from = now();

    server_launch(s, program);
    while (!server_is_ready(s)) {
        if (now() - from > PATIENT) {
            (void)fprintf(stderr, "bench: the server does not get ready\n");
            exit(EXIT_FAILURE);
        }
        (void)poll(NULL, 0, 1);
    }
    from = (now() - from) * 1e3;
    *used = processor_of(s->pid) * 1e3;
    return from;
}

static bool has_orbit(struct http_client *c, unsigned number)
{
    char path[48];
    struct http_question q = { .method = "GET", .path = path };

    (void)snprintf(path, sizeof path, "/api/v1/orbits/%u", number);
    return http_client_ask(c, &q) == 200;
}

static void fill(const struct server *s)
{
    char token[SERVER_TOKEN_SIZE];
    struct http_question q = { "POST", "/api/v1/number-ranges", "application/json",
                               "{\"name\":\"Last\",\"start\":\"50000\",\"end\":\"59998\","
                               "\"destination\":\"pool1.example.com\"}" };
    struct http_client *c;
    size_t length;

    server_token(s, token);
    c = http_client_open(s->web, token);
    if (http_client_ask(c, &q) != 201)
        (void)fprintf(stderr, "bench: no more orbits: %s\n", http_client_body(c, &length));
    http_client_close(c);
}

/* All orbits are there, and calls are parked. */
static bool is_whole(const struct server *s)
{
    struct load_plan plan = { .rate = 20, .seconds = 1, .hold = 0.1, .patience = PATIENCE };
    char token[SERVER_TOKEN_SIZE];
    struct load_figures f;
    struct http_client *c;
    struct load *l;
    bool good;

    server_token(s, token);
    c = http_client_open(s->web, token);
    good = has_orbit(c, ORBIT_FIRST) && has_orbit(c, LAST) && !has_orbit(c, LAST + 1);
    http_client_close(c);
    l = load_open(s->port);
    load_run(l, &plan, &f);
    load_close(l);
    if (!good || !f.started || f.answered != f.started)
        (void)fprintf(stderr, "bench: orbits are %s, %u of %u parks answered\n",
                      good ? "whole" : "missing", f.answered, f.started);
    return good && f.started && f.answered == f.started;
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 && strcmp(argv[1], "--short") == 0 ? 1 : ROUNDS;
    double ready[ROUNDS], used[ROUNDS], bare[ROUNDS];
    struct server s;
    bool good;

    server_keep_away();
    server_start(&s, argv[0]);
    fill(&s);
    for (unsigned i = 0; i < rounds; i++) {
        server_end(&s);
        bare[i] = server_version(argv[0]) * 1e3;
        ready[i] = start(&s, argv[0], &used[i]);
    }
    printf("%u orbits: ready %.0f ms after the start, %.0f ms of the processor; the program alone "
           "%.0f ms (medians of %u)\n",
           LAST - ORBIT_FIRST + 1, median(ready, rounds), median(used, rounds),
           median(bare, rounds), rounds);
    good = is_whole(&s);
    server_stop(&s);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

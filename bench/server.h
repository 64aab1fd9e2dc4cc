/* A server under measurement: a process of its own on the first core, with what it has used. */
#ifndef CALLPARK_BENCH_SERVER_H
#define CALLPARK_BENCH_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct server {
    pid_t pid;
    uint16_t port;    /* SIP over UDP on 127.0.0.1 */
    uint16_t web;     /* the API, on 127.0.0.1; 0: it has none */
    unsigned workers; /* see server_start_workers() */
    char folder[64];
};

/* The orbits of a server that was started by server_start(). */
#define ORBIT_FIRST 10000
#define ORBIT_LAST 49999

/* callparkd from the folder above that of `program` (argv[0]), as it comes, with a range of 40,000
 * orbits and a store on disk; returns when it takes calls. Ends the program with a sentence if that
 * cannot be. */
void server_start(struct server *s, const char *program);

/* The same with so many media workers; more than one have all cores. */
void server_start_workers(struct server *s, const char *program, unsigned workers);

/* SIPp's built-in server, the yardstick of what SIP has to cost. False: there is no sipp. */
bool server_start_sipp(struct server *s);

#define SERVER_TOKEN_SIZE 128
/* The token that may do all at its API. Ends the program if there is none. */
void server_token(const struct server *s, char to[SERVER_TOKEN_SIZE]);

/* It ends and its folder stays; and it begins anew with that. */
void server_end(struct server *s);
void server_launch(struct server *s, const char *program);
/* Does it say so (/readyz)? */
bool server_is_ready(const struct server *s);
/* Seconds until it has said its version: what any program takes to begin and end. */
double server_version(const char *program);

/* Ends it and waits. Its folder is removed. */
void server_stop(struct server *s);

/* It stands still, or goes on: so several take turns on one core. */
void server_pause(const struct server *s, bool pause);

double server_memory(const struct server *s); /* resident, MiB */

/* This process runs on another core than servers do, if there is one. */
void server_keep_away(void);
void server_pin(unsigned core); /* this process, on that core; no matter if there is only one */

#endif

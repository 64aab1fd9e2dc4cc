/* Many callers at once over one UDP socket: INVITE, ACK, a while, BYE, at a pace that does not wait
 * for answers. They send again what is not answered, as RFC 3261 17.1 says, and count that. */
#ifndef CALLPARK_BENCH_SIP_LOAD_H
#define CALLPARK_BENCH_SIP_LOAD_H

#include <stdbool.h>
#include <stdint.h>

struct load;

struct load_plan {
    double rate;    /* calls a second; 0: none, only wait for what is open */
    double seconds; /* for so long */
    double hold;    /* seconds from the answer to BYE; less than 0: they stay */
};

struct load_figures {
    unsigned started, answered, busy, shed, others; /* 200; 486; 503 or nothing; anything else */
    unsigned again;                                 /* sent a second time, or more often */
    double p50, p99, worst;                         /* INVITE to 200, ms */
};

/* The callers of the server at this port of 127.0.0.1. Ends the program if there is no socket. */
struct load *load_open(uint16_t port);
void load_close(struct load *l);

/* Runs the plan, then waits until each call but those that stay is over: 40 s at most. */
void load_run(struct load *l, const struct load_plan *plan, struct load_figures *f);

/* All that stayed hang up. Returns how many of them the server did not know any more. */
unsigned load_hang_up(struct load *l);

#endif

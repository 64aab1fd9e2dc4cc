/* Many browsers that listen to the stream of events, each over a connection of its own. They check
 * that no number is left out, and know which parks all of them have been told of. */
#ifndef CALLPARK_BENCH_LISTENERS_H
#define CALLPARK_BENCH_LISTENERS_H

#include <stdint.h>

struct listeners;

struct listeners_plan {
    uint16_t port; /* of 127.0.0.1 */
    const char *token;
    unsigned count;
    uint64_t after; /* come back, and this was the last event; 0: new */
};

/* Returns when the server has begun to tell each of them. Ends the program if it does not. */
struct listeners *listeners_open(const struct listeners_plan *plan);
void listeners_close(struct listeners *l);

/* Read what is there; if nothing is, wait for it for so many milliseconds. */
void listeners_turn(struct listeners *l, int wait);

struct listeners_heard {
    unsigned open;   /* streams that the server has not ended */
    unsigned parks;  /* that all of them have been told of */
    unsigned gaps;   /* numbers that did not rise by one */
    unsigned resets; /* "start anew": something is lost, and said to be */
    uint64_t last;   /* the highest number that all of them know */
    uint64_t events; /* with numbers, of all together */
    uint64_t bytes;
};
void listeners_heard(const struct listeners *l, struct listeners_heard *h);

#endif

/* What a process spends while the receiver listens. */
#ifndef CALLPARK_BENCH_MEASURE_H
#define CALLPARK_BENCH_MEASURE_H

#include "receiver.h"

#include <sys/types.h>

struct used {
    double all, media; /* seconds of processor: of the process, of its media threads */
    struct arrivals heard;
};

/* After `settle` milliseconds, for `seconds`. */
void measure_while_heard(struct receiver *receiver, pid_t pid, int settle, double seconds,
                         struct used *u);

#endif

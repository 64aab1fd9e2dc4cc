/* What another process has used of the processor. */
#ifndef CALLPARK_BENCH_PROCESSOR_H
#define CALLPARK_BENCH_PROCESSOR_H

#include <sys/types.h>

/* Seconds, user and system, of all its threads. Ends the program if there is no such process. */
double processor_of(pid_t pid);

/* Of its threads whose names begin like that. */
double processor_of_threads(pid_t pid, const char *name);

#endif

/* Starting a thread under a name, with all signals left to the main thread. */
#ifndef CALLPARK_SYS_THREAD_H
#define CALLPARK_SYS_THREAD_H

#include <pthread.h>

#include "base/err.h"

/* 0 or a negative errno. `name` (at most 15 characters) shows in top and gdb. Join with
 * pthread_join(). */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument,
                 struct err *err);

#endif

/* Work that the server itself must not do: reading files that strangers made, starting foreign
 * programs. A helper process is started first of all, before there are threads and secrets; it
 * waits for orders on a socket and forks a process for each, which gets two descriptors, a bounded
 * text and nothing else. So the server needs no right to start a process, and whatever such a
 * process does ends with it. */
#ifndef CALLPARK_SYS_HELPER_H
#define CALLPARK_SYS_HELPER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/types.h"

#define HELPER_ARGUMENT 640
#define HELPER_NO_PROGRAM 127 /* exit code of a work that found no program to become */

/* Runs in a process of its own, with what it is given on descriptor 0, its results on 1, and no
 * other but 2, which is /dev/null. What it returns is its exit code. */
typedef int helper_work(const char *argument);

/* What becomes of an order. */
struct helper_end {
    enum {
        HELPER_RUNS,
        HELPER_EXITED, /* `code` is the exit code */
        HELPER_KILLED, /* `code` is the signal */
        HELPER_LATE,   /* it was ended when its patience was over */
        HELPER_LOST    /* nobody can say: the helper itself is gone */
    } how;
    int code;
};

/* Start `program` with --helper, which then calls helper_serve(). NULL: no program but a copy of
 * this process with these works (tests). Before any thread and any secret. */
int helper_start(const char *program, helper_work *const *works, size_t count, struct err *err);
bool helper_there(void); /* was one started? It may have ended since */
void helper_stop(void);

/* The helper's own main: takes orders from descriptor 0 until nobody is there to give any. */
int helper_serve(helper_work *const *works, size_t count);

/* Order the work of this number; -1 for `in`: nothing to read. Gives a descriptor that stands for
 * it, or a negative errno. Patience 0: as long as it takes. For any thread. */
int helper_begin(unsigned work, const char *argument, int in, int out, msec patience,
                 struct err *err);
/* How it ended; HELPER_RUNS when it has not after `wait` msec. */
struct helper_end helper_look(int order, msec wait);
void helper_ask_to_end(int order); /* SIGTERM, to all of its processes */
void helper_close(int order);      /* an order that still runs is killed */

#endif

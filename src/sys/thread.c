/* Threads under a name that leave all signals to the main thread, which alone knows what to do. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_setname_np */
#endif
#include "sys/thread.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/text.h"

int thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument,
                 struct err *err)
{
    char short_name[16]; /* what the kernel keeps */
    sigset_t all, before;
    int failed;

    (void)text_copy(short_name, sizeof short_name, name); /* a longer one is cut */
    sigfillset(&all);
    /* Blocked around the start, because the new thread inherits the mask: blocking them in the
     * thread itself would leave a moment in which it could be hit. */
    failed = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (failed)
        return err_set(err, -failed, "thread %s: cannot block signals: %s", name, strerror(failed));
    failed = pthread_create(thread, NULL, run, argument);
    if (!failed)
        (void)pthread_setname_np(*thread, short_name); /* a thread without a name works as well */
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL); /* worked a moment ago */
    if (failed)
        return err_set(err, -failed,
                       "thread %s: cannot start: %s; raise the limit of processes (ulimit -u, "
                       "TasksMax= of the unit)",
                       name, strerror(failed));
    return 0;
}

/* `callparkd --keep`: where no systemd is, a small parent that starts the server, keeps its sockets
 * (sys/kept.h) and starts it again when it crashes, or, on SIGUSR2, from the file as it is by then:
 * an upgrade in place. It knows nothing of calls. */
#ifndef CALLPARK_SYS_KEEP_H
#define CALLPARK_SYS_KEEP_H

#include <stddef.h>

#include "base/err.h"

/* Run until the server is to end (SIGTERM, SIGINT); the exit code, that of the server. `path` is
 * the program, `arguments` are its own, ended by NULL. Before any thread is started. */
int keep_run(const char *path, char *const arguments[]);

/* The program that runs now, by a name that a newer file will have as well. */
int keep_path(char *to, size_t size, const char *argv0, struct err *err);

#endif

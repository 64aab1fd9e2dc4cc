/* Sockets that outlive this process. Whoever started us may keep copies of them (systemd's file
 * descriptor store, or `callparkd --keep`) and hands them to the next process, so that between the
 * two nothing is refused: what comes meanwhile waits in the kernel. With nobody who keeps, all of
 * this does nothing. Any thread, unless it says otherwise; nothing in here waits. */
#ifndef CALLPARK_SYS_KEPT_H
#define CALLPARK_SYS_KEPT_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

/* All names together must fit in one variable of the environment of the next process, which Linux
 * bounds to 128 KiB: 2048 names of at most 62 bytes and a colon each do. */
#define KEPT_MAX 2048
#define KEPT_NAME_SIZE 63

/* ---- the process; on the main thread ---- */

/* What was handed to us (LISTEN_FDS), and who keeps (NOTIFY_SOCKET). Before any process is started
 * from here, as they would inherit what was handed over. An error: a thread could not be started.
 */
int kept_start(struct err *err);
/* Nobody will take any more of what was handed over: it is closed, and kept no longer. */
void kept_settle(void);
/* We end, and another will go on: from here on kept_drop() does nothing. */
void kept_leave(void);
/* Hands over what is still on its way, and closes what nobody has taken. */
void kept_stop(void);

bool kept_is_on(void); /* somebody keeps */
/* Whoever started us may want to hear from time to time that all goes on (WATCHDOG_USEC), and ends
 * us when he does not. Once a second, from the loop. */
void kept_alive(void);

/* ---- one socket ---- */

/* A name: colons become '-', brackets go; "" when it is too long, and such a socket is not kept. */
void kept_name(char to[KEPT_NAME_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The socket of this name, now the caller's, or -1. It stays kept. */
int kept_take(const char *name);
/* The same, if it is of this type and bound to this address (port 0: any port of it); one that is
 * not is closed, and kept no longer. */
int kept_take_bound(const char *name, int type, const struct sockaddr *at, socklen_t size);
/* The name of one that begins like this and that nobody has taken yet. */
bool kept_find(const char *prefix, char name[KEPT_NAME_SIZE]);

/* Keep this socket of ours as well, until kept_drop(); or, a connection with `until_hung_up`, until
 * it is over at both ends, which needs no word of ours. May come to nothing, as when too many are
 * kept: then the next process opens a new one. */
void kept_give(const char *name, int fd, bool until_hung_up);
void kept_drop(const char *name);

#endif

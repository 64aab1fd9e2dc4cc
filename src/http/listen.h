/* Opening what the HTTP edge listens on, with words for people when it cannot be had. Internal to
 * src/http. */
#ifndef CALLPARK_HTTP_LISTEN_H
#define CALLPARK_HTTP_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct listener {
    int fd;           /* -1: none */
    char address[96]; /* as bound: "127.0.0.1:8080", "[::1]:8080" */
    char path[108];   /* of the Unix socket; "" : TCP */
    bool anywhere;    /* may be reached from other machines */
    dev_t device;     /* of the socket file, so that only our own is removed */
    ino_t inode;
};

/* `where` is "HOST:PORT"; anything but loopback only with `anywhere`. */
int listen_tcp(struct listener *l, const char *where, bool anywhere, struct err *err);

/* A socket file of mode 0600. One that is there already is replaced when nobody answers on it. */
int listen_unix(struct listener *l, const char *path, struct err *err);
void listen_remove_file(const struct listener *l); /* unless it is kept over a restart */

#endif

/* The sockets that `callparkd --keep` keeps for its child, by name, and the words by which the
 * child asks for it: those of systemd's file descriptor store (sd_notify(3)). Internal to
 * src/sys/keep*.c and its tests. */
#ifndef CALLPARK_SYS_KEEP_STORE_H
#define CALLPARK_SYS_KEEP_STORE_H

#include <stdbool.h>
#include <stddef.h>

struct keep_store;

struct keep_store *keep_store_new(size_t most); /* NULL: no memory, no descriptors */
void keep_store_free(struct keep_store *s);     /* closes all; NULL is fine */
size_t keep_store_count(const struct keep_store *s);

/* Readable when a connection has been hung up, keep_store_sweep() lets go of those; how many. */
int keep_store_fd(const struct keep_store *s);
size_t keep_store_sweep(struct keep_store *s);

/* What a message holds besides. */
struct keep_said {
    bool ready, full; /* READY=1; there was no room to keep what came with it */
    char others[512]; /* lines that are not about sockets, to be passed on */
};

/* One message, ended by a NUL, and the descriptors that came with it: they are the store's now, or
 * closed. */
void keep_store_take(struct keep_store *s, const char *message, const int *fds, size_t count,
                     struct keep_said *said);

/* In a child that is about to execute the server: all of them from descriptor 3 on, and the
 * environment that says so. False: it could not be done. */
bool keep_store_hand_over(struct keep_store *s);

#endif

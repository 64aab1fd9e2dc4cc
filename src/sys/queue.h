/* A bounded queue between threads; items are copied in and out by value, as much of each as was
 * put. This is the only file with a mutex. The reader sleeps on a file descriptor, so that it can
 * wait for sockets as well. */
#ifndef CALLPARK_SYS_QUEUE_H
#define CALLPARK_SYS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue;

/* A queue of at most `capacity` items of at most `item_size` bytes each. NULL when memory or
 * descriptors are short. queue_free(NULL) is fine; whoever frees it has stopped all its writers. */
struct queue *queue_new(size_t item_size, size_t capacity);
void queue_free(struct queue *q);

/* From now on nothing of an item is left in the queue once it is taken, or the queue is freed: for
 * items that hold keys. Before the first one is put. */
void queue_wipe(struct queue *q);

/* Put one item; false if the queue is full (the item is not taken) . Any thread. */
bool queue_put(struct queue *q, const void *item);

/* The same, but keeps `reserve` places free for writers that use queue_put: what must not be
 * refused (an answer to something we started) goes in with queue_put, what may be refused with
 * this. */
bool queue_offer(struct queue *q, const void *item, size_t reserve);

/* The same for an item that lies in pieces, or of which only the beginning counts: no more is
 * copied, nor used up in the queue. Together they are no longer than an item. */
struct queue_piece {
    const void *data;
    size_t size;
};
bool queue_offer_pieces(struct queue *q, const struct queue_piece *pieces, size_t count,
                        size_t reserve);

/* Take up to `most` items into the array `items`; how many. Of one that was put in part the rest is
 * left as it is there. Never waits. One reader. */
size_t queue_take(struct queue *q, void *items, size_t most);

/* Readable while there is something to take, and sometimes when it was taken already: queue_take()
 * clears it then. For poll, not for reading. */
int queue_fd(const struct queue *q);

/* Wait until there is something, at most `timeout` milliseconds (-1: for ever). True if so. */
bool queue_wait(struct queue *q, int timeout);

size_t queue_length(struct queue *q);

#endif

/* A ring of items under a mutex, with an eventfd that is readable while the ring is not empty.
 * Putting into a queue that is not empty costs no system call: whoever finds it empty writes the
 * eventfd, and the reader clears it when it has emptied the ring. */
#include "sys/queue.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
    pthread_mutex_t mutex; /* guards all below but sizes, descriptor and `wipes` */
    size_t item_size, capacity;
    size_t first, count;
    int fd;
    bool wipes;
    unsigned char *items;
};

struct queue *queue_new(size_t item_size, size_t capacity)
{
    struct queue *q = calloc(1, sizeof *q);

    assert(item_size > 0 && capacity > 0);
    if (!q)
        return NULL;
    q->item_size = item_size;
    q->capacity = capacity;
    q->items = calloc(capacity, item_size);
    q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!q->items || q->fd < 0 || pthread_mutex_init(&q->mutex, NULL) != 0) {
        if (q->fd >= 0)
            close(q->fd);
        free(q->items);
        free(q);
        return NULL;
    }
    return q;
}

static unsigned char *place(const struct queue *q, size_t index)
{
    return q->items + ((q->first + index) % q->capacity) * q->item_size;
}

void queue_free(struct queue *q)
{
    if (!q)
        return;
    pthread_mutex_destroy(&q->mutex);
    close(q->fd);
    for (size_t i = 0; q->wipes && i < q->count; i++)
        explicit_bzero(place(q, i), q->item_size);
    free(q->items);
    free(q);
}

void queue_wipe(struct queue *q)
{
    q->wipes = true;
}

static void lock(struct queue *q)
{
    int failed = pthread_mutex_lock(&q->mutex);

    assert(!failed);
}

static void unlock(struct queue *q)
{
    int failed = pthread_mutex_unlock(&q->mutex);

    assert(!failed);
}

static void wake(const struct queue *q)
{
    uint64_t one = 1;
    ssize_t n;

    do
        n = write(q->fd, &one, sizeof one);
    while (n < 0 && errno == EINTR);
    assert(n == sizeof one); /* the counter cannot be full: it is written only when it is 0 */
}

static void sleep_again(const struct queue *q)
{
    uint64_t sum;
    ssize_t n;

    do
        n = read(q->fd, &sum, sizeof sum);
    while (n < 0 && errno == EINTR);
    assert(n == sizeof sum);
}

bool queue_offer(struct queue *q, const void *item, size_t reserve)
{
    bool taken;

    lock(q);
    /* Written so that a reserve larger than the queue refuses all instead of wrapping round. */
    taken = q->count < q->capacity && reserve < q->capacity - q->count;
    if (taken) {
        memcpy(place(q, q->count), item, q->item_size);
        if (q->count++ == 0)
            wake(q);
    }
    unlock(q);
    return taken;
}

bool queue_put(struct queue *q, const void *item)
{
    return queue_offer(q, item, 0);
}

/* `count` items from the first, which does not wrap round. */
static void move(const struct queue *q, unsigned char *to, unsigned char *from, size_t count)
{
    memcpy(to, from, count * q->item_size);
    if (q->wipes)
        explicit_bzero(from, count * q->item_size);
}

size_t queue_take(struct queue *q, void *items, size_t most)
{
    unsigned char *to = items;
    size_t taken, head;

    lock(q);
    taken = q->count < most ? q->count : most;
    head = q->capacity - q->first < taken ? q->capacity - q->first : taken;
    move(q, to, place(q, 0), head);
    move(q, to + head * q->item_size, q->items, taken - head);
    q->first = (q->first + taken) % q->capacity;
    q->count -= taken;
    /* From its beginning again: a queue uses no more memory, and cache, than ever waited in it. */
    if (taken && q->count == 0) {
        q->first = 0;
        sleep_again(q);
    }
    unlock(q);
    return taken;
}

int queue_fd(const struct queue *q)
{
    return q->fd;
}

bool queue_wait(struct queue *q, int timeout)
{
    struct pollfd p = { .fd = q->fd, .events = POLLIN };

    /* A signal ends the wait early; callers loop anyway, and look what the signal asked for. */
    return poll(&p, 1, timeout) > 0;
}

size_t queue_length(struct queue *q)
{
    size_t count;

    lock(q);
    count = q->count;
    unlock(q);
    return count;
}

/* A ring of bytes under a mutex, in which each item has its size before it; with an eventfd that is
 * readable while the ring is not empty.
 * Putting into a queue that is not empty costs no system call: whoever finds it empty writes the
 * eventfd, and the reader clears it when it has emptied the ring. It is written when the mutex is
 * free again, or the reader would wake up only to wait for that. So a write may come late, when its
 * item was taken already: the reader then finds nothing, and clears it all the same. */
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

#include "sys/clock.h"

struct queue {
    pthread_mutex_t mutex; /* guards all below but sizes, descriptor and `wipes` */
    size_t item_size, capacity;
    size_t room; /* of the ring, in bytes: for `capacity` of the longest items */
    size_t first, used, count;
    uint64_t raised; /* how often the eventfd was written, or is about to be, and not read */
    int fd;
    bool wipes;
    unsigned char *ring;
};

struct queue *queue_new(size_t item_size, size_t capacity)
{
    struct queue *q = calloc(1, sizeof *q);

    assert(item_size > 0 && capacity > 0);
    if (!q)
        return NULL;
    q->item_size = item_size;
    q->capacity = capacity;
    q->room = capacity * (sizeof(size_t) + item_size);
    q->ring = calloc(capacity, sizeof(size_t) + item_size);
    q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!q->ring || q->fd < 0 || pthread_mutex_init(&q->mutex, NULL) != 0) {
        if (q->fd >= 0)
            close(q->fd);
        free(q->ring);
        free(q);
        return NULL;
    }
    return q;
}

/* How much from this place of the ring on lies in one piece. */
static size_t straight(const struct queue *q, size_t at, size_t size)
{
    return q->room - at < size ? q->room - at : size;
}

static void append(struct queue *q, const void *data, size_t size)
{
    size_t at = (q->first + q->used) % q->room, head = straight(q, at, size);

    memcpy(q->ring + at, data, head);
    memcpy(q->ring, (const unsigned char *)data + head, size - head);
    q->used += size;
}

/* The oldest bytes; nothing of them is left in a queue that wipes. */
static void move_out(struct queue *q, void *to, size_t size)
{
    size_t head = straight(q, q->first, size);

    memcpy(to, q->ring + q->first, head);
    memcpy((unsigned char *)to + head, q->ring, size - head);
    if (q->wipes) {
        explicit_bzero(q->ring + q->first, head);
        explicit_bzero(q->ring, size - head);
    }
    q->first = (q->first + size) % q->room;
    q->used -= size;
}

void queue_free(struct queue *q)
{
    if (!q)
        return;
    pthread_mutex_destroy(&q->mutex);
    close(q->fd);
    if (q->wipes) {
        size_t head = straight(q, q->first, q->used);

        explicit_bzero(q->ring + q->first, head);
        explicit_bzero(q->ring, q->used - head);
    }
    free(q->ring);
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
    assert(n == sizeof one); /* the counter is never near its end */
}

/* What is still to be written is cleared by a later look. */
static void sleep_again(struct queue *q)
{
    uint64_t sum;
    ssize_t n;

    do
        n = read(q->fd, &sum, sizeof sum);
    while (n < 0 && errno == EINTR);
    assert(n == sizeof sum || errno == EAGAIN);
    if (n == sizeof sum)
        q->raised -= sum;
}

bool queue_offer_pieces(struct queue *q, const struct queue_piece *pieces, size_t count,
                        size_t reserve)
{
    size_t size = 0;
    bool taken, first;

    for (size_t i = 0; i < count; i++)
        size += pieces[i].size;
    assert(size <= q->item_size);
    lock(q);
    /* Written so that a reserve larger than the queue refuses all instead of wrapping round. */
    taken = q->count < q->capacity && reserve < q->capacity - q->count;
    first = taken && q->count == 0;
    q->raised += first;
    if (taken) {
        append(q, &size, sizeof size);
        for (size_t i = 0; i < count; i++)
            append(q, pieces[i].data, pieces[i].size);
        q->count++;
    }
    unlock(q);
    if (first)
        wake(q);
    return taken;
}

bool queue_offer(struct queue *q, const void *item, size_t reserve)
{
    struct queue_piece whole = { item, q->item_size };

    return queue_offer_pieces(q, &whole, 1, reserve);
}

bool queue_put(struct queue *q, const void *item)
{
    return queue_offer(q, item, 0);
}

size_t queue_take(struct queue *q, void *items, size_t most)
{
    unsigned char *to = items;
    size_t taken, size;

    lock(q);
    taken = q->count < most ? q->count : most;
    for (size_t i = 0; i < taken; i++, to += q->item_size) {
        move_out(q, &size, sizeof size);
        move_out(q, to, size);
    }
    q->count -= taken;
    /* From its beginning again: a queue uses no more memory, and cache, than ever waited in it. */
    if (q->count == 0) {
        q->first = 0;
        if (q->raised)
            sleep_again(q);
    }
    unlock(q);
    return taken;
}

int queue_fd(const struct queue *q)
{
    return q->fd;
}

/* Is something there? If not, what says so is cleared. */
static bool look(struct queue *q)
{
    bool there;

    lock(q);
    there = q->count > 0;
    if (!there && q->raised)
        sleep_again(q);
    unlock(q);
    return there;
}

bool queue_wait(struct queue *q, int timeout)
{
    struct pollfd p = { .fd = q->fd, .events = POLLIN };
    msec end = timeout > 0 ? clock_now() + (msec)timeout : 0, now;

    while (!look(q)) {
        /* A signal ends the wait early; callers loop anyway, and look what the signal asked for. */
        if (poll(&p, 1, timeout) <= 0)
            return look(q);
        now = timeout > 0 ? clock_now() : 0;
        if (timeout > 0)
            timeout = end > now ? (int)(end - now) : 0;
    }
    return true;
}

size_t queue_length(struct queue *q)
{
    size_t count;

    lock(q);
    count = q->count;
    unlock(q);
    return count;
}

/* The queue between threads: order, bounds, the descriptor that wakes, and many writers at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include "sys/queue.h"
#include "sys/thread.h"

static bool readable(const struct queue *q)
{
    struct pollfd p = { .fd = queue_fd(q), .events = POLLIN };

    return poll(&p, 1, 0) == 1;
}

static void keeps_order_and_bound(void **state)
{
    struct queue *q = queue_new(sizeof(int), 3);
    int out[5] = { 0 }, in;

    (void)state;
    assert_non_null(q);
    for (in = 1; in <= 3; in++)
        assert_true(queue_put(q, &in));
    assert_false(queue_put(q, &in));
    assert_int_equal(queue_length(q), 3);
    assert_int_equal(queue_take(q, out, 2), 2);
    assert_int_equal(out[0], 1);
    assert_int_equal(out[1], 2);
    for (in = 4; in <= 5; in++) /* goes round the end */
        assert_true(queue_put(q, &in));
    assert_false(queue_put(q, &in));
    assert_int_equal(queue_take(q, out, 5), 3);
    assert_int_equal(out[0], 3);
    assert_int_equal(out[1], 4);
    assert_int_equal(out[2], 5);
    assert_int_equal(queue_take(q, out, 5), 0);
    queue_free(q);
    queue_free(NULL);
}

static void is_readable_while_not_empty(void **state)
{
    struct queue *q = queue_new(sizeof(int), 4);
    int item = 7, out[4];

    (void)state;
    assert_false(readable(q));
    assert_false(queue_wait(q, 0));
    assert_true(queue_put(q, &item));
    assert_true(queue_put(q, &item));
    assert_true(readable(q));
    assert_true(queue_wait(q, -1));
    assert_int_equal(queue_take(q, out, 1), 1);
    assert_true(readable(q)); /* one is left */
    assert_int_equal(queue_take(q, out, 0), 0);
    assert_true(readable(q));
    assert_int_equal(queue_take(q, out, 4), 1);
    assert_false(readable(q));
    assert_true(queue_put(q, &item));
    assert_true(readable(q));
    queue_free(q);
}

static void keeps_places_free(void **state)
{
    struct queue *q = queue_new(sizeof(int), 4);
    int item = 1;

    (void)state;
    assert_true(queue_offer(q, &item, 2));
    assert_true(queue_offer(q, &item, 2));
    assert_false(queue_offer(q, &item, 2));
    assert_false(queue_offer(q, &item, SIZE_MAX));
    assert_true(queue_put(q, &item));
    assert_true(queue_offer(q, &item, 0));
    assert_false(queue_put(q, &item));
    queue_free(q);
}

/* Of 1 to 16 bytes, by turns in one piece and in two, many times round the ring. */
static void takes_pieces(void **state)
{
    struct queue *q = queue_new(16, 5);
    unsigned char in[16], out[3][16];
    unsigned put = 0, taken = 0;

    (void)state;
    while (taken < 1000) {
        size_t size = 1 + put * 7 % 16, head = put % 3 ? size / 2 : size, n;
        struct queue_piece pieces[] = { { in, head }, { in + head, size - head } };

        memset(in, (int)(put & 0xff), sizeof in);
        if (queue_offer_pieces(q, pieces, put % 3 ? 2 : 1, 1)) {
            put++;
            continue;
        }
        assert_int_equal(queue_length(q), 4); /* the count is the bound, whatever their size */
        memset(out, 0xee, sizeof out);
        n = queue_take(q, out, 3);
        assert_int_equal(n, 3);
        for (size_t i = 0; i < n; i++, taken++) {
            size = 1 + taken * 7 % 16;
            for (size_t k = 0; k < 16; k++)
                assert_int_equal(out[i][k], k < size ? taken & 0xff : 0xee);
        }
    }
    queue_free(q);
}

/* Large items, so that one that is torn between two writers shows. */
struct letter {
    uint32_t writer, serial;
    uint64_t copies[30];
};

enum { WRITERS = 4, LETTERS = 20000 };

struct desk {
    struct queue *queue;
    uint32_t writer;
};

static void *write_letters(void *argument)
{
    const struct desk *desk = argument;
    struct letter l = { .writer = desk->writer };

    while (l.serial < LETTERS) {
        for (int i = 0; i < 30; i++)
            l.copies[i] = (uint64_t)l.writer << 32 | l.serial;
        if (queue_put(desk->queue, &l))
            l.serial++;
        else
            sched_yield();
    }
    return NULL;
}

static void check_letter(const struct letter *l, uint32_t expected[WRITERS])
{
    assert_true(l->writer < WRITERS);
    assert_int_equal(l->serial, expected[l->writer]++);
    for (int i = 0; i < 30; i++)
        assert_int_equal(l->copies[i], (uint64_t)l->writer << 32 | l->serial);
}

static void many_writers_one_reader(void **state)
{
    struct queue *q = queue_new(sizeof(struct letter), 64);
    struct desk desks[WRITERS];
    pthread_t threads[WRITERS];
    uint32_t expected[WRITERS] = { 0 }, total = 0;
    struct letter letters[10];

    (void)state;
    for (uint32_t i = 0; i < WRITERS; i++) {
        desks[i] = (struct desk){ q, i };
        assert_int_equal(thread_start(&threads[i], "letters", write_letters, &desks[i], NULL), 0);
    }
    while (total < WRITERS * LETTERS) {
        size_t n;

        assert_true(queue_wait(q, 30000)); /* a lost wake-up would end here */
        n = queue_take(q, letters, 10);
        for (size_t i = 0; i < n; i++)
            check_letter(&letters[i], expected);
        total += (uint32_t)n;
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(queue_length(q), 0);
    assert_int_equal(queue_take(q, letters, 10), 0); /* clears a wake-up that came late */
    assert_false(readable(q));
    assert_false(queue_wait(q, 1));
    queue_free(q);
}

static void *look_at_signals(void *blocked)
{
    pthread_sigmask(SIG_BLOCK, NULL, blocked);
    return NULL;
}

static void threads_leave_signals_alone(void **state)
{
    sigset_t before, inside, after;
    pthread_t thread;

    (void)state;
    sigemptyset(&inside);
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    assert_int_equal(
        thread_start(&thread, "a-name-that-is-too-long", look_at_signals, &inside, NULL), 0);
    pthread_join(thread, NULL);
    assert_int_equal(sigismember(&inside, SIGTERM), 1);
    assert_int_equal(sigismember(&inside, SIGHUP), 1);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    assert_int_equal(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_and_bound),   cmocka_unit_test(is_readable_while_not_empty),
        cmocka_unit_test(keeps_places_free),       cmocka_unit_test(takes_pieces),
        cmocka_unit_test(many_writers_one_reader), cmocka_unit_test(threads_leave_signals_alone),
    };

    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}

/* How many changes a second are on disk, alone and in turns of many, beside what the disk itself
 * can: a write and fdatasync of as many bytes to a plain file, in the same run. [--short] */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "store/store.h"
#include "sys/clock.h"
#include "sys/queue.h"

static char folder[64] = "/var/tmp/bench-store.XXXXXX";

static bool take(void *to, const struct store_event *ev)
{
    return queue_put(to, ev);
}

static void stop(const char *why)
{
    (void)fprintf(stderr, "bench_store: %s\n", why);
    exit(1);
}

/* A park as it is written: the call and the leg. */
static struct change_group park(uint64_t id)
{
    struct change_group g = { .token = id, .count = 2 };

    g.changes = calloc(2, sizeof *g.changes);
    if (!g.changes)
        stop("no memory");
    g.changes[0].type = CHANGE_CALL_PUT;
    g.changes[0].call.call.id = id;
    g.changes[0].call.call.state = CALL_SAVING;
    rules_default(&g.changes[0].call.call.rules);
    g.changes[1].type = CHANGE_LEG_PUT;
    g.changes[1].leg.leg = 2 * id + 1;
    g.changes[1].leg.call = id;
    memset(g.changes[1].leg.dialog, 'x', 1500);
    return g;
}

static void wait_for(struct queue *events, unsigned reports)
{
    struct store_event ev;

    while (reports > 0) {
        if (!queue_wait(events, 10000))
            stop("the store reports nothing");
        for (; reports > 0 && queue_take(events, &ev, 1) == 1; reports--) {
            if (ev.result != STORE_DONE)
                stop(ev.text);
        }
    }
}

/* Turns of `size` groups, each waited for, for `span`; groups a second. */
static double run_turns(struct store *s, struct queue *events, unsigned size, msec span)
{
    static uint64_t id;
    msec start = clock_now();
    uint64_t done = 0;

    while (clock_now() - start < span) {
        struct change_group groups[1024];

        for (unsigned i = 0; i < size; i++)
            groups[i] = park(++id);
        if (store_submit(s, groups, size) != 0)
            stop("the queue is full");
        wait_for(events, size);
        done += size;
    }
    return (double)done * 1000 / (double)(clock_now() - start);
}

/* What a commit has to do at least: append some pages and flush. Flushes a second. */
static double run_raw(msec span)
{
    static const char block[12 * 1024];
    char path[96];
    unsigned done = 0;
    msec start;
    int fd;

    (void)text_format(path, sizeof path, "%s/raw", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        stop("cannot write to /var/tmp");
    start = clock_now();
    for (; clock_now() - start < span; done++) {
        if (pwrite(fd, block, sizeof block, (off_t)(done % 300) * (off_t)sizeof block) < 0 ||
            fdatasync(fd) != 0)
            stop("cannot write to /var/tmp");
    }
    (void)close(fd);
    return (double)done * 1000 / (double)(clock_now() - start);
}

static void remove_all(void)
{
    static const char *const ends[] = { "raw", "db", "db-wal", "db-shm", "db.lock" };
    char path[96];

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        (void)text_format(path, sizeof path, "%s/%s", folder, ends[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

int main(int argc, char **argv)
{
    static const unsigned sizes[] = { 1, 10, 100, 1000 };
    msec span = argc > 1 && text_is(argv[1], "--short") ? 150 : 4000;
    struct queue *events = queue_new(sizeof(struct store_event), 4096);
    struct store *s;
    struct err err = { 0 };
    char url[96];

    if (!events || !mkdtemp(folder))
        stop("cannot write to /var/tmp");
    (void)text_format(url, sizeof url, "sqlite:%s/db", folder);
    if (store_open(&s, url, &err) != 0 || store_start(s, take, events, &err) != 0)
        stop(err.text);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        /* Before and after, as a disk is not as fast at every moment. */
        double before = run_raw(span / 2), rate = run_turns(s, events, sizes[i], span);
        double raw = (before + run_raw(span / 2)) / 2;

        printf("parks, %4u in a turn  %9.0f /s  %7.0f commits/s, %.2f of %.0f raw flushes/s\n",
               sizes[i], rate, rate / sizes[i], rate / sizes[i] / raw, raw);
    }
    store_close(s);
    queue_free(events);
    remove_all();
    return 0;
}

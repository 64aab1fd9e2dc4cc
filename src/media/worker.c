/* The thread of a worker: commands, then what is due to be sent, then what has come in, then sleep.
 */
#include "media/secure.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"
#include "media/srtp_cipher.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/queue.h"
#include "sys/thread.h"

#define COMMANDS_AT_ONCE 32
#define LATE_US 5000
#define FETCH_AHEAD 8 /* turns: as long as memory takes */

/* Alone in writing it, the worker needs no locked addition. */
void worker_add(_Atomic uint64_t *count, uint64_t more)
{
    uint64_t before = atomic_load_explicit(count, memory_order_relaxed);

    atomic_store_explicit(count, before + more, memory_order_relaxed);
}

static uint64_t interval_of(const struct pacer_node *node)
{
    return ((const struct stream *)node)->ptime;
}

static void obey(struct worker *w)
{
    struct command commands[COMMANDS_AT_ONCE];
    size_t count = queue_take(w->commands, commands, COMMANDS_AT_ONCE);

    for (size_t i = 0; i < count; i++)
        worker_do(w, &commands[i]);
    srtp_wipe(commands, count * sizeof *commands); /* keys */
}

/* After a tick has been sent: how late its packets left. */
static void note_lateness(struct worker *w, uint64_t tick, uint64_t packets)
{
    static const uint64_t step_us[LATE_STEPS - 1] = MEDIA_LATE_US;
    uint64_t due = pacer_time(&w->pacer, tick), now = clock_now_ns();
    uint64_t us = now > due ? (now - due) / 1000 : 0;
    size_t step = 0;

    while (step < LATE_STEPS - 1 && us >= step_us[step])
        step++;
    worker_add(&w->counts.late[step], packets);
    worker_add(&w->counts.late_us_sum, us * packets);
    if (us >= ROOM_LATE_US)
        w->late += packets;
    if (us >= LATE_US)
        worker_add(&w->counts.packets_late, packets);
    if (us > atomic_load_explicit(&w->counts.late_us_max, memory_order_relaxed))
        atomic_store_explicit(&w->counts.late_us_max, us, memory_order_relaxed);
}

/* In the 20 ms since its last turn a stream has left the processor's caches, and to walk along the
 * list of those that are due would be to wait for each of them. But their order hardly changes: who
 * had its turn so many turns later the last time is fetched now. It may be another's by now;
 * nothing is read of it. */
static void fetch_ahead(struct stream **recent, struct stream *s)
{
    if (*recent)
        (*recent)->ahead = s;
    *recent = s;
    for (size_t at = 0; s->ahead && at < STREAM_HOT; at += CACHE_LINE)
        __builtin_prefetch((const char *)s->ahead + at, 1);
}

/* Of the next one, and the one behind it. */
static void fetch_keys(const struct pacer_node *next)
{
    const struct stream *one = (const struct stream *)next;
    const struct stream *other = one ? (const struct stream *)next->next : NULL;

    if (other && other->secure)
        secure_fetch(other->secure);
    if (one && one->secure)
        secure_fetch_more(one->secure);
}

static void send_tick(struct worker *w, uint64_t tick, struct pacer_node *node)
{
    struct stream *recent[FETCH_AHEAD] = { NULL };
    uint64_t before = w->counts.packets_out;
    struct pacer_node *next;

    for (size_t turn = 0; node; node = next, turn++) {
        struct stream **place = &recent[turn % FETCH_AHEAD], *s = (struct stream *)node;

        next = node->next;
        fetch_ahead(place, s);
        fetch_keys(next);
        if (play_turn(w, s, tick))
            pacer_add(&w->pacer, node, node->due + s->ptime);
        else
            *place = NULL; /* it is no longer ours */
    }
    send_flush(w);
    if (w->counts.packets_out != before)
        note_lateness(w, tick, w->counts.packets_out - before);
}

static void send_due(struct worker *w, uint64_t now_ns)
{
    struct pacer_node *due;
    uint64_t tick;

    worker_add(&w->counts.packets_skipped, pacer_skip(&w->pacer, now_ns, interval_of));
    while (pacer_take(&w->pacer, now_ns, &tick, &due))
        if (due)
            send_tick(w, tick, due);
}

static struct room_done done_so_far(const struct worker *w)
{
    return (struct room_done){
        .used_ns = clock_used_ns(),
        .sent = atomic_load_explicit(&w->counts.packets_out, memory_order_relaxed),
        .late = w->late,
    };
}

/* How it spends its time, for whoever wants to give it more streams. */
static void look_at_room(struct worker *w, uint64_t now_ns)
{
    struct room_done done;

    if (!room_is_due(&w->room, now_ns))
        return;
    done = done_so_far(w);
    room_look(&w->room, now_ns, &done, w->pacer.waiting);
    atomic_store_explicit(&w->counts.fits, room_fits(&w->room, w->pacer.waiting),
                          memory_order_relaxed);
    atomic_store_explicit(&w->counts.busy, w->room.busy, memory_order_relaxed);
}

/* Sleep until something is due, a command comes, or a packet; packets only once in a tick, so that
 * under load they are taken many at a time. Returns what time it is then. */
static uint64_t rest(struct worker *w)
{
    uint64_t now = clock_now_ns(), tick = pacer_next(&w->pacer), until = UINT64_MAX, woken;
    struct pollfd p = { .fd = w->epoll, .events = POLLIN };
    struct timespec t;

    if (tick != UINT64_MAX)
        until = pacer_time(&w->pacer, tick);
    if (now < w->receive_again) {
        p.fd = queue_fd(w->commands);
        until = until < w->receive_again ? until : w->receive_again;
    }
    if (until <= now)
        return now;
    t.tv_sec = (time_t)((until - now) / 1000000000);
    t.tv_nsec = (long)((until - now) % 1000000000);
    (void)ppoll(&p, 1, until == UINT64_MAX ? NULL : &t,
                NULL); /* interrupted: the loop comes back */
    woken = clock_now_ns();
    room_slept(&w->room, now, woken < until ? woken : until);
    return woken;
}

static void *run(void *argument)
{
    struct worker *w = argument;
    struct room_done nothing = done_so_far(w);
    uint64_t now = clock_now_ns();

    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* else every wake-up is 50 us late */
    /* A burst of INVITEs on the same core delays no packet. Who may not do it (RLIMIT_NICE) shares
     * alike; to the kernel 0 is this thread alone. */
    (void)setpriority(PRIO_PROCESS, 0, MEDIA_NICE);
    room_begin(&w->room, now, &nothing);
    while (!w->stopping) {
        look_at_room(w, now);
        send_due(w, now); /* first: it brings the wheel up to date after a long sleep */
        obey(w);
        now = clock_now_ns();
        if (now >= w->receive_again) {
            uint64_t before = w->counts.packets_in;

            receive_all(w, now);
            if (w->counts.packets_in != before)
                w->receive_again = now + PACER_TICK_NS;
        }
        if (!w->stopping)
            now = rest(w);
    }
    return NULL;
}

static int watch(const struct worker *w, int fd, uint64_t key)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.u64 = key };

    return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev) == 0 ? 0 : -errno;
}

static int watch_shared(struct worker *w)
{
    int failed = watch(w, queue_fd(w->commands), WATCH_COMMANDS);

    for (uint32_t family = FAMILY_4; family < FAMILIES && !failed; family++) {
        const struct lane *lane = &w->lane[family];

        batch_init(&w->batch[family], lane->rtp);
        if (lane->rtp < 0)
            continue;
        failed = watch(w, lane->rtp, WATCH_SHARED | family);
        if (!failed)
            failed = watch(w, lane->rtcp, WATCH_SHARED | WATCH_RTCP | family);
    }
    return failed;
}

static void prepare_receiving(struct worker *w)
{
    for (size_t i = 0; i < RECEIVE_BATCH; i++) {
        w->in_part[i] = (struct iovec){ .iov_base = w->in_bytes[i], .iov_len = RECEIVE_SIZE };
        w->in[i].msg_hdr = (struct msghdr){ .msg_name = &w->in_from[i],
                                            .msg_namelen = sizeof w->in_from[i],
                                            .msg_iov = &w->in_part[i],
                                            .msg_iovlen = 1 };
    }
}

int worker_start(struct worker *w, struct shared *shared, unsigned number, uint64_t seed,
                 size_t commands, struct err *err)
{
    char name[16];
    bool tables;

    w->shared = shared;
    w->number = number;
    w->random = seed | 1;
    atomic_store_explicit(&w->counts.fits, room_fits(&w->room, 0), memory_order_relaxed);
    pacer_init(&w->pacer, clock_now_ns());
    prepare_receiving(w);
    tables = sources_init(&w->sources[FAMILY_4], shared->streams_max, seed) &&
             sources_init(&w->sources[FAMILY_6], shared->streams_max, seed);
    w->commands = queue_new(sizeof(struct command), commands);
    if (w->commands)
        queue_wipe(w->commands);
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!tables || !w->commands || w->epoll < 0 || watch_shared(w) != 0)
        return err_set(err, -ENOMEM, "media: not enough memory or descriptors for worker %u",
                       number);
    (void)text_format(name, sizeof name, "media-%u", number);
    return thread_start(&w->thread, name, run, w, err);
}

void worker_stop(struct worker *w)
{
    struct command stop = { .type = CMD_STOP };

    if (w->thread) {
        while (!queue_put(w->commands, &stop)) /* full: the worker is emptying it */
            usleep(1000);
        pthread_join(w->thread, NULL);
        w->thread = 0;
    }
    for (size_t family = FAMILY_4; family < FAMILIES; family++) {
        sources_done(&w->sources[family]);
        lane_close(&w->lane[family]);
    }
    if (w->epoll >= 0)
        close(w->epoll);
    queue_free(w->commands);
    w->commands = NULL;
}

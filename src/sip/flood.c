/* Floods over UDP: how full the sockets' queues are is looked at many times a second, and the
 * kernel is told to drop a share of what would begin something (thin.h), so that what belongs to
 * a call, and who retrieves one, is read in time. */
#include "sip/edge.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "sip/flood.h"
#include "sip/thin.h"
#include "sip/watch.h"
#include "sys/log.h"

#define LOOK_MSEC 50

struct watched_socket {
    int fd;
    unsigned share; /* that is dropped, of THIN_WHOLE; 0: no program is attached */
    bool failed;    /* no program can be attached: the log has said so */
};

struct flood {
    struct watched_socket at[SIP_LISTEN_MAX];
    unsigned count;
    struct thin orbits;
    unsigned told; /* the share that the log has told of; 0: none */
    su_timer_t *timer;
    struct sock_filter program[THIN_PROGRAM_MAX];
};

/* ---- the program ---- */

static int detach(int fd)
{
    return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &(int){ 0 }, sizeof(int));
}

static void attach(struct flood *f, struct watched_socket *w, unsigned share)
{
    struct sock_fprog program = { .filter = f->program };
    int result;

    if (share) {
        program.len = (unsigned short)thin_program(f->program, &f->orbits, share);
        result = setsockopt(w->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
    } else {
        result = detach(w->fd);
    }
    if (!result) {
        w->share = share;
        return;
    }
    if (!w->failed)
        log_warning("sip",
                    "a flood cannot be thinned out by the system: %s; it is read and "
                    "refused as far as there is time",
                    strerror(errno));
    w->failed = true;
}

/* Once when it begins to matter, and once when it is over. */
static void tell(struct flood *f, unsigned share)
{
    if (share >= THIN_WHOLE / 10 && !f->told) {
        log_warning("sip",
                    "more comes in than can be read: the system drops a share of what "
                    "begins something new, now %u %%; calls that are here, and who "
                    "retrieves one, pass",
                    100 * share / THIN_WHOLE);
        f->told = share;
    } else if (!share && f->told) {
        log_info("sip", "everything that comes in is read again");
        f->told = 0;
    }
}

static void look(struct sip *s, su_timer_t *timer, void *unused)
{
    struct flood *f = s->flood;
    unsigned most = 0;
    uint64_t dropped = 0;

    (void)unused;
    for (unsigned i = 0; i < f->count; i++) {
        struct watched_socket *w = &f->at[i];
        uint32_t memory[SK_MEMINFO_VARS] = { 0 };
        socklen_t size = sizeof memory;
        unsigned share;

        if (getsockopt(w->fd, SOL_SOCKET, SO_MEMINFO, memory, &size))
            continue;
        share = thin_share(w->share, memory[SK_MEMINFO_RMEM_ALLOC], memory[SK_MEMINFO_RCVBUF]);
        if (share != w->share)
            attach(f, w, share);
        most = w->share > most ? w->share : most;
        dropped += memory[SK_MEMINFO_DROPS];
    }
    atomic_store_explicit(&s->counters.thinned, most, memory_order_relaxed);
    atomic_store_explicit(&s->counters.unread, dropped, memory_order_relaxed);
    tell(f, most);
    su_timer_set(timer, look, NULL);
}

/* ---- its life ---- */

bool flood_start(struct sip *s)
{
    struct flood *f = calloc(1, sizeof *f);

    s->flood = f;
    if (!f)
        return false;
    for (unsigned i = 0; i < s->listener_count; i++) {
        const struct listener *l = &s->listeners[i];

        if (!text_is(l->transport, "udp") || l->socket < 0)
            continue;
        f->at[f->count++].fd = l->socket;
        (void)detach(
            l->socket); /* a kept one may have what the last run attached; most have none */
    }
    if (!f->count)
        return true;
    f->timer = su_timer_create(su_root_task(s->root), LOOK_MSEC);
    if (f->timer)
        su_timer_set(f->timer, look, NULL);
    return f->timer != NULL;
}

void flood_stop(struct sip *s)
{
    if (s->flood && s->flood->timer)
        su_timer_destroy(s->flood->timer);
    free(s->flood);
    s->flood = NULL;
}

void flood_ranges(struct sip *s)
{
    struct flood *f = s->flood;

    if (!f)
        return;
    memset(&f->orbits, 0, sizeof f->orbits);
    for (size_t i = 0; i < s->watches->range_count; i++)
        thin_add(&f->orbits, s->watches->ranges[i].first, s->watches->ranges[i].last);
    for (unsigned i = 0; i < f->count; i++)
        if (f->at[i].share)
            attach(f, &f->at[i], f->at[i].share);
}

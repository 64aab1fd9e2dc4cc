/* The loop's side of the media edge: how its streams are spread over the workers, and what those
 * have counted. Not for what a leg is told, see media.c. */
#include "media/setup.h"

#include "sys/queue.h"

#define KEPT_PART 8 /* of streams_max, one in so many is for those who come for a parked call */

bool media_send(struct media *m, const struct leg *leg, const struct command *c)
{
    return queue_put(m->workers[leg->worker].commands, c);
}

bool media_send_close(struct media *m, struct leg *leg)
{
    struct command c = { .type = CMD_CLOSE, .stream = leg->number };

    leg->closing = !media_send(m, leg, &c);
    return !leg->closing;
}

static void give_back(struct media *m, uint32_t number)
{
    const struct leg *leg = &m->legs.all[number];

    if (leg->own_lane)
        ports_give_back(&m->ports, leg->family, leg->port);
    m->load[leg->worker]--;
    media_leg_give_back(&m->legs, number);
}

void media_settle(struct media *m)
{
    uint32_t gone[32];
    size_t count;

    while ((count = queue_take(m->shared.gone, gone, sizeof gone / sizeof *gone)) > 0)
        for (size_t i = 0; i < count; i++) {
            if (gone[i] & PIECE_GONE)
                pieces_dropped(&m->pieces, gone[i] & ~PIECE_GONE);
            else
                give_back(m, gone[i]);
        }
    for (uint32_t i = 0; m->closing > 0 && i < m->legs.most; i++)
        if (m->legs.all[i].closing && media_send_close(m, &m->legs.all[i]))
            m->closing--;
    if (m->pieces.leaving)
        media_ask_to_drop(m);
}

static struct room_seen seen(const struct media *m, uint32_t worker)
{
    return (struct room_seen){
        .fits = atomic_load_explicit(&m->workers[worker].counts.fits, memory_order_relaxed),
        .streams = m->load[worker],
    };
}

uint32_t media_choose_worker(const struct media *m, leg_id near)
{
    const struct leg *other = media_leg_find(&m->legs, near);
    struct room_seen all[WORKERS_MAX];

    if (other)
        return other->worker;
    for (uint32_t i = 0; i < m->config.workers; i++)
        all[i] = seen(m, i);
    return room_choose(all, m->config.workers);
}

static uint32_t room(const struct media *m)
{
    uint32_t most = m->legs.most, kept = most >= KEPT_PART ? most / KEPT_PART : most > 1;
    uint32_t numbers = most - kept > m->legs.used ? most - kept - m->legs.used : 0;
    uint64_t sum = 0;

    for (uint32_t i = 0; i < m->config.workers; i++)
        sum += room_left(seen(m, i));
    return sum < numbers ? (uint32_t)sum : numbers;
}

uint32_t media_room(struct media *m)
{
    media_settle(m); /* while nobody is parked nothing else may ask for it */
    return room(m);
}

void media_count(const struct media *m, struct media_counts *out)
{
    *out = (struct media_counts){ .ports_used = m->ports.used,
                                  .room = room(m),
                                  .workers = m->config.workers };
    for (unsigned i = 0; i < m->config.workers; i++) {
        const struct worker_counts *c = &m->workers[i].counts;
        uint64_t late = atomic_load_explicit(&c->late_us_max, memory_order_relaxed);

        out->streams += m->load[i];
        out->worker[i].streams = m->load[i];
        out->worker[i].busy = atomic_load_explicit(&c->busy, memory_order_relaxed);
        out->packets_out += atomic_load_explicit(&c->packets_out, memory_order_relaxed);
        out->packets_in += atomic_load_explicit(&c->packets_in, memory_order_relaxed);
        out->packets_dropped += atomic_load_explicit(&c->packets_dropped, memory_order_relaxed);
        out->packets_late += atomic_load_explicit(&c->packets_late, memory_order_relaxed);
        out->packets_skipped += atomic_load_explicit(&c->packets_skipped, memory_order_relaxed);
        out->late_us_sum += atomic_load_explicit(&c->late_us_sum, memory_order_relaxed);
        out->srtp_refused += atomic_load_explicit(&c->srtp_refused, memory_order_relaxed);
        out->send_errors += atomic_load_explicit(&c->send_errors, memory_order_relaxed);
        for (size_t step = 0; step < MEDIA_LATE_STEPS; step++)
            out->late[step] += atomic_load_explicit(&c->late[step], memory_order_relaxed);
        if (late > out->late_us_max)
            out->late_us_max = late;
    }
}

/* Streams of before a restart, taken up again: the ports that were kept for them, and the leg as it
 * was with an SSRC that is new. Not for what is agreed on it, which is media_agree()'s. */
#include "media/setup.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "sys/queue.h"

#define WORKER_PATIENCE 5000 /* msec; a worker takes what it is told within a few */

static uint8_t family_of(const struct session_local *local)
{
    struct endpoint e;

    return endpoint_any(&e, local->rtp.host, local->rtp.port) ? e.family : FAMILY_NONE;
}

void media_keep_workers(struct media *m)
{
    for (size_t i = 0; i < m->config.kept_count; i++) {
        unsigned shared = m->config.kept[i].shared;

        if (shared > m->config.workers && shared <= WORKERS_MAX)
            m->config.workers = shared;
    }
}

void media_keep_ports(struct media *m)
{
    for (size_t i = 0; i < m->config.kept_count; i++)
        ports_keep(&m->ports, family_of(&m->config.kept[i]), m->config.kept[i].rtp.port);
}

uint16_t media_kept_port(const struct media *m, unsigned worker, uint8_t family)
{
    for (size_t i = 0; i < m->config.kept_count; i++)
        if (m->config.kept[i].shared == worker + 1 && family_of(&m->config.kept[i]) == family)
            return m->config.kept[i].rtp.port;
    return 0;
}

void media_restore_end(struct media *m)
{
    ports_keep_none(&m->ports);
}

static void nap(void)
{
    struct timespec moment = { .tv_nsec = 1000000 };

    (void)nanosleep(&moment, NULL); /* shorter, if a signal comes */
}

void media_restore_wait(struct media *m)
{
    for (unsigned i = 0; i < m->config.workers; i++)
        for (int n = 0; n < WORKER_PATIENCE && queue_length(m->workers[i].commands) > 0; n++)
            nap();
}

/* ---- a leg ---- */

/* The worker whose legs share this port; `workers` for none. */
static uint32_t sharer(const struct media *m, uint8_t family, uint16_t port)
{
    uint32_t i = 0;

    while (i < m->config.workers &&
           (m->workers[i].lane[family].port != port || m->workers[i].lane[family].rtp < 0))
        i++;
    return i;
}

static int find_lane(struct media *m, struct leg *leg, const struct media_restored *r,
                     struct lane *lane, struct err *err)
{
    uint16_t port = r->local.rtp.port;
    int failed;

    leg->family = family_of(&r->local);
    if (leg->family == FAMILY_NONE || m->bound[leg->family].family == FAMILY_NONE)
        return err_set(err, -EAFNOSUPPORT, "media: its audio came in at %s, which is not served",
                       r->local.rtp.host);
    leg->worker = sharer(m, leg->family, port);
    leg->own_lane = leg->worker == m->config.workers;
    if (!leg->own_lane) {
        *lane = m->workers[leg->worker].lane[leg->family];
        leg->port = port;
        return 0;
    }
    leg->worker = media_choose_worker(m, r->near);
    failed = lane_open_at(lane, &m->ports, &m->bound[leg->family], port, false, err);
    leg->own_lane = !failed;
    leg->port = port;
    return failed;
}

/* Ours as it was. What was sent with this key had another SSRC, so the same key and numbers never
 * meet again although the numbers begin anew (RFC 3711 9.1). */
static int take_local(struct media *m, struct leg *leg, const struct media_restored *r,
                      struct err *err)
{
    int failed = media_leg_keys(m, leg, NULL, err); /* those of DTLS and ICE: for a later offer */

    if (failed)
        return failed;
    leg->local.rtp = r->local.rtp;
    if (r->agreed.keying == KEYING_SDES)
        memcpy(leg->local.key, r->local.key, sizeof leg->local.key);
    do {
        if (getrandom(&leg->local.ssrc, sizeof leg->local.ssrc, 0) != sizeof leg->local.ssrc)
            return err_set(err, -EIO, "media: no random number: %s", strerror(errno));
    } while (leg->local.ssrc == 0 || leg->local.ssrc == r->local.ssrc);
    (void)endpoint_any(&leg->signalled, r->signalled_from, 0); /* as at media_open() */
    (void)endpoint_read(&leg->expected, r->agreed.rtp.host, r->agreed.rtp.port);
    leg->seeks = r->agreed.keying == KEYING_SDES;
    return 0;
}

static int start_stream(struct media *m, struct leg *leg, const struct media_restored *r,
                        const struct lane *lane, struct err *err)
{
    struct command c = { .type = CMD_OPEN,
                         .stream = leg->number,
                         .open = { .leg = leg->leg,
                                   .ice = leg->local.ice,
                                   .ssrc = leg->local.ssrc,
                                   .own_lane = leg->own_lane,
                                   .lane = *lane,
                                   .expected = leg->expected,
                                   .signalled = leg->signalled } };

    (void)endpoint_read(&c.open.recalled, r->source.host, r->source.port);
    if (c.open.recalled.family != leg->family)
        c.open.recalled.family = FAMILY_NONE;
    for (int n = 0; n < WORKER_PATIENCE; n++) {
        if (media_send(m, leg, &c))
            return 0;
        nap();
    }
    return err_set(err, -EAGAIN, "media: worker %u has too much to do", leg->worker);
}

static int agree(struct media *m, leg_id id, const struct media_restored *r, struct err *err)
{
    int failed = -EAGAIN;

    for (int n = 0; n < WORKER_PATIENCE && failed == -EAGAIN; n++) {
        failed = media_agree(m, id, &r->agreed);
        if (!failed)
            failed = media_music(m, id, r->music);
        if (failed == -EAGAIN)
            nap();
    }
    return failed ? err_set(err, failed, "media: what was agreed on it cannot be met: %s",
                            strerror(-failed))
                  : 0;
}

static int set_up(struct media *m, struct leg *leg, const struct media_restored *r,
                  struct lane *lane, struct err *err)
{
    int failed = take_local(m, leg, r, err);

    if (!failed)
        failed = find_lane(m, leg, r, lane, err);
    return failed ? failed : start_stream(m, leg, r, lane, err);
}

int media_restore(struct media *m, leg_id id, const struct media_restored *r,
                  struct session_local *local, struct err *err)
{
    struct lane lane = LANE_NONE;
    struct leg *leg;
    int failed;

    media_settle(m);
    if (r->agreed.keying == KEYING_DTLS)
        return err_set(err, -ENOTSUP,
                       "media: the keys of its audio came by a DTLS handshake, and went with the "
                       "process that had them");
    if (media_leg_find(&m->legs, id))
        return err_set(err, -EEXIST, "media: the leg has a stream already");
    leg = media_leg_take(&m->legs, id);
    if (!leg)
        return err_set(err, -ENOSPC, "media: all %u streams are in use (streams-max)",
                       m->legs.most);
    failed = set_up(m, leg, r, &lane, err);
    if (failed) {
        media_leg_give_up(m, leg, &lane);
        return failed;
    }
    if (!leg->own_lane)
        media_leg_claim(&m->legs, leg);
    m->load[leg->worker]++;
    media_leg_port(leg, r->agreed.rtcp_mux);
    failed = agree(m, id, r, err);
    if (failed) {
        (void)media_close(m, id); /* a full queue: it is closed later */
        return failed;
    }
    return media_local(m, id, local);
}

/* Starting and stopping: sounds, tables, lanes, threads. */
#include "media/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/text.h"
#include "media/dtls.h"
#include "media/path.h"
#include "media/secure.h"
#include "sys/queue.h"

#define COMMANDS_MIN 1024
#define PAGE_LARGE ((size_t)2 << 20)

static int check_bind(struct media *m, enum family family, const char *bind_to,
                      const char *advertise, struct err *err)
{
    static const uint8_t nowhere[16];
    struct endpoint *bound = &m->bound[family], told;

    *bound = (struct endpoint){ .family = FAMILY_NONE };
    if (!*bind_to)
        return 0;
    if (!endpoint_any(bound, bind_to, 0) || bound->family != family)
        return err_set(err, -EINVAL, "media: '%s' is no IPv%d address to bind to", bind_to,
                       family == FAMILY_4 ? 4 : 6);
    m->bound_to_all[family] = memcmp(bound->host, nowhere, sizeof nowhere) == 0;
    if (*advertise && (!endpoint_read(&told, advertise, 9) || told.family != family))
        return err_set(err, -EINVAL, "media: '%s' is no IPv%d address that phones could send to",
                       advertise, family == FAMILY_4 ? 4 : 6);
    return 0;
}

static int check(struct media *m, struct err *err)
{
    const struct media_config *c = &m->config;
    int failed;

    if (c->workers < 1 || c->workers > WORKERS_MAX)
        return err_set(err, -EINVAL, "media: %u workers; 1 to %d are possible", c->workers,
                       WORKERS_MAX);
    if (c->streams_max < 1 || c->streams_max > LEGS_MAX)
        return err_set(err, -EINVAL, "media: streams-max is %u; 1 to %d are possible",
                       c->streams_max, LEGS_MAX);
    if (c->port_first < 2 || c->port_last <= c->port_first)
        return err_set(err, -EINVAL, "media: rtp-ports %u-%u is no range of ports", c->port_first,
                       c->port_last);
    failed = check_bind(m, FAMILY_4, c->bind4, c->advertise4, err);
    if (!failed)
        failed = check_bind(m, FAMILY_6, c->bind6, c->advertise6, err);
    if (!failed && !*c->bind4 && !*c->bind6)
        return err_set(err, -EINVAL, "media: no address to bind to");
    return failed;
}

static int load_sounds(struct media *m, struct err *err)
{
    int failed = music_load(&m->shared.music, m->config.music, err);

    if (!failed)
        failed = sound_make_silence(&m->shared.silence, 1000, err);
    if (!failed)
        failed = prompts_load(&m->shared.prompts, m->config.prompts, err);
    return failed;
}

/* Asked for at once and touched as streams come: memory that is never used costs nothing. In pages
 * as large as they come, since with small ones the processor would look up where a stream is for
 * each of its packets. NULL: there is not enough. */
static void *reserve(struct shared *shared, size_t size)
{
    shared->memory_size = size + PAGE_LARGE;
    shared->memory = mmap(NULL, shared->memory_size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (shared->memory == MAP_FAILED) {
        shared->memory = NULL;
        return NULL;
    }
    shared->streams =
        (void *)((char *)shared->memory + (-(uintptr_t)shared->memory & (PAGE_LARGE - 1)));
    (void)madvise(shared->streams, size, MADV_HUGEPAGE); /* without, all the same */
    return shared->streams;
}

static int make_tables(struct media *m, uint64_t seed, struct err *err)
{
    uint32_t most = m->config.streams_max;

    m->shared.streams_max = most;
    (void)text_copy(m->shared.cname, sizeof m->shared.cname, m->config.cname);
    (void)reserve(&m->shared, most * sizeof *m->shared.streams);
    m->shared.relays = calloc(most, sizeof *m->shared.relays);
    m->shared.gone = queue_new(sizeof(uint32_t), most + MEDIA_PIECES_MAX * WORKERS_MAX);
    m->workers = aligned_alloc(_Alignof(struct worker), m->config.workers * sizeof *m->workers);
    ports_init(&m->ports, m->config.port_first, m->config.port_last);
    media_keep_ports(m);
    if (!m->shared.streams || !m->shared.relays || !m->shared.gone || !m->workers ||
        !media_leg_init(&m->legs, most, seed))
        return err_set(err, -ENOMEM, "media: not enough memory for %u streams", most);
    memset(m->workers, 0, m->config.workers * sizeof *m->workers);
    for (unsigned i = 0; i < m->config.workers; i++) {
        m->workers[i].epoll = -1;
        for (size_t family = 0; family < FAMILIES; family++)
            m->workers[i].lane[family] = LANE_NONE;
    }
    return 0;
}

/* Where its legs were before a restart, if there are any; else, or when somebody else is there by
 * now, on any pair. */
static int open_shared(struct media *m, unsigned number, uint8_t family, struct err *err)
{
    struct lane *lane = &m->workers[number].lane[family];
    uint16_t port = media_kept_port(m, number, family);

    if (port && !lane_open_at(lane, &m->ports, &m->bound[family], port, true, NULL))
        return 0;
    return lane_open(lane, &m->ports, &m->bound[family], true, err);
}

static int start_worker(struct media *m, unsigned number, uint64_t seed, struct err *err)
{
    struct worker *w = &m->workers[number];
    size_t commands = m->config.streams_max / 8;
    int failed = 0;

    for (uint8_t family = FAMILY_4; family < FAMILIES && !failed; family++)
        if (m->bound[family].family != FAMILY_NONE)
            failed = open_shared(m, number, family, err);
    if (failed)
        return failed;
    return worker_start(w, &m->shared, number, seed + number,
                        commands > COMMANDS_MIN ? commands : COMMANDS_MIN, err);
}

int media_start(struct media **out, const struct media_config *config, media_report *report,
                void *to, struct err *err)
{
    struct media *m = calloc(1, sizeof *m);
    uint64_t seed;
    int failed;

    if (!m)
        return err_set(err, -ENOMEM, "media: not enough memory");
    m->config = *config;
    media_keep_workers(m);
    m->shared.report = report;
    m->shared.to = to;
    m->shared.consent = config->consent ? config->consent : PATH_CONSENT;
    failed = check(m, err);
    if (!failed)
        failed = dtls_identity_new(&m->identity, err);
    m->shared.identity = m->identity;
    if (!failed && getrandom(&seed, sizeof seed, 0) != sizeof seed)
        failed = err_set(err, -EIO, "media: no random number: %s", strerror(errno));
    if (!failed)
        failed = load_sounds(m, err);
    if (!failed)
        failed = make_tables(m, seed, err);
    for (unsigned i = 0; !failed && i < m->config.workers; i++)
        failed = start_worker(m, i, seed, err);
    m->config.kept = NULL;
    if (failed) {
        media_stop(m);
        return failed;
    }
    *out = m;
    return 0;
}

/* The calls outlive this process (a restart finds them again), so nobody gets a BYE here. */
static void close_streams(struct media *m)
{
    for (uint32_t i = 0; m->shared.streams && i < m->shared.streams_max; i++) {
        struct stream *s = &m->shared.streams[i];

        if (s->state != STREAM_OPEN)
            continue;
        relay_done(&m->shared.relays[i]);
        path_done(s);
        secure_done(s);
        if (s->own_lane)
            lane_close(&s->lane);
    }
}

void media_stop(struct media *m)
{
    if (!m)
        return;
    for (unsigned i = 0; m->workers && i < m->config.workers; i++)
        worker_stop(&m->workers[i]);
    close_streams(m);
    free(m->workers);
    media_leg_done(&m->legs);
    queue_free(m->shared.gone);
    free(m->shared.relays);
    if (m->shared.memory)
        (void)munmap(m->shared.memory, m->shared.memory_size);
    pieces_done(&m->pieces);
    prompts_free(m->shared.prompts);
    sound_done(&m->shared.silence);
    sound_done(&m->shared.music);
    dtls_identity_free(m->identity);
    free(m);
}

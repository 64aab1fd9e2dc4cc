/* What most tests of the engine begin with. */
#include "media_engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "sys/queue.h"

static bool report(void *to, const struct media_event *ev)
{
    return queue_put(to, ev);
}

/* Below the ports that the system gives out by itself; another one when somebody has these. */
#define PORTS_FIRST 10000
#define PORTS_STEP 1000
#define PORTS_STEPS 22

static void start(struct engine *e, uint32_t streams_max, unsigned workers, msec consent)
{
    struct media_config c = { .bind4 = "127.0.0.1",
                              .bind6 = "::1",
                              .workers = workers,
                              .streams_max = streams_max,
                              .consent = consent,
                              .cname = "callpark@test" };
    struct err err = { 0 };

    e->media = NULL;
    e->events = queue_new(sizeof(struct media_event), 256);
    assert_non_null(e->events);
    for (unsigned i = 0; i < PORTS_STEPS && !e->media; i++) {
        unsigned step = ((unsigned)getpid() + i) % PORTS_STEPS;

        c.port_first = (uint16_t)(PORTS_FIRST + step * PORTS_STEP);
        c.port_last = (uint16_t)(c.port_first + PORTS_STEP - 1);
        if (media_start(&e->media, &c, report, e->events, &err))
            e->media = NULL;
    }
    if (!e->media)
        fail_msg("%s", err.text);
    e->config = c;
}

void engine_restart(struct engine *e, const struct session_local *kept, size_t count)
{
    struct err err = { 0 };

    media_stop(e->media);
    e->config.kept = kept;
    e->config.kept_count = count;
    if (media_start(&e->media, &e->config, report, e->events, &err))
        fail_msg("%s", err.text);
    e->config.kept = NULL;
}

void engine_start(struct engine *e, uint32_t streams_max)
{
    engine_start_workers(e, streams_max, 1);
}

void engine_start_workers(struct engine *e, uint32_t streams_max, unsigned workers)
{
    start(e, streams_max, workers, 0);
}

void engine_start_consent(struct engine *e, msec consent)
{
    start(e, 8, 1, consent);
}

void engine_stop(struct engine *e)
{
    media_stop(e->media);
    queue_free(e->events);
}

int engine_begin(void **state)
{
    static struct engine e;

    engine_start(&e, 64);
    *state = &e;
    return 0;
}

int engine_end(void **state)
{
    engine_stop(*state);
    return 0;
}

struct media_event engine_wait(struct engine *e, enum media_event_type type, leg_id leg)
{
    struct media_event ev;

    while (queue_wait(e->events, PHONE_PATIENCE))
        while (queue_take(e->events, &ev, 1) == 1)
            if (ev.type == type && ev.leg == leg)
                return ev;
    fail_msg("no event %d of leg %d", (int)type, (int)leg);
    return ev;
}

bool engine_has(struct engine *e, enum media_event_type type, leg_id leg)
{
    struct media_event ev;
    bool found = false;

    while (queue_take(e->events, &ev, 1) == 1)
        found = found || (ev.type == type && ev.leg == leg);
    return found;
}

void engine_connect(struct engine *e, struct phone *p, leg_id leg, leg_id near,
                    struct session_local *local)
{
    struct session_offer offer;
    struct session session;
    struct err err = { 0 };

    phone_offer(p, &offer);
    phone_session(p, &session);
    if (media_open(e->media, leg, &offer, p->address.host, near, local, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(media_agree(e->media, leg, &session), 0);
}

struct media_event engine_close(struct engine *e, leg_id leg)
{
    assert_int_equal(media_close(e->media, leg), 0);
    return engine_wait(e, MEDIA_CLOSED, leg);
}

/* An engine for the tests, its events, and legs between it and telephones. */
#ifndef CALLPARK_TEST_MEDIA_ENGINE_H
#define CALLPARK_TEST_MEDIA_ENGINE_H

#include "media/media.h"
#include "media_phone.h"

struct engine {
    struct media *media;
    struct queue *events;
    struct media_config config; /* of `media` */
};

void engine_start(struct engine *e, uint32_t streams_max); /* with one worker */
void engine_start_workers(struct engine *e, uint32_t streams_max, unsigned workers);
/* One that gives up a far end that does ICE after `consent` msec without a sign of life. */
void engine_start_consent(struct engine *e, msec consent);
void engine_stop(struct engine *e);
/* As a process that has died and was started again, which is told of these ends of its legs. */
void engine_restart(struct engine *e, const struct session_local *kept, size_t count);
/* A group's own engine, for 64 streams: what begins and ends it. */
int engine_begin(void **state);
int engine_end(void **state);

/* The next event of this type for this leg; others are thrown away. Fails the test if none comes.
 */
struct media_event engine_wait(struct engine *e, enum media_event_type type, leg_id leg);

/* Is such an event in the queue now? What was in it is thrown away. */
bool engine_has(struct engine *e, enum media_event_type type, leg_id leg);

/* Open and agree on what the phone offers, as signalled from its own host. */
void engine_connect(struct engine *e, struct phone *p, leg_id leg, leg_id near,
                    struct session_local *local);

/* Close, and wait until it is; nothing of this leg is in the queue of events any more. */
struct media_event engine_close(struct engine *e, leg_id leg);

#endif

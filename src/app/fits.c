/* Whether one more call can hear music on time: asked of the media edge before the core decides, as
 * a bound like any other. What is refused is only what is new; whoever is parked is retrieved and
 * rung back as ever. */
#include "app/inside.h"
#include "sys/log.h"

#define ROOM_AGAIN 2 /* so that the log does not tell of each call that ends */

/* Of who was let in some have no stream yet: they wait for the disk. */
void fits_look(struct app *a, bool has_leg)
{
    a->park.house.audio_full = media_room(a->media) < a->legs_mute + !has_leg;
}

void fits_second(struct app *a)
{
    uint32_t room = media_room(a->media);
    bool full = room == 0;

    if (full == a->audio_was_full || (!full && room < a->legs_mute + ROOM_AGAIN))
        return;
    a->audio_was_full = full;
    if (full)
        log_warning("media", "no more audio can be sent on time: calls are not parked until some "
                             "that are going on have ended");
    else
        log_info("media", "there is time for the audio of more calls: they are parked again");
}

/* The machine in words, for people who look at it. */
#include "core/park_inside.h"

const char *step_name(enum step s)
{
    static const char *const names[STEPS] = {
        [STEP_PARKING] = "call.parking",
        [STEP_UNWRITTEN] = "call.unwritten",
        [STEP_PARKED] = "call.parked",
        [STEP_PARK_FAILED] = "call.park_failed",
        [STEP_TELLING] = "call.telling",
        [STEP_ANNOUNCING] = "call.announcing",
        [STEP_ANNOUNCED] = "call.announced",
        [STEP_ANNOUNCE_FAILED] = "call.announce_failed",
        [STEP_IDENTITY] = "call.identity",
        [STEP_TAKEN_OVER] = "call.taken_over",
        [STEP_RINGBACK_STARTED] = "call.ringback_started",
        [STEP_RINGBACK_ASKED] = "call.ringback_asked",
        [STEP_RINGBACK_UNCONFIRMED] = "call.ringback_unconfirmed",
        [STEP_RINGBACK_FAILED] = "call.ringback_failed",
        [STEP_FORWARDING] = "call.forwarding",
        [STEP_FORWARD_FAILED] = "call.forward_failed",
        [STEP_RETRIEVING] = "call.retrieving",
        [STEP_RETRIEVE_FAILED] = "call.retrieve_failed",
        [STEP_PIN_ASKED] = "call.pin_asked",
        [STEP_PIN_WRONG] = "call.pin_wrong",
        [STEP_RETRIEVED] = "call.retrieved",
        [STEP_RINGBACK_ANSWERED] = "call.ringback_answered",
        [STEP_FORWARDED] = "call.forwarded",
        [STEP_RETURNED] = "call.returned",
        [STEP_FETCHING] = "call.fetching",
        [STEP_TRANSFERRING] = "call.transferring",
        [STEP_TRANSFERRED] = "call.transferred",
        [STEP_TRANSFER_FAILED] = "call.transfer_failed",
        [STEP_MEDIA_DIRECT] = "call.media_direct",
        [STEP_MEDIA_RELAYED] = "call.media_relayed",
        [STEP_EXITING] = "call.exiting",
        [STEP_EXITED] = "call.exited",
        [STEP_EXIT_FAILED] = "call.exit_failed",
        [STEP_ABANDONED] = "call.abandoned",
        [STEP_REFUSED] = "call.refused",
        [STEP_AUDIO_STOPPED] = "call.audio_stopped",
        [STEP_AUDIO_RESUMED] = "call.audio_resumed",
        [STEP_EXTENDED] = "call.extended",
        [STEP_NOTED] = "call.noted",
        [STEP_HUNG_UP] = "call.hung_up",
        [STEP_TIMED_OUT] = "call.timed_out",
        [STEP_ENDED] = "call.ended",
        [STEP_RECOVERED] = "call.recovered",
    };

    return s < STEPS ? names[s] : "call.unknown";
}

/* What park_next_move() will do, looked at from outside. */
static void words_of_move(const struct park *p, const struct call *c, char to[WHY_SIZE])
{
    uint32_t attempts = c->rules.max_pickup_attempts;
    struct party whom;
    char name[DISPLAY_SIZE];

    if (c->attempt < attempts && park_whom(&p->house, c, &whom))
        (void)text_format(
            to, WHY_SIZE, "rings %s back%s, attempt %u of %u", park_name(name, &whom, "the parker"),
            c->rules.ringback_confirm ? ", who must press 1" : "", c->attempt + 1, attempts);
    else if (*c->rules.timeout_uri && !c->fallback_tried)
        (void)text_format(to, WHY_SIZE, "goes to the fallback %.100s", c->rules.timeout_uri);
    else if (*c->rules.timeout_uri)
        (void)text_copy(to, WHY_SIZE, "waits to be retrieved");
    else
        (void)text_copy(to, WHY_SIZE, "is hung up: there is no fallback address");
}

static void words_of_giving_up(const struct call *c, char to[WHY_SIZE])
{
    if (*c->rules.timeout_uri && !c->fallback_tried)
        (void)text_format(to, WHY_SIZE, "goes to the fallback %.100s", c->rules.timeout_uri);
    else
        (void)text_copy(to, WHY_SIZE, "is hung up: nobody could be reached for too long");
}

msec park_next_step(const struct park *p, const struct call *c, char to[WHY_SIZE])
{
    char name[DISPLAY_SIZE];

    to[0] = '\0';
    switch (c->state) {
    case CALL_SAVING:
        (void)text_copy(to, WHY_SIZE, "is answered once it is written to the store");
        break;
    case CALL_TELLING:
        (void)text_copy(to, WHY_SIZE, "counts as parked once the number has been told");
        break;
    case CALL_PARKED:
        if (c->deadline < c->give_up_at)
            words_of_move(p, c, to);
        else
            words_of_giving_up(c, to);
        break;
    case CALL_RINGING_BACK:
    case CALL_FORWARDING:
        (void)text_format(to, WHY_SIZE,
                          c->confirming ? "lets go of %s unless he presses 1" : "stops ringing %s",
                          park_name(name, &c->peer_party, "the parker"));
        break;
    case CALL_RETRIEVING:
        (void)text_format(to, WHY_SIZE, "is connected to %s",
                          park_name(name, &c->peer_party, "the retriever"));
        break;
    case CALL_FETCHING:
        (void)text_format(to, WHY_SIZE, "is parked once %s has answered",
                          park_name(name, c->next_leg ? &c->next_party : &c->caller, "the caller"));
        break;
    case CALL_REPARKING:
        (void)text_copy(to, WHY_SIZE, "is parked again once its orbit is written to the store");
        break;
    case CALL_LEAVING:
        (void)text_copy(to, WHY_SIZE, "is hung up once a word of regret has been said");
        break;
    case CALL_NONE:
    case CALL_CONNECTED:
    case CALL_ENDED:
    case CALL_STATES:
        return NEVER;
    }
    return call_due(c);
}

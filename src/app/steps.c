/* The timeline of each live call, in words, and the record that is left of it. */
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/squeeze.h"
#include "base/text.h"
#include "sys/log.h"

/* One step in so few bytes: how many follow, and the step squeezed. */
struct kept_step {
    uint8_t length[2];
    uint8_t bytes[SQUEEZE_MOST(sizeof(struct call_step))];
};

static size_t kept_length(const uint8_t *at)
{
    return 2 + (at[0] | (size_t)at[1] << 8);
}

static size_t keep(struct kept_step *to, const struct call_step *step)
{
    size_t length = squeeze(to->bytes, step, sizeof(*step));

    to->length[0] = (uint8_t)length;
    to->length[1] = (uint8_t)(length >> 8);
    return kept_length(to->length);
}

/* The first steps tell how the call came in, the last ones where it is: of a very long story the
 * middle is left out here; the store has all of it. */
static void leave_out_one(struct app_steps *s)
{
    uint8_t *at = s->at;
    size_t length;

    for (unsigned i = 0; i < 8; i++)
        at += kept_length(at);
    length = kept_length(at);
    memmove(at, at + length, (size_t)(s->at + s->bytes - at) - length);
    s->bytes -= (uint32_t)length;
    s->count--;
}

/* Room for so many bytes more; those of the call that had the slot before are thrown away. NULL: no
 * memory. */
static struct app_steps *make_room(struct app *a, call_id call, size_t more)
{
    struct app_steps **place = &a->steps[call % CALLS_MAX], *old = *place, *s;
    bool goes_on = old && old->call == call;

    if (goes_on && old->count == STEPS_PER_CALL)
        leave_out_one(old);
    s = realloc(old, sizeof(*s) + (goes_on ? old->bytes : 0) + more);
    if (!s)
        return NULL;
    *place = s;
    if (!goes_on) {
        s->call = call;
        s->count = s->written = s->bytes = 0;
    }
    return s;
}

/* False: no memory. */
static bool remember(struct app *a, const struct call_step *step)
{
    struct kept_step kept;
    size_t length = keep(&kept, step);
    struct app_steps *s = make_room(a, step->call, length);

    if (!s)
        return false;
    memcpy(s->at + s->bytes, &kept, length);
    s->bytes += (uint32_t)length;
    s->count++;
    s->written = step->number;
    return true;
}

void steps_load(struct app *a, const struct call_step *step)
{
    (void)remember(a, step); /* without memory it is told by the store alone */
}

/* The number that the next step of this call has. */
static uint32_t next_number(const struct app *a, call_id call)
{
    const struct app_steps *s = a->steps[call % CALLS_MAX];

    return s && s->call == call ? s->written + 1 : 1;
}

static void tell_watchers(struct app *a, const struct action *action)
{
    const struct call *c = app_call(a, action->call);
    struct app_event ev = { .name = step_name(action->step),
                            .topic = "calls",
                            .at = a->wall,
                            .call = action->call,
                            .range = c ? c->range : 0,
                            .why = action->why,
                            .subject = "" };

    app_tell(a, &ev);
}

/* The call is named as the API names it, so that one can be looked up from the other. */
static void log_step(struct app *a, const struct action *action)
{
    const struct call *c = app_call(a, action->call);
    char number[NUMBER_SIZE] = "", id[14] = "", why[WHY_SIZE];

    if (c)
        number_text(number, c->orbit);
    text_base32(id, action->call);
    log_info("call", "%s orbit=%s call=call_%s: %s", step_name(action->step), number, id,
             log_hidden(why, sizeof(why), action->why));
}

static void write_step(struct app *a, const struct action *action)
{
    struct call_step step;
    struct change *change;

    memset(&step, 0, sizeof(step));
    step.call = action->call;
    step.number = next_number(a, action->call);
    step.at = a->wall;
    (void)text_copy(step.step, sizeof(step.step), step_name(action->step));
    (void)text_copy(step.why, sizeof(step.why), action->why);
    change = remember(a, &step) ? turn_add(a, CHANGE_STEP_ADD) : NULL;
    if (change)
        change->step = step;
}

void steps_add(struct app *a, const struct action *action)
{
    log_step(a, action);
    if (action->call)
        write_step(a, action);
    tell_watchers(a, action);
}

void steps_drop(struct app *a, call_id call)
{
    struct app_steps **at = &a->steps[call % CALLS_MAX];

    if (*at && (*at)->call == call) {
        free(*at);
        *at = NULL;
    }
}

void steps_free(struct app *a)
{
    for (size_t i = 0; a->steps && i < CALLS_MAX; i++)
        free(a->steps[i]);
    free(a->steps);
}

size_t app_steps(struct app *a, call_id id, const struct call_step **steps)
{
    const struct app_steps *s = a->steps[id % CALLS_MAX];
    const uint8_t *at;

    if (!s || s->call != id)
        return 0;
    at = s->at;
    for (unsigned i = 0; i < s->count; i++) {
        (void)unsqueeze(&a->shown_steps[i], sizeof(a->shown_steps[i]), at + 2, kept_length(at) - 2);
        at += kept_length(at);
    }
    *steps = a->shown_steps;
    return s->count;
}

static void count_end(struct app *a, const struct call *c, msec waited)
{
    static const unsigned limits[9] = { 1, 5, 15, 30, 60, 90, 120, 300, 600 };
    unsigned bucket = 0;

    a->counts.ends[c->outcome]++;
    while (bucket < 9 && waited > limits[bucket] * 1000ULL)
        bucket++;
    a->counts.park_seconds_bucket[bucket]++;
    a->counts.park_seconds_sum += (double)waited / 1000.0;
}

void record_write(struct app *a, const struct call *c)
{
    struct change *change = turn_add(a, CHANGE_RECORD_PUT);
    const struct range *range = ranges_by_id(&a->deployment->ranges, c->range);
    msec until = c->connected_at ? c->connected_at : a->now;
    msec waited = c->parked_at && until > c->parked_at ? until - c->parked_at : 0;
    struct call_record *r;

    count_end(a, c, waited);
    if (!change)
        return;
    r = &change->record;
    r->id = c->id;
    r->orbit = c->orbit;
    r->range = c->range;
    (void)text_copy(r->range_name, sizeof(r->range_name), range ? range->name : "");
    (void)text_copy(r->destination, sizeof(r->destination), a->config.destination);
    (void)text_copy(r->node, sizeof(r->node), a->config.node);
    r->caller = c->caller;
    r->parker = c->parker;
    if (c->connected_at)
        r->taker = c->peer_party;
    r->parked_at = c->parked_wall;
    r->ended_at = a->wall;
    r->waited = waited;
    r->attempts = c->attempt;
    r->outcome = c->outcome;
    (void)text_copy(r->why, sizeof(r->why), c->why);
    (void)text_copy(r->note, sizeof(r->note), c->note);
}

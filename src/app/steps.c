/* The timeline of each live call, in words, and the record that is left of it. */
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/text.h"
#include "sys/log.h"

static struct app_steps **place(struct app *a, call_id call)
{
    return &a->steps[call % CALLS_MAX];
}

/* The steps of this call; those of the call that had the slot before are thrown away. */
static struct app_steps *steps_of(struct app *a, call_id call)
{
    struct app_steps **at = place(a, call);

    if (!*at)
        *at = calloc(1, sizeof(**at));
    if (*at && (*at)->call != call) {
        (*at)->count = (*at)->written = 0;
        (*at)->call = call;
    }
    return *at;
}

/* Most calls have four or five. */
static bool has_room(struct app_steps *s)
{
    uint32_t room = s->room + 4 < STEPS_PER_CALL ? s->room + 4 : STEPS_PER_CALL;
    struct call_step *more;

    if (s->count < s->room || s->room == STEPS_PER_CALL)
        return true;
    more = realloc(s->at, room * sizeof(*more));
    if (!more)
        return false;
    s->at = more;
    s->room = room;
    return true;
}

/* The first steps tell how the call came in, the last ones where it is: of a very long story the
 * middle is left out here; the store has all of it. */
static struct call_step *next_step(struct app_steps *s)
{
    if (s->count == STEPS_PER_CALL) {
        memmove(&s->at[8], &s->at[9], (STEPS_PER_CALL - 9) * sizeof(s->at[0]));
        s->count--;
    }
    return &s->at[s->count++];
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

void steps_add(struct app *a, const struct action *action)
{
    struct app_steps *s = action->call ? steps_of(a, action->call) : NULL;

    log_step(a, action);
    if (s && has_room(s)) {
        struct call_step *step = next_step(s);
        struct change *change;

        step->call = action->call;
        step->number = ++s->written;
        step->at = a->wall;
        (void)text_copy(step->step, sizeof(step->step), step_name(action->step));
        (void)text_copy(step->why, sizeof(step->why), action->why);
        change = turn_add(a, CHANGE_STEP_ADD);
        if (change)
            change->step = *step;
    }
    tell_watchers(a, action);
}

void steps_drop(struct app *a, call_id call)
{
    struct app_steps **at = place(a, call);

    if (*at && (*at)->call == call) {
        free((*at)->at);
        free(*at);
        *at = NULL;
    }
}

void steps_free(struct app *a)
{
    if (!a->steps)
        return;
    for (size_t i = 0; i < CALLS_MAX; i++) {
        if (a->steps[i])
            free(a->steps[i]->at);
        free(a->steps[i]);
    }
    free(a->steps);
}

size_t app_steps(const struct app *a, call_id id, const struct call_step **steps)
{
    const struct app_steps *s = a->steps[id % CALLS_MAX];

    if (!s || s->call != id)
        return 0;
    *steps = s->at;
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

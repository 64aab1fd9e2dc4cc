/* Calls that the API has us fetch: who asked is told when they are parked, or why not. */
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/text.h"

#define PARKS_WAITING 256

struct app_park_wait {
    struct app_park_wait *next;
    call_id call; /* 0: its first step is being taken */
    bool until_parked;
    app_park_done *done;
    void *context;
};

static unsigned count(const struct app *a)
{
    unsigned n = 0;

    for (const struct app_park_wait *w = a->parks; w; w = w->next)
        n++;
    return n;
}

static struct app_park_wait **place(struct app *a, call_id call)
{
    struct app_park_wait **at = &a->parks;

    while (*at && (*at)->call != call)
        at = &(*at)->next;
    return at;
}

static void tell(struct app *a, struct app_park_wait **at, call_id call, uint16_t code,
                 const char *why)
{
    struct app_park_wait *w = *at;
    app_park_done *done = w->done;
    void *context = w->context;

    (void)a;
    *at = w->next;
    free(w);
    done(context, call, code, why);
}

void parks_step(struct app *a, const struct action *action)
{
    enum step step = action->step;
    struct app_park_wait **at = place(a, step == STEP_PARKING ? 0 : action->call);

    if (!*at || !action->call)
        return;
    if (step == STEP_PARKING)
        (*at)->call = action->call;
    else if (step == STEP_PARKED || (step == STEP_FETCHING && !(*at)->until_parked))
        tell(a, at, action->call, 0, "");
    else if (step == STEP_PARK_FAILED || step == STEP_HUNG_UP || step == STEP_ENDED)
        tell(a, at, 0, 0, action->why);
}

void app_park_call(struct app *a, const struct event *command, bool until_parked,
                   app_park_done *done, void *context)
{
    struct app_park_wait *w = count(a) < PARKS_WAITING ? calloc(1, sizeof(*w)) : NULL;
    struct app_park_wait **at;
    char why[WHY_SIZE] = "";

    if (!w) {
        done(context, 0, 503, "too many calls are being fetched");
        return;
    }
    w->until_parked = until_parked;
    w->done = done;
    w->context = context;
    w->next = a->parks;
    a->parks = w;
    a->refused_code = 0;
    if (app_command(a, command, why))
        return;
    at = place(a, 0);
    if (*at)
        tell(a, at, 0, a->refused_code, why);
}

void parks_free(struct app *a)
{
    while (a->parks) {
        struct app_park_wait *w = a->parks;

        a->parks = w->next;
        free(w);
    }
}

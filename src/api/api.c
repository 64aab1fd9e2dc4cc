/* The life of a request at the API: taken from the app, checked, routed, and forgotten when replied
 * to. */
#include "api/api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/ask.h"
#include "api/audit.h"
#include "api/definitions.h"
#include "api/events.h"
#include "api/idempotency.h"
#include "api/rate.h"
#include "base/text.h"

struct ask *ask_new(struct api *api, struct http_request *rq)
{
    struct ask *q = calloc(1, sizeof *q);

    if (!q)
        return NULL;
    q->api = api;
    q->app = api->app;
    q->rq = rq;
    q->next = api->asks;
    q->link = &api->asks;
    if (q->next)
        q->next->link = &q->next;
    api->asks = q;
    return q;
}

void *ask_plan(struct ask *q, size_t size)
{
    q->plan = calloc(1, size);
    if (!q->plan)
        reply_problem(q, "overloaded", NULL, "The server has no memory for this: try later.");
    return q->plan;
}

static void free_one(struct ask *q)
{
    if (q->plan_free && q->plan)
        q->plan_free(q->plan);
    else
        free(q->plan);
    free(q);
}

static void free_replied(struct api *api)
{
    while (api->replied) {
        struct ask *q = api->replied;

        api->replied = q->next;
        free_one(q);
    }
}

/* It lives on until the next request comes: a handler far up that hears "replied to" may still hold
 * it. */
void ask_done(struct ask *q)
{
    *q->link = q->next;
    if (q->next)
        q->next->link = q->link;
    q->rq = NULL;
    q->next = q->api->replied;
    q->api->replied = q;
}

static void take_request(void *to, struct http_request *rq)
{
    struct api *api = to;
    struct ask *q;

    free_replied(api);
    q = ask_new(api, rq);

    if (q)
        route(q);
    else
        http_reply(app_http(api->app), rq, &(struct http_reply){ .status = 503 });
}

static void take_event(void *to, const struct app_event *ev)
{
    events_take(((struct api *)to)->events, ev);
}

static void take_soon(void *to)
{
    events_soon(((struct api *)to)->events);
}

static void take_second(void *to)
{
    struct api *api = to;

    free_replied(api);
    events_second(api->events);
    idempotency_second(api->idempotency, app_now(api->app));
}

/* What a file says is to hold, once there are tables and whenever it was read again. */
static void take_started(void *to)
{
    definitions_provision(((struct api *)to)->app);
}

int api_new(struct api **out, struct app *app, struct err *err)
{
    struct api *api = calloc(1, sizeof *api);

    if (api) {
        api->events = events_new(app);
        api->idempotency = idempotency_new();
        api->rate = rate_new();
    }
    if (!api || !api->events || !api->idempotency || !api->rate) {
        api_free(api);
        return err_set(err, -ENOMEM, "no memory for the API");
    }
    api->app = app;
    app_watch(app, &(struct app_watcher){ .to = api,
                                          .request = take_request,
                                          .event = take_event,
                                          .second = take_second,
                                          .soon = take_soon,
                                          .started = take_started,
                                          .reloaded = take_started,
                                          .describe = describe_change });
    *out = api;
    return 0;
}

void api_free(struct api *api)
{
    if (!api)
        return;
    while (api->asks)
        ask_done(api->asks);
    free_replied(api);
    events_free(api->events);
    idempotency_free(api->idempotency);
    rate_free(api->rate);
    free(api);
}

/* The demo as a resource: callers that are parked so that there is something to look at. */
#include <errno.h>
#include <string.h>

#include "api/audit.h"
#include "api/fields.h"
#include "api/resources.h"
#include "base/text.h"

#define CALLS_MOST 5
#define CALLS_USUAL 3

json_t *show_demo(struct app *a)
{
    struct app_demo demo;

    app_demo(a, &demo);
    return json_pack("{s:b, s:i, s:o, s:o}", "running", demo.running, "calls", (int)demo.calls,
                     "phone", show_text_or_null(demo.phone), "ends_at", show_time(demo.ends_at));
}

void get_demo(struct ask *q)
{
    reply_json(q, 200, show_demo(q->app));
}

static void reply_running(struct ask *q, unsigned calls)
{
    json_t *body = show_demo(q->app);

    (void)json_object_set_new(body, "calls", json_integer(calls));
    (void)json_object_set_new(body, "seconds", json_integer(APP_DEMO_SECONDS));
    if (q->dry_run)
        (void)json_object_set_new(body, "dry_run", json_true());
    reply_json(q, q->dry_run ? 200 : 202, body);
}

static void started(void *ask, const char *err)
{
    struct ask *q = ask;
    struct app_demo demo;

    if (err) {
        reply_problem(q, "demo-failed", NULL, "The demo did not start: %s.", err);
        return;
    }
    app_demo(q->app, &demo);
    audit_act(q, "system.demo", app_config(q->app)->node, "", NULL,
              json_pack("{s:i}", "calls", (int)demo.calls));
    reply_running(q, demo.calls);
}

void start_demo(struct ask *q)
{
    static const char *const names[] = { "calls", NULL };
    uint64_t calls = CALLS_USUAL;
    struct fields f;
    struct err err;
    int failed;

    if (!fields_read(&f, q, names, true))
        return;
    if (fields_has(&f, "calls"))
        calls = fields_integer(&f, "calls", 1, CALLS_MOST);
    if (fields_reply(&f, q))
        return;
    fields_done(&f);
    if (q->dry_run) {
        reply_running(q, (unsigned)calls);
        return;
    }
    failed = app_demo_start(q->app, (unsigned)calls, started, q, &err);
    if (failed == -EALREADY)
        reply_problem_with(q, "demo-failed", NULL, json_pack("{s:i}", "status", 409),
                           "There is no second demo: %s.", err.text);
    else if (failed)
        reply_problem(q, "demo-failed", NULL, "The demo did not start: %s.", err.text);
}

void end_demo(struct ask *q)
{
    struct app_demo demo;

    app_demo(q->app, &demo);
    if (q->dry_run) {
        reply_running(q, demo.calls);
        return;
    }
    (void)app_demo_end(q->app); /* none: it is ended, as was wished */
    reply_nothing(q);
}

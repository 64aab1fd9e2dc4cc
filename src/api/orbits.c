/* Single numbers: which range they are in, and who is parked there. */
#include <string.h>

#include "api/fields.h"
#include "api/ranges.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/text.h"

static const char *state_name(const struct orbit *o)
{
    switch (o->state) {
    case ORBIT_FREE:
        return o->closed ? "draining" : "free";
    case ORBIT_COOLING:
        return "cooling";
    case ORBIT_KEPT:
        return "kept";
    case ORBIT_BUSY:
        return "busy";
    case ORBIT_NONE:
        break;
    }
    return "elsewhere"; /* an orbit of another node, or of a range without calls of its own */
}

static json_t *show_orbit(struct ask *q, number_key number)
{
    struct app *a = q->app;
    struct orbit o = orbits_look(app_park(a)->orbits, number, app_now(a));
    const struct range *r = ranges_holding(&app_deployment(a)->ranges, number);
    const struct call *c = o.state == ORBIT_BUSY ? app_call(a, o.call) : NULL;
    char range[IDENT_SIZE], call[IDENT_SIZE];
    struct place_of place = scope_of_call(a, c ? c->range : 0);

    if (c && !ask_sees(q, MAY_CALLS_READ, &place))
        c = NULL;
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "number", show_number(number), "state",
                     state_name(&o), "range_id",
                     r ? json_string(ident_range(range, r->id)) : json_null(), "range_name",
                     r ? show_text(r->name) : json_null(), "destination",
                     r ? show_text(r->destination) : json_null(), "call_id",
                     c ? json_string(ident_call(call, c->id)) : json_null(), "call",
                     c ? show_call(a, c, ask_sees(q, MAY_CALLS_READ_PII, &place)) : json_null());
}

void get_orbit(struct ask *q)
{
    struct err err;
    number_key number = number_read(q->part, &err);
    struct place_of place;
    const struct range *r;
    bool busy;

    if (!number) {
        reply_problem(q, "invalid-number", NULL, "%s.", err.text);
        return;
    }
    busy = orbits_look(app_park(q->app)->orbits, number, app_now(q->app)).state == ORBIT_BUSY;
    /* A call may still be in an orbit whose range has gone. */
    if (!busy && !ranges_holding(&app_deployment(q->app)->ranges, number)) {
        reply_problem(q, "not-found", NULL, "%s is in no range.", q->part);
        return;
    }
    r = ranges_holding(&app_deployment(q->app)->ranges, number);
    place = r ? place_of_range(app_deployment(q->app), r) : scope_of_call(q->app, 0);
    if (ask_may(q, MAY_RANGES_READ, &place))
        reply_json(q, 200, show_orbit(q, number));
}

/* "*7099" follows "*7098": within a range the keys are in a row. */
void get_range_orbits(struct ask *q)
{
    static const char *const keys[] = { "number", NULL };
    static const char *const states[] = { "any", "free", "busy", NULL };
    const struct range *r = ranges_asked(q, MAY_RANGES_READ);
    json_t *items = json_array();
    struct page page;
    int state = r ? params_choice(q, "state", states, 0) : -1;
    size_t found = 0;

    if (state < 0 || !page_read(q, &page, keys)) {
        json_decref(items);
        return;
    }
    for (number_key n = r->first; n <= r->last; n++) {
        bool busy = orbits_look(app_park(q->app)->orbits, n, app_now(q->app)).state == ORBIT_BUSY;

        if ((state == 1 && busy) || (state == 2 && !busy))
            continue;
        if (found >= page.offset && found - page.offset < page.limit)
            (void)json_array_append_new(items, show_orbit(q, n));
        found++;
    }
    reply_json(q, 200, page_json(q, &page, items, found));
}

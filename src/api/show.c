/* Ranges, calls and people as JSON. What hides is hidden here, once for the API, the events and the
 * records. */
#include <string.h>

#include "api/ask.h"
#include "api/mask.h"
#include "api/scope.h"
#include "base/text.h"
#include "sys/clock.h"

json_t *show_text(const char *text)
{
    char shown[1024];
    json_t *value = json_string(text);

    return value ? value : json_string(text_shown(shown, sizeof shown, text));
}

json_t *show_text_or_null(const char *text)
{
    return *text ? show_text(text) : json_null();
}

json_t *show_number(number_key number)
{
    char text[NUMBER_SIZE];

    if (!number)
        return json_null();
    number_text(text, number);
    return json_string(text);
}

json_t *show_time(wall_msec when)
{
    char text[32];

    if (when == 0 || when == NEVER)
        return json_null();
    clock_rfc3339(text, when);
    return json_string(text);
}

json_t *show_seconds(msec span)
{
    return span == NEVER ? json_null() : json_integer((json_int_t)(span / 1000));
}

json_t *show_range(struct app *a, const struct range *r)
{
    struct orbits_count count = { 0 };
    struct rules rules;
    char id[IDENT_SIZE];
    bool ours = text_is_nocase(r->destination, app_config(a)->destination);

    if (ours && r->type == RANGE_CALL_PARK)
        count = orbits_count(app_park(a)->orbits, r->first, r->last, app_now(a));
    deployment_rules(app_deployment(a), r->destination, r->id, &rules, NULL);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:s, s:s, s:I, s:I, s:I}", "id",
                     r->id ? json_string(ident_range(id, r->id)) : json_null(), "name",
                     show_text(r->name), "start", show_number(r->first), "end",
                     show_number(r->last), "destination", show_text(r->destination), "type",
                     range_type_name(r->type), "park_number", show_text_or_null(r->park_number),
                     "allocation", allocation_name(rules.allocation), "state",
                     range_state_name(r->state), "size", (json_int_t)range_size(r), "in_use",
                     (json_int_t)count.busy, "version", (json_int_t)r->version);
}

json_t *show_words(const char *text, bool full)
{
    char masked[MASK_SIZE];

    return show_text(full ? text : mask_text(masked, text));
}

/* Who asked for privacy is shown to nobody (RFC 3323). */
json_t *show_party(const struct party *p, bool full)
{
    char name[MASK_SIZE], uri[MASK_SIZE];

    if (p->hidden)
        return json_pack("{s:s, s:n}", "name", "anonymous", "uri");
    return json_pack("{s:o, s:o}", "name",
                     show_text_or_null(full ? p->display : mask_text(name, p->display)), "uri",
                     show_text_or_null(full ? p->uri : mask_uri(uri, p->uri)));
}

static json_t *show_user(const char *uri, bool full)
{
    char user[DIALLED_SIZE], address[DIALLED_SIZE + 4], masked[MASK_SIZE];

    uri_user(user, uri);
    if (full || !*user)
        return show_text_or_null(user);
    (void)text_format(address, sizeof address, "tel:%s", user); /* fits */
    return show_text(mask_uri(masked, address) + strlen("tel:"));
}

json_t *show_caller(const struct party *p, bool full)
{
    json_t *caller = show_party(p, full);

    (void)json_object_set_new(caller, "number", p->hidden ? json_null() : show_user(p->uri, full));
    return caller;
}

static void add_plan(struct app *a, const struct call *c, bool full, json_t *to)
{
    char next[WHY_SIZE] = "";
    msec at = park_next_step(app_park(a), c, next);
    bool waits = c->state == CALL_PARKED && c->deadline != NEVER;

    (void)json_object_set_new(to, "ringback_at",
                              show_time(waits ? app_wall(a, c->deadline) : NEVER));
    (void)json_object_set_new(to, "attempt", json_integer(c->attempt));
    (void)json_object_set_new(to, "max_attempts", json_integer(c->rules.max_pickup_attempts));
    (void)json_object_set_new(to, "next_step", show_words(next, full));
    (void)json_object_set_new(to, "next_step_at", show_time(at == NEVER ? NEVER : app_wall(a, at)));
    (void)json_object_set_new(
        to, "gives_up_at", show_time(c->give_up_at == NEVER ? NEVER : app_wall(a, c->give_up_at)));
    (void)json_object_set_new(to, "fallback", show_text_or_null(c->rules.timeout_uri));
}

/* The range it was parked in, and where that is. */
static void add_place(struct app *a, const struct call *c, json_t *to)
{
    const struct range *r = ranges_by_id(&app_deployment(a)->ranges, c->range);
    struct place_of place = scope_of_call(a, c->range);

    (void)json_object_set_new(to, "range_name", r ? show_text(r->name) : json_null());
    (void)json_object_set_new(to, "site", show_text_or_null(place.site ? place.site : ""));
}

/* Addresses and ids that are good for this call alone; nothing when it is in no orbit. */
static void add_ways_in(struct app *a, const struct call *c, json_t *to)
{
    char ticket[URI_SIZE];
    struct pickup p;

    if (!c->has_orbit || !app_ticket(a, c, ticket)) {
        (void)json_object_set_new(to, "ticket", json_null());
        (void)json_object_set_new(to, "pickup", json_null());
        return;
    }
    app_pickup(a, c->id, &p);
    (void)json_object_set_new(to, "ticket", show_text(ticket));
    (void)json_object_set_new(to, "pickup",
                              json_pack("{s:s, s:s, s:s}", "call_id", p.call_id, "local_tag",
                                        p.our_tag, "remote_tag", p.their_tag));
}

json_t *show_call(struct app *a, const struct call *c, bool full)
{
    char id[IDENT_SIZE], range[IDENT_SIZE];
    json_t *call =
        json_pack("{s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:o}", "id", ident_call(id, c->id), "orbit",
                  show_number(c->orbit), "range_id",
                  c->range ? json_string(ident_range(range, c->range)) : json_null(), "destination",
                  app_config(a)->destination, "state", call_state_name(c->state), "caller",
                  show_caller(&c->caller, full), "parker", show_party(&c->parker, full),
                  "parked_at", show_time(c->parked_wall));

    add_place(a, c, call);
    add_plan(a, c, full, call);
    add_ways_in(a, c, call);
    (void)json_object_set_new(call, "fallback_tried", json_boolean(c->fallback_tried));
    (void)json_object_set_new(call, "note", *c->note ? show_words(c->note, full) : json_null());
    (void)json_object_set_new(call, "reason", show_words(c->why, full));
    (void)json_object_set_new(call, "node", show_text(app_config(a)->node));
    (void)json_object_set_new(call, "version", json_integer(c->version));
    return call;
}

json_t *show_step(const struct call_step *s, bool full)
{
    return json_pack("{s:i, s:o, s:o, s:o}", "number", (int)s->number, "at", show_time(s->at),
                     "step", show_text(s->step), "reason", show_words(s->why, full));
}

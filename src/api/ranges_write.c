/* Number ranges, to be changed. A body is read on top of the range as it is; the rules are the
 * core's. */
#include <string.h>

#include "api/fields.h"
#include "api/ranges.h"
#include "api/resources.h"
#include "base/text.h"

/* What a GET shows may be sent back: fields that are not the client's to set are left alone. */
const char *const ranges_fields[] = { "name",        "start",      "end",   "destination", "type",
                                      "park_number", "allocation", "state", "id",          "size",
                                      "in_use",      "version",    "hint",  NULL };

static enum admin_mode mode_of(struct ask *q, bool *fine)
{
    static const char *const modes[] = { "refuse", "drain", "force", NULL };
    int mode = params_choice(q, "mode", modes, MODE_REFUSE);

    *fine = mode >= 0;
    return *fine ? (enum admin_mode)mode : MODE_REFUSE;
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static void read_ends(struct fields *f, struct range_wish *to, bool partial,
                      struct range_verdict *verdict, struct err *err)
{
    char first[NUMBER_SIZE] = "", last[NUMBER_SIZE] = "";
    const char *name = partial ? fields_text(f, "name") : fields_needed_text(f, "name");
    const char *start = partial ? fields_text(f, "start") : fields_needed_text(f, "start");
    const char *end = partial ? fields_text(f, "end") : fields_needed_text(f, "end");
    struct range *r = &to->range;

    if (r->first)
        number_text(first, r->first);
    if (r->last)
        number_text(last, r->last);
    if (!f->slug)
        *verdict =
            range_read(r, name ? name : r->name, start ? start : first, end ? end : last, err);
}

static void read_destination(struct ask *q, struct fields *f, struct range_wish *to, bool partial)
{
    const char *text =
        partial ? fields_text(f, "destination") : fields_needed_text(f, "destination");
    struct err err;

    if (text && !f->slug &&
        destination_read(app_deployment(q->app), text, to->range.destination, &err) != 0)
        fields_fault(f, "unknown-destination", "destination", "%s.", err.text);
}

static void read_words(struct fields *f, struct range_wish *to, bool partial)
{
    const char *type = fields_text(f, "type"), *state = fields_text(f, "state");
    char shown[64];

    if (!partial && !type)
        to->range.type = RANGE_CALL_PARK;
    if (type && !range_type_read(type, &to->range.type))
        fields_fault(f, "invalid-value", "type",
                     "type cannot be '%s': use call_park or group_pickup.",
                     text_shown(shown, sizeof shown, type));
    if (state && strcmp(state, "active") == 0)
        to->range.state = RANGE_ACTIVE;
    else if (state && strcmp(state, "draining") == 0)
        to->range.state = RANGE_DRAINING;
    else if (state)
        fields_fault(f, "invalid-value", "state", "state cannot be '%s': use active or draining.",
                     text_shown(shown, sizeof shown, state));
}

static void read_park_number(struct fields *f, struct range_wish *to, bool partial)
{
    const char *text = fields_text(f, "park_number");
    number_key number;
    struct err err;

    if (fields_null(f, "park_number") || (!partial && !text) || text_is(text, "")) {
        if (!partial || text || fields_null(f, "park_number"))
            to->range.park_number[0] = '\0';
        return;
    }
    number = number_read(text, &err);
    if (number)
        number_text(to->range.park_number, number);
    else
        fields_fault(f, "invalid-number", "park_number", "park_number: %s.", err.text);
}

static void read_allocation(struct fields *f, struct range_wish *to, bool partial)
{
    const char *text = fields_text(f, "allocation");

    to->says_allocation = text || fields_null(f, "allocation") || !partial;
    if (!text_copy(to->allocation, sizeof to->allocation, text))
        fields_fault(f, "invalid-value", "allocation",
                     "allocation is one of lru, random, sequential and lowest.");
}

void ranges_read(struct ask *q, struct fields *f, struct range_wish *to, bool partial,
                 struct range_verdict *verdict, struct err *err)
{
    memset(verdict, 0, sizeof *verdict);
    read_ends(f, to, partial, verdict, err);
    read_destination(q, f, to, partial);
    read_words(f, to, partial);
    read_park_number(f, to, partial);
    read_allocation(f, to, partial);
}

/* What holds already is not written down again: a range that was read and sent back inherits on. */
bool ranges_allocation(struct ask *q, const struct range_wish *w, struct admin_change *change,
                       struct err *err)
{
    const struct deployment *d = app_deployment(q->app);
    struct scope scope = { .kind = SCOPE_RANGE, .range = w->range.id };
    const struct settings *own = w->range.id ? deployment_settings(d, &scope) : NULL;
    bool has = own && own->set & UINT32_C(1) << SET_ALLOCATION;
    struct rules rules;

    memset(change, 0, sizeof *change);
    change->what = ADMIN_SETTINGS_PUT;
    change->scope = scope;
    if (own)
        change->settings = *own;
    if (!w->says_allocation || (!w->allocation[0] && !has))
        return false;
    deployment_rules(d, w->range.destination, w->range.id, &rules, NULL);
    if (w->allocation[0] && !has &&
        text_is_nocase(allocation_name(rules.allocation), w->allocation))
        return false;
    if (!w->allocation[0])
        settings_unset(&change->settings, SET_ALLOCATION);
    else if (settings_set(&change->settings, SET_ALLOCATION, w->allocation, err) != 0)
        change->settings.set = UINT32_MAX; /* `err` says why */
    return true;
}

/* ---- writing -----------------------------------------------------------------------------------
 */

struct saving {
    struct range_wish wish;
    struct range before;
    bool creates, hint_large;
    struct admin_change changes[2];
    size_t count;
};

static void add_change(json_t *to, const char *field, json_t *from, json_t *now)
{
    if (json_equal(from, now))
        return;
    (void)json_object_set_new(to, field, json_pack("{s:O, s:O}", "from", from, "to", now));
}

/* What would be different, field by field. */
static json_t *difference(json_t *before, json_t *after)
{
    json_t *changes = json_object(), *value;
    const char *field;

    json_object_foreach(after, field, value)
    {
        if (strcmp(field, "version") != 0 && strcmp(field, "in_use") != 0)
            add_change(changes, field, json_object_get(before, field), value);
    }
    return changes;
}

static void reply_would_be(struct ask *q, const struct saving *s)
{
    json_t *body = show_range(q->app, &s->wish.range);
    json_t *before = s->creates ? json_object() : show_range(q->app, &s->before);

    if (s->wish.allocation[0])
        (void)json_object_set_new(body, "allocation", json_string(s->wish.allocation));
    if (s->creates)
        (void)json_object_set_new(body, "id", json_null());
    else
        (void)json_object_set_new(body, "changes", difference(before, body));
    (void)json_object_set_new(body, "dry_run", json_true());
    json_decref(before);
    reply_json(q, 200, body);
}

static void reply_saved(struct ask *q, range_id id)
{
    const struct saving *s = q->plan;
    const struct range *r = ranges_by_id(&app_deployment(q->app)->ranges, id);
    json_t *body = r ? show_range(q->app, r) : json_object();

    if (r)
        version_etag(q, r->version);
    if (s->hint_large)
        (void)json_object_set_new(
            body, "hint",
            json_string("The range has more than 100 numbers. That is allowed; smaller ranges are "
                        "easier to read on a phone's display."));
    if (s->creates && r) {
        char ident[IDENT_SIZE];

        (void)text_format(q->reply.location, sizeof q->reply.location, "/api/v1/number-ranges/%s",
                          ident_range(ident, id)); /* fits */
    }
    reply_json(q, s->creates ? 201 : 200, body);
}

static void allocation_saved(struct ask *q, const struct admin_result *result)
{
    const struct saving *s = q->plan;

    (void)result;
    reply_saved(q, s->wish.range.id);
}

/* A new range has its id only now, so a setting of it is a change of its own. */
static void range_saved(struct ask *q, const struct admin_result *result)
{
    struct saving *s = q->plan;

    if (q->dry_run) {
        reply_would_be(q, s);
        return;
    }
    s->hint_large = result->verdict.hint_large;
    if (!s->creates || s->count == 1) {
        reply_saved(q, result->range);
        return;
    }
    s->wish.range.id = result->range;
    s->changes[1].scope.range = result->range;
    q->half_made = "The range was made, but its allocation could not be written";
    admin_make(q, &s->changes[1], 1, allocation_saved);
}

static bool plan_changes(struct ask *q, struct saving *s)
{
    struct err err;

    s->changes[0].what = ADMIN_RANGE_PUT;
    s->changes[0].range = s->wish.range;
    s->changes[0].fresh = s->creates;
    s->count = ranges_allocation(q, &s->wish, &s->changes[1], &err) ? 2 : 1;
    if (s->count == 2 && s->changes[1].settings.set == UINT32_MAX) {
        reply_problem(q, "invalid-value", "/allocation", "%s.", err.text);
        return false;
    }
    return true;
}

static void save(struct ask *q, bool partial)
{
    struct saving *s = q->plan;
    struct range_verdict verdict;
    struct err err = { 0 };
    struct fields f;

    if (!fields_read(&f, q, ranges_fields, false))
        return;
    ranges_read(q, &f, &s->wish, partial, &verdict, &err);
    if (!f.slug && verdict.fault != RANGE_FINE) {
        fields_done(&f);
        admin_refuse_range(q, &verdict, &err);
        return;
    }
    if (fields_reply(&f, q))
        return;
    fields_done(&f);
    if (ranges_may(q, s->creates ? NULL : &s->before, &s->wish.range) && plan_changes(q, s))
        admin_make(q, s->changes, s->creates ? 1 : s->count, range_saved);
}

void post_range(struct ask *q)
{
    struct saving *s = ask_plan(q, sizeof *s);

    if (!s)
        return;
    s->creates = true;
    save(q, false);
}

static void change(struct ask *q, bool partial)
{
    const struct range *r;
    struct saving *s;
    bool fine;

    q->current = ranges_current;
    r = ranges_asked(q, MAY_RANGES_WRITE);
    s = r ? ask_plan(q, sizeof *s) : NULL;
    if (!s || !version_matches(q, r->version, &s->changes[0]))
        return;
    s->changes[0].mode = mode_of(q, &fine);
    if (!fine)
        return;
    s->before = s->wish.range = *r;
    save(q, partial);
}

void put_range(struct ask *q)
{
    change(q, false);
}

void patch_range(struct ask *q)
{
    change(q, true);
}

static void deleted(struct ask *q, const struct admin_result *result)
{
    if (q->dry_run) {
        reply_json(q, 200,
                   json_pack("{s:b, s:s}", "dry_run", 1, "result",
                             result->drains ? "draining" : "deleted"));
        return;
    }
    if (result->drains)
        reply_json(q, 202, ranges_current(q));
    else
        reply_nothing(q);
}

void delete_range(struct ask *q)
{
    struct admin_change c = { .what = ADMIN_RANGE_REMOVE };
    const struct range *r;
    bool fine;

    q->current = ranges_current;
    r = ranges_asked(q, MAY_RANGES_WRITE);
    if (!r || !version_matches(q, r->version, &c))
        return;
    c.range = *r;
    c.mode = mode_of(q, &fine);
    if (fine)
        admin_make(q, &c, 1, deleted);
}

/* ---- would it be allowed? ----------------------------------------------------------------------
 */

static void read_whose(struct fields *f, struct range *r)
{
    const char *id = fields_text(f, "id");

    if (id && !ident_range_read(id, &r->id))
        fields_fault(f, "invalid-value", "id", "This is no id of a range: it begins with rng_.");
}

static void reply_verdict(struct ask *q, const struct range *r, const struct range_verdict *v,
                          const struct err *err)
{
    json_t *body = json_pack("{s:b}", "valid", v->fault == RANGE_FINE);

    if (v->fault != RANGE_FINE)
        (void)json_object_set_new(body, "problem", admin_range_problem(q->app, v, err));
    else
        (void)json_object_set_new(body, "size", json_integer((json_int_t)range_size(r)));
    if (v->hint_large)
        (void)json_object_set_new(body, "hint",
                                  json_string("The range has more than 100 numbers, which is "
                                              "allowed."));
    reply_json(q, 200, body);
}

/* A body that cannot be read is a fault of the client; one that says something impossible is an
 * answer. */
static void reply_fault(struct ask *q, struct fields *f)
{
    json_t *body;

    if (strcmp(f->slug, "invalid-request") == 0 || strcmp(f->slug, "missing-field") == 0) {
        (void)fields_reply(f, q); /* there is something, as was seen */
        return;
    }
    body = json_pack("{s:b, s:o}", "valid", 0, "problem",
                     problem_json(f->slug, f->pointer, f->detail));
    fields_done(f);
    reply_json(q, 200, body);
}

/* A name is not needed here: the form is checked while it is being filled in. */
void validate_range(struct ask *q)
{
    struct range_wish wish = { 0 };
    struct range_verdict verdict = { 0 };
    struct err err = { 0 };
    struct fields f;
    bool named;

    if (!fields_read(&f, q, ranges_fields, false))
        return;
    named = fields_has(&f, "name");
    if (!named)
        (void)json_object_set_new(f.json, "name", json_string("?"));
    read_whose(&f, &wish.range);
    ranges_read(q, &f, &wish, false, &verdict, &err);
    if (f.slug) {
        reply_fault(q, &f);
        return;
    }
    fields_done(&f);
    if (verdict.fault == RANGE_FINE &&
        !ranges_may(q, ranges_by_id(&app_deployment(q->app)->ranges, wish.range.id), &wish.range))
        return;
    if (!named) /* a name that nobody can have, so that it is not taken */
        (void)text_copy(wish.range.name, sizeof wish.range.name, "\x01");
    if (verdict.fault == RANGE_FINE)
        verdict = deployment_check_range(app_deployment(q->app), &wish.range, &err);
    reply_verdict(q, &wish.range, &verdict, &err);
}

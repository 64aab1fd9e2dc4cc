/* Undoing a change of a range or of settings: what was before is made so again, as a change like
 * any other, if what is there is still what that change had made. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/audit.h"
#include "api/auth.h"
#include "api/fields.h"
#include "api/places.h"
#include "api/resources.h"
#include "base/text.h"

struct undoing {
    audit_id id;
    bool force;
    json_t *before, *after; /* as the entry says; NULL: there was none */
    struct admin_change change;
    struct admin_change settings; /* of a range that is made again */
    bool has_settings;
};

static void undoing_free(void *plan)
{
    struct undoing *u = plan;

    json_decref(u->before);
    json_decref(u->after);
    free(u);
}

static bool conflict(struct ask *q, json_t *current, const char *words)
{
    struct undoing *u = q->plan;
    json_t *more = json_pack("{s:o, s:O}", "current", current ? current : json_null(), "before",
                             u->before ? u->before : json_null());

    reply_problem_with(q, "undo-conflict", NULL, more,
                       "%s 'current' is what is there now, 'before' what would be made of it; "
                       "?force=true does it all the same.",
                       words);
    return false;
}

/* ---- ranges ---- */

static int range_of_json(struct app *a, const json_t *json, struct range *r, struct err *err)
{
    const char *park = json_string_value(json_object_get(json, "park_number"));
    const char *destination = json_string_value(json_object_get(json, "destination"));
    const char *type = json_string_value(json_object_get(json, "type"));
    const char *start = json_string_value(json_object_get(json, "start"));
    const char *end = json_string_value(json_object_get(json, "end"));
    const char *name = json_string_value(json_object_get(json, "name"));

    if (!name || !start || !end || !destination || !range_type_read(type ? type : "", &r->type) ||
        range_read(r, name, start, end, err).fault != RANGE_FINE)
        return err_set(err, -EINVAL, "the entry does not tell what the range was");
    if (destination_read(app_deployment(a), destination, r->destination, err) != 0)
        return -EINVAL;
    r->state = text_is(json_string_value(json_object_get(json, "state")), "draining")
                   ? RANGE_DRAINING
                   : RANGE_ACTIVE;
    (void)text_copy(r->park_number, sizeof r->park_number, park); /* NULL: none */
    return 0;
}

static bool may_change_range(struct ask *q, const struct range *r)
{
    struct place_of place = place_of_range(app_deployment(q->app), r);

    return ask_may(q, MAY_RANGES_WRITE, &place);
}

static bool may_set(struct ask *q, const struct range *r)
{
    struct place_of place = place_of_range(app_deployment(q->app), r);

    return ask_may(q, MAY_SETTINGS_WRITE, &place);
}

/* What the change had made is compared with what is there; the settings of a range that goes are
 * another change's matter. */
static bool range_is_as_left(struct ask *q, const struct range *now)
{
    struct undoing *u = q->plan;
    json_t *current = now ? audit_range_json(now, NULL) : NULL;
    bool same = u->after ? json_equal(current, u->after) : !current;

    if (same || u->force) {
        json_decref(current);
        return true;
    }
    return conflict(q, current,
                    now ? "The range has been changed again." : "The range is not there any more.");
}

/* Undo a creation: take it away. */
static bool plan_removal(struct ask *q, const struct range *now)
{
    struct undoing *u = q->plan;

    if (!now)
        return conflict(q, NULL, "The range is gone already.");
    u->change.what = ADMIN_RANGE_REMOVE;
    u->change.range = *now;
    u->change.check_version = true;
    u->change.version = now->version;
    return may_change_range(q, now);
}

static bool settings_of_json(const json_t *json, struct settings *to, struct err *err);

static bool plan_restoring(struct ask *q, const struct range *now)
{
    struct undoing *u = q->plan;
    json_t *settings = json_object_get(u->before, "settings");
    struct err err = { 0 };

    u->change.what = ADMIN_RANGE_PUT;
    if (range_of_json(q->app, u->before, &u->change.range, &err) != 0 ||
        (settings && !settings_of_json(settings, &u->settings.settings, &err)))
        return conflict(q, now ? audit_range_json(now, NULL) : NULL, err.text);
    u->change.range.id = now ? now->id : 0; /* ids are never used twice */
    u->change.fresh = !now;
    u->change.check_version = now != NULL;
    u->change.version = now ? now->version : 0;
    u->has_settings = !now && settings;
    return may_change_range(q, &u->change.range) && (!now || may_change_range(q, now)) &&
           (!u->has_settings || may_set(q, &u->change.range));
}

static bool plan_range(struct ask *q, const struct audit_entry *e)
{
    const struct undoing *u = q->plan;
    const struct range *now = NULL;
    range_id id;

    if (ident_range_read(e->subject_id, &id))
        now = ranges_by_id(&app_deployment(q->app)->ranges, id);
    if (!range_is_as_left(q, now))
        return false;
    return u->before ? plan_restoring(q, now) : plan_removal(q, now);
}

/* ---- settings ---- */

static bool settings_of_json(const json_t *json, struct settings *to, struct err *err)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)json, name, value)
    {
        char text[LIST_SIZE + 8];
        enum setting_key key;

        if (json_is_null(value) && setting_find(name, &key))
            text[0] = '\0'; /* a URI that says: none */
        else if (!setting_find(name, &key) || !settings_value_text(value, text)) {
            (void)err_set(err, -EINVAL, "the entry has a setting that is not known: %s", name);
            return false;
        }
        if (settings_set(to, key, text, err) != 0)
            return false;
    }
    return true;
}

/* An address may be too long for subject_id, so the name is taken from the subject. */
static bool scope_of(const struct audit_entry *e, struct scope *s)
{
    memset(s, 0, sizeof *s);
    if (text_is(e->subject_id, "all"))
        s->kind = SCOPE_GLOBAL;
    else if (text_starts(e->subject_id, "site:"))
        s->kind = SCOPE_SITE;
    else if (text_starts(e->subject_id, "destination:"))
        s->kind = SCOPE_DESTINATION;
    else if (text_starts(e->subject_id, "range:"))
        s->kind = SCOPE_RANGE;
    else
        return false;
    (void)text_copy(s->name, sizeof s->name,
                    s->kind == SCOPE_SITE || s->kind == SCOPE_DESTINATION ? e->subject : "");
    return s->kind != SCOPE_RANGE || ident_range_read(e->subject_id + strlen("range:"), &s->range);
}

static bool plan_settings(struct ask *q, const struct audit_entry *e)
{
    struct undoing *u = q->plan;
    const struct settings *now;
    struct place_of place;
    struct err err = { 0 };
    json_t *current;

    if (!scope_of(e, &u->change.scope) || !scope_exists(app_deployment(q->app), &u->change.scope))
        return conflict(q, NULL, "What these settings were for is not there any more.");
    place = place_of_scope(app_deployment(q->app), &u->change.scope);
    if (!ask_may(q, MAY_SETTINGS_WRITE, &place))
        return false;
    now = deployment_settings(app_deployment(q->app), &u->change.scope);
    current = audit_settings_json(now);
    if (!u->force && !json_equal(current, u->after))
        return conflict(q, current, "These settings have been changed again.");
    u->change.what = ADMIN_SETTINGS_PUT;
    u->change.check_version = true;
    u->change.version = now ? now->version : 0;
    if (!settings_of_json(u->before, &u->change.settings, &err))
        return conflict(q, current, err.text);
    json_decref(current);
    return true;
}

/* ---- the change ---- */

static json_t *result_json(struct ask *q, const struct admin_result *result)
{
    const struct undoing *u = q->plan;
    const struct range *r;

    if (u->change.what == ADMIN_SETTINGS_PUT)
        return audit_settings_json(
            q->dry_run ? &u->change.settings
                       : deployment_settings(app_deployment(q->app), &u->change.scope));
    if (u->change.what == ADMIN_RANGE_REMOVE)
        return json_null();
    r = q->dry_run ? &u->change.range
                   : ranges_by_id(&app_deployment(q->app)->ranges, result->range);
    return r ? show_range(q->app, r) : json_null();
}

static void undone(struct ask *q, const struct admin_result *result)
{
    const struct undoing *u = q->plan;

    reply_json(q, 200,
               json_pack("{s:I, s:o, s:b}", "undone", (json_int_t)u->id, "result",
                         result_json(q, result), "dry_run", q->dry_run));
}

static void settings_made(struct ask *q, const struct admin_result *result)
{
    const struct undoing *u = q->plan;
    struct admin_result of_range = *result;

    of_range.range = u->settings.scope.range;
    undone(q, &of_range);
}

static void range_made(struct ask *q, const struct admin_result *result)
{
    struct undoing *u = q->plan;

    if (!u->has_settings || q->dry_run) {
        undone(q, result);
        return;
    }
    u->settings.what = ADMIN_SETTINGS_PUT;
    u->settings.scope = (struct scope){ .kind = SCOPE_RANGE, .range = result->range };
    q->half_made = "The range is there again, but its settings could not be written";
    admin_make(q, &u->settings, 1, settings_made);
}

static void undo(struct ask *q, const struct audit_entry *e)
{
    struct undoing *u = q->plan;
    bool range = text_starts(e->action, "range.");

    if (!audit_undoable(e)) {
        reply_problem(q, "not-undoable", NULL,
                      "%s cannot be undone: changes of ranges and of settings can.", e->action);
        return;
    }
    u->before = e->before[0] ? json_loads(e->before, 0, NULL) : NULL;
    u->after = e->after[0] ? json_loads(e->after, 0, NULL) : NULL;
    if (range ? plan_range(q, e) : plan_settings(q, e))
        admin_make(q, &u->change, 1, range ? range_made : undone);
}

static void entry_read(void *ask, struct store_rows *rows, const char *err)
{
    struct ask *q = ask;
    const struct audit_entry *e = audit_found(q, rows, err);

    if (e)
        undo(q, e);
    store_rows_free(rows);
}

void undo_audit_event(struct ask *q)
{
    struct store_query query = { .type = QUERY_AUDIT, .limit = 1 };
    struct undoing *u;

    if (!text_number(q->part, 1, INT64_MAX, &query.entry)) {
        reply_problem(q, "not-found", NULL, "There is no audit event '%.20s': they are numbered.",
                      q->part);
        return;
    }
    u = fields_none(q) ? ask_plan(q, sizeof *u) : NULL;
    if (!u)
        return;
    q->plan_free = undoing_free;
    u->id = query.entry;
    if (params_switch(q, "force", &u->force))
        app_ask(q->app, &query, entry_read, q);
}

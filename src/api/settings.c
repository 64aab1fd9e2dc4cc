/* Settings by scope, and what holds in the end and where it comes from. The keys, their bounds and
 * their words are the core's. */
#include <stdlib.h>
#include <string.h>

#include "api/definitions.h"
#include "api/places.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/nearest.h"
#include "base/text.h"

static json_t *show_settings(const struct settings *s)
{
    json_t *body = json_object();

    for (unsigned i = 0; i < SETTING_KEYS; i++)
        if (s->set & UINT32_C(1) << i)
            (void)json_object_set_new(body, setting_info((enum setting_key)i)->name,
                                      settings_show_value(&s->values, (enum setting_key)i));
    (void)json_object_set_new(body, "version", json_integer(s->version));
    return body;
}

/* ---- scopes ---- */

struct setting_plan {
    struct scope scope;
    struct admin_change change;
};

static bool find_scope(struct ask *q, enum scope_kind kind, enum permission needs, struct scope *to)
{
    const struct destination *dest;
    const struct site *site;

    *to = (struct scope){ .kind = kind };
    switch (kind) {
    case SCOPE_GLOBAL:
        return true;
    case SCOPE_SITE:
        site = site_asked(q, needs);
        return site && text_copy(to->name, sizeof to->name, site->name);
    case SCOPE_DESTINATION:
        dest = destination_asked(q, needs);
        return dest && text_copy(to->name, sizeof to->name, dest->fqdn);
    case SCOPE_RANGE:
        break;
    }
    if (ident_range_read(q->part, &to->range) &&
        ranges_by_id(&app_deployment(q->app)->ranges, to->range))
        return true;
    reply_problem(q, "not-found", NULL, "There is no range '%.64s'.", q->part);
    return false;
}

/* What holds everywhere everybody inherits, so he may read it. */
bool scope_asked(struct ask *q, enum scope_kind kind, enum permission needs, struct scope *to)
{
    struct place_of place;

    if (!find_scope(q, kind, needs, to))
        return false;
    place = place_of_scope(app_deployment(q->app), to);
    return needs == MAY_SETTINGS_READ ? scope_within(q, needs, &place) : ask_may(q, needs, &place);
}

static bool plan_scope(struct ask *q, enum scope_kind kind, enum permission needs)
{
    struct setting_plan *p = ask_plan(q, sizeof *p);

    return p && scope_asked(q, kind, needs, &p->scope);
}

static const struct settings *settings_of(struct ask *q)
{
    const struct setting_plan *p = q->plan;

    return deployment_settings(app_deployment(q->app), &p->scope);
}

static json_t *current(struct ask *q)
{
    const struct settings *s = settings_of(q);

    if (!s)
        return NULL;
    version_etag(q, s->version);
    return show_settings(s);
}

static void get_scope(struct ask *q, enum scope_kind kind)
{
    if (plan_scope(q, kind, MAY_SETTINGS_READ))
        reply_versioned(q, current(q));
}

/* ---- changes ---- */

/* What the core reads is text; JSON says the same with its own types. */
bool settings_value_text(const json_t *value, char to[LIST_SIZE + 8])
{
    if (json_is_string(value))
        return text_copy(to, LIST_SIZE + 8, json_string_value(value));
    if (json_is_integer(value))
        return text_format(to, LIST_SIZE + 8, "%lld", (long long)json_integer_value(value));
    if (json_is_boolean(value))
        return text_copy(to, LIST_SIZE + 8, json_is_true(value) ? "on" : "off");
    return false;
}

static void unknown_key(struct fields *f, const char *name)
{
    const char *names[SETTING_KEYS], *near;
    char shown[64];

    for (unsigned i = 0; i < SETTING_KEYS; i++)
        names[i] = setting_info((enum setting_key)i)->name;
    near = nearest_word(name, names, SETTING_KEYS);
    (void)text_shown(shown, sizeof shown, name);
    fields_fault(f, "invalid-request", shown, "There is no setting '%s'%s%s%s", shown,
                 near ? ": did you mean '" : ".", near ? near : "", near ? "'?" : "");
}

static void read_one(struct fields *f, const char *name, const json_t *value, struct settings *to)
{
    char text[LIST_SIZE + 8];
    enum setting_key key;
    struct err err;

    if (strcmp(name, "version") == 0)
        return; /* as a GET shows it */
    if (!setting_find(name, &key))
        unknown_key(f, name);
    else if (json_is_null(value))
        settings_unset(to, key);
    else if (!settings_value_text(value, text))
        fields_fault(f, "invalid-request", name,
                     "'%s' must be text, a whole number, or true or false.", name);
    else if (settings_set(to, key, text, &err) != 0)
        fields_fault(f, "invalid-value", name, "%s.", err.text);
}

void settings_read(struct fields *f, struct settings *to)
{
    const char *name;
    json_t *value;

    json_object_foreach(f->json, name, value)
    {
        read_one(f, name, value, to);
    }
}

static void saved(struct ask *q, const struct admin_result *result)
{
    const struct setting_plan *p = q->plan;
    json_t *body;

    (void)result;
    if (!q->dry_run) {
        body = current(q);
        reply_json(q, 200, body);
        return;
    }
    body = show_settings(&p->change.settings);
    (void)json_object_set_new(body, "dry_run", json_true());
    reply_json(q, 200, body);
}

/* Any field may be in the body, so the names are checked here, not by fields_read(). */
static bool read_change(struct ask *q, struct setting_plan *p)
{
    const char *names[64] = { 0 };
    struct fields f;
    json_t *body = json_loadb(q->rq->body ? q->rq->body : "", q->rq->body_length, 0, NULL);
    size_t count = 0;
    const char *name;
    json_t *value;

    json_object_foreach(body, name, value)
    {
        if (count + 1 < sizeof names / sizeof names[0])
            names[count++] = name;
    }
    if (!fields_read(&f, q, names, false)) {
        json_decref(body);
        return false;
    }
    settings_read(&f, &p->change.settings);
    json_decref(body);
    if (fields_reply(&f, q))
        return false;
    fields_done(&f);
    return true;
}

static void put_scope(struct ask *q, enum scope_kind kind)
{
    bool is_delete = strcmp(q->rq->method, "DELETE") == 0;
    bool is_patch = strcmp(q->rq->method, "PATCH") == 0;
    const struct settings *now;
    struct setting_plan *p;

    if (!plan_scope(q, kind, MAY_SETTINGS_WRITE))
        return;
    p = q->plan;
    q->current = current;
    now = settings_of(q);
    if (!version_matches(q, now->version, &p->change))
        return;
    p->change.what = ADMIN_SETTINGS_PUT;
    p->change.scope = p->scope;
    if (is_patch)
        p->change.settings = *now;
    if (!is_delete && !read_change(q, p))
        return;
    admin_make(q, &p->change, 1, saved);
}

void get_global(struct ask *q)
{
    get_scope(q, SCOPE_GLOBAL);
}

void get_of_site(struct ask *q)
{
    get_scope(q, SCOPE_SITE);
}

void get_of_destination(struct ask *q)
{
    get_scope(q, SCOPE_DESTINATION);
}

void get_of_range(struct ask *q)
{
    get_scope(q, SCOPE_RANGE);
}

void put_global(struct ask *q)
{
    put_scope(q, SCOPE_GLOBAL);
}

void put_of_site(struct ask *q)
{
    put_scope(q, SCOPE_SITE);
}

void put_of_destination(struct ask *q)
{
    put_scope(q, SCOPE_DESTINATION);
}

void put_of_range(struct ask *q)
{
    put_scope(q, SCOPE_RANGE);
}

/* Changes in words and JSON for the audit trail. A password, a token or a hash of one never gets in
 * here: that it was changed is all that is said. */
#include <stdlib.h>
#include <string.h>

#include "api/audit.h"
#include "api/auth.h"
#include "api/places.h"
#include "base/text.h"

/* An entry whose JSON did not fit says so. It cannot be undone. */
#define TOO_LONG "{\"too_long\":true}"

static void put_json(char *to, size_t size, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

    if (json && (!text || !text_copy(to, size, text)))
        (void)text_copy(to, size, TOO_LONG); /* fits */
    free(text);
    json_decref(json);
}

static void describe(struct audit_entry *out, const char *what, json_t *before, json_t *after)
{
    (void)text_format(out->action, sizeof out->action, "%s.%s", what,
                      !before ? "created"
                      : after ? "updated"
                              : "deleted"); /* fits */
    put_json(out->before, sizeof out->before, before);
    put_json(out->after, sizeof out->after, after);
}

static void name(struct audit_entry *out, const char *subject, const char *id)
{
    (void)text_copy(out->subject, sizeof out->subject, subject);  /* the same size, or less */
    (void)text_copy(out->subject_id, sizeof out->subject_id, id); /* is cut */
}

/* ---- ranges ---- */

json_t *audit_range_json(const struct range *r, const struct settings *own)
{
    char id[IDENT_SIZE];
    json_t *json = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:s}", "id", ident_range(id, r->id), "name",
        show_text(r->name), "start", show_number(r->first), "end", show_number(r->last),
        "destination", show_text(r->destination), "type", range_type_name(r->type), "park_number",
        show_text_or_null(r->park_number), "state", range_state_name(r->state));

    if (own && own->set)
        (void)json_object_set_new(json, "settings", audit_settings_json(own));
    return json;
}

static const struct settings *own_settings(const struct admin_view *v, range_id id)
{
    return deployment_settings(v->deployment, &(struct scope){ .kind = SCOPE_RANGE, .range = id });
}

/* A new range has its id only in the tables of after, where its name is unique. */
static bool describe_range(const struct admin_change *c, const struct admin_view *before,
                           const struct admin_view *after, struct audit_entry *out)
{
    const struct range *old = ranges_by_id(&before->deployment->ranges, c->range.id);
    const struct range *new = c->range.id || c->what == ADMIN_RANGE_REMOVE
                                  ? ranges_by_id(&after->deployment->ranges, c->range.id)
                                  : ranges_by_name(&after->deployment->ranges, c->range.name);
    bool drains = c->what == ADMIN_RANGE_REMOVE && new;
    char id[IDENT_SIZE];

    if (!old && !new)
        return false;
    name(out, new ? new->name : old->name, ident_range(id, new ? new->id : old->id));
    describe(out, "range",
             old ? audit_range_json(old, new ? NULL : own_settings(before, old->id)) : NULL,
             new ? audit_range_json(new, NULL) : NULL);
    if (drains)
        (void)text_copy(out->action, sizeof out->action, "range.draining"); /* fits */
    return true;
}

/* ---- places ---- */

static json_t *destination_json(const struct destination *d)
{
    return d ? json_pack("{s:o, s:o, s:o}", "fqdn", show_text(d->fqdn), "service_id",
                         show_text_or_null(d->service_id), "site", show_text_or_null(d->site))
             : NULL;
}

static bool describe_destination(const struct admin_change *c, const struct admin_view *before,
                                 const struct admin_view *after, struct audit_entry *out)
{
    const char *fqdn = c->destination.fqdn;

    name(out, fqdn, fqdn);
    describe(out, "destination", destination_json(deployment_destination(before->deployment, fqdn)),
             destination_json(deployment_destination(after->deployment, fqdn)));
    return out->before[0] || out->after[0];
}

static json_t *site_json(const struct site *s)
{
    return s ? json_pack("{s:o}", "name", show_text(s->name)) : NULL;
}

static bool describe_site(const struct admin_change *c, const struct admin_view *before,
                          const struct admin_view *after, struct audit_entry *out)
{
    const char *site = c->site.name;

    name(out, site, site);
    describe(out, "site", site_json(deployment_site(before->deployment, site)),
             site_json(deployment_site(after->deployment, site)));
    return out->before[0] || out->after[0];
}

/* ---- settings ---- */

json_t *audit_settings_json(const struct settings *s)
{
    json_t *json = json_object();

    for (unsigned i = 0; s && i < SETTING_KEYS; i++)
        if (s->set & UINT32_C(1) << i)
            (void)json_object_set_new(json, setting_info((enum setting_key)i)->name,
                                      settings_show_value(&s->values, (enum setting_key)i));
    return json;
}

static bool only_music_differs(json_t *a, json_t *b)
{
    const char *key = setting_info(SET_MUSIC)->name;
    json_t *x = json_copy(a), *y = json_copy(b); /* NULL: no memory, which is not equal */
    bool differs = !json_equal(json_object_get(a, key), json_object_get(b, key)), rest;

    (void)json_object_del(x, key);
    (void)json_object_del(y, key);
    rest = json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return differs && rest;
}

static const char *scope_subject(const struct admin_view *v, const struct scope *s)
{
    const struct range *r;

    switch (s->kind) {
    case SCOPE_SITE:
    case SCOPE_DESTINATION:
        return s->name;
    case SCOPE_RANGE:
        r = ranges_by_id(&v->deployment->ranges, s->range);
        return r ? r->name : "";
    case SCOPE_GLOBAL:
        break;
    }
    return "global";
}

static bool describe_settings(const struct admin_change *c, const struct admin_view *before,
                              const struct admin_view *after, struct audit_entry *out)
{
    json_t *old = audit_settings_json(deployment_settings(before->deployment, &c->scope));
    json_t *new = audit_settings_json(deployment_settings(after->deployment, &c->scope));
    bool music = only_music_differs(old, new);
    char id[SCOPE_TEXT_SIZE];

    scope_text(&c->scope, id);
    name(out, scope_subject(after, &c->scope), id);
    describe(out, music ? "music" : "settings", old, new);
    return true;
}

/* ---- people ---- */

static json_t *person_json(const struct user *u)
{
    return u ? json_pack("{s:o, s:o, s:b, s:b, s:b}", "name", show_text(u->name), "phone",
                         show_text_or_null(u->phone), "disabled", u->disabled, "has_password",
                         u->password[0] != '\0', "has_sip_password", u->sip_md5[0] != '\0')
             : NULL;
}

static bool describe_user(const struct admin_change *c, const struct admin_view *before,
                          const struct admin_view *after, struct audit_entry *out)
{
    const struct user *old = access_user(before->access, c->user.name);
    const struct user *new = access_user(after->access, c->user.name);
    json_t *now = person_json(new);

    if (old && new && !text_is(old->password, new->password))
        (void)json_object_set_new(now, "password_changed", json_true());
    if (old && new && !text_is(old->sip_sha256, new->sip_sha256))
        (void)json_object_set_new(now, "sip_password_changed", json_true());
    name(out, c->user.name, c->user.name);
    describe(out, "user", person_json(old), now);
    return old || new;
}

static json_t *role_json(const struct binding *b)
{
    char scope[SCOPE_TEXT_SIZE];

    if (!b)
        return NULL;
    scope_text(&b->scope, scope);
    return json_pack("{s:o, s:s, s:o}", "user", show_text(b->user), "role", role_name(b->role),
                     "scope", show_text(scope));
}

static bool same_scope(const struct scope *a, const struct scope *b)
{
    return a->kind == b->kind && a->range == b->range && text_is_nocase(a->name, b->name);
}

/* A new one has its id only in the tables of after. */
static const struct binding *binding_after(const struct access *a, const struct binding *b)
{
    for (size_t i = 0; i < a->binding_count; i++)
        if (b->id ? a->bindings[i].id == b->id
                  : text_is(a->bindings[i].user, b->user) && a->bindings[i].role == b->role &&
                        same_scope(&a->bindings[i].scope, &b->scope))
            return &a->bindings[i];
    return NULL;
}

static bool describe_binding(const struct admin_change *c, const struct admin_view *before,
                             const struct admin_view *after, struct audit_entry *out)
{
    const struct binding *old = access_binding(before->access, c->binding.id);
    const struct binding *new = binding_after(after->access, &c->binding);
    char id[IDENT_SIZE];

    if (!old && !new)
        return false;
    name(out, new ? new->user : old->user, ident_binding(id, new ? new->id : old->id));
    describe(out, "role", role_json(old), role_json(new));
    (void)text_copy(out->action, sizeof out->action,
                    new ? "role.granted" : "role.revoked"); /* fits */
    return true;
}

/* When it was used last is nobody's decision. */
static json_t *decided_token(const struct access_token *t)
{
    json_t *json = t ? token_json(t) : NULL;

    (void)json_object_del(json, "last_used_at");
    (void)json_object_del(json, "version");
    return json;
}

static bool describe_token(const struct admin_change *c, const struct admin_view *before,
                           const struct admin_view *after, struct audit_entry *out)
{
    const struct access_token *old = access_token_by_id(before->access, c->token.id);
    const struct access_token *new = c->token.id
                                         ? access_token_by_id(after->access, c->token.id)
                                         : access_token_by_hash(after->access, c->token.hash);
    char id[IDENT_SIZE];

    if (!old && !new)
        return false;
    name(out, new ? new->name : old->name, ident_token(id, new ? new->id : old->id));
    describe(out, "token", decided_token(old), decided_token(new));
    if (!new)
        (void)text_copy(out->action, sizeof out->action, "token.revoked"); /* fits */
    return true;
}

/* ---- any of them ---- */

bool describe_change(void *to, const struct admin_change *c, const struct admin_view *before,
                     const struct admin_view *after, struct audit_entry *out)
{
    (void)to;
    switch (c->what) {
    case ADMIN_RANGE_PUT:
    case ADMIN_RANGE_REMOVE:
        return describe_range(c, before, after, out);
    case ADMIN_DESTINATION_PUT:
    case ADMIN_DESTINATION_REMOVE:
        return describe_destination(c, before, after, out);
    case ADMIN_SITE_PUT:
    case ADMIN_SITE_REMOVE:
        return describe_site(c, before, after, out);
    case ADMIN_SETTINGS_PUT:
        return describe_settings(c, before, after, out);
    case ADMIN_USER_PUT:
    case ADMIN_USER_REMOVE:
        return describe_user(c, before, after, out);
    case ADMIN_BINDING_PUT:
    case ADMIN_BINDING_REMOVE:
        return describe_binding(c, before, after, out);
    case ADMIN_TOKEN_PUT:
    case ADMIN_TOKEN_REMOVE:
        return describe_token(c, before, after, out);
    }
    return false;
}

void audit_act(struct ask *q, const char *action, const char *subject, const char *subject_id,
               json_t *before, json_t *after)
{
    struct audit_entry *e = q->dry_run ? NULL : calloc(1, sizeof *e);

    if (!e) { /* no memory: the log has a line of it at least */
        json_decref(before);
        json_decref(after);
        return;
    }
    (void)text_copy(e->actor, sizeof e->actor, q->actor.name); /* the same sizes */
    (void)text_copy(e->source, sizeof e->source, q->actor.source);
    (void)text_copy(e->request, sizeof e->request, q->actor.request);
    (void)text_copy(e->action, sizeof e->action, action); /* all are short */
    name(e, subject, subject_id);
    put_json(e->before, sizeof e->before, before);
    put_json(e->after, sizeof e->after, after);
    app_audit(q->app, e);
    free(e);
}

bool audit_undoable(const struct audit_entry *e)
{
    bool known = text_starts(e->action, "range.") || text_is(e->action, "settings.updated") ||
                 text_is(e->action, "music.updated");

    return known && !text_is(e->before, TOO_LONG) && !text_is(e->after, TOO_LONG);
}

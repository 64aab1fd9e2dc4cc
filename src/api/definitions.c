/* Definitions as a resource: the whole configuration read, and made so, all or nothing. The same at
 * a start from the file of [provision]. */
#include "api/definitions.h"

#include <stdlib.h>
#include <string.h>

#include "api/audit.h"
#include "api/auth.h"
#include "api/resources.h"
#include "base/text.h"
#include "sys/log.h"

const char *const definitions_fields[] = { "format", "version",      "exported_at", "node",
                                           "sites",  "destinations", "ranges",      "settings",
                                           "users",  "tokens",       "music",       NULL };

/* Whoever has a hash can guess at it as long as he likes, and then is that user. */
static bool may_see_secrets(struct ask *q)
{
    const struct access *a = app_access(q->app);

    if (!ask_may(q, MAY_USERS_WRITE, NULL))
        return false;
    for (size_t i = 0; i < a->user_count; i++)
        if (!users_may_change(q, a->users[i].name))
            return false;
    return true;
}

void get_definitions(struct ask *q)
{
    bool secrets = false, music = false;
    uint64_t bytes;
    json_t *body;

    if (!params_switch(q, "secrets", &secrets) || !params_switch(q, "music", &music) ||
        (secrets && !may_see_secrets(q)))
        return;
    body = definitions_document(app_deployment(q->app), app_access(q->app),
                                app_config(q->app)->node, secrets);
    q->reply.disposition = "attachment; filename=\"callpark-definitions.json\"";
    bytes = definitions_music(q->app, body);
    if (music)
        definitions_with_data(q, body, bytes);
    else
        reply_json(q, 200, body);
}

/* ---- made so ---- */

static void plan_free(void *plan)
{
    app_restore_free(((struct plan *)plan)->backup);
    fields_done(&((struct plan *)plan)->waiting);
    plan_done(plan);
    free(plan);
}

/* Who knew an old password is out. */
static void end_sessions(struct app *a, const struct plan *p, const struct identity *who)
{
    for (size_t i = 0; i < p->count; i++) {
        const json_t *after = json_object_get(json_array_get(p->shown, i), "after");
        const char *user = p->changes[i].user.name;

        if (p->changes[i].what == ADMIN_USER_PUT &&
            json_is_true(json_object_get(after, "password_changed")))
            (void)app_logins_end_of(a, user, who && text_is(user, who->user) ? who->login : 0);
    }
}

void definitions_applied(struct ask *q, const struct admin_result *result)
{
    struct plan *p = q->plan;
    char words[64];

    (void)result;
    if (!q->dry_run)
        end_sessions(q->app, p, &q->who);
    (void)text_format(words, sizeof words, "%zu changes", p->count); /* fits */
    audit_act(q, p->audit_action, words, "", NULL, NULL);
    reply_json(q, 200,
               json_pack("{s:b, s:b, s:O, s:O}", "dry_run", q->dry_run, "applied", !q->dry_run,
                         "changes", p->shown, "notes", p->notes));
}

/* Which thing of the document it is about, in front of what is wrong with it. */
void definitions_explain(struct ask *q, struct admin_result *r)
{
    const struct plan *p = q->plan;
    const json_t *shown = json_array_get(p->shown, r->index);
    const char *kind = json_string_value(json_object_get(shown, "kind"));
    const char *name = json_string_value(json_object_get(shown, "name"));
    char words[64];

    if (kind && name)
        (void)err_prefix(&r->err, "%s '%s': ", kind, text_shown(words, sizeof words, name));
    r->verdict.pointer = NULL; /* of the thing, not of the document */
}

/* Users are others' to give; so is what they may do. */
static bool may_touch(struct ask *q, const struct fields *f)
{
    return (!json_object_get(f->json, "users") && !json_object_get(f->json, "tokens")) ||
           ask_may(q, MAY_USERS_WRITE, NULL);
}

static bool may_change(struct ask *q, const struct admin_change *c)
{
    switch ((int)c->what) {
    case ADMIN_USER_PUT:
        return c->fresh || users_may_change(q, c->user.name); /* his roles are changes, too */
    case ADMIN_USER_REMOVE:
        return users_may_change(q, c->user.name);
    case ADMIN_BINDING_PUT:
    case ADMIN_BINDING_REMOVE:
        return users_may_give(q, c->binding.role, &c->binding.scope);
    case ADMIN_TOKEN_PUT:
    case ADMIN_TOKEN_REMOVE:
        return users_may_change(q, c->token.user);
    default:
        return true;
    }
}

/* A document gives nobody more than who sends it could give one by one. */
bool definitions_may(struct ask *q)
{
    const struct plan *p = q->plan;

    for (size_t i = 0; i < p->count; i++)
        if (!may_change(q, &p->changes[i]))
            return false;
    return true;
}

void definitions_apply(struct ask *q, struct fields *f)
{
    struct plan *p = q->plan;

    plan_make(p, f);
    if (!may_touch(q, f)) {
        fields_done(f);
        return;
    }
    if (fields_reply(f, q))
        return;
    if (q->dry_run)
        definitions_spare_music(q, f);
    fields_done(f);
    q->explain = definitions_explain;
    if (definitions_may(q))
        admin_make(q, p->changes, p->count, definitions_applied);
}

struct plan *definitions_begin(struct ask *q, enum definitions_mode mode, bool prune,
                               enum admin_mode range_mode)
{
    struct plan *p = ask_plan(q, sizeof *p);

    if (!p)
        return NULL;
    q->plan_free = plan_free;
    p->app = q->app;
    p->mode = mode;
    p->prune = prune;
    p->range_mode = range_mode;
    p->audit_action = "definitions.applied";
    return p;
}

static const char *const range_modes[] = { "refuse", "drain", "force", NULL };

void put_definitions(struct ask *q)
{
    static const char *const modes[] = { "enforce", "create-missing", NULL };
    int mode = params_choice(q, "mode", modes, DEFINITIONS_ENFORCE);
    int range_mode = mode < 0 ? -1 : params_choice(q, "range_mode", range_modes, MODE_REFUSE);
    bool prune = false;
    struct fields f;

    if (range_mode < 0 || !params_switch(q, "prune", &prune) ||
        !definitions_begin(q, (enum definitions_mode)mode, prune, (enum admin_mode)range_mode) ||
        !fields_read(&f, q, definitions_fields, false))
        return;
    definitions_take_music(q, &f);
}

/* ---- at a start ---- */

struct provision {
    struct plan plan;
    char path[512];
};

static void provisioned(void *context, const struct admin_result *r)
{
    struct provision *v = context;

    if (r->status == ADMIN_DONE)
        end_sessions(v->plan.app, &v->plan, NULL);
    if (r->status != ADMIN_DONE)
        log_error("provision", "%s was not applied, nothing was changed: %s", v->path, r->err.text);
    else if (v->plan.count)
        log_info("provision", "%s: %zu changes, all made", v->path, v->plan.count);
    else
        log_info("provision", "%s: everything is as it says already", v->path);
    plan_done(&v->plan);
    free(v);
}

static json_t *read_file(const char *path)
{
    json_error_t error;
    json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

    if (!document)
        log_error("provision", "%s, line %d: %s; nothing was changed", path, error.line,
                  error.text);
    return document;
}

static void plan_provision(struct provision *v, json_t *document)
{
    struct actor actor = { .name = "the file of [provision]" };
    struct fields f;

    if (fields_of(&f, document, definitions_fields, ""))
        plan_make(&v->plan, &f);
    fields_done(&f);
    if (!f.slug) {
        app_admin(v->plan.app, v->plan.changes, v->plan.count, false, &actor, provisioned, v);
        return;
    }
    log_error("provision", "%s, %s: %s Nothing was changed", v->path,
              f.pointer[0] ? f.pointer : "/", f.detail);
    plan_done(&v->plan);
    free(v);
}

void definitions_provision(struct app *a)
{
    const struct app_config *config = app_config(a);
    struct provision *v;
    json_t *document;

    if (!config->provision_file[0])
        return;
    document = read_file(config->provision_file);
    v = document ? calloc(1, sizeof *v) : NULL;
    if (v) {
        v->plan.app = a;
        v->plan.mode = config->provision_mode == PROVISION_CREATE_MISSING
                           ? DEFINITIONS_CREATE_MISSING
                           : DEFINITIONS_ENFORCE;
        (void)text_copy(v->path, sizeof v->path, config->provision_file); /* the same size */
        plan_provision(v, document);
    }
    json_decref(document);
}

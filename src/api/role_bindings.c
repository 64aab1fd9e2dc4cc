/* Who has which role, and where. */
#include <string.h>

#include "api/auth.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/text.h"

static const char *const fields[] = { "user", "role", "scope", "id", NULL };
static const char *const sort_keys[] = { "id", NULL };

static json_t *binding_json(const struct binding *b)
{
    char id[IDENT_SIZE], scope[SCOPE_TEXT_SIZE];

    scope_text(&b->scope, scope);
    return json_pack("{s:o, s:o, s:s, s:o}", "id",
                     b->id ? json_string(ident_binding(id, b->id)) : json_null(), "user",
                     show_text(b->user), "role", role_name(b->role), "scope", show_text(scope));
}

void get_role_bindings(struct ask *q)
{
    const struct access *a = app_access(q->app);
    json_t *items = json_array();
    char user[USER_SIZE + 8] = "";
    struct page page;
    size_t found = 0;

    if (!page_read(q, &page, sort_keys)) {
        json_decref(items);
        return;
    }
    (void)http_query(q->rq, "user", user, sizeof user); /* one too long is nobody */
    for (size_t i = 0; i < a->binding_count; i++) {
        const struct binding *b = &a->bindings[page.descending ? a->binding_count - 1 - i : i];

        if (user[0] && !text_is_nocase(b->user, user))
            continue;
        if (found >= page.offset && found - page.offset < page.limit)
            (void)json_array_append_new(items, binding_json(b));
        found++;
    }
    reply_json(q, 200, page_json(q, &page, items, found));
}

static void made(struct ask *q, const struct admin_result *result)
{
    struct admin_change *c = q->plan;
    json_t *body;

    c->binding.id = q->dry_run ? 0 : result->binding;
    body = binding_json(&c->binding);
    if (q->dry_run)
        (void)json_object_set_new(body, "dry_run", json_true());
    reply_json(q, q->dry_run ? 200 : 201, body);
}

static void read_binding(struct ask *q, struct fields *f, struct binding *b)
{
    const char *user = fields_needed_text(f, "user"), *role = fields_needed_text(f, "role");
    const char *scope = fields_text(f, "scope");
    const struct user *u = NULL;
    char shown[64];
    struct err err;

    if (f->slug)
        return;
    if (user_name_read(user, b->user, &err))
        u = access_user(app_access(q->app), b->user);
    if (!u)
        fields_fault(f, "invalid-value", "user", "There is no user '%s'.",
                     text_shown(shown, sizeof shown, user));
    scope_read_role(q, f, role, scope, b);
}

void post_role_binding(struct ask *q)
{
    struct admin_change *c = ask_plan(q, sizeof *c);
    struct fields f;

    if (!c || !fields_read(&f, q, fields, false))
        return;
    c->what = ADMIN_BINDING_PUT;
    c->fresh = true;
    read_binding(q, &f, &c->binding);
    if (fields_reply(&f, q))
        return;
    fields_done(&f);
    if (users_may_give(q, c->binding.role, &c->binding.scope))
        admin_make(q, c, 1, made);
}

void delete_role_binding(struct ask *q)
{
    struct admin_change c = { .what = ADMIN_BINDING_REMOVE };
    binding_id id;
    const struct binding *b =
        ident_binding_read(q->part, &id) ? access_binding(app_access(q->app), id) : NULL;

    if (!b) {
        reply_problem(q, "not-found", NULL,
                      "There is no role binding '%.64s': an id begins with rb_ and stands in the "
                      "list.",
                      q->part);
        return;
    }
    c.binding = *b;
    if (users_may_give(q, b->role, &b->scope))
        admin_make(q, &c, 1, admin_deleted);
}

/* Tokens: for programs that use the API in a user's name. The text of one is shown once, when it is
 * made; only its hash is kept. */
#include <string.h>

#include "api/auth.h"
#include "api/resources.h"
#include "base/network.h"
#include "base/text.h"

#define TOKENS "/api/v1/tokens/"
#define EXPIRES_MAX (UINT64_C(10) * 366 * 86400) /* seconds */

static const char *const fields[] = {
    "name", "permissions", "expires_in", "networks", "user", NULL
};
static const char *const sort_keys[] = { "id", NULL };

/* ---- shown ---- */

static json_t *networks_json(const char *list)
{
    json_t *networks = json_array();
    char copy[LIST_SIZE], *rest = NULL;

    (void)text_copy(copy, sizeof copy, list); /* the same size */
    for (char *one = strtok_r(copy, ",", &rest); one; one = strtok_r(NULL, ",", &rest))
        (void)json_array_append_new(networks, show_text(one));
    return networks;
}

json_t *token_json(const struct access_token *t)
{
    char id[IDENT_SIZE];

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "id",
                     t->id ? json_string(ident_token(id, t->id)) : json_null(), "name",
                     show_text(t->name), "user", show_text(t->user), "permissions",
                     t->permissions == PERMISSION_ALL ? json_null()
                                                      : permissions_json(t->permissions),
                     "networks", networks_json(t->networks), "created_at", show_time(t->created_at),
                     "expires_at", show_time(t->expires_at), "last_used_at", show_time(t->used_at),
                     "version", (json_int_t)t->version);
}

static bool is_own(const struct ask *q, const char *user)
{
    return q->who.user[0] && text_is(q->who.user, user);
}

void get_tokens(struct ask *q)
{
    const struct access *a = app_access(q->app);
    bool all = ask_sees(q, MAY_USERS_READ, NULL);
    json_t *items = json_array();
    char user[USER_SIZE + 8] = "";
    struct page page;
    size_t found = 0;

    if (!page_read(q, &page, sort_keys)) {
        json_decref(items);
        return;
    }
    (void)http_query(q->rq, "user", user, sizeof user); /* one too long is nobody */
    for (size_t i = 0; i < a->token_count; i++) {
        const struct access_token *t = &a->tokens[page.descending ? a->token_count - 1 - i : i];

        if ((!all && !is_own(q, t->user)) || (user[0] && !text_is_nocase(user, t->user)))
            continue;
        if (found >= page.offset && found - page.offset < page.limit)
            (void)json_array_append_new(items, token_json(t));
        found++;
    }
    reply_json(q, 200, page_json(q, &page, items, found));
}

/* ---- a new one ---- */

struct making {
    struct admin_change change;
    char text[TOKEN_TEXT_SIZE];
};

static void made(struct ask *q, const struct admin_result *result)
{
    struct making *m = q->plan;
    const struct access_token *t =
        q->dry_run ? NULL : access_token_by_id(app_access(q->app), result->token);
    json_t *body = token_json(t ? t : &m->change.token);
    char id[IDENT_SIZE];

    if (q->dry_run) {
        (void)json_object_set_new(body, "dry_run", json_true());
        reply_json(q, 200, body);
        return;
    }
    (void)json_object_set_new(body, "token", json_string(m->text));
    (void)text_format(q->reply.location, sizeof q->reply.location, TOKENS "%s",
                      ident_token(id, result->token)); /* fits */
    reply_json(q, 201, body);
}

static void read_permissions(struct fields *f, struct access_token *t)
{
    const json_t *list = json_object_get(f->json, "permissions"), *item;
    enum permission p;
    char shown[64];
    size_t i;

    t->permissions = PERMISSION_ALL;
    if (!list || json_is_null(list))
        return;
    if (!json_is_array(list) || json_array_size(list) == 0) {
        fields_fault(f, "invalid-request", "permissions",
                     "'permissions' is a list of names such as ranges.read, or null for all that "
                     "the user has.");
        return;
    }
    t->permissions = 0;
    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(item);

        if (name && permission_find(name, &p))
            t->permissions |= UINT32_C(1) << p;
        else
            fields_fault(f, "invalid-value", "permissions",
                         "There is no permission '%s'. 'callparkctl help token' lists them.",
                         text_shown(shown, sizeof shown, name ? name : "?"));
    }
}

static void add_network(struct fields *f, struct access_token *t, const char *text)
{
    struct network n;
    char shown[64];

    if (!text || !network_read(text, &n))
        fields_fault(f, "invalid-value", "networks",
                     "'%s' is no network: write 10.0.0.0/8, 2001:db8::/32 or one address.",
                     text_shown(shown, sizeof shown, text ? text : "?"));
    else if (!text_append(t->networks, sizeof t->networks, "%s%s", t->networks[0] ? "," : "", text))
        fields_fault(f, "invalid-value", "networks", "These are too many networks.");
}

static void read_networks(struct fields *f, struct access_token *t)
{
    const json_t *list = json_object_get(f->json, "networks"), *item;
    size_t i;

    if (!list || json_is_null(list))
        return;
    if (!json_is_array(list)) {
        fields_fault(f, "invalid-request", "networks", "'networks' is a list of texts.");
        return;
    }
    json_array_foreach(list, i, item)
    {
        add_network(f, t, json_string_value(item));
    }
}

static void read_owner(struct ask *q, struct fields *f, struct access_token *t)
{
    const char *name = fields_text(f, "user");
    char shown[64];
    struct err err;

    if (!name && !q->who.user[0])
        fields_fault(f, "missing-field", "user",
                     "'user' is missing: %s is no user of this server, so say whose token it is to "
                     "be.",
                     q->who.name);
    (void)text_copy(t->user, sizeof t->user, q->who.user); /* the same size */
    if (name && (!user_name_read(name, t->user, &err) || !access_user(app_access(q->app), t->user)))
        fields_fault(f, "invalid-value", "user", "There is no user '%s'.",
                     text_shown(shown, sizeof shown, name));
}

static void read_token(struct ask *q, struct fields *f, struct access_token *t)
{
    const char *name = fields_needed_text(f, "name");
    wall_msec now = app_wall(q->app, app_now(q->app));

    if (!f->slug &&
        (!text_trim(t->name, sizeof t->name, name) || !t->name[0] || !text_is_plain(t->name)))
        fields_fault(f, "invalid-name", "name",
                     "A token has a name of 1 to %d bytes without control characters.",
                     TOKEN_NAME_SIZE - 1);
    t->expires_at = NEVER;
    if (fields_has(f, "expires_in"))
        t->expires_at = now + fields_integer(f, "expires_in", 1, EXPIRES_MAX) * 1000;
    read_permissions(f, t);
    read_networks(f, t);
    read_owner(q, f, t);
}

/* One's own token takes no permission, but a token makes no other that would outlive it. */
static bool may_make(struct ask *q, const struct access_token *t)
{
    if (is_own(q, t->user) && q->who.kind != WHO_TOKEN)
        return true;
    return ask_may(q, MAY_USERS_WRITE, NULL) && users_may_change(q, t->user);
}

void post_token(struct ask *q)
{
    struct making *m = ask_plan(q, sizeof *m);
    struct fields f;

    if (!m || !fields_read(&f, q, fields, false))
        return;
    m->change.what = ADMIN_TOKEN_PUT;
    m->change.fresh = true;
    read_token(q, &f, &m->change.token);
    if (fields_reply(&f, q))
        return;
    fields_done(&f);
    if (!may_make(q, &m->change.token))
        return;
    token_text_make(m->text);
    token_text_hash(m->text, m->change.token.hash);
    admin_make(q, &m->change, 1, made);
}

/* ---- one ---- */

static const struct access_token *asked(struct ask *q)
{
    token_id id;
    const struct access_token *t =
        ident_token_read(q->part, &id) ? access_token_by_id(app_access(q->app), id) : NULL;

    /* Of others' tokens not even the ids are told. */
    if (t && (is_own(q, t->user) || ask_sees(q, MAY_USERS_READ, NULL)))
        return t;
    reply_problem(q, "not-found", NULL,
                  "There is no token '%.64s': an id begins with tok_ and stands in the list.",
                  q->part);
    return NULL;
}

void get_token(struct ask *q)
{
    const struct access_token *t = asked(q);

    if (!t)
        return;
    version_etag(q, t->version);
    reply_versioned(q, token_json(t));
}

static bool may_revoke(struct ask *q, const struct access_token *t)
{
    if (is_own(q, t->user))
        return t->id == q->who.token || users_may_change_self(q);
    return ask_may(q, MAY_USERS_WRITE, NULL) && users_may_change(q, t->user);
}

void delete_token(struct ask *q)
{
    struct admin_change c = { .what = ADMIN_TOKEN_REMOVE };
    const struct access_token *t = asked(q);

    if (!t || !version_not_wrong(q, t->version))
        return;
    c.token = *t;
    if (may_revoke(q, t))
        admin_make(q, &c, 1, admin_deleted);
}

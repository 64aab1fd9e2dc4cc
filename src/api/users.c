/* Users: who may sign in. What they may do there is in role_bindings.c. */
#include <sodium.h>
#include <string.h>

#include "api/auth.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/text.h"
#include "core/setting_text.h"

#define USERS "/api/v1/users/"

static const char *const fields[] = { "name",       "password",     "role",
                                      "scope",      "phone",        "disabled",
                                      "roles",      "has_password", "has_sip_password",
                                      "created_at", "version",      NULL };
static const char *const sort_keys[] = { "name", NULL };

/* ---- shown ---- */

static json_t *roles_json(const struct access *a, const char *user)
{
    json_t *roles = json_array();
    char id[IDENT_SIZE], scope[SCOPE_TEXT_SIZE];

    for (size_t i = 0; i < a->binding_count; i++) {
        const struct binding *b = &a->bindings[i];

        if (!text_is(b->user, user))
            continue;
        scope_text(&b->scope, scope);
        (void)json_array_append_new(
            roles, json_pack("{s:s, s:s, s:o}", "id", ident_binding(id, b->id), "role",
                             role_name(b->role), "scope", show_text(scope)));
    }
    return roles;
}

json_t *user_json(const struct access *a, const struct user *u)
{
    return json_pack("{s:o, s:o, s:o, s:b, s:b, s:b, s:o, s:I}", "name", show_text(u->name),
                     "roles", roles_json(a, u->name), "phone", show_text_or_null(u->phone),
                     "disabled", u->disabled, "has_password", u->password[0] != '\0',
                     "has_sip_password", u->sip_md5[0] != '\0', "created_at",
                     show_time(u->created_at), "version", (json_int_t)u->version);
}

void get_users(struct ask *q)
{
    const struct access *a = app_access(q->app);
    char typed[128] = "", pattern[160];
    json_t *items = json_array();
    struct page page;
    size_t found = 0;

    if (!page_read(q, &page, sort_keys)) {
        json_decref(items);
        return;
    }
    (void)http_query(q->rq, "q", typed, sizeof typed);         /* not there: all of them */
    (void)text_format(pattern, sizeof pattern, "*%s*", typed); /* fits */
    for (size_t i = 0; i < a->user_count; i++) {
        const struct user *u = &a->users[page.descending ? a->user_count - 1 - i : i];

        if (!text_matches(u->name, pattern))
            continue;
        if (found >= page.offset && found - page.offset < page.limit)
            (void)json_array_append_new(items, user_json(a, u));
        found++;
    }
    reply_json(q, 200, page_json(q, &page, items, found));
}

/* ---- one ---- */

static const struct user *find(struct ask *q)
{
    char name[USER_SIZE];

    return user_name_read(q->part, name, NULL) ? access_user(app_access(q->app), name) : NULL;
}

static json_t *current(struct ask *q)
{
    const struct user *u = find(q);

    if (!u)
        return NULL;
    version_etag(q, u->version);
    return user_json(app_access(q->app), u);
}

static const struct user *asked(struct ask *q)
{
    const struct user *u = find(q);

    if (!u)
        reply_problem(q, "not-found", NULL, "There is no user '%.64s'.", q->part);
    return u;
}

void get_user(struct ask *q)
{
    if (asked(q))
        reply_versioned(q, current(q));
}

/* ---- who may change whom ---- */

bool users_may_give(struct ask *q, enum role role, const struct scope *scope)
{
    const struct deployment *d = app_deployment(q->app);
    struct place_of place = place_of_scope(d, scope);
    permission_set may = role_permissions(role);
    char where[SCOPE_TEXT_SIZE];

    for (unsigned i = 0; i < PERMISSIONS; i++) {
        enum permission p = (enum permission)i;

        if (!(may & UINT32_C(1) << i) || ask_sees(q, p, &place))
            continue;
        scope_words(d, scope, where);
        reply_problem_with(
            q, "not-permitted", NULL, json_pack("{s:s}", "required", permission_name(p)),
            "%s has not all that the role %s allows %s (%s is missing), so it cannot "
            "be given, taken, or used by changing who has it.",
            q->who.name, role_name(role), where, permission_name(p));
        return false;
    }
    return true;
}

bool users_may_change(struct ask *q, const char *user)
{
    const struct access *a = app_access(q->app);

    for (size_t i = 0; i < a->binding_count; i++)
        if (text_is_nocase(a->bindings[i].user, user) &&
            !users_may_give(q, a->bindings[i].role, &a->bindings[i].scope))
            return false;
    return true;
}

bool users_may_change_self(struct ask *q)
{
    return q->who.kind != WHO_TOKEN || users_may_change(q, q->who.user);
}

/* ---- reading ---- */

struct saving {
    struct admin_change changes[2]; /* the user, and his first role */
    size_t count;
    bool has_password;
    char wish[257]; /* the password, until it is hashed */
};

static struct user *user_of(struct saving *s)
{
    return &s->changes[0].user;
}

/* Where a call that he retrieves is to ring: a URI, or a number that our own domain knows. */
void user_phone_read(struct ask *q, struct fields *f, char phone[URI_SIZE])
{
    const struct house *house = &app_config(q->app)->house;
    const char *text = fields_text(f, "phone");
    char shown[64];
    struct err err;

    phone[0] = '\0';
    if (!text || !text[0])
        return;
    if (strspn(text, "0123456789*+") == strlen(text) && house->domain_count > 0) {
        if (!text_format(phone, URI_SIZE, "sip:%.64s@%s", text, house->domains[0]))
            fields_fault(f, "invalid-value", "phone", "phone is too long.");
        return;
    }
    if (!text_copy(phone, URI_SIZE, text))
        fields_fault(f, "invalid-value", "phone", "phone is longer than %d bytes.", URI_SIZE - 1);
    else if (setting_text_uri(phone, &err) != 0)
        fields_fault(f, "invalid-value", "phone", "'%s' %s.", text_shown(shown, sizeof shown, text),
                     err.text);
}

static void read_password(struct fields *f, struct saving *s)
{
    const char *password = fields_text(f, "password");

    if (fields_null(f, "password"))
        user_of(s)->password[0] = '\0'; /* he cannot sign in by one */
    if (!password)
        return;
    password_check(f, "password", password, user_of(s)->name);
    s->has_password = true;
    (void)text_copy(s->wish, sizeof s->wish, password); /* its length was checked */
}

static void read_rest(struct ask *q, struct fields *f, struct saving *s)
{
    const json_t *disabled = json_object_get(f->json, "disabled");

    if (fields_has(f, "phone") || fields_null(f, "phone"))
        user_phone_read(q, f, user_of(s)->phone);
    if (disabled && !json_is_boolean(disabled))
        fields_fault(f, "invalid-request", "disabled", "'disabled' must be true or false.");
    else if (disabled)
        user_of(s)->disabled = json_is_true(disabled);
    read_password(f, s);
}

/* ---- writing ---- */

static void saved(struct ask *q, const struct admin_result *result)
{
    const struct saving *s = q->plan;
    const struct user *u = &s->changes[0].user;
    json_t *body;

    (void)result;
    if (q->dry_run) {
        body = user_json(app_access(q->app), u);
        (void)json_object_set_new(body, "dry_run", json_true());
        reply_json(q, 200, body);
        return;
    }
    if (s->has_password && !s->changes[0].fresh) /* who knew the old one is out */
        (void)app_logins_end_of(q->app, u->name, text_is(u->name, q->who.user) ? q->who.login : 0);
    if (s->changes[0].fresh)
        (void)text_format(q->reply.location, sizeof q->reply.location, USERS "%s",
                          u->name);                    /* fits */
    (void)text_copy(q->part, sizeof q->part, u->name); /* fits */
    body = current(q);
    reply_json(q, s->changes[0].fresh ? 201 : 200, body ? body : json_object());
}

/* Meanwhile somebody may have got a role, or the one who asks may have lost his. */
static bool still_may(struct ask *q, struct saving *s)
{
    if (!identity_holds(q->app, &q->who)) {
        reply_problem(q, "not-signed-in", NULL, "The session or the token has ended.");
        return false;
    }
    return ask_may(q, MAY_USERS_WRITE, NULL) && users_may_change(q, user_of(s)->name) &&
           (s->count == 1 ||
            users_may_give(q, s->changes[1].binding.role, &s->changes[1].binding.scope));
}

static void hashed(void *ask, const char *hash)
{
    struct ask *q = ask;
    struct saving *s = q->plan;

    sodium_memzero(s->wish, sizeof s->wish);
    if (!hash) {
        reply_problem(q, "overloaded", NULL, "The server has no memory for this: try later.");
        return;
    }
    (void)text_copy(user_of(s)->password, PASSWORD_HASH_SIZE, hash); /* the same size */
    if (still_may(q, s))
        admin_make(q, s->changes, s->count, saved);
}

/* A dry run needs no hash, which takes long. */
static void save(struct ask *q)
{
    struct saving *s = q->plan;

    if (!s->has_password) {
        admin_make(q, s->changes, s->count, saved);
    } else if (q->dry_run) {
        (void)text_copy(user_of(s)->password, PASSWORD_HASH_SIZE, "-"); /* fits */
        admin_make(q, s->changes, s->count, saved);
    } else if (!app_password_make(q->app, s->wish, hashed, q)) {
        reply_problem(q, "overloaded", NULL, "Too many passwords are being made: try again.");
    }
}

static void read_new(struct ask *q, struct fields *f, struct saving *s)
{
    const char *name = fields_needed_text(f, "name");
    const char *role = fields_text(f, "role"), *scope = fields_text(f, "scope");
    struct binding *b = &s->changes[1].binding;
    struct err err;

    if (!f->slug && !user_name_read(name, user_of(s)->name, &err))
        fields_fault(f, "invalid-name", "name", "%s.", err.text);
    else if (text_matches(user_of(s)->name, "*@proxy"))
        fields_fault(f, "invalid-name", "name", "Names that end in @proxy are the proxy's.");
    read_rest(q, f, s);
    s->count = role ? 2 : 1;
    if (scope && !role)
        fields_fault(f, "missing-field", "role", "A scope without a role says nothing.");
    scope_read_role(q, f, role, scope, b);
    (void)text_copy(b->user, sizeof b->user, user_of(s)->name); /* the same size */
}

void post_user(struct ask *q)
{
    struct saving *s = ask_plan(q, sizeof *s);
    struct fields f;

    if (!s || !fields_read(&f, q, fields, false))
        return;
    s->changes[0].what = ADMIN_USER_PUT;
    s->changes[1].what = ADMIN_BINDING_PUT;
    s->changes[0].fresh = s->changes[1].fresh = true;
    read_new(q, &f, s);
    if (fields_reply(&f, q))
        return;
    fields_done(&f);
    if (access_user(app_access(q->app), user_of(s)->name)) {
        reply_problem(q, "name-taken", "/name", "There is a user '%s' already.", user_of(s)->name);
        return;
    }
    if (s->count == 1 ||
        users_may_give(q, s->changes[1].binding.role, &s->changes[1].binding.scope))
        save(q);
}

/* What a GET shows may be sent back, but only as it is. */
static void check_unchanged(struct ask *q, struct fields *f, const struct user *u)
{
    static const char *const others[] = { "role", "scope", "roles", "name" };
    json_t *now = user_json(app_access(q->app), u);

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const json_t *given = json_object_get(f->json, others[i]);

        if (given && !json_equal(given, json_object_get(now, others[i])))
            fields_fault(f, "invalid-value", others[i],
                         "%s cannot be changed here: roles are given and taken at "
                         "/api/v1/role-bindings, and a name stays.",
                         others[i]);
    }
    json_decref(now);
}

void patch_user(struct ask *q)
{
    const struct user *u;
    struct saving *s;
    struct fields f;

    q->current = current;
    u = asked(q);
    s = u ? ask_plan(q, sizeof *s) : NULL;
    if (!s || !version_matches(q, u->version, &s->changes[0]) || !users_may_change(q, u->name) ||
        !fields_read(&f, q, fields, false))
        return;
    s->changes[0].what = ADMIN_USER_PUT;
    s->changes[0].user = *u;
    s->count = 1;
    check_unchanged(q, &f, u);
    read_rest(q, &f, s);
    if (fields_reply(&f, q))
        return;
    fields_done(&f);
    save(q);
}

void delete_user(struct ask *q)
{
    struct admin_change c = { .what = ADMIN_USER_REMOVE };
    const struct user *u;

    q->current = current;
    u = asked(q);
    if (!u || !version_matches(q, u->version, &c) || !users_may_change(q, u->name))
        return;
    c.user = *u;
    admin_make(q, &c, 1, admin_deleted);
}

/* ---- the password of a phone ---- */

static const char *const phone_fields[] = { "password", NULL };

static void phone_saved(struct ask *q, const struct admin_result *result)
{
    struct saving *s = q->plan;
    json_t *body = q->dry_run ? user_json(app_access(q->app), user_of(s)) : current(q);

    (void)result;
    if (q->dry_run)
        (void)json_object_set_new(body, "dry_run", json_true());
    reply_json(q, 200, body ? body : json_object());
}

static struct saving *plan_phone(struct ask *q)
{
    const struct user *u;
    struct saving *s;

    q->current = current;
    u = asked(q);
    s = u ? ask_plan(q, sizeof *s) : NULL;
    if (!s || !version_matches(q, u->version, &s->changes[0]) || !users_may_change(q, u->name))
        return NULL;
    s->changes[0].what = ADMIN_USER_PUT;
    s->changes[0].user = *u;
    s->count = 1;
    return s;
}

/* No argon2id here: RFC 7616 needs the same hash that the phone makes. So it should be a password
 * that is used for nothing else, and one that nobody can guess. */
void put_sip_password(struct ask *q)
{
    struct saving *s = plan_phone(q);
    const char *password;
    struct fields f;

    if (!s || !fields_read(&f, q, phone_fields, false))
        return;
    password = fields_needed_text(&f, "password");
    if (!f.slug)
        password_check(&f, "password", password, user_of(s)->name);
    if (!f.slug && !app_sip_password(q->app, password, user_of(s)))
        fields_fault(&f, "invalid-value", "password", "This machine cannot make its hash.");
    if (fields_reply(&f, q))
        return;
    fields_done(&f);
    admin_make(q, s->changes, s->count, phone_saved);
}

void delete_sip_password(struct ask *q)
{
    struct saving *s = plan_phone(q);
    struct user *u;

    if (!s)
        return;
    u = user_of(s);
    u->sip_md5[0] = u->sip_sha256[0] = u->sip_realm[0] = '\0';
    admin_make(q, s->changes, s->count, phone_saved);
}

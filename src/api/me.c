/* Who I am and what I may do; my own phone and password. */
#include <string.h>

#include "api/audit.h"
#include "api/auth.h"
#include "api/resources.h"
#include "base/text.h"

static const char *const me_fields[] = { "phone", "password", "old_password", NULL };

json_t *permissions_json(permission_set may)
{
    json_t *names = json_array();

    for (unsigned i = 0; i < PERMISSIONS; i++)
        if (may & UINT32_C(1) << i)
            (void)json_array_append_new(names, json_string(permission_name((enum permission)i)));
    return names;
}

/* The role whose permissions these are; null when a token has cut them down. */
static json_t *role_of(permission_set may)
{
    for (unsigned i = 0; i < ROLES; i++)
        if (role_permissions((enum role)i) == may)
            return json_string(role_name((enum role)i));
    return json_null();
}

static json_t *grants_json(const struct rights *r)
{
    json_t *list = json_array();
    char scope[SCOPE_TEXT_SIZE];

    for (size_t i = 0; i < r->count; i++) {
        scope_text(&r->grant[i].where, scope);
        (void)json_array_append_new(
            list, json_pack("{s:o, s:o, s:o}", "role", role_of(r->grant[i].may), "scope",
                            show_text(scope), "permissions", permissions_json(r->grant[i].may)));
    }
    return list;
}

static json_t *session_json(const struct ask *q)
{
    const struct login *l = q->who.login ? app_login_find(q->app, q->who.login) : NULL;
    char id[IDENT_SIZE];

    if (!l)
        return json_null();
    return json_pack("{s:s, s:o, s:o, s:o}", "id", ident_login(id, l->id), "created_at",
                     show_time(l->created_at), "expires_at", show_time(l->expires_at),
                     "idle_seconds", show_seconds(app_config(q->app)->session_idle));
}

static const char *kind_name(enum identity_kind kind)
{
    switch (kind) {
    case WHO_SOCKET:
        return "socket";
    case WHO_FIRST_TOKEN:
        return "first-token";
    case WHO_USER:
        return "user";
    case WHO_TOKEN:
        return "token";
    case WHO_PROXY:
        return "proxy";
    case WHO_NOBODY:
        break;
    }
    return "nobody";
}

static json_t *realm_json(enum identity_kind kind)
{
    if (kind == WHO_PROXY)
        return json_string("proxy");
    return kind == WHO_USER || kind == WHO_TOKEN ? json_string("local") : json_null();
}

json_t *me_json(struct ask *q)
{
    const struct user *u = access_user(app_access(q->app), q->who.user);
    json_t *me = json_pack("{s:o, s:s, s:o, s:o, s:b}", "name", show_text(q->who.name), "kind",
                           kind_name(q->who.kind), "realm", realm_json(q->who.kind), "phone",
                           u ? show_text_or_null(u->phone) : json_null(), "has_password",
                           u && u->password[0]);

    (void)json_object_set_new(me, "permissions", permissions_json(rights_union(&q->who.rights)));
    (void)json_object_set_new(me, "grants", grants_json(&q->who.rights));
    (void)json_object_set_new(me, "session", session_json(q));
    (void)json_object_set_new(me, "setup_needed", json_boolean(app_setup_needed(q->app)));
    return me;
}

void get_me(struct ask *q)
{
    reply_json(q, 200, me_json(q));
}

/* ---- changes ---- */

struct changing {
    struct admin_change change;
    bool phone, password;
    char wish[257]; /* the new password, until it is hashed */
};

static void saved(struct ask *q, const struct admin_result *result)
{
    const struct changing *c = q->plan;

    (void)result;
    if (c->password) /* whoever else knew the old one is out */
        (void)app_logins_end_of(q->app, q->who.user, q->who.login);
    reply_json(q, 200, me_json(q));
}

static void save(struct ask *q)
{
    struct changing *c = q->plan;
    const struct user *u = access_user(app_access(q->app), q->who.user);
    struct user new;

    if (!u) {
        reply_problem(q, "not-found", NULL, "This user is gone.");
        return;
    }
    new = *u;
    if (c->phone)
        (void)text_copy(new.phone, sizeof new.phone, c->change.user.phone); /* the same size */
    if (c->password)
        (void)text_copy(new.password, sizeof new.password,
                        c->change.user.password); /* the same size */
    c->change.what = ADMIN_USER_PUT;
    c->change.user = new;
    c->change.check_version = true;
    c->change.version = u->version;
    admin_make(q, &c->change, 1, saved);
}

static void hashed(void *ask, const char *hash)
{
    struct ask *q = ask;
    struct changing *c = q->plan;

    memset(c->wish, 0, sizeof c->wish);
    if (!hash) {
        reply_problem(q, "overloaded", NULL, "The server has no memory for this: try later.");
        return;
    }
    (void)text_copy(c->change.user.password, sizeof c->change.user.password, hash); /* fits */
    save(q);
}

static void account_key(const struct ask *q, char to[THROTTLE_KEY_SIZE])
{
    (void)text_format(to, THROTTLE_KEY_SIZE, "user:%s", q->who.user); /* fits */
}

static void make_hash(struct ask *q)
{
    struct changing *c = q->plan;

    if (!app_password_make(q->app, c->wish, hashed, q))
        reply_problem(q, "overloaded", NULL, "Too many sign in at once: try again.");
}

static void old_checked(void *ask, bool fits)
{
    struct ask *q = ask;
    char key[THROTTLE_KEY_SIZE];

    account_key(q, key);
    if (!fits) {
        reply_problem(q, "wrong-credentials", "/old_password", "The old password is wrong.");
        return;
    }
    throttle_clear(app_throttle(q->app), key);
    make_hash(q);
}

/* A session that was left open must not be enough to take the account over. */
static void check_old(struct ask *q, const char *old)
{
    const struct user *u = access_user(app_access(q->app), q->who.user);
    struct throttle *t = app_throttle(q->app);
    char key[THROTTLE_KEY_SIZE];
    msec wait;

    account_key(q, key);
    wait = throttle_wait(t, key, app_now(q->app));
    if (wait > 0) {
        q->reply.retry_after = (unsigned)((wait + 999) / 1000);
        reply_problem(q, "rate-limited", NULL, "Too many wrong passwords: try again in %u seconds.",
                      q->reply.retry_after);
        return;
    }
    throttle_failed(t, key, app_now(q->app)); /* until it is known to be right */
    if (!app_password_check(q->app, old, u ? u->password : NULL, old_checked, q))
        reply_problem(q, "overloaded", NULL, "Too many sign in at once: try again.");
}

/* Whoever came in by a link and has no password yet has no old one to tell. */
static bool has_old(const struct ask *q)
{
    const struct user *u = access_user(app_access(q->app), q->who.user);

    return q->who.kind != WHO_USER || (u && u->password[0]);
}

static void read_password(struct ask *q, struct fields *f, struct changing *c)
{
    const char *password = fields_text(f, "password");

    c->password = password != NULL;
    if (!password)
        return;
    if (has_old(q))
        (void)fields_needed_text(f, "old_password");
    password_check(f, "password", password, q->who.user);
    (void)text_copy(c->wish, sizeof c->wish, password); /* its length was checked */
    if (q->who.kind == WHO_TOKEN)
        fields_fault(f, "not-permitted", "password", "A token cannot change the password.");
}

static void change(struct ask *q, struct fields *f, struct changing *c)
{
    c->phone = fields_has(f, "phone") || fields_null(f, "phone");
    if (c->phone)
        user_phone_read(q, f, c->change.user.phone);
    read_password(q, f, c);
    if (fields_reply(f, q))
        return;
    if (c->password && has_old(q))
        check_old(q, fields_text(f, "old_password"));
    else if (c->password)
        make_hash(q);
    else if (c->phone && users_may_change_self(q))
        save(q);
    else if (!c->phone)
        reply_json(q, 200, me_json(q));
    fields_done(f);
}

void patch_me(struct ask *q)
{
    struct changing *c;
    struct fields f;

    if (!q->who.user[0]) {
        reply_problem(q, "not-permitted", NULL, "%s is no user of this server.", q->who.name);
        return;
    }
    if (!fields_read(&f, q, me_fields, false))
        return;
    c = ask_plan(q, sizeof *c);
    if (c)
        change(q, &f, c);
    else
        fields_done(&f);
}

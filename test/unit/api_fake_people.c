/* The people of the app for tests of the API: users in real tables, logins and links in short
 * lists, passwords that need no time, and an audit trail without a chain. */
#include "api_fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

const struct access *app_access(const struct app *a)
{
    return &a->access;
}

struct throttle *app_throttle(struct app *a)
{
    return &a->throttle;
}

bool app_web_url(const struct app *a, char to[300])
{
    (void)a;
    return text_copy(to, 300, "http://127.0.0.1:8080");
}

static wall_msec wall_now(const struct app *a)
{
    return app_wall(a, app_now(a));
}

/* ---- passwords: the hash of "x" is "hash:x" ---- */

bool app_password_check(struct app *a, const char *password, const char *hash,
                        app_password_checked *done, void *context)
{
    if (a->no_chores)
        return false;
    a->passwords_tried++;
    done(context, hash && hash[0] && text_starts(hash, "hash:") && text_is(hash + 5, password));
    return true;
}

bool app_password_make(struct app *a, const char *password, app_password_made *done, void *context)
{
    char hash[PASSWORD_HASH_SIZE];

    if (a->no_chores)
        return false;
    assert_true(text_format(hash, sizeof hash, "hash:%s", password));
    if (a->password_meanwhile)
        a->password_meanwhile(a);
    done(context, hash);
    return true;
}

/* ---- logins ---- */

static void drop_login(struct app *a, size_t at)
{
    a->login_count--;
    memmove(&a->logins[at], &a->logins[at + 1], (a->login_count - at) * sizeof a->logins[0]);
}

const struct login *app_login_new(struct app *a, const char *user, const char *source,
                                  const char *agent, char secret[SECRET_SIZE])
{
    const struct user *u = access_user(&a->access, user);
    struct fake_login *l = &a->logins[a->login_count];

    if (!u || u->disabled)
        return NULL;
    assert_true(a->login_count < FAKE_LOGINS);
    memset(l, 0, sizeof *l);
    l->login.id = ++a->last_access;
    (void)text_format(l->secret, sizeof l->secret, "secret-%llu", (unsigned long long)l->login.id);
    (void)text_copy(l->login.user, sizeof l->login.user, u->name);
    (void)text_copy(l->login.source, sizeof l->login.source, source);
    (void)text_copy(l->login.agent, sizeof l->login.agent, agent);
    l->login.created_at = l->login.seen_at = wall_now(a);
    l->login.expires_at = wall_now(a) + a->config.session_max;
    (void)text_copy(secret, SECRET_SIZE, l->secret);
    a->login_count++;
    return &l->login;
}

static bool login_holds(const struct app *a, const struct login *l)
{
    const struct user *u = access_user(&a->access, l->user);

    return u && !u->disabled && wall_now(a) < l->expires_at &&
           wall_now(a) < l->seen_at + a->config.session_idle;
}

const struct login *app_login_by_secret(struct app *a, const char *secret)
{
    for (size_t i = 0; i < a->login_count; i++) {
        struct login *l = &a->logins[i].login;

        if (strcmp(a->logins[i].secret, secret) != 0)
            continue;
        if (!login_holds(a, l)) {
            drop_login(a, i);
            return NULL;
        }
        l->seen_at = wall_now(a);
        return l;
    }
    return NULL;
}

const struct login *app_login_find(const struct app *a, login_id id)
{
    for (size_t i = 0; i < a->login_count; i++)
        if (a->logins[i].login.id == id && login_holds(a, &a->logins[i].login))
            return &a->logins[i].login;
    return NULL;
}

const struct login *app_login_next(const struct app *a, login_id previous)
{
    for (size_t i = 0; i < a->login_count; i++)
        if (a->logins[i].login.id > previous && login_holds(a, &a->logins[i].login))
            return &a->logins[i].login;
    return NULL;
}

bool app_login_end(struct app *a, login_id id)
{
    for (size_t i = 0; i < a->login_count; i++)
        if (a->logins[i].login.id == id) {
            drop_login(a, i);
            return true;
        }
    return false;
}

size_t app_logins_end_of(struct app *a, const char *user, login_id except)
{
    size_t ended = 0;

    for (size_t i = a->login_count; i-- > 0;)
        if (strcmp(a->logins[i].login.user, user) == 0 && a->logins[i].login.id != except) {
            drop_login(a, i);
            ended++;
        }
    return ended;
}

/* ---- links ---- */

void app_link_make(struct app *a, const char *user, char token[SECRET_SIZE], wall_msec *expires)
{
    struct fake_link *l = &a->links[a->link_count];

    assert_true(a->link_count < FAKE_LOGINS);
    (void)text_format(l->token, sizeof l->token, "link-%zu", ++a->link_count);
    (void)text_copy(l->user, sizeof l->user, user);
    (void)text_copy(token, SECRET_SIZE, l->token);
    *expires = wall_now(a) + 1800000;
}

bool app_link_holds(const struct app *a, const char *token, char user[USER_SIZE])
{
    for (size_t i = 0; i < a->link_count; i++)
        if (strcmp(a->links[i].token, token) == 0)
            return text_copy(user, USER_SIZE, a->links[i].user);
    return false;
}

bool app_link_take(struct app *a, const char *token, char user[USER_SIZE])
{
    if (!app_link_holds(a, token, user))
        return false;
    for (size_t i = 0; i < a->link_count; i++)
        if (strcmp(a->links[i].token, token) == 0)
            a->links[i].token[0] = '\0';
    return true;
}

bool app_setup_needed(const struct app *a)
{
    return access_administrators(&a->access) == 0;
}

void app_token_used(struct app *a, token_id id)
{
    for (size_t i = 0; i < a->access.token_count; i++)
        if (a->access.tokens[i].id == id)
            a->access.tokens[i].used_at = wall_now(a);
}

/* ---- changes ---- */

static enum admin_status people_status(int code)
{
    return code == 0         ? ADMIN_DONE
           : code == -ENOENT ? ADMIN_NOT_FOUND
           : code == -EEXIST ? ADMIN_EXISTS
                             : ADMIN_INVALID;
}

static enum admin_status put_user(struct app *a, const struct admin_change *c,
                                  struct admin_result *result)
{
    const struct user *old = access_user(&a->access_draft, c->user.name);
    struct user u = c->user;

    if (old && c->fresh)
        return ADMIN_EXISTS;
    u.version = old ? old->version + 1 : 1;
    u.created_at = old ? old->created_at : wall_now(a);
    return people_status(access_put_user(&a->access_draft, &u, &result->err));
}

static enum admin_status put_binding(struct app *a, const struct admin_change *c,
                                     struct admin_result *result)
{
    struct binding b = c->binding;

    b.scope = fake_resolve(a, b.scope);
    b.id = b.id ? b.id : ++a->last_access;
    result->binding = b.id;
    return people_status(access_put_binding(&a->access_draft, &b, &result->err));
}

static enum admin_status put_token(struct app *a, const struct admin_change *c,
                                   struct admin_result *result)
{
    struct access_token t = c->token;

    t.id = t.id ? t.id : ++a->last_access;
    t.created_at = wall_now(a);
    t.version = 1;
    result->token = t.id;
    return people_status(access_put_token(&a->access_draft, &t, &result->err));
}

static enum admin_status make_person(struct app *a, const struct admin_change *c,
                                     struct admin_result *result)
{
    struct access *d = &a->access_draft;

    if (c->what == ADMIN_USER_PUT)
        return put_user(a, c, result);
    if (c->what == ADMIN_USER_REMOVE)
        return people_status(access_remove_user(d, c->user.name, &result->err));
    if (c->what == ADMIN_BINDING_PUT)
        return put_binding(a, c, result);
    if (c->what == ADMIN_BINDING_REMOVE)
        return people_status(access_remove_binding(d, c->binding.id, &result->err));
    if (c->what == ADMIN_TOKEN_PUT)
        return put_token(a, c, result);
    return people_status(access_remove_token(d, c->token.id, &result->err));
}

enum admin_status fake_people(struct app *a, const struct admin_change *c,
                              struct admin_result *result)
{
    enum admin_status status = make_person(a, c, result);

    if (status != ADMIN_DONE || access_administrators(&a->access_draft) > 0 ||
        access_administrators(&a->access) == 0)
        return status;
    result->last_administrator = true;
    (void)err_set(&result->err, -EBUSY, "nobody would be left who may administer everything");
    return ADMIN_IN_USE;
}

/* ---- the audit trail ---- */

void app_audit(struct app *a, const struct audit_entry *e)
{
    struct audit_entry *to = &a->audit[a->audit_count];

    assert_true(a->audit_count < FAKE_AUDIT);
    assert_true(e->action[0] && e->actor[0]);
    *to = *e;
    to->at = to->at ? to->at : wall_now(a);
    to->id = ++a->audit_count;
    to->hash[0] = (unsigned char)to->id;
    to->prev[0] = (unsigned char)(to->id - 1);
}

void fake_audit_rows(const struct app *a, const struct store_query *query, struct store_rows *rows)
{
    rows->type = query->type;
    rows->audit = calloc(FAKE_AUDIT, sizeof *rows->audit);
    rows->head = a->audit_count;
    assert_non_null(rows->audit);
    for (size_t i = a->audit_count; i-- > 0;) {
        const struct audit_entry *e = &a->audit[i];

        if ((query->entry && e->id != query->entry) || (query->before && e->id >= query->before) ||
            !text_starts(e->action, query->action))
            continue;
        rows->total++;
        if (rows->count < query->limit || query->limit == 0)
            rows->audit[rows->count++] = *e;
        else
            rows->more = true;
    }
}

const char *fake_noted(const struct app *a)
{
    static char text[DISPLAY_SIZE + NAME_SIZE + 64];
    const struct audit_entry *e = a->audit_count ? &a->audit[a->audit_count - 1] : NULL;

    (void)text_format(text, sizeof text, "%s %s %s", e ? e->action : "", e ? e->actor : "",
                      e ? e->subject : "");
    return text;
}

/* ---- for the tests ---- */

void fake_user(struct app *a, const char *name, enum role role, const char *site)
{
    struct user u = { .password = "hash:correct horse", .version = 1, .created_at = FAKE_WALL };
    struct binding b = { .id = ++a->last_access, .role = role };

    assert_true(text_copy(u.name, sizeof u.name, name));
    assert_int_equal(access_put_user(&a->access, &u, NULL), 0);
    if (role == ROLES)
        return;
    assert_true(text_copy(b.user, sizeof b.user, name));
    b.scope.kind = site ? SCOPE_SITE : SCOPE_GLOBAL;
    assert_true(text_copy(b.scope.name, sizeof b.scope.name, site));
    assert_int_equal(access_put_binding(&a->access, &b, NULL), 0);
}

void fake_sign_in(struct app *a, const char *user)
{
    static char secret[SECRET_SIZE];

    a->by_tcp = true;
    a->cookie = NULL;
    a->authorization = NULL;
    a->sec_fetch_site = "same-origin";
    a->content_type = "application/json";
    if (!user[0])
        return;
    assert_non_null(app_login_new(a, user, a->source, "test", secret));
    a->cookie = secret;
}

bool app_sip_password(const struct app *a, const char *password, struct user *u)
{
    (void)a;
    return text_copy(u->sip_realm, sizeof u->sip_realm, "fake.example") &&
           text_format(u->sip_md5, sizeof u->sip_md5, "m-%.20s", password) &&
           text_format(u->sip_sha256, sizeof u->sip_sha256, "s-%.20s", password);
}

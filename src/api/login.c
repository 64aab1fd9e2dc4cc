/* Signing in and out. Who fails waits longer each time, by name and by address, and is told the
 * same whether the name or the password was wrong. */
#include <string.h>

#include "api/audit.h"
#include "api/auth.h"
#include "api/resources.h"
#include "base/text.h"

static const char *const login_fields[] = { "name", "password", "link", NULL };

struct signing_in {
    char user[USER_SIZE];
    char account[THROTTLE_KEY_SIZE], address[THROTTLE_KEY_SIZE];
    char origin[ORIGIN_SIZE];
};

/* ---- delays ---- */

static void name_keys(struct ask *q, struct signing_in *s)
{
    identity_origin(q->rq->source, s->origin);
    (void)text_format(s->account, sizeof s->account, "user:%s", s->user);   /* fits */
    (void)text_format(s->address, sizeof s->address, "from:%s", s->origin); /* fits */
}

static bool may_try(struct ask *q, const struct signing_in *s)
{
    const struct throttle *t = app_throttle(q->app);
    msec now = app_now(q->app), account = throttle_wait(t, s->account, now),
         address = throttle_wait(t, s->address, now), wait = account > address ? account : address;

    if (wait == 0)
        return true;
    q->reply.retry_after = (unsigned)((wait + 999) / 1000);
    reply_problem(q, "rate-limited", NULL,
                  "Signing in has failed too often: try again in %u seconds.",
                  q->reply.retry_after);
    return false;
}

/* An attempt counts as failed until it is known to be right, so that many at once are no way round
 * the delay. */
static void count_attempt(struct ask *q, const struct signing_in *s)
{
    throttle_failed(app_throttle(q->app), s->account, app_now(q->app));
}

static void failed(struct ask *q, const struct signing_in *s)
{
    bool known = access_user(app_access(q->app), s->user) != NULL;

    throttle_failed(app_throttle(q->app), s->address, app_now(q->app));
    /* What was typed for a name may be a password: only names that exist are written down. */
    identity_of_nobody(q, known ? s->user : "somebody");
    audit_act(q, "auth.login_failed", known ? s->user : "", "", NULL, NULL);
    reply_problem(q, "wrong-credentials", NULL, "The name or the password is wrong.");
}

/* ---- by password ---- */

static void succeeded(struct ask *q, const struct signing_in *s)
{
    char id[IDENT_SIZE];

    throttle_clear(app_throttle(q->app), s->account);
    if (!sign_in(q, s->user))
        return;
    audit_act(q, "auth.login", s->user, ident_login(id, q->who.login), NULL, NULL);
    reply_json(q, 200, me_json(q));
}

static void checked(void *ask, bool fits)
{
    struct ask *q = ask;
    const struct signing_in *s = q->plan;
    const struct user *u = access_user(app_access(q->app), s->user);

    if (fits && u && !u->disabled)
        succeeded(q, s);
    else
        failed(q, s);
}

static void by_password(struct ask *q, struct signing_in *s, const char *password)
{
    const struct user *u = access_user(app_access(q->app), s->user);

    count_attempt(q, s);
    if (!app_password_check(q->app, password, u && !u->disabled ? u->password : NULL, checked, q))
        reply_problem(q, "overloaded", NULL, "Too many sign in at once: try again.");
}

/* ---- by a link that works once ---- */

static void by_link(struct ask *q, struct signing_in *s, const char *link)
{
    bool fine =
        app_link_holds(q->app, link, s->user) && s->user[0] && app_link_take(q->app, link, s->user);

    if (fine) {
        name_keys(q, s);
        succeeded(q, s);
        return;
    }
    throttle_failed(app_throttle(q->app), s->address, app_now(q->app));
    audit_act(q, "auth.login_failed", "", "", NULL, NULL);
    reply_problem(q, "wrong-credentials", NULL,
                  "This link is not valid any more: it works once, for 30 minutes. Ask for another "
                  "(callparkctl setup --user NAME).");
}

/* ---- the door ---- */

static void read_name(struct fields *f, struct signing_in *s)
{
    const char *name = fields_needed_text(f, "name");
    struct err err;

    /* A name that nobody can have is only wrong, as any other. */
    if (!f->slug && !user_name_read(name, s->user, &err))
        (void)text_copy(s->user, sizeof s->user, "?"); /* fits */
}

static void enter(struct ask *q, struct fields *f, struct signing_in *s)
{
    const char *link = fields_text(f, "link"), *password = "";

    if (!link) {
        read_name(f, s);
        password = fields_needed_text(f, "password");
    }
    if (fields_reply(f, q))
        return;
    name_keys(q, s);
    if (!may_try(q, s))
        ;
    else if (link)
        by_link(q, s, link);
    else if (app_config(q->app)->auth.local)
        by_password(q, s, password);
    else
        reply_problem(q, "wrong-credentials", NULL,
                      "Passwords are not used here ([auth] realms): sign in at the proxy.");
    fields_done(f);
}

void post_login(struct ask *q)
{
    struct signing_in *s;
    struct fields f;

    if (!cookie_same_site(q, false) || !fields_read(&f, q, login_fields, false))
        return;
    s = ask_plan(q, sizeof *s);
    if (s)
        enter(q, &f, s);
    else
        fields_done(&f);
}

/* It is open to all, so that a cookie that has run out can be given back, too. */
void post_logout(struct ask *q)
{
    const struct login *l = app_login_by_secret(q->app, q->rq->cookie);
    char user[USER_SIZE], id[IDENT_SIZE];

    if (!cookie_same_site(q, l != NULL) || !fields_none(q))
        return;
    if (l) {
        identity_of_login(q, l);
        (void)text_copy(user, sizeof user, l->user); /* the same size */
        (void)ident_login(id, l->id);
        (void)app_login_end(q->app, l->id);
        audit_act(q, "auth.logout", user, id, NULL, NULL);
    }
    cookie_clear(q);
    reply_nothing(q);
}

/* Is it worth asking who one is? A browser writes every 401 into its console. */
static bool may_be_somebody(const struct ask *q)
{
    return q->rq->authorization[0] || app_login_by_secret(q->app, q->rq->cookie) ||
           (app_config(q->app)->auth.proxy && q->rq->proxy_user[0]);
}

void get_realms(struct ask *q)
{
    const struct app_config *config = app_config(q->app);
    json_t *items = json_array();

    if (config->auth.local)
        (void)json_array_append_new(items,
                                    json_pack("{s:s, s:s}", "name", "local", "kind", "password"));
    if (config->auth.proxy)
        (void)json_array_append_new(items,
                                    json_pack("{s:s, s:s}", "name", "proxy", "kind", "header"));
    reply_json(q, 200,
               json_pack("{s:o, s:b, s:b}", "items", items, "setup_needed",
                         app_setup_needed(q->app), "signed_in", may_be_somebody(q)));
}

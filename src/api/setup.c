/* The first administrator, and links that open the door once. Whoever reads the log of callparkd,
 * or may use its admin socket, is let in; nobody else can know the token. */
#include <string.h>

#include "api/audit.h"
#include "api/auth.h"
#include "api/resources.h"
#include "base/text.h"

static const char *const setup_fields[] = { "token", "name", "password", NULL };
static const char *const link_fields[] = { "user", NULL };

/* ---- what is there ---- */

static json_t *sip_json(struct app *a)
{
    const struct app_config *config = app_config(a);
    json_t *listeners = json_array(), *trusted = json_array();
    char address[96];

    for (unsigned i = 0; i < SIP_LISTEN_MAX; i++) {
        app_listener(a, i, address);
        if (address[0])
            (void)json_array_append_new(listeners, show_text(address));
    }
    for (unsigned i = 0; i < config->sip.trusted_count; i++)
        (void)json_array_append_new(trusted, show_text(config->sip.trusted[i]));
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "listeners", listeners, "park_user",
                     show_text(config->house.park_user), "domain",
                     config->house.domain_count ? show_text(config->house.domains[0]) : json_null(),
                     "trusted", trusted, "outbound", show_text_or_null(config->sip.outbound));
}

/* The first block of a hundred that is free: *7000 to *7099, *7100 to *7199 ... */
static json_t *suggested_range(struct app *a)
{
    const struct deployment *d = app_deployment(a);
    char name[NAME_SIZE] = "Orbits", start[NUMBER_SIZE], end[NUMBER_SIZE];
    struct range r;

    for (unsigned i = 2; ranges_by_name(&d->ranges, name) && i < 100; i++)
        (void)text_format(name, sizeof name, "Orbits %u", i); /* fits */
    for (unsigned block = 70; block < 100; block++) {
        memset(&r, 0, sizeof r);
        (void)text_format(start, sizeof start, "*%u00", block); /* fits */
        (void)text_format(end, sizeof end, "*%u99", block);     /* fits */
        (void)text_copy(r.destination, sizeof r.destination,
                        app_config(a)->destination); /* the same size */
        if (range_read(&r, name, start, end, NULL).fault == RANGE_FINE &&
            deployment_check_range(d, &r, NULL).fault == RANGE_FINE)
            return json_pack("{s:s, s:s, s:s}", "name", name, "start", start, "end", end);
    }
    return json_null();
}

void get_setup(struct ask *q)
{
    const struct app_config *config = app_config(q->app);
    bool needed = app_setup_needed(q->app);
    json_t *body = json_pack("{s:b, s:s}", "needed", needed, "version", CALLPARK_VERSION);

    if (needed) {
        (void)json_object_set_new(body, "token_hint",
                                  json_string("the log of callparkd, or: callparkctl setup"));
        (void)json_object_set_new(body, "node", show_text(config->node));
        (void)json_object_set_new(body, "destination", show_text(config->destination));
        (void)json_object_set_new(body, "site", show_text_or_null(config->site));
        (void)json_object_set_new(body, "sip", sip_json(q->app));
        (void)json_object_set_new(body, "suggested_range", suggested_range(q->app));
    }
    reply_json(q, 200, body);
}

/* ---- the first administrator ---- */

struct setting_up {
    struct admin_change changes[2];
    char token[SECRET_SIZE];
};

static void set_up(struct ask *q, const struct admin_result *result)
{
    const struct setting_up *s = q->plan;
    const char *user = s->changes[0].user.name;
    char id[IDENT_SIZE];

    (void)result;
    if (!sign_in(q, user))
        return;
    audit_act(q, "auth.setup", user, ident_login(id, q->who.login), NULL, NULL);
    reply_json(q, 201, me_json(q));
}

static void refuse_token(struct ask *q)
{
    reply_problem(q, "setup-token", "/token",
                  "This is not the set-up token: the log of callparkd tells it at the start. It "
                  "works once, for 30 minutes; 'callparkctl setup' makes a new one.");
}

/* While the password was hashed, somebody else may have been faster. */
static void hashed(void *ask, const char *hash)
{
    struct ask *q = ask;
    struct setting_up *s = q->plan;
    char user[USER_SIZE];

    if (!hash) {
        reply_problem(q, "overloaded", NULL, "The server has no memory for this: try later.");
        return;
    }
    if (!app_setup_needed(q->app)) {
        reply_problem(q, "setup-done", NULL, "There is an administrator already: sign in.");
        return;
    }
    if (!app_link_take(q->app, s->token, user) || user[0]) {
        refuse_token(q);
        return;
    }
    (void)text_copy(s->changes[0].user.password, sizeof s->changes[0].user.password,
                    hash); /* fits */
    admin_make(q, s->changes, 2, set_up);
}

static void read_setup(struct fields *f, struct setting_up *s)
{
    const char *name = fields_needed_text(f, "name");
    const char *password = fields_needed_text(f, "password");
    const char *token = fields_needed_text(f, "token");
    struct user *u = &s->changes[0].user;
    struct err err;

    (void)text_copy(s->token, sizeof s->token, token); /* one too long is none */
    if (!f->slug && !user_name_read(name, u->name, &err))
        fields_fault(f, "invalid-name", "name", "%s.", err.text);
    if (!f->slug)
        password_check(f, "password", password, u->name);
    s->changes[0].what = ADMIN_USER_PUT;
    s->changes[0].fresh = true;
    s->changes[1].what = ADMIN_BINDING_PUT;
    s->changes[1].fresh = true;
    s->changes[1].binding.role = ROLE_ADMINISTRATOR;
    (void)text_copy(s->changes[1].binding.user, USER_SIZE, u->name); /* the same size */
}

/* Guessing is hopeless, but it should not be free either. */
static bool token_holds(struct ask *q, const struct setting_up *s)
{
    char key[THROTTLE_KEY_SIZE], origin[ORIGIN_SIZE], user[USER_SIZE];
    struct throttle *t = app_throttle(q->app);
    msec wait;

    identity_origin(q->rq->source, origin);
    (void)text_format(key, sizeof key, "from:%s", origin); /* fits */
    wait = throttle_wait(t, key, app_now(q->app));
    if (wait > 0) {
        q->reply.retry_after = (unsigned)((wait + 999) / 1000);
        reply_problem(q, "rate-limited", NULL, "Too many wrong tokens: try again in %u seconds.",
                      q->reply.retry_after);
        return false;
    }
    if (app_link_holds(q->app, s->token, user) && !user[0])
        return true;
    throttle_failed(t, key, app_now(q->app));
    refuse_token(q);
    return false;
}

void post_setup(struct ask *q)
{
    struct setting_up *s;
    struct fields f;

    if (!cookie_same_site(q, false))
        return;
    if (!app_setup_needed(q->app)) {
        reply_problem(q, "setup-done", NULL, "There is an administrator already: sign in.");
        return;
    }
    if (!fields_read(&f, q, setup_fields, false))
        return;
    s = ask_plan(q, sizeof *s);
    if (!s) {
        fields_done(&f);
        return;
    }
    read_setup(&f, s);
    if (fields_reply(&f, q))
        return;
    identity_of_nobody(q, "set-up");
    if (token_holds(q, s) &&
        !app_password_make(q->app, json_string_value(json_object_get(f.json, "password")), hashed,
                           q))
        reply_problem(q, "overloaded", NULL, "Too many sign in at once: try again.");
    fields_done(&f);
}

/* ---- links ---- */

static void reply_link(struct ask *q, const char *user)
{
    char url[300] = "", token[SECRET_SIZE], link[400];
    wall_msec expires;

    if (!app_web_url(q->app, url))
        (void)text_copy(url, sizeof url, ""); /* the rest says where, once there is a page */
    app_link_make(q->app, user, token, &expires);
    (void)text_format(link, sizeof link, "%s/%s=%s", url, user[0] ? "signin#link" : "setup#token",
                      token); /* fits */
    audit_act(q, "auth.link", user, "", NULL, NULL);
    reply_json(q, 201,
               json_pack("{s:o, s:s, s:o, s:o}", "link", show_text(link), "kind",
                         user[0] ? "sign-in" : "setup", "user", show_text_or_null(user),
                         "expires_at", show_time(expires)));
}

static void link_of(struct ask *q, const char *name)
{
    const struct access *a = app_access(q->app);
    const struct user *u = access_user(a, name);
    char shown[64];

    if (!name[0] && app_setup_needed(q->app))
        reply_link(q, "");
    else if (!name[0])
        reply_problem(q, "setup-done", NULL,
                      "There is an administrator already: say for whom the link is (user).");
    else if (!u || u->disabled)
        reply_problem(q, "invalid-value", "/user", "There is no user '%s', or he is disabled.",
                      text_shown(shown, sizeof shown, name));
    else if (users_may_change(q, u->name))
        reply_link(q, u->name);
}

void post_setup_link(struct ask *q)
{
    char name[USER_SIZE] = "";
    struct fields f;
    const char *user;
    struct err err;

    if (!fields_read(&f, q, link_fields, true))
        return;
    user = fields_text(&f, "user");
    if (user && !user_name_read(user, name, &err))
        fields_fault(&f, "invalid-value", "user", "%s.", err.text);
    if (fields_reply(&f, q))
        return;
    fields_done(&f);
    link_of(q, name);
}

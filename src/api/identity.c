/* Who asks: by the admin socket, by a token, by a proxy's word, or by a session. What he may do is
 * looked up anew each time, so that a role that was taken away is gone at once. */
#include <string.h>
#include <unistd.h>

#include "api/auth.h"
#include "api/rate.h"
#include "base/network.h"
#include "base/text.h"
#include "sys/clock.h"

/* Why somebody is not let in. */
struct refusal {
    const char *slug;
    char detail[300];
};

static bool refuse(struct refusal *r, const char *detail)
{
    r->slug = "not-signed-in";
    (void)text_copy(r->detail, sizeof r->detail, detail); /* is cut */
    return false;
}

static void become(struct ask *q, enum identity_kind kind, const char *name)
{
    q->who.kind = kind;
    (void)text_copy(q->who.name, sizeof q->who.name, name);            /* is cut */
    (void)text_copy(q->actor.name, sizeof q->actor.name, q->who.name); /* the same size */
}

void identity_of_nobody(struct ask *q, const char *words)
{
    memset(&q->who, 0, sizeof q->who);
    become(q, WHO_NOBODY, words);
}

/* What he may do now, by the tables as they are. */
static void find_rights(const struct app *a, struct identity *who)
{
    const struct access_token *t =
        who->token ? access_token_by_id(app_access(a), who->token) : NULL;

    rights_of_user(app_access(a), who->user, &who->rights);
    if (who->token)
        rights_limit(&who->rights, t ? t->permissions : 0);
    for (unsigned i = 0; i < ROLES && who->rights.count < GRANTS_MAX; i++)
        if (who->groups & 1U << i)
            who->rights.grant[who->rights.count++] =
                (struct grant){ .may = role_permissions((enum role)i) };
}

static void become_user(struct ask *q, enum identity_kind kind, const char *user, const char *name)
{
    become(q, kind, name);
    (void)text_copy(q->who.user, sizeof q->who.user, user); /* the same size */
    find_rights(q->app, &q->who);
}

static bool is_disabled(const struct app *a, const char *user)
{
    const struct user *u = access_user(app_access(a), user);

    return !u || u->disabled;
}

bool identity_holds(const struct app *a, struct identity *who)
{
    const struct access_token *t;

    switch (who->kind) {
    case WHO_USER:
        if (!app_login_find(a, who->login))
            return false;
        break;
    case WHO_TOKEN:
        t = access_token_by_id(app_access(a), who->token);
        if (!t || is_disabled(a, t->user) || t->expires_at <= app_wall(a, app_now(a)))
            return false;
        break;
    case WHO_PROXY:
        if (who->user[0] && is_disabled(a, who->user))
            return false;
        break;
    case WHO_NOBODY:
    case WHO_SOCKET:
    case WHO_FIRST_TOKEN:
        return true;
    }
    find_rights(a, who);
    return true;
}

void identity_of_login(struct ask *q, const struct login *l)
{
    become_user(q, WHO_USER, l->user, l->user);
    q->who.login = l->id;
}

void identity_origin(const char *source, char to[ORIGIN_SIZE])
{
    struct ip ip;

    if (!ip_read(source, &ip) || ip_is_v4(&ip)) {
        (void)text_copy(to, ORIGIN_SIZE, source); /* the same size */
        return;
    }
    (void)text_copy(to, ORIGIN_SIZE, "");
    for (unsigned i = 0; i < 8; i++)
        (void)text_append(to, ORIGIN_SIZE, "%02x", (unsigned)ip.byte[i]); /* fits */
}

static bool from_loopback(const struct http_request *rq)
{
    static const char *const loopback[] = { "127.0.0.0/8", "::1" };
    struct network n;

    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++)
        if (network_read(loopback[i], &n) && network_holds_text(&n, rq->source))
            return true;
    return false;
}

/* ---- the admin socket: the kernel says who it is ---- */

static bool by_socket(struct ask *q, struct refusal *r)
{
    char name[DISPLAY_SIZE];

    (void)text_format(name, sizeof name, "user %u on the admin socket",
                      (unsigned)q->rq->uid); /* fits */
    become(q, WHO_SOCKET, name);
    rights_all(&q->who.rights);
    if (q->rq->uid == 0 || q->rq->uid == geteuid())
        return true;
    r->slug = "not-permitted";
    (void)text_format(r->detail, sizeof r->detail,
                      "User %u may not use the admin socket: only root and the user of callparkd "
                      "may. Use sudo, or a token over HTTP.",
                      (unsigned)q->rq->uid); /* fits */
    return false;
}

/* ---- tokens ---- */

static bool in_networks(const char *list, const char *source)
{
    char copy[LIST_SIZE], *rest = NULL;
    struct network n;

    if (!list[0])
        return true;
    (void)text_copy(copy, sizeof copy, list); /* the same size */
    for (char *one = strtok_r(copy, ", ", &rest); one; one = strtok_r(NULL, ", ", &rest))
        if (network_read(one, &n) && network_holds_text(&n, source))
            return true;
    return false;
}

static bool may_be_used(struct ask *q, const struct access_token *t, struct refusal *r)
{
    if (t->expires_at != NEVER && t->expires_at <= app_wall(q->app, app_now(q->app)))
        return refuse(r, "This token has run out: make a new one.");
    if (!in_networks(t->networks, q->rq->source))
        return refuse(r, "This token may not be used from this address.");
    if (is_disabled(q->app, t->user))
        return refuse(r, "The user of this token is disabled.");
    return true;
}

static bool by_user_token(struct ask *q, const char *text, struct refusal *r)
{
    unsigned char hash[SECRET_HASH_SIZE];
    const struct access_token *t;
    char name[DISPLAY_SIZE];

    if (!token_text_fits(text))
        return refuse(r, "This token is not whole: its checksum is wrong. Copy all of it.");
    token_text_hash(text, hash);
    t = access_token_by_hash(app_access(q->app), hash);
    if (!t)
        return refuse(r, "This token is not known here: it was revoked, or is another server's.");
    if (!may_be_used(q, t, r))
        return false;
    (void)text_format(name, sizeof name, "%s (token %s)", t->user, t->name); /* is cut */
    q->who.token = t->id;
    become_user(q, WHO_TOKEN, t->user, name);
    app_token_used(q->app, t->id);
    return true;
}

static bool by_first_token(struct ask *q, const char *text, struct refusal *r)
{
    char name[DISPLAY_SIZE];

    if (!app_token_is(q->app, text)) {
        r->slug = "not-signed-in";
        (void)text_format(r->detail, sizeof r->detail,
                          "This is not the token of this server, which it keeps in %.200s.",
                          app_token_path(q->app)); /* fits */
        return false;
    }
    (void)text_format(name, sizeof name, "first token from %s", q->rq->source); /* fits */
    become(q, WHO_FIRST_TOKEN, name);
    rights_all(&q->who.rights);
    return true;
}

static bool by_token(struct ask *q, const char *text, struct refusal *r)
{
    return text_starts(text, "cpk_") ? by_user_token(q, text, r) : by_first_token(q, text, r);
}

/* ---- a proxy's word ---- */

static bool is_in_groups(const char *groups, const char *group)
{
    char copy[sizeof((struct http_request *)0)->proxy_groups], one[sizeof copy], *rest = NULL;

    if (text_is_nocase(groups, group)) /* a name of LDAP has commas of its own */
        return true;
    (void)text_copy(copy, sizeof copy, groups); /* the same size */
    for (char *item = strtok_r(copy, ",;", &rest); item; item = strtok_r(NULL, ",;", &rest)) {
        (void)text_trim(one, sizeof one, item); /* no longer than all of them */
        if (text_is_nocase(one, group))
            return true;
    }
    return false;
}

static void find_groups(struct ask *q)
{
    const struct app_config *config = app_config(q->app);

    for (unsigned i = 0; i < ROLES; i++)
        if (config->auth.group[i][0] && is_in_groups(q->rq->proxy_groups, config->auth.group[i]))
            q->who.groups |= 1U << i;
}

static bool by_proxy(struct ask *q, struct refusal *r)
{
    char user[USER_SIZE], name[DISPLAY_SIZE];
    const struct user *known;
    struct err err;

    if (!user_name_read(q->rq->proxy_user, user, &err)) {
        (void)refuse(r, "The proxy names a user whose name cannot be used here: ");
        (void)text_append(r->detail, sizeof r->detail, "%s.", err.text); /* is cut */
        return false;
    }
    known = access_user(app_access(q->app), user);
    if (known && known->disabled)
        return refuse(r, "This user is disabled here. An administrator can change that.");
    (void)text_format(name, sizeof name, "%s@proxy", user); /* fits */
    find_groups(q);
    become_user(q, WHO_PROXY, known ? user : "", name);
    return true;
}

/* ---- a session ---- */

static bool by_cookie(struct ask *q, struct refusal *r)
{
    const struct login *l = app_login_by_secret(q->app, q->rq->cookie);

    if (!l)
        return refuse(r, "The session has ended: sign in again.");
    identity_of_login(q, l);
    return true;
}

/* ---- any of these ---- */

/* A token is sent on purpose, so it counts before what a browser or a proxy sends by itself. */
static bool by_http(struct ask *q, struct refusal *r)
{
    const char *given = q->rq->authorization;
    char scheme[8] = "";

    (void)text_copy_n(scheme, sizeof scheme, given, strnlen(given, 7));
    if (text_is_nocase(scheme, "Bearer "))
        return by_token(q, given + 7, r);
    if (app_config(q->app)->auth.proxy && q->rq->proxy_user[0])
        return by_proxy(q, r);
    if (q->rq->cookie[0])
        return by_cookie(q, r);
    (void)refuse(r, "Sign in with a browser, or send 'Authorization: Bearer TOKEN'; ");
    (void)text_append(r->detail, sizeof r->detail, "the server keeps its first token in %s.",
                      app_token_path(q->app)); /* is cut */
    return false;
}

static bool find_out(struct ask *q, enum openness open, struct refusal *r)
{
    char name[DISPLAY_SIZE];

    if (q->rq->by_socket)
        return by_socket(q, r);
    if (open == OPEN_TO_ALL || (open == OPEN_ON_LOOPBACK && from_loopback(q->rq))) {
        (void)text_format(name, sizeof name, "somebody at %s", q->rq->source); /* fits */
        identity_of_nobody(q, name);
        return true;
    }
    return by_http(q, r);
}

static void fill_actor(struct ask *q)
{
    char digits[14];

    text_base32(digits, q->rq->id);
    (void)text_format(q->actor.request, sizeof q->actor.request, "req_%s", digits); /* fits */
    (void)text_copy(q->actor.source, sizeof q->actor.source, q->rq->source); /* the same size */
}

bool auth_allows(struct ask *q, enum openness open)
{
    struct refusal refusal = { 0 };
    bool known;

    fill_actor(q);
    known = find_out(q, open, &refusal);
    if (!known)
        identity_of_nobody(q, "somebody");
    if (!rate_allows(q))
        return false;
    if (!known) {
        reply_problem(q, refusal.slug, NULL, "%s", refusal.detail);
        return false;
    }
    /* Both come without a will of their own. */
    return (q->who.kind != WHO_USER && q->who.kind != WHO_PROXY) || cookie_same_site(q, true);
}

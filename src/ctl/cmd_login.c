/* callparkctl setup, login, logout, whoami, context ...: who one is, and at which server. */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/context.h"
#include "ctl/secret.h"

#define LOGIN "/api/v1/auth/login"
#define TOKEN_DAYS 30

static const struct print_column link_columns[] = { { "link", "link", CELL_TEXT },
                                                    { "for", "kind", CELL_TEXT },
                                                    { "user", "user", CELL_TEXT },
                                                    { "valid until", "expires_at", CELL_TIME },
                                                    { 0 } };

static const struct print_column me[] = { { "name", "name", CELL_TEXT },
                                          { "kind", "kind", CELL_TEXT },
                                          { "realm", "realm", CELL_TEXT },
                                          { "phone", "phone", CELL_TEXT },
                                          { "permissions", "permissions", CELL_TEXT },
                                          { 0 } };

static const struct print_column context[] = { { "NAME", "name", CELL_TEXT },
                                               { "CURRENT", "current", CELL_TEXT },
                                               { "SERVER", "server", CELL_TEXT },
                                               { "USER", "user", CELL_TEXT },
                                               { 0 } };

/* The link alone on standard output, so that it can be opened or sent. */
int cmd_setup(struct ctl *ctl)
{
    json_t *body CLEANUP(ctl_json_done) = json_object();
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (ctl_option(ctl, OPT_USER))
        (void)json_object_set_new(body, "user", json_string(ctl_option(ctl, OPT_USER)));
    code = ctl_ask(
        ctl, &(struct ctl_request){ .method = "POST", .path = "/api/v1/setup/link", .body = body },
        &r);
    if (code)
        return code;
    if (ctl->style.format != PRINT_TABLE)
        return ctl_show(ctl, &r, link_columns, "link");
    if (text_is(ctl_string(r.json, "kind"), "setup"))
        ctl_say(ctl, "Open this to make the first administrator; it works once, for 30 minutes:");
    else
        ctl_say(ctl, "Open this to sign in as %s; it works once, for 30 minutes:",
                ctl_string(r.json, "user"));
    fprintf(ctl->out, "%s\n", ctl_string(r.json, "link"));
    return CTL_OK;
}

int cmd_whoami(struct ctl *ctl)
{
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = ctl_get(ctl, "/api/v1/auth/me", &r);

    return code ? code : ctl_show(ctl, &r, me, "name");
}

/* ---- signing in: a token of one's own, by way of a session that ends at once -------------------
 */

static int sign_in(struct ctl *ctl, const char *user, char cookie[CLIENT_COOKIE_SIZE])
{
    char password[SECRET_SIZE] = "";
    json_t *body CLEANUP(ctl_json_done) = NULL;
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = CTL_OK;

    if (ctl_option(ctl, OPT_PASSWORD_STDIN))
        code = secret_line(ctl, password);
    else if (ctl->may_ask)
        code = secret_typed(ctl, "Password", password);
    else
        code = ctl_fail(ctl, CTL_USAGE, "give the password on standard input: --password-stdin");
    if (!code) {
        body = json_pack("{s:s, s:s}", "name", user, "password", password);
        code = body
                   ? ctl_ask(ctl,
                             &(struct ctl_request){ .method = "POST", .path = LOGIN, .body = body },
                             &r)
                   : ctl_fail(ctl, CTL_USAGE, "name and password are UTF-8 text");
    }
    secret_forget(password);
    if (!code && (!*r.raw.cookie || !text_copy(cookie, CLIENT_COOKIE_SIZE, r.raw.cookie)))
        code = ctl_fail(ctl, CTL_ERROR, "the server gave no session");
    return code;
}

static int make_token(struct ctl *ctl, struct ctl_reply *out)
{
    char host[64] = "?", name[64];
    json_t *body CLEANUP(ctl_json_done) = NULL;

    (void)gethostname(host, sizeof(host) - 1); /* "?" says as much */
    (void)text_format(name, sizeof(name), "callparkctl on %.40s", host);
    body = json_pack("{s:s, s:i}", "name", name, "expires_in", TOKEN_DAYS * 24 * 3600);
    return ctl_ask(
        ctl, &(struct ctl_request){ .method = "POST", .path = "/api/v1/tokens", .body = body },
        out);
}

static int keep(struct ctl *ctl, const char *url, const char *user, const json_t *token)
{
    const char *name = ctl_option(ctl, OPT_NAME) ? ctl_option(ctl, OPT_NAME) : url;
    json_t *all CLEANUP(ctl_json_done) = context_read(ctl);

    if (!all)
        return CTL_ERROR;
    (void)json_object_set_new(json_object_get(all, "contexts"), name,
                              json_pack("{s:s, s:s, s:s, s:s}", "url", url, "user", user, "token",
                                        ctl_string(token, "token"), "token_id",
                                        ctl_string(token, "id")));
    (void)json_object_set_new(all, "current", json_string(name));
    return context_write(ctl, all);
}

int cmd_login(struct ctl *ctl)
{
    const char *url = client_url(ctl->client), *user = ctl->args.words[0];
    char cookie[CLIENT_COOKIE_SIZE];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!url)
        return ctl_fail(ctl, CTL_USAGE,
                        "the admin socket needs no sign-in; name a server with --url");
    client_sign_out(ctl->client); /* what an older context has is not used for this */
    code = sign_in(ctl, user, cookie);
    if (code)
        return code;
    client_session(ctl->client, cookie);
    code = make_token(ctl, &r);
    /* The session has done its work; should this fail it runs out by itself. */
    (void)ctl_ask(ctl, &(struct ctl_request){ .method = "POST", .path = "/api/v1/auth/logout" },
                  NULL);
    if (!code)
        code = keep(ctl, url, user, r.json);
    if (!code)
        ctl_say(ctl, "signed in at %s as %s, for %d days", url, user, TOKEN_DAYS);
    return code;
}

int cmd_logout(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE];
    json_t *all CLEANUP(ctl_json_done) = context_read(ctl);
    const json_t *now = all ? context_current(all) : NULL;
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!all)
        return CTL_ERROR;
    if (!now || !*ctl_string(now, "token_id"))
        return ctl_fail(ctl, CTL_USAGE, "you are signed in nowhere");
    if (!ctl_path(path, "/api/v1/tokens/", ctl_string(now, "token_id"), ""))
        return ctl_fail(ctl, CTL_ERROR, "the id of the token is too long");
    code = ctl_try(ctl, &(struct ctl_request){ .method = "DELETE", .path = path }, &r);
    if (code)
        return code;
    if (r.raw.status >= 300 && r.raw.status != 401 && r.raw.status != 404) {
        ctl_problem(ctl, &r);
        return ctl_exit_of(r.raw.status);
    }
    (void)json_object_del(json_object_get(all, "contexts"),
                          json_string_value(json_object_get(all, "current")));
    (void)json_object_set_new(all, "current", json_null());
    code = context_write(ctl, all);
    if (!code)
        ctl_say(ctl, "signed out; the token is revoked");
    return code;
}

/* ---- contexts ----------------------------------------------------------------------------------
 */

int cmd_context_list(struct ctl *ctl)
{
    json_t *all CLEANUP(ctl_json_done) = context_read(ctl);
    json_t *items = json_array(), *one;
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    const char *name;

    r.json = json_pack("{s:o}", "items", items);
    if (!all)
        return CTL_ERROR;
    json_object_foreach(json_object_get(all, "contexts"), name, one)
    {
        const char *url = ctl_string(one, "url");

        (void)json_array_append_new(items,
                                    json_pack("{s:s, s:b, s:s, s:s}", "name", name, "current",
                                              context_current(all) == one, "server",
                                              *url ? url : ctl_string(one, "socket"), "user",
                                              ctl_string(one, "user")));
    }
    ctl->style.name = "name";
    if (ctl->style.format == PRINT_TABLE && !json_array_size(items))
        ctl_say(ctl, "none");
    else
        print_list(ctl->out, &ctl->style, items, context);
    return CTL_OK;
}

static int unknown(struct ctl *ctl, const char *name)
{
    return ctl_fail(ctl, CTL_NOT_FOUND,
                    "there is no context '%.64s'; see 'callparkctl context list'", name);
}

int cmd_context_use(struct ctl *ctl)
{
    json_t *all CLEANUP(ctl_json_done) = context_read(ctl);

    if (!all)
        return CTL_ERROR;
    if (!json_object_get(json_object_get(all, "contexts"), ctl->args.words[0]))
        return unknown(ctl, ctl->args.words[0]);
    (void)json_object_set_new(all, "current", json_string(ctl->args.words[0]));
    return context_write(ctl, all);
}

/* An admin socket under a name; a server by HTTP comes by login. */
int cmd_context_add(struct ctl *ctl)
{
    json_t *all CLEANUP(ctl_json_done) = context_read(ctl);
    const char *socket = ctl_option(ctl, OPT_SOCKET);

    if (!all)
        return CTL_ERROR;
    if (!socket)
        return ctl_fail(ctl, CTL_USAGE,
                        "name an admin socket with --socket PATH; a server by HTTP is added by "
                        "'callparkctl login USER --url URL --name NAME'");
    (void)json_object_set_new(json_object_get(all, "contexts"), ctl->args.words[0],
                              json_pack("{s:s}", "socket", socket));
    (void)json_object_set_new(all, "current", json_string(ctl->args.words[0]));
    return context_write(ctl, all);
}

int cmd_context_rm(struct ctl *ctl)
{
    json_t *all CLEANUP(ctl_json_done) = context_read(ctl);
    const char *name = ctl->args.words[0];

    if (!all)
        return CTL_ERROR;
    if (json_object_del(json_object_get(all, "contexts"), name))
        return unknown(ctl, name);
    if (text_is(json_string_value(json_object_get(all, "current")), name))
        (void)json_object_set_new(all, "current", json_null());
    return context_write(ctl, all);
}

/* callparkctl user ..., role ...: who may do what. */
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/secret.h"

#define USERS "/api/v1/users"
#define ROLES "/api/v1/role-bindings"

static const struct print_column user[] = { { "NAME", "name", CELL_TEXT },
                                            { "ROLES", "roles_text", CELL_TEXT },
                                            { "PHONE", "phone", CELL_TEXT },
                                            { "DISABLED", "disabled", CELL_TEXT },
                                            { "PASSWORD", "has_password", CELL_TEXT },
                                            { "SIP", "has_sip_password", CELL_TEXT },
                                            { "CREATED", "created_at", CELL_TIME },
                                            { 0 } };

static const struct print_column binding[] = { { "ID", "id", CELL_TEXT },
                                               { "USER", "user", CELL_TEXT },
                                               { "ROLE", "role", CELL_TEXT },
                                               { "SCOPE", "scope", CELL_TEXT },
                                               { 0 } };

/* "administrator all, viewer site:Berlin", for tables; JSON stays as the API has it. */
static void add_roles_text(json_t *u)
{
    const json_t *role;
    char text[1024] = "";
    size_t i;

    json_array_foreach(json_object_get(u, "roles"), i, role)
    {
        if (!text_append(text, sizeof(text), "%s%s %s", *text ? ", " : "", ctl_string(role, "role"),
                         ctl_string(role, "scope")))
            break; /* what fits is shown */
    }
    (void)json_object_set_new(u, "roles_text", json_string(text));
}

static int show(struct ctl *ctl, struct ctl_reply *r)
{
    json_t *u;
    size_t i;

    if (json_object_get(r->json, "items"))
        json_array_foreach(json_object_get(r->json, "items"), i, u) add_roles_text(u);
    else if (json_is_object(r->json))
        add_roles_text(r->json);
    return json_object_get(r->json, "items") ? ctl_show_list(ctl, r, user, "name")
                                             : ctl_show(ctl, r, user, "name");
}

int ctl_scope(struct ctl *ctl, char scope[CTL_SCOPE_SIZE])
{
    const char *site = ctl_option(ctl, OPT_SITE), *destination = ctl_option(ctl, OPT_DESTINATION);
    const char *range = ctl_option(ctl, OPT_RANGE);
    struct ctl_reply found CLEANUP(ctl_reply_done) = { 0 };
    int code = CTL_OK;
    bool fits;

    if (!!site + !!destination + !!range > 1)
        return ctl_fail(ctl, CTL_USAGE, "one scope at a time: --site, --destination or --range");
    if (range)
        code = ctl_find_range(ctl, range, &found);
    if (code)
        return code;
    if (range)
        fits = text_format(scope, CTL_SCOPE_SIZE, "range:%s", ctl_string(found.json, "id"));
    else if (destination)
        fits = text_format(scope, CTL_SCOPE_SIZE, "destination:%s", destination);
    else if (site)
        fits = text_format(scope, CTL_SCOPE_SIZE, "site:%s", site);
    else
        fits = text_copy(scope, CTL_SCOPE_SIZE, "all");
    return fits ? CTL_OK : ctl_fail(ctl, CTL_USAGE, "that name is too long");
}

int cmd_user_list(struct ctl *ctl)
{
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = ctl_list(ctl, USERS, &r);

    return code ? code : show(ctl, &r);
}

/* The password of --password-stdin, or typed twice on a terminal, into the body. */
static int put_password(struct ctl *ctl, json_t *body, bool needed)
{
    char password[SECRET_SIZE] = "";
    int code = CTL_OK;

    if (ctl_option(ctl, OPT_PASSWORD_STDIN))
        code = secret_line(ctl, password);
    else if (needed && ctl->may_ask)
        code = secret_typed_twice(ctl, password);
    else if (needed)
        code = ctl_fail(ctl, CTL_USAGE, "give the password on standard input: --password-stdin");
    if (!code && *password && json_object_set_new(body, "password", json_string(password)) != 0)
        code = ctl_fail(ctl, CTL_USAGE, "the password is no UTF-8 text");
    secret_forget(password);
    return code;
}

int cmd_user_add(struct ctl *ctl)
{
    char scope[CTL_SCOPE_SIZE];
    json_t *body CLEANUP(ctl_json_done) = json_pack("{s:s}", "name", ctl->args.words[0]);
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!body)
        return ctl_fail(ctl, CTL_USAGE, "a name of a user is made of a-z 0-9 . _ - @");
    code = ctl_scope(ctl, scope);
    if (!code && ctl_option(ctl, OPT_ROLE)) {
        (void)json_object_set_new(body, "role", json_string(ctl_option(ctl, OPT_ROLE)));
        (void)json_object_set_new(body, "scope", json_string(scope));
    }
    if (ctl_option(ctl, OPT_PHONE))
        (void)json_object_set_new(body, "phone", json_string(ctl_option(ctl, OPT_PHONE)));
    if (!code)
        code = put_password(ctl, body, ctl->may_ask);
    if (!code)
        code = ctl_ask(ctl, &(struct ctl_request){ .method = "POST", .path = USERS, .body = body },
                       &r);
    return code ? code : show(ctl, &r);
}

static int read_user(struct ctl *ctl, char path[CTL_PATH_SIZE], char version[64])
{
    struct ctl_reply seen CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!ctl_path(path, USERS "/", ctl->args.words[0], ""))
        return ctl_fail(ctl, CTL_USAGE, "'%.64s' is too long for a name", ctl->args.words[0]);
    code = ctl_get(ctl, path, &seen);
    if (!code)
        ctl_version(version, &seen);
    return code;
}

static int change_user(struct ctl *ctl, json_t *body)
{
    char path[CTL_PATH_SIZE], version[64];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = read_user(ctl, path, version);

    if (!code)
        code = ctl_ask(ctl,
                       &(struct ctl_request){
                           .method = "PATCH", .path = path, .body = body, .if_match = version },
                       &r);
    return code ? code : show(ctl, &r);
}

int cmd_user_passwd(struct ctl *ctl)
{
    json_t *body CLEANUP(ctl_json_done) = json_object();
    int code = put_password(ctl, body, true);

    return code ? code : change_user(ctl, body);
}

/* The password of his phone, which is another one than that of the page. */
int cmd_user_sip_password(struct ctl *ctl)
{
    json_t *body CLEANUP(ctl_json_done) = json_object();
    char path[CTL_PATH_SIZE], version[64];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    bool removes = ctl_option(ctl, OPT_REMOVE);
    int code = read_user(ctl, path, version);

    if (!code && !text_append(path, sizeof(path), "/sip-password"))
        code = ctl_fail(ctl, CTL_USAGE, "'%.64s' is too long for a name", ctl->args.words[0]);
    if (!code && !removes)
        code = put_password(ctl, body, true);
    if (!code)
        code = ctl_ask(ctl,
                       &(struct ctl_request){ .method = removes ? "DELETE" : "PUT",
                                              .path = path,
                                              .body = removes ? NULL : body,
                                              .if_match = version },
                       &r);
    return code ? code : show(ctl, &r);
}

int cmd_user_update(struct ctl *ctl)
{
    json_t *body CLEANUP(ctl_json_done) = json_object();

    if (!ctl_option(ctl, OPT_PHONE))
        return ctl_fail(ctl, CTL_USAGE,
                        "nothing to change; name what, such as --phone sip:101@pbx.example");
    (void)json_object_set_new(body, "phone", json_string(ctl_option(ctl, OPT_PHONE)));
    return change_user(ctl, body);
}

static int disable(struct ctl *ctl, bool disabled)
{
    json_t *body CLEANUP(ctl_json_done) = json_pack("{s:b}", "disabled", disabled);

    return change_user(ctl, body);
}

int cmd_user_disable(struct ctl *ctl)
{
    return disable(ctl, true);
}

int cmd_user_enable(struct ctl *ctl)
{
    return disable(ctl, false);
}

int cmd_user_rm(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE], version[64];
    int code = read_user(ctl, path, version);

    if (!code)
        code = ctl_confirm(ctl, "Remove user '%s' with all roles, tokens and sessions?",
                           ctl->args.words[0]);
    if (!code)
        code = ctl_ask(
            ctl, &(struct ctl_request){ .method = "DELETE", .path = path, .if_match = version },
            NULL);
    if (!code)
        ctl_say(ctl, "user '%s' %s", ctl->args.words[0],
                ctl_option(ctl, OPT_DRY_RUN) ? "would be removed" : "removed");
    return code;
}

int cmd_role_list(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE] = ROLES;
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!ctl_query(path, "user", ctl_option(ctl, OPT_USER)))
        return ctl_fail(ctl, CTL_USAGE, "that name is too long");
    code = ctl_list(ctl, path, &r);
    return code ? code : ctl_show_list(ctl, &r, binding, "id");
}

int cmd_role_grant(struct ctl *ctl)
{
    char scope[CTL_SCOPE_SIZE];
    json_t *body CLEANUP(ctl_json_done) = NULL;
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = ctl_scope(ctl, scope);

    if (code)
        return code;
    body = json_pack("{s:s, s:s, s:s}", "user", ctl->args.words[0], "role", ctl->args.words[1],
                     "scope", scope);
    if (!body)
        return ctl_fail(ctl, CTL_USAGE, "names are UTF-8 text");
    code = ctl_ask(ctl, &(struct ctl_request){ .method = "POST", .path = ROLES, .body = body }, &r);
    return code ? code : ctl_show(ctl, &r, binding, "id");
}

/* By its id, as role list shows it. */
int cmd_role_revoke(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE];
    int code;

    if (!ctl_path(path, ROLES "/", ctl->args.words[0], ""))
        return ctl_fail(ctl, CTL_USAGE, "'%.64s' is too long for an id", ctl->args.words[0]);
    code = ctl_confirm(ctl, "Take role binding %s away?", ctl->args.words[0]);
    if (!code)
        code = ctl_ask(ctl, &(struct ctl_request){ .method = "DELETE", .path = path }, NULL);
    if (!code)
        ctl_say(ctl, "%s %s", ctl->args.words[0],
                ctl_option(ctl, OPT_DRY_RUN) ? "would be taken away" : "taken away");
    return code;
}

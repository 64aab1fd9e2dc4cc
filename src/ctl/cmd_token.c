/* callparkctl token ..., session ...: what gets in besides a password. */
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"

#define TOKENS "/api/v1/tokens"
#define SESSIONS "/api/v1/sessions"

static const struct print_column token[] = { { "ID", "id", CELL_TEXT },
                                             { "NAME", "name", CELL_TEXT },
                                             { "USER", "user", CELL_TEXT },
                                             { "PERMISSIONS", "permissions", CELL_TEXT },
                                             { "NETWORKS", "networks", CELL_TEXT },
                                             { "CREATED", "created_at", CELL_TIME },
                                             { "EXPIRES", "expires_at", CELL_TIME },
                                             { "LAST USED", "last_used_at", CELL_SINCE },
                                             { 0 } };

static const struct print_column session[] = { { "ID", "id", CELL_TEXT },
                                               { "USER", "user", CELL_TEXT },
                                               { "FROM", "source", CELL_TEXT },
                                               { "WITH", "agent", CELL_TEXT },
                                               { "SIGNED IN", "created_at", CELL_TIME },
                                               { "SEEN", "seen_at", CELL_SINCE },
                                               { "UNTIL", "expires_at", CELL_TIME },
                                               { 0 } };

static int list(struct ctl *ctl, const char *where, const struct print_column *columns)
{
    char path[CTL_PATH_SIZE];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    (void)text_copy(path, sizeof(path), where); /* short */
    if (!ctl_query(path, "user", ctl_option(ctl, OPT_USER)))
        return ctl_fail(ctl, CTL_USAGE, "that name is too long");
    code = ctl_list(ctl, path, &r);
    return code ? code : ctl_show_list(ctl, &r, columns, "id");
}

static int end_one(struct ctl *ctl, const char *before, const char *what)
{
    char path[CTL_PATH_SIZE];
    int code;

    if (!ctl_path(path, before, ctl->args.words[0], ""))
        return ctl_fail(ctl, CTL_USAGE, "'%.64s' is too long for an id", ctl->args.words[0]);
    code = ctl_confirm(ctl, "%s %s?", what, ctl->args.words[0]);
    if (!code)
        code = ctl_ask(ctl, &(struct ctl_request){ .method = "DELETE", .path = path }, NULL);
    if (!code)
        ctl_say(ctl, ctl_option(ctl, OPT_DRY_RUN) ? "dry run: nothing was changed" : "done");
    return code;
}

int cmd_token_list(struct ctl *ctl)
{
    return list(ctl, TOKENS, token);
}

json_t *ctl_words(const char *list)
{
    json_t *words = json_array();

    while (*list) {
        size_t length = strcspn(list, ", ");

        if (length)
            (void)json_array_append_new(words, json_stringn(list, length));
        list += length;
        list += strspn(list, ", ");
    }
    return words;
}

static int token_body(struct ctl *ctl, json_t *body)
{
    const char *expires = ctl_option(ctl, OPT_EXPIRES);
    uint64_t span;

    if (ctl_option(ctl, OPT_PERMISSIONS))
        (void)json_object_set_new(body, "permissions", ctl_words(ctl_option(ctl, OPT_PERMISSIONS)));
    if (ctl_option(ctl, OPT_NETWORKS))
        (void)json_object_set_new(body, "networks", ctl_words(ctl_option(ctl, OPT_NETWORKS)));
    if (ctl_option(ctl, OPT_USER))
        (void)json_object_set_new(body, "user", json_string(ctl_option(ctl, OPT_USER)));
    if (!expires)
        return CTL_OK;
    if (!text_duration(expires, &span) || span < 1000)
        return ctl_fail(ctl, CTL_USAGE, "--expires %.32s: a span of time, such as 30d or 12h",
                        expires);
    (void)json_object_set_new(body, "expires_in", json_integer((json_int_t)(span / 1000)));
    return CTL_OK;
}

/* The secret goes to standard output alone, so that it can be kept in a file; all else is talk. */
int cmd_token_create(struct ctl *ctl)
{
    json_t *body CLEANUP(ctl_json_done) = json_pack("{s:s}", "name", ctl->args.words[0]);
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!body)
        return ctl_fail(ctl, CTL_USAGE, "the name of a token is UTF-8 text");
    code = token_body(ctl, body);
    if (!code)
        code = ctl_ask(ctl, &(struct ctl_request){ .method = "POST", .path = TOKENS, .body = body },
                       &r);
    if (code)
        return code;
    if (ctl->style.format != PRINT_TABLE || !*ctl_string(r.json, "token"))
        return ctl_show(ctl, &r, token, "id");
    ctl_say(ctl,
            "token %s (%s) of %s; this is the only time it is shown:", ctl_string(r.json, "name"),
            ctl_string(r.json, "id"), ctl_string(r.json, "user"));
    fprintf(ctl->out, "%s\n", ctl_string(r.json, "token"));
    return CTL_OK;
}

int cmd_token_revoke(struct ctl *ctl)
{
    return end_one(ctl, TOKENS "/", "Revoke token");
}

int cmd_session_list(struct ctl *ctl)
{
    return list(ctl, SESSIONS, session);
}

int cmd_session_end(struct ctl *ctl)
{
    return end_one(ctl, SESSIONS "/", "End session");
}

/* callparkctl status, system ..., version: the server itself. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/commands.h"

static const struct print_column screen[] = { { "node", "node", CELL_TEXT },
                                              { "version", "version", CELL_TEXT },
                                              { "status", "status", CELL_TEXT },
                                              { "up", "started_at", CELL_SINCE },
                                              { "destination", "destination", CELL_TEXT },
                                              { "site", "site", CELL_TEXT },
                                              { "SIP", "sip.listeners", CELL_TEXT },
                                              { "number to park at", "sip.park_user", CELL_TEXT },
                                              { "accounts", "sip.accounts", CELL_TEXT },
                                              { "registered", "sip.registered", CELL_TEXT },
                                              { "web", "http.address", CELL_TEXT },
                                              { "calls parked", "calls.parked", CELL_TEXT },
                                              { "ranges", "ranges", CELL_TEXT },
                                              { "numbers", "calls.orbits.total", CELL_TEXT },
                                              { "numbers free", "calls.orbits.free", CELL_TEXT },
                                              { "streams of audio", "media.streams", CELL_TEXT },
                                              { "store is fine", "store.ok", CELL_TEXT },
                                              { "store", "store.detail", CELL_TEXT },
                                              { "trouble since", "store.since", CELL_SINCE },
                                              { "new parks", "store.new_parks", CELL_TEXT },
                                              { "kept for the store", "store.kept", CELL_TEXT },
                                              { 0 } };

static int status_once(struct ctl *ctl)
{
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = ctl_get(ctl, "/api/v1/system", &r);

    return code ? code : ctl_show(ctl, &r, screen, "node");
}

int cmd_status(struct ctl *ctl)
{
    int code = status_once(ctl);

    while (!code && ctl_option(ctl, OPT_WATCH)) {
        fflush(ctl->out);
        (void)sleep(2);
        ctl->style.now = time(NULL);
        if (ctl->style.format == PRINT_TABLE)
            fputs(isatty(STDOUT_FILENO) ? "\033[H\033[2J" : "\n", ctl->out);
        code = status_once(ctl);
    }
    return code;
}

int cmd_system_hops(struct ctl *ctl)
{
    static const struct print_column columns[] = { { "SYSTEM", "system", CELL_TEXT },
                                                   { "STATE", "state", CELL_TEXT },
                                                   { "SINCE", "since", CELL_SINCE },
                                                   { "TRANSPORT", "transport", CELL_TEXT },
                                                   { "HOST", "host", CELL_TEXT },
                                                   { "PORT", "port", CELL_TEXT },
                                                   { "LAST ANSWER", "last_answer", CELL_SINCE },
                                                   { "MS", "round_trip_ms", CELL_TEXT },
                                                   { 0 } };
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = ctl_get(ctl, "/api/v1/system/hops", &r);

    return code ? code : ctl_show_list(ctl, &r, columns, "host");
}

static int order(struct ctl *ctl, const char *path, const json_t *body, const char *done)
{
    int code =
        ctl_ask(ctl, &(struct ctl_request){ .method = "POST", .path = path, .body = body }, NULL);

    if (!code)
        ctl_say(ctl, "%s", ctl_option(ctl, OPT_DRY_RUN) ? "dry run: nothing was changed" : done);
    return code;
}

int cmd_system_drain(struct ctl *ctl)
{
    return order(ctl, "/api/v1/system/drain", NULL,
                 "draining: new parks are refused, calls that wait stay");
}

int cmd_system_undrain(struct ctl *ctl)
{
    return order(ctl, "/api/v1/system/undrain", NULL, "calls can be parked again");
}

int cmd_system_reload(struct ctl *ctl)
{
    return order(ctl, "/api/v1/system/reload", NULL, "the configuration has been read again");
}

/* The server reads or writes it, and its working folder is not ours: a whole path is what it gets.
 */
static json_t *path_body(struct ctl *ctl)
{
    char path[4096], folder[2048];
    const char *file = ctl->args.words[0];
    json_t *body;

    if (*file != '/' && !getcwd(folder, sizeof(folder))) {
        (void)ctl_fail(ctl, 0, "where is '%.200s'? Give the whole path", file);
        return NULL;
    }
    if (!text_format(path, sizeof(path), "%s%s%s", *file == '/' ? "" : folder,
                     *file == '/' ? "" : "/", file)) {
        (void)ctl_fail(ctl, 0, "that path is too long");
        return NULL;
    }
    body = json_pack("{s:s}", "path", path);
    if (!body)
        (void)ctl_fail(ctl, 0, "the path is no UTF-8 text");
    return body;
}

int cmd_system_backup(struct ctl *ctl)
{
    json_t *body CLEANUP(ctl_json_done) = path_body(ctl);

    if (!body)
        return CTL_USAGE;
    return order(ctl, "/api/v1/system/backup", body, "the backup is written and whole");
}

int cmd_system_restore(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE] = "/api/v1/system/restore";
    json_t *body CLEANUP(ctl_json_done) = path_body(ctl);
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!body)
        return CTL_USAGE;
    (void)ctl_query(path, "mode",
                    ctl_option(ctl, OPT_FORCE)   ? "force"
                    : ctl_option(ctl, OPT_DRAIN) ? "drain"
                                                 : NULL); /* fits */
    code = ctl_confirm(ctl, "Make ranges, settings, users, tokens and music what they are in %s?",
                       ctl->args.words[0]);
    if (!code)
        code =
            ctl_ask(ctl, &(struct ctl_request){ .method = "POST", .path = path, .body = body }, &r);
    return code ? code : ctl_show_changes(ctl, &r);
}

int cmd_system_support_bundle(struct ctl *ctl)
{
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = ctl_ask(
        ctl, &(struct ctl_request){ .method = "POST", .path = "/api/v1/system/support-bundle" },
        &r);

    if (code)
        return code;
    (void)json_dumpf(r.json, ctl->out, JSON_INDENT(2)); /* main() looks whether it was written */
    fputc('\n', ctl->out);
    return CTL_OK;
}

/* Both answers of /readyz are what was asked for; only the exit code tells them apart. */
int cmd_system_health(struct ctl *ctl)
{
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code =
        ctl_try(ctl, &(struct ctl_request){ .method = "GET", .path = "/readyz?verbose" }, &r);

    if (code)
        return code;
    if (r.raw.status != 200 && r.raw.status != 503) {
        ctl_problem(ctl, &r);
        return ctl_exit_of(r.raw.status);
    }
    fwrite(r.raw.body, 1, r.raw.length, ctl->out);
    return r.raw.status == 200 ? CTL_OK : CTL_ERROR;
}

int cmd_version(struct ctl *ctl)
{
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    fprintf(ctl->out, "callparkctl %s\n", CALLPARK_VERSION);
    code = ctl_get(ctl, "/version", &r);
    if (!code)
        fprintf(ctl->out, "callparkd %s\n", ctl_string(r.json, "version"));
    return code;
}

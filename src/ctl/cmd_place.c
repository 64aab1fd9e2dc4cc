/* callparkctl destination ..., site ...: where ranges are hosted, and where that is. */
#include "base/text.h"
#include "ctl/commands.h"

#define DESTINATIONS "/api/v1/destinations"
#define SITES "/api/v1/sites"

static const struct print_column destination[] = { { "FQDN", "fqdn", CELL_TEXT },
                                                   { "SITE", "site", CELL_TEXT },
                                                   { "SERVICE ID", "service_id", CELL_TEXT },
                                                   { "RANGES", "ranges", CELL_TEXT },
                                                   { "NUMBERS", "orbits", CELL_TEXT },
                                                   { 0 } };

static const struct print_column site[] = { { "NAME", "name", CELL_TEXT }, { 0 } };

static int list(struct ctl *ctl, const char *path, const struct print_column *columns,
                const char *name)
{
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = ctl_list(ctl, path, &r);

    return code ? code : ctl_show_list(ctl, &r, columns, name);
}

static int add(struct ctl *ctl, const char *path, const json_t *body,
               const struct print_column *columns, const char *name)
{
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code =
        ctl_ask(ctl, &(struct ctl_request){ .method = "POST", .path = path, .body = body }, &r);

    return code ? code : ctl_show(ctl, &r, columns, name);
}

/* Read one, so that a change or removal is bound to what was there. */
static int read_one(struct ctl *ctl, const char *folder, char path[CTL_PATH_SIZE], char version[64],
                    struct ctl_reply *out)
{
    int code;

    if (!ctl_path(path, folder, ctl->args.words[0], ""))
        return ctl_fail(ctl, CTL_USAGE, "'%.64s' is too long for a name", ctl->args.words[0]);
    code = ctl_get(ctl, path, out);
    if (!code)
        ctl_version(version, out);
    return code;
}

static int remove_one(struct ctl *ctl, const char *folder, const char *what)
{
    char path[CTL_PATH_SIZE], version[64];
    struct ctl_reply seen CLEANUP(ctl_reply_done) = { 0 };
    int code = read_one(ctl, folder, path, version, &seen);

    if (!code)
        code = ctl_confirm(ctl, "Remove %s '%s'?", what, ctl->args.words[0]);
    if (!code)
        code = ctl_ask(
            ctl, &(struct ctl_request){ .method = "DELETE", .path = path, .if_match = version },
            NULL);
    if (!code)
        ctl_say(ctl, "%s '%s' %s", what, ctl->args.words[0],
                ctl_option(ctl, OPT_DRY_RUN) ? "would be removed" : "removed");
    return code;
}

static void set_options(const struct ctl *ctl, json_t *body)
{
    if (ctl_option(ctl, OPT_SITE))
        (void)json_object_set_new(body, "site", json_string(ctl_option(ctl, OPT_SITE)));
    if (ctl_option(ctl, OPT_SERVICE_ID))
        (void)json_object_set_new(body, "service_id", json_string(ctl_option(ctl, OPT_SERVICE_ID)));
}

int cmd_destination_list(struct ctl *ctl)
{
    return list(ctl, DESTINATIONS, destination, "fqdn");
}

int cmd_destination_get(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE], version[64];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = read_one(ctl, DESTINATIONS "/", path, version, &r);

    return code ? code : ctl_show(ctl, &r, destination, "fqdn");
}

int cmd_destination_add(struct ctl *ctl)
{
    json_t *body CLEANUP(ctl_json_done) = json_object();

    (void)json_object_set_new(body, "fqdn", json_string(ctl->args.words[0]));
    set_options(ctl, body);
    return add(ctl, DESTINATIONS, body, destination, "fqdn");
}

int cmd_destination_update(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE], version[64];
    json_t *body CLEANUP(ctl_json_done) = json_object();
    struct ctl_reply seen CLEANUP(ctl_reply_done) = { 0 };
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    set_options(ctl, body);
    if (json_object_size(body) == 0)
        return ctl_fail(ctl, CTL_USAGE, "nothing to change; name what, such as --site Berlin");
    code = read_one(ctl, DESTINATIONS "/", path, version, &seen);
    if (!code)
        code = ctl_ask(ctl,
                       &(struct ctl_request){
                           .method = "PATCH", .path = path, .body = body, .if_match = version },
                       &r);
    return code ? code : ctl_show(ctl, &r, destination, "fqdn");
}

int cmd_destination_remove(struct ctl *ctl)
{
    return remove_one(ctl, DESTINATIONS "/", "destination");
}

int cmd_site_list(struct ctl *ctl)
{
    return list(ctl, SITES, site, "name");
}

int cmd_site_add(struct ctl *ctl)
{
    json_t *body CLEANUP(ctl_json_done) = json_pack("{s:s}", "name", ctl->args.words[0]);

    if (!body)
        return ctl_fail(ctl, CTL_USAGE, "the name of a site is UTF-8 text");
    return add(ctl, SITES, body, site, "name");
}

int cmd_site_remove(struct ctl *ctl)
{
    return remove_one(ctl, SITES "/", "site");
}

/* callparkctl settings diff: where a scope says something else than what it would inherit. */
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"

#define SETTINGS "/api/v1/settings"

static const struct print_column columns[] = { { "KEY", "key", CELL_TEXT },
                                               { "HERE", "here", CELL_TEXT },
                                               { "INHERITED", "inherited", CELL_TEXT },
                                               { 0 } };

/* What one scope says over what was there before. */
static int lay_over(struct ctl *ctl, json_t *values, const char *folder, const char *name)
{
    char path[CTL_PATH_SIZE];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!ctl_path(path, folder, name, ""))
        return ctl_fail(ctl, CTL_USAGE, "that name is too long");
    code = ctl_get(ctl, path, &r);
    if (!code)
        (void)json_object_update(values, r.json);
    return code;
}

static int defaults(struct ctl *ctl, json_t *values)
{
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    json_t *key;
    size_t i;
    int code = ctl_get(ctl, SETTINGS, &r);

    json_array_foreach(json_object_get(r.json, "items"), i, key)(void)
        json_object_set(values, ctl_string(key, "name"), json_object_get(key, "default"));
    return code;
}

/* A destination is under its site, and that under the whole. */
static int lay_site_of(struct ctl *ctl, json_t *values, const char *destination)
{
    char path[CTL_PATH_SIZE];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!ctl_path(path, "/api/v1/destinations/", destination, ""))
        return ctl_fail(ctl, CTL_USAGE, "that name is too long");
    code = ctl_get(ctl, path, &r);
    if (!code && *ctl_string(r.json, "site"))
        code = lay_over(ctl, values, SETTINGS "/sites/", ctl_string(r.json, "site"));
    return code;
}

/* All that the scope of the command line would inherit. */
static int inherited(struct ctl *ctl, json_t *values)
{
    const char *destination = ctl_option(ctl, OPT_DESTINATION), *range = ctl_option(ctl, OPT_RANGE);
    struct ctl_reply found CLEANUP(ctl_reply_done) = { 0 };
    int code = defaults(ctl, values);

    if (!destination && !range && !ctl_option(ctl, OPT_SITE))
        return code;
    if (!code)
        code = lay_over(ctl, values, SETTINGS "/", "global");
    if (!code && range)
        code = ctl_find_range(ctl, range, &found);
    if (!code && (destination || range))
        code = lay_site_of(ctl, values,
                           destination ? destination : ctl_string(found.json, "destination"));
    if (!code && range)
        code =
            lay_over(ctl, values, SETTINGS "/destinations/", ctl_string(found.json, "destination"));
    return code;
}

int cmd_settings_diff(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE];
    json_t *values CLEANUP(ctl_json_done) = json_object(), *here;
    json_t *lines CLEANUP(ctl_json_done) = json_array();
    struct ctl_reply own CLEANUP(ctl_reply_done) = { 0 };
    const char *name;
    int code = ctl_settings_path(ctl, path);

    if (!code)
        code = ctl_get(ctl, path, &own);
    if (!code)
        code = inherited(ctl, values);
    if (code)
        return code;
    json_object_foreach(own.json, name, here)
    {
        json_t *was = json_object_get(values, name);

        if (!text_is(name, "version") && !json_equal(here, was))
            (void)json_array_append_new(lines,
                                        json_pack("{s:s, s:O, s:O}", "key", name, "here", here,
                                                  "inherited", was ? was : json_null()));
    }
    ctl->style.name = "key";
    if (ctl->style.format == PRINT_TABLE && !json_array_size(lines))
        ctl_say(ctl, "nothing is different here");
    else
        print_list(ctl->out, &ctl->style, lines, columns);
    return CTL_OK;
}

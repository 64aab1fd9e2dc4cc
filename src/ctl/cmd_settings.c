/* callparkctl settings ...: what a scope says, and what holds in the end. */
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "core/settings.h"
#include "ctl/commands.h"

static const struct print_column listing[] = { { "KEY", "key", CELL_TEXT },
                                               { "VALUE", "value", CELL_TEXT },
                                               { 0 } };

static const struct print_column with_source[] = { { "KEY", "key", CELL_TEXT },
                                                   { "VALUE", "value", CELL_TEXT },
                                                   { "FROM", "from", CELL_TEXT },
                                                   { 0 } };

int ctl_settings_path(struct ctl *ctl, char path[CTL_PATH_SIZE])
{
    const char *site = ctl_option(ctl, OPT_SITE), *destination = ctl_option(ctl, OPT_DESTINATION);
    const char *range = ctl_option(ctl, OPT_RANGE);
    struct ctl_reply found CLEANUP(ctl_reply_done) = { 0 };
    bool fits;
    int code;

    if (!!site + !!destination + !!range > 1)
        return ctl_fail(ctl, CTL_USAGE, "one scope at a time: --site, --destination or --range");
    if (range) {
        code = ctl_find_range(ctl, range, &found);
        if (code)
            return code;
        fits = ctl_path(path, "/api/v1/settings/ranges/", ctl_string(found.json, "id"), "");
    } else if (destination) {
        fits = ctl_path(path, "/api/v1/settings/destinations/", destination, "");
    } else if (site) {
        fits = ctl_path(path, "/api/v1/settings/sites/", site, "");
    } else {
        fits = text_copy(path, CTL_PATH_SIZE, "/api/v1/settings/global");
    }
    return fits ? CTL_OK : ctl_fail(ctl, CTL_USAGE, "that name is too long");
}

static int unknown_key(struct ctl *ctl, const char *typed)
{
    const char *names[SETTING_KEYS], *meant;

    for (int i = 0; i < SETTING_KEYS; i++)
        names[i] = setting_info((enum setting_key)i)->name;
    meant = nearest_word(typed, names, SETTING_KEYS);
    if (meant)
        return ctl_fail(ctl, CTL_USAGE, "there is no setting '%.64s'; did you mean '%s'?", typed,
                        meant);
    return ctl_fail(ctl, CTL_USAGE,
                    "there is no setting '%.64s'; see 'callparkctl settings get --effective RANGE'",
                    typed);
}

/* Add one line of the listing; what holds in the end comes with the scope that says so. */
static void add_line(json_t *lines, const char *key, json_t *value, const json_t *source)
{
    json_t *line = json_object();
    char from[NAME_SIZE + 16];

    (void)json_object_set_new(line, "key", json_string(key));
    (void)json_object_set(line, "value", value);
    if (source) {
        (void)text_format(from, sizeof(from), "%s%s%s", ctl_string(source, "scope"),
                          *ctl_string(source, "name") ? " " : "", ctl_string(source, "name"));
        (void)json_object_set_new(line, "from", json_string(from));
    }
    (void)json_array_append_new(lines, line);
}

static int show(struct ctl *ctl, const struct ctl_reply *r, const char *key)
{
    struct print_style style = ctl->style;
    json_t *lines CLEANUP(ctl_json_done) = json_array();
    const struct print_column *columns =
        json_object_get(r->json, "sources") ? with_source : listing;

    if (style.format == PRINT_JSON && !key)
        return ctl_show(ctl, r, listing, "key");
    for (int i = 0; i < SETTING_KEYS; i++) {
        const char *name = setting_info((enum setting_key)i)->name;
        json_t *value = json_object_get(r->json, name);

        if (value && (!key || text_is(name, key)))
            add_line(lines, name, value,
                     json_object_get(json_object_get(r->json, "sources"), name));
    }
    if (json_array_size(lines) == 0 && style.format == PRINT_TABLE)
        ctl_say(ctl, key ? "this scope says nothing about %s" : "this scope says nothing%s",
                key ? key : "");
    else if (key && json_array_size(lines))
        print_object(ctl->out, &style, json_array_get(lines, 0), columns);
    else
        print_list(ctl->out, &style, lines, columns);
    return CTL_OK;
}

int cmd_settings_get(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE];
    const char *effective = ctl_option(ctl, OPT_EFFECTIVE), *key = NULL;
    struct ctl_reply range CLEANUP(ctl_reply_done) = { 0 };
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    enum setting_key id;
    int code;

    ctl->style.name = "key";
    if (ctl->args.word_count) {
        if (!setting_find(ctl->args.words[0], &id))
            return unknown_key(ctl, ctl->args.words[0]);
        key = setting_info(id)->name;
    }
    if (effective) {
        code = ctl_find_range(ctl, effective, &range);
        (void)text_copy(path, sizeof(path), "/api/v1/settings/effective");
        if (!code && !ctl_query(path, "range", ctl_string(range.json, "id")))
            code = ctl_fail(ctl, CTL_ERROR, "the id of the range is too long");
    } else {
        code = ctl_settings_path(ctl, path);
    }
    if (!code)
        code = ctl_get(ctl, path, &r);
    return code ? code : show(ctl, &r, key);
}

/* A value as the API has it: seconds and counts as numbers, switches as such, all else as text. The
 * server is the judge of what is allowed, so what does not look right goes to it as it was typed.
 */
static json_t *typed_value(const struct setting_info *info, const char *text)
{
    uint64_t number;

    switch (info->kind) {
    case KIND_DURATION:
        if (text_duration(text, &number))
            return json_integer((json_int_t)(number / 1000));
        break;
    case KIND_COUNT:
        if (text_number(text, 0, UINT32_MAX, &number))
            return json_integer((json_int_t)number);
        break;
    case KIND_SWITCH:
        if (text_is_nocase(text, "on") || text_is_nocase(text, "true") ||
            text_is_nocase(text, "yes"))
            return json_true();
        if (text_is_nocase(text, "off") || text_is_nocase(text, "false") ||
            text_is_nocase(text, "no"))
            return json_false();
        break;
    case KIND_URI:
    case KIND_CHOICE:
    case KIND_TEXT:
        break;
    }
    return json_string(text);
}

static int put_pair(struct ctl *ctl, json_t *values, const char *pair)
{
    const char *equals = strchr(pair, '=');
    char name[64];
    enum setting_key key;
    json_t *value;

    if (!equals)
        return ctl_fail(ctl, CTL_USAGE, "'%.64s': write KEY=VALUE, such as pickup_timeout=90s",
                        pair);
    (void)text_copy_n(name, sizeof(name), pair, (size_t)(equals - pair));
    if (!setting_find(name, &key))
        return unknown_key(ctl, name);
    value = typed_value(setting_info(key), equals + 1);
    if (!value)
        return ctl_fail(ctl, CTL_USAGE, "the value of %s is no valid UTF-8", name);
    (void)json_object_set_new(values, setting_info(key)->name, value);
    return CTL_OK;
}

/* What the scope says now, without the fields that are not settings. */
static json_t *present(const struct ctl_reply *r)
{
    json_t *values = json_object();

    for (int i = 0; i < SETTING_KEYS; i++) {
        const char *name = setting_info((enum setting_key)i)->name;
        json_t *value = json_object_get(r->json, name);

        if (value && !json_is_null(value))
            (void)json_object_set(values, name, value);
    }
    return values;
}

/* Write the scope back as a whole, bound to what was read. */
static int write_back(struct ctl *ctl, const char *path, json_t *values,
                      const struct ctl_reply *seen)
{
    char version[64];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    ctl_version(version, seen);
    code = ctl_ask(
        ctl,
        &(struct ctl_request){ .method = "PUT", .path = path, .body = values, .if_match = version },
        &r);
    if (code)
        return code;
    if (ctl_option(ctl, OPT_DRY_RUN))
        ctl_say(ctl, "dry run: nothing was changed");
    return r.json ? show(ctl, &r, NULL) : CTL_OK;
}

int cmd_settings_set(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE];
    struct ctl_reply seen CLEANUP(ctl_reply_done) = { 0 };
    json_t *values CLEANUP(ctl_json_done) = NULL;
    int code = ctl_settings_path(ctl, path);

    ctl->style.name = "key";
    if (!code)
        code = ctl_get(ctl, path, &seen);
    if (code)
        return code;
    values = present(&seen);
    for (size_t i = 0; i < ctl->args.word_count && !code; i++)
        code = put_pair(ctl, values, ctl->args.words[i]);
    return code ? code : write_back(ctl, path, values, &seen);
}

int cmd_settings_reset(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE], version[64];
    struct ctl_reply seen CLEANUP(ctl_reply_done) = { 0 };
    json_t *values CLEANUP(ctl_json_done) = NULL;
    enum setting_key key;
    int code = ctl_settings_path(ctl, path);

    ctl->style.name = "key";
    if (!code)
        code = ctl_get(ctl, path, &seen);
    if (!code && ctl->args.word_count == 0) {
        code = ctl_confirm(ctl, "Reset every setting of %s?", path + strlen("/api/v1/settings/"));
        ctl_version(version, &seen);
        return code ? code
                    : ctl_ask(ctl,
                              &(struct ctl_request){
                                  .method = "DELETE", .path = path, .if_match = version },
                              NULL);
    }
    if (code)
        return code;
    values = present(&seen);
    for (size_t i = 0; i < ctl->args.word_count; i++) {
        if (!setting_find(ctl->args.words[i], &key))
            return unknown_key(ctl, ctl->args.words[i]);
        (void)json_object_del(values, setting_info(key)->name);
    }
    return write_back(ctl, path, values, &seen);
}

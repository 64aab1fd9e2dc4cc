/* callparkctl range ..., orbit ...: blocks of numbers. */
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"

#define RANGES "/api/v1/number-ranges"

static const struct print_column listing[] = {
    { "NAME", "name", CELL_TEXT },     { "START", "start", CELL_TEXT },
    { "END", "end", CELL_TEXT },       { "DESTINATION", "destination", CELL_TEXT },
    { "IN USE", "in_use", CELL_TEXT }, { "SIZE", "size", CELL_TEXT },
    { "STATE", "state", CELL_TEXT },   { "TYPE", "type", CELL_TEXT },
    { "ID", "id", CELL_TEXT },         { 0 }
};

static const struct print_column detail[] = { { "name", "name", CELL_TEXT },
                                              { "id", "id", CELL_TEXT },
                                              { "start", "start", CELL_TEXT },
                                              { "end", "end", CELL_TEXT },
                                              { "destination", "destination", CELL_TEXT },
                                              { "type", "type", CELL_TEXT },
                                              { "park number", "park_number", CELL_TEXT },
                                              { "allocation", "allocation", CELL_TEXT },
                                              { "state", "state", CELL_TEXT },
                                              { "size", "size", CELL_TEXT },
                                              { "in use", "in_use", CELL_TEXT },
                                              { "version", "version", CELL_TEXT },
                                              { 0 } };

static const struct print_column portable[] = { { "NAME", "name", CELL_TEXT },
                                                { "START", "start", CELL_TEXT },
                                                { "END", "end", CELL_TEXT },
                                                { "DESTINATION", "destination", CELL_TEXT },
                                                { "TYPE", "type", CELL_TEXT },
                                                { "PARK NUMBER", "park_number", CELL_TEXT },
                                                { "ALLOCATION", "allocation", CELL_TEXT },
                                                { 0 } };

/* The API has no pattern for names: keep those that fit, here. */
static void keep_named(struct ctl_reply *r, const char *pattern)
{
    json_t *items = json_object_get(r->json, "items");
    char *body;

    for (size_t i = json_array_size(items); i-- > 0;)
        if (!text_matches(ctl_string(json_array_get(items, i), "name"), pattern))
            (void)json_array_remove(items, i);
    (void)json_object_set_new(r->json, "total", json_integer((json_int_t)json_array_size(items)));
    body = json_dumps(r->json, JSON_COMPACT);
    if (!body)
        return;
    client_reply_done(&r->raw);
    r->raw.body = body;
    r->raw.length = strlen(body);
}

int cmd_range_list(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE] = RANGES;
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    const char *pattern = ctl_option(ctl, OPT_NAME);
    int code;

    if (!ctl_query(path, "destination", ctl_option(ctl, OPT_DESTINATION)) ||
        !ctl_query(path, "state", ctl_option(ctl, OPT_STATE)) ||
        !ctl_query(path, "type", ctl_option(ctl, OPT_TYPE)))
        return ctl_fail(ctl, CTL_USAGE, "that is too long to be asked for");
    code = ctl_list(ctl, path, &r);
    if (code)
        return code;
    if (pattern)
        keep_named(&r, pattern);
    return ctl_show_list(ctl, &r, listing, "name");
}

int cmd_range_get(struct ctl *ctl)
{
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = ctl_find_range(ctl, ctl->args.words[0], &r);

    return code ? code : ctl_show(ctl, &r, detail, "name");
}

static void set(json_t *body, const char *field, const char *value)
{
    if (value)
        (void)json_object_set_new(body, field, json_string(value));
}

/* The options that name a field of a range. */
static void set_fields(const struct ctl *ctl, json_t *body)
{
    set(body, "name", ctl_option(ctl, OPT_NAME));
    set(body, "start", ctl_option(ctl, OPT_START));
    set(body, "end", ctl_option(ctl, OPT_END));
    set(body, "destination", ctl_option(ctl, OPT_DESTINATION));
    set(body, "type", ctl_option(ctl, OPT_TYPE));
    set(body, "park_number", ctl_option(ctl, OPT_PARK_NUMBER));
    set(body, "allocation", ctl_option(ctl, OPT_ALLOCATION));
}

/* A range without --destination goes to the one that this server serves. Who may make ranges need
 * not be one who may look at the server. */
static int own_destination(struct ctl *ctl, json_t *body)
{
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (json_object_get(body, "destination"))
        return CTL_OK;
    code = ctl_try(ctl, &(struct ctl_request){ .method = "GET", .path = "/api/v1/system" }, &r);
    if (code)
        return code;
    if (r.raw.status == 403)
        return ctl_fail(ctl, CTL_USAGE, "say where it belongs: --destination FQDN");
    code = ctl_exit_of(r.raw.status);
    if (code)
        ctl_problem(ctl, &r);
    else
        set(body, "destination", ctl_string(r.json, "destination"));
    return code;
}

int cmd_range_create(struct ctl *ctl)
{
    json_t *body CLEANUP(ctl_json_done) = json_object();
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    set_fields(ctl, body);
    set(body, "name", ctl->args.words[0]);
    set(body, "start", ctl->args.words[1]);
    set(body, "end", ctl->args.words[2]);
    code = own_destination(ctl, body);
    if (!code)
        code = ctl_ask(ctl, &(struct ctl_request){ .method = "POST", .path = RANGES, .body = body },
                       &r);
    if (code)
        return code;
    if (*ctl_string(r.json, "hint"))
        ctl_say(ctl, "%s", ctl_string(r.json, "hint"));
    return ctl_show(ctl, &r, detail, "name");
}

/* ?mode= of a change that leaves parked calls outside of any range. */
static int add_mode(struct ctl *ctl, char *path)
{
    if (ctl_option(ctl, OPT_DRAIN) && ctl_option(ctl, OPT_FORCE))
        return ctl_fail(ctl, CTL_USAGE,
                        "--drain lets the calls finish, --force rings them back: one of the two");
    if (ctl_option(ctl, OPT_DRAIN))
        (void)ctl_query(path, "mode", "drain");
    if (ctl_option(ctl, OPT_FORCE))
        (void)ctl_query(path, "mode", "force");
    return CTL_OK;
}

/* Find the range, and what a change of it needs: its path, and the version that was seen. */
static int target(struct ctl *ctl, struct ctl_reply *range, char path[CTL_PATH_SIZE],
                  char version[64])
{
    int code = ctl_find_range(ctl, ctl->args.words[0], range);

    if (code)
        return code;
    ctl_version(version, range);
    if (!ctl_path(path, RANGES "/", ctl_string(range->json, "id"), ""))
        return ctl_fail(ctl, CTL_ERROR, "the id of the range is too long");
    return add_mode(ctl, path);
}

int cmd_range_update(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE], version[64];
    json_t *body CLEANUP(ctl_json_done) = json_object();
    struct ctl_reply range CLEANUP(ctl_reply_done) = { 0 };
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    set_fields(ctl, body);
    if (json_object_size(body) == 0)
        return ctl_fail(ctl, CTL_USAGE,
                        "nothing to change; name what, such as --end 7149 (range update --help)");
    code = target(ctl, &range, path, version);
    if (!code && ctl_option(ctl, OPT_FORCE))
        code = ctl_confirm(ctl, "Ring back at once whoever is left outside of '%s'?",
                           ctl_string(range.json, "name"));
    if (!code)
        code = ctl_ask(ctl,
                       &(struct ctl_request){
                           .method = "PATCH", .path = path, .body = body, .if_match = version },
                       &r);
    return code ? code : ctl_show(ctl, &r, detail, "name");
}

int cmd_range_delete(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE], version[64];
    struct ctl_reply range CLEANUP(ctl_reply_done) = { 0 };
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    const char *name, *done = "deleted";
    int code = target(ctl, &range, path, version);

    if (code)
        return code;
    name = ctl_string(range.json, "name");
    code = ctl_confirm(ctl, "Delete range '%s' (%s-%s)%s?", name, ctl_string(range.json, "start"),
                       ctl_string(range.json, "end"),
                       ctl_option(ctl, OPT_FORCE) ? " and ring back every call in it" : "");
    if (!code)
        code = ctl_ask(
            ctl, &(struct ctl_request){ .method = "DELETE", .path = path, .if_match = version },
            &r);
    if (code)
        return code;
    if (ctl_option(ctl, OPT_DRY_RUN))
        done = "would be deleted";
    else if (r.raw.status == 202 || text_is(ctl_string(r.json, "state"), "draining"))
        done = "takes no more calls, and goes when the last one leaves";
    ctl_say(ctl, "range '%s' %s", name, done);
    return CTL_OK;
}

/* The same words and exit code as if it had been tried. */
static int not_valid(struct ctl *ctl, json_t *problem)
{
    struct ctl_reply r = { .json = problem };
    int code;

    r.raw.status = (unsigned)json_integer_value(json_object_get(problem, "status"));
    ctl_problem(ctl, &r);
    code = ctl_exit_of(r.raw.status);
    return code ? code : CTL_INVALID;
}

int cmd_range_validate(struct ctl *ctl)
{
    json_t *body CLEANUP(ctl_json_done) = json_object();
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    set_fields(ctl, body);
    set(body, "start", ctl->args.words[0]);
    set(body, "end", ctl->args.words[1]);
    code = own_destination(ctl, body);
    if (!code)
        code = ctl_ask(
            ctl,
            &(struct ctl_request){ .method = "POST", .path = RANGES ":validate", .body = body },
            &r);
    if (code)
        return code;
    if (json_is_false(json_object_get(r.json, "valid")))
        return not_valid(ctl, json_object_get(r.json, "problem"));
    if (ctl->style.format != PRINT_TABLE)
        return ctl_show(ctl, &r, portable, "start");
    ctl_say(ctl, "%s-%s is free and could be created", ctl->args.words[0], ctl->args.words[1]);
    if (*ctl_string(r.json, "hint"))
        ctl_say(ctl, "%s", ctl_string(r.json, "hint"));
    return CTL_OK;
}

int cmd_range_find(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE] = RANGES;
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!ctl_query(path, "contains", ctl->args.words[0]))
        return ctl_fail(ctl, CTL_USAGE, "'%.64s' is no number", ctl->args.words[0]);
    code = ctl_list(ctl, path, &r);
    if (code)
        return code;
    if (json_array_size(json_object_get(r.json, "items")) == 0)
        return ctl_fail(ctl, CTL_NOT_FOUND, "%s is in no range", ctl->args.words[0]);
    return ctl_show_list(ctl, &r, listing, "name");
}

int cmd_range_export(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE] = RANGES;
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!ctl_query(path, "destination", ctl_option(ctl, OPT_DESTINATION)))
        return ctl_fail(ctl, CTL_USAGE, "that is too long to be asked for");
    code = ctl_list(ctl, path, &r);
    if (code)
        return code;
    if (!ctl_option(ctl, OPT_OUTPUT))
        ctl->style.format = PRINT_CSV;
    return ctl_show_list(ctl, &r, portable, "name");
}

int cmd_orbit_get(struct ctl *ctl)
{
    static const struct print_column orbit[] = {
        { "number", "number", CELL_TEXT },           { "state", "state", CELL_TEXT },
        { "range", "range_name", CELL_TEXT },        { "range id", "range_id", CELL_TEXT },
        { "destination", "destination", CELL_TEXT }, { "call", "call_id", CELL_TEXT },
        { "caller", "call.caller.name", CELL_TEXT }, { 0 }
    };
    char path[CTL_PATH_SIZE];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!ctl_path(path, "/api/v1/orbits/", ctl->args.words[0], ""))
        return ctl_fail(ctl, CTL_USAGE, "'%.64s' is no number", ctl->args.words[0]);
    code = ctl_get(ctl, path, &r);
    return code ? code : ctl_show(ctl, &r, orbit, "number");
}

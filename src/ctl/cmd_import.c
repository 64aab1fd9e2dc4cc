/* callparkctl range import: many ranges at once, from a file of ours or of the original. All or
 * nothing, by the server; or with --partial each range for itself: what can be created is, and what
 * cannot is named. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/csv.h"

#define RANGES "/api/v1/number-ranges"

/* What a field may be called in a heading: ours, the page's, and the original's. */
static const struct {
    const char *field;
    const char *names[8];
} headings[] = {
    { "name", { "name", "identity", "range", NULL } },
    { "start", { "start", "numberrangestart", "start range", "first", NULL } },
    { "end", { "end", "numberrangeend", "end range", "last", NULL } },
    { "destination",
      { "destination", "callparkserviceid", "callparkservice", "callparkserverfqdn", "service",
        NULL } },
    { "type", { "type", NULL } },
    { "park_number", { "park_number", "park number", NULL } },
    { "allocation", { "allocation", NULL } },
};

static const char *field_of(const char *heading)
{
    for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
        for (size_t j = 0; headings[i].names[j]; j++)
            if (text_is_nocase(heading, headings[i].names[j]))
                return headings[i].field;
    return NULL;
}

/* "CallPark" and "GroupPickup" are the original's names of the types. */
static const char *type_of(const char *text)
{
    if (text_is_nocase(text, "CallPark"))
        return "call_park";
    return text_is_nocase(text, "GroupPickup") || text_is_nocase(text, "pickup") ? "group_pickup"
                                                                                 : text;
}

/* A row of the file as the body of a range. */
static json_t *range_of(const struct ctl *ctl, const json_t *row)
{
    json_t *body = json_object(), *value;
    const char *heading, *destination = ctl_option(ctl, OPT_DESTINATION);

    json_object_foreach((json_t *)row, heading, value)
    {
        const char *field = field_of(heading);
        char text[512];

        print_text(text, sizeof(text), value);
        if (field && *text)
            (void)json_object_set_new(
                body, field,
                json_string(text_is(field, "type") ? type_of(text) : csv_unguard(text)));
    }
    if (destination && !json_object_get(body, "destination"))
        (void)json_object_set_new(body, "destination", json_string(destination));
    return body;
}

/* Columns nobody knows are named once; without a name and a start it is no list of ranges at all.
 */
static int check_columns(const struct ctl *ctl, const json_t *rows)
{
    json_t *value;
    const char *heading;
    bool has_name = false, has_start = false;

    json_object_foreach(json_array_get(rows, 0), heading, value)
    {
        const char *field = field_of(heading);

        has_name = has_name || text_is(field, "name");
        has_start = has_start || text_is(field, "start");
        if (!field && !text_is(heading, "id") && !text_is(heading, "version"))
            ctl_say(ctl, "column '%s' is not used", heading);
    }
    if (json_array_size(rows) == 0 || (has_name && has_start))
        return CTL_OK;
    return ctl_fail(
        ctl, CTL_INVALID,
        "this is no list of ranges: the first line must name the columns name, start, end "
        "and destination");
}

static char *read_file(const char *path, size_t *length, struct err *err)
{
    bool is_standard = strcmp(path, "-") == 0;
    FILE *file = is_standard ? stdin : fopen(path, "rb");
    char *text = file ? malloc(CSV_BYTES_MAX + 1) : NULL;

    if (!file) {
        err_set(err, -errno, "%.200s: %s", path, strerror(errno));
        return NULL;
    }
    if (text)
        *length = fread(text, 1, CSV_BYTES_MAX + 1, file);
    if (!text || ferror(file)) {
        err_set(err, -EIO, "%.200s: cannot be read", path);
        free(text);
        text = NULL;
    }
    if (!is_standard)
        (void)fclose(file); /* nothing was written to it */
    return text;
}

/* Rows from CSV, or from JSON: a list, or the body of a listing. */
static json_t *parse(const char *text, size_t length, struct err *err)
{
    size_t skip = 0;
    json_t *all, *rows;

    while (skip < length && strchr(" \t\r\n", text[skip]))
        skip++;
    if (skip == length || (text[skip] != '[' && text[skip] != '{'))
        return csv_read(text, length, err);
    all = json_loadb(text, length, 0, NULL);
    rows = json_is_array(all) ? json_incref(all) : json_incref(json_object_get(all, "items"));
    json_decref(all);
    if (json_is_array(rows))
        return rows;
    json_decref(rows);
    err_set(err, -EINVAL, "it looks like JSON but is no list of ranges");
    return NULL;
}

static json_t *load(struct ctl *ctl, int *code)
{
    struct err err = { 0 };
    size_t length = 0;
    char *text = read_file(ctl->args.words[0], &length, &err);
    json_t *rows = NULL;

    if (text && length <= CSV_BYTES_MAX)
        rows = parse(text, length, &err);
    else if (text)
        err_set(&err, -EFBIG, "%.200s: too large for a list of ranges", ctl->args.words[0]);
    free(text);
    *code = rows ? CTL_OK : ctl_fail(ctl, CTL_INVALID, "%s", err.text);
    return rows;
}

/* The id and version of a range that exists by that name; "" if there is none. */
static int existing(struct ctl *ctl, const json_t *all, const char *name, char path[CTL_PATH_SIZE],
                    char version[64])
{
    const json_t *range;
    size_t i;

    path[0] = '\0';
    json_array_foreach(json_object_get(all, "items"), i, range)
    {
        if (text_is_nocase(ctl_string(range, "name"), name)) {
            struct ctl_reply as_read = { .json = (json_t *)range };

            ctl_version(version, &as_read);
            if (!ctl_path(path, RANGES "/", ctl_string(range, "id"), ""))
                return ctl_fail(ctl, CTL_ERROR, "the id of a range is too long");
        }
    }
    return CTL_OK;
}

/* Create one range, or change the one of that name. */
static int import_one(struct ctl *ctl, const json_t *body, const json_t *present)
{
    char path[CTL_PATH_SIZE] = "", version[64];
    int code = CTL_OK;

    if (ctl_option(ctl, OPT_UPSERT))
        code = existing(ctl, present, ctl_string(body, "name"), path, version);
    if (code)
        return code;
    if (*path)
        return ctl_ask(ctl,
                       &(struct ctl_request){
                           .method = "PATCH", .path = path, .body = body, .if_match = version },
                       NULL);
    return ctl_ask(ctl, &(struct ctl_request){ .method = "POST", .path = RANGES, .body = body },
                   NULL);
}

static int import_all(struct ctl *ctl, const json_t *rows, const json_t *present)
{
    const json_t *row;
    size_t i, done = 0, total = json_array_size(rows);
    int code, worst = CTL_OK;

    json_array_foreach(rows, i, row)
    {
        json_t *body CLEANUP(ctl_json_done) = range_of(ctl, row);

        code = import_one(ctl, body, present);
        if (code == CTL_UNREACHABLE)
            return code;
        if (code) {
            fprintf(ctl->talk, "  row %zu: '%s' is left out\n", i + 1, ctl_string(body, "name"));
            worst = code;
        }
        done += code == CTL_OK;
    }
    ctl_say(ctl, "%zu of %zu ranges %s", done, total,
            ctl_option(ctl, OPT_DRY_RUN) ? "could be imported; dry run: nothing was changed"
                                         : "imported");
    return worst && done ? CTL_PARTIAL : worst;
}

/* Row by row, each for itself. */
static int import_partly(struct ctl *ctl, const json_t *rows)
{
    struct ctl_reply present CLEANUP(ctl_reply_done) = { 0 };
    int code = ctl_option(ctl, OPT_UPSERT) ? ctl_list(ctl, RANGES, &present) : CTL_OK;

    return code ? code : import_all(ctl, rows, present.json);
}

/* All rows in one change, by the server: it sees also what is wrong between two rows. */
static int import_whole(struct ctl *ctl, const json_t *rows)
{
    static const struct print_column columns[] = { { "ACTION", "action", CELL_TEXT },
                                                   { "NAME", "name", CELL_TEXT },
                                                   { "START", "start", CELL_TEXT },
                                                   { "END", "end", CELL_TEXT },
                                                   { "DESTINATION", "destination", CELL_TEXT },
                                                   { 0 } };
    char path[CTL_PATH_SIZE] = RANGES ":import";
    json_t *body CLEANUP(ctl_json_done) = json_array();
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    const json_t *row;
    size_t i;
    int code;

    json_array_foreach(rows, i, row)
    {
        (void)json_array_append_new(body, range_of(ctl, row));
    }
    (void)ctl_query(path, "mode",
                    ctl_option(ctl, OPT_REPLACE)  ? "replace"
                    : ctl_option(ctl, OPT_UPSERT) ? "upsert"
                                                  : NULL);
    code = ctl_ask(ctl, &(struct ctl_request){ .method = "POST", .path = path, .body = body }, &r);
    if (code)
        return code;
    if (ctl_option(ctl, OPT_DRY_RUN))
        ctl_say(ctl, "dry run: nothing was changed");
    return ctl_show_list(ctl, &r, columns, "name");
}

int cmd_range_import(struct ctl *ctl)
{
    json_t *rows CLEANUP(ctl_json_done) = NULL;
    int code;

    if (ctl_option(ctl, OPT_REPLACE) && ctl_option(ctl, OPT_PARTIAL))
        return ctl_fail(ctl, CTL_USAGE,
                        "--replace is all or nothing; it does not go with --partial");
    rows = load(ctl, &code);
    if (!code)
        code = check_columns(ctl, rows);
    if (!code && ctl_option(ctl, OPT_REPLACE))
        code = ctl_confirm(ctl, "Delete every range that is not in the file?");
    if (code)
        return code;
    return ctl_option(ctl, OPT_PARTIAL) ? import_partly(ctl, rows) : import_whole(ctl, rows);
}

/* callparkctl definitions ...: the whole configuration as one document, out and in again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"

#define DEFINITIONS "/api/v1/definitions"

static const struct print_column change[] = { { "ACTION", "action", CELL_TEXT },
                                              { "KIND", "kind", CELL_TEXT },
                                              { "NAME", "name", CELL_TEXT },
                                              { "WHAT", "what", CELL_TEXT },
                                              { 0 } };

/* "end 4149 -> 4199", of what is different. */
static void add_what(json_t *c)
{
    json_t *before = json_object_get(c, "before"), *after = json_object_get(c, "after"), *to;
    char text[1024] = "", was[200], is[200];
    const char *name;

    json_object_foreach(after, name, to)
    {
        const json_t *from = json_object_get(before, name);

        if (!before || json_equal(from, to))
            continue;
        print_text(was, sizeof(was), from);
        print_text(is, sizeof(is), to);
        if (!text_append(text, sizeof(text), "%s%s %s -> %s", *text ? ", " : "", name,
                         *was ? was : "nothing", *is ? is : "nothing"))
            break; /* what fits is shown */
    }
    (void)json_object_set_new(c, "what", json_string(text));
}

int ctl_show_changes(struct ctl *ctl, struct ctl_reply *r)
{
    json_t *list = json_object_get(r->json, "changes"), *c;
    struct print_style style = ctl->style;
    bool applied = json_is_true(json_object_get(r->json, "applied"));
    size_t i;

    if (style.format == PRINT_JSON && !style.fields)
        return ctl_show(ctl, r, change, "name");
    if (style.format == PRINT_TABLE)
        json_array_foreach(list, i, c) add_what(c);
    style.name = "name";
    if (json_array_size(list) == 0)
        ctl_say(ctl, "everything is as it says already");
    else
        print_list(ctl->out, &style, list, change);
    if (json_array_size(list))
        ctl_say(ctl, applied ? "%zu changes, all made" : "%zu changes would be made",
                json_array_size(list));
    return CTL_OK;
}

int cmd_definitions_export(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE] = DEFINITIONS;
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    (void)ctl_query(path, "secrets", ctl_option(ctl, OPT_SECRETS) ? "true" : NULL); /* both fit */
    (void)ctl_query(path, "music", ctl_option(ctl, OPT_WITH_MUSIC) ? "true" : NULL);
    code = ctl_get(ctl, path, &r);
    if (code)
        return code;
    (void)json_dumpf(r.json, ctl->out, JSON_INDENT(2)); /* main() looks whether it was written */
    fputc('\n', ctl->out);
    return CTL_OK;
}

static json_t *read_document(struct ctl *ctl, const char *name)
{
    bool is_stdin = text_is(name, "-");
    FILE *file = is_stdin ? stdin : fopen(name, "r");
    json_error_t at;
    json_t *document;

    if (!file) {
        (void)ctl_fail(ctl, 0, "%.200s: %s", name, strerror(errno));
        return NULL;
    }
    document = json_loadf(file, JSON_REJECT_DUPLICATES, &at);
    if (!is_stdin)
        (void)fclose(file); /* it was only read */
    if (!document)
        (void)ctl_fail(ctl, 0, "%.200s, line %d: %s", is_stdin ? "standard input" : name, at.line,
                       at.text);
    return document;
}

static int apply(struct ctl *ctl, bool only_look)
{
    char path[CTL_PATH_SIZE] = DEFINITIONS;
    const char *file = ctl_option(ctl, OPT_FILE);
    json_t *document CLEANUP(ctl_json_done) = NULL;
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = CTL_OK;

    file = file ? file : ctl->args.word_count ? ctl->args.words[0] : NULL;
    if (!file)
        return ctl_fail(ctl, CTL_USAGE, "which file? Name one with -f FILE ('-': standard input)");
    document = read_document(ctl, file);
    if (!document)
        return CTL_INVALID;
    (void)ctl_query(path, "mode", ctl_option(ctl, OPT_CREATE_MISSING) ? "create-missing" : NULL);
    (void)ctl_query(path, "prune", ctl_option(ctl, OPT_PRUNE) ? "true" : NULL); /* all fit */
    (void)ctl_query(path, "range_mode",
                    ctl_option(ctl, OPT_FORCE)   ? "force"
                    : ctl_option(ctl, OPT_DRAIN) ? "drain"
                                                 : NULL);
    if (only_look)
        (void)ctl_query(path, "dry_run", "true");
    else if (ctl_option(ctl, OPT_PRUNE))
        code = ctl_confirm(ctl, "Delete all that the document does not name?");
    if (!code)
        code = ctl_ask(
            ctl, &(struct ctl_request){ .method = "PUT", .path = path, .body = document }, &r);
    return code ? code : ctl_show_changes(ctl, &r);
}

int cmd_definitions_apply(struct ctl *ctl)
{
    return apply(ctl, false);
}

int cmd_definitions_diff(struct ctl *ctl)
{
    return apply(ctl, true);
}

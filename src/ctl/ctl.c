/* Requests, answers and refusals, as every command needs them. */
#include "ctl/ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define PAGES_MAX 1000 /* a server whose cursor goes in circles is left after that */

void ctl_reply_done(struct ctl_reply *r)
{
    client_reply_done(&r->raw);
    json_decref(r->json);
    r->json = NULL;
}

void ctl_json_done(json_t **value)
{
    json_decref(*value);
}

const char *ctl_option(const struct ctl *ctl, enum ctl_option_id id)
{
    return ctl->args.value[id];
}

const char *ctl_string(const json_t *object, const char *field)
{
    const char *text = json_string_value(print_field(object, field));

    return text ? text : "";
}

int ctl_fail(const struct ctl *ctl, int code, const char *format, ...)
{
    va_list arguments;

    fputs("callparkctl: ", ctl->talk);
    va_start(arguments, format);
    vfprintf(ctl->talk, format, arguments);
    va_end(arguments);
    fputc('\n', ctl->talk);
    return code;
}

void ctl_say(const struct ctl *ctl, const char *format, ...)
{
    va_list arguments;

    if (ctl->quiet)
        return;
    va_start(arguments, format);
    vfprintf(ctl->talk, format, arguments);
    va_end(arguments);
    fputc('\n', ctl->talk);
}

int ctl_confirm(const struct ctl *ctl, const char *format, ...)
{
    char question[512], answer[16];
    va_list arguments;

    if (ctl_option(ctl, OPT_YES) || ctl_option(ctl, OPT_DRY_RUN))
        return CTL_OK;
    va_start(arguments, format);
    vsnprintf(question, sizeof(question), format, arguments);
    va_end(arguments);
    if (!ctl->may_ask)
        return ctl_fail(ctl, CTL_USAGE, "%s This is only done with --yes.", question);
    fprintf(ctl->talk, "%s [y/N] ", question);
    fflush(ctl->talk);
    if (fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
        return CTL_OK;
    return ctl_fail(ctl, CTL_USAGE, "cancelled; nothing was changed");
}

int ctl_exit_of(unsigned status)
{
    switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
        return CTL_INVALID;
    case 401:
    case 403:
        return CTL_NOT_PERMITTED;
    case 404:
    case 410:
        return CTL_NOT_FOUND;
    case 409:
    case 412:
    case 428:
        return CTL_CONFLICT;
    default:
        return status >= 200 && status < 300 ? CTL_OK : CTL_ERROR;
    }
}

static void say_ranges(const struct ctl *ctl, const json_t *conflicts)
{
    const json_t *c;
    size_t i;

    json_array_foreach(conflicts, i, c)
    {
        if (*ctl_string(c, "start"))
            fprintf(ctl->talk, "  in the way: %s %s-%s (%s)\n", ctl_string(c, "name"),
                    ctl_string(c, "start"), ctl_string(c, "end"), ctl_string(c, "id"));
        else
            fprintf(ctl->talk, "  in the way: %s %s\n", ctl_string(c, "orbit"),
                    ctl_string(c, "id"));
    }
}

void ctl_problem(const struct ctl *ctl, const struct ctl_reply *r)
{
    const json_t *j = r->json, *errors = json_object_get(j, "errors"), *e;
    const char *detail = ctl_string(j, "detail"), *title = ctl_string(j, "title");
    size_t i;

    if (ctl->json_errors && j) {
        (void)json_dumpf(j, ctl->talk, JSON_COMPACT);
        fputc('\n', ctl->talk);
        return;
    }
    if (*detail || *title)
        (void)ctl_fail(ctl, 0, "%s", *detail ? detail : title);
    else
        (void)ctl_fail(ctl, 0, "the server answered %u", r->raw.status);
    json_array_foreach(errors, i, e) if (!text_is(ctl_string(e, "detail"), detail))
        fprintf(ctl->talk, "  %s: %s\n", ctl_string(e, "pointer"), ctl_string(e, "detail"));
    say_ranges(ctl, json_object_get(j, "conflicts"));
    say_ranges(ctl, json_object_get(j, "calls"));
    if (*ctl_string(j, "suggestion.start"))
        fprintf(ctl->talk, "  free block of that size: %s-%s\n", ctl_string(j, "suggestion.start"),
                ctl_string(j, "suggestion.end"));
    if (r->raw.status == 412 || r->raw.status == 428)
        fputs("  somebody else has changed it in between; look at it and try again\n", ctl->talk);
}

bool ctl_query(char *path, const char *name, const char *value)
{
    size_t length = strlen(path);

    if (!value)
        return true;
    return text_append(path, CTL_PATH_SIZE, "%c%s=", strchr(path, '?') ? '&' : '?', name) &&
           client_escape(path + strlen(path), CTL_PATH_SIZE - strlen(path), value) &&
           strlen(path) > length;
}

bool ctl_path(char path[CTL_PATH_SIZE], const char *before, const char *piece, const char *after)
{
    return text_copy(path, CTL_PATH_SIZE, before) &&
           client_escape(path + strlen(path), CTL_PATH_SIZE - strlen(path), piece) &&
           text_append(path, CTL_PATH_SIZE, "%s", after);
}

static int exit_of_error(int code)
{
    if (code == -EACCES)
        return CTL_NOT_PERMITTED;
    if (code == -ECONNREFUSED || code == -ETIMEDOUT || code == -EPIPE || code == -EIO)
        return CTL_UNREACHABLE;
    return code == -EINVAL ? CTL_USAGE : CTL_ERROR;
}

int ctl_try(struct ctl *ctl, const struct ctl_request *rq, struct ctl_reply *out)
{
    struct err err = { 0 };
    char *body = rq->body ? json_dumps(rq->body, JSON_COMPACT) : NULL;
    struct client_request http = { .method = rq->method,
                                   .path = rq->path,
                                   .body = body,
                                   .content_type = "application/json",
                                   .if_match = rq->if_match };
    struct ctl_reply r = { 0 };
    int failed;

    if (rq->bytes) {
        http.body = rq->bytes;
        http.body_length = rq->length;
        http.content_type = "application/octet-stream";
    }
    failed = client_call(ctl->client, &http, &r.raw, &err);

    free(body);
    if (failed)
        return ctl_fail(ctl, exit_of_error(failed), "%s", err.text);
    r.json = json_loadb(r.raw.body, r.raw.length, JSON_DECODE_ANY, NULL);
    *out = r;
    return CTL_OK;
}

int ctl_ask(struct ctl *ctl, const struct ctl_request *rq, struct ctl_reply *out)
{
    char path[CTL_PATH_SIZE];
    struct ctl_request real = *rq;
    struct ctl_reply r = { 0 };
    int code;

    if (!text_copy(path, sizeof(path), rq->path))
        return ctl_fail(ctl, CTL_USAGE, "that is too long to be asked for");
    if (ctl_option(ctl, OPT_DRY_RUN) && strcmp(rq->method, "GET") != 0)
        (void)ctl_query(path, "dry_run", "true");
    real.path = path;
    code = ctl_try(ctl, &real, &r);
    if (code)
        return code;
    code = ctl_exit_of(r.raw.status);
    if (code)
        ctl_problem(ctl, &r);
    if (code || !out)
        ctl_reply_done(&r);
    else
        *out = r;
    return code;
}

int ctl_get(struct ctl *ctl, const char *path, struct ctl_reply *out)
{
    return ctl_ask(ctl, &(struct ctl_request){ .method = "GET", .path = path }, out);
}

/* Put the items of the next page behind those of the first, as if there had been one page. */
static int add_page(struct ctl *ctl, const char *path, const char *cursor, struct ctl_reply *all)
{
    char next[CTL_PATH_SIZE];
    struct ctl_reply page CLEANUP(ctl_reply_done) = { 0 };
    json_t *items = json_object_get(all->json, "items"), *more;
    int code;

    if (!text_copy(next, sizeof(next), path) || !ctl_query(next, "cursor", cursor))
        return ctl_fail(ctl, CTL_ERROR, "the server's cursor is too long");
    code = ctl_get(ctl, next, &page);
    if (code)
        return code;
    (void)json_array_extend(items, json_object_get(page.json, "items"));
    more = json_object_get(page.json, "next_cursor");
    (void)json_object_set_new(all->json, "next_cursor", more ? json_incref(more) : json_null());
    return CTL_OK;
}

int ctl_list(struct ctl *ctl, const char *path, struct ctl_reply *out)
{
    char first[CTL_PATH_SIZE];
    struct ctl_reply all = { 0 };
    unsigned pages = 1;
    int code;

    if (!text_copy(first, sizeof(first), path) || !ctl_query(first, "limit", "1000"))
        return ctl_fail(ctl, CTL_USAGE, "that is too long to be asked for");
    code = ctl_get(ctl, first, &all);
    while (!code && *ctl_string(all.json, "next_cursor") && pages++ < PAGES_MAX)
        code = add_page(ctl, first, ctl_string(all.json, "next_cursor"), &all);
    if (!code && pages > 1) {
        free(all.raw.body);
        all.raw.body = json_dumps(all.json, JSON_COMPACT);
        all.raw.length = all.raw.body ? strlen(all.raw.body) : 0;
    }
    if (code)
        ctl_reply_done(&all);
    else
        *out = all;
    return code;
}

static int print_body(struct ctl *ctl, const struct ctl_reply *r)
{
    fwrite(r->raw.body, 1, r->raw.length, ctl->out);
    if (r->raw.length == 0 || r->raw.body[r->raw.length - 1] != '\n')
        fputc('\n', ctl->out);
    return CTL_OK;
}

int ctl_show_list(struct ctl *ctl, const struct ctl_reply *r, const struct print_column *columns,
                  const char *name)
{
    struct print_style style = ctl->style;
    const json_t *items = json_is_array(r->json) ? r->json : json_object_get(r->json, "items");

    if (style.format == PRINT_JSON && !style.fields)
        return print_body(ctl, r);
    if (!json_is_array(items))
        return ctl_fail(ctl, CTL_ERROR, "the server's answer is no list: %.200s", r->raw.body);
    style.name = name;
    if (style.format == PRINT_TABLE && json_array_size(items) == 0)
        ctl_say(ctl, "none");
    else
        print_list(ctl->out, &style, items, columns);
    return CTL_OK;
}

int ctl_show(struct ctl *ctl, const struct ctl_reply *r, const struct print_column *columns,
             const char *name)
{
    struct print_style style = ctl->style;

    if (ctl_option(ctl, OPT_DRY_RUN))
        ctl_say(ctl, "dry run: nothing was changed");
    if (style.format == PRINT_JSON && !style.fields)
        return print_body(ctl, r);
    if (!json_is_object(r->json))
        return r->raw.length ? ctl_fail(ctl, CTL_ERROR, "the server's answer is no object: %.200s",
                                        r->raw.body)
                             : CTL_OK;
    style.name = name;
    print_object(ctl->out, &style, r->json, columns);
    return CTL_OK;
}

void ctl_version(char to[64], const struct ctl_reply *r)
{
    const json_t *version = json_object_get(r->json, "version");

    if (*r->raw.etag)
        (void)text_copy(to, 64, r->raw.etag);
    else if (json_is_integer(version))
        (void)text_format(to, 64, "\"%lld\"", (long long)json_integer_value(version));
    else
        (void)text_copy(to, 64, "*");
}

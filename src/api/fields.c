/* Bodies, field by field. */
#include "api/fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"

void fields_fault(struct fields *f, const char *slug, const char *name, const char *format, ...)
{
    size_t prefix = strlen(f->pointer);
    va_list arguments;

    if (f->slug)
        return;
    f->slug = slug;
    if (name[0])
        (void)text_append(f->pointer + prefix, sizeof f->pointer - prefix, "/%s",
                          name); /* is cut */
    va_start(arguments, format);
    if (vsnprintf(f->detail, sizeof f->detail, format, arguments) < 0)
        f->detail[0] = '\0';
    va_end(arguments);
}

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "text";
    case JSON_INTEGER:
        return "a number";
    case JSON_REAL:
        return "a number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        return "null";
    }
    return "something else";
}

static void unknown_field(struct fields *f, const char *name, const char *const *names)
{
    size_t count = 0;
    const char *near;
    char shown[64];

    while (names[count])
        count++;
    near = nearest_word(name, names, count);
    (void)text_shown(shown, sizeof shown, name);
    if (near)
        fields_fault(f, "invalid-request", shown, "There is no field '%s' here: did you mean '%s'?",
                     shown, near);
    else
        fields_fault(f, "invalid-request", shown, "There is no field '%s' here.", shown);
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names && strcmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

bool fields_of(struct fields *f, json_t *json, const char *const *names, const char *pointer)
{
    const char *name;
    json_t *value;

    memset(f, 0, sizeof *f);
    (void)text_copy(f->pointer, sizeof f->pointer, pointer); /* is short */
    f->json = json_incref(json);
    if (!json_is_object(json)) {
        fields_fault(f, "invalid-request", "", "Here an object is needed, in braces, not %s.",
                     type_name(json));
        return false;
    }
    json_object_foreach(json, name, value)
    {
        if (!is_one_of(name, names))
            unknown_field(f, name, names);
    }
    return f->slug == NULL;
}

/* "curl -d" calls everything a form; no form is ever read here, so that does no harm. */
static bool type_is_json(const struct ask *q)
{
    char type[96];

    (void)text_copy_n(type, sizeof type, q->rq->content_type,
                      strcspn(q->rq->content_type, "; ")); /* the same size */
    return !type[0] || text_is_nocase(type, "application/json") ||
           text_is_nocase(type, "application/merge-patch+json") ||
           text_is_nocase(type, "application/x-www-form-urlencoded");
}

bool fields_read(struct fields *f, struct ask *q, const char *const *names, bool may_be_empty)
{
    bool empty = !q->rq->body || q->rq->body_length == 0;
    json_error_t error;
    json_t *json;
    bool fine;

    memset(f, 0, sizeof *f);
    if (!type_is_json(q)) {
        reply_problem(q, "unsupported-media-type", NULL,
                      "The body is '%.64s': send application/json.", q->rq->content_type);
        return false;
    }
    json = empty && may_be_empty ? json_object()
           : empty               ? NULL
                   : json_loadb(q->rq->body, q->rq->body_length, JSON_REJECT_DUPLICATES, &error);
    if (!json && empty) {
        reply_problem(q, "invalid-request", NULL, "A JSON object is needed in the body.");
        return false;
    }
    if (!json) {
        reply_problem(q, "invalid-request", NULL, "The body is no JSON: line %d, column %d: %s.",
                      error.line, error.column, error.text);
        return false;
    }
    fine = fields_of(f, json, names, "");
    json_decref(json);
    return fine || !fields_reply(f, q);
}

bool fields_none(struct ask *q)
{
    static const char *const names[] = { NULL };
    struct fields f;

    if (!fields_read(&f, q, names, true))
        return false;
    fields_done(&f);
    return true;
}

void fields_done(struct fields *f)
{
    json_decref(f->json);
    f->json = NULL;
}

bool fields_reply(struct fields *f, struct ask *q)
{
    if (!f->slug)
        return false;
    reply_problem(q, f->slug, f->pointer, "%s", f->detail);
    fields_done(f);
    return true;
}

bool fields_has(const struct fields *f, const char *name)
{
    const json_t *value = json_object_get(f->json, name);

    return value && !json_is_null(value);
}

bool fields_null(const struct fields *f, const char *name)
{
    return json_is_null(json_object_get(f->json, name));
}

const char *fields_text(struct fields *f, const char *name)
{
    const json_t *value = json_object_get(f->json, name);
    const char *text = json_string_value(value);

    if (!value || json_is_null(value))
        return NULL;
    if (!text)
        fields_fault(f, "invalid-request", name, "'%s' must be text in quotes, not %s.", name,
                     type_name(value));
    else if (strlen(text) != json_string_length(value))
        fields_fault(f, "invalid-request", name, "'%s' has a NUL character in it.", name);
    else
        return text;
    return NULL;
}

const char *fields_needed_text(struct fields *f, const char *name)
{
    const char *text = fields_text(f, name);

    if (!text)
        fields_fault(f, "missing-field", name, "'%s' is missing.", name);
    return text ? text : "";
}

uint64_t fields_integer(struct fields *f, const char *name, uint64_t low, uint64_t high)
{
    const json_t *value = json_object_get(f->json, name);
    json_int_t number = json_integer_value(value);

    if (!value || json_is_null(value))
        fields_fault(f, "missing-field", name, "'%s' is missing.", name);
    else if (!json_is_integer(value))
        fields_fault(f, "invalid-request", name, "'%s' must be a whole number, not %s.", name,
                     type_name(value));
    else if (number < 0 || (uint64_t)number < low || (uint64_t)number > high)
        fields_fault(f, "invalid-value", name, "'%s' must be from %llu to %llu.", name,
                     (unsigned long long)low, (unsigned long long)high);
    else
        return (uint64_t)number;
    return low;
}

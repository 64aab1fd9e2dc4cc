/* `fields=name,caller.uri`: of a list or an object only what was asked for. A name that nothing has
 * is refused, so that a misspelt one is not taken for an empty field. */
#include "api/select.h"

#include <string.h>

#include "base/nearest.h"
#include "base/text.h"

#define NAMES_MAX 64 /* fields of one thing that a misspelt one is compared with */

struct selection {
    char text[SELECT_SIZE];
    const char *field[SELECT_FIELDS]; /* "caller.uri", in `text` */
    size_t count;
};

bool select_asked(const struct ask *q)
{
    char text[SELECT_SIZE];

    return http_query(q->rq, "fields", text, sizeof text) && text[0];
}

/* False: there are too many. */
static bool read_selection(const struct ask *q, struct selection *s)
{
    char *rest = NULL;

    s->count = 0;
    if (!http_query(q->rq, "fields", s->text, sizeof s->text))
        return false;
    for (char *name = strtok_r(s->text, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        if (s->count == SELECT_FIELDS)
            return false;
        s->field[s->count++] = name;
    }
    return true;
}

/* ---- picking ---- */

/* What is under "caller.uri"; NULL: `thing` has no such field. Behind a null there may be anything,
 * which is null as well. */
static json_t *look_up(json_t *thing, const char *field)
{
    char name[64];

    for (;;) {
        size_t length = strcspn(field, ".");

        if (!thing || json_is_null(thing))
            return thing;
        if (!text_copy_n(name, sizeof name, field, length))
            return NULL;
        thing = json_object_get(thing, name);
        if (!thing)
            return NULL;
        if (!field[length])
            return thing;
        field += length + 1;
    }
}

/* Put `value` where "caller.uri" says, making "caller" on the way. */
static void put(json_t *to, const char *field, json_t *value)
{
    char name[64];
    size_t length = strcspn(field, ".");
    json_t *inner;

    if (!text_copy_n(name, sizeof name, field, length))
        return; /* such a name was not found */
    if (!field[length]) {
        (void)json_object_set(to, name, value);
        return;
    }
    inner = json_object_get(to, name);
    if (!inner) {
        inner = json_object();
        (void)json_object_set_new(to, name, inner);
    }
    put(inner, field + length + 1, value);
}

static json_t *pick(json_t *thing, const struct selection *s)
{
    json_t *to = json_object();

    for (size_t i = 0; i < s->count; i++) {
        json_t *value = look_up(thing, s->field[i]);

        if (value)
            put(to, s->field[i], value);
    }
    return to;
}

/* ---- refusing ---- */

/* The names that `thing` has, as they would be asked for: "caller.uri" when the field that was
 * meant is inside of another. */
static size_t names_of(json_t *thing, const char *names[NAMES_MAX])
{
    size_t count = 0;
    const char *name;
    json_t *value;

    json_object_foreach(thing, name, value)
    {
        if (count < NAMES_MAX)
            names[count++] = name;
    }
    return count;
}

static void refuse(struct ask *q, json_t *thing, const char *field)
{
    const char *names[NAMES_MAX], *near, *last = strrchr(field, '.');
    char parent[64] = "", shown[64];
    json_t *inner = thing;

    if (last && text_copy_n(parent, sizeof parent, field, (size_t)(last - field)))
        inner = look_up(thing, parent);
    near = json_is_object(inner) && (inner != thing || !last)
               ? nearest_word(last ? last + 1 : field, names, names_of(inner, names))
               : NULL;
    if (near)
        reply_problem(q, "invalid-request", NULL,
                      "There is no field '%s' here: did you mean '%s%s%s'?",
                      text_shown(shown, sizeof shown, field), parent, last ? "." : "", near);
    else
        reply_problem(q, "invalid-request", NULL,
                      "There is no field '%s' here: ask without fields= to see those that there "
                      "are.",
                      text_shown(shown, sizeof shown, field));
}

/* The first field that none of the things has; NULL: each is found somewhere. */
static const char *missing(json_t *things, const struct selection *s)
{
    for (size_t i = 0; i < s->count; i++) {
        bool found = false;

        for (size_t n = 0; n < json_array_size(things) && !found; n++)
            found = look_up(json_array_get(things, n), s->field[i]) != NULL;
        if (!found)
            return s->field[i];
    }
    return NULL;
}

/* ---- the way in ---- */

static json_t *select_items(struct ask *q, json_t *body, const struct selection *s)
{
    json_t *items = json_object_get(body, "items"), *picked;
    const char *unknown = json_array_size(items) > 0 ? missing(items, s) : NULL;

    if (unknown) {
        refuse(q, json_array_get(items, 0), unknown);
        json_decref(body);
        return NULL;
    }
    picked = json_array();
    for (size_t i = 0; i < json_array_size(items); i++)
        (void)json_array_append_new(picked, pick(json_array_get(items, i), s));
    (void)json_object_set_new(body, "items", picked);
    return body;
}

static json_t *select_object(struct ask *q, json_t *body, const struct selection *s)
{
    json_t *picked = NULL;

    for (size_t i = 0; i < s->count; i++)
        if (!look_up(body, s->field[i])) {
            refuse(q, body, s->field[i]);
            json_decref(body);
            return NULL;
        }
    picked = pick(body, s);
    json_decref(body);
    return picked;
}

json_t *select_fields(struct ask *q, json_t *body)
{
    struct selection s;

    if (!select_asked(q) || !json_is_object(body))
        return body;
    if (!read_selection(q, &s)) {
        json_decref(body);
        reply_problem(q, "invalid-request", NULL, "fields names at most %d fields.", SELECT_FIELDS);
        return NULL;
    }
    return json_is_array(json_object_get(body, "items")) ? select_items(q, body, &s)
                                                         : select_object(q, body, &s);
}

json_t *select_of_one(struct ask *q, json_t *thing)
{
    struct selection s;
    json_t *picked;

    if (!select_asked(q) || !read_selection(q, &s))
        return thing;
    picked = pick(thing, &s);
    json_decref(thing);
    return picked;
}

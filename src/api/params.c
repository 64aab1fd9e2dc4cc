/* Parameters of the query, and the pages of a listing. */
#include <string.h>

#include "api/fields.h"
#include "base/nearest.h"
#include "base/text.h"
#include "sys/clock.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000
#define NAMES_MAX 24

/* Take "q,limit,cursor" apart; how many. */
static size_t split(char *names, const char *at[NAMES_MAX])
{
    size_t count = 0;
    char *rest = NULL;

    for (char *name = strtok_r(names, ",", &rest); name && count < NAMES_MAX;
         name = strtok_r(NULL, ",", &rest))
        at[count++] = name;
    return count;
}

bool params_known(struct ask *q, const char *names)
{
    char copy[256], name[64], shown[64];
    const char *known[NAMES_MAX], *near;
    size_t count, n;

    (void)text_copy(copy, sizeof copy, names); /* the router's, which are short */
    count = split(copy, known);
    for (unsigned i = 0; http_query_name(q->rq, i, name, sizeof name); i++) {
        for (n = 0; n < count && strcmp(known[n], name) != 0; n++)
            ;
        if (n < count)
            continue;
        near = nearest_word(name, known, count);
        reply_problem(
            q, "invalid-request", NULL, "There is no parameter '%s' here%s%s%s There %s%s.",
            text_shown(shown, sizeof shown, name), near ? ": did you mean '" : ".",
            near ? near : "", near ? "'?" : "", count ? "are: " : "are none", count ? names : "");
        return false;
    }
    return true;
}

int params_choice(struct ask *q, const char *name, const char *const *choices, int otherwise)
{
    char value[64], shown[64], all[160] = "";

    if (!http_query(q->rq, name, value, sizeof value))
        return otherwise;
    for (int i = 0; choices[i]; i++) {
        if (strcmp(choices[i], value) == 0)
            return i;
        if (choices[i][0]) /* the empty one is for who leaves it out */
            (void)text_append(all, sizeof all, "%s%s", all[0] ? ", " : "", choices[i]);
    }
    reply_problem(q, "invalid-request", NULL, "%s cannot be '%s': use one of %s.", name,
                  text_shown(shown, sizeof shown, value), all);
    return -1;
}

bool params_switch(struct ask *q, const char *name, bool *value)
{
    static const char *const choices[] = { "false", "0", "true", "1", "", NULL };
    int choice = params_choice(q, name, choices, 0);

    if (choice >= 0)
        *value = choice >= 2;
    return choice >= 0;
}

bool params_time(struct ask *q, const char *name, wall_msec *when)
{
    char value[64], shown[64];

    if (!http_query(q->rq, name, value, sizeof value) || clock_rfc3339_read(value, when))
        return true;
    reply_problem(q, "invalid-request", NULL,
                  "%s cannot be '%s': use a time as 2026-11-23T14:00:00Z.", name,
                  text_shown(shown, sizeof shown, value));
    return false;
}

/* "-in_use" sorts from the largest down. */
static bool read_sort(struct ask *q, struct page *page, const char *const *keys)
{
    char value[64], shown[64], all[160] = "";

    (void)text_copy(page->sort, sizeof page->sort, keys[0]); /* is short */
    if (!http_query(q->rq, "sort", value, sizeof value))
        return true;
    page->descending = value[0] == '-';
    for (size_t i = 0; keys[i]; i++) {
        if (strcmp(keys[i], value + page->descending) == 0)
            return text_copy(page->sort, sizeof page->sort, keys[i]);
        (void)text_append(all, sizeof all, "%s%s", i ? ", " : "", keys[i]);
    }
    reply_problem(q, "invalid-request", NULL,
                  "This cannot be sorted by '%s': use one of %s, with - in front for the other way "
                  "round.",
                  text_shown(shown, sizeof shown, value), all);
    return false;
}

bool page_read(struct ask *q, struct page *page, const char *const *keys)
{
    char value[64] = "";
    uint64_t number = LIMIT_DEFAULT;

    memset(page, 0, sizeof *page);
    if (http_query(q->rq, "limit", value, sizeof value) &&
        !text_number(value, 1, LIMIT_MAX, &number)) {
        reply_problem(q, "invalid-request", NULL, "limit is a number from 1 to %d.", LIMIT_MAX);
        return false;
    }
    page->limit = (size_t)number;
    number = 0;
    if (http_query(q->rq, "cursor", value, sizeof value) && !text_base32_read(value, &number)) {
        reply_problem(q, "invalid-request", NULL,
                      "This is no cursor: use next_cursor of the page before, as it is.");
        return false;
    }
    page->offset = (size_t)number;
    return read_sort(q, page, keys);
}

/* All parameters but the cursor, as they were sent. */
static void put_link(struct ask *q, const char *cursor)
{
    char query[sizeof q->rq->query] = "", *rest = NULL, copy[sizeof q->rq->query];

    (void)text_copy(copy, sizeof copy, q->rq->query); /* the same size */
    for (char *pair = strtok_r(copy, "&", &rest); pair; pair = strtok_r(NULL, "&", &rest))
        if (!text_starts(pair, "cursor="))
            (void)text_append(query, sizeof query, "%s&", pair);
    /* A query too long for the header is no loss: next_cursor says the same. */
    if (!text_format(q->reply.link, sizeof q->reply.link, "<%s?%scursor=%s>; rel=\"next\"",
                     q->rq->path, query, cursor))
        q->reply.link[0] = '\0';
}

json_t *page_with_cursor(struct ask *q, json_t *items, const char *cursor, uint64_t total)
{
    json_t *body = json_object();

    (void)json_object_set_new(body, "items", items);
    (void)json_object_set_new(body, "next_cursor", cursor ? json_string(cursor) : json_null());
    (void)json_object_set_new(body, "total", json_integer((json_int_t)total));
    if (cursor)
        put_link(q, cursor);
    return body;
}

json_t *page_json(struct ask *q, const struct page *page, json_t *items, size_t total)
{
    size_t next = page->offset + json_array_size(items);
    char cursor[14];

    text_base32(cursor, next);
    return page_with_cursor(q, items, next < total ? cursor : NULL, total);
}

/* The audit trail, to be read. How it is undone is in undo.c. */
#include "api/audit.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "api/csv.h"
#include "api/fields.h"
#include "api/mask.h"
#include "api/resources.h"
#include "api/select.h"
#include "base/text.h"

enum form { FORM_JSON, FORM_NDJSON };

struct reading {
    struct store_query query;
    enum form form;
};

/* Whoever has the hash of a text in which some digits are masked tries until he has them, so it is
 * for those only for whom nothing is masked. */
static json_t *hash_json(const struct ask *q, const unsigned char hash[AUDIT_HASH_SIZE])
{
    char hex[2 * AUDIT_HASH_SIZE + 1];

    if (!ask_sees(q, MAY_CALLS_READ_PII, NULL))
        return json_null();
    return json_string(sodium_bin2hex(hex, sizeof hex, hash, AUDIT_HASH_SIZE));
}

/* Of calls, numbers are masked as everywhere else. */
static void mask(json_t *json)
{
    char masked[MASK_SIZE];
    const char *key;
    json_t *value;

    json_object_foreach(json, key, value)
    {
        const char *text = json_string_value(value);

        if (text)
            (void)json_object_set_new(
                json, key,
                show_text(text_is(key, "to") ? mask_uri(masked, text) : mask_text(masked, text)));
    }
}

static json_t *side_json(const struct ask *q, const struct audit_entry *e, const char *text)
{
    json_t *json = text[0] ? json_loads(text, 0, NULL) : NULL;

    if (json && text_starts(e->action, "call.") && !ask_sees(q, MAY_CALLS_READ_PII, NULL))
        mask(json);
    return json ? json : json_null();
}

json_t *audit_entry_json(const struct ask *q, const struct audit_entry *e)
{
    json_t *json =
        json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", (json_int_t)e->id, "at",
                  show_time(e->at), "actor", show_text(e->actor), "source", show_text(e->source),
                  "request_id", show_text(e->request), "action", show_text(e->action), "subject",
                  show_text(e->subject), "subject_id", show_text(e->subject_id));

    (void)json_object_set_new(json, "before", side_json(q, e, e->before));
    (void)json_object_set_new(json, "after", side_json(q, e, e->after));
    (void)json_object_set_new(json, "prev_hash", hash_json(q, e->prev));
    (void)json_object_set_new(json, "hash", hash_json(q, e->hash));
    (void)json_object_set_new(json, "undoable", json_boolean(audit_undoable(e)));
    return json;
}

/* ---- the list ---- */

static bool read_text(struct ask *q, const char *param, char *to, size_t size)
{
    char value[NAME_SIZE * 2];

    if (!http_query(q->rq, param, value, sizeof value) || text_copy(to, size, value))
        return true;
    reply_problem(q, "invalid-request", NULL, "%s is longer than %zu bytes.", param, size - 1);
    return false;
}

static bool read_which(struct ask *q, struct reading *r)
{
    static const char *const forms[] = { "json", "ndjson", NULL };
    static const char *const keys[] = { "id", NULL };
    struct store_query *s = &r->query;
    struct page page;
    int form = params_choice(q, "format", forms, FORM_JSON);

    if (form < 0 || !page_read(q, &page, keys))
        return false;
    r->form = (enum form)form;
    s->type = QUERY_AUDIT;
    s->limit = page.limit;
    s->before = page.offset; /* the cursor is the id of the last entry seen */
    return params_time(q, "since", &s->since) && params_time(q, "until", &s->until) &&
           read_text(q, "q", s->words, sizeof s->words) &&
           read_text(q, "actor", s->actor, sizeof s->actor) &&
           read_text(q, "action", s->action, sizeof s->action) &&
           read_text(q, "subject", s->subject, sizeof s->subject);
}

static void reply_ndjson(struct ask *q, const struct store_rows *rows)
{
    struct csv text = { 0 };

    for (size_t i = 0; i < rows->count; i++) {
        json_t *entry = select_of_one(q, audit_entry_json(q, &rows->audit[i]));
        char *line = json_dumps(entry, JSON_COMPACT);

        csv_raw(&text, line ? line : "{}");
        csv_raw(&text, "\n");
        free(line);
        json_decref(entry);
    }
    reply_text(q, 200, "application/x-ndjson", csv_take(&text));
}

static void reply_rows(struct ask *q, const struct store_rows *rows, enum form form)
{
    char cursor[14] = "";
    json_t *items, *body;

    if (rows->more && rows->count > 0)
        text_base32(cursor, rows->audit[rows->count - 1].id);
    items = json_array();
    for (size_t i = 0; form == FORM_JSON && i < rows->count; i++)
        (void)json_array_append_new(items, audit_entry_json(q, &rows->audit[i]));
    body = page_with_cursor(q, items, cursor[0] ? cursor : NULL, rows->total);
    if (form == FORM_JSON) {
        reply_json(q, 200, body);
        return;
    }
    json_decref(body); /* its Link header stays: the next page */
    reply_ndjson(q, rows);
}

static void list_read(void *ask, struct store_rows *rows, const char *err)
{
    struct ask *q = ask;
    const struct reading *r = q->plan;

    if (reply_has_rows(q, rows, err))
        reply_rows(q, rows, r->form);
    store_rows_free(rows);
}

void get_audit_events(struct ask *q)
{
    struct reading *r = ask_plan(q, sizeof *r);

    if (r && read_which(q, r))
        app_ask(q->app, &r->query, list_read, q);
}

/* ---- one, and the newest ---- */

const struct audit_entry *audit_found(struct ask *q, const struct store_rows *rows, const char *err)
{
    if (!reply_has_rows(q, rows, err))
        return NULL;
    if (rows->count > 0)
        return &rows->audit[0];
    reply_problem(q, "not-found", NULL, "There is no audit event %.20s.", q->part);
    return NULL;
}

static void one_read(void *ask, struct store_rows *rows, const char *err)
{
    struct ask *q = ask;
    const struct audit_entry *e = audit_found(q, rows, err);

    if (e)
        reply_json(q, 200, audit_entry_json(q, e));
    store_rows_free(rows);
}

void get_audit_event(struct ask *q)
{
    struct store_query query = { .type = QUERY_AUDIT, .limit = 1 };

    if (text_number(q->part, 1, INT64_MAX, &query.entry))
        app_ask(q->app, &query, one_read, q);
    else
        reply_problem(q, "not-found", NULL, "There is no audit event '%.20s': they are numbered.",
                      q->part);
}

static void head_read(void *ask, struct store_rows *rows, const char *err)
{
    static const unsigned char none[AUDIT_HASH_SIZE];
    struct ask *q = ask;

    if (reply_has_rows(q, rows, err))
        reply_json(q, 200,
                   json_pack("{s:I, s:o, s:I}", "id", (json_int_t)rows->head, "hash",
                             hash_json(q, rows->count > 0 ? rows->audit[0].hash : none), "count",
                             (json_int_t)rows->total));
    store_rows_free(rows);
}

void get_audit_head(struct ask *q)
{
    app_ask(q->app, &(struct store_query){ .type = QUERY_AUDIT_HEAD }, head_read, q);
}

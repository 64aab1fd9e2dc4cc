/* Call records: what became of calls that are parked no more. The store is asked; the answer comes
 * as an event. JSON in pages, or NDJSON and CSV for programs and tables. */
#include <stdlib.h>
#include <string.h>

#include "api/csv.h"
#include "api/fields.h"
#include "api/mask.h"
#include "api/resources.h"
#include "api/scope.h"
#include "api/select.h"
#include "base/text.h"
#include "sys/clock.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000

enum form { FORM_JSON, FORM_NDJSON, FORM_CSV };

struct reading {
    struct store_query query;
    enum form form;
};

/* May the numbers in it be seen? It is judged by the place where the call was. */
static bool is_full(const struct ask *q, const struct call_record *r)
{
    struct place_of place = place_of_destination(app_deployment(q->app), r->destination);

    place.range = r->range;
    return ask_sees(q, MAY_CALLS_READ_PII, &place);
}

static json_t *show_record(const struct ask *q, const struct call_record *r)
{
    bool full = is_full(q, r);
    char id[IDENT_SIZE], range[IDENT_SIZE];

    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:s, s:o, s:o}", "id",
        ident_call(id, r->id), "orbit", show_number(r->orbit), "range_id",
        r->range ? json_string(ident_range(range, r->range)) : json_null(), "range_name",
        show_text_or_null(r->range_name), "destination", show_text(r->destination), "node",
        show_text(r->node), "caller", show_caller(&r->caller, full), "parker",
        show_party(&r->parker, full), "by",
        r->taker.uri[0] || r->taker.hidden ? show_party(&r->taker, full) : json_null(), "parked_at",
        show_time(r->parked_at), "ended_at", show_time(r->ended_at), "waited",
        show_seconds(r->waited), "attempts", (int)r->attempts, "outcome", outcome_name(r->outcome),
        "reason", show_words(r->why, full), "note",
        *r->note ? show_words(r->note, full) : json_null());
}

/* ---- what is asked for ---- */

static bool read_outcome(struct ask *q, enum outcome *to)
{
    const char *names[OUT_INTERRUPTED + 2] = { 0 };
    int choice;

    for (int i = 0; i <= OUT_INTERRUPTED; i++)
        names[i] = outcome_name((enum outcome)i);
    choice = params_choice(q, "outcome", names, OUT_NONE);
    if (choice >= 0)
        *to = (enum outcome)choice;
    return choice >= 0;
}

static bool read_page(struct ask *q, struct store_query *query)
{
    uint64_t limit = LIMIT_DEFAULT;
    char text[64];

    if (http_query(q->rq, "limit", text, sizeof text) && !text_number(text, 1, LIMIT_MAX, &limit)) {
        reply_problem(q, "invalid-request", NULL, "limit is a number from 1 to %d.", LIMIT_MAX);
        return false;
    }
    query->limit = (size_t)limit;
    if (http_query(q->rq, "cursor", text, sizeof text) && !ident_call_read(text, &query->before)) {
        reply_problem(q, "invalid-request", NULL,
                      "This is no cursor: use next_cursor of the page before, as it is.");
        return false;
    }
    return true;
}

static bool read_which(struct ask *q, struct store_query *query)
{
    char text[64];
    struct err err;

    if (http_query(q->rq, "orbit", text, sizeof text)) {
        query->orbit = number_read(text, &err);
        if (!query->orbit) {
            reply_problem(q, "invalid-request", NULL, "orbit: %s.", err.text);
            return false;
        }
    }
    if (http_query(q->rq, "call", text, sizeof text) && !ident_call_read(text, &query->call)) {
        reply_problem(q, "invalid-request", NULL, "call takes the id of a call: call_...");
        return false;
    }
    return params_time(q, "since", &query->since) && params_time(q, "until", &query->until) &&
           read_outcome(q, &query->outcome) && read_page(q, query);
}

/* ?format= first, which a link can say; else the Accept header. */
static bool read_form(struct ask *q, enum form *form)
{
    static const char *const names[] = { "json", "ndjson", "csv", NULL };
    enum form accepted = strstr(q->rq->accept, "text/csv") ? FORM_CSV
                         : strstr(q->rq->accept, "ndjson") ? FORM_NDJSON
                                                           : FORM_JSON;
    int choice = params_choice(q, "format", names, (int)accepted);

    if (choice >= 0)
        *form = (enum form)choice;
    return choice >= 0;
}

/* ---- forms ---- */

static void add_party(struct csv *to, const struct party *p, bool full)
{
    char name[MASK_SIZE], uri[MASK_SIZE];

    if (p->hidden) {
        csv_field(to, "anonymous");
        csv_field(to, "");
        return;
    }
    csv_field(to, full ? p->display : mask_text(name, p->display));
    csv_field(to, full ? p->uri : mask_uri(uri, p->uri));
}

static void add_words(struct csv *to, const char *words, bool full)
{
    char masked[MASK_SIZE];

    csv_field(to, full ? words : mask_text(masked, words));
}

static void add_time(struct csv *to, wall_msec when)
{
    char text[32] = "";

    if (when && when != NEVER)
        clock_rfc3339(text, when);
    csv_field(to, text);
}

static void add_row(struct csv *to, const struct call_record *r, bool full)
{
    char id[IDENT_SIZE], number[NUMBER_SIZE] = "", text[24];

    if (r->orbit)
        number_text(number, r->orbit);
    csv_field(to, ident_call(id, r->id));
    csv_field(to, number);
    csv_field(to, r->range_name);
    csv_field(to, r->destination);
    add_party(to, &r->caller, full);
    add_party(to, &r->parker, full);
    add_party(to, &r->taker, full);
    add_time(to, r->parked_at);
    add_time(to, r->ended_at);
    (void)text_format(text, sizeof text, "%llu", (unsigned long long)(r->waited / 1000)); /* fits */
    csv_field(to, text);
    (void)text_format(text, sizeof text, "%u", r->attempts); /* fits */
    csv_field(to, text);
    csv_field(to, outcome_name(r->outcome));
    add_words(to, r->why, full);
    add_words(to, r->note, full);
    csv_end(to);
}

static void reply_csv(struct ask *q, const struct store_rows *rows)
{
    static const char *const heads[] = { "id",          "orbit",      "range",       "destination",
                                         "caller_name", "caller_uri", "parker_name", "parker_uri",
                                         "by_name",     "by_uri",     "parked_at",   "ended_at",
                                         "waited",      "attempts",   "outcome",     "reason",
                                         "note",        NULL };
    struct csv text = { 0 };

    for (size_t i = 0; heads[i]; i++)
        csv_field(&text, heads[i]);
    csv_end(&text);
    for (size_t i = 0; i < rows->count; i++)
        add_row(&text, &rows->records[i], is_full(q, &rows->records[i]));
    q->reply.disposition = "attachment; filename=\"call-records.csv\"";
    reply_text(q, 200, "text/csv; charset=utf-8", csv_take(&text));
}

static void reply_ndjson(struct ask *q, const struct store_rows *rows)
{
    struct csv text = { 0 };

    for (size_t i = 0; i < rows->count; i++) {
        json_t *record = select_of_one(q, show_record(q, &rows->records[i]));
        char *line = json_dumps(record, JSON_COMPACT);

        csv_raw(&text, line ? line : "{}");
        csv_raw(&text, "\n");
        free(line);
        json_decref(record);
    }
    reply_text(q, 200, "application/x-ndjson", csv_take(&text));
}

static void reply_rows(struct ask *q, const struct store_rows *rows, enum form form)
{
    char cursor[IDENT_SIZE] = "";
    json_t *items, *body;

    if (rows->more && rows->count > 0)
        (void)ident_call(cursor, rows->records[rows->count - 1].id);
    items = json_array();
    for (size_t i = 0; form == FORM_JSON && i < rows->count; i++)
        (void)json_array_append_new(items, show_record(q, &rows->records[i]));
    body = page_with_cursor(q, items, cursor[0] ? cursor : NULL, rows->total);
    if (form == FORM_JSON) {
        reply_json(q, 200, body);
        return;
    }
    json_decref(body); /* its Link header stays: the next page of a table */
    if (form == FORM_CSV)
        reply_csv(q, rows);
    else
        reply_ndjson(q, rows);
}

static void rows_read(void *ask, struct store_rows *rows, const char *err)
{
    struct ask *q = ask;
    const struct reading *r = q->plan;

    if (reply_has_rows(q, rows, err))
        reply_rows(q, rows, r->form);
    store_rows_free(rows);
}

void get_records(struct ask *q)
{
    struct reading *r = ask_plan(q, sizeof *r);

    if (!r)
        return;
    r->query.type = QUERY_RECORDS;
    r->query.scope_count = scope_list(&q->who.rights, MAY_RECORDS_READ, r->query.scopes);
    if (read_form(q, &r->form) && read_which(q, &r->query))
        app_ask(q->app, &r->query, rows_read, q);
}

/* Reading ranges from a document: JSON as an export writes it, or a table with columns by name,
 * ours or those of the original's cmdlets, in any order. */
#include <stdlib.h>
#include <string.h>

#include "api/csv.h"
#include "api/import.h"
#include "base/text.h"

#define ERRORS_MAX 50

static const struct {
    const char *column, *field;
} columns[] = {
    { "name", "name" },
    { "identity", "name" },
    { "start", "start" },
    { "numberrangestart", "start" },
    { "start range", "start" },
    { "end", "end" },
    { "numberrangeend", "end" },
    { "end range", "end" },
    { "destination", "destination" },
    { "callparkserviceid", "destination" },
    { "callparkservice", "destination" },
    { "callparkserverfqdn", "destination" },
    { "type", "type" },
    { "park_number", "park_number" },
    { "park number", "park_number" },
    { "allocation", "allocation" },
};

static void add_error(struct import *im, const struct import_row *row, const char *pointer,
                      const char *detail)
{
    char where[160];

    if (json_array_size(im->errors) >= ERRORS_MAX)
        return;
    (void)text_format(where, sizeof where, "/items/%zu%s", (size_t)(row - im->rows),
                      pointer); /* fits */
    (void)json_array_append_new(im->errors, json_pack("{s:s, s:i, s:o}", "pointer", where,
                                                      im->table ? "line" : "place", (int)row->place,
                                                      "detail", show_text(detail)));
}

static struct import_row *add_row(struct import *im)
{
    if (im->count == im->room) {
        size_t room = im->room ? im->room * 2 : 64;
        struct import_row *larger = realloc(im->rows, room * sizeof *larger);

        if (!larger)
            return NULL;
        im->rows = larger;
        im->room = room;
    }
    memset(&im->rows[im->count], 0, sizeof im->rows[0]);
    return &im->rows[im->count++];
}

static bool same(const struct range *a, const struct range *b)
{
    return text_is(a->name, b->name) && a->first == b->first && a->last == b->last &&
           a->type == b->type && text_is(a->destination, b->destination) &&
           text_is(a->park_number, b->park_number) && a->state == b->state;
}

/* A row for a name that there is changes that range; what it does not say stays as it was. */
static void take_row(struct ask *q, struct import *im, struct fields *f, struct import_row *row)
{
    const char *name = fields_needed_text(f, "name");
    const struct range *old = ranges_by_name(&app_deployment(q->app)->ranges, name);
    struct range_verdict verdict;
    struct err err = { 0 };

    if (im->mode == IMPORT_MODE_CREATE)
        old = NULL; /* a name that is taken is refused as such */
    if (old)
        row->wish.range = *old;
    row->wish.range.id = old ? old->id : 0;
    row->wish.range.state = RANGE_ACTIVE;
    (void)fields_needed_text(f, "start");
    (void)fields_needed_text(f, "end");
    if (!old)
        (void)fields_needed_text(f, "destination");
    ranges_read(q, f, &row->wish, true, &verdict, &err);
    if (f->slug)
        add_error(im, row, f->pointer, f->detail);
    else if (verdict.fault != RANGE_FINE)
        add_error(im, row, verdict.pointer, err.text);
    row->action = !old ? IMPORT_CREATE : same(old, &row->wish.range) ? IMPORT_KEEP : IMPORT_UPDATE;
}

/* One range as an object of our own fields. False: no memory. */
static bool read_object(struct ask *q, struct import *im, json_t *object, unsigned place)
{
    struct import_row *row = add_row(im);
    struct fields f;

    if (!row)
        return false;
    row->place = place;
    if (fields_of(&f, object, ranges_fields, ""))
        take_row(q, im, &f, row);
    else
        add_error(im, row, f.pointer, f.detail);
    fields_done(&f);
    return true;
}

static bool no_memory(struct ask *q)
{
    reply_problem(q, "overloaded", NULL, "The server has no memory for this import: try less.");
    return false;
}

static bool too_many(struct ask *q)
{
    reply_problem(q, "too-many", NULL, "An import has at most %d ranges.", RANGES_MAX);
    return false;
}

/* ---- JSON ---- */

static bool read_json(struct ask *q, struct import *im)
{
    json_error_t error;
    json_t *json = json_loadb(q->rq->body, q->rq->body_length, JSON_REJECT_DUPLICATES, &error);
    json_t *list = json_is_array(json) ? json : json_object_get(json, "items"), *object;
    bool fine = true;
    size_t i;

    if (!json_is_array(list)) {
        reply_problem(q, "invalid-request", NULL,
                      "%s%s: a list of ranges is needed, or {items: [...]}.",
                      json ? "This is no list" : "The body is no JSON: ", json ? "" : error.text);
        json_decref(json);
        return false;
    }
    if (json_array_size(list) > RANGES_MAX) {
        json_decref(json);
        return too_many(q);
    }
    json_array_foreach(list, i, object)
    {
        fine = fine && read_object(q, im, object, (unsigned)i + 1);
    }
    json_decref(json);
    return fine || no_memory(q);
}

/* ---- tables ---- */

static const char *field_of(const char *column)
{
    char trimmed[64];

    if (!text_trim(trimmed, sizeof trimmed, column))
        return NULL;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (text_is_nocase(columns[i].column, trimmed))
            return columns[i].field;
    return NULL;
}

static void note_column(struct import *im, const char *column)
{
    char note[128], shown[64];

    (void)text_format(note, sizeof note, "The column '%s' was not used.",
                      text_shown(shown, sizeof shown, column)); /* fits */
    (void)json_array_append_new(im->notes, show_text(note));
}

static void read_heads(struct import *im, const struct csv_row *heads,
                       const char *fields[CSV_COLUMNS_MAX])
{
    for (size_t i = 0; i < heads->count; i++) {
        fields[i] = field_of(heads->field[i]);
        if (!fields[i])
            note_column(im, heads->field[i]);
    }
}

/* An empty cell says nothing, as if the column were not there. */
static json_t *row_object(const struct csv_row *row, const char *const *fields, size_t count)
{
    json_t *object = json_object();

    for (size_t i = 0; i < row->count && i < count; i++) {
        char value[1024];

        if (fields[i] && text_trim(value, sizeof value, row->field[i]) && value[0] &&
            !json_object_get(object, fields[i]))
            (void)json_object_set_new(object, fields[i], show_text(csv_unguarded(value)));
    }
    return object;
}

static bool read_rows(struct ask *q, struct import *im, struct csv_reader *reader)
{
    const char *fields[CSV_COLUMNS_MAX] = { 0 };
    struct csv_row row;
    size_t count;

    if (!csv_next(reader, &row)) {
        reply_problem(q, "invalid-request", NULL, "The table is empty.");
        return false;
    }
    read_heads(im, &row, fields);
    count = row.count;
    while (csv_next(reader, &row)) {
        json_t *object = row_object(&row, fields, count);
        bool fine = read_object(q, im, object, row.line);

        json_decref(object);
        if (!fine)
            return no_memory(q);
        if (im->count > RANGES_MAX)
            return too_many(q);
    }
    return true;
}

static bool read_table(struct ask *q, struct import *im)
{
    struct csv_reader reader;
    bool fine;

    im->table = true;
    if (!csv_open(&reader, q->rq->body, q->rq->body_length)) {
        reply_problem(q, "invalid-request", NULL,
                      "The table cannot be read: it is neither UTF-8 nor UTF-16 text.");
        return false;
    }
    fine = read_rows(q, im, &reader);
    csv_close(&reader);
    return fine;
}

bool import_read(struct ask *q, struct import *im)
{
    const char *body = q->rq->body ? q->rq->body : "";
    char type[96];

    (void)text_copy_n(type, sizeof type, q->rq->content_type,
                      strcspn(q->rq->content_type, "; ")); /* the same size */
    body += strspn(body, " \t\r\n");
    if (!*body) {
        reply_problem(q, "invalid-request", NULL, "The body is empty: send ranges as JSON or CSV.");
        return false;
    }
    if (text_is_nocase(type, "text/csv") || text_is_nocase(type, "text/tab-separated-values"))
        return read_table(q, im);
    if (text_is_nocase(type, "application/json") || (!type[0] && strchr("[{", *body)))
        return read_json(q, im);
    if (!type[0])
        return read_table(q, im);
    reply_problem(q, "unsupported-media-type", NULL,
                  "The body is '%.64s': send application/json or text/csv.", type);
    return false;
}

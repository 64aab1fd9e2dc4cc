/* All ranges as one document: for a backup, another deployment, a spreadsheet, or the original's
 * cmdlets. */
#include <stdlib.h>
#include <string.h>

#include "api/csv.h"
#include "api/fields.h"
#include "api/resources.h"
#include "base/text.h"

enum form { FORM_JSON, FORM_CSV, FORM_LYNC, FORM_PS1 };

static const char *const own_heads[] = { "name", "start",       "end",        "destination",
                                         "type", "park_number", "allocation", NULL };
static const char *const lync_heads[] = { "Identity",       "NumberRangeStart",
                                          "NumberRangeEnd", "CallParkServiceId",
                                          "Type",           NULL };

static bool own_allocation(struct ask *q, range_id id)
{
    struct scope scope = { .kind = SCOPE_RANGE, .range = id };
    const struct settings *s = deployment_settings(app_deployment(q->app), &scope);

    return s && s->set & UINT32_C(1) << SET_ALLOCATION;
}

/* What an import needs, and no more: an inherited allocation stays inherited. */
static json_t *portable(struct ask *q, const struct range *r)
{
    json_t *range = show_range(q->app, r);

    (void)json_object_del(range, "id");
    (void)json_object_del(range, "size");
    (void)json_object_del(range, "in_use");
    (void)json_object_del(range, "version");
    (void)json_object_del(range, "state");
    if (!own_allocation(q, r->id))
        (void)json_object_set_new(range, "allocation", json_null());
    return range;
}

/* `destination` "" : any. */
static bool is_wanted(const struct ask *q, const struct range *r, const char *destination)
{
    struct place_of place = place_of_range(app_deployment(q->app), r);

    return (!destination[0] || text_is_nocase(destination, r->destination)) &&
           ask_sees(q, MAY_RANGES_READ, &place);
}

static void heads(struct csv *to, const char *const *names)
{
    while (*names)
        csv_field(to, *names++);
    csv_end(to);
}

static void own_row(struct ask *q, struct csv *to, const struct range *r)
{
    json_t *range = portable(q, r);

    for (size_t i = 0; own_heads[i]; i++) {
        const char *value = json_string_value(json_object_get(range, own_heads[i]));

        csv_field(to, value ? value : "");
    }
    csv_end(to);
    json_decref(range);
}

static void lync_row(struct ask *q, struct csv *to, const struct range *r)
{
    const struct destination *d = deployment_destination(app_deployment(q->app), r->destination);
    char first[NUMBER_SIZE], last[NUMBER_SIZE];

    number_text(first, r->first);
    number_text(last, r->last);
    csv_field(to, r->name);
    csv_field(to, first);
    csv_field(to, last);
    csv_field(to, d ? d->service_id : r->destination);
    csv_field(to, r->type == RANGE_CALL_PARK ? "CallPark" : "GroupPickup");
    csv_end(to);
}

/* A quote inside of quotes is doubled there, as in CSV. */
static void ps1_text(struct csv *to, const char *name, const char *value)
{
    csv_raw(to, " -");
    csv_raw(to, name);
    csv_raw(to, " '");
    for (const char *p = value; *p; p++)
        csv_raw(to, *p == '\'' ? "''" : (const char[]){ *p, '\0' });
    csv_raw(to, "'");
}

static void ps1_row(struct csv *to, const struct range *r)
{
    char first[NUMBER_SIZE], last[NUMBER_SIZE];

    number_text(first, r->first);
    number_text(last, r->last);
    csv_raw(to, "New-CsCallParkOrbit");
    ps1_text(to, "Identity", r->name);
    ps1_text(to, "NumberRangeStart", first);
    ps1_text(to, "NumberRangeEnd", last);
    ps1_text(to, "CallParkService", r->destination);
    ps1_text(to, "Type", r->type == RANGE_CALL_PARK ? "CallPark" : "GroupPickup");
    csv_raw(to, "\r\n");
}

static void reply_table(struct ask *q, const char *destination, enum form form)
{
    const struct ranges *all = &app_deployment(q->app)->ranges;
    struct csv text = { 0 };

    if (form != FORM_PS1)
        heads(&text, form == FORM_LYNC ? lync_heads : own_heads);
    for (size_t i = 0; i < all->count; i++) {
        const struct range *r = &all->at[i];

        if (!is_wanted(q, r, destination))
            continue;
        if (form == FORM_CSV)
            own_row(q, &text, r);
        else if (form == FORM_LYNC)
            lync_row(q, &text, r);
        else
            ps1_row(&text, r);
    }
    q->reply.disposition = form == FORM_PS1 ? "attachment; filename=\"number-ranges.ps1\""
                                            : "attachment; filename=\"number-ranges.csv\"";
    reply_text(q, 200, form == FORM_PS1 ? "text/plain; charset=utf-8" : "text/csv; charset=utf-8",
               csv_take(&text));
}

void export_ranges(struct ask *q)
{
    static const char *const forms[] = { "json", "csv", "lync-csv", "ps1", NULL };
    const struct ranges *all = &app_deployment(q->app)->ranges;
    char text[FQDN_SIZE + 32], fqdn[FQDN_SIZE] = "";
    int form =
        params_choice(q, "format", forms, strstr(q->rq->accept, "text/csv") ? FORM_CSV : FORM_JSON);
    struct err err;
    json_t *items;

    if (form < 0)
        return;
    if (http_query(q->rq, "destination", text, sizeof text) &&
        destination_read(app_deployment(q->app), text, fqdn, &err) != 0) {
        reply_problem(q, "invalid-request", NULL, "%s.", err.text);
        return;
    }
    if (form != FORM_JSON) {
        reply_table(q, fqdn, (enum form)form);
        return;
    }
    items = json_array();
    for (size_t i = 0; i < all->count; i++)
        if (is_wanted(q, &all->at[i], fqdn))
            (void)json_array_append_new(items, portable(q, &all->at[i]));
    reply_json(q, 200, page_with_cursor(q, items, NULL, json_array_size(items)));
}

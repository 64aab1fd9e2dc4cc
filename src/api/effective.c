/* What holds for a range or a destination in the end, key by key, and which scope said so. */
#include <string.h>

#include "api/places.h"
#include "api/resources.h"
#include "base/text.h"

/* Durations and counts are numbers, the rest are words. */
json_t *settings_show_value(const struct rules *rules, enum setting_key key)
{
    enum setting_kind kind = setting_info(key)->kind;
    char text[LIST_SIZE];
    uint64_t number;

    rules_text(text, rules, key);
    if (setting_info(key)->secret && text[0])
        (void)text_copy(text, sizeof text, SETTING_KEPT);
    if ((kind == KIND_DURATION || kind == KIND_COUNT) && text_number(text, 0, INT64_MAX, &number))
        return json_integer((json_int_t)number);
    return kind == KIND_URI ? show_text_or_null(text) : show_text(text);
}

/* ---- the table of keys, for pages and completion ---- */

static json_t *show_kind(const struct setting_info *info)
{
    static const char *const names[] = {
        [KIND_DURATION] = "duration", [KIND_COUNT] = "count",   [KIND_URI] = "uri",
        [KIND_SWITCH] = "switch",     [KIND_CHOICE] = "choice", [KIND_TEXT] = "text",
    };

    return json_string(names[info->kind]);
}

static json_t *show_choices(const struct setting_info *info)
{
    json_t *list = json_array();

    for (const char *p = info->choices; *p;) {
        size_t length = strcspn(p, "|");

        (void)json_array_append_new(list, json_stringn(p, length));
        p += length + (p[length] != '\0');
    }
    return list;
}

static json_t *show_key(enum setting_key key, const struct rules *defaults)
{
    const struct setting_info *info = setting_info(key);
    json_t *row = json_pack("{s:s, s:o, s:s, s:o, s:o}", "name", info->name, "original",
                            show_text_or_null(info->original), "meaning", info->meaning, "kind",
                            show_kind(info), "default", settings_show_value(defaults, key));

    if (info->kind == KIND_DURATION || info->kind == KIND_COUNT) {
        uint64_t unit = info->kind == KIND_DURATION ? 1000 : 1;

        (void)json_object_set_new(row, "low", json_integer((json_int_t)(info->low / unit)));
        (void)json_object_set_new(row, "high", json_integer((json_int_t)(info->high / unit)));
    }
    if (info->choices[0])
        (void)json_object_set_new(row, "choices", show_choices(info));
    if (info->secret)
        (void)json_object_set_new(row, "secret", json_true());
    if (info->may_be_off)
        (void)json_object_set_new(row, "may_be_off", json_true());
    return row;
}

void get_setting_keys(struct ask *q)
{
    json_t *items = json_array();
    struct rules defaults;

    rules_default(&defaults);
    for (unsigned i = 0; i < SETTING_KEYS; i++)
        (void)json_array_append_new(items, show_key((enum setting_key)i, &defaults));
    reply_json(q, 200, page_with_cursor(q, items, NULL, SETTING_KEYS));
}

/* ---- what holds ---- */

struct place {
    const struct destination *destination;
    const struct range *range; /* NULL: for the destination as a whole */
};

static bool is_set(const struct settings *s, unsigned key)
{
    return s && s->set & UINT32_C(1) << key;
}

static json_t *show_source(const struct deployment *d, const struct place *p, enum scope_kind from,
                           unsigned key)
{
    char id[IDENT_SIZE];

    switch (from) {
    case SCOPE_SITE:
        return json_pack("{s:s, s:o}", "scope", "site", "name", show_text(p->destination->site));
    case SCOPE_DESTINATION:
        return json_pack("{s:s, s:o}", "scope", "destination", "name",
                         show_text(p->destination->fqdn));
    case SCOPE_RANGE:
        if (p->range)
            return json_pack("{s:s, s:s}", "scope", "range", "name", ident_range(id, p->range->id));
        break;
    case SCOPE_GLOBAL:
        break;
    }
    return json_pack("{s:s}", "scope", is_set(&d->global, key) ? "global" : "default");
}

static void reply_effective(struct ask *q, const struct place *p)
{
    const struct deployment *d = app_deployment(q->app);
    enum scope_kind from[SETTING_KEYS];
    struct rules rules;
    json_t *body = json_object(), *sources = json_object();
    char id[IDENT_SIZE];

    deployment_rules(d, p->destination->fqdn, p->range ? p->range->id : 0, &rules, from);
    for (unsigned i = 0; i < SETTING_KEYS; i++) {
        const char *name = setting_info((enum setting_key)i)->name;

        (void)json_object_set_new(body, name, settings_show_value(&rules, (enum setting_key)i));
        (void)json_object_set_new(sources, name, show_source(d, p, from[i], i));
    }
    (void)json_object_set_new(body, "sources", sources);
    (void)json_object_set_new(body, "range",
                              p->range ? json_string(ident_range(id, p->range->id)) : json_null());
    (void)json_object_set_new(body, "destination", show_text(p->destination->fqdn));
    (void)json_object_set_new(body, "site", show_text_or_null(p->destination->site));
    reply_json(q, 200, body);
}

/* By its id or, as people would, by its name. */
static const struct range *range_named(struct ask *q, const char *text)
{
    const struct ranges *all = &app_deployment(q->app)->ranges;
    range_id id;
    const struct range *r =
        ident_range_read(text, &id) ? ranges_by_id(all, id) : ranges_by_name(all, text);

    if (!r)
        reply_problem(q, "not-found", NULL, "There is no range '%.64s'.", text);
    return r;
}

void get_effective(struct ask *q)
{
    const struct deployment *d = app_deployment(q->app);
    struct place p = { 0 };
    char text[NAME_SIZE];
    bool by_range = http_query(q->rq, "range", text, sizeof text);

    if (by_range) {
        p.range = range_named(q, text);
        if (!p.range)
            return;
        p.destination = deployment_destination(d, p.range->destination);
    } else {
        if (!http_query(q->rq, "destination", q->part, sizeof q->part))
            (void)text_copy(q->part, sizeof q->part, app_config(q->app)->destination); /* fits */
        p.destination = destination_asked(q, MAY_SETTINGS_READ);
        if (!p.destination)
            return;
    }
    if (p.range) {
        struct place_of place = place_of_range(d, p.range);

        if (!ask_may(q, MAY_SETTINGS_READ, &place))
            return;
    }
    if (p.destination)
        reply_effective(q, &p);
    else
        reply_problem(q, "not-found", NULL, "The destination of this range does not exist.");
}

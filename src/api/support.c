/* The support bundle: one document with what a helper needs to know who is not there, and no
 * secrets. Callers' numbers are masked in it, whoever asks: it is made to be passed on. */
#include <string.h>

#include "api/audit.h"
#include "api/definitions.h"
#include "api/events.h"
#include "api/fields.h"
#include "api/mask.h"
#include "api/resources.h"
#include "base/text.h"
#include "sys/clock.h"

#define EVENTS 200

static json_t *show_config(const struct app_config *c)
{
    json_t *listen = json_array(), *trusted = json_array();

    for (unsigned i = 0; i < c->sip.listen_count; i++)
        (void)json_array_append_new(listen, show_text(c->sip.listen[i]));
    for (unsigned i = 0; i < c->sip.trusted_count; i++)
        (void)json_array_append_new(trusted, show_text(c->sip.trusted[i]));
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "path", show_text(c->path), "node",
        show_text(c->node), "destination", show_text(c->destination), "site",
        show_text_or_null(c->site), "sip_listen", listen, "sip_trusted", trusted, "sip_outbound",
        show_text_or_null(c->sip.outbound), "web_listen", show_text_or_null(c->http.listen),
        "admin_socket", show_text_or_null(c->http.socket), "behind_proxy", c->http.behind_proxy);
}

static json_t *show_counts(const struct app_counts *c)
{
    json_t *ends = json_object();
    uint64_t lost =
        c->ringbacks_failed + c->ringbacks_busy + c->ringbacks_no_answer + c->ringbacks_unconfirmed;

    for (unsigned i = 1; i <= OUT_INTERRUPTED; i++)
        (void)json_object_set_new(ends, outcome_name((enum outcome)i),
                                  json_integer((json_int_t)c->ends[i]));
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:o}", "parks_ok",
        (json_int_t)c->parks_ok, "parks_full", (json_int_t)c->parks_full, "parks_overload",
        (json_int_t)c->parks_overload, "parks_refused", (json_int_t)c->parks_refused,
        "parks_failed", (json_int_t)c->parks_failed, "retrieves", (json_int_t)c->retrieves,
        "retrieve_refused", (json_int_t)c->retrieve_refused, "ringbacks_answered",
        (json_int_t)c->ringbacks_answered, "ringbacks_failed", (json_int_t)lost, "store_failures",
        (json_int_t)c->store_failures, "events_dropped", (json_int_t)c->events_dropped,
        "queue_length", (int)c->queue_length, "ends", ends);
}

static json_t *show_health(struct app *a)
{
    char why[ERR_TEXT_SIZE] = "";
    bool fine = app_store_fine(a, why);

    return json_pack("{s:s, s:b, s:o}", "status", show_status(a), "store_ok", fine, "store_detail",
                     fine ? json_null() : show_text(why));
}

/* ---- the definitions, without what would call somebody ---- */

static json_t *masked(const json_t *text, const char *(*mask)(char *, const char *))
{
    char to[MASK_SIZE];

    return show_text(mask(to, json_string_value(text)));
}

/* A setting may name where calls go, or who may retrieve; the hash of its music is no number. */
static void mask_settings(json_t *settings)
{
    const char *name;
    json_t *value;
    void *next;

    json_object_foreach_safe(settings, next, name, value)
    {
        if (json_is_string(value) && strcmp(name, "music") != 0)
            (void)json_object_set_new(settings, name, masked(value, mask_text));
    }
}

static void mask_list(json_t *list)
{
    size_t i;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        json_t *phone = json_object_get(item, "phone");

        mask_settings(json_object_get(item, "settings"));
        if (json_is_string(phone))
            (void)json_object_set_new(item, "phone", masked(phone, mask_uri));
    }
}

static json_t *show_definitions(struct app *a)
{
    json_t *body =
        definitions_document(app_deployment(a), app_access(a), app_config(a)->node, false);

    (void)definitions_music(a, body);
    mask_settings(json_object_get(body, "settings"));
    mask_list(json_object_get(body, "sites"));
    mask_list(json_object_get(body, "destinations"));
    mask_list(json_object_get(body, "ranges"));
    mask_list(json_object_get(body, "users"));
    return body;
}

void make_bundle(struct ask *q)
{
    static const char *const none[] = { NULL };
    struct app_counts counts;
    struct fields f;
    json_t *body;

    if (!fields_read(&f, q, none, true))
        return;
    fields_done(&f);
    app_count(q->app, &counts);
    body = json_pack("{s:s, s:o, s:s, s:o, s:o, s:o}", "format", "callpark-support", "made_at",
                     show_time(clock_wall()), "version", CALLPARK_VERSION, "configuration",
                     show_config(app_config(q->app)), "counts", show_counts(&counts), "health",
                     show_health(q->app));
    (void)json_object_set_new(body, "system", show_system(q));
    (void)json_object_set_new(body, "definitions", show_definitions(q->app));
    (void)json_object_set_new(body, "events", events_latest(q->api->events, EVENTS));
    if (q->dry_run)
        (void)json_object_set_new(body, "dry_run", json_true());
    audit_act(q, "system.support_bundle", app_config(q->app)->node, "", NULL, NULL);
    q->reply.disposition = "attachment; filename=\"callpark-support.json\"";
    reply_json(q, 200, body);
}

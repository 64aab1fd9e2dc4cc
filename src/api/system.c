/* The server itself: how it is, and what may be asked of it as a whole. */
#include <stdlib.h>
#include <string.h>

#include "api/audit.h"
#include "api/events.h"
#include "api/fields.h"
#include "api/resources.h"
#include "base/text.h"
#include "sys/clock.h"

static const char *const backup_fields[] = { "path", NULL };

/* ---- status ---- */

static json_t *show_sip(struct app *a)
{
    json_t *listeners = json_array();
    struct sip_counts counts = { 0 };
    char address[96];

    for (unsigned i = 0; i < SIP_LISTEN_MAX; i++) {
        app_listener(a, i, address);
        if (address[0])
            (void)json_array_append_new(listeners, show_text(address));
    }
    app_sip_count(a, &counts);
    return json_pack("{s:o, s:o, s:i, s:i}", "listeners", listeners, "park_user",
                     show_text(app_config(a)->house.park_user), "accounts", (int)counts.accounts,
                     "registered", (int)counts.registered);
}

static json_t *show_store(struct app *a)
{
    struct app_store store;
    json_t *body = show_store_state(a);

    app_store(a, &store);
    (void)json_object_update_new(body, json_pack("{s:s, s:o, s:I, s:i}", "kind", store.kind,
                                                 "path_or_url", show_text_or_null(store.where),
                                                 "size_bytes", (json_int_t)store.bytes, "schema",
                                                 (int)store.schema));
    return body;
}

static json_t *show_http(struct ask *q)
{
    char address[96];

    http_address(app_http(q->app), address);
    return json_pack("{s:o, s:o, s:i, s:I}", "address", show_text_or_null(address), "socket",
                     show_text_or_null(app_config(q->app)->http.socket), "streams",
                     (int)http_streams(app_http(q->app)), "events",
                     (json_int_t)events_count(q->api->events));
}

static json_t *show_calls(struct app *a)
{
    struct orbits_count orbits = orbits_count(app_park(a)->orbits, 0, 0, app_now(a));
    struct calls *all = app_park(a)->calls;
    json_int_t by_state[CALL_STATES] = { 0 }, parked = 0;
    json_t *states = json_object();

    for (const struct call *c = calls_next(all, 0); c; c = calls_next(all, c->id)) {
        by_state[c->state]++;
        parked += c->has_orbit;
    }
    for (unsigned i = 1; i < CALL_STATES; i++) {
        const char *name = call_state_name((enum call_state)i);
        json_int_t before = json_integer_value(json_object_get(states, name));

        (void)json_object_set_new(states, name, json_integer(before + by_state[i]));
    }
    return json_pack("{s:I, s:o, s:{s:I, s:I, s:I}}", "parked", parked, "by_state", states,
                     "orbits", "total", (json_int_t)orbits.total, "free", (json_int_t)orbits.free,
                     "busy", (json_int_t)orbits.busy);
}

static json_t *show_media(struct app *a)
{
    struct media_counts m = { 0 };

    app_media_count(a, &m);
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "streams", (json_int_t)m.streams, "streams_room",
                     (json_int_t)m.room, "packets_out", (json_int_t)m.packets_out, "packets_in",
                     (json_int_t)m.packets_in, "packets_late", (json_int_t)m.packets_late);
}

json_t *show_system(struct ask *q)
{
    struct app *a = q->app;
    const struct app_config *config = app_config(a);
    struct app_counts counts;
    wall_msec now = clock_wall();
    json_t *body;

    app_count(a, &counts);
    body = json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:b}", "version", CALLPARK_VERSION,
                     "node", show_text(config->node), "destination", show_text(config->destination),
                     "site", show_text_or_null(config->site), "status", show_status(a),
                     "started_at", show_time(counts.started), "uptime",
                     show_seconds(now > counts.started ? now - counts.started : 0), "server_time",
                     show_time(now), "draining", app_draining(a));
    (void)json_object_set_new(body, "ranges",
                              json_integer((json_int_t)app_deployment(a)->ranges.count));
    (void)json_object_set_new(body, "calls", show_calls(a));
    (void)json_object_set_new(body, "checks", show_checks(a));
    (void)json_object_set_new(body, "store", show_store(a));
    (void)json_object_set_new(body, "sip", show_sip(a));
    (void)json_object_set_new(body, "http", show_http(q));
    (void)json_object_set_new(body, "media", show_media(a));
    (void)json_object_set_new(body, "demo", show_demo(a));
    return body;
}

void get_system(struct ask *q)
{
    reply_json(q, 200, show_system(q));
}

/* ---- acts ---- */

static void drain(struct ask *q, bool draining)
{
    json_t *body;

    if (!fields_none(q))
        return;
    if (!q->dry_run)
        app_drain(q->app, draining);
    audit_act(q, draining ? "system.drain" : "system.undrain", app_config(q->app)->node, "", NULL,
              NULL);
    body = show_system(q);
    if (q->dry_run)
        (void)json_object_set_new(body, "dry_run", json_true());
    reply_json(q, 200, body);
}

void drain_system(struct ask *q)
{
    drain(q, true);
}

void undrain_system(struct ask *q)
{
    drain(q, false);
}

void reload_system(struct ask *q)
{
    struct app_config *config;
    struct err err = { 0 };
    int failed;

    if (!fields_none(q))
        return;
    config = q->dry_run ? ask_plan(q, sizeof *config) : NULL;
    if (q->dry_run && !config)
        return;
    failed =
        q->dry_run ? config_read(config, app_config(q->app)->path, &err) : app_reload(q->app, &err);
    if (failed)
        reply_problem(q, "invalid-value", NULL, "The file was not taken, the old one holds: %s.",
                      err.text);
    if (failed)
        return;
    audit_act(q, "system.reload", app_config(q->app)->node, "", NULL, NULL);
    reply_json(q, 200, json_pack("{s:b, s:b}", "reloaded", !q->dry_run, "dry_run", q->dry_run));
}

static void backed_up(void *ask, const char *err)
{
    struct ask *q = ask;
    const char *path = q->plan;

    if (err) {
        reply_problem(q, "store-failed", NULL, "There is no backup: %s.", err);
        return;
    }
    audit_act(q, "system.backup", app_config(q->app)->node, "", NULL,
              json_pack("{s:o}", "path", show_text(path)));
    reply_json(q, 200,
               json_pack("{s:o, s:o}", "path", show_text(path), "at", show_time(clock_wall())));
}

/* The file is written by the server, so its path is one of the server's. */
void backup_system(struct ask *q)
{
    struct fields f;
    const char *path;
    char *copy;

    if (!fields_read(&f, q, backup_fields, false))
        return;
    path = fields_needed_text(&f, "path");
    if (!f.slug && (path[0] != '/' || strlen(path) >= 512 || !text_is_plain(path)))
        fields_fault(&f, "invalid-value", "path", "path is a whole path on the server: /var/...");
    if (fields_reply(&f, q))
        return;
    copy = ask_plan(q, 512);
    if (copy)
        (void)text_copy(copy, 512, path); /* its length was checked */
    fields_done(&f);
    if (!copy)
        return;
    if (q->dry_run)
        reply_json(q, 200, json_pack("{s:o, s:b}", "path", show_text(copy), "dry_run", 1));
    else
        app_backup(q->app, copy, backed_up, q);
}

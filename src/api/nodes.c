/* Who is part of the deployment beside its ranges: nodes, the peers they talk to, and the
 * certificates they show. */
#include <string.h>

#include "api/fields.h"
#include "api/resources.h"
#include "base/text.h"

const char *show_status(struct app *a)
{
    char why[ERR_TEXT_SIZE] = "";

    if (app_draining(a))
        return "draining";
    return app_store_fine(a, why) ? "ready" : "not ready";
}

static void reply_all(struct ask *q, json_t *items)
{
    reply_json(q, 200, page_with_cursor(q, items, NULL, json_array_size(items)));
}

/* One so far: a store is one node's. */
void get_nodes(struct ask *q)
{
    const struct app_config *config = app_config(q->app);
    struct app_counts counts;
    json_t *items = json_array();

    app_count(q->app, &counts);
    (void)json_array_append_new(
        items, json_pack("{s:o, s:o, s:o, s:s, s:o, s:s, s:b}", "name", show_text(config->node),
                         "destination", show_text(config->destination), "site",
                         show_text_or_null(config->site), "version", CALLPARK_VERSION, "started_at",
                         show_time(counts.started), "status", show_status(q->app), "this", 1));
    reply_all(q, items);
}

void get_peers(struct ask *q)
{
    const struct sip_config *sip = &app_config(q->app)->sip;
    json_t *items = json_array();

    for (unsigned i = 0; i < sip->trusted_count; i++)
        (void)json_array_append_new(
            items,
            json_pack("{s:o, s:s}", "network", show_text(sip->trusted[i]), "kind", "trusted"));
    if (sip->outbound[0])
        (void)json_array_append_new(
            items, json_pack("{s:o, s:s}", "uri", show_text(sip->outbound), "kind", "outbound"));
    reply_all(q, items);
}

static json_t *show_hop(struct app *a, const struct sip_hop *h)
{
    static const char *const states[] = {
        [SIP_HOP_UNKNOWN] = "unknown", [SIP_HOP_UP] = "up", [SIP_HOP_DOWN] = "down"
    };

    return json_pack(
        "{s:o, s:s, s:o, s:i, s:s, s:o, s:o, s:o, s:b}", "system", show_text(h->system),
        "transport", h->transport, "host", show_text(h->host), "port", (int)h->port, "state",
        states[h->state], "since", show_time(app_wall(a, h->since)), "last_answer",
        h->answered ? show_time(app_wall(a, h->answered)) : json_null(), "round_trip_ms",
        h->measured ? json_integer((json_int_t)h->round_trip) : json_null(), "watched",
        (int)h->watched);
}

/* The servers of other systems that requests of ours go to. */
void get_hops(struct ask *q)
{
    json_t *items = json_array();

    for (unsigned i = 0; i < SIP_HOPS_MAX; i++) {
        const struct sip_hop *h = app_hop(q->app, i);

        if (h)
            (void)json_array_append_new(items, show_hop(q->app, h));
    }
    reply_all(q, items);
}

static json_t *show_names(const char *names)
{
    json_t *list = json_array();

    for (const char *p = names; *p;) {
        size_t length = strcspn(p, ",");
        char name[FQDN_SIZE];

        (void)text_copy_n(name, sizeof name, p, length); /* is cut */
        (void)json_array_append_new(list, show_text(name));
        p += length + (p[length] != '\0');
        p += strspn(p, " ");
    }
    return list;
}

static json_t *show_certificate(const struct http_certificate *c, wall_msec now)
{
    json_int_t left = ((json_int_t)c->not_after - (json_int_t)now) / 86400000; /* msec of a day */

    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "name", "web", "subject",
                     show_text(c->subject), "issuer", show_text(c->issuer), "names",
                     show_names(c->names), "not_before", show_time(c->not_before), "not_after",
                     show_time(c->not_after), "days_left", left, "fingerprint_sha256",
                     show_text(c->fingerprint), "file", show_text(c->file));
}

/* None without TLS. */
void get_certificates(struct ask *q)
{
    json_t *items = json_array();
    struct http_certificate c;

    memset(&c, 0, sizeof c);
    if (http_certificate(app_http(q->app), &c))
        (void)json_array_append_new(items, show_certificate(&c, app_wall(q->app, app_now(q->app))));
    reply_all(q, items);
}

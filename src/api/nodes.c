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

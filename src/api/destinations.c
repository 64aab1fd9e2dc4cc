/* Destinations: pools of servers that host ranges, named by their FQDN. */
#include <stdlib.h>
#include <string.h>

#include "api/places.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/text.h"

#define DESTINATIONS "/api/v1/destinations/"

static const char *const fields[] = { "fqdn",   "service_id", "site",    "nodes", "ranges",
                                      "orbits", "in_use",     "version", NULL };

/* ---- to be read ---- */

static void add_sizes(struct app *a, const struct destination *dest, json_t *to)
{
    const struct ranges *all = &app_deployment(a)->ranges;
    bool ours = text_is_nocase(dest->fqdn, app_config(a)->destination);
    json_int_t ranges = 0, orbits = 0, busy = 0;

    for (size_t i = 0; i < all->count; i++)
        if (text_is_nocase(all->at[i].destination, dest->fqdn)) {
            ranges++;
            orbits += range_size(&all->at[i]);
        }
    if (ours)
        busy = orbits_count(app_park(a)->orbits, 0, 0, app_now(a)).busy;
    (void)json_object_set_new(to, "ranges", json_integer(ranges));
    (void)json_object_set_new(to, "orbits", json_integer(orbits));
    (void)json_object_set_new(to, "in_use", json_integer(busy));
    (void)json_object_set_new(
        to, "nodes", ours ? json_pack("[o]", show_text(app_config(a)->node)) : json_array());
}

static json_t *show_destination(struct app *a, const struct destination *dest)
{
    json_t *body = json_pack("{s:o, s:o, s:o, s:I}", "fqdn", show_text(dest->fqdn), "service_id",
                             show_text(dest->service_id), "site", show_text_or_null(dest->site),
                             "version", (json_int_t)dest->version);

    add_sizes(a, dest, body);
    return body;
}

static json_t *show_at(struct ask *q, size_t index)
{
    return show_destination(q->app, &app_deployment(q->app)->destinations[index]);
}

static bool is_seen(const struct ask *q, const struct destination *dest)
{
    const struct deployment *d = app_deployment(q->app);
    struct place_of place = place_of_destination(d, dest->fqdn);

    return rights_may_within(&q->who.rights, MAY_PLACES_READ, d, &place);
}

void get_destinations(struct ask *q)
{
    static const char *const keys[] = { "fqdn", NULL };
    const struct deployment *d = app_deployment(q->app);
    struct place_row rows[DESTINATIONS_MAX];
    size_t count = 0;
    char typed[128] = "", pattern[160], site[NAME_SIZE] = "";
    struct page page;

    if (!page_read(q, &page, keys))
        return;
    (void)http_query(q->rq, "q", typed, sizeof typed); /* not there: all of them */
    (void)http_query(q->rq, "site", site, sizeof site);
    (void)text_format(pattern, sizeof pattern, "*%s*", typed); /* fits */
    for (size_t i = 0; i < d->destination_count; i++)
        if (text_matches(d->destinations[i].fqdn, pattern) &&
            (!site[0] || text_is_nocase(d->destinations[i].site, site)) &&
            is_seen(q, &d->destinations[i]))
            rows[count++] = (struct place_row){ d->destinations[i].fqdn, i };
    places_reply(q, &page, rows, count, show_at);
}

static const struct destination *find(struct ask *q)
{
    const struct deployment *d = app_deployment(q->app);
    char fqdn[FQDN_SIZE];

    if (destination_read(d, q->part, fqdn, NULL) != 0)
        return NULL;
    return deployment_destination(d, fqdn);
}

static json_t *current(struct ask *q)
{
    const struct destination *dest = find(q);

    if (!dest)
        return NULL;
    version_etag(q, dest->version);
    return show_destination(q->app, dest);
}

const struct destination *destination_asked(struct ask *q, enum permission p)
{
    const struct destination *dest = find(q);
    struct place_of place;
    bool may;

    if (!dest) {
        reply_problem(q, "not-found", NULL, "There is no destination '%.100s'.", q->part);
        return NULL;
    }
    place = place_of_destination(app_deployment(q->app), dest->fqdn);
    may = p == MAY_PLACES_READ || p == MAY_SETTINGS_READ ? scope_within(q, p, &place)
                                                         : ask_may(q, p, &place);
    return may ? dest : NULL;
}

void get_destination(struct ask *q)
{
    if (destination_asked(q, MAY_PLACES_READ))
        reply_versioned(q, current(q));
}

/* ---- to be changed ---- */

static void read_fqdn(struct ask *q, struct fields *f, struct destination *to, bool creates)
{
    const char *text = creates ? fields_needed_text(f, "fqdn") : fields_text(f, "fqdn");
    char fqdn[FQDN_SIZE];
    struct err err;

    if (!text || f->slug)
        return;
    if (destination_read(app_deployment(q->app), text, fqdn, &err) != 0)
        fields_fault(f, "invalid-value", "fqdn", "%s.", err.text);
    else if (!creates && !text_is(fqdn, to->fqdn))
        fields_fault(f, "invalid-value", "fqdn",
                     "The name of a destination cannot change: add %s and move the ranges there.",
                     fqdn);
    else
        (void)text_copy(to->fqdn, sizeof to->fqdn, fqdn); /* the same size */
}

static void read_rest(struct fields *f, struct destination *to, bool partial)
{
    const char *service_id = fields_text(f, "service_id"), *site = fields_text(f, "site");

    if ((service_id || fields_null(f, "service_id") || !partial) &&
        !text_copy(to->service_id, sizeof to->service_id, service_id))
        fields_fault(f, "invalid-value", "service_id", "service_id is too long.");
    if ((site || fields_null(f, "site") || !partial) && !text_copy(to->site, sizeof to->site, site))
        fields_fault(f, "invalid-value", "site", "site has at most 64 characters.");
}

static void saved(struct ask *q, const struct admin_result *result)
{
    const struct admin_change *c = q->plan;
    json_t *body;

    (void)result;
    if (q->dry_run) {
        body = show_destination(q->app, &c->destination);
        (void)json_object_set_new(body, "dry_run", json_true());
        reply_json(q, 200, body);
        return;
    }
    (void)text_copy(q->part, sizeof q->part, c->destination.fqdn); /* fits */
    if (c->fresh)
        (void)text_format(q->reply.location, sizeof q->reply.location, DESTINATIONS "%s",
                          c->destination.fqdn); /* fits */
    body = current(q);                          /* sets the ETag as well */
    reply_json(q, c->fresh ? 201 : 200, body);
}

static void save(struct ask *q, struct admin_change *c, bool partial)
{
    struct place_of place = { .destination = c->fresh ? NULL : c->destination.fqdn };
    struct fields f;

    if (!fields_read(&f, q, fields, false))
        return;
    c->what = ADMIN_DESTINATION_PUT;
    read_fqdn(q, &f, &c->destination, c->fresh);
    read_rest(&f, &c->destination, partial);
    if (fields_reply(&f, q))
        return;
    fields_done(&f);
    /* Where it will be, as well as where it is. */
    place.site = c->destination.site;
    if (ask_may(q, MAY_PLACES_WRITE, &place))
        admin_make(q, c, 1, saved);
}

void post_destination(struct ask *q)
{
    struct admin_change *c = ask_plan(q, sizeof *c);

    if (!c)
        return;
    c->fresh = true;
    save(q, c, false);
}

static void change(struct ask *q, bool partial)
{
    const struct destination *dest;
    struct admin_change *c;

    q->current = current;
    dest = destination_asked(q, MAY_PLACES_WRITE);
    c = dest ? ask_plan(q, sizeof *c) : NULL;
    if (!c || !version_matches(q, dest->version, c))
        return;
    c->destination = *dest;
    save(q, c, partial);
}

void put_destination(struct ask *q)
{
    change(q, false);
}

void patch_destination(struct ask *q)
{
    change(q, true);
}

void delete_destination(struct ask *q)
{
    struct admin_change c = { .what = ADMIN_DESTINATION_REMOVE };
    const struct destination *dest;

    q->current = current;
    dest = destination_asked(q, MAY_PLACES_WRITE);
    if (!dest || !version_matches(q, dest->version, &c))
        return;
    c.destination = *dest;
    admin_make(q, &c, 1, admin_deleted);
}

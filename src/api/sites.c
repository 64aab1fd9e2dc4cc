/* Sites: places that settings can be made for. They have a name and nothing else. */
#include <stdlib.h>
#include <string.h>

#include "api/places.h"
#include "api/resources.h"
#include "api/scope.h"
#include "base/text.h"

#define SITES "/api/v1/sites/"

static const char unreserved[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
static const char *const fields[] = { "name", "version", "destinations", NULL };

/* ---- listings of few things, also used for destinations ---- */

static int by_name(const void *a, const void *b)
{
    return text_compare_nocase(((const struct place_row *)a)->name,
                               ((const struct place_row *)b)->name);
}

void places_reply(struct ask *q, const struct page *page, struct place_row *rows, size_t count,
                  json_t *(*show)(struct ask *q, size_t index))
{
    json_t *items = json_array();

    qsort(rows, count, sizeof *rows, by_name);
    for (size_t i = page->offset; i < count && i - page->offset < page->limit; i++)
        (void)json_array_append_new(items,
                                    show(q, rows[page->descending ? count - 1 - i : i].index));
    reply_json(q, 200, page_json(q, page, items, count));
}

static json_t *show_site(const struct deployment *d, const struct site *s)
{
    json_t *destinations = json_array();

    for (size_t i = 0; i < d->destination_count; i++)
        if (text_is_nocase(d->destinations[i].site, s->name))
            (void)json_array_append_new(destinations, show_text(d->destinations[i].fqdn));
    return json_pack("{s:o, s:o, s:I}", "name", show_text(s->name), "destinations", destinations,
                     "version", (json_int_t)s->version);
}

static json_t *show_at(struct ask *q, size_t index)
{
    const struct deployment *d = app_deployment(q->app);

    return show_site(d, &d->sites[index]);
}

void get_sites(struct ask *q)
{
    static const char *const keys[] = { "name", NULL };
    const struct deployment *d = app_deployment(q->app);
    struct place_row rows[SITES_MAX];
    size_t count = 0;
    char typed[128] = "", pattern[160];
    struct page page;

    if (!page_read(q, &page, keys))
        return;
    (void)http_query(q->rq, "q", typed, sizeof typed);         /* not there: all of them */
    (void)text_format(pattern, sizeof pattern, "*%s*", typed); /* fits */
    for (size_t i = 0; i < d->site_count; i++)
        if (text_matches(d->sites[i].name, pattern) &&
            rights_may_within(&q->who.rights, MAY_PLACES_READ, d,
                              &(struct place_of){ .site = d->sites[i].name }))
            rows[count++] = (struct place_row){ d->sites[i].name, i };
    places_reply(q, &page, rows, count, show_at);
}

/* ---- one ---- */

static json_t *current(struct ask *q)
{
    const struct deployment *d = app_deployment(q->app);
    const struct site *s = deployment_site(d, q->part);

    if (!s)
        return NULL;
    version_etag(q, s->version);
    return show_site(d, s);
}

const struct site *site_asked(struct ask *q, enum permission p)
{
    const struct site *s = deployment_site(app_deployment(q->app), q->part);
    struct place_of place;
    bool may;

    if (!s) {
        reply_problem(q, "not-found", NULL, "There is no site '%.100s'.", q->part);
        return NULL;
    }
    place = (struct place_of){ .site = s->name };
    may = p == MAY_PLACES_READ || p == MAY_SETTINGS_READ ? scope_within(q, p, &place)
                                                         : ask_may(q, p, &place);
    return may ? s : NULL;
}

void get_site(struct ask *q)
{
    if (site_asked(q, MAY_PLACES_READ))
        reply_versioned(q, current(q));
}

/* A name may hold what an address may not (RFC 3986 2.1). */
static void put_location(struct ask *q)
{
    char *to = q->reply.location;
    size_t size = sizeof q->reply.location;

    (void)text_copy(to, size, SITES);
    for (const char *p = q->part; *p; p++)
        if (!text_append(to, size, strchr(unreserved, *p) ? "%c" : "%%%02X", (unsigned char)*p)) {
            to[0] = '\0'; /* half of it would lead elsewhere */
            return;
        }
}

static void made(struct ask *q, const struct admin_result *result)
{
    (void)result;
    if (q->dry_run) {
        reply_json(q, 200, json_pack("{s:o, s:b}", "name", show_text(q->part), "dry_run", 1));
        return;
    }
    put_location(q);
    reply_json(q, 201, current(q));
}

void post_site(struct ask *q)
{
    struct admin_change c = { .what = ADMIN_SITE_PUT, .fresh = true };
    struct fields f;
    const char *name;

    if (!fields_read(&f, q, fields, false))
        return;
    name = fields_needed_text(&f, "name");
    if (!f.slug && !text_trim(c.site.name, sizeof c.site.name, name))
        fields_fault(&f, "invalid-name", "name", "A name has at most 64 characters.");
    if (fields_reply(&f, q))
        return;
    fields_done(&f);
    (void)text_copy(q->part, sizeof q->part, c.site.name); /* fits */
    /* One that nobody's role can hold at yet. */
    if (ask_may(q, MAY_PLACES_WRITE, NULL))
        admin_make(q, &c, 1, made);
}

void delete_site(struct ask *q)
{
    struct admin_change c = { .what = ADMIN_SITE_REMOVE };
    const struct site *s;

    q->current = current;
    s = site_asked(q, MAY_PLACES_WRITE);
    if (!s || !version_matches(q, s->version, &c))
        return;
    c.site = *s;
    admin_make(q, &c, 1, admin_deleted);
}

/* Sites and destinations of a document. */
#include <string.h>

#include "api/definitions.h"
#include "base/text.h"

static const char *const site_fields[] = { "name", "settings", NULL };
static const char *const destination_fields[] = { "fqdn", "service_id", "site", "settings", NULL };

static void plan_site(struct plan *p, struct fields *item)
{
    const char *name = fields_needed_text(item, "name");
    const struct site *now = deployment_site(p->now, name);
    struct scope scope = { .kind = SCOPE_SITE };
    struct admin_change *c;
    struct site wish = { 0 };
    char words[NAME_SIZE + 8];

    if (item->slug)
        return;
    if (!text_trim(wish.name, sizeof wish.name, now ? now->name : name)) {
        fields_fault(item, "invalid-name", "name", "A name has at most 64 characters.");
        return;
    }
    if (!now) {
        c = plan_add(p, ADMIN_SITE_PUT);
        if (!c)
            return;
        c->fresh = true;
        c->site = wish;
        plan_show(p, "create", "site", wish.name, NULL,
                  json_pack("{s:o}", "name", show_text(name)));
    }
    (void)text_copy(scope.name, sizeof scope.name, wish.name);    /* fits */
    (void)text_format(words, sizeof words, "site:%s", wish.name); /* fits */
    plan_settings(p, item, &scope, now ? &now->settings : NULL, "settings", words);
}

/* What is not said is left as it is. */
static void read_destination(struct fields *item, const struct destination *now,
                             struct destination *wish)
{
    const char *service_id = fields_text(item, "service_id"), *site = fields_text(item, "site");

    if (now)
        *wish = *now;
    if (service_id && !text_copy(wish->service_id, sizeof wish->service_id, service_id))
        fields_fault(item, "invalid-value", "service_id", "service_id is too long.");
    if ((site || fields_null(item, "site")) && !text_copy(wish->site, sizeof wish->site, site))
        fields_fault(item, "invalid-value", "site", "site has at most 64 characters.");
}

static json_t *without_settings(json_t *thing)
{
    (void)json_object_del(thing, "settings");
    return thing;
}

static void plan_destination(struct plan *p, struct fields *item)
{
    const char *text = fields_needed_text(item, "fqdn");
    struct scope scope = { .kind = SCOPE_DESTINATION };
    struct destination wish = { 0 };
    const struct destination *now;
    struct admin_change *c;
    char fqdn[FQDN_SIZE], words[FQDN_SIZE + 16];
    struct err err;

    if (!item->slug && destination_read(p->now, text, fqdn, &err) != 0)
        fields_fault(item, "invalid-value", "fqdn", "%s.", err.text);
    if (item->slug)
        return;
    now = deployment_destination(p->now, fqdn);
    read_destination(item, now, &wish);
    (void)text_copy(wish.fqdn, sizeof wish.fqdn, fqdn); /* the same size */
    if (item->slug)
        return;
    if (!now || (plan_changes_existing(p) && (!text_is(now->service_id, wish.service_id) ||
                                              !text_is_nocase(now->site, wish.site)))) {
        c = plan_add(p, ADMIN_DESTINATION_PUT);
        if (!c)
            return;
        c->fresh = !now;
        c->destination = wish;
        plan_show(p, now ? "update" : "create", "destination", fqdn,
                  now ? without_settings(definitions_destination(now)) : NULL,
                  without_settings(definitions_destination(&wish)));
    }
    (void)text_copy(scope.name, sizeof scope.name, fqdn);           /* fits */
    (void)text_format(words, sizeof words, "destination:%s", fqdn); /* fits */
    plan_settings(p, item, &scope, now ? &now->settings : NULL, "settings", words);
}

void plan_places(struct plan *p, struct fields *f)
{
    struct plan_items items;
    struct fields item;

    if (plan_items(f, "sites", site_fields, &items))
        while (plan_next(&items, &item)) {
            if (!item.slug)
                plan_site(p, &item);
            plan_back(&items, &item);
        }
    if (!f->slug && plan_items(f, "destinations", destination_fields, &items))
        while (plan_next(&items, &item)) {
            if (!item.slug)
                plan_destination(p, &item);
            plan_back(&items, &item);
        }
}

/* ---- what the document does not name ---- */

static bool is_named(json_t *list, const char *member, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *said = json_string_value(json_object_get(json_array_get(list, i), member));

        if (text_is_nocase(said, name))
            return true;
    }
    return false;
}

static bool is_named_destination(struct plan *p, json_t *list, const char *fqdn)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *said = json_string_value(json_object_get(json_array_get(list, i), "fqdn"));
        char read[FQDN_SIZE];

        if (said && destination_read(p->now, said, read, NULL) == 0 && text_is(read, fqdn))
            return true;
    }
    return false;
}

static void note_stays(struct plan *p, const char *what, const char *name)
{
    char words[NAME_SIZE + FQDN_SIZE + 64];

    (void)text_format(words, sizeof words, "the %s %s stays: it is that of this node itself", what,
                      name); /* fits */
    (void)json_array_append_new(p->notes, show_text(words));
}

static void prune_destinations(struct plan *p, json_t *list)
{
    for (size_t i = 0; i < p->now->destination_count; i++) {
        const struct destination *d = &p->now->destinations[i];
        struct admin_change *c;

        if (is_named_destination(p, list, d->fqdn))
            continue;
        if (text_is_nocase(d->fqdn, app_config(p->app)->destination)) {
            note_stays(p, "destination", d->fqdn);
            continue;
        }
        c = plan_add(p, ADMIN_DESTINATION_REMOVE);
        if (!c)
            return;
        c->destination = *d;
        plan_show(p, "delete", "destination", d->fqdn, definitions_destination(d), NULL);
    }
}

static void prune_sites(struct plan *p, json_t *list)
{
    for (size_t i = 0; i < p->now->site_count; i++) {
        const struct site *s = &p->now->sites[i];
        struct admin_change *c;

        if (is_named(list, "name", s->name))
            continue;
        if (text_is_nocase(s->name, app_config(p->app)->site)) {
            note_stays(p, "site", s->name);
            continue;
        }
        c = plan_add(p, ADMIN_SITE_REMOVE);
        if (!c)
            return;
        c->site = *s;
        plan_show(p, "delete", "site", s->name, definitions_site(s), NULL);
    }
}

void plan_places_gone(struct plan *p, struct fields *f)
{
    json_t *destinations = json_object_get(f->json, "destinations");
    json_t *sites = json_object_get(f->json, "sites");

    if (p->prune && json_is_array(destinations))
        prune_destinations(p, destinations);
    if (p->prune && json_is_array(sites))
        prune_sites(p, sites);
}

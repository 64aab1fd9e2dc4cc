/* The tables as a document. Ids, versions and sizes are not in it: they belong to this deployment.
 */
#include <sodium.h>
#include <string.h>

#include "api/definitions.h"
#include "api/places.h"
#include "base/text.h"
#include "sys/clock.h"

json_t *definitions_settings(const struct settings *s)
{
    json_t *body = json_object();

    for (unsigned i = 0; s && i < SETTING_KEYS; i++)
        if (s->set & UINT32_C(1) << i)
            (void)json_object_set_new(body, setting_info((enum setting_key)i)->name,
                                      settings_show_value(&s->values, (enum setting_key)i));
    return body;
}

json_t *definitions_site(const struct site *s)
{
    return json_pack("{s:o, s:o}", "name", show_text(s->name), "settings",
                     definitions_settings(&s->settings));
}

json_t *definitions_destination(const struct destination *d)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "fqdn", show_text(d->fqdn), "service_id",
                     show_text(d->service_id), "site", show_text_or_null(d->site), "settings",
                     definitions_settings(&d->settings));
}

json_t *definitions_range(const struct deployment *d, const struct range *r)
{
    struct scope scope = { .kind = SCOPE_RANGE, .range = r->id };

    return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:s, s:o}", "name", show_text(r->name),
                     "start", show_number(r->first), "end", show_number(r->last), "destination",
                     show_text(r->destination), "type", range_type_name(r->type), "park_number",
                     show_text_or_null(r->park_number), "state", range_state_name(r->state),
                     "settings",
                     definitions_settings(r->id ? deployment_settings(d, &scope) : NULL));
}

json_t *definitions_scope(const struct deployment *d, const struct scope *s)
{
    const struct range *r;
    char text[FQDN_SIZE + NAME_SIZE + 16] = "all";

    switch (s->kind) {
    case SCOPE_SITE:
        (void)text_format(text, sizeof text, "site:%s", s->name); /* fits */
        break;
    case SCOPE_DESTINATION:
        (void)text_format(text, sizeof text, "destination:%s", s->name); /* fits */
        break;
    case SCOPE_RANGE:
        r = ranges_by_id(&d->ranges, s->range);
        (void)text_format(text, sizeof text, "range:%s", r ? r->name : s->name); /* fits */
        break;
    case SCOPE_GLOBAL:
        break;
    }
    return show_text(text);
}

json_t *definitions_user(const struct deployment *d, const struct access *a, const struct user *u,
                         bool secrets)
{
    json_t *roles = json_array();
    json_t *body = json_pack("{s:o, s:o, s:b}", "name", show_text(u->name), "phone",
                             show_text_or_null(u->phone), "disabled", u->disabled);

    for (size_t i = 0; i < a->binding_count; i++)
        if (text_is(a->bindings[i].user, u->name))
            (void)json_array_append_new(
                roles, json_pack("{s:s, s:o}", "role", role_name(a->bindings[i].role), "scope",
                                 definitions_scope(d, &a->bindings[i].scope)));
    (void)json_object_set_new(body, "roles", roles);
    if (secrets && u->password[0])
        (void)json_object_set_new(body, "password_hash", show_text(u->password));
    return body;
}

json_t *definitions_token(const struct access_token *t)
{
    char hex[2 * SECRET_HASH_SIZE + 1];
    json_t *permissions = t->permissions == PERMISSION_ALL ? json_null() : json_array();

    for (unsigned i = 0; json_is_array(permissions) && i < PERMISSIONS; i++)
        if (t->permissions & UINT32_C(1) << i)
            (void)json_array_append_new(permissions,
                                        json_string(permission_name((enum permission)i)));
    (void)sodium_bin2hex(hex, sizeof hex, t->hash, sizeof t->hash);
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o}", "name", show_text(t->name), "user",
                     show_text(t->user), "hash", hex, "permissions", permissions, "networks",
                     show_text(t->networks), "expires_at", show_time(t->expires_at));
}

static void add_people(const struct deployment *d, const struct access *a, bool secrets, json_t *to)
{
    json_t *users = json_array(), *tokens = json_array();

    for (size_t i = 0; i < a->user_count; i++)
        (void)json_array_append_new(users, definitions_user(d, a, &a->users[i], secrets));
    for (size_t i = 0; secrets && i < a->token_count; i++)
        (void)json_array_append_new(tokens, definitions_token(&a->tokens[i]));
    (void)json_object_set_new(to, "users", users);
    if (secrets)
        (void)json_object_set_new(to, "tokens", tokens);
    else
        json_decref(tokens);
}

json_t *definitions_document(const struct deployment *d, const struct access *a, const char *node,
                             bool secrets)
{
    json_t *sites = json_array(), *destinations = json_array(), *ranges = json_array();
    json_t *body = json_pack("{s:s, s:i, s:o, s:o}", "format", DEFINITIONS_FORMAT, "version",
                             DEFINITIONS_VERSION, "exported_at", show_time(clock_wall()), "node",
                             show_text(node));

    for (size_t i = 0; i < d->site_count; i++)
        (void)json_array_append_new(sites, definitions_site(&d->sites[i]));
    for (size_t i = 0; i < d->destination_count; i++)
        (void)json_array_append_new(destinations, definitions_destination(&d->destinations[i]));
    for (size_t i = 0; i < d->ranges.count; i++)
        (void)json_array_append_new(ranges, definitions_range(d, &d->ranges.at[i]));
    (void)json_object_set_new(body, "sites", sites);
    (void)json_object_set_new(body, "destinations", destinations);
    (void)json_object_set_new(body, "ranges", ranges);
    (void)json_object_set_new(body, "settings", definitions_settings(&d->global));
    add_people(d, a, secrets, body);
    return body;
}

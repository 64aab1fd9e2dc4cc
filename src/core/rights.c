/* What somebody may do, and where: the words of permissions and roles, and how the grants of a
 * user are judged against a place. */
#include <string.h>

#include "base/text.h"
#include "core/access.h"

static const char *const permission_names[PERMISSIONS] = {
    [MAY_RANGES_READ] = "ranges.read",
    [MAY_RANGES_WRITE] = "ranges.write",
    [MAY_PLACES_READ] = "destinations.read",
    [MAY_PLACES_WRITE] = "destinations.write",
    [MAY_SETTINGS_READ] = "settings.read",
    [MAY_SETTINGS_WRITE] = "settings.write",
    [MAY_CALLS_READ] = "calls.read",
    [MAY_CALLS_READ_PII] = "calls.read.pii",
    [MAY_CALLS_RETRIEVE] = "calls.retrieve",
    [MAY_CALLS_RINGBACK] = "calls.ringback",
    [MAY_CALLS_EXTEND] = "calls.extend",
    [MAY_CALLS_TRANSFER] = "calls.transfer",
    [MAY_CALLS_HANGUP] = "calls.hangup",
    [MAY_CALLS_NOTE] = "calls.note",
    [MAY_RECORDS_READ] = "records.read",
    [MAY_AUDIT_READ] = "audit.read",
    [MAY_USERS_READ] = "users.read",
    [MAY_USERS_WRITE] = "users.write",
    [MAY_SYSTEM_READ] = "system.read",
    [MAY_SYSTEM_WRITE] = "system.write",
    [MAY_SYSTEM_BACKUP] = "system.backup",
    [MAY_DEFINITIONS_READ] = "definitions.read",
    [MAY_DEFINITIONS_WRITE] = "definitions.write",
    [MAY_METRICS_READ] = "metrics.read",
    [MAY_CALLS_PARK] = "calls.park",
    [MAY_CALLS_WATCH] = "calls.watch",
    [MAY_CALLS_CONTROL] = "calls.control",
};

const char *permission_name(enum permission p)
{
    return p < PERMISSIONS ? permission_names[p] : "?";
}

bool permission_find(const char *name, enum permission *out)
{
    for (unsigned i = 0; i < PERMISSIONS; i++)
        if (text_is(name, permission_names[i])) {
            *out = (enum permission)i;
            return true;
        }
    return false;
}

#define MAY(p) (UINT32_C(1) << MAY_##p)
#define CALL_ACTS                                                                                  \
    (MAY(CALLS_RETRIEVE) | MAY(CALLS_RINGBACK) | MAY(CALLS_EXTEND) | MAY(CALLS_TRANSFER) |         \
     MAY(CALLS_HANGUP) | MAY(CALLS_NOTE) | MAY(CALLS_PARK) | MAY(CALLS_CONTROL))
#define READS                                                                                      \
    (MAY(RANGES_READ) | MAY(PLACES_READ) | MAY(SETTINGS_READ) | MAY(CALLS_READ) |                  \
     MAY(CALLS_WATCH) | MAY(RECORDS_READ) | MAY(AUDIT_READ) | MAY(SYSTEM_READ) |                   \
     MAY(METRICS_READ))

static const struct {
    const char *name;
    permission_set may;
} roles[ROLES] = {
    [ROLE_ADMINISTRATOR] = { "administrator", PERMISSION_ALL },
    [ROLE_VOICE_ADMINISTRATOR] = { "voice-administrator",
                                   READS | MAY(RANGES_WRITE) | MAY(PLACES_WRITE) |
                                       MAY(SETTINGS_WRITE) | MAY(CALLS_READ_PII) | CALL_ACTS },
    [ROLE_VIEWER] = { "viewer", READS | MAY(USERS_READ) },
    [ROLE_ATTENDANT] = { "attendant",
                         MAY(CALLS_READ) | MAY(CALLS_READ_PII) | MAY(CALLS_WATCH) | CALL_ACTS },
};

const char *role_name(enum role role)
{
    return role < ROLES ? roles[role].name : "?";
}

bool role_find(const char *name, enum role *out)
{
    for (unsigned i = 0; i < ROLES; i++)
        if (text_is(name, roles[i].name)) {
            *out = (enum role)i;
            return true;
        }
    return false;
}

permission_set role_permissions(enum role role)
{
    return role < ROLES ? roles[role].may : 0;
}

/* ---- rights ---- */

void rights_all(struct rights *r)
{
    memset(r, 0, sizeof *r);
    r->grant[0].may = PERMISSION_ALL;
    r->count = 1;
}

void rights_of_user(const struct access *a, const char *user, struct rights *r)
{
    const struct user *u = access_user(a, user);

    memset(r, 0, sizeof *r);
    if (!u || u->disabled)
        return;
    for (size_t i = 0; i < a->binding_count && r->count < GRANTS_MAX; i++) {
        const struct binding *b = &a->bindings[i];

        if (text_is_nocase(b->user, user))
            r->grant[r->count++] = (struct grant){ role_permissions(b->role), b->scope };
    }
}

void rights_limit(struct rights *r, permission_set to)
{
    for (size_t i = 0; i < r->count; i++)
        r->grant[i].may &= to;
}

static bool covers(const struct scope *s, const struct place_of *where)
{
    switch (s->kind) {
    case SCOPE_GLOBAL:
        return true;
    case SCOPE_SITE:
        return where->site && where->site[0] && text_is_nocase(s->name, where->site);
    case SCOPE_DESTINATION:
        return where->destination && where->destination[0] &&
               text_is_nocase(s->name, where->destination);
    case SCOPE_RANGE:
        return where->range && s->range == where->range;
    }
    return false;
}

bool rights_may(const struct rights *r, enum permission p, const struct place_of *where)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->grant[i].may & UINT32_C(1) << p && covers(&r->grant[i].where, where))
            return true;
    return false;
}

/* Is the place `inner` the place `outer` or a part of it? */
static bool lies_in(const struct place_of *inner, const struct place_of *outer)
{
    if (outer->range)
        return inner->range == outer->range;
    if (outer->destination && *outer->destination)
        return text_is_nocase(outer->destination, inner->destination);
    if (outer->site && *outer->site)
        return text_is_nocase(outer->site, inner->site);
    return true;
}

bool rights_may_within(const struct rights *r, enum permission p, const struct deployment *d,
                       const struct place_of *where)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct grant *g = &r->grant[i];
        struct place_of mine = place_of_scope(d, &g->where);

        if (g->may & UINT32_C(1) << p && (covers(&g->where, where) || lies_in(&mine, where)))
            return true;
    }
    return false;
}

bool rights_may_somewhere(const struct rights *r, enum permission p)
{
    return (rights_union(r) & UINT32_C(1) << p) != 0;
}

permission_set rights_union(const struct rights *r)
{
    permission_set all = 0;

    for (size_t i = 0; i < r->count; i++)
        all |= r->grant[i].may;
    return all;
}

/* ---- places ---- */

struct place_of place_of_destination(const struct deployment *d, const char *fqdn)
{
    const struct destination *dest = deployment_destination(d, fqdn);

    return (struct place_of){ .destination = fqdn, .site = dest ? dest->site : NULL };
}

struct place_of place_of_range(const struct deployment *d, const struct range *r)
{
    struct place_of place = place_of_destination(d, r->destination);

    place.range = r->id;
    return place;
}

struct place_of place_of_scope(const struct deployment *d, const struct scope *s)
{
    const struct range *r;

    switch (s->kind) {
    case SCOPE_SITE:
        return (struct place_of){ .site = s->name };
    case SCOPE_DESTINATION:
        return place_of_destination(d, s->name);
    case SCOPE_RANGE:
        r = ranges_by_id(&d->ranges, s->range);
        return r ? place_of_range(d, r) : (struct place_of){ .range = s->range };
    case SCOPE_GLOBAL:
        break;
    }
    return (struct place_of){ 0 };
}

bool scope_exists(const struct deployment *d, const struct scope *s)
{
    switch (s->kind) {
    case SCOPE_GLOBAL:
        return true;
    case SCOPE_SITE:
        return deployment_site(d, s->name) != NULL;
    case SCOPE_DESTINATION:
        return deployment_destination(d, s->name) != NULL;
    case SCOPE_RANGE:
        return ranges_by_id(&d->ranges, s->range) != NULL;
    }
    return false;
}

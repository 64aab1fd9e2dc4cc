/* Places: where a call is, and how far a role reaches. */
#include "api/scope.h"

#include "api/auth.h"
#include "base/text.h"

struct place_of scope_of_call(struct app *a, range_id range)
{
    const struct deployment *d = app_deployment(a);
    const struct range *r = range ? ranges_by_id(&d->ranges, range) : NULL;
    struct place_of place;

    if (r)
        return place_of_range(d, r);
    place = place_of_destination(d, app_config(a)->destination);
    place.range = range;
    return place;
}

bool scope_within(struct ask *q, enum permission p, const struct place_of *where)
{
    return rights_may_within(&q->who.rights, p, app_deployment(q->app), where) ||
           ask_may(q, p, where);
}

bool scope_numbers(struct app *a, const struct rights *r, range_id range)
{
    struct place_of place = scope_of_call(a, range);

    return rights_may(r, MAY_CALLS_READ_PII, &place);
}

size_t scope_list(const struct rights *r, enum permission p, struct scope to[GRANTS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < r->count; i++) {
        if (!(r->grant[i].may & (permission_set)1 << p))
            continue;
        if (r->grant[i].where.kind == SCOPE_GLOBAL)
            return 0;
        to[count++] = r->grant[i].where;
    }
    return count;
}

void scope_read_role(struct ask *q, struct fields *f, const char *role, const char *scope,
                     struct binding *to)
{
    char shown[64];
    struct err err;

    if (role && !role_find(role, &to->role))
        fields_fault(f, "invalid-value", "role",
                     "role cannot be '%s': use administrator, voice-administrator, viewer or "
                     "attendant.",
                     text_shown(shown, sizeof shown, role));
    if (scope_text_read(app_deployment(q->app), scope ? scope : "all", &to->scope, &err) != 0)
        fields_fault(f, "invalid-value", "scope", "%s.", err.text);
}

/* What each kind of change may do: versions, rules, and the calls that stand in its way. */
#include <errno.h>
#include <string.h>

#include "app/admin.h"
#include "base/text.h"

enum admin_status admin_missing(struct admin_result *result, const char *what, const char *name)
{
    (void)err_set(&result->err, -ENOENT, "there is no %s '%.100s'", what, name);
    return ADMIN_NOT_FOUND;
}

enum admin_status admin_check_version(const struct admin_change *c, uint32_t present,
                                      struct admin_result *result)
{
    if (!c->check_version || c->version == present)
        return ADMIN_DONE;
    (void)err_set(&result->err, -ESTALE,
                  "it was changed in the meantime: version %u was asked for, version %u is there",
                  c->version, present);
    return ADMIN_VERSION;
}

bool admin_keeps(const struct app *a, const struct admin_change *c, number_key number)
{
    if (c->what != ADMIN_RANGE_PUT)
        return false;
    return c->range.type == RANGE_CALL_PARK && range_holds(&c->range, number) &&
           text_is(c->range.destination, a->config.destination);
}

/* The calls in `old` that would lose their place. */
static void count_calls(struct app *a, const struct admin_change *c, const struct range *old,
                        struct admin_result *result)
{
    result->call_count = 0;
    for (const struct call *call = calls_next(a->park.calls, 0); call;
         call = calls_next(a->park.calls, call->id)) {
        if (!call->has_orbit || !range_holds(old, call->orbit) || admin_keeps(a, c, call->orbit))
            continue;
        if (result->call_count < sizeof(result->calls) / sizeof(result->calls[0]))
            result->calls[result->call_count] = call->id;
        result->call_count++;
    }
}

static enum admin_status in_use(struct admin_result *result, const struct range *old)
{
    (void)err_set(
        &result->err, -EBUSY,
        "%zu call%s parked in %s: choose drain (no new calls, the change is complete when "
        "the last one has left) or force (each is rung back at once)",
        result->call_count, result->call_count == 1 ? " is" : "s are", old->name);
    return ADMIN_IN_USE;
}

static enum admin_status try_existing(struct app *a, struct admin_change *c,
                                      const struct range *old, struct admin_result *result)
{
    enum admin_status status = admin_check_version(c, old->version, result);

    if (status != ADMIN_DONE)
        return status;
    count_calls(a, c, old, result);
    if (c->range.type != old->type &&
        orbits_count(a->park.orbits, old->first, old->last, a->now).busy) {
        result->verdict.fault = RANGE_TYPE_IN_USE;
        result->verdict.pointer = "/type";
        (void)err_set(&result->err, -EBUSY,
                      "calls are parked in %s: its type can be changed when they have left",
                      old->name);
        return ADMIN_IN_USE;
    }
    if (result->call_count && c->mode == MODE_REFUSE)
        return in_use(result, old);
    c->range.version = old->version + 1;
    return ADMIN_DONE;
}

static enum admin_status try_range(struct app *a, struct admin_change *c,
                                   struct admin_result *result)
{
    const struct range *old = c->range.id ? ranges_by_id(&a->draft->ranges, c->range.id) : NULL;

    if (c->range.id && !old)
        return admin_missing(result, "range", c->range.name);
    if (old) {
        enum admin_status status = try_existing(a, c, old, result);

        if (status != ADMIN_DONE)
            return status;
    }
    result->verdict = deployment_check_range(a->draft, &c->range, &result->err);
    if (result->verdict.fault != RANGE_FINE)
        return ADMIN_INVALID;
    if (!old) {
        c->range.id = ++a->last_range;
        c->range.version = 1;
    }
    ranges_put(&a->draft->ranges, &c->range);
    if (!result->range)
        result->range = c->range.id;
    return ADMIN_DONE;
}

/* Draining is a change of its state: the range goes when it is empty. */
static enum admin_status drain(struct app *a, struct admin_change *c, const struct range *old,
                               struct admin_result *result)
{
    c->what = ADMIN_RANGE_PUT;
    c->range = *old;
    c->range.state = RANGE_DRAINING;
    c->range.version = old->version + 1;
    ranges_put(&a->draft->ranges, &c->range);
    result->drains = true;
    result->range = c->range.id;
    return ADMIN_DONE;
}

static enum admin_status try_range_remove(struct app *a, struct admin_change *c,
                                          struct admin_result *result)
{
    const struct range *old = ranges_by_id(&a->draft->ranges, c->range.id);
    enum admin_status status;

    if (!old)
        return admin_missing(result, "range", c->range.name);
    status = admin_check_version(c, old->version, result);
    if (status != ADMIN_DONE)
        return status;
    count_calls(a, c, old, result);
    if (result->call_count && c->mode == MODE_REFUSE)
        return in_use(result, old);
    if (result->call_count && c->mode == MODE_DRAIN)
        return drain(a, c, old, result);
    result->range = c->range.id;
    (void)ranges_remove(&a->draft->ranges, c->range.id);
    return ADMIN_DONE;
}

static enum admin_status invalid(const struct err *err)
{
    return err->code == -EBUSY    ? ADMIN_IN_USE
           : err->code == -ENOENT ? ADMIN_NOT_FOUND
                                  : ADMIN_INVALID;
}

enum admin_status admin_exists(struct admin_result *result, const char *what, const char *name)
{
    (void)err_set(&result->err, -EEXIST, "there is a %s '%.100s' already", what, name);
    return ADMIN_EXISTS;
}

static enum admin_status try_destination(struct app *a, struct admin_change *c,
                                         struct admin_result *result)
{
    const struct destination *old = deployment_destination(a->draft, c->destination.fqdn);
    enum admin_status status = ADMIN_DONE;

    if (old && c->fresh)
        return admin_exists(result, "destination", c->destination.fqdn);
    if (old)
        status = admin_check_version(c, old->version, result);
    if (status != ADMIN_DONE)
        return status;
    if (old)
        c->destination.settings = old->settings;
    c->destination.version = old ? old->version + 1 : 1;
    if (deployment_put_destination(a->draft, &c->destination, &result->err))
        return invalid(&result->err);
    return ADMIN_DONE;
}

static enum admin_status try_destination_remove(struct app *a, struct admin_change *c,
                                                struct admin_result *result)
{
    if (text_is_nocase(c->destination.fqdn, a->config.destination)) {
        (void)err_set(&result->err, -EBUSY, "'%.100s' is the destination of this node itself",
                      c->destination.fqdn);
        return ADMIN_IN_USE;
    }
    if (deployment_remove_destination(a->draft, c->destination.fqdn, &result->err))
        return invalid(&result->err);
    return ADMIN_DONE;
}

static enum admin_status try_site(struct app *a, struct admin_change *c,
                                  struct admin_result *result)
{
    const struct site *old = deployment_site(a->draft, c->site.name);
    enum admin_status status = ADMIN_DONE;

    if (old && c->fresh)
        return admin_exists(result, "site", c->site.name);
    if (old)
        status = admin_check_version(c, old->version, result);
    if (status != ADMIN_DONE)
        return status;
    if (old)
        c->site.settings = old->settings;
    c->site.version = old ? old->version + 1 : 1;
    if (deployment_put_site(a->draft, &c->site, &result->err))
        return invalid(&result->err);
    return ADMIN_DONE;
}

static enum admin_status try_site_remove(struct app *a, struct admin_change *c,
                                         struct admin_result *result)
{
    if (text_is_nocase(c->site.name, a->config.site)) {
        (void)err_set(&result->err, -EBUSY, "'%.100s' is the site of this node itself",
                      c->site.name);
        return ADMIN_IN_USE;
    }
    if (deployment_remove_site(a->draft, c->site.name, &result->err))
        return invalid(&result->err);
    return ADMIN_DONE;
}

static enum admin_status check_range_rules(struct app *a, const struct range *r,
                                           struct admin_result *result)
{
    struct rules rules;

    deployment_rules(a->draft, r->destination, r->id, &rules, NULL);
    if (rules_check(&rules, &result->err) == 0)
        return ADMIN_DONE;
    (void)err_prefix(&result->err, "range %.64s: ", r->name);
    return ADMIN_INVALID;
}

/* What holds in every range must hold together, wherever the single settings come from. Settings of
 * one range concern no other. */
static enum admin_status check_rules(struct app *a, const struct scope *changed,
                                     struct admin_result *result)
{
    const struct range *own =
        changed->kind == SCOPE_RANGE ? ranges_by_id(&a->draft->ranges, changed->range) : NULL;
    enum admin_status status = ADMIN_DONE;
    struct rules rules;

    if (own)
        return check_range_rules(a, own, result);
    for (size_t i = 0; i < a->draft->destination_count; i++) {
        const char *fqdn = a->draft->destinations[i].fqdn;

        deployment_rules(a->draft, fqdn, 0, &rules, NULL);
        if (rules_check(&rules, &result->err))
            return ADMIN_INVALID;
    }
    for (size_t i = 0; i < a->draft->ranges.count && status == ADMIN_DONE; i++)
        status = check_range_rules(a, &a->draft->ranges.at[i], result);
    return status;
}

/* A hash that was named before may stay, lost or not: else nothing of that scope could be changed.
 */
static bool music_known(const struct app *a, const struct settings *now,
                        const struct settings *wanted)
{
    const char *music = wanted->values.music;

    return !*music || text_is(music, now->values.music) || app_music_file(a, music);
}

void admin_resolve(const struct app *a, struct scope *scope)
{
    const struct range *r = NULL;

    if (scope->kind == SCOPE_RANGE && !scope->range)
        r = ranges_by_name(&a->draft->ranges, scope->name);
    if (!r)
        return;
    scope->range = r->id;
    scope->name[0] = '\0';
}

static enum admin_status try_settings(struct app *a, struct admin_change *c,
                                      struct admin_result *result)
{
    struct settings *mine;
    enum admin_status status;

    admin_resolve(a, &c->scope);
    mine = deployment_settings_edit(a->draft, &c->scope);
    if (!mine)
        return admin_missing(result, "such scope", c->scope.name);
    status = admin_check_version(c, mine->version, result);
    if (status != ADMIN_DONE)
        return status;
    if (!music_known(a, mine, &c->settings)) {
        result->verdict.pointer = "/music";
        (void)err_set(&result->err, -ENOENT,
                      "there is no music file %.12s... in the store: upload it with callparkctl "
                      "music set FILE, or with PUT /api/v1/music/...",
                      c->settings.values.music);
        return ADMIN_INVALID;
    }
    if (settings_keep(&c->settings, mine, &result->err) != 0) {
        result->verdict.pointer = "/pin";
        return ADMIN_INVALID;
    }
    c->settings.version = mine->version + 1;
    *mine = c->settings;
    return check_rules(a, &c->scope, result);
}

enum admin_status admin_try(struct app *a, struct admin_change *c, struct admin_result *result)
{
    switch (c->what) {
    case ADMIN_RANGE_PUT:
        return try_range(a, c, result);
    case ADMIN_RANGE_REMOVE:
        return try_range_remove(a, c, result);
    case ADMIN_DESTINATION_PUT:
        return try_destination(a, c, result);
    case ADMIN_DESTINATION_REMOVE:
        return try_destination_remove(a, c, result);
    case ADMIN_SITE_PUT:
        return try_site(a, c, result);
    case ADMIN_SITE_REMOVE:
        return try_site_remove(a, c, result);
    case ADMIN_SETTINGS_PUT:
        return try_settings(a, c, result);
    case ADMIN_USER_PUT:
    case ADMIN_USER_REMOVE:
    case ADMIN_BINDING_PUT:
    case ADMIN_BINDING_REMOVE:
    case ADMIN_TOKEN_PUT:
    case ADMIN_TOKEN_REMOVE:
        return admin_try_people(a, c, result);
    }
    return ADMIN_INVALID;
}

/* An empty settings row is a removed one. */
static void remove_settings(struct app *a, enum scope_kind kind, const char *name, range_id range)
{
    struct change *change = turn_add(a, CHANGE_SETTINGS_PUT);

    if (!change)
        return;
    change->settings.scope.kind = kind;
    change->settings.scope.range = range;
    (void)text_copy(change->settings.scope.name, sizeof(change->settings.scope.name), name);
}

static void put_change(struct change *change, const struct admin_change *c)
{
    switch (change->type) {
    case CHANGE_RANGE_PUT:
        change->range = c->range;
        break;
    case CHANGE_RANGE_REMOVE:
        change->range_gone = c->range.id;
        break;
    case CHANGE_DESTINATION_PUT:
    case CHANGE_DESTINATION_REMOVE:
        change->destination = c->destination;
        break;
    case CHANGE_SITE_PUT:
    case CHANGE_SITE_REMOVE:
        change->site = c->site;
        break;
    case CHANGE_SETTINGS_PUT:
        change->settings.scope = c->scope;
        change->settings.settings = c->settings;
        break;
    case CHANGE_USER_PUT:
    case CHANGE_USER_REMOVE:
    case CHANGE_BINDING_PUT:
    case CHANGE_BINDING_REMOVE:
    case CHANGE_TOKEN_PUT:
    case CHANGE_TOKEN_REMOVE:
        admin_put_people(change, c);
        break;
    case CHANGE_CALL_PUT:
    case CHANGE_CALL_REMOVE:
    case CHANGE_LEG_PUT:
    case CHANGE_LEG_REMOVE:
    case CHANGE_ROWS_KEEP:
    case CHANGE_RECORD_PUT:
    case CHANGE_STEP_ADD:
    case CHANGE_LOGIN_PUT:
    case CHANGE_LOGIN_REMOVE:
    case CHANGE_AUDIT_ADD:
    case CHANGE_MUSIC_PUT:
    case CHANGE_WATCH_PUT:
    case CHANGE_WATCH_REMOVE:
        break; /* no administrator writes these */
    }
}

void admin_changes(struct app *a, const struct admin_change *c)
{
    static const enum change_type types[] = {
        [ADMIN_RANGE_PUT] = CHANGE_RANGE_PUT,
        [ADMIN_RANGE_REMOVE] = CHANGE_RANGE_REMOVE,
        [ADMIN_DESTINATION_PUT] = CHANGE_DESTINATION_PUT,
        [ADMIN_DESTINATION_REMOVE] = CHANGE_DESTINATION_REMOVE,
        [ADMIN_SITE_PUT] = CHANGE_SITE_PUT,
        [ADMIN_SITE_REMOVE] = CHANGE_SITE_REMOVE,
        [ADMIN_SETTINGS_PUT] = CHANGE_SETTINGS_PUT,
        [ADMIN_USER_PUT] = CHANGE_USER_PUT,
        [ADMIN_USER_REMOVE] = CHANGE_USER_REMOVE,
        [ADMIN_BINDING_PUT] = CHANGE_BINDING_PUT,
        [ADMIN_BINDING_REMOVE] = CHANGE_BINDING_REMOVE,
        [ADMIN_TOKEN_PUT] = CHANGE_TOKEN_PUT,
        [ADMIN_TOKEN_REMOVE] = CHANGE_TOKEN_REMOVE,
    };
    struct change *change = turn_add(a, types[c->what]);

    if (change)
        put_change(change, c);
    if (c->what == ADMIN_RANGE_REMOVE)
        remove_settings(a, SCOPE_RANGE, "", c->range.id);
    else if (c->what == ADMIN_DESTINATION_REMOVE)
        remove_settings(a, SCOPE_DESTINATION, c->destination.fqdn, 0);
    else if (c->what == ADMIN_SITE_REMOVE)
        remove_settings(a, SCOPE_SITE, c->site.name, 0);
}

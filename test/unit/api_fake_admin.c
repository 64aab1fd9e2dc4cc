/* What an administrator changes, on the fake app: tried on a draft of its tables, and at once in
 * their place. */
#include "api_fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static size_t calls_in(struct app *a, const struct range *r, struct admin_result *result)
{
    for (const struct call *c = calls_next(a->park.calls, 0); c;
         c = calls_next(a->park.calls, c->id))
        if (c->has_orbit && range_holds(r, c->orbit))
            result->calls[result->call_count++] = c->id;
    return result->call_count;
}

static enum admin_status put_range(struct app *a, const struct admin_change *c,
                                   struct admin_result *result)
{
    const struct range *old = ranges_by_id(&a->draft.ranges, c->range.id);
    struct range r = c->range;

    result->verdict = deployment_check_range(&a->draft, &r, &result->err);
    if (result->verdict.fault != RANGE_FINE)
        return ADMIN_INVALID;
    r.id = old ? old->id : ++a->last_range;
    r.version = old ? old->version + 1 : 1;
    ranges_put(&a->draft.ranges, &r);
    result->range = r.id;
    return ADMIN_DONE;
}

static enum admin_status remove_range(struct app *a, const struct admin_change *c,
                                      struct admin_result *result)
{
    const struct range *old = ranges_by_id(&a->draft.ranges, c->range.id);
    struct range r;

    if (!old)
        return ADMIN_NOT_FOUND;
    r = *old;
    if (calls_in(a, old, result) > 0 && c->mode == MODE_REFUSE) {
        (void)err_set(&result->err, -1, "calls are parked there");
        return ADMIN_IN_USE;
    }
    result->range = r.id;
    result->drains = result->call_count > 0 && c->mode == MODE_DRAIN;
    if (result->drains) {
        r.state = RANGE_DRAINING;
        r.version++;
        ranges_put(&a->draft.ranges, &r);
    } else {
        (void)ranges_remove(&a->draft.ranges, r.id);
    }
    return ADMIN_DONE;
}

static enum admin_status of_code(int code)
{
    return code == 0 ? ADMIN_DONE : code == -EBUSY ? ADMIN_IN_USE : ADMIN_INVALID;
}

static enum admin_status exists(struct admin_result *result)
{
    (void)err_set(&result->err, -EEXIST, "there is one of that name already");
    return ADMIN_EXISTS;
}

static enum admin_status put_destination(struct app *a, const struct admin_change *c,
                                         struct admin_result *result)
{
    const struct destination *old = deployment_destination(&a->draft, c->destination.fqdn);
    struct destination d = c->destination;

    if (old && c->fresh)
        return exists(result);
    d.version = old ? old->version + 1 : 1;
    return of_code(deployment_put_destination(&a->draft, &d, &result->err));
}

static enum admin_status put_site(struct app *a, const struct admin_change *c,
                                  struct admin_result *result)
{
    struct site s = c->site;

    if (deployment_site(&a->draft, s.name))
        return exists(result);
    s.version = 1;
    return of_code(deployment_put_site(&a->draft, &s, &result->err));
}

struct scope fake_resolve(const struct app *a, struct scope scope)
{
    const struct range *r = scope.kind == SCOPE_RANGE && !scope.range
                                ? ranges_by_name(&a->draft.ranges, scope.name)
                                : NULL;

    return r ? (struct scope){ .kind = SCOPE_RANGE, .range = r->id } : scope;
}

static enum admin_status put_settings(struct app *a, const struct admin_change *c)
{
    struct scope scope = fake_resolve(a, c->scope);
    struct settings *s = deployment_settings_edit(&a->draft, &scope);
    uint32_t version = s ? s->version + 1 : 0;

    if (!s)
        return ADMIN_NOT_FOUND;
    *s = c->settings;
    s->version = version;
    return ADMIN_DONE;
}

static enum admin_status make_one(struct app *a, const struct admin_change *c,
                                  struct admin_result *result)
{
    switch (c->what) {
    case ADMIN_RANGE_PUT:
        return put_range(a, c, result);
    case ADMIN_RANGE_REMOVE:
        return remove_range(a, c, result);
    case ADMIN_DESTINATION_PUT:
        return put_destination(a, c, result);
    case ADMIN_DESTINATION_REMOVE:
        return of_code(deployment_remove_destination(&a->draft, c->destination.fqdn, &result->err));
    case ADMIN_SITE_PUT:
        return put_site(a, c, result);
    case ADMIN_SITE_REMOVE:
        return of_code(deployment_remove_site(&a->draft, c->site.name, &result->err));
    case ADMIN_SETTINGS_PUT:
        return put_settings(a, c);
    case ADMIN_USER_PUT:
    case ADMIN_USER_REMOVE:
    case ADMIN_BINDING_PUT:
    case ADMIN_BINDING_REMOVE:
    case ADMIN_TOKEN_PUT:
    case ADMIN_TOKEN_REMOVE:
        return fake_people(a, c, result);
    }
    return ADMIN_INVALID;
}

/* As the app does it: each change is described before the tables are swapped. */
static void note(struct app *a, const struct admin_change *changes, size_t count,
                 const struct actor *actor)
{
    const struct admin_view before = { &a->deployment, &a->access };
    const struct admin_view after = { &a->draft, &a->access_draft };

    for (size_t i = 0; i < count && a->watcher.describe; i++) {
        struct audit_entry e = { .at = FAKE_WALL };

        (void)text_copy(e.actor, sizeof e.actor, actor->name);
        (void)text_copy(e.source, sizeof e.source, actor->source);
        (void)text_copy(e.request, sizeof e.request, actor->request);
        if (a->watcher.describe(a->watcher.to, &changes[i], &before, &after, &e))
            app_audit(a, &e);
    }
}

void app_admin(struct app *a, const struct admin_change *changes, size_t count, bool dry_run,
               const struct actor *actor, admin_done *done, void *context)
{
    struct admin_result result = { .status = a->force };
    range_id last = a->last_range;
    bool fails = a->fail_after > 0 && a->lists_made >= a->fail_after;

    assert_true(actor->name[0]); /* nobody's request has no number */
    assert_true(!actor->source[0] || text_starts(actor->request, "req_"));
    if (a->hold) {
        a->held = done;
        a->held_change = changes[0];
        a->held_context = context;
        return;
    }
    if (fails)
        result.status = ADMIN_STORE;
    a->draft = a->deployment;
    access_copy(&a->access_draft, &a->access);
    for (size_t i = 0; i < count && result.status == ADMIN_DONE; i++) {
        result.index = i;
        result.status = make_one(a, &changes[i], &result);
    }
    if (result.status == ADMIN_DONE && !dry_run) {
        note(a, changes, count, actor);
        a->deployment = a->draft;
        access_copy(&a->access, &a->access_draft);
        orbits_rebuild(a->park.orbits, &a->deployment.ranges, a->config.destination);
    } else {
        a->last_range = last;
    }
    a->lists_made++;
    if (a->force != ADMIN_DONE || fails)
        (void)err_set(&result.err, -1, "as the test wants it");
    done(context, &result);
}

const struct answer *fake_release(struct app *a)
{
    struct admin_result result = { .status = ADMIN_DONE };
    admin_done *done = a->held;

    a->hold = false;
    a->held = NULL;
    fake_forget(&a->answer);
    a->draft = a->deployment;
    result.status = make_one(a, &a->held_change, &result);
    a->deployment = a->draft;
    done(a->held_context, &result);
    return &a->answer;
}

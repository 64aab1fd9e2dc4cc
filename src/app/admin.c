/* What administrators change. One list of changes at a time: tried on a draft of the tables,
 * written, and only when the store has it put in place of the tables that calls live by. So no
 * change is seen that is not on disk. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/admin.h"
#include "app/inside.h"
#include "base/text.h"
#include "sys/log.h"

/* Only what is filled is copied: the tables have room for much more. */
static void copy_tables(struct deployment *to, const struct deployment *from)
{
    ranges_copy(&to->ranges, &from->ranges);
    memcpy(to->range_settings, from->range_settings,
           from->range_settings_count * sizeof(to->range_settings[0]));
    memcpy(to->range_settings_id, from->range_settings_id,
           from->range_settings_count * sizeof(to->range_settings_id[0]));
    to->range_settings_count = from->range_settings_count;
    memcpy(to->destinations, from->destinations,
           from->destination_count * sizeof(to->destinations[0]));
    to->destination_count = from->destination_count;
    memcpy(to->sites, from->sites, from->site_count * sizeof(to->sites[0]));
    to->site_count = from->site_count;
    to->global = from->global;
}

/* While the list is being written no new call may come into the numbers that it takes away. */
static void close_numbers(struct app *a, const struct admin_job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        const struct admin_change *c = &job->changes[i];
        const struct range *old = NULL;

        if (c->what == ADMIN_RANGE_PUT || c->what == ADMIN_RANGE_REMOVE)
            old = ranges_by_id(&a->deployment->ranges, c->range.id);
        if (old)
            orbits_close(a->park.orbits, old->first, old->last, true);
    }
}

static void job_free(struct admin_job *job)
{
    free(job->changes);
    free(job->entries);
    free(job);
}

static void finish(struct admin_job *job)
{
    job->done(job->context, &job->result);
    job_free(job);
}

struct admin_change *admin_more(struct admin_job *job)
{
    struct admin_change *c;

    if (job->count == job->room) {
        size_t room = job->room + 16;
        struct admin_change *more = realloc(job->changes, room * sizeof(*more));

        if (!more)
            return NULL;
        job->changes = more;
        job->room = room;
    }
    c = &job->changes[job->count++];
    memset(c, 0, sizeof(*c));
    return c;
}

/* Everything checked, on the draft; the result says what is wrong with which change. */
static bool try_list(struct app *a, struct admin_job *job)
{
    copy_tables(a->draft, a->deployment);
    access_copy(a->access_draft, a->access);
    for (size_t i = 0; i < job->count; i++) {
        job->result.index = i;
        job->result.status = admin_try(a, &job->changes[i], &job->result);
        if (job->result.status != ADMIN_DONE)
            return false;
    }
    job->result.index = 0;
    job->result.status = admin_drop_homeless(a, job);
    if (job->result.status == ADMIN_DONE)
        job->result.status = admin_keep_administrator(a, &job->result);
    return job->result.status == ADMIN_DONE;
}

static void write_list(struct app *a, struct admin_job *job)
{
    struct app_token token = { .kind = TOKEN_ADMIN };
    bool noted;

    turn_end_group(a);
    for (size_t i = 0; i < job->count; i++)
        admin_changes(a, &job->changes[i]);
    noted = audit_describe(a, job);
    a->group_token = noted ? turn_token(a, &token) : 0;
    a->writing = job;
    if (!a->group_token) {
        struct store_event ev = { .type = STORE_REPORT, .result = STORE_FAILED };

        (void)text_copy(ev.text, sizeof(ev.text), "the store is too far behind: try again");
        a->change_count = 0;
        admin_reported(a, &ev);
        return;
    }
    close_numbers(a, job);
    turn_end_group(a);
}

void admin_go_on(struct app *a)
{
    while (a->jobs && !a->writing) {
        struct admin_job *job = a->jobs;

        a->jobs = job->next;
        a->job_count--;
        if (!a->jobs)
            a->jobs_end = &a->jobs;
        if (!try_list(a, job) || job->dry_run || !job->count)
            finish(job);
        else
            write_list(a, job);
    }
}

/* ---- after the store has it ---- */

static void swap_tables(struct app *a)
{
    struct deployment *old = a->deployment;

    a->deployment = a->draft;
    a->draft = old;
    a->park.deployment = a->deployment;
}

static void swap_access(struct app *a)
{
    struct access *old = a->access;

    a->access = a->access_draft;
    a->access_draft = old;
    people_changed(a);
    phones_changed(a);
}

static bool about_people(const struct admin_change *c)
{
    return c->what >= ADMIN_USER_PUT;
}

static bool only_people(const struct admin_job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        if (!about_people(&job->changes[i]))
            return false;
    }
    return true;
}

static void tell_change(struct app *a, const struct admin_change *c, const char *actor)
{
    struct app_event ev = { .at = a->wall, .why = actor, .subject = "", .topic = "ranges" };

    switch (c->what) {
    case ADMIN_RANGE_PUT:
        ev.name = c->range.version == 1 ? "range.created" : "range.updated";
        ev.range = c->range.id;
        ev.subject = c->range.name;
        break;
    case ADMIN_RANGE_REMOVE:
        ev.name = c->mode == MODE_DRAIN ? "range.updated" : "range.deleted";
        ev.range = c->range.id;
        ev.subject = c->range.name;
        break;
    case ADMIN_DESTINATION_PUT:
    case ADMIN_DESTINATION_REMOVE:
        ev.name = "destination.updated";
        ev.subject = c->destination.fqdn;
        break;
    case ADMIN_SITE_PUT:
    case ADMIN_SITE_REMOVE:
        ev.name = "site.updated";
        ev.subject = c->site.name;
        break;
    case ADMIN_SETTINGS_PUT:
        ev.name = "settings.updated";
        ev.topic = "settings";
        ev.subject = c->scope.name;
        ev.range = c->scope.range;
        break;
    case ADMIN_USER_PUT:
    case ADMIN_USER_REMOVE:
        ev.name = "users.updated";
        ev.topic = "system";
        ev.subject = c->user.name;
        break;
    case ADMIN_BINDING_PUT:
    case ADMIN_BINDING_REMOVE:
        ev.name = "users.updated";
        ev.topic = "system";
        ev.subject = c->binding.user;
        break;
    case ADMIN_TOKEN_PUT:
    case ADMIN_TOKEN_REMOVE:
        ev.name = "users.updated";
        ev.topic = "system";
        ev.subject = c->token.user;
        break;
    }
    log_info("admin", "%s %s by %s", ev.name, ev.subject, actor);
    app_tell(a, &ev);
}

/* Ring every call back that has no place any more; the machine cares for the rest. */
static void force_out(struct app *a, const struct admin_change *c, const struct deployment *before)
{
    const struct range *old = ranges_by_id(&before->ranges, c->range.id);
    struct event ev;

    if (c->mode != MODE_FORCE || !old)
        return;
    memset(&ev, 0, sizeof(ev));
    ev.type = EV_DO_FORCE_OUT;
    for (const struct call *call = calls_next(a->park.calls, 0); call;
         call = calls_next(a->park.calls, ev.call)) {
        ev.call = call->id;
        if (call->has_orbit && range_holds(old, call->orbit) && !admin_keeps(a, c, call->orbit))
            app_step(a, &ev);
    }
}

static void put_in_place(struct app *a, struct admin_job *job)
{
    if (!only_people(job))
        swap_tables(a);
    swap_access(a); /* behind it, as rights are told range by range */
    if (!only_people(job)) {
        orbits_rebuild(a->park.orbits, &a->deployment->ranges, a->config.destination);
        lamps_ranges(a);
    }
    for (size_t i = 0; i < job->count; i++) {
        if (job->changes[i].what == ADMIN_RANGE_PUT || job->changes[i].what == ADMIN_RANGE_REMOVE)
            force_out(a, &job->changes[i], a->draft);
        tell_change(a, &job->changes[i], job->actor.name);
    }
    music_prepare(a);
}

void admin_reported(struct app *a, const struct store_event *ev)
{
    struct admin_job *job = a->writing;

    if (!job)
        return;
    a->writing = NULL;
    if (ev->result == STORE_DONE) {
        put_in_place(a, job);
        audit_written(a, job->entries, job->entry_count, ev->audit);
    } else {
        job->result.status = ADMIN_STORE;
        (void)err_set(&job->result.err, -EIO, "%s", ev->text);
        orbits_rebuild(a->park.orbits, &a->deployment->ranges, a->config.destination);
    }
    finish(job);
    admin_go_on(a);
}

/* ---- the way in ---- */

static void refuse_list(admin_done *done, void *context, enum admin_status status,
                        const char *words)
{
    struct admin_result result;

    memset(&result, 0, sizeof(result));
    result.status = status;
    (void)err_set(&result.err, -EBUSY, "%s", words);
    done(context, &result);
}

void app_admin(struct app *a, const struct admin_change *changes, size_t count, bool dry_run,
               const struct actor *actor, admin_done *done, void *context)
{
    struct admin_job *job = calloc(1, sizeof(*job));

    if (job)
        job->changes = calloc(count ? count : 1, sizeof(*changes));
    if (!job || !job->changes || a->job_count == ADMIN_WAITING) {
        if (job)
            free(job->changes);
        free(job);
        refuse_list(done, context, ADMIN_BUSY, "too many changes are waiting: try again");
        return;
    }
    if (count > 0) /* an empty list may be no list at all */
        memcpy(job->changes, changes, count * sizeof(*changes));
    job->count = job->room = count;
    job->dry_run = dry_run;
    job->done = done;
    job->context = context;
    job->actor = *actor;
    *a->jobs_end = job;
    a->jobs_end = &job->next;
    a->job_count++;
    admin_go_on(a);
}

static void dropped(void *context, const struct admin_result *result)
{
    (void)context;
    if (result->status != ADMIN_DONE)
        log_warning("admin", "a drained range stays: %s", result->err.text);
}

/* A range that drains goes when its last call has left. */
void admin_drop_drained(struct app *a)
{
    static const struct actor nobody = { .name = "the end of draining" };

    for (size_t i = 0; i < a->deployment->ranges.count && !a->jobs && !a->writing; i++) {
        const struct range *r = &a->deployment->ranges.at[i];
        struct admin_change change;

        if (r->state != RANGE_DRAINING || !text_is(r->destination, a->config.destination) ||
            orbits_count(a->park.orbits, r->first, r->last, a->now).busy)
            continue;
        memset(&change, 0, sizeof(change));
        change.what = ADMIN_RANGE_REMOVE;
        change.range.id = r->id;
        app_admin(a, &change, 1, false, &nobody, dropped, NULL);
        return;
    }
}

void admin_free(struct app *a)
{
    if (a->writing)
        refuse_list(a->writing->done, a->writing->context, ADMIN_BUSY, "the server is ending");
    while (a->jobs || a->writing) {
        struct admin_job *job = a->writing ? a->writing : a->jobs;

        if (a->writing)
            a->writing = NULL;
        else
            a->jobs = job->next;
        job_free(job);
    }
}

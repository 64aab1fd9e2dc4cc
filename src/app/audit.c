/* The audit trail: what is noted of a change of the tables is written together with it; what is no
 * such change gets an entry of its own. Watchers hear of an entry when it is on disk and has its
 * number. */
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/text.h"
#include "sys/log.h"

static void add(struct app *a, const struct audit_entry *e)
{
    struct change *change = turn_add(a, CHANGE_AUDIT_ADD);

    if (change)
        change->audit = *e;
}

static struct audit_entry *next_entry(struct app *a, struct admin_job *job)
{
    struct audit_entry *e = &job->entries[job->entry_count];

    memset(e, 0, sizeof(*e));
    e->at = a->wall;
    (void)text_copy(e->actor, sizeof(e->actor), job->actor.name);        /* the same size */
    (void)text_copy(e->source, sizeof(e->source), job->actor.source);    /* the same size */
    (void)text_copy(e->request, sizeof(e->request), job->actor.request); /* the same size */
    return e;
}

/* Into the present group, so that a change and what tells of it hold or fall together. */
bool audit_describe(struct app *a, struct admin_job *job)
{
    const struct admin_view before = { a->deployment, a->access };
    const struct admin_view after = { a->draft, a->access_draft };

    if (!a->watcher.describe)
        return true;
    job->entries = calloc(job->count, sizeof(*job->entries));
    if (!job->entries)
        return false;
    for (size_t i = 0; i < job->count; i++) {
        struct audit_entry *e = next_entry(a, job);

        if (!a->watcher.describe(a->watcher.to, &job->changes[i], &before, &after, e))
            continue;
        add(a, e);
        job->entry_count++;
    }
    return true;
}

void audit_written(struct app *a, const struct audit_entry *entries, size_t count, audit_id last)
{
    for (size_t i = 0; i < count; i++) {
        struct audit_entry e = entries[i];
        struct app_event ev = {
            .name = "audit.added", .topic = "audit", .at = e.at, .why = e.actor, .audit = &e
        };

        e.id = last - (count - 1 - i);
        ev.subject = e.subject;
        app_tell(a, &ev);
    }
}

/* An entry in the midst of another group is written with it, and watchers are not told. */
void app_audit(struct app *a, const struct audit_entry *given)
{
    struct app_token token = { .kind = TOKEN_AUDIT };
    struct audit_entry *e = malloc(sizeof(*e));

    if (!e) {
        log_error("audit", "out of memory: '%s' by %s is not noted", given->action, given->actor);
        return;
    }
    *e = *given;
    e->at = e->at ? e->at : a->wall;
    if (a->change_count) {
        add(a, e);
        free(e);
        return;
    }
    token.context = e;
    add(a, e);
    a->group_token = turn_token(a, &token);
    if (!a->group_token)
        free(e);
    turn_end_group(a);
}

void audit_free(struct app *a)
{
    for (size_t i = 0; a->tokens && i < TOKENS_WAITING; i++) {
        if (a->tokens[i].token && a->tokens[i].kind == TOKEN_AUDIT)
            free(a->tokens[i].context);
    }
}

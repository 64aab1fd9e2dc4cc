/* Rows of the store in memory: which are the same, and how a group's changes to them are undone. */
#include "store/mem.h"

#include <stdlib.h>

#include "base/text.h"

static bool same_settings(const struct scope *a, const struct scope *b)
{
    return a->kind == b->kind &&
           (a->kind == SCOPE_RANGE ? a->range == b->range : text_is_nocase(a->name, b->name));
}

/* Are these the same row of one table? */
static bool same_row(const struct change *a, const struct change *b)
{
    switch (a->type) {
    case CHANGE_RANGE_PUT:
        return a->range.id == b->range.id;
    case CHANGE_DESTINATION_PUT:
        return text_is_nocase(a->destination.fqdn, b->destination.fqdn);
    case CHANGE_SITE_PUT:
        return text_is_nocase(a->site.name, b->site.name);
    case CHANGE_SETTINGS_PUT:
        return same_settings(&a->settings.scope, &b->settings.scope);
    case CHANGE_CALL_PUT:
        return a->call.call.id == b->call.call.id;
    case CHANGE_LEG_PUT:
        return a->leg.leg == b->leg.leg;
    case CHANGE_RECORD_PUT:
        return a->record.id == b->record.id;
    case CHANGE_STEP_ADD:
        return a->step.call == b->step.call && a->step.number == b->step.number;
    case CHANGE_USER_PUT:
        return text_is_nocase(a->user.name, b->user.name);
    case CHANGE_BINDING_PUT:
        return a->binding.id == b->binding.id;
    case CHANGE_TOKEN_PUT:
        return a->token.id == b->token.id;
    case CHANGE_LOGIN_PUT:
        return a->login.id == b->login.id;
    case CHANGE_AUDIT_ADD:
        return a->audit.id == b->audit.id;
    case CHANGE_MUSIC_PUT:
        return text_is(a->music.file.sha256, b->music.file.sha256);
    case CHANGE_WATCH_PUT:
        return a->watch.number == b->watch.number;
    case CHANGE_WATCH_REMOVE:
    case CHANGE_RANGE_REMOVE:
    case CHANGE_DESTINATION_REMOVE:
    case CHANGE_SITE_REMOVE:
    case CHANGE_CALL_REMOVE:
    case CHANGE_LEG_REMOVE:
    case CHANGE_USER_REMOVE:
    case CHANGE_BINDING_REMOVE:
    case CHANGE_TOKEN_REMOVE:
    case CHANGE_LOGIN_REMOVE:
    case CHANGE_ROWS_KEEP:
        break;
    }
    return false;
}

static bool grow(void **array, size_t count, size_t *room, size_t size)
{
    size_t wanted = *room ? 2 * *room : 16;
    void *grown;

    if (count < *room)
        return true;
    grown = realloc(*array, wanted * size);
    if (!grown)
        return false;
    *array = grown;
    *room = wanted;
    return true;
}

/* Replace `was` by `now` in their table; NULL stands for no row. The room has been made. */
static void exchange(struct table *t, const struct change *was, struct change *now)
{
    size_t i = 0;

    while (was && t->row[i] != was)
        i++;
    if (was && now)
        t->row[i] = now;
    else if (was)
        t->row[i] = t->row[--t->count];
    else
        t->row[t->count++] = now;
}

bool mem_exchange(struct mem *m, struct table *t, struct change *was, struct change *now)
{
    /* One row more than there are must fit, for putting this one back as well. */
    if (!grow((void **)&t->row, t->count + 1, &t->room, sizeof(struct change *)) ||
        !grow((void **)&m->undo, m->undo_count, &m->undo_room, sizeof *m->undo))
        return false;
    m->undo[m->undo_count++] = (struct undo){ t, was, now };
    exchange(t, was, now);
    return true;
}

void mem_forget_undo(struct mem *m)
{
    for (size_t i = 0; i < m->undo_count; i++)
        mem_free(m->undo[i].was);
    m->undo_count = 0;
}

void mem_roll_back(struct mem *m)
{
    while (m->undo_count > 0) {
        struct undo *u = &m->undo[--m->undo_count];

        exchange(u->table, u->now, u->was);
        mem_free(u->now);
    }
}

bool mem_put(struct mem *m, const struct change *c)
{
    struct table *t = &m->table[c->type];
    struct change *now = mem_copy(c), *was = NULL;

    if (!now)
        return false;
    for (size_t i = 0; i < t->count && !was; i++)
        was = same_row(t->row[i], c) ? t->row[i] : NULL;
    if (mem_exchange(m, t, was, now))
        return true;
    mem_free(now);
    return false;
}

bool mem_remove(struct mem *m, const struct change *key)
{
    struct table *t = &m->table[key->type];

    for (size_t i = 0; i < t->count; i++) {
        if (same_row(t->row[i], key))
            return mem_exchange(m, t, t->row[i], NULL);
    }
    return true; /* nothing to remove is as good */
}

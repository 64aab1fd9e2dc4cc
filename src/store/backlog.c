/* What is kept while nothing can be written: see backlog.h. */
#include "store/backlog.h"

#include <stdlib.h>
#include <string.h>

#include "base/squeeze.h"

struct entry {
    uint32_t length; /* of the squeezed change behind it */
};

/* Steps are many and say least, and subscriptions are asked for again: they leave the last quarter
 * to the others. */
static size_t room_for(const struct backlog *b, enum change_type type)
{
    size_t most = b->most ? b->most : BACKLOG_MOST;

    return type == CHANGE_STEP_ADD || type == CHANGE_WATCH_PUT ? most / 4 * 3 : most;
}

static bool is_past(enum change_type type)
{
    return type == CHANGE_RECORD_PUT || type == CHANGE_STEP_ADD || type == CHANGE_AUDIT_ADD ||
           type == CHANGE_LOGIN_PUT || type == CHANGE_LOGIN_REMOVE || type == CHANGE_WATCH_PUT ||
           type == CHANGE_WATCH_REMOVE;
}

static bool is_row_of_call(enum change_type type)
{
    return type == CHANGE_CALL_PUT || type == CHANGE_CALL_REMOVE || type == CHANGE_LEG_PUT ||
           type == CHANGE_LEG_REMOVE || type == CHANGE_ROWS_KEEP;
}

static void count_lost(struct store_lost *lost, enum change_type type)
{
    if (type == CHANGE_STEP_ADD)
        lost->steps++;
    else if (type == CHANGE_RECORD_PUT)
        lost->records++;
    else if (type == CHANGE_AUDIT_ADD)
        lost->audit++;
    else if (type == CHANGE_WATCH_PUT || type == CHANGE_WATCH_REMOVE)
        lost->watches++;
    else
        lost->logins++;
}

/* Room for so many bytes behind the last; what was dropped in front makes some. */
static bool make_room(struct backlog *b, size_t more, size_t most)
{
    size_t room = b->room ? b->room : (size_t)64 * 1024;
    uint8_t *grown;

    if (b->end - b->first + more > most)
        return false;
    if (b->first > 0 && b->end + more > b->room) {
        memmove(b->bytes, b->bytes + b->first, b->end - b->first);
        b->end -= b->first;
        b->first = 0;
    }
    while (room < b->end + more)
        room *= 2;
    if (room == b->room)
        return true;
    grown = realloc(b->bytes, room);
    if (!grown)
        return false;
    b->bytes = grown;
    b->room = room;
    return true;
}

static void keep_one(struct backlog *b, const struct change *c)
{
    uint8_t squeezed[SQUEEZE_MOST(sizeof *c)];
    struct change clean;
    struct entry e;

    memset(&clean, 0, sizeof clean); /* of a short change only the beginning was written */
    clean.type = c->type;
    if (c->type == CHANGE_STEP_ADD)
        clean.step = c->step;
    else if (c->type == CHANGE_RECORD_PUT)
        clean.record = c->record;
    else if (c->type == CHANGE_AUDIT_ADD)
        clean.audit = c->audit;
    else if (c->type == CHANGE_LOGIN_PUT)
        clean.login = c->login;
    else if (c->type == CHANGE_WATCH_PUT)
        clean.watch = c->watch;
    else if (c->type == CHANGE_WATCH_REMOVE)
        clean.watch_gone = c->watch_gone;
    else
        clean.login_gone = c->login_gone;
    e.length = (uint32_t)squeeze(squeezed, &clean, sizeof clean);
    if (!make_room(b, sizeof e + e.length, room_for(b, c->type))) {
        count_lost(&b->lost, c->type);
        return;
    }
    memcpy(b->bytes + b->end, &e, sizeof e);
    memcpy(b->bytes + b->end + sizeof e, squeezed, e.length);
    b->end += sizeof e + e.length;
    b->count++;
}

void backlog_keep(struct backlog *b, const struct change_group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (!is_past(group->changes[i].type) && !is_row_of_call(group->changes[i].type))
            return;
    for (size_t i = 0; i < group->count; i++)
        if (is_past(group->changes[i].type))
            keep_one(b, &group->changes[i]);
}

static bool read_at(const struct backlog *b, size_t *at, struct change *to)
{
    struct entry e;

    if (*at >= b->end)
        return false;
    memcpy(&e, b->bytes + *at, sizeof e);
    *at += sizeof e;
    (void)unsqueeze(to, sizeof *to, b->bytes + *at, e.length); /* we made it ourselves */
    *at += e.length;
    return true;
}

size_t backlog_read(const struct backlog *b, struct change *to, size_t most)
{
    size_t at = b->first, count = 0;

    while (count < most && read_at(b, &at, &to[count]))
        count++;
    return count;
}

void backlog_drop(struct backlog *b, size_t count)
{
    for (; count > 0 && b->first < b->end; count--) {
        struct entry e;

        memcpy(&e, b->bytes + b->first, sizeof e);
        b->first += sizeof e + e.length;
        b->count--;
    }
    if (b->first == b->end) /* the memory goes as well: troubles are rare */
        backlog_free(b);
}

void backlog_lose(struct backlog *b, size_t count)
{
    size_t at = b->first;
    struct change c;

    for (size_t i = 0; i < count && read_at(b, &at, &c); i++)
        count_lost(&b->lost, c.type);
    backlog_drop(b, count);
}

void backlog_join(struct backlog *b, struct backlog *more)
{
    size_t at = more->first;
    struct change c;

    while (read_at(more, &at, &c))
        keep_one(b, &c);
    b->lost.steps += more->lost.steps;
    b->lost.records += more->lost.records;
    b->lost.audit += more->lost.audit;
    b->lost.logins += more->lost.logins;
    b->lost.watches += more->lost.watches;
    memset(&more->lost, 0, sizeof more->lost);
    backlog_free(more);
}

void backlog_free(struct backlog *b)
{
    if (b->bytes)
        explicit_bzero(b->bytes, b->room);
    free(b->bytes);
    b->bytes = NULL;
    b->first = b->end = b->room = 0;
    b->count = 0;
}

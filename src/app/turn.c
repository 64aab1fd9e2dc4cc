/* What one turn of the loop wants written: changes make groups, groups make a turn, and the store
 * writes a turn in one transaction. A promise waits for the report of its group's token. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/text.h"
#include "sys/log.h"

/* How many bytes of a change count: the longest is eleven thousand bytes, and most are far
 * shorter.
 */
static size_t size_of(enum change_type type)
{
    size_t head = offsetof(struct change, step);

    if (type == CHANGE_STEP_ADD)
        return head + sizeof(struct call_step);
    if (type == CHANGE_CALL_REMOVE || type == CHANGE_LEG_REMOVE || type == CHANGE_WATCH_REMOVE)
        return head + sizeof(uint64_t);
    if (type == CHANGE_RECORD_PUT)
        return head + sizeof(struct call_record);
    return sizeof(struct change);
}

struct change *turn_add(struct app *a, enum change_type type)
{
    struct change *change;

    if (a->change_count == a->change_room) {
        size_t room = a->change_room ? 2 * a->change_room : 4;
        struct change *more = realloc(a->changes, room * sizeof(*more));

        if (!more) {
            log_error("store", "out of memory: a change is not written");
            return NULL;
        }
        a->changes = more;
        a->change_room = room;
    }
    change = &a->changes[a->change_count++];
    memset(change, 0, size_of(type));
    change->type = type;
    return change;
}

uint64_t turn_token(struct app *a, const struct app_token *what)
{
    struct app_token *t = &a->tokens[(a->last_token + 1) & (TOKENS_WAITING - 1)];

    if (t->token)
        return 0;
    a->last_token++;
    *t = *what;
    t->token = a->last_token;
    return t->token;
}

bool turn_take_token(struct app *a, uint64_t token, struct app_token *out)
{
    struct app_token *t = &a->tokens[token & (TOKENS_WAITING - 1)];

    if (!token || t->token != token)
        return false;
    *out = *t;
    t->token = 0;
    return true;
}

void turn_drop_group(struct app *a)
{
    store_changes_free(a->changes, a->change_count);
    a->changes = NULL;
    a->change_count = a->change_room = 0;
    a->group_token = 0;
}

void turn_end_group(struct app *a)
{
    struct change_group *group;

    if (!a->change_count)
        return;
    if (a->group_count == GROUPS_PER_TURN)
        turn_submit(a);
    group = &a->groups[a->group_count++];
    group->token = a->group_token;
    group->changes = a->changes;
    group->count = a->change_count;
    a->changes = NULL;
    a->change_count = a->change_room = 0;
    a->group_token = 0;
}

/* Nothing of this turn will be written: say so to everybody who waits for it. */
static void refuse_turn(struct app *a, const uint64_t *tokens, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct store_event ev = { .type = STORE_REPORT,
                                  .token = tokens[i],
                                  .result = STORE_FAILED };

        if (!tokens[i])
            continue;
        (void)text_copy(ev.text, sizeof(ev.text), "the store is too far behind: try again");
        take_store(a, &ev);
    }
}

void turn_submit(struct app *a)
{
    uint64_t tokens[GROUPS_PER_TURN];
    size_t count = a->group_count;

    if (!count)
        return;
    for (size_t i = 0; i < count; i++)
        tokens[i] = a->groups[i].token;
    a->group_count = 0;
    if (store_submit(a->store, a->groups, count)) {
        a->counts.store_failures += count;
        if (a->trouble.stale == a->trouble.written)
            log_error("store", "it is too far behind: what does not fit is refused, and all calls "
                               "are written anew afterwards");
        trouble_behind(a);
        refuse_turn(a, tokens, count);
    }
}

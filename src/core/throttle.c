/* Whose sign-ins failed how often, and how long that one has to wait for it. */
#include "core/throttle.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define FREE_FAILURES 3
#define FIRST_WAIT 1000
#define LONGEST_WAIT 600000
#define FORGOTTEN_AFTER 3600000

/* A longer key is cut, always at the same place. */
static bool is_for(const struct throttle_entry *e, const char *key)
{
    return strncmp(e->key, key, sizeof e->key - 1) == 0;
}

static bool forgotten(const struct throttle_entry *e, msec now)
{
    return now >= e->last && now - e->last >= FORGOTTEN_AFTER;
}

static size_t find(const struct throttle *t, const char *key)
{
    size_t i = 0;

    while (i < t->count && !is_for(&t->at[i], key))
        i++;
    return i;
}

static msec wait_for(uint32_t failures)
{
    msec wait = FIRST_WAIT;

    if (failures <= FREE_FAILURES)
        return 0;
    for (uint32_t i = FREE_FAILURES + 1; i < failures && wait < LONGEST_WAIT; i++)
        wait *= 2;
    return wait < LONGEST_WAIT ? wait : LONGEST_WAIT;
}

msec throttle_wait(const struct throttle *t, const char *key, msec now)
{
    size_t i = find(t, key);
    msec until;

    if (i == t->count || forgotten(&t->at[i], now))
        return 0;
    until = t->at[i].last + wait_for(t->at[i].failures);
    return until > now ? until - now : 0;
}

/* Which of two is the smaller loss? Not simply the older one: then somebody could wash away the
 * delay of an account by failing with many names that do not exist. */
static bool goes_first(const struct throttle_entry *a, const struct throttle_entry *b, msec now)
{
    if (forgotten(a, now) != forgotten(b, now))
        return forgotten(a, now);
    if (a->failures != b->failures)
        return a->failures < b->failures;
    return a->last < b->last;
}

static size_t make_room(struct throttle *t, msec now)
{
    size_t least = 0;

    if (t->count < THROTTLE_MAX)
        return t->count++;
    for (size_t i = 1; i < t->count; i++)
        least = goes_first(&t->at[i], &t->at[least], now) ? i : least;
    return least;
}

void throttle_failed(struct throttle *t, const char *key, msec now)
{
    size_t i = find(t, key);

    if (i == t->count) {
        i = make_room(t, now);
        memset(&t->at[i], 0, sizeof t->at[i]);
        (void)text_copy_n(t->at[i].key, sizeof t->at[i].key, key,
                          strnlen(key, sizeof t->at[i].key - 1)); /* cut, see is_for() */
    } else if (forgotten(&t->at[i], now)) {
        t->at[i].failures = 0;
    }
    if (t->at[i].failures < UINT32_MAX)
        t->at[i].failures++;
    t->at[i].last = now;
}

void throttle_clear(struct throttle *t, const char *key)
{
    size_t i = find(t, key);

    if (i < t->count)
        t->at[i] = t->at[--t->count];
}

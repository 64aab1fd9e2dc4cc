/* Lamps: which orbits are lit, what can be watched, and who has to hear of a change. Telling them
 * is in watch_out.c, their SUBSCRIBE in watch_in.c. */
#include "sip/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/squeeze.h"
#include "base/text.h"
#include "sys/clock.h"

#define BUCKETS 16384 /* a power of two */

static unsigned bucket_of(number_key number)
{
    uint64_t h = number * 0x9e3779b97f4a7c15u;

    return (unsigned)(h >> 50) & (BUCKETS - 1);
}

bool watch_new(struct sip *s)
{
    struct watches *all = calloc(1, sizeof *all);

    s->watches = all;
    if (!all)
        return false;
    /* NOLINTBEGIN(bugprone-sizeof-expression): they are arrays of pointers. */
    all->lamps = calloc(BUCKETS, sizeof *all->lamps);
    all->orbits = calloc(BUCKETS, sizeof *all->orbits);
    all->by_call = calloc(WATCH_BUCKETS, sizeof *all->by_call);
    /* NOLINTEND(bugprone-sizeof-expression) */
    all->wheel_second = clock_now() / 1000;
    all->pace = su_timer_create(su_root_task(s->root), 0);
    all->second = su_timer_create(su_root_task(s->root), 1000);
    if (!all->lamps || !all->orbits || !all->by_call || !all->pace || !all->second)
        return false;
    return su_timer_set(all->second, watch_second, NULL) == 0;
}

/* ---- ranges ---- */

static struct sip_watched *range_of(const struct watches *all, number_key number)
{
    size_t low = 0, high = all->range_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (all->ranges[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < all->range_count && all->ranges[low].first <= number ? &all->ranges[low] : NULL;
}

const struct sip_watched *watch_range_of(const struct sip *s, number_key number)
{
    return range_of(s->watches, number);
}

const struct sip_watched *watch_range_by_park_number(const struct sip *s, number_key number)
{
    const struct watches *all = s->watches;

    for (size_t i = 0; number && i < all->range_count; i++)
        if (all->ranges[i].park_number == number)
            return &all->ranges[i];
    return NULL;
}

static uint32_t *lit_in(const struct watches *all, number_key number)
{
    const struct sip_watched *r = range_of(all, number);

    return r ? &all->range_lit[r - all->ranges] : NULL;
}

bool watch_range_is_lit(const struct sip *s, number_key first)
{
    const uint32_t *lit = lit_in(s->watches, first);

    return lit && *lit;
}

/* ---- things ---- */

static struct watched_thing **place_of(struct watches *all, enum watch_kind kind, number_key first,
                                       number_key last)
{
    bool one = kind == WATCH_ORBIT || kind == WATCH_CALL_INFO;
    struct watched_thing **at = one ? &all->orbits[bucket_of(first)] : &all->wide;

    while (*at && ((*at)->kind != kind || (*at)->first != first || (*at)->last != last))
        at = &(*at)->next;
    return at;
}

struct watched_thing *watch_thing(struct sip *s, enum watch_kind kind, number_key first,
                                  number_key last)
{
    struct watched_thing **at = place_of(s->watches, kind, first, last);

    if (*at)
        return *at;
    *at = calloc(1, sizeof **at);
    if (*at) {
        (*at)->kind = kind;
        (*at)->first = first;
        (*at)->last = last;
    }
    return *at;
}

static void drop_if_idle(struct sip *s, struct watched_thing *thing)
{
    struct watched_thing **at = place_of(s->watches, thing->kind, thing->first, thing->last);

    if (thing->watches)
        return;
    *at = thing->next;
    free(thing);
}

void watch_join(struct watched_thing *thing, struct watch *w)
{
    w->thing = thing;
    w->beside.next = thing->watches;
    if (thing->watches)
        thing->watches->beside.previous = w;
    thing->watches = w;
}

void watch_part(struct watch *w)
{
    if (w->beside.next)
        w->beside.next->beside.previous = w->beside.previous;
    if (w->beside.previous)
        w->beside.previous->beside.next = w->beside.next;
    else
        w->thing->watches = w->beside.next;
    drop_if_idle(w->edge, w->thing);
}

static void tell_watchers(const struct watched_thing *thing)
{
    for (struct watch *w = thing->watches; w; w = w->beside.next)
        watch_tell(w);
}

/* ---- lamps ---- */

static struct lamp_at **place_of_lamp(struct watches *all, number_key orbit)
{
    struct lamp_at **at = &all->lamps[bucket_of(orbit)];

    while (*at && (*at)->orbit != orbit)
        at = &(*at)->next;
    return at;
}

struct lamp_at *watch_lamp_find(const struct sip *s, number_key orbit)
{
    return *place_of_lamp(s->watches, orbit);
}

/* `range_changed`: the one lamp of the whole range has gone on or off. */
static void tell_of(struct sip *s, number_key orbit, bool range_changed)
{
    struct watches *all = s->watches;

    for (struct watched_thing *t = all->orbits[bucket_of(orbit)]; t; t = t->next)
        if (t->first == orbit)
            tell_watchers(t);
    for (struct watched_thing *t = all->wide; t; t = t->next)
        if (t->first <= orbit && orbit <= t->last && (t->kind == WATCH_LIST || range_changed))
            tell_watchers(t);
}

static void changed(struct sip *s, struct lamp_at *at, bool was_lit)
{
    struct watches *all = s->watches;
    uint32_t *lit = lit_in(all, at->orbit);
    bool is_lit = at->shown != NULL, range_changed = false;

    at->changed = ++all->changes;
    if (lit && is_lit != was_lit) {
        *lit += is_lit ? 1 : (uint32_t)-1;
        range_changed = *lit == (is_lit ? 1 : 0);
    }
    tell_of(s, at->orbit, range_changed);
    publish_lamp(s, at);
}

static bool looks_same(const struct orbit_lamp *a, const struct orbit_lamp *b)
{
    return a->call == b->call && a->how == b->how && text_is(a->display, b->display) &&
           text_is(a->uri, b->uri) && text_is(a->pickup.call_id, b->pickup.call_id);
}

const struct orbit_lamp *watch_lamp_shown(const struct sip *s, const struct lamp_at *at)
{
    struct orbit_lamp *to = &s->watches->shown;

    return at && at->shown && unsqueeze(to, sizeof *to, at->shown, at->shown_bytes) ? to : NULL;
}

/* False: no memory, and it shows what it has shown. */
static bool show(struct lamp_at *at, const struct orbit_lamp *lamp)
{
    uint8_t bytes[SQUEEZE_MOST(sizeof *lamp)];
    size_t length = squeeze(bytes, lamp, sizeof *lamp);
    uint8_t *shown = realloc(at->shown, length);

    if (!shown)
        return false;
    memcpy(shown, bytes, length);
    at->shown = shown;
    at->shown_bytes = (uint32_t)length;
    return true;
}

static void light(struct sip *s, const struct orbit_lamp *lamp)
{
    struct lamp_at **place = place_of_lamp(s->watches, lamp->orbit), *at = *place;
    bool was_lit = at && at->shown;

    if (was_lit && looks_same(watch_lamp_shown(s, at), lamp))
        return;
    if (!at && (at = calloc(1, sizeof *at)) != NULL) {
        at->orbit = lamp->orbit;
        *place = at;
    }
    if (at && show(at, lamp))
        changed(s, at, was_lit);
}

static void darken(struct sip *s, struct lamp_at *at)
{
    if (!at->shown)
        return;
    free(at->shown);
    at->shown = NULL;
    changed(s, at, true);
}

void watch_lamp(struct sip *s, const struct orbit_lamp *lamp)
{
    struct lamp_at *at;

    if (lamp->lit) {
        light(s, lamp);
        return;
    }
    at = watch_lamp_find(s, lamp->orbit);
    if (at && at->shown && watch_lamp_shown(s, at)->call == lamp->call)
        darken(s, at);
}

static int by_orbit(const void *a, const void *b)
{
    number_key x = ((const struct orbit_lamp *)a)->orbit, y = ((const struct orbit_lamp *)b)->orbit;

    return (x > y) - (x < y);
}

void watch_lamps(struct sip *s, struct orbit_lamp *lamps, size_t count)
{
    qsort(lamps, count, sizeof *lamps, by_orbit);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct lamp_at *at = s->watches->lamps[i]; at; at = at->next) {
            struct orbit_lamp key = { .orbit = at->orbit };

            if (at->shown && !bsearch(&key, lamps, count, sizeof *lamps, by_orbit))
                darken(s, at);
        }
    for (size_t i = 0; i < count; i++)
        light(s, &lamps[i]);
    watch_awake(s);
}

/* ---- ranges come and go ---- */

static int by_first(const void *a, const void *b)
{
    number_key x = ((const struct sip_watched *)a)->first;
    number_key y = ((const struct sip_watched *)b)->first;

    return (x > y) - (x < y);
}

static void count_lit(struct watches *all)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (const struct lamp_at *at = all->lamps[i]; at; at = at->next) {
            uint32_t *lit = at->shown ? lit_in(all, at->orbit) : NULL;

            if (lit)
                ++*lit;
        }
}

/* Does what is watched still exist? */
bool watch_exists(const struct sip *s, const struct watched_thing *t)
{
    const struct sip_watched *r;

    switch (t->kind) {
    case WATCH_ORBIT:
    case WATCH_CALL_INFO:
        return watch_range_of(s, t->first);
    case WATCH_RANGE:
        r = watch_range_of(s, t->first);
        return r && r->first == t->first && r->last == t->last && r->park_number;
    case WATCH_LIST: /* at least one of its numbers does */
        for (size_t i = 0; i < s->watches->range_count; i++)
            if (s->watches->ranges[i].first <= t->last && t->first <= s->watches->ranges[i].last)
                return true;
        return false;
    }
    return false;
}

/* What these ranges have between the two numbers, as one number. */
static uint64_t cover(const struct sip_watched *ranges, size_t count, number_key first,
                      number_key last)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        const struct sip_watched *r = &ranges[i];

        if (r->first > last || r->last < first)
            continue;
        sum = (sum ^ r->first) * 0x9e3779b97f4a7c15u;
        sum = (sum ^ r->last) * 0x9e3779b97f4a7c15u;
        sum = (sum ^ r->park_number ^ (uint64_t)r->how << 60) * 0x9e3779b97f4a7c15u;
        for (const char *at = r->allow; *at; at++)
            sum = (sum ^ (unsigned char)*at) * 0x9e3779b97f4a7c15u;
    }
    return sum;
}

/* The ranges were `old`: is there something new about this? */
static void look_again(struct sip *s, const struct watched_thing *t, const struct sip_watched *old,
                       size_t old_count)
{
    const struct watches *all = s->watches;
    bool stays = watch_exists(s, t);

    if (stays && (cover(old, old_count, t->first, t->last) ==
                  cover(all->ranges, all->range_count, t->first, t->last)))
        return;
    for (struct watch *w = t->watches; w; w = w->beside.next) {
        if (!w->ending)
            w->ending = !stays ? "noresource" : watch_may_any(w) ? NULL : "rejected";
        w->full = true;
        watch_tell(w);
    }
}

void watch_ranges(struct sip *s, struct sip_watched *ranges, size_t count)
{
    struct watches *all = s->watches;
    uint32_t *lit = calloc(count + 1, sizeof *lit);
    struct sip_watched *old = all->ranges;
    size_t old_count = all->range_count;

    if (!lit || !ranges) {
        free(lit);
        free(ranges);
        return;
    }
    qsort(ranges, count, sizeof *ranges, by_first);
    all->ranges = ranges;
    all->range_count = count;
    free(all->range_lit);
    all->range_lit = lit;
    count_lit(all);
    if (!all->waking &&
        (count != old_count || (count && memcmp(ranges, old, count * sizeof *ranges) != 0))) {
        for (size_t i = 0; i < BUCKETS; i++)
            for (const struct watched_thing *t = all->orbits[i]; t; t = t->next)
                look_again(s, t, old, old_count);
        for (const struct watched_thing *t = all->wide; t; t = t->next)
            look_again(s, t, old, old_count);
    }
    free(old);
}

/* ---- the end ---- */

void watch_free(struct sip *s)
{
    struct watches *all = s->watches;

    if (!all)
        return;
    for (size_t i = 0; all->by_call && i < WATCH_BUCKETS; i++)
        while (all->by_call[i])
            watch_forget(all->by_call[i]);
    for (size_t i = 0; all->lamps && i < BUCKETS; i++)
        while (all->lamps[i]) {
            struct lamp_at *at = all->lamps[i];

            all->lamps[i] = at->next;
            publish_free(at);
            free(at->shown);
            free(at);
        }
    if (all->pace)
        su_timer_destroy(all->pace);
    if (all->second)
        su_timer_destroy(all->second);
    body_list_free(&all->list);
    doc_free(&all->doc);
    free(all->lamps);
    free(all->orbits);
    free(all->by_call);
    free(all->ranges);
    free(all->range_lit);
    free(all);
    s->watches = NULL;
}

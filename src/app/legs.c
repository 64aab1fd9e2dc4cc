/* The table of legs as the app sees them, and their rows in the store. A leg has room for the
 * longest of everything, and most have little and wait for long: so it sleeps in its entry of the
 * table, squeezed, and is woken when it is looked up. */
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "app/leg_text.h"
#include "base/squeeze.h"
#include "base/text.h"
#include "sys/log.h"

struct awake_leg {
    struct awake_leg *older, *newer;
    struct app_leg leg;
};

struct leg_entry {
    leg_id leg;
    struct leg_entry *next;  /* in its bucket */
    struct awake_leg *awake; /* NULL: it sleeps, in `bytes` */
    uint32_t length;
    uint8_t bytes[];
};

/* Where the entry of this leg hangs, or NULL hangs for it. */
static struct leg_entry **place(const struct app *a, leg_id leg)
{
    struct leg_entry *const *at = &a->legs[(leg ^ leg >> 14) & (LEG_BUCKETS - 1)];

    while (*at && (*at)->leg != leg)
        at = &(*at)->next;
    return (struct leg_entry **)at;
}

/* ---- awake and asleep ---- */

static void link_newest(struct app *a, struct awake_leg *w)
{
    w->older = a->newest_awake;
    w->newer = NULL;
    *(w->older ? &w->older->newer : &a->oldest_awake) = w;
    a->newest_awake = w;
    a->legs_awake++;
}

static void unlink_awake(struct app *a, struct awake_leg *w)
{
    *(w->older ? &w->older->newer : &a->oldest_awake) = w->newer;
    *(w->newer ? &w->newer->older : &a->newest_awake) = w->older;
    a->legs_awake--;
}

/* The keys of its audio are in it. */
static void wipe_awake(struct app *a, struct awake_leg *w)
{
    unlink_awake(a, w);
    explicit_bzero(w, sizeof(*w));
    free(w);
}

static void wipe_entry(struct leg_entry *e)
{
    explicit_bzero(e, sizeof(*e) + e->length);
    free(e);
}

/* An entry with so many bytes in the place of what hangs there; NULL: no memory, nothing changed.
 */
static struct leg_entry *exchange(struct leg_entry **at, leg_id leg, struct awake_leg *awake,
                                  uint32_t length)
{
    struct leg_entry *old = *at, *e = malloc(sizeof(*e) + length);

    if (!e)
        return NULL;
    e->leg = leg;
    e->next = old ? old->next : NULL;
    e->awake = awake;
    e->length = length;
    *at = e;
    if (old)
        wipe_entry(old);
    return e;
}

/* Without memory for it the leg stays awake. */
static void put_to_sleep(struct app *a, struct awake_leg *w)
{
    uint8_t bytes[SQUEEZE_MOST(sizeof(struct app_leg))];
    size_t length = squeeze(bytes, &w->leg, sizeof(w->leg));
    struct leg_entry *e = exchange(place(a, w->leg.leg), w->leg.leg, NULL, (uint32_t)length);

    if (e) {
        memcpy(e->bytes, bytes, length);
        wipe_awake(a, w);
    }
    explicit_bzero(bytes, length);
}

static struct app_leg *wake(struct app *a, struct leg_entry **at)
{
    struct awake_leg *w = malloc(sizeof(*w));

    if (!w || !unsqueeze(&w->leg, sizeof(w->leg), (*at)->bytes, (*at)->length) ||
        !exchange(at, w->leg.leg, w, 0)) {
        log_error("app", "out of memory: leg %llu is not found", (unsigned long long)(*at)->leg);
        free(w);
        return NULL;
    }
    link_newest(a, w);
    return &w->leg;
}

void app_leg_rest(struct app *a)
{
    struct awake_leg *w = a->oldest_awake;

    for (unsigned most = a->legs_awake; most > LEGS_AWAKE && w; most--) {
        struct awake_leg *newer = w->newer;

        put_to_sleep(a, w);
        w = newer;
    }
}

/* ---- the table ---- */

struct app_leg *app_leg_new(struct app *a, leg_id leg)
{
    struct awake_leg *w = calloc(1, sizeof(*w));

    if (!w || !exchange(place(a, leg), leg, w, 0)) {
        free(w);
        return NULL;
    }
    a->legs_mute++;
    w->leg.leg = leg;
    link_newest(a, w);
    return &w->leg;
}

struct app_leg *app_leg_find(struct app *a, leg_id leg)
{
    struct leg_entry **at = place(a, leg);

    if (!*at)
        return NULL;
    return (*at)->awake ? &(*at)->awake->leg : wake(a, at);
}

/* One that we started and nobody has answered has no tag of theirs yet. */
static bool is_named(const struct leg_entry *e, const char *name, const char *ours,
                     const char *theirs)
{
    struct app_leg asleep;
    const struct app_leg *l = e->awake ? &e->awake->leg : &asleep;
    bool named = e->awake || unsqueeze(&asleep, sizeof(asleep), e->bytes, e->length);

    named = named && text_is(l->dialog.call_id, name) &&
            text_is_nocase(l->dialog.local_tag, ours) &&
            text_is_nocase(l->dialog.remote_tag, theirs);
    explicit_bzero(&asleep, sizeof(asleep));
    return named;
}

leg_id app_leg_named(const struct app *a, const char *name, const char *ours, const char *theirs)
{
    for (size_t i = 0; i < LEG_BUCKETS; i++)
        for (const struct leg_entry *e = a->legs[i]; e; e = e->next)
            if (is_named(e, name, ours, theirs))
                return e->leg;
    return 0;
}

void app_leg_each(const struct app *a, app_leg_seen *see, void *to)
{
    struct app_leg asleep;

    for (size_t i = 0; i < LEG_BUCKETS; i++)
        for (const struct leg_entry *e = a->legs[i]; e; e = e->next)
            if (e->awake)
                see(to, &e->awake->leg);
            else if (unsqueeze(&asleep, sizeof(asleep), e->bytes, e->length))
                see(to, &asleep);
    explicit_bzero(&asleep, sizeof(asleep));
}

static void drop_entry(struct app *a, struct leg_entry **at)
{
    struct leg_entry *e = *at;

    if (!e)
        return;
    *at = e->next;
    if (e->awake)
        wipe_awake(a, e->awake);
    wipe_entry(e);
}

void app_leg_drop(struct app *a, leg_id leg)
{
    struct app_leg *l = app_leg_find(a, leg);

    if (!l)
        return;
    if (l->media)
        (void)media_close(a->media, leg); /* a full queue: the worker's own sweep ends the stream */
    else
        a->legs_mute--;
    if (l->saved) {
        struct change *change = turn_add(a, CHANGE_LEG_REMOVE);

        if (change)
            change->leg_gone = leg;
    }
    drop_entry(a, place(a, leg));
}

void app_leg_drop_all(struct app *a)
{
    for (size_t i = 0; i < LEG_BUCKETS; i++)
        while (a->legs[i])
            drop_entry(a, &a->legs[i]);
}

/* ---- rows ---- */

void app_leg_save(struct app *a, struct app_leg *l, call_id call)
{
    struct change *change = turn_add(a, CHANGE_LEG_PUT);

    if (!change)
        return;
    l->saved = true;
    change->leg.leg = l->leg;
    change->leg.call = call;
    if (!sip_dialog_write(change->leg.dialog, sizeof(change->leg.dialog), &l->dialog))
        log_error("app", "leg %llu: its dialog is too long to be stored whole",
                  (unsigned long long)l->leg);
    (void)leg_text_write(change->leg.media, sizeof(change->leg.media), l); /* it fits */
}

/* Who parks, retrieves, commands and administers, and when. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "world.h"

static struct leg *new_leg(struct world *w, enum intent intent, bool insider)
{
    struct leg *l = phones_new(w, w->next_leg, intent);

    w->next_leg += 2;
    l->insider = insider;
    (void)text_format(l->user, sizeof l->user, insider ? "1%02u" : "+49300%02u",
                      (unsigned)world_dice(w, 100));
    return l;
}

/* An orbit where a call is, more often than not. */
static void some_orbit(struct world *w, char to[16])
{
    const struct call *c = NULL;
    unsigned skip = (unsigned)world_dice(w, calls_count(w->p.calls) + 1);
    char number[NUMBER_SIZE];

    for (unsigned i = 0; i <= skip; i++)
        c = calls_next(w->p.calls, c ? c->id : 0);
    if (c && c->has_orbit && world_chance(w, 80))
        number_text(number, c->orbit);
    else
        (void)text_format(number, sizeof number, "70%u", (unsigned)world_dice(w, 8));
    (void)text_copy(to, 16, number);
}

static void parks(struct world *w)
{
    struct leg *l = new_leg(w, INTENT_PARK, world_chance(w, 30));

    (void)text_copy(l->dialled, sizeof l->dialled, "park");
    if (world_chance(w, 20))
        some_orbit(w, l->dialled);
    if (l->insider || world_chance(w, 80))
        (void)text_format(l->by, sizeof l->by, world_chance(w, 10) ? "+49309%02u" : "1%02u",
                          (unsigned)world_dice(w, 100));
    l->silent = world_chance(w, 10);
    phones_invite(w, l);
}

static void consults(struct world *w)
{
    struct leg *l = new_leg(w, INTENT_CONSULT, true);

    (void)text_copy(l->dialled, sizeof l->dialled, "park");
    phones_invite(w, l);
}

/* One after the other within a moment, for the same orbit; some of them from outside. */
static void retrieve(struct world *w)
{
    unsigned how_many = world_chance(w, 30) ? 1 + (unsigned)world_dice(w, 5) : 1;
    char orbit[16];

    some_orbit(w, orbit);
    while (how_many--) {
        struct leg *l = new_leg(w, INTENT_RETRIEVE, world_chance(w, 93));

        (void)text_copy(l->dialled, sizeof l->dialled, orbit);
        l->silent = world_chance(w, 15);
        phones_invite(w, l);
    }
}

/* INVITE with Replaces of any leg there is: ringing, talking, gone, or never heard of. */
static void replaces(struct world *w)
{
    const struct leg *old = &w->leg[world_dice(w, LEGS)];
    struct leg *l;

    if (!old->id)
        return;
    l = new_leg(w,
                old->intent == INTENT_CALLED && old->wire == WIRE_ASKED ? INTENT_RETRIEVE
                                                                        : INTENT_REPLACE,
                true);
    l->role = old->role;
    l->replaces = old->id;
    (void)text_copy(l->dialled, sizeof l->dialled, "x");
    phones_invite(w, l);
}

static void commands(struct world *w)
{
    static const enum event_type types[] = { EV_DO_RETRIEVE, EV_DO_RING_BACK, EV_DO_RING_BACK,
                                             EV_DO_EXTEND,   EV_DO_EXTEND,    EV_DO_TRANSFER,
                                             EV_DO_HANG_UP,  EV_DO_NOTE };
    struct event ev = { .type = types[world_dice(w, sizeof types / sizeof *types)] };
    const struct call *c = NULL;

    for (uint64_t skip = world_dice(w, calls_count(w->p.calls) + 1); skip; skip--)
        c = calls_next(w->p.calls, c ? c->id : 0);
    ev.call = c ? c->id : world_dice(w, 1000);
    ev.span = 1000 + world_dice(w, 30000);
    (void)text_copy(ev.uri, URI_SIZE, "sip:999@pbx");
    (void)text_copy(ev.text, NOTE_SIZE, "waits for the baker");
    (void)text_copy(ev.actor, DISPLAY_SIZE, "anna");
    if (w->verbose)
        printf("# command %d for call %u\n", (int)ev.type, (unsigned)ev.call);
    world_step(w, &ev);
}

/* Somebody is to be fetched: by REFER outside of a dialog, or by command. */
static void fetches(struct world *w)
{
    struct note note = { .type = EV_REFER };
    struct refer refer = { 0 };
    struct event ev = { .type = EV_DO_PARK, .refer = &refer };

    if (world_chance(w, 60)) {
        world_later(w, world_dice(w, 30), FUTURE_DELIVER, &note);
        return;
    }
    phones_refer(w, NULL, &refer);
    refer.number = 0;
    refer.commanded = true;
    (void)text_copy(ev.actor, DISPLAY_SIZE, "anna");
    world_step(w, &ev);
}

/* ---- administrators -----------------------------------------------------------------------------
 */

static void set(struct world *w, enum setting_key key, const char *text)
{
    struct err err;

    if (settings_set(&w->deployment->global, key, text, &err))
        judge_fail(w, "setting: %s", err.text);
}

void people_settings(struct world *w)
{
    static const char *const patience[] = { "10", "20", "45", "90" };
    static const char *const attempts[] = { "1", "1", "2", "3" };
    static const char *const ring[] = { "5", "10", "25" };
    static const char *const longest[] = { "1m", "2m", "10m", "24h" };
    static const char *const cool[] = { "0", "2", "10" };
    static const char *const order[] = { "lru", "random", "sequential", "lowest" };

    set(w, SET_PIN, w->pin);
    set(w, SET_PICKUP_TIMEOUT, patience[world_dice(w, 4)]);
    set(w, SET_ANNOUNCE_BACK, world_chance(w, 50) ? "on" : "off");
    set(w, SET_RINGBACK_CONFIRM, world_chance(w, 40) ? "on" : "off");
    set(w, SET_MAX_PICKUP_ATTEMPTS, attempts[world_dice(w, 4)]);
    set(w, SET_RING_TIME, ring[world_dice(w, 3)]);
    set(w, SET_MAX_PARK, longest[world_dice(w, 4)]);
    set(w, SET_COOL_DOWN, cool[world_dice(w, 3)]);
    set(w, SET_ALLOCATION, order[world_dice(w, 4)]);
    set(w, SET_ANNOUNCE, world_chance(w, 80) ? "on" : "off");
    set(w, SET_FREE_ORBIT, world_chance(w, 80) ? "park" : "reject");
    if (world_chance(w, 60))
        set(w, SET_TIMEOUT_URI, "sip:operator@pbx");
    else
        settings_unset(&w->deployment->global, SET_TIMEOUT_URI);
}

static void put_range(struct world *w, range_id id, const char *first, const char *last)
{
    struct range r = { .type = RANGE_CALL_PARK, .version = 1 };
    char name[16];

    (void)text_format(name, sizeof name, "range %u", (unsigned)id);
    if (range_read(&r, name, first, last, NULL).fault != RANGE_FINE)
        judge_fail(w, "range %s", first);
    r.id = id;
    (void)text_copy(r.destination, FQDN_SIZE, "pool.example");
    ranges_put(&w->deployment->ranges, &r);
}

void people_ranges(struct world *w, bool both)
{
    put_range(w, 1, "700", world_chance(w, 50) ? "703" : "707");
    if (both)
        put_range(w, 2, "*100", "*101");
    else
        (void)ranges_remove(&w->deployment->ranges, 2);
    w->range_b = both;
}

/* By force, or only closed and gone when the last call has left. */
static void remove_range(struct world *w, bool force)
{
    orbits_close(w->p.orbits, number_read("*100", NULL), number_read("*101", NULL), true);
    for (const struct call *c = calls_next(w->p.calls, 0); force && c;) {
        struct event ev = { .type = EV_DO_FORCE_OUT, .call = c->id };
        bool mine = c->has_orbit && c->range == 2;
        call_id at = c->id;

        if (mine)
            world_step(w, &ev);
        c = calls_next(w->p.calls, at);
    }
}

/* An orbit that went with its range comes back as a new one. */
static void forget_gone(struct world *w)
{
    for (unsigned i = 0; i < sizeof w->freed / sizeof *w->freed; i++)
        if (orbits_look(w->p.orbits, w->freed[i].orbit, w->now).state == ORBIT_NONE)
            w->freed[i].orbit = 0;
}

static void rebuild(struct world *w)
{
    forget_gone(w);
    orbits_rebuild(w->p.orbits, &w->deployment->ranges, "pool.example");
    forget_gone(w);
}

static void administers(struct world *w)
{
    switch (world_dice(w, 4)) {
    case 0:
        w->p.house.draining = world_chance(w, 30);
        w->p.house.audio_full = !w->p.house.draining && w->now % 4 == 0;
        break;
    case 1:
        people_settings(w);
        break;
    case 2:
        if (w->range_b)
            remove_range(w, world_chance(w, 50));
        people_ranges(w, !w->range_b);
        rebuild(w);
        break;
    default:
        people_ranges(w, w->range_b);
        rebuild(w);
        break;
    }
}

void people_arrive(struct world *w)
{
    uint64_t what = world_dice(w, 100);

    if (what < 4)
        fetches(w);
    else if (what < 35)
        parks(w);
    else if (what < 50)
        consults(w);
    else if (what < 78)
        retrieve(w);
    else if (what < 84)
        replaces(w);
    else if (what < 94)
        commands(w);
    else if (what < 99)
        administers(w);
    else
        world_later(w, world_dice(w, 60000), FUTURE_CRASH, NULL); /* at any moment */
    if (--w->arrivals)
        world_later(w, world_span(w, 8000), FUTURE_ARRIVAL, NULL);
}

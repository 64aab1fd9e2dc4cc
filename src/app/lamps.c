/* The lamps of this node's orbits, told to the SIP edge at each change, and the ids and tickets by
 * which one parked call can be asked for. The secret behind them comes from the access token on
 * disk, so that they are the same after a restart. */
#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/text.h"
#include "sys/log.h"

_Static_assert(PICKUP_BYTES >= crypto_generichash_BYTES_MIN &&
                   PICKUP_BYTES <= crypto_generichash_BYTES_MAX,
               "what a call's ids are made of");
_Static_assert(crypto_shorthash_KEYBYTES <= crypto_generichash_KEYBYTES,
               "one secret is key to both");
_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "what was told, in short");

/* Of which call's lamp the edge has been told last, by slot, and what, in short. */
struct app_lamps {
    unsigned char secret[crypto_generichash_KEYBYTES];
    bool behind; /* something could not be told: all of it once more */
    call_id lit[CALLS_MAX];
    number_key orbit[CALLS_MAX];
    uint64_t told[CALLS_MAX]; /* 0: tell it again */
};

/* ---- ids ---- */

void app_pickup(const struct app *a, call_id call, struct pickup *out)
{
    unsigned char bytes[PICKUP_BYTES];

    (void)crypto_generichash(bytes, sizeof(bytes), (const unsigned char *)&call, sizeof(call),
                             a->lamps->secret, sizeof(a->lamps->secret));
    pickup_write(out, call, bytes);
}

/* Whose are the ids that this INVITE names? */
void lamps_know(const struct app *a, struct invite *in)
{
    struct pickup own;
    call_id call;

    in->pickup_call = in->ticket_call = 0;
    if (in->replaces == REPLACES_PICKUP) {
        call = pickup_call(in->pickup_ids.call_id);
        app_pickup(a, call, &own);
        if (pickup_fits(&own, in->pickup_ids.call_id, in->pickup_ids.to_tag,
                        in->pickup_ids.from_tag))
            in->pickup_call = call;
    }
    if (in->ticket[0]) {
        call = ticket_call(in->ticket);
        app_pickup(a, call, &own);
        if (ticket_fits(&own, in->ticket))
            in->ticket_call = call;
    }
}

bool app_ticket(const struct app *a, const struct call *c, char to[URI_SIZE])
{
    struct pickup own;
    char number[NUMBER_SIZE];

    app_pickup(a, c->id, &own);
    number_text(number, c->orbit);
    return text_format(to, URI_SIZE, "sip:%s%s;ticket=%s@%s", number[0] == '#' ? "%23" : "",
                       number[0] == '#' ? number + 1 : number, own.ticket, a->config.sip.domain);
}

/* ---- telling the edge ---- */

/* A ticket stands for the PIN of its range; who only sees a lamp is to give that himself. */
static void give_pickup(struct app *a, struct orbit_lamp *lamp)
{
    const struct call *c = app_call(a, lamp->call);
    struct rules rules;

    app_pickup(a, lamp->call, &lamp->pickup);
    if (!c)
        return;
    deployment_rules(a->deployment, a->config.destination, c->range, &rules, NULL);
    if (rules.pin[0])
        memset(lamp->pickup.ticket, 0, sizeof(lamp->pickup.ticket));
}

static void tell(struct app *a, struct orbit_lamp *lamp)
{
    if (lamp->lit)
        give_pickup(a, lamp);
    if (sip_lamp(a->sip, lamp))
        a->lamps->behind = true;
}

static void darken(struct app *a, size_t slot)
{
    struct orbit_lamp lamp = { .orbit = a->lamps->orbit[slot], .call = a->lamps->lit[slot] };

    a->lamps->lit[slot] = 0;
    a->lamps->told[slot] = 0;
    tell(a, &lamp);
}

/* Of a lamp without its ids, which depend on the call alone. Keyed, so that nobody who chooses his
 * name can have it taken for another. */
static uint64_t in_short(const struct app *a, const struct orbit_lamp *lamp)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t value;

    (void)crypto_shorthash(hash, (const unsigned char *)lamp, offsetof(struct orbit_lamp, pickup),
                           a->lamps->secret);
    memcpy(&value, hash, sizeof(value));
    return value ? value : 1;
}

void lamps_look(struct app *a, call_id id)
{
    const struct call *c = app_call(a, id);
    size_t slot = id % CALLS_MAX;
    struct orbit_lamp lamp;
    bool was_lit = a->lamps->lit[slot] == id && id;
    uint64_t now;

    if (!id || !a->sip)
        return;
    memset(&lamp, 0, sizeof(lamp));
    if (c)
        lamp_of(c, &lamp);
    if (was_lit && (!lamp.lit || lamp.orbit != a->lamps->orbit[slot]))
        darken(a, slot);
    if (!lamp.lit)
        return;
    now = in_short(a, &lamp);
    if (a->lamps->lit[slot] == id && a->lamps->told[slot] == now)
        return; /* most steps of a call show in no lamp */
    a->lamps->lit[slot] = id;
    a->lamps->orbit[slot] = lamp.orbit;
    a->lamps->told[slot] = now;
    tell(a, &lamp);
}

/* All that is lit at once. */
static void tell_all(struct app *a)
{
    struct orbit_lamp *list = calloc(calls_count(a->park.calls) + 1, sizeof(*list));
    size_t count = 0;

    a->lamps->behind = true;
    if (!list)
        return;
    for (const struct call *c = calls_next(a->park.calls, 0); c;
         c = calls_next(a->park.calls, c->id)) {
        lamp_of(c, &list[count]);
        if (!list[count].lit)
            continue;
        give_pickup(a, &list[count]);
        a->lamps->lit[c->id % CALLS_MAX] = c->id;
        a->lamps->orbit[c->id % CALLS_MAX] = c->orbit;
        count++;
    }
    a->lamps->behind = sip_lamps(a->sip, list, count) != 0;
}

static void add_range(struct app *a, struct sip_watched *to, const struct range *r)
{
    struct rules rules;

    deployment_rules(a->deployment, a->config.destination, r->id, &rules, NULL);
    to->range = r->id;
    to->first = r->first;
    to->last = r->last;
    to->park_number = r->park_number[0] ? number_read(r->park_number, NULL) : 0;
    to->how = rules.lamp;
    (void)text_copy(to->allow, sizeof(to->allow), rules.watch_allow); /* the same size */
}

void lamps_ranges(struct app *a)
{
    const struct ranges *all = &a->deployment->ranges;
    struct sip_watched *list = calloc(all->count + 1, sizeof(*list));
    size_t count = 0;

    if (!a->sip || !list) {
        free(list);
        return;
    }
    for (const struct call *c = calls_next(a->park.calls, 0); c;
         c = calls_next(a->park.calls, c->id))
        a->lamps->told[c->id % CALLS_MAX] = 0; /* whether there is a ticket may differ now */
    for (size_t i = 0; i < all->count; i++)
        if (all->at[i].type == RANGE_CALL_PARK &&
            text_is(all->at[i].destination, a->config.destination))
            add_range(a, &list[count++], &all->at[i]);
    if (sip_watched(a->sip, list, count))
        a->lamps->behind = true;
}

void lamps_second(struct app *a)
{
    if (!a->lamps->behind)
        return;
    log_warning("sip", "lamps could not be told in time: all of them are told once more");
    a->lamps->behind = false;
    lamps_ranges(a);
    tell_all(a);
}

/* ---- start and end ---- */

int lamps_new(struct app *a, struct err *err)
{
    static const unsigned char purpose[] = "lamps";

    a->lamps = calloc(1, sizeof(*a->lamps));
    if (!a->lamps)
        return err_set(err, -ENOMEM, "out of memory for lamps");
    (void)crypto_generichash(a->lamps->secret, sizeof(a->lamps->secret), purpose, sizeof(purpose),
                             (const unsigned char *)a->token, strlen(a->token));
    return 0;
}

/* The calls that a restart has found again are lit from the first moment. */
void lamps_start(struct app *a)
{
    lamps_ranges(a);
    tell_all(a);
}

void lamps_free(struct app *a)
{
    free(a->lamps);
}

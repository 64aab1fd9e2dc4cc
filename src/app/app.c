/* The loop: takes what the edges put in the queue, steps the core, carries out what it wants, and
 * submits the turn to the store. One thread; nothing in here waits but the queue. */
#include "app/app.h"

#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "app/demo.h"
#include "app/inside.h"
#include "base/text.h"
#include "sys/clock.h"
#include "sys/kept.h"
#include "sys/log.h"

#define TAKEN_AT_ONCE 64
#define DELAY_MOST 300    /* milliseconds that something may wait; nothing new is taken then */
#define SOON 50           /* milliseconds */
#define ROWS_PAUSE 10     /* milliseconds between portions of rows that are written anew */
#define TICKS_AT_ONCE 256 /* deadlines handled before the queue is looked at again */

static atomic_bool want_stop, want_reload;

/* ---- from the edges' threads ---- */

/* Of an event only as much as there is of it: many are far shorter than the longest. */
static bool put(struct app *a, const struct app_item *head, const void *event, size_t size,
                size_t reserve)
{
    struct queue_piece pieces[] = { { head, offsetof(struct app_item, sip) }, { event, size } };

    return queue_offer_pieces(a->queue, pieces, 2, reserve);
}

static bool from_sip(void *to, const struct sip_event *ev)
{
    struct app_item head;

    head.from = FROM_SIP;
    head.put = clock_now();
    return put(to, &head, ev, sip_event_size(ev->type),
               ev->type == SIP_INVITE ? EVENTS_RESERVED : 0);
}

static bool from_media(void *to, const struct media_event *ev)
{
    struct app_item head;

    head.from = FROM_MEDIA;
    return put(to, &head, ev, sizeof(*ev), 0);
}

static bool from_store(void *to, const struct store_event *ev)
{
    struct app_item head;

    head.from = FROM_STORE;
    return put(to, &head, ev, sizeof(*ev), 0);
}

static bool from_http(void *to, struct http_request *rq)
{
    struct app_item head;

    head.from = FROM_HTTP;
    return put(to, &head, &rq, sizeof(struct http_request *), EVENTS_RESERVED);
}

bool app_put_chore(struct app *a, struct chore *c)
{
    struct app_item head;

    head.from = FROM_CHORE;
    return put(a, &head, &c, sizeof(struct chore *), 0);
}

/* An SDP's keys may be in it. */
static void wipe(struct app_item *item)
{
    if (item->from == FROM_SIP)
        explicit_bzero(item, offsetof(struct app_item, sip) + sip_event_size(item->sip.type));
}

/* ---- one event through the core ---- */

void app_own_event(struct app *a, const struct event *ev)
{
    if (a->own_count == OWN_EVENTS_MAX) {
        a->counts.events_dropped++; /* cannot be: a step has at most ACTIONS_MAX actions */
        return;
    }
    a->own[(a->own_first + a->own_count++) % OWN_EVENTS_MAX] = *ev;
}

static void carry_out(struct app *a, const struct actions *out)
{
    for (unsigned i = 0; i < out->count; i++)
        act(a, &out->at[i]);
    for (unsigned i = 0; i < out->count; i++)
        lamps_look(a, out->at[i].call);
    park_bury(&a->park);
    for (unsigned i = 0; i < out->count; i++) {
        if (out->at[i].type == ACT_FORGET)
            steps_drop(a, out->at[i].call); /* from here on the store tells its story */
    }
}

static void step_once(struct app *a, const struct event *ev)
{
    struct event timed = *ev;
    struct actions out;

    timed.wall = a->wall;
    out.count = 0;
    a->failure = ev->type == EV_LEG_FAILED ? ev->code : 0;
    if (ev->type == EV_INVITE || ev->type == EV_REFER || ev->type == EV_DO_PARK)
        fits_look(a, ev->type == EV_INVITE);
    park_step(&a->park, &timed, a->now, &out);
    carry_out(a, &out);
    if (ev->type == EV_LEG_FAILED)
        app_leg_drop(a, ev->leg);
    turn_end_group(a);
}

static void step_own(struct app *a)
{
    while (a->own_count) {
        struct event own = a->own[a->own_first];

        a->own_first = (a->own_first + 1) % OWN_EVENTS_MAX;
        a->own_count--;
        step_once(a, &own);
    }
}

void app_step(struct app *a, const struct event *ev)
{
    step_once(a, ev);
    step_own(a);
}

bool app_restore(struct app *a, const struct call *saved, const struct restore *legs)
{
    struct actions out;

    if (!park_restore(&a->park, saved, legs, a->now, &out))
        return false;
    a->failure = 0;
    carry_out(a, &out);
    turn_end_group(a);
    step_own(a);
    return true;
}

void app_tell(struct app *a, const struct app_event *ev)
{
    if (a->watcher.event)
        a->watcher.event(a->watcher.to, ev);
}

bool app_command(struct app *a, const struct event *command, char why[WHY_SIZE])
{
    a->counts.commands++;
    a->refused = false;
    app_step(a, command);
    if (a->refused)
        (void)text_copy(why, WHY_SIZE, a->refused_why);
    return !a->refused;
}

/* ---- the loop ---- */

static void take(struct app *a, struct app_item *item)
{
    switch (item->from) {
    case FROM_SIP:
        take_sip(a, &item->sip);
        break;
    case FROM_MEDIA:
        take_media(a, &item->media);
        break;
    case FROM_STORE:
        take_store(a, &item->store);
        break;
    case FROM_HTTP:
        a->watcher.request(a->watcher.to, item->http);
        break;
    case FROM_CHORE:
        take_chore(a, item->chore);
        break;
    }
}

static void look_at_clock(struct app *a)
{
    a->now = clock_now();
    a->wall = clock_wall();
}

static void tick(struct app *a)
{
    struct event ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = EV_TICK;
    for (unsigned i = 0; i < TICKS_AT_ONCE && park_next_deadline(&a->park) <= a->now; i++)
        app_step(a, &ev);
}

static void each_second(struct app *a)
{
    admin_drop_drained(a);
    people_second(a);
    lamps_second(a);
    phones_second(a);
    fits_second(a);
    written_second(a);
    orbits_settle(a->park.orbits, a->now); /* else each count walks all that cooled down since */
    demo_second(a);
    kept_alive();
    if (a->watcher.second)
        a->watcher.second(a->watcher.to);
    if (atomic_exchange(&want_reload, false)) {
        struct err err = { 0 };

        if (app_reload(a, &err))
            log_error("app", "reload: %s; the old configuration stays", err.text);
    }
}

void app_soon(struct app *a)
{
    if (!a->soon)
        a->soon = a->now + SOON;
}

static void look_soon(struct app *a)
{
    if (!a->soon || a->now < a->soon)
        return;
    a->soon = 0;
    if (a->watcher.soon)
        a->watcher.soon(a->watcher.to);
}

/* How long the queue may be waited for: until the next deadline, a second at most. */
static int patience(struct app *a)
{
    msec next = park_next_deadline(&a->park);

    if (next > a->next_second)
        next = a->next_second;
    if (a->soon && next > a->soon)
        next = a->soon;
    if (trouble_is_busy(a) && next > a->now + ROWS_PAUSE)
        next = a->now + ROWS_PAUSE;
    return next <= a->now ? 0 : (int)(next - a->now);
}

/* For how long has what came by SIP waited for us? Only a backlog counts, not that we once were
 * late. */
static msec waited(const struct app *a, size_t count)
{
    if (count < TAKEN_AT_ONCE)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (a->items[i].from == FROM_SIP)
            return a->now > a->items[i].put ? a->now - a->items[i].put : 0;
    return 0;
}

/* By how many wait and by how long (RFC 6357 5.2): whoever is not answered within half a second
 * asks again, and then it is too late to refuse. Places that are kept for answers do not count:
 * when the others are taken, nothing new is. */
static void tell_pressure(struct app *a, msec delay)
{
    size_t by_count = 100 * queue_length(a->queue) / (EVENTS_WAITING - EVENTS_RESERVED);
    size_t by_delay = 100 * delay / DELAY_MOST;

    if (a->sip)
        sip_pressure(a->sip, (unsigned)(by_count > by_delay ? by_count : by_delay));
}

void app_turn(struct app *a, int most)
{
    size_t count;
    msec delay;

    (void)queue_wait(a->queue, most); /* false: time has come for something */
    look_at_clock(a);
    count = queue_take(a->queue, a->items, TAKEN_AT_ONCE);
    delay = waited(a, count);
    for (size_t i = 0; i < count; i++)
        take(a, &a->items[i]);
    tick(a);
    look_soon(a);
    if (a->now >= a->next_second) {
        a->next_second = a->now + 1000;
        each_second(a);
    }
    turn_end_group(a);
    trouble_turn(a);
    turn_submit(a);
    app_leg_rest(a);
    tell_pressure(a, delay);
    for (size_t i = 0; i < count; i++)
        wipe(&a->items[i]);
}

int app_run(struct app *a)
{
    look_at_clock(a);
    music_prepare(a);
    if (a->watcher.started)
        a->watcher.started(a->watcher.to);
    while (!atomic_load(&want_stop))
        app_turn(a, patience(a));
    return 0;
}

void app_stop(struct app *a)
{
    (void)a;
    atomic_store(&want_stop, true);
}

void app_want_reload(struct app *a)
{
    (void)a;
    atomic_store(&want_reload, true);
}

void app_watch(struct app *a, const struct app_watcher *watcher)
{
    a->watcher = *watcher;
}

/* ---- start and end ---- */

static int make_tables(struct app *a, struct err *err)
{
    a->deployment = calloc(1, sizeof(*a->deployment));
    a->draft = calloc(1, sizeof(*a->draft));
    a->orbits_memory = calloc(1, orbits_size());
    a->calls_memory = calloc(1, calls_size());
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): it is an array of pointers. */
    a->steps = calloc(CALLS_MAX, sizeof(*a->steps));
    a->tokens = calloc(TOKENS_WAITING, sizeof(*a->tokens));
    a->groups = calloc(GROUPS_PER_TURN, sizeof(*a->groups));
    a->queue = queue_new(sizeof(struct app_item), EVENTS_WAITING);
    a->items = calloc(TAKEN_AT_ONCE, sizeof(*a->items));
    if (!a->deployment || !a->draft || !a->orbits_memory || !a->calls_memory || !a->steps ||
        !a->tokens || !a->groups || !a->queue || !a->items)
        return err_set(err, -ENOMEM, "out of memory for the tables");
    queue_wipe(a->queue);
    a->jobs_end = &a->jobs;
    if (music_new(a, err))
        return -ENOMEM;
    return people_new(a, err);
}

/* What phones were asked with before a restart is still known as ours: the key is made of a secret
 * that stays. */
static int start_sip(struct app *a, struct err *err)
{
    static const unsigned char purpose[] = "callpark SIP nonces";
    int result;

    (void)crypto_generichash(a->config.sip.nonce_key, sizeof(a->config.sip.nonce_key), purpose,
                             sizeof(purpose), (const unsigned char *)a->token, strlen(a->token));
    result = sip_start(&a->sip, &a->config.sip, from_sip, a, err);
    if (!result)
        phones_changed(a);
    return result;
}

static int start_edges(struct app *a, struct err *err)
{
    int result = store_start(a->store, from_store, a, err);

    if (!result)
        result = chores_start(a, err);
    if (!result)
        result = media_start(&a->media, &a->config.media, from_media, a, err);
    if (!result)
        recover_media(a);
    if (!result)
        result = http_start(&a->http, &a->config.http, from_http, a, err);
    if (!result)
        result = start_sip(a, err);
    return result;
}

int app_new(struct app **out, const struct app_config *config, struct err *err)
{
    struct app *a = calloc(1, sizeof(*a));
    int result;

    if (!a)
        return err_set(err, -ENOMEM, "out of memory");
    a->config = *config;
    look_at_clock(a);
    a->started = a->wall;
    clock_boot(a->boot);
    atomic_store(&want_stop, false);
    result = sodium_init() < 0 ? err_set(err, -EIO, "libsodium cannot start") : make_tables(a, err);
    if (!result)
        result = store_open(&a->store, a->config.store_url, err);
    if (!result)
        result = load_all(a, err);
    if (!result)
        result = load_token(a, err);
    if (!result)
        result = lamps_new(a, err);
    if (!result)
        result = start_edges(a, err);
    if (result) {
        app_free(a);
        return result;
    }
    recover_calls(a);
    recover_free(a);
    watches_free(a);
    lamps_start(a);
    *out = a;
    return 0;
}

/* What came in before the end, while there is still an edge to answer by. Of SIP and media nothing
 * new is begun. */
static void take_rest(struct app *a)
{
    struct app_item item;

    look_at_clock(a);
    for (size_t left = queue_length(a->queue); left && queue_take(a->queue, &item, 1); left--) {
        if (item.from == FROM_STORE || item.from == FROM_CHORE ||
            (item.from == FROM_HTTP && a->watcher.request))
            take(a, &item);
    }
    explicit_bzero(&item, sizeof item);
    turn_end_group(a);
    turn_submit(a);
}

/* What came later: nobody acts on it any more. Requests are the HTTP edge's to answer. */
static void drop_rest(struct app *a)
{
    struct app_item item;

    while (queue_take(a->queue, &item, 1)) {
        if (item.from == FROM_STORE && item.store.type == STORE_ROWS)
            store_rows_free(item.store.rows);
    }
    explicit_bzero(&item, sizeof item);
}

/* Edges first, so that nothing puts events any more; the store last, so that all is written. */
void app_free(struct app *a)
{
    if (!a)
        return;
    demo_stop(a);
    chores_stop(a);
    if (a->sip) /* all edges are there: it started last */
        take_rest(a);
    sip_stop(a->sip);
    media_stop(a->media);
    store_close(a->store);
    if (a->queue)
        drop_rest(a);
    recover_free(a);
    admin_free(a); /* it replies to whoever still waits */
    http_stop(a->http);
    chores_free(a);
    audit_free(a);
    music_files_free(a);
    music_free(a);
    parks_free(a);
    people_free(a);
    lamps_free(a);
    watches_free(a);
    app_leg_drop_all(a);
    steps_free(a);
    for (size_t i = 0; i < a->group_count; i++)
        store_changes_free(a->groups[i].changes, a->groups[i].count);
    free(a->groups);
    store_changes_free(a->changes, a->change_count);
    free(a->tokens);
    queue_free(a->queue);
    free(a->items);
    free(a->calls_memory);
    free(a->orbits_memory);
    free(a->draft);
    free(a->deployment);
    free(a);
}

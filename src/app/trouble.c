/* Trouble with the store never hurts a call: what is told of it, whether new calls are parked
 * meanwhile, and the rows that are written anew once it is over. */
#include <stdlib.h>
#include <string.h>

#include "app/inside.h"
#include "base/text.h"
#include "sys/log.h"

#define SLOW 3000         /* milliseconds that one flush of the disk may take */
#define QUICK 1000        /* one that took no longer ends the trouble, */
#define SLOW_FOR 2000     /* or that nothing was written for so long */
#define ROWS_AT_ONCE 128  /* calls in one turn of the loop, */
#define ROWS_WAITING 4096 /* as long as so few changes wait to be written */
#define ROWS_AGAIN 1000   /* milliseconds after which it is tried once more */

/* ---- what is told of it ---- */

static enum store_trouble kind_of(const struct app *a)
{
    const struct app_trouble *t = &a->trouble;

    return t->kind ? t->kind : t->slow ? STORE_SLOW : STORE_FINE;
}

/* The reason that who would park is given. What a disk is and where, is none of his business. */
static const char *refusal(enum store_trouble kind)
{
    static const char *const reasons[] = {
        [STORE_FULL] = "the disk of this server is full: no new calls are parked until it has room",
        [STORE_READ_ONLY] = "this server may not write to its disk: no new calls are parked",
        [STORE_LOCKED] = "another program has this server's store: no new calls are parked",
        [STORE_DAMAGED] = "the store of this server is damaged: no new calls are parked",
        [STORE_BROKEN] = "this server cannot write to its disk: no new calls are parked",
        [STORE_NO_MEMORY] = "this server is short of memory: no new calls are parked",
        [STORE_SLOW] = "the disk of this server does not answer: no new calls are parked",
    };

    return kind ? reasons[kind] : NULL;
}

static void apply_to_house(struct app *a)
{
    a->park.house.store_why =
        a->config.store_trouble == TROUBLE_REFUSE ? refusal(kind_of(a)) : NULL;
}

static void tell(struct app *a, bool trouble)
{
    struct app_event ev = { .name = trouble ? "system.store_trouble" : "system.store_fine",
                            .topic = "system",
                            .at = a->wall,
                            .why = a->trouble.why,
                            .subject = "" };

    if (trouble)
        log_error("store", "%s; new calls are %s, those that are here go on", a->trouble.why,
                  a->config.store_trouble == TROUBLE_REFUSE ? "refused"
                                                            : "parked without being on disk");
    else
        log_info("store", "%s; it could not for %llu s", a->trouble.why,
                 (unsigned long long)(a->wall - a->trouble.since) / 1000);
    app_tell(a, &ev);
}

/* Something of the present state is not in the store. */
static void rows_stale(struct app *a)
{
    a->trouble.stale++;
    a->trouble.next = 0;
    a->trouble.writing = false;
    a->trouble.again = a->now + ROWS_AGAIN;
}

/* The state was `before`. */
static void changed(struct app *a, enum store_trouble before, const char *why)
{
    enum store_trouble now = kind_of(a);

    apply_to_house(a);
    if (now == before)
        return;
    if (!before)
        a->trouble.since = a->wall;
    (void)text_copy(a->trouble.why, sizeof(a->trouble.why), why);
    tell(a, now != STORE_FINE);
    if (!now)
        a->trouble.since = 0;
}

void trouble_told(struct app *a, const struct store_event *ev)
{
    enum store_trouble before = kind_of(a);

    a->trouble.kind = ev->trouble;
    rows_stale(a);
    a->trouble.again = a->now; /* what this state lacks is written as soon as that can be */
    changed(a, before, ev->text);
}

void trouble_behind(struct app *a)
{
    rows_stale(a);
}

void trouble_reloaded(struct app *a)
{
    apply_to_house(a);
}

bool app_store_fine(const struct app *a, char why[ERR_TEXT_SIZE])
{
    bool fine = kind_of(a) == STORE_FINE;

    (void)text_copy(why, ERR_TEXT_SIZE, fine ? "" : a->trouble.why);
    return fine;
}

void app_store_state(const struct app *a, struct app_store_state *out)
{
    struct store_state s;

    memset(out, 0, sizeof(*out));
    store_look(a->store, &s);
    out->trouble = kind_of(a);
    out->from_memory = a->config.store_trouble == TROUBLE_MEMORY;
    if (out->trouble) {
        out->since = a->trouble.since;
        (void)text_copy(out->why, sizeof(out->why), a->trouble.why);
    }
    out->rows_behind = a->trouble.stale != a->trouble.written;
    out->kept = s.kept;
    out->lost = s.lost;
}

/* ---- served from memory ---- */

bool trouble_from_memory(const struct app *a)
{
    return a->config.store_trouble == TROUBLE_MEMORY && kind_of(a) != STORE_FINE;
}

void trouble_unwritten(const struct app *a, call_id call, uint64_t write, struct event *ev)
{
    memset(ev, 0, sizeof(*ev));
    ev->type = EV_SAVED;
    ev->call = call;
    ev->write = write;
    ev->unwritten = true;
    (void)text_copy(ev->text, sizeof(ev->text), a->trouble.why); /* cut */
}

/* Who waits for a disk that does not answer is told his number without it. */
static void serve_waiting(struct app *a)
{
    const struct call *c = calls_next(a->park.calls, 0);

    while (c) {
        call_id id = c->id;
        struct event ev;

        if (c->state == CALL_SAVING && c->saved < c->orbit_write) {
            trouble_unwritten(a, id, c->write, &ev);
            app_step(a, &ev);
        }
        c = calls_next(a->park.calls, id);
    }
}

/* ---- a disk that takes seconds ---- */

static bool is_slow(const struct app *a, const struct store_state *s)
{
    msec busy = s->busy_since && a->now > s->busy_since ? a->now - s->busy_since : 0;

    if (busy > SLOW || !a->trouble.slow)
        return busy > SLOW;
    return s->took > QUICK && (busy || a->now < s->ended + SLOW_FOR);
}

static void look_at_worker(struct app *a)
{
    enum store_trouble before = kind_of(a);
    char why[ERR_TEXT_SIZE];
    struct store_state s;
    bool slow;

    store_look(a->store, &s);
    slow = !a->trouble.kind && is_slow(a, &s);
    if (slow == a->trouble.slow)
        return;
    a->trouble.slow = slow;
    (void)text_format(why, sizeof(why),
                      slow ? "the disk of the store %.160s takes more than %u s for what it is to "
                             "write: look at the disk and the system's log"
                           : "the disk of the store %.160s is quick enough again",
                      a->config.store_url, SLOW / 1000);
    changed(a, before, why);
    if (slow && trouble_from_memory(a))
        serve_waiting(a);
}

/* ---- rows as they are now ---- */

static void save_leg(struct app *a, leg_id leg, call_id call)
{
    struct app_leg *l = leg ? app_leg_find(a, leg) : NULL;

    if (l && l->saved)
        app_leg_save(a, l, call);
}

static void save_call(struct app *a, const struct call *c)
{
    const struct call copy = *c; /* looking up a leg may change where it is */

    (void)app_call_save(a, &copy);
    save_leg(a, copy.caller_leg, copy.id);
    save_leg(a, copy.peer, copy.id);
    save_leg(a, copy.next_leg, copy.id);
    turn_end_group(a);
}

struct ids {
    uint64_t *id;
    size_t count, room;
    bool failed;
};

static void add_id(struct ids *ids, uint64_t id)
{
    size_t room = ids->room ? 2 * ids->room : 256;
    uint64_t *more;

    if (ids->count == ids->room) {
        more = realloc(ids->id, room * sizeof(*more));
        ids->failed = ids->failed || !more;
        if (!more)
            return;
        ids->id = more;
        ids->room = room;
    }
    ids->id[ids->count++] = id;
}

static int by_id(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void sort_ids(struct ids *ids)
{
    if (ids->count)
        qsort(ids->id, ids->count, sizeof(*ids->id), by_id);
}

static void see_leg(void *to, const struct app_leg *l)
{
    if (l->saved)
        add_id(to, l->leg);
}

/* The last of it: what has no row any more here has none there either. False: not now. */
static bool remove_others(struct app *a)
{
    struct app_token token = { .kind = TOKEN_ROWS, .write = a->trouble.stale };
    struct ids calls = { 0 }, legs = { 0 };
    struct change *change;

    for (const struct call *c = calls_next(a->park.calls, 0); c;
         c = calls_next(a->park.calls, c->id))
        add_id(&calls, c->id);
    app_leg_each(a, see_leg, &legs);
    a->group_token = turn_token(a, &token);
    change = a->group_token && !calls.failed && !legs.failed ? turn_add(a, CHANGE_ROWS_KEEP) : NULL;
    if (!change) {
        (void)turn_take_token(a, a->group_token, &token);
        a->group_token = 0;
        free(calls.id);
        free(legs.id);
        return false;
    }
    sort_ids(&calls);
    sort_ids(&legs);
    change->live = (struct live_rows){ calls.id, legs.id, calls.count, legs.count };
    turn_end_group(a);
    return true;
}

static bool is_due(const struct app *a)
{
    const struct app_trouble *t = &a->trouble;

    return t->stale != t->written && !t->writing && !kind_of(a) && a->now >= t->again;
}

/* Some calls in each turn, so that those who wait for a promise hardly notice. */
static void write_rows(struct app *a)
{
    const struct call *c = NULL;
    struct store_state s;

    store_look(a->store, &s);
    if (s.waiting > ROWS_WAITING)
        return;
    for (unsigned i = 0; i < ROWS_AT_ONCE; i++) {
        c = calls_next(a->park.calls, a->trouble.next);
        if (!c)
            break;
        a->trouble.next = c->id;
        save_call(a, c);
    }
    if (c)
        return;
    a->trouble.writing = remove_others(a);
    a->trouble.again = a->now + (a->trouble.writing ? 0 : ROWS_AGAIN);
    a->trouble.next = 0;
}

void trouble_rows_written(struct app *a, const struct app_token *t, bool done)
{
    a->trouble.writing = false;
    if (!done) {
        a->trouble.again = a->now + ROWS_AGAIN;
        return;
    }
    if (t->write != a->trouble.stale)
        return; /* something was lost again meanwhile */
    a->trouble.written = a->trouble.stale;
    log_info("store", "the rows of all %zu calls are as they are now", calls_count(a->park.calls));
}

void trouble_turn(struct app *a)
{
    look_at_worker(a);
    if (is_due(a))
        write_rows(a);
}

bool trouble_is_busy(const struct app *a)
{
    return is_due(a);
}

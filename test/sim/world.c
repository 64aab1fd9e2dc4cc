/* Chance, time, and the store. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/text.h"
#include "world.h"

#define MORNING 1000000

/* ---- chance: splitmix64 -------------------------------------------------------------------------
 */

static uint64_t next_random(struct world *w)
{
    uint64_t z = w->random += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint64_t world_dice(struct world *w, uint64_t sides)
{
    return sides ? next_random(w) % sides : 0;
}

bool world_chance(struct world *w, unsigned percent)
{
    return world_dice(w, 100) < percent;
}

msec world_span(struct world *w, msec mean)
{
    msec span = world_dice(w, mean + 1);

    return world_chance(w, 20) ? span * 4 : span;
}

/* ---- time: a heap of what will happen, equal times in the order in which they were planned ------
 */

bool world_sooner(const struct future *a, const struct future *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void push(struct world *w, const struct future *f)
{
    unsigned at = w->futures++;

    if (w->futures > FUTURES)
        judge_fail(w, "the simulation has planned too much");
    for (; at && world_sooner(f, &w->future[(at - 1) / 2]); at = (at - 1) / 2)
        w->future[at] = w->future[(at - 1) / 2];
    w->future[at] = *f;
}

static struct future pop(struct world *w)
{
    struct future first = w->future[0];
    struct future last = w->future[--w->futures];
    unsigned at = 0;

    for (unsigned child = 1; child < w->futures; child = 2 * at + 1) {
        if (child + 1 < w->futures && world_sooner(&w->future[child + 1], &w->future[child]))
            child++;
        if (!world_sooner(&w->future[child], &last))
            break;
        w->future[at] = w->future[child];
        at = child;
    }
    w->future[at] = last;
    return first;
}

void world_later(struct world *w, msec in, enum what what, const struct note *note)
{
    struct future f = { .at = w->now + in, .order = w->order++, .what = what };

    if (note)
        f.note = *note;
    /* What the SIP edge reports stays in its order, however long each took. */
    if (what == FUTURE_DELIVER &&
        (note->type < EV_SAID || note->type == EV_DIGIT || note->type == EV_REFER)) {
        if (f.at < w->last_delivery)
            f.at = w->last_delivery;
        w->last_delivery = f.at;
    }
    push(w, &f);
}

/* ---- the store: changes reach the disk in order, or fail, or nobody ever hears ------------------
 */

void world_save(struct world *w, call_id call, uint64_t write, bool remove)
{
    struct change *c = &w->change[w->changes_last++ % FUTURES];
    const struct call *now = calls_find(w->p.calls, call);
    const struct change *before = &w->change[(w->changes_last - 2) % FUTURES];
    bool slow = world_chance(w, 4);

    memset(c, 0, sizeof *c);
    c->call = call;
    c->write = write;
    c->remove = remove;
    c->step = w->steps;
    c->fails = world_chance(w, 3);
    if (w->changes_last > w->changes_first + 1 && before->step == c->step)
        c->fails = before->fails; /* they hold or fall together */
    c->silent = world_chance(w, 1);
    if (!remove) {
        if (!now)
            judge_fail(w, "a call is to be saved that is not there");
        c->row = malloc(sizeof *c->row);
        if (c->row)
            *c->row = *now;
    }
    world_later(w, world_dice(w, slow ? 9000 : 60), FUTURE_STORE, NULL);
}

static unsigned row_place(const struct world *w, call_id call)
{
    unsigned at = (unsigned)(call % ROWS);

    while (w->row[at] && w->row[at]->id != call)
        at = (at + 1) % ROWS;
    return at;
}

const struct call *world_row(const struct world *w, call_id call)
{
    return w->row[row_place(w, call)];
}

/* Taken out of its run of neighbours by putting those behind it in again. */
void world_remove_row(struct world *w, call_id call)
{
    unsigned at = row_place(w, call);

    free(w->row[at]);
    w->row[at] = NULL;
    for (at = (at + 1) % ROWS; w->row[at]; at = (at + 1) % ROWS) {
        struct call *moved = w->row[at];

        w->row[at] = NULL;
        w->row[row_place(w, moved->id)] = moved;
    }
}

static void commit(struct world *w, struct change *c)
{
    unsigned at;

    if (c->remove && !c->fails)
        world_remove_row(w, c->call);
    if (c->remove || c->fails) {
        free(c->row);
        return;
    }
    at = row_place(w, c->call);
    free(w->row[at]);
    w->row[at] = c->row;
    if (c->call > w->highest_row)
        w->highest_row = c->call;
}

static void store_one(struct world *w)
{
    struct change *c = &w->change[w->changes_first++ % FUTURES];
    struct note note = { .type = c->fails ? EV_NOT_SAVED : EV_SAVED };

    note.call = c->call;
    note.write = c->write;
    commit(w, c);
    if (c->remove || c->silent)
        return;
    world_later(w, world_dice(w, 10), FUTURE_DELIVER, &note);
    if (world_chance(w, 2))
        world_later(w, world_dice(w, 1000), FUTURE_DELIVER, &note);
}

/* The changes of one step are one group: all of it reaches the disk, or nothing. */
static void store_turn(struct world *w)
{
    uint64_t step = w->change[w->changes_first % FUTURES].step;

    while (w->changes_first < w->changes_last && w->change[w->changes_first % FUTURES].step == step)
        store_one(w);
}

/* ---- a step -------------------------------------------------------------------------------------
 */

void world_carry_out(struct world *w, const struct event *ev, const struct actions *out)
{
    for (unsigned i = 0; i < out->count; i++) {
        const struct action *a = &out->at[i];

        if (w->verbose)
            printf("#   action %d call %" PRIu64 " leg %" PRIu64 " other %" PRIu64
                   " code %u orbit %" PRIu64 " %s %s\n",
                   (int)a->type, a->call, a->leg, a->other, a->code, a->orbit,
                   a->type == ACT_STEP ? step_name(a->step) : "", a->why);
        judge_action(w, ev, a);
        if (a->type == ACT_SAVE || a->type == ACT_FORGET)
            world_save(w, a->call, a->write, a->type == ACT_FORGET);
        else
            phones_do(w, a);
    }
}

void world_step(struct world *w, const struct event *ev)
{
    static struct actions out;

    judge_event(w, ev);
    park_step(&w->p, ev, w->now, &out);
    w->steps++;
    world_carry_out(w, ev, &out);
    park_check(&w->p);
    judge_after(w);
}

static void deliver(struct world *w, const struct note *n)
{
    struct leg *l = phones_leg(w, n->leg);
    struct invite in = { 0 };
    struct refer refer = { 0 };
    struct event ev = {
        .type = n->type,
        .leg = n->leg,
        .other = n->other,
        .call = n->call,
        .write = n->write,
        .wait = n->wait,
        .code = n->code,
        .heard = n->heard,
        .answered = n->answered,
        .direct = n->direct,
    };

    if (w->verbose)
        printf("# %" PRIu64 " event %d leg %" PRIu64 " call %" PRIu64 " code %u\n",
               w->now - MORNING, (int)n->type, n->leg, n->call, n->code);
    if (n->type == EV_PATH)
        (void)text_copy(ev.text, NOTE_SIZE, "the phones have agreed on it");
    if (n->type == EV_DIGIT)
        ev.digit = (char)n->code;
    if (*n->user)
        (void)text_format(ev.party.uri, URI_SIZE, "sip:%s@pbx", n->user);
    if (n->type == EV_REFER) {
        if (n->leg && (!l || l->wire != WIRE_UP))
            return;
        phones_refer(w, l, &refer);
        ev.refer = &refer;
        if (w->verbose)
            printf("#   REFER %u to %s, at '%s', names %d leg %" PRIu64 "\n", refer.number,
                   refer.target, refer.dialled, (int)refer.names, refer.replaces_leg);
    }
    if (n->type == EV_INVITE) {
        if (!l)
            return;
        phones_ask(l, &in);
        if (w->verbose)
            printf("#   %s dials %s, sent by '%s', replaces %d leg %" PRIu64 "\n", l->user,
                   l->dialled, l->by, (int)l->kind, l->replaces);
        ev.invite = &in;
    }
    world_step(w, &ev);
}

static void happen(struct world *w, const struct future *f)
{
    if (f->what == FUTURE_DELIVER)
        deliver(w, &f->note);
    else if (f->what == FUTURE_STORE)
        store_turn(w);
    else if (f->what == FUTURE_CRASH)
        world_restart(w);
    else if (f->what == FUTURE_ARRIVAL)
        people_arrive(w);
    else if (f->what != FUTURE_QUIET)
        phones_happen(w, f);
}

bool world_turn(struct world *w)
{
    static const struct event tick = { .type = EV_TICK };
    msec due = park_next_deadline(&w->p);
    struct future f;

    if (!w->futures && due == NEVER)
        return false;
    if (!w->futures || due < w->future[0].at || (due == w->future[0].at && world_chance(w, 50))) {
        if (due > w->now)
            w->now = due + (world_chance(w, 30) ? world_dice(w, 5) : 0);
        if (w->futures && w->now > w->future[0].at)
            w->now = w->future[0].at;
        if (w->verbose)
            printf("# %" PRIu64 " tick\n", w->now - MORNING);
        world_step(w, &tick);
        return true;
    }
    f = pop(w);
    if (f.at > w->now)
        w->now = f.at;
    happen(w, &f);
    return true;
}

/* ---- the beginning and the end --------------------------------------------------------
 */

/* Pages that are given back to the system and touched again are zero; to clear all of them would
 * take longer than the day. */
static char *fresh_memory(struct world *w)
{
    static void *memory;
    size_t size = calls_size() + orbits_size();

    if (!memory)
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || madvise(memory, size, MADV_DONTNEED))
        judge_fail(w, "no memory");
    return memory;
}

void world_new_core(struct world *w)
{
    char *memory = fresh_memory(w);
    leg_id next_leg = w->p.next_leg;
    bool draining = w->p.house.draining, audio_full = w->p.house.audio_full;

    memset(&w->p, 0, sizeof w->p);
    w->p.deployment = w->deployment;
    w->p.calls = calls_init(memory, w->highest_row);
    w->p.orbits = orbits_init(memory + calls_size(), w->seed);
    w->p.next_leg = next_leg;
    w->p.house.draining = draining;
    w->p.house.audio_full = audio_full;
    (void)text_copy(w->p.house.park_user, DIALLED_SIZE, "park");
    (void)text_copy(w->p.house.destination, FQDN_SIZE, "pool.example");
    orbits_rebuild(w->p.orbits, &w->deployment->ranges, "pool.example");
}

void world_start(struct world *w, uint64_t seed, bool verbose)
{
    struct destination here = { .fqdn = "pool.example" };

    memset(w, 0, sizeof *w);
    w->seed = w->random = seed;
    w->verbose = verbose;
    w->now = w->last_delivery = MORNING;
    w->next_leg = 1;
    w->p.next_leg = 2;
    w->deployment = calloc(1, sizeof *w->deployment);
    if (!w->deployment || deployment_put_destination(w->deployment, &here, NULL))
        judge_fail(w, "no memory");
    /* Now and then the ids run over the end of the table of slots. */
    w->highest_row = world_chance(w, 30) ? CALLS_MAX - 10 : world_dice(w, CALLS_MAX);
    if (world_chance(w, 40))
        (void)text_copy(w->pin, sizeof w->pin, world_chance(w, 50) ? "2580" : "00000000");
    people_settings(w);
    people_ranges(w, true);
    world_new_core(w);
    w->arrivals = 80 + (unsigned)world_dice(w, 170);
    world_later(w, 0, FUTURE_ARRIVAL, NULL);
}

void world_end(struct world *w)
{
    for (unsigned i = 0; i < ROWS; i++)
        free(w->row[i]);
    for (; w->changes_first < w->changes_last; w->changes_first++)
        free(w->change[w->changes_first % FUTURES].row);
    free(w->deployment);
}

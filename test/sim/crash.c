/* A crash at any moment, the outage, and the start after it: the machine gets back what was on
 * disk, and of each leg what the SIP edge would know of it. What was on its way to the machine or
 * to the disk is lost; what the phones do is not, but nobody hears of it before the start. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define GIVES_UP 32000 /* a request is sent again for so long: 64*T1 */
#define SWEEP 15000    /* until the SIP edge has asked every far end whether it is there */

/* ---- the outage ---------------------------------------------------------------------------------
 */

/* Phones that nobody has answered ask again, or give up; to whoever is here then it is new. */
static void ask_again(struct world *w)
{
    for (unsigned i = 0; i < LEGS; i++) {
        struct leg *l = &w->leg[i];
        struct note note = { .type = EV_INVITE, .leg = l->id };

        if (!l->id || l->wire != WIRE_ASKED || l->intent == INTENT_CALLED)
            continue;
        if (world_chance(w, 70))
            world_later(w, world_dice(w, 4000), FUTURE_DELIVER, &note);
        else
            phones_goes(w, l);
    }
}

static void sort(struct world *w)
{
    for (unsigned i = 1; i < w->futures; i++) { /* sorted is a heap */
        struct future f = w->future[i];
        unsigned at = i;

        for (; at && world_sooner(&f, &w->future[at - 1]); at--)
            w->future[at] = w->future[at - 1];
        w->future[at] = f;
    }
}

/* Who hangs up in the outage is gone; all else that phones and people would have done they do
 * afterwards. */
static void pass(struct world *w, struct future *f)
{
    struct leg *l = phones_leg(w, f->note.leg);

    if (f->at >= w->now)
        return;
    if (f->what == FUTURE_HANG_UP && l && l->wire == WIRE_UP) {
        phones_goes(w, l);
        f->what = FUTURE_QUIET;
    }
    f->at = w->now + world_dice(w, 2000);
}

static void outage(struct world *w)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < w->futures; i++)
        if (w->future[i].what != FUTURE_DELIVER && w->future[i].what != FUTURE_STORE)
            w->future[kept++] = w->future[i];
    w->futures = kept;
    for (; w->changes_first < w->changes_last; w->changes_first++)
        free(w->change[w->changes_first % FUTURES].row);
    w->now += world_chance(w, 50) ? world_dice(w, 2000) : world_span(w, 60000);
    w->last_delivery = w->now;
    for (unsigned i = 0; i < w->futures; i++)
        pass(w, &w->future[i]);
    sort(w);
    ask_again(w);
}

/* ---- what the SIP edge knows of a leg -----------------------------------------------------------
 */

/* Nobody knows of it any more, or it cannot be taken up. */
static enum restored_leg lost(struct world *w, struct leg *l)
{
    if (l && l->wire != WIRE_GONE)
        phones_goes(w, l);
    if (l)
        l->let_go = true;
    return LEG_LOST;
}

static enum restored_leg known(struct world *w, leg_id id, call_id call, unsigned percent)
{
    struct leg *l = phones_leg(w, id);

    if (!l || !world_chance(w, percent))
        return lost(w, l);
    l->call = call;
    l->partner = 0;
    l->hears = HEARS_NOTHING;
    if (l->wire == WIRE_ASKED && l->intent == INTENT_CALLED && !l->let_go)
        return LEG_RESTORED_CALLING;
    if (l->wire == WIRE_ANSWERED && !l->let_go)
        return LEG_RESTORED_ANSWERED;
    if (!l->up)
        return lost(w, l);
    l->told_up = true;
    l->told_gone = false;
    l->told_at = w->now;
    return LEG_RESTORED_UP;
}

/* His BYE comes again; or he is found to be gone. */
static void is_found_gone(struct world *w, leg_id id)
{
    struct leg *l = phones_leg(w, id);
    struct note note = { .type = EV_LEG_GONE, .leg = id };

    if (!l || l->wire != WIRE_GONE)
        return;
    note.heard = !l->silent;
    world_later(w, world_dice(w, w->now - l->gone < GIVES_UP ? 4000 : SWEEP), FUTURE_DELIVER,
                &note);
}

/* ---- the start ----------------------------------------------------------------------------------
 */

static void put_back(struct world *w, const struct call *row)
{
    static const struct event start = { .type = EV_TICK };
    static struct actions out;
    struct call saved = *row;
    struct restore legs = { known(w, row->caller_leg, row->id, 99),
                            known(w, row->peer, row->id, 95),
                            known(w, row->next_leg, row->id, 95) };
    bool done;

    judge_row(w, &saved, &legs);
    w->restoring = true;
    done = park_restore(&w->p, &saved, &legs, w->now, &out);
    if (w->verbose)
        printf("# call %" PRIu64 " in state %d, legs %d %d %d: %s\n", saved.id, (int)saved.state,
               (int)legs.caller, (int)legs.peer, (int)legs.next, done ? "put back" : "not");
    w->steps++;
    if (done)
        world_carry_out(w, &start, &out);
    else
        world_remove_row(w, saved.id);
    park_check(&w->p);
    judge_put_back(w, &saved, &legs, done);
    w->restoring = false;
    if (legs.caller == LEG_RESTORED_UP)
        is_found_gone(w, saved.caller_leg);
    if (legs.peer == LEG_RESTORED_UP)
        is_found_gone(w, saved.peer);
    if (legs.next == LEG_RESTORED_UP)
        is_found_gone(w, saved.next_leg);
    if (done && !judge_watch(w, saved.id)->over && world_chance(w, 10) &&
        park_restore(&w->p, &saved, &legs, w->now, &out)) /* once more is no call more */
        judge_fail(w, "call %" PRIu64 " was put back twice", saved.id);
}

/* The newest first: a row whose end was never written does not get the orbit of who came after. */
static int newest_first(const void *a, const void *b)
{
    const call_id *x = a;
    const call_id *y = b;

    return (*x < *y) - (*x > *y);
}

void world_restart(struct world *w)
{
    call_id ids[ROWS];
    unsigned count = 0;

    if (w->verbose)
        printf("# %" PRIu64 " restart\n", w->now);
    outage(w);
    world_new_core(w);
    for (unsigned i = 0; i < ROWS; i++)
        if (w->row[i])
            ids[count++] = w->row[i]->id;
    qsort(ids, count, sizeof ids[0], newest_first);
    for (unsigned i = 0; i < count; i++)
        put_back(w, world_row(w, ids[i]));
    park_bury(&w->p);
    judge_restart(w);
    park_check(&w->p);
}

/* What the last run left, taken up again: its legs go to the media edge and to the SIP edge, its
 * calls to the core. What cannot be is closed with a record that says why, and its legs are hung
 * up. Rows may be older than what they tell of, or belong to nothing: each such is named in the
 * log, and nothing else suffers from it. Decisions 041 and 042. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/inside.h"
#include "app/leg_text.h"
#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

#define DISK_PATIENCE 5000
#define CALLS_AT_ONCE 64 /* then the edges are given time to take what they were told */

/* A leg that has a row. */
struct found {
    leg_id leg;
    call_id call;
    enum restored_leg state;
    bool readable; /* its dialog: the SIP edge can hang up on it */
    uint8_t shared;
    char why[ERR_TEXT_SIZE]; /* LOST */
};

struct recovery {
    struct stored_call *calls; /* by id */
    size_t call_count, call_room;
    struct found *legs; /* by id */
    size_t leg_count, leg_room;
    struct session_local *kept;
    struct sip_restored *dialogs;
    bool no_memory;
    size_t closed;
    unsigned disk_patience; /* msec that are waited for the disk, in all */
};

/* Room for one more; NULL: no memory. */
static void *grow(void *all, size_t count, size_t *room, size_t size)
{
    size_t more = *room ? 2 * *room : 64;
    void *grown = count < *room ? all : realloc(all, more * size);

    if (grown && count == *room)
        *room = more;
    return grown;
}

/* NULL: no memory. */
static struct recovery *recovery_of(struct app *a)
{
    if (!a->recovery)
        a->recovery = calloc(1, sizeof(*a->recovery));
    return a->recovery;
}

void recover_call(struct app *a, const struct stored_call *c)
{
    struct recovery *r = recovery_of(a);
    struct stored_call *calls =
        r ? grow(r->calls, r->call_count, &r->call_room, sizeof(*calls)) : NULL;

    if (!calls) {
        if (r)
            r->no_memory = true;
        return;
    }
    r->calls = calls;
    calls[r->call_count++] = *c;
}

/* ---- legs, as they are read ---- */

static void lose(struct found *f, const char *why)
{
    f->state = LEG_LOST;
    (void)text_copy(f->why, sizeof(f->why), why);
}

/* What its row says; LOST for a row that says nothing of use. */
static void read_row(struct found *f, struct app_leg *l, const struct stored_leg *row)
{
    char unread[64], why[128];

    f->readable = sip_dialog_read(&l->dialog, row->dialog, unread);
    if (f->readable && leg_text_read(l, row->media, unread)) {
        f->shared = l->local.shared;
        f->state = l->up        ? LEG_RESTORED_UP
                   : l->inbound ? LEG_RESTORED_ANSWERED
                                : LEG_RESTORED_CALLING;
        return;
    }
    l->up = true; /* most are: so that it is hung up */
    (void)text_format(why, sizeof(why), "its row in the store cannot be read: %s", unread);
    lose(f, why);
}

void recover_leg(struct app *a, const struct stored_leg *row)
{
    struct recovery *r = recovery_of(a);
    struct found *legs = r ? grow(r->legs, r->leg_count, &r->leg_room, sizeof(*legs)) : NULL;
    struct app_leg *l = legs ? app_leg_new(a, row->leg) : NULL;

    if (legs)
        r->legs = legs;
    if (!l) {
        if (r)
            r->no_memory = true;
        return;
    }
    l->saved = true;
    legs[r->leg_count] = (struct found){ .leg = row->leg, .call = row->call };
    read_row(&legs[r->leg_count++], l, row);
    app_leg_rest(a);
}

static struct found *find_leg(const struct recovery *r, leg_id leg)
{
    size_t low = 0, high = r->leg_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (r->legs[middle].leg == leg)
            return &r->legs[middle];
        if (r->legs[middle].leg < leg)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const struct call *find_call(const struct recovery *r, call_id call)
{
    size_t low = 0, high = r->call_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (r->calls[middle].call.id == call)
            return &r->calls[middle].call;
        if (r->calls[middle].call.id < call)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- what the edges are to know when they start ---- */

static enum sip_restored_state sip_state(const struct app_leg *l)
{
    if (l->up)
        return SIP_RESTORED_UP;
    return l->inbound ? SIP_RESTORED_ANSWERED : SIP_RESTORED_CALLING;
}

/* Also those that are lost: they are hung up. */
static void list_leg(struct app *a, const struct found *f)
{
    const struct app_leg *l = app_leg_find(a, f->leg);
    struct sip_config *sip = &a->config.sip;
    struct media_config *media = &a->config.media;

    if (!l || !f->readable)
        return;
    a->recovery->dialogs[sip->restored_count++] =
        (struct sip_restored){ .leg = f->leg, .state = sip_state(l), .dialog = l->dialog };
    if (f->state != LEG_LOST && f->state != LEG_RESTORED_CALLING)
        a->recovery->kept[media->kept_count++] = l->local;
    app_leg_rest(a);
}

int recover_read(struct app *a, struct err *err)
{
    struct recovery *r = recovery_of(a);

    if (r) {
        r->kept = calloc(r->leg_count + 1, sizeof(*r->kept));
        r->dialogs = calloc(r->leg_count + 1, sizeof(*r->dialogs));
    }
    if (!r || r->no_memory || !r->kept || !r->dialogs)
        return err_set(err, -ENOMEM, "out of memory for the calls of the last run");
    for (size_t i = 0; i < r->leg_count; i++)
        list_leg(a, &r->legs[i]);
    a->config.media.kept = r->kept;
    a->config.sip.restored = r->dialogs;
    return 0;
}

/* ---- media ---- */

static leg_id other_leg(const struct call *c, leg_id leg)
{
    if (!c)
        return 0;
    return leg == c->caller_leg ? c->peer : c->caller_leg;
}

static void restore_stream(struct app *a, struct found *f)
{
    const struct call *c = find_call(a->recovery, f->call);
    struct app_leg *l = app_leg_find(a, f->leg);
    struct media_restored was;
    struct err err = { 0 };

    if (!l || !c)
        return; /* of no call: it is hung up later */
    was = (struct media_restored){ .agreed = l->agreed,
                                   .local = l->local,
                                   .signalled_from = l->source,
                                   .source = l->place,
                                   .near = other_leg(c, f->leg),
                                   .music = c->rules.music_on_hold };
    if (media_restore(a->media, f->leg, &was, &l->local, &err)) {
        lose(f, err.text);
    } else {
        l->media = true;
        a->legs_mute--;
        if (!l->heard)
            guard_leg(a, l);
        if (l->agreed.keying == KEYING_SDES)
            app_leg_save(a, l, f->call); /* its key has been used with another SSRC, too */
    }
    session_wipe(&was.agreed);
    explicit_bzero(&was.local, sizeof(was.local));
}

/* Those that share a port have their worker by that; who is to be near them comes after. */
void recover_media(struct app *a)
{
    struct recovery *r = a->recovery;

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < r->leg_count; i++) {
            struct found *f = &r->legs[i];

            if ((f->shared != 0) != (pass == 0) || f->state == LEG_LOST ||
                f->state == LEG_RESTORED_CALLING)
                continue;
            restore_stream(a, f);
            turn_end_group(a);
            app_leg_rest(a);
        }
    media_restore_end(a->media);
    turn_submit(a);
}

/* ---- calls ---- */

static enum restored_leg state_of(const struct recovery *r, const struct call *c, leg_id leg)
{
    const struct found *f = leg ? find_leg(r, leg) : NULL;

    return f && f->call == c->id ? f->state : LEG_LOST;
}

/* The two sent their audio to each other, and still do. */
static void link_direct(struct app *a, leg_id one, leg_id two)
{
    struct app_leg *l = app_leg_find(a, one), *p = app_leg_find(a, two);

    if (!l || !p || (l->direct.tells != two && p->direct.tells != one))
        return;
    l->direct.partner = two;
    p->direct.partner = one;
    l->direct.told = p->theirs;
    p->direct.told = l->theirs;
    l->direct.up = p->direct.up = l->direct.tells == two && p->direct.tells == one;
}

static void rest_direct(struct app *a, leg_id leg)
{
    const struct app_leg *l = app_leg_find(a, leg);

    if (l && l->direct.up)
        (void)media_rest(a->media, leg, true); /* else both hear us as well, and that is silence */
}

static const char *why_closed(const struct recovery *r, const struct call *c,
                              const struct restore *legs)
{
    const struct found *f = find_leg(r, c->caller_leg);

    if (!f)
        return "there is no row of the caller's leg";
    if (f->call != c->id)
        return "the caller's leg is another call's";
    if (legs->caller == LEG_LOST)
        return f->why;
    if (legs->caller == LEG_RESTORED_CALLING)
        return "the caller had not answered yet";
    return "its orbit is another call's, or no longer ours";
}

/* With a record, so that somebody who asks is told. */
static void close_call(struct app *a, struct call *c, const struct restore *legs)
{
    struct change *change = turn_add(a, CHANGE_CALL_REMOVE);
    struct action step = { .type = ACT_STEP, .step = STEP_ENDED, .call = c->id };

    if (change)
        change->call_gone = c->id;
    c->outcome = OUT_INTERRUPTED;
    c->connected_at = 0;
    (void)text_format(c->why, sizeof(c->why),
                      "the server was started again and could not take the call up: %s",
                      why_closed(a->recovery, c, legs));
    (void)text_copy(step.why, sizeof(step.why), c->why); /* the same size */
    steps_add(a, &step);
    record_write(a, c);
    steps_drop(a, c->id);
    turn_end_group(a);
    a->recovery->closed++;
}

static void restore_call(struct app *a, const struct stored_call *row)
{
    struct recovery *r = a->recovery;
    struct call c;
    struct restore legs;

    call_row_read(a, row, &c);
    legs = (struct restore){ .caller = state_of(r, &c, c.caller_leg),
                             .peer = state_of(r, &c, c.peer),
                             .next = state_of(r, &c, c.next_leg) };
    if (c.peer)
        link_direct(a, c.caller_leg, c.peer);
    if (!app_restore(a, &c, &legs)) {
        close_call(a, &c, &legs);
        return;
    }
    rest_direct(a, c.caller_leg);
    rest_direct(a, c.peer);
}

/* Legs that are nobody's now: of a call that could not be taken up, or of none at all. */
static void drop_leg(struct app *a, const struct found *f)
{
    if (calls_whose_leg(a->park.calls, f->leg) || !app_leg_find(a, f->leg))
        return;
    if (!find_call(a->recovery, f->call))
        log_warning("app", "leg %llu of the last run is of no call: it is hung up",
                    (unsigned long long)f->leg);
    else if (f->state == LEG_LOST)
        log_warning("app", "leg %llu of the last run cannot be taken up: %s",
                    (unsigned long long)f->leg, f->why);
    (void)sip_hang_up(a->sip, f->leg, 503, "the server was started again"); /* full: it times out */
    app_leg_drop(a, f->leg);
    turn_end_group(a);
}

/* What was asked of the edges is done, or nearly: there is room for more. A disk that stands still
 * keeps nobody from his music. */
static void catch_up(struct app *a)
{
    struct timespec moment = { .tv_nsec = 1000000 };

    turn_submit(a);
    app_leg_rest(a);
    media_restore_wait(a->media);
    while (store_waiting(a->store) > STORE_WAITING_MAX / 2 && a->recovery->disk_patience > 0) {
        a->recovery->disk_patience--;
        (void)nanosleep(&moment, NULL); /* shorter, if a signal comes */
    }
}

void recover_calls(struct app *a)
{
    struct recovery *r = a->recovery;

    a->now = clock_now();
    a->wall = clock_wall();
    r->disk_patience = DISK_PATIENCE;
    for (size_t i = 0; i < r->call_count; i++) {
        restore_call(a, &r->calls[r->call_count - 1 - i]); /* the newest first, see park.h */
        if (i % CALLS_AT_ONCE == CALLS_AT_ONCE - 1)
            catch_up(a);
    }
    for (size_t i = 0; i < r->leg_count; i++) {
        drop_leg(a, &r->legs[i]);
        if (i % CALLS_AT_ONCE == CALLS_AT_ONCE - 1)
            catch_up(a);
    }
    catch_up(a);
    if (r->call_count)
        log_info("app",
                 "of %zu calls of the last run %zu are taken up, %zu are closed with a record",
                 r->call_count, r->call_count - r->closed, r->closed);
}

/* Keys are in all of it. */
static void wipe(void *all, size_t size)
{
    if (all)
        explicit_bzero(all, size);
    free(all);
}

void recover_free(struct app *a)
{
    struct recovery *r = a->recovery;

    a->config.media.kept = NULL;
    a->config.sip.restored = NULL;
    a->config.media.kept_count = a->config.sip.restored_count = 0;
    a->recovery = NULL;
    if (!r)
        return;
    wipe(r->kept, (r->leg_count + 1) * sizeof(*r->kept));
    wipe(r->dialogs, (r->leg_count + 1) * sizeof(*r->dialogs));
    free(r->legs);
    free(r->calls);
    free(r);
}

/* What phones do when they are answered, called, hung up: in time, late, twice, or never. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "world.h"

#define NEVER_ACKED 32000 /* 64*T1 */

/* ---- legs ---------------------------------------------------------------------------------------
 */

struct leg *phones_leg(struct world *w, leg_id id)
{
    for (unsigned i = 0; id && i < LEGS; i++)
        if (w->leg[i].id == id)
            return &w->leg[i];
    return NULL;
}

/* The place of a leg that has been gone for longest is used again. */
static struct leg *oldest_gone(struct world *w)
{
    struct leg *best = NULL;

    for (unsigned i = 0; i < LEGS; i++) {
        struct leg *l = &w->leg[i];

        if (!l->id)
            return l;
        if (l->wire == WIRE_GONE && (!best || l->gone < best->gone))
            best = l;
    }
    return best;
}

struct leg *phones_new(struct world *w, leg_id id, enum intent intent)
{
    struct leg *l = oldest_gone(w);

    if (!l)
        judge_fail(w, "more than %d legs are alive", LEGS);
    memset(l, 0, sizeof *l);
    l->id = id;
    l->intent = intent;
    l->wire = WIRE_ASKED;
    l->since = w->now;
    l->role = intent == INTENT_RETRIEVE || intent == INTENT_CALLED ? ROLE_OTHER : ROLE_CALLER;
    return l;
}

static void later(struct world *w, msec in, enum what what, const struct leg *l, uint16_t code)
{
    struct note note = { .leg = l->id, .code = code };

    world_later(w, in, what, &note);
}

/* Through the SIP edge to the machine; now and then twice. */
void phones_report(struct world *w, enum event_type type, struct leg *l, uint16_t code)
{
    struct note note = { .type = type, .leg = l->id, .code = code };

    note.heard = !l->silent;
    note.answered = l->wire == WIRE_ANSWERED || l->wire == WIRE_UP;
    world_later(w, world_dice(w, 30), FUTURE_DELIVER, &note);
    if (world_chance(w, 2))
        world_later(w, world_dice(w, 200), FUTURE_DELIVER, &note);
}

/* A leg that was to replace another one and does not come up leaves that one as it was. */
void phones_goes(struct world *w, struct leg *l)
{
    struct leg *old = phones_leg(w, l->replaces);

    if (old && l->wire != WIRE_UP && l->answered && old->wire != WIRE_GONE)
        old->taken = false;
    l->wire = WIRE_GONE;
    l->gone = w->now;
}

/* ---- requests to us -----------------------------------------------------------------------------
 */

/* What the SIP edge makes of a Replaces header, when it reads it. */
static enum replaces kind_of(struct world *w, const struct leg *l)
{
    const struct leg *old = phones_leg(w, l->replaces);

    if (!l->replaces)
        return REPLACES_NONE;
    if (!old)
        return REPLACES_UNKNOWN;
    if (old->taken)
        return REPLACES_TAKEN;
    if (old->wire == WIRE_ASKED)
        return old->intent == INTENT_CALLED ? REPLACES_EARLY_OURS : REPLACES_EARLY;
    if (old->wire == WIRE_GONE)
        return !old->let_go && w->now - old->gone < NEVER_ACKED ? REPLACES_ENDED : REPLACES_UNKNOWN;
    return old->let_go ? REPLACES_UNKNOWN : REPLACES_LEG;
}

void phones_invite(struct world *w, struct leg *l)
{
    struct note note = { .type = EV_INVITE, .leg = l->id };

    l->kind = kind_of(w, l);
    world_later(w, world_dice(w, 30), FUTURE_DELIVER, &note);
    if (world_chance(w, 2))
        world_later(w, world_dice(w, 50), FUTURE_DELIVER, &note);
    if (world_chance(w, 3))
        later(w, world_dice(w, 100), FUTURE_CANCEL, l, 0);
}

void phones_ask(const struct leg *l, struct invite *in)
{
    in->leg = l->id;
    in->trusted = true;
    (void)text_copy(in->source, ADDRESS_SIZE, "192.0.2.1");
    (void)text_copy(in->dialled, DIALLED_SIZE, l->dialled);
    (void)text_format(in->from.uri, URI_SIZE, "sip:%s@pbx", l->user);
    in->has_referred_by = *l->by;
    if (*l->by)
        (void)text_format(in->referred_by.uri, URI_SIZE, "sip:%s@pbx", l->by);
    in->replaces = l->kind;
    in->replaces_leg = l->replaces;
}

/* ---- what our actions do to them ----------------------------------------------------------------
 */

/* In time, late, or never; and of some that never do, the edge never says so. */
static void acknowledges(struct world *w, struct leg *l)
{
    if (world_chance(w, 2))
        later(w, world_dice(w, 50), FUTURE_ANSWER_FAILS, l, 488);
    else if (world_chance(w, 97))
        later(w, 5 + world_dice(w, world_chance(w, 5) ? 20000 : 400), FUTURE_ACK, l, 0);
    later(w, NEVER_ACKED, FUTURE_NO_ACK, l, world_chance(w, 50) ? 408 : 0);
}

static void answered(struct world *w, struct leg *l)
{
    if (l->wire != WIRE_ASKED)
        return;
    l->wire = WIRE_ANSWERED;
    l->answered = w->now;
    if (l->replaces && phones_leg(w, l->replaces))
        phones_leg(w, l->replaces)->taken = true;
    acknowledges(w, l);
    if (l->intent == INTENT_RETRIEVE && world_chance(w, 8))
        later(w, world_dice(w, 100), FUTURE_CANCEL, l, 0);
}

/* The phones of the people who are called. */
static void called(struct world *w, const struct action *a)
{
    static const uint16_t codes[] = { 486, 486, 480, 603, 408, 404, 488, 415, 503, 482, 500 };
    struct leg *l = phones_new(w, a->leg, INTENT_CALLED);

    l->call = a->call;
    if (a->kind == CALLING_CALLER)
        l->role = ROLE_CALLER;
    l->to_tell = a->kind == CALLING_TO_TELL;
    l->silent = world_chance(w, 25);
    if (l->to_tell && world_chance(w, 5))
        later(w, world_dice(w, 1000), FUTURE_RINGS, l, 181);
    if (world_chance(w, 70))
        later(w, world_dice(w, 300), FUTURE_RINGS, l, 180);
    if (world_chance(w, 55))
        later(w, world_dice(w, l->to_tell ? 5000 : 25000), FUTURE_ANSWERS, l, 0);
    else if (world_chance(w, 70))
        later(w, world_dice(w, 8000), FUTURE_FAILS, l,
              codes[world_dice(w, sizeof codes / sizeof *codes)]);
}

/* We hang up. What was under way may still be reported: the edge sees it through. */
static void hung_up(struct world *w, struct leg *l)
{
    l->let_go = true;
    l->hears = HEARS_NOTHING;
    if (l->wire == WIRE_ANSWERED)
        return;
    if (l->wire == WIRE_ASKED && l->intent == INTENT_CALLED && world_chance(w, 20))
        phones_report(w, EV_LEG_UP, l, 0);
    if (l->wire != WIRE_GONE)
        phones_goes(w, l);
}

static void unbridge(struct world *w, struct leg *l)
{
    struct leg *partner = phones_leg(w, l->partner);

    if (partner && partner->partner == l->id) {
        partner->partner = 0;
        partner->hears = HEARS_NOTHING;
    }
    l->partner = 0;
}

/* The app brings the two together past us, if their phones agree; by the time that it says so they
 * may have parted. Late news come twice, or from a pair of legs that is none any more. */
static void goes_past(struct world *w, const struct action *a)
{
    struct note note = { .type = EV_PATH, .leg = a->leg, .other = a->other, .direct = true };

    if (!world_chance(w, 40))
        return;
    if (world_chance(w, 50)) {
        note.leg = a->other;
        note.other = a->leg;
    }
    if (world_chance(w, 10))
        note.other = w->leg[world_dice(w, LEGS)].id;
    world_later(w, world_span(w, 2000), FUTURE_DELIVER, &note);
    note.direct = false;
    if (world_chance(w, 30))
        world_later(w, world_span(w, 20000), FUTURE_DELIVER, &note);
}

/* Some phones can take the other one over by themselves; whether they talk still is for the machine
 * to know. */
static void could_go(struct world *w, const struct action *a)
{
    struct note note = { .type = EV_MAY_EXIT, .leg = a->other, .other = a->leg };

    if (world_chance(w, 30))
        world_later(w, world_chance(w, 80) ? 0 : world_dice(w, 20000), FUTURE_DELIVER, &note);
}

/* One is asked to: refused, done, or never heard of again. Done, the other one hangs up on us,
 * before or after the news; or nobody does. */
static void is_asked_to_go(struct world *w, const struct action *a)
{
    struct note note = { .type = EV_EXIT, .leg = a->leg, .code = 200 };
    struct leg *caller = phones_leg(w, a->other);

    if (world_chance(w, 30))
        note.code = 603;
    else if (caller && world_chance(w, 80))
        later(w, world_dice(w, 3000), FUTURE_HANG_UP, caller, 0);
    else if (caller)
        caller->elsewhere = world_chance(w, 50); /* his BYE gets lost */
    if (world_chance(w, 80))
        world_later(w, world_dice(w, 7000), FUTURE_DELIVER, &note);
}

/* Who talks is heard soon. */
static void is_listened_for(struct world *w, const struct leg *l)
{
    struct note note = { .type = EV_HEARD, .leg = l->id };

    if (!l->elsewhere)
        world_later(w, world_dice(w, 1000), FUTURE_DELIVER, &note);
}

static void bridged(struct world *w, const struct action *a)
{
    struct leg *one = phones_leg(w, a->leg);
    struct leg *two = phones_leg(w, a->other);

    if (!one || !two)
        return;
    unbridge(w, one);
    unbridge(w, two);
    one->hears = two->hears = HEARS_PARTNER;
    one->partner = two->id;
    two->partner = one->id;
    goes_past(w, a);
    could_go(w, a);
}

/* He enters the PIN: rightly, wrongly, not to the end, with a * in between, or not at all. */
static void enters_pin(struct world *w, const struct leg *l)
{
    static const char *const other[] = { "1111", "25#", "2", "25*2580", "00000001", "99999999999" };
    bool right = world_chance(w, 55);
    const char *keys = right ? w->pin : other[world_dice(w, sizeof other / sizeof *other)];
    msec when = world_dice(w, 5000);

    if (world_chance(w, 10))
        return;
    for (; *keys; keys++)
        later(w, when += 50 + world_dice(w, world_chance(w, 5) ? 9000 : 700), FUTURE_DIGIT, l,
              (uint16_t)*keys);
}

/* He presses 1, soon or too late, or another key first; a mailbox presses nothing. */
static void confirms(struct world *w, struct leg *l)
{
    msec when = world_dice(w, world_chance(w, 10) ? 25000 : 8000);

    if (l->confirm_heard)
        return;
    l->confirm_heard = true;
    if (world_chance(w, 15))
        later(w, world_dice(w, 8000), FUTURE_DIGIT, l,
              (uint16_t) "023456789*#A"[world_dice(w, 12)]);
    if (world_chance(w, 60))
        later(w, when, FUTURE_DIGIT, l, '1');
}

static void said(struct world *w, const struct action *a, struct leg *l)
{
    struct note note = { .type = EV_SAID, .leg = l->id, .wait = a->wait };

    l->hears = HEARS_WORDS;
    if (a->say == SAY_PIN || a->say == SAY_PIN_AGAIN)
        enters_pin(w, l);
    if (a->say == SAY_CONFIRM)
        confirms(w, l);
    if (world_chance(w, l->to_tell ? 75 : 95))
        world_later(w, 1500 + world_dice(w, 2500), FUTURE_DELIVER, &note);
    note.wait--;
    if (world_chance(w, 5))
        world_later(w, world_dice(w, 1000), FUTURE_DELIVER, &note);
}

void phones_do(struct world *w, const struct action *a)
{
    struct leg *l = phones_leg(w, a->leg);

    if (a->type == ACT_CALL)
        called(w, a);
    if (!l)
        return;
    if (a->type == ACT_ANSWER) {
        l->call = a->call;
        answered(w, l);
    } else if (a->type == ACT_REFUSE && l->wire == WIRE_ASKED) {
        l->let_go = true;
        phones_goes(w, l);
    } else if (a->type == ACT_HANG_UP) {
        hung_up(w, l);
    } else if (a->type == ACT_MUSIC) {
        unbridge(w, l);
        l->hears = HEARS_MUSIC;
    } else if (a->type == ACT_SAY) {
        said(w, a, l);
    } else if (a->type == ACT_EXIT) {
        is_asked_to_go(w, a);
    } else if (a->type == ACT_LISTEN) {
        is_listened_for(w, l);
    } else if (a->type == ACT_BRIDGE) {
        bridged(w, a);
    }
}

/* ---- what they do by themselves -----------------------------------------------------------------
 */

/* The one who dialled a park himself: he transfers somebody in one of the ways there are, or not.
 */
static void consults(struct world *w, struct leg *l)
{
    msec when = 500 + world_span(w, 6000);

    if (world_chance(w, 15))
        later(w, when - world_dice(w, 400), FUTURE_REFER, l, 0);
    switch (world_dice(w, 8)) {
    case 0:
    case 1:
    case 2:
        later(w, when, FUTURE_TRANSFER, l, 0);
        later(w, when + world_dice(w, 3000), FUTURE_HANG_UP, l, 0);
        break;
    case 3:
        later(w, when + 1 + world_dice(w, 20000), FUTURE_TRANSFER, l, 0);
        later(w, when, FUTURE_HANG_UP, l, 0);
        break;
    case 4:
        later(w, when, FUTURE_IDENTITY, l, 0);
        later(w, when + world_span(w, 90000), FUTURE_HANG_UP, l, 0);
        break;
    case 5:
        later(w, world_dice(w, 2000), FUTURE_MOVE, l, 0);
        later(w, when + world_span(w, 90000), FUTURE_HANG_UP, l, 0);
        break;
    case 6:
        later(w, when, FUTURE_HANG_UP, l, 0);
        break;
    default:
        later(w, when + world_span(w, 120000), FUTURE_HANG_UP, l, 0);
        break;
    }
}

/* How long somebody stays, now that he is there. */
static void lives(struct world *w, struct leg *l)
{
    if (l->intent == INTENT_CONSULT) {
        consults(w, l);
        return;
    }
    if (l->role == ROLE_OTHER && (l->silent || world_chance(w, 20)))
        later(w, world_dice(w, 1900), FUTURE_HANG_UP, l, 0);
    else
        later(w, 1000 + world_span(w, l->role == ROLE_OTHER ? 30000 : 100000), FUTURE_HANG_UP, l,
              0);
    if (world_chance(w, 10))
        later(w, 500 + world_span(w, 20000), FUTURE_TRANSFER, l, 0);
    if (world_chance(w, 8))
        later(w, 500 + world_span(w, 30000), FUTURE_IDENTITY, l, 0);
    if (world_chance(w, 15))
        later(w, 500 + world_span(w, 15000), FUTURE_REFER, l, 0);
}

static void comes_up(struct world *w, struct leg *l)
{
    bool dead = l->let_go;

    l->wire = WIRE_UP;
    l->up = w->now;
    if (!dead || world_chance(w, 50))
        phones_report(w, EV_LEG_UP, l, 0);
    if (dead)
        phones_goes(w, l);
    else
        lives(w, l);
}

static void fails(struct world *w, struct leg *l, uint16_t code)
{
    bool dead = l->let_go;

    phones_goes(w, l);
    if (!dead)
        phones_report(w, EV_LEG_FAILED, l, code);
}

/* Code 0: the edge has not noticed, and looks again later. */
static void never_acked(struct world *w, struct leg *l, uint16_t code)
{
    if (code || l->let_go)
        fails(w, l, code);
    else
        later(w, NEVER_ACKED, FUTURE_NO_ACK, l, 0);
}

static void hangs_up(struct world *w, struct leg *l)
{
    if (l->wire != WIRE_UP)
        return;
    phones_goes(w, l);
    phones_report(w, EV_LEG_GONE, l, 0);
}

/* Before our 200 the edge answers 487 and the leg is no more; after it, ACK and BYE follow. */
static void cancels(struct world *w, struct leg *l)
{
    if (l->wire == WIRE_ASKED) {
        phones_goes(w, l);
        phones_report(w, EV_CANCELLED, l, 0);
    } else if (l->wire == WIRE_ANSWERED) {
        phones_report(w, EV_CANCELLED, l, 0);
        later(w, 200 + world_dice(w, 300), FUTURE_HANG_UP, l, 0);
    }
}

/* Somebody else calls in the place of this leg; twice, now and then. */
static void transfers(struct world *w, struct leg *l)
{
    unsigned times = world_chance(w, 10) ? 2 : 1;

    while (times--) {
        struct leg *next = phones_new(w, w->next_leg, INTENT_REPLACE);

        w->next_leg += 2;
        next->role = l->role;
        next->replaces = l->id;
        next->insider = world_chance(w, 30);
        (void)text_format(next->user, sizeof next->user, next->insider ? "2%02u" : "+49301%02u",
                          (unsigned)world_dice(w, 100));
        (void)text_copy(next->dialled, sizeof next->dialled, "park");
        phones_invite(w, next);
    }
}

static void changes(struct world *w, struct leg *l)
{
    struct note note = { .type = EV_IDENTITY, .leg = l->id };

    if (l->wire != WIRE_UP)
        return;
    (void)text_format(l->user, sizeof l->user, world_chance(w, 30) ? "2%02u" : "+49302%02u",
                      (unsigned)world_dice(w, 100));
    (void)text_copy(note.user, sizeof note.user, l->user);
    world_later(w, world_dice(w, 30), FUTURE_DELIVER, &note);
}

/* ---- REFER --------------------------------------------------------------------------------------
 */

/* Somebody who is called, an orbit, or another of the legs there are. */
void phones_refer(struct world *w, const struct leg *l, struct refer *r)
{
    static const char *const numbers[] = { "park", "700", "701", "*100", "7000" };
    const struct leg *named = &w->leg[world_dice(w, LEGS)];
    bool names = world_chance(w, 40);

    r->number = ++w->last_referral;
    r->leg = l ? l->id : 0;
    r->near = world_chance(w, 95);
    (void)text_copy(r->dialled, DIALLED_SIZE, numbers[world_dice(w, 4)]);
    (void)text_format(r->target_user, DIALLED_SIZE, "3%02u", (unsigned)world_dice(w, 100));
    if (l && world_chance(w, 35))
        (void)text_copy(r->target_user, DIALLED_SIZE, numbers[world_dice(w, 5)]);
    (void)text_format(r->target, URI_SIZE, "sip:%s@pbx", r->target_user);
    (void)text_format(r->from.uri, URI_SIZE, "sip:%s@pbx", l ? l->user : "105");
    if (names && named->id && named != l && world_chance(w, 60)) {
        r->replaces_leg = named->id;
        r->names = named->taken                                 ? REPLACES_TAKEN
                   : named->wire == WIRE_UP && !named->let_go   ? REPLACES_LEG
                   : named->wire == WIRE_GONE && !named->let_go ? REPLACES_ENDED
                                                                : REPLACES_UNKNOWN;
    } else if (names || !l) {
        r->names = REPLACES_UNKNOWN;
    }
    if (r->names != REPLACES_NONE)
        (void)text_copy(r->replaces, REPLACES_SIZE, "x;to-tag=a;from-tag=b");
}

static void refers(struct world *w, const struct leg *l)
{
    struct note note = { .type = EV_REFER, .leg = l->id };

    if (l->wire != WIRE_UP)
        return;
    world_later(w, world_dice(w, 30), FUTURE_DELIVER, &note);
    if (world_chance(w, 25)) /* he does not wait for what comes of it */
        later(w, world_dice(w, 3000), FUTURE_HANG_UP, l, 0);
}

void phones_happen(struct world *w, const struct future *f)
{
    struct leg *l = phones_leg(w, f->note.leg);

    if (!l)
        return;
    if (l->wire == WIRE_ANSWERED && f->what == FUTURE_NO_ACK)
        never_acked(w, l, f->note.code);
    else if ((l->wire == WIRE_ANSWERED && f->what == FUTURE_ACK) ||
             (l->wire == WIRE_ASKED && f->what == FUTURE_ANSWERS))
        comes_up(w, l);
    else if ((l->wire == WIRE_ANSWERED && f->what == FUTURE_ANSWER_FAILS) ||
             (l->wire == WIRE_ASKED && f->what == FUTURE_FAILS))
        fails(w, l, f->note.code);
    else if (f->what == FUTURE_HANG_UP)
        hangs_up(w, l);
    else if (f->what == FUTURE_CANCEL)
        cancels(w, l);
    else if (f->what == FUTURE_RINGS && l->wire == WIRE_ASKED)
        phones_report(w, EV_LEG_RINGING, l, f->note.code);
    else if (f->what == FUTURE_TRANSFER)
        transfers(w, l);
    else if (f->what == FUTURE_IDENTITY)
        changes(w, l);
    else if (f->what == FUTURE_DIGIT && l->wire == WIRE_UP)
        phones_report(w, EV_DIGIT, l, f->note.code);
    else if (f->what == FUTURE_REFER)
        refers(w, l);
    else if (f->what == FUTURE_MOVE && l->wire == WIRE_UP)
        phones_report(w, EV_MEDIA_MOVED, l, 0);
}

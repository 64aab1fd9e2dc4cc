/* A range with a PIN: who dials an occupied orbit there is answered, asked for it, and has the call
 * once he has given it. Until then he is no part of the call: it waits, rings back and ends as if
 * nobody had dialled. What of it is over is done at the next tick, one retriever at a time. */
#include <string.h>

#include "core/park_inside.h"

#define CODE_WRONG 403
#define CODE_LATE 408
#define CODE_GONE 410
#define WRONG_GONE "the call is not there any more"

static const char *pin_of(const struct turn *t, range_id range, struct rules *rules)
{
    deployment_rules(t->p->deployment, t->p->house.destination, range, rules, NULL);
    return rules->pin;
}

/* ---- who is asked -------------------------------------------------------------------------------
 */

struct pin_entry *park_pin_find(struct park *p, leg_id leg)
{
    for (unsigned i = 0; leg && p->pin_count && i < PINS_MAX; i++)
        if (p->pin[i].leg == leg)
            return &p->pin[i];
    return NULL;
}

static struct pin_entry *free_entry(struct park *p, call_id call)
{
    struct pin_entry *found = NULL;
    unsigned of_call = 0;

    for (unsigned i = 0; i < PINS_MAX; i++) {
        of_call += p->pin[i].leg && p->pin[i].call == call;
        if (!p->pin[i].leg && !found)
            found = &p->pin[i];
    }
    return of_call < PINS_PER_CALL ? found : NULL;
}

static void forget(struct park *p, struct pin_entry *e)
{
    memset(e, 0, sizeof *e);
    p->pin_count--;
}

static struct pin_entry *next_due(struct park *p)
{
    struct pin_entry *first = NULL;

    for (unsigned i = 0; p->pin_count && i < PINS_MAX; i++)
        if (p->pin[i].leg && (!first || p->pin[i].deadline < first->deadline))
            first = &p->pin[i];
    return first;
}

msec park_pin_deadline(struct park *p)
{
    const struct pin_entry *e = next_due(p);

    return e ? e->deadline : NEVER;
}

/* The call, while somebody can still have it. */
static struct call *call_of(const struct turn *t, const struct pin_entry *e)
{
    struct call *c = calls_find(t->p->calls, e->call);

    return c && park_can_be_claimed(c) ? c : NULL;
}

/* ---- what he hears ------------------------------------------------------------------------------
 */

static void say(struct turn *t, struct pin_entry *e, enum say what)
{
    struct action *a = park_act(t, ACT_SAY, calls_find(t->p->calls, e->call) ? e->call : 0);
    struct rules rules;

    (void)pin_of(t, e->range, &rules);
    a->leg = e->leg;
    a->say = what;
    a->wait = ++e->wait;
    (void)text_copy(a->language, sizeof a->language, rules.language); /* the same size */
}

static void ask(struct turn *t, struct pin_entry *e, enum say what)
{
    memset(e->digits, 0, sizeof e->digits);
    e->count = 0;
    e->speaking = true;
    e->deadline = park_later(t->now, PATIENCE_PIN);
    say(t, e, what);
}

/* A last word, then BYE with the reason. */
static void leave(struct turn *t, struct pin_entry *e, enum say last, uint16_t code,
                  const char *why)
{
    e->state = PIN_LEAVING;
    e->code = code;
    e->deadline = park_later(t->now, PATIENCE_SAY);
    (void)text_copy(e->why, sizeof e->why, why);
    say(t, e, last);
}

static void hang_up(struct turn *t, struct pin_entry *e, uint16_t code, const char *why)
{
    park_hang_up(t, NULL, e->leg, code, why);
    forget(t->p, e);
}

/* For the timeline of the call; nothing once that is over. */
static void note(struct turn *t, const struct pin_entry *e, enum step step, const char *what)
{
    struct call *c = call_of(t, e);
    char name[DISPLAY_SIZE];

    if (c)
        PARK_STEP(t, c, step, "%s %s", park_name(name, &e->party, "somebody unknown"), what);
}

/* ---- tries --------------------------------------------------------------------------------------
 */

/* Takes as long for one that is nearly right as for one that is all wrong. */
bool park_pin_same(const char *given, const char *pin)
{
    char a[PIN_SIZE] = "", b[PIN_SIZE] = "";
    unsigned differ = 0;

    if (!text_copy(a, sizeof a, given) || !text_copy(b, sizeof b, pin))
        return false;
    for (unsigned i = 0; i < PIN_SIZE; i++)
        differ |= (unsigned)(unsigned char)(a[i] ^ b[i]);
    return differ == 0 && *pin;
}

static void keys_of(range_id range, const struct pin_entry *e, char by_range[THROTTLE_KEY_SIZE],
                    char by_person[THROTTLE_KEY_SIZE])
{
    (void)text_format(by_range, THROTTLE_KEY_SIZE, "range:%llu", (unsigned long long)range);
    (void)text_copy_n(by_person, THROTTLE_KEY_SIZE, e->person,
                      strnlen(e->person, THROTTLE_KEY_SIZE - 1)); /* cut, always at one place */
}

/* How long until he, or anybody at this range, may try again. */
static msec must_wait(struct turn *t, const struct pin_entry *e)
{
    char by_range[THROTTLE_KEY_SIZE], by_person[THROTTLE_KEY_SIZE];
    msec range, person;

    keys_of(e->range, e, by_range, by_person);
    range = throttle_wait(&t->p->wrong_pins, by_range, t->now);
    person = throttle_wait(&t->p->wrong_pins, by_person, t->now);
    return range > person ? range : person;
}

static void right(struct turn *t, struct pin_entry *e, struct call *c)
{
    char by_range[THROTTLE_KEY_SIZE], by_person[THROTTLE_KEY_SIZE];
    struct pin_entry who = *e;

    keys_of(e->range, e, by_range, by_person);
    throttle_clear(&t->p->wrong_pins, by_range);
    throttle_clear(&t->p->wrong_pins, by_person);
    forget(t->p, e);
    if (!park_claim_by(t, c, who.leg, &who.party)) {
        park_hang_up(t, NULL, who.leg, 503, "too many calls are going on");
        return;
    }
    c->peer_up = true;
    park_claimed(t, c, "gave the PIN");
    park_meet(t, c);
}

static void wrong(struct turn *t, struct pin_entry *e, const char *what)
{
    char by_range[THROTTLE_KEY_SIZE], by_person[THROTTLE_KEY_SIZE], said[80];

    keys_of(e->range, e, by_range, by_person);
    throttle_failed(&t->p->wrong_pins, by_range, t->now);
    throttle_failed(&t->p->wrong_pins, by_person, t->now);
    e->tries++;
    (void)text_format(said, sizeof said, "%s (try %u of %u)", what, e->tries, PIN_TRIES);
    note(t, e, STEP_PIN_WRONG, said);
    if (e->tries == PIN_TRIES || must_wait(t, e))
        leave(t, e, SAY_PIN_WRONG, CODE_WRONG, "the PIN was wrong");
    else
        ask(t, e, SAY_PIN_AGAIN);
}

static void entered(struct turn *t, struct pin_entry *e)
{
    struct call *c = call_of(t, e);
    struct rules rules;
    const char *pin = pin_of(t, e->range, &rules);

    if (!c)
        leave(t, e, SAY_GONE, CODE_GONE, WRONG_GONE);
    else if (!*pin || park_pin_same(e->digits, pin))
        right(t, e, c);
    else
        wrong(t, e, "gave a wrong PIN");
}

static void digit(struct turn *t, struct pin_entry *e)
{
    char key = t->ev->digit;
    struct rules rules;
    size_t wanted = strlen(pin_of(t, e->range, &rules));

    if (e->state != PIN_ASKING)
        return;
    if (e->speaking)
        say(t, e, SAY_NOTHING);
    e->speaking = false;
    if (key == '*') { /* begins anew */
        memset(e->digits, 0, sizeof e->digits);
        e->count = 0;
    } else if (key >= '0' && key <= '9' && e->count < PIN_SIZE - 1) {
        e->digits[e->count++] = key;
    }
    if ((key == '#' && e->count) || (e->count && e->count >= wanted))
        entered(t, e);
}

/* ---- events -------------------------------------------------------------------------------------
 */

static void up(struct turn *t, struct pin_entry *e)
{
    if (e->state != PIN_ANSWERING)
        return;
    if (!call_of(t, e)) {
        leave(t, e, SAY_GONE, CODE_GONE, WRONG_GONE);
        return;
    }
    e->state = PIN_ASKING;
    ask(t, e, SAY_PIN);
}

static void gone(struct turn *t, struct pin_entry *e)
{
    if (e->state != PIN_LEAVING)
        note(t, e, STEP_RETRIEVE_FAILED, "was gone before giving the PIN");
    forget(t->p, e);
}

/* CANCEL behind our 200 undoes nothing on the wire (RFC 3261 9.2), yet he does not want the call.
 */
static void cancelled(struct turn *t, struct pin_entry *e)
{
    if (t->ev->answered)
        park_hang_up(t, NULL, e->leg, 487, "the retriever cancelled");
    gone(t, e);
}

bool park_pin_event(struct turn *t)
{
    struct pin_entry *e = park_pin_find(t->p, t->ev->leg);

    if (!e)
        return false;
    if (t->ev->type == EV_LEG_UP)
        up(t, e);
    else if (t->ev->type == EV_LEG_GONE || t->ev->type == EV_LEG_FAILED)
        gone(t, e);
    else if (t->ev->type == EV_CANCELLED)
        cancelled(t, e);
    else if (t->ev->type == EV_IDENTITY)
        e->party = t->ev->party;
    else if (t->ev->type == EV_DIGIT)
        digit(t, e);
    else if (t->ev->type == EV_SAID && t->ev->wait == e->wait && e->state == PIN_LEAVING)
        hang_up(t, e, e->code, e->why);
    else if (t->ev->type == EV_SAID && t->ev->wait == e->wait)
        e->speaking = false;
    return true;
}

/* Whoever waits for a call that nobody can have any more is told at the next tick. */
void park_pin_sweep(struct turn *t)
{
    for (unsigned i = 0; t->p->pin_count && i < PINS_MAX; i++) {
        struct pin_entry *e = &t->p->pin[i];

        if (e->leg && e->state == PIN_ASKING && !call_of(t, e))
            e->deadline = t->now;
    }
}

bool park_pin_tick(struct turn *t)
{
    struct pin_entry *e = next_due(t->p);

    if (!e || e->deadline > t->now)
        return false;
    if (e->state == PIN_LEAVING) {
        hang_up(t, e, e->code, e->why);
    } else if (e->state == PIN_ANSWERING) {
        note(t, e, STEP_RETRIEVE_FAILED, "did not acknowledge in time");
        hang_up(t, e, CODE_LATE, "no acknowledgement");
    } else if (!call_of(t, e)) {
        leave(t, e, SAY_GONE, CODE_GONE, WRONG_GONE);
    } else if (e->count) {
        wrong(t, e, "gave no whole PIN in time");
    } else if (++e->tries < PIN_TRIES) {
        ask(t, e, SAY_PIN);
    } else {
        note(t, e, STEP_RETRIEVE_FAILED, "gave no PIN");
        leave(t, e, SAY_PIN_WRONG, CODE_LATE, "no PIN was given in time");
    }
    return true;
}

/* ---- the beginning ------------------------------------------------------------------------------
 */

static void describe(struct pin_entry *to, const struct invite *in, const struct call *c)
{
    char user[DIALLED_SIZE];

    memset(to, 0, sizeof *to);
    to->leg = in->leg;
    to->call = c->id;
    to->range = c->range;
    to->party = in->from;
    uri_user(user, in->from.uri);
    if (*in->signed_in)
        (void)text_format(to->person, sizeof to->person, "user:%s", in->signed_in);
    else
        (void)text_format(to->person, sizeof to->person, "from:%s/%s", in->source, user);
}

bool park_pin_ask(struct turn *t, struct call *c, uint16_t *code, uint16_t *retry,
                  char why[WHY_SIZE])
{
    struct pin_entry *e = free_entry(t->p, c->id), who;
    struct action *a;
    msec wait;

    describe(&who, t->ev->invite, c);
    wait = must_wait(t, &who);
    *code = wait ? 480 : 503;
    *retry = wait ? (uint16_t)((wait + 999) / 1000) : 10;
    if (wait)
        (void)text_format(why, WHY_SIZE, "the PIN was wrong too often: try again in %u s", *retry);
    else
        (void)text_copy(why, WHY_SIZE, "too many others are being asked for the PIN");
    if (wait || !e)
        return false;
    *e = who;
    t->p->pin_count++;
    e->state = PIN_ANSWERING;
    e->deadline = park_later(t->now, PATIENCE_CONNECT);
    a = park_act_leg(t, ACT_ANSWER, c, e->leg); /* whose call it is he learns afterwards */
    a->tell = TELL_NOTHING;
    note(t, e, STEP_PIN_ASKED, "is asked for the PIN");
    return true;
}

/* Lines to events, actions to lines; see rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "rig.h"

#define WORDS_MAX 12
#define START 1000000 /* so that nothing happens to be 0 */

struct words {
    char text[256];
    char *word[WORDS_MAX];
    unsigned count;
};

static void *zeroed(size_t size)
{
    void *memory = calloc(1, size);

    assert_non_null(memory);
    return memory;
}

struct rig *rig_new(void)
{
    struct rig *r = zeroed(sizeof *r);
    struct destination here = { .fqdn = "pool.example" };
    struct range range = { .type = RANGE_CALL_PARK, .version = 1 };

    assert_int_equal(range_read(&range, "Front desk", "700", "702", NULL).fault, RANGE_FINE);
    range.id = 1;
    (void)text_copy(range.destination, sizeof range.destination, here.fqdn);
    (void)text_copy(range.park_number, sizeof range.park_number, "7000");
    assert_int_equal(deployment_put_destination(&r->deployment, &here, NULL), 0);
    ranges_put(&r->deployment.ranges, &range);
    r->calls_memory = zeroed(calls_size());
    r->orbits_memory = zeroed(orbits_size());
    r->p.deployment = &r->deployment;
    r->p.calls = calls_init(r->calls_memory, 0);
    r->p.orbits = orbits_init(r->orbits_memory, 1);
    r->p.next_leg = 100;
    r->now = START;
    (void)text_copy(r->p.house.park_user, DIALLED_SIZE, "park");
    (void)text_copy(r->p.house.park_prefix[0], PREFIX_SIZE, "*68");
    (void)text_copy(r->p.house.retrieve_prefix[0], PREFIX_SIZE, "*88");
    (void)text_copy(r->p.house.destination, FQDN_SIZE, here.fqdn);
    orbits_rebuild(r->p.orbits, &r->deployment.ranges, here.fqdn);
    return r;
}

void rig_free(struct rig *r)
{
    free(r->calls_memory);
    free(r->orbits_memory);
    free(r);
}

struct call *rig_call(struct rig *r)
{
    return calls_find(r->p.calls, r->call);
}

/* ---- actions to text ----------------------------------------------------------------------------
 */

static void say_answer(char *to, const struct action *a)
{
    char number[NUMBER_SIZE];

    number_text(number, a->orbit);
    if (a->tell == TELL_ORBIT)
        (void)text_append(to, RIG_TEXT_SIZE, " answer:%u:orbit%s", (unsigned)a->leg, number);
    else if (a->tell == TELL_CALLER)
        (void)text_append(to, RIG_TEXT_SIZE, " answer:%u:caller=%s", (unsigned)a->leg,
                          a->party.uri);
    else
        (void)text_append(to, RIG_TEXT_SIZE, " answer:%u", (unsigned)a->leg);
}

static void say_call(char *to, const struct action *a)
{
    static const char *const kinds[] = {
        "parker", "fallback", "chosen", "caller", "target", "tell"
    };

    (void)text_append(to, RIG_TEXT_SIZE, " call:%u:%s%s%s:%s", (unsigned)a->leg, kinds[a->kind],
                      a->plain ? ":plain" : "", *a->replaces ? ":replaces" : "", a->uri);
}

static void say_refer(char *to, const char *what, const struct action *a)
{
    char number[NUMBER_SIZE] = "";

    if (a->orbit)
        number_text(number, a->orbit);
    (void)text_append(to, RIG_TEXT_SIZE, " %s:%u:%u%s%s", what, a->refer, a->code,
                      a->orbit ? ":orbit" : "", number);
}

static void say_action(char *to, const struct action *a)
{
    static const char *const says[] = { "nothing",   "orbit",     "full", "regret", "pin",
                                        "pin-again", "pin-wrong", "gone", "confirm" };
    unsigned leg = (unsigned)a->leg;

    switch (a->type) {
    case ACT_SAVE:
        (void)text_append(to, RIG_TEXT_SIZE, " save");
        break;
    case ACT_FORGET:
        (void)text_append(to, RIG_TEXT_SIZE, " forget");
        break;
    case ACT_ANSWER:
        say_answer(to, a);
        break;
    case ACT_REFUSE:
        (void)text_append(to, RIG_TEXT_SIZE, " refuse:%u:%u", leg, a->code);
        break;
    case ACT_HANG_UP:
        (void)text_append(to, RIG_TEXT_SIZE, a->code ? " bye:%u:%u" : " bye:%u", leg, a->code);
        break;
    case ACT_CALL:
        say_call(to, a);
        break;
    case ACT_MUSIC:
        (void)text_append(to, RIG_TEXT_SIZE, " music:%u", leg);
        break;
    case ACT_SAY:
        (void)text_append(to, RIG_TEXT_SIZE, " say:%u:%s", leg, says[a->say]);
        break;
    case ACT_BRIDGE:
        (void)text_append(to, RIG_TEXT_SIZE, " bridge:%u:%u", leg, (unsigned)a->other);
        break;
    case ACT_EXIT:
        (void)text_append(to, RIG_TEXT_SIZE, " exit:%u:%u", leg, (unsigned)a->other);
        break;
    case ACT_LISTEN:
        (void)text_append(to, RIG_TEXT_SIZE, " listen:%u", leg);
        break;
    case ACT_REFER_ANSWER:
        say_refer(to, "refer", a);
        break;
    case ACT_REFER_PROGRESS:
        say_refer(to, "notify", a);
        break;
    case ACT_STEP:
        (void)text_append(to, RIG_TEXT_SIZE, " %s", step_name(a->step) + strlen("call."));
        break;
    }
}

/* ---- lines to events ----------------------------------------------------------------------------
 */

static void note_save(struct rig *r, const struct action *a)
{
    r->call = a->call;
    r->write = a->write;
    if (rig_call(r))
        r->row = *rig_call(r);
}

static void say_all(struct rig *r, const struct actions *out)
{
    for (unsigned i = 0; i < out->count; i++) {
        say_action(r->said, &out->at[i]);
        if (out->at[i].type == ACT_SAVE)
            note_save(r, &out->at[i]);
        if (*out->at[i].why)
            (void)text_copy(r->last_why, WHY_SIZE, out->at[i].why);
    }
    park_check(&r->p);
}

static void step(struct rig *r, const struct event *ev)
{
    struct actions out;

    park_step(&r->p, ev, r->now, &out);
    say_all(r, &out);
}

static void split(struct words *w, const char *line)
{
    char *save = NULL;

    memset(w, 0, sizeof *w);
    assert_true(text_copy(w->text, sizeof w->text, line));
    for (char *s = strtok_r(w->text, " ", &save); s && w->count < WORDS_MAX;
         s = strtok_r(NULL, " ", &save))
        w->word[w->count++] = s;
}

static bool has(const struct words *w, const char *flag)
{
    for (unsigned i = 0; i < w->count; i++)
        if (text_is(w->word[i], flag))
            return true;
    return false;
}

/* What stands behind "name="; "" when it is not there. */
static const char *value(const struct words *w, const char *name)
{
    size_t length = strlen(name);

    for (unsigned i = 0; i < w->count; i++)
        if (text_starts(w->word[i], name) && w->word[i][length] == '=')
            return w->word[i] + length + 1;
    return "";
}

static uint64_t number(const char *text)
{
    return text ? strtoull(text, NULL, 10) : 0;
}

/* A short name becomes a URI; what is one already stays. */
static void party(struct party *p, const char *name)
{
    if (!name || !*name)
        return;
    if (strchr(name, ':'))
        (void)text_copy(p->uri, URI_SIZE, name);
    else
        (void)text_format(p->uri, URI_SIZE, "sip:%s@pbx.example", name);
}

static void read_replaces(enum replaces *kind, leg_id *leg, const char *text)
{
    static const char *const names[] = {
        [REPLACES_LEG] = "leg",     [REPLACES_ENDED] = "ended",
        [REPLACES_TAKEN] = "taken", [REPLACES_EARLY_OURS] = "ours",
        [REPLACES_EARLY] = "early", [REPLACES_UNKNOWN] = "unknown",
        [REPLACES_TWICE] = "twice", [REPLACES_PICKUP] = "pickup",
    };
    const char *colon = strchr(text, ':');

    *leg = colon ? number(colon + 1) : 0;
    for (unsigned i = REPLACES_LEG; i <= REPLACES_PICKUP; i++)
        if (strncmp(text, names[i], strlen(names[i])) == 0 &&
            (!text[strlen(names[i])] || text[strlen(names[i])] == ':'))
            *kind = (enum replaces)i;
}

static void invite(struct rig *r, const struct words *w)
{
    struct invite in = { .leg = number(w->word[1]) };
    struct event ev = { .type = EV_INVITE, .invite = &in };

    (void)text_copy(in.dialled, DIALLED_SIZE, w->word[2]);
    (void)text_copy(in.dialled_to, DIALLED_SIZE, value(w, "to"));
    (void)text_copy(in.orbit_param, NUMBER_SIZE, value(w, "param"));
    (void)text_copy(in.ask_orbit, NUMBER_SIZE, value(w, "orbit"));
    (void)text_copy(in.source, ADDRESS_SIZE, "192.0.2.7");
    party(&in.from, value(w, "from"));
    party(&in.referred_by, value(w, "by"));
    party(&in.history, value(w, "history"));
    in.has_referred_by = *value(w, "by");
    in.has_history = *value(w, "history");
    in.history_is_transfer = has(w, "retarget");
    in.trusted = !has(w, "untrusted");
    in.early_only = has(w, "early-only");
    in.our_ring_back = has(w, "loop");
    in.media_refusal = has(w, "media") ? 488 : 0;
    if (*value(w, "ask"))
        in.ask = text_is(value(w, "ask"), "park") ? ASK_PARK : ASK_RETRIEVE;
    read_replaces(&in.replaces, &in.replaces_leg, value(w, "replaces"));
    if (has(w, "ticket"))
        in.ticket_call = r->call;
    if (has(w, "pickup"))
        in.pickup_call = r->call;
    (void)text_copy(in.ticket, TICKET_SIZE, has(w, "ticket") ? "1" : "");
    in.replaces = has(w, "pickup") ? REPLACES_PICKUP : in.replaces;
    step(r, &ev);
}

static void refer_line(struct rig *r, enum event_type type, const struct words *w)
{
    struct refer refer = { .number = type == EV_REFER ? (uint32_t)number(w->word[1]) : 0 };
    struct event ev = { .type = type, .refer = &refer };

    refer.leg = number(value(w, "leg"));
    (void)text_copy(refer.dialled, DIALLED_SIZE, value(w, "at"));
    (void)text_copy(refer.source, ADDRESS_SIZE, "192.0.2.7");
    (void)text_copy(refer.target, URI_SIZE, value(w, "to"));
    uri_user(refer.target_user, refer.target);
    refer.near = !has(w, "far");
    refer.commanded = type == EV_DO_PARK;
    party(&refer.from, value(w, "from"));
    party(&refer.referred_by, value(w, "by"));
    refer.has_referred_by = *value(w, "by");
    read_replaces(&refer.names, &refer.replaces_leg, value(w, "replaces"));
    if (refer.names != REPLACES_NONE)
        (void)text_copy(refer.replaces, REPLACES_SIZE, "call;to-tag=a;from-tag=b");
    step(r, &ev);
}

static void leg_line(struct rig *r, enum event_type type, const struct words *w)
{
    struct event ev = { .type = type, .leg = number(w->word[1]) };
    struct call *c = calls_by_leg(r->p.calls, ev.leg);

    ev.code = type == EV_LEG_FAILED || type == EV_LEG_RINGING ? (uint16_t)number(w->word[2]) : 0;
    ev.heard = has(w, "heard");
    ev.answered = has(w, "answered");
    ev.wait = w->word[2]    ? (uint32_t)number(w->word[2])
              : c           ? c->wait
              : rig_call(r) ? rig_call(r)->wait
                            : 0;
    if (type == EV_IDENTITY)
        party(&ev.party, w->word[2]);
    step(r, &ev);
}

/* may 3 1; exited 3 200. */
static void exit_line(struct rig *r, enum event_type type, const struct words *w)
{
    struct event ev = { .type = type, .leg = number(w->word[1]) };

    if (type == EV_MAY_EXIT)
        ev.other = number(w->word[2]);
    else
        ev.code = (uint16_t)number(w->word[2]);
    step(r, &ev);
}

/* keys 3 2580: one after the other. */
static void keys_line(struct rig *r, enum event_type type, const struct words *w)
{
    struct event ev = { .type = type, .leg = number(w->word[1]) };

    for (const char *key = w->word[2]; *key; key++) {
        ev.digit = *key;
        step(r, &ev);
    }
}

static void store_line(struct rig *r, enum event_type type, const struct words *w)
{
    struct event ev = { .type = type, .call = r->call };

    ev.write = w->count > 1 ? number(w->word[1]) : r->write;
    step(r, &ev);
}

static void command_line(struct rig *r, enum event_type type, const struct words *w)
{
    struct event ev = { .type = type, .call = r->call, .actor = "Anna" };

    (void)text_copy(ev.uri, URI_SIZE, w->word[1]);
    (void)text_copy(ev.text, NOTE_SIZE, w->word[1]);
    ev.span = number(w->word[1]) * 1000;
    step(r, &ev);
}

static void at_line(struct rig *r, const struct words *w)
{
    static const struct event tick = { .type = EV_TICK };
    msec until = START + number(w->word[1]) * 1000;

    while (park_next_deadline(&r->p) <= until) {
        if (park_next_deadline(&r->p) > r->now)
            r->now = park_next_deadline(&r->p);
        step(r, &tick);
    }
    r->now = until;
}

static enum restored_leg restored(const char *word)
{
    if (text_is(word ? word : "lost", "lost"))
        return LEG_LOST;
    if (text_is(word, "up"))
        return LEG_RESTORED_UP;
    return text_is(word, "answered") ? LEG_RESTORED_ANSWERED : LEG_RESTORED_CALLING;
}

bool rig_restore(struct rig *r, const struct call *row, const struct restore *legs)
{
    struct actions out;
    bool done = park_restore(&r->p, row, legs, r->now, &out);

    say_all(r, &out);
    return done;
}

void rig_new_core(struct rig *r, call_id last)
{
    free(r->calls_memory);
    free(r->orbits_memory);
    r->calls_memory = zeroed(calls_size());
    r->orbits_memory = zeroed(orbits_size());
    r->p.calls = calls_init(r->calls_memory, last);
    r->p.orbits = orbits_init(r->orbits_memory, 1);
    r->p.announcing = r->p.pin_count = 0;
    r->p.gone = 0;
    memset(r->p.announce, 0, sizeof r->p.announce);
    memset(r->p.pin, 0, sizeof r->p.pin);
    memset(r->p.fetch, 0, sizeof r->p.fetch);
    orbits_rebuild(r->p.orbits, &r->deployment.ranges, "pool.example");
}

static void restart_line(struct rig *r, const struct words *w)
{
    struct restore legs = { restored(w->word[1]), restored(w->word[2]), restored(w->word[3]) };
    struct call row = r->row;

    rig_new_core(r, row.id);
    if (!rig_restore(r, &row, &legs))
        (void)text_append(r->said, RIG_TEXT_SIZE, " false");
}

static void set_line(struct rig *r, const struct words *w)
{
    enum setting_key key;

    assert_true(setting_find(w->word[1], &key));
    assert_int_equal(settings_set(&r->deployment.global, key, w->word[2], NULL), 0);
}

static const struct {
    const char *name;
    void (*read)(struct rig *r, enum event_type type, const struct words *w);
    enum event_type type;
} lines[] = {
    { "up", leg_line, EV_LEG_UP },
    { "failed", leg_line, EV_LEG_FAILED },
    { "gone", leg_line, EV_LEG_GONE },
    { "cancelled", leg_line, EV_CANCELLED },
    { "ringing", leg_line, EV_LEG_RINGING },
    { "identity", leg_line, EV_IDENTITY },
    { "moved", leg_line, EV_MEDIA_MOVED },
    { "sounds", leg_line, EV_HEARD },
    { "may", exit_line, EV_MAY_EXIT },
    { "exited", exit_line, EV_EXIT },
    { "said", leg_line, EV_SAID },
    { "keys", keys_line, EV_DIGIT },
    { "saved", store_line, EV_SAVED },
    { "notsaved", store_line, EV_NOT_SAVED },
    { "retrieve", command_line, EV_DO_RETRIEVE },
    { "transfer", command_line, EV_DO_TRANSFER },
    { "ring", command_line, EV_DO_RING_BACK },
    { "extend", command_line, EV_DO_EXTEND },
    { "hangup", command_line, EV_DO_HANG_UP },
    { "note", command_line, EV_DO_NOTE },
    { "force", command_line, EV_DO_FORCE_OUT },
    { "refer", refer_line, EV_REFER },
    { "fetch", refer_line, EV_DO_PARK },
};

static void other_line(struct rig *r, const struct words *w)
{
    const char *name = w->word[0];

    if (text_is(name, "invite"))
        invite(r, w);
    else if (text_is(name, "at"))
        at_line(r, w);
    else if (text_is(name, "restart"))
        restart_line(r, w);
    else if (text_is(name, "set"))
        set_line(r, w);
    else if (text_is(name, "drain"))
        r->p.house.draining = text_is(w->word[1], "on");
    else if (text_is(name, "audio"))
        r->p.house.audio_full = text_is(w->word[1], "full");
    else if (text_is(name, "dial"))
        r->p.house.refer_dial = text_is(w->word[1], "on");
    else if (text_is(name, "close") || text_is(name, "open"))
        orbits_close(r->p.orbits, number_read("700", NULL), number_read("702", NULL),
                     text_is(name, "close"));
    else
        fail_msg("no such line: %s", name);
}

void rig_do(struct rig *r, const char *line)
{
    struct words w;

    split(&w, line);
    r->said[0] = '\0';
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (text_is(w.word[0], lines[i].name)) {
            lines[i].read(r, lines[i].type, &w);
            return;
        }
    }
    other_line(r, &w);
}

void rig_run(struct rig *r, const struct rig_line *line)
{
    for (; line->line; line++) {
        const char *said = r->said;

        rig_do(r, line->line);
        said += *said == ' ';
        if (!text_is(said, line->said))
            fail_msg("'%s'\n   says '%s'\n  not '%s'\n   why: %s", line->line, said, line->said,
                     r->last_why);
    }
}

static void play(void **state)
{
    const struct rig_script *script = *state;
    struct rig *r = rig_new();

    rig_run(r, script->line);
    rig_free(r);
}

int rig_main(const char *group, const struct rig_script *scripts, size_t count)
{
    struct CMUnitTest tests[64] = { 0 };

    if (count > sizeof tests / sizeof *tests)
        return EXIT_FAILURE;
    for (size_t i = 0; i < count; i++) {
        tests[i].name = scripts[i].name;
        tests[i].test_func = play;
        tests[i].initial_state = (void *)&scripts[i];
    }
    return _cmocka_run_group_tests(group, tests, count, NULL, NULL);
}

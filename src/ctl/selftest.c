/* callparkctl selftest: real calls to the running server. Each step is a line with its time; a step
 * that fails says what was expected and what came, and ends its scene, since the next step would
 * stand on it. */
#include "ctl/selftest.h"

#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"
#include "sys/clock.h"

struct step {
    unsigned scene;
    const char *what;
    bool (*run)(struct selftest *t);
};

static bool is_settled(const void *about)
{
    const struct phone_facts *f = phone_facts(about);

    return f->status != 0;
}

static bool is_over(const void *about)
{
    return phone_facts(about)->ended;
}

static bool hears_music(const void *about)
{
    return phone_facts(about)->ear.other >= 5;
}

static bool is_ringing(const void *about)
{
    /* phone_incoming() wants to write nothing, but has a pointer to more than it reads. */
    return phone_incoming((struct phone *)about) != NULL;
}

/* Dial, wait for the final answer, and hold it against what is expected. */
static bool dial(struct selftest *t, struct phone *p, const struct phone_dial *d, unsigned expected,
                 struct phone_call **out)
{
    struct phone_call *c = phone_dial(p, d);
    const struct phone_facts *f;

    if (!c)
        return selftest_fail(t, "the test phone has no port left");
    (void)phones_until(t->phones, is_settled, c, 5000);
    f = phone_facts(c);
    *out = c;
    if (f->status == expected)
        return true;
    if (f->status == 0)
        return selftest_fail(t, "expected %u, no final answer came in 5 s", expected);
    return selftest_fail(t, "expected %u, came %u %s", expected, f->status, f->reason);
}

static bool park(struct selftest *t, const char *number)
{
    const struct phone_facts *f;

    if (!dial(t, t->alice,
              &(struct phone_dial){ .target = number, .referred_by = phone_uri(t->bob) }, 200,
              &t->caller))
        return false;
    f = phone_facts(t->caller);
    if (!text_is(f->orbit, number))
        return selftest_fail(t, "expected X-Callpark-Orbit: %s, came '%s'", number, f->orbit);
    if (f->provisional > 100)
        return selftest_fail(t, "expected 200 and nothing before it, came %u first",
                             f->provisional);
    return true;
}

struct pair {
    const struct phone_call *a, *b;
    int tone_a, tone_b; /* what a and b hum */
};

static bool hear_each_other(const void *about)
{
    const struct pair *p = about;

    return ear_steady(&phone_facts(p->a)->ear) == p->tone_b &&
           ear_steady(&phone_facts(p->b)->ear) == p->tone_a;
}

/* Both ways, by tone: alice hums tone 0, the other one that of its phone. */
static bool talk(struct selftest *t, int tone)
{
    const struct pair p = { t->caller, t->other, 0, tone };
    char one[32], two[32];

    phone_listen(t->caller);
    phone_listen(t->other);
    if (phones_until(t->phones, hear_each_other, &p, 3000))
        return true;
    return selftest_fail(t, "expected both tones, the caller hears %s, the other %s",
                         ear_says(&phone_facts(t->caller)->ear, one),
                         ear_says(&phone_facts(t->other)->ear, two));
}

static bool music(struct selftest *t)
{
    const struct ear *e = &phone_facts(t->caller)->ear;

    phone_listen(t->caller);
    if (phones_until(t->phones, hears_music, t->caller, 4000))
        return true;
    return selftest_fail(
        t,
        "expected music, the caller heard %.1f s of it, %.1f s of silence, and %u packets in all",
        e->other / 10.0, e->silent / 10.0, phone_facts(t->caller)->packets);
}

static bool ended_by_peer(struct selftest *t, struct phone_call *c, const char *who, msec patience)
{
    if (phones_until(t->phones, is_over, c, patience) && phone_facts(c)->ended_by_peer)
        return true;
    return selftest_fail(t, "expected the server to end the call of %s, it did not in %u s", who,
                         (unsigned)(patience / 1000));
}

static bool rings(struct selftest *t, struct phone *p, const char *who, msec patience)
{
    if (phones_until(t->phones, is_ringing, p, patience)) {
        t->other = phone_incoming(p);
        return true;
    }
    return selftest_fail(
        t, "expected the phone of %s (%s) to ring, it did not in %u s; is [sip] outbound set?", who,
        phone_uri(p), (unsigned)(patience / 1000));
}

static bool answers(struct selftest *t)
{
    if (phones_until(t->phones, is_settled, t->other, 3000) && phone_facts(t->other)->up)
        return true;
    return selftest_fail(t, "expected the call to be up after it was answered, it is not");
}

static bool options(struct selftest *t)
{
    unsigned status = phones_options(t->phones, t->alice, 3000);

    return status == 200 ||
           selftest_fail(t, "expected 200 from %s, came %u%s", phones_server(t->phones), status,
                         status == 408 ? " (no answer)" : "");
}

static bool park_blind(struct selftest *t)
{
    return park(t, t->number[0]);
}

static bool api_shows(struct selftest *t)
{
    json_t *call CLEANUP(ctl_json_done) = stage_call(t, t->number[0]);

    if (!call)
        return selftest_fail(t, "expected a call at %s, the API shows none", t->number[0]);
    if (!text_is(ctl_string(call, "state"), "parked"))
        return selftest_fail(t, "expected the state parked, came %s", ctl_string(call, "state"));
    if (!text_is(ctl_string(call, "parker.uri"), phone_uri(t->bob)))
        return selftest_fail(t, "expected the parker %s, came '%s'", phone_uri(t->bob),
                             ctl_string(call, "parker.uri"));
    return true;
}

static bool occupied(struct selftest *t)
{
    struct phone_call *c;

    return dial(t, t->carol,
                &(struct phone_dial){ .target = t->number[0], .referred_by = phone_uri(t->bob) },
                486, &c);
}

static bool retrieve(struct selftest *t)
{
    return dial(t, t->dave, &(struct phone_dial){ .target = t->number[0] }, 200, &t->other);
}

static bool talk_dave(struct selftest *t)
{
    return talk(t, 3);
}

static bool one_stream(struct selftest *t)
{
    const struct phone_facts *f = phone_facts(t->caller);

    if (f->sources != 1)
        return selftest_fail(t, "expected one SSRC from music to talk, came %u", f->sources);
    return f->jumps == 0 ||
           selftest_fail(t, "expected each packet to follow the one before, %u of %u did not",
                         f->jumps, f->packets);
}

static bool pass_hang_up(struct selftest *t)
{
    phone_hang_up(t->other);
    if (!phones_until(t->phones, is_over, t->other, 3000) || !phone_facts(t->other)->bye_answered)
        return selftest_fail(t, "expected 200 to BYE, it did not come");
    return ended_by_peer(t, t->caller, "the caller", 3000);
}

static bool empty(struct selftest *t)
{
    struct phone_call *c;

    /* Otherwise dialling a free orbit would park whoever dials it. */
    return stage_settings(t, 60, "reject") &&
           dial(t, t->dave, &(struct phone_dial){ .target = t->number[9] }, 480, &c) &&
           stage_settings(t, 60, "park");
}

static bool consult(struct selftest *t)
{
    const struct phone_facts *f;

    if (!dial(t, t->bob, &(struct phone_dial){ .target = t->number[1] }, 200, &t->other))
        return false;
    f = phone_facts(t->other);
    if (!text_is(f->orbit, t->number[1]))
        return selftest_fail(t, "expected X-Callpark-Orbit: %s, came '%s'", t->number[1], f->orbit);
    return strstr(f->identity, t->number[1]) ||
           selftest_fail(t, "expected %s in P-Asserted-Identity, came '%s'", t->number[1],
                         f->identity);
}

static bool spoken(struct selftest *t)
{
    return phones_until(t->phones, hears_music, t->other, 4000) ||
           selftest_fail(t, "expected the number to be spoken, the parker heard nothing in 4 s");
}

static bool take_place(struct selftest *t)
{
    char replaces[400];

    if (!phone_replaces(t->other, replaces, sizeof(replaces)))
        return selftest_fail(t, "expected the parker's call to be up, it is not");
    if (!dial(t, t->alice,
              &(struct phone_dial){
                  .target = t->number[1], .replaces = replaces, .referred_by = phone_uri(t->bob) },
              200, &t->caller))
        return false;
    return ended_by_peer(t, t->other, "the parker", 3000);
}

static bool ring_back(struct selftest *t)
{
    phone_forget(t->bob);
    phone_manner(t->bob, 300);
    return stage_act(t, t->number[1], "ringback", NULL) && rings(t, t->bob, "the parker", 5000);
}

static bool talk_bob(struct selftest *t)
{
    return answers(t) && talk(t, 1);
}

static bool fetch(struct selftest *t)
{
    phone_forget(t->dave);
    phone_manner(t->dave, 300);
    return park(t, t->number[4]) && stage_act(t, t->number[4], "retrieve", phone_uri(t->dave)) &&
           rings(t, t->dave, "the retriever", 5000) && answers(t);
}

static bool park_to_wait(struct selftest *t)
{
    phone_forget(t->bob);
    phone_manner(t->bob, PHONE_NEVER);
    phone_manner(t->erin, 300);
    return stage_settings(t, 10, "park") && park(t, t->number[2]);
}

static bool timed_ring_back(struct selftest *t)
{
    msec parked = phone_facts(t->caller)->settled, waited;

    if (!rings(t, t->bob, "the parker", 14000))
        return false;
    waited = phone_facts(t->other)->asked - parked;
    return waited >= 9500 || selftest_fail(t, "expected to ring after 10 s, it rang after %.1f s",
                                           (double)waited / 1000);
}

static bool rings_out(struct selftest *t)
{
    return ended_by_peer(t, t->other, "the parker", 9000);
}

static bool fallback(struct selftest *t)
{
    return rings(t, t->erin, "the fallback", 5000) && answers(t);
}

static bool talk_erin(struct selftest *t)
{
    return talk(t, 4);
}

static bool caller_hangs_up(struct selftest *t)
{
    phone_hang_up(t->caller);
    return ended_by_peer(t, t->other, "the fallback", 3000);
}

static bool abandon(struct selftest *t)
{
    json_t *call CLEANUP(ctl_json_done) = NULL;
    msec until;

    if (!park(t, t->number[3]))
        return false;
    phone_hang_up(t->caller);
    (void)phones_until(t->phones, is_over, t->caller, 3000);
    until = clock_now() + 2000;
    while ((call = stage_call(t, t->number[3])) && clock_now() < until) {
        json_decref(call);
        phones_wait(t->phones, 50);
    }
    return !call ||
           selftest_fail(t, "expected %s to be free 2 s after the caller hung up, the API shows %s",
                         t->number[3], ctl_string(call, "state"));
}

static bool any_orbit(struct selftest *t)
{
    const char *user = *t->park_user ? t->park_user : "park";

    if (!dial(t, t->alice, &(struct phone_dial){ .target = user, .referred_by = phone_uri(t->bob) },
              200, &t->caller))
        return false;
    return *phone_facts(t->caller)->orbit ||
           selftest_fail(t, "expected X-Callpark-Orbit, it did not come");
}

static const struct step steps[] = {
    { 1, "the server answers OPTIONS", options },
    { 2, "a blind transfer parks at once and tells the orbit", park_blind },
    { 2, "the caller hears music", music },
    { 2, "the API shows the call and its parker", api_shows },
    { 2, "a second call to that orbit is refused", occupied },
    { 2, "dialling the orbit retrieves the call", retrieve },
    { 2, "caller and retriever hear each other", talk_dave },
    { 2, "the caller's stream has stayed one stream", one_stream },
    { 2, "a hang-up reaches the other side", pass_hang_up },
    { 3, "dialling an empty orbit gets 480", empty },
    { 4, "a consultation call is told its orbit", consult },
    { 4, "the number is spoken to the parker", spoken },
    { 4, "the caller takes the parker's place (Replaces)", take_place },
    { 4, "the caller hears music after the transfer", music },
    { 4, "ring back now: the parker's phone rings", ring_back },
    { 4, "caller and parker hear each other", talk_bob },
    { 4, "the parker's hang-up reaches the caller", pass_hang_up },
    { 5, "retrieve by the API: the phone that is named rings", fetch },
    { 5, "caller and that phone hear each other", talk_dave },
    { 5, "its hang-up reaches the caller", pass_hang_up },
    { 6, "a call is parked with 10 s to wait", park_to_wait },
    { 6, "nobody retrieves it: the parker's phone rings", timed_ring_back },
    { 6, "nobody answers there: it stops ringing", rings_out },
    { 6, "the fallback rings and answers", fallback },
    { 6, "caller and fallback hear each other", talk_erin },
    { 6, "the caller's hang-up reaches the fallback", caller_hangs_up },
    { 7, "a caller who hangs up leaves the orbit free", abandon },
    { 8, "dialling the park number gives any free orbit", any_orbit },
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

static void report(struct selftest *t, json_t *lines, const char *result, unsigned long long took,
                   const char *what)
{
    const char *detail = text_is(result, "FAIL") ? t->detail : "";
    json_t *line = json_pack("{s:s,s:s,s:I,s:s}", "step", what, "result", result, "msec",
                             (json_int_t)took, "detail", detail);

    if (line)
        (void)json_array_append_new(lines, line);
    if (t->ctl->style.format != PRINT_TABLE)
        return;
    fprintf(t->ctl->out, "%-4s %6llu ms  %s%s%s\n", result, took, what, *detail ? ": " : "",
            detail);
    fflush(t->ctl->out);
}

/* Run all steps; how many did not hold. Nothing else is tried at a server that does not answer the
 * first. */
static unsigned run(struct selftest *t, json_t *lines)
{
    unsigned failed = 0, broken = 0, scene = 0;

    for (size_t i = 0; i < STEPS; i++) {
        msec start = clock_now();
        bool ok;

        if (steps[i].scene != scene) {
            phones_hang_up(t->phones);
            t->caller = t->other = NULL;
            scene = steps[i].scene;
        }
        if (phones_stopped || broken == scene || broken == steps[0].scene) {
            report(t, lines, "skip", 0, steps[i].what);
            failed++;
            continue;
        }
        ok = steps[i].run(t);
        if (!ok) {
            broken = scene;
            failed++;
        }
        report(t, lines,
               ok               ? "ok"
               : phones_stopped ? "skip"
                                : "FAIL",
               clock_now() - start, steps[i].what);
    }
    return failed;
}

static void on_signal(int number)
{
    (void)number;
    phones_stopped = 1;
}

int cmd_selftest(struct ctl *ctl)
{
    static const struct print_column columns[] = { { "STEP", "step", CELL_TEXT },
                                                   { "RESULT", "result", CELL_TEXT },
                                                   { "MSEC", "msec", CELL_TEXT },
                                                   { "DETAIL", "detail", CELL_TEXT },
                                                   { 0 } };
    struct selftest t;
    json_t *lines CLEANUP(ctl_json_done) = json_array();
    unsigned failed = 0;
    int code;

    (void)signal(SIGINT, on_signal); /* the range is taken away also then */
    (void)signal(SIGTERM, on_signal);
    code = stage_open(&t, ctl);
    if (!code)
        failed = run(&t, lines);
    stage_close(&t);
    if (code)
        return code;
    ctl->style.name = "step";
    if (ctl->style.format != PRINT_TABLE)
        print_list(ctl->out, &ctl->style, lines, columns);
    ctl_say(ctl, "%zu of %zu steps hold", STEPS - failed, STEPS);
    return failed ? CTL_ERROR : CTL_OK;
}

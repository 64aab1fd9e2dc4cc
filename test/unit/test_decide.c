/* What an INVITE means: one line for each row of sip.md 1.3 and 2.4, and for each refusal. Orbit
 * 700 is occupied, 701 was taken a moment ago, 702 is free, 703 cools down, 704 is kept, 705 is
 * closed, 706 is being retrieved, 707 is being saved. Leg 1 is the caller's at 700. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "core/decide.h"

#define NOW 1000000

static struct deployment deployment;
static struct house house;
static struct orbits *orbits;
static struct calls *calls;
static struct call *parked, *ringing;

static number_key key(const char *number)
{
    return number_read(number, NULL);
}

static struct call *call_at(const char *number, enum call_state state, leg_id leg)
{
    struct call *c = calls_new(calls);

    assert_true(orbits_take_this(orbits, key(number), c->id, false, NOW));
    assert_true(calls_map_leg(calls, leg, c->id));
    c->state = state;
    c->caller_leg = leg;
    c->orbit = key(number);
    c->has_orbit = true;
    return c;
}

static void freed(const char *number, msec when, msec cool_down, bool keep)
{
    assert_true(orbits_take_this(orbits, key(number), 99, false, when));
    orbits_give_back(orbits, key(number), cool_down, keep, when);
}

static void add_range(range_id id, const char *first, const char *last, const char *park_number)
{
    struct range r = { .type = RANGE_CALL_PARK };
    char name[16];

    (void)snprintf(name, sizeof name, "range %u", (unsigned)id);
    assert_int_equal(range_read(&r, name, first, last, NULL).fault, RANGE_FINE);
    r.id = id;
    (void)text_copy(r.destination, sizeof r.destination,
                    id == 9 ? "other.example" : "pool.example");
    (void)text_copy(r.park_number, sizeof r.park_number, park_number);
    ranges_put(&deployment.ranges, &r);
}

static void make_orbits(void)
{
    calls = calls_init(calloc(1, calls_size()), 0);
    orbits = orbits_init(calloc(1, orbits_size()), 1);
    add_range(1, "700", "709", "7000");
    add_range(2, "*700", "*709", "");
    add_range(9, "800", "809", "8000");
    orbits_rebuild(orbits, &deployment.ranges, "pool.example");
    orbits_close(orbits, key("705"), key("705"), true);
    freed("701", NOW - 1000, 5000, false);
    freed("703", NOW - 4000, 60000, false);
    freed("704", NOW - 1000, 30000, true);
    parked = call_at("700", CALL_PARKED, 1);
    (void)call_at("706", CALL_RETRIEVING, 5);
    (void)call_at("707", CALL_SAVING, 7);
    (void)call_at("708", CALL_LEAVING, 9);
    ringing = call_at("709", CALL_RINGING_BACK, 11);
    ringing->peer = 100;
    assert_true(calls_map_leg(calls, 100, ringing->id));
    calls_remember(calls, &(struct ended_leg){ .leg = 21, .orbit = key("704"), .until = NOW + 1 });
    calls_remember(calls, &(struct ended_leg){ .leg = 23, .orbit = key("704"), .until = NOW });
}

static int make(void **state)
{
    struct destination here = { .fqdn = "pool.example" };
    struct destination other = { .fqdn = "other.example" };

    (void)state;
    assert_int_equal(deployment_put_destination(&deployment, &here, NULL), 0);
    assert_int_equal(deployment_put_destination(&deployment, &other, NULL), 0);
    make_orbits();
    (void)text_copy(house.park_user, sizeof house.park_user, "park");
    (void)text_copy(house.park_prefix[0], PREFIX_SIZE, "*68");
    (void)text_copy(house.park_prefix[1], PREFIX_SIZE, "park+");
    (void)text_copy(house.retrieve_prefix[0], PREFIX_SIZE, "*8"); /* the longer one counts */
    (void)text_copy(house.retrieve_prefix[1], PREFIX_SIZE, "*88");
    (void)text_copy(house.retrieve_prefix[2], PREFIX_SIZE, "*7");
    (void)text_copy(house.destination, sizeof house.destination, "pool.example");
    (void)text_copy(house.domains[0], sizeof house.domains[0], "pbx.example");
    house.domain_count = 1;
    return 0;
}

static int drop(void **state)
{
    (void)state;
    free(calls);
    free(orbits);
    return 0;
}

/* ---- the table ----------------------------------------------------------------------------------
 */

#define SENT 1     /* Referred-By */
#define RETARGET 2 /* History-Info shows a transfer */
#define DIVERTED 4 /* Diversion only */
#define EARLY_ONLY 8
#define LOOP 16
#define UNTRUSTED 32
#define NO_MEDIA 64
#define HIDDEN 128
#define REJECT 256 /* free_orbit = reject */
#define DRAINING 512
#define PARK 1024 /* X-Callpark-Action */
#define RETRIEVE 2048
#define MAY_NOT 4096    /* retrieve_allow names somebody else */
#define LISTED 8192     /* retrieve_allow names numbers in outside form */
#define UNWRITTEN 32768 /* the store cannot be written */
#define LATE 16384      /* no more audio can be sent on time */

#define IN "sip:105@pbx.example"
#define OUT "sip:+4930123456@pbx.example"

static const struct row {
    const char *dialled;
    const char *from;
    unsigned flags;
    enum replaces replaces;
    leg_id leg;
    const char *expected; /* "park 702", "park any", "retrieve 700", "take 1", "refuse 486"; '!':
                             evidence */
    const char *words;    /* that are in the reason; "": any */
} rows[] = {
    /* 0: from elsewhere, or our own ring back */
    { "park", IN, UNTRUSTED, REPLACES_NONE, 0, "refuse 403", "no trusted network" },
    { "park", IN, LOOP, REPLACES_NONE, 0, "refuse 482", "call of ours" },
    { "700", IN, LOOP, REPLACES_NONE, 0, "refuse 482", "" },
    /* 1, 2: Replaces */
    { "700", IN, 0, REPLACES_TWICE, 0, "refuse 400", "two Replaces" },
    { "x", OUT, 0, REPLACES_LEG, 1, "take 1", "Replaces" },
    { "x", OUT, EARLY_ONLY, REPLACES_LEG, 1, "refuse 486", "early dialog only" },
    { "x", OUT, 0, REPLACES_LEG, 3, "refuse 603", "has ended" },
    { "x", OUT, 0, REPLACES_LEG, 7, "refuse 481", "not answered yet" },
    { "x", OUT, 0, REPLACES_LEG, 9, "refuse 603", "" },
    { "x", OUT, 0, REPLACES_LEG, 100, "retrieve 709", "ring back" },
    { "x", OUT, NO_MEDIA, REPLACES_LEG, 1, "refuse 488", "no audio" },
    { "x", OUT, 0, REPLACES_TAKEN, 1, "refuse 603", "replaced already" },
    { "x", OUT, 0, REPLACES_EARLY, 1, "refuse 481", "not answered yet" },
    { "x", OUT, 0, REPLACES_UNKNOWN, 0, "refuse 481", "no dialog of ours" },
    { "x", OUT, 0, REPLACES_EARLY_OURS, 100, "retrieve 709", "" },
    { "x", OUT, 0, REPLACES_EARLY_OURS, 102, "refuse 481", "has ended" },
    { "x", OUT, 0, REPLACES_EARLY_OURS, 1, "refuse 481", "" },
    { "x", OUT, 0, REPLACES_ENDED, 21, "park 704!", "hung up" },
    { "x", OUT, DRAINING, REPLACES_ENDED, 21, "park 704!", "" },
    { "x", OUT, LATE, REPLACES_ENDED, 21, "park 704!", "" },
    { "x", OUT, 0, REPLACES_ENDED, 22, "refuse 603", "has ended" },
    { "x", OUT, 0, REPLACES_ENDED, 23, "refuse 603", "has ended" },
    /* 3: said in so many words */
    { "x", IN, PARK, REPLACES_NONE, 0, "park any!", "" },
    { "*68", IN, 0, REPLACES_NONE, 0, "park any", "" },
    { "*68702", IN, 0, REPLACES_NONE, 0, "park 702", "702" },
    { "*68700", IN, 0, REPLACES_NONE, 0, "refuse 486", "occupied" },
    { "*68999", IN, 0, REPLACES_NONE, 0, "refuse 404", "999" },
    { "*88700", IN, 0, REPLACES_NONE, 0, "retrieve 700", "" },
    { "*88702", IN, 0, REPLACES_NONE, 0, "refuse 480", "no call is parked at 702" },
    { "*88704", IN, 0, REPLACES_NONE, 0, "refuse 480", "" },
    { "*88", IN, 0, REPLACES_NONE, 0, "refuse 404", "" },
    { "x", IN, RETRIEVE, REPLACES_NONE, 0, "refuse 404", "" },
    { "700", IN, RETRIEVE, REPLACES_NONE, 0, "retrieve 700", "" },
    { "702", IN, RETRIEVE, REPLACES_NONE, 0, "refuse 480", "no call is parked" },
    { "702", IN, PARK, REPLACES_NONE, 0, "park 702!", "" },
    { "700", IN, PARK, REPLACES_NONE, 0, "refuse 486", "occupied" },
    { "*88700", OUT, 0, REPLACES_NONE, 0, "refuse 403", "may not retrieve" },
    { "park+702", IN, 0, REPLACES_NONE, 0, "park 702", "" },
    { "*687000", IN, 0, REPLACES_NONE, 0, "park 700-709", "range 1" },
    { "*8700", IN, 0, REPLACES_NONE, 0, "retrieve 700", "" },
    { "retrieve+700", IN, 0, REPLACES_NONE, 0, "refuse 404", "" },
    { "*702", IN, 0, REPLACES_NONE, 0, "park *702", "" },
    /* 4: the general address, and a range's own */
    { "park", IN, 0, REPLACES_NONE, 0, "park any", "next free" },
    { "PARK", IN, 0, REPLACES_NONE, 0, "park any", "" },
    { "park", OUT, 0, REPLACES_NONE, 0, "park any!", "" },
    { "park", IN, SENT, REPLACES_NONE, 0, "park any!", "" },
    { "park", IN, RETARGET, REPLACES_NONE, 0, "park any!", "" },
    { "park", IN, DIVERTED, REPLACES_NONE, 0, "park any", "" },
    { "park", IN, HIDDEN, REPLACES_NONE, 0, "park any!", "" },
    { "park", "", 0, REPLACES_NONE, 0, "park any!", "" },
    { "park", IN, DRAINING, REPLACES_NONE, 0, "refuse 503", "emptied" },
    { "park", IN, LATE, REPLACES_NONE, 0, "refuse 486", "music on time" },
    { "park", OUT, LATE, REPLACES_NONE, 0, "refuse 486", "music on time" },
    { "park", IN, UNWRITTEN, REPLACES_NONE, 0, "refuse 500", "the disk is full" },
    { "702", IN, SENT | UNWRITTEN, REPLACES_NONE, 0, "refuse 500", "the disk is full" },
    { "700", IN, UNWRITTEN, REPLACES_NONE, 0, "retrieve 700", "" },
    { "x", OUT, UNWRITTEN, REPLACES_ENDED, 21, "park 704!", "" },
    { "park", IN, LATE | DRAINING, REPLACES_NONE, 0, "refuse 503", "emptied" },
    { "park", IN, NO_MEDIA, REPLACES_NONE, 0, "refuse 488", "no audio" },
    { "7000", IN, 0, REPLACES_NONE, 0, "park 700-709", "range 1" },
    { "7000", OUT, SENT, REPLACES_NONE, 0, "park 700-709!", "" },
    { "7000", IN, LATE, REPLACES_NONE, 0, "refuse 486", "music on time" },
    { "8000", IN, 0, REPLACES_NONE, 0, "refuse 404", "8000" },
    /* 5: an orbit that is occupied */
    { "700", IN, 0, REPLACES_NONE, 0, "retrieve 700", "dialling 700" },
    { "700", IN, DIVERTED, REPLACES_NONE, 0, "retrieve 700", "" },
    { "700", IN, DRAINING, REPLACES_NONE, 0, "retrieve 700", "" },
    { "700", IN, LATE, REPLACES_NONE, 0, "retrieve 700", "" },
    { "700", IN, NO_MEDIA, REPLACES_NONE, 0, "refuse 488", "" },
    { "700", IN, SENT, REPLACES_NONE, 0, "refuse 486", "occupied" },
    { "700", IN, RETARGET, REPLACES_NONE, 0, "refuse 486", "occupied" },
    { "700", OUT, 0, REPLACES_NONE, 0, "refuse 486", "occupied" },
    { "700", IN, MAY_NOT, REPLACES_NONE, 0, "refuse 403", "may not retrieve" },
    { "700", OUT, LISTED, REPLACES_NONE, 0, "retrieve 700", "" },
    { "700", OUT, LISTED | SENT, REPLACES_NONE, 0, "refuse 486", "occupied" },
    { "706", IN, 0, REPLACES_NONE, 0, "refuse 486", "retrieved already" },
    { "707", IN, 0, REPLACES_NONE, 0, "refuse 486", "just being parked" },
    { "709", IN, 0, REPLACES_NONE, 0, "retrieve 709", "" },
    /* 5: one that is free */
    { "702", IN, 0, REPLACES_NONE, 0, "park 702", "was free" },
    { "702", IN, REJECT, REPLACES_NONE, 0, "refuse 480", "no call is parked" },
    { "702", IN, REJECT | SENT, REPLACES_NONE, 0, "park 702!", "" },
    { "702", IN, DRAINING, REPLACES_NONE, 0, "refuse 480", "no call is parked" },
    { "702", IN, LATE, REPLACES_NONE, 0, "refuse 486", "music on time" },
    { "702", IN, LATE | REJECT, REPLACES_NONE, 0, "refuse 480", "no call is parked" },
    { "702", OUT, 0, REPLACES_NONE, 0, "park 702!", "" },
    { "702", IN, SENT | DRAINING, REPLACES_NONE, 0, "refuse 503", "" },
    { "*702", IN, SENT, REPLACES_NONE, 0, "park *702!", "" },
    { "704", IN, 0, REPLACES_NONE, 0, "park 704", "" },
    { "704", IN, SENT, REPLACES_NONE, 0, "park 704!", "" },
    { "705", IN, 0, REPLACES_NONE, 0, "refuse 480", "no call is parked" },
    { "705", IN, SENT, REPLACES_NONE, 0, "refuse 486", "range is being changed" },
    /* 5: one that was taken a moment ago, or cools down for longer */
    { "701", IN, 0, REPLACES_NONE, 0, "refuse 486", "a moment ago" },
    { "701", IN, SENT, REPLACES_NONE, 0, "refuse 486", "a moment ago" },
    { "703", IN, 0, REPLACES_NONE, 0, "refuse 480", "no call is parked" },
    { "703", IN, SENT, REPLACES_NONE, 0, "refuse 486", "so soon" },
    /* 7: nothing of ours */
    { "699", IN, 0, REPLACES_NONE, 0, "refuse 404", "699 is no number" },
    { "800", IN, 0, REPLACES_NONE, 0, "refuse 404", "" },
    { "", IN, 0, REPLACES_NONE, 0, "refuse 404", "what was dialled" },
    { "\001\r\n", IN, 0, REPLACES_NONE, 0, "refuse 404", "??? is no number" },
};

static void set(enum setting_key k, const char *text)
{
    assert_int_equal(settings_set(&deployment.global, k, text, NULL), 0);
}

static struct invite invite_of(const struct row *row)
{
    struct invite in = { .leg = 99, .replaces = row->replaces, .replaces_leg = row->leg };

    (void)text_copy(in.dialled, sizeof in.dialled, row->dialled);
    (void)text_copy(in.source, sizeof in.source, "192.0.2.9");
    (void)text_copy(in.from.uri, sizeof in.from.uri, row->from);
    in.trusted = !(row->flags & UNTRUSTED);
    in.from.hidden = row->flags & HIDDEN;
    in.our_ring_back = row->flags & LOOP;
    in.early_only = row->flags & EARLY_ONLY;
    in.has_referred_by = row->flags & SENT;
    in.has_history = row->flags & (RETARGET | DIVERTED);
    in.history_is_transfer = row->flags & RETARGET;
    in.media_refusal = row->flags & NO_MEDIA ? 488 : 0;
    if (row->flags & (PARK | RETRIEVE))
        in.ask = row->flags & PARK ? ASK_PARK : ASK_RETRIEVE;
    return in;
}

static void describe(char to[64], const struct decision *d)
{
    const struct call *c = calls_find(calls, d->call);
    char one[NUMBER_SIZE] = "any";
    char two[NUMBER_SIZE] = "";

    if (d->orbit || c)
        number_text(one, d->kind == DECIDE_PARK ? d->orbit : c->orbit);
    if (d->first) {
        number_text(one, d->first);
        number_text(two, d->last);
    }
    if (d->kind == DECIDE_REFUSE)
        (void)snprintf(to, 64, "refuse %u", d->code);
    else if (d->kind == DECIDE_TAKE_OVER)
        (void)snprintf(to, 64, "take %u", (unsigned)d->replaced);
    else if (d->kind == DECIDE_RETRIEVE)
        (void)snprintf(to, 64, "retrieve %s", one);
    else
        (void)snprintf(to, 64, "park %s%s%s%s", one, d->first ? "-" : "", two,
                       d->evidence ? "!" : "");
}

static void each_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct invite in = invite_of(row);
        struct decision d;
        char said[64];

        set(SET_FREE_ORBIT, row->flags & REJECT ? "reject" : "park");
        set(SET_RETRIEVE_ALLOW, row->flags & MAY_NOT ? "106" : row->flags & LISTED ? "+49*" : "");
        house.draining = row->flags & DRAINING;
        house.audio_full = row->flags & LATE;
        house.store_why = row->flags & UNWRITTEN ? "the disk is full" : NULL;
        decide(&in, &house, &deployment, orbits, calls, NOW, &d);
        describe(said, &d);
        if (!text_is(said, row->expected) || !strstr(d.why, row->words) || !*d.why)
            fail_msg("row %zu, dialled '%s': '%s' (%s), not '%s'", i, row->dialled, said, d.why,
                     row->expected);
        assert_int_equal(d.retry_after != 0,
                         d.kind == DECIDE_REFUSE && (d.code == 503 || d.code == 500));
        assert_int_equal(d.overload, strstr(d.why, "music on time") != NULL);
    }
    house.draining = house.audio_full = false;
    house.store_why = NULL;
}

/* Who signed in has the rights of his roles, here and there; a peer those that it was given. */
static void by_right(void **state)
{
    static const struct {
        const char *user; /* "": a peer */
        unsigned may;
        const char *dialled, *park_allow, *expected, *words;
    } cases[] = {
        { "", SIP_MAY_PARK, "702", "", "park 702", "" },
        { "", SIP_MAY_PARK, "700", "", "refuse 403", "may not retrieve" },
        { "", SIP_MAY_RETRIEVE, "700", "", "retrieve 700", "" },
        { "", SIP_MAY_RETRIEVE, "702", "", "refuse 403", "may not park" },
        { "", SIP_MAY_RETRIEVE, "park", "", "refuse 403", "may not park" },
        { "", SIP_MAY_WATCH, "7000", "", "refuse 403", "may not park" },
        { "everywhere", 0, "702", "", "park 702", "" },
        { "everywhere", 0, "700", "", "retrieve 700", "" },
        { "everywhere", 0, "park", "", "park any", "" },
        { "here", 0, "700", "", "retrieve 700", "" },
        { "here", 0, "park", "", "park 700-709", "next free" },
        { "here", 0, "*702", "", "refuse 403", "here may not park" },
        { "nowhere", 0, "700", "", "refuse 403", "nowhere may not retrieve" },
        { "nowhere", 0, "park", "", "refuse 403", "may not park" },
        { "viewer", 0, "702", "", "refuse 403", "may not park" },
        { "nobody", SIP_MAY_WATCH, "702", "", "refuse 403", "may not park" },
        { "everywhere", 0, "702", "sip:2??@*", "refuse 403", "may not park" },
        { "everywhere", 0, "702", "every*", "park 702", "" },
        { "everywhere", 0, "park", "every*", "park any", "" },
        { "everywhere", 0, "702", "192.0.2.0/24", "park 702", "" },
        { "", SIP_MAY_ALL, "702", "10.0.0.0/8", "refuse 403", "may not park" },
    };
    static const struct {
        const char *user;
        enum role role;
        range_id range;
    } roles[] = { { "everywhere", ROLE_ATTENDANT, 0 },
                  { "here", ROLE_ATTENDANT, 1 },
                  { "viewer", ROLE_VIEWER, 0 } };
    struct access *access = calloc(1, sizeof *access);

    (void)state;
    assert_non_null(access);
    assert_int_equal(access_put_user(access, &(struct user){ .name = "nowhere" }, NULL), 0);
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        struct user u = { .version = 1 };
        struct binding b = { .id = i + 1, .role = roles[i].role };

        (void)text_copy(u.name, sizeof u.name, roles[i].user);
        (void)text_copy(b.user, sizeof b.user, roles[i].user);
        b.scope.kind = roles[i].range ? SCOPE_RANGE : SCOPE_GLOBAL;
        b.scope.range = roles[i].range;
        assert_int_equal(access_put_user(access, &u, NULL), 0);
        assert_int_equal(access_put_binding(access, &b, NULL), 0);
    }
    house.access = access;
    set(SET_FREE_ORBIT, "park");
    set(SET_RETRIEVE_ALLOW, "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct row row = { .dialled = cases[i].dialled, .from = IN, .flags = UNTRUSTED };
        struct invite in = invite_of(&row);
        struct decision d;
        char said[64];

        in.may = *cases[i].user ? SIP_MAY_ALL : cases[i].may;
        (void)text_copy(in.signed_in, sizeof in.signed_in, cases[i].user);
        if (*cases[i].user)
            (void)text_format(in.from.uri, sizeof in.from.uri, "sip:%s@pbx.example", cases[i].user);
        set(SET_PARK_ALLOW, cases[i].park_allow);
        decide(&in, &house, &deployment, orbits, calls, NOW, &d);
        describe(said, &d);
        if (!text_is(said, cases[i].expected) || !strstr(d.why, cases[i].words))
            fail_msg("case %zu: '%s' (%s), not '%s'", i, said, d.why, cases[i].expected);
    }
    set(SET_PARK_ALLOW, "");
    house.access = NULL;
    free(access);
}

/* PD-07: the number may stand in To, or in a parameter of the general address. */
static void number_elsewhere(void **state)
{
    static const struct {
        const char *dialled, *to, *param, *expected;
    } cases[] = {
        { "account", "702", "", "park 702" },        { "account", "700", "", "retrieve 700" },
        { "account", "park", "", "park any" },       { "702", "700", "", "park 702" },
        { "park", "", "702", "park 702" },           { "park", "", "700", "retrieve 700" },
        { "park", "700", "999", "refuse 404" },      { "account", "nobody", "", "refuse 404" },
        { "account", "700", "702", "retrieve 700" }, { "7000", "", "700", "retrieve 700" },
        { "7000", "", "703", "refuse 480" },
    };

    (void)state;
    set(SET_FREE_ORBIT, "park");
    set(SET_RETRIEVE_ALLOW, "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct row row = { .dialled = cases[i].dialled, .from = IN };
        struct invite in = invite_of(&row);
        struct decision d;
        char said[64];

        (void)text_copy(in.dialled_to, sizeof in.dialled_to, cases[i].to);
        (void)text_copy(in.orbit_param, sizeof in.orbit_param, cases[i].param);
        decide(&in, &house, &deployment, orbits, calls, NOW, &d);
        describe(said, &d);
        assert_string_equal(said, cases[i].expected);
    }
}

/* PI-03: X-Callpark-Orbit. */
static void asked_for_an_orbit(void **state)
{
    static const struct {
        unsigned flags;
        const char *orbit, *expected;
    } cases[] = {
        { PARK, "702", "park 702!" },
        { PARK, "700", "refuse 486" },
        { PARK, "999", "refuse 404" },
        { RETRIEVE, "700", "retrieve 700" },
        { RETRIEVE, "702", "refuse 480" },
        { RETRIEVE, "706", "refuse 486" },
        { RETRIEVE | SENT, "700", "retrieve 700" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct row row = { .dialled = "x", .from = IN, .flags = cases[i].flags };
        struct invite in = invite_of(&row);
        struct decision d;
        char said[64];

        (void)text_copy(in.ask_orbit, sizeof in.ask_orbit, cases[i].orbit);
        decide(&in, &house, &deployment, orbits, calls, NOW, &d);
        describe(said, &d);
        assert_string_equal(said, cases[i].expected);
    }
}

static call_id id_at(const char *number)
{
    return orbits_look(orbits, number_read(number, NULL), NOW).call;
}

/* RP-01 to RP-05, and tickets: one call, and never the one that came after it. */
static void one_call_and_no_other(void **state)
{
    static const struct {
        const char *dialled, *from;
        unsigned flags;
        const char *at; /* where the call is that is named; "" : it is gone */
        const char *by_lamp, *by_ticket;
    } cases[] = {
        { "700", IN, 0, "700", "retrieve 700", "retrieve 700" },
        { "702", IN, 0, "700", "retrieve 700", "retrieve 700" },
        { "x", IN, 0, "709", "retrieve 709", "retrieve 709" },
        { "700", IN, EARLY_ONLY, "700", "retrieve 700", "retrieve 700" },
        { "700", IN, 0, "", "refuse 481", "refuse 480" },
        { "702", IN, 0, "", "refuse 481", "refuse 480" },
        { "701", IN, 0, "701", "refuse 481", "refuse 480" }, /* it has left its orbit */
        { "700", IN, 0, "706", "refuse 486", "refuse 486" },
        { "700", IN, MAY_NOT, "700", "refuse 403", "refuse 403" },
        { "700", OUT, 0, "700", "refuse 486", "refuse 486" },
        { "700", IN, SENT, "700", "refuse 486", "refuse 486" },
        { "700", IN, UNTRUSTED, "700", "refuse 403", "refuse 403" },
        { "700", IN, NO_MEDIA, "700", "refuse 488", "refuse 488" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct row row = { .dialled = cases[i].dialled,
                           .from = cases[i].from,
                           .flags = cases[i].flags,
                           .replaces = REPLACES_PICKUP };
        struct invite in = invite_of(&row);
        struct decision d;
        char said[64];

        set(SET_RETRIEVE_ALLOW, cases[i].flags & MAY_NOT ? "106" : "");
        in.pickup_call = in.ticket_call = *cases[i].at ? id_at(cases[i].at) : 0;
        decide(&in, &house, &deployment, orbits, calls, NOW, &d);
        describe(said, &d);
        assert_string_equal(said, cases[i].by_lamp);
        in.replaces = REPLACES_NONE;
        (void)text_copy(in.ticket, sizeof in.ticket, "?");
        decide(&in, &house, &deployment, orbits, calls, NOW, &d);
        describe(said, &d);
        assert_string_equal(said, cases[i].by_ticket);
        assert_true(*d.why);
    }
    set(SET_RETRIEVE_ALLOW, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row),
        cmocka_unit_test(by_right),
        cmocka_unit_test(number_elsewhere),
        cmocka_unit_test(asked_for_an_orbit),
        cmocka_unit_test(one_call_and_no_other),
    };

    return cmocka_run_group_tests_name("decide", tests, make, drop);
}

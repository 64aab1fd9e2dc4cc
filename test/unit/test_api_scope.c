/* Who sees and does what: roles against resources, within a site and everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api_fake.h"
#include "base/text.h"

#define V1 "/api/v1"
#define LOBBY V1 "/number-ranges/rng_0000000000001" /* here */
#define SALES V1 "/number-ranges/rng_0000000000002" /* in Berlin */

/* Who asks, in the order of the columns below. */
static const char *const people[] = { "admin",  "voice",   "viewer", "attendant",
                                      "v-here", "vi-here", "a-here", "nobody" };
#define PEOPLE (sizeof people / sizeof people[0])

static void make(struct app *a, const char *path, const char *body)
{
    char request[128];

    (void)text_format(request, sizeof request, "POST " V1 "%s", path);
    assert_int_equal(fake_ask(a, request, NULL, body)->status, 201);
}

/* Two sites with a pool and a range each, and a call in each... of which this node has but one. */
static struct call *fill(struct app *a)
{
    make(a, "/sites", "{\"name\":\"Berlin\"}");
    make(a, "/destinations", "{\"fqdn\":\"pool2.example.com\",\"site\":\"Berlin\"}");
    make(a, "/number-ranges",
         "{\"name\":\"Lobby\",\"start\":\"4100\",\"end\":\"4149\","
         "\"destination\":\"pool1.example.com\"}");
    make(a, "/number-ranges",
         "{\"name\":\"Sales\",\"start\":\"4200\",\"end\":\"4249\","
         "\"destination\":\"pool2.example.com\"}");
    fake_user(a, "admin", ROLE_ADMINISTRATOR, NULL);
    fake_user(a, "voice", ROLE_VOICE_ADMINISTRATOR, NULL);
    fake_user(a, "viewer", ROLE_VIEWER, NULL);
    fake_user(a, "attendant", ROLE_ATTENDANT, NULL);
    fake_user(a, "v-here", ROLE_VOICE_ADMINISTRATOR, "Here");
    fake_user(a, "vi-here", ROLE_VIEWER, "Here");
    fake_user(a, "a-here", ROLE_ATTENDANT, "Berlin");
    fake_user(a, "nobody", ROLES, NULL);
    return fake_park(a, "4107", "+14255550100", "200");
}

static void statuses_follow_roles(void **state)
{
    // clang-format off
    static const struct {
        const char *request, *body;
        unsigned status[PEOPLE];
    } table[] = {
        /*                                                              admin voice viewr atten v-her vi-he a-ber nobody */
        { "GET " V1 "/number-ranges", NULL,                            { 200, 200, 200, 403, 200, 200, 403, 403 } },
        { "GET " LOBBY, NULL,                                          { 200, 200, 200, 403, 200, 200, 403, 403 } },
        { "GET " SALES, NULL,                                          { 200, 200, 200, 403, 403, 403, 403, 403 } },
        { "GET " SALES "/orbits", NULL,                                { 200, 200, 200, 403, 403, 403, 403, 403 } },
        { "GET " V1 "/orbits/4200", NULL,                              { 200, 200, 200, 403, 403, 403, 403, 403 } },
        { "PATCH " LOBBY "?dry_run=1", "{\"end\":\"4139\"}",           { 200, 200, 403, 403, 200, 403, 403, 403 } },
        { "PATCH " SALES "?dry_run=1", "{\"end\":\"4239\"}",           { 200, 200, 403, 403, 403, 403, 403, 403 } },
        /* Out of one's site, and into it. */
        { "PATCH " LOBBY "?dry_run=1&mode=force", "{\"destination\":\"pool2.example.com\"}", { 200, 200, 403, 403, 403, 403, 403, 403 } },
        { "PATCH " SALES "?dry_run=1", "{\"destination\":\"pool1.example.com\"}",            { 200, 200, 403, 403, 403, 403, 403, 403 } },
        { "DELETE " SALES "?dry_run=1", NULL,                          { 200, 200, 403, 403, 403, 403, 403, 403 } },
        { "POST " V1 "/number-ranges?dry_run=1", "{\"name\":\"N\",\"start\":\"700\",\"end\":\"709\",\"destination\":\"pool1.example.com\"}", { 200, 200, 403, 403, 200, 403, 403, 403 } },
        { "POST " V1 "/number-ranges?dry_run=1", "{\"name\":\"N\",\"start\":\"700\",\"end\":\"709\",\"destination\":\"pool2.example.com\"}", { 200, 200, 403, 403, 403, 403, 403, 403 } },
        { "POST " V1 "/number-ranges:import?dry_run=1", "{\"items\":[{\"name\":\"N\",\"start\":\"700\",\"end\":\"709\",\"destination\":\"pool2.example.com\"}]}", { 200, 200, 403, 403, 403, 403, 403, 403 } },

        /* One that is as it was, but for its allocation. */
        { "POST " V1 "/number-ranges:import?mode=upsert&dry_run=1", "{\"items\":[{\"name\":\"Sales\",\"start\":\"4200\",\"end\":\"4249\",\"allocation\":\"lowest\"}]}", { 200, 200, 403, 403, 403, 403, 403, 403 } },

        { "GET " V1 "/settings/global", NULL,                          { 200, 200, 200, 403, 200, 200, 403, 403 } },
        { "GET " V1 "/settings/sites/Here", NULL,                      { 200, 200, 200, 403, 200, 200, 403, 403 } },
        { "GET " V1 "/settings/sites/Berlin", NULL,                    { 200, 200, 200, 403, 403, 403, 403, 403 } },
        { "GET " V1 "/settings/effective?range=Sales", NULL,           { 200, 200, 200, 403, 403, 403, 403, 403 } },
        { "PATCH " V1 "/settings/global?dry_run=1", "{\"ring_time\":15}",       { 200, 200, 403, 403, 403, 403, 403, 403 } },
        { "PATCH " V1 "/settings/sites/Here?dry_run=1", "{\"ring_time\":15}",   { 200, 200, 403, 403, 200, 403, 403, 403 } },
        { "PATCH " V1 "/settings/sites/Berlin?dry_run=1", "{\"ring_time\":15}", { 200, 200, 403, 403, 403, 403, 403, 403 } },
        { "PATCH " V1 "/settings/ranges/rng_0000000000001?dry_run=1", "{\"ring_time\":15}", { 200, 200, 403, 403, 200, 403, 403, 403 } },
        { "PATCH " V1 "/settings/ranges/rng_0000000000002?dry_run=1", "{\"ring_time\":15}", { 200, 200, 403, 403, 403, 403, 403, 403 } },

        { "POST " V1 "/sites?dry_run=1", "{\"name\":\"Oslo\"}",        { 200, 200, 403, 403, 403, 403, 403, 403 } },
        { "GET " V1 "/sites/Berlin", NULL,                             { 200, 200, 200, 403, 403, 403, 403, 403 } },
        { "GET " V1 "/destinations/pool2.example.com", NULL,           { 200, 200, 200, 403, 403, 403, 403, 403 } },
        { "PATCH " V1 "/destinations/pool1.example.com?dry_run=1", "{\"site\":\"Berlin\"}", { 200, 200, 403, 403, 403, 403, 403, 403 } },

        { "GET " V1 "/parked-calls", NULL,                             { 200, 200, 200, 200, 200, 200, 200, 403 } },
        { "GET CALL", NULL,                                            { 200, 200, 200, 200, 200, 200, 403, 403 } },
        { "GET CALL/timeline", NULL,                                   { 200, 200, 200, 200, 200, 200, 403, 403 } },
        { "POST CALL/retrieve?dry_run=1", "{\"to\":\"sip:1@x\"}",      { 200, 200, 403, 200, 200, 403, 403, 403 } },
        { "POST CALL/ringback?dry_run=1", NULL,                        { 200, 200, 403, 200, 200, 403, 403, 403 } },
        { "POST CALL/extend?dry_run=1", "{\"seconds\":60}",            { 200, 200, 403, 200, 200, 403, 403, 403 } },
        { "POST CALL/transfer?dry_run=1", "{\"to\":\"sip:1@x\"}",      { 200, 200, 403, 200, 200, 403, 403, 403 } },
        { "POST CALL/hangup?dry_run=1", NULL,                          { 200, 200, 403, 200, 200, 403, 403, 403 } },
        { "PATCH CALL?dry_run=1", "{\"note\":\"n\"}",                  { 200, 200, 403, 200, 200, 403, 403, 403 } },
        { "GET " V1 "/call-records", NULL,                             { 200, 200, 200, 403, 200, 200, 403, 403 } },

        { "GET " V1 "/system", NULL,                                   { 200, 200, 200, 403, 403, 403, 403, 403 } },
        { "POST " V1 "/system/demo?dry_run=1", NULL,                   { 200, 403, 403, 403, 403, 403, 403, 403 } },
        { "POST " V1 "/system/support-bundle?dry_run=1", NULL,         { 200, 403, 403, 403, 403, 403, 403, 403 } },
        { "GET " V1 "/definitions", NULL,                              { 200, 403, 403, 403, 403, 403, 403, 403 } },
        { "PUT " V1 "/definitions?dry_run=1", "{\"format\":\"callpark-definitions\",\"version\":1}", { 200, 403, 403, 403, 403, 403, 403, 403 } },
    };
    // clang-format on
    struct app *a = *state;
    struct call *c = fill(a);
    char request[160], id[14];

    text_base32(id, c->id);
    a->steps[0] = (struct call_step){ .call = c->id, .number = 1, .at = FAKE_WALL };
    (void)text_copy(a->steps[0].why, sizeof a->steps[0].why, "rang +14255550100");
    a->step_count = 1;
    for (size_t who = 0; who < PEOPLE; who++) {
        fake_sign_in(a, people[who]);
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
            const char *call = strstr(table[i].request, " CALL");

            (void)text_copy(request, sizeof request, table[i].request);
            if (call)
                (void)text_format(request, sizeof request, "%.*s " V1 "/parked-calls/call_%s%s",
                                  (int)(call - table[i].request), table[i].request, id, call + 5);
            (void)fake_ask(a, request, "*", table[i].body);
            if (a->answer.status != table[i].status[who])
                fail_msg("%s: %s gave %u, not %u: %s", people[who], request, a->answer.status,
                         table[i].status[who], a->answer.body ? a->answer.body : "");
            if (a->answer.status == 403)
                assert_true(fake_at(a->answer.json, "required")[0] != '\0');
        }
    }
}

static void lists_show_what_is_theirs(void **state)
{
    // clang-format off
    static const struct {
        const char *who, *request, *expected;
    } table[] = {
        { "viewer",  "GET " V1 "/number-ranges", "total=2" },
        { "v-here",  "GET " V1 "/number-ranges", "total=1 items.0.name=Lobby" },
        { "v-here",  "GET " V1 "/number-ranges?q=Sales", "total=0" },
        { "v-here",  "GET " V1 "/number-ranges:export", "total=1" },
        { "v-here",  "GET " V1 "/sites", "total=1 items.0.name=Here" },
        { "v-here",  "GET " V1 "/destinations", "total=1 items.0.fqdn=pool1.example.com" },
        { "viewer",  "GET " V1 "/destinations", "total=2" },
        { "v-here",  "GET " V1 "/parked-calls", "total=1 items.0.caller.number=+14255550100" },
        { "vi-here", "GET " V1 "/parked-calls", "total=1 items.0.caller.number=+142••••••00 items.0.caller.name=+142••••••00 items.0.caller.uri=sip:+142••••••00@example.com items.0.parker.uri=sip:200@example.com" },
        { "vi-here", "GET " V1 "/parked-calls?q=5550100", "total=0" },
        { "v-here",  "GET " V1 "/parked-calls?q=5550100", "total=1" },
        { "a-here",  "GET " V1 "/parked-calls", "total=0" },
        { "vi-here", "GET " V1 "/orbits/4107", "state=busy call.caller.number=+142••••••00" },
    };
    // clang-format on
    struct app *a = *state;

    (void)fill(a);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        fake_sign_in(a, table[i].who);
        (void)fake_ask(a, table[i].request, NULL, NULL);
        assert_int_equal(a->answer.status, 200);
        if (!fake_holds(&a->answer, table[i].expected))
            fail_msg("%s: %s", table[i].who, table[i].request);
        if (strstr(table[i].who, "vi-"))
            assert_null(strstr(a->answer.body, "4255550100"));
    }
    fake_sign_in(a, "v-here");
    (void)fake_ask(a, "GET " V1 "/call-records", NULL, NULL);
    assert_int_equal(a->query.scope_count, 1);
    assert_string_equal(a->query.scopes[0].name, "Here");
    fake_sign_in(a, "viewer");
    (void)fake_ask(a, "GET " V1 "/call-records", NULL, NULL);
    assert_int_equal(a->query.scope_count, 0);
}

/* ---- events ---- */

static void tell(struct app *a, const char *name, const char *topic, call_id call, range_id range,
                 const char *subject)
{
    struct app_event ev = { .name = name,
                            .topic = topic,
                            .at = FAKE_WALL,
                            .call = call,
                            .range = range,
                            .why = "asked for by +14255550100",
                            .subject = subject };

    a->streams.text[0] = '\0';
    a->watcher.event(a->watcher.to, &ev);
}

static void streams_show_what_is_theirs(void **state)
{
    struct app *a = *state;
    struct call *c = fill(a);

    fake_sign_in(a, "vi-here");
    (void)fake_ask(a, "GET " V1 "/events", NULL, NULL);
    assert_int_equal(a->answer.status, 200);
    assert_non_null(strstr(a->streams.text, "+142"));
    assert_null(strstr(a->streams.text, "4255550100"));
    tell(a, "call.parked", "calls", c->id, 0, "");
    assert_non_null(strstr(a->streams.text, "event: call.parked"));
    assert_null(strstr(a->streams.text, "4255550100"));
    tell(a, "range.updated", "ranges", 0, 1, "");
    assert_non_null(strstr(a->streams.text, "Lobby"));
    tell(a, "range.updated", "ranges", 0, 2, "");
    assert_null(strstr(a->streams.text, "event:"));
    assert_true(text_starts(a->streams.text, "id: "));
    tell(a, "settings.updated", "settings", 0, 0, ""); /* of all: he inherits them */
    assert_non_null(strstr(a->streams.text, "settings.updated"));
    tell(a, "settings.updated", "settings", 0, 0, "Berlin");
    assert_null(strstr(a->streams.text, "event:"));
    tell(a, "system.draining", "system", 0, 0, "");
    assert_null(strstr(a->streams.text, "event:"));
    tell(a, "audit.added", "audit", 0, 0, "");
    assert_null(strstr(a->streams.text, "event:"));
    fake_sign_in(a, "a-here");
    (void)fake_ask(a, "GET " V1 "/events", NULL, NULL);
    assert_non_null(strstr(a->streams.text, "\"total\":0"));
    tell(a, "call.parked", "calls", c->id, 0, "");
    assert_null(strstr(a->streams.text, "event:"));
    (void)fake_ask(a, "GET " V1 "/events/history", NULL, NULL);
    assert_true(fake_holds(&a->answer, "total=0"));
    fake_sign_in(a, "viewer");
    (void)fake_ask(a, "GET " V1 "/events/history", NULL, NULL);
    assert_true(fake_holds(&a->answer, "total=8"));
    assert_null(strstr(a->answer.body, "\"number\":\"+14255550100\""));
}

/* Each stream is looked at every few seconds. */
static void seconds(struct app *a)
{
    for (unsigned i = 0; i < 5; i++)
        a->watcher.second(a->watcher.to);
}

/* Who is signed out, disabled or gone hears no more; who was given another role hears what that
 * one allows. */
static void a_stream_ends_with_its_session(void **state)
{
    struct app *a = *state;
    struct user gone;

    (void)fill(a);
    fake_sign_in(a, "viewer");
    (void)fake_ask(a, "GET " V1 "/events", NULL, NULL);
    seconds(a);
    assert_int_equal(a->streams.closed, 0);
    (void)app_logins_end_of(a, "viewer", 0);
    seconds(a);
    assert_int_equal(a->streams.closed, a->streams.open);
    fake_sign_in(a, "voice");
    (void)fake_ask(a, "GET " V1 "/events", NULL, NULL);
    gone = *access_user(&a->access, "voice");
    gone.disabled = true;
    assert_int_equal(access_put_user(&a->access, &gone, NULL), 0);
    seconds(a);
    assert_int_equal(a->streams.closed, a->streams.open);
    a->by_tcp = false;
    a->cookie = NULL;
    (void)fake_ask(a, "GET " V1 "/events", NULL, NULL); /* on the admin socket */
    seconds(a);
    assert_int_not_equal(a->streams.closed, a->streams.open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_APP(test) cmocka_unit_test_setup_teardown(test, fake_set_up, fake_tear_down)
        WITH_APP(statuses_follow_roles),
        WITH_APP(lists_show_what_is_theirs),
        WITH_APP(streams_show_what_is_theirs),
        WITH_APP(a_stream_ends_with_its_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

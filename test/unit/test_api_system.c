/* The server itself through the API: its parts, the demo, the bundle for those who help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api_fake.h"
#include "base/text.h"

#define SYSTEM "/api/v1/system"

static void its_parts_are_shown(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "GET " SYSTEM, NULL, NULL, 200, "status=ready store.kind=memory demo.running=false" },
        { "GET " SYSTEM "/nodes", NULL, NULL, 200, "total=1 items.0.name=n1 items.0.site=Here items.0.this=true items.0.status=ready" },
        { "GET " SYSTEM "/nodes?fields=name", NULL, NULL, 200, "items.0=[1]" },
        { "GET " SYSTEM "/peers", NULL, NULL, 200, "total=2 items.0.network=10.0.0.0/8 items.0.kind=trusted items.1.uri=sip:sbc.example.com items.1.kind=outbound" },
        { "POST " SYSTEM "/nodes", NULL, NULL, 405, NULL },
        { "GET " SYSTEM "/hops", NULL, NULL, 200, "total=2 items.0.system=outbound items.0.state=up items.0.host=192.0.2.10 items.0.port=5060 items.0.round_trip_ms=12 items.0.watched=true items.1.state=down items.1.transport=tls items.1.last_answer=null items.1.round_trip_ms=null" },
        { "POST " SYSTEM "/hops", NULL, NULL, 405, NULL },
    };
    // clang-format on
    struct app *a = *state;

    (void)text_copy(a->config.sip.trusted[0], sizeof a->config.sip.trusted[0], "10.0.0.0/8");
    a->config.sip.trusted_count = 1;
    (void)text_copy(a->config.sip.outbound, URI_SIZE, "sip:sbc.example.com");
    FAKE_EXCHANGES(a, table);
}

static void the_certificate_is_shown(void **state)
{
    struct app *a = *state;

    (void)fake_ask(a, "GET " SYSTEM "/certificates", NULL, NULL);
    assert_true(fake_holds(&a->answer, "total=0"));
    a->certificate = (struct http_certificate){ .subject = "CN=park.example.com",
                                                .issuer = "CN=CA",
                                                .names = "park.example.com,localhost",
                                                .file = "/etc/callpark/web.pem",
                                                .not_before = FAKE_WALL - 1000,
                                                .not_after = FAKE_WALL + UINT64_C(10) * 86400000,
                                                .fingerprint = "ab12" };
    (void)fake_ask(a, "GET " SYSTEM "/certificates", NULL, NULL);
    assert_true(fake_holds(&a->answer,
                           "total=1 items.0.subject=CN=park.example.com items.0.names=[2] "
                           "items.0.names.1=localhost items.0.days_left=10 "
                           "items.0.not_after=2026-12-03T15:00:00.000Z items.0.name=web"));
    a->later = UINT64_C(12) * 86400000;
    (void)fake_ask(a, "GET " SYSTEM "/certificates", NULL, NULL);
    assert_true(fake_holds(&a->answer, "items.0.days_left=-2"));
}

static void a_demo_is_started_once_and_ended(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "GET " SYSTEM "/demo", NULL, NULL, 200, "running=false calls=0 phone=null ends_at=null" },
        { "POST " SYSTEM "/demo?dry_run=1", NULL, "{\"calls\":2}", 200, "dry_run=true calls=2 running=false" },
        { "POST " SYSTEM "/demo", NULL, "{\"calls\":6}", 422, NULL },
        { "POST " SYSTEM "/demo", NULL, "{\"call\":1}", 400, NULL },
        { "POST " SYSTEM "/demo", NULL, "{\"calls\":2}", 202, "calls=2 phone=sip:demo-phone@127.0.0.1:40001 seconds=600" },
        { "GET " SYSTEM "/demo", NULL, NULL, 200, "running=true calls=2 ends_at=2026-11-23T15:10:00.000Z" },
        { "POST " SYSTEM "/demo", NULL, NULL, 409, "type=/api/problems/demo-failed" },
        { "DELETE " SYSTEM "/demo", NULL, NULL, 204, NULL },
        { "DELETE " SYSTEM "/demo", NULL, NULL, 204, NULL },
        { "POST " SYSTEM "/demo", NULL, NULL, 202, "calls=3" },
    };
    // clang-format on
    struct app *a = *state;

    FAKE_EXCHANGES(a, table);
    (void)fake_ask(a, "DELETE " SYSTEM "/demo", NULL, NULL);
    a->demo_refused = true;
    (void)fake_ask(a, "POST " SYSTEM "/demo", NULL, NULL);
    assert_int_equal(a->answer.status, 503);
    assert_non_null(strstr(a->answer.body, "no orbit is free"));
}

/* It is made to be passed on, so no caller's number is in it. */
static void the_bundle_tells_no_numbers(void **state)
{
    struct app *a = *state;
    struct app_event ev = {
        .name = "call.parked", .topic = "calls", .at = FAKE_WALL, .subject = ""
    };
    struct call *c;

    (void)fake_ask(a, "POST /api/v1/number-ranges", NULL,
                   "{\"name\":\"Lobby\",\"start\":\"4100\",\"end\":\"4149\","
                   "\"destination\":\"pool1.example.com\"}");
    c = fake_park(a, "4107", "+14255550100", "200");
    ev.call = c->id;
    ev.why = "parked in orbit 4107 by +14255550100";
    a->watcher.event(a->watcher.to, &ev); /* nobody listens: without the call as it was */
    (void)fake_ask(a, "GET /api/v1/events/history", NULL, NULL);
    a->watcher.event(a->watcher.to, &ev); /* somebody does */
    (void)fake_ask(a, "POST " SYSTEM "/support-bundle", NULL, NULL);
    assert_int_equal(a->answer.status, 200);
    assert_true(fake_holds(&a->answer, "format=callpark-support health.status=ready events=[2] "
                                       "events.0.event=call.parked events.0.data.call= "
                                       "events.0.data.call_id=call_0000000000001 "
                                       "events.1.data.call.caller.number=+142••••••00 "
                                       "configuration.node=n1 counts.parks_ok=0"));
    assert_non_null(strstr(a->answer.body, "parked in orbit 4107 by +142••••••00"));
    assert_null(strstr(a->answer.body, "4255550100"));
    assert_null(strstr(a->answer.body, FAKE_TOKEN));
}

/* Nor that of anybody who works here, and no hash of a password. */
static void the_bundle_has_the_definitions_masked(void **state)
{
    struct app *a = *state;

    (void)fake_ask(
        a, "PUT /api/v1/definitions", NULL,
        "{\"format\":\"callpark-definitions\",\"version\":1,\"settings\":{\"timeout_uri\":"
        "\"sip:+14255550111@example.com\",\"max_pickup_attempts\":2},\"sites\":[{\"name\":"
        "\"Berlin\",\"settings\":{\"timeout_uri\":\"sip:+14255550112@example.com\"}}],"
        "\"users\":[{\"name\":\"anna\",\"phone\":\"sip:+14255550113@example.com\","
        "\"password_hash\":\"$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA\"}]}");
    assert_int_equal(a->answer.status, 200);
    (void)fake_ask(a, "POST " SYSTEM "/support-bundle", NULL, NULL);
    assert_int_equal(a->answer.status, 200);
    assert_true(fake_holds(&a->answer,
                           "definitions.format=callpark-definitions definitions.users.0.name=anna "
                           "definitions.settings.max_pickup_attempts=2 definitions.music=[0] "
                           "definitions.tokens="));
    assert_non_null(strstr(a->answer.body, "sip:+142••••••11@example.com"));
    assert_null(strstr(a->answer.body, "42555501"));
    assert_null(strstr(a->answer.body, "$argon2id$"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_APP(test) cmocka_unit_test_setup_teardown(test, fake_set_up, fake_tear_down)
        WITH_APP(its_parts_are_shown),
        WITH_APP(the_certificate_is_shown),
        WITH_APP(a_demo_is_started_once_and_ended),
        WITH_APP(the_bundle_tells_no_numbers),
        WITH_APP(the_bundle_has_the_definitions_masked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

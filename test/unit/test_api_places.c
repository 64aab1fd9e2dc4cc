/* Who may ask, which paths there are; sites, destinations and settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "api_fake.h"
#include "base/text.h"

#define V1 "/api/v1"

static void only_those_who_may_are_heard(void **state)
{
    static const struct {
        bool by_tcp;
        uid_t uid; /* added to our own; -1: root */
        const char *source, *authorization, *request;
        unsigned status;
    } cases[] = {
        { false, 0, "", NULL, "GET " V1 "/sites", 200 },
        { false, 1, "", NULL, "GET " V1 "/sites", 403 },
        { false, 1, "", NULL, "GET /livez", 403 },
        { false, (uid_t)-1, "", NULL, "GET " V1 "/sites", 200 },
        { true, 0, "127.0.0.1", NULL, "GET " V1 "/sites", 401 },
        { true, 0, "127.0.0.1", "Bearer sesame", "GET " V1 "/sites", 200 },
        { true, 0, "127.0.0.1", "bearer sesame", "GET " V1 "/sites", 200 },
        { true, 0, "127.0.0.1", "Bearer sesam", "GET " V1 "/sites", 401 },
        { true, 0, "127.0.0.1", "Bearer ", "GET " V1 "/sites", 401 },
        { true, 0, "127.0.0.1", "Basic sesame", "GET " V1 "/sites", 401 },
        { true, 0, "127.0.0.1", "sesame", "GET " V1 "/sites", 401 },
        { true, 0, "127.0.0.1", NULL, "GET " V1 "/nothing", 401 },
        { true, 0, "127.0.0.1", NULL, "GET /api/problems/not-found", 200 },
        { true, 0, "127.0.0.1", NULL, "GET /livez", 200 },
        { true, 0, "127.9.9.9", NULL, "GET /readyz", 200 },
        { true, 0, "::1", NULL, "GET /metrics", 200 },
        { true, 0, "127.0.0.1", NULL, "GET /version", 200 },
        { true, 0, "192.0.2.7", NULL, "GET /metrics", 401 },
        { true, 0, "192.0.2.7", "Bearer sesame", "GET /metrics", 200 },
    };
    struct app *a = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned status;

        a->by_tcp = cases[i].by_tcp;
        a->uid = cases[i].uid == (uid_t)-1 ? 0 : geteuid() + cases[i].uid;
        a->source = cases[i].source;
        a->authorization = cases[i].authorization;
        status = fake_ask(a, cases[i].request, NULL, NULL)->status;
        if (status != cases[i].status)
            fail_msg("line %zu: %s gave %u", i + 1, cases[i].request, status);
    }
}

/* Then everybody comes from loopback. */
static void behind_a_proxy_only_health_is_open(void **state)
{
    struct app *a = *state;

    a->config.http.behind_proxy = true;
    a->by_tcp = true;
    assert_int_equal(fake_ask(a, "GET /metrics", NULL, NULL)->status, 401);
    assert_int_equal(fake_ask(a, "GET /version", NULL, NULL)->status, 401);
    assert_int_equal(fake_ask(a, "GET /livez", NULL, NULL)->status, 200);
    assert_int_equal(fake_ask(a, "GET /readyz", NULL, NULL)->status, 200);
}

static void paths_and_methods_are_known(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "GET " V1 "/nothing", NULL, NULL, 404, "type=/api/problems/not-found instance=/api/v1/nothing" },
        { "GET /nowhere", NULL, NULL, 404, NULL },
        { "GET " V1 "/sites/", NULL, NULL, 404, NULL },
        { "GET " V1 "/sites/a/b", NULL, NULL, 404, NULL },
        { "HEAD " V1 "/sites", NULL, NULL, 200, NULL },
        { "POST " V1 "/system", NULL, NULL, 405, "type=/api/problems/method-not-allowed" },
        { "GET " V1 "/system/drain", NULL, NULL, 405, NULL },
        { "PUT " V1 "/sites", NULL, NULL, 405, NULL },
        { "GET /api/problems/no-such", NULL, NULL, 404, NULL },
        { "GET /api/problems/range-overlap", NULL, NULL, 200, NULL },
    };
    // clang-format on
    struct app *a = *state;

    FAKE_EXCHANGES(a, table);
    (void)fake_ask(a, "POST " V1 "/sites", NULL, "{\"name\":\"A/B \u00fc\"}");
    assert_string_equal(a->answer.location, V1 "/sites/A%2FB%20%C3%BC");
    (void)fake_ask(a, "DELETE " V1 "/sites", NULL, NULL);
    assert_string_equal(a->answer.allow, "GET, POST");
    a->content_type = "text/plain";
    assert_int_equal(fake_ask(a, "POST " V1 "/sites", NULL, "{}")->status, 415);
    a->content_type = "application/json; charset=utf-8";
    assert_int_equal(fake_ask(a, "POST " V1 "/sites", NULL, "{\"name\":\"x\"}")->status, 201);
}

static void sites_come_and_go(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "POST " V1 "/sites", NULL, "{\"name\":\"Berlin\"}", 201, "name=Berlin version=1 destinations=[0]" },
        { "POST " V1 "/sites", NULL, "{\"name\":\"berlin\"}", 409, "type=/api/problems/name-taken" },
        { "POST " V1 "/sites", NULL, "{\"name\":\"\"}", 422, NULL },
        { "POST " V1 "/sites", NULL, "{\"nmae\":\"x\"}", 400, NULL },
        { "POST " V1 "/sites?dry_run=1", NULL, "{\"name\":\"Oslo\"}", 200, "dry_run=true" },
        { "GET " V1 "/sites", NULL, NULL, 200, "total=2 items.0.name=Berlin items.1.destinations.0=pool1.example.com" },
        { "GET " V1 "/sites?sort=-name&limit=1", NULL, NULL, 200, "items.0.name=Here next_cursor=0000000000001" },
        { "GET " V1 "/sites?q=ber", NULL, NULL, 200, "total=1" },
        { "POST " V1 "/sites", NULL, "{\"name\":\"A/B\"}", 201, NULL },
        { "GET " V1 "/sites/A%2FB", NULL, NULL, 200, "name=A/B" },
        { "GET " V1 "/sites/BERLIN", NULL, NULL, 200, "name=Berlin" },
        { "GET " V1 "/sites/Oslo", NULL, NULL, 404, NULL },
        { "DELETE " V1 "/sites/Berlin", NULL, NULL, 428, NULL },
        { "DELETE " V1 "/sites/Berlin", "\"9\"", NULL, 412, "current.name=Berlin" },
        { "DELETE " V1 "/sites/Here", "*", NULL, 409, "type=/api/problems/in-use" },
        { "DELETE " V1 "/sites/Berlin?dry_run=1", "*", NULL, 200, "result=deleted" },
        { "DELETE " V1 "/sites/Berlin", "\"1\"", NULL, 204, NULL },
        { "DELETE " V1 "/sites/Berlin", "\"1\"", NULL, 404, NULL },
    };
    // clang-format on

    FAKE_EXCHANGES(*state, table);
}

static void destinations_come_and_go(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "GET " V1 "/destinations", NULL, NULL, 200,
          "total=1 items.0.fqdn=pool1.example.com items.0.site=Here items.0.nodes.0=n1 items.0.ranges=0" },
        { "POST " V1 "/destinations", NULL, "{\"fqdn\":\"POOL2.example.com\",\"site\":\"Here\"}", 201,
          "fqdn=pool2.example.com service_id=ApplicationServer:pool2.example.com site=Here nodes=[0]" },
        { "POST " V1 "/destinations", NULL, "{\"fqdn\":\"pool2.example.com\"}", 409, "type=/api/problems/name-taken" },
        { "POST " V1 "/destinations", NULL, "{\"fqdn\":\"a b\"}", 422, "errors.0.pointer=/fqdn" },
        { "POST " V1 "/destinations", NULL, "{\"site\":\"Here\"}", 422, "type=/api/problems/missing-field" },
        { "POST " V1 "/destinations", NULL, "{\"fqdn\":\"p3.example.com\",\"site\":\"Mars\"}", 422, NULL },
        { "GET " V1 "/destinations?site=here", NULL, NULL, 200, "total=2" },
        { "GET " V1 "/destinations?q=pool2", NULL, NULL, 200, "total=1" },
        { "GET " V1 "/destinations/service:ApplicationServer:pool2.example.com", NULL, NULL, 200, "fqdn=pool2.example.com" },
        { "PATCH " V1 "/destinations/pool2.example.com", NULL, "{\"site\":null}", 428, NULL },
        { "PATCH " V1 "/destinations/pool2.example.com", "\"4\"", "{\"site\":null}", 412, "current.site=Here" },
        { "PATCH " V1 "/destinations/pool2.example.com?dry_run=1", "\"1\"", "{\"site\":null}", 200, "dry_run=true site=null" },
        { "PATCH " V1 "/destinations/pool2.example.com", "\"1\"", "{\"site\":null}", 200, "site=null version=2" },
        { "PUT " V1 "/destinations/pool2.example.com", "\"2\"", "{\"fqdn\":\"pool2.example.com\",\"service_id\":\"x:y\"}",
          200, "service_id=x:y site=null version=3" },
        { "PUT " V1 "/destinations/pool2.example.com", "\"3\"", "{\"fqdn\":\"pool9.example.com\"}", 422,
          "errors.0.pointer=/fqdn" },
        { "GET " V1 "/destinations/x:y", NULL, NULL, 200, "fqdn=pool2.example.com" },
        { "GET " V1 "/destinations/pool9.example.com", NULL, NULL, 404, NULL },
        { "DELETE " V1 "/destinations/pool2.example.com", NULL, NULL, 428, NULL },
        { "DELETE " V1 "/destinations/pool2.example.com?dry_run=1", "*", NULL, 200, "dry_run=true" },
        { "DELETE " V1 "/destinations/pool2.example.com", "\"3\"", NULL, 204, NULL },
        { "POST " V1 "/number-ranges", NULL, "{\"name\":\"a\",\"start\":\"1\",\"end\":\"9\",\"destination\":"
          "\"pool1.example.com\"}", 201, NULL },
        { "DELETE " V1 "/destinations/pool1.example.com", "*", NULL, 409, "type=/api/problems/in-use" },
        { "GET " V1 "/destinations/pool1.example.com", NULL, NULL, 200, "ranges=1 orbits=9 in_use=0" },
    };
    // clang-format on

    FAKE_EXCHANGES(*state, table);
}

static void settings_are_made_by_scope(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "GET " V1 "/settings/global", NULL, NULL, 200, "version=0 pickup_timeout=" },
        { "PUT " V1 "/settings/global", NULL, "{\"pickup_timeout\":30}", 428, NULL },
        { "PUT " V1 "/settings/global", "\"1\"", "{\"pickup_timeout\":30}", 412, "current.version=0" },
        { "PUT " V1 "/settings/global?dry_run=1", "\"0\"", "{\"pickup_timeout\":30}", 200, "dry_run=true pickup_timeout=30" },
        { "PUT " V1 "/settings/global", "\"0\"", "{\"pickup_timeout\":30,\"music_on_hold\":false,"
          "\"OnTimeoutURI\":\"sip:desk@example.com\"}", 200,
          "pickup_timeout=30 music_on_hold=off timeout_uri=sip:desk@example.com version=1" },
        { "PATCH " V1 "/settings/global", "\"1\"", "{\"pickup_timeout\":null,\"cool_down\":\"1m\"}", 200,
          "pickup_timeout= cool_down=60 music_on_hold=off version=2" },
        { "PUT " V1 "/settings/global", "*", "{\"pickup_timeot\":30}", 400, "errors.0.pointer=/pickup_timeot" },
        { "PUT " V1 "/settings/global", "*", "{\"pickup_timeout\":9}", 422,
          "type=/api/problems/invalid-value errors.0.pointer=/pickup_timeout" },
        { "PUT " V1 "/settings/global", "*", "{\"pickup_timeout\":1.5}", 400, "errors.0.pointer=/pickup_timeout" },
        { "PUT " V1 "/settings/global", "*", "{\"pickup_timeout\":-30}", 422, NULL },
        { "PUT " V1 "/settings/global", "*", "{\"music_on_hold\":\"loud\"}", 422, "errors.0.pointer=/music_on_hold" },
        { "PUT " V1 "/settings/global", "*", "{\"timeout_uri\":\"desk\"}", 422, NULL },
        { "PUT " V1 "/settings/global", "*", "{\"cool_down\":\"1m\",\"cool_down\":\"2m\"}", 400, NULL },
        { "PUT " V1 "/settings/global", "*", "[1]", 400, NULL },
        { "PUT " V1 "/settings/global", "*", "{", 400, NULL },
        { "PUT " V1 "/settings/sites/Here", "*", "{\"pickup_timeout\":\"00:01:00\"}", 200, "pickup_timeout=60" },
        { "GET " V1 "/settings/sites/Mars", NULL, NULL, 404, NULL },
        { "PATCH " V1 "/settings/destinations/pool1.example.com", "*", "{\"ring_time\":20}", 200, "ring_time=20" },
        { "GET " V1 "/settings/destinations/pool9.example.com", NULL, NULL, 404, NULL },
        { "POST " V1 "/number-ranges", NULL, "{\"name\":\"Lobby\",\"start\":\"1\",\"end\":\"9\",\"destination\":"
          "\"pool1.example.com\"}", 201, NULL },
        { "PATCH " V1 "/settings/ranges/rng_0000000000001", "*", "{\"announce\":false}", 200, "announce=off" },
        { "GET " V1 "/settings/ranges/rng_0000000000009", NULL, NULL, 404, NULL },
        { "GET " V1 "/settings/effective?range=rng_0000000000001", NULL, NULL, 200,
          "pickup_timeout=60 sources.pickup_timeout.scope=site sources.pickup_timeout.name=Here ring_time=20 "
          "sources.ring_time.scope=destination sources.announce.scope=range sources.announce.name=rng_0000000000001 "
          "cool_down=60 sources.cool_down.scope=global max_park=86400 sources.max_park.scope=default" },
        { "GET " V1 "/settings/effective?range=lobby", NULL, NULL, 200, "announce=off range=rng_0000000000001" },
        { "GET " V1 "/settings/effective?range=hall", NULL, NULL, 404, NULL },
        { "GET " V1 "/settings/effective?destination=pool1.example.com", NULL, NULL, 200,
          "announce=on range=null site=Here" },
        { "GET " V1 "/settings/effective", NULL, NULL, 200, "destination=pool1.example.com" },
        { "GET " V1 "/settings/effective?destination=pool9.example.com", NULL, NULL, 404, NULL },
        { "DELETE " V1 "/settings/sites/Here", NULL, NULL, 428, NULL },
        { "DELETE " V1 "/settings/sites/Here", "\"1\"", NULL, 200, "pickup_timeout= version=2" },
        { "GET " V1 "/settings", NULL, NULL, 200,
          "items.0.name=pickup_timeout items.0.default=90 items.0.low=10 items.0.high=3600 items.0.may_be_off=true "
          "items.0.original=CallPickupTimeoutThreshold items.6.choices=[4]" },
    };
    // clang-format on

    FAKE_EXCHANGES(*state, table);
}

static void settings_may_be_switched_off(void **state)
{
    static const struct exchange table[] = {
        { "PUT " V1 "/settings/global", "*", "{\"pickup_timeout\":\"off\"}", 200,
          "pickup_timeout=off" },
    };

    FAKE_EXCHANGES(*state, table);
}

#define WITH_APP(test) cmocka_unit_test_setup_teardown(test, fake_set_up, fake_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_APP(only_those_who_may_are_heard), WITH_APP(behind_a_proxy_only_health_is_open),
        WITH_APP(paths_and_methods_are_known),  WITH_APP(sites_come_and_go),
        WITH_APP(destinations_come_and_go),     WITH_APP(settings_are_made_by_scope),
        WITH_APP(settings_may_be_switched_off),
    };

    return cmocka_run_group_tests_name("api_places", tests, NULL, NULL);
}

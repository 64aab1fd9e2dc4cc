/* Number ranges through the API: every refusal, versions, dry runs, lists, and import. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_fake.h"
#include "base/text.h"

#define R "/api/v1/number-ranges"
#define FIRST R "/rng_0000000000001"
#define LOBBY                                                                                      \
    "{\"name\":\"Lobby\",\"start\":\"4100\",\"end\":\"4149\","                                     \
    "\"destination\":\"pool1.example.com\"}"
#define BODY(name, start, end)                                                                     \
    "{\"name\":\"" name "\",\"start\":\"" start "\",\"end\":\"" end                                \
    "\",\"destination\":\"pool1.example.com\"}"

static void a_range_is_made_and_shown(void **state)
{
    struct app *a = *state;
    const struct answer *got = fake_ask(a, "POST " R, NULL, LOBBY);

    assert_int_equal(got->status, 201);
    assert_string_equal(got->etag, "\"1\"");
    assert_string_equal(got->location, FIRST);
    assert_true(fake_holds(got, "id=rng_0000000000001 name=Lobby start=4100 end=4149 "
                                "destination=pool1.example.com type=call_park park_number=null "
                                "allocation=lru state=active size=50 in_use=0 version=1"));
    (void)fake_park(a, "4107", "100", "200");
    got = fake_ask(a, "GET " FIRST, NULL, NULL);
    assert_int_equal(got->status, 200);
    assert_string_equal(got->etag, "\"1\"");
    assert_true(fake_holds(got, "in_use=1 size=50"));
    a->if_none_match = "\"1\"";
    assert_int_equal(fake_ask(a, "GET " FIRST, NULL, NULL)->status, 304);
}

static void what_is_wrong_with_a_range_is_said(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "POST " R, NULL, LOBBY, 201, "name=Lobby" },
        { "POST " R, NULL, NULL, 400, "type=/api/problems/invalid-request" },
        { "POST " R, NULL, "[]", 400, "type=/api/problems/invalid-request" },
        { "POST " R, NULL, "{\"name\":", 400, "type=/api/problems/invalid-request" },
        { "POST " R, NULL, "{\"name\":\"a\",\"name\":\"b\"}", 400, "type=/api/problems/invalid-request" },
        { "POST " R, NULL, "{\"nmae\":\"a\"}", 400, "errors.0.pointer=/nmae" },
        { "POST " R, NULL, "{\"name\":5}", 400, "errors.0.pointer=/name" },
        { "POST " R, NULL, "{\"name\":\"a\\u0000b\"}", 400, NULL },
        { "POST " R, NULL, "{\"name\":\"a\",\"start\":4100}", 400, "errors.0.pointer=/start" },
        { "POST " R, NULL, "{\"name\":\"a\"}", 422, "type=/api/problems/missing-field errors.0.pointer=/start" },
        { "POST " R, NULL, BODY(" ", "1", "2"), 422, "type=/api/problems/invalid-name errors.0.pointer=/name" },
        { "POST " R, NULL, BODY("a", "0100", "0199"), 422, "type=/api/problems/invalid-number errors.0.pointer=/start" },
        { "POST " R, NULL, BODY("a", "100", "1|9"), 422, "type=/api/problems/invalid-number errors.0.pointer=/end" },
        { "POST " R, NULL, BODY("a", "*10", "*99"), 422, "status=422" },
        { "POST " R, NULL, BODY("a", "100", "1999"), 422, "type=/api/problems/length-mismatch" },
        { "POST " R, NULL, BODY("a", "*100", "#199"), 422, "type=/api/problems/length-mismatch" },
        { "POST " R, NULL, BODY("a", "199", "100"), 422, "type=/api/problems/length-mismatch" },
        { "POST " R, NULL, BODY("a", "10000", "20000"), 422, "type=/api/problems/range-too-large" },
        { "POST " R, NULL, BODY("LOBBY", "5100", "5149"), 409,
          "type=/api/problems/name-taken conflicts.0.name=Lobby errors.0.pointer=/name" },
        { "POST " R, NULL, BODY("a", "4140", "4159"), 409,
          "type=/api/problems/range-overlap conflicts.0.id=rng_0000000000001 conflicts.0.start=4100 "
          "suggestion.start=4150 suggestion.end=4169" },
        { "POST " R, NULL, "{\"name\":\"a\",\"start\":\"1\",\"end\":\"2\",\"destination\":\"no.where\"}", 422,
          "type=/api/problems/unknown-destination errors.0.pointer=/destination" },
        { "POST " R, NULL, "{\"name\":\"a\",\"start\":\"1\",\"end\":\"2\",\"destination\":\"a b\"}", 422,
          "errors.0.pointer=/destination" },
        { "POST " R, NULL, "{\"name\":\"a\",\"start\":\"1\",\"end\":\"2\",\"destination\":\"pool1.example.com\","
          "\"type\":\"bay\"}", 422, "errors.0.pointer=/type" },
        { "POST " R, NULL, "{\"name\":\"a\",\"start\":\"1\",\"end\":\"2\",\"destination\":\"pool1.example.com\","
          "\"park_number\":\"x\"}", 422, "errors.0.pointer=/park_number" },
        { "POST " R, NULL, "{\"name\":\"a\",\"start\":\"1\",\"end\":\"2\",\"destination\":\"pool1.example.com\","
          "\"allocation\":\"best\"}", 422, "errors.0.pointer=/allocation" },
        { "POST " R "?dryrun=1", NULL, LOBBY, 400, "type=/api/problems/invalid-request" },
        { "POST " R "?dry_run=maybe", NULL, LOBBY, 400, "type=/api/problems/invalid-request" },
        { "GET " R, NULL, NULL, 200, "total=1" },
    };
    // clang-format on

    FAKE_EXCHANGES(*state, table);
}

static void a_change_names_the_version_it_is_for(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "POST " R, NULL, LOBBY, 201, NULL },
        { "PATCH " FIRST, NULL, "{\"end\":\"4159\"}", 428, "type=/api/problems/precondition-required" },
        { "PATCH " FIRST, "\"2\"", "{\"end\":\"4159\"}", 412,
          "type=/api/problems/precondition-failed current.version=1 current.end=4149" },
        { "PATCH " FIRST, "W/\"1\"", "{\"end\":\"4159\"}", 412, NULL },
        { "PATCH " FIRST, "\"11\"", "{\"end\":\"4159\"}", 412, NULL },
        { "PATCH " FIRST, "\"1\"", "{\"end\":\"4159\"}", 200, "end=4159 start=4100 size=60 version=2" },
        { "PATCH " FIRST, "\"1\"", "{\"end\":\"4169\"}", 412, "current.end=4159" },
        { "PATCH " FIRST, "\"7\", \"2\"", "{\"name\":\"Hall\"}", 200, "name=Hall version=3" },
        { "PATCH " FIRST, "*", "{\"name\":\"Foyer\"}", 200, "name=Foyer version=4" },
        { "PUT " FIRST, NULL, LOBBY, 428, NULL },
        { "PUT " FIRST, "\"3\"", LOBBY, 412, NULL },
        { "PUT " FIRST, "\"4\"", LOBBY, 200, "name=Lobby end=4149 version=5" },
        { "PUT " FIRST, "\"5\"", "{\"name\":\"x\"}", 422, "type=/api/problems/missing-field" },
        { "DELETE " FIRST, NULL, NULL, 428, NULL },
        { "DELETE " FIRST, "\"1\"", NULL, 412, NULL },
        { "DELETE " FIRST "?mode=quickly", "*", NULL, 400, NULL },
        { "DELETE " FIRST, "\"5\"", NULL, 204, NULL },
        { "DELETE " FIRST, "*", NULL, 404, "type=/api/problems/not-found" },
        { "GET " FIRST, NULL, NULL, 404, NULL },
        { "GET " R "/1", NULL, NULL, 404, NULL },
        { "PATCH " R "/call_0000000000001", "*", "{}", 404, NULL },
    };
    // clang-format on

    FAKE_EXCHANGES(*state, table);
}

static void a_dry_run_changes_nothing(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "POST " R "?dry_run=true", NULL, LOBBY, 200, "dry_run=true id=null name=Lobby size=50" },
        { "POST " R "?dry_run=true", NULL, BODY("a", "5", "4"), 422, NULL },
        { "GET " R, NULL, NULL, 200, "total=0" },
        { "POST " R, NULL, LOBBY, 201, NULL },
        { "PATCH " FIRST "?dry_run=1", "\"1\"", "{\"end\":\"4199\"}", 200,
          "dry_run=true changes.end.from=4149 changes.end.to=4199 changes.size.to=100 changes.name= end=4199" },
        { "DELETE " FIRST "?dry_run=1", "\"1\"", NULL, 200, "dry_run=true result=deleted" },
        { "GET " FIRST, NULL, NULL, 200, "end=4149 version=1" },
    };
    // clang-format on

    FAKE_EXCHANGES(*state, table);
}

static void a_range_with_calls_goes_only_as_asked(void **state)
{
    struct app *a = *state;
    const struct answer *got;

    (void)fake_ask(a, "POST " R, NULL, LOBBY);
    (void)fake_park(a, "4107", "100", "200");
    got = fake_ask(a, "DELETE " FIRST, "*", NULL);
    assert_int_equal(got->status, 409);
    assert_true(fake_holds(got, "type=/api/problems/range-in-use call_count=1 calls.0.orbit=4107 "
                                "calls.0.caller.name=100 calls.0.parker.name=200"));
    got = fake_ask(a, "DELETE " FIRST "?mode=drain&dry_run=1", "*", NULL);
    assert_true(got->status == 200 && fake_holds(got, "result=draining"));
    got = fake_ask(a, "DELETE " FIRST "?mode=drain", "*", NULL);
    assert_int_equal(got->status, 202);
    assert_true(fake_holds(got, "state=draining version=2"));
    assert_int_equal(fake_ask(a, "DELETE " FIRST "?mode=force", "\"2\"", NULL)->status, 204);
}

static void what_the_app_says_is_passed_on(void **state)
{
    static const struct {
        enum admin_status status;
        unsigned code;
        const char *type;
    } cases[] = {
        { ADMIN_INVALID, 422, "/api/problems/invalid-value" },
        { ADMIN_NOT_FOUND, 404, "/api/problems/not-found" },
        { ADMIN_EXISTS, 409, "/api/problems/name-taken" },
        { ADMIN_VERSION, 412, "/api/problems/precondition-failed" },
        { ADMIN_IN_USE, 409, "/api/problems/in-use" },
        { ADMIN_STORE, 503, "/api/problems/store-failed" },
        { ADMIN_BUSY, 503, "/api/problems/overloaded" },
    };
    struct app *a = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct answer *got;

        a->force = cases[i].status;
        got = fake_ask(a, "POST " R, NULL, LOBBY);
        assert_int_equal(got->status, cases[i].code);
        assert_string_equal(fake_at(got->json, "type"), cases[i].type);
        assert_true(got->status != 503 || got->retry_after > 0);
    }
}

/* A range and its allocation are two lists of changes: who hears of a failure of the second is told
 * what the first has made. */
static void what_is_half_made_is_said(void **state)
{
    struct app *a = *state;

    a->fail_after = 1;
    assert_int_equal(fake_ask(a, "POST " R, NULL,
                              "{\"name\":\"a\",\"start\":\"1\",\"end\":\"9\",\"allocation\":"
                              "\"random\",\"destination\":\"pool1.example.com\"}")
                         ->status,
                     503);
    assert_non_null(strstr(a->answer.body, "The range was made, but"));
    a->fail_after = 0;
    assert_true(fake_holds(fake_ask(a, "GET " R, NULL, NULL), "total=1 items.0.allocation=lru"));
}

static void the_list_is_filtered_sorted_and_cut(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "POST " R, NULL, "{\"name\":\"Lobby\",\"start\":\"4100\",\"end\":\"4149\","
          "\"destination\":\"pool1.example.com\",\"park_number\":\"299\"}", 201, "park_number=299" },
        { "POST " R, NULL, BODY("Hall", "*7000", "*7499"), 201, "hint=The" },
        { "POST " R, NULL, "{\"name\":\"Pick\",\"start\":\"#200\",\"end\":\"#210\",\"type\":\"group_pickup\","
          "\"destination\":\"pool1.example.com\"}", 201, "type=group_pickup" },
        { "GET " R, NULL, NULL, 200, "total=3 items.0.name=Lobby items.1.name=Hall items.2.name=Pick next_cursor=null" },
        { "GET " R "?sort=name", NULL, NULL, 200, "items.0.name=Hall items.2.name=Pick" },
        { "GET " R "?sort=-size", NULL, NULL, 200, "items.0.name=Hall items.2.name=Pick" },
        { "GET " R "?sort=in_use", NULL, NULL, 200, "total=3" },
        { "GET " R "?sort=colour", NULL, NULL, 400, NULL },
        { "GET " R "?limit=2", NULL, NULL, 200, "total=3 items=[2] next_cursor=0000000000002" },
        { "GET " R "?limit=2&cursor=0000000000002", NULL, NULL, 200, "total=3 items=[1] items.0.name=Pick next_cursor=null" },
        { "GET " R "?cursor=000000000000Z", NULL, NULL, 200, "items=[0]" },
        { "GET " R "?cursor=!", NULL, NULL, 400, NULL },
        { "GET " R "?limit=0", NULL, NULL, 400, NULL },
        { "GET " R "?limit=1001", NULL, NULL, 400, NULL },
        { "GET " R "?type=group_pickup", NULL, NULL, 200, "total=1 items.0.name=Pick" },
        { "GET " R "?type=bay", NULL, NULL, 400, NULL },
        { "GET " R "?state=draining", NULL, NULL, 200, "total=0" },
        { "GET " R "?contains=*7001", NULL, NULL, 200, "total=1 items.0.name=Hall" },
        { "GET " R "?contains=9999", NULL, NULL, 200, "total=0" },
        { "GET " R "?contains=x", NULL, NULL, 400, NULL },
        { "GET " R "?q=AL", NULL, NULL, 200, "total=1 items.0.name=Hall" },
        { "GET " R "?q=4127", NULL, NULL, 200, "total=1 items.0.name=Lobby" },
        { "GET " R "?q=299", NULL, NULL, 200, "total=1 items.0.name=Lobby" },
        { "GET " R "?destination=ApplicationServer:POOL1.example.com", NULL, NULL, 200, "total=3" },
        { "GET " R "?destination=pool9.example.com", NULL, NULL, 200, "total=0" },
        { "GET " R "?colour=red", NULL, NULL, 400, NULL },
    };
    // clang-format on
    struct app *a = *state;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct exchange x = table[i];

        if (x.expected && text_starts(x.expected, "hint=")) {
            assert_int_equal(fake_ask(a, x.request, NULL, x.body)->status, 201);
            assert_non_null(json_object_get(a->answer.json, "hint"));
        } else {
            fake_exchanges(a, &x, 1);
        }
    }
    (void)fake_ask(a, "GET " R "?limit=2&q=o", NULL, NULL);
    (void)fake_ask(a, "GET " R "?limit=1&q=l", NULL, NULL);
    assert_string_equal(a->answer.link, "<" R "?limit=1&q=l&cursor=0000000000001>; rel=\"next\"");
}

/* The allocation of a range is a setting of it, and stays inherited when nobody said otherwise. */
static void allocation_is_a_setting_of_the_range(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "POST " R, NULL, "{\"name\":\"a\",\"start\":\"100\",\"end\":\"199\",\"allocation\":\"random\","
          "\"destination\":\"pool1.example.com\"}", 201, "allocation=random" },
        { "GET /api/v1/settings/ranges/rng_0000000000001", NULL, NULL, 200, "allocation=random" },
        { "PATCH " FIRST, "*", "{\"allocation\":null}", 200, "allocation=lru" },
        { "GET /api/v1/settings/ranges/rng_0000000000001", NULL, NULL, 200, "allocation=" },
        { "PATCH /api/v1/settings/global", "*", "{\"allocation\":\"lowest\"}", 200, "allocation=lowest" },
        { "PUT " FIRST, "*", "{\"name\":\"a\",\"start\":\"100\",\"end\":\"199\",\"allocation\":\"lowest\","
          "\"destination\":\"pool1.example.com\"}", 200, "allocation=lowest" },
        { "GET /api/v1/settings/ranges/rng_0000000000001", NULL, NULL, 200, "allocation=" },
    };
    // clang-format on

    FAKE_EXCHANGES(*state, table);
}

static void a_form_is_checked_while_it_is_filled_in(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "POST " R, NULL, LOBBY, 201, NULL },
        { "POST " R ":validate", NULL, "{\"start\":\"5000\",\"end\":\"5009\",\"destination\":\"pool1.example.com\"}", 200,
          "valid=true size=10" },
        { "POST " R ":validate", NULL, BODY("x", "4149", "4149"), 200,
          "valid=false problem.type=/api/problems/range-overlap problem.conflicts.0.name=Lobby" },
        { "POST " R ":validate", NULL, BODY("lobby", "5149", "5149"), 200,
          "valid=false problem.type=/api/problems/name-taken" },
        { "POST " R ":validate", NULL, "{\"id\":\"rng_0000000000001\",\"name\":\"Lobby\",\"start\":\"4100\","
          "\"end\":\"4199\",\"destination\":\"pool1.example.com\"}", 200, "valid=true size=100" },
        { "POST " R ":validate", NULL, "{\"start\":\"1\",\"end\":\"2\",\"destination\":\"no.where\"}", 200,
          "valid=false problem.type=/api/problems/unknown-destination" },
        { "POST " R ":validate", NULL, "{\"start\":\"1\",\"end\":\"2\",\"destination\":\"pool1.example.com\","
          "\"type\":\"bay\"}", 200, "valid=false problem.errors.0.pointer=/type" },
        { "POST " R ":validate", NULL, "{\"start\":1}", 400, NULL },
    };
    // clang-format on

    FAKE_EXCHANGES(*state, table);
}

static void numbers_can_be_looked_up(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "GET /api/v1/orbits/4107", NULL, NULL, 200,
          "number=4107 state=busy range_name=Lobby range_id=rng_0000000000001 call.caller.name=100 call.orbit=4107" },
        { "GET /api/v1/orbits/4108", NULL, NULL, 200, "number=4108 state=free call=null call_id=null" },
        { "GET /api/v1/orbits/9999", NULL, NULL, 404, NULL },
        { "GET /api/v1/orbits/abc", NULL, NULL, 422, NULL },
        { "GET " FIRST "/orbits?limit=3", NULL, NULL, 200, "total=50 items=[3] items.2.number=4102" },
        { "GET " FIRST "/orbits?state=busy", NULL, NULL, 200, "total=1 items.0.number=4107" },
        { "GET " FIRST "/orbits?state=free&limit=1000", NULL, NULL, 200, "total=49" },
        { "GET " R "/rng_00000000000ZZ/orbits", NULL, NULL, 404, NULL },
    };
    // clang-format on
    struct app *a = *state;

    (void)fake_ask(a, "POST " R, NULL, LOBBY);
    (void)fake_park(a, "4107", "100", "200");
    FAKE_EXCHANGES(a, table);
}

/* ---- import and export -------------------------------------------------------------------------
 */

static void a_table_of_the_original_is_imported(void **state)
{
    static const char table[] =
        "#TYPE Microsoft.Rtc.Management.Orbit\r\n"
        "Identity;NumberRangeStart;NumberRangeEnd;CallParkServiceId;Type;Ring\r\n"
        "\"Red; 1\";*100;*199;ApplicationServer:pool1.example.com;CallPark;x\r\n"
        "Pick;#200;#220;service:ApplicationServer:pool1.example.com;GroupPickup;\r\n";
    struct app *a = *state;
    const struct answer *got;

    a->content_type = "text/csv; charset=utf-8";
    got = fake_ask(a, "POST " R ":import?dry_run=true", NULL, table);
    assert_true(fake_holds(got, "dry_run=true created=2 updated=0 items.0.start=*100 notes=[1]"));
    got = fake_ask(a, "POST " R ":import", NULL, table);
    assert_int_equal(got->status, 200);
    assert_true(fake_holds(got, "dry_run=false created=2 items.1.name=Pick"));
    got = fake_ask(a, "POST " R ":import", NULL, table);
    assert_true(got->status == 409 &&
                fake_holds(got, "type=/api/problems/name-taken errors.0.pointer=/items/0/name"));
    got = fake_ask(a, "POST " R ":import?mode=upsert", NULL, table);
    assert_true(got->status == 200 && fake_holds(got, "created=0 unchanged=2"));
    got = fake_ask(a, "GET " R "?type=group_pickup", NULL, NULL);
    assert_true(fake_holds(got, "total=1 items.0.start=#200 items.0.end=#220"));
}

static void an_import_is_all_or_nothing(void **state)
{
    struct app *a = *state;
    const struct answer *got;

    a->content_type = "text/csv";
    got = fake_ask(a, "POST " R ":import", NULL,
                   "name,start,end,destination\nA,100,199,pool1.example.com\n"
                   "B,12x,199,pool1.example.com\n,200,299,pool1.example.com\n");
    assert_int_equal(got->status, 422);
    assert_true(fake_holds(got, "errors=[2] errors.0.pointer=/items/1/start errors.0.line=3 "
                                "errors.1.pointer=/items/2/name"));
    got = fake_ask(a, "POST " R ":import", NULL,
                   "name,start,end,destination\nA,100,199,pool1.example.com\n"
                   "B,150,160,pool1.example.com\n");
    assert_int_equal(got->status, 409);
    assert_true(fake_holds(got, "errors.0.pointer=/items/1/start"));
    assert_true(fake_holds(fake_ask(a, "GET " R, NULL, NULL), "total=0"));
}

static void what_is_no_import_is_refused(void **state)
{
    static const struct {
        const char *type, *body;
        unsigned status;
    } cases[] = {
        { "text/csv", NULL, 400 },
        { "text/csv", "\n\n", 400 },
        { "application/pdf", "%PDF", 415 },
        { "application/json", "{\"items\":5}", 400 },
        { "application/json", "[{]", 400 },
        { "application/json", "[5]", 422 },
        { "application/json", "[{\"nmae\":\"x\"}]", 422 },
        { "application/json", "[]", 200 },
    };
    struct app *a = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        a->content_type = cases[i].type;
        assert_int_equal(fake_ask(a, "POST " R ":import", NULL, cases[i].body)->status,
                         cases[i].status);
    }
    assert_int_equal(fake_ask(a, "POST " R ":import?mode=merge", NULL, "[]")->status, 400);
}

/* What was exported comes in again as it was, in either form. */
static void an_export_can_be_imported(void **state)
{
    static const char *const forms[] = { "json", "csv" };
    struct app *a = *state;

    (void)fake_ask(a, "POST " R, NULL, BODY("=Lobby, \\\"A\\\"", "4100", "4149"));
    (void)fake_ask(a, "POST " R, NULL,
                   "{\"name\":\"b\",\"start\":\"*100\",\"end\":\"*199\",\"allocation\":\"random\","
                   "\"destination\":\"pool1.example.com\",\"park_number\":\"700\"}");
    for (size_t i = 0; i < 2; i++) {
        char request[64], *body;

        a->content_type = NULL;
        (void)text_format(request, sizeof request, "GET " R ":export?format=%s", forms[i]);
        body = strdup(fake_ask(a, request, NULL, NULL)->body);
        a->content_type = i == 0 ? "application/json" : "text/csv";
        assert_true(fake_holds(fake_ask(a, "POST " R ":import?mode=replace", NULL, body),
                               "unchanged=2 deleted=0 created=0 updated=0"));
        assert_true(fake_holds(
            fake_ask(a, "POST " R ":import?mode=replace", NULL, i == 0 ? "[]" : "name,start,end\n"),
            "deleted=2"));
        assert_true(
            fake_holds(fake_ask(a, "POST " R ":import", NULL, body), "created=2 deleted=0"));
        free(body);
        a->content_type = NULL;
        assert_true(fake_holds(fake_ask(a, "GET " R, NULL, NULL),
                               "total=2 items.0.end=4149 items.1.park_number=700 "
                               "items.1.allocation=random"));
    }
    assert_int_equal(fake_ask(a, "GET " R ":export?format=pdf", NULL, NULL)->status, 400);
    assert_non_null(strstr(fake_ask(a, "GET " R ":export?format=ps1", NULL, NULL)->body,
                           "New-CsCallParkOrbit -Identity 'b' -NumberRangeStart '*100'"));
    assert_non_null(strstr(fake_ask(a, "GET " R ":export?format=lync-csv", NULL, NULL)->body,
                           "b,*100,*199,ApplicationServer:pool1.example.com,CallPark\r\n"));
}

#define WITH_APP(test) cmocka_unit_test_setup_teardown(test, fake_set_up, fake_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_APP(a_range_is_made_and_shown),
        WITH_APP(what_is_wrong_with_a_range_is_said),
        WITH_APP(a_change_names_the_version_it_is_for),
        WITH_APP(a_dry_run_changes_nothing),
        WITH_APP(a_range_with_calls_goes_only_as_asked),
        WITH_APP(what_the_app_says_is_passed_on),
        WITH_APP(what_is_half_made_is_said),
        WITH_APP(the_list_is_filtered_sorted_and_cut),
        WITH_APP(allocation_is_a_setting_of_the_range),
        WITH_APP(a_form_is_checked_while_it_is_filled_in),
        WITH_APP(numbers_can_be_looked_up),
        WITH_APP(a_table_of_the_original_is_imported),
        WITH_APP(an_import_is_all_or_nothing),
        WITH_APP(what_is_no_import_is_refused),
        WITH_APP(an_export_can_be_imported),
    };

    return cmocka_run_group_tests_name("api_ranges", tests, NULL, NULL);
}

/* Requests that are sent again with the same Idempotency-Key, and answers cut down to the fields
 * that were asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api_fake.h"
#include "base/text.h"

#define V1 "/api/v1"
#define RANGES V1 "/number-ranges"

static const char lobby[] = "{\"name\":\"Lobby\",\"start\":\"4100\",\"end\":\"4149\","
                            "\"destination\":\"pool1.example.com\"}";
static const char sales[] = "{\"name\":\"Sales\",\"start\":\"4200\",\"end\":\"4249\","
                            "\"destination\":\"pool1.example.com\"}";

static const struct answer *post(struct app *a, const char *key, const char *body)
{
    a->idempotency_key = key;
    return fake_ask(a, "POST " RANGES, NULL, body);
}

/* ---- the key ---- */

static void what_was_done_is_answered_again_and_not_done_again(void **state)
{
    struct app *a = *state;
    const struct answer *got = post(a, "k1", lobby);
    char first[1024];

    assert_int_equal(got->status, 201);
    assert_false(got->replayed);
    (void)text_copy(first, sizeof first, got->body);
    got = post(a, "k1", lobby);
    assert_int_equal(got->status, 201);
    assert_true(got->replayed);
    assert_string_equal(got->body, first);
    assert_string_equal(got->location, RANGES "/rng_0000000000001");
    assert_string_equal(got->etag, "\"1\"");
    assert_int_equal(a->lists_made, 1);
    assert_int_equal(post(a, NULL, lobby)->status, 409); /* without a key it is done again */
}

static void a_key_stands_for_one_request(void **state)
{
    struct app *a = *state;
    const struct answer *got;

    assert_int_equal(post(a, "k1", lobby)->status, 201);
    got = post(a, "k1", sales);
    assert_int_equal(got->status, 422);
    assert_true(fake_holds(got, "type=/api/problems/idempotency-conflict status=422"));
    assert_int_equal(fake_ask(a, "POST " V1 "/sites", NULL, lobby)->status, 422); /* another path */
    assert_int_equal(post(a, "k2", sales)->status, 201);
}

static void a_key_belongs_to_who_sent_it(void **state)
{
    struct app *a = *state;

    assert_int_equal(post(a, "k1", lobby)->status, 201);
    a->by_tcp = true;
    a->authorization = "Bearer " FAKE_TOKEN;
    assert_int_equal(post(a, "k1", lobby)->status, 409); /* the name is taken, as it should be */
    assert_int_equal(post(a, "k1", sales)->status, 422);
}

static void make_token(struct app *a, const char *permissions, char bearer[80])
{
    char body[160];

    a->by_tcp = false;
    (void)text_format(body, sizeof body, "{\"name\":\"t\",\"user\":\"anna\",\"permissions\":%s}",
                      permissions);
    assert_int_equal(fake_ask(a, "POST " V1 "/tokens", NULL, body)->status, 201);
    (void)text_format(bearer, 80, "Bearer %s", fake_at(a->answer.json, "token"));
    a->by_tcp = true;
}

/* Two tokens may have the same name, and so may two users, one after the other. */
static void a_name_is_not_who_sent_it(void **state)
{
    static const char body[] = "{\"name\":\"new\"}";
    struct app *a = *state;
    char great[80], small[80];

    fake_user(a, "anna", ROLE_ADMINISTRATOR, NULL);
    make_token(a, "null", great);
    make_token(a, "[\"ranges.read\"]", small);
    a->idempotency_key = "k1";
    a->authorization = great;
    assert_int_equal(fake_ask(a, "POST " V1 "/tokens", NULL, body)->status, 201);
    a->authorization = small;
    assert_int_equal(fake_ask(a, "POST " V1 "/tokens", NULL, body)->status, 403);
    a->authorization = NULL;
    fake_sign_in(a, "anna");
    assert_int_equal(fake_ask(a, "POST " V1 "/tokens", NULL, body)->status, 201);
    assert_false(a->answer.replayed);
    a->access.users[0].created_at += 1000; /* removed, and made anew */
    assert_int_equal(fake_ask(a, "POST " V1 "/tokens", NULL, body)->status, 201);
    assert_false(a->answer.replayed);
}

static void one_that_still_runs_is_waited_for(void **state)
{
    struct app *a = *state;
    const struct answer *got;

    a->hold = true;
    assert_int_equal(post(a, "k1", lobby)->status, 0);
    got = post(a, "k1", lobby);
    assert_int_equal(got->status, 409);
    assert_true(fake_holds(got, "type=/api/problems/idempotency-conflict status=409"));
    assert_int_equal(post(a, "k1", sales)->status, 422);
    assert_int_equal(fake_release(a)->status, 201);
    assert_true(post(a, "k1", lobby)->replayed);
}

/* A refusal is an answer, too; "not now" is none. */
static void what_may_be_tried_again_is_not_kept(void **state)
{
    struct app *a = *state;

    assert_int_equal(post(a, "k1", "{\"name\":\"Lobby\"}")->status, 422);
    assert_true(post(a, "k1", "{\"name\":\"Lobby\"}")->replayed);
    a->force = ADMIN_STORE;
    assert_int_equal(post(a, "k2", lobby)->status, 503);
    a->force = ADMIN_DONE;
    assert_int_equal(post(a, "k2", lobby)->status, 201);
    assert_false(a->answer.replayed);
    a->by_tcp = true;
    a->authorization = NULL;
    assert_int_equal(post(a, "k3", sales)->status, 401);
    a->authorization = "Bearer " FAKE_TOKEN;
    assert_int_equal(post(a, "k3", sales)->status, 201);
}

static void dry_runs_and_reading_have_no_use_for_a_key(void **state)
{
    struct app *a = *state;

    a->idempotency_key = "k1";
    assert_int_equal(fake_ask(a, "POST " RANGES "?dry_run=1", NULL, lobby)->status, 200);
    assert_int_equal(fake_ask(a, "GET " RANGES, NULL, NULL)->status, 200);
    assert_int_equal(post(a, "k1", lobby)->status, 201);
    a->idempotency_key = "k1";
    assert_true(fake_holds(fake_ask(a, "GET " RANGES, NULL, NULL), "total=1"));
}

static void a_day_later_it_is_forgotten(void **state)
{
    struct app *a = *state;

    assert_int_equal(post(a, "k1", lobby)->status, 201);
    a->later = UINT64_C(86399000);
    a->watcher.second(a->watcher.to);
    assert_true(post(a, "k1", lobby)->replayed);
    a->later = UINT64_C(86400000);
    a->watcher.second(a->watcher.to);
    assert_int_equal(post(a, "k1", lobby)->status, 409);
}

/* When it is full the oldest goes; what was done is never refused for it. */
static void there_is_a_bound(void **state)
{
    struct app *a = *state;
    char key[32];

    assert_int_equal(post(a, "first", lobby)->status, 201);
    for (unsigned i = 0; i < 2048; i++) {
        (void)text_format(key, sizeof key, "key %u", i);
        a->later = i + 1;
        assert_int_equal(post(a, key, "{}")->status, 422);
    }
    assert_true(post(a, "key 2047", "{}")->replayed);
    assert_int_equal(post(a, "first", lobby)->status, 409);
    assert_false(a->answer.replayed);
}

/* ---- fields= ---- */

static void only_what_was_asked_for_is_shown(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "GET " RANGES "?fields=name,size", NULL, NULL, 200, "total=2 items.0=[2] items.0.name=Lobby items.0.size=50" },
        { "GET " RANGES "/rng_0000000000001?fields=start", NULL, NULL, 200, "start=4100 name= end=" },
        { "GET " RANGES "/rng_0000000000001?fields=", NULL, NULL, 200, "start=4100 name=Lobby" },
        { "GET " RANGES "?fields=nam", NULL, NULL, 400, "type=/api/problems/invalid-request" },
        { "GET " RANGES "?fields=name,zzzzzzzzzz", NULL, NULL, 400, NULL },
        { "GET " RANGES "?q=nobody&fields=anything", NULL, NULL, 200, "total=0" },
        { "GET " V1 "/parked-calls?fields=orbit,caller.number", NULL, NULL, 200,
          "items.0=[2] items.0.orbit=4107 items.0.caller=[1] items.0.caller.number=100" },
        { "GET " V1 "/parked-calls?fields=caller", NULL, NULL, 200, "items.0=[1] items.0.caller=[3]" },
        { "GET " V1 "/parked-calls?fields=fallback", NULL, NULL, 200, "items.0.fallback=null" },
        { "GET " V1 "/parked-calls?fields=fallback.uri", NULL, NULL, 200, "items.0.fallback.uri=null" },
        { "GET " V1 "/parked-calls?fields=caller.numbr", NULL, NULL, 400, NULL },
        { "GET " V1 "/parked-calls?fields=orbit.number", NULL, NULL, 400, NULL },
        { "GET " V1 "/system?fields=version,http.streams", NULL, NULL, 200, "http.streams=0 http=[1] node=" },
        { "GET " RANGES ":export?format=json&fields=name", NULL, NULL, 200, "items.0=[1]" },
        { "GET " RANGES ":export?format=csv&fields=name", NULL, NULL, 400, NULL },
        { "POST " V1 "/sites?fields=name", NULL, "{\"name\":\"Berlin\"}", 400, NULL },
        { "GET " V1 "/events?fields=name", NULL, NULL, 400, NULL },
        { "GET " RANGES "?fields=a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a", NULL, NULL, 400, NULL },
    };
    // clang-format on
    struct app *a = *state;

    (void)post(a, NULL, lobby);
    (void)post(a, NULL, sales);
    (void)fake_park(a, "4107", "100", "200");
    FAKE_EXCHANGES(a, table);
}

static void the_nearest_field_is_named(void **state)
{
    struct app *a = *state;

    (void)post(a, NULL, lobby);
    (void)fake_park(a, "4107", "100", "200");
    (void)fake_ask(a, "GET " RANGES "?fields=nam", NULL, NULL);
    assert_non_null(strstr(a->answer.body, "did you mean 'name'?"));
    (void)fake_ask(a, "GET " V1 "/parked-calls?fields=caller.numbr", NULL, NULL);
    assert_non_null(strstr(a->answer.body, "did you mean 'caller.number'?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_APP(test) cmocka_unit_test_setup_teardown(test, fake_set_up, fake_tear_down)
        WITH_APP(what_was_done_is_answered_again_and_not_done_again),
        WITH_APP(a_key_stands_for_one_request),
        WITH_APP(a_key_belongs_to_who_sent_it),
        WITH_APP(a_name_is_not_who_sent_it),
        WITH_APP(one_that_still_runs_is_waited_for),
        WITH_APP(what_may_be_tried_again_is_not_kept),
        WITH_APP(dry_runs_and_reading_have_no_use_for_a_key),
        WITH_APP(a_day_later_it_is_forgotten),
        WITH_APP(there_is_a_bound),
        WITH_APP(only_what_was_asked_for_is_shown),
        WITH_APP(the_nearest_field_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

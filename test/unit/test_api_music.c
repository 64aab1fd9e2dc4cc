/* Music of a scope: who says which, uploads, what is heard, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_fake.h"
#include "base/text.h"

#define MUSIC "/api/v1/music"
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const char *range_id_text(struct app *a)
{
    static char id[32];
    const struct answer *got = fake_ask(a, "POST /api/v1/number-ranges", NULL,
                                        "{\"name\":\"Lobby\",\"start\":\"7000\",\"end\":\"7099\","
                                        "\"destination\":\"pool1.example.com\"}");

    assert_int_equal(got->status, 201);
    assert_true(text_copy(id, sizeof id, fake_at(got->json, "id")));
    return id;
}

static void the_nearest_scope_says_it(void **state)
{
    static const struct exchange table[] = {
        { "GET " MUSIC "/global", NULL, NULL, 200,
          "scope=global own=false from.scope=default file=null version=0" },
        { "PUT " MUSIC "/global?name=hold.wav", "*", "a tune", 200,
          "scope=global own=true from.scope=global file.name=hold.wav file.sha256=" A
          " file.bytes=6 file.type=audio/wav version=1" },
        { "GET " MUSIC "/sites/here", NULL, NULL, 200,
          "scope=site:Here own=false from.scope=global file.sha256=" A " version=0" },
        { "PUT " MUSIC "/sites/Here", "\"0\"", "bells", 200,
          "scope=site:Here own=true from.scope=site from.name=Here file.sha256=" B " version=1" },
        { "GET " MUSIC "/destinations/pool1.example.com", NULL, NULL, 200,
          "scope=destination:pool1.example.com own=false from.scope=site from.name=Here "
          "file.sha256=" B },
        { "GET " MUSIC "/global", NULL, NULL, 200, "file.sha256=" A },
        { "DELETE " MUSIC "/sites/Here", "\"1\"", NULL, 200,
          "own=false from.scope=global version=2" },
        { "GET /api/v1/settings/global", NULL, NULL, 200, "music=" A },
        { "DELETE " MUSIC "/global", "*", NULL, 200, "own=false from.scope=default file=null" },
        { "DELETE " MUSIC "/global", "*", NULL, 200, "own=false" }, /* once more is no fault */
    };

    FAKE_EXCHANGES(*state, table);
}

static void a_range_has_its_own(void **state)
{
    struct app *a = *state;
    const char *id = range_id_text(a);
    char request[128], expected[256];
    const struct answer *got;

    (void)text_format(request, sizeof request,
                      "PUT " MUSIC "/ranges/%s?name=C:%%5CMusic%%5Chold.wav", id);
    got = fake_ask(a, request, "*", "cut me");
    assert_int_equal(got->status, 200);
    (void)text_format(
        expected, sizeof expected,
        "scope=range:%s own=true from.scope=range from.name=%s file.name=hold.wav cut=true", id,
        id);
    assert_true(fake_holds(got, expected));
    assert_string_equal(got->etag, "\"1\"");
    (void)text_format(request, sizeof request, "PATCH /api/v1/settings/ranges/%s", id);
    got = fake_ask(a, request, "\"1\"", "{\"pickup_timeout\":60}");
    assert_int_equal(got->status, 200); /* the music stays */
    (void)text_format(request, sizeof request, "GET " MUSIC "/ranges/%s", id);
    assert_true(fake_holds(fake_ask(a, request, NULL, NULL), "own=true version=2"));
    (void)text_format(request, sizeof request, "GET /api/v1/settings/effective?range=Lobby");
    assert_true(fake_holds(fake_ask(a, request, NULL, NULL),
                           "sources.music.scope=range pickup_timeout=60"));
    /* Nothing but the music goes. */
    (void)text_format(request, sizeof request, "DELETE " MUSIC "/ranges/%s", id);
    assert_true(fake_holds(fake_ask(a, request, "\"2\"", NULL), "own=false from.scope=default"));
    (void)text_format(request, sizeof request, "GET /api/v1/settings/ranges/%s", id);
    assert_true(fake_holds(fake_ask(a, request, NULL, NULL), "pickup_timeout=60 version=3"));
}

static void a_dry_run_keeps_nothing(void **state)
{
    static const struct exchange table[] = {
        { "PUT " MUSIC "/global?dry_run=1&name=x.wav", "*", "a tune", 200,
          "own=true dry_run=true from.scope=global file.sha256=" A " version=0" },
        { "PUT " MUSIC "/global?dry_run=1", "*", "no tune", 422, NULL },
        { "GET " MUSIC "/global", NULL, NULL, 200, "own=false file=null" },
        { "PUT " MUSIC "/global", "*", "a tune", 200, "own=true" },
        { "DELETE " MUSIC "/global?dry_run=1", "*", NULL, 200, "dry_run=true" },
        { "GET " MUSIC "/global", NULL, NULL, 200, "own=true" },
    };
    struct app *a = *state;

    FAKE_EXCHANGES(a, table);
    assert_int_equal(a->music_count, 1);
}

static void what_is_wrong_is_said(void **state)
{
    static const struct exchange table[] = {
        { "PUT " MUSIC "/global", NULL, "a tune", 428, NULL },
        { "PUT " MUSIC "/global", "\"7\"", "a tune", 412, "current.own=false current.version=0" },
        { "DELETE " MUSIC "/global", NULL, NULL, 428, NULL },
        { "PUT " MUSIC "/global?name=x.txt", "*", "no tune", 422,
          "type=/api/problems/music-unreadable" },
        { "PUT " MUSIC "/global", "*", NULL, 422, "type=/api/problems/music-unreadable" },
        { "PUT " MUSIC "/global?name=a%0Ab", "*", "a tune", 422,
          "type=/api/problems/invalid-name" },
        { "PUT " MUSIC "/sites/nowhere", "*", "a tune", 404, NULL },
        { "PUT " MUSIC "/destinations/nowhere.example", "*", "a tune", 404, NULL },
        { "PUT " MUSIC "/ranges/rng_0000000000ABC", "*", "a tune", 404, NULL },
        { "GET " MUSIC "/ranges/Lobby/preview", NULL, NULL, 404, NULL },
        { "POST " MUSIC "/global", NULL, "a tune", 405, NULL },
        { "GET " MUSIC "/elsewhere", NULL, NULL, 404, NULL },
        { "GET " MUSIC "/global/file", NULL, NULL, 404, NULL },
        { "GET " MUSIC "/global?what=1", NULL, NULL, 400, NULL },
        /* Nobody names a file that is not there. */
        { "PATCH /api/v1/settings/global", "*", "{\"music\":\"hold.wav\"}", 422, NULL },
        { "GET " MUSIC "/global", NULL, NULL, 200, "own=false version=0" },
    };
    struct app *a = *state;
    const struct answer *got;

    FAKE_EXCHANGES(a, table);
    a->content_type = "multipart/form-data; boundary=x";
    got = fake_ask(a, "PUT " MUSIC "/global", "*", "a tune");
    assert_int_equal(got->status, 415);
    a->content_type = "audio/x-wav";
    a->music_status = MUSIC_STORE;
    assert_int_equal(fake_ask(a, "PUT " MUSIC "/global", "*", "a tune")->status, 503);
    a->music_status = MUSIC_BUSY;
    assert_int_equal(fake_ask(a, "PUT " MUSIC "/global", "*", "a tune")->status, 503);
    a->music_status = MUSIC_FINE;
    a->force = ADMIN_STORE;
    assert_int_equal(fake_ask(a, "PUT " MUSIC "/global", "*", "a tune")->status, 503);
    a->force = ADMIN_DONE;
    assert_true(fake_holds(fake_ask(a, "GET " MUSIC "/global", NULL, NULL), "own=false"));
}

static void it_can_be_heard_and_had_back(void **state)
{
    struct app *a = *state;
    const struct answer *got = fake_ask(a, "GET " MUSIC "/global/preview", NULL, NULL);

    assert_int_equal(got->status, 200);
    assert_string_equal(got->type, "audio/wav");
    assert_string_equal(got->body, "heard ");
    assert_string_equal(got->etag, ""); /* the configured file may be another tomorrow */
    assert_int_equal(
        fake_ask(a, "PUT " MUSIC "/global?name=h%22o%C3%BC.wav", "*", "a tune")->status, 200);
    got = fake_ask(a, "GET " MUSIC "/sites/Here/preview", NULL, NULL);
    assert_string_equal(got->body, "heard aaa");
    got = fake_ask(a, "GET " MUSIC "/sites/Here/file", NULL, NULL);
    assert_int_equal(got->status, 200);
    assert_string_equal(got->body, "file aaa");
    assert_string_equal(got->disposition, "attachment; filename=\"h_o__.wav\"");
    assert_string_equal(got->etag, "\"f-aaaaaaaaaaaaaaaaaaaaaaaa\"");
    a->if_none_match = "\"f-aaaaaaaaaaaaaaaaaaaaaaaa\"";
    assert_int_equal(fake_ask(a, "GET " MUSIC "/global/file", NULL, NULL)->status, 304);
    assert_int_equal(fake_ask(a, "GET " MUSIC "/global/preview", NULL, NULL)->status, 200);
    a->if_none_match = NULL;
    a->store_bad = true;
    assert_int_equal(fake_ask(a, "GET " MUSIC "/global/file", NULL, NULL)->status, 503);
    assert_int_equal(fake_ask(a, "GET " MUSIC "/global/preview", NULL, NULL)->status, 503);
}

/* Its row went, the setting did not. */
static void a_lost_file_is_said_to_be_lost(void **state)
{
    struct app *a = *state;

    assert_int_equal(fake_ask(a, "PUT " MUSIC "/global", "*", "a tune")->status, 200);
    a->music_count = 0;
    assert_true(fake_holds(fake_ask(a, "GET " MUSIC "/global", NULL, NULL),
                           "own=true file=null lost=true"));
    assert_string_equal(fake_ask(a, "GET " MUSIC "/global/preview", NULL, NULL)->body, "heard ");
    assert_int_equal(fake_ask(a, "GET " MUSIC "/global/file", NULL, NULL)->status, 404);
}

static void change_something(struct app *a)
{
    struct settings *s = &a->deployment.global;

    a->music_meanwhile = NULL;
    assert_int_equal(settings_set(s, SET_PICKUP_TIMEOUT, "45s", NULL), 0);
    s->version++;
}

static void remove_the_range(struct app *a)
{
    a->music_meanwhile = NULL;
    assert_true(ranges_remove(&a->deployment.ranges, a->deployment.ranges.at[0].id));
}

/* Reading a file takes a while. */
static void what_changes_meanwhile_is_kept(void **state)
{
    struct app *a = *state;
    char request[128];
    const struct answer *got;

    a->music_meanwhile = change_something;
    assert_int_equal(fake_ask(a, "PUT " MUSIC "/global", "*", "a tune")->status, 200);
    assert_true(fake_holds(fake_ask(a, "GET /api/v1/settings/global", NULL, NULL),
                           "pickup_timeout=45 music=" A));
    (void)text_format(request, sizeof request, "PUT " MUSIC "/ranges/%s", range_id_text(a));
    a->music_meanwhile = remove_the_range;
    got = fake_ask(a, request, "*", "bells");
    assert_int_equal(got->status, 404);
}

static void only_who_may_changes_it(void **state)
{
    static const struct {
        const char *user, *request;
        unsigned status;
    } rows[] = {
        { "vera", "GET " MUSIC "/global", 200 },
        { "vera", "GET " MUSIC "/sites/Here/preview", 200 },
        { "vera", "PUT " MUSIC "/global", 403 },
        { "vera", "DELETE " MUSIC "/sites/Here", 403 },
        { "otto", "GET " MUSIC "/global", 200 }, /* he inherits it */
        { "otto", "GET " MUSIC "/global/preview", 200 },
        { "otto", "PUT " MUSIC "/sites/Here", 200 },
        { "otto", "PUT " MUSIC "/global", 403 },
        { "otto", "GET " MUSIC "/sites/There", 403 },
        { "otto", "GET " MUSIC "/sites/There/file", 403 },
        { "otto", "PUT " MUSIC "/sites/There", 403 },
        { "otto", "DELETE " MUSIC "/global", 403 },
        { "", "GET " MUSIC "/global", 401 },
        { "", "PUT " MUSIC "/global", 401 },
    };
    struct app *a = *state;
    struct site there = { .name = "There", .version = 1 };

    assert_int_equal(deployment_put_site(&a->deployment, &there, NULL), 0);
    fake_user(a, "vera", ROLE_VIEWER, NULL);
    fake_user(a, "otto", ROLE_VOICE_ADMINISTRATOR, "Here");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned status;

        fake_sign_in(a, rows[i].user);
        a->content_type = "audio/wav";
        status =
            fake_ask(a, rows[i].request, "*", rows[i].request[0] == 'P' ? "a tune" : NULL)->status;
        if (status != rows[i].status)
            fail_msg("%s: %s gave %u", rows[i].user, rows[i].request, status);
    }
    assert_string_equal(a->music[0].uploaded_by, "otto");
}

#define FAKE_TEST(test) cmocka_unit_test_setup_teardown(test, fake_set_up, fake_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAKE_TEST(the_nearest_scope_says_it),      FAKE_TEST(a_range_has_its_own),
        FAKE_TEST(a_dry_run_keeps_nothing),        FAKE_TEST(what_is_wrong_is_said),
        FAKE_TEST(it_can_be_heard_and_had_back),   FAKE_TEST(a_lost_file_is_said_to_be_lost),
        FAKE_TEST(what_changes_meanwhile_is_kept), FAKE_TEST(only_who_may_changes_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

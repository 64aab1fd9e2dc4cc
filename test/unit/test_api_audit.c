/* What is written down of what people do, who may read it, and taking it back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_fake.h"
#include "base/text.h"

#define V1 "/api/v1"
#define R V1 "/number-ranges"
#define RANGE(name, start, end)                                                                    \
    "{\"name\":\"" name "\",\"start\":\"" start "\",\"end\":\"" end                                \
    "\",\"destination\":\"pool1.example.com\"}"

static unsigned ask(struct app *a, const char *request, const char *body)
{
    return fake_ask(a, request, "*", body)->status;
}

static const struct audit_entry *latest(const struct app *a)
{
    assert_true(a->audit_count > 0);
    return &a->audit[a->audit_count - 1];
}

static unsigned undo(struct app *a, uint64_t id, const char *query)
{
    char request[96];

    (void)text_format(request, sizeof request, "POST " V1 "/audit-events/%llu/undo%s",
                      (unsigned long long)id, query);
    return ask(a, request, NULL);
}

static int set_up(void **state)
{
    struct app *a;

    (void)fake_set_up(state);
    a = *state;
    fake_user(a, "anna", ROLE_ADMINISTRATOR, NULL);
    fake_sign_in(a, "anna");
    return 0;
}

/* ---- what is written down ---- */

static void before_and_after_are_kept(void **state)
{
    struct app *a = *state;

    assert_int_equal(ask(a, "POST " R, RANGE("Lobby", "4100", "4149")), 201);
    assert_string_equal(fake_noted(a), "range.created anna Lobby");
    assert_string_equal(latest(a)->before, "");
    assert_string_equal(latest(a)->after,
                        "{\"destination\":\"pool1.example.com\",\"end\":\"4149\","
                        "\"id\":\"rng_0000000000001\",\"name\":\"Lobby\",\"park_number\":null,"
                        "\"start\":\"4100\",\"state\":\"active\",\"type\":\"call_park\"}");
    assert_string_equal(latest(a)->subject_id, "rng_0000000000001");
    assert_true(text_starts(latest(a)->request, "req_"));
    assert_string_equal(latest(a)->source, "127.0.0.1");
    assert_int_equal(ask(a, "PATCH " R "/rng_0000000000001", "{\"name\":\"Hall\"}"), 200);
    assert_string_equal(fake_noted(a), "range.updated anna Hall");
    assert_non_null(strstr(latest(a)->before, "\"name\":\"Lobby\""));
    assert_non_null(strstr(latest(a)->after, "\"name\":\"Hall\""));
    assert_int_equal(ask(a, "PATCH " V1 "/settings/ranges/rng_0000000000001",
                         "{\"pickup_timeout\":30,\"announce\":false}"),
                     200);
    assert_string_equal(fake_noted(a), "settings.updated anna Hall");
    assert_string_equal(latest(a)->subject_id, "range:rng_0000000000001");
    assert_string_equal(latest(a)->before, "{}");
    assert_string_equal(latest(a)->after, "{\"announce\":\"off\",\"pickup_timeout\":30}");
    assert_int_equal(ask(a, "DELETE " R "/rng_0000000000001", NULL), 204);
    assert_string_equal(fake_noted(a), "range.deleted anna Hall");
    assert_string_equal(latest(a)->after, "");
    assert_non_null(strstr(latest(a)->before, "\"settings\":{\"announce\""));
    assert_int_equal(ask(a, "POST " V1 "/sites", "{\"name\":\"Bonn\"}"), 201);
    assert_string_equal(latest(a)->after, "{\"name\":\"Bonn\"}");
    assert_int_equal(ask(a, "DELETE " V1 "/sites/Bonn", NULL), 204);
    assert_string_equal(fake_noted(a), "site.deleted anna Bonn");
    assert_int_equal(ask(a, "POST " V1 "/destinations", "{\"fqdn\":\"p2.example.com\"}"), 201);
    assert_string_equal(fake_noted(a), "destination.created anna p2.example.com");
}

static void a_dry_run_is_no_act(void **state)
{
    struct app *a = *state;
    size_t before = a->audit_count;

    (void)ask(a, "POST " R "?dry_run=1", RANGE("Lobby", "4100", "4149"));
    (void)ask(a, "POST " V1 "/system/drain?dry_run=1", NULL);
    (void)ask(a, "DELETE " V1 "/sessions?user=anna&dry_run=1", NULL);
    (void)ask(a, "POST " R, RANGE("", "4100", "4149")); /* refused */
    assert_int_equal(a->audit_count, before);
}

static void music_has_a_name_of_its_own(void **state)
{
    struct app *a = *state;
    char body[160];

    (void)text_format(body, sizeof body, "{\"music\":\"%064d\"}", 7);
    assert_int_equal(ask(a, "PATCH " V1 "/settings/global", body), 200);
    assert_string_equal(fake_noted(a), "music.updated anna global");
    assert_string_equal(latest(a)->subject_id, "all");
    assert_int_equal(ask(a, "PATCH " V1 "/settings/global", "{\"music\":null,\"language\":\"de\"}"),
                     200);
    assert_string_equal(fake_noted(a), "settings.updated anna global");
}

static void what_people_do_to_calls_is_kept(void **state)
{
    struct app *a = *state;
    struct call *c;
    char request[128];

    (void)ask(a, "POST " R, RANGE("Lobby", "*7000", "*7009"));
    c = fake_park(a, "*7001", "+14255550100", "bob");
    (void)text_copy(c->note, sizeof c->note, "call +14255550100 back");
    (void)text_format(request, sizeof request, "GET " V1 "/parked-calls");
    (void)ask(a, request, NULL);
    (void)text_format(request, sizeof request, "POST " V1 "/parked-calls/%s/retrieve",
                      fake_at(a->answer.json, "items.0.id"));
    assert_int_equal(ask(a, request, "{\"to\":\"sip:+14255550177@example.com\"}"), 202);
    assert_string_equal(fake_noted(a), "call.retrieve anna *7001");
    assert_string_equal(latest(a)->after, "{\"to\":\"sip:+14255550177@example.com\"}");
    (void)text_format(request, sizeof request, "PATCH " V1 "/parked-calls/%s",
                      fake_at(a->answer.json, "id"));
    assert_int_equal(ask(a, request, "{\"note\":\"done\"}"), 202);
    assert_string_equal(fake_noted(a), "call.note anna *7001");
    assert_string_equal(latest(a)->before, "{\"note\":\"call +14255550100 back\"}");
    /* A viewer reads who did it, not whose number it was. */
    fake_user(a, "vic", ROLE_VIEWER, NULL);
    fake_sign_in(a, "vic");
    assert_int_equal(ask(a, "GET " V1 "/audit-events?action=call.", NULL), 200);
    assert_true(fake_holds(&a->answer, "total=2 items.0.action=call.note"));
    assert_null(strstr(a->answer.body, "4255550"));
    /* Of a text with six digits hidden the hash would tell them: there are but a million. */
    assert_true(fake_holds(&a->answer, "items.0.hash=null items.0.prev_hash=null"));
    assert_int_equal(ask(a, "GET " V1 "/audit-events:head", NULL), 200);
    assert_true(fake_holds(&a->answer, "hash=null"));
    fake_sign_in(a, "anna");
    (void)ask(a, "GET " V1 "/audit-events?action=call.", NULL);
    assert_non_null(strstr(a->answer.body, "+14255550177"));
}

static void what_is_done_to_the_server_is_kept(void **state)
{
    struct app *a = *state;

    assert_int_equal(ask(a, "POST " V1 "/system/drain", NULL), 200);
    assert_string_equal(fake_noted(a), "system.drain anna n1");
    assert_int_equal(ask(a, "POST " V1 "/system/undrain", NULL), 200);
    assert_string_equal(fake_noted(a), "system.undrain anna n1");
    assert_int_equal(ask(a, "POST " V1 "/system/reload", NULL), 200);
    assert_string_equal(fake_noted(a), "system.reload anna n1");
    assert_int_equal(ask(a, "POST " V1 "/system/backup", "{\"path\":\"/tmp/b\"}"), 200);
    assert_string_equal(latest(a)->after, "{\"path\":\"/tmp/b\"}");
}

/* ---- reading ---- */

static void the_trail_is_read(void **state)
{
    struct app *a = *state;
    char request[128];

    for (unsigned i = 0; i < 5; i++) {
        (void)text_format(request, sizeof request, "{\"name\":\"Site %u\"}", i);
        (void)ask(a, "POST " V1 "/sites", request);
    }
    assert_int_equal(ask(a, "GET " V1 "/audit-events?limit=2", NULL), 200);
    assert_true(fake_holds(&a->answer, "total=5 items=[2] items.0.id=5 items.0.undoable=false "
                                       "items.0.before=null items.0.after=[1]"));
    (void)text_format(request, sizeof request, "GET " V1 "/audit-events?limit=2&cursor=%s",
                      fake_at(a->answer.json, "next_cursor"));
    assert_int_equal(ask(a, request, NULL), 200);
    assert_true(fake_holds(&a->answer, "items.0.id=3 items.1.id=2"));
    assert_int_equal(ask(a, "GET " V1 "/audit-events/4", NULL), 200);
    assert_true(fake_holds(&a->answer, "id=4 action=site.created"));
    assert_int_equal(strlen(fake_at(a->answer.json, "hash")), 64);
    assert_int_equal(ask(a, "GET " V1 "/audit-events/99", NULL), 404);
    assert_int_equal(ask(a, "GET " V1 "/audit-events/x", NULL), 404);
    assert_int_equal(ask(a, "GET " V1 "/audit-events:head", NULL), 200);
    assert_true(fake_holds(&a->answer, "id=5 count=5"));
    assert_int_equal(ask(a, "GET " V1 "/audit-events?format=ndjson&fields=id", NULL), 200);
    assert_string_equal(a->answer.type, "application/x-ndjson");
    assert_true(text_starts(a->answer.body, "{\"id\":5}\n{\"id\":4}\n"));
    assert_int_equal(ask(a, "GET " V1 "/audit-events?since=yesterday", NULL), 400);
    assert_int_equal(ask(a, "GET " V1 "/audit-events?format=csv", NULL), 400);
    (void)ask(a,
              "GET " V1 "/audit-events?actor=Anna&action=site.&subject=x&q=y&since="
              "2026-11-23T14:00:00Z",
              NULL);
    assert_string_equal(a->query.actor, "Anna");
    assert_string_equal(a->query.action, "site.");
    assert_string_equal(a->query.subject, "x");
    assert_string_equal(a->query.words, "y");
    assert_true(a->query.since > 0);
    a->store_bad = true;
    assert_int_equal(ask(a, "GET " V1 "/audit-events", NULL), 503);
    assert_int_equal(ask(a, "GET " V1 "/audit-events/1", NULL), 503);
    assert_int_equal(ask(a, "GET " V1 "/audit-events:head", NULL), 503);
    assert_int_equal(undo(a, 1, ""), 503);
}

static void not_everybody_reads_it(void **state)
{
    struct app *a = *state;

    fake_user(a, "att", ROLE_ATTENDANT, NULL);
    fake_user(a, "local", ROLE_VIEWER, "Here");
    fake_sign_in(a, "att");
    assert_int_equal(ask(a, "GET " V1 "/audit-events", NULL), 403);
    fake_sign_in(a, "local");
    assert_int_equal(ask(a, "GET " V1 "/audit-events", NULL), 403);
    assert_true(fake_holds(&a->answer, "required=audit.read"));
}

/* ---- undo ---- */

static void a_change_of_a_range_is_taken_back(void **state)
{
    struct app *a = *state;

    (void)ask(a, "POST " R, RANGE("Lobby", "4100", "4149"));              /* 1 */
    (void)ask(a, "PATCH " R "/rng_0000000000001", "{\"name\":\"Hall\"}"); /* 2 */
    assert_int_equal(undo(a, 2, "?dry_run=true"), 200);
    assert_true(fake_holds(&a->answer, "undone=2 dry_run=true result.name=Lobby"));
    assert_string_equal(a->deployment.ranges.at[0].name, "Hall");
    assert_int_equal(undo(a, 2, ""), 200); /* 3 */
    assert_true(fake_holds(&a->answer, "undone=2 result.name=Lobby"));
    assert_string_equal(fake_noted(a), "range.updated anna Lobby");
    assert_int_equal(undo(a, 2, ""), 409); /* what is there is not what it had made */
    assert_true(fake_holds(&a->answer, "type=/api/problems/undo-conflict current.name=Lobby "
                                       "before.name=Lobby"));
    assert_int_equal(undo(a, 3, ""), 200); /* 4: taking back can be taken back */
    assert_string_equal(a->deployment.ranges.at[0].name, "Hall");
    (void)ask(a, "PATCH " R "/rng_0000000000001", "{\"end\":\"4159\"}"); /* 5 */
    assert_int_equal(undo(a, 2, ""), 409);
    assert_int_equal(undo(a, 2, "?force=true"), 200); /* 6 */
    assert_string_equal(a->deployment.ranges.at[0].name, "Lobby");
    assert_int_equal(a->deployment.ranges.at[0].last, number_read("4149", NULL));
    assert_int_equal(undo(a, 2, "?force=perhaps"), 400);
    assert_int_equal(undo(a, 1, ""), 200); /* 7: made, so taken away */
    assert_int_equal(a->deployment.ranges.count, 0);
    assert_true(fake_holds(&a->answer, "result=null"));
    assert_int_equal(undo(a, 1, ""), 409);
    assert_int_equal(undo(a, 1, "?force=true"), 409); /* there is nothing to take away */
    assert_int_equal(undo(a, 7, ""), 200);            /* and made again, under a new id */
    assert_true(fake_holds(&a->answer, "result.name=Lobby result.id=rng_0000000000002"));
}

static void a_range_comes_back_with_its_settings(void **state)
{
    struct app *a = *state;

    (void)ask(a, "POST " R, RANGE("Lobby", "4100", "4149"));
    (void)ask(a, "PATCH " V1 "/settings/ranges/rng_0000000000001",
              "{\"pickup_timeout\":30,\"timeout_uri\":\"sip:9@example.com\",\"announce\":true}");
    (void)ask(a, "DELETE " R "/rng_0000000000001", NULL);
    assert_int_equal(undo(a, 3, ""), 200);
    assert_true(fake_holds(&a->answer, "undone=3 result.id=rng_0000000000002 result.name=Lobby"));
    assert_int_equal(ask(a, "GET " V1 "/settings/ranges/rng_0000000000002", NULL), 200);
    assert_true(fake_holds(&a->answer, "pickup_timeout=30 timeout_uri=sip:9@example.com"));
    /* In between somebody else took the numbers: the core says so. */
    (void)ask(a, "DELETE " R "/rng_0000000000002", NULL);
    (void)ask(a, "POST " R, RANGE("Other", "4149", "4150"));
    assert_int_equal(undo(a, 3, ""), 409);
    assert_true(fake_holds(&a->answer, "type=/api/problems/range-overlap"));
}

static void a_change_of_settings_is_taken_back(void **state)
{
    static const struct {
        const char *path, *one, *two;
    } scopes[] = {
        { V1 "/settings/global", "{\"pickup_timeout\":30}", "{\"pickup_timeout\":40}" },
        { V1 "/settings/sites/Here", "{\"language\":\"de\"}", "{\"language\":\"en\"}" },
        { V1 "/settings/destinations/pool1.example.com", "{\"announce\":true}",
          "{\"announce\":false}" },
    };
    struct app *a = *state;
    char request[128];

    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
        json_t *was;

        (void)text_format(request, sizeof request, "PATCH %s", scopes[i].path);
        assert_int_equal(ask(a, request, scopes[i].one), 200);
        was = json_incref(a->answer.json);
        assert_int_equal(ask(a, request, scopes[i].two), 200);
        assert_int_equal(undo(a, a->audit_count, ""), 200);
        (void)text_format(request, sizeof request, "GET %s", scopes[i].path);
        assert_int_equal(ask(a, request, NULL), 200);
        (void)json_object_del(was, "version");
        (void)json_object_del(a->answer.json, "version");
        assert_true(json_equal(was, a->answer.json));
        json_decref(was);
    }
    (void)ask(a, "PATCH " V1 "/settings/global", "{\"ring_time\":20}");
    assert_int_equal(undo(a, 1, ""), 409);
    assert_true(fake_holds(&a->answer, "current.ring_time=20 before=[0]"));
    assert_int_equal(undo(a, 1, "?force=true"), 200);
    assert_true(fake_holds(&a->answer, "result=[0]"));
}

static void not_everything_can_be_taken_back(void **state)
{
    struct app *a = *state;

    (void)ask(a, "POST " V1 "/users", "{\"name\":\"bert\"}");
    assert_int_equal(undo(a, 1, ""), 409);
    assert_true(fake_holds(&a->answer, "type=/api/problems/not-undoable"));
    assert_int_equal(undo(a, 77, ""), 404);
    assert_int_equal(ask(a, "POST " V1 "/audit-events/x/undo", NULL), 404);
    /* The site is gone: there is no place for its settings. */
    (void)ask(a, "POST " V1 "/sites", "{\"name\":\"Bonn\"}");
    (void)ask(a, "PATCH " V1 "/settings/sites/Bonn", "{\"language\":\"de\"}");
    (void)ask(a, "DELETE " V1 "/sites/Bonn", NULL);
    assert_int_equal(undo(a, 3, "?force=true"), 409);
    /* An entry that did not fit says so and is left alone. */
    (void)text_copy(a->audit[2].after, sizeof a->audit[2].after, "{\"too_long\":true}");
    assert_int_equal(undo(a, 3, ""), 409);
    assert_true(fake_holds(&a->answer, "type=/api/problems/not-undoable"));
}

/* Who may read the trail may not write by way of it. */
static void undo_takes_the_right_to_change_it(void **state)
{
    struct app *a = *state;

    (void)ask(a, "POST " R, RANGE("Lobby", "4100", "4149"));
    (void)ask(a, "PATCH " V1 "/settings/global", "{\"ring_time\":20}");
    (void)ask(a, "PATCH " R "/rng_0000000000001", "{\"name\":\"Hall\"}");
    fake_user(a, "vic", ROLE_VIEWER, NULL);
    fake_sign_in(a, "vic");
    assert_int_equal(undo(a, 1, "?force=true"), 403);
    assert_true(fake_holds(&a->answer, "required=ranges.write"));
    assert_int_equal(undo(a, 2, ""), 403);
    assert_true(fake_holds(&a->answer, "required=settings.write"));
    assert_int_equal(undo(a, 1, "?dry_run=true&force=true"), 403);
    assert_int_equal(undo(a, 3, ""), 403);
    assert_int_equal(a->deployment.ranges.count, 1);
}

/* A range that comes back brings its settings, so it takes both rights. */
static void undo_gives_no_settings_to_who_may_not(void **state)
{
    struct app *a = *state;
    char bearer[80];

    (void)ask(a, "POST " R, RANGE("Lobby", "4100", "4149"));
    (void)ask(a, "PATCH " V1 "/settings/ranges/rng_0000000000001", "{\"pickup_timeout\":30}");
    (void)ask(a, "DELETE " R "/rng_0000000000001", NULL);
    assert_int_equal(ask(a, "POST " V1 "/tokens",
                         "{\"name\":\"t\",\"permissions\":[\"audit.read\",\"ranges.write\"]}"),
                     201);
    (void)text_format(bearer, sizeof bearer, "Bearer %s", fake_at(a->answer.json, "token"));
    fake_sign_in(a, "");
    a->authorization = bearer;
    assert_int_equal(undo(a, 3, "?dry_run=true"), 403);
    assert_int_equal(undo(a, 3, ""), 403);
    assert_true(fake_holds(&a->answer, "required=settings.write"));
    assert_int_equal(a->deployment.ranges.count, 0);
}

/* ---- the pages about problems ---- */

static void a_problem_has_a_page(void **state)
{
    struct app *a = *state;

    a->accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    assert_int_equal(ask(a, "GET /api/problems/undo-conflict", NULL), 200);
    assert_string_equal(a->answer.type, "text/html; charset=utf-8");
    assert_non_null(strstr(a->answer.body, "<h1>It has been changed again</h1>"));
    assert_null(strstr(a->answer.body, "<script"));
    a->accept = "application/json";
    assert_int_equal(ask(a, "GET /api/problems/undo-conflict", NULL), 200);
    assert_true(fake_holds(&a->answer, "type=/api/problems/undo-conflict status=409"));
    a->accept = NULL;
    assert_int_equal(ask(a, "GET /api/problems/undo-conflict", NULL), 200);
    assert_string_equal(a->answer.type, "text/plain; charset=utf-8");
    assert_int_equal(ask(a, "GET /api/problems/%3Cb%3E", NULL), 404);
}

#define WITH_APP(test) cmocka_unit_test_setup_teardown(test, set_up, fake_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_APP(before_and_after_are_kept),
        WITH_APP(a_dry_run_is_no_act),
        WITH_APP(music_has_a_name_of_its_own),
        WITH_APP(what_people_do_to_calls_is_kept),
        WITH_APP(what_is_done_to_the_server_is_kept),
        WITH_APP(the_trail_is_read),
        WITH_APP(not_everybody_reads_it),
        WITH_APP(a_change_of_a_range_is_taken_back),
        WITH_APP(a_range_comes_back_with_its_settings),
        WITH_APP(a_change_of_settings_is_taken_back),
        WITH_APP(not_everything_can_be_taken_back),
        WITH_APP(undo_takes_the_right_to_change_it),
        WITH_APP(undo_gives_no_settings_to_who_may_not),
        WITH_APP(a_problem_has_a_page),
    };

    return cmocka_run_group_tests_name("api_audit", tests, NULL, NULL);
}

/* The whole configuration as a document: out, in again, and only what differs is changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "api_fake.h"
#include "base/text.h"

#define DEFINITIONS "/api/v1/definitions"
#define HEAD "{\"format\":\"callpark-definitions\",\"version\":1"
#define POOL "\"destination\":\"pool1.example.com\""

static void put(struct app *a, const char *query, const char *document, unsigned status,
                const char *expected)
{
    char request[128];

    (void)text_format(request, sizeof request, "PUT " DEFINITIONS "%s", query);
    (void)fake_ask(a, request, NULL, document);
    if (a->answer.status != status)
        fail_msg("%s gave %u: %s", document, a->answer.status, a->answer.body);
    assert_true(!expected || fake_holds(&a->answer, expected));
}

static void fill(struct app *a)
{
    put(a, "",
        HEAD ",\"sites\":[{\"name\":\"Here\"},{\"name\":\"Berlin\",\"settings\":{\"pickup_"
             "timeout\":90}}],"
             "\"destinations\":[{\"fqdn\":\"pool1.example.com\",\"site\":\"Here\"},"
             "{\"fqdn\":\"pool2.example.com\",\"site\":\"Berlin\",\"settings\":{\"music_on_hold\":"
             "\"off\"}}],"
             "\"ranges\":[{\"name\":\"Front desk\",\"start\":\"*7000\",\"end\":\"*7099\"," POOL
             ",\"settings\":{\"allocation\":\"lowest\"}},"
             "{\"name\":\"Sales\",\"start\":\"4100\",\"end\":\"4149\","
             "\"destination\":\"pool2.example.com\",\"park_number\":\"4099\"}],"
             "\"settings\":{\"max_pickup_attempts\":2},"
             "\"users\":[{\"name\":\"anna\",\"phone\":\"sip:101@example.com\",\"roles\":["
             "{\"role\":\"administrator\",\"scope\":\"all\"},"
             "{\"role\":\"attendant\",\"scope\":\"range:Front desk\"}],"
             "\"password_hash\":\"$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA\"}]}",
        200, "applied=true dry_run=false");
}

static void what_is_exported_is_there_already(void **state)
{
    struct app *a = *state;
    char *document;

    fill(a);
    assert_int_equal(a->access.user_count, 1);
    assert_int_equal(a->access.binding_count, 2);
    (void)fake_ask(a, "GET " DEFINITIONS "?secrets=true", NULL, NULL);
    assert_true(fake_holds(
        &a->answer,
        "format=callpark-definitions version=1 node=n1 sites=[2] destinations=[2] ranges=[2] "
        "ranges.0.name=Sales ranges.0.park_number=4099 ranges.1.settings.allocation=lowest "
        "settings.max_pickup_attempts=2 sites.0.name=Here sites.1.settings.pickup_timeout=90 "
        "users.0.roles=[2] users.0.roles.1.role=attendant tokens=[0]"));
    assert_non_null(strstr(a->answer.body, "range:Front desk"));
    assert_non_null(strstr(a->answer.body, "$argon2id$"));
    document = strdup(a->answer.body);
    put(a, "?prune=true", document, 200, "changes=[0] applied=true");
    put(a, "?mode=create-missing", document, 200, "changes=[0]");
    free(document);
    (void)fake_ask(a, "GET " DEFINITIONS, NULL, NULL);
    assert_null(strstr(a->answer.body, "$argon2id$"));
    assert_true(fake_holds(&a->answer, "users.0.name=anna tokens="));
}

/* Each file once, however many settings name it; what is in it only when asked for. */
static void music_is_listed_and_its_data_on_demand(void **state)
{
    struct app *a = *state;

    fill(a);
    (void)fake_ask(a, "PUT /api/v1/music/global?name=a.wav", "*", "abc");
    (void)fake_ask(a, "PUT /api/v1/music/sites/Berlin?name=a.wav", "*", "abc");
    (void)fake_ask(a, "PUT /api/v1/music/destinations/pool1.example.com?name=b.wav", "*", "bcd");
    assert_int_equal(a->answer.status, 200);
    (void)fake_ask(a, "GET " DEFINITIONS, NULL, NULL);
    assert_true(fake_holds(&a->answer, "music=[2] music.0.name=a.wav music.0.type=audio/wav "
                                       "music.1.name=b.wav music.0.data="));
    (void)fake_ask(a, "GET " DEFINITIONS "?music=true", NULL, NULL);
    assert_int_equal(a->answer.status, 200);
    assert_true(fake_holds(&a->answer, "music=[2] ranges=[2] music.0.data=ZmlsZSBhYWE= "
                                       "music.1.data=ZmlsZSBiYmI="));
}

static void music_that_cannot_be_had_is_said(void **state)
{
    struct app *a = *state;

    fill(a);
    (void)fake_ask(a, "PUT /api/v1/music/global?name=a.wav", "*", "abc");
    a->store_bad = true;
    (void)fake_ask(a, "GET " DEFINITIONS "?music=true", NULL, NULL);
    assert_int_equal(a->answer.status, 503);
    assert_non_null(strstr(a->answer.body, "'a.wav' cannot be had: the disk is full"));
    a->store_bad = false;
    a->music[0].bytes = (64u << 20) + 1;
    (void)fake_ask(a, "GET " DEFINITIONS "?music=true", NULL, NULL);
    assert_int_equal(a->answer.status, 409);
    assert_true(fake_holds(&a->answer, "type=/api/problems/music-too-large"));
    assert_non_null(strstr(a->answer.body, "65 MiB"));
    a->music[0].bytes = 64u << 20;
    (void)fake_ask(a, "GET " DEFINITIONS "?music=true", NULL, NULL);
    assert_int_equal(a->answer.status, 200);
}

#define ALL_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NAMES_A HEAD ",\"settings\":{\"music\":\"" ALL_A "\"}"

static void music_in_a_document_is_stored_first(void **state)
{
    struct app *a = *state;

    fill(a);
    put(a, "?dry_run=true",
        NAMES_A ",\"music\":[{\"sha256\":\"" ALL_A "\",\"name\":\"a.wav\",\"data\":\"YWJj\"}]}",
        200, "dry_run=true changes=[1] changes.0.after.music=" ALL_A);
    assert_int_equal(a->music_count, 0);
    put(a, "",
        NAMES_A ",\"music\":[{\"sha256\":\"" ALL_A "\",\"name\":\"a.wav\",\"data\":\"YWJj\"}]}",
        200, "applied=true changes=[1]");
    assert_int_equal(a->music_count, 1);
    assert_string_equal(a->music[0].name, "a.wav");
    assert_int_equal(a->music[0].bytes, 3);
    assert_string_equal(a->deployment.global.values.music, ALL_A);
}

static void music_that_is_wrong_changes_nothing(void **state)
{
    // clang-format off
    static const struct { const char *file, *expected; unsigned status; } cases[] = {
        { "{\"sha256\":\"" ALL_A "\",\"data\":\"Y*\"}", "errors.0.pointer=/music/0/data", 422 },
        { "{\"sha256\":\"" ALL_A "\",\"data\":\"YmNk\"}", "errors.0.pointer=/music/0 type=/api/problems/invalid-value", 422 },
        { "{\"sha256\":\"" ALL_A "\",\"data\":\"bm8=\"}", "errors.0.pointer=/music/0 type=/api/problems/music-unreadable", 422 },
        { "{\"data\":\"YWJj\"}", "errors.0.pointer=/music/0/sha256", 422 },
        { "{\"sha256\":\"" ALL_A "\",\"date\":\"YWJj\"}", "errors.0.pointer=/music/0/date", 400 },
    };
    // clang-format on
    struct app *a = *state;
    char document[1024];

    fill(a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)text_format(document, sizeof document, NAMES_A ",\"music\":[%s]}", cases[i].file);
        put(a, "", document, cases[i].status, cases[i].expected);
        assert_false(a->deployment.global.set & UINT32_C(1) << SET_MUSIC);
    }
}

static void a_dry_run_changes_nothing(void **state)
{
    struct app *a = *state;

    put(a, "?dry_run=1",
        HEAD ",\"ranges\":[{\"name\":\"Lobby\",\"start\":\"700\",\"end\":\"709\"," POOL "}]}", 200,
        "dry_run=true applied=false changes=[1] changes.0.action=create changes.0.kind=range "
        "changes.0.name=Lobby changes.0.before=null changes.0.after.end=709");
    assert_int_equal(a->deployment.ranges.count, 0);
}

static void only_what_differs_is_changed(void **state)
{
    struct app *a = *state;

    fill(a);
    put(a, "", HEAD ",\"ranges\":[{\"name\":\"sales\",\"end\":\"4199\"}]}", 200,
        "changes=[1] changes.0.action=update changes.0.before.end=4149 changes.0.after.end=4199");
    put(a, "", HEAD ",\"settings\":{\"max_pickup_attempts\":3}}", 200,
        "changes=[1] changes.0.kind=settings changes.0.name=global "
        "changes.0.before.max_pickup_attempts=2");
    /* Only what is missing: the global setting that is there stays. */
    put(a, "?mode=create-missing",
        HEAD ",\"settings\":{\"max_pickup_attempts\":4,\"ring_time\":15},"
             "\"ranges\":[{\"name\":\"Sales\",\"end\":\"4188\"}]}",
        200, "changes=[1] changes.0.after.max_pickup_attempts=3 changes.0.after.ring_time=15");
    put(a, "", HEAD ",\"users\":[{\"name\":\"anna\",\"disabled\":false,\"phone\":null}]}", 200,
        "changes=[1] changes.0.kind=user changes.0.action=update");
    assert_int_equal(a->access.binding_count, 2); /* it does not speak of roles */
}

static void what_is_not_named_goes_when_asked(void **state)
{
    struct app *a = *state;

    fill(a);
    put(a, "?prune=true", HEAD ",\"ranges\":[{\"name\":\"Sales\"}]}", 200,
        "changes=[1] changes.0.action=delete changes.0.kind=range");
    assert_int_equal(a->deployment.ranges.count, 1);
    assert_int_equal(a->access.user_count, 1); /* it does not speak of users */
    put(a, "?prune=true", HEAD ",\"ranges\":[],\"destinations\":[],\"sites\":[]}", 200,
        "changes=[3] notes=[2]");
    assert_int_equal(a->deployment.destination_count, 1); /* the node's own */
    assert_int_equal(a->deployment.site_count, 1);
    put(a, "?prune=true", HEAD ",\"users\":[]}", 409, NULL); /* the last administrator */
}

/* One takes what another has just left, whichever stands first. */
static void numbers_pass_from_one_to_another(void **state)
{
    struct app *a = *state;

    put(a, "",
        HEAD ",\"ranges\":[{\"name\":\"A\",\"start\":\"700\",\"end\":\"709\"," POOL "},"
             "{\"name\":\"B\",\"start\":\"710\",\"end\":\"719\"," POOL "}]}",
        200, "changes=[2]");
    put(a, "?prune=true",
        HEAD ",\"ranges\":[{\"name\":\"A\",\"start\":\"710\",\"end\":\"719\"},"
             "{\"name\":\"B\",\"start\":\"720\",\"end\":\"729\"},"
             "{\"name\":\"C\",\"start\":\"700\",\"end\":\"709\"," POOL "}]}",
        200, "changes=[3] applied=true");
}

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *document;
        unsigned status;
        const char *pointer;
    } table[] = {
        { "{}", 422, "/format" },
        { "{\"format\":\"something\",\"version\":1}", 422, "/format" },
        { "{\"format\":\"callpark-definitions\",\"version\":2}", 422, "/version" },
        { HEAD ",\"rangs\":[]}", 400, "/rangs" },
        { HEAD ",\"ranges\":{}}", 400, "/ranges" },
        { HEAD ",\"ranges\":[7]}", 400, "/ranges/0" },
        { HEAD ",\"ranges\":[{\"name\":\"A\",\"start\":\"7x\",\"end\":\"709\"," POOL "}]}", 422,
          "/ranges/0/start" },
        { HEAD ",\"ranges\":[{\"name\":\"A\",\"start\":\"700\"," POOL "}]}", 422, "/ranges/0/end" },
        { HEAD ",\"settings\":{\"pickup_timeout\":1}}", 422, "/settings/pickup_timeout" },
        { HEAD ",\"settings\":{\"pickup\":90}}", 400, "/settings/pickup" },
        { HEAD ",\"sites\":[{\"name\":\"Here\",\"settings\":{\"ring_time\":\"x\"}}]}", 422,
          "/sites/0/settings/ring_time" },
        { HEAD ",\"users\":[{\"name\":\"a b\"}]}", 422, "/users/0/name" },
        { HEAD ",\"users\":[{\"name\":\"a\",\"roles\":[{\"role\":\"king\",\"scope\":\"all\"}]}]}",
          422, "/users/0/roles/0/role" },
        { HEAD ",\"users\":[{\"name\":\"a\",\"roles\":[{\"role\":\"viewer\",\"scope\":\"x\"}]}]}",
          422, "/users/0/roles/0/scope" },
        { HEAD ",\"users\":[{\"name\":\"a\",\"password_hash\":\"plain\"}]}", 422,
          "/users/0/password_hash" },
        { HEAD ",\"tokens\":[{\"name\":\"a\",\"user\":\"a\",\"hash\":\"00\"}]}", 422,
          "/tokens/0/hash" },
        { HEAD ",\"ranges\":[{\"name\":\"A\",\"start\":\"700\",\"end\":\"709\","
               "\"destination\":\"nowhere.example.com\"}]}",
          422, "" },
    };
    struct app *a = *state;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        put(a, "", table[i].document, table[i].status, NULL);
        if (strcmp(fake_at(a->answer.json, "errors.0.pointer"), table[i].pointer) != 0)
            fail_msg("%s: %s", table[i].document, a->answer.body);
        assert_int_equal(a->deployment.ranges.count, 0);
    }
}

/* Hashes and accounts are for those who may give accounts. */
static void it_takes_more_to_see_secrets(void **state)
{
    struct app *a = *state;

    fake_user(a, "otto", ROLE_VOICE_ADMINISTRATOR, NULL);
    fake_sign_in(a, "otto");
    assert_int_equal(fake_ask(a, "GET " DEFINITIONS, NULL, NULL)->status, 403);
    put(a, "", HEAD "}", 403, "required=definitions.write");
}

static void use_token(struct app *a, const char *permissions)
{
    static char bearer[80];
    char body[256];

    a->by_tcp = false; /* made by root */
    (void)text_format(body, sizeof body, "{\"name\":\"t\",\"user\":\"anna\",\"permissions\":[%s]}",
                      permissions);
    assert_int_equal(fake_ask(a, "POST /api/v1/tokens", NULL, body)->status, 201);
    (void)text_format(bearer, sizeof bearer, "Bearer %s", fake_at(a->answer.json, "token"));
    a->by_tcp = true;
    a->authorization = bearer;
}

/* A token that may give accounts, but little else, makes no administrator by a document. */
static void a_document_is_no_way_to_a_great_right(void **state)
{
#define ADMIN_ROLE "\"roles\":[{\"role\":\"administrator\",\"scope\":\"all\"}]"
#define HASH "\"password_hash\":\"$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaB\""
#define TOKEN_HASH "\"hash\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\""
    static const char *const documents[] = {
        HEAD ",\"users\":[{\"name\":\"mallory\"," ADMIN_ROLE "}]}",
        HEAD ",\"users\":[{\"name\":\"anna\"," HASH "}]}",
        HEAD ",\"users\":[{\"name\":\"anna\",\"disabled\":true}]}",
        HEAD ",\"users\":[{\"name\":\"anna\",\"roles\":[]}]}",
        HEAD ",\"tokens\":[{\"name\":\"x\",\"user\":\"Anna\"," TOKEN_HASH "}]}",
    };
    struct app *a = *state;

    fake_user(a, "anna", ROLE_ADMINISTRATOR, NULL);
    fake_user(a, "bert", ROLES, NULL);
    use_token(a, "\"definitions.read\",\"definitions.write\",\"users.write\"");
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        put(a, "", documents[i], 403, "type=/api/problems/not-permitted");
        put(a, "?dry_run=1", documents[i], 403, NULL);
    }
    put(a, "?prune=true", HEAD ",\"users\":[{\"name\":\"bert\"}]}", 403, NULL);
    put(a, "", HEAD ",\"users\":[{\"name\":\"bert\",\"disabled\":true}]}", 200, "changes=[1]");
    assert_int_equal(fake_ask(a, "GET " DEFINITIONS "?secrets=true", NULL, NULL)->status, 403);
    assert_int_equal(fake_ask(a, "GET " DEFINITIONS, NULL, NULL)->status, 200);
    fake_sign_in(a, "anna");
    put(a, "", documents[0], 200, "changes=[2]");
}

/* As everywhere: who knew the old one is out. */
static void a_password_in_a_document_ends_the_sessions(void **state)
{
    struct app *a = *state;

    fake_user(a, "anna", ROLE_ADMINISTRATOR, NULL);
    fake_user(a, "bert", ROLE_VIEWER, NULL);
    fake_sign_in(a, "bert");
    fake_sign_in(a, "anna");
    put(a, "?dry_run=1", HEAD ",\"users\":[{\"name\":\"bert\"," HASH "}]}", 200, NULL);
    assert_int_equal(a->login_count, 2);
    put(a, "", HEAD ",\"users\":[{\"name\":\"bert\"," HASH "},{\"name\":\"anna\"," HASH "}]}", 200,
        "changes=[2] changes.0.after.password_changed=true");
    assert_int_equal(a->login_count, 1);
    assert_string_equal(a->logins[0].login.user, "anna");
}

static void what_is_wrong_with_people_is_named(void **state)
{
    static const char *const wrong[][2] = {
        { "\"users\":[{\"name\":\"bert\",\"phone\":\"no phone\"}]",
          "errors.0.pointer=/users/0/phone" },
        { "\"users\":[{\"name\":\"bert@proxy\"}]", "errors.0.pointer=/users/0/name" },
        { "\"users\":[{\"name\":\"bert\"}],\"tokens\":[{\"name\":\"a\\nb\",\"user\":"
          "\"bert\"," TOKEN_HASH "}]",
          "errors.0.pointer=/tokens/0/name" },
        { "\"users\":[{\"name\":\"bert\"}],\"tokens\":[{\"name\":\"t\",\"user\":\"bert\","
          "\"networks\":\"10.0.0.0/8,here\"," TOKEN_HASH "}]",
          "errors.0.pointer=/tokens/0/networks" },
    };
    struct app *a = *state;
    char document[512];

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        (void)text_format(document, sizeof document, HEAD ",%s}", wrong[i][0]);
        put(a, "", document, 422, wrong[i][1]);
    }
}

#define RESTORE "/api/v1/system/restore"
#define FILE_THERE "{\"path\":\"/var/backups/callpark.db\"}"

static void a_backup_is_made_so(void **state)
{
    struct app *a = *state;
    struct fake_backup *backup = calloc(1, sizeof *backup);

    assert_non_null(backup);
    fill(a);
    backup->deployment = a->deployment;
    backup->access = a->access;
    put(a, "?prune=true",
        HEAD
        ",\"settings\":{},\"ranges\":[{\"name\":\"New\",\"start\":\"700\",\"end\":\"709\"," POOL
        "}],\"users\":[{\"name\":\"bert\",\"roles\":[{\"role\":\"administrator\",\"scope\":\"all\"}"
        "]}]}",
        200, NULL);
    assert_int_equal(fake_ask(a, "POST " RESTORE, NULL, FILE_THERE)->status, 422);
    assert_true(fake_holds(&a->answer, "type=/api/problems/backup-unreadable"));
    a->backup = backup;
    (void)fake_ask(a, "POST " RESTORE "?dry_run=1", NULL, FILE_THERE);
    assert_true(fake_holds(&a->answer, "dry_run=true applied=false"));
    assert_int_equal(a->deployment.ranges.count, 1);
    assert_int_equal(a->merges, 0);
    (void)fake_ask(a, "POST " RESTORE, NULL, FILE_THERE);
    assert_int_equal(a->answer.status, 200);
    assert_true(fake_holds(&a->answer, "dry_run=false applied=true"));
    assert_int_equal(a->merges, 1);
    assert_int_equal(a->deployment.ranges.count, 2);
    assert_int_equal(a->deployment.global.values.max_pickup_attempts, 2);
    assert_non_null(access_user(&a->access, "anna"));
    assert_null(access_user(&a->access, "bert"));
    assert_int_equal(a->access.binding_count, 2);
    (void)fake_ask(a, "POST " RESTORE, NULL, FILE_THERE);
    assert_true(fake_holds(&a->answer, "changes=[0]"));
    assert_int_equal(fake_ask(a, "POST " RESTORE, NULL, "{\"path\":\"here.db\"}")->status, 422);
    /* One in which nobody may administer is refused before anything is taken from it. */
    memset(&backup->access, 0, sizeof backup->access);
    a->merges = 0;
    assert_int_equal(fake_ask(a, "POST " RESTORE, NULL, FILE_THERE)->status, 409);
    assert_int_equal(a->merges, 0);
    free(backup);
}

static void a_file_holds_from_the_start(void **state)
{
    static const char text[] =
        HEAD ",\"ranges\":[{\"name\":\"Lobby\",\"start\":\"700\",\"end\":\"709\"," POOL "}]}";
    char path[] = "/tmp/callpark-test-XXXXXX";
    struct app *a = *state;
    int fd = mkstemp(path);

    assert_true(fd >= 0 && write(fd, text, sizeof text - 1) == sizeof text - 1);
    (void)close(fd);
    (void)text_copy(a->config.provision_file, sizeof a->config.provision_file, path);
    a->watcher.started(a->watcher.to);
    assert_int_equal(a->deployment.ranges.count, 1);
    a->watcher.reloaded(a->watcher.to);
    assert_int_equal(a->deployment.ranges.count, 1);
    (void)unlink(path);
    a->watcher.reloaded(a->watcher.to); /* gone: it is logged, and all stays */
    assert_int_equal(a->deployment.ranges.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_APP(test) cmocka_unit_test_setup_teardown(test, fake_set_up, fake_tear_down)
        WITH_APP(what_is_exported_is_there_already),
        WITH_APP(music_is_listed_and_its_data_on_demand),
        WITH_APP(music_that_cannot_be_had_is_said),
        WITH_APP(music_in_a_document_is_stored_first),
        WITH_APP(music_that_is_wrong_changes_nothing),
        WITH_APP(a_dry_run_changes_nothing),
        WITH_APP(only_what_differs_is_changed),
        WITH_APP(what_is_not_named_goes_when_asked),
        WITH_APP(numbers_pass_from_one_to_another),
        WITH_APP(what_is_wrong_is_named),
        WITH_APP(it_takes_more_to_see_secrets),
        WITH_APP(a_backup_is_made_so),
        WITH_APP(a_file_holds_from_the_start),
        WITH_APP(a_document_is_no_way_to_a_great_right),
        WITH_APP(a_password_in_a_document_ends_the_sessions),
        WITH_APP(what_is_wrong_with_people_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

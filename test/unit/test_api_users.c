/* Users, roles, tokens and sessions; setting up; and small rights that try to become great ones. */
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
#define U V1 "/users"
#define ROLE(user, role, scope)                                                                    \
    "{\"user\":\"" user "\",\"role\":\"" role "\",\"scope\":\"" scope "\"}"

static unsigned ask(struct app *a, const char *request, const char *body)
{
    return fake_ask(a, request, "*", body)->status;
}

static const char *problem(const struct app *a)
{
    const char *type = fake_at(a->answer.json, "type");

    return text_starts(type, "/api/problems/") ? type + strlen("/api/problems/") : "";
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

/* ---- users ---- */

static void a_user_is_made_changed_and_removed(void **state)
{
    static const struct exchange table[] = {
        { "POST " U, NULL,
          "{\"name\":\"Bert\",\"password\":\"long enough\",\"role\":\"voice-administrator\","
          "\"scope\":\"site:here\",\"phone\":\"105\"}",
          201,
          "name=bert has_password=true disabled=false phone=sip:105@example.com version=1 "
          "roles.0.role=voice-administrator roles.0.scope=site:Here" },
        { "POST " U, NULL, "{\"name\":\"bert\"}", 409, "type=/api/problems/name-taken" },
        { "POST " U "?dry_run=1", NULL, "{\"name\":\"cleo\",\"password\":\"long enough\"}", 200,
          "name=cleo dry_run=true" },
        { "GET " U "/cleo", NULL, NULL, 404, NULL },
        { "GET " U "/BERT", NULL, NULL, 200, "name=bert" },
        { "GET " U, NULL, NULL, 200, "total=2 items.0.name=anna items.1.name=bert" },
        { "GET " U "?q=ER", NULL, NULL, 200, "total=1 items.0.name=bert" },
        { "GET " U "?sort=-name&limit=1", NULL, NULL, 200, "total=2 items.0.name=bert" },
        { "PATCH " U "/bert", NULL, "{\"disabled\":true}", 428, NULL },
        { "PATCH " U "/bert", "\"7\"", "{\"disabled\":true}", 412, "current.name=bert" },
        { "PATCH " U "/bert", "\"1\"", "{\"disabled\":true}", 200, "disabled=true version=2" },
        { "PATCH " U "/bert", "*", "{\"disabled\":\"no\"}", 400, NULL },
        { "PATCH " U "/bert", "*", "{\"phone\":null,\"password\":null}", 200,
          "phone=null has_password=false disabled=true" },
        { "PATCH " U "/bert", "*", "{\"roles\":[]}", 422, "errors.0.pointer=/roles" },
        { "PATCH " U "/bert", "*", "{\"name\":\"carl\"}", 422, "errors.0.pointer=/name" },
        { "PATCH " U "/nobody", "*", "{}", 404, NULL },
        { "DELETE " U "/bert", "*", NULL, 204, NULL },
        { "GET " V1 "/role-bindings", NULL, NULL, 200, "total=1" },
        { "DELETE " U "/bert", "*", NULL, 404, NULL },
    };
    struct app *a = *state;

    FAKE_EXCHANGES(a, table);
    assert_string_equal(fake_noted(a), "user.deleted anna bert");
    for (size_t i = 0; i < a->audit_count; i++) {
        assert_null(strstr(a->audit[i].before, "hash:"));
        assert_null(strstr(a->audit[i].after, "hash:"));
    }
}

/* It is set, replaced and taken away, and nobody ever reads it. */
static void a_phone_gets_a_password(void **state)
{
    static const struct exchange table[] = {
        { "POST " U, NULL, "{\"name\":\"desk\"}", 201, "has_sip_password=false" },
        { "PUT " U "/desk/sip-password", NULL, "{\"password\":\"long enough\"}", 428, NULL },
        { "PUT " U "/desk/sip-password", "\"9\"", "{\"password\":\"long enough\"}", 412, NULL },
        { "PUT " U "/desk/sip-password", "*", "{\"password\":\"short\"}", 422,
          "type=/api/problems/weak-password errors.0.pointer=/password" },
        { "PUT " U "/desk/sip-password", "*", "{}", 422, "errors.0.pointer=/password" },
        { "PUT " U "/nobody/sip-password", "*", "{\"password\":\"long enough\"}", 404, NULL },
        { "PUT " U "/desk/sip-password?dry_run=1", "*", "{\"password\":\"long enough\"}", 200,
          "has_sip_password=true dry_run=true" },
        { "GET " U "/desk", NULL, NULL, 200, "has_sip_password=false version=1" },
        { "PUT " U "/desk/sip-password", "*", "{\"password\":\"long enough\"}", 200,
          "name=desk has_sip_password=true has_password=false version=2" },
        { "PUT " U "/desk/sip-password", "*", "{\"password\":\"long enough too\"}", 200,
          "version=3" },
        { "DELETE " U "/desk/sip-password", "*", NULL, 200, "has_sip_password=false version=4" },
    };
    struct app *a = *state;

    FAKE_EXCHANGES(a, table);
    for (size_t i = 0; i < a->audit_count; i++) {
        assert_null(strstr(a->audit[i].before, "long enough"));
        assert_null(strstr(a->audit[i].after, "long enough"));
    }
    assert_non_null(strstr(a->audit[a->audit_count - 2].after, "sip_password_changed"));
}

static void what_is_wrong_with_a_user_is_said(void **state)
{
    static const struct exchange table[] = {
        { "POST " U, NULL, "{}", 422, "errors.0.pointer=/name" },
        { "POST " U, NULL, "{\"name\":\"\"}", 422, "type=/api/problems/invalid-name" },
        { "POST " U, NULL, "{\"name\":\"a b\"}", 422, "type=/api/problems/invalid-name" },
        { "POST " U, NULL, "{\"name\":\"carl@proxy\"}", 422, "type=/api/problems/invalid-name" },
        { "POST " U, NULL, "{\"name\":\"carl\",\"password\":\"short\"}", 422,
          "type=/api/problems/weak-password errors.0.pointer=/password" },
        { "POST " U, NULL, "{\"name\":\"carl-gustav\",\"password\":\"Carl-Gustav\"}", 422,
          "type=/api/problems/weak-password" },
        { "POST " U, NULL, "{\"name\":\"carl\",\"password\":\"aaaaaaaaaaaa\"}", 422,
          "type=/api/problems/weak-password" },
        { "POST " U, NULL, "{\"name\":\"carl\",\"role\":\"boss\"}", 422, "errors.0.pointer=/role" },
        { "POST " U, NULL, "{\"name\":\"carl\",\"scope\":\"all\"}", 422, "errors.0.pointer=/role" },
        { "POST " U, NULL, "{\"name\":\"carl\",\"role\":\"viewer\",\"scope\":\"site:Nowhere\"}",
          422, "errors.0.pointer=/scope" },
        { "POST " U, NULL,
          "{\"name\":\"carl\",\"role\":\"viewer\",\"scope\":\"destination:no.example.com\"}", 422,
          "errors.0.pointer=/scope" },
        { "POST " U, NULL, "{\"name\":\"carl\",\"role\":\"viewer\",\"scope\":\"everything\"}", 422,
          "errors.0.pointer=/scope" },
        { "POST " U, NULL, "{\"name\":\"carl\",\"pasword\":\"x\"}", 400, NULL },
        { "GET " U, NULL, NULL, 200, "total=1" },
    };

    FAKE_EXCHANGES(*state, table);
}

static void a_new_password_ends_the_sessions(void **state)
{
    struct app *a = *state;

    fake_user(a, "bert", ROLE_VIEWER, NULL);
    fake_sign_in(a, "bert");
    fake_sign_in(a, "anna");
    assert_int_equal(a->login_count, 3);
    assert_int_equal(ask(a, "PATCH " U "/bert", "{\"password\":\"another one\"}"), 200);
    assert_int_equal(a->login_count, 2);
}

static void somebody_stays_to_administer(void **state)
{
    struct app *a = *state;
    const struct access was = a->access;

    assert_int_equal(ask(a, "DELETE " U "/anna", NULL), 409);
    assert_string_equal(problem(a), "last-administrator");
    assert_int_equal(ask(a, "PATCH " U "/anna", "{\"disabled\":true}"), 409);
    assert_int_equal(ask(a, "DELETE " V1 "/role-bindings/rb_0000000000001", NULL), 409);
    assert_memory_equal(&was.users[0], &a->access.users[0], sizeof was.users[0]);
    fake_user(a, "zoe", ROLE_ADMINISTRATOR, NULL);
    assert_int_equal(ask(a, "DELETE " V1 "/role-bindings/rb_0000000000001", NULL), 204);
    assert_int_equal(ask(a, "GET " U, NULL), 403); /* at once */
}

/* ---- roles ---- */

static void roles_are_given_and_taken(void **state)
{
    struct app *a = *state;
    char request[128];

    fake_user(a, "bert", ROLES, NULL);
    (void)ask(a, "POST " V1 "/number-ranges",
              "{\"name\":\"Front desk\",\"start\":\"100\",\"end\":\"199\","
              "\"destination\":\"pool1.example.com\"}");
    assert_int_equal(ask(a, "POST " V1 "/role-bindings", ROLE("bert", "viewer", "all")), 201);
    assert_string_equal(fake_noted(a), "role.granted anna bert");
    assert_int_equal(ask(a, "POST " V1 "/role-bindings", ROLE("bert", "viewer", "all")), 409);
    assert_int_equal(ask(a, "POST " V1 "/role-bindings?dry_run=1",
                         ROLE("bert", "attendant", "destination:POOL1.example.com")),
                     200);
    assert_true(fake_holds(&a->answer, "id=null scope=destination:pool1.example.com dry_run=true"));
    assert_int_equal(
        ask(a, "POST " V1 "/role-bindings", ROLE("bert", "attendant", "range:front desk")), 201);
    assert_true(text_starts(fake_at(a->answer.json, "scope"), "range:rng_"));
    (void)text_format(request, sizeof request, "DELETE " V1 "/role-bindings/%s",
                      fake_at(a->answer.json, "id"));
    assert_int_equal(ask(a, "GET " V1 "/role-bindings?user=bert", NULL), 200);
    assert_true(fake_holds(&a->answer, "total=2"));
    assert_int_equal(ask(a, request, NULL), 204);
    assert_string_equal(fake_noted(a), "role.revoked anna bert");
    assert_int_equal(ask(a, request, NULL), 404);
    assert_int_equal(ask(a, "POST " V1 "/role-bindings", ROLE("bert", "boss", "all")), 422);
    assert_int_equal(ask(a, "POST " V1 "/role-bindings", ROLE("carl", "viewer", "all")), 422);
    assert_int_equal(ask(a, "POST " V1 "/role-bindings", ROLE("bert", "viewer", "range:x")), 422);
}

/* ---- those who want more ---- */

static void only_administrators_see_to_users(void **state)
{
    static const enum role others[] = { ROLE_VOICE_ADMINISTRATOR, ROLE_VIEWER, ROLE_ATTENDANT,
                                        ROLES };
    static const struct {
        const char *request, *body;
    } acts[] = {
        { "POST " U, "{\"name\":\"x\",\"role\":\"administrator\"}" },
        { "PATCH " U "/anna", "{\"password\":\"taken over!\"}" },
        { "PATCH " U "/me-too", "{\"disabled\":false}" },
        { "DELETE " U "/anna", NULL },
        { "POST " V1 "/role-bindings", ROLE("me-too", "administrator", "all") },
        { "DELETE " V1 "/role-bindings/rb_0000000000001", NULL },
        { "POST " V1 "/tokens", "{\"name\":\"x\",\"user\":\"anna\"}" },
        { "DELETE " V1 "/sessions?user=anna", NULL },
        { "POST " V1 "/setup/link", "{\"user\":\"anna\"}" },
    };
    struct app *a = *state;

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        a->access.user_count = 1;
        a->access.binding_count = 1;
        fake_user(a, "me-too", others[i], NULL);
        fake_sign_in(a, "me-too");
        for (size_t k = 0; k < sizeof acts / sizeof acts[0]; k++)
            if (ask(a, acts[k].request, acts[k].body) != 403)
                fail_msg("role %zu: %s gave %u", i, acts[k].request, a->answer.status);
    }
    /* At one site an administrator is none of the whole. */
    a->access.user_count = 1;
    a->access.binding_count = 1;
    fake_user(a, "me-too", ROLE_ADMINISTRATOR, "Here");
    fake_sign_in(a, "me-too");
    for (size_t k = 0; k < sizeof acts / sizeof acts[0]; k++)
        assert_int_equal(ask(a, acts[k].request, acts[k].body), 403);
    assert_int_equal(ask(a, "GET " V1 "/audit-events", NULL), 403);
    assert_int_equal(ask(a, "POST " V1 "/system/drain", NULL), 403);
    assert_int_equal(ask(a, "GET " V1 "/number-ranges", NULL), 200);
}

static void use_token(struct app *a, const char *permissions)
{
    static char authorization[128], body[256];

    fake_sign_in(a, "anna");
    (void)text_format(body, sizeof body, "{\"name\":\"t\",\"permissions\":[%s]}", permissions);
    assert_int_equal(ask(a, "POST " V1 "/tokens", body), 201);
    (void)text_format(authorization, sizeof authorization, "Bearer %s",
                      fake_at(a->answer.json, "token"));
    fake_sign_in(a, "");
    a->authorization = authorization;
}

/* A token of an administrator that may do nothing but see to users must not become one of all. */
static void a_small_right_is_no_way_to_a_great_one(void **state)
{
    static const struct {
        const char *request, *body;
        unsigned status;
    } acts[] = {
        { "POST " V1 "/role-bindings", ROLE("bert", "administrator", "all"), 403 },
        { "POST " V1 "/role-bindings", ROLE("bert", "viewer", "all"), 403 },
        { "POST " U, "{\"name\":\"x\",\"role\":\"viewer\"}", 403 },
        { "PATCH " U "/anna", "{\"password\":\"taken over!\"}", 403 },
        { "PATCH " U "/off", "{\"disabled\":false}", 403 },
        { "POST " V1 "/tokens", "{\"name\":\"x\",\"user\":\"anna\"}", 403 },
        { "POST " V1 "/tokens", "{\"name\":\"x\"}", 403 },
        { "POST " V1 "/setup/link", "{\"user\":\"anna\"}", 403 },
        { "PATCH " V1 "/auth/me",
          "{\"password\":\"taken over!\",\"old_password\":\"correct horse\"}", 403 },
        { "DELETE " V1 "/role-bindings/rb_0000000000001", NULL, 403 },
        { "POST " U, "{\"name\":\"x\"}", 201 }, /* a user who may do nothing */
        { "PATCH " U "/bert", "{\"phone\":\"105\"}", 200 },
    };
    struct app *a = *state;

    fake_user(a, "bert", ROLES, NULL);
    fake_user(a, "off", ROLE_ADMINISTRATOR, NULL);
    assert_string_equal(a->access.users[2].name, "off");
    a->access.users[2].disabled = true;
    use_token(a, "\"users.read\",\"users.write\"");
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        if (ask(a, acts[i].request, acts[i].body) != acts[i].status)
            fail_msg("%s %s gave %u: %s", acts[i].request, acts[i].body ? acts[i].body : "",
                     a->answer.status, a->answer.body);
    use_token(a, "\"ranges.read\"");
    assert_int_equal(ask(a, "POST " V1 "/tokens", "{\"name\":\"x\"}"), 403);
    assert_int_equal(ask(a, "GET " V1 "/tokens", NULL), 200); /* its user's own */
}

static void bert_becomes_great(struct app *a)
{
    struct binding b = { .id = ++a->last_access, .user = "bert", .role = ROLE_ADMINISTRATOR };

    assert_int_equal(access_put_binding(&a->access, &b, NULL), 0);
}

static void the_one_who_asks_is_disabled(struct app *a)
{
    a->access.users[0].disabled = true;
}

/* A hash takes its time, and many take more. */
static void what_changed_while_a_password_was_hashed_counts(void **state)
{
    static const char body[] = "{\"password\":\"taken over!\"}";
    struct app *a = *state;

    fake_user(a, "bert", ROLES, NULL);
    use_token(a, "\"users.write\"");
    a->password_meanwhile = the_one_who_asks_is_disabled;
    assert_int_equal(ask(a, "PATCH " U "/bert", body), 401);
    a->access.users[0].disabled = false;
    a->password_meanwhile = bert_becomes_great;
    assert_int_equal(ask(a, "PATCH " U "/bert", body), 403);
    assert_string_equal(access_user(&a->access, "bert")->password, "hash:correct horse");
}

static const char *digits(uint64_t id)
{
    static char to[14];

    text_base32(to, id);
    return to;
}

/* Where calls ring that "my phone" takes out, who is signed in, which tokens there are: that is for
 * the user, and for a token that may all that he may. */
static void a_small_token_does_nothing_to_the_account_of_its_user(void **state)
{
    struct app *a = *state;
    char self[64], session[64];

    fake_sign_in(a, "anna");
    assert_int_equal(ask(a, "GET " V1 "/sessions", NULL), 200);
    (void)text_format(session, sizeof session, "DELETE " V1 "/sessions/%s",
                      fake_at(a->answer.json, "items.0.id"));
    use_token(a, "\"users.write\"");
    use_token(a, "\"ranges.read\"");
    assert_int_equal(ask(a, "PATCH " V1 "/auth/me", "{\"phone\":\"666\"}"), 403);
    assert_string_equal(access_user(&a->access, "anna")->phone, "");
    assert_int_equal(ask(a, session, NULL), 403);
    assert_int_equal(ask(a, "DELETE " V1 "/sessions?user=anna", NULL), 403);
    (void)text_format(self, sizeof self, "DELETE " V1 "/tokens/tok_%s",
                      digits(a->access.tokens[0].id));
    assert_int_equal(ask(a, self, NULL), 403);
    (void)text_format(self, sizeof self, "DELETE " V1 "/tokens/tok_%s",
                      digits(a->access.tokens[1].id));
    assert_int_equal(ask(a, self, NULL), 204); /* itself */
}

/* ---- tokens ---- */

static void tokens_are_listed_and_revoked(void **state)
{
    struct app *a = *state;
    char request[128];

    fake_user(a, "bert", ROLE_VIEWER, NULL);
    fake_user(a, "carl", ROLES, NULL);
    fake_sign_in(a, "bert");
    assert_int_equal(ask(a, "POST " V1 "/tokens?dry_run=1", "{\"name\":\"x\"}"), 200);
    assert_true(fake_holds(&a->answer, "id=null dry_run=true"));
    assert_string_equal(fake_at(a->answer.json, "token"), "");
    assert_int_equal(ask(a, "POST " V1 "/tokens", "{\"name\":\" mine \",\"networks\":null}"), 201);
    assert_true(fake_holds(&a->answer, "name=mine user=bert expires_at=null last_used_at=null"));
    (void)text_format(request, sizeof request, "DELETE " V1 "/tokens/%s",
                      fake_at(a->answer.json, "id"));
    fake_sign_in(a, "carl");
    assert_int_equal(ask(a, "GET " V1 "/tokens", NULL), 200);
    assert_true(fake_holds(&a->answer, "total=0"));
    assert_int_equal(ask(a, request, NULL), 404); /* he is not even told that there is one */
    fake_sign_in(a, "anna");
    assert_int_equal(ask(a, "GET " V1 "/tokens?user=bert", NULL), 200);
    assert_true(fake_holds(&a->answer, "total=1 items.0.name=mine"));
    assert_null(strstr(a->answer.body, "cpk_pat"));
    assert_int_equal(ask(a, "POST " V1 "/tokens", "{\"name\":\"for bert\",\"user\":\"Bert\"}"),
                     201);
    assert_true(fake_holds(&a->answer, "user=bert"));
    assert_int_equal(ask(a, request, NULL), 204);
    assert_string_equal(fake_noted(a), "token.revoked anna mine");
    assert_int_equal(ask(a, request, NULL), 404);
}

static void what_is_wrong_with_a_token_is_said(void **state)
{
    static const struct exchange table[] = {
        { "POST " V1 "/tokens", NULL, "{}", 422, "errors.0.pointer=/name" },
        { "POST " V1 "/tokens", NULL, "{\"name\":\" \"}", 422, "errors.0.pointer=/name" },
        { "POST " V1 "/tokens", NULL, "{\"name\":\"x\",\"permissions\":[]}", 400,
          "errors.0.pointer=/permissions" },
        { "POST " V1 "/tokens", NULL, "{\"name\":\"x\",\"permissions\":[\"all\"]}", 422,
          "errors.0.pointer=/permissions" },
        { "POST " V1 "/tokens", NULL, "{\"name\":\"x\",\"permissions\":[7]}", 422, NULL },
        { "POST " V1 "/tokens", NULL, "{\"name\":\"x\",\"expires_in\":0}", 422,
          "errors.0.pointer=/expires_in" },
        { "POST " V1 "/tokens", NULL, "{\"name\":\"x\",\"expires_in\":\"1d\"}", 400, NULL },
        { "POST " V1 "/tokens", NULL, "{\"name\":\"x\",\"networks\":[\"10.0.0.0/33\"]}", 422,
          "errors.0.pointer=/networks" },
        { "POST " V1 "/tokens", NULL, "{\"name\":\"x\",\"networks\":\"10.0.0.0/8\"}", 400, NULL },
        { "POST " V1 "/tokens", NULL, "{\"name\":\"x\",\"user\":\"nobody\"}", 422,
          "errors.0.pointer=/user" },
        { "GET " V1 "/tokens/tok_0000000000ABC", NULL, NULL, 404, NULL },
        { "GET " V1 "/tokens/x", NULL, NULL, 404, NULL },
    };
    struct app *a = *state;

    FAKE_EXCHANGES(a, table);
    fake_sign_in(a, "");
    a->by_tcp = false; /* the admin socket is nobody in particular */
    assert_int_equal(ask(a, "POST " V1 "/tokens", "{\"name\":\"x\"}"), 422);
    assert_int_equal(ask(a, "POST " V1 "/tokens", "{\"name\":\"x\",\"user\":\"anna\"}"), 201);
}

/* ---- sessions ---- */

static void sessions_are_listed_and_ended(void **state)
{
    struct app *a = *state;
    char request[128];

    fake_user(a, "bert", ROLES, NULL);
    fake_sign_in(a, "bert");
    assert_int_equal(ask(a, "GET " V1 "/sessions", NULL), 200);
    assert_true(fake_holds(&a->answer, "total=1 items.0.user=bert items.0.current=true "
                                       "items.0.source=127.0.0.1 items.0.agent=test"));
    (void)text_format(request, sizeof request, "DELETE " V1 "/sessions/%s",
                      fake_at(a->answer.json, "items.0.id"));
    fake_sign_in(a, "anna");
    assert_int_equal(ask(a, "GET " V1 "/sessions", NULL), 200);
    assert_true(fake_holds(&a->answer, "total=3 items.0.user=anna items.1.user=bert"));
    assert_int_equal(ask(a, request, NULL), 204);
    assert_string_equal(fake_noted(a), "session.revoked anna bert");
    assert_int_equal(ask(a, request, NULL), 404);
    assert_int_equal(ask(a, "DELETE " V1 "/sessions", NULL), 400);
    assert_int_equal(ask(a, "DELETE " V1 "/sessions?user=anna&dry_run=1", NULL), 200);
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    assert_int_equal(ask(a, "DELETE " V1 "/sessions?user=anna", NULL), 204);
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
    fake_sign_in(a, "bert");
    assert_int_equal(ask(a, "DELETE " V1 "/sessions?user=bert", NULL), 204); /* one's own */
}

/* Who has lost the right hears nothing more. */
static void a_stream_ends_with_its_session(void **state)
{
    struct app *a = *state;
    size_t before;

    fake_sign_in(a, "anna");
    assert_int_equal(ask(a, "GET " V1 "/events", NULL), 200);
    (void)app_login_end(a, a->logins[a->login_count - 1].login.id);
    for (unsigned i = 0; i < 4; i++)
        a->watcher.second(a->watcher.to);
    before = strlen(a->streams.text);
    a->watcher.event(a->watcher.to, &(struct app_event){ .name = "system.draining",
                                                         .topic = "system",
                                                         .at = FAKE_WALL,
                                                         .why = "test",
                                                         .subject = "" });
    assert_int_equal(strlen(a->streams.text), before);
}

/* ---- the first one ---- */

static int set_up_nobody(void **state)
{
    struct app *a;

    (void)fake_set_up(state);
    a = *state;
    fake_sign_in(a, "");
    return 0;
}

#define SETUP(token, name, password)                                                               \
    "{\"token\":\"" token "\",\"name\":\"" name "\",\"password\":\"" password "\"}"

static void the_first_administrator_is_made_once(void **state)
{
    struct app *a = *state;
    char token[SECRET_SIZE];
    wall_msec expires;

    assert_int_equal(ask(a, "GET " V1 "/setup", NULL), 200);
    assert_true(fake_holds(&a->answer, "needed=true node=n1 suggested_range.start=*7000 "
                                       "suggested_range.end=*7099 sip.domain=example.com"));
    app_link_make(a, "", token, &expires);
    assert_string_equal(token, "link-1");
    assert_int_equal(ask(a, "POST " V1 "/setup", SETUP("wrong", "anna", "long enough")), 403);
    assert_string_equal(problem(a), "setup-token");
    assert_int_equal(ask(a, "POST " V1 "/setup", SETUP("link-1", "anna", "short")), 422);
    assert_int_equal(ask(a, "POST " V1 "/setup", SETUP("link-1", "a b", "long enough")), 422);
    assert_int_equal(ask(a, "POST " V1 "/setup", SETUP("link-1", "Anna", "long enough")), 201);
    assert_true(fake_holds(&a->answer, "name=anna kind=user setup_needed=false "
                                       "grants.0.role=administrator"));
    assert_non_null(strstr(a->answer.set_cookie, "callpark_session="));
    assert_string_equal(fake_noted(a), "auth.setup anna anna");
    assert_int_equal(ask(a, "POST " V1 "/setup", SETUP("link-1", "eve", "long enough")), 409);
    assert_string_equal(problem(a), "setup-done");
    assert_int_equal(ask(a, "GET " V1 "/setup", NULL), 200);
    assert_true(fake_holds(&a->answer, "needed=false node="));
    /* The link that set up is none to sign in with. */
    assert_int_equal(ask(a, "POST " V1 "/auth/login", "{\"link\":\"link-1\"}"), 401);
}

/* Nobody is the administrator any more, and an old token comes back. */
static void a_token_works_once(void **state)
{
    struct app *a = *state;
    char token[SECRET_SIZE];
    wall_msec expires;

    app_link_make(a, "", token, &expires);
    assert_int_equal(ask(a, "POST " V1 "/setup", SETUP("link-1", "anna", "long enough")), 201);
    a->access.binding_count = 0;
    assert_int_equal(ask(a, "POST " V1 "/setup", SETUP("link-1", "eve", "long enough")), 403);
}

static void tokens_cannot_be_guessed(void **state)
{
    struct app *a = *state;
    unsigned status = 0;

    for (unsigned i = 0; i < 6; i++)
        status = ask(a, "POST " V1 "/setup", SETUP("guess", "eve", "long enough"));
    assert_int_equal(status, 429);
    a->sec_fetch_site = "cross-site";
    a->later += 3600000;
    assert_int_equal(ask(a, "POST " V1 "/setup", SETUP("guess", "eve", "long enough")), 403);
    assert_string_equal(problem(a), "cross-site");
}

static void a_link_signs_in_once(void **state)
{
    struct app *a = *state;

    a->by_tcp = false;
    assert_int_equal(ask(a, "POST " V1 "/setup/link", NULL), 201);
    assert_true(fake_holds(&a->answer, "link=http://127.0.0.1:8080/setup#token=link-1 kind=setup "
                                       "user=null"));
    fake_user(a, "anna", ROLE_ADMINISTRATOR, NULL);
    assert_int_equal(ask(a, "POST " V1 "/setup/link", NULL), 409);
    assert_int_equal(ask(a, "POST " V1 "/setup/link", "{\"user\":\"nobody\"}"), 422);
    assert_int_equal(ask(a, "POST " V1 "/setup/link", "{\"user\":\"Anna\"}"), 201);
    assert_true(fake_holds(&a->answer, "link=http://127.0.0.1:8080/signin#link=link-2 "
                                       "kind=sign-in user=anna"));
    assert_null(strstr(a->audit[a->audit_count - 1].after, "link-2"));
    fake_sign_in(a, "");
    assert_int_equal(ask(a, "POST " V1 "/auth/login", "{\"link\":\"link-3\"}"), 401);
    assert_int_equal(ask(a, "POST " V1 "/auth/login", "{\"link\":\"link-1\"}"), 401);
    assert_int_equal(ask(a, "POST " V1 "/auth/login", "{\"link\":\"link-2\"}"), 200);
    assert_true(fake_holds(&a->answer, "name=anna"));
    assert_int_equal(ask(a, "POST " V1 "/auth/login", "{\"link\":\"link-2\"}"), 401);
    assert_int_equal(ask(a, "POST " V1 "/setup/link", "{\"user\":\"anna\"}"), 401);
}

#define WITH_ANNA(test) cmocka_unit_test_setup_teardown(test, set_up, fake_tear_down)
#define WITH_NOBODY(test) cmocka_unit_test_setup_teardown(test, set_up_nobody, fake_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_ANNA(a_user_is_made_changed_and_removed),
        WITH_ANNA(a_phone_gets_a_password),
        WITH_ANNA(what_is_wrong_with_a_user_is_said),
        WITH_ANNA(a_new_password_ends_the_sessions),
        WITH_ANNA(somebody_stays_to_administer),
        WITH_ANNA(roles_are_given_and_taken),
        WITH_ANNA(only_administrators_see_to_users),
        WITH_ANNA(a_small_right_is_no_way_to_a_great_one),
        WITH_ANNA(what_changed_while_a_password_was_hashed_counts),
        WITH_ANNA(a_small_token_does_nothing_to_the_account_of_its_user),
        WITH_ANNA(tokens_are_listed_and_revoked),
        WITH_ANNA(what_is_wrong_with_a_token_is_said),
        WITH_ANNA(sessions_are_listed_and_ended),
        WITH_ANNA(a_stream_ends_with_its_session),
        WITH_NOBODY(the_first_administrator_is_made_once),
        WITH_NOBODY(a_token_works_once),
        WITH_NOBODY(tokens_cannot_be_guessed),
        WITH_NOBODY(a_link_signs_in_once),
    };

    return cmocka_run_group_tests_name("api_users", tests, NULL, NULL);
}

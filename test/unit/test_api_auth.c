/* Signing in and out, who somebody is, and those who try to be somebody else. */
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
#define LOGIN(name, password) "{\"name\":\"" name "\",\"password\":\"" password "\"}"

static unsigned ask(struct app *a, const char *request, const char *body)
{
    return fake_ask(a, request, NULL, body)->status;
}

static const char *problem(const struct app *a)
{
    const char *type = fake_at(a->answer.json, "type");

    return text_starts(type, "/api/problems/") ? type + strlen("/api/problems/") : "";
}

/* The value of the cookie that the last answer set. */
static void take_cookie(struct app *a)
{
    static char secret[SECRET_SIZE];
    const char *from = strchr(a->answer.set_cookie, '=');

    assert_non_null(from);
    assert_true(text_copy_n(secret, sizeof secret, from + 1, strcspn(from + 1, ";")));
    a->cookie = secret;
}

static int set_up(void **state)
{
    struct app *a;

    (void)fake_set_up(state);
    a = *state;
    fake_user(a, "anna", ROLE_ADMINISTRATOR, NULL);
    fake_user(a, "vic", ROLE_VIEWER, NULL);
    fake_sign_in(a, "");
    return 0;
}

/* ---- by password ---- */

static void a_session_begins_and_ends(void **state)
{
    struct app *a = *state;

    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
    assert_string_equal(problem(a), "not-signed-in");
    assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("Anna", "correct horse")), 200);
    assert_true(fake_holds(&a->answer,
                           "name=anna kind=user realm=local phone=null setup_needed=false "
                           "grants.0.role=administrator grants.0.scope=all "
                           "session.idle_seconds=1800"));
    assert_string_equal(a->answer.set_cookie,
                        "callpark_session=secret-3; Path=/; HttpOnly; SameSite=Strict");
    assert_string_equal(fake_noted(a), "auth.login anna anna");
    take_cookie(a);
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    assert_int_equal(ask(a, "POST " V1 "/auth/logout", NULL), 204);
    assert_non_null(strstr(a->answer.set_cookie, "callpark_session=; "));
    assert_non_null(strstr(a->answer.set_cookie, "Max-Age=0"));
    assert_string_equal(fake_noted(a), "auth.logout anna anna");
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
    assert_int_equal(ask(a, "POST " V1 "/auth/logout", NULL), 204); /* once more does no harm */
}

static void under_tls_the_cookie_is_the_hosts_own(void **state)
{
    struct app *a = *state;

    a->secure = true;
    assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("anna", "correct horse")), 200);
    assert_string_equal(a->answer.set_cookie, "__Host-callpark_session=secret-3; Path=/; HttpOnly; "
                                              "SameSite=Strict; Secure");
}

/* Whoever tries names learns nothing: not from the words, not from the work that is done. */
static void wrong_is_wrong_whatever_it_is(void **state)
{
    static const char *const bodies[] = {
        LOGIN("anna", "wrong horse"),
        LOGIN("nobody", "correct horse"),
        LOGIN("not a name!", "correct horse"),
        LOGIN("dora", "correct horse"),
        LOGIN("nopass", ""),
        LOGIN("anna", ""),
    };
    struct app *a = *state;
    char first[512] = "";

    fake_user(a, "dora", ROLE_VIEWER, NULL);
    a->access.users[1].disabled = true;
    assert_string_equal(a->access.users[1].name, "dora");
    fake_user(a, "nopass", ROLE_VIEWER, NULL);
    a->access.users[2].password[0] = '\0';
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(ask(a, "POST " V1 "/auth/login", bodies[i]), 401);
        assert_string_equal(problem(a), "wrong-credentials");
        assert_string_equal(a->answer.set_cookie, "");
        if (i == 0)
            (void)text_copy(first, sizeof first, fake_at(a->answer.json, "detail"));
        assert_string_equal(fake_at(a->answer.json, "detail"), first);
        assert_int_equal(a->passwords_tried, i + 1);
        a->later += 3600000; /* the delays are forgotten */
    }
    /* What was typed for a name that does not exist may be a password: it is not written down. */
    assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("hunter2hunter2", "x")), 401);
    assert_string_equal(fake_noted(a), "auth.login_failed somebody ");
    assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("anna", "x")), 401);
    assert_string_equal(fake_noted(a), "auth.login_failed anna anna");
}

static void who_fails_waits_longer_each_time(void **state)
{
    struct app *a = *state;

    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("anna", "x")), 401);
    (void)ask(a, "POST " V1 "/auth/login", LOGIN("anna", "x"));
    /* From elsewhere the account waits, too; and the right password does not help. */
    a->source = "192.0.2.7";
    assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("anna", "correct horse")), 429);
    assert_string_equal(problem(a), "rate-limited");
    assert_true(a->answer.retry_after >= 1 && a->answer.retry_after <= 2);
    assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("vic", "correct horse")), 200);
    /* The address waits for every account. */
    a->source = "127.0.0.1";
    assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("vic", "correct horse")), 429);
    a->later += 2000;
    assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("anna", "correct horse")), 200);
}

static void a_network_of_ipv6_is_one_address(void **state)
{
    struct app *a = *state;

    for (unsigned i = 0; i < 4; i++) {
        a->source = i % 2 ? "2001:db8::1" : "2001:db8::2:3";
        (void)ask(a, "POST " V1 "/auth/login", LOGIN("nobody", "x"));
    }
    a->source = "2001:db8::77";
    assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("vic", "correct horse")), 429);
    a->source = "2001:db8:0:1::77";
    assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("vic", "correct horse")), 200);
}

static void bad_bodies_are_refused(void **state)
{
    static const struct exchange table[] = {
        { "POST " V1 "/auth/login", NULL, "{}", 422, "errors.0.pointer=/name" },
        { "POST " V1 "/auth/login", NULL, "{\"name\":\"anna\"}", 422,
          "errors.0.pointer=/password" },
        { "POST " V1 "/auth/login", NULL, "{\"name\":7,\"password\":\"x\"}", 400, NULL },
        { "POST " V1 "/auth/login", NULL, "[]", 400, NULL },
        { "POST " V1 "/auth/login", NULL, "{\"user\":\"anna\"}", 400, NULL },
    };
    struct app *a = *state;

    FAKE_EXCHANGES(a, table);
    a->no_chores = true;
    assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("anna", "correct horse")), 503);
    a->no_chores = false;
    a->config.auth.local = false;
    assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("anna", "correct horse")), 401);
}

static void a_session_ends_by_itself(void **state)
{
    struct app *a = *state;

    fake_sign_in(a, "anna");
    a->later += 1799000;
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    a->later += 1799000; /* it was seen */
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    a->later += 1800000;
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
    fake_sign_in(a, "anna");
    for (unsigned i = 0; i < 48; i++) {
        a->later += 900000;
        (void)ask(a, "GET " V1 "/auth/me", NULL);
    }
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401); /* however busy it was */
    a->cookie = "forged";
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
    fake_sign_in(a, "anna");
    a->access.users[0].disabled = true;
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
}

/* ---- other pages ---- */

static void another_page_cannot_use_the_cookie(void **state)
{
    static const struct {
        const char *site, *origin, *type;
        unsigned status;
    } cases[] = {
        { "same-origin", NULL, "application/json", 201 },
        { "none", NULL, "application/json", 201 },
        { "cross-site", NULL, "application/json", 403 },
        { "same-site", NULL, "application/json", 403 },
        { "cross-site", "http://127.0.0.1:8080", "application/json", 403 },
        { NULL, "http://127.0.0.1:8080", "application/json", 201 },
        { NULL, "http://127.0.0.1:8081", "application/json", 403 },
        { NULL, "https://127.0.0.1:8080", "application/json", 403 },
        { NULL, "http://evil.example", "application/json", 403 },
        { NULL, "http://127.0.0.1:8080.evil.example", "application/json", 403 },
        { NULL, "null", "application/json", 403 },
        { NULL, NULL, "application/json", 403 },
        { "same-origin", NULL, "application/x-www-form-urlencoded", 403 },
        { "same-origin", NULL, "multipart/form-data", 403 },
        { "same-origin", NULL, "text/plain", 403 },
        { "same-origin", NULL, "", 403 },
        { "same-origin", NULL, "application/json; charset=utf-8", 201 },
    };
    struct app *a = *state;

    fake_sign_in(a, "anna");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[64];
        unsigned status;

        (void)text_format(body, sizeof body, "{\"name\":\"Site %zu\"}", i);
        a->sec_fetch_site = cases[i].site;
        a->origin = cases[i].origin;
        a->content_type = cases[i].type;
        status = ask(a, "POST " V1 "/sites", body);
        if (status != cases[i].status)
            fail_msg("case %zu: %u", i, status);
        if (status == 403)
            assert_string_equal(problem(a), "cross-site");
    }
    a->sec_fetch_site = "cross-site"; /* to look does no harm: the page cannot read it */
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    assert_int_equal(ask(a, "DELETE " V1 "/sessions?user=anna", NULL), 403);
    assert_int_equal(ask(a, "POST " V1 "/auth/logout", NULL), 403);
    /* Nor can it sign somebody in to its own account. */
    a->cookie = NULL;
    assert_int_equal(ask(a, "POST " V1 "/auth/login", LOGIN("vic", "correct horse")), 403);
}

static void a_proxy_may_have_changed_the_host(void **state)
{
    struct app *a = *state;

    fake_sign_in(a, "anna");
    (void)text_copy(a->config.http.public_url, sizeof a->config.http.public_url,
                    "https://park.example.com");
    a->sec_fetch_site = NULL;
    a->origin = "https://park.example.com";
    assert_int_equal(ask(a, "POST " V1 "/sites", "{\"name\":\"B\"}"), 201);
}

/* ---- tokens ---- */

static const char *make_token(struct app *a, const char *body)
{
    static char authorization[128];

    assert_int_equal(ask(a, "POST " V1 "/tokens", body), 201);
    (void)text_format(authorization, sizeof authorization, "Bearer %s",
                      fake_at(a->answer.json, "token"));
    return authorization;
}

static void by_token(struct app *a, const char *authorization)
{
    fake_sign_in(a, "");
    a->sec_fetch_site = NULL;
    a->authorization = authorization;
}

static void a_token_is_its_users(void **state)
{
    struct app *a = *state;
    const char *token;

    fake_sign_in(a, "anna");
    token = make_token(a, "{\"name\":\"backup\",\"permissions\":[\"ranges.read\"]}");
    assert_true(text_starts(token, "Bearer cpk_pat_"));
    assert_int_equal(strlen(token), strlen("Bearer ") + 44);
    assert_null(strstr(a->audit[a->audit_count - 1].after, "cpk_pat"));
    by_token(a, token);
    a->sec_fetch_site = "cross-site"; /* no browser sends it by itself */
    assert_int_equal(ask(a, "GET " V1 "/number-ranges", NULL), 200);
    assert_int_equal(ask(a, "GET " V1 "/users", NULL), 403);
    assert_true(fake_holds(&a->answer, "required=users.read"));
    assert_int_equal(ask(a, "POST " V1 "/sites", "{\"name\":\"B\"}"), 403);
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    assert_true(fake_holds(&a->answer, "kind=token permissions=[1] permissions.0=ranges.read "
                                       "grants.0.role=null session=null"));
    assert_string_equal(fake_at(a->answer.json, "name"), "anna (token backup)");
    /* What its user loses, it loses. */
    a->access.bindings[0].role = ROLE_ATTENDANT;
    assert_int_equal(ask(a, "GET " V1 "/number-ranges", NULL), 403);
    a->access.users[0].disabled = true;
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
}

static void a_token_that_is_none_is_refused(void **state)
{
    static const char *const tokens[] = {
        "Bearer cpk_pat_",
        "Bearer cpk_pat_000000000000000000000000000000000000",
        "Bearer cpk_pat_0000000000000000000000000000003rjBZe",
        "Bearer cpk_pat_00000000000000000000000000000000000000000000000000000000",
        "Bearer ",
        "Bearer sesamee",
        "Basic YW5uYTpjb3JyZWN0IGhvcnNl",
        "sesame",
    };
    struct app *a = *state;
    char cut[128];

    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        by_token(a, tokens[i]);
        if (ask(a, "GET " V1 "/auth/me", NULL) != 401)
            fail_msg("%s", tokens[i]);
        assert_int_equal(a->passwords_tried, 0);
    }
    fake_sign_in(a, "anna");
    (void)text_copy(cut, sizeof cut, make_token(a, "{\"name\":\"t\"}"));
    by_token(a, cut);
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    cut[20] = cut[20] == 'a' ? 'b' : 'a'; /* one character is another */
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
    assert_non_null(strstr(fake_at(a->answer.json, "detail"), "checksum"));
    cut[strlen(cut) - 1] = '\0';
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
}

static void a_token_ends_and_knows_its_networks(void **state)
{
    struct app *a = *state;
    const char *token;

    fake_sign_in(a, "anna");
    token = make_token(a, "{\"name\":\"t\",\"expires_in\":60,\"networks\":[\"192.0.2.0/24\","
                          "\"2001:db8::/32\"]}");
    assert_true(fake_holds(&a->answer, "networks=[2] networks.1=2001:db8::/32 permissions=null"));
    by_token(a, token);
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
    a->source = "192.0.2.99";
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    a->source = "2001:db8::5";
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    a->later += 60000;
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
    assert_non_null(strstr(fake_at(a->answer.json, "detail"), "run out"));
}

/* A token is sent on purpose: it counts, and a wrong one is not healed by a good cookie. */
static void a_token_counts_before_a_cookie(void **state)
{
    struct app *a = *state;

    fake_sign_in(a, "vic");
    a->authorization = "Bearer " FAKE_TOKEN;
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    assert_true(fake_holds(&a->answer, "kind=first-token"));
    a->authorization = "Bearer wrong";
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
    a->authorization = "Basic whatever"; /* of the proxy in front: none of ours */
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    assert_true(fake_holds(&a->answer, "name=vic"));
}

/* ---- a proxy ---- */

static void a_proxy_says_who_it_is(void **state)
{
    struct app *a = *state;

    a->proxy_user = "Bert";
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401); /* the realm is off */
    a->config.auth.proxy = true;
    (void)text_copy(a->config.auth.group[ROLE_VIEWER], 64, "callpark-viewers");
    (void)text_copy(a->config.auth.group[ROLE_ADMINISTRATOR], 64,
                    "CN=Admins,OU=Telephony,DC=example");
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    assert_true(fake_holds(&a->answer, "name=bert@proxy kind=proxy realm=proxy permissions=[0]"));
    assert_int_equal(ask(a, "GET " V1 "/number-ranges", NULL), 403);
    a->proxy_groups = "staff, Callpark-Viewers ,other";
    assert_int_equal(ask(a, "GET " V1 "/number-ranges", NULL), 200);
    assert_int_equal(ask(a, "POST " V1 "/sites", "{\"name\":\"B\"}"), 403);
    a->proxy_groups = "callpark-viewers-not";
    assert_int_equal(ask(a, "GET " V1 "/number-ranges", NULL), 403);
    a->proxy_groups = "CN=Admins,OU=Telephony,DC=example";
    assert_int_equal(ask(a, "POST " V1 "/sites", "{\"name\":\"B\"}"), 201);
    assert_string_equal(fake_noted(a), "site.created bert@proxy B");
    /* It comes by itself, as a cookie does. */
    a->sec_fetch_site = "cross-site";
    assert_int_equal(ask(a, "POST " V1 "/sites", "{\"name\":\"C\"}"), 403);
    assert_string_equal(problem(a), "cross-site");
}

static void a_user_of_that_name_has_his_roles(void **state)
{
    struct app *a = *state;

    a->config.auth.proxy = true;
    a->proxy_user = "anna";
    assert_int_equal(ask(a, "GET " V1 "/users", NULL), 200);
    a->access.users[0].disabled = true;
    a->proxy_groups = "x";
    (void)text_copy(a->config.auth.group[ROLE_ADMINISTRATOR], 64, "x");
    assert_int_equal(ask(a, "GET " V1 "/users", NULL), 401);
    a->proxy_user = "anna; drop";
    assert_int_equal(ask(a, "GET " V1 "/users", NULL), 401);
}

/* ---- limits ---- */

static void too_many_requests_are_slowed_down(void **state)
{
    struct app *a = *state;
    unsigned status = 0, i;

    a->config.rate_limit = 10;
    fake_sign_in(a, "anna");
    for (i = 0; i < 60 && status != 429; i++)
        status = ask(a, "GET " V1 "/auth/me", NULL);
    assert_int_equal(i, 51); /* five seconds' worth, and one more */
    assert_string_equal(problem(a), "rate-limited");
    assert_int_equal(a->answer.retry_after, 1);
    fake_sign_in(a, "vic"); /* each for himself */
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    fake_sign_in(a, "");
    for (i = 0; i < 60; i++)
        status = ask(a, "GET " V1 "/auth/me", NULL);
    assert_int_equal(status, 429); /* nobody is limited as well, by his address */
    a->source = "192.0.2.1";
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
    a->later += 100;
    a->source = "127.0.0.1";
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401); /* one more each 100 ms */
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 429);
    a->by_tcp = false;
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    a->by_tcp = true;
    a->config.rate_limit = 0;
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 401);
}

/* ---- me ---- */

static void i_change_my_own_phone_and_password(void **state)
{
    static const struct exchange table[] = {
        { "PATCH " V1 "/auth/me", NULL, "{\"phone\":\"sip:7@example.com\"}", 200,
          "phone=sip:7@example.com" },
        { "PATCH " V1 "/auth/me", NULL, "{\"phone\":\"105\"}", 200, "phone=sip:105@example.com" },
        { "PATCH " V1 "/auth/me", NULL, "{\"phone\":\"mailto:x\"}", 422,
          "errors.0.pointer=/phone" },
        { "PATCH " V1 "/auth/me", NULL, "{\"phone\":null}", 200, "phone=null" },
        { "PATCH " V1 "/auth/me", NULL, "{\"disabled\":true}", 400, NULL },
        { "PATCH " V1 "/auth/me", NULL, "{\"password\":\"a longer one\"}", 422,
          "errors.0.pointer=/old_password" },
        { "PATCH " V1 "/auth/me", NULL, "{\"password\":\"short\",\"old_password\":\"x\"}", 422,
          "type=/api/problems/weak-password" },
        { "PATCH " V1 "/auth/me", NULL,
          "{\"password\":\"a longer one\",\"old_password\":\"wrong\"}", 401,
          "type=/api/problems/wrong-credentials" },
        { "PATCH " V1 "/auth/me", NULL,
          "{\"password\":\"a longer one\",\"old_password\":\"correct horse\"}", 200, "name=vic" },
        { "PATCH " V1 "/auth/me", NULL, "{}", 200, "name=vic" },
    };
    struct app *a = *state;

    fake_sign_in(a, "vic");
    fake_sign_in(a, "vic");
    assert_int_equal(a->login_count, 2);
    FAKE_EXCHANGES(a, table);
    assert_int_equal(a->login_count, 1); /* who knew the old password is out */
    assert_string_equal(a->access.users[1].password, "hash:a longer one");
    assert_null(strstr(a->audit[a->audit_count - 1].after, "longer"));
    assert_non_null(strstr(a->audit[a->audit_count - 1].after, "\"password_changed\":true"));
    fake_sign_in(a, "");
    a->by_tcp = false; /* the admin socket is no user */
    assert_int_equal(ask(a, "PATCH " V1 "/auth/me", "{\"phone\":null}"), 403);
}

static void a_first_password_takes_no_old_one(void **state)
{
    struct app *a = *state;

    a->access.users[1].password[0] = '\0';
    fake_sign_in(a, "vic");
    assert_int_equal(ask(a, "GET " V1 "/auth/me", NULL), 200);
    assert_true(fake_holds(&a->answer, "has_password=false"));
    assert_int_equal(ask(a, "PATCH " V1 "/auth/me", "{\"password\":\"a longer one\"}"), 200);
    assert_true(fake_holds(&a->answer, "has_password=true"));
    assert_int_equal(ask(a, "PATCH " V1 "/auth/me", "{\"password\":\"another one\"}"), 422);
    assert_true(fake_holds(&a->answer, "errors.0.pointer=/old_password"));
}

static void the_old_password_cannot_be_guessed_either(void **state)
{
    struct app *a = *state;
    unsigned status = 0;

    fake_sign_in(a, "vic");
    for (unsigned i = 0; i < 5; i++)
        status = ask(a, "PATCH " V1 "/auth/me",
                     "{\"password\":\"a longer one\",\"old_password\":\"wrong\"}");
    assert_int_equal(status, 429);
}

static void realms_are_told_to_everybody(void **state)
{
    struct app *a = *state;

    assert_int_equal(ask(a, "GET " V1 "/auth/realms", NULL), 200);
    assert_true(fake_holds(&a->answer, "items=[1] items.0.kind=password setup_needed=false "
                                       "signed_in=false"));
    fake_sign_in(a, "vic");
    (void)ask(a, "GET " V1 "/auth/realms", NULL);
    assert_true(fake_holds(&a->answer, "signed_in=true"));
    a->config.auth.proxy = true;
    (void)ask(a, "GET " V1 "/auth/realms", NULL);
    assert_true(fake_holds(&a->answer, "items.1.name=proxy items.1.kind=header"));
}

#define WITH_APP(test) cmocka_unit_test_setup_teardown(test, set_up, fake_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_APP(a_session_begins_and_ends),
        WITH_APP(under_tls_the_cookie_is_the_hosts_own),
        WITH_APP(wrong_is_wrong_whatever_it_is),
        WITH_APP(who_fails_waits_longer_each_time),
        WITH_APP(a_network_of_ipv6_is_one_address),
        WITH_APP(bad_bodies_are_refused),
        WITH_APP(a_session_ends_by_itself),
        WITH_APP(another_page_cannot_use_the_cookie),
        WITH_APP(a_proxy_may_have_changed_the_host),
        WITH_APP(a_token_is_its_users),
        WITH_APP(a_token_that_is_none_is_refused),
        WITH_APP(a_token_ends_and_knows_its_networks),
        WITH_APP(a_token_counts_before_a_cookie),
        WITH_APP(a_proxy_says_who_it_is),
        WITH_APP(a_user_of_that_name_has_his_roles),
        WITH_APP(too_many_requests_are_slowed_down),
        WITH_APP(i_change_my_own_phone_and_password),
        WITH_APP(a_first_password_takes_no_old_one),
        WITH_APP(the_old_password_cannot_be_guessed_either),
        WITH_APP(realms_are_told_to_everybody),
    };

    return cmocka_run_group_tests_name("api_auth", tests, NULL, NULL);
}

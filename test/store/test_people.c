/* One suite for every store: users, role bindings, access tokens and logins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "store/rows.h"
#include "tested.h"

static int set_up(void **state)
{
    struct tested *t = malloc(sizeof *t);

    assert_non_null(t);
    tested_open(t, *state); /* the initial state of each test is the kind of store */
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    tested_done(*state);
    free(*state);
    return 0;
}

static void write_one(struct tested *t, struct change c)
{
    tested_must_write(t, &c, 1);
}

static void write_people(struct tested *t)
{
    const struct change rows[] = {
        row_user("anna"),
        row_user("berta"),
        row_binding(3, "anna", SCOPE_GLOBAL),
        row_binding(5, "anna", SCOPE_SITE),
        row_binding(6, "berta", SCOPE_DESTINATION),
        row_binding(8, "anna", SCOPE_RANGE),
        row_token(7, "anna"),
        row_token(256, "berta"),
        row_login(9, "anna"),
        row_login(256, "berta"),
    };

    tested_must_write(t, rows, sizeof rows / sizeof *rows);
}

static void people_come_back_whole(void **state)
{
    struct tested *t = *state;
    struct loaded *l;

    tested_start(t);
    write_people(t);
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->users, 2);
    assert_int_equal(l->bindings, 4);
    assert_int_equal(l->tokens, 2);
    assert_int_equal(l->logins, 2);
    for (unsigned i = 0; i < 2; i++) {
        struct change user = row_user(l->user[i].name);
        struct change token = row_token(l->token[i].id, l->token[i].id == 7 ? "anna" : "berta");
        struct change login = row_login(l->login[i].id, l->login[i].id == 9 ? "anna" : "berta");

        assert_memory_equal(&l->user[i], &user.user, sizeof user.user);
        assert_memory_equal(&l->token[i], &token.token, sizeof token.token);
        assert_memory_equal(&l->login[i], &login.login, sizeof login.login);
    }
    for (unsigned i = 0; i < 4; i++) {
        const struct binding *b = &l->binding[i];
        struct change c = row_binding(b->id, b->id == 6 ? "berta" : "anna", b->scope.kind);

        assert_memory_equal(b, &c.binding, sizeof *b);
    }
    free(l);
}

static void a_later_one_replaces(void **state)
{
    struct tested *t = *state;
    struct change user = row_user("Anna"), token = row_token(7, "anna"),
                  login = row_login(9, "anna");
    struct loaded *l;

    user.user.disabled = false;
    user.user.password[0] = '\0';
    token.token.expires_at = 1763999999999;
    token.token.permissions = PERMISSION_ALL;
    login.login.seen_at = 1763900060456;
    tested_start(t);
    write_people(t);
    write_one(t, user);
    write_one(t, token);
    write_one(t, login);
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->users + l->bindings + l->tokens + l->logins, 10);
    for (unsigned i = 0; i < 2; i++) {
        bool anna = text_is_nocase(l->user[i].name, "anna");

        assert_int_equal(l->user[i].disabled, !anna);
        assert_int_equal(*l->user[i].password == '\0', anna);
        assert_int_equal(l->token[i].permissions == PERMISSION_ALL, l->token[i].id == 7);
        assert_int_equal(l->token[i].expires_at == 1763999999999, l->token[i].id == 7);
        assert_int_equal(l->login[i].seen_at == 1763900060456, l->login[i].id == 9);
    }
    free(l);
}

static void a_user_takes_everything_along(void **state)
{
    struct tested *t = *state;
    struct change gone = { .type = CHANGE_USER_REMOVE };
    struct loaded *l;

    gone.user = row_user("ANNA").user;
    tested_start(t);
    write_people(t);
    write_one(t, gone);
    write_one(t, gone); /* once more is no fault */
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->users, 1);
    assert_string_equal(l->user[0].name, "berta");
    assert_int_equal(l->bindings, 1);
    assert_int_equal(l->binding[0].id, 6);
    assert_int_equal(l->tokens, 1);
    assert_int_equal(l->token[0].id, 256);
    assert_int_equal(l->logins, 1);
    assert_int_equal(l->login[0].id, 256);
    free(l);
}

static void each_goes_by_itself(void **state)
{
    struct tested *t = *state;
    struct change gone[3] = { { .type = CHANGE_BINDING_REMOVE },
                              { .type = CHANGE_TOKEN_REMOVE },
                              { .type = CHANGE_LOGIN_REMOVE } };
    struct loaded *l;

    gone[0].binding_gone = 5;
    gone[1].token_gone = 256;
    gone[2].login_gone = 9;
    tested_start(t);
    write_people(t);
    tested_must_write(t, gone, 3);
    tested_must_write(t, gone, 3);
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->users, 2);
    assert_int_equal(l->bindings, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_not_equal(l->binding[i].id, 5);
    assert_int_equal(l->tokens, 1);
    assert_int_equal(l->token[0].id, 7);
    assert_int_equal(l->logins, 1);
    assert_int_equal(l->login[0].id, 256);
    free(l);
}

static void ids_never_go_back(void **state)
{
    struct tested *t = *state;
    struct change gone[4] = { { .type = CHANGE_USER_REMOVE } };
    struct store_highest h;

    gone[0].user = row_user("berta").user;
    tested_start(t);
    write_people(t);
    tested_must_write(t, gone, 1); /* with the highest token and login */
    tested_reopen(t);
    assert_int_equal(store_highest(t->store, &h, NULL), 0);
    assert_int_equal(h.binding, 8);
    assert_int_equal(h.token, 256);
    assert_int_equal(h.login, 256);
    assert_int_equal(h.audit, 0);
}

static void a_failed_group_leaves_no_trace(void **state)
{
    struct tested *t = *state;
    struct change bad[3] = { { .type = CHANGE_USER_REMOVE },
                             row_user("carla"),
                             row_range(2, "b", 4149, 4150) };
    struct loaded *l;

    bad[0].user = row_user("anna").user;
    tested_start(t);
    write_one(t, row_range(1, "a", 4100, 4149));
    write_people(t);
    assert_int_equal(tested_write(t, bad, 3, NULL), STORE_REFUSED);
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->users, 2);
    assert_int_equal(l->bindings, 4);
    assert_int_equal(l->tokens, 2);
    assert_int_equal(l->logins, 2);
    free(l);
}

/* Of phones, not of people; each row by itself. */
static void subscriptions_come_and_go(void **state)
{
    struct tested *t = *state;
    struct change gone = { .type = CHANGE_WATCH_REMOVE, .watch_gone = 7 };
    struct loaded *l;

    tested_start(t);
    write_one(t, row_watch(7, "who=a\n"));
    write_one(t, row_watch(9, "who=b\n"));
    write_one(t, row_watch(9, "who=c\n"));
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->watches, 2);
    free(l);
    tested_start(t);
    write_one(t, gone);
    write_one(t, gone); /* none, and no fault */
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->watches, 1);
    assert_int_equal(l->watch[0].number, 9);
    assert_string_equal(l->watch[0].text, "who=c\n");
    free(l);
}

static void permissions_are_kept_by_name(void **state)
{
    static const struct {
        permission_set permissions;
        const char *text;
    } lines[] = {
        { 0, "" },
        { UINT32_C(1) << MAY_RANGES_READ, "ranges.read" },
        { UINT32_C(1) << MAY_CALLS_READ_PII | UINT32_C(1) << MAY_METRICS_READ,
          "calls.read.pii,metrics.read" },
        { PERMISSION_ALL, "*" },
    };
    char text[PERMISSIONS_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        permissions_write(text, lines[i].permissions);
        assert_string_equal(text, lines[i].text);
        assert_int_equal(permissions_read(text), lines[i].permissions);
    }
    for (unsigned p = 0; p < PERMISSIONS; p++) { /* all but one is the longest text */
        permission_set most = PERMISSION_ALL & ~(UINT32_C(1) << p);

        permissions_write(text, most);
        assert_int_equal(permissions_read(text), most);
    }
    assert_int_equal(permissions_read("planets.move,ranges.read,,*"), UINT32_C(1)
                                                                          << MAY_RANGES_READ);
}

#define FOR(kind, test)                                                                            \
    {                                                                                              \
        kind "/" #test, test, set_up, tear_down, (void *)(uintptr_t)kind                           \
    }
#define BOTH(test) FOR("memory", test), FOR("sqlite", test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(people_come_back_whole),
        BOTH(a_later_one_replaces),
        BOTH(a_user_takes_everything_along),
        BOTH(each_goes_by_itself),
        BOTH(ids_never_go_back),
        BOTH(a_failed_group_leaves_no_trace),
        BOTH(subscriptions_come_and_go),
        cmocka_unit_test(permissions_are_kept_by_name),
    };

    return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}

/* Users, role bindings and access tokens: what is refused, what goes along, and what a restart
 * finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app_rig.h"
#include "base/text.h"

/* ---- users ---- */

static void first_administrator(void **state)
{
    struct app *a = *state;
    const struct user *u;

    assert_true(app_setup_needed(a));
    rig_administrator(a, "Anna");
    assert_false(app_setup_needed(a));
    u = access_user(app_access(a), "anna");
    assert_non_null(u);
    assert_string_equal(u->name, "anna");
    assert_int_equal(u->version, 1);
    assert_true(u->created_at > 0);
    assert_int_equal(rig_told.users_updated, 2);
    assert_int_not_equal(rig_told.result.binding, 0);
}

static void refused(void **state)
{
    struct app *a = *state;
    struct admin_change c = rig_user("anna");

    rig_administrator(a, "anna");
    c.fresh = true;
    assert_int_equal(rig_make(a, &c, 1), ADMIN_EXISTS);
    c = rig_user("anna");
    c.check_version = true;
    c.version = 7;
    assert_int_equal(rig_make(a, &c, 1), ADMIN_VERSION);
    c = rig_user("an na");
    assert_int_equal(rig_make(a, &c, 1), ADMIN_INVALID);
    assert_string_equal(rig_told.result.verdict.pointer, "/name");
    c = rig_role("bob", ROLE_VIEWER);
    assert_int_equal(rig_make(a, &c, 1), ADMIN_INVALID);
    assert_string_equal(rig_told.result.verdict.pointer, "/user");
    c = rig_role("anna", ROLE_VIEWER);
    c.binding.scope.kind = SCOPE_SITE;
    (void)text_copy(c.binding.scope.name, sizeof(c.binding.scope.name), "Nowhere");
    assert_int_equal(rig_make(a, &c, 1), ADMIN_INVALID);
    assert_string_equal(rig_told.result.verdict.pointer, "/scope");
    c = rig_role("anna", ROLE_ADMINISTRATOR);
    assert_int_equal(rig_make(a, &c, 1), ADMIN_EXISTS);
    c = rig_token("bob");
    assert_int_equal(rig_make(a, &c, 1), ADMIN_INVALID);
    c = (struct admin_change){ .what = ADMIN_USER_REMOVE };
    (void)text_copy(c.user.name, sizeof(c.user.name), "bob");
    assert_int_equal(rig_make(a, &c, 1), ADMIN_NOT_FOUND);
    c = (struct admin_change){ .what = ADMIN_BINDING_REMOVE, .binding = { .id = 99 } };
    assert_int_equal(rig_make(a, &c, 1), ADMIN_NOT_FOUND);
    c = (struct admin_change){ .what = ADMIN_TOKEN_REMOVE, .token = { .id = 99 } };
    assert_int_equal(rig_make(a, &c, 1), ADMIN_NOT_FOUND);
}

static void last_administrator_stays(void **state)
{
    struct app *a = *state;
    struct admin_change gone = { .what = ADMIN_USER_REMOVE, .user = { .name = "anna" } };
    struct admin_change disabled = rig_user("anna");
    struct admin_change taken = { .what = ADMIN_BINDING_REMOVE };
    struct admin_change list[3];

    rig_administrator(a, "anna");
    taken.binding.id = rig_told.result.binding;
    disabled.user.disabled = true;
    assert_int_equal(rig_make(a, &gone, 1), ADMIN_IN_USE);
    assert_true(rig_told.result.last_administrator);
    assert_int_equal(rig_make(a, &disabled, 1), ADMIN_IN_USE);
    assert_int_equal(rig_make(a, &taken, 1), ADMIN_IN_USE);
    assert_non_null(access_user(app_access(a), "anna"));
    list[0] = gone; /* within a list it may be, as long as somebody is there in the end */
    list[1] = rig_user("bob");
    list[2] = rig_role("bob", ROLE_ADMINISTRATOR);
    assert_int_equal(rig_make(a, list, 3), ADMIN_DONE);
    assert_null(access_user(app_access(a), "anna"));
    assert_int_equal(access_administrators(app_access(a)), 1);
}

static void removal_takes_all_along(void **state)
{
    struct app *a = *state;
    const struct admin_change list[] = { rig_user("bob"), rig_role("bob", ROLE_VIEWER),
                                         rig_token("bob") };
    const struct admin_change gone = { .what = ADMIN_USER_REMOVE, .user = { .name = "BOB" } };
    char secret[SECRET_SIZE], link[SECRET_SIZE], name[USER_SIZE];
    wall_msec expires;

    rig_administrator(a, "anna");
    assert_int_equal(rig_make(a, list, 3), ADMIN_DONE);
    assert_int_not_equal(rig_told.result.token, 0);
    assert_non_null(app_login_new(a, "bob", "192.0.2.1", "browser", secret));
    app_link_make(a, "bob", link, &expires);
    assert_true(app_link_holds(a, link, name));
    assert_int_equal(rig_make(a, &gone, 1), ADMIN_DONE);
    assert_int_equal(app_access(a)->user_count, 1);
    assert_int_equal(app_access(a)->binding_count, 1);
    assert_int_equal(app_access(a)->token_count, 0);
    assert_null(app_login_next(a, 0));
    assert_null(app_login_by_secret(a, secret));
    assert_false(app_link_take(a, link, name));
    assert_null(app_login_new(a, "bob", "192.0.2.1", "browser", secret));
}

/* A role at a site would come to life again with another site of that name. */
static void role_goes_with_its_place(void **state)
{
    struct app *a = *state;
    struct admin_change site = { .what = ADMIN_SITE_PUT, .site = { .name = "Berlin" } };
    struct admin_change list[2] = { rig_user("bob"), rig_role("bob", ROLE_VIEWER) };

    assert_int_equal(rig_make(a, &site, 1), ADMIN_DONE);
    list[1].binding.scope.kind = SCOPE_SITE;
    (void)text_copy(list[1].binding.scope.name, sizeof(list[1].binding.scope.name), "Berlin");
    assert_int_equal(rig_make(a, list, 2), ADMIN_DONE);
    assert_int_equal(app_access(a)->binding_count, 1);
    rig_told.users_updated = 0;
    site.what = ADMIN_SITE_REMOVE;
    assert_int_equal(rig_make(a, &site, 1), ADMIN_DONE);
    assert_int_equal(app_access(a)->binding_count, 0);
    assert_int_equal(rig_told.users_updated, 1);
}

static void failing_store_leaves_nobody(void **state)
{
    struct app *a = *state;
    const struct admin_change c = rig_user("anna");

    rig_told.describing = true;
    store_mem_trouble(a->store, 1, 0);
    assert_int_equal(rig_make(a, &c, 1), ADMIN_STORE);
    assert_int_equal(app_access(a)->user_count, 0);
    assert_int_equal(rig_told.users_updated + rig_told.audited, 0);
}

/* ---- access tokens ---- */

static void token_was_used(void **state)
{
    struct app *a = *state;
    const struct admin_change c = rig_token("anna");
    const struct access_token *t;
    wall_msec first;

    rig_administrator(a, "anna");
    assert_int_equal(rig_make(a, &c, 1), ADMIN_DONE);
    t = access_token_by_id(app_access(a), rig_told.result.token);
    assert_int_equal(t->used_at, 0);
    app_token_used(a, t->id);
    first = t->used_at;
    assert_int_equal(first, a->wall);
    a->wall += 59999; /* it need not be exact */
    app_token_used(a, t->id);
    assert_int_equal(t->used_at, first);
    a->wall++;
    app_token_used(a, t->id);
    assert_int_equal(t->used_at, first + 60000);
}

/* ---- a restart ---- */

static void restart_finds_them_again(void **state)
{
    const struct admin_change list[] = { rig_user("anna"), rig_role("anna", ROLE_ADMINISTRATOR),
                                         rig_token("anna") };
    struct app *a = rig_begin("memory:people");
    char secret[SECRET_SIZE], other[SECRET_SIZE], name[USER_SIZE], link[SECRET_SIZE];
    const struct admin_change more[] = { rig_user("bob"), rig_role("bob", ROLE_VIEWER),
                                         rig_token("bob") };
    binding_id binding;
    token_id token;
    wall_msec expires;
    login_id id;

    (void)state;
    assert_int_equal(rig_make(a, list, 3), ADMIN_DONE);
    binding = rig_told.result.binding;
    token = rig_told.result.token;
    id = app_login_new(a, "anna", "192.0.2.1", "browser", secret)->id;
    app_link_make(a, "anna", link, &expires);
    app_free(a);

    a = rig_begin("memory:people");
    assert_int_equal(app_access(a)->user_count, 1);
    assert_int_equal(app_access(a)->token_count, 1);
    assert_non_null(access_binding(app_access(a), binding));
    assert_int_equal(app_login_by_secret(a, secret)->id, id);
    assert_string_equal(app_login_find(a, id)->agent, "browser");
    assert_true(app_login_new(a, "anna", "192.0.2.1", "browser", other)->id > id);
    assert_false(app_link_take(a, link, name)); /* made for the next half hour, not for ever */
    assert_true(app_login_end(a, id));
    app_free(a);

    a = rig_begin("memory:people");
    assert_int_equal(rig_make(a, more, 3), ADMIN_DONE); /* no number is given twice */
    assert_true(rig_told.result.binding > binding && rig_told.result.token > token);
    assert_null(app_login_by_secret(a, secret));
    assert_non_null(app_login_by_secret(a, other));
    app_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_APP(first_administrator),      WITH_APP(refused),
        WITH_APP(last_administrator_stays), WITH_APP(removal_takes_all_along),
        WITH_APP(role_goes_with_its_place), WITH_APP(failing_store_leaves_nobody),
        WITH_APP(token_was_used),           cmocka_unit_test(restart_finds_them_again),
    };

    return cmocka_run_group_tests_name("people", tests, rig_start, rig_end);
}

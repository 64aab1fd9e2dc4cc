/* Who is signed in and for how long, and links that are good once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app_rig.h"
#include "base/text.h"

/* ---- logins ---- */

static void login_has_limits(void **state)
{
    struct app *a = *state;
    char secret[SECRET_SIZE], other[SECRET_SIZE];
    const struct login *l;
    login_id id;

    rig_administrator(a, "anna");
    l = app_login_new(a, "ANNA", "192.0.2.1", "browser", secret);
    assert_non_null(l);
    assert_string_equal(l->user, "anna");
    id = l->id;
    assert_non_null(app_login_new(a, "anna", "192.0.2.2", "browser", other));
    assert_string_not_equal(secret, other);
    assert_null(app_login_by_secret(a, ""));
    assert_null(
        app_login_by_secret(a, "0000000000000000000000000000000000000000000000000000000000000000"));
    assert_int_equal(app_login_by_secret(a, secret)->id, id);
    a->wall += rig_config.session_idle - 1;
    assert_non_null(app_login_by_secret(a, secret)); /* seen again */
    a->wall += rig_config.session_idle - 1;
    assert_non_null(app_login_by_secret(a, secret));
    assert_null(app_login_by_secret(a, other)); /* not seen for too long */
    assert_ptr_equal(app_login_next(a, 0), app_login_find(a, id));
    assert_null(app_login_next(a, id));
    for (msec spent = 2 * rig_config.session_idle; spent < rig_config.session_max; spent += 60000) {
        a->wall += 60000;
        (void)app_login_by_secret(a, secret);
    }
    assert_non_null(app_login_by_secret(a, secret));
    a->wall += 2;
    assert_null(app_login_by_secret(a, secret)); /* seen all the time, and at its end */
    assert_null(app_login_find(a, id));
}

static void login_of_disabled_user_ends(void **state)
{
    struct app *a = *state;
    struct admin_change bob = rig_user("bob");
    char secret[SECRET_SIZE];

    rig_administrator(a, "anna");
    assert_int_equal(rig_make(a, &bob, 1), ADMIN_DONE);
    assert_non_null(app_login_new(a, "bob", "192.0.2.1", "browser", secret));
    bob.user.disabled = true;
    assert_int_equal(rig_make(a, &bob, 1), ADMIN_DONE);
    assert_null(app_login_next(a, 0));
    assert_null(app_login_by_secret(a, secret));
    assert_null(app_login_new(a, "bob", "192.0.2.1", "browser", secret));
}

static void other_logins_end(void **state)
{
    struct app *a = *state;
    char secret[SECRET_SIZE];
    login_id kept;

    rig_administrator(a, "anna");
    rig_administrator(a, "bob");
    assert_non_null(app_login_new(a, "anna", "a", "", secret));
    kept = app_login_new(a, "anna", "b", "", secret)->id;
    assert_non_null(app_login_new(a, "bob", "c", "", secret));
    assert_int_equal(app_logins_end_of(a, "anna", kept), 1);
    assert_int_equal(app_login_next(a, 0)->id, kept);
    assert_non_null(app_login_next(a, kept));
    assert_true(app_login_end(a, kept));
    assert_false(app_login_end(a, kept));
    assert_int_equal(app_logins_end_of(a, "bob", 0), 1);
    assert_null(app_login_next(a, 0));
}

/* Somebody who signs in over and over puts nobody else out. */
static void logins_of_one_are_few(void **state)
{
    struct app *a = *state;
    char first[SECRET_SIZE], others[SECRET_SIZE], secret[SECRET_SIZE];

    rig_administrator(a, "anna");
    rig_administrator(a, "mallory");
    assert_non_null(app_login_new(a, "anna", "a", "", others));
    assert_non_null(app_login_new(a, "mallory", "a", "", first));
    for (unsigned i = 0; i < LOGINS_MAX; i++)
        assert_non_null(app_login_new(a, "mallory", "a", "", secret));
    assert_non_null(app_login_by_secret(a, others));
    assert_non_null(app_login_by_secret(a, secret));
    assert_null(app_login_by_secret(a, first));
    assert_int_equal(app_logins_end_of(a, "mallory", 0), LOGINS_OF_ONE);
}

static void full_table_ends_the_least_seen(void **state)
{
    struct app *a = *state;
    char first[SECRET_SIZE], second[SECRET_SIZE], secret[SECRET_SIZE], name[16];

    rig_administrator(a, "anna");
    for (unsigned i = 0; i <= LOGINS_MAX / LOGINS_OF_ONE; i++) {
        (void)text_format(name, sizeof name, "user%u", i);
        rig_administrator(a, name);
    }
    assert_non_null(app_login_new(a, "anna", "a", "", first));
    assert_non_null(app_login_new(a, "anna", "a", "", second));
    a->wall++;
    assert_non_null(app_login_by_secret(a, first));
    for (unsigned i = 2; i <= LOGINS_MAX; i++) {
        (void)text_format(name, sizeof name, "user%u", i / LOGINS_OF_ONE);
        assert_non_null(app_login_new(a, name, "a", "", secret));
    }
    assert_null(app_login_by_secret(a, second));
    assert_non_null(app_login_by_secret(a, first));
}

/* ---- links ---- */

static void link_is_good_once(void **state)
{
    struct app *a = *state;
    char link[SECRET_SIZE], late[SECRET_SIZE], name[USER_SIZE] = "x";
    wall_msec expires;

    rig_administrator(a, "anna");
    app_link_make(a, "anna", link, &expires);
    app_link_make(a, "anna", late, &expires);
    assert_int_equal(expires, a->wall + 30 * 60000);
    assert_false(app_link_take(a, "nonsense", name));
    assert_true(app_link_holds(a, link, name));
    assert_true(app_link_take(a, link, name));
    assert_string_equal(name, "anna");
    assert_false(app_link_take(a, link, name));
    a->now += 30 * 60000 - 1;
    assert_true(app_link_holds(a, late, name));
    a->now++;
    assert_false(app_link_take(a, late, name));
}

static void set_up_is_once(void **state)
{
    struct app *a = *state;
    char link[SECRET_SIZE], other[SECRET_SIZE], name[USER_SIZE] = "x";
    wall_msec expires;

    app_link_make(a, "", link, &expires);
    app_link_make(a, "", other, &expires);
    assert_true(app_link_take(a, link, name));
    assert_string_equal(name, "");
    assert_true(app_link_holds(a, other, name));
    rig_administrator(a, "anna");
    assert_false(app_link_take(a, other, name));
}

static void only_so_many_links(void **state)
{
    struct app *a = *state;
    char first[SECRET_SIZE], link[SECRET_SIZE], name[USER_SIZE];
    wall_msec expires;

    app_link_make(a, "", first, &expires);
    for (unsigned i = 0; i < 64; i++)
        app_link_make(a, "", link, &expires);
    assert_false(app_link_holds(a, first, name));
    assert_true(app_link_holds(a, link, name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_APP(login_has_limits),
        WITH_APP(login_of_disabled_user_ends),
        WITH_APP(other_logins_end),
        WITH_APP(logins_of_one_are_few),
        WITH_APP(full_table_ends_the_least_seen),
        WITH_APP(link_is_good_once),
        WITH_APP(set_up_is_once),
        WITH_APP(only_so_many_links),
    };

    return cmocka_run_group_tests_name("login", tests, rig_start, rig_end);
}

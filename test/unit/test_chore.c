/* Work beside the loop: its bound, its end, and passwords. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app_rig.h"
#include "base/text.h"
#include "sys/clock.h"

/* ---- chores ---- */

struct test_chore {
    struct chore chore;
    unsigned run, done;
};

static atomic_bool hold;
static int fits; /* -1: not known yet */
static char hash[PASSWORD_HASH_SIZE];

static void made(void *context, const char *what)
{
    (void)context;
    assert_true(text_copy(hash, sizeof(hash), what));
}

static void checked(void *context, bool does)
{
    (void)context;
    fits = does;
}

static void run_held(struct chore *c)
{
    while (atomic_load(&hold))
        (void)sched_yield();
    ((struct test_chore *)c)->run++;
}

static void chore_done(struct app *a, struct chore *c)
{
    struct test_chore *t = (struct test_chore *)c;

    (void)a;
    assert_int_equal(t->run, !c->dropped);
    t->done++;
}

static void chores_have_a_bound(void **state)
{
    struct app *a = *state;
    struct test_chore all[CHORES_WAITING + 1];

    memset(all, 0, sizeof(all));
    atomic_store(&hold, true);
    for (unsigned i = 0; i <= CHORES_WAITING; i++) {
        all[i].chore = (struct chore){ .run = run_held, .done = chore_done };
        assert_int_equal(app_chore(a, &all[i].chore), i < CHORES_WAITING);
    }
    atomic_store(&hold, false);
    while (!all[CHORES_WAITING - 1].done)
        app_turn(a, 1000);
    for (unsigned i = 0; i < CHORES_WAITING; i++)
        assert_int_equal(all[i].done, 1);
    assert_true(app_chore(a, &all[CHORES_WAITING].chore));
    while (!all[CHORES_WAITING].done)
        app_turn(a, 1000);
}

static void chores_end_with_the_app(void **state)
{
    struct app *a = rig_begin("memory:");
    struct test_chore all[20];

    (void)state;
    memset(all, 0, sizeof(all));
    for (unsigned i = 0; i < 20; i++) {
        all[i].chore = (struct chore){ .run = run_held, .done = chore_done };
        assert_true(app_chore(a, &all[i].chore));
    }
    assert_true(app_password_make(a, "correct horse", made, NULL));
    app_free(a);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(all[i].done, 1);
}

static int check(struct app *a, const char *password, const char *against)
{
    fits = -1;
    assert_true(app_password_check(a, password, against, checked, NULL));
    while (fits < 0)
        app_turn(a, 1000);
    return fits;
}

/* Else the time would tell which users there are. */
static void no_password_takes_as_long(void **state)
{
    struct app *a = *state;
    msec begun = clock_now(), with, without;

    hash[0] = '\0';
    assert_true(app_password_make(a, "correct horse", made, NULL));
    while (!hash[0])
        app_turn(a, 1000);
    with = clock_now() - begun;
    begun = clock_now();
    assert_false(check(a, "correct horse", NULL));
    without = clock_now() - begun;
    if (without <
        with / 8) /* on a busy machine neither is exact; without the work it is next to 0 */
        fail_msg("%u ms, not about %u", (unsigned)without, (unsigned)with);
}

static void password_fits_or_not(void **state)
{
    struct app *a = *state;

    hash[0] = '\0';
    assert_true(app_password_make(a, "correct horse", made, NULL));
    while (!hash[0])
        app_turn(a, 1000);
    assert_true(text_starts(hash, "$argon2id$v=19$m=65536,t=2,p=1$"));
    assert_true(check(a, "correct horse", hash));
    assert_false(check(a, "correct horsf", hash));
    assert_false(check(a, "", hash));
    assert_false(check(a, "correct horse", ""));
    assert_false(check(a, "correct horse", "no hash at all"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_APP(chores_have_a_bound),
        cmocka_unit_test(chores_end_with_the_app),
        WITH_APP(no_password_takes_as_long),
        WITH_APP(password_fits_or_not),
    };

    return cmocka_run_group_tests_name("chore", tests, rig_start, rig_end);
}

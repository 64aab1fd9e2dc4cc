/* A store that cannot be written for a while: what is said of it, what is kept meanwhile, and that
 * all of it is there once it can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/text.h"
#include "failing.h"
#include "store/backlog.h"
#include "tested.h"

static int set_up(void **state)
{
    struct tested *t = malloc(sizeof *t);

    assert_non_null(t);
    failing_install();
    failing_set(FAIL_NOTHING);
    tested_open(t, "sqlite");
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    failing_set(FAIL_NOTHING);
    tested_done(*state);
    free(*state);
    return 0;
}

static void submit(struct tested *t, uint64_t token, const struct change *changes, size_t count)
{
    struct change_group group = tested_group(token, changes, count);

    assert_int_equal(store_submit(t->store, &group, 1), 0);
}

/* Until it is over; there may be news of another cause in between. */
static void wait_until_fine(struct tested *t)
{
    struct store_event ev;

    do
        ev = tested_event(t);
    while (ev.type != STORE_TROUBLE || ev.result != STORE_DONE);
}

static size_t count_rows(struct tested *t, enum query_type type, call_id call)
{
    struct store_query q = { .type = type, .token = 99, .call = call };
    struct store_rows *rows = tested_ask(t, &q);
    size_t count = rows->count;

    store_rows_free(rows);
    return count;
}

/* While the disk fails in this way: it is told once and named, the past is kept, and nothing of an
 * administrator's change is. */
static void goes_through(struct tested *t, enum failing how, enum store_trouble kind)
{
    const struct change first[] = { row_call(1, 4100), row_leg(11, 1), row_step(1, 1) },
                        second[] = { row_record(2, 4101, OUT_ABANDONED, 5000), row_step(2, 1),
                                     row_login(7, "anna") },
                        admin[] = { row_site("Nowhere"),
                                    row_audit("anna", "site.created", "Nowhere", 1000) },
                        entry = row_audit("anna", "auth.login", "anna", 2000);
    struct change gone = { .type = CHANGE_LOGIN_REMOVE, .login_gone = 6 };
    struct change before = row_login(6, "anna");
    struct store_state look;
    struct store_event ev;
    struct loaded *l;

    tested_start(t);
    tested_must_write(t, &before, 1);
    failing_set(how);
    submit(t, 1, first, 3);
    ev = tested_event(t);
    assert_int_equal(ev.type, STORE_TROUBLE);
    assert_int_equal(ev.result, STORE_FAILED);
    assert_int_equal(ev.trouble, kind);
    assert_true(*ev.text != '\0');
    ev = tested_event(t);
    assert_int_equal(ev.type, STORE_REPORT);
    assert_int_equal(ev.token, 1);
    assert_int_equal(ev.result, STORE_FAILED);
    submit(t, 0, second, 3); /* nobody waits, and nobody is told */
    submit(t, 0, &gone, 1);
    submit(t, 2, admin, 2);
    ev = tested_event(t);
    assert_int_equal(ev.token, 2);
    assert_int_equal(ev.result, STORE_FAILED);
    submit(t, 3, &entry, 1);
    assert_int_equal(tested_event(t).token, 3);
    store_look(t->store, &look);
    assert_int_equal(look.kept, 6);
    failing_set(FAIL_NOTHING);
    wait_until_fine(t);
    store_look(t->store, &look);
    assert_int_equal(look.kept, 0);
    assert_int_equal(look.lost.steps + look.lost.records + look.lost.audit + look.lost.logins, 0);
    assert_int_equal(count_rows(t, QUERY_STEPS, 1), 1);
    assert_int_equal(count_rows(t, QUERY_STEPS, 2), 1);
    assert_int_equal(count_rows(t, QUERY_RECORDS, 2), 1);
    assert_int_equal(count_rows(t, QUERY_AUDIT, 0), 1);
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->calls, 0); /* whoever submitted it writes it anew */
    assert_int_equal(l->sites, 0);
    assert_int_equal(l->logins, 1);
    assert_int_equal(l->login[0].id, 7);
    free(l);
}

static void a_full_disk(void **state)
{
    goes_through(*state, FAIL_FULL, STORE_FULL);
}

static void a_disk_that_fails(void **state)
{
    goes_through(*state, FAIL_IO, STORE_BROKEN);
}

static void a_disk_that_may_not_be_written(void **state)
{
    goes_through(*state, FAIL_READ_ONLY, STORE_READ_ONLY);
}

static void torn_writes(void **state)
{
    goes_through(*state, FAIL_TORN, STORE_BROKEN);
}

static void flushes_that_fail(void **state)
{
    goes_through(*state, FAIL_FLUSH, STORE_BROKEN);
}

/* It waits a while for the other program, then says so, and goes on when that has ended. */
static void a_file_that_another_has(void **state)
{
    struct tested *t = *state;
    struct change c = row_step(1, 1);
    struct store_event ev;
    sqlite3 *other = NULL;
    char path[256];

    tested_start(t);
    tested_must_write(t, &c, 1);
    tested_path(t, path, sizeof path, "callpark.db");
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    c = row_step(1, 2);
    submit(t, 5, &c, 1);
    ev = tested_event(t);
    assert_int_equal(ev.type, STORE_TROUBLE);
    assert_int_equal(ev.trouble, STORE_LOCKED);
    assert_non_null(strstr(ev.text, "other program"));
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    wait_until_fine(t);
    assert_int_equal(count_rows(t, QUERY_STEPS, 1), 2);
}

/* Whoever looks sees for how long a flush has been going on; and of what finds no more room the
 * past is there in the end. */
static void a_flush_that_does_not_end(void **state)
{
    static const struct timespec pause = { .tv_nsec = 1000000 };
    struct tested *t = *state;
    struct change c = row_step(1, 1);
    struct store_state look;
    uint32_t steps = 1;

    tested_start(t);
    failing_set(FAIL_STUCK);
    submit(t, 1, &c, 1);
    do {
        (void)nanosleep(&pause, NULL);
        store_look(t->store, &look);
    } while (!look.busy_since);
    for (int refused = 0; refused < 10;) {
        struct change_group group;

        c = row_step(2, ++steps);
        group = tested_group(0, &c, 1);
        refused += store_submit(t->store, &group, 1) != 0;
    }
    assert_true(steps > 1000);
    failing_set(FAIL_NOTHING);
    assert_int_equal(tested_event(t).token, 1);
    do { /* the next one that is taken takes along what was not */
        struct change_group group;

        (void)nanosleep(&pause, NULL);
        c = row_record(2, 4101, OUT_ABANDONED, 5000);
        group = tested_group(7, &c, 1);
        if (store_submit(t->store, &group, 1) == 0)
            break;
    } while (true);
    assert_int_equal(tested_event(t).token, 7);
    tested_reopen(t);
    tested_start(t);
    c = row_step(3, 1);
    tested_must_write(t, &c, 1);
    {
        struct store_query q = { .type = QUERY_STEPS, .token = 98, .call = 2 };
        struct store_rows *rows = tested_ask(t, &q);

        assert_int_equal(rows->count, 1000);
        assert_true(rows->more);
        store_rows_free(rows);
    }
    {
        char path[256], sql[] = "SELECT count(*) FROM call_steps WHERE call = 2";
        sqlite3_stmt *st = NULL;
        sqlite3 *db = NULL;

        tested_path(t, path, sizeof path, "callpark.db");
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(st), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int64(st, 0), steps - 1);
        sqlite3_finalize(st);
        sqlite3_close(db);
    }
}

/* ---- rows of calls that went meanwhile ---- */

static void keeps_only_live_rows(const char *kind)
{
    struct change rows[] = { row_call(1, 4100), row_call(2, 4101), row_call(3, 4102),
                             row_leg(11, 1),    row_leg(12, 2),    row_leg(13, 3) };
    struct change keep = { .type = CHANGE_ROWS_KEEP };
    struct loaded *l;
    struct tested t;

    tested_open(&t, kind);
    tested_start(&t);
    tested_must_write(&t, rows, 6);
    keep.live.calls = malloc(2 * sizeof *keep.live.calls);
    keep.live.legs = malloc(sizeof *keep.live.legs);
    assert_non_null(keep.live.calls);
    assert_non_null(keep.live.legs);
    keep.live.calls[0] = 2;
    keep.live.calls[1] = 9;
    keep.live.call_count = 2;
    keep.live.legs[0] = 12;
    keep.live.leg_count = 1;
    tested_must_write(&t, &keep, 1);
    tested_reopen(&t);
    l = tested_load(&t);
    assert_int_equal(l->calls, 1);
    assert_int_equal(l->call[0].call.id, 2);
    assert_int_equal(l->legs, 1);
    assert_int_equal(l->leg[0].leg, 12);
    free(l);
    tested_done(&t);
}

static void live_rows_in_sqlite(void **state)
{
    (void)state;
    keeps_only_live_rows("sqlite");
}

static void live_rows_in_memory(void **state)
{
    (void)state;
    keeps_only_live_rows("memory");
}

/* ---- the bound ---- */

static void what_is_kept_is_bounded(void **state)
{
    struct backlog b = { .most = 8192 }, more = { .most = 8192 };
    struct change c = row_step(1, 1), out[400];
    struct change_group one = { .changes = &c, .count = 1 };
    uint64_t kept;

    (void)state;
    for (unsigned i = 1; i <= 300; i++) {
        c = row_step(1, i);
        backlog_keep(&b, &one);
    }
    kept = b.count;
    assert_true(kept > 10);
    assert_int_equal(kept + b.lost.steps, 300);
    c = row_record(5, 4100, OUT_ABANDONED, 1); /* steps leave room for it */
    backlog_keep(&b, &one);
    assert_int_equal(b.count, kept + 1);
    for (unsigned i = 0; i < 100; i++)
        backlog_keep(&b, &one);
    assert_true(b.lost.records > 0);
    assert_true(b.end - b.first <= 8192);
    assert_int_equal(backlog_read(&b, out, 400), b.count);
    assert_int_equal(out[0].step.number, 1);
    assert_int_equal(out[kept].record.id, 5);
    backlog_lose(&b, 2);
    assert_int_equal(backlog_read(&b, out, 1), 1);
    assert_int_equal(out[0].step.number, 3);
    assert_int_equal(kept - 2 + (b.lost.steps), 300); /* two were counted as lost */
    c = row_step(2, 1);
    backlog_keep(&more, &one);
    more.lost.audit = 4;
    backlog_free(&b);
    backlog_join(&b, &more);
    assert_int_equal(b.count, 1);
    assert_int_equal(b.lost.audit, 4);
    assert_int_equal(more.count, 0);
    backlog_drop(&b, 1);
    assert_int_equal(b.count, 0);
    backlog_free(&b);
    backlog_free(&more);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_is_bounded),
        cmocka_unit_test(live_rows_in_sqlite),
        cmocka_unit_test(live_rows_in_memory),
        WITH_STORE(a_full_disk),
        WITH_STORE(a_disk_that_fails),
        WITH_STORE(a_disk_that_may_not_be_written),
        WITH_STORE(torn_writes),
        WITH_STORE(flushes_that_fail),
        WITH_STORE(a_file_that_another_has),
        WITH_STORE(a_flush_that_does_not_end),
    };

    return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}

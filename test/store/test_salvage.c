/* A store that is damaged: what can still be read of it is used, the file is kept aside, and what
 * is no damage is not taken for it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "store/sqlite.h"
#include "tested_sql.h"

/* A page of a table is noise: the others are there, and the damaged file is kept. */
static void a_damaged_table_is_salvaged(void **state)
{
    struct tested *t = *state;
    struct change c = row_range(1, "a", 4100, 4109);
    char path[256], noise[4096], pattern[300], command[400];
    struct err err = { 0 };
    struct loaded *l;
    int64_t root;
    FILE *f;

    tested_start(t);
    tested_must_write(t, &c, 1);
    for (unsigned i = 1; i <= 8; i++) { /* each leg is more than a page */
        c = row_leg(10 + i, i);
        tested_must_write(t, &c, 1);
    }
    tested_close(t);
    tested_sql(t, "callpark.db", "PRAGMA wal_checkpoint(TRUNCATE)");
    root =
        tested_number(t, "callpark.db", "SELECT rootpage FROM sqlite_schema WHERE name = 'legs'");
    tested_path(t, path, sizeof path, "callpark.db");
    f = fopen(path, "r+e");
    assert_non_null(f);
    memset(noise, 0x5a, sizeof noise);
    assert_int_equal(fseek(f, (long)(root - 1) * 4096, SEEK_SET), 0);
    assert_int_equal(fwrite(noise, 1, sizeof noise, f), sizeof noise);
    assert_int_equal(fclose(f), 0);
    if (store_open(&t->store, t->url, &err) != 0)
        fail_msg("%s", err.text);
    l = tested_load(t);
    assert_int_equal(l->ranges, 1);
    assert_int_equal(l->range[0].id, 1);
    assert_int_equal(l->legs, 0);
    free(l);
    tested_path(t, pattern, sizeof pattern, "callpark.db.damaged-*[0-9]");
    assert_true(text_format(command, sizeof command, "test -s %s", pattern));
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a folder that mkdtemp named */
    tested_start(t);
    c = row_leg(20, 1);
    tested_must_write(t, &c, 1);
}

static char *find(char *all, size_t size, const char *words)
{
    size_t length = strlen(words);

    for (size_t i = 0; i + length <= size; i++)
        if (memcmp(all + i, words, length) == 0)
            return all + i;
    fail_msg("'%s' is not in the file", words);
    return NULL;
}

/* The page of the file that holds these words is noise from now on. */
static void spoil_page_with(const struct tested *t, const char *words)
{
    enum { MOST = 8 * 1024 * 1024, PAGE = 4096 };
    char path[256], *all = malloc(MOST), *at;
    size_t size;
    FILE *f;

    assert_non_null(all);
    tested_path(t, path, sizeof path, "callpark.db");
    f = fopen(path, "r+e");
    assert_non_null(f);
    size = fread(all, 1, MOST, f);
    at = find(all, size, words);
    memset(all, 0x5a, PAGE);
    assert_int_equal(fseek(f, (at - all) / PAGE * PAGE, SEEK_SET), 0);
    assert_int_equal(fwrite(all, 1, PAGE, f), PAGE);
    assert_int_equal(fclose(f), 0);
    free(all);
}

/* Of a long table what stands before and behind the damage is read; a mark of the last run has the
 * past looked at as well. */
static void both_ends_of_a_table_are_salvaged(void **state)
{
    struct tested *t = *state;
    struct change *steps = calloc(3000, sizeof *steps);
    char path[256];
    int64_t left;
    FILE *mark;

    assert_non_null(steps);
    for (unsigned i = 0; i < 3000; i++)
        steps[i] = row_step(1, i + 1);
    tested_start(t);
    tested_must_write(t, steps, 3000);
    free(steps);
    tested_close(t);
    tested_sql(t, "callpark.db", "PRAGMA wal_checkpoint(TRUNCATE)");
    spoil_page_with(t, "call.step1500");
    tested_path(t, path, sizeof path, "callpark.db.damaged");
    mark = fopen(path, "we");
    assert_non_null(mark);
    assert_int_equal(fclose(mark), 0);
    assert_int_equal(store_open(&t->store, t->url, NULL), 0);
    tested_close(t);
    left = tested_number(t, "callpark.db", "SELECT count(*) FROM call_steps");
    assert_true(left > 2000 && left < 3000);
    assert_int_equal(tested_number(t, "callpark.db",
                                   "SELECT count(*) FROM call_steps WHERE number IN (1, 3000)"),
                     2);
    assert_int_equal(store_open(&t->store, t->url, NULL), 0); /* and is no more looked at */
    assert_int_equal(tested_number(t, "callpark.db", "SELECT count(*) FROM call_steps"), left);
}

/* Another program that keeps the file for itself is no damage. */
static void a_locked_file_is_left_alone(void **state)
{
    struct tested *t = *state;
    struct err err = { 0 };
    char path[256];
    sqlite3 *other = NULL;

    tested_close(t);
    tested_path(t, path, sizeof path, "callpark.db");
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other,
                                  "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; "
                                  "INSERT INTO sites VALUES ('x', 1); COMMIT",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(store_open(&t->store, t->url, &err), -EBUSY);
    assert_non_null(strstr(err.text, "end the other program"));
    t->store = NULL;
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(store_open(&t->store, t->url, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tested_up, tested_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_damaged_table_is_salvaged),
        TEST(both_ends_of_a_table_are_salvaged),
        TEST(a_locked_file_is_left_alone),
    };

    return cmocka_run_group_tests_name("salvage", tests, NULL, NULL);
}

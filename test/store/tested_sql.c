/* A store in a file, for tests that look into it: see tested_sql.h. */
#include "tested_sql.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

int tested_up(void **state)
{
    struct tested *t = malloc(sizeof *t);

    assert_non_null(t);
    tested_open(t, "sqlite");
    *state = t;
    return 0;
}

int tested_down(void **state)
{
    tested_done(*state);
    free(*state);
    return 0;
}

void tested_sql(const struct tested *t, const char *file, const char *sql)
{
    char path[256];
    sqlite3 *db = NULL;

    tested_path(t, path, sizeof path, file);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int64_t tested_number(const struct tested *t, const char *file, const char *sql)
{
    char path[256];
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    int64_t value;

    tested_path(t, path, sizeof path, file);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    value = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return value;
}

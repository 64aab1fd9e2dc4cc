/* Taking over what another file knows of the past. A piece at a time, each in a transaction of its
 * own; what is here already is not replaced, because what happened has happened. */
#include <errno.h>

#include "base/text.h"
#include "store/sqlite.h"

#define RECORDS_AT_ONCE 1000

static int bind_and_run(struct sqlite *s, const char *sql, call_id from, call_id to,
                        struct err *err)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
        return sqlite_fault(s, err);
    (void)sqlite3_bind_int64(st, 1, (sqlite3_int64)from);
    (void)sqlite3_bind_int64(st, 2, (sqlite3_int64)to);
    return sqlite3_step(st) == SQLITE_DONE ? 0 : sqlite_fault(s, err);
}

/* The call with which the next piece ends; INT64_MAX: it is the last one. */
static int find_end(struct sqlite *s, call_id from, call_id *to, struct err *err)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *st = NULL;
    int result;

    if (sqlite3_prepare_v2(s->db,
                           "SELECT id FROM past.call_records WHERE id > ?1 ORDER BY id "
                           "LIMIT 1 OFFSET ?2",
                           -1, &st, NULL) != SQLITE_OK)
        return sqlite_fault(s, err);
    (void)sqlite3_bind_int64(st, 1, (sqlite3_int64)from);
    (void)sqlite3_bind_int(st, 2, RECORDS_AT_ONCE - 1);
    result = sqlite3_step(st);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        return sqlite_fault(s, err);
    *to = result == SQLITE_ROW ? (call_id)sqlite3_column_int64(st, 0) : INT64_MAX;
    return 0;
}

/* Of a call that has steps here all are here. Those of a call come before its record, which is how
 * the two are told apart. */
static int take_piece(struct sqlite *s, call_id from, call_id to, struct err *err)
{
    int failed = bind_and_run(s,
                              "INSERT INTO main.call_steps SELECT * FROM past.call_steps "
                              "WHERE call > ?1 AND call <= ?2 AND call NOT IN "
                              "(SELECT call FROM main.call_steps WHERE call > ?1 AND call <= ?2)",
                              from, to, err);

    if (!failed)
        failed = bind_and_run(s,
                              "INSERT OR IGNORE INTO main.call_records SELECT * FROM "
                              "past.call_records WHERE id > ?1 AND id <= ?2",
                              from, to, err);
    if (!failed && from == 0)
        failed = sqlite_run(
            s, "INSERT OR IGNORE INTO main.music_files SELECT * FROM past.music_files", err);
    return failed;
}

static int take_next(struct sqlite *s, call_id *after, struct err *err)
{
    call_id to = 0;
    int failed = sqlite_run(s, "BEGIN IMMEDIATE", err);

    if (failed)
        return failed;
    failed = find_end(s, *after, &to, err);
    if (!failed)
        failed = take_piece(s, *after, to, err);
    if (!failed)
        failed = sqlite_run(s, "COMMIT", err);
    if (failed) {
        if (!sqlite3_get_autocommit(s->db))
            (void)sqlite_run(s, "ROLLBACK", NULL); /* all is as it was, whatever this says */
        return failed;
    }
    *after = to == INT64_MAX ? 0 : to;
    return 0;
}

int sqlite_merge(void *self, const char *path, call_id *after, struct err *err)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *st = NULL;
    struct sqlite *s = self;
    bool damaged = s->damaged;
    int failed;

    if (sqlite3_prepare_v2(s->db, "ATTACH ?1 AS past", -1, &st, NULL) != SQLITE_OK)
        return sqlite_fault(s, err);
    (void)sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
    if (sqlite3_step(st) != SQLITE_DONE)
        return sqlite_fault(s, err);
    failed = take_next(s, after, err);
    s->damaged = damaged; /* a fault of the other file is none of ours */
    if (sqlite_run(s, "DETACH past", failed ? NULL : err) != 0 && !failed)
        failed = -EIO;
    if (!failed && *after == 0)
        failed = sqlite_count_records(s, err);
    return failed;
}

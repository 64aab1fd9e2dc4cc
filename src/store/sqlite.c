/* Turns, statements and faults of the SQLite store. A turn is a transaction; when one of its groups
 * fails, it is written anew with a savepoint for each. */
#include "store/sqlite.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/rows.h"

#define PROBE_PATIENCE 50 /* milliseconds */

static const char *const fixed_sql[STATEMENTS] = {
    [ST_BEGIN] = "BEGIN IMMEDIATE",
    [ST_COMMIT] = "COMMIT",
    [ST_GROUP_BEGIN] = "SAVEPOINT one_group",
    [ST_GROUP_UNDO] = "ROLLBACK TO one_group",
    [ST_GROUP_END] = "RELEASE one_group",
    [ST_HIGHEST_PUT] =
        ("INSERT INTO highest (what, id) VALUES ('call', ?1), ('leg', ?2), ('range', ?3), "
         "('binding', ?4), ('token', ?5), ('login', ?6) "
         "ON CONFLICT (what) DO UPDATE SET id = max(id, excluded.id)"),
    [ST_RANGE_SPAN] = "SELECT first, last FROM ranges WHERE id = ?1",
    [ST_RANGE_REMOVE] = "DELETE FROM ranges WHERE id = ?1",
    [ST_ORBITS_REMOVE] = "DELETE FROM orbits WHERE range = ?1",
    [ST_ORBIT_ADD] = "INSERT INTO orbits (number, range) VALUES (?1, ?2)",
    [ST_ORBIT_HOLDER] = ("SELECT o.number, r.name, r.first, r.last FROM orbits o "
                         "JOIN ranges r ON r.id = o.range WHERE o.number = ?1"),
    [ST_RANGE_NAMED] = "SELECT name FROM ranges WHERE name = ?1 AND id <> ?2",
    [ST_RANGE_PARK_NUMBER] = "SELECT name FROM ranges WHERE park_number = ?1 AND id <> ?2",
    [ST_DESTINATION_REMOVE] = "DELETE FROM destinations WHERE fqdn = ?1",
    [ST_SITE_REMOVE] = "DELETE FROM sites WHERE name = ?1",
    [ST_SETTING_ADD] = ("INSERT INTO settings (scope, name, key, value, version) "
                        "VALUES (?1, ?2, ?3, ?4, ?5)"),
    [ST_SETTINGS_REMOVE] = "DELETE FROM settings WHERE scope = ?1 AND name = ?2",
    [ST_CALL_REMOVE] = "DELETE FROM calls WHERE id = ?1",
    [ST_CALL_LEGS_REMOVE] = "DELETE FROM legs WHERE call = ?1",
    [ST_LEG_REMOVE] = "DELETE FROM legs WHERE leg = ?1",
    [ST_CALL_NEXT] = "SELECT id FROM calls WHERE id > ?1 ORDER BY id LIMIT 1",
    [ST_LEG_NEXT] = "SELECT leg FROM legs WHERE leg > ?1 ORDER BY leg LIMIT 1",
    [ST_RECORDS_COUNT] = "SELECT count(*) FROM call_records",
    [ST_RECORDS_PRUNE] = ("DELETE FROM call_records WHERE id IN "
                          "(SELECT id FROM call_records ORDER BY id LIMIT ?1)"),
    [ST_STEPS_PRUNE] = ("DELETE FROM call_steps WHERE call < (SELECT min(id) FROM call_records) "
                        "AND call NOT IN (SELECT id FROM calls)"),
    [ST_STEPS] = ("SELECT call, number, at, step, why FROM call_steps WHERE call = ?1 "
                  "ORDER BY number LIMIT ?2"),
    [ST_USER_REMOVE] = "DELETE FROM users WHERE name = ?1",
    [ST_USER_BINDINGS_REMOVE] = "DELETE FROM role_bindings WHERE user = ?1",
    [ST_USER_TOKENS_REMOVE] = "DELETE FROM access_tokens WHERE user = ?1",
    [ST_USER_LOGINS_REMOVE] = "DELETE FROM logins WHERE user = ?1",
    [ST_BINDING_REMOVE] = "DELETE FROM role_bindings WHERE id = ?1",
    [ST_TOKEN_REMOVE] = "DELETE FROM access_tokens WHERE id = ?1",
    [ST_AUDIT_LAST] = "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1",
    [ST_AUDIT_HIGHEST] = ("SELECT coalesce(max(id), 0) FROM highest WHERE what = 'audit'"),
    [ST_AUDIT_HIGHEST_PUT] = ("INSERT INTO highest (what, id) VALUES ('audit', ?1) "
                              "ON CONFLICT (what) DO UPDATE SET id = max(id, excluded.id)"),
    [ST_AUDIT_PRUNE] = ("DELETE FROM audit WHERE id <= ?1 "
                        "AND id < (SELECT min(id) FROM audit) + ?2"),
    [ST_LOGIN_REMOVE] = "DELETE FROM logins WHERE id = ?1",
    [ST_WATCH_REMOVE] = "DELETE FROM watches WHERE number = ?1",
};

static const struct columns *const put_columns[STATEMENTS] = {
    [ST_RANGE_PUT] = &columns_range,     [ST_DESTINATION_PUT] = &columns_destination,
    [ST_SITE_PUT] = &columns_site,       [ST_CALL_PUT] = &columns_call,
    [ST_LEG_PUT] = &columns_leg,         [ST_RECORD_PUT] = &columns_record,
    [ST_STEP_ADD] = &columns_step,       [ST_USER_PUT] = &columns_user,
    [ST_BINDING_PUT] = &columns_binding, [ST_TOKEN_PUT] = &columns_token,
    [ST_LOGIN_PUT] = &columns_login,     [ST_AUDIT_ADD] = &columns_audit,
    [ST_WATCH_PUT] = &columns_watch,
};

static int full(const char **advice)
{
    *advice = "make room on the disk";
    return -ENOSPC;
}

static int read_only(const char **advice)
{
    *advice = "the user of callparkd must be able to write the file and its folder, and the disk "
              "must not be mounted read-only";
    return -EROFS;
}

/* Of a disk that failed the system may know more than SQLite. */
static int io_fault(int number, const char **advice)
{
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        return full(advice);
    if (number == EROFS || number == EACCES || number == EPERM)
        return read_only(advice);
    *advice = "look at the disk and the system's log";
    return -EIO;
}

static int code_of(const struct sqlite *s, int number, const char **advice)
{
    switch (sqlite3_extended_errcode(s->db) & 0xff) {
    case SQLITE_FULL:
        return full(advice);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return read_only(advice);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        *advice = "end the other program that has the file open";
        return -EBUSY;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        *advice = "this is no store of callpark, or it is damaged; put back a backup";
        return -EBADMSG;
    case SQLITE_CONSTRAINT:
        *advice = "a rule of the store forbids it";
        return -EEXIST;
    case SQLITE_NOMEM:
        *advice = "memory is short";
        return -ENOMEM;
    default:
        return io_fault(number, advice);
    }
}

int sqlite_fault(struct sqlite *s, struct err *err)
{
    int number = errno; /* SQLite itself forgets it when a commit fails */
    const char *advice;
    int code = code_of(s, number, &advice);
    bool told = code == -EIO && number != 0;

    s->damaged = s->damaged || code == -EBADMSG;
    return err_set(err, code, "store %.120s: %.80s%s%s%s; %s", s->path, sqlite3_errmsg(s->db),
                   told ? " (" : "", told ? strerror(number) : "", told ? ")" : "", advice);
}

int sqlite_run(struct sqlite *s, const char *sql, struct err *err)
{
    errno = 0;
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sqlite_fault(s, err);
}

sqlite3_stmt *sqlite_statement(struct sqlite *s, enum statement which, struct err *err)
{
    char made[SQL_SIZE];
    const char *sql = fixed_sql[which];

    if (s->statement[which])
        return s->statement[which];
    if (put_columns[which]) {
        columns_put_sql(made, put_columns[which]);
        sql = made;
    }
    assert(sql);
    if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->statement[which], NULL) !=
        SQLITE_OK)
        (void)sqlite_fault(s, err);
    return s->statement[which];
}

int sqlite_step(struct sqlite *s, sqlite3_stmt *st, struct err *err)
{
    int result, failed;

    errno = 0;
    result = sqlite3_step(st);
    failed = result == SQLITE_DONE || result == SQLITE_ROW ? 0 : sqlite_fault(s, err);

    (void)sqlite3_reset(st); /* says the same fault once more */
    return failed;
}

void sqlite_finish(sqlite3_stmt **st)
{
    (void)sqlite3_finalize(*st);
}

void sqlite_put_back(sqlite3_stmt **st)
{
    (void)sqlite3_reset(*st);
}

static int run_statement(struct sqlite *s, enum statement which, struct err *err)
{
    sqlite3_stmt *st = sqlite_statement(s, which, err);

    return st ? sqlite_step(s, st, err) : -EIO;
}

/* SQLite ends the whole transaction on some faults. What came after would then be written each by
 * itself, so nothing more of this turn is. */
static void look_if_undone(struct sqlite *s, const struct err *why)
{
    if (!s->undone && sqlite3_get_autocommit(s->db)) {
        s->undone = true;
        s->why = *why;
    }
}

static int begin(void *self, struct err *err)
{
    struct sqlite *s = self;

    s->undone = s->careful = false;
    s->plain_count = 0;
    s->audit = 0;
    return run_statement(s, ST_BEGIN, err);
}

static int write_group(struct sqlite *s, const struct change_group *group, struct err *err)
{
    for (size_t i = 0; i < group->count; i++) {
        int failed = sqlite_write(s, &group->changes[i], err);

        if (failed)
            return failed;
    }
    return 0;
}

/* Whether it can or cannot be undone: after this nothing of the group is left in the turn. */
static void undo_group(struct sqlite *s, const struct err *why)
{
    look_if_undone(s, why);
    if (s->undone)
        return;
    if (run_statement(s, ST_GROUP_UNDO, NULL) != 0 || run_statement(s, ST_GROUP_END, NULL) != 0) {
        s->undone = true;
        s->why = *why;
    }
}

static enum store_result apply_careful(struct sqlite *s, const struct change_group *group,
                                       audit_id *audit, struct err *err)
{
    struct err why = { 0 };
    audit_id before = s->audit;
    int failed = run_statement(s, ST_GROUP_BEGIN, &why);

    if (!failed)
        failed = write_group(s, group, &why);
    if (!failed)
        failed = run_statement(s, ST_GROUP_END, &why);
    if (!failed) {
        *audit = s->audit != before ? s->audit : *audit;
        return STORE_DONE;
    }
    *err = why;
    s->audit = before;
    undo_group(s, &why);
    return failed == -EEXIST ? STORE_REFUSED : STORE_FAILED;
}

static bool plain_room(struct sqlite *s)
{
    size_t room = s->plain_room ? 2 * s->plain_room : 64;
    const struct change_group **more;

    if (s->plain_count < s->plain_room)
        return true;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): it is an array of pointers. */
    more = realloc(s->plain, room * sizeof(*more));
    if (!more)
        return false;
    s->plain = more;
    s->plain_room = room;
    return true;
}

/* A group has failed that cannot be undone alone: all of the turn is, and written again, now with
 * savepoints. What could be written a moment ago and cannot now takes the turn along. */
static void begin_again(struct sqlite *s)
{
    struct err why = { 0 };
    audit_id audit = 0;
    int failed;

    s->careful = true;
    s->audit = 0;
    if (!sqlite3_get_autocommit(s->db))
        (void)sqlite_run(s, "ROLLBACK", NULL); /* if it fails, so does BEGIN */
    failed = run_statement(s, ST_BEGIN, &why);
    for (size_t i = 0; i < s->plain_count && !failed; i++)
        failed = apply_careful(s, s->plain[i], &audit, &why) != STORE_DONE;
    if (failed) {
        s->undone = true;
        s->why = why;
    }
}

/* A savepoint for each group, as it may have to be undone alone, costs a fifth of what it is to
 * write it; and hardly any group fails. So there is none until one does. */
static enum store_result apply(void *self, const struct change_group *group, audit_id *audit,
                               struct err *err)
{
    struct sqlite *s = self;
    audit_id before = s->audit;

    s->careful = s->careful || !plain_room(s);
    if (!s->careful && !s->undone) {
        if (write_group(s, group, err) == 0) {
            s->plain[s->plain_count++] = group;
            *audit = s->audit != before ? s->audit : *audit;
            return STORE_DONE;
        }
        begin_again(s);
    }
    if (s->undone) {
        *err = s->why;
        return STORE_FAILED;
    }
    return apply_careful(s, group, audit, err);
}

static int commit(void *self, struct err *err)
{
    struct sqlite *s = self;
    struct err why = s->why;
    int failed = s->undone ? -EIO : 0;

    if (!failed && s->highest_raised)
        failed = sqlite_write_highest(s, &why);
    if (!failed)
        failed = sqlite_prune(s, &why);
    if (!failed)
        failed = sqlite_prune_audit(s, &why);
    if (!failed)
        failed = run_statement(s, ST_COMMIT, &why);
    if (!failed) {
        s->highest_raised = false;
        return 0;
    }
    *err = why;
    if (!sqlite3_get_autocommit(s->db))
        (void)sqlite_run(s, "ROLLBACK", NULL); /* if even this fails, the next BEGIN says so */
    return failed;
}

/* What waits for this waits for nothing: another program that has the file is not waited for. */
static int probe(void *self, struct err *err)
{
    struct sqlite *s = self;
    int failed;

    if (s->damaged)
        sqlite_mark_damaged(s);
    if (s->damaged)
        return err_set(err, -EBADMSG,
                       "store %.120s is damaged: start callparkd anew, which then keeps what can "
                       "still be read; or put back a backup",
                       s->path);
    (void)sqlite3_busy_timeout(s->db, PROBE_PATIENCE);
    failed = begin(s, err);
    s->highest_raised = true; /* something to write */
    if (!failed)
        failed = commit(s, err);
    (void)sqlite3_busy_timeout(s->db, SQLITE_BUSY_PATIENCE);
    return failed;
}

static void keep(void *self, uint64_t records, uint64_t audit)
{
    struct sqlite *s = self;

    s->keep = records;
    s->keep_audit = audit;
}

static int backup(void *self, const char *path, struct err *err)
{
    return sqlite_copy(self, path, err);
}

const struct store_kind store_kind_sqlite = {
    .scheme = "sqlite:",
    .open = sqlite_open,
    .close = sqlite_close,
    .keep = keep,
    .load = sqlite_load,
    .highest = sqlite_highest,
    .begin = begin,
    .apply = apply,
    .commit = commit,
    .probe = probe,
    .query = sqlite_query,
    .backup = backup,
    .merge = sqlite_merge,
};

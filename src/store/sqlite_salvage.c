/* A file that is damaged: what can still be read of it goes into a new one, table by table, and the
 * damaged one is kept aside. Nothing is deleted, and no file but a whole one gets the store's name.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/log.h"

#define TABLES_MAX 64

/* What a start reads, and what is written to with every call; the past is looked at when it is
 * asked for. */
static const char *const looked_at[] = { "highest", "sites",         "destinations",  "ranges",
                                         "orbits",  "settings",      "calls",         "legs",
                                         "users",   "role_bindings", "access_tokens", "logins" };

/* Only what SQLite calls damage is some: that the file is locked, or the disk fails, is said by
 * whoever reads it next. */
static bool is_damage(int result)
{
    return (result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB;
}

/* One that an older file does not have is fine. */
static bool is_fine(struct sqlite *s, const char *table)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *st = NULL;
    char sql[128];
    int result;

    (void)text_format(sql, sizeof sql,
                      "SELECT quick_check FROM pragma_quick_check('%s') "
                      "WHERE EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '%s')",
                      table, table); /* fits */
    result = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(st);
    if (result == SQLITE_ROW)
        return text_is((const char *)sqlite3_column_text(st, 0), "ok");
    return !is_damage(result);
}

static bool marker_path(char to[PATH_MAX], const struct sqlite *s)
{
    return text_format(to, PATH_MAX, "%s.damaged", s->path);
}

void sqlite_mark_damaged(const struct sqlite *s)
{
    char path[PATH_MAX];
    FILE *f = marker_path(path, s) ? fopen(path, "we") : NULL;

    if (f)
        (void)fclose(f); /* it need only be there */
}

bool sqlite_is_damaged(struct sqlite *s, char table[NAME_SIZE])
{
    char path[PATH_MAX];

    (void)text_copy(table, NAME_SIZE, "what was found while it was in use");
    if (marker_path(path, s) && access(path, F_OK) == 0)
        return true;
    for (size_t i = 0; i < sizeof looked_at / sizeof *looked_at; i++)
        if (!is_fine(s, looked_at[i]))
            return text_format(table, NAME_SIZE, "table %s", looked_at[i]);
    return false;
}

/* ---- one table ---- */

struct table_of {
    char name[64];
    char columns[SQL_SIZE];
    char back[256]; /* how to read it from its end */
    unsigned count; /* of columns */
};

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;

    return sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK ? st : NULL;
}

/* A schema only ever grew: what the damaged file has, the new one has as well. */
static void describe(sqlite3 *bad, struct table_of *t, bool without_rowid)
{
    CLEANUP(sqlite_finish)
    sqlite3_stmt *st = prepare(bad, "SELECT name, pk FROM pragma_table_info(?1)");

    if (!st || sqlite3_bind_text(st, 1, t->name, -1, SQLITE_STATIC) != SQLITE_OK)
        return;
    if (!without_rowid)
        (void)text_copy(t->back, sizeof t->back, "rowid DESC");
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);

        (void)text_append(t->columns, sizeof t->columns, "%s\"%s\"", t->count++ ? ", " : "", name);
        if (without_rowid && sqlite3_column_int(st, 1) > 0)
            (void)text_append(t->back, sizeof t->back, "%s\"%s\" DESC", *t->back ? ", " : "", name);
    }
}

/* In one direction until the end, or until a page cannot be read. True: that was the end. */
static bool copy_rows(sqlite3 *bad, sqlite3 *db, const struct table_of *t, bool back,
                      uint64_t *copied)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *from = NULL;
    CLEANUP(sqlite_finish) sqlite3_stmt *to = NULL;
    char sql[2 * SQL_SIZE];
    int result;

    (void)text_format(sql, sizeof sql, "SELECT %s FROM \"%s\"%s%s", t->columns, t->name,
                      back ? " ORDER BY " : "", back ? t->back : "");
    from = prepare(bad, sql);
    (void)text_format(sql, sizeof sql, "INSERT OR IGNORE INTO main.\"%s\" (%s) VALUES (?", t->name,
                      t->columns);
    for (unsigned i = 1; i < t->count; i++)
        (void)text_append(sql, sizeof sql, ", ?");
    (void)text_append(sql, sizeof sql, ")");
    to = prepare(db, sql);
    if (!from || !to)
        return false;
    while ((result = sqlite3_step(from)) == SQLITE_ROW) {
        for (unsigned i = 0; i < t->count; i++)
            (void)sqlite3_bind_value(to, (int)i + 1, sqlite3_column_value(from, (int)i));
        if (sqlite3_step(to) == SQLITE_DONE) /* a row that the schema forbids is left out */
            *copied += (uint64_t)sqlite3_changes(db);
        (void)sqlite3_reset(to);
    }
    return result == SQLITE_DONE;
}

/* What stands behind a page that cannot be read is reached from the other end. */
static void copy_table(sqlite3 *bad, sqlite3 *db, const char *name, bool without_rowid)
{
    struct table_of t = { .count = 0 };
    uint64_t before = 0, behind = 0;

    (void)text_copy(t.name, sizeof t.name, name);
    describe(bad, &t, without_rowid);
    if (t.count == 0) {
        log_error("store", "damage: nothing of table %s can be read", name);
        return;
    }
    if (copy_rows(bad, db, &t, false, &before))
        return;
    (void)copy_rows(bad, db, &t, true, &behind);
    log_error("store",
              "damage: of table %s, %llu rows were read before a damaged page and %llu "
              "behind it; what was between them is lost",
              name, (unsigned long long)before, (unsigned long long)behind);
}

/* ---- all of it ---- */

/* The names first: a list that is read while tables are filled would see them change. */
static unsigned list_tables(sqlite3 *db, char names[TABLES_MAX][64], bool without_rowid[TABLES_MAX])
{
    CLEANUP(sqlite_finish)
    sqlite3_stmt *st = prepare(db, "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' "
                                   "AND type = 'table' AND name NOT LIKE 'sqlite_%'");
    unsigned count = 0;

    while (st && count < TABLES_MAX && sqlite3_step(st) == SQLITE_ROW) {
        (void)text_copy(names[count], 64, (const char *)sqlite3_column_text(st, 0));
        without_rowid[count++] = sqlite3_column_int(st, 1) != 0;
    }
    return count;
}

static int fill(struct sqlite *fresh, struct sqlite *bad, struct err *err)
{
    static char names[TABLES_MAX][64];
    bool without_rowid[TABLES_MAX];
    unsigned count = list_tables(fresh->db, names, without_rowid);

    /* Without its schema nothing of it can be read: then it is better not to start. */
    if (sqlite_run(bad, "SELECT count(*) FROM sqlite_schema", err) != 0 ||
        sqlite_run(fresh, "BEGIN IMMEDIATE", err) != 0)
        return -EBADMSG;
    for (unsigned i = 0; i < count; i++)
        copy_table(bad->db, fresh->db, names[i], without_rowid[i]);
    return sqlite_run(fresh, "COMMIT", err);
}

static int make_fresh(struct sqlite *bad, const char *path, struct err *err)
{
    struct sqlite fresh = { .path = (char *)path, .lock_fd = -1 };
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), failed = 0;

    if (fd < 0)
        return err_set(err, -errno, "cannot make %.200s: %s", path, strerror(errno));
    (void)close(fd);
    if (sqlite3_open(path, &fresh.db) != SQLITE_OK)
        failed = err_set(err, -EIO, "cannot make %.200s", path);
    if (!failed)
        failed = sqlite_migrate(&fresh, sqlite_migrations, sqlite_migration_count, err);
    if (!failed)
        failed = fill(&fresh, bad, err);
    (void)sqlite3_close(fresh.db);
    return failed;
}

/* The journal goes with its file. A journal of the damaged file would spoil the new one. */
static int keep_aside(const char *path, const char *aside, struct err *err)
{
    static const char *const ends[] = { "-wal", "-shm" };
    char from[PATH_MAX], to[PATH_MAX];

    if (link(path, aside) != 0)
        return err_set(err, -errno, "cannot keep %.120s as %.120s: %s", path, aside,
                       strerror(errno));
    for (size_t i = 0; i < 2; i++) {
        if (!text_format(from, sizeof from, "%s%s", path, ends[i]) ||
            !text_format(to, sizeof to, "%s%s", aside, ends[i]))
            return err_set(err, -ENAMETOOLONG, "store path '%.200s' is too long", path);
        if (rename(from, to) != 0 && errno != ENOENT)
            return err_set(err, -errno, "cannot keep %.200s aside: %s", from, strerror(errno));
    }
    return 0;
}

static void close_damaged(struct sqlite *s)
{
    for (unsigned i = 0; i < STATEMENTS; i++) {
        (void)sqlite3_finalize(s->statement[i]);
        s->statement[i] = NULL;
    }
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    (void)sqlite3_close(s->db);
    s->db = NULL;
    s->damaged = false;
}

int sqlite_salvage(struct sqlite *s, const char *what, struct err *err)
{
    char fresh[PATH_MAX], aside[PATH_MAX], marker[PATH_MAX], date[32];
    time_t now = time(NULL);
    struct tm parts;
    int failed;

    (void)gmtime_r(&now, &parts);
    (void)strftime(date, sizeof date, "%Y%m%d-%H%M%S", &parts);
    if (!text_format(fresh, sizeof fresh, "%s.salvage", s->path) || !marker_path(marker, s) ||
        !text_format(aside, sizeof aside, "%s.damaged-%s", s->path, date))
        return err_set(err, -ENAMETOOLONG, "store path '%.200s' is too long", s->path);
    log_error("store", "%s is damaged (%s): what can be read of it goes into a new file", s->path,
              what);
    (void)unlink(fresh); /* of an earlier try */
    failed = make_fresh(s, fresh, err);
    close_damaged(s);
    if (!failed)
        failed = sqlite_sync(fresh) ? err_set(err, -EIO, "cannot write %.200s", fresh) : 0;
    if (!failed)
        failed = keep_aside(s->path, aside, err);
    if (!failed && rename(fresh, s->path) != 0)
        failed = err_set(err, -errno, "cannot rename %.200s: %s", fresh, strerror(errno));
    if (failed)
        return failed;
    (void)unlink(marker);
    log_error("store", "the damaged file is kept as %s; %s has what could be read of it", aside,
              s->path);
    return 0;
}

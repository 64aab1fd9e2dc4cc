/* What only a store in a file has to keep: which files it takes, what it says of those that it does
 * not, migrations, copies, and a disk that fails. And the troubles that the one in memory is asked
 * for. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "store/sqlite.h"
#include "tested_sql.h"

static void write_file(const struct tested *t, const char *file, const char *content, mode_t mode)
{
    char path[256];
    FILE *to;

    tested_path(t, path, sizeof path, file);
    to = fopen(path, "we");
    assert_non_null(to);
    assert_true(fputs(content, to) >= 0);
    assert_int_equal(fclose(to), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void refuses(const struct tested *t, const char *file, int code, const char *words)
{
    char url[300], path[256];
    struct store *s = NULL;
    struct err err = { 0 };

    tested_path(t, path, sizeof path, file);
    (void)text_format(url, sizeof url, "sqlite:%s", path);
    assert_int_equal(store_open(&s, url, &err), code);
    assert_null(s);
    if (!text_matches(err.text, words))
        fail_msg("'%s' is not like '%s'", err.text, words);
}

static void only_its_own_files(void **state)
{
    struct tested *t = *state;
    char path[256];

    write_file(t, "words.db",
               "This is no database, only some words, but enough of them to fill "
               "more than one hundred bytes, which is a header's length.\n",
               0600);
    refuses(t, "words.db", -EBADMSG, "*words.db: *not a database*");
    refuses(t, ".", -EISDIR, "*is a folder*");
    refuses(t, "no/such/folder.db", -ENOENT, "*No such file*folder must exist*");
    write_file(t, "protected.db", "", 0400);
    if (geteuid() == 0)
        refuses(t, "protected.db", -EROFS, "*write-protected*");
    else
        refuses(t, "protected.db", -EACCES, "*cannot be written*");
    tested_sql(t, "others.db", "CREATE TABLE songs (title TEXT)");
    refuses(t, "others.db", -EBADMSG, "*of some other program*");
    assert_int_equal(tested_number(t, "others.db", "SELECT count(*) FROM sqlite_schema"), 1);
    tested_path(t, path, sizeof path, "fifo.db");
    assert_int_equal(mkfifo(path, 0600), 0);
    refuses(t, "fifo.db", -EISDIR, "*no ordinary file*");
}

static void one_callparkd_at_a_time(void **state)
{
    struct tested *t = *state;

    refuses(t, "callpark.db", -EBUSY, "*in use by another callparkd (process *)*");
    tested_reopen(t); /* which frees it in between */
}

static void a_newer_version_is_refused(void **state)
{
    struct tested *t = *state;

    tested_close(t);
    tested_sql(t, "callpark.db", "PRAGMA user_version = 999");
    refuses(t, "callpark.db", -EPROTO, "*schema version 999*newer callparkd*");
    assert_int_equal(tested_number(t, "callpark.db", "PRAGMA user_version"), 999);
}

static void damage_is_said_so(void **state)
{
    struct tested *t = *state;
    char path[256], noise[4096];
    FILE *f;

    tested_close(t);
    tested_sql(t, "callpark.db", "PRAGMA wal_checkpoint(TRUNCATE)");
    tested_path(t, path, sizeof path, "callpark.db");
    f = fopen(path, "r+e");
    assert_non_null(f);
    memset(noise, 0x5a, sizeof noise);
    assert_int_equal(fseek(f, 100, SEEK_SET), 0);
    assert_int_equal(fwrite(noise, 1, sizeof noise - 100, f), sizeof noise - 100);
    assert_int_equal(fclose(f), 0);
    refuses(t, "callpark.db", -EBADMSG, "*damaged; put back a backup");
}

static void a_row_that_makes_no_sense_is_left_out(void **state)
{
    struct tested *t = *state;
    struct change rows[3] = { row_range(1, "a", 4100, 4109), row_range(2, "b", 4200, 4209),
                              row_call(1, 4100) };
    struct loaded *l;

    tested_start(t);
    tested_must_write(t, rows, 3);
    tested_close(t);
    tested_sql(
        t, "callpark.db",
        "UPDATE ranges SET type = 'parking_meter' WHERE id = 1;"
        "UPDATE calls SET rules = 'max_park=2d' || char(10) || 'pickup_timeout=-5' || char(10) || "
        "'x';"
        "INSERT INTO settings VALUES ('global', '', 'ring_time', '17', 1),"
        " ('global', '', 'ring_tome', '17', 1), ('global', '', 'max_pickup_attempts', '-1', 1),"
        " ('planet', 'x', 'ring_time', '17', 1);"
        "INSERT INTO ranges VALUES (3, 'c', 0, 99999999999999, 'd', 'call_park', 'active', '', 1)");
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->ranges, 1);
    assert_int_equal(l->range[0].id, 2);
    assert_int_equal(l->scopes, 1);
    assert_int_equal(l->settings[0].said.set, 1U << SET_RING_TIME);
    assert_int_equal(l->settings[0].said.values.ring_time, 17000);
    assert_int_equal(l->calls, 1);
    assert_int_equal(l->call[0].call.rules.max_park, 172800000);
    assert_int_equal(l->call[0].call.rules.pickup_timeout, 90000); /* the default */
    free(l);
}

static void the_file_is_for_its_user_alone(void **state)
{
    struct tested *t = *state;
    static const char *const files[] = { "callpark.db", "callpark.db-wal", "callpark.db.lock" };
    struct change c = row_range(1, "a", 4100, 4109);

    tested_start(t);
    tested_must_write(t, &c, 1);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[256];
        struct stat found;

        tested_path(t, path, sizeof path, files[i]);
        assert_int_equal(stat(path, &found), 0);
        assert_int_equal(found.st_mode & 0777, 0600);
    }
}

static void the_database_itself_refuses_a_number_twice(void **state)
{
    struct tested *t = *state;
    struct change c = row_range(1, "a", 4100, 4109);
    sqlite3 *db = NULL;
    char path[256];

    tested_start(t);
    tested_must_write(t, &c, 1);
    tested_path(t, path, sizeof path, "callpark.db");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "INSERT INTO orbits VALUES (4105, 1)", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(tested_number(t, "callpark.db", "SELECT count(*) FROM orbits"), 10);
}

/* --- migrations --- */

static struct sqlite *open_plainly(const struct tested *t, const char *file)
{
    struct sqlite *s = calloc(1, sizeof *s);
    char path[256];

    assert_non_null(s);
    tested_path(t, path, sizeof path, file);
    s->path = strdup(path);
    s->lock_fd = -1;
    assert_int_equal(sqlite3_open(path, &s->db), SQLITE_OK);
    return s;
}

#define MORE 2 /* migrations behind those that there are */

/* The next one works, and one behind it does not. */
static void next_migrations(struct migration list[], unsigned *count)
{
    *count = sqlite_migration_count;
    memcpy(list, sqlite_migrations, *count * sizeof *list);
    list[(*count)++] = (struct migration){ "next-more", "ALTER TABLE sites ADD COLUMN more TEXT" };
    list[*count] = (struct migration){ "next-wrong", "CREATE TABLE x (a); SELECT nonsense" };
}

static void an_older_file_is_brought_up_to_date(void **state)
{
    struct tested *t = *state;
    struct migration list[16];
    struct change c = row_site("Redmond");
    struct err err = { 0 };
    struct sqlite *s;
    char before[64];
    unsigned count;

    assert_true(sqlite_migration_count + MORE <= sizeof list / sizeof *list);
    next_migrations(list, &count);
    (void)text_format(before, sizeof before, "callpark.db.before-%u", count);
    tested_start(t);
    tested_must_write(t, &c, 1);
    tested_close(t);
    s = open_plainly(t, "callpark.db");
    assert_int_equal(sqlite_migrate(s, list, count, &err), 0);
    assert_int_equal(sqlite_migrate(s, list, count, &err), 0); /* nothing is left to do */
    sqlite_close(s);
    assert_int_equal(tested_number(t, "callpark.db", "SELECT count(more IS NULL) FROM sites"), 1);
    assert_int_equal(tested_number(t, "callpark.db", "PRAGMA user_version"), count);
    assert_int_equal(tested_number(t, before, "PRAGMA user_version"), count - 1);
    assert_int_equal(tested_number(t, before, "SELECT count(*) FROM sites"), 1);

    /* One that fails leaves the version and the tables as they were. */
    s = open_plainly(t, "callpark.db");
    assert_true(sqlite_migrate(s, list, count + 1, &err) < 0);
    assert_true(text_matches(err.text, "schema next-wrong: *nonsense*"));
    sqlite_close(s);
    assert_int_equal(tested_number(t, "callpark.db", "PRAGMA user_version"), count);
    assert_int_equal(
        tested_number(t, "callpark.db", "SELECT count(*) FROM sqlite_schema WHERE name = 'x'"), 0);
}

/* A file as version 0.1.0 of callparkd wrote it. */
static void a_file_of_the_first_schema_is_taken_over(void **state)
{
    struct tested *t = *state;
    struct change user = row_user("anna");
    struct store_highest h;
    struct loaded *l;
    struct sqlite *s;
    char command[300];

    tested_close(t);
    (void)text_format(command, sizeof command, "rm '%s'/callpark.db*", t->folder);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a folder that mkdtemp named */
    s = open_plainly(t, "callpark.db");
    assert_int_equal(sqlite_migrate(s, sqlite_migrations, 1, NULL), 0);
    sqlite_close(s);
    tested_sql(t, "callpark.db",
               "INSERT INTO sites VALUES ('Redmond', 3);"
               "INSERT INTO highest VALUES ('call', 70), ('leg', 140), ('range', 5);"
               "INSERT INTO ranges VALUES (5, 'a', 4100, 4101, 'd', 'call_park', 'active', '', 1);"
               "INSERT INTO orbits VALUES (4100, 5), (4101, 5)");
    assert_int_equal(tested_number(t, "callpark.db", "PRAGMA user_version"), 1);
    assert_int_equal(store_open(&t->store, t->url, NULL), 0);
    assert_int_equal(tested_number(t, "callpark.db", "PRAGMA user_version"),
                     sqlite_migration_count);
    assert_int_equal(tested_number(t, "callpark.db.before-2", "PRAGMA user_version"), 1);
    assert_int_equal(tested_number(t, "callpark.db.before-2", "SELECT count(*) FROM orbits"), 2);
    assert_int_equal(store_highest(t->store, &h, NULL), 0);
    assert_int_equal(h.call, 70);
    assert_int_equal(h.binding + h.token + h.login + h.audit, 0);
    tested_start(t);
    tested_must_write(t, &user, 1);
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->sites, 1);
    assert_int_equal(l->ranges, 1);
    assert_int_equal(l->users, 1);
    free(l);
}

/* Parked calls of the version before are there, and go on when they were due. */
static void calls_of_the_schema_before_are_taken_over(void **state)
{
    static const char old_call[] =
        "INSERT INTO calls VALUES (%d, '%s', 4100, 1, 5, 9, 1, 'a', 'b', 'c', 0, 'd', 'e', 'f', 0,"
        "1, 1, 0, 'none', '', '', '', 0, 0, 'pickup_timeout=45', 1, 17, 0, 0, 0, 0, 0, 1000,"
        "%s, 7000, 'none', 'note', 'why', 12)";
    static const struct {
        const char *state, *deadline;
        wall_msec resume_at;
    } calls[] = { { "parked", "2000", 2000 },
                  { "telling", "1003", 91000 },
                  { "connected", "NULL", NEVER } };
    struct tested *t = *state;
    char sql[600];
    struct loaded *l;
    struct sqlite *s;

    tested_close(t);
    (void)text_format(sql, sizeof sql, "rm '%s'/callpark.db*", t->folder);
    assert_int_equal(system(sql), 0); /* NOLINT(cert-env33-c): a folder that mkdtemp named */
    s = open_plainly(t, "callpark.db");
    assert_int_equal(sqlite_migrate(s, sqlite_migrations, 4, NULL), 0);
    sqlite_close(s);
    for (int i = 0; i < 3; i++) {
        (void)snprintf(sql, sizeof sql, old_call, i + 1, calls[i].state, calls[i].deadline);
        tested_sql(t, "callpark.db", sql);
    }
    assert_int_equal(store_open(&t->store, t->url, NULL), 0);
    l = tested_load(t);
    assert_int_equal(l->calls, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(l->call[i].resume_at, calls[i].resume_at);
        assert_int_equal(l->call[i].give_up_at, 7000);
        assert_int_equal(l->call[i].next_deadline, NEVER);
        assert_int_equal(l->call[i].call.rules.pickup_timeout, 45000);
        assert_int_equal(l->call[i].call.next_leg, 0);
        assert_string_equal(l->call[i].boot, "");
    }
    free(l);
}

static void the_schema_is_whole(void **state)
{
    struct tested *t = *state;

    assert_int_equal(tested_number(t, "callpark.db", "PRAGMA user_version"),
                     sqlite_migration_count);
    assert_int_equal(
        tested_number(t, "callpark.db", "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"),
        17);
    assert_int_equal(
        tested_number(t, "callpark.db", "SELECT count(*) FROM pragma_table_list WHERE strict"), 17);
}

/* --- copies --- */

static void a_copy_holds_everything(void **state)
{
    struct tested *t = *state;
    const struct change rows[] = { row_range(1, "a", 4100, 4109),
                                   row_user("anna"),
                                   row_binding(3, "anna", SCOPE_SITE),
                                   row_token(4, "anna"),
                                   row_login(5, "anna"),
                                   row_audit("anna", "range.created", "a", 1) };
    static const char *const tables[] = { "users", "role_bindings", "access_tokens", "logins",
                                          "audit" };
    char path[256], sql[64];
    struct store_event ev;
    struct stat found;

    tested_start(t);
    tested_must_write(t, rows, sizeof rows / sizeof *rows);
    tested_path(t, path, sizeof path, "copy.db");
    assert_int_equal(store_backup(t->store, path, 99), 0);
    ev = tested_event(t);
    assert_int_equal(ev.token, 99);
    assert_int_equal(ev.result, STORE_DONE);
    assert_int_equal(tested_number(t, "copy.db", "SELECT count(*) FROM orbits"), 10);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        (void)text_format(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
        assert_int_equal(tested_number(t, "copy.db", sql), 1);
    }
    assert_int_equal(tested_number(t, "copy.db", "SELECT id FROM highest WHERE what = 'audit'"), 1);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(store_backup(t->store, path, 100), 0);
    ev = tested_event(t);
    assert_int_equal(ev.token, 100);
    assert_int_equal(ev.result, STORE_FAILED);
    assert_true(text_matches(ev.text, "*copy.db is there already*"));
    assert_int_equal(store_backup(t->store, "/proc/nothing/here.db", 101), 0);
    assert_int_equal(tested_event(t).result, STORE_FAILED);
}

/* --- a disk that fails --- */

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void submit_leg(struct tested *t, uint64_t token)
{
    struct change c = row_leg(token, 1);
    struct change_group group = tested_group(token, &c, 1);

    assert_int_equal(store_submit(t->store, &group, 1), 0);
}

/* No file may grow: every write fails until that is over, and the store finds out by itself that it
 * is. */
static void a_full_disk_is_said_once(void **state)
{
    struct tested *t = *state;
    struct store_event ev;
    uint64_t token = 1, failed = 0;
    struct loaded *l;

    (void)signal(SIGXFSZ, SIG_IGN);
    tested_start(t);
    submit_leg(t, token);
    assert_int_equal(tested_event(t).result, STORE_DONE);
    limit_files(64 * 1024);
    do { /* until the log of the database has reached that size */
        submit_leg(t, ++token);
        ev = tested_event(t);
    } while (ev.type == STORE_REPORT && ev.result == STORE_DONE && token < 100);
    assert_int_equal(ev.type, STORE_TROUBLE);
    assert_int_equal(ev.result, STORE_FAILED);
    assert_int_not_equal(ev.trouble, STORE_FINE);
    assert_true(*ev.text != '\0');
    ev = tested_event(t);
    assert_int_equal(ev.type, STORE_REPORT);
    assert_int_equal(ev.token, token);
    assert_int_equal(ev.result, STORE_FAILED);
    failed = token;
    submit_leg(t, ++token);
    ev = tested_event(t);
    assert_int_equal(ev.type, STORE_REPORT);
    assert_int_equal(ev.result, STORE_FAILED);
    limit_files(RLIM_INFINITY);
    ev = tested_event(t); /* of a probe, as nothing was submitted */
    assert_int_equal(ev.type, STORE_TROUBLE);
    assert_int_equal(ev.result, STORE_DONE);
    submit_leg(t, 200);
    assert_int_equal(tested_event(t).result, STORE_DONE);
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->legs, failed); /* those before, and the last one */
    free(l);
}

/* Some faults make SQLite give up the whole transaction, with the groups before and all that came
 * after. */
static void a_turn_that_is_given_up_fails_as_a_whole(void **state)
{
    struct tested *t = *state;
    struct change c[3] = { row_call(1, 4100), row_site("boom"), row_call(3, 4102) };
    struct change_group groups[3];
    struct loaded *l;

    tested_close(t);
    tested_sql(t, "callpark.db",
               "CREATE TRIGGER boom BEFORE INSERT ON sites "
               "BEGIN SELECT RAISE(ROLLBACK, 'boom'); END");
    tested_reopen(t);
    tested_start(t);
    for (unsigned i = 0; i < 3; i++)
        groups[i] = tested_group(i + 1, &c[i], 1);
    assert_int_equal(store_submit(t->store, groups, 3), 0);
    assert_int_equal(tested_event(t).type, STORE_TROUBLE);
    for (unsigned i = 0; i < 3; i++)
        assert_int_not_equal(tested_report(t).result, STORE_DONE);
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->calls, 0);
    free(l);
    tested_start(t);
    tested_must_write(t, &c[0], 1); /* the next turn is a new one */
}

static void memory_fails_on_request(void **state)
{
    struct tested t;
    struct store_event ev;

    (void)state;
    tested_open(&t, "memory");
    tested_start(&t);
    store_mem_trouble(t.store, 2, 0);
    submit_leg(&t, 1);
    ev = tested_event(&t);
    assert_int_equal(ev.type, STORE_TROUBLE);
    assert_int_equal(ev.result, STORE_FAILED);
    ev = tested_event(&t);
    assert_int_equal(ev.token, 1);
    assert_int_equal(ev.result, STORE_FAILED);
    ev = tested_event(&t); /* the second failure is that of a probe */
    assert_int_equal(ev.type, STORE_TROUBLE);
    assert_int_equal(ev.result, STORE_DONE);
    submit_leg(&t, 3);
    ev = tested_event(&t);
    assert_int_equal(ev.type, STORE_REPORT);
    assert_int_equal(ev.token, 3);
    assert_int_equal(ev.result, STORE_DONE);
    tested_done(&t);
}

/* What a backup knows of the past is added, in pieces; what is here is not replaced. */
static void the_past_is_merged(void **state)
{
    struct store_query q = { .type = QUERY_RECORDS, .call = 5 };
    struct tested *t = *state, other;
    struct change mine = row_record(5, 4100, OUT_ABANDONED, 777), step = row_step(5, 1);
    struct store_event ev;
    struct store_rows *rows;
    char path[256];

    tested_open(&other, "sqlite");
    tested_start(&other);
    for (unsigned i = 1; i <= 2500; i++) {
        struct change both[2] = { row_record(i, 4100, OUT_RETRIEVED, 1000 * i), row_step(i, 1) };

        tested_must_write(&other, both, 2);
    }
    step.step.call = 5000; /* one that was still parked has no record */
    tested_must_write(&other, &step, 1);
    tested_close(&other);
    tested_path(&other, path, sizeof path, "callpark.db");
    tested_start(t);
    tested_must_write(t, &mine, 1);
    assert_int_equal(store_merge(t->store, path, 9), 0);
    ev = tested_event(t);
    assert_int_equal(ev.token, 9);
    assert_int_equal(ev.result, STORE_DONE);
    rows = tested_ask(t, &q);
    assert_int_equal(rows->count, 1);
    assert_int_equal(rows->records[0].parked_at, 777);
    store_rows_free(rows);
    assert_int_equal(tested_number(t, "callpark.db", "SELECT count(*) FROM call_records"), 2500);
    assert_int_equal(tested_number(t, "callpark.db", "SELECT count(*) FROM call_steps"), 2501);
    assert_int_equal(store_merge(t->store, path, 10), 0); /* once more: nothing is new */
    assert_int_equal(tested_event(t).result, STORE_DONE);
    assert_int_equal(tested_number(t, "callpark.db", "SELECT count(*) FROM call_steps"), 2501);
    assert_int_equal(store_merge(t->store, "/nowhere/at/all.db", 11), 0);
    ev = tested_event(t);
    assert_int_equal(ev.result, STORE_FAILED);
    assert_true(strlen(ev.text) > 10);
    assert_int_equal(store_merge(t->store, path, 12), 0); /* it goes on all the same */
    assert_int_equal(tested_event(t).result, STORE_DONE);
    tested_done(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tested_up, tested_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_its_own_files),
        TEST(one_callparkd_at_a_time),
        TEST(a_newer_version_is_refused),
        TEST(damage_is_said_so),
        TEST(a_row_that_makes_no_sense_is_left_out),
        TEST(the_file_is_for_its_user_alone),
        TEST(the_database_itself_refuses_a_number_twice),
        TEST(an_older_file_is_brought_up_to_date),
        TEST(a_file_of_the_first_schema_is_taken_over),
        TEST(calls_of_the_schema_before_are_taken_over),
        TEST(the_schema_is_whole),
        TEST(a_copy_holds_everything),
        TEST(the_past_is_merged),
        TEST(a_full_disk_is_said_once),
        TEST(a_turn_that_is_given_up_fails_as_a_whole),
        cmocka_unit_test(memory_fails_on_request),
    };

    return cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);
}

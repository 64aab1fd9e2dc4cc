/* Opening the file: one callparkd at a time, only what is ours, brought up to this version's
 * schema; and copying it. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/log.h"

#define APPLICATION_ID 0x43504b31 /* "CPK1", in the file's header: whose database it is */

/* Beside the file and not in it: closing any other descriptor of the file itself would drop the
 * locks that SQLite holds on it (fcntl locks belong to the process). It goes when the process dies.
 */
static int take_lock(struct sqlite *s, struct err *err)
{
    char name[PATH_MAX], holder[24] = "";

    if (!text_format(name, sizeof name, "%s.lock", s->path))
        return err_set(err, -ENAMETOOLONG, "store path '%.200s' is too long", s->path);
    s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock_fd < 0)
        return err_set(err, -errno,
                       "cannot write %.160s: %s; the folder must exist and belong to the "
                       "user of callparkd",
                       name, strerror(errno));
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t length = read(s->lock_fd, holder, sizeof holder - 1);

        holder[length > 0 ? length : 0] = '\0';
        return err_set(
            err, -EBUSY,
            "store %.160s is in use by another callparkd (process %.*s); end that one, or "
            "give this one a store of its own",
            s->path, (int)strspn(holder, "0123456789"), *holder ? holder : "");
    }
    /* Only for the sentence above; the lock holds without it. */
    (void)!ftruncate(s->lock_fd, 0);
    (void)!dprintf(s->lock_fd, "%ld\n", (long)getpid());
    return 0;
}

/* SQLite would make the file readable for all, and say of a folder only that it cannot be opened.
 */
static int make_file(const char *path, struct err *err)
{
    struct stat found;
    int fd;

    if (stat(path, &found) == 0 && !S_ISREG(found.st_mode))
        return err_set(err, -EISDIR, "store %.200s is %s; name a file", path,
                       S_ISDIR(found.st_mode) ? "a folder" : "no ordinary file");
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, -errno,
                       "store %.160s cannot be written: %s; the file and its folder must "
                       "belong to the user of callparkd",
                       path, strerror(errno));
    (void)fstat(fd, &found);
    (void)close(fd); /* before SQLite opens it, so no lock of its is dropped by this */
    if ((found.st_mode & 0222) ==
        0) /* root may write it all the same, but somebody meant something */
        return err_set(err, -EROFS,
                       "store %.160s is write-protected; chmod u+w it, or name another", path);
    return 0;
}

static int read_pragma(struct sqlite *s, const char *sql, int64_t *value, struct err *err)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW)
        return sqlite_fault(s, err);
    *value = sqlite3_column_int64(st, 0);
    return 0;
}

static int set_up(struct sqlite *s, struct err *err)
{
    /* FULL: a commit is on disk when it returns. NORMAL would lose the last ones with the power. */
    static const char sql[] = "PRAGMA journal_mode = WAL;"
                              "PRAGMA synchronous = FULL;"
                              "PRAGMA foreign_keys = ON;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA cache_size = -16000;"
                              "PRAGMA journal_size_limit = 67108864;";

    (void)sqlite3_extended_result_codes(s->db, 1);
    (void)sqlite3_busy_timeout(s->db, SQLITE_BUSY_PATIENCE);
    return sqlite_run(s, sql, err);
}

/* A database that is not ours is left alone. */
static int check_owner(struct sqlite *s, int64_t version, struct err *err)
{
    int64_t id = 0, tables = 0;
    int failed = read_pragma(s, "PRAGMA application_id", &id, err);

    if (!failed)
        failed = read_pragma(s, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (failed)
        return failed;
    if (id == APPLICATION_ID || (id == 0 && version == 0 && tables == 0))
        return 0;
    return err_set(err, -EBADMSG,
                   "store %.160s is a database of some other program; name another file", s->path);
}

static int run_migration(struct sqlite *s, const struct migration *m, unsigned number,
                         struct err *err)
{
    char end[128];
    int failed;

    (void)text_format(end, sizeof end,
                      "PRAGMA application_id = %d; PRAGMA user_version = %u; COMMIT",
                      APPLICATION_ID, number);
    failed = sqlite_run(s, "BEGIN IMMEDIATE", err);
    if (!failed)
        failed = sqlite_run(s, m->sql, err);
    if (!failed)
        failed = sqlite_run(s, end, err);
    if (!failed)
        return 0;
    if (!sqlite3_get_autocommit(s->db))
        (void)sqlite_run(s, "ROLLBACK", NULL); /* the file is as it was, whatever this says */
    return err_prefix(err, "schema %s: ", m->name);
}

/* What a migration turns out to have spoilt can be put back. A copy of that name is left of an
 * earlier try, and older, so it is the better one. */
static int copy_before(struct sqlite *s, unsigned number, struct err *err)
{
    char path[PATH_MAX];

    if (!text_format(path, sizeof path, "%s.before-%u", s->path, number))
        return err_set(err, -ENAMETOOLONG, "store path '%.200s' is too long", s->path);
    if (access(path, F_OK) == 0)
        return 0;
    log_info("store", "the schema of %s is brought up to date; a copy as it was is in %s", s->path,
             path);
    return sqlite_copy(s, path, err);
}

unsigned store_schema(void)
{
    return sqlite_migration_count;
}

int sqlite_migrate(struct sqlite *s, const struct migration *list, unsigned count, struct err *err)
{
    int64_t version = 0;
    int failed = read_pragma(s, "PRAGMA user_version", &version, err);

    if (!failed)
        failed = check_owner(s, version, err);
    if (failed)
        return failed;
    if (version < 0 || version > (int64_t)count)
        return err_set(
            err, -EPROTO,
            "store %.160s has schema version %lld, and this callparkd knows versions up to "
            "%u: use the newer callparkd that wrote it, or a backup from before",
            s->path, (long long)version, count);
    if (version > 0 && version < (int64_t)count)
        failed = copy_before(s, (unsigned)version + 1, err);
    for (unsigned i = (unsigned)version; i < count && !failed; i++)
        failed = run_migration(s, &list[i], i + 1, err);
    return failed;
}

int sqlite_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), failed;

    if (fd < 0)
        return -errno;
    failed = fsync(fd) == 0 ? 0 : -errno;
    (void)close(fd);
    return failed;
}

static int sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');

    if (!slash)
        return sqlite_sync(".");
    return text_copy_n(folder, sizeof folder, path, (size_t)(slash - path + 1))
               ? sqlite_sync(folder)
               : -ENAMETOOLONG;
}

static int vacuum_into(struct sqlite *s, const char *path, struct err *err)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(s->db, "VACUUM INTO ?1", -1, &st, NULL) != SQLITE_OK ||
        sqlite3_bind_text(st, 1, path, -1, SQLITE_TRANSIENT) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_DONE)
        return sqlite_fault(s, err);
    return 0;
}

/* Under another name until it is whole and on disk, so that a copy with this name is one. */
static int finish_copy(const char *part, const char *path, struct err *err)
{
    int failed = sqlite_sync(part);

    if (!failed && link(part, path) != 0) /* unlike rename() it does not replace a file */
        failed = -errno;
    if (!failed)
        failed = sync_folder(path);
    if (failed)
        return err_set(err, failed, "cannot write %.200s: %s", path, strerror(-failed));
    return 0;
}

int sqlite_copy(struct sqlite *s, const char *path, struct err *err)
{
    char part[PATH_MAX];
    int fd, failed;

    if (access(path, F_OK) == 0)
        return err_set(err, -EEXIST, "%.200s is there already; name a new file", path);
    if (!text_format(part, sizeof part, "%s.part", path))
        return err_set(err, -ENAMETOOLONG, "path '%.200s' is too long", path);
    (void)unlink(part); /* of a copy that was cut short */
    fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, -errno, "cannot write %.200s: %s", part, strerror(errno));
    (void)close(fd);
    failed = vacuum_into(s, part, err); /* into an empty file, which keeps its mode */
    if (!failed)
        failed = finish_copy(part, path, err);
    (void)unlink(part);
    return failed;
}

/* "./" in front keeps SQLite from seeing ":memory:" or "file:" in it. */
static char *whole_path(const char *where)
{
    size_t size = strlen(where) + 3;
    char *path = malloc(size);

    if (path)
        (void)text_format(path, size, "%s%s", *where == '/' ? "" : "./", where);
    return path;
}

static int open_database(struct sqlite *s, struct err *err)
{
    if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        return s->db ? sqlite_fault(s, err) : err_set(err, -ENOMEM, "no memory for the store");
    return set_up(s, err);
}

/* A file of ours that is damaged is replaced by what can be read of it. One whose head cannot be
 * read may be anybody's, and is left alone. */
static int look_for_damage(struct sqlite *s, struct err *err)
{
    int64_t version = 0, id = 0;
    char what[NAME_SIZE];
    int failed = read_pragma(s, "PRAGMA user_version", &version, err);

    if (!failed)
        failed = read_pragma(s, "PRAGMA application_id", &id, err);
    if (failed || id != APPLICATION_ID || version > (int64_t)sqlite_migration_count)
        return failed;
    if (!sqlite_is_damaged(s, what))
        return 0;
    failed = sqlite_salvage(s, what, err);
    return failed ? failed : open_database(s, err);
}

static int open_file(struct sqlite *s, struct err *err)
{
    struct err why = { 0 };
    int failed = take_lock(s, err);

    /* Nobody asks how much memory it uses, and to keep count takes a lock each time. Too late for
     * that, it says, when a store is open already. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (!failed)
        failed = make_file(s->path, err);
    if (!failed)
        failed = open_database(s, err);
    if (!failed)
        failed = look_for_damage(s, err);
    if (!failed)
        failed = sqlite_migrate(s, sqlite_migrations, sqlite_migration_count, err);
    if (!failed)
        failed = sqlite_count_records(s, err);
    if (!failed && sqlite_prune_music(s, &why) != 0)
        log_warning("store", "files of music that nothing names stay: %s", why.text);
    return failed;
}

int sqlite_open(void **self, const char *where, struct err *err)
{
    struct sqlite *s;
    int failed;

    if (!*where)
        return err_set(err, -EINVAL, "store url 'sqlite:' has no path: use sqlite:/PATH/TO/FILE");
    s = calloc(1, sizeof *s);
    if (!s)
        return err_set(err, -ENOMEM, "no memory for the store");
    s->lock_fd = -1;
    s->keep = STORE_RECORDS_KEPT;
    s->keep_audit = STORE_AUDIT_KEPT;
    s->path = whole_path(where);
    failed = s->path ? open_file(s, err) : err_set(err, -ENOMEM, "no memory for the store");
    if (failed) {
        sqlite_close(s);
        return failed;
    }
    *self = s;
    return 0;
}

void sqlite_close(void *self)
{
    struct sqlite *s = self;

    for (unsigned i = 0; i < STATEMENTS; i++)
        (void)sqlite3_finalize(s->statement[i]);
    (void)sqlite3_close(s->db);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd); /* last, as it keeps others away from the file */
    free(s->plain);
    free(s->path);
    free(s);
}

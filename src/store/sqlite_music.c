/* Files of music: a row with all of the file in it, read one at a time, and removed at an open when
 * nothing names it any more. */
#include "store/sqlite.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "store/rows.h"
#include "sys/clock.h"

/* The same file once more is named anew, and its data is left as it is. */
int sqlite_put_music(struct sqlite *s, const struct stored_music *m, struct err *err)
{
    CLEANUP(sqlite_finish)
    sqlite3_stmt *st =
        sqlite_prepare(s,
                       "INSERT INTO music_files (sha256, name, type, bytes, length, "
                       "uploaded_at, uploaded_by, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
                       "?7, ?8) ON CONFLICT (sha256) DO UPDATE SET name = excluded.name, "
                       "uploaded_at = excluded.uploaded_at, "
                       "uploaded_by = excluded.uploaded_by",
                       err);
    int failed = st ? columns_bind(s, st, &columns_music, &m->file, err) : -EIO;

    if (failed)
        return failed;
    if (sqlite3_bind_blob64(st, (int)columns_music.count + 1, m->data, m->file.bytes,
                            SQLITE_STATIC) != SQLITE_OK)
        return sqlite_fault(s, err);
    return sqlite3_step(st) == SQLITE_DONE ? 0 : sqlite_fault(s, err);
}

static int read_data(sqlite3_stmt *st, struct stored_music *m, struct err *err)
{
    int at = (int)columns_music.count;
    const void *data = sqlite3_column_blob(st, at);
    size_t size = (size_t)sqlite3_column_bytes(st, at);

    if (size != m->file.bytes)
        return err_set(err, -EBADMSG, "music file %.16s... is damaged: upload it again",
                       m->file.sha256);
    m->data = malloc(size ? size : 1);
    if (!m->data)
        return err_set(err, -ENOMEM, "no memory for a file of music");
    if (size)
        memcpy(m->data, data, size);
    return 0;
}

int sqlite_query_music(struct sqlite *s, const struct store_query *q, struct store_rows *rows,
                       struct err *err)
{
    CLEANUP(sqlite_finish)
    sqlite3_stmt *st = sqlite_prepare(s,
                                      "SELECT sha256, name, type, bytes, length, uploaded_at, "
                                      "uploaded_by, data FROM music_files WHERE sha256 = ?1",
                                      err);
    const char *odd;
    int result;

    if (!st || sqlite3_bind_text(st, 1, q->music, -1, SQLITE_TRANSIENT) != SQLITE_OK)
        return -EIO;
    result = sqlite3_step(st);
    if (result != SQLITE_ROW)
        return result == SQLITE_DONE ? 0 : sqlite_fault(s, err);
    rows->music = calloc(1, sizeof *rows->music);
    if (!rows->music)
        return err_set(err, -ENOMEM, "no memory for a file of music");
    if (!columns_read(st, &columns_music, &rows->music->file, &odd))
        return err_set(err, -EBADMSG, "music file %.16s...: its %s is not understood", q->music,
                       odd);
    result = read_data(st, rows->music, err);
    rows->count = result ? 0 : 1;
    return result;
}

/* Settings of this moment and the rules of calls that the last run left are all that can name a
 * file. What was uploaded within a day may be about to be named, or be wanted back. */
int sqlite_prune_music(struct sqlite *s, struct err *err)
{
    CLEANUP(sqlite_finish)
    sqlite3_stmt *st =
        sqlite_prepare(s,
                       "DELETE FROM music_files WHERE uploaded_at < ?1 AND sha256 NOT IN "
                       "(SELECT value FROM settings WHERE key = 'music') AND NOT EXISTS "
                       "(SELECT 1 FROM calls WHERE instr(rules, music_files.sha256) > 0)",
                       err);
    wall_msec now = clock_wall();

    if (!st || sqlite3_bind_int64(st, 1, (sqlite3_int64)(now - MUSIC_GRACE)) != SQLITE_OK)
        return -EIO;
    return sqlite3_step(st) == SQLITE_DONE ? 0 : sqlite_fault(s, err);
}

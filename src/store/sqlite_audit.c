/* The audit trail in the database: adding to its end, looking through it, and forgetting what is
 * oldest. */
#include "store/sqlite.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "store/chain.h"
#include "store/rows.h"

#define PRUNE_MOST 2000 /* entries in one turn, as with records */

/* The newest entry that is there: its number and hash; 0 and zeros when there is none. */
static int read_last(struct sqlite *s, audit_id *id, unsigned char hash[AUDIT_HASH_SIZE],
                     struct err *err)
{
    CLEANUP(sqlite_put_back) sqlite3_stmt *st = sqlite_statement(s, ST_AUDIT_LAST, err);
    const void *bytes;
    int result;

    if (!st)
        return -EIO;
    *id = 0;
    memset(hash, 0, AUDIT_HASH_SIZE);
    result = sqlite3_step(st);
    if (result == SQLITE_DONE)
        return 0;
    if (result != SQLITE_ROW)
        return sqlite_fault(s, err);
    *id = (audit_id)sqlite3_column_int64(st, 0);
    bytes = sqlite3_column_blob(st, 1);
    if (bytes && sqlite3_column_bytes(st, 1) == AUDIT_HASH_SIZE)
        memcpy(hash, bytes, AUDIT_HASH_SIZE);
    return 0;
}

/* The highest number that was ever given. It is written together with the entry and not at the end
 * of the turn as the others are, since a group that is undone must leave no gap. */
static int read_highest(struct sqlite *s, audit_id *id, struct err *err)
{
    CLEANUP(sqlite_put_back) sqlite3_stmt *st = sqlite_statement(s, ST_AUDIT_HIGHEST, err);

    if (!st)
        return -EIO;
    if (sqlite3_step(st) != SQLITE_ROW)
        return sqlite_fault(s, err);
    *id = (audit_id)sqlite3_column_int64(st, 0);
    return 0;
}

static int run_with(struct sqlite *s, enum statement which, uint64_t a, uint64_t b, struct err *err)
{
    sqlite3_stmt *st = sqlite_statement(s, which, err);

    if (!st || sqlite3_bind_int64(st, 1, (sqlite3_int64)a) != SQLITE_OK)
        return -EIO;
    if (sqlite3_bind_parameter_count(st) > 1 &&
        sqlite3_bind_int64(st, 2, (sqlite3_int64)b) != SQLITE_OK)
        return -EIO;
    return sqlite_step(s, st, err);
}

int sqlite_add_audit(struct sqlite *s, const struct audit_entry *e, struct err *err)
{
    struct audit_entry mine = *e;
    unsigned char hash[AUDIT_HASH_SIZE];
    audit_id last = 0, highest = 0;
    sqlite3_stmt *st;
    int failed = read_last(s, &last, hash, err);

    if (!failed)
        failed = read_highest(s, &highest, err);
    if (failed)
        return failed;
    chain_link(&mine, highest > last ? highest : last, hash);
    st = sqlite_statement(s, ST_AUDIT_ADD, err);
    failed = st ? columns_bind(s, st, &columns_audit, &mine, err) : -EIO;
    if (!failed)
        failed = sqlite_step(s, st, err);
    if (!failed)
        failed = run_with(s, ST_AUDIT_HIGHEST_PUT, mine.id, 0, err);
    if (!failed)
        s->audit = mine.id;
    return failed;
}

int sqlite_prune_audit(struct sqlite *s, struct err *err)
{
    if (s->audit <= s->keep_audit)
        return 0;
    return run_with(s, ST_AUDIT_PRUNE, s->audit - s->keep_audit, PRUNE_MOST, err);
}

/* --- reading --- */

/* Only the conditions that are asked for. */
static void audit_where(char to[SQL_SIZE], const struct store_query *q, bool paged)
{
    (void)text_copy(to, SQL_SIZE, " WHERE 1");
    if (q->entry)
        (void)text_append(to, SQL_SIZE, " AND id = :entry");
    if (q->before && paged)
        (void)text_append(to, SQL_SIZE, " AND id < :before");
    if (q->since)
        (void)text_append(to, SQL_SIZE, " AND at >= :since");
    if (q->until)
        (void)text_append(to, SQL_SIZE, " AND at < :until");
    if (*q->actor)
        (void)text_append(to, SQL_SIZE, " AND actor = :actor COLLATE NOCASE");
    if (*q->action)
        (void)text_append(to, SQL_SIZE, " AND action LIKE :action ESCAPE '\\'");
    if (*q->subject)
        (void)text_append(to, SQL_SIZE,
                          " AND (subject = :subject COLLATE NOCASE"
                          " OR subject_id = :subject COLLATE NOCASE)");
    if (*q->words)
        (void)text_append(to, SQL_SIZE,
                          " AND id > (SELECT max(id) FROM audit) - :searched"
                          " AND (actor LIKE :words ESCAPE '\\' OR source LIKE :words ESCAPE '\\'"
                          " OR request LIKE :words ESCAPE '\\' OR action LIKE :words ESCAPE '\\'"
                          " OR subject LIKE :words ESCAPE '\\'"
                          " OR subject_id LIKE :words ESCAPE '\\')");
}

static void bind_text(sqlite3_stmt *st, const char *name, const char *text)
{
    int at = sqlite3_bind_parameter_index(st, name);

    if (at != 0) /* otherwise it was not asked for */
        (void)sqlite3_bind_text(st, at, text, -1, SQLITE_TRANSIENT);
}

/* As LIKE takes it: what means something to it is taken as it stands. */
static void bind_like(sqlite3_stmt *st, const char *name, const char *start, const char *text)
{
    char pattern[2 * sizeof(((struct store_query *)NULL)->words) + 4];
    size_t length;

    (void)text_copy(pattern, sizeof pattern, start);
    length = strlen(pattern);
    for (; *text && length + 4 < sizeof pattern; text++) {
        if (strchr("%_\\", *text))
            pattern[length++] = '\\';
        pattern[length++] = *text;
    }
    pattern[length++] = '%';
    pattern[length] = '\0';
    bind_text(st, name, pattern);
}

static void bind_audit(sqlite3_stmt *st, const struct store_query *q)
{
    sqlite_bind_number(st, ":entry", q->entry);
    sqlite_bind_number(st, ":before", q->before);
    sqlite_bind_number(st, ":since", q->since);
    sqlite_bind_number(st, ":until", q->until);
    sqlite_bind_number(st, ":limit", rows_limit(q) + 1);
    sqlite_bind_number(st, ":searched", AUDIT_SEARCHED);
    bind_text(st, ":actor", q->actor);
    bind_text(st, ":subject", q->subject);
    bind_like(st, ":action", "", q->action);
    bind_like(st, ":words", "%", q->words);
}

static int count_audit(struct sqlite *s, const struct store_query *q, uint64_t *total,
                       struct err *err)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *st = NULL;
    char where[SQL_SIZE], sql[SQL_SIZE + 64];

    audit_where(where, q, false);
    (void)text_format(sql, sizeof sql, "SELECT count(*) FROM audit%s", where);
    st = sqlite_prepare(s, sql, err);
    if (!st)
        return -EIO;
    bind_audit(st, q);
    if (sqlite3_step(st) != SQLITE_ROW)
        return sqlite_fault(s, err);
    *total = (uint64_t)sqlite3_column_int64(st, 0);
    return 0;
}

/* Few matches are found in the index; many are near the end, where looking at the rows themselves
 * soon has enough of them. */
static int collect_audit(struct sqlite *s, const struct store_query *q, struct store_rows *rows,
                         struct err *err)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *st = NULL;
    char names[SQL_SIZE], where[SQL_SIZE], sql[3 * SQL_SIZE];
    bool few = rows->total <= ROWS_LIMIT;

    columns_list(names, &columns_audit);
    audit_where(where, q, true);
    (void)text_format(sql, sizeof sql, "SELECT %s FROM audit%s%s%s ORDER BY id DESC LIMIT :limit",
                      names, few ? " WHERE id IN (SELECT id FROM audit" : "", where,
                      few ? ")" : "");
    st = sqlite_prepare(s, sql, err);
    if (!st)
        return -EIO;
    bind_audit(st, q);
    return sqlite_collect(s, st, &columns_audit, rows_limit(q), rows, err);
}

int sqlite_query_audit(struct sqlite *s, const struct store_query *q, struct store_rows *rows,
                       struct err *err)
{
    int failed = count_audit(s, q, &rows->total, err);

    return failed ? failed : collect_audit(s, q, rows, err);
}

int sqlite_query_audit_head(struct sqlite *s, struct store_rows *rows, struct err *err)
{
    const struct store_query newest = { .type = QUERY_AUDIT, .limit = 1 };
    int failed = sqlite_query_audit(s, &newest, rows, err);

    if (!failed)
        failed = read_highest(s, &rows->head, err);
    if (!failed && rows->count > 0 && rows->audit[0].id > rows->head)
        rows->head = rows->audit[0].id; /* the table of the highest numbers was meddled with */
    rows->more = false;
    return failed;
}

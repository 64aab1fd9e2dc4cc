/* Rows of the database that somebody else has written: whatever is in their columns, a start reads
 * them without a fault, and what it hands over is in its bounds. Each column takes its value from
 * the next bytes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "fuzz.h"
#include "store/sqlite.h"

#define ROWS 3 /* in each table */

static const struct columns *const tables[] = {
    &columns_site, &columns_destination, &columns_range, &columns_call,  &columns_leg,
    &columns_user, &columns_binding,     &columns_token, &columns_login, &columns_music
};
#define TABLES (sizeof tables / sizeof *tables)

struct bytes {
    const uint8_t *at;
    size_t left;
};

static uint8_t take(struct bytes *b)
{
    if (b->left == 0)
        return 0;
    b->left--;
    return *b->at++;
}

static sqlite3_int64 take_number(struct bytes *b)
{
    uint64_t value = 0;

    for (unsigned count = take(b) % 9; count > 0; count--)
        value = value << 8 | take(b);
    return (sqlite3_int64)value;
}

/* Often a word that is one of ours, so that the next column is looked at as well. */
static void bind(sqlite3_stmt *st, int at, const struct column *c, struct bytes *b)
{
    uint8_t how = take(b);
    size_t length = how < 8 ? (size_t)how * 1000 : how % 40;

    switch (c->kind) {
    case COL_NUMBER:
    case COL_SMALL:
    case COL_YES:
    case COL_WHEN:
        (void)sqlite3_bind_int64(st, at, take_number(b));
        return;
    case COL_WORD:
        if (how & 1) {
            (void)sqlite3_bind_text(st, at, c->words->word[take(b) % c->words->count], -1,
                                    SQLITE_STATIC);
            return;
        }
        break;
    case COL_BYTES:
        length = how & 1 ? c->size : length;
        break;
    case COL_TEXT:
    case COL_RULES:
    case COL_PERMISSIONS:
        break;
    }
    length = length < b->left ? length : b->left;
    if (c->kind == COL_BYTES)
        (void)sqlite3_bind_blob(st, at, b->at, (int)length, SQLITE_TRANSIENT);
    else
        (void)sqlite3_bind_text(st, at, (const char *)b->at, (int)length, SQLITE_TRANSIENT);
    b->at += length;
    b->left -= length;
}

static void put_row(struct sqlite *s, const struct columns *t, struct bytes *b)
{
    char names[SQL_SIZE], sql[2 * SQL_SIZE];
    sqlite3_stmt *st = NULL;

    columns_list(names, t);
    (void)text_format(sql, sizeof sql, "INSERT OR IGNORE INTO %s (%s%s) VALUES (?", t->table, names,
                      t == &columns_music ? ", data" : "");
    for (unsigned i = 1; i < t->count; i++)
        (void)text_append(sql, sizeof sql, ", ?");
    (void)text_append(sql, sizeof sql, t == &columns_music ? ", x'00')" : ")");
    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
        abort();
    for (unsigned i = 0; i < t->count; i++)
        bind(st, (int)i + 1, &t->column[i], b);
    (void)sqlite3_step(st); /* some are forbidden by the schema */
    (void)sqlite3_finalize(st);
}

static void see_range(void *to, const struct range *r)
{
    (void)to;
    assert(r->first <= r->last && rows_number_fine(r->first) && rows_number_fine(r->last));
    assert(strlen(r->name) < sizeof r->name);
}

static void see_call(void *to, const struct stored_call *c)
{
    (void)to;
    assert(c->call.state < CALL_STATES && c->call.outcome <= OUT_INTERRUPTED);
    assert(strlen(c->call.caller.uri) < sizeof c->call.caller.uri);
}

static void see_leg(void *to, const struct stored_leg *l)
{
    (void)to;
    assert(strlen(l->dialog) < sizeof l->dialog && strlen(l->media) < sizeof l->media);
}

static void see_binding(void *to, const struct binding *b)
{
    (void)to;
    assert(b->role < ROLES);
}

/* One store for all inputs, which are undone again. */
static struct sqlite *opened(void)
{
    static char folder[] = "/tmp/fuzz-rows.XXXXXX";
    static struct sqlite *s;
    char path[64];
    void *self = NULL;

    if (s)
        return s;
    if (!mkdtemp(folder))
        abort();
    (void)text_format(path, sizeof path, "%s/db", folder);
    if (sqlite_open(&self, path, NULL) != 0)
        abort();
    s = self;
    for (unsigned i = 0; i < 4; i++) { /* they go with the process */
        static const char *const ends[] = { "", ".lock", "-wal", "-shm" };

        (void)text_format(path, sizeof path, "%s/db%s", folder, ends[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    (void)sqlite_run(s, "PRAGMA ignore_check_constraints = ON", NULL);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct store_reader reader = {
        .range = see_range, .call = see_call, .leg = see_leg, .binding = see_binding
    };
    struct bytes b = { data, size };
    struct sqlite *s = opened();
    struct store_highest highest;

    if (sqlite_run(s, "BEGIN", NULL) != 0)
        abort();
    for (size_t i = 0; i < ROWS * TABLES; i++)
        put_row(s, tables[i % TABLES], &b);
    if (sqlite_load(s, &reader, NULL) != 0 || sqlite_highest(s, &highest, NULL) != 0)
        abort();
    (void)sqlite_run(s, "ROLLBACK", NULL);
    return 0;
}

/* The parts of the SQLite store. Only for src/store/sqlite*.c and its tests. */
#ifndef CALLPARK_STORE_SQLITE_H
#define CALLPARK_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/kind.h"
#include "store/rows.h"

/* Milliseconds: somebody's sqlite3 shell may have the file for a moment. */
#define SQLITE_BUSY_PATIENCE 2000

/* Statements that are used over and over, prepared at first use. */
enum statement {
    ST_BEGIN,
    ST_COMMIT,
    ST_GROUP_BEGIN,
    ST_GROUP_UNDO,
    ST_GROUP_END,
    ST_HIGHEST_PUT,
    ST_RANGE_PUT,
    ST_RANGE_SPAN,
    ST_RANGE_REMOVE,
    ST_ORBITS_REMOVE,
    ST_ORBIT_ADD,
    ST_ORBIT_HOLDER,
    ST_RANGE_NAMED,
    ST_RANGE_PARK_NUMBER,
    ST_DESTINATION_PUT,
    ST_DESTINATION_REMOVE,
    ST_SITE_PUT,
    ST_SITE_REMOVE,
    ST_SETTING_ADD,
    ST_SETTINGS_REMOVE,
    ST_CALL_PUT,
    ST_CALL_REMOVE,
    ST_CALL_LEGS_REMOVE,
    ST_LEG_PUT,
    ST_LEG_REMOVE,
    ST_CALL_NEXT,
    ST_LEG_NEXT,
    ST_RECORD_PUT,
    ST_RECORDS_COUNT,
    ST_RECORDS_PRUNE,
    ST_STEPS_PRUNE,
    ST_STEP_ADD,
    ST_STEPS,
    ST_USER_PUT,
    ST_USER_REMOVE,
    ST_USER_BINDINGS_REMOVE,
    ST_USER_TOKENS_REMOVE,
    ST_USER_LOGINS_REMOVE,
    ST_BINDING_PUT,
    ST_BINDING_REMOVE,
    ST_TOKEN_PUT,
    ST_TOKEN_REMOVE,
    ST_LOGIN_PUT,
    ST_LOGIN_REMOVE,
    ST_WATCH_PUT,
    ST_WATCH_REMOVE,
    ST_AUDIT_LAST,
    ST_AUDIT_HIGHEST,
    ST_AUDIT_HIGHEST_PUT,
    ST_AUDIT_ADD,
    ST_AUDIT_PRUNE,
    STATEMENTS
};

struct sqlite {
    sqlite3 *db;
    char *path;
    int lock_fd;
    struct store_highest highest;
    bool highest_raised;    /* since it was written */
    uint64_t keep, records; /* `records` is never less than there are */
    uint64_t keep_audit;
    audit_id audit; /* the last one that was added; 0: none yet, or it was undone */
    bool undone;    /* SQLite gave up the turn's transaction; `why` */
    struct err why;
    /* Of this turn: those written without a savepoint each. */
    const struct change_group **plain;
    size_t plain_count, plain_room;
    bool careful; /* from here on each group has one */
    sqlite3_stmt *statement[STATEMENTS];
    bool damaged;       /* the file; found while the store was open */
    struct rules rules; /* that were written last, as text; "" : none were */
    char rules_text[RULES_TEXT_SIZE];
};

/* sqlite_open.c: lock, open, bring up to date. */
struct migration {
    const char *name; /* "001-first" */
    const char *sql;
};
extern const struct migration sqlite_migrations[];
extern const unsigned sqlite_migration_count;

int sqlite_open(void **self, const char *where, struct err *err);
void sqlite_close(void *self);
/* `list` and `count` are sqlite_migrations but in tests. */
int sqlite_migrate(struct sqlite *s, const struct migration *list, unsigned count, struct err *err);
/* sqlite_salvage.c. Is something wrong with what a start reads, and where? */
bool sqlite_is_damaged(struct sqlite *s, char table[NAME_SIZE]);
/* So that the next start looks no further. */
void sqlite_mark_damaged(const struct sqlite *s);
/* What can be read goes into a new file of the same name; the old one is kept aside. Closes it:
 * open it again. When this fails the file is as it was. */
int sqlite_salvage(struct sqlite *s, const char *what, struct err *err);
int sqlite_sync(const char *path); /* sqlite_open.c */

/* sqlite_merge.c */
int sqlite_merge(void *self, const char *path, call_id *after, struct err *err);

int sqlite_copy(struct sqlite *s, const char *path, struct err *err);

/* sqlite.c */
int sqlite_fault(struct sqlite *s, struct err *err); /* of the last call: words and an errno */
int sqlite_run(struct sqlite *s, const char *sql, struct err *err);
/* NULL with words when it cannot be prepared. Give it back with sqlite3_reset(). */
sqlite3_stmt *sqlite_statement(struct sqlite *s, enum statement which, struct err *err);
int sqlite_step(struct sqlite *s, sqlite3_stmt *st,
                struct err *err);      /* one without rows; resets it */
void sqlite_finish(sqlite3_stmt **st); /* for CLEANUP */
void sqlite_put_back(sqlite3_stmt **st);
#define CLEANUP(function) __attribute__((cleanup(function)))

/* sqlite_columns.c: which member of a struct is in which column; one table serves writing and
 * reading. */
enum column_kind {
    COL_NUMBER,
    COL_SMALL,
    COL_YES,
    COL_TEXT,
    COL_WHEN,
    COL_WORD,
    COL_RULES,
    COL_PERMISSIONS,
    COL_BYTES /* always as many */
};
struct column {
    const char *name;
    enum column_kind kind;
    size_t offset, size;
    const struct words *words;
};
struct columns {
    const char *table, *key; /* the key as ON CONFLICT names it */
    const struct column *column;
    unsigned count;
};
extern const struct columns columns_range, columns_destination, columns_site;
extern const struct columns columns_call, columns_leg, columns_record, columns_step;
extern const struct columns columns_user, columns_binding, columns_token, columns_login;
extern const struct columns columns_watch;
extern const struct columns columns_audit;
extern const struct columns columns_music; /* all but the data */

#define SQL_SIZE 4096
void columns_put_sql(char to[SQL_SIZE], const struct columns *t);
void columns_list(char to[SQL_SIZE], const struct columns *t); /* "id, name, ..." */
/* The row must stay as it is until the statement was stepped. */
int columns_bind(struct sqlite *s, sqlite3_stmt *st, const struct columns *t, const void *row,
                 struct err *err);
/* From the statement's present row; false with the column's name when a value is none of ours. */
bool columns_read(sqlite3_stmt *st, const struct columns *t, void *row, const char **odd);

/* sqlite_write.c */
int sqlite_write(struct sqlite *s, const struct change *c, struct err *err);
int sqlite_write_highest(struct sqlite *s, struct err *err);
int sqlite_prune(struct sqlite *s, struct err *err);

/* sqlite_read.c */
int sqlite_load(void *self, const struct store_reader *reader, struct err *err);
int sqlite_highest(void *self, struct store_highest *out, struct err *err);
int sqlite_query(void *self, const struct store_query *q, struct store_rows *rows, struct err *err);
int sqlite_count_records(struct sqlite *s, struct err *err);
sqlite3_stmt *sqlite_prepare(struct sqlite *s, const char *sql, struct err *err);
void sqlite_bind_number(sqlite3_stmt *st, const char *name, uint64_t value); /* if it is in there */
/* Add what the statement gives, but no more than `limit`; then there is more. */
int sqlite_collect(struct sqlite *s, sqlite3_stmt *st, const struct columns *t, size_t limit,
                   struct store_rows *rows, struct err *err);

/* sqlite_audit.c */
int sqlite_add_audit(struct sqlite *s, const struct audit_entry *e, struct err *err);
int sqlite_prune_audit(struct sqlite *s, struct err *err);
int sqlite_query_audit(struct sqlite *s, const struct store_query *q, struct store_rows *rows,
                       struct err *err);
int sqlite_query_audit_head(struct sqlite *s, struct store_rows *rows, struct err *err);

/* sqlite_music.c */
int sqlite_put_music(struct sqlite *s, const struct stored_music *m, struct err *err);
int sqlite_query_music(struct sqlite *s, const struct store_query *q, struct store_rows *rows,
                       struct err *err);
int sqlite_prune_music(struct sqlite *s, struct err *err);

#endif

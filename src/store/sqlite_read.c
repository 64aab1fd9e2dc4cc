/* Reading: everything at a start, and what somebody asks for later. What a row holds is checked as
 * any foreign input is; one that makes no sense is left out and named in the log, as the rest still
 * can be used. */
#include "store/sqlite.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "store/rows.h"
#include "sys/log.h"

/* Everything a row can be read into. */
union any_row {
    struct range range;
    struct destination destination;
    struct site site;
    struct stored_call call;
    struct stored_leg leg;
    struct call_record record;
    struct call_step step;
    struct user user;
    struct binding binding;
    struct access_token token;
    struct login login;
    struct music_file music;
    struct stored_watch watch;
};

typedef void give_row(const struct store_reader *reader, const union any_row *row);

static void give_site(const struct store_reader *reader, const union any_row *row)
{
    if (reader->site)
        reader->site(reader->to, &row->site);
}

static void give_destination(const struct store_reader *reader, const union any_row *row)
{
    if (reader->destination)
        reader->destination(reader->to, &row->destination);
}

static void give_range(const struct store_reader *reader, const union any_row *row)
{
    const struct range *r = &row->range;

    if (!rows_number_fine(r->first) || !rows_number_fine(r->last) || r->first > r->last)
        log_warning("store", "range %llu is left out: its numbers are none",
                    (unsigned long long)r->id);
    else if (reader->range)
        reader->range(reader->to, r);
}

static void give_call(const struct store_reader *reader, const union any_row *row)
{
    const struct call *c = &row->call.call;

    if (c->orbit != 0 && !rows_number_fine(c->orbit))
        log_warning("store", "call %llu is left out: its orbit is no number",
                    (unsigned long long)c->id);
    else if (reader->call)
        reader->call(reader->to, &row->call);
}

static void give_leg(const struct store_reader *reader, const union any_row *row)
{
    if (reader->leg)
        reader->leg(reader->to, &row->leg);
}

static void give_step(const struct store_reader *reader, const union any_row *row)
{
    if (reader->step)
        reader->step(reader->to, &row->step);
}

static void give_user(const struct store_reader *reader, const union any_row *row)
{
    if (reader->user)
        reader->user(reader->to, &row->user);
}

static void give_binding(const struct store_reader *reader, const union any_row *row)
{
    if (reader->binding)
        reader->binding(reader->to, &row->binding);
}

static void give_token(const struct store_reader *reader, const union any_row *row)
{
    if (reader->token)
        reader->token(reader->to, &row->token);
}

static void give_login(const struct store_reader *reader, const union any_row *row)
{
    if (reader->login)
        reader->login(reader->to, &row->login);
}

static void give_music(const struct store_reader *reader, const union any_row *row)
{
    if (reader->music)
        reader->music(reader->to, &row->music);
}

static void give_watch(const struct store_reader *reader, const union any_row *row)
{
    if (reader->watch)
        reader->watch(reader->to, &row->watch);
}

sqlite3_stmt *sqlite_prepare(struct sqlite *s, const char *sql, struct err *err)
{
    sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
        (void)sqlite_fault(s, err);
    return st;
}

static int load_some(struct sqlite *s, const struct columns *t, const char *which, give_row *give,
                     const struct store_reader *reader, struct err *err)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *st = NULL;
    char names[SQL_SIZE], sql[SQL_SIZE + 128];
    const char *odd;
    int result;

    columns_list(names, t);
    (void)text_format(sql, sizeof sql, "SELECT %s FROM %s%s ORDER BY 1, 2", names, t->table, which);
    st = sqlite_prepare(s, sql, err);
    if (!st)
        return -EIO;
    while ((result = sqlite3_step(st)) == SQLITE_ROW) {
        union any_row row;

        memset(&row, 0, sizeof row);
        if (columns_read(st, t, &row, &odd))
            give(reader, &row);
        else
            log_warning("store", "row %.40s of %s is left out: its %s is not understood",
                        (const char *)sqlite3_column_text(st, 0), t->table, odd);
    }
    return result == SQLITE_DONE ? 0 : sqlite_fault(s, err);
}

static int load_table(struct sqlite *s, const struct columns *t, give_row *give,
                      const struct store_reader *reader, struct err *err)
{
    return load_some(s, t, "", give, reader, err);
}

/* The settings of one scope stand in one row for each key; they are handed over when the scope
 * changes. */
struct settings_so_far {
    struct scope scope;
    struct settings said;
};

static void give_settings(const struct store_reader *reader, const struct settings_so_far *so_far)
{
    if (so_far->said.set && reader->settings)
        reader->settings(reader->to, &so_far->scope, &so_far->said);
}

static void read_setting(sqlite3_stmt *st, struct settings *said)
{
    const char *name = (const char *)sqlite3_column_text(st, 2);
    const char *value = (const char *)sqlite3_column_text(st, 3);
    struct err err = { 0 };
    enum setting_key key;

    said->version = (uint32_t)sqlite3_column_int64(st, 4);
    if (!name || !value || !setting_find(name, &key))
        log_warning("store", "setting '%.40s' is left out: there is none of that name",
                    name ? name : "");
    else if (settings_set(said, key, value, &err) != 0)
        log_warning("store", "setting '%.40s' is left out: %s", name, err.text);
}

static bool same_scope(const struct scope *a, const struct scope *b)
{
    return a->kind == b->kind && a->range == b->range && text_is(a->name, b->name);
}

static int load_settings(struct sqlite *s, const struct store_reader *reader, struct err *err)
{
    CLEANUP(sqlite_finish)
    sqlite3_stmt *st = sqlite_prepare(
        s, "SELECT scope, name, key, value, version FROM settings ORDER BY scope, name, key", err);
    struct settings_so_far so_far;
    int result;

    if (!st)
        return -EIO;
    memset(&so_far, 0, sizeof so_far);
    while ((result = sqlite3_step(st)) == SQLITE_ROW) {
        struct scope scope;

        if (!scope_read(&scope, (const char *)sqlite3_column_text(st, 0),
                        (const char *)sqlite3_column_text(st, 1)))
            continue;
        if (!same_scope(&scope, &so_far.scope)) {
            give_settings(reader, &so_far);
            memset(&so_far, 0, sizeof so_far);
            so_far.scope = scope;
        }
        read_setting(st, &so_far.said);
    }
    give_settings(reader, &so_far);
    return result == SQLITE_DONE ? 0 : sqlite_fault(s, err);
}

int sqlite_load(void *self, const struct store_reader *reader, struct err *err)
{
    struct sqlite *s = self;
    int failed = load_table(s, &columns_site, give_site, reader, err);

    if (!failed)
        failed = load_table(s, &columns_destination, give_destination, reader, err);
    if (!failed)
        failed = load_table(s, &columns_range, give_range, reader, err);
    if (!failed)
        failed = load_settings(s, reader, err);
    if (!failed)
        failed = load_table(s, &columns_call, give_call, reader, err);
    if (!failed)
        failed = load_table(s, &columns_leg, give_leg, reader, err);
    if (!failed)
        failed = load_some(s, &columns_step, " WHERE call IN (SELECT id FROM calls)", give_step,
                           reader, err);
    if (!failed)
        failed = load_table(s, &columns_user, give_user, reader, err);
    if (!failed)
        failed = load_table(s, &columns_binding, give_binding, reader, err);
    if (!failed)
        failed = load_table(s, &columns_token, give_token, reader, err);
    if (!failed)
        failed = load_table(s, &columns_login, give_login, reader, err);
    if (!failed)
        failed = load_table(s, &columns_music, give_music, reader, err);
    if (!failed)
        failed = load_table(s, &columns_watch, give_watch, reader, err);
    return failed;
}

/* The rows are asked as well: the table was written for ids whose rows are gone since. */
static int read_highest(struct sqlite *s, const char *what, const char *rows, uint64_t *id,
                        struct err *err)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *st = NULL;
    char sql[512];

    (void)text_format(sql, sizeof sql,
                      "SELECT coalesce(max(id), 0) FROM "
                      "(SELECT id FROM highest WHERE what = '%s' UNION ALL %s)",
                      what, rows);
    st = sqlite_prepare(s, sql, err);
    if (!st)
        return -EIO;
    if (sqlite3_step(st) != SQLITE_ROW)
        return sqlite_fault(s, err);
    *id = (uint64_t)sqlite3_column_int64(st, 0);
    return 0;
}

int sqlite_highest(void *self, struct store_highest *out, struct err *err)
{
    struct sqlite *s = self;
    struct store_highest h = { 0 };
    const struct {
        const char *what, *rows;
        uint64_t *id;
    } lines[] = {
        { "call",
          "SELECT max(id) FROM calls UNION ALL SELECT max(id) FROM call_records "
          "UNION ALL SELECT max(call) FROM call_steps",
          &h.call },
        { "leg", "SELECT max(leg) FROM legs", &h.leg },
        { "range", "SELECT max(id) FROM ranges", &h.range },
        { "binding", "SELECT max(id) FROM role_bindings", &h.binding },
        { "token", "SELECT max(id) FROM access_tokens", &h.token },
        { "login", "SELECT max(id) FROM logins", &h.login },
        { "audit", "SELECT max(id) FROM audit", &h.audit },
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int failed = read_highest(s, lines[i].what, lines[i].rows, lines[i].id, err);

        if (failed)
            return failed;
    }
    *out = s->highest = h;
    return 0;
}

int sqlite_count_records(struct sqlite *s, struct err *err)
{
    CLEANUP(sqlite_put_back) sqlite3_stmt *st = sqlite_statement(s, ST_RECORDS_COUNT, err);

    if (!st)
        return -EIO;
    if (sqlite3_step(st) != SQLITE_ROW)
        return sqlite_fault(s, err);
    s->records = (uint64_t)sqlite3_column_int64(st, 0);
    return 0;
}

/* The places, of which one is enough. Their parameters are numbered as they stand in the query. */
static void scopes_where(char to[SQL_SIZE], const struct store_query *q)
{
    for (size_t i = 0; i < q->scope_count; i++) {
        const char * or = i == 0 ? " AND (" : " OR ";

        if (q->scopes[i].kind == SCOPE_RANGE)
            (void)text_append(to, SQL_SIZE, "%srange = :s%zu", or, i);
        else if (q->scopes[i].kind == SCOPE_DESTINATION)
            (void)text_append(to, SQL_SIZE, "%sdestination = :s%zu COLLATE NOCASE", or, i);
        else if (q->scopes[i].kind == SCOPE_SITE)
            (void)text_append(to, SQL_SIZE,
                              "%sdestination IN (SELECT fqdn FROM destinations WHERE site = :s%zu "
                              "COLLATE NOCASE)",
                              or, i);
        else
            (void)text_append(to, SQL_SIZE, "%s1", or);
    }
    (void)text_append(to, SQL_SIZE, ")");
}

static void bind_scopes(sqlite3_stmt *st, const struct store_query *q)
{
    char name[16];

    for (size_t i = 0; i < q->scope_count; i++) {
        int at;

        (void)text_format(name, sizeof name, ":s%zu", i); /* fits */
        at = sqlite3_bind_parameter_index(st, name);
        if (q->scopes[i].kind == SCOPE_RANGE && at != 0)
            (void)sqlite3_bind_int64(st, at, (sqlite3_int64)q->scopes[i].range);
        else if (at != 0)
            (void)sqlite3_bind_text(st, at, q->scopes[i].name, -1, SQLITE_STATIC);
    }
}

/* Only the conditions that are asked for, so that the right index is taken. */
static void records_where(char to[SQL_SIZE], const struct store_query *q, bool paged)
{
    (void)text_copy(to, SQL_SIZE, " WHERE 1");
    if (q->call)
        (void)text_append(to, SQL_SIZE, " AND id = :call");
    if (q->before && paged)
        (void)text_append(to, SQL_SIZE, " AND id < :before");
    if (q->since)
        (void)text_append(to, SQL_SIZE, " AND parked_at >= :since");
    if (q->until)
        (void)text_append(to, SQL_SIZE, " AND parked_at < :until");
    if (q->outcome != OUT_NONE)
        (void)text_append(to, SQL_SIZE, " AND outcome = :outcome");
    if (q->orbit)
        (void)text_append(to, SQL_SIZE, " AND orbit = :orbit");
    if (q->scope_count)
        scopes_where(to, q);
}

void sqlite_bind_number(sqlite3_stmt *st, const char *name, uint64_t value)
{
    int at = sqlite3_bind_parameter_index(st, name);

    if (at != 0) /* otherwise it was not asked for */
        (void)sqlite3_bind_int64(st, at, value > INT64_MAX ? INT64_MAX : (sqlite3_int64)value);
}

static void bind_query(sqlite3_stmt *st, const struct store_query *q)
{
    int outcome = sqlite3_bind_parameter_index(st, ":outcome");

    sqlite_bind_number(st, ":call", q->call);
    sqlite_bind_number(st, ":before", q->before);
    sqlite_bind_number(st, ":since", q->since);
    sqlite_bind_number(st, ":until", q->until);
    sqlite_bind_number(st, ":orbit", q->orbit);
    bind_scopes(st, q);
    if (outcome != 0 && (unsigned)q->outcome < words_outcome.count)
        (void)sqlite3_bind_text(st, outcome, words_outcome.word[q->outcome], -1, SQLITE_STATIC);
}

static int count_matches(struct sqlite *s, const struct store_query *q, uint64_t *total,
                         struct err *err)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *st = NULL;
    char where[SQL_SIZE], sql[SQL_SIZE + 64];

    records_where(where, q, false);
    (void)text_format(sql, sizeof sql, "SELECT count(*) FROM call_records%s", where);
    st = sqlite_prepare(s, sql, err);
    if (!st)
        return -EIO;
    bind_query(st, q);
    if (sqlite3_step(st) != SQLITE_ROW)
        return sqlite_fault(s, err);
    *total = (uint64_t)sqlite3_column_int64(st, 0);
    return 0;
}

static void *add_row(struct store_rows *rows)
{
    if (rows->type == QUERY_RECORDS)
        return rows_add_record(rows);
    return rows->type == QUERY_STEPS ? (void *)rows_add_step(rows) : (void *)rows_add_audit(rows);
}

int sqlite_collect(struct sqlite *s, sqlite3_stmt *st, const struct columns *t, size_t limit,
                   struct store_rows *rows, struct err *err)
{
    int result;

    while ((result = sqlite3_step(st)) == SQLITE_ROW) {
        const char *odd;
        void *row;

        if (rows->count == limit) {
            rows->more = true;
            return 0;
        }
        row = add_row(rows);
        if (!row)
            return err_set(err, -ENOMEM, "no memory for the rows of an answer");
        if (!columns_read(st, t, row, &odd))
            rows->count--;
    }
    return result == SQLITE_DONE ? 0 : sqlite_fault(s, err);
}

static int query_records(struct sqlite *s, const struct store_query *q, struct store_rows *rows,
                         struct err *err)
{
    CLEANUP(sqlite_finish) sqlite3_stmt *st = NULL;
    char names[SQL_SIZE], where[SQL_SIZE], sql[3 * SQL_SIZE];
    int failed = count_matches(s, q, &rows->total, err);

    if (failed)
        return failed;
    columns_list(names, &columns_record);
    records_where(where, q, true);
    (void)text_format(sql, sizeof sql,
                      "SELECT %s FROM call_records%s ORDER BY id DESC LIMIT :limit", names, where);
    st = sqlite_prepare(s, sql, err);
    if (!st)
        return -EIO;
    bind_query(st, q);
    sqlite_bind_number(st, ":limit", rows_limit(q) + 1);
    return sqlite_collect(s, st, &columns_record, rows_limit(q), rows, err);
}

static int query_steps(struct sqlite *s, const struct store_query *q, struct store_rows *rows,
                       struct err *err)
{
    CLEANUP(sqlite_put_back) sqlite3_stmt *st = sqlite_statement(s, ST_STEPS, err);

    if (!st)
        return -EIO;
    (void)sqlite3_bind_int64(st, 1, (sqlite3_int64)q->call);
    (void)sqlite3_bind_int64(st, 2, (sqlite3_int64)rows_limit(q) + 1);
    return sqlite_collect(s, st, &columns_step, rows_limit(q), rows, err);
}

int sqlite_query(void *self, const struct store_query *q, struct store_rows *rows, struct err *err)
{
    switch (q->type) {
    case QUERY_RECORDS:
        return query_records(self, q, rows, err);
    case QUERY_STEPS:
        return query_steps(self, q, rows, err);
    case QUERY_AUDIT:
        return sqlite_query_audit(self, q, rows, err);
    case QUERY_AUDIT_HEAD:
        return sqlite_query_audit_head(self, rows, err);
    case QUERY_MUSIC:
        return sqlite_query_music(self, q, rows, err);
    }
    return err_set(err, -EINVAL, "question of an unknown type");
}

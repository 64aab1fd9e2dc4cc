/* One change at a time into the database; the caller has opened the transaction and undoes what
 * fails. */
#include "store/sqlite.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "store/rows.h"

#define PRUNE_MOST                                                                                 \
    2000 /* records in one turn, so that nobody's promise waits for a great clean-up */

static int put_row(struct sqlite *s, enum statement which, const struct columns *t, const void *row,
                   struct err *err)
{
    sqlite3_stmt *st = sqlite_statement(s, which, err);
    int failed = st ? columns_bind(s, st, t, row, err) : -EIO;

    return failed ? failed : sqlite_step(s, st, err);
}

static int remove_id(struct sqlite *s, enum statement which, uint64_t id, struct err *err)
{
    sqlite3_stmt *st = sqlite_statement(s, which, err);

    if (!st || sqlite3_bind_int64(st, 1, (sqlite3_int64)id) != SQLITE_OK)
        return -EIO;
    return sqlite_step(s, st, err);
}

static int bind_text(sqlite3_stmt *st, int at, const char *text)
{
    return sqlite3_bind_text(st, at, text, -1, SQLITE_TRANSIENT);
}

static int remove_named(struct sqlite *s, enum statement which, const char *name, struct err *err)
{
    sqlite3_stmt *st = sqlite_statement(s, which, err);

    if (!st || bind_text(st, 1, name) != SQLITE_OK)
        return -EIO;
    return sqlite_step(s, st, err);
}

static int remove_settings(struct sqlite *s, const struct scope *scope, struct err *err)
{
    sqlite3_stmt *st = sqlite_statement(s, ST_SETTINGS_REMOVE, err);
    char name[FQDN_SIZE + NAME_SIZE];

    scope_write(name, scope);
    if (!st || bind_text(st, 1, words_scope.word[scope->kind]) != SQLITE_OK ||
        bind_text(st, 2, name) != SQLITE_OK)
        return -EIO;
    return sqlite_step(s, st, err);
}

static int remove_scope(struct sqlite *s, enum scope_kind kind, const char *name, range_id range,
                        struct err *err)
{
    struct scope scope = { .kind = kind, .range = range };

    (void)text_copy(scope.name, sizeof scope.name, name);
    return remove_settings(s, &scope, err);
}

static int add_setting(struct sqlite *s, const struct scope *scope, const struct settings *said,
                       enum setting_key key, struct err *err)
{
    sqlite3_stmt *st = sqlite_statement(s, ST_SETTING_ADD, err);
    char name[FQDN_SIZE + NAME_SIZE], value[LIST_SIZE];

    scope_write(name, scope);
    rules_text(value, &said->values, key);
    if (!st || bind_text(st, 1, words_scope.word[scope->kind]) != SQLITE_OK ||
        bind_text(st, 2, name) != SQLITE_OK ||
        bind_text(st, 3, setting_info(key)->name) != SQLITE_OK ||
        bind_text(st, 4, value) != SQLITE_OK ||
        sqlite3_bind_int64(st, 5, said->version) != SQLITE_OK)
        return -EIO;
    return sqlite_step(s, st, err);
}

static int put_settings(struct sqlite *s, const struct scope *scope, const struct settings *said,
                        struct err *err)
{
    int failed = remove_settings(s, scope, err);

    for (unsigned key = 0; key < SETTING_KEYS && !failed; key++) {
        if (said->set & 1U << key)
            failed = add_setting(s, scope, said, (enum setting_key)key, err);
    }
    return failed;
}

/* Who has the number that could not be put in; the database itself only says that it is there. */
static int overlap_fault(struct sqlite *s, number_key number, const struct range *wanted,
                         struct err *err)
{
    CLEANUP(sqlite_put_back) sqlite3_stmt *st = sqlite_statement(s, ST_ORBIT_HOLDER, err);
    struct range holder = { .id = 0 };

    if (!st || sqlite3_bind_int64(st, 1, (sqlite3_int64)number) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW)
        return -EEXIST;
    (void)text_copy(holder.name, sizeof holder.name, (const char *)sqlite3_column_text(st, 1));
    holder.first = (number_key)sqlite3_column_int64(st, 2);
    holder.last = (number_key)sqlite3_column_int64(st, 3);
    rows_overlap_text(err, number, wanted, &holder);
    return -EEXIST;
}

static int add_orbits(struct sqlite *s, const struct range *r, struct err *err)
{
    sqlite3_stmt *st = sqlite_statement(s, ST_ORBIT_ADD, err);

    for (number_key number = r->first; number <= r->last; number++) {
        int failed;

        if (!st || sqlite3_bind_int64(st, 1, (sqlite3_int64)number) != SQLITE_OK ||
            sqlite3_bind_int64(st, 2, (sqlite3_int64)r->id) != SQLITE_OK)
            return -EIO;
        failed = sqlite_step(s, st, err);
        if (failed == -EEXIST)
            return overlap_fault(s, number, r, err);
        if (failed)
            return failed;
    }
    return 0;
}

/* The name of the range that another one collides with, by name or by park number. */
static bool find_rival(struct sqlite *s, enum statement which, const char *text, range_id id,
                       char name[NAME_SIZE])
{
    CLEANUP(sqlite_put_back) sqlite3_stmt *st = sqlite_statement(s, which, NULL);

    if (!st || bind_text(st, 1, text) != SQLITE_OK ||
        sqlite3_bind_int64(st, 2, (sqlite3_int64)id) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
        return false;
    return text_copy(name, NAME_SIZE, (const char *)sqlite3_column_text(st, 0));
}

static int range_fault_text(struct sqlite *s, const struct range *r, struct err *err)
{
    char name[NAME_SIZE];

    if (find_rival(s, ST_RANGE_NAMED, r->name, r->id, name))
        return err_set(err, -EEXIST, "another range has the name '%.64s' already", name);
    if (*r->park_number && find_rival(s, ST_RANGE_PARK_NUMBER, r->park_number, r->id, name))
        return err_set(err, -EEXIST, "%s parks into range '%.64s' already", r->park_number, name);
    return -EEXIST;
}

/* Does it hold the numbers already that it is to hold? */
static bool same_span(struct sqlite *s, const struct range *r)
{
    CLEANUP(sqlite_put_back) sqlite3_stmt *st = sqlite_statement(s, ST_RANGE_SPAN, NULL);

    return st && sqlite3_bind_int64(st, 1, (sqlite3_int64)r->id) == SQLITE_OK &&
           sqlite3_step(st) == SQLITE_ROW && (number_key)sqlite3_column_int64(st, 0) == r->first &&
           (number_key)sqlite3_column_int64(st, 1) == r->last;
}

static int put_range(struct sqlite *s, const struct range *r, struct err *err)
{
    bool same = same_span(s, r);
    int failed = put_row(s, ST_RANGE_PUT, &columns_range, r, err);

    if (failed == -EEXIST)
        return range_fault_text(s, r, err);
    if (failed || same)
        return failed;
    failed = remove_id(s, ST_ORBITS_REMOVE, r->id, err);
    return failed ? failed : add_orbits(s, r, err);
}

static int remove_range(struct sqlite *s, range_id range, struct err *err)
{
    int failed = remove_id(s, ST_RANGE_REMOVE, range, err); /* the numbers go with it */

    return failed ? failed : remove_scope(s, SCOPE_RANGE, "", range, err);
}

static int remove_destination(struct sqlite *s, const char *fqdn, struct err *err)
{
    int failed = remove_named(s, ST_DESTINATION_REMOVE, fqdn, err);

    return failed ? failed : remove_scope(s, SCOPE_DESTINATION, fqdn, 0, err);
}

static int remove_site(struct sqlite *s, const char *name, struct err *err)
{
    int failed = remove_named(s, ST_SITE_REMOVE, name, err);

    return failed ? failed : remove_scope(s, SCOPE_SITE, name, 0, err);
}

static int remove_call(struct sqlite *s, call_id call, struct err *err)
{
    int failed = remove_id(s, ST_CALL_REMOVE, call, err);

    return failed ? failed : remove_id(s, ST_CALL_LEGS_REMOVE, call, err);
}

/* The first id behind `after`; 0: there is none. */
static int next_row(struct sqlite *s, enum statement which, uint64_t after, uint64_t *id,
                    struct err *err)
{
    CLEANUP(sqlite_put_back) sqlite3_stmt *st = sqlite_statement(s, which, err);
    int result;

    if (!st || sqlite3_bind_int64(st, 1, (sqlite3_int64)after) != SQLITE_OK)
        return -EIO;
    result = sqlite3_step(st);
    *id = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
    return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : sqlite_fault(s, err);
}

/* `live` by rising id. */
static int keep_rows(struct sqlite *s, enum statement next, enum statement remove,
                     const uint64_t *live, size_t count, struct err *err)
{
    uint64_t id = 0;
    size_t at = 0;
    int failed = next_row(s, next, id, &id, err);

    while (!failed && id) {
        while (at < count && live[at] < id)
            at++;
        if (at == count || live[at] != id)
            failed = remove_id(s, remove, id, err);
        if (!failed)
            failed = next_row(s, next, id, &id, err);
    }
    return failed;
}

static int keep_live(struct sqlite *s, const struct live_rows *live, struct err *err)
{
    int failed = keep_rows(s, ST_CALL_NEXT, ST_CALL_REMOVE, live->calls, live->call_count, err);

    return failed ? failed
                  : keep_rows(s, ST_LEG_NEXT, ST_LEG_REMOVE, live->legs, live->leg_count, err);
}

static int remove_user(struct sqlite *s, const char *name, struct err *err)
{
    static const enum statement theirs[] = { ST_USER_REMOVE, ST_USER_BINDINGS_REMOVE,
                                             ST_USER_TOKENS_REMOVE, ST_USER_LOGINS_REMOVE };
    int failed = 0;

    for (size_t i = 0; i < sizeof theirs / sizeof *theirs && !failed; i++)
        failed = remove_named(s, theirs[i], name, err);
    return failed;
}

static int put_record(struct sqlite *s, const struct call_record *r, struct err *err)
{
    s->records++; /* also when it replaces one; counted anew before anything is removed */
    return put_row(s, ST_RECORD_PUT, &columns_record, r, err);
}

static int write_change(struct sqlite *s, const struct change *c, struct err *err)
{
    switch (c->type) {
    case CHANGE_RANGE_PUT:
        return put_range(s, &c->range, err);
    case CHANGE_RANGE_REMOVE:
        return remove_range(s, c->range_gone, err);
    case CHANGE_DESTINATION_PUT:
        return put_row(s, ST_DESTINATION_PUT, &columns_destination, &c->destination, err);
    case CHANGE_DESTINATION_REMOVE:
        return remove_destination(s, c->destination.fqdn, err);
    case CHANGE_SITE_PUT:
        return put_row(s, ST_SITE_PUT, &columns_site, &c->site, err);
    case CHANGE_SITE_REMOVE:
        return remove_site(s, c->site.name, err);
    case CHANGE_SETTINGS_PUT:
        return put_settings(s, &c->settings.scope, &c->settings.settings, err);
    case CHANGE_CALL_PUT:
        return put_row(s, ST_CALL_PUT, &columns_call, &c->call, err);
    case CHANGE_CALL_REMOVE:
        return remove_call(s, c->call_gone, err);
    case CHANGE_LEG_PUT:
        return put_row(s, ST_LEG_PUT, &columns_leg, &c->leg, err);
    case CHANGE_LEG_REMOVE:
        return remove_id(s, ST_LEG_REMOVE, c->leg_gone, err);
    case CHANGE_ROWS_KEEP:
        return keep_live(s, &c->live, err);
    case CHANGE_RECORD_PUT:
        return put_record(s, &c->record, err);
    case CHANGE_STEP_ADD:
        return put_row(s, ST_STEP_ADD, &columns_step, &c->step, err);
    case CHANGE_MUSIC_PUT:
        return sqlite_put_music(s, &c->music, err);
    case CHANGE_USER_PUT:
        return put_row(s, ST_USER_PUT, &columns_user, &c->user, err);
    case CHANGE_USER_REMOVE:
        return remove_user(s, c->user.name, err);
    case CHANGE_BINDING_PUT:
        return put_row(s, ST_BINDING_PUT, &columns_binding, &c->binding, err);
    case CHANGE_BINDING_REMOVE:
        return remove_id(s, ST_BINDING_REMOVE, c->binding_gone, err);
    case CHANGE_TOKEN_PUT:
        return put_row(s, ST_TOKEN_PUT, &columns_token, &c->token, err);
    case CHANGE_TOKEN_REMOVE:
        return remove_id(s, ST_TOKEN_REMOVE, c->token_gone, err);
    case CHANGE_LOGIN_PUT:
        return put_row(s, ST_LOGIN_PUT, &columns_login, &c->login, err);
    case CHANGE_LOGIN_REMOVE:
        return remove_id(s, ST_LOGIN_REMOVE, c->login_gone, err);
    case CHANGE_WATCH_PUT:
        return put_row(s, ST_WATCH_PUT, &columns_watch, &c->watch, err);
    case CHANGE_WATCH_REMOVE:
        return remove_id(s, ST_WATCH_REMOVE, c->watch_gone, err);
    case CHANGE_AUDIT_ADD:
        return sqlite_add_audit(s, &c->audit, err);
    }
    return err_set(err, -EINVAL, "change of an unknown type");
}

int sqlite_write(struct sqlite *s, const struct change *c, struct err *err)
{
    struct store_highest before = s->highest;
    int failed = write_change(s, c, err);

    if (failed)
        return failed;
    highest_raise(&s->highest, c);
    if (memcmp(&s->highest, &before, sizeof before) != 0)
        s->highest_raised = true;
    return 0;
}

int sqlite_write_highest(struct sqlite *s, struct err *err)
{
    const struct store_highest *h = &s->highest;
    const uint64_t ids[] = { h->call, h->leg, h->range, h->binding, h->token, h->login };
    sqlite3_stmt *st = sqlite_statement(s, ST_HIGHEST_PUT, err);

    for (int i = 0; i < (int)(sizeof ids / sizeof *ids); i++)
        if (!st || sqlite3_bind_int64(st, i + 1, (sqlite3_int64)ids[i]) != SQLITE_OK)
            return -EIO;
    return sqlite_step(s, st, err);
}

/* The oldest records, with the steps of calls that are over. Done only now and then: counting them
 * takes some milliseconds when there are many. */
int sqlite_prune(struct sqlite *s, struct err *err)
{
    uint64_t slack = s->keep / 100 < 1000 ? s->keep / 100 : 1000, excess;
    sqlite3_stmt *st;
    int failed;

    if (s->records <= s->keep + slack)
        return 0;
    failed = sqlite_count_records(s, err);
    if (failed || s->records <= s->keep)
        return failed;
    excess = s->records - s->keep;
    failed = remove_id(s, ST_RECORDS_PRUNE, excess < PRUNE_MOST ? excess : PRUNE_MOST, err);
    st = failed ? NULL : sqlite_statement(s, ST_STEPS_PRUNE, err);
    if (!failed)
        failed = st ? sqlite_step(s, st, err) : -EIO;
    return failed ? failed : sqlite_count_records(s, err);
}

/* Which member of a struct is kept in which column. The same table makes the statement, binds a row
 * and reads one, so that no order of columns has to be kept in three places. */
#include "store/sqlite.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "store/rows.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MEMBER_SIZE(type, member) sizeof(((type *)NULL)->member)
#define NUMBER(type, name, member)                                                                 \
    {                                                                                              \
        name, COL_NUMBER, offsetof(type, member), 8, NULL                                          \
    }
#define SMALL(type, name, member)                                                                  \
    {                                                                                              \
        name, COL_SMALL, offsetof(type, member), 4, NULL                                           \
    }
#define YES(type, name, member)                                                                    \
    {                                                                                              \
        name, COL_YES, offsetof(type, member), 1, NULL                                             \
    }
#define WHEN(type, name, member)                                                                   \
    {                                                                                              \
        name, COL_WHEN, offsetof(type, member), 8, NULL                                            \
    }
#define TEXT(type, name, member)                                                                   \
    {                                                                                              \
        name, COL_TEXT, offsetof(type, member), MEMBER_SIZE(type, member), NULL                    \
    }
#define WORD(type, name, member, words)                                                            \
    {                                                                                              \
        name, COL_WORD, offsetof(type, member), 4, &(words)                                        \
    }
#define PERMITS(type, name, member)                                                                \
    {                                                                                              \
        name, COL_PERMISSIONS, offsetof(type, member), 4, NULL                                     \
    }
#define BYTES(type, name, member)                                                                  \
    {                                                                                              \
        name, COL_BYTES, offsetof(type, member), MEMBER_SIZE(type, member), NULL                   \
    }
/* NOLINTBEGIN(bugprone-macro-parentheses): offsetof() takes no member in parentheses. */
#define PARTY(type, name, member)                                                                  \
    TEXT(type, name "_display", member.display), TEXT(type, name "_uri", member.uri),              \
        TEXT(type, name "_contact", member.contact), YES(type, name "_hidden", member.hidden)
/* NOLINTEND(bugprone-macro-parentheses) */

_Static_assert(sizeof(enum call_state) == 4 && sizeof(enum outcome) == 4 &&
                   sizeof(enum peer_role) == 4 && sizeof(enum range_type) == 4 &&
                   sizeof(enum range_state) == 4 && sizeof(enum role) == 4 &&
                   sizeof(enum scope_kind) == 4,
               "COL_WORD is read and written as 32 bits");

// clang-format off
static const struct column range_columns[] = {
    NUMBER(struct range, "id", id),
    TEXT(struct range, "name", name),
    NUMBER(struct range, "first", first),
    NUMBER(struct range, "last", last),
    TEXT(struct range, "destination", destination),
    WORD(struct range, "type", type, words_range_type),
    WORD(struct range, "state", state, words_range_state),
    TEXT(struct range, "park_number", park_number),
    SMALL(struct range, "version", version),
};

static const struct column destination_columns[] = {
    TEXT(struct destination, "fqdn", fqdn),
    TEXT(struct destination, "service_id", service_id),
    TEXT(struct destination, "site", site),
    SMALL(struct destination, "version", version),
};

static const struct column site_columns[] = {
    TEXT(struct site, "name", name),
    SMALL(struct site, "version", version),
};

#define C struct stored_call
static const struct column call_columns[] = {
    NUMBER(C, "id", call.id),
    WORD(C, "state", call.state, words_call_state),
    NUMBER(C, "orbit", call.orbit),
    YES(C, "has_orbit", call.has_orbit),
    NUMBER(C, "range", call.range),
    NUMBER(C, "caller_leg", call.caller_leg),
    YES(C, "caller_up", call.caller_up),
    PARTY(C, "caller", call.caller),
    PARTY(C, "parker", call.parker),
    YES(C, "parker_known", call.parker_known),
    YES(C, "consult", call.consult),
    YES(C, "number_known", call.number_known),
    NUMBER(C, "peer", call.peer),
    WORD(C, "peer_role", call.peer_role, words_peer_role),
    PARTY(C, "peer", call.peer_party),
    YES(C, "peer_up", call.peer_up),
    NUMBER(C, "next_leg", call.next_leg),
    NUMBER(C, "next_for", call.next_for),
    PARTY(C, "next", call.next_party),
    WHEN(C, "next_deadline", next_deadline),
    YES(C, "transfer", call.transfer),
    { "rules", COL_RULES, offsetof(C, call.rules), sizeof(struct rules), NULL },
    SMALL(C, "attempt", call.attempt),
    SMALL(C, "wait", call.wait),
    YES(C, "parker_gone", call.parker_gone),
    YES(C, "fallback_tried", call.fallback_tried),
    YES(C, "plain_retry", call.plain_retry),
    YES(C, "by_hand", call.by_hand),
    YES(C, "forced", call.forced),
    NUMBER(C, "parked_at", call.parked_wall),
    WHEN(C, "deadline", deadline),
    WHEN(C, "give_up_at", give_up_at),
    WHEN(C, "resume_at", resume_at),
    NUMBER(C, "connected_at", connected_at),
    NUMBER(C, "clock", clock),
    TEXT(C, "boot", boot),
    WORD(C, "outcome", call.outcome, words_outcome),
    TEXT(C, "note", call.note),
    TEXT(C, "why", call.why),
    SMALL(C, "version", call.version),
};
#undef C

static const struct column leg_columns[] = {
    NUMBER(struct stored_leg, "leg", leg),
    NUMBER(struct stored_leg, "call", call),
    TEXT(struct stored_leg, "dialog", dialog),
    TEXT(struct stored_leg, "media", media),
};

static const struct column watch_columns[] = {
    NUMBER(struct stored_watch, "number", number),
    TEXT(struct stored_watch, "text", text),
};

#define R struct call_record
static const struct column record_columns[] = {
    NUMBER(R, "id", id),
    NUMBER(R, "orbit", orbit),
    NUMBER(R, "range", range),
    TEXT(R, "range_name", range_name),
    TEXT(R, "destination", destination),
    TEXT(R, "node", node),
    PARTY(R, "caller", caller),
    PARTY(R, "parker", parker),
    PARTY(R, "taker", taker),
    NUMBER(R, "parked_at", parked_at),
    NUMBER(R, "ended_at", ended_at),
    NUMBER(R, "waited", waited),
    SMALL(R, "attempts", attempts),
    WORD(R, "outcome", outcome, words_outcome),
    TEXT(R, "why", why),
    TEXT(R, "note", note),
};
#undef R

static const struct column step_columns[] = {
    NUMBER(struct call_step, "call", call),
    SMALL(struct call_step, "number", number),
    NUMBER(struct call_step, "at", at),
    TEXT(struct call_step, "step", step),
    TEXT(struct call_step, "why", why),
};

static const struct column user_columns[] = {
    TEXT(struct user, "name", name),
    TEXT(struct user, "password", password),
    TEXT(struct user, "phone", phone),
    TEXT(struct user, "sip_md5", sip_md5),
    TEXT(struct user, "sip_sha256", sip_sha256),
    TEXT(struct user, "sip_realm", sip_realm),
    YES(struct user, "disabled", disabled),
    NUMBER(struct user, "created_at", created_at),
    SMALL(struct user, "version", version),
};

static const struct column binding_columns[] = {
    NUMBER(struct binding, "id", id),
    TEXT(struct binding, "user", user),
    WORD(struct binding, "role", role, words_role),
    WORD(struct binding, "scope", scope.kind, words_scope),
    TEXT(struct binding, "place", scope.name),
    NUMBER(struct binding, "range", scope.range),
};

static const struct column token_columns[] = {
    NUMBER(struct access_token, "id", id),
    TEXT(struct access_token, "name", name),
    TEXT(struct access_token, "user", user),
    BYTES(struct access_token, "hash", hash),
    PERMITS(struct access_token, "permissions", permissions),
    TEXT(struct access_token, "networks", networks),
    NUMBER(struct access_token, "created_at", created_at),
    WHEN(struct access_token, "expires_at", expires_at),
    NUMBER(struct access_token, "used_at", used_at),
    SMALL(struct access_token, "version", version),
};

static const struct column login_columns[] = {
    NUMBER(struct login, "id", id),
    BYTES(struct login, "hash", hash),
    TEXT(struct login, "user", user),
    TEXT(struct login, "source", source),
    TEXT(struct login, "agent", agent),
    NUMBER(struct login, "created_at", created_at),
    NUMBER(struct login, "seen_at", seen_at),
    NUMBER(struct login, "expires_at", expires_at),
};

static const struct column audit_columns[] = {
    NUMBER(struct audit_entry, "id", id),
    NUMBER(struct audit_entry, "at", at),
    TEXT(struct audit_entry, "actor", actor),
    TEXT(struct audit_entry, "source", source),
    TEXT(struct audit_entry, "request", request),
    TEXT(struct audit_entry, "action", action),
    TEXT(struct audit_entry, "subject", subject),
    TEXT(struct audit_entry, "subject_id", subject_id),
    TEXT(struct audit_entry, "before", before),
    TEXT(struct audit_entry, "after", after),
    BYTES(struct audit_entry, "prev", prev),
    BYTES(struct audit_entry, "hash", hash),
};

static const struct column music_columns[] = {
    TEXT(struct music_file, "sha256", sha256),
    TEXT(struct music_file, "name", name),
    TEXT(struct music_file, "type", type),
    NUMBER(struct music_file, "bytes", bytes),
    NUMBER(struct music_file, "length", length),
    NUMBER(struct music_file, "uploaded_at", uploaded_at),
    TEXT(struct music_file, "uploaded_by", uploaded_by),
};

#define COLUMNS(table, key, array) { table, key, array, COUNT(array) }
const struct columns columns_range = COLUMNS("ranges", "id", range_columns);
const struct columns columns_destination = COLUMNS("destinations", "fqdn", destination_columns);
const struct columns columns_site = COLUMNS("sites", "name", site_columns);
const struct columns columns_call = COLUMNS("calls", "id", call_columns);
const struct columns columns_leg = COLUMNS("legs", "leg", leg_columns);
const struct columns columns_record = COLUMNS("call_records", "id", record_columns);
const struct columns columns_step = COLUMNS("call_steps", "call, number", step_columns);
const struct columns columns_user = COLUMNS("users", "name", user_columns);
const struct columns columns_binding = COLUMNS("role_bindings", "id", binding_columns);
const struct columns columns_token = COLUMNS("access_tokens", "id", token_columns);
const struct columns columns_audit = COLUMNS("audit", "id", audit_columns);
const struct columns columns_login = COLUMNS("logins", "id", login_columns);
const struct columns columns_watch = COLUMNS("watches", "number", watch_columns);
const struct columns columns_music = COLUMNS("music_files", "sha256", music_columns);
// clang-format on

void columns_list(char to[SQL_SIZE], const struct columns *t)
{
    bool fits = true;

    *to = '\0';
    for (unsigned i = 0; i < t->count; i++)
        fits = text_append(to, SQL_SIZE, "%s%s", i ? ", " : "", t->column[i].name) && fits;
    assert(fits);
}

/* An upsert, not REPLACE: that would also remove another row whose name or number is in the way. */
void columns_put_sql(char to[SQL_SIZE], const struct columns *t)
{
    char names[SQL_SIZE];
    bool fits;

    columns_list(names, t);
    fits = text_format(to, SQL_SIZE, "INSERT INTO %s (%s) VALUES (", t->table, names);
    for (unsigned i = 0; i < t->count; i++)
        fits = text_append(to, SQL_SIZE, "%s?%u", i ? ", " : "", i + 1) && fits;
    fits = text_append(to, SQL_SIZE, ") ON CONFLICT (%s) DO UPDATE SET ", t->key) && fits;
    for (unsigned i = 0; i < t->count; i++)
        fits = text_append(to, SQL_SIZE, "%s%s = excluded.%s", i ? ", " : "", t->column[i].name,
                           t->column[i].name) &&
               fits;
    assert(fits);
}

static int bind_text(sqlite3_stmt *st, int at, const char *text)
{
    return sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
}

/* Most calls are parked under the same rules as the one before. */
static const char *rules_in(struct sqlite *s, const char *from)
{
    /* Padding that differs costs no more than writing it. */
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
    if (!*s->rules_text || memcmp(&s->rules, from, sizeof s->rules) != 0) {
        memcpy(&s->rules, from, sizeof s->rules);
        rules_write(s->rules_text, &s->rules);
    }
    return s->rules_text;
}

static uint64_t number_in(const void *from)
{
    uint64_t value;

    memcpy(&value, from, sizeof value);
    return value;
}

static uint32_t small_in(const void *from)
{
    uint32_t value;

    memcpy(&value, from, sizeof value);
    return value;
}

static int bind_column(struct sqlite *s, sqlite3_stmt *st, int at, const struct column *c,
                       const char *from)
{
    char text[PERMISSIONS_TEXT_SIZE];

    switch (c->kind) {
    case COL_NUMBER:
        return sqlite3_bind_int64(st, at, (sqlite3_int64)number_in(from));
    case COL_SMALL:
        return sqlite3_bind_int64(st, at, small_in(from));
    case COL_YES:
        return sqlite3_bind_int(st, at, *(const bool *)from);
    case COL_TEXT:
        return bind_text(st, at, from);
    case COL_WHEN:
        return number_in(from) == NEVER
                   ? sqlite3_bind_null(st, at)
                   : sqlite3_bind_int64(st, at, (sqlite3_int64)number_in(from));
    case COL_WORD:
        assert(small_in(from) < c->words->count);
        return bind_text(st, at, c->words->word[small_in(from)]);
    case COL_RULES:
        return bind_text(st, at, rules_in(s, from));
    case COL_PERMISSIONS:
        permissions_write(text, small_in(from));
        return sqlite3_bind_text(st, at, text, -1, SQLITE_TRANSIENT);
    case COL_BYTES:
        return sqlite3_bind_blob(st, at, from, (int)c->size, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

int columns_bind(struct sqlite *s, sqlite3_stmt *st, const struct columns *t, const void *row,
                 struct err *err)
{
    for (unsigned i = 0; i < t->count; i++) {
        const struct column *c = &t->column[i];

        if (bind_column(s, st, (int)i + 1, c, (const char *)row + c->offset) != SQLITE_OK)
            return sqlite_fault(s, err);
    }
    return 0;
}

static const char *text_at(sqlite3_stmt *st, int at)
{
    const unsigned char *text = sqlite3_column_text(st, at);

    return text ? (const char *)text : "";
}

static void number_out(char *to, uint64_t value)
{
    memcpy(to, &value, sizeof value);
}

static bool small_out(char *to, uint64_t value)
{
    uint32_t small = (uint32_t)value;

    memcpy(to, &small, sizeof small);
    return value <= UINT32_MAX;
}

static bool bytes_out(char *to, size_t size, sqlite3_stmt *st, int at)
{
    const void *bytes = sqlite3_column_blob(st, at);

    if (!bytes || sqlite3_column_bytes(st, at) != (int)size)
        return false;
    memcpy(to, bytes, size);
    return true;
}

static bool read_column(sqlite3_stmt *st, int at, const struct column *c, char *to)
{
    unsigned value;

    switch (c->kind) {
    case COL_NUMBER:
        number_out(to, (uint64_t)sqlite3_column_int64(st, at));
        return true;
    case COL_SMALL:
        return small_out(to, (uint64_t)sqlite3_column_int64(st, at));
    case COL_YES:
        *(bool *)to = sqlite3_column_int(st, at) != 0;
        return true;
    case COL_TEXT:
        return text_copy(to, c->size, text_at(st, at));
    case COL_WHEN:
        number_out(to, sqlite3_column_type(st, at) == SQLITE_NULL
                           ? NEVER
                           : (uint64_t)sqlite3_column_int64(st, at));
        return true;
    case COL_WORD:
        return words_find(c->words, text_at(st, at), &value) && small_out(to, value);
    case COL_RULES:
        rules_read((struct rules *)(void *)to, text_at(st, at), NULL);
        return true;
    case COL_PERMISSIONS:
        return small_out(to, permissions_read(text_at(st, at)));
    case COL_BYTES:
        return bytes_out(to, c->size, st, at);
    }
    return false;
}

bool columns_read(sqlite3_stmt *st, const struct columns *t, void *row, const char **odd)
{
    for (unsigned i = 0; i < t->count; i++) {
        const struct column *c = &t->column[i];

        if (!read_column(st, (int)i, c, (char *)row + c->offset)) {
            *odd = c->name;
            return false;
        }
    }
    return true;
}

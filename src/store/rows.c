/* The words that a file keeps for enums, rules and scopes, and the arrays that an answer is made
 * of. */
#include "store/rows.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const call_state_words[] = {
    [CALL_NONE] = "none",
    [CALL_SAVING] = "saving",
    [CALL_TELLING] = "telling",
    [CALL_PARKED] = "parked",
    [CALL_RINGING_BACK] = "ringing_back",
    [CALL_FORWARDING] = "forwarding",
    [CALL_FETCHING] = "fetching",
    [CALL_RETRIEVING] = "retrieving",
    [CALL_CONNECTED] = "connected",
    [CALL_REPARKING] = "reparking",
    [CALL_LEAVING] = "leaving",
    [CALL_ENDED] = "ended",
};
static const char *const peer_role_words[] = {
    [PEER_NONE] = "none",         [PEER_RETRIEVER] = "retriever", [PEER_PARKER] = "parker",
    [PEER_FALLBACK] = "fallback", [PEER_CHOSEN] = "chosen",       [PEER_TARGET] = "target",
};
static const char *const outcome_words[] = {
    [OUT_NONE] = "none",
    [OUT_RETRIEVED] = "retrieved",
    [OUT_RINGBACK_ANSWERED] = "ringback_answered",
    [OUT_FORWARDED] = "forwarded",
    [OUT_ABANDONED] = "abandoned",
    [OUT_TIMED_OUT] = "timed_out",
    [OUT_HUNG_UP] = "hung_up",
    [OUT_FAILED] = "failed",
    [OUT_INTERRUPTED] = "interrupted",
};
static const char *const range_type_words[] = {
    [RANGE_CALL_PARK] = "call_park",
    [RANGE_GROUP_PICKUP] = "group_pickup",
};
static const char *const range_state_words[] = {
    [RANGE_ACTIVE] = "active",
    [RANGE_DRAINING] = "draining",
};
static const char *const scope_words[] = {
    [SCOPE_GLOBAL] = "global",
    [SCOPE_SITE] = "site",
    [SCOPE_DESTINATION] = "destination",
    [SCOPE_RANGE] = "range",
};

static const char *const role_words[] = {
    [ROLE_ADMINISTRATOR] = "administrator",
    [ROLE_VOICE_ADMINISTRATOR] = "voice-administrator",
    [ROLE_VIEWER] = "viewer",
    [ROLE_ATTENDANT] = "attendant",
};

const struct words words_call_state = { call_state_words, COUNT(call_state_words) };
const struct words words_peer_role = { peer_role_words, COUNT(peer_role_words) };
const struct words words_outcome = { outcome_words, COUNT(outcome_words) };
const struct words words_range_type = { range_type_words, COUNT(range_type_words) };
const struct words words_range_state = { range_state_words, COUNT(range_state_words) };
const struct words words_scope = { scope_words, COUNT(scope_words) };
const struct words words_role = { role_words, COUNT(role_words) };

_Static_assert(COUNT(call_state_words) == CALL_STATES, "every state of a call has its word");
_Static_assert(COUNT(role_words) == ROLES, "every role has its word");

bool words_find(const struct words *w, const char *text, unsigned *value)
{
    for (unsigned i = 0; i < w->count; i++) {
        if (text_is(w->word[i], text)) {
            *value = i;
            return true;
        }
    }
    return false;
}

void rules_write(char to[RULES_TEXT_SIZE], const struct rules *r)
{
    char value[LIST_SIZE];

    *to = '\0';
    for (unsigned key = 0; key < SETTING_KEYS; key++) {
        rules_text(value, r, (enum setting_key)key);
        (void)text_append(to, RULES_TEXT_SIZE, "%s=%s\n", setting_info((enum setting_key)key)->name,
                          value);
    }
}

/* An empty value of a key is its default, unless the key can be set to nothing. */
static bool read_rule(struct settings *s, const char *line, size_t length)
{
    char name[64], value[LIST_SIZE];
    const char *equals = memchr(line, '=', length);
    enum setting_key key;

    if (!equals || !text_copy_n(name, sizeof name, line, (size_t)(equals - line)) ||
        !text_copy_n(value, sizeof value, equals + 1, (size_t)(line + length - equals - 1)) ||
        !setting_find(name, &key))
        return false;
    return settings_set(s, key, value, NULL) == 0 || *value == '\0';
}

void rules_read(struct rules *r, const char *text, char unread[64])
{
    struct settings said = { .set = 0 };

    if (unread)
        *unread = '\0';
    rules_default(&said.values);
    while (*text) {
        size_t length = strcspn(text, "\n");

        if (length > 0 && !read_rule(&said, text, length) && unread)
            (void)text_copy_n(unread, 64, text, length);
        text += length + (text[length] == '\n');
    }
    rules_default(r);
    rules_apply(r, &said);
}

void permissions_write(char to[PERMISSIONS_TEXT_SIZE], permission_set permissions)
{
    bool fits = true;

    *to = '\0';
    if (permissions == PERMISSION_ALL) {
        (void)text_copy(to, PERMISSIONS_TEXT_SIZE, "*");
        return;
    }
    for (unsigned p = 0; p < PERMISSIONS; p++)
        if (permissions & UINT32_C(1) << p)
            fits = text_append(to, PERMISSIONS_TEXT_SIZE, "%s%s", *to ? "," : "",
                               permission_name((enum permission)p)) &&
                   fits;
    assert(fits);
}

permission_set permissions_read(const char *text)
{
    permission_set permissions = 0;

    if (text_is(text, "*"))
        return PERMISSION_ALL;
    while (*text) {
        size_t length = strcspn(text, ",");
        char name[64];
        enum permission p;

        if (text_copy_n(name, sizeof name, text, length) && permission_find(name, &p))
            permissions |= UINT32_C(1) << p;
        text += length + (text[length] == ',');
    }
    return permissions;
}

void scope_write(char name[FQDN_SIZE + NAME_SIZE], const struct scope *scope)
{
    if (scope->kind == SCOPE_RANGE)
        (void)text_format(name, FQDN_SIZE + NAME_SIZE, "%" PRIu64, scope->range);
    else
        (void)text_copy(name, FQDN_SIZE + NAME_SIZE,
                        scope->kind == SCOPE_GLOBAL ? "" : scope->name);
}

bool scope_read(struct scope *scope, const char *kind, const char *name)
{
    unsigned value;

    memset(scope, 0, sizeof *scope);
    if (!words_find(&words_scope, kind, &value))
        return false;
    scope->kind = (enum scope_kind)value;
    if (scope->kind == SCOPE_RANGE)
        return text_number(name, 1, INT64_MAX, &scope->range);
    return text_copy(scope->name, sizeof scope->name, name);
}

bool rows_number_fine(number_key key)
{
    return key >> 32 <= 2 && (uint32_t)key >= 1 &&
           (uint32_t)key <= (key >> 32 ? 99999999 : 999999999);
}

void rows_overlap_text(struct err *err, number_key number, const struct range *wanted,
                       const struct range *holder)
{
    char text[NUMBER_SIZE], wanted_span[2 * NUMBER_SIZE + 2], holder_span[2 * NUMBER_SIZE + 2];

    number_text(text, number);
    range_span_text(wanted_span, wanted->first, wanted->last);
    range_span_text(holder_span, holder->first, holder->last);
    err_set(err, -EEXIST,
            "number %s is in range '%.64s' (%s) already, so '%.64s' (%s) was not saved", text,
            holder->name, holder_span, wanted->name, wanted_span);
}

static uint64_t higher(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void highest_raise(struct store_highest *h, const struct change *c)
{
    switch (c->type) {
    case CHANGE_RANGE_PUT:
        h->range = higher(h->range, c->range.id);
        break;
    case CHANGE_CALL_PUT:
        h->call = higher(h->call, c->call.call.id);
        h->leg = higher(h->leg, higher(c->call.call.caller_leg, c->call.call.peer));
        h->leg = higher(h->leg, c->call.call.next_leg);
        break;
    case CHANGE_LEG_PUT:
        h->leg = higher(h->leg, c->leg.leg);
        break;
    case CHANGE_RECORD_PUT:
        h->call = higher(h->call, c->record.id);
        break;
    case CHANGE_STEP_ADD:
        h->call = higher(h->call, c->step.call);
        break;
    case CHANGE_BINDING_PUT:
        h->binding = higher(h->binding, c->binding.id);
        break;
    case CHANGE_TOKEN_PUT:
        h->token = higher(h->token, c->token.id);
        break;
    case CHANGE_LOGIN_PUT:
        h->login = higher(h->login, c->login.id);
        break;
    case CHANGE_AUDIT_ADD: /* the store gives the number itself */
    case CHANGE_MUSIC_PUT:
    case CHANGE_WATCH_PUT: /* the SIP edge counts on by itself */
    case CHANGE_WATCH_REMOVE:
    case CHANGE_USER_PUT:
    case CHANGE_USER_REMOVE:
    case CHANGE_BINDING_REMOVE:
    case CHANGE_TOKEN_REMOVE:
    case CHANGE_LOGIN_REMOVE:
    case CHANGE_RANGE_REMOVE:
    case CHANGE_DESTINATION_PUT:
    case CHANGE_DESTINATION_REMOVE:
    case CHANGE_SITE_PUT:
    case CHANGE_SITE_REMOVE:
    case CHANGE_SETTINGS_PUT:
    case CHANGE_CALL_REMOVE:
    case CHANGE_LEG_REMOVE:
    case CHANGE_ROWS_KEEP:
        break;
    }
}

size_t rows_limit(const struct store_query *q)
{
    return q->limit == 0 || q->limit > ROWS_LIMIT ? ROWS_LIMIT : q->limit;
}

/* Grown in steps of a power of two, counted from `count` alone. */
static void *add_row(void *array, size_t count, size_t size)
{
    if (count != 0 && (count < 16 || (count & (count - 1)) != 0))
        return array;
    return realloc(array, (count < 16 ? 16 : 2 * count) * size);
}

struct call_record *rows_add_record(struct store_rows *rows)
{
    struct call_record *grown = add_row(rows->records, rows->count, sizeof *grown);

    if (!grown)
        return NULL;
    rows->records = grown;
    grown += rows->count++;
    memset(grown, 0, sizeof *grown);
    return grown;
}

struct call_step *rows_add_step(struct store_rows *rows)
{
    struct call_step *grown = add_row(rows->steps, rows->count, sizeof *grown);

    if (!grown)
        return NULL;
    rows->steps = grown;
    grown += rows->count++;
    memset(grown, 0, sizeof *grown);
    return grown;
}

struct audit_entry *rows_add_audit(struct store_rows *rows)
{
    struct audit_entry *grown = add_row(rows->audit, rows->count, sizeof *grown);

    if (!grown)
        return NULL;
    rows->audit = grown;
    grown += rows->count++;
    memset(grown, 0, sizeof *grown);
    return grown;
}

void store_rows_free(struct store_rows *rows)
{
    if (!rows)
        return;
    free(rows->records);
    free(rows->steps);
    free(rows->audit);
    if (rows->music)
        free(rows->music->data);
    free(rows->music);
    free(rows);
}

void store_changes_free(struct change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (changes[i].type == CHANGE_MUSIC_PUT)
            free(changes[i].music.data);
        if (changes[i].type == CHANGE_ROWS_KEEP) {
            free(changes[i].live.calls);
            free(changes[i].live.legs);
        }
    }
    free(changes);
}

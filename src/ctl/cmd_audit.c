/* callparkctl audit ...: who did what; and whether the chain of entries still is what was written.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"

#define AUDIT "/api/v1/audit-events"

static const struct print_column entry[] = { { "ID", "id", CELL_TEXT },
                                             { "WHEN", "at", CELL_TIME },
                                             { "WHO", "actor", CELL_TEXT },
                                             { "FROM", "source", CELL_TEXT },
                                             { "WHAT", "action", CELL_TEXT },
                                             { "OF WHAT", "subject", CELL_TEXT },
                                             { 0 } };

static int list_path(struct ctl *ctl, char path[CTL_PATH_SIZE])
{
    int code;

    (void)text_copy(path, CTL_PATH_SIZE, AUDIT); /* short */
    code = ctl_query_moment(ctl, path, "since", OPT_SINCE);
    if (!code)
        code = ctl_query_moment(ctl, path, "until", OPT_UNTIL);
    if (!code && (!ctl_query(path, "actor", ctl_option(ctl, OPT_ACTOR)) ||
                  !ctl_query(path, "action", ctl_option(ctl, OPT_ACTION))))
        code = ctl_fail(ctl, CTL_USAGE, "that is too long to be asked for");
    return code;
}

int cmd_audit_list(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = list_path(ctl, path);

    if (!code)
        code = ctl_list(ctl, path, &r);
    return code ? code : ctl_show_list(ctl, &r, entry, "id");
}

/* A line of JSON for each entry unless something else is asked for. */
int cmd_audit_export(struct ctl *ctl)
{
    if (!ctl_option(ctl, OPT_OUTPUT))
        ctl->style.format = PRINT_NDJSON;
    return cmd_audit_list(ctl);
}

/* ---- the chain ----------------------------------------------------------------------------------
 */

/* What is known on the way back from the newest entry to the oldest. */
struct chain {
    char expected[65]; /* the hash that the next older entry must have; "" : any */
    json_int_t id;     /* its id */
    size_t count;
};

/* "2026-11-26T11:05:09.120Z" to the millisecond, as it was hashed. */
static bool moment_msec(const char *text, uint64_t *out)
{
    const char *dot = strchr(text, '.');
    uint64_t thousandths = 0;
    char digits[4];
    time_t seconds;

    if (!print_time_read(text, &seconds))
        return false;
    if (dot && (!text_copy_n(digits, sizeof(digits), dot + 1, strcspn(dot + 1, "Z+")) ||
                !text_number(digits, 0, 999, &thousandths)))
        return false;
    *out = (uint64_t)seconds * 1000 + thousandths;
    return true;
}

/* "" for null, otherwise the text that was hashed: compact, keys in order. */
static char *object_text(const json_t *value)
{
    return json_is_object(value) ? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS) : strdup("");
}

static bool hash_of(const json_t *e, char hex[65])
{
    uint64_t at = 0;
    char *before = object_text(json_object_get(e, "before"));
    char *after = object_text(json_object_get(e, "after"));
    unsigned char hash[crypto_hash_sha256_BYTES];
    size_t size = 4096 + (before ? strlen(before) : 0) + (after ? strlen(after) : 0);
    char *text = malloc(size);
    bool whole =
        before && after && text && moment_msec(ctl_string(e, "at"), &at) &&
        text_format(text, size,
                    "%s\n%" JSON_INTEGER_FORMAT "\n%" PRIu64 "\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s",
                    ctl_string(e, "prev_hash"), json_integer_value(json_object_get(e, "id")), at,
                    ctl_string(e, "actor"), ctl_string(e, "source"), ctl_string(e, "request_id"),
                    ctl_string(e, "action"), ctl_string(e, "subject"), ctl_string(e, "subject_id"),
                    before, after);

    if (whole) {
        (void)crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text)); /* cannot fail */
        (void)sodium_bin2hex(hex, 65, hash, sizeof(hash));
    }
    free(text);
    free(after);
    free(before);
    return whole;
}

static int broken(const struct ctl *ctl, const json_t *e, const char *what)
{
    return ctl_fail(ctl, CTL_ERROR, "entry %" JSON_INTEGER_FORMAT " (%s, %s by %s): %s",
                    json_integer_value(json_object_get(e, "id")), ctl_string(e, "at"),
                    ctl_string(e, "action"), ctl_string(e, "actor"), what);
}

static int check_entry(const struct ctl *ctl, struct chain *c, const json_t *e)
{
    char hex[65];

    if (json_integer_value(json_object_get(e, "id")) != c->id)
        return ctl_fail(ctl, CTL_ERROR, "entry %" JSON_INTEGER_FORMAT " is missing", c->id);
    if (!hash_of(e, hex))
        return broken(ctl, e, "it cannot be read");
    if (!text_is(hex, ctl_string(e, "hash")))
        return broken(ctl, e, "it is not what was written: its hash does not fit");
    if (*c->expected && !text_is(c->expected, ctl_string(e, "hash")))
        return broken(ctl, e, "it was replaced: the entry behind it names another one");
    (void)text_copy(c->expected, sizeof(c->expected), ctl_string(e, "prev_hash"));
    c->id--;
    c->count++;
    return CTL_OK;
}

static int check_page(struct ctl *ctl, struct chain *c, char cursor[64])
{
    char path[CTL_PATH_SIZE] = AUDIT "?limit=1000";
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    const json_t *e;
    size_t i;
    int code;

    if (*cursor)
        (void)ctl_query(path, "cursor", cursor); /* 63 characters fit */
    code = ctl_get(ctl, path, &r);
    if (code)
        return code;
    json_array_foreach(json_object_get(r.json, "items"), i, e)
    {
        /* What came in since the head was read is not of this check. */
        if (json_integer_value(json_object_get(e, "id")) > c->id && c->count == 0)
            continue;
        code = check_entry(ctl, c, e);
        if (code)
            return code;
    }
    if (!text_copy(cursor, 64, ctl_string(r.json, "next_cursor")))
        return ctl_fail(ctl, CTL_ERROR, "the server's cursor is too long");
    return CTL_OK;
}

/* The server's word on its own log is not taken: every hash is worked out here. */
int cmd_audit_verify(struct ctl *ctl)
{
    struct ctl_reply head CLEANUP(ctl_reply_done) = { 0 };
    struct chain c = { 0 };
    char cursor[64] = "";
    json_int_t total;
    int code = sodium_init() < 0 ? ctl_fail(ctl, CTL_ERROR, "libsodium does not start")
                                 : ctl_get(ctl, AUDIT ":head", &head);

    if (code)
        return code;
    c.id = json_integer_value(json_object_get(head.json, "id"));
    total = json_integer_value(json_object_get(head.json, "count"));
    (void)text_copy(c.expected, sizeof(c.expected), ctl_string(head.json, "hash")); /* 64 digits */
    if (c.id == 0) {
        ctl_say(ctl, "the audit trail is empty");
        return CTL_OK;
    }
    if (!*c.expected)
        return ctl_fail(ctl, CTL_ERROR,
                        "the hashes are shown to those only who may see callers' numbers: check "
                        "the trail on the server itself, or as somebody with calls.read.pii");
    do
        code = check_page(ctl, &c, cursor);
    while (!code && *cursor);
    if (!code && c.count != (size_t)total)
        code = ctl_fail(ctl, CTL_ERROR,
                        "%zu entries were found and %" JSON_INTEGER_FORMAT " should be there",
                        c.count, total);
    if (!code)
        fprintf(ctl->out, "%zu entries, each as it was written; the newest is %s\n", c.count,
                ctl_string(head.json, "hash"));
    return code;
}

int cmd_audit_undo(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code;

    if (!ctl_path(path, AUDIT "/", ctl->args.words[0], "/undo") ||
        !ctl_query(path, "force", ctl_option(ctl, OPT_FORCE) ? "true" : NULL))
        return ctl_fail(ctl, CTL_USAGE, "'%.64s' is no id of an entry", ctl->args.words[0]);
    code = ctl_confirm(ctl, "Take back what entry %s did?", ctl->args.words[0]);
    if (!code)
        code = ctl_ask(ctl, &(struct ctl_request){ .method = "POST", .path = path }, &r);
    if (!code && ctl->style.format != PRINT_TABLE)
        return ctl_show(ctl, &r, entry, "undone");
    if (!code)
        ctl_say(ctl,
                ctl_option(ctl, OPT_DRY_RUN) ? "dry run: it could be taken back" : "taken back");
    return code;
}

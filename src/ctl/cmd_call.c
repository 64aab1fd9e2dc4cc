/* callparkctl call ..., record ...: who waits, what was done with them, and why. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "ctl/commands.h"

#define CALLS "/api/v1/parked-calls"

static const struct print_column listing[] = { { "ORBIT", "orbit", CELL_TEXT },
                                               { "STATE", "state", CELL_TEXT },
                                               { "CALLER", "caller.name", CELL_TEXT },
                                               { "NUMBER", "caller.number", CELL_TEXT },
                                               { "PARKED BY", "parker.uri", CELL_WHO },
                                               { "WAITS", "parked_at", CELL_SINCE },
                                               { "RINGS BACK IN", "ringback_at", CELL_LEFT },
                                               { "TRY", "attempt", CELL_TEXT },
                                               { "OF", "max_attempts", CELL_TEXT },
                                               { "NEXT", "next_step", CELL_TEXT },
                                               { "NOTE", "note", CELL_TEXT },
                                               { "ID", "id", CELL_TEXT },
                                               { 0 } };

static const struct print_column detail[] = { { "call", "id", CELL_TEXT },
                                              { "orbit", "orbit", CELL_TEXT },
                                              { "range", "range_id", CELL_TEXT },
                                              { "destination", "destination", CELL_TEXT },
                                              { "state", "state", CELL_TEXT },
                                              { "caller", "caller.name", CELL_TEXT },
                                              { "caller's number", "caller.number", CELL_TEXT },
                                              { "caller's address", "caller.uri", CELL_TEXT },
                                              { "parked by", "parker.name", CELL_TEXT },
                                              { "parker's address", "parker.uri", CELL_TEXT },
                                              { "parked at", "parked_at", CELL_TIME },
                                              { "waits", "parked_at", CELL_SINCE },
                                              { "rings back in", "ringback_at", CELL_LEFT },
                                              { "attempt", "attempt", CELL_TEXT },
                                              { "attempts at most", "max_attempts", CELL_TEXT },
                                              { "next", "next_step", CELL_TEXT },
                                              { "fallback", "fallback", CELL_TEXT },
                                              { "note", "note", CELL_TEXT },
                                              { "why", "reason", CELL_TEXT },
                                              { "ticket", "ticket", CELL_TEXT },
                                              { "node", "node", CELL_TEXT },
                                              { 0 } };

static const struct print_column steps[] = {
    { "AT", "at", CELL_TIME }, { "STEP", "step", CELL_TEXT }, { "WHY", "reason", CELL_TEXT }, { 0 }
};

static const struct print_column record[] = { { "PARKED", "parked_at", CELL_TIME },
                                              { "ORBIT", "orbit", CELL_TEXT },
                                              { "CALLER", "caller.name", CELL_TEXT },
                                              { "NUMBER", "caller.number", CELL_TEXT },
                                              { "PARKED BY", "parker.uri", CELL_WHO },
                                              { "OUTCOME", "outcome", CELL_TEXT },
                                              { "BY", "by.uri", CELL_WHO },
                                              { "WAITED", "waited", CELL_SECONDS },
                                              { "ATTEMPTS", "attempts", CELL_TEXT },
                                              { "ID", "id", CELL_TEXT },
                                              { 0 } };

/* A filter by range takes names too; the API takes ids. */
static int range_filter(struct ctl *ctl, char *path)
{
    struct ctl_reply range CLEANUP(ctl_reply_done) = { 0 };
    const char *name = ctl_option(ctl, OPT_RANGE);
    int code = name ? ctl_find_range(ctl, name, &range) : CTL_OK;

    if (!code && name && !ctl_query(path, "range", ctl_string(range.json, "id")))
        code = ctl_fail(ctl, CTL_ERROR, "the id of the range is too long");
    return code;
}

int cmd_call_list(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE] = CALLS;
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = range_filter(ctl, path);

    if (!code && (!ctl_query(path, "state", ctl_option(ctl, OPT_STATE)) ||
                  !ctl_query(path, "destination", ctl_option(ctl, OPT_DESTINATION))))
        code = ctl_fail(ctl, CTL_USAGE, "that is too long to be asked for");
    if (!code)
        code = ctl_list(ctl, path, &r);
    return code ? code : ctl_show_list(ctl, &r, listing, "id");
}

static int get_timeline(struct ctl *ctl, const char *id, struct ctl_reply *out)
{
    char path[CTL_PATH_SIZE];

    if (!ctl_path(path, CALLS "/", id, "/timeline"))
        return ctl_fail(ctl, CTL_USAGE, "'%.64s' is too long for the id of a call", id);
    return ctl_get(ctl, path, out);
}

/* A call that has ended has no entry any more, but its steps are kept: whoever has the id may read
 * them. */
int cmd_call_timeline(struct ctl *ctl)
{
    struct ctl_reply call CLEANUP(ctl_reply_done) = { 0 };
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    const char *id = ctl->args.words[0];
    int code = CTL_OK;

    if (strspn(id, "0123456789*#") == strlen(id)) {
        code = ctl_find_call(ctl, id, &call);
        id = code ? id : ctl_string(call.json, "id");
    }
    if (!code)
        code = get_timeline(ctl, id, &r);
    return code ? code : ctl_show_list(ctl, &r, steps, "reason");
}

static const struct print_column ended[] = { { "call", "id", CELL_TEXT },
                                             { "orbit", "orbit", CELL_TEXT },
                                             { "range", "range_name", CELL_TEXT },
                                             { "outcome", "outcome", CELL_TEXT },
                                             { "caller", "caller.name", CELL_TEXT },
                                             { "caller's address", "caller.uri", CELL_TEXT },
                                             { "parked by", "parker.uri", CELL_TEXT },
                                             { "taken by", "by.uri", CELL_TEXT },
                                             { "parked at", "parked_at", CELL_TIME },
                                             { "ended at", "ended_at", CELL_TIME },
                                             { "waited", "waited", CELL_SECONDS },
                                             { "attempts", "attempts", CELL_TEXT },
                                             { "note", "note", CELL_TEXT },
                                             { "why", "reason", CELL_TEXT },
                                             { 0 } };

/* The record of a call that has left. Its body is made as if it had been asked for alone. */
static int get_ended(struct ctl *ctl, const char *id, struct ctl_reply *out)
{
    char path[CTL_PATH_SIZE] = "/api/v1/call-records";
    struct ctl_reply list CLEANUP(ctl_reply_done) = { 0 };
    json_t *found;
    int code = ctl_query(path, "call", id)
                   ? ctl_get(ctl, path, &list)
                   : ctl_fail(ctl, CTL_USAGE, "'%.64s' is too long for the id of a call", id);

    if (code)
        return code;
    found = json_array_get(json_object_get(list.json, "items"), 0);
    if (!found)
        return ctl_fail(ctl, CTL_NOT_FOUND, "there is no call '%.64s', and none has ended", id);
    out->json = json_incref(found);
    out->raw.body = json_dumps(found, JSON_COMPACT);
    out->raw.length = out->raw.body ? strlen(out->raw.body) : 0;
    return CTL_OK;
}

/* A call that waits, or how it ended: whoever has the id may ask for it either way. */
static int get_either(struct ctl *ctl, struct ctl_reply *out, bool *is_ended)
{
    char path[CTL_PATH_SIZE];
    const char *id = ctl->args.words[0];
    int code;

    *is_ended = false;
    if (!text_starts(id, "call_") || !ctl_path(path, CALLS "/", id, ""))
        return ctl_find_call(ctl, id, out);
    code = ctl_try(ctl, &(struct ctl_request){ .method = "GET", .path = path }, out);
    if (code)
        return code;
    if (out->raw.status == 410) {
        ctl_reply_done(out);
        *is_ended = true;
        return get_ended(ctl, id, out);
    }
    code = ctl_exit_of(out->raw.status);
    if (code)
        ctl_problem(ctl, out);
    return code;
}

int cmd_call_get(struct ctl *ctl)
{
    struct ctl_reply call CLEANUP(ctl_reply_done) = { 0 };
    struct ctl_reply timeline CLEANUP(ctl_reply_done) = { 0 };
    bool is_ended;
    int code = get_either(ctl, &call, &is_ended);

    if (!code)
        code = ctl_show(ctl, &call, is_ended ? ended : detail, "id");
    if (code || ctl->style.format != PRINT_TABLE || ctl->style.fields)
        return code;
    code = get_timeline(ctl, ctl_string(call.json, "id"), &timeline);
    if (code)
        return code;
    fputc('\n', ctl->out);
    return ctl_show_list(ctl, &timeline, steps, "reason");
}

/* Find the call and ask for an action on it. `body` is given back. */
static int act(struct ctl *ctl, const char *action, json_t *body, const char *done)
{
    char path[CTL_PATH_SIZE], after[32];
    json_t *owned CLEANUP(ctl_json_done) = body;
    struct ctl_reply call CLEANUP(ctl_reply_done) = { 0 };
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = ctl_find_call(ctl, ctl->args.words[0], &call);

    (void)text_format(after, sizeof(after), "/%s", action);
    if (!code && !ctl_path(path, CALLS "/", ctl_string(call.json, "id"), after))
        code = ctl_fail(ctl, CTL_ERROR, "the id of the call is too long");
    if (!code)
        code = ctl_ask(ctl, &(struct ctl_request){ .method = "POST", .path = path, .body = owned },
                       &r);
    if (code)
        return code;
    ctl_say(ctl, "call %s at %s: %s%s", ctl_string(call.json, "id"), ctl_string(call.json, "orbit"),
            ctl_option(ctl, OPT_DRY_RUN) ? "would be " : "", done);
    if (ctl->style.format != PRINT_TABLE)
        return ctl_show(ctl, &r, detail, "id");
    return CTL_OK;
}

static int act_to(struct ctl *ctl, const char *action, const char *done)
{
    const char *to = ctl_option(ctl, OPT_TO);

    if (!to)
        return ctl_fail(ctl, CTL_USAGE, "who is to get the call? --to sip:101@pbx.example");
    return act(ctl, action, json_pack("{s:s}", "to", to), done);
}

int cmd_call_retrieve(struct ctl *ctl)
{
    return act_to(ctl, "retrieve", "connected with that phone as soon as it answers");
}

int cmd_call_transfer(struct ctl *ctl)
{
    return act_to(ctl, "transfer", "sent there; it leaves its orbit when they answer");
}

int cmd_call_ringback(struct ctl *ctl)
{
    return act(ctl, "ringback", json_object(), "offered to its parker now");
}

int cmd_call_extend(struct ctl *ctl)
{
    uint64_t span;

    if (!text_duration(ctl->args.words[1], &span) || span < 1000)
        return ctl_fail(ctl, CTL_USAGE, "'%.64s' is no length of time: 60s, 5m, 1h",
                        ctl->args.words[1]);
    return act(ctl, "extend", json_pack("{s:I}", "seconds", (json_int_t)(span / 1000)),
               "given that much longer");
}

int cmd_call_hangup(struct ctl *ctl)
{
    int code = ctl_confirm(ctl, "Hang up on the caller at %s?", ctl->args.words[0]);

    return code ? code : act(ctl, "hangup", json_object(), "hung up");
}

int cmd_call_note(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE], version[64];
    json_t *body CLEANUP(ctl_json_done) = json_pack("{s:s}", "note", ctl->args.words[1]);
    struct ctl_reply call CLEANUP(ctl_reply_done) = { 0 };
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = CTL_OK;

    if (!body)
        return ctl_fail(ctl, CTL_USAGE, "a note is UTF-8 text");
    code = ctl_find_call(ctl, ctl->args.words[0], &call);
    if (!code && !ctl_path(path, CALLS "/", ctl_string(call.json, "id"), ""))
        code = ctl_fail(ctl, CTL_ERROR, "the id of the call is too long");
    ctl_version(version, &call);
    if (!code)
        code = ctl_ask(ctl,
                       &(struct ctl_request){
                           .method = "PATCH", .path = path, .body = body, .if_match = version },
                       &r);
    return code ? code : ctl_show(ctl, &r, detail, "id");
}

static int moment_of(const struct ctl *ctl, const char *text, char to[32])
{
    uint64_t span;
    time_t at;
    struct tm tm;

    if (print_time_read(text, &at))
        return text_copy(to, 32, text)
                   ? CTL_OK
                   : ctl_fail(ctl, CTL_USAGE, "'%.64s' is too long for a time", text);
    if (!text_duration(text, &span))
        return ctl_fail(ctl, CTL_USAGE, "'%.64s' is no time: 7d, 90m or 2026-11-01T00:00:00Z",
                        text);
    at = ctl->style.now - (time_t)(span / 1000);
    gmtime_r(&at, &tm);
    strftime(to, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return CTL_OK;
}

int ctl_query_moment(struct ctl *ctl, char *path, const char *name, enum ctl_option_id option)
{
    char moment[32];
    int code;

    if (!ctl_option(ctl, option))
        return CTL_OK;
    code = moment_of(ctl, ctl_option(ctl, option), moment);
    if (!code)
        (void)ctl_query(path, name, moment);
    return code;
}

int cmd_record_list(struct ctl *ctl)
{
    char path[CTL_PATH_SIZE] = "/api/v1/call-records";
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    int code = ctl_query_moment(ctl, path, "since", OPT_SINCE);

    if (!code)
        code = ctl_query_moment(ctl, path, "until", OPT_UNTIL);
    if (!code && (!ctl_query(path, "outcome", ctl_option(ctl, OPT_OUTCOME)) ||
                  !ctl_query(path, "orbit", ctl_option(ctl, OPT_ORBIT))))
        code = ctl_fail(ctl, CTL_USAGE, "that is too long to be asked for");
    if (!code)
        code = ctl_list(ctl, path, &r);
    return code ? code : ctl_show_list(ctl, &r, record, "id");
}

int cmd_record_export(struct ctl *ctl)
{
    if (!ctl_option(ctl, OPT_OUTPUT))
        ctl->style.format = PRINT_CSV;
    return cmd_record_list(ctl);
}

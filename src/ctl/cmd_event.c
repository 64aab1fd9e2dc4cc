/* callparkctl event tail, call watch: what happens, as it happens. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/sse.h"

struct tail {
    struct ctl *ctl;
    struct sse *sse;
    uint64_t left; /* events to go */
    bool shows_snapshot;
};

static void show_line(struct ctl *ctl, const struct sse_event *e, const json_t *data)
{
    char clock[64], call[128], caller[128], why[400];
    const char *at = ctl_string(data, "at");
    const json_t *c = json_object_get(data, "call") ? json_object_get(data, "call") : data;
    time_t seconds;
    struct tm tm;

    (void)text_copy(clock, sizeof(clock), at);
    if (print_time_read(at, &seconds)) {
        localtime_r(&seconds, &tm);
        strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
    }
    print_text(call, sizeof(call), json_object_get(c, "orbit"));
    print_text(caller, sizeof(caller), json_object_get(c, "caller"));
    print_text(why, sizeof(why),
               json_object_get(data, "reason") ? json_object_get(data, "reason")
                                               : json_object_get(c, "reason"));
    /* As a table of one row would: what callers wrote is not obeyed by the terminal. */
    for (char *p = caller; *p; p++)
        *p = (unsigned char)*p < 0x20 || *p == 0x7F ? '?' : *p;
    for (char *p = why; *p; p++)
        *p = (unsigned char)*p < 0x20 || *p == 0x7F ? '?' : *p;
    fprintf(ctl->out, "%s  %-24s %-10s %-24s %s\n", clock, e->name, call, caller, why);
}

static void show_json(struct ctl *ctl, const struct sse_event *e, json_t *data)
{
    json_t *line = json_object();

    (void)json_object_set_new(line, "id", json_string(e->id));
    (void)json_object_set_new(line, "event", json_string(e->name));
    (void)json_object_set(line, "data", data);
    (void)json_dumpf(line, ctl->out, JSON_COMPACT);
    fputc('\n', ctl->out);
    json_decref(line);
}

static bool take(void *to, const struct sse_event *e)
{
    struct tail *t = to;
    json_t *data = json_loads(e->data, JSON_DECODE_ANY, NULL);
    bool is_quiet =
        text_is(e->name, "heartbeat") || (text_is(e->name, "snapshot") && !t->shows_snapshot);

    if (!is_quiet && t->ctl->style.format == PRINT_TABLE)
        show_line(t->ctl, e, data);
    else if (!is_quiet)
        show_json(t->ctl, e, data ? data : json_null());
    json_decref(data);
    fflush(t->ctl->out);
    return is_quiet || --t->left > 0;
}

static bool piece(void *to, const char *bytes, size_t length)
{
    return sse_feed(((struct tail *)to)->sse, bytes, length);
}

static int follow(struct ctl *ctl, const char *topics, bool shows_snapshot)
{
    char path[CTL_PATH_SIZE] = "/api/v1/events";
    struct tail t = { .ctl = ctl, .left = UINT64_MAX, .shows_snapshot = shows_snapshot };
    struct client_request rq = { .method = "GET", .path = path };
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    struct err err = { 0 };
    int failed;

    if (ctl_option(ctl, OPT_COUNT) &&
        !text_number(ctl_option(ctl, OPT_COUNT), 1, 1000000000, &t.left))
        return ctl_fail(ctl, CTL_USAGE, "--count %.32s: a number from 1 on",
                        ctl_option(ctl, OPT_COUNT));
    if (!ctl_query(path, "topics", topics))
        return ctl_fail(ctl, CTL_USAGE, "that is too long to be asked for");
    t.sse = sse_new(take, &t);
    if (!t.sse)
        return ctl_fail(ctl, CTL_ERROR, "out of memory");
    failed = client_follow(ctl->client, &rq, piece, &t, &r.raw, &err);
    sse_free(t.sse);
    if (failed)
        return ctl_fail(ctl, CTL_UNREACHABLE, "%s", err.text);
    if (r.raw.status < 300)
        return CTL_OK;
    r.json = json_loadb(r.raw.body, r.raw.length, 0, NULL);
    ctl_problem(ctl, &r);
    return ctl_exit_of(r.raw.status);
}

int cmd_event_tail(struct ctl *ctl)
{
    return follow(ctl, ctl_option(ctl, OPT_TOPICS), ctl->style.format != PRINT_TABLE);
}

int cmd_call_watch(struct ctl *ctl)
{
    int code = ctl->style.format == PRINT_TABLE ? cmd_call_list(ctl) : CTL_OK;

    return code ? code : follow(ctl, "calls", false);
}

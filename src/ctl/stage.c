/* What the self-test and the demo stand on: the server's address, a temporary range, the phones. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/selftest.h"

#define RANGES "/api/v1/number-ranges"
#define BLOCKS_TRIED 50

bool selftest_fail(struct selftest *t, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(t->detail, sizeof(t->detail), format, arguments);
    va_end(arguments);
    return false;
}

/* A listener "udp:0.0.0.0:5060" as an address to send to: one that listens everywhere listens on
 * loopback. */
static bool reachable(const char *listener, char server[96])
{
    if (!text_starts(listener, "udp:"))
        return false;
    listener += 4;
    if (text_starts(listener, "0.0.0.0:"))
        return text_format(server, 96, "127.0.0.1:%s", listener + 8);
    if (text_starts(listener, "[::]:"))
        return text_format(server, 96, "[::1]:%s", listener + 5);
    return text_copy(server, 96, listener);
}

int stage_server(struct ctl *ctl, char server[96], struct ctl_reply *system)
{
    const json_t *listener;
    size_t i;
    int code = ctl_get(ctl, "/api/v1/system", system);

    if (code)
        return code;
    if (ctl_option(ctl, OPT_SIP))
        return text_copy(server, 96, ctl_option(ctl, OPT_SIP))
                   ? CTL_OK
                   : ctl_fail(ctl, CTL_USAGE, "--sip is HOST:PORT");
    json_array_foreach(print_field(system->json, "sip.listeners"), i, listener)
    {
        if (json_is_string(listener) && reachable(json_string_value(listener), server))
            return CTL_OK;
    }
    return ctl_fail(ctl, CTL_ERROR,
                    "the server names no SIP address over UDP; say it with --sip HOST:PORT");
}

static bool has_range(const struct ctl_reply *problem, const char *field)
{
    return *ctl_string(problem->json, field) != '\0';
}

/* Try to create the range from `start` on. CTL_CONFLICT: not free. */
static int try_block(struct selftest *t, const char *destination, const char *start,
                     const char *end, struct ctl_reply *r)
{
    char name[64];
    json_t *body CLEANUP(ctl_json_done) = NULL;
    int code;

    (void)text_format(name, sizeof(name), "selftest %ld", (long)getpid());
    body = json_pack("{s:s,s:s,s:s,s:s}", "name", name, "start", start, "end", end, "destination",
                     destination);
    code =
        ctl_try(t->ctl, &(struct ctl_request){ .method = "POST", .path = RANGES, .body = body }, r);
    return code ? code : ctl_exit_of(r->raw.status);
}

static void keep_numbers(struct selftest *t, const struct ctl_reply *r)
{
    const char *start = ctl_string(r->json, "start");
    size_t prefix = strspn(start, "*#");
    unsigned long first = strtoul(start + prefix, NULL, 10);

    (void)text_copy(t->range, sizeof(t->range), ctl_string(r->json, "id"));
    for (unsigned i = 0; i < SELFTEST_NUMBERS; i++)
        (void)text_format(t->number[i], sizeof(t->number[i]), "%.*s%lu", (int)prefix, start,
                          first + i);
}

/* A block of ten numbers that is free: from the top of the five-digit ones down, then what the
 * server itself proposes. */
static int make_range(struct selftest *t, const char *destination)
{
    char start[16], end[16];
    int code = CTL_CONFLICT;

    for (unsigned i = 0; i <= BLOCKS_TRIED && code == CTL_CONFLICT; i++) {
        struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };

        if (i < BLOCKS_TRIED || !*start) {
            (void)text_format(start, sizeof(start), "%u", 99990 - 10 * i);
            (void)text_format(end, sizeof(end), "%u", 99999 - 10 * i);
        }
        code = try_block(t, destination, start, end, &r);
        if (code == CTL_OK)
            keep_numbers(t, &r);
        else if (code != CTL_CONFLICT || i == BLOCKS_TRIED)
            ctl_problem(t->ctl, &r);
        if (code == CTL_CONFLICT && i + 1 == BLOCKS_TRIED && has_range(&r, "suggestion.start")) {
            (void)text_copy(start, sizeof(start), ctl_string(r.json, "suggestion.start"));
            (void)text_copy(end, sizeof(end), ctl_string(r.json, "suggestion.end"));
        }
    }
    return code;
}

/* What holds for everybody else, a PIN or a key to press, is not for its phones. */
bool stage_settings(struct selftest *t, int timeout, const char *free_orbit)
{
    char path[CTL_PATH_SIZE], version[64];
    struct ctl_reply seen CLEANUP(ctl_reply_done) = { 0 };
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    json_t *body CLEANUP(ctl_json_done) =
        json_pack("{s:i,s:i,s:i,s:s,s:b,s:b,s:i,s:s,s:b,s:b,s:s}", "pickup_timeout", timeout,
                  "max_pickup_attempts", 1, "ring_time", 5, "timeout_uri", phone_uri(t->erin),
                  "music_on_hold", 1, "announce", 1, "cool_down", 0, "free_orbit", free_orbit,
                  "announce_back", 0, "ringback_confirm", 0, "pin", "");

    if (!ctl_path(path, "/api/v1/settings/ranges/", t->range, ""))
        return selftest_fail(t, "the id of the range is too long");
    if (ctl_try(t->ctl, &(struct ctl_request){ .method = "GET", .path = path }, &seen))
        return selftest_fail(t, "the server does not answer");
    ctl_version(version, &seen);
    if (ctl_try(t->ctl,
                &(struct ctl_request){
                    .method = "PUT", .path = path, .body = body, .if_match = version },
                &r))
        return selftest_fail(t, "the server does not answer");
    return r.raw.status / 100 == 2 ||
           selftest_fail(t, "the settings of the range: expected 200, came %u %s", r.raw.status,
                         ctl_string(r.json, "detail"));
}

json_t *stage_call(struct selftest *t, const char *orbit)
{
    char path[CTL_PATH_SIZE] = "/api/v1/parked-calls?limit=1000";
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };
    json_t *call;
    size_t i;

    (void)ctl_query(path, "range", t->range);
    if (ctl_try(t->ctl, &(struct ctl_request){ .method = "GET", .path = path }, &r))
        return NULL;
    json_array_foreach(
        json_object_get(r.json, "items"), i,
        call) if (text_is(ctl_string(call, "orbit"), orbit)) return json_incref(call);
    return NULL;
}

bool stage_act(struct selftest *t, const char *orbit, const char *action, const char *to)
{
    char path[CTL_PATH_SIZE], after[32];
    json_t *call CLEANUP(ctl_json_done) = stage_call(t, orbit);
    json_t *body CLEANUP(ctl_json_done) = json_object();
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };

    if (!call)
        return selftest_fail(t, "expected the API to show a call at %s, it shows none", orbit);
    if (to)
        (void)json_object_set_new(body, "to", json_string(to));
    (void)text_format(after, sizeof(after), "/%s", action);
    (void)ctl_path(path, "/api/v1/parked-calls/", ctl_string(call, "id"), after);
    if (ctl_try(t->ctl, &(struct ctl_request){ .method = "POST", .path = path, .body = body }, &r))
        return selftest_fail(t, "the server does not answer");
    return r.raw.status / 100 == 2 || selftest_fail(t, "%s: expected 200, came %u %s", action,
                                                    r.raw.status, ctl_string(r.json, "detail"));
}

static bool add_phones(struct selftest *t, struct err *err)
{
    t->alice = phone_add(t->phones, "selftest-alice", "Alice Example", 0, err);
    t->bob = t->alice ? phone_add(t->phones, "selftest-bob", "Bob Example", 1, err) : NULL;
    t->carol = t->bob ? phone_add(t->phones, "selftest-carol", "Carol Example", 2, err) : NULL;
    t->dave = t->carol ? phone_add(t->phones, "selftest-dave", "Dave Example", 3, err) : NULL;
    t->erin = t->dave ? phone_add(t->phones, "selftest-erin", "Erin Example", 4, err) : NULL;
    return t->erin != NULL;
}

int stage_open(struct selftest *t, struct ctl *ctl)
{
    char server[96];
    struct ctl_reply system CLEANUP(ctl_reply_done) = { 0 };
    const char *destination = ctl_option(ctl, OPT_DESTINATION);
    struct err err = { 0 };
    int code;

    *t = (struct selftest){ .ctl = ctl };
    code = stage_server(ctl, server, &system);
    if (code)
        return code;
    (void)text_copy(t->park_user, sizeof(t->park_user), ctl_string(system.json, "sip.park_user"));
    t->phones = phones_new(server, &err);
    if (!t->phones || !add_phones(t, &err))
        return ctl_fail(ctl, CTL_ERROR, "%s", err.text);
    code = make_range(t, destination ? destination : ctl_string(system.json, "destination"));
    if (!code && !stage_settings(t, 60, "park"))
        code = ctl_fail(ctl, CTL_ERROR, "%s", t->detail);
    return code;
}

void stage_close(struct selftest *t)
{
    char path[CTL_PATH_SIZE];
    struct ctl_reply r CLEANUP(ctl_reply_done) = { 0 };

    if (t->phones)
        phones_hang_up(t->phones);
    phones_free(t->phones);
    if (!*t->range || ctl_option(t->ctl, OPT_KEEP) ||
        !ctl_path(path, RANGES "/", t->range, "?mode=force"))
        return;
    if (ctl_try(t->ctl, &(struct ctl_request){ .method = "DELETE", .path = path, .if_match = "*" },
                &r) == CTL_OK &&
        r.raw.status / 100 != 2)
        ctl_problem(t->ctl, &r);
}

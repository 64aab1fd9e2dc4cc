/* Parked calls, what may be done to them, what is left of them, and who is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_fake.h"
#include "base/text.h"

#define V1 "/api/v1"
#define CALLS V1 "/parked-calls"

static char path[128]; /* of the call that the last with_call() parked */

static const char *act(const char *method, const char *action)
{
    static char request[160];

    (void)text_format(request, sizeof request, "%s %s%s", method, path, action);
    return request;
}

static struct call *with_call(struct app *a)
{
    char id[14];
    struct call *c;

    (void)fake_ask(a, "POST " V1 "/number-ranges", NULL,
                   "{\"name\":\"Lobby\",\"start\":\"4100\",\"end\":\"4149\","
                   "\"destination\":\"pool1.example.com\"}");
    c = fake_park(a, "4107", "100", "200");
    text_base32(id, c->id);
    (void)text_format(path, sizeof path, CALLS "/call_%s", id);
    return c;
}

static void a_parked_call_is_shown(void **state)
{
    struct app *a = *state;
    struct call *c = with_call(a);
    const struct answer *got = fake_ask(a, act("GET", ""), NULL, NULL);

    (void)c;
    assert_int_equal(got->status, 200);
    assert_string_equal(got->etag, "\"1\"");
    assert_true(fake_holds(
        got, "orbit=4107 range_id=rng_0000000000001 destination=pool1.example.com state=parked "
             "caller.name=100 caller.uri=sip:100@example.com caller.number=100 parker.name=200 "
             "parker.uri=sip:200@example.com parked_at=2026-11-23T14:59:00.000Z "
             "ringback_at=2026-11-23T15:00:30.000Z attempt=0 max_attempts=1 fallback=null "
             "note=null node=n1 version=1"));
    assert_true(strlen(fake_at(got->json, "next_step")) > 3);
    c->state = CALL_RINGING_BACK;
    got = fake_ask(a, act("GET", ""), NULL, NULL);
    assert_true(fake_holds(got, "state=ringing_back ringback_at=null"));
}

static void who_hides_stays_hidden(void **state)
{
    struct app *a = *state;
    struct call *c = with_call(a);

    c->caller.hidden = true;
    assert_true(fake_holds(fake_ask(a, act("GET", ""), NULL, NULL),
                           "caller.name=anonymous caller.uri=null caller.number=null"));
    assert_null(strstr(a->answer.body, "sip:100@"));
    assert_true(fake_holds(fake_ask(a, "GET " CALLS "?q=100", NULL, NULL), "total=0"));
}

/* What came over the wire may be no UTF-8; the answer is JSON in any case. */
static void names_that_are_no_text_are_shown(void **state)
{
    struct app *a = *state;
    struct call *c = with_call(a);

    (void)text_copy(c->caller.display, sizeof c->caller.display, "M\xfcller");
    assert_true(
        fake_holds(fake_ask(a, act("GET", ""), NULL, NULL), "caller.name=M?ller orbit=4107"));
}

static void the_list_is_filtered_and_sorted(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "GET " CALLS, NULL, NULL, 200, "total=2 items.0.orbit=4107 items.1.orbit=4101" },
        { "GET " CALLS "?sort=orbit", NULL, NULL, 200, "items.0.orbit=4101" },
        { "GET " CALLS "?sort=-ringback_at", NULL, NULL, 200, "items.0.orbit=4107" },
        { "GET " CALLS "?sort=colour", NULL, NULL, 400, NULL },
        { "GET " CALLS "?orbit=4101", NULL, NULL, 200, "total=1 items.0.caller.name=300" },
        { "GET " CALLS "?orbit=x", NULL, NULL, 400, NULL },
        { "GET " CALLS "?range=rng_0000000000001", NULL, NULL, 200, "total=2" },
        { "GET " CALLS "?range=rng_0000000000002", NULL, NULL, 200, "total=0" },
        { "GET " CALLS "?range=Lobby", NULL, NULL, 400, NULL },
        { "GET " CALLS "?state=retrieving", NULL, NULL, 200, "total=1 items.0.orbit=4101" },
        { "GET " CALLS "?state=lost", NULL, NULL, 400, NULL },
        { "GET " CALLS "?q=300", NULL, NULL, 200, "total=1" },
        { "GET " CALLS "?destination=pool1.example.com", NULL, NULL, 200, "total=2" },
        { "GET " CALLS "?destination=pool2.example.com", NULL, NULL, 200, "total=0" },
        { "GET " CALLS "?site=here", NULL, NULL, 200, "total=2 items.0.site=Here items.0.range_name=Lobby" },
        { "GET " CALLS "?site=There", NULL, NULL, 200, "total=0" },
        { "GET " CALLS "?sort=ringback_at", NULL, NULL, 200, "items.0.orbit=4107 items.1.ringback_at=null" },
        { "GET " CALLS "?limit=1", NULL, NULL, 200, "total=2 items=[1] next_cursor=0000000000001" },
        { "GET " CALLS "/4107", NULL, NULL, 404, NULL },
        { "GET " CALLS "/call_00000000000ZZ", NULL, NULL, 404, "type=/api/problems/not-found" },
    };
    // clang-format on
    struct app *a = *state;
    struct call *c;

    (void)with_call(a);
    c = fake_park(a, "4101", "300", "200");
    c->state = CALL_RETRIEVING;
    c->deadline = FAKE_NOW + 1;
    c->parked_at++;
    FAKE_EXCHANGES(a, table);
}

static struct store_rows *rows_of(enum query_type type, size_t count)
{
    struct store_rows *rows = calloc(1, sizeof *rows);

    assert_non_null(rows);
    rows->type = type;
    rows->count = rows->total = count;
    if (type == QUERY_RECORDS)
        rows->records = calloc(count, sizeof *rows->records);
    else
        rows->steps = calloc(count, sizeof *rows->steps);
    return rows;
}

static void a_call_that_ended_is_gone_not_unknown(void **state)
{
    struct app *a = *state;

    a->rows = rows_of(QUERY_RECORDS, 1);
    assert_int_equal(fake_ask(a, "GET " CALLS "/call_0000000000ABC", NULL, NULL)->status, 410);
    assert_true(fake_holds(&a->answer, "type=/api/problems/call-gone"));
    a->rows = rows_of(QUERY_RECORDS, 1);
    assert_int_equal(fake_ask(a, "POST " CALLS "/call_0000000000ABC/hangup", NULL, NULL)->status,
                     410);
    a->store_bad = true;
    assert_int_equal(fake_ask(a, "GET " CALLS "/call_0000000000ABC", NULL, NULL)->status, 503);
}

static void commands_reach_the_machine(void **state)
{
    static const struct {
        const char *action, *body;
        enum event_type type;
        const char *uri;
        msec span;
    } cases[] = {
        { "/retrieve", "{\"to\":\"sip:101@example.com\"}", EV_DO_RETRIEVE, "sip:101@example.com",
          0 },
        { "/retrieve", "{\"to\":\"101\"}", EV_DO_RETRIEVE, "sip:101@example.com", 0 },
        { "/transfer", "{\"to\":\"tel:+15550100\"}", EV_DO_TRANSFER, "tel:+15550100", 0 },
        { "/ringback", NULL, EV_DO_RING_BACK, "", 0 },
        { "/ringback", "{}", EV_DO_RING_BACK, "", 0 },
        { "/extend", "{\"seconds\":60}", EV_DO_EXTEND, "", 60000 },
        { "/hangup", NULL, EV_DO_HANG_UP, "", 0 },
    };
    struct app *a = *state;
    struct call *c = with_call(a);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&a->command, 0, sizeof a->command);
        assert_int_equal(fake_ask(a, act("POST", cases[i].action), NULL, cases[i].body)->status,
                         202);
        assert_int_equal(a->command.type, cases[i].type);
        assert_int_equal(a->command.call, c->id);
        assert_string_equal(a->command.uri, cases[i].uri);
        assert_int_equal(a->command.span, cases[i].span);
        assert_true(strstr(a->command.actor, "admin socket"));
        assert_true(fake_holds(&a->answer, "orbit=4107"));
    }
}

static void commands_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *action, *if_match, *body;
        unsigned status;
    } cases[] = {
        { "/retrieve", NULL, NULL, 400 },
        { "/retrieve", NULL, "{}", 422 },
        { "/retrieve", NULL, "{\"to\":5}", 400 },
        { "/retrieve", NULL, "{\"to\":\"nobody\"}", 422 },
        { "/retrieve", NULL, "{\"to\":\"sip:a@b\\r\\nX: y\"}", 422 },
        { "/retrieve", NULL, "{\"to\":\"#12\"}", 422 },
        { "/retrieve", NULL, "{\"too\":\"sip:a@b\"}", 400 },
        { "/transfer", NULL, "{\"to\":\"\"}", 422 },
        { "/extend", NULL, "{\"seconds\":0}", 422 },
        { "/extend", NULL, "{\"seconds\":\"60\"}", 400 },
        { "/extend", NULL, "{\"seconds\":9999999}", 422 },
        { "/extend", NULL, "{}", 422 },
        { "/hangup", NULL, "{\"now\":true}", 400 },
        { "/hangup", "\"7\"", NULL, 412 },
        { "/explode", NULL, NULL, 404 },
    };
    struct app *a = *state;
    struct call *c = with_call(a);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned status =
            fake_ask(a, act("POST", cases[i].action), cases[i].if_match, cases[i].body)->status;

        if (status != cases[i].status)
            fail_msg("line %zu: %u %s", i + 1, status, a->answer.body);
        assert_int_equal(a->command.call, 0);
    }
    assert_int_equal(fake_ask(a, act("POST", "/hangup?dry_run=1"), NULL, NULL)->status, 200);
    assert_int_equal(a->command.call, 0);
    a->command_refused = "somebody is just picking it up";
    assert_int_equal(fake_ask(a, act("POST", "/hangup"), "\"1\"", NULL)->status, 409);
    assert_true(fake_holds(&a->answer, "type=/api/problems/call-busy current.orbit=4107"));
    c->state = CALL_CONNECTED;
    c->has_orbit = false;
    assert_int_equal(fake_ask(a, act("POST", "/hangup"), NULL, NULL)->status, 410);
}

static void a_call_is_fetched(void **state)
{
    static const char dialog[] = "\"target\":\"sip:alice@192.0.2.9\",\"call_id\":\"38@pbx\","
                                 "\"local_tag\":\"a\",\"remote_tag\":\"b\"";
    static const struct {
        const char *body;
        unsigned status;
    } wrong[] = {
        { "{}", 422 },
        { "{\"uri\":\"http://x\"}", 422 },
        { "{\"uri\":\"sip:1@x\",\"orbit\":\"99\"}", 422 },
        { "{\"uri\":\"sip:1@x\",\"orbit\":\"4107\",\"range\":\"Lobby\"}", 422 },
        { "{\"uri\":\"sip:1@x\",\"call_id\":\"x\"}", 422 },
        { "{\"target\":\"sip:1@x\",\"call_id\":\"x\"}", 422 },
        { "{\"target\":\"sip:1@x\",\"call_id\":\"x;y\",\"local_tag\":\"a\",\"remote_tag\":\"b\"}",
          422 },
        { "{\"uri\":\"sip:1@x\",\"who\":\"x\"}", 400 },
    };
    struct app *a = *state;
    char body[300];

    (void)with_call(a);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(fake_ask(a, "POST " CALLS, NULL, wrong[i].body)->status, wrong[i].status);
    assert_int_equal(a->command.type, 0);
    (void)text_format(body, sizeof body, "{%s,\"range\":\"lobby\",\"parker\":\"sip:5@x\"}", dialog);
    assert_int_equal(fake_ask(a, "POST " CALLS, NULL, body)->status, 201);
    assert_true(fake_holds(&a->answer, "orbit=4107"));
    assert_int_equal(a->command.type, EV_DO_PARK);
    assert_true(a->until_parked && a->refer.commanded);
    assert_string_equal(a->refer.target, "sip:alice@192.0.2.9");
    assert_string_equal(a->refer.replaces, "38@pbx;to-tag=a;from-tag=b");
    assert_string_equal(a->refer.from.uri, "sip:5@x");
    assert_int_equal(a->refer.first, number_read("4100", NULL));
    assert_int_equal(
        fake_ask(a, "POST " CALLS, NULL, "{\"uri\":\"sip:1@x\",\"orbit\":\"4109\"}")->status, 202);
    assert_false(a->until_parked);
    assert_string_equal(a->refer.dialled, "4109");
    a->command_refused = "he did not take the call";
    assert_int_equal(fake_ask(a, "POST " CALLS, NULL, body)->status, 502);
    a->refused_code = 486;
    assert_int_equal(fake_ask(a, "POST " CALLS, NULL, body)->status, 503);
    assert_true(fake_holds(&a->answer, "type=/api/problems/no-free-orbit"));
}

static void a_note_names_its_version(void **state)
{
    struct app *a = *state;

    (void)with_call(a);
    assert_int_equal(fake_ask(a, act("PATCH", ""), NULL, "{\"note\":\"re invoice\"}")->status, 428);
    assert_int_equal(fake_ask(a, act("PATCH", ""), "\"2\"", "{\"note\":\"x\"}")->status, 412);
    assert_int_equal(fake_ask(a, act("PATCH", ""), "\"1\"", "{\"note\":\"a\\nb\"}")->status, 422);
    assert_int_equal(fake_ask(a, act("PATCH", ""), "\"1\"", "{\"orbit\":\"1\"}")->status, 400);
    assert_int_equal(fake_ask(a, act("PATCH", ""), "\"1\"", "{}")->status, 422);
    assert_int_equal(fake_ask(a, act("PATCH", ""), "\"1\"", "{\"note\":\"re invoice\"}")->status,
                     202);
    assert_int_equal(a->command.type, EV_DO_NOTE);
    assert_string_equal(a->command.text, "re invoice");
    assert_int_equal(fake_ask(a, act("PATCH", ""), "\"1\"", "{\"note\":null}")->status, 202);
    assert_string_equal(a->command.text, "");
}

static void the_story_of_a_call_is_told(void **state)
{
    struct app *a = *state;
    struct call *c = with_call(a);
    struct store_rows *rows;

    a->steps[0] = (struct call_step){ c->id, 1, FAKE_WALL, "call.saved", "the orbit is free" };
    a->steps[1] = (struct call_step){ c->id, 2, FAKE_WALL, "call.parked", "200 sent it here" };
    a->step_count = 2;
    assert_true(fake_holds(fake_ask(a, act("GET", "/timeline"), NULL, NULL),
                           "total=2 items.1.step=call.parked items.1.number=2 "
                           "items.0.at=2026-11-23T15:00:00.000Z"));
    assert_string_equal(fake_at(a->answer.json, "items.1.reason"), "200 sent it here");
    a->steps[1].number = 9; /* the middle has been dropped from memory */
    rows = rows_of(QUERY_STEPS, 3);
    for (size_t i = 0; i < 3; i++)
        rows->steps[i].at = FAKE_WALL;
    a->rows = rows;
    assert_true(fake_holds(fake_ask(a, act("GET", "/timeline"), NULL, NULL), "total=3"));
    assert_int_equal(a->query.call, c->id);
    assert_int_equal(fake_ask(a, "GET " CALLS "/call_00000000000ZZ/timeline", NULL, NULL)->status,
                     404);
}

/* ---- records -----------------------------------------------------------------------------------
 */

static struct store_rows *two_records(void)
{
    struct store_rows *rows = rows_of(QUERY_RECORDS, 2);

    for (size_t i = 0; i < 2; i++) {
        struct call_record *r = &rows->records[i];

        r->id = 20 - i;
        r->orbit = number_read("*7001", NULL);
        r->range = 1;
        (void)text_copy(r->range_name, sizeof r->range_name, "Hall, north");
        (void)text_copy(r->caller.uri, sizeof r->caller.uri, "sip:100@example.com");
        (void)text_copy(r->taker.uri, sizeof r->taker.uri, "sip:101@example.com");
        r->caller.hidden = i == 1;
        r->parked_at = FAKE_WALL;
        r->ended_at = FAKE_WALL + 41000;
        r->waited = 41000;
        r->outcome = OUT_RETRIEVED;
    }
    rows->more = true;
    rows->total = 9;
    return rows;
}

static void records_are_read_in_pages_and_forms(void **state)
{
    struct app *a = *state;
    const struct answer *got;

    a->rows = two_records();
    got =
        fake_ask(a,
                 "GET " V1 "/call-records?since=2026-11-01T00:00:00Z&orbit=*7001&outcome=retrieved"
                 "&limit=2&cursor=call_0000000000010",
                 NULL, NULL);
    assert_int_equal(got->status, 200);
    assert_true(fake_holds(got, "total=9 items=[2] next_cursor=call_000000000000K "
                                "items.0.orbit=*7001 items.0.waited=41 items.0.outcome=retrieved "
                                "items.0.by.uri=sip:101@example.com items.1.caller.uri=null "
                                "items.1.caller.name=anonymous"));
    assert_int_equal(a->query.limit, 2);
    assert_int_equal(a->query.before, 32);
    assert_int_equal(a->query.outcome, OUT_RETRIEVED);
    assert_true(a->query.since > 0 && a->query.until == 0 && a->query.orbit != 0);
    a->rows = two_records();
    a->accept = "text/csv";
    got = fake_ask(a, "GET " V1 "/call-records", NULL, NULL);
    assert_true(text_starts(got->type, "text/csv"));
    assert_true(text_starts(got->body, "id,orbit,range,"));
    assert_non_null(strstr(got->body, ",*7001,\"Hall, north\","));
    a->rows = two_records();
    got = fake_ask(a, "GET " V1 "/call-records?format=ndjson", NULL, NULL);
    assert_string_equal(got->type, "application/x-ndjson");
    assert_true(text_starts(got->body, "{\"id\":\"call_000000000000M\""));
}

static void records_asked_for_wrongly_are_refused(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "GET " V1 "/call-records?since=yesterday", NULL, NULL, 400, NULL },
        { "GET " V1 "/call-records?outcome=lost", NULL, NULL, 400, NULL },
        { "GET " V1 "/call-records?limit=1001", NULL, NULL, 400, NULL },
        { "GET " V1 "/call-records?cursor=5", NULL, NULL, 400, NULL },
        { "GET " V1 "/call-records?orbit=x", NULL, NULL, 400, NULL },
        { "GET " V1 "/call-records?call=x", NULL, NULL, 400, NULL },
        { "GET " V1 "/call-records?format=xml", NULL, NULL, 400, NULL },
        { "GET " V1 "/call-records", NULL, NULL, 200, "total=0 items=[0] next_cursor=null" },
    };
    // clang-format on
    struct app *a = *state;

    FAKE_EXCHANGES(a, table);
    a->store_bad = true;
    assert_int_equal(fake_ask(a, "GET " V1 "/call-records", NULL, NULL)->status, 503);
}

/* ---- the server --------------------------------------------------------------------------------
 */

static void the_server_tells_how_it_is(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { "GET /version", NULL, NULL, 200, "name=callpark api=v1" },
        { "GET " V1 "/system", NULL, NULL, 200,
          "status=ready node=n1 destination=pool1.example.com draining=false store.ok=true calls.parked=1 "
          "calls.by_state.parked=1 calls.orbits.busy=1 calls.orbits.total=50 sip.listeners.0=udp:127.0.0.1:5060" },
        { "POST " V1 "/system/drain?dry_run=1", NULL, NULL, 200, "dry_run=true draining=false" },
        { "POST " V1 "/system/drain", NULL, "{\"now\":1}", 400, NULL },
        { "POST " V1 "/system/drain", NULL, NULL, 200, "status=draining draining=true" },
        { "GET /readyz", NULL, NULL, 503, NULL },
        { "GET /livez", NULL, NULL, 200, NULL },
        { "POST " V1 "/system/undrain", NULL, "{}", 200, "status=ready draining=false" },
        { "POST " V1 "/system/reload", NULL, NULL, 200, "reloaded=true" },
        { "POST " V1 "/system/backup", NULL, "{\"path\":\"/tmp/copy.db\"}", 200, "path=/tmp/copy.db" },
        { "POST " V1 "/system/backup?dry_run=1", NULL, "{\"path\":\"/tmp/copy.db\"}", 200, "dry_run=true" },
        { "POST " V1 "/system/backup", NULL, "{\"path\":\"copy.db\"}", 422, "errors.0.pointer=/path" },
        { "POST " V1 "/system/backup", NULL, "{}", 422, NULL },
    };
    // clang-format on
    struct app *a = *state;

    (void)with_call(a);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        bool is_text = strstr(table[i].request, "z") && table[i].status == 503;

        if (is_text)
            assert_int_equal(fake_ask(a, table[i].request, NULL, NULL)->status, 503);
        else
            fake_exchanges(a, &table[i], 1);
    }
    assert_string_equal(fake_ask(a, "GET /readyz?verbose", NULL, NULL)->body,
                        "[+]sip-listeners ok\n[+]store ok\n[+]draining ok\nok\n");
    a->store_bad = true;
    assert_string_equal(fake_ask(a, "GET /readyz", NULL, NULL)->body,
                        "[-]store failed: the disk is full\nnot ready\n");
    assert_int_equal(fake_ask(a, "POST " V1 "/system/reload", NULL, NULL)->status, 422);
    assert_int_equal(
        fake_ask(a, "POST " V1 "/system/backup", NULL, "{\"path\":\"/tmp/x\"}")->status, 503);
}

/* Each name is described once, before its first figure, and every line is a figure or a comment. */
static void figures_are_in_the_form_of_prometheus(void **state)
{
    struct app *a = *state;
    char *text, *rest = NULL, described[64] = "";

    a->counts.park_seconds_bucket[0] = 2;
    a->counts.park_seconds_bucket[9] = 1;
    (void)with_call(a);
    (void)fake_ask(a, "POST " V1 "/number-ranges", NULL,
                   "{\"name\":\"a\\\"b\\\\\",\"start\":\"1\",\"end\":\"9\","
                   "\"destination\":\"pool1.example.com\"}");
    text = strdup(fake_ask(a, "GET /metrics", NULL, NULL)->body);
    assert_non_null(strstr(text, "callpark_parked_calls{destination=\"pool1.example.com\"} 1\n"));
    assert_non_null(strstr(text, "range=\"a\\\"b\\\\\",state=\"free\"} 9\n"));
    assert_non_null(
        strstr(text, "callpark_hop_up{system=\"outbound\",server=\"udp:192.0.2.10:5060\"} 1\n"));
    assert_non_null(strstr(
        text, "callpark_hop_up{system=\"peer \\\"x\\\"\",server=\"tls:pbx.example:5061\"} 0\n"));
    assert_non_null(strstr(text, "server=\"udp:192.0.2.10:5060\"} 0.012\n"));
    assert_non_null(strstr(text, "callpark_park_duration_seconds_bucket{le=\"600\"} 2\n"));
    assert_non_null(strstr(text, "callpark_park_duration_seconds_bucket{le=\"+Inf\"} 3\n"));
    assert_non_null(strstr(text, "callpark_park_duration_seconds_count 3\n"));
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (text_starts(line, "# TYPE "))
            (void)text_copy_n(described, sizeof described, line + 7, strcspn(line + 7, " "));
        else if (line[0] != '#' && !text_starts(line, described))
            fail_msg("'%s' stands behind the description of %s", line, described);
    }
    free(text);
}

#define WITH_APP(test) cmocka_unit_test_setup_teardown(test, fake_set_up, fake_tear_down)

#define EX "POST " V1 "/explain"

static void what_would_happen(void **state)
{
    // clang-format off
    static const struct exchange table[] = {
        { EX, NULL, "{\"from\":\"+4930123456\",\"to\":\"4101\",\"referred_by\":\"sip:105@example.com\"}", 200,
          "decision=park code=200 orbit=4101 range_id=rng_0000000000001 range_name=Lobby call_id=null transfer=true "
          "parker.uri=sip:105@example.com then_after=90 retry_after=null questions.0.question=source" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"sip:4107@park.example.com\"}", 200,
          "decision=retrieve code=200 orbit=4107 call_id=call_0000000000001 transfer=null then=null then_after=null" },
        { EX, NULL, "{\"from\":\"anonymous\",\"to\":\"4107\"}", 200, "decision=refuse code=486 orbit=4107" },
        { EX, NULL, "{\"from\":\"105\",\"hidden\":true,\"to\":\"tel:4107;phone-context=x\"}", 200, "decision=refuse code=486" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"4107\",\"history\":\"106\"}", 200, "decision=refuse code=486" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"4107\",\"diversion\":\"106\"}", 200, "decision=retrieve" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"9\",\"action\":\"park\",\"orbit\":\"4109\"}", 200, "decision=park orbit=4109" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"4109\",\"action\":\"retrieve\"}", 200, "decision=refuse code=480" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"4107\",\"replaces\":\"a;to-tag=b;from-tag=c\"}", 200, "decision=refuse code=481" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"4107\",\"source\":\"203.0.113.1\"}", 200,
          "decision=refuse code=403 questions=[1]" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"4107\",\"source\":\"192.0.2.1\"}", 200, "decision=retrieve" },
        { EX, NULL, "{\"from\":\"105\"}", 422, "type=/api/problems/missing-field" },
        { EX, NULL, "{\"to\":\"105\"}", 422, "errors.0.pointer=/from" },
        { EX, NULL, "{\"from\":\"Anna <sip:105@x>\",\"to\":\"4107\"}", 422, "errors.0.pointer=/from" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"sip:nobody\"}", 422, "errors.0.pointer=/to" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"4107\",\"source\":\"pbx\"}", 422, "errors.0.pointer=/source" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"4107\",\"action\":\"dance\"}", 422, "errors.0.pointer=/action" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"4107\",\"orbit\":\"x\"}", 422, "errors.0.pointer=/orbit" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"4107\",\"hidden\":1}", 400, "errors.0.pointer=/hidden" },
        { EX, NULL, "{\"from\":\"105\",\"to\":\"4107\",\"colour\":1}", 400, NULL },
    };
    // clang-format on
    struct app *a = *state;

    (void)with_call(a);
    FAKE_EXCHANGES(a, table);
    assert_int_equal(calls_count(a->park.calls), 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_APP(a_parked_call_is_shown),
        WITH_APP(who_hides_stays_hidden),
        WITH_APP(names_that_are_no_text_are_shown),
        WITH_APP(the_list_is_filtered_and_sorted),
        WITH_APP(a_call_that_ended_is_gone_not_unknown),
        WITH_APP(commands_reach_the_machine),
        WITH_APP(commands_that_make_no_sense_are_refused),
        WITH_APP(a_call_is_fetched),
        WITH_APP(a_note_names_its_version),
        WITH_APP(the_story_of_a_call_is_told),
        WITH_APP(records_are_read_in_pages_and_forms),
        WITH_APP(records_asked_for_wrongly_are_refused),
        WITH_APP(the_server_tells_how_it_is),
        WITH_APP(figures_are_in_the_form_of_prometheus),
        WITH_APP(what_would_happen),
    };

    return cmocka_run_group_tests_name("api_calls", tests, NULL, NULL);
}

/* The stream of events: who listens, who comes back, and the same as a list. */
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

static struct call *with_call(struct app *a)
{
    (void)fake_ask(a, "POST " V1 "/number-ranges", NULL,
                   "{\"name\":\"Lobby\",\"start\":\"4100\",\"end\":\"4149\","
                   "\"destination\":\"pool1.example.com\"}");
    return fake_park(a, "4107", "100", "200");
}

static void tell(struct app *a, const char *name, const char *topic, call_id call)
{
    struct app_event ev = { .name = name,
                            .topic = topic,
                            .at = FAKE_WALL,
                            .call = call,
                            .why = "for a \"test\"",
                            .subject = "" };

    a->watcher.event(a->watcher.to, &ev);
}

/* The numbers behind "id: " in the stream, in order; how many. */
static size_t ids(const char *text, uint64_t to[16])
{
    size_t count = 0;

    for (const char *p = strstr(text, "id: "); p && count < 16; p = strstr(p + 1, "\nid: ")) {
        p += *p == '\n';
        to[count++] = strtoull(p + 4, NULL, 10);
    }
    return count;
}

static void a_listener_gets_a_snapshot_and_then_every_event(void **state)
{
    struct app *a = *state;
    struct call *c = with_call(a);
    const char *text = a->streams.text;
    uint64_t id[16];

    tell(a, "call.parked", "calls", c->id); /* before anybody listens */
    assert_int_equal(fake_ask(a, "GET " V1 "/events?topics=calls", NULL, NULL)->status, 200);
    assert_non_null(strstr(text, "event: snapshot\ndata: {"));
    assert_non_null(strstr(text, "\"orbit\":\"4107\""));
    tell(a, "call.retrieved", "calls", c->id);
    tell(a, "settings.updated", "settings", 0); /* not asked for: only its number is told */
    tell(a, "call.abandoned", "calls", 0);
    assert_non_null(strstr(text, "event: call.retrieved\ndata: {"));
    assert_non_null(strstr(text, "\"reason\":\"for a \\\"test\\\"\""));
    assert_null(strstr(text, "settings.updated"));
    assert_int_equal(ids(text, id), 4);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(id[i], id[i - 1] + 1);
    assert_true(strstr(text, "event: snapshot") < strstr(text, "event: call.retrieved"));
}

static void a_heartbeat_comes_every_fifteen_seconds(void **state)
{
    struct app *a = *state;

    (void)fake_ask(a, "GET " V1 "/events", NULL, NULL);
    for (int i = 0; i < 14; i++)
        a->watcher.second(a->watcher.to);
    assert_null(strstr(a->streams.text, "heartbeat"));
    a->watcher.second(a->watcher.to);
    assert_non_null(strstr(a->streams.text, "event: heartbeat\ndata: {\"server_time\":\"20"));
}

static void who_comes_back_gets_what_he_missed(void **state)
{
    struct app *a = *state;
    char last[24];
    uint64_t id[16];

    tell(a, "call.parked", "calls", 0);
    (void)fake_ask(a, "GET " V1 "/events", NULL, NULL);
    assert_int_equal(ids(a->streams.text, id), 1);
    (void)text_format(last, sizeof last, "%llu", (unsigned long long)id[0]);
    tell(a, "call.retrieved", "calls", 0);
    a->last_event_id = last;
    (void)fake_ask(a, "GET " V1 "/events", NULL, NULL);
    assert_non_null(strstr(a->streams.text, "event: call.retrieved"));
    assert_null(strstr(a->streams.text, "snapshot"));
    a->last_event_id = "7"; /* of another life of the server */
    (void)fake_ask(a, "GET " V1 "/events", NULL, NULL);
    assert_non_null(strstr(a->streams.text, "event: reset\n"));
    assert_non_null(strstr(a->streams.text, "event: snapshot\n"));
}

/* Nothing is left out for who reads slowly; it comes when he has read. */
static void who_is_behind_gets_the_rest_later(void **state)
{
    struct app *a = *state;
    const char *text = a->streams.text;
    uint64_t id[16];

    (void)fake_ask(a, "GET " V1 "/events", NULL, NULL);
    tell(a, "call.parked", "calls", 0);
    a->streams.behind = (size_t)129 << 10;
    tell(a, "call.retrieved", "calls", 0);
    tell(a, "range.updated", "ranges", 0);
    assert_int_equal(ids(text, id), 2);
    for (int i = 0; i < 15; i++)
        a->watcher.second(a->watcher.to);
    assert_int_equal(ids(text, id), 2);
    assert_null(strstr(text, "heartbeat")); /* that would overtake what he has not had */
    assert_true(a->soon);
    a->watcher.soon(a->watcher.to);
    assert_int_equal(ids(text, id), 2);
    a->streams.behind = (size_t)128 << 10;
    a->watcher.soon(a->watcher.to);
    assert_int_equal(ids(text, id), 4);
    a->soon = false;
    a->watcher.soon(a->watcher.to);
    assert_false(a->soon); /* nobody is behind */
    a->streams.behind = (size_t)129 << 10;
    tell(a, "call.abandoned", "calls", 0);
    a->streams.behind = 0;
    tell(a, "call.parked", "calls", 0);
    a->watcher.soon(a->watcher.to);
    assert_int_equal(ids(text, id), 6);
    for (size_t i = 1; i < 6; i++)
        assert_int_equal(id[i], id[i - 1] + 1);
    a->streams.behind = (size_t)129 << 10; /* for longer than events are kept: he is told so */
    for (int i = 0; i < 10001; i++)
        tell(a, "call.parked", "calls", 0);
    a->streams.behind = 1;
    a->streams.text[0] = '\0';
    a->watcher.soon(a->watcher.to);
    assert_int_equal(strlen(text), 0); /* a snapshot comes when he has read all */
    a->streams.behind = 0;
    a->watcher.soon(a->watcher.to);
    assert_true(text_starts(text, "event: reset\n"));
    assert_non_null(strstr(text, "event: snapshot\n"));
    tell(a, "call.parked", "calls", 0);
    assert_int_equal(ids(text, id), 2);
    assert_int_equal(id[1], id[0] + 1);
}

/* One snapshot serves all who see the same, but its time is that of now; what has happened since is
 * in the next one. */
static void a_snapshot_is_never_old(void **state)
{
    struct app *a = *state;
    struct call *c = with_call(a);

    (void)fake_ask(a, "GET " V1 "/events", NULL, NULL);
    assert_non_null(strstr(a->streams.text, "data: {\"server_time\":\"20"));
    assert_non_null(strstr(a->streams.text, "\"total\":1,"));
    (void)fake_ask(a, "GET " V1 "/events", NULL, NULL);
    assert_non_null(strstr(a->streams.text, "\"orbit\":\"4107\""));
    c->has_orbit = false;
    tell(a, "call.retrieved", "calls", c->id);
    (void)fake_ask(a, "GET " V1 "/events", NULL, NULL);
    assert_null(strstr(a->streams.text, "\"orbit\":\"4107\""));
    assert_non_null(strstr(a->streams.text, "\"total\":0,"));
}

static void events_can_be_read_as_a_list(void **state)
{
    struct app *a = *state;
    char request[96];
    const struct answer *got;

    for (int i = 0; i < 5; i++)
        tell(a, i % 2 ? "range.updated" : "call.parked", i % 2 ? "ranges" : "calls", 0);
    got = fake_ask(a, "GET " V1 "/events/history", NULL, NULL);
    assert_true(fake_holds(got, "total=5 complete=true items.0.event=call.parked"));
    (void)text_format(request, sizeof request, "GET " V1 "/events/history?topics=calls&after=%s",
                      fake_at(got->json, "items.1.id"));
    assert_true(fake_holds(fake_ask(a, request, NULL, NULL), "total=2"));
    assert_int_equal(fake_ask(a, "GET " V1 "/events/history?after=x", NULL, NULL)->status, 400);
    assert_int_equal(fake_ask(a, "GET " V1 "/events?topics=weather", NULL, NULL)->status, 400);
    /* 10,000 are kept, and what is not known any more is said to be missing. */
    for (int i = 0; i < 10001; i++)
        tell(a, "call.parked", "calls", 0);
    got = fake_ask(a, "GET " V1 "/events/history?limit=1", NULL, NULL);
    assert_true(fake_holds(got, "total=1 complete=false"));
    a->streams.refused = true;
    assert_int_equal(fake_ask(a, "GET " V1 "/events", NULL, NULL)->status, 503);
}

static void while_nobody_listens_the_reason_is_kept(void **state)
{
    struct app *a = *state;
    struct call *c = with_call(a);
    const char *retrieved;
    char last[24];
    uint64_t id[16];

    (void)fake_ask(a, "GET " V1 "/events?topics=calls", NULL, NULL);
    assert_int_equal(ids(a->streams.text, id), 1);
    (void)text_format(last, sizeof last, "%llu", (unsigned long long)id[0]);
    tell(a, "call.parked", "calls", c->id);
    a->streams.open++; /* he is gone, which the next heartbeat finds out */
    for (int i = 0; i < 320; i++)
        a->watcher.second(a->watcher.to);
    tell(a, "call.retrieved", "calls", c->id);
    a->last_event_id = last;
    (void)fake_ask(a, "GET " V1 "/events?topics=calls", NULL, NULL);
    retrieved = strstr(a->streams.text, "call.retrieved");
    assert_non_null(strstr(a->streams.text, "\"call\":{"));
    assert_non_null(retrieved);
    assert_non_null(strstr(retrieved, "for a \\\"test\\\""));
    assert_non_null(strstr(retrieved, "\"call_id\":\"call_"));
    assert_null(strstr(retrieved, "\"call\":{"));
}

#define WITH_APP(test) cmocka_unit_test_setup_teardown(test, fake_set_up, fake_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_APP(a_listener_gets_a_snapshot_and_then_every_event),
        WITH_APP(a_heartbeat_comes_every_fifteen_seconds),
        WITH_APP(who_comes_back_gets_what_he_missed),
        WITH_APP(who_is_behind_gets_the_rest_later),
        WITH_APP(a_snapshot_is_never_old),
        WITH_APP(while_nobody_listens_the_reason_is_kept),
        WITH_APP(events_can_be_read_as_a_list),
    };

    return cmocka_run_group_tests_name("api_events", tests, NULL, NULL);
}

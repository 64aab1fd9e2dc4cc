/* One suite for every store: what store.h promises, whatever is behind it. Reading records and
 * steps is in test_records.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "tested.h"

static int set_up(void **state)
{
    struct tested *t = malloc(sizeof *t);

    assert_non_null(t);
    tested_open(t, *state); /* the initial state of each test is the kind of store */
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    tested_done(*state);
    free(*state);
    return 0;
}

static void write_one(struct tested *t, struct change c)
{
    tested_must_write(t, &c, 1);
}

/* --- what was written is read again --- */

static void assert_same_party(const struct party *a, const struct party *b)
{
    assert_string_equal(a->display, b->display);
    assert_string_equal(a->uri, b->uri);
    assert_string_equal(a->contact, b->contact);
    assert_int_equal(a->hidden, b->hidden);
}

static void assert_same_call(const struct stored_call *a, const struct stored_call *b)
{
    char left[LIST_SIZE], right[LIST_SIZE];

    assert_int_equal(a->call.id, b->call.id);
    assert_int_equal(a->call.state, b->call.state);
    assert_int_equal(a->call.orbit, b->call.orbit);
    assert_int_equal(a->call.has_orbit, b->call.has_orbit);
    assert_int_equal(a->call.range, b->call.range);
    assert_int_equal(a->call.caller_leg, b->call.caller_leg);
    assert_int_equal(a->call.caller_up, b->call.caller_up);
    assert_same_party(&a->call.caller, &b->call.caller);
    assert_same_party(&a->call.parker, &b->call.parker);
    assert_same_party(&a->call.peer_party, &b->call.peer_party);
    assert_int_equal(a->call.parker_known, b->call.parker_known);
    assert_int_equal(a->call.consult, b->call.consult);
    assert_int_equal(a->call.peer, b->call.peer);
    assert_int_equal(a->call.peer_role, b->call.peer_role);
    assert_int_equal(a->call.peer_up, b->call.peer_up);
    assert_int_equal(a->call.next_leg, b->call.next_leg);
    assert_int_equal(a->call.next_for, b->call.next_for);
    assert_same_party(&a->call.next_party, &b->call.next_party);
    assert_int_equal(a->call.transfer, b->call.transfer);
    assert_int_equal(a->call.number_known, b->call.number_known);
    assert_int_equal(a->call.attempt, b->call.attempt);
    assert_int_equal(a->call.wait, b->call.wait);
    assert_int_equal(a->call.fallback_tried, b->call.fallback_tried);
    assert_int_equal(a->call.forced, b->call.forced);
    assert_int_equal(a->call.parked_wall, b->call.parked_wall);
    assert_int_equal(a->deadline, b->deadline);
    assert_int_equal(a->give_up_at, b->give_up_at);
    assert_int_equal(a->resume_at, b->resume_at);
    assert_int_equal(a->next_deadline, b->next_deadline);
    assert_int_equal(a->connected_at, b->connected_at);
    assert_int_equal(a->clock, b->clock);
    assert_string_equal(a->boot, b->boot);
    assert_string_equal(a->call.note, b->call.note);
    assert_string_equal(a->call.why, b->call.why);
    assert_int_equal(a->call.version, b->call.version);
    for (unsigned key = 0; key < SETTING_KEYS; key++) {
        rules_text(left, &a->call.rules, (enum setting_key)key);
        rules_text(right, &b->call.rules, (enum setting_key)key);
        assert_string_equal(left, right);
    }
}

static void gives_back_what_was_written(void **state)
{
    struct tested *t = *state;
    struct change rows[] = { row_site("Redmond"),
                             row_destination("pool1.contoso.com", "Redmond"),
                             row_range(5, "Café \"1\"", 4100, 4149),
                             row_settings(SCOPE_RANGE, "", 5),
                             row_call(77, 4101),
                             row_leg(1155, 77) };
    struct loaded *l;

    (void)text_copy(rows[2].range.park_number, NUMBER_SIZE, "*70");
    tested_start(t);
    tested_must_write(t, rows, 6);
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->sites, 1);
    assert_memory_equal(&l->site[0], &rows[0].site, sizeof(struct site));
    assert_int_equal(l->destinations, 1);
    assert_memory_equal(&l->destination[0], &rows[1].destination, sizeof(struct destination));
    assert_int_equal(l->ranges, 1);
    assert_string_equal(l->range[0].name, rows[2].range.name);
    assert_string_equal(l->range[0].destination, "pool1.contoso.com");
    assert_string_equal(l->range[0].park_number, "*70");
    assert_int_equal(l->range[0].first, 4100);
    assert_int_equal(l->range[0].last, 4149);
    assert_int_equal(l->range[0].type, RANGE_GROUP_PICKUP);
    assert_int_equal(l->range[0].state, RANGE_DRAINING);
    assert_int_equal(l->range[0].version, 3);
    assert_int_equal(l->scopes, 1);
    assert_int_equal(l->calls, 1);
    assert_same_call(&l->call[0], &rows[4].call);
    assert_int_equal(l->legs, 1);
    assert_memory_equal(&l->leg[0], &rows[5].leg, sizeof(struct stored_leg));
    free(l);
}

static void settings_are_put_as_a_whole(void **state)
{
    struct tested *t = *state;
    struct change first = row_settings(SCOPE_SITE, "Redmond", 0), second = first;
    struct loaded *l;

    settings_unset(&second.settings.settings, SET_TIMEOUT_URI);
    second.settings.settings.version = 5;
    tested_start(t);
    write_one(t, row_settings(SCOPE_GLOBAL, "", 0));
    write_one(t, first);
    write_one(t, second);
    write_one(t, row_settings(SCOPE_DESTINATION, "pool1.contoso.com", 0));
    first.settings.scope = (struct scope){ .kind = SCOPE_RANGE, .range = 12 };
    first.settings.settings.set = 0; /* removes what is not there */
    write_one(t, first);
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->scopes, 3);
    for (unsigned i = 0; i < 3; i++) {
        const struct settings *said = &l->settings[i].said;
        bool site = l->settings[i].scope.kind == SCOPE_SITE;

        assert_int_equal(said->set, site ? second.settings.settings.set
                                         : 1U << SET_PICKUP_TIMEOUT | 1U << SET_TIMEOUT_URI);
        assert_int_equal(said->version, site ? 5 : 4);
        assert_true(said->values.pickup_timeout == NEVER);
        if (site)
            assert_string_equal(l->settings[i].scope.name, "Redmond");
    }
    free(l);
}

static void what_goes_takes_its_own_along(void **state)
{
    struct tested *t = *state;
    struct change gone[4] = { { .type = CHANGE_RANGE_REMOVE },
                              { .type = CHANGE_SITE_REMOVE },
                              { .type = CHANGE_DESTINATION_REMOVE },
                              { .type = CHANGE_CALL_REMOVE } };
    struct change leg_gone = { .type = CHANGE_LEG_REMOVE };
    struct loaded *l;

    gone[0].range_gone = 5;
    gone[1].site = row_site("redmond").site;
    gone[2].destination = row_destination("pool1.contoso.com", "").destination;
    gone[3].call_gone = 77;
    leg_gone.leg_gone = 9;
    tested_start(t);
    write_one(t, row_range(5, "a", 4100, 4149));
    write_one(t, row_range(6, "b", 4200, 4249));
    write_one(t, row_site("Redmond"));
    write_one(t, row_destination("pool1.contoso.com", "Redmond"));
    write_one(t, row_settings(SCOPE_RANGE, "", 5));
    write_one(t, row_settings(SCOPE_RANGE, "", 6));
    write_one(t, row_settings(SCOPE_SITE, "Redmond", 0));
    write_one(t, row_settings(SCOPE_DESTINATION, "pool1.contoso.com", 0));
    write_one(t, row_call(77, 4101));
    write_one(t, row_leg(5, 77));
    write_one(t, row_leg(7, 77));
    write_one(t, row_leg(9, 78));
    write_one(t, row_leg(11, 78));
    tested_must_write(t, gone, 4);
    write_one(t, leg_gone);
    write_one(t, leg_gone); /* once more is no fault */
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->ranges, 1);
    assert_int_equal(l->sites + l->destinations + l->calls, 0);
    assert_int_equal(l->scopes, 1);
    assert_int_equal(l->settings[0].scope.range, 6);
    assert_int_equal(l->legs, 1);
    assert_int_equal(l->leg[0].leg, 11);
    free(l);
}

static void ids_never_go_back(void **state)
{
    struct tested *t = *state;
    struct change gone = { .type = CHANGE_CALL_REMOVE };
    struct change range_gone = { .type = CHANGE_RANGE_REMOVE };
    struct store_highest h = { .call = 1, .audit = 1 };

    assert_int_equal(store_highest(t->store, &h, NULL), 0);
    assert_int_equal(h.call + h.leg + h.range + h.binding + h.token + h.login + h.audit, 0);
    gone.call_gone = 500;
    range_gone.range_gone = 40;
    tested_start(t);
    write_one(t, row_call(500, 4100)); /* its legs are 2000 and 2001 */
    write_one(t, row_leg(3000, 500));
    write_one(t, row_range(40, "a", 4100, 4149));
    write_one(t, gone);
    write_one(t, range_gone);
    write_one(t, row_leg(2, 7));
    tested_reopen(t);
    assert_int_equal(store_highest(t->store, &h, NULL), 0);
    assert_int_equal(h.call, 500);
    assert_int_equal(h.leg, 3000);
    assert_int_equal(h.range, 40);
    tested_start(t);
    write_one(t, row_record(600, 4100, OUT_RETRIEVED, 1));
    tested_reopen(t);
    assert_int_equal(store_highest(t->store, &h, NULL), 0);
    assert_int_equal(h.call, 600);
    assert_int_equal(h.range, 40);
}

/* --- rules of the store itself --- */

static void refuse(struct tested *t, struct change c, const char *words)
{
    char text[ERR_TEXT_SIZE];

    assert_int_equal(tested_write(t, &c, 1, text), STORE_REFUSED);
    if (!text_matches(text, words))
        fail_msg("'%s' is not like '%s'", text, words);
}

static void no_number_is_in_two_ranges(void **state)
{
    struct tested *t = *state;
    number_key star = number_read("*7000", NULL);
    struct change park = row_range(7, "parks", 5000, 5009), other = row_range(8, "too", 5100, 5109);

    tested_start(t);
    write_one(t, row_range(1, "Front desk", 4100, 4149));
    refuse(t, row_range(2, "Sales", 4149, 4160),
           "number 4149 *'Front desk' (4100-4149)*'Sales' (4149-4160)*");
    refuse(t, row_range(2, "Sales", 4000, 4100), "number 4100 *");
    refuse(t, row_range(2, "Sales", 4090, 4200), "number 4100 *");
    write_one(t, row_range(2, "Sales", 4150, 4160));
    write_one(t, row_range(3, "Star", star, star + 9));
    refuse(t, row_range(4, "Star 2", star + 9, star + 9), "number ?7009 *");
    refuse(t, row_range(9, "front DESK", 6000, 6009), "*name 'Front desk'*");
    (void)text_copy(park.range.park_number, NUMBER_SIZE, "500");
    (void)text_copy(other.range.park_number, NUMBER_SIZE, "500");
    write_one(t, park);
    refuse(t, other, "500 parks into range 'parks' already");
}

static void a_range_may_change(void **state)
{
    struct tested *t = *state;
    struct change gone = { .type = CHANGE_RANGE_REMOVE };
    struct change swap[2] = { row_range(1, "a", 4200, 4249), row_range(2, "b", 4100, 4149) };
    struct loaded *l;

    gone.range_gone = 1;
    tested_start(t);
    write_one(t, row_range(1, "a", 4100, 4149));
    write_one(t, row_range(1, "a new name", 4100, 4149)); /* the same numbers */
    write_one(t, row_range(1, "a", 4110, 4119));          /* fewer */
    write_one(t, row_range(2, "b", 4120, 4129));          /* what it left is free */
    refuse(t, row_range(1, "a", 4110, 4120), "number 4120 *");
    write_one(t, row_range(3, "c", 4100, 4109));
    write_one(t, gone);
    write_one(t, row_range(4, "a", 4110, 4119)); /* all of it is free, its name as well */
    gone.range_gone = 3;
    write_one(t, gone);
    gone.range_gone = 4;
    write_one(t, gone);
    tested_must_write(t, swap, 2);
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->ranges, 2);
    free(l);
    tested_start(t);
    refuse(t, row_range(9, "z", 4249, 4260), "number 4249 *");
}

/* --- groups, turns, reports --- */

static void a_group_fails_alone(void **state)
{
    struct tested *t = *state;
    struct change first = row_call(1, 4100), last = row_call(3, 4102);
    struct change bad[3] = { row_call(2, 4101), row_range(2, "b", 4149, 4150), row_leg(5, 2) };
    struct change_group groups[3];
    struct loaded *l;

    tested_start(t);
    write_one(t, row_range(1, "a", 4100, 4149));
    groups[0] = tested_group(10, &first, 1);
    groups[1] = tested_group(11, bad, 3);
    groups[2] = tested_group(12, &last, 1);
    assert_int_equal(store_submit(t->store, groups, 3), 0);
    for (uint64_t token = 10; token <= 12; token++) {
        struct store_event ev = tested_event(t);

        assert_int_equal(ev.type, STORE_REPORT);
        assert_int_equal(ev.token, token);
        assert_int_equal(ev.result, token == 11 ? STORE_REFUSED : STORE_DONE);
    }
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->calls, 2);
    assert_int_equal(l->call[0].call.id + l->call[1].call.id, 4);
    assert_int_equal(l->legs, 0);
    assert_int_equal(l->ranges, 1);
    free(l);
}

/* What a group replaced or removed is there again after it failed. */
static void a_failed_group_leaves_no_trace(void **state)
{
    struct tested *t = *state;
    struct change bad[5] = { row_call(1, 4100),
                             { .type = CHANGE_CALL_REMOVE },
                             row_call(9, 4101),
                             row_settings(SCOPE_GLOBAL, "", 0),
                             row_range(2, "b", 4149, 4150) };
    struct change before = row_call(1, 4100);
    struct loaded *l;

    before.call.call.attempt = 1;
    bad[0].call.call.attempt = 2;
    bad[1].call_gone = 2;
    bad[3].settings.settings.set = 0;
    tested_start(t);
    write_one(t, row_range(1, "a", 4100, 4149));
    write_one(t, before);
    write_one(t, row_call(2, 4102));
    write_one(t, row_leg(5, 2));
    write_one(t, row_settings(SCOPE_GLOBAL, "", 0));
    assert_int_equal(tested_write(t, bad, 5, NULL), STORE_REFUSED);
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->calls, 2);
    assert_int_equal(l->call[l->call[0].call.id == 1 ? 0 : 1].call.attempt, 1);
    assert_int_equal(l->legs, 1);
    assert_int_equal(l->scopes, 1);
    free(l);
}

static void reports_come_in_order(void **state)
{
    struct tested *t = *state;
    uint64_t token = 0, expected = 0;

    tested_start(t);
    for (unsigned turn = 0; turn < 100; turn++) {
        struct change_group groups[3];

        for (unsigned i = 0; i < 3; i++) {
            struct change c = row_step(1, turn * 3 + i + 1);

            groups[i] = tested_group(++token, &c, 1);
        }
        assert_int_equal(store_submit(t->store, groups, 3), 0);
    }
    while (expected < token)
        assert_int_equal(tested_event(t).token, ++expected);
}

static void no_token_no_report_but_of_failure(void **state)
{
    struct tested *t = *state;
    struct change good = row_range(1, "a", 4100, 4149), bad = row_range(2, "b", 4100, 4100);
    struct change_group groups[3];
    struct store_event ev;

    groups[0] = tested_group(0, &good, 1);
    groups[1] = tested_group(0, &bad, 1);
    groups[2] = tested_group(5, &good, 1);
    tested_start(t);
    assert_int_equal(store_submit(t->store, groups, 3), 0);
    ev = tested_event(t);
    assert_int_equal(ev.token, 0);
    assert_int_equal(ev.result, STORE_REFUSED);
    assert_int_equal(tested_event(t).token, 5);
}

static void closing_writes_what_was_submitted(void **state)
{
    struct tested *t = *state;
    struct loaded *l;

    tested_start(t);
    for (unsigned i = 1; i <= 10; i++) {
        struct change c = row_call(i, 4100 + i);
        struct change_group group = tested_group(i, &c, 1);

        assert_int_equal(store_submit(t->store, &group, 1), 0);
    }
    tested_reopen(t);
    l = tested_load(t);
    assert_int_equal(l->calls, 10);
    free(l);
}

static bool refuse_twice(void *to, const struct store_event *ev)
{
    static unsigned refused; /* on the worker alone */
    struct tested *t = to;

    return refused++ % 3 == 2 && queue_put(t->events, ev);
}

static void a_report_waits_for_its_receiver(void **state)
{
    struct tested *t = *state;
    struct change c = row_call(1, 4100);

    assert_int_equal(store_start(t->store, refuse_twice, t, NULL), 0);
    for (uint64_t token = 1; token <= 5; token++) {
        struct change_group group = tested_group(token, &c, 1);

        assert_int_equal(store_submit(t->store, &group, 1), 0);
    }
    for (uint64_t token = 1; token <= 5; token++)
        assert_int_equal(tested_event(t).token, token);
}

static bool never_takes(void *to, const struct store_event *ev)
{
    (void)to;
    (void)ev;
    return false;
}

/* Turns that nobody may wait for pile up; then the answer is a plain no, and closing still ends. */
static void full_is_an_answer(void **state)
{
    struct tested *t = *state;
    struct change c = row_step(1, 1);
    unsigned taken = 0;
    int result = 0;

    assert_int_equal(store_start(t->store, never_takes, NULL, NULL), 0);
    while (result == 0 && taken < 10000) {
        struct change_group group = tested_group(1, &c, 1);

        result = store_submit(t->store, &group, 1);
        taken += result == 0;
    }
    assert_int_equal(result, -ENOBUFS);
    assert_true(taken >= 4000);
}

static void an_unknown_url_is_refused(void **state)
{
    static const char *const urls[] = { "", "sqlite:", "mysql://x", "/var/lib/callpark.db" };
    struct store *s;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        err.text[0] = '\0';
        assert_true(store_open(&s, urls[i], &err) < 0);
        assert_true(text_matches(err.text, "*sqlite:*"));
    }
}

#define FOR(kind, test)                                                                            \
    {                                                                                              \
        kind "/" #test, test, set_up, tear_down, (void *)(uintptr_t)kind                           \
    }
#define BOTH(test) FOR("memory", test), FOR("sqlite", test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(gives_back_what_was_written),
        BOTH(settings_are_put_as_a_whole),
        BOTH(what_goes_takes_its_own_along),
        BOTH(ids_never_go_back),
        BOTH(no_number_is_in_two_ranges),
        BOTH(a_range_may_change),
        BOTH(a_group_fails_alone),
        BOTH(a_failed_group_leaves_no_trace),
        BOTH(reports_come_in_order),
        BOTH(no_token_no_report_but_of_failure),
        BOTH(closing_writes_what_was_submitted),
        BOTH(a_report_waits_for_its_receiver),
        BOTH(full_is_an_answer),
        cmocka_unit_test(an_unknown_url_is_refused),
    };

    return cmocka_run_group_tests_name("contract", tests, NULL, NULL);
}

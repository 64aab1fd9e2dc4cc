/* One suite for every store: reading the records and steps of calls, and how many are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

static void assert_same_party(const struct party *a, const struct party *b)
{
    assert_string_equal(a->display, b->display);
    assert_string_equal(a->uri, b->uri);
    assert_string_equal(a->contact, b->contact);
    assert_int_equal(a->hidden, b->hidden);
}

static void write_records(struct tested *t)
{
    for (unsigned i = 1; i <= 20; i++)
        write_one(t, row_record(i, 4100 + i % 2, i % 4 ? OUT_RETRIEVED : OUT_ABANDONED, 1000 * i));
}

static void records_come_newest_first(void **state)
{
    struct tested *t = *state;
    struct store_query q = { .type = QUERY_RECORDS, .token = 1, .limit = 8 };
    call_id expected = 20;
    struct store_rows *rows;

    tested_start(t);
    write_records(t);
    do {
        q.token++;
        rows = tested_ask(t, &q);
        assert_int_equal(rows->total, 20);
        for (size_t i = 0; i < rows->count; i++)
            assert_int_equal(rows->records[i].id, expected--);
        assert_int_equal(rows->more, expected > 0);
        q.before = expected + 1;
        store_rows_free(rows);
    } while (expected > 0);
}

static void a_record_comes_back_whole(void **state)
{
    struct tested *t = *state;
    struct store_query q = { .type = QUERY_RECORDS, .call = 7 };
    struct change c = row_record(7, 4100, OUT_FORWARDED, 5000);
    struct store_rows *rows;
    struct call_record *r;

    tested_start(t);
    write_records(t);
    write_one(t, c); /* replaces */
    rows = tested_ask(t, &q);
    assert_int_equal(rows->count, 1);
    assert_int_equal(rows->total, 1);
    assert_false(rows->more);
    r = &rows->records[0];
    assert_same_party(&r->caller, &c.record.caller);
    assert_same_party(&r->parker, &c.record.parker);
    assert_same_party(&r->taker, &c.record.taker);
    assert_string_equal(r->range_name, "Front desk");
    assert_string_equal(r->destination, "pool1.contoso.com");
    assert_string_equal(r->node, "a");
    assert_string_equal(r->why, "somebody dialled it");
    assert_int_equal(r->range, 5);
    assert_int_equal(r->outcome, OUT_FORWARDED);
    assert_int_equal(r->parked_at, 5000);
    assert_int_equal(r->ended_at, 35000);
    assert_int_equal(r->waited, 30000);
    assert_int_equal(r->attempts, 1);
    store_rows_free(rows);
}

static void records_are_filtered(void **state)
{
    static const struct {
        struct store_query q;
        unsigned count;
    } lines[] = {
        { { .orbit = 4101 }, 10 },
        { { .orbit = 4105 }, 0 },
        { { .outcome = OUT_ABANDONED }, 5 },
        { { .outcome = OUT_ABANDONED, .orbit = 4101 }, 0 },
        { { .since = 5000 }, 16 },
        { { .until = 5000 }, 4 },
        { { .since = 5000, .until = 7001, .outcome = OUT_RETRIEVED }, 3 },
        { { .call = 21 }, 0 },
        { { .before = 3 }, 2 },
    };
    struct tested *t = *state;

    tested_start(t);
    write_records(t);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct store_rows *rows = tested_ask(t, &lines[i].q);

        assert_int_equal(rows->count, lines[i].count);
        assert_int_equal(rows->total, lines[i].q.before ? 20 : lines[i].count);
        assert_false(rows->more);
        store_rows_free(rows);
    }
}

/* Somebody whose role holds at some places only is shown the records of these, and their number. */
static void records_are_of_places(void **state)
{
    static const struct {
        struct scope scopes[2];
        size_t count;
        unsigned records;
    } lines[] = {
        { { { .kind = SCOPE_RANGE, .range = 5 } }, 1, 20 },
        { { { .kind = SCOPE_RANGE, .range = 6 } }, 1, 0 },
        { { { .kind = SCOPE_DESTINATION, .name = "POOL1.contoso.com" } }, 1, 20 },
        { { { .kind = SCOPE_DESTINATION, .name = "pool2.contoso.com" } }, 1, 0 },
        { { { .kind = SCOPE_SITE, .name = "redmond" } }, 1, 20 },
        { { { .kind = SCOPE_SITE, .name = "Berlin" } }, 1, 0 },
        { { { .kind = SCOPE_SITE, .name = "Berlin" }, { .kind = SCOPE_RANGE, .range = 5 } },
          2,
          20 },
        { { { .kind = SCOPE_GLOBAL } }, 1, 20 },
    };
    struct change site = { .type = CHANGE_SITE_PUT, .site = { .name = "Redmond", .version = 1 } };
    struct change pool = { .type = CHANGE_DESTINATION_PUT,
                           .destination = { .fqdn = "pool1.contoso.com",
                                            .service_id = "ApplicationServer:pool1.contoso.com",
                                            .site = "Redmond",
                                            .version = 1 } };
    struct tested *t = *state;

    tested_start(t);
    write_one(t, site);
    write_one(t, pool);
    write_records(t);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct store_query q = { .type = QUERY_RECORDS, .scope_count = lines[i].count };
        struct store_rows *rows;

        memcpy(q.scopes, lines[i].scopes, sizeof lines[i].scopes);
        rows = tested_ask(t, &q);
        assert_int_equal(rows->count, lines[i].records);
        assert_int_equal(rows->total, lines[i].records);
        store_rows_free(rows);
    }
}

static void steps_come_in_order(void **state)
{
    struct tested *t = *state;
    struct store_query q = { .type = QUERY_STEPS, .call = 7 };
    struct store_rows *rows;

    tested_start(t);
    for (unsigned i = 40; i >= 1; i--)
        write_one(t, row_step(7, i));
    write_one(t, row_step(8, 1));
    rows = tested_ask(t, &q);
    assert_int_equal(rows->count, 40);
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(rows->steps[i].number, i + 1);
    assert_string_equal(rows->steps[1].step, "call.step2");
    assert_string_equal(rows->steps[1].why, "because");
    assert_int_equal(rows->steps[1].at, 1763900000002);
    store_rows_free(rows);
    q.limit = 10;
    rows = tested_ask(t, &q);
    assert_int_equal(rows->count, 10);
    assert_true(rows->more);
    store_rows_free(rows);
}

static void old_records_make_room(void **state)
{
    struct tested *t = *state;
    struct store_query q = { .type = QUERY_RECORDS };
    struct store_rows *rows;

    store_keep(t->store, 10, 10);
    tested_start(t);
    write_one(t, row_step(3, 1));
    write_one(t, row_step(18, 1));
    write_records(t);
    write_one(t, row_record(20, 4100, OUT_RETRIEVED, 1)); /* no new one: nothing goes for it */
    rows = tested_ask(t, &q);
    assert_int_equal(rows->count, 10);
    assert_int_equal(rows->records[9].id, 11);
    store_rows_free(rows);
    q = (struct store_query){ .type = QUERY_STEPS, .call = 3 };
    rows = tested_ask(t, &q);
    assert_int_equal(rows->count, 0);
    store_rows_free(rows);
    q.call = 18;
    rows = tested_ask(t, &q);
    assert_int_equal(rows->count, 1);
    store_rows_free(rows);
}

#define FOR(kind, test)                                                                            \
    {                                                                                              \
        kind "/" #test, test, set_up, tear_down, (void *)(uintptr_t)kind                           \
    }
#define BOTH(test) FOR("memory", test), FOR("sqlite", test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(records_come_newest_first), BOTH(a_record_comes_back_whole),
        BOTH(records_are_filtered),      BOTH(records_are_of_places),
        BOTH(steps_come_in_order),       BOTH(old_records_make_room),
    };

    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}

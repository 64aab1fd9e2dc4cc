/* One suite for every store: the audit trail, its chain, and looking through it. And for the one in
 * a file what somebody with a database shell may do to it. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "store/chain.h"
#include "tested_sql.h"

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

static struct change entry(const char *subject)
{
    return row_audit("anna", "range.updated", subject, 1763900000123);
}

static void write_entries(struct tested *t, unsigned count)
{
    while (count-- > 0) {
        struct change c = entry("a");

        tested_must_write(t, &c, 1);
    }
}

/* What was found wrong with the trail, from the newest entry on; the id that no longer fits, or 0.
 * This is what callparkctl audit verify does from outside. */
static audit_id first_fault(struct tested *t)
{
    struct store_query q = { .type = QUERY_AUDIT, .limit = 7 };
    struct store_query ask_head = { .type = QUERY_AUDIT_HEAD };
    struct store_rows *rows = tested_ask(t, &ask_head);
    audit_id expected = rows->head, fault = 0;
    unsigned char hash[AUDIT_HASH_SIZE], wanted[AUDIT_HASH_SIZE];
    bool more = true;

    assert_true(rows->count <= 1);
    assert_false(rows->more);
    if (rows->count > 0)
        memcpy(wanted, rows->audit[0].hash, sizeof wanted);
    store_rows_free(rows);
    while (more && fault == 0) {
        rows = tested_ask(t, &q);
        more = rows->more;
        for (size_t i = 0; i < rows->count && fault == 0; i++, expected--) {
            const struct audit_entry *e = &rows->audit[i];

            chain_hash(e, hash);
            if (e->id != expected || memcmp(hash, e->hash, sizeof hash) != 0 ||
                memcmp(wanted, e->hash, sizeof wanted) != 0)
                fault = expected;
            memcpy(wanted, e->prev, sizeof wanted);
            q.before = e->id;
        }
        store_rows_free(rows);
    }
    return fault;
}

static uint64_t count_entries(struct tested *t)
{
    struct store_query q = { .type = QUERY_AUDIT_HEAD };
    struct store_rows *rows = tested_ask(t, &q);
    uint64_t count = rows->total;

    store_rows_free(rows);
    return count;
}

static void assert_hash(const unsigned char hash[AUDIT_HASH_SIZE], const char *hex)
{
    char text[2 * AUDIT_HASH_SIZE + 1] = "";

    for (size_t i = 0; i < AUDIT_HASH_SIZE; i++)
        assert_true(text_append(text, sizeof text, "%02x", hash[i]));
    assert_string_equal(text, hex);
}

/* Computed by another program from what docs/api.md says. */
static void the_hash_is_the_documented_one(void **state)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    static const char first[] = "86dc90ca0f915fa8a886b74e4c8e9f3e73c91efa2fb19dab50d3ee8184583952";
    static const char second[] = "a9ae641b7f88c02f984961a543833bb591e32bb686b7500e722e1392363e42de";
    struct tested *t = *state;
    struct store_query q = { .type = QUERY_AUDIT };
    struct change c[2] = { { .type = CHANGE_AUDIT_ADD }, { .type = CHANGE_AUDIT_ADD } };
    struct store_rows *rows;

    c[0].audit = (struct audit_entry){ .at = 1763900000123,
                                       .actor = "J\xc3\xbcrgen",
                                       .source = "2001:db8::7",
                                       .request = "req_1",
                                       .action = "range.updated",
                                       .subject = "Front desk",
                                       .subject_id = "rng_0000000000005",
                                       .before = "{\"name\":\"Front\"}",
                                       .after = "{\"name\":\"Front desk\"}" };
    c[1].audit = (struct audit_entry){ .at = 1763900000124,
                                       .actor = "first token from 192.0.2.7",
                                       .action = "system.reload" };
    tested_start(t);
    tested_must_write(t, c, 2);
    rows = tested_ask(t, &q);
    assert_int_equal(rows->count, 2);
    assert_hash(rows->audit[1].prev, zeros);
    assert_hash(rows->audit[1].hash, first);
    assert_hash(rows->audit[0].prev, first);
    assert_hash(rows->audit[0].hash, second);
    store_rows_free(rows);
}

static void an_entry_comes_back_whole(void **state)
{
    struct tested *t = *state;
    struct store_query q = { .type = QUERY_AUDIT, .entry = 2 };
    struct change c = entry("Caf\xc3\xa9 '1'");
    struct store_rows *rows;

    tested_start(t);
    write_entries(t, 1);
    tested_must_write(t, &c, 1);
    write_entries(t, 1);
    tested_reopen(t);
    tested_start(t);
    rows = tested_ask(t, &q);
    assert_int_equal(rows->count, 1);
    assert_int_equal(rows->total, 1);
    assert_false(rows->more);
    c.audit.id = 2;
    memcpy(c.audit.prev, rows->audit[0].prev, sizeof c.audit.prev);
    chain_hash(&c.audit, c.audit.hash);
    assert_memory_equal(&rows->audit[0], &c.audit, sizeof c.audit);
    store_rows_free(rows);
}

/* Several in one group, several groups in one turn, beside changes of other kinds. */
static void the_chain_holds_over_groups(void **state)
{
    struct tested *t = *state;
    struct change mixed[4] = { entry("a"), row_site("Redmond"), entry("b"), entry("c") };
    struct change site = row_site("Berlin"), single = entry("d");
    struct change_group groups[3];
    struct store_event ev;

    tested_start(t);
    assert_int_equal(first_fault(t), 0);
    groups[0] = tested_group(1, mixed, 4);
    groups[1] = tested_group(2, &site, 1);
    groups[2] = tested_group(3, &single, 1);
    assert_int_equal(store_submit(t->store, groups, 3), 0);
    ev = tested_event(t);
    assert_int_equal(ev.audit, 3); /* the last of the group's */
    ev = tested_event(t);
    assert_int_equal(ev.audit, 0);
    ev = tested_event(t);
    assert_int_equal(ev.audit, 4);
    assert_int_equal(count_entries(t), 4);
    assert_int_equal(first_fault(t), 0);
    tested_reopen(t);
    tested_start(t);
    write_entries(t, 20);
    assert_int_equal(count_entries(t), 24);
    assert_int_equal(first_fault(t), 0);
}

static void an_undone_group_leaves_no_gap(void **state)
{
    struct tested *t = *state;
    struct change good[2] = { row_range(1, "a", 4100, 4149), entry("a") };
    struct change bad[2] = { entry("b"), row_range(2, "b", 4149, 4150) };
    struct change last = entry("d");
    struct store_highest h;
    struct change_group groups[3];
    struct store_event ev;

    tested_start(t);
    groups[0] = tested_group(1, good, 2);
    groups[1] = tested_group(2, bad, 2);
    groups[2] = tested_group(3, &last, 1);
    assert_int_equal(store_submit(t->store, groups, 3), 0);
    assert_int_equal(tested_event(t).audit, 1);
    ev = tested_event(t);
    assert_int_equal(ev.result, STORE_REFUSED);
    assert_int_equal(ev.audit, 0);
    assert_int_equal(tested_event(t).audit, 2);
    assert_int_equal(tested_write(t, bad, 2, NULL), STORE_REFUSED); /* at the end as well */
    assert_int_equal(count_entries(t), 2);
    assert_int_equal(first_fault(t), 0);
    tested_reopen(t);
    assert_int_equal(store_highest(t->store, &h, NULL), 0);
    assert_int_equal(h.audit, 2);
    tested_start(t);
    write_entries(t, 1);
    assert_int_equal(count_entries(t), 3);
    assert_int_equal(first_fault(t), 0);
}

/* Whatever is changed in an entry, its hash no longer fits. */
static void every_field_is_in_the_hash(void **state)
{
    struct tested *t = *state;
    struct store_query q = { .type = QUERY_AUDIT };
    struct store_rows *rows;
    unsigned char hash[AUDIT_HASH_SIZE];
    struct audit_entry *e;

    tested_start(t);
    write_entries(t, 1);
    rows = tested_ask(t, &q);
    e = &rows->audit[0];
    char *const fields[] = { (char *)&e->id, (char *)&e->at, e->actor,       e->source,
                             e->request,     e->action,      e->subject,     e->subject_id,
                             e->before,      e->after,       (char *)e->prev };

    chain_hash(e, hash);
    assert_memory_equal(hash, e->hash, sizeof hash);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        *fields[i] = (char)(*fields[i] ^ 1);
        chain_hash(e, hash);
        assert_memory_not_equal(hash, e->hash, sizeof hash);
        *fields[i] = (char)(*fields[i] ^ 1);
    }
    chain_hash(e, hash);
    assert_memory_equal(hash, e->hash, sizeof hash);
    store_rows_free(rows);
}

/* The fields stand on lines of their own in what is hashed: one must not look like two. */
static void a_line_end_cannot_hide(void **state)
{
    struct tested *t = *state;
    struct store_query q = { .type = QUERY_AUDIT };
    struct change c = row_audit("a\nb", "x\r\x7f.y", "tab\there", 5);
    struct store_rows *rows;

    tested_start(t);
    tested_must_write(t, &c, 1);
    rows = tested_ask(t, &q);
    assert_string_equal(rows->audit[0].actor, "a?b");
    assert_string_equal(rows->audit[0].action, "x??.y");
    assert_string_equal(rows->audit[0].subject, "tab?here");
    store_rows_free(rows);
    assert_int_equal(first_fault(t), 0);
}

static void the_newest_come_first(void **state)
{
    struct tested *t = *state;
    struct store_query q = { .type = QUERY_AUDIT, .token = 1, .limit = 8 };
    audit_id expected = 20;

    tested_start(t);
    write_entries(t, 20);
    do {
        struct store_rows *rows = tested_ask(t, &q);

        assert_int_equal(rows->total, 20);
        for (size_t i = 0; i < rows->count; i++)
            assert_int_equal(rows->audit[i].id, expected--);
        assert_int_equal(rows->more, expected > 0);
        q.before = expected + 1;
        q.token++;
        store_rows_free(rows);
    } while (expected > 0);
}

static void entries_are_filtered(void **state)
{
    static const struct {
        const char *actor, *action, *subject;
        wall_msec at;
    } entries[] = {
        { "anna", "range.created", "Front desk", 1000 },
        { "Anna", "range.updated", "Front desk", 2000 },
        { "berta", "range.deleted", "Sales_1", 3000 },
        { "user 0 on the admin socket", "settings.updated", "", 4000 },
        { "anna", "auth.login", "anna", 5000 },
        { "berta", "user.created", "100%", 6000 },
    };
    static const struct {
        struct store_query q;
        const char *ids; /* newest first */
    } lines[] = {
        { { .actor = "" }, "654321" },
        { { .actor = "anna" }, "521" },
        { { .actor = "ANN" }, "" },
        { { .action = "range." }, "321" },
        { { .action = "Range.Created" }, "1" },
        { { .action = "ange." }, "" },
        { { .action = "range_" }, "" },
        { { .action = "%" }, "" },
        { { .subject = "front DESK" }, "21" },
        { { .subject = "rng_Sales_1" }, "3" },
        { { .subject = "rng_" }, "4" },
        { { .subject = "Front" }, "" },
        { { .since = 3000 }, "6543" },
        { { .until = 3000 }, "21" },
        { { .since = 2000, .until = 5001, .actor = "anna" }, "52" },
        { { .words = "ann" }, "521" },
        { { .words = "SOCKET" }, "4" },
        { { .words = "created" }, "61" },
        { { .words = "desk" }, "21" },
        { { .words = "db8::7" }, "654321" },
        { { .words = "REQ_1" }, "654321" },
        { { .words = "%" }, "6" },
        { { .words = "s_1" }, "3" },
        { { .words = "\\" }, "" },
        { { .words = "xxxx" }, "" }, /* in `after`, where nobody looks */
        { { .entry = 4 }, "4" },
        { { .entry = 7 }, "" },
        { { .before = 3 }, "21" },
        { { .before = 3, .actor = "berta" }, "" },
    };
    struct tested *t = *state;

    tested_start(t);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        struct change c =
            row_audit(entries[i].actor, entries[i].action, entries[i].subject, entries[i].at);

        tested_must_write(t, &c, 1);
    }
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct store_query q = lines[i].q;
        struct store_rows *rows;
        char ids[16] = "";

        q.type = QUERY_AUDIT;
        rows = tested_ask(t, &q);
        for (size_t k = 0; k < rows->count; k++)
            assert_true(text_append(ids, sizeof ids, "%u", (unsigned)rows->audit[k].id));
        if (!text_is(ids, lines[i].ids))
            fail_msg("line %zu: '%s' and not '%s'", i, ids, lines[i].ids);
        if (!q.before)
            assert_int_equal(rows->total, strlen(ids));
        assert_false(rows->more);
        store_rows_free(rows);
    }
}

static void old_entries_make_room(void **state)
{
    struct tested *t = *state;
    struct store_query q = { .type = QUERY_AUDIT };
    struct store_rows *rows;

    store_keep(t->store, 1000, 10);
    tested_start(t);
    write_entries(t, 25);
    rows = tested_ask(t, &q);
    assert_int_equal(rows->count, 10);
    assert_int_equal(rows->audit[0].id, 25);
    assert_int_equal(rows->audit[9].id, 16);
    store_rows_free(rows);
    assert_int_equal(count_entries(t), 10);
    assert_int_equal(first_fault(t), 0);
}

static void an_empty_trail_has_no_head(void **state)
{
    struct tested *t = *state;
    struct store_query q = { .type = QUERY_AUDIT_HEAD };
    struct store_rows *rows;

    tested_start(t);
    rows = tested_ask(t, &q);
    assert_int_equal(rows->count, 0);
    assert_int_equal(rows->total, 0);
    assert_int_equal(rows->head, 0);
    store_rows_free(rows);
}

/* --- what somebody does with a database shell --- */

static void meddling_shows(void **state)
{
    static const struct {
        const char *sql;
        audit_id fault;
    } lines[] = {
        { "UPDATE audit SET actor = actor", 0 },
        { "UPDATE audit SET actor = 'berta' WHERE id = 6", 6 },
        { "UPDATE audit SET at = at + 1 WHERE id = 1", 1 },
        { "UPDATE audit SET after = '' WHERE id = 10", 10 },
        { "UPDATE audit SET hash = zeroblob(32) WHERE id = 10", 10 },
        { "DELETE FROM audit WHERE id = 5", 5 },
        { "DELETE FROM audit WHERE id = 10", 10 }, /* the tail: `highest` knows of it */
        { "DELETE FROM audit WHERE id > 3", 10 },
        { "DELETE FROM audit WHERE id = 5; UPDATE audit SET id = -id WHERE id < 5;"
          "UPDATE audit SET id = 1 - id WHERE id < 0",
          5 },
        { "DELETE FROM highest WHERE what = 'audit'", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct tested t;
        audit_id fault;

        tested_open(&t, "sqlite");
        tested_start(&t);
        write_entries(&t, 10);
        tested_close(&t);
        tested_sql(&t, "callpark.db", lines[i].sql);
        tested_reopen(&t);
        tested_start(&t);
        fault = first_fault(&t);
        if (fault != lines[i].fault)
            fail_msg("%s: shows at %u", lines[i].sql, (unsigned)fault);
        tested_done(&t);
    }
}

/* A question about many entries must not keep the store from its promises for long. */
static void words_look_at_the_newest_alone(void **state)
{
    static const struct {
        struct store_query q;
        uint64_t total, newest;
    } lines[] = {
        { { .words = "anna" }, 1, 100006 },
        { { .words = "other" }, 99999, 100005 },
        { { .words = "nobody" }, 0, 0 },
        { { .actor = "anna" }, 3, 100006 }, /* this one looks at all */
        { { .actor = "anna", .before = 100006 }, 3, 6 },
        { { .actor = "other", .before = 90 }, 100003, 89 },
    };
    struct tested *t = *state;

    tested_close(t);
    tested_sql(t, "callpark.db",
               "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100006)"
               "INSERT INTO audit SELECT i, i, iif(i IN (5, 6, 100006), 'anna', 'other'), '', '',"
               " 'x', '', '', '', '', zeroblob(32), zeroblob(32) FROM n");
    tested_reopen(t);
    tested_start(t);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct store_query q = lines[i].q;
        struct store_rows *rows;

        q.type = QUERY_AUDIT;
        q.limit = 3;
        rows = tested_ask(t, &q);
        assert_int_equal(rows->total, lines[i].total);
        assert_int_equal(rows->count > 0 ? rows->audit[0].id : 0, lines[i].newest);
        assert_int_equal(rows->more, lines[i].total > 3);
        store_rows_free(rows);
    }
}

/* What comes afterwards does not cover it. */
static void a_cut_tail_shows_for_ever(void **state)
{
    struct tested *t = *state;
    struct store_query q = { .type = QUERY_AUDIT_HEAD };
    struct store_rows *rows;

    tested_start(t);
    write_entries(t, 10);
    tested_close(t);
    tested_sql(t, "callpark.db", "DELETE FROM audit WHERE id > 8");
    tested_reopen(t);
    tested_start(t);
    rows = tested_ask(t, &q);
    assert_int_equal(rows->head, 10);
    assert_int_equal(rows->total, 8);
    assert_int_equal(rows->audit[0].id, 8);
    store_rows_free(rows);
    write_entries(t, 2);
    rows = tested_ask(t, &q);
    assert_int_equal(rows->head, 12);
    assert_int_equal(rows->total, 10);
    assert_int_equal(rows->audit[0].id, 12);
    store_rows_free(rows);
    assert_int_equal(first_fault(t), 10);
}

/* SQLite gives up the whole transaction, with the entries of the groups before. */
static void a_turn_that_is_given_up_leaves_no_gap(void **state)
{
    struct tested *t = *state;
    struct change c[3] = { entry("a"), row_site("boom"), entry("b") };
    struct change_group groups[3];

    tested_start(t);
    write_entries(t, 2);
    tested_close(t);
    tested_sql(t, "callpark.db",
               "CREATE TRIGGER boom BEFORE INSERT ON sites "
               "BEGIN SELECT RAISE(ROLLBACK, 'boom'); END");
    tested_reopen(t);
    tested_start(t);
    for (unsigned i = 0; i < 3; i++)
        groups[i] = tested_group(i + 1, &c[i], 1);
    assert_int_equal(store_submit(t->store, groups, 3), 0);
    for (unsigned i = 0; i < 3; i++) {
        struct store_event ev = tested_report(t);

        assert_int_not_equal(ev.result, STORE_DONE);
        assert_int_equal(ev.audit, 0);
    }
    assert_int_equal(tested_event(t).result, STORE_DONE); /* the trouble is over */
    write_entries(t, 1);
    assert_int_equal(count_entries(t), 5); /* what was kept meanwhile is there as well */
    assert_int_equal(first_fault(t), 0);
}

#define FOR(kind, test)                                                                            \
    {                                                                                              \
        kind "/" #test, test, set_up, tear_down, (void *)(uintptr_t)kind                           \
    }
#define BOTH(test) FOR("memory", test), FOR("sqlite", test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(the_hash_is_the_documented_one),
        BOTH(an_entry_comes_back_whole),
        BOTH(the_chain_holds_over_groups),
        BOTH(an_undone_group_leaves_no_gap),
        BOTH(every_field_is_in_the_hash),
        BOTH(a_line_end_cannot_hide),
        BOTH(the_newest_come_first),
        BOTH(entries_are_filtered),
        BOTH(old_entries_make_room),
        BOTH(an_empty_trail_has_no_head),
        cmocka_unit_test(meddling_shows),
        FOR("sqlite", words_look_at_the_newest_alone),
        FOR("sqlite", a_cut_tail_shows_for_ever),
        FOR("sqlite", a_turn_that_is_given_up_leaves_no_gap),
    };

    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}

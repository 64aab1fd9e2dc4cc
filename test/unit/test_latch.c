/* Whose packets a stream takes and follows, as scripts of packets; and on a shared lane, whose
 * packet it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "media/sources.h"

#define SDP "192.0.2.10"      /* in the SDP of the phone */
#define SIGNALLED "192.0.2.1" /* where its SIP came from */
#define NOW 100000

static struct endpoint at(const char *host, uint16_t port)
{
    struct endpoint e;

    assert_true(endpoint_read(&e, host, port));
    return e;
}

struct step {
    msec when;
    const char *host;
    uint16_t port; /* in the SDP for `sdp`, else of the packet */
    bool sdp;      /* a new SDP and not a packet */
    enum latch_verdict verdict;
};

/* Each script begins with an SDP that names 192.0.2.10:4000, at 0, signalled from 192.0.2.1. */
static void scripts(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        struct step steps[8];
    } rows[] = {
        { "the phone as it said", {
            { 10, SDP, 4000, false, LATCH_MOVE }, { 30, SDP, 4000, false, LATCH_TAKE } } },
        { "behind NAT: its signalling host, once", {
            { 10, SIGNALLED, 5000, false, LATCH_MOVE }, { 30, SIGNALLED, 5000, false, LATCH_TAKE },
            { 50, SIGNALLED, 5002, false, LATCH_REFUSE } } },
        { "another port of its host", {
            { 10, SDP, 4444, false, LATCH_MOVE }, { 30, SDP, 4445, false, LATCH_REFUSE } } },
        { "somebody else, before and after", {
            { 10, "203.0.113.9", 4000, false, LATCH_REFUSE }, { 20, SDP, 4000, false, LATCH_MOVE },
            { 30, "203.0.113.9", 4000, false, LATCH_REFUSE } } },
        { "the SDP's own address may take over for two seconds", {
            { 10, SIGNALLED, 5000, false, LATCH_MOVE }, { 2009, SDP, 4000, false, LATCH_MOVE },
            { 2020, SIGNALLED, 5000, false, LATCH_REFUSE } } },
        { "and not later", {
            { 10, SIGNALLED, 5000, false, LATCH_MOVE }, { 2010, SDP, 4000, false, LATCH_REFUSE },
            { 9999, SIGNALLED, 5000, false, LATCH_TAKE } } },
        { "MD-06: a second source after five seconds", {
            { 10, SIGNALLED, 5000, false, LATCH_MOVE }, { 5010, SIGNALLED, 6000, false, LATCH_REFUSE },
            { 5020, SIGNALLED, 5000, false, LATCH_TAKE } } },
        { "a new SDP opens the latch", {
            { 10, SDP, 4000, false, LATCH_MOVE }, { 5000, "192.0.2.20", 7000, true, 0 },
            { 5010, SDP, 4000, false, LATCH_REFUSE }, { 5020, "192.0.2.20", 7000, false, LATCH_MOVE } } },
        { "the same SDP again does not", {
            { 10, SIGNALLED, 5000, false, LATCH_MOVE }, { 5000, SDP, 4000, true, 0 },
            { 5010, SIGNALLED, 6000, false, LATCH_REFUSE }, { 5020, SIGNALLED, 5000, false, LATCH_TAKE } } },
        { "packets under way do not tie it to the old port", {
            { 10, SIGNALLED, 5000, false, LATCH_MOVE }, { 5000, SDP, 4100, true, 0 },
            { 5020, SIGNALLED, 5000, false, LATCH_REFUSE }, { 5040, SIGNALLED, 5100, false, LATCH_MOVE } } },
        { "but a phone that stays there is found again", {
            { 10, SIGNALLED, 5000, false, LATCH_MOVE }, { 5000, SDP, 4100, true, 0 },
            { 5600, SIGNALLED, 5000, false, LATCH_MOVE } } },
        { "the other family", { { 10, "2001:db8::1", 4000, false, LATCH_REFUSE } } },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct latch l = { .signalled = at(SIGNALLED, 5060) };
        struct endpoint e = at(SDP, 4000);

        latch_expect(&l, &e, 0);
        for (const struct step *s = rows[i].steps; s->host; s++) {
            struct endpoint before = *latch_target(&l);

            e = at(s->host, s->port);
            if (s->sdp) {
                latch_expect(&l, &e, s->when);
                continue;
            }
            if (latch_decide(&l, &e, s->when) != s->verdict)
                fail_msg("%s: at %d", rows[i].what, (int)s->when);
            assert_true(endpoint_same(latch_target(&l), s->verdict == LATCH_REFUSE ? &before : &e));
        }
    }
}

static void without_an_sdp_nobody_is_followed(void **state)
{
    struct latch l = { .signalled = at(SIGNALLED, 5060) };
    struct endpoint e = at(SIGNALLED, 5000);

    (void)state;
    assert_int_equal(latch_decide(&l, &e, 10), LATCH_REFUSE);
    assert_int_equal(latch_target(&l)->family, FAMILY_NONE);
}

static void addresses_are_read(void **state)
{
    struct endpoint e, mapped = { .family = FAMILY_NONE };

    (void)state;
    assert_false(endpoint_read(&e, "0.0.0.0", 4000));
    assert_false(endpoint_read(&e, "::", 4000));
    assert_false(endpoint_read(&e, SDP, 0));
    assert_false(endpoint_read(&e, "phone.example", 4000));
    assert_false(endpoint_read(&e, "", 4000));
    assert_true(endpoint_read(&mapped, "::ffff:192.0.2.10", 4000));
    e = at(SDP, 4000);
    assert_true(endpoint_same(&e, &mapped));
}

#define LEGS 4

/* Legs on one lane: each SDP and signalling address; and who gets a packet from where. */
static void a_packet_has_one_owner_or_none(void **state)
{
    static const struct {
        const char *what;
        struct {
            const char *sdp, *signalled;
            uint16_t port;
        } legs[LEGS];
        const char *from;
        uint16_t port;
        int owner; /* -1: nobody */
    } rows[] = {
        { "exact", { { SDP, SDP, 4000 }, { SDP, SDP, 4002 } }, SDP, 4002, 1 },
        { "the only leg of that host", { { SDP, SDP, 4000 } }, SDP, 4444, 0 },
        { "two legs of that host", { { SDP, SDP, 4000 }, { SDP, SDP, 4002 } }, SDP, 4444, -1 },
        { "by signalling host", { { SDP, SIGNALLED, 4000 } }, SIGNALLED, 4444, 0 },
        { "SDP of one, signalling of the other",
          { { SDP, SDP, 4000 }, { "192.0.2.77", SDP, 4000 } },
          SDP,
          4444,
          -1 },
        { "two claim the same place",
          { { SDP, SDP, 4000 }, { SDP, SIGNALLED, 4000 } },
          SDP,
          4000,
          -1 },
        { "nobody's host", { { SDP, SDP, 4000 } }, "203.0.113.9", 4000, -1 },
        { "no leg at all", { { NULL, NULL, 0 } }, SDP, 4000, -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct source legs[LEGS] = { 0 };
        struct endpoint from = at(rows[i].from, rows[i].port);
        struct source *owner;
        struct sources s;

        assert_true(sources_init(&s, 16, 12345));
        for (size_t n = 0; n < LEGS && rows[i].legs[n].sdp; n++) {
            legs[n].latch.signalled = at(rows[i].legs[n].signalled, 5060);
            legs[n].latch.expected = at(rows[i].legs[n].sdp, rows[i].legs[n].port);
            sources_put(&s, &legs[n]);
        }
        owner = sources_find(&s, &from, NOW);
        if (owner != (rows[i].owner < 0 ? NULL : &legs[rows[i].owner]))
            fail_msg("%s", rows[i].what);
        for (size_t n = 0; n < LEGS; n++)
            sources_leave(&s, &legs[n], NOW);
        assert_null(sources_find(&s, &from, NOW));
        sources_done(&s);
    }
}

/* Of a host with two legs only what comes from a known place counts, latched or not: a PBX sends
 * all its calls from one host, and its next call must not be moved by the last packets of another.
 */
static void two_legs_of_one_host(void **state)
{
    struct source a = { 0 }, b = { 0 };
    struct endpoint odd = at(SDP, 4444), other = at(SDP, 4446);
    struct sources s;

    (void)state;
    assert_true(sources_init(&s, 16, 1));
    a.latch.signalled = b.latch.signalled = at(SDP, 5060);
    a.latch.expected = at(SDP, 4000);
    b.latch.expected = at(SDP, 4002);
    sources_put(&s, &a);
    assert_int_equal(latch_decide(&a.latch, &odd, 10), LATCH_MOVE);
    sources_put(&s, &a);
    sources_put(&s, &b);
    assert_ptr_equal(sources_find(&s, &odd, NOW), &a);
    assert_ptr_equal(sources_exact(&s, &odd), &a);
    assert_null(sources_find(&s, &other, NOW));
    /* Whose SDP names where another already sends from gets nothing of it, and the other neither.
     */
    b.latch.expected = odd;
    sources_put(&s, &b);
    assert_null(sources_find(&s, &odd, NOW));
    assert_null(sources_exact(&s, &odd));
    sources_done(&s);
}

/* A phone goes on sending for a moment after its call has ended; a silent leg of the same host that
 * comes next must not be moved to it. From the very place of its SDP it is heard at once. */
static void an_ended_leg_echoes(void **state)
{
    struct source a = { 0 }, b = { 0 };
    struct endpoint old = at(SDP, 4000), odd = at(SDP, 4446), own = at(SDP, 4002);
    struct sources s;

    (void)state;
    assert_true(sources_init(&s, 16, 1));
    a.latch.signalled = b.latch.signalled = at(SDP, 5060);
    a.latch.expected = old;
    b.latch.expected = own;
    sources_put(&s, &a);
    sources_leave(&s, &a, NOW);
    sources_put(&s, &b);
    assert_null(sources_find(&s, &old, NOW));
    assert_null(sources_find(&s, &old, NOW + SOURCES_ECHO)); /* it goes on and on */
    assert_null(sources_find(&s, &old, NOW + 2 * SOURCES_ECHO));
    assert_ptr_equal(sources_find(&s, &own, NOW), &b);
    assert_ptr_equal(sources_find(&s, &odd, NOW), &b);
    assert_ptr_equal(sources_find(&s, &old, NOW + 3 * SOURCES_ECHO + 1), &b);
    sources_done(&s);
}

/* Until something came from where we send to, it may be anybody's address. */
static void a_place_is_proven_by_what_comes_from_it(void **state)
{
    struct latch l = { 0 };
    struct endpoint sdp = at(SDP, 4000), other = at("203.0.113.9", 4000), next = at(SDP, 4100);

    (void)state;
    latch_expect(&l, &sdp, 0);
    assert_false(latch_is_proven(&l));
    assert_int_equal(latch_decide(&l, &other, 10), LATCH_REFUSE);
    assert_false(latch_is_proven(&l));
    assert_int_equal(latch_decide(&l, &sdp, 20), LATCH_MOVE);
    assert_true(latch_is_proven(&l));
    latch_expect(&l, &sdp, 30); /* the same again */
    assert_true(latch_is_proven(&l));
    latch_expect(&l, &next, 40);
    assert_false(latch_is_proven(&l));
    latch_report(&l);
    assert_true(latch_is_proven(&l));
    latch_expect(&l, &sdp, 50);
    assert_false(latch_is_proven(&l));
}

/* After a restart: sent to where it was, and open to where it is now. */
static void what_was_before_a_restart_is_where_it_is_sent(void **state)
{
    struct latch l = { .signalled = at(SIGNALLED, 5060) };
    struct endpoint sdp = at(SDP, 4000), before = at("203.0.113.9", 5000),
                    now = at("203.0.113.9", 5002), stranger = at("198.51.100.1", 4000),
                    next = at(SDP, 4100);

    (void)state;
    latch_expect(&l, &sdp, 0);
    latch_recall(&l, &before);
    assert_true(endpoint_same(latch_target(&l), &before));
    assert_true(latch_is_proven(&l));
    assert_int_equal(latch_decide(&l, &stranger, 10), LATCH_REFUSE);
    assert_true(endpoint_same(latch_target(&l), &before));
    assert_int_equal(latch_decide(&l, &now, 20), LATCH_MOVE);
    assert_true(endpoint_same(latch_target(&l), &now));
    assert_int_equal(latch_decide(&l, &before, 3000), LATCH_REFUSE);
    latch_expect(&l, &next, 4000);
    assert_true(endpoint_same(latch_target(&l), &next));
    assert_false(latch_is_proven(&l));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts),
        cmocka_unit_test(without_an_sdp_nobody_is_followed),
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(a_packet_has_one_owner_or_none),
        cmocka_unit_test(two_legs_of_one_host),
        cmocka_unit_test(an_ended_leg_echoes),
        cmocka_unit_test(a_place_is_proven_by_what_comes_from_it),
        cmocka_unit_test(what_was_before_a_restart_is_where_it_is_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

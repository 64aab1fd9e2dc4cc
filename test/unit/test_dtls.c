/* Two ends of a handshake, with everything between them in the hands of the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>

#include "media/dtls.h"
#include "sys/clock.h"

#define WIRE_MAX 64
#define PATIENCE 10000 /* msec; only a machine that stands still misses it */

/* Datagrams on their way to one end. */
struct wire {
    struct datagram {
        uint8_t bytes[1500];
        size_t size;
    } on_it[WIRE_MAX];
    unsigned count, lose; /* `lose`: how many of the next are */
};

struct end {
    struct dtls_identity *identity;
    struct dtls *dtls;
    struct wire to_it, *from_it;
    enum dtls_state state;
};

static struct end ends[2];

static void put(void *to, const uint8_t *data, size_t size)
{
    struct wire *w = to;

    assert_true(size <= 1200 && w->count < WIRE_MAX);
    assert_true(dtls_is(data, size));
    if (w->lose) {
        w->lose--;
        return;
    }
    memcpy(w->on_it[w->count].bytes, data, size);
    w->on_it[w->count++].size = size;
}

/* Both ends, ends[0] active, each told the other's fingerprint. */
static int set_up(void **state)
{
    struct session_dtls told[2] = { { .fingerprint_count = 1 }, { .fingerprint_count = 1 } };

    (void)state;
    memset(ends, 0, sizeof ends);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(dtls_identity_new(&ends[i].identity, NULL), 0);
        dtls_identity_fingerprint(ends[i].identity, &told[1 - i].fingerprint[0]);
    }
    for (size_t i = 0; i < 2; i++) {
        ends[i].from_it = &ends[1 - i].to_it;
        ends[i].dtls = dtls_new(ends[i].identity, &told[i], i == 0, put, ends[i].from_it);
        assert_non_null(ends[i].dtls);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        dtls_free(ends[i].dtls);
        dtls_identity_free(ends[i].identity);
    }
    return 0;
}

static void tell_again(struct end *e, const struct session_dtls *told, bool active)
{
    dtls_free(e->dtls);
    e->dtls = dtls_new(e->identity, told, active, put, e->from_it);
    assert_non_null(e->dtls);
}

static void deliver(struct end *e)
{
    struct wire w = e->to_it;

    e->to_it.count = 0;
    for (unsigned i = 0; i < w.count; i++)
        e->state = dtls_take(e->dtls, w.on_it[i].bytes, w.on_it[i].size);
}

/* Until both ends have come to something, or one has failed and has nothing more to say. */
static void shake(void)
{
    msec until = clock_now() + PATIENCE;

    ends[0].state = dtls_start(ends[0].dtls);
    while (ends[0].state == DTLS_SHAKING || ends[1].state == DTLS_SHAKING) {
        assert_true(clock_now() < until);
        if (!ends[0].to_it.count && !ends[1].to_it.count)
            (void)poll(NULL, 0,
                       10); /* for its timer: this is the one thing that only time brings */
        deliver(&ends[1]);
        deliver(&ends[0]);
        if (ends[0].state == DTLS_FAILED || ends[1].state == DTLS_FAILED)
            return;
        ends[0].state = dtls_turn(ends[0].dtls);
        ends[1].state = dtls_turn(ends[1].dtls);
    }
}

static void assert_same_keys(void)
{
    struct session_crypto ours[2], theirs[2];

    for (size_t i = 0; i < 2; i++)
        assert_true(dtls_keys(ends[i].dtls, &ours[i], &theirs[i]));
    assert_int_equal(ours[0].suite, SRTP_AES_128_GCM);
    assert_int_equal(ours[0].key_size, 28);
    assert_memory_equal(&ours[0], &theirs[1], sizeof ours[0]);
    assert_memory_equal(&ours[1], &theirs[0], sizeof ours[0]);
    assert_memory_not_equal(ours[0].key, theirs[0].key, 28);
}

static void both_ends_have_the_same_keys(void **state)
{
    struct session_crypto none;

    (void)state;
    assert_false(dtls_keys(ends[0].dtls, &none, &none));
    shake();
    assert_int_equal(ends[0].state, DTLS_READY);
    assert_int_equal(ends[1].state, DTLS_READY);
    assert_same_keys();
    dtls_free(ends[0].dtls); /* says goodbye */
    ends[0].dtls = NULL;
    deliver(&ends[1]);
    assert_int_equal(ends[1].state, DTLS_ENDED);
}

/* Each of the first datagrams is lost in turn. */
static void what_is_lost_is_sent_again(void **state)
{
    for (unsigned end = 0; end < 2; end++)
        for (unsigned lose = 1; lose < 4; lose += 2) {
            if (end || lose > 1) {
                (void)tear_down(state);
                (void)set_up(state);
            }
            ends[end].to_it.lose = lose;
            shake();
            assert_int_equal(ends[0].state, DTLS_READY);
            assert_int_equal(ends[1].state, DTLS_READY);
            assert_same_keys();
        }
}

/* Someone in between with a certificate of his own. */
static void another_certificate_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct session_dtls told = { .fingerprint_count = 1 };

        (void)tear_down(state);
        (void)set_up(state);
        dtls_identity_fingerprint(ends[i].identity, &told.fingerprint[0]); /* its own */
        tell_again(&ends[i], &told, i == 0);
        shake();
        assert_int_equal(ends[i].state, DTLS_FAILED);
        deliver(&ends[1 - i]); /* the alert */
        assert_int_equal(ends[1 - i].state, DTLS_FAILED);
    }
}

/* One of several is enough; none that we believe is not. */
static void fingerprints_are_chosen_from(void **state)
{
    struct session_dtls told = { .fingerprint_count = 2 };

    (void)state;
    told.fingerprint[0].hash = HASH_SHA512;
    dtls_identity_fingerprint(ends[1].identity, &told.fingerprint[1]);
    tell_again(&ends[0], &told, true);
    shake();
    assert_int_equal(ends[0].state, DTLS_READY);
    (void)tear_down(state);
    (void)set_up(state);
    told.fingerprint[1].hash = HASH_SHA1;
    tell_again(&ends[0], &told, true);
    shake();
    assert_int_equal(ends[0].state, DTLS_FAILED);
}

static void rubbish_changes_nothing(void **state)
{
    /* Cut off, of another epoch, of no version that there is, of no kind that there is. */
    static const uint8_t rubbish[][16] = { { 22 },
                                           { 23, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 9, 0, 3, 1, 2,
                                             3 },
                                           { 22, 9, 9, 0, 0, 0, 0, 0, 0, 0, 9, 0, 3, 1, 2, 3 },
                                           { 63 } };

    (void)state;
    for (size_t i = 0; i < 4; i++)
        if (dtls_take(ends[1].dtls, rubbish[i], sizeof rubbish[i]) != DTLS_SHAKING)
            fail_msg("row %zu", i);
    shake();
    assert_int_equal(ends[1].state, DTLS_READY);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(dtls_take(ends[1].dtls, rubbish[i], sizeof rubbish[i]), DTLS_READY);
    assert_same_keys();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_ends_have_the_same_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_lost_is_sent_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_certificate_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fingerprints_are_chosen_from, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rubbish_changes_nothing, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

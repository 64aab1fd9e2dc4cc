/* Keys of audio are nowhere in memory when a body has been read or written, and nowhere in the
 * queue that a command with them went through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "leftover.h"
#include "sip/sdp.h"
#include "sys/queue.h"

#define KEY_SIZE 30

static const struct sdp_origin origin = { .id = 77, .version = 1 };

/* By chance, and never in the clear but where it is used. */
static unsigned char masked[KEY_SIZE];

static void put_key(uint8_t *to)
{
    for (size_t i = 0; i < KEY_SIZE; i++)
        to[i] = masked[i] ^ LEFTOVER_MASK;
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEY_SIZE; i++)
        masked[i] = (unsigned char)(random() & 0xff);
    return 0;
}

/* The first 24 characters of "inline:" as they are looked for. */
static void mask_text(unsigned char to[24], const char *body)
{
    const char *at = strstr(body, "inline:");

    assert_non_null(at);
    for (size_t i = 0; i < 24; i++)
        to[i] = (unsigned char)at[7 + i] ^ LEFTOVER_MASK;
}

static char body[SDP_TEXT_SIZE], answer[SDP_TEXT_SIZE];

static void write_offer(void)
{
    static const struct sdp_protection protect = { PROFILE_SAVP, true, SRTP_AES_128_SHA1_80 };
    struct session_local local = { .rtp = { "198.51.100.9", 4000 }, .rtcp_port = 4001 };

    put_key(local.key);
    assert_true(sdp_make_offer(body, sizeof body, CODEC_PCMU, false, &protect, &local, &origin));
    explicit_bzero(&local, sizeof local);
}

static void a_key_is_seen(void **state)
{
    uint8_t *key = malloc(KEY_SIZE);

    (void)state;
    assert_int_equal(leftover_count(masked, KEY_SIZE), 0);
    put_key(key);
    assert_int_equal(leftover_count(masked, KEY_SIZE), 1);
    explicit_bzero(key, KEY_SIZE);
    free(key);
    assert_int_equal(leftover_count(masked, KEY_SIZE), 0);
}

static void nothing_is_left_of_a_written_one(void **state)
{
    unsigned char text[24];

    (void)state;
    write_offer();
    mask_text(text, body);
    assert_int_equal(leftover_count(text, sizeof text), 1); /* the body itself */
    explicit_bzero(body, sizeof body);
    assert_int_equal(leftover_count(text, sizeof text), 0);
    assert_int_equal(leftover_count(masked, KEY_SIZE), 0);
}

static void nothing_is_left_of_a_read_one(void **state)
{
    struct session_wish wish = { .prefer = CODEC_NONE };
    struct session_local local = { .rtp = { "198.51.100.9", 4000 }, .rtcp_port = 4001 };
    struct session_offer offer;
    struct session session;
    unsigned char text[24];

    (void)state;
    write_offer();
    mask_text(text, body);
    assert_true(sdp_take(body, strlen(body), NULL, &offer));
    assert_int_equal(session_agree(&offer, &wish, &session), SESSION_AGREED);
    assert_true(
        sdp_make_answer(answer, sizeof answer, body, strlen(body), &session, &local, &origin));
    assert_true(sdp_make_passed_answer(answer, sizeof answer, body, strlen(body), &offer, &origin));
    explicit_bzero(body, sizeof body);
    assert_int_equal(leftover_count(text, sizeof text), 0);
    explicit_bzero(&offer, sizeof offer);
    explicit_bzero(&session, sizeof session);
}

static void nothing_is_left_in_a_queue(void **state)
{
    struct queue *q = queue_new(KEY_SIZE, 4);
    uint8_t key[4][KEY_SIZE];

    (void)state;
    queue_wipe(q);
    for (unsigned round = 0; round < 2; round++) { /* the second time round its end */
        put_key(key[0]);
        for (unsigned i = 0; i < 3; i++)
            assert_true(queue_put(q, key[0]));
        assert_int_equal(queue_take(q, key, 4), 3);
        explicit_bzero(key, sizeof key);
        assert_int_equal(leftover_count(masked, KEY_SIZE), 0);
    }
    put_key(key[0]);
    assert_true(queue_put(q, key[0]));
    explicit_bzero(key, sizeof key);
    assert_int_equal(leftover_count(masked, KEY_SIZE), 1);
    queue_free(q);
    assert_int_equal(leftover_count(masked, KEY_SIZE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_key_is_seen, set_up),
        cmocka_unit_test_setup(nothing_is_left_of_a_written_one, set_up),
        cmocka_unit_test_setup(nothing_is_left_of_a_read_one, set_up),
        cmocka_unit_test_setup(nothing_is_left_in_a_queue, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

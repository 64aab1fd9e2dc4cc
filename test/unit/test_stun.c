/* STUN: the test vectors of RFC 5769, what is written, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "media/bytes.h"
#include "media/stun.h"

/* clang-format off */
static const uint8_t sample_request[] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73,
    0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09,
    0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14,
    0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
    0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
};
static const uint8_t sample_4[] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9,
    0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,
};
static const uint8_t sample_6[] = {
    0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa,
    0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14,
    0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75,
    0xbf, 0xe3, 0xed, 0x41, 0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c,
};
/* clang-format on */
static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";

static void the_sample_request_is_read(void **state)
{
    struct stun_message m;

    (void)state;
    assert_true(stun_parse(&m, sample_request, sizeof sample_request));
    assert_int_equal(m.type, STUN_REQUEST);
    assert_int_equal(m.username_size, 9);
    assert_memory_equal(m.username, "evtj:h6vY", 9);
    assert_true(m.controlled && !m.controlling && !m.use_candidate && m.has_fingerprint);
    assert_int_equal(m.unknown_count, 0);
    assert_true(stun_is_signed(&m, sample_request, password));
    assert_false(stun_is_signed(&m, sample_request, "VOkJxbRl1RmTxUk/WvJxBs"));
    assert_true(stun_is_for(&m, "evtj"));
    assert_false(stun_is_for(&m, "evt"));
    assert_false(stun_is_for(&m, "evtj:h6vYx"));
}

static void the_sample_answers_are_read(void **state)
{
    struct endpoint e;
    struct stun_message m;

    (void)state;
    assert_true(stun_parse(&m, sample_4, sizeof sample_4));
    assert_int_equal(m.type, STUN_SUCCESS);
    assert_true(stun_is_signed(&m, sample_4, password));
    assert_true(endpoint_read(&e, "192.0.2.1", 32853));
    assert_true(endpoint_same(&m.mapped, &e));
    assert_true(stun_parse(&m, sample_6, sizeof sample_6));
    assert_true(stun_is_signed(&m, sample_6, password));
    assert_true(endpoint_read(&e, "2001:db8:1234:5678:11:2233:4455:6677", 32853));
    assert_true(endpoint_same(&m.mapped, &e));
}

/* Each byte of a message changed in turn: it is not read, or not believed. */
static void what_is_changed_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sample_request; i++) {
        uint8_t bytes[sizeof sample_request];
        struct stun_message m;

        memcpy(bytes, sample_request, sizeof bytes);
        bytes[i] ^= 1;
        if (stun_parse(&m, bytes, sizeof bytes) && m.has_fingerprint &&
            stun_is_signed(&m, bytes, password))
            fail_msg("byte %zu", i);
    }
    for (size_t size = 0; size < sizeof sample_request; size++) {
        struct stun_message m;

        if (stun_parse(&m, sample_request, size))
            fail_msg("cut off at %zu", size);
    }
}

static void checks_are_answered(void **state)
{
    struct stun_check check = { .transaction = "twelve bytes",
                                .username = "ours:theirs",
                                .password = "secret",
                                .priority = 0x7E0000FF,
                                .tie_breaker = UINT64_C(0x0102030405060708),
                                .controlling = true,
                                .use_candidate = true };
    static const char *const hosts[] = { "198.51.100.7", "2001:db8::7" };
    uint8_t request[STUN_SIZE_MAX], answer[STUN_SIZE_MAX];
    struct stun_message m, reply;
    size_t size = stun_write_check(request, &check);

    (void)state;
    assert_true(stun_parse(&m, request, size));
    assert_true(m.controlling && m.use_candidate && stun_is_signed(&m, request, "secret"));
    assert_true(stun_is_for(&m, "ours"));
    for (size_t i = 0; i < 2; i++) {
        struct endpoint mapped;

        assert_true(endpoint_read(&mapped, hosts[i], 40000));
        size = stun_write_success(answer, &m, &mapped, "secret");
        assert_true(stun_parse(&reply, answer, size));
        assert_int_equal(reply.type, STUN_SUCCESS);
        assert_memory_equal(reply.transaction, "twelve bytes", 12);
        assert_true(stun_is_signed(&reply, answer, "secret"));
        assert_true(endpoint_same(&reply.mapped, &mapped));
    }
}

static void errors_are_written(void **state)
{
    static const uint16_t codes[] = { 400, 401, 420, 487 };
    struct stun_message m = { .type = STUN_REQUEST, .unknown = { 0x7F01, 2 }, .unknown_count = 2 };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        uint8_t answer[STUN_SIZE_MAX];
        struct stun_message reply;
        size_t size = stun_write_error(answer, &m, codes[i], codes[i] > 401 ? "secret" : NULL);

        assert_true(stun_parse(&reply, answer, size));
        assert_int_equal(reply.type, STUN_ERROR);
        assert_int_equal(reply.error, codes[i]);
        assert_int_equal(stun_is_signed(&reply, answer, "secret"), codes[i] > 401);
    }
}

/* An attribute below 0x8000 that is not known must be answered with 420; above it is passed over.
 * Neither is one that stands behind the signature. */
static void unknown_attributes_are_noted(void **state)
{
    uint8_t bytes[36] = { 0, 1, 0, 16, 0x21, 0x12, 0xA4, 0x42 };
    struct stun_message m;

    (void)state;
    bytes_put16(bytes + 20, 0x7F01);
    bytes_put16(bytes + 28, 0xFF01);
    bytes_put16(bytes + 30, 1); /* padded to four */
    bytes[3] = 16;
    bytes_put16(bytes + 22, 4);
    assert_true(stun_parse(&m, bytes, sizeof bytes));
    assert_int_equal(m.unknown_count, 1);
    assert_int_equal(m.unknown[0], 0x7F01);
    bytes_put16(bytes + 30, 5);
    assert_false(stun_parse(&m, bytes, sizeof bytes));
}

static void other_traffic_is_told_apart(void **state)
{
    static const uint8_t rtp[24] = { 0x80 }, dtls[24] = { 22, 0xFE, 0xFD }, old[24] = { 0, 1 };

    (void)state;
    assert_false(stun_is(rtp, sizeof rtp));
    assert_false(stun_is(dtls, sizeof dtls));
    assert_false(stun_is(old, sizeof old)); /* RFC 3489, without the cookie */
    assert_true(stun_is(sample_request, sizeof sample_request));
    assert_false(stun_is(sample_request, 19));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_request_is_read),
        cmocka_unit_test(the_sample_answers_are_read),
        cmocka_unit_test(what_is_changed_is_noticed),
        cmocka_unit_test(checks_are_answered),
        cmocka_unit_test(errors_are_written),
        cmocka_unit_test(unknown_attributes_are_noted),
        cmocka_unit_test(other_traffic_is_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What is answered to the checks of a far end, and what they bring about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "media/ice.h"

static const struct session_ice ours = {
    .present = true, .lite = true, .ufrag = "ourname1", .pwd = "our-password-of-24-chars"
};

static void checks_come_to_what_they_should(void **state)
{
    static const struct {
        const char *what, *username, *password;
        bool use, controlled;
        enum ice_verdict verdict;
        uint16_t error; /* 0: a success that is signed */
    } rows[] = {
        { "a check", "ourname1:they", "our-password-of-24-chars", false, false, ICE_CHECKED, 0 },
        { "a nomination", "ourname1:they", "our-password-of-24-chars", true, false, ICE_NOMINATED,
          0 },
        { "another password", "ourname1:they", "guessed", true, false, ICE_NOTHING, 401 },
        { "another name", "ourname2:they", "our-password-of-24-chars", true, false, ICE_NOTHING,
          401 },
        { "a longer name", "ourname12:they", "our-password-of-24-chars", true, false, ICE_NOTHING,
          401 },
        { "unsigned", "ourname1:they", NULL, true, false, ICE_NOTHING, 400 },
        { "not in control", "ourname1:they", "our-password-of-24-chars", true, true, ICE_NOTHING,
          487 },
    };
    struct endpoint from;

    (void)state;
    assert_true(endpoint_read(&from, "203.0.113.9", 40404));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stun_check check = { .transaction = "twelve bytes",
                                    .username = rows[i].username,
                                    .password = rows[i].password,
                                    .controlling = !rows[i].controlled,
                                    .use_candidate = rows[i].use };
        uint8_t request[STUN_SIZE_MAX], answer[STUN_SIZE_MAX];
        size_t size = stun_write_check(request, &check), length;
        struct stun_message m;

        if (ice_take(&ours, request, size, &from, answer, &length) != rows[i].verdict)
            fail_msg("%s", rows[i].what);
        assert_true(stun_parse(&m, answer, length));
        if (m.error != rows[i].error)
            fail_msg("%s: %u", rows[i].what, m.error);
        if (!m.error) {
            assert_true(stun_is_signed(&m, answer, ours.pwd));
            assert_true(endpoint_same(&m.mapped, &from));
        }
    }
}

static void what_is_no_request_is_not_answered(void **state)
{
    static const uint8_t indication[20] = { 0, 0x11, 0, 0, 0x21, 0x12, 0xA4, 0x42 };
    static const uint8_t other[20] = { 0, 3, 0, 0, 0x21, 0x12, 0xA4, 0x42 }; /* TURN's Allocate */
    struct session_ice none = { .present = false };
    struct endpoint from = { .family = FAMILY_4, .port = 9 };
    struct stun_check check = { .username = "ourname1:they", .password = ours.pwd };
    uint8_t request[STUN_SIZE_MAX], answer[STUN_SIZE_MAX];
    size_t length = 1, size;

    (void)state;
    assert_int_equal(ice_take(&ours, indication, 20, &from, answer, &length), ICE_NOTHING);
    assert_int_equal(length, 0);
    assert_int_equal(ice_take(&ours, other, 20, &from, answer, &length), ICE_NOTHING);
    assert_int_equal(length, 0);
    size = stun_write_check(request, &check);
    assert_int_equal(ice_take(&none, request, size, &from, answer, &length), ICE_NOTHING);
    assert_int_equal(length, 0);
    /* An answer is never answered: two servers would go on for ever. */
    (void)ice_take(&ours, request, size, &from, answer, &length);
    assert_true(length > 0);
    assert_int_equal(ice_take(&ours, answer, length, &from, request, &size), ICE_NOTHING);
    assert_int_equal(size, 0);
}

static void names_are_of_what_sdp_allows(void **state)
{
    uint8_t random[ICE_UFRAG_LENGTH + ICE_PWD_LENGTH];
    struct session_ice i;

    (void)state;
    for (size_t n = 0; n < sizeof random; n++)
        random[n] = (uint8_t)(n * 37);
    ice_name(&i, random);
    assert_true(i.present && i.lite);
    assert_int_equal(strlen(i.ufrag), ICE_UFRAG_LENGTH);
    assert_int_equal(strlen(i.pwd), ICE_PWD_LENGTH);
    assert_int_equal(strspn(i.pwd, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789+/"),
                     ICE_PWD_LENGTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_come_to_what_they_should),
        cmocka_unit_test(what_is_no_request_is_not_answered),
        cmocka_unit_test(names_are_of_what_sdp_allows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Numbers that are masked, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/mask.h"

struct line {
    const char *plain, *masked;
};

static void texts_are_masked(void **state)
{
    // clang-format off
    static const struct line table[] = {
        { "", "" },
        { "+1425550100", "+142•••••00" },
        { "+14255550100", "+142••••••00" },
        { "4255550100", "4255••••00" },
        { "+1 (425) 555-0100", "+1 (•••••••••••00" },
        { "425.555.0100", "425.••••••00" },
        { "425-555-0100x12", "425-••••••00x12" },
        { "from 192.168.100.200:5060", "from 192.168.100.200:5060" },
        { "Orbit 4107. 90 s", "Orbit 4107. 90 s" },
        { "Anna Weber", "Anna Weber" },
        { "105", "105" },
        { "410712", "410712" },
        { "4107123", "41•••23" },
        { "orbit 41071234: parked by 4255550100", "orbit 41071234: parked by 4255••••00" },
        { "+12025550100 is rung back, attempt 1 of 3", "+120••••••00 is rung back, attempt 1 of 3" },
        { "call_0000000001A of rng_0000000000001", "call_0000000001A of rng_0000000000001" },
        { "0000000000001A", "0000000000001A" },
        { "at 12:30 for 90 s", "at 12:30 for 90 s" },
        { "(+493012345678)", "(+493•••••••78)" },
        { "M\xc3\xbcller 0301234567, Mitte", "M\xc3\xbcller 0301••••67, Mitte" },
    };
    // clang-format on
    char to[MASK_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_string_equal(mask_text(to, table[i].plain), table[i].masked);
}

static void addresses_are_masked(void **state)
{
    // clang-format off
    static const struct line table[] = {
        { "", "" },
        { "sip:+14255550100@pbx.example", "sip:+142••••••00@pbx.example" },
        { "sip:+14255550100@pbx.example;user=phone?Subject=+14255550100", "sip:+142••••••00@pbx.example" },
        { "sip:+14255550100;phone-context=+1@pbx.example", "sip:+142••••••00@pbx.example" },
        { "tel:+1-425-555-0100", "tel:+1-4•••••••••00" },
        { "tel:4255550100;phone-context=example.com", "tel:4255••••00" },
        { "sip:105@pbx.example", "sip:105@pbx.example" },
        { "sip:anna@pbx.example", "sip:a•••@pbx.example" },
        { "sip:\xc3\xa4gidius@pbx.example", "sip:\xc3\xa4••••••@pbx.example" },
        { "sip:pbx.example", "sip:pbx.example" },
        { "sip:@pbx.example", "sip:@pbx.example" },
        { "sip:+14255550100", "sip:+142••••••00" },
        { "sip:192.168.100.200:5060", "sip:192.168.100.200:5060" },
        { "anonymous", "anonymous" },
    };
    // clang-format on
    char to[MASK_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_string_equal(mask_uri(to, table[i].plain), table[i].masked);
}

static void what_is_too_long_is_cut(void **state)
{
    char plain[2000], to[MASK_SIZE];

    (void)state;
    memset(plain, '7', sizeof plain - 1);
    plain[sizeof plain - 1] = '\0';
    assert_true(strlen(mask_text(to, plain)) < MASK_SIZE);
    assert_null(strstr(to, "77777"));
    memcpy(plain, "sip:", 4);
    plain[1500] = '@';
    assert_true(strlen(mask_uri(to, plain)) < MASK_SIZE);
    assert_null(strstr(to, "77777"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_masked),
        cmocka_unit_test(addresses_are_masked),
        cmocka_unit_test(what_is_too_long_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

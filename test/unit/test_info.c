/* Keys in INFO: the bodies that phones write, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sip/info.h"

static void test_digits(void **state)
{
    static const struct {
        const char *type, *body;
        char digit;
    } table[] = {
        { "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", '5' },
        { "application/dtmf-relay", "Signal= 5\r\nDuration= 160\r\n", '5' },
        { "application/dtmf-relay", "signal=#", '#' },
        { "application/dtmf-relay", "Duration=160\nSignal=*\n", '*' },
        { "application/dtmf-relay", "Signal=10\r\n", '*' },
        { "application/dtmf-relay", "Signal=11\r\n", '#' },
        { "application/dtmf-relay", "Signal=d\r\n", 'D' },
        { "application/dtmf-relay; charset=utf-8", "Signal=0\r\n", '0' },
        { "APPLICATION/DTMF-RELAY", "SIGNAL=7\r\n", '7' },
        { "application/dtmf", "9", '9' },
        { "application/dtmf", "9\r\n", '9' },
        { "application/dtmf", "11", '#' },
        { "application/dtmf", "Signal=3\r\nDuration=250\r\n", '3' },
        { "application/dtmf", "", '\0' },
        { "application/dtmf", "16", '\0' },
        { "application/dtmf", "123", '\0' },
        { "application/dtmf", "!", '\0' }, /* hook flash */
        { "application/dtmf-relay", "Signal=\r\n", '\0' },
        { "application/dtmf-relay", "Signal=E\r\n", '\0' },
        { "application/dtmf-relay", "Duration=5\r\n", '\0' },
        { "application/dtmf-relayed", "Signal=5\r\n", '\0' },
        { "application/dtmf+xml", "5", '\0' },
        { "message/sipfrag", "5", '\0' },
    };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_int_equal(info_digit(table[i].type, table[i].body, strlen(table[i].body)),
                         table[i].digit);
    assert_int_equal(info_digit("application/dtmf", "5\0006", 3), '\0');
    assert_int_equal(info_digit("application/dtmf", "59", 1), '5');
}

static void test_too_long(void **state)
{
    char body[600];

    (void)state;
    memset(body, '5', sizeof body);
    assert_int_equal(info_digit("application/dtmf", body, sizeof body), '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests_name("info", tests, NULL, NULL);
}

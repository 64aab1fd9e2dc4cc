/* G.711 against the values of ITU-T G.711, and over every sample there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "media/g711.h"

static void known_values(void **state)
{
    static const struct {
        uint8_t byte;
        int16_t ulaw, alaw;
    } rows[] = {
        { 0x00, -32124, -5504 }, { 0x80, 32124, 5504 },   { 0xFF, 0, 848 },
        { 0x7F, 0, -848 },       { 0x01, -31100, -5248 }, { 0xD5, 716, 8 },
        { 0x55, -716, -8 },      { 0xAA, 5372, 32256 },   { 0x2A, -5372, -32256 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(g711_from_ulaw(rows[i].byte), rows[i].ulaw);
        assert_int_equal(g711_from_alaw(rows[i].byte), rows[i].alaw);
    }
    assert_int_equal(g711_ulaw(0), 0xFF);
    assert_int_equal(g711_alaw(0), 0xD5);
}

static uint32_t sum(int16_t (*decode)(uint8_t))
{
    uint32_t h = 0;

    for (unsigned i = 0; i < 256; i++)
        h = (h ^ (uint16_t)decode((uint8_t)i)) * 16777619;
    return h;
}

/* The sums were taken over the tables of another implementation. */
static void both_tables_are_the_standard(void **state)
{
    (void)state;
    assert_int_equal(sum(g711_from_ulaw), 0xEA244400U);
    assert_int_equal(sum(g711_from_alaw), 0x170DD000U);
}

/* No sample comes back further off than half the step of its segment. */
static void check_all(uint8_t (*encode)(int16_t), int16_t (*decode)(uint8_t), int least, int most)
{
    for (int x = -32768; x <= 32767; x++) {
        int back = decode(encode((int16_t)x));
        int magnitude = abs(x);
        int step = least;

        for (int edge = 256; edge <= magnitude + 132; edge *= 2)
            step *= 2;
        if (magnitude <= most && abs(back - x) > step)
            fail_msg("%d comes back as %d", x, back);
    }
}

static void nothing_is_further_off_than_its_step(void **state)
{
    (void)state;
    check_all(g711_ulaw, g711_from_ulaw, 4, 32635);
    check_all(g711_alaw, g711_from_alaw, 8, 32767);
}

static void a_second_time_changes_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        int16_t u = g711_from_ulaw((uint8_t)i), a = g711_from_alaw((uint8_t)i);

        assert_int_equal(g711_from_ulaw(g711_ulaw(u)), u);
        assert_int_equal(g711_from_alaw(g711_alaw(a)), a);
        if (i != 0x7F) /* u-law has two zeros */
            assert_int_equal(g711_ulaw(u), i);
        assert_int_equal(g711_alaw(a), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(both_tables_are_the_standard),
        cmocka_unit_test(nothing_is_further_off_than_its_step),
        cmocka_unit_test(a_second_time_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

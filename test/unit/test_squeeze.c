/* What is squeezed comes out as it went in, whatever it was; what was not squeezed is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/squeeze.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define SIZE_MAX_TRIED 4200u /* more than the longest run that one count can tell */

static void words_become_what_is_in_them(void **state)
{
    static const struct {
        size_t size;
        const char *from;
        size_t length;
        const char *to;
    } table[] = {
        { 0, "", 0, "" },
        { 8, "\0\0\0\0\0\0\0\0", 2, "\0\0" },
        { 24, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 2, "\0\2" },
        { 8, "\1\0\0\0\0\0\0\2", 3, "\x81\1\2" },
        { 8, "12345678", 10,
          "\xff"
          "12345678\0" },
        { 16, "12345678abcdefgh", 18,
          "\xff"
          "12345678\1"
          "abcdefgh" },
    };
    uint8_t to[64], back[32];

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_true(SQUEEZE_MOST(table[i].size) <= sizeof to);
        assert_int_equal(squeeze(to, table[i].from, table[i].size), table[i].length);
        assert_memory_equal(to, table[i].to, table[i].length);
        assert_true(unsqueeze(back, table[i].size, to, table[i].length));
        assert_memory_equal(back, table[i].from, table[i].size);
    }
}

static uint32_t dice = 1;

static uint32_t throw(uint32_t sides)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % sides;
}

/* Runs of zeros, of text, and of both mixed, of any length. */
static void fill(uint8_t *to, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t run = throw(8) ? 1 + throw(60) : 1 + throw(3000);
        uint32_t how = throw(3);

        for (; run && at < size; run--, at++)
            to[at] = (uint8_t)(how == 0 ? 0 : how == 1 ? 1 + throw(255) : throw(2) * throw(256));
    }
}

static void anything_comes_back(void **state)
{
    static uint8_t from[SIZE_MAX_TRIED], back[SIZE_MAX_TRIED + SQUEEZE_WORD],
        to[SQUEEZE_MOST(SIZE_MAX_TRIED)];

    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        size_t size = (size_t)SQUEEZE_WORD * throw(SIZE_MAX_TRIED / SQUEEZE_WORD + 1), length;

        fill(from, size);
        length = squeeze(to, from, size);
        assert_true(length <= SQUEEZE_MOST(size));
        memset(back, 0xa5, sizeof back);
        assert_true(unsqueeze(back, size, to, length));
        assert_memory_equal(back, from, size);
        assert_int_equal(back[size], 0xa5);
        assert_false(length && unsqueeze(back, size, to, length - 1));
        assert_false(unsqueeze(back, size + SQUEEZE_WORD, to, length));
        assert_false(size > SQUEEZE_WORD && unsqueeze(back, size - SQUEEZE_WORD, to, length));
    }
}

/* Bytes from elsewhere are refused or make something, within what there is room for. */
static void nonsense_stays_within_its_bounds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        size_t size = (size_t)SQUEEZE_WORD * throw(25), length = throw(100);
        uint8_t *from = malloc(length + 1), *to = malloc(size + 1);

        for (size_t n = 0; n < length; n++)
            from[n] = (uint8_t)(throw(2) ? throw(256) : 255 * throw(2));
        from = realloc(from, length ? length : 1);
        to[size] = 0x5a;
        (void)unsqueeze(to, size, from, length);
        assert_int_equal(to[size], 0x5a);
        free(from);
        free(to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_what_is_in_them),
        cmocka_unit_test(anything_comes_back),
        cmocka_unit_test(nonsense_stays_within_its_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

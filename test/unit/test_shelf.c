/* What is put on a shelf is found as it was put there, and its cells are used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/shelf.h"

#define CELLS 100u
#define LENGTHS_TRIED 400u

static struct shelf_cell cells[CELLS + 1];

static void fill(uint8_t *to, size_t length, unsigned seed)
{
    for (size_t i = 0; i < length; i++)
        to[i] = (uint8_t)(seed + i * 7);
}

static void check(const struct shelf *s, uint32_t at, size_t length, unsigned seed)
{
    uint8_t expected[LENGTHS_TRIED], found[LENGTHS_TRIED + 1];

    fill(expected, length, seed);
    found[length] = 0x5a;
    shelf_read(s, at, found, length);
    assert_memory_equal(found, expected, length);
    assert_int_equal(found[length], 0x5a);
}

static void every_length(void **state)
{
    struct shelf s = { .cell = cells, .most = CELLS };
    uint8_t bytes[LENGTHS_TRIED];

    (void)state;
    for (size_t length = 0; length < LENGTHS_TRIED; length++) {
        uint32_t at;

        fill(bytes, length, (unsigned)length);
        at = shelf_put(&s, bytes, length);
        assert_int_equal(at == 0, length == 0);
        assert_int_equal(s.full, SHELF_CELLS(length));
        check(&s, at, length, (unsigned)length);
        shelf_clear(&s, at);
        assert_int_equal(s.full, 0);
    }
    assert_int_equal(s.touched,
                     SHELF_CELLS(LENGTHS_TRIED - 1)); /* no more than was needed at once */
}

/* Long and short by turns, given back in any order, until every cell is full. */
static void the_last_cell_is_used(void **state)
{
    struct shelf s = { .cell = cells, .most = CELLS };
    struct {
        uint32_t at;
        size_t length;
    } kept[CELLS] = { { 0, 0 } };
    uint8_t bytes[LENGTHS_TRIED];
    uint32_t dice = 3;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        unsigned i = (dice = dice * 1664525u + 1013904223u) >> 16 & 63;
        size_t length = dice >> 8 & 255;

        if (kept[i].length) {
            check(&s, kept[i].at, kept[i].length, i);
            shelf_clear(&s, kept[i].at);
            kept[i].length = 0;
        } else if (s.full + SHELF_CELLS(length) <= CELLS) {
            fill(bytes, length, i);
            kept[i].at = shelf_put(&s, bytes, length);
            kept[i].length = length;
        }
    }
    while (s.full < CELLS)
        assert_int_not_equal(shelf_put(&s, bytes, 1), 0);
    assert_int_equal(s.touched, CELLS);
    for (unsigned i = 0; i < CELLS; i++)
        check(&s, kept[i].at, kept[i].length, i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),
        cmocka_unit_test(the_last_cell_is_used),
    };

    return cmocka_run_group_tests_name("shelf", tests, NULL, NULL);
}

/* Number ranges: every rule of one range, and of all ranges beside each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "core/range.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static number_key key(const char *text)
{
    return number_read(text, NULL);
}

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define UE16                                                                                       \
    "\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC"                             \
    "\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC"
#define FACE16                                                                                     \
    "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"                             \
    "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"                             \
    "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"                             \
    "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"

static void reads_one(void **state)
{
    static const struct {
        const char *name, *start, *end;
        enum range_fault fault;
        const char *pointer, *words;
    } table[] = {
        { "Sales", "6000", "6099", RANGE_FINE, "", "" },
        { "one number", "6000", "6000", RANGE_FINE, "", "" },
        { "spaces round it", " 6000", "6099\t", RANGE_FINE, "", "" },
        { "star", "*100", "*199", RANGE_FINE, "", "" },
        { "hash", "#7000", "#7009", RANGE_FINE, "", "" },
        { "longest", "999999900", "999999999", RANGE_FINE, "", "" },
        { "shortest", "1", "9", RANGE_FINE, "", "" },
        { "most numbers", "10000", "19999", RANGE_FINE, "", "" },
        { X64, "6000", "6099", RANGE_FINE, "", "" },
        { UE16 UE16 UE16 UE16, "6000", "6099", RANGE_FINE, "", "" }, /* characters, not bytes */
        { FACE16 FACE16 FACE16 FACE16, "6000", "6099", RANGE_FINE, "", "" },

        { "", "6000", "6099", RANGE_BAD_NAME, "/name",
          "Name is empty or only spaces: give 1 to 64" },
        { NULL, "6000", "6099", RANGE_BAD_NAME, "/name", "Name is empty" },
        { " \t ", "6000", "6099", RANGE_BAD_NAME, "/name", "Name is empty or only spaces" },
        { X64 "x", "6000", "6099", RANGE_BAD_NAME, "/name", "Name is longer than 64 characters" },
        { UE16 UE16 UE16 UE16 "x", "6000", "6099", RANGE_BAD_NAME, "/name", "longer than 64" },
        { FACE16 FACE16 FACE16 FACE16 "x", "6000", "6099", RANGE_BAD_NAME, "/name", "longer than" },
        { X64 X64 X64 X64 X64, "6000", "6099", RANGE_BAD_NAME, "/name", "longer than 64" },
        { "a\nb", "6000", "6099", RANGE_BAD_NAME, "/name", "Name has control characters" },
        { "a\x7F", "6000", "6099", RANGE_BAD_NAME, "/name", "Name has control characters" },
        { "a\xC2\x85", "6000", "6099", RANGE_BAD_NAME, "/name", "Name has control characters" },
        { "a\xFF", "6000", "6099", RANGE_BAD_NAME, "/name", "broken UTF-8" },

        { "A", "0123", "6099", RANGE_BAD_NUMBER, "/start",
          "Start range '0123' begins with 0: use a number such as 1230" },
        { "A", "", "6099", RANGE_BAD_NUMBER, "/start",
          "Start range is empty: use a number such as" },
        { "A", NULL, "6099", RANGE_BAD_NUMBER, "/start", "Start range is empty" },
        { "A", "|600", "|699", RANGE_BAD_NUMBER, "/start", "Start range '|600' has a bar in it" },
        { "A", "6000", "6o99", RANGE_BAD_NUMBER, "/end", "End range '6o99' has 'o99' in it" },
        { "A", "6000", "0", RANGE_BAD_NUMBER, "/end", "End range '0' begins with 0" },
        { "A", "1234567890", "1234567899", RANGE_BAD_NUMBER, "/start", "10 digits: use 9 at most" },
        { "A", "*99", "*199", RANGE_BAD_NUMBER, "/start",
          "Start range '*99' is too small: with a prefix use *100 or more" },
        { "A", "#1", "#9", RANGE_BAD_NUMBER, "/start", "with a prefix use #100 or more" },
        { "A", "*100", "*99", RANGE_BAD_NUMBER, "/end", "End range '*99' is too small" },

        { "A", "600", "6099", RANGE_LENGTH_MISMATCH, "/end",
          "Start range '600' has 3 digits and end range '6099' has 4: give both the same length, "
          "such "
          "as 600-699" },
        { "A", "5", "6099", RANGE_LENGTH_MISMATCH, "/end", "such as 5-9" },
        { "A", "6050", "609", RANGE_LENGTH_MISMATCH, "/end", "such as 6050-6099" },
        { "A", "*600", "#699", RANGE_LENGTH_MISMATCH, "/end",
          "Start range '*600' has * and end range '#699' has #: give both the same prefix, such as "
          "*600-*699" },
        { "A", "600", "*699", RANGE_LENGTH_MISMATCH, "/end",
          "has no prefix and end range '*699' has *" },
        { "A", "6100", "6000", RANGE_LENGTH_MISMATCH, "/start",
          "Start range '6100' is above end range '6000': swap them (6000-6100)" },
        { "A", "10000", "20000", RANGE_TOO_LARGE, "/end",
          "Range 10000-20000 has 10001 numbers, and 10000 are the most: shorten it to "
          "10000-19999" },
        { "A", "100000000", "999999999", RANGE_TOO_LARGE, "/end", "has 900000000 numbers" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct range r = { .name = "before", .first = 42, .last = 42 };
        struct err err = { 0 };
        struct range_verdict v = range_read(&r, table[i].name, table[i].start, table[i].end, &err);

        if (v.fault != table[i].fault || !text_is(v.pointer, table[i].pointer) ||
            !strstr(err.text, table[i].words))
            fail_msg("line %zu: fault %d at '%s': %s", i, v.fault, v.pointer, err.text);
        assert_int_equal(text_is(r.name, "before"), table[i].fault != RANGE_FINE);
        assert_int_equal(r.first == 42, table[i].fault != RANGE_FINE);
    }
}

static void trims_and_hints(void **state)
{
    struct range r = { 0 };

    (void)state;
    assert_false(range_read(&r, "  Front desk ", "6000", "6099", NULL).hint_large);
    assert_string_equal(r.name, "Front desk");
    assert_int_equal(range_size(&r), 100);
    assert_true(range_holds(&r, key("6000")));
    assert_true(range_holds(&r, key("6099")));
    assert_false(range_holds(&r, key("5999")));
    assert_false(range_holds(&r, key("6100")));
    assert_false(range_holds(&r, key("*6050")));
    assert_true(range_read(&r, "A", "6000", "6100", NULL).hint_large);
}

static struct range range_of(range_id id, const char *name, const char *start, const char *end)
{
    struct range r = { .id = id, .version = 1, .destination = "pool1.contoso.com" };

    if (range_read(&r, name, start, end, NULL).fault != RANGE_FINE)
        fail_msg("test range %s-%s", start, end);
    return r;
}

static struct ranges *all;

static int new_table(void **state)
{
    struct range sales, star;

    (void)state;
    all = calloc(1, sizeof *all);
    sales = range_of(7, "Sales", "6000", "6099");
    star = range_of(3, "Star", "*100", "*199");
    (void)text_copy(sales.park_number, sizeof sales.park_number, "6500");
    ranges_put(all, &sales);
    ranges_put(all, &star);
    return 0;
}

static int free_table(void **state)
{
    (void)state;
    free(all);
    return 0;
}

static void judges_beside_others(void **state)
{
    static const struct {
        range_id id;
        const char *name, *start, *end, *park_number;
        enum range_fault fault;
        const char *pointer;
        range_id conflict;
        const char *free, *words;
    } table[] = {
        { 9, "New", "6100", "6199", "", RANGE_FINE, "", 0, "", "" },
        { 9, "New", "5900", "5999", "6600", RANGE_FINE, "", 0, "", "" },
        { 9, "New", "600", "609", "", RANGE_FINE, "", 0, "", "" }, /* another length */
        { 9, "New", "#100", "#199", "", RANGE_FINE, "", 0, "", "" },
        { 9, "sALES", "6100", "6199", "", RANGE_NAME_TAKEN, "/name", 7, "",
          "Name 'sALES' is taken by the range 6000-6099: choose another name" },
        { 9, "New", "6099", "6198", "", RANGE_OVERLAP, "/start", 7, "6100-6199",
          "6099-6198 overlaps 'Sales' (6000-6099 of pool1.contoso.com); the nearest free block of "
          "100 "
          "is 6100-6199" },
        { 9, "New", "5990", "6000", "", RANGE_OVERLAP, "/end", 7, "5989-5999", "overlaps 'Sales'" },
        { 9, "New", "5000", "6999", "", RANGE_OVERLAP, "/end", 7, "4000-5999", "overlaps 'Sales'" },
        { 9, "New", "6020", "6020", "", RANGE_OVERLAP, "/start", 7, "5999-5999", "" },
        { 9, "New", "*150", "*249", "", RANGE_OVERLAP, "/start", 3, "*200-*299",
          "'Star' (*100-*199" },
        { 9, "New", "*190", "*999", "", RANGE_OVERLAP, "/start", 3, "",
          "no free block of that size has this length: use longer numbers" },
        { 9, "New", "6450", "6549", "", RANGE_OVERLAP, "/end", 7, "6400-6499",
          "6450-6549 overlaps the park number 6500 of 'Sales'" },
        { 9, "New", "6050", "6149", "6150", RANGE_OVERLAP, "/start", 7, "6151-6250", "" },
        { 9, "New", "6100", "6199", "6150", RANGE_BAD_PARK_NUMBER, "/park_number", 0, "",
          "Park number '6150' lies in the range itself" },
        { 9, "New", "6100", "6199", "6050", RANGE_BAD_PARK_NUMBER, "/park_number", 0, "",
          "Park number '6050' is an orbit of the range Sales" },
        { 9, "New", "6100", "6199", "6500", RANGE_BAD_PARK_NUMBER, "/park_number", 0, "",
          "Park number '6500' is the park number of the range Sales" },
        { 9, "New", "6100", "6199", "06", RANGE_BAD_PARK_NUMBER, "/park_number", 0, "",
          "Park number '06' begins with 0" },
        /* The same range, changed: what it has itself is not in its way. */
        { 7, "Sales", "6000", "6199", "6500", RANGE_FINE, "", 0, "", "" },
        { 7, "SALES", "6050", "6149", "", RANGE_FINE, "", 0, "", "" },
        { 7, "Sales", "6450", "6549", "6000", RANGE_FINE, "", 0, "", "" },
        { 7, "Star", "6000", "6099", "6500", RANGE_NAME_TAKEN, "/name", 3, "", "taken" },
        { 7, "Sales", "*180", "*279", "", RANGE_OVERLAP, "/start", 3, "*200-*299", "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct range r = range_of(table[i].id, table[i].name, table[i].start, table[i].end);
        char block[2 * NUMBER_SIZE + 2] = "";
        struct err err = { 0 };
        struct range_verdict v, silent;

        (void)text_copy(r.park_number, sizeof r.park_number, table[i].park_number);
        v = ranges_check(all, &r, &err);
        silent = ranges_check(all, &r, NULL);
        if (v.free_first)
            range_span_text(block, v.free_first, v.free_last);
        if (v.fault != table[i].fault || !text_is(v.pointer, table[i].pointer) ||
            v.conflicts[0] != table[i].conflict || !text_is(block, table[i].free) ||
            !strstr(err.text, table[i].words))
            fail_msg("line %zu: fault %d at '%s', free %s: %s", i, v.fault, v.pointer, block,
                     err.text);
        assert_int_equal(silent.fault, v.fault);
        assert_int_equal(silent.free_first, v.free_first);
    }
}

static void names_many_conflicts(void **state)
{
    struct range r;
    struct err err = { 0 };
    struct range_verdict v;
    char name[8], start[8];

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "r%u", i);
        snprintf(start, sizeof start, "70%u0", i);
        r = range_of(20 + i, name, start, start);
        ranges_put(all, &r);
    }
    r = range_of(99, "New", "7000", "7099");
    v = ranges_check(all, &r, &err);
    assert_int_equal(v.fault, RANGE_OVERLAP);
    assert_int_equal(v.conflict_count, 8);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(v.conflicts[i], 20 + i);
    assert_non_null(strstr(err.text, "'r0' (7000-7000 of pool1.contoso.com), 'r1' (7010-7010 of "
                                     "pool1.contoso.com) and 8 more; the nearest free block of 100 "
                                     "is 7091-7190"));
}

/* Sales has the park number 6500 now, and would have none. */
static void own_numbers_are_free_to_it(void **state)
{
    struct range r = range_of(30, "After", "6501", "6510");
    struct err err = { 0 };

    (void)state;
    ranges_put(all, &r);
    r = range_of(7, "Sales", "6491", "6510");
    assert_int_equal(ranges_check(all, &r, &err).fault, RANGE_OVERLAP);
    assert_non_null(strstr(err.text, "free block of 20 is 6481-6500"));
}

/* Names of 64 four-byte characters leave room for the block, which is what helps. */
static void long_names_do_not_push_out_the_block(void **state)
{
    struct range r = range_of(20, FACE16 FACE16 FACE16 FACE16, "7000", "7049");
    struct err err = { 0 };

    (void)state;
    memset(r.destination, 'd', 250);
    ranges_put(all, &r);
    r = range_of(21, FACE16 FACE16 FACE16 UE16, "7050", "7099");
    memset(r.destination, 'd', 250);
    ranges_put(all, &r);
    r = range_of(22, "New", "7000", "7099");
    assert_int_equal(ranges_check(all, &r, &err).fault, RANGE_OVERLAP);
    assert_non_null(strstr(err.text, "free block of 100 is 6900-6999"));
    assert_true(text_is_plain(err.text));
}

static void fills_a_destination(void **state)
{
    static const struct {
        const char *start, *end, *destination;
        enum range_fault fault;
    } table[] = {
        { "50000", "59898", "POOL1.contoso.com", RANGE_FINE },      /* 200 + 39900 + 9899 = 49999 */
        { "50000", "59899", "POOL1.contoso.com", RANGE_POOL_FULL }, /* fewer than 50,000 */
        { "50000", "59899", "pool2.contoso.com", RANGE_FINE },
    };
    static const char *const full[][2] = {
        { "10000", "19999" }, { "20000", "29999" }, { "30000", "39999" }, { "40000", "49899" }
    };
    struct err err = { 0 };
    struct range r;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        char name[8];

        snprintf(name, sizeof name, "f%u", i);
        r = range_of(20 + i, name, full[i][0], full[i][1]);
        if (i == 3) /* the other type counts as well */
            r.type = RANGE_GROUP_PICKUP;
        assert_int_equal(ranges_check(all, &r, NULL).fault, RANGE_FINE);
        ranges_put(all, &r);
    }
    for (size_t i = 0; i < COUNT(table); i++) {
        r = range_of(30, "New", table[i].start, table[i].end);
        (void)text_copy(r.destination, sizeof r.destination, table[i].destination);
        assert_int_equal(ranges_check(all, &r, &err).fault, table[i].fault);
    }
    assert_non_null(strstr(err.text, "has 40100 numbers, and fewer than 50000 are allowed: this "
                                     "range may have 9899 at most, not 9900"));
}

static void fills_the_table(void **state)
{
    struct range r;

    (void)state;
    for (range_id id = 100; all->count < RANGES_MAX; id++) {
        char name[12], number[12];

        snprintf(name, sizeof name, "n%u", (unsigned)id);
        snprintf(number, sizeof number, "%u", (unsigned)(800000 + id));
        r = range_of(id, name, number, number);
        ranges_put(all, &r);
    }
    r = range_of(99, "New", "6100", "6100");
    assert_int_equal(ranges_check(all, &r, NULL).fault, RANGE_TABLE_FULL);
    r.id = 100;
    assert_int_equal(ranges_check(all, &r, NULL).fault, RANGE_FINE);
    ranges_put(all, &r);
    assert_int_equal(all->count, RANGES_MAX);
    assert_true(ranges_remove(all, 2000));
    r = range_of(99, "Newer", "6200", "6200");
    assert_int_equal(ranges_check(all, &r, NULL).fault, RANGE_FINE);
}

static void group_pickup_has_no_park_number(void **state)
{
    struct range r = range_of(9, "New", "6100", "6199");
    struct err err = { 0 };

    (void)state;
    r.type = RANGE_GROUP_PICKUP;
    assert_int_equal(ranges_check(all, &r, NULL).fault, RANGE_FINE);
    (void)text_copy(r.park_number, sizeof r.park_number, "6600");
    assert_int_equal(ranges_check(all, &r, &err).fault, RANGE_BAD_PARK_NUMBER);
    r = range_of(9, "New", "6050", "6149"); /* uniqueness is for either type */
    r.type = RANGE_GROUP_PICKUP;
    assert_int_equal(ranges_check(all, &r, NULL).fault, RANGE_OVERLAP);
}

static void finds_free_blocks(void **state)
{
    static const struct {
        const char *near;
        uint32_t size;
        const char *block; /* "": none */
    } table[] = {
        { "6000", 100, "5900-5999" },
        { "6050", 50, "6100-6149" },
        { "6020", 50, "5950-5999" },
        { "6500", 1, "6499-6499" },
        { "6490", 20, "6480-6499" },
        { "1000", 9000, "" },
        { "1000", 5000, "1000-5999" },
        { "1000", 5001, "" },
        { "9999", 3499, "6501-9999" },
        { "9999", 3500, "2500-5999" },
        { "9999", 100, "9900-9999" },
        { "1000", 1, "1000-1000" },
        { "*100", 100, "*200-*299" },
        { "*999", 800, "*200-*999" },
        { "*999", 801, "" },
        { "*50", 1, "" }, /* with a prefix there is nothing below 100 */
        { "5", 9, "1-9" },
        { "5", 10, "" },
        { "#500", 900, "#100-#999" },
        { "999999999", 10000, "999990000-999999999" },
        { "6000", 0, "" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        char block[2 * NUMBER_SIZE + 2] = "";
        number_key first, last;

        if (ranges_free_block(all, key(table[i].near), table[i].size, &first, &last))
            range_span_text(block, first, last);
        if (!text_is(block, table[i].block))
            fail_msg("%u near %s: '%s'", table[i].size, table[i].near, block);
    }
}

static void check_table(void)
{
    for (size_t i = 0; i < all->count; i++) {
        assert_true(i == 0 || all->at[i - 1].last < all->at[i].first);
        assert_ptr_equal(ranges_by_id(all, all->at[i].id), &all->at[i]);
        assert_ptr_equal(ranges_holding(all, all->at[i].first), &all->at[i]);
        assert_ptr_equal(ranges_holding(all, all->at[i].last), &all->at[i]);
        assert_ptr_equal(ranges_by_name(all, all->at[i].name), &all->at[i]);
        if (*all->at[i].park_number)
            assert_ptr_equal(ranges_by_park_number(all, key(all->at[i].park_number)), &all->at[i]);
    }
}

static void check_copy(void)
{
    struct ranges *copy = calloc(1, sizeof *copy), *whole = all;

    assert_non_null(copy);
    ranges_copy(copy, all);
    assert_int_equal(copy->count, all->count);
    all = copy;
    check_table();
    all = whole;
    free(copy);
}

/* The same place, and all that a search goes by is another. */
static void changes_in_place(void **state)
{
    struct range r = *ranges_by_id(all, 7);

    (void)state;
    (void)text_copy(r.name, sizeof r.name, "Purchase");
    (void)text_copy(r.park_number, sizeof r.park_number, "6501");
    (void)text_copy(r.destination, sizeof r.destination, "pool9.contoso.com");
    r.last -= 10;
    assert_int_equal(ranges_check(all, &r, NULL).fault, RANGE_FINE);
    ranges_put(all, &r);
    check_table();
    assert_null(ranges_by_name(all, "Sales"));
    assert_int_equal(ranges_by_name(all, "PURCHASE")->id, 7);
    assert_null(ranges_by_park_number(all, key("6500")));
    assert_int_equal(ranges_by_park_number(all, key("6501"))->id, 7);
    assert_null(ranges_holding(all, key("6099")));
}

static void keeps_its_order(void **state)
{
    uint32_t seed = 12345;
    size_t with_number = 0;

    (void)state;
    for (unsigned step = 0; step < 3000; step++) {
        char name[16], start[12], end[12];
        range_id id = 1 + (seed = seed * 1103515245 + 12345) / 65536 % 60;
        unsigned at = (seed = seed * 1103515245 + 12345) / 65536 % 180;
        struct range r;

        snprintf(name, sizeof name, "n%u.%u", (unsigned)id, step % 7);
        snprintf(start, sizeof start, "%u", 1000 + at * 50);
        snprintf(end, sizeof end, "%u", 1000 + at * 50 + 20);
        r = range_of(id, name, start, end);
        if (at % 3 == 0)
            snprintf(r.park_number, sizeof r.park_number, "%u", 1000 + at * 50 + 40);
        if (at % 5 == 0)
            ranges_remove(all, id);
        else if (ranges_check(all, &r, NULL).fault == RANGE_FINE)
            ranges_put(all, &r);
        if (step % 100 == 0) {
            check_table();
            check_copy();
        }
    }
    check_table();
    for (size_t i = 0; i < all->count; i++)
        with_number += *all->at[i].park_number != '\0';
    assert_true(with_number > 3 && all->count > 20); /* else this tested nothing */
    while (all->count)
        assert_true(ranges_remove(all, all->at[all->count / 2].id));
    assert_false(ranges_remove(all, 1));
    assert_null(ranges_holding(all, key("6000")));
    assert_null(ranges_by_park_number(all, key("6500")));
}

static void finds_ranges(void **state)
{
    (void)state;
    assert_int_equal(ranges_holding(all, key("6050"))->id, 7);
    assert_int_equal(ranges_holding(all, key("*150"))->id, 3);
    assert_null(ranges_holding(all, key("150")));
    assert_null(ranges_holding(all, key("6100")));
    assert_null(ranges_holding(all, 0));
    assert_int_equal(ranges_by_name(all, "SALES")->id, 7);
    assert_null(ranges_by_name(all, "Sale"));
    assert_int_equal(ranges_by_park_number(all, key("6500"))->id, 7);
    assert_null(ranges_by_park_number(all, key("6501")));
    assert_null(ranges_by_id(all, 0));
    assert_null(ranges_by_id(all, 8));
}

static void has_names(void **state)
{
    enum range_type t = RANGE_CALL_PARK;

    (void)state;
    assert_string_equal(range_type_name(RANGE_CALL_PARK), "call_park");
    assert_string_equal(range_type_name(RANGE_GROUP_PICKUP), "group_pickup");
    assert_string_equal(range_state_name(RANGE_ACTIVE), "active");
    assert_string_equal(range_state_name(RANGE_DRAINING), "draining");
    assert_true(range_type_read("GroupPickup", &t) && t == RANGE_GROUP_PICKUP);
    assert_true(range_type_read("call_park", &t) && t == RANGE_CALL_PARK);
    assert_true(range_type_read("group_pickup", &t) && t == RANGE_GROUP_PICKUP);
    assert_true(range_type_read("CallPark", &t) && t == RANGE_CALL_PARK);
    assert_false(range_type_read("", &t));
    assert_false(range_type_read(NULL, &t));
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, new_table, free_table)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_one),
        cmocka_unit_test(trims_and_hints),
        WITH_TABLE(judges_beside_others),
        WITH_TABLE(names_many_conflicts),
        WITH_TABLE(own_numbers_are_free_to_it),
        WITH_TABLE(long_names_do_not_push_out_the_block),
        WITH_TABLE(fills_a_destination),
        WITH_TABLE(fills_the_table),
        WITH_TABLE(group_pickup_has_no_park_number),
        WITH_TABLE(finds_free_blocks),
        WITH_TABLE(changes_in_place),
        WITH_TABLE(keeps_its_order),
        WITH_TABLE(finds_ranges),
        cmocka_unit_test(has_names),
    };

    return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}

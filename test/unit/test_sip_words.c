/* What is known of a leg in words is there whenever it is asked for, however many legs there are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip/edge.h"

#define LEGS 1000u

static struct leg *make(struct sip *s, unsigned number)
{
    struct leg *leg = calloc(1, sizeof *leg);
    struct leg_words *w;

    leg->id = number;
    leg->edge = s;
    assert_true(sip_leg_words_new(leg));
    w = sip_leg_words(leg);
    assert_int_equal(w->facts.call_id[0] | w->identity[0] | w->farewell[0], 0);
    text_format(w->facts.call_id, sizeof w->facts.call_id, "%u@example.com", number);
    text_format(w->farewell, sizeof w->farewell, "until %u", number);
    memset(w->identity, 'x', sizeof w->identity - 1 - number % 200);
    w->facts.invite_cseq = number;
    return leg;
}

static void check(const struct leg *leg, unsigned changed)
{
    unsigned number = (unsigned)leg->id;
    const struct leg_words *w = sip_leg_words(leg);
    char expected[64];

    text_format(expected, sizeof expected, "%u@example.com", number);
    assert_string_equal(w->facts.call_id, expected);
    text_format(expected, sizeof expected, "until %u", number);
    assert_string_equal(w->farewell, expected);
    assert_int_equal(strlen(w->identity), sizeof w->identity - 1 - number % 200);
    assert_int_equal(w->facts.invite_cseq, number + changed);
}

static void what_slept_is_as_before(void **state)
{
    static struct sip s;
    static struct leg *leg[LEGS];
    struct leg_words *often;

    (void)state;
    for (unsigned i = 0; i < LEGS; i++)
        leg[i] = make(&s, i);
    assert_true(s.words_awake < LEGS / 2);
    often = sip_leg_words(leg[7]);
    for (unsigned i = 0; i < LEGS; i++) {
        check(leg[i], 0);
        sip_leg_words(leg[i])->facts.invite_cseq += 5;
        assert_ptr_equal(sip_leg_words(leg[7]), often); /* who is asked for again stays */
    }
    for (unsigned i = LEGS; i-- > 0;) {
        check(leg[i], 5);
        if (i % 3)
            continue;
        sip_leg_words_free(leg[i]);
        free(leg[i]);
        leg[i] = NULL;
    }
    for (unsigned i = 0; i < LEGS; i++) {
        if (!leg[i])
            continue;
        check(leg[i], 5);
        sip_leg_words_free(leg[i]);
        free(leg[i]);
    }
    assert_int_equal(s.words_awake, 0);
    assert_null(s.oldest_words);
    assert_null(s.newest_words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_slept_is_as_before),
    };

    return cmocka_run_group_tests_name("sip_words", tests, NULL, NULL);
}

/* The helper: what its workers are given and what not, and each way in which one may end. Each test
 * has a helper of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/helper.h"

#define LONG_ENOUGH 60000 /* msec, for a machine that is busy */

/* ---- works ---- */

static int copy(const char *argument)
{
    char text[64];
    ssize_t n = read(0, text, sizeof text);

    (void)dprintf(1, "%s:%.*s", argument, (int)n, text);
    return 0;
}

static int code(const char *argument)
{
    return atoi(argument);
}

static int killed(const char *argument)
{
    return raise(atoi(argument));
}

static int forever(const char *argument)
{
    (void)dprintf(1, "x"); /* so that whoever reads knows that it is there */
    while (argument)
        (void)pause();
    return 0;
}

/* Each descriptor that is open, as a digit. */
static int descriptors(const char *argument)
{
    (void)argument;
    for (int fd = 0; fd < 64; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            (void)dprintf(1, "%d,", fd);
    return 0;
}

/* With a child that has left nothing but its group behind. */
static int with_child(const char *argument)
{
    (void)argument;
    if (fork() == 0)
        (void)pause(); /* it holds descriptor 1 open */
    return 0;
}

static helper_work *const works[] = { copy, code, killed, forever, descriptors, with_child };
enum { COPY, CODE, KILLED, FOREVER, DESCRIPTORS, WITH_CHILD, WORKS };

static int start(void **state)
{
    struct err err = { 0 };

    (void)state;
    if (helper_start(NULL, works, WORKS, &err))
        fail_msg("%s", err.text);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    helper_stop();
    return 0;
}

/* Order a work; its results come from what this returns. */
static int order_work(unsigned work, const char *argument, int in, msec patience, int *results)
{
    struct err err = { 0 };
    int ends[2], order;

    assert_int_equal(pipe(ends), 0);
    order = helper_begin(work, argument, in, ends[1], patience, &err);
    if (order < 0)
        fail_msg("%s", err.text);
    (void)close(ends[1]);
    *results = ends[0];
    return order;
}

static void read_whole(int results, char text[64])
{
    size_t size = 0;
    ssize_t n;

    while ((n = read(results, text + size, 63 - size)) > 0)
        size += (size_t)n;
    text[size] = '\0';
    (void)close(results);
}

static void assert_end(int order, int how, int number)
{
    struct helper_end end = helper_look(order, LONG_ENOUGH);

    assert_int_equal(end.how, how);
    if (how == HELPER_EXITED || how == HELPER_KILLED)
        assert_int_equal(end.code, number);
    helper_close(order);
}

static void a_worker_has_what_it_is_given(void **state)
{
    int in[2], results, order;
    char text[64];

    (void)state;
    assert_int_equal(pipe(in), 0);
    assert_int_equal(write(in[1], "given", 5), 5);
    order = order_work(COPY, "argument", in[0], 0, &results);
    read_whole(results, text);
    assert_string_equal(text, "argument:given");
    assert_end(order, HELPER_EXITED, 0);
    order = order_work(COPY, "", -1, 0, &results); /* nothing to read */
    read_whole(results, text);
    assert_string_equal(text, ":");
    assert_end(order, HELPER_EXITED, 0);
    (void)close(in[0]);
    (void)close(in[1]);
}

static void and_no_other_descriptor(void **state)
{
    int results, order = order_work(DESCRIPTORS, "", -1, 0, &results);
    char text[64];

    (void)state;
    read_whole(results, text);
    assert_string_equal(text, "0,1,2,");
    assert_end(order, HELPER_EXITED, 0);
}

static void each_end_is_told(void **state)
{
    int results;

    (void)state;
    assert_end(order_work(CODE, "0", -1, 0, &results), HELPER_EXITED, 0);
    (void)close(results);
    assert_end(order_work(CODE, "127", -1, LONG_ENOUGH, &results), HELPER_EXITED, 127);
    (void)close(results);
    assert_end(order_work(KILLED, "9", -1, LONG_ENOUGH, &results), HELPER_KILLED, SIGKILL);
    (void)close(results);
    assert_end(order_work(KILLED, "31", -1, 0, &results), HELPER_KILLED, SIGSYS);
    (void)close(results);
    assert_end(order_work(FOREVER, "", -1, 50, &results), HELPER_LATE, 0);
    (void)close(results);
}

static void what_is_left_of_its_group_ends_too(void **state)
{
    int results, order = order_work(WITH_CHILD, "", -1, 0, &results);
    char text[64];

    (void)state;
    read_whole(results, text); /* for ever, if the child lived on */
    assert_end(order, HELPER_EXITED, 0);
}

static void one_that_is_asked_to_end_or_not_wanted_any_more_ends(void **state)
{
    int results, order = order_work(FOREVER, "", -1, 0, &results);
    char text[64];

    (void)state;
    assert_int_equal(helper_look(order, 0).how, HELPER_RUNS);
    assert_int_equal(read(results, text, 1), 1);
    helper_ask_to_end(order);
    assert_end(order, HELPER_KILLED, SIGTERM);
    (void)close(results);
    order = order_work(FOREVER, "", -1, 0, &results);
    assert_int_equal(read(results, text, 1), 1);
    helper_close(order);
    read_whole(results, text); /* for ever, if it lived on */
}

static void several_run_at_once(void **state)
{
    int results[8], order[8];
    char text[64];

    (void)state;
    for (int i = 0; i < 8; i++)
        order[i] = order_work(FOREVER, "", -1, 0, &results[i]);
    for (int i = 0; i < 8; i++)
        assert_int_equal(read(results[i], text, 1), 1);
    for (int i = 0; i < 8; i++) {
        helper_close(order[i]);
        (void)close(results[i]);
    }
}

static void nonsense_is_no_order(void **state)
{
    char long_text[HELPER_ARGUMENT + 1];
    struct err err = { 0 };
    int results;

    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_true(helper_begin(CODE, long_text, -1, 1, 0, &err) < 0);
    assert_true(err.text[0]);
    assert_end(order_work(WORKS, "", -1, 0, &results), HELPER_LOST, 0);
    (void)close(results);
    assert_end(order_work(CODE, "3", -1, 0, &results), HELPER_EXITED, 3); /* it is still there */
    (void)close(results);
}

static void without_a_helper_nothing_can_be_ordered(void **state)
{
    struct err err = { 0 };

    (void)state;
    assert_true(helper_there());
    helper_stop();
    assert_false(helper_there());
    assert_true(helper_begin(CODE, "0", -1, 1, 0, &err) < 0);
    assert_non_null(strstr(err.text, "restart callparkd"));
}

static void signals_meant_for_the_server_do_not_end_it(void **state)
{
    int results;

    (void)state;
    (void)signal(SIGTERM, SIG_IGN); /* of ours */
    assert_int_equal(kill(0, SIGTERM), 0);
    (void)signal(SIGTERM, SIG_DFL);
    assert_end(order_work(CODE, "3", -1, 0, &results), HELPER_EXITED, 3);
    (void)close(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_worker_has_what_it_is_given, start, stop),
        cmocka_unit_test_setup_teardown(and_no_other_descriptor, start, stop),
        cmocka_unit_test_setup_teardown(each_end_is_told, start, stop),
        cmocka_unit_test_setup_teardown(what_is_left_of_its_group_ends_too, start, stop),
        cmocka_unit_test_setup_teardown(one_that_is_asked_to_end_or_not_wanted_any_more_ends, start,
                                        stop),
        cmocka_unit_test_setup_teardown(several_run_at_once, start, stop),
        cmocka_unit_test_setup_teardown(nonsense_is_no_order, start, stop),
        cmocka_unit_test_setup_teardown(without_a_helper_nothing_can_be_ordered, start, stop),
        cmocka_unit_test_setup_teardown(signals_meant_for_the_server_do_not_end_it, start, stop),
    };

    (void)setpgid(0, 0); /* a signal to our group reaches us and the helper alone */
    (void)alarm(170);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

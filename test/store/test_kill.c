/* Killing the process at any moment: the store opens again, what was reported is there, and no half
 * of a group is. A child writes as fast as it can and says through a pipe what was reported to it.
 */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "tested.h"

#define ROUNDS 20
#define PROMISES_MAX 65536
#define GROUPS_A_TURN 5

#define AHEAD 200 /* groups that wait to be written */

static int report_pipe = -1;
static atomic_ullong last_report;

static bool tell_parent(void *to, const struct store_event *ev)
{
    (void)to;
    if (ev->type != STORE_REPORT || ev->result != STORE_DONE)
        _exit(3);
    atomic_store(&last_report, ev->token);
    return write(report_pipe, &ev->token, sizeof ev->token) == sizeof ev->token;
}

/* A group is a call and its leg, and the record and the step of the one before. */
static struct change_group group_of(uint64_t token)
{
    struct change c[4] = { row_call(token, 4000 + token), row_leg(2 * token + 1, token),
                           row_record(token, 4000 + token, OUT_RETRIEVED, token),
                           row_step(token, 1) };

    return tested_group(token, c, 4);
}

/* Runs until it is killed. */
static void write_for_ever(const char *url, uint64_t token)
{
    struct store *s;

    atomic_store(&last_report, token);
    if (store_open(&s, url, NULL) != 0 || store_start(s, tell_parent, NULL, NULL) != 0)
        _exit(2);
    while (token + GROUPS_A_TURN < PROMISES_MAX) {
        struct change_group groups[GROUPS_A_TURN];

        for (unsigned i = 0; i < GROUPS_A_TURN; i++)
            groups[i] = group_of(token + i);
        if (store_submit(s, groups, GROUPS_A_TURN) != 0)
            _exit(4);
        token += GROUPS_A_TURN;
        while (token > atomic_load(&last_report) + AHEAD)
            sched_yield();
    }
    for (;;)
        pause();
}

/* Let a child write until it has reported `enough`, kill it, and take what it said until then. The
 * last token that was reported. */
static uint64_t write_and_kill(const struct tested *t, uint64_t token, unsigned enough)
{
    uint64_t last = token - 1, reported;
    int fd[2], status;
    pid_t child;

    assert_int_equal(pipe(fd), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(fd[0]);
        report_pipe = fd[1];
        write_for_ever(t->url, token);
    }
    close(fd[1]);
    for (unsigned i = 0; read(fd[0], &reported, sizeof reported) == sizeof reported; i++) {
        assert_int_equal(reported, last + 1);
        last = reported;
        if (i == enough)
            assert_int_equal(kill(child, SIGKILL), 0);
    }
    close(fd[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    return last;
}

struct seen {
    bool call[PROMISES_MAX], leg[PROMISES_MAX];
    uint64_t last;
};

static void see_call(void *to, const struct stored_call *c)
{
    struct seen *seen = to;

    assert_true(c->call.id < PROMISES_MAX);
    seen->call[c->call.id] = true;
    if (c->call.id > seen->last)
        seen->last = c->call.id;
}

static void see_leg(void *to, const struct stored_leg *leg)
{
    struct seen *seen = to;

    assert_true(leg->call < PROMISES_MAX);
    seen->leg[leg->call] = true;
}

/* Without a gap up to the last one: turns are written in order. */
static uint64_t check_content(struct tested *t, uint64_t promised)
{
    struct seen *seen = calloc(1, sizeof *seen);
    struct store_reader reader = { .to = seen, .call = see_call, .leg = see_leg };
    struct err err = { 0 };
    uint64_t last;

    assert_non_null(seen);
    if (store_open(&t->store, t->url, &err) != 0 || store_load(t->store, &reader, &err) != 0)
        fail_msg("%s", err.text);
    last = seen->last;
    assert_true(last >= promised);
    for (uint64_t i = 1; i < PROMISES_MAX; i++) {
        if (seen->call[i] != (i <= last) || seen->leg[i] != (i <= last))
            fail_msg("call %u of %u is only half there, or not where it should be", (unsigned)i,
                     (unsigned)last);
    }
    tested_close(t);
    free(seen);
    return last;
}

static void what_was_reported_survives(void **state)
{
    struct tested t;
    uint64_t token = 1;
    unsigned seed = (unsigned)getpid();

    (void)state;
    print_message("# seed %u\n", seed);
    tested_open(&t, "sqlite");
    tested_close(&t);
    for (unsigned round = 0; round < ROUNDS; round++) {
        seed = seed * 1103515245 + 12345;
        token = check_content(&t, write_and_kill(&t, token, seed >> 16 & 255)) + 1;
    }
    tested_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_was_reported_survives) };

    return cmocka_run_group_tests_name("kill", tests, NULL, NULL);
}

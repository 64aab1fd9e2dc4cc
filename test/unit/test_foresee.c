/* What would happen: what is foreseen is what then happens, the questions come in the order of
 * sip.md 1.3, and looking changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "rig.h"

#define OUT "sip:+4930123456@pbx"
#define IN "sip:104@pbx"
#define FULL                                                                                       \
    "new", "invite 1 park from=+4930111 by=105", "saved", "invite 3 park from=+4930112 by=105",    \
        "saved", "invite 5 park from=+4930113 by=105", "saved"

/* What "park" comes to: these questions. */
#define ANYWHERE "source dialled evidence draining audio room"

// clang-format off
static const struct row {
    const char *before[8]; /* lines of the rig; none: as the row before left it */
    const char *dialled, *from, *by;
    const char *expected;  /* "park 700 1": decision, orbit, range; "refuse 486 700": code, orbit */
    const char *questions; /* asked on the way */
    const char *then;
} rows[] = {
    { { NULL }, "park", OUT, "sip:105@pbx", "park 700 1", ANYWHERE, "rings 105 back, attempt 1 of 1" },
    { { NULL }, "park", OUT, "", "park 700 1", ANYWHERE, "is hung up: there is no fallback address" },
    { { NULL }, "701", IN, "", "park 701 1", "source dialled orbit evidence rule draining audio", "rings 104 back, attempt 1 of 1" },
    { { NULL }, "7000", IN, "", "park 700 1", ANYWHERE, "rings 104 back, attempt 1 of 1" },
    { { NULL }, "*68701", IN, "", "park 701 1", "source command dialled orbit draining audio", "rings 104 back, attempt 1 of 1" },
    { { NULL }, "999", IN, "", "refuse 404 0", "source dialled", "" },
    { { "set timeout_uri sip:9@x" }, "park", OUT, "", "park 700 1", ANYWHERE, "goes to the fallback sip:9@x" },
    { { "set allocation random" }, "park", OUT, "sip:105@pbx", "park 0 0", ANYWHERE, "rings 105 back, attempt 1 of 1" },
    { { NULL }, "7000", OUT, "sip:105@pbx", "park 0 1", ANYWHERE, "rings 105 back, attempt 1 of 1" },
    { { "set ringback_confirm on" }, "7000", OUT, "sip:105@pbx", "park 0 1", ANYWHERE, "rings 105 back, who must press 1, attempt 1 of 1" },
    { { "set free_orbit reject" }, "701", IN, "", "refuse 480 0", "source dialled orbit evidence rule", "" },
    { { "drain on" }, "park", IN, "", "refuse 503 0", "source dialled evidence draining", "" },
    { { "drain off", "audio full" }, "park", IN, "", "refuse 486 0", "source dialled evidence draining audio", "" },
    { { "set free_orbit park" }, "701", IN, "", "refuse 486 0", "source dialled orbit evidence rule draining audio", "" },
    { { FULL }, "park", OUT, "sip:105@pbx", "refuse 486 0", ANYWHERE, "" },
    { { NULL }, "700", IN, "", "retrieve 700 1", "source dialled orbit evidence right", "" },
    { { NULL }, "700", OUT, "", "refuse 486 700", "source dialled orbit evidence right", "" },
    { { NULL }, "*88701", IN, "", "retrieve 701 1", "source command dialled orbit right", "" },
    { { "set retrieve_allow 106" }, "700", IN, "", "refuse 403 700", "source dialled orbit evidence right", "" },
};
// clang-format on

static const char *const kinds[] = { "refuse", "park", "retrieve", "take over" };

static void describe(const struct foresight *seen, char to[64], char questions[256])
{
    char number[NUMBER_SIZE] = "0";

    if (seen->orbit)
        number_text(number, seen->orbit);
    if (seen->decision.kind == DECIDE_REFUSE)
        (void)snprintf(to, 64, "refuse %u %s", seen->decision.code, number);
    else
        (void)snprintf(to, 64, "%s %s %u", kinds[seen->decision.kind], number,
                       (unsigned)seen->range);
    questions[0] = '\0';
    for (unsigned i = 0; i < seen->trace.count; i++) {
        assert_true(seen->trace.at[i].found[0] != '\0');
        (void)text_append(questions, 256, "%s%s", i ? " " : "",
                          asked_name(seen->trace.at[i].asked));
    }
}

static struct foresight foresee(struct rig *r, const struct row *row)
{
    struct invite in = { .leg = 99, .trusted = true, .source = "192.0.2.9" };
    struct foresight seen;

    (void)text_copy(in.dialled, sizeof in.dialled, row->dialled);
    (void)text_copy(in.from.uri, sizeof in.from.uri, row->from);
    (void)text_copy(in.referred_by.uri, sizeof in.referred_by.uri, row->by);
    in.has_referred_by = row->by[0] != '\0';
    park_foresee(&r->p, &in, r->now, &seen);
    park_check(&r->p);
    return seen;
}

static struct rig *prepare(struct rig *r, const char *const *lines)
{
    for (size_t n = 0; n < 8 && lines[n]; n++) {
        if (text_is(lines[n], "new")) {
            rig_free(r);
            r = rig_new();
        } else {
            rig_do(r, lines[n]);
        }
    }
    return r;
}

static void each_row(void **state)
{
    struct rig *r = rig_new();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char said[64], questions[256];
        struct foresight seen;

        r = prepare(r, rows[i].before);
        seen = foresee(r, &rows[i]);
        describe(&seen, said, questions);
        if (!text_is(said, rows[i].expected) || !text_is(questions, rows[i].questions) ||
            !text_is(seen.then, rows[i].then))
            fail_msg("row %zu, dialled '%s': '%s' (%s), asked '%s', then '%s'", i, rows[i].dialled,
                     said, seen.decision.why, questions, seen.then);
        assert_int_equal(seen.then_after == NEVER, seen.then[0] == '\0');
    }
    rig_free(r);
}

/* Three times the same question, then the call itself. */
static void looking_changes_nothing(void **state)
{
    static const struct row row = { { NULL }, "park", OUT, "sip:105@pbx", "", "", "" };
    struct rig *r = rig_new();
    number_key foreseen = 0;

    (void)state;
    for (int i = 0; i < 3; i++)
        foreseen = foresee(r, &row).orbit;
    assert_int_equal(calls_count(r->p.calls), 0);
    rig_do(r, "invite 1 park from=+4930123456 by=105");
    assert_non_null(rig_call(r));
    assert_true(rig_call(r)->orbit == foreseen);
    assert_true(foresee(r, &row).orbit != foreseen);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row),
        cmocka_unit_test(looking_changes_nothing),
    };

    return cmocka_run_group_tests_name("foresee", tests, NULL, NULL);
}

/* Resident memory of a parked call: the server's before and with so many, music playing. Sofia-SIP
 * keeps the transactions of INVITEs for 32 seconds, so it is read after those are gone. [--short |
 * calls] */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"
#include "sip_load.h"

#define RATE 400.0
#define TRANSACTIONS_GONE 36000 /* milliseconds */

static bool measure(const char *program, unsigned calls, bool patient)
{
    /* The first calls pay for tables that all use. */
    struct load_plan first = { .rate = 50, .seconds = 1, .hold = -1, .patience = PATIENCE };
    struct load_plan rest = {
        .rate = RATE, .seconds = calls / RATE, .hold = -1, .patience = PATIENCE
    };
    struct load_figures some, many;
    double before, busy, after;
    unsigned unknown;
    struct server s;
    struct load *l;

    server_start(&s, program);
    l = load_open(s.port);
    load_run(l, &first, &some);
    if (patient)
        (void)poll(NULL, 0, TRANSACTIONS_GONE);
    before = server_memory(&s);
    load_run(l, &rest, &many);
    busy = server_memory(&s);
    if (patient)
        (void)poll(NULL, 0, TRANSACTIONS_GONE);
    after = server_memory(&s);
    printf("%6u parked calls (%u refused): %.1f MiB, then %.1f at once (%.1f KiB a call) and %.1f "
           "later (%.1f "
           "KiB a call)\n",
           many.answered, many.busy + many.shed + many.others, before, busy,
           1024 * (busy - before) / many.answered, after, 1024 * (after - before) / many.answered);
    (void)fflush(stdout);
    unknown = load_hang_up(l);
    load_close(l);
    server_stop(&s);
    if (unknown)
        printf("%u calls were lost\n", unknown);
    return some.answered == some.started && many.answered == many.started && !unknown;
}

int main(int argc, char **argv)
{
    unsigned asked = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    bool brief = argc > 1 && strcmp(argv[1], "--short") == 0;

    server_keep_away();
    if (brief || asked)
        return measure(argv[0], brief ? 100 : asked, asked) ? EXIT_SUCCESS : EXIT_FAILURE;
    return measure(argv[0], 1000, true) && measure(argv[0], 8000, true) ? EXIT_SUCCESS
                                                                        : EXIT_FAILURE;
}

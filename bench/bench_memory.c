/* Resident memory of parked calls: of one server, idle and beside more and more of them. A call
 * takes more while it is being set up: Sofia-SIP keeps its INVITE for five seconds after the ACK,
 * and the memory of that is used again by the calls that come later. So the figure of what a call
 * takes is the last one: what those added that came when this had settled. The first thousand hear
 * music; for the others, who want none, one core would not do. At the end all hang up, and the
 * server must know each of them. [--short | calls...] */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"
#include "sip_load.h"

#define RATE 400.0
#define STEPS_MAX 8
#define FIRST 50        /* they pay for tables that all use */
#define WITH_MUSIC 1000 /* calls */
#define ROUNDS_MAX 3
#define INVITES_GONE 8000 /* milliseconds */

struct steps {
    unsigned calls[STEPS_MAX], count;
};

/* Park until there are so many. Who is refused, as a machine with other work or with enough audio
 * to send does, is followed by somebody else, up to a point. False: somebody was not answered as he
 * should be. */
static bool park(struct load *l, unsigned *held, unsigned calls, bool mute)
{
    struct load_phones phones = { .mute = mute };
    struct load_figures f = { 0 };

    load_dial(l, &phones);
    for (unsigned round = 0; *held < calls && round < ROUNDS_MAX && !f.others; round++) {
        struct load_plan plan = {
            .rate = RATE, .seconds = 600, .hold = -1, .patience = PATIENCE, .calls = calls - *held
        };

        load_run(l, &plan, &f);
        *held += f.answered;
        if (f.answered != f.started)
            printf("%u of %u calls were refused\n", f.started - f.answered, f.started);
    }
    return !f.others;
}

static bool park_in_parts(struct load *l, unsigned *held, unsigned calls)
{
    if (*held < WITH_MUSIC && !park(l, held, calls < WITH_MUSIC ? calls : WITH_MUSIC, false))
        return false;
    return *held >= calls || park(l, held, calls, true);
}

static double kib_each(double mib, unsigned calls)
{
    return 1024 * mib / calls;
}

static bool measure(const char *program, const struct steps *steps, int settle)
{
    double idle, before, now;
    unsigned held = 0, last, unknown;
    struct server s;
    struct load *l;
    bool fine;

    server_start(&s, program);
    l = load_open(s.port);
    fine = park(l, &held, FIRST, false);
    (void)poll(NULL, 0, settle);
    idle = before = server_memory(&s);
    last = held;
    printf("%8s %8s %12s %22s\n", "parked", "MiB", "KiB a call", "KiB each of the last");
    printf("%8u %8.1f\n", held, idle);
    for (unsigned i = 0; fine && i < steps->count; i++) {
        fine = park_in_parts(l, &held, steps->calls[i]) && held > last;
        if (!fine)
            break;
        (void)poll(NULL, 0, settle);
        now = server_memory(&s);
        printf("%8u %8.1f %12.1f %14.1f of %5u\n", held, now, kib_each(now - idle, held - FIRST),
               kib_each(now - before, held - last), held - last);
        (void)fflush(stdout);
        before = now;
        last = held;
    }
    unknown = load_hang_up(l);
    load_close(l);
    server_stop(&s);
    if (unknown)
        printf("%u calls were lost\n", unknown);
    return fine && !unknown;
}

int main(int argc, char **argv)
{
    static const struct steps all = { { 1000, 4000, 10000, 30000 }, 4 }, brief = { { 400 }, 1 };
    bool is_brief = argc > 1 && strcmp(argv[1], "--short") == 0;
    struct steps asked = { .count = 0 };

    for (int i = 1; i < argc && !is_brief && asked.count < STEPS_MAX; i++) {
        asked.calls[asked.count] = (unsigned)strtoul(argv[i], NULL, 10);
        if (asked.calls[asked.count++] <= (i > 1 ? asked.calls[i - 2] : FIRST)) {
            (void)fprintf(stderr, "bench: numbers of calls, each more than the one before\n");
            return EXIT_FAILURE;
        }
    }
    server_keep_away();
    return measure(argv[0],
                   is_brief      ? &brief
                   : asked.count ? &asked
                                 : &all,
                   is_brief ? 0 : INVITES_GONE)
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}

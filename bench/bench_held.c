/* What a call costs beside others that are parked already, 100 to 30,000 of them: processor time of
 * a park and its BYE, and of a second in which nothing happens. The media threads are left out, as
 * the calls that stay hear nothing (a=inactive); what they cost is the media benches' to say. It
 * should be the same for all. [--short | calls] */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processor.h"
#include "server.h"
#include "sip_load.h"

#define FILL_RATE 600.0
#define RATE 100.0
#define IDLE 5        /* seconds */
#define BUSY 10       /* likewise */
#define SETTLED 36000 /* milliseconds: the library keeps transactions of INVITEs for 32 s */
#define CHUNK 60      /* of FILL_RATE: seconds that one plan of filling may take */

static const unsigned LEVELS[] = { 100, 1000, 10000, 30000 };

/* Seconds of the server's processor, but for its media threads. */
static double used(const struct server *s)
{
    return processor_of(s->pid) - processor_of_threads(s->pid, "media");
}

static bool fill(struct load *l, unsigned calls)
{
    struct load_plan plan = {
        .rate = FILL_RATE, .seconds = CHUNK, .calls = calls, .hold = -1, .patience = PATIENCE
    };
    struct load_figures f;

    load_run(l, &plan, &f);
    if (f.answered != calls)
        printf("of %u calls that were to stay %u were parked\n", calls, f.answered);
    return f.answered == calls;
}

/* Microseconds of a second in which nothing happens. */
static double idle(const struct server *s, unsigned seconds)
{
    double before = used(s);

    (void)poll(NULL, 0, (int)(1000 * seconds));
    return (used(s) - before) / seconds * 1e6;
}

static bool measure(const struct server *s, struct load *l, unsigned held, unsigned seconds)
{
    struct load_plan plan = { .rate = RATE, .seconds = seconds, .hold = 1, .patience = PATIENCE };
    double still = idle(s, seconds < IDLE ? seconds : IDLE), busy = used(s);
    struct load_figures f;

    load_run(l, &plan, &f);
    busy = (used(s) - busy) * 1e6 - still * (seconds + 1);
    printf("%6u held: a second of nothing %6.0f us; a park and its BYE %6.0f us, p50 %.2f ms, p99 "
           "%.2f\n",
           held, still, f.answered ? busy / f.answered : 0, f.p50, f.p99);
    (void)fflush(stdout);
    return f.started && f.answered == f.started;
}

static bool measure_all(const char *program, const unsigned *levels, unsigned count, bool brief)
{
    struct load_phones mute = { .mute = true };
    unsigned held = 0, unknown;
    bool good = true;
    struct server s;
    struct load *l;

    server_start(&s, program);
    l = load_open(s.port);
    load_dial(l, &mute);
    for (unsigned i = 0; i < count && good; i++) {
        good = fill(l, levels[i] - held);
        held = levels[i];
        if (!brief)
            (void)poll(NULL, 0, SETTLED);
        good = measure(&s, l, held, brief ? 1 : BUSY) && good;
    }
    unknown = load_hang_up(l);
    load_close(l);
    server_stop(&s);
    if (unknown)
        printf("%u calls were lost\n", unknown);
    return good && !unknown;
}

int main(int argc, char **argv)
{
    bool brief = argc > 1 && strcmp(argv[1], "--short") == 0;
    unsigned asked = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    unsigned one = brief ? 50 : asked;
    bool good;

    server_keep_away();
    if (one)
        good = measure_all(argv[0], &one, 1, brief);
    else
        good = measure_all(argv[0], LEVELS, sizeof LEVELS / sizeof *LEVELS, false);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

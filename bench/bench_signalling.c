/* Parking as callers see it: INVITE to 200 while 1,000 are parked, parks a second that go on
 * without a retransmission, what a call costs beside SIPp's built-in server, and a flood of ten
 * times as much. The server has the first core and its store on disk, the callers the second. Fails
 * only when a call is not answered as it should be. [--short | set-up | cost | rate | flood | calls
 * a second, for a profile] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "median.h"
#include "processor.h"
#include "server.h"
#include "sip_load.h"

#define ROUNDS 3
#define FLOOD_TIMES 10
#define FLOOD_KNOWN 1600.0 /* for the flood alone: about what was sustained */
#define WAITING 100u       /* parked before the flood, retrieved in it */
#define WAITING_FIRST (ORBIT_FIRST + 20000)

static const double RATES[] = { 250, 500, 750, 1000, 1500, 1750, 2000, 2500, 3000, 4000 };

static bool all_answered(const struct load_figures *f)
{
    return f->answered == f->started && f->started > 0;
}

static bool is_clean(const struct load_figures *f)
{
    return all_answered(f) && f->again == 0 && f->p99 < 20;
}

static void print(const char *what, const struct load_figures *f)
{
    printf("%-34s %6u calls, %6u answered, %5u shed, %5u busy, %5u sent again; p50 %.2f ms, p99 "
           "%.2f, longest %.1f\n",
           what, f->started, f->answered, f->shed + f->others, f->busy, f->again, f->p50, f->p99,
           f->worst);
    (void)fflush(stdout);
}

static struct load *begin(struct server *s, const char *program)
{
    server_start(s, program);
    return load_open(s->port);
}

static void end(struct server *s, struct load *l)
{
    load_close(l);
    server_stop(s);
}

static bool set_up(const char *program, unsigned parked, unsigned seconds)
{
    struct load_plan fill = {
        .rate = 200, .seconds = parked / 200.0, .hold = -1, .patience = PATIENCE
    };
    struct load_plan some = { .rate = 50, .seconds = seconds, .hold = 1, .patience = PATIENCE };
    struct load_figures filled, f;
    struct server s;
    struct load *l;
    char what[64];
    unsigned unknown;

    l = begin(&s, program);
    load_run(l, &fill, &filled);
    load_run(l, &some, &f);
    (void)snprintf(what, sizeof what, "50 a second beside %u parked", filled.answered);
    print(what, &f);
    unknown = load_hang_up(l);
    end(&s, l);
    if (unknown)
        printf("%u calls were lost\n", unknown);
    return all_answered(&filled) && all_answered(&f) && !unknown;
}

/* Calls held for a second each, so many a second. */
static void hold_a_second(const char *program, double rate, unsigned seconds,
                          struct load_figures *f)
{
    struct load_plan plan = { .rate = rate, .seconds = seconds, .hold = 1, .patience = PATIENCE };
    struct server s;
    struct load *l;
    char what[64];
    double used;

    l = begin(&s, program);
    used = processor_of(s.pid);
    load_run(l, &plan, f);
    used = processor_of(s.pid) - used;
    (void)snprintf(what, sizeof what, "%.0f a second, %.0f %% of a core", rate,
                   100 * used / (seconds + 1));
    print(what, f);
    end(&s, l);
}

/* The highest rate that went on for `seconds` without a retransmission. */
static double sustained(const char *program, unsigned seconds)
{
    double best = 0;

    for (size_t i = 0; i < sizeof RATES / sizeof *RATES; i++) {
        struct load_figures f;

        hold_a_second(program, RATES[i], seconds, &f);
        if (!is_clean(&f))
            break;
        best = RATES[i];
    }
    printf("highest rate without a retransmission and with p99 under 20 ms: %.0f a second\n", best);
    return best;
}

/* Microseconds of processor for a call that is answered and hung up at once. */
static double cost(const struct server *s, const struct load_plan *plan)
{
    struct load *l = load_open(s->port);
    struct load_figures f;
    double used = processor_of(s->pid);

    load_run(l, plan, &f);
    used = processor_of(s->pid) - used;
    load_close(l);
    if (!all_answered(&f))
        print("not all were answered", &f);
    return f.answered ? used / f.answered * 1e6 : 0;
}

static void beside_sipp(const char *program)
{
    struct load_plan plan = { .rate = 400, .seconds = 5, .hold = 0, .patience = PATIENCE };
    double ratio[ROUNDS];

    for (unsigned i = 0; i < ROUNDS; i++) {
        struct server ours, sipp;
        double we, they;

        server_start(&ours, program);
        we = cost(&ours, &plan);
        server_stop(&ours);
        if (!server_start_sipp(&sipp)) {
            printf("SIPp does not start: no yardstick\n");
            return;
        }
        they = cost(&sipp, &plan);
        server_stop(&sipp);
        ratio[i] = they > 0 ? we / they : 0;
        printf("a call: callparkd %.0f us, SIPp's built-in server %.0f us; ratio %.1f\n", we, they,
               ratio[i]);
    }
    printf("median ratio %.1f\n", median(ratio, ROUNDS));
}

/* In a process of its own, as a flood has nothing to do with who retrieves. */
static pid_t begin_flood(uint16_t port, double rate, unsigned seconds)
{
    struct load_plan much = { .rate = rate, .seconds = seconds, .hold = 1, .patience = 10 };
    struct load_figures f;
    char what[64];
    struct load *l;
    pid_t child = fork();

    if (child)
        return child;
    l = load_open(port);
    load_run(l, &much, &f);
    load_forget(l);
    (void)snprintf(what, sizeof what, "the flood: %.0f a second", rate);
    print(what, &f);
    _exit(EXIT_SUCCESS);
}

/* Those who were parked before it are retrieved while it goes on, each by somebody who hangs up
 * after half a second. */
static void retrieve(struct load *l, unsigned seconds, struct load_figures *f)
{
    struct load_phones phones = { .orbit = WAITING_FIRST, .retrieve = true, .mute = true };
    struct load_plan plan = { .rate = (double)WAITING / seconds,
                              .seconds = 2 * seconds,
                              .calls = WAITING,
                              .hold = 0.5,
                              .patience = PATIENCE };

    load_dial(l, &phones);
    load_run(l, &plan, f);
    load_dial(l, &(struct load_phones){ 0 });
}

static bool flood(const char *program, double rate, unsigned seconds)
{
    struct load_phones parked = { .orbit = WAITING_FIRST, .mute = true };
    struct load_plan usual = { .rate = 50, .seconds = seconds, .hold = 1, .patience = PATIENCE };
    struct load_plan fill = {
        .rate = 50, .seconds = 60, .calls = WAITING, .hold = -1, .patience = PATIENCE
    };
    struct load_figures before, waiting, during, after;
    struct server s;
    struct load *l;
    pid_t child;
    bool good;

    l = begin(&s, program);
    load_run(l, &usual, &before);
    print("before: 50 a second", &before);
    load_dial(l, &parked);
    load_run(l, &fill, &waiting);
    child = begin_flood(s.port, rate, seconds);
    retrieve(l, seconds, &during);
    print("retrieved meanwhile, and BYE", &during);
    (void)waitpid(child, NULL, 0);
    printf("memory after the flood %.0f MiB\n", server_memory(&s));
    load_run(l, &usual, &after);
    print("right after it: 50 a second", &after);
    load_run(l, &usual, &after);
    print("and then", &after);
    good = all_answered(&before) && all_answered(&waiting) && all_answered(&during) &&
           all_answered(&after);
    end(&s, l);
    return good;
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    bool good = true;

    server_keep_away();
    if (strcmp(only, "--short") == 0) /* parks before, during and after it */
        return flood(argv[0], 500, 1) ? EXIT_SUCCESS : EXIT_FAILURE;
    if (strtod(only, NULL) > 0) {
        struct load_figures f;

        hold_a_second(argv[0], strtod(only, NULL), 10, &f);
        return is_clean(&f) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (!*only || strcmp(only, "set-up") == 0)
        good = set_up(argv[0], 1000, 20);
    if (!*only || strcmp(only, "cost") == 0)
        beside_sipp(argv[0]);
    if (!*only || strcmp(only, "rate") == 0 || strcmp(only, "flood") == 0) {
        double best = strcmp(only, "flood") ? sustained(argv[0], 5) : FLOOD_KNOWN;

        good = flood(argv[0], FLOOD_TIMES * (best > 0 ? best : RATES[0]), 5) && good;
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Days of a switchboard, invented from a seed: sim [--seed N] [--days N] [--verbose]. TAP on
 * stdout; a failure says how to see that very day again. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world.h"

#define DAYS_A_LINE 100
#define STEPS_A_DAY 200000 /* a day that does not end is a fault as well */

static struct world world;

/* An assertion of the machine itself: park_check() or one of its own. Only write() is allowed here,
 * so the words were made when the day began. */
static char last_words[128];

static void aborted(int signal_number)
{
    (void)signal_number;
    (void)!write(STDOUT_FILENO, last_words, strlen(last_words));
    _exit(EXIT_FAILURE);
}

static uint64_t day(uint64_t seed, bool verbose)
{
    (void)snprintf(last_words, sizeof last_words,
                   "not ok - an assertion failed\n# replay: sim --seed %" PRIu64
                   " --days 1 --verbose\n",
                   seed);
    world_start(&world, seed, verbose);
    while (world_turn(&world))
        if (world.steps > STEPS_A_DAY)
            judge_fail(&world, "the day does not end");
    judge_end(&world);
    world_end(&world);
    return world.steps;
}

static bool read_number(const char *text, uint64_t *number)
{
    char *end = NULL;

    *number = text ? strtoull(text, &end, 10) : 0;
    return text && *text && !*end;
}

static int run(uint64_t seed, uint64_t days, bool verbose)
{
    uint64_t lines = (days + DAYS_A_LINE - 1) / DAYS_A_LINE;
    uint64_t steps = 0;

    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* nothing is left unsaid when the machine aborts */
    printf("1..%" PRIu64 "\n", lines);
    for (uint64_t d = 0; d < days; d++) {
        steps += day(seed + d, verbose);
        if ((d + 1) % DAYS_A_LINE == 0 || d + 1 == days) {
            printf("ok %" PRIu64 " - days up to seed %" PRIu64 ", %" PRIu64 " steps\n",
                   d / DAYS_A_LINE + 1, seed + d, steps);
            fflush(stdout);
        }
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    uint64_t days = 1000;
    bool verbose = false;

    for (int i = 1; i < argc; i++) {
        bool fine = true;

        if (strcmp(argv[i], "--seed") == 0)
            fine = read_number(argv[++i], &seed);
        else if (strcmp(argv[i], "--days") == 0)
            fine = read_number(argv[++i], &days) && days;
        else if (strcmp(argv[i], "--verbose") == 0)
            verbose = true;
        else
            fine = false;
        if (!fine) {
            fprintf(stderr, "usage: sim [--seed N] [--days N] [--verbose]\n");
            return 2;
        }
    }
    (void)signal(SIGABRT, aborted);
    return run(seed, days, verbose);
}

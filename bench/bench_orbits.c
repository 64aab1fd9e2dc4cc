/* What it costs to find an orbit and to give one, in each order, with 100, 10,000 and 49,999 orbits
 * (the most of a destination), half of them in use; beside what the memory of this machine can do
 * at that size: a read at a random place whose address the read before it told. [--short] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/orbits.h"
#include "sys/clock.h"

#define HOME "pool1.contoso.com"
#define SIZES 3
#define DRAWS 65536 /* random choices made beforehand, so that making them is not measured */
#define LINE 64
#define BYTES_PER_ORBIT                                                                            \
    160 /* about what orbits.c keeps for one: its entry and two nodes of the tree */

static const uint32_t sizes[SIZES] = { 100, 10000, DESTINATION_NUMBERS_MAX };

static struct bench {
    struct ranges *ranges;
    struct orbits *orbits;
    uint32_t size;
    number_key *busy; /* those in use, in any order */
    uint32_t busy_count;
    uint32_t draws[DRAWS];
    uint32_t draw;
    msec now;
    void **memory; /* a ring through all lines of a block as large as the orbits */
    uint64_t sum;  /* of what was read, so that nothing is left out as useless */
} b;

static uint64_t spans_ns; /* how long one figure is measured */

static void stop(const char *why)
{
    (void)fprintf(stderr, "bench_orbits: %s\n", why);
    exit(1);
}

static uint32_t draw(uint32_t below)
{
    return (uint32_t)((uint64_t)b.draws[b.draw++ % DRAWS] * below >> 32);
}

static void *get(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (!memory)
        stop("no memory");
    return memory;
}

/* --- one step of each --- */

static void step_read(void)
{
    b.memory = *b.memory;
}

static void step_copy(void)
{
    static char from[64 * 1024], to[sizeof(struct orbit)];

    memcpy(to, from + draw(sizeof from - sizeof to), sizeof to);
    b.sum += (unsigned char)to[draw(sizeof to)];
}

static void step_look(void)
{
    b.sum += orbits_look(b.orbits, 10000 + draw(b.size), b.now).state;
}

static void step_count(void)
{
    number_key first = 10000 + draw(b.size / 2);

    b.sum += orbits_count(b.orbits, first, first + b.size / 2, b.now).free;
}

/* Give one and take another back, which cools for some steps: all that a parked call does here. */
static void step_park(enum allocation how)
{
    uint32_t i = draw(b.busy_count);

    b.now++;
    orbits_give_back(b.orbits, b.busy[i], b.size / 8, false, b.now);
    b.busy[i] = orbits_take(b.orbits, how, 10000, 10000 + b.size - 1, 1, b.now);
    if (!b.busy[i])
        stop("no orbit is free");
}

static void step_lru(void)
{
    step_park(ALLOC_LRU);
}

static void step_random(void)
{
    step_park(ALLOC_RANDOM);
}

static void step_sequential(void)
{
    step_park(ALLOC_SEQUENTIAL);
}

static void step_lowest(void)
{
    step_park(ALLOC_LOWEST);
}

/* --- a world of one size --- */

/* Ranges of at most 10,000 numbers, one behind the other from 10000 on. */
static void put_ranges(uint32_t size)
{
    for (uint32_t done = 0; done < size;) {
        uint32_t count = size - done < RANGE_NUMBERS_MAX ? size - done : RANGE_NUMBERS_MAX;
        struct range r = { .id = done + 1, .version = 1, .destination = HOME };

        r.first = 10000 + done;
        r.last = r.first + count - 1;
        ranges_put(b.ranges, &r);
        done += count;
    }
}

/* Every line of the block once, in random order, and back to the first. */
static void **make_ring(size_t bytes)
{
    size_t count = bytes / LINE;
    char *block = get(count, LINE);
    size_t *order = get(count, sizeof *order);

    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count - 1; i > 0; i--) {
        size_t k = draw((uint32_t)i + 1), swap = order[i];

        order[i] = order[k];
        order[k] = swap;
    }
    for (size_t i = 0; i < count; i++) {
        void *next = block + order[(i + 1) % count] * LINE;

        memcpy(block + order[i] * LINE, &next, sizeof next);
    }
    free(order);
    return (void **)(void *)block;
}

static void begin(uint32_t size)
{
    b.size = size;
    b.now = 1;
    b.ranges = get(1, sizeof *b.ranges);
    b.orbits = orbits_init(get(1, orbits_size()), 1);
    b.busy = get(size / 2, sizeof *b.busy);
    put_ranges(size);
    orbits_rebuild(b.orbits, b.ranges, HOME);
    for (b.busy_count = 0; b.busy_count < size / 2; b.busy_count++)
        b.busy[b.busy_count] = orbits_take(b.orbits, ALLOC_RANDOM, 0, 0, 1, b.now);
}

static void end(void)
{
    orbits_check(b.orbits);
    free(b.busy);
    free(b.orbits);
    free(b.ranges);
}

/* --- measuring --- */

/* Nanoseconds of one step: the best of five, as what disturbs can only make it slower. */
static double measure(void (*step)(void))
{
    double best = 1e18;

    for (int turn = 0; turn < 6; turn++) {
        uint64_t start = clock_now_ns(), steps = 0, span;
        double each;

        do {
            for (int i = 0; i < 1000; i++)
                step();
            steps += 1000;
            span = clock_now_ns() - start;
        } while (span < spans_ns / 5);
        each = (double)span / (double)steps;
        if (turn > 0 && each < best) /* the first one warms up */
            best = each;
    }
    return best;
}

static const struct row {
    const char *what;
    void (*step)(void);
} rows[] = {
    { "raw: dependent random read", step_read },
    { "raw: memcpy of one orbit", step_copy },
    { "look up", step_look },
    { "count half of them", step_count },
    { "take + give back, lru", step_lru },
    { "take + give back, random", step_random },
    { "take + give back, sequential", step_sequential },
    { "take + give back, lowest", step_lowest },
};

#define ROWS (sizeof rows / sizeof rows[0])

static void run(double ns[ROWS][SIZES])
{
    for (int size = 0; size < SIZES; size++) {
        void **ring = make_ring((size_t)sizes[size] * BYTES_PER_ORBIT);

        begin(sizes[size]);
        for (size_t i = 0; i < ROWS; i++) {
            b.memory = ring;
            ns[i][size] = measure(rows[i].step);
        }
        end();
        free(ring);
    }
}

int main(int argc, char **argv)
{
    double ns[ROWS][SIZES];

    spans_ns = argc > 1 && text_is(argv[1], "--short") ? 50000000 : 500000000;
    srandom(1); /* the same choices each time */
    for (int i = 0; i < DRAWS; i++)
        b.draws[i] = (uint32_t)random() << 16 ^ (uint32_t)random();
    run(ns);
    printf("%-30s %26s   %17s   %20s\n", "", "ns at orbits", "times that of 100",
           "raw reads it costs");
    printf("%-30s %8s %8s %8s   %8s %8s   %6s %6s %6s\n", "", "100", "10,000", "49,999", "10,000",
           "49,999", "100", "10,000", "49,999");
    for (size_t i = 0; i < ROWS; i++)
        printf("%-30s %8.1f %8.1f %8.1f   %8.2f %8.2f   %6.1f %6.1f %6.1f\n", rows[i].what,
               ns[i][0], ns[i][1], ns[i][2], ns[i][1] / ns[i][0], ns[i][2] / ns[i][0],
               ns[i][0] / ns[0][0], ns[i][1] / ns[0][1], ns[i][2] / ns[0][2]);
    return b.sum == 1; /* never: it is only here to be used */
}

/* The stream of events with many browsers at it: how long after a park's 200 the last of them
 * knows, what an event costs for each of them beside a bare send(), what a listener takes of
 * memory; and one who does not read: he is cut off, comes back with his last number, and has missed
 * nothing. The server has the first core, who calls and listens the second. Fails when an event is
 * missing.
 * [--short | slow | streams, parks a second and seconds] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare_fan.h"
#include "listeners.h"
#include "processor.h"
#include "server.h"
#include "sip_load.h"
#include "sys/clock.h"

#define STREAMS 1000 /* HTTP_STREAMS_MAX */
#define PARKS_MAX 4096
#define LATE 5.0 /* seconds after the last park until all must have been told of it */
#define SLOW_EVENTS                                                                                \
    5000 /* the server keeps 10,000, and ends a connection that stands still for 30 s */

struct parks {
    unsigned count, answered, told;
    unsigned call[PARKS_MAX];
    double at[PARKS_MAX];  /* of its 200 */
    float late[PARKS_MAX]; /* ms until the last listener knew */
};

static double now(void)
{
    return (double)clock_now_ns() / 1e9;
}

/* ---- parks, and who is told of them ---- */

/* Calls are answered in the order in which they are placed, as each comes long after the last. */
static void look(struct parks *p, const struct load *l, struct listeners *to)
{
    struct listeners_heard h = { 0 };
    double t = now();

    while (p->answered < p->count && load_audio_of(l, p->call[p->answered]).port)
        p->at[p->answered++] = t;
    if (to)
        listeners_heard(to, &h);
    while (p->told < p->answered && p->told < h.parks) {
        p->late[p->told] = (float)((t - p->at[p->told]) * 1000);
        p->told++;
    }
}

/* So many parks a second, with or without listeners. */
static void place(struct parks *p, struct load *l, struct listeners *to, double rate,
                  double seconds)
{
    double begin = now(), t = begin, end = begin + seconds;

    *p = (struct parks){ 0 };
    while (t < end || ((p->answered < p->count || (to && p->told < p->count)) && t < end + LATE)) {
        if (t < end && p->count < PARKS_MAX && p->count < (t - begin) * rate)
            p->call[p->count++] = load_call(l);
        load_turn(l);
        if (to)
            listeners_turn(to, 1);
        look(p, l, to);
        t = now();
    }
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* ---- many ---- */

/* Microseconds of processor for each event and listener, told by send() alone. */
static double bare(unsigned streams, unsigned bytes, unsigned events, double seconds)
{
    struct listeners_heard h = { 0 };
    struct listeners *l;
    struct bare_fan fan;
    double used, begin, t;
    unsigned told = 0;

    bare_fan_start(&fan, bytes);
    l = listeners_open(&(struct listeners_plan){ .port = fan.port, .token = "", .count = streams });
    used = processor_of(fan.pid);
    for (begin = t = now(); (told < events || h.parks < events) && t < begin + seconds + LATE;
         t = now()) {
        if (told < events && told < (t - begin) * events / seconds) {
            bare_fan_tell(&fan);
            told++;
        }
        listeners_turn(l, 1);
        listeners_heard(l, &h);
    }
    used = (processor_of(fan.pid) - used) / told / streams;
    listeners_close(l);
    bare_fan_stop(&fan);
    return used * 1e6;
}

static bool many(const char *program, unsigned streams, double rate, double seconds)
{
    static const struct load_phones phones = { .mute = true };
    static struct parks p;
    struct listeners_heard before, h;
    struct listeners *to;
    struct server s;
    struct load *l;
    char token[SERVER_TOKEN_SIZE];
    double memory, alone, used, yardstick;
    unsigned events, bytes;

    server_start(&s, program);
    server_token(&s, token);
    l = load_open(s.port);
    load_dial(l, &phones);
    alone = processor_of(s.pid);
    place(&p, l, NULL, rate, seconds);
    alone = processor_of(s.pid) - alone;
    memory = server_memory(&s);
    to =
        listeners_open(&(struct listeners_plan){ .port = s.web, .token = token, .count = streams });
    listeners_turn(to, 200);
    memory = server_memory(&s) - memory;
    listeners_heard(to, &before);
    used = processor_of(s.pid);
    place(&p, l, to, rate, seconds);
    used = processor_of(s.pid) - used;
    listeners_heard(to, &h);
    events = (unsigned)((h.events - before.events) / streams);
    bytes = events ? (unsigned)((h.bytes - before.bytes) / streams / events) : 0;
    yardstick = events ? bare(streams, bytes, events, seconds) : 0;
    qsort(p.late, p.told, sizeof *p.late, by_size);
    printf(
        "%u listeners, %.0f parks a second: %u parks, %u events of %u bytes; from the park's 200 "
        "until the last knows p50 %.1f, p99 %.1f, longest %.1f ms\n",
        streams, rate, p.count, events, bytes, (double)p.late[p.told / 2],
        (double)p.late[(unsigned)(p.told * 0.99)], (double)p.late[p.told ? p.told - 1 : 0]);
    printf("processor: %.0f %% of a core, %.0f %% without listeners; for each event and listener "
           "%.2f us, bare send() %.2f us: ratio %.2f; %.1f KiB of memory for a listener\n",
           100 * used / seconds, 100 * alone / seconds, (used - alone) / events / streams * 1e6,
           yardstick, (used - alone) / events / streams * 1e6 / yardstick, memory * 1024 / streams);
    if (h.gaps || h.resets || h.open != streams || p.told != p.count)
        printf("WRONG: %u gaps, %u told to start anew, %u of %u still open, %u of %u parks told to "
               "all\n",
               h.gaps, h.resets, h.open, streams, p.told, p.count);
    (void)fflush(stdout);
    listeners_close(to);
    load_close(l);
    server_stop(&s);
    return !h.gaps && !h.resets && h.open == streams && p.told == p.count;
}

/* ---- one who does not read ---- */

struct slow {
    struct server server;
    struct load *load;
    char token[SERVER_TOKEN_SIZE];
    struct listeners *others;
    struct listeners_heard heard; /* by the others */
    bool good;
};

/* Parks that end at once, until there were `events` more events. */
static void make_events(struct slow *s, unsigned events)
{
    struct load_plan plan = { .rate = 200, .seconds = 1, .hold = 0, .patience = PATIENCE };
    uint64_t wanted = s->heard.last + events;
    struct load_figures f;

    for (unsigned turns = 0; turns < 60 && s->heard.last < wanted; turns++) {
        load_run(s->load, &plan, &f);
        for (unsigned i = 0; i < 100; i++)
            listeners_turn(s->others, 1);
        listeners_heard(s->others, &s->heard);
    }
}

static struct listeners *one(const struct slow *s, uint64_t after)
{
    return listeners_open(&(struct listeners_plan){
        .port = s->server.web, .token = s->token, .count = 1, .after = after });
}

/* Until he knows what the others know. */
static void read_on(struct slow *s, struct listeners *who, const char *what)
{
    struct listeners_heard h = { 0 };
    double begin = now();
    bool good;

    while (h.last < s->heard.last && now() < begin + 60) {
        listeners_turn(who, 50);
        listeners_heard(who, &h);
    }
    good = h.open == 1 && !h.gaps && !h.resets && h.last >= s->heard.last;
    printf("%s: %llu events, %llu KiB, in %.1f s; %s\n", what, (unsigned long long)h.events,
           (unsigned long long)h.bytes >> 10, now() - begin,
           good ? "none is missing" : "WRONG: some are missing");
    s->good = s->good && good;
}

static bool slow(const char *program)
{
    static const struct load_phones phones = { .mute = true };
    struct slow s = { .good = true };
    struct listeners *sleeper, *back;
    uint64_t left;

    server_start(&s.server, program);
    server_token(&s.server, s.token);
    s.load = load_open(s.server.port);
    load_dial(s.load, &phones);
    s.others = listeners_open(
        &(struct listeners_plan){ .port = s.server.web, .token = s.token, .count = 2 });
    make_events(&s, 1);
    left = s.heard.last;
    sleeper = one(&s, 0);
    make_events(&s, SLOW_EVENTS);
    read_on(&s, sleeper, "who has read nothing, and now does");
    listeners_close(sleeper);
    back = one(&s, left);
    read_on(&s, back, "who comes back with his last number");
    listeners_close(back);
    listeners_heard(s.others, &s.heard);
    if (s.heard.gaps || s.heard.open != 2) {
        printf("WRONG: the others have %u gaps, and %u are open\n", s.heard.gaps, s.heard.open);
        s.good = false;
    }
    listeners_close(s.others);
    load_close(s.load);
    server_stop(&s.server);
    return s.good;
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    bool good = true;

    server_keep_away();
    if (strcmp(only, "--short") == 0)
        return many(argv[0], 50, 20, 1) ? EXIT_SUCCESS : EXIT_FAILURE;
    if (argc > 3)
        return many(argv[0], (unsigned)strtoul(only, NULL, 10), strtod(argv[2], NULL),
                    strtod(argv[3], NULL))
                   ? EXIT_SUCCESS
                   : EXIT_FAILURE;
    if (!*only)
        good = many(argv[0], STREAMS, 20, 10) && many(argv[0], STREAMS, 50, 10);
    return slow(argv[0]) && good ? EXIT_SUCCESS : EXIT_FAILURE;
}

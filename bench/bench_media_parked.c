/* Music to N parked callers: processor time for each packet of callparkd, in the clear and with
 * SRTP, beside a bare sendmmsg() loop that sends the same packets at the same pace, by turns in one
 * run and to the same receiver; how many each of them keeps on time on one core; and the gaps that
 * telephones hear. Who sends has the first core, who listens the second. Fails only when something
 * arrives that should not, or does not arrive. [--short | cost [CALLS] | most | gaps CALLS |
 * --target HOST:PORT --park N ..., another server: target.h] */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare_sender.h"
#include "measure.h"
#include "median.h"
#include "opener.h"
#include "receiver.h"
#include "server.h"
#include "sip_load.h"
#include "target.h"

#define STREAMS_MAX 12000
#define ROUNDS_MAX 5
#define TRIES 3
#define HOST 0x7F010001U /* of the first call; each next one has the next */
#define LEAST 4000
#define STEP 250
#define RATE 150    /* parked a second: beside thousands of streams the same core has little left */
#define SETTLE 1500 /* ms until the server has read every ACK: it may be stopped for long */

enum who { BARE, PLAIN, AES_CM, AES_GCM, SUBJECTS };

/* A sender, and what it took in each round. Only callparkd stays between rounds, and stands still.
 */
struct subject {
    const char *name, *suite;
    unsigned growth;
    struct server server;
    struct load *load;
    double all[ROUNDS_MAX],
        media[ROUNDS_MAX]; /* us a packet: of the process, of its media thread */
};

static const struct subject kinds[SUBJECTS] = {
    [BARE] = { .name = "bare sendmmsg" },
    [PLAIN] = { .name = "callparkd" },
    [AES_CM] = { .name = "with AES-CM", .suite = "AES_CM_128_HMAC_SHA1_80", .growth = 10 },
    [AES_GCM] = { .name = "with AES-GCM", .suite = "AEAD_AES_128_GCM", .growth = 16 },
};

struct plan {
    const char *program;
    struct receiver *receiver;
    unsigned calls, rounds;
    unsigned subjects; /* so many of them, from the first on */
    double seconds;
};

/* ---- who sends
 * --------------------------------------------------------------------------------- */

static pid_t start_bare(const struct plan *p)
{
    static struct bare_stream streams[STREAMS_MAX];
    struct bare_plan bare = {
        .stream = streams, .streams = p->calls, .ssrc = 1, .sound = 0xD5, .socket = -1, .core = 0
    };

    for (unsigned i = 0; i < p->calls; i++)
        streams[i] = (struct bare_stream){ .to = HOST + i, .port = receiver_port(p->receiver) };
    return bare_start(&bare);
}

/* So many more, and they stay. */
static bool park(struct subject *s, unsigned calls)
{
    struct load_plan plan = {
        .rate = RATE, .seconds = 120, .calls = calls, .hold = -1, .patience = PATIENCE
    };
    struct load_figures f;

    load_run(s->load, &plan, &f);
    (void)poll(NULL, 0, SETTLE);
    if (f.answered == calls)
        return true;
    printf("%s: of %u calls %u were parked, %u found it busy, %u were shed\n", s->name, f.started,
           f.answered, f.busy, f.shed + f.others);
    return false;
}

static void start_server(struct subject *s, const struct plan *p)
{
    struct load_phones phones = { .audio = receiver_port(p->receiver), .suite = s->suite };

    server_start(&s->server, p->program);
    s->load = load_open(s->server.port);
    load_dial(s->load, &phones);
}

static void end_server(struct subject *s)
{
    load_close(s->load);
    server_stop(&s->server);
}

/* ---- one turn
 * --------------------------------------------------------------------------------- */

static void take_turn(const struct plan *p, const struct subject *s, struct used *u)
{
    pid_t pid = s->load ? s->server.pid : start_bare(p);

    receiver_expect(p->receiver, s->growth);
    if (s->load)
        server_pause(&s->server, false);
    measure_while_heard(p->receiver, pid, 300, p->seconds, u);
    if (s->load)
        server_pause(&s->server, true);
    else
        bare_stop(pid);
}

/* A turn in which a stream fell behind says nothing about cost: others used the machine. What is
 * never heard at all, though, is a fault. */
static bool measure(const struct plan *p, struct subject *s, unsigned round, bool *right)
{
    bool all_heard = false;

    for (unsigned i = 0; i < TRIES; i++) {
        struct used u;

        take_turn(p, s, &u);
        *right = *right && receiver_is_right(&u.heard, p->calls, NULL);
        all_heard = all_heard || u.heard.streams == p->calls;
        if (!receiver_is_content(&u.heard, p->calls, s->name))
            continue;
        s->all[round] = u.all / (double)u.heard.packets * 1e6;
        s->media[round] = u.media / (double)u.heard.packets * 1e6;
        return true;
    }
    *right = *right && all_heard;
    return false;
}

/* ---- what a packet costs
 * --------------------------------------------------------------------------------- */

static void print_cost(const struct subject all[SUBJECTS], const struct plan *p, unsigned rounds)
{
    static const enum who besides[SUBJECTS] = { BARE, BARE, PLAIN, PLAIN };

    if (!rounds)
        return;
    for (unsigned i = 0; i < p->subjects; i++) {
        const struct subject *s = &all[i], *to = &all[besides[i]];

        printf("%5u calls, %-13s  %.2f us a packet", p->calls, s->name, median(s->all, rounds));
        if (i != BARE)
            printf(", %.2f of it in the media thread; %.2f x %s (to reach: 1.15)",
                   median(s->media, rounds), median_ratio(s->all, to->all, rounds), to->name);
        printf("\n");
    }
    (void)fflush(stdout);
}

/* All by turns. False: something was not right. Rounds that do not count are told, no more. */
static bool cost(const struct plan *p)
{
    struct subject all[SUBJECTS];
    unsigned rounds = 0;
    bool right = true;

    memcpy(all, kinds, sizeof all);
    for (unsigned i = PLAIN; i < p->subjects; i++) {
        start_server(&all[i], p);
        right = park(&all[i], p->calls) && right;
        server_pause(&all[i].server, true);
    }
    for (unsigned round = 0; round < p->rounds && right; round++) {
        bool counts = true;

        for (unsigned i = 0; i < p->subjects; i++)
            counts = measure(p, &all[i], rounds, &right) && counts;
        rounds += counts;
    }
    for (unsigned i = AES_CM; i < p->subjects; i++) {
        server_pause(&all[i].server, false);
        right = opener_opens_one(p->receiver, all[i].suite, load_key(all[i].load)) && right;
        server_pause(&all[i].server, true);
    }
    for (unsigned i = PLAIN; i < p->subjects; i++)
        end_server(&all[i]);
    print_cost(all, p, rounds);
    return right;
}

/* ---- how many are on time
 * --------------------------------------------------------------------------------- */

static void print_gaps(const char *name, const struct plan *p, const struct used *u)
{
    const struct arrivals *a = &u->heard;

    printf("%5u calls, %-13s  %3.0f %% of a core, %.1f packets/s each, %u behind; ", p->calls, name,
           100 * u->all / a->seconds,
           (double)a->packets / a->seconds / (a->streams ? a->streams : 1), a->behind);
    receiver_print_gaps(a);
    printf("\n");
    (void)fflush(stdout);
}

static bool is_on_time(const struct plan *p, const struct subject *s)
{
    struct used u;

    for (unsigned i = 0; i < TRIES; i++) {
        take_turn(p, s, &u);
        print_gaps(s->name, p, &u);
        if (receiver_is_content(&u.heard, p->calls, NULL))
            return true;
    }
    return false;
}

/* Both at once, each until it does not keep up. */
static unsigned most(struct plan p)
{
    struct subject bare = kinds[BARE], ours = kinds[PLAIN];
    unsigned best[2] = { 0 };
    bool on[2] = { true, true };

    start_server(&ours, &p);
    for (p.calls = LEAST; p.calls <= STREAMS_MAX && (on[0] || on[1]); p.calls += STEP) {
        on[0] = on[0] && is_on_time(&p, &bare);
        best[0] = on[0] ? p.calls : best[0];
        server_pause(&ours.server, !on[1]); /* to park; who is out stands still */
        on[1] = on[1] && park(&ours, p.calls == LEAST ? LEAST : STEP) && is_on_time(&p, &ours);
        best[1] = on[1] ? p.calls : best[1];
        server_pause(&ours.server, true); /* also when it refused, and so had no turn */
    }
    end_server(&ours);
    printf("every stream on time on one core: callparkd %u, bare sendmmsg %u; %.2f x (to reach: "
           "0.9)\n",
           best[1], best[0], best[0] ? (double)best[1] / best[0] : 0);
    return best[1];
}

static void gaps(struct plan p, unsigned calls)
{
    struct subject bare = kinds[BARE], ours = kinds[PLAIN];
    struct used u;

    p.calls = calls;
    p.seconds = 10;
    start_server(&ours, &p);
    if (park(&ours, calls)) {
        server_pause(&ours.server, true);
        take_turn(&p, &bare, &u);
        print_gaps(bare.name, &p, &u);
        take_turn(&p, &ours, &u);
        print_gaps(ours.name, &p, &u);
        printf("to reach: p99.9 under 35 ms, none above 40\n");
    }
    end_server(&ours);
}

/* "cost 1000", "gaps 4000": one part alone, as for a profile. */
static bool run(struct plan *p, const char *part, unsigned calls)
{
    bool right = true;

    if (!*part || strcmp(part, "cost") == 0) {
        p->calls = calls ? calls : 1000;
        right = cost(p);
        p->calls = 4000;
        right = (calls || cost(p)) && right;
    }
    if (!*part || strcmp(part, "most") == 0)
        calls = most(*p) * 4 / 5;
    if (calls && strcmp(part, "cost") != 0)
        gaps(*p, calls);
    return right;
}

int main(int argc, char **argv)
{
    const char *part = argc > 1 ? argv[1] : "";
    unsigned calls = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    struct plan p = {
        .program = argv[0], .calls = 100, .rounds = 1, .subjects = AES_CM + 1, .seconds = 0.5
    };
    bool right;

    server_keep_away();
    if (target_is_meant(argc, argv))
        return target_measure(argc, argv) ? EXIT_SUCCESS : EXIT_FAILURE;
    p.receiver = receiver_open(STREAMS_MAX);
    if (strcmp(part, "--short") == 0) {
        right = cost(&p);
    } else {
        p.rounds = ROUNDS_MAX;
        p.subjects = SUBJECTS;
        p.seconds = 3;
        right = run(&p, part, calls <= STREAMS_MAX ? calls : STREAMS_MAX);
    }
    receiver_close(p.receiver);
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}

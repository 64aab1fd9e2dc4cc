/* Calls that were parked and retrieved, both sides talking: processor time for each packet that
 * callparkd passes on, beside a bare recvmmsg()/sendmmsg() loop that does the same for the same
 * pairs, by turns in one run; and how many pairs each of them serves on one core. Who relays has
 * the first core, who talks and listens the second. Fails only when something arrives that should
 * not, or does not arrive. [--short | pairs, for a profile] */
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare_relay.h"
#include "bare_sender.h"
#include "measure.h"
#include "median.h"
#include "receiver.h"
#include "server.h"
#include "sip_load.h"

#define PAIRS_MAX 4000
#define ROUNDS_MAX 5
#define TRIES 3
#define STEP 250
#define BARE_HOST 0x7F020001U /* 127.2.0.1: of nobody who calls */

struct bench {
    struct receiver *receiver;
    struct server server;
    struct load *load;
    unsigned pairs; /* that are talking */
    double seconds;
    struct bare_stream voices[2 * PAIRS_MAX], bare_voices[2 * PAIRS_MAX];
};

/* ---- who talks
 * --------------------------------------------------------------------------------- */

static bool place(struct bench *b, unsigned calls, bool retrieve)
{
    struct load_plan plan = {
        .rate = 200, .seconds = 120, .calls = calls, .hold = -1, .patience = PATIENCE
    };
    struct load_phones phones = { .orbit = ORBIT_FIRST + b->pairs,
                                  .retrieve = retrieve,
                                  .audio = receiver_port(b->receiver) };
    struct load_figures f;

    load_dial(b->load, &phones);
    load_run(b->load, &plan, &f);
    if (f.answered != calls)
        printf("%u of %u calls were %s\n", f.answered, calls, retrieve ? "retrieved" : "parked");
    return f.answered == calls;
}

/* So many more pairs. */
static bool connect_more(struct bench *b, unsigned more)
{
    unsigned first = load_last(b->load) + 1;

    if (!place(b, more, false) || !place(b, more, true))
        return false;
    for (unsigned i = 0; i < 2 * more; i++) {
        struct load_audio a = load_audio_of(b->load, first + i);

        b->voices[2 * b->pairs + i] = (struct bare_stream){ a.own, a.host, a.port };
    }
    b->pairs += more;
    return true;
}

static pid_t start_talking(const struct bench *b, const struct bare_stream *voices)
{
    struct bare_plan plan = { .stream = voices,
                              .streams = 2 * b->pairs,
                              .ssrc = 1,
                              .sound = 0x2A,
                              .socket = receiver_socket(b->receiver),
                              .core = 1 };

    return bare_start(&plan);
}

/* ---- one turn
 * --------------------------------------------------------------------------------- */

static void listen_to(struct bench *b, pid_t relay, const struct bare_stream *voices,
                      struct used *u)
{
    pid_t talking = start_talking(b, voices);

    measure_while_heard(b->receiver, relay, 500, b->seconds, u);
    bare_stop(talking);
}

static void take_bare_turn(struct bench *b, struct used *u)
{
    uint16_t port = 0;
    pid_t relay = bare_relay_start(BARE_HOST, b->pairs, receiver_port(b->receiver), &port);

    server_pause(&b->server, true);
    for (unsigned i = 0; i < 2 * b->pairs; i++)
        b->bare_voices[i] = (struct bare_stream){ BARE_HOST + i, INADDR_LOOPBACK, port };
    listen_to(b, relay, b->bare_voices, u);
    bare_relay_stop(relay);
    server_pause(&b->server, false);
}

static bool take_turn(struct bench *b, bool bare, struct used *u, bool *right)
{
    const char *name = bare ? "bare relay" : "callparkd";
    bool all_heard = false;

    for (unsigned i = 0; i < TRIES; i++) {
        if (bare)
            take_bare_turn(b, u);
        else
            listen_to(b, b->server.pid, b->voices, u);
        all_heard = all_heard || u->heard.streams == 2 * b->pairs;
        if (receiver_is_content(&u->heard, 2 * b->pairs, name))
            return true;
    }
    *right = *right && all_heard && receiver_is_right(&u->heard, 2 * b->pairs, name);
    return false;
}

static double us_a_packet(double seconds, const struct used *u)
{
    return seconds / (double)u->heard.packets * 1e6;
}

/* ---- what a packet costs, and how many pairs there can be
 * --------------------------------------------------------------------------------- */

static bool cost(struct bench *b, unsigned rounds)
{
    double bare[ROUNDS_MAX], ours[ROUNDS_MAX], media[ROUNDS_MAX];
    unsigned count = 0;
    bool right = true;

    for (unsigned i = 0; i < rounds && right; i++) {
        struct used b_used, o_used;

        if (!take_turn(b, true, &b_used, &right) || !take_turn(b, false, &o_used, &right))
            continue;
        bare[count] = us_a_packet(b_used.all, &b_used);
        ours[count] = us_a_packet(o_used.all, &o_used);
        media[count++] = us_a_packet(o_used.media, &o_used);
    }
    if (count)
        printf("%5u pairs: callparkd %.2f us a packet, %.2f of it in the media thread; bare relay "
               "%.2f; so %.2f x as many on one core (to reach: 0.7)\n",
               b->pairs, median(ours, count), median(media, count), median(bare, count),
               median_ratio(bare, ours, count));
    (void)fflush(stdout);
    return right;
}

static void tell(const char *name, const struct bench *b, const struct used *u)
{
    printf("%5u pairs, %-10s  %3.0f %% of a core; ", b->pairs, name, 100 * u->all / b->seconds);
    receiver_print_gaps(&u->heard);
    printf("\n");
    (void)fflush(stdout);
}

static void most(struct bench *b)
{
    unsigned bare = 0, ours = 0;
    bool bare_on = true, ours_on = true, right = true;

    while ((bare_on || ours_on) && b->pairs + STEP <= PAIRS_MAX && connect_more(b, STEP)) {
        struct used u;

        bare_on = bare_on && take_turn(b, true, &u, &right);
        if (bare_on) {
            bare = b->pairs;
            tell("bare relay", b, &u);
        }
        ours_on = ours_on && take_turn(b, false, &u, &right);
        if (ours_on) {
            ours = b->pairs;
            tell("callparkd", b, &u);
        }
    }
    printf("every stream on time on one core: callparkd %u pairs, bare relay %u; %.2f x (to reach: "
           "0.7; who talks and listens has one core as well)\n",
           ours, bare, bare ? (double)ours / bare : 0);
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    bool brief = strcmp(only, "--short") == 0;
    unsigned long asked = strtoul(only, NULL, 10);
    unsigned pairs = brief ? 30 : asked > 0 && asked <= PAIRS_MAX ? (unsigned)asked : 500;
    static struct bench b;
    bool right;

    server_keep_away();
    b.receiver = receiver_open(2 * PAIRS_MAX);
    b.seconds = brief ? 0.5 : 3;
    server_start(&b.server, argv[0]);
    b.load = load_open(b.server.port);
    right = connect_more(&b, pairs) && cost(&b, brief ? 1 : ROUNDS_MAX);
    if (right && !*only)
        most(&b);
    load_close(b.load);
    server_stop(&b.server);
    receiver_close(b.receiver);
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}

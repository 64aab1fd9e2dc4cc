/* How many calls are parked until one is refused because more could not hear music on time: by one
 * media worker that has the first core, and by two on both cores, which share these with the
 * callers and with the rest of the server. Nobody reads the audio. Fails when a call is lost, or
 * when the two have not shared the streams. [--short] */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_client.h"
#include "processor.h"
#include "server.h"
#include "sip_load.h"

#define MOST 24000
#define STEP 250
#define RATE 250.0
#define WINDOW 3000 /* ms over which processor time is read */

struct result {
    unsigned parked, lost;
    double packet_us; /* of the media threads, for a packet */
    double streams[2];
};

/* A figure of /metrics. */
static double figure(struct http_client *c, const char *name)
{
    const struct http_question q = { .method = "GET", .path = "/metrics" };
    const char *at;
    char line[96];
    size_t length;

    (void)snprintf(line, sizeof line, "\n%s ", name);
    if (http_client_ask(c, &q) != 200)
        return 0;
    at = strstr(http_client_body(c, &length), line);
    return at ? strtod(at + strlen(line), NULL) : 0;
}

static double packets(struct http_client *c)
{
    return figure(c, "callpark_rtp_packets_total{direction=\"out\"}");
}

/* Until one is refused. */
static unsigned fill(struct load *l, unsigned most)
{
    struct load_plan plan = { .rate = RATE, .seconds = 60, .hold = -1, .patience = PATIENCE };
    unsigned parked = 0;

    while (parked < most) {
        struct load_figures f;

        plan.calls = most - parked < STEP ? most - parked : STEP;
        load_run(l, &plan, &f);
        parked += f.answered;
        if (f.answered < plan.calls)
            break;
        (void)poll(NULL, 0, 500); /* the workers look at themselves four times a second */
    }
    return parked;
}

static void look(struct http_client *c, const struct server *s, struct result *r)
{
    double used = processor_of_threads(s->pid, "media-"), sent = packets(c);

    (void)poll(NULL, 0, WINDOW);
    used = processor_of_threads(s->pid, "media-") - used;
    sent = packets(c) - sent;
    r->packet_us = sent > 0 ? used / sent * 1e6 : 0;
    r->streams[0] = figure(c, "callpark_rtp_worker_streams{worker=\"0\"}");
    r->streams[1] = figure(c, "callpark_rtp_worker_streams{worker=\"1\"}");
}

static void measure(const char *program, unsigned workers, unsigned most, struct result *r)
{
    char token[SERVER_TOKEN_SIZE];
    struct http_client *c;
    struct server s;
    struct load *l;

    server_start_workers(&s, program, workers);
    server_token(&s, token);
    c = http_client_open(s.web, token);
    l = load_open(s.port);
    r->parked = fill(l, most);
    look(c, &s, r);
    r->lost = load_hang_up(l);
    printf(
        "%u worker%s: %u calls parked (%.0f and %.0f streams), %.2f us of media threads a packet\n",
        workers, workers > 1 ? "s" : "", r->parked, r->streams[0], r->streams[1], r->packet_us);
    (void)fflush(stdout);
    http_client_close(c);
    load_close(l);
    server_stop(&s);
}

int main(int argc, char **argv)
{
    unsigned most = argc > 1 && strcmp(argv[1], "--short") == 0 ? 200 : MOST;
    struct result one, two;

    server_keep_away();
    measure(argv[0], 1, most, &one);
    measure(argv[0], 2, most, &two);
    printf("two workers: %.2f x as many as one, %.2f x the processor time for a packet\n",
           (double)two.parked / one.parked, two.packet_us / one.packet_us);
    return one.parked && two.parked && !one.lost && !two.lost &&
                   two.streams[0] > 0.3 * two.parked && two.streams[1] > 0.3 * two.parked
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}

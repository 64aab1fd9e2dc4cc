/* The API when there is much to tell: 5,000 number ranges and 10,000 live calls, whole, page by
 * page, filtered, and changed; each question beside a bare libmicrohttpd that answers the same
 * bytes. The server has the first core, who asks the second. Fails only when an answer is not what
 * it should be. [--short | ranges | calls N | hold N: a server with so many calls, which says where
 * it is; 50 more a second are parked, each for two seconds, until it is ended; for bench/board.mjs]
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare_http.h"
#include "http_client.h"
#include "processor.h"
#include "server.h"
#include "sip_load.h"
#include "sys/clock.h"

#define RANGES 5000  /* core/limits.h */
#define OWN_RANGES 4 /* those that server_start() makes */
#define RANGE_FIRST 600000
#define V1 "/api/v1"
#define PAGES_MAX 16

struct bench {
    struct server server;
    struct http_client *client;
    double seconds; /* for each figure */
    bool good;
};

static void wrong(struct bench *b, const char *what)
{
    printf("WRONG: %s: %.300s\n", what, http_client_body(b->client, NULL));
    b->good = false;
}

/* ---- one figure ---- */

static void print(const char *what, const struct http_figures *f, const struct http_figures *bare)
{
    printf("%-34s p50 %7.2f, p99 %7.2f ms; %7.0f us of processor, %6.0f/s on a core", what, f->p50,
           f->p99, f->processor, 1e6 / f->processor);
    if (bare)
        printf("; bare p50 %.2f ms, %4.0f us: ratio %.1f", bare->p50, bare->processor,
               f->processor / bare->processor);
    printf("\n");
    (void)fflush(stdout);
}

/* Several questions as one, beside the bare server with the bytes of the last answer. */
static void tell_all(struct bench *b, const char *what, const struct http_question *q,
                     unsigned count)
{
    struct http_figures ours, bare;
    struct bare_http yardstick;
    struct http_client *c;
    const char *body;
    size_t length;

    http_client_measure_all(b->client, b->server.pid, q, count, b->seconds, &ours);
    if (ours.refused)
        wrong(b, what);
    body = http_client_body(b->client, &length);
    bare_http_start(&yardstick, body, length);
    c = http_client_open(yardstick.port, NULL);
    http_client_measure_all(c, yardstick.pid, q, count, b->seconds / 2, &bare);
    http_client_close(c);
    bare_http_stop(&yardstick);
    print(what, &ours, &bare);
}

static void tell(struct bench *b, const char *what, const char *path)
{
    struct http_question q = { .method = "GET", .path = path };

    tell_all(b, what, &q, 1);
}

/* All of a list, in pages of 1,000; `total` is how many there must be. */
static void tell_whole(struct bench *b, const char *what, const char *path, unsigned total)
{
    char paths[PAGES_MAX][256], cursor[32];
    struct http_question q[PAGES_MAX];
    unsigned pages = 0, sum = 0;

    *cursor = '\0';
    do {
        (void)snprintf(paths[pages], sizeof paths[0], "%s%climit=1000%s%s", path,
                       strchr(path, '?') ? '&' : '?', *cursor ? "&cursor=" : "", cursor);
        q[pages] = (struct http_question){ .method = "GET", .path = paths[pages] };
        if (http_client_ask(b->client, &q[pages]) != 200)
            wrong(b, what);
        for (const char *at = http_client_body(b->client, NULL); (at = strstr(at, "\"id\":")); at++)
            sum++;
        http_client_field(b->client, "next_cursor", cursor, sizeof cursor);
    } while (++pages < PAGES_MAX && *cursor);
    if (sum != total) {
        printf("WRONG: %s: %u of %u were there\n", what, sum, total);
        b->good = false;
    }
    tell_all(b, what, q, pages);
}

/* ---- number ranges ---- */

static unsigned ask(struct bench *b, const char *method, const char *path, const char *type,
                    const char *body)
{
    struct http_question q = { .method = method, .path = path, .type = type, .body = body };

    return http_client_ask(b->client, &q);
}

/* Two numbers each, so that all of them fit in one destination. */
static char *table_of_ranges(unsigned count)
{
    size_t room = 64 + (size_t)count * 80, used;
    char *table = malloc(room);

    if (!table)
        abort();
    used = (size_t)snprintf(table, room, "name,start,end,destination\n");
    for (unsigned i = 0; i < count; i++)
        used += (size_t)snprintf(table + used, room - used, "Office %u,%u,%u,pool1.example.com\n",
                                 i, RANGE_FIRST + 10 * i, RANGE_FIRST + 10 * i + 1);
    return table;
}

static void import(struct bench *b, unsigned count, const char *what, const char *path)
{
    char *table = table_of_ranges(count);
    double used = processor_of(b->server.pid), begin = (double)clock_now_ns();
    unsigned status = ask(b, "POST", path, "text/csv", table);

    if (status != 200)
        wrong(b, what);
    printf("%-34s %.0f ms, %.0f ms of processor\n", what, ((double)clock_now_ns() - begin) / 1e6,
           (processor_of(b->server.pid) - used) * 1e3);
    (void)fflush(stdout);
    free(table);
}

/* A range is made and removed again, so that there are always as many. */
static void tell_changes(struct bench *b)
{
    static const char body[] = "{\"name\":\"One more\",\"start\":\"900000\",\"end\":\"900001\","
                               "\"destination\":\"pool1.example.com\"}";
    char path[128], id[64];
    struct http_figures f = { 0 };
    struct http_question change = { .method = "PATCH", .path = path, .type = "application/json" };
    double used, begin;

    if (ask(b, "POST", V1 "/number-ranges", "application/json", body) != 201)
        wrong(b, "a range is made");
    http_client_field(b->client, "id", id, sizeof id);
    (void)snprintf(path, sizeof path, V1 "/number-ranges/%s", id);
    change.body = "{\"name\":\"Another name\"}";
    http_client_measure(b->client, b->server.pid, &change, b->seconds, &f);
    if (f.refused)
        wrong(b, "a range is changed");
    print("PATCH of one range", &f, NULL);
    tell(b, "GET one range", path);
    if (ask(b, "DELETE", path, NULL, NULL) != 204)
        wrong(b, "a range is removed");
    f = (struct http_figures){ 0 };
    used = processor_of(b->server.pid);
    begin = (double)clock_now_ns();
    while (!f.asked || (double)clock_now_ns() - begin < b->seconds * 1e9) {
        f.refused += ask(b, "POST", V1 "/number-ranges", "application/json", body) != 201;
        http_client_field(b->client, "id", id, sizeof id);
        (void)snprintf(path, sizeof path, V1 "/number-ranges/%s", id);
        f.refused += ask(b, "DELETE", path, NULL, NULL) != 204;
        f.asked++;
    }
    if (f.refused)
        wrong(b, "ranges are made and removed");
    printf("%-34s %7.2f ms, %7.0f us of processor\n", "POST and DELETE of one range",
           ((double)clock_now_ns() - begin) / 1e6 / f.asked,
           (processor_of(b->server.pid) - used) / f.asked * 1e6);
}

static void ranges(struct bench *b, unsigned count)
{
    printf("-- %u number ranges\n", count);
    import(b, count - OWN_RANGES - 1, "import, tried only",
           V1 "/number-ranges:import?dry_run=true");
    import(b, count - OWN_RANGES - 1, "import of all", V1 "/number-ranges:import");
    import(b, count - OWN_RANGES - 1, "import of the same again",
           V1 "/number-ranges:import?mode=upsert");
    tell_whole(b, "all ranges, by pages of 1,000", V1 "/number-ranges", count - 1);
    tell(b, "first page of 100", V1 "/number-ranges");
    tell(b, "first page of 100, by name", V1 "/number-ranges?sort=name");
    tell(b, "filtered by text", V1 "/number-ranges?q=office%2049");
    tell(b, "which range holds a number", V1 "/number-ranges?contains=600501");
    tell(b, "an orbit", V1 "/orbits/600501");
    tell_changes(b);
}

/* ---- live calls ---- */

static struct load *fill(struct bench *b, unsigned calls)
{
    static const struct load_phones phones = { .mute = true };
    struct load *l = load_open(b->server.port);
    unsigned parked = 0;

    load_dial(l, &phones);
    /* Beside other work on the machine some may be sent away: they call again. */
    for (unsigned tries = 0; parked < calls && tries < 5; tries++) {
        struct load_plan plan = { .rate = 400,
                                  .seconds = (calls - parked) / 400.0 + 1,
                                  .calls = calls - parked,
                                  .hold = -1,
                                  .patience = PATIENCE };
        struct load_figures f;

        load_run(l, &plan, &f);
        parked += f.answered;
    }
    if (parked != calls) {
        printf("WRONG: %u of %u calls were parked\n", parked, calls);
        b->good = false;
    }
    return l;
}

static void calls(struct bench *b, unsigned count)
{
    static const char body[] = "{\"to\":\"park\",\"from\":\"sip:+4930555@provider.example\"}";
    struct http_question question = {
        .method = "POST", .path = V1 "/explain", .type = "application/json", .body = body
    };
    struct load *l = fill(b, count);
    char id[64], path[160];
    unsigned lost;

    printf("-- %u live calls\n", count);
    tell_whole(b, "all calls, by pages of 1,000", V1 "/parked-calls", count);
    tell_whole(b, "the same, three fields of each", V1 "/parked-calls?fields=id,orbit,caller.name",
               count);
    tell(b, "first page of 100", V1 "/parked-calls");
    http_client_field(b->client, "id", id, sizeof id);
    tell(b, "first page of 100, by orbit", V1 "/parked-calls?sort=orbit");
    tell(b, "who is called +49305", V1 "/parked-calls?q=%2B49305&limit=1");
    (void)snprintf(path, sizeof path, V1 "/parked-calls/%s", id);
    tell(b, "one call", path);
    (void)snprintf(path, sizeof path, V1 "/parked-calls/%s/timeline", id);
    tell(b, "its timeline", path);
    tell_all(b, "explain", &question, 1);
    tell(b, "metrics", "/metrics");
    lost = load_hang_up(l);
    load_close(l);
    if (lost) {
        printf("WRONG: %u calls were lost\n", lost);
        b->good = false;
    }
}

/* ---- for somebody else to look at ---- */

static void hold(struct bench *b, unsigned count)
{
    struct load_plan plan = { .rate = 50, .seconds = 3600, .hold = 2, .patience = 1 };
    struct load *l = fill(b, count);
    struct load_figures f;

    printf("%s 127.0.0.1:%u\n", b->server.folder, b->server.web);
    (void)fflush(stdout);
    load_run(l, &plan, &f);
    load_close(l);
}

static void begin(struct bench *b, const char *program)
{
    char token[SERVER_TOKEN_SIZE];

    server_start(&b->server, program);
    server_token(&b->server, token);
    b->client = http_client_open(b->server.web, token);
    b->good = true;
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 10000;
    bool brief = strcmp(only, "--short") == 0;
    struct bench b = { .seconds = brief ? 0.05 : 2 };

    server_keep_away();
    begin(&b, argv[0]);
    if (strcmp(only, "hold") == 0)
        hold(&b, count);
    if (!*only || brief || strcmp(only, "ranges") == 0)
        ranges(&b, brief ? 200 : RANGES);
    if (!*only || brief || strcmp(only, "calls") == 0)
        calls(&b, brief ? 100 : count);
    http_client_close(b.client);
    server_stop(&b.server);
    return b.good ? EXIT_SUCCESS : EXIT_FAILURE;
}

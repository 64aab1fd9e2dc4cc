/* How long callers hear nothing when the server is killed and started again with N calls parked:
 * from its start (exec) until each of them is heard again, from the kill until then, and until it
 * is ready; beside what any program needs for that, which is to read the same rows by SQLite
 * alone and to bind a pair of sockets. The first thousand hear music; the others want none, as one
 * core would not do for all. At the end all hang up, and the server must know each of them. Fails
 * when one is lost or not heard again. [--short | CALLS...] */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "receiver.h"
#include "server.h"
#include "sip_load.h"

#define RATE 400.0
#define WITH_MUSIC 1000 /* calls */
#define PATIENT 60      /* seconds */
#define QUIET 60        /* ms after the kill in which the last packets are read */
#define SSRC_SLOTS 16384
#define RUNS_MAX 8

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- who is heard ---- */

/* Streams by their SSRC, and when each was heard first. */
struct heard {
    uint32_t ssrc[SSRC_SLOTS];
    unsigned count;
    double first, last;
};

static bool is_new(struct heard *h, uint32_t ssrc)
{
    unsigned slot = ssrc * 2654435761U % SSRC_SLOTS;

    while (h->ssrc[slot] && h->ssrc[slot] != ssrc)
        slot = (slot + 1) % SSRC_SLOTS;
    if (h->ssrc[slot])
        return false;
    h->ssrc[slot] = ssrc;
    return true;
}

/* What comes within `wait` ms; 0: nothing. */
static uint32_t next_ssrc(struct receiver *r, int wait)
{
    uint8_t p[RECEIVER_PACKET_MOST];
    size_t size = receiver_take(r, p, wait);

    if (size < 12 || p[0] >> 6 != 2 || (p[1] & 0x7F) >= 64)
        return 0;
    return (uint32_t)p[8] << 24 | (uint32_t)p[9] << 16 | (uint32_t)p[10] << 8 | p[11];
}

static void listen_until(struct receiver *r, struct heard *h, unsigned calls, double end)
{
    while (h->count < calls && now() < end) {
        uint32_t ssrc = next_ssrc(r, 10);

        if (!ssrc || !is_new(h, ssrc))
            continue;
        h->last = now();
        if (!h->count++)
            h->first = h->last;
    }
}

/* ---- the server ---- */

static bool park_some(struct load *l, unsigned calls, bool mute, uint16_t audio)
{
    struct load_phones phones = { .mute = mute, .audio = audio };
    struct load_plan plan = {
        .rate = RATE, .seconds = 600, .hold = -1, .patience = PATIENCE, .calls = calls
    };
    struct load_figures f;

    load_dial(l, &phones);
    load_run(l, &plan, &f);
    if (f.answered != calls)
        printf("of %u calls %u were parked\n", calls, f.answered);
    return f.answered == calls;
}

static void kill_it(struct server *s)
{
    (void)kill(s->pid, SIGKILL);
    (void)waitpid(s->pid, NULL, 0);
}

static double wait_ready(const struct server *s, double since)
{
    while (!server_is_ready(s)) {
        if (now() - since > PATIENT) {
            (void)fprintf(stderr, "bench: the server does not get ready\n");
            exit(EXIT_FAILURE);
        }
        (void)poll(NULL, 0, 1);
    }
    return now() - since;
}

/* ---- what it takes by itself ---- */

static unsigned read_rows(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    unsigned rows = 0;

    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK) {
        (void)fprintf(stderr, "bench: %s\n", sqlite3_errmsg(db));
        exit(EXIT_FAILURE);
    }
    for (; sqlite3_step(st) == SQLITE_ROW; rows++)
        for (int i = 0; i < sqlite3_column_count(st); i++)
            (void)sqlite3_column_text(st, i);
    (void)sqlite3_finalize(st);
    return rows;
}

/* Seconds for the rows and two sockets. */
static double alone(const struct server *s, unsigned *calls)
{
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    double from = now();
    sqlite3 *db = NULL;
    char path[96];

    (void)snprintf(path, sizeof path, "%s/db", s->folder);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        exit(EXIT_FAILURE);
    *calls = read_rows(db, "SELECT * FROM calls");
    (void)read_rows(db, "SELECT * FROM legs");
    (void)read_rows(db, "SELECT * FROM call_steps WHERE call IN (SELECT id FROM calls)");
    for (int i = 0; i < 2; i++) {
        int fd = socket(AF_INET, SOCK_DGRAM, 0);

        (void)!bind(fd, (struct sockaddr *)&own, sizeof own); /* any port is free */
        (void)close(fd);
    }
    from = now() - from;
    (void)sqlite3_close(db); /* and writes the log back into the file, which nobody waits for */
    return from;
}

/* ---- one run ---- */

static bool measure(const char *program, unsigned calls)
{
    static struct heard before, after;
    unsigned hear = calls < WITH_MUSIC ? calls : WITH_MUSIC, rows, unknown;
    struct receiver *r = receiver_open(SSRC_SLOTS / 2);
    double killed, started, ready, raw;
    struct server s;
    struct load *l;
    bool fine;

    server_start(&s, program);
    l = load_open(s.port);
    fine = park_some(l, hear, false, receiver_port(r)) &&
           (calls == hear || park_some(l, calls - hear, true, 0));
    before = after = (struct heard){ 0 };
    receiver_begin(r);
    listen_until(r, &before, hear, now() + PATIENT);
    kill_it(&s);
    killed = now();
    while (now() < killed + QUIET / 1e3) {
        uint32_t ssrc = next_ssrc(r, 5);

        if (ssrc)
            (void)is_new(&before, ssrc);
    }
    after = before;
    after.count = 0;
    started = now();
    server_launch(&s, program);
    listen_until(r, &after, hear, started + PATIENT);
    ready = wait_ready(&s, started);
    kill_it(&s);
    raw = alone(&s, &rows);
    server_launch(&s, program);
    (void)wait_ready(&s, now());
    unknown = load_hang_up(l);
    load_close(l);
    server_stop(&s);
    receiver_close(r);
    printf(
        "%5u calls, %4u of %u heard: the first %.0f ms after the start, the last %.0f ms; silence "
        "at most %.0f ms; ready %.0f ms\n"
        "      the same rows by SQLite alone and two sockets %.0f ms: %.1f x until the last is "
        "heard, %.1f x until ready; %u unknown at the end\n",
        rows, after.count, hear, (after.first - started) * 1e3, (after.last - started) * 1e3,
        (after.last - killed) * 1e3 - QUIET + 20, ready * 1e3, raw * 1e3,
        (after.last - started) / raw, ready / raw, unknown);
    (void)fflush(stdout);
    return fine && after.count == hear && rows == calls && !unknown;
}

int main(int argc, char **argv)
{
    unsigned runs[RUNS_MAX] = { 100, 1000, 10000 }, count = 3;
    bool good = true;

    if (argc > 1) {
        count = 0;
        for (int i = 1; i < argc && count < RUNS_MAX; i++)
            runs[count++] =
                strcmp(argv[i], "--short") == 0 ? 100 : (unsigned)strtoul(argv[i], NULL, 10);
    }
    server_keep_away();
    for (unsigned i = 0; i < count; i++)
        good = measure(argv[0], runs[i]) && good;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

#include "listeners.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_client.h"

#define LINE 40 /* of a line: enough to tell which it is */
#define BURST 64
#define OPEN_TURNS 2000 /* of 10 ms */

struct listener {
    int fd;
    bool begun, ended;
    unsigned parks, used;
    uint64_t last, events;
    char line[LINE];
};

struct listeners {
    int epoll;
    unsigned count, begun;
    unsigned gaps, resets;
    uint64_t bytes;
    struct listener at[];
};

static void stop(const char *why)
{
    (void)fprintf(stderr, "bench: %s\n", why);
    exit(EXIT_FAILURE);
}

/* ---- what is told ---- */

static bool begins(const struct listener *one, const char *word)
{
    size_t length = strlen(word);

    return one->used >= length && memcmp(one->line, word, length) == 0;
}

static void take_number(struct listeners *l, struct listener *one)
{
    uint64_t number;

    one->line[one->used] = '\0';
    number = strtoull(one->line + 4, NULL, 10);
    l->gaps += one->last > 0 && number != one->last + 1;
    one->last = number;
    one->events++;
}

static void take_line(struct listeners *l, struct listener *one)
{
    if (begins(one, "id: ")) {
        take_number(l, one);
    } else if (begins(one, "event: call.parked")) {
        one->parks++;
    } else if (begins(one, "event: reset")) {
        l->resets++;
        one->last = 0; /* a snapshot comes, with the number that is the newest now */
    } else if (begins(one, "retry: ") && !one->begun) {
        one->begun = true;
        l->begun++;
    }
}

static void take_text(struct listeners *l, struct listener *one, const char *text, size_t length)
{
    while (length > 0) {
        const char *end = memchr(text, '\n', length);
        size_t piece = end ? (size_t)(end - text) : length;
        size_t kept = piece < LINE - 1 - one->used ? piece : LINE - 1 - one->used;

        memcpy(one->line + one->used, text, kept);
        one->used += (unsigned)kept;
        if (!end)
            return;
        take_line(l, one);
        one->used = 0;
        text = end + 1;
        length -= piece + 1;
    }
}

/* ---- connections ---- */

/* By HTTP/1.0 the stream comes as it is, and not in chunks. */
static void ask(const struct listener *one, const struct listeners_plan *plan)
{
    char text[512], after[64] = "";
    int n;

    if (plan->after)
        (void)snprintf(after, sizeof after, "Last-Event-ID: %llu\r\n",
                       (unsigned long long)plan->after);
    n = snprintf(text, sizeof text,
                 "GET /api/v1/events HTTP/1.0\r\nHost: 127.0.0.1\r\n"
                 "Accept: text/event-stream\r\nAuthorization: Bearer %s\r\n%s\r\n",
                 plan->token, after);
    if (n <= 0 || (size_t)n >= sizeof text || send(one->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
        stop("a listener cannot ask");
}

struct listeners *listeners_open(const struct listeners_plan *plan)
{
    struct listeners *l = calloc(1, sizeof *l + plan->count * sizeof l->at[0]);

    if (!l)
        abort();
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->count = plan->count;
    for (unsigned i = 0; i < plan->count; i++) {
        struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };
        struct listener *one = &l->at[i];

        one->last = plan->after;
        one->fd = http_client_socket(plan->port);
        if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, one->fd, &ev) != 0)
            stop("no epoll");
        ask(one, plan);
        /* Somebody who asks more than 100 times a second is refused after a while. */
        if (plan->count > 400)
            (void)usleep(11000);
        listeners_turn(l, 0);
    }
    for (unsigned turns = 0; l->begun < l->count && turns < OPEN_TURNS; turns++)
        listeners_turn(l, 10);
    if (l->begun < l->count)
        stop("some listeners are told nothing");
    return l;
}

void listeners_close(struct listeners *l)
{
    for (unsigned i = 0; i < l->count; i++)
        close(l->at[i].fd);
    close(l->epoll);
    free(l);
}

static void read_one(struct listeners *l, struct listener *one)
{
    static char text[64 << 10];
    ssize_t n = recv(one->fd, text, sizeof text, MSG_DONTWAIT);

    if (n > 0) {
        l->bytes += (uint64_t)n;
        take_text(l, one, text, (size_t)n);
    } else if (n == 0) {
        one->ended = true;
        (void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, one->fd, NULL);
    }
}

void listeners_turn(struct listeners *l, int wait)
{
    struct epoll_event events[BURST];
    int n = epoll_wait(l->epoll, events, BURST, wait);

    for (int i = 0; i < n; i++)
        read_one(l, &l->at[events[i].data.u32]);
}

void listeners_heard(const struct listeners *l, struct listeners_heard *h)
{
    *h = (struct listeners_heard){ .parks = UINT32_MAX,
                                   .gaps = l->gaps,
                                   .resets = l->resets,
                                   .last = UINT64_MAX,
                                   .bytes = l->bytes };
    for (unsigned i = 0; i < l->count; i++) {
        const struct listener *one = &l->at[i];

        h->open += !one->ended;
        h->parks = one->parks < h->parks ? one->parks : h->parks;
        h->last = one->last < h->last ? one->last : h->last;
        h->events += one->events;
    }
}

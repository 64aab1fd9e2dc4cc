#include "http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "processor.h"
#include "sys/clock.h"

#define TIMES_MAX (1U << 18)
#define PACE (1 / 90.0)
#define ROOM (4U << 20) /* of one answer with its head */

struct http_client {
    int fd;
    char token[160];
    char *text; /* the answer, NUL-ended */
    size_t body, length;
    unsigned times_count;
    float times[TIMES_MAX];
};

static void stop(const char *why)
{
    (void)fprintf(stderr, "bench: %s\n", why);
    exit(EXIT_FAILURE);
}

static double now(void)
{
    return (double)clock_now_ns() / 1e9;
}

int http_client_socket(uint16_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        stop("nobody takes the connection");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

struct http_client *http_client_open(uint16_t port, const char *token)
{
    struct http_client *c = calloc(1, sizeof *c);

    if (!c)
        abort();
    c->text = malloc(ROOM + 1);
    if (!c->text)
        abort();
    if (token)
        (void)snprintf(c->token, sizeof c->token, "Authorization: Bearer %s\r\n", token);
    c->fd = http_client_socket(port);
    return c;
}

void http_client_close(struct http_client *c)
{
    close(c->fd);
    free(c->text);
    free(c);
}

static void send_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, text, length, MSG_NOSIGNAL);

        if (n <= 0)
            stop("the connection broke while a question was sent");
        text += n;
        length -= (size_t)n;
    }
}

static void send_question(struct http_client *c, const struct http_question *q)
{
    size_t length = q->body ? strlen(q->body) : 0;
    char head[1024];
    int n =
        snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%sIf-Match: *\r\n%s%s%s",
                 q->method, q->path, c->token, q->type ? "Content-Type: " : "",
                 q->type ? q->type : "", q->type ? "\r\n" : "");

    if (strcmp(q->method, "GET") != 0 && n > 0 && (size_t)n < sizeof head)
        n += snprintf(head + n, sizeof head - (size_t)n, "Content-Length: %zu\r\n", length);
    if (n <= 0 || (size_t)n + 3 > sizeof head)
        stop("a question is too long");
    n += snprintf(head + n, sizeof head - (size_t)n, "\r\n");
    send_all(c->fd, head, (size_t)n);
    if (length > 0)
        send_all(c->fd, q->body, length);
}

/* Where the head of the answer ends, once it has; else 0. */
static size_t end_of_head(const struct http_client *c, size_t have)
{
    const char *end;

    c->text[have] = '\0';
    end = strstr(c->text, "\r\n\r\n");
    return end ? (size_t)(end - c->text) + 4 : 0;
}

static size_t content_length(const struct http_client *c)
{
    const char *line = strstr(c->text, "\r\nContent-Length:");

    return line && line < c->text + c->body ? strtoul(line + 17, NULL, 10) : 0;
}

static void read_answer(struct http_client *c)
{
    size_t have = 0;

    c->body = 0;
    while (c->body == 0 || have < c->body + c->length) {
        ssize_t n = have < ROOM ? recv(c->fd, c->text + have, ROOM - have, 0) : 0;

        if (n <= 0)
            stop("the connection ended before all of an answer was there");
        have += (size_t)n;
        if (c->body)
            continue;
        c->body = end_of_head(c, have);
        c->length = c->body ? content_length(c) : 0;
    }
    c->text[have] = '\0';
}

unsigned http_client_ask(struct http_client *c, const struct http_question *q)
{
    send_question(c, q);
    read_answer(c);
    return strncmp(c->text, "HTTP/1.1 ", 9) == 0 ? (unsigned)strtoul(c->text + 9, NULL, 10) : 0;
}

const char *http_client_body(const struct http_client *c, size_t *length)
{
    if (length)
        *length = c->length;
    return c->text + c->body;
}

const char *http_client_field(const struct http_client *c, const char *name, char *to, size_t size)
{
    char before[64];
    const char *found;

    (void)snprintf(before, sizeof before, "\"%s\":\"", name);
    found = strstr(c->text + c->body, before);
    *to = '\0';
    if (found) {
        found += strlen(before);
        (void)snprintf(to, size, "%.*s", (int)strcspn(found, "\""), found);
    }
    return to;
}

/* Who asks more than 100 times a second is refused after a while. */
static void rest_until(double when)
{
    double left = when - now();

    if (left > 0)
        (void)usleep((useconds_t)(left * 1e6));
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Music goes on whether somebody asks or not. */
static double processor_without_audio(pid_t pid)
{
    return processor_of(pid) - processor_of_threads(pid, "media-");
}

void http_client_measure_all(struct http_client *c, pid_t pid, const struct http_question *q,
                             unsigned count, double seconds, struct http_figures *f)
{
    double used = processor_without_audio(pid), begin = now(), t = begin;

    *f = (struct http_figures){ 0 };
    for (c->times_count = 0; c->times_count < TIMES_MAX && (t < begin + seconds || !f->asked);) {
        double started = t;

        for (unsigned i = 0; i < count; i++)
            f->refused += http_client_ask(c, &q[i]) / 100 != 2;
        f->asked++;
        c->times[c->times_count++] = (float)((now() - started) * 1000);
        rest_until(started + PACE * count);
        t = now();
    }
    f->processor = (processor_without_audio(pid) - used) / f->asked * 1e6;
    qsort(c->times, c->times_count, sizeof *c->times, by_size);
    f->p50 = (double)c->times[c->times_count / 2];
    f->p99 = (double)c->times[(size_t)(c->times_count * 0.99)];
    f->worst = (double)c->times[c->times_count - 1];
}

void http_client_measure(struct http_client *c, pid_t pid, const struct http_question *q,
                         double seconds, struct http_figures *f)
{
    http_client_measure_all(c, pid, q, 1, seconds, f);
}

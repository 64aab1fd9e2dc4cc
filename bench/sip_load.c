#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "sip_load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sip_say.h"
#include "sys/clock.h"

#define CALLS_MAX (1U << 17) /* open at once */
#define TIMES_MAX (1U << 20)
#define MESSAGE_SIZE 2048
#define T1 0.5      /* seconds, RFC 3261 17.1.1.2 */
#define TRIES_MAX 6 /* then it is given up */
#define SWEEP 0.05  /* seconds between two looks for what to send again */
#define KEY_SIZE 64

enum state { FREE, INVITING, HELD, ENDING };

struct one {
    enum state state;
    unsigned tries;
    double sent, first;
    struct sip_call call;
    struct load_audio audio;
};

struct load {
    struct sip_side side;
    int audio;
    char key[KEY_SIZE];
    unsigned next, oldest;         /* numbers: the next to be given, the oldest that may be open */
    unsigned held_first, held_end; /* in `held`, in the order of their answers */
    unsigned unknown;              /* BYEs that were answered 481 */
    double hold, swept;
    struct load_figures *f, alone;
    unsigned times_count;
    float times[TIMES_MAX];
    unsigned held[CALLS_MAX];
    double held_at[CALLS_MAX];
    struct one calls[CALLS_MAX];
};

static double now(void)
{
    return (double)clock_now_ns() / 1e9;
}

static int open_socket(int size, uint16_t *port)
{
    struct sockaddr_in own = { .sin_family = AF_INET };
    socklen_t length = sizeof own;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0 ||
        getsockname(fd, (struct sockaddr *)&own, &length) != 0) {
        perror("bench: no socket");
        exit(EXIT_FAILURE);
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    *port = ntohs(own.sin_port);
    return fd;
}

/* Which of our addresses the server sees. */
static uint32_t own_host(const struct sockaddr_in *server)
{
    struct sockaddr_in own = { .sin_family = AF_INET };
    socklen_t length = sizeof own;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)server, sizeof *server) != 0 ||
        getsockname(fd, (struct sockaddr *)&own, &length) != 0) {
        perror("bench: no way to the server");
        exit(EXIT_FAILURE);
    }
    close(fd);
    return ntohl(own.sin_addr.s_addr);
}

struct load *load_open_at(const char *host, uint16_t port)
{
    struct load *l = calloc(1, sizeof *l);

    if (!l)
        abort();
    l->side.server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
    if (inet_pton(AF_INET, host, &l->side.server.sin_addr) != 1) {
        (void)fprintf(stderr, "bench: %s is no IPv4 address\n", host);
        exit(EXIT_FAILURE);
    }
    l->side.host = own_host(&l->side.server);
    l->side.own_hosts = l->side.host >> 24 == IN_LOOPBACKNET;
    l->side.socket = open_socket(32 << 20, &l->side.port);
    l->audio =
        open_socket(1, &l->side.audio); /* nobody reads: the kernel throws away what is too much */
    l->next = l->oldest = 1;
    l->f = &l->alone;
    l->hold = -1;
    return l;
}

struct load *load_open(uint16_t port)
{
    return load_open_at("127.0.0.1", port);
}

void load_dial(struct load *l, const struct load_phones *phones)
{
    l->side.phones = *phones;
    l->side.phones_since = l->next;
}

void load_close(struct load *l)
{
    close(l->side.socket);
    close(l->audio);
    free(l);
}

static void hang_up(struct load *l, struct one *c)
{
    c->state = ENDING;
    c->sent = now();
    c->tries = 0;
    sip_send(&l->side, &c->call, "BYE", 2, "b", "");
}

static void start(struct load *l)
{
    struct one *c = &l->calls[l->next % CALLS_MAX];

    *c = (struct one){ .state = INVITING, .call.number = l->next, .sent = now() };
    c->audio.own = sip_host_of(&l->side, c->call.number);
    c->first = c->sent;
    l->next++;
    l->f->started++;
    if (l->next - l->oldest > CALLS_MAX)
        l->oldest = l->next - CALLS_MAX;
    sip_send_invite(&l->side, &c->call);
}

/* ---- what they hear
 * --------------------------------------------------------------------------------- */

/* The value of a header as it is sent; NULL: it is not there. */
static const char *header(const char *text, const char *name, int *length)
{
    const char *found = strstr(text, name), *end;

    if (!found)
        return NULL;
    found += strlen(name);
    end = strstr(found, "\r\n");
    *length = end ? (int)(end - found) : 0;
    return found;
}

/* A message to the parker, or whatever else the server wants: that is fine. */
static void agree(const struct load *l, const char *text, const struct sockaddr_in *to)
{
    static const char *const names[] = { "\r\nVia:", "\r\nFrom:", "\r\nTo:", "\r\nCall-ID:",
                                         "\r\nCSeq:" };
    char reply[MESSAGE_SIZE] = "SIP/2.0 200 OK";
    size_t used = strlen(reply);

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        int length = 0;
        const char *value = header(text, names[i], &length);

        if (value && used + (size_t)length + 32 < sizeof reply)
            used += (size_t)snprintf(reply + used, sizeof reply - used, "%s%.*s", names[i], length,
                                     value);
    }
    used += (size_t)snprintf(reply + used, sizeof reply - used, "\r\nContent-Length: 0\r\n\r\n");
    (void)sendto(l->side.socket, reply, used, 0, (const struct sockaddr *)to, sizeof *to);
}

static void keep_tag(struct one *c, const char *text)
{
    int length = 0;
    const char *to = header(text, "\r\nTo:", &length),
               *tag = to ? memmem(to, (size_t)length, ";tag=", 5) : NULL;

    if (tag)
        (void)snprintf(c->call.tag, sizeof c->call.tag, "%.*s", length - (int)(tag + 5 - to),
                       tag + 5);
}

/* Where the server hears, and its key. */
static void keep_audio(struct load *l, struct one *c, const char *text)
{
    const char *host = strstr(text, "\r\nc=IN IP4 "), *line = strstr(text, "\r\nm=audio ");
    const char *key = strstr(text, " inline:");
    unsigned long port = line ? strtoul(line + strlen("\r\nm=audio "), NULL, 10) : 0;
    char name[INET_ADDRSTRLEN] = "";
    struct in_addr address;

    if (host && port && sscanf(host, "\r\nc=IN IP4 %15[0-9.]", name) == 1 &&
        inet_pton(AF_INET, name, &address) == 1) {
        c->audio.host = ntohl(address.s_addr);
        c->audio.port = (uint16_t)port;
    }
    *l->key = 0;
    if (key)
        (void)snprintf(l->key, sizeof l->key, "%.*s", (int)strcspn(key + 8, "|\r\n "), key + 8);
}

static void answered(struct load *l, struct one *c)
{
    if (l->times_count < TIMES_MAX)
        l->times[l->times_count++] = (float)((now() - c->first) * 1000);
    l->f->answered++;
    c->state = HELD;
    if (l->hold < 0)
        return;
    l->held[l->held_end % CALLS_MAX] = c->call.number;
    l->held_at[l->held_end++ % CALLS_MAX] = now();
}

static void take_final(struct load *l, struct one *c, unsigned code, bool of_invite,
                       const char *text)
{
    if (!of_invite) {
        if (c->state == ENDING)
            c->state = FREE;
        l->unknown += code != 200;
        return;
    }
    keep_tag(c, text);
    if (c->state == INVITING && code == 200) {
        keep_audio(l, c, text);
        answered(l, c);
    }
    sip_send(&l->side, &c->call, "ACK", 1, code == 200 ? "a" : "i", "");
    if (c->state != INVITING)
        return;
    c->state = FREE;
    if (code == 486)
        l->f->busy++;
    else if (code == 503)
        l->f->shed++;
    else
        l->f->others++;
}

/* He had given up, or hung up before our ACK arrived: as a phone does, which wants no call any
 * more. */
static void too_late(struct load *l, struct one *c, const char *text)
{
    keep_tag(c, text);
    sip_send(&l->side, &c->call, "ACK", 1, "a", "");
    hang_up(l, c);
}

static void take(struct load *l, const char *text, const struct sockaddr_in *from)
{
    int length = 0;
    const char *id = header(text, "\r\nCall-ID:", &length),
               *cseq = header(text, "\r\nCSeq:", &length);
    unsigned code = 0, number = 0;
    struct one *c;

    if (strncmp(text, "SIP/2.0 ", 8) != 0) {
        agree(l, text, from);
        return;
    }
    code = (unsigned)strtoul(text + 8, NULL, 10);
    if (code < 200 || !id || !cseq || strncmp(id, " b", 2) != 0)
        return;
    number = (unsigned)strtoul(id + 2, NULL, 10);
    c = &l->calls[number % CALLS_MAX];
    if (c->call.number != number)
        return;
    if (c->state != FREE)
        take_final(l, c, code, strtoul(cseq, NULL, 10) == 1, text);
    else if (code == 200 && strtoul(cseq, NULL, 10) == 1)
        too_late(l, c, text);
}

static void take_all(struct load *l, int wait)
{
    struct pollfd fd = { l->side.socket, POLLIN, 0 };
    char text[8192];

    if (poll(&fd, 1, wait) < 1)
        return;
    for (unsigned i = 0; i < 200; i++) {
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(l->side.socket, text, sizeof text - 1, MSG_DONTWAIT,
                             (struct sockaddr *)&from, &size);

        if (n <= 0)
            return;
        text[n] = 0;
        take(l, text, &from);
    }
}

/* ---- time
 * --------------------------------------------------------------------------------- */

static void sweep(struct load *l, double t)
{
    if (t - l->swept < SWEEP)
        return;
    l->swept = t;
    while (l->oldest < l->next && l->calls[l->oldest % CALLS_MAX].state == FREE)
        l->oldest++;
    for (unsigned n = l->oldest; n < l->next; n++) {
        struct one *c = &l->calls[n % CALLS_MAX];

        if ((c->state != INVITING && c->state != ENDING) || t - c->sent < T1 * (1U << c->tries))
            continue;
        if (c->tries == TRIES_MAX) {
            l->f->shed += c->state == INVITING;
            c->state = FREE;
            continue;
        }
        c->tries++;
        c->sent = t;
        l->f->again++;
        if (c->state == INVITING)
            sip_send_invite(&l->side, &c->call);
        else
            sip_send(&l->side, &c->call, "BYE", 2, "b", "");
    }
}

static void end_held(struct load *l, double t)
{
    while (l->hold >= 0 && l->held_first < l->held_end &&
           l->held_at[l->held_first % CALLS_MAX] + l->hold <= t) {
        struct one *c = &l->calls[l->held[l->held_first % CALLS_MAX] % CALLS_MAX];

        if (c->state == HELD && c->call.number == l->held[l->held_first % CALLS_MAX])
            hang_up(l, c);
        l->held_first++;
    }
}

/* Is somebody on his way in or out, or held and not one who stays? */
static bool any_open(const struct load *l)
{
    for (unsigned n = l->oldest; n < l->next; n++) {
        enum state s = l->calls[n % CALLS_MAX].state;

        if (s == INVITING || s == ENDING)
            return true;
    }
    return l->held_first < l->held_end;
}

unsigned load_call(struct load *l)
{
    start(l);
    return l->next - 1;
}

void load_turn(struct load *l)
{
    take_all(l, 0);
    sweep(l, now());
}

int load_socket(const struct load *l)
{
    return l->side.socket;
}

struct load_audio load_audio_of(const struct load *l, unsigned call)
{
    return l->calls[call % CALLS_MAX].audio;
}

unsigned load_last(const struct load *l)
{
    return l->next - 1;
}

const char *load_key(const struct load *l)
{
    return l->key;
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

void load_run(struct load *l, const struct load_plan *plan, struct load_figures *f)
{
    double begin = now(), t = begin;
    unsigned sent = 0;

    *f = (struct load_figures){ 0 };
    l->f = f;
    l->hold = plan->hold;
    l->times_count = 0;
    for (; t < begin + plan->seconds && !(plan->calls && sent >= plan->calls); t = now()) {
        unsigned due = (unsigned)((t - begin) * plan->rate);

        if (plan->calls && due > plan->calls)
            due = plan->calls;
        for (unsigned burst = 0; sent < due && burst < 100; burst++, sent++)
            start(l);
        take_all(l, sent < (unsigned)((now() - begin) * plan->rate) ? 0 : 1);
        sweep(l, t);
        end_held(l, t);
    }
    for (double end = t; t < end + plan->patience && any_open(l); t = now()) {
        take_all(l, 1);
        sweep(l, t);
        end_held(l, t);
    }
    qsort(l->times, l->times_count, sizeof *l->times, by_size);
    if (l->times_count) {
        f->p50 = (double)l->times[l->times_count / 2];
        f->p99 = (double)l->times[(size_t)(l->times_count * 0.99)];
        f->worst = (double)l->times[l->times_count - 1];
    }
    l->f = &l->alone;
}

unsigned load_hang_up(struct load *l)
{
    struct load_figures f;
    struct load_plan none = { .patience = PATIENCE };
    double begin = now(), t = begin;

    l->unknown = 0;
    /* Not all at once: that would be a flood. */
    for (unsigned n = l->oldest; n < l->next; n++) {
        if (l->calls[n % CALLS_MAX].state != HELD)
            continue;
        l->held[l->held_end % CALLS_MAX] = n;
        l->held_at[l->held_end++ % CALLS_MAX] = t;
        t += 0.002;
    }
    none.patience += t - begin;
    load_run(l, &none, &f);
    return l->unknown;
}

void load_forget(struct load *l)
{
    for (unsigned n = l->oldest; n < l->next; n++)
        l->calls[n % CALLS_MAX].state = FREE;
    l->oldest = l->next;
    l->held_first = l->held_end;
}

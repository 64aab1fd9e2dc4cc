/* The loop of the test phones: sockets, time, and who gets which message. */
#include "ctl/phone.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/phone_inside.h"
#include "sys/clock.h"

#define BURST_MAX 64 /* messages of one socket before the others are looked at */

uint64_t phone_random(struct phones *all)
{
    /* splitmix64: ids must differ, they need not be secret. */
    uint64_t z = all->dice += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* "HOST:PORT" in its parts; the port may be left out. */
static bool split_server(const char *server, char host[256], char port[8])
{
    const char *colon = strrchr(server, ':');
    bool brackets = *server == '[' && strchr(server, ']');
    const char *end = brackets ? strchr(server, ']') : colon ? colon : server + strlen(server);

    if (brackets)
        colon = end[1] == ':' ? end + 1 : NULL;
    return text_copy_n(host, 256, server + brackets, (size_t)(end - server) - brackets) &&
           text_copy(port, 8, colon ? colon + 1 : "5060") && *host && *port;
}

static int find_server(struct phones *all, const char *server, struct err *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV }, *found;
    char host[256], port[8], numeric[64];
    int failed;

    if (!split_server(server, host, port))
        return err_set(err, -EINVAL, "'%.100s' is no SIP address: HOST:PORT", server);
    failed = getaddrinfo(host, port, &hints, &found);
    if (failed)
        return err_set(err, -EINVAL, "'%.100s': %s", server, gai_strerror(failed));
    memcpy(&all->server.address, found->ai_addr, found->ai_addrlen);
    all->server.length = found->ai_addrlen;
    freeaddrinfo(found);
    (void)getnameinfo((struct sockaddr *)&all->server.address, all->server.length, numeric,
                      sizeof(numeric), NULL, 0, NI_NUMERICHOST);
    (void)text_format(all->server_text, sizeof(all->server_text),
                      strchr(numeric, ':') ? "[%s]:%s" : "%s:%s", numeric, port);
    return 0;
}

/* The address that the server sees us from. */
static int find_own_address(struct phones *all, struct err *err)
{
    struct peer own = { .length = sizeof(own.address) };
    int fd = socket(all->server.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int failed = fd < 0 ||
                 connect(fd, (struct sockaddr *)&all->server.address, all->server.length) ||
                 getsockname(fd, (struct sockaddr *)&own.address, &own.length) ||
                 getnameinfo((struct sockaddr *)&own.address, own.length, all->host,
                             sizeof(all->host), NULL, 0, NI_NUMERICHOST);

    if (fd >= 0)
        close(fd);
    return failed
               ? err_set(err, -EHOSTUNREACH, "no way to %s: %s", all->server_text, strerror(errno))
               : 0;
}

struct phones *phones_new(const char *server, struct err *err)
{
    struct phones *all = calloc(1, sizeof(*all));

    if (!all) {
        err_set(err, -ENOMEM, "out of memory");
        return NULL;
    }
    all->dice = clock_now_ns() ^ (uint64_t)getpid() << 32;
    if (find_server(all, server, err) || find_own_address(all, err)) {
        free(all);
        return NULL;
    }
    return all;
}

void phones_free(struct phones *all)
{
    if (!all)
        return;
    for (unsigned i = 0; i < PHONE_CALLS_MAX; i++)
        if (all->call[i].used)
            close(all->call[i].rtp);
    for (unsigned i = 0; i < all->phone_count; i++) {
        close(all->phone[i]->socket);
        free(all->phone[i]);
    }
    free(all);
}

const char *phones_server(const struct phones *all)
{
    return all->server_text;
}

static int open_socket(const struct phones *all, unsigned *port)
{
    struct peer own = { .length = sizeof(own.address) };
    char service[8];
    int fd = socket(all->server.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    own.address.ss_family = all->server.address.ss_family;
    if (own.address.ss_family == AF_INET)
        (void)inet_pton(AF_INET, all->host, &((struct sockaddr_in *)&own.address)->sin_addr);
    else
        (void)inet_pton(AF_INET6, all->host, &((struct sockaddr_in6 *)&own.address)->sin6_addr);
    own.length = all->server.length;
    if (fd < 0 || bind(fd, (struct sockaddr *)&own.address, own.length) ||
        getsockname(fd, (struct sockaddr *)&own.address, &own.length) ||
        getnameinfo((struct sockaddr *)&own.address, own.length, NULL, 0, service, sizeof(service),
                    NI_NUMERICSERV | NI_DGRAM)) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *port = (unsigned)strtoul(service, NULL, 10);
    return fd;
}

int phone_rtp_open(struct phone_call *c)
{
    return open_socket(c->phone->all, &c->rtp_port);
}

struct phone *phone_add(struct phones *all, const char *user, const char *display, int tone,
                        struct err *err)
{
    struct phone *p = all->phone_count < PHONES_MAX ? calloc(1, sizeof(*p)) : NULL;
    unsigned port;
    char host[72];

    if (p)
        p->socket = open_socket(all, &port);
    if (!p || p->socket < 0) {
        err_set(err, -EIO, "no socket for a test phone at %s: %s", all->host, strerror(errno));
        free(p);
        return NULL;
    }
    p->all = all;
    p->tone = tone;
    p->answer_after = PHONE_NEVER;
    (void)text_copy(p->user, sizeof(p->user), user);
    (void)text_copy(p->display, sizeof(p->display), display);
    (void)text_format(p->uri, sizeof(p->uri), "sip:%s@%s:%u", user,
                      phone_bracketed(all->host, host), port);
    all->phone[all->phone_count++] = p;
    return p;
}

const char *phone_bracketed(const char *host, char to[72])
{
    (void)text_format(to, 72, strchr(host, ':') ? "[%s]" : "%s", host);
    return to;
}

const char *phone_uri(const struct phone *p)
{
    return p->uri;
}

void phone_manner(struct phone *p, uint32_t answer_after)
{
    p->answer_after = answer_after;
}

struct phone_call *phone_incoming(struct phone *p)
{
    return p->incoming;
}

void phone_forget(struct phone *p)
{
    p->incoming = NULL;
}

const struct phone_facts *phone_facts(const struct phone_call *c)
{
    return &c->facts;
}

void phone_listen(struct phone_call *c)
{
    ear_open(&c->facts.ear);
}

bool phone_replaces(const struct phone_call *c, char *to, size_t size)
{
    return c->facts.up && text_format(to, size, "%s;to-tag=%s;from-tag=%s", c->call_id,
                                      c->remote_tag, c->local_tag);
}

void phone_send(struct phone *p, const struct peer *to, const char *text, size_t length)
{
    /* What gets lost is sent again by whoever waits for its answer. */
    (void)sendto(p->socket, text, length, 0, (const struct sockaddr *)&to->address, to->length);
}

void phone_drop(struct phone_call *c)
{
    struct phones *all = c->phone->all;

    for (unsigned i = 0; i < SENT_MAX; i++)
        if (all->sent[i].call == c)
            all->sent[i].used = false;
    if (c->phone->incoming == c)
        c->phone->incoming = NULL;
    close(c->rtp);
    c->used = false;
}

/* A place for a call; when all are taken, that of one that came in and has ended. */
static struct phone_call *free_place(struct phones *all)
{
    for (unsigned i = 0; i < PHONE_CALLS_MAX; i++)
        if (!all->call[i].used)
            return &all->call[i];
    for (unsigned i = 0; i < PHONE_CALLS_MAX; i++) {
        if (all->call[i].facts.ended && all->call[i].facts.incoming) {
            phone_drop(&all->call[i]);
            return &all->call[i];
        }
    }
    return NULL;
}

struct phone_call *phone_call_new(struct phone *p)
{
    struct phones *all = p->all;
    struct phone_call *c = free_place(all);

    if (!c)
        return NULL;
    *c = (struct phone_call){ .phone = p, .peer = all->server };
    c->rtp = phone_rtp_open(c);
    if (c->rtp < 0)
        return NULL;
    c->used = true;
    c->voice.tone = p->tone;
    c->ssrc = (uint32_t)phone_random(all);
    c->sequence = (uint16_t)phone_random(all);
    c->timestamp = (uint32_t)phone_random(all);
    (void)text_format(c->local_tag, sizeof(c->local_tag), "%016llx",
                      (unsigned long long)phone_random(all));
    c->facts.asked = clock_now();
    ear_open(&c->facts.ear);
    return c;
}

/* Facts about a call stay to be read after it has ended. */
void phone_over(struct phone_call *c, bool by_peer)
{
    if (c->facts.ended)
        return;
    c->facts.ended = true;
    c->facts.up = false;
    c->facts.ended_by_peer = by_peer;
    c->facts.over = clock_now();
    c->answer_at = 0;
}

static void read_socket(struct phone *p)
{
    static struct msg m; /* large, and this is the only thread */
    char bytes[MSG_SIZE];

    for (int i = 0; i < BURST_MAX; i++) {
        struct peer from = { .length = sizeof(from.address) };
        ssize_t length = recvfrom(p->socket, bytes, sizeof(bytes), 0,
                                  (struct sockaddr *)&from.address, &from.length);

        if (length < 0)
            return;
        if (!msg_parse(&m, bytes, (size_t)length))
            continue;
        if (m.is_request)
            phone_asked(p, &m, &from);
        else
            phone_answered(p, &m, &from);
    }
}

/* Do what is due and say when the next thing is. */
static msec run_clocks(struct phones *all, msec now)
{
    msec next = now + 1000;

    for (unsigned i = 0; i < SENT_MAX; i++) {
        if (all->sent[i].used)
            phone_sent_due(all, &all->sent[i], now);
        if (all->sent[i].used && all->sent[i].next < next)
            next = all->sent[i].next;
    }
    for (unsigned i = 0; i < PHONE_CALLS_MAX; i++) {
        struct phone_call *c = &all->call[i];

        if (!c->used || c->facts.ended)
            continue;
        if (c->answer_at && c->answer_at <= now)
            phone_pick_up(c);
        if (c->answer_at && c->answer_at < next)
            next = c->answer_at;
        if (!c->facts.up)
            continue;
        phone_rtp_due(c, now);
        next = c->speak_at < next ? c->speak_at : next;
    }
    return next;
}

static void turn(struct phones *all, msec until)
{
    struct pollfd fds[PHONES_MAX + PHONE_CALLS_MAX];
    struct phone_call *calls[PHONE_CALLS_MAX];
    unsigned n = 0, call_count = 0;
    msec now = clock_now(), next = run_clocks(all, now);

    for (unsigned i = 0; i < all->phone_count; i++)
        fds[n++] = (struct pollfd){ .fd = all->phone[i]->socket, .events = POLLIN };
    for (unsigned i = 0; i < PHONE_CALLS_MAX; i++) {
        if (!all->call[i].used || all->call[i].facts.ended)
            continue;
        calls[call_count++] = &all->call[i];
        fds[n++] = (struct pollfd){ .fd = all->call[i].rtp, .events = POLLIN };
    }
    next = next < until ? next : until;
    if (poll(fds, n, next > now ? (int)(next - now) : 0) <= 0)
        return;
    for (unsigned i = 0; i < n; i++) {
        if (fds[i].revents == 0)
            continue;
        if (i < all->phone_count)
            read_socket(all->phone[i]);
        else
            phone_rtp_read(calls[i - all->phone_count]);
    }
}

volatile sig_atomic_t phones_stopped;

bool phones_until(struct phones *all, phones_done *done, const void *about, msec patience)
{
    msec until = clock_now() + patience;

    do {
        if (done && done(about))
            return true;
        turn(all, until);
    } while (clock_now() < until && !phones_stopped);
    return done && done(about);
}

static bool all_over(const struct phones *all)
{
    for (unsigned i = 0; i < PHONE_CALLS_MAX; i++)
        if (all->call[i].used && !all->call[i].facts.ended)
            return false;
    return true;
}

void phones_hang_up(struct phones *all)
{
    msec until = clock_now() + 2000;

    for (unsigned i = 0; i < PHONE_CALLS_MAX; i++)
        if (all->call[i].used && !all->call[i].facts.ended)
            phone_hang_up(&all->call[i]);
    while (!all_over(all) && clock_now() < until)
        turn(all, until);
}

void phones_wait(struct phones *all, msec span)
{
    (void)phones_until(all, NULL, NULL, span);
}

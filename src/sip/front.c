/* The front's life: its listeners, its thread, its certificates. What becomes of a connection is in
 * front_conn.c. */
#include "sip/front_conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/kept.h"
#include "sys/log.h"
#include "sys/thread.h"

#define NEWS_MAX 2048
#define LOOK_EVERY 1000 /* milliseconds */
#define DAY ((msec)86400 * 1000)

/* ---- sockets ---- */

/* A listener on loopback; its port. */
static int listen_inside(const struct front *f, uint16_t *port)
{
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr = f->address };
    socklen_t size = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&here, sizeof here) == 0 && listen(fd, 64) == 0 &&
        getsockname(fd, (struct sockaddr *)&here, &size) == 0) {
        *port = ntohs(here.sin_port);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* One that was kept over a restart, or a new one. */
static int listen_outside(const struct addrinfo *a, const char *name)
{
    const int on = 1;
    int fd = kept_take_bound(name, SOCK_STREAM, a->ai_addr, a->ai_addrlen);

    if (fd >= 0)
        return fd;
    fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* bind() will say */
    if (a->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, 1024) == 0) {
        kept_give(name, fd, false);
        return fd;
    }
    close(fd);
    return -1;
}

static void read_bound(int fd, struct address *to)
{
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    char port[NI_MAXSERV] = "0";
    uint64_t number = 0;

    memset(to, 0, sizeof *to);
    if (getsockname(fd, (struct sockaddr *)&at, &size) == 0)
        (void)getnameinfo((struct sockaddr *)&at, size, to->host, sizeof to->host, port,
                          sizeof port, NI_NUMERICHOST | NI_NUMERICSERV); /* "" is no address */
    (void)text_number(port, 0, 65535, &number);                          /* it is one */
    to->port = (uint16_t)number;
}

static enum conn_kind kind_of(const char *transport)
{
    if (text_is(transport, "tls"))
        return CONN_TLS;
    return text_is(transport, "ws") ? CONN_WS : CONN_WSS;
}

int front_listen(struct front *f, unsigned n, const char *transport, const char *host,
                 uint16_t port, struct address *bound, struct err *err)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE | AI_NUMERICHOST };
    struct door *d = &f->doors[n];
    struct addrinfo *found = NULL;
    char plain[64], number[8], name[KEPT_NAME_SIZE];
    bool v6 = host[0] == '[';

    (void)text_copy_n(plain, sizeof plain, host + v6, strcspn(host + v6, "]")); /* the same size */
    (void)text_format(number, sizeof number, "%u", port);                       /* fits */
    if (getaddrinfo(plain, number, &hints, &found) != 0 || !found)
        return err_set(err, -EADDRNOTAVAIL, "listen '%s:%.64s:%u': no such address here", transport,
                       host, port);
    kept_name(name, "sip-%s-%s-%u", transport, plain, port);
    d->fd = listen_outside(found, name);
    freeaddrinfo(found);
    if (d->fd < 0)
        return err_set(err, -errno, "listen '%s:%.64s:%u': %s", transport, host, port,
                       strerror(errno));
    d->front = f;
    d->kind = kind_of(transport);
    (void)text_copy(d->transport, sizeof d->transport, transport); /* one of the three */
    read_bound(d->fd, bound);
    return 0;
}

void front_inside(struct front *f, unsigned n, uint16_t port, const char *sent_by)
{
    struct door *d = &f->doors[n];

    d->inside = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = f->address };
    d->inside.sin_port = htons(port);
    (void)text_copy(d->sent_by, sizeof d->sent_by, sent_by); /* the same size */
}

const char *front_host(const struct front *f)
{
    return f->host;
}

/* ---- ways out ---- */

static bool put_wish(struct front *f, const struct front_wish *wish)
{
    return queue_put(f->wishes, wish);
}

static struct front_way *new_way(struct front *f, unsigned n, const char *host, uint16_t port,
                                 const char *name)
{
    struct front_way *w = calloc(1, sizeof *w);

    if (!w)
        return NULL;
    w->front = f;
    w->door = n;
    w->port = port;
    if (text_copy(w->host, sizeof w->host, host) && text_copy(w->name, sizeof w->name, name)) {
        w->fd = listen_inside(f, &w->near_port);
        if (w->fd >= 0)
            return w;
    }
    free(w);
    return NULL;
}

bool front_way(struct front *f, unsigned n, const char *host, uint16_t port, const char *name,
               char route[96])
{
    struct front_wish wish = { .kind = WISH_WAY };
    struct known_way *k;

    for (unsigned i = 0; i < f->known_count; i++) {
        k = &f->known[i];
        if (k->port == port && k->door == n && text_is_nocase(k->host, host) &&
            text_is_nocase(k->name, name))
            return text_format(route, 96, "sip:%s:%u;transport=tcp", f->host, k->near_port);
    }
    if (f->known_count == FRONT_WAYS_MAX)
        return false;
    wish.way = new_way(f, n, host, port, name);
    if (!wish.way)
        return false;
    k = &f->known[f->known_count];
    *k = (struct known_way){ .port = port, .near_port = wish.way->near_port, .door = n };
    (void)text_copy(k->host, sizeof k->host, host); /* they fitted above */
    (void)text_copy(k->name, sizeof k->name, name);
    if (!put_wish(f, &wish)) {
        close(wish.way->fd);
        free(wish.way);
        return false;
    }
    f->known_count++;
    return text_format(route, 96, "sip:%s:%u;transport=tcp", f->host, k->near_port);
}

/* ---- certificates ---- */

static void read_again(struct front *f, const char *why)
{
    struct front_tls fresh;
    struct err err = { 0 };

    front_look_read(&f->look, &f->config);
    if (front_tls_read(&fresh, &f->config, &err)) {
        log_error("sip", "%s; the certificate before it stays", err.text);
        return;
    }
    if (fresh.not_after && fresh.not_after < clock_wall() && f->tls.server) {
        log_error("sip", "[sip] tls-cert: the certificate in %s is over; the one before it stays",
                  f->config.cert);
        front_tls_done(&fresh);
        return;
    }
    front_tls_done(&f->tls);
    f->tls = fresh;
    log_info("sip", "the certificates are read again: %s", why);
    f->said = 0;
}

int sip_check(const struct sip_config *config, struct err *err)
{
    struct front_tls tls;
    int code;

    if (!config->tls.cert[0] && !config->tls.ca[0])
        return 0;
    code = front_tls_read(&tls, &config->tls, err);
    if (code)
        return code;
    front_tls_say(&tls, &config->tls);
    front_tls_done(&tls);
    return 0;
}

void front_reload(struct front *f, const struct sip_config *config)
{
    struct front_wish wish = { .kind = WISH_RELOAD, .tls = malloc(sizeof *wish.tls) };

    if (!wish.tls)
        return;
    *wish.tls = config->tls;
    if (!put_wish(f, &wish))
        free(wish.tls);
}

/* ---- the thread ---- */

static void add_end(struct front *f, struct end *e)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = e };

    if (epoll_ctl(f->epoll, EPOLL_CTL_ADD, e->fd, &ev) != 0)
        log_error("sip", "a listener cannot be watched: %s", strerror(errno));
}

static void take_wishes(struct front *f)
{
    struct front_wish wish;

    while (queue_take(f->wishes, &wish, 1) == 1) {
        switch (wish.kind) {
        case WISH_STOP:
            f->stop = true;
            break;
        case WISH_RELOAD:
            f->config = *wish.tls;
            free(wish.tls);
            read_again(f, "asked to");
            break;
        case WISH_WAY:
            f->ways[f->way_count] = wish.way;
            f->way_ends[f->way_count] =
                (struct end){ .kind = END_WAY, .way = wish.way, .fd = wish.way->fd };
            add_end(f, &f->way_ends[f->way_count++]);
            break;
        }
    }
}

static void take_event(struct front *f, const struct epoll_event *ev)
{
    struct end *e = ev->data.ptr;

    switch (e->kind) {
    case END_DOOR:
        conn_accept(f, e->door);
        break;
    case END_WAY:
        conn_call(f, e->way);
        break;
    case END_WISHES:
        take_wishes(f);
        break;
    case END_FAR:
    case END_NEAR:
        if (e->conn->state != CONN_OVER)
            conn_step(e->conn);
        if (e->conn->state != CONN_OVER && ev->events & (EPOLLERR | EPOLLHUP))
            conn_broken(e);
        break;
    }
}

static void bury(struct front *f)
{
    while (f->over) {
        struct conn *c = f->over;

        f->over = c->next;
        conn_free(c);
    }
}

static int patience_of_loop(const struct front *f)
{
    msec wait = f->patience / 8;

    if (f->lookups)
        return 10;
    if (wait < 20)
        return 20;
    return wait < 500 ? (int)wait : 500;
}

/* Deadlines, pings, names that have been looked up. */
static void tick(struct front *f, msec now)
{
    struct conn *next;

    if (now < f->ticked + (msec)patience_of_loop(f))
        return;
    f->ticked = now;
    for (struct conn *c = f->conns; c; c = next) {
        next = c->next;
        conn_tick(c, now);
    }
    if (now < f->looked + LOOK_EVERY)
        return;
    f->looked = now;
    if (front_look_changed(&f->look, &f->config))
        read_again(f, "the files have changed");
    if (!f->said || now > f->said + DAY) {
        f->said = now;
        front_tls_say(&f->tls, &f->config);
    }
}

static void *run(void *front)
{
    struct front *f = front;
    struct epoll_event some[64];

    while (!f->stop) {
        int n = epoll_wait(f->epoll, some, 64, patience_of_loop(f));

        for (int i = 0; i < n; i++)
            take_event(f, &some[i]);
        tick(f, clock_now());
        bury(f);
    }
    while (f->conns)
        conn_close(f->conns, "callpark ends");
    bury(f);
    return NULL;
}

/* ---- start and stop ---- */

/* One of the sixteen million addresses of loopback, so that nobody who connects to the library by
 * chance can be taken for us. */
static bool choose_address(struct front *f)
{
    unsigned char random[3];

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return false;
    (void)text_format(f->host, sizeof f->host, "127.%u.%u.%u", 64 + random[0] % 128, random[1],
                      1 + random[2] % 254); /* fits */
    return inet_pton(AF_INET, f->host, &f->address) == 1;
}

int front_new(struct front **out, const struct sip_config *config, struct err *err)
{
    struct front *f = calloc(1, sizeof *f);
    msec t1 = config->t1 ? config->t1 : 500;

    if (!f)
        return err_set(err, -ENOMEM, "no memory for TLS and WebSocket");
    for (unsigned i = 0; i < FRONT_DOORS_MAX; i++)
        f->doors[i].fd = -1;
    f->config = config->tls;
    f->patience = 20 * t1;
    f->ping_every = 50 * t1;
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    f->news = queue_new(sizeof(struct front_record), NEWS_MAX);
    f->wishes = queue_new(sizeof(struct front_wish), FRONT_WAYS_MAX + 16);
    f->book = front_book_new();
    if (f->epoll < 0 || !f->news || !f->wishes || !f->book || !choose_address(f)) {
        front_stop(f);
        return err_set(err, -ENOMEM, "no memory for TLS and WebSocket");
    }
    front_look_read(&f->look, &f->config);
    if (front_tls_read(&f->tls, &f->config, err)) {
        front_stop(f);
        return err ? err->code : -EINVAL;
    }
    *out = f;
    return 0;
}

int front_start(struct front *f, struct err *err)
{
    int code;

    for (unsigned i = 0; i < FRONT_DOORS_MAX; i++) {
        f->door_ends[i] =
            (struct end){ .kind = END_DOOR, .door = &f->doors[i], .fd = f->doors[i].fd };
        if (f->doors[i].fd >= 0)
            add_end(f, &f->door_ends[i]);
    }
    f->wishes_end = (struct end){ .kind = END_WISHES, .fd = queue_fd(f->wishes) };
    add_end(f, &f->wishes_end);
    code = thread_start(&f->thread, "sip-front", run, f, err);
    f->running = !code;
    front_news(f);
    return code;
}

void front_stop(struct front *f)
{
    const struct front_wish stop = { .kind = WISH_STOP };

    if (!f)
        return;
    if (f->running) {
        while (!put_wish(f, &stop))
            (void)queue_wait(f->news, 10); /* full: it is being emptied */
        pthread_join(f->thread, NULL);
    }
    take_wishes(f);
    for (unsigned i = 0; i < FRONT_DOORS_MAX; i++)
        if (f->doors[i].fd >= 0)
            close(f->doors[i].fd);
    for (unsigned i = 0; i < f->way_count; i++) {
        close(f->ways[i]->fd);
        free(f->ways[i]);
    }
    if (f->epoll >= 0)
        close(f->epoll);
    queue_free(f->news);
    queue_free(f->wishes);
    front_book_free(f->book);
    front_tls_done(&f->tls);
    free(f);
}

/* One connection through the front: TLS at the far end, the library at the near one, and messages
 * in between. Everything is tried whenever anything may have changed; nothing waits. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4 */
#endif

#include "sip/front_conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

#define CONNECTIONS_MAX 4096
#define CONNECTIONS_PER_SOURCE 512

/* ---- ends ---- */

static void set_interest(struct end *e, uint32_t wanted)
{
    struct epoll_event ev = { .events = wanted, .data.ptr = e };

    wanted |= EPOLLERR; /* which always comes; so 0 is "not watched yet" */
    if (e->fd < 0 || e->events == wanted)
        return;
    (void)epoll_ctl(e->conn->front->epoll, e->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, e->fd,
                    &ev); /* the limit of watches is never reached before that of descriptors */
    e->events = wanted;
}

static void watch(struct conn *c)
{
    bool pending =
        c->to_far.length || c->far_wants_write || (c->ws && wslay_event_want_write(c->ws));
    uint32_t far = pending ? EPOLLOUT : 0, near = c->to_near.length ? EPOLLOUT : 0;

    if (!c->far_closed && c->to_near.length <= FRONT_MESSAGE_MAX)
        far |= EPOLLIN;
    if (!c->near_closed && c->to_far.length <= FRONT_MESSAGE_MAX)
        near |= EPOLLIN;
    if (c->state != CONN_LOOKING_UP)
        set_interest(&c->far, far);
    set_interest(&c->near, near);
}

static void note_source(struct conn *c, const struct sockaddr *from, socklen_t size)
{
    char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "0";
    const char *plain = host;
    uint64_t number = 0;

    (void)getnameinfo(from, size, host, sizeof host, port, sizeof port,
                      NI_NUMERICHOST | NI_NUMERICSERV); /* "" is nobody */
    if (text_starts(host, "::ffff:") && strchr(host, '.'))
        plain = host + strlen("::ffff:");
    (void)text_copy_n(c->peer.source.host, sizeof c->peer.source.host, plain, strcspn(plain, "%"));
    (void)text_number(port, 0, 65535, &number); /* it is one */
    c->peer.source.port = (uint16_t)number;
}

/* ---- making and ending ---- */

static struct conn *new_conn(struct front *f, const struct door *d)
{
    struct conn *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->front = f;
    c->door = d;
    c->kind = d->kind;
    c->far = (struct end){ .kind = END_FAR, .conn = c, .fd = -1 };
    c->near = (struct end){ .kind = END_NEAR, .conn = c, .fd = -1 };
    c->deadline = clock_now() + f->patience;
    (void)text_copy(c->peer.transport, sizeof c->peer.transport, d->transport); /* the same size */
    (void)text_copy(c->token, sizeof c->token,
                    d->kind == CONN_TLS  ? "TLS"
                    : d->kind == CONN_WS ? "WS"
                                         : "WSS"); /* fits */
    c->next = f->conns;
    if (c->next)
        c->next->link = &c->next;
    f->conns = c;
    c->link = &f->conns;
    f->conn_count++;
    return c;
}

/* It is freed at the end of the round: others may still be looking at it. */
void conn_close(struct conn *c, const char *why)
{
    if (c->state == CONN_OVER)
        return;
    log_debug("sip", "connection ended: %s source=%s transport=%s", why, c->peer.source.host,
              c->peer.transport);
    c->front->lookups -= c->state == CONN_LOOKING_UP;
    c->state = CONN_OVER;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->next = c->front->over;
    c->front->over = c;
    c->front->conn_count--;
}

/* False: the SIP thread has no room for the news; try again. */
static bool tell(const struct conn *c, bool gone)
{
    struct front_record r = { .gone = gone, .port = c->near_port };

    if (!gone)
        r.peer = c->peer;
    return queue_put(c->front->news, &r);
}

void conn_free(struct conn *c)
{
    if (c->ssl && c->far.fd >= 0)
        (void)SSL_shutdown(c->ssl); /* a farewell that need not arrive */
    if (c->near.fd >= 0)
        close(c->near.fd);
    if (c->far.fd >= 0)
        close(c->far.fd);
    if (c->near_port)
        (void)tell(c, true); /* if it finds no room, the next use of the port replaces it */
    SSL_free(c->ssl);
    if (c->ws)
        wslay_event_context_free(c->ws);
    lookup_free(c->lookup);
    bytes_done(&c->from_far);
    bytes_done(&c->to_far);
    bytes_done(&c->from_near);
    bytes_done(&c->to_near);
    free(c);
}

static bool has_room(const struct front *f, const struct conn *fresh)
{
    uint32_t most = f->config.connections_max ? f->config.connections_max : CONNECTIONS_MAX;
    uint32_t each = f->config.connections_per_source ? f->config.connections_per_source
                                                     : CONNECTIONS_PER_SOURCE;
    uint32_t same = 0;

    for (const struct conn *c = f->conns; c; c = c->next)
        same += !c->way && text_is(c->peer.source.host, fresh->peer.source.host);
    return f->conn_count <= most && same <= each;
}

static bool start_tls(struct conn *c, SSL_CTX *ctx)
{
    c->ssl = ctx ? SSL_new(ctx) : NULL;
    if (!c->ssl || SSL_set_fd(c->ssl, c->far.fd) != 1)
        return false;
    if (c->way)
        SSL_set_connect_state(c->ssl);
    else
        SSL_set_accept_state(c->ssl);
    return true;
}

static void set_options(int fd)
{
    const int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* it works without, too */
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

void conn_accept(struct front *f, const struct door *d)
{
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    int fd = accept4(d->fd, (struct sockaddr *)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct conn *c = fd < 0 ? NULL : new_conn(f, d);

    if (!c) {
        if (fd >= 0)
            close(fd);
        return;
    }
    c->far.fd = fd;
    set_options(fd);
    note_source(c, (struct sockaddr *)&from, size);
    if (!has_room(f, c)) {
        log_warning("sip", "connection refused: too many of them source=%s transport=%s",
                    c->peer.source.host, c->peer.transport);
        conn_close(c, "too many connections");
        return;
    }
    c->state = d->kind == CONN_WS ? CONN_UPGRADE : CONN_HANDSHAKE;
    if (d->kind != CONN_WS && !start_tls(c, f->tls.server)) {
        conn_close(c, "no memory for TLS");
        return;
    }
    conn_step(c);
}

/* The library wants to call somebody by TLS. Nobody else on this machine may, in our name. */
void conn_call(struct front *f, const struct front_way *w)
{
    int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct conn *c = fd < 0 || !front_is_own(fd) ? NULL : new_conn(f, &f->doors[w->door]);

    if (!c) {
        if (fd >= 0)
            close(fd);
        return;
    }
    c->way = w;
    c->kind = CONN_TLS;
    c->near.fd = fd;
    set_options(fd);
    (void)text_copy(c->peer.transport, sizeof c->peer.transport, "tls"); /* fits */
    (void)text_copy(c->token, sizeof c->token, "TLS");                   /* fits */
    c->state = CONN_LOOKING_UP;
    f->lookups++;
    c->lookup = lookup_start(w->host, w->port);
    if (!c->lookup)
        conn_close(c, "no memory to look up a name");
}

static void connect_far(struct conn *c)
{
    struct sockaddr_storage to;
    socklen_t size = 0;
    int found = lookup_take(c->lookup, &to, &size);
    bool named;

    if (found == 0)
        return;
    if (found < 0) {
        log_warning("sip", "no call by TLS: there is no address for %s", c->way->host);
        conn_close(c, "no such host");
        return;
    }
    note_source(c, (struct sockaddr *)&to, size);
    c->far.fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->far.fd < 0 ||
        (connect(c->far.fd, (struct sockaddr *)&to, size) != 0 && errno != EINPROGRESS)) {
        conn_close(c, strerror(errno));
        return;
    }
    set_options(c->far.fd);
    c->state = CONN_HANDSHAKE;
    c->front->lookups--;
    named = c->way->name[strspn(c->way->name, "0123456789.")] != '\0' && !strchr(c->way->name, ':');
    if (!start_tls(c, c->front->tls.client) ||
        (named && SSL_set_tlsext_host_name(c->ssl, c->way->name) != 1))
        conn_close(c, "no memory for TLS");
    c->far_wants_write = true;
}

bool conn_open_near(struct conn *c)
{
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr = c->front->address };
    socklen_t size = sizeof here;
    int fd;

    if (c->way) {
        c->near_port = c->way->near_port;
        return tell(c, false);
    }
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    c->near.fd = fd;
    set_options(fd);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) != 0 ||
        getsockname(fd, (struct sockaddr *)&here, &size) != 0)
        return false;
    c->near_port = ntohs(here.sin_port);
    /* First who is there, then anything that he says. */
    return tell(c, false) &&
           (connect(fd, (const struct sockaddr *)&c->door->inside, sizeof c->door->inside) == 0 ||
            errno == EINPROGRESS);
}

/* ---- the far end ---- */

static int of_ssl(struct conn *c, int n)
{
    int error;

    if (n > 0)
        return n;
    error = SSL_get_error(c->ssl, n);
    if (error == SSL_ERROR_WANT_WRITE)
        c->far_wants_write = true;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return 0;
    return -1;
}

int conn_read_far(struct conn *c, void *to, size_t size)
{
    ssize_t n;

    ERR_clear_error();
    if (c->ssl) {
        n = of_ssl(c, SSL_read(c->ssl, to, (int)size));
    } else {
        n = recv(c->far.fd, to, size, 0);
        n = n > 0 ? n : n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
    }
    if (n > 0)
        c->heard = clock_now();
    if (n < 0)
        c->far_closed = true;
    return (int)n;
}

int conn_write_far(struct conn *c, const void *from, size_t length)
{
    ssize_t n;

    ERR_clear_error();
    if (c->ssl)
        return of_ssl(c, SSL_write(c->ssl, from, (int)length));
    n = send(c->far.fd, from, length, MSG_NOSIGNAL);
    return n > 0 ? (int)n : n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static void refuse_handshake(struct conn *c)
{
    char why[160];
    long verdict = SSL_get_verify_result(c->ssl);

    (void)front_tls_why(why);
    if (verdict != X509_V_OK)
        (void)text_copy(why, sizeof why, X509_verify_cert_error_string(verdict)); /* may be cut */
    if (c->way)
        log_warning("sip", "no TLS to %s: %s", c->way->host, why);
    else
        log_info("sip", "TLS refused: %s source=%s", why, c->peer.source.host);
    conn_close(c, "the handshake failed");
}

static void finish_handshake(struct conn *c)
{
    front_tls_names(c->ssl, &c->peer);
    if (c->way && !c->front->config.verify_off && !front_tls_is_for(c->ssl, c->way->name)) {
        log_warning("sip", "no TLS to %s: its certificate is not for %s (RFC 5922)", c->way->host,
                    c->way->name);
        conn_close(c, "the certificate has another name");
        return;
    }
    c->state = c->kind == CONN_TLS ? CONN_OPEN : CONN_UPGRADE;
    if (c->state == CONN_UPGRADE)
        return;
    c->deadline = NEVER;
    if (!conn_open_near(c))
        conn_close(c, "SIP takes no more connections");
}

static void shake_hands(struct conn *c)
{
    int n;

    ERR_clear_error();
    n = SSL_do_handshake(c->ssl);
    if (n == 1)
        finish_handshake(c);
    else if (of_ssl(c, n) < 0)
        refuse_handshake(c);
}

/* ---- what is said ---- */

static bool names_us(const struct conn *c, const char *transport)
{
    if (c->kind == CONN_TLS)
        return text_is_nocase(transport, "TLS");
    return text_is_nocase(transport, "WS") || text_is_nocase(transport, "WSS");
}

void conn_take_message(struct conn *c, const char *text, size_t length, bool add_length)
{
    struct via_change change = { .transport = NULL };
    char transport[8] = "";
    bool done;

    if (!front_is_answer(text, length))
        front_transport(text, length, transport);
    if (names_us(c, transport)) { /* another one stays, and the library refuses it */
        (void)text_copy(c->token, sizeof c->token, transport); /* the same size */
        change.transport = "TCP";
    }
    done = front_rewrite(&c->to_near, text, length, &change, add_length);
    if (!done)
        conn_close(c, "no memory");
}

static void read_stream(struct conn *c)
{
    char part[8192];
    int n = 0;
    size_t size;

    while (c->to_near.length <= FRONT_MESSAGE_MAX &&
           (n = conn_read_far(c, part, sizeof part)) > 0) {
        if (!bytes_add(&c->from_far, part, (size_t)n)) {
            conn_close(c, "no memory");
            return;
        }
        while (c->from_far.length &&
               (size = front_message(c->from_far.at, c->from_far.length)) != 0) {
            if (size == FRONT_NO_MESSAGE) {
                conn_close(c, "what came is no SIP");
                return;
            }
            conn_take_message(c, c->from_far.at, size, false);
            bytes_drop(&c->from_far, size);
            c->deadline = NEVER;
        }
        if (c->from_far.length && c->deadline == NEVER)
            c->deadline = clock_now() + c->front->patience;
    }
}

static bool give(struct conn *c, const char *text, size_t length)
{
    bool is_answer = front_is_answer(text, length);
    struct via_change change = { .transport = c->token };
    struct bytes out = { NULL, 0, 0 };
    bool done;

    if (is_answer) {
        change.received = c->peer.source.host;
        change.rport = c->peer.source.port;
    } else {
        change.sent_by = c->door->sent_by;
    }
    done = front_rewrite(&out, text, length, &change, false) && bytes_add(&out, "", 1);
    if (done && c->ws)
        done = front_ws_put(c, out.at, out.length - 1);
    else if (done)
        done = c->to_far.length <= (size_t)8 * FRONT_MESSAGE_MAX &&
               bytes_add(&c->to_far, out.at, out.length - 1);
    bytes_done(&out);
    return done;
}

static void read_near(struct conn *c)
{
    char part[8192];
    ssize_t n = 0;
    size_t size;

    while (c->near.fd >= 0 && !c->near_closed && c->to_far.length <= FRONT_MESSAGE_MAX &&
           (n = recv(c->near.fd, part, sizeof part, 0)) > 0) {
        if (!bytes_add(&c->from_near, part, (size_t)n)) {
            conn_close(c, "no memory");
            return;
        }
        while (c->from_near.length &&
               (size = front_message(c->from_near.at, c->from_near.length)) != 0) {
            if (size == FRONT_NO_MESSAGE || !give(c, c->from_near.at, size)) {
                conn_close(c, "the far end takes nothing any more");
                return;
            }
            bytes_drop(&c->from_near, size);
        }
    }
    if (n == 0 && c->near.fd >= 0 && c->to_far.length <= FRONT_MESSAGE_MAX)
        c->near_closed = true;
    if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN)
        c->near_closed = true;
}

static void flush_near(struct conn *c)
{
    while (c->to_near.length && c->near.fd >= 0) {
        ssize_t n = send(c->near.fd, c->to_near.at, c->to_near.length, MSG_NOSIGNAL);

        if (n <= 0) {
            c->near_closed = n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN;
            return;
        }
        bytes_drop(&c->to_near, (size_t)n);
    }
}

static void flush_far(struct conn *c)
{
    if (c->ws) {
        front_ws_send(c);
        return;
    }
    while (c->to_far.length) {
        int n = conn_write_far(c, c->to_far.at, c->to_far.length);

        if (n < 0) {
            c->far_closed = true;
            bytes_done(&c->to_far);
        }
        if (n <= 0)
            return;
        bytes_drop(&c->to_far, (size_t)n);
    }
}

static void relay(struct conn *c)
{
    if (c->ws)
        front_ws_receive(c);
    else if (!c->far_closed)
        read_stream(c);
    if (c->state == CONN_OPEN)
        flush_near(c);
    if (c->state == CONN_OPEN)
        read_near(c);
    if (c->state == CONN_OPEN && !c->far_closed)
        flush_far(c);
}

void conn_step(struct conn *c)
{
    c->far_wants_write = false;
    if (c->state == CONN_LOOKING_UP)
        connect_far(c);
    else if (c->state == CONN_HANDSHAKE)
        shake_hands(c);
    if (c->state == CONN_UPGRADE)
        front_ws_upgrade(c);
    if (c->state == CONN_OPEN)
        relay(c);
    if (c->state == CONN_OVER)
        return;
    if (c->far_closed && (!c->to_near.length || c->near_closed))
        conn_close(c, "closed by the far end");
    else if (c->near_closed &&
             (c->far_closed || (!c->to_far.length && !(c->ws && wslay_event_want_write(c->ws)))))
        conn_close(c, "closed by us");
    else
        watch(c);
}

/* What has come before still goes on to the library. */
void conn_broken(struct end *e)
{
    struct conn *c = e->conn;

    if (e->kind == END_NEAR || c->state != CONN_OPEN || !c->to_near.length) {
        conn_close(c, "broken off");
        return;
    }
    c->far_closed = true;
    close(e->fd); /* or it would be told for ever */
    e->fd = -1;
}

void conn_tick(struct conn *c, msec now)
{
    if (c->state == CONN_LOOKING_UP)
        conn_step(c);
    if (c->state == CONN_OVER)
        return;
    if (c->deadline <= now) {
        if (c->state != CONN_OPEN)
            log_info("sip",
                     "connection dropped: its handshake took too long source=%s "
                     "transport=%s",
                     c->peer.source.host, c->peer.transport);
        conn_close(c, "too slow");
        return;
    }
    if (!c->ws)
        return;
    if (c->pinged && c->heard < c->pinged && now > c->pinged + c->front->ping_every)
        conn_close(c, "no answer to a ping");
    else if (!c->pinged && now > c->heard + c->front->ping_every) {
        front_ws_ping(c);
        conn_step(c);
    } else if (c->heard >= c->pinged)
        c->pinged = 0;
}

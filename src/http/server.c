/* Starting and stopping the HTTP edge. How a request is read and answered is in request.c, how a
 * stream is fed in stream.c. */
#include "http/server.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

#define THREADS 2
#define TIMEOUT_SECONDS 30
#define CONNECTION_BYTES ((size_t)32 << 10) /* for the request line and all headers of one */
#define LAST_ANSWERS 500                    /* msec for answers on their way when we stop */

static void log_library(void *to, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void log_library(void *to, const char *format, va_list arguments)
{
    char text[ERR_TEXT_SIZE];

    (void)to;
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        return;
    text[strcspn(text, "\r\n")] = '\0';
    log_debug("http", "%s", text); /* what strangers send is no fault of ours */
}

/* The library decodes in place, and once: http.h promises a query as it was sent. */
static size_t leave_escaped(void *to, struct MHD_Connection *mhd, char *text)
{
    (void)to;
    (void)mhd;
    return strlen(text);
}

static bool uses_tls(const struct http_server *h, const struct listener *l)
{
    return h->tls && !l->path[0];
}

static void add_option(struct MHD_OptionItem **next, enum MHD_OPTION option, intptr_t value,
                       void *pointer)
{
    *(*next)++ = (struct MHD_OptionItem){ option, value, pointer };
}

/* The library only reads them, though its type does not say so. */
static char priorities[] = TLS_PRIORITIES;

/* What only some listeners have. */
static void add_options(struct MHD_OptionItem *next, const struct http_server *h,
                        const struct listener *l, unsigned threads)
{
    /* The library's table takes functions as pointers; POSIX has the two convert. */
    int (*const choose)(gnutls_session_t, const struct gnutls_cert_retr_st *, gnutls_pcert_st **,
                        unsigned *, gnutls_ocsp_data_st **, unsigned *, gnutls_privkey_t *,
                        unsigned *) = tls_choose;
    void *pointer;

    memcpy(&pointer, &choose, sizeof pointer);
    if (threads > 1)
        add_option(&next, MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL);
    /* One address does not take all there is; on loopback and behind a proxy all have the same. */
    if (l->anywhere && !h->config.behind_proxy)
        add_option(&next, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                   (intptr_t)(h->config.connections_max / 2), NULL);
    if (uses_tls(h, l)) {
        add_option(&next, MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, pointer);
        add_option(&next, MHD_OPTION_HTTPS_PRIORITIES, 0, priorities);
    }
    add_option(&next, MHD_OPTION_END, 0, NULL);
}

static struct MHD_Daemon *serve(struct http_server *h, const struct listener *l, unsigned limit,
                                unsigned threads)
{
    struct MHD_OptionItem more[8];
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

    add_options(more, h, l, threads);
    return MHD_start_daemon(
        uses_tls(h, l) ? flags | MHD_USE_TLS : flags, 0, NULL, NULL, request_more, h,
        /* The logger first, so that it hears of the options behind it. */
        MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL, MHD_OPTION_LISTEN_SOCKET, l->fd,
        MHD_OPTION_URI_LOG_CALLBACK, request_begin, h, MHD_OPTION_NOTIFY_COMPLETED, request_end, h,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_CONNECTION_LIMIT, limit,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_ARRAY, more, MHD_OPTION_END);
}

static int start_daemon(struct http_server *h, unsigned n, unsigned limit, unsigned threads,
                        struct err *err)
{
    const struct listener *l = &h->listeners[n];

    h->daemons[n] = serve(h, l, limit, threads);
    if (!h->daemons[n])
        return err_set(err, -EIO, "the HTTP server on %s could not be started: see the log",
                       l->path[0] ? l->path : l->address);
    return 0;
}

/* What a configuration leaves out. */
static void complete(struct http_config *config)
{
    if (config->connections_max == 0)
        config->connections_max = CONNECTIONS_DEFAULT;
    if (!config->proxy_header[0])
        (void)text_copy(config->proxy_header, sizeof config->proxy_header, "X-Remote-User");
    if (!config->proxy_groups[0])
        (void)text_copy(config->proxy_groups, sizeof config->proxy_groups, "X-Remote-Groups");
}

static int read_proxies(struct http_server *h, struct err *err)
{
    const struct http_config *config = &h->config;

    for (unsigned i = 0; i < config->trusted_proxy_count; i++)
        if (!network_read(config->trusted_proxy[i], &h->proxies[h->proxy_count++]))
            return err_set(err, -EINVAL,
                           "trusted-proxy '%.60s' is no network: write 10.0.0.0/8, 192.0.2.7 or "
                           "2001:db8::/32",
                           config->trusted_proxy[i]);
    if (config->behind_proxy && config->trusted_proxy_count == 0) {
        (void)network_read("127.0.0.0/8", &h->proxies[0]); /* both are networks */
        (void)network_read("::1", &h->proxies[1]);
        h->proxy_count = 2;
    }
    return 0;
}

static int open_all(struct http_server *h, struct err *err)
{
    const struct http_config *c = &h->config;
    int code = read_proxies(h, err);

    if (!code && c->socket[0])
        code = listen_unix(&h->listeners[0], c->socket, err);
    if (!code && c->listen[0])
        code = listen_tcp(&h->listeners[1], c->listen, c->behind_proxy || c->tls_cert[0], err);
    if (!code && c->listen[0] && c->tls_cert[0])
        code = tls_start(&h->tls, c->tls_cert, c->tls_key, err);
    if (!code && c->socket[0])
        code = start_daemon(h, 0, SOCKET_CONNECTIONS_MAX, 1, err);
    if (!code && c->listen[0])
        code = start_daemon(h, 1, c->connections_max, THREADS, err);
    return code;
}

static struct http_server *make(const struct http_config *config, http_report *report, void *to)
{
    struct http_server *h = calloc(1, sizeof *h);

    if (!h)
        return NULL;
    h->config = *config;
    complete(&h->config);
    h->report = report;
    h->to = to;
    h->listeners[0].fd = h->listeners[1].fd = -1;
    h->places = h->config.connections_max + SOCKET_CONNECTIONS_MAX;
    h->waiting = calloc(h->places, sizeof *h->waiting);
    if (!h->waiting || stream_start(h) != 0) {
        free(h->waiting);
        free(h);
        return NULL;
    }
    return h;
}

int http_start(struct http_server **out, const struct http_config *config, http_report *report,
               void *to, struct err *err)
{
    struct http_server *h = make(config, report, to);
    int code;

    if (!h)
        return err_set(err, -ENOMEM, "no memory for the HTTP server");
    code = open_all(h, err);
    if (code) {
        http_stop(h);
        return code;
    }
    *out = h;
    return 0;
}

static void rest(long milliseconds)
{
    struct timespec t = { .tv_nsec = milliseconds * 1000000 };

    nanosleep(&t, NULL);
}

/* No thread is handing a request up any more, and none will. */
static void close_the_door(struct http_server *h)
{
    atomic_store(&h->stopping, true);
    while (atomic_load(&h->inside) > 0)
        rest(1);
}

static void let_answers_leave(struct http_server *h)
{
    msec end = clock_now() + LAST_ANSWERS;

    while (atomic_load(&h->answers) > 0 && clock_now() < end)
        rest(1);
}

/* The library is not to have the listening socket when it stops: it might shut it down, and then
 * nobody could go on with it (sys/kept.h). */
static void stop_daemon(struct http_server *h, unsigned n)
{
    if (h->daemons[n]) {
        MHD_socket fd = MHD_quiesce_daemon(h->daemons[n]);

        MHD_stop_daemon(h->daemons[n]);
        if (fd != MHD_INVALID_SOCKET)
            close(fd);
    }
    listen_remove_file(&h->listeners[n]);
}

void http_stop(struct http_server *h)
{
    if (!h)
        return;
    close_the_door(h);
    request_stop_all(h);
    stream_stop_all(h);
    let_answers_leave(h);
    for (unsigned n = 0; n < 2; n++)
        stop_daemon(h, n);
    tls_stop(h->tls);
    stream_free_all(h);
    free(h->waiting);
    free(h);
}

void http_address(const struct http_server *h, char to[96])
{
    (void)text_copy(to, 96, h->listeners[1].address); /* the same size */
}

void http_url(const struct http_server *h, char to[256])
{
    const char *bound = h->listeners[1].address;

    if (h->config.public_url[0])
        (void)text_copy(to, 256, h->config.public_url); /* the same size */
    else if (bound[0])
        (void)text_format(to, 256, "%s://%s", h->tls ? "https" : "http", bound); /* fits */
    else
        to[0] = '\0';
}

bool http_certificate(const struct http_server *h, struct http_certificate *about)
{
    return h->tls && tls_about(about);
}

void http_reread(struct http_server *h)
{
    if (h->tls)
        tls_reread(h->tls);
}

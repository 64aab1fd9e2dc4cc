/* What a request says about itself and who is at its other end. Nothing is decided here but what is
 * too long, and whose word about others is taken: that of the proxies that are named in the
 * configuration. */
#define _GNU_SOURCE /* struct ucred */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "http/forwarded.h"
#include "http/server.h"

static const struct refusal header_long = { 431, "header-too-large", "A header is too long",
                                            "One of the headers that are read here is too long." };
static const struct refusal too_large = { 413, "body-too-large", "The body is too large",
                                          "A body is at most 1 MiB: send less at once." };
static const struct refusal music_too_large = { 413, "body-too-large", "The body is too large",
                                                "A music file is at most 64 MiB: shorten it." };
static const struct refusal definitions_too_large = {
    413, "body-too-large", "The body is too large",
    "A document of definitions is at most 96 MiB: leave the data of some music out of it."
};
static const struct refusal not_signed_in = {
    401, "not-signed-in", "You are not signed in",
    "More than 1 MiB is taken only from who shows a token or a session: sign in first."
};
static const struct refusal user_twice = {
    400, "bad-request", "Two users are named",
    "The proxy passed on two headers that name the user: let it drop what clients send."
};

static const char *header(const struct http_connection *c, const char *name)
{
    return MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, name);
}

static void refuse(struct http_connection *c, const struct refusal *why)
{
    if (!c->refusal)
        c->refusal = why;
}

static void read_header(struct http_connection *c, const char *name, char *to, size_t size)
{
    if (!text_copy(to, size, header(c, name)))
        refuse(c, &header_long);
}

static void read_plain_headers(struct http_connection *c)
{
    struct http_request *rq = c->rq;
    const char *encodings = header(c, "Accept-Encoding");

    read_header(c, "If-Match", rq->if_match, sizeof rq->if_match);
    read_header(c, "If-None-Match", rq->if_none_match, sizeof rq->if_none_match);
    read_header(c, "Authorization", rq->authorization, sizeof rq->authorization);
    read_header(c, "Content-Type", rq->content_type, sizeof rq->content_type);
    read_header(c, "Idempotency-Key", rq->idempotency_key, sizeof rq->idempotency_key);
    read_header(c, "Last-Event-ID", rq->last_event_id, sizeof rq->last_event_id);
    read_header(c, "Origin", rq->origin, sizeof rq->origin);
    read_header(c, "Sec-Fetch-Site", rq->sec_fetch_site, sizeof rq->sec_fetch_site);
    read_header(c, "Host", rq->host, sizeof rq->host);
    /* Of these the end is of no use to us. */
    (void)text_copy(rq->accept, sizeof rq->accept, header(c, "Accept"));
    (void)text_copy(rq->user_agent, sizeof rq->user_agent, header(c, "User-Agent"));
    rq->takes_gzip = headers_take_gzip(encodings ? encodings : "");
}

bool headers_take_gzip(const char *list)
{
    while (*list) {
        size_t length = strcspn(list, ",");
        char item[64], name[64];
        size_t end;

        if (text_copy_n(item, sizeof item, list, length) && text_trim(name, sizeof name, item)) {
            end = strcspn(name, " ;\t");
            /* "gzip;q=0" refuses it (RFC 9110 12.5.3); other weights are no refusal. */
            if (end == 4 && text_starts(name, "gzip"))
                return !strstr(name, "q=0") || strpbrk(strstr(name, "q=0"), "123456789");
        }
        list += length + (list[length] == ',');
    }
    return false;
}

/* ---- who is at the other end -------------------------------------------------------------------
 */

static void read_source(struct http_connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *a = info ? info->client_addr : NULL;
    struct http_request *rq = c->rq;

    (void)text_copy(rq->source, sizeof rq->source, "unknown"); /* fits */
    if (a && a->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, a, sizeof v4);
        (void)inet_ntop(AF_INET, &v4.sin_addr, rq->source, sizeof rq->source); /* fits */
    } else if (a && a->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, a, sizeof v6);
        (void)inet_ntop(AF_INET6, &v6.sin6_addr, rq->source, sizeof rq->source); /* fits */
    }
}

/* Which user is at the other end of the admin socket, as the kernel says. */
static void read_peer(struct http_connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct ucred peer;
    socklen_t size = sizeof peer;
    int family = AF_UNSPEC;
    socklen_t family_size = sizeof family;

    if (!info || getsockopt(info->connect_fd, SOL_SOCKET, SO_DOMAIN, &family, &family_size) != 0 ||
        family != AF_UNIX ||
        getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return; /* by TCP, or not to be told: then it is no request by the socket */
    c->rq->by_socket = true;
    c->rq->uid = peer.uid;
    (void)text_copy(c->rq->source, sizeof c->rq->source, "unix"); /* fits */
}

/* ---- what a proxy says -------------------------------------------------------------------------
 */

/* All values of one header in one list, as if they had been sent so (RFC 9110 5.3). */
struct list {
    const char *name;
    char *to;
    size_t size;
    unsigned values;
    bool fits;
};

static enum MHD_Result add_to_list(void *list, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct list *l = list;

    (void)kind;
    if (!text_is_nocase(name, l->name))
        return MHD_YES;
    l->fits =
        text_append(l->to, l->size, "%s%s", l->values ? ", " : "", value ? value : "") && l->fits;
    l->values++;
    return MHD_YES;
}

/* How often the header came; its values in `to`, and a refusal when they do not fit. */
static unsigned read_list(struct http_connection *c, const char *name, char *to, size_t size)
{
    struct list l = { .name = name, .to = to, .size = size, .fits = true };

    to[0] = '\0';
    (void)MHD_get_connection_values(c->mhd, MHD_HEADER_KIND, add_to_list, &l);
    if (!l.fits)
        refuse(c, &header_long);
    return l.values;
}

static void read_proxy_user(struct http_connection *c)
{
    const struct http_config *config = &c->server->config;
    struct http_request *rq = c->rq;

    if (read_list(c, config->proxy_header, rq->proxy_user, sizeof rq->proxy_user) > 1)
        refuse(c, &user_twice);
    (void)read_list(c, config->proxy_groups, rq->proxy_groups, sizeof rq->proxy_groups);
}

static void read_proxy(struct http_connection *c)
{
    struct http_server *h = c->server;
    struct http_request *rq = c->rq;
    char list[1024];

    if (rq->by_socket || !forwarded_trusts(h->proxies, h->proxy_count, rq->source))
        return;
    if (h->config.trusted_proxy_count > 0)
        read_proxy_user(c);
    (void)read_list(c, "X-Forwarded-For", list, sizeof list);
    forwarded_source(rq->source, list, h->proxies, h->proxy_count);
    (void)read_list(c, "X-Forwarded-Proto", list, sizeof list);
    rq->secure = rq->secure || forwarded_secure(list);
    if (header(c, "X-Forwarded-Host"))
        read_header(c, "X-Forwarded-Host", rq->host, sizeof rq->host);
}

/* One name only: by TLS a plain cookie may have been planted by whoever sits in a plain connection
 * to our host, which the prefix __Host- excludes. */
static void read_cookie(struct http_connection *c)
{
    const char *name = c->rq->secure ? "__Host-callpark_session" : "callpark_session";
    const char *value = MHD_lookup_connection_value(c->mhd, MHD_COOKIE_KIND, name);

    if (!text_copy(c->rq->cookie, sizeof c->rq->cookie, value))
        c->rq->cookie[0] = '\0'; /* none of ours is that long */
}

/* ---- how much may come -------------------------------------------------------------------------
 */

/* Much memory is not given to a stranger. */
static bool shows_who(const struct http_request *rq)
{
    return rq->by_socket || rq->authorization[0] || rq->cookie[0] || rq->proxy_user[0];
}

bool headers_large_path(const char *path)
{
    return text_starts(path, HTTP_MUSIC_PATH) || text_is(path, HTTP_DEFINITIONS_PATH);
}

static void set_limit(struct http_connection *c)
{
    bool definitions = text_is(c->rq->path, HTTP_DEFINITIONS_PATH);

    c->body_max = HTTP_BODY_MAX;
    if (!headers_large_path(c->rq->path)) {
        c->too_large = &too_large;
    } else if (!shows_who(c->rq)) {
        c->too_large = &not_signed_in;
    } else {
        c->too_large = definitions ? &definitions_too_large : &music_too_large;
        c->body_max = definitions ? HTTP_DEFINITIONS_MAX : HTTP_MUSIC_MAX;
    }
}

/* Refuse by what the header says, before a byte of the body is read. */
static void check_length(struct http_connection *c)
{
    const char *length = header(c, "Content-Length");
    uint64_t number;

    set_limit(c);
    if (length && !text_number(length, 0, c->body_max, &number))
        refuse(c, c->too_large);
}

void headers_read(struct http_connection *c)
{
    read_plain_headers(c);
    read_source(c);
    read_peer(c);
    c->rq->secure = c->server->tls && !c->rq->by_socket;
    read_proxy(c);
    read_cookie(c);
    c->secure = c->rq->secure;
    check_length(c);
}

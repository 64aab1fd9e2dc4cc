/* HTTP by libcurl. Not for what is in a request or a reply. */
#include "ctl/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

struct client {
    CURL *curl;
    char *socket;
    char *base; /* "http://localhost" in front of the path */
    char *token;
    char *session; /* "name=value" of the cookie; NULL: none */
    bool by_url;
};

/* What a transfer writes into. */
struct sink {
    struct client *client;
    struct client_reply reply;
    client_piece *piece; /* NULL: gather the body */
    void *to;
    bool ended; /* by `piece` */
    bool full;
};

static char *copy_of(const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    if (text && !copy)
        abort(); /* a command line tool that cannot get 100 bytes has nothing left to say */
    return copy;
}

/* Only http or https, a host, and nothing behind it but a slash. */
static int check_url(const char *url, struct err *err)
{
    size_t scheme = strncasecmp(url, "https://", 8) == 0  ? 8
                    : strncasecmp(url, "http://", 7) == 0 ? 7
                                                          : 0;

    if (!scheme || strlen(url) > 512 || url[scheme] == '\0' || strpbrk(url + scheme, "@?# \t\r\n"))
        return err_set(err, -EINVAL,
                       "'%.200s' is no address of a server: http://127.0.0.1:8080 or "
                       "https://park.example.com",
                       url);
    return 0;
}

struct client *client_new(const struct client_config *config, struct err *err)
{
    struct client *c;
    size_t length;

    if (config->url && check_url(config->url, err))
        return NULL;
    c = calloc(1, sizeof(*c));
    if (!c || curl_global_init(CURL_GLOBAL_DEFAULT) || !(c->curl = curl_easy_init())) {
        free(c);
        err_set(err, -ENOMEM, "libcurl does not start");
        return NULL;
    }
    c->socket = config->url ? NULL : copy_of(config->socket);
    c->base = copy_of(config->url ? config->url : "http://localhost");
    c->token = copy_of(config->token);
    c->by_url = config->url != NULL;
    for (length = strlen(c->base); length && c->base[length - 1] == '/'; length--)
        c->base[length - 1] = '\0';
    return c;
}

void client_free(struct client *c)
{
    if (!c)
        return;
    curl_easy_cleanup(c->curl);
    curl_global_cleanup();
    free(c->socket);
    free(c->base);
    free(c->token);
    free(c->session);
    free(c);
}

const char *client_url(const struct client *c)
{
    return c->by_url ? c->base : NULL;
}

void client_sign_out(struct client *c)
{
    free(c->token);
    free(c->session);
    c->token = c->session = NULL;
}

void client_session(struct client *c, const char *cookie)
{
    client_sign_out(c);
    c->session = copy_of(cookie);
}

void client_reply_done(struct client_reply *r)
{
    free(r->body);
    *r = (struct client_reply){ 0 };
}

static bool gather(struct client_reply *r, const char *bytes, size_t length)
{
    char *larger;

    if (r->length + length >= CLIENT_BODY_MAX)
        return false;
    larger = realloc(r->body, r->length + length + 1);
    if (!larger)
        return false;
    memcpy(larger + r->length, bytes, length);
    r->body = larger;
    r->length += length;
    r->body[r->length] = '\0';
    return true;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *to)
{
    struct sink *s = to;
    size_t length = size * count;
    long status = 0;

    (void)curl_easy_getinfo(s->client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (s->piece && status >= 200 && status < 300) {
        s->ended = !s->piece(s->to, bytes, length);
        return s->ended ? 0 : length;
    }
    s->full = !gather(&s->reply, bytes, length);
    return s->full ? 0 : length;
}

/* Keep the value of one header line if that is its name. */
static void keep_header(const char *line, size_t length, const char *name, char *to, size_t size)
{
    size_t skip = strlen(name);

    if (length <= skip || strncasecmp(line, name, skip) != 0)
        return;
    line += skip;
    length -= skip;
    while (length && (*line == ' ' || *line == '\t')) {
        line++;
        length--;
    }
    while (length && (line[length - 1] == '\r' || line[length - 1] == '\n'))
        length--;
    (void)text_copy_n(to, size, line, length); /* too long for a version of ours: matches nothing */
}

static size_t on_header(char *line, size_t size, size_t count, void *to)
{
    struct client_reply *r = &((struct sink *)to)->reply;

    keep_header(line, size * count, "ETag:", r->etag, sizeof(r->etag));
    keep_header(line, size * count, "Content-Type:", r->content_type, sizeof(r->content_type));
    keep_header(line, size * count, "Set-Cookie:", r->cookie, sizeof(r->cookie));
    r->cookie[strcspn(r->cookie, ";")] = '\0'; /* its attributes are for browsers */
    return size * count;
}

static int explain(const struct client *c, CURLcode code, struct err *err)
{
    const char *where = c->socket ? c->socket : c->base;
    long number = 0;

    (void)curl_easy_getinfo(c->curl, CURLINFO_OS_ERRNO, &number);
    if (c->socket && number == EACCES)
        return err_set(err, -EACCES,
                       "%.200s: not yours to use; try sudo, or join the group that it belongs to",
                       where);
    if (code == CURLE_COULDNT_CONNECT && c->socket && number == ENOENT)
        return err_set(
            err, -ECONNREFUSED,
            "no server at %.180s: no such socket; is callparkd running, and is --socket or "
            "CALLPARK_SOCKET right?",
            where);
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
        return err_set(err, -ECONNREFUSED, "no server at %.200s (%s); is callparkd running?", where,
                       number ? strerror((int)number) : curl_easy_strerror(code));
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        return err_set(
            err, -EIO,
            "%.200s: its certificate is not one that is trusted here; name the authority "
            "in CALLPARK_CA_FILE",
            where);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return err_set(err, -ETIMEDOUT, "the server at %.200s does not answer", where);
    return err_set(err, -EIO, "talking to %.200s: %s", where, curl_easy_strerror(code));
}

static struct curl_slist *headers(const struct client *c, const struct client_request *rq)
{
    char line[1024];
    struct curl_slist *list = NULL;

    list = curl_slist_append(list, "Expect:"); /* no round trip before a body */
    if (rq->body && text_format(line, sizeof(line), "Content-Type: %s", rq->content_type))
        list = curl_slist_append(list, line);
    if (rq->if_match && text_format(line, sizeof(line), "If-Match: %s", rq->if_match))
        list = curl_slist_append(list, line);
    if (c->token && text_format(line, sizeof(line), "Authorization: Bearer %s", c->token))
        list = curl_slist_append(list, line);
    if (c->session && text_format(line, sizeof(line), "Cookie: %s", c->session)) {
        list = curl_slist_append(list, line);
        if (text_format(line, sizeof(line), "Origin: %s", c->base)) /* a session wants to know */
            list = curl_slist_append(list, line);
    }
    return list;
}

static void prepare(const struct client *c, const struct client_request *rq, struct sink *s)
{
    CURL *h = c->curl;

    curl_easy_reset(h);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    if (getenv("CALLPARK_CA_FILE"))
        curl_easy_setopt(h, CURLOPT_CAINFO, getenv("CALLPARK_CA_FILE"));
    curl_easy_setopt(h, CURLOPT_PROXY, ""); /* the token is for the server, not for a proxy */
    if (c->socket)
        curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, c->socket);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, rq->method);
    curl_easy_setopt(h, CURLOPT_USERAGENT, "callparkctl/" CALLPARK_VERSION);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, s);
    if (s->piece) {
        curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, 60L);
    } else {
        curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, rq->body_length ? 120000L : 30000L);
    }
    if (rq->body) {
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE,
                         (long)(rq->body_length ? rq->body_length : strlen(rq->body)));
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, rq->body);
    } else if (strcmp(rq->method, "POST") == 0) {
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, 0L);
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, "");
    }
}

static int transfer(struct client *c, const struct client_request *rq, struct sink *s,
                    struct err *err)
{
    char url[4096];
    long status = 0;
    struct curl_slist *list;
    CURLcode code;

    if (!text_format(url, sizeof(url), "%s%s", c->base, rq->path))
        return err_set(err, -EINVAL, "the address of the request is too long");
    prepare(c, rq, s);
    list = headers(c, rq);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(c->curl, CURLOPT_URL, url);
    code = curl_easy_perform(c->curl);
    curl_slist_free_all(list);
    if (s->full)
        return err_set(err, -EMSGSIZE, "the server's answer is too long to be one of callparkd's");
    if (code != CURLE_OK && !s->ended)
        return explain(c, code, err);
    (void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    s->reply.status = (unsigned)status;
    return gather(&s->reply, "", 0) ? 0 : err_set(err, -ENOMEM, "out of memory");
}

int client_call(struct client *c, const struct client_request *rq, struct client_reply *out,
                struct err *err)
{
    struct sink s = { .client = c };
    int failed = transfer(c, rq, &s, err);

    if (failed) {
        client_reply_done(&s.reply);
        return failed;
    }
    *out = s.reply;
    return 0;
}

int client_follow(struct client *c, const struct client_request *rq, client_piece *piece, void *to,
                  struct client_reply *out, struct err *err)
{
    struct sink s = { .client = c, .piece = piece, .to = to };
    int failed = transfer(c, rq, &s, err);

    if (!failed && s.reply.status < 300 && !s.ended)
        failed = err_set(err, -EPIPE, "the server has ended the stream of events");
    if (failed) {
        client_reply_done(&s.reply);
        return failed;
    }
    *out = s.reply;
    return 0;
}

bool client_escape(char *to, size_t size, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool keep = strchr(plain, *text) != NULL;

        if (size < (keep ? 2U : 4U))
            return false;
        if (!keep) {
            *to++ = '%';
            *to++ = digits[c >> 4];
            size -= 2;
        }
        *to++ = keep ? *text : digits[c & 15];
        size--;
    }
    if (size == 0)
        return false;
    *to = '\0';
    return true;
}

/* WebSocket (RFC 6455) as SIP uses it (RFC 7118): the request over HTTP that opens it is read here,
 * frames are wslay's business. Each message of SIP is one message of WebSocket. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "sip/front_conn.h"
#include "sys/clock.h"

#define REQUEST_MAX 8192
#define MAGIC "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* ---- HTTP ---- */

/* The values of a header with this name, of all lines together, divided by commas. */
static bool header(const char *request, const char *name, char *to, size_t size)
{
    size_t length = strlen(name);
    const char *line = request;

    to[0] = '\0';
    while ((line = strstr(line, "\r\n")) != NULL) {
        const char *value, *end;

        line += 2;
        if (strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        value = line + length + 1;
        value += strspn(value, " \t");
        end = value + strcspn(value, "\r\n");
        while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
        if (!text_append(to, size, "%s%.*s", to[0] ? "," : "", (int)(end - value), value))
            return false;
    }
    return to[0] != '\0';
}

/* Is `word` one of the items of a list? */
static bool lists(const char *list, const char *word)
{
    size_t length = strlen(word);

    while (*list) {
        list += strspn(list, ", \t");
        if (strcspn(list, ", \t") == length && strncasecmp(list, word, length) == 0)
            return true;
        list += strcspn(list, ",");
    }
    return false;
}

/* "https://park.example.com:8443" against Host, when no origins are named. */
static bool is_own(const char *origin, const char *host)
{
    const char *at = strstr(origin, "://");
    size_t name = strcspn(host, host[0] == '[' ? "]" : ":");

    /* The page may come from another port of the same host. */
    return at && name && strncasecmp(at + 3, host, name) == 0 &&
           (!at[3 + name] || strchr(":]", at[3 + name]));
}

/* Only browsers name an origin, and they cannot lie about it: it keeps foreign pages out. */
static bool is_allowed(const char *request, const struct sip_tls *config)
{
    char origin[600], host[300];

    if (!header(request, "Origin", origin, sizeof origin))
        return origin[0] == '\0';
    for (unsigned i = 0; i < config->origin_count; i++)
        if (text_is_nocase(config->origins[i], origin))
            return true;
    return !config->origin_count && header(request, "Host", host, sizeof host) &&
           is_own(origin, host);
}

static void accept_key(char to[32], const char *key)
{
    unsigned char hash[SHA_DIGEST_LENGTH];
    char text[128];

    (void)text_format(text, sizeof text, "%s" MAGIC, key); /* the key was measured */
    (void)SHA1((const unsigned char *)text, strlen(text), hash);
    (void)EVP_EncodeBlock((unsigned char *)to, hash, sizeof hash); /* 28 characters */
}

int front_ws_judge(const char *request, const struct sip_tls *config, char accept[32])
{
    char value[600];
    unsigned char key[32];

    accept[0] = '\0';
    if (!text_starts(request, "GET ") || !strstr(request, " HTTP/1.1\r\n"))
        return 400;
    if (!header(request, "Upgrade", value, sizeof value) || !lists(value, "websocket") ||
        !header(request, "Connection", value, sizeof value) || !lists(value, "upgrade"))
        return 426;
    if (!header(request, "Sec-WebSocket-Version", value, sizeof value) || !text_is(value, "13"))
        return 426;
    if (!header(request, "Sec-WebSocket-Protocol", value, sizeof value) || !lists(value, "sip"))
        return 400;
    if (!is_allowed(request, config))
        return 403;
    if (!header(request, "Sec-WebSocket-Key", value, sizeof value) || strlen(value) != 24 ||
        EVP_DecodeBlock(key, (const unsigned char *)value, 24) != 18)
        return 400;
    accept_key(accept, value);
    return 101;
}

static void refuse(struct conn *c, int code)
{
    static const struct {
        int code;
        const char *phrase, *more, *why;
    } known[] = {
        { 400, "Bad Request", "", "400: no request for a WebSocket with the subprotocol sip" },
        { 403, "Forbidden", "", "403: its page is not in ws-origin" },
        { 426, "Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
          "426: HTTP without the wish for a WebSocket" },
    };
    char text[256];
    size_t i = 0;

    while (i < 2 && known[i].code != code)
        i++;
    (void)text_format(text, sizeof text,
                      "HTTP/1.1 %d %s\r\n%sConnection: close\r\nContent-Length: 0\r\n\r\n",
                      known[i].code, known[i].phrase, known[i].more); /* fits */
    (void)conn_write_far(c, text, strlen(text)); /* it is over, whether this arrives or not */
    conn_close(c, known[i].why);
}

/* ---- wslay's questions ---- */

/* What came behind the request is read first. */
static ssize_t on_read(wslay_event_context_ptr ws, uint8_t *to, size_t size, int flags, void *conn)
{
    struct conn *c = conn;
    int n;

    (void)flags;
    if (c->from_far.length) {
        n = (int)(size < c->from_far.length ? size : c->from_far.length);
        memcpy(to, c->from_far.at, (size_t)n);
        bytes_drop(&c->from_far, (size_t)n);
        return n;
    }
    n = c->to_near.length > FRONT_MESSAGE_MAX ? 0 : conn_read_far(c, to, size);
    if (n <= 0)
        wslay_event_set_error(ws, n == 0 ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return n > 0 ? n : -1;
}

static ssize_t on_write(wslay_event_context_ptr ws, const uint8_t *from, size_t length, int flags,
                        void *conn)
{
    int n = conn_write_far(conn, from, length);

    (void)flags;
    if (n <= 0)
        wslay_event_set_error(ws, n == 0 ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return n > 0 ? n : -1;
}

static void on_frame(wslay_event_context_ptr ws,
                     const struct wslay_event_on_frame_recv_start_arg *frame, void *conn)
{
    struct conn *c = conn;

    (void)ws;
    if (!wslay_is_ctrl_frame(frame->opcode) && c->deadline == NEVER)
        c->deadline = clock_now() + c->front->patience;
}

static void on_message(wslay_event_context_ptr ws, const struct wslay_event_on_msg_recv_arg *m,
                       void *conn)
{
    struct conn *c = conn;
    size_t used;
    bool lacks_length;

    (void)ws;
    c->pinged = 0;
    if (wslay_is_ctrl_frame(m->opcode))
        return;
    c->deadline = NEVER;
    if (front_whole((const char *)m->msg, m->msg_length, &used, &lacks_length))
        conn_take_message(c, (const char *)m->msg, used, lacks_length);
    else
        conn_close(c, "a message over WebSocket was cut short");
}

/* ---- the connection ---- */

static bool begin(struct conn *c, const char *accept)
{
    static const struct wslay_event_callbacks questions = { .recv_callback = on_read,
                                                            .send_callback = on_write,
                                                            .on_frame_recv_start_callback =
                                                                on_frame,
                                                            .on_msg_recv_callback = on_message };
    char text[256];

    (void)text_format(text, sizeof text,
                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
                      "Sec-WebSocket-Protocol: sip\r\n\r\n",
                      accept); /* fits */
    if (conn_write_far(c, text, strlen(text)) != (int)strlen(text) ||
        wslay_event_context_server_init(&c->ws, &questions, c) != 0)
        return false;
    wslay_event_config_set_max_recv_msg_length(c->ws, FRONT_MESSAGE_MAX / 2);
    c->state = CONN_OPEN;
    c->deadline = NEVER;
    c->heard = clock_now();
    return conn_open_near(c);
}

void front_ws_upgrade(struct conn *c)
{
    char part[2048], request[REQUEST_MAX + 1], accept[32];
    const char *end = NULL;
    int n, code;

    while (!end && (n = conn_read_far(c, part, sizeof part)) > 0) {
        if (!bytes_add(&c->from_far, part, (size_t)n) || c->from_far.length > REQUEST_MAX) {
            refuse(c, 400);
            return;
        }
        end = memmem(c->from_far.at, c->from_far.length, "\r\n\r\n", 4);
    }
    if (!end)
        return;
    n = (int)(end - c->from_far.at) + 4;
    memcpy(request, c->from_far.at, (size_t)n);
    request[n] = '\0';
    bytes_drop(&c->from_far, (size_t)n);
    code = strlen(request) == (size_t)n ? front_ws_judge(request, &c->front->config, accept) : 400;
    if (code != 101)
        refuse(c, code);
    else if (!begin(c, accept))
        conn_close(c, "the WebSocket could not be opened");
}

void front_ws_receive(struct conn *c)
{
    if (!c->far_closed && wslay_event_get_read_enabled(c->ws) && wslay_event_recv(c->ws) != 0)
        c->far_closed = true; /* what came before the end still counts */
}

void front_ws_send(struct conn *c)
{
    if (wslay_event_want_write(c->ws) && wslay_event_send(c->ws) != 0)
        conn_close(c, "the WebSocket was broken off");
    else if (wslay_event_get_close_sent(c->ws))
        conn_close(c, wslay_event_get_close_received(c->ws) ? "the far end closed the WebSocket"
                                                            : "what came is no WebSocket");
}

/* RFC 7118 5: text, as SIP is UTF-8; what is not goes as binary. A NUL follows `text`. */
static bool is_text(const char *text, size_t length)
{
    uint32_t character;
    size_t size;

    for (size_t i = 0; i < length; i += size) {
        size = text_character(text + i, &character);
        if (!size)
            return false;
    }
    return true;
}

bool front_ws_put(struct conn *c, const char *text, size_t length)
{
    struct wslay_event_msg m = { .opcode =
                                     is_text(text, length) ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME,
                                 .msg = (const uint8_t *)text,
                                 .msg_length = length };

    return wslay_event_get_queued_msg_length(c->ws) < (size_t)8 * FRONT_MESSAGE_MAX &&
           wslay_event_queue_msg(c->ws, &m) == 0;
}

void front_ws_ping(struct conn *c)
{
    struct wslay_event_msg m = { .opcode = WSLAY_PING };

    if (wslay_event_queue_msg(c->ws, &m) == 0)
        c->pinged = clock_now();
}

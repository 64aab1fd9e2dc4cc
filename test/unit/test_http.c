/* The HTTP edge, over real sockets of this machine: what it reads, refuses, and hands up; answers
 * from another thread; streams; stopping in the middle of things. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "http/http.h"
#include "http/target.h"
#include "sys/queue.h"
#include "sys/thread.h"

#define PATIENCE 10000 /* msec until a test that waits for a socket has failed */

/* ---- a server whose requests come to the test --------------------------------------------------
 */

struct fixture {
    struct http_server *server;
    struct queue *requests;
    char folder[64], socket[96], address[96];
    bool full; /* refuse what comes */
};

static bool take_request(void *to, struct http_request *rq)
{
    struct fixture *f = to;

    return !f->full && queue_put(f->requests, &rq);
}

static struct http_request *next_request(struct fixture *f)
{
    struct http_request *rq = NULL;

    while (queue_take(f->requests, &rq, 1) == 0)
        assert_true(queue_wait(f->requests, PATIENCE));
    return rq;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct http_config config = { .listen = "127.0.0.1:0", .connections_max = 40 };
    struct err err;

    assert_non_null(f);
    (void)text_copy(f->folder, sizeof f->folder, "/tmp/test_http_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    assert_true(text_format(f->socket, sizeof f->socket, "%s/admin.sock", f->folder));
    (void)text_copy(config.socket, sizeof config.socket, f->socket);
    f->requests = queue_new(sizeof(struct http_request *), 64);
    assert_non_null(f->requests);
    assert_int_equal(http_start(&f->server, &config, take_request, f, &err), 0);
    http_address(f->server, f->address);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    http_stop(f->server);
    queue_free(f->requests);
    assert_int_not_equal(access(f->socket, F_OK), 0);
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

/* ---- a client ----------------------------------------------------------------------------------
 */

static int dial(const struct fixture *f)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    uint64_t port;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(text_number(strrchr(f->address, ':') + 1, 1, 65535, &port));
    a.sin_port = htons((uint16_t)port);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static int dial_unix(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)text_copy(a.sun_path, sizeof a.sun_path, path);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Read until `mark` has come or the other side closes; false: it did not come. */
static bool hear(int fd, char *to, size_t size, const char *mark)
{
    size_t used = strlen(to);
    ssize_t n = 0;

    while (!strstr(to, mark) && used + 1 < size) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        if (poll(&p, 1, PATIENCE) <= 0)
            return false;
        n = recv(fd, to + used, size - used - 1, 0);
        if (n <= 0)
            break;
        used += (size_t)n;
        to[used] = '\0';
    }
    return strstr(to, mark);
}

static bool closed(int fd)
{
    char more[4096];
    ssize_t n;

    do {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        if (poll(&p, 1, PATIENCE) <= 0)
            return false;
        n = recv(fd, more, sizeof more, 0);
    } while (n > 0);
    return true;
}

static void reply_text(struct fixture *f, struct http_request *rq, const char *text)
{
    struct http_reply reply = { .status = 200, .content_type = "text/plain" };

    reply.body = strdup(text);
    reply.body_length = strlen(text);
    http_reply(f->server, rq, &reply);
}

/* ---- requests ----------------------------------------------------------------------------------
 */

static void a_request_is_handed_up_whole(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);
    struct http_request *rq;
    char text[4096] = "", value[32];

    say(fd,
        "PATCH /api/v1/number-ranges/%2a7000%2F1?dry_run=true&q=a%20b HTTP/1.1\r\nHost: park\r\n"
        "If-Match: \"17\"\r\nAuthorization: Bearer x\r\nContent-Length: 5\r\n\r\nhe");
    say(fd, "llo");
    rq = next_request(f);
    assert_string_equal(rq->method, "PATCH");
    assert_string_equal(rq->path, "/api/v1/number-ranges/*7000%2F1");
    assert_string_equal(rq->query, "dry_run=true&q=a%20b");
    assert_true(http_query(rq, "q", value, sizeof value));
    assert_string_equal(value, "a b");
    assert_string_equal(rq->if_match, "\"17\"");
    assert_string_equal(rq->authorization, "Bearer x");
    assert_string_equal(rq->host, "park");
    assert_string_equal(rq->source, "127.0.0.1");
    assert_false(rq->by_socket);
    assert_int_equal(rq->body_length, 5);
    assert_string_equal(rq->body, "hello");
    reply_text(f, rq, "thanks\n");
    assert_true(hear(fd, text, sizeof text, "thanks\n"));
    assert_true(text_starts(text, "HTTP/1.1 200 "));
    assert_non_null(strstr(text, "Cache-Control: no-store"));
    close(fd);
}

static void the_admin_socket_tells_who_asks(void **state)
{
    struct fixture *f = *state;
    int fd = dial_unix(f->socket);
    struct http_request *rq;
    struct stat st;
    char text[4096] = "";

    assert_int_equal(lstat(f->socket, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    say(fd, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    rq = next_request(f);
    assert_true(rq->by_socket);
    assert_int_equal(rq->uid, getuid());
    assert_string_equal(rq->source, "unix");
    assert_null(rq->body);
    reply_text(f, rq, "ok\n");
    assert_true(hear(fd, text, sizeof text, "ok\n"));
    close(fd);
}

static void *reply_elsewhere(void *fixture)
{
    struct fixture *f = fixture;

    for (int i = 0; i < 20; i++)
        reply_text(f, next_request(f), "from afar\n");
    return NULL;
}

static void another_thread_may_reply(void **state)
{
    struct fixture *f = *state;
    int fd[20];
    pthread_t other;

    assert_int_equal(thread_start(&other, "other", reply_elsewhere, f, NULL), 0);
    for (int i = 0; i < 20; i++) {
        fd[i] = i % 2 ? dial(f) : dial_unix(f->socket);
        say(fd[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (int i = 0; i < 20; i++) {
        char text[1024] = "";

        assert_true(hear(fd[i], text, sizeof text, "from afar\n"));
        close(fd[i]);
    }
    pthread_join(other, NULL);
}

static void a_connection_serves_one_request_after_the_other(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);

    for (int i = 0; i < 50; i++) {
        char text[1024] = "";

        say(fd, "GET /n HTTP/1.1\r\nHost: x\r\n\r\n");
        reply_text(f, next_request(f), "again\n");
        assert_true(hear(fd, text, sizeof text, "again\n"));
    }
    close(fd);
}

static void a_reply_carries_its_headers(void **state)
{
    static const char *const expected[] = {
        "HTTP/1.1 405 ",
        "ETag: \"17\"\r\n",
        "Location: /here\r\n",
        "Link: </next>; rel=\"next\"\r\n",
        "Allow: GET\r\n",
        "Retry-After: 7\r\n",
        "Content-Disposition: attachment\r\n",
        "Cache-Control: max-age=9\r\n",
        "X-Content-Type-Options: nosniff\r\n",
    };
    struct fixture *f = *state;
    int fd = dial(f);
    struct http_reply reply = { .status = 405,
                                .etag = "\"17\"",
                                .location = "/here",
                                .link = "</next>; rel=\"next\"",
                                .retry_after = 7,
                                .allow = "GET",
                                .disposition = "attachment",
                                .cache_control = "max-age=9" };
    char text[4096] = "";

    say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    http_reply(f->server, next_request(f), &reply);
    assert_true(hear(fd, text, sizeof text, "\r\n\r\n"));
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        if (!strstr(text, expected[i]))
            fail_msg("'%s' is missing in:\n%s", expected[i], text);
    close(fd);
}

static void repeat(char *to, size_t size, const char *before, const char *what, size_t times,
                   const char *behind)
{
    (void)text_copy(to, size, before);
    for (size_t i = 0; i < times; i++)
        (void)text_append(to, size, "%s", what);
    (void)text_append(to, size, "%s", behind);
}

static void what_is_too_much_is_refused(void **state)
{
    static const struct {
        const char *before, *what;
        size_t times;
        const char *behind, *answer;
    } cases[] = {
        { "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ", "", 0,
          "1048577\r\n\r\n", "413" },
        { "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ", "", 0, "99999999999999\r\n\r\n",
          "413" },
        { "GET /", "a", 511, " HTTP/1.1\r\nHost: x\r\n\r\n", "414" },
        { "GET /?", "a", 2048, " HTTP/1.1\r\nHost: x\r\n\r\n", "414" },
        { "GET /", "a", 40000, " HTTP/1.1\r\nHost: x\r\n\r\n", "414" },
        { "GET / HTTP/1.1\r\nHost: x\r\nIf-Match: ", "1", 128, "\r\n\r\n", "431" },
        { "GET / HTTP/1.1\r\nHost: x\r\nX-Other: ", "1", 40000, "\r\n\r\n", "431" },
        { "GET /%00 HTTP/1.1\r\nHost: x\r\n", "", 0, "\r\n", "400" },
        { "GET /%zz HTTP/1.1\r\nHost: x\r\n", "", 0, "\r\n", "400" },
        { "GET /?a=%1 HTTP/1.1\r\nHost: x\r\n", "", 0, "\r\n", "400" },
        { "PROPFIND / HTTP/1.1\r\nHost: x\r\n", "", 0, "\r\n", "501" },
    };
    struct fixture *f = *state;
    char *request = malloc(65536);

    assert_non_null(request);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = dial(f);
        char text[4096] = "";

        repeat(request, 65536, cases[i].before, cases[i].what, cases[i].times, cases[i].behind);
        say(fd, request);
        assert_true(hear(fd, text, sizeof text, "\r\n\r\n"));
        if (strncmp(text + 9, cases[i].answer, 3) != 0)
            fail_msg("%.60s: not %s but: %.200s", request, cases[i].answer, text);
        close(fd);
    }
    free(request);
    assert_int_equal(queue_length(f->requests), 0);
}

/* Nothing says beforehand how much will come. */
static void a_body_in_chunks_is_counted_too(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);
    char *chunk = malloc(65536 + 32), text[4096] = "";

    assert_non_null(chunk);
    repeat(chunk, 65536 + 32, "10000\r\n", "x", 65536, "\r\n");
    say(fd, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 17; i++)
        say(fd, chunk);
    say(fd, "0\r\n\r\n");
    assert_true(hear(fd, text, sizeof text, "/api/problems/body-too-large"));
    assert_true(text_starts(text, "HTTP/1.1 413 "));
    assert_int_equal(queue_length(f->requests), 0);
    free(chunk);
    close(fd);
}

/* Who sends it without asking gets his answer behind it, not a broken connection. */
static void a_body_that_is_too_large_is_read_before_it_is_refused(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);
    char *body = malloc(HTTP_BODY_MAX + 2), text[4096] = "";

    assert_non_null(body);
    memset(body, 'x', HTTP_BODY_MAX + 1);
    body[HTTP_BODY_MAX + 1] = '\0';
    say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n");
    say(fd, body);
    assert_true(hear(fd, text, sizeof text, "/api/problems/body-too-large"));
    assert_true(text_starts(text, "HTTP/1.1 413 "));
    free(body);
    close(fd);
}

static void a_body_of_just_the_limit_is_taken(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);
    char *body = malloc(HTTP_BODY_MAX + 1), text[4096] = "";
    struct http_request *rq;

    assert_non_null(body);
    memset(body, 'x', HTTP_BODY_MAX);
    body[HTTP_BODY_MAX] = '\0';
    say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n");
    say(fd, body);
    rq = next_request(f);
    assert_int_equal(rq->body_length, HTTP_BODY_MAX);
    assert_string_equal(rq->body, body);
    reply_text(f, rq, "much\n");
    assert_true(hear(fd, text, sizeof text, "much\n"));
    free(body);
    close(fd);
}

static void a_full_receiver_means_503(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);
    char text[4096] = "";

    f->full = true;
    say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(hear(fd, text, sizeof text, "/api/problems/overloaded"));
    assert_true(text_starts(text, "HTTP/1.1 503 "));
    assert_non_null(strstr(text, "Retry-After: "));
    f->full = false;
    close(fd);
}

/* The request is ours although its connection has gone: answering it must be safe. */
static void a_client_may_leave_before_the_answer(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);
    struct http_request *rq;

    say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    rq = next_request(f);
    close(fd);
    reply_text(f, rq, "too late\n");
}

/* ---- streams -----------------------------------------------------------------------------------
 */

static uint64_t open_stream(struct fixture *f, int fd)
{
    uint64_t stream;
    char text[2048] = "";

    say(fd, "GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
    stream = http_stream_open(f->server, next_request(f));
    assert_true(hear(fd, text, sizeof text, "\r\n\r\n"));
    assert_non_null(strstr(text, "Content-Type: text/event-stream"));
    return stream;
}

static void a_stream_brings_what_is_sent_in_order(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);
    uint64_t stream = open_stream(f, fd);
    char *all = calloc(1, 200000), expected[64];

    assert_non_null(all);
    assert_true(stream > 0);
    assert_int_equal(http_streams(f->server), 1);
    for (int i = 1; i <= 1000; i++) {
        assert_true(text_format(expected, sizeof expected, "id: %d\ndata: {}\n\n", i));
        assert_true(http_stream_send(f->server, stream, expected, strlen(expected)));
        if (i % 100 == 0)
            assert_true(hear(fd, all, 200000, expected)); /* so that it sleeps and wakes */
    }
    http_stream_close(f->server, stream);
    assert_false(http_stream_send(f->server, stream, "x", 1));
    assert_true(hear(fd, all, 200000, "\r\n0\r\n\r\n"));
    free(all);
    close(fd);
}

/* Each event is sent just when the reader goes to sleep behind the one before: none may be missed.
 */
static void a_reader_falling_asleep_is_woken(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);
    uint64_t stream = open_stream(f, fd);

    for (int i = 0; i < 10000; i++) {
        char text[256] = "";

        assert_true(http_stream_send(f->server, stream, "data: now\n\n", 11));
        assert_true(hear(fd, text, sizeof text, "data: now\n\n"));
    }
    close(fd);
}

static void all_streams_hear_what_is_sent_to_all(void **state)
{
    struct fixture *f = *state;
    int fd[5];

    for (int i = 0; i < 5; i++) {
        fd[i] = i % 2 ? dial(f) : dial_unix(f->socket);
        (void)open_stream(f, fd[i]);
    }
    assert_true(http_stream_send(f->server, 0, "data: all\n\n", 11));
    for (int i = 0; i < 5; i++) {
        char text[256] = "";

        assert_true(hear(fd[i], text, sizeof text, "data: all\n\n"));
        close(fd[i]);
    }
}

static void a_slow_reader_is_cut(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f);
    uint64_t stream = open_stream(f, fd);
    char text[4096];
    size_t sent = 0;

    memset(text, 'x', sizeof text);
    /* The kernel takes a few megabytes; behind that it is ours to bound. */
    while (http_stream_send(f->server, stream, text, sizeof text)) {
        sent += sizeof text;
        assert_true(sent < (size_t)256 << 20);
    }
    assert_true(sent >= (size_t)200 << 10);
    assert_int_equal(http_streams(f->server), 0);
    assert_true(closed(fd));
    close(fd);
}

static void a_place_is_used_again_under_another_number(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f), other = dial(f);
    uint64_t first = open_stream(f, fd), second;

    close(fd);
    /* The end is noticed when something is sent, as the heartbeat is. */
    while (http_stream_send(f->server, first, "data: x\n\n", 9))
        assert_int_equal(poll(NULL, 0, 1), 0);
    second = open_stream(f, other);
    assert_int_not_equal(first, second);
    assert_false(http_stream_send(f->server, first, "data: x\n\n", 9));
    assert_true(http_stream_send(f->server, second, "data: x\n\n", 9));
    close(other);
}

/* ---- stopping and starting ---------------------------------------------------------------------
 */

static void stopping_answers_what_waits_and_ends_streams(void **state)
{
    struct fixture *f = *state;
    int waiting = dial(f), stream = dial(f), idle = dial(f), half = dial(f);
    char text[4096] = "";

    (void)open_stream(f, stream);
    say(half, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhal");
    say(waiting, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    (void)next_request(f); /* never replied to */
    http_stop(f->server);
    f->server = NULL;
    assert_true(hear(waiting, text, sizeof text, "/api/problems/stopping"));
    assert_true(closed(stream));
    assert_true(closed(idle));
    assert_true(closed(half));
    close(waiting);
    close(stream);
    close(idle);
    close(half);
}

static void no_place_to_listen_is_refused_in_words(void **state)
{
    static const struct {
        const char *listen;
        int code;
        const char *words;
    } cases[] = {
        { "0.0.0.0:0", -EACCES, "behind-proxy" },     { "[::]:0", -EACCES, "behind-proxy" },
        { "192.0.2.1:0", -EACCES, "behind-proxy" },   { "127.0.0.1", -EINVAL, "HOST:PORT" },
        { "::1:80", -EINVAL, "HOST:PORT" },           { ":80", -EINVAL, "HOST:PORT" },
        { "127.0.0.1:66000", -EINVAL, "0 to 65535" }, { "127.0.0.1:http", -EINVAL, "0 to 65535" },
        { "no.such.name:80", -EINVAL, "in numbers" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_config config = { 0 };
        struct http_server *other = NULL;
        struct err err = { 0 };

        (void)text_copy(config.listen, sizeof config.listen, cases[i].listen);
        assert_int_equal(http_start(&other, &config, take_request, f, &err), cases[i].code);
        if (!strstr(err.text, cases[i].words))
            fail_msg("%s: %s", cases[i].listen, err.text);
        assert_null(other);
    }
}

static void behind_a_proxy_all_addresses_will_do(void **state)
{
    struct http_config config = { .listen = "0.0.0.0:0", .behind_proxy = true };
    struct http_server *other = NULL;

    assert_int_equal(http_start(&other, &config, take_request, *state, NULL), 0);
    http_stop(other);
}

static void a_port_in_use_is_refused(void **state)
{
    struct fixture *f = *state;
    struct http_config config = { 0 };
    struct http_server *other = NULL;
    struct err err = { 0 };

    (void)text_copy(config.listen, sizeof config.listen, f->address);
    assert_int_equal(http_start(&other, &config, take_request, f, &err), -EADDRINUSE);
    assert_non_null(strstr(err.text, f->address));
}

static void a_living_socket_is_not_taken_over(void **state)
{
    struct fixture *f = *state;
    struct http_config config = { 0 };
    struct http_server *other = NULL;
    struct err err = { 0 };

    (void)text_copy(config.socket, sizeof config.socket, f->socket);
    assert_int_equal(http_start(&other, &config, take_request, f, &err), -EADDRINUSE);
    assert_non_null(strstr(err.text, "another callparkd"));
    assert_int_equal(access(f->socket, F_OK), 0);
}

static void a_stale_socket_is_replaced_and_a_file_is_not(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    struct http_config config = { 0 };
    struct http_server *other = NULL;
    struct err err = { 0 };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    FILE *file;

    assert_true(text_format(config.socket, sizeof config.socket, "%s/other", f->folder));
    (void)text_copy(a.sun_path, sizeof a.sun_path, config.socket);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    close(fd); /* the file stays, nobody answers */
    assert_int_equal(http_start(&other, &config, take_request, f, &err), 0);
    http_stop(other);
    assert_int_not_equal(access(config.socket, F_OK), 0);
    file = fopen(config.socket, "w");
    assert_non_null(file);
    fclose(file);
    other = NULL;
    assert_int_equal(http_start(&other, &config, take_request, f, &err), -EEXIST);
    assert_non_null(strstr(err.text, "is no socket"));
    assert_int_equal(unlink(config.socket), 0);
}

/* ---- queries and targets -----------------------------------------------------------------------
 */

static void a_query_is_read(void **state)
{
    static const struct {
        const char *query, *name, *value; /* NULL: not there, or not to be had */
    } cases[] = {
        { "a=1&b=2", "b", "2" },     { "a=1&b=2", "c", NULL },
        { "a=1&a=2", "a", "1" },     { "a", "a", "" },
        { "a=", "a", "" },           { "&&a=1", "a", "1" },
        { "a==", "a", "=" },         { "q=a+b%2b%26", "q", "a b+&" },
        { "%71=1", "q", "1" },       { "q=%", "q", NULL },
        { "q=%0", "q", NULL },       { "q=%00", "q", NULL },
        { "q=%zz", "q", NULL },      { "q=1234567", "q", "1234567" },
        { "q=12345678", "q", NULL }, /* does not fit in 8 */
        { "", "q", NULL },           { "qq=1", "q", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_request rq = { 0 };
        char value[8] = "kept";
        bool there;

        (void)text_copy(rq.query, sizeof rq.query, cases[i].query);
        there = http_query(&rq, cases[i].name, value, sizeof value);
        if (there != (cases[i].value != NULL) || (there && !text_is(value, cases[i].value)))
            fail_msg("%s of '%s' is '%s'", cases[i].name, cases[i].query, there ? value : "none");
    }
}

static void a_query_tells_its_names(void **state)
{
    struct http_request rq = { .query = "dry%5frun=1&&b&long%" };
    char name[16];

    (void)state;
    assert_true(http_query_name(&rq, 0, name, sizeof name));
    assert_string_equal(name, "dry_run");
    assert_true(http_query_name(&rq, 1, name, sizeof name));
    assert_string_equal(name, "b");
    assert_true(http_query_name(&rq, 2, name, sizeof name));
    assert_string_equal(name, "");
    assert_false(http_query_name(&rq, 3, name, sizeof name));
}

static void a_target_is_taken_apart(void **state)
{
    static const struct {
        const char *target;
        enum target_fault fault;
        const char *path, *query;
    } cases[] = {
        { "/", TARGET_FINE, "/", "" },
        { "/a?b", TARGET_FINE, "/a", "b" },
        { "/a?b?c", TARGET_FINE, "/a", "b?c" },
        { "/a#b?c", TARGET_FINE, "/a", "" },
        { "/a?b#c", TARGET_FINE, "/a", "b" },
        { "/%2A7%2f%2525", TARGET_FINE, "/*7%2f%25", "" },
        { "http://host:80/x?y", TARGET_FINE, "/x", "y" },
        { "http://host", TARGET_FINE, "", "" },
        { "/x?u=http://y/", TARGET_FINE, "/x", "u=http://y/" },
        { "*", TARGET_FINE, "*", "" },
        { "/%", TARGET_BROKEN, "", "" },
        { "/%2?2", TARGET_BROKEN, "", "" },
        { "/%00", TARGET_BROKEN, "", "" },
        { "/a\x01", TARGET_BROKEN, "", "" },
        { "/0123456789012345", TARGET_TOO_LONG, "", "" },
        { "/?0123456789012345", TARGET_TOO_LONG, "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[16] = "", query[16] = "";
        enum target_fault fault =
            target_split(cases[i].target, path, sizeof path, query, sizeof query);

        if (fault != cases[i].fault || !text_is(path, cases[i].path) ||
            !text_is(query, cases[i].query))
            fail_msg("'%s' gave %d '%s' '%s'", cases[i].target, (int)fault, path, query);
    }
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_read),
        cmocka_unit_test(a_query_tells_its_names),
        cmocka_unit_test(a_target_is_taken_apart),
        WITH_SERVER(a_request_is_handed_up_whole),
        WITH_SERVER(the_admin_socket_tells_who_asks),
        WITH_SERVER(another_thread_may_reply),
        WITH_SERVER(a_connection_serves_one_request_after_the_other),
        WITH_SERVER(a_reply_carries_its_headers),
        WITH_SERVER(what_is_too_much_is_refused),
        WITH_SERVER(a_body_in_chunks_is_counted_too),
        WITH_SERVER(a_body_that_is_too_large_is_read_before_it_is_refused),
        WITH_SERVER(a_body_of_just_the_limit_is_taken),
        WITH_SERVER(a_full_receiver_means_503),
        WITH_SERVER(a_client_may_leave_before_the_answer),
        WITH_SERVER(a_stream_brings_what_is_sent_in_order),
        WITH_SERVER(a_reader_falling_asleep_is_woken),
        WITH_SERVER(all_streams_hear_what_is_sent_to_all),
        WITH_SERVER(a_slow_reader_is_cut),
        WITH_SERVER(a_place_is_used_again_under_another_number),
        WITH_SERVER(stopping_answers_what_waits_and_ends_streams),
        WITH_SERVER(no_place_to_listen_is_refused_in_words),
        WITH_SERVER(behind_a_proxy_all_addresses_will_do),
        WITH_SERVER(a_port_in_use_is_refused),
        WITH_SERVER(a_living_socket_is_not_taken_over),
        WITH_SERVER(a_stale_socket_is_replaced_and_a_file_is_not),
    };

    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}

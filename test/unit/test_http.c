/* The HTTP edge, over real sockets of this machine: what it reads, refuses, and hands up; answers
 * from another thread. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "http_rig.h"
#include "sys/thread.h"

/* ---- requests ---- */

static void a_request_is_handed_up_whole(void **state)
{
    struct http_rig *f = *state;
    int fd = http_rig_dial(f);
    struct http_request *rq;
    char text[4096] = "", value[32];

    http_rig_say(
        fd,
        "PATCH /api/v1/number-ranges/%2a7000%2F1?dry_run=true&q=a%20b HTTP/1.1\r\nHost: park\r\n"
        "If-Match: \"17\"\r\nAuthorization: Bearer x\r\nContent-Length: 5\r\n\r\nhe");
    http_rig_say(fd, "llo");
    rq = http_rig_next(f);
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
    http_rig_reply(f, rq, "thanks\n");
    assert_true(http_rig_hear(fd, text, sizeof text, "thanks\n"));
    assert_true(text_starts(text, "HTTP/1.1 200 "));
    assert_non_null(strstr(text, "Cache-Control: no-store"));
    close(fd);
}

static void the_admin_socket_tells_who_asks(void **state)
{
    struct http_rig *f = *state;
    int fd = http_rig_dial_unix(f->socket);
    struct http_request *rq;
    struct stat st;
    char text[4096] = "";

    assert_int_equal(lstat(f->socket, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    http_rig_say(fd, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    rq = http_rig_next(f);
    assert_true(rq->by_socket);
    assert_int_equal(rq->uid, getuid());
    assert_string_equal(rq->source, "unix");
    assert_null(rq->body);
    http_rig_reply(f, rq, "ok\n");
    assert_true(http_rig_hear(fd, text, sizeof text, "ok\n"));
    close(fd);
}

static void *reply_elsewhere(void *fixture)
{
    struct http_rig *f = fixture;

    for (int i = 0; i < 20; i++)
        http_rig_reply(f, http_rig_next(f), "from afar\n");
    return NULL;
}

static void another_thread_may_reply(void **state)
{
    struct http_rig *f = *state;
    int fd[20];
    pthread_t other;

    assert_int_equal(thread_start(&other, "other", reply_elsewhere, f, NULL), 0);
    for (int i = 0; i < 20; i++) {
        fd[i] = i % 2 ? http_rig_dial(f) : http_rig_dial_unix(f->socket);
        http_rig_say(fd[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    for (int i = 0; i < 20; i++) {
        char text[1024] = "";

        assert_true(http_rig_hear(fd[i], text, sizeof text, "from afar\n"));
        close(fd[i]);
    }
    pthread_join(other, NULL);
}

static void a_connection_serves_one_request_after_the_other(void **state)
{
    struct http_rig *f = *state;
    int fd = http_rig_dial(f);

    for (int i = 0; i < 50; i++) {
        char text[1024] = "";

        http_rig_say(fd, "GET /n HTTP/1.1\r\nHost: x\r\n\r\n");
        http_rig_reply(f, http_rig_next(f), "again\n");
        assert_true(http_rig_hear(fd, text, sizeof text, "again\n"));
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
    struct http_rig *f = *state;
    int fd = http_rig_dial(f);
    struct http_reply reply = { .status = 405,
                                .etag = "\"17\"",
                                .location = "/here",
                                .link = "</next>; rel=\"next\"",
                                .retry_after = 7,
                                .allow = "GET",
                                .disposition = "attachment",
                                .cache_control = "max-age=9" };
    char text[4096] = "";

    http_rig_say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    http_reply(f->server, http_rig_next(f), &reply);
    assert_true(http_rig_hear(fd, text, sizeof text, "\r\n\r\n"));
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
    struct http_rig *f = *state;
    char *request = malloc(65536);

    assert_non_null(request);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = http_rig_dial(f);
        char text[4096] = "";

        repeat(request, 65536, cases[i].before, cases[i].what, cases[i].times, cases[i].behind);
        http_rig_say(fd, request);
        assert_true(http_rig_hear(fd, text, sizeof text, "\r\n\r\n"));
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
    struct http_rig *f = *state;
    int fd = http_rig_dial(f);
    char *chunk = malloc(65536 + 32), text[4096] = "";

    assert_non_null(chunk);
    repeat(chunk, 65536 + 32, "10000\r\n", "x", 65536, "\r\n");
    http_rig_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 17; i++)
        http_rig_say(fd, chunk);
    http_rig_say(fd, "0\r\n\r\n");
    assert_true(http_rig_hear(fd, text, sizeof text, "/api/problems/body-too-large"));
    assert_true(text_starts(text, "HTTP/1.1 413 "));
    assert_int_equal(queue_length(f->requests), 0);
    free(chunk);
    close(fd);
}

/* Who sends it without asking gets his answer behind it, not a broken connection. */
static void a_body_that_is_too_large_is_read_before_it_is_refused(void **state)
{
    struct http_rig *f = *state;
    int fd = http_rig_dial(f);
    char *body = malloc(HTTP_BODY_MAX + 2), text[4096] = "";

    assert_non_null(body);
    memset(body, 'x', HTTP_BODY_MAX + 1);
    body[HTTP_BODY_MAX + 1] = '\0';
    http_rig_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n");
    http_rig_say(fd, body);
    assert_true(http_rig_hear(fd, text, sizeof text, "/api/problems/body-too-large"));
    assert_true(text_starts(text, "HTTP/1.1 413 "));
    free(body);
    close(fd);
}

static void a_body_of_just_the_limit_is_taken(void **state)
{
    struct http_rig *f = *state;
    int fd = http_rig_dial(f);
    char *body = malloc(HTTP_BODY_MAX + 1), text[4096] = "";
    struct http_request *rq;

    assert_non_null(body);
    memset(body, 'x', HTTP_BODY_MAX);
    body[HTTP_BODY_MAX] = '\0';
    http_rig_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n");
    http_rig_say(fd, body);
    rq = http_rig_next(f);
    assert_int_equal(rq->body_length, HTTP_BODY_MAX);
    assert_string_equal(rq->body, body);
    http_rig_reply(f, rq, "much\n");
    assert_true(http_rig_hear(fd, text, sizeof text, "much\n"));
    free(body);
    close(fd);
}

static void a_full_receiver_means_503(void **state)
{
    struct http_rig *f = *state;
    int fd = http_rig_dial(f);
    char text[4096] = "";

    f->full = true;
    http_rig_say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(http_rig_hear(fd, text, sizeof text, "/api/problems/overloaded"));
    assert_true(text_starts(text, "HTTP/1.1 503 "));
    assert_non_null(strstr(text, "Retry-After: "));
    f->full = false;
    close(fd);
}

/* The request is ours although its connection has gone: answering it must be safe. */
static void a_client_may_leave_before_the_answer(void **state)
{
    struct http_rig *f = *state;
    int fd = http_rig_dial(f);
    struct http_request *rq;

    http_rig_say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    rq = http_rig_next(f);
    close(fd);
    http_rig_reply(f, rq, "too late\n");
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, http_rig_set_up, http_rig_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
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
    };

    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}

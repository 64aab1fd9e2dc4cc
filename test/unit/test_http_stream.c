/* The HTTP edge: streams, stopping in the middle of things, and where it listens. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "http_rig.h"

/* ---- streams ---- */

static uint64_t open_stream(struct http_rig *f, int fd)
{
    uint64_t stream;
    char text[2048] = "";

    http_rig_say(fd, "GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
    stream = http_stream_open(f->server, http_rig_next(f));
    assert_true(http_rig_hear(fd, text, sizeof text, "\r\n\r\n"));
    assert_non_null(strstr(text, "Content-Type: text/event-stream"));
    return stream;
}

static void a_stream_brings_what_is_sent_in_order(void **state)
{
    struct http_rig *f = *state;
    int fd = http_rig_dial(f);
    uint64_t stream = open_stream(f, fd);
    char *all = calloc(1, 200000), expected[64];

    assert_non_null(all);
    assert_true(stream > 0);
    assert_int_equal(http_streams(f->server), 1);
    for (int i = 1; i <= 1000; i++) {
        assert_true(text_format(expected, sizeof expected, "id: %d\ndata: {}\n\n", i));
        assert_true(http_stream_send(f->server, stream, expected, strlen(expected)));
        if (i % 100 == 0)
            assert_true(http_rig_hear(fd, all, 200000, expected)); /* so that it sleeps and wakes */
    }
    http_stream_close(f->server, stream);
    assert_false(http_stream_send(f->server, stream, "x", 1));
    assert_true(http_rig_hear(fd, all, 200000, "\r\n0\r\n\r\n"));
    free(all);
    close(fd);
}

/* Each event is sent just when the reader goes to sleep behind the one before: none may be missed.
 */
static void a_reader_falling_asleep_is_woken(void **state)
{
    struct http_rig *f = *state;
    int fd = http_rig_dial(f);
    uint64_t stream = open_stream(f, fd);

    for (int i = 0; i < 10000; i++) {
        char text[256] = "";

        assert_true(http_stream_send(f->server, stream, "data: now\n\n", 11));
        assert_true(http_rig_hear(fd, text, sizeof text, "data: now\n\n"));
    }
    close(fd);
}

static void all_streams_hear_what_is_sent_to_all(void **state)
{
    struct http_rig *f = *state;
    int fd[5];

    for (int i = 0; i < 5; i++) {
        fd[i] = i % 2 ? http_rig_dial(f) : http_rig_dial_unix(f->socket);
        (void)open_stream(f, fd[i]);
    }
    assert_true(http_stream_send(f->server, 0, "data: all\n\n", 11));
    for (int i = 0; i < 5; i++) {
        char text[256] = "";

        assert_true(http_rig_hear(fd[i], text, sizeof text, "data: all\n\n"));
        close(fd[i]);
    }
}

static void a_slow_reader_is_cut(void **state)
{
    struct http_rig *f = *state;
    int fd = http_rig_dial(f);
    uint64_t stream = open_stream(f, fd);
    char text[4096];
    size_t sent = 0;

    memset(text, 'x', sizeof text);
    /* At its own end the kernel takes 128 KiB; what it takes at the client's is not ours to bound.
     */
    while (http_stream_send(f->server, stream, text, sizeof text)) {
        sent += sizeof text;
        assert_true(sent < (size_t)2 << 20);
    }
    assert_true(http_stream_behind(f->server, stream) == SIZE_MAX);
    assert_true(sent >= (size_t)200 << 10);
    assert_int_equal(http_streams(f->server), 0);
    assert_true(http_rig_closed(fd));
    close(fd);
}

static void one_text_goes_to_many(void **state)
{
    struct http_rig *f = *state;
    struct http_text *t = http_text_new("data: shared\n\n", 14);
    uint64_t stream[3];
    int fd[3];

    assert_non_null(t);
    for (int i = 0; i < 3; i++) {
        fd[i] = http_rig_dial(f);
        stream[i] = open_stream(f, fd[i]);
        assert_int_equal(http_stream_behind(f->server, stream[i]), 0);
    }
    for (int round = 0; round < 100; round++)
        for (int i = 0; i < 3; i++)
            assert_true(http_stream_share(f->server, stream[i], t));
    assert_false(http_stream_share(f->server, 0, t));
    http_text_drop(t); /* the streams hold it, as long as they need it */
    for (int i = 0; i < 3; i++) {
        char text[8192] = "";

        http_stream_close(f->server, stream[i]);
        assert_true(http_rig_hear(fd[i], text, sizeof text, "\r\n0\r\n\r\n"));
        assert_non_null(strstr(text, "data: shared\n\n"));
        close(fd[i]);
    }
}

static void a_place_is_used_again_under_another_number(void **state)
{
    struct http_rig *f = *state;
    int fd = http_rig_dial(f), other = http_rig_dial(f);
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

/* ---- stopping and starting ---- */

static void stopping_answers_what_waits_and_ends_streams(void **state)
{
    struct http_rig *f = *state;
    int waiting = http_rig_dial(f), stream = http_rig_dial(f), idle = http_rig_dial(f),
        half = http_rig_dial(f);
    char text[4096] = "";

    (void)open_stream(f, stream);
    http_rig_say(half, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhal");
    http_rig_say(waiting, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    (void)http_rig_next(f); /* never replied to */
    http_stop(f->server);
    f->server = NULL;
    assert_true(http_rig_hear(waiting, text, sizeof text, "/api/problems/stopping"));
    assert_true(http_rig_closed(stream));
    assert_true(http_rig_closed(idle));
    assert_true(http_rig_closed(half));
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
    struct http_rig *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_config config = { 0 };
        struct http_server *other = NULL;
        struct err err = { 0 };

        (void)text_copy(config.listen, sizeof config.listen, cases[i].listen);
        assert_int_equal(http_start(&other, &config, http_rig_take, f, &err), cases[i].code);
        if (!strstr(err.text, cases[i].words))
            fail_msg("%s: %s", cases[i].listen, err.text);
        assert_null(other);
    }
}

static void behind_a_proxy_all_addresses_will_do(void **state)
{
    struct http_config config = { .listen = "0.0.0.0:0", .behind_proxy = true };
    struct http_server *other = NULL;

    assert_int_equal(http_start(&other, &config, http_rig_take, *state, NULL), 0);
    http_stop(other);
}

static void a_port_in_use_is_refused(void **state)
{
    struct http_rig *f = *state;
    struct http_config config = { 0 };
    struct http_server *other = NULL;
    struct err err = { 0 };

    (void)text_copy(config.listen, sizeof config.listen, f->address);
    assert_int_equal(http_start(&other, &config, http_rig_take, f, &err), -EADDRINUSE);
    assert_non_null(strstr(err.text, f->address));
}

static void a_living_socket_is_not_taken_over(void **state)
{
    struct http_rig *f = *state;
    struct http_config config = { 0 };
    struct http_server *other = NULL;
    struct err err = { 0 };

    (void)text_copy(config.socket, sizeof config.socket, f->socket);
    assert_int_equal(http_start(&other, &config, http_rig_take, f, &err), -EADDRINUSE);
    assert_non_null(strstr(err.text, "another callparkd"));
    assert_int_equal(access(f->socket, F_OK), 0);
}

static void a_stale_socket_is_replaced_and_a_file_is_not(void **state)
{
    struct http_rig *f = *state;
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
    assert_int_equal(http_start(&other, &config, http_rig_take, f, &err), 0);
    http_stop(other);
    assert_int_not_equal(access(config.socket, F_OK), 0);
    file = fopen(config.socket, "w");
    assert_non_null(file);
    fclose(file);
    other = NULL;
    assert_int_equal(http_start(&other, &config, http_rig_take, f, &err), -EEXIST);
    assert_non_null(strstr(err.text, "is no socket"));
    assert_int_equal(unlink(config.socket), 0);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, http_rig_set_up, http_rig_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_SERVER(a_stream_brings_what_is_sent_in_order),
        WITH_SERVER(a_reader_falling_asleep_is_woken),
        WITH_SERVER(all_streams_hear_what_is_sent_to_all),
        WITH_SERVER(a_slow_reader_is_cut),
        WITH_SERVER(one_text_goes_to_many),
        WITH_SERVER(a_place_is_used_again_under_another_number),
        WITH_SERVER(stopping_answers_what_waits_and_ends_streams),
        WITH_SERVER(no_place_to_listen_is_refused_in_words),
        WITH_SERVER(behind_a_proxy_all_addresses_will_do),
        WITH_SERVER(a_port_in_use_is_refused),
        WITH_SERVER(a_living_socket_is_not_taken_over),
        WITH_SERVER(a_stale_socket_is_replaced_and_a_file_is_not),
    };

    return cmocka_run_group_tests_name("http_stream", tests, NULL, NULL);
}

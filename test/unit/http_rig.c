/* What the tests of the HTTP edge stand on. */
#include "http_rig.h"

#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"

#define PATIENCE 10000 /* msec until a test that waits for a socket has failed */

/* ---- a server whose requests come to the test ---- */

bool http_rig_take(void *to, struct http_request *rq)
{
    struct http_rig *f = to;

    return !f->full && queue_put(f->requests, &rq);
}

struct http_request *http_rig_next(struct http_rig *f)
{
    struct http_request *rq = NULL;

    while (queue_take(f->requests, &rq, 1) == 0)
        assert_true(queue_wait(f->requests, PATIENCE));
    return rq;
}

struct http_config http_rig_config;

int http_rig_set_up(void **state)
{
    struct http_rig *f = calloc(1, sizeof *f);
    struct http_config config = http_rig_config;
    struct err err;

    assert_non_null(f);
    (void)text_copy(config.listen, sizeof config.listen, "127.0.0.1:0");
    config.connections_max = 40;
    (void)text_copy(f->folder, sizeof f->folder, "/tmp/test_http_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    assert_true(text_format(f->socket, sizeof f->socket, "%s/admin.sock", f->folder));
    (void)text_copy(config.socket, sizeof config.socket, f->socket);
    f->requests = queue_new(sizeof(struct http_request *), 64);
    assert_non_null(f->requests);
    assert_int_equal(http_start(&f->server, &config, http_rig_take, f, &err), 0);
    http_address(f->server, f->address);
    *state = f;
    return 0;
}

int http_rig_tear_down(void **state)
{
    struct http_rig *f = *state;

    http_stop(f->server);
    queue_free(f->requests);
    assert_int_not_equal(access(f->socket, F_OK), 0);
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    memset(&http_rig_config, 0, sizeof http_rig_config);
    return 0;
}

/* ---- a client ---- */

int http_rig_dial(const struct http_rig *f)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    uint64_t port;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(text_number(strrchr(f->address, ':') + 1, 1, 65535, &port));
    a.sin_port = htons((uint16_t)port);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

int http_rig_dial_unix(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)text_copy(a.sun_path, sizeof a.sun_path, path);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

void http_rig_say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Read until `mark` has come or the other side closes; false: it did not come. */
bool http_rig_hear(int fd, char *to, size_t size, const char *mark)
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

bool http_rig_closed(int fd)
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

void http_rig_reply(struct http_rig *f, struct http_request *rq, const char *text)
{
    struct http_reply reply = { .status = 200, .content_type = "text/plain" };

    reply.body = strdup(text);
    reply.body_length = strlen(text);
    http_reply(f->server, rq, &reply);
}

/* What the kernel lets through of a flood: the program is attached to a real socket, and datagrams
 * are sent to it. */
#include "sip/thin.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct pair {
    int in, out;
};

static void open_pair(struct pair *p, sa_family_t family)
{
    struct sockaddr_in6 at = { .sin6_family = family };
    struct timeval patience = { .tv_sec = 20 };
    socklen_t size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof at;

    if (family == AF_INET)
        ((struct sockaddr_in *)&at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        at.sin6_addr = in6addr_loopback;
    p->in = socket(family, SOCK_DGRAM, 0);
    p->out = socket(family, SOCK_DGRAM, 0);
    assert_int_equal(bind(p->in, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(p->in, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(connect(p->out, (struct sockaddr *)&at, size), 0);
    assert_int_equal(setsockopt(p->in, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
}

static void close_pair(struct pair *p)
{
    close(p->in);
    close(p->out);
}

static void attach(struct pair *p, const struct thin *t, unsigned share)
{
    struct sock_filter at[THIN_PROGRAM_MAX];
    struct sock_fprog program = { .filter = at };

    program.len = (unsigned short)thin_program(at, t, share);
    assert_int_equal(setsockopt(p->in, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
}

static void say(struct pair *p, const char *start)
{
    char text[256];
    int length =
        snprintf(text, sizeof text,
                 "%s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\r\n", start);

    assert_int_equal(send(p->out, text, (size_t)length, 0), length);
}

/* Does it come through? What is sent behind it always does, and comes after it. */
static bool passes(struct pair *p, const char *start)
{
    char got[256];

    say(p, start);
    assert_int_equal(send(p->out, "\r\n\r\n", 4, 0), 4);
    for (bool came = false;; came = true) {
        ssize_t length = recv(p->in, got, sizeof got, 0);

        assert_true(length > 0);
        if (length == 4)
            return came;
        assert_memory_equal(got, start, strlen(start));
    }
}

static number_key key(const char *text)
{
    return number_read(text, NULL);
}

/* All that may be dropped is: a share of THIN_WHOLE. */
static void test_what_is_dropped(void **state)
{
    struct thin t = { 0 };
    struct pair p;

    (void)state;
    thin_add(&t, key("700"), key("799"));
    thin_add(&t, key("30000"), key("30010"));
    for (int i = 0; i < 2; i++) {
        open_pair(&p, i ? AF_INET6 : AF_INET);
        attach(&p, &t, THIN_WHOLE);
        assert_false(passes(&p, "INVITE sip:park@callpark.example"));
        assert_false(passes(&p, "INVITE sip:699@callpark.example"));
        assert_false(passes(&p, "INVITE sip:800@callpark.example"));
        assert_false(passes(&p, "INVITE sip:70@callpark.example"));
        assert_false(passes(&p, "INVITE sip:7000@callpark.example"));
        assert_false(passes(&p, "INVITE sip:30011@callpark.example"));
        assert_false(passes(&p, "INVITE sip:70x@callpark.example"));
        assert_false(passes(&p, "INVITE sip:0123456789@callpark.example"));
        assert_false(passes(&p, "INVITE sip:@callpark.example"));
        assert_false(passes(&p, "INVITE sips:700@callpark.example"));
        assert_false(passes(&p, "INVITE sip:a-name-that-is-longer-than-what-is-looked-at-"
                                "in-the-request-uri@callpark.example"));
        assert_false(passes(&p, "OPTIONS sip:callpark.example"));
        assert_false(passes(&p, "SUBSCRIBE sip:700@callpark.example"));
        assert_false(passes(&p, "REGISTER sip:callpark.example"));
        assert_false(passes(&p, "MESSAGE sip:700@callpark.example"));
        assert_false(passes(&p, "PUBLISH sip:700@callpark.example"));
        close_pair(&p);
    }
}

static void test_what_passes(void **state)
{
    struct thin t = { 0 };
    struct pair p;

    (void)state;
    thin_add(&t, key("700"), key("799"));
    thin_add(&t, key("5"), key("6"));
    thin_add(&t, key("100000000"), key("999999999"));
    for (int i = 0; i < 2; i++) {
        open_pair(&p, i ? AF_INET6 : AF_INET);
        attach(&p, &t, THIN_WHOLE);
        assert_true(passes(&p, "INVITE sip:700@callpark.example"));
        assert_true(passes(&p, "INVITE sip:799@callpark.example"));
        assert_true(passes(&p, "INVITE sip:5@callpark.example"));
        assert_true(passes(&p, "INVITE sip:999999999@callpark.example"));
        assert_true(passes(&p, "INVITE sip:192.0.2.20:5060")); /* our Contact: in a dialog */
        assert_true(passes(&p, "INVITE sip:[2001:db8::1]:5060"));
        assert_true(passes(&p, "INVITE sip:callpark.example:5061"));
        assert_true(passes(&p, "ACK sip:park@callpark.example"));
        assert_true(passes(&p, "BYE sip:park@callpark.example"));
        assert_true(passes(&p, "CANCEL sip:park@callpark.example"));
        assert_true(passes(&p, "REFER sip:park@callpark.example"));
        assert_true(passes(&p, "UPDATE sip:192.0.2.20:5060"));
        assert_true(passes(&p, "SIP/2.0 200 OK"));
        close_pair(&p);
    }
}

static void test_numbers_with_a_prefix(void **state)
{
    struct thin t = { 0 };
    struct pair p;

    (void)state;
    open_pair(&p, AF_INET);
    thin_add(&t, key("700"), key("799"));
    attach(&p, &t, THIN_WHOLE);
    assert_false(passes(&p, "INVITE sip:*701@callpark.example"));
    thin_add(&t, key("*700"), key("*799"));
    attach(&p, &t, THIN_WHOLE);
    assert_true(passes(&p, "INVITE sip:*701@callpark.example"));
    assert_true(passes(&p, "INVITE sip:%23701@callpark.example"));
    assert_true(passes(&p, "INVITE sip:700@callpark.example"));
    assert_false(passes(&p, "INVITE sip:800@callpark.example"));
    close_pair(&p);
}

static void test_a_share_is_a_share(void **state)
{
    struct thin t = { 0 };
    struct pair p;
    unsigned came = 0;

    (void)state;
    open_pair(&p, AF_INET);
    thin_add(&t, key("700"), key("799"));
    attach(&p, &t, 500);
    for (int i = 0; i < 400; i++)
        came += passes(&p, "INVITE sip:park@callpark.example");
    assert_in_range(came, 100, 300); /* 200, and 10 in the root of its square */
    close_pair(&p);
}

/* More ranges than there is room for: the program stays small, and no retrieval is dropped. */
static void test_many_ranges(void **state)
{
    struct sock_filter at[THIN_PROGRAM_MAX];
    struct thin t = { 0 };
    struct pair p;
    char first[16], last[16];

    (void)state;
    for (int i = 0; i < 3000; i++) {
        snprintf(first, sizeof first, "%d", 1000000 + 100 * i);
        snprintf(last, sizeof last, "%d", 1000000 + 100 * i + 9);
        thin_add(&t, key(first), key(last));
        assert_true(thin_program(at, &t, 1) < THIN_PROGRAM_MAX);
    }
    open_pair(&p, AF_INET);
    attach(&p, &t, THIN_WHOLE);
    assert_true(passes(&p, "INVITE sip:1000000@callpark.example"));
    assert_true(passes(&p, "INVITE sip:1000105@callpark.example"));
    assert_true(passes(&p, "INVITE sip:1299909@callpark.example"));
    assert_false(passes(&p, "INVITE sip:1299910@callpark.example"));
    assert_false(passes(&p, "INVITE sip:park@callpark.example"));
    close_pair(&p);
}

/* A full queue is thinned out within steps that can be counted; an empty one soon again not at all;
 * in between it stays. */
static void test_how_the_share_moves(void **state)
{
    unsigned share = 0, steps = 0;

    (void)state;
    assert_int_equal(thin_share(0, 10, 100), 0);
    assert_int_equal(thin_share(400, 30, 100), 400);
    for (; share < 900; steps++)
        share = thin_share(share, 80, 100);
    assert_in_range(steps, 2, 10);
    for (int i = 0; i < 1000; i++)
        share = thin_share(share, 100, 100);
    assert_true(share < THIN_WHOLE); /* something always gets through */
    for (steps = 0; share; steps++)
        share = thin_share(share, 0, 100);
    assert_in_range(steps, 5, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_dropped),       cmocka_unit_test(test_what_passes),
        cmocka_unit_test(test_numbers_with_a_prefix), cmocka_unit_test(test_a_share_is_a_share),
        cmocka_unit_test(test_many_ranges),           cmocka_unit_test(test_how_the_share_moves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Sockets kept over a restart: the words by which they are asked for, the table that holds them,
 * and that both halves understand each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/keep_store.h"
#include "sys/kept.h"

static int udp_socket(struct sockaddr_in *at)
{
    socklen_t size = sizeof *at;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    *at = (struct sockaddr_in){ .sin_family = AF_INET };
    at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof *at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)at, &size), 0);
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* ---- the table ---- */

static void say(struct keep_store *s, const char *message, int fd, struct keep_said *said)
{
    keep_store_take(s, message, &fd, fd >= 0, said);
}

static void keeps_what_has_a_name(void **state)
{
    static const struct {
        const char *message;
        size_t kept;
    } cases[] = {
        { "FDSTORE=1\nFDNAME=sip-udp-127.0.0.1-5060\nFDPOLL=0", 1 },
        { "FDNAME=x\nFDSTORE=1", 1 },
        { "FDSTORE=1\nFDNAME=x\n", 1 },
        { "FDSTORE=1", 0 },             /* no name */
        { "FDSTORE=1\nFDNAME=", 0 },    /* an empty one */
        { "FDSTORE=1\nFDNAME=a:b", 0 }, /* it would end in LISTEN_FDNAMES */
        { "FDSTORE=1\nFDNAME=a b", 0 }, /* a blank */
        { "FDNAME=x", 0 },              /* nobody asked for it to be kept */
        { "READY=1", 0 },               /* a descriptor that nobody explains */
        { "", 0 },                      /* nothing at all */
        { "FDSTORE=0\nFDNAME=x", 0 },   /* only 1 is yes */
        { "FDSTORE=1\nFDNAME=0123456789012345678901234567890123456789012345678901234567890123", 0 },
    };
    struct sockaddr_in at;
    struct keep_said said;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct keep_store *s = keep_store_new(4);
        int fd = udp_socket(&at);

        say(s, cases[i].message, fd, &said);
        if (keep_store_count(s) != cases[i].kept)
            fail_msg("'%s' keeps %zu", cases[i].message, keep_store_count(s));
        assert_int_equal(is_open(fd), cases[i].kept == 1); /* the rest is closed */
        keep_store_free(s);
        assert_false(is_open(fd));
    }
}

static void removes_by_name(void **state)
{
    struct keep_store *s = keep_store_new(4);
    struct sockaddr_in at;
    struct keep_said said;

    (void)state;
    say(s, "FDSTORE=1\nFDNAME=a\nFDPOLL=0", udp_socket(&at), &said);
    say(s, "FDSTORE=1\nFDNAME=b\nFDPOLL=0", udp_socket(&at), &said);
    say(s, "FDSTORE=1\nFDNAME=a\nFDPOLL=0", udp_socket(&at), &said);
    assert_int_equal(keep_store_count(s), 3);
    say(s, "FDSTOREREMOVE=1\nFDNAME=c", -1, &said);
    assert_int_equal(keep_store_count(s), 3);
    say(s, "FDSTOREREMOVE=1\nFDNAME=a", -1, &said);
    assert_int_equal(keep_store_count(s), 1);
    keep_store_free(s);
    keep_store_free(NULL);
}

static void the_same_counts_once(void **state)
{
    struct keep_store *s = keep_store_new(4);
    struct sockaddr_in at;
    struct keep_said said;
    int fd = udp_socket(&at), again = dup(fd);

    (void)state;
    say(s, "FDSTORE=1\nFDNAME=a", fd, &said);
    say(s, "FDSTORE=1\nFDNAME=a", again, &said);
    assert_int_equal(keep_store_count(s), 1);
    assert_false(is_open(again));
    keep_store_free(s);
}

static void is_bounded(void **state)
{
    struct keep_store *s = keep_store_new(2);
    struct sockaddr_in at;
    struct keep_said said;

    (void)state;
    say(s, "FDSTORE=1\nFDNAME=a", udp_socket(&at), &said);
    say(s, "FDSTORE=1\nFDNAME=b", udp_socket(&at), &said);
    assert_false(said.full);
    say(s, "FDSTORE=1\nFDNAME=c", udp_socket(&at), &said);
    assert_true(said.full);
    assert_int_equal(keep_store_count(s), 2);
    keep_store_free(s);
}

static void passes_on_the_rest(void **state)
{
    struct keep_store *s = keep_store_new(2);
    struct keep_said said;

    (void)state;
    say(s, "READY=1\nSTATUS=fine\nFDSTORE=1\nFDNAME=x\nWATCHDOG=1", -1, &said);
    assert_true(said.ready);
    assert_string_equal(said.others, "READY=1\nSTATUS=fine\nWATCHDOG=1\n");
    say(s, "WATCHDOG=1", -1, &said);
    assert_false(said.ready);
    keep_store_free(s);
}

static void lets_go_of_what_was_hung_up(void **state)
{
    struct keep_store *s = keep_store_new(4);
    struct keep_said said;
    int pair[2], other[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, other), 0);
    say(s, "FDSTORE=1\nFDNAME=a", pair[0], &said);
    say(s, "FDSTORE=1\nFDNAME=b\nFDPOLL=0", other[0], &said);
    assert_int_equal(keep_store_sweep(s), 0);
    close(pair[1]);
    close(other[1]);
    assert_int_equal(keep_store_sweep(s), 1);
    assert_int_equal(keep_store_count(s), 1); /* nobody looks at the other one */
    keep_store_free(s);
}

/* ---- names ---- */

static void names_fit_the_protocol(void **state)
{
    char name[KEPT_NAME_SIZE];

    (void)state;
    kept_name(name, "sip-%s", "udp:[2001:db8::1]:5060");
    assert_string_equal(name, "sip-udp-2001-db8--1-5060");
    kept_name(name, "sip-%s", "a name");
    assert_string_equal(name, "");
    kept_name(name, "%062d", 1);
    assert_int_equal(strlen(name), KEPT_NAME_SIZE - 1);
    kept_name(name, "%063d", 1);
    assert_string_equal(name, "");
}

/* ---- both halves ---- */

static int listen_for_words(void)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    socklen_t size = sizeof at;
    char where[sizeof at.sun_path + 1] = "@";
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(sa_family_t)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    (void)text_copy_n(where + 1, sizeof where - 1, at.sun_path + 1,
                      size - offsetof(struct sockaddr_un, sun_path) - 1);
    assert_int_equal(setenv("NOTIFY_SOCKET", where, 1), 0);
    return fd;
}

/* Waits for a message and lets the store take it. */
static void take_one(struct keep_store *s, int words, char text[256])
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = { .iov_base = text, .iov_len = 255 };
    struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room };
    struct keep_said said;
    int fd = -1;
    ssize_t n;

    m.msg_controllen = sizeof control.room;
    n = recvmsg(words, &m, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    if (CMSG_FIRSTHDR(&m))
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
    say(s, text, fd, &said);
}

/* In a process of its own, as in one that has just been started with these: what it finds wrong. */
static int second_life(struct keep_store *s, struct sockaddr_in at)
{
    struct sockaddr_in elsewhere = at;
    char name[KEPT_NAME_SIZE];
    int fd;

    if (!keep_store_hand_over(s) || kept_start(NULL))
        return 1;
    if (getenv("LISTEN_FDS") || getenv("LISTEN_PID") || getenv("LISTEN_FDNAMES"))
        return 2;
    if (kept_take("unknown") != -1 || kept_take("") != -1)
        return 3;
    elsewhere.sin_port = htons((uint16_t)(ntohs(at.sin_port) ^ 1));
    if (kept_take_bound("moved", SOCK_DGRAM, (struct sockaddr *)&elsewhere, sizeof elsewhere) != -1)
        return 4;
    if (kept_take_bound("typed", SOCK_STREAM, (struct sockaddr *)&at, sizeof at) != -1)
        return 5;
    fd = kept_take_bound("first", SOCK_DGRAM, (struct sockaddr *)&at, sizeof at);
    if (fd < 0 || fcntl(fd, F_GETFD) != FD_CLOEXEC || kept_take("first") != -1)
        return 6;
    if (!kept_find("rest", name) || !text_is(name, "rest-1"))
        return 7;
    kept_settle();
    if (kept_find("rest", name))
        return 8;
    kept_leave();
    kept_drop("first"); /* we end: it stays kept */
    kept_stop();
    return 0;
}

static void both_halves_agree(void **state)
{
    struct keep_store *s = keep_store_new(16);
    int words = listen_for_words(), status = -1;
    struct sockaddr_in at;
    int fd = udp_socket(&at);
    char text[256];
    pid_t child;

    (void)state;
    assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    assert_int_equal(kept_start(NULL), 0);
    assert_true(kept_is_on());
    kept_give("first", fd, false);
    kept_give("", fd, false); /* no name: not kept */
    kept_give("moved", fd, false);
    kept_give("typed", fd, false);
    kept_give("rest-1", fd, false);
    kept_give("away", fd, true);
    kept_drop("away");
    kept_alive();
    kept_stop(); /* says all of it before */
    assert_false(kept_is_on());
    take_one(s, words, text);
    assert_string_equal(text, "FDSTORE=1\nFDNAME=first\nFDPOLL=0");
    for (int i = 0; i < 3; i++)
        take_one(s, words, text);
    take_one(s, words, text);
    assert_string_equal(text, "FDSTORE=1\nFDNAME=away");
    assert_int_equal(keep_store_count(s), 5);
    take_one(s, words, text);
    assert_string_equal(text, "FDSTOREREMOVE=1\nFDNAME=away");
    assert_int_equal(keep_store_count(s), 4);
    take_one(s, words, text);
    assert_string_equal(text, "WATCHDOG=1");

    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(second_life(s, at));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    for (int i = 0; i < 3; i++)
        take_one(s, words, text); /* moved, typed, rest-1: wanted no more */
    assert_int_equal(keep_store_count(s), 1);
    assert_int_equal(recv(words, text, sizeof text, MSG_DONTWAIT), -1);
    keep_store_free(s);
    close(fd);
    close(words);
    assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0); /* that is for another process */
    words = listen_for_words();
    assert_int_equal(kept_start(NULL), 0);
    kept_alive();
    kept_stop();
    assert_int_equal(recv(words, text, sizeof text, MSG_DONTWAIT), -1);
    close(words);
    (void)unsetenv("WATCHDOG_PID");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("NOTIFY_SOCKET");
}

/* What another process was given is not for us. */
static void nothing_is_taken_from_strangers(void **state)
{
    (void)state;
    assert_int_equal(setenv("LISTEN_PID", "1", 1), 0);
    assert_int_equal(setenv("LISTEN_FDS", "3", 1), 0);
    assert_int_equal(setenv("LISTEN_FDNAMES", "a:b:c", 1), 0);
    assert_int_equal(kept_start(NULL), 0);
    assert_false(kept_is_on());
    assert_int_equal(kept_take("a"), -1);
    assert_null(getenv("LISTEN_FDS"));
    kept_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_has_a_name),
        cmocka_unit_test(removes_by_name),
        cmocka_unit_test(the_same_counts_once),
        cmocka_unit_test(is_bounded),
        cmocka_unit_test(passes_on_the_rest),
        cmocka_unit_test(lets_go_of_what_was_hung_up),
        cmocka_unit_test(names_fit_the_protocol),
        cmocka_unit_test(both_halves_agree),
        cmocka_unit_test(nothing_is_taken_from_strangers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a request says about who sends it: cookies, whether the way is encrypted, and what is
 * believed of what proxies say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "http/forwarded.h"
#include "http/server.h"
#include "http_rig.h"

/* ---- pure ---- */

static void the_last_stranger_is_the_source(void **state)
{
    static const struct {
        const char *list, *source;
    } cases[] = {
        { "", "peer" },
        { "192.0.2.7", "192.0.2.7" },
        { " 192.0.2.7 ", "192.0.2.7" },
        { "192.0.2.7:5000", "192.0.2.7" },
        { "[2001:db8::7]:5000", "2001:db8::7" },
        { "[2001:db8::7]", "2001:db8::7" },
        { "2001:db8::7", "2001:db8::7" },
        { "192.0.2.7, 10.0.0.1", "192.0.2.7" },
        { "192.0.2.7,10.0.0.2,10.0.0.1", "192.0.2.7" },
        { "198.51.100.1, 192.0.2.7, 10.0.0.1", "192.0.2.7" }, /* the first is invented */
        { "10.0.0.2, 10.0.0.1", "10.0.0.2" },                 /* proxies only */
        { "192.0.2.7, unknown, 10.0.0.1", "10.0.0.1" },
        { "192.0.2.7, _hidden", "peer" },
        { "192.0.2.7,", "peer" },
        { "999.1.1.1", "peer" },
        { ",,,", "peer" },
        { "192.0.2.7\\n", "peer" },
    };
    struct network proxies[1];

    (void)state;
    assert_true(network_read("10.0.0.0/8", &proxies[0]));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char source[64] = "peer";

        forwarded_source(source, cases[i].list, proxies, 1);
        if (strcmp(source, cases[i].source) != 0)
            fail_msg("'%s' gave %s, not %s", cases[i].list, source, cases[i].source);
    }
}

static void the_last_proxy_says_how_it_was_asked(void **state)
{
    (void)state;
    assert_true(forwarded_secure("https"));
    assert_true(forwarded_secure("http, HTTPS "));
    assert_false(forwarded_secure("https, http"));
    assert_false(forwarded_secure(""));
    assert_false(forwarded_secure("httpsx"));
}

static void gzip_is_what_the_client_says(void **state)
{
    static const struct {
        const char *list;
        bool takes;
    } cases[] = {
        { "gzip", true },       { "deflate, gzip;q=1.0, br", true },
        { "br , gzip", true },  { "gzip;q=0.5", true },
        { "gzip; q=0", false }, { "gzip;q=0.000", false },
        { "", false },          { "br", false },
        { "xgzip", false },     { "gzipped", false },
        { "*", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (headers_take_gzip(cases[i].list) != cases[i].takes)
            fail_msg("'%s'", cases[i].list);
}

/* ---- over sockets ---- */

/* Send a GET with these headers and take the request; it is to be given back to done(). */
static struct http_request *ask(struct http_rig *f, int *fd, const char *headers)
{
    char text[8192];

    *fd = http_rig_dial(f);
    assert_true(text_format(text, sizeof text, "GET /x HTTP/1.1\r\nHost: park\r\n%s\r\n", headers));
    http_rig_say(*fd, text);
    return http_rig_next(f);
}

static void done(struct http_rig *f, struct http_request *rq, int fd)
{
    http_rig_reply(f, rq, "ok\n");
    close(fd);
}

#define FROM_A_PROXY                                                                               \
    "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Remote-User: anna\r\n"            \
    "X-Remote-Groups: admins\r\nX-Remote-Groups: staff\r\nX-Forwarded-Host: park.example.com\r\n"  \
    "Cookie: callpark_session=plain; __Host-callpark_session=locked\r\n"

static void nobody_is_believed_without_being_named(void **state)
{
    int fd;
    struct http_request *rq = ask(*state, &fd, FROM_A_PROXY);

    assert_string_equal(rq->source, "127.0.0.1");
    assert_string_equal(rq->proxy_user, "");
    assert_string_equal(rq->proxy_groups, "");
    assert_string_equal(rq->host, "park");
    assert_false(rq->secure);
    assert_string_equal(rq->cookie, "plain");
    done(*state, rq, fd);
}

static int set_up_proxy(void **state)
{
    (void)text_copy(http_rig_config.trusted_proxy[0], 64, "127.0.0.1");
    http_rig_config.trusted_proxy_count = 1;
    return http_rig_set_up(state);
}

static void a_named_proxy_says_who_asks(void **state)
{
    int fd;
    struct http_request *rq = ask(*state, &fd, FROM_A_PROXY);

    assert_string_equal(rq->source, "192.0.2.7");
    assert_string_equal(rq->proxy_user, "anna");
    assert_string_equal(rq->proxy_groups, "admins, staff");
    assert_string_equal(rq->host, "park.example.com");
    assert_true(rq->secure);
    assert_string_equal(rq->cookie, "locked");
    done(*state, rq, fd);
}

static void two_users_are_none(void **state)
{
    struct http_rig *f = *state;
    int fd = http_rig_dial(f);
    char text[4096] = "";

    http_rig_say(fd, "GET / HTTP/1.1\r\nHost: x\r\nX-Remote-User: anna\r\nx-remote-user: root\r\n"
                     "\r\n");
    assert_true(http_rig_hear(fd, text, sizeof text, "Two users are named"));
    assert_true(text_starts(text, "HTTP/1.1 400 "));
    close(fd);
}

static int set_up_behind(void **state)
{
    http_rig_config.behind_proxy = true;
    return http_rig_set_up(state);
}

static void a_proxy_on_this_machine_names_no_users(void **state)
{
    int fd;
    struct http_request *rq = ask(*state, &fd, FROM_A_PROXY);

    assert_string_equal(rq->source, "192.0.2.7");
    assert_true(rq->secure);
    assert_string_equal(rq->proxy_user, "");
    assert_string_equal(rq->proxy_groups, "");
    done(*state, rq, fd);
}

static int set_up_other_names(void **state)
{
    (void)text_copy(http_rig_config.proxy_header, 64, "X-Auth-User");
    (void)text_copy(http_rig_config.proxy_groups, 64, "X-Auth-Groups");
    return set_up_proxy(state);
}

static void headers_of_other_names_name_users(void **state)
{
    int fd;
    struct http_request *rq =
        ask(*state, &fd, FROM_A_PROXY "X-Auth-User: bert\r\nX-Auth-Groups: g\r\n");

    assert_string_equal(rq->proxy_user, "bert");
    assert_string_equal(rq->proxy_groups, "g");
    done(*state, rq, fd);
}

static void cookies_and_agents_are_read(void **state)
{
    struct http_rig *f = *state;
    char headers[4096] = "User-Agent: ";
    struct http_request *rq;
    int fd;

    for (int i = 0; i < 500; i++)
        (void)text_append(headers, sizeof headers, "a");
    (void)text_append(headers, sizeof headers, "\r\nCookie: other=1; callpark_session=");
    for (int i = 0; i < 600; i++)
        (void)text_append(headers, sizeof headers, "c");
    (void)text_append(headers, sizeof headers, "\r\n");
    rq = ask(f, &fd, headers);
    assert_int_equal(strlen(rq->user_agent), sizeof rq->user_agent - 1); /* cut */
    assert_string_equal(rq->cookie, "");                                 /* none of ours */
    done(f, rq, fd);
    rq = ask(f, &fd, "Cookie: callpark_sessions=1; a=callpark_session=2\r\n");
    assert_string_equal(rq->cookie, "");
    done(f, rq, fd);
    rq = ask(f, &fd, "Cookie: a=b; callpark_session=0123abcd; c=d\r\nAccept-Encoding: gzip\r\n");
    assert_string_equal(rq->cookie, "0123abcd");
    assert_true(rq->takes_gzip);
    done(f, rq, fd);
}

/* ---- replies and bodies ---- */

static void every_answer_is_guarded(void **state)
{
    static const char *const requests[] = {
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    static const char *const guards[] = {
        "Content-Security-Policy: default-src 'none'; script-src 'self'; ",
        "require-trusted-types-for 'script'; trusted-types 'none'\r\n",
        "X-Content-Type-Options: nosniff\r\n",
        "Referrer-Policy: same-origin\r\n",
        "Cross-Origin-Opener-Policy: same-origin\r\n",
    };
    struct http_rig *f = *state;

    for (size_t i = 0; i < 2; i++) {
        int fd = http_rig_dial(f);
        char text[4096] = "";

        http_rig_say(fd, requests[i]);
        if (i == 0)
            http_rig_reply(f, http_rig_next(f), "ok\n");
        assert_true(http_rig_hear(fd, text, sizeof text, "\r\n\r\n"));
        for (size_t k = 0; k < sizeof guards / sizeof guards[0]; k++)
            if (!strstr(text, guards[k]))
                fail_msg("'%s' is missing in:\n%s", guards[k], text);
        assert_null(strstr(text, "Strict-Transport-Security"));
        close(fd);
    }
}

static void a_reply_may_be_static_and_set_a_cookie(void **state)
{
    struct http_rig *f = *state;
    struct http_reply reply = { .status = 200,
                                .content_type = "text/css",
                                .static_body = "packed",
                                .body_length = 6,
                                .encoding = "gzip",
                                .vary = "Accept-Encoding",
                                .set_cookie = "a=b; Path=/; HttpOnly",
                                .replayed = true };
    static const char *const expected[] = {
        "Content-Type: text/css\r\n",
        "Content-Encoding: gzip\r\n",
        "Vary: Accept-Encoding\r\n",
        "Set-Cookie: a=b; Path=/; HttpOnly\r\n",
        "Idempotency-Replayed: true\r\n",
        "Content-Length: 6\r\n",
        "\r\n\r\npacked",
    };
    int fd;
    char text[4096] = "";

    http_reply(f->server, ask(f, &fd, ""), &reply);
    assert_true(http_rig_hear(fd, text, sizeof text, "packed"));
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        if (!strstr(text, expected[i]))
            fail_msg("'%s' is missing in:\n%s", expected[i], text);
    close(fd);
}

/* Who shows nothing is not given the memory for 64 MiB. */
static void much_music_takes_an_identity(void **state)
{
    static const struct {
        const char *path, *header, *length, *answer;
    } cases[] = {
        { "/api/v1/music/global", "", "1048577", "401" },
        { "/api/v1/music/global", "Authorization: Bearer x\r\n", "67108865", "413" },
        { "/api/v1/music/global", "Cookie: callpark_session=x\r\n", "67108865", "413" },
        { "/api/v1/music", "Authorization: Bearer x\r\n", "1048577", "413" },
        { "/api/v1/definitions", "", "1048577", "401" },
        { "/api/v1/definitions", "Authorization: Bearer x\r\n", "100663296", "100" },
        { "/api/v1/definitions", "Authorization: Bearer x\r\n", "100663297", "413" },
        { "/api/v1/definitions2", "Authorization: Bearer x\r\n", "1048577", "413" },
        { "/api/v1/musical", "Authorization: Bearer x\r\n", "1048577", "413" },
    };
    struct http_rig *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = http_rig_dial(f);
        char request[512], text[4096] = "";

        (void)text_format(request, sizeof request,
                          "PUT %s HTTP/1.1\r\nHost: x\r\n%sExpect: 100-continue\r\n"
                          "Content-Length: %s\r\n\r\n",
                          cases[i].path, cases[i].header, cases[i].length);
        http_rig_say(fd, request);
        assert_true(http_rig_hear(fd, text, sizeof text, "\r\n\r\n"));
        if (strncmp(text + 9, cases[i].answer, 3) != 0)
            fail_msg("case %zu: %.300s", i + 1, text);
        close(fd);
    }
}

static void music_of_some_megabytes_is_taken(void **state)
{
    const size_t length = (size_t)20 << 20;
    struct http_rig *f = *state;
    char *body = malloc(length + 1), text[4096] = "";
    struct http_request *rq;
    int fd = http_rig_dial(f);

    assert_non_null(body);
    memset(body, 'm', length);
    body[length] = '\0';
    http_rig_say(fd, "PUT /api/v1/music/global HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n"
                     "Content-Length: 20971520\r\n\r\n");
    http_rig_say(fd, body);
    rq = http_rig_next(f);
    assert_int_equal(rq->body_length, length);
    http_rig_reply(f, rq, "much\n");
    assert_true(http_rig_hear(fd, text, sizeof text, "much\n"));
    assert_int_equal(atomic_load(&f->server->music_bodies), 0);
    free(body);
    close(fd);
}

#define WITH(set_up, test) cmocka_unit_test_setup_teardown(test, set_up, http_rig_tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_stranger_is_the_source),
        cmocka_unit_test(the_last_proxy_says_how_it_was_asked),
        cmocka_unit_test(gzip_is_what_the_client_says),
        WITH(http_rig_set_up, nobody_is_believed_without_being_named),
        WITH(set_up_proxy, a_named_proxy_says_who_asks),
        WITH(set_up_proxy, two_users_are_none),
        WITH(set_up_behind, a_proxy_on_this_machine_names_no_users),
        WITH(set_up_other_names, headers_of_other_names_name_users),
        WITH(http_rig_set_up, cookies_and_agents_are_read),
        WITH(http_rig_set_up, every_answer_is_guarded),
        WITH(http_rig_set_up, a_reply_may_be_static_and_set_a_cookie),
        WITH(http_rig_set_up, much_music_takes_an_identity),
        WITH(http_rig_set_up, music_of_some_megabytes_is_taken),
    };

    return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}

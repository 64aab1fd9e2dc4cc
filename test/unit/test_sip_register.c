/* Accounts at a registrar (sip.md 8.6), and calls that go by one. The phone is the registrar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/text.h"
#include "sip_phone.h"
#include "sys/clock.h"

static const char asks[] =
    "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"\r\n";

static void configure(struct sip_config *config, const char *aor)
{
    struct sip_register *r = &config->registers[0];

    bench_config(config);
    config->register_count = 1;
    text_copy(r->name, sizeof r->name, "office");
    text_format(r->registrar, sizeof r->registrar, "sip:127.0.0.1:%u", phone.port);
    text_copy(r->aor, sizeof r->aor, aor);
    text_copy(r->auth_user, sizeof r->auth_user, "park");
    text_copy(r->auth_password, sizeof r->auth_password, "secret");
}

static void start(const char *aor)
{
    struct sip_config config;

    configure(&config, aor);
    assert_int_equal(sip_reload(bench.sip, &config, NULL), 0);
    phone_expect(&phone, "REGISTER sip:127.0.0.1:");
}

/* A REGISTER that is another one than the last. */
static void expect_next(void)
{
    char last[64];

    text_copy(last, sizeof last, phone_header(&phone, "CSeq"));
    do
        phone_expect(&phone, "REGISTER sip:127.0.0.1:");
    while (text_is(last, phone_header(&phone, "CSeq")));
}

/* The same of another address. */
static void expect_other(void)
{
    char last[128];

    text_copy(last, sizeof last, phone_header(&phone, "Call-ID"));
    do
        phone_expect(&phone, "REGISTER sip:127.0.0.1:");
    while (text_is(last, phone_header(&phone, "Call-ID")));
}

static void wait_registered(unsigned accounts, unsigned wanted)
{
    struct sip_counts counts;

    for (unsigned i = 0; i < 2000; i++) {
        sip_count(bench.sip, &counts);
        if (counts.accounts == accounts && counts.registered == wanted)
            return;
        (void)bench_quiet(&bench, 2);
    }
    fail_msg("%u of %u are registered", counts.registered, counts.accounts);
}

static void registers_and_refreshes(void **state)
{
    char call[128];

    (void)state;
    start("park");
    assert_string_equal(phone_header(&phone, "To"), "<sip:park@127.0.0.1>");
    assert_string_equal(phone_header(&phone, "Expires"), "3600");
    assert_true(strstr(phone_header(&phone, "Contact"), "+sip.instance=\"<urn:uuid:") != NULL);
    assert_true(strstr(phone_header(&phone, "Contact"), ";reg-id=1") != NULL);
    text_copy(call, sizeof call, phone_header(&phone, "Call-ID"));
    phone_answer(&phone, "401 Unauthorized", "r", asks, NULL);
    expect_next();
    assert_string_equal(phone_header(&phone, "Call-ID"), call);
    assert_true(text_starts(phone_header(&phone, "Authorization"), "Digest username=\"park\""));
    phone_answer(&phone, "200 OK", "r", "Expires: 2\r\n", NULL);
    expect_next(); /* after 1.0 to 1.8 s, with the same nonce used once more */
    wait_registered(1, 1);
    assert_true(phone_has(&phone, "nc=00000002"));
    phone_answer(&phone, "503 Later", "r", "Retry-After: 1\r\n", NULL);
    expect_next();
    wait_registered(1, 0);
}

static void takes_a_longer_time(void **state)
{
    (void)state;
    start("park");
    phone_answer(&phone, "423 Interval Too Brief", "r", "Min-Expires: 7200\r\n", NULL);
    expect_next();
    assert_string_equal(phone_header(&phone, "Expires"), "7200");
    phone_answer(&phone, "200 OK", "r", "Expires: 7200\r\n", NULL);
    assert_true(phone_quiet(&phone, 100));
    wait_registered(1, 1);
}

static void gives_up_for_a_while(void **state)
{
    (void)state;
    start("park");
    phone_answer(&phone, "401 Unauthorized", "r", asks, NULL);
    expect_next();
    phone_answer(&phone, "401 Unauthorized", "r", asks, NULL); /* the password is wrong */
    assert_true(phone_quiet(&phone, 200));
    expect_next(); /* 60 * T1 and less */
    wait_registered(1, 0);
    phone_answer(&phone, "302 Moved", "r", NULL, NULL);
    assert_true(phone_quiet(&phone, 200)); /* not followed */
}

/* An account that is taken back when it is wanted no more, or at a stop. */
static void register_to_take_back(void)
{
    struct sip_config config;

    configure(&config, "park");
    config.registers[0].unregister = true;
    assert_int_equal(sip_reload(bench.sip, &config, NULL), 0);
    phone_expect(&phone, "REGISTER ");
    phone_answer(&phone, "200 OK", "r", "Expires: 3600\r\n", NULL);
    wait_registered(1, 1);
}

static void takes_itself_back_when_told_to(void **state)
{
    struct sip_config config;

    (void)state;
    start("park");
    phone_answer(&phone, "200 OK", "r", "Expires: 3600\r\n", NULL);
    wait_registered(1, 1);
    bench_config(&config);
    assert_int_equal(sip_reload(bench.sip, &config, NULL), 0);
    assert_true(phone_quiet(&phone, 100)); /* not without being told */
    register_to_take_back();
    bench_config(&config);
    assert_int_equal(sip_reload(bench.sip, &config, NULL), 0);
    phone_expect(&phone, "REGISTER ");
    assert_string_equal(phone_header(&phone, "Expires"), "0");
}

static void *stop(void *unused)
{
    (void)unused;
    sip_stop(bench.sip);
    return NULL;
}

/* Registered and told to take itself back, and the server stops on this thread. */
static pthread_t begin_to_stop(void)
{
    pthread_t thread;

    register_to_take_back();
    assert_int_equal(pthread_create(&thread, NULL, stop, NULL), 0);
    expect_next();
    assert_string_equal(phone_header(&phone, "Expires"), "0");
    return thread;
}

/* The end of the stop, in milliseconds. */
static msec stopped(pthread_t thread)
{
    msec began = clock_now();

    assert_int_equal(pthread_join(thread, NULL), 0);
    bench.sip = NULL;
    return clock_now() - began;
}

static void waits_for_the_registrar_when_it_stops(void **state)
{
    pthread_t thread = begin_to_stop();

    (void)state;
    phone_answer(&phone, "401 Unauthorized", "r", asks, NULL);
    expect_next();
    assert_string_equal(phone_header(&phone, "Expires"), "0");
    assert_true(text_starts(phone_header(&phone, "Authorization"), "Digest username=\"park\""));
    phone_answer(&phone, "200 OK", "r", NULL, NULL);
    assert_true(stopped(thread) < 1500);
}

static void does_not_wait_for_ever_when_it_stops(void **state)
{
    struct sip_config config;

    (void)state;
    phone_close(&phone);
    bench_stop(&bench);
    bench_config(&config);
    config.t1 = 200; /* the transaction itself would last 12.8 s */
    bench_start(&bench, &config);
    phone_open(&phone, &bench, false);
    assert_in_range(stopped(begin_to_stop()), 1500, 4000);
}

/* 8.6, 5: From is the account, the orbit stands in the name alone; the call goes to the registrar
 * by the route that it has said. */
static void calls_as_the_account(void **state)
{
    struct sip_call call = { .leg = 200,
                             .from_display = "Park 701: Alice",
                             .from_user = "701",
                             .orbit = "701",
                             .is_ring_back = true,
                             .local = talk_local };

    (void)state;
    start("park, 701");
    for (unsigned i = 0; i < 2; i++) { /* the second address registers as well */
        if (i)
            expect_other();
        phone_answer(&phone, "200 OK", "r",
                     "Expires: 3600\r\nService-Route: <sip:edge.example;lr>\r\n", NULL);
    }
    wait_registered(2, 2);
    text_copy(call.uri, sizeof call.uri, "sip:105@192.0.2.1");
    assert_int_equal(sip_call(bench.sip, &call), 0);
    phone_expect(&phone, "INVITE sip:105@127.0.0.1:");
    assert_true(
        text_starts(phone_header(&phone, "From"), "\"Park 701: Alice\" <sip:park@127.0.0.1>;tag="));
    assert_true(text_starts(phone_header(&phone, "Contact"), "<sip:park@127.0.0.1:"));
    assert_string_equal(phone_header(&phone, "Route"), "<sip:edge.example;lr>");
    phone_answer(&phone, "401 Unauthorized", "bob", asks, NULL);
    do
        phone_expect(&phone, "");
    while (!phone_header(&phone, "Authorization")[0]);
    assert_true(text_starts(phone.text, "INVITE "));
    phone_answer(&phone, "486 Busy", "bob", NULL, NULL);
    bench_expect(&bench, SIP_FAILED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(registers_and_refreshes),
        TEST(takes_a_longer_time),
        TEST(gives_up_for_a_while),
        TEST(takes_itself_back_when_told_to),
        TEST(calls_as_the_account),
        TEST(waits_for_the_registrar_when_it_stops),
        TEST(does_not_wait_for_ever_when_it_stops),
    };

    return cmocka_run_group_tests_name("sip_register", tests, NULL, NULL);
}

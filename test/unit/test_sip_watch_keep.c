/* Subscriptions to lamps over a restart: FO-15, and what the lamps show then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "watch_phone.h"

static struct sip_watch row;

static void config_of(struct sip_config *config)
{
    bench_config(config);
    config->t1 = 500;
    config->watches_kept = true;
}

static int set_up(void **state)
{
    struct sip_config config;

    (void)state;
    log_setup(getenv("SIP_DEBUG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR, LOG_FORM_TEXT, true);
    config_of(&config);
    bench_start(&bench, &config);
    phone_open(&phone, &bench, false);
    watching_ranges(2);
    return 0;
}

/* With the subscription that was reported last, and nothing told yet of ranges and lamps. */
static void start_again(void)
{
    struct sip_kept_watch kept = { row.number, row.text };
    struct sip_config config;
    uint16_t udp = bench.udp;

    bench_stop(&bench);
    config_of(&config);
    text_format(config.listen[0], sizeof config.listen[0], "udp:127.0.0.1:%u", udp);
    config.watches = &kept;
    config.watch_count = 1;
    bench_start(&bench, &config);
}

/* All lamps at once, as the loop does when it has started. */
static void tell_lamps(const char *lit)
{
    struct orbit_lamp *lamps = calloc(1, sizeof *lamps);

    assert_non_null(lamps);
    if (lit)
        *lamps = watching_lamp_at(lit, 1);
    assert_int_equal(sip_lamps(bench.sip, lamps, lit != NULL), 0);
}

static unsigned cseq_of_notify(void)
{
    return (unsigned)strtoul(phone_header(&phone, "CSeq"), NULL, 10);
}

static void expect_row(void)
{
    bench_expect(&bench, SIP_WATCH);
    row = bench.ev.watch;
}

static void subscribe(const char *user)
{
    watching_subscribe(user, "");
    watching_notified();
    expect_row();
    assert_true(row.number > 0 && row.text[0]);
}

static void lives_on(void **state)
{
    unsigned cseq, version;

    (void)state;
    subscribe("701");
    version = watching_version_of("<dialog-info");
    cseq = cseq_of_notify();
    start_again();
    assert_true(phone_quiet(&phone, 200)); /* nobody was told that it ends, nor anything untrue */
    watching_ranges(2);
    assert_true(phone_quiet(&phone, 200));
    tell_lamps("701");
    watching_notified();
    watching_shows("<state>confirmed</state>");
    watching_shows("Subscription-State: active;expires=");
    assert_true(watching_version_of("<dialog-info") > version);
    assert_true(cseq_of_notify() > cseq);
    cseq = cseq_of_notify();
    assert_true(bench_quiet(&bench, 50));
    watching_darken("701", 1);
    watching_notified();
    assert_int_equal(cseq_of_notify(), cseq + 1);
}

static void is_refreshed_and_ended(void **state)
{
    uint64_t number;

    (void)state;
    subscribe("701");
    number = row.number;
    start_again();
    watching_ranges(2);
    tell_lamps(NULL);
    watching_notified();
    watching_subscribe_to("sip:701@park.example", watching_ours, "");
    phone_expect(&phone, "SIP/2.0 200");
    watching_notified();
    expect_row(); /* lives longer now */
    assert_int_equal(row.number, number);
    assert_true(row.text[0]);
    watching_subscribe_to("sip:701@park.example", watching_ours, "Expires: 0\r\n");
    phone_expect(&phone, "SIP/2.0 200");
    watching_notified();
    watching_shows("terminated");
    expect_row();
    assert_int_equal(row.number, number);
    assert_string_equal(row.text, "");
}

/* A new one gets a number that none had. */
static void numbers_count_up(void **state)
{
    uint64_t number;

    (void)state;
    subscribe("701");
    number = row.number;
    start_again();
    watching_ranges(2);
    tell_lamps(NULL);
    watching_notified();
    subscribe("702");
    assert_true(row.number > number);
}

/* Before the ranges are known nobody can say that he may not. */
static void a_refresh_comes_early(void **state)
{
    (void)state;
    subscribe("701");
    start_again();
    watching_subscribe_to("sip:701@park.example", watching_ours, "");
    phone_expect(&phone, "SIP/2.0 200");
    watching_ranges(2);
    tell_lamps("701");
    watching_notified();
    watching_shows("<state>confirmed</state>");
    watching_shows("Subscription-State: active");
}

static void what_is_gone_is_told(void **state)
{
    (void)state;
    subscribe("801");
    start_again();
    watching_ranges(0);
    tell_lamps(NULL);
    watching_notified();
    watching_shows("terminated;reason=noresource");
    expect_row();
    assert_string_equal(row.text, "");
}

/* A row that has run out, or that nobody can read, goes without a word to anybody. */
static void what_has_run_out(void **state)
{
    static const char *const rows[] = { "expires_at=1\n", "kind=9\n", "target=a\\r\\n\n",
                                        "our_tag=\n", "first=0\n" };
    char whole[SIP_WATCH_TEXT_SIZE];

    (void)state;
    subscribe("701");
    text_copy(whole, sizeof whole, row.text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        text_format(row.text, sizeof row.text, "%s%s", whole, rows[i]);
        start_again();
        bench_expect(&bench, SIP_WATCH);
        assert_int_equal(bench.ev.watch.number, row.number);
        assert_string_equal(bench.ev.watch.text, "");
    }
    watching_ranges(2);
    tell_lamps("701");
    assert_true(phone_quiet(&phone, 200));
    watching_subscribe_to("sip:701@park.example", watching_ours, "");
    phone_expect(&phone, "SIP/2.0 481"); /* it subscribes anew */
}

#define AT(f) cmocka_unit_test_setup_teardown(f, set_up, talk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT(lives_on),
        AT(is_refreshed_and_ended),
        AT(numbers_count_up),
        AT(a_refresh_comes_early),
        AT(what_is_gone_is_told),
        AT(what_has_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

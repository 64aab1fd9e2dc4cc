/* A phone that watches orbits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sys/log.h"
#include "watch_phone.h"

char watching_ours[128];
static unsigned cseq;

number_key watching_number(const char *text)
{
    return number_read(text, NULL);
}

void watching_ranges(unsigned count)
{
    struct sip_watched *list = calloc(2, sizeof *list);

    assert_non_null(list);
    list[0] = (struct sip_watched){ .range = 2,
                                    .first = watching_number("801"),
                                    .last = watching_number("803"),
                                    .park_number = watching_number("800"),
                                    .how = LAMP_CONFIRMED };
    list[1] = (struct sip_watched){ .range = 1,
                                    .first = watching_number("701"),
                                    .last = watching_number("720"),
                                    .park_number = watching_number("700"),
                                    .how = LAMP_CONFIRMED };
    assert_int_equal(sip_watched(bench.sip, list, count), 0);
}

/* The same, with who may watch the first. */
void watching_ranges_allowing(const char *who)
{
    struct sip_watched *list = calloc(2, sizeof *list);

    assert_non_null(list);
    list[0] = (struct sip_watched){ .range = 1,
                                    .first = watching_number("701"),
                                    .last = watching_number("703") };
    list[1] = (struct sip_watched){ .range = 2,
                                    .first = watching_number("801"),
                                    .last = watching_number("803") };
    text_copy(list[0].allow, sizeof list[0].allow, who);
    assert_int_equal(sip_watched(bench.sip, list, 2), 0);
}

struct orbit_lamp watching_lamp_at(const char *orbit, call_id call)
{
    struct orbit_lamp lamp = { .orbit = watching_number(orbit), .call = call, .lit = true };
    unsigned char bytes[PICKUP_BYTES] = { (unsigned char)call };

    (void)text_copy(lamp.display, sizeof lamp.display, "Alice");
    (void)text_copy(lamp.uri, sizeof lamp.uri, "sip:+4930123@dom");
    pickup_write(&lamp.pickup, call, bytes);
    return lamp;
}

void watching_light(const char *orbit, call_id call)
{
    struct orbit_lamp lamp = watching_lamp_at(orbit, call);

    assert_int_equal(sip_lamp(bench.sip, &lamp), 0);
}

void watching_darken(const char *orbit, call_id call)
{
    struct orbit_lamp lamp = watching_lamp_at(orbit, call);

    lamp.lit = false;
    assert_int_equal(sip_lamp(bench.sip, &lamp), 0);
}

static int set_up_as(const struct sip_config *config)
{
    log_setup(getenv("SIP_DEBUG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR, LOG_FORM_TEXT, true);
    bench_start(&bench, config);
    phone_open(&phone, &bench, false);
    watching_ranges(2);
    return 0;
}

/* Patient enough that on a busy machine no NOTIFY comes twice. */
int watching_set_up(void **state)
{
    struct sip_config config;

    (void)state;
    bench_config(&config);
    config.t1 = 500;
    return set_up_as(&config);
}

int watching_set_up_quick(void **state)
{
    struct sip_config config;

    (void)state;
    bench_config(&config);
    return set_up_as(&config);
}

int watching_set_up_strange(void **state)
{
    struct sip_config config;

    (void)state;
    bench_config(&config);
    config.t1 = 500;
    config.watch_expires = 1;
    config.watchers_max = 2;
    config.callpark_info = true;
    text_copy(config.lamp_profiles[0].agent, sizeof config.lamp_profiles[0].agent, "snom*");
    config.lamp_profiles[0].how = LAMP_EARLY;
    config.lamp_profile_count = 1;
    return set_up_as(&config);
}

/* ---- what a phone does ---- */

void watching_subscribe_to(const char *uri, const char *to_tag, const char *more)
{
    char lines[1024], branch[64];

    if (!to_tag[0]) {
        talk_begin();
        cseq = 0;
    }
    lines[0] = '\0';
    if (!strstr(more, "Contact:"))
        talk_contact(lines);
    if (!strstr(more, "Event:"))
        text_append(lines, sizeof lines, "Event: dialog\r\n");
    text_append(lines, sizeof lines, "%s", more);
    text_format(branch, sizeof branch, "%s-%u", talk_name, ++cseq);
    phone_request(&phone, &(struct request){ .method = "SUBSCRIBE",
                                             .uri = uri,
                                             .call = talk_name,
                                             .branch = branch,
                                             .from_tag = "watcher",
                                             .to_tag = to_tag,
                                             .more = lines,
                                             .cseq = cseq });
}

void watching_subscribe(const char *user, const char *more)
{
    char uri[128];

    text_format(uri, sizeof uri, "sip:%s@park.example:5060;x=y", user);
    watching_subscribe_to(uri, "", more);
    phone_expect(&phone, "SIP/2.0 200");
    text_copy(watching_ours, sizeof watching_ours, phone_tag(&phone, "To"));
}

void watching_notified(void)
{
    phone_expect(&phone, "NOTIFY sip:alice@127.0.0.1:");
    phone_answer(&phone, "200 OK", NULL, NULL, NULL);
}

void watching_refused(const char *user, const char *more, const char *status)
{
    char uri[128];

    text_format(uri, sizeof uri, "sip:%s@park.example", user);
    watching_subscribe_to(uri, "", more);
    phone_expect(&phone, status);
}

unsigned watching_version_of(const char *what)
{
    const char *at = strstr(phone.text, what);

    at = at ? strstr(at, "version=\"") : NULL;
    at = at && strncmp(at, "version=\"1.0", 12) == 0 ? strstr(at + 1, "version=\"") : at;
    return at ? (unsigned)strtoul(at + strlen("version=\""), NULL, 10) : 0;
}

void watching_shows(const char *text)
{
    if (!phone_has(&phone, text))
        fail_msg("no '%s' in '%s'", text, phone.text);
}

void watching_shows_not(const char *text)
{
    if (phone_has(&phone, text))
        fail_msg("'%s' is in '%s'", text, phone.text);
}

/* The edge takes our commands and the phone's messages in whatever order: ask until it is there. */
void watching_poll_until(const char *user, const char *state)
{
    char uri[128];

    text_format(uri, sizeof uri, "sip:%s@park.example", user);
    for (unsigned i = 0; i < 1000; i++) {
        watching_subscribe_to(uri, "", "Expires: 0\r\n");
        phone_expect(&phone, "SIP/2.0 ");
        if (!phone_has(&phone, "SIP/2.0 200"))
            continue;
        watching_notified();
        if (phone_has(&phone, state))
            return;
    }
    fail_msg("%s is not %s", user, state);
}

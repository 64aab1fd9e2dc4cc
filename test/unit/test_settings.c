/* Settings: what each key takes and refuses, in which words, and how it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "core/settings.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void knows_its_names(void **state)
{
    static const struct {
        const char *name;
        enum setting_key key;
    } table[] = {
        { "pickup_timeout", SET_PICKUP_TIMEOUT },
        { "CallPickupTimeoutThreshold", SET_PICKUP_TIMEOUT },
        { "callpickuptimeoutthreshold", SET_PICKUP_TIMEOUT },
        { "MaxCallPickupAttempts", SET_MAX_PICKUP_ATTEMPTS },
        { "OnTimeoutURI", SET_TIMEOUT_URI },
        { "EnableMusicOnHold", SET_MUSIC_ON_HOLD },
        { "RETRIEVE_ALLOW", SET_RETRIEVE_ALLOW },
        { "", SETTING_KEYS }, /* most keys have no name of the original's: "" is none of them */
        { NULL, SETTING_KEYS },
        { "pickup", SETTING_KEYS },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        enum setting_key key = SETTING_KEYS;

        assert_int_equal(setting_find(table[i].name, &key), table[i].key != SETTING_KEYS);
        assert_int_equal(key, table[i].key);
    }
    for (unsigned i = 0; i < SETTING_KEYS; i++) {
        const struct setting_info *info = setting_info((enum setting_key)i);
        enum setting_key key;

        assert_true(setting_find(info->name, &key) && key == i);
        assert_true(strlen(info->meaning) > 10);
    }
}

static void has_the_defaults_of_the_design(void **state)
{
    static const char *const texts[SETTING_KEYS] = {
        [SET_PICKUP_TIMEOUT] = "90",
        [SET_MAX_PICKUP_ATTEMPTS] = "1",
        [SET_RING_TIME] = "25",
        [SET_TIMEOUT_URI] = "",
        [SET_MAX_PARK] = "86400",
        [SET_MUSIC_ON_HOLD] = "on",
        [SET_ALLOCATION] = "lru",
        [SET_COOL_DOWN] = "2",
        [SET_RINGBACK_PREFIX] = "Park %o: %n",
        [SET_ALERT_INFO] = "<urn:alert:service:recall:hold>;info=park-recall",
        [SET_ANNOUNCE] = "on",
        [SET_MESSAGE] = "off",
        [SET_LANGUAGE] = "en",
        [SET_LAMP] = "confirmed",
        [SET_FREE_ORBIT] = "park",
        [SET_RETRIEVE_ALLOW] = "",
        [SET_WATCH_ALLOW] = "",
        [SET_MUSIC] = "",
        [SET_NO_FORWARD] = "on",
        [SET_ANNOUNCE_BACK] = "off",
        [SET_RINGBACK_CONFIRM] = "off",
        [SET_PARK_ALLOW] = "",
        [SET_PIN] = "",
    };
    char text[LIST_SIZE];
    struct rules r;

    (void)state;
    rules_default(&r);
    assert_int_equal(r.pickup_timeout, 90000);
    assert_int_equal(r.max_park, 86400000);
    assert_true(r.music_on_hold);
    for (unsigned i = 0; i < SETTING_KEYS; i++) {
        rules_text(text, &r, (enum setting_key)i);
        assert_string_equal(text, texts[i]);
    }
    assert_int_equal(rules_check(&r, NULL), 0);
}

struct line {
    enum setting_key key;
    const char *text;
    const char *shown; /* NULL: refused */
    const char *words;
};

static void check_lines(const struct line *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct settings s = { 0 };
        struct err err = { 0 };
        char shown[LIST_SIZE];
        int failed = settings_set(&s, table[i].key, table[i].text, &err);

        rules_text(shown, &s.values, table[i].key);
        if (table[i].shown ? failed || !text_is(shown, table[i].shown)
                           : !failed || !strstr(err.text, table[i].words))
            fail_msg("%s='%s': '%s' %s", setting_info(table[i].key)->name,
                     table[i].text ? table[i].text : "NULL", shown, err.text);
        assert_int_equal(s.set, failed ? 0 : UINT32_C(1) << table[i].key);
        assert_true(text_is_plain(err.text));
    }
}

static void takes_durations_and_counts(void **state)
{
    static const struct line table[] = {
        { SET_PICKUP_TIMEOUT, "10s", "10", "" },
        { SET_PICKUP_TIMEOUT, " 90 ", "90", "" },
        { SET_PICKUP_TIMEOUT, "1m30s", "90", "" },
        { SET_PICKUP_TIMEOUT, "00:01:30", "90", "" },
        { SET_PICKUP_TIMEOUT, "1h", "3600", "" },
        { SET_PICKUP_TIMEOUT, "off", "off", "" },
        { SET_PICKUP_TIMEOUT, "OFF", "off", "" },
        { SET_PICKUP_TIMEOUT, "9s", NULL, "pickup_timeout cannot be '9s': use 10s to 1h, or off" },
        { SET_PICKUP_TIMEOUT, "3601", NULL, "use 10s to 1h, or off" },
        { SET_PICKUP_TIMEOUT, "0", NULL, "use 10s to 1h, or off" },
        { SET_PICKUP_TIMEOUT, "", NULL, "pickup_timeout cannot be ''" },
        { SET_PICKUP_TIMEOUT, NULL, NULL, "pickup_timeout cannot be ''" },
        { SET_PICKUP_TIMEOUT, "90\r\nX: y", NULL, "cannot be '90??X: y'" },
        { SET_RING_TIME, "5", "5", "" },
        { SET_RING_TIME, "2m", "120", "" },
        { SET_RING_TIME, "4", NULL, "ring_time cannot be '4': use 5s to 2m" },
        { SET_RING_TIME, "121", NULL, "use 5s to 2m" },
        { SET_RING_TIME, "off", NULL, "use 5s to 2m" },
        { SET_MAX_PARK, "1m", "60", "" },
        { SET_MAX_PARK, "7d", "604800", "" },
        { SET_MAX_PARK, "7.00:00:00", "604800", "" },
        { SET_MAX_PARK, "59s", NULL, "max_park cannot be '59s': use 1m to 7d" },
        { SET_MAX_PARK, "7d1s", NULL, "use 1m to 7d" },
        { SET_MAX_PARK, "off", NULL, "use 1m to 7d" },
        { SET_COOL_DOWN, "0", "0", "" },
        { SET_COOL_DOWN, "1h", "3600", "" },
        { SET_COOL_DOWN, "61m", NULL, "cool_down cannot be '61m': use 0s to 1h" },
        { SET_MAX_PICKUP_ATTEMPTS, "1", "1", "" },
        { SET_MAX_PICKUP_ATTEMPTS, "10", "10", "" },
        { SET_MAX_PICKUP_ATTEMPTS, "0", NULL, "max_pickup_attempts cannot be '0': use 1 to 10" },
        { SET_MAX_PICKUP_ATTEMPTS, "11", NULL, "use 1 to 10" },
        { SET_MAX_PICKUP_ATTEMPTS, "4294967297", NULL, "use 1 to 10" },
        { SET_MAX_PICKUP_ATTEMPTS, "two", NULL, "use 1 to 10" },
    };

    (void)state;
    check_lines(table, COUNT(table));
}

static void takes_switches_and_choices(void **state)
{
    static const struct line table[] = {
        { SET_MUSIC_ON_HOLD, "on", "on", "" },
        { SET_MUSIC_ON_HOLD, "True", "on", "" },
        { SET_MUSIC_ON_HOLD, "$true", "on", "" },
        { SET_MUSIC_ON_HOLD, "yes", "on", "" },
        { SET_MUSIC_ON_HOLD, "1", "on", "" },
        { SET_MUSIC_ON_HOLD, "off", "off", "" },
        { SET_MUSIC_ON_HOLD, "False", "off", "" },
        { SET_MUSIC_ON_HOLD, "0", "off", "" },
        { SET_MUSIC_ON_HOLD, "maybe", NULL, "music_on_hold cannot be 'maybe': use on or off" },
        { SET_MUSIC_ON_HOLD, "", NULL, "use on or off" },
        { SET_ANNOUNCE, "no", "off", "" },
        { SET_ALLOCATION, "lru", "lru", "" },
        { SET_ALLOCATION, "Random", "random", "" },
        { SET_ALLOCATION, "sequential", "sequential", "" },
        { SET_ALLOCATION, "lowest", "lowest", "" },
        { SET_ALLOCATION, "low", NULL,
          "allocation cannot be 'low': use lru, random, sequential or lowest" },
        { SET_ALLOCATION, "lru|random", NULL, "use lru, random, sequential or lowest" },
        { SET_ALLOCATION, "", NULL, "use lru, random, sequential or lowest" },
        { SET_LAMP, "early", "early", "" },
        { SET_LAMP, "on", NULL, "lamp cannot be 'on': use confirmed or early" },
        { SET_FREE_ORBIT, "reject", "reject", "" },
        { SET_FREE_ORBIT, "announce", NULL, "free_orbit cannot be 'announce': use park or reject" },
    };

    (void)state;
    check_lines(table, COUNT(table));
}

static void takes_uris(void **state)
{
    static const struct line table[] = {
        { SET_TIMEOUT_URI, "sip:operator@contoso.com", "sip:operator@contoso.com", "" },
        { SET_TIMEOUT_URI, "SIP:operator@contoso.com", "SIP:operator@contoso.com", "" },
        { SET_TIMEOUT_URI, "sips:op@contoso.com:5061;transport=tls",
          "sips:op@contoso.com:5061;transport=tls", "" },
        { SET_TIMEOUT_URI, "sip:pbx", "sip:pbx", "" },
        { SET_TIMEOUT_URI, "sip:9@[2001:db8::1]:5060", "sip:9@[2001:db8::1]:5060", "" },
        { SET_TIMEOUT_URI, "sip:%23600@pbx", "sip:%23600@pbx", "" },
        { SET_TIMEOUT_URI, "tel:+1-425-555-0100", "tel:+1-425-555-0100", "" },
        { SET_TIMEOUT_URI, "tel:911;phone-context=contoso.com", "tel:911;phone-context=contoso.com",
          "" },
        { SET_TIMEOUT_URI, "", "", "" }, /* no fallback, said here against a wider scope */
        { SET_TIMEOUT_URI, "none", "", "" },
        { SET_TIMEOUT_URI, "operator@contoso.com", NULL,
          "timeout_uri 'operator@contoso.com' is no URI: begin it with sip:, sips: or tel:" },
        { SET_TIMEOUT_URI, "http://contoso.com", NULL, "is no URI: begin it with sip:" },
        { SET_TIMEOUT_URI, "sipx:a@b", NULL, "is no URI" },
        { SET_TIMEOUT_URI, "sip", NULL, "is no URI" },
        { SET_TIMEOUT_URI, "sip:", NULL, "has no valid host" },
        { SET_TIMEOUT_URI, "sip:@contoso.com", NULL, "has no user in front of the @" },
        { SET_TIMEOUT_URI, "sip:op@", NULL, "has no valid host" },
        { SET_TIMEOUT_URI, "sip:op@;transport=tcp", NULL, "has no valid host" },
        { SET_TIMEOUT_URI, "sip:op@a@b", NULL, "has more than one @" },
        { SET_TIMEOUT_URI, "sip:op@contoso.com:0", NULL, "has no valid host" },
        { SET_TIMEOUT_URI, "sip:op@contoso.com:65536", NULL, "has no valid host" },
        { SET_TIMEOUT_URI, "sip:op@contoso.com:x", NULL, "has no valid host" },
        { SET_TIMEOUT_URI, "sip:op@[2001:db8::1", NULL, "has no valid host" },
        { SET_TIMEOUT_URI, "sip:op@[1.2.3.4]", NULL, "has no valid host" },
        { SET_TIMEOUT_URI, "sip:op@[::1]x", NULL, "has no valid host" },
        { SET_TIMEOUT_URI, "sip:op@.contoso.com", NULL, "has no valid host" },
        { SET_TIMEOUT_URI, "sip:op@con!toso.com", NULL, "has no valid host" },
        { SET_TIMEOUT_URI, "tel:", NULL, "has no telephone number: use tel:+14255550100" },
        { SET_TIMEOUT_URI, "tel:+", NULL, "has no telephone number" },
        { SET_TIMEOUT_URI, "tel:;a=1", NULL, "has no telephone number" },
        { SET_TIMEOUT_URI, "tel:abc", NULL, "has no telephone number" },
        { SET_TIMEOUT_URI, "tel:1+2", NULL, "has no telephone number" },
        /* What would put something into our requests. */
        { SET_TIMEOUT_URI, "sip:op@contoso.com?Route=%3Csip:evil%3E", NULL, "has '?' in it" },
        { SET_TIMEOUT_URI, "sip:op@contoso.com\r\nX: y", NULL, "has control characters" },
        { SET_TIMEOUT_URI, "sip:op@contoso.com\n", NULL, "has control characters" },
        { SET_TIMEOUT_URI, "sip:o p@contoso.com", NULL, "has ' ' in it" },
        { SET_TIMEOUT_URI, "sip:op%0d%0aX@contoso.com", NULL, "has an escaped control character" },
        { SET_TIMEOUT_URI, "sip:op%0A@contoso.com", NULL, "has an escaped control character" },
        { SET_TIMEOUT_URI, "sip:op%00@contoso.com", NULL, "has an escaped control character" },
        { SET_TIMEOUT_URI, "sip:op%7f@contoso.com", NULL, "has an escaped control character" },
        { SET_TIMEOUT_URI, "tel:1;x=%0d", NULL, "has an escaped control character" },
        { SET_TIMEOUT_URI, "sip:op%4@contoso.com", NULL, "has a % without two hex digits" },
        { SET_TIMEOUT_URI, "sip:a@b;x=%", NULL, "has a % without two hex digits" },
        { SET_TIMEOUT_URI, "<sip:op@contoso.com>", NULL, "has '<' in it" },
        { SET_TIMEOUT_URI, "sip:\xC3\xBC@contoso.com", NULL, "has '" },
    };

    (void)state;
    check_lines(table, COUNT(table));
}

static void takes_texts(void **state)
{
    static const struct line table[] = {
        { SET_RINGBACK_PREFIX, "", "", "" },
        { SET_RINGBACK_PREFIX, "%o %n %u 100%%", "%o %n %u 100%%", "" },
        { SET_RINGBACK_PREFIX,
          "Zur\xC3\xBC"
          "ck %o",
          "Zur\xC3\xBC"
          "ck %o",
          "" },
        { SET_RINGBACK_PREFIX, "%s", NULL, "ringback_prefix '%s' has a % that stands for nothing" },
        { SET_RINGBACK_PREFIX, "Park %", NULL, "has a % that stands for nothing" },
        { SET_RINGBACK_PREFIX, "a\tb", NULL, "ringback_prefix has control characters" },
        { SET_RINGBACK_PREFIX,
          "a\xC2\x85"
          "b",
          NULL, "has control characters" },
        { SET_ALERT_INFO, "", "", "" },
        { SET_ALERT_INFO, "<Bellcore-dr2>", "<Bellcore-dr2>", "" },
        { SET_ALERT_INFO, "<http://www.notused.com>;info=internal;x-line-id=0",
          "<http://www.notused.com>;info=internal;x-line-id=0", "" },
        { SET_ALERT_INFO, "info=park", NULL, "is no Alert-Info: use <urn:" },
        { SET_ALERT_INFO, "<>", NULL, "is no Alert-Info" },
        { SET_ALERT_INFO, "<a b>", NULL, "is no Alert-Info" },
        { SET_ALERT_INFO, "<urn:a>, <urn:b>", NULL, "has more behind the > than parameters" },
        { SET_ALERT_INFO, "<urn:a>;x=\"y", NULL, "has more behind the >" },
        { SET_ALERT_INFO, "<urn:a>\r\nX: y", NULL, "has control characters" },
        { SET_PIN, "2580", "2580", "" },
        { SET_PIN, " 00000000 ", "00000000", "" },
        { SET_PIN, "", "", "" },
        { SET_PIN, SETTING_KEPT, SETTING_KEPT, "" },
        { SET_PIN, "258", NULL, "pin '****' is no PIN: use 4 to 8 digits" },
        { SET_PIN, "123456789", NULL, "pin is longer than 8 bytes" },
        { SET_PIN, "25a0", NULL, "pin '****' is no PIN" },
        { SET_PIN, "25\r\n0", NULL, "pin has control characters or broken UTF-8 in it: '****'" },
        { SET_LANGUAGE, "de", "de", "" },
        { SET_LANGUAGE, "pt-BR", "pt-BR", "" },
        { SET_LANGUAGE, "", NULL, "language '' is no language: use one such as en" },
        { SET_LANGUAGE, "english", NULL, "is no language" },
        { SET_LANGUAGE, "e", NULL, "is no language" },
        { SET_LANGUAGE, "de-", NULL, "is no language" },
        { SET_LANGUAGE, "../de", NULL, "is no language" },
        { SET_LANGUAGE, "de/../..", NULL, "is no language" }, /* it names a folder of prompts */
        { SET_LANGUAGE, "de-aaaaaaaaaaaaaaaa", NULL, "language is longer than 15 bytes" },
        { SET_MUSIC, "", "", "" },
        { SET_MUSIC, HASH, HASH, "" },
        { SET_MUSIC, "hold.wav", NULL, "music 'hold.wav' names no uploaded file: upload one with" },
        { SET_MUSIC, HASH "0", NULL, "music is longer than 64 bytes" },
        { SET_MUSIC, "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", NULL,
          "names no uploaded file" },
        { SET_RETRIEVE_ALLOW, "10.0.0.0/8", "10.0.0.0/8", "" },
        { SET_RETRIEVE_ALLOW, "10.1.2.3, 2001:db8::/32,sip:2??@contoso.com , 2??",
          "10.1.2.3, 2001:db8::/32,sip:2??@contoso.com , 2??", "" },
        { SET_RETRIEVE_ALLOW, "10.0.0.0/33", NULL,
          "retrieve_allow '10.0.0.0/33' has '10.0.0.0/33' in it, which is no network" },
        { SET_RETRIEVE_ALLOW, "10.0.0.256", NULL, "which is no network" },
        { SET_RETRIEVE_ALLOW, "10.0.0", NULL, "which is no network" },
        { SET_RETRIEVE_ALLOW, "2001:db8::/129", NULL, "which is no network" },
        { SET_RETRIEVE_ALLOW, "201,,202", NULL, "has an empty item" },
        { SET_RETRIEVE_ALLOW, "201,", NULL, "has an empty item" },
        { SET_RETRIEVE_ALLOW, ",201", NULL, "has an empty item" },
        { SET_RETRIEVE_ALLOW, "2 01", NULL, "which is neither a network" },
        { SET_RETRIEVE_ALLOW, "\"x\"", NULL, "which is neither a network" },
        { SET_RETRIEVE_ALLOW, "201\r\n", NULL, "has control characters" },
    };

    (void)state;
    check_lines(table, COUNT(table));
}

/* What is shown in place of a secret may be given back, and means: as it is. */
static void keeps_a_secret(void **state)
{
    struct settings now = { 0 }, to = { 0 };
    struct err err = { 0 };

    (void)state;
    assert_int_equal(settings_keep(&to, &now, &err), 0);
    assert_int_equal(to.set, 0);
    assert_int_equal(settings_set(&to, SET_PIN, SETTING_KEPT, NULL), 0);
    assert_int_not_equal(settings_keep(&to, &now, &err), 0);
    assert_non_null(strstr(err.text, "give its digits"));
    assert_int_equal(settings_set(&now, SET_PIN, "2580", NULL), 0);
    assert_int_equal(settings_keep(&to, &now, &err), 0);
    assert_string_equal(to.values.pin, "2580");
}

static void bounds_the_length(void **state)
{
    struct settings s = { 0 };
    struct err err = { 0 };
    char text[2 * LIST_SIZE];

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, "sip:", 4);
    text[URI_SIZE - 1] = '\0';
    assert_int_equal(settings_set(&s, SET_TIMEOUT_URI, text, &err), 0);
    assert_int_equal(strlen(s.values.timeout_uri), URI_SIZE - 1);
    text[URI_SIZE - 1] = 'a';
    text[URI_SIZE] = '\0';
    assert_int_not_equal(settings_set(&s, SET_TIMEOUT_URI, text, &err), 0);
    assert_string_equal(err.text, "timeout_uri is longer than 255 bytes: shorten it");
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_not_equal(settings_set(&s, SET_RETRIEVE_ALLOW, text, &err), 0);
    assert_non_null(strstr(err.text, "too long"));
    assert_int_equal(s.set, UINT32_C(1) << SET_TIMEOUT_URI); /* and the value of before is kept */
    assert_int_equal(strlen(s.values.timeout_uri), URI_SIZE - 1);
}

static void inherits(void **state)
{
    struct settings wide = { 0 }, near = { 0 };
    struct rules r;

    (void)state;
    rules_default(&r);
    assert_int_equal(settings_set(&wide, SET_TIMEOUT_URI, "sip:a@b", NULL), 0);
    assert_int_equal(settings_set(&wide, SET_RING_TIME, "10", NULL), 0);
    assert_int_equal(settings_set(&near, SET_TIMEOUT_URI, "", NULL), 0);
    assert_int_equal(settings_set(&near, SET_ALLOCATION, "lowest", NULL), 0);
    rules_apply(&r, &wide);
    assert_string_equal(r.timeout_uri, "sip:a@b");
    rules_apply(&r, &near);
    assert_string_equal(r.timeout_uri, "");
    assert_int_equal(r.ring_time, 10000);
    assert_int_equal(r.allocation, ALLOC_LOWEST);
    assert_int_equal(r.pickup_timeout, 90000);
    settings_unset(&near, SET_TIMEOUT_URI);
    rules_default(&r);
    rules_apply(&r, &wide);
    rules_apply(&r, &near);
    assert_string_equal(r.timeout_uri, "sip:a@b");
    assert_string_equal(allocation_name(r.allocation), "lowest");
}

static void rules_hold_together(void **state)
{
    struct err err = { 0 };
    struct rules r;

    (void)state;
    rules_default(&r);
    r.pickup_timeout = NEVER;
    assert_int_equal(rules_check(&r, &err), 0);
    r.max_park = NEVER;
    assert_true(rules_check(&r, &err) < 0);
    assert_non_null(strstr(err.text, "set max_park"));
    r.pickup_timeout = 90000;
    assert_int_equal(rules_check(&r, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_names),
        cmocka_unit_test(has_the_defaults_of_the_design),
        cmocka_unit_test(takes_durations_and_counts),
        cmocka_unit_test(takes_switches_and_choices),
        cmocka_unit_test(takes_uris),
        cmocka_unit_test(takes_texts),
        cmocka_unit_test(keeps_a_secret),
        cmocka_unit_test(bounds_the_length),
        cmocka_unit_test(inherits),
        cmocka_unit_test(rules_hold_together),
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}

/* What is agreed on about audio: sip.md 6.1 line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "core/session.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct session_offer offer(void)
{
    return (struct session_offer){
        .present = true,
        .usable = true,
        .rtp = { "192.0.2.1", 4000 },
        .rtcp = { "192.0.2.1", 4001 },
        .direction = DIR_SENDRECV,
        .codecs = { { CODEC_PCMA, 8 }, { CODEC_PCMU, 0 }, { CODEC_G722, 9 } },
        .codec_count = 3,
        .dtmf_payload_type = 101,
    };
}

static const struct session_wish no_wish = { CODEC_NONE, false };

static void agrees_on_the_usual(void **state)
{
    struct session_offer o = offer();
    struct session s, again;

    (void)state;
    assert_int_equal(session_agree(&o, &no_wish, &s), SESSION_AGREED);
    assert_int_equal(s.codec, CODEC_PCMA);
    assert_int_equal(s.payload_type, 8);
    assert_int_equal(s.dtmf_payload_type, 101);
    assert_int_equal(s.ptime, 20);
    assert_int_equal(s.direction, DIR_SENDRECV);
    assert_string_equal(s.rtp.host, "192.0.2.1");
    assert_int_equal(s.rtp.port, 4000);
    assert_int_equal(s.rtcp.port, 4001);
    assert_false(s.rtcp_mux);
    assert_int_equal(session_agree(&o, &no_wish, &again), SESSION_AGREED);
    assert_true(session_equal(&s, &again));
}

static void answers_direction(void **state)
{
    static const struct {
        enum direction theirs;
        bool hold;
        enum direction ours;
    } table[] = {
        { DIR_SENDRECV, false, DIR_SENDRECV }, /* never sendonly: a phone behind NAT must send */
        { DIR_RECVONLY, false, DIR_SENDONLY }, { DIR_SENDONLY, false, DIR_RECVONLY },
        { DIR_INACTIVE, false, DIR_INACTIVE }, { DIR_SENDRECV, true, DIR_SENDONLY },
        { DIR_RECVONLY, true, DIR_SENDONLY },  { DIR_SENDONLY, true, DIR_INACTIVE },
        { DIR_INACTIVE, true, DIR_INACTIVE },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct session_wish wish = { CODEC_NONE, table[i].hold };
        struct session_offer o = offer();
        struct session s;

        o.direction = table[i].theirs;
        assert_int_equal(session_agree(&o, &wish, &s), SESSION_AGREED);
        assert_string_equal(direction_name(s.direction), direction_name(table[i].ours));
    }
}

static void chooses_codec(void **state)
{
    static const struct {
        struct session_codec codecs[3];
        unsigned count;
        enum codec prefer;
        enum codec codec; /* CODEC_NONE: no agreement */
        unsigned payload_type;
    } table[] = {
        { { { CODEC_PCMA, 8 }, { CODEC_G722, 9 } }, 2, CODEC_NONE, CODEC_PCMA, 8 },
        { { { CODEC_PCMA, 8 }, { CODEC_G722, 9 } }, 2, CODEC_G722, CODEC_G722, 9 },
        { { { CODEC_PCMA, 8 }, { CODEC_G722, 9 } }, 2, CODEC_PCMU, CODEC_PCMA, 8 },
        { { { CODEC_PCMU, 107 } }, 1, CODEC_NONE, CODEC_PCMU, 107 }, /* MD-04: a dynamic number */
        { { { CODEC_NONE, 111 }, { CODEC_PCMU, 0 } }, 2, CODEC_NONE, CODEC_PCMU, 0 },
        { { { CODEC_NONE, 111 } }, 1, CODEC_NONE, CODEC_NONE, 0 },
        { { { CODEC_PCMU, 200 } }, 1, CODEC_NONE, CODEC_NONE, 0 }, /* no payload type: 7 bits */
        { { { CODECS, 8 } }, 1, CODEC_NONE, CODEC_NONE, 0 },
        { { { CODEC_PCMU, 0 } }, 0, CODEC_NONE, CODEC_NONE, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct session_wish wish = { table[i].prefer, false };
        struct session_offer o = offer();
        struct session s = { .ptime = 77 };
        enum session_verdict verdict;

        memcpy(o.codecs, table[i].codecs, sizeof table[i].codecs);
        o.codec_count = (uint8_t)table[i].count;
        verdict = session_agree(&o, &wish, &s);
        assert_int_equal(verdict, table[i].codec ? SESSION_AGREED : SESSION_NO_CODEC);
        assert_int_equal(s.codec, table[i].codec);
        assert_int_equal(s.payload_type, table[i].payload_type);
        if (verdict != SESSION_AGREED)
            assert_int_equal(s.ptime, 77); /* untouched */
    }
}

static void chooses_packet_time(void **state)
{
    static const struct {
        uint8_t ptime, maxptime, ours;
    } table[] = {
        { 0, 0, 20 },  { 10, 0, 10 }, { 30, 0, 30 }, { 40, 0, 40 },  { 60, 0, 60 }, /* MD-05 */
        { 70, 0, 20 }, { 25, 0, 20 }, { 5, 0, 20 },  { 0, 30, 20 },  { 40, 30, 30 }, { 30, 30, 30 },
        { 0, 10, 10 }, { 0, 15, 10 }, { 0, 5, 10 },  { 60, 45, 40 }, { 0, 255, 20 }, { 250, 0, 20 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct session_offer o = offer();
        struct session s;

        o.ptime = table[i].ptime;
        o.maxptime = table[i].maxptime;
        assert_int_equal(session_agree(&o, &no_wish, &s), SESSION_AGREED);
        assert_int_equal(s.ptime, table[i].ours);
    }
}

static void takes_opus_in_short_packets_only_where_nothing_else_is(void **state)
{
    static const struct session_codec codecs[] = { { CODEC_OPUS, 111 }, { CODEC_PCMA, 8 } };
    static const struct {
        uint8_t maxptime, count;
        enum codec ours;
        uint8_t ptime;
    } table[] = {
        { 0, 2, CODEC_OPUS, 20 },
        { 20, 2, CODEC_OPUS, 20 },
        { 13, 2, CODEC_PCMA, 10 },
        { 13, 1, CODEC_OPUS, 20 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct session_wish wish = { CODEC_OPUS, false };
        struct session_offer o = offer();
        struct session s;

        memcpy(o.codecs, codecs, sizeof codecs);
        o.codec_count = table[i].count;
        o.maxptime = table[i].maxptime;
        assert_int_equal(session_agree(&o, &wish, &s), SESSION_AGREED);
        assert_int_equal(s.codec, table[i].ours);
        assert_int_equal(s.ptime, table[i].ptime);
    }
}

static void judges_addresses(void **state)
{
    static const struct {
        const char *host;
        uint16_t port;
        bool allowed;
    } table[] = {
        { "192.0.2.1", 4000, true },
        { "127.0.0.1", 4000, true },
        { "2001:db8::1", 4000, true },
        { "::1", 4000, true },
        { "::ffff:192.0.2.1", 4000, true },
        { "192.0.2.1", 0, false },
        { "", 4000, false },
        { "example.com", 4000, false },
        { "[::1]", 4000, false },
        { "fe80::1%eth0", 4000, false },
        { "0.0.0.0", 4000, false },
        { "0.1.2.3", 4000, false },
        { "::", 4000, false },
        { "::ffff:0.0.0.0", 4000, false },
        { "224.0.0.1", 4000, false },
        { "239.255.255.255", 4000, false },
        { "ff02::1", 4000, false },
        { "::ffff:224.0.0.1", 4000, false }, /* multicast in disguise */
        { "255.255.255.255", 4000, false },
        { "192.0.2.256", 4000, false },
        { "192.0.2", 4000, false },
        { "192.0.2.1 ", 4000, false },
        { "010.0.0.1", 4000, false }, /* octal to some, decimal to others */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct address a = { .port = table[i].port };

        (void)text_copy(a.host, sizeof a.host, table[i].host);
        if (session_address_allowed(&a) != table[i].allowed)
            fail_msg("'%s' port %u", table[i].host, table[i].port);
    }
}

static void says_what_is_wrong_with_an_address(void **state)
{
    static const struct {
        const char *host;
        uint16_t port;
        bool loopback;
        const char *word; /* NULL: nothing is */
    } table[] = {
        { "192.0.2.1", 4000, false, NULL },
        { "2001:db8::1", 4000, false, NULL },
        { "127.0.0.1", 4000, true, NULL },
        { "::1", 4000, true, NULL },
        { "127.0.0.1", 4000, false, "loopback" },
        { "127.8.9.1", 4000, false, "loopback" },
        { "::ffff:127.0.0.1", 4000, false, "loopback" },
        { "::1", 4000, false, "loopback" },
        { "224.0.0.1", 4000, true, "multicast" },
        { "ff02::1", 4000, true, "multicast" },
        { "::ffff:239.0.0.1", 4000, true, "multicast" },
        { "255.255.255.255", 4000, true, "broadcast" },
        { "0.0.0.0", 4000, true, "no address to send to" },
        { "::", 4000, true, "no address to send to" },
        { "192.0.2.1", 0, true, "names no port" },
        { "phone.example.com", 4000, true, "numeric" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct address a = { .port = table[i].port };
        const char *fault;

        (void)text_copy(a.host, sizeof a.host, table[i].host);
        fault = session_address_fault(&a, table[i].loopback);
        if (!fault != !table[i].word || (fault && !strstr(fault, table[i].word)))
            fail_msg("'%s' port %u: %s", table[i].host, table[i].port, fault ? fault : "fine");
    }
}

static void knows_hold_by_address(void **state)
{
    static const struct {
        const char *host;
        enum direction theirs;
        enum session_verdict verdict;
    } table[] = {
        { "0.0.0.0", DIR_SENDONLY, SESSION_AGREED },
        { "0.0.0.0", DIR_INACTIVE, SESSION_AGREED },
        { "::", DIR_INACTIVE, SESSION_AGREED },
        { "0.0.0.0", DIR_SENDRECV, SESSION_BAD_ADDRESS }, /* we would send there */
        { "0.0.0.0", DIR_RECVONLY, SESSION_BAD_ADDRESS },
        { "224.0.0.1", DIR_SENDONLY, SESSION_BAD_ADDRESS }, /* RTCP would go there */
        { "pbx.example", DIR_INACTIVE, SESSION_BAD_ADDRESS },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct session_offer o = offer();
        struct session s;

        (void)text_copy(o.rtp.host, sizeof o.rtp.host, table[i].host);
        o.direction = table[i].theirs;
        assert_int_equal(session_agree(&o, &no_wish, &s), table[i].verdict);
        if (table[i].verdict != SESSION_AGREED)
            continue;
        assert_string_equal(s.rtp.host, ""); /* nobody can send to it by mistake */
        assert_int_equal(s.rtp.port, 0);
        assert_string_equal(s.rtcp.host, "");
    }
}

static void finds_rtcp(void **state)
{
    static const struct {
        struct address rtp, rtcp;
        bool mux;
        struct address ours;
    } table[] = {
        { { "192.0.2.1", 4000 }, { "192.0.2.9", 5555 }, false, { "192.0.2.9", 5555 } },
        { { "192.0.2.1", 4000 }, { "192.0.2.9", 5555 }, true, { "192.0.2.1", 4000 } },
        { { "192.0.2.1", 4000 }, { "", 0 }, false, { "192.0.2.1", 4001 } },
        { { "192.0.2.1", 4000 }, { "224.0.0.1", 4001 }, false, { "192.0.2.1", 4001 } },
        { { "192.0.2.1", 65535 }, { "", 0 }, false, { "", 0 } },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct session_offer o = offer();
        struct session s;

        o.rtp = table[i].rtp;
        o.rtcp = table[i].rtcp;
        o.rtcp_mux = table[i].mux;
        assert_int_equal(session_agree(&o, &no_wish, &s), SESSION_AGREED);
        assert_string_equal(s.rtcp.host, table[i].ours.host);
        assert_int_equal(s.rtcp.port, table[i].ours.port);
        assert_int_equal(s.rtcp_mux, table[i].mux);
    }
}

static void refuses_what_has_no_audio(void **state)
{
    struct session_offer o = offer();
    struct session s;

    (void)state;
    o.usable = false;
    assert_int_equal(session_agree(&o, &no_wish, &s), SESSION_NO_AUDIO);
    o = offer();
    o.present = false;
    assert_int_equal(session_agree(&o, &no_wish, &s), SESSION_NO_AUDIO);
    o = offer();
    o.dtmf_payload_type = 300;
    assert_int_equal(session_agree(&o, &no_wish, &s), SESSION_AGREED);
    assert_int_equal(s.dtmf_payload_type, -1);
}

static void sees_every_difference(void **state)
{
    struct session_offer o = offer();
    struct session a, b;

    (void)state;
    assert_int_equal(session_agree(&o, &no_wish, &a), SESSION_AGREED);
#define DIFFERS(change)                                                                            \
    b = a;                                                                                         \
    b.change;                                                                                      \
    assert_false(session_equal(&a, &b))
    DIFFERS(codec = CODEC_G722);
    DIFFERS(payload_type = 96);
    DIFFERS(dtmf_payload_type = -1);
    DIFFERS(ptime = 30);
    DIFFERS(direction = DIR_INACTIVE);
    DIFFERS(rtp.port = 1);
    DIFFERS(rtp.host[0] = '2');
    DIFFERS(rtcp.port = 1);
    DIFFERS(rtcp_mux = true);
    DIFFERS(profile = PROFILE_SAVP);
    DIFFERS(keying = KEYING_SDES);
    DIFFERS(crypto.suite = SRTP_AES_128_GCM);
    DIFFERS(crypto.key[45] = 1);
    DIFFERS(crypto.mki_size = 1);
    DIFFERS(dtls.fingerprint_count = 1);
    DIFFERS(dtls.setup = SETUP_ACTIVE);
    DIFFERS(dtls.association = 1);
    DIFFERS(ice.present = true);
    DIFFERS(ice.pwd[0] = 'a');
}

/* MD-09: which keys, and when there must be some. */
static void agrees_on_keys(void **state)
{
    static const struct {
        enum srtp_policy srtp;
        enum profile profile;
        bool crypto, handshake;
        enum session_verdict verdict;
        enum keying keying;
    } table[] = {
        { SRTP_OPTIONAL, PROFILE_AVP, false, false, SESSION_AGREED, KEYING_NONE },
        { SRTP_OPTIONAL, PROFILE_AVP, true, false, SESSION_AGREED, KEYING_SDES }, /* RFC 8643 */
        { SRTP_OPTIONAL, PROFILE_AVP, false, true, SESSION_AGREED, KEYING_DTLS },
        { SRTP_OPTIONAL, PROFILE_AVP, true, true, SESSION_AGREED, KEYING_SDES },
        { SRTP_OPTIONAL, PROFILE_SAVP, true, false, SESSION_AGREED, KEYING_SDES },
        { SRTP_OPTIONAL, PROFILE_SAVPF, true, false, SESSION_AGREED, KEYING_SDES },
        { SRTP_OPTIONAL, PROFILE_SAVP, false, false, SESSION_NO_KEYS, KEYING_NONE },
        { SRTP_OPTIONAL, PROFILE_DTLS_AVPF, false, true, SESSION_AGREED, KEYING_DTLS },
        { SRTP_OPTIONAL, PROFILE_DTLS_AVPF, true, true, SESSION_AGREED, KEYING_DTLS },
        { SRTP_OPTIONAL, PROFILE_DTLS, true, false, SESSION_NO_KEYS, KEYING_NONE },
        { SRTP_OFF, PROFILE_AVP, true, true, SESSION_AGREED, KEYING_NONE },
        { SRTP_OFF, PROFILE_SAVP, true, true, SESSION_NO_KEYS, KEYING_NONE },
        { SRTP_REQUIRED, PROFILE_AVP, false, false, SESSION_NO_KEYS, KEYING_NONE },
        { SRTP_REQUIRED, PROFILE_AVP, true, false, SESSION_AGREED, KEYING_SDES },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct session_offer o = offer();
        struct session s;

        o.srtp = table[i].srtp;
        o.profile = table[i].profile;
        o.crypto_count = table[i].crypto ? 2 : 0;
        o.crypto[0] = (struct session_crypto){ .tag = 7, .suite = SRTP_AES_128_GCM };
        o.crypto[1] = (struct session_crypto){ .tag = 8, .suite = SRTP_AES_128_SHA1_80 };
        o.dtls.fingerprint_count = table[i].handshake ? 1 : 0;
        if (session_agree(&o, &no_wish, &s) != table[i].verdict)
            fail_msg("row %zu", i);
        if (table[i].verdict != SESSION_AGREED)
            continue;
        assert_int_equal(s.keying, table[i].keying);
        assert_int_equal(s.profile, table[i].profile);
        assert_int_equal(s.crypto.tag, s.keying == KEYING_SDES ? 7 : 0);
        assert_int_equal(s.dtls.fingerprint_count, s.keying == KEYING_DTLS ? 1 : 0);
    }
}

static void takes_digits_at_the_clock_of_the_audio(void **state)
{
    struct session_offer o = offer();
    struct session s;

    (void)state;
    o.codecs[0] = (struct session_codec){ CODEC_OPUS, 111 };
    assert_int_equal(session_agree(&o, &no_wish, &s), SESSION_AGREED);
    assert_int_equal(s.dtmf_payload_type, -1);
    o.opus_dtmf_payload_type = 110;
    assert_int_equal(session_agree(&o, &no_wish, &s), SESSION_AGREED);
    assert_int_equal(s.dtmf_payload_type, 110);
    o.codecs[0].codec = CODEC_PCMA;
    assert_int_equal(session_agree(&o, &no_wish, &s), SESSION_AGREED);
    assert_int_equal(s.dtmf_payload_type, 101);
}

static void names_what_protects(void **state)
{
    enum profile p;

    (void)state;
    assert_int_equal(suite_by_name("AEAD_AES_256_GCM|", 16), SRTP_AES_256_GCM);
    assert_int_equal(suite_by_name("AES_CM_128_HMAC_SHA1_8", 22), SRTP_NONE);
    assert_int_equal(suite_by_name("", 0), SRTP_NONE);
    for (unsigned s = SRTP_NONE + 1; s < SRTP_SUITES; s++) {
        const char *name = suite_name((enum srtp_suite)s);

        assert_int_equal(suite_by_name(name, strlen(name)), s);
        assert_in_range(suite_key_size((enum srtp_suite)s), 16, 32);
        assert_in_range(suite_key_size((enum srtp_suite)s) + suite_salt_size((enum srtp_suite)s),
                        28, SRTP_KEY_MAX);
    }
    for (unsigned i = 0; i < PROFILES; i++) {
        assert_true(profile_by_name(profile_name((enum profile)i), &p));
        assert_int_equal(p, i);
        assert_int_equal(profile_is_secure(p), i >= PROFILE_SAVP);
        assert_int_equal(profile_is_dtls(p), i >= PROFILE_DTLS);
    }
    assert_false(profile_by_name("RTP/SAVPX", &p));
    assert_int_equal(fingerprint_hash_by_name("SHA-256", 7), HASH_SHA256);
    assert_int_equal(fingerprint_hash_by_name("md5", 3), HASH_NONE);
    assert_int_equal(fingerprint_size(HASH_SHA512), FINGERPRINT_MAX);
    assert_int_equal(setup_by_name("actpass"), SETUP_ACTPASS);
    assert_int_equal(setup_by_name("sideways"), SETUP_NONE);
    assert_string_equal(setup_name(SETUP_PASSIVE), "passive");
}

static void has_names(void **state)
{
    (void)state;
    assert_string_equal(codec_name(CODEC_PCMU), "PCMU");
    assert_string_equal(codec_name(CODEC_PCMA), "PCMA");
    assert_string_equal(codec_name(CODEC_G722), "G722");
    assert_string_equal(codec_name(CODEC_NONE), "none");
    assert_string_equal(codec_name(CODEC_OPUS), "opus");
    assert_string_equal(codec_name(CODECS), "none");
    assert_int_equal(codec_clock(CODEC_OPUS), 48000);
    assert_int_equal(codec_clock(CODEC_G722), 8000);
    assert_int_equal(codec_payload_type(CODEC_PCMU), 0);
    assert_int_equal(codec_payload_type(CODEC_PCMA), 8);
    assert_int_equal(codec_payload_type(CODEC_G722), 9);
    assert_string_equal(direction_name(DIR_INACTIVE), "inactive");
    assert_string_equal(direction_name(DIR_SENDONLY), "sendonly");
    assert_string_equal(direction_name(DIR_RECVONLY), "recvonly");
    assert_string_equal(direction_name(DIR_SENDRECV), "sendrecv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_on_the_usual),
        cmocka_unit_test(answers_direction),
        cmocka_unit_test(chooses_codec),
        cmocka_unit_test(chooses_packet_time),
        cmocka_unit_test(takes_opus_in_short_packets_only_where_nothing_else_is),
        cmocka_unit_test(judges_addresses),
        cmocka_unit_test(says_what_is_wrong_with_an_address),
        cmocka_unit_test(knows_hold_by_address),
        cmocka_unit_test(finds_rtcp),
        cmocka_unit_test(refuses_what_has_no_audio),
        cmocka_unit_test(sees_every_difference),
        cmocka_unit_test(agrees_on_keys),
        cmocka_unit_test(takes_digits_at_the_clock_of_the_audio),
        cmocka_unit_test(names_what_protects),
        cmocka_unit_test(has_names),
    };

    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}

/* a=crypto (RFC 4568): which lines are taken, which m= line is answered because of them, and what
 * the answer says. MD-03, MD-09. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip/sdp.h"
#include "sip/sdp_crypto.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define K30 "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define K46 "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVzWVNfX19zZW1jdGwgKCkgew=="
#define K28 "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubA=="
#define K44 "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVzWVNfX19zZW1jdGwgKCk="
#define A80 "AES_CM_128_HMAC_SHA1_80"

#define BODY "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
#define CRYPTO "a=crypto:5 " A80 " inline:" K30 "\r\n"

static void reads_key_lines(void **state)
{
    static const struct {
        const char *value;
        enum srtp_suite suite; /* SRTP_NONE: refused */
        uint8_t size, mki_size, mki_last;
    } table[] = {
        { "1 " A80 " inline:" K30, SRTP_AES_128_SHA1_80, 30, 0, 0 },
        { "  999999999   " A80 "  inline:" K30 "  ", SRTP_AES_128_SHA1_80, 30, 0, 0 },
        { "1 aes_cm_128_hmac_sha1_32 inline:" K30, SRTP_AES_128_SHA1_32, 30, 0, 0 },
        { "1 AES_256_CM_HMAC_SHA1_80 inline:" K46, SRTP_AES_256_SHA1_80, 46, 0, 0 },
        { "1 AEAD_AES_128_GCM inline:" K28, SRTP_AES_128_GCM, 28, 0, 0 },
        { "1 AEAD_AES_256_GCM inline:" K44, SRTP_AES_256_GCM, 44, 0, 0 },
        { "1 " A80 " inline:" K30 "|2^31", SRTP_AES_128_SHA1_80, 30, 0, 0 },
        { "1 " A80 " inline:" K30 "|2^31|1:1", SRTP_AES_128_SHA1_80, 30, 1, 1 }, /* Lync */
        { "1 " A80 " inline:" K30 "|1048576|258:4", SRTP_AES_128_SHA1_80, 30, 4, 2 },
        { "1 " A80 " inline:" K30 "|7:2", SRTP_AES_128_SHA1_80, 30, 2, 7 },
        { "1 " A80 " inline:" K30 "|2^20|1:4;inline:" K30 "|2^20|2:4", SRTP_AES_128_SHA1_80, 30, 4,
          1 },
        { "1 " A80 " inline:" K30 " WSH=128 -SOMETHING KDR=0", SRTP_AES_128_SHA1_80, 30, 0, 0 },
        { "1 F8_128_HMAC_SHA1_80 inline:" K30, SRTP_NONE, 0, 0, 0 },
        { "1 " A80 " inline:" K46, SRTP_NONE, 0, 0, 0 },
        { "1 " A80 " inline:" K28, SRTP_NONE, 0, 0, 0 },
        { "1 " A80 " inline:", SRTP_NONE, 0, 0, 0 },
        { "1 " A80 " inline:!!" K30, SRTP_NONE, 0, 0, 0 },
        { "1 " A80 " uri:" K30, SRTP_NONE, 0, 0, 0 },
        { "1 " A80, SRTP_NONE, 0, 0, 0 },
        { "x " A80 " inline:" K30, SRTP_NONE, 0, 0, 0 },
        { "1000000000 " A80 " inline:" K30, SRTP_NONE, 0, 0, 0 },
        { "1 " A80 " inline:" K30 "|sometime", SRTP_NONE, 0, 0, 0 },
        { "1 " A80 " inline:" K30 "|2^31|300:1", SRTP_NONE, 0, 0, 0 },
        { "1 " A80 " inline:" K30 "|2^31|1:17", SRTP_NONE, 0, 0, 0 },
        { "1 " A80 " inline:" K30 " UNENCRYPTED_SRTP", SRTP_NONE, 0, 0, 0 },
        { "1 " A80 " inline:" K30 " KDR=1", SRTP_NONE, 0, 0, 0 },
        { "1 " A80 " inline:" K30 " -a -b -c -d -e -f -g", SRTP_NONE, 0, 0, 0 },
        { "", SRTP_NONE, 0, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct session_crypto c = { .suite = SRTP_NONE };

        if (sdp_crypto_read(&c, table[i].value) != (table[i].suite != SRTP_NONE) ||
            c.suite != table[i].suite || c.key_size != table[i].size ||
            c.mki_size != table[i].mki_size ||
            (c.mki_size && c.mki[c.mki_size - 1] != table[i].mki_last))
            fail_msg("row %zu: %s", i, table[i].value);
        if (c.suite != SRTP_NONE)
            assert_memory_equal(c.key, "YS___semctl () {\t220;}\n}\nunl", 28);
    }
}

static void writes_what_it_reads(void **state)
{
    struct session_crypto c;
    uint8_t key[SRTP_KEY_MAX];
    char text[SDP_CRYPTO_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(i * 37 + 200);
    for (unsigned s = SRTP_NONE + 1; s < SRTP_SUITES; s++) {
        assert_true(sdp_crypto_write(text, 42 + s, (enum srtp_suite)s, key));
        assert_true(sdp_crypto_read(&c, text));
        assert_int_equal(c.tag, 42 + s);
        assert_int_equal(c.suite, s);
        assert_memory_equal(c.key, key, c.key_size);
        assert_int_equal(c.mki_size, 0);
    }
}

/* Which line is answered, by what we want and whether keys in SDP count. */
static void picks_the_better_line(void **state)
{
    static const struct {
        const char *lines;
        enum srtp_policy srtp;
        bool keys;
        int line; /* -1: none */
        enum keying keying;
    } table[] = {
        { "m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/SAVP 0\r\n" CRYPTO, SRTP_OPTIONAL, true, 1,
          KEYING_SDES },
        { "m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/SAVP 0\r\n" CRYPTO, SRTP_OFF, true, 0,
          KEYING_NONE },
        { "m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/SAVP 0\r\n" CRYPTO, SRTP_OPTIONAL, false, 0,
          KEYING_NONE },
        { "m=audio 4000 RTP/AVP 0\r\nm=audio 0 RTP/SAVP 0\r\n" CRYPTO, SRTP_OPTIONAL, true, 0,
          KEYING_NONE },
        { "m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/SAVP 0\r\n", SRTP_OPTIONAL, true, 0,
          KEYING_NONE },
        { "m=audio 4000 RTP/AVP 0\r\n" CRYPTO, SRTP_OPTIONAL, true, 0, KEYING_SDES },
        { "m=audio 4000 RTP/AVP 0\r\n" CRYPTO, SRTP_OFF, true, 0, KEYING_NONE },
        { "m=audio 4000 RTP/AVPF 0\r\n", SRTP_OPTIONAL, true, 0, KEYING_NONE },
        { "m=audio 4000 RTP/SAVPF 0\r\n" CRYPTO, SRTP_OPTIONAL, true, 0, KEYING_SDES },
        { "m=audio 4000 RTP/SAVP 0\r\n" CRYPTO, SRTP_OFF, true, -1, KEYING_NONE },
        { "m=audio 4000 RTP/SAVP 0\r\n" CRYPTO, SRTP_OPTIONAL, false, -1, KEYING_NONE },
        { "m=audio 4000 RTP/SAVP 0\r\n", SRTP_OPTIONAL, true, -1, KEYING_NONE },
        { "m=audio 4000 RTP/AVP 0\r\n", SRTP_REQUIRED, true, -1, KEYING_NONE },
        { "m=audio 4000 RTP/AVP 0\r\n" CRYPTO, SRTP_REQUIRED, true, 0, KEYING_SDES },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct sdp_policy policy = { table[i].srtp, table[i].keys };
        struct session_wish wish = { .prefer = CODEC_NONE };
        struct session_offer offer;
        struct session session;
        char text[1024];
        bool agreed;

        text_format(text, sizeof text, BODY "%s", table[i].lines);
        (void)sdp_take(text, strlen(text), &policy, &offer);
        agreed = session_agree(&offer, &wish, &session) == SESSION_AGREED;
        if (agreed != (table[i].line >= 0) ||
            (agreed && (session.line != table[i].line || session.keying != table[i].keying)))
            fail_msg("row %zu", i);
        if (!agreed)
            assert_int_equal(offer.warning, 302);
    }
}

static void answers_with_its_own_key(void **state)
{
    static const char text[] = BODY "m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/SAVP 0\r\n"
                                    "a=crypto:1 UNKNOWN inline:" K30 "\r\n" CRYPTO
                                    "a=crypto:6 AEAD_AES_128_GCM inline:" K28 "\r\n";
    struct session_local local = { .rtp = { "198.51.100.9", 4000 }, .rtcp_port = 4001 };
    struct sdp_origin origin = { .id = 77, .version = 1 };
    struct session_wish wish = { .prefer = CODEC_NONE };
    struct session_offer offer;
    struct session session;
    char out[SDP_TEXT_SIZE];

    (void)state;
    (void)sdp_take(text, strlen(text), NULL, &offer);
    assert_int_equal(offer.crypto_count, 2);
    assert_int_equal(session_agree(&offer, &wish, &session), SESSION_AGREED);
    assert_true(sdp_make_answer(out, sizeof out, text, strlen(text), &session, &local, &origin));
    assert_non_null(strstr(out, "m=audio 0 RTP/AVP 0\r\n"));
    assert_non_null(strstr(out, "m=audio 4000 RTP/SAVP 0\r\n"));
    assert_non_null(strstr(out, "a=crypto:5 " A80 " inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                                "\r\n"));
    assert_null(strstr(out, "a=crypto:6"));
}

static void offers_keys_when_told_to(void **state)
{
    static const struct sdp_protection all = { PROFILE_AVP, true, SRTP_NONE },
                                       one = { PROFILE_SAVP, true, SRTP_AES_128_SHA1_80 };
    struct session_local local = { .rtp = { "198.51.100.9", 4000 }, .rtcp_port = 4001 };
    struct sdp_origin origin = { .id = 77, .version = 1 };
    struct session_offer offer;
    char out[SDP_TEXT_SIZE];

    (void)state;
    assert_true(sdp_make_offer(out, sizeof out, CODEC_NONE, false, &all, &local, &origin));
    (void)sdp_take(out, strlen(out), NULL, &offer);
    assert_int_equal(offer.crypto_count, 4);
    assert_int_equal(offer.profile, PROFILE_AVP);
    assert_int_equal(offer.crypto[0].suite, SRTP_AES_256_GCM);
    assert_true(sdp_make_offer(out, sizeof out, CODEC_NONE, false, &one, &local, &origin));
    (void)sdp_take(out, strlen(out), NULL, &offer);
    assert_int_equal(offer.crypto_count, 1);
    assert_int_equal(offer.profile, PROFILE_SAVP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_key_lines),          cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(picks_the_better_line),    cmocka_unit_test(answers_with_its_own_key),
        cmocka_unit_test(offers_keys_when_told_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What we protect is opened by libsrtp2, and what it protects by us: every suite, with and without
 * an MKI, over a rollover. libsrtp2 is here for this and for nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <srtp2/srtp.h>

#include "media/bytes.h"
#include "media/srtp.h"

#define ROOM 512
#define SSRC 0xCAFE1234u

static struct session_crypto crypto(enum srtp_suite suite, uint8_t mki_size)
{
    struct session_crypto c = { .tag = 1,
                                .suite = suite,
                                .key_size =
                                    (uint8_t)(suite_key_size(suite) + suite_salt_size(suite)),
                                .mki_size = mki_size };

    for (size_t i = 0; i < sizeof c.key; i++)
        c.key[i] = (uint8_t)(41 * i + 5);
    memset(c.mki, 0xA5, mki_size);
    return c;
}

static void choose(srtp_policy_t *p, enum srtp_suite suite)
{
    static void (*const rtp[SRTP_SUITES])(srtp_crypto_policy_t *) = {
        [SRTP_AES_128_SHA1_80] = srtp_crypto_policy_set_rtp_default,
        [SRTP_AES_128_SHA1_32] = srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
        [SRTP_AES_256_SHA1_80] = srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
        [SRTP_AES_256_SHA1_32] = srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
        [SRTP_AES_128_GCM] = srtp_crypto_policy_set_aes_gcm_128_16_auth,
        [SRTP_AES_256_GCM] = srtp_crypto_policy_set_aes_gcm_256_16_auth,
    };

    rtp[suite](&p->rtp);
    if (suite == SRTP_AES_128_SHA1_32) /* reports have 80 bits in any case */
        srtp_crypto_policy_set_rtp_default(&p->rtcp);
    else if (suite == SRTP_AES_256_SHA1_32)
        srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&p->rtcp);
    else
        rtp[suite](&p->rtcp);
}

static srtp_t open_theirs(struct session_crypto *c, srtp_ssrc_type_t direction)
{
    srtp_master_key_t key = { .key = c->key, .mki_id = c->mki, .mki_size = c->mki_size };
    srtp_master_key_t *keys[1] = { &key };
    srtp_policy_t policy;
    srtp_t theirs;

    memset(&policy, 0, sizeof policy);
    choose(&policy, c->suite);
    policy.ssrc.type = direction;
    if (c->mki_size) {
        policy.keys = keys;
        policy.num_master_keys = 1;
    } else {
        policy.key = c->key;
    }
    policy.window_size = 128;
    assert_int_equal(srtp_create(&theirs, &policy), srtp_err_status_ok);
    return theirs;
}

static size_t packet(uint8_t *to, uint16_t sequence)
{
    bool extended = sequence % 2;
    size_t header = extended ? 12 + 4 + 8 + 4 : 12; /* a CSRC, an extension of two words */

    memset(to, 0, ROOM);
    to[0] = extended ? 0x91 : 0x80;
    to[1] = 8;
    bytes_put16(to + 2, sequence);
    bytes_put32(to + 8, SSRC);
    if (extended)
        bytes_put16(to + 18, 2);
    memset(to + header, 0xD5, 160);
    return header;
}

static size_t report(uint8_t *to)
{
    memset(to, 0x11, 52);
    to[0] = 0x80;
    to[1] = 200;
    bytes_put16(to + 2, 12);
    bytes_put32(to + 4, SSRC);
    return 52;
}

/* libsrtp2 2.5 looks for the MKI of a report as if its tag were as long as a packet's. */
static int reports(const struct session_crypto *c)
{
    bool shorter = c->suite == SRTP_AES_128_SHA1_32 || c->suite == SRTP_AES_256_SHA1_32;

    return shorter && c->mki_size ? 0 : 3;
}

static void theirs_opens_ours(struct session_crypto *c)
{
    srtp_t theirs = open_theirs(c, ssrc_any_inbound);
    uint8_t bytes[ROOM], plain[ROOM];
    struct srtp ours;
    int length;

    assert_true(srtp_begin(&ours, c));
    for (uint16_t n = 65500; n != 100; n++) {
        size_t header = packet(bytes, n);

        (void)packet(plain, n);
        length =
            (int)(header + srtp_encrypt(&ours, bytes, header, bytes + header, 160, bytes + header));
        if (srtp_unprotect_mki(theirs, bytes, &length, c->mki_size > 0) != srtp_err_status_ok)
            fail_msg("%s, MKI of %u, packet %u", suite_name(c->suite), c->mki_size, n);
        assert_int_equal(length, header + 160);
        assert_memory_equal(bytes, plain, header + 160);
    }
    for (int n = 0; n < reports(c); n++) {
        length = (int)srtcp_encrypt(&ours, bytes, report(bytes));
        assert_int_equal(srtp_unprotect_rtcp_mki(theirs, bytes, &length, c->mki_size > 0),
                         srtp_err_status_ok);
        assert_int_equal(length, report(plain));
        assert_memory_equal(bytes, plain, 52);
    }
    srtp_done(&ours);
    (void)srtp_dealloc(theirs);
}

static void ours_opens_theirs(struct session_crypto *c)
{
    srtp_t theirs = open_theirs(c, ssrc_any_outbound);
    uint8_t bytes[ROOM], plain[ROOM];
    struct srtp ours;
    size_t size;

    assert_true(srtp_begin(&ours, c));
    for (uint16_t n = 65500; n != 100; n++) {
        int length = (int)(packet(bytes, n) + 160);

        assert_int_equal(srtp_protect_mki(theirs, bytes, &length, c->mki_size > 0, 0),
                         srtp_err_status_ok);
        size = (size_t)length;
        if (srtp_decrypt(&ours, bytes, &size) != SRTP_OK)
            fail_msg("%s, MKI of %u, packet %u", suite_name(c->suite), c->mki_size, n);
        assert_int_equal(size, packet(plain, n) + 160);
        assert_memory_equal(bytes, plain, size);
    }
    for (int n = 0; n < reports(c); n++) {
        int length = (int)report(bytes);

        assert_int_equal(srtp_protect_rtcp_mki(theirs, bytes, &length, c->mki_size > 0, 0),
                         srtp_err_status_ok);
        size = (size_t)length;
        assert_int_equal(srtcp_decrypt(&ours, bytes, &size), SRTP_OK);
        assert_int_equal(size, report(plain));
        assert_memory_equal(bytes, plain, 52);
    }
    srtp_done(&ours);
    (void)srtp_dealloc(theirs);
}

static void agrees_with_libsrtp2(void **state)
{
    static const uint8_t mki_sizes[] = { 0, 1, 4 };

    (void)state;
    assert_int_equal(srtp_init(), srtp_err_status_ok);
    for (unsigned suite = SRTP_NONE + 1; suite < SRTP_SUITES; suite++)
        for (size_t m = 0; m < sizeof mki_sizes; m++) {
            struct session_crypto c = crypto((enum srtp_suite)suite, mki_sizes[m]);

            theirs_opens_ours(&c);
            ours_opens_theirs(&c);
        }
    (void)srtp_shutdown();
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(agrees_with_libsrtp2) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

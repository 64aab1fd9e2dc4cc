/* SRTP: the known answers of RFC 3711 appendix B, RFC 6188 7 and RFC 7714 16 and 17; which packets
 * are taken and which are not (MD-10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "media/bytes.h"
#include "media/srtp.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define ROOM 512

static const enum srtp_suite suites[] = { SRTP_AES_128_SHA1_80, SRTP_AES_128_SHA1_32,
                                          SRTP_AES_256_SHA1_80, SRTP_AES_256_SHA1_32,
                                          SRTP_AES_128_GCM,     SRTP_AES_256_GCM };

static size_t unhex(uint8_t *to, const char *text)
{
    size_t size = 0;

    for (; text[0] && text[1]; text += 2)
        to[size++] = (uint8_t)(text_hex_digit(text[0]) << 4 | text_hex_digit(text[1]));
    return size;
}

static void assert_hex(const uint8_t *bytes, const char *expected)
{
    uint8_t wanted[ROOM];
    size_t size = unhex(wanted, expected);

    assert_memory_equal(bytes, wanted, size);
}

static struct session_crypto crypto(enum srtp_suite suite, uint8_t first, uint8_t mki_size)
{
    struct session_crypto c = { .tag = 1,
                                .suite = suite,
                                .key_size =
                                    (uint8_t)(suite_key_size(suite) + suite_salt_size(suite)),
                                .mki_size = mki_size };

    for (size_t i = 0; i < sizeof c.key; i++)
        c.key[i] = (uint8_t)(first + 7 * i);
    for (size_t i = 0; i < mki_size; i++)
        c.mki[i] = (uint8_t)(i + 1);
    return c;
}

/* ---- known answers ---- */

static void derives_the_keys_of_the_rfcs(void **state)
{
    static const struct {
        enum srtp_suite suite;
        const char *master, *cipher, *salt, *auth;
    } table[] = {
        { SRTP_AES_128_SHA1_80, "E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6",
          "C61E7A93744F39EE10734AFE3FF7A087", "30CBBC08863D8C85D49DB34A9AE1",
          "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4" },
        { SRTP_AES_256_SHA1_80,
          "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"
          "3b04803de51ee7c96423ab5b78d2",
          "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4",
          "fa31791685ca444a9e07c6c64e93", "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct session_crypto c = { .suite = table[i].suite };
        struct srtp_keys keys;

        unhex(c.key, table[i].master);
        assert_true(srtp_derive(&keys, &c));
        assert_hex(keys.rtp.cipher, table[i].cipher);
        assert_hex(keys.rtp.salt, table[i].salt);
        assert_hex(keys.rtp.auth, table[i].auth);
    }
}

static void runs_the_key_stream_of_the_rfcs(void **state)
{
    static const struct {
        enum srtp_suite suite;
        const char *key, *stream;
    } table[] = {
        { SRTP_AES_128_SHA1_80, "2B7E151628AED2A6ABF7158809CF4F3C",
          "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB"
          "41E95B3BB0A2E8DD477901E4FCA894C0" },
        { SRTP_AES_256_SHA1_80, "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
          "92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac"
          "63c4868b7096d88421b563b8c94c9a31" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        static const uint8_t nothing[48], header[12] = { 0x80 }; /* SSRC and sequence are 0 */
        struct session_crypto c = { .suite = table[i].suite };
        struct srtp_keys keys = { 0 };
        uint8_t out[48 + SRTP_TRAILER_MAX];
        struct srtp s;

        unhex(keys.rtp.cipher, table[i].key);
        unhex(keys.rtp.salt, "F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
        assert_true(srtp_begin_keys(&s, &c, &keys));
        assert_int_equal(srtp_encrypt(&s, header, 12, nothing, 48, out), 48 + 10);
        assert_hex(out, table[i].stream);
        srtp_done(&s);
    }
}

#define GALLIA                                                                                     \
    "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e2070617274657320" \
    "74726573"
#define REPORT                                                                                     \
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeef"     \
    "deadbeefdeadbeef"

static const struct {
    enum srtp_suite suite;
    const char *packet, *report;
} sealed[] = {
    { SRTP_AES_128_GCM,
      "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de"
      "3adf8833899d7f27beb16a9152cf765ee4390cce",
      "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b468630"
      "3ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4" },
    { SRTP_AES_256_GCM,
      "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba6"
      "3799b87b7aa3db36dfffd6b0f9bb7878d7a76c13",
      "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61d"
      "e0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4" },
};

static void start_sealed(struct srtp *s, enum srtp_suite suite)
{
    struct session_crypto c = { .suite = suite };
    struct srtp_keys keys = { 0 };

    unhex(keys.rtp.cipher, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    unhex(keys.rtp.salt, "517569642070726f2071756f");
    keys.rtcp = keys.rtp;
    assert_true(srtp_begin_keys(s, &c, &keys));
    s->rtcp_index = 0x5d4;
}

static void seals_and_opens_as_rfc_7714(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sealed); i++) {
        uint8_t packet[ROOM], out[ROOM];
        size_t size = unhex(packet, GALLIA);
        struct srtp s;

        start_sealed(&s, sealed[i].suite);
        size = srtp_encrypt(&s, packet, 12, packet + 12, size - 12, out);
        assert_int_equal(size, strlen(sealed[i].packet) / 2 - 12);
        assert_hex(out, sealed[i].packet + 24);
        size = unhex(packet, sealed[i].packet);
        srtp_done(&s);
        start_sealed(&s, sealed[i].suite);
        assert_int_equal(srtp_decrypt(&s, packet, &size), SRTP_OK);
        assert_int_equal(size, strlen(GALLIA) / 2);
        assert_hex(packet, GALLIA);

        size = unhex(packet, REPORT);
        assert_int_equal(srtcp_encrypt(&s, packet, size), strlen(sealed[i].report) / 2);
        assert_hex(packet, sealed[i].report);
        size = unhex(packet, sealed[i].report);
        assert_int_equal(srtcp_decrypt(&s, packet, &size), SRTP_OK);
        assert_int_equal(size, strlen(REPORT) / 2);
        assert_hex(packet, REPORT);
        srtp_done(&s);
    }
}

/* RFC 7714 17.3: signed only, which is still to be taken. */
static void opens_what_is_only_signed(void **state)
{
    uint8_t packet[ROOM];
    size_t size = unhex(packet, REPORT "841dd9683dd78ec92ae58790125f62b3000005d4");
    struct srtp s;

    (void)state;
    start_sealed(&s, SRTP_AES_128_GCM);
    assert_int_equal(srtcp_decrypt(&s, packet, &size), SRTP_OK);
    assert_int_equal(size, strlen(REPORT) / 2);
    assert_hex(packet, REPORT);
    srtp_done(&s);
}

/* ---- packets ---- */

struct pair {
    struct srtp out, in;
};

static void pair_open(struct pair *p, enum srtp_suite suite, uint8_t mki_size)
{
    struct session_crypto c = crypto(suite, 3, mki_size);

    assert_true(srtp_begin(&p->out, &c));
    assert_true(srtp_begin(&p->in, &c));
}

static void pair_close(struct pair *p)
{
    srtp_done(&p->out);
    srtp_done(&p->in);
}

/* A protected packet of 20 bytes of payload; its size. */
static size_t make(struct srtp *s, uint8_t *packet, uint16_t sequence, uint32_t ssrc)
{
    memset(packet, 0, 32);
    packet[0] = 0x80;
    bytes_put16(packet + 2, sequence);
    bytes_put32(packet + 8, ssrc);
    memset(packet + 12, sequence & 0xFF, 20);
    return 12 + srtp_encrypt(s, packet, 12, packet + 12, 20, packet + 12);
}

static enum srtp_verdict take(struct srtp *s, const uint8_t *packet, size_t size)
{
    uint8_t copy[ROOM];
    enum srtp_verdict verdict;

    memcpy(copy, packet, size);
    verdict = srtp_decrypt(s, copy, &size);
    if (verdict == SRTP_OK) {
        assert_int_equal(size, 32);
        for (size_t i = 12; i < 32; i++)
            assert_int_equal(copy[i], copy[3]);
    }
    return verdict;
}

static void goes_there_and_comes_back(void **state)
{
    static const uint8_t mki_sizes[] = { 0, 1, 4, SRTP_MKI_MAX };

    (void)state;
    for (size_t i = 0; i < COUNT(suites); i++)
        for (size_t m = 0; m < COUNT(mki_sizes); m++) {
            uint8_t packet[ROOM];
            struct pair p;
            size_t size;

            pair_open(&p, suites[i], mki_sizes[m]);
            for (uint16_t n = 65530; n != 5; n++) { /* over a rollover */
                size = make(&p.out, packet, n, 77);
                assert_int_equal(size, 32 + p.out.tag_size + mki_sizes[m]);
                if (take(&p.in, packet, size) != SRTP_OK)
                    fail_msg("%s, packet %u", suite_name(suites[i]), n);
            }
            size = srtcp_encrypt(&p.out, memset(packet, 0x80, 64), 64);
            assert_int_equal(size, 64 + 4 + mki_sizes[m] + p.out.rtcp_tag_size);
            assert_int_equal(srtcp_decrypt(&p.in, packet, &size), SRTP_OK);
            assert_int_equal(size, 64);
            assert_int_equal(packet[63], 0x80);
            assert_int_equal(make(&p.out, packet, 5, 77), 32 + p.out.tag_size + mki_sizes[m]);
            pair_close(&p);
        }
}

/* MD-10: each bit of a packet counts; what is refused changes nothing. */
static void refuses_what_was_touched(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(suites); i++) {
        uint8_t packet[ROOM], other[ROOM];
        struct pair p, q;
        size_t size;

        pair_open(&p, suites[i], 0);
        pair_open(&q, suites[i], 0);
        size = make(&p.out, packet, 9, 77);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            memcpy(other, packet, size);
            other[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (take(&p.in, other, size) == SRTP_OK)
                fail_msg("%s: bit %zu", suite_name(suites[i]), bit);
        }
        for (size_t cut = 0; cut < size; cut++)
            assert_int_not_equal(take(&p.in, packet, cut), SRTP_OK);
        assert_int_equal(take(&p.in, packet, size), SRTP_OK);
        assert_int_equal(p.in.source[0].ssrc, 77);
        assert_int_equal(p.in.source[1].used, 0);
        size = make(&q.out, packet, 10, 77);
        p.in.mki_size = 4; /* one was named, and is left out */
        memset(p.in.mki, 0xEE, 4);
        assert_int_equal(take(&p.in, packet, size), SRTP_OK);
        pair_close(&p);
        pair_close(&q);
    }
}

static void refuses_reports_that_were_touched(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(suites); i++) {
        uint8_t report[ROOM], copy[ROOM];
        struct pair p;
        size_t size, length;

        pair_open(&p, suites[i], 1);
        size = srtcp_encrypt(&p.out, memset(report, 0x80, 28), 28);
        for (size_t at = 1; at < size; at++) {
            if (at == size - 1 && suites[i] >= SRTP_AES_128_GCM)
                continue; /* the MKI, which is only a hint */
            memcpy(copy, report, size);
            copy[at] ^= 1;
            length = size;
            if (srtcp_decrypt(&p.in, copy, &length) == SRTP_OK && at != 28 + 4U) /* the MKI again */
                fail_msg("%s: byte %zu", suite_name(suites[i]), at);
        }
        pair_close(&p);
    }
}

static void refuses_replays(void **state)
{
    uint8_t packet[300][ROOM], report[2][ROOM];
    size_t size = 0, length;
    struct pair p;

    (void)state;
    pair_open(&p, SRTP_AES_128_SHA1_80, 0);
    for (uint16_t n = 0; n < 300; n++)
        size = make(&p.out, packet[n], (uint16_t)(65400 + n), 77);
    assert_int_equal(take(&p.in, packet[0], size), SRTP_OK);
    assert_int_equal(take(&p.in, packet[0], size), SRTP_REPLAYED);
    assert_int_equal(take(&p.in, packet[200], size), SRTP_OK); /* beyond the rollover */
    assert_int_equal(take(&p.in, packet[200], size), SRTP_REPLAYED);
    assert_int_equal(take(&p.in, packet[199], size), SRTP_OK);
    assert_int_equal(take(&p.in, packet[100], size), SRTP_OK); /* before it: 64 to 127 behind */
    assert_int_equal(take(&p.in, packet[100], size), SRTP_REPLAYED);
    assert_int_equal(take(&p.in, packet[73], size), SRTP_OK); /* 127 behind */
    assert_int_equal(take(&p.in, packet[72], size), SRTP_REPLAYED);
    assert_int_equal(take(&p.in, packet[299], size), SRTP_OK);
    assert_int_equal(take(&p.in, packet[200], size), SRTP_REPLAYED);
    for (size_t i = 0; i < 2; i++) {
        length = srtcp_encrypt(&p.out, memset(report[i], 0x80, 28), 28);
        size = length;
        memcpy(packet[i], report[i], size);
        assert_int_equal(srtcp_decrypt(&p.in, report[i], &length), SRTP_OK);
    }
    for (size_t i = 0; i < 2; i++) {
        length = size;
        assert_int_equal(srtcp_decrypt(&p.in, packet[i], &length), SRTP_REPLAYED);
    }
    pair_close(&p);
}

/* A phone that begins anew has another SSRC and the same key. */
static void follows_a_new_source(void **state)
{
    uint8_t packet[ROOM], first[ROOM];
    struct pair p;
    size_t size;

    (void)state;
    pair_open(&p, SRTP_AES_128_SHA1_80, 0);
    size = make(&p.out, first, 30000, 1);
    assert_int_equal(take(&p.in, first, size), SRTP_OK);
    for (uint32_t ssrc = 2; ssrc <= SRTP_SOURCES; ssrc++) {
        size = make(&p.out, packet, (uint16_t)(7 * ssrc), ssrc);
        assert_int_equal(take(&p.in, packet, size), SRTP_OK);
        assert_int_equal(take(&p.in, first, size), SRTP_REPLAYED);
    }
    size = make(&p.out, packet, 30001, 1);
    assert_int_equal(take(&p.in, packet, size), SRTP_OK);
    size = make(&p.out, packet, 1, SRTP_SOURCES + 1); /* in the place of the one unheard longest */
    assert_int_equal(take(&p.in, packet, size), SRTP_OK);
    assert_int_equal(take(&p.in, first, size), SRTP_REPLAYED);
    pair_close(&p);
}

static void guesses_the_index(void **state)
{
    static const struct {
        uint64_t highest;
        uint16_t sequence;
        uint64_t index;
    } table[] = {
        { 5, 6, 6 },
        { 5, 4, 4 },
        { 5, 65535, 65535 }, /* there is nothing before the first rollover */
        { 65535, 0, 65536 },
        { 65536, 65535, 65535 },
        { 65536 + 32767, 0, 65536 },
        { 65536 + 32769, 0, 131072 },
        { 65536 + 5, 32772, 65536 + 32772 },
        { 65536 + 5, 32774, 32774 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        if (srtp_guess_index(table[i].highest, table[i].sequence) != table[i].index)
            fail_msg("row %zu", i);
}

/* The window against a plain list of what was seen. */
static void remembers_the_last_128(void **state)
{
    struct srtp_window w = { 0 };
    static bool seen[20000];
    uint64_t highest = 0;
    uint32_t random = 1;

    (void)state;
    srtp_window_note(&w, &highest, 0);
    seen[0] = true;
    for (int i = 0; i < 100000; i++) {
        uint64_t index;

        random = random * 1664525 + 1013904223;
        index = (random >> 24) % 200;
        index = index > highest ? 0 : highest - index;
        if (random >> 16 & 0x80 && highest < 19000)
            index = highest + (random >> 20) % 70;
        if (index <= highest)
            assert_int_equal(srtp_window_seen(&w, highest, index),
                             highest - index >= SRTP_WINDOW || seen[index]);
        else
            assert_false(srtp_window_seen(&w, highest, index));
        if (!srtp_window_seen(&w, highest, index)) {
            srtp_window_note(&w, &highest, index);
            seen[index] = true;
        }
    }
    assert_true(highest > 10000);
}

static void ends_when_the_key_is_used_up(void **state)
{
    uint8_t packet[ROOM];
    struct pair p;

    (void)state;
    pair_open(&p, SRTP_AES_128_SHA1_80, 0);
    assert_int_not_equal(make(&p.out, packet, 65535, 77), 12);
    p.out.source[0].highest |= UINT64_C(0xFFFFFFFF) << 16;
    assert_int_equal(make(&p.out, packet, 0, 77), 12);
    p.out.rtcp_index = 0x7FFFFFFF;
    assert_int_not_equal(srtcp_encrypt(&p.out, memset(packet, 0x80, 28), 28), 0);
    assert_int_equal(srtcp_encrypt(&p.out, memset(packet, 0x80, 28), 28), 0);
    pair_close(&p);
}

static void wipes_its_keys(void **state)
{
    static const struct srtp nothing;
    struct session_crypto c = crypto(SRTP_AES_256_GCM, 9, 0), none = { 0 };
    struct srtp s;

    (void)state;
    assert_false(srtp_begin(&s, &none));
    assert_true(srtp_begin(&s, &c));
    srtp_done(&s);
    assert_memory_equal(&s, &nothing, sizeof s);
}

/* After a restart nobody knows how often the numbers of the far end have rolled over. */
static void finds_how_often_it_rolled_over(void **state)
{
    static const uint32_t rollovers[] = { 0, 1, SRTP_SEEK_AT_ONCE + 1, SRTP_SEEK_MOST - 1 };

    (void)state;
    for (size_t i = 0; i < COUNT(suites); i++)
        for (size_t r = 0; r < COUNT(rollovers); r++) {
            enum srtp_verdict verdict = SRTP_FORGED;
            uint8_t packet[ROOM];
            struct pair p;
            unsigned n = 0;

            pair_open(&p, suites[i], 0);
            (void)make(&p.out, packet, 7, 77);
            p.out.source[0].highest |= (uint64_t)rollovers[r] << 16;
            srtp_seek(&p.in);
            for (; n <= SRTP_SEEK_MOST / SRTP_SEEK_AT_ONCE && verdict != SRTP_OK; n++)
                verdict = take(&p.in, packet, make(&p.out, packet, (uint16_t)(8 + n), 77));
            if (verdict != SRTP_OK)
                fail_msg("%s: %u rollovers are not found", suite_name(suites[i]), rollovers[r]);
            assert_int_equal(take(&p.in, packet, make(&p.out, packet, 2000, 77)), SRTP_OK);
            pair_close(&p);
        }
}

static void seeks_only_when_told_and_not_for_ever(void **state)
{
    uint8_t packet[ROOM], forged[ROOM];
    struct pair p;
    size_t size;

    (void)state;
    pair_open(&p, SRTP_AES_128_SHA1_80, 0);
    (void)make(&p.out, packet, 7, 77);
    p.out.source[0].highest |= UINT64_C(3) << 16;
    size = make(&p.out, packet, 8, 77);
    assert_int_equal(take(&p.in, packet, size), SRTP_FORGED);
    srtp_seek(&p.in);
    memcpy(forged, packet, size);
    forged[20] ^= 1;
    for (unsigned n = 0; n < SRTP_SEEK_PACKETS; n++)
        assert_int_equal(take(&p.in, forged, size), SRTP_FORGED);
    assert_int_equal(take(&p.in, packet, size), SRTP_FORGED);
    srtp_seek(&p.in);
    assert_int_equal(take(&p.in, packet, size), SRTP_OK);
    assert_int_equal(take(&p.in, packet, size), SRTP_REPLAYED);
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derives_the_keys_of_the_rfcs),
        cmocka_unit_test(runs_the_key_stream_of_the_rfcs),
        cmocka_unit_test(seals_and_opens_as_rfc_7714),
        cmocka_unit_test(opens_what_is_only_signed),
        cmocka_unit_test(goes_there_and_comes_back),
        cmocka_unit_test(refuses_what_was_touched),
        cmocka_unit_test(refuses_reports_that_were_touched),
        cmocka_unit_test(refuses_replays),
        cmocka_unit_test(follows_a_new_source),
        cmocka_unit_test(guesses_the_index),
        cmocka_unit_test(remembers_the_last_128),
        cmocka_unit_test(ends_when_the_key_is_used_up),
        cmocka_unit_test(wipes_its_keys),
        cmocka_unit_test(finds_how_often_it_rolled_over),
        cmocka_unit_test(seeks_only_when_told_and_not_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

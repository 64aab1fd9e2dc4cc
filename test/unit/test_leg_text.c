/* A leg's row: what is written is read again as it was, rows of the first version are read, and
 * what makes no sense is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/leg_text.h"
#include "base/text.h"

#define ROOM sizeof(((struct stored_leg *)0)->media)

static void set_address(struct address *a, const char *host, uint16_t port)
{
    (void)text_copy(a->host, sizeof(a->host), host);
    a->port = port;
}

/* Everything that a row keeps, and nothing else. */
static void fill(struct app_leg *l)
{
    memset(l, 0, sizeof(*l));
    l->inbound = l->heard = l->agreed_once = l->stranger = l->elsewhere = true;
    l->may_be_direct = l->may_exit = l->takes_refer = l->takes_replaces = l->our_offer = true;
    l->digits = DIGITS_BY_INFO;
    (void)text_copy(l->source, sizeof(l->source), "2001:db8:1111:2222:3333:4444:5555:6666");
    set_address(&l->place, "2001:db8:1111:2222:3333:4444:5555:7777", 40000);
    l->agreed = (struct session){ .codec = CODEC_OPUS,
                                  .payload_type = 111,
                                  .dtmf_payload_type = 101,
                                  .ptime = 60,
                                  .direction = DIR_SENDRECV,
                                  .rtcp_mux = true,
                                  .line = 2,
                                  .profile = PROFILE_SAVPF,
                                  .keying = KEYING_SDES,
                                  .by_answer = true,
                                  .bundle = true };
    set_address(&l->agreed.rtp, "2001:db8:1111:2222:3333:4444:5555:8888", 40002);
    set_address(&l->agreed.rtcp, "2001:db8:1111:2222:3333:4444:5555:8888", 40003);
    (void)text_copy(l->agreed.mid, sizeof(l->agreed.mid), "audio-and-so-on");
    l->agreed.crypto.suite = SRTP_AES_256_SHA1_80;
    l->agreed.crypto.tag = 999999999;
    l->agreed.crypto.key_size = SRTP_KEY_MAX;
    l->agreed.crypto.mki_size = SRTP_MKI_MAX;
    for (size_t i = 0; i < SRTP_KEY_MAX; i++) {
        l->agreed.crypto.key[i] = (uint8_t)(i + 1);
        l->local.key[i] = (uint8_t)(0xFF - i);
    }
    memset(l->agreed.crypto.mki, 0xAB, SRTP_MKI_MAX);
    set_address(&l->local.rtp, "2001:db8:1111:2222:3333:4444:5555:9999", 65534);
    l->local.rtcp_port = 65535;
    l->local.ssrc = UINT32_MAX;
    l->local.shared = 16;
}

/* Of a leg in the clear, whose partner may be told of it. */
static void fill_offer(struct app_leg *l)
{
    l->agreed.keying = KEYING_NONE;
    l->agreed.profile = PROFILE_AVP;
    memset(&l->agreed.crypto, 0, sizeof(l->agreed.crypto));
    memset(l->local.key, 0, sizeof(l->local.key));
    l->theirs.present = l->theirs.usable = true;
    set_address(&l->theirs.rtp, "192.0.2.1", 4000);
    set_address(&l->theirs.rtcp, "192.0.2.1", 4001);
    l->theirs.direction = DIR_RECVONLY;
    l->theirs.codec_count = SESSION_CODECS_MAX;
    for (unsigned i = 0; i < SESSION_CODECS_MAX; i++)
        l->theirs.codecs[i] = (struct session_codec){ 1 + i % (CODECS - 1), (uint8_t)(112 + i) };
    l->theirs.dtmf_payload_type = 101;
    l->theirs.ptime = 20;
    l->theirs.maxptime = 150;
    l->direct.tells = UINT64_MAX;
}

static void assert_same(const struct app_leg *a, const struct app_leg *b)
{
    assert_memory_equal(a, b, sizeof(*a));
}

static void goes_there_and_comes_back(void **state)
{
    static struct app_leg l, again;
    char text[ROOM], second[ROOM], unread[64] = "";

    (void)state;
    for (int row = 0; row < 4; row++) {
        fill(&l);
        l.theirs.dtmf_payload_type = -1;
        l.up = row & 1;
        if (row & 2)
            fill_offer(&l);
        assert_true(leg_text_write(text, sizeof(text), &l));
        memset(&again, 0, sizeof(again));
        if (!leg_text_read(&again, text, unread))
            fail_msg("row %d: %s in %s", row, unread, text);
        assert_true(leg_text_write(second, sizeof(second), &again));
        assert_string_equal(text, second);
        assert_same(&l, &again);
    }
}

static void what_is_too_long_is_said(void **state)
{
    static struct app_leg l;
    char text[ROOM];
    size_t length;

    (void)state;
    fill(&l);
    assert_true(leg_text_write(text, sizeof(text), &l));
    length = strlen(text);
    assert_true(length < ROOM / 2);
    for (size_t size = 1; size <= length; size += 7)
        assert_false(leg_text_write(text, size, &l));
}

static void rows_of_the_first_version_are_read(void **state)
{
    static struct app_leg l;
    char unread[64] = "";

    (void)state;
    memset(&l, 0, sizeof(l));
    assert_true(leg_text_read(
        &l,
        "codec=PCMA\npayload_type=8\ndtmf=-1\nptime=20\ndirection=sendrecv\nrtp=192.0.2.1|4000\n"
        "rtcp=|0\nrtcp_mux=0\nlocal=192.0.2.2|10000\nlocal_rtcp=10001\nssrc=5\n"
        "profile=RTP/SAVP\nsuite=AES_CM_128_HMAC_SHA1_80\ntag=1\n"
        "key_in=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d\nmki_in=\n"
        "key_out=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1e\n",
        unread));
    assert_true(l.up);
    assert_int_equal(l.agreed.keying, KEYING_SDES);
    assert_int_equal(l.agreed.codec, CODEC_PCMA);
    assert_int_equal(l.agreed.dtmf_payload_type, -1);
    assert_int_equal(l.local.key[29], 0x1e);
}

#define LOCAL "local=192.0.2.2|10000\n"

static void what_makes_no_sense_is_named(void **state)
{
    static const struct {
        const char *text, *unread; /* NULL: it is read */
    } rows[] = {
        { LOCAL, NULL },
        { LOCAL "colour=red\n", NULL },
        { "", "local" },
        { "local=192.0.2.2|0\n", "local" },
        { "local=192.0.2.2\n", "local" },
        { "local=192.0.2.2|65536\n", "local" },
        { "local=phone.example|4000\n", "local" },
        { LOCAL "nonsense\n", "nonsense" },
        { LOCAL "\n", "a line without a name" },
        { LOCAL "inbound=2\n", "inbound" },
        { LOCAL "ptime=256\n", "ptime" },
        { LOCAL "ptime=-1\n", "ptime" },
        { LOCAL "local_rtcp=65536\n", "local_rtcp" },
        { LOCAL "ssrc=4294967296\n", "ssrc" },
        { LOCAL "dtmf=128\n", "dtmf" },
        { LOCAL "codec=GSM\n", "codec" },
        { LOCAL "codec=PCMU\n", "rtp" },
        { LOCAL "direction=both\n", "direction" },
        { LOCAL "profile=RTP/XYZ\n", "profile" },
        { LOCAL "keying=magic\n", "keying" },
        { LOCAL "keying=sdes\n", "key_in, key_out" },
        { LOCAL "suite=AES_CM_128_HMAC_SHA1_80\nkey_in=00\nkey_out=00\n", "key_in, key_out" },
        { LOCAL "suite=ROT13\n", "suite" },
        { LOCAL "key_in=0\n", "key_in" },
        { LOCAL "key_in=0g\n", "key_in" },
        { LOCAL "digits=thumb\n", "digits" },
        { LOCAL "source=somewhere\n", "source" },
        { LOCAL "mid=a\x01\n", "mid" },
        { LOCAL "mid=0123456789abcdef\n", "mid" },
        { LOCAL "their_codecs=PCMU\n", "their_codecs" },
        { LOCAL "their_codecs=PCMU/128\n", "their_codecs" },
        { LOCAL "their_codecs=GSM/3\n", "their_codecs" },
        { LOCAL "pending=yes\n", "pending" },
    };
    static struct app_leg l;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char unread[64] = "";
        bool read;

        memset(&l, 0, sizeof(l));
        read = leg_text_read(&l, rows[i].text, unread);
        if (read != !rows[i].unread || !text_is(unread, rows[i].unread))
            fail_msg("row %zu: %d, '%s' for\n%s", i, read, unread, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_there_and_comes_back),
        cmocka_unit_test(what_is_too_long_is_said),
        cmocka_unit_test(rows_of_the_first_version_are_read),
        cmocka_unit_test(what_makes_no_sense_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

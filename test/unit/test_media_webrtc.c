/* A phone as a browser is one: it checks by ICE, shakes hands by DTLS, and speaks Opus in SRTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/text.h"
#include "media/dtls.h"
#include "media/rtp.h"
#include "media/srtp.h"
#include "media/stun.h"
#include "media_engine.h"
#include "sys/clock.h"

struct browser {
    struct phone phone; /* its socket and its codec */
    struct dtls_identity *identity;
    struct dtls *dtls;
    struct srtp in, out;
    struct session_local theirs; /* the engine's end */
    struct session_offer offer;
    unsigned answered; /* checks */
    bool ready;
    enum dtls_state state;
};

static void send_dtls(void *to, const uint8_t *data, size_t size)
{
    struct browser *b = to;

    phone_send_bytes(&b->phone, &b->theirs.rtp, data, size);
}

static void browser_open(struct browser *b, enum dtls_setup setup)
{
    memset(b, 0, sizeof *b);
    phone_open(&b->phone, "127.0.0.1", CODEC_OPUS);
    assert_int_equal(dtls_identity_new(&b->identity, NULL), 0);
    phone_offer(&b->phone, &b->offer);
    b->offer.profile = PROFILE_DTLS_AVPF;
    b->offer.rtcp_mux = true;
    b->offer.dtls = (struct session_dtls){ .fingerprint_count = 1, .setup = setup };
    dtls_identity_fingerprint(b->identity, &b->offer.dtls.fingerprint[0]);
    b->offer.ice =
        (struct session_ice){ .present = true, .ufrag = "they", .pwd = "their-password-is-longer" };
    /* What a browser says that hides its addresses. */
    b->offer.rtp = (struct address){ "0.0.0.0", 9 };
}

/* Offered, answered, and the handshake made ready for. */
static void browser_connect(struct browser *b, struct engine *e, leg_id leg, leg_id near)
{
    struct session_wish any = { .prefer = CODEC_NONE };
    struct session agreed;

    assert_int_equal(session_agree(&b->offer, &any, &agreed), SESSION_AGREED);
    assert_int_equal(agreed.keying, KEYING_DTLS);
    assert_int_equal(media_open(e->media, leg, &b->offer, "127.0.0.1", near, &b->theirs, NULL), 0);
    assert_int_equal(media_agree(e->media, leg, &agreed), 0);
    assert_true(b->theirs.ice.present && b->theirs.dtls.fingerprint_count == 1);
    b->dtls =
        dtls_new(b->identity, &b->theirs.dtls, b->theirs.dtls.setup == SETUP_PASSIVE, send_dtls, b);
    assert_non_null(b->dtls);
}

static void browser_close(struct browser *b)
{
    dtls_free(b->dtls);
    dtls_identity_free(b->identity);
    if (b->ready) {
        srtp_done(&b->in);
        srtp_done(&b->out);
    }
    phone_close(&b->phone);
}

static void check(struct browser *b, const char *password, bool nominate)
{
    char username[96];
    struct stun_check c = { .transaction = "twelve bytes",
                            .username = username,
                            .password = password,
                            .controlling = true,
                            .use_candidate = nominate };
    uint8_t bytes[STUN_SIZE_MAX];

    text_format(username, sizeof username, "%s:they", b->theirs.ice.ufrag);
    phone_send_bytes(&b->phone, &b->theirs.rtp, bytes, stun_write_check(bytes, &c));
}

static void take_answer(struct browser *b, const uint8_t *data, size_t size)
{
    struct endpoint self;
    struct stun_message m;

    assert_true(stun_parse(&m, data, size));
    if (m.type != STUN_SUCCESS)
        return;
    assert_true(stun_is_signed(&m, data, b->theirs.ice.pwd));
    assert_true(endpoint_read(&self, b->phone.address.host, b->phone.address.port));
    assert_true(endpoint_same(&m.mapped, &self));
    if (!b->answered++)
        (void)dtls_start(b->dtls);
}

static void take_handshake(struct browser *b, const uint8_t *data, size_t size)
{
    struct session_crypto ours, theirs;

    b->state = dtls_take(b->dtls, data, size);
    if (b->state != DTLS_READY || b->ready)
        return;
    assert_true(dtls_keys(b->dtls, &ours, &theirs));
    assert_true(srtp_begin(&b->out, &ours) && srtp_begin(&b->in, &theirs));
    b->ready = true;
}

/* The next packet of audio in the clear; all else that comes is done with. */
static bool browser_hear(struct browser *b, struct heard *h, int timeout)
{
    msec until = clock_now() + (msec)timeout;

    while (clock_now() < until && b->state != DTLS_FAILED) {
        if (!phone_take(&b->phone, h, 20)) {
            (void)dtls_turn(b->dtls);
        } else if (stun_is(h->bytes, h->size)) {
            take_answer(b, h->bytes, h->size);
        } else if (dtls_is(h->bytes, h->size)) {
            take_handshake(b, h->bytes, h->size);
        } else if (rtp_is_rtcp(h->bytes, h->size)) {
            assert_true(b->ready);
            assert_int_equal(srtcp_decrypt(&b->in, h->bytes, &h->size), SRTP_OK);
        } else {
            assert_true(b->ready); /* nothing leaves before there are keys */
            assert_int_equal(srtp_decrypt(&b->in, h->bytes, &h->size), SRTP_OK);
            assert_true(phone_read(h));
            return true;
        }
    }
    return false;
}

static void browser_say(struct browser *b, double hertz)
{
    uint8_t packet[PHONE_PACKET_MAX];
    size_t size = phone_speak(&b->phone, packet, hertz);

    size = srtp_encrypt(&b->out, packet, RTP_HEADER_SIZE, packet + RTP_HEADER_SIZE,
                        size - RTP_HEADER_SIZE, packet + RTP_HEADER_SIZE);
    phone_send_bytes(&b->phone, &b->theirs.rtp, packet, RTP_HEADER_SIZE + size);
}

/* Half a second of it. */
static void browser_listen(struct browser *b, struct ear *ear)
{
    struct heard h;

    ear->count = 0;
    for (int i = 0; i < 25; i++) {
        assert_true(browser_hear(b, &h, PHONE_PATIENCE));
        ear_add(ear, &b->phone, &h);
    }
}

/* MD-11: nothing before the check, then a handshake, then music, with times of Opus. */
static void music_comes_to_a_browser(void **state)
{
    static const enum dtls_setup setups[] = { SETUP_ACTPASS, SETUP_ACTIVE, SETUP_PASSIVE };
    struct engine e;

    (void)state;
    engine_start(&e, 8);
    for (size_t i = 0; i < 3; i++) {
        static struct browser b;
        static struct ear ear;
        struct heard h;
        uint32_t stamp;

        browser_open(&b, setups[i]);
        browser_connect(&b, &e, 1, 0);
        assert_int_equal(b.theirs.dtls.setup,
                         setups[i] == SETUP_ACTIVE ? SETUP_PASSIVE : SETUP_ACTIVE);
        assert_int_equal(media_music(e.media, 1, true), 0);
        assert_false(phone_take(&b.phone, &h, 100));
        check(&b, "not-the-password-of-this", true);
        assert_true(phone_take(&b.phone, &h, PHONE_PATIENCE)); /* 401, and nothing else */
        assert_false(phone_take(&b.phone, &h, 100));
        check(&b, b.theirs.ice.pwd, true);
        browser_listen(&b, &ear);
        if (ear_level(&ear) < 0.001)
            fail_msg("too quiet: %f, %zu samples", ear_level(&ear), ear.count);
        assert_true(browser_hear(&b, &h, PHONE_PATIENCE));
        stamp = h.timestamp;
        assert_true(browser_hear(&b, &h, PHONE_PATIENCE));
        assert_int_equal(h.timestamp - stamp, 960);
        assert_int_equal(h.payload_type, 111);
        (void)engine_close(&e, 1);
        browser_close(&b);
    }
    engine_stop(&e);
}

/* With a phone that knows nothing of all this, in a codec that is not Opus. */
static void a_browser_and_a_plain_phone_talk(void **state)
{
    static const enum codec codecs[] = { CODEC_PCMU, CODEC_G722 };
    struct engine e;

    (void)state;
    engine_start(&e, 8);
    for (size_t i = 0; i < 2; i++) {
        static struct browser b;
        static struct ear ear;
        struct session_local local;
        struct phone plain;
        struct heard h;

        browser_open(&b, SETUP_ACTPASS);
        browser_connect(&b, &e, 1, 0);
        check(&b, b.theirs.ice.pwd, true);
        browser_listen(&b, &ear);
        phone_open(&plain, "127.0.0.1", codecs[i]);
        engine_connect(&e, &plain, 2, 1, &local);
        assert_int_equal(media_bridge(e.media, 1, 2), 0);
        ear.count = 0;
        for (int n = 0; n < 100 && ear_share(&ear, 700) < 0.9; n++) {
            browser_say(&b, 700);
            phone_send_tone(&plain, &local.rtp, 1900);
            if (n % 25 == 0)
                ear.count = 0;
            while (phone_hear(&plain, &h, 0))
                ear_add(&ear, &plain, &h);
        }
        assert_true(ear_share(&ear, 700) > 0.9);
        phone_drain(&plain);
        for (int n = 0; n < 100 && (n < 25 || ear_share(&ear, 1900) < 0.9); n++) {
            phone_send_tone(&plain, &local.rtp, 1900);
            if (n % 25 == 0)
                ear.count = 0;
            while (browser_hear(&b, &h, 1))
                ear_add(&ear, &b.phone, &h);
        }
        assert_true(ear_share(&ear, 1900) > 0.9);
        (void)engine_close(&e, 2);
        (void)engine_close(&e, 1);
        phone_close(&plain);
        browser_close(&b);
    }
    engine_stop(&e);
}

/* Who sends RTP in the clear, or with keys of his own, is not heard. */
static void strangers_are_not_heard(void **state)
{
    static struct browser b;
    static struct ear ear;
    struct phone stranger;
    struct engine e;

    (void)state;
    engine_start(&e, 8);
    browser_open(&b, SETUP_ACTPASS);
    browser_connect(&b, &e, 1, 0);
    check(&b, b.theirs.ice.pwd, true);
    browser_listen(&b, &ear);
    phone_open(&stranger, "127.0.0.1", CODEC_OPUS);
    for (int i = 0; i < 5; i++) {
        phone_send_tone(&stranger, &b.theirs.rtp, 500);
        phone_send_tone(&b.phone, &b.theirs.rtp, 500); /* from the right place, in the clear */
    }
    browser_listen(&b, &ear); /* still comes to it */
    assert_false(engine_has(&e, MEDIA_HEARD, 1));
    browser_say(&b, 500);
    (void)engine_wait(&e, MEDIA_HEARD, 1);
    assert_true(engine_close(&e, 1).packets_dropped >= 10);
    phone_close(&stranger);
    browser_close(&b);
    engine_stop(&e);
}

/* The pair that is nominated later is where the music goes from then on. */
static void a_nomination_moves_the_music(void **state)
{
    static struct browser b;
    static struct ear ear;
    struct phone first;
    struct address rtcp;
    struct engine e;
    struct heard h;
    int rtp;

    (void)state;
    engine_start(&e, 8);
    browser_open(&b, SETUP_ACTPASS);
    browser_connect(&b, &e, 1, 0);
    check(&b, b.theirs.ice.pwd, true);
    browser_listen(&b, &ear);
    phone_open(&first, "127.0.0.1", CODEC_OPUS); /* the browser goes on from another socket */
    rtp = first.rtp;
    rtcp = first.address;
    first.rtp = b.phone.rtp;
    first.address = b.phone.address;
    b.phone.rtp = rtp;
    b.phone.address = rtcp;
    check(&b, b.theirs.ice.pwd, false);
    b.answered = 1;
    while (phone_take(&first, &h, 0))
        ;
    assert_true(phone_take(&first, &h, PHONE_PATIENCE)); /* not nominated: as before */
    check(&b, b.theirs.ice.pwd, true);
    browser_listen(&b, &ear);
    while (phone_take(&first, &h, 0))
        ;
    assert_false(phone_take(&first, &h, 100));
    (void)engine_close(&e, 1);
    browser_close(&b);
    phone_close(&first);
    engine_stop(&e);
}

static void who_is_gone_is_given_up(void **state)
{
    static struct browser b;
    static struct ear ear;
    struct engine e;
    struct heard h;

    (void)state;
    engine_start_consent(&e, 700);
    browser_open(&b, SETUP_ACTPASS);
    browser_connect(&b, &e, 1, 0);
    check(&b, b.theirs.ice.pwd, true);
    browser_listen(&b, &ear);
    for (int i = 0; i < 10; i++) { /* a second, with a sign of life now and then */
        check(&b, b.theirs.ice.pwd, true);
        for (int n = 0; n < 5; n++)
            assert_true(browser_hear(&b, &h, PHONE_PATIENCE));
    }
    assert_false(engine_has(&e, MEDIA_DEAD, 1));
    (void)engine_wait(&e, MEDIA_DEAD, 1); /* and then none any more */
    (void)engine_close(&e, 1);
    browser_close(&b);
    engine_stop(&e);
}

/* Its certificate is not the one that its SDP names: somebody is in between. */
static void another_certificate_ends_the_leg(void **state)
{
    static struct browser b;
    struct engine e;
    struct heard h;

    (void)state;
    engine_start(&e, 8);
    browser_open(&b, SETUP_ACTPASS);
    b.offer.dtls.fingerprint[0].bytes[0] ^= 1;
    browser_connect(&b, &e, 1, 0);
    check(&b, b.theirs.ice.pwd, true);
    assert_false(browser_hear(&b, &h, PHONE_PATIENCE));
    assert_int_equal(b.state, DTLS_FAILED);
    (void)engine_wait(&e, MEDIA_DEAD, 1);
    (void)engine_close(&e, 1);
    browser_close(&b);
    engine_stop(&e);
}

/* A re-INVITE without news keeps keys, roles and ICE; one with new credentials gets new ones. */
static void a_new_offer_keeps_the_keys(void **state)
{
    struct session_wish any = { .prefer = CODEC_NONE };
    struct session_local local;
    static struct browser b;
    static struct ear ear;
    struct session agreed;
    struct engine e;

    (void)state;
    engine_start(&e, 8);
    browser_open(&b, SETUP_ACTPASS);
    browser_connect(&b, &e, 1, 0);
    check(&b, b.theirs.ice.pwd, true);
    browser_listen(&b, &ear);
    assert_int_equal(session_agree(&b.offer, &any, &agreed), SESSION_AGREED);
    assert_int_equal(media_agree(e.media, 1, &agreed), 0);
    assert_int_equal(media_local(e.media, 1, &local), 0);
    assert_memory_equal(&local, &b.theirs, sizeof local);
    browser_listen(&b, &ear);
    (void)text_copy(agreed.ice.ufrag, sizeof agreed.ice.ufrag, "again");
    assert_int_equal(media_agree(e.media, 1, &agreed), 0);
    assert_int_equal(media_local(e.media, 1, &local), 0);
    assert_string_not_equal(local.ice.pwd, b.theirs.ice.pwd);
    assert_int_equal(local.rtp.port, b.theirs.rtp.port);
    b.theirs = local;
    check(&b, b.theirs.ice.pwd, true);
    browser_listen(&b, &ear);
    (void)engine_close(&e, 1);
    browser_close(&b);
    engine_stop(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(music_comes_to_a_browser),
        cmocka_unit_test(a_browser_and_a_plain_phone_talk),
        cmocka_unit_test(strangers_are_not_heard),
        cmocka_unit_test(a_nomination_moves_the_music),
        cmocka_unit_test(who_is_gone_is_given_up),
        cmocka_unit_test(another_certificate_ends_the_leg),
        cmocka_unit_test(a_new_offer_keeps_the_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

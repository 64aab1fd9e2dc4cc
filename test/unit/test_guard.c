/* Which addresses an SDP may have audio sent to, and what is said of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app_rig.h"
#include "base/text.h"

#define STRANGER "192.0.2.7"
#define OURSELVES 0 /* a port: that of our SIP listener */

static uint16_t listener_port(const struct app *a)
{
    char listener[96];

    app_listener(a, 0, listener);
    return (uint16_t)atoi(strrchr(listener, ':') + 1);
}

static struct session_offer offer_of(const char *host, uint16_t port)
{
    struct session_offer o = { .present = true,
                               .usable = true,
                               .rtp = { .port = port },
                               .direction = DIR_SENDRECV,
                               .codecs = { { CODEC_PCMU, 0 } },
                               .codec_count = 1,
                               .dtmf_payload_type = -1 };

    (void)text_copy(o.rtp.host, sizeof(o.rtp.host), host);
    return o;
}

static void addresses_that_are_nobodys_to_name(void **state)
{
    static const struct {
        const char *source, *host;
        uint16_t port;
        bool allowed; /* by [media] loopback */
        const char *word;
    } rows[] = {
        { STRANGER, "198.51.100.9", 4000, false, NULL },
        { STRANGER, "127.0.0.1", 4000, false, "127.0.0.1:4000 is a loopback address" },
        { STRANGER, "::1", 4000, false, "[::1]:4000 is a loopback address" },
        { STRANGER, "127.0.0.1", 4000, true, NULL },
        { "127.0.0.9", "127.0.0.1", 4000, false, NULL },
        { "::1", "127.0.0.1", 4000, false, NULL },
        { STRANGER, "224.1.2.3", 4000, true, "multicast" },
        { "127.0.0.1", "255.255.255.255", 4000, false, "broadcast" },
        { "127.0.0.1", "0.0.0.0", 4000, false, "no address to send to" },
        { "127.0.0.1", "127.0.0.1", OURSELVES, true, "this server itself" },
        { "127.0.0.1", "127.0.0.2", OURSELVES, true, NULL }, /* it does not listen there */
    };
    struct app *a = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint16_t port = rows[i].port ? rows[i].port : listener_port(a);
        struct session_offer offer = offer_of(rows[i].host, port);
        struct app_leg leg = { .leg = 1 };
        struct session agreed;
        struct fault fault = { 0 };
        bool fine;

        (void)text_copy(leg.source, sizeof(leg.source), rows[i].source);
        a->config.media_loopback = rows[i].allowed;
        fine = guard_agree(a, &leg, &offer, CODEC_NONE, &agreed, &fault);
        if (fine != !rows[i].word || (!fine && !strstr(fault.why, rows[i].word)))
            fail_msg("%s from %s: '%s'", rows[i].host, rows[i].source, fault.why);
        if (!fine)
            assert_int_equal(fault.warning, 399);
    }
    a->config.media_loopback = false;
}

/* A packet to our own port would come back as if the far end had sent it. */
static void a_port_of_our_own_streams(void **state)
{
    struct app *a = *state;
    struct session_offer theirs = offer_of("127.0.0.1", 4000), offer;
    struct app_leg leg = { .leg = 7, .source = "127.0.0.1" };
    struct session_local local;
    struct session agreed;
    struct fault fault;

    assert_int_equal(media_open(a->media, 7, &theirs, "127.0.0.1", 0, &local, NULL), 0);
    offer = offer_of("127.0.0.1", local.rtp.port);
    assert_false(guard_agree(a, &leg, &offer, CODEC_NONE, &agreed, &fault));
    assert_non_null(strstr(fault.why, "this server itself"));
    offer = offer_of("127.0.0.1", 4000); /* RTCP alone */
    offer.rtcp = local.rtp;
    assert_false(guard_agree(a, &leg, &offer, CODEC_NONE, &agreed, &fault));
    assert_int_equal(media_close(a->media, 7), 0);
}

static void what_else_is_refused_has_its_own_sentence(void **state)
{
    struct app *a = *state;
    struct app_leg leg = { .leg = 1, .source = STRANGER };
    struct session_offer offer = offer_of("198.51.100.9", 4000);
    struct session agreed;
    struct fault fault;

    offer.codec_count = 0;
    assert_false(guard_agree(a, &leg, &offer, CODEC_NONE, &agreed, &fault));
    assert_string_equal(fault.why, "no audio format in common");
    assert_int_equal(fault.warning, 305);
    offer = offer_of("198.51.100.9", 4000);
    offer.srtp = SRTP_REQUIRED;
    assert_false(guard_agree(a, &leg, &offer, CODEC_NONE, &agreed, &fault));
    assert_non_null(strstr(fault.why, "must be SRTP"));
}

/* Hold in the old way names no place, and is no fault. */
static void hold_is_no_fault(void **state)
{
    struct app *a = *state;
    struct app_leg leg = { .leg = 1, .source = STRANGER };
    struct session_offer offer = offer_of("0.0.0.0", 4000);
    struct session agreed;
    struct fault fault;

    offer.direction = DIR_SENDONLY;
    assert_true(guard_agree(a, &leg, &offer, CODEC_NONE, &agreed, &fault));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_APP(addresses_that_are_nobodys_to_name),
        WITH_APP(a_port_of_our_own_streams),
        WITH_APP(what_else_is_refused_has_its_own_sentence),
        WITH_APP(hold_is_no_fault),
    };

    return cmocka_run_group_tests_name("guard", tests, rig_start, rig_end);
}

/* What one phone has said of its audio, told to the other (RFC 3725): its words and no others.
 * RD-01, RD-04. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip/sdp.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
#define AUDIO "m=audio 5004 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"

static const struct sdp_origin origin = { .id = 77, .version = 3, .host = "198.51.100.9" };
static char out[SDP_TEXT_SIZE];

static struct session_offer theirs(const char *text)
{
    struct session_offer offer;

    assert_true(sdp_take(text, strlen(text), NULL, &offer));
    return offer;
}

static const char *passed(const char *text)
{
    struct session_offer offer = theirs(text);

    assert_true(sdp_make_passed_offer(out, sizeof out, &offer, &origin));
    return out;
}

static void has(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("no '%s' in %s", words, text);
}

static void has_not(const char *text, const char *words)
{
    if (strstr(text, words))
        fail_msg("'%s' in %s", words, text);
}

static void an_offer_has_his_address_and_our_origin(void **state)
{
    (void)state;
    passed(HEAD AUDIO "a=ptime:30\r\na=x-his-own:1\r\n");
    has(out, "o=callpark 77 3 IN IP4 198.51.100.9\r\n");
    has(out, "c=IN IP4 192.0.2.1\r\n");
    has(out, "m=audio 5004 RTP/AVP 8 0 101\r\n");
    has(out, "a=ptime:30\r\n");
    has(out, "a=sendrecv\r\n");
    has_not(out, "x-his-own");
    has_not(out, "a=rtcp");
}

static void direction_goes_on_as_he_says_it(void **state)
{
    static const struct {
        const char *said, *told;
    } cases[] = {
        { "a=sendonly\r\n", "a=sendonly\r\n" },
        { "a=recvonly\r\n", "a=recvonly\r\n" },
        { "a=inactive\r\n", "a=inactive\r\n" },
        { "", "a=sendrecv\r\n" },
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text_format(text, sizeof text, "%s%s", HEAD AUDIO, cases[i].said);
        has(passed(text), cases[i].told);
    }
}

static void rtcp_goes_where_he_wants_it(void **state)
{
    (void)state;
    has(passed(HEAD AUDIO "a=rtcp:6000\r\n"), "a=rtcp:6000\r\n");
    has(passed(HEAD AUDIO "a=rtcp-mux\r\n"), "a=rtcp-mux\r\n");
}

/* Nobody is told of somebody else's keys, whatever he has said of them. */
static void keys_are_never_passed_on(void **state)
{
    static const char keyed[] = HEAD AUDIO
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
        "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"
        "a=fingerprint:sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33\r\n";
    struct session_offer offer = theirs(keyed);

    (void)state;
    assert_int_equal(offer.crypto_count, 1);
    passed(keyed);
    has_not(out, "crypto");
    has_not(out, "inline");
    has_not(out, "fingerprint");
    assert_true(
        sdp_make_passed_answer(out, sizeof out, HEAD AUDIO, strlen(HEAD AUDIO), &offer, &origin));
    has_not(out, "inline");
}

static void an_answer_has_one_format_and_refuses_the_rest(void **state)
{
    static const char asked[] = HEAD "m=video 5010 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n"
                                     "m=audio 5020 RTP/AVP 0 8\r\na=rtcp-mux\r\n";
    struct session_offer offer = theirs(HEAD AUDIO "a=recvonly\r\n");

    (void)state;
    assert_true(sdp_make_passed_answer(out, sizeof out, asked, strlen(asked), &offer, &origin));
    has(out, "m=video 0 RTP/AVP 99\r\n");
    has(out, "m=audio 5004 RTP/AVP 8 101\r\n");
    has(out, "a=recvonly\r\n");
    has_not(out, "rtcp-mux"); /* he has not said so */
    has(out, "o=callpark 77 3 IN IP4 198.51.100.9\r\n");
}

static void what_cannot_be_said_is_not(void **state)
{
    struct session_offer offer = theirs(HEAD "m=audio 5004 RTP/AVP 18\r\n"), fine;
    char small[40];

    (void)state;
    assert_int_equal(offer.codec_count, 0);
    assert_false(sdp_make_passed_offer(out, sizeof out, &offer, &origin));
    assert_false(
        sdp_make_passed_answer(out, sizeof out, HEAD AUDIO, strlen(HEAD AUDIO), &offer, &origin));
    fine = theirs(HEAD AUDIO);
    assert_false(sdp_make_passed_answer(out, sizeof out, "v=0", 3, &fine, &origin));
    assert_false(sdp_make_passed_answer(out, sizeof out, HEAD "m=video 5010 RTP/AVP 99\r\n",
                                        strlen(HEAD "m=video 5010 RTP/AVP 99\r\n"), &fine,
                                        &origin));
    assert_false(sdp_make_passed_offer(small, sizeof small, &fine, &origin));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_has_his_address_and_our_origin),
        cmocka_unit_test(direction_goes_on_as_he_says_it),
        cmocka_unit_test(rtcp_goes_where_he_wants_it),
        cmocka_unit_test(keys_are_never_passed_on),
        cmocka_unit_test(an_answer_has_one_format_and_refuses_the_rest),
        cmocka_unit_test(what_cannot_be_said_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

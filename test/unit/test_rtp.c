/* RTP, telephone-events and RTCP as bytes: what is read, what is refused, what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "media/bytes.h"
#include "media/rtcp.h"
#include "media/rtp.h"

static void packets_are_read_or_refused(void **state)
{
    /* clang-format off */
    static const struct {
        const char *what;
        uint8_t bytes[32];
        size_t size;
        int payload; /* where it starts; -1: refused */
        size_t left;
    } rows[] = {
        { "plain", { 0x80, 0x00, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9 }, 14, 12, 2 },
        { "empty", { 0x80, 0x80, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3 }, 12, 12, 0 },
        { "cut off", { 0x80, 0x00, 0, 1, 0, 0, 0, 2, 0, 0, 0 }, 11, -1, 0 },
        { "version 1", { 0x40, 0x00, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9 }, 14, -1, 0 },
        { "a CSRC", { 0x81, 0x00, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 7, 7, 7, 7, 9 }, 17, 16, 1 },
        { "CSRC cut off", { 0x81, 0x00, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 7, 7 }, 14, -1, 0 },
        { "extension", { 0x90, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 1, 0, 1, 5, 5, 5, 5, 9 }, 21, 20, 1 },
        { "extension cut off", { 0x90, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 1, 0, 9, 5 }, 17, -1, 0 },
        { "extension's head cut off", { 0x90, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1 }, 13, -1, 0 },
        { "padding", { 0xA0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 0, 0, 3 }, 16, 12, 1 },
        { "only padding", { 0xA0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 2 }, 14, 12, 0 },
        { "padding of 0", { 0xA0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 0 }, 14, -1, 0 },
        { "more padding than packet", { 0xA0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 3 }, 14, -1, 0 },
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rtp_packet p;
        bool good = rtp_parse(&p, rows[i].bytes, rows[i].size);

        if (good != (rows[i].payload >= 0))
            fail_msg("%s", rows[i].what);
        if (!good)
            continue;
        assert_int_equal(p.payload - rows[i].bytes, rows[i].payload);
        assert_int_equal(p.size, rows[i].left);
        assert_int_equal(p.sequence, 1);
        assert_int_equal(p.timestamp, 2);
        assert_int_equal(p.ssrc, 3);
    }
}

static void a_header_written_is_read_again(void **state)
{
    uint8_t bytes[RTP_HEADER_SIZE];
    struct rtp_packet p;

    (void)state;
    rtp_write_header(bytes, 101, true, 0xFFFE, 0x80000001, 0xDEADBEEF);
    assert_true(rtp_parse(&p, bytes, sizeof bytes));
    assert_int_equal(p.payload_type, 101);
    assert_true(p.marker);
    assert_int_equal(p.sequence, 0xFFFE);
    assert_int_equal(p.timestamp, 0x80000001);
    assert_int_equal(p.ssrc, 0xDEADBEEF);
    assert_false(rtp_is_rtcp(bytes, sizeof bytes));
}

static void digits(void **state)
{
    static const uint8_t pound[] = { 11, 0x8A, 0x03, 0x20 };
    struct rtp_digit d;

    (void)state;
    assert_true(rtp_parse_digit(&d, pound, sizeof pound));
    assert_true(d.end);
    assert_int_equal(d.duration, 800);
    assert_int_equal(rtp_digit_char(d.event), '#');
    assert_false(rtp_parse_digit(&d, pound, 3));
    assert_int_equal(rtp_digit_char(0), '0');
    assert_int_equal(rtp_digit_char(10), '*');
    assert_int_equal(rtp_digit_char(15), 'D');
    assert_int_equal(rtp_digit_char(16), 0); /* a flash is no digit */
    assert_int_equal(rtp_digit_char(255), 0);
}

static void a_sender_report_says_what_was_sent(void **state)
{
    struct rtcp_source far = { .started = false };
    struct rtcp_sender own = { .ssrc = 5,
                               .timestamp = 6,
                               .packets = 7,
                               .bytes = 8,
                               .wall = 1500,
                               .sent = true,
                               .bye = true,
                               .cname = "a@b" };
    uint8_t bytes[RTCP_SIZE_MAX];
    size_t size = rtcp_write(bytes, &own, &far, 0);
    bool bye = false;

    (void)state;
    assert_int_equal(size % 4, 0);
    assert_int_equal(bytes[1], 200);
    assert_int_equal(bytes_get32(bytes + 4), 5);
    assert_int_equal(bytes_get32(bytes + 8), 2208988801U); /* 1.5 s after 1970, from 1900 */
    assert_int_equal(bytes_get32(bytes + 12), 0x80000000);
    assert_int_equal(bytes_get32(bytes + 16), 6);
    assert_int_equal(bytes_get32(bytes + 20), 7);
    assert_int_equal(bytes_get32(bytes + 24), 8);
    assert_int_equal(bytes[29], 202);
    assert_memory_equal(bytes + 28 + 8, "\1\3a@b\0", 6);
    assert_true(rtp_is_rtcp(bytes, size));
    assert_true(rtcp_read(&far, bytes, size, 0, &bye));
    assert_true(bye);
}

static void a_receiver_report_counts_what_is_missing(void **state)
{
    struct rtcp_source far = { .started = false };
    struct rtcp_sender own = { .ssrc = 5, .cname = "a@b" };
    uint8_t bytes[RTCP_SIZE_MAX];

    (void)state;
    /* From 65530 on over the wrap; every fourth is missing. */
    for (unsigned i = 0; i < 100; i++)
        if (i % 4 != 2)
            rtcp_received(&far, 99, (uint16_t)(65530 + i), i * 160, i * 160);
    (void)rtcp_write(bytes, &own, &far, 0);
    assert_int_equal(bytes[0], 0x81);
    assert_int_equal(bytes[1], 201);
    assert_int_equal(bytes_get32(bytes + 8), 99);
    assert_int_equal(bytes_get32(bytes + 12) & 0xFFFFFF, 25);
    assert_in_range(bytes[12], 62, 64); /* of 256 */
    assert_int_equal(bytes_get32(bytes + 16), 65536 + 93);
    assert_int_equal(bytes_get32(bytes + 20), 0); /* even arrival: no jitter */
}

static void their_reports_are_read_or_refused(void **state)
{
    static const struct {
        const char *what;
        uint8_t bytes[16];
        size_t size;
        bool good, bye;
    } rows[] = {
        { "an empty RR", { 0x80, 201, 0, 1, 0, 0, 0, 9 }, 8, true, false },
        { "RR and BYE",
          { 0x80, 201, 0, 1, 0, 0, 0, 9, 0x81, 203, 0, 1, 0, 0, 0, 9 },
          16,
          true,
          true },
        { "BYE first", { 0x81, 203, 0, 1, 0, 0, 0, 9 }, 8, false, false },
        { "longer than it is", { 0x80, 201, 0, 2, 0, 0, 0, 9 }, 8, false, false },
        { "cut in the second", { 0x80, 201, 0, 1, 0, 0, 0, 9, 0x81, 203, 0, 1 }, 12, false, false },
        { "too short", { 0x80, 201, 0, 1 }, 4, false, false },
        { "rest behind", { 0x80, 201, 0, 1, 0, 0, 0, 9, 1 }, 9, false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rtcp_source far = { .started = true, .ssrc = 9 };
        bool bye;

        if (rtcp_read(&far, rows[i].bytes, rows[i].size, 0, &bye) != rows[i].good)
            fail_msg("%s", rows[i].what);
        if (rows[i].good)
            assert_int_equal(bye, rows[i].bye);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_read_or_refused),
        cmocka_unit_test(a_header_written_is_read_again),
        cmocka_unit_test(digits),
        cmocka_unit_test(a_sender_report_says_what_was_sent),
        cmocka_unit_test(a_receiver_report_counts_what_is_missing),
        cmocka_unit_test(their_reports_are_read_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

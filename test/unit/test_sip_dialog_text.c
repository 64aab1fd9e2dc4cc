/* A dialog as text for the store: all of it comes back, what a later version has added is passed
 * over, and what others wrote there becomes no header of ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip/sip.h"

static const char least[] = "call_id=a@b\nlocal_tag=l\nlocal_uri=sip:us\nremote_uri=sip:them\n";

static char text[SIP_DIALOG_TEXT_SIZE], unread[64];
static struct sip_dialog read_back;

#define FILL(field, first) fill(field, sizeof(field), first)

static void fill(char *to, size_t size, char first)
{
    for (size_t i = 0; i + 1 < size; i++)
        to[i] = (char)(first + (char)(i % 20));
    to[size - 1] = '\0';
}

/* Every field different from every other, and as long as it can be. */
static void make_full(struct sip_dialog *d)
{
    memset(d, 0, sizeof *d);
    FILL(d->call_id, 'a');
    FILL(d->local_tag, 'b');
    FILL(d->remote_tag, 'c');
    FILL(d->local_uri, 'd');
    FILL(d->remote_uri, 'e');
    FILL(d->remote_target, 'f');
    FILL(d->local_contact, 'A');
    FILL(d->routes, 'B');
    FILL(d->transport, 'C');
    FILL(d->local.host, 'D');
    FILL(d->remote.host, 'E');
    FILL(d->media.host, 'F');
    FILL(d->origin_host, 'G');
    FILL(d->user, '0');
    FILL(d->account, '1');
    FILL(d->party.display, '2');
    FILL(d->party.uri, '3');
    FILL(d->party.contact, '4');
    FILL(d->identity_told, '5');
    FILL(d->branch, '6');
    FILL(d->request_uri, '7');
    FILL(d->way, '8');
    FILL(d->local_sdp, '9');
    FILL(d->invite, 'H');
    FILL(d->told_phrase, '!');
    FILL(d->told_orbit, '#');
    d->we_called = d->we_refresh = d->we_offered = d->allows_update = true;
    d->trusted = d->web = d->routed = d->replaced = d->party.hidden = true;
    d->local_cseq = 1;
    d->remote_cseq = UINT32_MAX;
    d->invite_cseq = 3;
    d->cseq_reserved = 4;
    d->local.port = 5;
    d->remote.port = 65535;
    d->media.port = 7;
    d->session_expires = 8;
    d->refresh_at = 1767225600000;
    d->expires_at = UINT64_MAX;
    d->clock = 14;
    d->origin_id = 11;
    d->origin_version = 12;
    d->replaces = 13;
}

static void everything_comes_back(void **state)
{
    struct sip_dialog d;

    (void)state;
    make_full(&d);
    assert_true(sip_dialog_write(text, sizeof text, &d));
    assert_true(sip_dialog_read(&read_back, text, unread));
    assert_string_equal(unread, "");
    assert_memory_equal(&read_back.party, &d.party, sizeof d.party);
    assert_string_equal(read_back.local_sdp, d.local_sdp);
    /* A second time, as there may be gaps in the struct that nobody fills in. */
    char again[SIP_DIALOG_TEXT_SIZE];
    assert_true(sip_dialog_write(again, sizeof again, &read_back));
    assert_string_equal(again, text);
    assert_int_equal(read_back.expires_at, UINT64_MAX);
    assert_int_equal(read_back.remote.port, 65535);
    assert_int_equal(read_back.remote_cseq, UINT32_MAX);
    assert_true(read_back.replaced && read_back.party.hidden && read_back.we_called);
    assert_int_equal(read_back.replaces, 13);
    assert_int_equal(read_back.clock, 14);
}

static void bodies_keep_their_lines(void **state)
{
    static const char sdp[] = "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\na=x:\\n\\\\\r\n";
    struct sip_dialog d = { .call_id = "a", .local_tag = "b" };

    (void)state;
    text_copy(d.local_uri, sizeof d.local_uri, "sip:us");
    text_copy(d.remote_uri, sizeof d.remote_uri, "sip:them");
    text_copy(d.local_sdp, sizeof d.local_sdp, sdp);
    assert_true(sip_dialog_write(text, sizeof text, &d));
    assert_true(sip_dialog_read(&read_back, text, unread));
    assert_string_equal(read_back.local_sdp, sdp);
    assert_null(strstr(text, "routes")); /* what is empty takes no room */
}

static void too_little_room_is_told(void **state)
{
    struct sip_dialog d;

    (void)state;
    make_full(&d);
    assert_false(sip_dialog_write(text, 5000, &d));
    assert_true(strlen(text) < 5000);
    assert_false(sip_dialog_write(text, 0, &d));
}

static void what_can_be_read(void **state)
{
    static const struct {
        const char *line, *unread; /* NULL: it can be */
    } rows[] = {
        { "", NULL },
        { "a_later_thing=7\n", NULL },
        { "no equals sign\n", NULL },
        { "=\n", NULL },
        { "we_called=1", NULL }, /* no end of the last line */
        { "local_cseq=4294967295\n", NULL },
        { "local_cseq=4294967296\n", "local_cseq" },
        { "local_cseq=-1\n", "local_cseq" },
        { "local_cseq=\n", "local_cseq" },
        { "we_called=2\n", "we_called" },
        { "local=192.0.2.1\n", "local" },
        { "local=192.0.2.1|65536\n", "local" },
        { "local=192.0.2.1|5060\n", NULL },
        { "transport=far too long\n", "transport" },
        { "remote_target=sip:a\\r\\nEvil: yes\n", "remote_target" }, /* no header of theirs */
        { "routes=<sip:a\x01>\n", "routes" },
        { "told_phrase=a\x7f\n", "told_phrase" },
        { "local_sdp=v=0\\r\\n\n", NULL },
        { "local_sdp=\x02\n", "local_sdp" },
        { "user=\\x\n", "user" },
        { "user=a\\", "user" }, /* nothing behind it */
        { "call_id=\n", "call_id is missing" },
        { "remote_uri=\n", "remote_uri is missing" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        text_format(text, sizeof text, "%s%s", least, rows[i].line);
        assert_int_equal(sip_dialog_read(&read_back, text, unread), !rows[i].unread);
        assert_string_equal(unread, rows[i].unread ? rows[i].unread : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(bodies_keep_their_lines),
        cmocka_unit_test(too_little_room_is_told),
        cmocka_unit_test(what_can_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

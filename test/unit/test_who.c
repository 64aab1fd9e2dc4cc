/* Who somebody is: parts of URIs, insiders, the right to retrieve. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "core/decide.h"

static void parts_of_a_uri(void **state)
{
    static const struct {
        const char *uri, *user, *host;
    } cases[] = {
        { "sip:105@pbx.example", "105", "pbx.example" },
        { "SIPS:Anna.Berg@pbx.example:5061;transport=tls", "Anna.Berg", "pbx.example" },
        { "sip:105:secret@pbx", "105", "pbx" },
        { "sip:+49-30(123)456;phone-context=x@pbx", "+4930123456", "pbx" },
        { "sip:105@[2001:db8::1]:5060", "105", "[2001:db8::1]" },
        { "sip:%31%30%35@pbx", "105", "pbx" },
        { "sip:%2a700@pbx", "*700", "pbx" },
        { "sip:%0@pbx", "%0", "pbx" },
        { "sip:a%00b@pbx", "a%00b", "pbx" },
        { "sip:pbx.example", "", "pbx.example" },
        { "sip:pbx.example;lr", "", "pbx.example" },
        { "tel:+49-30-123456;ext=1", "+4930123456", "" },
        { "tel:105;phone-context=pbx.example", "105", "" },
        { "105@pbx", "105", "pbx" },
        { "", "", "" },
        { "sip:", "", "" },
        { "sip:@", "", "" },
        { "sip:105@[::1", "105", "[::1" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char user[DIALLED_SIZE];
        char host[FQDN_SIZE];

        uri_user(user, cases[i].uri);
        uri_host(host, cases[i].uri);
        assert_string_equal(user, cases[i].user);
        assert_string_equal(host, cases[i].host);
    }
}

static void the_same_user(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        { "sip:105@pbx", "sip:105@pbx:5060", true },
        { "sip:105@PBX", "sips:105@pbx;transport=tls", true },
        { "sip:105@pbx", "sip:106@pbx", false },
        { "sip:105@pbx", "sip:105@other", false },
        { "sip:anna@pbx", "sip:Anna@pbx", false },
        { "", "", false },
        { "sip:105@pbx", "", false },
        { "tel:+4930-1", "tel:+49-301", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(uri_same_user(cases[i].a, cases[i].b), cases[i].same);
}

static void insiders(void **state)
{
    static const struct house any = { .domain_count = 0 };
    static const struct house ours = { .domains = { "pbx.example" }, .domain_count = 1 };
    static const struct {
        const char *uri;
        bool hidden, inside, inside_ours;
    } cases[] = {
        { "sip:105@pbx.example", false, true, true },
        { "sip:105@PBX.example:5060", false, true, true },
        { "sip:105@192.0.2.1", false, true, true },
        { "sip:105@[2001:db8::1]", false, true, true },
        { "sip:anna@pbx.example", false, true, true },
        { "tel:105", false, true, true },
        { "sip:0@pbx.example", false, true, true },
        { "sip:105@elsewhere.example", false, true, false },
        { "sip:105@pbx.example", true, false, false },
        { "sip:+4930123456@pbx.example", false, false, false },
        { "sip:+105@pbx.example", false, false, false },
        { "sip:004930123456@pbx.example", false, false, false },
        { "sip:030123456@pbx.example", false, false, false },
        { "sip:2125551234@pbx.example", false, false, false },
        { "tel:+49-30-123456", false, false, false },
        { "sip:anonymous@anonymous.invalid", false, false, false },
        { "sip:Anonymous@pbx.example", false, false, false },
        { "sip:x@anonymous.invalid", false, false, false },
        { "sip:unknown@pbx.example", false, false, false },
        { "sip:pbx.example", false, false, false },
        { "", false, false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct party p = { .hidden = cases[i].hidden };

        (void)text_copy(p.uri, sizeof p.uri, cases[i].uri);
        if (party_is_insider(&p, &any) != cases[i].inside ||
            party_is_insider(&p, &ours) != cases[i].inside_ours)
            fail_msg("case %zu: %s", i, cases[i].uri);
    }
}

static void right_to_retrieve(void **state)
{
    static const struct house house = { .domain_count = 0 };
    static const struct {
        const char *setting, *who, *source;
        bool allowed;
    } cases[] = {
        { "", "sip:105@pbx", "192.0.2.1", true },
        { "", "sip:+4930123@pbx", "192.0.2.1", false },
        { " , ", "sip:105@pbx", "192.0.2.1", true },
        { "105", "sip:105@pbx", "192.0.2.1", true },
        { "105", "sip:106@pbx", "192.0.2.1", false },
        { "2??", "sip:204@pbx", "192.0.2.1", true },
        { "2??", "sip:2040@pbx", "192.0.2.1", false },
        { "sip:2??@example.com", "sip:204@example.com:5060", "192.0.2.1", true },
        { "sip:2??@example.com", "sip:204@pbx", "192.0.2.1", false },
        { "*@example.com", "sip:anna@example.com", "192.0.2.1", true },
        { "192.0.2.0/24", "sip:105@pbx", "192.0.2.1", true },
        { "192.0.2.0/24", "sip:105@pbx", "192.0.3.1", false },
        { "192.0.2.1", "sip:105@pbx", "192.0.2.1", true },
        { "2001:db8::/32", "sip:105@pbx", "2001:db8::7", true },
        { "106, 192.0.2.0/24", "sip:105@pbx", "192.0.2.1", true },
        { "106,107", "sip:107@pbx", "192.0.2.1", true },
        { "106,107", "", "192.0.2.1", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct party p = { .hidden = false };

        (void)text_copy(p.uri, sizeof p.uri, cases[i].who);
        if (retrieve_allowed(cases[i].setting, &p, cases[i].source, &house) != cases[i].allowed)
            fail_msg("case %zu: '%s' for %s", i, cases[i].setting, cases[i].who);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_a_uri),
        cmocka_unit_test(the_same_user),
        cmocka_unit_test(insiders),
        cmocka_unit_test(right_to_retrieve),
    };

    return cmocka_run_group_tests_name("who", tests, NULL, NULL);
}

/* Digest authentication: the examples of RFC 7616, the header in every form, nonces and their
 * counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "sip/digest.h"

#define NONCE "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define CNONCE "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
#define REALM "http-auth@example.org"
#define WALL UINT64_C(1800000000000)

static su_home_t home[1] = { SU_HOME_INIT(home) };

static enum credentials_read read_header(const char *text, struct credentials *c)
{
    sip_authorization_t *au = sip_authorization_make(home, text);

    if (!au)
        return CREDENTIALS_OTHER;
    return credentials_read(au, REALM, c);
}

/* RFC 7616 3.9.1; RFC 8760 uses the same computation for SIP. */
static void rfc_7616_examples(void **state)
{
    static const struct {
        const char *algorithm, *response;
    } examples[] = {
        { "SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1" },
        { "MD5", "8ca523f5e9506fed4657c9700eebdbec" },
    };
    char md5[SIP_MD5_SIZE], sha256[SIP_SHA256_SIZE], header[1024], response[DIGEST_HEX_SIZE];

    (void)state;
    assert_true(sip_password_hash("Mufasa", REALM, "Circle of Life", md5, sha256));
    for (size_t i = 0; i < 2; i++) {
        struct credentials c;

        assert_true(text_format(header, sizeof header,
                                "Digest username=\"Mufasa\", realm=\"" REALM "\", "
                                "uri=\"/dir/index.html\", algorithm=%s, nonce=\"" NONCE "\", "
                                "nc=00000001, cnonce=\"" CNONCE "\", qop=auth, response=\"%s\", "
                                "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
                                examples[i].algorithm, examples[i].response));
        assert_int_equal(read_header(header, &c), CREDENTIALS_FINE);
        assert_int_equal(c.how, i == 0 ? DIGEST_SHA256 : DIGEST_MD5);
        assert_int_equal(c.count, 1);
        assert_true(digest_response(&c, i == 0 ? sha256 : md5, "GET", response));
        assert_string_equal(response, examples[i].response);
        assert_true(digest_same(response, c.response));
        assert_true(digest_response(&c, i == 0 ? sha256 : md5, "POST", response));
        assert_false(digest_same(response, c.response));
    }
}

#define START "Digest username=\"anna\", realm=\"" REALM "\", nonce=\"n\", uri=\"sip:1@h\", "
#define REST "response=\"00\", cnonce=\"c\", qop=auth, nc=0000000a"

static void every_form_of_the_header(void **state)
{
    static const struct {
        const char *text;
        enum credentials_read expected;
    } cases[] = {
        { START REST, CREDENTIALS_FINE },
        { START REST ", algorithm=md5", CREDENTIALS_FINE },
        { START REST ", algorithm=\"SHA-256\"", CREDENTIALS_FINE },
        { "digest"
          " username=anna, realm=\"" REALM "\", nonce=n, uri=\"sip:1@h\", " REST,
          CREDENTIALS_FINE },
        { START REST ", algorithm=SHA-512-256", CREDENTIALS_BAD },
        { START REST ", algorithm=MD5-sess", CREDENTIALS_BAD },
        { START REST ", userhash=true", CREDENTIALS_BAD },
        { START "response=\"00\", cnonce=\"c\", qop=auth-int, nc=00000001", CREDENTIALS_BAD },
        { START "response=\"00\"", CREDENTIALS_BAD }, /* RFC 2069: nothing against replays */
        { START "response=\"00\", cnonce=\"c\", qop=auth, nc=1", CREDENTIALS_BAD },
        { START "response=\"00\", cnonce=\"c\", qop=auth, nc=00000000", CREDENTIALS_BAD },
        { START "response=\"00\", cnonce=\"c\", qop=auth, nc=0000000g", CREDENTIALS_BAD },
        { START "response=\"00\", cnonce=\"open, qop=auth, nc=00000001", CREDENTIALS_OTHER },
        { "Digest realm=\"" REALM "\", nonce=\"n\", uri=\"sip:1@h\", " REST, CREDENTIALS_BAD },
        { "Digest username=\"anna\", realm=\"elsewhere\", nonce=\"n\", " REST, CREDENTIALS_OTHER },
        { "Basic YW5uYTpwYXNz", CREDENTIALS_OTHER },
        { "NoOneKnowsThisScheme opaque-data=here", CREDENTIALS_OTHER }, /* RFC 4475 regaut01 */
        { "Digest", CREDENTIALS_OTHER },
    };
    char longer[2048];
    struct credentials c;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum credentials_read got = read_header(cases[i].text, &c);

        /* What the library cannot read at all never comes to us. */
        if ((got == CREDENTIALS_FINE) != (cases[i].expected == CREDENTIALS_FINE) ||
            (cases[i].expected == CREDENTIALS_BAD && got != CREDENTIALS_BAD))
            fail_msg("%d, not %d: %s", got, cases[i].expected, cases[i].text);
    }
    assert_int_equal(read_header("Digest username=\"a\\\"b\\\\c\", realm=\"" REALM
                                 "\", nonce=n, uri=u, " REST,
                                 &c),
                     CREDENTIALS_FINE);
    assert_string_equal(c.user, "a\"b\\c");
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    memcpy(longer, START "response=\"00\", qop=auth, nc=00000001, cnonce=\"",
           strlen(START "response=\"00\", qop=auth, nc=00000001, cnonce=\""));
    longer[sizeof longer - 2] = '"';
    assert_int_equal(read_header(longer, &c), CREDENTIALS_BAD);
}

static void nonces_are_ours_and_die(void **state)
{
    static const unsigned char key[32] = { 1 };
    struct nonces *n = nonces_new(key), *later = nonces_new(key),
                  *other = nonces_new((unsigned char[32]){ 2 });
    char nonce[NONCE_SIZE], bent[NONCE_SIZE];

    (void)state;
    assert_true(n && later && other);
    nonce_make(n, REALM, WALL, nonce);
    assert_int_equal(strlen(nonce), NONCE_SIZE - 1);
    assert_int_equal(nonce_check(n, REALM, nonce, WALL), NONCE_FINE);
    assert_int_equal(nonce_check(n, REALM, nonce, WALL + NONCE_LIFE * 1000), NONCE_FINE);
    assert_int_equal(nonce_check(n, REALM, nonce, WALL + (NONCE_LIFE + 1) * 1000), NONCE_OLD);
    assert_int_equal(nonce_check(n, REALM, nonce, WALL - (NONCE_LIFE + 1) * 1000), NONCE_OLD);
    assert_int_equal(nonce_check(n, "other", nonce, WALL), NONCE_FOREIGN);
    assert_int_equal(nonce_check(other, REALM, nonce, WALL), NONCE_FOREIGN);
    /* After a restart it is known, but which counts were used is not. */
    assert_int_equal(nonce_check(later, REALM, nonce, WALL), NONCE_OLD);
    for (size_t i = 0; i < NONCE_SIZE - 1; i++) {
        memcpy(bent, nonce, sizeof bent);
        bent[i] = bent[i] == '0' ? '1' : '0';
        assert_int_equal(nonce_check(n, REALM, bent, WALL), NONCE_FOREIGN);
    }
    assert_int_equal(nonce_check(n, REALM, "", WALL), NONCE_FOREIGN);
    nonces_free(n);
    nonces_free(later);
    nonces_free(other);
}

static void a_count_is_used_once(void **state)
{
    static const struct {
        uint32_t count;
        enum nonce_verdict expected;
    } uses[] = {
        { 1, NONCE_FINE },   { 1, NONCE_USED },   { 3, NONCE_FINE },   { 2, NONCE_FINE },
        { 2, NONCE_USED },   { 3, NONCE_USED },   { 100, NONCE_FINE }, { 37, NONCE_FINE },
        { 37, NONCE_USED },  { 36, NONCE_USED },  { 100, NONCE_USED }, { 500, NONCE_FINE },
        { 100, NONCE_USED }, { 499, NONCE_FINE },
    };
    struct nonces *n = nonces_new((unsigned char[32]){ 1 });
    char nonce[NONCE_SIZE];

    (void)state;
    assert_non_null(n);
    nonce_make(n, REALM, WALL, nonce);
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        if (nonce_use(n, nonce, uses[i].count, WALL) != uses[i].expected)
            fail_msg("use %zu, count %u", i, uses[i].count);
    nonces_free(n);
}

/* More nonces than there is room for: what was forgotten is asked for anew, never taken twice. */
static void what_is_forgotten_is_stale(void **state)
{
    enum { MANY = 6000 };
    static char nonces[MANY][NONCE_SIZE];
    struct nonces *n = nonces_new((unsigned char[32]){ 1 });
    unsigned fine = 0, old = 0;

    (void)state;
    assert_non_null(n);
    for (unsigned i = 0; i < MANY; i++) {
        nonce_make(n, REALM, WALL + i * 10, nonces[i]);
        assert_int_not_equal(nonce_use(n, nonces[i], 1, WALL + i * 10), NONCE_USED);
    }
    for (unsigned i = 0; i < MANY; i++) {
        enum nonce_verdict v = nonce_use(n, nonces[i], 1, WALL + MANY * 10);

        fine += v == NONCE_FINE;
        old += v == NONCE_OLD;
    }
    assert_int_equal(fine, 0);
    assert_true(old > 0);
    nonces_free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_7616_examples),          cmocka_unit_test(every_form_of_the_header),
        cmocka_unit_test(nonces_are_ours_and_die),    cmocka_unit_test(a_count_is_used_once),
        cmocka_unit_test(what_is_forgotten_is_stale),
    };

    su_home_init(home);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

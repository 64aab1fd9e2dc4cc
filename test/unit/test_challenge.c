/* Digest answers: as another implementation computes them, the example of RFC 2617, and what cannot
 * or must not be answered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sip/challenge.h"

static bool has(const char *header, const char *text)
{
    return strstr(header, text) != NULL;
}

static void agrees_with_others(void **state)
{
    static const char realm[] = "realm=\"http-auth@example.org\"";
    static const char nonce[] = "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFcH4GiTo0v\"";
    static const char opaque[] = "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
    static const struct {
        const char *algorithm, *response;
    } table[] = {
        { "algorithm=MD5", "cb9003ff1e1b52ded450b7685c316fb7" },
        { "algorithm=\"SHA-256\"",
          "204b8cf1ba68b9ab04a1175e2907cf7c50afa33689d1aacd15d5ddb5ef22df99" },
    };
    char header[CHALLENGE_HEADER_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *const parameters[] = {
            realm, "qop=\"auth, auth-int\"", table[i].algorithm, nonce, opaque, NULL
        };
        struct challenge c;

        assert_true(challenge_take(&c, parameters));
        assert_true(challenge_answer(&c, "Mufasa", "Circle of Life", "GET", "/dir/index.html",
                                     "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", header));
        assert_true(has(header, table[i].response));
        assert_true(has(header, "Authorization: Digest username=\"Mufasa\""));
        assert_true(has(header, "opaque=\"FQhe"));
        assert_true(has(header, "nc=00000001"));
        assert_true(challenge_answer(&c, "Mufasa", "x", "GET", "/", "a", header));
        assert_true(has(header, "nc=00000002"));
    }
}

static void answers_without_qop(void **state)
{
    static const char *const parameters[] = { "realm=\"testrealm@host.com\"",
                                              "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"",
                                              NULL };
    char header[CHALLENGE_HEADER_SIZE];
    struct challenge c;

    (void)state;
    assert_true(challenge_take(&c, parameters));
    c.proxy = true;
    assert_true(challenge_answer(&c, "Mufasa", "Circle Of Life", "GET", "/dir/index.html",
                                 "0a4f113b", header));
    assert_true(has(header, "Proxy-Authorization: Digest "));
    assert_true(has(header, "response=\"670fd8c2df070c60b045671b8b24ff02\""));
    assert_false(has(header, "qop"));
}

static void leaves_what_it_cannot_answer(void **state)
{
    static const char *const table[][5] = {
        { "realm=\"a\"", NULL },
        { "nonce=\"a\"", NULL },
        { "realm=\"a\"", "nonce=\"b\"", "algorithm=MD5-sess", NULL },
        { "realm=\"a\"", "nonce=\"b\"", "algorithm=AKAv1-MD5", NULL },
        { "realm=\"a\"", "nonce=\"b\"", "qop=\"auth-int\"", NULL },
        { "realm=\"a\\\"b\"", "nonce=\"b\"", NULL },
        { "realm=\"a\"", "nonce=\"b\r\nX: y\"", NULL },
    };
    static char big[300] = "opaque=\"";
    const char *const too_long[] = { "realm=\"a\"", "nonce=\"b\"", big, NULL };
    char header[CHALLENGE_HEADER_SIZE];
    struct challenge c = { .algorithm = CHALLENGE_NONE };

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_false(challenge_take(&c, table[i]));
    memset(big + 8, 'x', sizeof big - 9);
    assert_false(challenge_take(&c, too_long));
    assert_false(challenge_answer(&c, "a", "b", "GET", "/", "c", header));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_others),
        cmocka_unit_test(answers_without_qop),
        cmocka_unit_test(leaves_what_it_cannot_answer),
    };

    return cmocka_run_group_tests_name("challenge", tests, NULL, NULL);
}

/* Authorization headers from strangers (RFC 7616), and the challenges that others send us. The
 * first byte says which. What was read is bounded text, and whoever knows the password is let in by
 * it. */
#include "sip/digest.h"

#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sip/challenge.h"

#define REALM "callpark.test"

static void read_credentials(su_home_t *home, const char *text)
{
    sip_authorization_t *au = sip_authorization_make(home, text);
    struct credentials c;
    char right[DIGEST_HEX_SIZE], md5[SIP_MD5_SIZE], sha256[SIP_SHA256_SIZE];

    if (!au || credentials_read(au, REALM, &c) != CREDENTIALS_FINE)
        return;
    assert(strlen(c.user) < sizeof c.user && strlen(c.nonce) < sizeof c.nonce);
    assert(strlen(c.cnonce) < sizeof c.cnonce && strlen(c.uri) < sizeof c.uri);
    assert(text_is(c.realm, REALM) && c.count > 0 && strlen(c.nc) == 8);
    assert(sip_password_hash(c.user, REALM, "a password", md5, sha256));
    assert(digest_response(&c, c.how == DIGEST_MD5 ? md5 : sha256, "INVITE", right));
    assert(strlen(right) == (c.how == DIGEST_MD5 ? 32u : 64u));
    assert(digest_same(right, right) && !digest_same(right, "") && !digest_same("", right));
    (void)digest_same(right, c.response);
}

static void answer_challenge(su_home_t *home, const char *text)
{
    sip_www_authenticate_t *www = sip_www_authenticate_make(home, text);
    char header[CHALLENGE_HEADER_SIZE];
    struct challenge d;

    if (!www || !challenge_take(&d, (const char *const *)www->au_params))
        return;
    assert(d.algorithm != CHALLENGE_NONE && text_is_plain(d.realm) && text_is_plain(d.nonce));
    if (challenge_answer(&d, "anna", "a password", "INVITE", "sip:700@pbx", "0123456789abcdef",
                         header))
        assert(!strpbrk(header, "\r\n") && text_starts(header, "Authorization: Digest "));
}

static void look_at_nonce(const char *text)
{
    static const unsigned char key[32] = { 1 };
    static struct nonces *nonces;

    if (!nonces)
        nonces = nonces_new(key);
    assert(nonces);
    assert(nonce_check(nonces, REALM, text, UINT64_C(1800000000000)) == NONCE_FOREIGN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    char *text;

    if (!size || size > 8192)
        return 0;
    text = malloc(size);
    assert(text);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    su_home_init(home);
    if (data[0] == 'c')
        answer_challenge(home, text);
    else if (data[0] == 'n')
        look_at_nonce(text);
    else
        read_credentials(home, text);
    su_home_deinit(home);
    free(text);
    return 0;
}

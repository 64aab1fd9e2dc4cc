/* Hashes and the Authorization header. Everything that comes in is bounded and may be anything. */
#include "sip/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/text.h"

static const char *const names[DIGEST_HOWS] = { "SHA-256", "MD5" };

const char *digest_name(enum digest_how how)
{
    return names[how];
}

static bool feed(EVP_MD_CTX *to, const char *const *parts, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if ((i && EVP_DigestUpdate(to, ":", 1) != 1) ||
            EVP_DigestUpdate(to, parts[i], strlen(parts[i])) != 1)
            return false;
    return true;
}

bool digest_hash_by(const char *hash, const char *const *parts, unsigned count,
                    char to[DIGEST_HEX_SIZE])
{
    EVP_MD *kind = EVP_MD_fetch(NULL, hash, NULL);
    EVP_MD_CTX *context = kind ? EVP_MD_CTX_new() : NULL;
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    bool done = context && EVP_DigestInit_ex(context, kind, NULL) && feed(context, parts, count) &&
                EVP_DigestFinal_ex(context, raw, &length) == 1;

    EVP_MD_CTX_free(context);
    EVP_MD_free(kind);
    to[0] = '\0';
    for (unsigned i = 0; done && i < length; i++)
        done = text_append(to, DIGEST_HEX_SIZE, "%02x", raw[i]);
    return done;
}

bool digest_hash(enum digest_how how, const char *const *parts, unsigned count,
                 char to[DIGEST_HEX_SIZE])
{
    return digest_hash_by(how == DIGEST_MD5 ? "MD5" : "SHA2-256", parts, count, to);
}

/* ---- the header ---- */

/* RFC 3261 25.1 quoted-string, or a token. */
static bool unquote(const char *from, char *to, size_t size)
{
    size_t n = 0;

    if (*from != '"')
        return text_copy(to, size, from);
    for (from++; *from && *from != '"' && n + 1 < size; from++) {
        if (*from == '\\' && from[1])
            from++;
        to[n++] = *from;
    }
    to[n] = '\0';
    return *from == '"';
}

/* False: not there, or too long. `name` ends in '='. */
static bool param(const sip_authorization_t *au, const char *name, char *to, size_t size)
{
    const char *value = au->au_params ? msg_params_find(au->au_params, name) : NULL;

    to[0] = '\0';
    return value && *value && unquote(value, to, size);
}

static bool read_how(const sip_authorization_t *au, enum digest_how *how)
{
    char text[32];

    *how = DIGEST_MD5; /* RFC 7616 3.4: when it is not said */
    if (!au->au_params || !msg_params_find(au->au_params, "algorithm="))
        return true;
    if (!param(au, "algorithm=", text, sizeof text))
        return false;
    for (unsigned i = 0; i < DIGEST_HOWS; i++)
        if (text_is_nocase(text, names[i])) {
            *how = (enum digest_how)i;
            return true;
        }
    return false;
}

static bool read_count(const sip_authorization_t *au, struct credentials *c)
{
    uint32_t count = 0;

    if (!param(au, "nc=", c->nc, sizeof c->nc) || strlen(c->nc) != 8)
        return false;
    for (const char *at = c->nc; *at; at++) {
        int digit = text_hex_digit(*at);

        if (digit < 0)
            return false;
        count = count << 4 | (uint32_t)digit;
    }
    c->count = count;
    return count > 0;
}

static bool is_hashed_name(const sip_authorization_t *au)
{
    char text[8];

    return param(au, "userhash=", text, sizeof text) && text_is_nocase(text, "true");
}

enum credentials_read credentials_read(const sip_authorization_t *au, const char *realm,
                                       struct credentials *out)
{
    char qop[16];

    memset(out, 0, sizeof *out);
    if (!text_is_nocase(au->au_scheme, "Digest"))
        return CREDENTIALS_OTHER;
    if (!param(au, "realm=", out->realm, sizeof out->realm) || !text_is(out->realm, realm))
        return CREDENTIALS_OTHER;
    if (!param(au, "username=", out->user, sizeof out->user) || is_hashed_name(au) ||
        !param(au, "nonce=", out->nonce, sizeof out->nonce) ||
        !param(au, "uri=", out->uri, sizeof out->uri) ||
        !param(au, "response=", out->response, sizeof out->response) ||
        !param(au, "cnonce=", out->cnonce, sizeof out->cnonce) ||
        !param(au, "qop=", qop, sizeof qop) || !text_is_nocase(qop, "auth") ||
        !read_how(au, &out->how) || !read_count(au, out))
        return CREDENTIALS_BAD;
    return CREDENTIALS_FINE;
}

/* ---- the response ---- */

bool digest_response(const struct credentials *c, const char *ha1, const char *method,
                     char to[DIGEST_HEX_SIZE])
{
    const char *a2[] = { method, c->uri };
    char ha2[DIGEST_HEX_SIZE];
    const char *all[] = { ha1, c->nonce, c->nc, c->cnonce, "auth", ha2 };

    return digest_hash(c->how, a2, 2, ha2) && digest_hash(c->how, all, 6, to);
}

bool digest_same(const char *a, const char *b)
{
    size_t length = strlen(a);

    return length == strlen(b) && CRYPTO_memcmp(a, b, length) == 0;
}

bool sip_password_hash(const char *user, const char *realm, const char *password,
                       char md5[SIP_MD5_SIZE], char sha256[SIP_SHA256_SIZE])
{
    const char *parts[] = { user, realm, password };
    char weak[DIGEST_HEX_SIZE];

    return digest_hash(DIGEST_SHA256, parts, 3, sha256) &&
           digest_hash(DIGEST_MD5, parts, 3, weak) && text_copy(md5, SIP_MD5_SIZE, weak);
}

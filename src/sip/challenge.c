/* See challenge.h. */
#include "sip/digest.h"

#include "sip/challenge.h"

#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "base/text.h"

static const struct {
    const char *name;
    const char *hash; /* OpenSSL's name of it */
} algorithms[] = {
    [CHALLENGE_NONE] = { "", "" },
    [CHALLENGE_MD5] = { "MD5", "MD5" },
    [CHALLENGE_SHA256] = { "SHA-256", "SHA2-256" },
    [CHALLENGE_SHA512_256] = { "SHA-512-256", "SHA2-512/256" },
};

/* ---- the challenge ---- */

static bool is_named(const char *parameter, const char *name)
{
    size_t length = strlen(name);

    return strlen(parameter) > length && parameter[length] == '=' &&
           strncasecmp(parameter, name, length) == 0;
}

/* The value of `name=value`, without its quotes; false: it is another parameter, or too long. */
static bool value_of(const char *parameter, const char *name, char *to, size_t size)
{
    size_t length = strlen(name), used = 0;

    if (!is_named(parameter, name))
        return false;
    parameter += length + 1;
    if (*parameter != '"')
        return text_copy(to, size, parameter);
    for (parameter++; *parameter && *parameter != '"'; parameter++) {
        if (*parameter == '\\' && parameter[1])
            parameter++;
        if (used + 1 >= size)
            return false;
        to[used++] = *parameter;
    }
    to[used] = '\0';
    return true;
}

static enum challenge_hash algorithm_of(const char *name)
{
    for (unsigned i = CHALLENGE_MD5; i <= CHALLENGE_SHA512_256; i++)
        if (text_is_nocase(name, algorithms[i].name))
            return (enum challenge_hash)i;
    return CHALLENGE_NONE;
}

/* "auth,auth-int": is auth in it? */
static bool offers_auth(const char *list)
{
    while (*list) {
        size_t length = strcspn(list, ", ");
        char one[16];

        if (text_copy_n(one, sizeof one, list, length) && text_is_nocase(one, "auth"))
            return true;
        list += length;
        list += strspn(list, ", ");
    }
    return false;
}

/* What goes back between quotes must not end them. */
static bool is_quotable(const char *text)
{
    return text_is_plain(text) && !strpbrk(text, "\"\\");
}

bool challenge_take(struct challenge *to, const char *const *parameters)
{
    struct challenge d = { .algorithm = CHALLENGE_MD5 };
    bool has_realm = false, has_nonce = false, has_qop = false;
    char word[64];

    for (; parameters && *parameters; parameters++) {
        if (value_of(*parameters, "algorithm", word, sizeof word))
            d.algorithm = algorithm_of(word);
        else if (value_of(*parameters, "qop", word, sizeof word))
            has_qop = true, d.qop = offers_auth(word);
        else if (value_of(*parameters, "stale", word, sizeof word))
            d.stale = text_is_nocase(word, "true");
        else if (value_of(*parameters, "realm", d.realm, sizeof d.realm))
            has_realm = true;
        else if (value_of(*parameters, "nonce", d.nonce, sizeof d.nonce))
            has_nonce = true;
        else if (is_named(*parameters, "opaque") &&
                 !value_of(*parameters, "opaque", d.opaque, sizeof d.opaque))
            return false;
    }
    if (!d.algorithm || !has_realm || !has_nonce || (has_qop && !d.qop) || !is_quotable(d.realm) ||
        !is_quotable(d.nonce) || !is_quotable(d.opaque))
        return false;
    *to = d;
    return true;
}

/* ---- the answer ---- */

static bool hash(enum challenge_hash algorithm, const char *text, char to[DIGEST_HEX_SIZE])
{
    return digest_hash_by(algorithms[algorithm].hash, &text, 1, to);
}

/* RFC 7616 3.4.1 */
static bool respond(const struct challenge *d, const char *secret, const char *request,
                    const char *client_nonce, char to[DIGEST_HEX_SIZE])
{
    char a1[DIGEST_HEX_SIZE], a2[DIGEST_HEX_SIZE], text[1024];
    bool fits = hash(d->algorithm, secret, a1) && hash(d->algorithm, request, a2);

    if (d->qop)
        fits = fits && text_format(text, sizeof text, "%s:%s:%08x:%s:auth:%s", a1, d->nonce,
                                   d->count, client_nonce, a2);
    else
        fits = fits && text_format(text, sizeof text, "%s:%s:%s", a1, d->nonce, a2);
    return fits && hash(d->algorithm, text, to);
}

bool challenge_answer(struct challenge *d, const char *user, const char *password,
                      const char *method, const char *uri, const char *client_nonce,
                      char to[CHALLENGE_HEADER_SIZE])
{
    char secret[512], request[700], response[DIGEST_HEX_SIZE];
    bool fits;

    if (!d->algorithm || !user[0] || !is_quotable(user) || !is_quotable(uri))
        return false;
    d->count++;
    fits = text_format(secret, sizeof secret, "%s:%s:%s", user, d->realm, password) &&
           text_format(request, sizeof request, "%s:%s", method, uri) &&
           respond(d, secret, request, client_nonce, response) &&
           text_format(to, CHALLENGE_HEADER_SIZE,
                       "%s: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
                       "response=\"%s\", algorithm=%s",
                       d->proxy ? "Proxy-Authorization" : "Authorization", user, d->realm, d->nonce,
                       uri, response, algorithms[d->algorithm].name);
    if (fits && d->opaque[0])
        fits = text_append(to, CHALLENGE_HEADER_SIZE, ", opaque=\"%s\"", d->opaque);
    if (fits && d->qop)
        fits = text_append(to, CHALLENGE_HEADER_SIZE, ", qop=auth, nc=%08x, cnonce=\"%s\"",
                           d->count, client_nonce);
    OPENSSL_cleanse(secret, sizeof secret);
    return fits;
}

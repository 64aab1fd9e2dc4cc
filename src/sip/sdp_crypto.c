/* "1 AES_CM_128_HMAC_SHA1_80 inline:BASE64|2^20|1:4 WSH=128": tag, suite, key with lifetime and
 * MKI, parameters of the session. Of several keys in one line the first counts. */
#include "sip/sdp_crypto.h"

#include <string.h>

#include "base/text.h"

#define WORDS_MAX 8
#define WORD_SIZE 256

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The bytes of a text in base 64, padded or not; SIZE_MAX if it is none or has more than fit. */
static size_t decode(uint8_t *to, size_t most, const char *text, size_t length)
{
    uint32_t bits = 0;
    size_t size = 0;

    while (length && text[length - 1] == '=')
        length--;
    for (size_t i = 0; i < length; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;

        if (!digit)
            return SIZE_MAX;
        bits = bits << 6 | (uint32_t)(digit - digits);
        if (i % 4 == 0)
            continue;
        if (size == most)
            return SIZE_MAX;
        to[size++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    return length % 4 == 1 ? SIZE_MAX : size;
}

static void encode(char *to, const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = (uint32_t)from[i] << 16 | (uint32_t)(i + 1 < size ? from[i + 1] : 0) << 8 |
                        (i + 2 < size ? from[i + 2] : 0);

        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        *to++ = i + 1 < size ? digits[bits >> 6 & 63] : '=';
        *to++ = i + 2 < size ? digits[bits & 63] : '=';
    }
    *to = '\0';
}

/* "1:4": a number, and in how many bytes it stands behind each packet. */
static bool read_mki(struct session_crypto *c, const char *text)
{
    const char *colon = strchr(text, ':');
    uint64_t value, size;
    char number[24];

    if (!colon || !text_copy_n(number, sizeof number, text, (size_t)(colon - text)) ||
        !text_number(number, 0, UINT64_MAX, &value) ||
        !text_number(colon + 1, 1, SRTP_MKI_MAX, &size))
        return false;
    c->mki_size = (uint8_t)size;
    for (size_t i = size; i > 0; i--, value >>= 8)
        c->mki[i - 1] = (uint8_t)value;
    return value == 0;
}

/* "2^31" or a number. No call lives through that many packets. */
static bool is_lifetime(const char *text)
{
    uint64_t n;

    return text_number(text_starts(text, "2^") ? text + 2 : text, 1, UINT64_MAX, &n);
}

/* "inline:KEY|LIFETIME|MKI:LENGTH", both fields behind the key optional. */
static bool read_key(struct session_crypto *c, char *text)
{
    size_t wanted = suite_key_size(c->suite) + suite_salt_size(c->suite), length;
    char *field;

    if (!text_starts(text, "inline:"))
        return false;
    text += strlen("inline:");
    text[strcspn(text, ";")] = '\0'; /* further keys */
    length = strcspn(text, "|");
    if (decode(c->key, sizeof c->key, text, length) != wanted)
        return false;
    c->key_size = (uint8_t)wanted;
    for (field = text + length; *field == '|'; field += length) {
        char one[64];

        field++;
        length = strcspn(field, "|");
        if (!text_copy_n(one, sizeof one, field, length) ||
            !(strchr(one, ':') ? read_mki(c, one) : is_lifetime(one)))
            return false;
    }
    return true;
}

/* A window is a wish; what begins with "-" may be left out; all else must be understood. */
static bool may_ignore(const char *parameter)
{
    return parameter[0] == '-' || text_starts(parameter, "WSH=") || text_is(parameter, "KDR=0");
}

static bool read_words(struct session_crypto *c, char *const *word, unsigned count)
{
    uint64_t tag;

    if (count < 3 || !text_number(word[0], 0, 999999999, &tag))
        return false;
    c->tag = (uint32_t)tag;
    c->suite = suite_by_name(word[1], strlen(word[1]));
    for (unsigned i = 3; i < count; i++)
        if (!may_ignore(word[i]))
            return false;
    return c->suite != SRTP_NONE && read_key(c, word[2]);
}

bool sdp_crypto_read(struct session_crypto *out, const char *value)
{
    char text[WORD_SIZE], *word[WORDS_MAX], *at = text;
    struct session_crypto c = { .suite = SRTP_NONE };
    unsigned count = 0;
    bool good;

    good = text_copy(text, sizeof text, value);
    while (good && *(at += strspn(at, " "))) {
        good = count < WORDS_MAX;
        if (!good)
            break;
        word[count++] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    good = good && read_words(&c, word, count);
    if (good)
        *out = c;
    explicit_bzero(text, sizeof text);
    explicit_bzero(&c, sizeof c);
    return good;
}

bool sdp_crypto_write(char to[SDP_CRYPTO_SIZE], uint32_t tag, enum srtp_suite suite,
                      const uint8_t key[SRTP_KEY_MAX])
{
    char text[SRTP_KEY_MAX * 4 / 3 + 8];
    bool fits;

    encode(text, key, suite_key_size(suite) + suite_salt_size(suite));
    fits = text_format(to, SDP_CRYPTO_SIZE, "%u %s inline:%s", tag, suite_name(suite), text);
    explicit_bzero(text, sizeof text);
    return fits;
}

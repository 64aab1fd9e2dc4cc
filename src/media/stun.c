/* Attributes are a type, a length and a value padded to four bytes. Every length is checked against
 * what came. */
#include "media/stun.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "media/bytes.h"

#define HEADER_SIZE 20
#define COOKIE UINT32_C(0x2112A442)
#define INTEGRITY_SIZE 20
#define FINGERPRINT_XOR UINT32_C(0x5354554E)
#define USERNAME_MAX 512 /* RFC 8489 14.3: fewer than 509 */

enum attribute {
    USERNAME = 0x0006,
    MESSAGE_INTEGRITY = 0x0008,
    ERROR_CODE = 0x0009,
    UNKNOWN_ATTRIBUTES = 0x000A,
    MESSAGE_INTEGRITY_SHA256 = 0x001C,
    XOR_MAPPED_ADDRESS = 0x0020,
    PRIORITY = 0x0024,
    USE_CANDIDATE = 0x0025,
    FINGERPRINT = 0x8028,
    ICE_CONTROLLED = 0x8029,
    ICE_CONTROLLING = 0x802A
};

bool stun_is(const uint8_t *data, size_t size)
{
    return size >= HEADER_SIZE && data[0] < 4 && bytes_get32(data + 4) == COOKIE;
}

static uint32_t crc32_of(const uint8_t *data, size_t size)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (UINT32_C(0xEDB88320) & (0U - (crc & 1U)));
    }
    return ~crc;
}

static uint32_t fingerprint_of(const uint8_t *data, size_t size)
{
    return crc32_of(data, size) ^ FINGERPRINT_XOR;
}

/* The message up to `at`, with the length in its header as if it ended behind the attribute that
 * begins there (RFC 8489 14.5). */
static bool sign(uint8_t out[INTEGRITY_SIZE], const uint8_t *data, size_t at, const char *password)
{
    uint8_t text[STUN_SIZE_MAX];
    unsigned size = 0;

    if (at > sizeof text)
        return false;
    memcpy(text, data, at);
    bytes_put16(text + 2, (uint16_t)(at + 4 + INTEGRITY_SIZE - HEADER_SIZE));
    return HMAC(EVP_sha1(), password, (int)strlen(password), text, at, out, &size) != NULL &&
           size == INTEGRITY_SIZE;
}

bool stun_is_signed(const struct stun_message *m, const uint8_t *data, const char *password)
{
    uint8_t right[INTEGRITY_SIZE];

    return m->integrity_at > 0 && sign(right, data, m->integrity_at, password) &&
           CRYPTO_memcmp(right, data + m->integrity_at + 4, INTEGRITY_SIZE) == 0;
}

bool stun_is_for(const struct stun_message *m, const char *ours)
{
    size_t size = strlen(ours);

    return m->username && m->username_size > size && memcmp(m->username, ours, size) == 0 &&
           m->username[size] == ':';
}

static void read_mapped(struct stun_message *m, const uint8_t *value, size_t size)
{
    struct endpoint e = { .family = FAMILY_NONE };
    uint8_t mask[16];

    bytes_put32(mask, COOKIE);
    memcpy(mask + 4, m->transaction, STUN_TRANSACTION_SIZE);
    if (size == 8 && value[1] == 1)
        e.family = FAMILY_4;
    else if (size == 20 && value[1] == 2)
        e.family = FAMILY_6;
    else
        return;
    e.port = (uint16_t)(bytes_get16(value + 2) ^ (COOKIE >> 16));
    for (size_t i = 0; i < size - 4; i++)
        e.host[i] = value[4 + i] ^ mask[i];
    m->mapped = e;
}

static void note_unknown(struct stun_message *m, uint16_t type)
{
    if (type < 0x8000 && m->unknown_count < STUN_UNKNOWN_MAX)
        m->unknown[m->unknown_count++] = type;
}

static void read_attribute(struct stun_message *m, uint16_t type, const uint8_t *value, size_t size)
{
    switch (type) {
    case USERNAME:
        m->username = size <= USERNAME_MAX ? (const char *)value : NULL;
        m->username_size = size;
        break;
    case ERROR_CODE:
        if (size >= 4)
            m->error = (uint16_t)((value[2] & 7) * 100 + value[3]);
        break;
    case XOR_MAPPED_ADDRESS:
        read_mapped(m, value, size);
        break;
    case USE_CANDIDATE:
        m->use_candidate = true;
        break;
    case ICE_CONTROLLING:
        m->controlling = true;
        break;
    case ICE_CONTROLLED:
        m->controlled = true;
        break;
    case PRIORITY:
    case MESSAGE_INTEGRITY_SHA256: /* never alone: ICE is signed by SHA-1 */
    case UNKNOWN_ATTRIBUTES:
        break;
    default:
        note_unknown(m, type);
    }
}

/* What stands behind MESSAGE-INTEGRITY counts for nothing, but for the FINGERPRINT, which is last.
 */
static bool read_attributes(struct stun_message *m, const uint8_t *data, size_t size)
{
    size_t at = HEADER_SIZE;

    while (at < size) {
        uint16_t type = bytes_get16(data + at);
        size_t length = bytes_get16(data + at + 2), next = at + 4 + (length + 3) / 4 * 4;

        if (next > size || m->has_fingerprint)
            return false;
        if (type == FINGERPRINT) {
            if (length != 4 || bytes_get32(data + at + 4) != fingerprint_of(data, at))
                return false;
            m->has_fingerprint = true;
        } else if (type == MESSAGE_INTEGRITY && !m->integrity_at) {
            if (length != INTEGRITY_SIZE)
                return false;
            m->integrity_at = at;
        } else if (!m->integrity_at) {
            read_attribute(m, type, data + at + 4, length);
        }
        at = next;
    }
    return true;
}

bool stun_parse(struct stun_message *m, const uint8_t *data, size_t size)
{
    *m = (struct stun_message){ .username = NULL };
    if (!stun_is(data, size) || size > STUN_SIZE_MAX || size % 4 != 0 ||
        bytes_get16(data + 2) != size - HEADER_SIZE)
        return false;
    m->type = bytes_get16(data);
    memcpy(m->transaction, data + 8, STUN_TRANSACTION_SIZE);
    return read_attributes(m, data, size);
}

/* ---- writing: `to` has room for all that the functions below can add ---- */

static size_t begin(uint8_t *to, enum stun_type type,
                    const uint8_t transaction[STUN_TRANSACTION_SIZE])
{
    bytes_put16(to, (uint16_t)type);
    bytes_put16(to + 2, 0);
    bytes_put32(to + 4, COOKIE);
    memcpy(to + 8, transaction, STUN_TRANSACTION_SIZE);
    return HEADER_SIZE;
}

static size_t add(uint8_t *to, size_t at, enum attribute type, const void *value, size_t size)
{
    bytes_put16(to + at, (uint16_t)type);
    bytes_put16(to + at + 2, (uint16_t)size);
    memset(to + at + 4, 0, (size + 3) / 4 * 4);
    if (size)
        memcpy(to + at + 4, value, size);
    return at + 4 + (size + 3) / 4 * 4;
}

static size_t finish(uint8_t *to, size_t at, const char *password)
{
    uint8_t value[INTEGRITY_SIZE];

    if (password && sign(value, to, at, password))
        at = add(to, at, MESSAGE_INTEGRITY, value, INTEGRITY_SIZE);
    bytes_put16(to + 2, (uint16_t)(at + 8 - HEADER_SIZE));
    bytes_put32(value, fingerprint_of(to, at));
    return add(to, at, FINGERPRINT, value, 4);
}

size_t stun_write_success(uint8_t to[STUN_SIZE_MAX], const struct stun_message *request,
                          const struct endpoint *mapped, const char *password)
{
    size_t at = begin(to, STUN_SUCCESS, request->transaction);
    size_t host = mapped->family == FAMILY_4 ? 4 : 16;
    uint8_t value[20] = { 0, mapped->family == FAMILY_4 ? 1 : 2 }, mask[16];

    bytes_put32(mask, COOKIE);
    memcpy(mask + 4, request->transaction, STUN_TRANSACTION_SIZE);
    bytes_put16(value + 2, (uint16_t)(mapped->port ^ (COOKIE >> 16)));
    for (size_t i = 0; i < host; i++)
        value[4 + i] = mapped->host[i] ^ mask[i];
    at = add(to, at, XOR_MAPPED_ADDRESS, value, 4 + host);
    return finish(to, at, password);
}

static const char *phrase_of(uint16_t error)
{
    switch (error) {
    case 401:
        return "Unauthenticated";
    case 420:
        return "Unknown Attribute";
    case 487:
        return "Role Conflict";
    default:
        return "Bad Request";
    }
}

size_t stun_write_error(uint8_t to[STUN_SIZE_MAX], const struct stun_message *request,
                        uint16_t error, const char *password)
{
    const char *phrase = phrase_of(error);
    uint8_t value[4 + 32] = { 0, 0, (uint8_t)(error / 100), (uint8_t)(error % 100) };
    size_t at = begin(to, STUN_ERROR, request->transaction), length = 4;

    for (; *phrase; phrase++)
        value[length++] = (uint8_t)*phrase;
    at = add(to, at, ERROR_CODE, value, length);
    for (unsigned i = 0; error == 420 && i < request->unknown_count; i++)
        bytes_put16(value + 2 * (size_t)i, request->unknown[i]);
    if (error == 420)
        at = add(to, at, UNKNOWN_ATTRIBUTES, value, 2 * (size_t)request->unknown_count);
    return finish(to, at, password);
}

size_t stun_write_check(uint8_t to[STUN_SIZE_MAX], const struct stun_check *check)
{
    size_t at = begin(to, STUN_REQUEST, check->transaction);
    uint8_t value[8];

    at = add(to, at, USERNAME, check->username, strlen(check->username));
    bytes_put32(value, check->priority);
    at = add(to, at, PRIORITY, value, 4);
    bytes_put32(value, (uint32_t)(check->tie_breaker >> 32));
    bytes_put32(value + 4, (uint32_t)check->tie_breaker);
    at = add(to, at, check->controlling ? ICE_CONTROLLING : ICE_CONTROLLED, value, 8);
    if (check->use_candidate)
        at = add(to, at, USE_CANDIDATE, NULL, 0);
    return finish(to, at, check->password);
}

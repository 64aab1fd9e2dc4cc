/* The text of a token: a prefix that says what it is to whoever finds it in a log or a repository,
 * thirty random digits of base 62, and a checksum, so that a cut or mistyped one is told from a
 * real one without a look-up. */
#include "api/auth.h"

#include <sodium.h>
#include <string.h>

#include "base/text.h"

#define PREFIX "cpk_pat_"
#define PREFIX_LENGTH (sizeof PREFIX - 1)
#define RANDOM_DIGITS 30
#define CHECK_DIGITS 6

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* CRC-32 of IEEE 802.3, as zlib's. */
static uint32_t checksum(const char *text, size_t length)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)text[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~crc;
}

/* 62^6 is above 2^32: it always fits. */
static void write_checksum(char *to, uint32_t crc)
{
    for (unsigned i = CHECK_DIGITS; i-- > 0; crc /= 62)
        to[i] = digits[crc % 62];
}

void token_text_make(char to[TOKEN_TEXT_SIZE])
{
    char *random = to + PREFIX_LENGTH;

    memcpy(to, PREFIX, PREFIX_LENGTH);
    for (unsigned i = 0; i < RANDOM_DIGITS; i++)
        random[i] = digits[randombytes_uniform(62)];
    write_checksum(random + RANDOM_DIGITS, checksum(random, RANDOM_DIGITS));
    to[TOKEN_TEXT_SIZE - 1] = '\0';
}

bool token_text_fits(const char *text)
{
    const char *random = text + PREFIX_LENGTH;
    char check[CHECK_DIGITS];

    if (strlen(text) != TOKEN_TEXT_SIZE - 1 || !text_starts(text, PREFIX))
        return false;
    write_checksum(check, checksum(random, RANDOM_DIGITS));
    return memcmp(check, random + RANDOM_DIGITS, CHECK_DIGITS) == 0;
}

void token_text_hash(const char *text, unsigned char hash[SECRET_HASH_SIZE])
{
    (void)crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text)); /* never fails */
}

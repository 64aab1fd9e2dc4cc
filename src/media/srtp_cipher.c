/* OpenSSL's ciphers by EVP, which picks the processor's own instructions. SHA-1 is called directly:
 * EVP can only copy a half-done digest by allocating a new one, and that for each packet. */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA1_Init and its like, which 3.0 advises against */
#include "media/srtp_cipher.h"

#include <assert.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "media/bytes.h"

#define BLOCK 64 /* of SHA-1 */
#define AES_BLOCK 16
#define CONTEXT 192 /* bytes of EVP's context, about */
#define BLOCKS 16   /* of key stream made at once: more than a packet of 20 ms needs */
#define TAG_SIZE 16
#define IV_SIZE 12
#define OPEN_MAX 2048 /* no packet that comes in is larger */

/* It is OpenSSL's own; nothing of ours stands in front of it. */
static EVP_CIPHER_CTX *context_of(struct srtp_cipher *c)
{
    return (EVP_CIPHER_CTX *)c;
}

static const EVP_CIPHER *cipher_of(size_t key_size, bool gcm)
{
    if (gcm)
        return key_size == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
    return key_size == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb();
}

struct srtp_cipher *srtp_cipher_new(size_t key_size, bool gcm)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

    assert(key_size == 16 || key_size == 32);
    if (c && EVP_CipherInit_ex(c, cipher_of(key_size, gcm), NULL, NULL, NULL, 1) == 1 &&
        (gcm || EVP_CIPHER_CTX_set_padding(c, 0) == 1))
        return (struct srtp_cipher *)c;
    EVP_CIPHER_CTX_free(c);
    return NULL;
}

void srtp_cipher_free(struct srtp_cipher *c)
{
    EVP_CIPHER_CTX_free(context_of(c)); /* wipes the key */
}

/* How large it is, and what it leads to, is OpenSSL's own; to fetch too much does no harm. */
void srtp_cipher_fetch(const struct srtp_cipher *c)
{
    for (size_t at = 0; at < CONTEXT; at += BLOCK)
        __builtin_prefetch((const char *)c + at, 1);
}

bool srtp_cipher_key(struct srtp_cipher *c, const uint8_t *key)
{
    return EVP_CipherInit_ex(context_of(c), NULL, NULL, key, NULL, 1) == 1;
}

/* The counters are counted here and encrypted as blocks that have nothing to do with each other: to
 * tell EVP's own counter mode where to begin takes a quarter as long as all of a packet. No packet
 * is so long that more than the last 32 bits of the counter change. */
static bool key_stream(struct srtp_cipher *c, const uint8_t *iv, uint32_t first, size_t blocks,
                       uint8_t *to)
{
    int done;

    for (size_t i = 0; i < blocks; i++) {
        memcpy(to + i * AES_BLOCK, iv, AES_BLOCK - 4);
        bytes_put32(to + i * AES_BLOCK + AES_BLOCK - 4, first + (uint32_t)i);
    }
    return EVP_EncryptUpdate(context_of(c), to, &done, to, (int)(blocks * AES_BLOCK)) == 1;
}

/* Eight bytes at a time: one by one it takes as long as the cipher. */
static void lay_over(uint8_t *to, const uint8_t *from, const uint8_t *stream, size_t size)
{
    size_t at = 0;

    for (; at + 8 <= size; at += 8) {
        uint64_t a, b;

        memcpy(&a, from + at, 8);
        memcpy(&b, stream + at, 8);
        a ^= b;
        memcpy(to + at, &a, 8);
    }
    for (; at < size; at++) /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
        to[at] = from[at] ^ stream[at]; /* key_stream() has filled it */
}

bool srtp_cipher_run(struct srtp_cipher *c, const uint8_t *iv, const uint8_t *from, size_t size,
                     uint8_t *to)
{
    uint8_t stream[BLOCKS * AES_BLOCK];
    uint32_t counter = bytes_get32(iv + AES_BLOCK - 4);

    for (size_t at = 0; at < size; at += sizeof stream, counter += BLOCKS) {
        size_t part = size - at < sizeof stream ? size - at : sizeof stream;

        if (!key_stream(c, iv, counter, (part + AES_BLOCK - 1) / AES_BLOCK, stream))
            return false;
        lay_over(to + at, from + at, stream, part);
    }
    return true;
}

/* Start with this IV, and take in what stays in the clear. */
static bool begin(struct srtp_cipher *c, const uint8_t *iv, const struct srtp_piece clear[2],
                  int encrypt)
{
    EVP_CIPHER_CTX *e = context_of(c);
    int done;

    if (EVP_CipherInit_ex(e, NULL, NULL, NULL, iv, encrypt) != 1)
        return false;
    for (size_t i = 0; i < 2; i++)
        if (clear[i].size && EVP_CipherUpdate(e, NULL, &done, clear[i].at, (int)clear[i].size) != 1)
            return false;
    return true;
}

bool srtp_cipher_seal(struct srtp_cipher *c, const uint8_t *iv, const struct srtp_piece clear[2],
                      const uint8_t *from, size_t size, uint8_t *to)
{
    EVP_CIPHER_CTX *e = context_of(c);
    int done = 0;

    return size <= INT_MAX && begin(c, iv, clear, 1) &&
           (!size || EVP_CipherUpdate(e, to, &done, from, (int)size) == 1) &&
           EVP_CipherFinal_ex(e, to + size, &done) == 1 &&
           EVP_CIPHER_CTX_ctrl(e, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, to + size) == 1;
}

/* Decrypted beside the packet: only when the tag is right may it be changed. */
bool srtp_cipher_open(struct srtp_cipher *c, const uint8_t *iv, const struct srtp_piece clear[2],
                      uint8_t *bytes, size_t size)
{
    EVP_CIPHER_CTX *e = context_of(c);
    uint8_t plain[OPEN_MAX];
    int done = 0;

    if (size < TAG_SIZE || size - TAG_SIZE > sizeof plain)
        return false;
    size -= TAG_SIZE;
    if (!begin(c, iv, clear, 0) ||
        (size && EVP_CipherUpdate(e, plain, &done, bytes, (int)size) != 1) ||
        EVP_CIPHER_CTX_ctrl(e, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, bytes + size) != 1 ||
        EVP_CipherFinal_ex(e, plain + size, &done) != 1)
        return false;
    memcpy(bytes, plain, size);
    return true;
}

/* ---- HMAC (RFC 2104) ---- */

static void take_state(uint32_t to[5], const SHA_CTX *c)
{
    to[0] = c->h0;
    to[1] = c->h1;
    to[2] = c->h2;
    to[3] = c->h3;
    to[4] = c->h4;
}

/* As after one block. */
static void give_state(SHA_CTX *c, const uint32_t from[5])
{
    c->h0 = from[0];
    c->h1 = from[1];
    c->h2 = from[2];
    c->h3 = from[3];
    c->h4 = from[4];
    c->Nl = BLOCK * 8;
    c->Nh = 0;
    c->num = 0;
}

static void make_pad(uint32_t to[5], const uint8_t *key, size_t size, uint8_t with)
{
    uint8_t block[BLOCK];
    SHA_CTX c;

    memset(block, with, sizeof block);
    for (size_t i = 0; i < size && i < sizeof block; i++)
        block[i] ^= key[i];
    (void)SHA1_Init(&c);
    (void)SHA1_Update(&c, block, sizeof block);
    take_state(to, &c);
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(&c, sizeof c);
}

void srtp_pads_make(struct srtp_pads *p, const uint8_t *key, size_t size)
{
    make_pad(p->inner, key, size, 0x36);
    make_pad(p->outer, key, size, 0x5c);
}

void srtp_pads_sign(const struct srtp_pads *p, const struct srtp_piece *pieces, size_t count,
                    uint8_t *tag, size_t tag_size)
{
    uint8_t digest[SHA_DIGEST_LENGTH];
    SHA_CTX c;

    give_state(&c, p->inner);
    for (size_t i = 0; i < count; i++)
        (void)SHA1_Update(&c, pieces[i].at, pieces[i].size); /* never fails */
    (void)SHA1_Final(digest, &c);
    give_state(&c, p->outer);
    (void)SHA1_Update(&c, digest, sizeof digest);
    (void)SHA1_Final(digest, &c);
    memcpy(tag, digest, tag_size);
}

void srtp_wipe(void *at, size_t size)
{
    OPENSSL_cleanse(at, size);
}

/* What SRTP needs of OpenSSL: AES as a stream of bytes from a counter, AES-GCM, and HMAC-SHA1 whose
 * key is taken in once. Keyed when they are made; nothing is allocated for a packet. */
#ifndef CALLPARK_MEDIA_SRTP_CIPHER_H
#define CALLPARK_MEDIA_SRTP_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct srtp_cipher;

/* HMAC-SHA1 with the key's two blocks already taken in. */
struct srtp_pads {
    uint32_t inner[5], outer[5];
};

struct srtp_piece {
    const uint8_t *at;
    size_t size;
};

/* For keys of 16 or 32 bytes; srtp_cipher_key() before anything else. NULL: no memory. */
struct srtp_cipher *srtp_cipher_new(size_t key_size, bool gcm);
void srtp_cipher_free(struct srtp_cipher *c);        /* wiped; NULL is fine */
void srtp_cipher_fetch(const struct srtp_cipher *c); /* it will be used soon */
bool srtp_cipher_key(struct srtp_cipher *c, const uint8_t *key);

/* Counter mode from `iv` (16 bytes) on; in place or not, both ways the same. */
bool srtp_cipher_run(struct srtp_cipher *c, const uint8_t *iv, const uint8_t *from, size_t size,
                     uint8_t *to);

/* GCM with an IV of 12 bytes over `head` and `more` in the clear: `to` gets the ciphertext and 16
 * bytes of tag. */
bool srtp_cipher_seal(struct srtp_cipher *c, const uint8_t *iv, const struct srtp_piece clear[2],
                      const uint8_t *from, size_t size, uint8_t *to);

/* In place; `size` with the tag. False, and nothing changed: the tag is wrong. */
bool srtp_cipher_open(struct srtp_cipher *c, const uint8_t *iv, const struct srtp_piece clear[2],
                      uint8_t *bytes, size_t size);

void srtp_pads_make(struct srtp_pads *p, const uint8_t *key, size_t size); /* of up to 64 bytes */
void srtp_pads_sign(const struct srtp_pads *p, const struct srtp_piece *pieces, size_t count,
                    uint8_t *tag, size_t tag_size); /* of up to 20 bytes */

void srtp_wipe(void *at, size_t size);

#endif

/* Names and sizes of what protects audio; nothing here knows how it is done. */
#include "core/keying.h"

#include <string.h>

#include "base/text.h"

static const struct {
    const char *name;
    uint8_t key, salt;
} suites[SRTP_SUITES] = {
    [SRTP_NONE] = { "none", 0, 0 },
    [SRTP_AES_128_SHA1_80] = { "AES_CM_128_HMAC_SHA1_80", 16, 14 },
    [SRTP_AES_128_SHA1_32] = { "AES_CM_128_HMAC_SHA1_32", 16, 14 },
    [SRTP_AES_256_SHA1_80] = { "AES_256_CM_HMAC_SHA1_80", 32, 14 },
    [SRTP_AES_256_SHA1_32] = { "AES_256_CM_HMAC_SHA1_32", 32, 14 },
    [SRTP_AES_128_GCM] = { "AEAD_AES_128_GCM", 16, 12 },
    [SRTP_AES_256_GCM] = { "AEAD_AES_256_GCM", 32, 12 },
};

static const char *const profiles[PROFILES] = {
    [PROFILE_AVP] = "RTP/AVP",           [PROFILE_AVPF] = "RTP/AVPF",
    [PROFILE_SAVP] = "RTP/SAVP",         [PROFILE_SAVPF] = "RTP/SAVPF",
    [PROFILE_DTLS] = "UDP/TLS/RTP/SAVP", [PROFILE_DTLS_AVPF] = "UDP/TLS/RTP/SAVPF",
};

static const struct {
    const char *name;
    uint8_t size;
} hashes[HASHES] = {
    [HASH_NONE] = { "none", 0 },       [HASH_SHA1] = { "sha-1", 20 },
    [HASH_SHA256] = { "sha-256", 32 }, [HASH_SHA384] = { "sha-384", 48 },
    [HASH_SHA512] = { "sha-512", 64 },
};

static const char *const setups[] = {
    [SETUP_NONE] = "none",       [SETUP_ACTPASS] = "actpass",   [SETUP_ACTIVE] = "active",
    [SETUP_PASSIVE] = "passive", [SETUP_HOLDCONN] = "holdconn",
};

static enum srtp_suite known_suite(enum srtp_suite s)
{
    return (unsigned)s < SRTP_SUITES ? s : SRTP_NONE;
}

const char *suite_name(enum srtp_suite s)
{
    return suites[known_suite(s)].name;
}

size_t suite_key_size(enum srtp_suite s)
{
    return suites[known_suite(s)].key;
}

size_t suite_salt_size(enum srtp_suite s)
{
    return suites[known_suite(s)].salt;
}

static bool is_named(const char *name, const char *text, size_t length)
{
    char copy[32];

    return text_copy_n(copy, sizeof copy, text, length) && text_is_nocase(copy, name);
}

enum srtp_suite suite_by_name(const char *name, size_t length)
{
    for (unsigned s = SRTP_NONE + 1; s < SRTP_SUITES; s++)
        if (is_named(suites[s].name, name, length))
            return (enum srtp_suite)s;
    return SRTP_NONE;
}

const char *profile_name(enum profile p)
{
    return profiles[(unsigned)p < PROFILES ? p : PROFILE_AVP];
}

bool profile_by_name(const char *name, enum profile *out)
{
    for (unsigned p = 0; p < PROFILES; p++)
        if (text_is_nocase(name, profiles[p])) {
            *out = (enum profile)p;
            return true;
        }
    return false;
}

bool profile_is_secure(enum profile p)
{
    return p >= PROFILE_SAVP;
}

bool profile_is_dtls(enum profile p)
{
    return p >= PROFILE_DTLS;
}

static enum fingerprint_hash known_hash(enum fingerprint_hash h)
{
    return (unsigned)h < HASHES ? h : HASH_NONE;
}

const char *fingerprint_hash_name(enum fingerprint_hash h)
{
    return hashes[known_hash(h)].name;
}

size_t fingerprint_size(enum fingerprint_hash h)
{
    return hashes[known_hash(h)].size;
}

enum fingerprint_hash fingerprint_hash_by_name(const char *name, size_t length)
{
    for (unsigned h = HASH_NONE + 1; h < HASHES; h++)
        if (is_named(hashes[h].name, name, length))
            return (enum fingerprint_hash)h;
    return HASH_NONE;
}

const char *setup_name(enum dtls_setup s)
{
    return setups[(unsigned)s <= SETUP_HOLDCONN ? s : SETUP_NONE];
}

enum dtls_setup setup_by_name(const char *name)
{
    for (unsigned s = SETUP_NONE + 1; s <= SETUP_HOLDCONN; s++)
        if (text_is_nocase(name, setups[s]))
            return (enum dtls_setup)s;
    return SETUP_NONE;
}

bool crypto_equal(const struct session_crypto *a, const struct session_crypto *b)
{
    return a->suite == b->suite && a->key_size == b->key_size && a->mki_size == b->mki_size &&
           memcmp(a->key, b->key, sizeof a->key) == 0 && memcmp(a->mki, b->mki, sizeof a->mki) == 0;
}

static bool fingerprint_equal(const struct session_fingerprint *a,
                              const struct session_fingerprint *b)
{
    return a->hash == b->hash && memcmp(a->bytes, b->bytes, fingerprint_size(a->hash)) == 0;
}

bool dtls_equal(const struct session_dtls *a, const struct session_dtls *b)
{
    if (a->fingerprint_count != b->fingerprint_count || a->setup != b->setup ||
        a->association != b->association)
        return false;
    for (unsigned i = 0; i < a->fingerprint_count && i < SESSION_FINGERPRINTS_MAX; i++)
        if (!fingerprint_equal(&a->fingerprint[i], &b->fingerprint[i]))
            return false;
    return true;
}

bool ice_equal(const struct session_ice *a, const struct session_ice *b)
{
    return a->present == b->present && a->lite == b->lite && text_is(a->ufrag, b->ufrag) &&
           text_is(a->pwd, b->pwd);
}

/* Nonces that need no memory until somebody has shown that he has a password, and then as much as
 * is needed to refuse the same request a second time (RFC 7616 5.4, 3.3 nc). */
#include "sip/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"

#define SETS 1024
#define WAYS 4
#define WINDOW 64 /* counts that may come out of order */

/* One nonce that was used with a right password. */
struct used {
    uint32_t time, number; /* time 0: nobody's */
    uint32_t highest;
    uint64_t seen; /* bit i: highest - i */
};

struct nonces {
    unsigned char key[32];
    uint32_t run;    /* upper half of the numbers: which run of the server made it */
    uint32_t number; /* lower half of the last one */
    uint32_t floor;  /* of older ones something was forgotten */
    struct used used[SETS][WAYS];
};

struct nonces *nonces_new(const unsigned char key[32])
{
    static const unsigned char none[32];
    struct nonces *n = calloc(1, sizeof *n);

    if (!n)
        return NULL;
    memcpy(n->key, key, sizeof n->key);
    if ((memcmp(key, none, sizeof none) == 0 &&
         getrandom(n->key, sizeof n->key, 0) != (ssize_t)sizeof n->key) ||
        getrandom(&n->run, sizeof n->run, 0) != (ssize_t)sizeof n->run) {
        free(n);
        return NULL;
    }
    n->run &= 0xffff0000u;
    return n;
}

void nonces_free(struct nonces *n)
{
    if (n)
        OPENSSL_cleanse(n->key, sizeof n->key);
    free(n);
}

/* ---- making ---- */

/* Time and number in hex, and their MAC behind them. */
static bool sign(const struct nonces *n, const char *realm, uint32_t time, uint32_t number,
                 char to[NONCE_SIZE])
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    char text[FQDN_SIZE + 32];
    unsigned length = 0;

    text_format(to, NONCE_SIZE, "%08x%08x", time, number);
    text_format(text, sizeof text, "%s:%s", to, realm);
    if (!HMAC(EVP_sha256(), n->key, sizeof n->key, (const unsigned char *)text, strlen(text), mac,
              &length) ||
        length < 16)
        return false;
    for (unsigned i = 0; i < 16; i++)
        text_append(to, NONCE_SIZE, "%02x", mac[i]);
    return true;
}

void nonce_make(struct nonces *n, const char *realm, wall_msec wall, char to[NONCE_SIZE])
{
    n->number = (n->number + 1) & 0xffffu;
    if (!sign(n, realm, (uint32_t)(wall / 1000), n->run | n->number, to))
        to[0] = '\0';
}

/* ---- checking ---- */

static bool read_hex(const char *at, uint32_t *to)
{
    *to = 0;
    for (unsigned i = 0; i < 8; i++) {
        int digit = text_hex_digit(at[i]);

        if (digit < 0)
            return false;
        *to = *to << 4 | (uint32_t)digit;
    }
    return true;
}

static bool is_old(uint32_t time, wall_msec wall)
{
    uint64_t now = wall / 1000;

    return time + (uint64_t)NONCE_LIFE < now || time > now + NONCE_LIFE;
}

enum nonce_verdict nonce_check(const struct nonces *n, const char *realm, const char *nonce,
                               wall_msec wall)
{
    char ours[NONCE_SIZE];
    uint32_t time, number;

    if (strlen(nonce) != NONCE_SIZE - 1 || !read_hex(nonce, &time) ||
        !read_hex(nonce + 8, &number) || !sign(n, realm, time, number, ours) ||
        !digest_same(ours, nonce))
        return NONCE_FOREIGN;
    return is_old(time, wall) || (number & 0xffff0000u) != n->run ? NONCE_OLD : NONCE_FINE;
}

/* ---- using ---- */

static struct used *find(struct used set[WAYS], uint32_t time, uint32_t number)
{
    for (unsigned i = 0; i < WAYS; i++)
        if (set[i].time == time && set[i].number == number)
            return &set[i];
    return NULL;
}

static struct used *take(struct nonces *n, struct used set[WAYS], uint32_t time, uint32_t number,
                         wall_msec wall)
{
    struct used *u = &set[0];

    if (time <= n->floor)
        return NULL; /* it may be one of those that were forgotten */
    for (unsigned i = 1; i < WAYS; i++)
        u = set[i].time < u->time ? &set[i] : u;
    if (u->time && !is_old(u->time, wall) && u->time > n->floor)
        n->floor = u->time;
    *u = (struct used){ .time = time, .number = number };
    return u;
}

static bool count_is_new(struct used *u, uint32_t count)
{
    uint32_t behind;

    if (count > u->highest) {
        uint32_t ahead = count - u->highest;

        u->seen = ahead < WINDOW ? u->seen << ahead : 0;
        u->seen |= 1;
        u->highest = count;
        return true;
    }
    behind = u->highest - count;
    if (behind >= WINDOW || u->seen >> behind & 1)
        return false;
    u->seen |= UINT64_C(1) << behind;
    return true;
}

enum nonce_verdict nonce_use(struct nonces *n, const char *nonce, uint32_t count, wall_msec wall)
{
    uint32_t time, number;
    struct used *set, *u;

    if (strlen(nonce) != NONCE_SIZE - 1 || !read_hex(nonce, &time) || !read_hex(nonce + 8, &number))
        return NONCE_FOREIGN;
    set = n->used[(time * 31 + number) % SETS];
    u = find(set, time, number);
    if (!u)
        u = take(n, set, time, number, wall);
    if (!u)
        return NONCE_OLD;
    return count_is_new(u, count) ? NONCE_FINE : NONCE_USED;
}

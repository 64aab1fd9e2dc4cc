/* A bucket for each session, token, name or address: it holds five seconds' worth of requests and
 * fills again with time. The table is bounded; whoever is pushed out of it starts with a full
 * bucket, so nobody is ever refused for what others do. */
#include "api/rate.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "api/auth.h"
#include "base/text.h"

#define GROUPS 512
#define WAYS 8
#define BURST 5  /* seconds */
#define ONE 1000 /* a request, in thousandths, so that each millisecond adds a whole number */

struct bucket {
    uint64_t key; /* 0: free */
    uint64_t left;
    msec at;
};

struct rate {
    unsigned char secret[crypto_shorthash_KEYBYTES]; /* nobody can choose whose bucket he shares */
    struct bucket buckets[GROUPS][WAYS];
};

struct rate *rate_new(void)
{
    struct rate *r = calloc(1, sizeof *r);

    if (r)
        crypto_shorthash_keygen(r->secret);
    return r;
}

void rate_free(struct rate *r)
{
    free(r);
}

static uint64_t key_of(const struct ask *q, const struct rate *r)
{
    char text[DISPLAY_SIZE + 40], origin[ORIGIN_SIZE];
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t key = 0;

    identity_origin(q->rq->source, origin);
    if (q->who.login)
        (void)text_format(text, sizeof text, "session:%llu", (unsigned long long)q->who.login);
    else if (q->who.token)
        (void)text_format(text, sizeof text, "token:%llu", (unsigned long long)q->who.token);
    else if (q->who.kind == WHO_PROXY)
        (void)text_format(text, sizeof text, "name:%s", q->who.name); /* all of them fit */
    else
        (void)text_format(text, sizeof text, "from:%d:%s", q->who.kind == WHO_FIRST_TOKEN, origin);
    (void)crypto_shorthash(hash, (const unsigned char *)text, strlen(text),
                           r->secret); /* never fails */
    memcpy(&key, hash, sizeof key);
    return key ? key : 1;
}

/* His bucket, or the one of its group that was used longest ago, made his. */
static struct bucket *find(struct rate *r, uint64_t key, uint64_t full, msec now)
{
    struct bucket *group = r->buckets[key % GROUPS], *oldest = group;

    for (unsigned i = 0; i < WAYS; i++) {
        if (group[i].key == key)
            return &group[i];
        if (group[i].at < oldest->at)
            oldest = &group[i];
    }
    *oldest = (struct bucket){ .key = key, .left = full, .at = now };
    return oldest;
}

bool rate_allows(struct ask *q)
{
    const uint64_t limit = app_config(q->app)->rate_limit, full = limit * BURST * ONE;
    const msec now = app_now(q->app);
    struct bucket *b;

    if (limit == 0 || q->rq->by_socket)
        return true;
    b = find(q->api->rate, key_of(q, q->api->rate), full, now);
    if (now - b->at >= BURST * UINT64_C(1000))
        b->left = full;
    else
        b->left += (now - b->at) * limit;
    b->left = b->left > full ? full : b->left;
    b->at = now;
    if (b->left >= ONE) {
        b->left -= ONE;
        return true;
    }
    q->reply.retry_after = 1;
    reply_problem(q, "rate-limited", NULL,
                  "More than %llu requests a second for longer than %d seconds are too many: wait "
                  "a second.",
                  (unsigned long long)limit, BURST);
    return false;
}

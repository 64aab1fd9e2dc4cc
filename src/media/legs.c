/* Hash tables whose chains run through the legs themselves. */
#include "media/legs.h"

#include <assert.h>
#include <stdlib.h>

#include "media/srtp_cipher.h"

bool media_leg_init(struct legs *l, uint32_t most, uint64_t seed)
{
    uint32_t buckets = 64;

    while (buckets < most && buckets < UINT32_C(1) << 20)
        buckets *= 2;
    *l = (struct legs){ .most = most, .mask = buckets - 1, .seed = seed };
    l->all = calloc(most, sizeof *l->all);
    l->free = calloc(most, sizeof *l->free);
    /* NOLINTBEGIN(bugprone-sizeof-expression): these are arrays of pointers. */
    l->by_id = calloc(buckets, sizeof *l->by_id);
    l->by_remote = calloc(buckets, sizeof *l->by_remote);
    /* NOLINTEND(bugprone-sizeof-expression) */
    if (!l->all || !l->free || !l->by_id || !l->by_remote)
        return false;
    for (uint32_t i = 0; i < most; i++)
        l->free[i] = most - 1 - i;
    return true;
}

/* The keys of it. */
static void wipe(struct leg *one)
{
    srtp_wipe(one->local.key, sizeof one->local.key);
    srtp_wipe(&one->hears, sizeof one->hears);
}

void media_leg_done(struct legs *l)
{
    for (uint32_t i = 0; l->all && i < l->most; i++)
        if (l->all[i].leg)
            wipe(&l->all[i]);
    free(l->all);
    free(l->free);
    free(l->by_id);
    free(l->by_remote);
    *l = (struct legs){ 0 };
}

/* Ids are ours and follow one another, odd ones and even ones. */
static struct leg **chain_of(const struct legs *l, leg_id id)
{
    return &l->by_id[(id >> 1) & l->mask];
}

static struct leg **remotes_of(const struct legs *l, const struct endpoint *remote)
{
    return &l->by_remote[endpoint_hash(remote, true, l->seed) & l->mask];
}

struct leg *media_leg_find(const struct legs *l, leg_id id)
{
    struct leg *one = id ? *chain_of(l, id) : NULL;

    while (one && one->leg != id)
        one = one->next_by_id;
    return one;
}

struct leg *media_leg_take(struct legs *l, leg_id id)
{
    struct leg **chain = chain_of(l, id);
    struct leg *one;

    assert(id);
    if (l->used == l->most)
        return NULL;
    one = &l->all[l->free[l->most - ++l->used]];
    *one = (struct leg){ .leg = id, .number = (uint32_t)(one - l->all), .next_by_id = *chain };
    *chain = one;
    return one;
}

void media_leg_forget(struct legs *l, struct leg *one)
{
    struct leg **at = chain_of(l, one->leg);

    media_leg_release(l, one);
    while (*at != one)
        at = &(*at)->next_by_id;
    *at = one->next_by_id;
    one->leg = 0;
    wipe(one);
}

void media_leg_give_back(struct legs *l, uint32_t number)
{
    assert(number < l->most && l->used > 0 && l->all[number].leg == 0);
    l->free[l->most - l->used--] = number;
}

bool media_leg_is_claimed(const struct legs *l, uint32_t worker, const struct endpoint *remote)
{
    const struct leg *one = *remotes_of(l, remote);

    while (one && (one->worker != worker || !endpoint_same(&one->expected, remote)))
        one = one->next_by_remote;
    return one != NULL;
}

void media_leg_claim(struct legs *l, struct leg *one)
{
    struct leg **chain = remotes_of(l, &one->expected);

    assert(!one->claims);
    one->next_by_remote = *chain;
    *chain = one;
    one->claims = true;
}

void media_leg_release(struct legs *l, struct leg *one)
{
    struct leg **at = remotes_of(l, &one->expected);

    if (!one->claims)
        return;
    while (*at != one)
        at = &(*at)->next_by_remote;
    *at = one->next_by_remote;
    one->claims = false;
}

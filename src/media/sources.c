/* A hash table of links that stand inside the streams: nothing is allocated when a stream comes or
 * goes. */
#include "media/sources.h"

#include <stdlib.h>

bool sources_init(struct sources *s, size_t expected, uint64_t seed)
{
    size_t buckets = 64;

    while (buckets < expected * 2 && buckets < (size_t)1 << 20)
        buckets *= 2;
    *s = (struct sources){ .mask = buckets - 1, .seed = seed };
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): it is an array of pointers. */
    s->bucket = calloc(buckets, sizeof *s->bucket);
    return s->bucket != NULL;
}

void sources_done(struct sources *s)
{
    free(s->bucket);
    s->bucket = NULL;
}

static struct source_link **bucket_of(const struct sources *s, const struct endpoint *e,
                                      bool with_port)
{
    return &s->bucket[endpoint_hash(e, with_port, s->seed) & s->mask];
}

static void unlink_one(struct source_link *l)
{
    if (!l->back)
        return;
    *l->back = l->next;
    if (l->next)
        l->next->back = l->back;
    l->back = NULL;
}

static void link_one(struct sources *s, struct source *owner, enum source_key which,
                     const struct endpoint *key, bool with_port)
{
    struct source_link *l = &owner->link[which];
    struct source_link **head = bucket_of(s, key, with_port);

    if (key->family == FAMILY_NONE)
        return;
    *l = (struct source_link){
        .next = *head, .back = head, .owner = owner, .key = *key, .with_port = with_port
    };
    if (l->next)
        l->next->back = &l->next;
    *head = l;
}

static void unlink_all(struct source *one)
{
    for (size_t i = 0; i < SOURCE_KEYS; i++)
        unlink_one(&one->link[i]);
}

static msec *left_of(struct sources *s, const struct endpoint *place)
{
    return &s->left[endpoint_hash(place, true, s->seed) & (SOURCES_LEFT - 1)];
}

void sources_leave(struct sources *s, struct source *one, msec now)
{
    for (size_t i = BY_SOURCE; i <= BY_EXPECTED; i++) {
        if (one->link[i].back)
            *left_of(s, &one->link[i].key) = now + 1;
    }
    unlink_all(one);
}

/* Each packet of an ended call keeps its place to itself for longer. */
static bool is_echo(struct sources *s, const struct endpoint *from, msec now)
{
    msec *left = left_of(s, from);

    if (!*left || now >= *left + SOURCES_ECHO)
        return false;
    *left = now + 1;
    return true;
}

void sources_put(struct sources *s, struct source *one)
{
    const struct latch *l = &one->latch;

    unlink_all(one);
    link_one(s, one, BY_EXPECTED, &l->expected, true);
    if (!endpoint_same(latch_target(l), &l->expected))
        link_one(s, one, BY_SOURCE, latch_target(l), true);
    link_one(s, one, BY_EXPECTED_HOST, &l->expected, false);
    if (!endpoint_same_host(&l->signalled, &l->expected))
        link_one(s, one, BY_SIGNALLED_HOST, &l->signalled, false);
}

/* The only owner of this key; `found` counts owners up to two. */
static struct source *only(const struct sources *s, const struct endpoint *key, bool with_port,
                           unsigned *found)
{
    struct source *owner = NULL;

    *found = 0;
    for (struct source_link *l = *bucket_of(s, key, with_port); l && *found < 2; l = l->next) {
        if (l->with_port != with_port || !endpoint_same_host(&l->key, key) ||
            (with_port && l->key.port != key->port) || l->owner == owner)
            continue;
        owner = l->owner;
        ++*found;
    }
    return *found == 1 ? owner : NULL;
}

struct source *sources_exact(const struct sources *s, const struct endpoint *from)
{
    unsigned found;

    return only(s, from, true, &found);
}

struct source *sources_find(struct sources *s, const struct endpoint *from, msec now)
{
    unsigned found;
    struct source *one = only(s, from, true, &found);

    if (found || is_echo(s, from, now))
        return one;
    return only(s, from, false, &found);
}

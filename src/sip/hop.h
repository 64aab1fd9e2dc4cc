/* What we remember of the servers that our requests go to: which of them answered, which were
 * silent, and since when. Bounded; moments come in with each call. Pure, internal to src/sip. */
#ifndef CALLPARK_SIP_HOP_H
#define CALLPARK_SIP_HOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/types.h"
#include "sip/sip.h"

#define HOP_TARGETS_MAX 8      /* of one name */
#define HOP_HOLD_MSEC 300000   /* how long one that nobody watches counts as dead */
#define HOP_HOLD_MAX 3600000   /* the longest Retry-After that is believed */
#define HOP_UNUSED_MSEC 900000 /* one that nobody watches is forgotten after this */

/* One server (RFC 3263 4.2): numeric, but for TLS without SRV, where the front looks it up. */
struct hop_at {
    char transport[8]; /* "udp", "tcp", "tls" */
    char host[FQDN_SIZE];
    uint16_t port;
};

struct hop {
    struct hop_at at; /* transport "": the place is free */
    char system[SIP_HOP_SYSTEM_SIZE];
    enum sip_hop_state state;
    msec since, answered, dead_until, used; /* answered 0: never */
    bool measured;
    uint32_t round_trip; /* measured: msec until the answer to the last OPTIONS */
    bool watched;        /* it is asked from time to time */
    bool held;           /* it asked to be left alone until `dead_until` */
    bool changed;        /* and nobody has been told yet */
};

struct hops {
    struct hop hop[SIP_HOPS_MAX];
};

bool hop_is(const struct hop_at *a, const struct hop_at *b);

/* NULL: it is not remembered. */
struct hop *hops_find(struct hops *all, const struct hop_at *at);

/* Its place, a new one if need be: one that nobody watches and that was not used for longest makes
 * room. NULL: the table is full of watched ones. */
struct hop *hops_take(struct hops *all, const struct hop_at *at, const char *system, msec now);

/* It has said something: it is up. True: it was not before. NULL is fine. */
bool hop_answered(struct hop *hop, msec now);

/* It was silent, or could not be reached. `retry_after`: msec for which it wants to be left alone
 * (RFC 3261 21.5.4); 0: it did not say so. True: it was not down before. NULL is fine. */
bool hop_failed(struct hop *hop, msec retry_after, msec now);

/* Is it better tried after all others? */
bool hop_is_dead(const struct hop *hop, msec now);

/* Dead ones last, else in the order in which they are. */
void hops_order(struct hops *all, struct hop_at *targets, unsigned count, msec now);

/* Time goes by: what nobody watches is unknown again when its time is over, and forgotten when it
 * has not been used for long. */
void hops_age(struct hops *all, msec now);

#endif

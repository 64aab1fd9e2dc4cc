/* The legs by their id, by their Call-ID, and how many each source address has. Ids are never used
 * twice, so what comes late for an old leg finds nothing. Ended legs stay for a while: a transfer
 * may still name them (sip.md 2.0), and a retransmitted BYE is answered like the first. */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

#define BUCKETS 32768 /* a power of two */

struct source {
    struct source *next;
    char host[ADDRESS_SIZE];
    uint32_t legs;
};

struct legs {
    struct leg *by_id[BUCKETS];
    struct leg *by_call[BUCKETS];
    struct source *sources[BUCKETS];
};

struct legs *sip_leg_new(void)
{
    return calloc(1, sizeof(struct legs));
}

/* FNV-1a, 32 bit. */
static uint32_t hash_of(const char *text)
{
    uint32_t h = 2166136261u;

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 16777619u;
    return h ^ h >> 15;
}

static unsigned bucket_of_text(const char *text)
{
    return hash_of(text) % BUCKETS;
}

static struct leg **place_by_id(struct legs *all, leg_id id)
{
    struct leg **at = &all->by_id[(id >> 1) % BUCKETS];

    while (*at && (*at)->id != id)
        at = &(*at)->next_by_id;
    return at;
}

struct leg *sip_leg_find(struct sip *s, leg_id id)
{
    return id ? *place_by_id(s->legs, id) : NULL;
}

struct leg *sip_leg_add(struct sip *s, leg_id id, enum leg_state state)
{
    struct leg **at = place_by_id(s->legs, id);
    struct leg *leg = *at ? NULL : calloc(1, sizeof *leg);

    if (!leg)
        return NULL;
    leg->id = id;
    leg->edge = s;
    if (!sip_leg_words_new(leg)) {
        free(leg);
        return NULL;
    }
    leg->state = state;
    leg->refresh_at = leg->expires_at = leg->forget_at = leg->identify_at = NEVER;
    leg->offer_at = leg->hop_at = leg->probe_at = NEVER;
    su_randmem(&leg->origin.id, sizeof leg->origin.id);
    leg->origin.id >>= 2; /* some read it as a signed number */
    leg->origin.version = 1;
    *at = leg;
    return leg;
}

void sip_leg_name(struct leg *leg)
{
    struct leg **at;

    leg->name_hash = hash_of(sip_leg_words(leg)->facts.call_id);
    at = &leg->edge->legs->by_call[leg->name_hash % BUCKETS];
    leg->next_by_call = *at;
    *at = leg;
}

/* Who has another Call-ID is mostly not even woken. */
static bool has_name(const struct leg *leg, uint32_t hash, const char *name)
{
    return leg->name_hash == hash && text_is(sip_leg_words(leg)->facts.call_id, name);
}

struct leg *sip_leg_by_dialog(struct sip *s, const char *name, const char *ours, const char *theirs)
{
    uint32_t hash = hash_of(name);
    struct leg *leg = s->legs->by_call[hash % BUCKETS];

    for (; leg; leg = leg->next_by_call)
        if (has_name(leg, hash, name) &&
            text_is_nocase(sip_leg_words(leg)->facts.local_tag, ours) &&
            (!theirs || text_is_nocase(sip_leg_words(leg)->facts.remote_tag, theirs)))
            return leg;
    return NULL;
}

static bool began_with(const struct leg *leg, const sip_t *sip)
{
    const struct sip_dialog *f = &sip_leg_words(leg)->facts;

    return !f->we_called && f->invite_cseq == sip->sip_cseq->cs_seq &&
           text_is_nocase(f->remote_tag, sip->sip_from->a_tag);
}

struct leg *sip_leg_by_invite(struct sip *s, const sip_t *sip)
{
    const char *name = sip->sip_call_id->i_id;
    uint32_t hash = hash_of(name);
    struct leg *leg = s->legs->by_call[hash % BUCKETS];

    for (; leg; leg = leg->next_by_call)
        if (has_name(leg, hash, name) && began_with(leg, sip))
            return leg;
    return NULL;
}

/* ---- how many ---- */

static struct source **place_of_source(struct legs *all, const char *host)
{
    struct source **at = &all->sources[bucket_of_text(host)];

    while (*at && !text_is((*at)->host, host))
        at = &(*at)->next;
    return at;
}

/* How many legs its address has; made if need be. NULL: no memory. */
static struct source *source_of(struct leg *leg)
{
    const char *host = sip_leg_words(leg)->facts.remote.host;
    struct source **at = place_of_source(leg->edge->legs, host);

    if (!*at && (*at = calloc(1, sizeof **at)) != NULL)
        text_copy((*at)->host, sizeof(*at)->host, host);
    return *at;
}

enum room sip_leg_admit(struct leg *leg)
{
    struct sip *s = leg->edge;
    const struct sip_config *c = &s->setup->config;
    bool theirs = !sip_leg_words(leg)->facts.we_called;
    const struct source *source = theirs ? source_of(leg) : NULL;

    if (c->calls_max &&
        atomic_load_explicit(&s->counters.legs, memory_order_relaxed) >= c->calls_max)
        return ROOM_NOT_AT_ALL;
    if (theirs && !source)
        return ROOM_NOT_AT_ALL;
    if (theirs && c->calls_per_source && source->legs >= c->calls_per_source)
        return ROOM_NOT_FOR_SOURCE;
    sip_leg_count(leg);
    return ROOM;
}

void sip_leg_count(struct leg *leg)
{
    struct source *source = sip_leg_words(leg)->facts.we_called ? NULL : source_of(leg);

    if (source)
        source->legs++;
    leg->counted = true;
    atomic_fetch_add_explicit(&leg->edge->counters.legs, 1, memory_order_relaxed);
}

static void count_off(struct leg *leg)
{
    const struct sip_dialog *f;
    struct source **at, *source;

    if (!leg->counted)
        return;
    leg->counted = false;
    atomic_fetch_sub_explicit(&leg->edge->counters.legs, 1, memory_order_relaxed);
    f = &sip_leg_words(leg)->facts;
    at = place_of_source(leg->edge->legs, f->remote.host);
    source = *at;
    if (f->we_called || !source || --source->legs > 0)
        return;
    *at = source->next;
    free(source);
}

/* ---- the end ---- */

static void unlink_call(struct leg *leg)
{
    struct leg **at = &leg->edge->legs->by_call[leg->name_hash % BUCKETS];

    while (*at && *at != leg)
        at = &(*at)->next_by_call;
    if (*at)
        *at = leg->next_by_call;
}

static void destroy(struct leg *leg)
{
    refer_forget_leg(leg->edge, leg->id);
    if (leg->timer)
        su_timer_destroy(leg->timer);
    nta_incoming_destroy(leg->invite);
    nta_incoming_destroy(leg->offer);
    nta_outgoing_destroy(leg->request);
    nta_outgoing_destroy(leg->bye);
    nta_outgoing_destroy(leg->refresh);
    nta_outgoing_destroy(leg->identify);
    nta_outgoing_destroy(leg->offering);
    nta_outgoing_destroy(leg->exit);
    nta_outgoing_destroy(leg->probe);
    free(leg->reoffer);
    if (leg->dialog)
        nta_leg_destroy(leg->dialog);
    if (leg->connection)
        tport_unref(leg->connection);
    out_forget(leg);
    out_said_free(leg->said);
    dialog_wipe(leg->sdp);
    sip_leg_words_free(leg);
    free(leg);
}

void sip_leg_forget(struct leg *leg)
{
    struct leg **at = place_by_id(leg->edge->legs, leg->id);

    count_off(leg);
    unlink_call(leg);
    *at = leg->next_by_id;
    destroy(leg);
}

void sip_leg_end(struct leg *leg)
{
    count_off(leg);
    leg->state = LEG_ENDED;
    leg->refresh_at = leg->expires_at = leg->identify_at = leg->hop_at = NEVER;
    probe_heard(leg); /* or its end, which comes to the same */
    offer_drop(leg);
    leg->forget_at = clock_now() + LINGER_MSEC;
    dialog_wipe(leg->sdp);
    leg->sdp = NULL;
    out_forget(leg);
    timer_set(leg);
}

void sip_leg_free(struct legs *all)
{
    for (unsigned i = 0; all && i < BUCKETS; i++) {
        while (all->by_id[i]) {
            struct leg *leg = all->by_id[i];

            all->by_id[i] = leg->next_by_id;
            destroy(leg);
        }
        while (all->sources[i]) {
            struct source *source = all->sources[i];

            all->sources[i] = source->next;
            free(source);
        }
    }
    free(all);
}

tport_t *sip_leg_connection(const struct leg *leg)
{
    tport_t *c = leg->connection;

    return c && tport_is_secondary(c) && tport_is_clear_to_send(c) ? c : NULL;
}

/* ---- what the outside wants to know ---- */

static enum replaces judge(struct leg *leg)
{
    if (leg->replaced)
        return REPLACES_TAKEN;
    switch (leg->state) {
    case LEG_CALLING:
        return REPLACES_EARLY_OURS;
    case LEG_INVITED:
        return REPLACES_EARLY;
    case LEG_ANSWERED:
    case LEG_UP:
        return leg->silent ? REPLACES_UNKNOWN : REPLACES_LEG;
    case LEG_LEAVING:
    case LEG_ENDED:
        break;
    }
    return leg->far_end_left ? REPLACES_ENDED : REPLACES_UNKNOWN;
}

/* RFC 3891 3: to-tag against our tag, from-tag against theirs. An early dialog that we started has
 * no tag of theirs here, as every fork has its own; knowing ours is enough. */
static struct leg *named(struct sip *s, const sip_replaces_t *r)
{
    struct leg *leg = sip_leg_by_dialog(s, r->rp_call_id, r->rp_to_tag, r->rp_from_tag);
    struct leg *early = leg ? NULL : sip_leg_by_dialog(s, r->rp_call_id, r->rp_to_tag, NULL);

    return early && early->state == LEG_CALLING ? early : leg;
}

/* The parser keeps the first and puts the second among what it could not place. */
static bool is_doubled(const sip_t *sip)
{
    const msg_header_t *h = (const msg_header_t *)sip->sip_error;

    while (h && h->sh_class != sip_replaces_class)
        h = h->sh_next;
    return h != NULL;
}

enum replaces sip_leg_named(struct sip *s, const sip_replaces_t *r, leg_id *id)
{
    struct leg *leg = r->rp_call_id && r->rp_to_tag && r->rp_from_tag ? named(s, r) : NULL;

    if (leg)
        *id = leg->id;
    return leg ? judge(leg) : REPLACES_UNKNOWN;
}

/* The ids of a lamp look like no Call-ID of a dialog here; the loop knows whose they are. */
static bool is_pickup(const sip_replaces_t *r, struct invite *out)
{
    if (!r->rp_call_id || !pickup_call(r->rp_call_id))
        return false;
    out->replaces = REPLACES_PICKUP;
    return text_copy(out->pickup_ids.call_id, sizeof out->pickup_ids.call_id, r->rp_call_id) &&
           text_copy(out->pickup_ids.to_tag, sizeof out->pickup_ids.to_tag, r->rp_to_tag) &&
           text_copy(out->pickup_ids.from_tag, sizeof out->pickup_ids.from_tag, r->rp_from_tag);
}

void sip_leg_replaces(struct sip *s, const sip_t *sip, struct invite *out)
{
    const sip_replaces_t *r = sip->sip_replaces;

    out->replaces = REPLACES_NONE;
    if (!r)
        return;
    if (headers_unknown(sip, "Join") || is_doubled(sip)) {
        out->replaces = REPLACES_TWICE;
        return;
    }
    out->early_only = r->rp_early_only != 0;
    if (is_pickup(r, out))
        return;
    out->replaces = sip_leg_named(s, r, &out->replaces_leg);
}

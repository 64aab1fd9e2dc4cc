/* SUBSCRIBE (RFC 6665 4.2.1): what may be watched, by whom, for how long, and the answer. */
#include "sip/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

#define LIST_USER "lamps-" /* "lamps-701-720", "lamps-700": all orbits of a range */

static const char supported[] = "eventlist, replaces, timer, 100rel, norefersub, tdialog";
static const char dialog_info[] = "application/dialog-info+xml";
static const char call_info[] = "application/x-broadworks-callpark-info+xml";

/* What a SUBSCRIBE asks for. */
struct wish {
    enum watch_kind kind;
    number_key first, last;
    uint32_t seconds;
    const char *user; /* as it was dialled */
    const url_t *url; /* the address that names it */
};

static void answer(nta_incoming_t *irq, int code, const char *phrase, const char *why)
{
    char warning[256];

    text_format(warning, sizeof warning, "399 callpark \"%s\"", why ? why : "");
    nta_incoming_treply(irq, code, phrase, SIPTAG_WARNING_STR(why ? warning : NULL),
                        SIPTAG_ALLOW_EVENTS_STR(code == 489 ? "dialog" : NULL),
                        SIPTAG_ACCEPT_STR(code == 406 ? dialog_info : NULL),
                        SIPTAG_MIN_EXPIRES_STR(code == 423 ? "60" : NULL),
                        SIPTAG_REQUIRE_STR(code == 421 ? "eventlist" : NULL),
                        SIPTAG_RETRY_AFTER_STR(code == 503 || code == 500 ? "5" : NULL), TAG_END());
    nta_incoming_destroy(irq);
}

/* ---- what it asks for ---- */

/* "701-720" or "700", a number of the range or its park number. */
static bool read_list(const struct sip *s, const char *text, struct wish *to)
{
    const char *dash = strchr(text, '-');
    char first[NUMBER_SIZE];
    const struct sip_watched *r;
    number_key one;

    to->kind = WATCH_LIST;
    if (dash) {
        to->first = text_copy_n(first, sizeof first, text, (size_t)(dash - text))
                        ? number_read(first, NULL)
                        : 0;
        to->last = number_read(dash + 1, NULL);
        return to->first && to->first <= to->last && watch_range_of(s, to->first);
    }
    one = number_read(text, NULL);
    r = watch_range_by_park_number(s, one);
    if (!r)
        r = one ? watch_range_of(s, one) : NULL;
    if (r) {
        to->first = r->first;
        to->last = r->last;
    }
    return r != NULL;
}

static bool read_number(const struct sip *s, const char *user, struct wish *to)
{
    number_key number = number_read(user, NULL);
    const struct sip_watched *r = number ? watch_range_of(s, number) : NULL;

    to->kind = WATCH_ORBIT;
    to->first = to->last = number;
    if (r)
        return true;
    r = number ? watch_range_by_park_number(s, number) : NULL;
    if (r) {
        to->kind = WATCH_RANGE;
        to->first = r->first;
        to->last = r->last;
    }
    return r != NULL;
}

static bool read_user(const struct sip *s, const url_t *url, struct wish *to)
{
    char user[DIALLED_SIZE], orbit[NUMBER_SIZE];

    headers_number(user, orbit, url);
    to->url = url;
    if (text_starts(user, LIST_USER))
        return read_list(s, user + strlen(LIST_USER), to);
    return read_number(s, user, to);
}

/* The request URI names it; To does for who is registered with a PBX and is sent its Contact. */
static bool read_thing(const struct sip *s, const sip_t *sip, struct wish *to)
{
    return read_user(s, sip->sip_request->rq_url, to) || read_user(s, sip->sip_to->a_url, to);
}

static bool accepts(const sip_t *sip, const char *type)
{
    const sip_accept_t *a = sip->sip_accept;

    for (; a; a = a->ac_next)
        if (a->ac_type && (text_is_nocase(a->ac_type, type) || text_is(a->ac_type, "*/*") ||
                           text_is_nocase(a->ac_type, "application/*")))
            return true;
    return !sip->sip_accept;
}

/* 0, or the code that refuses this package (RFC 6665 4.2.1.3). The filters of RFC 4235 and the
 * `sla` and `ma` of shared lines change nothing: they get the plain thing. */
static int judge_event(const struct sip *s, const sip_t *sip, struct wish *wish)
{
    const sip_event_t *e = sip->sip_event;

    if (e && text_is_nocase(e->o_type, "dialog"))
        return 0;
    if (!e || !text_is_nocase(e->o_type, "call-info") || !s->setup->config.callpark_info)
        return 489;
    wish->kind = WATCH_CALL_INFO;
    return 0;
}

static int judge_form(const sip_t *sip, const struct wish *wish)
{
    if (sip->sip_payload && sip->sip_payload->pl_len)
        return 415;
    if (wish->kind == WATCH_CALL_INFO)
        return sip->sip_accept && accepts(sip, call_info) ? 0 : 406;
    if (wish->kind != WATCH_LIST)
        return accepts(sip, dialog_info) ? 0 : 406;
    if (!sip_has_supported(sip->sip_supported, "eventlist") &&
        !sip_has_feature(sip->sip_require, "eventlist"))
        return 421;
    return accepts(sip, "multipart/related") ? 0 : 406;
}

static uint32_t most(const struct sip *s)
{
    return s->setup->config.watch_expires ? s->setup->config.watch_expires : WATCH_MOST;
}

/* Spread over the last fifth of the time, so that refreshes do not come all at once. */
static int judge_expires(const struct sip *s, const sip_t *sip, uint32_t *seconds)
{
    uint32_t asked = sip->sip_expires ? (uint32_t)sip->sip_expires->ex_delta : most(s);
    uint32_t least = most(s) < WATCH_LEAST ? most(s) : WATCH_LEAST, earlier;

    if (asked > most(s))
        asked = most(s);
    if (asked && asked < least)
        return 423;
    earlier = (uint32_t)su_randint(0, (int)(asked / 5));
    *seconds = asked && asked - earlier < least ? least : asked - earlier;
    return 0;
}

static const char *too_much(const struct sip *s, const struct wish *wish)
{
    uint32_t bound = s->setup->config.watchers_max;

    if (wish->kind == WATCH_LIST && wish->last - wish->first >= LIST_MAX)
        return "a list shows 500 numbers at most: ask for a part of them, as lamps-701-720";
    if (wish->seconds && s->watches->count >= (bound ? bound : WATCHERS_MAX))
        return "no more watchers are taken here";
    return NULL;
}

/* The first thing that is wrong, from outside in; 0: nothing is. */
static int judge(const struct sip *s, const sip_t *sip, struct wish *wish)
{
    struct wish event = { .kind = WATCH_ORBIT };
    int code = judge_event(s, sip, &event);

    if (!code && !read_thing(s, sip, wish))
        code = 404;
    if (!code && event.kind == WATCH_CALL_INFO) {
        code = wish->kind == WATCH_ORBIT ? 0 : 404;
        wish->kind = WATCH_CALL_INFO;
    }
    if (!code)
        code = judge_form(sip, wish);
    return code ? code : judge_expires(s, sip, &wish->seconds);
}

/* ---- a new subscription ---- */

unsigned watch_bucket(const char *name)
{
    uint32_t h = 2166136261u;

    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 16777619u;
    return (h ^ h >> 15) % WATCH_BUCKETS;
}

/* Whose lamps are shown in another way than the setting says: by the beginning of its name. */
static void note_profile(struct watch *w, const sip_t *sip)
{
    const struct sip_config *c = &w->edge->setup->config;
    const char *agent = sip->sip_user_agent ? sip->sip_user_agent->g_string : "";

    for (unsigned i = 0; i < c->lamp_profile_count && !w->profiled; i++)
        if (text_matches(agent, c->lamp_profiles[i].agent)) {
            w->profiled = true;
            w->how = c->lamp_profiles[i].how;
        }
}

static bool write_routes(char to[SIP_ROUTES_SIZE], const sip_record_route_t *r)
{
    to[0] = '\0';
    for (; r; r = r->r_next) {
        char uri[URI_SIZE];

        headers_uri(uri, sizeof uri, r->r_url);
        if (!uri[0] || !text_append(to, SIP_ROUTES_SIZE, "%s<%s>", to[0] ? ", " : "", uri))
            return false;
    }
    return true;
}

/* What he asked for, as he wrote it, but for port and parameters (sip.md 7.1). */
static void write_entity(char to[URI_SIZE], const url_t *url)
{
    url_t bare = *url;

    bare.url_port = bare.url_params = bare.url_headers = bare.url_fragment = NULL;
    bare.url_password = NULL;
    headers_uri(to, URI_SIZE, &bare);
}

static void write_who(struct watch_words *x, const struct sip *s, const struct asker *asker,
                      const sip_t *sip)
{
    struct party who;

    auth_identity(s, asker, sip, &who);
    text_copy(x->user, sizeof x->user, asker->user);
    text_copy(x->who, sizeof x->who, who.uri);
    text_copy(x->source, sizeof x->source, asker->source);
}

static bool write_words(struct watch_words *x, const sip_t *sip, const struct wish *wish,
                        const char *our_tag)
{
    char us[URI_SIZE], them[URI_SIZE];
    const char *id = sip->sip_event && sip->sip_event->o_id ? sip->sip_event->o_id : "";

    headers_uri(us, sizeof us, sip->sip_to->a_url);
    headers_uri(them, sizeof them, sip->sip_from->a_url);
    write_entity(x->entity, wish->url);
    return us[0] && them[0] && x->entity[0] && our_tag && sip->sip_from->a_tag &&
           text_copy(x->name, sizeof x->name, sip->sip_call_id->i_id) &&
           text_copy(x->our_tag, sizeof x->our_tag, our_tag) &&
           text_copy(x->their_tag, sizeof x->their_tag, sip->sip_from->a_tag) &&
           text_copy(x->event_id, sizeof x->event_id, id) &&
           text_format(x->local, sizeof x->local, "<%s>;tag=%s", us, x->our_tag) &&
           text_format(x->remote, sizeof x->remote, "<%s>;tag=%s", them, x->their_tag) &&
           write_routes(x->routes, sip->sip_record_route);
}

/* A subscription lives long and there may be very many: no byte more than it says. */
static bool keep_words(struct watch *w, const struct watch_words *x)
{
    const char *from[] = { x->name,   x->local,    x->remote, x->our_tag, x->their_tag, x->routes,
                           x->entity, x->event_id, x->user,   x->who,     x->source };
    const char **to[] = { &w->name,      &w->local,  &w->remote, &w->our_tag,
                          &w->their_tag, &w->routes, &w->entity, &w->event_id,
                          &w->user,      &w->who,    &w->source };
    size_t total = 0, n = sizeof from / sizeof from[0];
    char *at;

    for (size_t i = 0; i < n; i++)
        total += strlen(from[i]) + 1;
    w->words = at = malloc(total);
    for (size_t i = 0; at && i < n; i++) {
        size_t length = strlen(from[i]) + 1;

        memcpy(at, from[i], length);
        *to[i] = at;
        at += length;
    }
    return w->words != NULL;
}

static bool keep_target(struct watch *w, const sip_t *sip)
{
    char uri[URI_SIZE];
    char *copy;

    headers_uri(uri, sizeof uri, sip->sip_contact->m_url);
    copy = uri[0] ? strdup(uri) : NULL;
    if (!copy)
        return false;
    free(w->target);
    w->target = copy;
    return true;
}

/* NOTIFY goes where SUBSCRIBE came from: a phone behind NAT has no other way (RFC 5626). */
static void note_way(struct watch *w, nta_incoming_t *irq, const sip_t *sip)
{
    if (w->connection)
        tport_unref(w->connection);
    w->connection = flow_take(w->edge, irq, sip, &w->listener);
}

struct watch *watch_make(struct sip *s, const struct watch_words *x, enum watch_kind kind,
                         number_key first, number_key last)
{
    struct watched_thing *thing = watch_thing(s, kind, first, last);
    struct watch *w = thing ? calloc(1, sizeof *w) : NULL;
    struct watch **bucket;

    if (!w || !keep_words(w, x)) {
        free(w);
        return NULL;
    }
    w->edge = s;
    w->retry_at = NEVER;
    w->our_cseq = (uint32_t)su_randint(1, 1000);
    watch_join(thing, w);
    bucket = &s->watches->by_call[watch_bucket(w->name)];
    w->next_by_call = *bucket;
    *bucket = w;
    s->watches->count++;
    atomic_store_explicit(&s->counters.watchers, s->watches->count, memory_order_relaxed);
    return w;
}

static void accept_it(struct watch *w, nta_incoming_t *irq, uint32_t seconds)
{
    const char *agent = w->edge->setup->config.user_agent;
    char contact[URI_SIZE + 8], expires[16];

    watch_contact(w, contact);
    text_format(expires, sizeof expires, "%u", seconds);
    nta_incoming_treply(irq, SIP_200_OK, SIPTAG_CONTACT_STR(contact), SIPTAG_EXPIRES_STR(expires),
                        SIPTAG_ALLOW_EVENTS_STR("dialog"), SIPTAG_ALLOW_STR(in_allow),
                        SIPTAG_REQUIRE_STR(w->thing->kind == WATCH_LIST ? "eventlist" : NULL),
                        SIPTAG_SERVER_STR(agent[0] ? agent : NULL), TAG_END());
    nta_incoming_destroy(irq);
    w->full = true;
    watch_set_expiry(w, seconds);
    if (!seconds) { /* asked once, or no longer wanted */
        watch_end(w, "timeout");
        return;
    }
    watch_keep(w);
    watch_tell(w);
}

static bool requires_unknown(nta_incoming_t *irq, const sip_t *sip)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    int status;

    su_home_init(home);
    status = nta_check_required(irq, sip, sip_supported_make(home, supported), TAG_END());
    su_home_deinit(home);
    if (status)
        nta_incoming_destroy(irq);
    return status != 0;
}

static void refuse_many(struct sip *s, nta_incoming_t *irq, const struct wish *wish,
                        const char *why)
{
    atomic_fetch_add_explicit(&s->counters.watchers_refused, 1, memory_order_relaxed);
    log_warning("sip", "SUBSCRIBE refused: %s", why);
    answer(irq, wish->kind == WATCH_LIST ? 403 : 503, NULL, why);
}

void watch_subscribe(struct sip *s, nta_incoming_t *irq, const sip_t *sip,
                     const struct asker *asker)
{
    struct wish wish = { .kind = WATCH_ORBIT };
    const char *our_tag, *why;
    struct watch_words words;
    struct watch *w;
    int code;

    atomic_fetch_add_explicit(&s->counters.subscribes, 1, memory_order_relaxed);
    if (requires_unknown(irq, sip))
        return;
    if (!sip->sip_contact || sip->sip_contact->m_url->url_type == url_any) {
        answer(irq, 400, "SUBSCRIBE without a Contact", NULL);
        return;
    }
    code = judge(s, sip, &wish);
    why = code ? NULL : too_much(s, &wish);
    if (code) {
        answer(irq, code, NULL, code == 404 ? "nothing that can be watched has this number" : NULL);
        return;
    }
    if (why) {
        refuse_many(s, irq, &wish, why);
        return;
    }
    our_tag = nta_incoming_tag(irq, NULL);
    if (!write_words(&words, sip, &wish, our_tag)) {
        answer(irq, 400, "an address, a tag or a route is missing or too long", NULL);
        return;
    }
    write_who(&words, s, asker, sip);
    w = watch_make(s, &words, wish.kind, wish.first, wish.last);
    if (!w || !keep_target(w, sip)) {
        answer(irq, 500, NULL, NULL);
        if (w)
            watch_forget(w);
        return;
    }
    w->trusted = asker->trusted;
    if (!watch_may_any(w)) {
        answer(irq, 403, NULL, "you may not watch this number: see watch_allow and your roles");
        watch_forget(w);
        return;
    }
    w->their_cseq = sip->sip_cseq->cs_seq;
    note_profile(w, sip);
    note_way(w, irq, sip);
    accept_it(w, irq, wish.seconds);
}

/* ---- a later one of the same subscription ---- */

static struct watch *find(const struct sip *s, const sip_t *sip)
{
    struct watch *w = s->watches->by_call[watch_bucket(sip->sip_call_id->i_id)];

    while (w && !(text_is(w->name, sip->sip_call_id->i_id) &&
                  text_is_nocase(w->our_tag, sip->sip_to->a_tag) &&
                  text_is_nocase(w->their_tag, sip->sip_from->a_tag)))
        w = w->next_by_call;
    return w;
}

void watch_refresh(struct sip *s, nta_incoming_t *irq, const sip_t *sip)
{
    struct watch *w = find(s, sip);
    uint32_t seconds = 0;
    int code;

    if (!w) { /* we do not know it any more: the phone subscribes anew (RFC 6665 4.1.2.2) */
        answer(irq, 481, "Subscription Does Not Exist", NULL);
        return;
    }
    if (requires_unknown(irq, sip))
        return;
    if (!w->ending && !s->watches->waking && !watch_may_any(w)) {
        answer(irq, 403, NULL, "you may not watch this number any more");
        watch_end(w, "rejected");
        return;
    }
    code = sip->sip_cseq->cs_seq <= w->their_cseq ? 500 : judge_expires(s, sip, &seconds);
    if (code) {
        answer(irq, code, NULL, NULL);
        return;
    }
    w->their_cseq = sip->sip_cseq->cs_seq;
    if (sip->sip_contact && sip->sip_contact->m_url->url_type != url_any)
        (void)keep_target(w, sip); /* the old one is kept when there is no memory for the new */
    note_way(w, irq, sip);
    w->retry_at = NEVER; /* he is there again */
    w->tries = 0;
    accept_it(w, irq, seconds);
}

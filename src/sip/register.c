/* See register.h. What a registrar answers is the only thing that changes what we think of it;
 * nobody's call ends because a registration is lost. */
#include "sip/register.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sip/edge.h"
#include "sys/clock.h"
#include "sys/log.h"

#define ACCOUNTS_MAX 128
#define EXPIRES_MAX 86400
#define BACK_OFF_MAX_MSEC 1800000 /* RFC 5626 4.5 */
#define TRIES_MAX 3               /* of one registration: password, stale, Min-Expires */
#define LEAVE_MSEC 2000           /* a stop waits no longer for registrars */

/* One address at one registrar. */
struct account {
    struct sip *edge;
    const struct sip_register *r;
    char uri[URI_SIZE], user[64], instance[64];
    char contact[URI_SIZE + 160];
    unsigned listener;
    nta_leg_t *leg; /* its Call-ID and CSeq */
    nta_outgoing_t *request;
    su_timer_t *timer;
    struct challenge challenge;
    char routes[URI_SIZE];
    uint32_t expires;
    unsigned tries, failures;
    bool registered, leaving; /* leaving: it is being taken back */
};

struct registrations {
    struct sip_register of[SIP_REGISTERS_MAX]; /* as they are registered */
    unsigned count;
    struct account *at[ACCOUNTS_MAX];
    unsigned accounts;
};

static void send_register(struct account *a, uint32_t expires);

/* ---- time ---- */

static void on_timer(struct sip *s, su_timer_t *timer, void *account)
{
    struct account *a = account;

    (void)s;
    (void)timer;
    a->tries = 0;
    if (!a->request)
        send_register(a, a->expires);
}

static void again_in(struct account *a, uint64_t milliseconds)
{
    if (a->timer)
        su_timer_set_interval(a->timer, on_timer, a, (su_duration_t)milliseconds);
}

/* RFC 5626 4.5: 30 s (60 * T1), twice as long after each failure, half of it by chance. */
static uint64_t back_off(const struct account *a)
{
    uint64_t t1 = a->edge->setup->config.t1 ? a->edge->setup->config.t1 : 500;
    uint64_t wait = 60 * t1 << (a->failures < 6 ? a->failures : 6);

    if (wait > BACK_OFF_MAX_MSEC)
        wait = BACK_OFF_MAX_MSEC;
    return wait / 2 + (uint64_t)su_randint(0, (int)(wait / 2));
}

/* ---- how it stands ---- */

static void count(struct sip *s)
{
    const struct registrations *all = s->registrations;
    uint32_t up = 0;

    for (unsigned i = 0; i < all->accounts; i++)
        up += all->at[i]->registered;
    atomic_store_explicit(&s->counters.accounts, all->accounts, memory_order_relaxed);
    atomic_store_explicit(&s->counters.registered, up, memory_order_relaxed);
}

static void stands(struct account *a, bool registered)
{
    a->registered = registered;
    count(a->edge);
}

/* ---- answers ---- */

/* Whose Contact is it? With several the registrar lists them all. */
static uint32_t granted(const struct account *a, const sip_t *sip)
{
    char theirs[URI_SIZE];
    uint32_t seconds = sip->sip_expires ? (uint32_t)sip->sip_expires->ex_delta : a->expires;

    for (const sip_contact_t *c = sip->sip_contact; c; c = c->m_next) {
        headers_uri(theirs, sizeof theirs, c->m_url);
        if (c->m_expires && text_starts(a->contact + 1, theirs))
            seconds = (uint32_t)strtoul(c->m_expires, NULL, 10);
    }
    return seconds;
}

static void take_success(struct account *a, const sip_t *sip)
{
    uint32_t seconds = granted(a, sip);

    if (!a->registered)
        log_info("sip", "registered %s at %s for %u s", a->uri, a->r->name, seconds);
    a->failures = a->tries = 0;
    a->routes[0] = '\0';
    for (const sip_service_route_t *r = sip->sip_service_route; r; r = r->r_next) {
        char uri[URI_SIZE];

        headers_uri(uri, sizeof uri, r->r_url);
        if (!text_append(a->routes, sizeof a->routes, "%s<%s>", a->routes[0] ? ", " : "", uri))
            a->routes[0] = '\0';
    }
    stands(a, true);
    if (seconds < 2)
        seconds = 2;
    again_in(a, (uint64_t)seconds * (unsigned)su_randint(500, 900));
}

static void take_failure(struct account *a, int status, const sip_t *sip)
{
    uint64_t wait = back_off(a);

    if (sip && sip->sip_retry_after && sip->sip_retry_after->af_delta <= 3600)
        wait = (uint64_t)sip->sip_retry_after->af_delta * 1000;
    if (a->registered || a->failures == 0)
        log_warning("sip", "%s is not registered at %s: %d; tried again in %llu s", a->uri,
                    a->r->name, status, (unsigned long long)(wait / 1000));
    a->failures++;
    stands(a, false);
    again_in(a, wait + 1);
}

static bool answer_challenge(struct account *a, const sip_t *sip)
{
    struct challenge new;

    if (!a->r->auth_user[0] || !out_pick_challenge(sip, &new))
        return false;
    if (a->challenge.algorithm && a->challenge.count && a->tries > 1 && !new.stale)
        return false; /* it has seen our password already */
    a->challenge = new;
    return true;
}

static bool may_try_again(struct account *a, int status, const sip_t *sip)
{
    if (!sip || ++a->tries >= TRIES_MAX)
        return false;
    if (status == 401 || status == 407)
        return answer_challenge(a, sip);
    if (status != 423 || !sip->sip_min_expires || sip->sip_min_expires->me_delta <= a->expires ||
        sip->sip_min_expires->me_delta > EXPIRES_MAX)
        return false;
    a->expires = (uint32_t)sip->sip_min_expires->me_delta;
    return true;
}

/* It was taken back, or it runs out by itself. */
static void take_leave(struct account *a, int status, const sip_t *sip)
{
    if ((status == 401 || status == 407) && may_try_again(a, status, sip)) {
        send_register(a, 0);
        return;
    }
    if (status < 300)
        log_info("sip", "%s is no longer registered at %s", a->uri, a->r->name);
    else
        log_warning("sip", "%s was not taken back at %s: %d", a->uri, a->r->name, status);
    stands(a, false);
}

/* The library hands back what it was given, by the type of a leg. */
static int on_answer(nta_outgoing_magic_t *magic, nta_outgoing_t *request, const sip_t *sip)
{
    struct account *a = (void *)magic;
    int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(request);

    if (request != a->request || status < 200)
        return 0;
    a->request = NULL;
    if (a->leaving)
        take_leave(a, status, sip);
    else if (status < 300 && sip)
        take_success(a, sip);
    else if (may_try_again(a, status, sip))
        send_register(a, a->expires);
    else
        take_failure(a, status, sip);
    nta_outgoing_destroy(request); /* and with it the answer */
    return 0;
}

/* ---- the request ---- */

static int on_stray(nta_leg_magic_t *magic, nta_leg_t *leg, nta_incoming_t *irq, const sip_t *sip)
{
    (void)magic;
    (void)leg;
    (void)irq;
    (void)sip;
    return 481; /* nobody has a dialog with a registration */
}

static void send_register(struct account *a, uint32_t expires)
{
    const struct sip_register *r = a->r;
    char header[CHALLENGE_HEADER_SIZE] = "", seconds[16], nonce[17];

    out_client_nonce(nonce);
    if (a->challenge.algorithm && !challenge_answer(&a->challenge, r->auth_user, r->auth_password,
                                                    "REGISTER", r->registrar, nonce, header))
        header[0] = '\0';
    text_format(seconds, sizeof seconds, "%u", expires);
    a->request = nta_outgoing_tcreate(
        a->leg, on_answer, (nta_outgoing_magic_t *)(void *)a,
        (url_string_t const *)(r->outbound[0] ? r->outbound : NULL), SIP_METHOD_REGISTER,
        URL_STRING_MAKE(r->registrar), SIPTAG_CONTACT_STR(a->contact), SIPTAG_EXPIRES_STR(seconds),
        SIPTAG_SUPPORTED_STR("path, outbound"), SIPTAG_ALLOW_STR(in_allow),
        SIPTAG_HEADER_STR(header[0] ? header : NULL),
        TPTAG_IDENT(a->edge->listeners[a->listener].ident), TAG_END());
    if (!a->request && a->leaving)
        take_leave(a, 503, NULL);
    else if (!a->request)
        take_failure(a, 503, NULL);
}

/* ---- accounts ---- */

static void drop(struct account *a)
{
    if (!a)
        return;
    nta_outgoing_destroy(a->request);
    if (a->timer)
        su_timer_destroy(a->timer);
    if (a->leg)
        nta_leg_destroy(a->leg);
    free(a);
}

/* "701" is an address at the registrar's host. */
static bool read_address(const struct sip_register *r, const char *text, char to[URI_SIZE])
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    url_t *host;
    bool fine = false;

    if (text_starts(text, "sip:"))
        return text_copy(to, URI_SIZE, text);
    su_home_init(home);
    host = url_make(home, r->registrar);
    if (host && host->url_host)
        fine = text_format(to, URI_SIZE, "sip:%s@%s", text, host->url_host);
    su_home_deinit(home);
    return fine;
}

/* The same after each start, and another for each address (RFC 5626 4.1). */
static void make_instance(struct account *a)
{
    char digest[SU_MD5_DIGEST_SIZE * 2 + 1];
    su_md5_t md5[1];

    su_md5_init(md5);
    su_md5_strupdate(md5, a->edge->listeners[a->listener].text);
    su_md5_strupdate(md5, a->uri);
    su_md5_hexdigest(md5, digest);
    su_md5_deinit(md5);
    text_format(a->instance, sizeof a->instance, "urn:uuid:%.8s-%.4s-3%.3s-8%.3s-%.12s", digest,
                digest + 8, digest + 13, digest + 17, digest + 20);
}

static bool make_leg(struct account *a)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    char from[URI_SIZE + 64], to[URI_SIZE + 8];
    const char *tag;

    su_home_init(home);
    tag = nta_agent_newtag(home, NULL, a->edge->agent);
    text_format(to, sizeof to, "<%s>", a->uri);
    if (tag && text_format(from, sizeof from, "<%s>;tag=%s", a->uri, tag))
        a->leg = nta_leg_tcreate(a->edge->agent, on_stray, a,
                                 SIPTAG_CALL_ID(sip_call_id_create(home, NULL)),
                                 SIPTAG_FROM_STR(from), SIPTAG_TO_STR(to), TAG_END());
    su_home_deinit(home);
    return a->leg != NULL;
}

static bool make_contact(struct account *a)
{
    char contact[URI_SIZE];
    const char *at = strchr(a->uri, '@');

    if (!at || !text_copy_n(a->user, sizeof a->user, a->uri + strlen("sip:"),
                            (size_t)(at - a->uri) - strlen("sip:")))
        return false;
    make_instance(a);
    out_contact(a->edge, a->listener, a->user, contact);
    return text_format(a->contact, sizeof a->contact, "<%s>;+sip.instance=\"<%s>\";reg-id=1",
                       contact, a->instance);
}

static struct account *make(struct sip *s, const struct sip_register *r, const char *address)
{
    struct account *a = calloc(1, sizeof *a);

    if (!a)
        return NULL;
    a->edge = s;
    a->r = r;
    a->expires = r->expires ? r->expires : 3600;
    a->listener = aim_listener(s, r->outbound[0] ? r->outbound : r->registrar);
    a->timer = su_timer_create(su_root_task(s->root), 0);
    if (!read_address(r, address, a->uri) || !make_contact(a) || !make_leg(a) || !a->timer) {
        log_error("sip", "'%s' of [register.%s] cannot be registered", address, r->name);
        drop(a);
        return NULL;
    }
    return a;
}

static void add(struct sip *s, const struct sip_register *r)
{
    struct registrations *all = s->registrations;
    char address[URI_SIZE];
    const char *at = r->aor;

    for (at += strspn(at, ", "); *at; at += strspn(at, ", ")) {
        size_t length = strcspn(at, ", ");

        if (all->accounts < ACCOUNTS_MAX && text_copy_n(address, sizeof address, at, length) &&
            (all->at[all->accounts] = make(s, r, address)) != NULL)
            send_register(all->at[all->accounts++], r->expires ? r->expires : 3600);
        at += length;
    }
}

static bool is_same(const struct sip_register *a, const struct sip_register *b)
{
    return text_is(a->name, b->name) && text_is(a->registrar, b->registrar) &&
           text_is(a->aor, b->aor) && text_is(a->auth_user, b->auth_user) &&
           text_is(a->auth_password, b->auth_password) && text_is(a->outbound, b->outbound) &&
           a->expires == b->expires && a->unregister == b->unregister;
}

static bool are_same(const struct registrations *all, const struct sip_config *c)
{
    if (!all || all->count != c->register_count)
        return false;
    for (unsigned i = 0; i < all->count; i++)
        if (!is_same(&all->of[i], &c->registers[i]))
            return false;
    return true;
}

void register_start(struct sip *s)
{
    const struct sip_config *c = &s->setup->config;
    struct registrations *all = s->registrations;

    if (are_same(all, c))
        return;
    register_stop(s);
    all = c->register_count ? calloc(1, sizeof *all) : NULL;
    if (!all)
        return;
    s->registrations = all;
    memcpy(all->of, c->registers, sizeof all->of);
    all->count = c->register_count;
    for (unsigned i = 0; i < all->count; i++)
        add(s, &all->of[i]);
    count(s);
}

static void leave(struct account *a)
{
    nta_outgoing_t *request = a->request; /* a refresh: it is overtaken */

    a->request = NULL;
    nta_outgoing_destroy(request);
    su_timer_reset(a->timer);
    a->leaving = true;
    a->tries = 0;
    send_register(a, 0);
}

static bool is_leaving(const struct registrations *all)
{
    for (unsigned i = 0; i < all->accounts; i++)
        if (all->at[i]->leaving && all->at[i]->request)
            return true;
    return false;
}

void register_leave(struct sip *s)
{
    const struct registrations *all = s->registrations;
    msec until = clock_now() + LEAVE_MSEC;

    for (unsigned i = 0; all && i < all->accounts; i++)
        if (all->at[i]->r->unregister && all->at[i]->registered)
            leave(all->at[i]);
    while (all && is_leaving(all) && clock_now() < until)
        (void)su_root_step(s->root, 20);
    if (all && is_leaving(all))
        log_warning("sip", "a registrar does not answer: not every account was taken back");
}

void register_stop(struct sip *s)
{
    struct registrations *all = s->registrations;

    for (unsigned i = 0; all && i < all->accounts; i++) {
        struct account *a = all->at[i];

        if (a->r->unregister && a->registered && !a->leaving)
            leave(a);
        drop(a);
    }
    free(all);
    s->registrations = NULL;
    atomic_store_explicit(&s->counters.accounts, 0, memory_order_relaxed);
    atomic_store_explicit(&s->counters.registered, 0, memory_order_relaxed);
}

/* ---- for calls that go by such an account ---- */

void register_address(const struct sip_register *r, char to[URI_SIZE])
{
    char first[URI_SIZE];
    const char *at = r->aor + strspn(r->aor, ", ");

    to[0] = '\0';
    if (text_copy_n(first, sizeof first, at, strcspn(at, ", ")) && !read_address(r, first, to))
        to[0] = '\0';
}

const char *register_routes(const struct sip *s, const struct sip_register *r)
{
    const struct registrations *all = s->registrations;

    for (unsigned i = 0; all && i < all->accounts; i++)
        if (text_is(all->at[i]->r->name, r->name))
            return all->at[i]->routes;
    return "";
}

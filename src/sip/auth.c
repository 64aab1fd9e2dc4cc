/* Who is let in: a peer by where he is; a user by his password (RFC 3261 22, RFC 7616, RFC 8760);
 * nobody else. What he may do then is looked up elsewhere; here is only who he is, and that who
 * guesses waits longer each time. */
#include "sip/auth.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/throttle.h"
#include "sip/digest.h"
#include "sys/clock.h"
#include "sys/log.h"

/* Where a user's last right password came from: nobody elsewhere can lock him out there. */
#define KNOWN_PLACE_MSEC 3600000

struct place {
    char source[ADDRESS_SIZE];
    msec at;
};

struct auth {
    struct sip_user_table *users; /* by name; NULL: none */
    struct place *places;         /* of each of them */
    struct nonces *nonces;
    struct throttle throttle;
    char opaque[DIGEST_HEX_SIZE];
    nta_incoming_t *asked; /* the request that `last` is about */
    struct asker last;
};

/* ---- life ---- */

struct auth *auth_new(const unsigned char nonce_key[32])
{
    struct auth *a = calloc(1, sizeof *a);
    char any[NONCE_SIZE];
    const char *parts[] = { "opaque", any };

    if (!a)
        return NULL;
    a->nonces = nonces_new(nonce_key);
    if (!a->nonces) {
        free(a);
        return NULL;
    }
    nonce_make(a->nonces, "", clock_wall(), any);
    if (!digest_hash(DIGEST_SHA256, parts, 2, a->opaque))
        a->opaque[0] = '\0';
    a->opaque[16] = '\0';
    return a;
}

void auth_users_free(struct sip_user_table *users)
{
    if (users) {
        free(users->rights);
        explicit_bzero(users, sizeof *users + users->count * sizeof users->at[0]);
    }
    free(users);
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    auth_users_free(a->users);
    free(a->places);
    nonces_free(a->nonces);
    free(a);
}

static int compare_users(const void *a, const void *b)
{
    const struct sip_user *one = a, *other = b;

    return strcmp(one->name, other->name);
}

static struct sip_user *find_user(const struct auth *a, const char *name)
{
    struct sip_user key;

    if (!a->users || !text_copy(key.name, sizeof key.name, name))
        return NULL;
    return bsearch(&key, a->users->at, a->users->count, sizeof a->users->at[0], compare_users);
}

static int compare_rights(const void *a, const void *b)
{
    const struct sip_right *x = a, *y = b;

    if (x->user != y->user)
        return x->user < y->user ? -1 : 1;
    return (x->range > y->range) - (x->range < y->range);
}

/* Who stays is still known where he was. */
void auth_take_users(struct auth *a, struct sip_user_table *users)
{
    struct place *places = users->count ? calloc(users->count, sizeof *places) : NULL;

    if (users->right_count)
        qsort(users->rights, users->right_count, sizeof users->rights[0], compare_rights);
    if (users->count)
        qsort(users->at, users->count, sizeof users->at[0], compare_users);
    for (size_t i = 0; places && a->places && i < users->count; i++) {
        const struct sip_user *old = find_user(a, users->at[i].name);

        if (old)
            places[i] = a->places[old - a->users->at];
    }
    auth_users_free(a->users);
    free(a->places);
    a->places = places;
    a->users = users;
}

void auth_begin(struct sip *s)
{
    s->auth->asked = NULL;
}

bool auth_may_watch(const struct sip *s, const char *user, range_id range, bool *names)
{
    const struct sip_user *u = find_user(s->auth, user);
    const struct sip_right *right = NULL;

    if (!u || !(u->may & SIP_MAY_WATCH))
        return false;
    if (s->auth->users->right_count) {
        struct sip_right key = { .user = u->number, .range = range };

        right = bsearch(&key, s->auth->users->rights, s->auth->users->right_count, sizeof key,
                        compare_rights);
    }
    *names = u->names_all || (right && right->names);
    return u->watches_all || right;
}

/* ---- saying no ---- */

static const char *realm_of(const struct sip *s)
{
    const struct sip_config *c = &s->setup->config;

    return c->realm[0] ? c->realm : c->domain[0] ? c->domain : "callpark";
}

static bool forbid(struct sip *s, nta_incoming_t *irq, const sip_t *sip, const char *source,
                   const char *why)
{
    char warning[WHY_SIZE + 32];

    atomic_fetch_add_explicit(&s->counters.refused_untrusted, 1, memory_order_relaxed);
    log_info("sip", "%s refused: %s source=%s", sip->sip_request->rq_method_name, why, source);
    text_format(warning, sizeof warning, "399 callpark \"%s\"", why);
    nta_incoming_treply(irq, SIP_403_FORBIDDEN, SIPTAG_WARNING_STR(warning), TAG_END());
    nta_incoming_destroy(irq);
    return false;
}

/* One header for each algorithm, the better one first, as phones take the first they know. */
static bool challenge(struct sip *s, nta_incoming_t *irq, bool stale)
{
    char text[DIGEST_HOWS][FQDN_SIZE + 256], nonce[NONCE_SIZE];

    atomic_fetch_add_explicit(&s->counters.challenges, 1, memory_order_relaxed);
    for (unsigned i = 0; i < DIGEST_HOWS; i++) {
        nonce_make(s->auth->nonces, realm_of(s), clock_wall(), nonce);
        text_format(text[i], sizeof text[i],
                    "Digest realm=\"%s\", nonce=\"%s\", opaque=\"%s\", algorithm=%s, "
                    "qop=\"auth\"%s",
                    realm_of(s), nonce, s->auth->opaque, digest_name((enum digest_how)i),
                    stale ? ", stale=true" : "");
    }
    nta_incoming_treply(irq, SIP_401_UNAUTHORIZED, SIPTAG_WWW_AUTHENTICATE_STR(text[DIGEST_SHA256]),
                        SIPTAG_WWW_AUTHENTICATE_STR(text[DIGEST_MD5]), TAG_END());
    nta_incoming_destroy(irq);
    return false;
}

/* ---- who guesses ---- */

static void name_keys(const struct asker *who, const char *user, char keys[2][THROTTLE_KEY_SIZE])
{
    text_format(keys[0], THROTTLE_KEY_SIZE, "from:%s", who->source); /* fits */
    text_format(keys[1], THROTTLE_KEY_SIZE, "user:%s", user);
}

static bool is_known_place(const struct auth *a, const struct sip_user *u, const char *source)
{
    const struct place *p = u && a->places ? &a->places[u - a->users->at] : NULL;

    return p && text_is(p->source, source) && clock_now() - p->at < KNOWN_PLACE_MSEC;
}

static msec wait_of(const struct auth *a, const struct asker *who, const char *user)
{
    const struct sip_user *u = find_user(a, user);
    char keys[2][THROTTLE_KEY_SIZE];
    msec address, name;

    name_keys(who, user, keys);
    address = throttle_wait(&a->throttle, keys[0], clock_now());
    name = u && !is_known_place(a, u, who->source)
               ? throttle_wait(&a->throttle, keys[1], clock_now())
               : 0;
    return address > name ? address : name;
}

static void count(struct sip *s, enum sip_auth_failure how)
{
    atomic_fetch_add_explicit(&s->counters.auth_failures[how], 1, memory_order_relaxed);
}

static void report_lock_out(struct sip *s, const struct asker *who, const char *user, msec wait)
{
    struct sip_event *ev = report_begin_edge(s, SIP_LOCKED_OUT);

    text_copy(ev->invite.signed_in, sizeof ev->invite.signed_in, user);
    text_copy(ev->invite.source, sizeof ev->invite.source, who->source);
    text_format(ev->reason, sizeof ev->reason,
                "passwords over SIP were wrong too often: %u s until the next attempt",
                (unsigned)((wait + 999) / 1000));
    report_edge(s);
}

/* What was typed as a name may be a password: only names that exist are written down. */
static void failed(struct sip *s, const struct asker *who, const char *user,
                   enum sip_auth_failure how, const char *words)
{
    struct auth *a = s->auth;
    const struct sip_user *u = find_user(a, user);
    char keys[2][THROTTLE_KEY_SIZE];
    msec wait;

    count(s, how);
    log_warning("sip", "a phone could not sign in: %s user=%s source=%s", words,
                u ? u->name : "unknown", who->source);
    name_keys(who, user, keys);
    throttle_failed(&a->throttle, keys[0], clock_now());
    if (u)
        throttle_failed(&a->throttle, keys[1], clock_now());
    wait = wait_of(a, who, user);
    if (wait)
        report_lock_out(s, who, u ? u->name : "", wait);
}

static bool make_wait(struct sip *s, nta_incoming_t *irq, const struct asker *who, msec wait)
{
    char seconds[16];

    count(s, SIP_AUTH_THROTTLED);
    log_info("sip", "a phone may not try a password yet: %u s to wait source=%s",
             (unsigned)((wait + 999) / 1000), who->source);
    text_format(seconds, sizeof seconds, "%u", (unsigned)((wait + 999) / 1000));
    nta_incoming_treply(irq, 403, "Too many wrong passwords", SIPTAG_RETRY_AFTER_STR(seconds),
                        TAG_END());
    nta_incoming_destroy(irq);
    return false;
}

/* ---- who knows ---- */

/* The one of several headers that is for us; false: none. */
static bool find_credentials(const struct sip *s, const sip_t *sip, struct credentials *c,
                             bool *broken)
{
    *broken = false;
    for (const sip_authorization_t *au = sip->sip_authorization; au; au = au->au_next) {
        enum credentials_read read = credentials_read(au, realm_of(s), c);

        if (read == CREDENTIALS_FINE)
            return true;
        *broken = *broken || read == CREDENTIALS_BAD;
    }
    return false;
}

/* A proxy on the way may have changed the host of the request, not whom it is for. */
static bool is_same_target(const sip_t *sip, const char *uri)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    const url_t *asked = sip->sip_request->rq_url;
    url_t *signed_for;
    bool same;

    su_home_init(home);
    signed_for = url_make(home, uri);
    same = signed_for && (!signed_for->url_user || !asked->url_user
                              ? signed_for->url_user == asked->url_user
                              : url_cmp(signed_for, asked) == 0 ||
                                    strcmp(signed_for->url_user, asked->url_user) == 0);
    su_home_deinit(home);
    return same;
}

/* Somebody unknown takes as long as anybody. */
static bool is_right(const struct sip_user *u, const sip_t *sip, const struct credentials *c)
{
    const char *ha1 = !u ? "" : c->how == DIGEST_MD5 ? u->md5 : u->sha256;
    char response[DIGEST_HEX_SIZE];

    return digest_response(c, ha1, sip->sip_request->rq_method_name, response) && u && *ha1 &&
           digest_same(response, c->response) && is_same_target(sip, c->uri);
}

static void succeeded(struct auth *a, const struct sip_user *u, struct asker *who)
{
    char keys[2][THROTTLE_KEY_SIZE];
    struct place *p = a->places ? &a->places[u - a->users->at] : NULL;

    name_keys(who, u->name, keys);
    throttle_clear(&a->throttle, keys[1]);
    if (p) {
        text_copy(p->source, sizeof p->source, who->source);
        p->at = clock_now();
    }
    text_copy(who->user, sizeof who->user, u->name);
    text_copy(who->phone, sizeof who->phone, u->phone);
    who->may = u->may;
}

/* False: it has been answered. */
static bool check(struct sip *s, nta_incoming_t *irq, const sip_t *sip, const struct credentials *c,
                  struct asker *who)
{
    struct auth *a = s->auth;
    enum nonce_verdict nonce = nonce_check(a->nonces, realm_of(s), c->nonce, clock_wall());
    const struct sip_user *u = find_user(a, c->user);
    msec wait = wait_of(a, who, c->user);

    if (wait)
        return make_wait(s, irq, who, wait);
    if (nonce == NONCE_FOREIGN) {
        count(s, SIP_AUTH_NONCE);
        return challenge(s, irq, false);
    }
    if (!is_right(u, sip, c)) {
        failed(s, who, c->user, u ? SIP_AUTH_PASSWORD : SIP_AUTH_USER,
               u ? "wrong password" : "no such user");
        return challenge(s, irq, false);
    }
    if (nonce == NONCE_FINE)
        nonce = nonce_use(a->nonces, c->nonce, c->count, clock_wall());
    if (nonce != NONCE_FINE) { /* RFC 7616 3.3: his password is right, he need not be asked */
        if (nonce == NONCE_USED)
            count(s, SIP_AUTH_REPLAYED);
        return challenge(s, irq, true);
    }
    succeeded(a, u, who);
    return true;
}

static bool by_password(struct sip *s, nta_incoming_t *irq, const sip_t *sip, struct asker *who)
{
    struct credentials c;
    bool broken;

    if (!s->auth->users || !s->auth->users->count)
        return forbid(s, irq, sip, who->source, "not from a trusted network");
    if (find_credentials(s, sip, &c, &broken))
        return check(s, irq, sip, &c, who);
    if (broken)
        failed(s, who, "", SIP_AUTH_MALFORMED, "malformed credentials");
    else
        log_info("sip", "%s asked for a password source=%s", sip->sip_request->rq_method_name,
                 who->source);
    return challenge(s, irq, false);
}

/* ---- the question ---- */

static void fill_peer(struct asker *to, const struct sip_peer *peer)
{
    to->trusted = peer->trust_identity;
    to->may = peer->may;
    text_copy(to->peer, sizeof to->peer, peer->name);
}

bool auth_admit(struct sip *s, nta_incoming_t *irq, const sip_t *sip, unsigned need,
                struct asker *out)
{
    const struct sip_peer *peer;
    struct front_peer sender;

    if (s->auth->asked != irq) {
        memset(out, 0, sizeof *out);
        in_peer(s, irq, &sender);
        text_copy(out->source, sizeof out->source, sender.source.host);
        peer = peer_of_sender(s, &sender);
        if (peer)
            fill_peer(out, peer);
        else if (!by_password(s, irq, sip, out))
            return false;
        s->auth->asked = irq;
        s->auth->last = *out;
    }
    *out = s->auth->last;
    if ((out->may & need) == need)
        return true;
    s->auth->asked = NULL;
    count(s, SIP_AUTH_NOT_ALLOWED);
    return forbid(s, irq, sip, out->source,
                  out->user[0] ? "no role of this user allows that"
                               : "this system may not do that");
}

/* ---- what he says about himself and others ---- */

static bool is_his(const struct asker *who, const char *user)
{
    return text_is_nocase(user, who->user) || (who->phone[0] && text_is(user, who->phone));
}

/* "anna@example.com" as a user part is written with %40. */
static void append_escaped(char *to, size_t size, const char *user)
{
    for (; *user; user++)
        text_append(to, size, *user == '@' ? "%%40" : "%c", *user);
}

void auth_identity(const struct sip *s, const struct asker *who, const sip_t *sip, struct party *to)
{
    char user[DIALLED_SIZE], shown[USER_SIZE];

    if (who->trusted) {
        headers_party(to, sip);
        return;
    }
    headers_from(to, sip);
    if (!who->user[0])
        return;
    uri_user(user, to->uri);
    if (!is_his(who, user))
        to->display[0] = '\0';
    text_copy(shown, sizeof shown, is_his(who, user) ? user : who->user);
    to->hidden = false;
    text_copy(to->uri, sizeof to->uri, "sip:");
    append_escaped(to->uri, sizeof to->uri, shown);
    text_append(to->uri, sizeof to->uri, "@%s",
                s->setup->config.domain[0] ? s->setup->config.domain : "callpark.invalid");
}

void auth_invite(const struct sip *s, const struct asker *who, const sip_t *sip, struct invite *in)
{
    headers_invite(in, sip);
    in->trusted = who->trusted;
    in->may = who->may;
    text_copy(in->signed_in, sizeof in->signed_in, who->user);
    text_copy(in->source, sizeof in->source, who->source);
    auth_identity(s, who, sip, &in->from);
    if (who->trusted)
        return;
    in->has_referred_by = in->has_history = in->history_is_transfer = false;
    memset(&in->referred_by, 0, sizeof in->referred_by);
    memset(&in->history, 0, sizeof in->history);
    in->ask = ASK_NOTHING;
    in->ask_orbit[0] = '\0';
}

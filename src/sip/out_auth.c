/* Whoever challenges a request of ours gets one answer (RFC 3261 22.2 and 22.3, RFC 8760).
 * Passwords are for systems that the configuration names: the peer, or the next hop; a stranger
 * whom we happen to call gets none, as he could guess the password from our answer. */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/text.h"
#include "sys/log.h"

void out_client_nonce(char to[17])
{
    unsigned char bytes[8] = { 0 };

    to[0] = '\0';
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        su_randmem(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        text_append(to, 17, "%02x", bytes[i]);
}

/* ---- challenges ---- */

static bool first_of(const msg_auth_t *list, bool proxy, struct challenge *to)
{
    for (; list; list = list->au_next) {
        if (!text_is_nocase(list->au_scheme, "Digest") ||
            !challenge_take(to, (const char *const *)list->au_params))
            continue;
        to->proxy = proxy;
        return true;
    }
    return false;
}

bool out_pick_challenge(const sip_t *sip, struct challenge *to)
{
    if (sip->sip_status->st_status == 407)
        return first_of(sip->sip_proxy_authenticate, true, to);
    return first_of(sip->sip_www_authenticate, false, to);
}

/* ---- which password ---- */

static bool keep(struct said *said, const char *user, const char *password)
{
    return user[0] && text_copy(said->user, sizeof said->user, user) &&
           text_copy(said->password, sizeof said->password, password);
}

static bool find_password(struct sip *s, struct said *said, unsigned which, bool routed,
                          nta_outgoing_t *request)
{
    const struct sip_config *c = &s->setup->config;
    msg_t *msg = nta_outgoing_getresponse(request);
    const struct sip_register *account = aim_account(s, which);
    const struct sip_peer *peer;
    struct address source;

    in_sender(msg, &source);
    msg_destroy(msg);
    if (account && keep(said, account->auth_user, account->auth_password))
        return true;
    peer = peer_of(s, source.host, NULL);
    if (peer && keep(said, peer->auth_user, peer->auth_password))
        return true;
    return (peer || routed) && keep(said, c->auth_user, c->auth_password);
}

/* ---- the answer ---- */

/* The place of a challenge: of the same realm it replaces the old one. The same nonce again means
 * that our answer was wrong. */
static struct challenge *place_of(struct said *said, const struct challenge *new)
{
    for (unsigned i = 0; i < CHALLENGES_MAX; i++) {
        struct challenge *c = &said->challenge[i];

        if (!c->algorithm)
            return c;
        if (c->proxy == new->proxy && text_is(c->realm, new->realm))
            return new->stale && !text_is(c->nonce, new->nonce) ? c : NULL;
    }
    return NULL;
}

bool out_challenge_kept(struct sip *s, struct said *said, unsigned account, bool routed,
                        nta_outgoing_t *request, const sip_t *sip)
{
    struct challenge new, *place;

    if (!sip || !out_pick_challenge(sip, &new) || !find_password(s, said, account, routed, request))
        return false;
    place = place_of(said, &new);
    if (!place) {
        log_warning("sip", "the password for '%s' of realm '%s' was not taken", said->user,
                    new.realm);
        return false;
    }
    *place = new;
    return true;
}

bool out_challenged(struct leg *leg, nta_outgoing_t *request, const sip_t *sip)
{
    if (leg->retries >= OUT_RETRIES_MAX)
        return false;
    if (!leg->said)
        leg->said = calloc(1, sizeof *leg->said);
    if (!leg->said ||
        !out_challenge_kept(leg->edge, leg->said, leg->account, leg->routed, request, sip))
        return false;
    leg->retries++;
    return true;
}

void out_said(struct said *said, const char *method, const char *uri, struct answers *to)
{
    char client_nonce[17];

    for (unsigned i = 0; i < CHALLENGES_MAX; i++) {
        struct challenge *c = said ? &said->challenge[i] : NULL;

        to->header[i][0] = '\0';
        if (!c || !c->algorithm)
            continue;
        out_client_nonce(client_nonce);
        if (!challenge_answer(c, said->user, said->password, method, uri, client_nonce,
                              to->header[i]))
            to->header[i][0] = '\0';
    }
}

void out_credentials(struct leg *leg, const char *method, const char *uri, struct answers *to)
{
    out_said(leg->said, method, uri, to);
}

void out_said_free(struct said *said)
{
    if (said)
        OPENSSL_cleanse(said, sizeof *said);
    free(said);
}

/* The SDP of a leg, in and out: what the far end may say of keys, and what is told to it; the last
 * one told is kept with the leg. */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool is_encrypted(const struct leg *leg)
{
    return text_is(sip_leg_words(leg)->facts.transport, "tls") ||
           text_is(sip_leg_words(leg)->facts.transport, "wss");
}

/* May keys be told to, and believed from, the far end? Whom we call has been chosen by us. */
static struct sdp_policy policy_of(const struct leg *leg)
{
    const struct sip_config *config = &leg->edge->setup->config;
    struct sdp_policy policy = { config->srtp, is_encrypted(leg) };

    if (config->srtp_over_plain == SRTP_PLAIN_YES)
        policy.keys = true;
    else if (!policy.keys && config->srtp_over_plain == SRTP_PLAIN_TRUSTED)
        policy.keys = sip_leg_words(leg)->facts.we_called ||
                      in_trusted(leg->edge, sip_leg_words(leg)->facts.remote.host);
    return policy;
}

void dialog_read(struct leg *leg, const char *sdp, size_t length, struct session_offer *to)
{
    struct sdp_policy policy = policy_of(leg);

    (void)sdp_take(sdp, length, &policy, to); /* what cannot be read is not usable either */
    leg->profile = to->profile;
    leg->suite = to->crypto_count ? to->crypto[0].suite : SRTP_NONE;
}

/* Our own offer: as the leg is already; else protected if it must be, or if nobody reads the keys
 * on the way: then on a plain line, so that who knows nothing of SRTP can still answer (RFC 8643).
 */
static struct sdp_protection protection_of(const struct leg *leg, bool plain)
{
    struct sdp_policy policy = policy_of(leg);
    struct sdp_protection p = { PROFILE_AVP, false, SRTP_NONE };

    if (leg->suite != SRTP_NONE)
        return (struct sdp_protection){ leg->profile, true, leg->suite };
    if (policy.srtp == SRTP_REQUIRED)
        p = (struct sdp_protection){ PROFILE_SAVP, policy.keys, SRTP_NONE };
    else if (policy.srtp == SRTP_OPTIONAL)
        p.keys = is_encrypted(leg) && !plain;
    return p;
}

void dialog_wipe(char *sdp)
{
    if (sdp)
        explicit_bzero(sdp, strlen(sdp));
    free(sdp);
}

/* The version of o= rises by one with each change and with nothing else (RFC 3264 8), so that a
 * refresh with the same words is seen as one. */
static const char *keep_body(struct leg *leg, char *text)
{
    if (leg->sdp && sdp_same(leg->sdp, text)) {
        dialog_wipe(text);
        leg->origin.version--;
        return leg->sdp;
    }
    dialog_wipe(leg->sdp);
    leg->sdp = text;
    return text;
}

/* Room for the next SDP of a leg, under the next version; NULL: no memory. */
static char *begin_body(struct leg *leg)
{
    char *text = malloc(SDP_TEXT_SIZE);

    if (text && leg->sdp)
        leg->origin.version++;
    return text;
}

/* `text` is the leg's from now on; if it was not `made`, all is as before, and NULL. */
static const char *finish_body(struct leg *leg, char *text, bool made)
{
    char *smaller = made ? strdup(text) : NULL;

    explicit_bzero(text, made ? strlen(text) : SDP_TEXT_SIZE);
    free(text);
    if (smaller)
        return keep_body(leg, smaller);
    leg->origin.version -= leg->sdp != NULL;
    return NULL;
}

const char *dialog_body(struct leg *leg, const sip_t *offer, const struct session *agreed,
                        const struct session_local *local, bool plain)
{
    struct sdp_protection protect = protection_of(leg, plain);
    char *text = begin_body(leg);
    const char *sdp = NULL;
    size_t length = 0;
    uint16_t unknown;
    bool done;

    if (!text)
        return NULL;
    if (!leg->origin.host[0])
        text_copy(leg->origin.host, sizeof leg->origin.host, local->rtp.host);
    if (agreed)
        leg->web = agreed->keying == KEYING_DTLS;
    if (agreed)
        done = headers_sdp(offer, &sdp, &length, &unknown) &&
               sdp_make_answer(text, SDP_TEXT_SIZE, sdp, length, agreed, local, &leg->origin);
    else if (leg->web)
        done = sdp_make_web_offer(text, SDP_TEXT_SIZE, leg->prefer, local, &leg->origin);
    else
        done =
            sdp_make_offer(text, SDP_TEXT_SIZE, leg->prefer, plain, &protect, local, &leg->origin);
    return finish_body(leg, text, done);
}

const char *dialog_passed_body(struct leg *leg, const sip_t *offer,
                               const struct session_offer *theirs)
{
    char *text = begin_body(leg);
    const char *sdp = NULL;
    size_t length = 0;
    uint16_t unknown;
    bool done;

    if (!text)
        return NULL;
    if (offer && headers_sdp(offer, &sdp, &length, &unknown))
        done = sdp_make_passed_answer(text, SDP_TEXT_SIZE, sdp, length, theirs, &leg->origin);
    else
        done = sdp_make_passed_offer(text, SDP_TEXT_SIZE, theirs, &leg->origin);
    return finish_body(leg, text, done);
}

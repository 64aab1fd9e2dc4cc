/* What is refused first when more comes in than can be dealt with (RFC 6357, RFC 7339). Whoever has
 * a call of ours already is served before whoever wants to bring one: requests in a dialog are
 * never refused here, nor a transfer that completes, then come retrievals, parks, watchers, and
 * last who only asks whether we are there. */
#include "sip/edge.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "core/decide.h"

/* The library walks through a list of all answers that it may have to send again, for each that it
 * does. Ten thousand whose ACKs get lost in a flood are more work than the flood; so refusals are
 * sent without a transaction, and parks are refused before there are so many. */
#define UNACKNOWLEDGED_MOST 1024

/* From which pressure on (percent) some of a kind are refused, and from which on all of it. At 100
 * no park comes in any more, so what is above that are retrievals themselves. */
enum kind { KIND_COMPLETES, KIND_RETRIEVES, KIND_PARKS, KIND_WATCHES, KIND_PROBES };

static const struct {
    unsigned from, all;
} refused[] = {
    [KIND_COMPLETES] = { UINT_MAX, UINT_MAX },
    [KIND_RETRIEVES] = { 120, 200 },
    [KIND_PARKS] = { 50, 100 },
    [KIND_WATCHES] = { 40, 100 },
    [KIND_PROBES] = { 30, 100 },
};

static bool dials_orbit(const sip_t *sip)
{
    char text[URI_SIZE], user[DIALLED_SIZE];

    headers_uri(text, sizeof text, sip->sip_request->rq_url);
    uri_user(user, text);
    return *user && strspn(user, "*#0123456789") == strlen(user);
}

/* As far as can be told without the tables: who was sent here parks, and so does who dials no
 * number. A number may be that of a range, dialled by a parker; that he is let in a little longer
 * than others does no harm. */
static enum kind kind_of(const sip_t *sip)
{
    switch ((int)sip->sip_request->rq_method) {
    case sip_method_invite:
        if (sip->sip_replaces)
            return KIND_COMPLETES;
        return sip->sip_referred_by || !dials_orbit(sip) ? KIND_PARKS : KIND_RETRIEVES;
    case sip_method_subscribe:
        return KIND_WATCHES;
    case sip_method_options:
        return KIND_PROBES;
    case sip_method_refer:
        return KIND_PARKS;
    default:
        return KIND_COMPLETES;
    }
}

static unsigned random_percent(struct sip *s)
{
    s->dice = s->dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(s->dice >> 33) % 100;
}

/* RFC 7339 4.1: a client that knows of overload control is told what share of its requests not to
 * send. The answer copies the Via. */
static void tell_share(msg_t *msg, const sip_t *sip, unsigned percent)
{
    sip_via_t *via = sip->sip_via;
    char share[16];

    if (!via || !msg_header_find_param(via->v_common, "oc"))
        return;
    text_format(share, sizeof share, "oc=%u", percent);
    (void)msg_header_replace_param(msg_home(msg), via->v_common, su_strdup(msg_home(msg), share));
    (void)msg_header_replace_param(msg_home(msg), via->v_common, "oc-validity=2000");
}

/* What the loop says, or how many answers wait for their ACK: where these get lost, there are too
 * many parks in the air already. */
static unsigned pressure_of(const struct sip *s)
{
    unsigned loop = atomic_load_explicit(&s->pressure, memory_order_relaxed);
    unsigned open = 100 * s->unacknowledged / UNACKNOWLEDGED_MOST;

    return loop > open ? loop : open;
}

static void set_stateless(struct sip *s, bool stateless)
{
    if (s->stateless != stateless)
        nta_agent_set_params(s->agent, NTATAG_STATELESS(stateless), TAG_END());
    s->stateless = stateless;
}

/* The share of its kind that is refused now, in percent; 0: it is taken. */
static unsigned share_refused(struct sip *s, const sip_t *sip)
{
    unsigned pressure = pressure_of(s), share;
    enum kind kind = kind_of(sip);
    unsigned from = refused[kind].from, all = refused[kind].all;

    if (pressure < from)
        return 0;
    share = pressure >= all ? 100 : 100 * (pressure - from + 1) / (all - from + 1);
    if (random_percent(s) >= share)
        return 0;
    atomic_fetch_add_explicit(&s->counters.shed, 1, memory_order_relaxed);
    return share;
}

static void retry_after(struct sip *s, char wait[4])
{
    text_format(wait, 4, "%u", 1 + random_percent(s) / 10);
}

bool shed(struct sip *s, nta_incoming_t *irq, const sip_t *sip)
{
    unsigned share = share_refused(s, sip);
    char wait[4];
    msg_t *answer;

    if (!share)
        return false;
    set_stateless(s, true);
    retry_after(s, wait);
    answer = nta_incoming_create_response(irq, SIP_503_SERVICE_UNAVAILABLE);
    if (answer &&
        sip_add_tl(answer, sip_object(answer), SIPTAG_RETRY_AFTER_STR(wait), TAG_END()) >= 0) {
        tell_share(answer, sip_object(answer), share);
        nta_incoming_mreply(irq, answer);
    } else {
        nta_incoming_treply(irq, SIP_503_SERVICE_UNAVAILABLE, TAG_END());
    }
    nta_incoming_destroy(irq);
    return true;
}

int shed_message(struct sip *s, nta_agent_t *agent, msg_t *msg, sip_t *sip)
{
    nta_incoming_t *irq;
    unsigned share;
    char wait[4];

    if (sip && sip->sip_status && restore_answered(s, sip)) {
        msg_destroy(msg);
        return 0;
    }
    if (!sip || !sip->sip_request || sip->sip_request->rq_method == sip_method_ack) {
        nta_msg_discard(agent, msg); /* of nothing we know */
        return 0;
    }
    if (pressure_of(s) < refused[KIND_PROBES].from)
        set_stateless(s, false);
    share = share_refused(s, sip);
    if (share) {
        retry_after(s, wait);
        tell_share(msg, sip, share);
        (void)nta_msg_treply(agent, msg, SIP_503_SERVICE_UNAVAILABLE, SIPTAG_RETRY_AFTER_STR(wait),
                             TAG_END()); /* not sent: it asks again */
        return 0;
    }
    irq = nta_incoming_create(agent, s->outside, msg, sip, TAG_END());
    if (irq)
        in_take(s, irq, sip);
    return 0;
}

void sip_pressure(struct sip *s, unsigned percent)
{
    atomic_store_explicit(&s->pressure, percent, memory_order_relaxed);
}

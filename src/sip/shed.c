/* What is refused first when more comes in than can be dealt with (RFC 6357, RFC 7339). Whoever has
 * a call of ours already is served before whoever wants to bring one: requests in a dialog are
 * never refused here, nor a transfer that completes, then come retrievals, parks, watchers, and
 * last who only asks whether we are there. */
#include "sip/edge.h"

#include <string.h>

#include "base/text.h"
#include "core/decide.h"

/* From which pressure on (percent) some of a kind are refused; at 100 all but the first kind are.
 */
enum kind { KIND_COMPLETES, KIND_RETRIEVES, KIND_PARKS, KIND_WATCHES, KIND_PROBES };

static const unsigned threshold[] = {
    [KIND_COMPLETES] = 101, [KIND_RETRIEVES] = 85, [KIND_PARKS] = 50,
    [KIND_WATCHES] = 40,    [KIND_PROBES] = 30,
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
 * send. */
static void tell_share(msg_t *answer, unsigned percent)
{
    sip_t *sip = sip_object(answer);
    sip_via_t *via = sip ? sip->sip_via : NULL;
    char share[16];

    if (!via || !msg_header_find_param(via->v_common, "oc"))
        return;
    text_format(share, sizeof share, "oc=%u", percent);
    (void)msg_header_replace_param(msg_home(answer), via->v_common,
                                   su_strdup(msg_home(answer), share));
    (void)msg_header_replace_param(msg_home(answer), via->v_common, "oc-validity=2000");
}

bool shed(struct sip *s, nta_incoming_t *irq, const sip_t *sip)
{
    unsigned pressure = atomic_load_explicit(&s->pressure, memory_order_relaxed);
    enum kind kind = kind_of(sip);
    unsigned from = threshold[kind], share;
    char wait[4];
    msg_t *answer;

    if (pressure < from)
        return false;
    share = pressure >= 100 ? 100 : 100 * (pressure - from + 1) / (100 - from + 1);
    if (random_percent(s) >= share)
        return false;
    atomic_fetch_add_explicit(&s->counters.shed, 1, memory_order_relaxed);
    text_format(wait, sizeof wait, "%u", 1 + random_percent(s) / 10);
    answer = nta_incoming_create_response(irq, SIP_503_SERVICE_UNAVAILABLE);
    if (answer &&
        sip_add_tl(answer, sip_object(answer), SIPTAG_RETRY_AFTER_STR(wait), TAG_END()) >= 0) {
        tell_share(answer, share);
        nta_incoming_mreply(irq, answer);
    } else {
        nta_incoming_treply(irq, SIP_503_SERVICE_UNAVAILABLE, TAG_END());
    }
    nta_incoming_destroy(irq);
    return true;
}

void sip_pressure(struct sip *s, unsigned percent)
{
    atomic_store_explicit(&s->pressure, percent, memory_order_relaxed);
}

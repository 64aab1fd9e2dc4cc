/* Who is let in. */
#include "sip/auth.h"

#include <string.h>

#include "base/text.h"
#include "sys/log.h"

static void fill_peer(struct asker *to, const struct sip_peer *peer)
{
    to->trusted = peer->trust_identity;
    to->may = peer->may;
    text_copy(to->peer, sizeof to->peer, peer->name);
}

static bool refuse(struct sip *s, nta_incoming_t *irq, const sip_t *sip, const char *source)
{
    atomic_fetch_add_explicit(&s->counters.refused_untrusted, 1, memory_order_relaxed);
    log_info("sip", "%s refused: not from a trusted network source=%s",
             sip->sip_request->rq_method_name, source);
    nta_incoming_treply(irq, SIP_403_FORBIDDEN, TAG_END());
    nta_incoming_destroy(irq);
    return false;
}

bool auth_admit(struct sip *s, nta_incoming_t *irq, const sip_t *sip, unsigned need,
                struct asker *out)
{
    const struct sip_peer *peer;
    struct front_peer who;

    memset(out, 0, sizeof *out);
    in_peer(s, irq, &who);
    text_copy(out->source, sizeof out->source, who.source.host);
    peer = peer_of_sender(s, &who);
    if (peer)
        fill_peer(out, peer);
    if (!peer || (out->may & need) != need)
        return refuse(s, irq, sip, who.source.host);
    return true;
}

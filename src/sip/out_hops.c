/* Which server a call of ours is sent to, and to which next, when one is silent, cannot be reached,
 * or says that it cannot serve us (RFC 3263 4.3, RFC 3261 21.5.4). Each gets the INVITE with a CSeq
 * of its own, so that what a slow one says later is taken for no other's answer. */
#include "sip/edge.h"

#include <string.h>

#include "base/text.h"
#include "sip/resolve.h"
#include "sys/clock.h"
#include "sys/log.h"

#define HOP_TIMEOUT_MSEC 4000 /* three retransmissions over UDP */

msec hop_patience(const struct sip *s)
{
    return s->setup->config.hop_timeout ? s->setup->config.hop_timeout : HOP_TIMEOUT_MSEC;
}

bool hop_way(const struct sip *s, const struct hop_at *at, const char *name, unsigned *listener,
             char way[96])
{
    bool v6 = strchr(at->host, ':') != NULL;
    char uri[URI_SIZE + 64];

    if (!text_format(uri, sizeof uri, v6 ? "sip:[%s]:%u;transport=%s" : "sip:%s:%u;transport=%s",
                     at->host, at->port, at->transport))
        return false;
    *listener = aim_listener(s, uri);
    return text_is(at->transport, "tls") ? flow_way_to(s, *listener, at->host, at->port, name, way)
                                         : text_copy(way, 96, uri);
}

void hop_log(const struct hop *h, bool turned)
{
    if (turned && h->state == SIP_HOP_DOWN)
        log_warning("sip", "%s:%s:%u (%s) is down: it is tried last until it answers",
                    h->at.transport, h->at.host, h->at.port, h->system);
    else if (turned)
        log_info("sip", "%s:%s:%u (%s) is up", h->at.transport, h->at.host, h->at.port, h->system);
}

/* ---- the servers of one call ---- */

/* A phone that we know the address of is nothing to be remembered. */
static struct hop *remembered(struct leg *leg)
{
    struct calling *c = leg->calling;
    struct hops *all = leg->edge->hops;
    const struct hop_at *at;

    if (!c || !c->tried)
        return NULL;
    at = &c->at[c->tried - 1];
    return c->hops > 1 || leg->routed ? hops_take(all, at, c->name, clock_now())
                                      : hops_find(all, at);
}

static bool aim_at_hop(struct leg *leg, const struct hop_at *at)
{
    struct target *t = &leg->calling->target;

    if (!hop_way(leg->edge, at, leg->calling->name, &t->listener, t->way))
        return false;
    out_from_listener(leg, t->listener);
    return true;
}

static bool send_next(struct leg *leg)
{
    struct calling *c = leg->calling;

    while (c->tried < c->hops)
        if (aim_at_hop(leg, &c->at[c->tried++]) && out_invite(leg))
            return true;
    return false;
}

static void on_resolved(struct sip *s, uint64_t key, const struct hop_at *at, unsigned count)
{
    struct leg *leg = sip_leg_find(s, key);
    struct calling *c = leg && leg->state == LEG_CALLING && !leg->request ? leg->calling : NULL;

    if (!c)
        return;
    if (at && !count && !c->target.way[0]) {
        out_fail(leg, 503, "no server is found for that name");
        return;
    }
    if (count)
        memcpy(c->at, at, count * sizeof *at);
    c->hops = count;
    hops_order(s->hops, c->at, count, clock_now());
    if (count ? !send_next(leg) : !out_invite(leg)) /* the library, or the front, may know better */
        out_fail(leg, 503, "the call could not be sent");
}

void hop_seek(struct leg *leg)
{
    struct calling *c = leg->calling;
    const struct target *t = &c->target;
    const char *uri = t->route[0] ? t->route : t->uri;

    c->hops = c->tried = 0;
    uri_host(c->name, uri); /* a certificate is for the name that was asked for (RFC 5922 4) */
    if (t->flow)
        on_resolved(leg->edge, leg->id, NULL, 0);
    else
        resolve(leg->edge, uri, on_resolved, leg->id);
}

/* ---- how they fare ---- */

void hop_sent(struct leg *leg)
{
    leg->hop_at = leg->calling->tried ? clock_now() + hop_patience(leg->edge) : NEVER;
    timer_set(leg);
}

void hop_heard(struct leg *leg)
{
    struct hop *h = remembered(leg);

    leg->hop_at = NEVER;
    hop_log(h, hop_answered(h, clock_now()));
}

static void failed(struct leg *leg, msec retry_after)
{
    struct hop *h = remembered(leg);

    hop_log(h, hop_failed(h, retry_after, clock_now()));
}

/* Should it wake up after all, it is told at once that nobody is called any more: the library sends
 * the CANCEL when a provisional answer comes, and ends by itself what is answered then. */
static void abandon(struct leg *leg)
{
    nta_outgoing_t *request = leg->request;

    leg->request = NULL;
    (void)nta_outgoing_tcancel(request, NULL, NULL, TAG_END());
    nta_outgoing_destroy(request);
}

/* The last one is waited for, as nothing is to be won by giving it up. */
void hop_silent(struct leg *leg)
{
    struct calling *c = leg->calling;

    leg->hop_at = NEVER;
    if (leg->state != LEG_CALLING || !c || !leg->request || leg->silent)
        return;
    if (nta_outgoing_status(leg->request) >= 100) {
        hop_heard(leg);
        return;
    }
    failed(leg, 0);
    if (c->tried == c->hops)
        return;
    log_info("sip", "no answer from %s:%u: the next server is tried", c->at[c->tried - 1].host,
             c->at[c->tried - 1].port);
    abandon(leg);
    if (!send_next(leg))
        out_fail(leg, 408, "no server answers");
}

/* The library makes up answers of its own: nothing came at all, or nobody is there. */
bool hop_passed_over(struct leg *leg, int status, const sip_t *sip)
{
    struct calling *c = leg->calling;
    bool made_up = !sip || nta_sip_is_internal(sip);
    msec wait = made_up ? 0 : (msec)headers_retry_after(sip) * 1000;

    if (!made_up && status != 503) {
        hop_heard(leg);
        return false;
    }
    leg->hop_at = NEVER;
    if (leg->silent || (made_up && status != 408 && status != 503))
        return false;
    if (made_up || wait)
        failed(leg, wait);
    if (c->tried == c->hops)
        return false;
    log_info("sip", "%d from %s:%u: the next server is tried", status, c->at[c->tried - 1].host,
             c->at[c->tried - 1].port);
    nta_outgoing_destroy(leg->request);
    leg->request = NULL;
    return send_next(leg);
}

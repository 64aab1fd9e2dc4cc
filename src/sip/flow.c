/* Over which connection: what came through the front leaves through it again. A phone behind a
 * WebSocket has no address that anybody could connect to (RFC 7118 5.6), one behind NAT none that
 * works, and whoever is called by TLS is reached by a way that the front makes. */
#include "sip/edge.h"

#include <string.h>

#include "base/text.h"

static bool is_front(const char *transport)
{
    return text_is(transport, "tls") || text_is(transport, "ws") || text_is(transport, "wss");
}

/* The library's end of the front's connection with this port; NULL: it is closed. */
static tport_t *by_port(const struct sip *s, unsigned listener, unsigned port)
{
    char number[8];
    tp_name_t name = { .tpn_proto = "tcp", .tpn_port = number };
    tport_t *tp;

    name.tpn_host = name.tpn_canon = front_host(s->front);
    name.tpn_ident = s->listeners[listener].ident;
    text_format(number, sizeof number, "%u", port);
    tp = tport_by_name(nta_agent_tports(s->agent), &name);
    return tp && tport_is_secondary(tp) && tport_is_clear_to_send(tp) ? tp : NULL;
}

/* The front's port if this is one of its connections, else 0. */
static uint16_t front_port(const struct sip *s, const tport_t *tp)
{
    const tp_name_t *name = tp && s->front && tport_is_secondary(tp) ? tport_name(tp) : NULL;
    uint64_t port = 0;

    if (name && text_is(name->tpn_host, front_host(s->front)))
        (void)text_number(name->tpn_port, 1, 65535, &port); /* 0 if not */
    return (uint16_t)port;
}

tport_t *flow_take(struct sip *s, nta_incoming_t *irq, const sip_t *sip, unsigned *listener)
{
    tport_t *tp = nta_incoming_transport(s->agent, irq, NULL);
    const char *ident = tp ? tport_ident(tp) : NULL;
    char contact[URI_SIZE];
    uint16_t port;

    for (unsigned i = 0; i < s->listener_count; i++)
        if (text_is(s->listeners[i].ident, ident))
            *listener = i;
    port = front_port(s, tp);
    if (port && sip->sip_contact) {
        headers_uri(contact, sizeof contact, sip->sip_contact->m_url);
        front_note_contact(s->front, port, contact);
    }
    if (tp && tport_is_stream(tp))
        return tp; /* with its reference */
    tport_unref(tp);
    return NULL;
}

void flow_note(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    tport_t *tp = flow_take(leg->edge, irq, sip, &leg->listener);

    if (!tp)
        return;
    if (leg->connection)
        tport_unref(leg->connection);
    leg->connection = tp;
}

void flow_moved(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    struct address now;

    if (leg->connection && sip_leg_connection(leg) &&
        !is_front(sip_leg_words(leg)->facts.transport))
        return; /* a proxy may have several to us */
    flow_note(leg, irq, sip);
    in_source(irq, &now);
    if (sip_leg_words(leg)->facts.we_called ||
        !leg->counted) /* it is counted by the address that it came from */
        sip_leg_words(leg)->facts.remote = now;
}

void flow_answered(struct leg *leg, msg_t *answer)
{
    struct sip *s = leg->edge;
    su_sockaddr_t *from = answer ? msg_addr(answer) : NULL;
    tport_t *tp;

    if (!s->front || leg->connection || !from || !is_front(sip_leg_words(leg)->facts.transport))
        return;
    tp = by_port(s, leg->listener, ntohs(from->su_port));
    if (tp)
        leg->connection = tport_ref(tp);
}

tport_t *flow_to(const struct sip *s, const char *contact, unsigned *listener)
{
    uint16_t port = s->front ? front_of_contact(s->front, contact) : 0;
    tport_t *tp = NULL;

    for (unsigned i = 0; port && i < s->listener_count && !tp; i++) {
        if (!is_front(s->listeners[i].transport))
            continue;
        tp = by_port(s, i, port);
        *listener = tp ? i : *listener;
    }
    return tp;
}

bool flow_is_secure(const url_t *url)
{
    char transport[16] = "";

    if (url->url_params)
        (void)url_param(url->url_params, "transport", transport, sizeof transport);
    return url->url_type == url_sips || text_is_nocase(transport, "tls");
}

bool flow_way_to(const struct sip *s, unsigned listener, const char *host, uint16_t port,
                 const char *name, char route[96])
{
    return s->front && is_front(s->listeners[listener].transport) &&
           front_way(s->front, listener, host, port, name, route);
}

bool flow_way(const struct sip *s, unsigned listener, const url_t *url, char route[96])
{
    char host[FQDN_SIZE];
    bool v6 = url->url_host && url->url_host[0] == '[';
    uint64_t port = 5061;

    if (!url->url_host ||
        (url->url_port && url->url_port[0] && !text_number(url->url_port, 1, 65535, &port)) ||
        !text_copy_n(host, sizeof host, url->url_host + v6, strcspn(url->url_host + v6, "]")))
        return false;
    return flow_way_to(s, listener, host, (uint16_t)port, host, route);
}

/* Requests that belong to no dialog of ours: who may ask, what we do not offer, and the INVITE that
 * becomes a leg. RFC 3261 8.2 sets the order; our answer to the INVITE is in answer.c. */
#include "sip/auth.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sys/log.h"

const char in_allow[] = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO, REFER, SUBSCRIBE";
const char in_supported[] = "replaces, timer, 100rel, norefersub, tdialog";
const char in_accept[] = "application/sdp, multipart/mixed";

/* ---- where it came from ---- */

/* As the library sees it; an IPv4 address that came by IPv6 as the first. */
static void raw_sender(msg_t *msg, struct address *to)
{
    su_sockaddr_t *from = msg ? msg_addr(msg) : NULL;
    const void *v6 = from ? &from->su_sin6.sin6_addr : NULL;
    bool is_v4 = from && from->su_family == AF_INET, is_v6 = from && from->su_family == AF_INET6;

    memset(to, 0, sizeof *to);
    if (is_v6 && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)v6))
        (void)inet_ntop(AF_INET, (const uint8_t *)v6 + 12, to->host, sizeof to->host);
    else if (is_v6)
        (void)inet_ntop(AF_INET6, v6, to->host, sizeof to->host);
    else if (is_v4)
        (void)inet_ntop(AF_INET, &from->su_sin.sin_addr, to->host, sizeof to->host);
    if (is_v4 || is_v6)
        to->port = ntohs(from->su_port);
}

void in_sender(msg_t *msg, struct address *to)
{
    raw_sender(msg, to);
    front_real(to);
}

void in_source(nta_incoming_t *irq, struct address *to)
{
    msg_t *msg = nta_incoming_getrequest(irq);

    in_sender(msg, to);
    msg_destroy(msg);
}

static const char *transport_of(const struct sip *s, nta_incoming_t *irq)
{
    tport_t *tp = nta_incoming_transport(s->agent, irq, NULL);
    bool stream = tp && tport_is_stream(tp);

    tport_unref(tp);
    return stream ? "tcp" : "udp";
}

void in_peer(const struct sip *s, nta_incoming_t *irq, struct front_peer *to)
{
    msg_t *msg = nta_incoming_getrequest(irq);
    struct address raw;

    memset(to, 0, sizeof *to);
    raw_sender(msg, &raw);
    msg_destroy(msg);
    if (front_lookup(s, &raw, to))
        return;
    to->source = raw;
    front_real(&to->source);
    text_copy(to->transport, sizeof to->transport, transport_of(s, irq));
}

bool in_trusted(const struct sip *s, const char *source)
{
    return peer_of(s, source, NULL) != NULL;
}

/* Has somebody connected to what only the front may connect to? */
static bool is_intruder(const struct sip *s, nta_incoming_t *irq)
{
    tport_t *tp = s->front ? nta_incoming_transport(s->agent, irq, NULL) : NULL;
    const char *host = tp ? tport_name(tp)->tpn_host : "";
    const char *ident = tp ? tport_ident(tp) : NULL;
    bool inside = false;

    for (unsigned i = 0; i < s->listener_count && ident; i++)
        if (text_is(s->listeners[i].ident, ident))
            inside = !text_is(s->listeners[i].transport, "udp") &&
                     !text_is(s->listeners[i].transport, "tcp");
    inside = inside && !text_is(host, front_host(s->front));
    tport_unref(tp);
    return inside;
}

/* ---- refusals before there is a leg ---- */

static void refuse(nta_incoming_t *irq, int code, const char *phrase)
{
    nta_incoming_treply(irq, code, phrase, SIPTAG_ALLOW_STR(code == 405 ? in_allow : NULL),
                        SIPTAG_ACCEPT_STR(code == 415 || code == 406 ? in_accept : NULL),
                        SIPTAG_ACCEPT_ENCODING_STR(code == 415 ? "identity" : NULL), TAG_END());
    nta_incoming_destroy(irq);
}

static void answer_options(nta_incoming_t *irq)
{
    nta_incoming_treply(irq, SIP_200_OK, SIPTAG_ALLOW_STR(in_allow),
                        SIPTAG_SUPPORTED_STR(in_supported), SIPTAG_ACCEPT_STR(in_accept),
                        TAG_END());
    nta_incoming_destroy(irq);
}

static bool is_known_scheme(const url_t *url)
{
    return url &&
           (url->url_type == url_sip || url->url_type == url_sips || url->url_type == url_tel);
}

static bool is_known(const char *method)
{
    static const char *const known[] = { "REGISTER", "NOTIFY", "MESSAGE", "PUBLISH" };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i], method) == 0)
            return true;
    return false;
}

/* RFC 3261 20.1: who names what he takes, and SDP is not in it, cannot be answered. */
static bool wants_no_sdp(const sip_t *sip)
{
    static const char *const fit[] = { "application/sdp", "application/*", "*/*" };

    for (const sip_accept_t *a = sip->sip_accept; a; a = a->ac_next)
        for (size_t i = 0; i < sizeof fit / sizeof fit[0]; i++)
            if (!a->ac_type || text_is_nocase(a->ac_type, fit[i]))
                return false;
    return sip->sip_accept != NULL;
}

/* 0: go on; else the code that says why not. All that can be judged without the tables of callpark.
 */
static int judge(const sip_t *sip, const char **phrase)
{
    const url_t *url = sip->sip_request->rq_url;
    char text[URI_SIZE];

    *phrase = NULL;
    headers_uri(text, sizeof text, url);
    if (!text[0])
        return *phrase = "Request-URI Too Long", 414;
    if (!sip->sip_contact || sip->sip_contact->m_url->url_type == url_any)
        return *phrase = "INVITE without a Contact", 400;
    if (wants_no_sdp(sip))
        return *phrase = NULL, 406;
    if (!sip->sip_from->a_tag)
        return *phrase = "From without a tag", 400;
    if (strlen(sip->sip_call_id->i_id) >= CALL_ID_SIZE || strlen(sip->sip_from->a_tag) >= 128)
        return *phrase = "Call-ID or tag too long", 400;
    return 0;
}

/* RFC 3261 8.2.2.3; the library sends the 420 with its Unsupported header. */
static bool requires_unknown(nta_incoming_t *irq, const sip_t *sip)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    sip_supported_t *supported;
    int status;

    su_home_init(home);
    supported = sip_supported_make(home, in_supported);
    status = nta_check_required(irq, sip, supported, TAG_END());
    su_home_deinit(home);
    if (status)
        nta_incoming_destroy(irq);
    return status != 0;
}

/* ---- the INVITE ---- */

static bool make_dialog(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    struct sip *s = leg->edge;
    struct sip_dialog *f = &sip_leg_words(leg)->facts;
    su_home_t home[1] = { SU_HOME_INIT(home) };
    sip_to_t *us;
    const char *tag;

    su_home_init(home);
    us = sip_to_dup(home, sip->sip_to);
    tag = nta_incoming_tag(irq, NULL);
    if (us && tag && sip_to_tag(home, us, tag) == 0)
        leg->dialog = nta_leg_tcreate(
            s->agent, dialog_request, leg, SIPTAG_CALL_ID(sip->sip_call_id), SIPTAG_FROM(us),
            SIPTAG_TO(sip->sip_from), NTATAG_REMOTE_CSEQ(sip->sip_cseq->cs_seq),
            SIPTAG_CSEQ_STR("1 INVITE"), TAG_END()); /* or it begins with the time of day */
    su_home_deinit(home);
    if (!leg->dialog ||
        nta_leg_server_route(leg->dialog, sip->sip_record_route, sip->sip_contact) < 0)
        return false;
    text_copy(f->call_id, sizeof f->call_id, sip->sip_call_id->i_id);
    headers_uri(f->local_uri, sizeof f->local_uri, sip->sip_to->a_url);
    headers_uri(f->remote_uri, sizeof f->remote_uri, sip->sip_from->a_url);
    f->invite_cseq = sip->sip_cseq->cs_seq;
    sip_leg_refresh_facts(leg);
    sip_leg_name(leg);
    return true;
}

static void fill_where(struct leg *leg, nta_incoming_t *irq, const struct address *source,
                       const sip_t *sip)
{
    struct sip *s = leg->edge;
    const struct listener *l;

    flow_note(leg, irq, sip);
    l = &s->listeners[leg->listener];
    sip_leg_words(leg)->facts.remote = *source;
    sip_leg_words(leg)->facts.local = l->bound;
    text_copy(sip_leg_words(leg)->facts.transport, sizeof sip_leg_words(leg)->facts.transport,
              l->transport);
    out_contact(s, leg->listener, NULL, sip_leg_words(leg)->facts.local_contact);
    leg->allows_update = headers_allow(sip, "UPDATE");
}

static uint16_t media_refusal(const struct session_offer *offer)
{
    struct session_wish wish = { .prefer = CODEC_NONE };
    struct session session;

    return !offer->present || session_agree(offer, &wish, &session) == SESSION_AGREED ? 0 : 488;
}

static uint16_t media_warning(const struct session_offer *offer)
{
    return offer->warning ? offer->warning : 399;
}

/* What the loop needs to decide about this INVITE. */
static struct sip_event *fill_event(struct leg *leg, const sip_t *sip, const struct asker *asker,
                                    const char *sdp, size_t length)
{
    struct sip_event *ev = report_begin(leg, SIP_INVITE);
    const char *ours = headers_unknown(sip, "X-Callpark-Recall");

    auth_invite(leg->edge, asker, sip, &ev->invite);
    ev->invite.leg = leg->id;
    leg->trusted = asker->trusted;
    ev->stranger = !asker->peer[0];
    text_copy(sip_leg_words(leg)->facts.user, sizeof sip_leg_words(leg)->facts.user, asker->user);
    sip_leg_replaces(leg->edge, sip, &ev->invite);
    leg->replaces = ev->invite.replaces_leg;
    ev->invite.our_ring_back =
        (ours && out_is_nonce(leg->edge, ours)) || loop_is_ours(leg->edge, sip, &ev->invite);
    if (sdp)
        dialog_read(leg, sdp, length, &ev->offer);
    ev->invite.media_refusal = media_refusal(&ev->offer);
    if (ev->invite.media_refusal)
        ev->invite.media_warning = media_warning(&ev->offer);
    sip_leg_words(leg)->facts.party = ev->party = ev->invite.from;
    leg->media = ev->offer.rtp;
    sip_leg_keep_invite(leg, sip);
    sip_leg_dialog(leg, &ev->dialog);
    return ev;
}

static void too_many(struct sip *s, nta_incoming_t *irq, const struct address *source,
                     enum room room)
{
    atomic_fetch_add_explicit(&s->counters.refused_limit, 1, memory_order_relaxed);
    log_warning("sip", "INVITE refused: too many calls %s source=%s",
                room == ROOM_NOT_FOR_SOURCE ? "from one address" : "in all", source->host);
    nta_incoming_treply(irq, SIP_503_SERVICE_UNAVAILABLE, SIPTAG_RETRY_AFTER_STR("5"), TAG_END());
    nta_incoming_destroy(irq);
}

/* What its peer lets us do with it, as long as it lives. */
static void note_peer(const struct leg *leg, nta_incoming_t *irq, const sip_t *sip,
                      struct sip_event *ev)
{
    const struct sip_peer *peer;
    struct front_peer who;

    in_peer(leg->edge, irq, &who);
    peer = peer_of_sender(leg->edge, &who);
    exit_note(ev, peer, sip);
}

static void start_leg(struct leg *leg, nta_incoming_t *irq, const sip_t *sip,
                      const struct asker *asker, const char *sdp, size_t length)
{
    if (!make_dialog(leg, irq, sip)) {
        refuse(irq, SIP_500_INTERNAL_SERVER_ERROR);
        sip_leg_forget(leg);
        return;
    }
    if (!timer_accept(leg, irq, sip)) {
        nta_incoming_destroy(irq);
        sip_leg_forget(leg);
        return;
    }
    leg->invite = irq;
    nta_incoming_bind(irq, in_acked, leg);
    (void)nta_incoming_set_params(irq, NTATAG_EXTRA_100(1), TAG_END());
    note_peer(leg, irq, sip, fill_event(leg, sip, asker, sdp, length));
    if (report_offer(leg))
        return;
    leg->invite = NULL;
    nta_incoming_bind(irq, NULL, NULL);
    too_many(leg->edge, irq, &sip_leg_words(leg)->facts.remote, ROOM_NOT_AT_ALL);
    sip_leg_forget(leg);
}

/* It has come by another way as well, or long after its transaction was over: its call is here
 * (RFC 3261 8.2.2.2). */
static bool is_merged(struct sip *s, const sip_t *sip)
{
    const struct leg *leg = sip_leg_by_invite(s, sip);

    return leg && (leg->state == LEG_ANSWERED || leg->state == LEG_UP);
}

static void take_invite(struct sip *s, nta_incoming_t *irq, const sip_t *sip,
                        const struct address *source, const struct asker *asker)
{
    const char *phrase, *sdp = NULL;
    size_t length = 0;
    uint16_t body;
    struct leg *leg;
    enum room room;
    int code = judge(sip, &phrase);

    atomic_fetch_add_explicit(&s->counters.invites, 1, memory_order_relaxed);
    if (is_merged(s, sip)) {
        refuse(irq, 482, "Request merged");
        return;
    }
    if (!code && !headers_sdp(sip, &sdp, &length, &body) && body)
        code = body;
    if (code) {
        refuse(irq, code, phrase ? phrase : sip_status_phrase(code));
        return;
    }
    leg = sip_leg_add(s, s->next_leg, LEG_INVITED);
    if (!leg) {
        too_many(s, irq, source, ROOM_NOT_AT_ALL);
        return;
    }
    s->next_leg += 2;
    fill_where(leg, irq, source, sip);
    room = sip_leg_admit(leg);
    if (room != ROOM) {
        sip_leg_forget(leg);
        too_many(s, irq, source, room);
        return;
    }
    start_leg(leg, irq, sip, asker, sdp, length);
}

/* ---- CANCEL ---- */

static void cancel(struct leg *leg, const sip_t *sip)
{
    struct sip_event *ev = report_begin(leg, SIP_CANCELLED);

    headers_reason(ev->reason, sip);
    ev->answered = leg->state != LEG_INVITED;
    report_send(leg);
    if (ev->answered)
        return; /* RFC 3261 9.2: it has no effect; the far end sends BYE if it means it */
    leg->silent = true;
    leg->far_end_left = true;
    nta_incoming_treply(leg->invite, SIP_487_REQUEST_CANCELLED, TAG_END());
    nta_incoming_destroy(leg->invite);
    leg->invite = NULL;
    sip_leg_end(leg);
}

/* See strict.c: the library shows us every CANCEL as a request of its own. */
static bool is_cancel(const sip_t *sip)
{
    return strcmp(sip->sip_request->rq_method_name, "CANCEL") == 0;
}

/* Nobody is asked for a password again (RFC 3261 22.1), so it must come from where the INVITE did,
 * or from a peer. */
static void take_cancel(struct sip *s, nta_incoming_t *irq, const sip_t *sip,
                        const struct address *source)
{
    struct leg *leg = sip_leg_by_invite(s, sip);

    if (!leg || (!text_is(source->host, sip_leg_words(leg)->facts.remote.host) &&
                 !in_trusted(s, source->host))) {
        refuse(irq, SIP_481_NO_TRANSACTION);
        return;
    }
    nta_incoming_tag(
        irq, sip_leg_words(leg)->facts.local_tag); /* the same as in the answer to the INVITE */
    nta_incoming_treply(irq, SIP_200_OK, TAG_END());
    nta_incoming_destroy(irq);
    if (leg->state == LEG_INVITED || leg->state == LEG_ANSWERED || leg->state == LEG_UP)
        cancel(leg, sip);
}

/* Who may watch sees who waits if he is somebody we know. */
static void take_subscribe(struct sip *s, nta_incoming_t *irq, const sip_t *sip)
{
    struct asker asker;

    if (auth_admit(s, irq, sip, SIP_MAY_WATCH, &asker))
        watch_subscribe(s, irq, sip, &asker);
}

/* ---- every request outside of a dialog ---- */

static void dispatch(struct sip *s, nta_incoming_t *irq, const sip_t *sip,
                     const struct address *source, const struct asker *asker)
{
    const char *method = sip->sip_request->rq_method_name;

    switch ((int)sip->sip_request->rq_method) {
    case sip_method_options:
        if (!requires_unknown(irq, sip))
            answer_options(irq);
        break;
    case sip_method_invite:
        if (!requires_unknown(irq, sip))
            take_invite(s, irq, sip, source, asker);
        break;
    case sip_method_refer:
        if (!requires_unknown(irq, sip))
            refer_take(s, NULL, irq, sip);
        break;
    case sip_method_subscribe:
        take_subscribe(s, irq, sip);
        break;
    case sip_method_bye:
    case sip_method_update:
    case sip_method_info:
    case sip_method_prack:
    case sip_method_notify:
        refuse(irq, SIP_481_NO_TRANSACTION);
        break;
    default:
        if (is_known(method))
            refuse(irq, SIP_405_METHOD_NOT_ALLOWED);
        else
            refuse(irq, SIP_501_NOT_IMPLEMENTED);
        break;
    }
}

/* A datagram cannot be longer; on a stream it is the library's own limit that ends the connection.
 */
bool in_too_large(const sip_t *sip)
{
    size_t size = sip->sip_payload ? sip->sip_payload->pl_len : 0;

    for (const msg_header_t *h = (const msg_header_t *)sip->sip_request; h; h = h->sh_succ)
        size += h->sh_len;
    return size > MESSAGE_MAX;
}

/* What is needed to be heard at all; for an INVITE that depends on what was dialled. */
static unsigned need_of(const sip_t *sip)
{
    sip_method_t method = sip->sip_request->rq_method;

    return method == sip_method_subscribe ? SIP_MAY_WATCH
           : method == sip_method_refer   ? SIP_MAY_CONTROL
                                          : 0;
}

int in_request(nta_leg_magic_t *edge, nta_leg_t *outside, nta_incoming_t *irq, const sip_t *sip)
{
    struct sip *s = edge;

    (void)outside;
    if (sip->sip_request->rq_method == sip_method_ack)
        return 200; /* of nothing we know; an ACK is never answered */
    if (!shed(s, irq, sip))
        in_take(s, irq, sip);
    return 0;
}

void in_take(struct sip *s, nta_incoming_t *irq, const sip_t *sip)
{
    struct address source;
    struct asker asker;

    if (s->stopping) { /* nobody takes what we report any more */
        nta_incoming_treply(irq, SIP_503_SERVICE_UNAVAILABLE, SIPTAG_RETRY_AFTER_STR("5"),
                            TAG_END());
        nta_incoming_destroy(irq);
        return;
    }
    if (is_intruder(s, irq)) {
        refuse(irq, SIP_403_FORBIDDEN);
        return;
    }
    in_source(irq, &source);
    auth_begin(s);
    if (is_cancel(sip)) {
        take_cancel(s, irq, sip, &source);
        return;
    }
    if (!auth_admit(s, irq, sip, need_of(sip), &asker))
        return;
    if (sip->sip_to->a_tag && sip->sip_request->rq_method == sip_method_subscribe) {
        watch_refresh(s, irq, sip);
    } else if (sip->sip_to->a_tag) {
        refuse(irq, SIP_481_NO_CALL);
    } else if (in_too_large(sip)) {
        refuse(irq, SIP_513_MESSAGE_TOO_LARGE);
    } else if (!is_known_scheme(sip->sip_request->rq_url)) {
        refuse(irq, SIP_416_UNSUPPORTED_URI);
    } else {
        dispatch(s, irq, sip, &source, &asker);
    }
}

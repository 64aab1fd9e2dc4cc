/* Requests within a dialog, and our own BYE: re-INVITE, UPDATE, BYE, INFO (RFC 3261 12.2.2 and 14,
 * RFC 3311). What the far end wants changed is reported; the loop answers with sip_reply(). */
#include "sip/auth.h"

#include <string.h>

#include "base/text.h"
#include "sys/log.h"

/* ---- the end ---- */

void dialog_reason(char to[160], uint16_t code, const char *text)
{
    to[0] = '\0';
    if (!code) { /* a Reason that came with the BYE of the other side is passed on as it is */
        if (text && strstr(text, ";cause=") && text_is_plain(text) && !strchr(text, '\\'))
            (void)text_copy(to, 160, text);
        return;
    }
    text_format(to, 160, "SIP;cause=%u", code);
    if (text && text[0] && text_is_plain(text) && !strpbrk(text, "\"\\"))
        text_append(to, 160, ";text=\"%s\"", text);
}

static int on_bye_answered(struct leg *leg, nta_outgoing_t *request, const sip_t *sip)
{
    bool challenged;
    int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(request);

    if (status < 200)
        return 0;
    challenged = (status == 401 || status == 407) && out_challenged(leg, request, sip);
    nta_outgoing_destroy(leg->bye);
    leg->bye = NULL;
    if (challenged)
        dialog_bye(leg, leg->farewell_code, sip_leg_words(leg)->farewell);
    else
        sip_leg_end(leg);
    return 0;
}

/* What they asked and we have not answered yet is answered by the end of the dialog. */
static void drop_offer(struct leg *leg)
{
    if (!leg->offer)
        return;
    if (nta_incoming_status(leg->offer) < 200)
        nta_incoming_treply(leg->offer, SIP_487_REQUEST_CANCELLED, TAG_END());
    nta_incoming_destroy(leg->offer);
    leg->offer = NULL;
    leg->transaction = 0;
}

void dialog_bye(struct leg *leg, uint16_t code, const char *text)
{
    struct answers answers;
    char reason[160];

    drop_offer(leg);
    out_credentials(leg, "BYE", sip_leg_words(leg)->facts.remote_target, &answers);
    timer_stop(leg);
    dialog_reason(reason, code, text);
    leg->state = LEG_LEAVING;
    leg->bye =
        nta_outgoing_tcreate(leg->dialog, on_bye_answered, leg, NULL, SIP_METHOD_BYE, NULL,
                             SIPTAG_REASON_STR(reason[0] ? reason : NULL),
                             SIPTAG_HEADER_STR(answers.header[0][0] ? answers.header[0] : NULL),
                             SIPTAG_HEADER_STR(answers.header[1][0] ? answers.header[1] : NULL),
                             NTATAG_TPORT(sip_leg_connection(leg)),
                             TPTAG_IDENT(leg->edge->listeners[leg->listener].ident), TAG_END());
    if (!leg->bye)
        sip_leg_end(leg);
}

void dialog_hang_up(struct leg *leg, uint16_t code, const char *text)
{
    leg->silent = true;
    switch (leg->state) {
    case LEG_INVITED:
        in_refuse(leg, code >= 300 && code <= 699 ? code : 480, 0, 0, text);
        break;
    case LEG_ANSWERED: /* RFC 3261 15: not before the ACK; 64*T1 later on_no_ack() does it */
        leg->farewell_code = code ? code : 200;
        text_copy(sip_leg_words(leg)->farewell, sizeof sip_leg_words(leg)->farewell, text);
        break;
    case LEG_CALLING:
        out_cancel(leg, code, text);
        break;
    case LEG_UP:
        dialog_bye(leg, code, text);
        break;
    case LEG_LEAVING:
    case LEG_ENDED:
        break;
    }
}

static void take_bye(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    struct sip_event *ev;

    nta_incoming_treply(irq, SIP_200_OK, TAG_END());
    nta_incoming_destroy(irq);
    if (leg->state == LEG_LEAVING || leg->state == LEG_ENDED)
        return;
    drop_offer(leg);
    if (leg->invite) {
        if (nta_incoming_status(leg->invite) < 200)
            nta_incoming_treply(leg->invite, SIP_487_REQUEST_CANCELLED, TAG_END());
        else
            leg->edge->unacknowledged--;
        nta_incoming_destroy(leg->invite);
        leg->invite = NULL;
    }
    leg->far_end_left = true;
    ev = report_begin(leg, SIP_GONE);
    headers_reason(ev->reason, sip);
    report_send(leg);
    leg->silent = true;
    sip_leg_end(leg);
}

/* ---- changes ---- */

static bool same_party(const struct party *a, const struct party *b)
{
    return text_is(a->display, b->display) && text_is(a->uri, b->uri) && a->hidden == b->hidden;
}

/* Whom we called is believed when a peer of ours answered. */
void dialog_party(const struct leg *leg, const sip_t *sip, struct party *to)
{
    const struct sip_peer *peer =
        sip_leg_words(leg)->facts.we_called
            ? peer_of(leg->edge, sip_leg_words(leg)->facts.remote.host, NULL)
            : NULL;
    struct asker who = { .trusted = leg->trusted || (peer && peer->trust_identity) };

    text_copy(who.user, sizeof who.user, sip_leg_words(leg)->facts.user);
    auth_identity(leg->edge, &who, sip, to);
    if (sip_leg_words(leg)->facts.user[0] &&
        sip_leg_words(leg)->facts.party.uri[0]) /* he stays himself, under whichever of his names */
        text_copy(to->uri, sizeof to->uri, sip_leg_words(leg)->facts.party.uri);
}

/* RFC 4916: who is at the far end may change while its tags stay. */
static bool note_party(struct leg *leg, const sip_t *sip, struct party *to)
{
    struct party now;
    bool changed;

    dialog_party(leg, sip, &now);
    if (!now.contact[0])
        text_copy(now.contact, sizeof now.contact, sip_leg_words(leg)->facts.party.contact);
    changed = now.uri[0] && !same_party(&now, &sip_leg_words(leg)->facts.party);
    if (changed || now.uri[0])
        sip_leg_words(leg)->facts.party = now;
    *to = sip_leg_words(leg)->facts.party;
    return changed;
}

static void refuse(nta_incoming_t *irq, int code, const char *phrase)
{
    nta_incoming_treply(irq, code, phrase, SIPTAG_ALLOW_STR(code == 405 ? in_allow : NULL),
                        SIPTAG_ACCEPT_STR(code == 415 ? in_accept : NULL),
                        SIPTAG_RETRY_AFTER_STR(code == 500 ? "5" : NULL), TAG_END());
    nta_incoming_destroy(irq);
}

static void send_reply(struct leg *leg, const char *body)
{
    struct sip *s = leg->edge;
    char expires[64], contact[URI_SIZE + 8];

    timer_header(leg, expires);
    text_format(contact, sizeof contact, "<%s>", sip_leg_words(leg)->facts.local_contact);
    nta_incoming_treply(
        leg->offer, SIP_200_OK, SIPTAG_CONTACT_STR(contact), SIPTAG_ALLOW_STR(in_allow),
        SIPTAG_SUPPORTED_STR(in_supported),
        SIPTAG_REQUIRE_STR(sip_leg_words(leg)->facts.session_expires &&
                                   !sip_leg_words(leg)->facts.we_refresh
                               ? "timer"
                               : NULL),
        SIPTAG_SESSION_EXPIRES_STR(expires[0] ? expires : NULL),
        SIPTAG_SERVER_STR(s->setup->config.user_agent[0] ? s->setup->config.user_agent : NULL),
        SIPTAG_CONTENT_TYPE_STR(body ? "application/sdp" : NULL), SIPTAG_PAYLOAD_STR(body),
        TAG_END());
}

/* The ACK of a re-INVITE or, with no message, the ACK that never came. */
static int on_ack(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    struct sip_event *ev;
    const char *sdp;
    size_t length;
    uint16_t unknown;

    if (irq != leg->offer)
        return 0;
    nta_incoming_destroy(irq);
    leg->offer = NULL;
    leg->transaction = 0;
    if (!sip) {
        ev = report_begin(leg, SIP_FAILED);
        ev->code = 408;
        report_send(leg);
        leg->silent = true;
        dialog_bye(leg, 408, "No ACK");
        return 0;
    }
    if (!leg->we_offered)
        return 0;
    leg->we_offered = false;
    ev = report_begin(leg, SIP_ACKED);
    if (headers_sdp(sip, &sdp, &length, &unknown))
        dialog_read(leg, sdp, length, &ev->offer);
    sip_leg_dialog(leg, &ev->dialog);
    report_send(leg);
    return 0;
}

static void refuse_offer(struct leg *leg, int code, const char *why)
{
    char warning[WARNING_SIZE];

    in_warning(warning, leg->edge, leg->listener, 399, why);
    nta_incoming_treply(leg->offer, code, NULL, SIPTAG_RETRY_AFTER_STR(code == 500 ? "5" : NULL),
                        SIPTAG_WARNING_STR(warning[0] ? warning : NULL), TAG_END());
    nta_incoming_destroy(leg->offer);
}

/* `body` NULL: refused with the code. */
static void reply(struct leg *leg, uint16_t code, const char *body, const char *why)
{
    bool is_invite = nta_incoming_method(leg->offer) == sip_method_invite;

    leg->transaction = 0;
    if (!body) {
        refuse_offer(leg, code < 300 ? 488 : code, why);
        leg->offer = NULL;
        return;
    }
    send_reply(leg, body);
    timer_restart(leg);
    report_dialog(leg);
    if (!is_invite) {
        nta_incoming_destroy(leg->offer);
        leg->offer = NULL;
    }
}

void dialog_reply(struct leg *leg, uint32_t transaction, uint16_t code,
                  const struct session *agreed, const struct session_local *local, const char *why)
{
    const char *body = NULL;
    msg_t *request;

    if (!leg->offer || !transaction || leg->transaction != transaction)
        return;
    if (code < 300) {
        request = nta_incoming_getrequest(leg->offer);
        leg->we_offered = agreed == NULL;
        body = dialog_body(leg, sip_object(request), agreed, local, false);
        msg_destroy(request);
    }
    reply(leg, code, body, why);
}

void dialog_reply_passed(struct leg *leg, uint32_t transaction, const struct session_offer *theirs)
{
    const char *body, *sdp;
    size_t length;
    uint16_t unknown;
    msg_t *request;

    if (!leg->offer || !transaction || leg->transaction != transaction)
        return;
    request = nta_incoming_getrequest(leg->offer);
    leg->we_offered = !headers_sdp(sip_object(request), &sdp, &length, &unknown);
    body = dialog_passed_body(leg, sip_object(request), theirs);
    msg_destroy(request);
    reply(leg, 200, body, "");
}

static void report_offered(struct leg *leg, nta_incoming_t *irq, const sip_t *sip, const char *sdp,
                           size_t length)
{
    struct sip_event *ev = report_begin(leg, SIP_OFFERED);

    leg->offer = irq;
    leg->transaction = ++leg->last_transaction;
    if (nta_incoming_method(irq) == sip_method_invite)
        nta_incoming_bind(irq, on_ack, leg);
    ev->transaction = leg->transaction;
    if (sdp) {
        dialog_read(leg, sdp, length, &ev->offer);
        ev->address_changed =
            !text_is(ev->offer.rtp.host, leg->media.host) || ev->offer.rtp.port != leg->media.port;
        leg->media = ev->offer.rtp;
    }
    ev->identity_changed = note_party(leg, sip, &ev->party);
    sip_leg_dialog(leg, &ev->dialog);
    report_send(leg);
}

/* May an offer be taken now? 0, or the code (RFC 3261 14.2, RFC 3311 5.2). */
static int offer_conflict(const struct leg *leg, bool is_invite)
{
    if (leg->refresh || leg->identify_offers || leg->offering)
        return 491;
    if (leg->state == LEG_ANSWERED && is_invite)
        return 500;
    if (leg->state == LEG_ANSWERED)
        return leg->we_offered ? 491 : 500;
    if (leg->state == LEG_CALLING || leg->state == LEG_INVITED)
        return 491;
    return leg->offer ? 500 : 0;
}

static void refuse_conflict(nta_incoming_t *irq, int code)
{
    refuse(irq, code, code == 491 ? sip_491_Request_pending : sip_500_Internal_server_error);
}

static void retarget(struct leg *leg, const sip_t *sip)
{
    if (sip->sip_contact)
        nta_leg_server_route(leg->dialog, NULL, sip->sip_contact);
    if (sip->sip_allow)
        leg->allows_update = headers_allow(sip, "UPDATE");
}

static void take_invite(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    const char *sdp = NULL;
    size_t length = 0;
    uint16_t body;
    int code = offer_conflict(leg, true);

    if (code) {
        refuse_conflict(irq, code);
        return;
    }
    if (!headers_sdp(sip, &sdp, &length, &body) && body) {
        refuse(irq, body, NULL);
        return;
    }
    if (!timer_accept(leg, irq, sip)) {
        nta_incoming_destroy(irq);
        return;
    }
    retarget(leg, sip);
    report_offered(leg, irq, sip, sdp, length);
}

static void take_plain_update(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    struct sip_event *ev = report_begin(leg, SIP_IDENTITY);
    nta_incoming_t *pending = leg->offer;
    bool changed = note_party(leg, sip, &ev->party);

    sip_leg_dialog(leg, &ev->dialog);
    if (changed)
        report_send(leg);
    leg->offer = irq;
    send_reply(leg, NULL);
    leg->offer = pending;
    nta_incoming_destroy(irq);
    if (leg->state == LEG_UP)
        timer_restart(leg);
}

static void take_update(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    const char *sdp = NULL;
    size_t length = 0;
    uint16_t body;
    bool has_sdp = headers_sdp(sip, &sdp, &length, &body);
    bool early = leg->state == LEG_CALLING && !leg->offer;
    int code = has_sdp && !(early && out_early_offer(leg, sip)) ? offer_conflict(leg, false) : 0;

    if (body) {
        refuse(irq, body, NULL);
        return;
    }
    if (code) {
        refuse_conflict(irq, code);
        return;
    }
    if (!timer_accept(leg, irq, sip)) {
        nta_incoming_destroy(irq);
        return;
    }
    if (!early) /* one fork of several is no target yet */
        retarget(leg, sip);
    if (has_sdp)
        report_offered(leg, irq, sip, sdp, length);
    else
        take_plain_update(leg, irq, sip);
}

/* Of a re-INVITE (see strict.c); one that we have answered already is not undone. */
static void take_cancel(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    if (!leg->offer || nta_incoming_cseq(leg->offer) != sip->sip_cseq->cs_seq) {
        refuse(irq, SIP_481_NO_TRANSACTION);
        return;
    }
    refuse(irq, SIP_200_OK);
    if (nta_incoming_status(leg->offer) < 200)
        drop_offer(leg);
}

/* ---- every request within a dialog ---- */

static bool requires_unknown(nta_incoming_t *irq, const sip_t *sip)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    int status;

    su_home_init(home);
    status = nta_check_required(irq, sip, sip_supported_make(home, in_supported), TAG_END());
    su_home_deinit(home);
    if (status)
        nta_incoming_destroy(irq);
    return status != 0;
}

static void dispatch(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    switch ((int)sip->sip_request->rq_method) {
    case sip_method_invite:
        take_invite(leg, irq, sip);
        break;
    case sip_method_update:
        take_update(leg, irq, sip);
        break;
    case sip_method_bye:
        take_bye(leg, irq, sip);
        break;
    case sip_method_info:
        info_take(leg, irq, sip);
        break;
    case sip_method_options:
        nta_incoming_treply(irq, SIP_200_OK, SIPTAG_ALLOW_STR(in_allow),
                            SIPTAG_SUPPORTED_STR(in_supported), SIPTAG_ACCEPT_STR(in_accept),
                            TAG_END());
        nta_incoming_destroy(irq);
        break;
    case sip_method_notify:
        if (!exit_notified(leg, irq, sip))
            refuse(irq, SIP_481_NO_TRANSACTION);
        break;
    case sip_method_prack:
        refuse(irq, SIP_481_NO_TRANSACTION);
        break;
    case sip_method_unknown:
        if (strcmp(sip->sip_request->rq_method_name, "CANCEL") == 0)
            take_cancel(leg, irq, sip);
        else
            refuse(irq, SIP_501_NOT_IMPLEMENTED);
        break;
    case sip_method_refer:
        refer_take(leg->edge, leg, irq, sip);
        break;
    case sip_method_subscribe:
        if (!refer_subscribe(leg, irq, sip))
            refuse(irq, SIP_489_BAD_EVENT);
        break;
    default:
        refuse(irq, SIP_405_METHOD_NOT_ALLOWED);
        break;
    }
}

/* Whom we called may answer from wherever he was reached, and who signed in for this dialog need
 * not do it again from the same place. From elsewhere it must be he again. False: it has been
 * answered. */
static bool is_admitted(const struct leg *leg, nta_incoming_t *irq, const sip_t *sip,
                        const struct front_peer *sender)
{
    bool known = sip_leg_words(leg)->facts.we_called || sip_leg_words(leg)->facts.user[0];
    struct asker who;

    if (peer_of_sender(leg->edge, sender) ||
        (known && text_is(sender->source.host, sip_leg_words(leg)->facts.remote.host)))
        return true;
    if (strcmp(sip->sip_request->rq_method_name, "CANCEL") == 0) {
        refuse(irq, SIP_481_NO_TRANSACTION);
        return false;
    }
    if (!auth_admit(leg->edge, irq, sip, 0, &who))
        return false;
    if (text_is(who.user, sip_leg_words(leg)->facts.user) || !sip_leg_words(leg)->facts.user[0])
        return true;
    refuse(irq, SIP_403_FORBIDDEN);
    return false;
}

int dialog_request(nta_leg_magic_t *magic, nta_leg_t *dialog, nta_incoming_t *irq, const sip_t *sip)
{
    struct leg *leg = magic;
    struct front_peer who;

    (void)dialog;
    if (sip->sip_request->rq_method == sip_method_ack)
        return 200; /* of an answer that has been acknowledged already */
    if (leg->edge->stopping)
        return 0; /* not answered: whoever runs next may know what to do with it */
    in_peer(leg->edge, irq, &who);
    auth_begin(leg->edge);
    if (!is_admitted(leg, irq, sip, &who))
        return 0;
    if (leg->state == LEG_ENDED && sip->sip_request->rq_method != sip_method_bye) {
        refuse(irq, SIP_481_NO_CALL);
    } else if (in_too_large(sip)) {
        refuse(irq, SIP_513_MESSAGE_TOO_LARGE);
    } else if (!requires_unknown(irq, sip)) {
        probe_heard(leg);
        flow_moved(leg, irq, sip);
        dispatch(leg, irq, sip);
        if (leg->state == LEG_UP)
            report_dialog(leg);
    }
    return 0;
}

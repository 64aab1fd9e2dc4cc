/* Our final answer to the INVITE of a new leg, and the ACK that it waits for (RFC 3261 13.3.1.4).
 */
#include "sip/edge.h"

#include "base/text.h"

static const char *some(const char *text)
{
    return text[0] ? text : NULL;
}

void in_send_answer(struct leg *leg, const char *body)
{
    const struct sip_dialog *f = &sip_leg_words(leg)->facts;
    const char *agent = leg->edge->setup->config.user_agent;
    char orbit[64], expires[64], contact[URI_SIZE + 8];

    text_format(orbit, sizeof orbit, "X-Callpark-Orbit: %s", f->told_orbit);
    timer_header(leg, expires);
    text_format(contact, sizeof contact, "<%s>", f->local_contact);
    nta_incoming_treply(
        leg->invite, 200, f->told_phrase[0] ? f->told_phrase : sip_200_OK,
        SIPTAG_CONTACT_STR(contact), SIPTAG_ALLOW_STR(in_allow), SIPTAG_SUPPORTED_STR(in_supported),
        SIPTAG_REQUIRE_STR(f->session_expires && !f->we_refresh ? "timer" : NULL),
        SIPTAG_SESSION_EXPIRES_STR(some(expires)),
        TAG_IF(f->identity_told[0], SIPTAG_P_ASSERTED_IDENTITY_STR(f->identity_told)),
        SIPTAG_HEADER_STR(f->told_orbit[0] ? orbit : NULL), SIPTAG_SERVER_STR(some(agent)),
        SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(body), TAG_END());
}

static void note_told(struct leg *leg, const struct sip_told *told)
{
    struct sip_dialog *f = &sip_leg_words(leg)->facts;

    headers_name_addr(f->identity_told, sizeof f->identity_told, told->display, told->uri);
    text_copy(f->told_phrase, sizeof f->told_phrase, told->phrase);
    text_copy(f->told_orbit, sizeof f->told_orbit, told->orbit);
}

/* False: it cannot be put together, and is refused. */
static bool prepare(struct leg *leg, const struct session *agreed,
                    const struct session_local *local, enum codec prefer,
                    const struct sip_told *told)
{
    msg_t *request;
    const char *body;

    if (leg->state != LEG_INVITED || leg->prepared)
        return false;
    request = nta_incoming_getrequest(leg->invite);
    leg->prefer = prefer;
    leg->we_offered = agreed == NULL;
    body = dialog_body(leg, sip_object(request), agreed, local, false);
    msg_destroy(request);
    if (!body) {
        struct sip_event *ev = report_begin(leg, SIP_FAILED);

        ev->code = 488;
        report_send(leg);
        in_refuse(leg, 488, 399, 0, "the offer cannot be answered");
        return false;
    }
    note_told(leg, told);
    leg->prepared = true;
    return true;
}

void in_send_prepared(struct leg *leg)
{
    struct leg *replaced = sip_leg_find(leg->edge, leg->replaces);

    if (leg->state != LEG_INVITED || !leg->prepared)
        return;
    leg->prepared = false;
    leg->state = LEG_ANSWERED;
    leg->edge->unacknowledged++;
    if (replaced)
        replaced->replaced = true;
    in_send_answer(leg, leg->sdp);
    report_dialog(leg);
}

void in_answer(struct leg *leg, const struct session *agreed, const struct session_local *local,
               enum codec prefer, const struct sip_told *told)
{
    if (prepare(leg, agreed, local, prefer, told))
        in_send_prepared(leg);
}

void in_prepare(struct leg *leg, const struct session *agreed, const struct session_local *local,
                enum codec prefer, const struct sip_told *told)
{
    struct sip_event *ev;

    if (!prepare(leg, agreed, local, prefer, told))
        return;
    ev = report_begin(leg, SIP_PREPARED);
    sip_leg_dialog(leg, &ev->dialog);
    report_send(leg);
}

void in_warning(char to[WARNING_SIZE], const struct sip *s, unsigned listener, uint16_t code,
                const char *why)
{
    const struct listener *l = &s->listeners[listener];

    to[0] = '\0';
    if (!why || !why[0] || !text_is_plain(why))
        return;
    text_format(to, WARNING_SIZE, "%u %s:%u \"", code, l->host, l->bound.port);
    for (; *why; why++)
        text_append(to, WARNING_SIZE, *why == '"' || *why == '\\' ? "\\%c" : "%c", *why);
    text_append(to, WARNING_SIZE, "\"");
}

void in_refuse(struct leg *leg, uint16_t code, uint16_t warning, uint16_t retry_after,
               const char *why)
{
    char text[WARNING_SIZE], seconds[16];

    if (leg->state != LEG_INVITED)
        return;
    if (code < 300 || code > 699)
        code = 500;
    in_warning(text, leg->edge, leg->listener, warning ? warning : 399, why);
    text_format(seconds, sizeof seconds, "%u", retry_after);
    nta_incoming_treply(leg->invite, code, NULL, SIPTAG_WARNING_STR(text[0] ? text : NULL),
                        SIPTAG_RETRY_AFTER_STR(retry_after ? seconds : NULL),
                        SIPTAG_ALLOW_STR(code == 405 ? in_allow : NULL), TAG_END());
    nta_incoming_destroy(leg->invite);
    leg->invite = NULL;
    leg->silent = true;
    sip_leg_end(leg);
}

/* ---- its ACK, or none ---- */

static void take_ack(struct leg *leg, const sip_t *sip)
{
    struct sip_event *ev;
    const char *sdp;
    size_t length;
    uint16_t unknown;

    leg->state = LEG_UP;
    if (leg->farewell_code) {
        dialog_bye(leg, leg->farewell_code, sip_leg_words(leg)->farewell);
        return;
    }
    timer_restart(leg);
    sip_leg_drop_invite(leg);
    ev = report_begin(leg, SIP_ACKED);
    if (leg->we_offered && headers_sdp(sip, &sdp, &length, &unknown))
        dialog_read(leg, sdp, length, &ev->offer);
    leg->we_offered = false;
    sip_leg_dialog(leg, &ev->dialog);
    report_send(leg);
}

/* 64*T1 after our 200 (RFC 3261 13.3.1.4). A leg that was to be replaced may be named again:
 * nothing has taken its place. */
static void miss_ack(struct leg *leg)
{
    struct leg *replaced = sip_leg_find(leg->edge, leg->replaces);
    struct sip_event *ev = report_begin(leg, SIP_FAILED);

    if (replaced && replaced->state == LEG_UP)
        replaced->replaced = false;
    ev->code = 408;
    text_copy(ev->reason, sizeof ev->reason, "the answer was never acknowledged");
    report_send(leg);
    leg->silent = true;
    dialog_bye(leg, leg->farewell_code ? leg->farewell_code : 408, "No ACK");
}

int in_acked(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    if (irq != leg->invite)
        return 0;
    nta_incoming_destroy(irq);
    leg->invite = NULL;
    if (leg->state == LEG_ANSWERED)
        leg->edge->unacknowledged--;
    if (sip)
        take_ack(leg, sip);
    else
        miss_ack(leg);
    return 0;
}

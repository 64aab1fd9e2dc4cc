/* Telling people: a text message to somebody's phone, and the name that a phone shows during a call
 * (RFC 4916, RFC 3325). None of it is worth a call: what fails is left as it is. Not for what our
 * answer to an INVITE says, see answer.c. */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

#define MESSAGES_MAX 256 /* on their way at one time */
#define BUSY_WAIT 300    /* until a transaction of this dialog is looked at again */
#define TRIES_MAX 40

/* ---- a text message (RFC 3428) ---- */

/* One on its way, until it is answered. */
struct telling {
    struct telling *next;
    struct sip *edge;
    nta_outgoing_t *request;
    struct sip_message message;
    struct target target;
    struct said *said; /* NULL: nobody asked for a password */
    unsigned tries;    /* with one */
};

static void forget_message(struct telling *t)
{
    struct telling **at = &t->edge->tellings;

    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    t->edge->messages--;
    if (t->request)
        nta_outgoing_destroy(t->request);
    out_said_free(t->said);
    free(t);
}

void tell_forget_all(struct sip *s)
{
    while (s->tellings)
        forget_message(s->tellings);
}

static bool send_message(struct telling *t);

/* Whoever asks for a password gets one answer, as with an INVITE of ours. */
static bool answer_challenge(struct telling *t, nta_outgoing_t *request, const sip_t *sip)
{
    if (t->tries++ >= OUT_RETRIES_MAX)
        return false;
    if (!t->said)
        t->said = calloc(1, sizeof *t->said);
    return t->said &&
           out_challenge_kept(t->edge, t->said, t->target.account, t->target.routed, request, sip);
}

static int on_message_answer(struct leg *magic, nta_outgoing_t *request, const sip_t *sip)
{
    struct telling *t = (void *)magic; /* it belongs to no leg */
    int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(request);
    bool again;

    if (status < 200)
        return 0;
    again = (status == 401 || status == 407) && answer_challenge(t, request, sip);
    nta_outgoing_destroy(request);
    t->request = NULL;
    if (again && send_message(t))
        return 0;
    if (status >= 300)
        log_info("sip", "a text message was not taken: %d", status);
    forget_message(t);
    return 0;
}

static bool send_message(struct telling *t)
{
    struct sip *s = t->edge;
    const struct target *at = &t->target;
    su_home_t home[1] = { SU_HOME_INIT(home) };
    char from[URI_SIZE * 2 + 32], uri[URI_SIZE], to[URI_SIZE + 8];
    struct answers answers;
    sip_call_id_t *name;
    const char *tag;

    su_home_init(home);
    out_said(t->said, "MESSAGE", at->uri, &answers);
    name = sip_call_id_create(home, NULL);
    tag = nta_agent_newtag(home, NULL, s->agent);
    text_format(uri, sizeof uri, "sip:%s@%s", t->message.from_user, aim_domain(s, at->listener));
    text_format(to, sizeof to, "<%s>", at->uri);
    if (name && tag && text_format(from, sizeof from, "<%s>;tag=%s", uri, tag))
        t->request = nta_outgoing_tcreate(
            s->outside, on_message_answer, (struct leg *)(void *)t, (url_string_t const *)at->route,
            SIP_METHOD_MESSAGE, URL_STRING_MAKE(at->uri), SIPTAG_CALL_ID(name),
            SIPTAG_FROM_STR(from), SIPTAG_TO_STR(to),
            SIPTAG_HEADER_STR(answers.header[0][0] ? answers.header[0] : NULL),
            SIPTAG_HEADER_STR(answers.header[1][0] ? answers.header[1] : NULL),
            SIPTAG_USER_AGENT_STR(s->setup->config.user_agent[0] ? s->setup->config.user_agent
                                                                 : NULL),
            SIPTAG_CONTENT_TYPE_STR("text/plain;charset=UTF-8"),
            SIPTAG_PAYLOAD_STR(t->message.text), TPTAG_IDENT(s->listeners[at->listener].ident),
            TAG_END());
    su_home_deinit(home);
    return t->request != NULL;
}

void tell_message(struct sip *s, const struct sip_message *m)
{
    struct sip_call whom = { .is_ring_back = true };
    struct telling *t = s->messages < MESSAGES_MAX ? calloc(1, sizeof *t) : NULL;

    text_copy(whom.uri, sizeof whom.uri, m->to);
    text_copy(whom.contact, sizeof whom.contact, m->contact);
    if (!t) {
        log_warning("sip", "a text message is left out: %d wait for an answer", MESSAGES_MAX);
        return;
    }
    t->edge = s;
    t->message = *m;
    t->next = s->tellings;
    s->tellings = t;
    s->messages++;
    if (aim(s, &t->target, &whom) && send_message(t))
        return;
    log_info("sip", "a text message could not be sent to %s", m->to);
    forget_message(t);
}

/* ---- whom a phone shows ---- */

static int on_identified(struct leg *leg, nta_outgoing_t *request, const sip_t *sip);

static bool may_reinvite(const struct leg *leg)
{
    const struct sip_peer *peer = peer_of(leg->edge, sip_leg_words(leg)->facts.remote.host, NULL);

    return leg->sdp && peer && peer->display_reinvite;
}

/* UPDATE without SDP moves no offer; a re-INVITE has the session as it is. Both refresh the session
 * timer, or they would end it (RFC 4028 7.4). */
static bool send_identity(struct leg *leg, bool update)
{
    char expires[64], contact[URI_SIZE + 8];
    struct answers answers;

    out_credentials(leg, update ? "UPDATE" : "INVITE", sip_leg_words(leg)->facts.remote_target,
                    &answers);
    text_format(expires, sizeof expires, "%u;refresher=%s",
                sip_leg_words(leg)->facts.session_expires,
                sip_leg_words(leg)->facts.we_refresh ? "uac" : "uas");
    text_format(contact, sizeof contact, "<%s>", sip_leg_words(leg)->facts.local_contact);
    leg->identify = nta_outgoing_tcreate(
        leg->dialog, on_identified, leg, NULL, update ? sip_method_update : sip_method_invite,
        update ? "UPDATE" : "INVITE", NULL, SIPTAG_CONTACT_STR(contact), SIPTAG_ALLOW_STR(in_allow),
        SIPTAG_SUPPORTED_STR("replaces, timer"),
        SIPTAG_SESSION_EXPIRES_STR(sip_leg_words(leg)->facts.session_expires ? expires : NULL),
        SIPTAG_P_ASSERTED_IDENTITY_STR(sip_leg_words(leg)->identity),
        SIPTAG_HEADER_STR(answers.header[0][0] ? answers.header[0] : NULL),
        SIPTAG_HEADER_STR(answers.header[1][0] ? answers.header[1] : NULL),
        SIPTAG_CONTENT_TYPE_STR(update ? NULL : "application/sdp"),
        SIPTAG_PAYLOAD_STR(update ? NULL : leg->sdp), NTATAG_TPORT(sip_leg_connection(leg)),
        TPTAG_IDENT(leg->edge->listeners[leg->listener].ident), TAG_END());
    leg->identify_offers = leg->identify && !update;
    return leg->identify != NULL;
}

/* RFC 3311 5.1, RFC 3261 14.1: not before the ACK, and nothing else may be under way. */
static bool is_busy(const struct leg *leg)
{
    return leg->state != LEG_UP || leg->offer || leg->refresh || leg->identify || leg->offering;
}

void tell_now(struct leg *leg)
{
    bool update = leg->allows_update;

    leg->identify_at = NEVER;
    if (leg->silent || leg->identify_never || leg->state == LEG_LEAVING ||
        leg->state == LEG_ENDED || (!update && !may_reinvite(leg)))
        return;
    if (is_busy(leg) && ++leg->identify_tries < TRIES_MAX)
        leg->identify_at = clock_now() + BUSY_WAIT;
    else if (!is_busy(leg) && send_identity(leg, update))
        text_copy(sip_leg_words(leg)->facts.identity_told,
                  sizeof sip_leg_words(leg)->facts.identity_told, sip_leg_words(leg)->identity);
}

void tell_identity(struct leg *leg, const char *display, const char *uri)
{
    headers_name_addr(sip_leg_words(leg)->identity, sizeof sip_leg_words(leg)->identity, display,
                      uri);
    if (!sip_leg_words(leg)->identity[0] ||
        text_is(sip_leg_words(leg)->identity, sip_leg_words(leg)->facts.identity_told))
        return;
    leg->identify_tries = 0;
    leg->identify_again = true;
    leg->identify_at = clock_now();
    timer_set(leg);
}

static void failed(struct leg *leg, int status)
{
    if (status == 491 && leg->identify_again) {
        leg->identify_again = false;
        leg->identify_at = clock_now() + timer_glare_wait(leg);
        timer_set(leg);
    } else if (status == 405 || status == 501) {
        leg->identify_never = true;
    }
}

static int on_identified(struct leg *leg, nta_outgoing_t *request, const sip_t *sip)
{
    int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(request);
    bool fine = status >= 200 && status < 300 && sip, challenged, update = !leg->identify_offers;

    if (request != leg->identify || status < 200)
        return 0;
    if (fine && sip->sip_contact)
        nta_leg_client_route(leg->dialog, NULL, sip->sip_contact);
    if (fine && leg->identify_offers)
        timer_acknowledge(leg, request);
    if (fine && leg->state == LEG_UP)
        timer_answered(leg, sip);
    challenged = (status == 401 || status == 407) && out_challenged(leg, request, sip);
    nta_outgoing_destroy(request); /* over a stream the message goes with it */
    leg->identify = NULL;
    leg->identify_offers = false;
    if (challenged && leg->state == LEG_UP && send_identity(leg, update))
        return 0;
    if (!fine && leg->state == LEG_UP)
        failed(leg, status);
    report_dialog(leg);
    return 0;
}

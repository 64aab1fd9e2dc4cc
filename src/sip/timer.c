/* Session timers (RFC 4028), and the moment at which an ended leg is forgotten. For a parked call
 * the session timer is what finds out that its far end has died. */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

#define RETRY_MSEC 2000
#define TRIES_MAX 8

static void on_timer(struct sip *s, su_timer_t *timer, void *leg);

static msec earliest(const struct leg *leg)
{
    msec first = leg->refresh_at < leg->expires_at ? leg->refresh_at : leg->expires_at;

    if (leg->identify_at < first)
        first = leg->identify_at;
    if (leg->offer_at < first)
        first = leg->offer_at;
    if (leg->hop_at < first)
        first = leg->hop_at;
    if (leg->probe_at < first)
        first = leg->probe_at;
    return leg->forget_at < first ? leg->forget_at : first;
}

void timer_set(struct leg *leg)
{
    msec at = earliest(leg), now = clock_now();
    msec wait = at > now ? at - now : 0;

    if (at == NEVER) {
        if (leg->timer)
            su_timer_reset(leg->timer);
        return;
    }
    if (!leg->timer)
        leg->timer = su_timer_create(su_root_task(leg->edge->root), 0);
    if (leg->timer)
        su_timer_set_interval(leg->timer, on_timer, leg, (su_duration_t)wait);
}

void timer_stop(struct leg *leg)
{
    leg->refresh_at = leg->expires_at = NEVER;
    if (leg->timer)
        timer_set(leg);
}

/* RFC 4028 10: whoever refreshes does so at half time; whoever waits ends the call a little before
 * the time is over, a third of it or 32 s. */
void timer_restart(struct leg *leg)
{
    msec interval = (msec)sip_leg_words(leg)->facts.session_expires * 1000;
    msec early = interval / 3 < 32000 ? interval / 3 : 32000, now = clock_now();

    leg->refresh_tries = 0;
    if (!interval) {
        timer_stop(leg);
        return;
    }
    leg->refresh_at = sip_leg_words(leg)->facts.we_refresh ? now + interval / 2 : NEVER;
    leg->expires_at = now + interval - (sip_leg_words(leg)->facts.we_refresh ? 0 : early);
    timer_set(leg);
}

/* ---- agreeing on it ---- */

static bool supports_timer(const sip_t *sip)
{
    return (sip->sip_supported && sip_has_feature(sip->sip_supported, "timer")) ||
           (sip->sip_require && sip_has_feature(sip->sip_require, "timer"));
}

static uint32_t our_least(const struct leg *leg)
{
    uint32_t least = leg->edge->setup->config.min_se;

    return least ? least : MIN_SE;
}

bool timer_accept(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    const sip_session_expires_t *theirs = sip->sip_session_expires;
    uint32_t interval = leg->edge->setup->config.session_expires;
    uint32_t least = our_least(leg);
    char min_se[16];

    text_format(min_se, sizeof min_se, "%u", least);
    if (theirs && theirs->x_delta < least && supports_timer(sip)) {
        nta_incoming_treply(irq, SIP_422_SESSION_TIMER_TOO_SMALL, SIPTAG_MIN_SE_STR(min_se),
                            TAG_END());
        return false;
    }
    if (!interval && !theirs) {
        sip_leg_words(leg)->facts.session_expires = 0;
        return true;
    }
    if (sip->sip_min_se && sip->sip_min_se->min_delta > least)
        least = (uint32_t)sip->sip_min_se->min_delta;
    if (interval < least)
        interval = least;
    if (theirs && (theirs->x_delta < interval || !leg->edge->setup->config.session_expires))
        interval = theirs->x_delta < our_least(leg) ? our_least(leg) : (uint32_t)theirs->x_delta;
    sip_leg_words(leg)->facts.session_expires = interval < 86400 ? interval : 86400;
    sip_leg_words(leg)->facts.we_refresh =
        !supports_timer(sip) ||
        (theirs && theirs->x_refresher && text_is_nocase(theirs->x_refresher, "uas"));
    return true;
}

void timer_header(const struct leg *leg, char to[64])
{
    to[0] = '\0';
    if (sip_leg_words(leg)->facts.session_expires)
        text_format(to, 64, "%u;refresher=%s", sip_leg_words(leg)->facts.session_expires,
                    sip_leg_words(leg)->facts.we_refresh ? "uas" : "uac");
}

/* A 200 to a request of ours. When it says nothing about it they know no timers, and we refresh for
 * ourselves. */
void timer_answered(struct leg *leg, const sip_t *sip)
{
    const sip_session_expires_t *theirs = sip->sip_session_expires;

    sip_leg_words(leg)->facts.we_refresh = true;
    if (theirs && theirs->x_delta >= our_least(leg) && theirs->x_delta <= 86400)
        sip_leg_words(leg)->facts.session_expires = (uint32_t)theirs->x_delta;
    if (theirs && text_is_nocase(theirs->x_refresher, "uas"))
        sip_leg_words(leg)->facts.we_refresh = false;
    timer_restart(leg);
}

/* ---- refreshing ---- */

static int on_refreshed(struct leg *leg, nta_outgoing_t *request, const sip_t *sip);

static bool send_refresh(struct leg *leg)
{
    bool update = leg->allows_update;
    char expires[64], contact[URI_SIZE + 8];
    struct answers answers;

    out_credentials(leg, update ? "UPDATE" : "INVITE", sip_leg_words(leg)->facts.remote_target,
                    &answers);
    text_format(expires, sizeof expires, "%u;refresher=uac",
                sip_leg_words(leg)->facts.session_expires);
    text_format(contact, sizeof contact, "<%s>", sip_leg_words(leg)->facts.local_contact);
    if (!update && !leg->sdp)
        return false;
    leg->refresh = nta_outgoing_tcreate(
        leg->dialog, on_refreshed, leg, NULL, update ? sip_method_update : sip_method_invite,
        update ? "UPDATE" : "INVITE", NULL, SIPTAG_CONTACT_STR(contact), SIPTAG_ALLOW_STR(in_allow),
        SIPTAG_SUPPORTED_STR("replaces, timer"), SIPTAG_SESSION_EXPIRES_STR(expires),
        SIPTAG_CONTENT_TYPE_STR(update ? NULL : "application/sdp"),
        SIPTAG_PAYLOAD_STR(update ? NULL : leg->sdp),
        SIPTAG_HEADER_STR(answers.header[0][0] ? answers.header[0] : NULL),
        SIPTAG_HEADER_STR(answers.header[1][0] ? answers.header[1] : NULL),
        NTATAG_TPORT(sip_leg_connection(leg)),
        TPTAG_IDENT(leg->edge->listeners[leg->listener].ident), TAG_END());
    return leg->refresh != NULL;
}

void timer_die(struct leg *leg, uint16_t code, const char *why)
{
    struct sip_event *ev = report_begin(leg, SIP_GONE);

    text_copy(ev->reason, sizeof ev->reason, why);
    report_send(leg);
    leg->silent = true;
    dialog_bye(leg, code, why);
}

static void refresh(struct leg *leg)
{
    leg->refresh_at = NEVER;
    if (leg->state != LEG_UP || leg->refresh)
        return;
    if (leg->offer || leg->identify || leg->offering || !send_refresh(leg))
        leg->refresh_at = clock_now() + RETRY_MSEC;
}

/* RFC 3261 14.1: the owner of the Call-ID waits longer, so that the two do not collide again. */
msec timer_glare_wait(const struct leg *leg)
{
    uint32_t random = (uint32_t)su_randint(0, 190);

    return sip_leg_words(leg)->facts.we_called ? 2100 + random * 10 : random * 10 + 10;
}

void timer_acknowledge(struct leg *leg, nta_outgoing_t *request)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    sip_cseq_t *cseq;
    nta_outgoing_t *ack = NULL;

    su_home_init(home);
    cseq = sip_cseq_create(home, nta_outgoing_cseq(request), SIP_METHOD_ACK);
    if (cseq)
        ack = nta_outgoing_tcreate(
            leg->dialog, NULL, NULL, NULL, SIP_METHOD_ACK, NULL, SIPTAG_CSEQ(cseq),
            NTATAG_ACK_BRANCH(nta_outgoing_branch(request)), NTATAG_TPORT(sip_leg_connection(leg)),
            TPTAG_IDENT(leg->edge->listeners[leg->listener].ident), TAG_END());
    su_home_deinit(home);
    nta_outgoing_destroy(ack);
}

static void refresh_failed(struct leg *leg, int status, const sip_t *sip, bool challenged)
{
    msec wait = RETRY_MSEC, most = (msec)sip_leg_words(leg)->facts.session_expires * 1000 / 8;

    if (status == 481 || status == 408) { /* RFC 3261 12.2.1.2: the dialog is no more */
        timer_die(leg, 408, "the far end no longer knows this call");
        return;
    }
    if (status == 491)
        wait = timer_glare_wait(leg);
    if (challenged)
        wait = 0;
    if (status == 405 || status == 501) {
        leg->allows_update = false;
        wait = 0;
    }
    if (status == 422 && sip && sip->sip_min_se && sip->sip_min_se->min_delta <= 86400)
        sip_leg_words(leg)->facts.session_expires = (uint32_t)sip->sip_min_se->min_delta;
    if (++leg->refresh_tries < TRIES_MAX)
        leg->refresh_at = clock_now() + (wait < most ? wait : most);
    timer_set(leg);
}

static int on_refreshed(struct leg *leg, nta_outgoing_t *request, const sip_t *sip)
{
    int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(request);
    bool challenged, is_invite = nta_outgoing_method(request) == sip_method_invite;

    if (request != leg->refresh || status < 200)
        return 0;
    if (status < 300 && sip) {
        if (sip->sip_contact)
            nta_leg_client_route(leg->dialog, NULL, sip->sip_contact);
        if (is_invite)
            timer_acknowledge(leg, request);
    }
    challenged = (status == 401 || status == 407) && out_challenged(leg, request, sip);
    leg->refresh = NULL;
    if (leg->state == LEG_UP && status < 300 && sip) {
        timer_answered(leg, sip);
        probe_heard(leg);
        report_dialog(leg);
    } else if (leg->state == LEG_UP) {
        refresh_failed(leg, status, sip, challenged);
    }
    nta_outgoing_destroy(request); /* and with it the answer */
    return 0;
}

static void on_timer(struct sip *s, su_timer_t *timer, void *magic)
{
    struct leg *leg = magic;
    msec now = clock_now();

    (void)s;
    (void)timer;
    if (leg->forget_at <= now) {
        sip_leg_forget(leg);
        return;
    }
    if (leg->expires_at <= now) {
        leg->expires_at = leg->refresh_at = NEVER;
        if (leg->state == LEG_UP)
            timer_die(leg, 408, "session expired");
        return;
    }
    if (leg->refresh_at <= now)
        refresh(leg);
    if (leg->identify_at <= now)
        tell_now(leg);
    if (leg->offer_at <= now)
        offer_now(leg);
    if (leg->hop_at <= now)
        hop_silent(leg);
    if (leg->probe_at <= now)
        probe_now(leg);
    timer_set(leg);
}

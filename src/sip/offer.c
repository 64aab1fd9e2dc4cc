/* Offers of ours within a dialog, by re-INVITE (RFC 3261 14.1): the audio of the other side of the
 * call, so that the two send to each other, or our own again. What to offer and why is the loop's
 * to say (app/direct.c); what is offered with an answer of ours is in dialog.c. */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sys/clock.h"

#define BUSY_WAIT 100 /* until a transaction of this dialog is looked at again */
#define BUSY_TRIES 80
#define GLARE_TRIES 4  /* answers 491 in a row */
#define PATIENCE_T1 32 /* of T1, until it is called off; as many again until it is given up */

static int on_answered(struct leg *leg, nta_outgoing_t *request, const sip_t *sip);

void offer_drop(struct leg *leg)
{
    leg->offer_at = NEVER;
    if (leg->reoffer)
        explicit_bzero(leg->reoffer, sizeof *leg->reoffer); /* a key of ours, or of theirs */
    free(leg->reoffer);
    leg->reoffer = NULL;
}

/* The end of it, with their answer if there is one. */
static void done(struct leg *leg, uint32_t number, uint16_t code, const sip_t *sip)
{
    struct sip_event *ev = report_begin(leg, SIP_REOFFERED);
    const char *sdp;
    size_t length;
    uint16_t unknown;

    ev->transaction = number;
    ev->code = code;
    if (code == 200 && sip && headers_sdp(sip, &sdp, &length, &unknown)) {
        dialog_read(leg, sdp, length, &ev->offer);
        leg->media = ev->offer.rtp;
    }
    sip_leg_dialog(leg, &ev->dialog);
    offer_drop(leg);
    report_send(leg);
}

static msec patience(const struct leg *leg)
{
    msec t1 = leg->edge->setup->config.t1;

    return (t1 ? t1 : 500) * PATIENCE_T1;
}

static bool send_offer(struct leg *leg)
{
    const struct reoffer *what = leg->reoffer;
    const char *body = what->is_passed ? dialog_passed_body(leg, NULL, &what->theirs)
                                       : dialog_body(leg, NULL, NULL, &what->local, false);
    char expires[64], contact[URI_SIZE + 8];
    struct answers answers;

    if (!body)
        return false;
    out_credentials(leg, "INVITE", sip_leg_words(leg)->facts.remote_target, &answers);
    text_format(expires, sizeof expires, "%u;refresher=%s",
                sip_leg_words(leg)->facts.session_expires,
                sip_leg_words(leg)->facts.we_refresh ? "uac" : "uas");
    text_format(contact, sizeof contact, "<%s>", sip_leg_words(leg)->facts.local_contact);
    leg->offering = nta_outgoing_tcreate(
        leg->dialog, on_answered, leg, NULL, SIP_METHOD_INVITE, NULL, SIPTAG_CONTACT_STR(contact),
        SIPTAG_ALLOW_STR(in_allow), SIPTAG_SUPPORTED_STR("replaces, timer"),
        SIPTAG_SESSION_EXPIRES_STR(sip_leg_words(leg)->facts.session_expires ? expires : NULL),
        SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(body),
        SIPTAG_HEADER_STR(answers.header[0][0] ? answers.header[0] : NULL),
        SIPTAG_HEADER_STR(answers.header[1][0] ? answers.header[1] : NULL),
        NTATAG_TPORT(sip_leg_connection(leg)),
        TPTAG_IDENT(leg->edge->listeners[leg->listener].ident), TAG_END());
    return leg->offering != NULL;
}

/* Not before the ACK, and nothing else may be under way. */
static bool is_busy(const struct leg *leg)
{
    return leg->state != LEG_UP || leg->offer || leg->refresh || leg->identify || leg->offering;
}

/* No final answer for long: it is called off, which the far end may still overtake by a 200; and if
 * nothing comes of that either the loop need not wait any more. The transaction stays, as another
 * one must not be begun beside it. */
static void is_late(struct leg *leg)
{
    if (leg->reoffer->cancelled) {
        done(leg, leg->reoffer->number, 408, NULL);
        return;
    }
    leg->reoffer->cancelled = true;
    leg->offer_at = clock_now() + patience(leg);
    (void)nta_outgoing_tcancel(leg->offering, NULL, NULL, TAG_END());
}

void offer_now(struct leg *leg)
{
    leg->offer_at = NEVER;
    if (!leg->reoffer)
        return;
    if (leg->silent || leg->state == LEG_LEAVING || leg->state == LEG_ENDED)
        offer_drop(leg);
    else if (leg->offering)
        is_late(leg);
    else if (is_busy(leg) && leg->reoffer->patient && ++leg->reoffer->tries < BUSY_TRIES)
        leg->offer_at = clock_now() + BUSY_WAIT;
    else if (is_busy(leg))
        done(leg, leg->reoffer->number, 491, NULL);
    else if (send_offer(leg))
        leg->offer_at = clock_now() + patience(leg);
    else
        done(leg, leg->reoffer->number, 500, NULL);
}

void offer_begin(struct leg *leg, const struct reoffer *what)
{
    if (leg->reoffer || leg->offering || !(leg->reoffer = malloc(sizeof *what))) {
        struct sip_event *ev = report_begin(leg, SIP_REOFFERED);

        ev->transaction = what->number;
        ev->code = 491;
        sip_leg_dialog(leg, &ev->dialog);
        report_send(leg);
        return;
    }
    *leg->reoffer = *what;
    leg->reoffer->tries = 0;
    offer_now(leg);
    timer_set(leg);
}

static void again(struct leg *leg, msec wait)
{
    leg->offer_at = clock_now() + wait;
    timer_set(leg);
}

/* What was given up already is reported all the same when it was taken: the loop knows by its
 * number that nobody waits for it, and what the far end now believes is to be put right. */
static void is_final(struct leg *leg, int status, const sip_t *sip, bool challenged)
{
    uint32_t number = leg->reoffer ? leg->reoffer->number : 0;

    if (status == 481)
        timer_die(leg, 481, "the far end no longer knows this call");
    else if (!leg->reoffer && status >= 300)
        return;
    else if (challenged)
        again(leg, 0);
    else if (status == 491 && leg->reoffer->patient && !leg->reoffer->cancelled &&
             (leg->reoffer->tries += BUSY_TRIES / GLARE_TRIES) < BUSY_TRIES)
        again(leg, timer_glare_wait(leg));
    else
        done(leg, number, status < 300 ? 200 : (uint16_t)status, sip);
}

static int on_answered(struct leg *leg, nta_outgoing_t *request, const sip_t *sip)
{
    int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(request);
    bool fine = status >= 200 && status < 300 && sip, challenged;

    if (request != leg->offering || status < 200)
        return 0;
    if (fine && sip->sip_contact)
        nta_leg_client_route(leg->dialog, NULL, sip->sip_contact);
    if (fine)
        timer_acknowledge(leg, request);
    challenged = (status == 401 || status == 407) && out_challenged(leg, request, sip);
    leg->offering = NULL;
    leg->offer_at = NEVER;
    if (leg->state == LEG_UP && !leg->silent) {
        if (fine)
            timer_answered(leg, sip);
        is_final(leg, status, sip, challenged);
    }
    nta_outgoing_destroy(request); /* over a stream the message goes with it */
    return 0;
}

/* Leaving the path of two legs: one is asked by REFER to call the other in our place (RFC 3515,
 * RFC 3891). Whether to is the loop's to say; here are the request, its answer, and the NOTIFY that
 * says what came of it. */
#include "sip/edge.h"

#include <string.h>

#include "base/text.h"

#define REFER_TO_SIZE (URI_SIZE + REPLACES_SIZE * 3)

/* What a peer allows on a leg, and what its far end says it can do. */
void exit_note(struct sip_event *ev, const struct sip_peer *peer, const sip_t *sip)
{
    ev->direct_media = peer && peer->direct_media;
    ev->may_exit = peer && peer->exit == EXIT_REFER;
    ev->takes_refer = headers_allow(sip, "REFER");
    ev->takes_replaces = sip->sip_supported && sip_has_feature(sip->sip_supported, "replaces");
}

static void done(struct leg *leg, uint16_t code)
{
    if (!leg->exiting)
        return;
    leg->exiting = false;
    report_begin(leg, SIP_EXITED)->code = code;
    report_send(leg);
}

static bool append_escaped(char *to, size_t size, const char *text)
{
    bool fits = true;

    for (; *text && fits; text++)
        fits = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*", *text)
                   ? text_append(to, size, "%c", *text)
                   : text_append(to, size, "%%%02X", (unsigned char)*text);
    return fits;
}

/* The tags as the one who is called knows them: his own first (RFC 3891 6.1). */
static bool write_refer_to(char *to, size_t size, const struct leg *other)
{
    const struct sip_dialog *f = &sip_leg_words(other)->facts;
    char ids[REPLACES_SIZE], target[URI_SIZE];

    return text_copy_n(target, sizeof target, f->remote_target, strcspn(f->remote_target, "?")) &&
           text_format(ids, sizeof ids, "%s;to-tag=%s;from-tag=%s", f->call_id, f->remote_tag,
                       f->local_tag) &&
           text_format(to, size, "<%s?Replaces=", target) && append_escaped(to, size, ids) &&
           text_append(to, size, "&Require=replaces>");
}

static bool send_refer(struct leg *leg);

static int on_answered(struct leg *leg, nta_outgoing_t *request, const sip_t *sip)
{
    int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(request);
    bool challenged;

    if (request != leg->exit || status < 200)
        return 0;
    leg->exit = NULL;
    challenged = (status == 401 || status == 407) && leg->exiting && leg->state == LEG_UP &&
                 out_challenged(leg, request, sip);
    if (status >= 300 && leg->state == LEG_UP && !(challenged && send_refer(leg)))
        done(leg, (uint16_t)status);
    nta_outgoing_destroy(request);
    return 0;
}

/* With the answer to their challenge, if there was one. */
static bool send_refer(struct leg *leg)
{
    const struct leg *other = sip_leg_find(leg->edge, leg->exit_other);
    char refer_to[REFER_TO_SIZE], contact[URI_SIZE + 8];
    struct answers answers;

    if (!other || other->state != LEG_UP || !write_refer_to(refer_to, sizeof refer_to, other))
        return false;
    out_credentials(leg, "REFER", sip_leg_words(leg)->facts.remote_target, &answers);
    text_format(contact, sizeof contact, "<%s>", sip_leg_words(leg)->facts.local_contact);
    leg->exit = nta_outgoing_tcreate(
        leg->dialog, on_answered, leg, NULL, SIP_METHOD_REFER, NULL, SIPTAG_CONTACT_STR(contact),
        SIPTAG_REFER_TO_STR(refer_to), SIPTAG_REFERRED_BY_STR(contact),
        SIPTAG_HEADER_STR(answers.header[0][0] ? answers.header[0] : NULL),
        SIPTAG_HEADER_STR(answers.header[1][0] ? answers.header[1] : NULL),
        SIPTAG_SUPPORTED_STR("replaces, timer"), NTATAG_TPORT(sip_leg_connection(leg)),
        TPTAG_IDENT(leg->edge->listeners[leg->listener].ident), TAG_END());
    return leg->exit != NULL;
}

void exit_begin(struct leg *leg, leg_id other)
{
    leg->exiting = true;
    leg->exit_other = other;
    if (leg->state != LEG_UP || leg->exit || !send_refer(leg))
        done(leg, 500);
}

/* "SIP/2.0 200 OK" of a sipfrag (RFC 3420); 0: none. */
static unsigned status_of(const sip_t *sip)
{
    static const char start[] = "SIP/2.0 ";
    char line[sizeof start + 3] = "";
    uint64_t code = 0;

    if (sip->sip_payload && sip->sip_payload->pl_data)
        (void)text_copy_n(line, sizeof line, sip->sip_payload->pl_data,
                          sip->sip_payload->pl_len < sizeof line - 1 ? sip->sip_payload->pl_len
                                                                     : sizeof line - 1);
    if (!text_starts(line, start) || !text_number(line + sizeof start - 1, 100, 699, &code))
        return 0;
    return (unsigned)code;
}

bool exit_notified(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    const sip_event_t *event = sip->sip_event;
    const sip_subscription_state_t *state = sip->sip_subscription_state;
    unsigned code = status_of(sip);
    bool over = state && text_is_nocase(state->ss_substate, "terminated");

    if (!leg->exiting || !event || !text_is_nocase(event->o_type, "refer"))
        return false;
    nta_incoming_treply(irq, SIP_200_OK, TAG_END());
    nta_incoming_destroy(irq);
    if (code >= 200 && code <= 699)
        done(leg, (uint16_t)code);
    else if (over)
        done(leg, 480); /* it ended without a word about how */
    return true;
}

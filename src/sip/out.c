/* Calls that we start: whom they go to, what their INVITE says, and what becomes of each answer,
 * late and forked ones included (RFC 3261 9.1, 13.2.2.4). */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sip/register.h"
#include "sys/clock.h"
#include "sys/log.h"

#define REDIRECTS_MAX 3

static const char supported[] = "replaces, timer, 100rel, norefersub, tdialog";

/* RFC 3841: rather no answer than that of a machine. */
static const char no_machine[] = "*;automata";

void out_forget(struct leg *leg)
{
    struct calling *c = leg->calling;

    for (unsigned i = 0; c && i < EARLY_MAX; i++)
        free(c->early[i].sdp);
    if (c) {
        *c->at_me = c->next;
        if (c->next)
            c->next->at_me = c->at_me;
    }
    free(c);
    leg->calling = NULL;
    free(leg->call);
    leg->call = NULL;
}

/* ---- the INVITE ---- */

static int on_response(struct leg *leg, nta_outgoing_t *request, const sip_t *sip);

static bool make_dialog(struct leg *leg, const struct sip_call *call, const char *uri)
{
    struct sip *s = leg->edge;
    const struct sip_register *account = aim_account(s, leg->account);
    struct sip_dialog *f = &sip_leg_words(leg)->facts;
    char from[URI_SIZE + DISPLAY_SIZE * 2 + 96], to[URI_SIZE + 8];
    su_home_t home[1] = { SU_HOME_INIT(home) };
    sip_call_id_t *name;
    const char *tag;

    su_home_init(home);
    tag = nta_agent_newtag(home, NULL, s->agent);
    name = sip_call_id_create(home, NULL);
    text_format(f->local_uri, sizeof f->local_uri, "sip:%s@%s", call->from_user,
                aim_domain(s, leg->listener));
    if (account) /* whoever has given us an account wants to see it (sip.md 5) */
        register_address(account, f->local_uri);
    text_copy(f->remote_uri, sizeof f->remote_uri, uri);
    headers_name_addr(from, sizeof from, call->from_display, f->local_uri);
    text_format(to, sizeof to, "<%s>", uri);
    if (tag && name && text_append(from, sizeof from, ";tag=%s", tag) &&
        text_copy(f->call_id, sizeof f->call_id, name->i_id))
        leg->dialog = nta_leg_tcreate(s->agent, dialog_request, leg, SIPTAG_CALL_ID(name),
                                      SIPTAG_FROM_STR(from), SIPTAG_TO_STR(to), TAG_END());
    su_home_deinit(home);
    if (!leg->dialog)
        return false;
    sip_leg_refresh_facts(leg);
    sip_leg_name(leg);
    return true;
}

/* Headers that the library has no tag for, one string each; "" are left out. */
struct extras {
    char asserted[URI_SIZE + DISPLAY_SIZE * 2 + 32];
    char alert[URI_SIZE + 32], info[URI_SIZE + 32], orbit[64], again[128], contact[URI_SIZE + 8],
        expires[16];
    char replaces[REPLACES_SIZE], referred_by[URI_SIZE + 8];
};

/* There is no one way: most desk phones go by `info=` or by answer-after, RFC 5373 has a header of
 * its own. A phone that knows none of them rings. */
static void ask_to_pick_up(struct extras *x, const struct leg *leg)
{
    const char *domain = aim_domain(leg->edge, leg->listener);

    text_format(x->alert, sizeof x->alert, "Alert-Info: <sip:%s>;info=alert-autoanswer;delay=0",
                domain);
    text_format(x->info, sizeof x->info, "Call-Info: <sip:%s>;answer-after=0", domain);
}

static void fill_extras(struct extras *x, struct leg *leg, const struct sip_call *call)
{
    char caller[URI_SIZE + DISPLAY_SIZE * 2], nonce[64];

    memset(x, 0, sizeof *x);
    text_format(x->contact, sizeof x->contact, "<%s>", sip_leg_words(leg)->facts.local_contact);
    headers_name_addr(caller, sizeof caller, call->caller.display, call->caller.uri);
    if (caller[0])
        text_format(x->asserted, sizeof x->asserted, "P-Asserted-Identity: %s", caller);
    if (call->orbit[0])
        text_format(x->orbit, sizeof x->orbit, "X-Callpark-Orbit: %s", call->orbit);
    if (text_is_plain(call->replaces))
        text_copy(x->replaces, sizeof x->replaces, call->replaces);
    headers_name_addr(x->referred_by, sizeof x->referred_by, "", call->referred_by);
    out_nonce(leg->edge, leg->id, nonce);
    text_format(x->again, sizeof x->again, "X-Callpark-Recall: n=%u;nonce=%s", call->attempt,
                nonce);
    if (call->is_ring_back && call->alert_info[0] && !call->plain &&
        text_is_plain(call->alert_info))
        text_format(x->alert, sizeof x->alert,
                    call->alert_info[0] == '<' ? "Alert-Info: %s" : "Alert-Info: <%s>",
                    call->alert_info);
    if (call->auto_answer)
        ask_to_pick_up(x, leg);
    if (sip_leg_words(leg)->facts.session_expires && !call->plain)
        text_format(x->expires, sizeof x->expires, "%u", sip_leg_words(leg)->facts.session_expires);
}

static bool is_for_person(const struct sip_call *call)
{
    return (call->is_ring_back || call->auto_answer) && !call->plain;
}

static const char *some(const char *text)
{
    return text[0] ? text : NULL;
}

/* What a later start needs to cancel it. */
static void keep_invite(struct leg *leg)
{
    struct sip_dialog *f = &sip_leg_words(leg)->facts;
    const struct target *t = &leg->calling->target;

    f->invite_cseq = nta_outgoing_cseq(leg->request);
    text_copy(f->branch, sizeof f->branch, nta_outgoing_branch(leg->request));
    text_copy(f->request_uri, sizeof f->request_uri, t->uri);
    text_copy(f->way, sizeof f->way, t->way[0] ? t->way : t->route);
    report_dialog(leg);
}

bool out_invite(struct leg *leg)
{
    const struct sip_call *call = leg->call;
    const struct target *t = &leg->calling->target;
    const struct sip_register *account = aim_account(leg->edge, leg->account);
    const char *agent = leg->edge->setup->config.user_agent;
    const char *body = dialog_body(leg, NULL, NULL, &call->local, call->plain);
    struct answers answers;
    struct extras x;

    fill_extras(&x, leg, call);
    out_credentials(leg, "INVITE", t->uri, &answers);
    if (body)
        leg->request = nta_outgoing_tcreate(
            leg->dialog, on_response, leg,
            (url_string_t const *)some(t->way[0] ? t->way : t->route), SIP_METHOD_INVITE,
            URL_STRING_MAKE(t->uri), NTATAG_TPORT(t->flow),
            TPTAG_IDENT(leg->edge->listeners[t->listener].ident), SIPTAG_CONTACT_STR(x.contact),
            SIPTAG_ALLOW_STR(in_allow), SIPTAG_SUPPORTED_STR(call->plain ? NULL : supported),
            SIPTAG_SESSION_EXPIRES_STR(some(x.expires)), SIPTAG_HEADER_STR(some(x.asserted)),
            SIPTAG_PRIVACY_STR(call->caller.hidden ? "id" : NULL), SIPTAG_HEADER_STR(some(x.orbit)),
            SIPTAG_HEADER_STR(x.again), SIPTAG_HEADER_STR(some(x.alert)),
            SIPTAG_HEADER_STR(some(x.info)),
            SIPTAG_HEADER_STR(call->auto_answer ? "Answer-Mode: Auto" : NULL),
            SIPTAG_HEADER_STR(some(answers.header[0])), SIPTAG_HEADER_STR(some(answers.header[1])),
            SIPTAG_REJECT_CONTACT_STR(is_for_person(call) ? no_machine : NULL),
            SIPTAG_ROUTE_STR(account ? some(register_routes(leg->edge, account)) : NULL),
            SIPTAG_REPLACES_STR(some(x.replaces)),
            SIPTAG_REQUIRE_STR(x.replaces[0] ? "replaces" : NULL),
            SIPTAG_REFERRED_BY_STR(some(x.referred_by)), SIPTAG_USER_AGENT_STR(some(agent)),
            SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(body), TAG_END());
    if (!leg->request)
        return false;
    keep_invite(leg);
    hop_sent(leg);
    return true;
}

void out_fail(struct leg *leg, uint16_t code, const char *why)
{
    struct sip_event *ev = report_begin(leg, SIP_FAILED);

    ev->code = code;
    text_copy(ev->reason, sizeof ev->reason, why);
    report_send(leg);
    leg->silent = true;
    sip_leg_end(leg);
}

/* Who is reached by a WebSocket is a browser. */
static bool is_web_phone(const struct sip_call *call)
{
    return strstr(call->contact, "transport=ws") || strstr(call->uri, "transport=ws");
}

/* User of our Contact: the orbit, or the account that we call by. */
static void contact_user(const struct leg *leg, char to[URI_SIZE])
{
    const struct sip_register *account = aim_account(leg->edge, leg->account);
    char *at;

    text_copy(to, URI_SIZE, leg->call->from_user);
    if (!account)
        return;
    register_address(account, to);
    at = strchr(to, '@');
    if (at)
        *at = '\0';
    if (text_starts(to, "sip:"))
        memmove(to, to + 4, strlen(to + 4) + 1);
}

static struct calling *begin(struct sip *s, struct leg *leg)
{
    struct calling *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->leg = leg;
    c->next = s->calling;
    c->at_me = &s->calling;
    if (c->next)
        c->next->at_me = &c->next;
    s->calling = c;
    return c;
}

void out_from_listener(struct leg *leg, unsigned listener)
{
    const struct listener *l = &leg->edge->listeners[listener];
    char user[URI_SIZE];

    leg->listener = listener;
    sip_leg_words(leg)->facts.local = l->bound;
    text_copy(sip_leg_words(leg)->facts.transport, sizeof sip_leg_words(leg)->facts.transport,
              l->transport);
    contact_user(leg, user);
    out_contact(leg->edge, listener, user[0] ? user : NULL,
                sip_leg_words(leg)->facts.local_contact);
}

void out_call(struct sip *s, const struct sip_call *call)
{
    struct leg *leg = sip_leg_add(s, call->leg, LEG_CALLING);
    struct target *t;

    if (!leg) {
        log_error("sip", "a call cannot be started: no memory, or its leg number is taken");
        return;
    }
    sip_leg_words(leg)->facts.we_called = true;
    leg->web = is_web_phone(call);
    leg->prefer = call->prefer;
    leg->call = malloc(sizeof *call);
    if (leg->call)
        *leg->call = *call;
    leg->calling = begin(s, leg);
    if (!leg->call || !leg->calling || sip_leg_admit(leg) != ROOM) {
        out_fail(leg, 503, "too many calls");
        return;
    }
    t = &leg->calling->target;
    if (!aim(s, t, call)) {
        out_fail(leg, 404, "this address leads nowhere but to ourselves");
        return;
    }
    leg->routed = t->routed;
    leg->account = t->account;
    out_from_listener(leg, t->listener);
    sip_leg_words(leg)->facts.session_expires = s->setup->config.session_expires;
    if (make_dialog(leg, call, t->uri))
        hop_seek(leg);
    else
        out_fail(leg, 503, "the call could not be sent");
}

/* ---- answers ---- */

static bool acknowledge(struct leg *leg)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    sip_cseq_t *cseq;
    nta_outgoing_t *ack = NULL;
    struct answers answers; /* RFC 3261 22.1: those of the INVITE */

    su_home_init(home);
    out_credentials(leg, "INVITE", leg->calling->target.uri, &answers);
    cseq = sip_cseq_create(home, sip_leg_words(leg)->facts.invite_cseq, SIP_METHOD_ACK);
    if (cseq)
        ack = nta_outgoing_tcreate(
            leg->dialog, NULL, NULL, NULL, SIP_METHOD_ACK, NULL, SIPTAG_CSEQ(cseq),
            NTATAG_ACK_BRANCH(nta_outgoing_branch(leg->request)),
            SIPTAG_HEADER_STR(some(answers.header[0])), SIPTAG_HEADER_STR(some(answers.header[1])),
            NTATAG_TPORT(sip_leg_connection(leg)),
            TPTAG_IDENT(leg->edge->listeners[leg->listener].ident), TAG_END());
    su_home_deinit(home);
    if (ack) /* the library keeps it for as long as retransmitted 200s may come */
        nta_outgoing_destroy(ack);
    return ack != NULL;
}

static void note_far_end(struct leg *leg)
{
    msg_t *msg = nta_outgoing_getresponse(leg->request);

    in_sender(msg, &sip_leg_words(leg)->facts.remote);
    msg_destroy(msg);
    sip_leg_refresh_facts(leg);
}

static void report_answered(struct leg *leg, const sip_t *sip)
{
    struct sip_event *ev = report_begin(leg, SIP_ANSWERED);
    const struct sip_peer *peer = peer_of(leg->edge, sip_leg_words(leg)->facts.remote.host, NULL);
    const char *sdp, *early = out_early_sdp(leg, sip->sip_to->a_tag);
    size_t length;
    uint16_t unknown;

    ev->code = 200;
    ev->stranger = !leg->routed && !leg->account &&
                   !in_trusted(leg->edge, sip_leg_words(leg)->facts.remote.host);
    if (headers_sdp(sip, &sdp, &length, &unknown))
        dialog_read(leg, sdp, length, &ev->offer);
    else if (early) /* the answer came reliably before (RFC 3262 5), or in an UPDATE */
        dialog_read(leg, early, strlen(early), &ev->offer);
    leg->media = ev->offer.rtp;
    dialog_party(leg, sip, &sip_leg_words(leg)->facts.party);
    ev->party = sip_leg_words(leg)->facts.party;
    sip_leg_dialog(leg, &ev->dialog);
    exit_note(ev, peer, sip);
    report_send(leg);
}

/* The first 200. The library itself ends the others: what its forks answer with another tag gets
 * ACK and BYE from it. */
static void take_answer(struct leg *leg, msg_t *answer, const sip_t *sip)
{
    flow_answered(leg, answer);
    nta_leg_rtag(leg->dialog, sip->sip_to->a_tag);
    nta_leg_client_route(leg->dialog, sip->sip_record_route, sip->sip_contact);
    leg->allows_update = headers_allow(sip, "UPDATE");
    if (!acknowledge(leg)) {
        out_fail(leg, 503, "the answer could not be acknowledged");
        return;
    }
    note_far_end(leg);
    nta_outgoing_destroy(leg->request);
    leg->request = NULL;
    sip_leg_words(leg)->facts.branch[0] = '\0';
    leg->state = LEG_UP;
    leg->forget_at = NEVER;
    if (leg->silent) { /* it crossed our CANCEL */
        dialog_bye(leg, leg->farewell_code, sip_leg_words(leg)->farewell);
        return;
    }
    timer_answered(leg, sip);
    report_answered(leg, sip);
    out_forget(leg);
}

/* ---- refusals that are not the last word ---- */

/* RFC 4028 7.4: ask again, for no less than they want. */
static bool raise_interval(struct leg *leg, const sip_t *sip)
{
    uint32_t least = sip->sip_min_se ? (uint32_t)sip->sip_min_se->min_delta : 0;

    if (least <= sip_leg_words(leg)->facts.session_expires || least > 86400)
        return false;
    sip_leg_words(leg)->facts.session_expires = least;
    return true;
}

/* RFC 3261 8.1.3.4. Whoever is asked decides where the call goes, so it is done only by
 * configuration; what he says is an address like any other. */
static bool follow(struct leg *leg, const sip_t *sip)
{
    const sip_contact_t *best = sip->sip_contact;
    url_t url;

    if (!leg->edge->setup->config.redirect_follow || leg->calling->redirects >= REDIRECTS_MAX)
        return false;
    for (const sip_contact_t *c = best; c; c = c->m_next)
        if (sip_q_value(c->m_q) > sip_q_value(best->m_q))
            best = c;
    if (!best)
        return false;
    leg->calling->redirects++;
    url = *best->m_url;
    url.url_headers = NULL; /* they must not become headers of ours */
    headers_uri(leg->call->uri, sizeof leg->call->uri, &url);
    leg->call->contact[0] = '\0';
    return leg->call->uri[0] != '\0';
}

static bool may_ask_again(struct leg *leg, int status, const sip_t *sip)
{
    if (!sip || leg->silent)
        return false;
    if (status == 401 || status == 407)
        return out_challenged(leg, leg->request, sip);
    if (status == 422)
        return raise_interval(leg, sip);
    return status >= 300 && status < 400 && follow(leg, sip);
}

static bool ask_again(struct leg *leg, int status, const sip_t *sip)
{
    if (!may_ask_again(leg, status, sip))
        return false;
    nta_outgoing_destroy(leg->request);
    leg->request = NULL;
    if (status >= 400) /* there, and nowhere else */
        return out_invite(leg);
    if (!aim(leg->edge, &leg->calling->target, leg->call))
        return false;
    hop_seek(leg);
    return true;
}

static void take_refusal(struct leg *leg, int status, const sip_t *sip)
{
    struct sip_event *ev;

    if (hop_passed_over(leg, status, sip) || ask_again(leg, status, sip))
        return;
    ev = report_begin(leg, SIP_FAILED);
    ev->code = (uint16_t)status;
    headers_reason(ev->reason, sip);
    if (!ev->reason[0] && sip && sip->sip_status && text_is_plain(sip->sip_status->st_phrase))
        text_copy(ev->reason, sizeof ev->reason, sip->sip_status->st_phrase);
    report_send(leg);
    leg->silent = true;
    nta_outgoing_destroy(leg->request);
    leg->request = NULL;
    sip_leg_end(leg);
}

static int on_response(struct leg *leg, nta_outgoing_t *request, const sip_t *sip)
{
    int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(request);

    if (request != leg->request)
        return 0;
    if (status > 100 && status < 200) {
        struct sip_event *ev;

        hop_heard(leg);
        ev = report_begin(leg, SIP_RINGING);
        ev->code = (uint16_t)status;
        report_send(leg);
        if (sip)
            out_early(leg, sip);
    } else if (status >= 200 && status < 300 && sip && sip->sip_to->a_tag) {
        msg_t *answer = nta_outgoing_getresponse(request); /* which goes with the request */

        hop_heard(leg);
        take_answer(leg, answer, sip);
        msg_destroy(answer);
    } else if (status >= 200) {
        take_refusal(leg, status >= 300 ? status : 500, sip);
    }
    return 0;
}

/* The library holds the CANCEL back until a provisional answer came (RFC 3261 9.1). */
void out_cancel(struct leg *leg, uint16_t code, const char *text)
{
    char reason[160];

    if (leg->forget_at != NEVER)
        return;          /* cancelled already */
    if (!leg->request) { /* its servers are being looked up */
        sip_leg_end(leg);
        return;
    }
    dialog_reason(reason, code, text);
    leg->farewell_code = code;
    text_copy(sip_leg_words(leg)->farewell, sizeof sip_leg_words(leg)->farewell, text);
    leg->forget_at = clock_now() + (msec)3 * LINGER_MSEC; /* if nobody ever answers that either */
    timer_set(leg);
    (void)nta_outgoing_tcancel(leg->request, NULL, NULL, SIPTAG_REASON_STR(some(reason)),
                               TAG_END());
}

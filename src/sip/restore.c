/* Legs of an earlier run are taken up again, from what the store kept of their dialogs
 * (sip.md 9.2). Their far ends notice nothing: no request is sent, but the CANCEL of an INVITE that
 * was on its way, and our 200 again where its ACK has not come. */
#include "sip/edge.h"

#include <string.h>

#include "base/text.h"
#include "sip/register.h"
#include "sys/clock.h"
#include "sys/log.h"

/* ---- what is found again ---- */

static bool same_family(const struct address *a, const struct address *b)
{
    return !strchr(a->host, ':') == !strchr(b->host, ':');
}

/* The one that it had, or else another by which its far end can be reached. */
static bool find_listener(const struct sip *s, const struct sip_dialog *d, unsigned *listener)
{
    bool found = false;

    for (unsigned i = 0; i < s->listener_count; i++) {
        const struct listener *l = &s->listeners[i];

        if (!text_is(l->transport, d->transport) || !same_family(&l->bound, &d->local))
            continue;
        if (!found)
            *listener = i;
        found = true;
        if (l->bound.port == d->local.port && text_is(l->bound.host, d->local.host)) {
            *listener = i;
            break;
        }
    }
    return found;
}

static unsigned find_account(const struct sip *s, const char *name)
{
    for (unsigned i = 0; name[0] && i < s->setup->config.register_count; i++)
        if (text_is(s->setup->config.registers[i].name, name))
            return i + 1;
    return 0;
}

/* A moment of its timer by the wall clock, by ours: at least as far off as `least` says, and no
 * later than a whole interval from now, whatever was done to the wall clock. */
static msec by_our_clock(const struct sip *s, const struct sip_dialog *d, msec wall, msec least)
{
    msec now = clock_now(), most = (msec)d->session_expires * 1000;
    msec wall_now = keep_now(s, d->clock, d->boot);
    msec left = wall > wall_now ? wall - wall_now : 0;

    if (!wall)
        return NEVER;
    if (left > most)
        left = most;
    return now + left > least ? now + left : least;
}

/* ---- the dialog ---- */

static bool make_dialog(struct leg *leg, const struct sip_dialog *d)
{
    char from[URI_SIZE + 128], to[URI_SIZE + 160], cseq[32], contact[URI_SIZE + 8];
    su_home_t home[1] = { SU_HOME_INIT(home) };

    su_home_init(home);
    text_format(from, sizeof from, "<%s>;tag=%s", d->local_uri, d->local_tag);
    text_format(to, sizeof to, d->remote_tag[0] ? "<%s>;tag=%s" : "<%s>", d->remote_uri,
                d->remote_tag);
    text_format(cseq, sizeof cseq, "%u INVITE", d->cseq_reserved);
    text_format(contact, sizeof contact, "<%s>", d->remote_target);
    leg->dialog =
        nta_leg_tcreate(leg->edge->agent, dialog_request, leg, SIPTAG_CALL_ID_STR(d->call_id),
                        SIPTAG_FROM_STR(from), SIPTAG_TO_STR(to), SIPTAG_CSEQ_STR(cseq),
                        NTATAG_REMOTE_CSEQ(d->remote_cseq), TAG_END());
    /* Not by SIPTAG_ROUTE: that makes every route a strict one. */
    if (leg->dialog && d->remote_target[0])
        (void)nta_leg_server_route(leg->dialog,
                                   d->routes[0] ? sip_record_route_make(home, d->routes) : NULL,
                                   sip_contact_make(home, contact));
    su_home_deinit(home);
    return leg->dialog != NULL;
}

/* What our next offer is like is what our last body was like. */
static void take_body(struct leg *leg, const struct sip_dialog *d)
{
    struct session_offer ours = { .present = false };

    if (d->origin_id) {
        leg->origin.id = d->origin_id;
        leg->origin.version = d->origin_version;
        text_copy(leg->origin.host, sizeof leg->origin.host, d->origin_host);
    }
    if (!d->local_sdp[0])
        return;
    leg->sdp = strdup(d->local_sdp);
    dialog_read(leg, d->local_sdp, strlen(d->local_sdp), &ours);
    if (ours.codec_count)
        leg->prefer = ours.codecs[0].codec;
    explicit_bzero(&ours, sizeof ours);
}

static void take_facts(struct leg *leg, const struct sip_dialog *d)
{
    struct sip_dialog *f = &sip_leg_words(leg)->facts;

    *f = *d;
    memset(f->local_sdp, 0, sizeof f->local_sdp); /* it is the leg's */
    leg->media = d->media;
    leg->we_offered = d->we_offered;
    leg->allows_update = d->allows_update;
    leg->trusted = d->trusted;
    leg->web = d->web;
    leg->routed = d->routed;
    leg->replaced = d->replaced;
    leg->replaces = d->replaces;
    leg->account = find_account(leg->edge, d->account);
    take_body(leg, d);
}

/* ---- in each state ---- */

static void take_up(struct leg *leg, size_t n)
{
    const struct sip_dialog *f = &sip_leg_words(leg)->facts;
    msec least;

    probe_later(leg, n);
    least = leg->probe_at; /* what is overdue is done in the same pace */
    leg->refresh_at = by_our_clock(leg->edge, f, f->refresh_at, least);
    leg->expires_at = by_our_clock(leg->edge, f, f->expires_at, least);
    timer_set(leg);
}

/* The transaction of their INVITE is made again: the library sends our 200 until its ACK comes, and
 * answers what is sent to us again, as if nothing had been. */
static const char *answer_again(struct leg *leg)
{
    const struct sip_dialog *f = &sip_leg_words(leg)->facts;
    msg_t *msg =
        f->invite[0] ? msg_make(leg->edge->strict, 0, f->invite, (ssize_t)strlen(f->invite)) : NULL;

    if (!msg || !leg->sdp) {
        msg_destroy(msg);
        return "its answer was not acknowledged, and is not known any more";
    }
    leg->invite =
        nta_incoming_create(leg->edge->agent, leg->dialog, msg, sip_object(msg),
                            NTATAG_TPORT(edge_transport(leg->edge, leg->listener)), TAG_END());
    if (!leg->invite)
        return "its answer could not be sent again";
    nta_incoming_bind(leg->invite, in_acked, leg);
    leg->edge->unacknowledged++;
    in_send_answer(leg, leg->sdp);
    return NULL;
}

static int on_cancelled(struct leg *leg, nta_outgoing_t *request, const sip_t *sip)
{
    (void)leg;
    (void)request;
    (void)sip;
    return 0; /* what counts is what becomes of the INVITE: restore_answered() */
}

static const char *some(const char *text)
{
    return text[0] ? text : NULL;
}

/* Where the INVITE went, and with the same Via and Route (RFC 3261 9.1). */
static nta_outgoing_t *same_way(struct leg *leg, sip_method_t method, const char *name,
                                const sip_to_t *to)
{
    const struct sip_dialog *f = &sip_leg_words(leg)->facts;
    const struct sip_register *account = aim_account(leg->edge, leg->account);
    su_home_t home[1] = { SU_HOME_INIT(home) };
    nta_outgoing_t *sent;

    su_home_init(home);
    sent = nta_outgoing_tcreate(
        leg->dialog, method == sip_method_ack ? NULL : on_cancelled, leg,
        (url_string_t const *)some(f->way), method, name, URL_STRING_MAKE(f->request_uri),
        NTATAG_BRANCH_KEY(f->branch), NTATAG_ACK_BRANCH(f->branch),
        SIPTAG_CSEQ(sip_cseq_create(home, f->invite_cseq, (unsigned)method, name)),
        TAG_IF(to, SIPTAG_TO(to)),
        SIPTAG_ROUTE_STR(account ? some(register_routes(leg->edge, account)) : NULL),
        TPTAG_IDENT(leg->edge->listeners[leg->listener].ident), TAG_END());
    su_home_deinit(home);
    return sent;
}

static void cancel(struct leg *leg)
{
    leg->silent = leg->cancelled = true;
    leg->state = LEG_LEAVING;
    leg->forget_at = clock_now() + (msec)3 * LINGER_MSEC; /* when nobody answers any more */
    timer_set(leg);
    if (sip_leg_words(leg)->facts.branch[0])
        leg->request = same_way(leg, SIP_METHOD_CANCEL, NULL);
}

/* ---- all of them ---- */

static void report_lost(struct sip *s, leg_id id, const char *why)
{
    struct sip_event *ev = report_begin_edge(s, SIP_GONE);

    log_warning("sip", "leg %llu cannot be taken up: %s", (unsigned long long)id, why);
    atomic_fetch_add_explicit(&s->counters.restored_lost, 1, memory_order_relaxed);
    ev->leg = id;
    text_copy(ev->reason, sizeof ev->reason, why);
    report_edge(s);
}

static const char *begin(struct leg *leg, enum sip_restored_state state, size_t n)
{
    const char *why = NULL;

    sip_leg_name(leg);
    sip_leg_count(leg);
    switch (state) {
    case SIP_RESTORED_UP:
        take_up(leg, n);
        break;
    case SIP_RESTORED_ANSWERED:
        why = answer_again(leg);
        break;
    case SIP_RESTORED_CALLING:
        cancel(leg);
        break;
    }
    return why;
}

static void restore(struct sip *s, const struct sip_restored *r, size_t n)
{
    enum leg_state state = r->state == SIP_RESTORED_ANSWERED ? LEG_ANSWERED : LEG_UP;
    const char *why = NULL;
    unsigned listener = 0;
    struct leg *leg;

    if (!find_listener(s, &r->dialog, &listener)) {
        report_lost(s, r->leg, "there is no listener any more that reaches its far end");
        return;
    }
    leg = sip_leg_add(s, r->leg, state);
    if (!leg) { /* its number is taken: it has been taken up already */
        log_error("sip", "leg %llu cannot be taken up: no memory, or its number is taken",
                  (unsigned long long)r->leg);
        return;
    }
    leg->listener = listener;
    take_facts(leg, &r->dialog);
    if (make_dialog(leg, &r->dialog))
        why = begin(leg, r->state, n);
    else
        why = "its dialog cannot be made again";
    if (!why) {
        atomic_fetch_add_explicit(&s->counters.restored, 1, memory_order_relaxed);
        return;
    }
    report_lost(s, r->leg, why);
    leg->silent = true;
    if (leg->dialog)
        dialog_bye(leg, 500, why);
    else
        sip_leg_end(leg);
}

void restore_legs(struct sip *s)
{
    struct sip_config *c = &s->setup->config;

    for (size_t i = 0; i < c->restored_count; i++)
        restore(s, &c->restored[i], i);
    c->restored = NULL; /* whose they are frees them when we have started */
    c->restored_count = 0;
}

/* ---- late answers to what was cancelled ---- */

static bool acknowledge(struct leg *leg)
{
    const struct sip_dialog *f = &sip_leg_words(leg)->facts;
    su_home_t home[1] = { SU_HOME_INIT(home) };
    nta_outgoing_t *ack;

    su_home_init(home);
    ack = nta_outgoing_tcreate(leg->dialog, NULL, NULL, NULL, SIP_METHOD_ACK, NULL,
                               SIPTAG_CSEQ(sip_cseq_create(home, f->invite_cseq, SIP_METHOD_ACK)),
                               NTATAG_ACK_BRANCH(f->branch),
                               TPTAG_IDENT(leg->edge->listeners[leg->listener].ident), TAG_END());
    su_home_deinit(home);
    nta_outgoing_destroy(ack);
    return ack != NULL;
}

bool restore_answered(struct sip *s, const sip_t *sip)
{
    struct leg *leg;
    int status = sip->sip_status->st_status;

    if (!sip->sip_cseq || sip->sip_cseq->cs_method != sip_method_invite || !sip->sip_call_id ||
        !sip->sip_from || !sip->sip_to)
        return false;
    leg = sip_leg_by_dialog(s, sip->sip_call_id->i_id, sip->sip_from->a_tag, NULL);
    if (!leg || !leg->cancelled || status < 200)
        return leg && leg->cancelled;
    if (status >= 300) {
        nta_outgoing_destroy(same_way(leg, SIP_METHOD_ACK, sip->sip_to));
        if (!leg->bye && leg->state == LEG_LEAVING)
            sip_leg_end(leg);
        return true;
    }
    if (!leg->bye && leg->state == LEG_LEAVING && sip->sip_to->a_tag) { /* the first of its 200s */
        nta_leg_rtag(leg->dialog, sip->sip_to->a_tag);
        nta_leg_client_route(leg->dialog, sip->sip_record_route, sip->sip_contact);
        sip_leg_refresh_facts(leg);
        if (acknowledge(leg))
            dialog_bye(leg, 487, "the server was started again");
    } else {
        (void)acknowledge(leg); /* again: ours was lost */
    }
    return true;
}

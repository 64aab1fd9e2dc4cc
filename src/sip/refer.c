/* REFER (RFC 3515) and the subscription that each begins: NOTIFY 100 at once, a last one with what
 * came of it. Within a dialog it shares that (several are told apart by Event: refer;id=CSeq);
 * outside of any it has one of its own. What a REFER means is the loop's to say. */
#include "sip/auth.h"
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sys/clock.h"
#include "sys/log.h"

#define REFERS_MAX 1024
#define REFERS_OF_A_LEG 8
#define NOTIFIES_MAX 4

struct subscription {
    struct subscription *next;
    struct sip *edge;
    uint32_t number;     /* for the loop */
    uint32_t cseq;       /* of the REFER: the id of Event */
    leg_id leg;          /* whose dialog it shares; 0: it has its own */
    nta_leg_t *dialog;   /* its own */
    nta_incoming_t *irq; /* the REFER, until it is answered */
    nta_outgoing_t *notify[NOTIFIES_MAX];
    bool has_id;    /* another REFER came in this dialog before */
    bool unwatched; /* Refer-Sub: false (RFC 4488) */
    bool over;      /* nothing more is sent */
    char source[ADDRESS_SIZE];
    unsigned listener;
    su_timer_t *timer;
    msec expires_at;
};

/* ---- the table: a list, as there are few at a time ---- */

static struct subscription *find(struct sip *s, uint32_t number)
{
    struct subscription *sub = s->refers;

    while (sub && sub->number != number)
        sub = sub->next;
    return sub;
}

static unsigned count_of_leg(const struct sip *s, leg_id leg)
{
    unsigned n = 0;

    for (const struct subscription *sub = s->refers; sub; sub = sub->next)
        n += sub->leg == leg;
    return n;
}

static void destroy(struct subscription *sub)
{
    struct subscription **at = &sub->edge->refers;

    while (*at != sub)
        at = &(*at)->next;
    *at = sub->next;
    sub->edge->refer_count--;
    nta_incoming_destroy(sub->irq);
    for (unsigned i = 0; i < NOTIFIES_MAX; i++)
        nta_outgoing_destroy(sub->notify[i]);
    if (sub->dialog)
        nta_leg_destroy(sub->dialog);
    if (sub->timer)
        su_timer_destroy(sub->timer);
    free(sub);
}

void refer_forget_leg(struct sip *s, leg_id leg)
{
    struct subscription *next;

    for (struct subscription *sub = s->refers; sub; sub = next) {
        next = sub->next;
        if (sub->leg == leg)
            destroy(sub);
    }
}

void refer_forget_all(struct sip *s)
{
    while (s->refers)
        destroy(s->refers);
}

/* Over, once what was sent last is answered. */
static void destroy_when_idle(struct subscription *sub)
{
    for (unsigned i = 0; i < NOTIFIES_MAX; i++)
        if (sub->notify[i])
            return;
    if (sub->over)
        destroy(sub);
}

/* ---- NOTIFY ---- */

/* Who does not know the subscription, or no NOTIFY at all, wants no more of them (RFC 6665 4.2.2).
 */
static int on_notified(struct leg *magic, nta_outgoing_t *request, const sip_t *sip)
{
    struct subscription *sub = (void *)magic;
    int status = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(request);

    if (status < 200)
        return 0;
    for (unsigned i = 0; i < NOTIFIES_MAX; i++)
        if (sub->notify[i] == request)
            sub->notify[i] = NULL;
    nta_outgoing_destroy(request);
    sub->over = sub->over || (status >= 300 && status != 491 && status != 500);
    destroy_when_idle(sub);
    return 0;
}

static nta_outgoing_t **free_place(struct subscription *sub)
{
    for (unsigned i = 0; i < NOTIFIES_MAX; i++)
        if (!sub->notify[i])
            return &sub->notify[i];
    return NULL;
}

/* message/sipfrag (RFC 3420): the status line, and behind it what a program may want to know. */
static void fragment(char *to, size_t size, const struct subscription *sub, uint16_t code,
                     const char *orbit)
{
    const char *phrase = sip_status_phrase(code);

    text_format(to, size, "SIP/2.0 %u %s\r\n", code, phrase ? phrase : "Unknown");
    if (orbit && orbit[0])
        text_append(to, size, "Contact: <sip:%s%s@%s>\r\nX-Callpark-Orbit: %s\r\n",
                    orbit[0] == '#' ? "%23" : "", orbit[0] == '#' ? orbit + 1 : orbit,
                    aim_domain(sub->edge, sub->listener), orbit);
}

static void notify(struct subscription *sub, uint16_t code, const char *orbit, const char *state)
{
    struct sip *s = sub->edge;
    struct leg *leg = sip_leg_find(s, sub->leg);
    nta_leg_t *dialog = leg ? leg->dialog : sub->dialog;
    nta_outgoing_t **place = free_place(sub);
    char body[600], event[40] = "refer", contact[URI_SIZE + 8], uri[URI_SIZE];

    if (sub->unwatched || sub->over || !dialog || !place)
        return;
    fragment(body, sizeof body, sub, code, orbit);
    if (sub->has_id)
        text_append(event, sizeof event, ";id=%u", sub->cseq);
    out_contact(s, sub->listener, NULL, uri);
    text_format(contact, sizeof contact, "<%s>",
                leg ? sip_leg_words(leg)->facts.local_contact : uri);
    *place = nta_outgoing_tcreate(
        dialog, on_notified, (void *)sub, NULL, SIP_METHOD_NOTIFY, NULL,
        SIPTAG_CONTACT_STR(contact), SIPTAG_EVENT_STR(event), SIPTAG_SUBSCRIPTION_STATE_STR(state),
        SIPTAG_CONTENT_TYPE_STR("message/sipfrag;version=2.0"), SIPTAG_PAYLOAD_STR(body),
        NTATAG_TPORT(leg ? sip_leg_connection(leg) : NULL),
        TPTAG_IDENT(s->listeners[sub->listener].ident), TAG_END());
}

static void end(struct subscription *sub, uint16_t code, const char *orbit, const char *reason)
{
    char state[64];

    text_format(state, sizeof state, "terminated;reason=%s", reason);
    notify(sub, code, orbit, state);
    sub->over = true;
    destroy_when_idle(sub);
}

static void on_expired(struct sip *s, su_timer_t *timer, void *magic)
{
    struct subscription *sub = magic;

    (void)s;
    (void)timer;
    if (sub->over || sub->irq) /* nobody answered the last NOTIFY, or the loop not the REFER */
        destroy(sub);
    else
        end(sub, 100, NULL, "timeout");
}

static bool start_timer(struct subscription *sub)
{
    sub->expires_at = clock_now() + (msec)REFER_EXPIRES * 1000;
    if (!sub->timer)
        sub->timer = su_timer_create(su_root_task(sub->edge->root), 0);
    return sub->timer && su_timer_set_interval(sub->timer, on_expired, sub,
                                               (su_duration_t)REFER_EXPIRES * 1000) == 0;
}

static unsigned seconds_left(const struct subscription *sub)
{
    msec now = clock_now();

    return sub->expires_at > now ? (unsigned)((sub->expires_at - now) / 1000) : 0;
}

/* ---- SUBSCRIBE of what a REFER began: refresh or end it (RFC 3515 2.4.4) ---- */

static void refuse(nta_incoming_t *irq, int code, const char *phrase)
{
    nta_incoming_treply(irq, code, phrase, SIPTAG_ALLOW_STR(code == 405 ? in_allow : NULL),
                        SIPTAG_RETRY_AFTER_STR(code == 503 ? "5" : NULL), TAG_END());
    nta_incoming_destroy(irq);
}

static struct subscription *subscribed(struct sip *s, leg_id leg, nta_leg_t *dialog,
                                       const sip_t *sip)
{
    const sip_event_t *event = sip->sip_event;
    uint64_t id = 0;

    if (!event || !text_is_nocase(event->o_type, "refer"))
        return NULL;
    if (event->o_id && !text_number(event->o_id, 0, UINT32_MAX, &id))
        return NULL;
    for (struct subscription *sub = s->refers; sub; sub = sub->next)
        if (!sub->over && !sub->irq && sub->leg == leg && sub->dialog == dialog &&
            (sub->has_id || event->o_id ? sub->cseq == id : true))
            return sub;
    return NULL;
}

static void resubscribe(struct subscription *sub, nta_incoming_t *irq, const sip_t *sip)
{
    bool ends = sip->sip_expires && sip->sip_expires->ex_delta == 0;
    char expires[16], state[40], contact[URI_SIZE + 8], uri[URI_SIZE];

    (void)start_timer(sub); /* the one that runs goes on otherwise */
    text_format(expires, sizeof expires, "%u", ends ? 0 : REFER_EXPIRES);
    out_contact(sub->edge, sub->listener, NULL, uri);
    text_format(contact, sizeof contact, "<%s>", uri);
    nta_incoming_treply(irq, SIP_200_OK, SIPTAG_EXPIRES_STR(expires), SIPTAG_CONTACT_STR(contact),
                        TAG_END());
    nta_incoming_destroy(irq);
    text_format(state, sizeof state, "active;expires=%u", REFER_EXPIRES);
    if (ends)
        end(sub, 100, NULL, "timeout");
    else
        notify(sub, 100, NULL, state);
}

static void take_subscribe(struct sip *s, leg_id leg, nta_leg_t *dialog, nta_incoming_t *irq,
                           const sip_t *sip)
{
    struct subscription *sub = subscribed(s, leg, dialog, sip);

    if (sub)
        resubscribe(sub, irq, sip);
    else
        refuse(irq, sip->sip_event ? 481 : 489, NULL);
}

bool refer_subscribe(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    if (!sip->sip_event || !text_is_nocase(sip->sip_event->o_type, "refer"))
        return false;
    take_subscribe(leg->edge, leg->id, NULL, irq, sip);
    return true;
}

/* A request in the dialog that a REFER made. */
static int on_request(nta_leg_magic_t *magic, nta_leg_t *dialog, nta_incoming_t *irq,
                      const sip_t *sip)
{
    struct subscription *sub = magic;
    struct address source;

    if (sip->sip_request->rq_method == sip_method_ack)
        return 200;
    in_source(irq, &source);
    if (!text_is(source.host, sub->source) && !in_trusted(sub->edge, source.host))
        refuse(irq, SIP_403_FORBIDDEN);
    else if (sip->sip_request->rq_method == sip_method_subscribe)
        take_subscribe(sub->edge, 0, dialog, irq, sip);
    else
        refuse(irq, SIP_405_METHOD_NOT_ALLOWED);
    return 0;
}

/* ---- the REFER ---- */

static bool make_dialog(struct subscription *sub, nta_incoming_t *irq, const sip_t *sip)
{
    struct sip *s = sub->edge;
    su_home_t home[1] = { SU_HOME_INIT(home) };
    sip_to_t *us;
    const char *tag;

    su_home_init(home);
    us = sip_to_dup(home, sip->sip_to);
    tag = nta_incoming_tag(irq, NULL);
    if (us && tag && sip_to_tag(home, us, tag) == 0)
        sub->dialog = nta_leg_tcreate(s->agent, on_request, sub, SIPTAG_CALL_ID(sip->sip_call_id),
                                      SIPTAG_FROM(us), SIPTAG_TO(sip->sip_from),
                                      NTATAG_REMOTE_CSEQ(sip->sip_cseq->cs_seq), TAG_END());
    su_home_deinit(home);
    return sub->dialog &&
           nta_leg_server_route(sub->dialog, sip->sip_record_route, sip->sip_contact) >= 0;
}

static void note_listener(struct subscription *sub, nta_incoming_t *irq)
{
    struct sip *s = sub->edge;
    tport_t *tp = nta_incoming_transport(s->agent, irq, NULL);
    const char *ident = tp ? tport_ident(tp) : NULL;

    for (unsigned i = 0; i < s->listener_count; i++)
        if (text_is(s->listeners[i].ident, ident))
            sub->listener = i;
    tport_unref(tp);
}

static struct subscription *new_subscription(struct sip *s, const struct leg *leg,
                                             nta_incoming_t *irq, const sip_t *sip)
{
    const sip_refer_sub_t *wish = sip_refer_sub(sip);
    struct subscription *sub =
        s->refer_count < REFERS_MAX && (!leg || count_of_leg(s, leg->id) < REFERS_OF_A_LEG)
            ? calloc(1, sizeof *sub)
            : NULL;

    if (!sub)
        return NULL;
    sub->edge = s;
    sub->number = ++s->last_refer ? s->last_refer : ++s->last_refer;
    sub->cseq = sip->sip_cseq->cs_seq;
    sub->leg = leg ? leg->id : 0;
    sub->unwatched = wish && text_is_nocase(wish->rs_value, "false");
    sub->next = s->refers;
    s->refers = sub;
    s->refer_count++;
    if (leg)
        sub->listener = leg->listener;
    else
        note_listener(sub, irq);
    if (start_timer(sub) && (leg || make_dialog(sub, irq, sip)))
        return sub;
    destroy(sub);
    return NULL;
}

/* A leg of which nobody heard that it is up, or that is on its way out, is not referred. */
static int judge(const struct leg *leg, const sip_t *sip, const char **phrase)
{
    *phrase = NULL;
    if (leg)
        return leg->state == LEG_UP && !leg->silent ? 0 : 481;
    if (!sip->sip_contact || sip->sip_contact->m_url->url_type == url_any)
        return *phrase = "REFER without a Contact", 400;
    if (!sip->sip_from->a_tag)
        return *phrase = "From without a tag", 400;
    return 0;
}

static void report(struct sip *s, struct subscription *sub, const struct refer *refer)
{
    struct sip_event *ev = report_begin_edge(s, SIP_REFERRED);

    ev->leg = sub->leg;
    ev->refer = *refer;
    ev->refer.number = sub->number;
    if (s->held_first || !s->report(s->to, ev)) {
        refuse(sub->irq, SIP_503_SERVICE_UNAVAILABLE);
        sub->irq = NULL;
        destroy(sub);
    }
}

void refer_take(struct sip *s, struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
    const char *phrase = NULL;
    struct subscription *sub;
    struct refer refer;
    struct asker asker;
    int code;

    /* Whom we called outside may hang up, but not send us where he likes. */
    if (!auth_admit(s, irq, sip, SIP_MAY_CONTROL, &asker))
        return;
    code = judge(leg, sip, &phrase);
    if (!code)
        code = refer_read(&refer, s, leg, sip, asker.source, &phrase);
    if (code) {
        refuse(irq, code, phrase ? phrase : sip_status_phrase(code));
        return;
    }
    sub = new_subscription(s, leg, irq, sip);
    if (!sub) {
        refuse(irq, SIP_503_SERVICE_UNAVAILABLE);
        return;
    }
    text_copy(sub->source, sizeof sub->source, asker.source);
    if (leg)
        sub->has_id = leg->refers++ > 0;
    sub->irq = irq;
    report(s, sub, &refer);
}

/* ---- what the loop says ---- */

static void send_answer(struct subscription *sub, uint16_t code, const char *orbit, const char *why)
{
    struct sip *s = sub->edge;
    struct leg *leg = sip_leg_find(s, sub->leg);
    char contact[URI_SIZE + 8], uri[URI_SIZE], told[64], warning[WARNING_SIZE];

    out_contact(s, sub->listener, !leg && orbit[0] && orbit[0] != '#' ? orbit : NULL, uri);
    text_format(contact, sizeof contact, "<%s>",
                leg ? sip_leg_words(leg)->facts.local_contact : uri);
    text_format(told, sizeof told, "X-Callpark-Orbit: %s", orbit);
    in_warning(warning, s, sub->listener, 399, why);
    nta_incoming_treply(sub->irq, code, NULL, SIPTAG_CONTACT_STR(code < 300 ? contact : NULL),
                        SIPTAG_HEADER_STR(orbit[0] ? told : NULL),
                        SIPTAG_HEADER_STR(sub->unwatched && code < 300 ? "Refer-Sub: false" : NULL),
                        SIPTAG_WARNING_STR(code >= 300 && warning[0] ? warning : NULL),
                        SIPTAG_ALLOW_STR(code == 405 ? in_allow : NULL), TAG_END());
    nta_incoming_destroy(sub->irq);
    sub->irq = NULL;
}

void refer_answer(struct sip *s, uint32_t number, uint16_t code, const char *orbit, const char *why)
{
    struct subscription *sub = find(s, number);
    char state[40];

    if (!sub || !sub->irq)
        return;
    send_answer(sub, code, orbit, why);
    if (code >= 300) {
        destroy(sub);
        return;
    }
    text_format(state, sizeof state, "active;expires=%u", seconds_left(sub));
    notify(sub, 100, NULL, state);
}

void refer_progress(struct sip *s, uint32_t number, uint16_t code, const char *orbit)
{
    struct subscription *sub = find(s, number);
    char state[40];

    if (!sub || sub->irq || sub->over)
        return;
    text_format(state, sizeof state, "active;expires=%u", seconds_left(sub));
    if (code >= 200)
        end(sub, code, orbit, "noresource");
    else
        notify(sub, code, orbit, state);
}

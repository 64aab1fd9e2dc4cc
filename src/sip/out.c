/* Calls that we start: whom they go to, what their INVITE says, and what becomes of each answer,
 * late and forked ones included (RFC 3261 9.1, 13.2.2.4). */
#include "sip/edge.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/decide.h"
#include "sys/clock.h"
#include "sys/log.h"

/* 100rel is not in it: nothing before the 200 is of use to us, so nobody need send it reliably. */
static const char supported[] = "replaces, timer, norefersub, tdialog";

/* ---- our name in other people's messages ---- */

void out_contact(const struct sip *s, unsigned listener, const char *user, char to[URI_SIZE])
{
    const struct listener *l = &s->listeners[listener];

    text_format(to, URI_SIZE, "sip:%s%s%s:%u", user ? user : "", user ? "@" : "", l->host,
                l->bound.port);
    if (!text_is(l->transport, "udp"))
        text_append(to, URI_SIZE, ";transport=%s", l->transport);
}

/* Whoever sees one of these again in an INVITE sees his own ring back come round. */
void out_nonce(const struct sip *s, leg_id id, char to[64])
{
    su_md5_t md5[1];
    char text[64], digest[SU_MD5_DIGEST_SIZE * 2 + 1];

    text_format(text, sizeof text, "%s:%llu", s->secret, (unsigned long long)id);
    su_md5_init(md5);
    su_md5_strupdate(md5, text);
    su_md5_hexdigest(md5, digest);
    su_md5_deinit(md5);
    text_format(to, 64, "%llx-%s", (unsigned long long)id, digest);
}

/* `value` is that of X-Callpark-Recall: "n=1;nonce=...". */
bool out_is_nonce(const struct sip *s, const char *value)
{
    const char *nonce = strstr(value, "nonce=");
    char ours[64];
    leg_id id;

    if (!nonce)
        return false;
    nonce += strlen("nonce=");
    id = strtoull(nonce, NULL, 16);
    out_nonce(s, id, ours);
    return text_starts(nonce, ours);
}

/* ---- whom to call ---- */

struct target {
    char uri[URI_SIZE]; /* becomes the request URI */
    const char *route;  /* next hop, NULL: the URI itself says */
    unsigned listener;
};

static bool is_numeric(const char *host)
{
    struct ip ip;

    return host[0] == '[' || ip_read(host, &ip);
}

static bool is_loopback(const char *host)
{
    static const char *const loopback[] = { "127.0.0.0/8", "::1" };
    struct network n;

    for (size_t i = 0; i < 2; i++)
        if (network_read(loopback[i], &n) && network_holds_text(&n, host))
            return true;
    return false;
}

/* Our domain without a port, or one of our listeners: a port of somebody else makes it somebody
 * else's, whatever the host. */
static bool is_us(const struct sip *s, const url_t *url)
{
    const struct sip_config *c = &s->setup->config;
    bool named =
        c->domain[0] && !is_numeric(url->url_host) && text_is_nocase(url->url_host, c->domain);
    uint64_t port = 5060;

    if (url->url_port && !text_number(url->url_port, 1, 65535, &port))
        return false;
    if (named && !url->url_port)
        return true;
    for (unsigned i = 0; i < s->listener_count; i++) {
        const struct listener *l = &s->listeners[i];

        if (port == l->bound.port && (named || text_is_nocase(url->url_host, l->host)))
            return true;
    }
    return false;
}

/* The listener to call from: the transport of the URI, and loopback with loopback, IPv6 with IPv6.
 */
static unsigned choose_listener(const struct sip *s, const url_t *url)
{
    char transport[16] = "udp";
    unsigned best = 0;
    int best_score = -1;
    bool v6 = url->url_host && url->url_host[0] == '[';

    if (url->url_params)
        (void)url_param(url->url_params, "transport", transport, sizeof transport);
    for (unsigned i = 0; i < s->listener_count; i++) {
        const struct listener *l = &s->listeners[i];
        int score = text_is_nocase(l->transport, transport) ? 4 : 0;

        score += (strchr(l->bound.host, ':') != NULL) == v6 ? 2 : 0;
        score += url->url_host && is_loopback(l->bound.host) == is_loopback(url->url_host);
        if (score > best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

static bool print_url(char to[URI_SIZE], const url_t *url)
{
    url_t bare = *url;

    bare.url_headers =
        NULL; /* "?Replaces=..." of a stranger's URI must not become a header of ours */
    headers_uri(to, URI_SIZE, &bare);
    return to[0] != '\0';
}

/* A number, or a user at a mere address, is sent to the next hop under its own name. */
static bool aim_at_outbound(struct target *t, su_home_t *home, url_t *url, const char *outbound)
{
    url_t *hop = url_hdup(home, URL_STRING_MAKE(outbound)->us_url);

    if (!hop || !hop->url_host)
        return false;
    if (url->url_type == url_tel || (url->url_host && is_numeric(url->url_host))) {
        url->url_params = url->url_type == url_tel ? "user=phone" : NULL;
        url->url_type = url_sip;
        url->url_scheme = "sip";
        url->url_host = hop->url_host;
        url->url_port = hop->url_port;
    }
    t->route = outbound;
    return print_url(t->uri, url);
}

static url_t *read_url(su_home_t *home, const char *text)
{
    return text[0] ? url_hdup(home, URL_STRING_MAKE(text)->us_url) : NULL;
}

static bool is_callable(const url_t *url)
{
    return url &&
           (url->url_type == url_sip || url->url_type == url_sips || url->url_type == url_tel);
}

static bool aim_at_contact(const struct sip *s, struct target *t, su_home_t *home,
                           const char *contact)
{
    url_t *url = read_url(home, contact);

    if (!url || !url->url_host || is_us(s, url))
        return false;
    return print_url(t->uri, url);
}

static bool aim(const struct sip *s, struct target *t, const struct sip_call *call)
{
    const char *outbound = s->setup->config.outbound;
    su_home_t home[1] = { SU_HOME_INIT(home) };
    url_t *url, *hop;
    bool found;

    memset(t, 0, sizeof *t);
    su_home_init(home);
    url = read_url(home, call->uri);
    if (is_callable(url) && outbound[0] && !(url->url_host && is_loopback(url->url_host)))
        found = aim_at_outbound(t, home, url, outbound);
    else if (is_callable(url) && url->url_type != url_tel && !is_us(s, url))
        found = print_url(t->uri, url);
    else
        found = aim_at_contact(s, t, home, call->contact);
    hop = found ? read_url(home, t->route ? t->route : t->uri) : NULL;
    if (hop)
        t->listener = choose_listener(s, hop);
    su_home_deinit(home);
    return found;
}

/* ---- the INVITE ---- */

static int on_response(struct leg *leg, nta_outgoing_t *request, const sip_t *sip);

static const char *our_domain(const struct sip *s, const struct leg *leg)
{
    const struct sip_config *c = &s->setup->config;

    return c->domain[0] ? c->domain : s->listeners[leg->listener].host;
}

static bool make_dialog(struct leg *leg, const struct sip_call *call, const char *uri)
{
    struct sip *s = leg->edge;
    struct sip_dialog *f = &leg->facts;
    char from[URI_SIZE + DISPLAY_SIZE * 2 + 96], to[URI_SIZE + 8];
    su_home_t home[1] = { SU_HOME_INIT(home) };
    sip_call_id_t *name;
    const char *tag;

    su_home_init(home);
    tag = nta_agent_newtag(home, NULL, s->agent);
    name = sip_call_id_create(home, NULL);
    text_format(f->local_uri, sizeof f->local_uri, "sip:%s@%s", call->from_user,
                our_domain(s, leg));
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
    char alert[URI_SIZE + 32], orbit[64], again[128], contact[URI_SIZE + 8], expires[16];
};

static void fill_extras(struct extras *x, struct leg *leg, const struct sip_call *call)
{
    char caller[URI_SIZE + DISPLAY_SIZE * 2], nonce[64];

    memset(x, 0, sizeof *x);
    text_format(x->contact, sizeof x->contact, "<%s>", leg->facts.local_contact);
    headers_name_addr(caller, sizeof caller, call->caller.display, call->caller.uri);
    if (caller[0])
        text_format(x->asserted, sizeof x->asserted, "P-Asserted-Identity: %s", caller);
    if (call->orbit[0])
        text_format(x->orbit, sizeof x->orbit, "X-Callpark-Orbit: %s", call->orbit);
    out_nonce(leg->edge, leg->id, nonce);
    text_format(x->again, sizeof x->again, "X-Callpark-Recall: n=%u;nonce=%s", call->attempt,
                nonce);
    if (call->is_ring_back && call->alert_info[0] && !call->plain &&
        text_is_plain(call->alert_info))
        text_format(x->alert, sizeof x->alert,
                    call->alert_info[0] == '<' ? "Alert-Info: %s" : "Alert-Info: <%s>",
                    call->alert_info);
    if (leg->facts.session_expires && !call->plain)
        text_format(x->expires, sizeof x->expires, "%u", leg->facts.session_expires);
}

static const char *some(const char *text)
{
    return text[0] ? text : NULL;
}

static bool send_invite(struct leg *leg, const struct target *t)
{
    const struct sip_call *call = leg->call;
    const char *agent = leg->edge->setup->config.user_agent;
    const char *body = dialog_body(leg, NULL, NULL, &call->local, call->plain);
    struct extras x;

    fill_extras(&x, leg, call);
    if (body)
        leg->request = nta_outgoing_tcreate(
            leg->dialog, on_response, leg, (url_string_t const *)t->route, SIP_METHOD_INVITE,
            URL_STRING_MAKE(t->uri), TPTAG_IDENT(leg->edge->listeners[t->listener].ident),
            SIPTAG_CONTACT_STR(x.contact), SIPTAG_ALLOW_STR(in_allow),
            SIPTAG_SUPPORTED_STR(call->plain ? NULL : supported),
            SIPTAG_SESSION_EXPIRES_STR(some(x.expires)), SIPTAG_HEADER_STR(some(x.asserted)),
            SIPTAG_PRIVACY_STR(call->caller.hidden ? "id" : NULL), SIPTAG_HEADER_STR(some(x.orbit)),
            SIPTAG_HEADER_STR(x.again), SIPTAG_HEADER_STR(some(x.alert)),
            SIPTAG_USER_AGENT_STR(some(agent)), SIPTAG_CONTENT_TYPE_STR("application/sdp"),
            SIPTAG_PAYLOAD_STR(body), TAG_END());
    if (leg->request)
        leg->facts.invite_cseq = nta_outgoing_cseq(leg->request);
    return leg->request != NULL;
}

static void fail(struct leg *leg, uint16_t code, const char *why)
{
    struct sip_event *ev = report_begin(leg, SIP_FAILED);

    ev->code = code;
    text_copy(ev->reason, sizeof ev->reason, why);
    report_send(leg);
    leg->silent = true;
    sip_leg_end(leg);
}

void out_call(struct sip *s, const struct sip_call *call)
{
    struct leg *leg = sip_leg_add(s, call->leg, LEG_CALLING);
    struct target t;

    if (!leg) {
        log_error("sip", "a call cannot be started: no memory, or its leg number is taken");
        return;
    }
    leg->facts.we_called = true;
    leg->prefer = call->prefer;
    leg->call = malloc(sizeof *call);
    if (leg->call)
        *leg->call = *call;
    if (!leg->call || sip_leg_admit(leg) != ROOM) {
        fail(leg, 503, "too many calls");
        return;
    }
    if (!aim(s, &t, call)) {
        fail(leg, 404, "this address leads nowhere but to ourselves");
        return;
    }
    leg->listener = t.listener;
    leg->facts.local = s->listeners[t.listener].bound;
    text_copy(leg->facts.transport, sizeof leg->facts.transport,
              s->listeners[t.listener].transport);
    out_contact(s, t.listener, call->from_user[0] ? call->from_user : NULL,
                leg->facts.local_contact);
    leg->facts.session_expires = s->setup->config.session_expires;
    if (!make_dialog(leg, call, t.uri) || !send_invite(leg, &t))
        fail(leg, 503, "the call could not be sent");
}

/* ---- answers ---- */

static bool acknowledge(struct leg *leg)
{
    su_home_t home[1] = { SU_HOME_INIT(home) };
    sip_cseq_t *cseq;
    nta_outgoing_t *ack = NULL;

    su_home_init(home);
    cseq = sip_cseq_create(home, leg->facts.invite_cseq, SIP_METHOD_ACK);
    if (cseq)
        ack = nta_outgoing_tcreate(
            leg->dialog, NULL, NULL, NULL, SIP_METHOD_ACK, NULL, SIPTAG_CSEQ(cseq),
            NTATAG_ACK_BRANCH(nta_outgoing_branch(leg->request)),
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

    in_sender(msg, &leg->facts.remote);
    msg_destroy(msg);
    sip_leg_refresh_facts(leg);
}

static void report_answered(struct leg *leg, const sip_t *sip)
{
    struct sip_event *ev = report_begin(leg, SIP_ANSWERED);
    const char *sdp;
    size_t length;
    uint16_t unknown;

    ev->code = 200;
    if (headers_sdp(sip, &sdp, &length, &unknown))
        (void)sdp_take(sdp, length, &ev->offer);
    leg->media = ev->offer.rtp;
    headers_party(&leg->party, sip);
    ev->party = leg->party;
    ev->dialog = leg->facts;
    report_send(leg);
}

/* The first 200. The library itself ends the others: what its forks answer with another tag gets
 * ACK and BYE from it. */
static void take_answer(struct leg *leg, const sip_t *sip)
{
    nta_leg_rtag(leg->dialog, sip->sip_to->a_tag);
    nta_leg_client_route(leg->dialog, sip->sip_record_route, sip->sip_contact);
    leg->allows_update = headers_allow(sip, "UPDATE");
    if (!acknowledge(leg)) {
        fail(leg, 503, "the answer could not be acknowledged");
        return;
    }
    note_far_end(leg);
    nta_outgoing_destroy(leg->request);
    leg->request = NULL;
    free(leg->call);
    leg->call = NULL;
    leg->state = LEG_UP;
    leg->forget_at = NEVER;
    if (leg->silent) { /* it crossed our CANCEL */
        dialog_bye(leg, leg->farewell_code, leg->farewell);
        return;
    }
    timer_answered(leg, sip);
    report_answered(leg, sip);
}

/* RFC 4028 7.4: ask again, for no less than they want. */
static bool ask_again(struct leg *leg, const sip_t *sip)
{
    struct target t;
    uint32_t least = sip->sip_min_se ? (uint32_t)sip->sip_min_se->min_delta : 0;

    if (leg->silent || least <= leg->facts.session_expires || least > 86400)
        return false;
    nta_outgoing_destroy(leg->request);
    leg->request = NULL;
    leg->facts.session_expires = least;
    return aim(leg->edge, &t, leg->call) && send_invite(leg, &t);
}

static void take_refusal(struct leg *leg, int status, const sip_t *sip)
{
    struct sip_event *ev;

    if (status == 422 && sip && ask_again(leg, sip))
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
        struct sip_event *ev = report_begin(leg, SIP_RINGING);

        ev->code = (uint16_t)status;
        report_send(leg);
    } else if (status >= 200 && status < 300 && sip && sip->sip_to->a_tag) {
        take_answer(leg, sip);
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
        return; /* cancelled already */
    dialog_reason(reason, code, text);
    leg->farewell_code = code;
    text_copy(leg->farewell, sizeof leg->farewell, text);
    leg->forget_at = clock_now() + (msec)3 * LINGER_MSEC; /* if nobody ever answers that either */
    timer_set(leg);
    (void)nta_outgoing_tcancel(leg->request, NULL, NULL, SIPTAG_REASON_STR(some(reason)),
                               TAG_END());
}

/* Requests of the test phone, and the answers to them (RFC 3261 13.2, 15, 17.1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/phone_inside.h"
#include "sys/clock.h"

static struct sent *sent_new(struct phone *p, struct phone_call *c, const struct peer *to,
                             const char *method)
{
    struct phones *all = p->all;

    for (unsigned i = 0; i < SENT_MAX; i++) {
        struct sent *s = &all->sent[i];

        if (s->used)
            continue;
        *s = (struct sent){ .used = true, .phone = p, .call = c, .to = *to, .interval = T1 };
        s->next = clock_now() + T1;
        s->give_up = clock_now() + GIVE_UP;
        (void)text_copy(s->method, sizeof(s->method), method);
        (void)text_format(s->branch, sizeof(s->branch), "z9hG4bK%016llx",
                          (unsigned long long)phone_random(all));
        return s;
    }
    return NULL;
}

/* A request of a call, complete. */
static size_t write_request(const struct phone_call *c, char *to, size_t size, const char *method,
                            const char *branch, unsigned long cseq, const char *more,
                            const char *sdp)
{
    const char *here = strchr(c->phone->uri, '@') + 1;
    bool in_dialog = *c->remote_tag && strcmp(method, "CANCEL") != 0;

    (void)text_format(to, size,
                      "%s %s SIP/2.0\r\n"
                      "Via: SIP/2.0/UDP %s;branch=%s;rport\r\n"
                      "%s"
                      "Max-Forwards: 70\r\n"
                      "From: %s;tag=%s\r\n"
                      "To: %s%s%s\r\n"
                      "Call-ID: %s\r\n"
                      "CSeq: %lu %s\r\n"
                      "Contact: <%s>\r\n"
                      "User-Agent: callparkctl/" CALLPARK_VERSION "\r\n"
                      "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE\r\n"
                      "Supported: replaces\r\n"
                      "%s%s"
                      "Content-Length: %zu\r\n\r\n%s",
                      method, c->target, here, branch, in_dialog ? c->routes : "", c->local,
                      c->local_tag, c->remote, in_dialog ? ";tag=" : "",
                      in_dialog ? c->remote_tag : "", c->call_id, cseq, method, c->phone->uri, more,
                      *sdp ? "Content-Type: application/sdp\r\n" : "", strlen(sdp), sdp);
    return strlen(to);
}

struct sent *phone_request(struct phone_call *c, const char *method, unsigned long cseq,
                           const char *more, const char *sdp)
{
    struct sent *s = sent_new(c->phone, c, &c->peer, method);

    if (!s)
        return NULL;
    /* CANCEL belongs to the transaction that it ends. */
    if (strcmp(method, "CANCEL") == 0 && c->invite)
        memcpy(s->branch, c->invite->branch, sizeof(s->branch));
    s->length = write_request(c, s->text, sizeof(s->text), method, s->branch, cseq, more, sdp);
    phone_send(c->phone, &s->to, s->text, s->length);
    return s;
}

struct phone_call *phone_dial(struct phone *p, const struct phone_dial *d)
{
    struct phone_call *c = phone_call_new(p);
    const char *user = d->user ? d->user : p->user, *display = d->display ? d->display : p->display;
    char more[1024] = "", sdp[512];

    if (!c)
        return NULL;
    (void)text_format(c->local, sizeof(c->local), "\"%s\" <sip:%s@%s>", display, user,
                      strchr(p->uri, '@') + 1);
    (void)text_format(c->target, sizeof(c->target), "sip:%s@%s", d->target, p->all->server_text);
    (void)text_format(c->remote, sizeof(c->remote), "<%s>", c->target);
    (void)text_format(c->call_id, sizeof(c->call_id), "%016llx@callparkctl",
                      (unsigned long long)phone_random(p->all));
    if (d->referred_by)
        (void)text_append(more, sizeof(more), "Referred-By: <%s>\r\n", d->referred_by);
    if (d->replaces)
        (void)text_append(more, sizeof(more), "Require: replaces\r\nReplaces: %s\r\n", d->replaces);
    (void)text_append(more, sizeof(more), "P-Asserted-Identity: %s\r\n", c->local);
    phone_sdp(c, sdp, sizeof(sdp));
    c->cseq = c->invite_cseq = 1;
    c->invite = phone_request(c, "INVITE", 1, more, sdp);
    return c;
}

void phone_end(struct phone_call *c)
{
    if (c->facts.up) {
        c->facts.up = false;
        (void)phone_request(c, "BYE", ++c->cseq, "", "");
    }
}

void phone_hang_up(struct phone_call *c)
{
    if (c->facts.ended || c->wants_end)
        return;
    c->wants_end = true;
    if (c->facts.up)
        phone_end(c);
    else if (c->invite &&
             c->invite->provisional) /* before that, CANCEL may not be sent (RFC 3261 9.1) */
        (void)phone_request(c, "CANCEL", c->invite_cseq, "", "");
}

/* What the far end says of itself and of the orbit. */
static void learn(struct phone_call *c, const struct msg *m)
{
    const char *orbit = msg_header(m, "X-Callpark-Orbit", 0);
    const char *identity = msg_header(m, "P-Asserted-Identity", 0);

    if (orbit)
        (void)text_copy(c->facts.orbit, sizeof(c->facts.orbit), orbit);
    if (identity)
        (void)text_copy(c->facts.identity, sizeof(c->facts.identity), identity);
}

/* The route set of a caller: the Record-Route headers from the last to the first (RFC 3261 12.1.2).
 */
static void take_routes(struct phone_call *c, const struct msg *m)
{
    size_t n = 0;

    while (msg_header(m, "Record-Route", n))
        n++;
    c->routes[0] = '\0';
    while (n-- > 0)
        (void)text_append(c->routes, sizeof(c->routes), "Route: %s\r\n",
                          msg_header(m, "Record-Route", n));
}

static void send_ack(struct phone_call *c)
{
    char branch[48];
    size_t length;

    (void)text_format(branch, sizeof(branch), "z9hG4bK%016llx",
                      (unsigned long long)phone_random(c->phone->all));
    length = write_request(c, c->ack, sizeof(c->ack), "ACK", branch, c->invite_cseq, "", "");
    phone_send(c->phone, &c->peer, c->ack, length);
}

static void connected(struct phone_call *c, const struct msg *m)
{
    (void)msg_param(msg_header(m, "To", 0), "tag", c->remote_tag, sizeof(c->remote_tag));
    (void)msg_uri(msg_header(m, "Contact", 0), c->target, sizeof(c->target));
    take_routes(c, m);
    (void)msg_audio_of(m->body, &c->audio);
    send_ack(c);
    c->facts.up = true;
    c->speak_at = clock_now();
    if (c->wants_end) /* our CANCEL came too late */
        phone_end(c);
}

/* The ACK of a refusal belongs to the INVITE's transaction and repeats the To of the answer. */
static void ack_refusal(struct phone_call *c, const struct msg *m, const char *branch)
{
    char tag[128] = "", text[2048];

    (void)msg_param(msg_header(m, "To", 0), "tag", tag, sizeof(tag));
    (void)text_format(
        text, sizeof(text),
        "ACK %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\nMax-Forwards: 70\r\n"
        "From: %s;tag=%s\r\nTo: %s%s%s\r\nCall-ID: %s\r\nCSeq: %lu ACK\r\nContent-Length: "
        "0\r\n\r\n",
        c->target, strchr(c->phone->uri, '@') + 1, branch, c->local, c->local_tag, c->remote,
        *tag ? ";tag=" : "", tag, c->call_id, c->invite_cseq);
    phone_send(c->phone, &c->peer, text, strlen(text));
}

static void invite_answered(struct sent *s, const struct msg *m)
{
    struct phone_call *c = s->call;

    if (m->status < 200) {
        c->facts.provisional = m->status;
        s->give_up = clock_now() + 180000; /* RFC 3261 16.6: it may ring for three minutes */
        if (!s->provisional && c->wants_end) {
            s->provisional = true;
            (void)phone_request(c, "CANCEL", c->invite_cseq, "", "");
        }
        s->provisional = true;
        return;
    }
    s->used = false;
    c->invite = NULL;
    c->facts.status = m->status;
    c->facts.settled = clock_now();
    (void)text_copy(c->facts.reason, sizeof(c->facts.reason), m->reason);
    learn(c, m);
    if (m->status < 300) {
        connected(c, m);
    } else {
        ack_refusal(c, m, s->branch);
        phone_over(c, false);
    }
}

static struct sent *sent_find(struct phone *p, const char *branch, const char *method)
{
    for (unsigned i = 0; i < SENT_MAX; i++) {
        struct sent *s = &p->all->sent[i];

        if (s->used && !s->is_answer && s->phone == p && strcmp(s->branch, branch) == 0 &&
            strcmp(s->method, method) == 0)
            return s;
    }
    return NULL;
}

/* A final answer to an INVITE that came again: our ACK got lost. */
static void answered_again(struct phone *p, const struct msg *m)
{
    for (unsigned i = 0; i < PHONE_CALLS_MAX; i++) {
        struct phone_call *c = &p->all->call[i];

        if (c->used && c->phone == p && !c->facts.incoming &&
            text_is(c->call_id, msg_header(m, "Call-ID", 0)) && m->cseq == c->invite_cseq &&
            m->status < 300 && *c->ack)
            phone_send(p, &c->peer, c->ack, strlen(c->ack));
    }
}

static void request_answered(struct sent *s, const struct msg *m)
{
    s->used = false;
    s->status = m->status;
    if (strcmp(m->method, "BYE") != 0)
        return;
    s->call->facts.bye_answered = m->status == 200;
    phone_over(s->call, false);
}

void phone_answered(struct phone *p, const struct msg *m, const struct peer *from)
{
    char branch[64] = "";
    struct sent *s;

    (void)msg_param(msg_header(m, "Via", 0), "branch", branch, sizeof(branch));
    s = sent_find(p, branch, m->method);
    if (!s) {
        if (strcmp(m->method, "INVITE") == 0 && m->status >= 200)
            answered_again(p, m);
        return;
    }
    if (!s->call) { /* OPTIONS */
        s->status = m->status < 200 ? 0 : m->status;
        s->used = s->status == 0;
        return;
    }
    s->call->peer = *from;
    if (strcmp(m->method, "INVITE") == 0)
        invite_answered(s, m);
    else if (m->status >= 200)
        request_answered(s, m);
}

static void given_up(struct sent *s)
{
    struct phone_call *c = s->call;

    s->used = false;
    s->status = 408;
    if (!c)
        return;
    if (c->invite == s) {
        c->invite = NULL;
        c->facts.status = 408;
        (void)text_copy(c->facts.reason, sizeof(c->facts.reason), "no answer at all");
        c->facts.settled = clock_now();
    }
    if (strcmp(s->method, "CANCEL") != 0)
        phone_over(c, false);
}

void phone_sent_due(struct phones *all, struct sent *s, msec now)
{
    bool is_invite = strcmp(s->method, "INVITE") == 0 && !s->is_answer;

    (void)all;
    if (now >= s->give_up) {
        given_up(s);
        return;
    }
    if (now < s->next)
        return;
    if (!s->provisional)
        phone_send(s->phone, &s->to, s->text, s->length);
    s->interval = s->interval * 2 > T2 && !is_invite ? T2 : s->interval * 2;
    s->next = now + s->interval;
}

static bool settled(const void *about)
{
    return ((const struct sent *)about)->status != 0;
}

unsigned phones_options(struct phones *all, struct phone *p, msec patience)
{
    struct sent *s = sent_new(p, NULL, &all->server, "OPTIONS");

    if (!s)
        return 408;
    (void)text_format(
        s->text, sizeof(s->text),
        "OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\nMax-Forwards: 70\r\n"
        "From: <%s>;tag=%llx\r\nTo: <sip:%s>\r\nCall-ID: %016llx@callparkctl\r\nCSeq: 1 OPTIONS\r\n"
        "Contact: <%s>\r\nAccept: application/sdp\r\nContent-Length: 0\r\n\r\n",
        all->server_text, strchr(p->uri, '@') + 1, s->branch, p->uri,
        (unsigned long long)phone_random(all), all->server_text,
        (unsigned long long)phone_random(all), p->uri);
    s->length = strlen(s->text);
    phone_send(p, &s->to, s->text, s->length);
    if (!phones_until(all, settled, s, patience))
        s->used = false;
    return s->status ? s->status : 408;
}

/* Requests of others to the test phone (RFC 3261 8.2, 13.3, 15.1.2). */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ctl/phone_inside.h"
#include "sys/clock.h"

static void key_of(const struct msg *m, char key[160])
{
    char branch[128] = "";

    (void)msg_param(msg_header(m, "Via", 0), "branch", branch, sizeof(branch));
    (void)text_format(key, 160, "%s %s", m->method, branch);
}

/* The headers that an answer repeats; `tag` is ours, for a To without one. */
static void write_answer_headers(const struct msg *m, const char *tag, char *to, size_t size)
{
    char there[128] = "";
    const char *value;

    to[0] = '\0';
    for (size_t n = 0; (value = msg_header(m, "Via", n)) != NULL; n++)
        (void)text_append(to, size, "Via: %s\r\n", value);
    for (size_t n = 0; (value = msg_header(m, "Record-Route", n)) != NULL; n++)
        (void)text_append(to, size, "Record-Route: %s\r\n", value);
    value = msg_header(m, "To", 0);
    (void)text_append(to, size, "From: %s\r\nTo: %s%s%s\r\nCall-ID: %s\r\nCSeq: %lu %s\r\n",
                      msg_header(m, "From", 0), value,
                      msg_param(value, "tag", there, sizeof(there)) ? "" : ";tag=",
                      *there ? "" : tag, msg_header(m, "Call-ID", 0), m->cseq, m->method);
}

/* Remember an answer for when the request comes again, and send it. */
static void keep_and_send(struct phone *p, const char *key, const struct peer *to, const char *text)
{
    struct kept *k = NULL;

    for (unsigned i = 0; i < KEPT_MAX && !k; i++)
        if (strcmp(p->kept[i].key, key) == 0)
            k = &p->kept[i]; /* 180, then 200: the newer one counts */
    if (!k)
        k = &p->kept[p->kept_next++ % KEPT_MAX];
    (void)text_copy(k->key, sizeof(k->key), key);
    (void)text_copy(k->text, sizeof(k->text), text);
    k->length = strlen(k->text);
    phone_send(p, to, k->text, k->length);
}

static void write_answer(char *to, const struct phone *p, const char *status, const char *headers,
                         const char *sdp)
{
    (void)text_format(
        to, MSG_SIZE,
        "SIP/2.0 %s\r\n%sContact: <%s>\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE\r\n"
        "Supported: replaces\r\nUser-Agent: callparkctl/" CALLPARK_VERSION "\r\n%s"
        "Content-Length: %zu\r\n\r\n%s",
        status, headers, p->uri, *sdp ? "Content-Type: application/sdp\r\n" : "", strlen(sdp), sdp);
}

static void answer(struct phone *p, const struct msg *m, const struct peer *to, const char *status,
                   const char *tag, const char *sdp)
{
    static char headers[MSG_SIZE], text[MSG_SIZE]; /* large, and this is the only thread */
    char key[160];

    key_of(m, key);
    write_answer_headers(m, tag, headers, sizeof(headers));
    write_answer(text, p, status, headers, sdp);
    keep_and_send(p, key, to, text);
}

/* Send a 200 to an INVITE until its ACK comes (RFC 3261 13.3.1.4). */
static void answer_until_ack(struct phone_call *c, const char *headers, const char *key)
{
    struct phones *all = c->phone->all;
    char sdp[512];

    phone_sdp(c, sdp, sizeof(sdp));
    for (unsigned i = 0; i < SENT_MAX; i++) {
        struct sent *s = &all->sent[i];

        if (s->used)
            continue;
        *s = (struct sent){ .used = true,
                            .is_answer = true,
                            .phone = c->phone,
                            .call = c,
                            .to = c->peer,
                            .interval = T1 };
        s->next = clock_now() + T1;
        s->give_up = clock_now() + GIVE_UP;
        (void)text_copy(s->method, sizeof(s->method), "INVITE");
        write_answer(s->text, c->phone, "200 OK", headers, sdp);
        s->length = strlen(s->text);
        keep_and_send(c->phone, key, &c->peer, s->text);
        return;
    }
}

void phone_pick_up(struct phone_call *c)
{
    c->answer_at = 0;
    c->facts.up = true;
    c->facts.status = 200;
    c->facts.settled = c->speak_at = clock_now();
    answer_until_ack(c, c->ringing, c->ringing_key);
}

static struct phone_call *find_call(struct phone *p, const struct msg *m)
{
    char tag[128] = "";

    (void)msg_param(msg_header(m, "To", 0), "tag", tag, sizeof(tag));
    for (unsigned i = 0; i < PHONE_CALLS_MAX; i++) {
        struct phone_call *c = &p->all->call[i];

        if (c->used && c->phone == p && !c->facts.ended &&
            text_is(c->call_id, msg_header(m, "Call-ID", 0)) &&
            (*tag == '\0' || text_is(c->local_tag, tag)))
            return c;
    }
    return NULL;
}

/* The route set of one who is called: the Record-Route headers in their order (RFC 3261 12.1.1). */
static void take_routes(struct phone_call *c, const struct msg *m)
{
    const char *value;

    for (size_t n = 0; (value = msg_header(m, "Record-Route", n)) != NULL; n++)
        (void)text_append(c->routes, sizeof(c->routes), "Route: %s\r\n", value);
}

/* A header without its tag: what we say in our own From and To. */
static void without_tag(const char *header, char *to, size_t size)
{
    const char *close = strrchr(header, '>');
    size_t name = close ? (size_t)(close - header) + 1 : strcspn(header, ";");

    (void)text_copy_n(to, size, header, name);
}

static void ring(struct phone *p, const struct msg *m, const struct peer *from)
{
    struct phone_call *c = phone_call_new(p);
    const char *who = msg_header(m, "P-Asserted-Identity", 0),
               *alert = msg_header(m, "Alert-Info", 0);
    const char *orbit = msg_header(m, "X-Callpark-Orbit", 0);

    if (!c) {
        answer(p, m, from, "486 Busy Here", "none", "");
        return;
    }
    c->peer = *from;
    c->facts.incoming = true;
    (void)text_copy(c->facts.identity, sizeof(c->facts.identity),
                    who ? who : msg_header(m, "From", 0));
    (void)text_copy(c->facts.alert, sizeof(c->facts.alert), alert);
    (void)text_copy(c->facts.orbit, sizeof(c->facts.orbit), orbit);
    (void)text_copy(c->call_id, sizeof(c->call_id), msg_header(m, "Call-ID", 0));
    (void)msg_param(msg_header(m, "From", 0), "tag", c->remote_tag, sizeof(c->remote_tag));
    (void)msg_uri(msg_header(m, "Contact", 0), c->target, sizeof(c->target));
    without_tag(msg_header(m, "From", 0), c->remote, sizeof(c->remote));
    without_tag(msg_header(m, "To", 0), c->local, sizeof(c->local));
    take_routes(c, m);
    (void)msg_audio_of(m->body, &c->audio);
    key_of(m, c->ringing_key);
    write_answer_headers(m, c->local_tag, c->ringing, sizeof(c->ringing));
    answer(p, m, from, "180 Ringing", c->local_tag, "");
    c->answer_at = p->answer_after == PHONE_NEVER ? NEVER : clock_now() + p->answer_after;
    p->incoming = c;
}

static void reinvited(struct phone_call *c, const struct msg *m, const struct peer *from)
{
    static char headers[MSG_SIZE];
    char key[160];

    key_of(m, key);
    write_answer_headers(m, c->local_tag, headers, sizeof(headers));
    c->peer = *from;
    (void)msg_uri(msg_header(m, "Contact", 0), c->target, sizeof(c->target));
    (void)msg_audio_of(m->body, &c->audio);
    answer_until_ack(c, headers, key);
}

static void acked(struct phone_call *c, const struct msg *m)
{
    for (unsigned i = 0; i < SENT_MAX; i++) {
        struct sent *s = &c->phone->all->sent[i];

        if (s->used && s->is_answer && s->call == c)
            s->used = false;
    }
    (void)msg_audio_of(m->body, &c->audio); /* an INVITE without an offer is answered here */
}

static void cancelled(struct phone *p, struct phone_call *c, const struct msg *m,
                      const struct peer *from)
{
    static char text[MSG_SIZE];

    answer(p, m, from, "200 OK", c->local_tag, "");
    if (!c->answer_at) /* too late: it is answered */
        return;
    (void)text_copy(c->facts.why, sizeof(c->facts.why), msg_header(m, "Reason", 0));
    write_answer(text, p, "487 Request Terminated", c->ringing, "");
    keep_and_send(p, c->ringing_key, from, text);
    phone_over(c, true);
}

static void bye(struct phone_call *c, const struct msg *m, const struct peer *from)
{
    answer(c->phone, m, from, "200 OK", c->local_tag, "");
    (void)text_copy(c->facts.why, sizeof(c->facts.why), msg_header(m, "Reason", 0));
    acked(c, m); /* who hangs up has heard our 200 */
    phone_over(c, true);
}

static void updated(struct phone_call *c, const struct msg *m, const struct peer *from)
{
    const char *identity = msg_header(m, "P-Asserted-Identity", 0);
    char sdp[512] = "";

    if (identity)
        (void)text_copy(c->facts.identity, sizeof(c->facts.identity), identity);
    if (*m->body) {
        (void)msg_audio_of(m->body, &c->audio);
        phone_sdp(c, sdp, sizeof(sdp));
    }
    answer(c->phone, m, from, "200 OK", c->local_tag, sdp);
}

static void in_dialog(struct phone_call *c, const struct msg *m, const struct peer *from)
{
    if (strcmp(m->method, "INVITE") == 0)
        reinvited(c, m, from);
    else if (strcmp(m->method, "BYE") == 0)
        bye(c, m, from);
    else if (strcmp(m->method, "CANCEL") == 0)
        cancelled(c->phone, c, m, from);
    else if (strcmp(m->method, "UPDATE") == 0)
        updated(c, m, from);
    else if (strcmp(m->method, "INFO") == 0 || strcmp(m->method, "NOTIFY") == 0 ||
             strcmp(m->method, "OPTIONS") == 0)
        answer(c->phone, m, from, "200 OK", c->local_tag, "");
    else
        answer(c->phone, m, from, "501 Not Implemented", c->local_tag, "");
}

/* Did this request come before? Then its answer got lost, and goes out again. */
static bool asked_before(struct phone *p, const struct msg *m, const struct peer *from)
{
    char key[160];

    key_of(m, key);
    for (unsigned i = 0; i < KEPT_MAX; i++) {
        if (strcmp(p->kept[i].key, key) == 0) {
            phone_send(p, from, p->kept[i].text, p->kept[i].length);
            return true;
        }
    }
    return false;
}

void phone_asked(struct phone *p, const struct msg *m, const struct peer *from)
{
    struct phone_call *c = find_call(p, m);
    char tag[128] = "";

    if (strcmp(m->method, "ACK") == 0) {
        if (c)
            acked(c, m);
        return;
    }
    if (asked_before(p, m, from))
        return;
    (void)msg_param(msg_header(m, "To", 0), "tag", tag, sizeof(tag));
    if (c)
        in_dialog(c, m, from);
    else if (strcmp(m->method, "INVITE") == 0 && *tag == '\0')
        ring(p, m, from);
    else if (strcmp(m->method, "OPTIONS") == 0 || strcmp(m->method, "MESSAGE") == 0)
        answer(p, m, from, "200 OK", "phone", "");
    else
        answer(p, m, from, "481 Call/Transaction Does Not Exist", "none", "");
}

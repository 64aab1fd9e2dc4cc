/* See path.h. The work of a handshake is bounded in each tick, so that the packets of other streams
 * are not late by it: what comes beyond is dropped, and sent again by the far end. */
#include "media/path.h"

#include <errno.h>
#include <stdlib.h>

#include "media/dtls.h"
#include "media/ice.h"
#include "media/secure.h"
#include "sys/clock.h"
#include "sys/log.h"

#define SHAKING_NS UINT64_C(1000000) /* of each receipt of packets, for all streams of a worker */

struct path {
    struct stream *s;
    struct dtls *dtls;
    struct session_dtls theirs; /* of `dtls` */
    bool active;                /* we begin the handshake */
    bool ice, checked;          /* `checked`: there is a pair */
    bool ready, dead, told;     /* `told`: the loop knows that it is dead */
    msec alive;                 /* when last something came that only it can have made */
};

/* NULL: no memory, which is as if the packet had been lost. */
static struct path *path_of(struct stream *s)
{
    if (!s->path)
        s->path = calloc(1, sizeof *s->path);
    if (s->path)
        s->path->s = s;
    return s->path;
}

static void send_to(struct stream *s, const uint8_t *data, size_t size, const struct endpoint *to)
{
    union endpoint_socket address;
    socklen_t length;

    if (to->family != s->lane.family)
        return;
    length = endpoint_to_socket(&address, to);
    (void)sendto(s->lane.rtp, data, size, 0, &address.any, length); /* lost ones are sent again */
}

static void send_handshake(void *to, const uint8_t *data, size_t size)
{
    struct path *p = to;

    send_to(p->s, data, size, latch_target(&p->s->source.latch));
}

/* What a step of the handshake has come to. */
static void note(struct path *p, enum dtls_state state)
{
    struct session_crypto ours, theirs;

    if (state == DTLS_READY && !p->ready) {
        p->ready = dtls_keys(p->dtls, &ours, &theirs) && secure_open(p->s, &ours, &theirs);
        p->dead = !p->ready;
        srtp_wipe(&ours, sizeof ours);
        srtp_wipe(&theirs, sizeof theirs);
    } else if (state == DTLS_FAILED && !p->dead) {
        log_warning("media",
                    "leg %llu: no keys for its audio: the handshake failed, or its "
                    "certificate is not the one that its SDP names",
                    (unsigned long long)p->s->leg);
        p->dead = true;
    }
}

/* With ICE there is nobody to shake hands with before a check has come. */
static void begin(struct path *p)
{
    if (p->dtls && (p->checked || !p->ice) &&
        latch_target(&p->s->source.latch)->family != FAMILY_NONE)
        note(p, dtls_start(p->dtls));
}

void path_agree(struct worker *w, struct stream *s, const struct path_command *c)
{
    struct path *p = path_of(s);

    if (!p)
        return;
    if (!p->dtls || p->active != c->active || !dtls_equal(&p->theirs, &c->theirs)) {
        dtls_free(p->dtls);
        p->dtls = dtls_new(w->shared->identity, &c->theirs, c->active, send_handshake, p);
        p->theirs = c->theirs;
        p->active = c->active;
        p->ready = false;
    }
    p->ice = c->ice;
    p->dead = p->told = false;
    p->alive = clock_now();
    begin(p);
}

static void take_check(struct worker *w, struct stream *s, const uint8_t *data, size_t size,
                       const struct endpoint *from, msec now)
{
    uint8_t answer[STUN_SIZE_MAX];
    struct path *p;
    size_t length;
    enum ice_verdict verdict = ice_take(&s->ice, data, size, from, answer, &length);

    if (length)
        send_to(s, answer, length, from);
    p = verdict == ICE_NOTHING ? NULL : path_of(s);
    if (!p)
        return;
    p->alive = now;
    if (!p->checked || verdict == ICE_NOMINATED) {
        p->checked = true;
        if (latch_pin(&s->source.latch, from, now))
            send_retarget(w, s);
    }
    begin(p);
}

static void take_handshake(struct worker *w, struct stream *s, const uint8_t *data, size_t size,
                           const struct endpoint *from, uint64_t now_ns)
{
    struct path *p = s->path;
    bool theirs = p && p->ice
                      ? endpoint_same(from, latch_target(&s->source.latch))
                      : latch_decide(&s->source.latch, from, now_ns / 1000000) != LATCH_REFUSE;
    uint64_t started;

    if (!p || !p->dtls || !theirs || w->shaking_ns >= SHAKING_NS) {
        s->packets_dropped++;
        worker_add(&w->counts.packets_dropped, 1);
        return;
    }
    if (!p->ice)
        send_retarget(w, s);
    started = clock_now_ns();
    note(p, dtls_take(p->dtls, data, size));
    w->shaking_ns += clock_now_ns() - started;
}

void path_take(struct worker *w, struct stream *s, const uint8_t *data, size_t size,
               const struct endpoint *from, uint64_t now_ns)
{
    if (stun_is(data, size))
        take_check(w, s, data, size, from, now_ns / 1000000);
    else if (dtls_is(data, size))
        take_handshake(w, s, data, size, from, now_ns);
}

void path_is_alive(struct stream *s, msec now)
{
    if (s->path)
        s->path->alive = now;
}

/* Without ICE nothing has to come for a call to be alive: a muted phone may be silent. */
void path_turn(struct worker *w, struct stream *s, msec now)
{
    struct path *p = s->path;
    struct media_event ev = { .type = MEDIA_DEAD, .leg = s->leg };

    if (!p || !p->dtls)
        return;
    if (!p->ready && !p->dead) {
        begin(p);
        note(p, dtls_turn(p->dtls));
    }
    if ((p->ice || !p->ready) && now > p->alive + w->shared->consent)
        p->dead = true;
    if (p->dead && !p->told)
        p->told = w->shared->report(w->shared->to, &ev); /* full: at the next turn */
}

void path_done(struct stream *s)
{
    if (!s->path)
        return;
    dtls_free(s->path->dtls);
    free(s->path);
    s->path = NULL;
}

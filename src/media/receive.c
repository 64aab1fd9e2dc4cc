/* The way of every packet in: whose it is, whether he may send it, and what becomes of it. */
#include "media/path.h"
#include "media/secure.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>

#include "media/bytes.h"

#define ROUNDS_MAX                                                                                 \
    8 /* batches from one socket before the next has its turn: a flood delays nobody else */
#define EVENTS_MAX 64
#define EVENT_ROUNDS_MAX 32
#define DIGIT_PAUSE 40 /* msec between two digits that are believed, by his clock or ours */

/* One packet, and where it came in. */
struct arrival {
    uint8_t *data; /* SRTP is decrypted where it lies */
    size_t size;
    struct endpoint from;
    uint64_t now_ns;
};

static void drop(struct worker *w, struct stream *s)
{
    if (s)
        s->packets_dropped++;
    worker_add(&w->counts.packets_dropped, 1);
}

static struct stream *stream_of(struct source *source)
{
    return source ? (struct stream *)((char *)source - offsetof(struct stream, source)) : NULL;
}

static void relay_out(struct worker *w, struct stream *to, struct relay *r)
{
    uint8_t bytes[RTP_PAYLOAD_MAX];
    struct outgoing o = { .payload = bytes, .payload_type = to->payload_type };
    size_t ticks = (size_t)to->ptime * RTP_BYTES_PER_MS;

    while ((o.size = relay_pull(r, ticks, bytes, &o.timestamp, &o.marker)) > 0) {
        send_packet(w, to, &o);
        to->end = o.timestamp + (uint32_t)r->pulled;
    }
}

/* Whom the audio of `s` goes to now; NULL for nobody. */
static struct stream *listener(struct worker *w, const struct stream *s)
{
    struct stream *to = s->peer == NO_STREAM ? NULL : stream_at(w, s->peer);

    if (!to || !(s->direction & DIR_RECVONLY) || !play_is_relayed(w, to) || !play_may_send(to))
        return NULL;
    return to;
}

static void take_audio(struct worker *w, struct stream *s, const struct rtp_packet *p,
                       uint64_t now_ns)
{
    struct stream *to = listener(w, s);

    if (!s->heard) {
        s->heard = s->tell_heard = true;
        (void)play_tell(w, s); /* it is open */
    }
    if (!to)
        return;
    if (relay_push(&w->shared->relays[to->number], p, play_clock(w, to, now_ns), now_ns / 1000000))
        relay_out(w, to, &w->shared->relays[to->number]);
    else
        drop(w, s);
}

static void pass_digit(struct worker *w, const struct stream *from, struct stream *to,
                       const struct rtp_packet *p, const struct rtp_digit *d, uint64_t now_ns)
{
    /* How long it lasts is counted by the clock of the audio beside it (RFC 4733 2.3.5). */
    uint32_t ticks = d->duration / stream_scale(from), lasts = ticks * stream_scale(to);
    uint8_t event[4] = { p->payload[0], p->payload[1] };
    struct outgoing o = { .payload = event,
                          .size = sizeof event,
                          .payload_type = (uint8_t)to->dtmf_payload_type };
    uint32_t end;

    if (to->dtmf_payload_type < 0 ||
        !relay_digit(&w->shared->relays[to->number], p, play_clock(w, to, now_ns), now_ns / 1000000,
                     &o.timestamp, &o.marker))
        return;
    bytes_put16(event + 2, (uint16_t)(lasts < UINT16_MAX ? lasts : UINT16_MAX));
    send_packet(w, to, &o);
    end = o.timestamp + ticks;
    if ((int32_t)(end - to->end) > 0)
        to->end = end;
}

/* The end of a digit comes three times, and all have the time at which it began. After a delay on
 * the way those of several keys come at once. */
static bool is_next_digit(const struct stream *s, const struct rtp_packet *p, msec now)
{
    int32_t later = (int32_t)(p->timestamp - s->digit_at);

    return !s->digit_told || later >= DIGIT_PAUSE * RTP_BYTES_PER_MS * (int32_t)stream_scale(s) ||
           (later && now - s->digit_wall >= DIGIT_PAUSE);
}

static void tell_digit(struct worker *w, struct stream *s, const struct rtp_packet *p, char digit,
                       uint64_t now_ns)
{
    struct media_event ev = { .type = MEDIA_DIGIT, .leg = s->leg, .digit = digit };
    msec now = now_ns / 1000000;

    if (!is_next_digit(s, p, now))
        return;
    s->digit_told = true;
    s->digit_at = p->timestamp;
    s->digit_wall = now;
    (void)w->shared->report(w->shared->to,
                            &ev); /* with the queue full a digit is the least of it */
}

/* A key that was pressed for us brings the two together before its end has come for the third time
 * (RFC 4733 2.5.1.4): to whom he talks now it is no key. */
static void take_digit(struct worker *w, struct stream *s, const struct rtp_packet *p,
                       uint64_t now_ns)
{
    struct stream *to = listener(w, s);
    struct rtp_digit d;
    char digit;

    if (!rtp_parse_digit(&d, p->payload, p->size)) {
        drop(w, s);
        return;
    }
    if (!to) {
        s->digit_kept = true;
        s->digit_ours = p->timestamp;
    } else if (!s->digit_kept || s->digit_ours != p->timestamp) {
        pass_digit(w, s, to, p, &d, now_ns);
    }
    digit = rtp_digit_char(d.event);
    if (d.end && digit)
        tell_digit(w, s, p, digit, now_ns);
}

static bool is_expected(const struct stream *s, const struct rtp_packet *p)
{
    return s->state == STREAM_OPEN && s->codec != CODEC_NONE &&
           (p->payload_type == s->payload_type || p->payload_type == s->dtmf_payload_type ||
            p->payload_type == RTP_PAYLOAD_CN);
}

/* ICE says where to send and not where from; that it could be decrypted says whose it is, and so a
 * stream of SRTP follows its far end wherever that goes (RFC 7362 4). */
static enum latch_verdict whose(struct stream *s, const struct arrival *a)
{
    struct latch *l = &s->source.latch;
    enum latch_verdict verdict;

    if (s->path && s->must_protect && !latch_is_expecting(l))
        return LATCH_TAKE;
    verdict = latch_decide(l, &a->from, a->now_ns / 1000000);
    if (verdict == LATCH_REFUSE && s->must_protect && latch_is_set(l) &&
        latch_pin(l, &a->from, a->now_ns / 1000000))
        return LATCH_MOVE;
    return verdict;
}

static void take(struct worker *w, struct stream *s, const struct rtp_packet *p,
                 const struct arrival *a)
{
    enum latch_verdict verdict = whose(s, a);

    if (verdict == LATCH_REFUSE) {
        drop(w, s);
        return;
    }
    if (verdict == LATCH_MOVE) {
        send_retarget(w, s);
        s->tell_moved = s->moved = s->moved || !endpoint_same(&a->from, &s->source.latch.expected);
    }
    s->packets_in++;
    if (s->listens) { /* comfort noise and keys are signs of life, too */
        s->listens = false;
        s->tell_heard = true;
        (void)play_tell(w, s);
    }
    if (p->payload_type == s->dtmf_payload_type) {
        take_digit(w, s, p, a->now_ns);
        return;
    }
    rtcp_received(&s->far, p->ssrc, p->sequence, p->timestamp,
                  (uint32_t)(a->now_ns / (1000000 / RTP_BYTES_PER_MS)) * stream_scale(s));
    if (p->payload_type == s->payload_type)
        take_audio(w, s, p, a->now_ns);
}

/* In the clear, if that is how it is to be. */
static bool open_packet(struct worker *w, struct stream *s, struct arrival *a)
{
    if (!s->must_protect)
        return true;
    if (!s->secure)
        return false;
    if (!secure_take(s->secure, a->data, &a->size, false)) {
        worker_add(&w->counts.srtp_refused, 1);
        return false;
    }
    path_is_alive(s, a->now_ns / 1000000);
    return true;
}

/* `s` NULL: it came in on the shared lane of this family. What is no RTP at all is for a stream
 * alone on its port (RFC 7983). */
static void take_rtp(struct worker *w, struct stream *s, struct arrival *a)
{
    struct rtp_packet p;

    if (s && a->size && a->data[0] < 64) {
        path_take(w, s, a->data, a->size, &a->from, a->now_ns);
        return;
    }
    if (rtp_is_rtcp(a->data, a->size)) {
        if (!s)
            s = stream_of(sources_exact(&w->sources[a->from.family], &a->from));
        if (s && s->rtcp_mux && endpoint_same(latch_target(&s->source.latch), &a->from))
            control_received(w, s, a->data, a->size, a->now_ns);
        else
            drop(w, s);
        return;
    }
    if (!s)
        s = stream_of(sources_find(&w->sources[a->from.family], &a->from, a->now_ns / 1000000));
    if (s && open_packet(w, s, a) && rtp_parse(&p, a->data, a->size) && is_expected(s, &p))
        take(w, s, &p, a);
    else
        drop(w, s);
}

/* Reports come from the port above; what is no such neighbour of a stream is nobody's. */
static void take_rtcp(struct worker *w, struct stream *s, const struct arrival *a)
{
    struct endpoint from = a->from;

    from.port--;
    if (!s)
        s = stream_of(sources_exact(&w->sources[a->from.family], &from));
    if (s && endpoint_same_host(latch_target(&s->source.latch), &from))
        control_received(w, s, a->data, a->size, a->now_ns);
    else
        drop(w, s);
}

/* What epoll hands back: which of a lane's sockets, and whose lane. */
static void read_socket(struct worker *w, int fd, struct stream *s, bool rtcp, uint64_t now_ns)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        int count = recvmmsg(fd, w->in, RECEIVE_BATCH, 0, NULL);

        for (int i = 0; i < count; i++) {
            struct arrival a = { w->in_bytes[i], w->in[i].msg_len, .now_ns = now_ns };

            endpoint_from_socket(&a.from, &w->in_from[i]);
            w->in[i].msg_hdr.msg_namelen = sizeof w->in_from[i];
            if (a.from.family == FAMILY_NONE || (w->in[i].msg_hdr.msg_flags & MSG_TRUNC))
                drop(w, s);
            else if (rtcp)
                take_rtcp(w, s, &a);
            else
                take_rtp(w, s, &a);
        }
        if (count > 0)
            worker_add(&w->counts.packets_in, (uint64_t)count);
        if (count < RECEIVE_BATCH)
            return;
    }
}

static void read_lane(struct worker *w, uint64_t key, uint64_t now_ns)
{
    bool rtcp = key & WATCH_RTCP;
    uint32_t number = (uint32_t)key;
    struct stream *s;

    if (key & WATCH_SHARED) {
        struct lane *lane = &w->lane[number];

        read_socket(w, rtcp ? lane->rtcp : lane->rtp, NULL, rtcp, now_ns);
    } else if (key & WATCH_STREAM) {
        s = stream_at(w, number);
        if (s->state == STREAM_OPEN && s->own_lane)
            read_socket(w, rtcp ? s->lane.rtcp : s->lane.rtp, s, rtcp, now_ns);
    }
}

void receive_all(struct worker *w, uint64_t now_ns)
{
    struct epoll_event events[EVENTS_MAX];
    int count = EVENTS_MAX;

    w->shaking_ns = 0;
    for (int round = 0; round < EVENT_ROUNDS_MAX && count == EVENTS_MAX; round++) {
        count = epoll_wait(w->epoll, events, EVENTS_MAX, 0);
        for (int i = 0; i < count; i++)
            read_lane(w, events[i].data.u64, now_ns);
    }
    send_flush(w);
}

/* What the loop tells a worker to do with a stream. */
#include "media/path.h"
#include "media/secure.h"

#include <string.h>
#include <sys/epoll.h>

#include "sys/clock.h"
#include "sys/log.h"
#include "sys/queue.h"

#define FIRST_REPORT 1000 /* ticks */

static void watch(struct worker *w, struct stream *s)
{
    struct epoll_event ev = { .events = EPOLLIN };
    int failed;

    ev.data.u64 = WATCH_STREAM | s->number;
    failed = epoll_ctl(w->epoll, EPOLL_CTL_ADD, s->lane.rtp, &ev);
    ev.data.u64 |= WATCH_RTCP;
    failed |= epoll_ctl(w->epoll, EPOLL_CTL_ADD, s->lane.rtcp, &ev);
    if (failed)
        log_error("media", "a leg cannot be heard: the kernel watches no more sockets; raise "
                           "fs.epoll.max_user_watches");
}

static void open_stream(struct worker *w, struct stream *s, const struct open_command *c,
                        uint32_t number)
{
    uint64_t now_ns = clock_now_ns(), due = pacer_emptiest(&w->pacer);

    *s = (struct stream){ .leg = c->leg,
                          .number = number,
                          .state = STREAM_OPEN,
                          .own_lane = c->own_lane,
                          .lane = c->own_lane ? c->lane : w->lane[c->lane.family],
                          .dtmf_payload_type = -1,
                          .ptime = PTIME_DEFAULT,
                          .ssrc = c->ssrc,
                          .clock_base = c->ssrc * 2654435761U, /* random, as the SSRC is */
                          .sequence = c->ssrc >> 7 & 0x7FFF, /* no rollover soon: RFC 3711 3.3.1 */
                          .peer = NO_STREAM,
                          .wants_music = true,
                          .rtcp_due = due + FIRST_REPORT };
    s->ice = c->ice;
    s->source.latch.signalled = c->signalled;
    latch_expect(&s->source.latch, &c->expected, now_ns / 1000000);
    latch_recall(&s->source.latch, &c->recalled);
    send_retarget(w, s);
    if (s->own_lane)
        watch(w, s);
    play_start(w, s);
    pacer_add(&w->pacer, &s->node, due);
}

static void connect_relays(struct worker *w, const struct stream *a)
{
    const struct stream *b = stream_at(w, a->peer);
    msec now = clock_now();

    relay_init(&w->shared->relays[a->number], b->codec, a->codec, now);
    relay_init(&w->shared->relays[b->number], a->codec, b->codec, now);
}

static void agree_keys(struct worker *w, struct stream *s, const struct agree_command *c)
{
    s->must_protect = c->keying != KEYING_NONE;
    s->ice = c->ours;
    if (!s->must_protect)
        secure_done(s);
    if (c->keying == KEYING_SDES && (c->send.suite != SRTP_NONE || c->hear.suite != SRTP_NONE) &&
        !secure_change(s, &c->send, &c->hear))
        log_error("media", "a leg is mute: not enough memory for its keys");
    if (c->seek && s->secure)
        srtp_seek(&s->secure->in);
    if (c->keying == KEYING_DTLS)
        path_agree(w, s, &c->path);
    else
        path_done(s);
}

static void agree(struct worker *w, struct stream *s, const struct agree_command *c)
{
    bool codec_changed = s->codec != c->codec;

    if (c->new_lane) {
        sources_leave(&w->sources[s->lane.family], &s->source, clock_now());
        s->own_lane = true;
        s->lane = c->lane;
        watch(w, s);
    }
    s->codec = c->codec;
    s->payload_type = c->payload_type;
    s->ptime = (uint8_t)c->ptime;
    s->dtmf_payload_type = c->dtmf_payload_type;
    s->direction = c->direction;
    s->rtcp_mux = c->rtcp_mux;
    s->rtcp = c->rtcp;
    /* Hold in the old way has 0.0.0.0 for an address; the phone is still where it was. */
    if (c->rtp.family != FAMILY_NONE)
        latch_expect(&s->source.latch, &c->rtp, clock_now());
    send_retarget(w, s);
    agree_keys(w, s, c);
    if (codec_changed && s->peer != NO_STREAM)
        connect_relays(w, s);
}

/* Out of its bridge; both hear what the bridge has chosen for this. */
static void detach(struct worker *w, struct stream *s)
{
    struct stream *peer = s->peer == NO_STREAM ? NULL : stream_at(w, s->peer);

    if (!peer)
        return;
    s->peer = peer->peer = NO_STREAM;
    s->rests = peer->rests = false;
    relay_done(&w->shared->relays[s->number]);
    relay_done(&w->shared->relays[peer->number]);
    play_start(w, s);
    play_start(w, peer);
}

static void music(struct worker *w, struct stream *s, bool on)
{
    detach(w, s);
    s->saying = false;
    s->music = s->wants_music = on;
    play_start(w, s);
}

/* From its beginning, now or when it is heard next. */
static void tune(struct worker *w, struct stream *s, uint8_t number)
{
    s->tune = number;
    s->music_frame = 0;
    if (!s->saying)
        play_start(w, s);
}

static void drop(struct worker *w, uint8_t number)
{
    uint32_t gone = PIECE_GONE | number;

    w->piece[number - 1] = (struct sound){ 0 };
    (void)queue_put(w->shared->gone, &gone); /* has room for every piece of every worker */
}

static void say(struct worker *w, struct stream *s, const struct say_command *c)
{
    detach(w, s);
    s->say = *c;
    s->saying = true;
    s->piece = 0;
    play_start(w, s);
}

static void bridge(struct worker *w, struct stream *a, struct stream *b)
{
    if (a->peer == b->number)
        return;
    detach(w, a);
    detach(w, b);
    a->saying = b->saying = false;
    a->music = a->wants_music; /* heard while the other holds, and when it has left */
    b->music = b->wants_music;
    play_start(w, a);
    play_start(w, b);
    a->peer = b->number;
    b->peer = a->number;
    connect_relays(w, a);
}

static void close_stream(struct worker *w, struct stream *s)
{
    uint64_t due = s->node.due;

    detach(w, s);
    control_report(w, s, s->node.due, true);
    path_done(s);
    secure_done(s);
    if (!s->own_lane)
        sources_leave(&w->sources[s->lane.family], &s->source, clock_now());
    else
        lane_close(&s->lane); /* leaves the epoll set with it */
    s->state = STREAM_CLOSING;
    pacer_remove(&w->pacer, &s->node); /* before it may be another worker's */
    if (play_tell(w, s))
        pacer_add(&w->pacer, &s->node, due); /* to be told at a later turn */
}

void worker_do(struct worker *w, const struct command *c)
{
    struct stream *s = stream_at(w, c->stream); /* of no use to what is about a piece, or stops */

    switch (c->type) {
    case CMD_OPEN:
        open_stream(w, s, &c->open, c->stream);
        break;
    case CMD_AGREE:
        agree(w, s, &c->agree);
        break;
    case CMD_MUSIC:
        music(w, s, c->music);
        break;
    case CMD_TUNE:
        tune(w, s, c->tune);
        break;
    case CMD_GUARD:
        s->unheard_most = c->guard;
        break;
    case CMD_SAY:
        say(w, s, &c->say);
        break;
    case CMD_BRIDGE:
        bridge(w, s, stream_at(w, c->other));
        break;
    case CMD_REST:
        s->rests = c->rest && s->peer != NO_STREAM;
        break;
    case CMD_LISTEN:
        s->listens = true;
        break;
    case CMD_CLOSE:
        close_stream(w, s);
        break;
    case CMD_PIECE:
        w->piece[c->piece.number - 1] = c->piece.sound;
        break;
    case CMD_DROP:
        drop(w, c->piece.number);
        break;
    case CMD_STOP:
        w->stopping = true;
        break;
    }
}

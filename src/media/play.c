/* What a stream sends of its own accord, in its own time: music, silence, spoken words. */
#include "media/path.h"

#include "sys/clock.h"
#include "sys/queue.h"

#define TICK_STAMPS RTP_BYTES_PER_MS /* RTP clock in a tick */

bool play_is_guarded(const struct stream *s)
{
    return s->unheard_most && s->unheard >= s->unheard_most && !latch_is_proven(&s->source.latch);
}

bool play_may_send(const struct stream *s)
{
    return s->state == STREAM_OPEN && !play_is_guarded(s) && s->codec != CODEC_NONE &&
           s->target_size > 0 && (s->direction & DIR_SENDONLY) && stream_has_keys(s);
}

/* A far end that has us on hold takes nothing from us; whoever is bridged with it shall hear music
 * and not whatever it plays or does not play meanwhile (RV-08). */
bool play_is_relayed(const struct worker *w, const struct stream *s)
{
    const struct stream *peer;

    if (s->peer == NO_STREAM || s->saying)
        return false;
    peer = stream_at(w, s->peer);
    return peer->codec != CODEC_NONE && (peer->direction & DIR_SENDONLY);
}

uint32_t play_clock(const struct worker *w, const struct stream *s, uint64_t now_ns)
{
    uint64_t stamps = (now_ns - w->pacer.started_ns) / (PACER_TICK_NS / TICK_STAMPS);
    uint32_t clock = s->clock_base + (uint32_t)stamps;

    return s->has_sent && (int32_t)(s->end - clock) > 0 ? s->end : clock;
}

static const struct sound *music_of(const struct worker *w, const struct stream *s)
{
    return s->tune ? &w->piece[s->tune - 1] : &w->shared->music;
}

void play_start(struct worker *w, struct stream *s)
{
    const struct sound *piece = NULL;

    if (s->saying)
        piece = prompts_piece(w->shared->prompts, s->say.language, s->say.what, s->say.number,
                              s->piece);
    if (s->saying && !piece) {
        s->saying = false;
        s->tell_said = true;
        s->music = s->say.then_music && s->wants_music;
        (void)play_tell(w, s); /* it is open */
    }
    if (piece) {
        s->playing = piece;
        s->frame = 0;
        return;
    }
    s->playing = s->music ? music_of(w, s) : &w->shared->silence;
    s->frame = s->music ? s->music_frame : 0;
}

/* A sound's margin holds the beginning of a loop, so the packet that ran over the end has already
 * had it. */
static void advance(struct worker *w, struct stream *s, uint32_t frames)
{
    s->frame += frames;
    if (s->frame >= s->playing->frames && s->saying) {
        s->piece++;
        play_start(w, s);
    } else if (s->frame >= s->playing->frames) {
        s->frame = (s->frame - s->playing->frames) % s->playing->frames;
    }
    if (s->playing == music_of(w, s))
        s->music_frame = s->frame;
}

static void play(struct worker *w, struct stream *s, uint64_t tick)
{
    uint32_t stamp = s->clock_base + (uint32_t)(tick * TICK_STAMPS);
    uint32_t ticks = (uint32_t)s->ptime * RTP_BYTES_PER_MS;
    struct outgoing o = { .size = ticks, .payload_type = s->payload_type, .lasting = true };

    if (s->codec == CODEC_OPUS)
        o.payload = sound_opus_at(s->playing, s->frame, &o.size);
    else
        o.payload = sound_at(s->playing, s->codec, s->frame);

    /* Relayed audio may have run a little ahead of our clock: time stands still then, never goes
     * back. */
    if (s->has_sent && (int32_t)(s->end - stamp) > 0) {
        s->clock_base += s->end - stamp;
        stamp = s->end;
    }
    o.timestamp = stamp;
    o.marker = !s->has_sent || stamp != s->end;
    send_packet(w, s, &o);
    s->end = stamp + ticks;
    if (s->peer != NO_STREAM)
        relay_interrupt(&w->shared->relays[s->number]);
    advance(w, s, s->ptime / SOUND_FRAME_MS);
}

static bool tell(const struct worker *w, const struct stream *s, enum media_event_type type)
{
    struct media_event ev = { .type = type, .leg = s->leg, .wait = s->say.wait };

    ev.elsewhere = !endpoint_same(&s->source.latch.source, &s->source.latch.expected);
    if (type == MEDIA_CLOSED) {
        ev.packets_in = s->packets_in;
        ev.packets_out = s->packets_out;
        ev.packets_dropped = s->packets_dropped;
    }
    if (type == MEDIA_STOPPED || type == MEDIA_RESUMED || type == MEDIA_MOVED)
        endpoint_to_address(&ev.place, latch_target(&s->source.latch));
    return w->shared->report(w->shared->to, &ev);
}

/* What was not told yet and is no longer so need not be told. */
static void watch_guard(struct stream *s)
{
    bool stopped = play_is_guarded(s);

    if (stopped == s->stopped)
        return;
    s->stopped = stopped;
    s->tell_stopped = stopped;
    s->tell_resumed = !stopped;
}

/* What could not be told because the loop's queue was full is told at a later turn. */
bool play_tell(struct worker *w, struct stream *s)
{
    if (s->tell_heard && tell(w, s, MEDIA_HEARD))
        s->tell_heard = false;
    if (s->tell_stopped && tell(w, s, MEDIA_STOPPED))
        s->tell_stopped = false;
    if (s->tell_resumed && tell(w, s, MEDIA_RESUMED))
        s->tell_resumed = false;
    if (s->tell_moved && tell(w, s, MEDIA_MOVED))
        s->tell_moved = false;
    if (s->tell_said && tell(w, s, MEDIA_SAID))
        s->tell_said = false;
    if (s->state == STREAM_CLOSING && tell(w, s, MEDIA_CLOSED)) {
        s->state = STREAM_FREE;
        (void)queue_put(w->shared->gone, &s->number); /* has room for every stream there is */
        return false;
    }
    return true;
}

bool play_turn(struct worker *w, struct stream *s, uint64_t tick)
{
    watch_guard(s);
    if (!play_tell(w, s))
        return false;
    if (s->state != STREAM_OPEN)
        return true;
    if (s->path)
        path_turn(w, s, clock_now());
    if (s->rests)
        return true;
    if (play_may_send(s) && !play_is_relayed(w, s))
        play(w, s, tick);
    if (tick >= s->rtcp_due)
        control_report(w, s, tick, false);
    return true;
}

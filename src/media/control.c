/* RTCP of a stream: reports about every five seconds, a BYE at its end. */
#include "media/path.h"
#include "media/secure.h"

#include "sys/clock.h"

#define INTERVAL 5000 /* ticks; RFC 3550 6.2: half to one and a half of it, by chance */

static uint32_t chance(struct worker *w, uint32_t below)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (uint32_t)(w->random >> 32) % below;
}

/* With a phone behind NAT the port after the one that we know is the best guess (RFC 4961). */
static struct endpoint target_of(const struct stream *s)
{
    struct endpoint to = *latch_target(&s->source.latch);

    if (s->rtcp_mux)
        return to;
    if (s->rtcp.family != FAMILY_NONE && endpoint_same_host(&to, &s->source.latch.expected))
        return s->rtcp;
    to.port++;
    return to;
}

static void send_report(struct worker *w, struct stream *s, uint8_t *bytes, size_t size)
{
    struct endpoint to = target_of(s);
    union endpoint_socket address;
    socklen_t length;

    if (to.family != s->lane.family || to.port == 0)
        return;
    length = endpoint_to_socket(&address, &to);
    if (sendto(s->rtcp_mux ? s->lane.rtp : s->lane.rtcp, bytes, size, 0, &address.any, length) < 0)
        worker_add(&w->counts.send_errors, 1);
}

void control_report(struct worker *w, struct stream *s, uint64_t tick, bool bye)
{
    uint64_t now_ns = clock_now_ns();
    struct rtcp_sender own = { .ssrc = s->ssrc,
                               .timestamp = play_clock(w, s, now_ns) * stream_scale(s),
                               .packets = (uint32_t)s->packets_out,
                               .bytes = (uint32_t)s->bytes_out,
                               .wall = clock_wall(),
                               .sent = s->sent_since_report,
                               .bye = bye,
                               .cname = w->shared->cname };
    uint8_t bytes[RTCP_SIZE_MAX + SRTCP_TRAILER_MAX];
    size_t size;

    s->rtcp_due = tick + INTERVAL / 2 + chance(w, INTERVAL);
    if (s->codec == CODEC_NONE || !stream_has_keys(s) || play_is_guarded(s))
        return;
    size = rtcp_write(bytes, &own, &s->far, now_ns / 1000000);
    if (s->must_protect)
        size = srtcp_encrypt(&s->secure->out, bytes, size);
    if (size)
        send_report(w, s, bytes, size);
    s->sent_since_report = false;
}

/* A BYE of theirs changes nothing: SIP says when a call ends, and RTCP can be forged. */
void control_received(struct worker *w, struct stream *s, uint8_t *data, size_t size,
                      uint64_t now_ns)
{
    bool good = stream_has_keys(s), bye;

    if (good && s->must_protect && !secure_take(s->secure, data, &size, true)) {
        worker_add(&w->counts.srtp_refused, 1);
        good = false;
    }
    if (good)
        path_is_alive(s, now_ns / 1000000);
    if (good && rtcp_read(&s->far, data, size, now_ns / 1000000, &bye)) {
        latch_report(&s->source.latch);
        return;
    }
    s->packets_dropped++;
    worker_add(&w->counts.packets_dropped, 1);
}

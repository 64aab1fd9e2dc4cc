/* The way of every packet out: its header, the count, and the batch of its lane or a call of its
 * own. */
#include "media/secure.h"

#include <errno.h>
#include <string.h>

void send_retarget(struct worker *w, struct stream *s)
{
    const struct endpoint *to = latch_target(&s->source.latch);

    if (to->family == FAMILY_NONE)
        s->target_size = 0;
    else
        s->target_size = endpoint_to_socket(&s->target, to);
    if (!s->own_lane)
        sources_put(&w->sources[s->lane.family], &s->source);
}

/* A lane of its own is rare, so its packets leave one by one. */
static void send_alone(struct worker *w, struct stream *s, uint8_t *header,
                       const struct outgoing *o)
{
    struct iovec part[2] = { { .iov_base = header, .iov_len = RTP_HEADER_SIZE },
                             { .iov_base = (void *)o->payload, .iov_len = o->size } };
    struct msghdr message = {
        .msg_name = &s->target, .msg_namelen = s->target_size, .msg_iov = part, .msg_iovlen = 2
    };

    if (sendmsg(s->lane.rtp, &message, 0) < 0)
        worker_add(&w->counts.send_errors, 1);
}

static void flush_one(struct worker *w, struct batch *b)
{
    unsigned refused = b->count ? batch_send(b) : 0;

    if (refused)
        worker_add(&w->counts.send_errors, refused);
}

void send_flush(struct worker *w)
{
    for (size_t family = FAMILY_4; family < FAMILIES; family++)
        flush_one(w, &w->batch[family]);
}

/* That of its lane, with a place free; NULL: it has a lane of its own. */
static struct batch *batch_for(struct worker *w, const struct stream *s)
{
    struct batch *b = s->own_lane ? NULL : &w->batch[s->lane.family];

    if (b && batch_is_full(b))
        flush_one(w, b);
    return b;
}

/* As SRTP, into `bytes`. False: there is no key, or it has been used up. */
static bool protect(struct stream *s, const uint8_t *header, struct outgoing *o,
                    uint8_t bytes[BATCH_PAYLOAD_MAX])
{
    if (s->secure)
        o->size =
            srtp_encrypt(&s->secure->out, header, RTP_HEADER_SIZE, o->payload, o->size, bytes);
    o->payload = bytes;
    o->lasting = false;
    return s->secure && o->size > 0;
}

void send_packet(struct worker *w, struct stream *s, const struct outgoing *given)
{
    uint8_t header[RTP_HEADER_SIZE], bytes[BATCH_PAYLOAD_MAX];
    struct batch *batch = batch_for(w, s);
    struct outgoing o = *given;

    rtp_write_header(header, o.payload_type, o.marker, s->sequence++, o.timestamp * stream_scale(s),
                     s->ssrc);
    if (s->must_protect && !protect(s, header, &o, batch ? batch_space(batch) : bytes))
        return;
    if (batch)
        memcpy(batch_add(batch, &s->target, s->target_size, o.payload, o.size, o.lasting), header,
               RTP_HEADER_SIZE);
    else
        send_alone(w, s, header, &o);
    if (s->unheard_most && !latch_is_proven(&s->source.latch))
        s->unheard += s->ptime;
    s->has_sent = true;
    s->sent_since_report = true;
    s->packets_out++;
    s->bytes_out += given->size;
    worker_add(&w->counts.packets_out, 1);
}

/* Gathering packets: one system call for up to 64 of them, which is what sending thousands of
 * streams comes down to. */
#include "media/batch.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void batch_init(struct batch *b, int socket)
{
    b->socket = socket;
    b->count = 0;
    for (size_t i = 0; i < BATCH_MAX; i++) {
        b->part[i].iov_base = b->bytes[i];
        b->message[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &b->part[i], .msg_iovlen = 1 } };
    }
}

bool batch_is_full(const struct batch *b)
{
    return b->count == BATCH_MAX;
}

uint8_t *batch_space(struct batch *b)
{
    assert(b->count < BATCH_MAX);
    return b->bytes[b->count] + RTP_HEADER_SIZE;
}

uint8_t *batch_add(struct batch *b, union endpoint_socket *target, socklen_t target_size,
                   const uint8_t *payload, size_t size, bool lasting)
{
    unsigned i = b->count++;
    uint8_t *place = b->bytes[i] + RTP_HEADER_SIZE;

    assert(i < BATCH_MAX && size <= BATCH_PAYLOAD_MAX);
    b->later[i] = lasting ? payload : NULL;
    if (!lasting && payload != place)
        memcpy(place, payload, size);
    for (size_t at = 0; lasting && at < size; at += CACHE_LINE)
        __builtin_prefetch(payload + at);
    b->part[i].iov_len = RTP_HEADER_SIZE + size;
    b->message[i].msg_hdr.msg_name = target;
    b->message[i].msg_hdr.msg_namelen = target_size;
    return b->bytes[i];
}

/* What was fetched when it was added has come by now. */
static void put_together(struct batch *b)
{
    for (unsigned i = 0; i < b->count; i++)
        if (b->later[i])
            memcpy(b->bytes[i] + RTP_HEADER_SIZE, b->later[i],
                   b->part[i].iov_len - RTP_HEADER_SIZE);
}

unsigned batch_send(struct batch *b)
{
    unsigned at = 0, refused = 0;

    put_together(b);
    while (at < b->count) {
        int sent = sendmmsg(b->socket, b->message + at, b->count - at, 0);

        if (sent > 0) {
            at += (unsigned)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            refused +=
                b->count - at; /* the socket is full: what is late already is of no use later */
            at = b->count;
        } else if (errno != EINTR) {
            refused++;
            at++;
        }
    }
    b->count = 0;
    return refused;
}

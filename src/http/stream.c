/* Event streams (text/event-stream). One thread, the writer, appends text; the connection's HTTP
 * thread takes it out and sends it. Between the two stands a list with one writer and one reader,
 * so no lock is needed: the writer owns its end, the reader the other, and what both see is atomic.
 *
 * A stream that has nothing to send is suspended. The reader suspends first, then says that it
 * sleeps, then looks again; the writer appends first, then asks whether the reader sleeps. So one
 * of them always notices, and the flag decides who of them wakes the connection. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http/server.h"

#define BLOCK_BYTES 8192

struct piece {
    _Atomic(struct piece *) next;
    struct http_text *text; /* NULL: of the first, which is empty */
};

/* FREE -> OPEN by the writer, OPEN -> GONE by the reader's thread when the connection has ended,
 * GONE -> FREE by the writer. */
enum place_state { PLACE_FREE, PLACE_OPEN, PLACE_GONE };
enum wish { WISH_GO_ON, WISH_END, WISH_CUT };

struct stream {
    _Atomic enum place_state state;
    _Atomic enum wish wish;
    atomic_bool sleeps;
    atomic_size_t behind; /* bytes appended and not taken out */
    /* the writer's */
    uint64_t uses; /* how often this place was taken; part of the stream's number */
    struct piece *last;
    /* the reader's */
    struct piece *first; /* read already; what comes is behind it */
    size_t read;         /* of the piece behind `first` */
    struct MHD_Connection *mhd;
};

static const struct refusal too_many = {
    503, "too-many-streams", "Too many event streams",
    "1000 event streams are open: close one, or poll /api/v1/events/history."
};

int stream_start(struct http_server *h)
{
    h->streams = calloc(HTTP_STREAMS_MAX, sizeof *h->streams);
    return h->streams ? 0 : -ENOMEM;
}

/* ---- the reader: an HTTP thread ----------------------------------------------------------------
 */

static size_t take_text(struct stream *s, char *to, size_t size)
{
    size_t taken = 0;
    struct piece *p;

    while (taken < size && (p = atomic_load(&s->first->next))) {
        size_t length = p->text->length;
        size_t n = length - s->read < size - taken ? length - s->read : size - taken;

        memcpy(to + taken, p->text->text + s->read, n);
        taken += n;
        s->read += n;
        if (s->read < length)
            break;
        http_text_drop(p->text);
        p->text = NULL;
        free(s->first);
        s->first = p;
        s->read = 0;
    }
    atomic_fetch_sub(&s->behind, taken);
    return taken;
}

static bool has_work(struct stream *s)
{
    return atomic_load(&s->first->next) || atomic_load(&s->wish) != WISH_GO_ON;
}

static void wake(struct stream *s)
{
    if (atomic_exchange(&s->sleeps, false))
        MHD_resume_connection(s->mhd);
}

static ssize_t read_text(void *stream, uint64_t position, char *to, size_t size)
{
    struct stream *s = stream;
    size_t taken;

    (void)position;
    if (atomic_load(&s->wish) == WISH_CUT)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    taken = take_text(s, to, size);
    if (taken > 0)
        return (ssize_t)taken;
    if (atomic_load(&s->wish) == WISH_END)
        return MHD_CONTENT_READER_END_OF_STREAM;
    MHD_suspend_connection(s->mhd);
    atomic_store(&s->sleeps, true);
    if (has_work(s))
        wake(s);
    return 0;
}

/* The library has let go of the response: the connection has ended. */
static void reader_left(void *stream)
{
    struct stream *s = stream;

    atomic_store(&s->state, PLACE_GONE);
}

/* ---- the writer --------------------------------------------------------------------------------
 */

static void free_pieces(struct stream *s)
{
    struct piece *p = s->first;

    while (p) {
        struct piece *next = atomic_load(&p->next);

        http_text_drop(p->text);
        free(p);
        p = next;
    }
    s->first = s->last = NULL;
}

/* Make places of ended connections free again. */
static void reclaim(struct stream *s)
{
    if (atomic_load(&s->state) != PLACE_GONE)
        return;
    free_pieces(s);
    atomic_store(&s->state, PLACE_FREE);
}

static struct piece *piece_new(struct http_text *text)
{
    struct piece *p = malloc(sizeof *p);

    if (!p)
        return NULL;
    atomic_init(&p->next, NULL);
    p->text = text ? http_text_keep(text) : NULL;
    return p;
}

static void end(struct stream *s, enum wish how)
{
    atomic_store(&s->wish, how);
    wake(s);
}

static bool is_open(struct stream *s)
{
    return atomic_load(&s->state) == PLACE_OPEN && atomic_load(&s->wish) == WISH_GO_ON;
}

static bool append(struct stream *s, struct http_text *text)
{
    struct piece *p;

    reclaim(s);
    if (!is_open(s))
        return false;
    p = atomic_load(&s->behind) + text->length > STREAM_BEHIND_MAX ? NULL : piece_new(text);
    if (!p) {
        /* The client reads too slowly, or memory is short. It comes back with its Last-Event-ID. */
        end(s, WISH_CUT);
        return false;
    }
    atomic_fetch_add(&s->behind, text->length);
    atomic_store(&s->last->next, p);
    s->last = p;
    wake(s);
    return true;
}

static struct stream *find(struct http_server *h, uint64_t number)
{
    struct stream *s = &h->streams[number % HTTP_STREAMS_MAX];

    return s->uses == number / HTTP_STREAMS_MAX ? s : NULL;
}

bool http_stream_share(struct http_server *h, uint64_t stream, struct http_text *t)
{
    struct stream *one = stream ? find(h, stream) : NULL;

    return one && append(one, t);
}

bool http_stream_send(struct http_server *h, uint64_t stream, const char *text, size_t length)
{
    struct http_text *t = http_text_new(text, length);
    bool sent = t && (!stream || http_stream_share(h, stream, t));

    for (size_t i = 0; t && !stream && i < HTTP_STREAMS_MAX; i++)
        (void)append(&h->streams[i], t); /* one that is cut concerns no other */
    http_text_drop(t);
    return sent;
}

size_t http_stream_behind(struct http_server *h, uint64_t stream)
{
    struct stream *s = stream ? find(h, stream) : NULL;

    if (s)
        reclaim(s);
    return s && is_open(s) ? atomic_load(&s->behind) : SIZE_MAX;
}

void http_stream_close(struct http_server *h, uint64_t stream)
{
    struct stream *s = stream ? find(h, stream) : NULL;

    if (s && is_open(s))
        end(s, WISH_END);
}

unsigned http_streams(const struct http_server *h)
{
    unsigned open = 0;

    for (size_t i = 0; i < HTTP_STREAMS_MAX; i++)
        open += is_open(&h->streams[i]);
    return open;
}

/* A free place, with its list begun. NULL: there is none, or no memory. */
static struct stream *take_place(struct http_server *h)
{
    for (size_t i = 0; i < HTTP_STREAMS_MAX; i++) {
        struct stream *s = &h->streams[i];

        reclaim(s);
        if (atomic_load(&s->state) != PLACE_FREE)
            continue;
        s->first = s->last = piece_new(NULL);
        return s->first ? s : NULL;
    }
    return NULL;
}

/* Left alone, the kernel would let megabytes lie there for a client that does not read. */
static void bound_kernel(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    int bytes = STREAM_KERNEL_BYTES;

    if (info)
        (void)setsockopt(info->connect_fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

static struct MHD_Response *begin(struct stream *s, struct MHD_Connection *mhd)
{
    struct MHD_Response *r;

    s->uses++;
    s->read = 0;
    s->mhd = mhd;
    bound_kernel(mhd);
    atomic_store(&s->behind, 0);
    atomic_store(&s->sleeps, false);
    atomic_store(&s->wish, WISH_GO_ON);
    atomic_store(&s->state, PLACE_OPEN);
    r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_text, s, reader_left);
    if (!r) {
        atomic_store(&s->state, PLACE_GONE);
        return NULL;
    }
    (void)MHD_add_response_header(r, "Content-Type", "text/event-stream");
    (void)MHD_add_response_header(r, "Cache-Control", "no-store");
    (void)MHD_add_response_header(r, "X-Accel-Buffering", "no"); /* nginx would hold events back */
    return r;
}

uint64_t http_stream_open(struct http_server *h, struct http_request *rq)
{
    struct http_connection *c = request_claim(h, rq->connection);
    struct stream *s = take_place(h);
    struct MHD_Response *r;

    assert(c); /* replied to twice */
    request_free(h, rq);
    r = s ? begin(s, c->mhd) : NULL;
    if (!r) {
        request_refuse(c, &too_many);
        return 0;
    }
    reply_guard(c, r);
    request_answer(c, 200, r);
    return s->uses * HTTP_STREAMS_MAX + (uint64_t)(s - h->streams);
}

void stream_stop_all(struct http_server *h)
{
    for (size_t i = 0; i < HTTP_STREAMS_MAX; i++)
        if (is_open(&h->streams[i]))
            end(&h->streams[i], WISH_END);
}

void stream_free_all(struct http_server *h)
{
    for (size_t i = 0; i < HTTP_STREAMS_MAX; i++)
        free_pieces(&h->streams[i]);
    free(h->streams);
}

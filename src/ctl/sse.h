/* Server-sent events (HTML standard 9.2.6), taken apart as the bytes come. Pure. */
#ifndef CALLPARK_CTL_SSE_H
#define CALLPARK_CTL_SSE_H

#include <stdbool.h>
#include <stddef.h>

#define SSE_EVENT_MAX                                                                              \
    (16U << 20) /* a snapshot of every call of a node fits; more is no event of ours */

struct sse_event {
    char name[64]; /* "message" when the stream does not say */
    char id[32];
    const char *data; /* lines joined by LF; NUL-ended; valid while the receiver runs */
};

/* Takes one event; false: enough. */
typedef bool sse_take(void *to, const struct sse_event *event);

struct sse;

struct sse *sse_new(sse_take *take, void *to); /* NULL: no memory */
void sse_free(struct sse *s);

/* Take the next bytes. False when the receiver has had enough or an event is too long. */
bool sse_feed(struct sse *s, const char *bytes, size_t length);

#endif

/* Messages as text on their way through the front: where one ends on a stream, and what of its
 * topmost Via the library and the far end must see differently. Pure. Internal to src/sip. */
#ifndef CALLPARK_SIP_FRONT_TEXT_H
#define CALLPARK_SIP_FRONT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than this of one message is no message. */
#define FRONT_MESSAGE_MAX 131072

/* Bytes that wait; grows up to a bound. All zero is an empty one. */
struct bytes {
    char *at;
    size_t length, room;
};

bool bytes_add(struct bytes *b, const void *from, size_t length); /* false: no memory */
void bytes_drop(struct bytes *b, size_t length);                  /* from the front */
void bytes_done(struct bytes *b);

/* How long the first message (or keep-alive, CRLFs) at the beginning of a stream is; 0: not all of
 * it is there; FRONT_NO_MESSAGE: this will never be one. */
#define FRONT_NO_MESSAGE SIZE_MAX
size_t front_message(const char *text, size_t length);

/* A message by itself, as WebSocket has it (RFC 7118 5: Content-Length may be missing). How much of
 * it counts, and whether the header has to be added; false: it says it is longer than it is. */
bool front_whole(const char *text, size_t length, size_t *used, bool *lacks_length);

/* What becomes of the topmost Via. */
struct via_change {
    const char *transport; /* instead of what stands there; NULL: it stays */
    const char *sent_by;   /* "park.example.com:5061"; NULL: it stays */
    const char *received;  /* the value, where there is one; NULL: it stays */
    uint16_t rport;        /* the same; 0: it stays */
};

bool front_is_answer(const char *text, size_t length);
/* The transport that the topmost Via names, "" : there is none. */
void front_transport(const char *text, size_t length, char to[8]);
/* `text` with its topmost Via changed and, if wanted, a Content-Length for what follows its
 * headers, to the end of `to`. False: no memory. */
bool front_rewrite(struct bytes *to, const char *text, size_t length, const struct via_change *via,
                   bool add_length);

#endif

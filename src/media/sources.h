/* The far ends of a shared port, found by where a packet comes from. A packet belongs to the one
 * stream that sends from exactly there or whose SDP names exactly that place; failing that, to the
 * one stream that there is of that host, unless an ended call sent from there: what it still sends
 * must not be taken for a new one that is silent. Where two could be meant it
 * belongs to none: nobody shall hear what was not for him. */
#ifndef CALLPARK_MEDIA_SOURCES_H
#define CALLPARK_MEDIA_SOURCES_H

#include <stddef.h>

#include "media/latch.h"

enum source_key { BY_SOURCE, BY_EXPECTED, BY_EXPECTED_HOST, BY_SIGNALLED_HOST, SOURCE_KEYS };

struct source;

struct source_link {
    struct source_link *next, **back; /* `back` NULL: not in the table */
    struct source *owner;
    struct endpoint key;
    bool with_port;
};

/* Stands inside a stream. */
struct source {
    struct latch latch;
    struct source_link link[SOURCE_KEYS];
};

#define SOURCES_LEFT                                                                               \
    4096 /* a power of two; places that fall together are only treated more strictly */
#define SOURCES_ECHO                                                                               \
    10000 /* msec of silence after which an ended call's place may be another's                    \
           */

struct sources {
    struct source_link **bucket;
    size_t mask;
    uint64_t seed;
    msec
        left[SOURCES_LEFT]; /* when an ended stream's place was last heard of, plus one; 0: never */
};

/* For about `expected` streams; more are slower, not wrong. False: no memory. */
bool sources_init(struct sources *s, size_t expected, uint64_t seed);
void sources_done(struct sources *s);

/* Put it in by what its latch says; again after each change of the latch. */
void sources_put(struct sources *s, struct source *one);

/* It has ended, or has moved to a port of its own; nothing if it is not in the table. */
void sources_leave(struct sources *s, struct source *one, msec now);

/* Whose packet this could be; NULL for nobody's, or for more than one's. latch_decide() has the
 * last word. */
struct source *sources_find(struct sources *s, const struct endpoint *from, msec now);

/* The same for who is known to send from exactly there. */
struct source *sources_exact(const struct sources *s, const struct endpoint *from);

#endif

/* What those who watch are sent: dialog-info documents (RFC 4235), lists of them (RFC 4662), and
 * the call-info document of BroadWorks phones. Text that grows as it is written; nothing is sent
 * here. */
#ifndef CALLPARK_SIP_WATCH_BODY_H
#define CALLPARK_SIP_WATCH_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/lamp.h"

struct doc {
    char *text; /* malloc'ed, ended with a NUL; NULL: nothing was written yet */
    size_t length, room;
    bool failed; /* no memory: what is there is not whole */
};

void doc_free(struct doc *d);
void doc_clear(struct doc *d);
void doc_write(struct doc *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As the text of an element or the value of an attribute; what XML cannot hold is left out. */
void doc_write_escaped(struct doc *d, const char *text);

/* One lamp as one watcher sees it. */
struct view {
    const char *entity;            /* "sip:701@example.com": what he asked for */
    const char *number, *domain;   /* "701", "example.com" */
    uint32_t version;              /* higher with each document */
    const struct orbit_lamp *lamp; /* NULL: dark */
    enum lamp how;
    bool names; /* he may see who waits */
    bool plain; /* of a whole range: lit, but nobody's */
};

void body_dialog_info(struct doc *d, const struct view *v);
void body_call_info(struct doc *d, const struct view *v);

/* A URI that names a number: '#' needs its escape. */
void body_uri(char *to, size_t size, const char *number, const char *domain);

/* ---- a list ---- */

#define BOUNDARY_SIZE 40

/* The root document and the documents of its resources are written side by side and then joined. */
struct list_body {
    struct doc root, parts;
    char boundary[BOUNDARY_SIZE];
};

void body_list_begin(struct list_body *l, const char *entity, uint32_t version, bool full);
/* One resource, with its document if `v` says something about it. */
void body_list_add(struct list_body *l, const char *number, const char *domain,
                   const struct view *v);
/* The whole multipart body, in `root`. */
void body_list_end(struct list_body *l);
void body_list_free(struct list_body *l);

#endif

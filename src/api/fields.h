/* Reading what clients sent: the JSON object of a body field by field, and parameters of the query.
 * The first thing that is wrong is kept with its place and its words; readers go on and give back
 * nothing, and the handler asks once at the end. */
#ifndef CALLPARK_API_FIELDS_H
#define CALLPARK_API_FIELDS_H

#include "api/ask.h"

struct fields {
    json_t *json;
    const char *slug; /* of the problem; NULL: nothing is wrong */
    char pointer[128];
    char detail[ERR_TEXT_SIZE];
};

/* The body as an object with no other fields than `names` (its end is a NULL). False: replied to.
 * The body must be given back with fields_done() in any case. An empty body counts as {} when
 * `may_be_empty`. */
bool fields_read(struct fields *f, struct ask *q, const char *const *names, bool may_be_empty);
/* A body that has nothing to say: none, or {}. False: replied to. */
bool fields_none(struct ask *q);
/* The same for a value that is a piece of a body, at `pointer`; nothing is replied. */
bool fields_of(struct fields *f, json_t *json, const char *const *names, const char *pointer);
void fields_done(struct fields *f);

bool fields_has(const struct fields *f, const char *name);   /* there, and not null */
bool fields_null(const struct fields *f, const char *name);  /* there, and null */
const char *fields_text(struct fields *f, const char *name); /* NULL: not there, or no text */
const char *fields_needed_text(struct fields *f, const char *name);
uint64_t fields_integer(struct fields *f, const char *name, uint64_t low, uint64_t high);
void fields_fault(struct fields *f, const char *slug, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* If something is wrong, reply with it and give the body back. True: it was. */
bool fields_reply(struct fields *f, struct ask *q);

/* Is every parameter of the query one of `names` ("q,limit,cursor")? False: replied to. */
bool params_known(struct ask *q, const char *names);
/* A parameter that is one of `choices` (ends with NULL); its index, or `otherwise` when it is not
 * given. -1: replied to. */
int params_choice(struct ask *q, const char *name, const char *const *choices, int otherwise);
bool params_switch(struct ask *q, const char *name, bool *value);   /* false: replied to */
bool params_time(struct ask *q, const char *name, wall_msec *when); /* false: replied to */

/* One page of a listing. */
struct page {
    size_t limit, offset;
    char sort[32];
    bool descending;
};

/* Read limit, cursor and sort (one of `keys`, the first being the default). False: replied to. */
bool page_read(struct ask *q, struct page *page, const char *const *keys);
/* {items, next_cursor, total} and the Link header. `items` is taken over. */
json_t *page_json(struct ask *q, const struct page *page, json_t *items, size_t total);
/* The same with a cursor of the caller's own; NULL: the last page. */
json_t *page_with_cursor(struct ask *q, json_t *items, const char *cursor, uint64_t total);

#endif

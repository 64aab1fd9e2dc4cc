/* One event as it is kept: where it happened, and its text for those who may see callers' numbers
 * and for those who may not. events.c has all of them and who listens. */
#ifndef CALLPARK_API_EVENT_H
#define CALLPARK_API_EVENT_H

#include <jansson.h>

#include "app/app.h"

/* Topics. */
enum {
    TOPIC_CALLS = 1,
    TOPIC_RANGES = 2,
    TOPIC_SETTINGS = 4,
    TOPIC_SYSTEM = 8,
    TOPIC_AUDIT = 16,
    TOPIC_ALL = 31
};

struct short_event;

struct kept {
    uint64_t number;
    unsigned topic;
    char name[32];
    char *data;   /* JSON */
    char *masked; /* the same without callers' numbers; NULL: there are none in it */
    struct short_event *short_event; /* instead of both, until somebody wants to see it */
    /* Where it happened, as far as roles can tell. */
    range_id range;
    char destination[FQDN_SIZE], site[NAME_SIZE];
};

/* As `ev` tells it; `k` has its number, topic and name already. `brief`: an event of a call,
 * without the call as it is: that costs little, and is written out when somebody asks for it. */
void event_put(struct kept *k, struct app *a, const struct app_event *ev, bool brief);
void event_forget(struct kept *k);

/* What somebody may see of it, as JSON; NULL: nothing but that there was one. It lives as long as
 * the event. */
const char *event_visible(struct kept *k, const struct rights *r);

/* An event as it goes over streams, for each kind of reader written out once: all that see the same
 * share the text. Zeroed at first. */
struct event_texts {
    struct http_text *full, *masked, *number;
};

/* As somebody with these rights and topics gets it: of what he may not see or did not ask for its
 * number alone, for an id without data says nothing to the page (HTML, 9.2.6) and no gap is seen.
 * It stays in `texts`; NULL: no memory. */
struct http_text *event_text(struct kept *k, const struct rights *r, unsigned topics,
                             struct event_texts *texts);
void event_texts_drop(struct event_texts *texts);

/* The same as a member of a list; `data` is what event_visible() gave. */
json_t *event_show(const struct kept *k, const char *data);
/* For whoever may not see callers' numbers, whatever his roles. */
json_t *event_show_masked(struct kept *k);

#endif

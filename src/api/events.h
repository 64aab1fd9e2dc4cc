/* What happens, told to everybody who listens: numbered by one, kept for a while for those who come
 * back, and sent as event streams. */
#ifndef CALLPARK_API_EVENTS_H
#define CALLPARK_API_EVENTS_H

#include <jansson.h>

#include "app/app.h"

struct events;

struct events *events_new(struct app *app); /* NULL: no memory */
void events_free(struct events *e);
void events_take(struct events *e, const struct app_event *ev);
void events_second(struct events *e);
void events_soon(struct events *e); /* for those who are behind */
/* The latest events as a list, without callers' numbers. */
json_t *events_latest(struct events *e, size_t count);
uint64_t events_count(const struct events *e); /* that there were */

#endif

/* What the files about sites, destinations and settings share. Internal to src/api. */
#ifndef CALLPARK_API_PLACES_H
#define CALLPARK_API_PLACES_H

#include "api/ask.h"
#include "api/fields.h"

/* The destination or site that the path names, in any accepted form; NULL: replied to. */
const struct destination *destination_asked(struct ask *q);
const struct site *site_asked(struct ask *q);

/* Cut a sorted list of `count` things into the page asked for; `show` makes one of them JSON. */
void places_reply(struct ask *q, const struct page *page, size_t count, const size_t *order,
                  json_t *(*show)(struct ask *q, size_t index));

/* effective.c: a setting's value as JSON. */
json_t *settings_show_value(const struct rules *rules, enum setting_key key);

#endif

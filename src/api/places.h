/* What the files about sites, destinations and settings share. Internal to src/api. */
#ifndef CALLPARK_API_PLACES_H
#define CALLPARK_API_PLACES_H

#include "api/ask.h"
#include "api/fields.h"

/* The destination or site that the path names, in any accepted form, if `p` holds there (to read:
 * there or at something inside); NULL: replied to. */
const struct destination *destination_asked(struct ask *q, enum permission p);
const struct site *site_asked(struct ask *q, enum permission p);

/* settings.c: the scope of this kind that the path names, for who may (as above). False: replied
 * to.
 */
bool scope_asked(struct ask *q, enum scope_kind kind, enum permission needs, struct scope *to);

/* One thing of a listing: its name, and where it stands in its table. */
struct place_row {
    const char *name;
    size_t index;
};

/* Sort by name and cut out the page asked for; `show` makes one thing JSON. */
void places_reply(struct ask *q, const struct page *page, struct place_row *rows, size_t count,
                  json_t *(*show)(struct ask *q, size_t index));

/* effective.c: a setting's value as JSON. */
json_t *settings_show_value(const struct rules *rules, enum setting_key key);

/* settings.c: the reverse, as text for settings_set(); false: JSON of a wrong type. */
bool settings_value_text(const json_t *value, char to[LIST_SIZE + 8]);

#endif

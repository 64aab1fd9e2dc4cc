/* `fields=name,caller.uri`: of a list or an object only what was asked for. Internal to src/api. */
#ifndef CALLPARK_API_SELECT_H
#define CALLPARK_API_SELECT_H

#include <stdbool.h>

#include "api/ask.h"

#define SELECT_FIELDS 32 /* that one request may name */
#define SELECT_SIZE 2048 /* of the parameter: as long as a query may be */

/* Cut `body` (taken over, given back) down to the fields that the query names; as it is when it
 * names none. NULL: a name is none of its fields, which was replied to. Of a list each of `items`
 * is cut. */
json_t *select_fields(struct ask *q, json_t *body);

/* The same for one thing of a list in another form than JSON lists; a name that it does not have is
 * left out. */
json_t *select_of_one(struct ask *q, json_t *thing);

/* Did the query name fields? For answers of which none can be chosen. */
bool select_asked(const struct ask *q);

#endif

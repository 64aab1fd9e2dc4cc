/* The two halves of an administrator's change, for app/ only: admin.c takes lists in turn,
 * admin_try.c knows what each kind of change may do and what it writes. */
#ifndef CALLPARK_APP_ADMIN_H
#define CALLPARK_APP_ADMIN_H

#include "app/inside.h"

/* Check one change against the draft tables and make it there. It fills in what the change left
 * open: ids, versions. */
enum admin_status admin_try(struct app *a, struct admin_change *c, struct admin_result *result);

/* The changes of the store that it means, into the present group. After admin_try() only. */
void admin_changes(struct app *a, const struct admin_change *c);

/* Does this number still belong to the same range on this node after the change? */
bool admin_keeps(const struct app *a, const struct admin_change *c, number_key number);

#endif

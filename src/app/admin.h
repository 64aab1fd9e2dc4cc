/* The parts of an administrator's change, for app/ only: admin.c takes lists in turn, admin_try.c
 * knows what each kind of change may do and what it writes, admin_people.c the same for users. */
#ifndef CALLPARK_APP_ADMIN_H
#define CALLPARK_APP_ADMIN_H

#include "app/inside.h"

/* Check one change against the draft tables and make it there. It fills in what the change left
 * open: ids, versions. */
enum admin_status admin_try(struct app *a, struct admin_change *c, struct admin_result *result);

/* The changes of the store that it means, into the present group. After admin_try() only. */
void admin_changes(struct app *a, const struct admin_change *c);

/* A scope that names a range which the same list makes gets its id. */
void admin_resolve(const struct app *a, struct scope *scope);

/* Does this number still belong to the same range on this node after the change? */
bool admin_keeps(const struct app *a, const struct admin_change *c, number_key number);

/* admin.c: one more change at the end of a list that is being tried; zeroed. NULL: no memory. */
struct admin_change *admin_more(struct admin_job *job);

/* admin_try.c: for those that follow. */
enum admin_status admin_missing(struct admin_result *result, const char *what, const char *name);
enum admin_status admin_exists(struct admin_result *result, const char *what, const char *name);
enum admin_status admin_check_version(const struct admin_change *c, uint32_t present,
                                      struct admin_result *result);

/* admin_people.c */
enum admin_status admin_try_people(struct app *a, struct admin_change *c,
                                   struct admin_result *result);
enum admin_status admin_drop_homeless(struct app *a, struct admin_job *job);
enum admin_status admin_keep_administrator(struct app *a, struct admin_result *result);
void admin_put_people(struct change *change, const struct admin_change *c);

#endif

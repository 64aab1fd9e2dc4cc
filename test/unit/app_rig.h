/* A whole app for tests: a store in memory, no door to the outside but one SIP port, and turns of
 * the loop that the test asks for. What it tells its watchers is kept to be looked at. */
#ifndef CALLPARK_TEST_APP_RIG_H
#define CALLPARK_TEST_APP_RIG_H

#include "app/inside.h"

extern struct app_config rig_config;

struct rig_told {
    unsigned done, users_updated, audited;
    struct admin_result result;
    audit_id audit;
    char subject[NAME_SIZE];
    bool describing; /* say something for the audit trail of each change */
    struct store_rows *rows;
};
extern struct rig_told rig_told;

/* For a group of tests, one app, as a start takes a while; for each test, nobody is there and the
 * time is right again. */
int rig_start(void **state);
int rig_end(void **state);
int rig_set_up(void **state);
#define WITH_APP(test) cmocka_unit_test_setup(test, rig_set_up)

struct app *rig_begin(const char *store); /* "memory:"; another one */

/* A list of changes made by anna, and how it ended. */
enum admin_status rig_make(struct app *a, const struct admin_change *changes, size_t count);
struct admin_change rig_user(const char *name);
struct admin_change rig_role(const char *name, enum role role); /* everywhere */
struct admin_change rig_token(const char *name);                /* of that user */
void rig_administrator(struct app *a, const char *name);        /* made */

void rig_take_rows(void *context, struct store_rows *rows, const char *err);
struct store_rows *rig_audit(struct app *a); /* the trail; to be freed */

#endif

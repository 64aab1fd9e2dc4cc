/* A store in a file, and what somebody does with it and a database shell. */
#ifndef CALLPARK_TEST_STORE_TESTED_SQL_H
#define CALLPARK_TEST_STORE_TESTED_SQL_H

#include "tested.h"

/* Set-up and tear-down of a test whose state is a store in a file of its own, not started. */
int tested_up(void **state);
int tested_down(void **state);

/* Carry out statements in a file of the store's folder; the test fails if one cannot be. */
void tested_sql(const struct tested *t, const char *file, const char *sql);

/* The number that a query gives, in its first row and column. */
int64_t tested_number(const struct tested *t, const char *file, const char *sql);

#endif

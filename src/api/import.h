/* What the two files of the import share: reading a document, and making it so. Internal to
 * src/api. */
#ifndef CALLPARK_API_IMPORT_H
#define CALLPARK_API_IMPORT_H

#include "api/fields.h"
#include "api/ranges.h"

enum import_action { IMPORT_CREATE, IMPORT_UPDATE, IMPORT_KEEP, IMPORT_DELETE };
enum import_mode { IMPORT_MODE_CREATE, IMPORT_MODE_UPSERT, IMPORT_MODE_REPLACE };

struct import_row {
    struct range_wish wish;
    enum import_action action;
    unsigned place; /* line of a table, or place in the list, from 1 */
};

struct import {
    enum import_mode mode;
    bool table; /* CSV: places are lines */
    struct import_row *rows;
    size_t count, room;
    json_t *errors, *notes;
    size_t *row_of; /* of each change that is made */
    char pointer[64];
};

/* Read the body into rows. What is wrong with them is in `errors`. False: replied to. */
bool import_read(struct ask *q, struct import *im);

#endif

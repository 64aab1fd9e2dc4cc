/* CSV as people have it: from Excel, from PowerShell's Export-Csv, from our own export. Pure. */
#ifndef CALLPARK_CTL_CSV_H
#define CALLPARK_CTL_CSV_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

#define CSV_BYTES_MAX (16U << 20)
#define CSV_COLUMNS_MAX 64

/* Read a table with a heading into an array of objects, one for each line: {"start": "7000", ...}.
 * Separated by commas, semicolons or tabs, whichever the heading has; quotes, a byte order mark,
 * UTF-16 and a first line "#TYPE ..." are taken. Headings are kept as they are written. NULL with
 * the line that is wrong. */
json_t *csv_read(const char *bytes, size_t length, struct err *err);

/* A text of a CSV cell without the apostrophe that guards against formulas. */
const char *csv_unguard(const char *text);

#endif

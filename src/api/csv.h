/* Tables as text (RFC 4180), to be written and to be read as spreadsheets and the original's
 * cmdlets write them. Internal to src/api. */
#ifndef CALLPARK_API_CSV_H
#define CALLPARK_API_CSV_H

#include <stdbool.h>
#include <stddef.h>

#define CSV_COLUMNS_MAX 64

/* A text that grows; zeroed to begin with. */
struct csv {
    char *text;
    size_t length, size;
    bool in_row, failed;
};

void csv_field(struct csv *c, const char *value); /* quoted where that is needed */
void csv_end(struct csv *c);                      /* of a row */

/* A value that was read, without the apostrophe that csv_field() put before a formula. */
const char *csv_unguarded(const char *value);

void csv_raw(struct csv *c, const char *text);
char *csv_take(struct csv *c); /* malloc'ed; NULL: there was no memory */

/* One row of a table being read: fields NUL-ended inside of the reader's text. */
struct csv_row {
    char *field[CSV_COLUMNS_MAX];
    size_t count;
    unsigned line; /* in which it begins, from 1 */
};

struct csv_reader {
    char *text, *next;
    char separator;
    unsigned line;
};

/* Takes a copy of `bytes`: UTF-8 with or without a byte order mark, or UTF-16 with one; separated
 * by comma, semicolon or tab; a first line "#TYPE ..." is passed over. False: it is none of these.
 */
bool csv_open(struct csv_reader *r, const char *bytes, size_t length);
void csv_close(struct csv_reader *r);
/* The next row that is not empty; false at the end. Fields beyond CSV_COLUMNS_MAX are dropped. */
bool csv_next(struct csv_reader *r, struct csv_row *row);

#endif

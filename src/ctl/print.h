/* Lists of JSON objects as tables, CSV, TSV, names or lines of JSON. Pure but for the stream it
 * writes to: whether that is a terminal, and what time it is, is told to it. */
#ifndef CALLPARK_CTL_PRINT_H
#define CALLPARK_CTL_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

enum print_format {
    PRINT_TABLE,
    PRINT_JSON,
    PRINT_NDJSON,
    PRINT_CSV,
    PRINT_TSV,
    PRINT_NAME,
    PRINT_FORMATS
};

/* How a cell is shown in a table. Every other format has the value as the API has it. */
enum print_kind {
    CELL_TEXT,
    CELL_SINCE,
    CELL_LEFT,
    CELL_TIME,
    CELL_SECONDS,
    CELL_WHO /* the URI of a party: its name if it has one */
};

struct print_column {
    const char *title; /* of the table */
    const char *field; /* "caller.name" */
    enum print_kind kind;
};

struct print_style {
    enum print_format format;
    bool color;
    time_t now;
    const char *fields; /* of --fields; NULL: the columns */
    const char *name;   /* the field that -o name prints */
};

/* False if there is no such format. */
bool print_format_find(const char *name, enum print_format *out);

/* Print an array of objects. `columns` ends with a title of NULL. PRINT_JSON prints the array
 * itself: a body of the API as it came is printed by whoever has it. */
void print_list(FILE *out, const struct print_style *style, const json_t *items,
                const struct print_column *columns);

/* One object, a line for each column: "caller  Alice". */
void print_object(FILE *out, const struct print_style *style, const json_t *object,
                  const struct print_column *columns);

/* The value of "caller.name" in an object; NULL: not there. */
const json_t *print_field(const json_t *object, const char *field);

/* A value as text, cut to `size`: "" for null, "yes"/"no" for switches, lists with commas. */
void print_text(char *to, size_t size, const json_t *value);

/* Columns that a text takes on a terminal: two for wide East Asian characters, none for combining
 * ones; a byte that is no UTF-8 takes one. */
size_t print_width(const char *text);

/* One CSV cell with its quotes where it needs them. A cell that a spreadsheet would take for a
 * formula gets an apostrophe in front. */
void print_csv_cell(FILE *out, const char *text);

/* Seconds for people: "1:05", "2:03:00", "3d 04:00". */
void print_seconds(char *to, size_t size, long long seconds);

/* "2026-11-23T14:05:09.120Z" as seconds since 1970; false if it is not such a time. */
bool print_time_read(const char *text, time_t *out);

#endif

/* Tables and their like. What callers and phones wrote is shown, never obeyed: no control character
 * reaches a terminal, no formula a spreadsheet. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strptime, timegm */
#endif
#include "ctl/print.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define CELL_SIZE 2048
#define COLUMNS_MAX 40
#define TABLE_COLUMN_MAX 60 /* wider cells are cut in a table, but for those of the last column */

bool print_format_find(const char *name, enum print_format *out)
{
    static const char *const names[PRINT_FORMATS] = { "table", "json", "ndjson",
                                                      "csv",   "tsv",  "name" };

    for (int i = 0; i < PRINT_FORMATS; i++) {
        if (text_is(name, names[i])) {
            *out = (enum print_format)i;
            return true;
        }
    }
    return false;
}

const json_t *print_field(const json_t *object, const char *field)
{
    char name[64];

    while (object) {
        size_t length = strcspn(field, ".");

        (void)text_copy_n(name, sizeof(name), field, length);
        object = json_object_get(object, name);
        if (field[length] == '\0')
            return object;
        field += length + 1;
    }
    return NULL;
}

static void append_list(char *to, size_t size, const json_t *list)
{
    char cell[256];
    size_t i;
    const json_t *item;

    to[0] = '\0';
    json_array_foreach(list, i, item)
    {
        print_text(cell, sizeof(cell), item);
        (void)text_append(to, size, "%s%s", i ? ", " : "", cell);
    }
}

/* An object inside a cell: its name if it has one, else all of it. */
static void object_text(char *to, size_t size, const json_t *object)
{
    const json_t *name = json_object_get(object, "name");
    char *text;

    if (json_is_string(name)) {
        (void)text_copy(to, size, json_string_value(name));
        return;
    }
    text = json_dumps(object, JSON_COMPACT);
    (void)text_copy(to, size, text);
    free(text);
}

void print_text(char *to, size_t size, const json_t *value)
{
    to[0] = '\0';
    if (json_is_string(value))
        (void)text_copy(to, size, json_string_value(value));
    else if (json_is_integer(value))
        (void)text_format(to, size, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        (void)text_format(to, size, "%.3f", json_real_value(value));
    else if (json_is_boolean(value))
        (void)text_copy(to, size, json_is_true(value) ? "yes" : "no");
    else if (json_is_array(value))
        append_list(to, size, value);
    else if (json_is_object(value))
        object_text(to, size, value);
}

static bool is_combining(uint32_t c)
{
    return (c >= 0x300 && c <= 0x36F) || (c >= 0x483 && c <= 0x489) || (c >= 0x591 && c <= 0x5BD) ||
           (c >= 0x64B && c <= 0x65F) || (c >= 0x1AB0 && c <= 0x1AFF) ||
           (c >= 0x1DC0 && c <= 0x1DFF) || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x20D0 && c <= 0x20FF) || (c >= 0xFE00 && c <= 0xFE0F) ||
           (c >= 0xFE20 && c <= 0xFE2F);
}

static bool is_wide(uint32_t c)
{
    return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0x303E) ||
           (c >= 0x3041 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) ||
           (c >= 0xFF00 && c <= 0xFF60) || (c >= 0xFFE0 && c <= 0xFFE6) ||
           (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
}

/* The next character, how many bytes it has and how many columns it takes. */
static size_t character(const char *text, uint32_t *c, size_t *columns)
{
    size_t length = text_character(text, c);

    if (length == 0) {
        *c = '?';
        *columns = 1;
        return 1;
    }
    *columns = is_combining(*c) ? 0 : is_wide(*c) ? 2 : 1;
    return length;
}

size_t print_width(const char *text)
{
    size_t width = 0, columns;
    uint32_t c;

    while (*text) {
        text += character(text, &c, &columns);
        width += columns;
    }
    return width;
}

/* Make it fit to be shown: no control characters, valid UTF-8, at most so many columns. */
static void tame(char *text, size_t most)
{
    size_t width = 0, columns;
    uint32_t c;
    char *at = text;

    while (*at) {
        size_t length = character(at, &c, &columns);

        if (width + columns > most) {
            at[-1] = '~'; /* what is cut is seen to be cut */
            *at = '\0';
            return;
        }
        if (c < 0x20 || (c >= 0x7F && c < 0xA0) || text_character(at, &c) == 0)
            memset(at, '?', length);
        at += length;
        width += columns;
    }
}

void print_seconds(char *to, size_t size, long long seconds)
{
    const char *sign = seconds < 0 ? "-" : "";
    unsigned long long s =
        seconds < 0 ? 0ULL - (unsigned long long)seconds : (unsigned long long)seconds;

    if (s >= 86400)
        (void)text_format(to, size, "%s%llud %02llu:%02llu", sign, s / 86400, s / 3600 % 24,
                          s / 60 % 60);
    else if (s >= 3600)
        (void)text_format(to, size, "%s%llu:%02llu:%02llu", sign, s / 3600, s / 60 % 60, s % 60);
    else
        (void)text_format(to, size, "%s%llu:%02llu", sign, s / 60, s % 60);
}

bool print_time_read(const char *text, time_t *out)
{
    struct tm tm = { 0 };
    const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

    if (!rest)
        return false;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0)
        return false;
    *out = timegm(&tm);
    return true;
}

/* A time as it helps a reader: how long ago, how much longer, or the time of day. */
static void time_cell(char *to, size_t size, const struct print_style *style, enum print_kind kind)
{
    time_t at;

    if (!print_time_read(to, &at))
        return;
    if (kind == CELL_SINCE) {
        print_seconds(to, size, (long long)(style->now - at));
    } else if (kind == CELL_LEFT) {
        print_seconds(to, size, at > style->now ? (long long)(at - style->now) : 0);
    } else {
        struct tm tm;
        char text[32];

        localtime_r(&at, &tm);
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
        (void)text_copy(to, size, text);
    }
}

/* "sip:105@pbx.example" as people say it: 105, or the name that stands beside it. */
static void person(char *to, size_t size, const char *field, const json_t *object)
{
    char path[64], name[CELL_SIZE];
    const char *user = strchr(to, ':');

    (void)text_format(path, sizeof(path), "%.*s.name", (int)strcspn(field, "."), field);
    print_text(name, sizeof(name), print_field(object, path));
    if (*name)
        (void)text_copy(to, size, name);
    else if (user && strchr(user, '@'))
        (void)text_copy_n(to, size, user + 1, strcspn(user + 1, "@"));
}

static void table_cell(char *to, size_t size, const struct print_style *style,
                       const struct print_column *column, const json_t *object, bool is_last)
{
    const json_t *value = print_field(object, column->field);

    print_text(to, size, value);
    if (column->kind == CELL_SECONDS && json_is_integer(value))
        print_seconds(to, size, json_integer_value(value));
    else if (column->kind == CELL_WHO)
        person(to, size, column->field, object);
    else if (column->kind != CELL_TEXT)
        time_cell(to, size, style, column->kind);
    tame(to, is_last ? size : TABLE_COLUMN_MAX);
    if (!*to)
        (void)text_copy(to, size, "-");
}

/* The columns asked for: those of --fields, named as they were typed, else the given ones. */
static size_t choose(struct print_column *to, char names[][64], const struct print_style *style,
                     const struct print_column *columns)
{
    const char *at = style->fields;
    size_t n = 0;

    if (!at) {
        for (; columns[n].title && n < COLUMNS_MAX; n++)
            to[n] = columns[n];
        return n;
    }
    while (*at && n < COLUMNS_MAX) {
        size_t length = strcspn(at, ",");

        (void)text_copy_n(names[n], 64, at, length);
        to[n] = (struct print_column){ names[n], names[n], CELL_TEXT };
        n += length > 0;
        at += length + (at[length] == ',');
    }
    return n;
}

static void pad(FILE *out, size_t width, size_t to)
{
    for (; width < to; width++)
        fputc(' ', out);
}

static void table(FILE *out, const struct print_style *style, const json_t *items,
                  const struct print_column *columns, size_t count)
{
    size_t widths[COLUMNS_MAX], i;
    char cell[CELL_SIZE];
    const json_t *item;

    for (size_t c = 0; c < count; c++)
        widths[c] = print_width(columns[c].title);
    json_array_foreach(items, i, item)
    {
        for (size_t c = 0; c < count; c++) {
            table_cell(cell, sizeof(cell), style, &columns[c], item, c + 1 == count);
            widths[c] = print_width(cell) > widths[c] ? print_width(cell) : widths[c];
        }
    }
    fputs(style->color ? "\033[1m" : "", out);
    for (size_t c = 0; c < count; c++) {
        fputs(columns[c].title, out);
        pad(out, print_width(columns[c].title), c + 1 < count ? widths[c] + 2 : 0);
    }
    fputs(style->color ? "\033[0m\n" : "\n", out);
    json_array_foreach(items, i, item)
    {
        for (size_t c = 0; c < count; c++) {
            table_cell(cell, sizeof(cell), style, &columns[c], item, c + 1 == count);
            fputs(cell, out);
            pad(out, print_width(cell), c + 1 < count ? widths[c] + 2 : 0);
        }
        fputc('\n', out);
    }
}

/* Would a spreadsheet run it? A plain number may have a sign. */
static bool is_formula(const char *text)
{
    if (!strchr("=+-@\t\r", *text) || *text == '\0')
        return false;
    if (*text == '+' || *text == '-')
        return text[1] == '\0' || text[1 + strspn(text + 1, "0123456789.")] != '\0';
    return true;
}

void print_csv_cell(FILE *out, const char *text)
{
    bool guard = is_formula(text);

    if (!guard && !strpbrk(text, "\",;\r\n\t")) {
        fputs(text, out);
        return;
    }
    fputs(guard ? "\"'" : "\"", out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

/* Tab-separated values have no quotes: what would break a line becomes a blank. */
static void tsv_cell(FILE *out, const char *text)
{
    for (; *text; text++)
        fputc((unsigned char)*text < 0x20 || *text == 0x7F ? ' ' : *text, out);
}

static void separated(FILE *out, const struct print_style *style, const json_t *items,
                      const struct print_column *columns, size_t count)
{
    bool csv = style->format == PRINT_CSV;
    void (*cell)(FILE *, const char *) = csv ? print_csv_cell : tsv_cell;
    char text[CELL_SIZE];
    const json_t *item;
    size_t i;

    for (size_t c = 0; c < count; c++) {
        fputs(c ? (csv ? "," : "\t") : "", out);
        cell(out, columns[c].field);
    }
    fputs(csv ? "\r\n" : "\n", out); /* RFC 4180 2 */
    json_array_foreach(items, i, item)
    {
        for (size_t c = 0; c < count; c++) {
            print_text(text, sizeof(text), print_field(item, columns[c].field));
            fputs(c ? (csv ? "," : "\t") : "", out);
            cell(out, text);
        }
        fputs(csv ? "\r\n" : "\n", out);
    }
}

/* An object with only the fields asked for; the names are those that were typed. */
static json_t *only_fields(const json_t *object, const struct print_column *columns, size_t count)
{
    json_t *kept = json_object();

    for (size_t c = 0; c < count; c++) {
        const json_t *value = print_field(object, columns[c].field);
        json_t *copy = value ? json_deep_copy(value) : json_null();

        (void)json_object_set_new(kept, columns[c].field, copy);
    }
    return kept;
}

static void json_lines(FILE *out, const struct print_style *style, const json_t *items,
                       const struct print_column *columns, size_t count)
{
    bool lines = style->format == PRINT_NDJSON;
    const json_t *item;
    size_t i;

    fputs(lines ? "" : "[", out);
    json_array_foreach(items, i, item)
    {
        json_t *kept = style->fields ? only_fields(item, columns, count) : json_deep_copy(item);

        fputs(lines || i == 0 ? "" : ",", out);
        (void)json_dumpf(kept, out, JSON_COMPACT);
        fputs(lines ? "\n" : "", out);
        json_decref(kept);
    }
    fputs(lines ? "" : "]\n", out);
}

static void names(FILE *out, const struct print_style *style, const json_t *items)
{
    char text[CELL_SIZE];
    const json_t *item;
    size_t i;

    json_array_foreach(items, i, item)
    {
        print_text(text, sizeof(text), print_field(item, style->name));
        tsv_cell(out, text);
        fputc('\n', out);
    }
}

void print_list(FILE *out, const struct print_style *style, const json_t *items,
                const struct print_column *columns)
{
    struct print_column chosen[COLUMNS_MAX];
    char typed[COLUMNS_MAX][64];
    size_t count = choose(chosen, typed, style, columns);

    switch (style->format) {
    case PRINT_JSON:
    case PRINT_NDJSON:
        json_lines(out, style, items, chosen, count);
        break;
    case PRINT_CSV:
    case PRINT_TSV:
        separated(out, style, items, chosen, count);
        break;
    case PRINT_NAME:
        names(out, style, items);
        break;
    case PRINT_TABLE:
    case PRINT_FORMATS:
        table(out, style, items, chosen, count);
        break;
    }
}

static void lines_of(FILE *out, const struct print_style *style, const json_t *object,
                     const struct print_column *columns, size_t count)
{
    char cell[CELL_SIZE];
    size_t width = 0;

    for (size_t c = 0; c < count; c++)
        width = print_width(columns[c].title) > width ? print_width(columns[c].title) : width;
    for (size_t c = 0; c < count; c++) {
        table_cell(cell, sizeof(cell), style, &columns[c], object, true);
        fputs(style->color ? "\033[1m" : "", out);
        fputs(columns[c].title, out);
        fputs(style->color ? "\033[0m" : "", out);
        pad(out, print_width(columns[c].title), width + 2);
        fprintf(out, "%s\n", cell);
    }
}

void print_object(FILE *out, const struct print_style *style, const json_t *object,
                  const struct print_column *columns)
{
    struct print_column chosen[COLUMNS_MAX];
    char typed[COLUMNS_MAX][64];
    size_t count = choose(chosen, typed, style, columns);
    json_t *items, *kept;

    if (style->format == PRINT_TABLE) {
        lines_of(out, style, object, chosen, count);
        return;
    }
    if (style->format == PRINT_JSON || style->format == PRINT_NDJSON) {
        kept = style->fields ? only_fields(object, chosen, count) : json_deep_copy(object);
        (void)json_dumpf(kept, out, JSON_COMPACT);
        fputc('\n', out);
        json_decref(kept);
        return;
    }
    items = json_array();
    (void)json_array_append_new(items, json_deep_copy(object));
    print_list(out, style, items, columns);
    json_decref(items);
}

/* A table of text, cell by cell. */
#include "ctl/csv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct reader {
    const char *at;
    char separator;
    unsigned line;
    char *cell; /* as large as the whole text: no cell is longer */
    struct err *err;
};

enum after { AFTER_CELL, AFTER_LINE, AFTER_ALL, AFTER_ERROR };

static uint32_t unit_at(const unsigned char *bytes, size_t at, bool big)
{
    return big ? (uint32_t)bytes[at] << 8 | bytes[at + 1]
               : (uint32_t)bytes[at + 1] << 8 | bytes[at];
}

/* The next character of UTF-16. Surrogate pairs are joined; half of one, and NUL, become a question
 * mark. */
static uint32_t next_utf16(const unsigned char *bytes, size_t length, size_t *at, bool big)
{
    uint32_t c = unit_at(bytes, *at, big), low;

    *at += 2;
    if (c != 0 && (c < 0xD800 || c > 0xDFFF))
        return c;
    low = *at + 1 < length ? unit_at(bytes, *at, big) : 0;
    if (c < 0xD800 || c > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
        return '?';
    *at += 2;
    return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xE0 | c >> 12);
        } else {
            *to++ = (char)(0xF0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3F));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
    }
    *to++ = (char)(0x80 | (c & 0x3F));
    return to;
}

/* UTF-16 with its mark, as Excel and PowerShell write it, to UTF-8: two bytes become three at most.
 */
static char *from_utf16(const unsigned char *bytes, size_t length, bool big)
{
    char *text = malloc(length * 2 + 1), *to = text;
    size_t at = 2;

    if (!text)
        return NULL;
    while (at + 1 < length)
        to = put_utf8(to, next_utf16(bytes, length, &at, big));
    *to = '\0';
    return text;
}

static char *as_utf8(const char *bytes, size_t length)
{
    const unsigned char *b = (const unsigned char *)bytes;
    char *text;

    if (length >= 2 && ((b[0] == 0xFF && b[1] == 0xFE) || (b[0] == 0xFE && b[1] == 0xFF)))
        return from_utf16(b, length, b[0] == 0xFE);
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    text = malloc(length + 1);
    if (text) {
        memcpy(text, bytes, length);
        text[length] = '\0';
    }
    return text;
}

/* Read a quoted cell; `at` is behind the first quote. */
static bool quoted(struct reader *r, size_t *length)
{
    unsigned start = r->line;

    for (;; r->at++) {
        if (*r->at == '\0') {
            err_set(r->err, -EINVAL, "line %u: a quote is never closed", start);
            return false;
        }
        if (*r->at == '"' && r->at[1] != '"') {
            r->at++;
            return true;
        }
        r->at += *r->at == '"';
        r->line += *r->at == '\n';
        r->cell[(*length)++] = *r->at;
    }
}

/* Read one cell into r->cell and say what stands behind it. */
static enum after read_cell(struct reader *r)
{
    size_t length = 0;

    if (*r->at == '"') {
        r->at++;
        if (!quoted(r, &length))
            return AFTER_ERROR;
    }
    while (*r->at && *r->at != r->separator && *r->at != '\n' && *r->at != '\r')
        r->cell[length++] = *r->at++;
    r->cell[length] = '\0';
    if (*r->at == r->separator) {
        r->at++;
        return AFTER_CELL;
    }
    if (*r->at == '\0')
        return AFTER_ALL;
    r->at += *r->at == '\r' && r->at[1] == '\n' ? 2 : 1;
    r->line++;
    return AFTER_LINE;
}

/* One line as an array of texts; NULL on an error. `after` says whether more lines follow. */
static json_t *read_line(struct reader *r, enum after *after)
{
    json_t *cells = json_array();
    unsigned line = r->line;

    do {
        json_t *text;

        *after = read_cell(r);
        if (*after == AFTER_ERROR)
            break;
        text = json_string(r->cell);
        if (!text || json_array_size(cells) == CSV_COLUMNS_MAX) {
            json_decref(text);
            err_set(r->err, -EINVAL, text ? "line %u: too many columns" : "line %u: no valid UTF-8",
                    line);
            *after = AFTER_ERROR;
            break;
        }
        (void)json_array_append_new(cells, text);
    } while (*after == AFTER_CELL);
    if (*after != AFTER_ERROR)
        return cells;
    json_decref(cells);
    return NULL;
}

static bool is_blank(const json_t *cells)
{
    return json_array_size(cells) == 1 && !*json_string_value(json_array_get(cells, 0));
}

static json_t *as_object(const json_t *heading, const json_t *cells)
{
    json_t *object = json_object();
    const json_t *name;
    size_t i;

    json_array_foreach(heading, i, name)
    {
        json_t *cell = json_array_get(cells, i);

        if (cell)
            (void)json_object_set(object, json_string_value(name), cell);
    }
    return object;
}

/* What separates the cells of the heading. */
static char separator_of(const char *text)
{
    const char *first = text + strcspn(text, ",;\t\r\n");

    return *first == ';' || *first == '\t' ? *first : ',';
}

static json_t *read_all(struct reader *r)
{
    enum after after = AFTER_LINE;
    json_t *rows = json_array(), *heading = NULL;

    while (rows && after == AFTER_LINE && *r->at) {
        json_t *cells = read_line(r, &after);

        if (!cells) {
            json_decref(rows);
            rows = NULL;
        } else if (!heading && !is_blank(cells)) {
            heading = json_incref(cells);
        } else if (!is_blank(cells)) {
            (void)json_array_append_new(rows, as_object(heading, cells));
        }
        json_decref(cells);
    }
    json_decref(heading);
    return rows;
}

json_t *csv_read(const char *bytes, size_t length, struct err *err)
{
    struct reader r = { .line = 1, .err = err };
    char *text;
    json_t *rows = NULL;

    if (length > CSV_BYTES_MAX) {
        err_set(err, -EFBIG, "more than %u MiB is no list of ranges", CSV_BYTES_MAX >> 20);
        return NULL;
    }
    text = as_utf8(bytes, length);
    r.cell = text ? malloc(strlen(text) + 1) : NULL;
    if (r.cell) {
        r.at = text;
        if (text_starts(text, "#TYPE")) { /* Export-Csv without -NoTypeInformation */
            r.at += strcspn(text, "\n");
            r.at += *r.at == '\n';
            r.line++;
        }
        r.separator = separator_of(r.at);
        rows = read_all(&r);
    } else {
        err_set(err, -ENOMEM, "out of memory");
    }
    free(r.cell);
    free(text);
    return rows;
}

const char *csv_unguard(const char *text)
{
    return text[0] == '\'' && text[1] && strchr("=+-@\t\r", text[1]) ? text + 1 : text;
}

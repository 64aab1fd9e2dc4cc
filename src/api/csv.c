/* Comma separated values, out and in. */
#include "api/csv.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static void add(struct csv *c, const char *bytes, size_t length)
{
    char *larger;

    if (!c->text || c->length + length + 1 > c->size) {
        c->size = (c->length + length + 1) * 2;
        larger = realloc(c->text, c->size);
        if (!larger) {
            c->failed = true;
            c->size = c->length; /* so that nothing more is put in */
            return;
        }
        c->text = larger;
    }
    memcpy(c->text + c->length, bytes, length);
    c->length += length;
    c->text[c->length] = '\0';
}

void csv_raw(struct csv *c, const char *text)
{
    if (!c->failed)
        add(c, text, strlen(text));
}

/* A spreadsheet would run it, and callers' names come from anywhere: the apostrophe in front makes
 * it text. A number with its sign is none. */
static bool is_formula(const char *value)
{
    if (!value[0] || !strchr("=+-@\t\r", value[0]))
        return false;
    return !(strchr("+-", value[0]) && value[1] &&
             value[1 + strspn(value + 1, "0123456789")] == '\0');
}

static bool needs_quotes(const char *value)
{
    return value[strcspn(value, ",;\t\"\r\n")] != '\0' || value[0] == ' ';
}

void csv_field(struct csv *c, const char *value)
{
    bool guard = is_formula(value);

    if (c->in_row)
        csv_raw(c, ",");
    c->in_row = true;
    if (!guard && !needs_quotes(value)) {
        csv_raw(c, value);
        return;
    }
    csv_raw(c, guard ? "\"'" : "\"");
    for (const char *p = value; *p && !c->failed; p++)
        add(c, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    csv_raw(c, "\"");
}

const char *csv_unguarded(const char *value)
{
    return value[0] == '\'' && is_formula(value + 1) ? value + 1 : value;
}

void csv_end(struct csv *c)
{
    csv_raw(c, "\r\n");
    c->in_row = false;
}

char *csv_take(struct csv *c)
{
    if (!c->text && !c->failed)
        add(c, "", 0);
    if (c->failed) {
        free(c->text);
        return NULL;
    }
    return c->text;
}

/* ---- reading ---- */

static size_t put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3f));
        to[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3f));
    to[2] = (char)(0x80 | (c >> 6 & 0x3f));
    to[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

static uint32_t unit_at(const unsigned char *from, size_t i, bool big)
{
    return big ? (uint32_t)from[i] << 8 | from[i + 1] : (uint32_t)from[i + 1] << 8 | from[i];
}

/* As spreadsheets on Windows save "Unicode text" (RFC 2781). False: half a pair, or a NUL. */
static bool from_utf16(char *to, const unsigned char *from, size_t length, bool big)
{
    size_t used = 0;

    for (size_t i = 2; i + 1 < length; i += 2) {
        uint32_t c = unit_at(from, i, big);

        if (c >= 0xd800 && c < 0xdc00 && i + 3 < length) {
            uint32_t low = unit_at(from, i + 2, big);

            if (low < 0xdc00 || low > 0xdfff)
                return false;
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            i += 2;
        } else if (c == 0 || (c >= 0xd800 && c < 0xe000)) {
            return false;
        }
        used += put_utf8(to + used, c);
    }
    to[used] = '\0';
    return true;
}

static bool to_text(char *to, const unsigned char *from, size_t length)
{
    bool mark8 = length >= 3 && memcmp(from, "\xef\xbb\xbf", 3) == 0;

    if (length >= 2 && from[0] == 0xff && from[1] == 0xfe)
        return from_utf16(to, from, length, false);
    if (length >= 2 && from[0] == 0xfe && from[1] == 0xff)
        return from_utf16(to, from, length, true);
    if (length && memchr(from, 0, length))
        return false;
    memcpy(to, from + (mark8 ? 3 : 0), length - (mark8 ? 3 : 0));
    to[length - (mark8 ? 3 : 0)] = '\0';
    return true;
}

static char find_separator(const char *text)
{
    size_t commas = 0, semicolons = 0, tabs = 0;

    for (; *text && *text != '\n'; text++) {
        commas += *text == ',';
        semicolons += *text == ';';
        tabs += *text == '\t';
    }
    if (tabs > commas && tabs > semicolons)
        return '\t';
    return semicolons > commas ? ';' : ',';
}

bool csv_open(struct csv_reader *r, const char *bytes, size_t length)
{
    memset(r, 0, sizeof *r);
    r->text = malloc(length * 2 + 1); /* 2 bytes of UTF-16 are at most 3 of UTF-8 */
    if (!r->text || !to_text(r->text, (const unsigned char *)bytes, length)) {
        csv_close(r);
        return false;
    }
    r->next = r->text;
    r->line = 1;
    if (strncmp(r->next, "#TYPE", 5) == 0) {
        r->next += strcspn(r->next, "\n");
        r->next += *r->next == '\n';
        r->line++;
    }
    r->separator = find_separator(r->next);
    return true;
}

void csv_close(struct csv_reader *r)
{
    free(r->text);
    memset(r, 0, sizeof *r);
}

/* A quoted field, its quotes taken off in place; `p` stands behind the first one. Returns what
 * stands behind the last. */
static char *unquote(struct csv_reader *r, char *p)
{
    char *to = p;

    while (*p) {
        if (*p == '"' && p[1] != '"')
            break;
        p += *p == '"';
        r->line += *p == '\n';
        *to++ = *p++;
    }
    if (*p == '"')
        p++;
    *to = '\0';
    return p;
}

/* One field; `*more` tells whether another follows in the row. */
static char *take_field(struct csv_reader *r, bool *more)
{
    const char ends[] = { r->separator, '\r', '\n', '\0' };
    char *p = r->next, *field = p, *end;
    bool quoted;
    char last;

    p += strspn(p, " ");
    quoted = *p == '"';
    if (quoted) {
        field = p + 1;
        p = unquote(r, field);
    }
    end = p + strcspn(p, ends);
    last = *end;
    if (last == '\r' && end[1] == '\n') {
        *end = '\0';
        end++;
        last = '\n';
    }
    r->line += last == '\n' || last == '\r';
    r->next = last ? end + 1 : end;
    if (!quoted)
        *end = '\0';
    *more = last == r->separator;
    return field;
}

bool csv_next(struct csv_reader *r, struct csv_row *row)
{
    bool more = true;

    for (; *r->next == '\r' || *r->next == '\n'; r->next++)
        r->line += *r->next == '\n';
    if (!*r->next)
        return false;
    row->count = 0;
    row->line = r->line;
    while (more) {
        char *field = take_field(r, &more);

        if (row->count < CSV_COLUMNS_MAX)
            row->field[row->count++] = field;
    }
    return true;
}

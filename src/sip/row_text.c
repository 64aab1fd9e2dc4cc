/* See row_text.h. */
#include "sip/row_text.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "core/session.h"

/* ---- writing ---- */

/* The end of what was written so far, and of the room. */
struct pen {
    char *at, *end;
    bool fits;
};

static void put(struct pen *p, const char *text, size_t length)
{
    p->fits = p->fits && length < (size_t)(p->end - p->at);
    if (!p->fits)
        return;
    memcpy(p->at, text, length);
    p->at += length;
    *p->at = '\0';
}

/* A backslash stands before what would end the line, and before itself. */
static void put_escaped(struct pen *p, const char *text)
{
    while (*text && p->fits) {
        size_t plain = strcspn(text, "\\\r\n");

        put(p, text, plain);
        text += plain;
        if (!*text)
            break;
        put(p, *text == '\r' ? "\\r" : *text == '\n' ? "\\n" : "\\\\", 2);
        text++;
    }
}

static void put_number(struct pen *p, uint64_t number)
{
    char digits[24];

    text_format(digits, sizeof digits, "%llu", (unsigned long long)number);
    put(p, digits, strlen(digits));
}

static uint64_t number_of(const struct field *f, const void *value)
{
    if (f->kind == FIELD_BOOL)
        return *(const bool *)value;
    return f->kind == FIELD_U32 ? *(const uint32_t *)value : *(const uint64_t *)value;
}

static bool is_empty(const struct field *f, const void *value)
{
    if (f->kind == FIELD_TEXT || f->kind == FIELD_BODY || f->kind == FIELD_ADDRESS)
        return *(const char *)value == '\0'; /* an address begins with its host */
    return number_of(f, value) == 0;
}

static void write_value(struct pen *p, const struct field *f, const void *value)
{
    const struct address *address = value;

    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_BODY:
        put_escaped(p, value);
        break;
    case FIELD_ADDRESS:
        put_escaped(p, address->host);
        put(p, "|", 1);
        put_number(p, address->port);
        break;
    case FIELD_BOOL:
    case FIELD_U32:
    case FIELD_U64:
        put_number(p, number_of(f, value));
        break;
    }
}

bool row_text_write(char *to, size_t size, const struct field *fields, size_t count,
                    const void *from)
{
    struct pen p = { to, to + size, size > 0 };

    if (size)
        to[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const void *value = (const char *)from + fields[i].at;

        if (is_empty(&fields[i], value))
            continue;
        put(&p, fields[i].name, strlen(fields[i].name));
        put(&p, "=", 1);
        write_value(&p, &fields[i], value);
        put(&p, "\n", 1);
    }
    return p.fits;
}

/* ---- reading ---- */

/* One character of a value, and how many bytes it took; 0: none that can stand there. */
static size_t unescape(char *to, const char *from, size_t left)
{
    *to = from[0];
    if (from[0] != '\\')
        return 1;
    if (left < 2 || !strchr("rn\\", from[1]) || !from[1])
        return 0;
    *to = from[1] == 'r' ? '\r' : from[1] == 'n' ? '\n' : '\\';
    return 2;
}

static bool read_text(char *to, size_t size, const char *from, size_t length, bool is_body)
{
    size_t count = 0;

    while (length) {
        char c;
        size_t took = unescape(&c, from, length);
        bool is_break = c == '\r' || c == '\n' || c == '\t';

        if (!took || count + 1 >= size)
            return false;
        if (((unsigned char)c < ' ' && !(is_body && is_break)) || c == 0x7f)
            return false;
        to[count++] = c;
        from += took;
        length -= took;
    }
    to[count] = '\0';
    return true;
}

static bool read_number(const char *from, size_t length, uint64_t most, uint64_t *to)
{
    char digits[24];

    return text_copy_n(digits, sizeof digits, from, length) && text_number(digits, 0, most, to);
}

static bool read_address(struct address *to, const char *from, size_t length)
{
    const char *bar = memchr(from, '|', length);
    uint64_t port;

    if (!bar || !read_text(to->host, sizeof to->host, from, (size_t)(bar - from), false) ||
        !read_number(bar + 1, length - (size_t)(bar + 1 - from), 65535, &port))
        return false;
    to->port = (uint16_t)port;
    return true;
}

static bool read_value(const struct field *f, void *value, const char *from, size_t length)
{
    uint64_t number;

    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_BODY:
        return read_text(value, f->size, from, length, f->kind == FIELD_BODY);
    case FIELD_ADDRESS:
        return read_address(value, from, length);
    case FIELD_BOOL:
        if (!read_number(from, length, 1, &number))
            return false;
        *(bool *)value = number != 0;
        return true;
    case FIELD_U32:
        if (!read_number(from, length, UINT32_MAX, &number))
            return false;
        *(uint32_t *)value = (uint32_t)number;
        return true;
    case FIELD_U64:
        return read_number(from, length, UINT64_MAX, value);
    }
    return false;
}

static const struct field *find_field(const struct field *fields, size_t count, const char *name,
                                      size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(fields[i].name, name, length) == 0 && !fields[i].name[length])
            return &fields[i];
    return NULL;
}

bool row_text_read(void *to, const struct field *fields, size_t count, const char *text,
                   char unread[64])
{
    unread[0] = '\0';
    while (*text) {
        size_t line = strcspn(text, "\n"), name = strcspn(text, "=\n");
        const struct field *f = name < line ? find_field(fields, count, text, name) : NULL;

        if (f && !read_value(f, (char *)to + f->at, text + name + 1, line - name - 1)) {
            text_copy(unread, 64, f->name);
            return false;
        }
        text += line + (text[line] == '\n');
    }
    return true;
}

/* See front_text.h. Reads only what it must: the library parses every message after this. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif

#include "sip/front_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* ---- bytes ---- */

bool bytes_add(struct bytes *b, const void *from, size_t length)
{
    size_t room = b->room ? b->room : 2048;
    char *more;

    while (room < b->length + length)
        room *= 2;
    if (room != b->room) {
        more = realloc(b->at, room);
        if (!more)
            return false;
        b->at = more;
        b->room = room;
    }
    if (length)
        memcpy(b->at + b->length, from, length);
    b->length += length;
    return true;
}

void bytes_drop(struct bytes *b, size_t length)
{
    b->length -= length;
    if (b->length)
        memmove(b->at, b->at + length, b->length);
    else
        bytes_done(b);
}

void bytes_done(struct bytes *b)
{
    free(b->at);
    memset(b, 0, sizeof *b);
}

/* ---- headers ---- */

/* The part before the body with its empty line; 0: its end is not there. */
static size_t head_size(const char *text, size_t length)
{
    const char *end = length < 4 ? NULL : memmem(text, length, "\r\n\r\n", 4);

    return end ? (size_t)(end - text) + 4 : 0;
}

/* Is the line at `at` a header of this name? Then where its value begins, else NULL. */
static const char *value_of(const char *at, const char *end, const char *name, char compact)
{
    size_t size = strlen(name);

    if ((size_t)(end - at) > size && strncasecmp(at, name, size) == 0)
        at += size;
    else if (at < end && (*at | 0x20) == compact)
        at++;
    else
        return NULL;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at < end && *at == ':' ? at + 1 : NULL;
}

/* The value of the first header of this name within the head; NULL: there is none. */
static const char *find(const char *text, const char *end, const char *name, char compact)
{
    const char *line = memchr(text, '\n', (size_t)(end - text)), *value;

    while (line && line + 1 < end) {
        value = value_of(line + 1, end, name, compact);
        if (value)
            return value;
        line = memchr(line + 1, '\n', (size_t)(end - line - 1));
    }
    return NULL;
}

enum length_is { LENGTH_MISSING, LENGTH_GIVEN, LENGTH_WRONG };

static enum length_is content_length(const char *text, size_t head, size_t *size)
{
    const char *end = text + head, *at = find(text, end, "Content-Length", 'l');

    *size = 0;
    if (!at)
        return LENGTH_MISSING;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if (at == end || *at < '0' || *at > '9')
        return LENGTH_WRONG;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        *size = *size * 10 + (size_t)(*at - '0');
        if (*size > FRONT_MESSAGE_MAX)
            return LENGTH_WRONG;
    }
    return LENGTH_GIVEN;
}

/* How many CRs and LFs it begins with. */
static size_t blanks(const char *text, size_t length)
{
    size_t n = 0;

    while (n < length && (text[n] == '\r' || text[n] == '\n'))
        n++;
    return n;
}

size_t front_message(const char *text, size_t length)
{
    size_t blank = blanks(text, length), head, body;

    if (blank)
        return blank;
    head = head_size(text, length);
    if (!head)
        return length > FRONT_MESSAGE_MAX ? FRONT_NO_MESSAGE : 0;
    if (content_length(text, head, &body) == LENGTH_WRONG)
        return FRONT_NO_MESSAGE;
    if (head + body > FRONT_MESSAGE_MAX)
        return FRONT_NO_MESSAGE;
    return head + body <= length ? head + body : 0;
}

bool front_whole(const char *text, size_t length, size_t *used, bool *lacks_length)
{
    size_t head = head_size(text, length), body;

    *used = length;
    *lacks_length = false;
    if (length && blanks(text, length) == length)
        return true; /* a keep-alive */
    if (!head)
        return false;
    switch (content_length(text, head, &body)) {
    case LENGTH_MISSING:
        *lacks_length = true;
        return true;
    case LENGTH_GIVEN:
        *used = head + body;
        return head + body <= length;
    case LENGTH_WRONG:
        break;
    }
    return false;
}

bool front_is_answer(const char *text, size_t length)
{
    return length > 8 && strncasecmp(text, "SIP/2.0 ", 8) == 0;
}

/* ---- Via ---- */

/* The topmost value: SIP / 2.0 / TLS sent-by ;params, up to the next one or the end of the line. */
struct via {
    const char *transport, *transport_end, *sent_by, *sent_by_end, *end;
};

static const char *skip(const char *at, const char *end, const char *set)
{
    while (at < end && *at && strchr(set, *at))
        at++;
    return at;
}

static const char *until(const char *at, const char *end, const char *set)
{
    while (at < end && (!*at || !strchr(set, *at)))
        at++;
    return at;
}

static bool find_via(const char *text, size_t length, struct via *v)
{
    size_t head = head_size(text, length);
    const char *end = text + head, *at = head ? find(text, end, "Via", 'v') : NULL;

    if (!at)
        return false;
    at = until(at, end, "/\r\n");
    at = until(skip(at, end, "/"), end, "/\r\n");
    if (at == end || *at != '/')
        return false;
    v->transport = skip(at + 1, end, " \t");
    v->transport_end = until(v->transport, end, " \t;,\r\n");
    v->sent_by = skip(v->transport_end, end, " \t");
    v->sent_by_end = until(v->sent_by, end, " \t;,\r\n");
    v->end = until(v->sent_by_end, end, ",\r\n");
    return v->transport_end > v->transport && v->sent_by_end > v->sent_by;
}

void front_transport(const char *text, size_t length, char to[8])
{
    struct via v;

    if (!find_via(text, length, &v) ||
        !text_copy_n(to, 8, v.transport, (size_t)(v.transport_end - v.transport)))
        to[0] = '\0';
}

static bool add_text(struct bytes *to, const char *text)
{
    return bytes_add(to, text, strlen(text));
}

static bool add_part(struct bytes *to, const char *from, const char *end)
{
    return bytes_add(to, from, (size_t)(end - from));
}

/* One parameter with its semicolon, changed if it is one that we know better. */
static bool add_parameter(struct bytes *to, const char *at, const char *end,
                          const struct via_change *change)
{
    const char *name = skip(at + 1, end, " \t"), *name_end = until(name, end, "= \t");
    size_t size = (size_t)(name_end - name);
    char text[300];

    if (change->received && size == 8 && strncasecmp(name, "received", 8) == 0)
        (void)text_format(text, sizeof text, ";received=%s", change->received); /* fits */
    else if (change->rport && size == 5 && strncasecmp(name, "rport", 5) == 0)
        (void)text_format(text, sizeof text, ";rport=%u", change->rport); /* fits */
    else
        return add_part(to, at, end);
    return add_text(to, text);
}

static bool add_parameters(struct bytes *to, const char *at, const char *end,
                           const struct via_change *change)
{
    const char *first = until(at, end, ";");

    if (!add_part(to, at, first))
        return false;
    while (first < end) {
        const char *next = until(first + 1, end, ";");

        if (!add_parameter(to, first, next, change))
            return false;
        first = next;
    }
    return true;
}

static bool add_via(struct bytes *to, const struct via *v, const struct via_change *change)
{
    bool done = change->transport ? add_text(to, change->transport)
                                  : add_part(to, v->transport, v->transport_end);

    done = done && add_part(to, v->transport_end, v->sent_by);
    done = done && (change->sent_by ? add_text(to, change->sent_by)
                                    : add_part(to, v->sent_by, v->sent_by_end));
    return done && add_parameters(to, v->sent_by_end, v->end, change);
}

/* From `at` to the end of the message, with the header that was missing. */
static bool add_rest(struct bytes *to, const char *text, const char *at, size_t length,
                     bool add_length)
{
    size_t head = head_size(text, length);
    char line[48];

    if (!add_length || !head || text + head - 2 < at)
        return add_part(to, at, text + length);
    (void)text_format(line, sizeof line, "Content-Length: %zu\r\n", length - head); /* fits */
    return add_part(to, at, text + head - 2) && add_text(to, line) &&
           add_part(to, text + head - 2, text + length);
}

bool front_rewrite(struct bytes *to, const char *text, size_t length, const struct via_change *via,
                   bool add_length)
{
    struct via v;

    if (!find_via(text, length, &v))
        return add_rest(to, text, text, length, add_length);
    return add_part(to, text, v.transport) && add_via(to, &v, via) &&
           add_rest(to, text, v.end, length, add_length);
}

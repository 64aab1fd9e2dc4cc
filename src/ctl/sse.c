/* A stream of events, line by line. Lines end in LF, CR LF or CR. */
#include "ctl/sse.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct buffer {
    char *text;
    size_t length, size;
};

struct sse {
    sse_take *take;
    void *to;
    struct buffer line, data;
    struct sse_event event;
    bool after_cr, has_data;
};

static bool append(struct buffer *b, char c)
{
    if (b->length + 1 >= b->size) {
        size_t size = b->size ? b->size * 2 : 256;
        char *larger = size > SSE_EVENT_MAX ? NULL : realloc(b->text, size);

        if (!larger)
            return false;
        b->text = larger;
        b->size = size;
    }
    b->text[b->length++] = c;
    b->text[b->length] = '\0';
    return true;
}

struct sse *sse_new(sse_take *take, void *to)
{
    struct sse *s = calloc(1, sizeof(*s));

    if (s) {
        s->take = take;
        s->to = to;
    }
    return s;
}

void sse_free(struct sse *s)
{
    if (!s)
        return;
    free(s->line.text);
    free(s->data.text);
    free(s);
}

static bool add_data(struct sse *s, const char *value)
{
    if (s->has_data && !append(&s->data, '\n'))
        return false;
    s->has_data = true;
    for (; *value; value++)
        if (!append(&s->data, *value))
            return false;
    return true;
}

static bool dispatch(struct sse *s)
{
    bool more = true;

    if (s->has_data) {
        s->event.data = s->data.text ? s->data.text : "";
        if (!*s->event.name)
            (void)text_copy(s->event.name, sizeof(s->event.name), "message");
        more = s->take(s->to, &s->event);
    }
    s->event.name[0] = '\0';
    s->data.length = 0;
    s->has_data = false;
    if (s->data.text)
        s->data.text[0] = '\0';
    return more;
}

static bool take_line(struct sse *s)
{
    char *line = s->line.text, *value;

    if (s->line.length == 0)
        return dispatch(s);
    s->line.length = 0;
    value = strchr(line, ':');
    if (value == line)
        return true; /* a comment: the heartbeat of some servers */
    if (value) {
        *value++ = '\0';
        value += *value == ' ';
    } else {
        value = line + strlen(line);
    }
    if (strcmp(line, "event") == 0)
        (void)text_copy(s->event.name, sizeof(s->event.name), value);
    else if (strcmp(line, "id") == 0)
        (void)text_copy(s->event.id, sizeof(s->event.id), value);
    else if (strcmp(line, "data") == 0)
        return add_data(s, value);
    return true;
}

bool sse_feed(struct sse *s, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool second_half = s->after_cr && bytes[i] == '\n';

        s->after_cr = bytes[i] == '\r';
        if (second_half)
            continue;
        if (bytes[i] == '\n' || bytes[i] == '\r') {
            if (!take_line(s))
                return false;
        } else if (bytes[i] != '\0' && !append(&s->line, bytes[i])) {
            return false;
        }
    }
    return true;
}

/* Reading the query and the path of a request target (RFC 3986 2.1, and `+` for a space as forms
 * send it). Pure text work on what strangers sent; it judges no resource. */
#include <string.h>

#include "base/text.h"
#include "http/http.h"
#include "http/target.h"

/* The byte that the escape at `text` stands for; -1 when it is none, or cut off. */
static int escape_value(const char *text, size_t length)
{
    int high, low;

    if (length < 3 || text[0] != '%')
        return -1;
    high = text_hex_digit(text[1]);
    low = text_hex_digit(text[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool http_query_valid(const char *query)
{
    size_t length = strlen(query);

    for (size_t i = 0; i < length; i++) {
        if (query[i] == '%' && escape_value(query + i, length - i) <= 0)
            return false;
        if ((unsigned char)query[i] < 0x20 || query[i] == 0x7f)
            return false;
    }
    return true;
}

/* Decode a piece of a query; false when it does not fit or has a broken escape. */
static bool decode(char *to, size_t size, const char *from, size_t length)
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        int c = from[i] == '+' ? ' ' : (unsigned char)from[i];

        if (from[i] == '%') {
            c = escape_value(from + i, length - i);
            i += 2;
        }
        if (c <= 0 || used + 1 >= size)
            return false;
        to[used++] = (char)c;
    }
    if (used >= size)
        return false;
    to[used] = '\0';
    return true;
}

/* One `name=value` of a query; `next` stands behind it, NULL after the last. */
struct pair {
    const char *name, *value, *next;
    size_t name_length, value_length;
};

static struct pair first_pair(const char *query)
{
    size_t length = strcspn(query, "&");
    const char *equals = memchr(query, '=', length);
    struct pair p = { .name = query, .name_length = equals ? (size_t)(equals - query) : length };

    p.value = equals ? equals + 1 : query + length;
    p.value_length = length - (size_t)(p.value - query);
    p.next = query[length] ? query + length + 1 : NULL;
    return p;
}

bool http_query(const struct http_request *rq, const char *name, char *to, size_t size)
{
    struct pair p = { .next = rq->query };
    char this[64];

    while (p.next) {
        p = first_pair(p.next);
        if (decode(this, sizeof this, p.name, p.name_length) && strcmp(this, name) == 0)
            return decode(to, size, p.value, p.value_length);
    }
    return false;
}

bool http_query_name(const struct http_request *rq, unsigned index, char *to, size_t size)
{
    struct pair p = { .next = rq->query };
    unsigned seen = 0;

    while (p.next) {
        p = first_pair(p.next);
        if (p.name_length == 0 && p.value_length == 0)
            continue; /* "", "a=1&&b=2" */
        if (seen++ == index) {
            if (!decode(to, size, p.name, p.name_length) && size > 0)
                to[0] = '\0'; /* no name of ours, so it is refused as unknown */
            return true;
        }
    }
    return false;
}

/* An escaped slash stays as it came: decoded it would cut a name in two. */
static bool stays_escaped(int c)
{
    return c == '/';
}

static const char *behind_authority(const char *target)
{
    const char *scheme = strstr(target, "://");

    if (target[0] == '/' || !scheme)
        return target;
    /* The absolute form, which a proxy sends (RFC 9112 3.2.2); the Host header says the same. */
    scheme += 3;
    return scheme + strcspn(scheme, "/?");
}

enum target_fault target_split(const char *target, char *path, size_t path_size, char *query,
                               size_t query_size)
{
    const char *from = behind_authority(target);
    size_t raw = strcspn(from, "?#"), used = 0, query_length;

    if (from[raw] == '\0')
        query_length = 0;
    else
        query_length = strcspn(from + raw + 1, "#");
    if (!http_query_valid(from))
        return TARGET_BROKEN;
    if (raw >= path_size || query_length >= query_size)
        return TARGET_TOO_LONG;
    for (size_t i = 0; i < raw; i++) {
        int c = from[i] == '%' ? escape_value(from + i, raw - i) : (unsigned char)from[i];

        if (c <= 0)
            return TARGET_BROKEN; /* an escape that the '?' cut off */
        if (from[i] == '%' && !stays_escaped(c))
            i += 2;
        else
            c = (unsigned char)from[i];
        path[used++] = (char)c;
    }
    path[used] = '\0';
    if (query_length > 0 && from[raw] == '?')
        memcpy(query, from + raw + 1, query_length);
    else
        query_length = 0;
    query[query_length] = '\0';
    return TARGET_FINE;
}

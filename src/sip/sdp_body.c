/* What the SDP parser gets to see of a body. A body from a stranger is copied line by line, and
 * only lines that we use and that are well-formed go on: some of what the parser does not expect
 * makes it walk its lists once for each line, and an odd byte in the formats of an m= line makes it
 * run for ever. */
#include "sip/sdp_body.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define MEDIA_LINE_MAX 500
#define FIELD_MAX 60 /* of an m= line */

static bool is_one_of(const char *line, size_t length, const char *const *names)
{
    for (; *names; names++) {
        size_t n = strlen(*names);

        if (length >= n && strncasecmp(line, *names, n) == 0 && (length == n || line[n] == ':'))
            return true;
    }
    return false;
}

static bool is_used_attribute(const char *line, size_t length)
{
    static const char *const used[] = { "a=rtpmap",   "a=ptime",       "a=maxptime", "a=rtcp",
                                        "a=rtcp-mux", "a=sendrecv",    "a=sendonly", "a=recvonly",
                                        "a=inactive", "a=fingerprint", "a=setup",    "a=tls-id",
                                        "a=ice-lite", "a=mid",         "a=group",    "a=ice-ufrag",
                                        "a=ice-pwd",  "a=crypto",      NULL };

    return is_one_of(line, length, used);
}

/* RFC 8866 9: token-char. */
static bool is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-.^_`{|}~", c));
}

/* The field at `at` of the characters wanted (digits or token characters, and slashes if `slash`);
 * what follows it and one space, or NULL. */
static const char *skip_field(const char *at, const char *end, bool digits, bool slash)
{
    const char *start = at;

    while (at < end && ((slash && *at == '/' && at > start) ||
                        (digits ? *at >= '0' && *at <= '9' : is_token_char(*at))))
        at++;
    if (at == start || at - start > FIELD_MAX || at[-1] == '/' || (at < end && *at != ' '))
        return NULL;
    return at < end ? at + 1 : at;
}

/* "m=audio 5004/2 RTP/AVP 0 8": one space between, and at least one format. */
static bool is_media_line(const char *line, size_t length)
{
    const char *end = line + length, *at = skip_field(line + 2, end, false, false);
    unsigned formats = 0;

    at = at ? skip_field(at, end, true, true) : NULL;
    at = at ? skip_field(at, end, false, true) : NULL;
    for (; at && at < end; formats++)
        at = skip_field(at, end, false, false);
    return at && formats && length <= MEDIA_LINE_MAX;
}

static void keep_line(struct sdp_body *b, const char *line, size_t length)
{
    memcpy(b->text + b->length, line, length);
    memcpy(b->text + b->length + length, "\r\n", 3);
    b->length += length + 2;
}

/* "m=audio 9 UDP/TLS/RTP/SAVPF 111" goes on as "m=audio 9 RTP/AVP 111", so that its formats are
 * read as those of RTP. */
static void keep_media_line(struct sdp_body *b, const char *line, size_t length)
{
    const char *end = line + length, *port = skip_field(line + 2, end, false, false);
    const char *protocol = port ? skip_field(port, end, true, true) : NULL;
    const char *formats = protocol ? skip_field(protocol, end, false, true) : NULL;
    unsigned n = b->media - 1;
    char name[FIELD_MAX + 2];

    b->known[n] = formats && formats > protocol &&
                  text_copy_n(name, sizeof name, protocol, (size_t)(formats - protocol) - 1) &&
                  profile_by_name(name, &b->profile[n]);
    if (!b->known[n]) {
        keep_line(b, line, length);
        return;
    }
    memcpy(b->text + b->length, line, (size_t)(protocol - line));
    b->length += (size_t)(protocol - line);
    memcpy(b->text + b->length, "RTP/AVP ", 8);
    b->length += 8;
    keep_line(b, formats, (size_t)(end - formats));
}

static bool take_line(struct sdp_body *b, const char *line, size_t length)
{
    while (length && line[length - 1] == ' ')
        length--;
    if (length < 2 || line[1] != '=')
        return length == 0;
    switch (line[0]) {
    case 'c':
        keep_line(b, line, length);
        return true;
    case 'm':
        if (++b->media > SDP_MEDIA_MAX || !is_media_line(line, length))
            return false;
        keep_media_line(b, line, length);
        return true;
    case 'a':
        if (is_used_attribute(line, length))
            keep_line(b, line, length);
        return ++b->attributes <= SDP_ATTRIBUTES_MAX;
    default: /* v, o, s, t and the rest say nothing that we use */
        return true;
    }
}

bool sdp_body_read(struct sdp_body *b, const char *text, size_t length)
{
    static const char head[] = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";
    size_t start = 0;
    bool good = length >= 3 && length <= SDP_SIZE_MAX && memcmp(text, "v=0", 3) == 0 &&
                !memchr(text, '\0', length);

    b->media = b->attributes = 0;
    b->length = strlen(head);
    memcpy(b->text, head, sizeof head);
    for (size_t i = 0; good && i <= length; i++)
        if (i == length || text[i] == '\r' || text[i] == '\n') {
            good = b->length + (i - start) + 3 < sizeof b->text &&
                   take_line(b, text + start, i - start);
            start = i + 1;
        }
    return good;
}

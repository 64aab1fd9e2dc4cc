/* Reads SIP and SDP for the test phone. */
#include "ctl/phone_msg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static char *trim(char *text)
{
    size_t length;

    text += strspn(text, " \t");
    for (length = strlen(text); length && strchr(" \t", text[length - 1]); length--)
        text[length - 1] = '\0';
    return text;
}

/* End the line at `at`, join what is folded behind it, and give the start of the next; NULL: no
 * line end. */
static char *end_line(char *at)
{
    char *end = strpbrk(at, "\r\n");

    while (end) {
        char *next = end + (end[0] == '\r' && end[1] == '\n' ? 2 : 1);

        if (end == at || (*next != ' ' && *next != '\t')) {
            *end = '\0';
            return next;
        }
        memset(end, ' ', (size_t)(next - end));
        end = strpbrk(next, "\r\n");
    }
    return NULL;
}

static bool read_start(struct msg *m, char *line)
{
    char *first = strchr(line, ' '), *second = first ? strchr(first + 1, ' ') : NULL;

    if (!first || !second)
        return false;
    *first++ = '\0';
    *second++ = '\0';
    m->is_request = strcmp(line, "SIP/2.0") != 0;
    if (m->is_request) {
        m->method = line;
        m->uri = first;
        return strcmp(second, "SIP/2.0") == 0;
    }
    m->status = (unsigned)strtoul(first, NULL, 10);
    m->reason = second;
    return m->status >= 100 && m->status < 700;
}

static bool read_headers(struct msg *m, char *at)
{
    while (at && *at) {
        char *next = end_line(at), *colon = strchr(at, ':');

        if (!*at) { /* the empty line */
            m->body = next;
            return next != NULL;
        }
        if (!colon || m->header_count == MSG_HEADERS_MAX)
            return false;
        *colon = '\0';
        m->header[m->header_count].name = trim(at);
        m->header[m->header_count++].value = trim(colon + 1);
        at = next;
    }
    return false;
}

static bool read_cseq(struct msg *m)
{
    const char *cseq = msg_header(m, "CSeq", 0);
    char *end;

    if (!cseq)
        return false;
    m->cseq = strtoul(cseq, &end, 10);
    end += strspn(end, " \t");
    if (m->is_request)
        return strcmp(end, m->method) == 0;
    m->method = end;
    return *end != '\0';
}

bool msg_parse(struct msg *m, const char *bytes, size_t length)
{
    char *next;

    if (length >= MSG_SIZE || memchr(bytes, '\0', length))
        return false;
    memset(m, 0, sizeof(*m));
    memcpy(m->text, bytes, length);
    m->body = "";
    next = end_line(m->text);
    return next && read_start(m, m->text) && read_headers(m, next) && read_cseq(m) &&
           msg_header(m, "Call-ID", 0) && msg_header(m, "From", 0) && msg_header(m, "To", 0) &&
           msg_header(m, "Via", 0);
}

static bool same_name(const char *name, const char *full)
{
    static const char *const compact[][2] = { { "v", "Via" },          { "f", "From" },
                                              { "t", "To" },           { "i", "Call-ID" },
                                              { "m", "Contact" },      { "l", "Content-Length" },
                                              { "c", "Content-Type" }, { "b", "Referred-By" },
                                              { "k", "Supported" },    { "x", "Session-Expires" } };

    if (text_is_nocase(name, full))
        return true;
    if (name[0] == '\0' || name[1] != '\0')
        return false;
    for (size_t i = 0; i < sizeof(compact) / sizeof(compact[0]); i++)
        if (text_is_nocase(name, compact[i][0]) && text_is_nocase(full, compact[i][1]))
            return true;
    return false;
}

const char *msg_header(const struct msg *m, const char *name, size_t n)
{
    for (size_t i = 0; i < m->header_count; i++)
        if (same_name(m->header[i].name, name) && n-- == 0)
            return m->header[i].value;
    return NULL;
}

bool msg_param(const char *header, const char *name, char *to, size_t size)
{
    const char *at = header ? strrchr(header, '>') : NULL;
    size_t length = strlen(name);

    for (at = at ? at : header; at && (at = strchr(at, ';')) != NULL;) {
        at += 1 + strspn(at + 1, " \t");
        if (strncmp(at, name, length) == 0 && (at[length] == '=' || strchr(";, \t", at[length]))) {
            at += length + (at[length] == '=');
            return text_copy_n(to, size, at, strcspn(at, ";, \t"));
        }
    }
    return false;
}

bool msg_uri(const char *header, char *to, size_t size)
{
    const char *open = header ? strchr(header, '<') : NULL;

    if (!header)
        return false;
    if (open)
        return text_copy_n(to, size, open + 1, strcspn(open + 1, ">"));
    return text_copy_n(to, size, header, strcspn(header, "; \t"));
}

/* "c=IN IP4 192.0.2.1" */
static void take_connection(const char *line, struct msg_audio *a)
{
    const char *host = strncmp(line, "c=IN IP", 7) == 0 ? strchr(line + 7, ' ') : NULL;

    if (host)
        (void)text_copy_n(a->host, sizeof(a->host), host + 1, strcspn(host + 1, " /"));
}

/* "m=audio 4000 RTP/AVP 0 8 101" */
static void take_media(const char *line, struct msg_audio *a)
{
    char *at;

    a->port = (unsigned)strtoul(line + 8, &at, 10);
    at = strstr(at, "RTP/AVP");
    while (at && (at = strchr(at, ' ')) != NULL && a->payload_type < 0) {
        unsigned long type = strtoul(at + 1, &at, 10);

        a->payload_type = type == 0 || type == 8 ? (int)type : -1;
    }
}

bool msg_audio_of(const char *sdp, struct msg_audio *out)
{
    struct msg_audio a = { .payload_type = -1 };
    bool in_audio = false, done = false;
    char line[512];

    while (*sdp) {
        size_t length = strcspn(sdp, "\r\n");

        (void)text_copy_n(line, sizeof(line), sdp, length);
        sdp += length + strspn(sdp + length, "\r\n");
        if (strncmp(line, "m=", 2) == 0) {
            done = done || in_audio; /* only the first audio line is ours */
            in_audio = !done && strncmp(line, "m=audio ", 8) == 0;
            if (in_audio)
                take_media(line, &a);
        } else if (!done && (in_audio || a.port == 0)) {
            take_connection(line, &a);
            a.inactive =
                a.inactive || strcmp(line, "a=inactive") == 0 || strcmp(line, "a=sendonly") == 0;
        }
    }
    if (a.port == 0 || a.port > 65535 || !*a.host)
        return false;
    *out = a;
    return true;
}
